"""Neuron models, built in and written by users, and the life of neurons."""

from __future__ import annotations

import numpy as np
import pytest

from engram import (
    LIF,
    STDP,
    AdEx,
    Brain,
    CurrentLIF,
    FiringPattern,
    InvalidValueError,
    Izhikevich,
    NeuronModel,
    NeuronType,
    Parameter,
    PlasticityRule,
    PoissonSource,
    RegionType,
    Relay,
)
from engram.kernels.constants import RECENT
from engram.state.invariants import check
from engram.state.schema import NEURON_FIELDS

S = RegionType.SENSORY


class Perfect(NeuronModel):
    """A perfect integrator with a counter of its spikes and a threshold of each neuron's own."""

    states = {"v": 0.0, "count": 0.0}
    threshold = Parameter(1.0, low=0.0, open_low=True, per_neuron=True)
    gain = Parameter(1.0)

    @staticmethod
    def update(v, count, I, threshold, gain, dt):  # noqa: E741
        v = v + dt * gain * I
        return v, count, v >= threshold

    @staticmethod
    def reset(v, count, I, gain, dt, threshold):  # noqa: E741
        return v + dt * gain * I - threshold, count + 1


class Refractory(NeuronModel):
    """Fires whenever it may; everything a model can ask for."""

    states = {"v": 0.0}
    conductance = True
    gap = Parameter(7.0)

    @staticmethod
    def update(v, since_spike, gap, g_exc, g_inh, theta, uniform):  # noqa: ARG004
        return g_exc - g_inh + theta + uniform, since_spike >= gap


class Counting(PlasticityRule):
    """Counts arrivals up and firings down."""

    up = Parameter(0.01)
    down = Parameter(0.001)
    pre_traces = {}
    post_traces = {}

    @staticmethod
    def on_pre(w, up):
        return w + up

    @staticmethod
    def on_post(w, down):
        return w - down


class TraceSum(PlasticityRule):
    """Adds the traces of either side."""

    tau = Parameter(10.0, low=0.0, open_low=True)
    slow = Parameter(40.0, low=0.0, open_low=True)
    pre_traces = {"x": "tau", "x2": "slow"}
    post_traces = {"y": "tau"}

    @staticmethod
    def on_pre(w, y):
        return w - y

    @staticmethod
    def on_post(w, x, x2):
        return w + x + 10 * x2


def one(model, n=1, dt=1.0, seed=1, **options):
    brain = Brain(dt=dt, seed=seed)
    options = {"variation": 0.0, "noise": 0.0, "excitatory": 1.0, "rule": None, **options}
    brain.freeze_structural_plasticity()
    return brain, brain.add_region("r", S, n, 0.0, model=model, **options)


def spike_times(brain, current, ms):
    region = brain.regions["r"]
    out = []
    for _ in range(round(ms / brain.dt)):
        brain.inject_current("r", range(region.n_neurons), current)
        if len(brain.step()["r"]):
            out.append(brain.time)
    return np.array(out)


@pytest.mark.parametrize("dt", [0.1, 0.5, 1.0])
def test_a_model_in_plain_python(dt):
    brain, region = one(Perfect(threshold=2.0, gain=0.5), dt=dt)
    times = spike_times(brain, 0.1, 1000)
    assert len(times) == pytest.approx(1000 * 0.1 * 0.5 / 2.0, abs=1)
    assert np.diff(times) == pytest.approx(40.0, abs=2 * dt)
    assert region.state("count")[0] == len(times)
    region.model.gain = 1.0
    assert len(spike_times(brain, 0.1, 1000)) == pytest.approx(50, abs=1)


def test_a_model_has_its_own_parameters_per_neuron():
    brain, region = one(Perfect(threshold=4.0), n=200, variation=0.25)
    threshold = region.state("threshold")
    assert 3.0 <= threshold.min() < 3.1 < 4.9 < threshold.max() <= 5.0
    threshold[:100] = 1.0
    brain.run(400, lambda b, _: b.inject_current("r", range(200), 0.5))
    assert (region.total_spikes[:100] == 200).all()
    np.testing.assert_allclose(region.total_spikes[100:], 200 / threshold[100:], atol=1)


