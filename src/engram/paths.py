"""Paths that users give."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

from engram.errors import InvalidTypeError, InvalidValueError, brief


def as_path(where: str, value: Any) -> Path:
    """A path from text or a path.

    Parameters
    ----------
    where : str
        Names object and attribute in an error.
    value : object
        What was given.

    Returns
    -------
    Path
        Whether there is something or not.

    Raises
    ------
    InvalidTypeError
        It is neither.
    InvalidValueError
        No file can be called so.
    """
    text = os.fspath(value) if isinstance(value, (str, os.PathLike)) else None
    if not isinstance(text, str):
        raise InvalidTypeError(f"{where} must be a text or a Path, not {brief(value)}")
    try:
        fine = b"\0" not in os.fsencode(text)
    except UnicodeEncodeError:
        fine = False
    if not fine:
        raise InvalidValueError(
            f"{where}: {brief(text)} is no path; no file can have such a character in its name"
        )
    return Path(text)
