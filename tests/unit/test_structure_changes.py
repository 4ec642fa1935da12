"""Regions and projections are removed and renamed as a whole; several pathways join two regions."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from engram import (
    Brain,
    EngramError,
    InvalidTypeError,
    InvalidValueError,
    Parameter,
    Process,
    UnknownNameError,
    load_brain,
    save_brain,
)
from engram.state.invariants import check

Counts = dict[str, list[int]]


def build(growth: bool = True) -> Brain:
    """Two regions that know each other, one before and one between that know nobody."""
    brain = Brain(seed=5)
    brain.add_region("first", "memory", 9, background=9.0, max_neurons=9)
    brain.add_region("a", "sensory", 12, background=9.0, max_neurons=16)
    brain.add_region("between", n_neurons=10, background=9.0, max_neurons=20)
    brain.add_region("b", "motor", 8, background=6.0, max_neurons=12)
    brain.connect_regions("a", "b", 0.4)
    brain.connect_regions("b", "a", 0.3, rule="stdp")
    brain.growth.births_per_cycle = 0
    brain.growth.growth_interval = 100.0
    if not growth:
        brain.freeze_structural_plasticity()
    brain.disable_memory()
    return brain


def lived(brain: Brain, steps: int, *names: str) -> Counts:
    """Who fired in each step, by region, and the weights at the end."""
    found: Counts = {name: [] for name in names}
    for _ in range(steps):
        for name, who in brain.step().items():
            if name in found:
                found[name] += [*who.tolist(), -1]
    return found


def sound(brain: Brain, folder: Path) -> Brain:
    """What always holds; a twin and a saved twin are the same brain."""
    check(brain.network.tables)
    again = load_brain(save_brain(brain, folder / "brain.engram"))
    assert brain.copy().fingerprint() == brain.fingerprint() == again.fingerprint()
    assert lived(brain.copy(), 20, *brain.regions) == lived(again.copy(), 20, *again.regions)
    return again


@pytest.mark.parametrize("gone", ["first", "between"])
def test_who_is_not_connected_with_a_removed_region_does_not_notice(
    gone: str, tmp_path: Path
) -> None:
    brain = build()
    brain.oscillators.use_defaults()
    brain.oscillators.couple("a", "b", "theta", 5.0)
    brain.oscillators.gate_learning("b", "a", "theta")
    brain.run(150)
    other = brain.copy()
    brain.remove_region(gone)
    again = sound(brain, tmp_path)
    expected = lived(other, 250, "a", "b")
    for twin in (brain, again):
        assert lived(twin, 250, "a", "b") == expected
        for ends in (("a", "b"), ("b", "a")):
            mine, theirs = twin.get_projection(*ends), other.get_projection(*ends)
            np.testing.assert_array_equal(mine.weight, theirs.weight)
            np.testing.assert_array_equal(mine.identities, theirs.identities)


def test_a_region_that_is_connected_goes_with_its_projections(tmp_path: Path) -> None:
    brain = build()
    brain.run(30)
    region, path = brain.regions["b"], brain.get_projection("a", "b")
    own, critic = region.wiring, brain.add_critic("b", path.label)
    taught = brain.add_critic("a", [path.label, "region:a"])
    brain.hold("b", [0.5])
    brain.oscillators.couple("b", "a", "theta", 5.0)
    brain.oscillators.gate_learning("a", "a", "theta", region="b")
    brain.remove_region("b")
    sound(brain, tmp_path)
    assert list(brain.regions) == ["first", "a", "between"]
    assert [p.label for p in brain.projections] == ["region:first", "region:a", "region:between"]
    assert brain.critics == {"a": taught}
    assert taught.targets == ("region:a",)
    assert brain.oscillators.learning_gate("a", "a") == 1.0
    looks: list[Callable[[], object]] = [
        lambda: region.v,
        lambda: region.n_neurons,
        lambda: region.wiring,
        lambda: region.kill_neurons([0]),
        lambda: setattr(region, "background", 1.0),
        lambda: setattr(region, "theta_plus", 1.0),
        lambda: path.weight,
        lambda: path.n_synapses,
        lambda: setattr(path, "weight", 1.0),
        lambda: setattr(path, "frozen", True),
        lambda: own.reset_traces(),
        lambda: critic.td_error,
        lambda: critic.reward(1.0),
        lambda: brain.remove_projection(path),
    ]
    for look in looks:
        with pytest.raises(InvalidValueError, match=r"removed from its brain|none of this brain"):
            look()
    assert "removed" in repr(region)
    assert "removed" in repr(path)
    assert region.name == "b"
    for call in (lambda: brain.reward(1.0, "proj:a->b"), lambda: brain.stimulate("b", [1.0])):
        with pytest.raises(UnknownNameError):
            call()


def test_a_new_region_takes_the_slots_of_a_removed_one(tmp_path: Path) -> None:
    brain = build()
    brain.run(40)
    slots = brain.network.tables.sizes["N"]
    for _ in range(4):
        brain.remove_region("between")
        brain.run(10)
        brain.add_region("between", "reward", 14, background=9.0, max_neurons=18)
        brain.connect_regions("between", "a", 0.2)
        sound(brain, tmp_path)
        told = dict.fromkeys(brain.regions, 0)
        before = {name: r.total_spikes.sum() for name, r in brain.regions.items()}
        for _ in range(30):
            for name, who in brain.step().items():
                told[name] += len(who)
        after = {name: r.total_spikes.sum() for name, r in brain.regions.items()}
        assert told == {name: after[name] - before[name] for name in told}
        assert told["between"] > 0
    assert brain.network.tables.sizes["N"] == slots


def test_a_region_that_is_refused_leaves_a_gap_as_it_was() -> None:
    brain = Brain(seed=3)
    for name, room in (("first", 5), ("last", 9)):
        brain.add_region(name, "sensory", 4, max_neurons=room)
    brain.remove_region("first")
    before = brain.fingerprint()
    with pytest.raises(InvalidValueError, match="in_degree"):
        brain.add_region("new", "motor", 3, max_neurons=5, wiring="in_degree", in_degree=7)
    brain.check()
    assert brain.fingerprint() == before
    assert not brain.network.tables["alive"][:8].any()


def test_the_last_region_can_go_and_others_come(tmp_path: Path) -> None:
    brain = build()
    brain.run(20)
    for name in list(brain.regions):
        brain.remove_region(name)
        check(brain.network.tables)
    with pytest.raises(InvalidValueError, match="nothing to run"):
        brain.run(1)
    brain.add_region("new", n_neurons=5, background=9.0)
    brain.run(20)
    sound(brain, tmp_path)


def test_a_renamed_region_fires_as_before(tmp_path: Path) -> None:
    brain = build()
    brain.enable_memory()
    brain.hold("a", [0.8, 0.1])
    brain.run(300)
    brain.release("a")
    region, path = brain.regions["a"], brain.get_projection("a", "b")
    brain.add_critic("a", path.label)
    brain.run(1100)
    other = brain.copy()
    brain.rename_region("a", "new name")
    again = sound(brain, tmp_path)
    assert list(brain.regions) == ["first", "new name", "between", "b"]
    assert brain.regions["new name"] is region
    assert region.name == "new name"
    assert path.label == "proj:new name->b"
    assert brain.critics["new name"].targets == (path.label,)
    assert {t.region for t in brain.memory.traces} <= set(brain.regions)
    assert [r.name for r in brain.stats_history[-1].regions] == list(brain.regions)
    brain.reward(1.0, path.label)
    other.reward(1.0, "proj:a->b")
    again.reward(1.0, path.label)
    expected = lived(other, 1200, "a", "b")
    for twin in (brain, again):
        got = lived(twin, 1200, "new name", "b")
        assert got == {"new name": expected["a"], "b": expected["b"]}
    brain.rename_region("new name", "a")
    assert brain.fingerprint() == other.fingerprint()


def test_names_that_are_taken_or_none_are_refused() -> None:
    brain = build()
    before = brain.fingerprint()
    for name in ("b", "", "x->y", 3, None):
        with pytest.raises(InvalidValueError, match="name"):
            brain.rename_region("a", name)  # type: ignore[arg-type]
    with pytest.raises(UnknownNameError):
        brain.rename_region("nobody", "x")
    with pytest.raises(UnknownNameError):
        brain.remove_region("nobody")
    with pytest.raises(InvalidValueError, match="own wiring"):
        brain.remove_projection(brain.regions["a"].wiring)
    with pytest.raises(InvalidTypeError):
        brain.remove_projection("a->b")  # type: ignore[arg-type]
    with pytest.raises(InvalidValueError, match="none of this brain"):
        brain.remove_projection(build().get_projection("a", "b"))
    assert brain.fingerprint() == before


def test_removal_in_sleep_and_of_what_is_replayed(tmp_path: Path) -> None:
    brain = build()
    brain.enable_memory()
    brain.memory.imprint("between", [[1, 2, 3], [4, 5, 6]], repetitions=2)
    brain.memory.capture("between")
    brain.fall_asleep(900.0)
    brain.run(600)
    brain.rename_region("b", "B")
    sound(brain, tmp_path)
    before = brain.copy()
    brain.remove_region("between")
    assert not [t for t in brain.memory.traces if t.region == "between"]
    sound(brain, tmp_path)
    brain.run(100)
    before.run(100)
    gone = before.regions["between"].total_spikes.sum()
    spikes = [b.wake().spikes for b in (brain, before)]
    assert 0 < spikes[0] <= spikes[1] <= spikes[0] + gone
    report = brain.memory.last_sleep
    assert report is not None
    assert "proj:a->B" in report.weights
    assert "region:between" not in report.weights


def test_recorders_keep_what_they_have_of_a_removed_region() -> None:
    brain = build()
    both = brain.record("spikes", ["between", "b"])
    lone = brain.record("spikes", "between")
    v = brain.record("v", "between")
    rates = brain.record("rates", ["between", "b"])
    rhythms = brain.record("rhythms", ["between", "b"])
    weights = brain.record("weights", brain.get_projection("a", "b"), every=10.0)
    brain.run(50)
    kept = [array.copy() for array in lone.spikes()]
    brain.remove_region("between")
    brain.add_region("between", n_neurons=10, background=20.0, max_neurons=20)
    brain.run(50)
    assert [r.attached for r in (lone, v, both, rates)] == [False, False, True, True]
    for recorder in (lone, both):
        found = recorder.spikes("between")
        np.testing.assert_array_equal(found, kept)
    assert both.spikes("b")[0].max() >= 50.0
    assert len(v) == 50
    assert np.isnan(rates.values[5:, 0]).all()
    assert np.isfinite(rates.values[:, 1]).all()
    assert np.isnan(rhythms.values[50:, 0]).all()
    brain.rename_region("b", "B")
    assert both.regions == ("between", "B")
    assert len(both.spikes("B")[0]) == len(both.spikes("B")[1]) > 0
    brain.remove_projection(brain.get_projection("a", "B"))
    assert not weights.attached
    assert len(weights) == 10


class Watcher(Process, saved_as="tests:Watcher"):
    """Notes what it is told, and fails then."""

    name = "watcher"
    kept = False
    patience = Parameter(1, low=0)

    def __init__(self) -> None:
        super().__init__()
        self._heard: list[str] = []

    def region_removed(self, region: object, spikes: int) -> None:
        self._heard.append(f"{region!r} {spikes}")
        raise RuntimeError("no")


def test_a_process_that_fails_when_it_is_told_leaves_the_removal_whole(tmp_path: Path) -> None:
    brain = build()
    watcher = Watcher()
    brain.add_process(watcher)
    with pytest.raises(RuntimeError, match="no"):
        brain.remove_region("between")
    assert len(watcher._heard) == 1
    assert "between" not in brain.network.regions
    sound(brain, tmp_path)


def test_a_stimulus_that_is_presented_holds_removal_back() -> None:
    brain = build()

    class Meddler(Process):
        name = "meddler"
        kept = False

        def next_act(self, step: int) -> int:
            return step + 5

        def act(self, step: int) -> None:  # noqa: ARG002
            brain.remove_region("between")

    meddler = Meddler()
    brain.add_process(meddler)
    with pytest.raises(InvalidValueError, match="presented"):
        brain.present("a", [1.0], 10)
    brain.network.remove_process(meddler)
    assert "between" in brain.regions


def test_several_pathways_between_two_regions_are_told_apart(tmp_path: Path) -> None:
    brain = Brain(seed=2)
    brain.add_region("a", n_neurons=10, background=9.0)
    brain.add_region("b", n_neurons=10)
    plain = brain.connect_regions("a", "b", 0.3)
    fast = brain.connect_regions("a", "b", 0.3, delays=1.0, name="fast")
    more = brain.connect_regions("a", "a", 0.3)
    third = brain.connect_regions("a", "a", 0.3, name="third")
    both = brain.connect_regions("a", "b", 0.3, bidirectional=True, name="both")
    labels = ["proj:a->b", "proj:a->b:fast", "proj:a->a", "proj:a->a:third", "proj:a->b:both"]
    assert [p.label for p in (plain, fast, more, third, both)] == labels
    assert [p.name for p in (plain, fast, more, third)] == [None, "fast", None, "third"]
    assert brain.get_projection("a", "b") is plain
    assert brain.get_projection("a", "b", "fast") is fast
    assert brain.get_projection("a", "b", name="both") is both
    assert brain.get_projection("b", "a", "both").label == "proj:b->a:both"
    assert brain.get_projection("a", "a").label == "region:a"
    assert brain.get_projection("a", "a", "") is more
    assert not (more.pre == more.post).any()
    assert Brain.projection_target("a", "b", "fast") == fast.label
    brain.run(50)
    brain.reward(2.0, fast.label)
    assert brain.dopamine(fast.label) > 1.0 > brain.dopamine(plain.label)
    assert "a -> b (fast)" in brain.summary()
    brain.oscillators.gate_learning("a", "b", name="fast")
    assert brain.oscillators.learning_gate("a", "b") == 1.0
    brain.enable_projection_plasticity("a", "b", A_plus=0.3, name="fast")
    assert (fast.A_plus, plain.A_plus) == (0.3, 0.1)
    again = sound(brain, tmp_path)
    assert [p.label for p in again.projections] == [p.label for p in brain.projections]
    brain.remove_projection(fast)
    assert fast not in brain.projections
    sound(brain, tmp_path)
    for bad in (
        {"target": "b"},
        {"target": "b", "name": "both"},
        {"target": "a"},
        {"target": "b", "name": ""},
    ):
        with pytest.raises(EngramError):
            brain.connect_regions("a", **bad)  # type: ignore[arg-type]
    with pytest.raises(UnknownNameError, match="fast"):
        brain.get_projection("a", "b", "fast")


def test_two_ways_to_one_label_are_refused() -> None:
    brain = Brain(seed=1)
    for name in ("a", "b", "b:x"):
        brain.add_region(name, n_neurons=5)
    brain.connect_regions("a", "b:x")
    with pytest.raises(InvalidValueError, match="proj:a->b:x"):
        brain.connect_regions("a", "b", name="x")
    brain.connect_regions("a", "b", name="y")
    with pytest.raises(InvalidValueError, match="same label"):
        brain.rename_region("b:x", "b:y")
    assert list(brain.regions) == ["a", "b", "b:x"]


def test_collections_are_read_only() -> None:
    brain = build()
    for edit in (
        lambda: brain.regions.pop("a"),  # type: ignore[attr-defined]
        lambda: brain.regions.__delitem__("a"),  # type: ignore[attr-defined]
        lambda: brain.regions.update({"x": brain.regions["a"]}),  # type: ignore[attr-defined]
        lambda: brain.projections.clear(),  # type: ignore[attr-defined]
        lambda: brain.projections.sort(),  # type: ignore[attr-defined]
        lambda: brain.projections.__setitem__(0, brain.projections[1]),  # type: ignore[attr-defined]
        lambda: setattr(brain, "regions", {}),
        lambda: setattr(brain, "projections", []),
    ):
        with pytest.raises((AttributeError, TypeError)):
            edit()
