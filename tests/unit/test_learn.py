"""The place code, the current-based neuron, and the classifier that learns from reward."""

import pickle
import subprocess
import sys

import numpy as np
import pytest

import engram
from engram import Brain, CurrentLIF, InvalidValueError, Projection, RegionType

pytest.importorskip("sklearn")

from sklearn.base import clone
from sklearn.datasets import load_iris
from sklearn.decomposition import PCA
from sklearn.exceptions import NotFittedError
from sklearn.model_selection import GridSearchCV, StratifiedKFold, cross_val_score
from sklearn.pipeline import make_pipeline
from sklearn.utils.estimator_checks import parametrize_with_checks

from benchmarks.learning import classifiers
from engram.learn import PlaceCode, RSTDPClassifier
from engram.learn.decoders import undecided
from engram.learn.margins import sharpness, shortfall
from engram.learn.rstdp_network import MOTOR

X, Y = load_iris(return_X_y=True)
TRAIN, TEST = next(StratifiedKFold(5, shuffle=True, random_state=77).split(X, Y))


def weights(classifier):
    return classifier.brain_.get_projection("input", MOTOR).weight


@pytest.fixture(scope="module")
def trained():
    return RSTDPClassifier(n_epochs=3, random_state=3).fit(X[TRAIN], Y[TRAIN])


def few(**parameters):
    """A classifier after one epoch with a handful of samples."""
    classifier = RSTDPClassifier(n_epochs=1, random_state=5).set_params(**parameters)
    return classifier.fit(X[TRAIN[::10]], Y[TRAIN[::10]])


# ------------------------------------------------------------------ place code
def test_place_code_is_gaussian_fields_over_the_training_range():
    code = PlaceCode(n_fields=5, rank=0.0).fit([[10.0], [18.0]])
    answer = code.transform([[12.0]])[0]
    centres, sigma = np.array([10.0, 12.0, 14.0, 16.0, 18.0]), 2.0
    np.testing.assert_allclose(answer, np.exp(-0.5 * ((12.0 - centres) / sigma) ** 2), atol=1e-12)


def test_place_code_has_more_fields_where_there_are_more_data():
    data = np.array([0.0, 1.0, 1.0, 2.0, 100.0])[:, np.newaxis]
    # Of five samples, the shares below (ties halved) are 0.1, 0.4, 0.7 and 0.9.
    ranks = (np.array([0.1, 0.4, 0.7, 0.9]) - 0.1) / 0.8
    values = np.array([0.0, 1.0, 2.0, 100.0])
    for rank in (0.0, 0.5, 1.0):
        code = PlaceCode(n_fields=3, rank=rank).fit(data)
        place = rank * ranks + (1 - rank) * values / 100.0
        expected = np.exp(-0.5 * ((place[:, np.newaxis] - [0.0, 0.5, 1.0]) * 2) ** 2)
        np.testing.assert_allclose(code.transform(values[:, np.newaxis]), expected, atol=1e-12)
    halfway = PlaceCode(rank=1.0).fit(data).transform([[51.0]])
    np.testing.assert_allclose(
        halfway, np.exp(-0.5 * ((np.mean(ranks[2:]) - np.linspace(0, 1, 8)) * 7) ** 2)[np.newaxis]
    )


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
    with pytest.raises(ValueError, match="2 features, but PlaceCode is expecting 1"):
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
    assert trained.errors_[-1] < 0.5 * trained.errors_[0] < 0.5
    assert trained.lessons_[-1] < trained.lessons_[0]
    assert trained.n_epochs_ == len(trained.errors_) == len(trained.lessons_) == 3


def test_without_dopamine_nothing_is_learned():
    untrained = RSTDPClassifier(n_epochs=0, random_state=3).fit(X[TRAIN], Y[TRAIN])
    unrewarded = RSTDPClassifier(n_epochs=1, reward=0.0, random_state=3).fit(X[TRAIN], Y[TRAIN])
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
    assert w.max() == pytest.approx(200.0 / 4)


def change_in_a_trial(**parameters):
    """How one trial changed the weights of the first sample's active fields onto each class."""
    classifier = few(n_epochs=0, **parameters)
    before = weights(classifier)
    code = classifier.place_code_.transform(X[TEST[:1]])[0]
    classifier.teach(code, target=2, rival=0, amount=0.3)
    change = (weights(classifier) - before).reshape(len(code), 3, -1).mean(axis=2)
    return change[code > 0.8].mean(axis=0), np.abs(change[code < 0.1]).max()


