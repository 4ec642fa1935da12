"""Where the rows of a recorder are kept: the latest in memory, or all in a file."""

from __future__ import annotations

import contextlib
import errno
import os
import weakref
from collections.abc import Iterator
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np
from numpy.lib import format as npy
from numpy.typing import NDArray

from engram.errors import EngramError, InvalidValueError, brief

Rows = NDArray[Any]
"""Structured: ``step`` and the columns of the recorder."""


FIRST_BYTES = 1 << 14
"""What rows in memory take at first, or one row if that is wider."""


class InMemory:
    """The latest `capacity` rows.

    Parameters
    ----------
    dtype : numpy.dtype
        Of a row: ``step`` and the columns of the recorder.
    capacity : int
        Most rows.
    """

    def __init__(self, dtype: np.dtype[Any], capacity: int) -> None:
        first = max(1, FIRST_BYTES // dtype.itemsize)
        self._rows = np.empty(min(capacity, first), dtype)
        self._capacity = capacity
        self._end = 0
        """Rows so far, thinned out ones left out: modulo `capacity`, where the next one goes."""
        self._thinned = 0

    @property
    def count(self) -> int:
        """How many rows there are."""
        return min(self._end, self._capacity)

    @property
    def full(self) -> bool:
        """Whether the next row takes the place of the oldest."""
        return self._end >= self._capacity

    @property
    def dropped(self) -> int:
        """How many rows had to go."""
        return self._thinned + self._end - self.count

    def append(self, rows: Rows) -> None:
        """Add rows, in place of the oldest where there is no room.

        Parameters
        ----------
        rows : array of shape (n,)
            Structured.
        """
        end, room = self._end + len(rows), len(self._rows)
        if room < min(end, self._capacity):
            grown = np.empty(min(self._capacity, max(end, 2 * room)), self._rows.dtype)
            grown[: self._end] = self._rows[: self._end]
            self._rows = grown
        kept = rows[-self._capacity :]
        self._rows[np.arange(end - len(kept), end) % self._capacity] = kept
        self._end = end

    def thin(self, origin: int, every: int) -> None:
        """Keep the rows whose step is on the grid of `every` steps from `origin`.

        Parameters
        ----------
        origin, every : int
            Steps.
        """
        rows = self.read()
        kept = rows[(rows["step"] - origin) % every == 0]
        self._thinned += len(rows) - len(kept)
        self._rows[: len(kept)] = kept
        self._end = len(kept)

    def clear(self, kept: int) -> None:
        """Forget all rows but the latest few, and how many had to go.

        Parameters
        ----------
        kept : int
            How many stay.
        """
        rows = self.read()
        latest = rows[len(rows) - kept :] if kept else rows[:0]
        self._rows, self._end, self._thinned = np.empty(max(kept, 1), rows.dtype), 0, 0
        self.append(latest)

    def read(self) -> Rows:
        """All rows, the oldest first: a copy."""
        return np.roll(self._rows[: self.count], -(self._end % self._capacity) if self.full else 0)

    def close(self) -> None:
        """Nothing to do."""


OFTEN, OFTEN_BYTES = 256, 1 << 20
"""A file's header is brought up to date after as many rows or bytes: a crash costs no more."""


class RecordingFileError(EngramError, OSError):
    """The file that a recorder writes to is gone, damaged, or can't be written.

    Examples
    --------
    >>> import tempfile
    >>> from engram import Brain, RecordingFileError
    >>> brain = Brain(seed=1)
    >>> cortex = brain.add_region("cortex", n_neurons=20)
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     recorder = brain.record("rates", overflow="stream", path=f"{folder}/rates.npy")
    >>> try:
    ...     brain.run(100)
    ... except RecordingFileError:
    ...     print("the file is gone")
    the file is gone
    """


_open: weakref.WeakSet[OnDisk] = weakref.WeakSet()


class OnDisk:
    """All rows, in an ``.npy`` file that can be read at any time, also after a crash.

    Parameters
    ----------
    dtype : numpy.dtype
        Of a row: ``step`` and the columns of the recorder.
    path : Path
        The file, which is written anew.
    """

    dropped = 0

    def __init__(self, dtype: np.dtype[Any], path: Path) -> None:
        self._dtype, self.path = dtype, path
        self.count = self._told = 0
        # The program may go to another folder meanwhile.
        self._place = path.absolute()
        _refuse_shared(path)
        try:
            self._file: BinaryIO = path.open("wb")
            # However the recorder goes, the file is closed.
            self._close_file = weakref.finalize(self, _close, self._file)
            self._tell()
        except OSError as error:
            raise InvalidValueError(
                f"Brain.record: path {brief(os.fspath(path))} can't be written: {error.strerror}"
            ) from error
        _open.add(self)

    def _write_header(self) -> None:
        # NumPy pads headers so that the length can grow in place.
        self._told = self.count
        self._file.seek(0)
        npy.write_array_header_1_0(
            self._file, {"descr": self._dtype.descr, "fortran_order": False, "shape": (self.count,)}
        )
        self._file.seek(0, 2)

    def _tell(self) -> None:
        """Bring the header up to date: rows first, it never promises what is not in the file."""
        self._file.flush()
        self._write_header()
        self._file.flush()

    @property
    def writes(self) -> bool:
        """Whether the file is open."""
        return self._close_file.alive

    def append(self, rows: Rows) -> None:
        """Add rows at the end of the file.

        Parameters
        ----------
        rows : array of shape (n,)
            Structured.
        """
        with self._using():
            if not self.holds(self._place):
                raise FileNotFoundError(errno.ENOENT, "it was removed or replaced")
            self._file.write(rows.tobytes())
            self.count += len(rows)
            untold = self.count - self._told
            if untold >= OFTEN or untold * self._dtype.itemsize >= OFTEN_BYTES:
                self._tell()

    def clear(self, kept: int) -> None:
        """Empty the file, but for the latest few rows.

        Parameters
        ----------
        kept : int
            How many rows stay.

        Raises
        ------
        InvalidValueError
            The recorder is detached, and the file is the user's.
        RecordingFileError
            The file is gone, or can't be written.
        """
        if not self.writes:
            raise InvalidValueError(
                f"Recorder.clear: it is detached, and {os.fspath(self.path)!r} is complete; "
                f"delete the file instead"
            )
        rows = self.read()
        latest = rows[len(rows) - kept :] if kept else rows[:0]
        with self._using():
            self._file.seek(0)
            self._file.truncate()
            self.count = 0
            self._tell()
            self.append(latest)
            self._tell()

    def read(self) -> Rows:
        """All rows, the oldest first."""
        with self._using():
            if self.writes:
                self._tell()
            rows: Rows = np.load(self._place)
        return rows

    def close(self) -> None:
        """Bring the header up to date and close the file."""
        if self.writes:
            try:
                with self._using():
                    self._tell()
            finally:
                self._close_file()

    def holds(self, path: Path) -> bool:
        """Whether a path leads to the file that is being written.

        Parameters
        ----------
        path : Path
            Of whatever file.

        Returns
        -------
        bool
            False also where there is none.
        """
        try:
            return os.path.samestat(path.stat(), os.fstat(self._file.fileno()))
        except OSError:
            return False

    @contextlib.contextmanager
    def _using(self) -> Iterator[None]:
        """Say what is wrong with the file where something is."""
        try:
            yield
        except (OSError, EOFError, ValueError) as error:
            if isinstance(error, EngramError):
                raise
            raise RecordingFileError(
                f"Recorder: the file {brief(os.fspath(self.path))} can't be used "
                f"({getattr(error, 'strerror', None) or error}), and what was recorded into it may "
                f"be lost; leave the file of a recorder alone while it records and is read, and "
                f"give it room"
            ) from error


def _close(file: BinaryIO) -> None:
    """Close a file, whose last rows may find no room: whoever wrote them was told."""
    with contextlib.suppress(OSError):
        file.close()


def _refuse_shared(path: Path) -> None:
    """Refuse a file that another recorder writes to, under whatever name."""
    for other in list(_open):
        if other.writes and other.holds(path):
            raise InvalidValueError(
                f"Brain.record: another recorder writes to {os.fspath(path)!r}; give each a path "
                f"of its own, or detach that one first"
            )
