"""The whole life of a brain in few numbers, so that a page that opens late shows all of it."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import numpy as np

from engram.network import pathways, population
from engram.network.network import Network
from engram.recording.statistics import Statistics

MOST = 1000
FIRST = 1000.0
"""From one row to the next at first, ms."""

Row = list[float | None]


class Story:
    """Rows of figures, thinned evenly so that there are never more than `MOST`.

    Parameters
    ----------
    network : Network
        Of the brain.
    """

    def __init__(self, network: Network) -> None:
        self.network = network
        self.columns = columns(network)
        self.rows: list[Row] = []
        self.every = FIRST
        self._fresh: list[Row] = []
        self._spikes, self._time = self._now()
        for stats in network.find(Statistics).history:
            known = {r.name: r.activity for r in stats.regions}
            rates: Row = [known.get(name) for name in network.regions]
            weights: Row = [None] * len(network.pathways)
            totals: Row = [stats.time, stats.n_neurons, stats.n_synapses, stats.mean_activity, None]
            self._add([*totals, *rates, *weights])
        self._fresh.clear()

    def _now(self) -> tuple[Any, float]:
        return self.network.tables["region_spikes"].copy(), self.network.time

    @property
    def due(self) -> bool:
        """Whether it is time for the next row."""
        last = self.rows[-1][0] if self.rows else None
        return last is None or self.network.time >= last + self.every

    def note(self, weights: Iterable[float]) -> None:
        """Add a row of the present.

        Parameters
        ----------
        weights : iterable of float
            Mean weight of each pathway.
        """
        network, tables = self.network, self.network.tables
        spikes, time = self._now()
        seconds = max(time - self._time, network.dt) / 1000.0
        fired = spikes - self._spikes
        alive = np.array([population.n_alive(network, r) for r in network.regions.values()])
        self._spikes, self._time = spikes, time
        synapses = sum(pathways.n_synapses(network, p) for p in network.pathways)
        dopamine = tables["dopamine"] + tables["dopamine_baseline"]
        totals: Row = [
            time,
            int(alive.sum()),
            synapses,
            float(fired.sum() / max(int(alive.sum()), 1) / seconds),
            float(dopamine.mean()) if len(dopamine) else 0.0,
        ]
        rates = (fired / np.maximum(alive, 1) / seconds).tolist()
        self._add([*totals, *rates, *map(float, weights)])

    def _add(self, row: Row) -> None:
        self.rows.append(row)
        self._fresh.append(row)
        if len(self.rows) > MOST:
            self.rows = self.rows[1::2]
            self.every *= 2.0

    def fresh(self) -> list[Row]:
        """The rows since the last call.

        Returns
        -------
        list of list
            As they were added.
        """
        found, self._fresh = self._fresh, []
        return found

    def forget_after(self, time: float) -> None:
        """Leave out what was to come: the brain was put back.

        Parameters
        ----------
        time : float
            To when, ms.
        """
        self.rows = [row for row in self.rows if row[0] is not None and row[0] <= time]

    def take_over(self, other: Story) -> None:
        """Go on from the life of the brain that this one was before.

        Parameters
        ----------
        other : Story
            Of the same columns, or it is left alone.
        """
        if other.columns == self.columns:
            self.rows, self.every = list(other.rows), other.every
            self.forget_after(self.network.time)
            self._fresh.clear()


def columns(network: Network) -> list[str]:
    """What the rows hold.

    Parameters
    ----------
    network : Network
        Of the brain.

    Returns
    -------
    list of str
        A name for each number.
    """
    rates = [f"rate:{name}" for name in network.regions]
    weights = [f"weight:{pathway.label}" for pathway in network.pathways]
    return ["time", "neurons", "synapses", "rate", "dopamine", *rates, *weights]
