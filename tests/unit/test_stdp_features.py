"""Convolutional filters that are learned by STDP on first spikes."""

import pickle
from typing import Any

import numpy as np
import pytest

pytest.importorskip("sklearn")

from sklearn.base import clone
from sklearn.exceptions import NotFittedError
from sklearn.model_selection import cross_val_score
from sklearn.pipeline import make_pipeline
from sklearn.utils.estimator_checks import parametrize_with_checks

from engram import InvalidTypeError, InvalidValueError
from engram.datasets import digits
from engram.learn import DeltaReadout, STDPFeatures
from engram.learn.on_off import contrasts, first_spikes

DATA = digits(seed=1)
X, Y = DATA.X_train[:300], DATA.y_train[:300]
TEST, TRUTH = DATA.X_test, DATA.y_test
SMALL: dict[str, Any] = {
    "n_filters": 12,
    "filter_size": 3,
    "pool_size": 2,
    "n_epochs": 10,
    "target_time": 0.7,
    "random_state": 3,
}


@pytest.fixture(scope="module")
def trained() -> STDPFeatures:
    return STDPFeatures(**SMALL).fit(X)


@parametrize_with_checks([STDPFeatures(n_filters=8, n_epochs=2, random_state=0)])
def test_scikit_learn(estimator: Any, check: Any) -> None:
    check(estimator)


# ------------------------------------------------------------------ learning
def bars(n: int, side: int = 12) -> np.ndarray:
    """Images of bars, two pixels wide, upright or lying, at random places."""
    random = np.random.default_rng(0)
    images = np.zeros((n, side, side), np.uint8)
    for k, place in enumerate(random.integers(0, side - 1, n)):
        images[k, place : place + 2] = 255
        if k % 2:
            images[k] = images[k].T
    return images


def orientation(filters: np.ndarray) -> np.ndarray:
    """Share of each filter's variance that is between rows, or between columns."""
    shape = filters[..., 0] - filters[..., 1]
    between = np.maximum(shape.mean(axis=2).var(axis=1), shape.mean(axis=1).var(axis=1))
    return between / (shape.var(axis=(1, 2)) + 1e-9)


def shuffled(features: STDPFeatures) -> np.ndarray:
    flat = features.filters_.reshape(len(features.filters_), -1)
    return np.random.default_rng(0).permuted(flat, axis=1).reshape(features.filters_.shape)


def accuracy(features: STDPFeatures) -> float:
    """Of the delta rule on features of digits."""
    readout = DeltaReadout(random_state=0).fit(features.transform(X), Y)
    return readout.score(features.transform(TEST), TRUTH)


def test_bars_make_oriented_filters() -> None:
    settings: dict[str, Any] = {"n_filters": 8, "random_state": 0}
    learned = STDPFeatures(**settings).fit(bars(200))
    untrained = STDPFeatures(**settings).settle(bars(200))
    assert orientation(untrained.filters_).max() < 0.5
    assert np.median(orientation(learned.filters_)) > 0.9
    shape = learned.filters_[..., 0] - learned.filters_[..., 1]
    lying = shape.mean(axis=2).var(axis=1) > shape.mean(axis=1).var(axis=1)
    assert 0 < lying.sum() < 8


def test_learning_matters(trained: STDPFeatures) -> None:
    assert accuracy(trained) > 0.83
    unlearned = STDPFeatures(**{**SMALL, "n_epochs": 0}).fit(X)
    np.testing.assert_array_equal(unlearned.filters_, STDPFeatures(**SMALL).settle(X).filters_)
    assert not unlearned.wins_.any()
    assert accuracy(trained) > accuracy(unlearned) + 0.05


def test_the_arrangement_of_weights_matters() -> None:
    """A pool over the whole image leaves nothing but what filters stand for."""
    images = bars(300)
    lying = np.arange(300) % 2 == 0
    right: dict[str, list[float]] = {"learned": [], "shuffled": []}
    for seed in range(3):
        features = STDPFeatures(4, 5, 8, n_epochs=20, target_time=0.6, random_state=seed)
        learned = features.fit(images).transform(images)
        mixed = features.settle(images, shuffled(features)).transform(images)
        for name, x in (("learned", learned), ("shuffled", mixed)):
            right[name].append(DeltaReadout(random_state=0).fit(x, lying).score(x, lying))
    assert min(right["learned"]) > 0.95
    assert np.mean(right["shuffled"]) < 0.95


