"""How long saving, loading and a snapshot take, and how large a file is."""

from __future__ import annotations

import io
import os
import statistics
import time
import zipfile
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np

from benchmarks.speed.measure import Row
from engram import Brain, RegionType, ShortTermPlasticity, Uniform, load_brain, save_brain

SYNAPSES = 1_000_000


def brain_of(
    stp: ShortTermPlasticity | None = None, rule: str = "reward_stdp", morphology: bool = False
) -> Brain:
    """1,000,000 plastic synapses between two regions of 10,000 neurons, delays of 1-20 ms."""
    brain = Brain(seed=1)
    for name in ("a", "b"):
        brain.add_region(
            name, RegionType.ASSOCIATION, 10_000, 0.0, max_neurons=10_000, noise=6.0, rule=None
        )
    brain.connect_regions(
        "a", "b", wiring="in_degree", in_degree=100, delays=Uniform(1.0, 20.0), rule=rule, stp=stp
    )
    if morphology:
        brain.regions["b"].enable_morphology()
    brain.run(300)
    assert brain.projections[-1].n_synapses == SYNAPSES
    return brain


def _seconds(action: Callable[[], object]) -> tuple[float, float]:
    wall, cpu = time.perf_counter(), time.process_time()
    action()
    return time.perf_counter() - wall, time.process_time() - cpu


def _row(
    study: str, what: str, times: list[tuple[float, float]], target: float | None, note: str = ""
) -> Row:
    walls = [w for w, _ in times]
    cpu = statistics.median(c for _, c in times)
    return Row(
        study,
        what,
        statistics.median(walls),
        "s",
        target,
        repeats=walls,
        note=f"{cpu:.3f} s of it CPU" + (f"; {note}" if note else ""),
        extra={"cpu_s": cpu},
    )


def times(folder: Path, repeats: int) -> Iterator[Row]:
    """Saving and loading, compressed and not, beside NumPy writing the same bytes."""
    brain = brain_of()
    path = folder / "brain.engram"
    save_brain(brain, path, compress=False)
    with zipfile.ZipFile(path) as archive:
        parts = [archive.read(name) for name in archive.namelist()]
    arrays = [np.load(io.BytesIO(part)) for part in parts if part.startswith(b"\x93NUMPY")]

    def raw() -> None:
        with open(folder / "raw.npy", "wb") as stream:
            for array in arrays:
                np.save(stream, array)
            stream.flush()
            os.fsync(stream.fileno())

    found: dict[str, list[tuple[float, float]]] = {}

    def measure(name: str, action: Callable[[], object]) -> None:
        found.setdefault(name, []).append(_seconds(action))

    load_brain(path)
    for _ in range(repeats):
        measure("raw", raw)
        measure("save", lambda: save_brain(brain, path, compress=False))
        measure("load", lambda: load_brain(path))
        measure("save compressed", lambda: save_brain(brain, folder / "small"))
        measure("load compressed", lambda: load_brain(folder / "small"))
    size = path.stat().st_size
    yield _row("save", "uncompressed", found["save"], 1.0, f"{size / 2**20:.1f} MiB")
    yield _row(
        "save",
        "compressed",
        found["save compressed"],
        1.0,
        f"{(folder / 'small.engram').stat().st_size / 2**20:.1f} MiB",
    )
    yield _row("save", "the same bytes by NumPy", found["raw"], None, "np.save and fsync")
    ratios = [s[0] / r[0] for s, r in zip(found["save"], found["raw"], strict=True)]
    yield Row("save", "uncompressed, to NumPy", statistics.median(ratios), "x", 3.0, repeats=ratios)
    yield _row("load", "uncompressed", found["load"], 0.5)
    yield _row("load", "compressed", found["load compressed"], None)


def sizes(folder: Path) -> Iterator[Row]:
    """Bytes that a plastic synapse takes in an uncompressed file: all arrays of projections."""
    variants = {
        "reward-modulated STDP": brain_of(),
        "STDP": brain_of(rule="stdp"),
        "reward STDP, short-term plasticity": brain_of(ShortTermPlasticity()),
        "the same on dendrites": brain_of(ShortTermPlasticity(), morphology=True),
    }
    for what, brain in variants.items():
        path = save_brain(brain, folder / "size", compress=False)
        with zipfile.ZipFile(path) as archive:
            parts = [i.file_size for i in archive.infolist() if i.filename.startswith("projection")]
        small = save_brain(brain, folder / "size2").stat().st_size
        note = (
            f"whole file, 20,000 neurons included: {path.stat().st_size / SYNAPSES:.1f} B, "
            f"compressed {small / SYNAPSES:.1f} B"
        )
        yield Row("size", what, sum(parts) / SYNAPSES, "B", 24.0, note=note)


def pauses(folder: Path, repeats: int) -> Iterator[Row]:
    """How long a snapshot stops the run, beside copying all arrays of the brain.

    Judged by the time the run's own thread was at work: on a shared machine, the wall time of some
    milliseconds says more about others. Both are reported.
    """
    brain = brain_of()
    stops, copies, alone, during = [], [], [], []

    def own(action: Callable[[], object]) -> tuple[float, float]:
        wall, thread = time.perf_counter(), time.thread_time()
        action()
        return time.perf_counter() - wall, time.thread_time() - thread

    with brain.checkpoint_every(folder / "every", steps=1 << 29, keep=2) as checkpointer:
        for _ in range(repeats):
            alone.append(own(lambda: brain.run(20))[0] / 20)
            copies.append(own(brain.network.tables.copy))
            stops.append(own(checkpointer.take))
            during.append(own(lambda: brain.run(20))[0] / 20)
            checkpointer.wait()
    for what, found in (("stops the run for", stops), ("copying all arrays", copies)):
        walls, threads = [w for w, _ in found], [t for _, t in found]
        yield Row("snapshot", what, statistics.median(walls), "s", repeats=walls, note="wall time")
        yield Row(
            "snapshot", what, statistics.median(threads), "s", repeats=threads, note="at work"
        )
    ratios = [a[1] / b[1] for a, b in zip(stops, copies, strict=True)]
    yield Row("snapshot", "stop, to copying", statistics.median(ratios), "x", 1.0, repeats=ratios)
    slower = [a / b for a, b in zip(during, alone, strict=True)]
    note = "to a step before; the writer needs a core of its own"
    yield Row(
        "snapshot",
        "a step while it is written",
        statistics.median(slower),
        "x",
        repeats=slower,
        note=note,
    )
