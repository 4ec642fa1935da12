"""Izhikevich's neuron with inhibition that shunts, for circuits in which neurons compete."""

from __future__ import annotations

from typing import Any

import numpy as np

from engram.neurons import NeuronModel
from engram.parameters import Parameter


class ShuntedIzhikevich(NeuronModel):
    """Izhikevich's (2003) neuron; inhibition is a conductance, theta takes from the current.

    v' = 0.04 v^2 + 5 v + 140 - u + J + g_inh (E_inh - v),  u' = a (b v - u),  J = I + g_exc - theta

    in mV and ms; at v >= 30 mV a spike, v <- c, u <- u + d. Excitation is a current that decays
    with tau_exc. Two half steps, with the inhibition implicit: it may be strong, as it is where one
    winner silences all others, and holds v at E_inh, where a current would pull v far below and let
    the neuron rebound. doi:10.1109/TNN.2003.820440
    """

    states = {"v": -70.0, "u": -14.0}
    conductance = True

    a = Parameter(0.02, low=0.0, unit="1/ms", doc="rate of recovery")
    b = Parameter(0.2, doc="sensitivity of recovery to v")
    c = Parameter(-65.0, unit="mV", doc="v after a spike")
    d = Parameter(8.0, doc="step of u at a spike")
    E_inh = Parameter(-80.0, unit="mV", doc="reversal potential of inhibition")
    tau_exc = Parameter(40.0, low=0.0, unit="ms", doc="decay of excitatory input")
    tau_inh = Parameter(30.0, low=0.0, unit="ms", doc="decay of inhibitory input")

    @staticmethod
    def update(
        v: Any, u: Any, I: Any, g_exc: Any, g_inh: Any, theta: Any, a: Any, b: Any, E_inh: Any,  # noqa: E741
        dt: Any,
    ) -> Any:  # fmt: skip
        """The next v and u, and whether the neuron fires."""
        f = np.float32
        h = f(0.5) * dt
        g = h * g_inh
        J = I + g_exc - theta
        w = (v + h * (v * (f(0.04) * v + f(5)) + f(140) - u + J) + g * E_inh) / (f(1) + g)
        # Beyond 30 mV the second half step has nothing to add, and would run away.
        x = min(w, f(30))
        x = (x + h * (x * (f(0.04) * x + f(5)) + f(140) - u + J) + g * E_inh) / (f(1) + g)
        v = x if w < f(30) else w
        u = u + dt * a * (b * min(v, f(30)) - u)
        return v, u, v >= f(30)

    @staticmethod
    def reset(u: Any, c: Any, d: Any) -> Any:
        """v and u after a spike."""
        return c, u + d
