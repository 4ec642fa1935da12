"""Neurons that are not stepped unless they may fire, beside stepping all of them.

    python -m benchmarks.scale.lazy [--rounds 5]

A network as large as a fly's brain, 200 of whose neurons are driven (examples/fly_sized.py), one
thread. Two copies of one brain run in turns: CPU time of a simulated second, in long runs, and of
a step where every step is a call of its own. Spikes of both are compared.
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
from engram.network import lazy

BEFORE, MEASURED = 300.0, 300.0
"""Run before, and in each round, ms."""
CALLS = 100
"""Calls of one step in a round."""
ALL = 1 << 40
"""Neurons of a region from which on it would be lazy: none has so many."""
SHOWN = {"as it is": lazy.LEAST_NEURONS, "all stepped": ALL}


def round_of(brain: Brain, least: int) -> tuple[float, float, dict[str, Any]]:
    """CPU seconds of a simulated second, and of a step by itself; spikes by region."""
    with mock.patch.object(lazy, "LEAST_NEURONS", least):
        # Assigning anything lets the choice be made anew.
        brain.network.parameters_changed()
        brain.run(256)
        with brain.record("spikes") as recorder:
            began = time.process_time()
            brain.run_for(MEASURED)
            long = time.process_time() - began
        began = time.process_time()
        for _ in range(CALLS):
            brain.run(1)
        short = time.process_time() - began
    spikes = {name: recorder.spikes(name) for name in brain.regions}
    return long / MEASURED * 1000.0, short / CALLS, spikes


def measured(rounds: int, seed: int) -> dict[str, Any]:
    """CPU seconds of both ways, and their ratio round by round."""
    sys.path.insert(0, str(ROOT / "examples"))
    fly = importlib.import_module("fly_sized")
    built = fly.build(fly.Plan(threads=1, seed=seed))
    one = built.brain
    one.regions["driven"].background = fly.HERTZ
    one.run_for(BEFORE)
    brains = {"as it is": one, "all stepped": one.copy()}
    long: dict[str, list[float]] = {way: [] for way in brains}
    short: dict[str, list[float]] = {way: [] for way in brains}
    alike = fired = 0
    for _ in range(rounds):
        spikes = {}
        for way, brain in brains.items():
            spent, step, spikes[way] = round_of(brain, SHOWN[way])
            long[way].append(spent)
            short[way].append(step)
        for name in one.regions:
            mine, theirs = (
                set(zip(*(part.tolist() for part in spikes[way][name]), strict=True))
                for way in brains
            )
            fired += len(mine) + len(theirs)
            alike += 2 * len(mine & theirs)
    ratio = np.array(long["all stepped"]) / np.array(long["as it is"])
    return {
        "neurons": built.n,
        "synapses": sum(p.n_synapses for p in one.projections),
        "rounds": rounds,
        "cpu_s_per_simulated_s": {way: statistics.median(x) for way, x in long.items()},
        "cpu_s_of_a_call": {way: statistics.median(x) for way, x in short.items()},
        "ratio": float(np.median(ratio)),
        "ratio_range": [float(ratio.min()), float(ratio.max())],
        "spikes": fired // 2,
        "alike": alike / fired,
    }


def main() -> None:
    """Measure and write."""
    options = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    options.add_argument("--rounds", type=int, default=5)
    options.add_argument("--seed", type=int, default=1)
    given = options.parse_args()
    origin = provenance(__file__, [given.seed])
    found = measured(given.rounds, given.seed)
    print(json.dumps(found, indent=1))
    document = {"provenance": origin, **found}
    (RESULTS / "lazy.json").write_text(json.dumps(document, indent=1) + "\n")


if __name__ == "__main__":
    main()
