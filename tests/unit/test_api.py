# ruff: noqa: SIM905, ARG005
"""The public surface: names, signatures, defaults, and what the calls mean."""

from __future__ import annotations

import importlib
import inspect
import subprocess
import sys

import numpy as np
import pytest

import engram
from engram import (
    LIF,
    STDP,
    Brain,
    BrainStats,
    CapacityError,
    EncodingStrategy,
    EngramError,
    FiringPattern,
    InvalidTypeError,
    InvalidValueError,
    NeuronType,
    Neurotransmitter,
    NeurotransmitterType,
    Projection,
    Region,
    RegionType,
    RewardSTDP,
    ShortTermPlasticity,
    StimulusEncoder,
    UnknownNameError,
    load_brain,
    save_brain,
)

E, I = NeuronType.EXCITATORY, NeuronType.INHIBITORY  # noqa: E741
REQUIRED = inspect.Parameter.empty

SIGNATURES = [
    (Brain.__init__, {"dt": 1.0, "seed": None, "device": "cpu"}),
    (
        Brain.add_region,
        {
            "name": REQUIRED,
            "region_type": "association",
            "n_neurons": 50,
            "connectivity": 0.1,
            "max_neurons": None,
        },
    ),
    (
        Brain.connect_regions,
        {
            "source": REQUIRED,
            "target": REQUIRED,
            "density": 0.05,
            "bidirectional": False,
            "nt": Neurotransmitter.GLUTAMATE,
        },
    ),
    (Brain.stimulate, {"region": REQUIRED, "values": REQUIRED}),
    (Brain.inject_current, {"region": REQUIRED, "indices": REQUIRED, "current": REQUIRED}),
    (Brain.step, {}),
    (Brain.run, {"steps": REQUIRED, "stimulus_fn": None}),
    (Brain.present, {"region": REQUIRED, "values": REQUIRED, "steps": REQUIRED, "rest": 0}),
    (Brain.reward, {"amount": REQUIRED, "target": REQUIRED}),
    (Brain.punish, {"amount": REQUIRED, "target": REQUIRED}),
    (Brain.dopamine, {"target": REQUIRED}),
    (Brain.region_target, {"name": REQUIRED}),
    (Brain.projection_target, {"source": REQUIRED, "target": REQUIRED, "name": None}),
    (Brain.get_projection, {"source": REQUIRED, "target": REQUIRED, "name": None}),
    (Brain.remove_region, {"name": REQUIRED}),
    (Brain.rename_region, {"old": REQUIRED, "new": REQUIRED}),
    (Brain.remove_projection, {"projection": REQUIRED}),
    (
        Brain.enable_projection_plasticity,
        {"source": REQUIRED, "target": REQUIRED, "A_plus": None, "A_minus": None},
    ),
    (Region.add_neuron, {"ntype": NeuronType.EXCITATORY, "pattern": None}),
    (
        Region.add_synapses,
        {
            "pre": REQUIRED,
            "post": REQUIRED,
            "weights": None,
            "delays_ms": 1.0,
            "nt": Neurotransmitter.GLUTAMATE,
        },
    ),
    (
        Region.add_one_synapse,
        {"pre": REQUIRED, "post": REQUIRED, "weight": None, "delay_ms": None, "nt": None},
    ),
    (Region.add_lateral_inhibition, {"weight": REQUIRED}),
    (Region.kill_neurons, {"indices": REQUIRED}),
    (Projection.normalize, {"total": REQUIRED, "neurons": None}),
    (Projection.to_scipy, {}),
    (Projection.set, {"indices": REQUIRED, "weight": None, "delay": None}),
    (
        StimulusEncoder.__init__,
        {"strategy": EncodingStrategy.RATE, "max_current": 20.0, "noise_level": 0.0},
    ),
    (engram.encode_text, {"text": REQUIRED, "region": REQUIRED, "encoder": REQUIRED}),
    (engram.encode_number, {"value": REQUIRED, "region": REQUIRED, "encoder": REQUIRED}),
    (engram.save_brain, {"brain": REQUIRED, "path": REQUIRED}),
    (engram.load_brain, {"path": REQUIRED}),
    (engram.inspect_checkpoint, {"path": REQUIRED}),
    *[
        (getattr(Brain, f"{verb}_{what}"), {})
        for verb in ("freeze", "unfreeze")
        for what in (
            "plasticity",
            "structural_plasticity",
            "homeostatic_scaling",
            "adaptive_thresholds",
        )
    ],
    *[
        (getattr(Brain, f"{verb}_{what}"), {})
        for verb in ("disable", "enable")
        for what in ("memory", "oscillations")
    ],
    *[
        (getattr(Brain, name), {})
        for name in ("summary", "stats", "reset_traces", "reset_state", "copy", "fingerprint")
    ],
]


