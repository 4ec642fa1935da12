"""Growth: neurogenesis, synaptogenesis, pruning, apoptosis."""

from __future__ import annotations

import math
from collections import deque
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from engram.defaults import HISTORY
from engram.kernels.calls import call
from engram.kernels.constants import IDLE, NEVER, TRANSMITTERS, TYPES
from engram.kinship import Family, inhibitory_births
from engram.neurons import NeuronType
from engram.parameters import Parameter, Parameterized
from engram.state import layout

if TYPE_CHECKING:
    from engram.brain import Brain
    from engram.projection import Projection
    from engram.region import Region

CANDIDATES = 4
"""Pairs of spikes looked at for each synapse that may be made in a cycle."""

_DRAWS = 1 << 24
"""Random numbers set aside for a projection or newborn in a step."""

COUNTS = ("neurons_born", "neurons_died", "synapses_born", "synapses_pruned", "synapses_lost")
"""What a cycle counts."""

Slots = NDArray[np.int32]


@dataclass(frozen=True)
class GrowthCycle:
    """What one cycle of growth changed; `synapses_lost` are those of neurons that died."""

    step: int
    neurons_born: int
    neurons_died: int
    synapses_born: int
    synapses_pruned: int
    synapses_lost: int


class Growth(Parameterized):
    """Structural plasticity, once every growth_interval; each of its four parts has a switch.

    Neurogenesis: a region whose mean rate reaches neurogenesis_rate gets new neurons, wired in all
    the region's projections as densely as their neighbours or, with kinship, like one of them, its
    sister (see `engram.kinship`). At age a, with m = exp(-a /
    critical_period), a newborn gets an input current of young_current m (in units of Izhikevich's
    neuron: 60 pA for AdEx, 4 mV for LIF and CurrentLIF, nothing for Relay and PoissonSource), and
    potentiation of its incoming synapses is multiplied by 1 + young_plasticity m. Synaptogenesis:
    new synapses between neurons whose spikes in the last correlation_window, smoothed by a box of
    coincidence, have a correlation of min_correlation or more. Pruning: synapses that are weak,
    old, and unused, the weakest first. Apoptosis: neurons silent for apoptosis_age die with all
    their synapses. Pruning and synaptogenesis act on projections with a learning rule that are not
    frozen. `history` lists the latest cycles, `totals` counts all there were.
    doi:10.1016/j.neuron.2007.05.002 (critical period),
    doi:10.1038/nature02553 (excitability), doi:10.1038/nature11110 (kinship),
    doi:10.1038/nrn2699 (spines that come and go), doi:10.1162/089976698300017124 (pruning of the
    weak).
    """

    growth_interval = Parameter(1000.0, low=0.0, open_low=True, unit="ms", doc="between cycles")
    neurogenesis = Parameter(True, doc="whether neurons are born")
    neurogenesis_rate = Parameter(10.0, low=0.0, unit="Hz", doc="mean rate that lets a region grow")
    births_per_cycle = Parameter(1, low=0, doc="new neurons of a region in a cycle, at most")
    kinship = Parameter(
        False, doc="whether newborns are wired like one neighbour each, instead of like all"
    )
    kinship_spread = Parameter(
        0.5, low=0.0, high=1.0, doc="variation of weights that are taken over, relative"
    )
    critical_period = Parameter(
        10_000.0, low=0.0, open_low=True, unit="ms", doc="time constant of a newborn's youth"
    )
    young_current = Parameter(1.0, low=0.0, unit="current", doc="extra input of a newborn")
    young_plasticity = Parameter(1.0, low=0.0, doc="extra potentiation of a newborn, relative")
    synaptogenesis = Parameter(True, doc="whether correlated neurons are joined")
    synapses_per_cycle = Parameter(20, low=0, doc="new synapses of a projection in a cycle")
    correlation_window = Parameter(
        2000.0, low=0.0, open_low=True, high=1e6, unit="ms", doc="spikes that are correlated"
    )
    coincidence = Parameter(
        10.0, low=0.0, open_low=True, unit="ms", doc="spikes further apart do not coincide"
    )
    min_correlation = Parameter(0.4, low=0.0, high=1.0, doc="correlation that makes a synapse")
    min_spikes = Parameter(5, low=1, doc="spikes in the window each neuron must have fired")
    max_rate = Parameter(
        50.0, low=0.0, unit="Hz", doc="neurons that fire faster take no new synapses"
    )
    new_weight = Parameter(0.1, low=0.0, high=1.0, doc="weight of a new synapse, in units of w_max")
    pruning = Parameter(True, doc="whether synapses are pruned")
    pruning_weight = Parameter(0.12, low=0.0, high=1.0, doc="weights below it, times w_max, go")
    pruning_age = Parameter(5000.0, low=0.0, unit="ms", doc="synapses younger than that stay")
    pruning_unused = Parameter(
        1000.0, low=0.0, unit="ms", doc="synapses with arrivals and spikes since then stay"
    )
    pruned_per_cycle = Parameter(50, low=0, doc="synapses a projection loses in a cycle, at most")
    apoptosis = Parameter(True, doc="whether silent neurons die")
    apoptosis_age = Parameter(60_000.0, low=0.0, unit="ms", doc="silence that kills")
    deaths_per_cycle = Parameter(2, low=0, doc="neurons a region loses in a cycle, at most")
    max_synapses = Parameter(100_000_000, low=0, doc="budget of the whole brain")

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

    def window_steps(self, brain: Brain) -> int:
        """Steps of spikes that synaptogenesis wants kept; 0 when it is off."""
        on = self.synaptogenesis and self.synapses_per_cycle > 0
        on = on and not brain._frozen["structural_plasticity"]
        if not (on and any(_plastic(p) for p in brain.projections)):
            return 0
        return max(1, round(self.correlation_window / brain.dt))

    def apply(self, brain: Brain) -> GrowthCycle:
        """One cycle."""
        died = sum(self._bury(region, brain) for region in brain.regions.values())
        growing = [name for name, region in brain.regions.items() if self._grows(region)]
        family = Family(brain) if self.kinship and growing else None
        tallied = growing if family is None else []
        plans = [_Plan(p, brain, self, died > 0, tallied) for p in brain.projections]
        room = self.max_synapses - sum(plan.left for plan in plans)
        newborns: dict[str, Slots] = {}
        if room > 0 and family is not None:
            newborns = family.births(growing, self.births_per_cycle)
            for plan in plans:
                room -= plan.add(family.wiring(plan.projection, room, self.kinship_spread))
        elif room > 0:
            newborns = {name: self._give_birth(brain.regions[name], brain) for name in growing}
            for name, slots in newborns.items():
                for plan in plans:
                    room -= plan.wire(name, slots, room)
        if self.synaptogenesis and self.synapses_per_cycle > 0:
            for plan in plans:
                room -= plan.sprout(min(self.synapses_per_cycle, room))
        for plan in plans:
            plan.carry_out()
        cycle = GrowthCycle(
            brain.step_count, sum(len(slots) for slots in newborns.values()), died,
            sum(plan.born for plan in plans), sum(len(plan.pruned) for plan in plans),
            sum(plan.lost for plan in plans),
        )  # fmt: skip
        self._history.append(cycle)
        for name in COUNTS:
            self._totals[name] += getattr(cycle, name)
        return cycle

    def _bury(self, region: Region, brain: Brain) -> int:
        """Let the neurons die that were silent longest; their synapses follow."""
        if not self.apoptosis or self.deaths_per_cycle == 0:
            return 0
        since = np.maximum(region._slots("last_spike"), region._slots("born"))
        since = np.maximum(since, brain._last_reset)
        silent = (brain.step_count - since) * brain.dt > self.apoptosis_age
        dying = np.flatnonzero(silent & region.neuron_alive)
        if not len(dying):
            return 0
        dying = dying[np.argsort(since[dying], kind="stable")][: self.deaths_per_cycle]
        region._bury(np.sort(dying))
        return len(dying)

    def _grows(self, region: Region) -> bool:
        """Whether a region is active enough for new neurons and has room for them."""
        on = self.neurogenesis and self.births_per_cycle > 0
        on = on and region.n_alive_neurons < region.max_neurons
        return on and region.mean_activity >= self.neurogenesis_rate

    def _give_birth(self, region: Region, brain: Brain) -> Slots:
        """New neurons of the types a region is short of; their slots."""
        n = min(self.births_per_cycle, region.max_neurons - region.n_alive_neurons)
        due = inhibitory_births(region, n)
        slots = [
            region._add_neurons(count, kind)
            for kind, count in ((NeuronType.EXCITATORY, n - due), (NeuronType.INHIBITORY, due))
            if count
        ]
        ids = (np.concatenate(slots) + region._first).astype(np.int32)
        brain._tables["youth"][ids] = 1
        return ids


