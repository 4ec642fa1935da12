"""What holds of a brain's tables between any two steps."""

from __future__ import annotations

import numpy as np

from engram.errors import InvariantError
from engram.kernels.constants import (
    EVENTS,
    INHIBITORY_TRANSMITTER,
    LAST_STEP,
    NEVER,
    PATTERNS,
    STEP,
    TRANSMITTERS,
    TYPES,
)
from engram.state.field import Field
from engram.state.layout import bounds, read_out, signs
from engram.state.layout import column as column_of
from engram.state.renewal import out_of_range
from engram.state.schema import BRAIN_FIELDS, NEURON_FIELDS, SYNAPSE_FIELDS
from engram.state.tables import Array, Tables


def check(tables: Tables) -> None:
    """Check that the tables are consistent.

    Indices are in range, rows sorted and their pointers monotone, the incoming index the inverse of
    the rows, weights within their bounds, the dead without synapses, the spike ring in agreement
    with the neurons, and nothing is NaN. Takes time proportional to the size of the brain.

    Parameters
    ----------
    tables : Tables
        Of a network.

    Raises
    ------
    InvariantError
        What is wrong.
    """
    check_indices(tables)
    _check_shapes(tables)
    for p in range(tables.sizes["P"]):
        check_synapses(tables, p)
        _check_incoming(tables, p)


def check_indices(tables: Tables) -> None:
    """The part of `check` that has to hold before any compiled code may see the tables.

    It looks at nothing that is derived. With `check_synapses` it is all that has to be checked of
    tables that come from elsewhere.

    Parameters
    ----------
    tables : Tables
        Of a network.

    Raises
    ------
    InvariantError
        What is wrong.
    """
    _check_ranges(tables)
    _check_numbers(tables)
    _check_neurons(tables)
    _check_ring(tables)
    _require(len(tables.blocks) == tables.sizes["P"], "as many blocks as projections")
    for p in range(tables.sizes["P"]):
        _check_rows(tables, p)


def _require(holds: object, what: str) -> None:
    if not holds:
        raise InvariantError(f"not true of the tables: {what}")


def _check_ranges(tables: Tables) -> None:
    """Every number by itself; comparisons are such that NaN does not pass."""
    for field in BRAIN_FIELDS:
        _require(not out_of_range(field, tables[field.name]), f"{field.name} is {_range(field)}")
    clock, regions = tables["clock"], tables.sizes["R"]
    _require(clock[STEP] <= LAST_STEP and clock[EVENTS] < 1 << 62, "clock is within range")
    _require((tables["neuron_type"] < TYPES).all(), "neuron_type is a NeuronType")
    _require((tables["pattern"] < PATTERNS).all(), "pattern is a FiringPattern")
    for name in ("source", "target", "coupling_source", "coupling_target", "gate_region"):
        _require((tables[name] < regions).all(), f"{name} is a region")
    for name in ("nest_band", "coupling_band", "gate_band"):
        _require((tables[name] < tables.sizes["O"]).all(), f"{name} is a band of rhythm")
    _require((tables["held_since"] <= clock[STEP]).all(), "held_since is not in the future")
    for p, block in enumerate(tables.blocks):
        known = (block["nt"] < TRANSMITTERS).all()
        _require(known, f"nt of projection {p} is a Neurotransmitter")
        for field in (f for f in SYNAPSE_FIELDS if f.name in block):
            inside = not out_of_range(field, block[field.name])
            _require(inside, f"{field.name} of projection {p} is {_range(field)}")


def _range(field: Field) -> str:
    low = "" if field.low is None else f"{'above' if field.open_low else 'at least'} {field.low:g}"
    high = "" if field.high is None else f"at most {field.high:g}"
    return " and ".join(part for part in (low, high) if part)


def _check_shapes(tables: Tables) -> None:
    for field in BRAIN_FIELDS:
        shape = tuple(tables.sizes[d] for d in field.dims)
        _require(tables[field.name].shape == shape, f"{field.name} has shape {shape}")


def _check_numbers(tables: Tables) -> None:
    # Work space may hold anything.
    numbers = [f for f in BRAIN_FIELDS if f.dtype.startswith("float") and f.kind != "derived"]
    for field in (f for f in numbers if f.finite):
        _require(np.isfinite(tables[field.name]).all(), f"{field.name} is finite")
    for field in BRAIN_FIELDS:
        _require(tables[field.name].dtype == field.dtype, f"{field.name} is {field.dtype}")
    for p, block in enumerate(tables.blocks):
        for field in (f for f in SYNAPSE_FIELDS if f.name in block):
            what = f"{field.name} of projection {p}"
            _require(block[field.name].dtype == field.dtype, f"{what} is {field.dtype}")
            if field.dtype.startswith("float"):
                _require(np.isfinite(block[field.name]).all(), f"{what} is finite")


