"""Decoders of spike counts, against closed forms."""

import pickle

import numpy as np
import pytest

pytest.importorskip("sklearn")

from scipy.stats import poisson
from sklearn.base import clone
from sklearn.exceptions import NotFittedError

from engram import InvalidValueError
from engram.learn import ClassProfiles, DeltaReadout, PoissonBayes, RewardReadout, Vote

PLAIN = (Vote, ClassProfiles, PoissonBayes)
RATES = np.array([[6.0, 1.0, 0.2, 1.0], [1.0, 5.0, 0.2, 1.0], [0.5, 1.0, 4.0, 1.0]])
"""Of four neurons for three classes; the last neuron knows nothing."""


def drawn(n: int, seed: int) -> tuple[np.ndarray, np.ndarray]:
    random = np.random.default_rng(seed)
    y = random.integers(0, 3, n)
    return random.poisson(RATES[y]), y


COUNTS, Y = drawn(600, 1)
OTHERS, TRUTH = drawn(400, 2)


@pytest.mark.parametrize("kind", [*PLAIN, DeltaReadout])
def test_learns(kind: type) -> None:
    assert kind().fit(COUNTS, Y).score(OTHERS, TRUTH) > 0.85


def test_poisson_bayes_is_the_posterior() -> None:
    decoder = PoissonBayes(smoothing=0.5).fit(COUNTS, Y)
    means = np.array([(COUNTS[Y == c].sum(axis=0) + 0.5) / (Y == c).sum() for c in range(3)])
    logs = np.array(
        [poisson.logpmf(OTHERS, means[c]).sum(axis=1) + np.log((Y == c).mean()) for c in range(3)]
    ).T
    scores = decoder.class_scores(OTHERS)
    # Up to what does not depend on the class.
    np.testing.assert_allclose(scores - scores[:, :1], logs - logs[:, :1], rtol=1e-9, atol=1e-9)


def test_poisson_bayes_with_the_true_rates_is_bayes_optimal() -> None:
    many, y = drawn(60_000, 3)
    decoder = PoissonBayes().fit(many, y)
    logs = OTHERS @ np.log(RATES).T - RATES.sum(axis=1)
    optimal = (logs.argmax(axis=1) == TRUTH)[OTHERS.any(axis=1)].sum() / len(TRUTH)
    assert decoder.score(OTHERS, TRUTH) == pytest.approx(optimal, abs=0.01)


def test_vote_is_the_mean_of_each_classes_neurons() -> None:
    counts = np.array([[4, 2, 0, 0, 0], [0, 0, 6, 0, 1], [0, 0, 0, 3, 2]])
    decoder = Vote().fit(counts, ["a", "b", "c"])
    np.testing.assert_array_equal(decoder.assignments_, [0, 0, 1, 2, 2])
    np.testing.assert_allclose(decoder.class_scores([[2, 4, 1, 6, 0]]), [[3.0, 1.0, 3.0]])


def test_vote_does_not_favour_frequent_classes() -> None:
    counts = np.array([[2, 0]] * 10 + [[3, 1]])
    assert Vote().fit(counts, [0] * 10 + [1]).assignments_.tolist() == [1, 1]


def test_neurons_that_never_fired_have_no_say() -> None:
    counts = np.hstack([COUNTS, np.zeros((len(COUNTS), 1), int)])
    for kind in (Vote, ClassProfiles):
        decoder = kind().fit(counts, Y)
        loud = np.hstack([OTHERS, np.full((len(OTHERS), 1), 50)])
        quiet = np.hstack([OTHERS, np.zeros((len(OTHERS), 1), int)])
        np.testing.assert_allclose(decoder.class_scores(loud), decoder.class_scores(quiet))
    assert Vote().fit(counts, Y).assignments_[-1] == -1


def test_profiles_are_shares() -> None:
    decoder = ClassProfiles().fit(COUNTS, Y)
    means = np.array([COUNTS[Y == c].mean(axis=0) for c in range(3)])
    np.testing.assert_allclose(decoder.profiles_, means / means.sum(axis=0))
    np.testing.assert_allclose(decoder.class_scores(OTHERS), OTHERS @ decoder.profiles_.T)


