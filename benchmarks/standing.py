"""How results of benchmarks that are no `Experiment` stand beside their simple rivals.

A file of results may also hold judgements of its own under `rivals` (see `Rival.judge`): they come
before those that are made here.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from scipy import stats

from benchmarks.learning.verdicts import Claim, Rival, against

Document = Mapping[str, Any]
Judgements = list[dict[str, Any]]

SIMPLE = ("logistic regression", "1-nearest-neighbour", "MLP (32 hidden)", "same rule, no spikes")
"""Arms of classifiers that are simple rivals."""


@dataclass(frozen=True)
class Row:
    """A row of the first page."""

    task: str
    result: str
    rival: str
    labels: str
    verdict: str
    page: str


def lead(rival: Document) -> float:
    """How far we are ahead."""
    return -float(rival["mean"]) if rival.get("lower") else float(rival["mean"])


def strongest_first(rivals: Judgements) -> Judgements:
    """By how little we are ahead; those that were not measured come last."""
    measured = [r for r in rivals if "mean" in r]
    return sorted(measured, key=lead) + [r for r in rivals if "mean" not in r]


def by_seed(results: Document, arms: Sequence[str]) -> dict[int, dict[str, float]]:
    """Figures of these arms, of the seeds that all have."""
    values = {arm: results[arm]["by_seed"] for arm in arms}
    n = min(map(len, values.values()))
    return {k: {arm: values[arm][k] for arm in arms} for k in range(n)}


def of_arms(results: Document, what: str = "") -> Judgements:
    """The network against the simple arms, seed by seed."""
    return strongest_first(
        [
            Rival(f"{arm}{what}", "network", arm).judge(by_seed(results, ("network", arm)))
            for arm in SIMPLE
            if arm in results
        ]
    )


def at_least(results: Document, least: float, what: str) -> dict[str, Any]:
    """A claim on the network's accuracy."""
    return Claim(what, "network", least).judge(by_seed(results, ("network",)))


def said(holds: bool, text: str) -> dict[str, Any]:
    """A claim of which only the verdict was kept."""
    return {"claim": text, "verdict": "holds" if holds else "fails", "holds": holds}


def agents(document: Document) -> Judgements:
    """Each world, beside all arms but chance; older files lack single seeds: Welch's interval."""
    found = list(document.get("rivals", []))
    for world, arms in document["results"].items():
        for arm in arms:
            text, both = f"{arm}, {world}", (arms["network"], arms[arm])
            if arm in ("network", "random"):
                continue
            if all("by_seed" in r for r in both):
                found.append(Rival(text, "network", arm).judge(by_seed(arms, ("network", arm))))
            else:
                found.append(_welch(text, *both, arm))
    return found


def _welch(text: str, ours: Document, theirs: Document, arm: str) -> dict[str, Any]:
    mean = float(ours["mean"] - theirs["mean"])
    parts = [r["sd"] ** 2 / r["seeds"] for r in (ours, theirs)]
    total = sum(parts)
    low = high = mean
    if total > 0:
        freedom = total**2 / sum(
            p**2 / (r["seeds"] - 1) for p, r in zip(parts, (ours, theirs), strict=True)
        )
        half = float(stats.t.ppf(0.975, freedom) * np.sqrt(total))
        low, high = mean - half, mean + half
    return {
        "rival": text,
        "ours": "network",
        "theirs": arm,
        "margin": None,
        "our_mean": float(ours["mean"]),
        "their_mean": float(theirs["mean"]),
        "mean": mean,
        "low": low,
        "high": high,
        "by": "seeds only",
        "n": int(ours["seeds"]),
        "verdict": against(low, high, None),
    }


def mnist(document: Document, decoder: str) -> Judgements:
    """400 neurons with one read-out, beside logistic regression on pixels with as many labels.

    Runs may have others under `rivals` (`mnist_rivals`): with the same read-out if they have it.
    """
    runs = [
        r
        for r in document["runs"]
        if (r["run"]["model"], r["run"]["neurons"]) == ("lif", 400) and decoder in r["decoders"]
    ]
    trials: dict[int, dict[str, float]] = {}
    names: list[str] = []
    for r in runs:
        others = {
            name: rival.get("decoders", {}).get(decoder, rival)["accuracy"]
            for name, rival in r.get("rivals", {}).items()
        }
        if "pixels" in r:
            others["logistic regression on pixels"] = r["pixels"]["logistic"]
        names += [n for n in others if n not in names]
        trials[r["run"]["seed"]] = {decoder: r["decoders"][decoder]["accuracy"], **others}
    found = []
    for name in names:
        shared = {s: t for s, t in trials.items() if name in t}
        found.append(Rival(name, decoder, name).judge(shared))
    stored = [r for r in document.get("rivals", []) if r["ours"] == decoder]
    return strongest_first([*stored, *found])


def spread(values: Sequence[float], unit: str = " %") -> str:
    """Mean and standard deviation."""
    x = np.asarray(values, float)
    sd = f" (sd {x.std(ddof=1):.2g})" if len(x) > 1 else ""
    return f"{x.mean():.4g}{unit}{sd}"


def row(
    task: str, result: str, labels: str, page: str, rivals: Judgements, claims: Judgements
) -> Row:
    """Of a task: the first rival that was measured counts."""
    measured = [r for r in rivals if "mean" in r]
    if measured:
        first = measured[0]
        return Row(
            task,
            result,
            f"{first['rival']}: {first['their_mean']:.4g}",
            labels,
            first["verdict"],
            page,
        )
    judged = [c["verdict"] for c in claims]
    said = f"{judged.count('holds')} of {len(judged)} claims hold" if judged else "no claim"
    return Row(task, result, "no rival stands beside it", labels, said, page)
