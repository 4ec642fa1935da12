"""Encoding values, numbers and text; holding a stimulus."""

from __future__ import annotations

import numpy as np
import pytest

from engram import (
    LIF,
    Brain,
    CurrentLIF,
    EncodingStrategy,
    PoissonSource,
    RegionType,
    Relay,
    StimulusEncoder,
    encode_number,
    encode_text,
)
from engram.network.inputs import QUIET

S = RegionType.SENSORY
RATE, TEMPORAL, POPULATION = EncodingStrategy


def brain_of(n=12, model=None, dt=1.0, seed=1, strategy=RATE, **options):
    brain = Brain(dt=dt, seed=seed)
    region = brain.add_region("r", S, n, 0.0, model=model, noise=0.0, rule=None)
    brain.encoder = StimulusEncoder(strategy, **options)
    brain.freeze_structural_plasticity()
    return brain, region


def driven(brain, values):
    """The currents `stimulate` gives, read where they wait for the next step."""
    region = brain.regions["r"]
    count = brain.stimulate("r", values)
    current = brain.network.slots(region.record, "drive").copy()
    assert count == np.count_nonzero(current)
    brain.network.slots(region.record, "drive")[:] = 0
    return current


def test_strategies_have_their_names():
    assert [s.value for s in EncodingStrategy] == ["rate", "temporal", "population"]
    encoder = StimulusEncoder()
    assert (encoder.strategy, encoder.max_current, encoder.noise_level) == (RATE, 20.0, 0.0)
    assert StimulusEncoder(POPULATION, 15.0, 0.1).noise_level == 0.1


def test_rate_code_gives_equal_groups_proportional_currents():
    brain, _ = brain_of(12, max_current=10.0)
    current = driven(brain, [0.2, 0.0, 1.0])
    np.testing.assert_allclose(current, np.repeat([2.0, 0.0, 10.0], 4), rtol=1e-6)
    np.testing.assert_allclose(driven(brain, np.full(12, 0.5)), 5.0)
    sizes = np.bincount(np.unique(driven(brain, [0.1, 0.2, 0.3, 0.4, 0.5]), return_inverse=True)[1])
    assert sorted(sizes.tolist()) == [2, 2, 2, 3, 3]
    np.testing.assert_allclose(driven(brain, 0.5), 5.0)
    brain.encoder.max_current = 4.0
    np.testing.assert_allclose(driven(brain, [0.5]), 2.0)


def test_rate_code_makes_rates_grow_with_the_value():
    values = [0.1, 0.3, 0.5, 0.7, 0.9]
    brain, region = brain_of(50, CurrentLIF, max_current=40.0)
    brain.run(500, lambda b, _: b.stimulate("r", values))
    counts = region.total_spikes.reshape(5, 10).mean(axis=1)
    assert counts[0] == 0
    assert (np.diff(counts[1:]) > 0).all()


def test_population_code_has_gaussian_tuning_curves():
    brain, _ = brain_of(11, strategy=POPULATION, max_current=10.0, width=0.15)
    centres = np.linspace(0, 1, 11)
    for value in (0.0, 0.37, 1.0):
        expected = 10 * np.exp(-0.5 * ((value - centres) / 0.15) ** 2)
        np.testing.assert_allclose(driven(brain, [value]), expected, rtol=1e-4)
        assert centres[driven(brain, [value]).argmax()] == pytest.approx(value, abs=0.05)
    brain, _ = brain_of(10, strategy=POPULATION)
    both = driven(brain, [0.0, 1.0])
    assert (both[:5].argmax(), both[5:].argmax()) == (0, 4)
    brain, _ = brain_of(2, strategy=POPULATION)
    assert driven(brain, [0.5, 0.5]) == pytest.approx([20.0, 20.0])


