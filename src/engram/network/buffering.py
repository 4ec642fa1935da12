"""Which projections deliver their charge when a spike is fired, see `engram.kernels.buffers`."""

from __future__ import annotations

from engram.network import pathways
from engram.network.network import Network
from engram.network.records import PathwayRecord

LEAST_LAGS = 4
"""Delays from which on it pays."""

LONGEST_ROW = 64.0
"""Mean synapses of a neuron and delay up to which it pays: longer rows are found in no time."""

LEAST_SYNAPSES = 20.0
"""Synapses of each target from which on it pays: buffers are read in every step."""

SMALL = 100_000
"""Synapses below which all is in the cache anyhow."""

MOST_ROOM = 1.0
"""Entries of buffers for each synapse, at most: as much memory again."""


def choose(network: Network) -> list[PathwayRecord]:
    """The projections that deliver when a spike is fired.

    They are those for which it pays, and of which nothing but weights and gain, which are watched,
    decides about the charge. What is asked here is saved, so a saved network goes on the same way.

    Parameters
    ----------
    network : Network
        Of the brain.

    Returns
    -------
    list of PathwayRecord
        None where buffers would take more memory than the synapses.
    """
    found = [pathway for pathway in network.pathways if _pays(network, pathway)]
    synapses = sum(pathways.n_synapses(network, pathway) for pathway in found)
    room = _slots(network, found) * network.tables.sizes["N"]
    return found if room <= MOST_ROOM * synapses else []


def _slots(network: Network, chosen: list[PathwayRecord]) -> int:
    """Steps that buffers hold."""
    longest = network.tables["delay_min"] + network.tables["delay_count"]
    return max((int(longest[pathway.index]) for pathway in chosen), default=0)


def _pays(network: Network, pathway: PathwayRecord) -> bool:
    tables, p = network.tables, pathway.index
    if pathway.rule is not None or pathway.stp is not None or not tables["common_sign"][p]:
        return False
    target, block = tables["target"][p], network.block(pathway)
    on_tree = tables["compartments"][target] > 0 and len(block["compartment"]) > 0
    if on_tree or len(block["synapse_gain"]) > 0:
        return False
    n, lags = pathways.n_synapses(network, pathway), int(tables["delay_count"][p])
    rows = lags * max(int(tables["region_count"][tables["source"][p]]), 1)
    dense = n >= LEAST_SYNAPSES * int(tables["region_count"][target])
    return n >= SMALL and lags >= LEAST_LAGS and n <= LONGEST_ROW * rows and dense


def fit(network: Network, chosen: list[PathwayRecord]) -> None:
    """Make buffers for what these projections deliver, and see whether they are right.

    Parameters
    ----------
    network : Network
        Of the brain; its pathways are bound.
    chosen : list of PathwayRecord
        Those that deliver when a spike is fired.
    """
    tables = network.tables
    tables["buffered"][:] = 0
    for pathway in chosen:
        tables["buffered"][tables["target"][pathway.index]] = 1
    slots = _slots(network, chosen)
    if slots != tables.sizes["slots"]:
        tables.resize(slots=slots)
    parts = (tables["scatter_entry"], tables["gain"], tables["compartments"])
    seen = (tables.version, *(part.tobytes() for part in parts))
    if seen != network.buffers_seen:
        network.buffers_seen = seen
        tables.weights_changed()
