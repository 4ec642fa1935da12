"""Binary frames: what a brain does, thirty times a second. docs/live_protocol.md has the format."""

from __future__ import annotations

import struct
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from engram.kernels.calls import kernel
from engram.kernels.constants import EVENTS
from engram.live.picture import Picture
from engram.mechanisms.growth import Growth
from engram.mechanisms.memory import Memory
from engram.network import pathways
from engram.network.network import Network
from engram.network.population import mean_activity
from engram.network.records import PathwayRecord, RegionRecord

MAGIC, PROTOCOL = 0x314C4745, 1
WORD = 0xFFFFFFFF
HEADER = struct.Struct("<IHHIIddIfIfIIIf")
SECTION = struct.Struct("<HHI")
RASTER = struct.Struct("<II")
VOLTAGE = struct.Struct("<IIdff")

RUNNING, ASLEEP, HELD, REPLAYING, FILMING = 1, 2, 4, 8, 16
SPIKES, REGIONS, PATHWAYS, RHYTHMS, MEMORY, RASTERS, VOLTAGES, COUNTS, DENDRITES = range(1, 10)

MOST_EVENTS = 2000
"""Single spikes of a frame."""

SAMPLED = 4_000
"""Synapses of a pathway from which its mean weight is estimated: each costs a look into memory."""

SLOW = 6
"""Thresholds are looked at in one frame of so many, ..."""

WEIGHED = 3
"""... and the weights of one pathway."""

STRENGTHS = 20
"""Traces whose strength is shown."""


@dataclass(frozen=True)
class Moment:
    """What a frame says that the brain itself does not know.

    Parameters
    ----------
    brain : int
        Its number on the page.
    running : bool
        Whether it runs, or pauses.
    filming : bool
        Whether a film is recorded.
    speed : float
        Simulated time over real time.
    wall : float
        Real time since the last frame, s.
    """

    brain: int
    running: bool
    filming: bool
    speed: float
    wall: float


@dataclass
class Voltage:
    """The potential of a neuron between two frames.

    Parameters
    ----------
    region : RegionRecord
        Where it is.
    slot : int
        Which neuron.
    """

    region: RegionRecord
    slot: int

    def __post_init__(self) -> None:
        self.first, self.every, self._last = 0, 1, -1
        self.values: list[float] = []

    def sample(self, network: Network) -> None:
        """Look at it now.

        Parameters
        ----------
        network : Network
            Of the brain.
        """
        step = network.step_count
        if self.values and step == self._last:
            return
        if len(self.values) > 1 and step - self._last != self.every:
            # Another distance: the samples begin anew.
            self.values.clear()
        if not self.values:
            self.first = step
        elif len(self.values) == 1:
            self.every = step - self.first
        self._last = step
        self.values.append(float(network.slots(self.region, "v")[self.slot]))


