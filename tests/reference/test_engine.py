"""Whole networks against the slow dense reference, step by step."""

from __future__ import annotations

import json
import os
import subprocess
import sys

import numpy as np
import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from engram import (
    LIF,
    STDP,
    AdEx,
    Brain,
    Izhikevich,
    NeuronType,
    Neurotransmitter,
    RegionType,
    Relay,
    RewardSTDP,
    ShortTermPlasticity,
    TraceSTDP,
    TripletSTDP,
    Uniform,
)
from tests.reference.dense import DenseBrain, engine_synapses

DTS = (0.1, 0.25, 0.5, 1.0)
RULES = ("none", "stdp", "reward")
fixed = settings(
    derandomize=True,
    deadline=None,
    database=None,
    # A failing network of 2,000 steps would take minutes to shrink.
    phases=(Phase.explicit, Phase.generate),
    suppress_health_check=list(HealthCheck),
)
FORCE = 1e6
"""Input that makes a Relay neuron fire or stay silent whatever its synapses say."""


def make_rule(rng: np.random.Generator, kind: str, pairing: str, soft: bool):
    """A rule with fast learning, so that two seconds show what it does."""
    if kind == "none":
        return None
    taus = {
        "tau_plus": float(rng.uniform(5, 30)),
        "tau_minus": float(rng.uniform(5, 30)),
        "pairing": pairing,
    }
    if kind == "stdp":
        return STDP(
            A_plus=0.03, A_minus=0.025, bounds="multiplicative" if soft else "additive", **taus
        )
    return RewardSTDP(
        A_plus=0.04,
        A_minus=0.03,
        tau_eligibility=float(rng.choice([40.0, 150.0, 800.0])),
        dopamine_decay=float(rng.choice([20.0, 200.0])),
        baseline_dopamine=float(rng.choice([0.0, 0.5, -0.5])),
        **taus,
    )


def make_stp(rng: np.random.Generator) -> ShortTermPlasticity | None:
    kind = rng.integers(3)
    if kind == 0:
        return None
    if kind == 1:
        return ShortTermPlasticity(U=0.5, tau_rec=float(rng.uniform(50, 800)), tau_facil=0.0)
    return ShortTermPlasticity(U=0.15, tau_rec=130.0, tau_facil=float(rng.uniform(50, 500)))


def make_delays(rng: np.random.Generator, dt: float):
    """One delay for all, or anything from 1 to 60 steps."""
    if rng.random() < 0.5:
        return float(rng.integers(1, 61) * dt)
    return Uniform(dt, 60 * dt)


