"""The circuit of competing neurons, and presentations by the many."""

from __future__ import annotations

import numpy as np
import pytest

from engram import (
    Brain,
    Competition,
    InvalidTypeError,
    InvalidValueError,
    Neurotransmitter,
    PoissonSource,
    RegionType,
    TraceSTDP,
    load_brain,
    save_brain,
)
from engram.circuits import ShuntedIzhikevich
from engram.circuits.building import EXCITATORY, INHIBITORY, INPUT
from engram.kernels.calls import kernel
from engram.neurons import LIF, Izhikevich

SETTINGS = {
    "n_inputs": 36,
    "n_neurons": 12,
    "seed": 4,
    "steps": 80,
    "total_rate": 3000.0,
    "theta": -1.0,
    "theta_plus": 0.2,
    "total_weight": 12.0,
    "w_max": 2.0,
    "weights": (0.2, 0.6),
    "target_spikes": 6.0,
    "rule": TraceSTDP(eta=0.1, bounds="both"),
}


def circuit(**changes) -> Competition:
    """A small one that fires."""
    return Competition(**{**SETTINGS, **changes})


def bars(n: int, seed: int = 0) -> np.ndarray:
    """Bytes: one of six rows or six columns of a 6 x 6 image, on a faint ground."""
    rng = np.random.default_rng(seed)
    images = rng.integers(0, 20, (n, 6, 6)).astype(np.uint8)
    for image, k in zip(images, rng.integers(0, 12, n), strict=True):
        if k < 6:
            image[k] = 250
        else:
            image[:, k - 6] = 250
    return images.reshape(n, 36)


def test_checkpoints_name_the_neuron_by_the_path_they_always_did():
    assert ShuntedIzhikevich.name() == "engram.competition:ShuntedIzhikevich"


# ------------------------------------------------------------------ learning


def test_neurons_share_the_patterns_out():
    """Each neuron comes to stand for a bar; without inhibition they do not share them out."""
    images = bars(600)

    def bars_found(inhibition: float) -> int:
        c = circuit(inhibition=inhibition)
        c.learn(images)
        fields = c.weights.T.reshape(12, 6, 6)
        strength = np.concatenate([fields.sum(2), fields.sum(1)], axis=1)
        clear = strength.max(1) > 0.4 * c.total_weight
        return len(set(strength.argmax(1)[clear]))

    assert bars_found(22.0) >= 8
    assert bars_found(0.0) <= 4


def test_two_calls_are_one():
    images = bars(14)
    whole, parts = circuit(), circuit()
    counts = whole.learn(images)
    split = np.concatenate([parts.learn(images[:5]), parts.learn(images[5:])])
    assert counts.sum() > 0
    np.testing.assert_array_equal(split, counts)
    assert whole.brain.fingerprint() == parts.brain.fingerprint()


def test_a_saved_circuit_goes_on_as_if_nothing_had_been(tmp_path):
    images = bars(14)
    whole, first = circuit(), circuit()
    counts = whole.learn(images)
    first.learn(images[:6])
    path = save_brain(first.brain, tmp_path / "circuit")
    later = circuit(brain=load_brain(path))
    np.testing.assert_array_equal(later.learn(images[6:]), counts[6:])
    assert later.brain.fingerprint() == whole.brain.fingerprint()


@pytest.mark.parametrize(("norm", "total"), [(1, 12.0), (2, 2.5)])
def test_weights_keep_their_norm(norm, total):
    c = circuit(norm=norm, total_weight=total, total_rate=3000.0 if norm == 1 else 900.0)
    counts = c.learn(bars(5))
    fired = counts.sum(0) > 0
    assert fired.any()
    np.testing.assert_allclose(np.linalg.norm(c.weights, norm, axis=0), total, rtol=1e-4)
    rates = c.rates(np.random.default_rng(0).uniform(0.1, 0.4, (3, 36)))
    np.testing.assert_allclose(np.linalg.norm(rates, norm, axis=1), c.total_rate, rtol=1e-5)
    free = circuit(total_weight=0.0)
    before = free.weights.sum(0)
    free.learn(bars(5))
    assert np.abs(free.weights.sum(0) - before).max() > 0.01


