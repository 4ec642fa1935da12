"""Faults found from outside, one test each."""

from __future__ import annotations

import copy
import pickle
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from engram import (
    LIF,
    AdEx,
    Brain,
    CapacityError,
    EngramError,
    InvalidValueError,
    LogNormal,
    NeuronModel,
    Neurotransmitter,
    Normal,
    Parameter,
    PoissonSource,
    RegionType,
    SerotoninRelease,
    ShortTermPlasticity,
    Uniform,
    load_brain,
    save_brain,
)

S, A = RegionType.SENSORY, RegionType.ASSOCIATION


def test_a_neuron_of_a_replay_under_way_dies(tmp_path: Path) -> None:
    brain = Brain(seed=1)
    brain.add_region("a", A, 30)
    brain.memory.imprint("a", [range(8)], duration=50.0)
    brain.memory.capture("a")
    brain.memory.replay(brain.memory.traces[0])
    brain.regions["a"].kill_neurons(brain.memory.traces[0].neurons[:2])
    twin = load_brain(save_brain(brain, tmp_path / "b"))
    brain.run(60)
    twin.run(60)
    assert brain.fingerprint() == twin.fingerprint()


def test_all_neurons_of_a_replay_die() -> None:
    brain = Brain(seed=1)
    brain.add_region("a", A, 30)
    brain.memory.imprint("a", [range(8)], duration=50.0)
    brain.memory.capture("a")
    brain.memory.replay(brain.memory.traces[0])
    brain.regions["a"].kill_neurons(range(30))
    brain.run(60)
    assert not brain.memory.busy


def test_capture_right_after_a_region_was_added() -> None:
    def trace(more: bool) -> list[int]:
        brain = Brain(seed=2)
        brain.add_region("a", A, 40)
        brain.present("a", [0.0, 0.0, 0.0, 1.0], 200)
        if more:
            brain.add_region("b", A, 10)
        return next(t.neurons.tolist() for t in brain.memory.capture("a"))

    assert trace(False) == trace(True)


def test_a_recorder_does_not_change_a_sleeping_brain_in_which_neurons_are_born() -> None:
    def slept(record: bool) -> str:
        brain = Brain(seed=4)
        brain.add_region("a", S, 20, max_neurons=40, background=12.0)
        brain.growth.growth_interval = 50.0
        brain.growth.neurogenesis_rate = 1.0
        if record:
            brain.record("rates", every=3.0)
        brain.run(200)
        brain.sleep(700.0)
        assert brain.growth.totals["neurons_born"] > 0
        return brain.fingerprint()

    assert slept(False) == slept(True)


def test_present_many_goes_on_when_a_neuron_is_born() -> None:
    brain = Brain(seed=4)
    brain.add_region("a", S, 20, max_neurons=40, background=12.0)
    brain.growth.growth_interval = 40.0
    brain.growth.neurogenesis_rate = 1.0
    counts = brain.present_many("a", np.full((6, 20), 10.0), 100, read="a")
    assert counts.shape == (6, 20)
    assert counts.min() >= 0
    assert brain.regions["a"].n_neurons > 20


def test_thresholds_set_and_set_back() -> None:
    brain = Brain(seed=1)
    brain.add_region("a", A, 5)
    brain.regions["a"].theta[:] = 3.0
    brain.run(10)
    brain.regions["a"].theta[:] = 0.0
    twin = brain.copy()
    for one in (brain, twin):
        one.run(10)
    assert brain.fingerprint() == twin.fingerprint()


def test_recording_thresholds_changes_nothing() -> None:
    def lived(record: bool) -> str:
        brain = Brain(seed=1)
        brain.add_region("a", A, 20, background=10.0)
        brain.homeostasis.theta_plus = 0.1
        if record:
            brain.record("theta", "a", every=1.0)
        brain.run(300)
        return brain.fingerprint()

    assert lived(True) == lived(False)


