"""Estimators of engram.learn at their edges: names of features, kinds of numbers, classes."""

import pickle

import numpy as np
import pandas as pd
import pytest
from sklearn.base import clone
from sklearn.datasets import load_digits
from sklearn.utils.estimator_checks import parametrize_with_checks

from engram.errors import InvalidTypeError, InvalidValueError
from engram.learn import (
    ClassProfiles,
    CoActivity,
    DeltaReadout,
    PoissonBayes,
    RewardReadout,
    RSTDPClassifier,
    STDPClassifier,
    Vote,
)

X, Y = load_digits(return_X_y=True)
X, Y = X[:30], Y[:30]
NAMES = [f"p{k}" for k in range(64)]


def small(**options):
    return STDPClassifier(8, steps=40, random_state=0, **options)


@parametrize_with_checks(
    [
        Vote(),
        ClassProfiles(),
        PoissonBayes(),
        DeltaReadout(n_epochs=2, random_state=0),
        CoActivity(),
        RewardReadout(n_epochs=1, n_readout=2, duration=20, gap=5, random_state=0),
        STDPClassifier(6, steps=20, random_state=0),
    ]
)
def test_estimators_keep_to_the_rules_of_scikit_learn(estimator, check):
    check(estimator)


@pytest.mark.parametrize("kind", [small, lambda: RSTDPClassifier(n_epochs=0), PoissonBayes])
def test_names_of_features_are_kept_and_compared(kind):
    frame = pd.DataFrame(X, columns=NAMES)
    network = kind().fit(frame, Y)
    assert network.feature_names_in_.tolist() == NAMES
    assert (
        network.predict(frame[:1]).tolist()
        == pickle.loads(pickle.dumps(network)).predict(frame[:1]).tolist()
    )
    with pytest.raises(InvalidValueError, match="feature names should match"):
        network.predict(frame[NAMES[::-1]])
    with pytest.warns(UserWarning, match="does not have valid feature names"):
        network.predict(X[:1])
    assert not hasattr(kind().fit(X, Y), "feature_names_in_")
    assert not hasattr(clone(network), "feature_names_in_")


def test_portions_keep_to_the_names_of_the_first():
    frame = pd.DataFrame(X, columns=NAMES)
    network = small().partial_fit(frame[:10], Y[:10], classes=range(10))
    with pytest.raises(InvalidValueError, match="feature names should match"):
        network.partial_fit(frame[NAMES[::-1]][:10], Y[:10])
    assert network.n_seen_ == 10


def test_numbers_of_any_kind_are_what_they_are():
    """Single precision became bytes: images in [0, 1] were all 0."""
    expected = small().fit(X, Y).transform(X[:5])
    for samples in (X.astype(np.float32), X.astype(np.int64), X.astype(np.uint8), X.tolist()):
        np.testing.assert_array_equal(small().fit(samples, Y).transform(samples[:5]), expected)
    shares = (X / 16).astype(np.float32)
    assert small().fit(shares, Y).high_ == 1.0
    assert small().fit(X.astype(np.int64) * 100, Y).high_ == 1600.0


@pytest.mark.parametrize(
    ("samples", "labels", "words"),
    [
        (X, np.zeros(30), "y has 1 class"),
        (X, np.linspace(0, 1, 30), "continuous"),
        (X, Y[:7], "inconsistent numbers of samples"),
        (X, None, "y is None"),
        (np.where(X == 5, np.nan, X), Y, "NaN"),
        (X * 1e300, Y, "beyond single precision"),
        (X[:, :1], Y, "n_features=1"),
        (X * 0, Y, "all values are the same"),
        (X[:, :12] * 0 + np.eye(30, 12), Y, "fixations=5 moves square images"),
    ],
)
def test_what_cannot_be_learned_is_refused_before_anything_is_learned(
    samples, labels, words, monkeypatch
):
    network = small(fixations=5 if "fixations" in words else 1).fit(X, Y)
    before = network.circuit_.brain.fingerprint(), network.n_features_in_
    monkeypatch.setattr(STDPClassifier, "_learn", lambda *_: pytest.fail("it learned"))
    with pytest.raises((InvalidValueError, InvalidTypeError), match=words):
        network.fit(samples, labels)
    assert (network.circuit_.brain.fingerprint(), network.n_features_in_) == before


