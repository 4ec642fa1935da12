"""Parts of the examples that repeat papers, by themselves; the examples run in test_examples.py."""

from __future__ import annotations

import importlib.util
import sys
from pathlib import Path
from types import ModuleType

import numpy as np
import pytest

from engram import Brain, RegionType, Relay
from tests.analytic.test_plasticity import pairs, play

PAPERS = Path(__file__).parents[2] / "examples" / "papers"


def example(name: str) -> ModuleType:
    name, path = Path(name).name, PAPERS / f"{name}.py"
    spec = importlib.util.spec_from_file_location(name, path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module
    spec.loader.exec_module(module)
    return module


masquelier, song = example("masquelier_2008"), example("song_2000")
potjans, fly = example("potjans_diesmann_2014"), example("../fly_sized")


@pytest.mark.parametrize("dt", [1.0, 0.1])
def test_no_spike_is_lost_on_the_grid_and_none_shares_its_step(dt):
    rng = np.random.default_rng(1)
    times = np.sort(rng.uniform(0.0, 90.0, 3000))
    given = masquelier.Input(times, rng.integers(0, 50, 3000), np.zeros(0))
    steps = round(200 / dt)
    who, first = masquelier.on_grid(given, dt, steps)
    assert (np.bincount(who, minlength=50) == np.bincount(given.who, minlength=50)).all()
    assert first[-1] == len(who)
    for step in range(steps):
        now = who[first[step] : first[step + 1]]
        assert len(set(now)) == len(now)


@pytest.mark.parametrize("dt", [1.0, 0.1])
def test_the_spike_response_model_is_that_of_the_paper(dt):
    """A potential of weight 1 peaks at 1; the afterpotential is 2 T exp(-t/10) - 4 T epsilon."""
    brain = Brain(dt=dt, seed=1)
    brain.freeze_structural_plasticity()
    alone = {"connectivity": 0.0, "rule": None, "excitatory": 1.0, "noise": 0.0}
    brain.add_region("in", RegionType.SENSORY, 2, model=Relay, **alone)
    brain.add_region("out", RegionType.SENSORY, 2, model=masquelier.SpikeResponse, **alone)
    brain.connect_regions(
        "in", "out", wiring="one_to_one", weights=np.array([1.0, 2000.0]), w_max=2000.0, delays=dt,
        rule=None,
    )  # fmt: skip
    brain.inject_current("in", [0, 1], 2.0)
    brain.run(1)
    region, found = brain.regions["out"], []
    for _ in range(round(30 / dt)):
        brain.step()
        found.append(region.v.copy())
    t = dt * np.arange(1, len(found) + 1)
    ratio = 4 ** (4 / 3)
    potential = ratio / 3 * (np.exp(-t / 10) - np.exp(-t / 2.5))
    np.testing.assert_allclose(np.array(found)[:, 0], potential, rtol=1e-3)
    assert np.max(potential) == pytest.approx(1.0, abs=0.01)
    fired = round(brain.regions["out"].last_spike_time[1] / dt) - 1
    assert region.total_spikes.tolist() == [0, 1]
    since = t[: len(t) - fired - 1]
    after = 1000 * np.exp(-since / 10) - 2000 * (np.exp(-since / 10) - np.exp(-since / 2.5))
    np.testing.assert_allclose(np.array(found)[fired + 1 :, 1], after, rtol=1e-3, atol=0.1)


@pytest.mark.parametrize("dt", [1.0, 0.1])
def test_the_reduced_rule_pairs_each_spike_once_on_each_side(dt):
    rng = np.random.default_rng(2)
    steps, n = 400, 30
    a, b = rng.random((steps, n)) < 0.08, rng.random((steps, n)) < 0.06
    a[0], b[0] = False, False
    rule = masquelier.Reduced(pairing="nearest", A_plus=0.01, A_minus=0.02)
    brain, projection = pairs(n, dt, dt, rule=rule)
    play(brain, a, b)

    def mean(lag, tau):
        return tau / dt * (np.exp(-lag * dt / tau) - np.exp(-(lag + 1) * dt / tau))

    for k in range(n):
        w, arrived, fired = 0.5, None, None
        for step in range(steps):
            # Of one step, the arrival comes first.
            if step and a[step - 1, k]:
                if fired is not None and (arrived is None or arrived <= fired):
                    w -= 0.02 * mean(step - fired - 1, 33.7)
                arrived = step
            if b[step, k]:
                if arrived is not None and (fired is None or arrived > fired):
                    w += 0.01 * mean(step - arrived, 16.8)
                fired = step
        assert projection.weight[k] == pytest.approx(w, abs=1e-5)


def test_claims_about_weights_can_fail():
    plan = song.Plan((10.0, 40.0), 1, 1)
    flat = {dt: {r: song.Outcome(np.linspace(0, 1, 100), [20.0] * 4) for r in plan.rates}
            for dt in song.STEPS}  # fmt: skip
    with pytest.raises(AssertionError, match="not bimodal"):
        song.check(flat, plan)
    low = song.Outcome(np.repeat([0.05, 0.95], [60, 40]), [20.0] * 4)
    fast = song.Outcome(np.repeat([0.05, 0.95], [80, 20]), [50.0] * 4)
    with pytest.raises(AssertionError, match="does not saturate"):
        song.check({dt: {10.0: low, 40.0: fast} for dt in song.STEPS}, plan)


def test_the_microcircuit_is_that_of_the_reference():
    full = potjans.circuit(potjans.Plan(scale=1.0))
    assert full.sizes.sum() == 77_169
    assert full.synapses.sum() == 298_880_970
    # 87.8 pA at 0.04 mV/pA.
    assert full.source_weight == pytest.approx(0.04 * 87.81, rel=1e-4)
    assert full.weights[0, 2] == 2 * full.weights[2, 2] == pytest.approx(2 * 0.04 * 87.81, rel=1e-4)
    assert (full.weights[:, 1::2] == -4 * full.source_weight).all()
    assert not full.constant.any()
    # 8 Hz x 1600 x 87.81 pA x 0.5 ms.
    given = potjans.circuit(potjans.Plan(scale=1.0, dc=True)).constant[0]
    assert given == pytest.approx(0.04 * 8e-3 * 1600 * 87.81 * 0.5, rel=1e-4)


@pytest.mark.parametrize("scale", [0.05, 0.3])
def test_scaling_keeps_mean_and_variance_of_the_input(scale):
    full, part = (potjans.circuit(potjans.Plan(scale=x)) for x in (1.0, scale))
    found = []
    for one in (full, part):
        rates = potjans.REFERENCE["rate"]
        degree = one.synapses / one.sizes[:, None]
        mean = one.constant + 0.0005 * (
            (one.weights * degree) @ rates + one.source_weight * one.sources * 8.0
        )
        found.append((mean, (one.weights**2 * degree) @ rates))
    np.testing.assert_allclose(found[0], found[1], rtol=0.02, atol=0.05)
    with pytest.raises(ValueError, match="does not reach the threshold"):
        potjans.build(potjans.Plan(scale=scale, dc=True))


def test_delays_below_half_a_step_are_drawn_anew():
    drawn = potjans.Truncated(1.5, 0.75, 0.05).from_uniform(
        np.random.default_rng(1).random(200_000, np.float32)
    )
    usual = np.random.default_rng(2).normal(1.5, 0.75, 400_000)
    usual = usual[usual >= 0.05]
    assert drawn.min() >= 0.05
    assert drawn.mean() == pytest.approx(usual.mean(), rel=0.01)
    assert drawn.std() == pytest.approx(usual.std(), rel=0.01)


def exact_rates(brain, plan, transient, ms):
    """Rates of the same network with the exact step of iaf_psc_exp and other Poisson numbers."""
    made, names = potjans.circuit(plan), list(potjans.NAMES)
    first = np.concatenate([[0], np.cumsum(made.sizes)])
    paths = [p for p in brain.projections if p.n_synapses]
    pre = np.concatenate([p.pre + first[names.index(p.source)] for p in paths])
    post = np.concatenate([p.post + first[names.index(p.target)] for p in paths])
    weight = np.concatenate([p.weight for p in paths])
    delay = np.concatenate([np.round(p.delay / potjans.DT).astype(int) for p in paths])
    order = np.argsort(pre, kind="stable")
    post, weight, delay = post[order], weight[order], delay[order]
    n = first[-1]
    row = np.searchsorted(pre[order], np.arange(n + 1))
    kept, fades = np.exp(-potjans.DT / potjans.TAU_M), np.exp(-potjans.DT / potjans.TAU_SYN)
    acts = potjans.TAU_SYN / (potjans.TAU_M - potjans.TAU_SYN) * (kept - fades)
    constant = np.repeat(made.constant, made.sizes) * (1.0 - kept)
    arrivals = np.repeat(made.sources * potjans.SOURCE_HZ * potjans.DT / 1000.0, made.sizes)
    rng = np.random.default_rng(3)
    v = np.concatenate([brain.regions[name].v for name in names]).astype(float)
    current, held, counts = np.zeros(n), np.zeros(n, int), np.zeros(n)
    ring = np.zeros((delay.max() + 1, n))
    for step in range(round((transient + ms) / potjans.DT)):
        free = held == 0
        v = np.where(free, -65.0 + (v + 65.0) * kept + current * acts + constant, v)
        held = np.maximum(held - 1, 0)
        fired = np.flatnonzero(free & (v >= -50.0))
        v[fired], held[fired] = -65.0, 20
        for k in fired:
            part = slice(row[k], row[k + 1])
            np.add.at(ring, ((step + delay[part]) % len(ring), post[part]), weight[part])
        now = step % len(ring)
        current = current * fades + made.source_weight * rng.poisson(arrivals) + ring[now]
        ring[now] = 0.0
        counts[fired] += step * potjans.DT >= transient
    return np.add.reduceat(counts, first[:-1]) / made.sizes / ms * 1000.0


def test_a_small_microcircuit_fires_as_with_the_exact_step():
    plan = potjans.Plan(scale=0.04)
    brain = potjans.build(plan)
    wanted = exact_rates(brain, plan, 200.0, 1000.0)
    brain.run_for(200.0)
    before = [r.total_spikes.sum() for r in brain.regions.values()]
    brain.run_for(1000.0)
    pairs = zip(brain.regions.values(), before, strict=True)
    found = np.array([(r.total_spikes.sum() - x) / r.n_neurons for r, x in pairs])
    # A second of some hundred to thousand neurons with other Poisson input.
    np.testing.assert_allclose(found, wanted, rtol=0.1, atol=0.3)


def test_claims_about_the_microcircuit_can_fail():
    plan = potjans.Plan(seconds=1.0)

    def all_alike(rate, cv, correlation, synchrony):
        return {
            name: potjans.Population(
                np.array([rate or potjans.REFERENCE["rate"][k]]),
                np.array([cv]),
                np.array([correlation]),
                synchrony,
            )
            for k, name in enumerate(potjans.NAMES)
        }

    potjans.check(all_alike(0.0, 0.8, 0.001, 1.5), plan)
    for wrong, words in (
        ((3.0, 0.8, 0.001, 1.5), "L23E: 3.00 Hz, not 0.90"),
        ((0.0, 0.2, 0.001, 1.5), "a CV of"),
        ((0.0, 0.8, 0.05, 1.5), "a correlation of"),
        ((0.0, 0.8, 0.001, 20.0), "a synchrony of"),
    ):
        with pytest.raises(AssertionError, match=words):
            potjans.check(all_alike(*wrong), plan)


def test_measures_of_spike_trains():
    # Two neurons of 20 Hz, regular and alike; one that is silent.
    times = np.tile(np.arange(10.0, 1000.0, 50.0), 2)
    one = potjans.measured(times, np.repeat([0, 1], 20), 3, 1.0)
    assert one.rates.tolist() == [20.0, 20.0, 0.0]
    np.testing.assert_allclose(one.cvs, 0.0, atol=1e-6)
    np.testing.assert_allclose(one.correlations, 1.0)
    rng = np.random.default_rng(1)
    n = 8000
    one = potjans.measured(rng.uniform(0.0, 10_000.0, n), rng.integers(0, 40, n), 40, 10.0)
    assert one.cvs.mean() == pytest.approx(1.0, abs=0.03)
    assert abs(one.correlations.mean()) < 0.005
    assert one.synchrony == pytest.approx(1.0, abs=0.1)


def test_a_connectome_from_a_file_runs(tmp_path):
    file = tmp_path / "edges.csv"
    far = fly.NEURONS - 1
    file.write_text(
        "Presynaptic_Index,Postsynaptic_Index,Excitatory x Connectivity,more\n"
        f"7,{far},400,1\n{far},3,400,1\n7,5,-400,1\n3,7,400,1\n2,4,400,1\n"
    )
    plan = fly.Plan(connectome=file, driven=np.array([7]), seconds=0.2)
    made = fly.build(plan)
    assert sum(p.n_synapses for p in made.brain.projections) == 4  # not the one onto the driven
    made.brain.regions["driven"].background = 150.0
    made.brain.run_for(200.0)
    fired = made.others[made.brain.regions["brain"].total_spikes > 0]
    assert fired.tolist() == [3, far]


def test_claims_about_the_fly_can_fail():
    edges = fly.EdgeList(np.array([0, 1]), np.array([1, 2]), np.array([3.0, -3.0], np.float32))
    one = fly.Fly(None, edges, 8, np.array([0]), np.arange(1, 8))
    plan = fly.Plan()
    first = np.full(8, np.inf)
    first[[0, 1]] = 5.0, 7.0
    fly.check(one, first, 150.0, plan)
    with pytest.raises(AssertionError, match=r"fire at 250\.0 Hz"):
        fly.check(one, first, 250.0, plan)
    first[1] = 6.0
    with pytest.raises(AssertionError, match="has heard nothing"):
        fly.check(one, first, 150.0, plan)
    first[1:3] = 7.0, 20.0
    with pytest.raises(AssertionError, match="has heard nothing"):
        fly.check(one, first, 150.0, plan)
