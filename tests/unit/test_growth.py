"""Growth: births, deaths, new synapses and pruning; what makes them happen, and what stops them."""

from __future__ import annotations

import numpy as np
import pytest

from engram import (
    STDP,
    Brain,
    CurrentLIF,
    NeuronType,
    Neurotransmitter,
    RegionType,
    Relay,
    load_brain,
    save_brain,
)
from engram.state.invariants import check
from engram.state.schema import NEURON_FIELDS

S, A = RegionType.SENSORY, RegionType.ASSOCIATION
FREE = {
    "most_growth": 1e9,
    "neurogenesis_ceiling": 1e9,
    "survival": 0.0,
    "apoptosis_rate": 0.0,
    "apoptosis_floor": 0.0,
    "max_rate": 50.0,
    "neurogenesis_window": 1e-3,
    "most_synapses": 1e9,
    "least_synapses": 0.0,
}
"""No limits: one part of growth at a time."""
OFF = {**FREE, **dict.fromkeys(("neurogenesis", "synaptogenesis", "pruning", "apoptosis"), False)}


def alone(seed=3):
    """Nothing but growth changes a brain."""
    brain = Brain(seed=seed)
    brain.freeze_homeostatic_scaling()
    brain.freeze_plasticity()
    brain.disable_memory()
    brain.metaplasticity.enabled = False
    return brain


def growing(**parameters):
    """Growth every 50 ms, of the kinds asked for only."""
    brain = alone()
    brain.add_region("a", S, 20, 0.2, max_neurons=24)
    brain.add_region("b", A, 30, 0.2, max_neurons=40)
    brain.connect_regions("a", "b", 0.3, delays=4.0)
    brain.connect_regions(
        "b", "a", 0.2, nt=Neurotransmitter.GABA, source_type=NeuronType.INHIBITORY
    )
    for name, value in {"growth_interval": 50.0, **OFF, **parameters}.items():
        setattr(brain.growth, name, value)
    return brain


def excite(brain, _):
    brain.inject_current("a", np.arange(20), 18.0)


def sizes(brain):
    return (
        [r.n_alive_neurons for r in brain.regions.values()],
        [p.n_synapses for p in brain.projections],
    )


def pairs(p):
    return set(zip(p.pre.tolist(), p.post.tolist(), strict=True))


def test_growth_with_all_its_parts_off_changes_nothing():
    brain = growing()
    before = sizes(brain), [p.weight.tobytes() for p in brain.projections]
    brain.run(200, excite)
    assert (sizes(brain), [p.weight.tobytes() for p in brain.projections]) == before
    assert len(brain.growth.history) == 4
    assert {(c.neurons_born, c.synapses_pruned) for c in brain.growth.history} == {(0, 0)}
    # No spikes are kept for nothing.
    assert brain.network.tables.sizes["H"] < 20


# -- neurogenesis


def test_neurons_are_born_where_activity_is_high_and_wired_in_all_pathways():
    brain = growing(neurogenesis=True, neurogenesis_rate=5.0)
    (a, b), _ = sizes(brain)
    brain.run(500, excite)
    check(brain.network.tables)
    assert brain.regions["a"].n_alive_neurons == 24
    assert brain.regions["b"].n_alive_neurons >= b
    born = sum(c.neurons_born for c in brain.growth.history)
    assert born == sum(sizes(brain)[0]) - a - b
    forward, inhibition = brain.get_projection("a", "b"), brain.get_projection("b", "a")
    own = brain.get_projection("a", "a")
    types = brain.regions["a"].neuron_type
    for slot in range(20, 24):
        usual = forward.n_synapses / len(np.unique(forward.pre))
        wanted = usual if types[slot] == NeuronType.EXCITATORY else 0
        assert abs((forward.pre == slot).sum() - wanted) <= 0.4 * usual
        assert (own.pre == slot).sum() > 0
        assert (own.post == slot).sum() > 0
    assert np.isin(inhibition.post, range(20, 24)).sum() > 1
    # Each pathway keeps its transmitter, its delays, and who sends.
    assert set(forward.nt) == {Neurotransmitter.GLUTAMATE}
    assert set(forward.delay) == {4.0}
    assert set(inhibition.nt) == {Neurotransmitter.GABA}
    assert set(brain.regions["b"].neuron_type[inhibition.pre]) == {NeuronType.INHIBITORY}
    signs = np.where(types[own.pre] == NeuronType.INHIBITORY, -1, 1)
    assert (np.sign(own.weight) == signs).all()