@pytest.mark.parametrize(
    ("function", "expected"), SIGNATURES, ids=lambda x: getattr(x, "__qualname__", "")
)
def test_positional_arguments_and_defaults(function, expected):
    parameters = inspect.signature(function).parameters.values()
    found = {
        p.name: p.default
        for p in parameters
        if p.kind is p.POSITIONAL_OR_KEYWORD and p.name != "self"
    }
    assert list(found.items()) == list(expected.items())


@pytest.mark.parametrize(
    ("module", "names"),
    {
        "engram.brain": ["Brain"],
        "engram.region": ["Region", "RegionType"],
        "engram.projection": ["Projection"],
        "engram.neuron": ["NeuronType", "FiringPattern"],
        "engram.neurons": ["NeuronType", "FiringPattern"],
        "engram.synapse": ["Neurotransmitter", "NeurotransmitterType"],
        "engram.synapses": ["Neurotransmitter", "NeurotransmitterType"],
        "engram.persistence": ["save_brain", "load_brain", "inspect_checkpoint"],
        "engram.stimulus": ["StimulusEncoder", "EncodingStrategy", "encode_text", "encode_number"],
    }.items(),
)
def test_modules_export_what_the_package_does(module, names):
    for name in names:
        assert getattr(importlib.import_module(module), name) is getattr(engram, name)


def test_all_is_exact_and_has_a_version():
    assert sorted(engram.__all__) == sorted(set(engram.__all__))
    for name in engram.__all__:
        assert getattr(engram, name) is not None
    assert engram.__version__.count(".") >= 1
    assert NeurotransmitterType is Neurotransmitter


def test_every_error_is_of_the_package_and_of_the_builtin_kind():
    assert issubclass(InvalidValueError, (EngramError, ValueError))
    for error, builtin in (
        (InvalidValueError, ValueError),
        (CapacityError, ValueError),
        (InvalidTypeError, TypeError),
        (UnknownNameError, KeyError),
        (engram.CheckpointError, ValueError),
    ):
        assert issubclass(error, EngramError)
        assert issubclass(error, builtin)


def test_firing_patterns_have_izhikevichs_parameters():
    table = {
        "REGULAR_SPIKING": (0.02, 0.2, -65, 8),
        "INTRINSICALLY_BURSTING": (0.02, 0.2, -55, 4),
        "CHATTERING": (0.02, 0.2, -50, 2),
        "FAST_SPIKING": (0.1, 0.2, -65, 2),
        "LOW_THRESHOLD_SPIKING": (0.02, 0.25, -65, 2),
        "THALAMO_CORTICAL": (0.02, 0.25, -65, 0.05),
        "RESONATOR": (0.1, 0.26, -65, 2),
    }
    assert {p.name: p.parameters for p in FiringPattern} == table


def test_transmitters_have_the_reference_table():
    table = {
        "GLUTAMATE": (1.0, 1.0),
        "GABA": (-1.0, 1.0),
        "DOPAMINE": (1.0, 1.5),
        "SEROTONIN": (0.3, 0.8),
        "ACETYLCHOLINE": (0.5, 1.2),
    }
    assert {t.name: (t.sign * t.strength, t.modulation) for t in Neurotransmitter} == table


@pytest.mark.parametrize("nt", Neurotransmitter)
@pytest.mark.parametrize("stp", [None, ShortTermPlasticity(U=0.5)])
def test_transmission_is_weight_times_strength_times_modulation(nt, stp):
    brain = Brain(seed=1)
    for name in ("a", "b"):
        brain.add_region(
            name, RegionType.SENSORY, 1, 0.0, model=engram.Relay, excitatory=1.0, rule=None
        )
    brain.connect_regions(
        "a", "b", nt=nt, wiring="all_to_all", weights=2.0, delays=1.0, rule=None, stp=stp
    )
    brain.inject_current("a", [0], 1.0)
    brain.run(1)
    before = brain.regions["b"].state("exc")[0] + brain.regions["b"].state("inh")[0]
    assert before == 0
    brain.run(1)
    arrived = "inh" if nt is Neurotransmitter.GABA else "exc"
    tau = brain.regions["b"].model.tau_inh if arrived == "inh" else brain.regions["b"].model.tau_exc
    charge = brain.regions["b"].state(arrived)[0] * np.exp(1.0 / tau)
    assert charge == pytest.approx(2.0 * nt.sign * nt.strength * nt.modulation, rel=1e-5)


