"""The classifier that learns features without labels, on scikit-learn's digits."""

import os
import pickle
import signal
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

pytest.importorskip("sklearn")

from sklearn.base import clone
from sklearn.exceptions import NotFittedError

from engram import Competition, InvalidTypeError, InvalidValueError
from engram.datasets import digits
from engram.learn import PoissonBayes, STDPClassifier, Vote

DATA = digits(seed=1)
X, Y = DATA.X_train[:250], DATA.y_train[:250]
TEST, TRUTH = DATA.X_test[:150], DATA.y_test[:150]
SMALL = {"n_neurons": 30, "steps": 250, "random_state": 3}


@pytest.fixture(scope="module")
def trained() -> STDPClassifier:
    return STDPClassifier(n_epochs=4, **SMALL).fit(X, Y)


def few(**parameters: object) -> STDPClassifier:
    return STDPClassifier(**{**SMALL, **parameters}).fit(X[:60], Y[:60])


def fingerprint(classifier: STDPClassifier) -> str:
    return classifier.circuit_.brain.fingerprint()


# ------------------------------------------------------------------ learning
def test_learns_features_without_labels(trained: STDPClassifier) -> None:
    untrained = STDPClassifier(**SMALL).settle(X)
    began = STDPClassifier(n_epochs=0, **SMALL).fit(X, Y)
    np.testing.assert_array_equal(untrained.receptive_fields_, began.receptive_fields_)
    assert untrained.transform(TEST).sum(axis=1).mean() > 1
    before = untrained.fit_decoder(X, Y).score(TEST, TRUTH)
    after = trained.score(TEST, TRUTH)
    assert after > 0.7
    assert after > before + 0.05
    assert trained.n_seen_ == 1000
    assert len(trained.spikes_) == 10


def test_labels_reach_the_decoder_alone(trained: STDPClassifier) -> None:
    shuffled = STDPClassifier(n_epochs=4, **SMALL).fit(X, np.random.default_rng(0).permutation(Y))
    np.testing.assert_array_equal(shuffled.receptive_fields_, trained.receptive_fields_)
    np.testing.assert_array_equal(shuffled.transform(TEST[:20]), trained.transform(TEST[:20]))
    assert shuffled.score(TEST, TRUTH) < 0.4


def test_random_state_decides_everything() -> None:
    first, same, other = few(), few(), few(random_state=4)
    assert fingerprint(first) == fingerprint(same)
    assert not np.array_equal(first.receptive_fields_, other.receptive_fields_)
    assert fingerprint(clone(first).fit(X[:60], Y[:60])) == fingerprint(first)
    objects = [few(random_state=np.random.RandomState(7)) for _ in range(2)]
    assert fingerprint(objects[0]) == fingerprint(objects[1])


def test_weights_are_normalised_and_bounded(trained: STDPClassifier) -> None:
    fields = trained.receptive_fields_
    settings = trained.settings()
    assert fields.shape == (30, 64)
    length = np.linalg.norm(fields, axis=1)
    np.testing.assert_allclose(length, settings["total_weight"], rtol=1e-3)
    assert fields.min() >= 0
    assert fields.max() <= settings["w_max"] * 1.001


def test_learning_rates_fall(monkeypatch: pytest.MonkeyPatch) -> None:
    rates = []
    classifier = STDPClassifier(n_epochs=2, eta=(0.08, 0.02), **SMALL)
    learn = Competition.learn
    seen = 0

    def spy(self: Competition, images: np.ndarray) -> np.ndarray:
        nonlocal seen
        seen += len(images)
        rates.append((seen, self.rule.eta))
        return learn(self, images)

    monkeypatch.setattr(Competition, "learn", spy)
    classifier.fit(X[:150], Y[:150])
    # Set at the beginning of each hundred; 300 in all.
    assert [n for n, _ in rates] == [100, 150, 200, 300]
    expected = [0.08 * 4 ** (-done / 300) for done in (0, 100, 100, 200)]
    np.testing.assert_allclose([eta for _, eta in rates], expected)


