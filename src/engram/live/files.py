"""Files that pages may write and read: in one folder only."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from engram.brain import Brain
from engram.checkpoint.folder import SUFFIX
from engram.errors import InvalidValueError, brief, label
from engram.live.films import SUFFIXES
from engram.live.standalone import FILM
from engram.persistence import load_brain, save_brain

Message = dict[str, Any]

MOST_LISTED = 500
HEAD = 4096
"""Bytes of a page within which its film begins."""

FORBIDDEN = '/\\:*?"<>|'
"""What is a separator, or means something else, on some system."""


def checked_name(where: str, name: Any) -> str:
    """A name that is one file in the folder, whatever the system.

    Parameters
    ----------
    where : str
        Names the command in errors.
    name : object
        What was given.

    Returns
    -------
    str
        The name.

    Raises
    ------
    InvalidValueError
        It is none, has separators or leads elsewhere, or begins with a dot.
    """
    found = label(f"{where}: name", name)
    if set(FORBIDDEN) & set(found) or found.startswith(".") or found.strip() != found:
        raise InvalidValueError(
            f"{where}: name must be that of a file in the folder where the program was started, "
            f"without separators, not {brief(found)}"
        )
    return found


def inside(where: str, folder: Path, name: str) -> Path:
    """The path of a file in the folder, which is no link to elsewhere.

    Parameters
    ----------
    where : str
        Names the command in errors.
    folder : Path
        The folder.
    name : str
        Of the file.

    Returns
    -------
    Path
        In it.

    Raises
    ------
    InvalidValueError
        It leads elsewhere.
    """
    path = folder / name
    if path.is_symlink() or path.resolve().parent != folder.resolve():
        raise InvalidValueError(f"{where}: {brief(name)} is a link that leads elsewhere")
    return path


def _brain_name(where: str, name: Any) -> str:
    found = checked_name(where, name)
    return found if found.endswith(SUFFIX) else found + SUFFIX


def save(folder: Path, brain: Brain, name: Any, overwrite: Any) -> Message:
    """Save a brain.

    Parameters
    ----------
    folder : Path
        Where to.
    brain : Brain
        Which.
    name : str
        Of the file.
    overwrite : bool
        Whether it may take the place of another.

    Returns
    -------
    dict
        Name and bytes.

    Raises
    ------
    InvalidValueError
        The name is not valid, or there is such a file.
    """
    path = inside("save", folder, _brain_name("save", name))
    if path.exists() and overwrite is not True:
        raise InvalidValueError(f"save: there is a file {path.name} already; overwrite it?")
    save_brain(brain, path)
    return {"name": path.name, "bytes": path.stat().st_size}


def load(folder: Path, name: Any) -> Brain:
    """Load a brain.

    Parameters
    ----------
    folder : Path
        Where from.
    name : str
        Of the file.

    Returns
    -------
    Brain
        A new one.

    Raises
    ------
    InvalidValueError, CheckpointError
        There is none, or it can't be used.
    """
    path = inside("load", folder, _brain_name("load", name))
    if not path.is_file():
        raise InvalidValueError(f"load: there is no file {path.name} in the folder")
    return load_brain(path)


def film_path(folder: Path, name: Any) -> Path:
    """Where a film goes.

    Parameters
    ----------
    folder : Path
        Where to.
    name : str
        Of the file; without a suffix, ``.film`` is added.

    Returns
    -------
    Path
        In the folder.
    """
    found = checked_name("record", name)
    if not found.endswith(SUFFIXES):
        found += SUFFIXES[0]
    return inside("record", folder, found)


def listed(folder: Path) -> Message:
    """The brains and films in a folder.

    Parameters
    ----------
    folder : Path
        Which.

    Returns
    -------
    dict
        Two lists, by name.
    """
    brains: list[Message] = []
    films: list[Message] = []
    kinds = {SUFFIX: brains, **dict.fromkeys(SUFFIXES, films)}
    for path in sorted(folder.iterdir()):
        kind = kinds.get(path.suffix)
        if kind is None or path.is_symlink() or not path.is_file() or not path.name.isprintable():
            continue
        if path.suffix == SUFFIXES[1] and not _holds_film(path):
            continue
        if len(kind) < MOST_LISTED:
            found = path.stat()
            kind.append(
                {"name": path.name, "bytes": found.st_size, "modified": round(found.st_mtime)}
            )
    return {"brains": brains, "films": films}


def _holds_film(path: Path) -> bool:
    """Whether a page is one that plays a film; others are none of ours."""
    try:
        with path.open("rb") as file:
            return FILM.encode() in file.read(HEAD)
    except OSError:
        return False
