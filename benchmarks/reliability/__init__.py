"""Benchmarks of reliability: interrupts, call sequences, caches."""
