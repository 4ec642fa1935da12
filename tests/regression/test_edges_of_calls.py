"""Values that no call can use: refused with the fix, before anything has changed."""

from __future__ import annotations

import numpy as np
import pytest

from engram import LIF, STDP, Brain, EngramError, Process, TimedArray, load_brain, save_brain
from engram.circuits import Competition
from engram.errors import InvalidTypeError, InvalidValueError, brief, integer, unknown_name
from engram.persistence import resume_brain


def small() -> Brain:
    """Of one region."""
    brain = Brain(seed=1)
    brain.add_region("a", n_neurons=5, connectivity=0.5)
    return brain


class Keeper(Process):
    """Saves what it was given."""

    name = "keeper"

    def __init__(self) -> None:
        super().__init__()
        self._held, self._arrays = {}, {}

    def save(self):
        return self._held, self._arrays

    def restore(self, values, arrays):
        self._held, self._arrays = values, arrays


def with_keeper(values=None, arrays=None) -> Brain:
    """A brain of which a process saves these."""
    brain, keeper = small(), Keeper()
    keeper._held, keeper._arrays = values or {}, arrays or {}
    brain.add_process(keeper)
    return brain


def refuses_to_save(brain: Brain, path, words: str) -> None:
    """Neither saved, copied nor fingerprinted; and nothing is written."""
    for call in (brain.fingerprint, brain.copy, lambda: save_brain(brain, path / "b")):
        with pytest.raises(InvalidValueError, match=words):
            call()
    assert not list(path.iterdir())


# -- what processes save

NAMELESS = ["", "a\0b", "a\nb", "\ud800", "\x7f", "x" * 101]


@pytest.mark.parametrize("name", [*NAMELESS, 3], ids=ascii)
def test_an_array_of_a_process_needs_a_name_that_a_file_can_hold(name, tmp_path):
    refuses_to_save(with_keeper(arrays={name: np.zeros(1)}), tmp_path, "name of an array must be")


@pytest.mark.parametrize("name", ["x" * 100, "a/b", "../a", "a.b", "größe 1", "字", "a:b", "a\\b"])
def test_an_array_of_a_process_comes_back_under_any_valid_name(name, tmp_path):
    brain = with_keeper(arrays={name: np.arange(3)})
    loaded = load_brain(save_brain(brain, tmp_path / "b"), allow=Keeper)
    assert loaded.fingerprint() == brain.copy().fingerprint() == brain.fingerprint()
    (keeper,) = (p for p in loaded.network.processes if type(p) is Keeper)
    assert keeper._arrays[name].tolist() == [0, 1, 2]


def test_arrays_of_two_processes_that_would_have_one_name_are_refused(tmp_path):
    brain, other = with_keeper(arrays={"x.y": np.zeros(1)}), Keeper()
    other.name, other._arrays = "keeper.x", {"y": np.ones(1)}
    brain.add_process(other)
    refuses_to_save(brain, tmp_path, "another name")


@pytest.mark.parametrize(
    "values",
    [
        {1: 2, "1": 3},
        {None: 1, True: 2},
        {"deep": [{"er": ({2.5: 1},)}]},
        {"x": float("nan")},
        {"x": np.int64(1)},
        {"x": "\ud83d\ude00"},
        {"x": {1, 2}},
        {"x": 10**5000},
    ],
)
def test_values_that_json_would_change_are_refused(values, tmp_path):
    refuses_to_save(with_keeper(values), tmp_path, "must be")


def test_values_of_a_process_that_hold_themselves_or_are_endless_deep_are_refused(tmp_path):
    ring: list = []
    ring.append(ring)
    deep: list = []
    for _ in range(100_000):
        deep = [deep]
    for value in (ring, deep):
        refuses_to_save(with_keeper({"x": value}), tmp_path, "what JSON can hold")


def test_values_that_json_holds_come_back_equal(tmp_path):
    values = {"a": [1, -0.5, None, True, "ä\0"], "b": {"1": 2**80, "": {}}, "c": (1, (2,))}
    brain = with_keeper(values)
    for other in (load_brain(save_brain(brain, tmp_path / "b"), allow=[Keeper]), brain.copy()):
        (keeper,) = (p for p in other.network.processes if type(p) is Keeper)
        assert keeper._held == {**values, "c": [1, [2]]}


