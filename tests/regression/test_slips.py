"""Slips of users' hands: what is assigned to the wrong name, nonsense that nothing looked at."""

from __future__ import annotations

import importlib
import os
import pkgutil
from typing import Any

import numpy as np
import pytest

import engram
from engram import (
    LIF,
    Brain,
    DopamineRelease,
    NeuronModel,
    Parameter,
    PlasticityRule,
    Process,
    TimedArray,
    inspect_checkpoint,
    load_brain,
    resume_brain,
    save_brain,
)
from engram.errors import (
    BusyError,
    CapacityError,
    CheckpointError,
    EngramError,
    InvalidTypeError,
    InvalidValueError,
    UnknownNameError,
)
from engram.morphology import Morphology
from engram.parameters import Guarded, Parameterized
from engram.parameters.guard import check_assigned
from engram.stimulus import encode_number, encode_text


def two_regions() -> Brain:
    brain = Brain(seed=1)
    brain.add_region("a", n_neurons=20)
    brain.add_region("b", n_neurons=20)
    brain.connect_regions("a", "b")
    return brain


# -- methods and constants are not assigned over


@pytest.mark.parametrize(
    ("path", "value"),
    [
        ("run", 3),
        ("network", None),
        ("oscillators", 3),
        ("memory.replay", False),
        ("memory.kept", False),
        ("memory.name", "x"),
        ("growth.grow", 1),
        ("growth.order", 1),
        ("homeostasis.scale", 0.5),
        ("encoder.encode", 1),
        ("stdp.on_pre", None),
        ("stdp.modulated", True),
        ("oscillators.set", None),
        ("regions.a.kill_neurons", None),
        ("regions.a.name", "c"),
        ("regions.a.model.states", {}),
        ("regions.a.model.is_source", True),
        ("regions.a.model.has_given_spikes", True),
        ("regions.a.model.update", None),
        ("regions.a.wiring.set", None),
        ("regions.a.wiring.rule.on_pre", None),
    ],
)
def test_a_method_or_constant_can_not_be_assigned(path: str, value: object, tmp_path: Any) -> None:
    brain = two_regions()
    before, thing = brain.fingerprint(), brain
    *places, name = path.split(".")
    for place in places:
        thing = thing[place] if isinstance(thing, dict) or place == "a" else getattr(thing, place)  # type: ignore[index]
    with pytest.raises(InvalidTypeError, match=name):
        setattr(thing, name, value)
    assert brain.fingerprint() == before
    save_brain(brain, tmp_path / "x")


def guarded_classes() -> list[type]:
    for module in pkgutil.walk_packages(engram.__path__, "engram."):
        if "__main__" not in module.name:
            importlib.import_module(module.name)
    found: list[type] = [Parameterized, Guarded]
    for kind in found:
        found += [k for k in kind.__subclasses__() if k.__module__.startswith("engram.")]
    return found


def test_of_no_class_of_engram_a_method_or_constant_can_be_assigned() -> None:
    for kind in guarded_classes():
        for name in dir(kind):
            held = getattr(kind, name)
            settable = held.fset is not None if isinstance(held, property) else False
            other = hasattr(type(held), "__set__") and not isinstance(held, property)
            if name.startswith("_") or settable or other:
                continue
            with pytest.raises(InvalidTypeError, match=name):
                check_assigned(kind, name, 3)


def test_what_users_declare_themselves_can_be_assigned() -> None:
    class Counter(Process):
        name = "counter"
        period = Parameter(10.0, low=1.0)
        count = 0
        callback = print

        def next_act(self, step: int) -> int:
            return step + self.network.steps(self.period)

        def act(self, step: int) -> None:  # noqa: ARG002
            self.count += 1
            self.callback = repr  # type: ignore[assignment]

    class Mine(Brain):
        goal: float = 0.0
        hope: float

    class Own(LIF):
        gain = 1.0

    brain = Mine(seed=1)
    brain.goal = brain.hope = 3.0
    brain.add_region("a", n_neurons=5, model=Own)
    brain.regions["a"].model.gain = 2.0  # type: ignore[attr-defined]
    counter = Counter()
    counter.name, counter.order = "other", 70
    brain.add_process(counter)
    counter.period = 5.0
    brain.run(20)
    assert counter.count > 1
    with pytest.raises(InvalidTypeError, match=r"Counter\.order"):
        counter.order = 3
    with pytest.raises(InvalidTypeError, match=r"Counter\.name"):
        counter.name = "x"
    with pytest.raises(UnknownNameError):
        counter.perriod = 3.0  # type: ignore[attr-defined]