def test_newborns_are_wired_as_densely_as_their_neighbours():
    brain = alone()
    brain.add_region("a", S, 200, 0.2, max_neurons=300)
    brain.add_region("b", A, 100, 0.0)
    brain.connect_regions("a", "b", 0.03)
    brain.connect_regions("b", "a", wiring="all_to_all")
    before = (
        {p.label: p.pre for p in brain.projections},
        {p.label: p.post for p in brain.projections},
    )
    for name, value in {**OFF, "neurogenesis": True}.items():
        setattr(brain.growth, name, value)
    brain.growth.neurogenesis_rate, brain.growth.births_per_cycle = 0.0, 100
    brain.growth.grow()
    new = brain.regions["a"]
    kinds = new.neuron_type
    assert (kinds == NeuronType.EXCITATORY).sum() == 240
    excitatory = np.flatnonzero(kinds == NeuronType.EXCITATORY)
    for label, at in (("proj:a->b", 0), ("region:a", 0), ("region:a", 1), ("proj:b->a", 1)):
        side, old = ("pre", "post")[at], before[at][label]
        p = next(p for p in brain.projections if p.label == label)
        degree = np.bincount(getattr(p, side), minlength=300)[excitatory]
        mean = np.bincount(old, minlength=200)[excitatory[:160]].mean()
        grown = degree[160:]
        # The expected degree, up to the whole number next to it.
        assert abs(grown.mean() - mean) < 0.15 * mean
        assert set(grown) <= {int(mean), int(mean) + 1}
        assert len(pairs(p)) == p.n_synapses
    check(brain.network.tables)


def test_regions_keep_their_share_of_inhibition():
    brain = growing(neurogenesis=True, neurogenesis_rate=0.0, births_per_cycle=3)
    brain.run(500)
    for region in brain.regions.values():
        assert region.n_alive_neurons == region.max_neurons
        inhibitory = (region.neuron_type == NeuronType.INHIBITORY).sum()
        assert inhibitory == round(0.2 * region.n_alive_neurons)
    spread = brain.regions["b"].a[(brain.regions["b"].neuron_type == 0) & (np.arange(40) >= 30)]
    assert 0 < np.ptp(spread) <= 0.1 * 0.02


def test_quiet_regions_do_not_grow():
    brain = growing(neurogenesis=True, neurogenesis_rate=5.0)
    before = sizes(brain)
    brain.run(300)
    assert sizes(brain) == before


def test_saturated_weights_do_not_stop_births():
    brain = growing(neurogenesis=True, neurogenesis_rate=1.0)
    for p in brain.projections:
        p.w_max = 0.3 if p.source == p.target else 6.3
        p.weight = np.where(p.weight < 0, -p.w_max, p.w_max)
    brain.run(200, excite)
    assert sum(c.neurons_born for c in brain.growth.history) > 0
    check(brain.network.tables)


def newborn_of(model, **parameters):
    """A region of one neuron that got a second one, and the latter's index."""
    brain = alone()
    region = brain.add_region("r", S, 1, 0.0, model=model, excitatory=1.0, noise=0.0)
    for name, value in {
        **OFF,
        "neurogenesis": True,
        "neurogenesis_rate": 0.0,
        **parameters,
    }.items():
        setattr(brain.growth, name, value)
    brain.growth.grow()
    brain.growth.neurogenesis = False
    assert region.n_alive_neurons == 2
    return brain, region