def _check_neurons(tables: Tables) -> None:
    first, capacity, count = (tables[f"region_{name}"] for name in ("first", "capacity", "count"))
    _require((first % 8 == 0).all(), "regions start at multiples of 8")
    # With gaps where regions were removed, and newer ones in these.
    order = np.argsort(first, kind="stable")
    ends = np.concatenate([[0], (first + capacity)[order]])
    _require((first[order] >= ends[:-1]).all(), "regions do not overlap")
    _require(ends[-1] == tables.sizes["N"], "the neuron table ends with a region")
    _require(((count >= 0) & (count <= capacity)).all(), "no region has more than its capacity")
    used = np.zeros(tables.sizes["N"], np.bool_)
    for a, n in zip(first, count, strict=True):
        used[a : a + n] = True
    alive = tables["alive"] == 1
    step = int(tables["clock"][STEP])
    _require(not (alive & ~used).any(), "only slots in use are alive")
    _require(not ((tables["fired"] == 1) & ~alive).any(), "the dead do not fire")
    _require((tables["born"][alive] <= step).all(), "nobody is born in the future")
    _require((tables["last_spike"] < step).all(), "no spike is in the future")
    for field in NEURON_FIELDS:
        # What was never used is as it was allocated, so that nothing leaks into a newborn.
        free = tables[field.name][..., ~used]
        _require(
            (free == np.array(field.initial, field.dtype)).all(), f"{field.name} of free slots"
        )


