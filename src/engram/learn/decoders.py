"""Decoders: which class do spike counts speak for? They see spikes, never weights or images."""

from __future__ import annotations

from abc import abstractmethod
from typing import Any, Self

import numpy as np
from numpy.typing import ArrayLike, NDArray
from sklearn.base import BaseEstimator, ClassifierMixin
from sklearn.utils.metaestimators import available_if
from sklearn.utils.validation import check_is_fitted

from engram.errors import InvalidValueError, integer, number
from engram.learn.validation import (
    checked_classes,
    checked_pair,
    checked_random,
    checked_samples,
    checked_training_data,
    class_numbers,
    is_class,
    refusing,
    share_right,
)

Floats = NDArray[np.float64]

UNDECIDED = -1
"""What `Decoder.answers` has in place of a class for an answer without spikes."""


def undecided(counts: NDArray[Any]) -> NDArray[np.bool_]:
    """Whether no class alone has most spikes.

    Parameters
    ----------
    counts : array of shape (..., n_classes)
        Spikes.

    Returns
    -------
    array of shape (...,), bool
        True where it is undecided.
    """
    ties = (counts == counts.max(axis=-1, keepdims=True)).sum(axis=-1) > 1
    return np.asarray(ties)


def _learns_in_portions(decoder: Decoder) -> bool:
    return type(decoder)._learn_more is not Decoder._learn_more


