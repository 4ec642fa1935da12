"""The simple rivals of the experiments against scikit-learn and known results."""

from __future__ import annotations

import numpy as np
import pytest

pytest.importorskip("sklearn")

from sklearn.datasets import load_digits
from sklearn.discriminant_analysis import LinearDiscriminantAnalysis
from sklearn.neighbors import NearestCentroid, NearestNeighbors, kneighbors_graph
from sklearn.semi_supervised import LabelSpreading

from benchmarks.learning import completion
from benchmarks.learning.answers import Tally, with_answers
from benchmarks.learning.experiment import _figures
from benchmarks.learning.rivals import (
    Fields,
    NearestLatencies,
    Renormalised,
    SparseHopfield,
    SpreadLabels,
    StreamingLDA,
    best,
    random_centres,
    spherical_centres,
    unit,
)

X, Y = load_digits(return_X_y=True)
TRAIN, TEST = slice(0, 1200), slice(1200, None)


def test_answers_stand_beside_figures_and_are_no_figures() -> None:
    tally = Tally()
    tally.add("a", np.array([True, False, True, True]))
    tally.figures["lost"] = 3.0
    found = tally.result("seed 3")
    assert found["a"] == 75.0
    assert found["answers"] == {"a": [True, False, True, True]}
    assert found["items"] == "seed 3"
    assert _figures({**found, "seed": 3, "quick": True}) == {"a": 75.0, "lost": 3.0}
    with pytest.raises(ValueError, match="same items"):
        with_answers({}, {"a": [True], "b": [True, False]})


def test_best_takes_the_first_of_the_highest() -> None:
    assert best([1, -2, 2], lambda x: x * x) == -2


def test_spherical_centres_of_separate_directions() -> None:
    random = np.random.default_rng(0)
    directions = np.eye(4)[:3]
    rows = np.repeat(directions, 50, axis=0) * random.uniform(0.5, 9.0, (150, 1))
    rows += random.normal(0.0, 0.01, rows.shape)
    centres = spherical_centres(rows, 3, seed=0)
    np.testing.assert_allclose(np.linalg.norm(centres, axis=1), 1.0)
    assert sorted(centres.argmax(axis=1).tolist()) == [0, 1, 2]
    assert (centres.max(axis=1) > 0.999).all()


def test_random_centres_are_samples() -> None:
    centres = random_centres(X, 7, seed=1)
    assert ((centres @ unit(X).T).max(axis=1) > 1 - 1e-9).all()
    assert len(np.unique(centres, axis=0)) == 7


def test_fields_answer_with_the_nearest() -> None:
    centres = spherical_centres(X[TRAIN], 40, seed=0)
    found = Fields(centres, 5, total=20.0).answer(X[TEST])
    np.testing.assert_allclose(found.sum(axis=1), 20.0)
    assert ((found > 0).sum(axis=1) == 5).all()
    nearest = NearestNeighbors(n_neighbors=1).fit(centres).kneighbors(unit(X[TEST]))[1]
    assert (found.argmax(axis=1) == nearest[:, 0]).all()
    assert Fields(centres, 99).active == 39


@pytest.mark.parametrize("shrinkage", [0.05, 0.5])
def test_streaming_lda_is_lda_in_any_order(shrinkage: float) -> None:
    theirs = LinearDiscriminantAnalysis(solver="lsqr", shrinkage=shrinkage, priors=np.full(10, 0.1))
    x, y = X[TRAIN], Y[TRAIN]
    # Theirs weighs the classes' covariances by the priors: with equally many of each, as ours.
    own = np.concatenate([np.flatnonzero(y == c)[:100] for c in range(10)])
    theirs.fit(x[own], y[own])
    ours = StreamingLDA(shrinkage)
    for part in np.array_split(own, 23):
        ours.partial_fit(x[part], y[part])
    assert (ours.predict(X[TEST]) == theirs.predict(X[TEST])).all()
    shuffled = StreamingLDA(0.9)
    for part in np.array_split(np.random.default_rng(0).permutation(own), 7):
        shuffled.partial_fit(x[part], y[part])
    same = shuffled.with_shrinkage(shrinkage).predict(X[TEST])
    assert (same == theirs.predict(X[TEST])).all()
    with pytest.raises(ValueError, match="nothing"):
        StreamingLDA().predict(x)


def test_nearest_latencies_without_gaps_is_nearest_centroid() -> None:
    times = X + np.random.default_rng(0).normal(0.0, 1.0, X.shape)
    theirs = NearestCentroid().fit(times[TRAIN], Y[TRAIN]).predict(times[TEST])
    ours = NearestLatencies().fit(times[TRAIN], Y[TRAIN]).predict(times[TEST])
    assert (ours == theirs).all()


