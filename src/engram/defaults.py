"""Defaults that let activity travel through a brain nobody has tuned."""

from __future__ import annotations

import math

from engram.distributions import Distribution, Uniform
from engram.neurons import LIF, AdEx, CurrentLIF, Izhikevich, NeuronModel, PoissonSource, Relay

NOISE = 3.0
"""Noise of Izhikevich neurons, in units of current for 1 ms: far below what makes them fire."""

DELAYS: Distribution = Uniform(1.0, 5.0)
"""Axonal delays, ms."""

STATISTICS_INTERVAL = 1000.0
"""Between entries of `Brain.stats_history`, ms."""

HISTORY = 10_000
"""Entries kept of `Brain.stats_history` and `Growth.history`, the newest."""

QUIET = 100.0
"""Without stimulus for as long, a brain is quiet, ms."""

PATHWAY_DRIVE = 12.0
"""Summed weight of a pathway's synapses on a neuron, scaled by sqrt(in-degree)."""


def pathway_weight(model: NeuronModel, in_degree: float) -> Distribution:
    """Weights of a pathway: their sum grows with the square root of the in-degree."""
    return _around(_unit(model) * PATHWAY_DRIVE / math.sqrt(max(in_degree, 1.0)))


def own_weight(model: NeuronModel, in_degree: float) -> Distribution:
    """Weights of a region's excitatory own wiring: too weak to sustain activity by itself."""
    return _around(0.15 * _unit(model) * PATHWAY_DRIVE / math.sqrt(max(in_degree, 1.0)))


def own_inhibition(model: NeuronModel, in_degree: float) -> Distribution:
    """Weights of a region's inhibitory own wiring (magnitudes)."""
    return _around(0.3 * _unit(model) * PATHWAY_DRIVE / math.sqrt(max(in_degree, 1.0)))


def _unit(model: NeuronModel) -> float:
    """What a weight of 1 means to Izhikevich's neuron, in the units of another model."""
    if isinstance(model, Izhikevich):
        return 1.0
    if isinstance(model, AdEx):
        return 60.0
    if isinstance(model, LIF):
        return 0.06
    return 1.0


def current_unit(model: NeuronModel) -> float:
    """What a current of 1 means to Izhikevich's neuron, in the units of another model."""
    if isinstance(model, Relay | PoissonSource):
        return 0.0
    if isinstance(model, AdEx):
        return 60.0
    return 4.0 if isinstance(model, LIF | CurrentLIF) else 1.0


def _around(mean: float) -> Distribution:
    return Uniform(0.5 * mean, 1.5 * mean)
