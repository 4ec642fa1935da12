# ruff: noqa: SIM905, ARG005
"""Saving and loading: to the last bit, and nothing but what was saved."""

from __future__ import annotations

import json
import shutil
import zipfile

import numpy as np
import pytest

import engram.persistence
from engram import (
    LIF,
    STDP,
    AdEx,
    Brain,
    CheckpointError,
    CurrentLIF,
    EncodingStrategy,
    Izhikevich,
    NeuronModel,
    NeuronType,
    Neurotransmitter,
    Parameter,
    PlasticityRule,
    PoissonSource,
    RegionType,
    RewardSTDP,
    ShortTermPlasticity,
    StimulusEncoder,
    Uniform,
    inspect_checkpoint,
    load_brain,
    save_brain,
)
from engram.state.invariants import check

S, A, M = RegionType.SENSORY, RegionType.ASSOCIATION, RegionType.MOTOR


class Integrator(NeuronModel):
    """A user's neuron."""

    states = {"v": 0.0}
    gain = Parameter(1.0)

    @staticmethod
    def update(v, I, gain):  # noqa: E741
        return v + gain * I, v > 5

    @staticmethod
    def reset():
        return 0.0


class Drift(PlasticityRule):
    """A user's rule."""

    step = Parameter(0.01)
    pre_traces = {}
    post_traces = {}

    @staticmethod
    def on_pre(w, step):
        return w + step

    @staticmethod
    def on_post(w):
        return w


def plain():
    brain = Brain(seed=1)
    brain.add_region("in", S, 30)
    brain.add_region("out", A, 30)
    brain.connect_regions("in", "out", 0.3)
    return brain


def models():
    brain = Brain(dt=0.5, seed=2**64 - 1)
    brain.add_region("in", S, 20, model=PoissonSource, background=40.0)
    for k, model in enumerate([Izhikevich(d=7.0), LIF(tau_m=15.0), CurrentLIF, AdEx(b=60.0)]):
        name = f"m{k}"
        region = brain.add_region(name, A, 15, 0.2, model=model, noise=1.0, variation=0.1)
        region.theta_plus, region.tau_theta = 0.1, 500.0 + k
        brain.connect_regions("in", name, 0.5, delays=Uniform(0.5, 30.0), bidirectional=k == 0)
    return brain


def rules():
    brain = Brain(seed=3)
    brain.add_region("in", S, 20, rule=STDP(pairing="nearest", bounds="multiplicative"))
    brain.add_region("out", M, 20, rule=RewardSTDP(tau_eligibility=77.0, baseline_dopamine=0.1))
    brain.connect_regions("in", "out", 0.5, rule=STDP(A_plus=0.05), w_min=0.1)
    brain.connect_regions("out", "in", 0.3, rule=None, nt=Neurotransmitter.SEROTONIN)
    brain.stdp.tau_plus = 13.0
    return brain


def transmission():
    brain = Brain(dt=0.25, seed=4)
    brain.add_region("in", S, 20, stp=ShortTermPlasticity(U=0.2, tau_facil=300.0))
    brain.add_region("out", A, 20)
    brain.connect_regions("in", "out", 0.4, stp=ShortTermPlasticity(), nt=Neurotransmitter.DOPAMINE)
    brain.regions["out"].enable_morphology()
    brain.regions["in"].enable_morphology("stellate")
    brain.get_projection("in", "out").add_synapses(
        [0, 1], [1, 2], 3.0, [9.0, 44.0], Neurotransmitter.GABA
    )
    return brain


def frozen():
    brain = plain()
    brain.freeze_plasticity()
    brain.freeze_homeostatic_scaling()
    brain.freeze_structural_plasticity()
    brain.freeze_adaptive_thresholds()
    brain.disable_memory()
    brain.disable_oscillations()
    brain.oscillators.set("out", "alpha", 4.0)
    brain.regions["in"].theta[:] = 1.5
    brain.get_projection("in", "in").frozen = True
    return brain


def growing():
    brain = Brain(seed=6)
    brain.add_region("in", S, 20, max_neurons=40)
    brain.add_region("out", A, 20, max_neurons=26)
    brain.connect_regions("in", "out", 0.4)
    brain.growth.growth_interval = 30.0
    brain.growth.neurogenesis_rate = 3.0
    brain.growth.pruning_age = 40.0
    brain.growth.apoptosis_age = 70.0
    brain.homeostasis.check_interval = 35.0
    brain.metaplasticity.enabled = True
    brain.metaplasticity.tau_threshold = 250.0
    brain.memory.consolidation_interval = 60.0
    brain.memory.replay_duration = 45.0
    brain.oscillators.set("out", "gamma", 3.0, frequency=33.0)
    brain.encoder = StimulusEncoder(EncodingStrategy.TEMPORAL, 30.0, 0.1, cycle=20.0)
    brain.regions["in"].kill_neurons([3])
    return brain


