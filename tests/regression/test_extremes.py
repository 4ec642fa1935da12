"""Values at the ends of their ranges leave all finite; what lies beyond is refused at once."""

from __future__ import annotations

from typing import Any

import pytest

from engram import Brain, RegionType
from engram.mechanisms.growth.growth import Growth

S, A = RegionType.SENSORY, RegionType.ASSOCIATION


def small(n: int = 6, **given: Any) -> Brain:
    brain = Brain(seed=1)
    brain.add_region("a", A, n, 0.5, **given)
    return brain


def grown(name: str, value: Any) -> Growth:
    brain = Brain(seed=1)
    brain.add_region("a", S, 20, 0.3, background=15.0)
    growth = brain.growth
    growth.growth_interval, growth.correlation_window = 100.0, 90.0
    growth.min_spikes, growth.min_correlation, growth.pruning = 1, 0.0, False
    growth.max_rate, growth.max_synapses = 1000.0, 2**62
    setattr(growth, name, value)
    brain.run(300)
    brain.check()
    return growth


@pytest.mark.parametrize("name", ["max_rate", "coincidence"])
def test_no_bound_at_all_lets_synapses_grow(name: str) -> None:
    """These numbers went to compiled code, and had more bits than that takes."""
    assert grown(name, 2.0**70).totals["synapses_born"] >= 0


def test_any_number_of_synapses_may_be_born() -> None:
    growth = grown("synapses_per_cycle", 2**62)
    assert growth.totals["synapses_born"] > grown("synapses_per_cycle", 2).totals["synapses_born"]


def test_a_vanishing_integral_is_none() -> None:
    brain = small(background=15.0)
    brain.homeostasis.integral_rate = 1e-300
    brain.homeostasis.check_interval = 50.0
    brain.run(200)
    brain.check()