def test_a_region_with_more_room_than_memory_is_refused() -> None:
    brain = Brain(seed=1)
    brain.add_region("a", A, 50, background=10.0)
    brain.run(10)
    before = brain.fingerprint()
    with pytest.raises(CapacityError, match="GiB"):
        brain.add_region("big", A, 10, max_neurons=10**12)
    assert brain.fingerprint() == before
    brain.add_region("small", A, 10)
    brain.run(10)


def test_a_memory_error_while_a_region_is_added(monkeypatch: pytest.MonkeyPatch) -> None:
    """Wherever it comes, the brain is as before, and a region can be added afterwards."""
    from engram.network import pathways

    brain = Brain(seed=1)
    brain.add_region("a", A, 20, background=10.0)
    brain.run(10)
    before = brain.fingerprint()

    def fail(*_: Any, **__: Any) -> None:
        raise MemoryError

    with monkeypatch.context() as patch:
        patch.setattr(pathways.layout, "lay_out", fail)
        with pytest.raises(MemoryError):
            brain.add_region("b", A, 10)
        with pytest.raises(MemoryError):
            brain.add_region("c", A)
    assert brain.fingerprint() == before
    assert list(brain.regions) == ["a"]
    brain.add_region("b", A, 10)
    brain.connect_regions("a", "b", 0.3)
    brain.run(10)


def integrators(threshold: float) -> type[NeuronModel]:
    class Integrator(NeuronModel):
        states = {"v": 0.0}
        current_unit = 0.25
        # A default of its own: the path does not tell it.
        limit = Parameter(threshold)

        @staticmethod
        def update(v: Any, I: Any, limit: Any, dt: Any) -> Any:  # noqa: E741
            v = v + dt / 10.0 * (I - v)
            return v, v >= limit

        @staticmethod
        def reset() -> Any:
            return 0.0

    return Integrator


def test_two_models_of_one_name_are_copied_and_deep_copied_each_as_it_is() -> None:
    brain = Brain(seed=1)
    for name, limit in (("low", 0.5), ("high", 1.5)):
        brain.add_region(name, S, 5, model=integrators(limit), background=2.0)
    brain.run(20)
    for twin in (brain.copy(), copy.deepcopy(brain)):
        kinds = [type(r.model) for r in brain.regions.values()]
        assert [type(r.model) for r in twin.regions.values()] == kinds
        limits = [r.model.values()["limit"] for r in twin.regions.values()]
        assert limits == [0.5, 1.5]
        assert twin.fingerprint() == brain.fingerprint()
        twin.run(50)
        assert twin.step_count == 70


def test_a_pickle_that_lacks_something_is_refused_clearly() -> None:
    from engram import CheckpointError

    brain = Brain(seed=1)
    brain.add_region("a", S, 5, model=PoissonSource, background=20.0)
    brain.run(20)
    build, ((described, arrays), classes) = brain.__reduce__()
    twin = pickle.loads(pickle.dumps(brain))
    assert twin.fingerprint() == brain.fingerprint()
    less = {k: v for k, v in described.items() if k != "tag"}
    with pytest.raises(CheckpointError, match="a pickled brain"):
        build((less, arrays), classes)
    fewer = {k: v for k, v in arrays.items() if k != "v"}
    with pytest.raises(CheckpointError, match="'v' is missing"):
        build((described, fewer), classes)


@pytest.mark.parametrize(
    ("thing", "name", "meant"),
    [
        ("brain", "encodr", "encoder"),
        ("brain", "sed", "seed"),
        ("region", "backgroud", "background"),
        ("region", "nois", "noise"),
        ("projection", "wmax", "w_max"),
        ("projection", "weights", "weight"),
        ("projection", "frozn", "frozen"),
    ],
)
def test_misspelled_attributes_are_refused(thing: str, name: str, meant: str) -> None:
    brain = Brain(seed=1)
    brain.add_region("a", S, 5)
    things = {"brain": brain, "region": brain.regions["a"], "projection": brain.projections[0]}
    with pytest.raises(EngramError, match=f"did you mean.*{meant}"):
        setattr(things[thing], name, 1.0)


