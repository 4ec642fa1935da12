"""Errors, and the checks of arguments that raise them.

Every error says which object and attribute, the value, what is valid, and what to do about it; it
is raised before anything has changed.
"""

from __future__ import annotations

import math
import numbers
import reprlib
from collections.abc import Iterable
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

LARGEST = float(np.finfo(np.float32).max)
"""The state is kept in single precision."""

WORD = (1 << 63) - 1
"""The largest whole number that arrays hold."""
LONGEST_NAME = 100
"""Characters of a name."""

_BRIEF = reprlib.Repr()
_BRIEF.maxother = _BRIEF.maxstring = 100


def brief(value: object) -> str:
    """A value in one short line.

    Parameters
    ----------
    value : object
        Anything.

    Returns
    -------
    str
        For a message.
    """
    try:
        return " ".join(_BRIEF.repr(value).split())
    except Exception:  # of whatever kind: a message must not fail because of what it shows
        return f"<{type(value).__name__}>"


class EngramError(Exception):
    """Base of all errors Engram raises on purpose. Each can be copied and pickled.

    Examples
    --------
    >>> from engram import Brain, EngramError
    >>> try:
    ...     Brain(seed=1).run("5")
    ... except EngramError as error:  # whichever it is
    ...     print(error)
    Brain.run: steps must be a whole number, not '5' (str)
    """

    def __str__(self) -> str:
        # KeyError would show the message in quotes.
        return str(self.args[0]) if self.args else ""

    def __reduce__(self) -> tuple[Any, ...]:
        # Python would call the class with the message, whatever its constructor takes. A pool that
        # can't read an error waits for it for ever.
        return _made_again, (type(self), self.args), self.__dict__ or None


def _made_again(kind: type[EngramError], args: tuple[Any, ...]) -> EngramError:
    """An error of a class with these `args`, without its constructor."""
    error = kind.__new__(kind, *args)
    super(EngramError, error).__init__(*args)
    return error


class InvalidValueError(EngramError, ValueError):
    """A value that can't be used: not finite, out of range, of the wrong length.

    Examples
    --------
    >>> from engram import Brain
    >>> Brain(dt=0.0)
    Traceback (most recent call last):
        ...
    engram.errors.InvalidValueError: Brain: dt must be a finite number in [0.01, 10], not 0.0
    """


class InvalidTypeError(EngramError, TypeError):
    """A value of the wrong kind.

    Examples
    --------
    >>> from engram import Brain
    >>> Brain(seed=1).run("5")
    Traceback (most recent call last):
        ...
    engram.errors.InvalidTypeError: Brain.run: steps must be a whole number, not '5' (str)
    """


class UnknownNameError(EngramError, KeyError):
    """A region, projection, parameter or variable that does not exist.

    Examples
    --------
    >>> from engram import Brain, UnknownNameError
    >>> brain = Brain(seed=1)
    >>> try:
    ...     brain.record("spikes", "cortex")
    ... except UnknownNameError as error:
    ...     print(error)
    Brain.record: no region 'cortex'; there are none
    """


class CapacityError(EngramError, ValueError):
    """More neurons or synapses than there is room for.

    Examples
    --------
    >>> from engram import Brain, CapacityError
    >>> try:
    ...     Brain(seed=1).add_region("cortex", n_neurons=9, max_neurons=5)
    ... except CapacityError as error:
    ...     print(error)
    Brain.add_region: n_neurons = 9 exceeds max_neurons = 5
    """


class BusyError(EngramError, RuntimeError):
    """Another thread is running or changing the brain.

    Examples
    --------
    >>> from concurrent.futures import ThreadPoolExecutor
    >>> from engram import Brain
    >>> def run_elsewhere(brain, step):
    ...     with ThreadPoolExecutor() as pool:
    ...         print(type(pool.submit(brain.run, 1).exception()).__name__)
    >>> brain = Brain(seed=1)
    >>> cortex = brain.add_region("cortex", n_neurons=20)
    >>> brain.run(1, run_elsewhere)  # called before the step
    BusyError
    """


class InvariantError(EngramError, AssertionError):
    """The state of a brain contradicts itself, or is not finite.

    Examples
    --------
    >>> from engram import Brain, InvariantError
    >>> brain = Brain(seed=1)
    >>> brain.add_region("cortex", n_neurons=20).v[3] = float("nan")
    >>> try:
    ...     brain.check()
    ... except InvariantError:
    ...     print("some state is not finite")
    some state is not finite
    """


