"""Place code: each feature excites a row of neurons with overlapping Gaussian fields."""

from __future__ import annotations

from typing import Self

import numpy as np
from numpy.typing import ArrayLike, NDArray
from sklearn.base import BaseEstimator, TransformerMixin
from sklearn.utils.validation import check_is_fitted

from engram.errors import InvalidValueError, integer, number
from engram.learn.validation import checked_samples, refusing


class PlaceCode(TransformerMixin, BaseEstimator):  # type: ignore[misc]
    """Population code of numeric features (Bohte, La Poutre & Kok 2002).

    Each feature x gets a place in [0, 1]: (1 - rank) times where x lies between the least and the
    greatest value in the training data, plus `rank` times the share of the training data below x
    (ties halved, rescaled to [0, 1], linear in between). So fields are denser where data are, and a
    few outliers don't squeeze the rest into one field. Values outside the range are clipped to it.
    Field k of a feature answers exp(-(p - mu_k)^2 / (2 sigma^2)) at place p, with mu_k = k /
    (n_fields - 1) and sigma the distance between neighbours. A feature that is constant in the
    training data has no fields.

    Parameters
    ----------
    n_fields : int
        Fields of each feature, at least 2.
    rank : float
        Weight of the rank, in [0, 1]; 0 spaces fields evenly over the range.

    Attributes
    ----------
    low_, high_ : ndarray of shape ``(n_features_in_,)``
        Range of each feature in the training data.
    varies_ : ndarray of bool, shape ``(n_features_in_,)``
        Which features have fields.
    values_, places_ : list of ndarray
        Values of each feature that varies, in the training data, ascending, and their places.
    n_features_in_ : int
        Number of features.
    n_outputs_ : int
        Fields in all: ``n_fields`` for each feature that varies.

    References
    ----------
    .. [1] Bohte, La Poutre & Kok 2002, doi:10.1016/S0925-2312(01)00658-0

    Examples
    --------
    >>> from engram.learn import PlaceCode
    >>> PlaceCode(n_fields=3).fit([[0.0], [4.0]]).transform([[2.0]]).round(2).tolist()
    [[0.61, 1.0, 0.61]]
    """

    def __init__(self, n_fields: int = 8, rank: float = 0.5) -> None:
        self.n_fields = n_fields
        self.rank = rank

    def fit(self, X: ArrayLike, y: object = None) -> Self:  # noqa: ARG002
        """Learn the distribution of each feature.

        Parameters
        ----------
        X : array_like of shape (n_samples, n_features)
            Samples.
        y : object
            Not used.

        Returns
        -------
        PlaceCode
            Itself.
        """
        integer("PlaceCode: n_fields", self.n_fields, 2)
        number("PlaceCode: rank", self.rank, 0.0, 1.0)
        with refusing(self):
            array = checked_samples(self, X, reset=True, least=2)
            low, high = array.min(axis=0), array.max(axis=0)
            if not (high > low).any():
                raise InvalidValueError(
                    "PlaceCode: X: every feature is constant; nothing to encode"
                )
        self.low_, self.high_, self.varies_ = low, high, high > low
        self.values_: list[NDArray[np.float64]] = []
        self.places_: list[NDArray[np.float64]] = []
        for feature in array[:, self.varies_].T:
            values, counts = np.unique(feature, return_counts=True)
            below = np.cumsum(counts) - 0.5 * counts
            ranks = (below - below[0]) / (below[-1] - below[0])
            # Halves first: the range may be beyond the largest number.
            scaled = (values / 2 - values[0] / 2) / (values[-1] / 2 - values[0] / 2)
            self.values_.append(values)
            self.places_.append((1.0 - self.rank) * scaled + self.rank * ranks)
        self.n_outputs_ = int(self.varies_.sum()) * self.n_fields
        return self

    def transform(self, X: ArrayLike) -> NDArray[np.float64]:
        """Answers of the fields, feature by feature.

        Parameters
        ----------
        X : array_like of shape (n_samples, n_features)
            Samples.

        Returns
        -------
        array of shape ``(n_samples, n_outputs_)``, float64
            In [0, 1].
        """
        check_is_fitted(self)
        array = checked_samples(self, X, reset=False)
        columns = zip(array[:, self.varies_].T, self.values_, self.places_, strict=True)
        place = np.column_stack([np.interp(x, values, places) for x, values, places in columns])
        centre = np.linspace(0.0, 1.0, self.n_fields)
        distance = (place[:, :, np.newaxis] - centre) * (self.n_fields - 1)
        answers: NDArray[np.float64] = np.exp(-0.5 * distance**2)
        return answers.reshape(len(array), -1)
