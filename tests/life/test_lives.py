"""Whole brains, everything at its default, left on for minutes: they live, and are of use."""

from __future__ import annotations

import numpy as np
import pytest

from benchmarks.life.measure import live, silence, told_apart
from benchmarks.life.networks import usage
from engram import LIF, Brain, RegionType, TimedArray

CASES = [
    ("usage", "alternating"),
    ("usage", "none"),
    ("readme", "alternating"),
    ("motor", "days and nights"),
    ("chain of 5", "days and nights"),
    ("LIF", "none"),
    ("CurrentLIF", "days and nights"),
    ("AdEx", "random"),
]


@pytest.mark.parametrize(("network", "inputs"), CASES)
@pytest.mark.parametrize("seed", [1, 2])
def test_every_region_lives(network, inputs, seed):
    """0.3 to 50 Hz in any 10 s after the first minute; no region more than doubles."""
    life, _ = live(network, inputs, seed, 3)
    assert life.lives, life.rates
    first, _, last = life.neurons
    assert life.growth <= 2.0
    assert all(last[name] >= 0.9 * first[name] for name in first)


@pytest.mark.parametrize("network", ["usage", "LIF"])
def test_it_gets_over_a_silence(network):
    _, brain = live(network, "alternating", 3, 1)
    found = silence(brain, 3)
    assert found.lost <= 0.1
    assert found.answers


@pytest.mark.parametrize("seed", [1, 2, 5])
def test_the_output_tells_stimuli_apart_better_than_at_birth(seed):
    _, brain = live("usage", "alternating", seed, 8)
    at_birth = told_apart(usage(seed), "output", 96)
    assert told_apart(brain, "output", 96) > max(0.9, at_birth)


def test_without_the_sliding_threshold_the_output_is_worse():
    with_it, without = (
        told_apart(live("usage", "alternating", 5, 8, metaplasticity__enabled=on)[1], "output")
        for on in (True, False)
    )
    assert with_it > without


def test_without_intrinsic_plasticity_a_region_without_input_is_silent():
    life, _ = live("LIF", "none", 1, 2, homeostasis__excitability_rate=0.0)
    assert life.rates["cells"] == [0.0, 0.0]


def test_silent_cells_of_a_region_that_fires_are_not_made_excitable():
    """As the cells of a memory that nobody asks for; in a silent region they are."""

    def excitability(drive: float) -> np.ndarray:
        brain = Brain(seed=1)
        brain.freeze_structural_plasticity()
        brain.add_region("cells", RegionType.ASSOCIATION, 40, model=LIF, connectivity=0.05)
        brain.drive("cells", TimedArray([drive], dt=1.0), indices=range(10))
        brain.run(4000, progress=False)
        region = brain.network.regions["cells"]
        return brain.network.slots(region, "excitability")[10:]

    assert (excitability(0.0) > 5.0).all()
    assert not excitability(16.0).any()


def test_without_intrinsic_plasticity_a_driven_region_is_beyond_the_band():
    life, _ = live("motor", "strong", 1, 2)
    assert life.lives, life.rates
    life, _ = live("motor", "strong", 1, 2, homeostasis__excitability_rate=0.0)
    assert life.rates["input"][1] > 80.0