def test_a_timed_input_refuses_what_it_does_not_have() -> None:
    brain = two_regions()
    given = brain.drive("a", TimedArray(np.ones(5), dt=1.0))
    for name in ("value", "values", "remove", "region", "every"):
        with pytest.raises(EngramError, match=name):
            setattr(given, name, 3)
    given.remove()
    assert not brain.inputs


def test_recorders_and_checkpointers_refuse_what_they_do_not_have(tmp_path: Any) -> None:
    brain = two_regions()
    wiring = brain.regions["a"].wiring
    things: list[tuple[Any, tuple[str, ...]]] = [
        (brain.record("spikes"), ("detach", "interval", "regions", "capcity")),
        (brain.record("v", "a", every=2.0), ("variable", "neurons", "from_step", "data")),
        (brain.record("weights", wiring), ("pre", "post", "interval", "every")),
        (brain.checkpoint_every(tmp_path, steps=10), ("folder", "interval", "keep", "detach")),
        (TimedArray([1.0], dt=1.0), ("values", "dt", "value")),
    ]
    for thing, names in things:
        for name in names:
            with pytest.raises((InvalidTypeError, UnknownNameError), match=name):
                setattr(thing, name, 3)
    brain.run(20)
    for thing, _ in things[:4]:
        thing.detach()
    assert resume_brain(tmp_path).step_count == 20


# -- weights and delays are looked at where no synapse is drawn


NONSENSE: list[dict[str, Any]] = [
    {"weights": float("nan")},
    {"weights": "nonsense"},
    {"weights": -1.0},
    {"weights": 1e20},
    {"weights": [1.0, float("inf")]},
    {"weights": [None]},
    {"weights": [1.0, 2.0]},
    {"weights": print},
    {"delays": "nonsense"},
    {"delays": float("nan")},
    {"delays": -1.0},
    {"delays": 1e9},
    {"delays": [1.0, -2.0]},
    {"delays": np.array(["x"])},
]


@pytest.mark.parametrize("wrong", NONSENSE)
def test_weights_and_delays_are_checked_without_synapses(wrong: dict[str, Any]) -> None:
    brain = two_regions()
    before = brain.fingerprint()
    with pytest.raises(EngramError, match=next(iter(wrong))):
        brain.connect_regions("b", "a", density=0.0, **wrong)
    with pytest.raises(EngramError, match=next(iter(wrong))):
        brain.add_region("x", n_neurons=5, connectivity=0.0, **wrong)
    if "weights" in wrong and wrong["weights"] != -1.0:
        values = wrong["weights"]
        with pytest.raises(EngramError, match="weights"):
            brain.add_region("x", n_neurons=5, connectivity=0.0, inhibitory_weights=values)
    assert brain.fingerprint() == before
    assert list(brain.regions) == ["a", "b"]


def test_what_is_right_is_taken_without_synapses() -> None:
    brain = two_regions()
    brain.connect_regions("b", "a", density=0.0, weights=1.0, delays=engram.Normal(0.5, 2.0))
    brain.connect_regions("b", "a", weights=np.zeros((20, 20)), name="m")
    region = brain.add_region("x", n_neurons=5, connectivity=0.0, weights=[], delays=3.0)
    assert region.wiring.add_synapses([], [], [], 2.0) == 0
    with pytest.raises(EngramError, match="weights"):
        region.wiring.add_synapses([], [], float("nan"))


# -- errors of Engram's own


