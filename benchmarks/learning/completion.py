"""Pattern completion: how many assemblies 500 neurons hold, by synapses that learned them.

    python -m benchmarks.learning.completion [--seeds 10] [--output FILE]

Random groups of 50 (they overlap) are shown eight times each to `associative_memory` and learned by
STDP. Then plasticity is frozen, the trace list emptied, and 30 % of each group is cued for 300 ms,
200 ms after a reset. A neuron counts as recalled with two spikes or more. Claim: with ten groups,
at least 80 % of the rest of each group and less than 10 % of all other neurons, for every seed.
Controls: plasticity off while the groups are shown; a cue outside all groups.

Rivals: Hopfield networks of as many cells, each with a synapse on each other (as many as the
memory has between its cells, which has interneurons besides), that store the same groups by one
shot and get as large random cues. Rule and threshold are those of `HOPFIELD` that recall best in
other draws (seeds from 100 on) of as many groups.
"""

from __future__ import annotations

import argparse
import functools
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.learning.rivals import SparseHopfield, best
from benchmarks.learning.trials import RESULTS as FOLDER
from benchmarks.learning.trials import trials, write
from benchmarks.learning.verdicts import Rival
from benchmarks.provenance import provenance
from engram import Brain
from engram.circuits import associative_memory, recall_of, set_mode

RESULTS = FOLDER / "completion.json"
CELLS, SIZE, SHARE = 500, 50, 0.3
STORED = (5, 10, 15, 20)
CLAIMED = 10
LEAST, MOST = 0.8, 0.1

MANY = (40, 80, 160)
"""Groups that only the rival is asked for, too: where it ends."""

HOPFIELD = {
    "covariance": (0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8),
    "binary": (0.5, 0.6, 0.7, 0.8, 0.85, 0.9, 0.95, 0.99),
}
"""Rules, and thresholds that are tried."""

RIVAL = "Hopfield network"

Judgements = list[dict[str, Any]]


def drawn(seed: int, stored: int) -> list[Any]:
    """Random groups; they overlap."""
    rng = np.random.default_rng(1000 + seed)
    return [rng.choice(CELLS, SIZE, replace=False) for _ in range(stored)]


def learn(seed: int, stored: int, plastic: bool = True) -> tuple[Brain, list[Any]]:
    """A brain that was shown `stored` groups, set to recall, and the groups."""
    brain = Brain(seed=seed)
    brain.freeze_structural_plasticity()
    brain.freeze_homeostatic_scaling()
    associative_memory(brain, "memory", CELLS, SIZE)
    if not plastic:
        brain.freeze_plasticity()
    groups = drawn(seed, stored)
    brain.memory.imprint("memory", groups, repetitions=8)
    set_mode(brain, "memory", "recall")
    brain.memory.traces.clear()
    return brain, groups


def hopfield(seed: int, stored: int, rule: str, threshold: float) -> dict[str, list[float]]:
    """How well each group comes back in a Hopfield network, in per cent."""
    groups, random = drawn(seed, stored), np.random.default_rng([22, seed])
    memory = SparseHopfield(groups, CELLS, rule)
    out: dict[str, list[float]] = {"recalled": [], "false": []}
    for group in groups:
        cue = random.choice(group, round(SHARE * SIZE), replace=False)
        active = memory.recall(cue, threshold)
        others = np.setdiff1d(np.arange(CELLS), group)
        out["recalled"].append(100.0 * float(active[np.setdiff1d(group, cue)].mean()))
        out["false"].append(100.0 * float(active[others].mean()))
    return out


@functools.cache
def best_hopfield(stored: int, seeds: Sequence[int] = (100, 101, 102)) -> tuple[str, float]:
    """Rule and threshold with which most comes back, less what comes back falsely."""

    def score(setting: tuple[str, float]) -> float:
        found = [hopfield(seed, stored, *setting) for seed in seeds]
        return float(np.mean([np.mean(f["recalled"]) - np.mean(f["false"]) for f in found]))

    return best(((rule, t) for rule, some in HOPFIELD.items() for t in some), score)