def test_thresholds_rise_with_spikes_and_fall_towards_the_target():
    """Without decay: theta_plus x (spikes - target share), image by image."""
    c = circuit(tau_theta=1e12)
    before = c.theta.copy()
    counts = c.learn(bars(8))
    expected = before + 0.2 * (counts.sum(0) - 8 * 6.0 / 12)
    np.testing.assert_allclose(c.theta, expected, atol=1e-6)
    free = circuit(tau_theta=1e12, target_spikes=0.0)
    counts = free.learn(bars(8))
    np.testing.assert_allclose(free.theta, before + 0.2 * counts.sum(0), atol=1e-6)


def test_a_image_without_an_answer_is_shown_again_and_brighter():
    c = circuit(total_rate=0.0, max_rate=1.0, theta=20.0, target_spikes=0.0)
    start = c.brain.step_count
    assert c.learn(bars(1)).sum() == 0
    assert c.brain.step_count == start + 80
    c = circuit(max_rate=20.0, total_rate=0.0, min_spikes=2, boost=3.0, repeats=10)
    counts = c.learn(bars(1))
    assert counts.sum() >= 2
    shown = c.brain.step_count // 80
    assert 1 < shown <= 11
    c = circuit(max_rate=0.0, total_rate=0.0, min_spikes=2, repeats=3)
    c.learn(bars(1))
    assert c.brain.step_count == 4 * 80


def test_izhikevich_neurons_compete_too():
    c = circuit(
        model="izhikevich",
        theta=None,
        theta_plus=None,
        total_weight=20.0,
        w_max=2.0,
        inhibition=None,
    )
    counts = c.learn(bars(20))
    assert counts.sum() > 20
    assert isinstance(c.brain.regions[EXCITATORY].model, ShuntedIzhikevich)
    assert c.brain.regions[EXCITATORY].v.min() >= -81.0


# ------------------------------------------------------------------ answering


def test_answers_depend_on_nothing_but_image_and_key():
    c = circuit()
    c.learn(bars(10))
    images = bars(9, seed=1)
    answers = c.respond(images)
    assert answers.sum() > 0
    order = np.array([5, 0, 8, 2])
    np.testing.assert_array_equal(c.respond(images[order], keys=order), answers[order])
    assert (c.respond(images, keys=np.arange(9) + 100) != answers).any()


def test_answering_changes_nothing():
    c = circuit()
    c.learn(bars(6))
    before = c.brain.fingerprint()
    c.respond(bars(5, seed=2), inhibition=3.0)
    assert c.brain.fingerprint() == before
    assert c.inhibition == 18.0


def test_answers_are_those_of_a_frozen_brain():
    """The same as by hand: a copy, frozen, at rest, with the key's seed."""
    c = circuit()
    c.learn(bars(6))
    image = bars(1, seed=3)
    answer = c.respond(image, keys=[7])[0]
    from engram.kernels.calls import kernel
    from engram.kernels.constants import STREAM_PRESENTATION

    twin = c.brain.copy()
    twin.freeze_plasticity()
    twin.freeze_adaptive_thresholds()
    twin.reset_state()
    seed = np.empty(1, np.uint64)
    kernel("random.derived_seeds")(np.uint64(4), STREAM_PRESENTATION, np.array([7]), seed)
    twin.network.tables["seed"][0] = seed[0]
    by_hand = twin.present_many(INPUT, c.rates(image), 80, read=EXCITATORY)[0]
    np.testing.assert_array_equal(by_hand, answer)
    assert answer.sum() > 0


def test_inhibition_of_an_evaluation():
    """Weaker inhibition lets more neurons answer."""
    c = circuit(theta=-6.0)
    images = bars(10, seed=5)
    strong, weak = c.respond(images), c.respond(images, inhibition=0.0)
    assert weak.sum() > 1.5 * strong.sum()
    assert c.respond(images, steps=20).sum() < strong.sum()


def test_the_winner_inhibits_all_but_itself():
    c = circuit()
    projection = c.brain.get_projection(INHIBITORY, EXCITATORY)
    assert projection.n_synapses == 12 * 11
    assert (projection.pre != projection.post).all()
    brain = c.brain
    brain.regions[EXCITATORY].v[3] = 40.0
    brain.step()
    assert brain.regions[EXCITATORY].fired.nonzero()[0].tolist() == [3]
    brain.step()
    assert brain.regions[INHIBITORY].fired.nonzero()[0].tolist() == [3]
    brain.step()
    inhibited = brain.regions[EXCITATORY].state("inh") < 0
    assert inhibited.sum() == 11
    assert not inhibited[3]


