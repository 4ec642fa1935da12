"""Worker threads that pause at random: ``python -m benchmarks.reliability.threads --runs 1000``.

Random brains with everything on run with three or four workers, each of which pauses at random
before each of its regions in each step, and with one. After every tenth run all of their states
must be the same to the last bit. Neurons are shared out in blocks of 8 here, so that small brains
have work for all.
"""

from __future__ import annotations

import argparse
import ctypes
import functools
import json
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from unittest.mock import patch

import numpy as np

from benchmarks.provenance import provenance
from engram import AdEx, Brain, Normal, RegionType, RewardSTDP, ShortTermPlasticity, Uniform
from engram.network import workers

RESULT = Path(__file__).resolve().parent.parent / "results" / "threads.json"
PAUSES = (0.0, 0.0, 0.0, 1e-5, 1e-4, 3e-4)
"""Seconds."""


def lively(seed: int) -> Brain:
    """A random brain with every mechanism on, without sources, which draw by larger blocks."""
    rng = np.random.default_rng(seed)
    brain = Brain(dt=float(rng.choice([0.5, 1.0])), seed=seed)
    brain.growth.growth_interval = float(rng.integers(50, 120))
    brain.growth.neurogenesis_rate = 0.5
    brain.homeostasis.check_interval = float(rng.integers(30, 90))
    brain.homeostasis.theta_plus = float(rng.choice([0.0, 0.2]))
    brain.memory.consolidation_interval = float(rng.integers(60, 100))
    brain.metaplasticity.enabled = bool(rng.integers(2))
    brain.add_region("in", RegionType.SENSORY, int(rng.integers(17, 40)), max_neurons=60)
    brain.add_region("mid", n_neurons=40, rule="stdp", max_neurons=60, noise=2.0)
    brain.add_region("out", RegionType.MOTOR, int(rng.integers(9, 20)), connectivity=0.3)
    brain.add_region("adapting", n_neurons=30, model=AdEx, background=Normal(400.0, 50.0))
    stp = ShortTermPlasticity(U=0.2, tau_rec=100.0, tau_facil=300.0)
    brain.connect_regions("in", "mid", density=0.3, stp=stp, rule=RewardSTDP(tau_eligibility=60.0))
    brain.connect_regions("mid", "out", wiring="all_to_all", delays=Uniform(1.0, 40.0))
    brain.connect_regions("mid", "adapting", 0.3, rule="triplet_stdp", delays=Uniform(1.0, 9.0))
    brain.oscillators.set("mid", "gamma", 1.0)
    brain.add_critic("adapting", "proj:in->mid")
    if rng.integers(2):
        brain.regions["mid"].enable_morphology()
    return brain


def pause_and_call(
    real: Callable[..., int], pauses: Iterator[float], table: int, index: int, step: int
) -> int:
    """A loop, after a pause."""
    time.sleep(next(pauses))
    return real(table, index, step)


def paused(brain: Brain, rng: np.random.Generator, n: int = 10_000) -> list[object]:
    """Let the workers of a brain pause at random before each region; keep what it returns.

    It holds until the brain has to bind its loops anew (after a birth, say).
    """
    kind = ctypes.CFUNCTYPE(ctypes.c_int64, ctypes.c_int64, ctypes.c_int64, ctypes.c_int64)
    kept: list[object] = []
    # A new crew, whose loops are not wrapped yet.
    brain.threads = brain.threads
    brain.run(1)
    for worker in brain.network.crew.workers:
        entries = worker.own["integrate_entry"]
        for r, address in enumerate(entries.tolist()):
            if address == 0:
                continue
            pauses = iter(rng.choice(PAUSES, n).tolist())
            call = functools.partial(pause_and_call, kind(address), pauses)
            kept.append(wrapped := kind(call))
            entries[r] = ctypes.cast(wrapped, ctypes.c_void_p).value
    return kept


def differences(seed: int, runs: int) -> int:
    """How often the brain of a seed and its twin on one thread differ, looked at ten times."""
    rng = np.random.default_rng(seed)
    brain, twin = lively(seed), lively(seed)
    brain.threads, twin.threads = int(rng.integers(3, 5)), 1
    found = 0
    for _ in range(10):
        kept = paused(brain, rng)
        twin.run(1)
        for k in range(runs // 10):
            for one in (brain, twin):
                one.stimulate("in", [0.8, 0.3, 0.5])
                if k % 5 == 4:
                    one.reward(1.0, "proj:in->mid")
                one.run(4)
        found += brain.fingerprint() != twin.fingerprint() or not kept
    return found


def main() -> None:
    """Let brains run, and write a file."""
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--runs", type=int, default=1000)
    options.add_argument("--brains", type=int, default=10)
    given = options.parse_args()
    origin = provenance(__file__, range(given.brains))
    with patch.object(workers, "BLOCK", 8):
        found = [differences(seed, given.runs // given.brains) for seed in range(given.brains)]
    document = {"provenance": origin, "runs": given.runs, "differences": sum(found)}
    RESULT.write_text(json.dumps(document, indent=1) + "\n")
    print(f"{given.runs} runs of {given.brains} brains, {sum(found)} differences")


if __name__ == "__main__":
    main()
