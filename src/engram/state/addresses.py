"""How the compiled loops find a brain's arrays: a table of addresses and sizes.

It holds those of all arrays in the order of the schema, then the address of a second table, with
one row for each projection's own arrays.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from numpy.typing import NDArray

from engram.state.schema import BRAIN_FIELDS, SHARE_FIELDS, SYNAPSE_FIELDS

WORDS = 4
"""Words an array takes: its address and up to three dimensions."""

BLOCK_SLOT = len(BRAIN_FIELDS) * WORDS
"""Where the table holds the address of the projections' table."""

BLOCK_FIELDS = (*SYNAPSE_FIELDS, *SHARE_FIELDS)
"""What a row of the projections' table is about."""

BLOCK_WORDS = len(BLOCK_FIELDS) * WORDS
"""Words of a row of the projections' table."""

POSITION = {
    field.name: k * WORDS
    for fields in (BRAIN_FIELDS, BLOCK_FIELDS)
    for k, field in enumerate(fields)
}
"""Where in the table, or in a projection's row, an array's words begin."""


def words_of(array: NDArray[Any]) -> list[int]:
    """What a table holds of an array.

    Parameters
    ----------
    array : array
        Of up to three dimensions, in one piece.

    Returns
    -------
    list of int
        Its address and sizes.
    """
    return [array.ctypes.data, *array.shape, 0, 0, 0][:WORDS]


def whole_rows(block: Mapping[str, NDArray[Any]]) -> dict[str, NDArray[Any]]:
    """The shares of a worker that delivers to all targets of a projection.

    Parameters
    ----------
    block : mapping of array
        Arrays of the projection, by name.

    Returns
    -------
    dict of array
        By name, see `SHARE_FIELDS`.
    """
    segment = block["segment"]
    return {"row_from": segment[:-1], "row_to": segment[1:]}
