"""States of networks in files, and in memory."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from engram.checkpoint import container, records
from engram.checkpoint.atomic import replacing
from engram.checkpoint.contents import (
    MECHANISMS,
    check_claims,
    check_description,
    check_values,
    table_bytes,
)
from engram.checkpoint.live import DECIDING, Arrays
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
        described, arrays = packed(state)
        del described["format"]
        container.write(stream, described, arrays, FORMAT, compress)


def packed(state: State) -> State:
    """A state as it stands in a file, to be pickled.

    Parameters
    ----------
    state : State
        Of a network.

    Returns
    -------
    State
        With its format, and histories as arrays.
    """
    described, arrays = dict(state[0]), dict(state[1])
    growth, stats = described.pop("growth_history"), described.pop("stats_history")
    arrays |= records.to_arrays(growth, stats)
    return {"format": FORMAT, **described}, arrays


def unpacked(kept: State) -> State:
    """Undo `packed`, also what an older version of Engram packed.

    Parameters
    ----------
    kept : State
        What was pickled.

    Returns
    -------
    State
        Of the present format, checked.

    Raises
    ------
    CheckpointError
        It contradicts itself, or lacks something.
    """
    with container.refusing("a pickled brain"):
        described, arrays = dict(kept[0]), dict(kept[1])
        version = container.format_of(described, FORMAT)
        del described["format"]
        described, arrays = _present(described, arrays, version)
        claims = {name: (array.dtype, array.shape) for name, array in arrays.items()}
        check_description(described, MECHANISMS)
        check_claims(described, arrays, claims)
        return _checked(described, arrays)


def _present(described: dict[str, Any], arrays: Arrays, version: int) -> State:
    """A state of any format in the form of the present one."""
    if version < FORMAT:
        described, arrays = migrated((described, arrays), version)
        for name in MECHANISMS:
            described["mechanisms"].setdefault(name, {})
    return described, arrays


def _checked(described: dict[str, Any], arrays: Arrays) -> State:
    """Values that don't contradict each other, with their histories."""
    check_values(described, arrays)
    kinds = [(entry["name"], entry["type"]) for entry in described["regions"]]
    growth, stats = records.from_arrays(arrays, kinds)
    return {**described, "growth_history": growth, "stats_history": stats}, arrays


def read_state(source: Path, memory: int | None = None) -> State:
    """The state in a file, checked; see `load_brain`.

    Parameters
    ----------
    source : Path
        A file.
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
            described, arrays = _present(described, arrays, version)
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
        return _checked(described, arrays)