def test_portions_are_the_whole() -> None:
    whole = STDPClassifier(horizon=300, **SMALL).partial_fit(X[:130], Y[:130], classes=range(10))
    parts = STDPClassifier(horizon=300, **SMALL)
    # The range of the first portion is that of all.
    assert X[:40].max() == X.max()
    for a, b in ((0, 40), (40, 101), (101, 130)):
        parts.partial_fit(X[a:b])
    assert fingerprint(whole) == fingerprint(parts)
    with pytest.raises(NotFittedError):
        parts.predict(TEST)
    parts.fit_decoder(X[:130], Y[:130])
    np.testing.assert_array_equal(parts.predict(TEST[:20]), whole.predict(TEST[:20]))


def test_partial_fit_adds_to_the_decoder() -> None:
    classifier = STDPClassifier(horizon=300, **SMALL)
    classifier.partial_fit(X[:50], Y[:50], classes=range(10))
    assert classifier.decoder_.n_samples_.sum() == 50
    classifier.partial_fit(X[50:80], Y[50:80])
    assert classifier.decoder_.n_samples_.sum() == 80
    with pytest.raises(InvalidValueError, match="the class 12"):
        classifier.partial_fit(X[:3], [1, 12, 2])


def test_labels_may_be_few_and_of_any_kind() -> None:
    names = np.array(["zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "n"])
    classifier = few(n_labels=40)
    assert classifier.decoder_.n_samples_.sum() == 40
    named = STDPClassifier(**SMALL, n_labels=40).fit(X[:60], names[Y[:60]])
    assert set(named.classes_) <= set(names)
    np.testing.assert_array_equal(named.predict(TEST[:20]), names[classifier.predict(TEST[:20])])


# ------------------------------------------------------------------ answering
def test_answers_depend_on_the_sample_alone(trained: STDPClassifier) -> None:
    before = fingerprint(trained)
    counts = trained.transform(TEST)
    assert counts.shape == (150, 30)
    np.testing.assert_array_equal(trained.transform(TEST[::-1])[::-1], counts)
    np.testing.assert_array_equal(trained.transform(TEST[7:9]), counts[7:9])
    threads = trained.set_params(n_jobs=2).transform(TEST)
    trained.set_params(n_jobs=1)
    np.testing.assert_array_equal(threads, counts)
    assert fingerprint(trained) == before


def test_predictions_are_the_decoders(trained: STDPClassifier) -> None:
    counts = trained.transform(TEST)
    np.testing.assert_array_equal(trained.predict(TEST), trained.decoder_.predict(counts))
    np.testing.assert_allclose(trained.class_scores(TEST), trained.decoder_.class_scores(counts))
    again = PoissonBayes().fit(trained.transform(X), Y)
    np.testing.assert_allclose(trained.decoder_.rates_, again.rates_)


def test_silence_is_wrong() -> None:
    classifier = few()
    classifier.circuit_.weights = np.zeros_like(classifier.circuit_.weights)
    assert classifier.transform(TEST[:5]).sum() == 0
    for label in range(10):
        assert classifier.score(TEST[:5], np.full(5, label)) == 0.0


def test_scale_is_that_of_the_training_data() -> None:
    classifier = few()
    moved = STDPClassifier(**SMALL).fit(X[:60].astype(float) * 3.0 - 7.0, Y[:60])
    assert (moved.low_, moved.high_) == (-7.0, 758.0)
    np.testing.assert_allclose(
        moved.receptive_fields_, classifier.receptive_fields_, rtol=0.05, atol=0.02
    )
    # Beyond the range counts as its end.
    beyond = TEST[:3].astype(float) * 3.0 - 7.0
    beyond[beyond == 758.0] = 2000.0
    beyond[beyond == -7.0] = -99.0
    inside = TEST[:3].astype(float) * 3.0 - 7.0
    np.testing.assert_array_equal(moved.transform(beyond), moved.transform(inside))


@pytest.mark.parametrize("decoder", ["vote", "profiles", "delta", Vote()])
def test_decoders_by_name(trained: STDPClassifier, decoder: object) -> None:
    other = pickle.loads(pickle.dumps(trained)).set_params(decoder=decoder)
    other.fit_decoder(X, Y)
    # Chance: 0.1.
    assert other.score(TEST, TRUTH) > 0.5


# ------------------------------------------------------------------ keeping
def test_pickles_through_a_checkpoint(trained: STDPClassifier) -> None:
    twin = pickle.loads(pickle.dumps(trained))
    assert fingerprint(twin) == fingerprint(trained)
    np.testing.assert_array_equal(twin.predict(TEST), trained.predict(TEST))
    again = pickle.loads(pickle.dumps(trained))
    for classifier in (twin, again):
        classifier.partial_fit(X[:30], Y[:30])
    assert fingerprint(twin) == fingerprint(again) != fingerprint(trained)


class Stop(Exception):
    """Ends a training early."""


def test_goes_on_from_a_checkpoint_exactly(tmp_path: Path) -> None:
    def stop(classifier: STDPClassifier) -> None:
        if classifier.n_seen_ == 200:
            raise Stop

    whole = STDPClassifier(n_epochs=2, **SMALL).fit(X[:150], Y[:150])
    seen: list[int] = []
    cut = STDPClassifier(n_epochs=2, **SMALL)
    with pytest.raises(Stop):
        cut.fit(X[:150], Y[:150], checkpoints=tmp_path, every=50, on_checkpoint=stop)
    cut.fit(
        X[:150],
        Y[:150],
        checkpoints=tmp_path,
        every=50,
        on_checkpoint=lambda c: seen.append(c.n_seen_),
    )
    assert seen == [300]
    assert fingerprint(cut) == fingerprint(whole)
    assert cut.spikes_ == whole.spikes_
    np.testing.assert_array_equal(cut.predict(TEST[:20]), whole.predict(TEST[:20]))
    assert len(list(tmp_path.glob("*.engram"))) == 2
    # Done: nothing is left to learn.
    cut.fit(X[:150], Y[:150], checkpoints=tmp_path, on_checkpoint=pytest.fail)
    assert fingerprint(cut) == fingerprint(whole)
    # A damaged checkpoint is passed over.
    latest = max(tmp_path.glob("*.engram"))
    latest.write_bytes(latest.read_bytes()[:-1000])
    with pytest.warns(UserWarning, match="passed over"):
        cut.fit(X[:150], Y[:150], checkpoints=tmp_path)
    assert fingerprint(cut) == fingerprint(whole)


def test_another_training_does_not_go_on(tmp_path: Path) -> None:
    few_x, few_y = X[:100], Y[:100]
    STDPClassifier(**SMALL).fit(few_x, few_y, checkpoints=tmp_path)
    for parameters, data in (
        ({"eta": (0.1, 0.01)}, few_x),
        ({"random_state": 9}, few_x),
        ({}, few_x[::-1]),
    ):
        with pytest.raises(InvalidValueError, match="other parameters, data or seed"):
            STDPClassifier(**{**SMALL, **parameters}).fit(data, few_y, checkpoints=tmp_path)
    # What only concerns answers may differ.
    STDPClassifier(**SMALL, decoder="vote", n_labels=50, answer_steps=100).fit(
        few_x, few_y, checkpoints=tmp_path
    )


KILLED = """
import os, signal, sys
from engram.datasets import digits
from engram.learn import STDPClassifier
data = digits(seed=1)
def die(classifier):
    if classifier.n_seen_ == 200:
        os.kill(os.getpid(), signal.SIGKILL)
STDPClassifier(n_epochs=2, n_neurons=30, steps=250, random_state=3).fit(
    data.X_train[:150], data.y_train[:150], checkpoints=sys.argv[1], every=100, on_checkpoint=die
)
"""


@pytest.mark.skipif(os.name == "nt", reason="no SIGKILL")
def test_goes_on_after_a_kill(tmp_path: Path) -> None:
    done = subprocess.run([sys.executable, "-c", KILLED, str(tmp_path)], check=False)
    assert done.returncode == -signal.SIGKILL
    whole = STDPClassifier(n_epochs=2, **SMALL).fit(X[:150], Y[:150])
    cut = STDPClassifier(n_epochs=2, **SMALL)
    cut.fit(X[:150], Y[:150], checkpoints=tmp_path, every=100)
    assert fingerprint(cut) == fingerprint(whole)


def test_tells_how_far_it_is() -> None:
    told: list[tuple[int, int]] = []
    STDPClassifier(n_epochs=2, **SMALL).fit(
        X[:150], Y[:150], progress=lambda done, total: told.append((done, total))
    )
    assert told == [(100, 300), (150, 300), (200, 300), (300, 300)]


# ------------------------------------------------------------------ refusing
@pytest.mark.parametrize(
    ("wrong", "words"),
    [
        ({"n_neurons": 0}, "n_neurons"),
        ({"n_epochs": -1}, "n_epochs"),
        ({"eta": (0.1, 0.0)}, "eta"),
        ({"theta_plus": (0.1,)}, "theta_plus"),
        ({"decoder": "oracle"}, "decoder"),
        ({"model": "hodgkin"}, "model"),
        ({"n_jobs": 0}, "n_jobs"),
        ({"n_labels": 0}, "n_labels"),
        ({"steps": 0}, "steps"),
    ],
)
def test_refuses_parameters(wrong: dict[str, object], words: str) -> None:
    with pytest.raises((InvalidValueError, InvalidTypeError), match=words):
        STDPClassifier(**{**SMALL, **wrong}).fit(X[:10], Y[:10])


def test_refuses_data(trained: STDPClassifier) -> None:
    with pytest.raises(NotFittedError):
        STDPClassifier().transform(X)
    with pytest.raises(InvalidValueError, match="63 features, but STDPClassifier is expecting 64"):
        trained.transform(TEST[:, 1:])
    with pytest.raises(InvalidValueError, match="all values are the same"):
        few().fit(np.zeros((5, 64)), [0, 1, 0, 1, 0])
    with pytest.raises(ValueError, match="NaN"):
        few().fit(np.full((5, 64), np.nan), [0, 1, 0, 1, 0])


# ------------------------------------------------------------------ fixations
def moved(samples: np.ndarray, down: int, right: int) -> np.ndarray:
    """The slow way: pixel by pixel."""
    out = np.zeros_like(samples)
    for k, sample in enumerate(samples):
        for row in range(8):
            for column in range(8):
                if 0 <= row - down < 8 and 0 <= column - right < 8:
                    out[k, 8 * row + column] = sample[8 * (row - down) + column - right]
    return out


@pytest.mark.parametrize(
    ("fixations", "positions"),
    [
        (1, [(0, 0)]),
        (5, [(0, 0), (0, 1), (0, -1), (1, 0), (-1, 0)]),
        (9, [(down, right) for down in (-1, 0, 1) for right in (-1, 0, 1)]),
    ],
)
def test_fixations_add_up_answers_to_moved_images(
    trained: STDPClassifier, fixations: int, positions: list[tuple[int, int]]
) -> None:
    several = pickle.loads(pickle.dumps(trained)).set_params(fixations=fixations)
    one = sum(trained.transform(moved(TEST[:20], *position)) for position in positions)
    np.testing.assert_array_equal(several.transform(TEST[:20]), one)


def test_fixations_have_no_part_in_learning() -> None:
    assert fingerprint(few(fixations=5)) == fingerprint(few())


@pytest.mark.parametrize("wrong", [0, 2, 25, True, "5"])
def test_wrong_fixations(wrong: object) -> None:
    with pytest.raises(InvalidValueError, match="fixations must be one of"):
        few(fixations=wrong)


def test_fixations_need_square_images() -> None:
    with pytest.raises(InvalidValueError, match=r"63\s+features, which is no square number"):
        STDPClassifier(fixations=5, **SMALL).fit(X[:60, 1:], Y[:60])
    STDPClassifier(**SMALL).fit(X[:60, 1:], Y[:60])
