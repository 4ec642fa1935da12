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
    spec = importlib.util.spec_from_file_location(name, PAPERS / f"{name}.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module
    spec.loader.exec_module(module)
    return module


masquelier, song = example("masquelier_2008"), example("song_2000")


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
