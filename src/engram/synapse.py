"""Alias of `engram.synapses`."""

from engram.parameters.listing import public_names
from engram.synapses import Neurotransmitter, NeurotransmitterType, ShortTermPlasticity

__all__ = ["Neurotransmitter", "NeurotransmitterType", "ShortTermPlasticity"]
__dir__ = public_names(__name__)
