"""Rows of synapses with the same targets, several of which are added in one loop."""

import numpy as np
import pytest

from engram import Brain, Neurotransmitter, RegionType
from engram.kernels.constants import LONG_ROW, ROWS_AHEAD
from engram.neurons import Relay

N = ROWS_AHEAD + 9
"""More sources than rows are looked up at a time."""


def pathway(width, sign=1.0, **options):
    """Sources that fire when told to, and targets that do nothing but gather what arrives."""
    brain = Brain(dt=1.0, seed=3)
    common = {"connectivity": 0.0, "excitatory": 1.0, "variation": 0.0, "noise": 0.0, "rule": None}
    brain.add_region("a", RegionType.SENSORY, N, model=Relay(tau_exc=0.0, tau_inh=0.0), **common)
    brain.add_region(
        "b", RegionType.MOTOR, width, model=Relay(tau_exc=50.0, tau_inh=50.0), **common
    )
    brain.freeze_structural_plasticity()
    made = brain.connect_regions("a", "b", wiring="all_to_all", delays=1.0, rule=None, **options)
    made.weight = sign * np.random.default_rng(5).uniform(1e-4, 1e-3, N * width)
    return brain, made


def arrived(brain, who):
    """What one step brings to the targets when these sources have fired in the one before."""
    brain.reset_state()
    current = np.zeros(N)
    current[who] = 2.0
    brain.inject_current("a", np.arange(N), current)
    assert brain.step()["a"].tolist() == sorted(who)
    brain.step()
    b = brain.regions["b"]
    return b.state("exc").copy(), b.state("inh").copy()


@pytest.mark.parametrize("count", [1, 3, 4, 5, 8, 11, ROWS_AHEAD, N])
@pytest.mark.parametrize("width", [LONG_ROW - 1, LONG_ROW, 33])
def test_rows_add_up_in_their_order(count, width):
    """To the last bit: four at a time are the sum of one after the other."""
    brain, made = pathway(width)
    who = np.sort(np.random.default_rng(count).choice(N, count, replace=False))
    weight = made.weight.reshape(N, width)
    exc, inh = arrived(brain, who)
    gain = brain.network.tables["gain"][made.record.index]
    kept = brain.network.tables["input_factor"][1][1]
    expected = np.zeros(width, np.float32)
    for row in weight[who]:
        expected += row * gain
    np.testing.assert_array_equal(exc, expected * kept)
    assert not inh.any()


def test_inhibitory_rows_arrive_as_inhibition():
    brain, _ = pathway(20, -1.0, nt=Neurotransmitter.GABA, source_type=None)
    exc, inh = arrived(brain, np.arange(8))
    assert not exc.any()
    assert (inh < 0).all()


def test_rows_of_different_targets_are_not_taken_together():
    """One synapse less in one row, at either end or within, and it goes its own way."""
    for gone in (0, 10, 19):
        brain, made = pathway(20)
        weight = made.weight.reshape(N, 20).copy()
        lost = np.flatnonzero((made.pre == 2) & (made.post == gone))
        made.remove_synapses(lost)
        weight[2, gone] = 0.0
        exc, _ = arrived(brain, np.arange(6))
        np.testing.assert_allclose(exc, _sum(brain, made, weight[:6]), rtol=1e-6)


def test_a_synapse_born_after_the_spike_does_not_carry_it():
    brain, made = pathway(20)
    weight = made.weight.reshape(N, 20).copy()
    brain.inject_current("a", np.arange(N), np.full(N, 2.0))
    brain.step()
    made.add_synapses([0], [0], 0.5)
    brain.step()
    exc = brain.regions["b"].state("exc")
    np.testing.assert_allclose(exc, _sum(brain, made, weight), rtol=1e-5)


def _sum(brain, made, weight):
    gain = brain.network.tables["gain"][made.record.index]
    return weight.sum(axis=0) * gain * brain.network.tables["input_factor"][1][1]
