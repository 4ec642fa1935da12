"""Homeostasis, metaplasticity, growth, rhythms, dendrites: what they do, and that their
switches stop them."""

from __future__ import annotations

import numpy as np
import pytest

from engram import (
    LIF,
    STDP,
    Brain,
    CurrentLIF,
    NeuronType,
    Neurotransmitter,
    PoissonSource,
    RegionType,
    Relay,
    RewardSTDP,
    Uniform,
)
from engram.oscillator import BANDS
from engram.state.invariants import check

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
        "in", "out", wiring="all_to_all", source_type=None, delays=1.0, rule=STILL,
        **{"weights": 1.0, "w_max": 50.0, **options},
    )  # fmt: skip
    brain.homeostasis.check_interval = 100.0
    brain.homeostasis.scaling_rate = 0.05
    brain.homeostasis.tau_rate = 1000.0
    brain.homeostasis.target_rate = 12.0
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
    brain.homeostasis.target_rate = 2.0
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
    p = brain.connect_regions("a", "b", wiring="one_to_one", weights=1.0, w_min=w_min, w_max=2.0,
                              rule=STILL)  # fmt: skip
    for name, value in {"scaling_rate": 0.1, "target_rate": 8.0, **parameters}.items():
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
    rate = brain.regions["b"]._slots("mean_rate")
    np.testing.assert_allclose(rate, [10.0, 0.0], rtol=1e-5)
    brain, _ = firing(pattern, 26, tau_rate=4000.0)
    # Of the window, which began with the neuron, the last six seconds have this share.
    share = (1 - np.exp(-6 / 4)) / (1 - np.exp(-26 / 4))
    np.testing.assert_allclose(
        brain.regions["b"]._slots("mean_rate"), [10.0, 10.0 * share], rtol=0.01
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
        "a", "b", wiring="one_to_one", weights=0.05, w_max=0.1, delays=1.0,
        rule=STDP(A_plus=A_plus, A_minus=A_minus),
    )  # fmt: skip
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
        x = x * np.exp(-gap / 20.0) + np.exp(-2.0 / 20.0)
        seen.append((gain, 1e-4 * 0.1 * gain * x))
        square += rate * 1e3 / 700.0
        rate += 1e3 / 150.0
        last = t
    fired_by(brain, lambda i: [0] if i + 3 in times else [], lambda i: [0] if i in times else [],
             int(times[-1]) + 1)  # fmt: skip
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
    for name, value in {"enabled": True, "target_rate": 10.0, "tau_threshold": 1e7}.items():
        setattr(brain.metaplasticity, name, value)
    brain.run(2000)
    threshold = brain.metaplasticity.thresholds(brain.regions["b"])
    np.testing.assert_allclose(threshold, 10.0, rtol=0.01)
    before = p.weight.astype(float)
    brain.run(steps)
    # In steps: probabilities of a spike, the mean rate before one, and that an arrival counts as
    # before the firing of its step.
    pre, post = 1 - np.exp(-0.02), 1 - np.exp(-1e-3 * hertz)
    change = (p.weight - before) / (1e-3 * 2e-3 * pre * post * steps)
    rate = post * (1000 / 200) / (np.exp(1 / 200) - 1)
    x = 1 / (1 - np.exp(-1 / 20))
    expected = rate / 10.0 * x - x * np.exp(-1 / 20)
    error = change.std() / np.sqrt(n)
    assert error < 0.1 * x
    assert change.mean() == pytest.approx(expected, abs=4 * error)


def test_freezing_stops_the_threshold_and_is_not_undone():
    brain, p = relays()
    fire = lambda i: range(3) if i % 40 == 0 else []  # noqa: E731
    fired_by(brain, fire, fire, 2000)
    frozen = brain._tables["mean_square_rate"].tobytes()
    brain.freeze_structural_plasticity()
    before = p.weight.copy()
    fired_by(brain, fire, fire, 2000)
    # Also across other changes, saving and loading.
    brain.metaplasticity.target_rate = 7.0
    twin = brain.copy()
    for b in (brain, twin):
        fired_by(b, fire, fire, 1000)
        assert b._tables["mean_square_rate"].tobytes() == frozen
    assert (p.weight != before).all(), "potentiation goes on with the threshold where it is"
    brain.unfreeze_structural_plasticity()
    fired_by(brain, fire, fire, 1000)
    assert brain._tables["mean_square_rate"].tobytes() != frozen


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
    assert (brain._tables["potentiation"] == 1.0).all()


# -- growth


