"""The file of a sweep: one SQLite table, a row for each trial."""

from __future__ import annotations

import json
import math
import sqlite3
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self

import numpy as np

from engram._version import __version__
from engram.errors import EngramError, InvalidTypeError, InvalidValueError, brief

WAITING, RUNNING, DONE, FAILED, PRUNED = "waiting", "running", "done", "failed", "pruned"

COLUMNS = ("seed", "status", "duration_s", "error")
"""What the results say of each trial beside its parameters and figures."""

MORE = ("sweep", "started", "version")
"""What `read_sweep` says besides."""

FORMAT = 2
"""2: trials may be pruned, and have yielded figures."""

_SCHEMA = """
CREATE TABLE trials (
    id INTEGER PRIMARY KEY,
    sweep TEXT NOT NULL,
    parameters TEXT NOT NULL,
    seed INTEGER NOT NULL,
    status TEXT NOT NULL CHECK (status IN ('waiting', 'running', 'done', 'failed', 'pruned')),
    result TEXT,
    error TEXT,
    started TEXT,
    duration_s REAL,
    version TEXT,
    yielded TEXT,
    UNIQUE (sweep, parameters, seed)
)
"""

_FROM_1 = (
    "ALTER TABLE trials RENAME TO trials_1",
    _SCHEMA,
    "INSERT INTO trials SELECT *, NULL FROM trials_1",
    "DROP TABLE trials_1",
)


class SweepFileError(EngramError, OSError):
    """The file of a sweep is damaged, or can't be written.

    Examples
    --------
    >>> import sqlite3
    >>> import tempfile
    >>> from engram.sweep import SweepFileError, read_sweep, run_sweep
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     path = f"{folder}/sweep.db"
    ...     _ = run_sweep(lambda seed: 1.0, {}, path=path, name="ones", seeds=[0], jobs=1)
    ...     file = sqlite3.connect(path)
    ...     with file:
    ...         _ = file.execute("UPDATE trials SET result = 'lost'")
    ...     file.close()
    ...     try:
    ...         read_sweep(path)
    ...     except SweepFileError:
    ...         print("damaged")
    damaged
    """


@dataclass(frozen=True)
class Trial:
    """A call of a sweep's function.

    Parameters
    ----------
    sweep : str
        Name of the sweep.
    parameters : mapping of str to object
        What JSON can hold, by name.
    seed : int
        The seed of the call.
    """

    sweep: str
    parameters: Mapping[str, Any]
    seed: int

    @property
    def key(self) -> tuple[str, str, int]:
        """What tells it from others in the file."""
        return self.sweep, stored(self.parameters), self.seed


@dataclass(frozen=True)
class Outcome:
    """How a trial ended.

    Parameters
    ----------
    figures : mapping of str to object, or None
        What the function has returned. None: it failed.
    error : str or None
        A traceback, or what became of the process. None: it did not fail.
    duration_s : float
        How long it took, s.
    steps : sequence of mappings
        The figures that a generator function has yielded.
    pruned : bool
        Whether it was told to stop before its end.
    """

    figures: Mapping[str, Any] | None
    error: str | None
    duration_s: float
    steps: Sequence[Mapping[str, Any]] = ()
    pruned: bool = False

    @property
    def status(self) -> str:
        """What the file calls it."""
        return FAILED if self.error else PRUNED if self.pruned else DONE


def stored(values: Any) -> str:
    """JSON, the same for the same values, whatever their order.

    Parameters
    ----------
    values : object
        A mapping of names, mostly. NumPy's numbers and arrays are stored as Python's.

    Returns
    -------
    str
        The JSON text.

    Raises
    ------
    TypeError, ValueError
        It is more than JSON can hold.

    Examples
    --------
    >>> import numpy as np
    >>> from engram.sweep.store import stored
    >>> stored({"b": np.int64(2), "a": 1.0}) == stored({"a": 1.0, "b": 2})
    True
    """
    return json.dumps(_plain(values), sort_keys=True, allow_nan=False)


def _plain(value: Any) -> Any:
    """What JSON can hold: NumPy's numbers and arrays become Python's."""
    if isinstance(value, np.generic):
        return _plain(value.item())
    if isinstance(value, np.ndarray):
        return _plain(value.tolist())
    if isinstance(value, Mapping):
        for name in value:
            if not isinstance(name, str):
                raise TypeError(f"a name must be a text, not {brief(name)}")
        return {name: _plain(v) for name, v in value.items()}
    if isinstance(value, (list, tuple)):
        return [_plain(v) for v in value]
    return value


