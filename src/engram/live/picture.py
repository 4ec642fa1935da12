"""What a page has to know of a brain to draw it: regions with their points, pathways, rhythms."""

from __future__ import annotations

import base64
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from engram.live import shape
from engram.mechanisms.bands import BANDS
from engram.network import pathways
from engram.network.network import Network
from engram.network.records import PathwayRecord, RegionRecord
from engram.neurons import NeuronType
from engram.state import layout
from engram.synapses import Neurotransmitter

MOST_POINTS = 20_000
"""Points that a page draws; more neurons share points."""

MOST_ROWS = 400
"""Neurons whose single spikes are shown; four of a region at least."""

REGION_COLUMNS = ("rate", "alive", "theta", "held", "rhythm")
PATHWAY_COLUMNS = ("synapses", "weight", "sent", "dopamine", "level")
COUNT_COLUMNS = ("neurons_born", "neurons_died", "synapses_born", "synapses_pruned", "spikes")


def encoded(array: NDArray[Any]) -> str:
    """An array as text, little endian.

    Parameters
    ----------
    array : array
        Of whatever type.

    Returns
    -------
    str
        Base64 of its bytes.
    """
    little = array.astype(array.dtype.newbyteorder("<"), copy=False)
    return base64.b64encode(np.ascontiguousarray(little).tobytes()).decode()


def bits(flags: NDArray[np.bool_]) -> str:
    """Flags as text, one bit each, the lowest first.

    Parameters
    ----------
    flags : array of bool
        Any number.

    Returns
    -------
    str
        Base64.
    """
    return encoded(np.packbits(flags, bitorder="little"))