BUILDERS = [plain, models, rules, transmission, frozen, growing]


def live(brain, steps):
    """The spikes of a life with stimuli, rewards, quiet and replay."""
    spikes = []
    for _ in range(steps):
        k = brain.step_count
        if k % 400 < 170:
            brain.stimulate("in", [0.9, 0.4])
        if k % 90 == 50:
            rewarded = [p for p in brain.projections if p.rule is not None and p.rule.modulated]
            for p in rewarded:
                brain.reward(3.0, p.label)
        fired = brain.step()
        spikes.append({name: neurons.tolist() for name, neurons in fired.items()})
    return spikes


@pytest.mark.parametrize("first", [0, 1, 137, 260])
@pytest.mark.parametrize("build", BUILDERS)
def test_a_saved_brain_has_the_same_future(build, first, tmp_path):
    brain = build()
    live(brain, first)
    brain.stimulate("in", [0.7])  # input that waits for the next step is saved as well
    path = save_brain(brain, tmp_path / "brain")
    assert path == tmp_path / "brain.engram"
    loaded = load_brain(tmp_path / "brain")
    check(loaded.network.tables)
    assert loaded.fingerprint() == brain.fingerprint()
    assert loaded.summary() == brain.summary()
    assert loaded.growth.history == brain.growth.history
    expected = live(brain, 300)
    assert live(loaded, 300) == expected
    assert sum(len(s["in"]) for s in expected) > 20
    assert loaded.fingerprint() == brain.fingerprint()
    assert loaded.stats() == brain.stats()
    assert loaded.stats_history == brain.stats_history


def test_everything_a_user_can_see_comes_back(tmp_path):
    brain = growing()
    live(brain, 250)
    loaded = load_brain(save_brain(brain, tmp_path / "b"))
    assert (loaded.dt, loaded.seed, loaded.time) == (brain.dt, brain.seed, brain.time)
    for name in ("stdp", "reward_stdp", "homeostasis", "metaplasticity", "growth", "memory"):
        assert getattr(loaded, name).values() == getattr(brain, name).values()
    assert loaded.encoder.values() == brain.encoder.values()
    assert loaded.encoder.strategy is EncodingStrategy.TEMPORAL
    assert len(brain.memory.traces) > 0
    for mine, theirs in zip(brain.memory.traces, loaded.memory.traces, strict=True):
        assert (mine.region, mine.step, mine.strength) == (
            theirs.region,
            theirs.step,
            theirs.strength,
        )
        assert (mine.neurons == theirs.neurons).all()
    for mine, theirs in zip(brain.projections, loaded.projections, strict=True):
        for name in "pre post weight delay eligibility resource facilitation age nt".split():
            np.testing.assert_array_equal(getattr(mine, name), getattr(theirs, name), name)
        assert (mine.w_min, mine.w_max, mine.frozen) == (theirs.w_min, theirs.w_max, theirs.frozen)
        assert mine.rule.values() == theirs.rule.values()
    for name, mine in brain.regions.items():
        theirs = loaded.regions[name]
        assert mine.region_type is theirs.region_type
        for array in "v u a b c d theta activity fired total_spikes neuron_age pattern".split():
            np.testing.assert_array_equal(getattr(mine, array), getattr(theirs, array), array)
    assert loaded.oscillators.amplitude("out", "gamma") == 3.0


def test_a_frozen_brain_is_frozen_after_loading(tmp_path):
    brain = frozen()
    loaded = load_brain(save_brain(brain, tmp_path / "b"))
    before = [p.weight.tobytes() for p in loaded.projections]
    theta = loaded.regions["in"].theta.copy()
    live(loaded, 1500)
    assert [p.weight.tobytes() for p in loaded.projections] == before
    assert (loaded.regions["in"].theta == theta).all()
    assert not loaded.growth.history
    loaded.unfreeze_plasticity()
    assert loaded.get_projection("in", "in").frozen
    live(loaded, 200)
    assert loaded.projections[-1].weight.tobytes() != before[-1]


