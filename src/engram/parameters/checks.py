"""More checks of arguments, beside those of `engram.errors`."""

from __future__ import annotations

import math
import numbers
from collections.abc import Iterable
from typing import Any

from engram.errors import InvalidTypeError, InvalidValueError, brief, number


def choice(where: str, value: Any, valid: Iterable[str]) -> str:
    """One of some words.

    Parameters
    ----------
    where : str
        Names object and attribute in an error.
    value : object
        What was given.
    valid : iterable of str
        The words.

    Returns
    -------
    str
        The word.

    Raises
    ------
    InvalidValueError
        It is none of them.
    """
    words = tuple(valid)
    # An array is compared entry by entry, and what can't be hashed not at all.
    if not isinstance(value, str) or value not in words:
        raise InvalidValueError(f"{where} must be one of {words}, not {brief(value)}")
    return value


def items(where: str, values: Any) -> tuple[Any, ...]:
    """The entries of a list, one at least.

    Parameters
    ----------
    where : str
        Names object and attribute in an error.
    values : iterable
        What was given. Text is no list.

    Returns
    -------
    tuple
        The entries.

    Raises
    ------
    InvalidTypeError
        It is no list.
    InvalidValueError
        It is empty.
    """
    try:
        found = None if isinstance(values, (str, bytes)) else tuple(values)
    except TypeError:
        found = None
    if found is None:
        raise InvalidTypeError(f"{where} must be a list, not {brief(values)}")
    if not found:
        raise InvalidValueError(f"{where} must have one entry at least")
    return found


def positive_or_inf(where: str, value: Any) -> float:
    """A number above 0, or infinity: for what may never happen.

    Parameters
    ----------
    where : str
        Names object and attribute in an error.
    value : object
        What was given.

    Returns
    -------
    float
        The number.

    Raises
    ------
    InvalidTypeError, InvalidValueError
        See `number`.
    """
    if isinstance(value, numbers.Real) and value == math.inf:
        return math.inf
    return number(where, value, 0.0, open_low=True)
