"""Where the rows of a recorder are kept: the latest in memory, or all in a file."""

from __future__ import annotations

import weakref
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np
from numpy.lib import format as npy
from numpy.typing import NDArray

Rows = NDArray[Any]
"""Structured: ``step`` and the columns of the recorder."""


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
        self._rows = np.empty(min(capacity, 1024), dtype)
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

    def read(self) -> Rows:
        """All rows, the oldest first: a copy."""
        return np.roll(self._rows[: self.count], -(self._end % self._capacity) if self.full else 0)

    def close(self) -> None:
        """Nothing to do."""


OFTEN = 256
"""A file's header is brought up to date after as many rows, so that a crash costs no more."""


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
        self._file: BinaryIO = path.open("wb")
        # However the recorder goes, the file is closed.
        self._close_file = weakref.finalize(self, self._file.close)
        self._write_header()

    def _write_header(self) -> None:
        # NumPy pads headers so that the length can grow in place.
        self._told = self.count
        self._file.seek(0)
        npy.write_array_header_1_0(
            self._file, {"descr": self._dtype.descr, "fortran_order": False, "shape": (self.count,)}
        )
        self._file.seek(0, 2)

    def append(self, rows: Rows) -> None:
        """Add rows at the end of the file.

        Parameters
        ----------
        rows : array of shape (n,)
            Structured.
        """
        self._file.write(rows.tobytes())
        self.count += len(rows)
        if self.count - self._told >= OFTEN:
            # Rows first: a header never promises what is not in the file.
            self._file.flush()
            self._write_header()
            self._file.flush()

    def read(self) -> Rows:
        """All rows, the oldest first."""
        if self._close_file.alive:
            self._file.flush()
            self._write_header()
            self._file.flush()
        rows: Rows = np.load(self.path)
        return rows

    def close(self) -> None:
        """Bring the header up to date and close the file."""
        if self._close_file.alive:
            self._write_header()
            self._close_file()