def test_a_model_gets_the_inputs_it_asks_for():
    brain, region = one(Refractory, n=3, dt=0.5)
    # From the end of the step of the spike to the beginning of this one.
    assert np.allclose(np.diff(spike_times(brain, 0.0, 100)), 7.0 + 0.5)
    region.state("exc")[:] = [0.0, 10.0, 0.0]
    region.state("inh")[:] = [0.0, 0.0, -5.0]
    region.theta[:] = 100.0
    brain.freeze_adaptive_thresholds()
    brain.run(1)
    # Means over the step of inputs that decay; a random number in [0, 1) on top.
    exc = 10 * (1 - np.exp(-0.1)) / 0.1
    inh = 5 * (1 - np.exp(-0.05)) / 0.05
    rest = region.v - [100.0, 100.0 + exc, 100.0 - inh]
    assert ((rest >= -1e-4) & (rest < 1)).all()
    assert len(set(rest.tolist())) == 3


def test_unusable_models_and_rules_are_refused_when_declared():
    with pytest.raises(InvalidValueError, match="first state must be 'v'"):
        type("NoV", (NeuronModel,), {"states": {"w": 0.0}})
    with pytest.raises(InvalidValueError, match="'tau_plus' is not a parameter"):
        type("NoTau", (PlasticityRule,), {})
    with pytest.raises(InvalidValueError, match=r"named .*'y', 'y2'"):
        type("Named", (PlasticityRule,), {"pre_traces": {}, "post_traces": {"z": "tau"}})


def test_a_rule_in_plain_python_counts_events():
    brain = Brain(seed=1)
    for name in ("a", "b"):
        brain.add_region(name, S, 2, 0.0, model=Relay, excitatory=1.0, rule=None)
    p = brain.connect_regions(
        "a", "b", wiring="one_to_one", weights=0.1, w_max=10.0, delays=3.0, rule=Counting(up=0.02)
    )
    brain.freeze_homeostatic_scaling()
    trains = {"a": [2, 5, 6, 11], "b": [1, 8, 9]}
    for step in range(20):
        for name, times in trains.items():
            brain.inject_current(name, [0, 1], 9.0 if step in times else -9.0)
        brain.step()
    np.testing.assert_allclose(p.weight, 0.1 + 4 * 0.02 - 3 * 0.001, rtol=1e-4)
    p.rule.up = 0.0
    brain.freeze_plasticity()
    brain.run(5, lambda b, _: b.inject_current("a", [0, 1], 9.0))
    np.testing.assert_allclose(p.weight, 0.177, rtol=1e-4)


def test_a_rule_in_plain_python_has_traces():
    brain = Brain(seed=1)
    for name in ("a", "b"):
        brain.add_region(name, S, 1, 0.0, model=Relay, excitatory=1.0, rule=None)
    p = brain.connect_regions(
        "a", "b", wiring="one_to_one", weights=500.0, w_max=1000.0, delays=2.0, rule=TraceSum()
    )
    brain.freeze_homeostatic_scaling()
    trains = {"a": [3, 20], "b": [9]}
    for step in range(30):
        for name, times in trains.items():
            brain.inject_current(name, [0], 9e3 if step in times else -9e3)
        brain.step()
    # A spike adds the mean of its trace over a step. Arrival at 5, firing at 9, arrival at 22.
    fast, slow = (tau * (1.0 - np.exp(-1.0 / tau)) for tau in (10.0, 40.0))
    up = fast * np.exp(-4 / 10) + 10 * slow * np.exp(-4 / 40)
    down = fast * np.exp(-12 / 10)
    assert p.weight[0] == pytest.approx(500 + up - down, abs=2e-4)


@pytest.mark.parametrize("dt", [0.1, 0.25, 0.5, 1.0])
@pytest.mark.parametrize("model", [LIF, CurrentLIF])
def test_leaky_neurons_fire_at_the_closed_form_rate(model, dt):
    brain, region = one(model, dt=dt)
    times = spike_times(brain, 20.0, 1000)
    period = 2.0 + 20.0 * np.log(20.0 / 5.0)
    assert np.diff(times).mean() == pytest.approx(period, abs=dt)
    brain, region = one(model, dt=dt)
    assert len(spike_times(brain, 14.9, 500)) == 0
    assert region.v[0] == pytest.approx(-65.0 + 14.9, abs=0.01)