class _Plan:
    """What a cycle does to one projection: all of it is carried out at once."""

    def __init__(
        self, projection: Projection, brain: Brain, growth: Growth, deaths: bool, growing: list[str]
    ) -> None:
        self.projection, self.brain, self.growth = projection, brain, growth
        self.plastic = _plastic(projection)
        tables, p = brain._tables, projection._index
        self.block = tables.blocks[p]
        self.first_pre, self.n_pre, self.first_post, self.n_post = layout.bounds(tables, p)
        self.lags, self.delay_min = int(tables["delay_count"][p]), int(tables["delay_min"][p])
        self.integral = np.float32(tables["dopamine_integral"][p])
        self.low, self.high = tables["w_min"][p], tables["w_max"][p]
        self.reached = np.zeros(2, np.int64)
        self.pruned = np.zeros(0, np.int32)
        self.fate = np.zeros(0, np.uint8)
        self.lost = 0
        self.new: list[tuple[NDArray[Any], ...]] = []
        self.born = 0
        births = projection.source in growing or projection.target in growing
        if self.plastic or deaths or births:
            self._survey(births)

    @property
    def left(self) -> int:
        """The synapses that stay."""
        return self.projection.n_synapses - self.lost - len(self.pruned)

    def _survey(self, tally: bool) -> None:
        growth, brain, block = self.growth, self.brain, self.block
        tables, n = brain._tables, len(block["post"])
        self.fate = np.zeros(n, np.uint8)
        most = growth.pruned_per_cycle
        prune = self.plastic and growth.pruning and most > 0
        step, dt = brain.step_count, brain.dt
        used = int(tables["region_count"][tables["source"][self.projection._index]])
        self.with_lag = np.zeros((TRANSMITTERS, TYPES, TYPES, self.lags if tally else 0), np.int64)
        self.total = np.zeros((TRANSMITTERS, TYPES, TYPES))
        self.sends = np.zeros((TRANSMITTERS, TYPES, self.n_pre if tally else 0), np.bool_)
        self.receives = np.zeros((TRANSMITTERS, TYPES, self.n_post if tally else 0), np.bool_)
        self.lost, idle = call(
            "growth.survey",
            tables.arrays,
            block,
            n_used=used,
            lags=self.lags,
            shortest=self.delay_min,
            first_pre=self.first_pre,
            first_post=self.first_post,
            integral=self.integral,
            low=self.low,
            high=self.high,
            weak_below=np.float32(growth.pruning_weight * self.high),
            born_by=_step_before(step, growth.pruning_age / dt),
            used_since=int(step - growth.pruning_unused / dt),
            prune=prune,
            fate=self.fate,
            reached=self.reached,
            tally=tally,
            with_lag=self.with_lag,
            total=self.total,
            sends=self.sends,
            receives=self.receives,
        )
        if idle:
            self.pruned = self._weakest(np.flatnonzero(self.fate == IDLE).astype(np.int32), most)
            if idle > most:
                self.fate[self.fate == IDLE] = 0
                self.fate[self.pruned] = IDLE

    def _weakest(self, synapses: Slots, most: int) -> Slots:
        """The weakest of some synapses, at most so many; among equals the first."""
        if len(synapses) <= most:
            return synapses
        block = self.block
        magnitude = layout.signs(block["nt"][synapses]) * block["weight"][synapses]
        if len(block["eligibility"]):
            magnitude += block["eligibility"][synapses] * self.integral
        np.clip(magnitude, self.low, self.high, out=magnitude)
        limit = np.partition(magnitude, most - 1)[most - 1]
        weaker = np.flatnonzero(magnitude < limit)
        equal = np.flatnonzero(magnitude == limit)[: most - len(weaker)]
        return np.sort(synapses[np.concatenate([weaker, equal])])

    def wire(self, region: str, newborns: Slots, room: int) -> int:
        """Wire a region's newborns; returns the number of synapses."""
        projection, made = self.projection, 0
        if region == projection.source:
            made += self._wire_side(newborns, room, outward=True)
        if region == projection.target:
            made += self._wire_side(newborns, room - made, outward=False)
        return made

    def _wire_side(self, newborns: Slots, room: int, outward: bool) -> int:
        tables, block, brain = self.brain._tables, self.block, self.brain
        p = self.projection._index
        ends = [(self.first_pre, self.n_pre), (self.first_post, self.n_post)]
        own, other = ends if outward else ends[::-1]
        most = min(
            room, len(newborns) * len(block["post"]), len(newborns) * TRANSMITTERS * other[1]
        )
        if most <= 0:
            return 0
        n_new = [np.empty(most, t) for t in (np.int32, np.int32, np.int32, np.uint8, np.float32)]
        # The newborns' own type is kept, the other summed over.
        elsewhere = 2 if outward else 1
        made = call(
            "growth.wire_newborns",
            tables.arrays,
            newborn=newborns,
            with_lag=self.with_lag.sum(axis=elsewhere),
            total=self.total.sum(axis=elsewhere),
            partner=self.receives if outward else self.sends,
            first_own=own[0],
            n_own=own[1],
            first_other=other[0],
            seed=np.uint64(brain.seed),
            entity=np.int64((2 * p + outward + 1) << 32),
            start=np.int64(brain.step_count * _DRAWS),
            out_own=n_new[0],
            out_other=n_new[1],
            out_lag=n_new[2],
            out_nt=n_new[3],
            out_magnitude=n_new[4],
        )
        own_end, other_end, lag, nt, magnitude = (column[:made] for column in n_new)
        pre, post = (own_end, other_end) if outward else (other_end, own_end)
        self._add(pre, post, lag, nt, np.clip(magnitude, self.low, self.high))
        return int(made)

    def sprout(self, wanted: int) -> int:
        """Join correlated neurons; returns the number of synapses."""
        brain, growth, tables, block = self.brain, self.growth, self.brain._tables, self.block
        if not self.plastic or wanted <= 0 or not self.reached.any():
            return 0
        p, step = self.projection._index, brain.step_count
        span = min(round(growth.correlation_window / brain.dt), tables.sizes["H"] - 1, step)
        found = [np.empty(wanted, t) for t in (np.int32, np.int32, np.int32, np.uint8)]
        made = call(
            "growth.sprout",
            tables.arrays,
            block,
            wanted=wanted,
            attempts=CANDIDATES * wanted,
            start=max(step - span, brain._last_reset),
            now=step,
            width=max(1, round(growth.coincidence / brain.dt)),
            least=growth.min_spikes,
            most=int(1e-3 * growth.max_rate * span * brain.dt),
            threshold=growth.min_correlation,
            pre_region=int(tables["source"][p]),
            post_region=int(tables["target"][p]),
            lags=self.lags,
            first_pre=self.first_pre,
            n_pre=self.n_pre,
            first_post=self.first_post,
            n_post=self.n_post,
            reached=self.reached,
            seed=np.uint64(brain.seed),
            entity=p,
            draw=np.int64(step * _DRAWS),
            out_pre=found[0],
            out_post=found[1],
            out_lag=found[2],
            out_nt=found[3],
        )
        weight = np.float32(max(growth.new_weight * self.high, self.low))
        self._add(*(column[:made] for column in found), np.full(made, weight))
        return int(made)

    def add(self, synapses: tuple[NDArray[Any], ...]) -> int:
        """Synapses to be made: pre, post, lag, transmitter, magnitude; returns how many."""
        *ends, magnitude = synapses
        self._add(*ends, np.clip(magnitude, self.low, self.high))
        return len(magnitude)

    def _add(self, *columns: NDArray[Any]) -> None:
        self.new.append(columns)
        self.born += len(columns[0])

    def carry_out(self) -> None:
        """Remove and add."""
        gone = self.pruned
        if self.lost:
            gone = np.flatnonzero(self.fate).astype(np.int32)
        new = None
        if self.born:
            pre, post, lag, nt, magnitude = (np.concatenate(c) for c in zip(*self.new, strict=True))
            steps = lag.astype(np.int64) + self.delay_min
            new = self.projection._sprouts(pre, post, steps, magnitude, nt)
        self.projection._amend(gone, new)


def _plastic(projection: Projection) -> bool:
    return projection.rule is not None and not projection.frozen


def _step_before(step: int, age: float) -> int:
    """The last step of birth of what is that old; what was built with the brain was born in 0."""
    born_by = math.floor(step - age)
    return born_by if born_by >= 0 else NEVER - 1
