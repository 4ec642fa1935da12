"""Where machine code is kept, and whether what lies there may be used.

Machine code is run as it is found, so a file is used only if nobody but its user could have written
it, and if it is whole and of the kernel that was asked for. Whatever goes wrong costs a compilation
and one warning, never an error. See docs/security.md.
"""

from __future__ import annotations

import contextlib
import functools
import hashlib
import os
import stat
import sys
import tempfile
import time
import warnings
from collections.abc import Iterator
from pathlib import Path

SUFFIX = ".nbc"
PATIENCE = 120.0
"""How long to wait for another process that compiles the same kernel, s."""

_MAGIC = b"engram machine code 1\n"
_OTHERS_WRITE = stat.S_IWGRP | stat.S_IWOTH


# -- warnings


class Complaint:
    """What went wrong with the cache: said once in the life of a process."""

    def __init__(self) -> None:
        self.problems: list[str] = []
        self.told = False

    def note(self, problem: str) -> None:
        """Remember what went wrong.

        Parameters
        ----------
        problem : str
            To be told.
        """
        if not self.told:
            self.problems.append(problem)

    def tell(self) -> None:
        """Warn of what went wrong, if anything did and no warning was given yet."""
        if self.problems and not self.told:
            self.told = True
            warnings.warn(
                f"cache of machine code: {'; '.join(self.problems)}; kernels are compiled anew "
                f"where they are missing (ENGRAM_CACHE_DIR names another folder)",
                stacklevel=2,
            )


complaint = Complaint()


# -- the folder


def _user() -> int | None:
    """The number of the user; None where files have no owners of that kind."""
    return os.geteuid() if hasattr(os, "geteuid") else None


def home() -> Path | None:
    """The user's own folder for caches; None if there is none."""
    path = os.path.expanduser("~")
    return Path(path) / ".cache" / "engram" if os.path.isabs(path) else None


def shared_home() -> Path:
    """A folder for this user within the temporary folder, which others see, too."""
    user = _user()
    return Path(tempfile.gettempdir()) / ("engram" if user is None else f"engram-{user}")


def _sources() -> list[Path]:
    package = Path(__file__).parent.parent
    return [
        path
        for folder in ("kernels", "engine", "state")
        for path in sorted((package / folder).glob("*.py"))
    ]


def _stamps() -> list[tuple[int, int]]:
    return [(s.st_mtime_ns, s.st_size) for s in map(os.stat, _sources())]


def _hash_of_sources() -> str:
    digest = hashlib.sha256()
    for path in _sources():
        digest.update(path.read_bytes())
    return digest.hexdigest()


# Numba by itself does not notice an edit in a callee in another file. Read at import, as the
# sources themselves are.
_SOURCES, _STAMPS = _hash_of_sources(), _stamps()


def _version() -> str:
    """A hash of all sources of kernels, and of what compiles them."""
    import llvmlite
    import numba
    import numpy

    versions = [module.__version__ for module in (numba, llvmlite, numpy)]
    return hashlib.sha256(f"{_SOURCES} {versions} {sys.version}".encode()).hexdigest()[:16]


def _private(folder: Path) -> str | None:
    """Why others could have put something into a folder, or None."""
    found = os.lstat(folder)
    if not stat.S_ISDIR(found.st_mode):
        return f"{folder} is no folder"
    user = _user()
    if user is None:
        return None
    if found.st_uid != user:
        return f"{folder} belongs to another user ({found.st_uid})"
    if found.st_mode & _OTHERS_WRITE:
        return f"other users may write to {folder} (chmod go-w would change that)"
    return None


def _usable(root: Path, *, given: bool = False, private: bool = False) -> Path | None:
    """The folder of this user and version within one that may be shared, or None.

    `given`: the user has named it, so that it serves even if it can only be read. `private`: the
    outer folder, too, must be this user's own.
    """
    user = _user()
    folder = root / (_version() if user is None else f"{_version()}-{user}")
    try:
        root.mkdir(mode=0o700 if private else 0o777, parents=True, exist_ok=True)
        problem = _private(root) if private else None
        if problem is None:
            folder.mkdir(mode=0o700, exist_ok=True)
            problem = _private(folder)
        if problem is None and not given and not os.access(folder, os.W_OK):
            problem = f"{folder} can't be written to"
    except OSError as error:
        problem = f"{error.filename or folder}: {error.strerror}"
    if problem is not None:
        complaint.note(problem)
        return None
    return folder


