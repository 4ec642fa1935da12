"""Making the recorder that a name and a region or pathway ask for."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from numpy.typing import ArrayLike

from engram.errors import InvalidTypeError, InvalidValueError
from engram.network.network import Network
from engram.network.records import PathwayRecord
from engram.recording.recorders import (
    RateRecorder,
    Recorder,
    RhythmRecorder,
    SpikeRecorder,
    StateRecorder,
    WeightRecorder,
)

OF_REGIONS: dict[str, Callable[..., Recorder]] = {
    "spikes": SpikeRecorder,
    "rates": RateRecorder,
    "rhythms": RhythmRecorder,
}
"""Recorders of one or several regions, by name; other names but "weights" are states of neurons."""


def record(
    network: Network,
    what: str,
    of: str | Sequence[str] | PathwayRecord | None,
    *,
    neurons: ArrayLike | None,
    synapses: ArrayLike | None,
    every: float | None,
    capacity: int | None,
    overflow: str,
    path: str | Path | None,
) -> Recorder:
    """Attach a recorder; see `Brain.record`."""
    where = "Brain.record"
    common: dict[str, Any] = {"overflow": overflow, "path": path}
    if capacity is not None:
        common["capacity"] = capacity
    if every is not None:
        if what == "spikes":
            raise InvalidValueError(f"{where}: spikes are recorded as they come; leave out every")
        common["every"] = every
    for name, given, valid in (
        ("neurons", neurons, what not in OF_REGIONS and what != "weights"),
        ("synapses", synapses, what == "weights"),
    ):
        if given is not None and not valid:
            raise InvalidValueError(f"{where}: {name} does not go with {what!r}")
    recorder: Recorder
    if what == "weights":
        if not isinstance(of, PathwayRecord):
            raise InvalidTypeError(f"{where}: weights of which Projection? not {of!r}")
        recorder = WeightRecorder(network, of, synapses, **common)
    elif isinstance(of, PathwayRecord):
        raise InvalidTypeError(f"{where}: {what!r} is recorded of regions, not of a projection")
    else:
        names = _names(network, where, of)
        if what in OF_REGIONS:
            recorder = OF_REGIONS[what](network, names, **common)
        elif len(names) == 1:
            recorder = StateRecorder(network, network.regions[names[0]], what, neurons, **common)
        else:
            raise InvalidValueError(f"{where}: {what!r} is recorded of one region")
    recorder.attach()
    return recorder


def _names(network: Network, where: str, of: str | Sequence[str] | None) -> list[str]:
    """The names of regions, checked; all by default."""
    if of is None:
        return list(network.regions)
    names = [of] if isinstance(of, str) else list(of)
    for name in names:
        network.region(where, name)
    return names
