"""Processes from outside the package act, are saved, copied and fingerprinted."""

from __future__ import annotations

import copy
import pickle

import numpy as np
import pytest

from engram import (
    Brain,
    CheckpointError,
    InvalidTypeError,
    InvalidValueError,
    RegionType,
    load_brain,
    save_brain,
)
from tests.unit.process_examples import (
    Broken,
    Demanding,
    Eager,
    Forgetful,
    Meddling,
    Nameless,
    Rewiring,
    Saving,
    Watcher,
)

ALLOW = ["tests.unit.process_examples:Rewiring"]


def build(rewire: bool = True) -> Brain:
    brain = Brain(seed=9)
    brain.add_region("in", RegionType.SENSORY, 20, max_neurons=24)
    brain.add_region("out", RegionType.ASSOCIATION, 30, max_neurons=36)
    brain.connect_regions("in", "out", 0.3)
    if rewire:
        brain.add_process(Rewiring(interval=100.0, share=0.05))
    return brain


def live(brain: Brain, steps: int = 350) -> Brain:
    brain.hold("in", [0.9, 0.3])
    brain.run(steps)
    brain.release("in")
    return brain


def test_it_acts_at_its_time_with_everything_on():
    brain = live(build())
    rewiring = brain.network.find(Rewiring)
    assert rewiring.moved > 0
    assert len(rewiring.save()[1]["times"]) == 3
    plain = live(build(rewire=False))
    one, other = brain.get_projection("in", "out"), plain.get_projection("in", "out")
    same_targets = np.array_equal(np.sort(one.post), np.sort(other.post))
    assert not same_targets
    assert brain.fingerprint() != plain.fingerprint()


def test_a_parameter_takes_effect_at_the_next_step():
    brain = build()
    live(brain, 50)
    brain.network.find(Rewiring).interval = 60.0
    brain.run(10)
    assert brain.network.find(Rewiring).save()[1]["times"].tolist() == [60.0]


def test_saved_loaded_copied_pickled(tmp_path):
    brain = live(build())
    path = save_brain(brain, tmp_path / "b")
    twins = {
        "loaded": load_brain(path, allow=ALLOW),
        "copied": brain.copy(),
        "pickled": pickle.loads(pickle.dumps(brain)),
        "deep-copied": copy.deepcopy(brain),
    }
    for how, twin in twins.items():
        assert twin.fingerprint() == brain.fingerprint(), how
        assert twin.network.find(Rewiring).moved == brain.network.find(Rewiring).moved, how
    futures = {how: live(twin).fingerprint() for how, twin in twins.items()}
    assert set(futures.values()) == {live(brain).fingerprint()}


def test_its_state_is_part_of_the_fingerprint():
    brain = live(build())
    twin = brain.copy()
    twin.network.find(Rewiring).share = 0.06
    assert twin.fingerprint() != brain.fingerprint()


def test_its_class_must_be_allowed(tmp_path):
    path = save_brain(live(build()), tmp_path / "b")
    with pytest.raises(CheckpointError, match=r"Rewiring.*allow"):
        load_brain(path)


def test_every_hook_is_called():
    brain = Brain(seed=1)
    watcher = Watcher()
    brain.add_process(watcher)
    brain.add_region("a", RegionType.SENSORY, 10, max_neurons=12)
    brain.run(25)
    assert [s for s in watcher.seen if s.startswith("act")] == ["act 10", "act 20"]
    brain.regions["a"].kill_neurons([3, 4])
    brain.present("a", [0.5], 5)
    brain.reset_state()
    expected = {"region a", "bind", "finished", "forget a [3, 4]", "let_go", "presented", "reset"}
    assert expected <= set(watcher.seen)
    brain.network.remove_process(watcher)
    n = len(watcher.seen)
    brain.run(20)
    assert len(watcher.seen) == n


def test_order_of_those_due_at_one_step():
    """Sleep and replay, recorders, scaling, growth, memory, statistics, others, checkpoints."""
    brain = build()
    brain.record("rates", every=10.0)
    names = [p.name or type(p).__name__ for p in brain.network.processes]
    assert names == [
        "memory",
        "inputs",
        "oscillations",
        "Recording",
        "homeostasis",
        "metaplasticity",
        "neuromodulation",
        "growth",
        "consolidation",
        "statistics",
        "rewiring",
    ]


