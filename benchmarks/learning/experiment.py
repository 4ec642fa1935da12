"""What the learning experiments share: paired trials over seeds, intervals, results, reports.

A trial runs every arm of an experiment from one seed and returns figures by name. Arms of one seed
see the same data, so they are compared in pairs. `benchmarks.learning.verdicts` says what comes of
it, `benchmarks.learning.trials` runs trials, and does not run again what an interrupted run did.
"""

from __future__ import annotations

import argparse
import functools
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.learning.trials import RESULTS, trials, write
from benchmarks.learning.verdicts import (
    NONE,
    Answers,
    Claim,
    Figures,
    Paired,
    Rival,
    Trials,
    pack,
    paired,
)
from benchmarks.provenance import provenance

__all__ = ["Claim", "Experiment", "Figures", "Front", "Paired", "Rival", "Trials", "paired"]

NO_FIGURES = ("quick", "seed", "arm", "answers", "items")
"""What a row of a trial has beside figures."""


@dataclass(frozen=True)
class Front:
    """The row of an experiment on the first page: its task, its main figure, the labels used."""

    task: str
    figure: str
    labels: str
    unit: str = "%"


@dataclass(frozen=True)
class Experiment:
    """A question with its hypothesis, one trial of all its arms, and what is claimed.

    trial: (seed, quick) -> figures, a function of a module; quick: fewer data, under a minute in
    all. Beside figures it may return `answers`: for arms, by the name of a figure in per cent,
    which test items were right (the same items in the same order for all arms; and for all seeds,
    unless it also returns `items`, a name of the test set). arms, quick_arms: where they are long,
    each is a trial of its own, (seed, quick, arm) -> figures. draw: (trials, path) draws the
    figures, see `benchmarks.report`. quick_claims: those that must hold in the small version, too.

    rivals: the strongest simple methods, the strongest first. stated: whether the hypothesis stands
    in a commit older than the first result ("before", with that commit), or not ("exploratory").
    """

    name: str
    title: str
    hypothesis: str
    protocol: str
    trial: Callable[..., Mapping[str, Any]]
    claims: tuple[Claim, ...]
    draw: Callable[[Trials, Path], None]
    quick_claims: tuple[Claim, ...] = ()
    quick_seeds: int = 2
    arms: tuple[str, ...] = ()
    quick_arms: tuple[str, ...] = ()
    rivals: tuple[Rival, ...] = ()
    stated: str = "exploratory"
    stated_in: str = ""
    front: Front | None = None

    def __post_init__(self) -> None:
        if self.stated not in ("before", "exploratory"):
            raise ValueError(f"{self.name}: stated is {self.stated!r}, not before or exploratory")
        if (self.stated == "before") != bool(self.stated_in):
            raise ValueError(f"{self.name}: stated_in names the commit of what was stated before")

    @property
    def path(self) -> Path:
        """Where the results are."""
        return RESULTS / f"{self.name}.json"

    def main(self, arguments: list[str] | None = None) -> int:
        """Run what is missing, print, write, judge; the exit status."""
        parser = argparse.ArgumentParser(description=self.title)
        parser.add_argument("--seeds", type=int, default=5)
        parser.add_argument("--jobs", type=int, default=1, help="trials side by side")
        parser.add_argument(
            "--quick", action="store_true", help="the small version; writes nothing"
        )
        parser.add_argument("--fresh", action="store_true", help="forget earlier trials")
        options = parser.parse_args(arguments)
        seeds = range(self.quick_seeds if options.quick else options.seeds)
        rows = trials(
            self.name,
            functools.partial(_packed, self.trial),
            [
                {"quick": options.quick, **arm}
                for arm in self._points(self.quick_arms if options.quick else self.arms)
            ],
            seeds,
            jobs=options.jobs,
            keep=not options.quick,
            fresh=options.fresh,
        )
        found: dict[int, dict[str, float]] = {seed: {} for seed in seeds}
        for row in rows:
            for name, value in _figures(row).items():
                so_far = found[row["seed"]].get(name, 0.0) if name == "cpu_s" else 0.0
                found[row["seed"]][name] = so_far + value
        document = self._document(found, _answers(rows, options.quick), quick=options.quick)
        print(report(document))
        if not options.quick:
            write(self.path, document)
        failed = [c["claim"] for c in document["claims"] if not c["holds"]]
        for text in failed:
            print(f"CLAIM FAILED: {text}", file=sys.stderr)
        return 1 if failed else 0

    @staticmethod
    def _points(arms: Sequence[str]) -> list[dict[str, str]]:
        return [{"arm": arm} for arm in arms] or [{}]

    def draw_stored(self, document: Mapping[str, Any], path: Path) -> None:
        """Draw the figures of a file of results."""
        self.draw({int(seed): figures for seed, figures in document["trials"].items()}, path)

    def _document(self, trials: Trials, answers: Answers, *, quick: bool) -> dict[str, Any]:
        claims = self.quick_claims if quick else self.claims
        kept = {"answers": answers.stored()} if answers.right else {}
        return {
            "benchmark": self.name,
            "title": self.title,
            "hypothesis": self.hypothesis,
            "stated": self.stated,
            "protocol": self.protocol,
            "provenance": provenance(__file__, sorted(trials)),
            "trials": {str(seed): trials[seed] for seed in sorted(trials)},
            "claims": [claim.judge(trials, answers) for claim in claims],
            "rivals": [rival.judge(trials, answers) for rival in self.rivals],
            **kept,
        }

    def judged(self, document: Mapping[str, Any]) -> tuple[list[dict[str, Any]], ...]:
        """Claims and rivals of a file of results; those that it lacks are judged here."""
        trials = {int(seed): figures for seed, figures in document["trials"].items()}
        return (
            _judged(document.get("claims", []), self.claims, trials, NONE, "claim"),
            _judged(document.get("rivals", []), self.rivals, trials, Answers.of(document), "rival"),
        )


