"""Short-term plasticity, STDP and dopamine against closed forms."""

from __future__ import annotations

import numpy as np
import pytest

from engram import STDP, Brain, RegionType, Relay, RewardSTDP, ShortTermPlasticity

FORCE = 1e6
"""Input that makes a Relay neuron fire or stay silent whatever its synapses say."""


def pairs(n: int, delays, dt: float = 1.0, **options):
    """`n` pairs of Relay neurons, one synapse each; weight 0.5, w_max 1."""
    brain = Brain(dt=dt, seed=1)
    brain.freeze_structural_plasticity()
    brain.freeze_homeostatic_scaling()
    brain.disable_memory()
    for name in "ab":
        brain.add_region(
            name,
            RegionType.SENSORY,
            n,
            connectivity=0.0,
            excitatory=1.0,
            noise=0.0,
            rule=None,
            model=Relay(tau_exc=1e9),
        )
    projection = brain.connect_regions(
        "a", "b", wiring="one_to_one", weights=0.5, w_max=1.0, delays=delays, **options
    )
    return brain, projection


def play(brain: Brain, a: np.ndarray, b: np.ndarray) -> None:
    """Let the neurons fire where the rasters (steps, n) say so."""
    everyone = np.arange(a.shape[1])
    for now_a, now_b in zip(a, b, strict=True):
        brain.inject_current("a", everyone, np.where(now_a, FORCE, -FORCE))
        brain.inject_current("b", everyone, np.where(now_b, FORCE, -FORCE))
        brain.step()


def raster(steps: int, n: int, spikes) -> np.ndarray:
    """Pairs (step, neuron)."""
    fired = np.zeros((steps, n), bool)
    for step, k in spikes:
        fired[step, k] = True
    return fired


# ------------------------------------------------------------------ short-term plasticity


@pytest.mark.parametrize(
    ("U", "tau_rec", "tau_facil", "interval"),
    [
        (0.5, 800.0, 0.0, 50),
        (0.15, 130.0, 530.0, 20),
        (0.4, 200.0, 100.0, 10),
        (1.0, 50.0, 0.0, 30),
    ],
)
def test_tsodyks_markram_under_regular_firing(U, tau_rec, tau_facil, interval):
    """u and R of the n-th spike, and the steady state, in closed form; then recovery."""
    stp = ShortTermPlasticity(U=U, tau_rec=tau_rec, tau_facil=tau_facil)
    brain, projection = pairs(1, 3.0, rule=None, stp=stp)
    steps = 60 * interval
    kept_u = np.exp(-interval / tau_facil) if tau_facil else 0.0
    kept_r = np.exp(-interval / tau_rec)
    u, R, total = 0.0, 1.0, 0.0
    fired = raster(steps, 1, [(t, 0) for t in range(0, steps, interval)])
    for n in range(60):
        part = fired[n * interval : (n + 1) * interval]
        play(brain, part, np.zeros_like(part))
        u = U + (1.0 - U) * u * (kept_u if n else 0.0)
        R = 1.0 - (1.0 - R) * kept_r if n else 1.0
        total += 0.5 * R * u / U
        R *= 1.0 - u
        np.testing.assert_allclose(brain.regions["b"].state("exc")[0], total, rtol=2e-5)
    steady_u = U / (1.0 - (1.0 - U) * kept_u)
    steady_R = (1.0 - kept_r) / (1.0 - (1.0 - steady_u) * kept_r)
    # Three more steps: now the next spike would arrive.
    play(brain, np.zeros((3, 1), bool), np.zeros((3, 1), bool))
    np.testing.assert_allclose(projection.resource[0], steady_R, rtol=1e-3)
    np.testing.assert_allclose(1.0 + projection.facilitation[0], steady_u / U, rtol=1e-3)
    assert abs(steady_R * steady_u / U - 1.0) > 0.02
    # Recovery.
    before = float(projection.resource[0])
    brain.run(100)
    expected = 1.0 - (1.0 - before) * np.exp(-100.0 / tau_rec)
    np.testing.assert_allclose(projection.resource[0], expected, rtol=1e-5)


def test_without_short_term_plasticity_all_spikes_weigh_the_same():
    brain, projection = pairs(1, 3.0, rule=None)
    fired = raster(400, 1, [(t, 0) for t in range(0, 400, 10)])
    play(brain, fired, np.zeros_like(fired))
    np.testing.assert_allclose(brain.regions["b"].state("exc")[0], 40 * 0.5, rtol=1e-5)
    assert projection.resource[0] == 1.0
    assert projection.facilitation[0] == 0.0


# ------------------------------------------------------------------ STDP


