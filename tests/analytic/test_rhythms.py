"""Rhythms against closed forms: currents, phases, Kuramoto coupling, nesting, gates of learning."""

from __future__ import annotations

import numpy as np
import pytest

from engram import (
    STDP,
    Brain,
    CurrentLIF,
    InvalidValueError,
    Parameter,
    PlasticityRule,
    RegionType,
    Relay,
    RewardSTDP,
    load_brain,
    save_brain,
)
from engram.analysis import analytic, mean_amplitude, modulation_index, phase_amplitude_coupling
from engram.mechanisms.bands import BANDS, REGION_RHYTHMS

S, A = RegionType.SENSORY, RegionType.ASSOCIATION


def plain(dt=1.0, seed=1, regions=("a",), model=CurrentLIF, n=1):
    brain = Brain(dt=dt, seed=seed)
    brain.freeze_homeostatic_scaling()
    brain.freeze_structural_plasticity()
    brain.disable_memory()
    for name in regions:
        brain.add_region(name, A, n, 0.0, model=model, excitatory=1.0, rule=None)
    return brain


def recorded(brain, steps, region="a"):
    recorder = brain.record("rhythms", region)
    brain.run(steps)
    recorder.detach()
    return recorder.values[:, 0].astype(float)


# -- currents


def test_the_current_is_the_formula():
    brain = plain()
    o = brain.oscillators
    o.set("a", "theta", 2.0, frequency=7.0, phase=0.3)
    o.set("a", "gamma", 1.5, frequency=43.0, phase=-1.0)
    o.nest("a", "gamma", within="theta", depth=0.6, preferred_phase=1.0)
    found = recorded(brain, 3000)
    t = 1e-3 * np.arange(1, 3001)
    theta = 2 * np.pi * 7.0 * t + 0.3
    envelope = 1.5 * (1 - 0.6 + 0.6 * (1 + np.cos(theta - 1.0)) / 2)
    expected = 2.0 * np.cos(theta) + envelope * np.cos(2 * np.pi * 43.0 * t - 1.0)
    np.testing.assert_allclose(found, expected, atol=1e-5)


def test_neurons_get_the_current_of_the_step():
    """A leaky membrane integrates what the recorder of rhythms says."""
    brain = plain(dt=0.5)
    brain.oscillators.set("a", "beta", 3.0)
    brain.oscillators.set("a", "gamma", 2.0)
    brain.oscillators.nest("a", "gamma", depth=1.0)
    now, v, kept = brain.oscillators.current("a"), 0.0, np.exp(-0.5 / 20.0)
    for _ in range(500):
        brain.run(1)
        v = now + (v - now) * kept
        assert brain.regions["a"].v[0] + 65.0 == pytest.approx(v, abs=1e-3)
        now = brain.oscillators.current("a")


def test_frequency_changes_without_a_jump_of_phase():
    brain = plain()
    o = brain.oscillators
    o.set("a", "theta")
    assert o.amplitude("a", "theta") == 4 * 0.5, "the default of the type, in units of the model"
    o.set("a", "theta", 1.0)
    brain.run(777)
    before = o.phase("a", "theta")
    o.set("a", "theta", frequency=9.0)
    assert o.phase("a", "theta") == pytest.approx(before, abs=1e-9)
    assert o.amplitude("a", "theta") == 1.0
    brain.run(100)
    moved = np.angle(np.exp(1j * (o.phase("a", "theta") - before - 2 * np.pi * 0.9)))
    assert moved == pytest.approx(0.0, abs=1e-9)


def test_region_types_have_their_rhythms():
    brain = plain()
    for kind in RegionType:
        brain.add_region(kind.value, kind, 5)
    brain.oscillators.use_defaults()
    for kind in RegionType:
        found = {b: brain.oscillators.amplitude(kind.value, b) for b in BANDS}
        assert {b: a for b, a in found.items() if a} == REGION_RHYTHMS[kind]
    assert brain.oscillators.amplitude("a", "theta") == 4 * 0.5, "in units of the model"
    depth = brain.network.tables["nest_depth"][brain.regions["memory"].record.index]
    assert depth[list(BANDS).index("gamma")] == 1.0


# -- coupling of phases