def _packed(trial: Callable[..., Mapping[str, Any]], *, seed: int, **point: Any) -> dict[str, Any]:
    """Figures of a trial, with its answers packed; an error where the two don't agree."""
    found = dict(trial(seed=seed, **point))
    answers = found.pop("answers", None)
    if not answers:
        return found
    for arm, right in answers.items():
        percent = 100.0 * float(np.mean(right))
        if arm not in found or abs(found[arm] - percent) > 1e-6:
            raise ValueError(
                f"answers of {arm!r} are right in {percent:g} %, but its figure is "
                f"{found.get(arm)}; answers go by the name of a figure in per cent"
            )
    return {**found, "answers": {arm: pack(right) for arm, right in answers.items()}}


def _answers(rows: Sequence[Mapping[str, Any]], quick: bool) -> Answers:
    """Of all trials; small versions split small data by the seed, so that no seeds share items."""
    right: dict[int, dict[str, Any]] = {}
    items: dict[int, str] = {}
    for row in rows:
        if row.get("answers"):
            right.setdefault(row["seed"], {}).update(row["answers"])
        if quick or row.get("items"):
            items[row["seed"]] = str(row.get("items") or row["seed"])
    return Answers(right, items)


def _judged(
    stored: Sequence[dict[str, Any]],
    asked: Sequence[Claim] | Sequence[Rival],
    trials: Trials,
    answers: Answers,
    key: str,
) -> list[dict[str, Any]]:
    """What is asked now, as it was stored or judged now; then what is not asked any more."""
    known = {judgement[key]: judgement for judgement in stored}
    found = []
    for one in asked:
        old = known.pop(one.text, None)
        if old is not None and _is_of(old, one):
            found.append(old)
        elif isinstance(one, Rival) or _figures_of(one) <= set(next(iter(trials.values()))):
            found.append(one.judge(trials, answers))
        elif old is not None:
            found.append(old)
        else:
            found.append({"claim": one.text, "verdict": "not measured", "holds": False})
    return [*found, *known.values()]


def _is_of(old: Mapping[str, Any], one: Claim | Rival) -> bool:
    if old.get("verdict") in (None, "not measured"):
        return False
    if isinstance(one, Rival):
        return (old["ours"], old["theirs"], old["margin"]) == (one.ours, one.theirs, one.margin)
    return bool((old["a"], old["b"], old["least"]) == (one.a, one.b, one.least))


def _figures_of(claim: Claim) -> set[str]:
    return {claim.a, claim.b} if isinstance(claim.b, str) else {claim.a}


def _figures(row: Mapping[str, Any]) -> dict[str, float]:
    return {name: float(x) for name, x in row.items() if name not in NO_FIGURES}


def report(document: dict[str, Any]) -> str:
    """What is printed after a run: all figures, all judgements."""
    trials = document["trials"].values()
    lines = [f"{document['title']}, {len(trials)} seeds", ""]
    for name in next(iter(trials)):
        values = np.array([t[name] for t in trials])
        spread = values.std(ddof=1) if len(values) > 1 else 0.0
        lines.append(
            f"{name}: {values.mean():.4g} ({spread:.2g}), {values.min():.4g} to {values.max():.4g}"
        )
    lines.append("")
    for c in (*document["claims"], *document["rivals"]):
        text = f"{c['verdict']}: {c.get('claim') or c['rival']}"
        if "mean" in c:
            text += f"; {c['mean']:.3g} ({c['low']:.3g} to {c['high']:.3g}, by {c['by']})"
            text += f", at least {c['least']:g}" if "least" in c else ""
        lines.append(text)
    return "\n".join(lines)
