"""What sweeps and searches are given, checked before there is a file."""

from __future__ import annotations

import itertools
import os
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

from engram.errors import InvalidTypeError, InvalidValueError, brief, integer, number
from engram.paths import as_path
from engram.progress import check_progress
from engram.sweep.store import COLUMNS, MORE, stored

LARGEST_SEED = 2**63 - 1
"""What the file can hold."""

Grid = Mapping[str, Sequence[Any]] | Iterable[Mapping[str, Any]]


def check(where: str, function: Any, jobs: Any, time_limit: Any, progress: Any) -> None:
    """What sweeps and searches have in common.

    Parameters
    ----------
    where : str
        Names the caller in errors.
    function, jobs, time_limit, progress : object
        See `run_sweep`.

    Raises
    ------
    InvalidTypeError, InvalidValueError
        One can't be.
    """
    if not callable(function):
        raise InvalidTypeError(f"{where}: function must be callable, not {brief(function)}")
    if integer(f"{where}: jobs", jobs, -1) == 0:
        raise InvalidValueError(f"{where}: jobs must be -1 or at least 1, not 0")
    if time_limit is not None:
        number(f"{where}: time_limit", time_limit, 0.0, open_low=True)
    check_progress(where, progress)


def name_of(where: str, function: Callable[..., Any], name: str | None) -> str:
    """What a sweep is called in its file.

    Parameters
    ----------
    where : str
        Names the caller in errors.
    function : callable
        What is tried.
    name : str or None
        What was given.

    Returns
    -------
    str
        The name; module and name of the function if none was given.

    Raises
    ------
    InvalidTypeError
        It is no text that can be printed.
    """
    if name is None:
        # A partial function or an object has no name of its own.
        own = getattr(function, "__qualname__", type(function).__name__)
        return f"{getattr(function, '__module__', type(function).__module__)}.{own}"
    if not isinstance(name, str) or not name or not name.isprintable():
        raise InvalidTypeError(
            f"{where}: name must be a text of characters that can be printed, not {brief(name)}"
        )
    return name


def file_at(where: str, path: str | os.PathLike[str]) -> Path:
    """The file of a sweep.

    Parameters
    ----------
    where : str
        Names the caller in errors.
    path : path
        What was given.

    Returns
    -------
    Path
        It need not be there yet.

    Raises
    ------
    InvalidTypeError, InvalidValueError
        It is no path of a file.
    """
    file = as_path(f"{where}: path", path)
    if not file.name or file.is_dir():
        raise InvalidValueError(f"{where}: path: {str(path)!r} is no file; name one in a folder")
    return file


def points_of(where: str, grid: Grid, fixed: Mapping[str, Any] | None) -> list[dict[str, Any]]:
    """The points of a grid, each once.

    Parameters
    ----------
    where : str
        Names the caller in errors.
    grid : dict of sequences, or dicts
        See `run_sweep`.
    fixed : dict or None
        Parameters of all points.

    Returns
    -------
    list of dict
        All parameters of each point, in order.

    Raises
    ------
    InvalidTypeError, InvalidValueError
        There are none, or the file can't hold them.
    """
    fixed = check_fixed(where, fixed)
    if isinstance(grid, Mapping):
        product = itertools.product(*(values_of(where, "grid", *item) for item in grid.items()))
        points = [dict(zip(grid, values, strict=True)) for values in product]
    else:
        points = _given_points(where, grid)
    if not points:
        raise InvalidValueError(f"{where}: grid has no points; every parameter needs a value")
    out: dict[str, dict[str, Any]] = {}
    for point in points:
        check_names(where, "grid", point, fixed)
        whole = {**fixed, **point}
        out.setdefault(storable(where, whole), whole)
    return list(out.values())


