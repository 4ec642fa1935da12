"""Pattern completion: how many assemblies 500 neurons hold, by synapses that learned them.

    python -m benchmarks.learning.completion [--seeds 10] [--output FILE]

Random groups of 50 (they overlap) are shown eight times each to `associative_memory` and learned by
STDP. Then plasticity is frozen, the trace list emptied, and 30 % of each group is cued for 300 ms,
200 ms after a reset. A neuron counts as recalled with two spikes or more. Claim: with ten groups,
at least 80 % of the rest of each group and less than 10 % of all other neurons, for every seed.
Controls: plasticity off while the groups are shown; a cue outside all groups.
"""

from __future__ import annotations

import argparse
import json
import platform
import sys
import time
from pathlib import Path
from typing import Any

import numpy as np

import engram
from engram import Brain
from engram.circuits import Recall, associative_memory, recall_of, set_mode

RESULTS = Path(__file__).resolve().parents[1] / "results" / "completion.json"
CELLS, SIZE, SHARE = 500, 50, 0.3
STORED = (5, 10, 15, 20)
CLAIMED = 10
LEAST, MOST = 0.8, 0.1


def learn(seed: int, stored: int, plastic: bool = True) -> tuple[Brain, list[Any]]:
    """A brain that was shown `stored` groups, set to recall, and the groups."""
    brain = Brain(seed=seed)
    brain.freeze_structural_plasticity()
    brain.freeze_homeostatic_scaling()
    associative_memory(brain, "memory", CELLS, SIZE)
    if not plastic:
        brain.freeze_plasticity()
    rng = np.random.default_rng(1000 + seed)
    groups = [rng.choice(CELLS, SIZE, replace=False) for _ in range(stored)]
    brain.memory.imprint("memory", groups, repetitions=8)
    set_mode(brain, "memory", "recall")
    brain.memory.traces.clear()
    return brain, groups


def summary(found: list[Recall]) -> dict[str, float]:
    """Mean and worst, in per cent."""
    recalled = 100.0 * np.array([r.recalled for r in found])
    false = 100.0 * np.array([r.false for r in found])
    return {
        "recalled": float(recalled.mean()),
        "recalled_sd": float(recalled.std()),
        "recalled_worst": float(recalled.min()),
        "false": float(false.mean()),
        "false_worst": float(false.max()),
    }


def measure(seeds: int) -> list[dict[str, Any]]:
    """One row for each number of groups, and the controls."""
    rows: list[dict[str, Any]] = []
    for stored in STORED:
        found = []
        for seed in range(seeds):
            brain, groups = learn(seed, stored)
            found += recall_of(brain, "memory", groups, share=SHARE)
        rows.append({"arm": "learned", "stored": stored, **summary(found)})
    found, strangers = [], []
    for seed in range(seeds):
        brain, groups = learn(seed, CLAIMED, plastic=False)
        found += recall_of(brain, "memory", groups, share=SHARE)
        brain, groups = learn(seed, CLAIMED)
        outside = np.setdiff1d(np.arange(CELLS), np.concatenate(groups))
        # Compared with nobody: whatever comes back is false.
        strangers += recall_of(brain, "memory", [outside[: round(SHARE * SIZE)]], share=1.0)
    rows.append({"arm": "plasticity off", "stored": CLAIMED, **summary(found)})
    rows.append({"arm": "cue outside all groups", "stored": CLAIMED, **summary(strangers)})
    return rows


def failures(rows: list[dict[str, Any]]) -> list[str]:
    """What of the claim does not hold."""
    row = next(r for r in rows if r["arm"] == "learned" and r["stored"] == CLAIMED)
    off = next(r for r in rows if r["arm"] == "plasticity off")
    out = []
    if row["recalled_worst"] < 100 * LEAST:
        out.append(f"a group comes back by {row['recalled_worst']:.1f} % only")
    if row["false_worst"] >= 100 * MOST:
        out.append(f"{row['false_worst']:.1f} % of the others come with a group")
    if off["recalled"] > 5.0:
        out.append(f"{off['recalled']:.1f} % come back without learning")
    return out


def report(document: dict[str, Any]) -> str:
    """The section of BENCHMARKS.md."""
    lines = [
        "## Pattern completion",
        "",
        f"`python -m benchmarks.learning.completion`, {document['seeds']} seeds. {CELLS} cells, "
        f"random overlapping groups of {SIZE}, cue {100 * SHARE:.0f} %, recalled with two spikes "
        f"or more in 300 ms. Claim for {CLAIMED} groups: at least {100 * LEAST:.0f} % of the rest "
        f"of every group, under {100 * MOST:.0f} % of the others: "
        f"{'holds' if document['holds'] else '**fails**'}.",
        "",
        "| groups | arm | recalled, mean (sd), % | worst, % | false, mean, % | worst, % |",
        "|---|---|---|---|---|---|",
    ]
    for r in document["rows"]:
        outside = r["arm"] == "cue outside all groups"
        recalled = "" if outside else f"{r['recalled']:.1f} ({r['recalled_sd']:.1f})"
        worst = "" if outside else f"{r['recalled_worst']:.1f}"
        lines.append(
            f"| {r['stored']} | {r['arm']} | {recalled} | {worst} | {r['false']:.2f} "
            f"| {r['false_worst']:.2f} |"
        )
    return "\n".join(lines)


def main(arguments: list[str] | None = None) -> int:
    """Measure, print, write, and check the claim; the exit status."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--seeds", type=int, default=10)
    parser.add_argument("--output", type=Path, default=RESULTS)
    options = parser.parse_args(arguments)
    started = time.process_time()
    rows = measure(options.seeds)
    problems = failures(rows)
    document = {
        "benchmark": "completion",
        "seeds": options.seeds,
        "holds": not problems,
        "rows": rows,
        "cpu_s": round(time.process_time() - started, 1),
        "versions": {"engram": engram.__version__, "python": platform.python_version()},
    }
    print(report(document))
    options.output.write_text(json.dumps(document, indent=1) + "\n")
    for problem in problems:
        print(f"CLAIM FAILED: {problem}", file=sys.stderr)
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main())
