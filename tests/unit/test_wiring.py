"""Who is connected with whom, how strongly, how late; and that the tables agree about it."""

from __future__ import annotations

import numpy as np
import pytest

from engram import (
    STDP,
    Brain,
    InvalidValueError,
    LogNormal,
    NeuronType,
    Neurotransmitter,
    Normal,
    RegionType,
    Relay,
    Uniform,
)
from engram.state.invariants import check

S = RegionType.SENSORY


def pathway(n=100, m=80, dt=1.0, seed=1, relay=False, **options):
    brain = Brain(dt=dt, seed=seed)
    model = Relay if relay else None
    for name, size in (("a", n), ("b", m)):
        brain.add_region(name, S, size, 0.0, excitatory=1.0, model=model, max_neurons=size)
    p = brain.connect_regions("a", "b", **options)
    check(brain.network.tables)
    return brain, p


def own(n=60, connectivity=0.1, seed=2, **options):
    brain = Brain(seed=seed)
    brain.add_region("r", S, n, connectivity, **options)
    check(brain.network.tables)
    return brain, brain.get_projection("r", "r")


def pairs(p):
    return list(zip(p.pre.tolist(), p.post.tolist(), strict=True))


@pytest.mark.parametrize("density", [0.01, 0.1, 0.5, 0.9])
def test_random_wiring_is_binomial_on_both_sides(density):
    n, m = 400, 300
    _, p = pathway(n, m, density=density, seed=11)
    assert len(set(pairs(p))) == p.n_synapses
    variance = density * (1 - density)
    assert abs(p.n_synapses - density * n * m) < 4 * np.sqrt(variance * n * m)
    for side, trials, count in ((p.pre, m, n), (p.post, n, m)):
        degree = np.bincount(side, minlength=count)
        expected = variance * trials
        # The variance of a sample variance of `count` nearly normal numbers.
        assert abs(degree.var() - expected) < 5 * expected * np.sqrt(2 / count)


def test_random_wiring_differs_between_projections_and_seeds():
    brain, p = pathway(density=0.3, bidirectional=True, m=100)
    assert pairs(p) != pairs(brain.get_projection("b", "a"))
    assert pairs(p) != pairs(pathway(density=0.3, m=100, seed=2)[1])
    assert pairs(p) == pairs(pathway(density=0.3, m=100, seed=1)[1])


@pytest.mark.parametrize(("density", "count"), [(0.0, 0), (1.0, 100 * 80)])
def test_random_wiring_at_the_ends(density, count):
    assert pathway(density=density)[1].n_synapses == count


@pytest.mark.parametrize("degree", [0, 1, 7, 99, 100])
def test_fixed_in_degree_is_exact_and_without_twins(degree):
    _, p = pathway(wiring="in_degree", in_degree=degree)
    assert (np.bincount(p.post, minlength=80) == degree).all()
    assert len(set(pairs(p))) == p.n_synapses == 80 * degree


def test_fixed_in_degree_chooses_sources_evenly():
    _, p = pathway(50, 2000, wiring="in_degree", in_degree=10)
    expected = 2000 * 10 / 50
    counts = np.bincount(p.pre, minlength=50)
    chi2 = ((counts - expected) ** 2 / (expected * (1 - 10 / 50))).sum() * 49 / 50
    assert 23 < chi2 < 86  # 0.1 % on either side, 49 degrees of freedom


def test_all_to_all_and_one_to_one():
    _, p = pathway(7, 5, wiring="all_to_all")
    assert sorted(pairs(p)) == [(i, j) for i in range(7) for j in range(5)]
    _, p = pathway(6, 6, wiring="one_to_one")
    assert sorted(pairs(p)) == [(i, i) for i in range(6)]


@pytest.mark.parametrize(
    "options",
    [{"connectivity": 0.5}, {"wiring": "in_degree", "in_degree": 11}, {"wiring": "all_to_all"}],
)
@pytest.mark.parametrize("autapses", [False, True])
def test_autapses_only_if_asked_for(options, autapses):
    options = {"excitatory": 0.5, "n": 24, **options}
    _, p = own(autapses=autapses, **options)
    assert bool((p.pre == p.post).any()) == autapses
    assert len(set(pairs(p))) == p.n_synapses
    if options.get("wiring") == "in_degree":
        assert (np.bincount(p.post, minlength=24) == 11).all()
    if options.get("wiring") == "all_to_all":
        assert p.n_synapses == 24 * 24 - (not autapses) * 24