def _check_ring(tables: Tables) -> None:
    clock, sizes = tables["clock"], tables.sizes
    step, head, size, horizon = int(clock[STEP]), int(clock[EVENTS]), sizes["E"], sizes["H"]
    _require(size & (size - 1) == 0, "the size of the spike ring is a power of two")
    first, end = tables["event_first"], tables["event_end"]
    _require((first <= end).all() and (end <= head).all(), "ranges of the spike ring are in order")
    last_spike, last_event = tables["last_spike"], tables["last_event"]
    steps = np.arange(step - min(horizon, step), step)
    # All ranges in the order of time, and of regions within a step.
    starts, stops = first[steps % horizon].ravel(), end[steps % horizon].ravel()
    lengths = stops - starts
    used = lengths > 0
    _require((stops[used][:-1] <= starts[used][1:]).all(), "ranges of the spike ring are disjoint")
    _require((starts[used] >= head - size).all(), "spikes that may be looked at are in the ring")
    group = np.repeat(np.arange(len(lengths)), lengths)
    events = np.arange(len(group)) - np.repeat(np.cumsum(lengths) - lengths, lengths)
    events += starts[group]
    at, region = steps[group // max(sizes["R"], 1)], group % max(sizes["R"], 1)
    neurons = tables["event_neuron"][events % size].astype(np.int64)
    low = tables["region_first"][region]
    inside = (neurons >= low) & (neurons < low + tables["region_count"][region])
    _require(inside.all(), "spikes of a region are of its neurons")
    ordered = (np.diff(neurons) > 0) | (np.diff(group) > 0)
    _require(ordered.all(), "spikes of a step are in order, none twice")
    earlier = tables["event_previous_step"][events % size]
    _require((earlier < at).all(), "a neuron's previous spike is earlier")
    same = (tables["alive"][neurons] == 1) & (tables["born"][neurons] <= at)
    who, which, when = neurons[same], events[same], at[same]
    _require((last_spike[who] >= when).all(), "last_spike is the last")
    _require((last_event[who] >= which).all(), "last_event is the last")
    latest = last_spike[who] == when
    _require(((last_event[who] == which) == latest).all(), "last_event is last_spike's")
    oldest = events[0] if len(events) else head
    before = tables["event_previous"][events % size]
    for name, link in (("event_previous", before), ("last_event", last_event)):
        linked = link >= oldest
        place = np.searchsorted(events, link[linked])
        _require((place < len(events)).all(), f"{name} is the number of a spike")
        _require(
            (events[place] == link[linked]).all(), f"{name} is the number of a spike that is kept"
        )
        if name == "last_event":
            who, when = np.flatnonzero(linked), last_spike[linked]
        else:
            who, when = neurons[linked], earlier[linked]
        _require((neurons[place] == who).all(), f"{name} is of the same neuron")
        _require((at[place] == when).all(), f"{name} is of the step it should be")
    _require((last_event < head).all(), "no spike is numbered beyond the last")


def _check_rows(tables: Tables, p: int) -> None:
    block = tables.blocks[p]
    name = f"of projection {p}"
    _, n_pre, first_post, n_post = bounds(tables, p)
    segment, post, n = block["segment"], block["post"], len(block["post"])
    rows = n_pre * int(tables["delay_count"][p])
    _require(len(segment) == rows + 1, f"as many segments {name} as rows")
    _require(segment[0] == 0 and segment[-1] == n, f"segments {name} cover the synapses")
    _require((np.diff(segment) >= 0).all(), f"segments {name} are monotone")
    _require(((post >= first_post) & (post < first_post + n_post)).all(), f"post {name} in range")
    _require(tables["delay_min"][p] >= 1, f"delays {name} are at least one step")
    inside = np.ones(max(n - 1, 0), np.bool_)
    starts = segment[(segment > 0) & (segment < n)]
    inside[starts - 1] = False
    _require((np.diff(post)[inside] >= 0).all(), f"rows {name} are sorted by post")
    spans = np.flatnonzero(np.diff(segment))
    if n:
        lags = spans % int(tables["delay_count"][p])
        reached = lags.min() == 0 and lags.max() == tables["delay_count"][p] - 1
        _require(reached, f"delays {name} run from the shortest to the longest")
        longest = int(tables["delay_min"][p] + tables["delay_count"][p]) - 1
        _require(longest <= np.iinfo(np.uint16).max, f"delays {name} are within range")


def check_synapses(tables: Tables, p: int) -> None:
    """The columns of projection `p`, once its rows are known to be sound.

    Parameters
    ----------
    tables : Tables
        Of a network.
    p : int
        Index of the projection.

    Raises
    ------
    InvariantError
        What is wrong.
    """
    block = tables.blocks[p]
    name = f"of projection {p}"
    n = len(block["post"])
    _require(len(block["weight"]) == n, f"weight {name} has an entry for each synapse")
    for column in ("birth", "nt"):
        _require(len(block[column]) in (min(n, 1), n), f"{column} {name} has one for each, or all")
    for column in ("eligibility", "resource", "facilitation", "synapse_gain", "compartment"):
        _require(len(block[column]) in (0, n), f"{column} {name} has an entry for each, or none")
    low, high = tables["w_min"][p], tables["w_max"][p]
    _require(0.0 <= low <= high, f"bounds of weights {name} are in order")
    if not len(block["eligibility"]):
        # Eligibility that has not been added yet may carry the base beyond the bounds.
        magnitude = signs(block["nt"]) * block["weight"]
        inside = (magnitude >= low) & (magnitude <= high)
        _require(inside.all(), f"weights {name} are within their bounds")
    synapses = read_out(tables, p)
    alive = tables["alive"] == 1
    _require(alive[synapses["pre"]].all(), f"presynaptic neurons {name} are alive")
    _require(alive[synapses["post"]].all(), f"postsynaptic neurons {name} are alive")
    _require((block["birth"] <= tables["clock"][STEP]).all(), f"synapses {name} are born")
    youngest = block["birth"].max(initial=NEVER)
    _require(tables["youngest"][p] == youngest, f"youngest {name} is the latest birth")
    inhibitory = block["nt"] == INHIBITORY_TRANSMITTER
    sign = 1 if not inhibitory.any() else -1 if inhibitory.all() else 0
    _require(tables["common_sign"][p] == sign, f"common_sign {name} is that of all synapses")
    row = _rows(block["segment"])
    same = (np.diff(row) == 0) & (np.diff(block["post"]) == 0)
    mixed = (np.diff(row) == 0) & (np.diff(column_of(block, "nt").astype(np.int64)) != 0)
    regular = not (same.any() or mixed.any())
    _require(bool(tables["regular"][p]) == regular, f"regular {name} says whether rows are")


def _check_incoming(tables: Tables, p: int) -> None:
    block = tables.blocks[p]
    name = f"of projection {p}"
    n = len(block["post"])
    index, lengths = (block["in_synapse"], {len(block[f"in_{c}"]) for c in ("synapse", "tap")})
    _require(
        len(lengths) == 1 and lengths <= {0, n}, f"incoming index {name} is complete or absent"
    )
    if not len(index):
        return
    first_pre, n_pre, first_post, _ = bounds(tables, p)
    in_first = block["in_first"]
    counts = np.bincount(block["post"] - first_post, minlength=len(in_first) - 1)
    _require(in_first[0] == 0, f"incoming index {name} begins at 0")
    _require((np.diff(in_first) == counts).all(), f"incoming index {name} counts each neuron's")
    _require(
        (np.sort(index) == np.arange(n)).all(), f"incoming index {name} lists each synapse once"
    )
    synapses = read_out(tables, p)
    owner = np.repeat(np.arange(len(in_first) - 1), np.diff(in_first)) + first_post
    _require((block["post"][index] == owner).all(), f"incoming index {name} is the inverse of rows")
    tap = synapses["pre"].astype(np.int64) - first_pre - synapses["delay"].astype(np.int64) * n_pre
    _require((tap[index] == block["in_tap"]).all(), f"in_tap {name} is of source and delay")
    depth = int(tables["delay_min"][p] + tables["delay_count"][p])
    traces = block["pre_trace"]
    fits = traces.shape[0] == 0 or traces.shape[1:] == (depth, n_pre)
    _require(fits, f"pre_trace {name} reaches back to the longest delay")


def _rows(segment: Array) -> Array:
    """The row each synapse stands in."""
    return np.repeat(np.arange(len(segment) - 1), np.diff(segment))
