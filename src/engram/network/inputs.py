"""What drives neurons from outside: the only writer of drive and held input.

A stimulus that a user holds and one that a replay or sleep imposes stand in the same arrays. A
user's stimulus makes the others let go first; `Network.imposed` says whose it is.
"""

from __future__ import annotations

import math
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from engram.kernels.calls import kernel
from engram.kernels.constants import NEVER
from engram.network.caller import warn
from engram.network.interrupts import whole
from engram.network.network import Network
from engram.network.records import RegionRecord
from engram.stimulus import Encoded

QUIET = 100.0
"""Without stimulus for as long, a brain is quiet, ms."""


MOST_LOST = 0.5
"""Expected spikes of a source in a step above which more than a fifth of them is lost."""


def check_rate(network: Network, region: RegionRecord, rate: float) -> None:
    """Warn, once for a region, of a rate that Poisson sources can't reach.

    They fire once a step at most, with probability 1 - exp(-rate dt / 1000).

    Parameters
    ----------
    network : Network
        Of the brain.
    region : RegionRecord
        That is driven; others than sources whose input is a rate are let pass.
    rate : float
        The highest, Hz.
    """
    expected = 1e-3 * rate * network.dt
    if region.rate_warned or not region.model.input_is_rate or expected <= MOST_LOST:
        return
    region.rate_warned = True
    found = -1e3 * math.expm1(-expected) / network.dt
    warn(
        f"{region.where}: a source fires once a step at most, so that {rate:g} Hz become "
        f"{found:.0f} Hz at dt = {network.dt:g} ms; use a smaller dt, more sources, or "
        f"Brain.poisson_input, which draws counts"
    )


def drive(network: Network, region: RegionRecord, current: NDArray[np.float32]) -> int:
    """Add a current to each neuron of a region for the next step; part of a change that is whole.

    Parameters
    ----------
    network : Network
        Of the brain.
    region : RegionRecord
        That is driven.
    current : array of shape (n_neurons,), float32
        In the unit of the model; Hz for sources.

    Returns
    -------
    int
        How many living neurons are driven.
    """
    tables = network.tables
    if region.model.input_is_rate:
        check_rate(network, region, float(current.max()))
    driven: int = kernel("neurons.add_drive")(
        tables["drive"], tables["alive"], network.first(region), current
    )
    tables["driven"][region.index] = 1
    note_stimulus(network, network.step_count)
    return driven


@whole
def inject(
    network: Network, region: RegionRecord, neurons: NDArray[np.int64], current: Any
) -> None:
    """Add a current to some neurons for the next step; those named twice get it twice.

    Parameters
    ----------
    network : Network
        Of the brain.
    region : RegionRecord
        That is driven.
    neurons : array of int64
        Their indices in the region.
    current : float or array
        One for all, or one for each.
    """
    if region.model.input_is_rate:
        check_rate(network, region, float(np.max(current, initial=0.0)))
    np.add.at(network.slots(region, "drive"), neurons, current)
    network.tables["driven"][region.index] = 1
    note_stimulus(network, network.step_count)


@whole
def clear_drive(network: Network) -> None:
    """Drop what waits for the next step.

    Parameters
    ----------
    network : Network
        Of the brain.
    """
    network.tables["drive"][:] = 0
    network.tables["driven"][:] = 0


class Waiting(NamedTuple):
    """What an input of the next step changes, as it was before.

    Attributes
    ----------
    regions : tuple of RegionRecord
        All regions.
    coded : array of shape (n_regions,), int64
        Slots among which values are dealt.
    last_stimulus : int
        The last step that got any input.
    drive : array of shape (n_slots,), float32, or None
        The current into each neuron slot. None: there was none.
    driven : array of shape (n_regions,), uint8, or None
        Which regions get any.
    """

    regions: tuple[RegionRecord, ...]
    coded: NDArray[np.int64]
    last_stimulus: int
    drive: NDArray[np.float32] | None = None
    driven: NDArray[np.uint8] | None = None


def waiting(network: Network, nothing: bool = False) -> Waiting:
    """What waits for the next step.

    Parameters
    ----------
    network : Network
        Of the brain.
    nothing : bool
        Whether no input can wait, as after a step.

    Returns
    -------
    Waiting
        Copies.
    """
    tables, regions = network.tables, tuple(network.regions.values())
    known = Waiting(regions, tables["coded"].copy(), network.last_stimulus)
    if nothing:
        return known
    return known._replace(drive=tables["drive"].copy(), driven=tables["driven"].copy())


