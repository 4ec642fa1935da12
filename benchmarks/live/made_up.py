"""Films of brains that never lived: any size, for measurements and tests of the page alone."""

from __future__ import annotations

import base64
import gzip
import json
import math
import struct
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

MAGIC = 0x314C4745
REGION_COLUMNS = ["rate", "alive", "theta", "held", "rhythm"]
PATHWAY_COLUMNS = ["synapses", "weight", "sent", "dopamine", "level"]
COUNT_COLUMNS = ["neurons_born", "neurons_died", "synapses_born", "synapses_pruned", "spikes"]
MOST_POINTS = 20_000


def _base64(data: bytes) -> str:
    return base64.b64encode(data).decode()


def _bits(values: NDArray[np.bool_]) -> str:
    return _base64(np.packbits(values, bitorder="little").tobytes())


@dataclass
class MadeUp:
    """A brain of a given size whose neurons fire at random.

    Parameters
    ----------
    sizes : dict of str to (type, neurons)
        Regions.
    synapses : int
        Of the whole brain.
    rate : float
        Mean rate of all neurons, Hz.
    synchrony : float
        0: independent; 1: all neurons of a region fire together, 8 times a second.
    groups : int
        Where they do, so many groups of each region take turns.
    """

    sizes: dict[str, tuple[str, int]]
    synapses: int = 10_000
    rate: float = 8.0
    synchrony: float = 0.0
    groups: int = 1
    rng: np.random.Generator = field(default_factory=lambda: np.random.default_rng(1))

    @property
    def names(self) -> list[str]:
        """The regions."""
        return list(self.sizes)

    @property
    def neurons(self) -> int:
        """Of the whole brain."""
        return sum(n for _, n in self.sizes.values())

    @property
    def pathways(self) -> list[tuple[int, int]]:
        """Source and target: each region's own, and on to the next."""
        k = len(self.sizes)
        return [(i, i) for i in range(k)] + [(i, i + 1) for i in range(k - 1)]

    def texts(self) -> list[dict[str, Any]]:
        """Give what a page is told first."""
        switches = [{"name": "plasticity", "on": True, "doc": "all change of weights"}]
        return [
            {
                "type": "hello", "protocol": 1, "engram": "0", "title": "made up", "pages": 1,
                "owned": True, "film": True, "calm_hz": 3,
                "views": {"world": None, "digits": False},
            },
            self._structure(),
            {
                "type": "settings", "brain": 0, "switches": switches, "parts": [], "speed": 1.0,
                "running": True, "recording": None,
            },
            {
                "type": "history", "brain": 0, "columns": ["time", "neurons", "synapses"],
                "rows": [[0.0, self.neurons, self.synapses]],
            },
        ]  # fmt: skip

    def _structure(self) -> dict[str, Any]:
        total = self.neurons
        per_point = math.ceil(total / MOST_POINTS)
        regions = []
        for i, (name, (kind, n)) in enumerate(self.sizes.items()):
            points = math.ceil(n / per_point)
            place = self.rng.normal(size=(points, 3))
            place *= (self.rng.random((points, 1)) ** (1 / 3)) / np.linalg.norm(
                place, axis=1, keepdims=True
            )
            angle = 2 * math.pi * i / len(self.sizes)
            regions.append(
                {
                    "name": name, "type": kind, "model": "Izhikevich", "max_neurons": 2 * n,
                    "source": False, "count": n, "alive": _bits(np.ones(n, bool)),
                    "excitatory": _bits(self.rng.random(n) < 0.8), "dendrites": False, "code": n,
                    "centre": [3.2 * math.cos(angle), 2.2 * math.sin(angle), 0.0],
                    "radius": 0.5 + (n / total) ** (1 / 3), "points": points,
                    "slots_per_point": per_point,
                    "positions": _base64((place * 32767).astype("<i2").tobytes()),
                    "raster": list(range(min(n, 400 // len(self.sizes)))),
                }
            )  # fmt: skip
        pathways = [
            {
                "label": f"proj:{self.names[a]}->{self.names[b]}", "source": a, "target": b,
                "name": None, "own": a == b, "transmitter": "GABA" if a == b else "GLUTAMATE",
                "sign": 1, "rule": "RewardSTDP", "rewardable": a != b, "w_max": 1.0,
                "delay": [1.0, 5.0], "stp": False, "modulation": None,
            }
            for a, b in self.pathways
        ]  # fmt: skip
        return {
            "type": "structure", "brain": 0, "version": 1, "dt": 1.0, "seed": 1, "step": 0,
            "time": 0.0, "fingerprint": None, "regions": regions, "pathways": pathways,
            "rhythms": [{"region": 0, "band": "theta", "frequency": 6.0, "amplitude": 1.0}],
            "region_columns": REGION_COLUMNS, "pathway_columns": PATHWAY_COLUMNS,
            "count_columns": COUNT_COLUMNS, "snapshots": [], "twins": [],
        }  # fmt: skip

    def frame(self, number: int, steps: int = 33, asleep: bool = False) -> bytes:
        """Give one frame, `steps` steps of 1 ms after the one before."""
        time = number * steps
        per_point = math.ceil(self.neurons / MOST_POINTS)
        together = (time // 125) != ((time - steps) // 125)
        sections: list[tuple[int, int, bytes]] = []
        rows: list[NDArray[np.uint16]] = []
        values = np.zeros((len(self.sizes), len(REGION_COLUMNS)), "<f4")
        first = 0
        for i, (_, n) in enumerate(self.sizes.values()):
            points = math.ceil(n / per_point)
            expected = self.rate * steps / 1000 * per_point * (1 - self.synchrony)
            spikes = self.rng.poisson(expected, points)
            if self.synchrony and together:
                turn = np.arange(points) % self.groups == time // 125 % self.groups
                spikes += turn & (self.rng.random(points) < self.synchrony)
            sections.append((1, i, np.minimum(spikes, 255).astype(np.uint8).tobytes()))
            values[i] = [spikes.sum() / n / steps * 1000, n, 0.4, 0, 0]
            shown = min(points, 400 // len(self.sizes))
            fired = np.flatnonzero(spikes[:shown])
            rows.append(
                np.stack([fired + first, self.rng.integers(1, steps + 1, len(fired))], 1).astype(
                    "<u2"
                )
            )
            first += shown
        count = len(self.pathways)
        paths = np.tile(np.array([self.synapses / count, 0.5, 0.0, 0.2, 0.0], "<f4"), (count, 1))
        paths[:, 2] = self.rng.poisson(self.rate * steps / 1000 * self.synapses / count, count)
        events = np.concatenate(rows)
        phase = np.array([2 * math.pi * 0.006 * time % (2 * math.pi)], "<f4")
        counts = np.array([0, 0, 0, 0, self.rate * self.neurons * time / 1000], "<f8")
        sections += [
            (2, 0, values.tobytes()),
            (3, 0, paths.tobytes()),
            (4, 0, phase.tobytes()),
            (5, 0, np.array([2, -1, 0.8, 0.3], "<f4").tobytes()),
            (6, 0, struct.pack("<II", max(0, time - steps), len(events)) + events.tobytes()),
            (8, 0, counts.tobytes()),
        ]
        wave = math.sin(2 * math.pi * 0.0008 * time) if asleep else 0.0
        flags = 1 | (2 if asleep else 0)
        out = struct.pack(
            "<IHHIIddIfIfIIIf", MAGIC, 1, 0, number, 1, float(time), float(time), flags, 1.0,
            steps, steps / 1000, self.neurons, self.synapses, len(sections), wave,
        )  # fmt: skip
        for kind, index, data in sections:
            out += struct.pack("<HHI", kind, index, len(data)) + data + bytes(-len(data) % 8)
        return out

    def film(self, seconds: float, asleep: tuple[float, float] = (0.0, 0.0)) -> bytes:
        """Give a film of 30 frames a second.

        Parameters
        ----------
        seconds : float
            Its length.
        asleep : (float, float)
            From when to when the brain sleeps, s.

        Returns
        -------
        bytes
            As in a file.
        """
        out = [b"EGFILM01"]
        for text in self.texts():
            out.append(record(0, 0, json.dumps(text).encode()))
        for number in range(1, round(30 * seconds) + 1):
            at = number / 30
            data = self.frame(number, asleep=asleep[0] <= at < asleep[1])
            out.append(record(round(1000 * at), 1, data))
        return gzip.compress(b"".join(out), 1)


def record(at: int, kind: int, data: bytes) -> bytes:
    """Give a record of a film: `at` in ms, `kind` 0 for text and 1 for a frame."""
    return struct.pack("<IIII", at, kind, len(data), 0) + data + bytes(-len(data) % 8)