@pytest.mark.parametrize(
    ("ms", "dt", "expected"),
    [
        (0.0, 1.0, 1.0),
        (0.4, 1.0, 1.0),
        (1.4, 1.0, 1.0),
        (1.6, 1.0, 2.0),
        (50.0, 0.1, 50.0),
        (120.0, 0.1, 120.0),
        (0.12, 0.1, 0.1),
        (0.37, 0.25, 0.25),
        (0.38, 0.25, 0.5),
        (6553.5, 0.1, 6553.5),
    ],
)
def test_delays_are_whole_steps_and_at_least_one(ms, dt, expected):
    _, p = pathway(3, 3, dt=dt, density=1.0, delays=ms)
    np.testing.assert_allclose(p.delay, expected, rtol=1e-6)


@pytest.mark.parametrize(
    ("dt", "delays"), [(0.1, [0.1, 0.5, 50.0, 75.3]), (1.0, [1.0, 2.0, 19.0, 60.0])]
)
def test_spikes_arrive_after_their_delay(dt, delays):
    n = len(delays)
    brain, p = pathway(
        n, n, dt=dt, relay=True, wiring="one_to_one", weights=1.0, delays=delays, rule=None
    )
    assert sorted(p.delay.round(6).tolist()) == delays
    brain.inject_current("a", range(n), 1.0)
    arrived = np.full(n, -1)
    for step in range(round(max(delays) / dt) + 2):
        brain.step()
        now = (brain.regions["b"].state("exc") > 0) & (arrived < 0)
        arrived[now] = step
    np.testing.assert_allclose(arrived * dt, delays, atol=1e-6)


@pytest.mark.parametrize(
    ("distribution", "mean", "std", "low", "high"),
    [
        (Uniform(2.0, 5.0), 3.5, 3 / np.sqrt(12), 2.0, 5.0),
        (Normal(10.0, 2.0), 10.0, 2.0, 0.0, 20.0),
        (LogNormal(3.0, 1.5), 3.0, 1.5, 0.0, 60.0),
    ],
)
@pytest.mark.parametrize("what", ["weights", "delays"])
def test_distributions_have_their_mean_and_deviation(distribution, mean, std, low, high, what):
    dt = 0.01 if what == "delays" else 1.0
    _, p = pathway(200, 200, dt=dt, density=1.0, **{what: distribution})
    values = p.weight if what == "weights" else p.delay
    n = len(values)
    assert abs(values.mean() - mean) < 5 * std / np.sqrt(n)
    assert values.std() == pytest.approx(std, rel=0.04)
    assert values.min() >= low
    assert values.max() <= high


@pytest.mark.parametrize("what", ["weights", "delays"])
def test_values_of_the_wrong_sign_become_the_least(what):
    _, p = pathway(60, 60, density=1.0, **{what: Normal(1.0, 1.0)})
    values = p.weight if what == "weights" else p.delay
    least = 0.0 if what == "weights" else 1.0
    share = 0.1587 if what == "weights" else 0.6915  # below 0, below 1.5 steps
    assert values.min() == least
    assert (values == least).mean() == pytest.approx(share, abs=0.03)


def test_inhibitory_weights_are_magnitudes():
    for weights in (2.0, -2.0, Uniform(1.0, 3.0), np.full(4, 2.0)):
        _, p = pathway(2, 2, density=1.0, nt=Neurotransmitter.GABA, weights=weights)
        assert (p.weight < 0).all()
        assert p.weight.mean() == pytest.approx(-2.0, abs=1.0)
        assert p.w_min == 0.0


def test_arrays_of_weights_and_delays_are_in_order_of_pre_then_post():
    weights, delays = np.arange(1.0, 13.0), np.arange(12.0, 0.0, -1.0)
    _, p = pathway(4, 3, wiring="all_to_all", weights=weights, delays=delays)
    by_pair = {(i, j): k for k, (i, j) in enumerate(np.ndindex(4, 3))}
    k = np.array([by_pair[pair] for pair in pairs(p)])
    np.testing.assert_array_equal(p.weight, weights[k])
    np.testing.assert_array_equal(p.delay, delays[k])
    # As documented for random wiring too: its pairs in order of pre, then post.
    _, bare = pathway(20, 15, density=0.3, delays=1.0)
    order = sorted(pairs(bare))
    assert pairs(bare) == order
    _, given = pathway(20, 15, density=0.3, delays=1.0, weights=np.arange(1.0, len(order) + 1))
    np.testing.assert_array_equal(given.weight, np.arange(1.0, len(order) + 1))


