"""A pad for digits: neurons that learned digits without labels say what was drawn."""

from __future__ import annotations

import pickle
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

from engram.errors import (
    EngramError,
    InvalidTypeError,
    InvalidValueError,
    MissingExtraError,
    vector,
)
from engram.live.page import LivePage
from engram.live.views import Message, Views

if TYPE_CHECKING:
    from engram.learn.stdp_classifier import STDPClassifier

Floats = NDArray[np.float64]

SIDE = 28
INK = 20
"""Of the drawing's longer side, pixels of 28, as in MNIST."""

NEURONS, BATCH = 100, 20
LESSONS = 6000
"""Images that are learned from; then the brain waits for drawings."""

SHOWN = 20
FIRST = "the brain has to see some digits first; try again in a moment"


def centred(pixels: ArrayLike) -> Floats:
    """A drawing as MNIST has it: 20 pixels at its longer side, its centre of mass in the middle.

    Parameters
    ----------
    pixels : array_like of shape (784,)
        In [0, 1], row by row.

    Returns
    -------
    array of shape (28, 28)
        In [0, 1].

    Raises
    ------
    InvalidTypeError, InvalidValueError
        It is none, or empty.
    """
    if not isinstance(pixels, (list, np.ndarray)):
        raise InvalidTypeError("digit: pixels must be a list of 784 numbers")
    image = vector("digit: pixels", pixels, 0.0, 1.0, length=SIDE * SIDE).reshape(SIDE, SIDE)
    rows, columns = (np.flatnonzero(image.max(axis=axis) > 0.1) for axis in (1, 0))
    if not len(rows):
        raise InvalidValueError("digit: nothing is drawn")
    ink = image[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1].astype(np.float64)
    scale = INK / max(ink.shape)
    height, width = (max(1, round(scale * n)) for n in ink.shape)
    ink = resized(ink, height, width)
    middle = [
        float((np.arange(n) * ink.sum(axis=1 - axis)).sum() / ink.sum())
        for axis, n in enumerate(ink.shape)
    ]
    top, left = (
        int(np.clip(round((SIDE - 1) / 2.0 - m), 0, SIDE - n))
        for m, n in zip(middle, ink.shape, strict=True)
    )
    found = np.zeros((SIDE, SIDE))
    found[top : top + height, left : left + width] = ink
    return found


def resized(image: Floats, height: int, width: int) -> Floats:
    """An image of another size; each pixel is the mean of what it covers.

    Parameters
    ----------
    image : array of shape (rows, columns)
        Any.
    height, width : int
        Of the new one.

    Returns
    -------
    array of shape (height, width)
        In the range of the old one.
    """
    return _covering(image.shape[0], height) @ image @ _covering(image.shape[1], width).T


def _covering(old: int, new: int) -> Floats:
    """By how much each new pixel covers each old one, along an edge."""
    edges = np.arange(new + 1) * old / new
    low, high = edges[:-1, None], edges[1:, None]
    at = np.arange(old)[None, :]
    share = np.clip(np.minimum(high, at + 1) - np.maximum(low, at), 0.0, None)
    return np.asarray(share / share.sum(axis=1, keepdims=True))


class Source(NamedTuple):
    """Digits to learn from.

    Parameters
    ----------
    images : array of shape (n, pixels)
        Grey levels.
    labels : array of shape (n,)
        What they show.
    name : str
        Of the data.
    """

    images: NDArray[Any]
    labels: NDArray[Any]
    name: str


def at_hand() -> Source:
    """MNIST if it is on this machine, else the small digits that scikit-learn brings.

    Returns
    -------
    Source
        Digits.

    Raises
    ------
    MissingExtraError
        Scikit-learn is not installed.
    """
    from engram import datasets

    try:
        found = datasets.mnist(download=False)
        return Source(found.X_train, found.y_train, "MNIST")
    except (EngramError, OSError):
        pass
    try:
        small = datasets.digits()
    except ImportError as error:
        raise MissingExtraError("engram live --digits", "scikit-learn", "learn") from error
    return Source(small.X_train, small.y_train, "digits of 8 x 8 pixels (ENGRAM_DATA has no MNIST)")


class DigitView(Views):
    """A pad beside a classifier's brain.

    Parameters
    ----------
    classifier : STDPClassifier
        Which answers.
    """

    def __init__(self, classifier: STDPClassifier) -> None:
        self._classifier = classifier

    def described(self) -> Message:
        return {"world": None, "digits": True}

    def do(self, name: str, arguments: Message) -> Message:
        if name != "digit":
            raise InvalidValueError(f"{name}: this page shows a pad, and no world")
        image = centred(arguments["pixels"])
        if not hasattr(self._classifier, "decoder_"):
            raise InvalidValueError(f"digit: {FIRST}")
        return asked(self._classifier, image)


