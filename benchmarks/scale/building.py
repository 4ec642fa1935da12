"""What building costs: CPU time of a synapse, and the most memory over that of the finished arrays.

    python -m benchmarks.scale.building [--synapses 20000000] [--scale 0.3] [--rounds 3]

Single projections, and the cortical microcircuit (examples/papers/potjans_diesmann_2014.py), one
thread. Each building is a process of its own, which has built the same before, small, so that
nothing is compiled. Memory is the greatest resident set beyond the one before building. Medians.
"""

from __future__ import annotations

import argparse
import functools
import importlib
import json
import re
import statistics
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from benchmarks.learning.trials import RESULTS
from benchmarks.provenance import ROOT, provenance
from benchmarks.scale.__main__ import MB, resident
from engram import STDP, Brain, CurrentLIF, Normal

DT = 0.1
NEURONS = 20_000
"""On either side of a projection."""
WEIGHTS, DELAYS = Normal(0.5, 0.1), Normal(1.5, 0.75)


def between(synapses: int, n: int = NEURONS, *, fixed: bool = True, learns: bool = False) -> Brain:
    """One projection between two regions: each target has as many sources, or pairs by chance."""
    brain = Brain(dt=DT, seed=1, mechanisms="none", threads=1)
    for name in ("a", "b"):
        brain.add_region(
            name, n_neurons=n, max_neurons=n, connectivity=0.0, model=CurrentLIF, excitatory=1.0
        )
    degree = synapses // n
    wiring = {"wiring": "in_degree", "in_degree": degree} if fixed else {"density": degree / n}
    rule = STDP() if learns else None
    brain.connect_regions("a", "b", weights=WEIGHTS, delays=DELAYS, rule=rule, **wiring)
    return brain


def within(synapses: int, n: int = NEURONS) -> Brain:
    """A region's own wiring, excitatory and inhibitory, pairs by chance."""
    brain = Brain(dt=DT, seed=1, mechanisms="none", threads=1)
    brain.add_region(
        "a", n_neurons=n, max_neurons=n, connectivity=synapses / n**2, model=CurrentLIF,
        weights=WEIGHTS, delays=DELAYS,
    )  # fmt: skip
    return brain


PROJECTIONS: dict[str, Callable[..., Brain]] = {
    "fixed in-degree": between,
    "pairs by chance": functools.partial(between, fixed=False),
    "fixed in-degree, STDP": functools.partial(between, learns=True),
    "a region's own wiring": within,
}
CIRCUIT = "microcircuit"


def circuit(scale: float) -> Brain:
    """The cortical microcircuit."""
    sys.path.insert(0, str(ROOT / "examples" / "papers"))
    microcircuit = importlib.import_module("potjans_diesmann_2014")
    brain: Brain = microcircuit.build(microcircuit.Plan(scale=scale, threads=1))
    return brain


def finished(brain: Brain) -> int:
    """Bytes of all arrays."""
    tables = brain.network.tables
    return sum(a.nbytes for block in (tables.arrays, *tables.blocks) for a in block.values())


def greatest() -> float:
    """The most memory of this process so far, MB."""
    # Not from getrusage: that knows what the process that started this one took.
    found = re.search(r"VmHWM:\s+(\d+) kB", Path("/proc/self/status").read_text())
    assert found is not None
    return int(found[1]) * 1024 / MB


def case(name: str, size: float) -> dict[str, Any]:
    """One building: synapses of a projection, or the scale of the circuit."""
    if name == CIRCUIT:
        circuit(0.02)
    else:
        PROJECTIONS[name](2_000, 100)
    before, begun = resident(), time.process_time()
    brain = circuit(size) if name == CIRCUIT else PROJECTIONS[name](int(size))
    spent = time.process_time() - begun
    most = greatest() - before
    synapses, kept = sum(p.n_synapses for p in brain.projections), finished(brain) / MB
    return {
        "name": name,
        "synapses": synapses,
        "projections": sum(p.n_synapses > 0 for p in brain.projections),
        "cpu_s": spent,
        "ns_per_synapse": spent / synapses * 1e9,
        "finished_MB": kept,
        "bytes_per_synapse": kept * MB / synapses,
        "peak_over_finished": most / kept,
    }


def measured(name: str, size: float, rounds: int) -> dict[str, Any]:
    """Medians of some buildings, each in a process of its own."""
    command = [sys.executable, "-m", "benchmarks.scale.building", "--case", name, str(size)]
    found = [
        json.loads(subprocess.run(command, check=True, capture_output=True, cwd=ROOT).stdout)
        for _ in range(rounds)
    ]
    middle = {
        key: statistics.median(row[key] for row in found)
        for key in ("cpu_s", "ns_per_synapse", "peak_over_finished")
    }
    return {**found[0], **middle, "cpu_s_rounds": [row["cpu_s"] for row in found]}


def main() -> None:
    """Measure and write."""
    options = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    options.add_argument("--synapses", type=int, default=20_000_000, help="of a projection")
    options.add_argument("--scale", type=float, nargs="*", default=[0.3], help="of the circuit")
    options.add_argument("--rounds", type=int, default=3)
    options.add_argument("--case", nargs=2, metavar=("NAME", "SIZE"))
    given = options.parse_args()
    if given.case:
        print(json.dumps(case(given.case[0], float(given.case[1]))))
        return
    document: dict[str, Any] = {"provenance": provenance(__file__, [1])}
    sizes = [(name, float(given.synapses)) for name in PROJECTIONS]
    sizes += [(CIRCUIT, scale) for scale in given.scale]
    document["rounds"], document["cases"] = given.rounds, []
    for name, size in sizes:
        found = measured(name, size, given.rounds)
        if name == CIRCUIT:
            found["scale"] = size
        document["cases"].append(found)
        print(json.dumps(found), flush=True)
    (RESULTS / "building.json").write_text(json.dumps(document, indent=1) + "\n")


if __name__ == "__main__":
    main()
