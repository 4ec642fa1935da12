"""Checks of what a file says about a brain, before anything is built from it."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import fields
from typing import Any, TypeVar

import numpy as np

from engram.checkpoint.live import FREE_SIZES, SAVED_SYNAPSE, Arrays, Claim, column, expected
from engram.checkpoint.records import names as record_names
from engram.errors import CheckpointError, integer, number
from engram.kernels.constants import NEVER, STEP
from engram.mechanisms.growth.growth import COUNTS
from engram.mechanisms.memory import ReplayEvent
from engram.morphology import MAX_COMPARTMENTS
from engram.network.network import MAX_STEPS
from engram.state.schema import BRAIN_FIELDS
from engram.state.tables import FIXED_SIZES

T = TypeVar("T")

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
CRITIC_KEYS: dict[str, type | tuple[type, ...]] = {
    "region": str,
    "targets": (list, tuple),
    "values": dict,
}
MEMORY_KEYS: dict[str, type | tuple[type, ...]] = {
    "decayed": int,
    "traces": list,
    "pulses": (list, tuple, type(None)),
    "sleep": (dict, type(None)),
}
TRACE_KEYS: dict[str, type | tuple[type, ...]] = {
    "region": str,
    "step": int,
    "strength": float,
    "duration": float,
    "encounters": int,
}
SLEEP_KEYS: dict[str, type | tuple[type, ...]] = {
    "start": int,
    "stop": int,
    "spikes": int,
    "weights": dict,
    "replays": list,
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


def keys(where: str, entry: Any, expected: Mapping[str, type | tuple[type, ...]]) -> None:
    """Refuse a table that has not exactly these entries of these types.

    Parameters
    ----------
    where : str
        Names the table in errors.
    entry : object
        The table.
    expected : mapping of type or tuple of type
        Types by name.

    Raises
    ------
    CheckpointError
        It is no such table.
    """
    if not isinstance(entry, dict) or set(entry) != set(expected):
        found = sorted(entry) if isinstance(entry, dict) else repr(entry)[:80]
        raise CheckpointError(f"{where} must have {sorted(expected)}, not {found}")
    for name, kind in expected.items():
        kinds = kind if isinstance(kind, tuple) else (kind,)
        value = entry[name]
        fits = type(value) in kinds or (float in kinds and type(value) is int)
        if not fits:
            raise CheckpointError(f"{where}: {name} can't be {value!r:.80}")


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
        keys(f"region {k}", entry, REGION_KEYS)
        number(f"region {k}: variation", entry["variation"], 0.0, 1.0)
        number(f"region {k}: excitatory", entry["excitatory"], 0.0, 1.0)
        if len(entry["patterns"]) != 2:
            raise CheckpointError(f"region {k}: patterns can't be {entry['patterns']!r:.80}")
        for name, open_low in (("theta_plus", False), ("tau_theta", True)):
            if entry[name] is not None:
                number(f"region {k}: {name}", entry[name], 0.0, open_low=open_low)
    names = [entry["name"] for entry in regions]
    if len(set(names)) != len(names) or any(not n or "->" in n for n in names):
        raise CheckpointError(f"the names of regions can't be {names!r:.200}")
    for p, entry in enumerate(projections):
        keys(f"projection {p}", entry, PROJECTION_KEYS)
    pairs = [(entry["source"], entry["target"]) for entry in projections]
    if len(set(pairs)) != len(pairs) or not {n for pair in pairs for n in pair} <= set(names):
        raise CheckpointError(f"projections can't be between {pairs!r:.200}")
    keys("the sizes", brain["sizes"], dict.fromkeys(FREE_SIZES, int))
    for name in FREE_SIZES:
        most = MOST_STEPS_KEPT if name == "H" else MOST_COLUMNS
        least = 1
        if name == "J":
            least, most = 0, MAX_COMPARTMENTS
        elif name == "Z":
            least = most = len(brain["critics"])
        integer(f"size {name}", brain["sizes"][name], least, most)
    integer("tag", brain["tag"], 0, MOST_TAG)
    integer("last_stimulus", brain["last_stimulus"], NEVER, MAX_STEPS)
    integer("last_reset", brain["last_reset"], 0, MAX_STEPS)
    keys("grown", brain["grown"], dict.fromkeys(COUNTS, int))
    for name, count in brain["grown"].items():
        integer(f"grown: {name}", count, 0, MOST_COUNT)
    _check_critics(brain["critics"], names, pairs)
    _check_memory(brain["memory"], names)
    for k, entry in enumerate(brain["processes"]):
        keys(f"process {k}", entry, PROCESS_KEYS)


def _check_critics(critics: Any, names: Sequence[str], pairs: Sequence[tuple[str, str]]) -> None:
    labels = {f"region:{a}" if a == b else f"proj:{a}->{b}" for a, b in pairs}
    for k, entry in enumerate(critics):
        keys(f"critic {k}", entry, CRITIC_KEYS)
        if entry["region"] not in names or not set(entry["targets"]) <= labels:
            raise CheckpointError(f"critic {k}: of a region or for a target there is not")
    if len({entry["region"] for entry in critics}) != len(critics):
        raise CheckpointError("a region is two critics")


def _check_memory(memory: Any, names: Sequence[str]) -> None:
    keys("memory", memory, MEMORY_KEYS)
    integer("memory: decayed", memory["decayed"], 0, MAX_STEPS)
    for k, entry in enumerate(memory["traces"]):
        keys(f"trace {k}", entry, TRACE_KEYS)
        if entry["region"] not in names:
            raise CheckpointError(f"trace {k}: of a region there is not, {entry['region']!r:.80}")
        number(f"trace {k}: strength", entry["strength"], 0.0)
        number(f"trace {k}: duration", entry["duration"], 0.0, open_low=True)
        integer(f"trace {k}: step", entry["step"], 0, MAX_STEPS)
        integer(f"trace {k}: encounters", entry["encounters"], 1)
    pulses = memory["pulses"]
    if pulses is not None:
        if len(pulses) != 2 or pulses[0] not in names:
            raise CheckpointError(f"memory: pulses can't be {pulses!r:.80}")
        number("memory: pulses: current", pulses[1])
    asleep = memory["sleep"]
    if asleep is not None:
        keys("memory: sleep", asleep, SLEEP_KEYS)
        integer("memory: sleep: start", asleep["start"], 0, MAX_STEPS)
        integer("memory: sleep: stop", asleep["stop"], asleep["start"] + 1, MAX_STEPS)
        integer("memory: sleep: spikes", asleep["spikes"], 0)
        for label, weight in asleep["weights"].items():
            number(f"memory: sleep: weight of {label!r:.80}", weight, 0.0)
        for event in asleep["replays"]:
            record(ReplayEvent, "memory: sleep: a replay", event)


def memory_arrays(brain: dict[str, Any]) -> dict[str, np.dtype[Any]]:
    """The arrays of traces and pulses, all of one dimension.

    Parameters
    ----------
    brain : dict of object
        The description in the manifest.

    Returns
    -------
    dict of dtype
        By name.
    """
    whole, real = np.dtype("int64"), np.dtype("float64")
    found: dict[str, np.dtype[Any]] = {}
    for k in range(len(brain["memory"]["traces"])):
        found |= {f"trace{k}.neurons": whole, f"trace{k}.latency": real}
    if brain["memory"]["pulses"] is not None:
        found |= dict.fromkeys(("pulses.neurons", "pulses.start", "pulses.stop"), whole)
    return found


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
    ends = np.cumsum(deciding["region_capacity"])
    if (deciding["region_first"] != ends - deciding["region_capacity"]).any():
        raise CheckpointError("array 'region_first': regions do not follow one another")
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
    dims = {**FIXED_SIZES, **brain["sizes"], "R": R, "P": P, "N": sum(capacity)}
    dims |= dict.fromkeys("GLYVF", 0)
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
        raise CheckpointError(f"{where} can't be {values!r:.120}")
    types = {f.name: f.type for f in fields(kind)}  # type: ignore[arg-type]
    for name, value in values.items():
        if types[name] in ("str", str):
            if not isinstance(value, str):
                raise CheckpointError(f"{where}: {name} can't be {value!r:.80}")
        else:
            number(f"{where}: {name}", value)
    return kind(**values)
