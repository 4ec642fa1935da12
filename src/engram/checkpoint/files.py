"""States of networks in files, and in memory."""

from __future__ import annotations

import io
from pathlib import Path
from typing import IO

from engram.checkpoint import container, records
from engram.checkpoint.atomic import replacing
from engram.checkpoint.contents import (
    MECHANISMS,
    check_claims,
    check_description,
    check_values,
    table_bytes,
)
from engram.checkpoint.live import DECIDING
from engram.checkpoint.migrations import FORMAT, migrated
from engram.checkpoint.state import State
from engram.errors import CheckpointError


def write_state(state: State, path: Path, *, compress: bool) -> None:
    """Write a state to a file, which takes the place of an older one when it is complete.

    Parameters
    ----------
    state : State
        Of a network.
    path : Path
        Of the file.
    compress : bool
        Whether it is compressed.
    """
    with replacing(path) as stream:
        _write(state, stream, compress)


def dumped(state: State) -> bytes:
    """A state as the bytes of a checkpoint.

    Parameters
    ----------
    state : State
        Of a network.

    Returns
    -------
    bytes
        Not compressed.
    """
    stream = io.BytesIO()
    _write(state, stream, compress=False)
    return stream.getvalue()


def _write(state: State, stream: IO[bytes], compress: bool) -> None:
    described, arrays = dict(state[0]), dict(state[1])
    growth, stats = described.pop("growth_history"), described.pop("stats_history")
    arrays |= records.to_arrays(growth, stats)
    container.write(stream, described, arrays, FORMAT, compress)


def read_state(source: Path | bytes, memory: int | None = None) -> State:
    """The state in a file, or in the bytes of one, checked; see `load_brain`.

    Parameters
    ----------
    source : Path or bytes
        A file, or its bytes.
    memory : int, optional
        Bytes it may take. None: by the size of the file.

    Returns
    -------
    State
        Of the present format.

    Raises
    ------
    CheckpointError
        It can't be read, contradicts itself, or takes too much memory.
    """
    with container.opened(source) as (archive, header):
        version = container.check_version(header, FORMAT)
        most = container.allowance(source, memory)
        claims = container.claims(archive, header, most)
        described = header["brain"]
        if version < FORMAT:
            arrays = {name: container.read_array(archive, header, name) for name in claims}
            described, arrays = migrated((described, arrays), version)
            for name in MECHANISMS:
                described["mechanisms"].setdefault(name, {})
            claims = {name: (array.dtype, array.shape) for name, array in arrays.items()}
            deciding = arrays
        else:
            deciding = container.read_small(archive, header, DECIDING)
        check_description(described, MECHANISMS)
        check_claims(described, deciding, claims)
        needed = table_bytes(described, deciding, claims)
        if needed > most:
            raise CheckpointError(
                f"it needs {needed / 2**20:,.0f} MiB of memory, more than the {most / 2**20:,.0f} "
                f"MiB a file of its size may take; if you trust it, pass "
                f"load_brain(memory={needed})"
            )
        if version == FORMAT:
            arrays = {name: container.read_array(archive, header, name) for name in claims}
        check_values(described, arrays)
        kinds = [(entry["name"], entry["type"]) for entry in described["regions"]]
        growth, stats = records.from_arrays(arrays, kinds)
        return {**described, "growth_history": growth, "stats_history": stats}, arrays