def pair(strengths, frequencies, dt=1.0, lag=0.0, phases=(0.0, 2.0)):
    brain = plain(dt, regions=("a", "b"))
    o = brain.oscillators
    for name, f, phase in zip("ab", frequencies, phases, strict=True):
        o.set(name, "theta", 1.0, frequency=f, phase=phase)
    for (x, y), k in zip(("ba", "ab"), strengths, strict=True):
        o.couple(x, y, "theta", k, lag=lag)
    return brain


def difference(brain):
    gap = brain.oscillators.phase("b", "theta") - brain.oscillators.phase("a", "theta")
    return np.angle(np.exp(1j * gap))


@pytest.mark.parametrize("dt", [1.0, 0.1])
def test_two_of_one_frequency_meet_by_the_closed_form(dt):
    """psi' = -K sin psi: tan(psi / 2) decays exponentially at K = K1 + K2."""
    brain = pair((1.5, 2.5), (6.0, 6.0), dt)
    for _ in range(5):
        brain.run(round(100 / dt))
        expected = 2 * np.arctan(np.tan(1.0) * np.exp(-4.0 * brain.time * 1e-3))
        assert difference(brain) == pytest.approx(expected, abs=1e-5 * dt**2)


def test_coupling_is_of_second_order():
    errors = []
    for dt in (4.0, 2.0):
        brain = pair((20.0, 20.0), (6.0, 6.0), dt)
        brain.run(round(48 / dt))
        expected = 2 * np.arctan(np.tan(1.0) * np.exp(-40.0 * 0.048))
        errors.append(abs(difference(brain) - expected))
    assert 3.0 < errors[0] / errors[1] < 5.5


def test_locking_begins_where_theory_says():
    """|2 pi df| < K1 + K2 locks at sin psi = 2 pi df / K; above, phases drift apart."""
    gap = 2 * np.pi * 0.5
    locked = pair((0.6 * gap, 0.6 * gap), (6.0, 6.5))
    locked.run(20_000)
    assert np.sin(difference(locked)) == pytest.approx(1 / 1.2, abs=1e-3)
    loose = pair((0.4 * gap, 0.4 * gap), (6.0, 6.5))
    seen = []
    for _ in range(200):
        loose.run(100)
        seen.append(difference(loose))
    slips = (np.abs(np.diff(seen)) > np.pi).sum()
    # The beat frequency is sqrt(df^2 - (K / 2 pi)^2): 0.3 Hz.
    assert slips == pytest.approx(20 * 0.3, abs=1)
    free = pair((0.0, 0.0), (6.0, 6.5))
    assert not free.network.tables.sizes["U"]


def test_a_target_lags_and_does_not_pull_back():
    brain = pair((0.0, 10.0), (6.0, 6.0), lag=0.7)
    start = brain.network.tables["rhythm_phase"][0].copy()
    brain.run(3000)
    assert difference(brain) == pytest.approx(-0.7, abs=1e-6)
    np.testing.assert_array_equal(brain.network.tables["rhythm_phase"][0], start)


def crowd(strength, seed, n=40):
    """Kuramoto's model: all pull at all with K / n; frequencies Lorentzian, cut at their tails."""
    names = [f"r{k}" for k in range(n)]
    brain = plain(dt=2.0, seed=seed, regions=names)
    o = brain.oscillators
    quantile = (np.arange(n) + 0.5) / n
    hertz = 10.0 + np.clip(0.2 * np.tan(np.pi * (quantile - 0.5)), -5.0, 5.0)
    for name, f in zip(names, np.random.default_rng(seed).permutation(hertz), strict=True):
        o.set(name, "alpha", 0.0, frequency=f)
    tables = brain.network.tables
    i, j = np.nonzero(~np.eye(n, dtype=bool))
    tables.resize(U=len(i))
    tables["coupling_source"][:], tables["coupling_target"][:] = i, j
    tables["coupling_band"][:] = list(BANDS).index("alpha")
    tables["coupling_strength"][:] = strength / n
    brain.network.parameters_changed()
    brain.run(2000)
    found = []
    for _ in range(50):
        brain.run(50)
        found.append(o.synchrony("alpha"))
    return float(np.mean(found))


