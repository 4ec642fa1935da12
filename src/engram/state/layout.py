"""Laying out a projection's synapses: rows by presynaptic neuron and delay, and the inverse."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from engram.kernels.calls import call, kernel
from engram.kernels.constants import INHIBITORY_TRANSMITTER, NEVER, STEP
from engram.state.schema import FIELDS, SYNAPSE_FIELDS
from engram.state.tables import FIXED_SIZES, SYNAPSE_COLUMNS, Array, Tables

MANY = 1 << 12
"""Synapses from which on they are sorted row by row."""

INDEX_COLUMNS = ("in_synapse", "in_tap")

Synapses = dict[str, Array]
"""Per-synapse arrays by name: the columns of the schema, and ``pre`` and ``delay`` (steps)."""


def column(block: dict[str, Array], name: str) -> Array:
    """A column with an entry for each synapse, also where one stands for all.

    Parameters
    ----------
    block : dict of array
        Arrays of a projection.
    name : str
        Of the column.

    Returns
    -------
    array
        To be read only: a view.
    """
    found, n = block[name], len(block["post"])
    return np.broadcast_to(found, n) if FIELDS[name].dims == ("S1",) else found


def shortened(values: Array) -> Array:
    """One entry for all where they are the same.

    Parameters
    ----------
    values : array
        A column.

    Returns
    -------
    array
        The column, or one of length 1.
    """
    alike = len(values) > 0 and (values.strides == (0,) or bool((values == values[0]).all()))
    return values[:1].copy() if alike else values


def bounds(tables: Tables, p: int) -> tuple[int, int, int, int]:
    """First neuron slot and number of slots of a projection's source and target.

    Parameters
    ----------
    tables : Tables
        Of a network.
    p : int
        Index of the projection.

    Returns
    -------
    tuple of (int, int, int, int)
        Source: first and number; target: first and number.
    """
    source, target = int(tables["source"][p]), int(tables["target"][p])
    first, capacity = tables["region_first"], tables["region_capacity"]
    return int(first[source]), int(capacity[source]), int(first[target]), int(capacity[target])


def new_block(tables: Tables, p: int) -> dict[str, Array]:
    """The arrays of projection `p` without synapses.

    Parameters
    ----------
    tables : Tables
        Of a network.
    p : int
        Index of the projection.

    Returns
    -------
    dict of array
        By name.
    """
    _, n_pre, _, n_post = bounds(tables, p)
    sizes = {"S": 0, "S?": 0, "S1": 0, "pre": n_pre, "post": n_post, **FIXED_SIZES}
    sizes |= {"post+1": n_post + 1}
    sizes |= {"rows": n_pre * int(tables["delay_count"][p]) + 1, "T?": 0, "D": 0}
    return {
        f.name: np.full([sizes[d] for d in f.dims], f.initial, dtype=f.dtype)
        for f in SYNAPSE_FIELDS
    }


def read_out(tables: Tables, p: int) -> Synapses:
    """The live synapses of projection `p` in the order they are laid out.

    Parameters
    ----------
    tables : Tables
        Of a network.
    p : int
        Index of the projection.

    Returns
    -------
    Synapses
        Columns; views where they can be.
    """
    block = tables.blocks[p]
    n = block["post"].shape[0]
    first_pre = bounds(tables, p)[0]
    pre, delay = np.empty(n, np.int32), np.empty(n, np.uint16)
    call(
        "wiring.expand_rows",
        block,
        lags=int(tables["delay_count"][p]),
        first_pre=first_pre,
        shortest=int(tables["delay_min"][p]),
        pre=pre,
        delay=delay,
    )
    names = [c for c in SYNAPSE_COLUMNS if c not in INDEX_COLUMNS]
    columns = {c: column(block, c) for c in names}
    return {"pre": pre, "delay": delay, **{c: v for c, v in columns.items() if len(v) == n}}


def joined(old: Synapses, new: Synapses) -> Synapses:
    """The synapses of both; a column only one has is filled with its initial value.

    Parameters
    ----------
    old : Synapses
        Of a projection.
    new : Synapses
        Of the same.

    Returns
    -------
    Synapses
        The old ones first.
    """
    n_old, n_new = len(old["pre"]), len(new["pre"])

    def of(part: Synapses, name: str, n: int) -> NDArray[Any]:
        if name in part:
            return part[name]
        field = FIELDS[name]
        return np.full(n, field.initial, field.dtype)

    return {
        name: np.concatenate([of(old, name, n_old), of(new, name, n_new)])
        for name in {**old, **new}
    }


def selected(synapses: Synapses, keep: NDArray[Any]) -> Synapses:
    """Some of the synapses.

    Parameters
    ----------
    synapses : Synapses
        Of a projection.
    keep : array
        Indices, or a mask.

    Returns
    -------
    Synapses
        Those.
    """
    return {name: column[keep] for name, column in synapses.items()}


def lay_out(
    tables: Tables, p: int, synapses: Synapses, *, columns: set[str], traces: int | None
) -> None:
    """Make these the synapses of projection `p`.

    Parameters
    ----------
    tables : Tables
        Of a network.
    p : int
        Index of the projection.
    synapses : Synapses
        In any order.
    columns : set of str
        The optional columns the projection needs.
    traces : int or None
        How many presynaptic ones its rule has. None: no rule (which looks synapses up by their
        postsynaptic neuron).
    """
    first_pre, n_pre, first_post, n_post = bounds(tables, p)
    n = len(synapses["pre"])
    delay = synapses["delay"]
    shortest = int(delay.min()) if n else 1
    lags = int(delay.max()) - shortest + 1 if n else 1
    lag = (delay - np.uint16(shortest)).astype(np.uint16)
    order, segment, in_order = call(
        "wiring.sort_rows",
        synapses,
        lag=lag,
        lags=lags,
        first_pre=first_pre,
        n_pre=n_pre,
        first_post=first_post,
        n_post=n_post,
    )
    found: Synapses = {}
    for name, given in synapses.items():
        if name not in SYNAPSE_COLUMNS:
            continue
        field = FIELDS[name]
        if field.dims == ("S?",) and name not in columns:
            continue
        given = given.astype(field.dtype, copy=False)
        if field.dims == ("S1",):
            given = shortened(given)
        sorted_already = in_order or len(given) < n
        found[name] = given.copy() if sorted_already else given[order]
    rows = segment, shortest, lags
    settle(tables, p, found, rows, columns=columns, traces=traces)


def settle(
    tables: Tables,
    p: int,
    synapses: Synapses,
    rows: tuple[NDArray[np.int32], int, int],
    *,
    columns: set[str],
    traces: int | None,
) -> None:
    """Make these the synapses of projection `p`, which are in order and may be kept.

    Parameters
    ----------
    tables : Tables
        Of a network.
    p : int
        Index of the projection.
    synapses : Synapses
        Columns of their own types, those with one entry for all as such; others get initial values.
    rows : tuple of (array of int32, int, int)
        Where each (neuron, delay) begins; the shortest delay, steps, and how many there are.
    columns : set of str
        The optional columns the projection needs.
    traces : int or None
        How many presynaptic ones its rule has. None: no rule.
    """
    block, n = tables.blocks[p], len(synapses["post"])
    for name in SYNAPSE_COLUMNS:
        field = FIELDS[name]
        if name in INDEX_COLUMNS:
            continue
        if name in synapses:
            block[name] = synapses[name]
            continue
        one = field.dims == ("S1",)
        absent = field.dims == ("S?",) and name not in columns
        block[name] = np.full(0 if absent else min(n, 1) if one else n, field.initial, field.dtype)
    block["segment"], tables["delay_min"][p], tables["delay_count"][p] = rows
    derive(tables, p, traces=traces)


def derive(tables: Tables, p: int, *, traces: int | None) -> None:
    """Bring what follows from the rows of projection `p` up to date.

    Parameters
    ----------
    tables : Tables
        Of a network.
    p : int
        Index of the projection.
    traces : int or None
        How many presynaptic ones its rule has. None: no rule.
    """
    incoming = traces is not None
    block = tables.blocks[p]
    _, n_pre, first_post, n_post = bounds(tables, p)
    n = len(block["post"])
    describe(tables, p)
    for name in INDEX_COLUMNS:
        block[name] = np.empty(n if incoming else 0, FIELDS[name].dtype)
    block["in_first"] = np.zeros(n_post + 1, np.int32)
    if incoming:
        call(
            "wiring.build_incoming",
            block,
            lags=int(tables["delay_count"][p]),
            shortest=int(tables["delay_min"][p]),
            n_pre=n_pre,
            first_post=first_post,
        )
    _fit_traces(tables, p, traces or 0)
    tables.touch()


def amend(
    tables: Tables, p: int, gone: NDArray[np.int32], new: Synapses, *, traces: int | None
) -> None:
    """Remove synapses of projection `p` and add new ones.

    The result is that of `lay_out`. It takes one pass over the synapses and their incoming index
    and sorts the new ones only. The projection has the optional columns it needs; some synapses
    stay, or there are new ones.

    Parameters
    ----------
    tables : Tables
        Of a network.
    p : int
        Index of the projection.
    gone : array of int32
        Indices, sorted.
    new : Synapses
        In any order.
    traces : int or None
        How many presynaptic ones its rule has. None: no rule.
    """
    block = tables.blocks[p]
    first_pre, n_pre, first_post, n_post = bounds(tables, p)
    old_lags, old_min = int(tables["delay_count"][p]), int(tables["delay_min"][p])
    used = int(tables["region_count"][tables["source"][p]])
    order = _order(new, first_pre, n_pre, first_post, n_post)
    new = selected(new, order)
    delay = new["delay"].astype(np.int64)
    low, high = kernel("restructure.kept_lags")(used, block["segment"], old_lags, gone)
    ends = [old_min + low, old_min + high] if high >= 0 else []
    ends += [int(delay.min()), int(delay.max())] if len(delay) else []
    shortest, lags = min(ends), max(ends) - min(ends) + 1
    n_old, n_new = len(block["post"]), len(order)
    n = n_old - len(gone) + n_new
    segment = np.empty(n_pre * lags + 1, np.int32)
    origin, number = np.empty(n, np.int32), np.empty(n_old, np.int32)
    place = np.empty(n_new, np.int32)
    call(
        "restructure.merge_rows",
        block,
        n_used=used,
        lags=old_lags,
        gone=gone,
        new_pre=new["pre"] - np.int32(first_pre),
        new_lag=delay - shortest,
        new_post=new["post"],
        shift=shortest - old_min,
        segment_out=segment,
        lags_out=lags,
        origin=origin,
        number=number,
        place=place,
    )
    incoming = traces is not None
    for name in SYNAPSE_COLUMNS:
        old, field = block[name], FIELDS[name]
        if field.dims == ("S1",):
            old = np.full(n_old, old[0]) if len(old) == 1 else old
        if name in INDEX_COLUMNS or len(old) < n_old:
            continue
        added = new.get(name)
        if added is None:
            added = np.full(n_new, field.initial, field.dtype)
        added = added.astype(field.dtype, copy=False)
        whole = np.empty(n, field.dtype)
        kernel("restructure.merge_column")(origin, old, added, whole)
        block[name] = shortened(whole) if field.dims == ("S1",) else whole
    block["segment"] = segment
    tables["delay_min"][p], tables["delay_count"][p] = shortest, lags
    describe(tables, p)
    if incoming:
        by_post = np.lexsort((place, new["post"]))
        tap = new["pre"] - np.int64(first_pre) - delay * n_pre
        index = {name: np.empty(n, FIELDS[name].dtype) for name in INDEX_COLUMNS}
        in_first = np.empty(n_post + 1, np.int32)
        call(
            "restructure.merge_incoming",
            block,
            number=number,
            new_post=new["post"][by_post] - np.int32(first_post),
            new_synapse=place[by_post],
            new_tap=tap[by_post].astype(np.int32),
            first_out=in_first,
            synapse_out=index["in_synapse"],
            tap_out=index["in_tap"],
        )
        block.update(index)
        block["in_first"] = in_first
    _fit_traces(tables, p, traces or 0)
    tables.touch()


def _order(new: Synapses, first_pre: int, n_pre: int, first_post: int, n_post: int) -> NDArray[Any]:
    """The order of some synapses by (pre, delay, post)."""
    if len(new["pre"]) < MANY:
        return np.lexsort((new["post"], new["delay"], new["pre"]))
    shortest = new["delay"].min()
    order, _, _ = call(
        "wiring.sort_rows",
        new,
        lag=(new["delay"] - shortest).astype(np.uint16),
        lags=int(new["delay"].max() - shortest) + 1,
        first_pre=first_pre,
        n_pre=n_pre,
        first_post=first_post,
        n_post=n_post,
    )
    return np.asarray(order)


def describe(tables: Tables, p: int) -> None:
    """What the loops want to know of all synapses of projection `p` at once.

    Parameters
    ----------
    tables : Tables
        Of a network.
    p : int
        Index of the projection.
    """
    block = tables.blocks[p]
    tables["regular"][p] = kernel("wiring.is_regular")(block["post"], block["nt"], block["segment"])
    inhibitory = block["nt"] == INHIBITORY_TRANSMITTER
    tables["common_sign"][p] = 1 if not inhibitory.any() else -1 if inhibitory.all() else 0
    tables["youngest"][p] = block["birth"].max(initial=NEVER)


def _fit_traces(tables: Tables, p: int, traces: int) -> None:
    """Let the presynaptic traces reach as far back as the longest delay; what is kept stays."""
    block = tables.blocks[p]
    old, n_pre = block["pre_trace"], bounds(tables, p)[1]
    depth = int(tables["delay_min"][p] + tables["delay_count"][p]) if traces else 0
    if old.shape == (traces, depth, n_pre):
        return
    new = np.zeros((traces, depth, n_pre), np.float32)
    if old.shape[0] == traces:
        steps = int(tables["clock"][STEP]) - np.arange(1, min(depth, old.shape[1]) + 1)
        new[:, steps % max(depth, 1)] = old[:, steps % max(old.shape[1], 1)]
    block["pre_trace"] = new


def signs(nt: NDArray[np.uint8]) -> NDArray[np.float32]:
    """Signs of synapses.

    Parameters
    ----------
    nt : array of uint8
        Their transmitters.

    Returns
    -------
    array of float32
        -1 for inhibitory synapses, else +1.
    """
    return np.where(nt == INHIBITORY_TRANSMITTER, np.float32(-1), np.float32(1))