@functools.cache
def cache_folder() -> Path | None:
    """The folder of machine code for this version of the kernels and this user.

    Returns
    -------
    Path or None
        Within ENGRAM_CACHE_DIR if that is set; else within the user's home; else within the
        temporary folder. None if no folder can be used or trusted: nothing is kept on disk then.
    """
    given, own = os.environ.get("ENGRAM_CACHE_DIR"), home()
    if given:
        return _usable(Path(given).absolute(), given=True)
    found = None if own is None else _usable(own)
    found = found or _usable(shared_home(), private=True)
    if found is not None:
        complaint.problems.clear()  # the second choice is as good as the first
    return found


# -- files


class KernelFile:
    """A file that holds the machine code of one kernel.

    It begins with a word, the SHA-256 of the rest, and the kernel's key.

    Parameters
    ----------
    folder : Path
        The cache.
    name : str
        Of the kernel, to be read by people.
    key : bytes
        What the machine code depends on.
    """

    def __init__(self, folder: Path, name: str, key: bytes) -> None:
        self._key = hashlib.sha256(key).digest()
        plain = "".join(c if c.isascii() and c.isalnum() else "_" for c in name)
        self._path = folder / f"{plain[:80]}-{self._key.hex()[:16]}{SUFFIX}"

    def read(self) -> bytes | None:
        """The machine code; None if there is none that can be used."""
        try:
            with open(os.open(self._path, _READ), "rb") as stream:
                problem = _foreign(os.fstat(stream.fileno()))
                found = b"" if problem else stream.read()
        except FileNotFoundError:
            return None
        except (OSError, MemoryError) as error:
            self.refuse(str(error))
            return None
        head = len(_MAGIC) + 32
        if problem is None and (
            found[: len(_MAGIC)] != _MAGIC
            or found[len(_MAGIC) : head] != hashlib.sha256(found[head:]).digest()
        ):
            problem = "it is damaged"
        if problem is None and found[head : head + 32] != self._key:
            problem = "it is of another kernel"
        if problem is not None:
            self.refuse(problem)
            return None
        return found[head + 32 :]

    def refuse(self, why: str) -> None:
        """Note that the file can't be used.

        Parameters
        ----------
        why : str
            What is wrong with it.
        """
        complaint.note(f"{self._path} can't be used ({why})")

    def write(self, code: bytes) -> None:
        """Keep machine code, at once: other processes may do the same.

        Parameters
        ----------
        code : bytes
            What `read` will give.
        """
        if _stamps() != _STAMPS:
            return  # the sources are no longer those that run
        rest = self._key + code
        try:
            handle, temporary = tempfile.mkstemp(dir=self._path.parent, suffix=".tmp")
            try:
                with open(handle, "wb") as stream:
                    stream.write(_MAGIC + hashlib.sha256(rest).digest() + rest)
                os.replace(temporary, self._path)
            except BaseException:
                with contextlib.suppress(OSError):
                    os.unlink(temporary)
                raise
        except OSError as error:
            complaint.note(f"{self._path} can't be written ({error.strerror})")

    @contextlib.contextmanager
    def locked(self) -> Iterator[None]:
        """Keep other processes from compiling the same kernel, if that can be done in time.

        The system releases the lock of a process that dies.
        """
        try:
            handle = os.open(self._path.with_suffix(".lock"), _LOCK, 0o600)
        except OSError:
            yield
            return
        try:
            until = time.monotonic() + PATIENCE
            while not _lock(handle) and time.monotonic() < until:
                time.sleep(0.02)
            yield
        finally:
            os.close(handle)


_SAFELY = sum(getattr(os, name, 0) for name in ("O_CLOEXEC", "O_NOFOLLOW", "O_BINARY"))
_READ = os.O_RDONLY | _SAFELY | getattr(os, "O_NONBLOCK", 0)  # a pipe would keep us waiting
_LOCK = os.O_RDWR | os.O_CREAT | _SAFELY


def _foreign(found: os.stat_result) -> str | None:
    """Why others could have written a file, or None."""
    user = _user()
    if not stat.S_ISREG(found.st_mode):
        return "it is no file"
    if user is not None and found.st_uid != user:
        return f"it belongs to another user ({found.st_uid})"
    if user is not None and found.st_mode & _OTHERS_WRITE:
        return "other users may write to it"
    return None


def _lock(handle: int) -> bool:
    """Take a lock unless another process has it; True also where there are no locks."""
    try:
        import fcntl
    except ImportError:
        return True
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    except OSError:
        return True
    return True
