"""Alias of `engram.neurons`."""

from engram.neurons import FiringPattern, NeuronModel, NeuronType
from engram.parameters.listing import public_names

__all__ = ["FiringPattern", "NeuronModel", "NeuronType"]
__dir__ = public_names(__name__)
