"""How much slower a brain runs with a live page: none, made but not open, open.

One brain runs in short turns, in an order that rotates: without a page, with one that nobody has
open, with one that is open (in another process, as a browser is). So load of the machine that comes
and goes meets all three alike, and all have the same memory; the median of the rounds counts. A
copy that never had a page ends with the same fingerprint.
"""

from __future__ import annotations

import contextlib
import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np

from benchmarks.speed.measure import median
from engram import Brain, RegionType
from engram.live.page import LivePage

KINDS = ("none", "closed", "open")
MOST_LOST = 0.05

CLIENT = """
import sys
from websockets.exceptions import ConnectionClosed
from websockets.sync.client import connect
with connect(f"ws://127.0.0.1:{sys.argv[1]}/ws", max_size=None, proxy=None) as page:
    print("open", flush=True)
    try:
        while True:
            page.recv()
    except ConnectionClosed:
        pass
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


WORKLOADS = {"usage": Workload(usage, 20_000, 10_000), "large": Workload(large, 2_000, 300)}


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


def turn(brain: Brain, page: LivePage, kind: str, steps: int) -> dict[str, float]:
    """Run for some steps with a page or without.

    Parameters
    ----------
    brain : Brain
        Which.
    page : LivePage
        Its page, which is detached.
    kind : str
        Of `KINDS`.
    steps : int
        How many.

    Returns
    -------
    dict of float
        As of `timed`.
    """
    if kind == "none":
        brain.run(1, progress=False)
        return timed(brain, steps - 1)
    page.attach()
    page.pace.watched = int(kind == "open")
    # What came in the pause between two turns is no part of it.
    brain.run(1, progress=False)
    try:
        return timed(brain, steps - 1)
    finally:
        page.detach()


@contextlib.contextmanager
def looking(page: LivePage) -> Iterator[None]:
    """Keep a page open that hears and sees everything, until the server ends.

    Parameters
    ----------
    page : LivePage
        Which.

    Yields
    ------
    None
        When it is open.
    """
    command = [sys.executable, "-c", CLIENT, str(page.port)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as client:
        assert client.stdout is not None
        client.stdout.readline()
        try:
            yield
        finally:
            page.close()
            client.communicate()


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
        Ratios to the brain without a page, as medians with their quartiles, and all rounds.
    """
    workload = WORKLOADS[name]
    brain = workload.build()
    brain.threads = 1
    brain.run(workload.warm, progress=False)
    twin = brain.copy()
    rows: list[dict[str, dict[str, float]]] = []
    page = LivePage(brain, run=False)
    with looking(page):
        shown = Counted(page)
        brain.run(workload.steps, progress=False)
        shown.clear()
        page.detach()
        meter = Meter(page)
        for k in range(rounds):
            order = [KINDS[(k + i) % len(KINDS)] for i in range(len(KINDS))]
            rows.append({kind: turn(brain, page, kind, workload.steps) for kind in order})
            if (k + 1) % 10 == 0:
                say(f"{name}: {k + 1} of {rounds} rounds; {described(ratios(rows))}")
        frames, size = shown.frames, shown.size
    twin.run(workload.steps * (1 + rounds * len(KINDS)), progress=False)
    same = brain.fingerprint() == twin.fingerprint()
    found = ratios(rows)
    lost = found["open"]["cpu"]["median"] - 1.0
    return {
        "workload": name,
        "neurons": sum(r.n_alive_neurons for r in brain.regions.values()),
        "synapses": sum(p.n_synapses for p in brain.projections),
        "steps_a_turn": workload.steps,
        "rounds": rounds,
        "ratios": found,
        "share_of_looking": {
            kind: meter.spent[kind] / sum(row[kind]["cpu"] for row in rows) for kind in KINDS[1:]
        },
        "lost": lost,
        "most_lost": MOST_LOST,
        "frames_a_second": frames / sum(row["open"]["wall"] for row in rows),
        "bytes_a_frame": size / max(frames, 1),
        "steps_a_second": workload.steps / median([row["none"]["wall"] for row in rows]),
        "load": os.getloadavg()[0],
        "same_fingerprints": same,
        "passed": lost <= MOST_LOST and same,
    }


class Meter:
    """Adds up the CPU time of the brain's thread that goes into looking between two steps.

    Beside other programs the ratios of whole turns scatter more than what is asked for; this does
    not. It leaves out what the page costs without looking: other contents of caches.

    Parameters
    ----------
    page : LivePage
        Which.
    """

    def __init__(self, page: LivePage) -> None:
        self.spent = dict.fromkeys(KINDS, 0.0)
        self._page, self._look = page, page.look
        vars(page)["look"] = self._timed

    def _timed(self) -> int:
        began = time.thread_time()
        try:
            return self._look()
        finally:
            kind = "open" if self._page.pace.watched else "closed"
            self.spent[kind] += time.thread_time() - began


class Counted:
    """Counts the frames of a page.

    Parameters
    ----------
    page : LivePage
        Which.
    """

    def __init__(self, page: LivePage) -> None:
        self.frames = self.size = 0
        page.hub.listeners.append(self)

    def clear(self) -> None:
        """Count anew."""
        self.frames = self.size = 0

    def text(self, text: str) -> None:
        """Leave texts out."""

    def frame(self, frame: bytes) -> None:
        """Count one more."""
        self.frames, self.size = self.frames + 1, self.size + len(frame)


Ratios = dict[str, dict[str, dict[str, float]]]


def ratios(rows: list[dict[str, dict[str, float]]]) -> Ratios:
    """Times over those without a page: median and quartiles, by kind and clock.

    Parameters
    ----------
    rows : list of dict
        Rounds.

    Returns
    -------
    dict
        By kind, clock, figure.
    """
    found: Ratios = {}
    for kind in KINDS[1:]:
        found[kind] = {}
        for clock in ("wall", "cpu"):
            each = np.array([row[kind][clock] / row["none"][clock] for row in rows])
            low, middle, high = (float(q) for q in np.percentile(each, [25, 50, 75]))
            # Of the median, by its normal approximation.
            error = 1.253 * float(each.std()) / len(each) ** 0.5
            quartiles = {"lower_quartile": low, "upper_quartile": high}
            found[kind][clock] = {"median": middle, **quartiles, "standard_error": error}
    return found


def described(found: Ratios) -> str:
    """Ratios in a line.

    Parameters
    ----------
    found : dict
        As of `ratios`.

    Returns
    -------
    str
        For people.
    """
    return "; ".join(
        f"{kind} {clock} x {figures['median']:.3f} +- {figures['standard_error']:.3f}"
        for kind, clocks in found.items()
        for clock, figures in clocks.items()
    )