# -- names


@pytest.mark.parametrize("name", [*NAMELESS, None, 3, "a->b"], ids=ascii)
def test_regions_are_called_by_what_can_be_printed(name):
    brain = small()
    before = brain.fingerprint()
    for call in (brain.add_region, lambda new: brain.rename_region("a", new)):
        with pytest.raises(InvalidValueError, match="name must be"):
            call(name)
    assert brain.fingerprint() == before


@pytest.mark.parametrize("name", NAMELESS, ids=ascii)
def test_projections_and_processes_are_called_by_the_same(name):
    brain, process = small(), Keeper()
    with pytest.raises(InvalidValueError, match="name must be"):
        brain.connect_regions("a", "a", name=name)
    process.name = name
    with pytest.raises(InvalidValueError, match="name"):
        brain.add_process(process)


def test_labels_that_collide_are_said_to_collide():
    brain = small()
    brain.add_region("c", n_neurons=5)
    brain.add_region("c:x", n_neurons=5)
    brain.connect_regions("a", "c:x")
    with pytest.raises(InvalidValueError, match=r"would be the label of this .* 'a' to 'c:x'"):
        brain.connect_regions("a", "c", name="x")
    with pytest.raises(InvalidValueError, match="connected to 'c:x' already"):
        brain.connect_regions("a", "c:x")
    brain.connect_regions("a", "c", name="y")


# -- plain wrong values

HUGE = 10**400
ARRAY = np.zeros(3)
CALLS = {
    "record what": lambda b: b.record([1]),
    "record of": lambda b: b.record("v", 3),
    "record none": lambda b: b.record("spikes", []),
    "record path": lambda b: b.record("spikes", path=3, overflow="stream"),
    "record path 0": lambda b: b.record("spikes", path="a\0b", overflow="stream"),
    "record path half": lambda b: b.record("spikes", path="\ud800", overflow="stream"),
    "record capacity": lambda b: b.record("spikes", capacity=2**63),
    "record samples": lambda b: b.record("v", "a", every=1.0, capacity=2**60),
    "resume None": lambda _: resume_brain(None),
    "resume 0": lambda _: resume_brain("\0"),
    "checkpoints None": lambda b: b.checkpoint_every(None, steps=5),
    "checkpoints 0": lambda b: b.checkpoint_every("\0", steps=5),
    "get_projection": lambda b: b.get_projection("a", "a", np.array([1, 2])),
    "state": lambda b: b.regions["a"].state(ARRAY),
    "gate_learning": lambda b: b.oscillators.gate_learning("a", "a", name=ARRAY),
    "enable": lambda b: b.enable_projection_plasticity("a", "a", STDP(), name=ARRAY),
    "n_neurons": lambda b: b.add_region("z", n_neurons=HUGE),
    "max_neurons": lambda b: b.add_region("z", n_neurons=3, max_neurons=HUGE),
    "mechanisms": lambda _: Brain(mechanisms=np.array(5.0)),
    "mechanisms 5": lambda _: Brain(mechanisms=5),
    "stimulus_fn": lambda b: b.run(2, LIF),
    "progress": lambda b: b.run(5, progress=LIF),
    "steps": lambda _: Competition(steps=HUGE),
    "rest": lambda _: Competition(rest=HUGE),
}


@pytest.mark.parametrize("call", CALLS.values(), ids=CALLS)
def test_a_wrong_value_is_refused_and_nothing_has_changed(call):
    brain = small()
    before = brain.fingerprint()
    with pytest.raises(EngramError):
        call(brain)
    assert brain.fingerprint() == before
    assert not brain.step_count


def test_allow_is_a_list_or_nothing(tmp_path):
    brain = small()
    path = save_brain(brain, tmp_path / "b")
    assert load_brain(path, allow=None).fingerprint() == brain.fingerprint()
    with pytest.raises(InvalidTypeError, match="allow must be a list"):
        load_brain(path, allow=3)