def test_wins_are_shared_and_times_are_aimed_at() -> None:
    images = DATA.X_train
    settings = {**SMALL, "n_epochs": 30, "pool_size": 1, "eta": (0.05, 0.005)}
    times = {}
    for target in (0.4, 0.8):
        features = STDPFeatures(**{**settings, "target_time": target}).fit(images)
        assert features.wins_.min() > 0.3 * features.wins_.mean()
        first = features.transform(images).reshape(-1, 12).max(axis=1)
        times[target] = 1 - first[first > 0].mean()
    assert times[0.4] == pytest.approx(0.4, abs=0.15)
    assert times[0.8] == pytest.approx(0.8, abs=0.15)


def test_weights_stay_in_their_range(trained: STDPFeatures) -> None:
    assert trained.filters_.shape == (12, 3, 3, 2)
    assert trained.filters_.dtype == np.float32
    assert trained.filters_.min() >= 0
    assert trained.filters_.max() <= 1
    assert trained.thresholds_.min() >= 1


def test_random_state_decides_everything(trained: STDPFeatures) -> None:
    for same in (STDPFeatures(**SMALL).fit(X), clone(trained).fit(X, Y)):
        np.testing.assert_array_equal(same.filters_, trained.filters_)
        np.testing.assert_array_equal(same.transform(TEST), trained.transform(TEST))
    other = STDPFeatures(**{**SMALL, "random_state": 4}).fit(X)
    assert not np.array_equal(other.filters_, trained.filters_)


