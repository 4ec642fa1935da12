"""Interrupts while a brain runs and changes: ``python -m benchmarks.reliability.interrupts``.

A SIGINT is raised at a line of Engram that is drawn at random, while a brain runs (with growth on)
or its structure changes; and real ones come from a timer at random moments. After each of them the
brain has to be whole (`Brain.check`), to equal its copy that was saved and loaded, and to have the
same future. Batches run in processes of their own, so that a crash is counted and does not end the
benchmark.
"""

from __future__ import annotations

import argparse
import contextlib
import json
import os
import signal
import sys
import tempfile
import threading
from collections import Counter
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from types import FrameType
from typing import Any

import numpy as np

import engram
from benchmarks.provenance import provenance
from engram import (
    Brain,
    RegionType,
    SerotoninRelease,
    ShortTermPlasticity,
    Uniform,
    load_brain,
    save_brain,
)

RESULTS = Path(__file__).parents[1] / "results" / "interrupts.json"
PACKAGE = str(Path(engram.__file__).parent)
BATCH = 50
"""Interrupts of a process."""
LONGEST = 600
"""Seconds after which a process is given up."""
AFTER = 60
"""Steps of the futures that are compared."""

Change = Callable[[Brain], Any]


def build(seed: int = 3) -> Brain:
    """A small brain with everything that grows and learns."""
    brain = Brain(seed=seed)
    brain.add_region("a", RegionType.SENSORY, 20, max_neurons=30, background=8.0)
    brain.add_region("b", RegionType.ASSOCIATION, 20, max_neurons=30)
    brain.connect_regions("a", "b", 0.4)
    growth = brain.growth
    growth.growth_interval = 50.0
    growth.neurogenesis_rate = 0.5
    growth.apoptosis_age = 150.0
    growth.pruning_age = growth.pruning_unused = 20.0
    growth.pruning_weight = 0.5
    brain.homeostasis.check_interval = 70.0
    brain.run(160, progress=False)
    return brain


def show(brain: Brain) -> None:
    """Several stimuli, one after the other."""
    inputs = np.full((4, brain.regions["a"].n_neurons), 9.0)
    brain.present_many("a", inputs, 8, 2, read="b")


CHANGES: dict[str, Change] = {
    "run": lambda b: b.run(120, progress=False),
    "add_region": lambda b: b.add_region("c", RegionType.MOTOR, 5, max_neurons=8),
    "remove_region": lambda b: b.remove_region("b"),
    "rename_region": lambda b: b.rename_region("b", "z"),
    "connect_regions": lambda b: b.connect_regions("b", "a", 0.2),
    "remove_projection": lambda b: b.remove_projection(b.projections[2]),
    "add_synapses": lambda b: b.projections[1].add_synapses(np.arange(5), np.arange(5), 0.1),
    "remove_synapses": lambda b: b.projections[2].remove_synapses(np.arange(9)),
    "rule": lambda b: setattr(b.projections[2], "rule", "stdp"),
    "modulation": lambda b: setattr(b.projections[2], "modulation", SerotoninRelease()),
    "stp": lambda b: setattr(b.projections[2], "stp", ShortTermPlasticity()),
    "placement": lambda b: setattr(b.projections[2], "placement", "soma"),
    "weight": lambda b: setattr(b.projections[2], "weight", 0.3),
    "w_max": lambda b: setattr(b.projections[2], "w_max", 2.0),
    "delay": lambda b: setattr(b.projections[2], "delay", 4.0),
    "background": lambda b: setattr(b.regions["a"], "background", Uniform(2.0, 8.0)),
    "kill_neurons": lambda b: b.regions["a"].kill_neurons([2, 5]),
    "enable_morphology": lambda b: b.regions["b"].enable_morphology(),
    "grow": lambda b: b.growth.grow(),
    "sleep": lambda b: b.sleep(120.0, progress=False),
    "present_many": show,
}


def interrupted(act: Callable[[], Any], at: int) -> tuple[bool, int]:
    """Do something with a SIGINT at a line of Engram's: whether it came through, and the lines."""
    seen = 0

    def trace(frame: FrameType, event: str, _argument: Any) -> Any:
        nonlocal seen
        if not frame.f_code.co_filename.startswith(PACKAGE):
            return None
        if event == "line":
            seen += 1
            if seen == at:
                sys.settrace(None)
                signal.raise_signal(signal.SIGINT)
        return trace

    sys.settrace(trace)
    try:
        act()
    except KeyboardInterrupt:
        return True, seen
    finally:
        sys.settrace(None)
    return False, seen


