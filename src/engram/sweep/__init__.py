"""Sweeps and searches: a function tried at many points, from several seeds.

On all cores of a machine, or on a Dask cluster. Every trial is a row of an SQLite file: parameters,
seed, status, result, duration, error. A sweep or search that was cut off goes on where it was.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping
from typing import Any

from engram.errors import InvalidValueError, MissingExtraError
from engram.parameters.listing import public_names
from engram.progress import Progress, reporting
from engram.sweep.arguments import Grid, check, file_at, name_of, points_of, seeds_of
from engram.sweep.cluster import ClusterError
from engram.sweep.running import run_all, runner
from engram.sweep.searching import Range, search
from engram.sweep.store import COLUMNS, MORE, Outcome, Store, SweepFileError, Trial, contents
from engram.sweep.workers import Function

__all__ = ["ClusterError", "Range", "SweepFileError", "read_sweep", "run_sweep", "search"]


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
    client: Any = None,
) -> Any:
    """Call ``function(seed=..., **parameters)`` for every point of a grid and every seed.

    Trials that are done in the file are not run again; all others are. A trial that fails, or whose
    process dies, is a row with an error, and the others go on. Ctrl-C and kill -9 lose the trials
    under way only. Two sweeps at a time on one file are refused.

    Parameters
    ----------
    function : callable
        Of a module (processes import it), unless jobs is 1. Returns a number, which is called
        "result", or a dict of figures: what JSON can hold. A generator function yields such
        figures; what it returns, or yields last, is the result.
    grid : dict of sequences, or dicts
        All combinations of some parameters' values; or the points themselves; what JSON can hold.
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
    client : distributed.Client or str
        Of a Dask cluster, or the address of its scheduler: trials run on its workers. Then `jobs`
        is how many of them the scheduler has at a time; -1: all.

    Returns
    -------
    pandas.DataFrame
        A row for each trial asked for, in order: parameters, seed, status ("done", "failed"),
        duration_s, error (a traceback), and a column for each figure.

    Raises
    ------
    InvalidTypeError, InvalidValueError
        An argument can't be, or another sweep is writing to the file.
    SweepFileError, ClusterError
        The file is damaged, or can't be written: the disk is full; or the scheduler of the cluster
        does not answer, or has gone. What has ended before is kept.
    MissingExtraError
        pandas is not installed, or Dask for a client.

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
    check(where, function, jobs, time_limit, progress)
    name = name_of(where, function, name)
    file = file_at(where, path)
    points = points_of(where, grid, fixed)
    asked = [Trial(name, point, seed) for seed in seeds_of(where, seeds) for point in points]
    with (
        runner(where, function, asked, jobs, time_limit, client) as run,
        Store(file).locked() as store,
    ):
        store.enter(asked)
        waiting = store.not_done(asked)
        done = len(asked) - len(waiting)
        with reporting(progress, "sweep") as report:

            def ended(_trial: Trial, _outcome: Outcome) -> None:
                nonlocal done
                done += 1
                if report is not None:
                    report(done, len(asked))

            run_all(run, waiting, store, None, ended)
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

    Examples
    --------
    >>> import tempfile
    >>> from engram.sweep import read_sweep, run_sweep
    >>> def area(seed, width):
    ...     return 2 * width
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     path = f"{folder}/areas.db"
    ...     _ = run_sweep(area, {"width": [1, 2]}, path=path, seeds=[0], jobs=1)
    ...     table = read_sweep(path)
    >>> table[["width", "status", "result"]].values.tolist()
    [[1, 'done', 2], [2, 'done', 4]]
    """
    _pandas("read_sweep")
    store = Store(file_at("read_sweep", path))
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


__dir__ = public_names(__name__)