def test_a_trial_moves_weight_from_the_rival_to_the_right_class():
    change, elsewhere = change_in_a_trial()
    assert change[2] > 0.3
    assert change[0] < -0.3
    # What both lessons have in common cancels; silent fields learn nothing.
    assert abs(change[1]) < 0.4 * change[2]
    assert elsewhere == 0.0


def test_without_the_teacher_the_lessons_cancel():
    (rival, _, right), _ = change_in_a_trial()
    without, _ = change_in_a_trial(teacher_current=0.0)
    assert np.abs(without).max() < 0.2 * min(right, -rival)


def test_only_answers_short_of_the_margin_are_taught():
    assert shortfall(15, 10, 0.5) == 0.0
    assert shortfall(14, 10, 0.5) == pytest.approx(0.2)
    assert shortfall(10, 10, 0.5) == shortfall(5, 10, 0.5) == 1.0
    assert shortfall(1, 0, 0.5) == 0.0
    assert shortfall(0, 0, 0.5) == 1.0


def test_training_ends_when_nothing_is_left_to_teach():
    blobs = np.repeat([[0.0, 0.0], [1.0, 1.0]], 10, axis=0)
    classifier = RSTDPClassifier(n_epochs=50, margin=0.05, random_state=0)
    classifier.fit(blobs, np.repeat([0, 1], 10))
    assert classifier.n_epochs_ < 50
    assert classifier.lessons_[-1] == 0.0


def test_partial_fit_learns_an_epoch_at_a_time():
    whole = few(n_epochs=2)
    parts = RSTDPClassifier(random_state=5)
    parts.partial_fit(X[TRAIN[::10]], Y[TRAIN[::10]], classes=[2, 1, 0])
    parts.partial_fit(X[TRAIN[::10]], Y[TRAIN[::10]])
    assert parts.n_epochs_ == 2
    assert parts.brain_.fingerprint() == whole.brain_.fingerprint()


def test_partial_fit_keeps_a_class_that_has_not_come_yet():
    two = TRAIN[Y[TRAIN] != 2]
    classifier = RSTDPClassifier(random_state=5).partial_fit(X[two], Y[two], classes=[0, 1, 2])
    assert classifier.spike_counts(X[TEST]).shape[1] == 3
    classifier.partial_fit(X[TRAIN], Y[TRAIN])
    assert classifier.score(X[TEST], Y[TEST]) > 0.6


def test_partial_fit_refuses():
    few_y = Y[TRAIN[::10]]
    with pytest.raises(InvalidValueError, match="classes must be given in the first call"):
        RSTDPClassifier().partial_fit(X[TRAIN[::10]], few_y)
    with pytest.raises(InvalidValueError, match="y has the class 2; classes are"):
        RSTDPClassifier().partial_fit(X[TRAIN[::10]], few_y, classes=[0, 1])
    classifier = few(n_epochs=0)
    before = classifier.brain_.fingerprint()
    with pytest.raises(InvalidValueError, match="not those of the first call"):
        classifier.partial_fit(X[TRAIN[::10]], few_y, classes=[0, 1])
    with pytest.raises(InvalidValueError, match="y has the class 7"):
        classifier.partial_fit(X[TRAIN[::10]], np.where(few_y == 2, 7, few_y))
    assert classifier.brain_.fingerprint() == before


def test_a_pickled_classifier_goes_on_as_it_would_have():
    classifier = few()
    copy = pickle.loads(pickle.dumps(classifier))
    assert copy.brain_.fingerprint() == classifier.brain_.fingerprint()
    for each in (classifier, copy):
        each.partial_fit(X[TRAIN[::12]], Y[TRAIN[::12]])
    np.testing.assert_array_equal(weights(copy), weights(classifier))
    np.testing.assert_array_equal(copy.predict_proba(X[TEST]), classifier.predict_proba(X[TEST]))


# ------------------------------------------------------------------ among scikit-learn's
@parametrize_with_checks([PlaceCode(), RSTDPClassifier(n_epochs=3, duration=60, random_state=0)])
def test_keeps_to_the_rules_of_scikit_learn(estimator, check):
    check(estimator)


def test_in_a_pipeline_a_grid_search_and_cross_validation():
    pipeline = make_pipeline(PCA(2), RSTDPClassifier(n_epochs=1, random_state=0))
    search = GridSearchCV(pipeline, {"rstdpclassifier__n_epochs": [0, 1]}, cv=2)
    search.fit(X[TRAIN], Y[TRAIN])
    assert search.best_params_ == {"rstdpclassifier__n_epochs": 1}
    assert search.score(X[TEST], Y[TEST]) > 0.7
    scores = cross_val_score(pipeline, X, Y, cv=2, scoring="neg_log_loss")
    assert scores.min() > -np.log(3)


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
    np.testing.assert_allclose(trained.decision_function(X[TEST]), np.log(counts + 0.5))


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


