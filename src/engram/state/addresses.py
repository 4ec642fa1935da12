"""How the compiled loops find a brain's arrays: a table of addresses and sizes.

It holds those of all arrays in the order of the schema, then the address of a second table, with
one row for each projection's own arrays.
"""

from __future__ import annotations

from engram.state.schema import BRAIN_FIELDS, SYNAPSE_FIELDS

WORDS = 4
"""Words an array takes: its address and up to three dimensions."""

BLOCK_SLOT = len(BRAIN_FIELDS) * WORDS
"""Where the table holds the address of the projections' table."""

BLOCK_WORDS = len(SYNAPSE_FIELDS) * WORDS
"""Words of a row of the projections' table."""

POSITION = {
    field.name: k * WORDS
    for fields in (BRAIN_FIELDS, SYNAPSE_FIELDS)
    for k, field in enumerate(fields)
}
"""Where in the table, or in a projection's row, an array's words begin."""
