"""Benchmarks of brains that are left on, everything at its default."""