PATTERNS = {
    RegionType.SENSORY: ("REGULAR_SPIKING", "FAST_SPIKING"),
    RegionType.ASSOCIATION: ("REGULAR_SPIKING", "FAST_SPIKING"),
    RegionType.REWARD: ("REGULAR_SPIKING", "FAST_SPIKING"),
    RegionType.MEMORY: ("INTRINSICALLY_BURSTING", "LOW_THRESHOLD_SPIKING"),
    RegionType.MOTOR: ("CHATTERING", "FAST_SPIKING"),
}


@pytest.mark.parametrize("kind", RegionType)
def test_regions_have_default_patterns_with_five_percent_variation(kind):
    region = Brain(seed=3).add_region("r", kind, n_neurons=400)
    assert region.region_type is kind
    assert (region.neuron_type == E).sum() == 320
    for ntype, name in zip((E, I), PATTERNS[kind], strict=True):
        cells = region.neuron_type == ntype
        pattern = FiringPattern[name]
        assert (region.pattern[cells] == pattern).all()
        for parameter, value in zip("abcd", pattern.parameters, strict=True):
            ratio = getattr(region, parameter)[cells] / value
            assert 0.949 < ratio.min() < 0.97
            assert 1.03 < ratio.max() < 1.051
            assert ratio.mean() == pytest.approx(1.0, abs=0.015)


def test_regions_default_sizes_and_arrays():
    brain = Brain(seed=1)
    region = brain.add_region("r", RegionType.SENSORY)
    assert (region.name, region.n_neurons, region.max_neurons) == ("r", 50, 1000)
    assert region.n_alive_neurons == 50
    assert brain.add_region("big", RegionType.SENSORY, 1200, 0.0).max_neurons == 1200
    assert region.n_alive_synapses == brain.get_projection("r", "r").n_synapses > 0
    brain.run(50)
    for name in (
        "v u a b c d theta activity fired total_spikes last_spike_time neuron_type neuron_alive "
        "neuron_age"
    ).split():
        assert getattr(region, name).shape == (50,), name
    assert (region.neuron_age == 50.0).all()
    region.v[3] = -50.0
    region.theta[4] = 2.0
    region.a[5] = 0.03
    assert (region.v[3], region.theta[4]) == (-50.0, 2.0)
    assert region.a[5] == np.float32(0.03)
    for name in ("fired", "total_spikes", "neuron_type", "neuron_alive"):
        with pytest.raises(ValueError, match="read-only"):
            getattr(region, name)[0] = 1


def test_own_wiring_has_the_density_and_the_signs():
    brain = Brain(seed=2)
    region = brain.add_region("r", RegionType.ASSOCIATION, n_neurons=200)
    own = brain.get_projection("r", "r")
    assert own is brain.projections[0]
    assert own.n_synapses == pytest.approx(0.1 * 200 * 199, rel=0.05)
    inhibitory = region.neuron_type[own.pre] == I
    assert (own.weight[inhibitory] < 0).all()
    assert (own.weight[~inhibitory] > 0).all()
    assert set(own.nt[inhibitory]) == {Neurotransmitter.GABA}
    assert set(own.nt[~inhibitory]) == {Neurotransmitter.GLUTAMATE}
    assert own.delay.min() >= 1.0
    assert own.delay.max() <= 5.0
    for name in "pre post weight delay eligibility resource facilitation age nt".split():
        assert getattr(own, name).shape == (own.n_synapses,)


def two_regions(seed=1, **options):
    brain = Brain(seed=seed)
    brain.add_region("a", RegionType.SENSORY, 20)
    brain.add_region("b", RegionType.MOTOR, 30)
    return brain, brain.connect_regions("a", "b", **{"density": 0.5, **options})


def test_only_excitatory_neurons_project_unless_told_otherwise():
    brain, forward = two_regions()
    assert (forward.source, forward.target) == ("a", "b")
    types = brain.regions["a"].neuron_type
    assert set(types[forward.pre]) == {E}
    assert set(brain.regions["b"].neuron_type[forward.post]) == {E, I}
    brain, everyone = two_regions(source_type=None)
    assert set(types[everyone.pre]) == {E, I}
    brain, chosen = two_regions(target_type=I, source_type=I)
    assert set(types[chosen.pre]) == {I}
    assert set(brain.regions["b"].neuron_type[chosen.post]) == {I}


