"""What processes of users may save."""

from __future__ import annotations

import json

import numpy as np

from engram.checkpoint.container import DTYPES
from engram.errors import InvalidValueError
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
    try:
        values = json.loads(json.dumps(saved[0], allow_nan=False))
    except (TypeError, ValueError) as error:
        raise InvalidValueError(
            f"{where}: values must be what JSON can hold ({error}); use int(...), float(...), "
            f"lists, or put it among the arrays"
        ) from error
    if not isinstance(values, dict):
        raise InvalidValueError(f"{where}: values must be a dict, not {saved[0]!r:.80}")
    for name, array in saved[1].items():
        fine = isinstance(array, np.ndarray) and array.dtype.str in DTYPES
        if not (fine and isinstance(name, str) and 1 <= array.ndim <= 3):
            raise InvalidValueError(
                f"{where}: {name!r} must be an array of one to three dimensions with a dtype of "
                f"{sorted(DTYPES)}, not {array!r:.80}"
            )
        if array.dtype.kind == "f" and not np.isfinite(array).all():
            raise InvalidValueError(f"{where}: {name!r} holds a value that is not finite")
    return values, saved[1]
