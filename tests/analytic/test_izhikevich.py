"""Izhikevich neurons against a high-accuracy ODE solution of the same equations."""

from __future__ import annotations

import functools

import numba
import numpy as np
import pytest
from scipy.integrate import solve_ivp
from scipy.integrate._ivp import dop853_coefficients

from engram import Brain, FiringPattern, RegionType
from engram.kernels.calls import kernel, parameters_of

DURATION = 500.0
END = 0.1
"""A spike so near the end may fall on either side of it, ms."""

CURRENTS = np.linspace(1.0, 60.0, 20)
A, B = dop853_coefficients.A[:12, :12].copy(), dop853_coefficients.B.copy()
f32 = np.float32


@numba.njit
def _rk853(v, u, a, b, current, h, stages):
    """One step of the eighth-order formula of DOP853 (Hairer, Norsett & Wanner)."""
    kv, ku = np.zeros(stages), np.zeros(stages)
    for s in range(stages):
        vs, us = v, u
        for k in range(s):
            vs += h * A[s, k] * kv[k]
            us += h * A[s, k] * ku[k]
        kv[s] = 0.04 * vs * vs + 5.0 * vs + 140.0 - us + current
        ku[s] = a * (b * vs - us)
    for k in range(stages):
        v += h * B[k] * kv[k]
        u += h * B[k] * ku[k]
    return v, u


@numba.njit
def _spike_times(a, b, c, d, current, duration, h):
    v, u, t, n = -65.0, -65.0 * b, 0.0, 0
    times = np.zeros(10_000)
    while t < duration:
        v1, u1 = _rk853(v, u, a, b, current, h, 12)
        if v1 < 30.0:
            v, u, t = v1, u1, t + h
            continue
        low, high = 0.0, h
        for _ in range(50):
            middle = 0.5 * (low + high)
            if _rk853(v, u, a, b, current, middle, 12)[0] < 30.0:
                low = middle
            else:
                high = middle
        v, u = _rk853(v, u, a, b, current, high, 12)
        t += high
        v, u = c, u + d
        if t < duration:
            times[n] = t
            n += 1
    return times[:n]


def spike_times(a: float, b: float, c: float, d: float, current: float) -> np.ndarray:
    """Spike times in ms, from v = -65, u = b v: DOP853's formula at 0.01 ms, crossings located."""
    return _spike_times(a, b, c, d, current, DURATION + END, 0.01)


def spike_times_by_scipy(a, b, c, d, current, duration) -> np.ndarray:
    """The same by scipy's adaptive DOP853, which takes seconds."""

    def flow(_t, y):
        v, u = y
        return (0.04 * v * v + 5.0 * v + 140.0 - u + current, a * (b * v - u))

    def peak(_t, y):
        return y[0] - 30.0

    peak.terminal, peak.direction = True, 1.0
    t, y, times = 0.0, (-65.0, -65.0 * b), []
    while t < duration:
        solution = solve_ivp(
            flow, (t, duration), y, method="DOP853", rtol=1e-10, atol=1e-10, events=peak
        )
        if not len(solution.t_events[0]):
            break
        t = float(solution.t_events[0][0])
        times.append(t)
        y = (c, float(solution.y_events[0][0][1]) + d)
    return np.array(times)


@functools.cache
def reference(pattern: FiringPattern, current: float) -> np.ndarray:
    """The spike times of a pattern under a constant current, with the float32 parameters."""
    return spike_times(*(float(f32(p)) for p in pattern.parameters), float(f32(current)))


@functools.cache
def is_chaotic(pattern: FiringPattern, current: float) -> bool:
    """Whether the solution itself moves by more than 1 ms with the eighth digit of the current."""
    other = spike_times(*(float(f32(p)) for p in pattern.parameters), float(f32(current)) + 1e-8)
    mine = reference(pattern, current)
    return len(other) != len(mine) or bool(np.abs(other - mine).max(initial=0.0) > 1.0)


@pytest.mark.parametrize("pattern", list(FiringPattern), ids=lambda p: p.name)
def test_the_reference_is_scipys(pattern):
    """The fast reference agrees with scipy's adaptive integration."""
    exact = spike_times_by_scipy(*pattern.parameters, 10.0, 80.0)
    mine = spike_times(*pattern.parameters, 10.0)
    assert len(exact) >= 1
    np.testing.assert_allclose(mine[: len(exact)], exact, rtol=0, atol=1e-5)


