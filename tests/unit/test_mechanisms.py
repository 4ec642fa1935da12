"""Homeostasis, metaplasticity, rhythms, dendrites: what they do, and that their
switches stop them."""

from __future__ import annotations

import numpy as np
import pytest

from engram import (
    LIF,
    STDP,
    Brain,
    CurrentLIF,
    Neurotransmitter,
    PoissonSource,
    RegionType,
    Relay,
    RewardSTDP,
    Uniform,
)
from engram.mechanisms.bands import BANDS

S, A = RegionType.SENSORY, RegionType.ASSOCIATION
STILL = STDP(A_plus=0.0, A_minus=0.0)


def alone(brain, *others):
    """Nothing but what is tested changes a brain."""
    brain.freeze_homeostatic_scaling()
    brain.freeze_structural_plasticity()
    brain.disable_memory()
    for name in others:
        getattr(brain, name)()
    return brain


# -- homeostasis


def scaled(rate, on=True, **options):
    """Two neurons driven through plastic synapses by sources of a given rate."""
    brain = alone(Brain(seed=1))
    brain.add_region("in", S, 20, 0.0, rule=None, noise=0.0)
    brain.add_region("out", S, 20, 0.0, model=CurrentLIF, excitatory=1.0, rule=None)
    p = brain.connect_regions(
        "in",
        "out",
        wiring="all_to_all",
        source_type=None,
        delays=1.0,
        rule=STILL,
        **{"weights": 1.0, "w_max": 50.0, **options},
    )
    brain.homeostasis.check_interval = 100.0
    brain.homeostasis.scaling_rate = 0.05
    brain.homeostasis.tau_rate = 1000.0
    brain.homeostasis.target_rate, brain.homeostasis.tolerance = 12.0, 1.0
    brain.homeostasis.excitability_rate = 0.0
    if on:
        brain.unfreeze_homeostatic_scaling()

    def drive(b, i):
        if i % rate == 0:
            b.inject_current("in", [i // rate % 20], 60.0)

    return brain, p, drive


@pytest.mark.parametrize("weight", [1.0, 40.0])
def test_scaling_moves_rates_towards_the_target(weight):
    def final(on):
        brain, p, drive = scaled(3, on, weights=weight)
        brain.run(15_000, drive)
        return brain.regions["out"].mean_activity, p.weight.mean()

    rate, w = final(True)
    before, w0 = final(False)
    assert w0 == weight
    assert abs(before - 12.0) > 6.0
    assert abs(rate - 12.0) < 0.5 * abs(before - 12.0)
    assert (w > w0) == (before < 12.0)


def test_scaling_is_by_the_formula_and_leaves_inhibition_alone():
    brain = alone(Brain(seed=1), "unfreeze_homeostatic_scaling")
    brain.add_region("r", S, 30, 0.5, model=LIF, rule=STILL, w_max=100.0)
    brain.homeostasis.check_interval = 50.0
    brain.homeostasis.scaling_rate = 0.1
    brain.homeostasis.target_rate, brain.homeostasis.tolerance = 2.0, 1.0
    p, region = brain.projections[0], brain.regions["r"]
    start = p.weight
    brain.run(49, lambda b, _: b.inject_current("r", range(10), 80.0))
    assert (p.weight == start).all()
    brain.inject_current("r", range(10), 80.0)
    brain.run(1)
    rate = region.total_spikes / 0.05
    error = np.clip((2.0 - rate) / 2.0, -1.0, 1.0)
    assert error.min() == -1.0
    assert error.max() == 1.0
    factor = np.where(start > 0, 1 + 0.1 * error[p.post], 1.0)
    np.testing.assert_allclose(p.weight, start * factor, rtol=1e-5)


def firing(pattern, seconds, w_min=0.0, **parameters):
    """Two neurons that are told when to fire, in ms; their rates are measured and scale inputs."""
    brain = alone(Brain(seed=1), "unfreeze_homeostatic_scaling")
    for name in ("a", "b"):
        brain.add_region(name, S, 2, 0.0, model=Relay, excitatory=1.0, rule=None)
    p = brain.connect_regions(
        "a", "b", wiring="one_to_one", weights=1.0, w_min=w_min, w_max=2.0, rule=STILL
    )
    for name, value in {
        "scaling_rate": 0.1,
        "target_rate": 8.0,
        "tolerance": 1.0,
        **parameters,
    }.items():
        setattr(brain.homeostasis, name, value)

    def drive(b, i):
        for k in (0, 1):
            if pattern[k](i):
                b.inject_current("b", [k], 1.0)

    brain.run(1000 * seconds, drive)
    return brain, p


def test_rates_are_in_hz_over_the_stated_time():
    """A plain mean at first; then steps are followed with tau_rate."""
    pattern = (lambda i: i % 100 == 0, lambda i: i >= 20_000 and i % 100 == 0)
    brain, _ = firing(pattern, 20, tau_rate=4000.0)
    rate = brain.network.slots(brain.regions["b"].record, "mean_rate")
    np.testing.assert_allclose(rate, [10.0, 0.0], rtol=1e-5)
    brain, _ = firing(pattern, 26, tau_rate=4000.0)
    # Of the window, which began with the neuron, the last six seconds have this share.
    share = (1 - np.exp(-6 / 4)) / (1 - np.exp(-26 / 4))
    np.testing.assert_allclose(
        brain.network.slots(brain.regions["b"].record, "mean_rate"), [10.0, 10.0 * share], rtol=0.01
    )


def test_the_integral_makes_up_for_a_constant_push():
    """Weights drift up by themselves; only with the integral does the rate end at its target."""

    def final(integral_rate):
        brain, p, _ = scaled(3)
        brain.homeostasis.check_interval = 500.0
        brain.homeostasis.integral_rate = integral_rate

        def push(b, i):
            if i % 3 == 0:
                b.inject_current("in", [i // 3 % 20], 60.0)
            if i % 500 == 499:
                p.weight = 1.02 * p.weight

        brain.run(40_000, push)
        before = brain.regions["out"].total_spikes.sum()
        brain.run(10_000, push)
        return (brain.regions["out"].total_spikes.sum() - before) / 200.0

    assert final(0.0) > 15.5
    assert final(0.3) == pytest.approx(12.0, abs=1.0)


def test_bounds_hold_under_scaling_and_silent_neurons_get_input_again():
    silent = (lambda _: False, lambda i: i % 50 == 0)
    brain, p = firing(silent, 30)
    assert p.weight[0] == 2.0
    assert p.weight[1] < 0.1
    p.weight = [0.0, 1.0]
    brain.run(1000)
    # A hundredth of the mean, times the factor: zero could not be scaled.
    assert p.weight[0] == pytest.approx(0.01 * 0.5 * 1.1, rel=1e-3)
    _, p = firing(silent, 30, w_min=0.9)
    assert p.weight[1] == np.float32(0.9)


def test_scaling_leaves_inhibition_and_static_and_frozen_pathways_alone():
    brain = alone(Brain(seed=1), "unfreeze_homeostatic_scaling")
    for name in "abc":
        brain.add_region(name, S, 4, 0.0, model=Relay, excitatory=1.0, rule=None)
    options = {"wiring": "all_to_all", "weights": 1.0, "w_max": 2.0}
    inhibitory = brain.connect_regions("a", "b", nt=Neurotransmitter.GABA, rule=STILL, **options)
    static = brain.connect_regions("a", "c", rule=None, **options)
    frozen = brain.connect_regions("b", "c", rule=STILL, **options)
    free = brain.connect_regions("c", "b", rule=STILL, **options)
    frozen.frozen = True
    before = [p.weight.tobytes() for p in (inhibitory, static, frozen)]
    brain.run(3000)
    assert [p.weight.tobytes() for p in (inhibitory, static, frozen)] == before
    assert (free.weight > 1.05).all()


@pytest.mark.parametrize("switch", ["freeze_homeostatic_scaling", "freeze_plasticity", "rate"])
def test_scaling_can_be_switched_off(switch):
    brain, p, drive = scaled(3)
    twin = brain.copy()
    if switch == "rate":
        brain.homeostasis.scaling_rate = 0.0
    else:
        getattr(brain, switch)()
    before = p.weight.tobytes()
    brain.run(1000, drive)
    assert p.weight.tobytes() == before
    twin.run(1000, drive)
    assert twin.get_projection("in", "out").weight.tobytes() != before


# -- metaplasticity


def fired_by(brain, pre, post, steps):
    """Let relays fire: `pre` and `post` give, for a step, who is told to."""

    def drive(b, i):
        for name, told in (("a", pre(i)), ("b", post(i))):
            if len(told):
                b.inject_current(name, told, 1.0)

    brain.run(steps, drive)


def relays(n=3, A_plus=1e-4, A_minus=0.0, **parameters):
    """Relays one to one, their weights too small to make each other fire."""
    brain = alone(Brain(seed=1), "unfreeze_structural_plasticity")
    brain.growth.growth_interval = 1e9
    for name in ("a", "b"):
        brain.add_region(name, S, n, 0.0, model=Relay, excitatory=1.0, rule=None)
    p = brain.connect_regions(
        "a",
        "b",
        wiring="one_to_one",
        weights=0.05,
        w_max=0.1,
        delays=1.0,
        rule=STDP(A_plus=A_plus, A_minus=A_minus),
    )
    for name, value in {"enabled": True, **parameters}.items():
        setattr(brain.metaplasticity, name, value)
    return brain, p


def test_potentiation_is_by_the_rate_over_the_sliding_threshold():
    """Irregular pairs of spikes against the recursions of rate and mean square, one by one."""
    parameters = {"target_rate": 8.0, "tau_rate": 150.0, "tau_threshold": 700.0, "max_gain": 1.5}
    brain, p = relays(1, **parameters)
    times = np.cumsum(np.random.default_rng(1).integers(5, 160, 80))
    before = np.float64(p.weight[0])
    rate, square, last, x, seen = 0.0, 64.0, None, 0.0, []
    for t in times:
        gap = 0.0 if last is None else t - last
        rate *= np.exp(-gap / 150.0)
        square *= np.exp(-gap / 700.0)
        gain = min(1.5, rate * 8.0 / square)
        # The presynaptic spike arrives two steps before, onto the traces of all before it.
        # An arrival adds its mean over a step.
        x = x * np.exp(-gap / 20.0) + np.exp(-2.0 / 20.0) * 20.0 * (1 - np.exp(-1 / 20.0))
        seen.append((gain, 1e-4 * 0.1 * gain * x))
        square += rate * 1e3 / 700.0
        rate += 1e3 / 150.0
        last = t
    fired_by(
        brain,
        lambda i: [0] if i + 3 in times else [],
        lambda i: [0] if i in times else [],
        int(times[-1]) + 1,
    )
    gains = np.array(seen)[:, 0]
    assert gains.min() == 0.0
    assert gains.max() == 1.5
    assert 0.3 < np.median(gains) < 1.2
    assert p.weight[0] - before == pytest.approx(np.array(seen)[:, 1].sum(), rel=2e-3)
    np.testing.assert_allclose(
        brain.metaplasticity.thresholds(brain.regions["b"]), square / 8.0, rtol=1e-4
    )


@pytest.mark.parametrize("hertz", [4.0, 10.0, 20.0])
def test_plasticity_changes_sign_at_the_threshold(hertz):
    """Independent Poisson spikes, threshold at 10 Hz: dw ~ r / theta - 1 (BCM's phi)."""
    brain = alone(Brain(seed=2), "unfreeze_structural_plasticity")
    brain.growth.growth_interval = 1e9
    n, steps = 400, 20_000
    for name, rate in (("a", 20.0), ("b", hertz)):
        brain.add_region(
            name, S, n, 0.0, model=PoissonSource, excitatory=1.0, rule=None, background=rate
        )
    p = brain.connect_regions(
        "a",
        "b",
        wiring="one_to_one",
        weights=1e-3,
        w_max=2e-3,
        rule=STDP(A_plus=1e-3, A_minus=1e-3),
    )
    for name, value in {
        "enabled": True,
        "target_rate": 10.0,
        "tau_threshold": 1e7,
        "max_gain": 10.0,
    }.items():
        setattr(brain.metaplasticity, name, value)
    brain.run(2000)
    threshold = brain.metaplasticity.thresholds(brain.regions["b"])
    np.testing.assert_allclose(threshold, 10.0, rtol=0.01)
    before = p.weight.astype(float)
    brain.run(steps)
    # In steps: probabilities of a spike, and the mean rate before one.
    pre, post = 1 - np.exp(-0.02), 1 - np.exp(-1e-3 * hertz)
    change = (p.weight - before) / (1e-3 * 2e-3 * pre * post * steps)
    rate = post * (1000 / 200) / (np.exp(1 / 200) - 1)
    x = 20.0
    expected = (rate / 10.0 - 1.0) * x
    error = change.std() / np.sqrt(n)
    assert error < 0.1 * x
    assert change.mean() == pytest.approx(expected, abs=4 * error)


def test_freezing_stops_the_threshold_and_is_not_undone():
    brain, p = relays()
    fire = lambda i: range(3) if i % 40 == 0 else []  # noqa: E731
    fired_by(brain, fire, fire, 2000)
    frozen = brain.network.tables["mean_square_rate"].tobytes()
    brain.freeze_structural_plasticity()
    before = p.weight.copy()
    fired_by(brain, fire, fire, 2000)
    # Also across other changes, saving and loading.
    brain.metaplasticity.target_rate = 7.0
    twin = brain.copy()
    for b in (brain, twin):
        fired_by(b, fire, fire, 1000)
        assert b.network.tables["mean_square_rate"].tobytes() == frozen
    assert (p.weight != before).all(), "potentiation goes on with the threshold where it is"
    brain.unfreeze_structural_plasticity()
    fired_by(brain, fire, fire, 1000)
    assert brain.network.tables["mean_square_rate"].tobytes() != frozen


def test_without_metaplasticity_rules_are_bit_for_bit_the_same():
    def final(**parameters):
        brain, p = relays(A_plus=0.01, A_minus=0.005, **parameters)
        fire = lambda i: range(3) if i % 30 == 0 else []  # noqa: E731
        fired_by(brain, fire, lambda i: fire(i + 7), 1000)
        return p.weight.tobytes(), brain

    plain, _ = final(enabled=False)
    assert final(enabled=False, target_rate=1.0)[0] == plain
    changed, brain = final()
    assert changed != plain
    brain.metaplasticity.enabled = False
    brain.run(1)
    assert (brain.network.tables["potentiation"] == 1.0).all()


# -- rhythms


def oscillating(band, amplitude, frequency=None, seed=1):
    brain = alone(Brain(dt=0.5, seed=seed))
    brain.add_region("r", S, 3, 0.0, model=CurrentLIF, rule=None)
    brain.add_region("s", S, 3, 0.0, model=CurrentLIF, rule=None)
    brain.oscillators.set("r", band, amplitude, frequency)
    return brain


def trace_of(brain, steps):
    v = np.empty((steps, 2))
    for k in range(steps):
        brain.run(1)
        v[k] = brain.regions["r"].v[0], brain.regions["s"].v[0]
    return v


@pytest.mark.parametrize("band", BANDS)
def test_rhythms_move_the_membrane_at_their_frequency(band):
    brain = oscillating(band, 5.0)
    v = trace_of(brain, 4000) + 65.0
    assert not v[:, 1].any()
    spectrum = np.abs(np.fft.rfft(v[1000:3000, 0]))
    spectrum[0] = 0
    found = np.fft.rfftfreq(2000, 0.5e-3)[spectrum.argmax()]
    assert found == pytest.approx(BANDS[band], abs=1.0)
    # A low-pass filter of 20 ms.
    expected = 5.0 / np.sqrt(1 + (2 * np.pi * BANDS[band] * 0.02) ** 2)
    assert v[2000:, 0].max() == pytest.approx(expected, rel=0.05)


def test_rhythms_have_amplitudes_frequencies_and_phases():
    brain = oscillating("theta", 4.0, frequency=25.0)
    assert brain.oscillators.amplitude("r", "theta") == 4.0
    assert (
        brain.oscillators.amplitude("r", "gamma") == brain.oscillators.amplitude("s", "theta") == 0
    )
    v = trace_of(brain, 2000)[400:, 0]
    assert np.abs(np.fft.rfft(v - v.mean())).argmax() == 0.8 * 25
    other = trace_of(oscillating("theta", 4.0, frequency=25.0, seed=2), 2000)[400:, 0]
    assert np.abs(other - v).max() > 0.1
    brain.oscillators.set("r", "theta", 0.0)
    brain.run(1000)
    assert np.abs(trace_of(brain, 100)[:, 0] + 65.0).max() < 1e-3


def test_rhythms_can_be_switched_off_and_their_phase_goes_on():
    brain, silent = oscillating("gamma", 5.0), oscillating("gamma", 5.0)
    silent.disable_oscillations()
    assert silent.oscillators.amplitude("r", "gamma") == 5.0
    assert np.ptp(trace_of(brain, 700)[:, 0]) > 1.0
    assert not (trace_of(silent, 700) + 65.0).any()
    silent.enable_oscillations()
    np.testing.assert_allclose(trace_of(silent, 1000)[500:], trace_of(brain, 1000)[500:], atol=2e-3)


# -- reward


def rewarded(amount, freeze=False):
    brain = alone(Brain(seed=1))
    for name in ("a", "b"):
        brain.add_region(name, S, 4, 0.0, model=Relay, excitatory=1.0, rule=None)
    p = brain.connect_regions(
        "a",
        "b",
        wiring="one_to_one",
        weights=1.0,
        w_max=4.0,
        delays=1.0,
        rule=RewardSTDP(A_plus=0.1, A_minus=0.0, baseline_dopamine=0.0),
    )
    for step in range(30):
        brain.inject_current("a", range(4), 9e9 if step == 5 else -9e9)
        brain.inject_current("b", range(4), 9e9 if step == 10 else -9e9)
        brain.step()
    if freeze:
        brain.freeze_plasticity()
    # The arrival is 4 to 5 ms before the spike, which falls anywhere in its step.
    assert p.eligibility[0] == pytest.approx(0.4 * np.exp(-4.5 / 20) * np.exp(-20e-3), rel=0.01)
    assert (p.weight == 1.0).all()
    if amount > 0:
        brain.reward(amount, p.label)
    elif amount < 0:
        brain.punish(-amount, p.label)
    brain.run(3000, lambda b, _: b.inject_current("b", range(4), -9e9))
    return p.weight - 1.0


@pytest.mark.parametrize("amount", [2.0, -2.0])
def test_dopamine_turns_eligibility_into_weight(amount):
    change = rewarded(amount)
    c = 0.4 * np.exp(-4.5 / 20) * np.exp(-20e-3)
    # The integral of c exp(-t / 1 s) D exp(-t / 0.2 s).
    np.testing.assert_allclose(change, amount * c / (1 / 1.0 + 1 / 0.2), rtol=0.02)


def test_without_dopamine_or_frozen_nothing_is_learned():
    assert not rewarded(0.0).any()
    assert not rewarded(5.0, freeze=True).any()


def test_stdp_can_be_switched_off():
    def learned(*switches):
        brain = alone(Brain(seed=1))
        brain.add_region("r", S, 20, 0.5, rule="stdp", weights=Uniform(0.1, 1.0))
        for name in switches:
            getattr(brain, name)()
        before = brain.projections[0].weight
        brain.run(300, lambda b, _: b.stimulate("r", [0.8]))
        return (brain.projections[0].weight != before).mean()

    assert learned() > 0.5
    assert learned("freeze_plasticity") == 0
    assert learned("freeze_plasticity", "unfreeze_plasticity") > 0.5
