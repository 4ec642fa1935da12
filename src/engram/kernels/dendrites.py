"""The cable equation on a tree of compartments, for many neurons at a time.

For compartment i with a share c_i of the cell's capacitance and potential s_i above rest,

    c_i s_i' = -l_i s_i + sum_j g_ij (s_j - s_i) + synapses,

is stepped by backward Euler. All neurons of a region have the same tree, so each line below is a
loop over neighbouring neurons, and the matrix, with parents numbered before their children, is
eliminated from the tips to the soma and substituted back (Hines 1984,
doi:10.1016/0020-7101(84)90008-4): the cost is linear in compartments.
"""

from typing import Any, NamedTuple

import numpy as np

from engram.kernels.jit import inner_inline_jit
from engram.kernels.models import fast_exp

f32 = np.float32
_0, _1 = f32(0.0), f32(1.0)
_SLOPE = f32(-0.062)


class System(NamedTuple):
    """The equations of a block of n neurons for a part h (ms) of a step.

    parent, capacity, leak, axial: of the n_nodes compartments; diagonal, right: the matrix and its
    right-hand side, by compartment and neuron.
    """

    n: Any
    n_nodes: Any
    h: Any
    parent: Any
    capacity: Any
    leak: Any
    axial: Any
    diagonal: Any
    right: Any


@inner_inline_jit
def assemble(system, conductance, scale, rest, reversal, mean, s, exc, inh, nmda, nmda_factor):
    """Write each compartment's own terms: what multiplies it, and what it is driven by.

    scale: 1/ms, of synaptic input; conductance: whether exc and inh are conductances relative to
    the leak; reversal, mean: of excitation and of inhibition; nmda_factor: ratio x mean over the
    step, rest after it, Mg / 3.57, reversal.
    """
    n, h, capacity, leak = system.n, system.h, system.capacity, system.leak
    diagonal, right = system.diagonal, system.right
    E_exc, E_inh = reversal
    mean_exc, mean_inh = mean
    ratio, magnesium, E_nmda = nmda_factor[0], nmda_factor[2], nmda_factor[3]
    for i in range(system.n_nodes):
        c, l = capacity[i], h * leak[i]
        s_i, d_i, r_i = s[i], diagonal[i], right[i]
        e_i, n_i = exc[i], inh[i]
        if conductance:
            for k in range(n):
                g_exc = h * scale * mean_exc * e_i[k]
                g_inh = -h * scale * mean_inh * n_i[k]
                d_i[k] = (c + l) + (g_exc + g_inh)
                r_i[k] = c * s_i[k] + (g_exc * (E_exc - rest[k]) + g_inh * (E_inh - rest[k]))
        else:
            for k in range(n):
                d_i[k] = c + l
                r_i[k] = c * s_i[k] + h * scale * (mean_exc * e_i[k] + mean_inh * n_i[k])
        if ratio > _0:
            m_i = nmda[i]
            for k in range(n):
                drive = E_nmda - rest[k]
                g = h * scale * ratio * m_i[k]
                g = g if conductance else g / drive
                # Jahr & Stevens' block at the potential the step starts from.
                g = g / (_1 + magnesium * fast_exp(_SLOPE * (rest[k] + s_i[k])))
                d_i[k] += g
                r_i[k] += g * drive


@inner_inline_jit
def eliminate(system, load, pull):
    """From the tips to the soma, which is left with the tree as a conductance.

    load: that conductance, 1/ms; pull: the current it drives into a soma at rest, mV/ms.
    """
    n, h, parent, axial = system.n, system.h, system.parent, system.axial
    diagonal, right = system.diagonal, system.right
    for k in range(n):
        load[k] = _0
        pull[k] = _0
    # A compartment and all beyond it, d, conduct d g / (d + g) to its parent: nothing cancels.
    for i in range(system.n_nodes - 1, -1, -1):
        g, d_i, r_i = h * axial[i], diagonal[i], right[i]
        if parent[i] >= 0:
            d_p, r_p = diagonal[parent[i]], right[parent[i]]
            for k in range(n):
                f = g / (d_i[k] + g)
                d_p[k] += f * d_i[k]
                r_p[k] += f * r_i[k]
        else:
            for k in range(n):
                f = axial[i] / (d_i[k] + g)
                load[k] += f * d_i[k]
                pull[k] += f * r_i[k]


@inner_inline_jit
def substitute(system, soma, s):
    """From the soma to the tips: the potentials at the end of the step."""
    n, h, parent, axial = system.n, system.h, system.parent, system.axial
    diagonal, right = system.diagonal, system.right
    for i in range(system.n_nodes):
        g, d_i, r_i, s_i = h * axial[i], diagonal[i], right[i], s[i]
        if parent[i] >= 0:
            s_p = s[parent[i]]
            for k in range(n):
                s_i[k] = (r_i[k] + g * s_p[k]) / (d_i[k] + g)
        else:
            for k in range(n):
                s_i[k] = (r_i[k] + g * soma[k]) / (d_i[k] + g)


@inner_inline_jit
def reset(n, n_nodes, backward, spiked, v, rest, s):
    """The end of a spike, which spreads from the soma: no compartment stays above its share of it.

    s <- s + A min(v_reset - rest - s, 0), A the voltage attenuation from the soma outwards.
    """
    for i in range(n_nodes):
        A, s_i = backward[i], s[i]
        for k in range(n):
            s_i[k] += spiked[k] * A * min((v[k] - rest[k]) - s_i[k], _0)


@inner_inline_jit
def decay(n, n_nodes, kept, x):
    """Synaptic input after the step."""
    for i in range(n_nodes):
        x_i = x[i]
        for k in range(n):
            x_i[k] *= kept