def test_in_degree_arrays_are_in_order_of_pre_then_post():
    _, bare = pathway(20, 15, wiring="in_degree", in_degree=4, delays=1.0)
    n = bare.n_synapses
    _, given = pathway(
        20, 15, wiring="in_degree", in_degree=4, delays=1.0, weights=np.arange(1.0, n + 1)
    )
    order = np.lexsort((given.post, given.pre))
    np.testing.assert_array_equal(given.weight[order], np.arange(1.0, n + 1))


def test_bounds_default_to_twice_the_largest_weight_and_hold():
    _, p = pathway(10, 10, density=1.0, weights=Uniform(1.0, 2.0))
    assert p.w_max == pytest.approx(2 * p.weight.max())
    p.w_max, p.w_min = 1.5, 0.5
    assert p.weight.max() == 1.5
    for beyond in (9.0, 0.1, np.linspace(0, 2, 100)):
        with pytest.raises(InvalidValueError, match=r"outside \[w_min, w_max\]"):
            p.weight = beyond
    with pytest.raises(InvalidValueError, match="wrong sign"):
        p.weight = -9.0
    p.weight = np.linspace(0.5, 1.5, 100)
    np.testing.assert_allclose(p.weight, np.linspace(0.5, 1.5, 100))
    _, p = pathway(10, 10, density=1.0, weights=0.3, w_max=0.3, w_min=0.3)
    assert (p.weight == np.float32(0.3)).all()
    _, p = pathway(10, 10, density=1.0, weights=50.0, w_min=5.0)
    assert (p.w_min, p.w_max) == (5.0, 100.0)
    _, p = pathway(10, 10, density=0.0, w_min=5.0)
    assert p.w_min <= p.w_max


def test_a_default_weight_within_bounds_can_always_be_added():
    """In single precision the mean of equal weights may exceed them all."""
    brain, p = pathway(60, 60, density=1.0, weights=0.3, w_max=0.3)
    assert p.add_synapses([0], [0]) == 1
    assert p.weight.max() <= p.w_max
    brain.run(1)


def test_normalize_sets_incoming_sums():
    brain, p = pathway(30, 20, density=0.4, weights=Uniform(0.5, 1.5), w_max=100.0)
    p.remove_synapses(p.post == 3)
    p.normalize(12.0)
    sums = np.zeros(20)
    np.add.at(sums, p.post, p.weight)
    np.testing.assert_allclose(sums, np.where(np.arange(20) == 3, 0.0, 12.0), rtol=1e-5)
    _, p = own(40, 0.5)
    p.w_max = 100.0
    p.normalize(3.0)
    sums = np.zeros(40)
    np.add.at(sums, p.post, np.abs(p.weight))
    np.testing.assert_allclose(sums, 3.0, rtol=1e-5)
    p.w_max = 1e-3
    p.normalize(3.0)
    assert np.abs(p.weight).max() <= np.float32(1e-3)
    check(brain.network.tables)


def test_to_scipy_adds_twins_up():
    _, p = pathway(5, 4, density=0.5, weights=Uniform(1.0, 2.0))
    p.add_synapses([0, 0, 0], [1, 1, 2], [1.0, 2.0, 3.0], [1.0, 2.0, 3.0])
    dense = np.zeros((5, 4))
    np.add.at(dense, (p.pre, p.post), p.weight)
    matrix = p.to_scipy()
    assert matrix.shape == (5, 4)
    np.testing.assert_allclose(matrix.toarray(), dense, rtol=1e-6)


def table(p):
    return sorted(zip(pairs(p), p.delay.tolist(), p.weight.tolist(), p.nt.tolist(), strict=True))


def test_adding_and_removing_synapses():
    brain, p = pathway(6, 6, density=0.5, weights=1.0, w_max=9.0, rule=STDP())
    brain.run(20)
    old = table(p)
    assert p.add_synapses([5, 0], [0, 5], [2.0, 3.0], [7.0, 40.0], Neurotransmitter.GABA) == 2
    check(brain.network.tables)
    new = [((5, 0), 7.0, -2.0, 1), ((0, 5), 40.0, -3.0, 1)]
    assert table(p) == sorted(old + new)
    assert sorted(p.age.tolist())[:2] == [0.0, 0.0]
    assert p.remove_synapses(p.weight < 0) == 2
    check(brain.network.tables)
    assert table(p) == old
    assert p.remove_synapses([0, 0, 1]) == 2
    assert p.n_synapses == len(old) - 2
    assert p.remove_synapses(np.arange(p.n_synapses)) == len(old) - 2
    assert p.n_synapses == 0
    check(brain.network.tables)
    brain.run(5)
    assert p.add_synapses([1], [1]) == 1
    brain.run(5)
    check(brain.network.tables)


