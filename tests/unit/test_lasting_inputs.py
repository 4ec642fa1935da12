"""Poisson input, arrays over time and given spikes drive a brain by themselves."""

from __future__ import annotations

import pickle
import warnings

import numpy as np
import pytest

from engram import (
    LIF,
    Brain,
    CurrentLIF,
    EngramError,
    InvalidTypeError,
    InvalidValueError,
    PoissonSource,
    RegionType,
    Relay,
    SpikeTimes,
    TimedArray,
    UnknownNameError,
    load_brain,
    save_brain,
)
from engram.mechanisms.lasting import chances

A, S = RegionType.ASSOCIATION, RegionType.SENSORY


def counting(dt: float, n: int, seed: int = 3, slots: int | None = None) -> Brain:
    """A brain whose region "a" adds up all synaptic input in `exc`."""
    brain = Brain(dt=dt, seed=seed)
    model = CurrentLIF(tau_exc=1e12, tau_inh=1e12, v_th=1e12)
    brain.add_region("a", A, n, connectivity=0.0, model=model, max_neurons=slots or n)
    brain.freeze_structural_plasticity()
    return brain


def counts(brain: Brain, steps: int, name: str = "exc") -> np.ndarray:
    """What arrives at each neuron in each step."""
    region, found = brain.regions["a"], []
    for _ in range(steps):
        brain.step()
        found.append(np.array(region.state(name)))
    return np.diff(found, axis=0, prepend=0.0)


def everything(**settings) -> Brain:
    """A small brain with an input of each kind."""
    brain = Brain(seed=5, **settings)
    brain.add_region("given", S, 3, connectivity=0.0, model=SpikeTimes([2.0, 2.0, 90.0], [0, 2, 1]))
    brain.add_region("source", S, 20, connectivity=0.0, model=PoissonSource)
    brain.add_region("cell", A, 30, model=LIF)
    brain.connect_regions("given", "cell", density=0.5)
    brain.connect_regions("source", "cell", density=0.5)
    brain.poisson_input("cell", rate=20.0, weight=0.02, n=500)
    brain.poisson_input("cell", rate=5.0, weight=-0.1, n=20, indices=[1, 5, 7])
    brain.drive("source", TimedArray([0.0, 40.0, 80.0], dt=20.0))
    brain.drive("cell", TimedArray(np.arange(12.0).reshape(4, 3), dt=25.0), indices=[4, 2, 9])
    return brain


# -- Poisson input


@pytest.mark.parametrize(
    ("dt", "rate", "n"),
    [(0.1, 5.0, 1), (0.1, 10.0, 100), (1.0, 10.0, 100), (0.1, 50.0, 1000), (1.0, 20.0, 10_000)],
)
def test_counts_are_poisson(dt, rate, n):
    # Means a step: 0.0005, 0.1, 1, 5, 200.
    mean, neurons = 1e-3 * dt * rate * n, 1000
    steps = 300 if mean < 0.01 else 60
    brain = counting(dt, neurons)
    brain.poisson_input("a", rate, 1.0, n)
    found = counts(brain, steps)
    assert np.array_equal(found, np.rint(found))
    size = found.size
    assert abs(found.mean() - mean) < 4.0 * np.sqrt(mean / size)
    # The variance of a sample variance is (mu4 - s^4) / n, and mu4 = m + 3 m^2.
    assert abs(found.var() - mean) < 4.0 * np.sqrt((mean + 2.0 * mean**2) / size)
    for one, other in ((found[:, 1:], found[:, :-1]), (found[1:], found[:-1])):
        together = np.mean((one - mean) * (other - mean))
        assert abs(together) < 4.0 * mean / np.sqrt(one.size)


@pytest.mark.parametrize("mean", [1e-6, 0.05, 0.3, 4.0, 150.0, 3e6])
def test_the_distribution_is_that_of_poisson(mean):
    least, cumulative = chances(mean)
    shares = np.diff(cumulative, prepend=0.0)
    counts = least + np.arange(len(shares))
    assert cumulative[-1] == 1.0
    assert (shares >= 0).all()
    assert shares @ counts == pytest.approx(mean, rel=1e-9)
    assert shares @ (counts - mean) ** 2 == pytest.approx(mean, rel=1e-6)
    if least == 0:
        assert cumulative[0] == pytest.approx(np.exp(-mean), rel=1e-12)