@pytest.mark.parametrize("compress", [True, False])
def test_inspecting_does_not_load(tmp_path, compress, monkeypatch):
    brain = models()
    brain.run(20)
    path = save_brain(brain, tmp_path / "b", compress=compress)
    monkeypatch.setattr(engram.persistence, "Brain", None)
    found = inspect_checkpoint(path)
    assert (found["step"], found["time"], found["dt"]) == (20, 10.0, 0.5)
    assert (found["seed"], found["engram"]) == (brain.seed, engram.__version__)
    assert [r["name"] for r in found["regions"]] == list(brain.regions)
    assert [(p["source"], p["target"]) for p in found["projections"]] == [
        (p.source, p.target) for p in brain.projections
    ]
    assert found["arrays"]["v"]["dtype"] == "<f4"
    assert json.dumps(found)


def test_paths(tmp_path):
    brain = plain()
    assert save_brain(brain, str(tmp_path / "a")).name == "a.engram"
    assert save_brain(brain, tmp_path / "b.zip").name == "b.zip"
    assert load_brain(tmp_path / "b.zip").fingerprint() == brain.fingerprint()
    with pytest.raises(CheckpointError, match=r"nothing\.engram: there is no such file"):
        load_brain(tmp_path / "nothing")
    with pytest.raises(CheckpointError, match="no such file"):
        inspect_checkpoint(tmp_path / "nothing")
    with pytest.raises(CheckpointError):
        load_brain(tmp_path)


@pytest.fixture(scope="module")
def saved(tmp_path_factory):
    brain = Brain(seed=1)
    brain.add_region("a", S, 5, 0.5, max_neurons=8)
    brain.run(30)
    path = save_brain(brain, tmp_path_factory.mktemp("saved") / "b", compress=True)
    return path.read_bytes(), brain.fingerprint()


def both_refuse_or_load(path, fingerprint):
    """True if the file was refused; if it was not, it has to be as it was saved."""
    try:
        loaded = load_brain(path)
    except CheckpointError as error:
        refused = str(error)
    else:
        assert loaded.fingerprint() == fingerprint
        return False
    assert str(path) in refused
    return True


@pytest.mark.parametrize("share", [0.0, 0.001, 0.3, 0.9, 0.999])
def test_truncated_files_are_refused(saved, tmp_path, share):
    data, fingerprint = saved
    path = tmp_path / "b.engram"
    path.write_bytes(data[: int(share * len(data))])
    assert both_refuse_or_load(path, fingerprint)
    with pytest.raises(CheckpointError):
        inspect_checkpoint(path)