@pytest.mark.parametrize("dt", [0.1, 1.0])
def test_adex_adapts(dt):
    brain, region = one(AdEx, dt=dt)
    assert len(spike_times(brain, 500.0, 300)) == 0
    brain, region = one(AdEx, dt=dt)
    intervals = np.diff(spike_times(brain, 1000.0, 600))
    assert len(intervals) > 5
    assert intervals[-1] > 1.2 * intervals[0]
    assert region.state("w")[0] > 0
    brain, region = one(AdEx(b=0.0, a=0.0), dt=dt)
    intervals = np.diff(spike_times(brain, 1000.0, 600))
    assert intervals.max() - intervals.min() <= dt + 1e-9


@pytest.mark.parametrize("dt", [0.1, 1.0])
@pytest.mark.parametrize("rate", [5.0, 80.0])
def test_poisson_sources_fire_at_random_at_their_rate(dt, rate):
    n, seconds = 100, 10.0
    brain, region = one(PoissonSource, n=n, dt=dt, background=rate)
    brain.run(round(seconds * 1000 / dt))
    p = 1 - np.exp(-rate * dt / 1000)
    expected = p * seconds * 1000 / dt
    counts = region.total_spikes
    assert counts.mean() == pytest.approx(expected, abs=5 * np.sqrt(expected / n))
    assert counts.var() / counts.mean() == pytest.approx(1 - p, abs=5 * np.sqrt(2 / n))
    assert len(set(counts.tolist())) > 5


def test_relays_fire_given_trains():
    brain, _ = one(Relay, n=4)
    for step in range(20):
        brain.inject_current("r", [step % 4], 1.0)
        brain.inject_current("r", [(step + 1) % 4], 0.99)
        assert brain.step()["r"].tolist() == [step % 4]


@pytest.mark.parametrize("pattern", FiringPattern)
def test_patterns_fire_alike_at_any_step(pattern):
    counts = {}
    for dt in (0.1, 0.25, 0.5, 1.0):
        brain, region = one(None, dt=dt, patterns=pattern)
        assert region.u[0] == pytest.approx(-65.0 * pattern.parameters[1], rel=1e-5)
        counts[dt] = len(spike_times(brain, 10.0, 500))
    assert counts[0.1] > 3
    for count in counts.values():
        assert abs(count - counts[0.1]) <= max(1, 0.04 * counts[0.1]), counts


def test_firing_patterns_look_as_they_are_called():
    rates = {}
    for pattern in FiringPattern:
        brain, _ = one(None, patterns=pattern, dt=0.25)
        rates[pattern.name] = np.diff(spike_times(brain, 10.0, 500))
    assert rates["FAST_SPIKING"].mean() < 0.5 * rates["REGULAR_SPIKING"].mean()
    for bursting in ("CHATTERING", "INTRINSICALLY_BURSTING"):
        assert rates[bursting].max() > 4 * rates[bursting].min()
    assert rates["REGULAR_SPIKING"][-1] > 1.5 * rates["REGULAR_SPIKING"][0]


@pytest.mark.parametrize("current", [-1e4, -100.0, 1000.0])
@pytest.mark.parametrize("model", [Izhikevich, LIF, CurrentLIF, AdEx])
def test_any_current_leaves_finite_membranes(model, current):
    brain, region = one(model, n=7)
    spike_times(brain, current, 300)
    assert np.isfinite(region.v).all()
    check(brain.network.tables)


def test_given_parameters_take_the_place_of_the_patterns():
    brain = Brain(seed=1)
    region = brain.add_region("r", S, 100, model=Izhikevich(d=1.0), variation=0.05)
    assert np.abs(region.d - 1.0).max() <= 0.0501
    assert np.abs(region.c + 65.0).max() <= 0.0501 * 65
    assert 0.0189 < region.a[region.neuron_type == NeuronType.EXCITATORY].min()
    assert region.a[region.neuron_type == NeuronType.INHIBITORY].min() > 0.09


