"""What the learning experiments share: paired trials over seeds, intervals, results, reports.

A trial runs every arm of an experiment from one seed and returns figures by name. Arms of one seed
see the same data, so they are compared in pairs: mean difference over seeds, its 95 % interval
(Student's t), and the effect size d = mean / standard deviation of the differences (Cohen 1988).
`benchmarks.learning.trials` runs them, and does not run again what an interrupted run has done.
"""

from __future__ import annotations

import argparse
import platform
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from scipy import stats

import engram
from benchmarks.learning.trials import RESULTS, source, trials, write

Figures = Mapping[str, float]
Trials = Mapping[int, Figures]


@dataclass(frozen=True)
class Paired:
    """Two figures compared over seeds: mean of the differences, 95 % interval, effect size d."""

    mean: float
    low: float
    high: float
    effect: float
    n: int


def paired(differences: Sequence[float]) -> Paired:
    """The mean of differences, its 95 % interval by Student's t, and the effect size.

    >>> paired([1.0, 2.0, 3.0]).mean
    2.0
    """
    d = np.asarray(differences, float)
    n, mean = len(d), float(d.mean())
    if n < 2:
        return Paired(mean, -np.inf, np.inf, np.nan, n)
    spread = float(d.std(ddof=1))
    half = float(stats.t.ppf(0.975, n - 1)) * spread / np.sqrt(n)
    return Paired(mean, mean - half, mean + half, mean / spread if spread else np.inf, n)


@dataclass(frozen=True)
class Claim:
    """What was said beforehand: figure `a` exceeds `b` (a figure or a number) by `least` or more.

    certain: so does the lower end of the 95 % interval, instead of the mean.
    """

    text: str
    a: str
    b: str | float = 0.0
    least: float = 0.0
    certain: bool = False

    def judge(self, trials: Trials) -> dict[str, Any]:
        """The comparison, and whether the claim holds."""
        other = self.b
        found = paired(
            [t[self.a] - (t[other] if isinstance(other, str) else other) for t in trials.values()]
        )
        measured = found.low if self.certain else found.mean
        return {
            "claim": self.text,
            "mean": found.mean,
            "low": found.low,
            "high": found.high,
            "effect": found.effect,
            "n": found.n,
            "least": self.least,
            "certain": self.certain,
            "holds": bool(measured >= self.least),
        }


@dataclass(frozen=True)
class Experiment:
    """A question with its hypothesis, one trial of all its arms, and what is claimed.

    trial: (seed, quick) -> figures, a function of a module; quick: fewer data, under a minute in
    all. arms, quick_arms: where they are long, each is a trial of its own, (seed, quick, arm) ->
    figures. draw: (trials, path) draws the figures, see `benchmarks.report`. quick_claims: those
    that must hold in the small version, too.
    """

    name: str
    title: str
    hypothesis: str
    protocol: str
    trial: Callable[..., dict[str, float]]
    claims: tuple[Claim, ...]
    draw: Callable[[Trials, Path], None]
    quick_claims: tuple[Claim, ...] = ()
    quick_seeds: int = 2
    arms: tuple[str, ...] = ()
    quick_arms: tuple[str, ...] = ()

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
            self.trial,
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
        claims = self.quick_claims if options.quick else self.claims
        document = self._document(found, claims)
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

    def _document(self, trials: Trials, claims: Sequence[Claim]) -> dict[str, Any]:
        return {
            "benchmark": self.name,
            "title": self.title,
            "hypothesis": self.hypothesis,
            "protocol": self.protocol,
            "source": source(),
            "versions": {"engram": engram.__version__, "python": platform.python_version()},
            "trials": {str(seed): trials[seed] for seed in sorted(trials)},
            "claims": [claim.judge(trials) for claim in claims],
        }


def _figures(row: Mapping[str, Any]) -> dict[str, float]:
    others = ("quick", "seed", "arm", "answers", "items")
    return {name: float(x) for name, x in row.items() if name not in others}


def report(document: dict[str, Any]) -> str:
    """The section of BENCHMARKS.md."""
    trials = document["trials"].values()
    lines = [
        f"## {document['title']}",
        "",
        f"`python -m benchmarks.learning.{document['benchmark']}`, {len(trials)} seeds. "
        f"Hypothesis, stated beforehand: {document['hypothesis']}",
        "",
        document["protocol"],
        "",
        "| figure | mean (sd) | range |",
        "|---|---|---|",
    ]
    for name in next(iter(trials)):
        values = np.array([t[name] for t in trials])
        spread = values.std(ddof=1) if len(values) > 1 else 0.0
        lines.append(
            f"| {name} | {values.mean():.4g} ({spread:.2g}) "
            f"| {values.min():.4g} - {values.max():.4g} |"
        )
    lines += ["", "| claim | difference (95 % interval) | d | at least | holds |"]
    lines += ["|---|---|---|---|---|"]
    for c in document["claims"]:
        lines.append(
            f"| {c['claim']} | {c['mean']:.3g} ({c['low']:.3g} to {c['high']:.3g}) "
            f"| {c['effect']:.2g} | {c['least']:g}{', with certainty' if c['certain'] else ''} "
            f"| {'yes' if c['holds'] else '**no**'} |"
        )
    return "\n".join(lines)
