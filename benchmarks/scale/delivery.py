"""Charge delivered when a spike is fired, beside delivery on arrival.

    python -m benchmarks.scale.delivery [--scale 0.3] [--rounds 5]

The cortical microcircuit with Poisson drive (examples/papers/potjans_diesmann_2014.py), one thread,
the two ways in turns on two copies of one brain: CPU time of a simulated second, medians.
"""

from __future__ import annotations

import argparse
import importlib
import json
import statistics
import sys
import time
from typing import Any
from unittest import mock

import numpy as np

from benchmarks.learning.trials import RESULTS
from benchmarks.provenance import ROOT, provenance
from engram import Brain
from engram.network import buffering

BEFORE, MEASURED = 200.0, 200.0
"""Run before, and in each round, ms."""
NEVER = 1 << 30
"""Delays from which on charge would be delivered at the spike: none has so many."""


def events(brain: Brain, before: dict[str, int]) -> float:
    """Synapses that have delivered since."""
    found = 0.0
    for path in brain.projections:
        source = brain.regions[path.source]
        fired = int(source.total_spikes.sum()) - before[path.source]
        found += fired / max(source.n_neurons, 1) * path.n_synapses
    return found


def measured(scale: float, rounds: int, seed: int) -> dict[str, Any]:
    """CPU seconds of both ways, and their ratio round by round."""
    sys.path.insert(0, str(ROOT / "examples" / "papers"))
    microcircuit = importlib.import_module("potjans_diesmann_2014")

    plan = microcircuit.Plan(scale=scale, threads=1, seed=seed)
    brains = {"at the spike": microcircuit.build(plan)}
    brains["at the spike"].run_for(BEFORE)
    brains["on arrival"] = brains["at the spike"].copy()
    cpu: dict[str, list[float]] = {way: [] for way in brains}
    ns: dict[str, list[float]] = {way: [] for way in brains}
    for _ in range(rounds):
        for way, brain in brains.items():
            least = buffering.LEAST_LAGS if way == "at the spike" else NEVER
            with mock.patch.object(buffering, "LEAST_LAGS", least):
                # Assigning anything lets the choice be made anew.
                brain.threads = 1
                brain.network.parameters_changed()
                brain.run(1)
                before = {n: int(r.total_spikes.sum()) for n, r in brain.regions.items()}
                began = time.process_time()
                brain.run_for(MEASURED)
                spent = time.process_time() - began
            cpu[way].append(spent / MEASURED * 1000.0)
            ns[way].append(spent / events(brain, before) * 1e9)
    ratio = np.array(cpu["on arrival"]) / np.array(cpu["at the spike"])
    return {
        "scale": scale,
        "neurons": sum(r.n_neurons for r in brain.regions.values()),
        "synapses": sum(p.n_synapses for p in brain.projections),
        "rounds": rounds,
        "cpu_s_per_simulated_s": {way: statistics.median(x) for way, x in cpu.items()},
        "ns_per_event": {way: statistics.median(x) for way, x in ns.items()},
        "ratio": float(np.median(ratio)),
        "ratio_range": [float(ratio.min()), float(ratio.max())],
    }


def main() -> None:
    """Measure and write."""
    options = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    options.add_argument("--scale", type=float, default=0.3)
    options.add_argument("--rounds", type=int, default=5)
    options.add_argument("--seed", type=int, default=1)
    given = options.parse_args()
    origin = provenance(__file__, [given.seed])
    found = measured(given.scale, given.rounds, given.seed)
    print(json.dumps(found, indent=1))
    document = {"provenance": origin, **found}
    (RESULTS / "delivery.json").write_text(json.dumps(document, indent=1) + "\n")


if __name__ == "__main__":
    main()