class Store:
    """An SQLite file of trials.

    Parameters
    ----------
    path : Path
        The file. It is made when a sweep begins.
    """

    def __init__(self, path: Path) -> None:
        self._path, self._lock = path, path.with_name(path.name + ".lock")

    @contextmanager
    def locked(self) -> Iterator[Self]:
        """Open it for one sweep, which nobody else writes to; what was cut off waits again."""
        if not self._path.parent.is_dir():
            raise InvalidValueError(f"sweep: {self._path}: there is no folder {self._path.parent}")
        with self._saying_what_failed(), self._held(), self._connected() as self._connection:
            self._renew()
            self._reset()
            yield self

    @contextmanager
    def _held(self) -> Iterator[None]:
        """The lock."""
        # The lock is another file's, so that the trials can be read meanwhile. It ends with the
        # process, however that ends.
        with closing(sqlite3.connect(self._lock, timeout=0.0, isolation_level=None)) as held:
            try:
                held.execute("BEGIN EXCLUSIVE")
            except sqlite3.OperationalError as error:
                if error.sqlite_errorcode != sqlite3.SQLITE_BUSY:
                    raise
                raise InvalidValueError(
                    f"sweep: {self._path}: another sweep is writing to it; wait for it, or choose "
                    f"another file"
                ) from error
            yield

    @contextmanager
    def _saying_what_failed(self) -> Iterator[None]:
        """Errors of SQLite name the file, and what to do."""
        try:
            yield
        except (sqlite3.Error, UnicodeDecodeError) as error:
            raise SweepFileError(
                f"sweep: {self._path} (and {self._lock.name}): {error}; make room on the disk, or "
                f"choose another file if this one is damaged. Trials that had ended are kept, and "
                f"the same call goes on with the others"
            ) from error

    @contextmanager
    def _connected(self) -> Iterator[sqlite3.Connection]:
        with closing(sqlite3.connect(self._path, timeout=60.0)) as connection:
            connection.row_factory = sqlite3.Row
            try:
                (version,) = connection.execute("PRAGMA user_version").fetchone()
                (tables,) = connection.execute("SELECT count(*) FROM sqlite_master").fetchone()
            except sqlite3.DatabaseError as error:
                raise InvalidValueError(f"sweep: {self._path}: {error}") from error
            if version == 0 and tables == 0:
                with connection:
                    connection.execute(_SCHEMA)
                    connection.execute(f"PRAGMA user_version = {FORMAT}")
            elif version not in (1, FORMAT):
                raise InvalidValueError(
                    f"sweep: {self._path} is a database of something else, or of a later version "
                    f"of engram; choose another file"
                )
            yield connection

    def _renew(self) -> None:
        """Make a file of format 1 one of this format."""
        (version,) = self._connection.execute("PRAGMA user_version").fetchone()
        if version != FORMAT:
            with self._connection as connection:
                connection.execute("BEGIN")
                for statement in _FROM_1:
                    connection.execute(statement)
                connection.execute(f"PRAGMA user_version = {FORMAT}")

    def _reset(self) -> None:
        """Nothing runs: let what is marked as running wait."""
        with self._connection as connection:
            connection.execute(
                "UPDATE trials SET status = ?, started = NULL WHERE status = ?", (WAITING, RUNNING)
            )

    def enter(self, trials: Sequence[Trial]) -> None:
        """Enter trials that are not there yet.

        Parameters
        ----------
        trials : sequence of Trial
            What was asked for.
        """
        with self._connection as connection:
            connection.executemany(
                "INSERT OR IGNORE INTO trials (sweep, parameters, seed, status) "
                f"VALUES (?, ?, ?, '{WAITING}')",
                [trial.key for trial in trials],
            )

    def not_done(self, trials: Sequence[Trial]) -> list[Trial]:
        """The trials that have to be run.

        Parameters
        ----------
        trials : sequence of Trial
            All have been entered.

        Returns
        -------
        list of Trial
            Those that are not done.
        """
        rows = self.rows(trials)
        return [t for t, row in zip(trials, rows, strict=True) if row["status"] != DONE]

    @contextmanager
    def started(self) -> Iterator[Callable[[Trial], None]]:
        """What to tell when a trial begins; in the end, nothing runs."""
        try:
            yield self._start
        finally:
            # If it fails, the next sweep does it, and another error may be on its way.
            with suppress(sqlite3.Error):
                self._reset()

    def _start(self, trial: Trial) -> None:
        with self._connection as connection:
            connection.execute(
                "UPDATE trials SET status = ?, started = datetime('now'), version = ?, "
                "result = NULL, error = NULL, duration_s = NULL, yielded = NULL "
                "WHERE sweep = ? AND parameters = ? AND seed = ?",
                (RUNNING, __version__, *trial.key),
            )

    def finish(self, trial: Trial, outcome: Outcome) -> None:
        """Write how a trial ended.

        A trial ends once: what comes of one that does not run is not written.

        Parameters
        ----------
        trial : Trial
            Which one.
        outcome : Outcome
            How it ended.
        """
        figures = None if outcome.figures is None else json.dumps(outcome.figures)
        with self._connection as connection:
            connection.execute(
                "UPDATE trials SET status = ?, result = ?, error = ?, duration_s = ?, yielded = ? "
                f"WHERE sweep = ? AND parameters = ? AND seed = ? AND status = '{RUNNING}'",
                (
                    outcome.status,
                    figures,
                    _storable(outcome.error),
                    outcome.duration_s,
                    json.dumps(outcome.steps) if outcome.steps else None,
                    *trial.key,
                ),
            )

    def rows(self, trials: Sequence[Trial]) -> list[dict[str, Any]]:
        """The rows of trials.

        Parameters
        ----------
        trials : sequence of Trial
            Which; all have been entered.

        Returns
        -------
        list of dict
            The columns of each, in the same order.
        """
        found = self._connection.execute("SELECT * FROM trials").fetchall()
        by_key = {(row["sweep"], row["parameters"], row["seed"]): dict(row) for row in found}
        missing = next((trial for trial in trials if trial.key not in by_key), None)
        if missing is not None:
            raise SweepFileError(f"sweep: {self._path}: the row of {missing} is gone; run it again")
        return [by_key[trial.key] for trial in trials]

    def rows_of(self, sweep: str) -> list[dict[str, Any]]:
        """The rows of a sweep.

        Parameters
        ----------
        sweep : str
            Its name.

        Returns
        -------
        list of dict
            The columns of each, in the order in which they were entered.
        """
        return [
            dict(row)
            for row in self._connection.execute(
                "SELECT * FROM trials WHERE sweep = ? ORDER BY id", (sweep,)
            )
        ]

    def all_rows(self) -> list[dict[str, Any]]:
        """All rows there are."""
        if not self._path.is_file():
            raise InvalidValueError(f"sweep: there is no file {self._path}")
        with self._saying_what_failed(), self._connected() as connection:
            return [dict(row) for row in connection.execute("SELECT * FROM trials ORDER BY id")]


