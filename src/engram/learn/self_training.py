"""Circuits that live on without labels and learn from what they answer themselves."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

from engram.circuits.competition import Competition
from engram.errors import InvalidValueError, as_array, integer, number
from engram.learn.decoders import UNDECIDED, ClassProfiles
from engram.network.present import Counts

Floats = NDArray[np.float64]


def shares(scores: Floats) -> Floats:
    """The share of each class in all that speaks for any.

    Parameters
    ----------
    scores : array of shape (n, n_classes), float64
        How much speaks for each class.

    Returns
    -------
    array of shape (n, n_classes), float64
        Shares.
    """
    found: Floats = scores / np.maximum(scores.sum(axis=1, keepdims=True), 1e-9)
    return found


class Conscience:
    """Classes answered more often than others lately have to be more certain.

    With p_c the share of class c in all that speaks for any and b_c its bias, the answer is the
    class with the greatest p_c - b_c; it is clear if it is ahead of the next one by `margin`. After
    n answers, n_c of them c, b_c grows by balance (n_c - n / classes). A conscience keeps units
    from winning too often (DeSieno 1988); here it is of classes.

    Parameters
    ----------
    n_classes : int
        Classes.
    margin : float
        By how much the best class has to be ahead of the next to be clear.
    balance : float
        How fast a class answered too often is held back; 0: never.

    Attributes
    ----------
    bias : ndarray of shape (n_classes,)
        What is taken from the share of each class.

    References
    ----------
    .. [1] DeSieno 1988, doi:10.1109/ICNN.1988.23839

    Examples
    --------
    >>> import numpy as np
    >>> from engram.learn import Conscience
    >>> conscience = Conscience(2, margin=0.0, balance=0.5)
    >>> [int(conscience.decide(np.array([[0.6, 0.4]]))[0][0]) for _ in range(4)]
    [0, 1, 0, 1]
    """

    def __init__(self, n_classes: int, *, margin: float = 0.1, balance: float = 0.01) -> None:
        self.n_classes = integer("Conscience: n_classes", n_classes, 2)
        self.margin = number("Conscience: margin", margin, 0.0)
        self.balance = number("Conscience: balance", balance, 0.0)
        self.bias: Floats = np.zeros(self.n_classes)

    def decide(self, shares: Floats) -> tuple[NDArray[np.int64], NDArray[np.bool_]]:
        """Decide between classes, one sample after the other.

        Parameters
        ----------
        shares : array of shape (n, n_classes), float64
            What speaks for each class.

        Returns
        -------
        tuple of (array of int64, array of bool)
            The number of the class of each sample, and whether it is clear.
        """
        corrected = shares - self.bias
        best = np.sort(corrected, axis=1)
        classes = corrected.argmax(axis=1)
        often = np.bincount(classes, minlength=self.n_classes)
        self.bias += self.balance * (often - 1.0 / self.n_classes * len(classes))
        return classes, best[:, -1] - best[:, -2] >= self.margin


def respond_to_views(
    circuit: Competition, views: NDArray[np.uint8], first: int, inhibition: float | None = None
) -> Counts:
    """Spikes at images, added up over their views; nothing is learned.

    Parameters
    ----------
    circuit : Competition
        That answers.
    views : array of shape (n_views, n, pixels), uint8
        The images.
    first : int
        Number of the first image, by which its input spikes are drawn.
    inhibition : float, optional
        In answers. None: that of the circuit.

    Returns
    -------
    array of shape (n, n_neurons), int32
        Spikes of each neuron.
    """
    numbers = first + np.arange(views.shape[1])
    counts = np.zeros((views.shape[1], circuit.n_neurons), np.int32)
    for k, images in enumerate(views):
        counts += circuit.respond(images, len(views) * numbers + k, inhibition=inhibition)
    return counts


def live_on(
    circuit: Competition,
    reader: ClassProfiles,
    views: ArrayLike,
    *,
    feedback: float = 5.0,
    conscience: Conscience | None = None,
    inhibition: float | None = None,
    chunk: int = 20,
) -> NDArray[np.int64]:
    """Let a circuit live through images without labels, its answers feeding back to it.

    It answers the images of a chunk from several views each, and then learns the views of those
    with a clear answer, one by one; meanwhile the thresholds of neurons are lower the more they
    speak for the class c that was answered,

        theta_i - feedback p_ci,

    with p the profiles of the reader, which stays as it is. So an image that has changed a little
    is learned by neurons of its class (self-training: Scudder 1965).

    Parameters
    ----------
    circuit : Competition
        Lives on, with its own rates of learning.
    reader : ClassProfiles
        Fitted to the circuit's answers before.
    views : array of shape (n_views, n, pixels)
        Bytes; what each image looks like from several views.
    feedback : float
        Of thresholds by the answer, in their unit; 0: none.
    conscience : Conscience or None
        Which answers are clear; None: a new one with its defaults.
    inhibition : float or None
        In answers, see `Competition.respond`.
    chunk : int
        Images answered before they are learned.

    Returns
    -------
    ndarray of shape (n,)
        The number of the class in `reader.classes_` that each image was answered with; -1 if the
        answer was not clear and nothing was learned.

    References
    ----------
    .. [1] Scudder 1965, doi:10.1109/TIT.1965.1053799

    Examples
    --------
    >>> import numpy as np
    >>> from engram.learn import live_on
    >>> from engram.circuits import Competition
    >>> from engram.learn import ClassProfiles
    >>> images = np.array([[255, 255, 0, 0], [0, 0, 255, 255]] * 10, np.uint8)
    >>> circuit = Competition(4, 4, seed=1, total_weight=8.0, w_max=6.0, total_rate=300.0)
    >>> _ = circuit.learn(images)
    >>> reader = ClassProfiles().fit(circuit.respond(images), [0, 1] * 10)
    >>> live_on(circuit, reader, [images[:4]]).tolist()
    [0, 1, 0, 1]
    """
    where = "live_on"
    seen = as_array(f"{where}: views", views)
    if seen.ndim != 3:
        raise InvalidValueError(
            f"{where}: views must have the shape (views, images, pixels), not {seen.shape}"
        )
    number(f"{where}: feedback", feedback, 0.0)
    size = integer(f"{where}: chunk", chunk, 1)
    judge = Conscience(len(reader.classes_)) if conscience is None else conscience
    answered = np.full(seen.shape[1], UNDECIDED)
    for first in range(0, seen.shape[1], size):
        looks = seen[:, first : first + size]
        counts = respond_to_views(circuit, looks, first, inhibition)
        classes, clear = judge.decide(shares(reader.class_scores(counts)))
        for images in looks:
            for k in np.flatnonzero(clear):
                lower = feedback * reader.profiles_[classes[k]]
                circuit.theta[:] -= lower
                circuit.learn(images[k : k + 1])
                circuit.theta[:] += lower
        answered[first : first + size][clear] = classes[clear]
    return answered