class MissingExtraError(EngramError, ImportError):
    """A package that an optional part of Engram needs is not installed.

    Parameters
    ----------
    part : str
        What needs it.
    package : str
        Name of the package.
    extra : str
        Extra of Engram that brings it.

    Examples
    --------
    >>> from engram import MissingExtraError
    >>> str(MissingExtraError("engram.plots", "matplotlib", "viz"))
    'engram.plots needs matplotlib: pip install ".[viz]" in a checkout of Engram'
    """

    def __init__(self, part: str, package: str, extra: str) -> None:
        super().__init__(
            f'{part} needs {package}: pip install ".[{extra}]" in a checkout of Engram'
        )


class CheckpointError(EngramError, ValueError):
    """A file that is not a checkpoint this version can load.

    Examples
    --------
    >>> from engram import load_brain
    >>> load_brain("missing")
    Traceback (most recent call last):
        ...
    engram.errors.CheckpointError: missing.engram: there is no such file
    """


def unknown_name(where: str, kind: str, name: object, valid: Iterable[str]) -> UnknownNameError:
    """The error for a name that is not among `valid`, with the nearest one that is.

    Parameters
    ----------
    where : str
        What was asked: the beginning of the message.
    kind : str
        What the name should name, as "region".
    name : object
        What was given.
    valid : iterable of str
        The names there are. The message lists the first twelve.

    Returns
    -------
    UnknownNameError
        To be raised by the caller.
    """
    import difflib

    names = list(valid)
    listed = ", ".join(map(brief, names[:12])) + (", ..." if len(names) > 12 else "")
    close = difflib.get_close_matches(name, names, n=1) if isinstance(name, str) else ()
    hint = f" (did you mean {close[0]!r}?)" if close else ""
    return UnknownNameError(f"{where}: no {kind} {brief(name)}; there are {listed or 'none'}{hint}")


def number(
    where: str,
    value: Any,
    low: float = -math.inf,
    high: float = math.inf,
    *,
    open_low: bool = False,
) -> float:
    """A finite number within [low, high], or (low, high] with `open_low`.

    Parameters
    ----------
    where : str
        Names object and attribute in an error.
    value : object
        What was given. Booleans are no numbers.
    low, high : float
        The valid range.
    open_low : bool
        `low` itself is not valid.

    Returns
    -------
    float
        The number.

    Raises
    ------
    InvalidTypeError
        It is no real number.
    InvalidValueError
        It is out of range, or too large for single precision (`LARGEST`).
    """
    if isinstance(value, (bool, np.bool_)) or not isinstance(value, numbers.Real):
        raise InvalidTypeError(
            f"{where} must be a number, not {brief(value)} ({type(value).__name__})"
        )
    try:
        x = float(value)
    except OverflowError:
        x = math.inf
    if abs(x) > LARGEST or not (low < x if open_low else low <= x) or x > high:
        left = "(" if open_low or low == -math.inf else "["
        right = ")" if high == math.inf else "]"
        raise InvalidValueError(
            f"{where} must be a finite number in {left}{low:g}, {high:g}{right}, not {brief(value)}"
            + (f" (above {LARGEST:.1g})" if LARGEST < abs(x) < math.inf else "")
        )
    return x


def integer(where: str, value: Any, low: int | None = None, high: int | None = None) -> int:
    """A whole number within [low, high].

    Parameters
    ----------
    where : str
        Names object and attribute in an error.
    value : object
        What was given. Booleans are no numbers.
    low, high : int, optional
        The valid range. None: as far as 64 bits reach.

    Returns
    -------
    int
        The number.

    Raises
    ------
    InvalidTypeError
        It is no whole number. A float is none, whatever its value.
    InvalidValueError
        It is out of range.
    """
    if isinstance(value, (bool, np.bool_)) or not isinstance(value, numbers.Integral):
        raise InvalidTypeError(
            f"{where} must be a whole number, not {brief(value)} ({type(value).__name__})"
        )
    n = int(value)
    least, most = -WORD if low is None else low, WORD if high is None else high
    if not least <= n <= most:
        upto = "" if high is None and n <= most else f" and at most {most}"
        raise InvalidValueError(f"{where} must be at least {least}{upto}, not {brief(n)}")
    return n


def label(where: str, value: Any) -> str:
    """What something is called.

    Parameters
    ----------
    where : str
        Names object and attribute in an error.
    value : object
        What was given.

    Returns
    -------
    str
        The same.

    Raises
    ------
    InvalidValueError
        It is no text of 1 to `LONGEST_NAME` printable characters.
    """
    if not (isinstance(value, str) and 0 < len(value) <= LONGEST_NAME and value.isprintable()):
        raise InvalidValueError(
            f"{where} must be a string of 1 to {LONGEST_NAME} printable characters, "
            f"not {brief(value)}"
        )
    return value


