"""Defaults that let activity travel through a brain nobody has tuned."""

from __future__ import annotations

import math
from typing import Any

from engram.distributions import Distribution, Uniform
from engram.kernels.constants import MOST_INPUT
from engram.network.rheobase import found_unit
from engram.neurons import LIF, NeuronModel
from engram.parameters import Parameter

DELAYS: Distribution = Uniform(1.0, 5.0)
"""Axonal delays, ms."""

PATHWAY_DRIVE = 12.0
"""Summed weight of a pathway's synapses on a neuron, scaled by sqrt(in-degree)."""


CURRENT = Parameter(0.0, low=-MOST_INPUT, high=MOST_INPUT, doc="constant input current")
RATE = Parameter(0.0, low=0.0, high=MOST_INPUT, unit="Hz", doc="constant rate")


def pathway_weight(model: NeuronModel, in_degree: float) -> Distribution:
    """Weights of a pathway: their sum grows with the square root of the in-degree.

    Parameters
    ----------
    model : NeuronModel
        Of the target's neurons.
    in_degree : float
        Mean number of synapses on a neuron.

    Returns
    -------
    Distribution
        Of the magnitudes.
    """
    return _around(weight_unit(model) * PATHWAY_DRIVE / math.sqrt(max(in_degree, 1.0)))


def own_weight(model: NeuronModel, in_degree: float) -> Distribution:
    """Weights of a region's excitatory own wiring: too weak to sustain activity by itself.

    Parameters
    ----------
    model : NeuronModel
        Of the target's neurons.
    in_degree : float
        Mean number of synapses on a neuron.

    Returns
    -------
    Distribution
        Of the magnitudes.
    """
    return _around(0.15 * weight_unit(model) * PATHWAY_DRIVE / math.sqrt(max(in_degree, 1.0)))


def own_inhibition(model: NeuronModel, in_degree: float) -> Distribution:
    """Weights of a region's inhibitory own wiring.

    Parameters
    ----------
    model : NeuronModel
        Of the target's neurons.
    in_degree : float
        Mean number of synapses on a neuron.

    Returns
    -------
    Distribution
        Of the magnitudes.
    """
    return _around(0.3 * weight_unit(model) * PATHWAY_DRIVE / math.sqrt(max(in_degree, 1.0)))


def weight_unit(model: NeuronModel) -> float:
    """What a weight of 1 of Izhikevich's neuron is in the units of a model.

    Parameters
    ----------
    model : NeuronModel
        Of a neuron.

    Returns
    -------
    float
        In the model's unit of weights.
    """
    kind = type(model)
    if kind.weight_unit is not None:
        return kind.weight_unit
    return LIF.weight_unit if kind.conductance else current_unit(model)


def current_unit(model: NeuronModel) -> float:
    """What a current of 1 of Izhikevich's neuron is in the units of a model.

    Parameters
    ----------
    model : NeuronModel
        Of a neuron.

    Returns
    -------
    float
        In the model's unit of currents.
    """
    declared = type(model).current_unit
    return found_unit(model) if declared is None else declared


def _around(mean: float) -> Distribution:
    return Uniform(0.5 * mean, 1.5 * mean)


def of_background(model: NeuronModel) -> Parameter[float]:
    """What a background of neurons may be: a current, or a rate.

    Parameters
    ----------
    model : NeuronModel
        Of the neurons.

    Returns
    -------
    Parameter
        With its bounds.
    """
    return RATE if model.input_is_rate else CURRENT


def one_background(where: str, model: NeuronModel, value: Any) -> float:
    """A valid background of all neurons of a region.

    Parameters
    ----------
    where : str
        Names the region in an error.
    model : NeuronModel
        Of its neurons.
    value : object
        What was given.

    Returns
    -------
    float
        The same.
    """
    return of_background(model).checked(f"{where}: background", value)
