"""Ctrl-C between a run's preparations: arrays and what is said of them stay together."""

from __future__ import annotations

import signal
import sys
from types import FrameType
from typing import Any

import numpy as np
import pytest

from engram import Brain, CurrentLIF, EngramError, Normal, RegionType, SpikeTimes
from engram.distributions import Distribution
from engram.network import lazy


def interrupted(run: Any, file: str, function: str, line: int) -> bool:
    """Whether Ctrl-C came at the n-th line of a function while something ran."""
    left = [line]
    came = []

    def within(_frame: FrameType, event: str, _arg: object) -> Any:
        if event == "line" and not came:
            left[0] -= 1
            if left[0] < 0:
                came.append(True)
                sys.settrace(None)
                signal.raise_signal(signal.SIGINT)
        return within

    def entered(frame: FrameType, _event: str, _arg: object) -> Any:
        code = frame.f_code
        return within if code.co_name == function and code.co_filename.endswith(file) else None

    before = sys.gettrace()
    sys.settrace(entered)
    try:
        run()
    except KeyboardInterrupt:
        pass
    finally:
        sys.settrace(before)
    return bool(came)


def quiet() -> Brain:
    brain = Brain(seed=1, mechanisms="none", threads=1)
    given = SpikeTimes([3.0, 9.0], [0, 1])
    brain.add_region("given", RegionType.SENSORY, 2, 0.0, model=given)
    for name in ("a", "b"):
        brain.add_region(name, n_neurons=60, connectivity=0.0, model=CurrentLIF, background=14.0)
    brain.connect_regions("given", "a", 0.5, delays=Normal(20.0, 5.0))
    return brain


@pytest.mark.parametrize("line", range(6))
@pytest.mark.parametrize("which", range(3))
def test_an_interrupt_while_arrays_get_other_sizes(monkeypatch, line, which):
    """Which: the lines of the first, second and third change of sizes in a first run."""
    monkeypatch.setattr(lazy, "LEAST_NEURONS", 1)
    brain, twin = quiet(), quiet()
    recorders = [each.record("spikes") for each in (brain, twin)]
    came = interrupted(lambda: brain.run(40), "tables.py", "_replace", 3 * which + line)
    assert came or which or line > 2
    brain.check()
    brain.run(200 - brain.step_count)
    twin.run(200)
    brain.check()
    assert brain.fingerprint() == twin.fingerprint()
    for name in ("given", "a"):
        mine, theirs = (recorder.spikes(name) for recorder in recorders)
        assert all(np.array_equal(x, y) for x, y in zip(mine, theirs, strict=True))


@pytest.mark.parametrize("line", range(0, 24, 3))
def test_an_interrupt_while_the_spike_log_is_handed_over(line):
    brain = Brain(seed=1, mechanisms="none", threads=1)
    model = CurrentLIF(t_ref=0.0)
    brain.add_region("q", n_neurons=1000, connectivity=0.0, model=model, background=4000.0)
    recorder = brain.record("spikes")
    brain.run(1)
    interrupted(lambda: brain.run(299), "recorders.py", "log", line)
    brain.run(300 - brain.step_count)
    assert len(recorder.spikes("q")[0]) == brain.regions["q"].total_spikes.sum()


class Odd(Distribution):
    """A distribution of one's own that is wrong in some way."""

    def __init__(self, make: Any) -> None:
        self.make = make

    def from_uniform(self, u: Any) -> Any:
        return self.make(u)


ODD = {
    "no numbers": lambda u: np.full(len(u), np.nan, np.float32),
    "infinite": lambda u: np.where(u < 0.5, np.inf, u),
    "too few": lambda u: u[:-1],
    "one for all": lambda _u: 1.0,
    "a table": lambda u: np.stack([u, u]),
    "words": lambda u: np.array(["x"] * len(u)),
    "nothing": lambda _u: None,
}


@pytest.mark.parametrize("elementwise", [False, True])
@pytest.mark.parametrize("what", ["weights", "delays"])
@pytest.mark.parametrize("odd", ODD)
def test_a_distribution_of_ones_own_is_held_to_its_word(odd, what, elementwise):
    kind = type("Kind", (Odd,), {"elementwise": elementwise})
    brain = Brain(dt=0.1, seed=3, mechanisms="none")
    for name in "ab":
        brain.add_region(name, n_neurons=20, connectivity=0.0, model=CurrentLIF, excitatory=1.0)
    before = brain.fingerprint()
    with pytest.raises(EngramError, match=r"Kind\.from_uniform must return"):
        brain.connect_regions("a", "b", density=1.0, **{what: kind(ODD[odd])})
    brain.check()
    assert brain.fingerprint() == before