def _signed(nt: Neurotransmitter, weights: Any) -> Any:
    brain = Brain(seed=1)
    for name in ("a", "b"):
        brain.add_region(name, S, 4, connectivity=0.0, excitatory=1.0)
    return brain.connect_regions("a", "b", wiring="all_to_all", weights=weights, nt=nt)


def test_inhibitory_weights_in_either_sign_convention() -> None:
    gaba = Neurotransmitter.GABA
    for weights in (2.0, -2.0, Uniform(1.0, 3.0), Uniform(-3.0, -1.0), Normal(-2.0, 0.1)):
        assert (_signed(gaba, weights).weight < 0).all()
    pathway = _signed(gaba, 2.0)
    for assigned in (3.0, -3.0, np.full(16, 3.0), np.full(16, -3.0)):
        pathway.weight = assigned
        assert (pathway.weight == -3.0).all()


def test_excitatory_weights_of_the_wrong_sign_are_refused() -> None:
    glutamate = Neurotransmitter.GLUTAMATE
    for weights in (-2.0, Uniform(-3.0, -1.0), Normal(-2.0, 0.1)):
        with pytest.raises(InvalidValueError, match="negative"):
            _signed(glutamate, weights)
    pathway = _signed(glutamate, 2.0)
    for assigned in (-3.0, np.full(16, -3.0), np.linspace(-1.0, 1.0, 16)):
        with pytest.raises(InvalidValueError, match="wrong sign"):
            pathway.weight = assigned
    assert (pathway.weight == 2.0).all()
    # A tail below 0 is cut off.
    assert (_signed(glutamate, Normal(0.5, 0.5)).weight >= 0).all()


PROJECTION = (
    "weight",
    "delay",
    "eligibility",
    "pre",
    "post",
    "nt",
    "age",
    "resource",
    "facilitation",
    "compartment",
)
REGION = ("activity", "last_spike_time", "neuron_age", "fired", "total_spikes", "neuron_alive")


@pytest.mark.parametrize("name", [*PROJECTION, *REGION])
def test_what_is_written_into_a_copy_is_refused(name: str) -> None:
    brain = Brain(seed=1)
    brain.add_region("a", S, 6, connectivity=0.9)
    brain.projections[0].stp = ShortTermPlasticity()
    brain.run(5)
    array = getattr(brain.projections[0] if name in PROJECTION else brain.regions["a"], name)
    with pytest.raises(ValueError, match="read-only"):
        array[0] = 1


@pytest.mark.parametrize(
    "given",
    [
        {"n_neurons": 2**63},
        {"n_neurons": 2**70},
        {"max_neurons": 2**63},
        {"n_neurons": 2**31 - 1, "background": Uniform(0.0, 1.0)},
        {"background": 1e20},
        {"background": -1e20},
        {"background": Normal(0.0, 1e30)},
        {"noise": 2.0**63},
        {"rule": np.zeros((2, 2))},
    ],
    ids=repr,
)
def test_a_region_that_could_not_work_is_refused_before_anything_has_changed(given) -> None:
    brain = Brain(seed=1)
    brain.add_region("a", S, 6)
    before = brain.fingerprint()
    with pytest.raises(EngramError):
        brain.add_region("b", **given)
    assert brain.fingerprint() == before
    assert list(brain.regions) == ["a"]
    brain.run(2)
    brain.check()


@pytest.mark.parametrize("mechanism", ["homeostasis", "metaplasticity"])
def test_a_target_rate_that_nothing_can_be_relative_to_is_refused(mechanism: str) -> None:
    brain = Brain(seed=1)
    with pytest.raises(InvalidValueError, match=r"at least|\[0.001"):
        getattr(brain, mechanism).target_rate = 1e-300


