"""Weights and delays as they are given: checked, and drawn."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from engram.distributions import PART, Distribution, Values, draw, is_uniform, samples, says
from engram.errors import InvalidValueError, as_array
from engram.kernels.calls import kernel
from engram.kernels.constants import STREAM_DELAY, STREAM_WEIGHT
from engram.network import defaults
from engram.network.efficacy import LARGEST_WEIGHT
from engram.network.network import Network
from engram.network.sites import MAX_DELAY_STEPS
from engram.synapses import Neurotransmitter

Floats = NDArray[np.float32]
Steps = NDArray[np.uint16]

NUMBERS = (bool, int, float, np.bool_, np.integer, np.floating)
"""Types of one value for all."""

MOST_TABLED = 4096
"""Steps up to which delays are looked up."""


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
    network: Network,
    where: str,
    nt: Neurotransmitter,
    values: Values,
    n: int,
    tag: int,
    room: NDArray[Any] | None = None,
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
    room : array of shape (n,) of 32 bits, optional
        Where they may be written. None: into new memory.

    Returns
    -------
    array of shape (n,), float32
        None negative; not shared with anybody.

    Raises
    ------
    InvalidTypeError, InvalidValueError
        They are no numbers, or of the wrong sign, shape or size.
    """
    if n > PART and says(values, "elementwise"):
        assert isinstance(values, Distribution)
        return _in_parts(network, where, nt, values, _memory(n, room), tag)
    if n > 1 and isinstance(values, NUMBERS):
        out = _memory(n, room)
        out[:] = drawn_magnitudes(network, where, nt, values, 1, tag)
        return out
    drawn = draw(f"{where}: weights", values, n, network.seed, STREAM_WEIGHT, tag)
    spread = isinstance(values, Distribution)
    # A distribution's tail below 0 is cut off; one that is negative in the mean is meant so.
    negative = drawn.mean() < 0 if spread else drawn.min() < 0
    if negative and nt.sign >= 0:
        raise _negative(where, float(drawn.min()))
    if spread:
        return np.maximum(-drawn if negative else drawn, np.float32(0))
    if max(-drawn.min(), drawn.max()) > LARGEST_WEIGHT:
        raise too_large(where, float(np.abs(drawn).max()))
    if negative and drawn.max() > 0:
        raise InvalidValueError(
            f"{where}: weights run from {drawn.min():g} to {drawn.max():g}; give magnitudes for "
            f"all inhibitory synapses, or negative weights for all"
        )
    return np.abs(drawn, out=drawn)


def check_none(network: Network, where: str, values: Values) -> None:
    """Refuse weights of no synapses that are no weights; an array has to be empty.

    Parameters
    ----------
    network : Network
        Of the brain.
    where : str
        Names the caller in errors.
    values : float, array or Distribution
        Weights.

    Raises
    ------
    InvalidTypeError, InvalidValueError
        They are no numbers, or of another shape.
    """
    if not isinstance(values, Distribution):
        draw(f"{where}: weights", values, 0, network.seed, STREAM_WEIGHT, 0)


def _memory(n: int, room: NDArray[Any] | None) -> Floats:
    return np.empty(n, np.float32) if room is None else room.view(np.float32)


def _in_parts(
    network: Network, where: str, nt: Neurotransmitter, values: Distribution, out: Floats, tag: int
) -> Floats:
    """What `drawn_magnitudes` draws of a distribution, part by part."""
    total, least = 0.0, np.inf
    for first in range(0, len(out), PART):
        part = out[first : first + PART]
        part[:] = samples(values, part, first, network.seed, STREAM_WEIGHT, tag)
        total += float(part.sum(dtype=np.float64))
        least = min(least, float(part.min()))
    if total < 0 and nt.sign >= 0:
        raise _negative(where, least)
    if total < 0:
        np.negative(out, out=out)
    if total < 0 or least <= 0:
        np.maximum(out, np.float32(0), out=out)
    return out


