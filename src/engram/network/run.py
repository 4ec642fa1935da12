"""The run loop: compiled steps up to where a process wants to act."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from engram.errors import InvalidValueError, InvariantError, brief
from engram.kernels.constants import DONE, RING_FULL, STEP, STOPPED
from engram.network.bind import bind
from engram.network.finite import not_finite
from engram.network.interrupts import HeldBack, let_through
from engram.network.network import MAX_STEPS, Network, Process
from engram.network.workers import enter

_NOBODY = np.zeros(0, np.int64)


def run(network: Network, steps: int) -> None:
    """Advance, stopping where a process has to act.

    Parameters
    ----------
    network : Network
        Of the brain.
    steps : int
        How many.

    Raises
    ------
    InvalidValueError
        There is nothing to run, or they are too many.
    BusyError
        Another thread uses the network.
    """
    first = False
    try:
        first = network.take_turn()
        step = network.step_count
        end = step + steps
        _check(network, end)
        while step < end:
            if network.agenda is None:
                network.agenda = _agenda(network, step)
            boundary, due = network.agenda
            if end < boundary:
                advance(network, end - step)
                step = end
            else:
                # What is due is part of the step: an interrupt waits for it.
                with HeldBack():
                    advance(network, boundary - step)
                    network.agenda = None
                    _act(network, due, boundary)
                step = boundary
            if network.presenting:
                # A presentation holds interrupts back, so that it can end what it holds.
                let_through()
    finally:
        if first:
            network.thread = 0


def _check(network: Network, end: int) -> None:
    """Refuse what can't run."""
    if not network.regions:
        raise InvalidValueError("Brain: there is nothing to run; use Brain.add_region first")
    if network.acting:
        raise InvalidValueError("Brain: a process can't let the brain run while it acts")
    if end > MAX_STEPS:
        raise InvalidValueError(f"Brain: at most {MAX_STEPS} steps in the life of a brain")


def _agenda(network: Network, step: int) -> tuple[int, list[Process]]:
    """The next step before which processes want to act, and which ones."""
    wishes = [(_wish(process, step), process) for process in network.processes]
    boundary = min((when for when, _ in wishes if when is not None), default=MAX_STEPS + 1)
    return boundary, [process for when, process in wishes if when == boundary]


def _wish(process: Process, step: int) -> int | None:
    """When a process wants to act."""
    when = process.next_act(step)
    if when is None or (type(when) is int and when > step):
        return when
    if isinstance(when, np.integer) and when > step:
        return int(when)
    raise InvalidValueError(
        f"{type(process).__name__}.next_act: must return a step after {step}, a whole number, or "
        f"None, not {brief(when)}"
    )


def _act(network: Network, due: list[Process], step: int) -> None:
    """Let all act whose time has come; what goes wrong is raised when all have."""
    problem: BaseException | None = not_finite(network)
    network.acting = True
    try:
        for process in due:
            # One before it may have removed it.
            if process in network.processes:
                try:
                    process.act(step)
                except BaseException as error:
                    problem = problem or error
    finally:
        network.acting = False
    if problem is not None:
        raise problem


def advance(network: Network, steps: int) -> None:
    """Let the compiled loop run, making room in the spike ring and the spike log.

    Parameters
    ----------
    network : Network
        Of the brain.
    steps : int
        How many.
    """
    tables, left = network.tables, steps
    while left > 0:
        bind(network)
        left -= enter(network, left)
        if left:
            if tables["clock"][STOPPED] == DONE:
                raise InvariantError(
                    "Brain: the compiled loop ended early, by an error that Python has printed "
                    "(ENGRAM_BOUNDSCHECK)"
                )
            # An interrupt in between would lose spikes, or leave arrays of other sizes than said.
            with HeldBack():
                if tables["clock"][STOPPED] == RING_FULL:
                    tables.reindex_ring(2 * tables.sizes["E"])
                else:
                    network.flush_log()


def last_spikes(network: Network) -> dict[str, NDArray[np.int64]]:
    """The indices of the neurons that fired in the last step, by region.

    Parameters
    ----------
    network : Network
        Of the brain.

    Returns
    -------
    dict of arrays of int64
        Of each region, by name; indices in the region.
    """
    sizes, arrays = network.tables.sizes, network.tables.arrays
    slot = (arrays["clock"].item(STEP) - 1) % sizes["H"]
    firsts, ends = arrays["event_first"][slot].tolist(), arrays["event_end"][slot].tolist()
    # The spikes of a step stand one after the other in the ring, region by region.
    start, n = firsts[0], ends[-1] - firsts[0]
    ring, size = arrays["event_neuron"], sizes["E"]
    place = start % size
    whole = place + n <= size
    slots = ring[place : place + n] if whole else ring[np.arange(place, place + n) % size]
    fired = network.places.take(slots)
    return {
        name: _NOBODY if first == end else fired[first - start : end - start]
        for name, first, end in zip(network.regions, firsts, ends, strict=True)
    }
