"""Draws of a Poisson source are as many as its spikes, also where its rate is absurd.

Without a limit these three steps would take 3e10 draws.
"""

import numpy as np
import pytest

from engram import Brain, PoissonSource, RegionType


def test_an_absurd_rate_costs_no_more_than_a_certain_one():
    brain = Brain(seed=1)
    brain.add_region("in", RegionType.SENSORY, 1000, 0.0, model=PoissonSource, rule=None)
    with pytest.warns(UserWarning, match="a source fires once a step at most"):
        brain.inject_current("in", np.arange(0, 1000), 1e10)
    for _ in range(3):
        brain.inject_current("in", np.arange(0, 1000), 1e10)
        np.testing.assert_array_equal(brain.step()["in"], np.arange(1000))
    assert len(brain.step()["in"]) == 0
