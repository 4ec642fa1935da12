"""Dendrites against NEURON, and what they cost: ``python -m benchmarks.morphology``."""