def seen(lag, tau, dt=1.0):
    """exp(-s / tau) with s = post - arrival in ms, for a pair that is `lag` steps apart.

    An arrival is at the start of its step, a neuron fires anywhere in its own, so this is the mean
    over s from lag to lag + 1 steps; of |s| if the arrival comes after.
    """
    lag = np.asarray(lag, float)
    edges = np.abs([lag * dt, (lag + 1) * dt])
    return tau / dt * (np.exp(-edges.min(axis=0) / tau) - np.exp(-edges.max(axis=0) / tau))


@pytest.mark.parametrize("dt", [0.5, 1.0])
@pytest.mark.parametrize("pairing", ["all", "nearest"])
def test_stdp_window(dt, pairing):
    """+-A w_max exp(-|s| / tau), s from the arrival, on average over the step of the spike."""
    lags, delays = (g.ravel() for g in np.meshgrid(np.arange(-60, 61, 4), [1, 2, 7, 20]))
    n = len(lags)
    rule = STDP(A_plus=0.03, A_minus=0.02, tau_plus=17.0, tau_minus=34.0, pairing=pairing)
    brain, projection = pairs(n, delays * dt, dt, rule=rule)
    a = raster(200, n, [(70, k) for k in range(n)])
    b = raster(200, n, [(70 + d + g, k) for k, (d, g) in enumerate(zip(delays, lags, strict=True))])
    play(brain, a, b)
    window = np.where(lags >= 0, 0.03 * seen(lags, 17.0, dt), -0.02 * seen(lags, 34.0, dt))
    np.testing.assert_allclose(projection.weight - 0.5, window, rtol=2e-4, atol=2e-7)
    assert (lags == 0).any()


@pytest.mark.parametrize("dt", [1.0, 0.1])
def test_the_window_adds_up_to_its_integral_on_any_grid(dt):
    """dt x the sum over all lags is A_plus tau_plus - A_minus tau_minus, also of short windows."""
    steps = round(25 / dt)
    lags = np.arange(-steps, steps)
    rule = STDP(A_plus=0.03, A_minus=0.035, tau_plus=1.5, tau_minus=1.0)
    brain, projection = pairs(len(lags), dt, dt, rule=rule)
    everyone = np.arange(len(lags))
    a = raster(3 * steps, len(lags), [(steps, k) for k in everyone])
    b = raster(3 * steps, len(lags), [(steps + 1 + g, k) for k, g in enumerate(lags)])
    play(brain, a, b)
    change = projection.weight.astype(float) - 0.5
    np.testing.assert_allclose(dt * change[lags >= 0].sum(), 0.03 * 1.5, rtol=1e-4)
    np.testing.assert_allclose(dt * change[lags < 0].sum(), -0.035 * 1.0, rtol=1e-4)


@pytest.mark.parametrize("side", ["A_plus", "A_minus"])
def test_each_side_of_the_window_can_be_switched_off(side):
    rule = STDP(**{"A_plus": 0.03, "A_minus": 0.02, side: 0.0})
    brain, projection = pairs(2, 2.0, rule=rule)
    a = raster(60, 2, [(20, 0), (20, 1)])
    b = raster(60, 2, [(30, 0), (10, 1)])
    play(brain, a, b)
    moved = projection.weight != 0.5
    assert moved.tolist() == ([False, True] if side == "A_plus" else [True, False])


@pytest.mark.parametrize("pairing", ["all", "nearest"])
def test_pairing(pairing):
    """Three arrivals before one spike, three spikes before one arrival."""
    rule = STDP(A_plus=0.01, A_minus=0.01, pairing=pairing)
    brain, projection = pairs(2, 5.0, rule=rule)
    a = raster(80, 2, [(10, 0), (20, 0), (26, 0), (45, 1)])
    b = raster(80, 2, [(35, 0), (15, 1), (25, 1), (31, 1)])
    play(brain, a, b)
    terms = 0.01 * seen([[20, 10, 4], [-35, -25, -19]], 20.0)
    total = terms.sum(axis=1) if pairing == "all" else terms[:, -1]
    np.testing.assert_allclose(projection.weight - 0.5, total * [1, -1], rtol=1e-4)


def test_multiplicative_bounds():
    """Steps are in proportion to the room left."""
    rule = STDP(A_plus=0.03, A_minus=0.02, bounds="multiplicative")
    brain, projection = pairs(2, 1.0, rule=rule)
    projection.w_min = 0.1
    projection.weight = 0.4
    play(brain, raster(40, 2, [(10, 0), (10, 1)]), raster(40, 2, [(11, 0), (10, 1)]))
    expected = [0.03 * seen(0, 20.0) * (1.0 - 0.4), -0.02 * seen(-1, 20.0) * (0.4 - 0.1)]
    np.testing.assert_allclose(projection.weight - 0.4, expected, rtol=1e-4)