def test_bidirectional_returns_the_forward_projection():
    brain, forward = two_regions(bidirectional=True)
    assert (forward.source, forward.target) == ("a", "b")
    back = brain.get_projection("b", "a")
    assert [(p.source, p.target) for p in brain.projections] == [
        ("a", "a"),
        ("b", "b"),
        ("a", "b"),
        ("b", "a"),
    ]
    assert back.n_synapses > 0
    assert forward.rule is not back.rule


def test_reward_and_punishment_act_on_their_target_alone():
    brain, _ = two_regions()
    assert Brain.region_target("a") == "region:a"
    assert Brain.projection_target("a", "b") == "proj:a->b"
    brain.reward_stdp.baseline_dopamine = 0.0
    brain.run(1)
    brain.reward(2.0, "proj:a->b")
    brain.punish(0.5, Brain.region_target("a"))
    assert [brain.dopamine(t) for t in ("proj:a->b", "region:a", "region:b")] == [2.0, -0.5, 0.0]
    brain.reward(1.0, target="proj:a->b")
    assert brain.dopamine("proj:a->b") == 3.0
    brain.run(200)
    tau = brain.reward_stdp.dopamine_decay
    assert brain.dopamine("proj:a->b") == pytest.approx(3.0 * np.exp(-200 / tau), rel=1e-6)


def test_device_and_seed(monkeypatch):
    monkeypatch.delenv("BRAIN_DEVICE", raising=False)
    first, second = Brain(), Brain()
    assert first.seed != second.seed
    assert Brain(seed=first.seed).seed == first.seed
    assert Brain(device="auto").device == Brain().device == "cpu"
    monkeypatch.setenv("BRAIN_DEVICE", "tpu")
    with pytest.raises(InvalidValueError, match=r"device must be one of .* not 'tpu'"):
        Brain()


def test_seed_none_is_recorded_so_that_the_run_can_be_repeated():
    first, _ = two_regions(seed=None)
    again, _ = two_regions(seed=first.seed)
    assert first.fingerprint() == again.fingerprint()
    other, _ = two_regions(seed=first.seed + 1)
    assert other.fingerprint() != first.fingerprint()


def lively(seed=5, **options):
    """Everything on: rules, homeostasis, thresholds, growth, memory, rhythms, and driven hard."""
    brain = Brain(seed=seed)
    brain.add_region("a", RegionType.SENSORY, 30, rule="stdp", max_neurons=60)
    brain.add_region("b", RegionType.ASSOCIATION, 40, max_neurons=80)
    brain.connect_regions("a", "b", density=0.3, **options)
    brain.homeostasis.check_interval = 50.0
    brain.homeostasis.theta_plus = 0.05
    brain.growth.growth_interval = 50.0
    brain.growth.neurogenesis_rate = 1.0
    brain.growth.pruning_age = brain.growth.pruning_unused = 0.0
    brain.growth.min_spikes = 1
    brain.metaplasticity.enabled = True
    brain.memory.consolidation_interval = 50.0
    brain.oscillators.set("b", "gamma", 2.0)
    return brain


def drive(brain, i):
    brain.stimulate("a", [0.8, 0.3])
    if i % 100 == 7:
        brain.reward(5.0, "proj:a->b")


def structure(brain):
    return [(p.pre.tolist(), p.post.tolist(), p.delay.tolist()) for p in brain.projections] + [
        r.neuron_alive.tolist() for r in brain.regions.values()
    ]


def weights(brain):
    return [p.weight.tobytes() for p in brain.projections]


def thresholds(brain):
    return [r.theta.tobytes() for r in brain.regions.values()]


def gains(brain):
    return brain.network.tables["mean_square_rate"].tobytes()


@pytest.mark.parametrize("warm", [0, 173])
def test_frozen_is_bit_for_bit_unchanged_and_thaws(warm):
    brain = lively()
    brain.run(warm, drive)
    brain.freeze_plasticity()
    brain.freeze_structural_plasticity()
    brain.freeze_adaptive_thresholds()
    before = weights(brain), structure(brain), thresholds(brain), gains(brain)
    history = len(brain.growth.history)
    brain.run(300, drive)
    assert (weights(brain), structure(brain), thresholds(brain), gains(brain)) == before
    assert len(brain.growth.history) == history
    assert brain.stats().spikes > 100
    brain.unfreeze_plasticity()
    brain.unfreeze_structural_plasticity()
    brain.unfreeze_adaptive_thresholds()
    brain.run(300, drive)
    after = weights(brain), structure(brain), thresholds(brain), gains(brain)
    for old, new in zip(before, after, strict=True):
        assert old != new


