"""One spiking classifier, one configuration, four sets of data.

    python -m benchmarks.learning.classifiers [--quick] [--seeds N] [--jobs N] [--output F]

`engram.learn.RSTDPClassifier` as it is by default, on Iris, Wine, Breast cancer and Digits (8 x 8)
as shipped with scikit-learn: stratified 5-fold cross-validation, repeated with other shuffles
(seeds 0, 1, ...). Within a fold the input code and the network see the training part only. The
answer is the class whose motor neurons fire most spikes; a silent or tied answer counts as wrong.

The defaults were chosen on other data, none of it among these four: 1,797 MNIST digits reduced to
8 x 8, Wisconsin cytology (biopsy), crabs, forensic glass, penguins, image segments, and a synthetic
set of 30 log-normal features.

Beside it, on the same folds: logistic regression, 1-nearest-neighbour and an MLP of 32 hidden
units on the standardised features; three read-outs of the input code without a network (class
means, logistic regression, and the network's own rule without spikes, which is the ceiling to
approach); and the network untrained.

Claims, asserted: mean accuracy over the seeds at least 95, 96, 96 and 93 %; 20 points above the
untrained network; a training on Digits in less than 60 s of CPU time. `--quick`: one fold of each,
600 digits, looser bounds.
"""

from __future__ import annotations

import argparse
import os
import sys
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.learning.folds import CONTROLS, DATA, FOLDS, NAMES, run, summarise, table
from benchmarks.learning.trials import RESULTS as FOLDER
from benchmarks.learning.trials import one_thread_each, write
from benchmarks.provenance import provenance
from engram.learn import RSTDPClassifier

CLAIMS = {"Iris": 95.0, "Wine": 96.0, "Breast cancer": 96.0, "Digits": 93.0}
"""Mean accuracy over the seeds, %."""

CLAIMS_QUICK = {"Iris": 86.0, "Wine": 88.0, "Breast cancer": 90.0, "Digits": 83.0}
"""Accuracy of one fold, %: 30 to 120 answers."""

LONGEST = 60.0
"""CPU time of a training on Digits, s."""

GAIN = 20.0
"""Least lead over the untrained network, points."""

ARMS = ("network", "untrained", *CONTROLS)
QUICK_DIGITS = 600
RESULTS = FOLDER / "classifiers.json"

Results = dict[str, dict[str, dict[str, Any]]]


def failures(results: Results, claims: dict[str, float]) -> list[str]:
    """What contradicts the claims."""
    found = []
    for data, claim in claims.items():
        network, untrained = results[data]["network"], results[data]["untrained"]
        if network["mean"] < claim:
            found.append(f"{data}: {network['mean']:.2f} % is below {claim:g} %")
        if network["mean"] < untrained["mean"] + GAIN:
            found.append(f"{data}: untrained, the network is right in {untrained['mean']:.2f} %")
    if results["Digits"]["network"]["fit_s"] > LONGEST:
        found.append(f"a training on Digits takes {results['Digits']['network']['fit_s']:.0f} s")
    return found


def report(stored: dict[str, Any]) -> str:
    """The section of BENCHMARKS.md on a stored run."""
    results: Results = stored["results"]
    seeds = len(stored["protocol"]["seeds"])
    lines = [
        "## Classifiers",
        "",
        f"`python -m benchmarks.learning.classifiers`: `RSTDPClassifier` with its defaults, {FOLDS}"
        f"-fold stratified cross-validation, {seeds} seeds (mean, and standard deviation over "
        "seeds, %). A silent or tied answer counts as wrong. The defaults were chosen on other "
        "data. *Same rule, no spikes* is the same place code and rule with sums in place of spike "
        "counts.",
        "",
        f"| | {' | '.join(results)} |",
        "|---|" + "---|" * len(results),
        f"| asked for | {' | '.join(f'{CLAIMS[data]:g}' for data in results)} |",
    ]
    for arm in ARMS:
        cells = [f"{r[arm]['mean']:.2f} ({r[arm]['sd']:.2f})" for r in results.values()]
        lines.append(f"| {NAMES.get(arm, arm)} | {' | '.join(cells)} |")
    for what, key, form in (
        ("lowest and highest seed", "", ""),
        ("silent or tied of all answers", "", ""),
        ("log loss of `predict_proba`", "log_loss", ".3f"),
        ("training, CPU-s", "fit_s", ".1f"),
        ("an answer, CPU-ms", "answer_ms", ".2f"),
    ):
        cells = []
        for r in results.values():
            n = r["network"]
            if key:
                cells.append(format(n[key], form))
            elif what.startswith("silent"):
                cells.append(f"{n['silent'] + n['tied']} of {n['n_answers']:,}")
            else:
                cells.append(f"{n['min']:.2f} - {n['max']:.2f}")
        lines.append(f"| network: {what} | {' | '.join(cells)} |")
    holds = "hold" if stored["holds"] else "**fail**: " + "; ".join(stored["failures"])
    lines += ["", f"The claims {holds}."]
    return "\n".join(lines)


