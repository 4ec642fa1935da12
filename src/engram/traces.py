"""Traces: what a region did in a short time, read from the spikes that are kept."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import ArrayLike, NDArray

if TYPE_CHECKING:
    from engram.region import Region

Ints = NDArray[np.int64]
Floats = NDArray[np.float64]

_SAME = 0.5
"""Share of neurons in common above which two patterns are one memory."""

_REVERSED = -0.5
"""Rank correlation of latencies below which they are two sequences after all."""

_ORDERED = 5
"""Neurons in common from which an order means something."""

_AVERAGED = 10
"""Encounters over which latencies are averaged."""


@dataclass
class Trace:
    """What was active together, and in which order.

    neurons: indices in the region, ascending, shape (k,); latency: the first spike of each after
    the first of all, ms, shape (k,); duration: the window they were seen in, ms; step: when it was
    first stored; encounters: how often it came. strength decays with time and grows when the
    pattern comes back or is replayed.
    """

    region: str
    neurons: Ints
    step: int
    strength: float
    latency: Floats
    duration: float
    encounters: int = 1

    @property
    def order(self) -> Ints:
        """The neurons in the order of their first spikes, shape (k,)."""
        return self.neurons[np.argsort(self.latency, kind="stable")]

    @property
    def phase(self) -> Floats:
        """Latencies as a share of the window, in [0, 1), shape (k,)."""
        return self.latency / self.duration

    def forget(self, dead: Ints) -> None:
        """Leave out neurons that died: who takes their slots was not there."""
        kept = ~np.isin(self.neurons, dead)
        self.neurons, self.latency = self.neurons[kept], self.latency[kept]

    def matches(self, other: Trace) -> bool:
        """Whether both are the same memory.

        More than half of the neurons of the larger one are common, and their order is not reversed.
        """
        enough = _SAME * max(len(self.neurons), len(other.neurons))
        if self.region != other.region or min(len(self.neurons), len(other.neurons)) <= enough:
            return False
        common, mine, theirs = np.intersect1d(
            self.neurons, other.neurons, assume_unique=True, return_indices=True
        )
        if len(common) <= enough:
            return False
        if len(common) < _ORDERED:
            return True
        return rank_correlation(self.latency[mine], other.latency[theirs]) >= _REVERSED

    def meet(self, other: Trace) -> None:
        """The same pattern again: strength grows by 1, latencies are averaged."""
        self.strength += 1.0
        self.encounters += 1
        _, mine, theirs = np.intersect1d(
            self.neurons, other.neurons, assume_unique=True, return_indices=True
        )
        share = 1.0 / min(self.encounters, _AVERAGED)
        self.latency[mine] += share * (other.latency[theirs] - self.latency[mine])


def rank_correlation(a: ArrayLike, b: ArrayLike) -> float:
    """Spearman's rank correlation, ties sharing their mean rank; 0 if either is constant.

    a, b: shape (n,).
    """
    x, y = _ranks(np.asarray(a)), _ranks(np.asarray(b))
    x, y = x - x.mean(), y - y.mean()
    norm = float(np.sqrt((x * x).sum() * (y * y).sum()))
    return float((x * y).sum()) / norm if norm > 0 else 0.0


def _ranks(values: NDArray[np.generic]) -> Floats:
    _, inverse, counts = np.unique(values, return_inverse=True, return_counts=True)
    last = np.cumsum(counts)
    return np.asarray((last - 0.5 * (counts - 1))[inverse], np.float64)


def recent_spikes(region: Region, window: int) -> tuple[Ints, Ints]:
    """(steps, neurons) of the region's spikes in the last `window` steps that are kept."""
    brain = region._brain
    tables, r, now = brain._tables, region._index, brain.step_count
    kept = min(window, now, tables.sizes["H"] - 1)
    steps = np.arange(now - kept, now)
    rows = steps % tables.sizes["H"]
    first, end = tables["event_first"][rows, r], tables["event_end"][rows, r]
    counts = end - first
    offset = np.arange(int(counts.sum())) - np.repeat(np.cumsum(counts) - counts, counts)
    events = (np.repeat(first, counts) + offset) % tables.sizes["E"]
    when = np.repeat(steps, counts)
    who = tables["event_neuron"][events].astype(np.int64) - region._first
    # The slot of a newborn may have been another's, whose spikes are not its own.
    own = when >= region._slots("born")[who]
    return when[own], who[own]


def observe(region: Region, window: int, threshold: float) -> Trace | None:
    """The pattern of the last `window` steps, if there is one.

    Those take part who fired more than `threshold` times as often as the mean of their region, or
    as 1 Hz if that is more.
    """
    brain = region._brain
    when, who = recent_spikes(region, window)
    if not len(who):
        return None
    duration = window * brain.dt
    counts = np.bincount(who, minlength=region.n_neurons)
    alive = region.neuron_alive
    level = max(counts[alive].mean() if alive.any() else 0.0, duration / 1000.0)
    neurons = np.flatnonzero(alive & (counts > threshold * level))
    if not len(neurons):
        return None
    first = np.full(region.n_neurons, np.iinfo(np.int64).max)
    np.minimum.at(first, who, when)
    latency = (first[neurons] - first[neurons].min()) * brain.dt
    return Trace(region.name, neurons, brain.step_count, 1.0, latency, duration)
