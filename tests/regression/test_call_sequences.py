"""Faults that random sequences of calls have found (benchmarks.reliability.sequences)."""

from __future__ import annotations

import numpy as np
import pytest

from benchmarks.reliability.own import Quadratic
from engram import STDP, Brain, EngramError, RegionType, load_brain, save_brain
from engram.morphology import NMDA, Branch, Morphology


def lone(n=3, **options):
    brain = Brain(seed=1)
    brain.add_region("r", RegionType.ASSOCIATION, n, 0.3, max_neurons=n + 2, **options)
    return brain


def test_the_potential_of_the_dead_stays_finite(tmp_path):
    """An own model whose reset is what keeps it finite: nobody reset its dead."""
    brain = lone(model=Quadratic(tau=8.0), background=0.3)
    brain.regions["r"].kill_neurons([1])
    brain.run(400)
    assert np.isfinite(brain.regions["r"].v).all()
    assert brain.regions["r"].total_spikes.tolist()[1] == 0
    assert brain.regions["r"].total_spikes.sum() > 0
    twin = load_brain(save_brain(brain, tmp_path / "b"), allow=[Quadratic.class_path()])
    assert twin.fingerprint() == brain.fingerprint()


@pytest.mark.parametrize("groups", [2**31, None, iter([]), len])
def test_groups_that_are_no_list_are_refused(groups):
    brain = lone()
    with pytest.raises(EngramError, match="groups"):
        brain.memory.imprint("r", groups)


ODD = (np.zeros((2, 2)), np.array([], dtype=object), np.array(["a"]), [], {}, None, 2.5, object())
"""What is no word, and what can't be compared with one."""


@pytest.mark.parametrize("odd", ODD)
def test_what_is_no_word_is_refused_where_a_word_is_asked_for(odd):
    brain = lone()
    region, own = brain.regions["r"], brain.projections[0]
    rule = STDP()
    calls = [
        lambda: brain.reward(1.0, odd),
        lambda: brain.dopamine(odd),
        lambda: brain.add_critic("r", odd),
        lambda: brain.add_critic("r", [odd]),
        lambda: region.enable_morphology(odd),
        lambda: region.enable_morphology(dynamics=odd),
        lambda: brain.oscillators.set("r", odd),
        lambda: brain.record("spikes", overflow=odd),
        lambda: brain.add_region("s", RegionType.MOTOR, wiring=odd),
        lambda: brain.add_region("s", RegionType.MOTOR, wiring="in_degree", in_degree=odd),
        lambda: setattr(rule, "pairing", odd),
        lambda: Brain(device=odd),
        lambda: setattr(own, "frozen", odd),
    ]
    before = brain.fingerprint()
    for call in calls:
        with pytest.raises(EngramError):
            call()
    assert brain.fingerprint() == before


@pytest.mark.parametrize("odd", ODD)
def test_what_is_neither_true_nor_false_is_refused(odd):
    brain = lone()
    brain.add_region("s", RegionType.MOTOR, 3, 0.3)
    before = brain.fingerprint()
    calls = [
        lambda: brain.present_many("r", [[1.0] * 3], 2, read="r", from_rest=odd),
        lambda: brain.memory.complete("r", [0], lookup=odd),
        lambda: brain.oscillators.couple("r", "s", "theta", 1.0, bidirectional=odd),
    ]
    for call in calls:
        with pytest.raises(EngramError, match="True or False"):
            call()
    assert brain.fingerprint() == before


def test_one_synapse_is_between_two_neurons():
    brain = lone()
    for ends in (([], 1), (0, []), ([0, 1], 1), (0, [1, 2]), (7, 0), (0, -1), (0.0, 1)):
        with pytest.raises(EngramError, match="add_one_synapse"):
            brain.regions["r"].add_one_synapse(*ends)


def test_numbers_of_numpy_are_kept_as_plain_ones(tmp_path):
    """What NumPy made of them could not be written into a file."""
    brain = Brain(seed=1)
    brain.add_region("r", RegionType.MOTOR, np.int8(3), 0.3, variation=np.float32(0.5))
    tree = Morphology((Branch("a", 200.0, 2.0), Branch("b", 150.0, 1.0, np.int8(0))))
    receptors = NMDA(ratio=np.float32(0.5), tau=np.int8(50), Mg=np.uint64(1), E=np.float32(0.0))
    brain.regions["r"].enable_morphology(tree, dynamics="compartments", nmda=receptors)
    brain.present("r", [0.5], np.uint64(4), np.uint8(3))
    brain.present_many("r", [[1.0] * 3], np.uint64(4), np.uint8(3), read="r")
    assert load_brain(save_brain(brain, tmp_path / "b")).fingerprint() == brain.fingerprint()
