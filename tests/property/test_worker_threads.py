"""Any number of worker threads gives the same bits, with everything on."""

from __future__ import annotations

import os
import threading
import time

import numpy as np
import pytest
from hypothesis import given, settings

from benchmarks.reliability.threads import differences
from engram import (
    LIF,
    STDP,
    AdEx,
    Brain,
    CurrentLIF,
    InvalidTypeError,
    InvalidValueError,
    Normal,
    PoissonSource,
    RegionType,
    Relay,
    RewardSTDP,
    ShortTermPlasticity,
    TimedArray,
    Uniform,
)
from engram.kernels.jit import JIT_DISABLED
from engram.network import workers
from tests.property.test_determinism import fixed, live, lively, seeds

pytestmark = pytest.mark.skipif(JIT_DISABLED, reason="without machine code there is one worker")


def workers_of(brain: Brain) -> int:
    """How many took part in the last call."""
    return brain.network.crew.size if brain.network.crew else 1


def without_sources(seed: int) -> Brain:
    """A brain with every mechanism on, and no source that draws by block."""
    brain = lively(seed)
    brain.remove_region("hiss")
    brain.add_region("adapting", n_neurons=30, model=AdEx, background=Normal(400.0, 50.0))
    brain.connect_regions("mid", "adapting", 0.3, rule="triplet_stdp", delays=Uniform(1.0, 9.0))
    brain.add_critic("adapting", "proj:in->mid")
    return brain


def same_future(make, go, threads) -> Brain:
    """That a brain lives the same life with these numbers of threads; the first one, at its end."""
    lives = []
    for n in (1, *threads):
        brain = make()
        brain.threads = n
        go(brain)
        assert workers_of(brain) == n
        lives.append(brain)
    prints = {brain.fingerprint() for brain in lives}
    assert len(prints) == 1
    return lives[0]


@given(seeds)
@settings(fixed, max_examples=4)
def test_everything_on_is_the_same_for_any_number_of_threads(seed):
    """Rules, rewards, dendrites, growth, memory, rhythms, critics: at intervals that act."""

    def go(brain):
        live(brain, 0, 250)
        brain.present("in", [0.2, 0.9], 40, 10)
        brain.sleep(60.0)
        live(brain, 350, 500)

    # Not a fixture: hypothesis would not apply it to each example.
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(workers, "BLOCK", 8)
        brain = same_future(lambda: without_sources(seed), go, (2, 3, 4))
    assert brain.growth.history
    assert all(region.total_spikes.sum() > 0 for region in brain.regions.values())


def big(seed: int) -> Brain:
    """Regions of several blocks, with every kind of model, input and rule."""
    brain = Brain(dt=0.5, seed=seed)
    brain.add_region("in", RegionType.SENSORY, 2500, connectivity=0.0)
    brain.add_region("out", n_neurons=2100, model=LIF, background=14.0, connectivity=0.01)
    brain.add_region("poisson", n_neurons=3000, model=PoissonSource, background=20.0)
    brain.add_region("relay", n_neurons=1500, model=Relay, connectivity=0.0)
    brain.add_region("slow", n_neurons=1100, model=CurrentLIF, noise=2.0, background=12.0)
    brain.regions["out"].enable_morphology()
    brain.connect_regions("in", "out", 0.01, rule=RewardSTDP(), stp=ShortTermPlasticity())
    brain.connect_regions("poisson", "in", 0.01, weights=2.0, delays=Uniform(0.5, 20.0))
    brain.connect_regions("relay", "slow", 0.02, rule=STDP(pairing="nearest"))
    brain.connect_regions("slow", "out", 0.01, rule=None, weights=0.2)
    brain.poisson_input("relay", 15.0, 1.0)
    brain.poisson_input("slow", 900.0, 0.3, n=40, indices=list(range(1090, 10, -3)))
    brain.drive("in", TimedArray(np.random.default_rng(seed).random((50, 2500)) * 20.0, 4.0))
    brain.metaplasticity.enabled = True
    return brain


def test_large_regions_of_every_kind_are_shared_out():
    """Sources, relays, dendrites, listed inputs and recorders too; regions are cut in two."""
    logs = []

    def go(brain):
        spikes, v = brain.record("spikes"), brain.record("v", "slow", every=5.0)
        brain.stimulate("in", [0.7])
        brain.run(60)
        brain.reward(1.0, "proj:in->out")
        brain.run(60)
        logs.append((*spikes.spikes("out"), *spikes.spikes("poisson"), v.values))

    brain = same_future(lambda: big(3), go, (2, 3))
    for one in logs[1:]:
        for a, b in zip(logs[0], one, strict=True):
            np.testing.assert_array_equal(a, b)
    assert all(region.total_spikes.sum() > 20 for region in brain.regions.values())


def test_the_number_may_change_at_any_time():
    """Also in copies, and between the calls of one run."""
    alone, many = big(4), big(4)
    alone.threads = 1
    alone.run(90)
    for n, steps in ((2, 30), (1, 10), (4, 29), (None, 1), (3, 20)):
        many.threads = n
        assert many.threads == n
        many.run(steps)
    assert many.copy().threads == 3
    assert many.fingerprint() == alone.fingerprint()