# ------------------------------------------------------------------ answering
def slowly(features: STDPFeatures, spikes: np.ndarray) -> np.ndarray:
    """Every time step, place and filter on its own."""
    n, high, wide = len(spikes), *features.output_shape_[:2]
    out = np.zeros((n, *features.output_shape_), np.float32)
    size, pool = features.filter_size, features.pool_size
    for k, row, column in np.ndindex(n, *(m - size + 1 for m in spikes.shape[1:3])):
        window = spikes[k, row : row + size, column : column + size]
        for f, weights in enumerate(features.filters_):
            fired = [
                step
                for step in range(255, 0, -1)
                if weights[window >= step].sum(dtype=float) >= features.thresholds_[f]
            ]
            if fired:
                cell = out[k, row // pool, column // pool]
                cell[f] = max(cell[f], fired[0] / 255)
    assert (high, wide) == (3, 3)
    return out.reshape(n, -1)


def test_features_are_earliest_spikes(trained: STDPFeatures) -> None:
    images = TEST[:3].reshape(3, 8, 8, 1)
    spikes = first_spikes(contrasts(images), 0.05)
    assert spikes.max() == 255
    np.testing.assert_allclose(trained.transform(TEST[:3]), slowly(trained, spikes), atol=1e-6)


def test_features_depend_on_the_image_alone(trained: STDPFeatures) -> None:
    whole = trained.transform(TEST)
    assert whole.shape == (len(TEST), 3 * 3 * 12)
    assert whole.dtype == np.float32
    assert 0 <= whole.min() < whole.max() <= 1
    assert len(trained.get_feature_names_out()) == whole.shape[1]
    np.testing.assert_array_equal(trained.transform(TEST[7:9]), whole[7:9])
    many = np.concatenate([TEST, TEST])
    np.testing.assert_array_equal(trained.transform(many), np.concatenate([whole, whole]))


def test_shapes_and_types_of_images(trained: STDPFeatures) -> None:
    expected = trained.transform(TEST)
    cube = TEST.reshape(-1, 8, 8)
    for images in (cube, cube[..., np.newaxis], cube.tolist(), cube.astype(np.float32)):
        np.testing.assert_array_equal(trained.transform(images), expected)
    np.testing.assert_array_equal(
        STDPFeatures(**SMALL).fit(X.reshape(-1, 8, 8)).filters_, trained.filters_
    )
    # Neither contrast nor brightness matters, up to rounding.
    dimmed = trained.transform(TEST * 0.25 + 3.0)
    assert np.abs(dimmed - expected).max() < 0.01
    wide = STDPFeatures(**SMALL, image_shape=(4, 16)).fit(X)
    assert wide.output_shape_ == (1, 7, 12)
    colours = np.random.default_rng(0).random((20, 9, 7, 3))
    colourful = STDPFeatures(**SMALL).fit(colours)
    assert colourful.filters_.shape == (12, 3, 3, 6)
    assert colourful.transform(colours).shape == (20, 4 * 3 * 12)
    assert colourful.image_shape_ == (9, 7, 3)


def test_small_images_get_a_margin() -> None:
    features = STDPFeatures(n_filters=4, n_epochs=2, random_state=0).fit(X[:, :9])
    assert features.filters_.shape == (4, 5, 5, 2)
    assert features.output_shape_ == (1, 1, 4)


def test_no_contrast_no_spikes(trained: STDPFeatures) -> None:
    assert not trained.transform(np.full((2, 64), 0.1)).any()
    with pytest.raises(InvalidValueError, match="no image has any contrast"):
        STDPFeatures(**SMALL).fit(np.full((2, 64), 0.1))


# ------------------------------------------------------------------ in company
def test_pipeline_and_cross_validation() -> None:
    model = make_pipeline(STDPFeatures(**SMALL), DeltaReadout(random_state=0))
    assert cross_val_score(model, X, Y, cv=3).mean() > 0.75
    model.fit(X, Y).set_params(stdpfeatures__n_filters=5).fit(X, Y)
    assert model[0].filters_.shape == (5, 3, 3, 2)


def test_two_layers() -> None:
    first = STDPFeatures(**{**SMALL, "pool_size": 1})
    second = STDPFeatures(
        20, 3, 2, (6, 6, 12), n_epochs=20, on_off=False, target_time=0.6, random_state=0
    )
    model = make_pipeline(first, second, DeltaReadout(random_state=0)).fit(X, Y)
    assert first.output_shape_ == second.image_shape_
    assert second.filters_.shape == (20, 3, 3, 12)
    assert model.score(TEST, TRUTH) > 0.75


def test_pickles(trained: STDPFeatures) -> None:
    twin = pickle.loads(pickle.dumps(trained))
    np.testing.assert_array_equal(twin.transform(TEST), trained.transform(TEST))


# ------------------------------------------------------------------ refusing
@pytest.mark.parametrize(
    ("wrong", "words"),
    [
        ({"n_filters": 0}, "n_filters"),
        ({"filter_size": 2.5}, "filter_size"),
        ({"pool_size": 0}, "pool_size"),
        ({"image_shape": 8}, "image_shape"),
        ({"image_shape": (8, 0)}, r"image_shape\[1\]"),
        ({"image_shape": (8, 9)}, "no image of the shape"),
        ({"n_epochs": -1}, "n_epochs"),
        ({"on_off": 1}, "on_off"),
        ({"eta": (0.1, 0.0)}, r"eta\[1\]"),
        ({"eta": 0.1}, "eta must be two numbers"),
        ({"target_time": 1.5}, "target_time"),
        ({"random_state": "x"}, "random_state"),
    ],
)
def test_refuses_parameters(wrong: dict[str, Any], words: str) -> None:
    features = STDPFeatures(**SMALL).fit(X[:20])
    before = features.filters_
    with pytest.raises((InvalidValueError, InvalidTypeError), match=words):
        features.set_params(**wrong).fit(X[:10])
    assert features.filters_ is before


def test_refuses_images(trained: STDPFeatures) -> None:
    with pytest.raises(NotFittedError):
        STDPFeatures().transform(X)
    with pytest.raises(InvalidValueError, match="63 features, but STDPFeatures is expecting 64"):
        trained.transform(TEST[:, 1:])
    with pytest.raises(InvalidValueError, match=r"shape \(4, 16, 1\); \(8, 8, 1\) is expected"):
        trained.transform(TEST.reshape(-1, 4, 16))
    for wrong, words in ((np.nan, "NaN"), (np.inf, "infinity"), (1e300, "single precision")):
        images = X[:5].astype(float)
        images[2, 3] = wrong
        for shape in ((5, 64), (5, 8, 8)):
            with pytest.raises(InvalidValueError, match=words):
                STDPFeatures(**SMALL).fit(images.reshape(shape))
            with pytest.raises(InvalidValueError, match=words):
                trained.transform(images.reshape(shape))


def test_refuses_filters() -> None:
    for wrong in (
        np.zeros((12, 3, 3)),
        np.full((12, 3, 3, 2), 2.0),
        np.full((12, 3, 3, 2), np.nan),
    ):
        with pytest.raises(InvalidValueError, match="settle: filters"):
            STDPFeatures(**SMALL).settle(X, wrong)
