"""Cell assemblies: a region that stores them in its own synapses, and how well it recalls them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import ArrayLike, NDArray

from engram.distributions import Uniform, Values
from engram.errors import InvalidValueError, brief, indices, integer, number, unknown_name
from engram.kernels.calls import kernel
from engram.kernels.constants import STREAM_MEMORY
from engram.neurons import FiringPattern, NeuronType
from engram.plasticity import STDP
from engram.region import Region, RegionType
from engram.synapses import Neurotransmitter, ShortTermPlasticity

if TYPE_CHECKING:
    from engram.brain import Brain

PRESENT = 0.5
"""Density of the wiring to and from the interneurons."""

TO_INHIBITION = 50.0
"""Weight of a cell's synapse on an interneuron, times the number of cells active together."""

ENCODING, RECALLING = 3.5, 2.0
"""Background of the interneurons: firing by themselves, or only when many cells do."""


def associative_memory(
    brain: Brain, name: str = "memory", n_neurons: int = 500, assembly_size: int = 50
) -> Region:
    """A region that stores cell assemblies by STDP and completes them.

    `n_neurons` excitatory neurons, each connected with each by depressing synapses under STDP
    (potentiation outweighs depression, multiplicative bounds), and 100 fast-spiking interneurons in
    a second region, ``<name> inhibition``, which the cells excite and which inhibit them: the more
    cells are active, the more input one needs to join. Weights are scaled so that a whole assembly
    excites its members far above inhibition, and a few neurons of another do not.

    Store with `Memory.imprint`, then `set_mode` to "recall", and recall with `Memory.complete`.

    Parameters
    ----------
    brain : Brain
        That gets the regions.
    name : str
        Of the region of the cells.
    n_neurons : int
        Excitatory neurons.
    assembly_size : int
        How many neurons an assembly will have.

    Returns
    -------
    Region
        The region of the cells.

    Raises
    ------
    InvalidTypeError, InvalidValueError
        A value is of another kind or out of range.

    References
    ----------
    .. [1] Hebb 1949, The Organization of Behavior.
    .. [2] Hopfield 1982, doi:10.1073/pnas.79.8.2554
    .. [3] Learned by spikes: Litwin-Kumar & Doiron 2014, doi:10.1038/ncomms6319
    .. [4] Zenke, Agnes & Gerstner 2015, doi:10.1038/ncomms7922

    Examples
    --------
    >>> from engram import Brain
    >>> from engram.circuits import associative_memory
    >>> brain = Brain(seed=1)
    >>> cells = associative_memory(brain, n_neurons=100, assembly_size=20)
    >>> list(brain.regions)
    ['memory', 'memory inhibition']
    >>> cells.wiring.rule.bounds
    'multiplicative'
    """
    return _cells(
        "associative_memory",
        brain,
        name,
        n_neurons,
        assembly_size,
        recurrent=100.0,
        inhibition=125.0,
        interneurons=100,
        delays=1.0,
        inhibitory_delays=1.0,
        rule=STDP(A_plus=0.05, A_minus=0.02, bounds="multiplicative", metaplastic=False),
    )


def sequence_memory(
    brain: Brain, name: str = "memory", n_neurons: int = 300, group_size: int = 40
) -> Region:
    """A region that stores sequences of groups by STDP and replays them from their beginning.

    As `associative_memory`, with axonal delays of 4-8 ms, so that synchronous spikes of a group
    arrive after their targets fired and only what comes next is potentiated; a short window; and
    weak inhibition. A learned group excites the next one within 10 ms (a synfire chain), faster
    than it was shown. Store with ``brain.memory.imprint(name, groups, duration=50.0, gap=0.0,
    pause=200.0, repetitions=...)``.

    Parameters
    ----------
    brain : Brain
        That gets the regions.
    name : str
        Of the region of the cells.
    n_neurons : int
        Excitatory neurons.
    group_size : int
        How many neurons a group will have.

    Returns
    -------
    Region
        The region of the cells.

    Raises
    ------
    InvalidTypeError, InvalidValueError
        A value is of another kind or out of range.

    References
    ----------
    .. [1] Abeles 1991, Corticonics.
    .. [2] Fiete et al. 2010, doi:10.1016/j.neuron.2010.02.003

    Examples
    --------
    >>> from engram import Brain
    >>> from engram.circuits import sequence_memory
    >>> brain = Brain(seed=1)
    >>> cells = sequence_memory(brain, n_neurons=60, group_size=20)
    >>> groups = [range(20), range(20, 40), range(40, 60)]
    >>> brain.memory.imprint("memory", groups, duration=50.0, gap=0.0, pause=200.0, repetitions=2)
    >>> bool(cells.wiring.weight.max() > 2 * cells.wiring.weight.min())  # the order is in them
    True
    """
    return _cells(
        "sequence_memory",
        brain,
        name,
        n_neurons,
        group_size,
        recurrent=60.0,
        inhibition=1.25,
        interneurons=60,
        delays=Uniform(4.0, 8.0),
        inhibitory_delays=Uniform(4.0, 8.0),
        rule=STDP(
            A_plus=0.01, A_minus=0.005, tau_plus=3.0, bounds="multiplicative", metaplastic=False
        ),
    )


