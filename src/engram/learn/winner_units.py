"""Units that compete for samples and take after those that they win."""

from __future__ import annotations

from typing import Any, Self

import numpy as np
from numpy.typing import ArrayLike, NDArray
from sklearn.base import BaseEstimator, ClassNamePrefixFeaturesOutMixin, TransformerMixin
from sklearn.utils.validation import check_is_fitted

from engram.errors import InvalidValueError, integer, number
from engram.learn.validation import checked_pair, checked_random, checked_samples, refusing

Rows = NDArray[np.float32]


def lengths_one(X: NDArray[Any]) -> Rows:
    """Square roots of strengths, each sample scaled to length 1; a sample of zeros stays.

    Parameters
    ----------
    X : array of shape (n_samples, n_inputs)
        Strengths, not negative.

    Returns
    -------
    array of shape (n_samples, n_inputs), float32
        Rows of length 1.
    """
    x = np.sqrt(X, dtype=np.float32)
    scaled: Rows = x / np.maximum(np.linalg.norm(x, axis=1, keepdims=True), np.float32(1e-9))
    return scaled


class WinnerUnits(
    ClassNamePrefixFeaturesOutMixin,  # type: ignore[misc]
    TransformerMixin,  # type: ignore[misc]
    BaseEstimator,  # type: ignore[misc]
):
    """Units that compete for samples, learned without labels; the few that match best are active.

    x: square roots of a sample's strengths, scaled to length 1. The match of unit j is
    m_j = sum_i w_ji x_i. The unit with the best match inhibits the rest and learns::

        w_ji += eta (x_i - w_ji),  then scaled to length 1

    which is Hebbian with a decay, local to the synapse but for the length of a unit's own weights
    (Rumelhart & Zipser 1985). eta falls geometrically. In the beginning each unit is a sample.

    Of the answers the `active` best are above 0: (m_j - b) / (m_1 - b), with m_1 the best match and
    b that of the best silent unit. Units that are active together stand for samples that are alike;
    `CoActivity` finds them, and spreads few labels along.

    Parameters
    ----------
    n_units : int
        Units; at most as many as there are samples.
    active : int
        Units that answer a sample.
    n_epochs : int
        Passes through the samples, in a new random order each.
    eta : tuple of two floats
        Learning rate in the beginning and at the end.
    batch : int
        Samples that are matched before the winners' changes take effect.
    random_state : int, RandomState or None
        Of the first samples and the order.

    Attributes
    ----------
    weights_ : ndarray of shape (n_units, n_inputs), float32
        w; each row has length 1.
    wins_ : ndarray of shape (n_units,), int64
        Samples that each has won.
    n_features_in_ : int
        Inputs.
    feature_names_in_ : ndarray of shape ``(n_features_in_,)``
        Names of the columns of a data frame.

    References
    ----------
    .. [1] Rumelhart & Zipser 1985, doi:10.1016/S0364-0213(85)80010-0

    Examples
    --------
    >>> from engram.learn import WinnerUnits
    >>> X = [[3, 1, 0, 0], [2, 1, 0, 0], [0, 0, 1, 2], [0, 0, 1, 3]]
    >>> units = WinnerUnits(2, active=1, random_state=1).fit(X)
    >>> active = units.transform(X).argmax(axis=1)
    >>> bool(active[0] == active[1] != active[2] == active[3])
    True
    """

    weights_: Rows
    wins_: NDArray[np.int64]
    n_features_in_: int

    def __init__(
        self,
        n_units: int = 1000,
        active: int = 5,
        n_epochs: int = 2,
        *,
        eta: tuple[float, float] = (0.5, 0.01),
        batch: int = 100,
        random_state: int | np.random.RandomState | None = None,
    ) -> None:
        self.n_units = n_units
        self.active = active
        self.n_epochs = n_epochs
        self.eta = eta
        self.batch = batch
        self.random_state = random_state

    def fit(self, X: ArrayLike, y: Any = None) -> Self:  # noqa: ARG002
        """Learn units anew.

        Parameters
        ----------
        X : array_like of shape (n_samples, n_inputs)
            Strengths, not negative.
        y : object
            Not used.

        Returns
        -------
        WinnerUnits
            Itself.

        Raises
        ------
        InvalidTypeError, InvalidValueError
            Samples or parameters can't be used; nothing has changed.
        """
        with refusing(self):
            first, last = self._check_parameters()
            random = checked_random(self)
            x = lengths_one(self._checked(X, reset=True))
            n = min(self.n_units, len(x))
            weights = x[random.permutation(len(x))[:n]]
            wins = np.zeros(n, np.int64)
            done, total = 0, self.n_epochs * len(x)
            for _ in range(self.n_epochs):
                order = random.permutation(len(x))
                for start in range(0, len(x), self.batch):
                    own = order[start : start + self.batch]
                    _learn(weights, wins, x[own], first * (last / first) ** (done / total))
                    done += len(own)
            self.weights_, self.wins_ = weights, wins
            self._n_features_out = n
        return self

    def transform(self, X: ArrayLike) -> Rows:
        """How strongly each unit is active.

        Parameters
        ----------
        X : array_like of shape (n_samples, n_inputs)
            Strengths, not negative.

        Returns
        -------
        array of shape (n_samples, n_units), float32
            In [0, 1]; 0 for all but the `active` best.

        Raises
        ------
        InvalidTypeError, InvalidValueError
            Samples can't be used.
        """
        check_is_fitted(self, "weights_")
        with refusing(self):
            rows = self._checked(X, reset=False)
        match = lengths_one(rows) @ self.weights_.T
        place = max(match.shape[1] - 1 - self.active, 0)
        silent = np.partition(match, place, axis=1)[:, place, np.newaxis]
        above = np.maximum(match - silent, 0.0)
        best = above.max(axis=1, keepdims=True)
        return np.asarray(above / np.where(best > 0.0, best, 1.0), np.float32)

    def _check_parameters(self) -> tuple[float, float]:
        for name, least in (("n_units", 1), ("active", 1), ("n_epochs", 0), ("batch", 1)):
            integer(f"WinnerUnits: {name}", getattr(self, name), least)
        first, last = checked_pair("WinnerUnits: eta", self.eta)
        for k, value in enumerate((first, last)):
            number(f"WinnerUnits: eta[{k}]", value, 0.0, 1.0, open_low=True)
        return first, last

    def _checked(self, X: ArrayLike, *, reset: bool) -> NDArray[Any]:
        rows = checked_samples(self, X, reset=reset, keep_bytes=True)
        if rows.size and rows.min() < 0:
            raise InvalidValueError(
                f"Negative values in data passed to {type(self).__name__}: strengths can't be "
                f"negative; one is {rows.min():g}"
            )
        return rows

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.input_tags.positive_only = True
        tags.transformer_tags.preserves_dtype = ["float32"]
        return tags


def _learn(weights: Rows, wins: NDArray[np.int64], x: Rows, eta: float) -> None:
    """The winners of some samples move towards them, one after the other."""
    winners = (x @ weights.T).argmax(axis=1)
    for sample, winner in zip(x, winners.tolist(), strict=True):
        weights[winner] += np.float32(eta) * (sample - weights[winner])
        wins[winner] += 1
    moved = np.unique(winners)
    length = np.linalg.norm(weights[moved], axis=1, keepdims=True)
    weights[moved] /= np.maximum(length, np.float32(1e-9))