@pytest.mark.parametrize("dt", [0.25, 1.0])
@pytest.mark.parametrize("model", [None, LIF])
@pytest.mark.parametrize("hold", [False, True])
def test_temporal_code_makes_latency_fall_with_the_value(dt, model, hold):
    values = np.linspace(0.2, 1.0, 9)
    brain, _ = brain_of(9, model, dt=dt, strategy=TEMPORAL, max_current=40.0)
    cycle = round(brain.encoder.cycle / dt)
    first = np.full(9, np.inf)
    for step in range(1, cycle + 1):
        if hold:
            twin, _ = brain_of(9, model, dt=dt, strategy=TEMPORAL, max_current=40.0)
            fired = np.flatnonzero(twin.present("r", values, step)["r"])
        else:
            brain.stimulate("r", values)
            fired = brain.step()["r"]
        first[fired] = np.minimum(first[fired], step * dt)
    assert np.isfinite(first).sum() >= 8
    finite = first[np.isfinite(first)]
    assert (np.diff(finite) < 0).all()
    # A tenth of the range is a tenth of the cycle.
    np.testing.assert_allclose(-np.diff(finite), 0.1 * brain.encoder.cycle, atol=2 * dt)


def test_temporal_code_repeats_and_leaves_zero_out():
    brain, _ = brain_of(4, strategy=TEMPORAL, cycle=10.0)
    onsets = []
    for _ in range(20):
        onsets.append(driven(brain, [0.0, 0.5, 0.75, 1.0]) > 0)
        brain.run(1)
    on = np.array(onsets)
    for k, start in enumerate([10, 5, 2, 0]):
        assert np.flatnonzero(on[:10, k]).tolist() == list(range(start, 10))
    assert (on[:10] == on[10:]).all()


def test_noise_is_relative_fresh_and_never_negative():
    brain, _ = brain_of(2000, noise_level=0.2)
    first = driven(brain, [0.5])
    assert first.mean() == pytest.approx(10.0, abs=0.2)
    assert first.std() == pytest.approx(2.0, rel=0.1)
    brain.run(1)
    second = driven(brain, [0.5])
    assert abs(np.corrcoef(first, second)[0, 1]) < 0.1
    assert (driven(brain, [0.0]) == 0).all()
    brain.encoder.noise_level = 3.0
    assert driven(brain, [0.5]).min() == 0.0
    brain.encoder.noise_level = 0.0
    assert (driven(brain, [0.5]) == 10.0).all()


@pytest.mark.parametrize("strategy", [RATE, TEMPORAL, POPULATION])
@pytest.mark.parametrize("noise", [0.0, 0.3])
@pytest.mark.parametrize("start", [0, 100])
def test_presenting_is_holding_by_hand(strategy, noise, start):
    def build():
        brain = Brain(seed=6)
        brain.add_region("r", S, 20, 0.2)
        brain.add_region("s", S, 20, 0.2)
        brain.connect_regions("r", "s", 0.3)
        brain.encoder = StimulusEncoder(strategy, 25.0, noise)
        brain.run(start)
        return brain

    values = [0.3, 0.9, 0.6]
    held, by_hand = build(), build()
    before = {name: r.total_spikes.copy() for name, r in held.regions.items()}
    counts = held.present("r", values, 130, rest=70)
    by_hand.run(130, lambda b, _: b.stimulate("r", values))
    by_hand.run(70)
    assert held.fingerprint() == by_hand.fingerprint()
    for name, region in by_hand.regions.items():
        assert (counts[name] == region.total_spikes - before[name]).all()
    assert counts["r"].sum() > 20
    assert counts["s"].shape == (20,)


def test_presenting_for_no_time_changes_nothing():
    brain, _ = brain_of()
    before = brain.fingerprint()
    assert not brain.present("r", [1.0], 0)["r"].any()
    assert brain.fingerprint() == before


def test_presenting_counts_those_born_meanwhile_from_their_birth():
    brain, region = brain_of(10)
    brain.add_region("shown", n_neurons=1, excitatory=1.0)
    brain.unfreeze_structural_plasticity()
    brain.growth.growth_interval = 50.0
    brain.growth.neurogenesis_rate = brain.growth.apoptosis_rate = 0.0
    brain.growth.apoptosis_floor = 0.0
    brain.growth.apoptosis_age = 40.0
    brain.run(200, lambda b, _: b.inject_current("r", range(9), 20.0))
    assert region.total_spikes[:9].min() > 3
    counts = brain.present("shown", [0.0], 200)["r"]
    assert brain.growth.history[-1].neurons_died + brain.growth.history[-2].neurons_died > 0
    assert counts.min() >= 0


