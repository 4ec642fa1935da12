"""What happened to a brain since it was last looked at: births, deaths, synapses, sleep, replay."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from engram.live.picture import MOST_POINTS, Picture, encoded
from engram.mechanisms.memory import Memory
from engram.mechanisms.memory.replay import Pulses
from engram.network import pathways
from engram.network.records import PathwayRecord
from engram.neurons import NeuronType
from engram.recording.trouble import troubles
from engram.state import layout

Message = dict[str, Any]

MOST_PAIRS = 64
"""New synapses of a pathway that are told one by one."""

MOST_SLOTS = 500
MOST_TRACES = 20

LEAST_JUMP = 0.05
"""Rise of dopamine in a step, 1/s, that counts as a reward."""


class Changes:
    """Compares a brain with what it was.

    Parameters
    ----------
    picture : Picture
        How it is drawn.
    """

    def __init__(self, picture: Picture) -> None:
        self.picture, self.network = picture, picture.network
        network = self.network
        self._step = network.step_count
        self._alive = network.tables["alive"].copy()
        self._born = network.tables["born"].copy()
        self._counts = [network.count(r.record) for r in picture.regions]
        self._structure = network.structure_version
        self._synapses = [pathways.n_synapses(network, p) for p in network.pathways]
        self._newest = [0] * len(self._synapses)
        self._asleep = network.asleep_until
        self._pulses: Pulses | None = network.find(Memory).pulses
        self._traces = -1
        self._dopamine, self._weighed = network.tables["dopamine"].copy(), self._step
        self._told: set[tuple[int, str]] = set()

    def found(self) -> list[Message]:
        """What happened since the last call, as events without the number of the brain.

        Returns
        -------
        list of dict
            In no order.
        """
        events = [*self._neurons(), *self._wiring(), *self._sleep(), *self._memory()]
        events += self._rewards()
        now = self.network.time
        self._step = self.network.step_count
        return [{"type": "event", "time": now, **event} for event in events]

    # -- neurons

    def _neurons(self) -> list[Message]:
        network, tables = self.network, self.network.tables
        counts = [network.count(r.record) for r in self.picture.regions]
        same = len(tables["alive"]) == len(self._alive) and counts == self._counts
        died = not same or (tables["alive"] != self._alive).any()
        if not died and not (tables["born"] != self._born).any():
            return []
        if len(tables["alive"]) != len(self._alive):
            # Slots moved: the picture is made anew.
            self._alive, self._born = tables["alive"].copy(), tables["born"].copy()
            self._counts = counts
            return []
        found: list[Message] = []
        for k, region in enumerate(self.picture.regions):
            slots = network.slice(region.record)
            now, before = tables["alive"][slots], self._alive[slots]
            anew = tables["born"][slots] != self._born[slots]
            died = np.flatnonzero((before == 1) & ((now == 0) | anew))
            born = np.flatnonzero((now == 1) & ((before == 0) | anew))
            if len(died):
                found.append(
                    {"event": "died", "region": region.record.name, "slots": died.tolist()}
                )
            if len(born):
                found.append(self._birth(k, born, counts[k]))
        np.copyto(self._alive, tables["alive"])
        np.copyto(self._born, tables["born"])
        self._counts = counts
        return found

    def _birth(self, k: int, born: NDArray[np.int64], count: int) -> Message:
        region = self.picture.regions[k]
        kinds = self.network.slots(region.record, "neuron_type")[born]
        event: Message = {
            "event": "born",
            "region": region.record.name,
            "slots": born.tolist(),
            "excitatory": (kinds == NeuronType.EXCITATORY).tolist(),
            "count": count,
        }
        if region.per_point == 1 and len(self._alive) <= 50 * MOST_POINTS:
            places = [region.places(int(slot), 1) for slot in born]
            event["positions"] = encoded(np.concatenate(places))
        return event

    # -- synapses

    def _wiring(self) -> list[Message]:
        network = self.network
        if network.structure_version == self._structure:
            return []
        self._structure = network.structure_version
        if len(network.pathways) != len(self._synapses):
            self._synapses = [pathways.n_synapses(network, p) for p in network.pathways]
            self._newest = [0] * len(self._synapses)
            return []
        found: list[Message] = []
        for k, pathway in enumerate(network.pathways):
            n = pathways.n_synapses(network, pathway)
            added, pairs = self._sprouted(k, pathway)
            pruned = self._synapses[k] + added - n
            self._synapses[k] = n
            if added or pruned > 0:
                event = {"event": "synapses", "label": pathway.label, "added": added}
                found.append({**event, "pruned": max(pruned, 0), "n": n, "pairs": pairs})
        return found

    def _sprouted(self, k: int, pathway: PathwayRecord) -> tuple[int, list[list[int]]]:
        """How many synapses are new, and some of them as pairs."""
        network = self.network
        known, self._newest[k] = self._newest[k], 0
        if int(network.tables["youngest"][pathway.index]) < self._step:
            return 0, []
        block = network.block(pathway)
        births = layout.column(block, "birth")
        young = np.flatnonzero(births >= max(self._step, 1))
        # Those of the last look's own step were told then.
        added = max(0, len(young) - known)
        self._newest[k] = int((births[young] == network.step_count).sum())
        later = young[births[young] > self._step]
        shown = (later if len(later) else young)[: min(added, MOST_PAIRS)]
        width = int(network.tables["delay_count"][pathway.index])
        pre = (np.searchsorted(block["segment"], shown, side="right") - 1) // width
        post = block["post"][shown] - network.first(network.regions[pathway.target])
        return added, [[int(a), int(b)] for a, b in zip(pre, post, strict=True)]

    # -- sleep and memory

    def _sleep(self) -> list[Message]:
        until = self.network.asleep_until
        before, self._asleep = self._asleep, until
        if before is None and until is not None:
            return [{"event": "asleep", "until": until * self.network.dt}]
        if before is not None and until is None:
            report = self.network.find(Memory).last_sleep
            replays = None if report is None else len(report.replays)
            return [{"event": "awake", "replays": replays}]
        return []

    def _memory(self) -> list[Message]:
        memory = self.network.find(Memory)
        found: list[Message] = []
        pulses = memory.pulses
        if pulses is not None and pulses is not self._pulses:
            who = np.unique(pulses.neurons)[:MOST_SLOTS]
            found.append({"event": "replay", "region": pulses.region, "neurons": who.tolist()})
        self._pulses = pulses
        if len(memory.traces) != self._traces:
            self._traces = len(memory.traces)
            found.append({"event": "traces", "traces": traces(memory)})
        return found

    # -- reward

    def _rewards(self) -> list[Message]:
        """Jumps of dopamine that no decay explains."""
        network, tables = self.network, self.network.tables
        now, before = tables["dopamine"], self._dopamine
        steps = network.step_count - self._weighed
        self.rewarded()
        if len(now) != len(before) or not (np.abs(now) > LEAST_JUMP).any():
            return []
        kept = before * np.exp(-steps * network.dt / tables["tau_dopamine"])
        rise = now - kept
        # What spikes of a region release, and what a critic does, changes all the time.
        released = tables["release_kind"].any() or len(tables["critic_region"])
        jumped = [] if released else np.flatnonzero(np.abs(rise) > LEAST_JUMP).tolist()
        return [
            {
                "event": "reward",
                "target": network.pathways[p].label,
                "amount": round(float(rise[p]), 3),
                "by": "program",
            }
            for p in jumped
        ]

    def rewarded(self) -> None:
        """Take dopamine as it is now: whoever rewarded from the page has told it already."""
        self._dopamine = self.network.tables["dopamine"].copy()
        self._weighed = self.network.step_count

    def troubled(self) -> list[Message]:
        """Regions that are in trouble and were not before, as events."""
        found: list[Message] = []
        for key, text in troubles(self.network).items():
            if key not in self._told:
                self._told.add(key)
                found.append(
                    {"type": "event", "time": self.network.time, "event": "trouble", "text": text}
                )
        return found


def traces(memory: Memory) -> list[Message]:
    """The traces of a memory, the strongest first.

    Parameters
    ----------
    memory : Memory
        Of a brain.

    Returns
    -------
    list of dict
        `MOST_TRACES` at most.
    """
    return [
        {"region": t.region, "n": len(t.neurons), "strength": float(t.strength)}
        for t in memory.traces[:MOST_TRACES]
    ]