def set_mode(brain: Brain, name: str, mode: str) -> None:
    """Switch a memory region between storing and recalling.

    "encode" (as built): the interneurons are driven and fire by themselves, so that only neurons
    with input of their own are active and nothing stored interferes with what is new. "recall":
    they fire only when many cells do, so that a part can bring back the rest. These are the two
    states of the cholinergic tone of the hippocampus.

    Learn in the first; freeze plasticity in the second, in which what is recalled together would
    grow together. After storing, adapted neurons and depressed synapses need about a second before
    they recall.

    Parameters
    ----------
    brain : Brain
        With the region.
    name : str
        Of the region of the cells.
    mode : str
        "encode" or "recall".

    Raises
    ------
    UnknownNameError, InvalidValueError
        There is no such region or mode.

    References
    ----------
    .. [1] Hasselmo 2006, doi:10.1016/j.conb.2006.09.002

    Examples
    --------
    >>> from engram import Brain
    >>> from engram.circuits import associative_memory, set_mode
    >>> brain = Brain(seed=1)
    >>> cells = associative_memory(brain, n_neurons=100, assembly_size=20)
    >>> set_mode(brain, "memory", "recall")
    >>> brain.freeze_plasticity()  # what is recalled together would grow together
    """
    where = "set_mode"
    if mode not in ("encode", "recall"):
        raise InvalidValueError(f"{where}: mode must be 'encode' or 'recall', not {brief(mode)}")
    others = f"{name} inhibition"
    if others not in brain.regions:
        raise unknown_name(where, "region", others, brain.regions)
    brain.regions[others].background = ENCODING if mode == "encode" else RECALLING


def _cells(
    where: str,
    brain: Brain,
    name: str,
    n_neurons: int,
    size: int,
    *,
    recurrent: float,
    inhibition: float,
    interneurons: int,
    delays: Values,
    inhibitory_delays: Values,
    rule: STDP,
) -> Region:
    """Cells that excite each other, and interneurons.

    recurrent: summed weight of the synapses of `size` cells on another, when all are at w_max;
    inhibition: that of all interneurons on a cell, with all-to-all wiring.
    """
    n = integer(f"{where}: n_neurons", n_neurons, 10)
    size = integer(f"{where}: size", size, 2, n)
    w_max = recurrent / size
    others = f"{name} inhibition"
    if others in brain.regions:
        raise InvalidValueError(f"{where}: there is a region {others!r} already")
    cells = brain.add_region(
        name,
        RegionType.MEMORY,
        n,
        1.0,
        excitatory=1.0,
        patterns=FiringPattern.REGULAR_SPIKING,
        weights=0.01 * w_max,
        w_max=w_max,
        delays=delays,
        rule=rule,
        stp=ShortTermPlasticity(U=0.15, tau_rec=300.0, tau_facil=0.0),
    )
    brain.add_region(
        others,
        RegionType.ASSOCIATION,
        interneurons,
        0.0,
        excitatory=0.0,
        rule=None,
        background=ENCODING,
    )
    brain.connect_regions(
        name, others, PRESENT, weights=TO_INHIBITION / size, delays=1.0, rule=None
    )
    brain.connect_regions(
        others,
        name,
        PRESENT,
        nt=Neurotransmitter.GABA,
        weights=inhibition / interneurons,
        delays=inhibitory_delays,
        source_type=NeuronType.INHIBITORY,
        rule=None,
    )
    return cells


