"""Place code: each feature excites a row of neurons with overlapping Gaussian fields."""

from __future__ import annotations

from typing import Self

import numpy as np
from numpy.typing import ArrayLike, NDArray
from sklearn.base import BaseEstimator, TransformerMixin
from sklearn.utils.validation import check_array, check_is_fitted

from engram.errors import InvalidValueError, integer


class PlaceCode(TransformerMixin, BaseEstimator):  # type: ignore[misc]
    """Population code of numeric features (Bohte, La Poutre & Kok 2002).

    Each feature is scaled to [0, 1] by its range in the training data; values outside are clipped
    to it. Field k of a feature answers exp(-(x - mu_k)^2 / (2 sigma^2)) with mu_k = k / (n_fields -
    1) and sigma the distance between neighbours. A feature that is constant in the training data
    has no fields. doi:10.1016/S0925-2312(01)00658-0

    Parameters
    ----------
    n_fields : int
        Fields of each feature, at least 2.

    Attributes
    ----------
    low_, high_ : ndarray of shape (n_features_in_,)
        Range of each feature in the training data.
    varies_ : ndarray of bool, shape (n_features_in_,)
        Which features have fields.
    n_outputs_ : int
        Fields in all: ``n_fields`` for each feature that varies.

    Examples
    --------
    >>> PlaceCode(n_fields=3).fit([[0.0], [4.0]]).transform([[2.0]]).round(2).tolist()
    [[0.61, 1.0, 0.61]]
    """

    def __init__(self, n_fields: int = 10) -> None:
        self.n_fields = n_fields

    def fit(self, X: ArrayLike, y: object = None) -> Self:  # noqa: ARG002
        """Learn the range of each feature from X, shape (n_samples, n_features)."""
        integer("PlaceCode: n_fields", self.n_fields, 2)
        array = check_array(X, dtype=np.float64, ensure_min_samples=2)
        self.n_features_in_ = int(array.shape[1])
        self.low_, self.high_ = array.min(axis=0), array.max(axis=0)
        self.varies_ = self.high_ > self.low_
        if not self.varies_.any():
            raise InvalidValueError("PlaceCode: X: every feature is constant; nothing to encode")
        self.n_outputs_ = int(self.varies_.sum()) * self.n_fields
        return self

    def transform(self, X: ArrayLike) -> NDArray[np.float64]:
        """Answers of the fields in [0, 1], shape (n_samples, n_outputs_), feature by feature."""
        check_is_fitted(self)
        array = check_array(X, dtype=np.float64)
        if array.shape[1] != self.n_features_in_:
            raise InvalidValueError(
                f"X has {array.shape[1]} features, but PlaceCode is expecting "
                f"{self.n_features_in_} features as input, as many as fit saw"
            )
        low, high = self.low_[self.varies_], self.high_[self.varies_]
        scaled = np.clip((array[:, self.varies_] - low) / (high - low), 0.0, 1.0)
        centre = np.linspace(0.0, 1.0, self.n_fields)
        distance = (scaled[:, :, np.newaxis] - centre) * (self.n_fields - 1)
        answers: NDArray[np.float64] = np.exp(-0.5 * distance**2)
        return answers.reshape(len(array), -1)