def test_a_crowd_synchronises_beyond_the_critical_coupling():
    """r = sqrt(1 - K_c / K) with K_c = 2 gamma, here 2 x 2 pi 0.2 rad/s (Kuramoto 1984)."""
    critical = 2 * 2 * np.pi * 0.2
    assert crowd(0.4 * critical, 1) < 0.4
    assert crowd(4.0 * critical, 1) == pytest.approx(np.sqrt(0.75), abs=0.06)


def test_coupling_can_be_replaced_and_ended():
    brain = plain(regions=("a", "b", "c"))
    o = brain.oscillators
    o.couple("a", "b", "theta", 3.0, bidirectional=True)
    o.couple("a", "b", "theta", 5.0)
    o.couple("c", "a", "gamma", 1.0)
    assert o.coupling("a", "b", "theta") == 5.0
    assert o.coupling("b", "a", "theta") == 3.0
    assert o.coupling("a", "b", "gamma") == 0.0
    assert brain.network.tables.sizes["U"] == 3
    for x, y in ("ab", "ba"):
        o.couple(x, y, "theta", 0.0)
    assert brain.network.tables.sizes["U"] == 1
    other = plain(regions=("a", "b", "c"))
    other.oscillators.couple("c", "a", "gamma", 1.0)
    assert other.fingerprint() == brain.fingerprint()


def test_coupled_phases_go_on_in_silence():
    brain, silent = pair((2.0, 3.0), (6.0, 6.2)), pair((2.0, 3.0), (6.0, 6.2))
    silent.disable_oscillations()
    brain.run(500)
    silent.run(500)
    assert silent.oscillators.current("a") == 0.0
    silent.enable_oscillations()
    assert silent.oscillators.phase("b", "theta") == brain.oscillators.phase("b", "theta")
    assert difference(brain) != pytest.approx(2.0, abs=0.1)


# -- save, load, chunks


def busy(seed=3):
    brain = plain(dt=0.5, seed=seed, regions=("a", "b", "c"), n=20)
    o = brain.oscillators
    for name in "abc":
        o.use_defaults(name)
        brain.regions[name].background = 17.0
        brain.regions[name].noise = 5.0
    o.couple("a", "b", "theta", 4.0, bidirectional=True)
    o.couple("b", "c", "theta", 4.0, lag=0.5)
    brain.connect_regions("a", "b", density=0.5, rule="stdp")
    brain.connect_regions("b", "c", density=0.5)
    o.gate_learning("a", "b", depth=0.9, preferred_phase=1.0)
    o.gate_learning("b", "c", band="alpha", region="a")
    return brain


def test_phases_go_on_exactly_across_save_and_load(tmp_path):
    brain = busy()
    brain.run(403)
    path = save_brain(brain, tmp_path / "b")
    loaded = load_brain(path)
    twin = brain.copy()
    for band in BANDS:
        assert loaded.oscillators.phase("b", band) == brain.oscillators.phase("b", band)
    brain.run(700)
    for other in (loaded, twin):
        for n in (1, 2, 297, 400):
            other.run(n)
        assert other.fingerprint() == brain.fingerprint()
        assert other.oscillators.current("c") == brain.oscillators.current("c")
    whole = busy()
    whole.run(1103)
    assert whole.fingerprint() == brain.fingerprint()


# -- gates of learning


def gated(depth, rule, preferred=0.0, after=0, band="theta", disable=False):
    """One pair of spikes at a chosen time: how the weight or the eligibility changes."""
    brain = plain(regions=("a", "b"), model=Relay)
    p = brain.connect_regions(
        "a", "b", wiring="one_to_one", weights=1.0, w_max=10.0, delays=1.0, rule=rule
    )
    o = brain.oscillators
    o.set("b", band, 0.0, frequency=5.0, phase=0.0)
    if depth is not None:
        o.gate_learning("a", "b", band=band, depth=depth, preferred_phase=preferred)
    if disable:
        brain.disable_oscillations()
    brain.run(after)
    for t in range(10):
        brain.inject_current("a", [0], 1e9 if t == 1 else -1e9)
        brain.inject_current("b", [0], 1e9 if t == 6 else -1e9)
        brain.run(1)
    return float((p.eligibility if rule.modulated else p.weight - 1.0)[0])


RULES = [
    STDP(A_plus=0.02, A_minus=0.0),
    RewardSTDP(A_plus=0.02, A_minus=0.0, tau_eligibility=1e6, baseline_dopamine=0.0),
]


