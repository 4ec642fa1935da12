"""Whole brains, everything at its default, left on for minutes: they live, and are of use."""

from __future__ import annotations

import pytest

from benchmarks.life.measure import live, silence, told_apart
from benchmarks.life.networks import usage

CASES = [
    ("usage", "alternating"),
    ("usage", "none"),
    ("usage", "constant"),
    ("readme", "alternating"),
    ("motor", "days and nights"),
    ("memory", "none"),
    ("chain of 4", "random"),
    ("LIF", "alternating"),
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
    assert told_apart(brain, "output") > max(0.9, told_apart(usage(seed), "output"))


def test_without_the_sliding_threshold_the_output_is_worse():
    with_it, without = (
        told_apart(live("usage", "alternating", 5, 8, metaplasticity__enabled=on)[1], "output")
        for on in (True, False)
    )
    assert with_it > without


def test_without_intrinsic_plasticity_a_driven_region_is_beyond_the_band():
    life, _ = live("motor", "strong", 1, 2)
    assert life.lives, life.rates
    life, _ = live("motor", "strong", 1, 2, homeostasis__excitability_rate=0.0)
    assert life.rates["input"][1] > 80.0