def test_weights_keep_within_their_bounds():
    rule = STDP(A_plus=0.3, A_minus=0.3)
    brain, projection = pairs(2, 1.0, rule=rule)
    projection.w_min = 0.2
    a = raster(400, 2, [(t, k) for t in range(10, 400, 40) for k in (0, 1)])
    b = raster(400, 2, [(t + 3, 0) for t in range(10, 400, 40)])
    b |= raster(400, 2, [(t - 1, 1) for t in range(10, 400, 40)])
    play(brain, a, b)
    np.testing.assert_allclose(projection.weight, [1.0, 0.2], rtol=1e-6)


# ------------------------------------------------------------------ dopamine


@pytest.mark.parametrize("dt", [0.5, 1.0])
@pytest.mark.parametrize(("tau_c", "tau_d"), [(1000.0, 200.0), (80.0, 200.0), (200.0, 10.0)])
@pytest.mark.parametrize("late", [0, 37, 500])
def test_eligibility_times_dopamine(dt, tau_c, tau_d, late):
    """dw = integral of c0 exp(-t / tau_c) D exp(-(t - s) / tau_d), t in seconds in dw/dt = c D."""
    rule = RewardSTDP(
        A_plus=0.2,
        A_minus=0.0,
        tau_plus=20.0,
        tau_eligibility=tau_c,
        dopamine_decay=tau_d,
        baseline_dopamine=0.0,
    )
    brain, projection = pairs(1, 2 * dt, dt, rule=rule)
    play(brain, raster(13, 1, [(2, 0)]), raster(13, 1, [(12, 0)]))
    c0 = 0.2 * seen(8, 20.0, dt)
    # The post spike of step 12 acts from the beginning of that step on.
    np.testing.assert_allclose(projection.eligibility[0], c0 * np.exp(-dt / tau_c), rtol=1e-4)
    quiet = np.zeros((late, 1), bool)
    play(brain, quiet, quiet)
    assert projection.weight[0] == np.float32(0.5)
    brain.reward(3.0, projection.label)
    np.testing.assert_allclose(brain.dopamine(projection.label), 3.0)
    quiet = np.zeros((300, 1), bool)
    play(brain, quiet, quiet)
    since = (1 + late) * dt
    both = 1.0 / tau_c + 1.0 / tau_d
    dw = 1e-3 * c0 * np.exp(-since / tau_c) * 3.0 * (1.0 - np.exp(-300 * dt * both)) / both
    np.testing.assert_allclose(projection.weight[0] - 0.5, dw, rtol=1e-3, atol=2e-7)
    np.testing.assert_allclose(
        brain.dopamine(projection.label), 3.0 * np.exp(-300 * dt / tau_d), rtol=1e-9
    )


def learned(reward: float, baseline: float = 0.0, A_plus: float = 0.2) -> float:
    rule = RewardSTDP(A_plus=A_plus, A_minus=0.0, baseline_dopamine=baseline)
    brain, projection = pairs(1, 2.0, rule=rule)
    play(brain, raster(13, 1, [(2, 0)]), raster(13, 1, [(12, 0)]))
    if reward > 0:
        brain.reward(reward, projection.label)
    elif reward < 0:
        brain.punish(-reward, projection.label)
    brain.run(3000)
    return float(projection.weight[0]) - 0.5


def test_reward_and_punishment_are_opposite_and_both_needed():
    """No dopamine, no learning; no eligibility, no learning."""
    assert learned(0.0) == 0.0
    assert learned(4.0, A_plus=0.0) == 0.0
    assert learned(4.0) > 0.05
    np.testing.assert_allclose(learned(-4.0), -learned(4.0), rtol=1e-4)
    np.testing.assert_allclose(learned(8.0), 2 * learned(4.0), rtol=1e-4)


def test_tonic_dopamine():
    """dw = c0 tau_c D0, at once."""
    expected = 1e-3 * 0.5 * 0.2 * seen(8, 20.0) * 1000.0
    np.testing.assert_allclose(learned(0.0, baseline=0.5), expected, rtol=1e-3)


def test_an_arrival_after_a_spike_lowers_eligibility():
    rule = RewardSTDP(A_plus=0.2, A_minus=0.3, baseline_dopamine=0.0)
    brain, projection = pairs(1, 2.0, rule=rule)
    play(brain, raster(13, 1, [(10, 0)]), raster(13, 1, [(4, 0)]))
    c = -0.3 * seen(-8, 20.0) * np.exp(-1 / 1000.0)
    np.testing.assert_allclose(projection.eligibility[0], c, rtol=1e-4)