def test_a_newborn_is_excitable_and_grows_out_of_it():
    brain, region = newborn_of(CurrentLIF(v_th=1000.0), critical_period=80.0, young_current=1.5)
    twin = brain.copy()
    brain.growth.critical_period = twin.growth.critical_period = 80.0
    twin.growth.young_current = 0.0
    v = []
    for k in range(300):
        twin.inject_current("r", [1], 4.0 * 1.5 * np.exp(-k / 80.0))
        brain.step()
        twin.step()
        v.append(region.v[1])
        assert region.v[1] == pytest.approx(twin.regions["r"].v[1], abs=1e-4)
    assert region.v[0] == -65.0
    assert max(v) > -63.0
    assert brain.network.tables["youth"][brain.network.first(region.record) + 1] == pytest.approx(
        np.exp(-300 / 80), rel=1e-4
    )
    brain.run(1000)
    assert brain.network.tables["youth"][brain.network.first(region.record) + 1] == 0.0


def test_given_spike_trains_are_not_excitable():
    brain, region = newborn_of(Relay, young_current=5.0)
    brain.run(50)
    assert not region.total_spikes.any()


@pytest.mark.parametrize("gain", [0.0, 3.0])
def test_a_newborn_is_more_plastic_and_grows_out_of_it(gain):
    brain = alone()
    brain.unfreeze_plasticity()
    brain.add_region("in", S, 1, 0.0, model=Relay, excitatory=1.0, rule=None)
    region = brain.add_region("out", S, 1, 0.0, model=Relay, excitatory=1.0, rule=None)
    brain.connect_regions(
        "in",
        "out",
        wiring="all_to_all",
        weights=0.1,
        w_max=1.0,
        delays=1.0,
        rule=STDP(A_plus=0.01, A_minus=0.0),
    )
    for name, value in {
        **OFF,
        "neurogenesis": True,
        "neurogenesis_rate": 0.0,
        "young_plasticity": gain,
        "critical_period": 150.0,
    }.items():
        setattr(brain.growth, name, value)
    brain.growth.grow()
    brain.growth.neurogenesis = False
    p = brain.get_projection("in", "out")
    # The input grew as well; only its first neuron is used.
    p.remove_synapses(p.pre != 0)
    assert sorted(p.post) == [0, 1]
    p.weight = [0.1, 0.1]
    for age in (0, 100, 300):
        brain.run(age - brain.step_count)
        before = p.weight
        brain.inject_current("in", [0], 2.0)
        brain.step()
        brain.step()
        brain.inject_current("out", [0, 1], 2.0)
        brain.step()
        adult, young = (p.weight - before)[np.argsort(p.post)]
        assert adult > 1e-3
        youth = np.exp(-(age + 3) / 150.0)
        assert young / adult == pytest.approx(1.0 + gain * youth, rel=2e-3)
        brain.run(40)
    assert region.total_spikes.tolist() == [3, 3]


# -- synaptogenesis


def trains(brain, steps, rng, shared, rate=0.02):
    """Relays 0 to 19 of both regions fire at equal rates, together if `shared`."""
    first = rng.random((steps, 20)) < rate
    second = first if shared else rng.random((steps, 20)) < rate
    # Up to 2 ms apart.
    jitter = np.stack([np.roll(second[:, k], int(k % 3)) for k in range(20)], axis=1)
    start = brain.step_count

    def drive(b, _):
        for name, fired in (("a", first), ("b", jitter)):
            b.inject_current(name, np.flatnonzero(fired[b.step_count - start]), 2.0)

    brain.run(steps, drive)


def joinable(seed=3, inner=False, **parameters):
    brain = alone(seed)
    for name in ("a", "b"):
        own = 0.05 if inner else 0.0
        brain.add_region(name, S, 20, own, model=Relay, excitatory=1.0, weights=1e-3)
    if not inner:
        brain.connect_regions("a", "b", 0.05, weights=1e-3)
    for name, value in {**OFF, "synaptogenesis": True, **parameters}.items():
        setattr(brain.growth, name, value)
    return brain