class Decoder(ClassifierMixin, BaseEstimator):  # type: ignore[misc]
    """Base of decoders: from spike counts k of neurons, shape (n_samples, n_neurons), to classes.

    `fit` needs labels; it is the only part of unsupervised learning that does. A sample to which no
    neuron fired is undecided: `score` counts it as wrong, `predict` has to name a class and takes
    the first.

    Attributes
    ----------
    classes_ : ndarray of shape (n_classes,)
        Class labels.
    n_features_in_ : int
        Number of neurons.

    Examples
    --------
    >>> from engram.learn import ClassProfiles, PoissonBayes, Vote
    >>> counts, classes = [[3, 0], [0, 2], [4, 1]], ["a", "b", "a"]
    >>> for decoder in (Vote(), ClassProfiles(), PoissonBayes()):
    ...     print(decoder.fit(counts, classes).predict([[1, 4]]).tolist())
    ['b']
    ['b']
    ['b']
    """

    classes_: NDArray[Any]
    n_features_in_: int

    @abstractmethod
    def _fit(self, counts: Floats, targets: NDArray[np.int64]) -> None:
        """Learn from counts and the numbers of their classes."""

    @abstractmethod
    def _scores(self, counts: Floats) -> Floats:
        """How much speaks for each class, shape (n_samples, n_classes)."""

    def fit(self, counts: ArrayLike, y: ArrayLike) -> Self:
        """Learn from spike counts and classes.

        Parameters
        ----------
        counts : array_like of shape (n_samples, n_neurons)
            Spike counts.
        y : array_like of shape (n_samples,)
            Classes.

        Returns
        -------
        Decoder
            Itself.
        """
        array, labels = self._checked_training_data(counts, y, classes=2)
        self.classes_, targets = np.unique(labels, return_inverse=True)
        self._fit(array, targets.astype(np.int64))
        return self

    @available_if(_learns_in_portions)  # type: ignore[untyped-decorator]
    def partial_fit(
        self, counts: ArrayLike, y: ArrayLike, classes: ArrayLike | None = None
    ) -> Self:
        """Learn from some more samples.

        Parameters
        ----------
        counts : array_like of shape (n_samples, n_neurons)
            Spike counts.
        y : array_like of shape (n_samples,)
            Classes.
        classes : array_like, optional
            All that will ever come, in the first call. None: those of its y.

        Returns
        -------
        Decoder
            Itself.
        """
        if not hasattr(self, "classes_"):
            if classes is None:
                return self.fit(counts, y)
            array, labels = self._checked_training_data(counts, y, classes=1)
            with refusing(self):
                named = checked_classes(self, classes)
                targets = class_numbers(self, named, labels)
            self.classes_ = named
            self._fit(array, targets)
            return self
        with refusing(self):
            array, labels = checked_training_data(self, counts, y, reset=False)
            self._check_counts(array)
            if classes is not None:
                checked_classes(self, classes, self.classes_)
            targets = class_numbers(self, self.classes_, labels)
        self._learn_more(array, targets)
        return self

    def _checked_training_data(
        self, counts: ArrayLike, y: ArrayLike, *, classes: int
    ) -> tuple[Floats, NDArray[Any]]:
        """Of a first call, with so many classes at least."""
        with refusing(self):
            array, labels = checked_training_data(self, counts, y, reset=True, classes=classes)
            self._check_counts(array)
        return array, labels

    def _learn_more(self, counts: Floats, targets: NDArray[np.int64]) -> None:
        """`_fit` without forgetting what was learned before."""
        raise NotImplementedError(f"{type(self).__name__} can't learn in portions")

    def _check_counts(self, counts: Floats) -> None:
        if counts.size and counts.min() < 0:
            raise InvalidValueError(
                f"Negative values in data passed to {type(self).__name__}: spike counts can't be "
                f"negative; one is {counts.min():g}"
            )

    def _checked(self, counts: ArrayLike) -> Floats:
        check_is_fitted(self)
        array: Floats = checked_samples(self, counts, reset=False)
        self._check_counts(array)
        return array

    def class_scores(self, counts: ArrayLike) -> Floats:
        """How much speaks for each class.

        Parameters
        ----------
        counts : array_like of shape (n_samples, n_neurons)
            Spike counts.

        Returns
        -------
        array of shape (n_samples, n_classes), float64
            Scores.
        """
        return self._scores(self._checked(counts))

    def answers(self, counts: ArrayLike) -> NDArray[np.int64]:
        """The number of the best class.

        Parameters
        ----------
        counts : array_like of shape (n_samples, n_neurons)
            Spike counts.

        Returns
        -------
        array of shape (n_samples,), int64
            Indices into `classes_`; -1 where no neuron fired.
        """
        array = self._checked(counts)
        best = self._scores(array).argmax(axis=1)
        return np.where(array.any(axis=1), best, UNDECIDED)

    def predict(self, counts: ArrayLike) -> NDArray[Any]:
        """The class that most speaks for.

        Parameters
        ----------
        counts : array_like of shape (n_samples, n_neurons)
            Spike counts.

        Returns
        -------
        array of shape (n_samples,)
            Classes; the first of them if undecided.
        """
        best = np.maximum(self.answers(counts), 0)
        labels: NDArray[Any] = self.classes_[best]
        return labels

    def score(
        self, counts: ArrayLike, y: ArrayLike, sample_weight: ArrayLike | None = None
    ) -> float:
        """Share of right answers; an undecided one is wrong.

        Parameters
        ----------
        counts : array_like of shape (n_samples, n_neurons)
            Spike counts.
        y : array_like of shape (n_samples,)
            Classes.
        sample_weight : array_like of shape (n_samples,), optional
            Weights of the samples.

        Returns
        -------
        float
            In [0, 1].
        """
        answers = self.answers(counts)
        right = is_class(self, self.classes_[np.maximum(answers, 0)], y) & (answers != UNDECIDED)
        return share_right(self, right, sample_weight)

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.input_tags.positive_only = True
        # Of spikes they make good classifiers, not of any features.
        tags.classifier_tags.poor_score = True
        return tags


class ProfileDecoder(Decoder):
    """Base of decoders that need nothing but each neuron's mean count for each class.

    So learning in portions is learning at once, up to rounding.

    Attributes
    ----------
    sums_ : ndarray of shape (n_classes, n_neurons)
        Spikes of each neuron for all samples of each class.
    n_samples_ : ndarray of shape (n_classes,)
        Samples of each class.
    """

    sums_: Floats
    n_samples_: NDArray[np.int64]

    @abstractmethod
    def _derive(self, means: Floats) -> None:
        """Prepare the answers from mean counts, shape (n_classes, n_neurons)."""

    def _fit(self, counts: Floats, targets: NDArray[np.int64]) -> None:
        shape = len(self.classes_), self.n_features_in_
        self.sums_, self.n_samples_ = np.zeros(shape), np.zeros(shape[0], np.int64)
        self._add(counts, targets)

    def _learn_more(self, counts: Floats, targets: NDArray[np.int64]) -> None:
        self._add(counts, targets)

    def _add(self, counts: Floats, targets: NDArray[np.int64]) -> None:
        member = targets == np.arange(len(self.classes_))[:, np.newaxis]
        self.sums_ = self.sums_ + member.astype(np.float64) @ counts
        self.n_samples_ = self.n_samples_ + member.sum(axis=1)
        # A class that was announced but has not come yet has means of 0.
        self._derive(self.sums_ / np.maximum(self.n_samples_, 1)[:, np.newaxis])