@dataclass(frozen=True)
class Recall:
    """How well an assembly came back.

    See `Completion` for what counts as recalled.

    Parameters
    ----------
    recalled : float
        Share of its neurons outside the cue that were recalled.
    false : float
        Share of the region's other living neurons that were.

    Examples
    --------
    >>> from engram.circuits import Recall
    >>> Recall(recalled=0.9, false=0.02)  # nearly all of it, and hardly anything else
    Recall(recalled=0.9, false=0.02)
    """

    recalled: float
    false: float


def recall_of(
    brain: Brain,
    region: str,
    assemblies: Sequence[ArrayLike],
    *,
    share: float = 0.3,
    lookup: bool = False,
    duration: float = 300.0,
    current: float = 40.0,
    min_spikes: int = 2,
    settle: float = 200.0,
) -> list[Recall]:
    """Cue each assembly with a random part of it, and compare what comes back with the rest.

    Each is asked of a copy of the brain with learning frozen, after `Brain.reset_state` and a while
    (so that the cue meets spontaneous activity and its inhibition, not a brain at rest). The brain
    stays as it is and the order does not matter.

    Parameters
    ----------
    brain : Brain
        With the region.
    region : str
        Name of the region of the cells.
    assemblies : sequence of array_like
        Indices of the neurons of each.
    share : float
        Of an assembly's neurons that are cued, drawn from the brain's seed.
    lookup : bool
        See `Memory.complete`.
    duration : float
        See `Memory.complete`, ms.
    current : float
        See `Memory.complete`.
    min_spikes : int
        See `Memory.complete`.
    settle : float
        Time from the reset to the cue, ms.

    Returns
    -------
    list of Recall
        One for each assembly.

    Raises
    ------
    UnknownNameError
        There is no such region.
    InvalidTypeError, InvalidValueError
        A value is of another kind or out of range.

    Examples
    --------
    >>> from engram import Brain
    >>> from engram.circuits import associative_memory, recall_of, set_mode
    >>> brain = Brain(seed=1)
    >>> cells = associative_memory(brain, n_neurons=100, assembly_size=20)
    >>> brain.memory.imprint("memory", [range(20)], repetitions=20)
    >>> set_mode(brain, "memory", "recall")
    >>> (found,) = recall_of(brain, "memory", [range(20)], share=0.5)
    >>> found.recalled > found.false
    True
    """
    where = "recall_of"
    if region not in brain.regions:
        raise unknown_name(where, "region", region, brain.regions)
    target = brain.regions[region]
    part = number(f"{where}: share", share, 0.0, 1.0, open_low=True)
    calm = round(number(f"{where}: settle", settle, 0.0) / brain.dt)
    groups = [np.unique(indices(f"{where}: assemblies", a, target.n_neurons)) for a in assemblies]
    found = []
    for k, group in enumerate(groups):
        cue = _drawn(brain, group, max(1, round(part * len(group))), k)
        twin = brain.copy()
        twin.freeze_plasticity()
        twin.disable_memory()
        twin.reset_state()
        twin.run(calm, progress=False)
        got = twin.memory.complete(
            region, cue, duration=duration, current=current, min_spikes=min_spikes, lookup=lookup
        )
        rest = np.setdiff1d(group, cue)
        others = np.setdiff1d(np.flatnonzero(target.neuron_alive), group)
        found.append(
            Recall(
                len(np.intersect1d(got.recalled, rest)) / max(1, len(rest)),
                len(np.intersect1d(got.recalled, others)) / max(1, len(others)),
            )
        )
    return found


def _drawn(brain: Brain, group: NDArray[np.int64], n: int, k: int) -> NDArray[np.int64]:
    """`n` of a group, at random; `k` numbers the draw."""
    uniform = kernel("random.uniform")
    keys = [uniform(np.uint64(brain.seed), STREAM_MEMORY, 1 + k, int(i)) for i in group]
    return np.sort(group[np.argsort(keys)[:n]])
