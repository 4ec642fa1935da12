"""Memory after very many random calls to one brain: ``python -m benchmarks.reliability.memory``.

Everything is on. Regions and projections are built first; the calls that are counted let neurons
and synapses come and go within their bounds. The resident memory of the process is sampled. Once a
tenth of the calls is over, the median of the last fifth is compared with that of the first fifth.
"""

from __future__ import annotations

import argparse
import json
import time
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.provenance import provenance
from benchmarks.reliability import additions, life, structure
from benchmarks.reliability.draws import BAD, Call, Draw
from benchmarks.reliability.own import lively
from benchmarks.reliability.sequences import SPOILED
from benchmarks.reliability.twins import names, played
from engram import Brain, RegionType, ShortTermPlasticity

RESULT = Path(__file__).resolve().parent.parent / "results" / "memory.json"
MOST_SYNAPSES = 600
"""Calls that add synapses wait while there are more."""

BUILDING = (
    structure.add_region,
    structure.connect,
    structure.inhibit,
    structure.process,
    additions.connect_by_name,
    additions.connect_by_matrix,
    additions.by_string,
    additions.spike_times,
    additions.poisson_input,
    additions.remove_region,
    additions.remove_projection,
    additions.kept_view,
)
"""Calls that are left out once the structure has settled."""
ADDING = (structure.add_synapses, structure.add_one)
ODD = (structure.mechanism, structure.part)
"""Calls that would change what bounds the structure."""


def resident_mb() -> float:
    """Memory of this process."""
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return pages * 4096 / 2**20


def built(seed: int) -> Brain:
    """A brain with everything on."""
    brain = Brain(seed=seed)
    lively(brain)
    brain.growth.max_synapses = MOST_SYNAPSES
    brain.metaplasticity.enabled = True
    for k, kind in enumerate((RegionType.SENSORY, RegionType.ASSOCIATION, RegionType.MOTOR)):
        brain.add_region(
            f"r{k}", kind, 8, 0.3, max_neurons=14, background=6.0, stp=ShortTermPlasticity()
        )
    for a, b in (("r0", "r1"), ("r1", "r2"), ("r2", "r0")):
        brain.connect_regions(a, b, 0.4, bidirectional=a == "r1")
    brain.regions["r1"].enable_morphology()
    brain.oscillators.use_defaults()
    brain.oscillators.couple("r0", "r1", "theta", 4.0)
    return brain


def calls_of(brain: Brain, rng: np.random.Generator) -> Any:
    """Calls without end."""
    catalogue = (*structure.CALLS, *life.CALLS, *additions.CALLS)
    chosen = [(w, f) for w, f in catalogue if f not in BUILDING and f not in ODD]
    weights = np.array([w for w, _ in chosen])
    weights /= weights.sum()
    draw = Draw(brain, rng)
    while True:
        for k in rng.choice(len(chosen), 1000, p=weights):
            make = chosen[k][1]
            if make in ADDING and sum(p.n_synapses for p in brain.projections) > MOST_SYNAPSES:
                continue
            made: Call | None = make(draw)
            if made is None:
                continue
            if made.arguments and draw.chance(SPOILED):
                made = made.spoiled(draw.below(len(made.arguments)), draw.one_of(BAD))
            yield made


def main() -> None:
    """Make calls, print what memory is, write the figures."""
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.reliability.memory", description=__doc__
    )
    parser.add_argument("--calls", type=int, default=1_000_000)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--cpu-minutes", type=float, help="stop after so many")
    parser.add_argument("--out", type=Path, default=RESULT)
    args = parser.parse_args()
    origin = provenance(__file__, [args.seed])
    brain, rng = built(args.seed), np.random.default_rng(args.seed)
    space = names(brain)
    samples: list[tuple[int, float, int, int]] = []
    every = max(1, args.calls // 1000)
    done, limit = 0, 60.0 * (args.cpu_minutes or 1e9)
    for made in calls_of(brain, rng):
        played(made.source, space)
        done += 1
        if done % every == 0:
            synapses = sum(p.n_synapses for p in brain.projections)
            samples.append((done, resident_mb(), synapses, brain.step_count))
            if len(samples) % 20 == 0:
                n, mb, synapses, step = samples[-1]
                print(f"{n} calls, {mb:.1f} MB, {synapses} synapses, step {step}", flush=True)
        if done >= args.calls or time.process_time() > limit:
            break
    memory = np.array([mb for _, mb, _, _ in samples])
    settled = memory[len(memory) // 10 :]
    fifth = max(1, len(settled) // 5)
    growth = float(np.median(settled[-fifth:]) / np.median(settled[:fifth]))
    figures = {
        "provenance": origin,
        "calls": done,
        "asked_for": args.calls,
        "seed": args.seed,
        "steps": brain.step_count,
        "growth": growth,
        "settled_mb": [float(np.median(settled[:fifth])), float(np.median(settled[-fifth:]))],
        "most_mb": float(memory.max()),
        "cpu_s": time.process_time(),
        "samples": [[n, round(mb, 1)] for n, mb, _, _ in samples[:: max(1, len(samples) // 50)]],
    }
    args.out.write_text(json.dumps(figures, indent=1) + "\n")
    print(json.dumps({k: v for k, v in figures.items() if k != "samples"}, indent=1))
    if growth > 1.1:
        raise SystemExit(1)


if __name__ == "__main__":
    main()
