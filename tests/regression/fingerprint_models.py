"""A neuron model and rules of one's own, in a module with one name however the tests are run.

The name of the module is part of the fingerprint: import it as tests.regression.fingerprint_models.
"""

from __future__ import annotations

from engram import NeuronModel, Parameter, PlasticityRule, RewardSTDP


class Quadratic(NeuronModel):
    """tau v' = v^2 + I; fires at the peak."""

    tau = Parameter(10.0, low=0.0, open_low=True, unit="ms", per_neuron=True)
    peak = Parameter(10.0)
    states = {"v": -1.0}
    current_unit = 1.0

    @staticmethod
    def update(v, I, tau, peak, dt):  # noqa: E741
        v = v + dt / tau * (v * v + I)
        return v, v >= peak

    @staticmethod
    def reset(peak):
        return -peak


class Oja(PlasticityRule):
    """At firing: w <- w + eta (x - w)."""

    eta = Parameter(0.01, low=0.0)
    tau = Parameter(20.0, low=0.0, open_low=True, unit="ms")
    pre_traces = {"x": "tau"}
    post_traces = {}

    @staticmethod
    def on_post(w, x, eta):
        return w + eta * (x - w)


class Hebb(RewardSTDP):
    """Reward-modulated, and no depression."""

    @staticmethod
    def on_pre():
        return 0.0

    @staticmethod
    def on_post(x, A_plus, w_max):
        return A_plus * x * w_max
