"""Simple rivals of the MNIST networks: other features before the same decoders, and neighbours.

As many centres as the network has neurons, from the same training images without labels; the same
labelled images; settings chosen on a sixth of these, held out, as the network's decoder is.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import asdict
from itertools import product
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.neighbors import KNeighborsClassifier

from benchmarks.learning.rivals import Fields, best, random_centres, spherical_centres, unit
from engram.datasets import Dataset
from engram.learn.bench.protocol import HELD_OUT, best_of, judge, labelled_part
from engram.learn.named_decoders import PLAIN

Floats = NDArray[np.float64]

SHARES, POWERS = (0.01, 0.03, 0.1, 0.3, 0.6), (1.0, 2.0, 3.0)
"""Of the centres that answer (three at least), and of what is above the best silent one: settings
that are tried for each decoder, all combinations."""

TOTAL = 15.0
"""Spikes of an answer in all, about those of the network."""

CENTRES: dict[str, Callable[[Any, int, int], Floats]] = {
    "spherical k-means": spherical_centres,
    "random images": random_centres,
}
NEIGHBOURS = (1, 3)


Setting = tuple[float, float]
Settings = dict[str, Setting]


def fields(centres: Floats, setting: Setting) -> Fields:
    """Centres as neurons."""
    share, power = setting
    return Fields(centres, max(3, round(share * len(centres))), power, TOTAL)


def settings(centres: Floats, X: NDArray[Any], y: NDArray[np.int64], seed: int) -> Settings:
    """For each decoder, the setting that is best on held-out labelled images."""
    held = np.arange(len(y)) % HELD_OUT == 0
    scores: dict[str, dict[Setting, float]] = {name: {} for name in PLAIN}
    for setting in product(SHARES, POWERS):
        counts = fields(centres, setting).answer(X)
        for name, make in PLAIN.items():
            decoder = make(seed).fit(counts[~held], y[~held])
            scores[name][setting] = decoder.score(counts[held], y[held])
    return {name: best(found, found.__getitem__) for name, found in scores.items()}


def rivals(data: Dataset, neurons: int, n_labels: int, seed: int) -> dict[str, Any]:
    """Test accuracies of all rivals, by name; of features: of each decoder, and which was best on
    held-out labelled images."""
    X, y = labelled_part(data, n_labels, seed)
    y = y.astype(np.int64)
    found: dict[str, Any] = {}
    for name, make in CENTRES.items():
        started = time.process_time()
        centres = make(data.X_train, min(neurons, len(data.X_train)), seed)
        cpu = time.process_time() - started
        chosen_settings = settings(centres, X, y, seed)
        judged = {}
        for decoder, setting in chosen_settings.items():
            answering = fields(centres, setting)
            seen, tests = answering.answer(X), answering.answer(data.X_test)
            judged[decoder] = judge(PLAIN[decoder](seed), seen, y, tests, data.y_test)
        chosen = best_of(judged)
        found[name] = {
            "best": chosen,
            "accuracy": judged[chosen].accuracy,
            "setting": dict(zip(("share", "power"), chosen_settings[chosen], strict=True)),
            "train_cpu_s": cpu,
            "decoders": {decoder: asdict(j) for decoder, j in judged.items()},
        }
    for k in NEIGHBOURS:
        started = time.process_time()
        model = KNeighborsClassifier(k, algorithm="brute").fit(unit(X), y)
        accuracy = 100.0 * float(model.score(unit(data.X_test), data.y_test))
        cpu_ms = 1e3 * (time.process_time() - started) / len(data.y_test)
        found[f"{k}-NN"] = {"accuracy": accuracy, "answer_cpu_ms": cpu_ms}
    return found