class Vote(ProfileDecoder):
    """The decoder of Diehl & Cook (2015): each neuron stands for one class.

    A neuron's class is the one it answered with most spikes on average; the score of a class is the
    mean count of its neurons. A neuron that never fired has no vote.

    Attributes
    ----------
    assignments_ : ndarray of int, shape (n_neurons,)
        Number of each neuron's class in `classes_`; -1 for those that never fired.

    References
    ----------
    .. [1] Diehl & Cook 2015, doi:10.3389/fncom.2015.00099

    Examples
    --------
    >>> from engram.learn import Vote
    >>> Vote().fit([[3, 0], [0, 2]], ["a", "b"]).predict([[1, 4]]).tolist()
    ['b']
    """

    def _derive(self, means: Floats) -> None:
        self.assignments_ = np.where(means.any(axis=0), means.argmax(axis=0), UNDECIDED)
        members = self.assignments_ == np.arange(len(means))[:, np.newaxis]
        self._average = (members / np.maximum(members.sum(axis=1, keepdims=True), 1)).T

    def _scores(self, counts: Floats) -> Floats:
        scores: Floats = counts @ self._average
        return scores


class ClassProfiles(ProfileDecoder):
    """A soft vote: each neuron speaks for the classes in proportion to how it answered them.

    With r the mean count of neuron i for class c, its spikes count
    p_ci = (r_ci + prior) / sum_c (r_ci + prior) for c, and the score of c is sum_i k_i p_ci.

    Parameters
    ----------
    prior : float
        Spikes a sample that a neuron is taken to have for every class before it has seen any: who
        has not answered much speaks for no class.

    Attributes
    ----------
    profiles_ : ndarray of shape (n_classes, n_neurons)
        The shares p; without a prior, 0 for neurons that never fired.

    Examples
    --------
    >>> from engram.learn import ClassProfiles
    >>> ClassProfiles().fit([[3, 1], [1, 3]], [0, 1]).class_scores([[4, 0]]).tolist()
    [[3.0, 1.0]]
    """

    def __init__(self, prior: float = 0.0) -> None:
        self.prior = prior

    def _derive(self, means: Floats) -> None:
        raised = means + number("ClassProfiles: prior", self.prior, 0.0)
        total = raised.sum(axis=0)
        self.profiles_ = raised / np.where(total > 0, total, 1.0)

    def _scores(self, counts: Floats) -> Floats:
        scores: Floats = counts @ self.profiles_.T
        return scores


class PoissonBayes(ProfileDecoder):
    """Naive Bayes with Poisson counts: log P(c | k) = log P(c) + sum_i k_i log r_ci - r_ci + const.

    r_ci is the mean count of neuron i for class c, with `smoothing` spikes added to the sum over
    the samples of the class; P(c) the share of the class among them.

    Parameters
    ----------
    smoothing : float
        Spikes added, so that a neuron that never answered a class does not rule it out.

    Attributes
    ----------
    rates_ : ndarray of shape (n_classes, n_neurons)
        The means r.
    log_prior_ : ndarray of shape (n_classes,)
        log P(c); -inf for a class that has not come yet.

    Examples
    --------
    >>> from engram.learn import PoissonBayes
    >>> PoissonBayes().fit([[3, 0], [0, 2]], ["a", "b"]).predict([[1, 0]]).tolist()
    ['a']
    """

    def __init__(self, smoothing: float = 0.02) -> None:
        self.smoothing = smoothing

    def _derive(self, means: Floats) -> None:
        added = number("PoissonBayes: smoothing", self.smoothing, 0.0, open_low=True)
        n = self.n_samples_
        self.rates_ = means + (added / np.maximum(n, 1))[:, np.newaxis]
        with np.errstate(divide="ignore"):
            self.log_prior_ = np.log(n / n.sum())

    def _scores(self, counts: Floats) -> Floats:
        likelihood = counts @ np.log(self.rates_).T - self.rates_.sum(axis=1)
        posterior: Floats = likelihood + self.log_prior_
        return posterior