def test_an_exception_in_one_comes_through_and_leaves_a_brain_that_runs_on():
    brain = build(rewire=False)
    brain.add_process(Broken())
    twin = brain.copy()
    twin.add_process(Rewiring(interval=7.0, share=0.1))
    for one in (brain, twin):
        if one is twin:
            one.add_process(Broken())
        with pytest.raises(RuntimeError, match="broken at 7"):
            one.run(20)
        assert one.step_count == 7
    # Who is due after it acts all the same.
    assert twin.network.find(Rewiring).moved > 0
    brain.network.remove_process(brain.network.find(Broken))
    brain.run(20)
    assert brain.step_count == 27


def test_what_is_refused():
    brain = build()
    with pytest.raises(InvalidValueError, match="already"):
        brain.add_process(Rewiring())
    with pytest.raises(InvalidValueError, match="belongs to a brain"):
        brain.add_process(brain.network.find(Rewiring))
    with pytest.raises(InvalidTypeError, match="Process"):
        brain.add_process("rewiring")  # type: ignore[arg-type]
    with pytest.raises(InvalidValueError, match="needs a name"):
        brain.add_process(Nameless())
    with pytest.raises(InvalidValueError, match="belongs to no brain"):
        _ = Rewiring().network
    with pytest.raises(InvalidValueError, match="interval"):
        Rewiring(interval=0.0)


@pytest.mark.parametrize(
    "saved",
    [
        ({"n": np.int64(3)}, {}),
        ({"s": {1, 2}}, {}),
        ({"x": float("nan")}, {}),
        ([1], {}),
        {"n": 1},
        ({}, {"mask": np.zeros(3, bool)}),
        ({}, {"one": np.float64(1.0)}),
        ({}, {"list": [1, 2]}),
        ({}, {"text": np.array(["a"])}),
        ({}, {"nan": np.array([np.nan])}),
        ({}, None),
    ],
    ids=str,
)
def test_what_a_file_could_not_hold_is_refused_before_the_old_file_goes(saved, tmp_path):
    brain = build(rewire=False)
    process = Saving()
    brain.add_process(process)
    path = save_brain(brain, tmp_path / "b")
    good = path.read_bytes()
    process.put(saved)
    for act in (lambda: save_brain(brain, path), brain.copy, brain.fingerprint):
        with pytest.raises(InvalidValueError, match=r"Saving\.save"):
            act()
    assert path.read_bytes() == good
    process.put(({"n": (1, 2)}, {"a": np.zeros((2, 3), np.int32)}))
    assert brain.copy().fingerprint() == brain.fingerprint()


@pytest.mark.parametrize("answer", [lambda s: s, lambda s: s - 1, lambda s: s + 1.5, lambda _: "x"])
def test_a_step_that_is_not_ahead_is_refused(answer):
    brain = build(rewire=False)
    brain.add_process(Eager(answer))
    with pytest.raises(InvalidValueError, match=r"Eager\.next_act"):
        brain.run(20)


def test_time_does_not_pass_within_an_act():
    brain = build(rewire=False)
    brain.add_process(Meddling(lambda: brain.run(5)))
    with pytest.raises(InvalidValueError, match="while it acts"):
        brain.run(20)
    assert brain.step_count == 10
    brain.run(5)
    assert brain.step_count == 15


def test_who_is_removed_by_one_before_does_not_act():
    brain = build(rewire=False)
    rewiring = Rewiring(interval=10.0, share=0.5)
    brain.add_process(rewiring)
    brain.add_process(Meddling(lambda: brain.network.remove_process(rewiring)))
    brain.run(20)
    assert rewiring.moved == 0
    with pytest.raises(InvalidValueError, match="none of its processes"):
        brain.network.remove_process(rewiring)


def test_an_exception_in_forget_comes_when_the_death_is_whole(tmp_path):
    brain = build(rewire=False)
    brain.add_process(Forgetful())
    with pytest.raises(RuntimeError, match="forgotten"):
        brain.regions["in"].kill_neurons([1, 2])
    allow = ["tests.unit.process_examples:Forgetful"]
    twin = load_brain(save_brain(brain, tmp_path / "b"), allow=allow)
    assert twin.regions["in"].n_alive_neurons == 18
    assert live(twin, 50).fingerprint() == live(brain, 50).fingerprint()


def test_who_can_not_be_made_again_is_refused():
    with pytest.raises(InvalidTypeError, match="parameters alone"):
        build(rewire=False).add_process(Demanding(3))