def test_a_presentation_is_not_cut_short_by_a_replay():
    def build():
        brain, _ = brain_of(10, CurrentLIF, max_current=40.0)
        brain.memory.consolidation_interval = 100.0
        brain.memory.replay_duration = 60.0
        brain.memory.replay_share = 1.0
        brain.run(100, lambda b, _: b.inject_current("r", [0, 1, 2], 60.0))
        assert brain.memory.traces
        while not brain.memory.busy:
            brain.run(1)
        brain.run(20)
        return brain

    replaying = build()
    replaying.memory.consolidation_interval = 1e6
    counts = replaying.present("r", [1.0], 200)["r"]
    assert not replaying.memory.busy
    quiet = build()
    quiet.memory.consolidation_interval = 1e6
    quiet.reset_state()
    expected = quiet.present("r", [1.0], 200)["r"]
    assert np.abs(counts - expected).max() <= 1
    assert expected.min() >= 8


def test_a_stimulus_keeps_the_brain_from_being_quiet():
    brain, _ = brain_of()
    brain.memory.consolidation_interval = 10.0
    brain.memory.trace_threshold = 0.0
    brain.run(300, lambda b, _: b.stimulate("r", [1.0]))
    assert brain.memory.traces
    replays = []
    for _ in range(300):
        brain.run(1)
        replays.append(brain.memory.busy)
    assert replays.index(True) == pytest.approx(QUIET, abs=10)


@pytest.mark.parametrize("dt", [0.5, 1.0])
def test_poisson_sources_are_driven_in_hertz(dt):
    brain, region = brain_of(200, PoissonSource, dt=dt, max_rate=80.0)
    brain.run(round(4000 / dt), lambda b, _: b.stimulate("r", [0.25, 1.0]))
    rates = region.total_spikes / 4.0
    # What 100 neurons give in 4 s, five standard errors.
    for mine, rate in ((rates[:100], 20.0), (rates[100:], 80.0)):
        expected = (1 - np.exp(-rate * dt / 1000)) * 1000 / dt
        assert mine.mean() == pytest.approx(expected, abs=5 * np.sqrt(expected / 400))
    counts = brain.present("r", [0.0], 500)["r"]
    assert counts.sum() == 0
    counts = brain.present("r", [1.0], round(1000 / dt))["r"]
    assert counts.mean() == pytest.approx(77.0, abs=7.0)


def test_numbers_become_currents():
    brain, region = brain_of(10, strategy=POPULATION)
    encoder = StimulusEncoder(RATE, max_current=8.0)
    np.testing.assert_allclose(encode_number(0.25, region, encoder), 2.0)
    curve = encode_number(0.5, region, StimulusEncoder(POPULATION))
    assert curve.shape == (10,)
    assert curve.argmax() in (4, 5)
    temporal = StimulusEncoder(TEMPORAL, cycle=10.0)
    on = []
    for _ in range(10):
        on.append(encode_number(0.5, region, temporal).max() > 0)
        brain.run(1)
    assert on == [False] * 5 + [True] * 5
    brain.inject_current("r", range(10), encode_number(1.0, region, encoder))
    np.testing.assert_allclose(brain.network.slots(region.record, "drive"), 8.0)


def test_text_becomes_currents():
    _, region = brain_of(12)
    encoder = StimulusEncoder(RATE, max_current=255.0)
    np.testing.assert_allclose(
        encode_text("abc", region, encoder), np.repeat([97, 98, 99], 4), rtol=1e-5
    )
    euro = "€".encode()
    np.testing.assert_allclose(
        encode_text("€", region, encoder), np.repeat(list(euro), 4), rtol=1e-5
    )
    long = encode_text("ab" * 12, region, encoder)
    np.testing.assert_allclose(long, 97.5, rtol=1e-5)
    assert (encode_text("hello", region, encoder) != encode_text("hallo", region, encoder)).any()


def test_relays_can_be_given_values():
    brain, _ = brain_of(4, Relay, max_current=1.0)
    assert brain.present("r", [1.0, 0.5], 10)["r"].tolist() == [10, 10, 0, 0]
