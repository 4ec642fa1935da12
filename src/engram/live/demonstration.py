"""A brain that is nice to look at: senses, cortex, memory, reward, action; and its days."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from engram.brain import Brain
from engram.mechanisms.memory import Memory
from engram.network import inputs, present
from engram.network.draws import FIRST_FREE_STREAM, uniform
from engram.network.network import Process, Saved
from engram.parameters import Parameter
from engram.region import RegionType
from engram.synapses import Neurotransmitter

EYE, EAR, CORTEX, MEMORY, REWARD, ACTION = "eye", "ear", "cortex", "memory", "reward", "action"
TO_ACTION = Brain.projection_target(CORTEX, ACTION)
GROUPS = 20
"""Values that a sense is shown."""

PRAISE, BLAME = 0.6, 0.2


class Programme(Process, saved_as="engram.live.demonstration:Programme"):
    """How the demonstration spends its days: things seen and heard, praise, sleep.

    One of two things is shown after the other: an image and a tone. Where the half of the neurons
    of the region of action that belongs to it fires more than the other half, the way there is
    rewarded, else punished. Nights are slept.
    """

    name = "programme"

    stimulus = Parameter(500.0, low=1.0, unit="ms", doc="how long a thing is shown")
    pause = Parameter(300.0, low=1.0, unit="ms", doc="and nothing after it")
    day = Parameter(24_000.0, low=1000.0, unit="ms", doc="how long the brain is awake")
    night = Parameter(8_000.0, low=1000.0, unit="ms", doc="how long it sleeps then")
    praise = Parameter(True, doc="whether it is rewarded and punished")

    def __init__(self, **values: Any) -> None:
        super().__init__(**values)
        self._ways: set[str] = set()
        self._shown = -1
        self._before = np.zeros(2, np.int64)

    @property
    def shown(self) -> int:
        """Which thing is shown; -1: none."""
        return self._shown

    def give_way(self, region: str, *, on: bool) -> None:
        """Stimulate a region no more, since somebody else does, or again.

        Parameters
        ----------
        region : str
            Its name.
        on : bool
            Whether somebody does.
        """
        (self._ways.add if on else self._ways.discard)(region)

    def _times(self) -> tuple[int, int]:
        """Steps that a thing is shown, and from one to the next."""
        shown = self.network.steps(self.stimulus)
        return shown, shown + self.network.steps(self.pause)

    def next_act(self, step: int) -> int | None:
        """When something is shown, or ends.

        Parameters
        ----------
        step : int
            The step that comes next.

        Returns
        -------
        int
            The first after `step`.
        """
        shown, period = self._times()
        return min(after(step, shown, period), after(step, 0, period))

    def act(self, step: int) -> None:
        """Show something, or end it.

        Parameters
        ----------
        step : int
            The step that comes next.
        """
        network = self.network
        if network.asleep_until is not None or network.presenting:
            self._shown = -1
            return
        _, period = self._times()
        if step % period:
            self._end()
        else:
            self._begin(step)

    def _begin(self, step: int) -> None:
        network = self.network
        day, night = network.steps(self.day), network.steps(self.night)
        left = day + night - step % (day + night)
        if left <= night:
            network.find(Memory).fall_asleep(left)
            return
        self._shown = int(uniform(network, 1, FIRST_FREE_STREAM, step)[0] * 2.0)
        self._before = self._fired()
        for name, values in things(self._shown).items():
            if name in network.regions and name not in self._ways:
                present.hold(network, network.regions[name], values)

    def _end(self) -> None:
        network = self.network
        if self._shown < 0:
            return
        for name in (EYE, EAR):
            region = network.regions.get(name)
            if region is not None and name not in self._ways and inputs.is_held(network, region):
                present.release(network, region)
        if self.praise and ACTION in network.regions:
            self._judge()
        self._shown = -1

    def _fired(self) -> NDArray[np.int64]:
        """Spikes of both halves of the region of action."""
        region = self.network.regions.get(ACTION)
        if region is None:
            return np.zeros(2, np.int64)
        spikes = self.network.slots(region, "total_spikes")
        half = len(spikes) // 2
        return np.array([spikes[:half].sum(), spikes[half:].sum()])

    def _judge(self) -> None:
        network = self.network
        mine, other = (self._fired() - self._before)[[self._shown, 1 - self._shown]]
        for pathway in network.pathways:
            modulated = pathway.rule is not None and pathway.rule.modulated
            if pathway.label == TO_ACTION and modulated:
                amount = PRAISE if mine > other else -BLAME
                network.tables["dopamine"][pathway.index] += amount

    def save(self) -> Saved:
        """Where it is in its day."""
        return {
            "ways": sorted(self._ways),
            "shown": self._shown,
            "before": self._before.tolist(),
        }, {}

    def restore(self, values: dict[str, Any], arrays: dict[str, NDArray[Any]]) -> None:
        """Undo `save`.

        Parameters
        ----------
        values, arrays : dict
            By name.
        """
        del arrays
        self._ways = set(map(str, values["ways"]))
        self._shown = int(values["shown"])
        self._before = np.array([int(n) for n in values["before"]], np.int64)


def after(step: int, offset: int, period: int) -> int:
    """The first step after one that is an offset after a multiple of a period.

    Parameters
    ----------
    step, offset, period : int
        In steps.

    Returns
    -------
    int
        Above `step`.
    """
    return step + period - (step - offset) % period


def things(which: int) -> dict[str, NDArray[np.float64]]:
    """What is seen and heard of a thing.

    Parameters
    ----------
    which : int
        0 or 1.

    Returns
    -------
    dict of array
        Values in [0, 1], by region.
    """
    at = np.arange(GROUPS)
    side = at < GROUPS // 2 if which == 0 else at >= GROUPS // 2
    centre = 0.3 * GROUPS if which == 0 else 0.7 * GROUPS
    tone = np.exp(-((at - centre) ** 2) / (2.0 * 2.5**2))
    return {EYE: np.where(side, 0.75, 0.05), EAR: 0.8 * tone}


def build(seed: int | None = 42, scale: float = 1.0) -> Brain:
    """The demonstration: six regions, their pathways and rhythms, and its programme.

    Parameters
    ----------
    seed : int, optional
        Of the brain.
    scale : float
        Of the numbers of neurons; 1: 570.

    Returns
    -------
    Brain
        At time 0.
    """
    brain = Brain(dt=1.0, seed=seed)
    sizes = {
        EYE: (RegionType.SENSORY, 100),
        EAR: (RegionType.SENSORY, 60),
        CORTEX: (RegionType.ASSOCIATION, 240),
        MEMORY: (RegionType.MEMORY, 100),
        REWARD: (RegionType.REWARD, 30),
        ACTION: (RegionType.MOTOR, 40),
    }
    for name, (kind, n) in sizes.items():
        brain.add_region(name, kind, n_neurons=max(10, round(scale * n)))
    for source, target, density in (
        (EYE, CORTEX, 0.1),
        (EAR, CORTEX, 0.1),
        (CORTEX, MEMORY, 0.08),
        (MEMORY, CORTEX, 0.04),
        (CORTEX, ACTION, 0.15),
        (CORTEX, REWARD, 0.08),
    ):
        brain.connect_regions(source, target, density=density)
    brain.connect_regions(REWARD, ACTION, density=0.1, nt=Neurotransmitter.SEROTONIN, rule=None)
    brain.regions[CORTEX].enable_morphology()
    brain.oscillators.set(MEMORY, "theta", 1.0)
    brain.oscillators.set(MEMORY, "gamma", 0.5)
    brain.oscillators.nest(MEMORY, "gamma", within="theta", depth=0.8)
    brain.oscillators.set(CORTEX, "alpha", 0.4)
    brain.add_process(Programme())
    return brain