def test_a_spike_acts_like_one_over_a_synapse_of_that_weight():
    # n sources so fast that every neuron gets spikes in every step, in two ways of the same count.
    for model, sign in ((LIF(), 1.0), (LIF(), -1.0), (CurrentLIF(), 1.0)):
        brain = Brain(seed=2)
        brain.add_region("in", S, 1, connectivity=0.0, model=SpikeTimes([0.0], [0]))
        brain.add_region("b", A, 1, connectivity=0.0, excitatory=1.0, model=model)
        brain.add_region("a", A, 50, connectivity=0.0, model=model)
        brain.freeze_structural_plasticity()
        pathway = brain.connect_regions(
            "in", "b", wiring="all_to_all", weights=0.01, delays=1.0, rule=None
        )
        given = brain.poisson_input("a", rate=500.0, weight=0.01 * sign)
        brain.step()
        name = "exc" if sign > 0 else "inh"
        after = np.array(brain.regions["a"].state(name))
        given.remove()
        brain.step()
        one = float(brain.regions["b"].state("exc")[0])
        assert pathway.n_synapses == 1
        assert one > 0
        tau = model.tau_exc if sign > 0 else model.tau_inh
        number = after / (sign * one * np.exp(-1.0 / tau + 1.0 / model.tau_exc))
        assert np.allclose(number, np.rint(number), atol=1e-4)
        assert set(np.rint(number)) >= {0.0, 1.0}


def test_neurons_that_were_named_and_no_others():
    brain = counting(1.0, 40)
    given = brain.poisson_input("a", 100.0, -1.0, n=100, indices=[3, 0, 17])
    found = counts(brain, 20, "inh")
    assert (found[:, [0, 3, 17]] < 0).all()
    assert np.count_nonzero(found.any(axis=0)) == 3
    given.weight, given.rate = 2.0, 200.0
    later = counts(brain, 50, "exc")[:, [0, 3, 17]]
    assert later.mean() == pytest.approx(2.0 * 20.0, rel=0.1)
    given.remove()
    given.remove()
    assert brain.inputs == ()
    assert not counts(brain, 3)[1:].any()


def test_the_dead_get_nothing_and_newborns_their_share():
    brain = counting(1.0, 20, slots=30)
    brain.poisson_input("a", 1000.0, 1.0, n=5)
    brain.poisson_input("a", 1000.0, -1.0, n=5, indices=np.arange(20))
    brain.run(5)
    brain.regions["a"].kill_neurons([4])
    assert not counts(brain, 5)[:, 4].any()
    born = brain.regions["a"].add_neuron()
    assert born == 4
    excited, inhibited = counts(brain, 5), np.array(brain.regions["a"].state("inh"))
    assert (excited[1:, 4] > 0).all()
    assert inhibited[4] == 0.0
    assert (np.delete(inhibited, 4) < 0).all()


def test_several_inputs_are_independent():
    brain = counting(1.0, 2000)
    brain.poisson_input("a", 1000.0, 1.0)
    brain.poisson_input("a", 1000.0, -1.0)
    one = counts(brain, 1)[0]
    other = np.array(brain.regions["a"].state("inh"))
    assert abs(np.corrcoef(one, other)[0, 1]) < 4.0 / np.sqrt(2000)


# -- arrays over time


def test_a_current_follows_an_array():
    brain = Brain(dt=0.5, seed=1)
    region = brain.add_region(
        "a", A, 4, connectivity=0.0, model=CurrentLIF(tau_m=1e9, v_th=1e12), max_neurons=6
    )
    plain = brain.drive("a", TimedArray([1e6, 3e6, 0.0], dt=1.0))
    each = brain.drive("a", TimedArray([[4e6, 0.0], [0.0, 8e6]], dt=0.5), indices=[2, 0])
    region.v[:] = 0.0
    found = []
    for _ in range(7):
        before = region.v.copy()
        brain.step()
        found.append((region.v - before) / 0.5 * 1e3)
    common = np.array([1.0, 1, 3, 3, 0, 0, 0])
    assert np.array(found)[:, 1] == pytest.approx(common, abs=0.01)
    assert np.array(found)[:, 2] == pytest.approx(
        common + np.array([4.0, 0, 0, 0, 0, 0, 0]), abs=0.01
    )
    # The last row holds for ever.
    assert np.array(found)[:, 0] == pytest.approx(
        common + np.array([0.0, 8, 8, 8, 8, 8, 8]), abs=0.01
    )
    plain.remove()
    each.remove()
    before = region.v.copy()
    brain.step()
    assert np.allclose(before, region.v, atol=1e-6)


def test_a_rate_follows_an_array():
    brain = Brain(dt=0.1, seed=4)
    region = brain.add_region("a", S, 1000, connectivity=0.0, model=PoissonSource)
    brain.drive("a", TimedArray([100.0, 0.0, 400.0], dt=100.0))
    found = []
    for _ in range(4):
        before = region.total_spikes.sum()
        brain.run(1000)
        found.append((region.total_spikes.sum() - before) / 100.0)
    want = [-1e4 * np.expm1(-1e-4 * rate) for rate in (100.0, 0.0, 400.0, 400.0)]
    assert found == pytest.approx(want, abs=4.0 * np.sqrt(400.0 / 100.0))