@pytest.mark.parametrize("seed", range(4))
def test_correlated_neurons_are_joined_others_of_the_same_rate_are_not(seed):
    rng = np.random.default_rng(seed)
    brain = joinable(seed)
    forward = brain.get_projection("a", "b")
    before = pairs(forward)
    trains(brain, 6000, rng, shared=True)
    new = pairs(forward) - before
    assert new == {(k, k) for k in range(20)} - before
    assert sum(c.synapses_born for c in brain.growth.history) == len(new)
    check(brain.network.tables)
    brain = joinable(seed)
    forward = brain.get_projection("a", "b")
    trains(brain, 6000, rng, shared=False)
    assert pairs(forward) == before
    # It is the correlation that keeps them apart.
    brain = joinable(seed, min_correlation=0.0)
    trains(brain, 6000, rng, shared=False)
    assert len(pairs(brain.get_projection("a", "b"))) > len(before) + 50


def test_correlated_neurons_are_joined_inside_a_region():
    rng = np.random.default_rng(5)
    brain = joinable(inner=True)
    own = brain.get_projection("a", "a")
    before = pairs(own)
    fired = rng.random((6000, 10)) < 0.02

    def drive(b, _):
        now = np.flatnonzero(fired[b.step_count])
        b.inject_current("a", np.concatenate([now, now + 10]), 2.0)

    brain.run(6000, drive)
    new = pairs(own) - before
    partners = {(k, k + 10) for k in range(10)} | {(k + 10, k) for k in range(10)}
    assert new == partners - before


def test_correlation_is_that_of_smoothed_trains():
    from engram.kernels.calls import kernel

    rng = np.random.default_rng(1)
    width, span = 7, 4000
    for _ in range(10):
        a = np.sort(rng.choice(span, 80, replace=False))
        b = np.unique(np.concatenate([rng.choice(a, 30) + rng.integers(-4, 5), [17, 300]]))
        box = np.ones(width)
        smooth = [
            np.convolve(np.isin(np.arange(-20, span + 20), t).astype(float), box) for t in (a, b)
        ]
        own = [
            kernel("growth.coincidences")(t[::-1], len(t), t[::-1], len(t), width) for t in (a, b)
        ]
        got = kernel("growth.correlation")(
            a[::-1], len(a), b[::-1], len(b), own[0], own[1], width, span
        )
        assert got == pytest.approx(np.corrcoef(smooth)[0, 1], abs=0.01)


def test_new_synapses_are_like_the_others_and_weak():
    brain = growing(
        synaptogenesis=True, new_weight=0.3, min_spikes=2, min_correlation=0.2, max_rate=1e3
    )
    before = {p.label: pairs(p) for p in brain.projections}
    silent = [0, 1]

    def drive(b, i):
        # Together, so that they are correlated.
        if i % 40 < 20:
            b.inject_current("a", range(2, 20), 18.0)
        b.inject_current("a", silent, -1000.0)

    brain.run(600, drive)
    check(brain.network.tables)
    forward = brain.get_projection("a", "b")
    new = pairs(forward) - before[forward.label]
    assert len(new) > 20
    # No twin, no autapse, nobody who was silent, and from excitatory neurons.
    assert forward.n_synapses == len(pairs(forward))
    assert not {pre for pre, _ in new} & {0, 1, 16, 17, 18, 19}
    own = brain.get_projection("a", "a")
    assert not any(i == j for i, j in pairs(own))
    young = np.array([pair in new for pair in zip(forward.pre, forward.post, strict=True)])
    np.testing.assert_allclose(forward.weight[young], 0.3 * forward.w_max, rtol=1e-6)
    assert set(forward.delay) == {4.0}
    grown = sum(c.synapses_born for c in brain.growth.history)
    assert grown == sum(len(pairs(p)) - len(before[p.label]) for p in brain.projections)
    inhibition = brain.get_projection("b", "a")
    assert inhibition.n_synapses == len(before[inhibition.label])


