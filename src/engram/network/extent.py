"""What delays of a pathway cost, whatever the number of its synapses."""

from __future__ import annotations

from engram.errors import CapacityError
from engram.network.network import Network
from engram.network.records import PathwayRecord
from engram.state import layout

FREE = 128 << 20
"""Bytes that rows and traces of a pathway may take in any case."""

PER_SYNAPSE = 640
"""Bytes that they may take for each synapse."""


def check_extent(
    network: Network,
    pathway: PathwayRecord,
    where: str,
    shortest: int,
    longest: int,
    n: int,
    traces: int | None,
) -> None:
    """Refuse delays whose rows and traces would take far more than the synapses.

    There is a row of synapses for each neuron slot of the source and each delay from the shortest
    to the longest, and a rule keeps traces of each slot as far back as the longest.

    Parameters
    ----------
    network : Network
        Of the brain.
    pathway : PathwayRecord
        Which.
    where : str
        Names the caller in errors.
    shortest, longest : int
        The delays, steps.
    n : int
        Synapses.
    traces : int or None
        Presynaptic ones of its rule. None: no rule.

    Raises
    ------
    CapacityError
        They would, or their places could not be numbered.
    """
    slots = layout.bounds(network.tables, pathway.index)[1]
    taps = 0 if traces is None else slots * (longest + 1)
    rows = slots * (longest - shortest + 1)
    needed = 4 * (rows + (traces or 0) * taps)
    if needed <= max(FREE, PER_SYNAPSE * n) and max(rows, taps) < 1 << 31:
        return
    ms = network.dt
    raise CapacityError(
        f"{where}: delays from {shortest * ms:g} to {longest * ms:g} ms would take "
        f"{needed / 2**20:,.0f} MiB for {n} synapses of {slots} neuron slots; give synapses of "
        f"very different delays projections of their own (name=...), or region "
        f"{pathway.source!r} a smaller max_neurons"
    )


def extremes(network: Network, pathway: PathwayRecord) -> tuple[int, int]:
    """The shortest and the longest delay of a pathway with synapses.

    Parameters
    ----------
    network : Network
        Of the brain.
    pathway : PathwayRecord
        Which.

    Returns
    -------
    tuple of (int, int)
        Steps.
    """
    low = int(network.tables["delay_min"][pathway.index])
    return low, low + int(network.tables["delay_count"][pathway.index]) - 1


def extremes_with(
    network: Network, pathway: PathwayRecord, shortest: int, longest: int
) -> tuple[int, int]:
    """The same when some synapses are added to those there are.

    Parameters
    ----------
    network : Network
        Of the brain.
    pathway : PathwayRecord
        Which.
    shortest, longest : int
        Of the new ones, steps.

    Returns
    -------
    tuple of (int, int)
        Steps.
    """
    if not len(network.block(pathway)["post"]):
        return shortest, longest
    low, high = extremes(network, pathway)
    return min(low, shortest), max(high, longest)