def trial(seed: int, arm: str, stored: int) -> dict[str, list[float]]:
    """How well each group comes back, in per cent."""
    if arm == RIVAL:
        return hopfield(seed, stored, *best_hopfield(stored))
    brain, groups = learn(seed, stored, plastic=arm != "plasticity off")
    share = SHARE
    if arm == "cue outside all groups":
        outside = np.setdiff1d(np.arange(CELLS), np.concatenate(groups))
        # Compared with nobody: whatever comes back is false.
        groups, share = [outside[: round(SHARE * SIZE)]], 1.0
    found = recall_of(brain, "memory", groups, share=share)
    return {
        "recalled": [100.0 * r.recalled for r in found],
        "false": [100.0 * r.false for r in found],
    }


def summary(rows: list[dict[str, Any]]) -> dict[str, float]:
    """Mean and worst over all groups and seeds, in per cent."""
    recalled, false = (np.concatenate([r[name] for r in rows]) for name in ("recalled", "false"))
    return {
        "recalled": float(recalled.mean()),
        "recalled_sd": float(recalled.std()),
        "recalled_worst": float(recalled.min()),
        "false": float(false.mean()),
        "false_worst": float(false.max()),
    }


def arms() -> list[dict[str, Any]]:
    """Each number of groups, and the controls."""
    controls = ("plasticity off", "cue outside all groups")
    return [
        *({"arm": "learned", "stored": stored} for stored in STORED),
        *({"arm": RIVAL, "stored": stored} for stored in (*STORED, *MANY)),
        *({"arm": arm, "stored": CLAIMED} for arm in controls),
    ]


def measure(seeds: int, *, keep: bool = False) -> tuple[list[dict[str, Any]], Judgements]:
    """A row for each arm, and rivals; keep: see `benchmarks.learning.trials.trials`."""
    found = trials("completion", trial, arms(), range(seeds), keep=keep)
    return summed(found), judged(found)


def judged(found: Sequence[dict[str, Any]]) -> Judgements:
    """The network beside the Hopfield network, by what comes back of the groups."""
    judgements = []
    for stored in STORED:
        figures: dict[int, dict[str, float]] = {}
        for r in found:
            if r["stored"] == stored and r["arm"] in ("learned", RIVAL):
                figures.setdefault(r["seed"], {})[r["arm"]] = float(np.mean(r["recalled"]))
        text = f"{RIVAL}, {stored} groups"
        judgements.append(Rival(text, "learned", RIVAL, margin=5.0).judge(figures))
    return judgements


def summed(found: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
    """A row for each arm."""
    return [
        {**arm, **summary(mine), "cpu_s": sum(r["cpu_s"] for r in mine)}
        for arm in arms()
        for mine in [[r for r in found if all(r[k] == v for k, v in arm.items())]]
    ]


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
    rival = {r["stored"]: r for r in document["rows"] if r["arm"] == RIVAL}
    beside = [
        f"{n} groups {r['recalled']:.0f} % (false {r['false']:.0f} %)" for n, r in rival.items()
    ]
    lines = [
        "## Pattern completion",
        "",
        f"`python -m benchmarks.learning.completion`, {document['seeds']} seeds. {CELLS} cells, "
        f"random overlapping groups of {SIZE}, cue {100 * SHARE:.0f} %, recalled with two spikes "
        f"or more in 300 ms. Claim for {CLAIMED} groups: at least {100 * LEAST:.0f} % of the rest "
        f"of every group, under {100 * MOST:.0f} % of the others: "
        f"{'holds' if document['holds'] else '**fails**'}. Hopfield network: as many cells and "
        "synapses between them, the same groups, stored in one shot; rule and threshold chosen on "
        f"other draws. It recalls of {', of '.join(beside) or '(not run yet)'}.",
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
    rows, rivals = measure(options.seeds, keep=True)
    cpu = sum(row.pop("cpu_s") for row in rows)
    problems = failures(rows)
    document = {
        "benchmark": "completion",
        "seeds": options.seeds,
        "holds": not problems,
        "rows": rows,
        "rivals": rivals,
        "cpu_s": round(cpu, 1),
        "provenance": provenance(__file__, range(options.seeds)),
    }
    print(report(document))
    write(options.output, document)
    for problem in problems:
        print(f"CLAIM FAILED: {problem}", file=sys.stderr)
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main())
