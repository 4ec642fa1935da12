"""Checks of what a file says about a brain, before anything is built from it."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from engram.checkpoint.entries import keys
from engram.checkpoint.live import (
    FREE_SIZES,
    SAVED_SYNAPSE,
    Arrays,
    Claim,
    column,
    expected,
    n_slots,
)
from engram.checkpoint.records import names as record_names
from engram.checkpoint.remembered import check_memory, memory_arrays
from engram.errors import CheckpointError, brief, integer, number
from engram.kernels.constants import COURSE, MODES, NEVER, STEP, TOGETHER
from engram.mechanisms.growth.growth import COUNTS
from engram.morphology import MAX_COMPARTMENTS
from engram.network.network import MAX_STEPS
from engram.network.records import label_of
from engram.state.schema import BRAIN_FIELDS
from engram.state.tables import FIXED_SIZES

KEYS: dict[str, type | tuple[type, ...]] = {
    "dt": float,
    "seed": int,
    "device": str,
    "sizes": dict,
    "regions": list,
    "projections": list,
    "mechanisms": dict,
    "defaults": dict,
    "strategy": str,
    "frozen": dict,
    "tag": int,
    "last_stimulus": int,
    "last_reset": int,
    "memory": dict,
    "critics": list,
    "grown": dict,
    "processes": list,
}
REGION_KEYS: dict[str, type | tuple[type, ...]] = {
    "name": str,
    "type": str,
    "model": dict,
    "patterns": list,
    "variation": float,
    "excitatory": float,
    "max_neurons": int,
    "dendrites": dict,
    "theta_plus": (float, type(None)),
    "tau_theta": (float, type(None)),
}
REGION_EXTRAS: dict[str, type | tuple[type, ...]] = {
    "stream": int,
    "varying": list,
    "background": float,
}
"""What a region has only where it is not what it is by default."""
PROJECTION_KEYS: dict[str, type | tuple[type, ...]] = {
    "source": str,
    "target": str,
    "rule": (dict, type(None)),
    "stp": (dict, type(None)),
    "frozen": bool,
    "w_max_given": bool,
    "placement": (str, dict, type(None)),
    "modulation": (dict, type(None)),
}
PROJECTION_EXTRAS: dict[str, type | tuple[type, ...]] = {"stream": int, "name": str}
"""The same of projections."""
CRITIC_KEYS: dict[str, type | tuple[type, ...]] = {
    "region": str,
    "targets": (list, tuple),
    "values": dict,
}
PROCESS_KEYS: dict[str, type | tuple[type, ...]] = {
    "class": str,
    "name": str,
    "values": dict,
    "state": dict,
    "arrays": dict,
}
MECHANISMS = ("stdp", "reward_stdp", "homeostasis", "metaplasticity", "growth", "memory", "encoder")
"""What has parameters of its own in every brain."""

MOST_STEPS_KEPT = 1 << 20
MOST_COLUMNS = 64
MOST_TAG = (1 << 31) - 1
MOST_COUNT = (1 << 63) - 1
MOST_STREAM = (1 << 30) - 1
MOST_SLOTS = 1 << 31


def check_description(brain: Any, mechanisms: Sequence[str]) -> None:
    """Refuse a description of a brain that contradicts itself, or lacks something.

    Parameters
    ----------
    brain : object
        The description in the manifest.
    mechanisms : sequence of str
        Names of those that have parameters.

    Raises
    ------
    CheckpointError, InvalidTypeError, InvalidValueError
        It can't be of a brain.
    """
    keys("the brain", brain, KEYS)
    keys("the mechanisms", brain["mechanisms"], dict.fromkeys(mechanisms, dict))
    keys("frozen", brain["frozen"], dict.fromkeys(brain["frozen"], bool))
    regions, projections = brain["regions"], brain["projections"]
    for k, entry in enumerate(regions):
        keys(f"region {k}", entry, REGION_KEYS, REGION_EXTRAS)
        integer(f"region {k}: stream", entry.get("stream", 0), 0, MOST_STREAM)
        number(f"region {k}: background", entry.get("background", 0.0))
        if not all(isinstance(name, str) for name in entry.get("varying", ())):
            raise CheckpointError(f"region {k}: varying can't be {brief(entry['varying'])}")
        number(f"region {k}: variation", entry["variation"], 0.0, 1.0)
        number(f"region {k}: excitatory", entry["excitatory"], 0.0, 1.0)
        if len(entry["patterns"]) != 2:
            raise CheckpointError(f"region {k}: patterns can't be {brief(entry['patterns'])}")
        for name, open_low in (("theta_plus", False), ("tau_theta", True)):
            if entry[name] is not None:
                number(f"region {k}: {name}", entry[name], 0.0, open_low=open_low)
    names = [entry["name"] for entry in regions]
    if len(set(names)) != len(names) or any(not n or "->" in n for n in names):
        raise CheckpointError(f"the names of regions can't be {brief(names)}")
    for p, entry in enumerate(projections):
        keys(f"projection {p}", entry, PROJECTION_KEYS, PROJECTION_EXTRAS)
        integer(f"projection {p}: stream", entry.get("stream", 0), 0, MOST_STREAM)
    labels = _labels(projections, names)
    keys("the sizes", brain["sizes"], dict.fromkeys(FREE_SIZES, int))
    for name in FREE_SIZES:
        most = MOST_STEPS_KEPT if name == "H" else MOST_COLUMNS
        least = 1
        if name == "J":
            least, most = 0, MAX_COMPARTMENTS
        elif name == "Z":
            least = most = len(brain["critics"])
        elif name == "modes":
            least, most = 0, MODES
        integer(f"size {name}", brain["sizes"][name], least, most)
    integer("tag", brain["tag"], 0, MOST_TAG)
    integer("last_stimulus", brain["last_stimulus"], NEVER, MAX_STEPS)
    integer("last_reset", brain["last_reset"], 0, MAX_STEPS)
    keys("grown", brain["grown"], dict.fromkeys(COUNTS, int))
    for name, count in brain["grown"].items():
        integer(f"grown: {name}", count, 0, MOST_COUNT)
    _check_critics(brain["critics"], names, labels)
    check_memory(brain["memory"], names)
    for k, entry in enumerate(brain["processes"]):
        keys(f"process {k}", entry, PROCESS_KEYS)


def _labels(projections: Sequence[Mapping[str, Any]], names: Sequence[str]) -> set[str]:
    """The labels of projections: all different, between regions there are, own wiring for each."""
    ends = [(entry["source"], entry["target"]) for entry in projections]
    labels = {label_of(*e, p.get("name")) for e, p in zip(ends, projections, strict=True)}
    known = {name for pair in ends for name in pair} <= set(names)
    own = {label_of(name, name, None) for name in names} <= labels
    named = all(
        (e[0] == e[1]) or p.get("name") != "" for e, p in zip(ends, projections, strict=True)
    )
    if len(labels) != len(ends) or not (known and own and named):
        raise CheckpointError(f"projections can't be between {ends!r:.200}")
    return labels


def _check_critics(critics: Any, names: Sequence[str], labels: set[str]) -> None:
    for k, entry in enumerate(critics):
        keys(f"critic {k}", entry, CRITIC_KEYS)
        if entry["region"] not in names or not set(entry["targets"]) <= labels:
            raise CheckpointError(f"critic {k}: of a region or for a target there is not")
    if len({entry["region"] for entry in critics}) != len(critics):
        raise CheckpointError("a region is two critics")


def process_arrays(brain: dict[str, Any], claims: Mapping[str, Claim]) -> dict[str, Claim]:
    """The arrays of processes of users, whatever their shapes are.

    Parameters
    ----------
    brain : dict of object
        The description in the manifest.
    claims : mapping of Claim
        Dtype and shape of each array.

    Returns
    -------
    dict of Claim
        Dtype and shape, by name.

    Raises
    ------
    CheckpointError
        They are not as the description says.
    """
    found = {}
    for entry in brain["processes"]:
        for name, (dtype, n_dims) in entry["arrays"].items():
            full = f"process.{entry['name']}.{name}"
            claim = claims.get(full)
            if claim is None or claim[0] != np.dtype(dtype) or len(claim[1]) != n_dims:
                raise CheckpointError(f"array {full!r} is not what its process says")
            found[full] = claim
    return found


def check_claims(brain: dict[str, Any], deciding: Arrays, claims: Mapping[str, Claim]) -> None:
    """Refuse arrays that are missing, too many, or of a dtype or shape that does not fit.

    Of the arrays themselves only the few that decide the shapes are looked at.

    Parameters
    ----------
    brain : dict of object
        The description in the manifest.
    deciding : Arrays
        Arrays of `live.DECIDING`.
    claims : mapping of Claim
        Dtype and shape of each array.

    Raises
    ------
    CheckpointError
        An array does not fit.
    """
    R, P = len(brain["regions"]), len(brain["projections"])
    whole = np.dtype("int64")
    first: dict[str, Claim] = {
        "clock": (whole, (FIXED_SIZES["C"],)),
        **dict.fromkeys(("region_first", "region_count", "region_capacity"), (whole, (R,))),
        **dict.fromkeys(("delay_min", "delay_count", "source", "target"), (whole, (P,))),
    }
    for name, claim in first.items():
        _compare(name, claims.get(name), claim)
        _compare(name, (deciding[name].dtype, deciding[name].shape), claim)
    limits = {
        "region_count": 1 << 31,
        "region_capacity": 1 << 31,
        "delay_min": 1 << 16,
        "delay_count": 1 << 16,
    }
    for name, limit in (*limits.items(), ("source", R - 1), ("target", R - 1)):
        values = deciding[name]
        if len(values) and not (values.min() >= 0 and values.max() <= limit):
            raise CheckpointError(f"array {name!r}: out of range")
    _check_slots(deciding["region_first"], deciding["region_capacity"])
    if (deciding["region_count"] > deciding["region_capacity"]).any():
        raise CheckpointError("array 'region_count': more neurons than slots")
    if not 0 <= deciding["clock"][STEP] <= MAX_STEPS:
        raise CheckpointError(f"array 'clock': step {deciding['clock'][STEP]} is out of range")
    for name in ("event_neuron", *(column(p, "post") for p in range(P))):
        _compare(name, claims.get(name), (np.dtype("int32"), None))
    _compare("coupling_source", claims.get("coupling_source"), (whole, None))
    wanted: dict[str, tuple[np.dtype[Any], tuple[int, ...] | None]] = {
        **expected(deciding, claims, brain["sizes"], P, R),
        **{name: (np.dtype(dtype), None) for name, dtype in record_names().items()},
        **{name: (dtype, None) for name, dtype in memory_arrays(brain).items()},
        **process_arrays(brain, claims),
    }
    extra = sorted(set(claims) - set(wanted))
    if extra:
        raise CheckpointError(f"array {extra[0]!r} belongs to nothing")
    for name, claim_ in wanted.items():
        _compare(name, claims.get(name), claim_)
    groups: dict[str, int] = {}
    for name in record_names():
        length = claims[name][1][0]
        if groups.setdefault(name.split(".")[0], length) != length:
            raise CheckpointError(f"array {name!r}: not as long as those beside it")


def _check_slots(first: NDArray[Any], capacity: NDArray[Any]) -> None:
    """Refuse regions whose slots overlap; gaps are where regions were removed."""
    order = np.argsort(first, kind="stable")
    starts, ends = first[order], (first + capacity)[order]
    inside = (first >= 0) & (first % 8 == 0) & (first <= MOST_SLOTS)
    if not inside.all() or (starts[1:] < ends[:-1]).any():
        raise CheckpointError("array 'region_first': regions do not follow one another")


def _compare(
    name: str, found: Claim | None, wanted: tuple[np.dtype[Any], tuple[int, ...] | None]
) -> None:
    """Refuse an array that is not what it has to be; a shape of None: of one dimension."""
    if found is None:
        raise CheckpointError(f"array {name!r} is missing")
    dtype, shape = wanted
    if found[0] != dtype:
        raise CheckpointError(f"array {name!r}: {found[0]} instead of {dtype}")
    if found[1] != shape and not (shape is None and len(found[1]) == 1):
        one = "one dimension" if shape is None else shape
        raise CheckpointError(f"array {name!r}: shape {found[1]} instead of {one}")


def check_values(brain: dict[str, Any], arrays: Arrays) -> None:
    """Refuse arrays that contradict the description, and numbers that are none.

    Parameters
    ----------
    brain : dict of object
        The description in the manifest.
    arrays : Arrays
        By name.

    Raises
    ------
    CheckpointError
        An array has values that can't be.
    """
    order = {entry["name"]: k for k, entry in enumerate(brain["regions"])}
    for p, entry in enumerate(brain["projections"]):
        if any(arrays[side][p] != order[entry[side]] for side in ("source", "target")):
            raise CheckpointError(f"array 'source' or 'target': not those of projection {p}")
    for name in ("dt", "seed"):
        if arrays[name][0] != brain[name]:
            raise CheckpointError(
                f"array {name!r}: {arrays[name][0]}, but {brain[name]} by the manifest"
            )
    for r, entry in enumerate(brain["regions"]):
        capacity = int(arrays["region_capacity"][r])
        if not 1 <= entry["max_neurons"] <= capacity:
            raise CheckpointError(
                f"array 'region_capacity': {capacity} slots for {entry['max_neurons']} neurons of "
                f"{entry['name']!r}"
            )
    for name, array in arrays.items():
        if array.dtype.kind == "f" and ".tau_" not in f".{name}" and not np.isfinite(array).all():
            raise CheckpointError(f"array {name!r} holds a value that is not finite")
    memory = brain["memory"]
    groups = [(f"trace{k}", entry["region"]) for k, entry in enumerate(memory["traces"])]
    if memory["pulses"] is not None:
        groups.append(("pulses", memory["pulses"][0]))
    for name, region in groups:
        neurons = arrays[f"{name}.neurons"]
        inside = (neurons >= 0) & (neurons < arrays["region_count"][order[region]])
        if not inside.all():
            raise CheckpointError(f"array '{name}.neurons': a neuron that is not there")
        for part in ("latency",) if name != "pulses" else ("start", "stop"):
            if len(arrays[f"{name}.{part}"]) != len(neurons):
                raise CheckpointError(f"array '{name}.{part}': not as long as its neurons")
    if memory["pulses"] is not None:
        start, stop = arrays["pulses.start"], arrays["pulses.stop"]
        if not ((start >= 0) & (start < stop) & (stop <= 2 * MAX_STEPS)).all():
            raise CheckpointError("array 'pulses.start' or 'pulses.stop': out of range")


def table_bytes(brain: dict[str, Any], deciding: Arrays, claims: Mapping[str, Claim]) -> int:
    """What such a brain takes: its arrays, and its tables with their spare capacity.

    Parameters
    ----------
    brain : dict of object
        The description in the manifest.
    deciding : Arrays
        Arrays of `live.DECIDING`.
    claims : mapping of Claim
        Dtype and shape of each array.

    Returns
    -------
    int
        Bytes.
    """
    R, P = len(brain["regions"]), len(brain["projections"])
    capacity = deciding["region_capacity"].tolist()
    dims = {**FIXED_SIZES, **brain["sizes"], "R": R, "P": P, "N": n_slots(deciding)}
    dims |= dict.fromkeys([*"GLYVF", "slots"], 0)
    dims["courses"] = COURSE * dims["N"] if dims["modes"] else 0
    dims["eighths"] = dims["N"] // TOGETHER if dims["modes"] else 0
    dims["E"] = 2 * max(1024, claims["event_neuron"][1][0])
    dims["U"] = claims["coupling_source"][1][0]

    def size(dtype: str | np.dtype[Any], shape: Iterable[int]) -> int:
        return math.prod(shape) * np.dtype(dtype).itemsize

    total = sum(size(dtype, shape) for dtype, shape in claims.values())
    total += sum(size(f.dtype, (dims[d] for d in f.dims)) for f in BRAIN_FIELDS)
    for p in range(P):
        pre, post = (capacity[deciding[side][p]] for side in ("source", "target"))
        reach = int(deciding["delay_min"][p] + deciding["delay_count"][p])
        rows = pre * int(deciding["delay_count"][p]) + 1
        own = {**FIXED_SIZES, "T?": 2, "D": reach, "pre": pre, "post": post, "rows": rows}
        total += sum(size(f.dtype, [own.get(d, 0) for d in f.dims]) for f in SAVED_SYNAPSE)
        # Columns are copied, and the incoming index comes on top.
        total += 4 * post + 4 * size(*claims[column(p, "post")])
    return total