@pytest.mark.parametrize("rule", RULES, ids=["weight", "eligibility"])
@pytest.mark.parametrize("after", [0, 40, 94, 150])
def test_a_gate_scales_the_change_by_the_phase_of_the_event(rule, after):
    plain_change = gated(None, rule)
    assert plain_change > 0.1
    phase = 2 * np.pi * 5.0 * 1e-3 * (after + 6)
    gate = 1 - 0.8 + 0.8 * (1 + np.cos(phase - 0.5)) / 2
    change = gated(0.8, rule, preferred=0.5, after=after)
    assert change == pytest.approx(gate * plain_change, rel=1e-4)


@pytest.mark.parametrize("rule", RULES, ids=["weight", "eligibility"])
def test_without_a_gate_learning_is_bit_for_bit_the_same(rule):
    change = gated(None, rule)
    assert gated(0.0, rule) == change
    assert gated(1.0, rule, preferred=3.0, disable=True) == change
    assert gated(1.0, rule, preferred=3.0) != change


class Eight(PlasticityRule):
    """A rule with as many parameters as there may be."""

    p0, p1, p2, p3 = (Parameter(1.0) for _ in range(4))
    p4, p5, p6, p7 = (Parameter(1.0) for _ in range(4))
    pre_traces = {}
    post_traces = {}

    @staticmethod
    def on_pre(w, p0, p1, p2, p3):
        return w + p0 + p1 + p2 + p3

    @staticmethod
    def on_post(w, p4, p5, p6, p7):
        return w + p4 + p5 + p6 + p7


def test_what_cannot_be_gated_is_refused():
    brain = plain(regions=("a", "b"), model=Relay)
    p = brain.connect_regions("a", "b", wiring="one_to_one", weights=1.0, rule=None)
    before = brain.fingerprint()
    with pytest.raises(InvalidValueError, match="does not learn"):
        brain.oscillators.gate_learning("a", "b")
    assert brain.fingerprint() == before
    p.rule = Eight()
    with pytest.raises(InvalidValueError, match="at most 7"):
        brain.oscillators.gate_learning("a", "b")
    p.rule = "stdp"
    brain.oscillators.gate_learning("a", "b")
    before = brain.fingerprint()
    with pytest.raises(InvalidValueError, match="at most 7"):
        p.rule = Eight()
    assert brain.fingerprint() == before


def test_depression_is_gated_too():
    brain = plain(regions=("a", "b"), model=Relay)
    p = brain.connect_regions(
        "a",
        "b",
        wiring="one_to_one",
        weights=1.0,
        w_max=10.0,
        delays=1.0,
        rule=STDP(A_plus=0.0, A_minus=0.02),
    )
    o = brain.oscillators
    o.set("b", "theta", 0.0, frequency=5.0, phase=np.pi - 2 * np.pi * 5e-3 * 7)
    o.gate_learning("a", "b")
    assert o.learning_gate("a", "b") > 1e-3
    for t in range(10):
        brain.inject_current("b", [0], 1e9 if t == 2 else -1e9)
        brain.inject_current("a", [0], 1e9 if t == 6 else -1e9)
        brain.run(1)
        if t == 6:
            # The arrival, in the next step, falls into the trough.
            assert o.learning_gate("a", "b") == pytest.approx(0.0, abs=1e-6)
    assert p.weight[0] == pytest.approx(1.0, abs=1e-6)


# -- the modulation index


def test_modulation_index_of_known_distributions():
    rng = np.random.default_rng(1)
    phase = rng.uniform(-np.pi, np.pi, 400_000)
    assert modulation_index(phase, np.ones_like(phase)) == pytest.approx(0.0, abs=1e-12)
    for depth in (0.2, 0.7, 1.0):
        amplitude = 1 - depth + depth * (1 + np.cos(phase - 1.0)) / 2
        edges = np.linspace(-np.pi, np.pi, 19)
        # The mean of the amplitude over a bin, in closed form.
        area = (1 - depth / 2) * np.diff(edges) + depth / 2 * np.diff(np.sin(edges - 1.0))
        p = area / area.sum()
        expected = 1 + (p * np.log(p)).sum() / np.log(18)
        assert modulation_index(phase, amplitude) == pytest.approx(expected, rel=0.02)
        np.testing.assert_allclose(mean_amplitude(phase, amplitude), p, rtol=0.02)
    one_bin = (np.floor((phase + np.pi) / (2 * np.pi) * 18) == 4).astype(float)
    assert modulation_index(phase, one_bin) == pytest.approx(1.0)


