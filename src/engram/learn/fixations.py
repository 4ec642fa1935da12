"""Looking at a picture from several positions, as eyes do between microsaccades."""

from __future__ import annotations

from collections.abc import Iterator
from math import isqrt

import numpy as np
from numpy.typing import NDArray

from engram.errors import InvalidValueError

POSITIONS = ((0, 0), (0, 1), (0, -1), (1, 0), (-1, 0), (1, 1), (1, -1), (-1, 1), (-1, -1))
"""Rows and columns by which a picture is moved: the centre, next to it, diagonally."""

CHOICES = (1, 5, 9)
"""How many of them make a symmetric set."""


def check_fixations(where: str, fixations: object, n_features: int) -> int:
    """1, 5 or 9; more than 1 only for square pictures."""
    if fixations not in CHOICES or isinstance(fixations, bool):
        raise InvalidValueError(
            f"{where}: fixations must be one of {CHOICES}: the centre, with the four positions "
            f"next to it, or with the diagonal ones too; not {fixations!r}"
        )
    n = int(fixations)
    if n > 1 and isqrt(n_features) ** 2 != n_features:
        raise InvalidValueError(
            f"{where}: fixations={n} moves square pictures, but samples have {n_features} "
            f"features, which is no square number; use fixations=1, or pad the pictures"
        )
    return n


def looks(values: NDArray[np.float32], fixations: int) -> Iterator[NDArray[np.float32]]:
    """Square pictures, one in a row, moved by a pixel at most; 0 comes in from beyond the edge."""
    if fixations == 1:
        yield values
        return
    side = isqrt(values.shape[1])
    padded = np.pad(values.reshape(-1, side, side), ((0, 0), (1, 1), (1, 1)))
    for down, right in POSITIONS[:fixations]:
        moved = padded[:, 1 - down : 1 - down + side, 1 - right : 1 - right + side]
        yield np.ascontiguousarray(moved.reshape(len(values), -1))
