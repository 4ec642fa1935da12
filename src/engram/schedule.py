"""The run loop: compiled steps up to where something else has to act, and who acts when."""

from __future__ import annotations

from typing import TYPE_CHECKING

from engram import defaults
from engram.engine import loops
from engram.errors import InvalidValueError
from engram.kernels.calls import kernel
from engram.kernels.constants import LAST_STEP, RING_FULL, STOPPED
from engram.preparation import prepare
from engram.statistics import collect

if TYPE_CHECKING:
    from engram.brain import Brain

MAX_STEPS = LAST_STEP


def run_steps(brain: Brain, steps: int) -> None:
    """Advance, stopping where something else than the compiled loop has to act."""
    step = brain.step_count
    end = step + steps
    if not brain.regions:
        raise InvalidValueError("Brain: there is nothing to run; use Brain.add_region first")
    if end > MAX_STEPS:
        raise InvalidValueError(f"Brain: at most {MAX_STEPS} steps in the life of a brain")
    while step < end:
        if brain._next_boundary is None:
            brain._next_boundary = _find_boundary(brain, step)
        boundary = brain._next_boundary
        stop = min(end, boundary)
        _advance(brain, stop - step)
        step = stop
        if step == boundary:
            brain._next_boundary = None
            _at_boundary(brain, step)


def prepared(brain: Brain) -> None:
    """See to it that the tables hold what was assigned to the brain's parts."""
    if brain._stale:
        prepare(brain)
        brain._stale = False


def _advance(brain: Brain, steps: int) -> None:
    """Let the compiled loop run, making room in the spike ring and the spike log."""
    left = steps
    while left > 0:
        prepared(brain)
        left -= kernel("advance.enter")(loops.advance_loop().address, brain._tables.address, left)
        if left:
            if brain._tables["clock"][STOPPED] == RING_FULL:
                brain._tables.reindex_ring(2 * brain._tables.sizes["E"])
            else:
                brain._flush_log()


def _intervals(brain: Brain) -> dict[str, int]:
    """Steps between the actions of each mechanism that acts now and then."""

    def steps(ms: float) -> int:
        return max(1, round(ms / brain._dt))

    frozen = brain._frozen
    found = {"statistics": steps(defaults.STATISTICS_INTERVAL)}
    scaling = not (frozen["plasticity"] or frozen["homeostatic_scaling"])
    if scaling and brain.homeostasis.scaling_rate > 0:
        found["homeostasis"] = steps(brain.homeostasis.check_interval)
    if not frozen["structural_plasticity"]:
        found["growth"] = steps(brain.growth.growth_interval)
    if not frozen["memory"]:
        memory = brain.memory
        found["memory"] = steps(memory.consolidation_interval)
        found["capture"] = steps(min(memory.capture_window, memory.consolidation_interval))
    return found


def _find_boundary(brain: Brain, step: int) -> int:
    """The next step before which something else than the compiled loop has to act."""
    nearest = min(step + every - step % every for every in _intervals(brain).values())
    for recorder in brain._recorders:
        if recorder.interval:
            since = step - recorder._from_step
            nearest = min(nearest, step + recorder.interval - since % recorder.interval)
    for checkpointer in brain._checkpointers:
        every = checkpointer.interval
        nearest = min(nearest, step + every - step % every)
    act = brain.memory.next_act(step)
    return nearest if act is None else min(nearest, act)


def _at_boundary(brain: Brain, step: int) -> None:
    """Let those act whose time has come."""
    if brain.memory.busy:
        brain.memory.act(step)
    for recorder in brain._recorders:
        if recorder.interval and (step - recorder._from_step) % recorder.interval == 0:
            recorder._take()
    due = {name for name, every in _intervals(brain).items() if step % every == 0}
    if "homeostasis" in due:
        brain.homeostasis.apply(brain)
    if "growth" in due:
        brain.growth.apply(brain)
    if "memory" in due or "capture" in due:
        brain.memory.tick(capture="capture" in due, consolidate="memory" in due)
    if "statistics" in due:
        brain.stats_history.append(collect(brain))
    for checkpointer in brain._checkpointers:
        if step % checkpointer.interval == 0 and not brain._presenting:
            checkpointer.take()


def take_postponed(brain: Brain, start: int) -> None:
    """Take the checkpoints that were due since step `start`, while a stimulus was presented."""
    now = brain.step_count
    for checkpointer in brain._checkpointers:
        checkpointer.raise_error()
        if now // checkpointer.interval > start // checkpointer.interval:
            checkpointer.take()
