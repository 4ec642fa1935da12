"""The place code, the current-based neuron, and the classifier that learns from reward."""

import subprocess
import sys

import numpy as np
import pytest

import engram
from engram import Brain, CurrentLIF, InvalidValueError, Projection, RegionType

pytest.importorskip("sklearn")

from sklearn.base import clone
from sklearn.datasets import load_iris
from sklearn.exceptions import NotFittedError
from sklearn.model_selection import StratifiedKFold

from engram.learn import PlaceCode, RewardClassifier
from engram.learn.reward_classifier import MOTOR, undecided

X, Y = load_iris(return_X_y=True)
TRAIN, TEST = next(StratifiedKFold(5, shuffle=True, random_state=77).split(X, Y))
CHANCE = 1 / 3


def weights(classifier):
    return classifier.brain_.get_projection("input", MOTOR).weight


@pytest.fixture(scope="module")
def trained():
    return RewardClassifier(n_epochs=3, random_state=3).fit(X[TRAIN], Y[TRAIN])


def few(**parameters):
    """A classifier after one epoch with a handful of samples."""
    classifier = RewardClassifier(n_epochs=1, random_state=5).set_params(**parameters)
    return classifier.fit(X[TRAIN[::10]], Y[TRAIN[::10]])


# ------------------------------------------------------------------ place code
def test_place_code_is_gaussian_fields_over_the_training_range():
    code = PlaceCode(n_fields=5).fit([[10.0], [18.0]])
    answer = code.transform([[12.0]])[0]
    centres, sigma = np.array([10.0, 12.0, 14.0, 16.0, 18.0]), 2.0
    np.testing.assert_allclose(answer, np.exp(-0.5 * ((12.0 - centres) / sigma) ** 2), atol=1e-12)


def test_place_code_clips_to_the_training_range():
    code = PlaceCode().fit([[0.0], [1.0]])
    np.testing.assert_array_equal(code.transform([[-5.0], [7.0]]), code.transform([[0.0], [1.0]]))


def test_place_code_leaves_out_constant_features():
    code = PlaceCode(n_fields=4).fit([[1.0, 2.0], [1.0, 3.0]])
    assert code.n_outputs_ == 4
    # What a constant feature does later changes nothing.
    np.testing.assert_array_equal(code.transform([[9.0, 2.5]]), code.transform([[1.0, 2.5]]))


@pytest.mark.parametrize(
    ("fields", "data", "message"),
    [(1, [[0.0], [1.0]], "n_fields"), (5, [[2.0], [2.0]], "every feature is constant")],
)
def test_place_code_refuses(fields, data, message):
    with pytest.raises(InvalidValueError, match=message):
        PlaceCode(n_fields=fields).fit(data)


def test_place_code_refuses_another_number_of_features():
    with pytest.raises(InvalidValueError, match="2 features, but PlaceCode is expecting 1"):
        PlaceCode().fit([[0.0], [1.0]]).transform([[0.0, 1.0]])


# ------------------------------------------------------------------ current-based neuron
@pytest.mark.parametrize("dt", [1.0, 0.1])
def test_current_lif_follows_the_exact_solution(dt):
    brain = Brain(dt=dt, seed=1)
    model = CurrentLIF(tau_m=20.0, E_L=0.0, v_reset=0.0, v_th=15.0, t_ref=3.0)
    region = brain.add_region(
        "cell", RegionType.SENSORY, 1, connectivity=0.0, model=model, excitatory=1.0
    )
    region.background = 14.0
    steps = round(30.0 / dt)
    brain.run(steps)
    assert region.v[0] == pytest.approx(14.0 * (1 - np.exp(-30.0 / 20.0)), rel=1e-4)
    assert region.total_spikes[0] == 0

    brain.reset_state()
    region.background = 40.0
    times = []
    for _ in range(round(200.0 / dt)):
        if len(brain.step()["cell"]):
            times.append(brain.time)
    to_threshold = np.ceil(20.0 * np.log(40.0 / 25.0) / dt) * dt
    np.testing.assert_allclose(np.diff(times), 3.0 + to_threshold, atol=1e-6)


# ------------------------------------------------------------------ learning
def test_learns_iris_from_reward(trained):
    assert trained.score(X[TEST], Y[TEST]) > 0.85
    assert trained.errors_[-1] < 0.5 * (1 - CHANCE)
    assert trained.n_epochs_ == len(trained.errors_) == 3


