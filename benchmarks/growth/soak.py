"""A long life with everything on: ``python -m benchmarks.growth.soak [--steps 5000000]``.

A brain of two regions and a pathway between them, with everything switched on that there is:
reward-modulated STDP and plain STDP, short-term plasticity, scaling, adaptive thresholds,
metaplasticity, all four parts of growth, memory and sleep, rhythms that are coupled and gate
learning, dendrites, rewards and punishments, changing stimuli and silence. Ten times in every
block of steps the tables are checked. The budget of synapses is soon reached, so that there are as
many at the end as in the first fifth. Asserts: valid indices and no NaN, a mean rate above 0.1 Hz
in every block and no region above 100 Hz, memory that does not grow by 5 % after the first fifth,
and a speed at the end within 20 % of that at the start: copies from the last fifth of its life and
from the first, in the five pairs nearest in their numbers of synapses (within 5 %), run in turns.
What a brain costs also depends on what it does just then; hence several pairs. Writes
benchmarks/results/soak.json after every block, so that a run that was interrupted leaves what it
has seen.
"""

from __future__ import annotations

import argparse
import json
import resource
import tempfile
import time
from pathlib import Path

import numpy as np

from benchmarks.provenance import provenance
from engram import Brain, RegionType, ShortTermPlasticity, Uniform, load_brain, save_brain
from engram.mechanisms.bands import BANDS
from engram.state.invariants import check

RESULT = Path(__file__).resolve().parent.parent / "results" / "soak.json"
BLOCK = 50_000
PERIOD = 5_000
"""Steps of one stimulus; every fifth is silence."""