def contents(row: Mapping[str, Any], column: str) -> Any:
    """What a row holds as JSON.

    Parameters
    ----------
    row : mapping of str to object
        Of the file.
    column : str
        "parameters", "result" or "yielded".

    Returns
    -------
    dict, or list of dict
        By name; the steps one after the other. Empty where there is nothing.

    Raises
    ------
    SweepFileError
        It is no object of JSON, or no list of them.
    """
    try:
        empty: list[Any] | dict[str, Any] = [] if column == "yielded" else {}
        values = json.loads(row[column]) if row[column] else empty
        if not isinstance(values, type(empty)) or not all(
            isinstance(each, dict) for each in (values if column == "yielded" else ())
        ):
            raise ValueError("no object of JSON")
    except (TypeError, ValueError, RecursionError) as error:
        raise SweepFileError(
            f"sweep: the {column} of trial {row['id']} can't be read: {error}; remove the row"
        ) from error
    return values


def checked_figures(found: Any, parameters: Mapping[str, Any]) -> dict[str, Any]:
    """The figures that a function has returned.

    Parameters
    ----------
    found : object
        What it returned: a number, or a mapping of names to what JSON can hold.
    parameters : mapping of str to object
        Of the trial: no figure may have one of these names.

    Returns
    -------
    dict
        Figures by name; a single number is called "result", NaN becomes None.

    Raises
    ------
    InvalidTypeError
        JSON can't hold it.
    InvalidValueError
        It is empty, or a name is taken.
    """
    if not isinstance(found, Mapping):
        found = {"result": found}
    if not found:
        raise InvalidValueError("the function returned no figures; it must return one at least")
    for name in found:
        if name in parameters or name in (*COLUMNS, *MORE):
            raise InvalidValueError(
                f"the function returned a figure {name!r}; that is what a parameter or a column of "
                f"the results is called"
            )
    try:
        figures: dict[str, Any] = _without_nan(_plain(found))
        json.dumps(figures, allow_nan=False)
    except (TypeError, ValueError, RecursionError) as error:
        raise InvalidTypeError(
            f"the function returned {found!r}; it must be a number, or a dict of what JSON can "
            f"hold: {error}"
        ) from error
    return figures


def _storable(text: str | None) -> str | None:
    """Without halves of characters, which a file can't hold."""
    return None if text is None else text.encode("utf-8", "backslashreplace").decode()


def _without_nan(value: Any) -> Any:
    """What JSON has no word for becomes null."""
    if isinstance(value, dict):
        return {name: _without_nan(v) for name, v in value.items()}
    if isinstance(value, list):
        return [_without_nan(v) for v in value]
    return None if isinstance(value, float) and math.isnan(value) else value