class DeltaReadout(Decoder):
    """A linear readout of softmax units, trained by the delta rule (Widrow & Hoff 1960).

    With the input x = k, scaled to a mean squared length of 1 over the training samples, and p the
    softmax of V x + b, each sample changes V_ci by eta ([c = y] - p_c) x_i, and b_c likewise: a
    rule that is local to the synapse but for the error of its own output unit. eta falls
    geometrically. Inputs of this length bear a large eta, and need one: many neurons fire for few
    samples each, and their synapses have to learn all they can from those.

    Parameters
    ----------
    n_epochs : int
        Passes through the samples, in a new random order each.
    eta : tuple of two floats
        Learning rate of a sample at the beginning and at the end.
    batch : int
        Samples whose changes are added up before they take effect.
    random_state : int, RandomState or None
        Of the order of samples.

    Attributes
    ----------
    weights_ : ndarray of shape (n_classes, n_neurons), float32
        V.
    bias_ : ndarray of shape (n_classes,), float32
        b.

    Examples
    --------
    >>> from engram.learn import DeltaReadout
    >>> DeltaReadout(random_state=0).fit([[3, 0], [0, 2]], ["a", "b"]).predict([[1, 0]]).tolist()
    ['a']
    """

    def __init__(
        self,
        *,
        n_epochs: int = 20,
        eta: tuple[float, float] = (1.0, 0.02),
        batch: int = 10,
        random_state: int | np.random.RandomState | None = None,
    ) -> None:
        self.n_epochs = n_epochs
        self.eta = eta
        self.batch = batch
        self.random_state = random_state

    def _fit(self, counts: Floats, targets: NDArray[np.int64]) -> None:
        integer("DeltaReadout: n_epochs", self.n_epochs, 0)
        size = integer("DeltaReadout: batch", self.batch, 1)
        first, last = checked_pair("DeltaReadout: eta", self.eta)
        number("DeltaReadout: eta[0]", first, 0.0, open_low=True)
        number("DeltaReadout: eta[1]", last, 0.0, open_low=True)
        random = checked_random(self)
        length = float(np.sqrt(np.einsum("ij,ij", counts, counts) / len(counts)))
        self._scale = 1.0 / length if length > 0 else 1.0
        # Single precision: half the time, and no rule of a synapse needs more.
        x = (counts * self._scale).astype(np.float32)
        wanted = np.eye(len(self.classes_), dtype=np.float32)[targets]
        self.weights_ = np.zeros((len(self.classes_), counts.shape[1]), np.float32)
        self.bias_ = np.zeros(len(self.classes_), np.float32)
        done, steps = 0, self.n_epochs * len(x)
        for _ in range(self.n_epochs):
            order = random.permutation(len(x))
            for start in range(0, len(x), size):
                chosen = order[start : start + size]
                eta = first * (last / first) ** (done / steps)
                sample = x[chosen]
                error = wanted[chosen] - softmax(sample @ self.weights_.T + self.bias_)
                self.weights_ += eta * (error.T @ sample)
                self.bias_ += eta * error.sum(axis=0)
                done += len(chosen)

    def _scores(self, counts: Floats) -> Floats:
        scores: Floats = (counts * self._scale) @ self.weights_.T + self.bias_
        return scores


def softmax(scores: NDArray[Any]) -> NDArray[Any]:
    """Shares that add up to 1: exp(s_c) / sum_k exp(s_k).

    Parameters
    ----------
    scores : array of shape (n_samples, n_classes)
        Of each class, s.

    Returns
    -------
    array of shape (n_samples, n_classes)
        Of the same type.
    """
    exponential = np.exp(scores - scores.max(axis=1, keepdims=True))
    return np.asarray(exponential / exponential.sum(axis=1, keepdims=True))
