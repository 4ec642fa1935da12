"""``engram doctor``: versions, cache, threads, what else is there, and a self test."""

from __future__ import annotations

import importlib.metadata
import os
import platform
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from importlib.util import find_spec
from pathlib import Path

from engram._version import __version__
from engram.kernels.cache import cache_folder

EXTRAS = {
    "viz": ("matplotlib",),
    "io": ("pandas", "pyarrow", "scipy"),
    "learn": ("sklearn", "scipy"),
    "agents": ("gymnasium", "minigrid"),
    "sweep": ("optuna",),
    "dask": ("distributed",),
    "live": ("starlette", "uvicorn", "websockets"),
    "notebook": ("anywidget",),
}


def versions() -> Iterator[tuple[str, str]]:
    """Of Python, the machine, and what Engram computes with.

    Yields
    ------
    name, version : str
        For a table.
    """
    yield "engram", __version__
    yield "python", f"{platform.python_version()} ({sys.executable})"
    yield "machine", f"{platform.system()} {platform.machine()}, {os.cpu_count()} cores"
    for name in ("numpy", "numba", "llvmlite"):
        yield name, importlib.metadata.version(name)


def surroundings() -> Iterator[tuple[str, str]]:
    """Cache, threads, extras, and what Engram does not use.

    Yields
    ------
    name, state : str
        For a table.
    """
    folder = cache_folder()
    if folder is None:
        yield "cache", "none: machine code is compiled anew by every process"
    else:
        sizes = [path.stat().st_size for path in folder.rglob("*") if path.is_file()]
        yield "cache", f"{folder}, {len(sizes)} files, {sum(sizes) / 2**20:.0f} MiB"
    chosen = os.environ.get("ENGRAM_THREADS")
    yield "threads", f"{chosen} (ENGRAM_THREADS)" if chosen else "as many as pay"
    for extra, modules in EXTRAS.items():
        missing = [name for name in modules if find_spec(name) is None]
        yield f"extra {extra}", f"no: {', '.join(missing)} missing" if missing else "yes"
    yield "MPI", "not used by Engram; clusters: engram.sweep with Dask"
    yield "GPU", "not used by Engram: device='cuda' raises an error"


def self_test() -> Iterator[tuple[str, bool]]:
    """Small checks of what everything rests on, with the time they take.

    Yields
    ------
    what : str
        Was checked.
    right : bool
        Whether it holds.
    """
    from engram import Brain, load_brain, save_brain

    def grown() -> Brain:
        brain = Brain(seed=1)
        brain.add_region("eye", "sensory", n_neurons=30)
        brain.add_region("cortex", n_neurons=40)
        brain.connect_regions("eye", "cortex", density=0.3)
        brain.present("eye", [0.9, 0.2], steps=300, rest=100)
        return brain

    def timed(what: str, check: Callable[[], bool]) -> tuple[str, bool]:
        begun = time.perf_counter()
        right = check()
        return f"{what} ({time.perf_counter() - begun:.1f} s)", right

    made: list[Brain] = []

    def lives() -> bool:
        made.append(grown())
        return bool(made[0].regions["cortex"].total_spikes.sum() > 0)

    def carries_on() -> bool:
        with tempfile.TemporaryDirectory() as folder:
            twin = load_brain(save_brain(made[0], Path(folder) / "brain"))
        made[0].run(300)
        twin.run(300)
        return made[0].fingerprint() == twin.fingerprint()

    yield timed("a brain fires (the first time, it is compiled)", lives)
    yield timed(
        "the same seed, the same life", lambda: grown().fingerprint() == made[0].fingerprint()
    )
    yield timed("saved and loaded, it goes on to the same future", carries_on)