def test_heterogeneity_can_be_chosen():
    brain = Brain(seed=1)
    for name, variation in (("none", 0.0), ("some", 0.2)):
        region = brain.add_region(name, S, 300, excitatory=1.0, variation=variation)
        ratio = region.b / np.float32(0.2)
        assert ratio.min() >= 1 - variation - 1e-6
        assert ratio.max() <= 1 + variation + 1e-6
        assert ratio.std() == pytest.approx(variation / np.sqrt(3), rel=0.1, abs=1e-6)
        assert variation == 0 or abs(np.corrcoef(region.a, region.b)[0, 1]) < 0.2


def lived(**options):
    """A region whose neurons have a past: every neuron field differs from its initial value."""
    brain = Brain(seed=2)
    region = brain.add_region("r", S, 12, 0.5, max_neurons=13, rule=STDP(), **options)
    other = brain.add_region("s", S, 12, 0.5)
    brain.connect_regions("r", "s", 0.5, bidirectional=True)
    brain.homeostasis.theta_plus = 0.1
    brain.metaplasticity.enabled = True
    brain.growth.growth_interval = 1e6
    brain.run(100, lambda b, _: b.stimulate("r", [1.0]))
    brain.present("r", [1.0], 10)
    assert (region.total_spikes > 0).all()
    assert other.total_spikes.sum() > 0
    return brain, region


def test_a_slot_is_used_again_without_a_trace_of_its_last_owner():
    brain, region = lived()
    brain.stimulate("r", [1.0])
    old = {f.name: brain.network.tables[f.name][..., 4].copy() for f in NEURON_FIELDS}
    assert region.kill_neurons([4, 7]) == 2
    assert region.n_neurons == 12
    assert region.n_alive_neurons == 10
    assert not region.neuron_alive[[4, 7]].any()
    brain.run(1)
    assert region.add_neuron(NeuronType.INHIBITORY) == 4
    check(brain.network.tables)
    expected = {
        "alive": 1,
        "neuron_type": 1,
        "pattern": FiringPattern.FAST_SPIKING,
        "born": brain.step_count,
        "v": -65.0,
    }
    seen = set()
    for field in NEURON_FIELDS:
        value = brain.network.tables[field.name][..., 4]
        if field.name in ("q", "x"):
            continue
        initial = np.array(expected.get(field.name, field.initial), field.dtype)
        assert (value == initial).all(), field.name
        if (old[field.name] != initial).any():
            seen.add(field.name)
    assert {"last_spike", "total_spikes", "theta", "recent_rate", "drive", "exc"} <= seen
    assert region.u[4] == pytest.approx(-65.0 * region.b[4], rel=1e-5)
    assert abs(region.a[4] / 0.1 - 1) <= 0.0501
    assert region.neuron_age[4] == 0.0
    assert region.neuron_age[0] == brain.time
    for p in brain.projections:
        if p.source == "r":
            assert not brain.network.block(p.record)["pre_trace"][..., 4].any()
        if p.target == "r":
            assert not brain.network.block(p.record)["post_trace"][:, 4].any()
        for side, name in ((p.pre, p.source), (p.post, p.target)):
            assert name != "r" or 4 not in side
    assert region.add_neuron() == 7
    assert region.add_neuron() == 12
    assert region.n_neurons == 13


def test_a_newborn_does_not_send_its_predecessors_spikes():
    brain = Brain(seed=1)
    for name in ("a", "b"):
        brain.add_region(name, S, 2, 0.0, model=Relay, excitatory=1.0, rule=None)
    p = brain.connect_regions("a", "b", wiring="one_to_one", weights=1.0, delays=10.0, rule=None)
    brain.inject_current("a", [0, 1], 1.0)
    brain.run(3)
    region = brain.regions["a"]
    region.kill_neurons([0])
    assert region.add_neuron() == 0
    p.add_synapses([0], [0], 1.0, 10.0)
    brain.run(20)
    assert brain.regions["b"].state("exc").tolist() == [0.0, pytest.approx(0.15, abs=0.1)]


def test_dead_neurons_are_silent():
    brain, region = lived()
    region.kill_neurons([0, 1, 2])
    before = region.total_spikes[:3].copy()
    for _ in range(30):
        brain.stimulate("r", [1.0])
        assert not set(brain.step()["r"]) & {0, 1, 2}
    assert (region.total_spikes[:3] == before).all()
    assert region.total_spikes[3:].sum() > 0
    region.kill_neurons(np.arange(12))
    assert region.n_alive_neurons == 0
    assert region.mean_activity == 0.0
    brain.run(10)
    check(brain.network.tables)


