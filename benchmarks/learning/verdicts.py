"""What results say: intervals over seeds and test items, verdicts on claims, and on rivals.

A claim "holds" where its whole 95 % interval does, "fails" where none of it does, and else is
"undecided". Against a rival we are "ahead" or "behind" where the interval leaves out zero, "equal"
where it has zero and lies within a margin that was stated, else "undecided".

Where a trial kept which test items it had right (`answers`), the interval counts both kinds of
chance: other seeds and other test items. Else it is Student's t over seeds.
"""

from __future__ import annotations

import base64
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from scipy import stats

Figures = Mapping[str, float]
Trials = Mapping[int, Figures]
Matrix = np.ndarray[Any, np.dtype[np.float64]]

REPLICATES = 2000
SEEDS_ONLY, BOTH = "seeds only", "seeds and test items"


@dataclass(frozen=True)
class Paired:
    """Two figures compared over seeds: mean of the differences, 95 % interval, effect size d."""

    mean: float
    low: float
    high: float
    effect: float
    n: int
    by: str = SEEDS_ONLY


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


# -- which test items were right


def pack(right: Sequence[bool]) -> dict[str, Any]:
    """Right or not, item by item, as JSON can hold it: eight to a byte, base64."""
    bits = np.asarray(right, bool)
    return {"n": len(bits), "bits": base64.b64encode(np.packbits(bits).tobytes()).decode()}


def unpack(packed: Mapping[str, Any]) -> Matrix:
    """The same as zeros and ones."""
    octets = np.frombuffer(base64.b64decode(packed["bits"]), np.uint8)
    return np.unpackbits(octets, count=packed["n"]).astype(float)


@dataclass(frozen=True)
class Answers:
    """Of all seeds: which items each arm had right, and which test set these were.

    right: seed -> arm -> packed answers; items: seed -> a name of its test set.
    """

    right: Mapping[int, Mapping[str, Mapping[str, Any]]]
    items: Mapping[int, str]

    def differences(self, a: str, b: str | float) -> tuple[list[Matrix], list[str]] | None:
        """Per cent, item by item, for each seed, and its test set; None unless all are there."""
        rows, sets = [], []
        for seed, arms in self.right.items():
            if a not in arms or (isinstance(b, str) and b not in arms):
                return None
            other = unpack(arms[b]) if isinstance(b, str) else b / 100.0
            rows.append(100.0 * (unpack(arms[a]) - other))
            sets.append(self.items.get(seed, ""))
        return (rows, sets) if rows else None

    def stored(self) -> dict[str, Any]:
        """As JSON can hold it."""
        return {
            "right": {str(seed): dict(arms) for seed, arms in self.right.items()},
            "items": {str(seed): name for seed, name in self.items.items()},
        }

    @staticmethod
    def of(document: Mapping[str, Any]) -> Answers:
        """Those in a file of results; older files have none."""
        kept = document.get("answers", {})
        return Answers(
            {int(seed): arms for seed, arms in kept.get("right", {}).items()},
            {int(seed): name for seed, name in kept.get("items", {}).items()},
        )


NONE = Answers({}, {})


RULE_OF_THREE = 3.0
"""Where none of n items differed, 3 / n may (95 %)."""


def bootstrap(rows: Sequence[Matrix], sets: Sequence[str], replicates: int = REPLICATES) -> Paired:
    """The mean of differences of items (a row a seed), its 95 % interval, and the effect size.

    Each replicate draws seeds, and items once for all seeds of a test set. The spread of replicates
    of few seeds is too small and counts what seeds and items share more than once; so their
    distances from the mean are stretched to the standard error of a two-way layout, and by
    Student's t over the normal distribution (degrees of freedom by Satterthwaite).

    References
    ----------
    Owen (2007), https://doi.org/10.1214/07-AOAS122 (drawing both);
    Hesterberg (2015), https://doi.org/10.1080/00031305.2015.1089789 (few draws);
    Hanley & Lippman-Hand (1983), https://doi.org/10.1001/jama.1983.03330370053031 (no event in n).
    """
    plain = paired([float(row.mean()) for row in rows])
    n = len(rows)
    if n < 2:
        return Paired(plain.mean, plain.low, plain.high, plain.effect, n, BOTH)
    # Sets of other sizes can't be the same, whatever they are called.
    names = [(name, len(row)) for name, row in zip(sets, rows, strict=True)]
    groups = [
        np.stack([row for row, name in zip(rows, names, strict=True) if name == kind])
        for kind in dict.fromkeys(names)
    ]
    seeds = _variance(np.array([row.mean() for row in rows]))
    items, shared = (sum(x) for x in zip(*(_of_items(g, n) for g in groups), strict=True))
    variance = max(seeds + items - shared, seeds, items)
    drawn = _replicates(groups, replicates)
    spread = float(drawn.std())
    if not variance or not spread:
        # Nothing differed anywhere: what is as rare as that may still be there.
        half = 100.0 * RULE_OF_THREE / min(group.shape[1] for group in groups)
        return Paired(plain.mean, plain.mean - half, plain.mean + half, plain.effect, n, BOTH)
    # Only items that seeds have in common add to what differs between seeds.
    common = max(variance - seeds, 0.0)
    freedom = variance**2 / (
        seeds**2 / (n - 1) + common**2 / max(min(g.shape[1] for g in groups) - 1, 1)
    )
    half = float(np.sqrt(variance) * stats.t.ppf(0.975, freedom))
    stretch = half / spread / stats.norm.ppf(0.975)
    low, high = plain.mean + (np.quantile(drawn, [0.025, 0.975]) - plain.mean) * stretch
    # Where errors are rare, replicates are skewed: a tail that is too short counts as usual.
    low, high = min(float(low), plain.mean - half), max(float(high), plain.mean + half)
    return Paired(plain.mean, low, high, plain.effect, n, BOTH)


