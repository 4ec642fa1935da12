"""The scaling benchmark: ``python -m benchmarks.scale``.

Events against size and kind of synapse, one thread and two in turns, memory of a synapse, peak of
building, and a bare loop that streams as many synapses beside them. CPU seconds for one thread,
wall clock for two, medians. The networks are in `networks.py`; each case is a process of its own.
"""

from __future__ import annotations

import argparse
import json
import statistics
import subprocess
import sys
import threading
import time
from pathlib import Path
from typing import Any

from benchmarks.provenance import provenance
from benchmarks.scale.networks import RULES, events, network, spikes
from benchmarks.scale.stream import stream
from benchmarks.speed.measure import ROOT

RESULT = Path(__file__).resolve().parents[1] / "results" / "scale.json"
SIZES = ((1_000, 100), (1_000, 1_000), (10_000, 1_000), (100_000, 1_000), (1_000_000, 100))
"""Neurons and synapses onto each."""
STEPS = 400
MB = 1e6


def resident() -> float:
    """Memory of this process, MB."""
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return pages * 4096 / MB


class Peak:
    """The most memory within a block, MB."""

    def __enter__(self) -> Peak:
        self.most, self._over = resident(), False
        self._watch = threading.Thread(target=self._look)
        self._watch.start()
        return self

    def _look(self) -> None:
        while not self._over:
            self.most = max(self.most, resident())
            time.sleep(0.005)

    def __exit__(self, *_error: object) -> None:
        self._over = True
        self._watch.join()


def case(n: int, degree: int, kind: str, repeats: int, steps: int = STEPS) -> dict[str, Any]:
    """One network: its building, its memory, its time an event with one thread and with two."""
    network(100, 10, RULES[kind]).run(30)
    empty, begun = resident(), time.process_time()
    with Peak() as peak:
        brain = network(n, degree, RULES[kind])
    built = time.process_time() - begun
    brain.threads = 1
    brain.run(50)
    synapses = sum(p.n_synapses for p in brain.projections)
    used = resident() - empty
    cpu: list[float] = []
    wall: dict[int, list[float]] = {1: [], 2: []}
    for _ in range(repeats):
        for threads in (1, 2):
            brain.threads = threads
            brain.run(5)
            before, at, clock = spikes(brain), time.process_time(), time.perf_counter()
            brain.run(steps)
            spent, passed = time.process_time() - at, time.perf_counter() - clock
            n_events = events(brain, kind, before, degree)
            wall[threads].append(passed / n_events * 1e9)
            if threads == 1:
                cpu.append(spent / n_events * 1e9)
    return {
        "neurons": 2 * n,
        "synapses": synapses,
        "kind": kind,
        "built_cpu_s": round(built, 3),
        "bytes_per_synapse": round(used * MB / synapses, 2),
        "peak_over_finished": round((peak.most - empty) / used, 3),
        "ns_per_event": round(statistics.median(cpu), 3),
        "ns_per_event_repeats": [round(x, 3) for x in cpu],
        "wall_ns_1_thread": round(statistics.median(wall[1]), 3),
        "wall_ns_2_threads": round(statistics.median(wall[2]), 3),
        "speedup_2_threads": round(
            statistics.median([a / b for a, b in zip(wall[1], wall[2], strict=True)]), 3
        ),
        "bare_loop": stream(min(synapses, 50_000_000), n, min(degree, 1000)),
    }


def main() -> None:
    """Measure, print a line a case, and write a file."""
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--case", nargs=3, metavar=("NEURONS", "DEGREE", "KIND"))
    options.add_argument("--kinds", nargs="*", default=list(RULES), choices=list(RULES))
    options.add_argument("--most", type=int, default=100_000_000, help="synapses of a case")
    options.add_argument("--repeats", type=int, default=5)
    options.add_argument("--steps", type=int, default=STEPS)
    options.add_argument("--output", type=Path, default=RESULT)
    given = options.parse_args()
    if given.case:
        n, degree, kind = int(given.case[0]), int(given.case[1]), given.case[2]
        print(json.dumps(case(n, degree, kind, given.repeats, given.steps)))
        return
    origin = provenance(__file__)
    rows = []
    for n, degree in SIZES:
        for kind in given.kinds:
            if n * degree > given.most:
                continue
            command = [
                sys.executable,
                "-m",
                "benchmarks.scale",
                "--case",
                str(n),
                str(degree),
                kind,
            ]
            command += ["--repeats", str(given.repeats), "--steps", str(given.steps)]
            done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True)
            rows.append(row := json.loads(done.stdout.splitlines()[-1]))
            print(
                f"{row['neurons']:>9,} neurons {row['synapses']:>11,} {kind:<7} "
                f"{row['ns_per_event']:6.2f} ns an event, two threads x {row['speedup_2_threads']}"
                f", {row['bytes_per_synapse']} bytes a synapse"
            )
    document = {"provenance": origin, "steps": given.steps, "cases": rows}
    given.output.write_text(json.dumps(document, indent=1) + "\n")


if __name__ == "__main__":
    main()
