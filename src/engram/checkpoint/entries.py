"""Checks of tables of plain values in a manifest."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import fields
from typing import Any, TypeVar

from engram.errors import CheckpointError, brief, number

T = TypeVar("T")


def keys(
    where: str,
    entry: Any,
    expected: Mapping[str, type | tuple[type, ...]],
    extras: Mapping[str, type | tuple[type, ...]] | None = None,
) -> None:
    """Refuse a table that has not exactly these entries of these types.

    Parameters
    ----------
    where : str
        Names the table in errors.
    entry : object
        The table.
    expected : mapping of type or tuple of type
        Types by name.
    extras : mapping of type or tuple of type, optional
        The same of entries that may be left out.

    Raises
    ------
    CheckpointError
        It is no such table.
    """
    if isinstance(entry, dict):
        there = {name: kind for name, kind in (extras or {}).items() if name in entry}
        expected = {**expected, **there}
    if not isinstance(entry, dict) or set(entry) != set(expected):
        found = sorted(entry) if isinstance(entry, dict) else repr(entry)[:80]
        raise CheckpointError(f"{where} must have {sorted(expected)}, not {found}")
    for name, kind in expected.items():
        kinds = kind if isinstance(kind, tuple) else (kind,)
        value = entry[name]
        fits = type(value) in kinds or (float in kinds and type(value) is int)
        if not fits:
            raise CheckpointError(f"{where}: {name} can't be {brief(value)}")


def record(kind: type[T], where: str, values: Any) -> T:
    """A record of plain numbers and names from a table with exactly its entries.

    Parameters
    ----------
    kind : type
        Class of the record.
    where : str
        Names the table in errors.
    values : object
        The table.

    Returns
    -------
    T
        The record.

    Raises
    ------
    CheckpointError, InvalidTypeError, InvalidValueError
        It has other entries, or values of another type.
    """
    if not isinstance(values, dict) or set(values) != {f.name for f in fields(kind)}:  # type: ignore[arg-type]
        raise CheckpointError(f"{where} can't be {brief(values)}")
    types = {f.name: f.type for f in fields(kind)}  # type: ignore[arg-type]
    for name, value in values.items():
        if types[name] in ("str", str):
            if not isinstance(value, str):
                raise CheckpointError(f"{where}: {name} can't be {brief(value)}")
        else:
            number(f"{where}: {name}", value)
    return kind(**values)