def draw(results: Results, path: Path) -> None:
    """Accuracies of all arms by seed, and how training went."""
    from matplotlib.figure import Figure

    from engram import plots

    figure = Figure(figsize=(12.0, 6.4), layout="constrained")
    panels = figure.subplots(2, len(results), height_ratios=(1.5, 1.0))
    for column, (data, arms) in enumerate(results.items()):
        top, below = plots.style(panels[0, column]), plots.style(panels[1, column])
        shown = [arm for arm in arms if arm != "untrained"]
        for row, arm in enumerate(reversed(shown)):
            colour = plots.COLORS[1] if arm == "network" else plots.COLORS[0]
            top.scatter(
                arms[arm]["by_seed"],
                [row] * len(arms[arm]["by_seed"]),
                s=14,
                color=colour,
                alpha=0.5,
                linewidths=0,
            )
            top.plot(arms[arm]["mean"], row, "|", color=colour, markersize=14, markeredgewidth=2)
        top.axvline(CLAIMS[data], color=plots.COLORS[6], linewidth=0.8, linestyle=":")
        top.set_yticks(
            range(len(shown)), list(reversed(shown)) if column == 0 else [""] * len(shown)
        )
        top.set_xlabel(f"accuracy (%)\nuntrained: {arms['untrained']['mean']:.0f}")
        plots.title(top, f"{data}: {CLAIMS[data]:g} % asked for")
        for name, label, colour in (
            ("lessons", "taught", plots.COLORS[0]),
            ("errors", "wrong", plots.COLORS[1]),
        ):
            runs = arms["network"][name]
            last = min(len(r) for r in runs)
            shares = 100.0 * np.array([r[:last] for r in runs])
            epochs = np.arange(1, last + 1)
            below.fill_between(
                epochs, shares.min(axis=0), shares.max(axis=0), color=colour, alpha=0.2, linewidth=0
            )
            below.plot(epochs, shares.mean(axis=0), color=colour, label=label)
        below.set_ylim(0.0, 100.0)
        below.set_xlabel("epoch")
        if column == 0:
            below.set_ylabel("training samples (%)")
            plots.legend(below)
    figure.savefig(path, dpi=110)


def main(arguments: list[str] | None = None) -> int:
    """Run, print, write, and check the claims; the exit status."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--quick", action="store_true", help="one fold of each; looser claims")
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--jobs", type=int, default=os.cpu_count() or 1)
    parser.add_argument("--output", type=Path, help=f"JSON (default, unless --quick: {RESULTS})")
    options = parser.parse_args(arguments)
    seeds, folds = (1, 1) if options.quick else (options.seeds, FOLDS)
    claims = CLAIMS_QUICK if options.quick else CLAIMS
    output = options.output or (None if options.quick else RESULTS)
    one_thread_each()

    load = os.getloadavg()[0]
    results: Results = {}
    wall = 0.0
    for data in DATA:
        samples = QUICK_DIGITS if options.quick and data == "Digits" else None
        points = [
            {"data": data, "arm": arm, "fold": fold, "samples": samples}
            for arm in ARMS
            for fold in range(folds)
        ]
        done, took = run(points, range(seeds), options.jobs)
        wall += took
        results[data] = {arm: summarise([f for f in done if f.arm == arm]) for arm in ARMS}
        print(f"{data}, {folds} of {FOLDS} folds, {seeds} seeds\n\n{table(results[data])}\n")
    problems = failures(results, claims)
    print(f"{wall:.0f} s on {options.jobs} processes (load before: {load:.1f})")
    if output is not None:
        document = {
            "benchmark": "classifiers",
            "claims": claims,
            "holds": not problems,
            "failures": problems,
            "protocol": {
                "folds": FOLDS,
                "folds_run": folds,
                "seeds": list(range(seeds)),
                "undecided": "wrong",
            },
            "parameters": RSTDPClassifier().get_params(),
            "results": results,
            "wall_s": round(wall, 2),
            "jobs": options.jobs,
            "load_before": round(load, 2),
            "provenance": provenance(__file__, range(seeds)),
        }
        write(output, document)
        print(f"written to {output}")
    for problem in problems:
        print(f"CLAIM FAILED: {problem}", file=sys.stderr)
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main())
