"""Checks of what a file says about memory: traces, a replay, a sleep."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from engram.checkpoint.entries import keys, record
from engram.errors import CheckpointError, brief, integer, number
from engram.mechanisms.memory import ReplayEvent
from engram.network.network import MAX_STEPS

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


def check_memory(memory: Any, names: Sequence[str]) -> None:
    """Refuse a description of a memory that contradicts itself, or lacks something.

    Parameters
    ----------
    memory : object
        The table in the manifest.
    names : sequence of str
        Names of the regions.

    Raises
    ------
    CheckpointError, InvalidTypeError, InvalidValueError
        It can't be of a brain.
    """
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
            raise CheckpointError(f"memory: pulses can't be {brief(pulses)}")
        number("memory: pulses: current", pulses[1])
    asleep = memory["sleep"]
    if asleep is not None:
        keys("memory: sleep", asleep, SLEEP_KEYS)
        integer("memory: sleep: start", asleep["start"], 0, MAX_STEPS)
        integer("memory: sleep: stop", asleep["stop"], asleep["start"] + 1, MAX_STEPS)
        integer("memory: sleep: spikes", asleep["spikes"])
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
