"""A SIGINT takes effect when a change is whole; the work of a boundary belongs to its step."""

from __future__ import annotations

import signal
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from types import FrameType
from typing import Any

import numpy as np
import pytest

from engram import Brain, RegionType, ShortTermPlasticity, load_brain, save_brain
from engram.network.interrupts import HeldBack
from engram.state.invariants import check

PACKAGE = str(Path(sys.modules["engram"].__file__ or "").parent)


@pytest.fixture(autouse=True)
def sigint_raises() -> Iterator[None]:
    """Jobs in the background start with SIGINT ignored; these tests need Python's own handler."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)


def interrupted(act: Callable[[], Any], at: Callable[[int], bool]) -> bool:
    """Run something with a SIGINT at a line of Engram's; whether it was interrupted."""
    seen = 0

    def trace(frame: FrameType, event: str, _argument: Any) -> Any:
        nonlocal seen
        if not frame.f_code.co_filename.startswith(PACKAGE):
            return None
        if event == "line":
            seen += 1
            if at(seen):
                sys.settrace(None)
                signal.raise_signal(signal.SIGINT)
        return trace

    sys.settrace(trace)
    try:
        act()
    except KeyboardInterrupt:
        return True
    finally:
        sys.settrace(None)
    return False


def build() -> Brain:
    brain = Brain(seed=3)
    brain.add_region("a", RegionType.SENSORY, 20, max_neurons=30, background=8.0)
    brain.add_region("b", RegionType.ASSOCIATION, 20, max_neurons=30)
    brain.connect_regions("a", "b", 0.4)
    brain.run(60)
    return brain


CHANGES: dict[str, Callable[[Brain], Any]] = {
    "kill": lambda b: b.regions["a"].kill_neurons([2, 5]),
    "add": lambda b: b.projections[1].add_synapses(np.arange(5), np.arange(5), 0.1),
    "remove": lambda b: b.projections[2].remove_synapses(np.arange(9)),
    "stp": lambda b: setattr(b.projections[2], "stp", ShortTermPlasticity()),
    "rule": lambda b: setattr(b.projections[2], "rule", "stdp"),
    "dendrites": lambda b: b.regions["b"].enable_morphology(),
    "grow": lambda b: b.growth.grow(),
    "region": lambda b: b.add_region("c", RegionType.MOTOR, 5, max_neurons=8),
    "connect": lambda b: b.connect_regions("b", "a", 0.2),
    "remove region": lambda b: b.remove_region("a"),
    "rename region": lambda b: b.rename_region("a", "c"),
    "remove projection": lambda b: b.remove_projection(b.projections[2]),
    "delay": lambda b: setattr(b.projections[2], "delay", 3.0),
    "parameters": lambda b: setattr(b.regions["a"].model, "d", np.linspace(6.0, 9.0, 20)),
    "backgrounds": lambda b: setattr(b.regions["a"], "background", np.linspace(6.0, 9.0, 20)),
    "sleep": lambda b: b.fall_asleep(500.0),
    "hold": lambda b: b.hold("a", [0.5, 0.2]),
    "inject": lambda b: b.inject_current("a", [1, 3], 5.0),
    "stimulate": lambda b: b.stimulate("a", [0.5, 0.2]),
    "freeze": lambda b: b.freeze_plasticity(),
    "frozen": lambda b: setattr(b.projections[2], "frozen", True),
}


def test_a_presentation_that_is_interrupted_holds_nothing() -> None:
    started = build()
    lines = 0

    def count(seen: int) -> bool:
        nonlocal lines
        lines = seen
        return False

    def show(brain: Brain) -> None:
        brain.present("a", [0.5, 0.2], 5, 2)

    twin = started.copy()
    interrupted(lambda: show(twin), count)
    came = 0
    for at in range(1, lines):
        brain = started.copy()
        came += interrupted(lambda b=brain: show(b), lambda seen, at=at: seen == at)
        for name in ("held", "held_onset", "holding"):
            assert not brain.network.tables[name].any(), (name, at)
        assert not brain.network.presenting, at
        brain.run(3)
    assert came


@pytest.mark.parametrize("what", CHANGES)
def test_a_change_of_structure_is_whole(what: str, tmp_path: Path) -> None:
    change = CHANGES[what]
    before = build()
    done = before.copy()
    change(done)
    states = {before.fingerprint(), done.fingerprint()}
    lines = 0

    def count(seen: int) -> bool:
        nonlocal lines
        lines = seen
        return False

    interrupted(lambda: change(before.copy()), count)
    came = 0
    for at in np.unique(np.linspace(1, lines, 12).astype(int)):
        brain = build().copy()
        came += interrupted(lambda b=brain: change(b), lambda seen, at=at: seen == at)
        check(brain.network.tables)
        assert [r.name for r in brain.regions.values()] == list(brain.network.regions)
        assert brain.fingerprint() in states, at
        twin = load_brain(save_brain(brain, tmp_path / "b"))
        brain.run(40)
        twin.run(40)
        assert brain.fingerprint() == twin.fingerprint(), at
    assert came


def test_work_of_a_boundary_is_done_before_an_interrupt(tmp_path: Path) -> None:
    brain = build()
    brain.run(900)
    assert interrupted(lambda: brain.run(500), lambda _: brain.step_count >= 1000)
    assert brain.step_count == 1000
    assert len(brain.growth.history) == len(brain.stats_history) == 1
    twin = load_brain(save_brain(brain, tmp_path / "b"))
    brain.run(200)
    twin.run(200)
    assert brain.fingerprint() == twin.fingerprint()


def test_the_signal_is_HeldBack_once_and_then_as_before() -> None:
    handler = signal.getsignal(signal.SIGINT)
    reached: list[str] = []

    def change() -> None:
        with HeldBack():
            with HeldBack():
                signal.raise_signal(signal.SIGINT)
                reached.append("inner")
            reached.append("outer")

    with pytest.raises(KeyboardInterrupt):
        change()
    assert reached == ["inner", "outer"]
    assert signal.getsignal(signal.SIGINT) is handler


def test_an_error_within_comes_through() -> None:
    with pytest.raises(ZeroDivisionError), HeldBack():
        _ = 1 / 0


def test_an_interrupt_between_a_stimulus_and_its_step_drops_the_stimulus(monkeypatch):
    """What a function has given is for its step; without the step it is as if it had not been."""
    from engram import life

    brain = Brain(seed=1, mechanisms="none")
    brain.add_region("cortex", n_neurons=20)
    brain.run(10)
    twin = brain.copy()

    def give(brain, _step):
        brain.inject_current("cortex", [0, 1, 2], 30.0)

    def interrupted(*_):
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(life, "run", interrupted)
        with pytest.raises(KeyboardInterrupt):
            brain.run(5, give)
    assert brain.fingerprint() == twin.fingerprint()
    brain.run(5, give)
    twin.run(5, give)
    assert brain.fingerprint() == twin.fingerprint()
