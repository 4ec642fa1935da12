"""Growth: neurogenesis, synaptogenesis, pruning, apoptosis."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from engram.defaults import HISTORY
from engram.kernels.constants import STREAM_GROWTH
from engram.neurons import NeuronType
from engram.parameters import Parameter, Parameterized
from engram.synapses import Neurotransmitter

if TYPE_CHECKING:
    from engram.brain import Brain
    from engram.projection import Projection
    from engram.region import Region


@dataclass(frozen=True)
class GrowthCycle:
    """What one cycle of growth changed; `synapses_pruned` leaves out those of dead neurons."""

    step: int
    neurons_born: int
    neurons_died: int
    synapses_born: int
    synapses_pruned: int


class Growth(Parameterized):
    """Structural plasticity, once every growth_interval.

    Neurogenesis: a region whose mean rate exceeds neurogenesis_rate gets new neurons, wired at
    random like their neighbours in all the region's projections. Synaptogenesis: new synapses
    between neurons drawn in proportion to their rates. Pruning: synapses older than pruning_age
    whose weight is below pruning_weight (in units of w_max). Apoptosis: neurons older than
    apoptosis_age that were silent for as long die with all their synapses. Pruning and
    synaptogenesis act on projections with a learning rule that are not frozen. `history` lists the
    cycles. Cf. doi:10.1162/089976698300017124 (pruning), doi:10.1371/journal.pcbi.1003259.
    """

    growth_interval = Parameter(1000.0, low=0.0, open_low=True, unit="ms", doc="between cycles")
    neurogenesis_rate = Parameter(10.0, low=0.0, unit="Hz", doc="mean rate that lets a region grow")
    births_per_cycle = Parameter(1, low=0, doc="new neurons of a region in a cycle")
    synapses_per_cycle = Parameter(20, low=0, doc="new synapses of a projection in a cycle")
    new_weight = Parameter(0.1, low=0.0, high=1.0, doc="weight of a new synapse, in units of w_max")
    pruning_weight = Parameter(0.12, low=0.0, high=1.0, doc="weights below it, times w_max, go")
    pruning_age = Parameter(5000.0, low=0.0, unit="ms", doc="synapses younger than that stay")
    pruned_per_cycle = Parameter(50, low=0, doc="synapses a projection loses in a cycle, at most")
    apoptosis_age = Parameter(60_000.0, low=0.0, unit="ms", doc="silence that kills")
    deaths_per_cycle = Parameter(2, low=0, doc="neurons a region loses in a cycle, at most")
    max_synapses = Parameter(100_000_000, low=0, doc="budget of the whole brain")

    def __init__(self, **values: Any) -> None:
        super().__init__(**values)
        self._history: deque[GrowthCycle] = deque(maxlen=HISTORY)

    @property
    def history(self) -> deque[GrowthCycle]:
        """The cycles so far."""
        return self._history

    def apply(self, brain: Brain) -> GrowthCycle:
        """One cycle."""
        key = np.array([brain.seed & (2**64 - 1), (STREAM_GROWTH << 48) | brain.step_count])
        rng = np.random.Generator(np.random.Philox(key=key.astype(np.uint64)))
        died = sum(self._apoptosis(region, brain) for region in brain.regions.values())
        plastic = [p for p in brain.projections if p.rule is not None and not p.frozen]
        pruned = sum(self._prune(projection) for projection in plastic)
        born = grown = 0
        for region in brain.regions.values():
            if region.mean_activity >= self.neurogenesis_rate:
                for _ in range(self.births_per_cycle):
                    if region.n_alive_neurons < region.max_neurons:
                        grown += self._give_birth(region, brain, rng)
                        born += 1
        for projection in plastic:
            grown += self._sprout(projection, brain, rng)
        cycle = GrowthCycle(brain.step_count, born, died, grown, pruned)
        self._history.append(cycle)
        return cycle

    def _room(self, brain: Brain) -> int:
        return max(0, self.max_synapses - sum(p.n_synapses for p in brain.projections))

    def _apoptosis(self, region: Region, brain: Brain) -> int:
        now = brain.time
        since = np.maximum(now - region.neuron_age, brain._last_reset * brain.dt)
        silent = now - np.maximum(region.last_spike_time, since)
        dying = np.flatnonzero(region.neuron_alive & (silent > self.apoptosis_age))
        return region.kill_neurons(dying[: self.deaths_per_cycle])

    def _prune(self, projection: Projection) -> int:
        weak = projection._magnitude() < self.pruning_weight * projection.w_max
        candidates = np.flatnonzero(weak & (projection.age >= self.pruning_age))
        return projection.remove_synapses(candidates[: self.pruned_per_cycle])

    def _give_birth(self, region: Region, brain: Brain, rng: np.random.Generator) -> int:
        """Add a neuron with as many synapses as its neighbours have; returns how many it got."""
        slot = region.add_neuron(NeuronType.EXCITATORY)
        made = 0
        for projection in brain.projections:
            for side, partner in (("post", "pre"), ("pre", "post")):
                here = projection.target if side == "post" else projection.source
                if here != region.name:
                    continue
                inner = projection.source == projection.target
                for kind in np.unique(projection.nt):
                    like = projection.nt == kind
                    if side == "pre":
                        like &= _from_excitatory(projection, brain)
                    mine, theirs = getattr(projection, side)[like], getattr(projection, partner)
                    others = np.setdiff1d(theirs[like], [slot] if inner else [])
                    count = round(len(mine) / max(1, len(np.unique(mine))))
                    count = min(count, len(others), self._room(brain))
                    if not count:
                        continue
                    chosen = rng.choice(others, count, replace=False)
                    new = np.full(count, slot)
                    pre, post = (chosen, new) if side == "post" else (new, chosen)
                    weight = float(projection._magnitude()[like].mean(dtype=np.float64))
                    made += projection.add_synapses(
                        pre, post, min(max(weight, projection.w_min), projection.w_max),
                        float(np.median(projection.delay[like])), Neurotransmitter(kind),
                    )  # fmt: skip
        return made

    def _sprout(self, projection: Projection, brain: Brain, rng: np.random.Generator) -> int:
        source, target = brain.regions[projection.source], brain.regions[projection.target]
        like = _from_excitatory(projection, brain)
        if not like.any():
            return 0
        kind = Neurotransmitter(int(np.bincount(projection.nt[like]).argmax()))
        reached = np.unique(target.neuron_type[projection.post[like]])

        def draw(region: Region, kinds: NDArray[Any] | list[int], n: int) -> NDArray[np.int64]:
            eligible = region.neuron_alive & np.isin(region.neuron_type, kinds)
            rate = region.activity.astype(np.float64) * eligible
            total = float(rate.sum())
            if total <= 0.0:
                return np.zeros(0, np.int64)
            return rng.choice(len(rate), n, p=rate / total)

        n = min(self.synapses_per_cycle, self._room(brain))
        pre, post = draw(source, [NeuronType.EXCITATORY], n), draw(target, reached, n)
        if not len(pre) or not len(post):
            return 0
        pairs = np.unique(pre * np.int64(target.n_neurons) + post)
        present = projection.pre * np.int64(target.n_neurons) + projection.post
        pairs = pairs[~np.isin(pairs, present)]
        pre, post = pairs // target.n_neurons, pairs % target.n_neurons
        if projection.source == projection.target:
            pre, post = pre[pre != post], post[pre != post]
        if not len(pre):
            return 0
        return projection.add_synapses(
            pre, post, max(self.new_weight * projection.w_max, projection.w_min),
            float(np.median(projection.delay)), kind,
        )  # fmt: skip


def _from_excitatory(projection: Projection, brain: Brain) -> NDArray[np.bool_]:
    """Which of its synapses start at an excitatory neuron."""
    kinds = brain.regions[projection.source].neuron_type[projection.pre]
    return np.asarray(kinds == NeuronType.EXCITATORY)
