"""Whole networks against the slow dense reference, step by step."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
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
    Uniform,
)
from tests.reference.dense import DenseBrain, engine_synapses

DTS = (0.1, 0.25, 0.5, 1.0)
RULES = ("none", "stdp", "reward")
fixed = settings(
    derandomize=True,
    deadline=None,
    database=None,
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
            **make_wiring(rng, own, int(round(0.2 * n))),
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
    """Poisson trains of 5 to 60 Hz, one fast neuron and one that fires at every step for a while."""
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
    if not p._w_max_given:
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
    label = str(rng.choice([p.label for p in brain.projections]))
    amount = float(rng.uniform(1, 12))
    if rng.random() < 0.5:
        brain.reward(amount, label)
        dense.reward(amount, label)
    else:
        brain.punish(amount, label)
        dense.reward(-amount, label)


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
    counts = {name: 0 for name in brain.regions}
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


@settings(fixed, max_examples=24)
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


@settings(fixed, max_examples=18)
@given(networks, st.sampled_from(sorted(MODELS)), st.booleans())
def test_whole_networks_fire_the_same_spikes(network, model, theta):
    """Recurrent networks of living neurons: every spike, and all synapses at the end."""
    brain, dense, rates = driven(**network, model=model, theta=theta)
    for name, region in brain.regions.items():
        np.testing.assert_allclose(region.theta, dense.populations[name].theta, rtol=1e-9)
    assert min(rates.values()) > 1.0
    assert max(rates.values()) < 150.0
