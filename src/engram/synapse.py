"""Alias of `engram.synapses`."""

from engram.synapses import Neurotransmitter, NeurotransmitterType, ShortTermPlasticity

__all__ = ["Neurotransmitter", "NeurotransmitterType", "ShortTermPlasticity"]
