"""Working memory of `SpikingAgent`: what it saw first stays active until the episode ends."""

from __future__ import annotations

import numpy as np

from engram.brain import Brain
from engram.circuits.groups import inhibit_other_groups
from engram.errors import InvalidTypeError
from engram.learn.agent_network import (
    ACTOR,
    ACTOR_BACKGROUND,
    ACTOR_INPUT,
    CRITIC,
    CRITIC_BACKGROUND,
    HEADROOM,
    PLACE,
    PLACE_RATE,
    TAU_M,
    TAU_SYN,
    THRESHOLD,
    connect_taught,
)
from engram.learn.cells import Cells, TileCells
from engram.neurons import CurrentLIF
from engram.region import RegionType

MEMORY = "memory"

GROUP, MEMORY_T_REF, MEMORY_TAU_EXC, MEMORY_TAU_INH = 8, 10.0, 100.0, 10.0
"""Neurons that hold one observation; their refractory time, and the decay of their currents, ms."""

MEMORY_RATE, MEMORY_CURRENT = 0.068, 40.0
"""Rate of a neuron that holds, 1/ms, and the recurrent input that makes it fire so, mV."""

CUE_CURRENT, RIVALS_CURRENT = 80.0, 100.0
"""What place cells would give after long, and what a group that holds takes from all others, mV."""

CLEARING_CURRENT, CLEARING = -100.0, 300
"""Input that silences the memory, mV, and how long, ms."""

RECALL_INPUT, RECALL_HEADROOM = 4.0, 10.0
"""Input of a motor or critic neuron from a group that holds, before learning, mV; the greatest
weight, in units of that before learning."""


def add_memory(brain: Brain, cells: Cells, tau_eligibility: float) -> None:
    """Add a region whose groups of neurons keep firing, and let it teach actor and critic too.

    There is a group for each distinct observation, excited by its place cells. Its neurons excite
    each other by slow currents (100 ms, as NMDA receptors do), so that it goes on by itself at
    about 70 Hz, and it inhibits the others more than place cells excite them: whatever came first
    is held, whatever comes between (Wang 1999; Compte et al. 2000).

    Parameters
    ----------
    brain : Brain
        With the regions of `build_network`.
    cells : Cells
        The code of observations: one that gives each distinct observation cells of its own.
    tau_eligibility : float
        Of its plastic pathways, ms.

    Raises
    ------
    InvalidTypeError
        Observations share cells, or there are none of their own for each.

    References
    ----------
    .. [1] Wang 1999, doi:10.1523/JNEUROSCI.19-21-09587.1999
    .. [2] Compte et al. 2000, doi:10.1093/cercor/10.9.910
    """
    if not isinstance(cells, TileCells) or (cells.widths > 0.0).any():
        raise InvalidTypeError(
            "SpikingAgent: memory needs observations of whole numbers, each with cells of its own"
        )
    each = cells.tilings
    groups = cells.n_cells // each
    n = groups * GROUP
    memory = brain.add_region(
        MEMORY,
        RegionType.MEMORY,
        n,
        connectivity=0.0,
        max_neurons=n,
        model=CurrentLIF(
            tau_m=TAU_M,
            E_L=0.0,
            v_reset=0.0,
            v_th=THRESHOLD,
            t_ref=MEMORY_T_REF,
            tau_exc=MEMORY_TAU_EXC,
            tau_inh=MEMORY_TAU_INH,
        ),
        excitatory=1.0,
        rule=None,
    )
    group = np.arange(n) // GROUP
    pre, post = np.nonzero((group[:, None] == group) & ~np.eye(n, dtype=bool))
    memory.add_synapses(pre, post, MEMORY_CURRENT / (GROUP - 1) / (MEMORY_RATE * MEMORY_TAU_EXC))
    if groups > 1:
        weight = RIVALS_CURRENT / (GROUP * MEMORY_RATE * MEMORY_TAU_INH)
        inhibit_other_groups(memory, GROUP, weight)
    of_cell = np.arange(cells.n_cells) // each
    w = CUE_CURRENT / (each * PLACE_RATE * MEMORY_TAU_EXC)
    weights = np.where(of_cell[:, None] == group, w, 0.0)
    brain.connect_regions(PLACE, MEMORY, weights=weights, delays=1.0, rule=None)
    w = RECALL_INPUT / (GROUP * MEMORY_RATE * TAU_SYN)
    for target in (ACTOR, CRITIC):
        connect_taught(brain, MEMORY, target, w, RECALL_HEADROOM * w, tau_eligibility)
    brain.regions[ACTOR].background = ACTOR_BACKGROUND - RECALL_INPUT
    brain.regions[CRITIC].background = CRITIC_BACKGROUND - RECALL_INPUT


def shares(brain: Brain) -> dict[str, float]:
    """Dopamine for the pathways from each region that teaches, in units of that without a memory.

    Place cells and memory make half of a step of learning each. What a pathway makes grows with its
    cells, the square of their rate and the greatest weight.

    Parameters
    ----------
    brain : Brain
        Of an agent.

    Returns
    -------
    dict of float
        By name of the region.
    """
    if MEMORY not in brain.regions:
        return {PLACE: 1.0}
    # A weight before learning is the input over the number of cells and their rate.
    of_place = PLACE_RATE * HEADROOM * ACTOR_INPUT
    of_memory = MEMORY_RATE * RECALL_HEADROOM * RECALL_INPUT
    return {PLACE: 0.5, MEMORY: 0.5 * of_place / of_memory}


def clear_memory(brain: Brain) -> None:
    """Silence the memory by inhibition, so that the next observation is the first.

    Parameters
    ----------
    brain : Brain
        Of an agent; one without a memory is left as it is.
    """
    if MEMORY not in brain.regions:
        return
    region = brain.regions[MEMORY]
    try:
        region.background = CLEARING_CURRENT
        brain.run(CLEARING, progress=False)
    finally:
        # Also after Ctrl-C: a memory that is held silent would remember nothing.
        region.background = 0.0