def test_freeze_structural_plasticity_leaves_learning_on():
    brain = lively()
    brain.freeze_structural_plasticity()
    shape, old = structure(brain), weights(brain)
    brain.run(300, drive)
    assert structure(brain) == shape
    assert weights(brain) != old


def test_freeze_homeostatic_scaling():
    def weights_after(frozen):
        brain = Brain(seed=4)
        brain.add_region("r", RegionType.ASSOCIATION, 30, rule=STDP(A_plus=0.0, A_minus=0.0))
        brain.homeostasis.check_interval = 50.0
        brain.freeze_structural_plasticity()
        if frozen:
            brain.freeze_homeostatic_scaling()
        start = brain.projections[0].weight
        brain.run(200)
        frozen_weights = brain.projections[0].weight
        brain.unfreeze_homeostatic_scaling()
        brain.run(200)
        return start, frozen_weights, brain.projections[0].weight

    start, after, thawed = weights_after(frozen=True)
    np.testing.assert_array_equal(start, after)
    assert (start != thawed).any()
    start, after, _ = weights_after(frozen=False)
    assert (start != after).any()


def test_freezing_is_undone_without_a_trace():
    brain = lively()
    brain.run(120, drive)
    twin = brain.copy()
    for name in ("plasticity", "structural_plasticity", "homeostatic_scaling"):
        getattr(twin, f"freeze_{name}")()
        getattr(twin, f"unfreeze_{name}")()
    twin.freeze_adaptive_thresholds()
    twin.unfreeze_adaptive_thresholds()
    for name in ("memory", "oscillations"):
        getattr(twin, f"disable_{name}")()
        getattr(twin, f"enable_{name}")()
    for b in (brain, twin):
        b.run(200, drive)
    assert brain.fingerprint() == twin.fingerprint()


def test_frozen_projection_keeps_its_weights_alone():
    brain = lively()
    p = brain.get_projection("a", "b")
    brain.freeze_structural_plasticity()
    p.frozen = True
    before, own = p.weight, brain.get_projection("a", "a").weight
    brain.run(300, drive)
    np.testing.assert_array_equal(p.weight, before)
    assert (brain.get_projection("a", "a").weight != own).any()
    assert brain.enable_projection_plasticity("a", "b", A_plus=0.2) is p
    assert p.A_plus == 0.2
    brain.run(300, drive)
    assert (p.weight != before).any()


def test_enable_projection_plasticity_on_a_static_projection():
    brain, p = two_regions(rule=None)
    assert p.rule is None
    assert brain.enable_projection_plasticity("a", "b", A_plus=0.3, A_minus=0.0) is p
    assert isinstance(p.rule, RewardSTDP)
    assert (p.A_plus, p.A_minus) == (0.3, 0.0)


def test_reset_state_brings_rest_and_keeps_what_was_learned():
    brain = lively(stp=ShortTermPlasticity())
    region = brain.regions["b"]
    brain.run(230, drive)
    brain.stimulate("a", [1.0])
    kept = weights(brain), structure(brain), thresholds(brain)
    spikes, time = region.total_spikes.copy(), brain.time
    pathway = brain.get_projection("a", "b")
    assert (pathway.resource < 1).any()
    assert region.state("exc").any()
    brain.reset_state()
    assert (weights(brain), structure(brain), thresholds(brain)) == kept
    assert (region.v == -65).all()
    np.testing.assert_allclose(region.u, region.b * -65.0, rtol=1e-6)
    for name in ("exc", "inh", "activity"):
        assert not region.state(name).any(), name
    assert not region.fired.any()
    assert (pathway.resource == 1).all()
    assert (region.total_spikes == spikes).all()
    assert brain.time == time
    assert (region.last_spike_time == -np.inf).all()
    # Nothing is under way, and nothing is driven: without noise the brain stays silent.
    brain.disable_oscillations()
    for r in brain.regions.values():
        r.noise = 0.0
    for _ in range(30):
        assert not any(len(f) for f in brain.step().values())


