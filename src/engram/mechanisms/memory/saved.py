"""Memory in a checkpoint: plain values, and arrays."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from typing import Any

from numpy.typing import NDArray

from engram.mechanisms.memory.replay import Pulses
from engram.mechanisms.memory.sleep import ReplayEvent, Sleep
from engram.mechanisms.memory.traces import Trace
from engram.network.network import Saved

Values = dict[str, Any]
Arrays = dict[str, NDArray[Any]]

_TRACE_VALUES = ("region", "step", "strength", "duration", "encounters")
_TRACE_ARRAYS = ("neurons", "latency")
_PULSE_ARRAYS = ("neurons", "start", "stop")


def taken(
    decayed: int, traces: Sequence[Trace], pulses: Pulses | None, asleep: Sleep | None
) -> Saved:
    """What is saved beside the parameters: copies.

    Parameters
    ----------
    decayed : int
        The step up to which strengths have decayed.
    traces : sequence of Trace
        In their order.
    pulses : Pulses or None
        The replay under way.
    asleep : Sleep or None
        The sleep under way.

    Returns
    -------
    values : dict
        Plain values, by name.
    arrays : dict of str to array
        Arrays, by name.
    """
    arrays: Arrays = {
        f"trace{k}.{name}": getattr(trace, name).copy()
        for k, trace in enumerate(traces)
        for name in _TRACE_ARRAYS
    }
    if pulses is not None:
        arrays |= {f"pulses.{name}": getattr(pulses, name).copy() for name in _PULSE_ARRAYS}
    values = {
        "decayed": decayed,
        "traces": [{n: getattr(t, n) for n in _TRACE_VALUES} for t in traces],
        "pulses": None if pulses is None else [pulses.region, pulses.current],
        "sleep": None if asleep is None else asdict(asleep),
    }
    return values, arrays


def traces(values: Values, arrays: Arrays) -> list[Trace]:
    """The traces that were saved.

    Parameters
    ----------
    values, arrays : dict
        As of `taken`.

    Returns
    -------
    list of Trace
        In their order.
    """
    found = []
    for k, entry in enumerate(values["traces"]):
        whole: Values = {n: arrays[f"trace{k}.{n}"].copy() for n in _TRACE_ARRAYS}
        found.append(Trace(**entry, **whole))
    return found


def pulses(values: Values, arrays: Arrays) -> Pulses | None:
    """The replay that was under way.

    Parameters
    ----------
    values, arrays : dict
        As of `taken`.

    Returns
    -------
    Pulses or None
        None if there was none.
    """
    if values["pulses"] is None:
        return None
    region, current = values["pulses"]
    found = {name: arrays[f"pulses.{name}"].copy() for name in _PULSE_ARRAYS}
    return Pulses(region=region, current=current, **found)


def sleep(values: Values) -> Sleep | None:
    """The sleep that was under way.

    Parameters
    ----------
    values : dict
        As of `taken`.

    Returns
    -------
    Sleep or None
        None if there was none.
    """
    if values["sleep"] is None:
        return None
    replays = [ReplayEvent(**event) for event in values["sleep"]["replays"]]
    return Sleep(**{**values["sleep"], "replays": replays})
