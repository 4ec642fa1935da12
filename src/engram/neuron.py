"""Alias of `engram.neurons`."""

from engram.neurons import FiringPattern, NeuronModel, NeuronType

__all__ = ["FiringPattern", "NeuronModel", "NeuronType"]
