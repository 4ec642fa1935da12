"""Weights and delays as they are given: checked, and drawn."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from engram.distributions import Distribution, Values, draw
from engram.errors import InvalidValueError, as_array
from engram.kernels.constants import STREAM_DELAY, STREAM_WEIGHT
from engram.network import defaults
from engram.network.efficacy import LARGEST_WEIGHT
from engram.network.network import Network
from engram.network.sites import MAX_DELAY_STEPS
from engram.synapses import Neurotransmitter

Floats = NDArray[np.float32]
Steps = NDArray[np.int32]


def check_given(
    network: Network, where: str, nt: Neurotransmitter, values: Any, delays_ms: Any
) -> None:
    """Refuse weights and delays that no synapse can have, whether or not there will be any.

    Parameters
    ----------
    network : Network
        Of the brain.
    where : str
        Names the caller in errors.
    nt : Neurotransmitter
        Of the synapses.
    values : float, array, Distribution or None
        Weights. What is drawn, or a matrix, is looked at when it is known which synapses there are.
    delays_ms : float, array, Distribution or None
        Axonal delays, ms, likewise.

    Raises
    ------
    InvalidTypeError, InvalidValueError
        They are no numbers, not finite or out of range.
    """
    n = _how_many(f"{where}: weights", values)
    if n:
        drawn_magnitudes(network, where, nt, values, n, 0)
    n = _how_many(f"{where}: delays", delays_ms)
    if n:
        drawn_delays(network, where, delays_ms, n, 0)


def _how_many(where: str, values: Any) -> int:
    """For how many synapses values are given; 0 where it is not known."""
    if values is None or isinstance(values, Distribution) or hasattr(values, "tocoo"):
        return 0
    if isinstance(values, (str, dict)) or callable(values):
        return 1  # which `draw` refuses
    array = as_array(where, values)
    return array.size if array.ndim == 1 else int(array.ndim == 0)


def drawn_magnitudes(
    network: Network, where: str, nt: Neurotransmitter, values: Values, n: int, tag: int
) -> Floats:
    """Magnitudes of weights, whose signs agree with the transmitter.

    Parameters
    ----------
    network : Network
        Of the brain.
    where : str
        Names the caller in errors.
    nt : Neurotransmitter
        Of the synapses.
    values : float, array or Distribution
        Weights.
    n : int
        How many, one at least.
    tag : int
        Of the random numbers.

    Returns
    -------
    array of shape (n,), float32
        None negative.

    Raises
    ------
    InvalidTypeError, InvalidValueError
        They are no numbers, or of the wrong sign, shape or size.
    """
    drawn = draw(f"{where}: weights", values, n, network.seed, STREAM_WEIGHT, tag)
    spread = isinstance(values, Distribution)
    # A distribution's tail below 0 is cut off; one that is negative in the mean is meant so.
    negative = drawn.mean() < 0 if spread else drawn.min() < 0
    if negative and nt.sign >= 0:
        raise InvalidValueError(
            f"{where}: weights of excitatory synapses must not be negative; one is "
            f"{drawn.min():g} (use nt=Neurotransmitter.GABA for inhibition)"
        )
    if spread:
        return np.maximum(-drawn if negative else drawn, np.float32(0))
    if max(-drawn.min(), drawn.max()) > LARGEST_WEIGHT:
        raise too_large(where, float(np.abs(drawn).max()))
    if negative and drawn.max() > 0:
        raise InvalidValueError(
            f"{where}: weights run from {drawn.min():g} to {drawn.max():g}; give magnitudes for "
            f"all inhibitory synapses, or negative weights for all"
        )
    return np.abs(drawn)


def drawn_delays(network: Network, where: str, delays_ms: Values | None, n: int, tag: int) -> Steps:
    """Axonal delays in steps.

    Parameters
    ----------
    network : Network
        Of the brain.
    where : str
        Names the caller in errors.
    delays_ms : float, array, Distribution or None
        Delays, ms. None: the usual.
    n : int
        How many, one at least.
    tag : int
        Of the random numbers.

    Returns
    -------
    array of shape (n,), int32
        One at least.

    Raises
    ------
    InvalidTypeError, InvalidValueError
        They are no numbers, negative or too long, or of the wrong shape.
    """
    given = defaults.DELAYS if delays_ms is None else delays_ms
    ms = draw(f"{where}: delays", given, n, network.seed, STREAM_DELAY, tag)
    if isinstance(delays_ms, Distribution):
        if n and ms.mean() < 0:
            raise InvalidValueError(
                f"{where}: delays must not be negative; those drawn are {ms.mean():.4g} ms on "
                f"average (of a distribution only the tail below 0 is cut off)"
            )
        ms = np.maximum(ms, np.float32(0))
    if ms.min() < 0 or ms.max() > MAX_DELAY_STEPS * network.dt:
        raise InvalidValueError(
            f"{where}: delays must be in [0, {MAX_DELAY_STEPS * network.dt:g}] ms; they run from "
            f"{ms.min():g} to {ms.max():g}"
        )
    return np.asarray(np.maximum(np.rint(ms / network.dt), 1), np.int32)


def too_large(where: str, largest: float) -> InvalidValueError:
    """The error for a weight that no synapse can have.

    Parameters
    ----------
    where : str
        Names the caller in errors.
    largest : float
        Its magnitude.

    Returns
    -------
    InvalidValueError
        To be raised by the caller.
    """
    return InvalidValueError(
        f"{where}: weights must be at most {LARGEST_WEIGHT:g}, not {largest:g}; give "
        f"them in the unit of the target's model"
    )