def neurons(pattern: FiringPattern, n: int, dt: float, theta_plus: float = 0.0) -> Brain:
    """Identical unconnected neurons without noise."""
    brain = Brain(dt=dt, seed=1)
    brain.freeze_structural_plasticity()
    brain.disable_memory()
    brain.homeostasis.theta_plus = theta_plus
    brain.add_region(
        "n",
        RegionType.SENSORY,
        n_neurons=n,
        connectivity=0.0,
        patterns=pattern,
        variation=0.0,
        noise=0.0,
    )
    return brain


def simulate(pattern: FiringPattern, currents: np.ndarray, dt: float, ms: float = DURATION):
    """Spike times of one neuron per current; within its step a spike counts as in the middle."""
    brain = neurons(pattern, len(currents), dt)
    times: list[list[float]] = [[] for _ in currents]
    everyone = np.arange(len(currents))
    for step in range(round(ms / dt)):
        brain.inject_current("n", everyone, currents)
        for k in brain.step()["n"]:
            times[k].append((step + 0.5) * dt)
    return [np.array(t) for t in times]


@pytest.mark.parametrize("pattern", list(FiringPattern), ids=lambda p: p.name)
def test_spikes_at_a_tenth_of_a_millisecond(pattern):
    """Counts equal, times within 1 ms."""
    found, compared, spikes = simulate(pattern, CURRENTS, 0.1), 0, 0
    for current, mine in zip(CURRENTS, found, strict=True):
        exact = reference(pattern, float(current))
        if np.diff(exact).min(initial=np.inf) < 0.1:
            continue
        # The reference runs on a little longer than the simulation.
        sure = int((exact < DURATION - END).sum())
        assert sure <= len(mine) <= len(exact), (current, len(mine), len(exact))
        spikes += sure
        if len(exact) and not is_chaotic(pattern, float(current)):
            np.testing.assert_allclose(
                mine, exact[: len(mine)], rtol=0, atol=1.0, err_msg=str(current)
            )
            compared += 1
    assert compared >= 12
    assert spikes > 100


@pytest.mark.parametrize("pattern", list(FiringPattern), ids=lambda p: p.name)
def test_counts_at_one_millisecond(pattern):
    """Within 5 % or one spike."""
    found, compared = simulate(pattern, CURRENTS, 1.0), 0
    for current, mine in zip(CURRENTS, found, strict=True):
        exact = reference(pattern, float(current))
        if np.diff(exact).min(initial=np.inf) < 1.0:
            continue
        assert abs(len(mine) - len(exact)) <= max(1.0, 0.05 * len(exact)), (current, len(exact))
        compared += len(exact) > 0
    assert compared >= 5


def test_patterns_differ():
    """The comparison tells the patterns apart: no two have the same counts."""
    counts = {tuple(len(reference(p, float(i))) for i in CURRENTS[::4]) for p in FiringPattern}
    assert len(counts) == len(FiringPattern)


@pytest.mark.parametrize("dt", [0.1, 0.5, 1.0])
@pytest.mark.parametrize("pattern", list(FiringPattern), ids=lambda p: p.name)
def test_no_spike_below_threshold(pattern, dt):
    """No constant inhibition, not even one of -10,000, makes a neuron fire or diverge.

    The current is on from the start and stays; a rebound at its onset would need it to end.
    """
    currents = -np.concatenate([np.linspace(0.0, 50.0, 60), np.geomspace(50.0, 1e4, 140)])
    # A resonator fires without any input.
    currents = currents[[i < -2.0 or len(reference(pattern, float(i))) == 0 for i in currents]]
    assert len(currents) > 180
    brain = neurons(pattern, len(currents), dt)
    region = brain.regions["n"]
    for step in range(round(100.0 / dt)):
        brain.inject_current("n", np.arange(len(currents)), currents)
        assert not len(brain.step()["n"]), step
        assert np.isfinite(region.v).all()
        assert np.isfinite(region.u).all()
    assert region.v.max() < -55.0
    # Equilibrium: 0.04 v^2 + 5 v + 140 - b v + I = 0 where there is one.
    b = float(f32(pattern.parameters[1]))
    p, q = (5.0 - b) / 0.04, (140.0 + currents) / 0.04
    rest = (-p - np.sqrt(p * p - 4.0 * q)) / 2.0
    stable = currents < -1.0
    if dt < 1.0:
        return
    for _ in range(600):
        brain.inject_current("n", np.arange(len(currents)), currents)
        brain.step()
    np.testing.assert_allclose(region.v[stable], rest[stable], atol=0.2, rtol=1e-3)