def test_without_dopamine_nothing_is_learned():
    untrained = RewardClassifier(n_epochs=0, random_state=3).fit(X[TRAIN], Y[TRAIN])
    unrewarded = RewardClassifier(n_epochs=1, reward=0.0, random_state=3).fit(X[TRAIN], Y[TRAIN])
    np.testing.assert_array_equal(weights(unrewarded), weights(untrained))
    assert unrewarded.score(X[TEST], Y[TEST]) < 0.6


def test_random_state_decides_everything():
    first, same, other = few(), few(), few(random_state=6)
    assert first.brain_.fingerprint() == same.brain_.fingerprint()
    np.testing.assert_array_equal(first.spike_counts(X[TEST]), same.spike_counts(X[TEST]))
    assert not np.array_equal(weights(first), weights(other))


def test_order_of_random_numbers_of_a_random_state_object():
    first, same = (few(random_state=np.random.RandomState(4)) for _ in range(2))
    np.testing.assert_array_equal(weights(first), weights(same))


def test_clone_learns_the_same():
    first = few()
    again = clone(first).fit(X[TRAIN[::10]], Y[TRAIN[::10]])
    np.testing.assert_array_equal(weights(first), weights(again))


def test_weights_stay_within_their_bounds():
    w = weights(few(reward=1000.0))
    assert w.min() == 0.0
    assert w.max() == pytest.approx(150.0 / 4)


# ------------------------------------------------------------------ answering
def test_answer_is_the_class_with_most_motor_spikes(trained, monkeypatch):
    spikes = trained.brain_.regions[MOTOR].total_spikes.copy()
    # A read-out of weights would not survive this.
    monkeypatch.setattr(
        Projection, "weight", property(lambda projection: projection.weights_are_not_read)
    )
    counts = trained.spike_counts(X[TEST[:1]])
    fired = trained.brain_.regions[MOTOR].total_spikes - spikes
    np.testing.assert_array_equal(counts[0], fired.reshape(3, -1).sum(axis=1))
    counts = trained.spike_counts(X[TEST])
    np.testing.assert_array_equal(trained.predict(X[TEST]), counts.argmax(axis=1))
    np.testing.assert_array_equal(trained.decision_function(X[TEST]), counts)


def test_answering_changes_nothing(trained):
    before = weights(trained)
    forward = trained.spike_counts(X[TEST])
    backward = trained.spike_counts(X[TEST][::-1])[::-1]
    np.testing.assert_array_equal(forward, backward)
    np.testing.assert_array_equal(weights(trained), before)


def test_silence_is_wrong():
    classifier = few()
    classifier.brain_.get_projection("input", MOTOR).weight = 0.0
    assert classifier.spike_counts(X[TEST]).sum() == 0
    assert classifier.score(X[TEST], Y[TEST]) == 0.0


def test_undecided_are_silence_and_ties():
    counts = np.array([[0, 0, 0], [2, 2, 1], [2, 1, 1]])
    np.testing.assert_array_equal(undecided(counts), [True, True, False])


def test_score_weighs_samples(trained):
    right = trained.predict(X[TEST]) == Y[TEST]
    assert trained.score(X[TEST], Y[TEST], sample_weight=right) == 1.0


def test_two_classes_with_names():
    two = Y != 1
    names = np.array(["setosa", "versicolor", "virginica"])[Y]
    classifier = RewardClassifier(n_epochs=1, random_state=0).fit(X[two], names[two])
    assert list(classifier.classes_) == ["setosa", "virginica"]
    decision = classifier.decision_function(X[two])
    assert decision.shape == (100,)
    assert classifier.score(X[two], names[two]) > 0.9
    decided = decision != 0
    np.testing.assert_array_equal(
        classifier.predict(X[two])[decided] == "virginica", decision[decided] > 0
    )


@pytest.mark.parametrize(
    "wrong",
    [{"n_epochs": -1}, {"n_motor": 0}, {"reward": -1.0}, {"w_init": (5.0, 1.0)}, {"w_max": 0.0}],
)
def test_refuses_parameters(wrong):
    with pytest.raises(InvalidValueError, match=next(iter(wrong))):
        few(**wrong)


def test_refuses_to_answer_before_it_has_learned():
    for method in ("predict", "decision_function", "spike_counts"):
        with pytest.raises(NotFittedError):
            getattr(RewardClassifier(), method)(X)


def test_refuses_one_class():
    with pytest.raises(InvalidValueError, match="1 class; at least two"):
        RewardClassifier().fit(X[:50], Y[:50])


def test_engram_alone_does_not_need_scikit_learn():
    code = "import sys, engram; sys.exit('sklearn' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
    assert "learn" not in engram.__all__
