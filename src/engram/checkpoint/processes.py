"""What processes of users may save."""

from __future__ import annotations

import json
from typing import Any

import numpy as np

from engram.checkpoint.container import DTYPES
from engram.errors import InvalidValueError, brief, label
from engram.network.network import Process, Saved


def checked_save(process: Process) -> Saved:
    """What a process saves, as it will come back from a file.

    Parameters
    ----------
    process : Process
        Of a user.

    Returns
    -------
    Saved
        Values as JSON gives them back, and arrays.

    Raises
    ------
    InvalidValueError
        A file could not hold it.
    """
    where = f"{type(process).__name__}.save"
    saved = process.save()
    if not (isinstance(saved, tuple) and len(saved) == 2 and isinstance(saved[1], dict)):
        raise InvalidValueError(f"{where}: must return (values, arrays), two dicts")
    if not isinstance(saved[0], dict):
        raise InvalidValueError(f"{where}: values must be a dict, not {brief(saved[0])}")
    try:
        values: dict[str, Any] = json.loads(json.dumps(saved[0], allow_nan=False))
        lost = values != _with_lists(where, saved[0])
    except (TypeError, RecursionError, ValueError) as error:
        if isinstance(error, InvalidValueError):
            raise
        raise InvalidValueError(
            f"{where}: values must be what JSON can hold ({error}); use int(...), float(...), "
            f"lists, or put it among the arrays"
        ) from error
    if lost:
        raise InvalidValueError(
            f"{where}: values must be what JSON gives back as it was, not {brief(saved[0])}"
        )
    for name, array in saved[1].items():
        label(f"{where}: the name of an array", name)
        fine = isinstance(array, np.ndarray) and array.dtype.str in DTYPES
        if not (fine and 1 <= array.ndim <= 3):
            raise InvalidValueError(
                f"{where}: {brief(name)} must be an array of one to three dimensions with a dtype "
                f"of {sorted(DTYPES)}, not {brief(array)}"
            )
        if array.dtype.kind == "f" and not np.isfinite(array).all():
            raise InvalidValueError(f"{where}: {brief(name)} holds a value that is not finite")
    return values, saved[1]


def _with_lists(where: str, value: Any) -> Any:
    """A value with lists in place of tuples; JSON would turn other keys than text into text."""
    if isinstance(value, dict):
        for key in value:
            if not isinstance(key, str):
                raise InvalidValueError(
                    f"{where}: the keys of a dict among the values must be strings, not "
                    f"{brief(key)}; use str(...), or a list of pairs"
                )
        return {key: _with_lists(where, held) for key, held in value.items()}
    if isinstance(value, (list, tuple)):
        return [_with_lists(where, held) for held in value]
    return value