def _variance(values: Matrix) -> float:
    """Of their mean."""
    return float(values.var(ddof=1)) / len(values)


def _of_items(group: Matrix, n: int) -> tuple[float, float]:
    """Variance of the mean over n seeds that comes from this test set's items; what is residual."""
    seeds, items = group.shape
    weight = (seeds / n) ** 2
    if items < 2:
        return 0.0, 0.0
    of_items = weight * _variance(group.mean(0))
    if seeds < 2:
        return of_items, of_items
    rest = group - group.mean(0) - group.mean(1, keepdims=True) + group.mean()
    residual = float((rest**2).sum()) / ((seeds - 1) * (items - 1))
    return of_items, weight * residual / (seeds * items)


def _replicates(groups: Sequence[Matrix], replicates: int) -> Matrix:
    rng = np.random.default_rng(0)
    means = []
    for group in groups:
        seeds, items = group.shape
        found = np.empty((replicates, seeds))
        for k in range(replicates):
            counts = np.bincount(rng.integers(items, size=items), minlength=items)
            found[k] = group @ counts / items
        means.append(found)
    every = np.concatenate(means, axis=1)
    chosen = rng.integers(every.shape[1], size=every.shape)
    return np.asarray(np.take_along_axis(every, chosen, axis=1).mean(1))


def compare(trials: Trials, a: str, b: str | float, answers: Answers = NONE) -> Paired:
    """Figure a less b (a figure or a number)."""
    kept = answers.differences(a, b) if set(answers.right) == set(trials) else None
    if kept is not None:
        return bootstrap(*kept)
    return paired([t[a] - (t[b] if isinstance(b, str) else b) for t in trials.values()])


# -- claims and rivals


def verdict_of(low: float, high: float, least: float) -> str:
    """Whether what lies between low and high is at least so much."""
    if low >= least:
        return "holds"
    return "fails" if high < least else "undecided"


@dataclass(frozen=True)
class Claim:
    """Figure `a` exceeds `b` (a figure or a number) by `least` or more.

    certain: what ends an experiment with an error is the lower end of the 95 % interval, instead of
    the mean. The verdict goes by the interval in either case.
    """

    text: str
    a: str
    b: str | float = 0.0
    least: float = 0.0
    certain: bool = False

    def judge(self, trials: Trials, answers: Answers = NONE) -> dict[str, Any]:
        """The comparison, its verdict, and whether the experiment may pass."""
        found = compare(trials, self.a, self.b, answers)
        measured = found.low if self.certain else found.mean
        return {
            "claim": self.text,
            "a": self.a,
            "b": self.b,
            **_means(trials, self.a, self.b),
            **_stored(found),
            "least": self.least,
            "certain": self.certain,
            "verdict": verdict_of(found.low, found.high, self.least),
            "holds": bool(measured >= self.least),
        }


@dataclass(frozen=True)
class Rival:
    """A simple method that an experiment stands beside: figure `ours` against `theirs`.

    margin: within which both count as equal; without one they never do. lower: less is better.
    """

    text: str
    ours: str
    theirs: str
    margin: float | None = None
    lower: bool = False

    def __post_init__(self) -> None:
        if self.margin is not None and self.margin <= 0:
            raise ValueError(f"{self.text}: margin is {self.margin:g}, must be above 0 or None")

    def judge(self, trials: Trials, answers: Answers = NONE) -> dict[str, Any]:
        """The comparison and its verdict; "not measured" where a figure is missing."""
        told = {
            "rival": self.text,
            "ours": self.ours,
            "theirs": self.theirs,
            "margin": self.margin,
            "lower": self.lower,
        }
        if not trials or any(x not in t for t in trials.values() for x in (self.ours, self.theirs)):
            return {**told, "verdict": "not measured"}
        found = compare(trials, self.ours, self.theirs, answers)
        low, high = (-found.high, -found.low) if self.lower else (found.low, found.high)
        return {
            **told,
            **_means(trials, self.ours, self.theirs),
            **_stored(found),
            "verdict": against(low, high, self.margin),
        }


def against(low: float, high: float, margin: float | None) -> str:
    """Ahead, equal or behind, or undecided: of how far we are ahead, between low and high."""
    if low > 0:
        return "ahead"
    if high < 0:
        return "behind"
    if low == high == 0.0:
        return "equal"
    return "equal" if margin is not None and -margin <= low and high <= margin else "undecided"


def _means(trials: Trials, a: str, b: str | float) -> dict[str, float]:
    ours = float(np.mean([t[a] for t in trials.values()]))
    if not isinstance(b, str):
        return {"our_mean": ours, "their_mean": float(b)}
    return {"our_mean": ours, "their_mean": float(np.mean([t[b] for t in trials.values()]))}


def _stored(found: Paired) -> dict[str, Any]:
    return {
        "mean": found.mean,
        "low": found.low,
        "high": found.high,
        "effect": found.effect,
        "n": found.n,
        "by": found.by,
    }
