"""Draws the pictures of README.md and the first pages: ``python docs/make_pictures.py``.

With ``--examples`` also those of the examples that are too long for every build of the site.
"""

from __future__ import annotations

import runpy
import sys
from pathlib import Path

import matplotlib

matplotlib.use("Agg")

from conf import LONG

from engram import Brain, plots

PICTURES = Path(__file__).parent / "pictures"


def first() -> None:
    """The brain of README.md."""
    brain = Brain(seed=42)
    brain.add_region("eye", "sensory", n_neurons=50)
    brain.add_region("cortex", n_neurons=100)
    brain.connect_regions("eye", "cortex", density=0.2)
    spikes = brain.record("spikes")
    brain.present("eye", [0.8, 0.3, 0.5], steps=500, rest=100)
    plots.raster(spikes).figure.savefig(PICTURES / "first.png", dpi=110)


def examples() -> None:
    """Those that the gallery does not run."""
    for name in LONG:
        source = PICTURES.parents[1] / "examples" / f"{name}.py"
        sys.argv = [str(source), "--output", str(PICTURES / "examples" / f"{name}.png")]
        runpy.run_path(str(source), run_name="__main__")


if __name__ == "__main__":
    PICTURES.mkdir(exist_ok=True)
    first()
    if "--examples" in sys.argv:
        examples()
