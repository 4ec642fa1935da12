"""Assigning weights and delays to synapses there are."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

from engram.errors import InvalidValueError, as_array, number, vector
from engram.network import efficacy, pathways
from engram.network.extent import check_extent
from engram.network.interrupts import whole
from engram.network.network import Network
from engram.network.records import PathwayRecord
from engram.network.sites import MAX_DELAY_STEPS, dendrites_of
from engram.network.transaction import transaction
from engram.state import layout

Ints = NDArray[np.int64]
Floats = NDArray[np.float32]


def each(where: str, values: ArrayLike, n: int) -> Floats:
    """One number for each synapse, from one for all or one for each.

    Parameters
    ----------
    where : str
        Names object and attribute in an error.
    values : float or array_like of shape (n,)
        What was given.
    n : int
        How many there are.

    Returns
    -------
    array of shape (n,), float32
        The numbers.

    Raises
    ------
    InvalidTypeError, InvalidValueError
        They are no finite numbers, or not as many.
    """
    array = as_array(where, values)
    if array.ndim == 0:
        array = np.full(n, number(where, array.item()))
    return vector(where, array, length=n)


def magnitudes(
    network: Network, pathway: PathwayRecord, where: str, values: ArrayLike, which: Ints
) -> Floats:
    """New magnitudes of weights, checked.

    Parameters
    ----------
    network : Network
        Of the brain.
    pathway : PathwayRecord
        Which.
    where : str
        Names object and attribute in an error.
    values : float or array_like of shape (n,)
        Magnitudes, or weights with the signs that they are read with.
    which : array of shape (n,), int64
        Indices of synapses.

    Returns
    -------
    array of shape (n,), float32
        The magnitudes.

    Raises
    ------
    InvalidTypeError, InvalidValueError
        They are no finite numbers, have the wrong sign, or are outside the bounds.
    """
    new = each(where, values, len(which))
    magnitude = new
    if (new < 0).any():
        magnitude = layout.signs(layout.column(network.block(pathway), "nt")[which]) * new
    if (magnitude < 0).any():
        raise InvalidValueError(
            f"{where}: {int((magnitude < 0).sum())} of the {len(new)} values have the wrong "
            f"sign: excitatory weights are positive, inhibitory ones negative (or give "
            f"magnitudes for all)"
        )
    low, high = efficacy.bounds_of_weights(network, pathway)
    # What only rounding carries beyond a bound is at the bound.
    slack = 4.0 * float(np.finfo(np.float32).eps) * high
    beyond = (magnitude < low - slack) | (magnitude > high + slack)
    if beyond.any():
        raise InvalidValueError(
            f"{where}: {int(beyond.sum())} of the {len(new)} magnitudes are outside [w_min, w_max] "
            f"= [{low:g}, {high:g}]; one is {magnitude[beyond][0]:g}; assign Projection.w_max (or "
            f"w_min) first"
        )
    return np.clip(magnitude, np.float32(low), np.float32(high))


def delay_steps(
    network: Network, pathway: PathwayRecord, where: str, values: ArrayLike, which: Ints
) -> Ints:
    """New delays in steps, checked.

    Parameters
    ----------
    network : Network
        Of the brain.
    pathway : PathwayRecord
        Which.
    where : str
        Names object and attribute in an error.
    values : float or array_like of shape (n,)
        Delays as they are read, ms: of the axon and, with passive dendrites, of these.
    which : array of shape (n,), int64
        Indices of synapses.

    Returns
    -------
    array of shape (n,), int64
        Steps, whole ones, one at least.

    Raises
    ------
    InvalidTypeError, InvalidValueError, CapacityError
        They are no finite numbers, out of range, shorter than the dendrite's share, or too far
        apart.
    """
    ms = each(where, values, len(which)).astype(np.float64)
    most = MAX_DELAY_STEPS * network.dt
    if len(ms) and not (ms.min() >= 0 and ms.max() <= most):
        raise InvalidValueError(
            f"{where} must be in [0, {most:g}] ms; they run from {ms.min():g} to {ms.max():g}"
        )
    steps = np.maximum(np.rint(ms / network.dt), 1).astype(np.int64)
    block = network.block(pathway)
    if len(block["compartment"]):
        least = 1 + dendrites_of(network, pathway).lag(network.dt)[block["compartment"][which]]
        if (steps < least).any():
            raise InvalidValueError(
                f"{where}: {int((steps < least).sum())} delays are shorter than the dendrite's "
                f"share and one step, which take up to {least.max() * network.dt:g} ms"
            )
    all_of_them = pathways.pre_and_delay(network, pathway)[1]
    all_of_them[which] = steps
    if len(all_of_them):
        reach = int(all_of_them.min()), int(all_of_them.max())
        check_extent(network, pathway, where, *reach, len(all_of_them), pathway.n_traces)
    return steps


@whole
def given(
    network: Network,
    pathway: PathwayRecord,
    where: str,
    which: Ints,
    weight: ArrayLike | None,
    delay: ArrayLike | None,
) -> Ints:
    """Check other weights and delays of synapses, and assign them.

    Parameters
    ----------
    network : Network
        Of the brain.
    pathway : PathwayRecord
        Which.
    where : str
        Begins the name of object and attribute in an error.
    which : array of shape (n,), int64
        Indices of synapses, each once.
    weight : float or array_like of shape (n,), optional
        As of `magnitudes`. None: as they are.
    delay : float or array_like of shape (n,), optional
        As of `delay_steps`. None: as they are.

    Returns
    -------
    array of shape (n,), int64
        Where these synapses stand afterwards.

    Raises
    ------
    InvalidTypeError, InvalidValueError, CapacityError
        A value is not valid.
    """
    new = steps = None
    if weight is not None:
        new = magnitudes(network, pathway, f"{where}weight", weight, which)
    if delay is not None:
        steps = delay_steps(network, pathway, f"{where}delay", delay, which)
    return assign(network, pathway, which, new, steps)


@whole
def assign(
    network: Network,
    pathway: PathwayRecord,
    which: Ints,
    magnitude: Floats | None,
    steps: Ints | None,
) -> Ints:
    """Give synapses other weights and delays.

    A synapse whose delay changes is born anew: it carries spikes from now on, since those under way
    would arrive twice or never.

    Parameters
    ----------
    network : Network
        Of the brain.
    pathway : PathwayRecord
        Which.
    which : array of shape (n,), int64
        Indices of synapses.
    magnitude : array of shape (n,), float32, or None
        Of weights. None: as they are.
    steps : array of shape (n,), int64, or None
        Delays. None: as they are.

    Returns
    -------
    array of shape (n,), int64
        Where these synapses stand afterwards.
    """
    with transaction(network, settled=[pathway]):
        if magnitude is not None:
            efficacy.settle(network, pathway)
            block = network.block(pathway)
            block["weight"][which] = layout.signs(layout.column(block, "nt")[which]) * magnitude
            network.tables.weights_changed()
        return which if steps is None else _delay(network, pathway, which, steps)


def _delay(network: Network, pathway: PathwayRecord, which: Ints, steps: Ints) -> Ints:
    """Give synapses other delays; where they stand afterwards."""
    synapses = layout.read_out(network.tables, pathway.index)
    delay, birth = synapses["delay"].copy(), synapses["birth"].copy()
    changed = delay[which] != steps
    if not changed.any():
        return which
    delay[which] = steps
    if network.step_count:
        birth[which[changed]] = network.step_count
    pathways.lay_out(network, pathway, {**synapses, "delay": delay, "birth": birth})
    place = np.empty(len(delay), np.int64)
    place[np.lexsort((synapses["post"], delay, synapses["pre"]))] = np.arange(len(delay))
    return place[which]