class Frames:
    """Makes the frames of a brain.

    Parameters
    ----------
    picture : Picture
        How it is drawn.
    """

    def __init__(self, picture: Picture) -> None:
        self.picture, self.network = picture, picture.network
        tables = self.network.tables
        self._spikes = tables["total_spikes"].copy()
        self._step = self.network.step_count
        self._made = 0
        self._weights = np.zeros(len(self.network.pathways), np.float32)
        self._next_weight = 0
        self._structure, self._synapses = -1, 0
        self._degrees: list[NDArray[np.float32]] = []
        self._rows = np.zeros(0, np.int64)
        self._theta = np.zeros(len(self.network.regions), np.float32)
        self.alive = np.zeros(len(self.network.regions), np.int64)
        self.counted()
        for k in range(len(self.network.pathways)):
            self._weigh(k)

    # -- what follows from the structure

    def counted(self) -> None:
        """Count anew who lives, and who has which row of the raster."""
        network = self.network
        self.alive = np.array(
            [int(network.alive(r.record).sum()) for r in self.picture.regions], np.int64
        )
        rows = np.full(len(network.tables["alive"]), -1, np.int64)
        before = 0
        for region in self.picture.regions:
            rows[network.first(region.record) + region.rows] = before + np.arange(len(region.rows))
            before += len(region.rows)
        self._rows = rows

    def _wired(self) -> None:
        """Count anew how many synapses each neuron has in each pathway."""
        network = self.network
        if self._structure == network.structure_version and len(self._degrees):
            return
        self._structure = network.structure_version
        self._degrees = [degrees(network, p) for p in network.pathways]
        self._synapses = sum(pathways.n_synapses(network, p) for p in network.pathways)

    def _weigh(self, k: int) -> None:
        """Estimate the mean weight of a pathway."""
        self._weights[k] = mean_weight(self.network, self.network.pathways[k])

    # -- frames

    def make(self, moment: Moment, voltage: Voltage | None = None) -> bytes:
        """A frame, and begin the next one.

        Parameters
        ----------
        moment : Moment
            What the brain does not know.
        voltage : Voltage, optional
            Of the neuron that is watched.

        Returns
        -------
        bytes
            See docs/live_protocol.md.
        """
        network, tables = self.network, self.network.tables
        self._wired()
        if len(tables["total_spikes"]) != len(self._spikes):
            self._spikes = np.resize(self._spikes, len(tables["total_spikes"]))
            self.counted()
        fired = tables["total_spikes"] - self._spikes
        # Who has taken a dead one's slot counts from its birth.
        reborn = tables["born"] >= max(self._step, 1)
        if reborn.any():
            fired[reborn] = tables["total_spikes"][reborn]
        np.copyto(self._spikes, tables["total_spikes"])
        step = network.step_count
        steps = step - self._step
        sections = [
            *self._spike_sections(fired),
            self._regions(),
            self._pathways(fired),
            self._rhythms(),
            self._memory(),
            self._raster(min(steps, 0xFFFF)),
            self._counts(),
        ]
        if voltage is not None:
            sections += watched(network, voltage)
        self._step, self._made = step, self._made + 1
        return self._header(moment, steps, len(sections)) + b"".join(sections)

    def _header(self, moment: Moment, steps: int, sections: int) -> bytes:
        network = self.network
        return HEADER.pack(
            MAGIC,
            PROTOCOL,
            moment.brain,
            self._made & WORD,
            self.picture.version,
            network.time,
            float(network.step_count),
            self._flags(moment),
            moment.speed,
            steps & WORD,
            moment.wall,
            int(self.alive.sum()),
            self._synapses & WORD,
            sections,
            slow_wave(network),
        )

    def _flags(self, moment: Moment) -> int:
        network = self.network
        memory = network.find(Memory)
        return (
            RUNNING * moment.running
            | ASLEEP * (network.asleep_until is not None)
            | HELD * (not network.imposed and bool(network.tables["holding"].any()))
            | REPLAYING * (memory.pulses is not None)
            | FILMING * moment.filming
        )

    def _spike_sections(self, fired: NDArray[np.int64]) -> list[bytes]:
        few = np.minimum(fired, 255).astype(np.uint8)
        found = []
        for k, region in enumerate(self.picture.regions):
            slots, per_point = self.network.slice(region.record), region.per_point
            if per_point == 1:
                part = few[slots]
            else:
                starts = np.arange(slots.start, slots.stop, per_point)
                ends = fired[: slots.stop]
                part = np.minimum(np.add.reduceat(ends, starts), 255).astype(np.uint8)
            found.append(section(SPIKES, k, part.tobytes()))
        return found

    def _regions(self) -> bytes:
        network, tables = self.network, self.network.tables
        if self._made % SLOW == 0:
            for k, region in enumerate(self.picture.regions):
                theta = network.slots(region.record, "theta")
                self._theta[k] = theta @ network.alive(region.record) / max(self.alive[k], 1)
        table = np.empty((len(self.picture.regions), 5), np.float32)
        table[:, 0] = [mean_activity(network, r.record) for r in self.picture.regions]
        table[:, 1] = self.alive
        table[:, 2] = self._theta
        table[:, 3] = tables["holding"] if not network.imposed else 0
        table[:, 4] = tables["rhythm_current"]
        return section(REGIONS, 0, table.tobytes())

    def _pathways(self, fired: NDArray[np.int64]) -> bytes:
        network, tables = self.network, self.network.tables
        if network.pathways and self._made % WEIGHED == 0:
            self._next_weight = (self._next_weight + 1) % len(network.pathways)
            self._weigh(self._next_weight)
        table = np.empty((len(network.pathways), 5), np.float32)
        table[:, 1] = self._weights
        table[:, 3] = tables["dopamine"] + tables["dopamine_baseline"]
        table[:, 4] = tables["transmitter_level"]
        for k, (pathway, degree) in enumerate(zip(network.pathways, self._degrees, strict=True)):
            first = network.first(network.regions[pathway.source])
            table[k, 0] = pathways.n_synapses(network, pathway)
            table[k, 2] = fired[first : first + len(degree)] @ degree
        return section(PATHWAYS, 0, table.tobytes())

    def _rhythms(self) -> bytes:
        tables, now = self.network.tables, self.network.time
        frequency, phase = tables["rhythm_frequency"], tables["rhythm_phase"]
        phase_at = kernel("rhythms.phase_at")
        places = [(record.index, k) for record, _, k in self.picture.bands]
        phases = [phase_at(frequency[place], phase[place], now) for place in places]
        return section(RHYTHMS, 0, (np.array(phases, np.float32) % np.float32(2 * np.pi)).tobytes())

    def _memory(self) -> bytes:
        memory = self.network.find(Memory)
        strengths = [trace.strength for trace in memory.traces[:STRENGTHS]]
        values = np.array([len(memory.traces), replayed(memory), *strengths], np.float32)
        return section(MEMORY, 0, values.tobytes())

    def _raster(self, steps: int) -> bytes:
        first, when, who = recent_spikes(self.network, steps)
        rows = self._rows[who]
        shown = np.flatnonzero(rows >= 0)[-MOST_EVENTS:]
        pairs = np.empty((len(shown), 2), np.uint16)
        pairs[:, 0] = rows[shown]
        pairs[:, 1] = self.network.step_count - when[shown]
        return section(RASTERS, 0, RASTER.pack(first & 0xFFFFFFFF, len(pairs)) + pairs.tobytes())

    def _counts(self) -> bytes:
        totals = self.network.find(Growth).totals
        spikes = int(self.network.tables["region_spikes"].sum())
        values = [
            totals["neurons_born"],
            totals["neurons_died"],
            totals["synapses_born"],
            totals["synapses_pruned"] + totals["synapses_lost"],
            spikes,
        ]
        return section(COUNTS, 0, np.array(values, np.float64).tobytes())


