"""Sleep: slow waves of excitability, with replay in their up states."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field, replace

import numpy as np

from engram.mechanisms.memory.parameters import MemoryParameters
from engram.mechanisms.memory.replay import Pulses
from engram.network import efficacy, inputs, pathways
from engram.network.network import Network
from engram.network.records import RegionRecord

SAMPLING = 10.0
"""The slow wave is constant for as long, ms."""


@dataclass(frozen=True)
class ReplayEvent:
    """A replay.

    Attributes
    ----------
    time : float
        When, ms.
    region : str
        Name of the region whose trace it was.
    strength : float
        How strong the trace was.
    n_neurons : int
        How many neurons it has.

    Examples
    --------
    >>> from engram import Brain
    >>> brain = Brain(seed=1)
    >>> cortex = brain.add_region("cortex", "memory", n_neurons=50)
    >>> brain.memory.imprint("cortex", [range(10)])
    >>> _ = brain.memory.capture("cortex")
    >>> event = brain.sleep(2000.0).replays[0]
    >>> event.region, event.n_neurons
    ('cortex', 10)
    """

    time: float
    region: str
    strength: float
    n_neurons: int


@dataclass(frozen=True)
class SleepReport:
    """What happened in a sleep.

    Attributes
    ----------
    start, duration : float
        When it began and how long it was, ms.
    up_states : int
        Up states begun.
    replays : tuple of ReplayEvent
        In order.
    spikes : int
        Of all regions.
    weights : dict of str to tuple of (float, float)
        Mean magnitude before and after, by projection (label of `Projection`), of those with a
        rule.

    Examples
    --------
    >>> from engram import Brain
    >>> brain = Brain(seed=1)
    >>> cortex = brain.add_region("cortex", n_neurons=50)
    >>> report = brain.sleep(2000.0)
    >>> report.duration, report.up_states, len(report.replays)
    (2000.0, 2, 0)
    >>> print(str(report)[:36])  # in a line
    sleep of 2 s: 2 up states, 0 replays
    """

    start: float
    duration: float
    up_states: int
    replays: tuple[ReplayEvent, ...]
    spikes: int
    weights: dict[str, tuple[float, float]]

    def __str__(self) -> str:
        changes = ", ".join(f"{k} {a:.4g} -> {b:.4g}" for k, (a, b) in self.weights.items())
        return (
            f"sleep of {self.duration / 1000.0:g} s: {self.up_states} up states, "
            f"{len(self.replays)} replays, {self.spikes} spikes; mean weights: {changes or 'none'}"
        )


@dataclass
class Sleep:
    """A sleep under way.

    Attributes
    ----------
    start, stop : int
        Steps of the brain between which it lasts.
    spikes : int
        Spikes before it of all regions there are, less those in it of removed ones.
    weights : dict of str to float
        Mean magnitudes before it, see `mean_weights`.
    replays : list of ReplayEvent
        Those so far.
    """

    start: int
    stop: int
    spikes: int
    weights: dict[str, float]
    replays: list[ReplayEvent] = field(default_factory=list)

    def rename(self, old: str, new: str, labels: Mapping[str, str]) -> None:
        """Know a region and projections by other names.

        Parameters
        ----------
        old, new : str
            Names of the region.
        labels : mapping of str to str
            The labels that projections had, and have now.
        """
        self.weights = {labels.get(k, k): value for k, value in self.weights.items()}
        self.replays = [
            replace(event, region=new) if event.region == old else event for event in self.replays
        ]


def mean_weights(network: Network) -> dict[str, float]:
    """Mean magnitude of the weights of each projection that has a rule.

    Parameters
    ----------
    network : Network
        Of the brain.

    Returns
    -------
    dict of str to float
        By label of the projection; those without synapses are left out.
    """
    return {
        p.label: float(efficacy.magnitude(network, p).mean(dtype=np.float64))
        for p in network.pathways
        if p.rule is not None and pathways.n_synapses(network, p)
    }


def begun(network: Network, steps: int) -> Sleep:
    """Begin a sleep: what waits for the next step or is held is gone.

    Parameters
    ----------
    network : Network
        Of the brain.
    steps : int
        How long.

    Returns
    -------
    Sleep
        From now on.
    """
    step = network.step_count
    inputs.clear_drive(network)
    spikes = int(network.tables["region_spikes"].sum())
    return Sleep(step, step + steps, spikes, mean_weights(network))


def report(memory: MemoryParameters, sleep: Sleep) -> SleepReport:
    """What happened until now.

    Parameters
    ----------
    memory : MemoryParameters
        Of the brain that sleeps.
    sleep : Sleep
        Its sleep.

    Returns
    -------
    SleepReport
        From its start to now.
    """
    network = memory.network
    before, after = sleep.weights, mean_weights(network)
    elapsed = (network.step_count - sleep.start) * network.dt
    # The wave begins with a down state.
    cycles = elapsed * memory.slow_frequency / 1000.0
    return SleepReport(
        start=sleep.start * network.dt,
        duration=elapsed,
        up_states=math.ceil(cycles - 0.5),
        replays=tuple(sleep.replays),
        spikes=int(network.tables["region_spikes"].sum()) - sleep.spikes,
        weights={k: (before[k], after[k]) for k in before if k in after},
    )


def slow_wave(memory: MemoryParameters, since: float) -> float:
    """The current of the slow wave: -slow_amplitude sin(2 pi slow_frequency t), down, then up.

    Parameters
    ----------
    memory : MemoryParameters
        Of the brain that sleeps.
    since : float
        Time t since falling asleep, ms.

    Returns
    -------
    float
        In the unit of the region's model.
    """
    return -memory.slow_amplitude * math.sin(2e-3 * math.pi * memory.slow_frequency * since)


def base_current(region: RegionRecord, wave: float) -> float:
    """What the slow wave holds into a region: sources get what silences them.

    Parameters
    ----------
    region : RegionRecord
        Settings of the region.
    wave : float
        The slow wave now.

    Returns
    -------
    float
        Input of each neuron, in the unit of the region's model.
    """
    silent = region.model.silent_input
    return wave if silent is None else silent


class Clock:
    """The steps of a sleep at which something happens, functions of its start alone.

    Parameters
    ----------
    memory : MemoryParameters
        Of the brain that sleeps.
    sleep : Sleep
        Its sleep.
    """

    def __init__(self, memory: MemoryParameters, sleep: Sleep) -> None:
        self._sleep, self._dt, self._memory = sleep, memory.network.dt, memory
        self._cycle = 1000.0 / memory.slow_frequency / self._dt

    def _replay(self, k: int, n: int) -> int:
        cycle, j = divmod(k, n)
        return self._sleep.start + round((cycle + 0.5 + 0.5 * (j + 0.25) / n) * self._cycle)

    def _end(self, k: int) -> int:
        return self._sleep.start + round((k + 1) * self._cycle)

    def wave(self, step: int) -> float:
        """The slow wave at a step, constant for `SAMPLING` ms.

        Parameters
        ----------
        step : int
            Of the brain.

        Returns
        -------
        float
            In the unit of the region's model.
        """
        every = self._sampling
        return slow_wave(self._memory, (step - self._sleep.start) // every * every * self._dt)

    @property
    def _sampling(self) -> int:
        return max(1, round(SAMPLING / self._dt))

    def replay_due(self, step: int) -> bool:
        """Whether a replay begins at a step.

        Parameters
        ----------
        step : int
            Of the brain.

        Returns
        -------
        bool
            True if so.
        """
        n = self._memory.replays_per_cycle
        return n > 0 and any(self._replay(k, n) == step for k in self._near(step, n))

    def cycle_ends(self, step: int) -> bool:
        """Whether a cycle of the wave ends at a step.

        Parameters
        ----------
        step : int
            Of the brain.

        Returns
        -------
        bool
            True if so.
        """
        return any(self._end(k) == step for k in self._near(step, 1))

    def _near(self, step: int, n: int) -> range:
        """The numbers of the events, `n` in a cycle, that can be at a step or right after it."""
        cycle = int((step - self._sleep.start) / self._cycle)
        return range(max(0, cycle - 1) * n, (cycle + 2) * n)

    def after(self, step: int) -> int:
        """The next step at which something happens.

        Parameters
        ----------
        step : int
            Of the brain.

        Returns
        -------
        int
            The first after `step`.
        """
        every, start = self._sampling, self._sleep.start
        n = self._memory.replays_per_cycle
        times = [self._sleep.stop, start + ((step - start) // every + 1) * every]
        times += [self._end(k) for k in self._near(step, 1)]
        times += [self._replay(k, n) for k in self._near(step, n)] if n else []
        return min(t for t in times if t > step)


def hold(memory: MemoryParameters, asleep: Sleep | None, pulses: Pulses | None) -> None:
    """Let sleep and replay hold into regions what they hold at this step.

    Parameters
    ----------
    memory : MemoryParameters
        Of the brain.
    asleep : Sleep or None
        The sleep under way.
    pulses : Pulses or None
        The replay under way.
    """
    network = memory.network
    step = network.step_count
    wave = 0.0 if asleep is None else Clock(memory, asleep).wave(step)
    for region in network.regions.values():
        pulsed = pulses is not None and pulses.region == region.name
        if asleep is None and not pulsed:
            continue
        steady = 0.0 if asleep is None else base_current(region, wave)
        if pulses is None or not pulsed:
            inputs.impose(network, region, steady)
            continue
        current = np.full(network.count(region), steady, np.float32)
        pulses.add_to(current, network.alive(region), step)
        inputs.impose(network, region, current)


def downscale(memory: MemoryParameters) -> None:
    """Weaken all excitatory plastic weights by one share (Tononi & Cirelli 2006).

    Parameters
    ----------
    memory : MemoryParameters
        Of the brain.
    """
    network = memory.network
    if memory.downscaling == 0.0 or network.frozen["plasticity"]:
        return
    for pathway in network.pathways:
        if pathway.learns and pathways.n_synapses(network, pathway):
            n = network.count(network.regions[pathway.target])
            factor = np.full(n, 1.0 - memory.downscaling, np.float32)
            efficacy.scale_incoming(network, pathway, factor, np.zeros(n, np.bool_))
