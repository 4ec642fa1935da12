"""A folder of checkpoints of one thing that goes on, numbered by how far it is.

A run of a brain is numbered by steps, a training by samples. Beside a checkpoint may stand notes of
the same name in JSON, which are written first: a checkpoint that is there has its notes.
"""

from __future__ import annotations

import contextlib
import json
import re
import tempfile
from pathlib import Path
from typing import Any

from engram.checkpoint.atomic import replacing
from engram.checkpoint.entries import keys
from engram.errors import CheckpointError, InvalidValueError, integer
from engram.network.network import MAX_STEPS

SUFFIX, NOTES = ".engram", ".json"
PLAN, MOST_OF_PLAN = "run.json", 1 << 16
_PLAN_KEYS: dict[str, type | tuple[type, ...]] = {
    "until": int,
    "every": int,
    "keep": int,
    "output": str,
}


def check_writable(folder: Path) -> None:
    """Refuse a folder in which no file can be made, before there is anything to lose.

    Parameters
    ----------
    folder : Path
        Where something is to be saved.

    Raises
    ------
    InvalidValueError
        It is no folder, or can't be written to.
    """
    if not folder.is_dir():
        raise InvalidValueError(f"there is no folder {folder}; make it, or choose another one")
    try:
        with tempfile.TemporaryFile(dir=folder):
            pass
    except OSError as error:
        raise InvalidValueError(
            f"{folder}: nothing can be saved there ({error.strerror}); choose another folder"
        ) from error


def checkpoint_path(folder: Path, number: int, counted: str = "step") -> Path:
    """Where the checkpoint of a number goes.

    Parameters
    ----------
    folder : Path
        Of the checkpoints.
    number : int
        Its number.
    counted : str
        What the numbers count.

    Returns
    -------
    Path
        Its path.
    """
    return folder / f"{counted}-{number:012d}{SUFFIX}"


def checkpoints_in(folder: Path, counted: str = "step") -> list[tuple[int, Path]]:
    """The checkpoints of a folder and their numbers.

    Parameters
    ----------
    folder : Path
        Of the checkpoints.
    counted : str
        What the numbers count.

    Returns
    -------
    list of (int, Path)
        The latest last.
    """
    name = re.compile(rf"{re.escape(counted)}-(\d+){re.escape(SUFFIX)}")
    matches = [(name.fullmatch(path.name), path) for path in folder.iterdir()]
    return sorted((int(match[1]), path) for match, path in matches if match)


def keep_latest(folder: Path, keep: int, counted: str = "step") -> None:
    """Remove all checkpoints but the latest, and their notes.

    Parameters
    ----------
    folder : Path
        Of the checkpoints.
    keep : int
        How many stay.
    counted : str
        What the numbers count.
    """
    for _, path in checkpoints_in(folder, counted)[:-keep]:
        _remove(path)


def keep_only(checkpoint: Path, counted: str = "step") -> None:
    """Remove all checkpoints of a folder but one, and their notes.

    Parameters
    ----------
    checkpoint : Path
        Which stays.
    counted : str
        What the numbers count.
    """
    for _, path in checkpoints_in(checkpoint.parent, counted):
        if path != checkpoint:
            _remove(path)


def _remove(checkpoint: Path) -> None:
    for path in (checkpoint, notes_path(checkpoint)):
        with contextlib.suppress(FileNotFoundError):
            path.unlink()


def notes_path(checkpoint: Path) -> Path:
    """Where the notes on a checkpoint go.

    Parameters
    ----------
    checkpoint : Path
        Its path.

    Returns
    -------
    Path
        Of the notes.
    """
    return checkpoint.with_suffix(NOTES)


def write_notes(path: Path, notes: dict[str, Any]) -> None:
    """Write what JSON can hold; a crash leaves the file as it was.

    Parameters
    ----------
    path : Path
        Of the notes.
    notes : dict of object
        What JSON can hold.
    """
    with replacing(path) as stream:
        stream.write(json.dumps(notes).encode())


def read_notes(path: Path, most: int = -1) -> dict[str, Any]:
    """What `write_notes` wrote.

    Parameters
    ----------
    path : Path
        Of the notes.
    most : int
        Bytes read. -1: all.

    Returns
    -------
    dict
        The notes.

    Raises
    ------
    OSError, ValueError
        They can't be read.
    """
    with path.open("rb") as stream:
        notes = json.loads(stream.read(most))
    if not isinstance(notes, dict):
        raise ValueError("not an object of JSON")
    return notes


def read_plan(folder: Path) -> dict[str, Any]:
    """What ``engram run`` noted down.

    Parameters
    ----------
    folder : Path
        Of the checkpoints.

    Returns
    -------
    dict
        With "until", "every", "keep" and "output".

    Raises
    ------
    CheckpointError
        There is nothing to be used.
    """
    path = folder / PLAN
    try:
        plan = read_notes(path, MOST_OF_PLAN)
        keys(str(path), plan, _PLAN_KEYS)
        integer(f"{path}: until", plan["until"], 0, MAX_STEPS)
        for name in ("every", "keep"):
            integer(f"{path}: {name}", plan[name], 1)
    except OSError as error:
        raise CheckpointError(
            f"{folder}: no run to resume ({PLAN}: {error.strerror}); use "
            f"'engram run ... --checkpoint-every ...' first"
        ) from error
    except (ValueError, RecursionError) as error:
        raise CheckpointError(f"{path}: {error}") from error
    return plan
