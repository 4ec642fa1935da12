"""Izhikevich's neuron for circuits that compete."""

from __future__ import annotations

from engram.neurons import NeuronModel
from engram.parameters import Parameter


class ShuntedIzhikevich(NeuronModel, saved_as="engram.competition:ShuntedIzhikevich"):
    """Izhikevich's neuron whose inhibition is a conductance and whose excitation is a current.

        v' = 0.04 v^2 + 5 v + 140 - u + I + g_exc - theta + g_inh (E_inh - v)
        u' = a (b v - u)

    with the reset of `Izhikevich`; g_inh in 1/ms. Inhibition can't drive v below E_inh, however
    many winners there are. In each step the conductance acts first (exactly), then the rest as in
    `Izhikevich`.

    References
    ----------
    .. [1] Izhikevich 2003, doi:10.1109/TNN.2003.820440

    Examples
    --------
    >>> from engram import Brain
    >>> from engram.circuits import ShuntedIzhikevich
    >>> brain = Brain(seed=1)
    >>> cortex = brain.add_region("cortex", n_neurons=20, model=ShuntedIzhikevich(E_inh=-75.0))
    >>> cortex.model.E_inh, float(cortex.v[0])
    (-75.0, -70.0)
    """

    states = {"v": -70.0, "u": -14.0}
    conductance = True
    weight_unit = current_unit = 1.0

    a = Parameter(0.02, low=0.0, unit="1/ms", doc="rate of recovery")
    b = Parameter(0.2, doc="sensitivity of recovery to v")
    c = Parameter(-65.0, high=29.0, unit="mV", doc="v after a spike")
    d = Parameter(8.0, doc="step of u at a spike")
    E_inh = Parameter(-80.0, unit="mV", doc="reversal of inhibition")

    update = "engram.kernels.models:shunted_izhikevich_update"
    reset = "engram.kernels.models:shunted_izhikevich_reset"