def test_inputs_fire_at_their_rates_whatever_the_chunks():
    """Intervals give each input its rate; how a run is cut makes no difference."""
    brain = Brain(seed=3)
    brain.freeze_structural_plasticity()
    brain.add_region("in", RegionType.SENSORY, 50, 0.0, model=PoissonSource, rule=None)
    brain.add_region("out", RegionType.SENSORY, 50, 0.0, model=PoissonSource, rule=None)
    rates = np.linspace(0.0, 300.0, 50)
    twin = brain.copy()
    counts = brain.present_many("in", rates[None], 20_000, read="in")[0]
    expected = 20_000 * -np.expm1(-1e-3 * rates)
    assert counts[0] == 0
    assert np.abs(counts - expected).max() < 4.5 * np.sqrt(expected.max())
    twin.encoder.max_rate = 300.0
    twin.hold("in", rates / 300.0)
    for steps in (1, 1, 5000, 14998):
        twin.run(steps)
    np.testing.assert_array_equal(twin.regions["in"].total_spikes, counts)


def test_runs_end_at_the_gap():
    run_end = kernel("rows.run_end")
    for gap in range(1, 9):
        post = np.delete(np.arange(100, 110), gap).astype(np.int32)
        assert run_end(post, 0, len(post)) == gap


# ------------------------------------------------------------------ adopting, refusing


def test_what_can_be_assigned():
    c = circuit()
    c.rule.eta, c.theta_plus, c.inhibition, c.steps = 0.02, 0.7, 5.0, 30
    assert c.brain.get_projection(INPUT, EXCITATORY).rule.eta == 0.02
    assert c.brain.regions[EXCITATORY].theta_plus == 0.7
    assert (c.brain.get_projection(INHIBITORY, EXCITATORY).weight == -5.0).all()
    weights = np.full((36, 12), 0.25, np.float32)
    weights[3, 7] = 0.125
    c.weights = weights
    np.testing.assert_array_equal(c.weights, weights)
    twin = c.copy()
    assert twin.steps == 30
    assert twin.brain.fingerprint() == c.brain.fingerprint()


def test_weights_where_synapses_died():
    c = circuit()
    path = c.brain.get_projection(INPUT, EXCITATORY)
    before = c.weights
    path.remove_synapses(np.flatnonzero((path.pre == 3) & (path.post == 7)))
    expected = before.copy()
    expected[3, 7] = 0.0
    np.testing.assert_array_equal(c.weights, expected)
    c.weights = 0.5 * expected
    np.testing.assert_array_equal(c.weights, 0.5 * expected)
    fingerprint = c.brain.fingerprint()
    for bad, error, words in (
        (before, InvalidValueError, r"input 3 and neuron 7.*no synapse.*add"),
        (np.full((36, 12), np.nan), InvalidValueError, "weights must be finite"),
        (np.full((36, 12), "a"), InvalidTypeError, "weights must be numbers"),
    ):
        with pytest.raises(error, match=words):
            c.weights = bad
    assert c.brain.fingerprint() == fingerprint


def test_weights_are_those_of_their_pairs_whatever_the_number_of_synapses():
    c = circuit()
    path = c.brain.get_projection(INPUT, EXCITATORY)
    expected = c.weights
    # As many as before: one died, another pair has two.
    path.remove_synapses(np.flatnonzero((path.pre == 3) & (path.post == 7)))
    path.add_synapses(5, 2, 0.25)
    expected[3, 7], expected[5, 2] = 0.0, expected[5, 2] + np.float32(0.25)
    assert path.n_synapses == expected.size
    np.testing.assert_allclose(c.weights, expected, rtol=1e-6)
    c.weights = 0.5 * expected
    np.testing.assert_allclose(c.weights, 0.5 * expected, rtol=1e-6)