def section(kind: int, index: int, payload: bytes) -> bytes:
    """A section of a frame.

    Parameters
    ----------
    kind : int
        What it holds.
    index : int
        Of which region.
    payload : bytes
        Its content.

    Returns
    -------
    bytes
        With header and padding.
    """
    return SECTION.pack(kind, index, len(payload)) + payload + b"\0" * (-len(payload) % 8)


def degrees(network: Network, pathway: PathwayRecord) -> NDArray[np.float32]:
    """How many synapses each neuron of the source has in a pathway.

    Parameters
    ----------
    network : Network
        Of the brain.
    pathway : PathwayRecord
        Which.

    Returns
    -------
    array of shape (n_slots,), float32
        By slot in use.
    """
    n = network.count(network.regions[pathway.source])
    width = int(network.tables["delay_count"][pathway.index])
    ends = network.block(pathway)["segment"][: n * width + 1 : width]
    return np.diff(ends).astype(np.float32)


def mean_weight(network: Network, pathway: PathwayRecord) -> float:
    """The mean magnitude of a pathway's weights, estimated from `SAMPLED` synapses at most.

    Parameters
    ----------
    network : Network
        Of the brain.
    pathway : PathwayRecord
        Which.

    Returns
    -------
    float
        0 without synapses.
    """
    block, tables, p = network.block(pathway), network.tables, pathway.index
    n = len(block["post"])
    if not n:
        return 0.0
    # Steps of a prime number: neurons and delays repeat in rounder ones.
    every = 1 if n <= SAMPLED else (n // SAMPLED) | 1
    found = block["weight"][::every]
    if len(block["eligibility"]):
        met = np.float32(tables["dopamine_integral"][p])
        sign = -1.0 if tables["common_sign"][p] < 0 else 1.0
        found = np.abs(found + np.float32(sign) * block["eligibility"][::every] * met)
    low, high = tables["w_min"][p], tables["w_max"][p]
    return float(np.clip(np.abs(found), low, high).mean(dtype=np.float64))


def recent_spikes(network: Network, steps: int) -> tuple[int, NDArray[np.int64], NDArray[np.int32]]:
    """The spikes of the latest steps, as far back as they are kept.

    Parameters
    ----------
    network : Network
        Of the brain.
    steps : int
        How far back at most.

    Returns
    -------
    tuple of (int, array of int64, array of int32)
        The first step that is covered; when each was, and which slot of the brain fired.
    """
    tables, now = network.tables, network.step_count
    back = min(steps, now, tables.sizes["H"], now - network.last_reset)
    if back <= 0 or not network.regions:
        return now, np.zeros(0, np.int64), np.zeros(0, np.int32)
    kept = np.arange(now - back, now) % tables.sizes["H"]
    starts = tables["event_first"][kept, 0]
    ends = tables["event_end"][kept, -1]
    counts = ends - starts
    n = int(counts.sum())
    head, size = int(tables["clock"][EVENTS]), tables.sizes["E"]
    who = tables["event_neuron"][np.arange(head - n, head) % size]
    return now - back, np.repeat(np.arange(now - back, now), counts), who


def replayed(memory: Memory) -> int:
    """Which trace is replayed.

    Parameters
    ----------
    memory : Memory
        Of the brain.

    Returns
    -------
    int
        Its index; -1: none.
    """
    pulses = memory.pulses
    if pulses is None:
        return -1
    who = np.unique(pulses.neurons)
    for k, trace in enumerate(memory.traces):
        if trace.region == pulses.region and np.isin(who, trace.neurons).all():
            return k
    return -1


def slow_wave(network: Network) -> float:
    """Where the slow wave of sleep stands: -1 (down) to 1 (up); 0 when the brain is awake.

    Parameters
    ----------
    network : Network
        Of the brain.

    Returns
    -------
    float
        Its value.
    """
    began = network.find(Memory).asleep_since
    if began is None:
        return 0.0
    frequency = network.find(Memory).slow_frequency
    return float(-np.sin(2e-3 * np.pi * frequency * (network.time - began * network.dt)))


def watched(network: Network, voltage: Voltage) -> list[bytes]:
    """The sections of the neuron that is watched.

    Parameters
    ----------
    network : Network
        Of the brain.
    voltage : Voltage
        Its samples, which begin anew.

    Returns
    -------
    list of bytes
        Voltage and, if it has them, dendrites.
    """
    region, slot = voltage.region, voltage.slot
    theta = float(network.slots(region, "theta")[slot])
    head = VOLTAGE.pack(slot, len(voltage.values), voltage.first, voltage.every, theta)
    found = [section(VOLTAGES, region.index, head + np.array(voltage.values, np.float32).tobytes())]
    n = int(network.tables["compartments"][region.index])
    if n:
        column = network.tables["dendrite_v"][:n, network.first(region) + slot]
        found.append(section(DENDRITES, region.index, column.astype(np.float32).tobytes()))
    voltage.values.clear()
    return found
