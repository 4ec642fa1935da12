"""Benchmarks: speed against other simulators, and learning against controls."""