def test_reset_state_forgets_where_it_was():
    """Two brains with the same weights and different pasts have one future after it."""
    brain = Brain(seed=9)
    brain.add_region("r", RegionType.ASSOCIATION, 30, rule=None)
    brain.freeze_structural_plasticity()
    brain.disable_memory()
    twin = brain.copy()
    brain.run(100, lambda b, i: b.stimulate("r", [1.0]))
    twin.run(100)
    spikes = []
    for b in (brain, twin):
        b.reset_state()
        spikes.append([b.present("r", [0.5], 100)["r"].tolist()])
    assert spikes[0] == spikes[1]
    assert sum(spikes[0][0]) > 0


def test_reset_traces_clears_eligibility_and_dopamine_only():
    brain = lively()
    brain.run(100, drive)
    pathway = brain.get_projection("a", "b")
    brain.reward(3.0, "proj:a->b")
    assert np.abs(pathway.eligibility).max() > 0
    before, v = weights(brain), brain.regions["b"].v.copy()
    brain.reset_traces()
    assert not pathway.eligibility.any()
    assert brain.dopamine("proj:a->b") == brain.reward_stdp.baseline_dopamine
    assert weights(brain) == before
    assert (brain.regions["b"].v == v).all()


def test_a_copy_has_the_same_future_and_a_life_of_its_own():
    brain = lively()
    brain.run(130, drive)
    twin = brain.copy()
    before = twin.fingerprint()
    assert before == brain.fingerprint()
    brain.run(200, drive)
    brain.regions["a"].v[:] = 0
    brain.homeostasis.target_rate = 1.0
    brain.get_projection("a", "b").rule.A_plus = 0.9
    brain.memory.traces.clear()
    assert twin.fingerprint() == before
    again = lively()
    again.run(130, drive)
    again.run(200, drive)
    twin.run(200, drive)
    assert twin.fingerprint() == again.fingerprint()


def test_reading_does_not_change_the_future():
    brain = lively(stp=ShortTermPlasticity())
    brain.run(90, drive)
    twin = brain.copy()
    for _ in range(100):
        brain.summary()
        brain.stats()
        brain.fingerprint()
        for p in brain.projections:
            for name in "pre post weight delay eligibility resource facilitation age nt".split():
                getattr(p, name)
        for r in brain.regions.values():
            r.theta.sum() + r.activity.sum() + r.mean_activity
        brain.step()
        twin.step()
    assert brain.fingerprint() == twin.fingerprint()


MECHANISMS = {
    ("stdp", "A_plus"): 0.3,
    ("reward_stdp", "tau_eligibility"): 33.0,
    ("reward_stdp", "dopamine_decay"): 33.0,
    ("reward_stdp", "baseline_dopamine"): 3.0,
    ("homeostasis", "target_rate"): 50.0,
    ("homeostasis", "scaling_rate"): 0.5,
    ("homeostasis", "check_interval"): 10.0,
    ("homeostasis", "theta_plus"): 2.0,
    ("homeostasis", "theta_leak"): 0.1,
    ("metaplasticity", "enabled"): False,
    ("metaplasticity", "target_rate"): 0.5,
    ("growth", "growth_interval"): 7.0,
    ("growth", "neurogenesis_rate"): 1e6,
    ("growth", "births_per_cycle"): 0,
    ("growth", "synapses_per_cycle"): 0,
    ("growth", "pruning_age"): 1e6,
    ("growth", "pruned_per_cycle"): 0,
    ("growth", "apoptosis_age"): 1.0,
    ("memory", "trace_threshold"): 0.0,
    ("memory", "consolidation_interval"): 7.0,
    ("memory", "trace_capacity"): 0,
    ("encoder", "max_current"): 3.0,
    ("encoder", "noise_level"): 0.5,
}


def what_happened(brain):
    """Weights, thresholds and structure as bytes, without the parameters."""
    traces = [(t.region, t.neurons.tolist(), t.strength) for t in brain.memory.traces]
    counts = [r.total_spikes.tolist() for r in brain.regions.values()]
    return weights(brain), structure(brain), thresholds(brain), gains(brain), traces, counts


@pytest.fixture(scope="module")
def warm():
    brain = lively()
    # So that synapses are made in so short a time.
    brain.growth.max_rate = 1000.0
    brain.run(110, drive)
    reference = brain.copy()
    reference.run(120, drive)
    return brain, what_happened(reference)


@pytest.mark.parametrize(("mechanism", "parameter"), MECHANISMS)
def test_setting_a_parameter_takes_effect_at_once(warm, mechanism, parameter):
    brain, unchanged = warm
    brain = brain.copy()
    setattr(getattr(brain, mechanism), parameter, MECHANISMS[mechanism, parameter])
    assert getattr(getattr(brain, mechanism), parameter) == MECHANISMS[mechanism, parameter]
    brain.run(120, drive)
    assert what_happened(brain) != unchanged