def test_a_region_adds_single_synapses_and_lateral_inhibition():
    brain, p = own(10, 0.0, w_max=4.0)
    region = brain.regions["r"]
    assert region.add_one_synapse(0, 1, 0.5, 3.0) == 1
    assert region.add_one_synapse(9, 1, 0.5) == 1
    assert table(p) == [((0, 1), 3.0, 0.5, 0), ((9, 1), 1.0, -0.5, 1)]
    assert region.n_alive_synapses == 2
    p.remove_synapses([0, 1])
    assert region.add_lateral_inhibition(5.0) == 8 * 7
    assert sorted(pairs(p)) == [(i, j) for i in range(8) for j in range(8) if i != j]
    assert (p.weight == -5.0).all()
    assert p.w_max == 5.0
    assert set(p.nt) == {Neurotransmitter.GABA}


def test_new_synapses_do_not_carry_old_spikes():
    brain, p = pathway(1, 1, relay=True, density=0.0, rule=None)
    brain.inject_current("a", [0], 1.0)
    brain.run(2)
    p.add_synapses([0], [0], 1.0, 5.0)
    brain.inject_current("a", [0], 1.0)
    arrivals = []
    for _ in range(12):
        before = brain.regions["b"].state("exc")[0]
        brain.run(1)
        arrivals.append(brain.regions["b"].state("exc")[0] > before)
    assert np.flatnonzero(arrivals).tolist() == [5]


@pytest.mark.parametrize(
    "options",
    [
        {"density": 0.3},
        {"density": 0.3, "delays": Uniform(1.0, 20.0)},
        {"wiring": "all_to_all"},
        {"wiring": "in_degree", "in_degree": 9, "rule": None},
        {"density": 0.3, "nt": Neurotransmitter.GABA, "rule": "stdp"},
    ],
)
def test_rows_and_their_inverse_agree_through_changes(options):
    """The rows give the synapses that the public arrays list, and so does the incoming index."""
    brain, p = pathway(30, 25, **options)
    rng = np.random.default_rng(0)
    for _ in range(5):
        block = brain.network.tables.blocks[p.record.index]
        check(brain.network.tables)
        if p.rule is not None:
            first = brain.network.first(brain.regions["b"].record)
            inverse = np.repeat(np.arange(32), np.diff(block["in_first"]))[: p.n_synapses]
            sources = block["in_tap"] % block["pre_trace"].shape[2]
            assert sorted(zip(sources.tolist(), inverse.tolist(), strict=True)) == sorted(pairs(p))
            assert (block["post"][block["in_synapse"]] - first == inverse).all()
        p.remove_synapses(rng.random(p.n_synapses) < 0.3)
        n = int(rng.integers(1, 40))
        p.add_synapses(rng.integers(0, 30, n), rng.integers(0, 25, n), None, rng.uniform(0, 30, n))
        brain.run(3)


def test_killing_removes_synapses_everywhere():
    brain = Brain(seed=1)
    brain.add_region("a", S, 20, 0.5)
    brain.add_region("b", S, 20, 0.5)
    brain.connect_regions("a", "b", 0.5, bidirectional=True)
    brain.run(20)
    assert brain.regions["a"].kill_neurons([2, 5, 5]) == 2
    assert brain.regions["a"].n_alive_neurons == 18
    check(brain.network.tables)
    for p in brain.projections:
        for side, region in ((p.pre, p.source), (p.post, p.target)):
            assert p.n_synapses > 0
            if region == "a":
                assert not np.isin(side, [2, 5]).any()
    with pytest.raises(InvalidValueError, match="dead"):
        brain.get_projection("b", "a").add_synapses([0], [5])


def test_target_and_source_types():
    brain = Brain(seed=1)
    brain.add_region("a", S, 20)
    brain.add_region("b", S, 20)
    p = brain.connect_regions(
        "a",
        "b",
        wiring="all_to_all",
        source_type=NeuronType.INHIBITORY,
        target_type=NeuronType.EXCITATORY,
    )
    assert sorted(pairs(p)) == [(i, j) for i in range(16, 20) for j in range(16)]