def test_a_sleep_that_is_refused_leaves_the_brain_awake() -> None:
    brain = Brain(seed=1)
    brain.add_region("a", S, 6)
    before = brain.fingerprint()
    with pytest.raises(EngramError, match=r"Brain.sleep: progress"):
        brain.sleep(100.0, progress=1)  # type: ignore[arg-type]
    assert brain.fingerprint() == before
    assert not brain.asleep


@pytest.mark.parametrize("at", [0, 3])
def test_all_that_a_failed_stimulus_function_gave_to_its_step_is_dropped(at: int) -> None:
    brain = Brain(seed=1)
    for name in ("a", "other"):
        brain.add_region(name, S, 6)
    brain.stimulate("a", [0.2])
    brain.run(2)
    brain.inject_current("a", [1], 3.0)
    twin = brain.copy()

    def stimulus(b: Brain, i: int) -> None:
        if i == at:
            b.stimulate("a", [0.5])
            b.stimulate("other", [0.5])
            raise ValueError("mine")

    with pytest.raises(ValueError, match="mine"):
        brain.run(9, stimulus)
    twin.run(at)
    assert brain.fingerprint() == twin.fingerprint()
    for one in (brain, twin):
        one.run(200)
    assert brain.fingerprint() == twin.fingerprint()


@pytest.mark.filterwarnings("ignore:.*as in a seizure")
def test_values_that_could_only_end_in_nan_are_refused_or_act_at_once() -> None:
    with pytest.raises(InvalidValueError):
        LogNormal(1e-320, 1.0)
    with pytest.raises(InvalidValueError):
        AdEx(C=1e-3)
    with pytest.raises(InvalidValueError):
        AdEx(tau_w=1e-40)
    for model in (LIF(tau_m=1e-30), AdEx(C=0.1), AdEx(tau_w=1e-9)):
        brain = Brain(seed=1)
        brain.add_region("a", n_neurons=5, model=model)
        brain.run(1000)
        brain.check()


@pytest.mark.parametrize("name", ["tau_rate", "tau_threshold"])
def test_windows_of_metaplasticity_are_long_enough_for_one_spike(name: str) -> None:
    brain = Brain(seed=1)
    brain.add_region("a", S, 6, background=20.0)
    with pytest.raises(InvalidValueError, match=name):
        setattr(brain.metaplasticity, name, 1e-300)
    setattr(brain.metaplasticity, name, 1e-3)
    brain.run(500)
    brain.check()


@pytest.mark.parametrize(
    "put",
    [
        lambda b: setattr(b.encoder, "max_current", 1e30),
        lambda b: setattr(b.growth, "young_current", 1e30),
        lambda b: setattr(b.homeostasis, "theta_plus", 1e30),
        lambda b: setattr(b.memory, "replay_strength", 1e30),
        lambda b: setattr(b.memory, "slow_amplitude", 1e30),
        lambda b: setattr(b.regions["a"], "theta_plus", 1e30),
        lambda b: b.oscillators.set("a", "theta", amplitude=1e30),
        lambda _: SerotoninRelease(current=-1e30),
    ],
)
def test_currents_that_no_neuron_survives_are_refused(put: Callable[[Brain], object]) -> None:
    brain = Brain(seed=1)
    brain.add_region("a", RegionType.SENSORY, 4)
    with pytest.raises(InvalidValueError, match=r"1e\+10|1e10|10000000000"):
        put(brain)


def test_growth_sees_the_spikes_from_when_a_projection_learns_again() -> None:
    """They were kept from the next change of anything else on; a copy kept them at once."""
    brain = Brain(seed=1)
    brain.add_region("a", S, 6, 0.5, background=15.0)
    own = brain.projections[0]
    own.frozen = True
    brain.run(20)
    own.frozen = False
    twin = brain.copy()
    for one in (brain, twin):
        one.run(100)
    assert brain.fingerprint() == twin.fingerprint()