@whole
def wait_for_next(network: Network, before: Waiting) -> None:
    """Let the input of the next step be what it was before.

    Parameters
    ----------
    network : Network
        Of the brain.
    before : Waiting
        What `waiting` gave; regions that were added since get nothing.
    """
    clear_drive(network)
    network.last_stimulus = before.last_stimulus
    for k, region in enumerate(before.regions):
        if not region.removed:
            network.tables["coded"][region.index] = before.coded[k]
            if before.drive is not None and before.driven is not None:
                slots = network.slice(region)
                network.tables["driven"][region.index] = before.driven[k]
                network.tables["drive"][slots] = before.drive[slots]


@whole
def hold(network: Network, region: RegionRecord, encoded: Encoded) -> None:
    """Hold a stimulus from now on; neurons born since it was made get none.

    Parameters
    ----------
    network : Network
        Of the brain.
    region : RegionRecord
        That is driven.
    encoded : Encoded
        The input of each neuron.
    """
    if region.model.input_is_rate:
        check_rate(network, region, float(encoded.amplitude.max()))
    tables, r = network.tables, region.index
    held, n = network.slots(region, "held"), len(encoded.amplitude)
    held[:n], held[n:] = encoded.amplitude, 0
    network.slots(region, "held_onset")[:n] = 0 if encoded.onset is None else encoded.onset
    tables["held_period"][r] = encoded.period
    tables["held_since"][r] = network.step_count
    tables["holding"][r] = 1
    note_code(network, region, encoded)


def note_code(network: Network, region: RegionRecord, encoded: Encoded) -> None:
    """Note that a region's neurons stand for values; how these are dealt stays from now on.

    Part of a change that is whole.

    Parameters
    ----------
    network : Network
        Of the brain.
    region : RegionRecord
        That is driven.
    encoded : Encoded
        What by.
    """
    coded = network.tables["coded"]
    coded[region.index] = coded[region.index] or encoded.coded


@whole
def release(network: Network, region: RegionRecord) -> None:
    """End what is held into a region.

    Parameters
    ----------
    network : Network
        Of the brain.
    region : RegionRecord
        That is driven.
    """
    tables, r = network.tables, region.index
    network.slots(region, "held")[:] = 0
    network.slots(region, "held_onset")[:] = 0
    tables["holding"][r] = 0
    tables["held_period"][r] = 1
    tables["held_since"][r] = 0


def is_held(network: Network, region: RegionRecord) -> bool:
    """Whether anything is held into a region.

    Parameters
    ----------
    network : Network
        Of the brain.
    region : RegionRecord
        That is driven.

    Returns
    -------
    bool
        True while a stimulus is held.
    """
    return bool(network.tables["holding"][region.index])


@whole
def impose(network: Network, region: RegionRecord, current: NDArray[np.float32] | float) -> None:
    """Hold a current on behalf of a process, in place of what is held.

    Parameters
    ----------
    network : Network
        Of the brain.
    region : RegionRecord
        That is driven.
    current : float or array of shape (n_neurons,), float32
        In the unit of the model.
    """
    network.slots(region, "held")[:] = current
    network.tables["holding"][region.index] = 1


def make_way(network: Network) -> None:
    """Let processes end what they hold: a stimulus comes from outside.

    Parameters
    ----------
    network : Network
        Of the brain.
    """
    network.each(lambda process: process.let_go())


def note_stimulus(network: Network, step: int) -> None:
    """Note that something is stimulated.

    Parameters
    ----------
    network : Network
        Of the brain.
    step : int
        Up to which step.
    """
    if network.last_stimulus == NEVER:
        # From now on memory wants spikes to be kept.
        network.stale = True
    network.last_stimulus = step


def is_quiet(network: Network) -> bool:
    """Whether nothing was stimulated lately, and nothing is now.

    Parameters
    ----------
    network : Network
        Of the brain.

    Returns
    -------
    bool
        True after `QUIET` ms without stimulus.
    """
    since = (network.step_count - network.last_stimulus) * network.dt
    if network.step_count < network.tables["stimulated_until"][0]:
        return False
    held = not network.imposed and network.tables["holding"].any()
    return since > QUIET and not held
