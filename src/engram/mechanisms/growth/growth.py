"""Growth: neurogenesis, synaptogenesis, pruning, apoptosis."""

from __future__ import annotations

import math
from collections import deque
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from engram.errors import integer
from engram.mechanisms.growth.kinship import Family, by_type
from engram.mechanisms.growth.parameters import GrowthParameters
from engram.mechanisms.growth.plan import Plan, Slots
from engram.network import population
from engram.network.defaults import current_unit
from engram.network.interrupts import whole
from engram.network.network import Saved, next_multiple
from engram.network.records import RegionRecord
from engram.network.transaction import transaction

HISTORY = 10_000
"""Cycles kept in `Growth.history`, the newest."""

COUNTS = ("neurons_born", "neurons_died", "synapses_born", "synapses_pruned", "synapses_lost")
"""What a cycle counts."""

TRIED = math.exp(-3.0)
"""Youth below which a newborn has had time to become of use."""

MOST_COUNT = (1 << 63) - 1


@dataclass(frozen=True)
class GrowthCycle:
    """What one cycle of growth changed.

    Attributes
    ----------
    step : int
        Of the brain.
    neurons_born, neurons_died : int
        How many.
    synapses_born, synapses_pruned : int
        How many.
    synapses_lost : int
        Synapses of neurons that died.

    Examples
    --------
    >>> from engram import Brain
    >>> brain = Brain(seed=1)
    >>> cortex = brain.add_region("cortex", n_neurons=50)
    >>> brain.run(200)
    >>> cycle = brain.growth.grow()  # at once; by itself it comes every growth_interval
    >>> cycle.step, cycle.neurons_died
    (200, 0)
    """

    step: int
    neurons_born: int
    neurons_died: int
    synapses_born: int
    synapses_pruned: int
    synapses_lost: int


