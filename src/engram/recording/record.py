"""Making the recorder that a name and a region or pathway ask for."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from numpy.typing import ArrayLike

from engram.errors import InvalidTypeError, InvalidValueError, brief, unknown_name
from engram.network.network import Network
from engram.network.population import state_names
from engram.network.records import PathwayRecord
from engram.parameters.checks import items
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
    """Attach a recorder; see `Brain.record`.

    Parameters
    ----------
    network : Network
        Of the brain.
    what : str
        A name in `OF_REGIONS`, "weights", or a state variable of neurons.
    of : str, sequence of str, or PathwayRecord, optional
        Names of regions, or settings of a projection. None: all regions.
    neurons : array_like of shape (k,), optional
        Indices in the region, of a state variable. None: all.
    synapses : array_like of shape (k,), optional
        Indices into the arrays of the projection, of weights. None: all.
    every : float, optional
        Sampling interval, ms. None: the default of the recorder.
    capacity : int, optional
        Most entries in memory. None: as many as fit into 256 MiB.
    overflow : str
        What becomes of more: "ring", "decimate" or "stream".
    path : str or Path, optional
        The file, of "stream"; it has to stay where it is.

    Returns
    -------
    Recorder
        Attached.

    Raises
    ------
    UnknownNameError
        There is no such region, recording or state variable.
    InvalidTypeError, InvalidValueError
        Arguments don't go together, or one is not valid.
    """
    where = "Brain.record"
    if not isinstance(what, str):
        raise InvalidTypeError(
            f"{where}: what must be a name, as 'spikes' or 'v', not {brief(what)}"
        )
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
            raise InvalidTypeError(f"{where}: weights of which Projection? not {brief(of)}")
        recorder = WeightRecorder(network, of, synapses, **common)
    elif isinstance(of, PathwayRecord):
        raise InvalidTypeError(
            f"{where}: only weights are recorded of a projection, not {brief(what)}; what else it "
            f"has, such as Projection.eligibility, can be read between two runs"
        )
    else:
        names = _names(network, where, of)
        if what in OF_REGIONS:
            recorder = OF_REGIONS[what](network, names, **common)
        elif what not in (known := _known(network, names)):
            raise unknown_name(where, "recording", what, known)
        elif len(names) == 1:
            recorder = StateRecorder(network, network.regions[names[0]], what, neurons, **common)
        else:
            raise InvalidValueError(f"{where}: {what!r} is recorded of one region; name it")
    recorder.attach()
    return recorder


def _known(network: Network, names: Sequence[str]) -> list[str]:
    """What can be recorded: kinds of recorders, and states of neurons of these regions."""
    states = [name for n in names for name in state_names(network.regions[n])]
    return list(dict.fromkeys([*OF_REGIONS, "weights", *states]))


def _names(network: Network, where: str, of: str | Sequence[str] | None) -> list[str]:
    """The names of regions, checked; all by default."""
    if of is None:
        return list(network.regions)
    names = [of] if isinstance(of, str) else list(items(f"{where}: of", of))
    for name in names:
        network.region(where, name)
    return names
