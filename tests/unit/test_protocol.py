"""The protocol: what is judged, on what, and beside which controls."""

import json
from pathlib import Path

import numpy as np
import pytest
from typer.testing import CliRunner

pytest.importorskip("sklearn")

from engram import Competition, InvalidValueError
from engram.cli import app
from engram.datasets import digits
from engram.learn import Vote
from engram.learn.bench import mnist
from engram.learn.bench.protocol import (
    HELD_OUT,
    Judged,
    best_of,
    confusion_matrix,
    evaluate,
    judge,
    labelled_part,
    pixel_controls,
    untrained,
)
from engram.learn.decoders import Decoder

RUN = mnist.Run(neurons=15, data="digits", images=250, tests=80, labels=200, seed=2, reward=False)


class Recorded(Vote):
    """A vote that remembers what it was fitted to."""

    def __init__(self) -> None:
        self.fits: list[np.ndarray] = []

    def _fit(self, counts: np.ndarray, targets: np.ndarray) -> None:
        self.fits.append(counts)
        super()._fit(counts, targets)


def test_confusion_has_a_column_for_silence() -> None:
    matrix = confusion_matrix(np.array([0, 1, -1, 0]), [5, 7, 7, 7], np.array([5, 7]))
    np.testing.assert_array_equal(matrix, [[1, 0, 0], [1, 1, 1]])


def test_a_decoder_is_judged_by_its_test_answers() -> None:
    labelled = np.repeat([[3, 0], [0, 3]], 6, axis=0)
    labels = np.repeat([0, 1], 6)
    test = np.array([[2, 0], [0, 2], [0, 0], [0, 1]])
    decoder = Recorded()
    judged = judge(decoder, labelled, labels, test, [0, 1, 1, 0])
    assert judged.accuracy == 50.0
    assert judged.undecided == 1
    assert judged.confusion == [[1, 1, 0], [0, 1, 1]]
    assert judged.validation == 100.0
    # First to what is not held out, then to all that is labelled; never to test answers.
    held = np.arange(12) % HELD_OUT == 0
    np.testing.assert_array_equal(decoder.fits[0], labelled[~held])
    np.testing.assert_array_equal(decoder.fits[1], labelled)
    assert judge(Vote(), labelled, labels, test, [0, 1, 1, 0], validate=False).validation is None


def test_the_best_decoder_is_chosen_without_test_answers() -> None:
    judged = {
        "a": Judged(accuracy=99.0, undecided=0, confusion=[], validation=50.0),
        "b": Judged(accuracy=10.0, undecided=0, confusion=[], validation=60.0),
        "c": Judged(accuracy=100.0, undecided=0, confusion=[], validation=None),
    }
    assert best_of(judged) == "b"


def test_labelled_images_are_drawn_from_the_training_part() -> None:
    data = digits()
    X, y = labelled_part(data, 100, 3)
    rows = {row.tobytes(): label for row, label in zip(data.X_train, data.y_train, strict=True)}
    assert [rows[row.tobytes()] for row in X] == y.tolist()
    assert len(np.unique(y)) == 10
    np.testing.assert_array_equal(labelled_part(data, 100, 3)[0], X)
    assert not np.array_equal(labelled_part(data, 100, 4)[0], X)
    with pytest.raises(InvalidValueError, match="n_labels"):
        labelled_part(data, 1438, 0)


def test_pixels_without_a_network() -> None:
    found = pixel_controls(digits(), 1000)
    # Nearest class means of these images: about 90 %; logistic regression: about 96 %.
    assert 80 < found["profiles"] < found["logistic"] < 99
    assert found["n_labels"] == 1000


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("run")


@pytest.fixture(scope="module")
def found(folder: Path) -> dict[str, object]:
    return mnist.execute(RUN, folder, every=100, jobs=1, progress=False)


def test_a_run_leaves_its_result_and_images(found: dict[str, object], folder: Path) -> None:
    stored = json.loads((folder / mnist.RESULT).read_text())
    assert stored == json.loads(json.dumps(found))
    for name in (mnist.FIELDS, mnist.PAGE):
        assert (folder / name).read_bytes().startswith(b"\x89PNG")
    assert found["n_labels"] == 200
    assert found["n_train"] == found["images_shown"] == 250
    assert found["n_test"] == 80
    best = found["decoders"][found["best"]]  # type: ignore[index]
    assert found["accuracy"] == best["accuracy"]
    assert np.sum(best["confusion"]) == 80
    assert sum(found["neurons_per_class"]) + found["neurons_without_class"] == 15  # type: ignore[call-overload, operator]
    assert set(found["untrained"]["decoders"]) == {"vote", "profiles", "bayes", "delta"}  # type: ignore[index]
    text = mnist.describe(found)  # type: ignore[arg-type]
    assert f"{best['accuracy']:.2f}" in text
    assert "200 labels" in text


def test_a_run_that_is_repeated_goes_on(
    found: dict[str, object], folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Competition, "learn", lambda *_: pytest.fail("it learned again"))
    # The untrained control is left out: it lets thresholds settle.
    again = mnist.execute(
        mnist.Run(**{**RUN.__dict__, "controls": False}), folder, every=100, progress=False
    )
    assert again["decoders"] == found["decoders"]


def test_decoders_see_labels_of_training_images_only(monkeypatch: pytest.MonkeyPatch) -> None:
    data = mnist.load(RUN)
    network = mnist.classifier(RUN).learn_features(data.X_train)
    first = evaluate(network, data, 200, seed=2, reward=False)
    # Other classes of the test images change nothing but what is right.
    wrong = data._replace(y_test=np.roll(data.y_test, 1))
    second = evaluate(network, wrong, 200, seed=2, reward=False)
    for name in ("vote", "bayes", "delta"):
        a, b = (np.array(x["decoders"][name]["confusion"]) for x in (first, second))
        np.testing.assert_array_equal(a.sum(axis=0), b.sum(axis=0))
        assert x_validation(first, name) == x_validation(second, name)
    monkeypatch.setattr(Decoder, "fit", lambda *_: pytest.fail("fitted"))
    with pytest.raises(pytest.fail.Exception):
        evaluate(network, data, 200, seed=2, reward=False)


def x_validation(found: dict[str, object], name: str) -> float:
    return found["decoders"][name]["validation"]  # type: ignore[index, no-any-return]


def test_untrained_network_has_its_first_weights() -> None:
    data = mnist.load(RUN)
    network = mnist.classifier(RUN)
    found = untrained(network, data, 200, seed=2)
    assert found["spikes_per_image"] > 0.5
    assert found["decoders"]["vote"]["accuracy"] < 80


def test_command_line(tmp_path: Path) -> None:
    result = CliRunner().invoke(
        app,
        [
            "bench",
            "mnist",
            "--neurons",
            "10",
            "--data",
            "digits",
            "--images",
            "120",
            "--tests",
            "50",
            "--labels",
            "100",
            "--seed",
            "1",
            "--no-reward",
            "--output",
            str(tmp_path / "run"),
        ],
    )
    assert result.exit_code == 0, result.output
    assert "test accuracy" in result.stdout
    assert "pixels" in result.stdout
    assert "left" in result.stderr
    assert (tmp_path / "run" / mnist.PAGE).exists()
    bad = CliRunner().invoke(app, ["bench", "mnist", "--data", "letters"])
    assert bad.exit_code == 2
    assert "letters" in bad.stderr