def check_fixed(where: str, fixed: Mapping[str, Any] | None) -> Mapping[str, Any]:
    """Parameters that are the same in all trials.

    Parameters
    ----------
    where : str
        Names the caller in errors.
    fixed : dict or None
        What was given.

    Returns
    -------
    dict
        The same; empty for None.

    Raises
    ------
    InvalidTypeError
        It is no dict.
    """
    if not isinstance(fixed, Mapping | None):
        raise InvalidTypeError(f"{where}: fixed must be a dict, not {brief(fixed)}")
    return fixed or {}


def check_names(where: str, what: str, point: Iterable[Any], fixed: Mapping[str, Any]) -> None:
    """Refuse names that no parameter can have.

    Parameters
    ----------
    where : str
        Names the caller in errors.
    what : str
        The argument that has the names, as "grid".
    point : iterable of str
        Names of parameters that vary.
    fixed : dict
        Parameters that don't.

    Raises
    ------
    InvalidTypeError, InvalidValueError
        One is no text, a column of the results, or there twice.
    """
    names = list(point)
    for name in (*names, *fixed):
        if not isinstance(name, str) or not name:
            raise InvalidTypeError(f"{where}: a parameter's name must be a text, not {brief(name)}")
        if name in (*COLUMNS, *MORE):
            raise InvalidValueError(
                f"{where}: no parameter can be called {name!r}; that is a column of the results"
            )
    twice = sorted(set(names) & fixed.keys())
    if twice:
        raise InvalidValueError(f"{where}: {twice[0]!r} is both in {what} and in fixed")


def storable(where: str, parameters: Mapping[str, Any]) -> str:
    """Parameters as the file holds them.

    Parameters
    ----------
    where : str
        Names the caller in errors.
    parameters : mapping of str to object
        All of a trial.

    Returns
    -------
    str
        The JSON text.

    Raises
    ------
    InvalidTypeError
        They are more than JSON can hold.
    """
    try:
        return stored(parameters)
    except (TypeError, ValueError, RecursionError) as error:
        raise InvalidTypeError(
            f"{where}: parameters must be what JSON can hold ({error}): {dict(parameters)!r}"
        ) from error


def values_of(where: str, what: str, name: str, values: Any) -> list[Any]:
    """The values of a parameter.

    Parameters
    ----------
    where : str
        Names the caller in errors.
    what : str
        The argument that has them, as "grid".
    name : str
        Of the parameter.
    values : iterable
        What was given.

    Returns
    -------
    list
        The values.

    Raises
    ------
    InvalidTypeError
        It is no list.
    """
    try:
        if isinstance(values, str):
            raise TypeError
        return list(values)
    except TypeError:
        raise InvalidTypeError(
            f"{where}: {what}[{name!r}] must be a list of values, not {brief(values)}"
        ) from None


def _given_points(where: str, grid: Any) -> list[dict[str, Any]]:
    points = [] if isinstance(grid, str) or not isinstance(grid, Iterable) else list(grid)
    strange = next((p for p in points if not isinstance(p, Mapping)), None)
    if strange is not None or not isinstance(grid, Iterable) or isinstance(grid, str):
        raise InvalidTypeError(
            f"{where}: grid must be a dict of lists, or a list of dicts, not "
            f"{grid if strange is None else strange!r}"
        )
    return [dict(point) for point in points]


def seeds_of(where: str, seeds: Iterable[int]) -> list[int]:
    """Seeds, each once.

    Parameters
    ----------
    where : str
        Names the caller in errors.
    seeds : iterable of int
        What was given.

    Returns
    -------
    list of int
        The seeds, in order.

    Raises
    ------
    InvalidTypeError, InvalidValueError
        There are none, or one is no seed.
    """
    if isinstance(seeds, (int, str)) or not isinstance(seeds, Iterable):
        raise InvalidTypeError(
            f"{where}: seeds must be a list of whole numbers, not {brief(seeds)}"
        )
    found = list(
        dict.fromkeys(
            integer(f"{where}: seeds[{k}]", seed, 0, LARGEST_SEED) for k, seed in enumerate(seeds)
        )
    )
    if not found:
        raise InvalidValueError(f"{where}: seeds is empty; one at least is needed")
    return found