def test_workers_that_pause_at_random_do_not_change_a_bit():
    """A hundred runs; `benchmarks.reliability.threads` does a thousand and more."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(workers, "BLOCK", 8)
        assert differences(6, 100) == 0


def test_a_small_brain_has_one_worker_and_starts_no_thread():
    brain = Brain(seed=1)
    brain.add_region("a", n_neurons=300)
    before = threading.active_count()
    brain.run(100)
    assert workers_of(brain) == 1
    assert threading.active_count() == before


@pytest.mark.parametrize("given_", [0, -1, 257, 1.5, "2", True])
def test_a_number_that_is_none_is_refused(given_):
    brain = Brain(seed=1, threads=2)
    with pytest.raises((InvalidTypeError, InvalidValueError), match=r"Brain: threads"):
        brain.threads = given_
    assert brain.threads == 2
    with pytest.raises((InvalidTypeError, InvalidValueError), match=r"Brain: threads"):
        Brain(threads=given_)


def test_the_environment_sets_the_default(monkeypatch):
    monkeypatch.setenv("ENGRAM_THREADS", "3")
    assert Brain(seed=1).threads == 3
    assert Brain(seed=1, threads=2).threads == 2
    monkeypatch.setenv("ENGRAM_THREADS", "many")
    with pytest.raises(InvalidValueError, match="ENGRAM_THREADS"):
        Brain(seed=1)


def test_workers_that_are_called_off_have_done_nothing(monkeypatch):
    """An interrupt before the lead comes: the others go home, and the next run is right."""
    brain, twin = big(5), big(5)
    brain.threads, twin.threads = 3, 1
    brain.run(10)
    real = workers.kernel

    def interrupted(label):
        enter = real(label)

        def call(loop, address, steps):
            if threading.current_thread() is threading.main_thread():
                time.sleep(0.02)
                raise KeyboardInterrupt
            return enter(loop, address, steps)

        return call

    monkeypatch.setattr(workers, "kernel", interrupted)
    with pytest.raises(KeyboardInterrupt):
        brain.run(10)
    monkeypatch.undo()
    brain.check()
    brain.run(10)
    twin.run(20)
    assert brain.fingerprint() == twin.fingerprint()


def test_two_brains_in_two_threads_share_the_helpers():
    """One of them has them, the other runs alone meanwhile: both live their lives."""
    brains = [big(7), big(8)]
    twins = [brain.copy() for brain in brains]
    for brain, twin in zip(brains, twins, strict=True):
        brain.threads, twin.threads = 2, 1
    runs = [threading.Thread(target=brain.run, args=(60,)) for brain in brains]
    for run in runs:
        run.start()
    for run in runs:
        run.join()
    for brain, twin in zip(brains, twins, strict=True):
        twin.run(60)
        assert brain.fingerprint() == twin.fingerprint()


@pytest.mark.skipif(not hasattr(os, "fork"), reason="there is no fork")
@pytest.mark.filterwarnings("ignore:This process.*is multi-threaded:DeprecationWarning")
def test_a_forked_child_has_helpers_of_its_own():
    """Its parent's threads are not there: it would wait for them for ever."""
    brain, twin = big(9), big(9)
    brain.threads, twin.threads = 2, 1
    brain.run(10)
    child = os.fork()
    if child == 0:
        brain.run(20)
        os._exit(0 if brain.time == 15.0 and brain.network.crew.size == 2 else 1)
    assert os.waitpid(child, 0)[1] == 0
    brain.run(20)
    twin.run(30)
    assert brain.fingerprint() == twin.fingerprint()


def test_the_faster_way_is_taken_and_the_other_one_tried_again():
    """By the clock: first together, then alone, then whichever took less."""
    pace, ways = workers.Pace(), []
    for _ in range(2 * workers.TRIED_AGAIN + 2):
        ways.append(pace.together())
        pace.note(ways[-1], 3e-6 if ways[-1] else 1e-6)
    assert ways[:4] == [True, False, False, False]
    assert sum(ways) == 3
    for _ in range(8):
        # Other programs have ended.
        pace.note(True, 0.5e-6)
    assert pace.together()


def test_a_brain_that_chooses_by_the_clock_lives_the_same_life(monkeypatch):
    for name, value in (("WORTH_A_STEP", 1.0), ("WORTH_A_CALL", 1.0)):
        monkeypatch.setattr(workers, name, value)
    monkeypatch.setattr(workers, "_cores", lambda: 3)
    monkeypatch.delenv("ENGRAM_THREADS", raising=False)
    brain, twin = big(10), big(10)
    twin.threads = 1
    for _ in range(40):
        brain.run(2)
    assert workers_of(brain) == 3
    twin.run(80)
    assert brain.fingerprint() == twin.fingerprint()


def test_young_synapses_learn_the_same_with_any_number_of_threads():
    """What they heard is looked up in who fired last, which a faster worker goes on writing."""
    brain = Brain(seed=1, mechanisms="none")
    for name, n in (("in", 420), ("out", 421)):
        brain.add_region(
            name, n_neurons=n, model=LIF, background=40.0, noise=10.0, connectivity=0.0
        )
    path = brain.connect_regions(
        "in", "out", 0.65, weights=1.0, delays=Uniform(0.5, 15.0), w_max=1.5, rule=STDP()
    )
    brain.run(60)
    path.delay = np.random.default_rng(0).uniform(0.5, 15.0, path.n_synapses)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(workers, "BLOCK", 8)
        one = brain.copy()
        one.threads = 1
        one.run(40)
        for _ in range(30):
            two = brain.copy()
            two.threads = 2
            two.run(40)
            assert two.fingerprint() == one.fingerprint()
