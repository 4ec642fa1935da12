"""A brain says when a region has a seizure or dies out: once, and in its summary."""

from __future__ import annotations

import warnings

import numpy as np
import pytest

from engram import LIF, Brain, PoissonSource


def warned(brain, steps, stimulus=None):
    with warnings.catch_warnings(record=True) as found:
        warnings.simplefilter("always")
        brain.run(steps, stimulus)
    return [str(w.message) for w in found]


def test_a_seizure_is_warned_of_once_and_shown():
    brain = Brain(seed=1, mechanisms="none")
    brain.add_region("calm", n_neurons=10, connectivity=0.0)
    brain.add_region("wild", n_neurons=10, connectivity=0.0, model=LIF)
    brain.add_region("source", n_neurons=10, model=PoissonSource, background=400.0)
    assert "seizure" not in brain.summary()

    def drive(b, _):
        b.inject_current("wild", range(10), 2000.0)

    said = warned(brain, 5000, drive)
    assert len(said) == 1
    assert "Region 'wild' fires at" in said[0]
    assert "as in a seizure; weaken its input" in said[0]
    assert "Region 'wild' fires at" in brain.summary()
    assert "as in a seizure" in brain._repr_html_()
    assert "'calm'" not in brain.summary()
    assert "'source'" not in brain.summary()
    # What is over is no longer shown.
    assert warned(brain, 10_000) == []
    assert "seizure" not in brain.summary()


def dying(**growth):
    brain = Brain(seed=1)
    brain.freeze_homeostatic_scaling()
    brain.disable_memory()
    brain.add_region("x", n_neurons=20, connectivity=0.0, model=LIF)
    values = {"neurogenesis": False, "apoptosis_age": 100.0, "apoptosis_rate": 0.0} | growth
    for name, value in values.items():
        setattr(brain.growth, name, value)
    return brain


def test_a_region_that_dies_out_is_warned_of_once_and_shown():
    brain = dying(apoptosis_floor=0.0)
    said = warned(brain, 9_000)
    assert len(said) == 1
    assert "Region 'x' is dying out: 8 of 20 neurons are left; give it input" in said[0]
    assert "Region 'x' is dying out" in brain.summary()


def test_within_the_floor_nothing_is_said():
    brain = dying()
    assert warned(brain, 9_000) == []
    assert brain.regions["x"].n_alive_neurons == 18


def test_neurons_that_were_killed_by_hand_are_shown_but_not_warned_of():
    brain = dying()
    brain.run(1000)
    brain.regions["x"].kill_neurons(np.arange(15))
    assert warned(brain, 3000) == []
    assert "Region 'x' is dying out: 5 of 20" in brain.summary()


def test_a_warning_that_is_made_an_error_leaves_a_whole_brain():
    brain = dying(apoptosis_floor=0.0)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        with pytest.raises(UserWarning, match="dying out"):
            brain.run(20_000)
    assert brain.check() is None
    twin = brain.copy()
    for b in (brain, twin):
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            b.run(3000)
    assert brain.fingerprint() == twin.fingerprint()


def test_a_region_without_living_neurons_is_shown():
    brain = Brain(seed=1)
    brain.add_region("x", n_neurons=5).kill_neurons(range(5))
    assert "Region 'x' is dying out: no neuron is left" in brain.summary()


def test_a_brain_that_sleeps_says_so():
    brain = Brain(dt=0.5, seed=1)
    brain.add_region("x", n_neurons=5)
    brain.fall_asleep(200.0)
    assert "asleep until 200 ms" in brain.summary()
    brain.wake()
    assert "asleep" not in brain.summary()