def growing(**parameters):
    """Growth every 50 ms, of the kinds asked for only."""
    brain = alone(Brain(seed=3), "unfreeze_structural_plasticity", "freeze_plasticity")
    brain.add_region("a", S, 20, 0.2, max_neurons=24)
    brain.add_region("b", A, 30, 0.2, max_neurons=40)
    brain.connect_regions("a", "b", 0.3, delays=4.0)
    brain.connect_regions(
        "b", "a", 0.2, nt=Neurotransmitter.GABA, source_type=NeuronType.INHIBITORY
    )
    off = {
        "growth_interval": 50.0, "births_per_cycle": 0, "synapses_per_cycle": 0,
        "pruned_per_cycle": 0, "deaths_per_cycle": 0,
    }  # fmt: skip
    for name, value in {**off, **parameters}.items():
        setattr(brain.growth, name, value)
    return brain


def excite(brain, _):
    brain.stimulate("a", [0.9])


def sizes(brain):
    return (
        [r.n_alive_neurons for r in brain.regions.values()],
        [p.n_synapses for p in brain.projections],
    )


def pairs(p):
    return set(zip(p.pre.tolist(), p.post.tolist(), strict=True))


def test_growth_with_all_its_parts_off_changes_nothing():
    brain = growing()
    before = sizes(brain)
    brain.run(200, excite)
    assert sizes(brain) == before
    assert len(brain.growth.history) == 4
    assert {(c.neurons_born, c.synapses_pruned) for c in brain.growth.history} == {(0, 0)}


def test_neurons_are_born_where_activity_is_high_and_wired_in_all_pathways():
    brain = growing(births_per_cycle=1, neurogenesis_rate=5.0)
    (a, b), _ = sizes(brain)
    brain.run(500, excite)
    check(brain._tables)
    assert brain.regions["a"].n_alive_neurons == 24
    assert brain.regions["b"].n_alive_neurons >= b
    born = sum(c.neurons_born for c in brain.growth.history)
    assert born == sum(sizes(brain)[0]) - a - b
    region = brain.regions["a"]
    assert (region.neuron_type[20:] == NeuronType.EXCITATORY).all()
    forward, inhibition = brain.get_projection("a", "b"), brain.get_projection("b", "a")
    own = brain.get_projection("a", "a")
    for slot in range(20, 24):
        usual = forward.n_synapses / len(np.unique(forward.pre))
        assert abs((forward.pre == slot).sum() - usual) <= 0.4 * usual
        assert (inhibition.post == slot).sum() > 0
        assert (own.pre == slot).sum() > 0
        assert (own.post == slot).sum() > 0
    # Each pathway keeps its transmitter, its delays, and who sends.
    assert set(forward.nt) == {Neurotransmitter.GLUTAMATE}
    assert set(forward.delay) == {4.0}
    assert set(inhibition.nt) == {Neurotransmitter.GABA}
    types = brain.regions["b"].neuron_type
    assert set(types[inhibition.pre]) == {NeuronType.INHIBITORY}
    signs = np.where(brain.regions["a"].neuron_type[own.pre] == NeuronType.INHIBITORY, -1, 1)
    assert (np.sign(own.weight) == signs).all()


def test_quiet_regions_do_not_grow():
    brain = growing(births_per_cycle=1, neurogenesis_rate=5.0)
    before = sizes(brain)
    brain.run(300)
    assert sizes(brain) == before


def test_synapses_sprout_between_the_active():
    brain = growing(synapses_per_cycle=15, new_weight=0.3)
    before = {p.label: pairs(p) for p in brain.projections}
    silent = [0, 1]

    def drive(b, _):
        b.inject_current("a", range(2, 20), 18.0)
        b.inject_current("a", silent, -1000.0)

    brain.run(300, drive)
    check(brain._tables)
    forward = brain.get_projection("a", "b")
    new = pairs(forward) - before[forward.label]
    assert len(new) > 20
    # No twin, no autapse, nobody who was silent, and from excitatory neurons.
    assert forward.n_synapses == len(pairs(forward))
    assert not {pre for pre, _ in new} & {0, 1, 16, 17, 18, 19}
    own = brain.get_projection("a", "a")
    assert not any(i == j for i, j in pairs(own))
    fresh = forward.age < 301
    young = np.array([pair in new for pair in zip(forward.pre, forward.post, strict=True)])
    assert fresh[young].all()
    np.testing.assert_allclose(forward.weight[young], 0.3 * forward.w_max, rtol=1e-6)
    grown = sum(c.synapses_born for c in brain.growth.history)
    assert grown == sum(len(pairs(p)) - len(before[p.label]) for p in brain.projections)
    inhibition = brain.get_projection("b", "a")
    assert inhibition.n_synapses == len(before[inhibition.label])
    assert set(inhibition.nt) == {Neurotransmitter.GABA}


def test_new_synapses_keep_to_the_bounds():
    brain = growing(synapses_per_cycle=15, new_weight=0.01)
    forward = brain.get_projection("a", "b")
    forward.w_min = 0.5 * forward.w_max
    count = forward.n_synapses
    brain.run(200, excite)
    assert forward.n_synapses > count
    assert forward.weight.min() >= forward.w_min
    check(brain._tables)