def test_memory_is_not_quiet_while_an_array_drives():
    from engram.network.inputs import is_quiet

    brain = Brain(seed=1)
    brain.add_region("a", A, 10)
    brain.drive("a", TimedArray([1.0, 2.0, 0.0], dt=200.0))
    quiet = []
    for _ in range(6):
        quiet.append(is_quiet(brain.network))
        brain.run(100)
    assert quiet == [False, False, False, False, True, True]


# -- given spikes


def test_neurons_fire_at_given_times():
    brain = Brain(dt=0.1, seed=1)
    times, who = [0.3, 0.75, 12.0, 0.3, 0.7], [1, 0, 1, 2, 1]
    region = brain.add_region("in", S, 3, connectivity=0.0, model=SpikeTimes(times, who))
    recorder = brain.record("spikes", "in")
    brain.run(200)
    when, neurons = recorder.spikes()
    assert when == pytest.approx([0.3, 0.3, 0.7, 0.7, 12.0])
    assert neurons.tolist() == [1, 2, 0, 1, 1]
    assert region.model.times.tolist() == [0.3, 0.3, 0.7, 0.75, 12.0]
    brain.inject_current("in", [2], 1.0)
    assert brain.step()["in"].tolist() == [2]


def test_many_given_spikes():
    rng = np.random.default_rng(0)
    raster = rng.random((300, 40)) < 0.2
    steps, who = np.nonzero(raster)
    brain = Brain(dt=0.5, seed=1)
    brain.add_region("in", S, 40, connectivity=0.0, model=SpikeTimes(steps * 0.5, who))
    found = np.zeros_like(raster)
    for k in range(300):
        found[k, brain.step()["in"]] = True
    assert np.array_equal(found, raster)


def test_two_spikes_of_a_neuron_in_one_step_are_refused():
    brain = Brain(dt=1.0, seed=1)
    before = brain.fingerprint()
    for times, who, fault in (
        ([3.1, 3.9], [1, 1], "neuron 1 has two spikes in the step from 3 to 4 ms"),
        ([3.1], [5], r"neurons must be in \[0, 1\]; one is 5"),
    ):
        with pytest.raises(InvalidValueError, match=fault):
            brain.add_region("in", S, 2, connectivity=0.0, model=SpikeTimes(times, who))
        assert brain.fingerprint() == before
        assert "in" not in brain.regions
    brain.add_region("in", S, 2, connectivity=0.0, model=SpikeTimes([3.1, 3.9], [1, 0]))
    brain.run(5)
    with pytest.raises(InvalidValueError, match="before the present"):
        brain.add_region("late", S, 2, connectivity=0.0, model=SpikeTimes([3.0], [0]))


# -- with everything else


def test_one_future_whatever_way(tmp_path):
    brain = everything()
    brain.run(30)
    one = brain.copy()
    one.run(70)
    other = load_brain(save_brain(brain, tmp_path / "b"))
    twin = pickle.loads(pickle.dumps(brain))
    for _ in range(70):
        other.step()
    for n in (1, 40, 29):
        twin.run(n)
    assert one.fingerprint() == other.fingerprint() == twin.fingerprint()
    assert [repr(i) for i in one.inputs] == [repr(i) for i in brain.inputs]
    plain = everything()
    for i in plain.inputs:
        i.remove()
    plain.run(100)
    assert plain.fingerprint() != one.fingerprint()


def test_an_input_changes_the_fingerprint():
    brain = Brain(seed=1)
    brain.add_region("a", A, 10)
    prints = [brain.fingerprint()]
    noise = brain.poisson_input("a", 10.0, 1.0)
    prints.append(brain.fingerprint())
    noise.rate = 11.0
    prints.append(brain.fingerprint())
    brain.drive("a", TimedArray([1.0], 1.0))
    prints.append(brain.fingerprint())
    assert len(set(prints)) == 4


def test_answers_are_a_function_of_the_key_and_leave_the_brain():
    brain = everything()
    brain.run(20)
    before = brain.fingerprint()
    shown = np.zeros((3, 20), np.float32)
    found = brain.respond("source", shown, 60, read="cell", keys=[7, 8, 7])
    assert brain.fingerprint() == before
    assert np.array_equal(found[0], found[2])
    assert not np.array_equal(found[0], found[1])
    assert found.any()


