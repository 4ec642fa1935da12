"""What is told of a neuron or a pathway that somebody looks at closely."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from engram.brain import Brain
from engram.errors import integer
from engram.live.picture import encoded
from engram.live.settings import finite
from engram.network import efficacy, pathways, population
from engram.network.network import Network
from engram.network.records import PathwayRecord, RegionRecord
from engram.neurons import FiringPattern, NeuronType
from engram.state import layout
from engram.synapses import Neurotransmitter

Message = dict[str, Any]

MOST_SHOWN = 200
SIDE = 128
"""Rows and columns of a matrix at most."""

BINS = 40


def neuron(brain: Brain, name: Any, slot: Any) -> Message:
    """What is known of a neuron.

    Parameters
    ----------
    brain : Brain
        Any.
    name : str
        Of its region.
    slot : int
        Its index there.

    Returns
    -------
    dict
        Plain values.

    Raises
    ------
    UnknownNameError, InvalidTypeError, InvalidValueError
        There is none.
    """
    network = brain.network
    record = network.region("neuron", name)
    k = integer("neuron: slot", slot, 0, network.count(record) - 1)
    at = network.first(record) + k
    tables = network.tables
    return {
        "region": record.name,
        "slot": k,
        "excitatory": bool(tables["neuron_type"][at] == NeuronType.EXCITATORY),
        "alive": bool(tables["alive"][at]),
        "age": (network.step_count - max(int(tables["born"][at]), 0)) * network.dt,
        "spikes": int(tables["total_spikes"][at]),
        "rate": finite(population.activity(network, record)[k]),
        "theta": finite(tables["theta"][at]),
        "model": type(record.model).__name__,
        "pattern": FiringPattern(int(tables["pattern"][at])).name,
        **voltages(record),
        "inputs": connections(network, record, k, incoming=True),
        "outputs": connections(network, record, k, incoming=False),
        "dendrite": dendrite(record),
    }


def voltages(record: RegionRecord) -> Message:
    """Between which potentials a neuron of a region moves, about.

    Parameters
    ----------
    record : RegionRecord
        Where it is.

    Returns
    -------
    dict
        `v_low` and `v_high`, mV; None of sources, which have no potential.
    """
    model = record.model
    if model.is_source:
        return {"v_low": None, "v_high": None}
    rest = float(type(model).states["v"])
    top = float(getattr(model, "v_th", 30.0))
    return {"v_low": rest - 25.0, "v_high": max(top + 10.0, rest + 30.0)}


def connections(network: Network, record: RegionRecord, slot: int, *, incoming: bool) -> Message:
    """The synapses of a neuron, the strongest one by one.

    Parameters
    ----------
    network : Network
        Of the brain.
    record : RegionRecord
        Where the neuron is.
    slot : int
        Which.
    incoming : bool
        Those that end at it, or those that begin there.

    Returns
    -------
    dict
        Their number, and up to `MOST_SHOWN` as (region, slot, weight, transmitter, delay).
    """
    total = 0
    shown: list[list[Any]] = []
    for pathway in network.pathways:
        if (pathway.target if incoming else pathway.source) == record.name:
            find = ending if incoming else beginning
            which = find(network, pathway, slot)
            total += len(which)
            shown += synapses(network, pathway, which, incoming=incoming)
    shown.sort(key=lambda row: -abs(row[2]))
    return {"n": total, "shown": shown[:MOST_SHOWN]}


def ending(network: Network, pathway: PathwayRecord, slot: int) -> NDArray[np.int64]:
    """The synapses of a pathway that end at a neuron.

    Parameters
    ----------
    network : Network
        Of the brain.
    pathway : PathwayRecord
        Which.
    slot : int
        Of the neuron, in its region.

    Returns
    -------
    array of int64
        Indices.
    """
    at = network.first(network.regions[pathway.target]) + slot
    return np.flatnonzero(network.block(pathway)["post"] == at)


def beginning(network: Network, pathway: PathwayRecord, slot: int) -> NDArray[np.int64]:
    """The synapses of a pathway that begin at a neuron.

    Parameters
    ----------
    network : Network
        Of the brain.
    pathway : PathwayRecord
        Which.
    slot : int
        Of the neuron, in its region.

    Returns
    -------
    array of int64
        Indices.
    """
    width = int(network.tables["delay_count"][pathway.index])
    segment = network.block(pathway)["segment"]
    return np.arange(int(segment[slot * width]), int(segment[(slot + 1) * width]))


def synapses(
    network: Network, pathway: PathwayRecord, which: NDArray[np.int64], *, incoming: bool
) -> list[list[Any]]:
    """Some synapses, the strongest of them.

    Parameters
    ----------
    network : Network
        Of the brain.
    pathway : PathwayRecord
        Where they are.
    which : array of int64
        Their indices.
    incoming : bool
        Whether the neuron at their beginning is named, or that at their end.

    Returns
    -------
    list of [region, slot, weight, transmitter, delay in ms]
        `MOST_SHOWN` at most.
    """
    block, tables, p = network.block(pathway), network.tables, pathway.index
    weights = weight_of(network, pathway, which)
    order = np.argsort(-np.abs(weights), kind="stable")[:MOST_SHOWN]
    chosen, weights = which[order], weights[order]
    width = int(tables["delay_count"][p])
    rows = np.searchsorted(block["segment"], chosen, side="right") - 1
    delays = (rows % width + int(tables["delay_min"][p])) * network.dt
    first = network.first(network.regions[pathway.target])
    other = rows // width if incoming else block["post"][chosen] - first
    kinds = layout.column(block, "nt")[chosen]
    name = pathway.source if incoming else pathway.target
    return [
        [name, int(o), float(w), Neurotransmitter(int(k)).name, float(d)]
        for o, w, k, d in zip(other, weights, kinds, delays, strict=True)
    ]


def weight_of(
    network: Network, pathway: PathwayRecord, which: NDArray[np.int64]
) -> NDArray[np.float32]:
    """Weights of some synapses now; negative where inhibitory.

    Parameters
    ----------
    network : Network
        Of the brain.
    pathway : PathwayRecord
        Where they are.
    which : array of int64
        Their indices.

    Returns
    -------
    array of float32
        One for each.
    """
    block = network.block(pathway)
    sign = layout.signs(layout.column(block, "nt")[which])
    found = sign * block["weight"][which]
    if len(block["eligibility"]):
        met = np.float32(network.tables["dopamine_integral"][pathway.index])
        found = found + block["eligibility"][which] * met
    low, high = efficacy.bounds_of_weights(network, pathway)
    return np.asarray(sign * np.clip(found, low, high), np.float32)


def dendrite(record: RegionRecord) -> Message | None:
    """The tree of a region's neurons.

    Parameters
    ----------
    record : RegionRecord
        Which.

    Returns
    -------
    dict or None
        By compartment, without the soma: parent (-1: the soma), distance from it in um, branch.
        None: no dendrites.
    """
    tree = record.dendrites.tree
    nodes = tree.compartments
    if len(nodes) < 2:
        return None
    lengths = []
    for k in range(1, len(nodes)):
        along, parent = nodes.place[k], nodes.parent[k]
        same = nodes.branch[parent] == nodes.branch[k]
        from_parent = along - nodes.place[parent] if same else along
        lengths.append(float(from_parent * tree.branches[nodes.branch[k]].length))
    return {
        "parent": (nodes.parent[1:] - 1).tolist(),
        "length": lengths,
        "branch": nodes.branch[1:].tolist(),
        "dynamic": bool(record.dendrites.compartmental),
    }


def pathway(brain: Brain, label: Any) -> Message:
    """The weights of a pathway: their histogram, and a matrix of means.

    Parameters
    ----------
    brain : Brain
        Any.
    label : str
        Of the pathway.

    Returns
    -------
    dict
        Plain values.

    Raises
    ------
    UnknownNameError
        There is none.
    """
    network = brain.network
    record = network.target("pathway", label)
    size = efficacy.magnitude(network, record)
    low, high = efficacy.bounds_of_weights(network, record)
    top = high if high > low else float(size.max(initial=1.0))
    counts, edges = np.histogram(size, bins=BINS, range=(0.0, max(top, 1e-9)))
    return {
        "label": record.label,
        "n": len(size),
        "mean": float(size.mean(dtype=np.float64)) if len(size) else 0.0,
        "w_min": finite(low),
        "w_max": finite(high),
        "histogram": {"edges": edges.tolist(), "counts": counts.tolist()},
        "matrix": matrix(network, record, size),
    }


def matrix(network: Network, record: PathwayRecord, size: NDArray[np.float32]) -> Message:
    """Mean weights of groups of synapses.

    Parameters
    ----------
    network : Network
        Of the brain.
    record : PathwayRecord
        Which.
    size : array of float32
        Magnitudes of its weights.

    Returns
    -------
    dict
        At most `SIDE` rows (of the source) and columns.
    """
    pre, post = pathways.pre_and_delay(network, record)[0], pathways.post(network, record)
    n_pre = max(network.count(network.regions[record.source]), 1)
    n_post = max(network.count(network.regions[record.target]), 1)
    rows, columns = min(n_pre, SIDE), min(n_post, SIDE)
    place = (pre * rows // n_pre) * columns + post * columns // n_post
    count = np.bincount(place, minlength=rows * columns)
    total = np.bincount(place, weights=size, minlength=rows * columns)
    mean = total / np.maximum(count, 1)
    return {
        "rows": rows,
        "columns": columns,
        "pre_per_row": n_pre / rows,
        "post_per_column": n_post / columns,
        "most": float(mean.max(initial=0.0)),
        "mean": encoded(mean.astype(np.float32)),
        "count": encoded(count.astype(np.uint32)),
    }