def _negative(where: str, least: float) -> InvalidValueError:
    return InvalidValueError(
        f"{where}: weights of excitatory synapses must not be negative; one is "
        f"{least:g} (for inhibition use nt=Neurotransmitter.GABA, or inhibitory_weights of "
        f"add_region)"
    )


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
    array of shape (n,), uint16
        One at least. One number for all is stored once.

    Raises
    ------
    InvalidTypeError, InvalidValueError
        They are no numbers, negative or too long, or of the wrong shape.
    """
    given = defaults.DELAYS if delays_ms is None else delays_ms
    if isinstance(given, NUMBERS):
        ms = draw(f"{where}: delays", given, 1, network.seed, STREAM_DELAY, tag)
        _check_delays(network, where, float(ms[0]), float(ms[0]))
        return np.broadcast_to(_steps(network, ms), n)
    if n <= PART or not says(given, "elementwise"):
        ms = draw(f"{where}: delays", given, n, network.seed, STREAM_DELAY, tag)
        if isinstance(given, Distribution):
            _check_mean(where, float(ms.mean()))
            ms = np.maximum(ms, np.float32(0))
        _check_delays(network, where, float(ms.min()), float(ms.max()))
        return _steps(network, ms)
    assert isinstance(given, Distribution)
    out = np.empty(n, np.uint16)
    table = tabled(given, network.dt)
    room = np.empty(PART, np.float32)
    total, longest, key = 0.0, 0.0, np.uint64(network.seed)
    for first in range(0, n, PART):
        steps = out[first : first + PART]
        part = room[: len(steps)]
        if table is not None:
            kernel("random.fill_uniform")(part, first, 0, len(part), key, STREAM_DELAY, tag)
            kernel("dealing.look_up_steps")(part, *table, steps)
            continue
        ms = samples(given, part, first, network.seed, STREAM_DELAY, tag)
        total += float(ms.sum(dtype=np.float64))
        longest = max(longest, float(ms.max()))
        # What is too long is refused below.
        steps[:] = _steps(network, np.clip(ms, 0, MAX_DELAY_STEPS * network.dt))
    _check_mean(where, total / n)
    _check_delays(network, where, 0.0, longest)
    return out


def _steps(network: Network, ms: Floats) -> Steps:
    return np.asarray(np.maximum(np.rint(ms / network.dt), 1), np.uint16)


def _check_mean(where: str, mean: float) -> None:
    if mean < 0:
        raise InvalidValueError(
            f"{where}: delays must not be negative; those drawn are {mean:.4g} ms on "
            f"average (of a distribution only the tail below 0 is cut off)"
        )


def _check_delays(network: Network, where: str, least: float, longest: float) -> None:
    if least < 0 or longest > MAX_DELAY_STEPS * network.dt:
        raise InvalidValueError(
            f"{where}: delays must be in [0, {MAX_DELAY_STEPS * network.dt:g}] ms; they run from "
            f"{least:g} to {longest:g}"
        )


def tabled(values: Distribution, dt: float) -> tuple[Any, Any, int] | None:
    """Where a rising distribution goes from one delay in steps to the next.

    Parameters
    ----------
    values : Distribution
        Of delays, ms.
    dt : float
        Time step, ms.

    Returns
    -------
    tuple of (array, array, int), or None
        What `look_up_steps` wants. None where it does not say that it rises, where some delay is
        not valid, or where there are too many.
    """
    if not (says(values, "rising") and is_uniform(values)):
        return None

    def steps(m: NDArray[np.int64]) -> NDArray[np.int64]:
        ms = values.from_uniform(m.astype(np.float32) * np.float32(2.0**-24))
        assert ms is not None
        return np.asarray(np.maximum(np.rint(ms / dt), 1), np.int64)

    ends = values.from_uniform(np.array([0.0, 1.0 - 2.0**-24], np.float32))
    assert ends is not None
    if not (ends[0] >= 0 and ends[0] <= ends[1] <= min(MAX_DELAY_STEPS, MOST_TABLED) * dt):
        return None
    shortest, longest = (int(k) for k in steps(np.array([0, (1 << 24) - 1])))
    wanted = np.arange(shortest + 1, longest + 1)
    # The least number whose delay is as long, by halving.
    low, high = np.zeros(len(wanted), np.int64), np.full(len(wanted), (1 << 24) - 1)
    for _ in range(24):
        middle = (low + high) // 2
        reached = steps(middle) >= wanted
        low, high = np.where(reached, low, middle + 1), np.where(reached, middle, high)
    guide = np.searchsorted(high, np.arange(4096) << 12, side="right")
    return guide, high, shortest


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