def test_a_current_above_threshold_does_fire():
    """The same set-up fires under a positive current."""
    assert all(len(t) > 0 for t in simulate(FiringPattern.REGULAR_SPIKING, np.full(3, 10.0), 1.0))


@pytest.mark.parametrize("pattern", list(FiringPattern), ids=lambda p: p.name)
def test_order_of_convergence(pattern):
    """Below threshold the scheme is of second order in dt."""
    a, b, c, d = pattern.parameters
    current, end, start = 1.0, 16.0, (-75.0, -10.0)

    def flow(_t, y):
        v, u = y
        return (0.04 * v * v + 5.0 * v + 140.0 - u + current, a * (b * v - u))

    exact = solve_ivp(flow, (0.0, end), start, method="DOP853", rtol=1e-12, atol=1e-12).y[:, -1]
    update = kernel("models.izhikevich_update")
    names = parameters_of(update)
    errors = []
    for dt in (1.0, 0.5, 0.25, 0.125):
        v, u = start
        for _ in range(round(end / dt)):
            known = {
                "v": v,
                "u": u,
                "a": a,
                "b": b,
                "c": c,
                "d": d,
                "I": current,
                "theta": 0.0,
                "dt": dt,
            }
            v, u, fires = update(*[float(known[name]) for name in names])
            assert not fires
        errors.append(abs(v - exact[0]) + abs(u - exact[1]))
    orders = np.log2(np.array(errors[:-1]) / np.array(errors[1:]))
    assert errors[-1] < 1e-3
    assert orders.min() > 1.6, (orders, errors)


def test_theta_is_an_outward_current_and_decays():
    """theta jumps by theta_plus at a spike, decays with theta_leak and slows firing."""
    current = np.full(1, 12.0)
    counts = {}
    for plus in (0.0, 1.5):
        brain = neurons(FiringPattern.FAST_SPIKING, 1, 0.5, theta_plus=plus)
        brain.homeostasis.theta_leak = 1e-3
        region, theta, counts[plus] = brain.regions["n"], 0.0, 0
        for _ in range(2000):
            brain.inject_current("n", [0], current)
            fired = len(brain.step()["n"])
            counts[plus] += fired
            theta = theta * np.exp(-0.5e-3) + plus * fired
            np.testing.assert_allclose(region.theta[0], theta, rtol=1e-9)
    assert counts[1.5] < 0.7 * counts[0.0]


def test_theta_equals_a_smaller_current():
    """A frozen theta of 4 under a current of 14 is a current of 10."""
    brains = []
    for theta, current in ((4.0, 14.0), (0.0, 10.0)):
        brain = neurons(FiringPattern.REGULAR_SPIKING, 1, 0.5)
        brain.freeze_adaptive_thresholds()
        brain.regions["n"].theta[:] = theta
        brain.regions["n"].background = current
        brain.run(1000)
        brains.append((brain.regions["n"].total_spikes[0], brain.regions["n"].v[0]))
    assert brains[0] == brains[1]
    assert brains[0][0] > 5


def test_a_theta_written_in_mid_run_decays():
    """It does so at once, not only after something else made the brain prepare anew."""
    brain = neurons(FiringPattern.REGULAR_SPIKING, 1, 1.0)
    brain.homeostasis.theta_leak = 1e-2
    brain.run(1)
    brain.regions["n"].theta[:] = 5.0
    brain.run(100)
    np.testing.assert_allclose(brain.regions["n"].theta[0], 5.0 * np.exp(-1.0), rtol=1e-9)


def test_disabled_oscillations_are_silent():
    """`disable_oscillations` takes the rhythm's current away."""
    v = {}
    for off in (False, True):
        brain = neurons(FiringPattern.REGULAR_SPIKING, 1, 1.0)
        brain.oscillators.set("n", "gamma", 3.0)
        if off:
            brain.disable_oscillations()
        brain.run(40)
        v[off] = float(brain.regions["n"].v[0])
    brain = neurons(FiringPattern.REGULAR_SPIKING, 1, 1.0)
    brain.run(40)
    assert v[False] != v[True]
    assert v[True] == float(brain.regions["n"].v[0])
