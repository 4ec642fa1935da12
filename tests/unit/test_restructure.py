"""Removing and adding synapses in one pass gives what laying everything out anew gives."""

from __future__ import annotations

import numpy as np
import pytest

from engram import Brain, NeuronType, Neurotransmitter, RegionType, ShortTermPlasticity, Uniform
from engram.state import layout
from engram.state.invariants import check


def build(seed, *, stp, delays, rule):
    brain = Brain(seed=seed)
    brain.add_region("a", RegionType.SENSORY, 15, 0.3, rule=rule, max_neurons=20)
    brain.add_region("b", RegionType.ASSOCIATION, 25, 0.2, max_neurons=30)
    brain.connect_regions(
        "a", "b", 0.4, rule=rule, delays=delays, stp=ShortTermPlasticity() if stp else None
    )
    brain.run(50, lambda b, _: b.stimulate("a", [1.0]))
    return brain


def fresh(brain, p, rng, n):
    """New synapses, twins of others and of each other among them."""
    first_pre, _, first_post, _ = layout.bounds(brain.network.tables, p)
    source, target = (brain.regions[brain.projections[p].source].n_neurons, 0)
    target = brain.regions[brain.projections[p].target].n_neurons
    pre = rng.integers(0, source, n).astype(np.int32) + np.int32(first_pre)
    post = rng.integers(0, target, n).astype(np.int32) + np.int32(first_post)
    if n > 2:
        pre[1], post[1] = pre[0], post[0]
    kinds = rng.integers(0, 3, n).astype(np.uint8)
    return {
        "pre": pre,
        "post": post,
        "delay": rng.integers(1, 9, n).astype(np.uint16),
        "weight": (layout.signs(kinds) * rng.random(n)).astype(np.float32),
        "nt": kinds,
        "birth": np.full(n, brain.step_count, np.int32),
    }


@pytest.mark.parametrize("rule", ["reward_stdp", "stdp", None])
@pytest.mark.parametrize("stp", [False, True])
@pytest.mark.parametrize("delays", [3.0, Uniform(2.0, 12.0)])
def test_amending_is_laying_out_anew(rule, stp, delays):
    for seed in range(5):
        rng = np.random.default_rng(seed)
        brain = build(seed, stp=stp, delays=delays, rule=rule)
        p = int(rng.integers(3))
        block = brain.network.tables.blocks[p]
        n = len(block["post"])
        share = [0.0, 0.02, 0.5, 0.97, 1.0][seed]
        gone = np.flatnonzero(rng.random(n) < share).astype(np.int32)
        new = fresh(brain, p, rng, [5, 0, 60, 3, 1][seed])
        twin = brain.network.tables.copy()
        keep = np.ones(n, bool)
        keep[gone] = False
        old = layout.selected(layout.read_out(twin, p), keep)
        columns = {
            c for c in ("eligibility", "resource", "facilitation", "synapse_gain") if len(block[c])
        }
        traces = brain.projections[p].record.n_traces
        layout.lay_out(twin, p, layout.joined(old, new), columns=columns, traces=traces)
        layout.amend(brain.network.tables, p, gone, new, traces=traces)
        for name, column in twin.blocks[p].items():
            np.testing.assert_array_equal(
                brain.network.tables.blocks[p][name], column, err_msg=name
            )
        for name in ("delay_min", "delay_count", "regular", "common_sign", "youngest"):
            assert brain.network.tables[name][p] == twin[name][p], name


def test_a_projection_can_lose_all_its_synapses_and_get_new_ones():
    brain = build(1, stp=True, delays=4.0, rule="stdp")
    forward = brain.get_projection("a", "b")
    assert forward.remove_synapses(np.arange(forward.n_synapses)) > 0
    assert forward.n_synapses == 0
    check(brain.network.tables)
    brain.run(5)
    forward.add_synapses([0, 1], [2, 3], 1.0, 30.0)
    forward.add_synapses([0], [2], 1.0, 2.0, Neurotransmitter.SEROTONIN)
    check(brain.network.tables)
    assert sorted(forward.delay) == [2.0, 30.0, 30.0]
    assert forward.remove_synapses(forward.delay == 30.0) == 2
    assert brain.network.tables["delay_count"][forward.record.index] == 1
    check(brain.network.tables)


def test_gains_that_differ_get_a_column():
    brain = Brain(seed=1)
    brain.add_region("a", RegionType.SENSORY, 10, 0.3)
    own = brain.get_projection("a", "a")
    assert not len(brain.network.block(own.record)["synapse_gain"])
    own.add_synapses([0], [1], 1.0, 1.0, Neurotransmitter.DOPAMINE)
    gains = brain.network.block(own.record)["synapse_gain"]
    assert sorted(gains[own.nt == Neurotransmitter.DOPAMINE]) == [1.5]
    assert set(gains[own.nt != Neurotransmitter.DOPAMINE]) == {1.0}
    own.add_synapses([0], [2], 1.0, 1.0, Neurotransmitter.DOPAMINE)
    assert (brain.network.block(own.record)["synapse_gain"] == 1.5).sum() == 2
    check(brain.network.tables)


def test_a_death_takes_the_synapses_of_every_projection():
    brain = build(2, stp=False, delays=4.0, rule="stdp")
    brain.regions["a"].kill_neurons([0, 3])
    brain.regions["b"].kill_neurons([7])
    for p in brain.projections:
        if p.source == "a":
            assert not set(p.pre) & {0, 3}
        if p.target == "b":
            assert 7 not in p.post
    check(brain.network.tables)
    assert brain.regions["a"].add_neuron(NeuronType.INHIBITORY) == 0
    check(brain.network.tables)