def test_saturated_weights_do_not_stop_births():
    brain = growing(births_per_cycle=1, neurogenesis_rate=1.0)
    for p in brain.projections:
        p.w_max = 0.3 if p.source == p.target else 6.3
        p.weight = np.where(p.weight < 0, -99.0, 99.0)
    brain.run(200, excite)
    assert brain.growth.history[-1].neurons_born + brain.growth.history[-2].neurons_born > 0


def test_weak_old_synapses_are_pruned():
    brain = growing(pruned_per_cycle=5, pruning_weight=0.5, pruning_age=120.0)
    forward = brain.get_projection("a", "b")
    n = forward.n_synapses
    weak = np.arange(n) % 3 == 0
    forward.weight = np.where(weak, 0.4, 0.6) * forward.w_max
    brain.get_projection("a", "a").frozen = True
    own = brain.get_projection("a", "a").n_synapses
    brain.run(149)
    assert forward.n_synapses == n
    brain.run(2)
    assert forward.n_synapses == n - 5
    assert brain.growth.history[-1].synapses_pruned >= 5
    brain.run(5000)
    assert forward.n_synapses == n - weak.sum()
    assert forward.weight.min() > 0.5 * forward.w_max
    assert brain.get_projection("a", "a").n_synapses == own
    check(brain._tables)


def test_the_silent_die_with_all_their_synapses():
    brain = growing(deaths_per_cycle=3, apoptosis_age=120.0)
    for region in brain.regions.values():
        region.noise = 0.0

    def drive(b, i):
        if i % 40 == 0:
            b.inject_current("a", range(5, 20), 300.0)
            b.inject_current("b", range(30), 300.0)
        b.inject_current("a", range(5), -200.0)

    brain.run(140, drive)
    assert brain.regions["a"].n_alive_neurons == 20
    brain.run(200, drive)
    check(brain._tables)
    region = brain.regions["a"]
    assert np.flatnonzero(~region.neuron_alive).tolist() == [0, 1, 2, 3, 4]
    assert brain.regions["b"].n_alive_neurons == 30
    assert [c.neurons_died for c in brain.growth.history] == [0, 0, 3, 2, 0, 0]
    for p in brain.projections:
        for side, name in ((p.pre, p.source), (p.post, p.target)):
            assert name != "a" or side.min() >= 5


def test_the_budget_of_synapses_holds():
    brain = growing(synapses_per_cycle=50, births_per_cycle=1, neurogenesis_rate=1.0)
    total = sum(sizes(brain)[1])
    brain.growth.max_synapses = total + 7
    brain.run(400, excite)
    assert sum(sizes(brain)[1]) == total + 7


def test_growth_can_be_switched_off():
    everything = {
        "births_per_cycle": 1, "neurogenesis_rate": 0.0, "synapses_per_cycle": 9,
        "pruned_per_cycle": 9, "pruning_age": 0.0, "pruning_weight": 1.0,
    }  # fmt: skip
    brain = growing(**everything)
    twin = brain.copy()
    brain.freeze_structural_plasticity()
    before = sizes(brain), [pairs(p) for p in brain.projections]
    brain.run(200, excite)
    assert (sizes(brain), [pairs(p) for p in brain.projections]) == before
    assert not brain.growth.history
    twin.run(200, excite)
    assert sizes(twin)[0] != before[0][0]
    assert sizes(twin)[1] != before[0][1]
    static = growing(**everything)
    for p in static.projections:
        p.rule = None
    static.growth.births_per_cycle = 0
    count = sizes(static)
    static.run(200, excite)
    assert sizes(static) == count


def test_history_says_when_and_what():
    brain = growing(births_per_cycle=2, neurogenesis_rate=0.0)
    brain.run(100, excite)
    first, second = brain.growth.history
    assert (first.step, second.step) == (50, 100)
    assert (first.neurons_born, first.neurons_died) == (4, 0)
    assert first.synapses_born > 0
    assert brain.stats().neurons_born == first.neurons_born + second.neurons_born


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
        "a", "b", wiring="one_to_one", weights=1.0, w_max=4.0, delays=1.0,
        rule=RewardSTDP(A_plus=0.1, A_minus=0.0, baseline_dopamine=0.0),
    )  # fmt: skip
    for step in range(30):
        brain.inject_current("a", range(4), 9e9 if step == 5 else -9e9)
        brain.inject_current("b", range(4), 9e9 if step == 10 else -9e9)
        brain.step()
    if freeze:
        brain.freeze_plasticity()
    assert p.eligibility[0] == pytest.approx(0.4 * np.exp(-4 / 20) * np.exp(-20e-3), rel=0.01)
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
    c = 0.4 * np.exp(-4 / 20) * np.exp(-20e-3)
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
