"""Decoders: which class do spike counts speak for? They see spikes, never weights or pictures."""

from __future__ import annotations

from abc import abstractmethod
from typing import Any, Self

import numpy as np
from numpy.typing import ArrayLike, NDArray
from sklearn.base import BaseEstimator, ClassifierMixin
from sklearn.utils.multiclass import check_classification_targets
from sklearn.utils.validation import check_array, check_is_fitted, check_X_y

from engram.errors import InvalidValueError, number

Floats = NDArray[np.float64]

UNDECIDED = -1
"""What `Decoder.answers` has in place of a class for an answer without spikes."""


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
        """Learn from spike counts, shape (n_samples, n_neurons), and classes y."""
        array, labels = check_X_y(counts, y, dtype=np.float64)
        check_classification_targets(labels)
        self._check_counts(array)
        self.classes_, targets = np.unique(labels, return_inverse=True)
        if len(self.classes_) < 2:
            raise InvalidValueError(
                f"{type(self).__name__}.fit: y has 1 class; at least two are needed"
            )
        self.n_features_in_ = array.shape[1]
        self._fit(array, targets.astype(np.int64))
        return self

    def _check_counts(self, counts: Floats) -> None:
        if counts.size and counts.min() < 0:
            raise InvalidValueError(
                f"{type(self).__name__}: spike counts can't be negative; one is {counts.min():g}"
            )

    def _checked(self, counts: ArrayLike) -> Floats:
        check_is_fitted(self)
        array: Floats = check_array(counts, dtype=np.float64)
        self._check_counts(array)
        if array.shape[1] != self.n_features_in_:
            raise InvalidValueError(
                f"X has {array.shape[1]} features, but {type(self).__name__} is expecting "
                f"{self.n_features_in_} features as input: spike counts of as many neurons as fit "
                f"saw"
            )
        return array

    def class_scores(self, counts: ArrayLike) -> Floats:
        """How much speaks for each class, shape (n_samples, n_classes)."""
        return self._scores(self._checked(counts))

    def answers(self, counts: ArrayLike) -> NDArray[np.int64]:
        """The number of the best class in `classes_`; -1 where no neuron fired."""
        array = self._checked(counts)
        best = self._scores(array).argmax(axis=1)
        return np.where(array.any(axis=1), best, UNDECIDED)

    def predict(self, counts: ArrayLike) -> NDArray[Any]:
        """The class that most speaks for; the first of them if undecided."""
        labels: NDArray[Any] = self.classes_[np.maximum(self.answers(counts), 0)]
        return labels

    def score(
        self, counts: ArrayLike, y: ArrayLike, sample_weight: ArrayLike | None = None
    ) -> float:
        """Share of right answers; an undecided one is wrong."""
        answers = self.answers(counts)
        right = (answers != UNDECIDED) & (self.classes_[np.maximum(answers, 0)] == np.asarray(y))
        weights = None if sample_weight is None else np.asarray(sample_weight, np.float64)
        return float(np.average(right, weights=weights))


def _means(counts: Floats, targets: NDArray[np.int64], n_classes: int) -> Floats:
    """Mean count of each neuron for each class, shape (n_classes, n_neurons)."""
    member = np.zeros((n_classes, len(targets)))
    member[targets, np.arange(len(targets))] = 1.0
    means: Floats = (member @ counts) / member.sum(axis=1, keepdims=True)
    return means


class Vote(Decoder):
    """The decoder of Diehl & Cook (2015): each neuron stands for one class.

    A neuron's class is the one it answered with most spikes on average; the score of a class is the
    mean count of its neurons. A neuron that never fired has no vote. doi:10.3389/fncom.2015.00099

    Attributes
    ----------
    assignments_ : ndarray of int, shape (n_neurons,)
        Number of each neuron's class in `classes_`; -1 for those that never fired.

    Examples
    --------
    >>> Vote().fit([[3, 0], [0, 2]], ["a", "b"]).predict([[1, 4]]).tolist()
    ['b']
    """

    def _fit(self, counts: Floats, targets: NDArray[np.int64]) -> None:
        means = _means(counts, targets, len(self.classes_))
        self.assignments_ = np.where(means.any(axis=0), means.argmax(axis=0), UNDECIDED)
        members = self.assignments_ == np.arange(len(self.classes_))[:, np.newaxis]
        self._average = (members / np.maximum(members.sum(axis=1, keepdims=True), 1)).T

    def _scores(self, counts: Floats) -> Floats:
        scores: Floats = counts @ self._average
        return scores


class ClassProfiles(Decoder):
    """A soft vote: each neuron speaks for the classes in proportion to how it answered them.

    With r the mean count of neuron i for class c, its spikes count p_ci = r_ci / sum_c r_ci for c,
    and the score of c is sum_i k_i p_ci.

    Attributes
    ----------
    profiles_ : ndarray of shape (n_classes, n_neurons)
        The shares p; 0 for neurons that never fired.

    Examples
    --------
    >>> ClassProfiles().fit([[3, 1], [1, 3]], [0, 1]).class_scores([[4, 0]]).tolist()
    [[3.0, 1.0]]
    """

    def _fit(self, counts: Floats, targets: NDArray[np.int64]) -> None:
        means = _means(counts, targets, len(self.classes_))
        total = means.sum(axis=0)
        self.profiles_ = means / np.where(total > 0, total, 1.0)

    def _scores(self, counts: Floats) -> Floats:
        scores: Floats = counts @ self.profiles_.T
        return scores


class PoissonBayes(Decoder):
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
        log P(c).

    Examples
    --------
    >>> PoissonBayes().fit([[3, 0], [0, 2]], ["a", "b"]).predict([[1, 0]]).tolist()
    ['a']
    """

    def __init__(self, smoothing: float = 0.02) -> None:
        self.smoothing = smoothing

    def _fit(self, counts: Floats, targets: NDArray[np.int64]) -> None:
        added = number("PoissonBayes: smoothing", self.smoothing, 0.0, open_low=True)
        n = np.bincount(targets)
        self.rates_ = _means(counts, targets, len(n)) + added / n[:, np.newaxis]
        self.log_prior_ = np.log(n / n.sum())

    def _scores(self, counts: Floats) -> Floats:
        likelihood = counts @ np.log(self.rates_).T - self.rates_.sum(axis=1)
        posterior: Floats = likelihood + self.log_prior_
        return posterior