@pytest.mark.parametrize("kind", [*PLAIN, DeltaReadout])
def test_silence_is_wrong(kind: type) -> None:
    decoder = kind().fit(COUNTS, Y)
    silent = np.zeros((5, 4), int)
    np.testing.assert_array_equal(decoder.answers(silent), -1)
    for label in range(3):
        assert decoder.score(silent, np.full(5, label)) == 0.0
    mixed = np.vstack([OTHERS, silent])
    truth = np.concatenate([TRUTH, decoder.predict(silent)])
    share = decoder.score(OTHERS, TRUTH)
    assert decoder.score(mixed, truth) == pytest.approx(share * 400 / 405)


@pytest.mark.parametrize("kind", PLAIN)
def test_order_of_neurons_and_samples_does_not_matter(kind: type) -> None:
    decoder = kind().fit(COUNTS, Y)
    neurons, samples = [2, 0, 3, 1], np.random.default_rng(0).permutation(len(Y))
    other = kind().fit(COUNTS[samples][:, neurons], Y[samples])
    np.testing.assert_array_equal(other.answers(OTHERS[:, neurons]), decoder.answers(OTHERS))


@pytest.mark.parametrize("kind", [*PLAIN, DeltaReadout, RewardReadout])
def test_refuses(kind: type) -> None:
    with pytest.raises(NotFittedError):
        kind().answers(OTHERS)
    with pytest.raises(InvalidValueError, match="negative"):
        kind().fit(-COUNTS, Y)
    with pytest.raises(InvalidValueError, match="1 class"):
        kind().fit(COUNTS[:4], [1, 1, 1, 1])
    with pytest.raises(ValueError, match=r"inconsistent|samples"):
        kind().fit(COUNTS, Y[:-1])


def test_refuses_others_neurons_and_smoothing() -> None:
    with pytest.raises(InvalidValueError, match="3 features, but Vote is expecting 4"):
        Vote().fit(COUNTS, Y).answers(OTHERS[:, :3])
    with pytest.raises(InvalidValueError, match="smoothing"):
        PoissonBayes(smoothing=0.0).fit(COUNTS, Y)


@pytest.mark.parametrize("kind", PLAIN)
def test_portions_are_the_whole(kind: type) -> None:
    whole, parts = kind().fit(COUNTS, Y), kind()
    order = np.argsort(Y, kind="stable")
    for piece in np.array_split(order, 7):
        # The first portions lack classes that are announced.
        parts.partial_fit(COUNTS[piece], Y[piece], classes=[0, 1, 2])
    np.testing.assert_allclose(parts.class_scores(OTHERS), whole.class_scores(OTHERS))
    with pytest.raises(InvalidValueError, match="the class 3"):
        parts.partial_fit(COUNTS[:3], [0, 3, 1])
    assert not hasattr(DeltaReadout(), "partial_fit")


def test_a_class_that_has_not_come_yet_is_never_the_answer() -> None:
    for kind in PLAIN:
        decoder = kind().partial_fit(COUNTS[Y < 2], Y[Y < 2], classes=[0, 1, 2])
        assert set(decoder.answers(OTHERS)) <= {-1, 0, 1}


def test_delta_readout_follows_its_rule() -> None:
    counts, y = COUNTS[:1], Y[:1]
    both = np.vstack([counts, counts]), np.array([y[0], (y[0] + 1) % 3])
    decoder = DeltaReadout(n_epochs=1, batch=2, eta=(0.3, 0.3), random_state=0).fit(*both)
    x = counts[0] / np.sqrt(np.sum(counts[0] ** 2))
    # Two classes, softmax of nothing: 1/2 each; the two samples cancel.
    np.testing.assert_allclose(decoder.weights_, 0.0, atol=1e-12)
    decoder = DeltaReadout(n_epochs=1, batch=1, eta=(0.3, 0.3), random_state=0).fit(*both)
    first = int(np.random.RandomState(0).permutation(2)[0])
    step = 0.15 * np.append(x, 1.0)
    sign = 1.0 if decoder.classes_[0] == both[1][first] else -1.0
    share = 1 / (1 + np.exp(-2 * sign * step @ np.append(x, 1.0)))
    wanted = 1.0 if decoder.classes_[0] == both[1][1 - first] else 0.0
    expected = sign * step + 0.3 * (wanted - share) * np.append(x, 1.0)
    found = np.append(decoder.weights_[0], decoder.bias_[0])
    np.testing.assert_allclose(found, expected, rtol=1e-5)  # single precision


