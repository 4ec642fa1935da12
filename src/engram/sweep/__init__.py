"""Sweeps: a function tried at every point of a grid, from several seeds, on all cores.

Every trial is a row of an SQLite file: parameters, seed, status, result, duration, error. A sweep
that was cut off goes on where it was.
"""

from __future__ import annotations

import itertools
import os
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

from engram.errors import (
    InvalidTypeError,
    InvalidValueError,
    MissingExtraError,
    brief,
    integer,
    number,
)
from engram.progress import Progress, reporting
from engram.sweep.store import COLUMNS, MORE, Store, SweepFileError, Trial, contents, stored
from engram.sweep.workers import Function, outcomes, packed

__all__ = ["SweepFileError", "read_sweep", "run_sweep"]

from engram.paths import as_path

LARGEST_SEED = 2**63 - 1
"""What the file can hold."""

Grid = Mapping[str, Sequence[Any]] | Iterable[Mapping[str, Any]]


def run_sweep(
    function: Function,
    grid: Grid,
    *,
    path: str | os.PathLike[str],
    seeds: Iterable[int] = range(3),
    fixed: Mapping[str, Any] | None = None,
    name: str | None = None,
    jobs: int = -1,
    time_limit: float | None = None,
    progress: Progress = None,
) -> Any:
    """Call function(seed=..., **parameters) for every point of a grid and every seed.

    Trials that are done in the file are not run again; those that failed, or were cut off, are. A
    trial that fails, or whose process dies, is a row with an error, and the others go on. Ctrl-C
    and kill -9 lose the trials under way only. Two sweeps at a time on one file are refused.

    Parameters
    ----------
    function : callable
        Of a module (processes import it), unless jobs is 1. Returns a number, which is called
        "result", or a dict of figures: what JSON can hold.
    grid : dict of sequences, or dicts
        All combinations of some parameters' values; or the points themselves. Values are what JSON
        can hold; NumPy's numbers too.
    path : path
        The SQLite file. It may hold several sweeps.
    seeds : iterable of int
        At each point.
    fixed : dict
        Parameters that are the same in all trials; part of what tells trials apart.
    name : str
        Of the sweep in the file. None: module and name of the function.
    jobs : int
        Processes; -1: one for each core; 1: in this process. In a script, a call with more than
        one, or with a `time_limit`, belongs under ``if __name__ == "__main__":``.
    time_limit : float
        Seconds that a trial may take. Then its process is killed, and it has failed. Such trials
        run in a process of their own with jobs=1, too. None: any.
    progress : None, bool or function
        None: a bar with the time left on a terminal when it takes long; or a function of (trials
        done, trials in all).

    Returns
    -------
    pandas.DataFrame
        A row for each trial asked for, in order: parameters, seed, status ("done", "failed"),
        duration_s, error (a traceback), and a column for each figure.

    Raises
    ------
    InvalidTypeError, InvalidValueError
        An argument can't be, or another sweep is writing to the file.
    SweepFileError
        The file is damaged, or can't be written: the disk is full. What has ended before is kept.
    MissingExtraError
        pandas is not installed.

    Examples
    --------
    >>> from engram.sweep import run_sweep
    >>> def area(seed, width, height):
    ...     return width * height
    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     found = run_sweep(area, {"width": [1, 2], "height": [3]}, path=f"{folder}/areas.db",
    ...                       seeds=[0], jobs=1)
    >>> found["result"].tolist()
    [3, 6]
    """
    where = "run_sweep"
    _pandas(where)
    _check(where, function, jobs, time_limit, progress)
    name = _name(where, function, name)
    file = _file(where, path)
    points = _points(where, grid, fixed or {})
    asked = [Trial(name, point, seed) for seed in _seeds(where, seeds) for point in points]
    workers = (os.cpu_count() or 1) if jobs == -1 else jobs
    # Whoever may have to be killed runs in another process.
    apart = workers > 1 or time_limit is not None
    called = packed(function, asked) if apart else function
    with Store(file).locked() as store:
        waiting = store.enter(asked)
        done = len(asked) - len(waiting)
        with reporting(progress, "sweep") as report, store.started() as started:
            running = outcomes(called, waiting, workers, started, time_limit)
            try:
                for trial, outcome in running:
                    store.finish(trial, outcome)
                    done += 1
                    if report is not None:
                        report(done, len(asked))
            finally:
                running.close()
        return _frame(store.rows(asked))


