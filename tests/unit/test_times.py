"""Times in ms are multiples of dt, or refused with the nearest ones."""

from __future__ import annotations

import pytest

from engram import Brain, InvalidTypeError, InvalidValueError, Normal, RegionType


def small(dt: float) -> Brain:
    brain = Brain(dt=dt, seed=3)
    brain.add_region("a", RegionType.SENSORY, 10, background=8.0)
    return brain


@pytest.mark.parametrize("dt", [0.1, 0.3, 1.0, 0.7])
def test_run_for_is_run_in_ms(dt):
    one, other = small(dt), small(dt)
    for steps in (0, 1, 3, 1000):
        one.run_for(steps * dt)
        other.run(steps)
    assert one.step_count == 1004
    assert one.fingerprint() == other.fingerprint()


def test_run_for_takes_what_run_takes():
    brain, seen = small(0.5), []
    brain.run_for(3.0, lambda _brain, i: seen.append(i), progress=False)
    assert seen == list(range(6))


def test_times_between_steps_are_refused(tmp_path):
    brain = small(0.1)
    before = brain.fingerprint()
    calls = (
        lambda ms: brain.run_for(ms),
        lambda ms: brain.sleep(ms),
        lambda ms: brain.fall_asleep(ms),
        lambda ms: brain.checkpoint_every(tmp_path, ms=ms),
        lambda ms: brain.record("v", "a", every=ms),
    )
    for call in calls:
        with pytest.raises(InvalidValueError, match=r"dt = 0.1 ms, not 12.34; nearest: 12.3 and"):
            call(12.34)
        with pytest.raises(InvalidValueError, match=r"nearest: 0.1"):
            call(0.05)
        for wrong, error in ((-1.0, InvalidValueError), (float("nan"), InvalidValueError)):
            with pytest.raises(error):
                call(wrong)
        with pytest.raises(InvalidTypeError):
            call("1 s")
        with pytest.raises(InvalidValueError):
            call(1e12)
    for call in calls[1:]:
        with pytest.raises(InvalidValueError):
            call(0.0)
    assert brain.fingerprint() == before
    assert list(tmp_path.iterdir()) == []


def test_a_distribution_of_negative_delays_is_refused():
    brain = small(1.0)
    brain.add_region("b", RegionType.MOTOR, 10)
    before = brain.fingerprint()
    with pytest.raises(InvalidValueError, match=r"delays must not be negative.* -5"):
        brain.connect_regions("a", "b", density=0.9, delays=Normal(-5.0, 0.1))
    assert brain.fingerprint() == before
    path = brain.connect_regions("a", "b", density=0.9, delays=Normal(1.0, 1.0))
    assert path.delay.min() == 1.0
