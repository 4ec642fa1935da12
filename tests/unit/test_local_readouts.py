"""Units that compete without labels, prototypes that don't forget, and a readout by reward."""

import pickle
from typing import Any

import numpy as np
import pytest

pytest.importorskip("sklearn")

from sklearn.base import clone
from sklearn.utils.estimator_checks import parametrize_with_checks

from engram import InvalidValueError
from engram.datasets import digits
from engram.learn import CoActivity, FirstSpikeReadout, Prototypes, STDPFeatures, WinnerUnits

DATA = digits(seed=1)
X, Y = DATA.X_train[:600], DATA.y_train[:600]
TEST, TRUTH = DATA.X_test, DATA.y_test


@parametrize_with_checks([WinnerUnits(8, random_state=0)])
def test_scikit_learn(estimator: Any, check: Any) -> None:
    check(estimator)


# ------------------------------------------------------------------ units without labels
def test_units_take_after_the_samples_that_they_win() -> None:
    random = np.random.default_rng(0)
    kinds = np.zeros((3, 12))
    for k in range(3):
        kinds[k, 4 * k : 4 * k + 4] = 1.0
    truth = random.integers(3, size=300)
    samples = kinds[truth] + 0.2 * random.random((300, 12))
    units = WinnerUnits(6, active=1, random_state=1).fit(samples)
    np.testing.assert_allclose(np.linalg.norm(units.weights_, axis=1), 1.0, rtol=1e-5)
    active = units.transform(samples)
    assert ((active > 0).sum(axis=1) == 1).all()
    assert active.max() == 1.0
    owner = active.argmax(axis=1)
    assert all(len(set(truth[owner == j])) == 1 for j in set(owner.tolist()))
    assert units.wins_.sum() == 600


def test_few_labels_spread_over_units() -> None:
    units = WinnerUnits(100, random_state=0).fit(X)
    few = np.concatenate([np.flatnonzero(c == Y)[:2] for c in range(10)])
    active, asked = units.transform(X), units.transform(TEST)
    spread = CoActivity().watch(active).fit(active[few], Y[few]).score(asked, TRUTH)
    alone = CoActivity(spreading=0.0).watch(active).fit(active[few], Y[few]).score(asked, TRUTH)
    assert spread > 0.7
    assert spread > alone


def test_units_need_strengths() -> None:
    with pytest.raises(InvalidValueError, match="negative"):
        WinnerUnits(2).fit([[1.0, -1.0], [0.0, 1.0]])
    with pytest.raises(InvalidValueError, match="n_units"):
        WinnerUnits(0).fit(X)
    few = WinnerUnits(10, active=20, random_state=0).fit(X[:4])
    assert few.transform(X[:5]).shape == (5, 4)


# ------------------------------------------------------------------ prototypes
def test_classes_may_come_one_after_the_other() -> None:
    at_once = Prototypes(20).fit(X, Y)
    order = np.argsort(Y, kind="stable")
    later = Prototypes(20)
    for c in range(10):
        later.partial_fit(X[order][Y[order] == c], Y[order][Y[order] == c], np.arange(10))
    np.testing.assert_array_equal(at_once.weights_, later.weights_)
    assert at_once.wins_.sum() == len(X)
    assert later.score(TEST, TRUTH) > 0.9


def test_a_class_that_has_not_come_yet_is_never_the_answer() -> None:
    model = Prototypes(5, voters=3).partial_fit(X[Y == 1][:2], Y[Y == 1][:2], np.arange(3))
    assert set(model.predict(TEST).tolist()) == {1}
    assert (model.class_scores(TEST)[:, [0, 2]] == -1.0).all()
    with pytest.raises(InvalidValueError, match="voters"):
        Prototypes(voters=0).fit(X, Y)


# ------------------------------------------------------------------ rewards
def test_potentials_are_those_of_neurons_that_inputs_drive_from_their_spike_on() -> None:
    """V = w x + b: step by step, each input's current flows from t_i to 1."""
    readout = FirstSpikeReadout(n_epochs=2, random_state=0).fit(X / X.max(), Y)
    x = TEST[:5] / X.max()
    steps = 1600
    v = np.repeat(readout.bias_[np.newaxis].astype(float), 5, axis=0)
    times = 1.0 - x
    for step in range(steps):
        on = (step + 0.5) / steps >= times
        v += (on * readout._scale) @ readout.weights_.T / steps
    np.testing.assert_allclose(v, readout.class_scores(x), rtol=1e-3, atol=2e-2)


def test_who_fires_first_is_the_softmax_of_potentials() -> None:
    readout = FirstSpikeReadout(n_epochs=1, random_state=0).fit(X, Y)
    v = readout.class_scores(TEST[:1])[0]
    random = np.random.default_rng(0)
    first = (random.exponential(size=(40_000, 10)) / np.exp(v)).argmin(axis=1)
    shares = np.bincount(first, minlength=10) / 40_000
    np.testing.assert_allclose(shares, np.exp(v) / np.exp(v).sum(), atol=0.01)


def test_rewards_alone_teach() -> None:
    readout = FirstSpikeReadout(random_state=0).fit(X, Y)
    assert readout.score(TEST, TRUTH) > 0.85
    assert readout.rewards_[0] < 0.7 < readout.rewards_[-1]
    again = pickle.loads(pickle.dumps(clone(readout).fit(X, Y)))
    np.testing.assert_array_equal(again.weights_, readout.weights_)
    with pytest.raises(InvalidValueError, match="batch"):
        FirstSpikeReadout(batch=0).fit(X, Y)


def test_only_the_neuron_that_fired_learns() -> None:
    readout = FirstSpikeReadout(n_epochs=1, batch=1, random_state=0)
    readout.fit([[1.0, 0.0], [1.0, 0.0]], ["a", "b"])
    assert (readout.weights_[:, 1] == 0.0).all()
    readout.weights_[:] = 0.0
    readout.bias_[:] = 0.0
    x = np.ones((1, 2), np.float32)
    readout._answer_and_learn(x, np.array([1]), np.array([0.1]), 1.0)
    np.testing.assert_allclose(readout.weights_, [[-0.5, -0.5], [0.0, 0.0]])


# ------------------------------------------------------------------ images that come once
def test_filters_learn_in_portions() -> None:
    features = STDPFeatures(12, 3, 2, n_epochs=10, target_time=0.7, random_state=0)
    features.partial_fit(X[:100])
    before, wins = features.filters_.copy(), features.wins_.sum()
    features.partial_fit(X[100:300])
    assert features.wins_.sum() > wins
    assert not np.array_equal(features.filters_, before)
    assert np.abs(features.filters_ - 0.5).mean() > np.abs(before - 0.5).mean()
    with pytest.raises(InvalidValueError):
        features.partial_fit(X[:10, :50])
