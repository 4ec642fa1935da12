"""Traces: what a region did in a short time, read from the spikes that are kept."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from engram.network.network import Network
from engram.network.records import RegionRecord

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

    Parameters
    ----------
    region : str
        Name of the region.
    neurons : array of shape (k,), int64
        Indices in the region, ascending.
    step : int
        When it was first stored.
    strength : float
        Decays with time and grows when the pattern comes back or is replayed.
    latency : array of shape (k,), float64
        First spike of each neuron after the first of all, ms.
    duration : float
        Window they were seen in, ms.
    encounters : int
        How often it came.

    Examples
    --------
    >>> import numpy as np
    >>> from engram.mechanisms.memory import Trace
    >>> trace = Trace("cortex", np.array([2, 5, 7]), 0, 1.0, np.array([4.0, 0.0, 9.0]), 50.0)
    >>> trace.order.tolist(), trace.phase.round(2).tolist()
    ([5, 2, 7], [0.08, 0.0, 0.18])
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
        """Leave out neurons that died: who takes their slots was not there.

        Parameters
        ----------
        dead : array of shape (n,), int64
            Indices in the region.
        """
        kept = ~np.isin(self.neurons, dead)
        self.neurons, self.latency = self.neurons[kept], self.latency[kept]

    def is_in_order_of(self, other: Trace) -> bool:
        """Whether the neurons in common fire in much the same order, or are too few to tell.

        Parameters
        ----------
        other : Trace
            Of the same region.

        Returns
        -------
        bool
            False if the rank correlation of latencies is below -0.5, of five neurons or more.
        """
        mine, theirs = self._common(other)
        if len(theirs) < _ORDERED:
            return True
        return rank_correlation(self.latency[mine], other.latency[theirs]) >= _REVERSED

    def meet(self, other: Trace) -> None:
        """Take in the same pattern again: strength grows by 1, latencies are averaged.

        The average is over the last ten encounters or so.

        Parameters
        ----------
        other : Trace
            What was seen now.
        """
        self.strength += 1.0
        self.encounters += 1
        mine, theirs = self._common(other)
        share = 1.0 / min(self.encounters, _AVERAGED)
        self.latency[mine] += share * (other.latency[theirs] - self.latency[mine])

    def _common(self, other: Trace) -> tuple[NDArray[np.bool_], Ints]:
        """Which of the neurons the other trace has too, and where they stand there."""
        place = np.searchsorted(other.neurons, self.neurons)
        place[place == len(other.neurons)] = 0
        mine = other.neurons[place] == self.neurons
        return mine, place[mine]


def find_same(traces: Sequence[Trace], seen: Trace) -> Trace | None:
    """The first of some traces that is the same memory as `seen`.

    More than half of the neurons of the larger one are common, and their order is not reversed.

    Parameters
    ----------
    traces : sequence of Trace
        What is known.
    seen : Trace
        What was seen.

    Returns
    -------
    Trace or None
        None if there is none.
    """
    n = len(seen.neurons)
    alike = [
        trace
        for trace in traces
        if trace.region == seen.region
        and min(n, len(trace.neurons)) > _SAME * max(n, len(trace.neurons))
    ]
    among = np.zeros(1 + max(int(t.neurons[-1]) for t in [*alike, seen]), np.bool_)
    among[seen.neurons] = True
    for trace in alike:
        common = np.count_nonzero(among[trace.neurons])
        if common > _SAME * max(n, len(trace.neurons)) and trace.is_in_order_of(seen):
            return trace
    return None


def rank_correlation(a: ArrayLike, b: ArrayLike) -> float:
    """Spearman's rank correlation, ties sharing their mean rank.

    Parameters
    ----------
    a, b : array_like of shape (n,)
        Numbers, paired.

    Returns
    -------
    float
        In [-1, 1]; 0 if either is constant.

    Examples
    --------
    >>> from engram.mechanisms.memory.traces import rank_correlation
    >>> rank_correlation([1, 2, 3], [10, 40, 90])
    1.0
    """
    x, y = _ranks(np.asarray(a)), _ranks(np.asarray(b))
    x, y = x - x.mean(), y - y.mean()
    norm = float(np.sqrt((x * x).sum() * (y * y).sum()))
    return float((x * y).sum()) / norm if norm > 0 else 0.0


def _ranks(values: NDArray[np.generic]) -> Floats:
    ordered = np.sort(values)
    first = np.searchsorted(ordered, values, side="left")
    last = np.searchsorted(ordered, values, side="right")
    return np.asarray(0.5 * (first + last + 1), np.float64)


def recent_spikes(network: Network, window: int) -> tuple[Ints, Ints]:
    """The spikes of the last steps, in order of time.

    Left out are those of neurons that died since: who took their slots has not fired them.

    Parameters
    ----------
    network : Network
        Whose spikes.
    window : int
        Steps to look back; no further than spikes are kept.

    Returns
    -------
    steps : array of shape (n,), int64
        When.
    neurons : array of shape (n,), int64
        Neuron slots of the brain.
    """
    tables, now = network.tables, network.step_count
    ring, horizon = tables["event_neuron"], tables.sizes["H"]
    kept = min(window, now, horizon - 1)
    steps = np.arange(now - kept, now)
    rows = steps % horizon
    # The spikes of a step stand one after the other, region by region.
    first = tables["event_first"][rows, 0]
    counts = tables["event_end"][rows].max(axis=1) - first
    when = np.repeat(steps, counts)
    start = int(first[0]) if kept else 0
    who = ring[np.arange(start, start + len(when)) % len(ring)]
    own = when >= tables["born"][who]
    return when[own], who[own].astype(np.int64)


def observe(
    network: Network, regions: Sequence[RegionRecord], window: int, threshold: float
) -> list[Trace]:
    """The patterns of the last steps, one of each region where there is one.

    Those take part who fired more than `threshold` times as often as the mean of their region, or
    as 1 Hz if that is more.

    Parameters
    ----------
    network : Network
        Whose patterns.
    regions : sequence of RegionRecord
        Where to look.
    window : int
        Steps to look back.
    threshold : float
        In mean rates of the region.

    Returns
    -------
    list of Trace
        Each with strength 1.
    """
    when, who = recent_spikes(network, window)
    duration = window * network.dt
    size = network.tables.sizes["N"]
    spikes = np.bincount(who, minlength=size)
    began = np.empty(size, np.int64)
    began[who[::-1]] = when[::-1]
    found = []
    for region in regions:
        alive = network.alive(region)
        counts = spikes[network.slice(region)]
        counts[~alive] = 0
        level = max(counts.sum() / max(np.count_nonzero(alive), 1), duration / 1000.0)
        neurons = np.flatnonzero(counts > threshold * level)
        if len(neurons):
            first = began[network.first(region) + neurons]
            latency = (first - first.min()) * network.dt
            step = network.step_count
            found.append(Trace(region.name, neurons, step, 1.0, latency, duration))
    return found


def holding(traces: Sequence[Trace], region: str, cue: Ints) -> Trace | None:
    """The trace of a region that holds most of a cue, more than half of it.

    Parameters
    ----------
    traces : sequence of Trace
        Among which it is.
    region : str
        Name of the region.
    cue : array of int64
        Indices of neurons, each once.

    Returns
    -------
    Trace or None
        None if there is none.
    """
    held = [(len(np.intersect1d(t.neurons, cue)), t) for t in traces if t.region == region]
    best = max(held, key=lambda pair: (pair[0], pair[1].strength), default=(0, None))
    return best[1] if best[0] > 0.5 * len(cue) else None
