"""A change of structure that fails leaves the brain as it was; a run that fails loses nothing."""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path
from types import FrameType
from typing import Any

import numpy as np
import pytest

from engram import Brain, Process, RegionType, ShortTermPlasticity, load_brain, save_brain
from engram.network.network import next_multiple

PACKAGE = Path(sys.modules["engram"].__file__ or "").parent
MACHINERY = ("transaction.py", "interrupts.py", "turns.py", "errors.py")
"""What undoes a failure can't fail itself: nothing in it asks for memory once a change began."""
ALLOCATIONS = (
    *("arange", "array", "concatenate", "empty", "empty_like", "full", "lexsort", "ones", "repeat"),
    *("unique", "where", "zeros", "zeros_like", "flatnonzero", "sort", "rint", "clip", "minimum"),
    *("maximum", "stack", "cumsum", "subtract"),
)


def build() -> Brain:
    brain = Brain(seed=3)
    brain.add_region("gone", RegionType.SENSORY, 8, max_neurons=8)
    brain.add_region("a", RegionType.SENSORY, 20, max_neurons=30, background=8.0)
    brain.add_region("b", RegionType.ASSOCIATION, 20, max_neurons=30)
    brain.connect_regions("a", "b", 0.4)
    brain.remove_region("gone")
    brain.growth.neurogenesis_rate = 0.5
    brain.growth.apoptosis_age = 30.0
    brain.growth.deaths_per_cycle = 3
    brain.growth.pruning_age = brain.growth.pruning_unused = 20.0
    brain.growth.pruning_weight = 0.9
    brain.run(160)
    return brain


CHANGES: dict[str, Callable[[Brain], Any]] = {
    "region": lambda b: b.add_region("c", RegionType.MOTOR, 5, max_neurons=9),
    "region in a gap": lambda b: b.add_region("c", RegionType.MOTOR, 5, max_neurons=8),
    "connect": lambda b: b.connect_regions("b", "a", 0.2, bidirectional=False),
    "synapses": lambda b: b.projections[2].add_synapses(np.arange(5), np.arange(5), 0.1, 9.0),
    "fewer synapses": lambda b: b.projections[2].remove_synapses(np.arange(9)),
    "all synapses": lambda b: b.projections[2].remove_synapses(
        np.arange(b.projections[2].n_synapses)
    ),
    "birth": lambda b: b.regions["a"].add_neuron(),
    "death": lambda b: b.regions["a"].kill_neurons([2, 5]),
    "growth": lambda b: b.growth.grow(),
    "rule": lambda b: setattr(b.projections[2], "rule", "stdp"),
    "no rule": lambda b: setattr(b.projections[2], "rule", None),
    "stp": lambda b: setattr(b.projections[2], "stp", ShortTermPlasticity()),
    "dendrites": lambda b: b.regions["b"].enable_morphology(),
    "compartments": lambda b: b.regions["b"].enable_morphology(dynamics="compartments"),
    "w_max": lambda b: setattr(b.projections[2], "w_max", 0.05),
    "weights": lambda b: setattr(b.projections[2], "weight", 0.05),
}


@pytest.fixture(scope="module")
def started() -> Brain:
    return build()


@pytest.fixture(scope="module")
def changed(started: Brain) -> dict[str, str]:
    """The fingerprint after each change."""
    found = {}
    for name, change in CHANGES.items():
        brain = started.copy()
        change(brain)
        brain.run(3)
        found[name] = brain.fingerprint()
    return found


def as_before(brain: Brain, started: Brain, change: Callable[[Brain], Any], after: str) -> None:
    """It is whole, as it was, and the same call does what it should now."""
    brain.check()
    assert brain.fingerprint() == started.fingerprint()
    assert list(brain.regions) == list(started.regions)
    assert len(brain.projections) == len(started.projections)
    change(brain)
    brain.run(3)
    assert brain.fingerprint() == after


