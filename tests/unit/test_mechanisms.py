"""Homeostasis, metaplasticity, memory, rhythms, dendrites: what they do, and that their
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
    RegionType,
    Relay,
    RewardSTDP,
    Uniform,
)
from engram.defaults import QUIET
from engram.morphology import TEMPLATES, Dendrite
from engram.oscillator import BANDS

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


# -- memory


def remembering(**parameters):
    brain = alone(Brain(seed=1), "enable_memory")
    brain.add_region("r", S, 20, 0.0, model=CurrentLIF, rule=None)
    brain.memory.consolidation_interval = 100.0
    for name, value in parameters.items():
        setattr(brain.memory, name, value)
    return brain


def show(which):
    def drive(b, _):
        b.inject_current("r", which, 60.0)

    return drive


def test_what_is_active_together_becomes_a_trace():
    brain = remembering()
    brain.run(100, show([2, 3, 5]))
    (trace,) = brain.memory.traces
    assert (trace.region, trace.neurons.tolist(), trace.step) == ("r", [2, 3, 5], 100)
    assert trace.strength == 1.0
    brain.run(100, show([2, 3, 5]))
    (trace,) = brain.memory.traces
    assert trace.strength == pytest.approx(1.99)
    brain.reset_state()
    brain.run(100, show([10, 11, 12]))
    assert [t.neurons.tolist() for t in brain.memory.traces] == [[2, 3, 5], [10, 11, 12]]


def test_the_weakest_traces_go_first():
    brain = remembering(trace_capacity=2)
    for which, times in (([0, 1], 3), ([5, 6], 1), ([10, 11], 2)):
        for _ in range(times):
            brain.reset_state()
            brain.run(100, show(which))
    assert [t.neurons.tolist() for t in brain.memory.traces] == [[0, 1], [10, 11]]
    brain.memory.forgetting = 1.0
    brain.reset_state()
    brain.run(100, show([15]))
    assert brain.memory.traces[0].neurons.tolist() == [15]


def test_traces_are_replayed_in_quiet():
    brain = remembering(replay_strength=60.0, replay_duration=30.0)
    brain.run(100, show([2, 3, 5]))
    assert brain.memory.traces
    spikes = np.zeros((600, 20), bool)
    for k in range(600):
        spikes[k, brain.step()["r"]] = True
    who = np.flatnonzero(spikes.any(axis=0))
    assert who.tolist() == [2, 3, 5]
    when = np.flatnonzero(spikes.any(axis=1)) + 100
    # Spikes during 30 ms after each capture, from the first one that finds the brain quiet.
    late = when[when > 110]
    assert late.min() >= 100 + QUIET
    assert set(late % 100) <= set(range(31))
    assert len(set(late // 100)) >= 4


def test_a_stimulus_between_prevents_replay():
    brain = remembering(replay_strength=60.0)
    brain.run(100, show([2, 3, 5]))
    before = brain.regions["r"].total_spikes.sum()
    brain.run(600, lambda b, _: b.stimulate("r", [0.0]))
    assert brain.regions["r"].total_spikes.sum() <= before + 3


def test_only_the_living_are_replayed():
    brain = remembering(replay_strength=60.0)
    brain.run(100, show([2, 3, 5]))
    brain.regions["r"].kill_neurons([3])
    before = brain.regions["r"].total_spikes.copy()
    brain.run(400)
    gained = brain.regions["r"].total_spikes - before
    assert gained[[2, 5]].min() > 0
    assert gained[3] == 0


def test_replay_ends_when_the_next_begins_elsewhere():
    brain = remembering(replay_strength=60.0, replay_duration=90.0, consolidation_interval=50.0)
    brain.add_region("s", S, 20, 0.0, model=CurrentLIF, rule=None)
    brain.run(50, show([2, 3, 5]))
    brain.run(40)
    for trace in brain.memory.traces:
        trace.strength = 5.0
    brain.run(70)
    assert brain._replay_until is not None
    brain.memory.traces[:] = [
        type(t)("s", t.neurons, t.step, t.strength) for t in brain.memory.traces
    ]
    brain.run(50)
    assert brain._replay_until[0] == "s"
    assert not brain.regions["r"]._slots("held").any()
    assert brain.regions["s"]._slots("held").any()


def test_memory_can_be_switched_off():
    brain = remembering(replay_strength=60.0)
    twin = brain.copy()
    brain.disable_memory()
    for b in (brain, twin):
        b.run(100, show([2, 3, 5]))
    assert not brain.memory.traces
    assert twin.memory.traces
    twin.disable_memory()
    strength = twin.memory.traces[0].strength
    before = twin.regions["r"].total_spikes.sum()
    twin.run(500)
    assert twin.regions["r"].total_spikes.sum() <= before + 3
    assert twin.memory.traces[0].strength == strength


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
