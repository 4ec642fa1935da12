"""Pulses: a plan of currents into single neurons of a region, each from one step to another."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from engram.mechanisms.memory.traces import Trace

Ints = NDArray[np.int64]


@dataclass
class Pulses:
    """A current into neuron k of a region in the steps start[k] <= t < stop[k].

    Parameters
    ----------
    region : str
        Name of the region.
    neurons : array of shape (n,), int64
        Indices in the region; a neuron may come up more than once.
    start, stop : array of shape (n,), int64
        Steps of the brain.
    current : float
        In the unit of the region's model.
    """

    region: str
    neurons: Ints
    start: Ints
    stop: Ints
    current: float

    @property
    def end(self) -> int:
        """The step at which the last one has ended."""
        return int(self.stop.max(initial=0))

    def next_change(self, step: int) -> int:
        """The first step after `step` at which any begins or ends, or else the next.

        Parameters
        ----------
        step : int
            Of the brain.

        Returns
        -------
        int
            A step of the brain.
        """
        times = np.concatenate([self.start, self.stop])
        later = times[times > step]
        return int(later.min()) if len(later) else step + 1

    def forget(self, dead: Ints) -> None:
        """Let nothing more flow into the slots of neurons that died.

        Parameters
        ----------
        dead : array of shape (m,), int64
            Indices in the region.
        """
        kept = ~np.isin(self.neurons, dead)
        self.neurons, self.start, self.stop = (
            array[kept] for array in (self.neurons, self.start, self.stop)
        )

    def add_to(self, held: NDArray[np.float32], alive: NDArray[np.bool_], step: int) -> None:
        """Add what flows in a step to the held input of the region's living neurons.

        Parameters
        ----------
        held : array of shape (n_neurons,), float32
            Changed in place.
        alive : array of shape (n_neurons,), bool
            Which neurons live.
        step : int
            Of the brain.
        """
        now = self.neurons[(self.start <= step) & (step < self.stop)]
        held[np.unique(now[alive[now]])] += np.float32(self.current)


def of_trace(
    trace: Trace,
    alive: NDArray[np.bool_],
    step: int,
    dt: float,
    *,
    share: float,
    compression: float,
    width: float,
    current: float,
) -> Pulses:
    """The pulses that set off a trace: into the first `share` of its living neurons, in order.

    Neuron k gets its pulse latency[k] / compression after `step`.

    Parameters
    ----------
    trace : Trace
        What is replayed.
    alive : array of shape (n_neurons,), bool
        Which neurons of its region live.
    step : int
        When it begins.
    dt : float
        Time step, ms.
    share : float
        In [0, 1]: how many of the living neurons, rounded up.
    compression : float
        How many times faster than it was seen.
    width : float
        Of a pulse, ms; one step at least.
    current : float
        Of a pulse, in the unit of the region's model.

    Returns
    -------
    Pulses
        One for each of the chosen neurons.
    """
    living = alive[trace.neurons]
    order = np.argsort(trace.latency[living], kind="stable")
    chosen = order[: math.ceil(share * len(order))]
    start = step + np.round(trace.latency[living][chosen] / (compression * dt)).astype(np.int64)
    return Pulses(
        trace.region,
        trace.neurons[living][chosen],
        start,
        start + max(1, round(width / dt)),
        current,
    )