def build(seed: int) -> Brain:
    """A small brain with everything on."""
    brain = Brain(dt=1.0, seed=seed)
    brain.add_region(
        "input", RegionType.SENSORY, 30, max_neurons=60, rule="stdp", stp=ShortTermPlasticity()
    )
    brain.add_region("cortex", RegionType.ASSOCIATION, 60, max_neurons=150)
    brain.connect_regions(
        "input", "cortex", density=0.2, bidirectional=True, delays=Uniform(1.0, 15.0)
    )
    brain.homeostasis.theta_plus = 0.05
    brain.metaplasticity.enabled = True
    brain.regions["cortex"].enable_morphology()
    for band in BANDS:
        brain.oscillators.set("cortex", band, 0.5)
    brain.oscillators.set("input", "theta", 0.5)
    brain.oscillators.couple("input", "cortex", "theta", 4.0)
    brain.oscillators.gate_learning("input", "cortex", depth=0.5)
    growth = brain.growth
    growth.neurogenesis_rate, growth.apoptosis_age = 5.0, 4_000.0
    growth.max_synapses = 1_500
    return brain


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--steps", type=int, default=5_000_000)
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    origin = provenance(__file__, [options.seed])
    brain = build(options.seed)
    rng = np.random.default_rng(options.seed)
    rows: list[dict[str, float]] = []
    early: dict[str, int] = {}
    late: dict[str, int] = {}
    folder = tempfile.TemporaryDirectory()
    while brain.step_count < options.steps:
        spikes, rates = brain.stats().spikes, []
        started = time.process_time()
        checked = 0.0
        for k in range(BLOCK // PERIOD):
            if k % 5 < 4:
                brain.hold("input", rng.random(4))
                if k % 3 == 0:
                    brain.reward(2.0, "proj:input->cortex")
                elif k % 3 == 1:
                    brain.punish(1.0, "region:cortex")
                brain.run(PERIOD, progress=False)
            else:
                brain.sleep(PERIOD * brain.dt)
            stats = brain.stats()
            if k % 5 < 4:
                rates.append(max(r.activity for r in stats.regions))
                rates.append(min(r.activity for r in stats.regions))
            if k % 5 < 4:
                brain.release("input")
            before = time.process_time()
            check(brain.network.tables)
            checked += time.process_time() - before
        cost = time.process_time() - started - checked
        stats = brain.stats()
        history = list(brain.growth.history)[-BLOCK // 1000 :]
        rows.append(
            {
                "step": brain.step_count,
                "neurons": stats.n_neurons,
                "synapses": stats.n_synapses,
                "rate_hz": (stats.spikes - spikes) / stats.n_neurons / (BLOCK * 1e-3),
                "least_hz": min(rates),
                "most_hz": max(rates),
                "us_per_step": 1e6 * cost / BLOCK,
                "born": sum(c.neurons_born for c in history),
                "died": sum(c.neurons_died for c in history),
                "synapses_born": sum(c.synapses_born for c in history),
                "synapses_pruned": sum(c.synapses_pruned for c in history),
                "memory_mb": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024,
                "traces": len(brain.memory.traces),
            }
        )
        row = rows[-1]
        print(" ".join(f"{k}={v:.5g}" for k, v in row.items()), flush=True)
        done = {"steps": brain.step_count, "asked_for": options.steps, "seed": options.seed}
        RESULT.write_text(json.dumps({"provenance": origin, **done, "rows": rows}, indent=1) + "\n")
        assert row["rate_hz"] > 0.1, "the brain has fallen silent"
        assert row["most_hz"] < 100.0, "a region runs away"
        assert row["synapses"] <= brain.growth.max_synapses
        first, last = brain.step_count <= options.steps / 5, brain.step_count > options.steps * 0.8
        if first or last:
            # On disk, where copies take no memory that would be measured.
            path = f"{folder.name}/{brain.step_count}"
            save_brain(brain, path)
            (early if first else late)[path] = stats.n_synapses
    settled = [r for r in rows if r["step"] > options.steps / 5]
    growth = settled[-1]["memory_mb"] / settled[0]["memory_mb"]
    pairs = [compare(load_brain(young), load_brain(old)) for young, old in nearest(early, late)]
    slower = float(np.median([pair["slower_by"] for pair in pairs]))
    end = {"memory_growth": growth, "slower_by": slower, "pairs": pairs}
    RESULT.write_text(
        json.dumps({"provenance": origin, **done, "end": end, "rows": rows}, indent=1) + "\n"
    )
    for pair in pairs:
        print(" ".join(f"{k}={v:.4g}" for k, v in pair.items()))
    print(f"memory_growth={growth:.4g} slower_by={slower:.4g}")
    assert growth < 1.05, "memory grows"
    assert slower < 0.2, "steps become slower"
    assert rows[-1]["traces"] > 0, "nothing is remembered"


def nearest(early: dict[str, int], late: dict[str, int], count: int = 5) -> list[tuple[str, str]]:
    """The pairs nearest in their numbers of synapses, each brain in one of them at most."""
    found: list[tuple[str, str]] = []
    for _ in range(count):
        gap, young, old = min(
            (abs(n / m - 1.0), a, b) for a, n in early.items() for b, m in late.items()
        )
        assert gap < 0.05, "nothing to compare with"
        del early[young], late[old]
        found.append((young, old))
    return found


def compare(young: Brain, old: Brain) -> dict[str, float]:
    """What a step of either costs with its structure frozen, run in turns."""
    brains = (young, old)
    pair: dict[str, float] = {}
    for age, brain in zip(("young", "old"), brains, strict=True):
        pair[f"{age}_step"] = brain.step_count
        pair[f"{age}_synapses"] = brain.stats().n_synapses
        brain.freeze_structural_plasticity()
        brain.hold("input", [0.8, 0.3, 0.5])
        brain.run(PERIOD, progress=False)
    costs = np.zeros((9, 2))
    for turn in costs:
        for k, brain in enumerate(brains):
            before = time.process_time()
            brain.run(PERIOD, progress=False)
            turn[k] = 1e6 * (time.process_time() - before) / PERIOD
    pair["young_us"], pair["old_us"] = (float(c) for c in np.median(costs, axis=0))
    pair["slower_by"] = float(np.median(costs[:, 1] / costs[:, 0])) - 1.0
    return pair


if __name__ == "__main__":
    main()
