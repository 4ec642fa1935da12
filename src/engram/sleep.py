"""Sleep: slow waves of excitability, with replay in their up states."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from engram.brain import Brain
    from engram.memory import Memory
    from engram.region import Region

SAMPLING = 10.0
"""The slow wave is constant for as long, ms."""


@dataclass(frozen=True)
class ReplayEvent:
    """A replay: when (ms), of which region's trace, how strong it was, how many neurons it has."""

    time: float
    region: str
    strength: float
    n_neurons: int


@dataclass(frozen=True)
class SleepReport:
    """What happened in a sleep.

    start, duration: ms; up_states: begun; replays: in order; spikes: of all regions; weights: mean
    magnitude before and after, by projection (label of `Projection`), of those with a rule.
    """

    start: float
    duration: float
    up_states: int
    replays: tuple[ReplayEvent, ...]
    spikes: int
    weights: dict[str, tuple[float, float]]


@dataclass
class Sleep:
    """A sleep under way, from step `start` to step `stop`."""

    start: int
    stop: int
    spikes: int
    weights: dict[str, float]
    replays: list[ReplayEvent] = field(default_factory=list)


def mean_weights(brain: Brain) -> dict[str, float]:
    """Mean magnitude of the weights of each projection that has a rule."""
    return {
        p.label: float(np.abs(p.weight).mean(dtype=np.float64))
        for p in brain.projections
        if p.rule is not None and p.n_synapses
    }


def fall_asleep(brain: Brain, steps: int) -> Sleep:
    """Begin a sleep: what waits for the next step or is held is gone."""
    step = brain.step_count
    brain._tables["drive"][:] = 0
    brain._tables["driven"][:] = 0
    spikes = int(brain._tables["region_spikes"].sum())
    return Sleep(step, step + steps, spikes, mean_weights(brain))


def report(brain: Brain, sleep: Sleep) -> SleepReport:
    """What happened until now."""
    before, after = sleep.weights, mean_weights(brain)
    elapsed = (brain.step_count - sleep.start) * brain.dt
    # The wave begins with a down state.
    cycles = elapsed * brain.memory.slow_frequency / 1000.0
    return SleepReport(
        start=sleep.start * brain.dt,
        duration=elapsed,
        up_states=math.ceil(cycles - 0.5),
        replays=tuple(sleep.replays),
        spikes=int(brain._tables["region_spikes"].sum()) - sleep.spikes,
        weights={k: (before[k], after[k]) for k in before if k in after},
    )


def slow_wave(memory: Memory, since: float) -> float:
    """The current of the slow oscillation `since` ms after falling asleep: down, then up."""
    return -memory.slow_amplitude * math.sin(2e-3 * math.pi * memory.slow_frequency * since)


def base_current(region: Region, wave: float) -> float:
    """What is held into a region in sleep: the slow wave, or what silences its neurons."""
    silent = region.model.silent_input
    return wave if silent is None else silent


class Clock:
    """The steps of a sleep at which something happens, functions of its start alone."""

    def __init__(self, brain: Brain, sleep: Sleep) -> None:
        self._sleep, self._dt, self._memory = sleep, brain.dt, brain.memory
        self._cycle = 1000.0 / brain.memory.slow_frequency / brain.dt

    def _replay(self, k: int, n: int) -> int:
        cycle, j = divmod(k, n)
        return self._sleep.start + round((cycle + 0.5 + 0.5 * (j + 0.25) / n) * self._cycle)

    def _end(self, k: int) -> int:
        return self._sleep.start + round((k + 1) * self._cycle)

    def wave(self, step: int) -> float:
        """The slow wave at a step, constant for `SAMPLING` ms."""
        every = self._sampling
        return slow_wave(self._memory, (step - self._sleep.start) // every * every * self._dt)

    @property
    def _sampling(self) -> int:
        return max(1, round(SAMPLING / self._dt))

    def replay_due(self, step: int) -> bool:
        """Whether a replay begins at a step."""
        n = self._memory.replays_per_cycle
        return n > 0 and any(self._replay(k, n) == step for k in self._near(step, n))

    def cycle_ends(self, step: int) -> bool:
        """Whether a cycle of the wave ends at a step."""
        return any(self._end(k) == step for k in self._near(step, 1))

    def _near(self, step: int, n: int) -> range:
        """The numbers of the events, `n` in a cycle, that can be at a step or right after it."""
        cycle = int((step - self._sleep.start) / self._cycle)
        return range(max(0, cycle - 1) * n, (cycle + 2) * n)

    def after(self, step: int) -> int:
        """The next step after `step` at which something happens."""
        every, start = self._sampling, self._sleep.start
        n = self._memory.replays_per_cycle
        times = [self._sleep.stop, start + ((step - start) // every + 1) * every]
        times += [self._end(k) for k in self._near(step, 1)]
        times += [self._replay(k, n) for k in self._near(step, n)] if n else []
        return min(t for t in times if t > step)
