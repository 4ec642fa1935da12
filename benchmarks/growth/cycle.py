"""What a cycle of growth costs: ``python -m benchmarks.growth.cycle``.

Two brains: 1,000,000 synapses under STDP (10,000 neurons, delays of 1-20 ms, 5 Hz or so), and that
of the usage example. Every cycle does all four things. CPU time of one process, one thread, warm
cache. Writes benchmarks/results/growth_cycle.json.
"""

from __future__ import annotations

import json
import time
from pathlib import Path

import numpy as np

from benchmarks.provenance import provenance
from engram import Brain, RegionType, Uniform

RESULT = Path(__file__).resolve().parent.parent / "results" / "growth_cycle.json"
REPEATS = 15


def large() -> Brain:
    """One million plastic synapses."""
    brain = Brain(seed=1)
    brain.freeze_homeostatic_scaling()
    brain.disable_memory()
    brain.add_region(
        "cortex",
        RegionType.ASSOCIATION,
        10_000,
        in_degree=50,
        wiring="in_degree",
        max_neurons=11_000,
        rule="stdp",
        delays=Uniform(1.0, 20.0),
        noise=6.0,
        weights=0.4,
        inhibitory_weights=0.8,
    )
    brain.growth.growth_interval = 1e9
    brain.growth.neurogenesis_rate = 0.0
    brain.growth.births_per_cycle = 5
    brain.growth.apoptosis_age = 0.0
    brain.growth.deaths_per_cycle = 5
    brain.growth.min_correlation = 0.0
    brain.growth.min_spikes = 1
    brain.growth.pruning_age = 0.0
    brain.growth.pruning_weight = 0.5
    return brain


def small() -> Brain:
    """The usage example's brain."""
    brain = Brain(dt=1.0, seed=42)
    brain.add_region("input", RegionType.SENSORY, n_neurons=50)
    brain.add_region("cortex", RegionType.ASSOCIATION, n_neurons=200)
    brain.add_region("output", RegionType.MOTOR, n_neurons=10)
    brain.connect_regions("input", "cortex", density=0.1)
    brain.connect_regions("cortex", "output", density=0.1)
    return brain


def measure(brain: Brain) -> tuple[list[float], dict[str, int]]:
    """CPU milliseconds of each cycle, and what they changed."""
    times = []
    changed = {"neurons_born": 0, "neurons_died": 0, "synapses_born": 0, "synapses_pruned": 0}
    brain.copy().growth.grow()
    for _ in range(REPEATS):
        start = time.process_time()
        cycle = brain.growth.grow()
        times.append(1e3 * (time.process_time() - start))
        for name in changed:
            changed[name] += getattr(cycle, name)
    return times, changed


def main() -> None:
    origin = provenance(__file__)
    rows = []
    brain = large()
    brain.run(2000)
    rate = brain.stats().spikes / 2.0 / 10_000
    cases: list[tuple[str, Brain, float | None]] = [("1,000,000 plastic synapses", brain, 50.0)]
    example = small()
    example.run(3000, lambda b, _: b.stimulate("input", [0.8, 0.3, 0.5]))
    cases.append(("the usage example", example, None))
    for name, subject, target in cases:
        synapses = sum(p.n_synapses for p in subject.projections)
        times, changed = measure(subject)
        row = {
            "what": name,
            "synapses": synapses,
            "cycles": REPEATS,
            "median_ms": np.median(times),
            "least_ms": min(times),
            "most_ms": max(times),
            "target_ms": target,
            "reached": target is None or bool(np.median(times) < target),
            "changed": changed,
        }
        rows.append(row)
        asked = "" if target is None else f"; asked for: {target:g}"
        print(
            f"{name}: {row['median_ms']:.2f} ms a cycle ({row['least_ms']:.2f} - "
            f"{row['most_ms']:.2f}{asked}), {changed}"
        )
    RESULT.write_text(
        json.dumps({"provenance": origin, "rate_hz": rate, "rows": rows}, indent=1) + "\n"
    )


if __name__ == "__main__":
    main()