def test_new_synapses_keep_to_the_bounds():
    brain = growing(
        synaptogenesis=True, new_weight=0.01, min_spikes=1, min_correlation=0.0, max_rate=1e3
    )
    forward = brain.get_projection("a", "b")
    forward.w_min = 0.5 * forward.w_max
    count = forward.n_synapses
    brain.run(300, excite)
    assert forward.n_synapses > count
    assert forward.weight.min() >= forward.w_min
    check(brain.network.tables)


def test_the_fast_take_no_new_synapses():
    rng = np.random.default_rng(1)
    brain = joinable(max_rate=10.0)
    before = sizes(brain)
    trains(brain, 4000, rng, shared=True)
    assert sizes(brain) == before


# -- pruning


def test_weak_old_synapses_are_pruned_the_weakest_first():
    brain = growing(pruning=True, pruned_per_cycle=5, pruning_weight=0.5, pruning_age=120.0)
    forward = brain.get_projection("a", "b")
    n = forward.n_synapses
    weak = np.arange(n) % 3 == 0
    level = np.where(weak, 0.4, 0.6) - 1e-4 * np.arange(n) * weak
    forward.weight = level * forward.w_max
    brain.get_projection("a", "a").frozen = True
    own = brain.get_projection("a", "a").n_synapses
    brain.run(149)
    brain.growth.pruning_unused = 0.0
    brain.run(2)
    assert forward.n_synapses == n - 5
    left = np.sort(level[weak])[5:] * forward.w_max
    kept = np.sort(forward.weight[forward.weight < 0.5 * forward.w_max])
    np.testing.assert_allclose(kept, left, rtol=1e-5)
    assert brain.growth.history[-1].synapses_pruned >= 5
    brain.run(5000)
    assert forward.n_synapses == n - weak.sum()
    assert forward.weight.min() > 0.5 * forward.w_max
    assert brain.get_projection("a", "a").n_synapses == own
    check(brain.network.tables)


def test_what_is_used_is_not_pruned():
    brain = alone()
    for name in ("a", "b"):
        brain.add_region(name, S, 10, 0.0, model=Relay, excitatory=1.0)
    brain.connect_regions("a", "b", wiring="all_to_all", weights=0.1, w_max=10.0, delays=1.0)
    for name, value in {
        **OFF,
        "pruning": True,
        "pruning_age": 100.0,
        "pruning_unused": 60.0,
        "growth_interval": 50.0,
    }.items():
        setattr(brain.growth, name, value)
    forward = brain.get_projection("a", "b")
    # As long as nobody fires, that says nothing of a synapse.
    brain.run(1000)
    assert forward.n_synapses == 100

    def drive(b, i):
        if i % 50 == 0:
            b.inject_current("a", range(4), 2.0)
            b.inject_current("b", range(3, 9), 2.0)

    brain.run(600, drive)
    assert pairs(forward) == {(i, j) for i in range(4) for j in range(3, 9)}
    # Weak and old as they are, they go once there are no more spikes.
    brain.run(500)
    assert forward.n_synapses == 0
    check(brain.network.tables)


# -- apoptosis


def test_the_silent_die_with_all_their_synapses_the_longest_silent_first():
    brain = growing(apoptosis=True, deaths_per_cycle=3, apoptosis_age=120.0)
    for region in brain.regions.values():
        region.noise = 0.0

    def drive(b, i):
        if i % 40 == 0:
            b.inject_current("a", range(5, 20), 300.0)
            b.inject_current("b", range(30), 300.0)
        if b.step_count == 20:
            b.inject_current("a", [0, 1], 300.0)
        elif b.step_count > 25:
            b.inject_current("a", range(5), -200.0)
        else:
            b.inject_current("a", range(2, 5), -200.0)

    total = sum(sizes(brain)[1])
    brain.run(140, drive)
    assert brain.regions["a"].n_alive_neurons == 20
    brain.run(12, drive)
    region = brain.regions["a"]
    assert np.flatnonzero(~region.neuron_alive).tolist() == [2, 3, 4]
    brain.run(188, drive)
    check(brain.network.tables)
    assert np.flatnonzero(~region.neuron_alive).tolist() == [0, 1, 2, 3, 4]
    assert brain.regions["b"].n_alive_neurons == 30
    assert sum(c.neurons_died for c in brain.growth.history) == 5
    assert sum(c.synapses_lost for c in brain.growth.history) == total - sum(sizes(brain)[1])
    for p in brain.projections:
        for side, name in ((p.pre, p.source), (p.post, p.target)):
            assert name != "a" or side.min() >= 5