def failing_at_line(act: Callable[[], Any], at: int) -> int:
    """Do something with a MemoryError at a line of Engram's; the number of lines until then."""
    seen = 0

    def trace(frame: FrameType, event: str, _argument: Any) -> Any:
        nonlocal seen
        file = frame.f_code.co_filename
        if not file.startswith(str(PACKAGE)) or file.endswith(MACHINERY):
            return None
        if event == "line":
            seen += 1
            if seen == at:
                raise MemoryError("no room")
        return trace

    sys.settrace(trace)
    try:
        act()
    finally:
        sys.settrace(None)
    return seen


# Writing weights asks for all the memory it needs before it begins.
@pytest.mark.parametrize("what", [name for name in CHANGES if name != "weights"])
def test_a_change_that_fails_at_any_line_is_undone(
    what: str, started: Brain, changed: dict[str, str]
) -> None:
    change = CHANGES[what]
    lines = failing_at_line(lambda: change(started.copy()), 0)
    copying = failing_at_line(started.copy, 0)
    undone = 0
    for at in np.unique(np.linspace(1, lines - copying, 20).astype(int)):
        brain = started.copy()
        try:
            failing_at_line(lambda b=brain: change(b), int(at))
        except MemoryError:
            if brain.fingerprint() != started.fingerprint():
                # The change was done, and only a line after it failed.
                brain.check()
                brain.look()
                brain.run(3)
                assert brain.fingerprint() == changed[what], at
                continue
            undone += 1
            as_before(brain, started, change, changed[what])
    assert undone