def test_nearest_latencies_with_gaps_and_at_any_time() -> None:
    random = np.random.default_rng(0)
    patterns = random.uniform(0.0, 50.0, (4, 60))
    y = np.arange(80) % 4
    times = patterns[y] + random.normal(0.0, 3.0, (80, 60))
    times[random.random(times.shape) < 0.2] = np.inf
    assert (NearestLatencies().fit(times[:20], y[:20]).predict(times) == y).all()
    moved = times + random.uniform(0.0, 500.0, (80, 1))
    free = NearestLatencies(free=True).fit(moved[:20], y[:20])
    assert (free.predict(moved) == y).all()
    assert (free.predict(moved + 1e3) == y).all()
    assert (NearestLatencies().fit(moved[:20], y[:20]).predict(moved) == y).mean() < 0.8


def test_spread_labels_solves_the_equation_of_zhou_et_al() -> None:
    x, own, alpha, k = unit(X[TRAIN]), np.arange(30), 0.9, 7
    found = SpreadLabels(X[TRAIN], (3, k)).fit(own, Y[own], alpha, k)
    graph = kneighbors_graph(x, k).toarray()
    graph = np.maximum(graph, graph.T)
    root = np.sqrt(graph.sum(axis=1))
    given = np.zeros((len(x), 10))
    given[own, Y[own]] = 1.0
    spread = np.linalg.solve(np.eye(len(x)) - alpha * graph / np.outer(root, root), given)
    ours = found.classes[found.shares.argmax(axis=1)]
    assert (ours == spread.argmax(axis=1)).mean() > 0.99
    labels = np.full(len(x), -1)
    labels[own] = Y[own]
    theirs = LabelSpreading(kernel="knn", n_neighbors=k, alpha=alpha, max_iter=200).fit(x, labels)
    assert (found.predict(X[TEST]) == Y[TEST]).mean() > theirs.score(unit(X[TEST]), Y[TEST]) - 0.01


def test_the_nearest_are_those_of_scikit_learn() -> None:
    x = unit(X[TRAIN])
    labels = SpreadLabels(X[TRAIN], (7,))
    near = NearestNeighbors(n_neighbors=7).fit(x).kneighbors(unit(X[TEST]))[1]
    assert (labels.near(X[TEST]) == near).mean() > 0.99
    found = labels.fit(np.arange(30), Y[:30], 0.9, 7)
    assert (found.predict_near(near) == found.predict(X[TEST])).mean() > 0.99


@pytest.mark.parametrize("each", [True, False])
def test_renormalised_undoes_a_change_of_offset_and_scale(each: bool) -> None:
    random = np.random.default_rng(0)
    before, test = random.normal(3.0, 2.0, (500, 8)), random.normal(3.0, 2.0, (5, 8))
    found = Renormalised(before, 5.0 + 3.0 * before, each=each, floor=0.0)
    np.testing.assert_allclose(found.see(5.0 + 3.0 * test), test)
    dark = Renormalised(np.zeros((9, 8)), np.zeros((9, 8)), each=each, floor=1.0)
    assert (dark.see(test) == 0.0).all()


def test_a_hopfield_network_completes_few_patterns_and_forgets_many() -> None:
    random = np.random.default_rng(0)

    def right(n: int, rule: str, threshold: float) -> float:
        groups = [random.choice(200, 20, replace=False) for _ in range(n)]
        memory = SparseHopfield(groups, 200, rule)
        assert memory.n_synapses == 200 * 199
        found = [memory.recall(g[:6], threshold) for g in groups]
        return float(
            np.mean([set(np.flatnonzero(f)) == set(g) for f, g in zip(found, groups, strict=True)])
        )

    assert right(5, "binary", 0.7) == 1.0
    assert right(5, "covariance", 0.4) == 1.0
    assert right(400, "covariance", 0.4) < 0.1
    assert right(5, "covariance", 9.0) == 0.0


def test_the_hopfield_network_of_completion_gets_the_same_groups() -> None:
    rule, threshold = completion.best_hopfield(5, seeds=(100,))
    found = completion.hopfield(0, 5, rule, threshold)
    assert found["recalled"] == [100.0] * 5
    assert max(found["false"]) < 10.0
    assert {"arm": "Hopfield network", "stored": 5} in completion.arms()
    twice = [completion.drawn(3, 2) for _ in range(2)]
    assert all((a == b).all() for a, b in zip(*twice, strict=True))
