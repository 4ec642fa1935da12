"""The synapses of a pathway: how they are looked at, moved and removed."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from engram.kernels.calls import call
from engram.network import efficacy
from engram.network.network import Network
from engram.network.records import PathwayRecord
from engram.network.sites import choose_compartments, dendrites_of, newborn
from engram.network.transaction import atomic
from engram.state import layout, renewal
from engram.state.field import Occasion

_NOBODY = np.zeros(0, np.int32)
_NONE: layout.Synapses = {"pre": _NOBODY, "post": _NOBODY, "delay": np.zeros(0, np.uint16)}

Floats = NDArray[np.float32]
Ints = NDArray[np.int64]


# -- looking


def n_synapses(network: Network, pathway: PathwayRecord) -> int:
    """The number of living synapses.

    Parameters
    ----------
    network : Network
        Of the brain.
    pathway : PathwayRecord
        Which.

    Returns
    -------
    int
        How many there are.
    """
    return len(network.block(pathway)["post"])


def pre_and_delay(network: Network, pathway: PathwayRecord) -> tuple[Ints, Ints]:
    """Presynaptic neurons and delays of its synapses.

    Parameters
    ----------
    network : Network
        Of the brain.
    pathway : PathwayRecord
        Which.

    Returns
    -------
    tuple of two arrays of shape (n_synapses,), int64
        Indices into the source region; delays in steps.
    """
    synapses = layout.read_out(network.tables, pathway.index)
    first = layout.bounds(network.tables, pathway.index)[0]
    return synapses["pre"].astype(np.int64) - first, synapses["delay"].astype(np.int64)


def post(network: Network, pathway: PathwayRecord) -> Ints:
    """Postsynaptic neurons of its synapses.

    Parameters
    ----------
    network : Network
        Of the brain.
    pathway : PathwayRecord
        Which.

    Returns
    -------
    array of shape (n_synapses,), int64
        Indices into the target region.
    """
    first = layout.bounds(network.tables, pathway.index)[2]
    return network.block(pathway)["post"].astype(np.int64) - first


# -- adding


def sprouts(
    network: Network,
    pathway: PathwayRecord,
    pre: NDArray[np.int32],
    post: NDArray[np.int32],
    steps: Ints,
    magnitude: Floats,
    nt: NDArray[np.uint8],
) -> layout.Synapses:
    """Synapses born now with delays like others', placed on the target's dendrite.

    A delay is at least the dendrite's share and one step for the axon.

    Parameters
    ----------
    network : Network
        Of the brain.
    pathway : PathwayRecord
        Which.
    pre : array of shape (n,), int32
        Slots of the brain.
    post : array of shape (n,), int32
        Slots of the brain.
    steps : array of shape (n,), int64
        Delays, steps.
    magnitude : array of shape (n,), float32
        Of the weights.
    nt : array of shape (n,), uint8
        Neurotransmitters.

    Returns
    -------
    dict of arrays
        Columns by name.
    """
    birth = network.step_count
    dendrites = dendrites_of(network, pathway)
    births = np.broadcast_to(np.int32(birth), len(pre))
    compartment = choose_compartments(network, pathway, dendrites, pre, post, steps, births)
    steps = np.maximum(steps, 1 + dendrites.lag(network.dt)[compartment])
    return newborn(network, pathway, pre, post, steps, compartment, magnitude, nt, birth)


@atomic()
def retarget(network: Network, pathway: PathwayRecord, which: Ints, post: Ints) -> None:
    """Let synapses end at other neurons of the target region from now on.

    They are born anew: spikes under way do not arrive.

    Parameters
    ----------
    network : Network
        Of the brain.
    pathway : PathwayRecord
        Whose synapses.
    which : array of shape (n,), int64
        Indices of synapses.
    post : array of shape (n,), int64
        Indices of living neurons of the target region.
    """
    gone, first = np.unique(which, return_index=True)
    pre, delay = pre_and_delay(network, pathway)
    source, target = network.regions[pathway.source], network.regions[pathway.target]
    new = sprouts(
        network,
        pathway,
        (pre[gone] + network.first(source)).astype(np.int32),
        (post[first] + network.first(target)).astype(np.int32),
        delay[gone],
        efficacy.magnitude(network, pathway)[gone],
        layout.column(network.block(pathway), "nt")[gone],
    )
    amend(network, pathway, gone.astype(np.int32), new)


# -- removing, and laying out anew


@atomic()
def amend(
    network: Network,
    pathway: PathwayRecord,
    gone: NDArray[np.int32],
    new: layout.Synapses | None = None,
) -> None:
    """Remove synapses and add new ones.

    Parameters
    ----------
    network : Network
        Of the brain.
    pathway : PathwayRecord
        Which.
    gone : array of int32
        Sorted indices of synapses.
    new : dict of arrays, optional
        Columns by name.
    """
    block, n = network.block(pathway), n_synapses(network, pathway)
    added = 0 if new is None else len(new["pre"])
    if not len(gone) and not added:
        return
    gain = efficacy.scalar(network, pathway, "gain")
    has_gains = len(block["synapse_gain"]) > 0
    alike = new is None or has_gains or bool((new["synapse_gain"] == gain).all())
    if n and n - len(gone) + added and alike:
        layout.amend(
            network.tables,
            pathway.index,
            gone,
            _NONE if new is None else new,
            traces=pathway.n_traces,
        )
        network.synapses_changed()
        return
    old = layout.read_out(network.tables, pathway.index)
    if n and "synapse_gain" not in old:
        old["synapse_gain"] = np.full(n, gain, np.float32)
    keep = np.ones(n, np.bool_)
    keep[gone] = False
    kept = layout.selected(old, keep)
    lay_out(network, pathway, kept if new is None else layout.joined(kept, new) if n else new)


def optional_columns(pathway: PathwayRecord) -> set[str]:
    """The optional columns that the rule and the short-term plasticity ask for.

    Parameters
    ----------
    pathway : PathwayRecord
        Which.

    Returns
    -------
    set of str
        Their names.
    """
    columns: set[str] = set()
    if pathway.rule is not None and pathway.rule.modulated:
        columns.add("eligibility")
    if pathway.stp is not None:
        columns |= {"resource", "facilitation"}
    return columns


@atomic()
def lay_out(network: Network, pathway: PathwayRecord, synapses: layout.Synapses) -> None:
    """Lay out, with the optional columns the rule, the short-term plasticity, the gains ask.

    Parameters
    ----------
    network : Network
        Of the brain.
    pathway : PathwayRecord
        Which.
    synapses : dict of arrays
        Columns by name.
    """
    tables, p = network.tables, pathway.index
    columns = optional_columns(pathway)
    gains = synapses.get("synapse_gain")
    if gains is not None and len(gains):
        if (gains == gains[0]).all():
            tables["gain"][p] = gains[0]
        else:
            columns.add("synapse_gain")
    if dendrites_of(network, pathway).tree.branches:
        columns.add("compartment")
    layout.lay_out(tables, p, synapses, columns=columns, traces=pathway.n_traces)
    network.synapses_changed()


@atomic()
def lay_out_without(network: Network, pathway: PathwayRecord, *columns: str) -> None:
    """Lay out anew; some columns start from their initial values, or go.

    Parameters
    ----------
    network : Network
        Of the brain.
    pathway : PathwayRecord
        Which.
    *columns : str
        Their names.
    """
    synapses = layout.read_out(network.tables, pathway.index)
    for name in columns:
        synapses.pop(name, None)
    lay_out(network, pathway, synapses)


def came_with(network: Network, pathway: PathwayRecord) -> float:
    """The synapses there would be if only its neurons had come and gone, and users changed it.

    Parameters
    ----------
    network : Network
        Of the brain.
    pathway : PathwayRecord
        Which.

    Returns
    -------
    float
        At least 0.
    """
    beyond = float(network.tables["turnover"][pathway.index])
    return max(n_synapses(network, pathway) - beyond, 0.0)


def remove_dead_ends(network: Network, pathway: PathwayRecord) -> None:
    """Remove the synapses of neurons that have just died.

    Parameters
    ----------
    network : Network
        Of the brain.
    pathway : PathwayRecord
        Which.
    """
    tables, p, block = network.tables, pathway.index, network.block(pathway)
    gone = call(
        "restructure.dead_ends",
        tables.arrays,
        block,
        lags=int(tables["delay_count"][p]),
        first_pre=layout.bounds(tables, p)[0],
    )
    amend(network, pathway, np.asarray(gone))
    tables["turnover"][p] -= len(gone)


def renew_traces(
    network: Network, pathway: PathwayRecord, region: str, slots: Ints, occasion: Occasion
) -> None:
    """Clear the spike traces of a region's slots that change hands.

    Parameters
    ----------
    network : Network
        Of the brain.
    pathway : PathwayRecord
        Which.
    region : str
        At either end, or at none.
    slots : array of int64
        Indices in the region.
    occasion : {'birth', 'death'}
        Why they do.
    """
    block = network.block(pathway)
    for side, name in (("pre", pathway.source), ("post", pathway.target)):
        if name == region:
            renewal.renew_traces(block, slots, occasion, side=side)


@atomic()
def settle_on(network: Network, pathway: PathwayRecord, synapses: layout.Synapses) -> None:
    """Let its synapses be these, at other places of the dendrites.

    Parameters
    ----------
    network : Network
        Of the brain.
    pathway : PathwayRecord
        Which.
    synapses : dict of arrays
        What `moved` gave.
    """
    if n_synapses(network, pathway):
        lay_out(network, pathway, synapses)
