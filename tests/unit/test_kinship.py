"""Newborns that are like one neighbour: what they take over, and wiring that goes by number."""

from __future__ import annotations

import numpy as np
import pytest

from engram import (
    Brain,
    Competition,
    InvalidValueError,
    NeuronType,
    Neurotransmitter,
    RegionType,
    Relay,
    TraceSTDP,
    Uniform,
    load_brain,
    save_brain,
)
from engram.state.invariants import check

S, A = RegionType.SENSORY, RegionType.ASSOCIATION
OFF = dict.fromkeys(("synaptogenesis", "pruning", "apoptosis"), False)
FREE = {"most_growth": 1e9, "survival": 0.0, "apoptosis_rate": 0.0, "apoptosis_floor": 0.0}
FREE |= {"neurogenesis_window": 1e-3, "most_synapses": 1e9, "least_synapses": 0.0}
BIRTHS = {**OFF, **FREE, "neurogenesis_rate": 0.0, "kinship": True}


def still(seed=3, **parameters):
    """A brain in which nothing changes but by growth."""
    brain = Brain(seed=seed)
    brain.freeze_homeostatic_scaling()
    brain.freeze_plasticity()
    brain.disable_memory()
    for name, value in {**BIRTHS, **parameters}.items():
        setattr(brain.growth, name, value)
    return brain


def wired(**parameters):
    """Two regions with random wiring of all kinds; the first can grow."""
    brain = still(**parameters)
    brain.add_region("a", S, 40, 0.2, max_neurons=50)
    brain.add_region("b", A, 30, 0.0, max_neurons=30)
    brain.connect_regions("a", "b", 0.3, delays=Uniform(1.0, 9.0))
    brain.connect_regions("b", "a", 0.2, delays=Uniform(2.0, 5.0))
    brain.regions["a"].theta[:] = np.arange(40)
    return brain


def partners(brain, k):
    """All of a neuron's synapses in region a with old neurons, but not their weights."""
    found = {}
    for label, own, other in (
        ("proj:a->b", "pre", "post"),
        ("proj:b->a", "post", "pre"),
        ("region:a", "pre", "post"),
        ("region:a", "post", "pre"),
    ):
        p = next(p for p in brain.projections if p.label == label)
        mine = (getattr(p, own) == k) & (getattr(p, other) < 40)
        rows = zip(getattr(p, other)[mine], p.delay[mine], p.nt[mine], p.weight[mine], strict=True)
        for partner, delay, nt, weight in rows:
            found[label, own, int(partner), float(delay), int(nt)] = float(weight)
    return found


def test_a_newborn_is_like_one_neighbour():
    brain = wired(births_per_cycle=6, kinship_spread=0.25)
    brain.growth.grow()
    region = brain.regions["a"]
    assert region.n_alive_neurons == 46
    old = {k: partners(brain, k) for k in range(40)}
    sisters, ratios = [], []
    for newborn in range(40, 46):
        mine = partners(brain, newborn)
        (sister,) = (k for k in old if old[k].keys() == mine.keys())
        assert region.neuron_type[newborn] == region.neuron_type[sister]
        assert region.theta[newborn] == region.theta[sister] == sister
        ratios += [mine[key] / old[sister][key] for key in mine]
        sisters.append(sister)
    assert len(set(sisters)) == 6
    assert 0.749 < min(ratios) < 0.77
    assert 1.23 < max(ratios) < 1.251
    check(brain.network.tables)


def test_without_spread_the_weights_are_the_same():
    brain = wired(births_per_cycle=1, kinship_spread=0.0)
    brain.growth.grow()
    mine = partners(brain, 40)
    assert mine in [partners(brain, k) for k in range(40)]


def test_without_kinship_a_newborn_is_like_nobody():
    brain = wired(births_per_cycle=6, kinship=False)
    brain.growth.grow()
    assert brain.regions["a"].n_alive_neurons == 46
    old = [partners(brain, k).keys() for k in range(40)]
    for newborn in range(40, 46):
        assert partners(brain, newborn).keys() not in old
    assert (brain.regions["a"].theta[40:] == 0).all()


def test_a_region_at_most_doubles_in_a_cycle():
    brain = still(births_per_cycle=7)
    region = brain.add_region("a", S, 2, 0.0, max_neurons=9, excitatory=1.0)
    brain.add_region("b", A, 5, 0.0, max_neurons=5)
    brain.connect_regions("a", "b", wiring="all_to_all", source_type=None)
    for n in (4, 8, 9, 9):
        brain.growth.grow()
        assert region.n_neurons == region.n_alive_neurons == n
        assert brain.get_projection("a", "b").n_synapses == 5 * n
        check(brain.network.tables)


