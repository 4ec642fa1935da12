"""Lists of figures (statistics, growth cycles) as arrays: one column a figure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import fields
from itertools import pairwise
from typing import Any, TypeVar

import numpy as np
from numpy.typing import NDArray

from engram.mechanisms.growth import GrowthCycle
from engram.recording.statistics import BrainStats, RegionStats

T = TypeVar("T")
Arrays = dict[str, NDArray[Any]]


def _kinds(kind: type) -> dict[str, str]:
    """The columns of a record, and their types: numbers only."""
    types = {f.name: str(getattr(f.type, "__name__", f.type)) for f in fields(kind)}
    return {n: {"int": "<i8", "float": "<f8"}[t] for n, t in types.items() if t in ("int", "float")}


def _columns(prefix: str, kind: type, records: Sequence[Any]) -> Arrays:
    return {
        f"{prefix}.{name}": np.array([getattr(r, name) for r in records], dtype)
        for name, dtype in _kinds(kind).items()
    }


def to_arrays(growth: Sequence[GrowthCycle], stats: Sequence[BrainStats]) -> Arrays:
    """The histories of a brain, as arrays by name.

    Entries of `region_stats` follow one another; ``stats.regions`` says how many belong to each.

    Parameters
    ----------
    growth : sequence of GrowthCycle
        The growth cycles.
    stats : sequence of BrainStats
        The statistics.

    Returns
    -------
    dict of array
        By name.
    """
    regions = [r for s in stats for r in s.regions]
    return {
        **_columns("growth", GrowthCycle, growth),
        **_columns("stats", BrainStats, stats),
        "stats.regions": np.array([len(s.regions) for s in stats], "<i8"),
        **_columns("region_stats", RegionStats, regions),
    }


def names() -> dict[str, str]:
    """The arrays `to_arrays` makes, and their dtypes."""
    found = {"stats.regions": "<i8"}
    for prefix, kind in (
        ("growth", GrowthCycle),
        ("stats", BrainStats),
        ("region_stats", RegionStats),
    ):
        found |= {f"{prefix}.{name}": dtype for name, dtype in _kinds(kind).items()}
    return found


def _rows(prefix: str, kind: type[T], arrays: Arrays, **more: Sequence[Any]) -> list[T]:
    columns = {name: arrays[f"{prefix}.{name}"].tolist() for name in _kinds(kind)}
    columns |= {name: list(values) for name, values in more.items()}
    return [
        kind(**dict(zip(columns, row, strict=True))) for row in zip(*columns.values(), strict=True)
    ]


def from_arrays(
    arrays: Arrays, regions: Sequence[tuple[str, str]]
) -> tuple[list[GrowthCycle], list[BrainStats]]:
    """The histories again.

    Parameters
    ----------
    arrays : Arrays
        What `to_arrays` made.
    regions : sequence of tuple of (str, str)
        Names and types. Regions are only ever added.

    Returns
    -------
    tuple of (list of GrowthCycle, list of BrainStats)
        The histories.

    Raises
    ------
    ValueError
        There are statistics of regions there are not.
    """
    counts = arrays["stats.regions"].tolist()
    if counts and not (0 <= min(counts) and max(counts) <= len(regions)):
        raise ValueError("stats.regions: statistics of regions there are not")
    which = [k for n in counts for k in range(n)]
    inner = _rows(
        "region_stats",
        RegionStats,
        arrays,
        name=[regions[k][0] for k in which],
        region_type=[regions[k][1] for k in which],
    )
    ends = np.cumsum([0, *counts]).tolist()
    groups = [tuple(inner[a:b]) for a, b in pairwise(ends)]
    return (
        _rows("growth", GrowthCycle, arrays),
        _rows("stats", BrainStats, arrays, regions=groups),
    )
