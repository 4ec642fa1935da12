"""The file of a sweep: one SQLite table, a row for each trial."""

from __future__ import annotations

import json
import math
import sqlite3
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self

import numpy as np

from engram._version import __version__
from engram.errors import InvalidTypeError, InvalidValueError

WAITING, RUNNING, DONE, FAILED = "waiting", "running", "done", "failed"

COLUMNS = ("seed", "status", "duration_s", "error")
"""What the results say of each trial beside its parameters and figures."""

FORMAT = 1

_SCHEMA = """
CREATE TABLE trials (
    id INTEGER PRIMARY KEY,
    sweep TEXT NOT NULL,
    parameters TEXT NOT NULL,
    seed INTEGER NOT NULL,
    status TEXT NOT NULL CHECK (status IN ('waiting', 'running', 'done', 'failed')),
    result TEXT,
    error TEXT,
    started TEXT,
    duration_s REAL,
    version TEXT,
    UNIQUE (sweep, parameters, seed)
)
"""


@dataclass(frozen=True)
class Trial:
    """A call of a sweep's function."""

    sweep: str
    parameters: Mapping[str, Any]
    seed: int

    @property
    def key(self) -> tuple[str, str, int]:
        """What tells it from others in the file."""
        return self.sweep, stored(self.parameters), self.seed


@dataclass(frozen=True)
class Outcome:
    """How a trial ended: figures, or the text of an error; how long it took."""

    figures: Mapping[str, Any] | None
    error: str | None
    duration_s: float


def stored(values: Mapping[str, Any]) -> str:
    """JSON, the same for the same values, whatever their order."""
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
                raise TypeError(f"a name must be a text, not {name!r}")
        return {name: _plain(v) for name, v in value.items()}
    if isinstance(value, (list, tuple)):
        return [_plain(v) for v in value]
    return value


class Store:
    """An SQLite file of trials."""

    def __init__(self, path: Path) -> None:
        self._path = path

    @contextmanager
    def locked(self) -> Iterator[Self]:
        """Open it for one sweep, which nobody else writes to; what was cut off waits again."""
        if not self._path.parent.is_dir():
            raise InvalidValueError(f"sweep: {self._path}: there is no folder {self._path.parent}")
        # The lock is another file's, so that the trials can be read meanwhile. It ends with the
        # process, however that ends.
        lock = self._path.with_name(self._path.name + ".lock")
        with closing(sqlite3.connect(lock, timeout=0.0, isolation_level=None)) as held:
            try:
                held.execute("BEGIN EXCLUSIVE")
            except sqlite3.OperationalError as error:
                raise InvalidValueError(
                    f"sweep: {self._path}: another sweep is writing to it; wait for it, or choose "
                    f"another file"
                ) from error
            with self._connected() as self._connection:
                self._reset()
                yield self

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
            elif version != FORMAT:
                raise InvalidValueError(
                    f"sweep: {self._path} is a database of something else, or of a later version "
                    f"of engram; choose another file"
                )
            yield connection

    def _reset(self) -> None:
        """Nothing runs: let what is marked as running wait."""
        with self._connection as connection:
            connection.execute(
                "UPDATE trials SET status = ?, started = NULL WHERE status = ?", (WAITING, RUNNING)
            )

    def enter(self, trials: Sequence[Trial]) -> list[Trial]:
        """Enter trials that are not there yet; those that have to be run."""
        with self._connection as connection:
            connection.executemany(
                "INSERT OR IGNORE INTO trials (sweep, parameters, seed, status) "
                f"VALUES (?, ?, ?, '{WAITING}')",
                [trial.key for trial in trials],
            )
        rows = self.rows(trials)
        return [t for t, row in zip(trials, rows, strict=True) if row["status"] != DONE]

    @contextmanager
    def started(self) -> Iterator[Callable[[Trial], None]]:
        """What to tell when a trial begins; in the end, nothing runs."""
        try:
            yield self._start
        finally:
            self._reset()

    def _start(self, trial: Trial) -> None:
        with self._connection as connection:
            connection.execute(
                "UPDATE trials SET status = ?, started = datetime('now'), version = ?, "
                "result = NULL, error = NULL, duration_s = NULL "
                "WHERE sweep = ? AND parameters = ? AND seed = ?",
                (RUNNING, __version__, *trial.key),
            )

    def finish(self, trial: Trial, outcome: Outcome) -> None:
        """Write how a trial ended."""
        figures = None if outcome.figures is None else json.dumps(outcome.figures)
        with self._connection as connection:
            connection.execute(
                "UPDATE trials SET status = ?, result = ?, error = ?, duration_s = ? "
                "WHERE sweep = ? AND parameters = ? AND seed = ?",
                (
                    FAILED if outcome.error else DONE,
                    figures,
                    outcome.error,
                    outcome.duration_s,
                    *trial.key,
                ),
            )

    def rows(self, trials: Sequence[Trial]) -> list[dict[str, Any]]:
        """The rows of trials."""
        found = self._connection.execute("SELECT * FROM trials").fetchall()
        by_key = {(row["sweep"], row["parameters"], row["seed"]): dict(row) for row in found}
        return [by_key[trial.key] for trial in trials]

    def all_rows(self) -> list[dict[str, Any]]:
        """All rows there are."""
        if not self._path.is_file():
            raise InvalidValueError(f"sweep: there is no file {self._path}")
        with self._connected() as connection:
            return [dict(row) for row in connection.execute("SELECT * FROM trials ORDER BY id")]


def checked_figures(found: Any, parameters: Mapping[str, Any]) -> dict[str, Any]:
    """The figures that a function has returned."""
    if not isinstance(found, Mapping):
        found = {"result": found}
    if not found:
        raise InvalidValueError("the function returned no figures; it must return one at least")
    for name in found:
        if name in parameters or name in COLUMNS:
            raise InvalidValueError(
                f"the function returned a figure {name!r}; that is what a parameter or a column of "
                f"the results is called"
            )
    try:
        figures: dict[str, Any] = _without_nan(_plain(found))
        json.dumps(figures, allow_nan=False)
    except (TypeError, ValueError) as error:
        raise InvalidTypeError(
            f"the function returned {found!r}; it must be a number, or a dict of what JSON can "
            f"hold: {error}"
        ) from error
    return figures


def _without_nan(value: Any) -> Any:
    """What JSON has no word for becomes null."""
    if isinstance(value, dict):
        return {name: _without_nan(v) for name, v in value.items()}
    if isinstance(value, list):
        return [_without_nan(v) for v in value]
    return None if isinstance(value, float) and math.isnan(value) else value
