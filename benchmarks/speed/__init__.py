"""Speed: four networks from the literature, and what building, stepping and importing cost."""