def test_portions_that_the_decoder_cannot_take_are_refused_first(monkeypatch):
    network = small().partial_fit(X[:10], Y[:10], classes=range(10))
    monkeypatch.setattr(STDPClassifier, "_learn", lambda *_: pytest.fail("it learned"))
    with pytest.raises(InvalidValueError, match="has the class 77"):
        network.partial_fit(X[:3], [0, 77, 1])
    with pytest.raises(InvalidValueError, match="not those of the first call"):
        network.partial_fit(X[:3], [0, 1, 2], classes=[0, 1, 2])
    with pytest.raises(InvalidValueError, match="'delta' can't learn in portions"):
        small(decoder="delta").partial_fit(X, Y)
    with pytest.raises(InvalidValueError, match="classes has 1 class"):
        small().partial_fit(X, np.zeros(30))


def test_texts_are_classes_and_weights_of_samples_are_checked():
    words = np.array([f"digit {k}" for k in Y], object)
    network = small().fit(X, words)
    assert set(network.predict(X)) <= set(words)
    with pytest.raises(TypeError, match="sample_weight"):
        network.fit(X, words, sample_weight=np.ones(30))
    weights = np.arange(30)
    twice = network.score(np.repeat(X, weights, axis=0), np.repeat(words, weights))
    assert network.score(X, words, sample_weight=weights) == pytest.approx(twice)
    for weights, what in (
        ([1.0], "30 finite numbers"),
        (np.zeros(30), "not all of it 0"),
        (-np.ones(30), "at least 0"),
        (np.full(30, np.nan), "30 finite numbers"),
        (["a"] * 30, "could not convert"),
    ):
        with pytest.raises(InvalidValueError, match=what):
            network.score(X, words, sample_weight=weights)
    with pytest.raises(InvalidValueError, match="inconsistent numbers"):
        network.score(X, words[:5])


@pytest.mark.parametrize(
    ("make", "words"),
    [
        (lambda: small(decoder=[1]), "decoder must be"),
        (lambda: small(eta=3), "eta must be two numbers"),
        (lambda: RSTDPClassifier(w_init=(1,)), "w_init must be two numbers"),
        (lambda: RewardReadout(w_init=3), "w_init must be two numbers"),
        (lambda: RewardReadout(random_state="x"), "random_state must be"),
        (lambda: DeltaReadout(random_state=-5), "random_state must be"),
        (lambda: DeltaReadout(eta=3), "eta must be two numbers"),
    ],
)
def test_parameters_that_cannot_be_are_named(make, words):
    with pytest.raises((InvalidTypeError, InvalidValueError), match=words):
        make().fit(X, Y)


def test_checkpoints_need_a_folder_and_a_function(tmp_path):
    with pytest.raises(InvalidTypeError, match="checkpoints must be a folder"):
        small().fit(X, Y, checkpoints=5)
    with pytest.raises(InvalidTypeError, match="on_checkpoint must be callable"):
        small().fit(X, Y, checkpoints=tmp_path, on_checkpoint=3)


def test_co_activity_forgets_what_it_was_fitted_to():
    rng = np.random.default_rng(0)
    first, second = rng.poisson(2.0, (2, 30, 12))
    y = np.arange(30) % 2
    twice = CoActivity().fit(first, y).fit(second, y)
    np.testing.assert_array_equal(twice.profiles_, CoActivity().fit(second, y).profiles_)
    watched = CoActivity().watch(first)
    spread = watched.spread_
    assert watched.fit(second, y).spread_ is spread
