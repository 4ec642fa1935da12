"""What a cycle of growth does to one pathway."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from numpy.typing import NDArray

from engram.kernels.calls import call
from engram.kernels.constants import IDLE, LAST_STEP, NEVER, TRANSMITTERS, TYPES
from engram.mechanisms.growth.parameters import GrowthParameters
from engram.network import pathways, population
from engram.network.network import Network
from engram.network.records import PathwayRecord
from engram.state import layout

CANDIDATES = 4
"""Pairs of spikes looked at for each synapse that may be made in a cycle."""

MOST_ATTEMPTS = 1 << 19
"""Candidates of a projection in a cycle, at most: their random numbers, 18 each, are set aside."""

BUSY = 20.0
"""Mean rate of a region from which on `pruning_unused` holds as it is, Hz."""

_DRAWS = 1 << 24
"""Random numbers set aside for a projection or newborn in a step."""

_WIRED = ("out_own", "out_other", "out_lag", "out_nt", "out_magnitude")
_SPROUTED = ("out_pre", "out_post", "out_lag", "out_nt")

Slots = NDArray[np.int32]


class Plan:
    """What a cycle does to one pathway: all of it is carried out at once.

    Parameters
    ----------
    network : Network
        Which grows.
    pathway : PathwayRecord
        Settings of the pathway.
    growth : GrowthParameters
        What is set of growth.
    deaths : bool
        Whether neurons died in this cycle.
    growing : list of str
        Names of the regions whose newborns are wired like all their neighbours.
    """

    def __init__(
        self,
        network: Network,
        pathway: PathwayRecord,
        growth: GrowthParameters,
        deaths: bool,
        growing: list[str],
    ) -> None:
        self.network, self.pathway, self.growth = network, pathway, growth
        self.plastic = pathway.learns
        tables, p = network.tables, pathway.index
        self.block = tables.blocks[p]
        self.first_pre, self.n_pre, self.first_post, self.n_post = layout.bounds(tables, p)
        self.lags, self.delay_min = int(tables["delay_count"][p]), int(tables["delay_min"][p])
        self.integral = np.float32(tables["dopamine_integral"][p])
        self.low, self.high = tables["w_min"][p], tables["w_max"][p]
        self.reached = np.zeros(2, np.int64)
        self.pruned = np.zeros(0, np.int32)
        self.fate = np.zeros(0, np.uint8)
        self.lost = 0
        self.turnover = float(tables["turnover"][p])
        self.new: list[tuple[NDArray[Any], ...]] = []
        self.born = 0
        births = pathway.source in growing or pathway.target in growing
        if self.plastic or deaths or births:
            self._survey(births)

    @property
    def left(self) -> int:
        """The synapses that stay."""
        return pathways.n_synapses(self.network, self.pathway) - self.lost - len(self.pruned)

    def _survey(self, tally: bool) -> None:
        growth, network, block = self.growth, self.network, self.block
        tables, n = network.tables, len(block["post"])
        self.fate = np.zeros(n, np.uint8)
        most = growth.pruned_per_cycle
        prune = self.plastic and growth.pruning and most > 0
        step, dt = network.step_count, network.dt
        used = int(tables["region_count"][tables["source"][self.pathway.index]])
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
            heard_since=_step_before(step, self._unused(self.pathway.source) / dt),
            fired_since=_step_before(step, self._unused(self.pathway.target) / dt),
            prune=prune,
            fate=self.fate,
            reached=self.reached,
            tally=tally,
            with_lag=self.with_lag,
            total=self.total,
            sends=self.sends,
            receives=self.receives,
        )
        self.turnover -= self.lost
        if idle:
            spare = (1.0 - growth.least_synapses) * self._came_with() + self.turnover
            most = min(most, max(math.floor(spare), 0))
            self.pruned = self._weakest(np.flatnonzero(self.fate == IDLE).astype(np.int32), most)
            self.turnover -= len(self.pruned)
            if idle > most:
                self.fate[self.fate == IDLE] = 0
                self.fate[self.pruned] = IDLE

    def _came_with(self) -> float:
        """As `pathways.came_with`, after what is planned."""
        return max(self.left + self.born - self.turnover, 0.0)

    def _unused(self, region: str) -> float:
        """How long the silence of one of a region's neurons has to be to say something, ms."""
        rate = population.mean_activity(self.network, self.network.regions[region])
        return self.growth.pruning_unused * max(1.0, BUSY / max(rate, 1e-9))

    def _weakest(self, synapses: Slots, most: int) -> Slots:
        """The weakest of some synapses, at most so many; among equals the first."""
        if len(synapses) <= most:
            return synapses
        if not most:
            return synapses[:0]
        block = self.block
        magnitude = layout.signs(layout.column(block, "nt")[synapses]) * block["weight"][synapses]
        if len(block["eligibility"]):
            magnitude += block["eligibility"][synapses] * self.integral
        np.clip(magnitude, self.low, self.high, out=magnitude)
        limit = np.partition(magnitude, most - 1)[most - 1]
        weaker = np.flatnonzero(magnitude < limit)
        equal = np.flatnonzero(magnitude == limit)[: most - len(weaker)]
        return np.sort(synapses[np.concatenate([weaker, equal])])

    def wire(self, region: str, newborns: Slots, room: int) -> int:
        """Wire a region's newborns.

        Parameters
        ----------
        region : str
            Name of the region.
        newborns : array of shape (n,), int32
            Neuron slots of the brain.
        room : int
            Synapses, at most.

        Returns
        -------
        int
            The number of synapses.
        """
        pathway, made = self.pathway, 0
        sides = [end == region for end in (pathway.source, pathway.target)]
        came, there = self._came_with(), self.left + self.born
        share = min(1.0, self.growth.most_synapses * came / max(there, 1))
        if sides[0]:
            made += self._wire_side(newborns, room, share, outward=True)
        if sides[1]:
            made += self._wire_side(newborns, room - made, share, outward=False)
        # They come with what neurons came with before them; the rest is turnover.
        before = population.n_alive(self.network, self.network.regions[region]) - len(newborns)
        self.turnover += made - sum(sides) * came * len(newborns) / max(before, 1)
        return made

    def _wire_side(self, newborns: Slots, room: int, share: float, outward: bool) -> int:
        network, tables, block = self.network, self.network.tables, self.block
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
            share=share,
            seed=np.uint64(network.seed),
            entity=np.int64((2 * self.pathway.stream + outward + 1) << 32),
            start=np.int64(network.step_count * _DRAWS),
            **dict(zip(_WIRED, n_new, strict=True)),
        )
        own_end, other_end, lag, nt, magnitude = (column[:made] for column in n_new)
        pre, post = (own_end, other_end) if outward else (other_end, own_end)
        self._add(pre, post, lag, nt, np.clip(magnitude, self.low, self.high))
        return int(made)

    def sprout(self, wanted: int) -> int:
        """Join correlated neurons.

        Parameters
        ----------
        wanted : int
            Synapses, at most.

        Returns
        -------
        int
            The number of synapses.
        """
        network, growth, tables, block = self.network, self.growth, self.network.tables, self.block
        vacant = (growth.most_synapses - 1.0) * self._came_with() - self.turnover
        wanted = min(wanted, max(math.floor(vacant), 0))
        if not self.plastic or wanted <= 0 or not self.reached.any():
            return 0
        p, step = self.pathway.index, network.step_count
        span = min(round(growth.correlation_window / network.dt), tables.sizes["H"] - 1, step)
        attempts = min(CANDIDATES * wanted, MOST_ATTEMPTS)
        wanted = min(wanted, attempts)
        found = [np.empty(wanted, t) for t in (np.int32, np.int32, np.int32, np.uint8)]
        made = call(
            "growth.sprout",
            tables.arrays,
            block,
            wanted=wanted,
            attempts=attempts,
            start=max(step - span, network.last_reset),
            now=step,
            width=max(1, round(min(growth.coincidence / network.dt, LAST_STEP))),
            least=growth.min_spikes,
            # No neuron fires more than once a step.
            most=int(min(1e-3 * growth.max_rate * span * network.dt, span)),
            threshold=growth.min_correlation,
            pre_region=int(tables["source"][p]),
            post_region=int(tables["target"][p]),
            lags=self.lags,
            first_pre=self.first_pre,
            n_pre=self.n_pre,
            first_post=self.first_post,
            n_post=self.n_post,
            reached=self.reached,
            seed=np.uint64(network.seed),
            entity=self.pathway.stream,
            draw=np.int64(step * _DRAWS),
            **dict(zip(_SPROUTED, found, strict=True)),
        )
        weight = np.float32(max(growth.new_weight * self.high, self.low))
        self._add(*(column[:made] for column in found), np.full(made, weight))
        self.turnover += int(made)
        return int(made)

    def add(self, synapses: tuple[NDArray[Any], ...]) -> int:
        """Enter synapses that are to be made; magnitudes are brought within the bounds.

        Parameters
        ----------
        synapses : tuple of five arrays of shape (n,)
            Pre, post, lag, transmitter, magnitude, as of `Family.wiring`.

        Returns
        -------
        int
            How many.
        """
        *ends, magnitude = synapses
        self._add(*ends, np.clip(magnitude, self.low, self.high))
        return len(magnitude)

    def _add(self, *columns: NDArray[Any]) -> None:
        self.new.append(columns)
        self.born += len(columns[0])

    def carry_out(self) -> None:
        """Remove and add what was planned."""
        gone = self.pruned
        if self.lost:
            gone = np.flatnonzero(self.fate).astype(np.int32)
        new = None
        if self.born:
            pre, post, lag, nt, magnitude = (np.concatenate(c) for c in zip(*self.new, strict=True))
            steps = lag.astype(np.int64) + self.delay_min
            new = pathways.sprouts(self.network, self.pathway, pre, post, steps, magnitude, nt)
        pathways.amend(self.network, self.pathway, gone, new)
        self.network.tables["turnover"][self.pathway.index] = self.turnover


def _step_before(step: int, age: float) -> int:
    """The last step of birth of what is that old; what was built with the brain was born in 0."""
    born_by = math.floor(step - age)
    return born_by if born_by >= 0 else NEVER - 1