def test_saving_and_encoding_refuse_what_is_something_else(tmp_path: Any) -> None:
    brain = two_regions()
    region, encoder = brain.regions["a"], brain.encoder
    for refused, name in (
        (lambda: save_brain("x", "y"), "brain"),  # type: ignore[arg-type]
        (lambda: save_brain(brain, tmp_path / "x", compress=np.ones(3)), "compress"),  # type: ignore[arg-type]
        (lambda: encode_number(0.5, "a", encoder), "region"),  # type: ignore[arg-type]
        (lambda: encode_number(0.5, brain, encoder), "region"),  # type: ignore[arg-type]
        (lambda: encode_number(0.5, region, "rate"), "encoder"),  # type: ignore[arg-type]
        (lambda: encode_text("x", None, encoder), "region"),  # type: ignore[arg-type]
        (lambda: encode_text("x", region, None), "encoder"),  # type: ignore[arg-type]
        (lambda: encode_text("a\ud800b", region, encoder), "text"),
        (lambda: Morphology(branches=3), "branches"),  # type: ignore[arg-type]
        (lambda: load_brain(tmp_path / "x", allow=np.array(1)), "allow"),  # type: ignore[arg-type]
        (lambda: load_brain(tmp_path / "x", memory="much"), "memory"),  # type: ignore[arg-type]
    ):
        with pytest.raises((InvalidTypeError, InvalidValueError), match=name):
            refused()
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("states", [["v"], "v", 3, {"w": 0.0}, {"v": "x"}, {"v": 0.0, 3: 1.0}])
def test_a_model_class_with_other_states_is_refused(states: object) -> None:
    with pytest.raises(EngramError, match=r"Mine\.states"):
        type("Mine", (NeuronModel,), {"states": states})


def test_what_a_class_says_of_itself_is_checked() -> None:
    with pytest.raises(InvalidValueError, match="SpikeTimes"):
        type("Mine", (LIF,), {"has_given_spikes": True})
    with pytest.raises(InvalidTypeError, match=r"Mine\.is_source"):
        type("Mine", (LIF,), {"is_source": 3})
    with pytest.raises(InvalidTypeError, match="Rule: traces"):
        type("Rule", (PlasticityRule,), {"pre_traces": ["x"], "on_post": staticmethod(abs)})


@pytest.mark.parametrize("base", [NeuronModel, Process, PlasticityRule, Parameterized])
@pytest.mark.parametrize(
    "tau",
    [
        Parameter(None),  # type: ignore[type-var]
        Parameter([1.0]),  # type: ignore[type-var]
        Parameter(float("nan")),
        Parameter(1.0, low=2.0),
        Parameter(1.0, low="0"),  # type: ignore[arg-type]
        Parameter("x", choices=("a", "b")),
    ],
)
def test_a_parameter_that_is_none_is_refused_with_its_class(base: type, tau: object) -> None:
    traces = {"pre_traces": {"x": "tau"}, "post_traces": {}}
    with pytest.raises(EngramError, match=r"Mine\.tau"):
        type("Mine", (base,), {"tau": tau, "on_post": staticmethod(abs), **traces})


def test_a_brain_is_saved_by_one_thread_at_a_time(tmp_path: Any) -> None:
    brain = two_regions()
    brain.network.thread = -1  # another thread's
    with pytest.raises(BusyError):
        save_brain(brain, tmp_path / "x")
    with pytest.raises(BusyError):
        brain._repr_html_()
    brain.network.thread = 0
    save_brain(brain, tmp_path / "x")


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="there are no named pipes")
def test_a_pipe_is_no_checkpoint(tmp_path: Any) -> None:
    path = tmp_path / "x.engram"
    os.mkfifo(path)
    for read in (load_brain, inspect_checkpoint):
        with pytest.raises(CheckpointError, match=r"x\.engram: it is no regular file"):
            read(path)
    (tmp_path / "step-100.engram").symlink_to(path)
    with pytest.raises(CheckpointError, match="regular file"):
        resume_brain(tmp_path)


def test_a_missing_folder_is_named(tmp_path: Any) -> None:
    brain = two_regions()
    with pytest.raises(FileNotFoundError, match="the folder does not exist") as missing:
        save_brain(brain, tmp_path / "no" / "x")
    assert missing.value.filename == str(tmp_path / "no")
    (tmp_path / "file").touch()
    with pytest.raises(NotADirectoryError) as wrong:
        save_brain(brain, tmp_path / "file" / "x")
    assert wrong.value.filename == str(tmp_path / "file")
    with pytest.raises(OSError, match="engram") as long:
        save_brain(brain, tmp_path / ("x" * 300 + ".engram"))
    assert "tmp" not in os.path.basename(str(long.value.filename))


# -- messages, and calls that are whole or nothing


