"""Rules that learn at postsynaptic spikes alone, and triplets, against closed forms."""

from __future__ import annotations

import numpy as np
import pytest

from engram import (
    InvalidValueError,
    ModulatedRule,
    Parameter,
    PlasticityRule,
    TraceSTDP,
    TripletSTDP,
)
from tests.analytic.test_plasticity import pairs, play, raster, seen


def weights_after(rule, pre, post, steps=200, n=1):
    """One synapse for each k; spikes are pairs (step, k)."""
    brain, projection = pairs(n, 1.0, rule=rule)
    play(brain, raster(steps, n, pre), raster(steps, n, post))
    return projection.weight


@pytest.mark.parametrize("mu", [0.0, 1.0, 2.5])
@pytest.mark.parametrize("bounds", ["upper", "both"])
def test_window_of_trace_stdp(mu, bounds):
    """w + eta (x - x_tar) (w_max - w)^mu over 60 lags; x is the mean over the step of the spike."""
    lags = np.arange(60)
    rule = TraceSTDP(eta=0.1, x_tar=0.3, mu=mu, tau_plus=15.0, bounds=bounds)
    # Fired at step 9, arrived at step 10.
    found = weights_after(rule, [(9, k) for k in lags], [(10 + k, k) for k in lags], steps=80, n=60)
    change = seen(lags, 15.0) - 0.3
    # w = 0.5 is as far from either bound; take a start that is not.
    np.testing.assert_allclose(found, 0.5 + 0.1 * change * 0.5**mu, rtol=1e-5)
    brain, projection = pairs(60, 1.0, rule=rule)
    projection.weight = 0.8
    play(brain, raster(80, 60, [(9, k) for k in lags]), raster(80, 60, [(10 + k, k) for k in lags]))
    room = np.where((change < 0) & (bounds == "both"), 0.8, 0.2)
    np.testing.assert_allclose(projection.weight, 0.8 + 0.1 * change * room**mu, rtol=1e-5)


def test_trace_stdp_does_not_learn_from_arrivals():
    """Presynaptic spikes alone leave weights as they are, before and after a postsynaptic one."""
    rule = TraceSTDP(eta=0.1)
    assert weights_after(rule, [(k, 0) for k in range(3, 90, 4)], []) == 0.5
    once = weights_after(rule, [], [(20, 0)])
    later = weights_after(rule, [(k, 0) for k in range(22, 90, 4)], [(20, 0)])
    assert once == later
    np.testing.assert_allclose(once, 0.5 - 0.1 * 0.4 * 0.5, rtol=1e-6)


def test_traces_add_up_or_not():
    found = {
        pairing: weights_after(
            TraceSTDP(eta=0.1, x_tar=0.0, mu=0.0, pairing=pairing), [(4, 0), (9, 0)], [(12, 0)]
        )
        for pairing in ("all", "nearest")
    }
    late, early = seen(2, 20.0), seen(7, 20.0)
    np.testing.assert_allclose(found["all"], 0.5 + 0.1 * (late + early), rtol=1e-6)
    np.testing.assert_allclose(found["nearest"], 0.5 + 0.1 * late, rtol=1e-6)