def asked(classifier: STDPClassifier, image: Floats) -> Message:
    """What a classifier answers to a drawing; its brain stays as it is.

    Parameters
    ----------
    classifier : STDPClassifier
        Fitted, to images of 28 x 28 or 8 x 8 pixels.
    image : array of shape (28, 28)
        In [0, 1].

    Returns
    -------
    dict
        As docs/live_protocol.md says.
    """
    sample = as_sample(image, int(classifier.n_features_in_), float(classifier.high_))
    spikes = classifier.transform(sample)
    scores = classifier.decoder_.class_scores(spikes)[0]
    label = classifier.decoder_.predict(spikes)[0]
    best = np.argsort(-spikes[0], kind="stable")[:SHOWN]
    finite = np.where(np.isfinite(scores), scores, 0.0)
    return {
        "label": str(label),
        "region": "excitatory",
        "scores": {str(c): float(s) for c, s in zip(classifier.classes_, finite, strict=True)},
        "neurons": [[int(k), int(spikes[0, k])] for k in best if spikes[0, k]],
        "input": {"region": "input", "rates": image.ravel().round(3).tolist()},
    }


def as_sample(image: Floats, n_features: int, high: float) -> Floats:
    """A drawing as a sample of the data that was learned from.

    Parameters
    ----------
    image : array of shape (28, 28)
        In [0, 1].
    n_features : int
        784, or 64.
    high : float
        The greatest grey level.

    Returns
    -------
    array of shape (1, n_features)
        Grey levels.

    Raises
    ------
    InvalidValueError
        The classifier knows no such images.
    """
    if n_features == SIDE * SIDE:
        return high * image.reshape(1, -1)
    side = round(n_features**0.5)
    if side * side != n_features:
        raise InvalidValueError(f"digit: the classifier learned {n_features} values, not an image")
    rows, columns = (np.flatnonzero(image.any(axis=axis)) for axis in (1, 0))
    ink = image[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1]
    # The small digits fill their height.
    edge = max(ink.shape)
    square = np.zeros((edge, edge))
    left = (edge - ink.shape[1]) // 2
    square[: ink.shape[0], left : left + ink.shape[1]] = ink
    return high * resized(square, side, side).reshape(1, -1)


def loaded(path: Path) -> STDPClassifier:
    """A classifier that was pickled.

    Parameters
    ----------
    path : Path
        Of the file; unpickling executes what it says.

    Returns
    -------
    STDPClassifier
        Fitted.

    Raises
    ------
    InvalidValueError
        It holds something else.
    """
    from engram.learn.stdp_classifier import STDPClassifier

    try:
        with path.open("rb") as file:
            found = pickle.load(file)
    except (pickle.UnpicklingError, EOFError, AttributeError, ImportError, IndexError) as error:
        raise InvalidValueError(f"{path}: it can't be read as a pickle: {error}") from None
    if not isinstance(found, STDPClassifier) or not hasattr(found, "decoder_"):
        raise InvalidValueError(
            f"{path}: --digits wants a pickled STDPClassifier that was fitted, not "
            f"{type(found).__name__}"
        )
    return found


def serve_digits(
    path: Path | None, seed: int, port: int, host: str, browser: bool, say: Callable[[str], object]
) -> None:
    """Show a brain that learns digits, and a pad, until Ctrl-C.

    Parameters
    ----------
    path : Path or None
        A pickled classifier. None: one learns while it is shown.
    seed : int
        Of that one.
    port, host, browser : int, str, bool
        As of `Brain.live`.
    say : callable
        Given the address, and what is learned from.
    """
    try:
        from engram.learn.stdp_classifier import STDPClassifier
    except ImportError as error:
        raise MissingExtraError("engram live --digits", "scikit-learn", "learn") from error
    source = None
    if path is not None:
        classifier = loaded(path)
    else:
        source = at_hand()
        classifier = STDPClassifier(NEURONS, random_state=seed, horizon=LESSONS)
        _lesson(classifier, source, 0)
    view = DigitView(classifier)
    brain = classifier.circuit_.brain
    with LivePage(brain, run=False, host=host, port=port, views=view, title="digits") as page:
        page.start()
        page.announce(browser, say)
        if source is not None:
            say(f"learning from {source.name}")
            for k in range(1, LESSONS // BATCH):
                _lesson(classifier, source, k)
        page.wait()


def _lesson(classifier: STDPClassifier, source: Source, k: int) -> None:
    """Some images more."""
    n = len(source.images)
    which = np.arange(k * BATCH, (k + 1) * BATCH) % n
    classifier.partial_fit(source.images[which], source.labels[which], classes=np.arange(10))
