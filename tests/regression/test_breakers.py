"""What strangers broke: models that raise, places of the dead, threads within a call."""

from __future__ import annotations

import threading

import numpy as np
import pytest
from numba import njit

import engram.network.present as present_module
from engram import Brain, BusyError, InvalidValueError, NeuronModel


@njit
def checked(v):
    if v > 5.0:
        raise ValueError("out of range")
    return v


class Raising(NeuronModel):
    states = {"v": 0.0}

    @staticmethod
    def update(v, I, dt):  # noqa: E741
        assert v < 5.0
        return v + dt * I, v >= 100.0

    @staticmethod
    def reset(v):
        return v - 100.0


class RaisingDeeper(Raising):
    @staticmethod
    def update(v, I, dt):  # noqa: E741
        return checked(v) + dt * I, v >= 100.0


@pytest.mark.parametrize("model", [Raising, RaisingDeeper])
def test_a_model_that_raises_is_refused(model):
    brain = Brain(seed=1, mechanisms="none")
    brain.add_region("q", n_neurons=4, connectivity=0.0, model=model, background=1.0)
    with pytest.raises(InvalidValueError, match=rf"{model.__name__}\.update raises .*line \d+"):
        brain.run(10)
    assert brain.step_count == 0


def replaced(kinship, dead, **settings):
    brain = Brain(seed=5)
    region = brain.add_region("a", "sensory", n_neurons=10, background=10.0, **settings)
    values = {"growth_interval": 100.0, "neurogenesis_rate": 0.1, "neurogenesis_ceiling": 500.0}
    for name, value in values.items():
        setattr(brain.growth, name, value)
    brain.growth.births_per_cycle, brain.growth.kinship = 2, kinship
    brain.hold("a", [1.0, 0.1])
    brain.run(150)
    region.kill_neurons(dead)
    return brain, region


@pytest.mark.parametrize("kinship", [False, True])
def test_who_replaces_the_dead_gets_what_is_held(kinship):
    brain, region = replaced(kinship, [2, 4])
    brain.run(300)
    assert region.n_alive_neurons == 10
    before = region.total_spikes.copy()
    brain.run(1000)
    fired = region.total_spikes - before
    assert fired[[2, 4]].min() > 0.8 * fired[[0, 1, 3]].min()


def test_a_neuron_that_is_added_gets_what_is_held_for_its_place():
    brain = Brain(seed=1, mechanisms="none")
    region = brain.add_region("a", "sensory", n_neurons=4, connectivity=0.0, noise=0.0)
    brain.hold("a", [1.0, 0.0])
    region.add_neuron()
    brain.run(300)
    assert region.total_spikes[4] > 0
    assert region.total_spikes[3] == 0


@pytest.mark.parametrize("kinship", [False, True])
def test_who_replaces_the_dead_is_of_their_type(kinship):
    brain, region = replaced(kinship, [2, 8], excitatory=0.7)
    before = region.neuron_type.copy()
    brain.run(400)
    assert region.n_alive_neurons == 10
    np.testing.assert_array_equal(region.neuron_type, before)


@pytest.mark.parametrize("call", ["present", "step"])
def test_another_thread_gets_no_step_between_the_parts_of_a_call(call, monkeypatch):
    brain = Brain(seed=1, mechanisms="none")
    brain.add_region("a", n_neurons=5, background=15.0)
    brain.run(30)
    refused = []

    def other():
        try:
            brain.run(50)
        except BusyError as error:
            refused.append(error)

    def interrupted(function):
        def wrapped(*args, **kwargs):
            thread = threading.Thread(target=other)
            thread.start()
            thread.join()
            return function(*args, **kwargs)

        return wrapped

    if call == "present":
        monkeypatch.setattr(present_module, "show", interrupted(present_module.show))
        brain.present("a", [0.5], 10)
    else:
        import engram.life as life

        monkeypatch.setattr(life, "last_spikes", interrupted(life.last_spikes))
        brain.step()
    assert len(refused) == 1