@pytest.mark.parametrize("bounds", ["additive", "multiplicative"])
def test_triplets_of_pfister_and_gerstner(bounds):
    """post-pre-post and pre-post-pre, each term by itself."""
    taus = {"tau_plus": 17.0, "tau_minus": 34.0, "tau_x": 100.0, "tau_y": 120.0}
    soft = bounds == "multiplicative"

    def rule(**amplitudes):
        zero = dict.fromkeys(("A2_plus", "A3_plus", "A2_minus", "A3_minus"), 0.0)
        return TripletSTDP(**{**zero, **amplitudes}, **taus, bounds=bounds)

    up, down = (0.5, 0.5) if soft else (1.0, 1.0)
    # A neuron's own last spike counts from the end of its step, or, if it is the presynaptic one,
    # to the start of the present one: the mean over the steps that lie 19 to 20 later.
    # Postsynaptic at 10 and 30, arrival at 20 (fired at 19).
    w = weights_after(rule(A3_plus=0.1), [(19, 0)], [(10, 0), (30, 0)])
    np.testing.assert_allclose(w, 0.5 + 0.1 * seen(10, 17) * seen(-20, 120) * up, rtol=1e-5)
    w = weights_after(rule(A2_plus=0.1), [(19, 0)], [(10, 0), (30, 0)])
    np.testing.assert_allclose(w, 0.5 + 0.1 * seen(10, 17) * up, rtol=1e-5)
    # Arrivals at 10 and 30 (fired at 9 and 29), postsynaptic at 20.
    w = weights_after(rule(A3_minus=0.1), [(9, 0), (29, 0)], [(20, 0)])
    np.testing.assert_allclose(w, 0.5 - 0.1 * seen(-10, 34) * seen(-20, 100) * down, rtol=1e-5)
    w = weights_after(rule(A2_minus=0.1), [(9, 0), (29, 0)], [(20, 0)])
    np.testing.assert_allclose(w, 0.5 - 0.1 * seen(-10, 34) * down, rtol=1e-5)
    # A single pair is no triplet.
    assert weights_after(rule(A3_plus=0.1, A3_minus=0.1), [(19, 0)], [(30, 0)]) == 0.5


class Silent(PlasticityRule):
    """The rule of `TraceSTDP` at mu = 0, with an `on_pre` that does nothing."""

    eta = Parameter(0.1)
    tau = Parameter(20.0)
    pre_traces = {"x": "tau"}
    post_traces = {}

    @staticmethod
    def on_pre(w):
        return w

    @staticmethod
    def on_post(w, x, eta):
        return w + eta * (x - 0.4)


def test_leaving_on_pre_out_is_doing_nothing_in_it():
    rng = np.random.default_rng(0)
    pre = [tuple(p) for p in np.argwhere(rng.random((200, 20)) < 0.1)]
    post = [tuple(p) for p in np.argwhere(rng.random((200, 20)) < 0.03)]
    spelled = weights_after(Silent(), pre, post, n=20)
    left_out = weights_after(TraceSTDP(eta=0.1, mu=0.0), pre, post, n=20)
    np.testing.assert_allclose(spelled, left_out, rtol=1e-6)
    assert np.ptp(left_out) > 0.1


def test_dopamine_needs_on_pre():
    with pytest.raises(InvalidValueError, match="needs 'on_pre'"):

        class Bad(ModulatedRule):
            pre_traces = {}
            post_traces = {}


def test_a_rule_says_that_it_is_modulated_by_its_base_alone():
    with pytest.raises(InvalidValueError, match="derives from ModulatedRule"):

        class Direct(PlasticityRule):
            modulated = True
            pre_traces = {}
            post_traces = {}

    with pytest.raises(InvalidValueError, match="derives from ModulatedRule"):

        class Still(ModulatedRule):
            modulated = False
            pre_traces = {}
            post_traces = {}


def test_a_modulated_rule_of_ones_own_has_the_parameters_of_dopamine():
    class Hebb(ModulatedRule):
        eta = Parameter(0.05, low=0.0)
        tau = Parameter(20.0, low=0.0, open_low=True, unit="ms")
        pre_traces = {"x": "tau"}
        post_traces = {}

        @staticmethod
        def on_pre():
            return 0.0

        @staticmethod
        def on_post(x, eta):
            return eta * x

    def grown(reward, **values):
        brain, projection = pairs(1, 1.0, rule=Hebb(**values))
        before = projection.weight.copy()
        play(brain, raster(100, 1, [(10, 0)]), raster(100, 1, [(15, 0)]))
        if reward:
            brain.reward(reward, projection.label)
        brain.run(500)
        return float((projection.weight - before)[0])

    assert grown(0.0) == 0.0
    assert grown(5.0) > 1e-3
    assert grown(0.0, baseline_dopamine=1.0) > 1e-3
    assert grown(5.0, tau_eligibility=20.0) < 0.1 * grown(5.0)
    assert grown(5.0, dopamine_decay=20.0) < grown(5.0)