@pytest.mark.parametrize("value", [2**63, -(2**63), HUGE, -HUGE, 10**5000], ids="abcde")
def test_whole_numbers_have_64_bits_unless_a_bound_says_otherwise(value):
    with pytest.raises(InvalidValueError) as caught:
        integer("x", value)
    assert len(str(caught.value)) < 200
    assert integer("x", 2**64 - 1, 0, 2**64 - 1) == 2**64 - 1


# -- what a message shows


class Hostile:
    """Can't be shown, and is no array."""

    def __repr__(self) -> str:
        raise RuntimeError("no")

    __str__ = __repr__

    def __array__(self, *_, **__):
        raise RuntimeError("no")


class HostileList(list):
    """Can't be shown, though it is a list."""

    __repr__ = Hostile.__repr__


def test_what_can_not_be_shown_is_shown_by_its_type():
    assert "Hostile" in brief(Hostile())
    assert "HostileList" in brief(HostileList())
    assert brief(10**5000) == "<int>"
    assert "no region" in str(unknown_name("x", "region", Hostile(), ["a"]))


@pytest.mark.parametrize("value", [Hostile(), HostileList([Hostile()])], ids=["object", "list"])
def test_hostile_objects_are_refused_as_any_other(value):
    brain = small()
    before = brain.fingerprint()
    for call in (
        lambda: brain.inject_current("a", [0], value),
        lambda: brain.stimulate("a", value),
        lambda: setattr(brain.regions["a"], "background", value),
        lambda: TimedArray(value, 1.0),
        lambda: brain.run(value),
        lambda: brain.run(1, value),
        lambda: brain.run(1, progress=value),
        lambda: brain.record(value),
        lambda: brain.record("v", value),
        lambda: brain.add_region(value),
        lambda: brain.add_region("z", value),
        lambda: brain.add_region("z", model=value),
        lambda: brain.connect_regions("a", value),
        lambda: brain.connect_regions("a", "a", rule=value),
        lambda: brain.add_process(value),
        lambda: setattr(brain, "growth", value),
        lambda: Brain(dt=value),
        lambda: Brain(seed=value),
        lambda: Brain(mechanisms=value),
        lambda: save_brain(brain, value),
        lambda: load_brain(value),
        lambda: resume_brain(value),
    ):
        with pytest.raises(EngramError):
            call()
    assert brain.fingerprint() == before


def test_a_long_value_is_shown_in_short():
    brain, long = small(), "v" * 10_000
    for call in (
        lambda: brain.record(long),
        lambda: brain.record("v", long),
        lambda: brain.add_region(long),
        lambda: brain.add_region("z", long),
        lambda: brain.connect_regions("a", "a", name=long),
        lambda: brain.connect_regions("a", "a", wiring=long),
        lambda: brain.connect_regions("a", "a", rule=long),
        lambda: brain.get_projection("a", "a", long),
        lambda: brain.reward(1.0, long),
        lambda: brain.run(long),
        lambda: brain.run(1, progress=long),
        lambda: Brain(mechanisms=long),
        lambda: Brain(mechanisms=[long]),
    ):
        with pytest.raises(EngramError) as caught:
            call()
        assert len(str(caught.value)) < 500


# -- masked arrays


def test_masked_entries_do_not_count_unnoticed():
    brain = small()
    before = brain.fingerprint()
    masked = np.ma.masked_array([1e9, 1, 1, 1, 1], mask=[1, 0, 0, 0, 0])
    synapses = brain.get_projection("a", "a")
    weights = np.ma.masked_greater(synapses.weight, np.min(synapses.weight))
    for call in (
        lambda: setattr(brain.regions["a"], "background", masked),
        lambda: brain.inject_current("a", range(5), masked),
        lambda: brain.stimulate("a", np.ma.masked_equal([0.5, 0.25], 0.25)),
        lambda: TimedArray(masked, 1.0),
        lambda: setattr(synapses, "weight", weights),
        lambda: brain.connect_regions("a", "a", weights=np.ma.masked_less(np.eye(5), 1.0)),
    ):
        with pytest.raises(InvalidValueError, match=r"masks \d+ .*\.filled"):
            call()
    assert brain.fingerprint() == before


def test_a_masked_array_that_masks_nothing_is_an_array():
    brain = small()
    brain.regions["a"].background = np.ma.masked_array(np.arange(5.0))
    assert np.array_equal(brain.regions["a"].background, np.arange(5.0))
