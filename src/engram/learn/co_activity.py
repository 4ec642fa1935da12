"""A decoder for few labels: they spread from neuron to neuron along co-activity."""

from __future__ import annotations

from typing import Self

import numpy as np
from numpy.typing import ArrayLike, NDArray

from engram.errors import InvalidValueError, integer, number
from engram.learn.decoders import Decoder, Floats
from engram.learn.validation import checked_samples


class CoActivity(Decoder):
    """Labels spread from neuron to neuron along co-activity, which needs no labels to be known.

    F: square roots of spike counts, each sample scaled to length 1. A_ij = sum over unlabelled
    samples of F_i F_j, kept where i is among the `partners` strongest of j or the other way round,
    and scaled to S = D^-1/2 A D^-1/2. The labelled samples give each neuron a mean activity M_ci
    for each class; P = M (1 - spreading S)^-1, scaled so that each neuron's shares of the classes
    add up to 1, is what a sample's F is multiplied with: the method of
    Zhou et al. (2004), between neurons instead of samples.

    Parameters
    ----------
    spreading : float
        How far labels spread, in [0, 1); 0: not at all.
    partners : int
        Neurons that a neuron passes its labels on to, at least.

    Attributes
    ----------
    spread_ : ndarray of shape (n_neurons, n_neurons)
        (1 - spreading S)^-1.
    profiles_ : ndarray of shape (n_classes, n_neurons)
        P.

    References
    ----------
    .. [1] Zhou et al. 2004, doi:10.5555/2981345.2981386

    Examples
    --------
    >>> from engram.learn import CoActivity
    >>> decoder = CoActivity(partners=1).watch([[3, 3, 0, 0], [0, 0, 2, 2]])
    >>> decoder.fit([[1, 0, 0, 0], [0, 0, 1, 0]], ["a", "b"]).predict([[0, 1, 0, 0]]).tolist()
    ['a']
    """

    def __init__(self, *, spreading: float = 0.8, partners: int = 10) -> None:
        self.spreading = spreading
        self.partners = partners

    def watch(self, counts: ArrayLike) -> Self:
        """Find which neurons are active together, from unlabelled spike counts.

        Without this, `fit` uses the labelled ones.

        Parameters
        ----------
        counts : array_like of shape (n_samples, n_neurons)
            Spikes.

        Returns
        -------
        CoActivity
            Itself.
        """
        array: Floats = checked_samples(self, counts, reset=True)
        self._check_counts(array)
        self.spread_: Floats = self._spread(array)
        self._watched = True
        return self

    def _spread(self, counts: Floats) -> Floats:
        spreading = number("CoActivity: spreading", self.spreading, 0.0, 1.0)
        partners = integer("CoActivity: partners", self.partners, 1)
        if spreading == 1.0:
            raise InvalidValueError("CoActivity: spreading must be below 1")
        F = _features(counts)
        A: Floats = F.T @ F
        np.fill_diagonal(A, 0.0)
        # A single neuron has no partner, and passes its labels on to nobody.
        least = np.sort(A, axis=1)[:, -max(1, min(partners, len(A) - 1))]
        A = np.where(A >= least[:, np.newaxis], A, 0.0)
        A = np.maximum(A, A.T)
        root = np.sqrt(A.sum(axis=1) + 1e-6)
        S = A / np.outer(root, root)
        return np.asarray(np.linalg.inv(np.eye(len(S)) - spreading * S), np.float64)

    def _fit(self, counts: Floats, targets: NDArray[np.int64]) -> None:
        if not getattr(self, "_watched", False):
            self.spread_ = self._spread(counts)
        if len(self.spread_) != counts.shape[1]:
            raise InvalidValueError(
                f"CoActivity.fit: counts are of {counts.shape[1]} neurons, but those watched were "
                f"of {len(self.spread_)}"
            )
        F = _features(counts)
        means = np.array([F[targets == c].mean(axis=0) for c in range(len(self.classes_))])
        P = means @ self.spread_
        P /= np.maximum(P.sum(axis=0), 1e-12)
        self.profiles_: Floats = P

    def _scores(self, counts: Floats) -> Floats:
        scores: Floats = _features(counts) @ self.profiles_.T
        return scores


def _features(counts: Floats) -> Floats:
    F = np.sqrt(counts)
    scaled: Floats = F / np.maximum(np.linalg.norm(F, axis=1, keepdims=True), 1e-9)
    return scaled