def exceptions(n: int, seed: int) -> tuple[np.ndarray, np.ndarray]:
    """Two neurons tell two classes apart, but for one sample in ten, which a rare neuron knows."""
    random = np.random.default_rng(seed)
    y, odd = random.integers(0, 2, n), random.random(n) < 0.1
    counts = np.zeros((n, 62), np.int64)
    counts[np.arange(n), np.where(odd, 1 - y, y)] = 2
    rare = 2 + 30 * y + random.integers(0, 30, n)
    counts[np.flatnonzero(odd), rare[odd]] = 2
    return counts, y


def test_delta_readout_learns_from_neurons_that_seldom_fire() -> None:
    seen, new = exceptions(2000, 1), exceptions(2000, 2)
    assert DeltaReadout(random_state=0).fit(*seen).score(*new) > 0.985
    # Small steps end before such neurons have been heard often enough.
    timid = DeltaReadout(n_epochs=10, eta=(0.2, 0.005), random_state=0)
    assert timid.fit(*seen).score(*new) < 0.96


# ------------------------------------------------------------------ learned from reward
@pytest.fixture(scope="module")
def readout() -> RewardReadout:
    return RewardReadout(random_state=5).fit(COUNTS[:300], Y[:300])


def test_readout_learns_from_reward(readout: RewardReadout) -> None:
    # Poisson naive Bayes, which is optimal here, reaches 93 %.
    assert readout.score(OTHERS, TRUTH) > 0.85
    # By chance it is 2/3.
    assert max(readout.errors_) < 0.2
    unrewarded = RewardReadout(reward=0.0, random_state=5).fit(COUNTS[:300], Y[:300])
    untrained = RewardReadout(n_epochs=0, random_state=5).fit(COUNTS[:300], Y[:300])
    np.testing.assert_array_equal(
        unrewarded.spike_counts(OTHERS[:50]), untrained.spike_counts(OTHERS[:50])
    )
    assert unrewarded.score(OTHERS, TRUTH) < 0.6


def test_readout_answers_with_spikes(readout: RewardReadout) -> None:
    before = readout.brain_.get_projection("spikes", "readout").weight
    spikes = readout.spike_counts(OTHERS)
    assert spikes.max() > 10
    best = spikes.max(axis=1)
    tied = (spikes == best[:, np.newaxis]).sum(axis=1) > 1
    answers = readout.answers(OTHERS)
    np.testing.assert_array_equal(answers[tied], -1)
    np.testing.assert_array_equal(answers[~tied], spikes.argmax(axis=1)[~tied])
    # It sees test samples from rest, and learns nothing from them.
    np.testing.assert_array_equal(readout.spike_counts(OTHERS[::-1])[::-1], spikes)
    np.testing.assert_array_equal(readout.brain_.get_projection("spikes", "readout").weight, before)
    np.testing.assert_array_equal(readout.answers(np.zeros((2, 4), int)), -1)


def test_readout_hears_the_shares_of_spikes_not_their_number(readout: RewardReadout) -> None:
    np.testing.assert_array_equal(readout.spike_counts(3 * OTHERS), readout.spike_counts(OTHERS))


def test_readout_is_reproducible_and_pickles(readout: RewardReadout) -> None:
    again = clone(readout).fit(COUNTS[:300], Y[:300])
    np.testing.assert_array_equal(again.spike_counts(OTHERS), readout.spike_counts(OTHERS))
    loaded = pickle.loads(pickle.dumps(readout))
    np.testing.assert_array_equal(loaded.spike_counts(OTHERS), readout.spike_counts(OTHERS))


@pytest.mark.parametrize(
    "wrong", [{"n_readout": 0}, {"spikes": 0.0}, {"w_init": (3.0, 30.0)}, {"reward": -1.0}]
)
def test_readout_refuses_parameters(wrong: dict[str, object]) -> None:
    with pytest.raises(InvalidValueError, match=next(iter(wrong))):
        RewardReadout(**wrong).fit(COUNTS, Y)  # type: ignore[arg-type]