class Growth(GrowthParameters, saved_as="engram.growth:Growth"):
    """Structural plasticity, once every growth_interval; each of its four parts has a switch.

    Neurogenesis: a region whose mean rate, over neurogenesis_window, reaches neurogenesis_rate
    gets new neurons, wired in all the region's projections as densely as their neighbours or,
    with kinship, like one of them, its sister (see `engram.mechanisms.growth.kinship`). At age
    a, with m = exp(-a / critical_period), a newborn gets an input current of young_current m
    (in units of Izhikevich's neuron: 60 pA for AdEx, 4 mV for LIF and CurrentLIF, nothing for
    Relay and PoissonSource), and potentiation of its incoming synapses is multiplied by 1 +
    young_plasticity m. Where neurons stand for values that are encoded, newborns only take the
    places of the dead (replacement). Synaptogenesis: new synapses between neurons whose spikes
    in the last correlation_window, smoothed by a box of coincidence, have a correlation of
    min_correlation or more. Pruning: synapses that are weak, old, and unused, the weakest
    first. Apoptosis: neurons silent for apoptosis_age die with all their synapses. Pruning and
    synaptogenesis act on projections with a learning rule that are not frozen, and leave their
    synapses between least_synapses and most_synapses, relative to those the neurons came with:
    all there would be if none had sprouted and none had been pruned. `history` lists the latest
    cycles, `totals` counts all there were.

    References
    ----------
    .. [1] Critical period: doi:10.1016/j.neuron.2007.05.002
    .. [2] Excitability: doi:10.1038/nature02553
    .. [3] Kinship: doi:10.1038/nature11110
    .. [4] Spines that come and go: doi:10.1038/nrn2699
    .. [5] Pruning of the weak: doi:10.1162/089976698300017124

    Examples
    --------
    >>> from engram import Brain
    >>> brain = Brain(seed=1)
    >>> cortex = brain.add_region("cortex", n_neurons=50, max_neurons=100)
    >>> brain.growth.growth_interval = 100.0
    >>> brain.growth.neurogenesis_rate = 0.0  # in Hz; new neurons whatever the activity
    >>> brain.run(500)
    >>> brain.growth.totals["neurons_born"] > 0
    True
    """

    name = "growth"
    order = 30

    def __init__(self, **values: Any) -> None:
        super().__init__(**values)
        self._history: deque[GrowthCycle] = deque(maxlen=HISTORY)
        self._totals = dict.fromkeys(COUNTS, 0)

    @property
    def history(self) -> deque[GrowthCycle]:
        """The latest cycles, 10,000 at most."""
        return self._history

    @property
    def totals(self) -> dict[str, int]:
        """What all cycles so far changed, by the names of `GrowthCycle`."""
        return dict(self._totals)

    def bind(self) -> None:
        """What loops need for the young, and how far back spikes are wanted."""
        network, tables = self.network, self.network.tables
        tables["youth_kept"][0] = math.exp(-network.dt / self.critical_period)
        tables["youth_gain"][0] = self.young_plasticity
        for region in network.regions.values():
            r = region.index
            tables["youth_current"][r] = self.young_current * current_unit(region.model)
            tables["young"][r] = network.slots(region, "youth").any()
        network.keep_spikes(self._window_steps())

    def _window_steps(self) -> int:
        """Steps of spikes that synaptogenesis wants kept; 0 when it is off."""
        network = self.network
        on = self.synaptogenesis and self.synapses_per_cycle > 0
        on = on and not network.frozen["structural_plasticity"]
        if not (on and any(pathway.learns for pathway in network.pathways)):
            return 0
        return network.steps(self.correlation_window)

    def next_act(self, step: int) -> int | None:
        """The next cycle.

        Parameters
        ----------
        step : int
            Of the brain.

        Returns
        -------
        int or None
            The first after `step`; None while structure is frozen.
        """
        if self.network.frozen["structural_plasticity"]:
            return None
        return next_multiple(step, self.network.steps(self.growth_interval))

    def act(self, step: int) -> None:  # noqa: ARG002
        """One cycle.

        Parameters
        ----------
        step : int
            Of the brain.
        """
        self.grow()

    @whole
    def grow(self) -> GrowthCycle:
        """One cycle now, whatever the interval.

        Returns
        -------
        GrowthCycle
            What it changed.
        """
        network, regions = self.network, self.network.regions
        deaths = {name: self._dying(region) for name, region in regions.items()}
        died = sum(len(slots) for slots in deaths.values())
        births = any(self._grows(region) for region in regions.values())
        with transaction(network, neurons=births or died > 0):
            born, plans = self._carry_out(deaths, died)
        noted = self._noted(born, died, plans)
        for name, gone in deaths.items():
            if len(gone):
                population.tell_of_deaths(network, regions[name], gone)
        return noted

    def _carry_out(self, deaths: dict[str, NDArray[np.int64]], died: int) -> tuple[int, list[Plan]]:
        """Bury the dead, and let neurons and synapses be born and synapses be pruned.

        How many neurons were born, and what happened to each pathway.
        """
        network, regions = self.network, self.network.regions
        for region in regions.values():
            network.tables["founders"][region.index] = self._founders(region)
            network.tables["prime"][region.index] = self._prime(region)
        for name, gone in deaths.items():
            if len(gone):
                population.bury(network, regions[name], gone)
        growing = [name for name, region in regions.items() if self._grows(region)]
        for region in regions.values():
            network.tables["demand"][region.index] = self._demand(region)
        family = Family(network) if self.kinship and growing else None
        tallied = growing if family is None else []
        plans = [Plan(network, p, self, died > 0, tallied) for p in network.pathways]
        room = self.max_synapses - sum(plan.left for plan in plans)
        newborns: dict[str, Slots] = {}
        if room > 0 and family is not None:
            newborns = family.births({name: self._room(regions[name]) for name in growing})
            for plan in plans:
                room -= plan.add(family.wiring(plan.pathway, room, self.kinship_spread))
        elif room > 0:
            newborns = {name: self._give_birth(regions[name]) for name in growing}
            for name, slots in newborns.items():
                for plan in plans:
                    room -= plan.wire(name, slots, room)
        if self.synaptogenesis and self.synapses_per_cycle > 0:
            for plan in plans:
                room -= plan.sprout(min(self.synapses_per_cycle, room))
        for plan in plans:
            plan.carry_out()
        return sum(len(slots) for slots in newborns.values()), plans

    def _noted(self, born: int, died: int, plans: list[Plan]) -> GrowthCycle:
        """A cycle, which is entered into the history."""
        cycle = GrowthCycle(
            self.network.step_count,
            born,
            died,
            sum(plan.born for plan in plans),
            sum(len(plan.pruned) for plan in plans),
            sum(plan.lost for plan in plans),
        )
        self._history.append(cycle)
        for name in COUNTS:
            self._totals[name] += getattr(cycle, name)
        return cycle

    def _dying(self, region: RegionRecord) -> NDArray[np.int64]:
        """The neurons that were silent longest, and too long."""
        nobody = np.zeros(0, np.int64)
        if not self.apoptosis or self.deaths_per_cycle == 0:
            return nobody
        network = self.network
        since = np.maximum(network.slots(region, "last_spike"), network.slots(region, "born"))
        since = np.maximum(since, network.last_reset)
        activity = population.mean_activity(network, region)
        carries = self._coded(region) or region.model.is_source
        if carries or activity < self.apoptosis_rate:
            return nobody
        silent = (network.step_count - since) * network.dt > self.apoptosis_age
        dying = np.flatnonzero((silent | self._failed(region)) & network.alive(region))
        least = math.ceil(self.apoptosis_floor * self._prime(region))
        most = min(self.deaths_per_cycle, population.n_alive(network, region) - least)
        if not len(dying) or most <= 0:
            return nobody
        return np.sort(dying[np.argsort(since[dying], kind="stable")][:most])

    def _grows(self, region: RegionRecord) -> bool:
        """Whether a region is active enough for new neurons and has room for them."""
        if not self.neurogenesis or self._room(region) <= 0:
            return False
        if self._coded(region) and not self.replacement:
            return False
        activity = population.mean_activity(self.network, region)
        if activity > self.neurogenesis_ceiling:
            return False
        if self._coded(region):
            return activity >= self.apoptosis_rate
        return self._demand(region) >= self.neurogenesis_rate

    def _demand(self, region: RegionRecord) -> float:
        """A region's mean rate over neurogenesis_window, or over all the cycles there were yet."""
        network = self.network
        activity = population.mean_activity(network, region)
        before = float(network.tables["demand"][region.index])
        cycles = (network.step_count - network.last_reset) * network.dt / self.growth_interval
        share = max(
            -math.expm1(-self.growth_interval / self.neurogenesis_window), 1.0 / max(cycles, 1.0)
        )
        return activity if before < 0.0 else before + share * (activity - before)

    def _room(self, region: RegionRecord) -> int:
        """How many may be born in a cycle; where neurons stand for values, in dead ones' places."""
        alive = population.n_alive(self.network, region)
        most = math.floor(min(region.max_neurons, self.most_growth * self._founders(region)))
        if self._coded(region):
            most = min(most, self.network.count(region))
        return min(int(self.births_per_cycle), most - alive)

    def _coded(self, region: RegionRecord) -> bool:
        """Whether its neurons stand for values that are encoded into it."""
        return bool(self.network.tables["coded"][region.index])

    def _founders(self, region: RegionRecord) -> int:
        """How many neurons there were when growth first looked at a region."""
        noted = int(self.network.tables["founders"][region.index])
        return noted or population.n_alive(self.network, region)

    def _prime(self, region: RegionRecord) -> int:
        """The most neurons that a region has had."""
        alive = population.n_alive(self.network, region)
        return max(int(self.network.tables["prime"][region.index]), alive)

    def _failed(self, region: RegionRecord) -> NDArray[np.bool_]:
        """Newborns at the end of their trial that fired too little to live on."""
        network = self.network
        youth = network.slots(region, "youth")
        tried = (youth > 0) & (youth < TRIED)
        if not tried.any():
            return tried
        age = (network.step_count - network.slots(region, "born")) * network.dt
        rate = 1e3 * network.slots(region, "total_spikes") / np.maximum(age, network.dt)
        return tried & (rate < self.survival * population.mean_activity(network, region))

    def _give_birth(self, region: RegionRecord) -> Slots:
        """New neurons of the types a region is short of; their slots in the brain."""
        network = self.network
        slots = population.free_slots(network, region, self._room(region))
        for kind, part in by_type(network, region, slots).items():
            population.fill_slots(network, region, part, kind)
        ids = (slots + network.first(region)).astype(np.int32)
        network.tables["youth"][ids] = 1
        return ids

    def save(self) -> Saved:
        """What all cycles changed, and the latest of them."""
        return {"grown": self.totals, "growth_history": list(self._history)}, {}

    def restore(self, values: dict[str, Any], arrays: dict[str, Any]) -> None:  # noqa: ARG002
        """Take up the counts and the history of a saved brain.

        Parameters
        ----------
        values, arrays : dict
            By name, as `save` returned them.

        Raises
        ------
        InvalidTypeError, InvalidValueError
            A count is no whole number in its range.
        """
        for name in COUNTS:
            self._totals[name] = integer(f"grown: {name}", values["grown"][name], 0, MOST_COUNT)
        self._history.extend(values["growth_history"])