def test_who_has_no_sister_is_not_born():
    brain = still(births_per_cycle=3)
    region = brain.add_region("a", S, 4, 0.5, max_neurons=9, excitatory=1.0)
    region.kill_neurons([0, 1, 2, 3])
    brain.growth.grow()
    assert region.n_alive_neurons == 0


def test_the_budget_holds():
    brain = wired(births_per_cycle=6)
    brain.growth.max_synapses = sum(p.n_synapses for p in brain.projections) + 20
    brain.growth.grow()
    assert sum(p.n_synapses for p in brain.projections) == brain.growth.max_synapses
    check(brain.network.tables)


def numbered(first=5, most=9, **parameters):
    """A competition without the input: one to one there, all but one back."""
    brain = still(births_per_cycle=2, **parameters)
    for name in "ei":
        brain.add_region(name, A, first, 0.0, max_neurons=most, model=Relay(), excitatory=1.0)
    brain.connect_regions("e", "i", wiring="one_to_one", weights=2.0, delays=3.0)
    brain.connect_regions(
        "i", "e", wiring="all_but_one", weights=4.0, delays=2.0, nt=Neurotransmitter.GABA
    )
    return brain


def assert_numbered(brain):
    living = [np.flatnonzero(brain.regions[name].neuron_alive) for name in "ei"]
    forth, back = brain.get_projection("e", "i"), brain.get_projection("i", "e")
    both = np.intersect1d(*living)
    assert sorted(zip(forth.pre, forth.post, strict=True)) == [(k, k) for k in both]
    wanted = [(i, e) for i in living[1] for e in living[0] if i != e]
    assert sorted(zip(back.pre, back.post, strict=True)) == wanted
    assert set(forth.weight) == {2.0}
    assert set(forth.delay) == {3.0}
    assert set(back.weight) == {-4.0}
    assert set(back.delay) == {2.0}
    assert set(back.nt) == {Neurotransmitter.GABA}
    check(brain.network.tables)


def test_wiring_by_number_goes_on_by_number():
    brain = numbered()
    for n in (7, 9, 9):
        brain.growth.grow()
        assert [r.n_neurons for r in brain.regions.values()] == [n, n]
        assert_numbered(brain)


def test_wiring_by_number_survives_death():
    brain = numbered()
    brain.regions["e"].kill_neurons([1, 3])
    assert_numbered(brain)
    # Their inhibitory neurons live on, and get their partners back.
    brain.growth.grow()
    assert [r.n_alive_neurons for r in brain.regions.values()] == [5, 5]
    assert_numbered(brain)
    for name in "ei":
        brain.regions[name].kill_neurons([0, 4])
    brain.growth.grow()
    assert [r.n_alive_neurons for r in brain.regions.values()] == [5, 5]
    assert_numbered(brain)


def test_deaths_and_births_in_one_cycle():
    brain = numbered(apoptosis=True, apoptosis_age=10.0, deaths_per_cycle=1)
    for _ in range(6):
        brain.run(20)
        brain.growth.grow()
        assert_numbered(brain)


def test_no_more_are_born_than_their_counterparts_have_room_for():
    brain = still(births_per_cycle=4)
    for name, most in (("e", 9), ("i", 6)):
        brain.add_region(name, A, 5, 0.0, max_neurons=most, model=Relay(), excitatory=1.0)
    brain.connect_regions("e", "i", wiring="one_to_one", weights=2.0)
    brain.growth.grow()
    assert [r.n_neurons for r in brain.regions.values()] == [6, 6]


def test_two_regions_that_reach_each_other_one_to_one():
    brain = still(births_per_cycle=1)
    for name in "xy":
        brain.add_region(name, A, 4, 0.0, max_neurons=6, model=Relay(), excitatory=1.0)
    brain.connect_regions("x", "y", wiring="one_to_one", bidirectional=True)
    brain.growth.grow()
    assert [r.n_neurons for r in brain.regions.values()] == [5, 5]
    for p in (brain.get_projection("x", "y"), brain.get_projection("y", "x")):
        assert sorted(zip(p.pre, p.post, strict=True)) == [(k, k) for k in range(5)]


def circuit(n=4, most=10, **values):
    net = Competition(
        n_inputs=16,
        n_neurons=n,
        max_neurons=most,
        seed=1,
        steps=50,
        total_weight=2.0,
        w_max=0.6,
        **values,
    )
    net.brain.growth.growth_interval, net.brain.growth.births_per_cycle = 100.0, 2
    return net


PICTURES = np.random.default_rng(0).uniform(0, 1, (12, 16))


