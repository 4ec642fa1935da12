"""Presenting many stimuli, one after the other, with no Python between the steps of one."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from engram.errors import InvalidValueError, as_array, integer
from engram.kernels.calls import kernel
from engram.kernels.constants import LAST_STEP, STEP, STREAM_PRESENTATION
from engram.schedule import _advance, prepared
from engram.state.renewal import Resting
from engram.stimulus import Encoded

if TYPE_CHECKING:
    from engram.brain import Brain
    from engram.region import Region

Counts = NDArray[np.int32]
Inputs = NDArray[np.float32]


def checked_inputs(where: str, region: Region, inputs: ArrayLike) -> Inputs:
    """Input of each neuron in each presentation, (n, n_neurons); Hz for sources, else current."""
    array = as_array(where, inputs)
    if array.ndim != 2 or array.shape[1] != region.n_neurons:
        raise InvalidValueError(
            f"{where} must have the shape (presentations, {region.n_neurons}), one column for each "
            f"neuron of region {region.name!r}, not {array.shape}"
        )
    if array.dtype.kind not in "biuf" or not np.isfinite(array).all():
        raise InvalidValueError(f"{where} must be finite numbers")
    return np.ascontiguousarray(array, np.float32)


class Presenter:
    """Presentations to one region of a brain, with the spikes of another counted."""

    def __init__(self, brain: Brain, region: str, read: str) -> None:
        self.brain = brain
        self.target, self.answering = brain.regions[region], brain.regions[read]

    def show(self, inputs: Inputs, steps: int, rest: int) -> NDArray[np.int64]:
        """Hold these inputs for `steps` steps, then nothing; the spikes of each neuron."""
        spikes = self.answering._slots("total_spikes")
        before = spikes.copy()
        self.brain._present(self.target, Encoded(inputs), steps, rest)
        return np.asarray(spikes - before)


def present_many(
    brain: Brain, region: str, inputs: ArrayLike, steps: int, rest: int, read: str, from_rest: bool
) -> Counts:
    """See `Brain.present_many`."""
    where = "Brain.present_many"
    target = brain._region(where, region)
    brain._region(where, read)
    shown = checked_inputs(f"{where}: inputs", target, inputs)
    integer(f"{where}: steps", steps, 1)
    integer(f"{where}: rest", rest, 0)
    brain._check_awake(where)
    brain._check_time(where, len(shown) * (steps + rest))
    presenter = Presenter(brain, region, read)
    counts = np.zeros((len(shown), brain.regions[read].n_neurons), np.int32)
    for k, values in enumerate(shown):
        if from_rest:
            brain.reset_state()
        counts[k] = presenter.show(values, steps, rest)
    return counts


def respond(
    brain: Brain,
    region: str,
    inputs: ArrayLike,
    steps: int,
    read: str,
    keys: Sequence[int] | NDArray[Any] | None,
) -> Counts:
    """See `Brain.respond`."""
    where = "Brain.respond"
    target = brain._region(where, region)
    brain._region(where, read)
    shown = checked_inputs(f"{where}: inputs", target, inputs)
    integer(f"{where}: steps", steps, 1, LAST_STEP - brain.step_count)
    brain._check_awake(where)
    own = np.arange(len(shown)) if keys is None else as_array(f"{where}: keys", keys)
    if own.shape != (len(shown),) or own.dtype.kind not in "iu" or (own < 0).any():
        raise InvalidValueError(
            f"{where}: keys must be {len(shown)} whole numbers from 0 on, one for each presentation"
        )
    return answers(brain.copy(), region, shown, steps, read, own)


def answers(
    twin: Brain, region: str, inputs: Inputs, steps: int, read: str, keys: NDArray[Any]
) -> Counts:
    """What a brain answers to each input; afterwards only its clock is as before.

    Each presentation starts from rest, at the same step, with random numbers of its own key.
    """
    twin.freeze_plasticity()
    twin.freeze_adaptive_thresholds()
    tables = twin._tables
    target, spikes = twin.regions[region], twin.regions[read]._slots("total_spikes")
    r, now = target._index, twin.step_count
    seeds = np.empty(len(keys), np.uint64)
    kernel("random.derived_seeds")(
        np.uint64(twin.seed), STREAM_PRESENTATION, keys.astype(np.int64), seeds
    )
    counts = np.zeros((len(inputs), len(spikes)), np.int32)
    twin.reset_state()
    prepared(twin)
    resting, clock = Resting(tables), tables["clock"]
    # Nothing learns from traces, dopamine or thresholds any more.
    for name in ("post_entry", "modulate_entry", "slide_entry"):
        tables[name][:] = 0
    for k, values in enumerate(inputs):
        if k:
            resting.put_back()
            clock[STEP] = now
        target._slots("held")[:] = values
        tables["holding"][r] = 1
        tables["held_since"][r] = now
        tables["seed"][0] = seeds[k]
        before = spikes.copy()
        _advance(twin, steps)
        counts[k] = spikes - before
    clock[STEP] = now
    return counts