def test_sleep_silences_them_and_waking_brings_them_back():
    brain = counting(1.0, 10)
    brain.memory.slow_amplitude = 0.0
    brain.add_region("given", S, 1, connectivity=0.0, model=SpikeTimes([50.0, 150.0], [0] * 2))
    brain.poisson_input("a", 1000.0, 1.0, n=10)
    brain.run(10)
    before = np.array(brain.regions["a"].state("exc"))
    brain.sleep(100.0)
    assert np.allclose(brain.regions["a"].state("exc"), before)
    assert not brain.regions["given"].total_spikes.any()
    brain.run(100)
    assert (np.array(brain.regions["a"].state("exc")) > before + 500).all()
    assert brain.regions["given"].total_spikes.tolist() == [1]


def test_reset_state_leaves_them():
    brain = everything()
    brain.run(50)
    brain.reset_state()
    assert len(brain.inputs) == 4
    cells = brain.regions["cell"].total_spikes.sum()
    brain.run(200)
    assert brain.regions["cell"].total_spikes.sum() > cells


# -- bad input


@pytest.mark.parametrize(
    ("arguments", "error"),
    [
        ({"region": "b"}, UnknownNameError),
        ({"rate": -1.0}, InvalidValueError),
        ({"rate": float("nan")}, InvalidValueError),
        ({"rate": [1.0, 2.0]}, InvalidTypeError),
        ({"weight": None}, InvalidTypeError),
        ({"n": 0}, InvalidValueError),
        ({"n": 1.5}, InvalidTypeError),
        ({"indices": [10]}, InvalidValueError),
        ({"indices": [1, 1]}, InvalidValueError),
        ({"indices": []}, InvalidValueError),
    ],
)
def test_poisson_input_refuses(arguments, error):
    brain = Brain(seed=1)
    brain.add_region("a", A, 10)
    before = brain.fingerprint()
    with pytest.raises(error):
        brain.poisson_input(**{"region": "a", "rate": 1.0, "weight": 1.0, **arguments})
    assert brain.fingerprint() == before
    assert brain.inputs == ()


@pytest.mark.parametrize(
    ("make", "error"),
    [
        (lambda: TimedArray([], 1.0), InvalidValueError),
        (lambda: TimedArray([np.nan], 1.0), InvalidValueError),
        (lambda: TimedArray(["a"], 1.0), InvalidTypeError),
        (lambda: TimedArray([1.0], 0.0), InvalidValueError),
        (lambda: SpikeTimes([1.0], [0, 1]), InvalidValueError),
        (lambda: SpikeTimes([-1.0], [0]), InvalidValueError),
        (lambda: SpikeTimes([1.0], [0.5]), InvalidTypeError),
        (lambda: SpikeTimes([np.inf], [0]), InvalidValueError),
        (lambda: SpikeTimes([1.0], [-1]), InvalidValueError),
    ],
)
def test_arrays_and_spikes_refuse(make, error):
    with pytest.raises(error):
        make()


@pytest.mark.parametrize(
    ("values", "indices"),
    [
        (TimedArray([1.0], 0.25), None),
        (TimedArray([1.0], 0.05), None),
        (TimedArray(np.ones((2, 3)), 1.0), None),
        (TimedArray(np.ones((2, 3)), 1.0), [1, 2]),
        ([1.0, 2.0], None),
    ],
)
def test_drive_refuses(values, indices):
    brain = Brain(dt=0.1, seed=1)
    brain.add_region("a", A, 10)
    before = brain.fingerprint()
    with pytest.raises(EngramError):
        brain.drive("a", values, indices)
    assert brain.fingerprint() == before


# -- rates that a step can't hold


@pytest.mark.parametrize(
    "drive",
    [
        lambda b: b.drive("in", TimedArray([20_000.0], 1.0)),
        lambda b: b.inject_current("in", [1], 20_000.0),
        lambda b: b.present_many("in", np.full((1, 5), 20_000.0), 2, read="in"),
    ],
)
def test_a_rate_that_a_step_cant_hold_warns_once(drive):
    brain = Brain(dt=0.1, seed=1)
    brain.add_region("in", S, 5, connectivity=0.0, model=PoissonSource)
    with pytest.warns(UserWarning, match="20000 Hz become 8647 Hz at dt = 0.1 ms"):
        drive(brain)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        drive(brain)
        brain.run(2)


def test_a_background_rate_that_a_step_cant_hold_warns():
    brain = Brain(dt=1.0, seed=1)
    brain.add_region("in", S, 5, connectivity=0.0, model=PoissonSource, background=900.0)
    with pytest.warns(UserWarning, match="Region 'in'.*900 Hz become 593 Hz"):
        brain.run(1)
    relays = Brain(dt=1.0, seed=1)
    relays.add_region("in", S, 5, connectivity=0.0, model=Relay, background=900.0)
    relays.run(1)