def make_wiring(rng: np.random.Generator, name: str, n_source: int) -> dict:
    if name == "in_degree":
        return {"wiring": name, "in_degree": int(rng.integers(1, max(2, n_source // 2)))}
    return {"wiring": name}


def silence(brain: Brain) -> Brain:
    """Without what is not in the reference."""
    brain.freeze_homeostatic_scaling()
    brain.freeze_structural_plasticity()
    brain.disable_memory()
    return brain


def build(rng, dt, model, wiring, kind, pairing, soft, n_regions=2, scale=1.0) -> Brain:
    """A random brain. scale: of all weights."""
    brain = silence(Brain(dt=dt, seed=int(rng.integers(2**32))))
    sizes = rng.integers(5, 41, n_regions)
    if wiring == "one_to_one":
        sizes[:] = sizes[0]
    for r, n in enumerate(sizes):
        own = "random" if wiring == "one_to_one" else wiring
        brain.add_region(
            f"r{r}",
            RegionType.ASSOCIATION,
            n_neurons=int(n),
            connectivity=0.3,
            model=model,
            noise=0.0,
            weights=Uniform(0.3 * scale, scale),
            inhibitory_weights=Uniform(0.3 * scale, 1.5 * scale),
            delays=make_delays(rng, dt),
            rule=make_rule(rng, kind, pairing, soft),
            stp=make_stp(rng),
            autapses=bool(rng.integers(2)),
            **make_wiring(rng, own, round(0.2 * n)),
        )
    for a in range(n_regions):
        for b in range(n_regions):
            if a == b or rng.random() < 0.3:
                continue
            brain.connect_regions(
                f"r{a}",
                f"r{b}",
                density=0.3,
                nt=Neurotransmitter(int(rng.integers(5))),
                weights=Uniform(0.3 * scale, scale),
                delays=make_delays(rng, dt),
                source_type=None,
                w_min=float(rng.choice([0.0, 0.2 * scale])),
                w_max=float(rng.choice([1.2 * scale, 2.0 * scale])),
                rule=make_rule(rng, kind, pairing, soft),
                stp=make_stp(rng),
                **make_wiring(rng, wiring, int(sizes[a])),
            )
    return brain


def compare(brain: Brain, dense: DenseBrain, tolerance: float = 2e-5) -> None:
    """All synapses. tolerance: of weights, in units of w_max; float32 has 6e-8 per event."""
    for p in brain.projections:
        mine, theirs = dense.synapses(p.label), engine_synapses(brain, p.source, p.target)
        for name in ("pre", "post", "delay", "nt"):
            np.testing.assert_array_equal(theirs[name], mine[name], err_msg=f"{p.label} {name}")
        close = {"rtol": 1e-5, "atol": tolerance * p.w_max}
        for name in ("weight", "eligibility"):
            np.testing.assert_allclose(
                theirs[name], mine[name], err_msg=f"{p.label} {name} at {dense.t}", **close
            )
        for name in ("resource", "facilitation"):
            np.testing.assert_allclose(
                theirs[name], mine[name], rtol=2e-5, atol=2e-5, err_msg=f"{p.label} {name}"
            )


def compare_input(brain: Brain, dense: DenseBrain) -> None:
    """Synaptic input, which says who delivered how much in which step."""
    for name, population in dense.populations.items():
        for kind in ("exc", "inh"):
            np.testing.assert_allclose(
                brain.regions[name].state(kind),
                getattr(population, kind),
                rtol=2e-5,
                atol=2e-5,
                err_msg=f"{name} {kind} at {dense.t}",
            )


def spike_trains(rng: np.random.Generator, steps: int, n: int, dt: float) -> np.ndarray:
    """Poisson trains of 5 to 60 Hz, a fast neuron and one that fires 30 steps in a row."""
    rate = rng.uniform(5, 60, n)
    rate[rng.integers(n)] = 300.0
    fired = rng.random((steps, n)) < rate * dt / 1000.0
    at = int(rng.integers(steps - 50))
    fired[at : at + 30, rng.integers(n)] = True
    return fired


def births(rng, brain: Brain, dense: DenseBrain) -> None:
    """New synapses in a random projection, twins of old ones among them."""
    p = brain.projections[int(rng.integers(len(brain.projections)))]
    source, target = brain.regions[p.source], brain.regions[p.target]
    n = int(rng.integers(1, 30))
    pre = rng.choice(np.flatnonzero(source.neuron_alive), n)
    post = rng.choice(np.flatnonzero(target.neuron_alive), n)
    weights = rng.uniform(0.25, 1.0, n).astype(np.float32) * p.w_max
    if not p.record.w_max_given:
        weights /= 2
    delay = rng.integers(1, 61, n) * brain.dt
    nt = Neurotransmitter(int(rng.integers(5)))
    p.add_synapses(pre, post, weights, delay, nt)
    dense.add_synapses(p.label, pre, post, weights.astype(float), delay, nt)


def deaths(rng, brain: Brain, dense: DenseBrain) -> None:
    name = str(rng.choice(list(brain.regions)))
    which = rng.choice(brain.regions[name].n_neurons, 2, replace=False)
    brain.regions[name].kill_neurons(which)
    dense.kill(name, which)


def pulse(rng, brain: Brain, dense: DenseBrain) -> None:
    """Dopamine, where a rule heeds it."""
    labels = [p.label for p in brain.projections if isinstance(p.rule, RewardSTDP)]
    if not labels:
        return
    label = str(rng.choice(labels))
    amount = float(rng.uniform(1, 12))
    if rng.random() < 0.5:
        brain.reward(amount, label)
        dense.reward(amount, label)
    else:
        brain.punish(amount, label)
        dense.reward(-amount, label)


def compare_membranes(brain: Brain, dense: DenseBrain) -> None:
    """Compare v and its companions after a step, then go on from the engine's.

    The last bit of a sum of weights may depend on their order, and near threshold such a difference
    grows a millionfold; so each step is compared from the same membrane, all else runs freely.
    """
    for name, population in dense.populations.items():
        region = brain.regions[name]
        for state, mine in (("v", population.v), *population.x.items()):
            theirs = region.state(state)
            alive = population.alive
            np.testing.assert_allclose(
                mine[alive],
                theirs[alive],
                rtol=1e-4,
                atol=2e-3,
                err_msg=f"{name} {state} at {dense.t}",
            )
            mine[:] = theirs


def run_both(rng, brain: Brain, steps: int, drive, events: bool, newborn_past: bool = True):
    """Run a brain and its twin side by side; drive(name) gives (steps, n) currents."""
    dense = DenseBrain(brain, steps, newborn_past=newborn_past)
    currents = {name: drive(name, region.n_neurons) for name, region in brain.regions.items()}
    plan: dict[int, list] = {}
    if events:
        for do, times in ((pulse, 8), (births, 3), (deaths, 2)):
            for at in rng.integers(1, steps, times):
                plan.setdefault(int(at), []).append(do)
    freeze_at, thaw_at = (int(0.5 * steps), int(0.6 * steps)) if events else (-1, -1)
    frozen = {}
    counts = dict.fromkeys(brain.regions, 0)
    for t in range(steps):
        for do in plan.get(t, ()):
            if not freeze_at <= t <= thaw_at or do is pulse:
                do(rng, brain, dense)
        if t == freeze_at:
            brain.freeze_plasticity()
            dense.freeze(True)
            frozen = {p.label: p.weight for p in brain.projections}
        if t == thaw_at:
            for p in brain.projections:
                np.testing.assert_array_equal(p.weight, frozen[p.label])
            brain.unfreeze_plasticity()
            dense.freeze(False)
        for name, current in currents.items():
            brain.inject_current(name, np.arange(current.shape[1]), current[t])
        fired = brain.step()
        expected = dense.step({name: current[t] for name, current in currents.items()})
        for name in fired:
            assert fired[name].tolist() == np.flatnonzero(expected[name]).tolist(), (name, t)
            counts[name] += len(fired[name])
        compare_membranes(brain, dense)
        if t % 25 == 0:
            compare_input(brain, dense)
    compare(brain, dense)
    return dense, counts


networks = st.fixed_dictionaries(
    {
        "seed": st.integers(0, 2**32 - 1),
        "dt": st.sampled_from(DTS),
        "wiring": st.sampled_from(["random", "in_degree", "all_to_all", "one_to_one"]),
        "kind": st.sampled_from(RULES),
        "pairing": st.sampled_from(["all", "nearest"]),
        "soft": st.booleans(),
        "n_regions": st.integers(1, 3),
    }
)


def given_trains(seed, dt, wiring, kind, pairing, soft, n_regions, steps=2000):
    """Relay neurons fire given trains, so the spikes are the same by construction."""
    rng = np.random.default_rng(seed)
    model = Relay(
        tau_exc=float(rng.choice([0.0, 5.0])), tau_inh=float(rng.choice([0.0, 2.0, 10.0]))
    )
    brain = build(rng, dt, model, wiring, kind, pairing, soft, n_regions)
    weights = {p.label: p.weight for p in brain.projections}

    def drive(_name, n):
        return np.where(spike_trains(rng, steps, n, dt), FORCE, -FORCE)

    dense, _ = run_both(rng, brain, steps, drive, events=True)
    return brain, dense, weights


@settings(fixed, max_examples=12)
@given(networks)
def test_delivery_and_plasticity_under_given_spikes(network):
    """Delays, gains, short-term plasticity, rules, dopamine, births, deaths, freezing."""
    given_trains(**network)


MODELS = {
    # model, size of weights, constant drive (low, high), noise of the drive, step of theta
    "izhikevich": (Izhikevich, 1.5, (4.0, 12.0), 4.0, 0.3),
    "lif": (LIF, 0.08, (14.0, 22.0), 8.0, 0.5),
    "adex": (AdEx, 60.0, (650.0, 1100.0), 200.0, 20.0),
}


def driven(
    seed, dt, wiring, kind, pairing, soft, n_regions, model="izhikevich", theta=False, steps=2000
):
    """A recurrent network that fires by itself under strong random currents."""
    rng = np.random.default_rng(seed)
    neuron, scale, (low, high), noise, jump = MODELS[model]
    brain = build(rng, dt, neuron, wiring, kind, pairing, soft, n_regions, scale)
    if theta:
        for region in brain.regions.values():
            region.theta_plus, region.tau_theta = jump, float(rng.choice([50.0, 1e4]))

    def drive(_name, n):
        sigma = noise / np.sqrt(dt)
        return rng.uniform(low, high, n) + sigma * rng.standard_normal((steps, n))

    dense, counts = run_both(rng, brain, steps, drive, events=True)
    seconds = steps * dt / 1000.0
    rates = {name: c / brain.regions[name].n_neurons / seconds for name, c in counts.items()}
    return brain, dense, rates


@settings(fixed, max_examples=6)
@given(networks, st.sampled_from(sorted(MODELS)), st.booleans())
def test_whole_networks_fire_the_same_spikes(network, model, theta):
    """Recurrent networks of living neurons: every spike, and all synapses at the end."""
    brain, dense, rates = driven(**network, model=model, theta=theta)
    for name, region in brain.regions.items():
        np.testing.assert_allclose(region.theta, dense.populations[name].theta, rtol=1e-9)
    assert min(rates.values()) > 0.5
    assert max(rates.values()) < 250.0


@pytest.mark.parametrize("kind", ["stdp", "reward"])
@pytest.mark.parametrize("wiring", ["random", "all_to_all"])
def test_every_mechanism_matters(kind, wiring):
    """The comparison has something to compare: weights, resources and eligibility all moved."""
    network = {"dt": 1.0, "wiring": wiring, "kind": kind, "pairing": "all", "soft": False}
    brain, _, before = given_trains(seed=11, n_regions=2, steps=600, **network)
    grown = [p for p in brain.projections if p.n_synapses != len(before[p.label])]
    assert grown
    for p in brain.projections:
        if p not in grown:
            assert np.abs(p.weight - before[p.label]).max() > 0.01
        assert (p.stp is None) == bool((p.resource == 1).all())
        assert (kind == "reward") == bool(p.eligibility.any())
    assert any(p.stp is not None for p in brain.projections)


def relays(brain: Brain, name: str, n: int, **options):
    return brain.add_region(
        name,
        RegionType.ASSOCIATION,
        n_neurons=n,
        connectivity=0.0,
        model=Relay(tau_exc=0.0, tau_inh=0.0),
        noise=0.0,
        rule=None,
        **options,
    )


@pytest.mark.parametrize("kind", RULES)
def test_a_projection_too_large_for_the_cache(kind):
    """More synapses than arrivals fetch ahead of their use, dense and sparse rows."""
    rng = np.random.default_rng(3)
    brain = silence(Brain(dt=1.0, seed=3))
    for name in "abc":
        relays(brain, name, 150)
    for target, options in (("b", {"wiring": "all_to_all"}), ("c", {"density": 0.8})):
        brain.connect_regions(
            "a",
            target,
            weights=Uniform(0.3, 1.0),
            delays=Uniform(1.0, 8.0) if target == "c" else 3.0,
            source_type=None,
            rule=make_rule(rng, kind, "all", False),
            **options,
        )
        assert brain.get_projection("a", target).n_synapses > 16384

    def drive(_name, n):
        return np.where(rng.random((120, n)) < 0.04, FORCE, -FORCE)

    run_both(rng, brain, 120, drive, events=False)


def pair(delay: float, **options) -> tuple[Brain, object]:
    """Two Relay neurons in two regions, one synapse."""
    brain = silence(Brain(dt=1.0, seed=1))
    relays(brain, "a", 1, excitatory=1.0)
    relays(brain, "b", 1, excitatory=1.0)
    projection = brain.connect_regions(
        "a", "b", wiring="one_to_one", weights=0.5, w_max=1.0, delays=delay, **options
    )
    return brain, projection


def fire(brain: Brain, steps: int, **trains) -> list[int]:
    """Run; each region's neuron fires in the given steps of this run. Steps in which b fired."""
    heard = []
    for t in range(steps):
        for name in brain.regions:
            if name in trains:
                brain.inject_current(name, [0], FORCE if t in trains[name] else -FORCE)
        if len(brain.step()["b"]):
            heard.append(t)
    return heard


@pytest.mark.parametrize("delay", [1, 2, 7, 60])
def test_a_spike_arrives_after_its_delay_and_once(delay):
    brain, projection = pair(float(delay), rule=None)
    projection.w_max = 2.0
    projection.weight = 2.0
    assert fire(brain, 70, a=[3]) == [3 + delay]
    projection.weight = 0.9
    assert fire(brain, 70, a=[3]) == []


def test_new_synapses_do_not_deliver_spikes_fired_before():
    """Nor do those of a projection that is made later."""
    brain, projection = pair(5.0, rule=None)
    projection.remove_synapses([0])
    fire(brain, 3, a=[0, 2], b=[])
    projection.add_synapses([0], [0], 1.0, 5.0)
    assert fire(brain, 20, a=[1]) == [6]


def test_a_new_projection_does_not_deliver_spikes_fired_before():
    brain = silence(Brain(dt=1.0, seed=1))
    relays(brain, "a", 1, excitatory=1.0)
    relays(brain, "b", 1, excitatory=1.0)
    # A longer delay elsewhere, so that the spikes are still known.
    relays(brain, "c", 1, excitatory=1.0)
    brain.connect_regions("a", "c", wiring="one_to_one", weights=1.0, delays=50.0, rule=None)
    fire(brain, 3, a=[0, 2], b=[])
    brain.connect_regions("a", "b", wiring="one_to_one", weights=1.0, delays=5.0, rule=None)
    assert fire(brain, 20, a=[1]) == [6]


def test_spikes_of_dead_neurons_are_not_delivered_even_if_the_slot_lives_again():
    brain = silence(Brain(dt=1.0, seed=1))
    source = relays(brain, "a", 2, excitatory=1.0)
    relays(brain, "b", 1, excitatory=1.0)
    projection = brain.connect_regions(
        "a", "b", wiring="all_to_all", weights=1.0, delays=6.0, rule=None
    )
    fire(brain, 2, a=[0], b=[])
    source.kill_neurons([0])
    assert projection.pre.tolist() == [1]
    assert source.add_neuron(NeuronType.EXCITATORY) == 0
    projection.add_synapses([0], [0], 1.0, 6.0)
    assert fire(brain, 20, a=[]) == []
    assert fire(brain, 20, a=[1]) == [7]


def test_spikes_of_the_living_are_delivered_when_others_die():
    brain = silence(Brain(dt=1.0, seed=1))
    source = relays(brain, "a", 2, excitatory=1.0)
    relays(brain, "b", 1, excitatory=1.0)
    brain.connect_regions("a", "b", wiring="all_to_all", weights=1.0, delays=6.0, rule=None)
    fire(brain, 2, a=[0], b=[])
    source.kill_neurons([1])
    assert fire(brain, 20, a=[]) == [4]


def test_a_new_synapse_takes_over_the_trace_of_its_axon():
    """It delivers no spike from before its birth, but x is the axon's (see `PlasticityRule`)."""
    brain, projection = pair(4.0, rule=STDP(A_plus=0.01, A_minus=0.0))
    trains = {
        "a": np.where(np.isin(np.arange(60), [10, 12, 14, 30]), FORCE, -FORCE)[:, None],
        "b": np.where(np.arange(60) == 40, FORCE, -FORCE)[:, None],
    }
    dense = DenseBrain(brain, 60, newborn_past=True)
    for t in range(60):
        if t == 20:
            for p in (projection, dense):
                first = () if p is projection else (projection.label,)
                p.add_synapses(*first, [0], [0], [0.5], [4.0], nt=Neurotransmitter.GLUTAMATE)
        for name, train in trains.items():
            brain.inject_current(name, [0], train[t])
        brain.step()
        dense.step({name: train[t] for name, train in trains.items()})
    compare(brain, dense)


@pytest.mark.parametrize(("tau", "delay"), [(20.0, 60.0), (4.0, 60.0), (1.0, 60.0)])
def test_traces_of_spikes_under_way_stay_exact_for_long_delays(tau, delay):
    """Several spikes are under way at once, each with the trace it met when it was fired."""
    rng = np.random.default_rng(1)
    rule = STDP(A_plus=0.02, A_minus=0.0, tau_plus=tau)
    brain, _ = pair(delay, rule=rule)
    trains = {
        "a": np.where(np.arange(400) % 9 == 0, FORCE, -FORCE)[:, None],
        "b": np.where(np.arange(400) % 23 == 0, FORCE, -FORCE)[:, None],
    }
    run_both(rng, brain, 400, lambda name, _n: trains[name], events=False)


@pytest.mark.parametrize(
    "rule",
    [
        TraceSTDP(eta=0.03, bounds="both"),
        TraceSTDP(eta=0.03, mu=0.7, pairing="nearest"),
        TripletSTDP(A2_plus=0.01, A2_minus=0.012, A3_minus=0.004, bounds="multiplicative"),
        TripletSTDP(A3_plus=0.05, A2_minus=0.01, pairing="nearest"),
    ],
    ids=["trace, both", "trace, nearest", "triplets", "triplets, nearest"],
)
def test_a_dense_competition_is_that_of_the_reference(rule):
    """Dense rows, rows with one gap, relays, thresholds that aim at a rate: 1,500 steps."""
    n_inputs, n = 60, 24
    rng = np.random.default_rng(8)
    brain = silence(Brain(seed=8))
    for name, size, model in (
        ("in", n_inputs, Relay(tau_exc=0.0)),
        ("exc", n, LIF(tau_exc=2.0, tau_inh=3.0)),
        ("inh", n, Relay(tau_exc=0.0, tau_inh=0.0)),
    ):
        brain.add_region(
            name,
            RegionType.ASSOCIATION,
            size,
            0.0,
            model=model,
            excitatory=1.0,
            noise=0.0,
            rule=None,
        )
    brain.connect_regions(
        "in",
        "exc",
        wiring="all_to_all",
        weights=Uniform(0.1, 0.4),
        w_max=0.5,
        delays=1.0,
        rule=rule,
    )
    brain.connect_regions("exc", "inh", wiring="one_to_one", weights=2.0, delays=1.0, rule=None)
    brain.connect_regions(
        "inh",
        "exc",
        wiring="all_but_one",
        weights=6.0,
        delays=2.0,
        rule=None,
        nt=Neurotransmitter.GABA,
    )
    brain.regions["exc"].theta_plus = 0.3
    brain.homeostasis.theta_rate = 4.0
    assert not (
        brain.get_projection("inh", "exc").pre == brain.get_projection("inh", "exc").post
    ).any()
    trains = {
        "in": np.where(spike_trains(rng, 1500, n_inputs, 1.0), FORCE, 0.0),
        "exc": np.zeros((1500, n)),
        "inh": np.zeros((1500, n)),
    }
    before = brain.get_projection("in", "exc").weight
    run_both(rng, brain, 1500, lambda name, _n: trains[name], events=False)
    assert brain.regions["exc"].total_spikes.sum() > 200
    assert brain.regions["inh"].total_spikes.sum() > 200
    assert np.abs(brain.get_projection("in", "exc").weight - before).max() > 0.05


def test_a_new_rule_does_not_know_spikes_under_way():
    """A rule assigned while spikes are under way never sees a negative trace."""
    brain, projection = pair(45.0, rule=None)
    fire(brain, 12, a=[0, 5], b=[])
    projection.rule = STDP(A_plus=0.1, A_minus=0.0)
    fire(brain, 40, a=[2], b=[34])
    assert projection.weight[0] >= 0.5


def test_frozen_means_bit_for_bit_and_thawing_goes_on():
    """Eligibility and dopamine go on decaying while frozen, and act again afterwards."""
    brain, projection = pair(2.0, rule=RewardSTDP(A_plus=0.5))
    fire(brain, 10, a=[1], b=[4])
    assert projection.eligibility[0] > 0.1
    before = projection.weight
    brain.freeze_plasticity()
    brain.reward(5.0, projection.label)
    fire(brain, 200, a=[1, 50, 51], b=[4, 54, 100])
    np.testing.assert_array_equal(projection.weight, before)
    brain.unfreeze_plasticity()
    brain.reward(5.0, projection.label)
    fire(brain, 100, a=[], b=[])
    assert projection.weight[0] > before[0] + 1e-4


SMALL = """
import json, sys
import numpy as np
from engram import *

def run(seed, noise):
    rng = np.random.default_rng(seed)
    brain = Brain(dt=0.5, seed=seed)
    brain.freeze_homeostatic_scaling(); brain.freeze_structural_plasticity(); brain.disable_memory()
    stp = ShortTermPlasticity(U=0.2, tau_rec=100.0, tau_facil=200.0)
    brain.add_region("izh", RegionType.ASSOCIATION, 8, connectivity=0.5, rule="stdp", noise=noise)
    brain.add_region("lif", RegionType.MOTOR, 6, connectivity=0.5, model=LIF, rule=None)
    brain.add_region("adex", RegionType.MOTOR, 3, connectivity=0.5, model=AdEx, rule=None)
    brain.add_region("poisson", RegionType.SENSORY, 5, connectivity=0.0, model=PoissonSource)
    brain.regions["lif"].theta_plus = 0.5
    brain.connect_regions("poisson", "izh", wiring="all_to_all", weights=Uniform(2.0, 6.0),
                          delays=1.0, rule="reward_stdp", source_type=None)
    brain.connect_regions("izh", "lif", density=0.6, stp=stp, weights=Uniform(0.3, 0.6),
                          rule=RewardSTDP(A_plus=0.3, tau_eligibility=15.0))
    brain.connect_regions("izh", "adex", density=0.9, weights=Uniform(100.0, 300.0),
                          nt=Neurotransmitter.ACETYLCHOLINE, rule=STDP(pairing="nearest"))
    if noise:
        brain.oscillators.set("izh", "gamma", 2.0)
    spikes = []
    for t in range(80):
        brain.inject_current("izh", np.arange(8), rng.uniform(5, 25, 8).astype(np.float32))
        brain.inject_current("lif", np.arange(6), rng.uniform(10, 40, 6).astype(np.float32))
        brain.inject_current("adex", np.arange(3), rng.uniform(500, 1500, 3).astype(np.float32))
        brain.inject_current("poisson", np.arange(5), 200.0)
        if t == 40:
            brain.reward(20.0, "proj:izh->lif"); brain.punish(10.0, "proj:poisson->izh")
        if t == 50:
            brain.get_projection("izh", "lif").add_synapses([0, 1], [1, 2], 0.3, [1.0, 4.0])
        if t == 60:
            brain.regions["izh"].kill_neurons([2])
        fired = brain.step()
        spikes += [[t, name, int(i)] for name, who in fired.items() for i in who]
    synapses = {p.label: [p.weight.tolist(), p.eligibility.tolist(), p.resource.tolist()]
                for p in brain.projections}
    states = {name: r.v.astype(float).tolist() for name, r in brain.regions.items()}
    return {"spikes": spikes, "synapses": synapses, "v": states}

if __name__ == "__main__":
    json.dump([run(5, 0.0), run(5, 3.0)], sys.stdout)
"""


@pytest.fixture(scope="module")
def with_and_without_jit(tmp_path_factory):
    """Results of the small network, compiled and in plain Python: quiet, then with noise."""
    script = tmp_path_factory.mktemp("jit") / "small.py"
    script.write_text(SMALL)
    results = []
    for off in ("0", "1"):
        done = subprocess.run(
            [sys.executable, str(script)],
            env={**os.environ, "NUMBA_DISABLE_JIT": off, "PYTHONPATH": os.pathsep.join(sys.path)},
            capture_output=True,
            text=True,
            timeout=300,
            check=False,
        )
        assert done.returncode == 0, done.stderr[-3000:]
        results.append((json.loads(done.stdout), done.stderr))
    return results


@pytest.mark.parametrize("noisy", [False, True], ids=["quiet", "with noise and rhythm"])
def test_the_same_without_the_jit(with_and_without_jit, noisy):
    """One small network with one of each mechanism: the same spikes, and numbers to 1e-6."""
    compiled, plain = (both[int(noisy)] for both, _ in with_and_without_jit)
    regions = {name for _, name, _ in compiled["spikes"]}
    assert regions == {"izh", "lif", "adex", "poisson"}
    assert plain["spikes"] == compiled["spikes"]
    for label, arrays in compiled["synapses"].items():
        for mine, theirs in zip(plain["synapses"][label], arrays, strict=True):
            np.testing.assert_allclose(mine, theirs, rtol=1e-6, atol=1e-7, err_msg=label)
    for name, v in compiled["v"].items():
        np.testing.assert_allclose(plain["v"][name], v, rtol=1e-6, err_msg=name)


def test_no_warnings_without_the_jit(with_and_without_jit):
    """Plain Python computes with the same widths of integers: nothing overflows."""
    assert "overflow" not in with_and_without_jit[1][1]
