"""Checkpoint files: the container, its checks, older formats, safe replacement, rotation."""