@pytest.mark.parametrize("what", CHANGES)
def test_a_change_that_gets_no_memory_is_undone(
    what: str, started: Brain, changed: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    change = CHANGES[what]
    left = -1

    def scarce(allocate: Callable[..., Any]) -> Callable[..., Any]:
        def asked(*args: Any, **kwargs: Any) -> Any:
            nonlocal left
            left -= 1
            if left == 0:
                raise MemoryError("no room")
            return allocate(*args, **kwargs)

        return asked

    for name in ALLOCATIONS:
        monkeypatch.setattr(np, name, scarce(getattr(np, name)))
    failed, at = 0, 0
    while True:
        at += 1
        brain = started.copy()
        left = at
        try:
            change(brain)
        except MemoryError:
            left = -1
            failed += 1
            as_before(brain, started, change, changed[what])
        else:
            left = -1
            break
    assert failed


# -- what fails around a run


class Raising(Process):
    """Fails at one step, in one of its hooks."""

    name = "raising"
    order = 5

    def __init__(self, **values: Any) -> None:
        super().__init__(**values)
        self._when, self._told = -1, False

    def next_act(self, step: int) -> int:
        return next_multiple(step, 50)

    def act(self, step: int) -> None:
        if step == self._when:
            raise ZeroDivisionError("in a process")


def lively() -> Brain:
    brain = build()
    brain.growth.growth_interval = 50.0
    brain.homeostasis.check_interval = 100.0
    return brain


def failing_stimulus(brain: Brain) -> None:
    def stimulus(b: Brain, i: int) -> None:
        b.stimulate("a", [0.3, 0.6])
        if i == 40:
            raise ZeroDivisionError

    brain.run(90, stimulus, progress=False)


def failing_process(brain: Brain) -> None:
    process = Raising()
    process._when = 200
    brain.add_process(process)
    brain.run(90, progress=False)


def failing_recorder(brain: Brain) -> None:
    recorder = brain.record("v", "a", every=40.0)

    def take() -> None:
        raise ZeroDivisionError

    # As a subclass would have it: a method can not be assigned over.
    object.__setattr__(recorder, "take", take)
    try:
        brain.run(90, progress=False)
    finally:
        recorder.detach()


def failing_progress(brain: Brain) -> None:
    def progress(_done: int, _total: int) -> None:
        raise ZeroDivisionError

    brain.run(90, progress=progress)


@pytest.mark.parametrize(
    "fail", [failing_stimulus, failing_process, failing_recorder, failing_progress]
)
def test_after_an_error_in_a_function_of_the_user_nothing_is_lost(
    fail: Callable[[Brain], None], tmp_path: Path
) -> None:
    brain, untouched = lively(), lively()
    cycles = len(brain.growth.history)
    with pytest.raises(ZeroDivisionError):
        fail(brain)
    brain.check()
    at = brain.step_count
    assert len(brain.growth.history) - cycles == at // 50 - 160 // 50
    twin = load_brain(save_brain(brain, tmp_path / "b")) if "process" not in str(fail) else None
    twin = brain.copy() if twin is None else twin
    brain.run(120)
    twin.run(120)
    assert brain.fingerprint() == twin.fingerprint()
    if fail in (failing_recorder, failing_progress):
        untouched.run(brain.step_count - 160)
        assert untouched.fingerprint() == brain.fingerprint()


def test_a_stimulus_function_that_fails_leaves_no_input_behind() -> None:
    brain, twin = lively(), lively()
    with pytest.raises(ZeroDivisionError):
        failing_stimulus(brain)
    twin.run(40, lambda b, _: b.stimulate("a", [0.3, 0.6]), progress=False)
    assert brain.step_count == twin.step_count
    brain.run(20)
    twin.run(20)
    assert np.array_equal(brain.regions["a"].v, twin.regions["a"].v)


def test_a_stimulus_function_that_fails_at_once_leaves_what_waited_before() -> None:
    brain, twin = lively(), lively()
    for b in (brain, twin):
        b.inject_current("a", [1, 2], 9.0)

    def stimulus(b: Brain, _: int) -> None:
        b.inject_current("a", [3], 50.0)
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        brain.run(5, stimulus, progress=False)
    brain.run(5)
    twin.run(5)
    assert np.array_equal(brain.regions["a"].v, twin.regions["a"].v)


@pytest.mark.parametrize("hook", ["reset", "forget", "presented", "let_go", "log", "finished"])
def test_a_hook_that_fails_keeps_no_other_from_being_called(hook: str) -> None:
    class Failing(Raising):
        name = "failing"
        order = -1
        kept = False

        def logged_regions(self) -> tuple[str, ...]:
            return ("a",) if hook == "log" else ()

    def fail(*_: Any) -> None:
        raise ZeroDivisionError

    class Noting(Failing):
        name = "noting"
        order = 99

    told: list[str] = []
    setattr(Failing, hook, fail)
    setattr(Noting, hook, lambda *_: told.append(hook))
    brain = lively()
    brain.add_process(Failing())
    brain.add_process(Noting())

    def use() -> None:
        brain.present("a", [0.5], 5, 1)
        brain.regions["a"].kill_neurons([0])
        brain.reset_state()
        brain.run(4)
        brain.fingerprint()

    with pytest.raises(ZeroDivisionError):
        use()
    assert told == [hook]
    brain.check()
    if hook == "reset":
        assert (brain.regions["a"].v == brain.copy().regions["a"].v).all()
        assert not brain.network.tables["exc"].any()


def test_a_region_that_could_not_be_added_can_be_added_later(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    brain, twin = build(), build()
    full = np.full
    with monkeypatch.context() as patch:

        def none_left(shape: Any, *args: Any, **kwargs: Any) -> Any:
            if np.prod(shape) > 60:
                raise MemoryError
            return full(shape, *args, **kwargs)

        patch.setattr(np, "full", none_left)
        with pytest.raises(MemoryError):
            brain.add_region("c", RegionType.MOTOR, 5)
    for b in (brain, twin):
        b.add_region("c", RegionType.MOTOR, 5)
        b.connect_regions("b", "c")
        b.run(10)
    assert brain.fingerprint() == twin.fingerprint()
