"""The sliding threshold acts on rules that are metaplastic, and on no others."""

from __future__ import annotations

import numpy as np
import pytest

from engram import (
    STDP,
    Brain,
    Parameter,
    PlasticityRule,
    RewardSTDP,
    TraceSTDP,
    TripletSTDP,
    load_brain,
    save_brain,
)


class Own(PlasticityRule):
    """Potentiation alone."""

    pre_traces = {"x": "tau"}
    post_traces = {}
    tau = Parameter(20.0)

    @staticmethod
    def on_post(w, x):
        return w + 1e-9 * x


class OwnThatSlides(Own):
    """The same, with another default."""

    metaplastic = Parameter(True)


def learned(rule, on=True):
    """Weights after a while, with the threshold on or off."""
    brain = Brain(seed=3, mechanisms=["plasticity", "metaplasticity"] if on else ["plasticity"])
    for name in ("a", "b"):
        brain.add_region(name, n_neurons=20, background=6.0, connectivity=0.0)
    # Weak: what the weights do does not change who fires.
    path = brain.connect_regions("a", "b", 0.5, weights=1e-5, w_max=2e-5, rule=rule)
    brain.run(2000)
    assert brain.regions["b"].total_spikes.sum() > 100
    return path.weight.copy()


SLIDING = {
    "stdp": STDP,
    "triplet": TripletSTDP,
    "reward": lambda **v: RewardSTDP(baseline_dopamine=0.5, **v),
}
OTHERS = {"trace": TraceSTDP, "own": Own}


@pytest.mark.parametrize("name", SLIDING)
def test_it_acts_on_pair_and_triplet_rules_unless_they_say_no(name):
    make = SLIDING[name]
    assert make().metaplastic
    assert not np.array_equal(learned(make()), learned(make(), on=False))
    assert np.array_equal(learned(make(metaplastic=False)), learned(make(), on=False))


@pytest.mark.parametrize("name", OTHERS)
def test_it_leaves_others_alone_unless_they_ask(name):
    make = OTHERS[name]
    assert not make().metaplastic
    assert np.array_equal(learned(make()), learned(make(), on=False))
    assert not np.array_equal(learned(make(metaplastic=True)), learned(make(), on=False))


def test_a_rule_of_ones_own_may_slide_by_default():
    assert OwnThatSlides().metaplastic
    assert np.array_equal(learned(OwnThatSlides()), learned(Own(metaplastic=True)))


def test_it_can_be_changed_in_a_brain_that_lives_and_is_saved(tmp_path):
    brain = Brain(seed=3)
    for name in ("a", "b"):
        brain.add_region(name, n_neurons=10)
    path = brain.connect_regions("a", "b", 0.5, rule="stdp")
    brain.run(10)
    path.rule.metaplastic = False
    brain.run(10)
    assert brain.network.tables["metaplastic"][path.record.index] == 0
    loaded = load_brain(save_brain(brain, tmp_path / "x"))
    assert not loaded.get_projection("a", "b").rule.metaplastic
    loaded.run(1)
    assert loaded.network.tables["metaplastic"][path.record.index] == 0


def test_a_pool_of_interneurons_keeps_its_excitability():
    brain = Brain(seed=1)
    brain.growth.neurogenesis = False
    mixed = brain.add_region("mixed", n_neurons=20, background=25.0)
    pool = brain.add_region("pool", n_neurons=20, background=25.0, excitatory=0.0)
    brain.run(20_000)
    tuned = {r.name: brain.network.slots(r.record, "excitability") for r in (mixed, pool)}
    assert (tuned["mixed"] < 0).any()
    assert not tuned["pool"].any()