def test_a_slot_passes_on_nothing_of_the_dead():
    brain = growing(neurogenesis=True, neurogenesis_rate=0.0)
    brain.homeostasis.theta_plus = 0.1
    brain.run(40, excite)
    region = brain.regions["a"]
    region.kill_neurons([4])
    brain.growth.births_per_cycle = 2
    brain.growth.grow()
    assert region.n_neurons == 21
    reused, fresh = brain.network.first(region.record) + 4, brain.network.first(region.record) + 20
    random = {"q", "v", "x"}
    for field in NEURON_FIELDS:
        if field.name not in random:
            values = brain.network.tables[field.name]
            assert (values[..., reused] == values[..., fresh]).all(), field.name
    for p in brain.projections:
        if p.source == "a":
            assert not brain.network.block(p.record)["pre_trace"][..., 4].any()
        if p.target == "a":
            assert not brain.network.block(p.record)["post_trace"][:, 4].any()
        assert (p.age[(p.pre == 4) & (p.source == "a")] == 0).all()


@pytest.mark.parametrize("reborn", [False, True])
def test_births_deliver_no_spike_from_before_their_birth(reborn):
    brain = alone()
    brain.add_region("a", S, 4, 0.0, model=Relay, excitatory=1.0, max_neurons=4)
    target = brain.add_region("b", S, 2, 0.0, model=CurrentLIF, excitatory=1.0, noise=0.0)
    p = brain.connect_regions("a", "b", wiring="all_to_all", weights=5.0, delays=20.0)
    p.remove_synapses(p.post == 1)
    for name, value in {**OFF, "neurogenesis_rate": 0.0}.items():
        setattr(brain.growth, name, value)
    brain.run(1)
    brain.inject_current("a", range(4), 2.0)
    brain.run(10)
    if reborn:
        # The slot's former owner fired: its spike is under way.
        brain.regions["a"].kill_neurons([0])
        brain.growth.neurogenesis = True
        brain.growth.young_current = 0.0
        target_count = target.n_neurons
        brain.regions["b"].record.max_neurons = target_count
        brain.growth.grow()
        brain.growth.neurogenesis = False
        assert (p.pre == 0).any()
        p.remove_synapses(p.pre != 0)
    else:
        p.remove_synapses(p.pre >= 0)
        p.add_synapses([0, 1], [0, 1], 5.0, 20.0)
    brain.run(30)
    assert (target.v == -65.0).all()
    # A spike from after the birth does arrive.
    brain.inject_current("a", [0], 2.0)
    brain.run(25)
    assert target.v.max() > -65.0


# -- the whole


def test_the_budget_of_synapses_holds():
    brain = growing(
        synaptogenesis=True,
        synapses_per_cycle=50,
        min_correlation=0.0,
        min_spikes=1,
        neurogenesis=True,
        neurogenesis_rate=1.0,
        max_rate=1e3,
    )
    total = sum(sizes(brain)[1])
    brain.growth.max_synapses = total + 7
    for _ in range(8):
        brain.run(50, excite)
        assert sum(sizes(brain)[1]) <= total + 7
    assert sum(sizes(brain)[1]) == total + 7
    assert sum(c.neurons_born for c in brain.growth.history) < 4


EVERYTHING = {
    "neurogenesis": True,
    "neurogenesis_rate": 0.0,
    "synaptogenesis": True,
    "min_spikes": 1,
    "min_correlation": 0.0,
    "max_rate": 1e3,
    "pruning": True,
    "pruning_age": 0.0,
    "pruning_unused": 0.0,
    "pruning_weight": 0.5,
    "pruned_per_cycle": 9,
    "apoptosis": True,
    "apoptosis_age": 90.0,
}


