"""How an array stands in the file: as it is, or smaller where that loses nothing."""

from __future__ import annotations

import math
from collections.abc import Container, Mapping
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from engram.errors import CheckpointError, brief

SMALL = 256
"""Arrays with fewer entries are stored as they are."""

LONGEST = 1 << 40


class Form(NamedTuple):
    """What is in the file.

    Parameters
    ----------
    dtype : np.dtype
        Of the stored array.
    shape : tuple of int
        Of the stored array.
    decoded : int
        Bytes of the array it stands for.
    """

    dtype: np.dtype[Any]
    shape: tuple[int, ...]
    decoded: int


def encode(name: str, array: NDArray[Any]) -> tuple[NDArray[Any], dict[str, Any]]:
    """An array as it is stored, and how to get it back.

    ``repeated``: one value stands for all; ``differences``: a running sum from 0; ``stored``,
    ``plus``: whole numbers in a smaller type, less an offset.

    Parameters
    ----------
    name : str
        Of the array.
    array : array
        To be stored.

    Returns
    -------
    tuple of (array, dict)
        What is stored, and its entry in the manifest.

    Raises
    ------
    CheckpointError
        A number is not finite.
    """
    if array.dtype.kind == "f" and not np.isfinite(array).all() and ".tau_" not in f".{name}":
        raise CheckpointError(
            f"array {name!r} holds a value that is not finite; such a brain can't be saved"
        )
    array = np.ascontiguousarray(array)
    array = array.astype(array.dtype.newbyteorder("<"), copy=False)
    entry: dict[str, Any] = {"dtype": array.dtype.str, "shape": list(array.shape)}
    if array.size < SMALL:
        return array, entry
    if name.endswith(".segment"):
        entry["differences"] = True
        array = np.diff(array)
    flat = array.reshape(-1)
    words = flat.view(f"u{flat.itemsize}")
    if (words == words[0]).all():
        entry["repeated"] = True
        return flat[:1].copy(), entry
    if array.dtype.kind in "iu" and array.dtype.itemsize > 1:
        low, high = int(array.min()), int(array.max())
        for small in ("|u1", "<u2", "<u4"):
            dtype = np.dtype(small)
            if dtype.itemsize < array.dtype.itemsize and high - low <= np.iinfo(dtype).max:
                entry["stored"], entry["plus"] = dtype.str, low
                return (array - array.dtype.type(low)).astype(dtype), entry
    return array, entry


def stored_form(name: str, entry: Mapping[str, Any], dtypes: Container[str]) -> Form:
    """What a manifest's entry says is in the file.

    Parameters
    ----------
    name : str
        Of the array.
    entry : mapping of object
        Of the manifest.
    dtypes : Container
        Those that may be there.

    Returns
    -------
    Form
        Of the stored array.

    Raises
    ------
    CheckpointError
        It can't be true.
    """
    known = {"dtype", "shape", "crc32", "repeated", "differences", "stored", "plus"}
    if not isinstance(entry, Mapping) or not {"dtype", "shape", "crc32"} <= set(entry) <= known:
        raise CheckpointError(f"array {name!r} is described by {entry!r}")
    for key in ("dtype", "stored"):
        if key in entry and (not isinstance(entry[key], str) or entry[key] not in dtypes):
            raise CheckpointError(f"array {name!r}: its dtype can't be {brief(entry[key])}")
    shape = entry["shape"]
    whole = isinstance(shape, list) and all(
        isinstance(n, int) and not isinstance(n, bool) and 0 <= n <= LONGEST for n in shape
    )
    if not whole or len(shape) > 3:
        raise CheckpointError(f"array {name!r}: its shape can't be {brief(shape)}")
    dtype = np.dtype(entry["dtype"])
    decoded = math.prod(shape) * dtype.itemsize
    if entry.get("differences"):
        if len(shape) != 1 or shape[0] < 1 or dtype.kind not in "iu":
            raise CheckpointError(f"array {name!r}: {entry!r} can't be a running sum")
        shape = [shape[0] - 1]
    if entry.get("repeated"):
        if not math.prod(shape):
            raise CheckpointError(f"array {name!r}: nothing to repeat")
        shape = [1]
    if "stored" in entry:
        plus = entry.get("plus")
        if dtype.kind not in "iu" or isinstance(plus, bool) or not isinstance(plus, int):
            raise CheckpointError(f"array {name!r}: {entry!r} is no offset")
        dtype = np.dtype(entry["stored"])
    return Form(dtype, tuple(shape), decoded)


def decode(name: str, stored: NDArray[Any], entry: Mapping[str, Any]) -> NDArray[Any]:
    """The array that was encoded, in the byte order of this machine.

    Parameters
    ----------
    name : str
        Of the array.
    stored : array
        What is in the file.
    entry : mapping of object
        Of the manifest.

    Returns
    -------
    array
        The array that was encoded.

    Raises
    ------
    CheckpointError
        A number is out of range.
    """
    dtype = np.dtype(entry["dtype"]).newbyteorder("=")
    shape = list(entry["shape"])
    array = stored
    if "stored" in entry:
        low, limits = int(entry["plus"]), np.iinfo(dtype)
        most = int(stored.max()) if stored.size else 0
        if low < limits.min or low + most > limits.max:
            raise CheckpointError(f"array {name!r}: beyond the range of {dtype}")
        array = stored.astype(dtype)
        array += dtype.type(low)
    array = array.astype(dtype, copy=False)
    if entry.get("repeated"):
        size = [shape[0] - 1] if entry.get("differences") else shape
        array = np.full(size, array[0], dtype)
    if entry.get("differences"):
        # In Python's numbers, or a sum beyond the range of the type would wrap around.
        if array.size and (
            int(array.min()) < 0 or array.sum(dtype=np.float64) > np.iinfo(dtype).max
        ):
            raise CheckpointError(f"array {name!r}: its differences are out of range")
        sums = np.zeros(shape, dtype)
        np.cumsum(array, out=sums[1:], dtype=dtype)
        array = sums
    return array.reshape(shape)
