"""Replacing a file so that at any moment the old or the new one is there, whole."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterator
from pathlib import Path
from typing import IO

try:
    import fcntl
except ImportError:  # Windows, where a file that is open can't be removed anyway.
    fcntl = None  # type: ignore[assignment]

TEMPORARY = ".engram-tmp"
"""How the names of unfinished files end; they begin with a dot."""


def _lock(handle: int) -> bool:
    """Whether nobody else writes to this file; if so, it is ours until it is closed."""
    if fcntl is None:
        return True
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        return False
    return True


def _is(path: Path, handle: int) -> bool:
    """Whether the open file still is the one of that name."""
    try:
        return os.path.samestat(os.stat(path), os.fstat(handle))
    except OSError:
        return False


def remove_abandoned(folder: Path) -> None:
    """Remove the unfinished files of writers that died.

    A living writer holds a lock on its file, which the system releases when it ends in any way.

    Parameters
    ----------
    folder : Path
        Where they lie.
    """
    with contextlib.suppress(OSError), os.scandir(folder) as entries:
        for entry in entries:
            if not (entry.name.startswith(".") and entry.name.endswith(TEMPORARY)):
                continue
            with contextlib.suppress(OSError):
                handle = os.open(entry.path, os.O_RDWR)
                try:
                    abandoned = _lock(handle)
                    # What is open can be removed here, but not on Windows.
                    if abandoned and fcntl is not None:
                        os.unlink(entry.path)
                finally:
                    os.close(handle)
                if abandoned and fcntl is None:
                    os.unlink(entry.path)


def _create(target: Path) -> tuple[int, Path]:
    """A new file beside `target`, locked."""
    flags = os.O_RDWR | os.O_CREAT | os.O_EXCL | getattr(os, "O_BINARY", 0)
    while True:
        path = target.with_name(f".{target.name[:100]}.{os.urandom(8).hex()}{TEMPORARY}")
        try:
            handle = os.open(path, flags, 0o666)
        except OSError as error:
            raise _named_after(target, error) from None
        # Between creation and lock another process may have taken it for abandoned.
        if _lock(handle) and _is(path, handle):
            return handle, path
        os.close(handle)


def _named_after(target: Path, error: OSError) -> OSError:
    """The same error, which names what the user knows instead of the unfinished file."""
    folder = target.parent
    if not folder.exists():
        return FileNotFoundError(error.errno, "the folder does not exist; make it", str(folder))
    if not folder.is_dir():
        return NotADirectoryError(error.errno, "it is no folder", str(folder))
    return OSError(error.errno, error.strerror, str(target))


def _sync_folder(folder: Path) -> None:
    """Make a rename in the folder survive a crash of the machine."""
    if os.name == "nt":
        return
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


@contextlib.contextmanager
def replacing(path: Path) -> Iterator[IO[bytes]]:
    """A file to write to, which takes the place of another when the block ends without an error.

    It is written beside the target, synchronised with the disk, and renamed. A file that is there
    keeps its permissions; of a link, what it points to is replaced.

    Parameters
    ----------
    path : Path
        The target.

    Yields
    ------
    file
        Open for bytes.

    Raises
    ------
    OSError
        It can't be written; `FileNotFoundError` if there is no such folder.
    """
    target = Path(os.path.realpath(path)) if path.is_symlink() else path
    if target.is_dir():
        raise IsADirectoryError(21, "a folder is in the way", str(target))
    remove_abandoned(target.parent)
    handle, temporary = _create(target)
    try:
        with os.fdopen(handle, "wb") as stream:
            yield stream
            stream.flush()
            with contextlib.suppress(OSError):
                os.chmod(temporary, os.stat(target).st_mode & 0o777)
            os.fsync(stream.fileno())
            # Renamed while it is locked, so that nobody takes it for abandoned.
            if fcntl is not None:
                os.replace(temporary, target)
        if fcntl is None:
            os.replace(temporary, target)
    except BaseException:
        with contextlib.suppress(OSError):
            os.unlink(temporary)
        raise
    _sync_folder(target.parent)