def test_each_part_has_a_switch():
    what = {
        "neurogenesis": "neurons_born",
        "synaptogenesis": "synapses_born",
        "pruning": "synapses_pruned",
        "apoptosis": "neurons_died",
    }
    for switch in what:
        brain = growing(**{**EVERYTHING, **OFF, switch: True})
        brain.run(300, excite)
        totals = {k: sum(getattr(c, v) for c in brain.growth.history) for k, v in what.items()}
        assert totals.pop(switch) > 0
        if switch == "neurogenesis":
            assert totals.pop("synaptogenesis") > 0
        assert not any(totals.values())


def test_growth_can_be_switched_off():
    brain = growing(**EVERYTHING)
    twin = brain.copy()
    brain.freeze_structural_plasticity()
    before = sizes(brain), [pairs(p) for p in brain.projections]
    brain.run(200, excite)
    assert (sizes(brain), [pairs(p) for p in brain.projections]) == before
    assert not brain.growth.history
    twin.run(200, excite)
    assert sizes(twin)[0] != before[0][0]
    assert sizes(twin)[1] != before[0][1]
    static = growing(**{**EVERYTHING, "neurogenesis": False, "apoptosis": False})
    for p in static.projections:
        p.rule = None
    count = sizes(static)
    static.run(200, excite)
    assert sizes(static) == count


def test_history_says_when_and_what():
    brain = growing(neurogenesis=True, births_per_cycle=2, neurogenesis_rate=0.0)
    brain.run(100, excite)
    first, second = brain.growth.history
    assert (first.step, second.step) == (50, 100)
    assert (first.neurons_born, first.neurons_died) == (4, 0)
    assert first.synapses_born > 0
    assert brain.stats().neurons_born == first.neurons_born + second.neurons_born


def test_totals_outlive_the_cycles_that_are_kept(tmp_path):
    brain = growing(**EVERYTHING)
    brain.run(300, excite)
    totals = brain.growth.totals
    assert totals == {n: sum(getattr(c, n) for c in brain.growth.history) for n in totals}
    assert sum(totals.values()) > 0
    before = brain.fingerprint(), brain.stats()
    brain.growth.history.clear()
    loaded = load_brain(save_brain(brain, tmp_path / "x"))
    for b in (brain, loaded, brain.copy()):
        assert b.growth.totals == totals
        assert (b.fingerprint(), b.stats()) == before
    brain.run(50, excite)
    assert brain.growth.totals == {
        n: totals[n] + getattr(brain.growth.history[-1], n) for n in totals
    }


def test_the_cycles_account_for_every_neuron_and_synapse():
    brain = growing(**EVERYTHING)
    neurons, synapses = (sum(n) for n in sizes(brain))
    for _ in range(12):
        brain.run(50, excite)
        check(brain.network.tables)
        c = brain.growth.history[-1]
        neurons += c.neurons_born - c.neurons_died
        synapses += c.synapses_born - c.synapses_pruned - c.synapses_lost
        assert (neurons, synapses) == tuple(sum(n) for n in sizes(brain))


def test_growth_goes_on_as_it_would_have_after_a_save(tmp_path):
    brain = growing(**EVERYTHING, critical_period=100.0)
    brain.unfreeze_plasticity()
    brain.run(333, excite)
    assert brain.network.tables["youth"].any()
    loaded = load_brain(save_brain(brain, tmp_path / "x"))
    for b in (brain, loaded):
        b.run(333, excite)
    assert loaded.fingerprint() == brain.fingerprint()
    assert brain.growth.history == loaded.growth.history


def test_growth_does_not_depend_on_how_a_run_is_cut():
    whole, parts = growing(**EVERYTHING), growing(**EVERYTHING)
    for b in (whole, parts):
        b.unfreeze_plasticity()
        b.hold("a", [0.9])
    whole.run(400)
    for n in (1, 49, 50, 3, 147, 149, 1):
        parts.run(n)
    assert parts.fingerprint() == whole.fingerprint()