def test_one_flipped_bit_never_loads_as_something_else(saved, tmp_path):
    data, fingerprint = saved
    rng = np.random.default_rng(0)
    path = tmp_path / "b.engram"
    refused, tries = 0, 900
    # Everywhere, and often in the table at the end that says what the file holds.
    places = [
        *rng.integers(0, len(data), tries // 2),
        *rng.integers(len(data) - 4000, len(data), tries // 2),
    ]
    for place in places:
        damaged = bytearray(data)
        damaged[place] ^= 1 << int(rng.integers(8))
        path.write_bytes(damaged)
        refused += both_refuse_or_load(path, fingerprint)
    # Times and attributes of the entries of a zip mean nothing.
    assert refused > 0.5 * tries


def rewrite(source, target, change):
    """Copy a checkpoint, with some of its entries replaced."""
    with zipfile.ZipFile(source) as old, zipfile.ZipFile(target, "w") as new:
        for name in old.namelist():
            data = change(name, old.read(name))
            if data is not None:
                new.writestr(name, data)


def manifest(**changes):
    def change(name, data):
        if name != "manifest.json":
            return data
        content = json.loads(data)
        for key, value in changes.items():
            where, last = content, key.split("__")
            for part in last[:-1]:
                where = where[int(part) if part.isdigit() else part]
            if value is None:
                del where[last[-1]]
            else:
                where[last[-1]] = value
        return json.dumps(content)

    return change


FOREIGN = {
    "no manifest": lambda n, d: None if n == "manifest.json" else d,
    "a list": lambda n, d: b"[]" if n == "manifest.json" else d,
    "no json": lambda n, d: b"{" if n == "manifest.json" else d,
    "a later format": manifest(format=99),
    "no format": manifest(format=None),
    "no brain": manifest(brain=None),
    "no arrays": manifest(arrays=None),
    "no regions": manifest(brain__regions=None),
    "a missing array": lambda n, d: None if n == "v.npy" else d,
    "another array": lambda n, d: d[:-1] + bytes([d[-1] ^ 1]) if n == "v.npy" else d,
    "a strange time step": manifest(brain__dt=-1.0),
    "an unknown parameter": manifest(brain__mechanisms__growth={"growht": 1}),
    "a strange class": manifest(brain__regions__0__model={"class": "os:system", "values": {}}),
    "a class that is none": manifest(
        brain__regions__0__model={"class": "engram.brain:Brain", "values": {}}
    ),
    "a class that is not there": manifest(
        brain__regions__0__model={"class": "engram.nothing:Nobody", "values": {}}
    ),
}


@pytest.mark.parametrize("what", FOREIGN)
def test_foreign_files_are_refused(saved, tmp_path, what):
    data, _ = saved
    good, bad = tmp_path / "good.engram", tmp_path / "bad.engram"
    good.write_bytes(data)
    rewrite(good, bad, FOREIGN[what])
    with pytest.raises(CheckpointError, match=r"bad\.engram|checkpoint"):
        load_brain(bad)
    rewrite(good, bad, lambda n, d: d)
    assert load_brain(bad).step_count == 30


@pytest.mark.parametrize("content", [b"", b"hello", b"PK\x03\x04", bytes(5000)])
def test_other_files_are_refused(tmp_path, content):
    path = tmp_path / "x.engram"
    path.write_bytes(content)
    for read in (load_brain, inspect_checkpoint):
        with pytest.raises(CheckpointError, match=r"x\.engram"):
            read(path)


def test_classes_outside_the_package_have_to_be_allowed(tmp_path):
    brain = Brain(seed=1)
    brain.add_region("in", S, 5, 0.5, model=Integrator(gain=2.0), rule=Drift(step=0.05))
    path = save_brain(brain, tmp_path / "b")
    here = Integrator.name().split(":")[0]
    both = [f"{here}:Integrator", f"{here}:Drift"]
    for allow, missing in ((), "Integrator"), (both[:1], "Drift"), (both[1:], "Integrator"):
        with pytest.raises(CheckpointError, match=f"{missing}.*allow="):
            load_brain(path, allow=allow)
    loaded = load_brain(path, allow=both)
    assert loaded.fingerprint() == brain.fingerprint()
    assert loaded.regions["in"].model.gain == 2.0
    assert loaded.projections[0].rule.step == 0.05
    assert live(loaded, 60) == live(brain, 60)
    assert loaded.fingerprint() == brain.fingerprint()
    assert brain.copy().fingerprint() == brain.fingerprint()


def test_saving_does_not_change_the_brain(tmp_path):
    brain, twin = growing(), growing()
    for _ in range(6):
        live(brain, 37)
        save_brain(brain, tmp_path / "b")
        shutil.copy(tmp_path / "b.engram", tmp_path / "c.engram")
        live(twin, 37)
    assert brain.fingerprint() == twin.fingerprint()


def test_the_fingerprint_sees_everything_that_matters():
    def variant(change):
        brain = plain()
        brain.run(5)
        change(brain)
        return brain.fingerprint()

    changes = {
        "nothing": lambda b: None,
        "v": lambda b: b.regions["in"].v.__setitem__(3, -60.0),
        "weight": lambda b: setattr(b.projections[0], "weight", 1.0),
        "input": lambda b: b.inject_current("in", [0], 1.0),
        "parameter": lambda b: setattr(b.homeostasis, "target_rate", 6.0),
        "rule": lambda b: setattr(b.projections[0], "A_plus", 0.2),
        "model": lambda b: setattr(b.regions["in"].model, "tau_exc", 6.0),
        "frozen": lambda b: b.freeze_plasticity(),
        "dopamine": lambda b: b.reward(1.0, "region:in"),
        "rhythm": lambda b: b.oscillators.set("in", "theta", 1.0),
        "encoder": lambda b: setattr(b.encoder, "strategy", EncodingStrategy.TEMPORAL),
        "noise": lambda b: setattr(b.regions["in"], "noise", 1.0),
        "neuron": lambda b: b.regions["in"].add_neuron(NeuronType.INHIBITORY),
        "synapse": lambda b: b.regions["in"].add_one_synapse(0, 1),
        "time": lambda b: b.run(1),
        "morphology": lambda b: b.regions["in"].enable_morphology("stellate"),
        "capacity": lambda b: b.add_region("x", S, 1),
    }
    prints = {name: variant(change) for name, change in changes.items()}
    assert len(set(prints.values())) == len(prints)
    assert prints["nothing"] == variant(changes["nothing"])
