"""What one call does, done in pieces: the brain and the results are to be the same."""

from __future__ import annotations

import dataclasses
import operator
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.reliability.own import CLASSES, Stimulus
from engram import Brain, resume_brain

Counts = dict[str, Any]


def run(brain: Brain, parts: Sequence[int], stimulus: Stimulus | None = None) -> None:
    """`Brain.run`, in parts; a part of one step is a call of `Brain.step`."""
    done = 0
    for n in parts:
        if stimulus is not None:
            brain.run(n, later(stimulus, done), progress=False)
        elif n == 1:
            brain.step()
        else:
            brain.run(n, progress=False)
        done += n


def later(stimulus: Stimulus, offset: int) -> Stimulus:
    """A stimulus as it goes on after some steps."""
    return lambda brain, i: stimulus(brain, offset + i)


def present(
    brain: Brain, region: str, values: Any, steps: int, rest: Sequence[int]
) -> dict[str, Any]:
    """`Brain.present`, with its rest apart."""
    start = brain.step_count
    before = {name: r.total_spikes.copy() for name, r in brain.regions.items()}
    brain.present(region, values, steps)
    run(brain, rest)
    counts = {}
    for name, r in brain.regions.items():
        counts[name] = r.total_spikes.copy()
        born = np.rint(brain.step_count - r.neuron_age / brain.dt) > start
        old = ~born[: len(before[name])]
        counts[name][: len(old)][old] -= before[name][old]
    return counts


def present_many(
    brain: Brain, region: str, inputs: Any, steps: int, rest: int, read: str, from_rest: bool
) -> Any:
    """`Brain.present_many`, one input at a time."""
    rows = np.asarray(inputs, np.float32)
    n = brain.regions[read].n_neurons
    counts = np.zeros((len(rows), n), np.int32)
    for k, row in enumerate(rows):
        shown = np.zeros((1, brain.regions[region].n_neurons), np.float32)
        shown[0, : len(row)] = row
        counts[k] = brain.present_many(region, shown, steps, rest, read=read, from_rest=from_rest)[
            0, :n
        ]
    return counts


def respond(brain: Brain, region: str, inputs: Any, steps: int, read: str) -> Any:
    """`Brain.respond`, one question at a time, the last first."""
    rows = np.asarray(inputs, np.float32)
    answers = [
        brain.respond(region, rows[k : k + 1], steps, read=read, keys=[k])
        for k in reversed(range(len(rows)))
    ]
    return np.concatenate(answers[::-1])


def sleep(brain: Brain, duration: float, n: int) -> Any:
    """`Brain.sleep`, n steps at a time."""
    brain.fall_asleep(duration)
    while brain.asleep:
        # It wakes before the step that comes after its last one.
        until = brain.network.asleep_until
        assert until is not None
        run(brain, [min(n, until - brain.step_count)])
    return brain.memory.last_sleep


def resumed(brain: Brain, steps: int, every: int, background: bool) -> tuple[int, str]:
    """What is resumed from checkpoints that a run has left."""
    with tempfile.TemporaryDirectory() as folder:
        with brain.checkpoint_every(folder, steps=every, keep=1, background=background):
            brain.run(steps, progress=False)
        if not any(Path(folder).iterdir()):
            return -1, ""
        latest = resume_brain(folder, allow=CLASSES)
        return latest.step_count, latest.fingerprint()


def plain(result: Any) -> Any:
    """A result as something that can be compared and printed."""
    if isinstance(result, np.ndarray):
        return (result.dtype.str, result.shape, result.tobytes())
    if isinstance(result, dict):
        return {str(k): plain(v) for k, v in result.items()}
    if isinstance(result, (str, bytes, bool, int, float, type(None), np.generic)):
        return repr(result)
    if dataclasses.is_dataclass(result) and not isinstance(result, type):
        return plain({f.name: getattr(result, f.name) for f in dataclasses.fields(result)})
    if isinstance(result, Sequence) or type(result).__name__ == "deque":
        return [plain(v) for v in result]
    if hasattr(result, "toarray"):
        return plain(result.toarray())
    return type(result).__name__


def restricted(brain: Brain, posts: Sequence[int], steps: int) -> None:
    """Run with reward-modulated learning of some postsynaptic neurons only."""
    restrict = operator.methodcaller("restrict_to_posts", brain.projections[0], posts)
    with restrict(brain.reward_stdp):
        brain.run(steps, progress=False)
