"""Samples, classes and weights, checked as scikit-learn does, with errors of Engram's own."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray
from sklearn.utils import check_random_state
from sklearn.utils.multiclass import check_classification_targets
from sklearn.utils.validation import check_consistent_length, column_or_1d, validate_data

from engram.errors import EngramError, InvalidTypeError, InvalidValueError, brief, number


@contextmanager
def refusing(estimator: Any) -> Iterator[None]:
    """Errors of checks become Engram's, and the estimator keeps the attributes that it had.

    Parameters
    ----------
    estimator : BaseEstimator
        Whose data are checked.

    Yields
    ------
    None
        While they are.

    Raises
    ------
    InvalidTypeError, InvalidValueError
        A check failed.
    """
    known = dict(vars(estimator))
    try:
        yield
    except BaseException as error:
        vars(estimator).clear()
        vars(estimator).update(known)
        if isinstance(error, EngramError) or not isinstance(error, (TypeError, ValueError)):
            raise
        kind = InvalidTypeError if isinstance(error, TypeError) else InvalidValueError
        raise kind(str(error)) from error


def checked_samples(
    estimator: Any, X: ArrayLike, *, reset: bool, keep_bytes: bool = False, least: int = 1
) -> NDArray[Any]:
    """Finite samples with the features that the estimator knows, and their names.

    Parameters
    ----------
    estimator : BaseEstimator
        Whose samples they are.
    X : array_like of shape (n_samples, n_features)
        Samples; a data frame brings names.
    reset : bool
        The estimator learns from now on which features there are. Otherwise it compares.
    keep_bytes : bool
        Whether uint8 stays what it is.
    least : int
        Samples that are needed.

    Returns
    -------
    array of shape (n_samples, n_features), float64 or uint8
        Samples.

    Raises
    ------
    InvalidTypeError, InvalidValueError
        They can't be used.
    """
    with refusing(estimator):
        array: NDArray[Any] = validate_data(
            estimator, X, reset=reset, dtype="numeric", ensure_min_samples=least
        )
    return _in_double_precision(array, keep_bytes)


def checked_training_data(
    estimator: Any,
    X: ArrayLike,
    y: ArrayLike,
    *,
    reset: bool,
    keep_bytes: bool = False,
    classes: int = 1,
) -> tuple[NDArray[Any], NDArray[Any]]:
    """Samples as `checked_samples` gives them, and the class of each.

    Parameters
    ----------
    estimator : BaseEstimator
        Whose samples they are.
    X : array_like of shape (n_samples, n_features)
        Samples.
    y : array_like of shape (n_samples,)
        Classes: numbers, texts.
    reset : bool
        See `checked_samples`.
    keep_bytes : bool
        See `checked_samples`.
    classes : int
        Classes that y must have.

    Returns
    -------
    tuple of arrays
        Samples and classes.

    Raises
    ------
    InvalidTypeError, InvalidValueError
        They can't be used.
    """
    where = type(estimator).__name__
    with refusing(estimator):
        samples, labels = validate_data(estimator, X, y, reset=reset, dtype="numeric")
        check_classification_targets(labels)
        if len(np.unique(labels)) < classes:
            raise InvalidValueError(f"{where}: y has 1 class; at least two are needed")
    return _in_double_precision(samples, keep_bytes), labels


def _in_double_precision(array: NDArray[Any], keep_bytes: bool) -> NDArray[Any]:
    if keep_bytes and array.dtype == np.uint8:
        return array
    return array.astype(np.float64, copy=False)


def checked_classes(
    estimator: Any, classes: ArrayLike, known: NDArray[Any] | None = None
) -> NDArray[Any]:
    """All classes there will ever be, in order.

    Parameters
    ----------
    estimator : BaseEstimator
        Whose classes they are.
    classes : array_like of shape (n_classes,)
        What `partial_fit` was given.
    known : array of shape (n_classes,), optional
        Those of the first call, which they must be. None: this is the first.

    Returns
    -------
    array of shape (n_classes,)
        Each once.

    Raises
    ------
    InvalidTypeError, InvalidValueError
        They are not those of the first call, fewer than two, or no list.
    """
    where = f"{type(estimator).__name__}.partial_fit"
    with refusing(estimator):
        found: NDArray[Any] = np.unique(column_or_1d(classes))
    if known is not None and not np.array_equal(found, known):
        raise InvalidValueError(
            f"{where}: classes={found.tolist()} are not those of the first call, {known.tolist()}"
        )
    if len(found) < 2:
        raise InvalidValueError(f"{where}: classes has 1 class; at least two are needed")
    return found


def class_numbers(estimator: Any, classes: NDArray[Any], labels: NDArray[Any]) -> NDArray[np.int64]:
    """Where labels stand among the classes.

    Parameters
    ----------
    estimator : BaseEstimator
        Whose classes they are.
    classes : array of shape (n_classes,)
        In order.
    labels : array of shape (n_samples,)
        A class for each sample.

    Returns
    -------
    array of shape (n_samples,), int64
        Indices into `classes`.

    Raises
    ------
    InvalidValueError
        One is not among them.
    """
    index = {name: k for k, name in enumerate(classes.tolist())}
    names = labels.tolist()
    strange = next((name for name in names if name not in index), None)
    if strange is not None:
        raise InvalidValueError(
            f"{type(estimator).__name__}.partial_fit: y has the class {strange!r}; classes are "
            f"{classes.tolist()!r}; give all of them in the first call"
        )
    return np.array([index[name] for name in names], np.int64)


def checked_pair(where: str, pair: Any) -> tuple[float, float]:
    """Two numbers.

    Parameters
    ----------
    where : str
        Names the parameter in errors.
    pair : object
        What was given.

    Returns
    -------
    tuple of two floats
        In the order given.

    Raises
    ------
    InvalidTypeError, InvalidValueError
        It is no pair, or one is no finite number.
    """
    if isinstance(pair, str) or not isinstance(pair, Sequence) or len(pair) != 2:
        raise InvalidTypeError(f"{where} must be two numbers, as (0.1, 0.2), not {brief(pair)}")
    return number(f"{where}[0]", pair[0]), number(f"{where}[1]", pair[1])


def checked_random(estimator: Any) -> np.random.RandomState:
    """The random numbers of an estimator's `random_state`.

    Parameters
    ----------
    estimator : BaseEstimator
        Whose parameter it is.

    Returns
    -------
    RandomState
        A new one for a number, NumPy's own for None.

    Raises
    ------
    InvalidValueError
        It is no seed.
    """
    try:
        random: np.random.RandomState = check_random_state(estimator.random_state)
    except (TypeError, ValueError) as error:
        raise InvalidValueError(
            f"{type(estimator).__name__}: random_state must be a whole number from 0 to 2**32 - 1, "
            f"a RandomState or None, not {brief(estimator.random_state)}"
        ) from error
    return random


def share_right(estimator: Any, right: NDArray[np.bool_], sample_weight: ArrayLike | None) -> float:
    """The weighted share of right answers.

    Parameters
    ----------
    estimator : BaseEstimator
        Whose answers they are.
    right : array of shape (n_samples,), bool
        Which are right.
    sample_weight : array_like of shape (n_samples,), optional
        How much each counts. None: all the same.

    Returns
    -------
    float
        In [0, 1].

    Raises
    ------
    InvalidTypeError, InvalidValueError
        The weights are not as many finite numbers, one is negative, or all are 0.
    """
    if sample_weight is None:
        return float(right.mean())
    where = f"{type(estimator).__name__}.score: sample_weight"
    with refusing(estimator):
        weights = np.asarray(sample_weight, np.float64)
        if weights.shape != right.shape or not np.isfinite(weights).all():
            raise InvalidValueError(
                f"{where} must be {len(right)} finite numbers, one for each sample, not of shape "
                f"{weights.shape}"
            )
        if weights.min() < 0.0 or weights.max() == 0.0:
            raise InvalidValueError(f"{where} must be at least 0, and not all of it 0")
    return float(np.average(right, weights=weights))


def is_class(estimator: Any, answers: NDArray[Any], y: ArrayLike) -> NDArray[np.bool_]:
    """Which answers are the right class.

    Parameters
    ----------
    estimator : BaseEstimator
        Whose answers they are.
    answers : array of shape (n_samples,)
        Classes.
    y : array_like of shape (n_samples,)
        The right ones.

    Returns
    -------
    array of shape (n_samples,), bool
        True where they are the same.

    Raises
    ------
    InvalidTypeError, InvalidValueError
        There are not as many.
    """
    with refusing(estimator):
        labels = column_or_1d(y)
        check_consistent_length(answers, labels)
    return np.asarray(answers == labels, np.bool_)
