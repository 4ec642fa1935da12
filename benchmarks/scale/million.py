"""A million neurons with a thousand million synapses: ``python -m benchmarks.scale.million``.

Ten populations of 100,000 CurrentLIF neurons, eight of them excitatory, each neuron with 100
synapses from each population, delays of 1 to 3 ms, dt = 1 ms; noise lets them fire about once a
second. Reported: time to build, memory, CPU time of a simulated second. `--share` makes it smaller.
"""

from __future__ import annotations

import argparse
import json
import time
from typing import Any

import numpy as np

from benchmarks.learning.trials import RESULTS
from benchmarks.provenance import provenance
from benchmarks.scale.__main__ import Peak, resident
from engram import Brain, CurrentLIF, NeuronType, Neurotransmitter, Normal, Uniform

POPULATIONS, INHIBITORY = 10, 2
NEURONS, DEGREE = 100_000, 100
"""Of a population; synapses of a neuron from each."""
WEIGHT, INHIBITION = 0.1, 4.0


def build(neurons: int, seed: int) -> Brain:
    """The network, on one thread."""
    brain = Brain(dt=1.0, seed=seed, mechanisms="none", threads=1)
    names = [f"population {k}" for k in range(POPULATIONS)]
    for k, name in enumerate(names):
        brain.add_region(
            name, n_neurons=neurons, model=CurrentLIF, background=10.5, noise=12.0,
            excitatory=float(k >= INHIBITORY), connectivity=0.0, variation=0.0,
        )  # fmt: skip
    for k, source in enumerate(names):
        inhibits = k < INHIBITORY
        size = WEIGHT * (INHIBITION if inhibits else 1.0)
        for target in names:
            brain.connect_regions(
                source, target, wiring="in_degree", in_degree=DEGREE, name="drawn", rule=None,
                weights=Normal(size, 0.1 * size), delays=Uniform(1.0, 3.0),
                nt=Neurotransmitter.GABA if inhibits else Neurotransmitter.GLUTAMATE,
                source_type=NeuronType.INHIBITORY if inhibits else NeuronType.EXCITATORY,
            )  # fmt: skip
    return brain


def measured(neurons: int, seconds: float, seed: int) -> dict[str, Any]:
    """Build, run, and say what it took."""
    build(200, seed).run(20)
    empty, begun, clock = resident(), time.process_time(), time.perf_counter()
    with Peak() as peak:
        brain = build(neurons, seed)
        built, wall = time.process_time() - begun, time.perf_counter() - clock
        finished = resident() - empty
        brain.run(100)
        fired = sum(int(np.sum(r.total_spikes)) for r in brain.regions.values())
        begun = time.process_time()
        brain.run_for(1000.0 * seconds)
        cpu = time.process_time() - begun
    fired = sum(int(np.sum(r.total_spikes)) for r in brain.regions.values()) - fired
    total = neurons * POPULATIONS
    return {
        "neurons": total,
        "synapses": sum(p.n_synapses for p in brain.projections),
        "built_cpu_s": built,
        "built_wall_s": wall,
        "finished_GB": finished / 1000.0,
        "peak_GB": (peak.most - empty) / 1000.0,
        "rate_hz": fired / total / seconds,
        "cpu_s_per_simulated_s": cpu / seconds,
        "ns_per_event": cpu / max(fired * POPULATIONS * DEGREE, 1) * 1e9,
    }


def main() -> None:
    """Measure and write."""
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--share", type=float, default=1.0)
    options.add_argument("--seconds", type=float, default=1.0)
    options.add_argument("--seed", type=int, default=1)
    given = options.parse_args()
    origin = provenance(__file__, [given.seed])
    found = measured(round(NEURONS * given.share), given.seconds, given.seed)
    print(json.dumps(found, indent=1))
    if given.share == 1.0:
        document = {"provenance": origin, **found}
        (RESULTS / "million.json").write_text(json.dumps(document, indent=1) + "\n")


if __name__ == "__main__":
    main()