def read_sweep(path: str | os.PathLike[str], name: str | None = None) -> Any:
    """The trials in a file as a DataFrame, also while they run.

    The file can be queried by any SQLite client, too:

        SELECT parameters ->> 'eta' AS eta, avg(result ->> 'accuracy'), count(*)
        FROM trials WHERE status = 'done' GROUP BY eta;

    Parameters
    ----------
    path : path
        The SQLite file.
    name : str, optional
        The sweep whose trials are wanted. None: all there are.

    Returns
    -------
    pandas.DataFrame
        A row for each trial. Beside the columns that `run_sweep` describes there are sweep,
        started (UTC) and version (of engram).

    Raises
    ------
    InvalidValueError
        There is no such file or sweep.
    SweepFileError
        The file is damaged.
    MissingExtraError
        pandas is not installed.
    """
    _pandas("read_sweep")
    store = Store(_file("read_sweep", path))
    found = store.all_rows()
    if name is not None:
        names = {row["sweep"] for row in found}
        if name not in names:
            raise InvalidValueError(
                f"read_sweep: no sweep {name!r} in {path}; there are {sorted(names)}"
            )
        found = [row for row in found if row["sweep"] == name]
    return _frame(found, *MORE)


def _pandas(where: str) -> Any:
    try:
        import pandas
    except ImportError as error:
        raise MissingExtraError(where, "pandas", "sweep") from error
    return pandas


def _check(where: str, function: Any, jobs: Any, time_limit: Any, progress: Any) -> None:
    if not callable(function):
        raise InvalidTypeError(f"{where}: function must be callable, not {brief(function)}")
    if integer(f"{where}: jobs", jobs, -1) == 0:
        raise InvalidValueError(f"{where}: jobs must be -1 or at least 1, not 0")
    if time_limit is not None:
        number(f"{where}: time_limit", time_limit, 0.0, open_low=True)
    if not (progress is None or isinstance(progress, bool) or callable(progress)):
        raise InvalidTypeError(
            f"{where}: progress must be None, True, False or a function, not {brief(progress)}"
        )


def _name(where: str, function: Function, name: str | None) -> str:
    if name is None:
        # A partial function or an object has no name of its own.
        own = getattr(function, "__qualname__", type(function).__name__)
        return f"{getattr(function, '__module__', type(function).__module__)}.{own}"
    if not isinstance(name, str) or not name or not name.isprintable():
        raise InvalidTypeError(
            f"{where}: name must be a text of characters that can be printed, not {brief(name)}"
        )
    return name


def _file(where: str, path: str | os.PathLike[str]) -> Path:
    file = as_path(f"{where}: path", path)
    if not file.name or file.is_dir():
        raise InvalidValueError(f"{where}: path: {str(path)!r} is no file; name one in a folder")
    return file


def _points(where: str, grid: Grid, fixed: Mapping[str, Any]) -> list[dict[str, Any]]:
    if not isinstance(fixed, Mapping):
        raise InvalidTypeError(f"{where}: fixed must be a dict, not {brief(fixed)}")
    if isinstance(grid, Mapping):
        product = itertools.product(*(_values(where, *item) for item in grid.items()))
        points = [dict(zip(grid, values, strict=True)) for values in product]
    else:
        points = _given_points(where, grid)
    if not points:
        raise InvalidValueError(f"{where}: grid has no points; every parameter needs a value")
    out: dict[str, dict[str, Any]] = {}
    for point in points:
        for name in (*point, *fixed):
            if not isinstance(name, str) or not name:
                raise InvalidTypeError(
                    f"{where}: a parameter's name must be a text, not {brief(name)}"
                )
            if name in (*COLUMNS, *MORE):
                raise InvalidValueError(
                    f"{where}: no parameter can be called {name!r}; that is a column of the results"
                )
        twice = sorted(point.keys() & fixed.keys())
        if twice:
            raise InvalidValueError(f"{where}: {twice[0]!r} is both in grid and in fixed")
        whole = {**fixed, **point}
        try:
            out.setdefault(stored(whole), whole)
        except (TypeError, ValueError, RecursionError) as error:
            raise InvalidTypeError(
                f"{where}: parameters must be what JSON can hold ({error}): {whole!r}"
            ) from error
    return list(out.values())


def _values(where: str, name: str, values: Any) -> list[Any]:
    try:
        if isinstance(values, str):
            raise TypeError
        return list(values)
    except TypeError:
        raise InvalidTypeError(
            f"{where}: grid[{name!r}] must be a list of values, not {brief(values)}"
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


def _seeds(where: str, seeds: Iterable[int]) -> list[int]:
    if isinstance(seeds, (int, str)) or not isinstance(seeds, Iterable):
        raise InvalidTypeError(
            f"{where}: seeds must be a list of whole numbers, not {brief(seeds)}"
        )
    found = list(dict.fromkeys(_seed(where, k, s) for k, s in enumerate(seeds)))
    if not found:
        raise InvalidValueError(f"{where}: seeds is empty; one at least is needed")
    return found


def _seed(where: str, k: int, seed: Any) -> int:
    return integer(f"{where}: seeds[{k}]", seed, 0, LARGEST_SEED)


def _frame(rows: list[dict[str, Any]], *more: str) -> Any:
    """A DataFrame: parameters, seed, what is known of each trial, figures."""
    pandas = _pandas("run_sweep")
    return pandas.DataFrame(
        [
            {
                **{name: row[name] for name in more},
                **contents(row, "parameters"),
                **{name: row[name] for name in COLUMNS},
                **contents(row, "result"),
            }
            for row in rows
        ]
    )