@pytest.mark.parametrize(
    ("mechanism", "parameter", "value", "error"),
    [
        ("homeostasis", "target_rate", "fast", TypeError),
        ("homeostasis", "target_rate", True, TypeError),
        ("homeostasis", "target_rate", 0.0, ValueError),
        ("homeostasis", "target_rate", float("nan"), ValueError),
        ("homeostasis", "scaling_rate", 1.5, ValueError),
        ("homeostasis", "targt_rate", 5.0, KeyError),
        ("homeostasis", "check_interval", float("inf"), ValueError),
        ("stdp", "A_plus", -1.0, ValueError),
        ("stdp", "bounds", "soft", ValueError),
        ("stdp", "tau_plus", 10**400, ValueError),
        ("reward_stdp", "tau_eligibility", 0.0, ValueError),
        ("growth", "births_per_cycle", 1.5, TypeError),
        ("growth", "births_per_cycle", -1, ValueError),
        ("growth", "synapses_per_cyle", 1, KeyError),
        ("metaplasticity", "enabled", 1, TypeError),
        ("memory", "trace_capacity", None, TypeError),
        ("memory", "replay_strength", [1.0], TypeError),
        ("encoder", "max_current", -1.0, ValueError),
        ("encoder", "strategy", "rate", TypeError),
        ("encoder", "max_curent", 1.0, KeyError),
    ],
)
def test_bad_parameters_are_refused_at_the_assignment(mechanism, parameter, value, error):
    brain, _ = two_regions()
    before = brain.fingerprint()
    with pytest.raises(EngramError, match=parameter) as info:
        setattr(getattr(brain, mechanism), parameter, value)
    assert isinstance(info.value, error)
    assert brain.fingerprint() == before


def test_rules_inherit_from_the_brain_until_set():
    brain, p = two_regions()
    brain.reward_stdp.A_plus = 0.4
    assert p.A_plus == 0.4
    p.A_plus = 0.2
    brain.reward_stdp.A_plus = 0.6
    assert p.A_plus == 0.2
    assert brain.get_projection("a", "a").A_plus == 0.6


def test_run_calls_the_function_and_the_progress():
    brain, _ = two_regions()
    seen, reports = [], []
    brain.run(
        5,
        lambda b, i: seen.append((b is brain, i, b.step_count)),
        progress=lambda *a: reports.append(a),
    )
    assert seen == [(True, i, i) for i in range(5)]
    assert reports[-1] == (5, 5)
    brain.run(0)
    assert (brain.step_count, brain.time) == (5, 5.0)


def test_run_steps_and_chunks_are_the_same():
    brain = lively()
    brain.freeze_structural_plasticity()
    twin, third = brain.copy(), brain.copy()
    brain.run(300)
    for _ in range(300):
        twin.step()
    for n in (1, 99, 200):
        third.run(n)
    assert brain.fingerprint() == twin.fingerprint() == third.fingerprint()


def test_step_returns_who_fired():
    brain, _ = two_regions()
    total = {"a": np.zeros(20, int), "b": np.zeros(30, int)}
    for _ in range(100):
        brain.stimulate("a", [1.0])
        fired = brain.step()
        assert list(fired) == ["a", "b"]
        for name, neurons in fired.items():
            region = brain.regions[name]
            assert np.flatnonzero(region.fired).tolist() == neurons.tolist()
            assert (region.last_spike_time[neurons] == brain.time - brain.dt).all()
            total[name][neurons] += 1
    for name, region in brain.regions.items():
        assert (region.total_spikes == total[name]).all()
        assert total[name].sum() > 0


def test_stimulate_returns_the_number_of_living_neurons_driven():
    brain, _ = two_regions()
    assert brain.stimulate("a", [1.0]) == 20
    assert brain.stimulate("a", [0.0, 1.0]) == 10
    brain.regions["a"].kill_neurons([19, 18, 0])
    assert brain.stimulate("a", [0.0, 1.0]) == 8


def test_inputs_add_up_and_last_one_step():
    brain = Brain(seed=1)
    region = brain.add_region("r", RegionType.SENSORY, 4, 0.0, model=LIF)
    brain.inject_current("r", [0, 0, 1], [1.0, 2.0, 3.0])
    brain.inject_current("r", 1, 1.0)
    brain.inject_current("r", np.array([True, False, False, True]), 5.0)
    before = region.v.copy()
    brain.run(1)
    kept = 1 - np.exp(-1 / 20.0)
    np.testing.assert_allclose(region.v - before, np.array([8, 4, 0, 5]) * kept, rtol=1e-3)
    once = region.v.copy()
    brain.run(1)
    assert (region.v <= once).all()


