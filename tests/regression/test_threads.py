"""One thread at a time uses a brain; others are refused, whatever they ask for."""

from __future__ import annotations

import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from engram import Brain, Process, RegionType, ShortTermPlasticity, load_brain, save_brain
from engram.errors import BusyError
from engram.network.network import next_multiple
from engram.state.invariants import check


def build(seed: int = 3) -> Brain:
    brain = Brain(seed=seed)
    brain.add_region("a", RegionType.SENSORY, 20, max_neurons=30, background=8.0)
    brain.add_region("b", RegionType.ASSOCIATION, 20, max_neurons=30)
    brain.connect_regions("a", "b", 0.4)
    brain.run(20)
    return brain


def elsewhere(act: Callable[[], Any]) -> BaseException | None:
    """What another thread meets that does something."""
    met: list[BaseException] = []

    def work() -> None:
        try:
            act()
        except BaseException as error:
            met.append(error)

    thread = threading.Thread(target=work)
    thread.start()
    thread.join()
    return met[0] if met else None


CALLS: dict[str, Callable[[Brain], Any]] = {
    "run": lambda b: b.run(5),
    "step": lambda b: b.step(),
    "sleep": lambda b: b.sleep(20.0),
    "stimulate": lambda b: b.stimulate("a", [0.5]),
    "inject": lambda b: b.inject_current("a", [0], 1.0),
    "hold": lambda b: b.hold("a", [0.5]),
    "release": lambda b: b.release("a"),
    "present": lambda b: b.present("a", [0.5], 3),
    "respond": lambda b: b.respond("a", np.zeros((1, 20)), 3, read="b"),
    "reward": lambda b: b.reward(1.0, "region:a"),
    "copy": lambda b: b.copy(),
    "fingerprint": lambda b: b.fingerprint(),
    "stats": lambda b: b.stats(),
    "reset": lambda b: b.reset_state(),
    "freeze": lambda b: b.freeze_plasticity(),
    "add a region": lambda b: b.add_region("c", RegionType.MOTOR, 5),
    "connect": lambda b: b.connect_regions("b", "a"),
    "add a neuron": lambda b: b.regions["a"].add_neuron(),
    "kill": lambda b: b.regions["a"].kill_neurons([1]),
    "add synapses": lambda b: b.projections[2].add_synapses([1], [2], 0.1),
    "remove synapses": lambda b: b.projections[2].remove_synapses([1]),
    "read weights": lambda b: b.projections[2].weight,
    "write weights": lambda b: setattr(b.projections[2], "weight", 0.1),
    "rule": lambda b: setattr(b.projections[2], "rule", "stdp"),
    "stp": lambda b: setattr(b.projections[2], "stp", ShortTermPlasticity()),
    "frozen": lambda b: setattr(b.projections[2], "frozen", True),
    "background": lambda b: setattr(b.regions["a"], "background", 1.0),
    "theta_plus": lambda b: setattr(b.regions["a"], "theta_plus", 1.0),
    "a mechanism": lambda b: setattr(b.growth, "growth_interval", 10.0),
    "a rule": lambda b: setattr(b.projections[2].rule, "A_plus", 0.1),
    "a model": lambda b: (
        setattr(b.regions["a"].model, "v_peak", 20.0)
        if "v_peak" in b.regions["a"].model.parameters()
        else b.regions["a"].model.assign(next(iter(b.regions["a"].model.parameters())), 0.03)
    ),
    "record": lambda b: b.record("spikes"),
    "grow": lambda b: b.growth.grow(),
    "scale": lambda b: b.homeostasis.scale(),
    "capture": lambda b: b.memory.capture(),
    "rhythm": lambda b: b.oscillators.set("a", "theta", 1.0),
    "critic": lambda b: b.add_critic("b", "proj:a->b"),
    "a process": lambda b: b.add_process(Ticks()),
}


class Ticks(Process):
    name = "ticks"

    def next_act(self, step: int) -> int:
        return next_multiple(step, 2)