def test_neurons_of_either_type_get_the_pattern_asked_for():
    brain = Brain(seed=1)
    region = brain.add_region("r", RegionType.MEMORY, 5, max_neurons=9)
    for ntype, pattern, expected in (
        (NeuronType.EXCITATORY, None, FiringPattern.INTRINSICALLY_BURSTING),
        (NeuronType.INHIBITORY, None, FiringPattern.LOW_THRESHOLD_SPIKING),
        (NeuronType.INHIBITORY, FiringPattern.RESONATOR, FiringPattern.RESONATOR),
    ):
        slot = region.add_neuron(ntype, pattern)
        assert (region.neuron_type[slot], region.pattern[slot]) == (ntype, expected)
        for name, value in zip("abcd", expected.parameters, strict=True):
            assert abs(getattr(region, name)[slot] / value - 1) <= 0.0501


def test_background_noise_and_thresholds():
    brain, region = one(CurrentLIF, n=400, background=5.0)
    brain.run(200)
    np.testing.assert_allclose(region.v, -60.0, atol=0.01)
    region.noise = 2.0
    samples = []
    for _ in range(50):
        brain.run(40)
        samples.append(region.v.copy())
    # An Ornstein-Uhlenbeck process, held over each millisecond.
    kept = np.exp(-1 / 20)
    expected = 2.0 * (1 - kept) / np.sqrt(1 - kept**2)
    assert np.std(samples) == pytest.approx(expected, rel=0.05)
    region.noise, region.background = 0.0, 20.0
    region.theta[:200] = 10.0
    region.tau_theta = 1e9
    before = region.total_spikes.copy()
    brain.run(100)
    gained = region.total_spikes - before
    assert gained[:200].max() == 0
    assert gained[200:].min() >= 3


def test_thresholds_written_to_decay_though_none_adapts():
    brain, region = one(LIF, n=2)
    brain.run(3)
    region.theta[:] = 1.0
    twin = brain.copy()
    brain.run(500)
    twin.run(500)
    np.testing.assert_allclose(region.theta, np.exp(-0.5), rtol=1e-6)
    assert twin.fingerprint() == brain.fingerprint()


def test_adaptive_thresholds_step_and_decay():
    brain, region = one(CurrentLIF, dt=0.5)
    region.theta_plus, region.tau_theta = 0.5, 100.0
    theta = 0.0
    for _ in range(400):
        brain.inject_current("r", [0], 30.0)
        fired = len(brain.step()["r"])
        theta = theta * np.exp(-0.5 / 100) + 0.5 * fired
        assert region.theta[0] == pytest.approx(theta, rel=1e-6)
    assert theta > 1


def test_models_defined_in_a_function_can_be_copied():
    class Local(NeuronModel):
        states = {"v": 0.0}

        @staticmethod
        def update(v, I):  # noqa: E741
            return v + I, v > 3

    brain, _ = one(Local)
    twin = brain.copy()
    for b in (brain, twin):
        b.run(5, lambda b, _: b.inject_current("r", [0], 1.0))
    assert twin.regions["r"].v[0] == 5.0
    assert twin.fingerprint() == brain.fingerprint()


@pytest.mark.parametrize("dt", [0.1, 1.0])
def test_activity_is_the_exponential_average_of_the_spikes(dt):
    """sum_k exp(-(t - t_k) / 1 s) / 1 s, also across gaps longer than decays are tabulated for."""
    brain = Brain(dt=dt, seed=1)
    relay = Relay(tau_exc=0.0, tau_inh=0.0)
    region = brain.add_region("r", RegionType.SENSORY, 3, connectivity=0.0, model=relay, noise=0.0)
    gaps = [1, 2, RECENT - 1, RECENT, RECENT + 1, 3 * RECENT]
    spikes = np.cumsum([5, *gaps, *gaps])
    for step in range(spikes[-1] + 40):
        if step in spikes:
            brain.inject_current("r", [1], 2.0)
        assert (len(brain.step()["r"]) == 1) == (step in spikes)
    ages = brain.time - spikes * dt
    expected = np.exp(-ages / 1000.0).sum()
    np.testing.assert_allclose(region.activity, [0.0, expected, 0.0], rtol=1e-6)
