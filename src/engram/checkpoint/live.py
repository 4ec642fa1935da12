"""Live data out of the tables, and back: what is saved leaves out spare capacity."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from engram.kernels.constants import EVENTS, LOGGED, STEP, STOPPED
from engram.state import layout
from engram.state.field import Field
from engram.state.schema import BRAIN_FIELDS, SYNAPSE_FIELDS
from engram.state.tables import FIXED_SIZES, Tables

Arrays = dict[str, NDArray[Any]]

SAVED = tuple(f for f in BRAIN_FIELDS if f.kind != "derived")
SAVED_SYNAPSE = tuple(f for f in SYNAPSE_FIELDS if f.kind != "derived")
HISTORY = ("event_first", "event_end")
FREE_SIZES = ("X", "Q", "M", "H", "J", "Z", "modes")
"""Dimensions that nothing else in the file tells."""


def column(p: int, name: str) -> str:
    """The name of a projection's array.

    Parameters
    ----------
    p : int
        Index of the projection.
    name : str
        Of the array.

    Returns
    -------
    str
        Its name in the file.
    """
    return f"projection{p}.{name}"


def n_slots(arrays: Mapping[str, NDArray[Any]]) -> int:
    """The neuron slots of tables in which these regions stand.

    Where a region was removed between others, its slots stay free until another one takes them.

    Parameters
    ----------
    arrays : mapping of array
        `region_first` and `region_capacity`.

    Returns
    -------
    int
        How many.
    """
    return int((arrays["region_first"] + arrays["region_capacity"]).max(initial=0))


def live_slots(tables: Tables) -> NDArray[np.int64] | slice:
    """The neuron slots in use.

    Parameters
    ----------
    tables : Tables
        Of a network.

    Returns
    -------
    array of int64 or slice
        A slice where there are no gaps.
    """
    first, count = tables["region_first"], tables["region_count"]
    if (first == np.cumsum(count) - count).all():
        # No gaps: whoever copies them copies a slice.
        return slice(0, int(count.sum()))
    parts = [np.arange(a, a + n) for a, n in zip(first, count, strict=True)]
    return np.concatenate(parts) if parts else np.zeros(0, np.int64)


def take(tables: Tables, step: int) -> Arrays:
    """Copies of all live data of the tables, by name.

    Of the spike ring, what may still be looked at: the spikes of the last H steps, in order; of
    the neuron slots, those in use; of a projection's rows and traces, those of neurons in use.

    Parameters
    ----------
    tables : Tables
        Of a network.
    step : int
        Steps done.

    Returns
    -------
    dict of array
        By name.
    """
    slots = live_slots(tables)
    horizon, head = tables.sizes["H"], int(tables["clock"][EVENTS])
    oldest = _oldest_event(tables, step, head)
    kept = np.arange(oldest, head) % tables.sizes["E"]
    ages = (step - 1 - np.arange(min(horizon, step))) % horizon
    arrays: Arrays = {}
    for field in SAVED:
        array = tables[field.name]
        if field.dims == ("E",):
            arrays[field.name] = array[kept]
        elif field.name in HISTORY:
            arrays[field.name] = array[ages]
        elif field.dims[-1] == "N":
            # An index copies already, a slice does not.
            live = array[..., slots]
            arrays[field.name] = live.copy() if isinstance(slots, slice) else live
        else:
            arrays[field.name] = array.copy()
    arrays["clock"][[LOGGED, STOPPED]] = 0
    for name in ("event_previous", "last_event"):
        # Nothing follows links to spikes that are too old to be kept.
        arrays[name][arrays[name] < oldest] = -1
    count = tables["region_count"]
    for p, block in enumerate(tables.blocks):
        pre, post = int(count[tables["source"][p]]), int(count[tables["target"][p]])
        ends = {"pre": pre, "post": post, "rows": pre * int(tables["delay_count"][p]) + 1}
        for field in SAVED_SYNAPSE:
            array = layout.column(block, field.name)
            arrays[column(p, field.name)] = array[..., : ends.get(field.dims[-1])].copy()
    return arrays


def _oldest_event(tables: Tables, step: int, head: int) -> int:
    horizon = tables.sizes["H"]
    back = min(horizon, step)
    if not back or not tables.sizes["R"]:
        return head
    oldest = int(tables["event_first"][(step - back) % horizon].min())
    return max(oldest, head - tables.sizes["E"], 0)


def put(tables: Tables, arrays: Arrays) -> None:
    """Write live data into tables of the right sizes; the rest stays as it was allocated.

    Parameters
    ----------
    tables : Tables
        Of a network.
    arrays : Arrays
        By name.
    """
    for field in SAVED:
        if field.dims != ("E",) and field.dims[-1] != "N" and field.name not in HISTORY:
            tables[field.name][...] = arrays[field.name]
    slots = live_slots(tables)
    for field in SAVED:
        if field.dims[-1] == "N":
            tables[field.name][..., slots] = arrays[field.name]
    _put_ring(tables, arrays)
    for p in range(tables.sizes["P"]):
        tables.blocks.append({f.name: _put_column(tables, p, f, arrays) for f in SAVED_SYNAPSE})


def _put_ring(tables: Tables, arrays: Arrays) -> None:
    names = [f.name for f in SAVED if f.dims == ("E",)]
    head, n = int(tables["clock"][EVENTS]), len(arrays[names[0]])
    size = tables.sizes["E"]
    while size < n:
        size *= 2
    tables.resize(E=size)
    places = np.arange(head - n, head) % size
    for name in names:
        tables[name][places] = arrays[name]
    step, horizon = int(tables["clock"][STEP]), tables.sizes["H"]
    for name in HISTORY:
        tables[name][:] = head - n
        ages = (step - 1 - np.arange(len(arrays[name]))) % horizon
        tables[name][ages] = arrays[name]


def _put_column(tables: Tables, p: int, field: Field, arrays: Arrays) -> NDArray[Any]:
    live = arrays[column(p, field.name)]
    _, n_pre, _, n_post = layout.bounds(tables, p)
    sizes = {"pre": n_pre, "post": n_post, "rows": n_pre * int(tables["delay_count"][p]) + 1}
    if field.dims == ("S1",):
        return layout.shortened(live).copy()
    if field.dims[-1] not in sizes:
        return live.copy()
    # Rows of slots that are not in use begin where the last one ends.
    spare = live[-1] if field.dims == ("rows",) else field.initial
    whole = np.full([*live.shape[:-1], sizes[field.dims[-1]]], spare, field.dtype)
    whole[..., : live.shape[-1]] = live
    return whole


DECIDING = (
    "clock",
    "region_first",
    "region_count",
    "region_capacity",
    "delay_min",
    "delay_count",
    "source",
    "target",
)
"""The arrays that, with the description of a brain, decide the shapes of all others."""

Claim = tuple[np.dtype[Any], tuple[int, ...]]
"""dtype and shape of an array."""


def expected(
    deciding: Arrays, claims: Mapping[str, Claim], sizes: Mapping[str, int], P: int, R: int
) -> dict[str, Claim]:
    """What every array has to be.

    Parameters
    ----------
    deciding : Arrays
        Arrays of `DECIDING`.
    claims : mapping of Claim
        What they are said to be, of which the lengths of ``event_neuron``, ``coupling_source`` and
        each ``post`` count, and whether an optional column is there at all.
    sizes : mapping of int
        The dimensions of `FREE_SIZES`.
    P : int
        Projections.
    R : int
        Regions.

    Returns
    -------
    dict of Claim
        Dtype and shape, by name.
    """
    count = deciding["region_count"]
    dims = {**FIXED_SIZES, **sizes, "P": P, "R": R, "N": int(count.sum())}
    dims["E"] = claims["event_neuron"][1][0]
    dims["U"] = claims["coupling_source"][1][0] if "coupling_source" in claims else 0
    step = int(deciding["clock"][STEP])
    found = {}
    for field in SAVED:
        shape = [dims[d] for d in field.dims]
        if field.name in HISTORY:
            shape[0] = min(sizes["H"], step)
        found[field.name] = (np.dtype(field.dtype), tuple(shape))
    for p in range(P):
        pre, post = (int(count[deciding[side][p]]) for side in ("source", "target"))
        own = {"pre": pre, "post": post, "rows": pre * int(deciding["delay_count"][p]) + 1}
        own["S"] = own["S1"] = own["S?"] = claims[column(p, "post")][1][0]
        # As many traces as the rule has, if any: they reach back as far as the longest delay.
        traces = claims.get(column(p, "pre_trace"), (None, (0,)))[1][0]
        own["T?"] = traces if traces in (0, 1, 2) else 0
        reach = int(deciding["delay_min"][p] + deciding["delay_count"][p])
        own["D"] = reach if own["T?"] else 0
        for field in SAVED_SYNAPSE:
            name = column(p, field.name)
            absent = field.dims == ("S?",) and claims.get(name, (None, ()))[1] == (0,)
            shape = [0] if absent else [{**FIXED_SIZES, **own}[d] for d in field.dims]
            found[name] = (np.dtype(field.dtype), tuple(shape))
    return found
