"""Defaults that let activity travel through a brain nobody has tuned."""

from __future__ import annotations

import math

from engram.distributions import Distribution, Uniform
from engram.neurons import NeuronModel

DELAYS: Distribution = Uniform(1.0, 5.0)
"""Axonal delays, ms."""

PATHWAY_DRIVE = 12.0
"""Summed weight of a pathway's synapses on a neuron, scaled by sqrt(in-degree)."""


def pathway_weight(model: NeuronModel, in_degree: float) -> Distribution:
    """Weights of a pathway: their sum grows with the square root of the in-degree."""
    return _around(model.weight_unit * PATHWAY_DRIVE / math.sqrt(max(in_degree, 1.0)))


def own_weight(model: NeuronModel, in_degree: float) -> Distribution:
    """Weights of a region's excitatory own wiring: too weak to sustain activity by itself."""
    return _around(0.15 * model.weight_unit * PATHWAY_DRIVE / math.sqrt(max(in_degree, 1.0)))


def own_inhibition(model: NeuronModel, in_degree: float) -> Distribution:
    """Weights of a region's inhibitory own wiring (magnitudes)."""
    return _around(0.3 * model.weight_unit * PATHWAY_DRIVE / math.sqrt(max(in_degree, 1.0)))


def _around(mean: float) -> Distribution:
    return Uniform(0.5 * mean, 1.5 * mean)
