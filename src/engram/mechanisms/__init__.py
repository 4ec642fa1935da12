"""What changes a brain between steps, or in them: each mechanism is a `Process` of its own file."""