@pytest.mark.parametrize(
    "images",
    [
        np.zeros(36),
        np.zeros((2, 35)),
        np.full((1, 36), 2.0),
        np.full((1, 36), np.nan),
        np.full((1, 36), "a"),
    ],
)
def test_bad_images_are_refused(images):
    c = circuit()
    before = c.brain.fingerprint()
    for use in (c.learn, c.respond):
        with pytest.raises((InvalidValueError, InvalidTypeError), match="images"):
            use(images)
    assert c.brain.fingerprint() == before


def test_bad_settings_are_refused():
    for bad in (
        {"steps": 0},
        {"model": "hodgkin"},
        {"inhibition": -1.0},
        {"stepz": 3},
        {"total_weight": 99.0},
        {"total_weight": 12.1, "norm": 2},
        {"norm": 3},
    ):
        with pytest.raises((InvalidValueError, KeyError)):
            circuit(**bad)
    c = circuit()
    with pytest.raises(InvalidValueError, match="keys"):
        c.respond(bars(2), keys=[1])
    with pytest.raises(InvalidValueError, match="must have the regions"):
        circuit(n_neurons=5, brain=c.brain)
    with pytest.raises(InvalidValueError, match="shape"):
        c.brain.respond(INPUT, np.zeros((2, 7)), 5, read=EXCITATORY)
    with pytest.raises(KeyError, match="exitatory"):
        c.brain.present_many(INPUT, np.zeros((2, 36)), 5, read="exitatory")


def test_present_many_leaves_what_it_learned():
    """From rest each answer is like the first; otherwise the state carries over."""
    brain = Brain(seed=1)
    brain.add_region("a", RegionType.SENSORY, 3, 0.0, model=LIF(tau_m=200.0), noise=0.0, rule=None)
    inputs = np.tile(np.float32([14.0, 0.0, 30.0]), (3, 1))
    carried = brain.copy().present_many("a", inputs, 100, read="a")
    fresh = brain.present_many("a", inputs, 100, rest=20, read="a", from_rest=True)
    assert (fresh == fresh[0]).all()
    assert carried[1, 2] > fresh[1, 2]
    assert brain.step_count == 3 * 120


# ------------------------------------------------------------------ the neuron
def cells(currents, theta=0.0, model=None):
    brain = Brain(seed=1)
    brain.freeze_structural_plasticity()
    brain.freeze_adaptive_thresholds()
    brain.disable_memory()
    n = len(currents)
    region = brain.add_region(
        "cells",
        RegionType.ASSOCIATION,
        n,
        connectivity=0.0,
        max_neurons=n,
        excitatory=1.0,
        model=model or ShuntedIzhikevich(tau_inh=30.0),
        noise=0.0,
        rule=None,
    )
    region.theta[:] = theta
    brain.encoder.max_current = 100.0
    return brain, region


def test_without_inhibition_it_is_izhikevichs():
    drive = np.linspace(3, 30, 8)
    shunted, region = cells(drive)
    plain, other = cells(drive, model=Izhikevich())
    other.v[:], other.u[:] = region.v, region.u
    for _ in range(200):
        for brain in (shunted, plain):
            brain.inject_current("cells", range(8), drive)
            brain.step()
    # Rounding differs, and grows on the way to a spike.
    np.testing.assert_allclose(region.total_spikes, other.total_spikes, atol=1)
    assert region.total_spikes[-1] > 5


def test_theta_takes_from_the_current():
    drive = np.linspace(5, 40, 8)
    plain, _ = cells(drive)
    raised, _ = cells(drive, theta=7.0)
    for _ in range(300):
        plain.inject_current("cells", range(8), drive)
        raised.inject_current("cells", range(8), drive + 7.0)
        plain.step()
        raised.step()
    counts = plain.regions["cells"].total_spikes
    np.testing.assert_array_equal(raised.regions["cells"].total_spikes, counts)
    assert counts[-1] > counts[1] > 0


def test_strong_inhibition_does_not_go_beyond_its_reversal_potential():
    brain, region = cells([0.0, 0.0])
    region.add_synapses([0], [1], 1000.0, 1.0, nt=Neurotransmitter.GABA)
    lowest = 0.0
    for step in range(200):
        brain.inject_current("cells", [1], 10.0)
        if step == 20:
            brain.inject_current("cells", [0], 500.0)
        fired = brain.step()["cells"]
        if 25 < step < 100:
            assert 1 not in fired
        lowest = min(lowest, float(region.v[1]))
    assert -80.0 <= lowest < -75.0
