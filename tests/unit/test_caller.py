"""Warnings point at the user's line."""

from __future__ import annotations

import warnings

from engram import Brain, PoissonSource, RegionType


def test_a_warning_names_the_line_that_led_to_it():
    brain = Brain(seed=1, mechanisms="none")
    brain.add_region("a", RegionType.SENSORY, 5, 0.0, model=PoissonSource)
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        brain.hold("a", [1.0])
        brain.inject_current("a", range(5), 900.0)
        brain.run(10)
    assert caught
    assert {w.filename for w in caught} == {__file__}


def test_a_seizure_is_blamed_on_the_run_of_the_user():
    brain = Brain(seed=1, mechanisms="none")
    brain.add_region("a", RegionType.ASSOCIATION, 20, 0.0, background=200.0)
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        brain.run(3000)
    assert [w.filename for w in caught if "seizure" in str(w.message)] == [__file__]