def test_probabilities_are_powers_of_the_counts(trained):
    counts = trained.spike_counts(X[TEST])
    p = trained.predict_proba(X[TEST])
    powers = (counts + 0.5) ** trained.sharpness_
    np.testing.assert_allclose(p, powers / powers.sum(axis=1, keepdims=True))
    np.testing.assert_allclose(p.sum(axis=1), 1.0)
    np.testing.assert_array_equal(p.argmax(axis=1), counts.argmax(axis=1))
    # Better than counting shares, and than not knowing.
    right = np.arange(len(TEST)), Y[TEST]
    shares = (counts + 0.5) / (counts + 0.5).sum(axis=1, keepdims=True)
    assert -np.log(p[right]).mean() < 0.7 * -np.log(shares[right]).mean() < 0.7 * np.log(3)


def testsharpness_is_the_most_likely_one():
    # Nine of ten answers by 20 : 10 are right: (20.5 / 10.5)^s = 9.
    counts = np.tile([20, 10], (10, 1))
    exact = np.log(9) / np.log(20.5 / 10.5)
    assert sharpness(counts, np.array([0] * 9 + [1])) == pytest.approx(exact, rel=0.06)


def test_a_tied_answer_goes_on():
    counts = []
    for overtime in (0, 100):
        classifier = few(n_epochs=0, duration=30, overtime=overtime)
        pathway = classifier.brain_.get_projection("input", MOTOR)
        favoured = pathway.post // classifier.n_motor == 1
        pathway.weight = np.where(favoured, 9.5, 9.0)
        counts.append(classifier.spike_counts(X[TEST]))
    at_once, later = counts
    tied = undecided(at_once)
    assert tied.sum() >= 3
    assert undecided(later).sum() < 0.5 * tied.sum()
    assert (later.argmax(axis=1)[~undecided(later)] == 1).all()
    np.testing.assert_array_equal(later[~tied], at_once[~tied])


def test_motor_neurons_inhibit_those_of_other_classes(trained):
    own = trained.brain_.get_projection(MOTOR, MOTOR)
    group = trained.n_motor
    assert (own.pre // group != own.post // group).all()
    together = np.bincount(own.post, -own.weight)
    np.testing.assert_allclose(together, trained.inhibition, rtol=1e-5)

    def lead():
        counts = np.sort(trained.spike_counts(X[TEST]), axis=1)
        return (counts[:, -1] / counts.sum(axis=1)).mean()

    with_inhibition, strength = lead(), own.weight
    own.weight = 0.0
    without = lead()
    own.weight = strength
    assert with_inhibition > without + 0.03


def test_undecided_are_silence_and_ties():
    counts = np.array([[0, 0, 0], [2, 2, 1], [2, 1, 1]])
    np.testing.assert_array_equal(undecided(counts), [True, True, False])


def test_score_weighs_samples(trained):
    right = trained.predict(X[TEST]) == Y[TEST]
    assert trained.score(X[TEST], Y[TEST], sample_weight=right) == 1.0


def test_two_classes_with_names():
    two = Y != 1
    names = np.array(["setosa", "versicolor", "virginica"])[Y]
    classifier = RSTDPClassifier(n_epochs=1, random_state=0).fit(X[two], names[two])
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
    [
        {"n_epochs": -1},
        {"n_motor": 0},
        {"reward": -1.0},
        {"w_init": (5.0, 1.0)},
        {"w_max": 0.0},
        {"margin": 0.0},
        {"lesson": 0},
        {"n_fields": 1},
    ],
)
def test_refuses_parameters(wrong):
    with pytest.raises(InvalidValueError, match=next(iter(wrong))):
        few(**wrong)


def test_refuses_to_answer_before_it_has_learned():
    for method in ("predict", "predict_proba", "decision_function", "spike_counts"):
        with pytest.raises(NotFittedError):
            getattr(RSTDPClassifier(), method)(X)


def test_refuses_one_class():
    with pytest.raises(InvalidValueError, match="1 class; at least two"):
        RSTDPClassifier().fit(X[:50], Y[:50])


def test_engram_alone_does_not_need_scikit_learn():
    code = "import sys, engram; sys.exit('sklearn' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
    assert "learn" not in engram.__all__


def test_one_configuration_for_all_data(capsys):
    """The small version of the benchmark."""
    assert classifiers.main(["--quick", "--jobs", "1"]) == 0, capsys.readouterr().err
