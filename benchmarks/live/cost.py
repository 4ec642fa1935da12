"""How much slower a brain runs with a live page: none, made but not open, open.

Three copies of one brain run the same steps in turns, in an order that rotates. So machine load
that comes and goes meets all three alike, and what they do is the same to the last bit, which is
checked.
"""

from __future__ import annotations

import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from benchmarks.speed.measure import median
from engram import Brain, RegionType
from engram.live.page import LivePage

KINDS = ("none", "closed", "open")
MOST_LOST, LEAST_FRAMES = 0.05, 25.0
STEADY = 0.5
"""Seconds of frames before anything is measured."""

CLIENT = """
import sys, time
from websockets.exceptions import ConnectionClosed
from websockets.sync.client import connect
with connect(f"ws://127.0.0.1:{sys.argv[1]}/ws", max_size=None) as page:
    print("open", flush=True)
    frames = size = 0
    try:
        while True:
            got = page.recv()
            if isinstance(got, bytes):
                if not frames:
                    first = time.monotonic()
                last = time.monotonic()
                frames, size = frames + 1, size + len(got)
    except ConnectionClosed:
        print((frames - 1) / max(last - first, 1e-9), size / frames)
"""
"""A page without a picture, in a process of its own as a browser is."""


def usage() -> Brain:
    """The usage example of the API."""
    brain = Brain(dt=1.0, seed=42)
    brain.add_region("input", RegionType.SENSORY, n_neurons=50)
    brain.add_region("cortex", RegionType.ASSOCIATION, n_neurons=200)
    brain.add_region("output", RegionType.MOTOR, n_neurons=10)
    brain.connect_regions("input", "cortex", density=0.1)
    brain.connect_regions("cortex", "output", density=0.1)
    brain.regions["cortex"].enable_morphology()
    brain.hold("input", [0.8, 0.3, 0.5])
    return brain


def large() -> Brain:
    """10,000 neurons and some 800,000 synapses, all that learn, with everything on."""
    brain = Brain(dt=1.0, seed=1)
    brain.add_region("input", RegionType.SENSORY, n_neurons=2000, connectivity=0.005)
    brain.add_region("cortex", RegionType.ASSOCIATION, n_neurons=8000, connectivity=0.01)
    brain.connect_regions("input", "cortex", density=0.01)
    brain.hold("input", [0.8, 0.3, 0.5])
    return brain


@dataclass(frozen=True)
class Workload:
    """A brain, and how long it runs in a turn.

    Parameters
    ----------
    build : callable
        Makes it.
    warm, steps : int
        Steps before, and of a turn.
    """

    build: Callable[[], Brain]
    warm: int
    steps: int


WORKLOADS = {"usage": Workload(usage, 20_000, 60_000), "large": Workload(large, 2_000, 2_500)}


def turn(brain: Brain, steps: int, kind: str) -> dict[str, float]:
    """Run for some steps, with a page or without.

    Parameters
    ----------
    brain : Brain
        Which.
    steps : int
        How many.
    kind : str
        Of `KINDS`.

    Returns
    -------
    dict of float
        Wall and CPU time of the thread that runs it, s; frames a second and bytes a frame.
    """
    if kind == "none":
        return timed(brain, steps)
    with LivePage(brain, run=False) as page:
        if kind == "closed":
            return timed(brain, steps)
        command = [sys.executable, "-c", CLIENT, str(page.port)]
        with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as client:
            assert client.stdout is not None
            client.stdout.readline()
            found = timed(brain, steps)
            page.close()
            frames, size = map(float, client.stdout.readline().split())
    return {**found, "frames": frames, "bytes": size}


def timed(brain: Brain, steps: int) -> dict[str, float]:
    """Run for some steps.

    Parameters
    ----------
    brain : Brain
        Which.
    steps : int
        How many.

    Returns
    -------
    dict of float
        Wall and CPU time of this thread, s.
    """
    wall, cpu = time.perf_counter(), time.thread_time()
    brain.run(steps, progress=False)
    return {"wall": time.perf_counter() - wall, "cpu": time.thread_time() - cpu}


def measure(name: str, rounds: int, say: Callable[[str], object]) -> dict[str, Any]:
    """Measure a workload.

    Parameters
    ----------
    name : str
        Of `WORKLOADS`.
    rounds : int
        How many turns each gets.
    say : callable
        Told how it goes.

    Returns
    -------
    dict
        Ratios to the brain without a page, by round and as medians.
    """
    workload = WORKLOADS[name]
    first = workload.build()
    first.threads = 1
    first.run(workload.warm, progress=False)
    brains = {kind: first.copy() for kind in KINDS}
    rows: list[dict[str, dict[str, float]]] = []
    for k in range(rounds):
        order = [KINDS[(k + i) % len(KINDS)] for i in range(len(KINDS))]
        found = {kind: turn(brains[kind], workload.steps, kind) for kind in order}
        rows.append(found)
        say(f"{name}: round {k + 1} of {rounds}, " + described(rows[-1:]))
    prints = {brain.fingerprint() for brain in brains.values()}
    lost = {
        kind: {
            clock: median([row[kind][clock] / row["none"][clock] for row in rows]) - 1.0
            for clock in ("wall", "cpu")
        }
        for kind in KINDS[1:]
    }
    frames = median([row["open"]["frames"] for row in rows])
    return {
        "workload": name,
        "neurons": sum(r.n_alive_neurons for r in first.regions.values()),
        "synapses": sum(p.n_synapses for p in first.projections),
        "steps": workload.steps,
        "lost": lost,
        "most_lost": MOST_LOST,
        "frames_a_second": frames,
        "bytes_a_frame": median([row["open"]["bytes"] for row in rows]),
        "steps_a_second": workload.steps / median([row["none"]["wall"] for row in rows]),
        "same_fingerprints": len(prints) == 1,
        "passed": lost["open"]["cpu"] <= MOST_LOST and len(prints) == 1,
        "rounds": rows,
    }


def described(rows: list[dict[str, dict[str, float]]]) -> str:
    """Ratios of some rounds in a line.

    Parameters
    ----------
    rows : list of dict
        Rounds.

    Returns
    -------
    str
        For people.
    """
    parts = []
    for kind in KINDS[1:]:
        ratios = {
            clock: median([row[kind][clock] / row["none"][clock] for row in rows])
            for clock in ("wall", "cpu")
        }
        parts.append(f"{kind}: wall x {ratios['wall']:.3f}, CPU x {ratios['cpu']:.3f}")
    return "; ".join([*parts, f"{rows[-1]['open']['frames']:.1f} frames/s"])