def verdict(brain: Brain, path: Path) -> str:
    """What an interrupt has done to a brain."""
    try:
        brain.check()
        if {name: r.name for name, r in brain.regions.items()} != {n: n for n in brain.regions}:
            return "broken: names"
        if [r.record.name for r in brain.regions.values()] != list(brain.network.regions):
            return "broken: views"
    except Exception as error:
        return f"broken: {error}"[:200]
    try:
        twin = load_brain(save_brain(brain, path))
    except Exception as error:
        return f"unloadable: {type(error).__name__}: {error}"[:200]
    if twin.fingerprint() != brain.fingerprint():
        return "different: as loaded"
    for b in (brain, twin):
        b.run(AFTER, progress=False)
    return "fine" if twin.fingerprint() == brain.fingerprint() else "different: later"


def at_lines(seed: int, n: int) -> Counter[str]:
    """Interrupts at lines that are drawn at random, of one change after the other."""
    rng, base = np.random.default_rng(seed), build()
    lines = {name: interrupted(partial(c, base.copy()), 0)[1] for name, c in CHANGES.items()}
    found: Counter[str] = Counter()
    names = list(CHANGES)
    with tempfile.TemporaryDirectory() as folder:
        for k in range(n):
            name = names[(seed * n + k) % len(names)]
            brain = base.copy()
            at = int(rng.integers(1, lines[name] + 1))
            came, _ = interrupted(partial(CHANGES[name], brain), at)
            found[f"{name}: {verdict(brain, Path(folder) / 'b')}"] += 1
            found["came through"] += came
    return found


def at_moments(seed: int, n: int) -> Counter[str]:
    """Real signals, from a timer, while one change follows the other."""
    rng, found = np.random.default_rng(seed), Counter[str]()
    with tempfile.TemporaryDirectory() as folder:
        for _ in range(n):
            brain = build(int(rng.integers(1, 1000)))
            todo = list(CHANGES.values())
            timer = threading.Timer(
                float(rng.uniform(0.0, 0.15)), os.kill, (os.getpid(), signal.SIGINT)
            )
            try:
                timer.start()
                while True:
                    change = todo[int(rng.integers(len(todo)))]
                    with contextlib.suppress(engram.EngramError, KeyError, IndexError):
                        change(brain)
                    if not {"a", "b"} <= set(brain.regions) or len(brain.projections) < 3:
                        brain = build(int(rng.integers(1, 1000)))
            except KeyboardInterrupt:
                found["came through"] += 1
            timer.join()
            if brain.asleep:
                brain.wake()
            found[f"real: {verdict(brain, Path(folder) / 'b')}"] += 1
    return found


def elsewhere(work: Callable[[int, int], Counter[str]], seed: int, n: int) -> Counter[str]:
    """Do a batch in a process of its own; what becomes of it."""
    reader, writer = os.pipe()
    child = os.fork()
    if child == 0:
        os.close(reader)
        signal.signal(signal.SIGINT, signal.default_int_handler)
        signal.alarm(LONGEST)
        code = 1
        try:
            with os.fdopen(writer, "w") as stream:
                json.dump(work(seed, n), stream)
            code = 0
        except BaseException as error:
            print(f"batch {seed}: {type(error).__name__}: {error}", file=sys.stderr)
        os._exit(code)
    os.close(writer)
    with os.fdopen(reader) as stream:
        told = stream.read()
    code = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
    return Counter(json.loads(told)) if code == 0 else Counter({f"crash: exit code {code}": 1})


def batches(n: int) -> Iterator[int]:
    """Sizes of batches that make up n."""
    while n > 0:
        yield min(n, BATCH)
        n -= BATCH


def study(lines: int, moments: int) -> dict[str, Any]:
    """All interrupts, and how many of them did harm, by kind."""
    found: Counter[str] = Counter()
    done = 0
    for work, n in ((at_lines, lines), (at_moments, moments)):
        for seed, size in enumerate(batches(n)):
            found += elsewhere(work, seed, size)
            done += size
            print(f"{work.__name__}: {done} of {lines + moments}", file=sys.stderr)
    harm = {
        kind: sum(n for text, n in found.items() if kind in text)
        for kind in ("crash", "broken", "unloadable", "different")
    }
    return {
        "lines": lines,
        "moments": moments,
        **harm,
        "wanted": dict.fromkeys(harm, 0),
        "came_through": found.pop("came through", 0),
        "outcomes": dict(sorted(found.items())),
    }


def main() -> None:
    """Interrupt, print what came of it, write the results."""
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.reliability.interrupts", description=__doc__
    )
    parser.add_argument("--lines", type=int, default=2000)
    parser.add_argument("--moments", type=int, default=300)
    parser.add_argument("--output", type=Path, default=RESULTS)
    args = parser.parse_args()
    origin = provenance(__file__)
    # Compiled before any process is forked.
    warm = build()
    for change in CHANGES.values():
        change(warm.copy())
    results = {"provenance": origin, **study(args.lines, args.moments)}
    print(json.dumps(results, indent=2))
    args.output.write_text(json.dumps(results, indent=2) + "\n")


if __name__ == "__main__":
    main()
