"""How a classifier of images is judged, and the controls its figures stand beside.

Training and test images are split before; what is fitted, is fitted to training images. Labels
train decoders only, and their number is stated. Test images are shown once, from rest, with
learning off; an answer depends on the network and the image alone. Silence is a wrong answer.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray
from sklearn.linear_model import LogisticRegression

from engram.datasets import Dataset
from engram.errors import integer
from engram.learn.answering import looks
from engram.learn.decoders import UNDECIDED, Decoder, Vote
from engram.learn.named_decoders import DECODERS, PLAIN
from engram.learn.stdp_classifier import STDPClassifier

Say = Callable[[str], object]
"""What to call with lines of text on how it goes."""

HELD_OUT = 6
"""One in so many labelled images is kept from decoders that are compared."""

SPIKES = 1625.0
"""Input spikes an image that decoders of the pixels get as counts."""

SETTLING = 2000
"""Images that thresholds of an untrained network settle at."""


def say_nothing(text: str) -> None:
    """Say nothing.

    Parameters
    ----------
    text : str
        Unsaid.
    """


@dataclass(frozen=True)
class Judged:
    """What one decoder made of the test answers.

    Parameters
    ----------
    accuracy : float
        In %.
    undecided : int
        Silent or tied test answers.
    confusion : list of list of int
        Rows are classes, columns what was answered, the last one for undecided answers.
    validation : float, optional
        Accuracy in % for labelled images that were held out from a decoder fitted to the others.
        None: not measured.
    """

    accuracy: float
    undecided: int
    confusion: list[list[int]]
    validation: float | None = None


def confusion_matrix(
    answers: NDArray[np.int64], truth: ArrayLike, classes: NDArray[Any]
) -> NDArray[np.int64]:
    """How often each class was taken for which.

    Parameters
    ----------
    answers : array of shape (n,), int64
        Numbers of classes; -1: undecided.
    truth : array_like of shape (n,)
        Classes.
    classes : array of shape (n_classes,)
        All classes, sorted.

    Returns
    -------
    array of shape (n_classes, n_classes + 1), int64
        Rows: classes; columns: answers, the last one undecided.
    """
    matrix = np.zeros((len(classes), len(classes) + 1), np.int64)
    rows = np.searchsorted(classes, np.asarray(truth))
    np.add.at(matrix, (rows, np.where(answers == UNDECIDED, len(classes), answers)), 1)
    return matrix


def judge(
    decoder: Decoder,
    labelled: ArrayLike,
    labels: ArrayLike,
    test: ArrayLike,
    truth: ArrayLike,
    *,
    validate: bool = True,
) -> Judged:
    """Fit a decoder to answers to labelled images; score the answers to test images.

    Parameters
    ----------
    decoder : Decoder
        Fitted afterwards.
    labelled : array_like of shape (n_labelled, n_neurons)
        Spike counts.
    labels : array_like of shape (n_labelled,)
        Classes.
    test : array_like of shape (n_test, n_neurons)
        Spike counts.
    truth : array_like of shape (n_test,)
        Classes.
    validate : bool
        Measure accuracy on labelled images that are held out, too.

    Returns
    -------
    Judged
        What came out.
    """
    counts, y = np.asarray(labelled), np.asarray(labels)
    validation = None
    if validate:
        held = np.arange(len(y)) % HELD_OUT == 0
        if len(np.unique(y[~held])) > 1:
            validation = 100.0 * decoder.fit(counts[~held], y[~held]).score(counts[held], y[held])
    answers = decoder.fit(counts, y).answers(test)
    matrix = confusion_matrix(answers, truth, decoder.classes_)
    right = int(np.trace(matrix[:, :-1]))
    return Judged(
        accuracy=100.0 * right / int(matrix.sum()),
        undecided=int(matrix[:, -1].sum()),
        confusion=matrix.tolist(),
        validation=validation,
    )


def best_of(judged: Mapping[str, Judged]) -> str:
    """Choose the decoder that was best on held-out *labelled* images; test answers have no say.

    Parameters
    ----------
    judged : mapping of Judged
        By name of the decoder.

    Returns
    -------
    str
        Its name.
    """
    measured = {name: j.validation for name, j in judged.items() if j.validation is not None}
    return max(measured, key=lambda name: measured[name])


def evaluate(
    classifier: STDPClassifier,
    data: Dataset,
    n_labels: int,
    *,
    seed: int = 0,
    reward: bool = True,
    say: Say = say_nothing,
) -> dict[str, Any]:
    """Judge the features of a classifier with every decoder.

    n_labels: training images whose labels decoders may see, drawn by `seed`. reward: whether to
    train the readout that learns from reward, too; it takes longest. Returns what JSON can hold.

    Parameters
    ----------
    classifier : STDPClassifier
        Whose features are judged.
    data : Dataset
        Training and test images.
    n_labels : int
        Training images whose labels decoders may see.
    seed : int
        Draws them.
    reward : bool
        Whether to train the readout that learns from reward, too; it takes longest.
    say : Say
        A function for lines of text.

    Returns
    -------
    dict
        What JSON can hold.
    """
    X, y = labelled_part(data, n_labels, seed)
    started, cpu = time.perf_counter(), time.process_time()
    say(f"answers to {len(X):,} labelled images")
    labelled = classifier.transform(X)
    say(f"answers to {len(data.X_test):,} test images")
    test = classifier.transform(data.X_test)
    shown = len(labelled) + len(test)
    cpu_ms = 1e3 * (time.process_time() - cpu) / shown
    wall_s = time.perf_counter() - started
    judged = {
        name: judge(make(seed), labelled, y, test, data.y_test) for name, make in PLAIN.items()
    }
    found: dict[str, Any] = {"best": best_of(judged)}
    if reward:
        say("a readout layer learns from reward")
        readout = DECODERS["reward"](seed)
        judged["reward"] = judge(readout, labelled, y, test, data.y_test, validate=False)
    votes = Vote().fit(labelled, y).assignments_
    classes = np.unique(y)
    return found | {
        "n_labels": len(y),
        "decoders": {name: asdict(j) for name, j in judged.items()},
        "spikes_per_image": float(test.sum(axis=1).mean()),
        "silent": int((test.sum(axis=1) == 0).sum()),
        "neurons_per_class": np.bincount(votes[votes >= 0], minlength=len(classes)).tolist(),
        "neurons_without_class": int((votes < 0).sum()),
        "answer_cpu_ms": cpu_ms,
        "answer_wall_s": wall_s,
    }


def labelled_part(
    data: Dataset, n_labels: int, seed: int
) -> tuple[NDArray[np.uint8], NDArray[np.int64]]:
    """The training images whose labels are used, drawn by a seed.

    Parameters
    ----------
    data : Dataset
        Training and test images.
    n_labels : int
        Training images whose labels decoders may see.
    seed : int
        Draws them.

    Returns
    -------
    tuple of (array of uint8, array of int64)
        Images and classes.
    """
    n = integer("protocol: n_labels", n_labels, 2, len(data.y_train))
    chosen = np.random.RandomState([seed, 2**31]).permutation(len(data.y_train))[:n]
    chosen.sort()
    return data.X_train[chosen], data.y_train[chosen]


def untrained(
    classifier: STDPClassifier, data: Dataset, n_labels: int, *, seed: int = 0
) -> dict[str, Any]:
    """Judge the same network with the weights it began with, and the same decoders.

    Its thresholds settle at the target rate first, while it is shown training images: without that,
    many an image would be answered by silence, and the control would be too easy to beat.

    Parameters
    ----------
    classifier : STDPClassifier
        Whose features are judged.
    data : Dataset
        Training and test images.
    n_labels : int
        Training images whose labels decoders may see.
    seed : int
        Draws them.

    Returns
    -------
    dict
        As of `evaluate`.
    """
    network = STDPClassifier(**{**classifier.get_params(deep=False), "n_epochs": 1})
    network.settle(data.X_train[:SETTLING])
    return evaluate(network, data, n_labels, seed=seed, reward=False)


def pixel_controls(
    data: Dataset, n_labels: int, *, seed: int = 0, spikes: float = SPIKES, fixations: int = 1
) -> dict[str, Any]:
    """What decoders make of the input itself, with no network.

    The decoders get, as counts, the mean number of input spikes of each pixel. Logistic regression
    gets pixels in [0, 1]: with as many labels, and with all.

    Parameters
    ----------
    data : Dataset
        Training and test images.
    n_labels : int
        Training images whose labels decoders may see.
    seed : int
        Draws them.
    spikes : float
        Input spikes of an image and fixation, in all.
    fixations : int
        Positions from which an image is looked at.

    Returns
    -------
    dict
        Accuracies in %.
    """
    X, y = labelled_part(data, n_labels, seed)

    def counts(images: NDArray[np.uint8]) -> NDArray[np.float64]:
        values = np.zeros(images.shape)
        for moved in looks(images.astype(np.float32), fixations):
            values += moved
        values *= fixations * spikes / np.maximum(values.sum(axis=1, keepdims=True), 1.0)
        return values

    labelled, test = counts(X), counts(data.X_test)
    found: dict[str, Any] = {
        name: judge(make(seed), labelled, y, test, data.y_test, validate=False).accuracy
        for name, make in PLAIN.items()
    }
    for name, (some, labels) in {
        "logistic": (X, y),
        "logistic_all": (data.X_train, data.y_train),
    }.items():
        regression = LogisticRegression(max_iter=100, tol=1e-3)
        regression.fit(some.astype(np.float32) / 255, labels)
        right = regression.predict(data.X_test.astype(np.float32) / 255) == data.y_test
        found[name] = 100.0 * float(right.mean())
    return found | {"n_labels": len(y), "n_labels_all": len(data.y_train)}
