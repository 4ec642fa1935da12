"""Films: what pages heard and saw in a time, in one file that plays without Python."""

from __future__ import annotations

import gzip
import os
import struct
import time
from pathlib import Path
from typing import Any

from engram.errors import InvalidValueError, brief
from engram.live.hub import as_text
from engram.live.standalone import stand_alone

MAGIC = b"EGFILM01"
SUFFIXES = (".film", ".html")
RECORD = struct.Struct("<IIII")
TEXT, FRAME = 0, 1

MOST_BYTES = 2**30
"""Of a film, before it is compressed: one that nobody ends must not fill the disk."""

LEVEL = 6


class Film:
    """A film that is being recorded.

    Parameters
    ----------
    path : Path
        Where it goes: ``.film``, or ``.html`` for a page that plays it.
    overwrite : bool
        Whether a file that is there is replaced.

    Attributes
    ----------
    frames : int
        So far.

    Raises
    ------
    InvalidValueError
        The file is there, its folder is not, or it has another suffix.
    """

    def __init__(self, path: Path, *, overwrite: bool) -> None:
        if path.suffix not in SUFFIXES:
            raise InvalidValueError(
                f"record: the name must end in {' or '.join(SUFFIXES)}, not {brief(path.name)}"
            )
        if path.exists() and not overwrite:
            raise InvalidValueError(f"record: there is a file {path.name} already; overwrite it?")
        if not path.parent.is_dir():
            raise InvalidValueError(f"record: there is no folder {path.parent}")
        self.path, self.frames = path, 0
        self._began = time.perf_counter()
        self._part = path.with_name(f".{path.name}.{os.getpid()}.part")
        self._file = gzip.open(self._part, "wb", LEVEL)  # noqa: SIM115
        self._file.write(MAGIC)
        self._bytes = 0
        self._problem: OSError | None = None

    def tell(self, message: dict[str, Any]) -> None:
        """Add a message.

        Parameters
        ----------
        message : dict
            Plain values.
        """
        self.text(as_text(message))

    def text(self, text: str) -> None:
        """Add a message.

        Parameters
        ----------
        text : str
            JSON.
        """
        self._add(TEXT, text.encode())

    def frame(self, frame: bytes) -> None:
        """Add a frame.

        Parameters
        ----------
        frame : bytes
            Binary.
        """
        self.frames += 1
        self._add(FRAME, frame)

    def _add(self, kind: int, content: bytes) -> None:
        if self._bytes > MOST_BYTES or self._file.closed or self._problem is not None:
            return
        when = round(1000.0 * (time.perf_counter() - self._began))
        try:
            self._file.write(RECORD.pack(when & 0xFFFFFFFF, kind, len(content), 0))
            self._file.write(content + b"\0" * (-len(content) % 8))
        except OSError as problem:
            # A full disk must not end the brain's run; who ends the film is told.
            self._problem = problem
        self._bytes += len(content)

    def finish(self) -> Path:
        """Write what is left and put the file into its place.

        Returns
        -------
        Path
            Where it is.

        Raises
        ------
        InvalidValueError
            The disk was full, say. A ``.film`` then ends where it was.
        """
        kept = False
        try:
            self._close()
            if self.path.suffix == ".html":
                page = stand_alone(self._part.read_bytes())
                self._part.write_text(page, encoding="utf-8")
            self._part.replace(self.path)
            kept = True
        except OSError as problem:
            self._problem = self._problem or problem
        finally:
            self._part.unlink(missing_ok=True)
        if self._problem is not None:
            rest = "what was recorded before is there" if kept else "what was recorded is lost"
            raise InvalidValueError(
                f"stop_record: the film {self.path.name} can't be written "
                f"({self._problem.strerror}); {rest}"
            ) from self._problem
        return self.path

    def _close(self) -> None:
        """Close the file; one that could not be written may be closed without its end."""
        try:
            self._file.close()
        except OSError as problem:
            self._problem = self._problem or problem
