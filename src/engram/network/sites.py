"""Where synapses sit on dendrites, and what follows of it: their delays and their gains."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from engram.errors import InvalidValueError
from engram.kernels.calls import call
from engram.network.dendrites import Dendrites
from engram.network.extent import check_extent
from engram.network.network import Network
from engram.network.records import PathwayRecord
from engram.state import layout
from engram.synapses import Neurotransmitter

MAX_DELAY_STEPS = 65535
_GAINS = np.array([t.gain for t in Neurotransmitter], np.float32)

Floats = NDArray[np.float32]
Ints = NDArray[np.int64]


def dendrites_of(network: Network, pathway: PathwayRecord) -> Dendrites:
    """The dendrites its synapses sit on.

    Parameters
    ----------
    network : Network
        Of the brain.
    pathway : PathwayRecord
        Which.

    Returns
    -------
    Dendrites
        Of the target region.
    """
    return network.regions[pathway.target].dendrites


def choose_compartments(
    network: Network,
    pathway: PathwayRecord,
    dendrites: Dendrites,
    pre: NDArray[np.int32],
    post: NDArray[np.int32],
    axonal: NDArray[Any],
    birth: NDArray[np.int32],
) -> NDArray[np.uint16]:
    """The compartments of synapses, at random by the pathway's placement.

    Parameters
    ----------
    network : Network
        Of the brain.
    pathway : PathwayRecord
        Which.
    dendrites : Dendrites
        On which.
    pre : array of shape (n,), int32
        Slots of the brain.
    post : array of shape (n,), int32
        Slots of the brain.
    axonal : array of shape (n,), int
        Axonal delays, steps.
    birth : array of shape (n,), int32
        Steps of birth.

    Returns
    -------
    array of shape (n,), uint16
        0 where there are no branches.
    """
    if not dendrites.tree.branches:
        return np.broadcast_to(np.uint16(0), len(pre))
    out = np.zeros(len(pre), np.uint16)
    shares = dendrites.tree.shares(f"{pathway.where}: placement", pathway.placement)
    call(
        "placement.choose_compartments",
        pre=pre,
        post=post,
        delay=axonal,
        birth=np.ascontiguousarray(birth),
        seed=np.uint64(network.seed),
        cumulative=np.cumsum(shares),
        out=out,
    )
    return out


def newborn(
    network: Network,
    pathway: PathwayRecord,
    pre: NDArray[np.int32],
    post: NDArray[np.int32],
    steps: NDArray[Any],
    compartment: NDArray[np.uint16],
    magnitude: Floats,
    nt: NDArray[np.uint8],
    birth: int,
) -> layout.Synapses:
    """Synapses between neuron slots at compartments.

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
    steps : array of shape (n,), int
        Delays, steps, the dendrite's share included.
    compartment : array of shape (n,), uint16
        Where they sit.
    magnitude : array of shape (n,), float32
        Of the weights.
    nt : array of shape (n,), uint8
        Neurotransmitters.
    birth : int
        Step of birth.

    Returns
    -------
    dict of arrays
        Columns by name.
    """
    gain = _GAINS[layout.shortened(nt)]
    if dendrites_of(network, pathway).tree.branches:
        gain = gain * dendrites_of(network, pathway).gain[compartment]
    return {
        "pre": pre,
        "post": post,
        "delay": steps.astype(np.uint16),
        "weight": layout.signs(layout.shortened(nt)) * magnitude,
        "nt": nt,
        "birth": np.broadcast_to(np.int32(birth), len(pre)),
        "synapse_gain": np.broadcast_to(gain, len(pre)),
        "compartment": compartment,
    }


def moved(
    network: Network,
    pathway: PathwayRecord,
    old: Dendrites,
    new: Dendrites,
    chosen: NDArray[np.uint16] | None = None,
) -> layout.Synapses:
    """The synapses as they are on other dendrites, or at other places.

    A synapse whose delay changes is made anew: it carries spikes from now on, since those under way
    would arrive twice or never.

    Parameters
    ----------
    network : Network
        Of the brain.
    pathway : PathwayRecord
        Which.
    old : Dendrites
        On which they sit.
    new : Dendrites
        On which they will.
    chosen : array of shape (n_synapses,), uint16, optional
        Compartments. None: drawn.

    Returns
    -------
    dict of arrays
        Columns by name.

    Raises
    ------
    InvalidValueError
        A delay would be too long.
    """
    dt = network.dt
    synapses = layout.read_out(network.tables, pathway.index)
    here = synapses.get("compartment", np.zeros(len(synapses["post"]), np.uint16))
    before = synapses["delay"].astype(np.int64)
    axonal = before - old.lag(dt)[here]
    if chosen is None:
        ends = synapses["pre"], synapses["post"]
        chosen = choose_compartments(network, pathway, new, *ends, axonal, synapses["birth"])
    steps = axonal + new.lag(dt)[chosen]
    if steps.max(initial=0) > MAX_DELAY_STEPS:
        raise InvalidValueError(
            f"{pathway.where}: with its dendrites' share a delay reaches {steps.max() * dt:g} ms, "
            f"above {MAX_DELAY_STEPS * dt:g}"
        )
    if len(steps):
        reach = int(steps.min()), int(steps.max())
        check_extent(network, pathway, pathway.where, *reach, len(steps), pathway.n_traces)
    birth = synapses["birth"]
    if network.step_count:
        birth = np.where(steps == before, birth, np.int32(network.step_count))
    return {
        **synapses,
        "delay": steps.astype(np.uint16),
        "birth": birth,
        "compartment": chosen,
        "synapse_gain": _GAINS[synapses["nt"]] * new.gain[chosen],
    }
