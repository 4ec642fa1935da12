"""Presenting stimuli, one after the other, with no Python between the steps of one."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from engram.errors import InvalidValueError, as_array, flag, integer
from engram.kernels.calls import kernel
from engram.kernels.constants import LAST_STEP, MOST_INPUT, STEP, STREAM_PRESENTATION
from engram.network import inputs, population
from engram.network.bind import bind
from engram.network.interrupts import whole
from engram.network.network import MAX_STEPS, Network
from engram.network.records import RegionRecord
from engram.network.run import advance, run
from engram.state import renewal
from engram.stimulus import Encoded

Counts = NDArray[np.int32]
Inputs = NDArray[np.float32]


def encode(network: Network, region: RegionRecord, values: ArrayLike) -> Encoded:
    """Values in [0, 1] as input of a region, by the network's encoder.

    Parameters
    ----------
    network : Network
        Of the brain.
    region : RegionRecord
        That is stimulated.
    values : array_like
        In [0, 1], at most one a neuron.

    Returns
    -------
    Encoded
        The input of each neuron.
    """
    n, coded = network.count(region), int(network.tables["coded"][region.index])
    return network.encoder.encode(values, region.name, n, region.model, network.dt, coded)


def noisy(network: Network, region: RegionRecord, encoded: Encoded, phase: int) -> Inputs:
    """The input at a step of the code's cycle, with the encoder's noise.

    Parameters
    ----------
    network : Network
        Of the brain.
    region : RegionRecord
        That is stimulated.
    encoded : Encoded
        The input of each neuron.
    phase : int
        The step of the cycle.

    Returns
    -------
    array of shape (n_neurons,), float32
        In the unit of the model.
    """
    first, step = network.first(region), network.step_count
    return network.encoder.noisy(encoded.at(phase), first, network.seed, step)


@whole
def stimulate(network: Network, region: RegionRecord, values: ArrayLike) -> int:
    """Encode values into currents for the next step.

    Parameters
    ----------
    network : Network
        Of the brain.
    region : RegionRecord
        That is stimulated.
    values : array_like
        In [0, 1], at most one a neuron.

    Returns
    -------
    int
        How many neurons are driven.
    """
    encoded = encode(network, region, values)
    phase = network.step_count % encoded.period
    driven = inputs.drive(network, region, noisy(network, region, encoded, phase))
    inputs.note_code(network, region, encoded)
    return driven


@whole
def hold(network: Network, region: RegionRecord, values: ArrayLike) -> None:
    """Hold a stimulus until `release`.

    Parameters
    ----------
    network : Network
        Of the brain.
    region : RegionRecord
        That is stimulated.
    values : array_like
        In [0, 1], at most one a neuron.
    """
    encoded = encode(network, region, values)
    inputs.make_way(network)
    inputs.note_stimulus(network, network.step_count)
    inputs.hold(network, region, encoded)


@whole
def release(network: Network, region: RegionRecord) -> None:
    """End what `hold` began.

    Parameters
    ----------
    network : Network
        Of the brain.
    region : RegionRecord
        That is stimulated.
    """
    inputs.make_way(network)
    if inputs.is_held(network, region):
        inputs.note_stimulus(network, network.step_count - 1)
    inputs.release(network, region)


def present(
    network: Network, region: RegionRecord, values: ArrayLike, steps: int, rest: int
) -> dict[str, NDArray[np.int64]]:
    """Show a stimulus and count spikes, see `Brain.present`.

    Parameters
    ----------
    network : Network
        Of the brain.
    region : RegionRecord
        That is stimulated.
    values : array_like
        In [0, 1], at most one a neuron.
    steps : int
        How long, in steps.
    rest : int
        Silence after it, in steps.

    Returns
    -------
    dict of arrays of int64
        Spikes of each neuron, by region.

    Raises
    ------
    InvalidTypeError, InvalidValueError
        A value is of another kind or out of range.
    """
    where = "Brain.present"
    encoded = encode(network, region, values)
    left = MAX_STEPS - network.step_count
    steps = integer(f"{where}: steps", steps, 0, left)
    rest = integer(f"{where}: rest", rest, 0, left - steps)
    before, start = network.tables["total_spikes"].copy(), network.step_count
    show(network, region, encoded, steps, rest)
    # Who was born meanwhile may have taken the place of one that had fired.
    before[network.tables["born"] > start] = 0
    return {
        name: network.slots(record, "total_spikes") - before[network.slice(record)]
        for name, record in network.regions.items()
    }


@whole
def show(network: Network, region: RegionRecord, encoded: Encoded, steps: int, rest: int) -> None:
    """Hold an input for some steps, then nothing.

    Parameters
    ----------
    network : Network
        Of the brain.
    region : RegionRecord
        That is stimulated.
    encoded : Encoded
        The input of each neuron.
    steps : int
        How long, in steps.
    rest : int
        Silence after it, in steps.
    """
    start = network.step_count
    # Nobody would release the stimulus of a brain that was saved half-way.
    network.presenting = True
    try:
        if steps:
            inputs.make_way(network)
            inputs.note_stimulus(network, start + steps - 1)
            if network.encoder.noise_level > 0:
                _drive_for(network, region, encoded, steps)
            else:
                try:
                    inputs.hold(network, region, encoded)
                    run(network, steps)
                finally:
                    inputs.release(network, region)
        run(network, rest)
    finally:
        network.presenting = False
    network.each(lambda process: process.presented())


def _drive_for(network: Network, region: RegionRecord, encoded: Encoded, steps: int) -> None:
    """Drive with noise, which is drawn anew in each step."""
    for i in range(steps):
        inputs.drive(network, region, noisy(network, region, encoded, i % encoded.period))
        inputs.note_code(network, region, encoded)
        run(network, 1)


def counted(
    network: Network,
    answering: RegionRecord,
    target: RegionRecord,
    values: Inputs,
    steps: int,
    rest: int,
) -> NDArray[np.int64]:
    """Hold an input for some steps, then nothing, and count spikes.

    Parameters
    ----------
    network : Network
        Of the brain.
    answering : RegionRecord
        Whose spikes are counted: of the neurons that it has when the presentation begins.
    target : RegionRecord
        That is stimulated.
    values : array of shape (n_neurons,), float32
        Input of each neuron.
    steps : int
        How long, in steps.
    rest : int
        Silence after it, in steps.

    Returns
    -------
    array of int64
        How often each neuron fired.
    """
    tables, start, slots = network.tables, network.step_count, network.slice(answering)
    before = tables["total_spikes"][slots].copy()
    show(network, target, Encoded(values), steps, rest)
    # Who was born meanwhile may have taken the place of one that had fired.
    before[tables["born"][slots] > start] = 0
    return np.asarray(tables["total_spikes"][slots] - before)


def checked_inputs(network: Network, where: str, region: RegionRecord, values: ArrayLike) -> Inputs:
    """Input of each neuron in each presentation.

    Parameters
    ----------
    network : Network
        Of the brain.
    where : str
        Names the caller in errors.
    region : RegionRecord
        That is stimulated.
    values : array_like
        Hz for sources, otherwise currents.

    Returns
    -------
    array of shape (n, n_neurons), float32
        The same, checked.

    Raises
    ------
    InvalidValueError
        It has another shape, or is no number within +-1e10.
    """
    array, n = as_array(where, values), network.count(region)
    if array.ndim != 2 or array.shape[1] != n:
        raise InvalidValueError(
            f"{where} must have the shape (presentations, {n}), one column for each "
            f"neuron of region {region.name!r}, not {array.shape}"
        )
    if array.dtype.kind not in "biuf" or not ((-MOST_INPUT <= array) & (array <= MOST_INPUT)).all():
        raise InvalidValueError(f"{where} must be finite numbers within +-{MOST_INPUT:g}")
    return np.ascontiguousarray(array, np.float32)


def present_many(
    network: Network,
    region: str,
    values: ArrayLike,
    steps: int,
    rest: int,
    read: str,
    from_rest: bool,
) -> Counts:
    """Show inputs, one after the other, see `Brain.present_many`.

    Parameters
    ----------
    network : Network
        Of the brain.
    region : str
        Name of the region that is stimulated.
    values : array_like of shape (n, n_neurons)
        Hz for sources, otherwise currents.
    steps : int
        How long, in steps.
    rest : int
        Silence after it, in steps.
    read : str
        Name of the region whose spikes are counted.
    from_rest : bool
        Reset the state before each.

    Returns
    -------
    array of shape (n, n_read), int32
        Spikes of each neuron in each presentation.

    Raises
    ------
    UnknownNameError
        There is no such region.
    InvalidTypeError, InvalidValueError
        A value is of another kind or out of range.
    """
    where = "Brain.present_many"
    target, answering = network.region(where, region), network.region(where, read)
    shown = checked_inputs(network, f"{where}: inputs", target, values)
    steps, rest = integer(f"{where}: steps", steps, 1), integer(f"{where}: rest", rest, 0)
    flag(f"{where}: from_rest", from_rest)
    network.check_awake(where)
    network.check_time(where, len(shown) * (steps + rest))
    n = network.count(answering)
    counts = np.zeros((len(shown), n), np.int32)
    for k, row in enumerate(shown):
        if from_rest:
            reset_state(network)
        counts[k] = counted(network, answering, target, row, steps, rest)[:n]
    return counts


def checked_question(
    network: Network, region: str, values: ArrayLike, steps: int, read: str, keys: Any
) -> tuple[Inputs, NDArray[Any]]:
    """The inputs and keys of `Brain.respond`, checked.

    Parameters
    ----------
    network : Network
        Of the brain.
    region : str
        Name of the region that is stimulated.
    values : array_like of shape (n, n_neurons)
        Hz for sources, otherwise currents.
    steps : int
        How long, in steps.
    read : str
        Name of the region whose spikes are counted.
    keys : array_like of shape (n,), optional
        Whole numbers from 0 on. None: the row.

    Returns
    -------
    tuple of (array of float32, array of int)
        Inputs and keys.

    Raises
    ------
    UnknownNameError
        There is no such region.
    InvalidTypeError, InvalidValueError
        A value is of another kind or out of range.
    """
    where = "Brain.respond"
    target = network.region(where, region)
    network.region(where, read)
    shown = checked_inputs(network, f"{where}: inputs", target, values)
    integer(f"{where}: steps", steps, 1, LAST_STEP - network.step_count)
    network.check_awake(where)
    own = np.arange(len(shown)) if keys is None else as_array(f"{where}: keys", keys)
    if own.shape != (len(shown),) or own.dtype.kind not in "iu" or (own < 0).any():
        raise InvalidValueError(
            f"{where}: keys must be {len(shown)} whole numbers from 0 on, one for each presentation"
        )
    return shown, own


def answers(
    twin: Network, region: str, shown: Inputs, steps: int, read: str, keys: NDArray[Any]
) -> Counts:
    """What a network answers to each input; afterwards only its clock is as before.

    Each presentation starts from rest, at the same step, with random numbers of its own key.

    Parameters
    ----------
    twin : Network
        Of a brain that may be changed.
    region : str
        Name of the region that is stimulated.
    shown : array of shape (n, n_neurons), float32
        Input of each neuron in each presentation.
    steps : int
        How long, in steps.
    read : str
        Name of the region whose spikes are counted.
    keys : array
        From which each presentation's random numbers are drawn.

    Returns
    -------
    array of shape (n, n_read), int32
        Spikes of each neuron in each presentation.
    """
    twin.freeze("plasticity", True)
    twin.freeze("adaptive_thresholds", True)
    tables, now = twin.tables, twin.step_count
    target, spikes = twin.regions[region], twin.slots(twin.regions[read], "total_spikes")
    seeds = np.empty(len(keys), np.uint64)
    kernel("random.derived_seeds")(
        np.uint64(twin.seed), STREAM_PRESENTATION, keys.astype(np.int64), seeds
    )
    counts = np.zeros((len(shown), len(spikes)), np.int32)
    reset_state(twin)
    bind(twin)
    resting, clock = renewal.Resting(tables), tables["clock"]
    # Nothing learns from traces, dopamine or thresholds any more.
    for name in ("post_entry", "modulate_entry", "slide_entry"):
        tables[name][:] = 0
    for k, row in enumerate(shown):
        if k:
            resting.put_back()
            clock[STEP] = now
        inputs.hold(twin, target, Encoded(row))
        tables["seed"][0] = seeds[k]
        before = spikes.copy()
        advance(twin, steps)
        counts[k] = spikes - before
    # Whoever asks again finds what was found here.
    resting.put_back()
    clock[STEP] = now
    return counts


@whole
def reset_state(network: Network) -> None:
    """Bring the brain to rest, see `Brain.reset_state`.

    Parameters
    ----------
    network : Network
        Of the brain.
    """
    network.flush_log()
    renewal.reset(network.tables)
    network.last_reset = network.step_count
    for region in network.regions.values():
        population.to_rest(network, region)
    network.agenda = None
    network.each(lambda process: process.reset())
