"""Checkpoints: speed, size, and what no crash and no hostile file may do."""