def test_an_empty_name_is_explained() -> None:
    brain = two_regions()
    with pytest.raises(UnknownNameError, match=r"name ''; that is only for .* leave name out"):
        brain.get_projection("a", "b", "")
    with pytest.raises(UnknownNameError, match="name ''"):
        brain.get_projection("a", "a", "")
    further = brain.connect_regions("a", "a")
    assert brain.get_projection("a", "a", "") is further


@pytest.mark.parametrize(
    ("given", "name"),
    [
        ({"A_plus": 0.5, "A_minus": 1e30}, "A_minus"),
        ({"A_plus": 0.5, "A_minus": -1.0}, "A_minus"),
        ({"A_plus": 1e30}, "A_plus"),
        ({"A_plus": 0.5, "A_minus": "x"}, "A_minus"),
    ],
)
def test_enabling_plasticity_is_whole_or_nothing(given: dict[str, Any], name: str) -> None:
    for rule in ("reward_stdp", None, "stdp"):
        brain = two_regions()
        path = brain.get_projection("a", "b")
        path.rule, path.frozen = rule, True  # type: ignore[assignment]
        before = brain.fingerprint()
        with pytest.raises((InvalidValueError, InvalidTypeError), match=name) as refused:
            brain.enable_projection_plasticity("a", "b", **given)
        assert "x" in given.values() or "[0, 1e+06]" in str(refused.value)
        assert brain.fingerprint() == before
        assert path.frozen


def test_enabling_plasticity_of_a_rule_without_the_parameter_changes_nothing() -> None:
    brain = two_regions()
    path = brain.get_projection("a", "b")
    path.rule, path.frozen = "trace_stdp", True  # type: ignore[assignment]
    with pytest.raises(InvalidValueError, match="has no A_plus"):
        brain.enable_projection_plasticity("a", "b", A_plus=0.5)
    assert path.frozen


@pytest.mark.parametrize("error", [CapacityError, MemoryError])
def test_lateral_inhibition_is_whole_or_nothing(
    error: type[Exception], monkeypatch: pytest.MonkeyPatch
) -> None:
    brain = two_regions()
    region = brain.regions["a"]
    before, w_max = brain.fingerprint(), region.wiring.w_max
    weights = region.wiring.weight

    def refuse(*_: object, **__: object) -> None:
        raise error("no room")

    with monkeypatch.context() as patch:
        patch.setattr("engram.network.pathways.amend", refuse)
        with pytest.raises(error):
            region.add_lateral_inhibition(w_max + 5.0)
    for wrong in (float("nan"), 1e30, "x"):
        with pytest.raises(EngramError, match="add_lateral_inhibition: weight"):
            region.add_lateral_inhibition(wrong)  # type: ignore[arg-type]
    assert region.wiring.w_max == w_max
    assert not region.wiring.record.w_max_given
    assert np.array_equal(region.wiring.weight, weights)
    assert brain.fingerprint() == before
    n = region.n_excitatory
    assert region.add_lateral_inhibition(-w_max - 5.0) == n * (n - 1)
    assert region.wiring.w_max == pytest.approx(w_max + 5.0)


def test_dopamine_is_bounded() -> None:
    brain = two_regions()
    rule = brain.get_projection("a", "b").rule
    for thing, name in ((rule, "baseline_dopamine"), (DopamineRelease(), "tonic_rate")):
        with pytest.raises(InvalidValueError, match=name):
            setattr(thing, name, 1e11)


@pytest.mark.parametrize("call", ["reward", "punish"])
def test_a_reward_is_bounded(call):
    brain = Brain(seed=1)
    for name in "ab":
        brain.add_region(name, n_neurons=6, background=20.0)
    path = brain.connect_regions("a", "b", density=1.0)
    with pytest.raises(InvalidValueError, match=r"1e\+10"):
        getattr(brain, call)(1e37, "proj:a->b")
    for _ in range(5):
        getattr(brain, call)(1e10, "proj:a->b")
        brain.run(100)
    assert np.isfinite(path.weight).all()


@pytest.mark.parametrize("name", [np.zeros(2), None, 3])
def test_targets_have_names(name):
    for target in (lambda: Brain.region_target(name), lambda: Brain.projection_target("a", name)):
        with pytest.raises(EngramError):
            target()