def test_summary_and_stats_add_up():
    brain = lively()
    brain.run(1500, drive)
    stats = brain.stats()
    assert isinstance(stats, BrainStats)
    assert stats.n_neurons == sum(r.n_alive_neurons for r in brain.regions.values())
    assert stats.n_synapses == sum(p.n_synapses for p in brain.projections)
    # Who died takes his spikes along, but not out of the total.
    assert stats.spikes >= sum(r.total_spikes.sum() for r in brain.regions.values()) > 0
    assert stats.neurons_born == sum(c.neurons_born for c in brain.growth.history) > 0
    assert len(brain.stats_history) == 1
    assert brain.stats_history[0].time == 1000.0
    text = brain.summary()
    for word in ("a", "b", "SENSORY", str(stats.n_neurons), str(stats.spikes), "a -> b"):
        assert word in text


def usage(reward, punish, path=None):
    """The usage example of the documentation, as it stands."""
    brain = Brain(dt=1.0, seed=42)
    brain.add_region("input", RegionType.SENSORY, n_neurons=50)
    brain.add_region("cortex", RegionType.ASSOCIATION, n_neurons=200)
    brain.add_region("output", RegionType.MOTOR, n_neurons=10)
    brain.connect_regions("input", "cortex", density=0.1)
    brain.connect_regions("cortex", "output", density=0.1)
    brain.regions["cortex"].enable_morphology()

    def spikes():
        return {name: r.total_spikes.sum() for name, r in brain.regions.items()}

    for step in range(10000):
        brain.stimulate("input", [0.8, 0.3, 0.5])
        if step == 5000 and reward:
            brain.reward(2.0, target="proj:input->cortex")
        if step == 7000 and punish:
            brain.punish(1.0, target="proj:cortex->output")
        if step == 9000:
            before = spikes()
        brain.step()
    after = spikes()
    rates = {n: (after[n] - before[n]) / r.n_alive_neurons for n, r in brain.regions.items()}
    if path is None:
        return brain, rates
    text = brain.summary()
    save_brain(brain, path)
    loaded = load_brain(path)
    assert loaded.fingerprint() == brain.fingerprint()
    assert loaded.summary() == text
    for _ in range(5000):
        loaded.stimulate("input", [0.2, 0.9, 0.4])
        loaded.step()
    return brain, rates


def by_pair(projection):
    pairs = zip(projection.pre, projection.post, projection.delay, strict=True)
    return dict(zip(pairs, projection.weight.tolist(), strict=True))


def changed(one, other):
    both = one.keys() & other.keys()
    assert len(both) > 0.5 * len(one)
    return sum(one[k] != other[k] for k in both)


def test_the_usage_example(tmp_path):
    brain, rates = usage(True, True, tmp_path / "my_brain")
    for name, rate in rates.items():
        assert 0.5 < rate < 100.0, name
    stats = brain.stats()
    assert stats.neurons_born + stats.synapses_born > 0
    assert stats.synapses_pruned > 0
    unrewarded, _ = usage(False, True)
    unpunished, _ = usage(True, False)
    for other, pathway in ((unrewarded, ("input", "cortex")), (unpunished, ("cortex", "output"))):
        mine, theirs = (by_pair(b.get_projection(*pathway)) for b in (brain, other))
        assert changed(mine, theirs) > 0


def test_assigning_a_mechanism_takes_over_its_parameters():
    brain = Brain(seed=1)
    brain.add_region("r", RegionType.ASSOCIATION, 5, rule="stdp")
    mechanism, rule = brain.stdp, brain.get_projection("r", "r").rule
    brain.stdp.tau_minus = 30.0
    brain.stdp = STDP(A_plus=0.5)
    assert brain.stdp is mechanism
    assert (brain.stdp.A_plus, brain.stdp.tau_minus) == (0.5, 20.0)
    assert rule.A_plus == 0.5
    with pytest.raises(InvalidTypeError, match=r"Brain\.stdp must be a STDP"):
        brain.stdp = RewardSTDP()


def test_importing_leaves_the_compiler_alone():
    code = (
        "import sys, engram; print([m for m in ('numba', 'scipy', 'pandas') if m in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
