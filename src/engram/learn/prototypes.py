"""Units of each class that take after the samples that they win: what nothing later disturbs."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from engram.errors import integer
from engram.learn.decoders import Decoder, Floats
from engram.learn.winner_units import Rows, lengths_one


class Prototypes(Decoder):
    """Units of each class; those of the class that a label names compete for the sample.

    x: square roots of a sample's counts, scaled to length 1; m_j = sum_i w_ji x_i the match of unit
    j. A class first recruits a unit for each sample, until it has `n_units`. From then on the best
    of its units learns alone, the less the more it has won, n_j::

        w_ji += (x_i - w_ji) / n_j,  then scaled to length 1

    Since no other class's units change, classes may come one after the other, and each sample once;
    samples are not kept. The score of a class is the mean match of the best `voters` of its units.

    Parameters
    ----------
    n_units : int
        Units a class.
    voters : int
        Units of a class that speak for it.

    Attributes
    ----------
    weights_ : ndarray of shape (n_classes, n_units, n_neurons), float32
        w; 0 for units that are free.
    wins_ : ndarray of shape (n_classes, n_units), int64
        Samples that each has learned from.

    Notes
    -----
    Learning in portions is learning at once. `WinnerUnits` compete without labels.

    References
    ----------
    .. [1] Rumelhart & Zipser 1985, doi:10.1016/S0364-0213(85)80010-0
    .. [2] Carpenter & Grossberg 1987, doi:10.1016/S0734-189X(87)80014-2

    Examples
    --------
    >>> from engram.learn import Prototypes
    >>> model = Prototypes(n_units=2, voters=1)
    >>> model = model.partial_fit([[3, 0, 0], [2, 1, 0]], ["a", "a"], classes=["a", "b"])
    >>> model = model.partial_fit([[0, 0, 2]], ["b"])
    >>> model.predict([[1, 0, 0], [0, 1, 4]]).tolist()
    ['a', 'b']
    """

    weights_: Rows
    wins_: NDArray[np.int64]

    def __init__(self, n_units: int = 200, *, voters: int = 3) -> None:
        self.n_units = n_units
        self.voters = voters

    def _fit(self, counts: Floats, targets: NDArray[np.int64]) -> None:
        n = integer("Prototypes: n_units", self.n_units, 1)
        integer("Prototypes: voters", self.voters, 1)
        self.weights_ = np.zeros((len(self.classes_), n, counts.shape[1]), np.float32)
        self.wins_ = np.zeros(self.weights_.shape[:2], np.int64)
        self._learn_more(counts, targets)

    def _learn_more(self, counts: Floats, targets: NDArray[np.int64]) -> None:
        for x, c in zip(lengths_one(counts), targets.tolist(), strict=True):
            weights, wins = self.weights_[c], self.wins_[c]
            recruited = int((wins > 0).sum())
            j = recruited if recruited < len(wins) else int((weights @ x).argmax())
            wins[j] += 1
            weights[j] += (x - weights[j]) / np.float32(wins[j])
            weights[j] /= max(np.linalg.norm(weights[j]), np.float32(1e-9))

    def _scores(self, counts: Floats) -> Floats:
        match = lengths_one(counts) @ self.weights_.reshape(-1, counts.shape[1]).T
        match = match.reshape(len(counts), *self.wins_.shape)
        match = np.sort(np.where(self.wins_ > 0, match, -1.0), axis=2)[:, :, ::-1]
        voters = min(self.voters, match.shape[2])
        # A class with fewer units than voters has fewer voters.
        there = np.minimum((self.wins_ > 0).sum(axis=1), voters)
        votes = np.arange(voters) < there[:, np.newaxis]
        total = np.where(votes, match[:, :, :voters], 0.0).sum(axis=2)
        return np.asarray(np.where(there > 0, total / np.maximum(there, 1), -1.0), np.float64)
