"""The somata of neurons with compartments, for one neuron and one part of a step.

Besides the states, parameters and inputs of the model, each gets by name: ``load`` (1/ms) and
``pull`` (mV/ms), the dendrites as a conductance onto the soma after elimination
(see `engram.kernels.dendrites`); ``capacity``, the soma's share c of the cell's capacitance;
``tree``, the leak of all dendrites (1/ms); ``rest`` (mV), where they rest; ``fired``, whether the
neuron fired earlier in this step; ``h`` (ms), the length of the part. The current into the cell is
that of the point neuron, with a point neuron's whole membrane: with dendrites of no resistance both
do the same. Returns the new states, whether the neuron fires, and the potential its dendrites see.
"""

import numpy as np

from engram.kernels.jit import inner_inline_jit
from engram.kernels.models import fast_exp, fast_log

f32 = np.float32
_0, _05, _1, _2 = f32(0.0), f32(0.5), f32(1.0), f32(2.0)
_TINY = f32(1e-6)
_AL, _C5, _140, _PEAK = f32(0.04), f32(5.0), f32(140.0), f32(30.0)
_C1, _C2, _C3, _C4 = f32(1 / 2), f32(1 / 24), f32(1 / 720), f32(1 / 40320)
_S1, _S2, _S3, _S4 = f32(1 / 6), f32(1 / 120), f32(1 / 5040), f32(1 / 362880)
_ONCE_ROUND = f32(-9.8)


@inner_inline_jit
def lif_soma(
    v,
    g_exc,
    g_inh,
    I,
    theta,
    since_spike,
    fired,
    h,
    capacity,
    load,
    pull,
    tau_m,
    E_L,
    E_exc,
    E_inh,
    v_th,
    v_reset,
    t_ref,
):
    """Backward Euler, one system with the dendrites.

    c v' = (c (E_L - v) + g_exc (E_exc - v) + g_inh (E_inh - v) + I) / tau_m + dendrites.
    """
    k = h / tau_m
    s = v - E_L
    into = k * (g_exc * (E_exc - E_L) + g_inh * (E_inh - E_L) + I) + h * pull
    s1 = (capacity * s + into) / (capacity + k * (capacity + g_exc + g_inh) + h * load)
    held = (since_spike < t_ref) | (fired & (t_ref > _0))
    v1 = v_reset if held else E_L + s1
    spike = (v1 >= v_th + theta) & (not held)
    return v_reset if spike else v1, spike, v1


@inner_inline_jit
def current_lif_soma(
    v, I, theta, since_spike, fired, h, capacity, load, pull, tau_m, E_L, v_th, v_reset, t_ref
):
    """The same with current synapses, which `I` contains."""
    return lif_soma(
        v,
        _0,
        _0,
        I,
        theta,
        since_spike,
        fired,
        h,
        capacity,
        load,
        pull,
        tau_m,
        E_L,
        _0,
        _0,
        v_th,
        v_reset,
        t_ref,
    )


@inner_inline_jit
def izhikevich_soma(v, u, a, b, c, d, I, theta, fired, h, capacity, load, pull, tree, rest):
    """Izhikevich's equation, whose leak is that of the whole cell, with dendrites as a conductance.

    c v' = 0.04 v^2 + 5 v + 140 - u + I - theta + (tree - load) (v - rest) + pull, by the exact flow
    of this Riccati equation with u held over the part of the step.
    """
    rho = _1 / capacity
    al = _AL * rho
    slope = tree - load
    middle = _05 * (_C5 + slope) / _AL  # v' = al (v + middle)^2 + F
    constant = (_140 - u) + (I - theta) + (pull - slope * rest)
    F = rho * (constant - _AL * middle * middle)
    w = v + middle
    hF, al_h = h * F, al * h
    D = -al_h * hF
    # C = cosh(sqrt D), S = sinh(sqrt D) / sqrt D, over exp(shift); D < 0: cos and sin.
    large = D > _05
    r = np.sqrt(max(D, _05))
    e = fast_exp(-_2 * r)
    S = _05 * (_1 - e) / r if large else _1 + D * (_S1 + D * (_S2 + D * (_S3 + D * _S4)))
    C = _05 * (_1 + e) if large else _1 + D * (_C1 + D * (_C2 + D * (_C3 + D * _C4)))
    den = C - al_h * w * S
    pole = den <= _TINY
    safe = _1 if pole else den
    v1 = v + S * (hF + al_h * w * w) / safe
    crossed = pole | (v1 >= _PEAK) | (D < _ONCE_ROUND) | (v >= _PEAK)
    v1 = _PEAK if crossed else v1
    # The dendrites see the mean potential, so that they gain the charge that the soma loses.
    mean = -middle - ((r if large else _0) + fast_log(safe)) / al_h
    seen = _PEAK if crossed else mean
    # Once a step: a second crossing waits at the peak for the next one.
    spike = crossed & (not fired)
    ah = a * h
    u1 = u + ah / (_1 + _05 * ah) * (b * seen - u)
    return c if spike else v1, u1 + d if spike else u1, spike, seen