def test_a_competition_grows():
    net = circuit()
    counts = net.learn(PICTURES)
    assert net.n_neurons == 10
    assert counts.shape == (12, 10)
    assert not counts[:2, 4:].any()
    assert net.weights.shape == (16, 10)
    assert net.respond(PICTURES).shape == (12, 10)
    back = net.brain.get_projection("inhibitory", "excitatory")
    assert back.n_synapses == 90
    assert net.brain.regions["inhibitory"].n_neurons == 10
    check(net.brain.network.tables)


def test_growth_does_not_depend_on_how_images_are_handed_over(tmp_path):
    whole = circuit(target_spikes=5.0)
    whole.learn(PICTURES)
    parts = circuit(target_spikes=5.0)
    for k in range(0, 12, 3):
        parts.learn(PICTURES[k : k + 3])
        parts = Competition(
            16,
            parts.n_neurons,
            brain=load_brain(save_brain(parts.brain, tmp_path / "c")),
            **parts.own_values(),
        )
    assert parts.brain.fingerprint() == whole.brain.fingerprint()


def test_a_competition_of_fixed_size_stays_as_it_is():
    net = Competition(n_inputs=16, n_neurons=4, seed=1, steps=50, total_weight=2.0, w_max=0.6)
    net.learn(PICTURES)
    assert net.n_neurons == 4
    assert not net.brain.growth.history
    with pytest.raises(InvalidValueError, match="max_neurons must be at least 4, not 3"):
        circuit(4, 3)


def bars(upright, seed):
    """300 bytes-images of 6 x 6: one of six rows, or of six columns, on a faint ground."""
    random = np.random.default_rng(seed)
    images = random.integers(0, 20, (300, 6, 6)).astype(np.uint8)
    for image, k in zip(images, random.integers(0, 6, 300), strict=True):
        (image.T if upright else image)[k] = 250
    return images.reshape(300, 36)


def stands_for(net):
    """The bar that each neuron stands for, columns from 6 on; -1: none."""
    fields = net.weights.T.reshape(-1, 6, 6)
    strength = np.concatenate([fields.sum(2), fields.sum(1)], axis=1)
    return np.where(strength.max(1) > 0.4 * net.total_weight, strength.argmax(1), -1)


def rows_then_columns(seed, most, young):
    """What the neurons stand for after rows, and after columns; elders hardly learn by then."""
    net = Competition(
        36,
        8,
        max_neurons=most,
        seed=seed,
        steps=80,
        total_rate=3000.0,
        theta=-1.0,
        theta_plus=0.2,
        total_weight=12.0,
        w_max=2.0,
        weights=(0.2, 0.6),
        target_spikes=6.0,
        rule=TraceSTDP(eta=0.1, bounds="both"),
    )
    growth = net.brain.growth
    growth.growth_interval, growth.births_per_cycle = 20.0 * 80, 0
    growth.young_plasticity = young
    net.learn(bars(False, 0))
    before = stands_for(net)
    net.rule.eta = 0.0005
    growth.births_per_cycle = 1
    net.learn(bars(True, 1))
    return before, stands_for(net)


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_newborns_learn_what_is_new_and_elders_keep_what_is_old(seed):
    before, after = rows_then_columns(seed, 16, 200.0)
    assert len(after) == 16
    assert (after[:8] == before).all()
    assert len(set(before) & set(range(6))) >= 5
    assert len(set(after[8:]) & set(range(6, 12))) >= 5
    # Nobody learns them where the newborns are as set in their ways, or where there are none.
    for most, young in ((16, 0.0), (None, 200.0)):
        _, after = rows_then_columns(seed, most, young)
        assert not set(after) & set(range(6, 12))


def test_random_lives_stay_valid():
    brain = wired(births_per_cycle=3, apoptosis=True, apoptosis_age=30.0, deaths_per_cycle=2)
    brain.add_region("i", A, 30, 0.0, max_neurons=40, model=Relay(), excitatory=1.0)
    brain.connect_regions("b", "i", wiring="one_to_one", source_type=None, weights=2.0)
    random = np.random.default_rng(5)
    for k in range(60):
        brain.stimulate("a", [0.9])
        brain.run(int(random.integers(1, 12)))
        if k % 7 == 3:
            brain.regions["b"].kill_neurons(
                random.choice(np.flatnonzero(brain.regions["b"].neuron_alive), 2, replace=False)
            )
        brain.growth.kinship = bool(k % 5)
        brain.growth.grow()
        check(brain.network.tables)
    assert brain.regions["a"].n_alive_neurons > 10
    assert NeuronType.INHIBITORY in brain.regions["a"].neuron_type