def flag(where: str, value: Any) -> bool:
    """True or False.

    Parameters
    ----------
    where : str
        Names object and attribute in an error.
    value : object
        What was given.

    Returns
    -------
    bool
        The same.

    Raises
    ------
    InvalidTypeError
        It is neither.
    """
    if not isinstance(value, bool):
        raise InvalidTypeError(f"{where} must be True or False, not {brief(value)}")
    return value


def vector(
    where: str,
    values: ArrayLike,
    low: float = -math.inf,
    high: float = math.inf,
    *,
    length: int | None = None,
) -> NDArray[np.float32]:
    """A one-dimensional array of finite numbers within [low, high], as float32.

    Parameters
    ----------
    where : str
        Names object and attribute in an error.
    values : array_like of shape (n,)
        Numbers or booleans.
    low, high : float
        The valid range.
    length : int, optional
        How many there must be. None: any number.

    Returns
    -------
    array of shape (n,), float32
        The numbers.

    Raises
    ------
    InvalidTypeError
        They are no numbers, or ragged.
    InvalidValueError
        The shape is wrong, or one is out of range, not finite, or too large for single precision.
    """
    given = as_array(where, values)
    if given.size and given.dtype.kind not in "biuf":
        raise InvalidTypeError(f"{where} must be numbers, not {brief(values)}")
    if given.ndim != 1:
        raise InvalidValueError(f"{where} must be a list of numbers, not of shape {given.shape}")
    # What is too large for single precision becomes infinite, and is refused below.
    with np.errstate(over="ignore"):
        array = given.astype(np.float32)
    if length is not None and array.shape[0] != length:
        raise InvalidValueError(f"{where} must have {length} entries, not {array.shape[0]}")
    if array.shape[0]:
        least, most = float(array.min()), float(array.max())
        # A NaN makes both comparisons false.
        if not (least >= low and most <= high) or math.isinf(least) or math.isinf(most):
            bad = array[~(np.isfinite(array) & (array >= low) & (array <= high))][0]
            raise InvalidValueError(
                f"{where} must be finite and in [{low:g}, {high:g}]; one is {bad:g}"
            )
    return array


def as_array(where: str, values: ArrayLike) -> NDArray[Any]:
    """An array of what was given, unless it is ragged.

    Parameters
    ----------
    where : str
        Names object and attribute in an error.
    values : array_like
        What was given.

    Returns
    -------
    array
        Of whatever shape and type.

    Raises
    ------
    InvalidTypeError
        It can't become an array.
    InvalidValueError
        It is a masked array that masks something: NumPy would take what lies under the mask.
    """
    if np.ma.is_masked(values):
        raise InvalidValueError(
            f"{where}: the array masks {np.ma.count_masked(values)} of its entries, which would "  # type: ignore[no-untyped-call]
            f"count nevertheless; say what stands there, by .filled(...), or leave them out"
        )
    try:
        return np.asarray(values)
    except Exception as error:  # of whatever kind: objects may say themselves how they convert
        raise InvalidTypeError(
            f"{where} must be a number or an array, not {brief(values)}"
        ) from error


def indices(where: str, values: ArrayLike, count: int) -> NDArray[np.int64]:
    """Indices into something with `count` entries; a mask of that length also serves.

    Parameters
    ----------
    where : str
        Names object and attribute in an error.
    values : array_like of int, or of bool
        Indices of shape (n,), a single one, or a mask of shape (count,).
    count : int
        How many entries there are.

    Returns
    -------
    array of shape (n,), int64
        Indices, in the order given.

    Raises
    ------
    InvalidTypeError
        They are no whole numbers.
    InvalidValueError
        One is outside [0, count - 1], or the shape is wrong.
    """
    array = np.atleast_1d(as_array(where, values))
    if array.dtype == np.bool_:
        if array.shape != (count,):
            raise InvalidValueError(f"{where}: a mask must have {count} entries, not {array.shape}")
        return np.flatnonzero(array)
    if array.size == 0:
        return np.zeros(0, np.int64)
    if not np.issubdtype(array.dtype, np.integer):
        raise InvalidTypeError(f"{where} must be whole numbers, not {array.dtype}")
    if array.ndim != 1:
        raise InvalidValueError(f"{where} must be a list, not of shape {array.shape}")
    if array.min() < 0 or array.max() >= count:
        bad = array[(array < 0) | (array >= count)][0]
        raise InvalidValueError(f"{where} must be in [0, {count - 1}]; one is {bad}")
    return array.astype(np.int64)
