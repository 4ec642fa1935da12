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
    RegionType,
    Relay,
    RewardSTDP,
    Uniform,
)
from engram.morphology import TEMPLATES, Dendrite
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
    error = np.clip((2.0 - region.activity) / 2.0, -1.0, 1.0)
    assert error.min() == -1.0
    assert error.max() > 0.9
    factor = np.where(start > 0, 1 + 0.1 * error[p.post], 1.0)
    np.testing.assert_allclose(p.weight, start * factor, rtol=1e-5)


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


def paired(enabled, rate_target=5.0):
    """Pre before post, again and again; the sum of what was potentiated."""
    brain = alone(Brain(seed=1), "unfreeze_structural_plasticity")
    brain.growth.growth_interval = 1e9
    for name in ("a", "b"):
        brain.add_region(name, S, 3, 0.0, model=Relay, excitatory=1.0, rule=None)
    p = brain.connect_regions(
        "a",
        "b",
        wiring="one_to_one",
        weights=1.0,
        w_max=1e6,
        delays=1.0,
        rule=STDP(A_plus=1e-4, A_minus=0.0),
    )
    brain.metaplasticity.enabled = enabled
    brain.metaplasticity.check_interval = 100.0
    brain.metaplasticity.tau_threshold = 500.0
    brain.metaplasticity.target_rate = rate_target

    def drive(b, i):
        b.inject_current("a", range(3), 9e9 if i % 50 == 10 else -9e9)
        b.inject_current("b", range(3), 9e9 if i % 50 == 14 else -9e9)

    brain.run(2000, drive)
    before = p.weight
    brain.run(1000, drive)
    return (p.weight - before).mean(), brain


@pytest.mark.parametrize(("target", "factor"), [(5.0, 0.25), (60.0, 4.0), (19.0, 1.0)])
def test_metaplasticity_scales_potentiation_by_the_sliding_threshold(target, factor):
    plain, _ = paired(False)
    gained, brain = paired(True, target)
    activity = brain.regions["b"].activity.mean()
    assert activity == pytest.approx(18.0, abs=3.0)
    if factor == 1.0:
        assert gained / plain == pytest.approx(19.0**2 / activity**2, rel=0.25)
    else:
        assert gained / plain == pytest.approx(factor, rel=0.05)


def test_metaplasticity_can_be_switched_off():
    _, brain = paired(True)
    assert (brain._tables["potentiation"][brain.regions["b"]._first] == 0.25).all()
    frozen = brain._tables["potentiation"].copy()
    brain.freeze_structural_plasticity()
    brain.run(500)
    assert (brain._tables["potentiation"] == frozen).all()
    brain.unfreeze_structural_plasticity()
    brain.run(3000)
    assert (brain._tables["potentiation"] != frozen).any()
    _, brain = paired(False)
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


# -- dendrites


@pytest.mark.parametrize("name", TEMPLATES)
def test_attenuation_is_that_of_a_sealed_cable(name):
    d = TEMPLATES[name]
    where = np.linspace(0, 1, 11)
    if name == "point":
        assert (d.attenuation(where) == 1).all()
        return
    # lambda = sqrt(Rm / Ri x d / 4), in cm.
    L = d.length * 1e-4 / np.sqrt(d.Rm / d.Ri * d.diameter * 1e-4 / 4)
    assert d.electrotonic_length == pytest.approx(L)
    np.testing.assert_allclose(d.attenuation(where), np.cosh(L * (1 - where)) / np.cosh(L))
    assert d.attenuation(0.0) == 1.0
    assert d.attenuation(1.0) == pytest.approx(1 / np.cosh(L))
    assert (np.diff(d.attenuation(where)) < 0).all()


def test_longer_thinner_and_leakier_dendrites_attenuate_more():
    base = Dendrite(400.0, 2.0)
    for other in (
        Dendrite(600.0, 2.0),
        Dendrite(400.0, 1.0),
        Dendrite(400.0, 2.0, Rm=5000.0),
        Dendrite(400.0, 2.0, Ri=300.0),
    ):
        assert other.attenuation(1.0) < base.attenuation(1.0)


def arriving(template=None, late=False, n=500, nt=Neurotransmitter.GLUTAMATE):
    """The charge each synapse of weight 1 delivers."""
    brain = alone(Brain(seed=1))
    for name in ("a", "b"):
        brain.add_region(name, S, n, 0.0, model=Relay, excitatory=1.0, rule=None)
    if template and not late:
        brain.regions["b"].enable_morphology(template)
    brain.connect_regions("a", "b", wiring="one_to_one", weights=1.0, delays=1.0, nt=nt, rule=None)
    if template and late:
        brain.regions["b"].enable_morphology(template)
    brain.inject_current("a", range(n), 1.0)
    brain.run(2)
    b = brain.regions["b"]
    return np.abs(b.state("exc") * np.exp(1 / 5.0) + b.state("inh") * np.exp(1 / 10.0))


@pytest.mark.parametrize("late", [False, True])
@pytest.mark.parametrize("nt", [Neurotransmitter.GLUTAMATE, Neurotransmitter.SEROTONIN])
def test_synapses_sit_evenly_on_the_dendrite(late, nt):
    np.testing.assert_allclose(arriving(nt=nt), nt.gain, rtol=1e-5)
    np.testing.assert_allclose(arriving("point", late, nt=nt), nt.gain, rtol=1e-5)
    share = arriving("pyramidal", late, nt=nt) / nt.gain
    L = TEMPLATES["pyramidal"].electrotonic_length
    assert 1 / np.cosh(L) - 1e-5 <= share.min() < 1 / np.cosh(L) + 0.01
    assert 0.97 < share.max() <= 1.0 + 1e-5
    # The mean of cosh(L (1 - x)) / cosh(L) over x in [0, 1].
    assert share.mean() == pytest.approx(np.tanh(L) / L, abs=0.03)
    where = 1 - np.arccosh(np.maximum(share * np.cosh(L), 1.0)) / L
    assert np.abs(np.sort(where) - np.linspace(0, 1, 500)).max() < 0.09


def test_morphology_is_of_the_target_and_of_its_own_wiring():
    brain = alone(Brain(seed=1))
    brain.add_region("a", S, 20, 0.3)
    brain.add_region("b", S, 20, 0.3)
    brain.connect_regions("a", "b", 0.5, bidirectional=True)
    assert brain.regions["b"].morphology is None
    brain.regions["b"].enable_morphology()
    assert brain.regions["b"].morphology == TEMPLATES["pyramidal"]
    attenuated = {p.label: len(p._block["synapse_gain"]) > 0 for p in brain.projections}
    assert attenuated == {
        "region:a": False, "region:b": True, "proj:a->b": True, "proj:b->a": False,
    }  # fmt: skip
    p = brain.get_projection("a", "b")
    p.add_synapses([0], [0])
    assert p._block["synapse_gain"].max() <= 1.0
    brain.regions["b"].enable_morphology("point")
    assert not len(p._block["synapse_gain"])
    brain.run(10)


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