@pytest.mark.parametrize("what", CALLS)
def test_what_another_thread_asks_of_a_running_brain_is_refused(what: str) -> None:
    brain, twin = build(), build()
    met: list[BaseException | None] = []

    def stimulus(running: Brain, i: int) -> None:
        if i == 1:
            met.append(elsewhere(lambda: CALLS[what](running)))

    brain.run(3, stimulus, progress=False)
    assert isinstance(met[0], BusyError), met
    twin.run(3, progress=False)
    assert brain.fingerprint() == twin.fingerprint()
    # It is free again, also for another thread.
    assert elsewhere(lambda: CALLS[what](brain)) is None


def test_saving_from_another_thread_is_refused_and_leaves_the_old_file(tmp_path: Path) -> None:
    brain = build()
    path = save_brain(brain, tmp_path / "b")
    before = path.read_bytes()
    met: list[BaseException | None] = []
    brain.run(2, lambda b, _: met.append(elsewhere(lambda: save_brain(b, path))), progress=False)
    assert all(isinstance(error, BusyError) for error in met)
    assert path.read_bytes() == before


def test_a_change_in_another_thread_is_refused_while_one_is_under_way() -> None:
    brain = build()
    met: list[BaseException | None] = []

    class Killer(Ticks):
        name = "killer"

        def forget(self, _region: str, _slots: Any) -> None:
            met.append(elsewhere(lambda: brain.regions["b"].kill_neurons([3])))

    brain.add_process(Killer())
    brain.regions["a"].kill_neurons([1])
    assert isinstance(met[0], BusyError)
    check(brain.network.tables)


def test_a_stimulus_function_a_recorder_and_a_process_use_the_brain_in_its_own_thread() -> None:
    brain = build()

    class Worker(Ticks):
        name = "worker"

        def act(self, step: int) -> None:
            self.network.freeze("memory", step % 4 == 0)
            brain.regions["a"].background = 8.0
            brain.projections[2].add_synapses([1], [2], 0.1)

    brain.add_process(Worker())
    recorder = brain.record("v", "a", every=1.0)
    brain.run(6, lambda b, _: b.stimulate("a", [0.5]) and b.fingerprint(), progress=False)
    assert len(recorder.times) == 6


@pytest.mark.parametrize("how", ["an error", "an interrupt"])
def test_a_brain_is_free_after_a_run_that_ended_early(how: str) -> None:
    brain = build()

    def stimulus(_: Brain, i: int) -> None:
        if i == 2:
            raise (ZeroDivisionError if how == "an error" else KeyboardInterrupt)

    with pytest.raises((ZeroDivisionError, KeyboardInterrupt)):
        brain.run(5, stimulus, progress=False)
    assert elsewhere(lambda: brain.run(2, progress=False)) is None


def test_two_threads_that_run_one_brain_are_served_one_after_the_other_or_refused() -> None:
    brain = build()
    brain.growth.growth_interval = 10.0
    done, refused = [], []

    def work() -> None:
        for _ in range(40):
            try:
                brain.run(15, progress=False)
                done.append(15)
            except BusyError:
                refused.append(1)

    threads = [threading.Thread(target=work) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert brain.step_count == 20 + sum(done)
    assert len(done) + len(refused) == 120
    check(brain.network.tables)


def test_two_brains_run_in_two_threads(tmp_path: Path) -> None:
    brains, twins = [build(k) for k in (1, 2)], [build(k) for k in (1, 2)]

    def work(brain: Brain) -> None:
        with brain.checkpoint_every(tmp_path / str(brain.seed), steps=50):
            for _ in range(5):
                brain.run(40, progress=False)
                brain.regions["a"].add_neuron()

    threads = [threading.Thread(target=work, args=(brain,)) for brain in brains]
    for thread in threads:
        thread.start()
    for brain, twin in zip(brains, twins, strict=True):
        for _ in range(5):
            twin.run(40, progress=False)
            twin.regions["a"].add_neuron()
    for thread in threads:
        thread.join()
    for brain, twin in zip(brains, twins, strict=True):
        assert brain.fingerprint() == twin.fingerprint()
        assert load_brain(max((tmp_path / str(brain.seed)).iterdir())).step_count == 200
