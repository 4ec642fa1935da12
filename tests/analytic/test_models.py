"""Leaky, exponential and random neurons, and synaptic input, against closed forms."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.integrate import solve_ivp

from engram import LIF, AdEx, Brain, NeuronModel, Parameter, PoissonSource, RegionType, Relay


class Meter(NeuronModel):
    """Adds up the charge it receives; never fires."""

    unused = Parameter(0.0)
    states = {"v": 0.0}

    @staticmethod
    def update(v, I, dt):  # noqa: E741
        return v + I * dt, False


def alone(model, n: int, dt: float) -> Brain:
    """Unconnected neurons."""
    brain = Brain(dt=dt, seed=1)
    brain.freeze_structural_plasticity()
    brain.disable_memory()
    brain.add_region("n", RegionType.SENSORY, n, connectivity=0.0, model=model, noise=0.0)
    return brain


def spikes_under(brain: Brain, currents: np.ndarray, ms: float) -> list[np.ndarray]:
    """Spike steps of one neuron per current."""
    found: list[list[int]] = [[] for _ in currents]
    for step in range(round(ms / brain.dt)):
        brain.inject_current("n", np.arange(len(currents)), currents)
        for k in brain.step()["n"]:
            found[k].append(step)
    return [np.array(f) for f in found]


@pytest.mark.parametrize("dt", [0.1, 1.0])
@pytest.mark.parametrize("t_ref", [0.0, 2.0, 5.0])
def test_lif_rate_against_current(dt, t_ref):
    """Interval t_ref + tau log(I / (I - 15 mV)), to the next grid point; none at or below 15."""
    currents = np.array([5.0, 14.9, 15.5, 18.0, 25.0, 40.0, 80.0])
    brain = alone(LIF(t_ref=t_ref), len(currents), dt)
    for current, steps in zip(currents, spikes_under(brain, currents, 400.0), strict=True):
        if current < 15.0:
            assert not len(steps)
            continue
        climb = 20.0 * np.log(current / (current - 15.0))
        intervals = np.diff(steps) * dt
        assert len(intervals) >= 3
        assert np.all(intervals >= max(t_ref, climb) - 1e-6)
        # The refractory period ends and the threshold is tested at grid points.
        assert np.all(np.abs(intervals - (t_ref + climb)) <= dt * 1.001)


def test_membrane_decays_exponentially():
    brain = alone(LIF(tau_m=13.0), 3, 0.25)
    region = brain.regions["n"]
    start = np.array([-55.0, -60.0, -90.0])
    region.v[:] = start
    for step in range(1, 200):
        brain.step()
        exact = -65.0 + (start + 65.0) * np.exp(-step * 0.25 / 13.0)
        np.testing.assert_allclose(region.v, exact, rtol=0, atol=1e-4)


@pytest.mark.parametrize(("tau_exc", "tau_inh"), [(5.0, 10.0), (0.0, 3.0), (2.0, 0.0)])
def test_synaptic_input_decays_exponentially(tau_exc, tau_inh):
    brain = alone(LIF(tau_exc=tau_exc, tau_inh=tau_inh), 1, 0.5)
    region = brain.regions["n"]
    region.state("exc")[:] = 0.3
    region.state("inh")[:] = -0.2
    for step in range(1, 40):
        brain.step()
        for kind, start, tau in (("exc", 0.3, tau_exc), ("inh", -0.2, tau_inh)):
            exact = start * np.exp(-step * 0.5 / tau) if tau > 0 else 0.0
            np.testing.assert_allclose(region.state(kind)[0], exact, rtol=1e-5)


@pytest.mark.parametrize("dt", [0.1, 0.5, 1.0])
@pytest.mark.parametrize("tau", [0.0, 0.7, 5.0])
def test_charge_of_a_spike(dt, tau):
    """A weight w delivers w tau, or w x 1 ms with tau = 0, however long the step."""
    brain = Brain(dt=dt, seed=1)
    brain.freeze_structural_plasticity()
    options = {"connectivity": 0.0, "noise": 0.0, "excitatory": 1.0}
    brain.add_region("a", RegionType.SENSORY, 1, model=Relay(), **options)
    brain.add_region("n", RegionType.SENSORY, 1, model=Meter(tau_exc=tau), **options)
    brain.connect_regions("a", "n", wiring="one_to_one", weights=2.0, delays=3 * dt, rule=None)
    brain.inject_current("a", [0], 1.0)
    brain.run(4)
    received = float(brain.regions["n"].v[0])
    brain.run(round(30 * max(tau, 1.0) / dt))
    total = float(brain.regions["n"].v[0])
    np.testing.assert_allclose(total, 2.0 * (tau if tau > 0 else 1.0), rtol=1e-4)
    first = 2.0 * (tau * (1.0 - np.exp(-dt / tau)) if tau > 0 else 1.0)
    np.testing.assert_allclose(received, first, rtol=1e-5)


@pytest.mark.parametrize("dt", [0.1, 1.0])
def test_lif_under_constant_conductances(dt):
    """v relaxes to the weighted mean of the reversals with tau / (1 + g_exc + g_inh)."""
    g_exc = np.array([0.0, 0.1, 0.2, 1.0])
    g_inh = np.array([0.5, 1.0, 3.0, 50.0])
    brain = alone(LIF(tau_exc=1e9, tau_inh=1e9), 4, dt)
    region = brain.regions["n"]
    region.state("exc")[:] = g_exc
    region.state("inh")[:] = -g_inh
    g = 1.0 + g_exc + g_inh
    rest = (-65.0 + g_exc * 0.0 + g_inh * -80.0) / g
    for step in range(1, round(60 / dt)):
        brain.step()
        exact = rest + (-65.0 - rest) * np.exp(-g * step * dt / 20.0)
        # exp(-x) in a step is approximate, to 5e-5 at x = 1 and 0.3 % beyond.
        slack = np.where(g * dt / 20.0 > 1.0, 3e-3, 5e-5) * np.abs(rest + 65.0)
        assert np.all(np.abs(region.v - exact) <= 5e-4 + slack), (step, region.v, exact)
    assert (np.abs(rest + 65.0) > 1.0).all()


ADEX = {
    "adapting": ({}, 900.0),
    "tonic": ({"a": 0.0, "b": 0.0}, 800.0),
    "bursting": ({"v_r": -46.0, "tau_w": 60.0, "b": 120.0}, 900.0),
    "fast": ({"C": 120.0, "a": 1.0, "b": 20.0, "tau_w": 40.0}, 900.0),
}


@pytest.mark.parametrize("name", sorted(ADEX))
def test_adex_counts(name):
    """Spike counts and first spikes of classic patterns against DOP853."""
    own, current = ADEX[name]
    model = AdEx(**own)
    m = model.values()
    end = 250.0

    def flow(_t, y):
        v, w = y
        rise = m["g_L"] * m["Delta_T"] * np.exp(min((v - m["v_T"]) / m["Delta_T"], 60.0))
        return (
            (-m["g_L"] * (v - m["E_L"]) + rise - w + current) / m["C"],
            (m["a"] * (v - m["E_L"]) - w) / m["tau_w"],
        )

    def peak(_t, y):
        return y[0] - m["v_peak"]

    peak.terminal, peak.direction = True, 1.0
    t, y, exact = 0.0, (m["E_L"], 0.0), []
    while t < end:
        found = solve_ivp(flow, (t, end), y, method="DOP853", rtol=1e-8, atol=1e-8, events=peak)
        if not len(found.t_events[0]):
            break
        t = float(found.t_events[0][0])
        exact.append(t)
        y = (m["v_r"], float(found.y_events[0][0][1]) + m["b"])
    (steps,) = spikes_under(alone(model, 1, 0.1), np.array([current]), end)
    assert len(exact) >= 5
    assert abs(len(steps) - len(exact)) <= max(1, 0.02 * len(exact)), (len(steps), len(exact))
    np.testing.assert_allclose((steps[:4] + 0.5) * 0.1, exact[:4], rtol=0, atol=0.3)


@pytest.mark.parametrize(("rate", "dt"), [(5.0, 1.0), (40.0, 0.5), (400.0, 1.0)])
def test_poisson_source(rate, dt):
    """Fires with probability 1 - exp(-rate dt) in a step, independently of the last spike."""
    brain = alone(PoissonSource, 300, dt)
    brain.regions["n"].background = rate
    raster = np.zeros((2000, 300), bool)
    for step in range(2000):
        raster[step, brain.step()["n"]] = True
    p, n = 1.0 - np.exp(-rate * dt / 1000.0), raster.size
    sigma = np.sqrt(p * (1.0 - p) / n)
    assert abs(raster.mean() - p) < 4 * sigma
    after = raster[1:][raster[:-1]]
    assert abs(after.mean() - p) < 4 * np.sqrt(p * (1.0 - p) / after.size)
    counts = raster.sum(axis=0)
    assert 0.7 < counts.var() / (2000 * p * (1 - p)) < 1.3


def test_a_poisson_source_without_rate_is_silent():
    brain = alone(PoissonSource, 50, 1.0)
    brain.run(500)
    assert brain.regions["n"].total_spikes.sum() == 0