@dataclass
class RegionPicture:
    """How a region is drawn.

    Parameters
    ----------
    record : RegionRecord
        Which.
    per_point : int
        Neuron slots that share a point.
    rows : array of int64
        Slots whose single spikes are shown.
    given : array of shape (k, 3), optional
        Places that somebody gave, in units of the radius. None: by the type.
    """

    record: RegionRecord
    per_point: int
    rows: NDArray[np.int64]
    given: NDArray[np.float64] | None = None

    def points(self, count: int) -> int:
        """How many points there are for so many slots.

        Parameters
        ----------
        count : int
            Neuron slots in use.

        Returns
        -------
        int
            Points.
        """
        return -(-count // self.per_point)

    def places(self, first: int, n: int) -> NDArray[np.int16]:
        """Where points are drawn.

        Parameters
        ----------
        first : int
            The first of them.
        n : int
            How many.

        Returns
        -------
        array of shape (n, 3), int16
            See `engram.live.shape.cloud`.
        """
        found = shape.cloud(self.record.region_type, first, n)
        if self.given is not None:
            mine = self.given[first * self.per_point :: self.per_point][:n]
            found[: len(mine)] = shape.as_words(mine)
        return found


class Picture:
    """A brain as it is drawn, until regions or pathways are added or go.

    Parameters
    ----------
    network : Network
        Of the brain.
    version : int
        Counts on, so that frames can be told apart.
    places : mapping of str to array of shape (n, 3), optional
        Real places of neurons by region, in any unit.
    """

    def __init__(
        self,
        network: Network,
        version: int,
        places: Mapping[str, NDArray[np.float64]] | None = None,
    ) -> None:
        self.network, self.version = network, version
        self.made_of = signature(network)
        self._given = given_places(places or {})
        self.regions = self._regions()
        self.bands = [
            (region.record, band, k)
            for region in self.regions
            for k, band in enumerate(BANDS)
            if network.tables["rhythm_setting"][region.record.index, k] > 0
        ]

    def _regions(self) -> list[RegionPicture]:
        network = self.network
        counts = [network.count(record) for record in network.regions.values()]
        total = max(sum(counts), 1)
        shared = max(1, -(-total // MOST_POINTS))
        found = []
        for record, count in zip(network.regions.values(), counts, strict=True):
            n = count if total <= MOST_ROWS else min(count, max(4, MOST_ROWS * count // total))
            rows = np.unique(np.linspace(0, count - 1, n).round().astype(np.int64))
            given = self._given.get(record.name)
            found.append(RegionPicture(record, shared, rows, None if given is None else given[1]))
        return found

    @property
    def stale(self) -> bool:
        """Whether regions, pathways or rhythms are others by now."""
        return self.made_of != signature(self.network)

    def region(self, name: str) -> RegionPicture:
        """How a region is drawn.

        Parameters
        ----------
        name : str
            Of the region.

        Returns
        -------
        RegionPicture
            This one.
        """
        return next(r for r in self.regions if r.record.name == name)

    def described(self) -> dict[str, Any]:
        """All of it, as the message ``structure`` without what does not belong to the brain.

        Returns
        -------
        dict
            Plain values.
        """
        network = self.network
        names = list(network.regions)
        ways = [(names.index(p.source), names.index(p.target)) for p in network.pathways]
        kinds = [r.record.region_type for r in self.regions]
        counts = [network.count(r.record) for r in self.regions]
        radii = [shape.radius_of(kind, n) for kind, n in zip(kinds, counts, strict=True)]
        spots = shape.centres(kinds, radii, ways)
        for k, region in enumerate(self.regions):
            real = self._given.get(region.record.name)
            if real is not None:
                spots[k], radii[k] = real[0]
        tables = network.tables
        return {
            "version": self.version,
            "dt": network.dt,
            "seed": str(network.seed),
            "step": network.step_count,
            "time": network.time,
            "regions": [
                self._region_entry(region, spot, radius)
                for region, spot, radius in zip(self.regions, spots, radii, strict=True)
            ],
            "pathways": [
                pathway_entry(network, pathway, way)
                for pathway, way in zip(network.pathways, ways, strict=True)
            ],
            "rhythms": [
                {
                    "region": record.index,
                    "band": band,
                    "frequency": float(tables["rhythm_frequency"][record.index, k]),
                    "amplitude": float(tables["rhythm_setting"][record.index, k]),
                }
                for record, band, k in self.bands
            ],
            "region_columns": REGION_COLUMNS,
            "pathway_columns": PATHWAY_COLUMNS,
            "count_columns": COUNT_COLUMNS,
        }

    def _region_entry(
        self, region: RegionPicture, centre: tuple[float, float, float], radius: float
    ) -> dict[str, Any]:
        network, record = self.network, region.record
        count = network.count(record)
        points = region.points(count)
        excitatory = network.slots(record, "neuron_type") == NeuronType.EXCITATORY
        return {
            "name": record.name,
            "type": record.region_type.name,
            "model": type(record.model).__name__,
            "max_neurons": record.max_neurons,
            "source": bool(record.model.is_source),
            "count": count,
            "alive": bits(network.alive(record)),
            "excitatory": bits(excitatory),
            "centre": centre,
            "radius": radius,
            "points": points,
            "slots_per_point": region.per_point,
            "positions": encoded(region.places(0, points)),
            "raster": region.rows.tolist(),
            "dendrites": len(record.dendrites.tree.compartments) > 1,
            "code": int(network.tables["coded"][record.index]),
        }


def signature(network: Network) -> tuple[Any, ...]:
    """What a picture depends on.

    Parameters
    ----------
    network : Network
        Of the brain.

    Returns
    -------
    tuple
        Equal ones: the same picture.
    """
    return (
        tuple((id(r), r.name) for r in network.regions.values()),
        tuple((id(p), p.label, id(p.rule)) for p in network.pathways),
        network.tables["rhythm_setting"].tobytes(),
    )


def pathway_entry(network: Network, pathway: PathwayRecord, way: tuple[int, int]) -> dict[str, Any]:
    """A pathway, as the message ``structure`` has it.

    Parameters
    ----------
    network : Network
        Of the brain.
    pathway : PathwayRecord
        Which.
    way : tuple of (int, int)
        The indices of the regions it connects.

    Returns
    -------
    dict
        Plain values.
    """
    tables, p = network.tables, pathway.index
    first = int(tables["delay_min"][p])
    last = first + int(tables["delay_count"][p]) - 1
    used = transmitter(network, pathway)
    rule, modulation = pathway.rule, pathway.modulation
    return {
        "label": pathway.label,
        "source": way[0],
        "target": way[1],
        "name": pathway.name or None,
        "own": pathway.own,
        "transmitter": used.name,
        "sign": 1 if used is not Neurotransmitter.GABA else -1,
        "rule": None if rule is None else type(rule).__name__,
        "rewardable": rule is not None and bool(rule.modulated),
        "w_max": float(tables["w_max"][p]),
        "delay": [first * network.dt, last * network.dt],
        "stp": pathway.stp is not None,
        "modulation": None if modulation is None else type(modulation).__name__,
    }


def transmitter(network: Network, pathway: PathwayRecord) -> Neurotransmitter:
    """What most synapses of a pathway release.

    Parameters
    ----------
    network : Network
        Of the brain.
    pathway : PathwayRecord
        Which.

    Returns
    -------
    Neurotransmitter
        Glutamate if there is no synapse.
    """
    if not pathways.n_synapses(network, pathway):
        return Neurotransmitter.GLUTAMATE
    seen = layout.column(network.block(pathway), "nt")
    return Neurotransmitter(int(np.bincount(seen[:: max(1, len(seen) // 5000)]).argmax()))


Given = dict[str, tuple[tuple[tuple[float, float, float], float], NDArray[np.float64]]]


def given_places(places: Mapping[str, NDArray[np.float64]]) -> Given:
    """Real places as centre and radius of each region, and its neurons within.

    Parameters
    ----------
    places : mapping of str to array of shape (n, 3)
        By region, in any unit.

    Returns
    -------
    dict
        By region: ((centre, radius), places in units of the radius).
    """
    if not places:
        return {}
    every = np.concatenate(list(places.values()))
    middle = (every.min(axis=0) + every.max(axis=0)) / 2.0
    scale = 4.0 / max(float(np.abs(every - middle).max()), 1e-9)
    found: Given = {}
    for name, array in places.items():
        own = (array - middle) * scale
        centre = (own.min(axis=0) + own.max(axis=0)) / 2.0
        radius = max(float(np.abs(own - centre).max()), 0.05)
        x, y, z = (float(value) for value in centre)
        found[name] = (((x, y, z), radius), (own - centre) / radius)
    return found