def test_analytic_signal_finds_amplitude_and_phase():
    t = np.arange(0, 4000.0)
    x = 3.0 * np.cos(2 * np.pi * 0.040 * t + 0.4) + 2.0 * np.cos(2 * np.pi * 0.006 * t) + 7.0
    z = analytic(x, 1.0, 30.0, 50.0)[500:-500]
    np.testing.assert_allclose(np.abs(z), 3.0, rtol=1e-6)
    expected = 2 * np.pi * 0.040 * t[500:-500] + 0.4
    np.testing.assert_allclose(np.exp(1j * (np.angle(z) - expected)), 1.0, atol=1e-6)


@pytest.mark.parametrize(
    ("call", "words"),
    [
        (lambda: modulation_index([0.0, 1.0], [1.0]), "must have 2 entries"),
        (lambda: modulation_index([0.0, 1.0], [1.0, 1.0]), "fewer bins"),
        (lambda: modulation_index(np.linspace(-3, 3, 99), np.zeros(99)), "0 throughout"),
        (lambda: modulation_index([0.0, np.nan], [1.0, 1.0]), "finite"),
        (lambda: analytic(np.zeros(1000), 1.0, 50.0, 30.0), "low < high"),
        (lambda: analytic(np.zeros(1000), 1.0, 30.0, 600.0), "500 Hz"),
        (lambda: analytic(np.zeros(100), 1.0, 4.0, 8.0), "two cycles"),
        (lambda: phase_amplitude_coupling(np.ones(900), 1.0), "ten slow cycles"),
    ],
)
def test_analysis_refuses_what_it_cannot_use(call, words):
    with pytest.raises(ValueError, match=words):
        call()


# -- theta-gamma coupling: on the generated current, and on spikes


def nested(depth, seed, theta=2.0, steps=20_000):
    brain = plain(seed=seed)
    brain.oscillators.set("a", "theta", theta)
    brain.oscillators.set("a", "gamma", 2.0)
    brain.oscillators.nest("a", "gamma", depth=depth, preferred_phase=0.8)
    return recorded(brain, steps)


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_the_current_is_coupled_where_gamma_is_nested(seed):
    coupled = phase_amplitude_coupling(nested(0.8, seed), 1.0)
    assert coupled.index > 0.01
    assert coupled.p_value < 0.01
    assert coupled.preferred_phase == pytest.approx(0.8, abs=0.05)
    free = phase_amplitude_coupling(nested(0.0, seed), 1.0)
    assert free.index < 1e-4
    assert free.index <= free.surrogates.max()


def driven(depth, seed, steps=10_000):
    """Spike counts of a population driven by gamma, and the phase of its theta."""
    brain = Brain(dt=1.0, seed=seed)
    brain.freeze_plasticity()
    brain.freeze_structural_plasticity()
    brain.disable_memory()
    brain.add_region("r", A, 400, 0.1, background=3.0)
    brain.oscillators.set("r", "gamma", 3.0)
    brain.oscillators.nest("r", "gamma", depth=depth, preferred_phase=0.0)
    start = brain.oscillators.phase("r", "theta")
    spikes = brain.record("spikes", "r")
    brain.run(steps)
    counts = np.bincount(spikes.spikes()[0].astype(int), minlength=steps).astype(float)
    return counts, start + 2 * np.pi * 6e-3 * np.arange(steps)


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_spikes_are_coupled_where_gamma_is_nested(seed):
    counts, phase = driven(0.8, seed)
    rate = counts.sum() / 400 / 10
    assert 1.0 < rate < 60.0
    coupled = phase_amplitude_coupling(counts, 1.0, phase=phase, seed=seed)
    assert coupled.index > 0.01
    assert coupled.p_value < 0.01
    counts, phase = driven(0.0, seed)
    free = phase_amplitude_coupling(counts, 1.0, phase=phase, seed=seed)
    assert free.index < 0.01
    assert free.index <= free.surrogates.max()
