"""Stratified cross-validation of classifiers and their controls, over seeds and processes."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, fields
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.base import BaseEstimator, ClassifierMixin
from sklearn.datasets import load_breast_cancer, load_digits, load_iris, load_wine
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import StratifiedKFold
from sklearn.neighbors import KNeighborsClassifier, NearestCentroid
from sklearn.neural_network import MLPClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from benchmarks.learning.trials import trials
from engram.learn import PlaceCode, RSTDPClassifier
from engram.learn.decoders import undecided

FOLDS = 5

NAMES = {"untrained": "before learning"}
"""What tables call arms: such answers are arbitrary, so that this is no rival."""

DATA: dict[str, Callable[[], tuple[NDArray[np.float64], NDArray[np.int64]]]] = {
    "Iris": lambda: load_iris(return_X_y=True),
    "Wine": lambda: load_wine(return_X_y=True),
    "Breast cancer": lambda: load_breast_cancer(return_X_y=True),
    "Digits": lambda: load_digits(return_X_y=True),
}

NETWORKS: dict[str, dict[str, Any]] = {
    "network": {},
    "untrained": {"n_epochs": 0},
    "no dopamine": {"reward": 0.0},
    "no teacher": {"teacher_current": 0.0},
    "shuffled labels": {},
}
"""What differs from the defaults of `RSTDPClassifier`."""


class SameRule(ClassifierMixin, BaseEstimator):  # type: ignore[misc]
    """The network's rule without spikes: sums of code times weights instead of spike counts.

    Weights never fall below 0. A sample whose right class does not lead its strongest rival by the
    margin adds to the right class's weights of active fields and takes as much from the rival's.
    """

    def __init__(self, n_epochs: int = 15, eta: float = 0.1, margin: float = 0.2) -> None:
        self.n_epochs, self.eta, self.margin = n_epochs, eta, margin

    def fit(self, X: NDArray[np.float64], y: NDArray[np.int64]) -> SameRule:
        """Learn from codes X and classes y."""
        self.classes_, targets = np.unique(y, return_inverse=True)
        self.weights_ = np.ones((len(self.classes_), X.shape[1]))
        random = np.random.default_rng(0)
        for epoch in range(self.n_epochs):
            eta = self.eta / (1.0 + epoch / 5.0)
            for i in random.permutation(len(X)):
                sums, right = self.weights_ @ X[i], targets[i]
                best = np.where(np.arange(len(sums)) == right, -np.inf, sums)
                rival = int(best.argmax())
                short = ((1.0 + self.margin) * sums[rival] - sums[right]) / (
                    self.margin * sums[rival]
                )
                if short > 0:
                    change = eta * min(1.0, short) * X[i]
                    self.weights_[right] += change
                    self.weights_[rival] = np.maximum(self.weights_[rival] - change, 0.0)
        return self

    def predict(self, X: NDArray[np.float64]) -> NDArray[np.int64]:
        """The class of the greatest sum."""
        answers: NDArray[np.int64] = self.classes_[(X @ self.weights_.T).argmax(axis=1)]
        return answers


CONTROLS: dict[str, Callable[[], Any]] = {
    "logistic regression": lambda: make_pipeline(
        StandardScaler(), LogisticRegression(max_iter=1000)
    ),
    "1-nearest-neighbour": lambda: make_pipeline(StandardScaler(), KNeighborsClassifier(1)),
    "MLP (32 hidden)": lambda: make_pipeline(
        StandardScaler(), MLPClassifier((32,), max_iter=2000, random_state=0)
    ),
    "class means of the code": lambda: make_pipeline(PlaceCode(), NearestCentroid()),
    "logistic on the code": lambda: make_pipeline(PlaceCode(), LogisticRegression(max_iter=1000)),
    "same rule, no spikes": lambda: make_pipeline(PlaceCode(), SameRule()),
}


@dataclass(frozen=True)
class Fold:
    """One training and its test; `right`, `silent` and `tied` of `n_test` answers."""

    data: str
    arm: str
    seed: int
    fold: int
    n_test: int
    right: int
    silent: int = 0
    tied: int = 0
    log_loss: float | None = None
    errors: Sequence[float] = ()
    lessons: Sequence[float] = ()
    fit_s: float = 0.0
    answer_ms: float = 0.0


def run_fold(
    seed: int, data: str, arm: str, fold: int, samples: int | None = None
) -> dict[str, Any]:
    """Train and test one arm on one fold of the first `samples` samples (None: all)."""
    X, y = DATA[data]()
    X, y = X[:samples], y[:samples]
    splits = StratifiedKFold(FOLDS, shuffle=True, random_state=seed).split(X, y)
    train, test = list(splits)[fold]
    who = (data, arm, seed, fold, len(test))
    started = time.process_time()
    if arm in CONTROLS:
        right = CONTROLS[arm]().fit(X[train], y[train]).predict(X[test]) == y[test]
        return asdict(Fold(*who, right=int(right.sum()), fit_s=time.process_time() - started))
    labels = y[train]
    if arm == "shuffled labels":
        labels = np.random.default_rng(seed).permutation(labels)
    network = RSTDPClassifier(random_state=FOLDS * seed + fold, **NETWORKS[arm])
    network.fit(X[train], labels)
    trained = time.process_time()
    counts = network.spike_counts(X[test])
    answered = time.process_time()
    unsure, silent = undecided(counts), counts.sum(axis=1) == 0
    answers = network.classes_[counts.argmax(axis=1)]
    chances = network.predict_proba(X[test])[np.arange(len(test)), y[test]]
    return asdict(
        Fold(
            *who,
            right=int(((answers == y[test]) & ~unsure).sum()),
            silent=int(silent.sum()),
            tied=int((unsure & ~silent).sum()),
            log_loss=float(-np.log(chances).mean()),
            errors=tuple(network.errors_),
            lessons=tuple(network.lessons_),
            fit_s=trained - started,
            answer_ms=1e3 * (answered - trained) / len(test),
        )
    )


def run(
    points: Sequence[Mapping[str, Any]], seeds: Sequence[int], processes: int
) -> tuple[list[Fold], float]:
    """All folds, on so many processes; and the wall time, s. Nothing is kept: it is measured."""
    started = time.perf_counter()
    rows = trials("folds", run_fold, points, seeds, jobs=processes, keep=False)
    names = [field.name for field in fields(Fold)]
    done = [Fold(**{name: row[name] for name in names}) for row in rows]
    return done, time.perf_counter() - started


def summarise(folds: list[Fold]) -> dict[str, Any]:
    """Figures of one arm on one set of data, in %; the spread is over seeds."""
    seeds = sorted({f.seed for f in folds})
    by_seed = np.array([_accuracy([f for f in folds if f.seed == s]) for s in seeds])
    ordered = sorted(folds, key=lambda f: (f.seed, f.fold))
    losses = [f.log_loss for f in folds if f.log_loss is not None]
    return {
        "mean": float(by_seed.mean()),
        "sd": float(by_seed.std(ddof=1)) if len(seeds) > 1 else 0.0,
        "min": float(by_seed.min()),
        "max": float(by_seed.max()),
        "by_seed": _rounded(by_seed),
        "by_fold": _rounded(np.array([_accuracy([f]) for f in ordered]).reshape(len(seeds), -1)),
        "n_answers": sum(f.n_test for f in folds),
        "silent": sum(f.silent for f in folds),
        "tied": sum(f.tied for f in folds),
        "log_loss": float(np.mean(losses)) if losses else None,
        "errors": [_rounded(np.array(f.errors)) for f in ordered if f.errors],
        "lessons": [_rounded(np.array(f.lessons)) for f in ordered if f.lessons],
        "fit_s": float(np.mean([f.fit_s for f in folds])),
        "answer_ms": float(np.mean([f.answer_ms for f in folds])),
    }


def _accuracy(folds: list[Fold]) -> float:
    return 100.0 * sum(f.right for f in folds) / sum(f.n_test for f in folds)


def _rounded(values: NDArray[np.float64]) -> list[Any]:
    listed: list[Any] = values.round(4).tolist()
    return listed


def table(results: dict[str, dict[str, Any]]) -> str:
    """The summaries of the arms as text."""
    lines = [
        f"{'':<26}{'accuracy %':>11}{'sd':>6}{'min':>8}{'max':>8}{'silent':>8}{'tied':>6}"
        f"{'CPU-s/fit':>11}"
    ]
    for arm, r in results.items():
        lines.append(
            f"{arm:<26}{r['mean']:>11.2f}{r['sd']:>6.2f}{r['min']:>8.2f}{r['max']:>8.2f}"
            f"{r['silent']:>8}{r['tied']:>6}{r['fit_s']:>11.3f}"
        )
    return "\n".join(lines)
