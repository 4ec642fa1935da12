"""The loop over a region's neurons with compartments, around what one model's somata do."""

import numpy as np

from engram.kernels.constants import BLOCK, EXTRA, MODEL_ROWS, ZEROS
from engram.kernels.dendrites import System, assemble, decay, eliminate, reset, substitute
from engram.kernels.jit import inner_inline_jit
from engram.kernels.neurons import (
    add_row,
    collect_extra,
    emit_spikes,
    held_phase,
    list_fired,
    steady_current,
    thresholds,
)

# Rows of the scratch array.
LOAD, PULL, SEEN, SPIKED, I, G_EXC, G_INH = range(MODEL_ROWS, MODEL_ROWS + 7)


def make_integrate_cable(tree_constants, soma_block, conductance, background_row):
    """The loop for neurons with compartments.

    `tree_constants` tells from the model's parameters the scale of synaptic input (1/ms) and the
    reversal potentials; `soma_block` advances the somata of neurons [lo, lo + n) by a part of a
    step and flags those that fire. conductance: whether synaptic input is one; background_row:
    which row has the background of each neuron, -1: they have the same.
    """

    @inner_inline_jit
    def integrate_cable(
        index,
        step,
        dt,
        seed,
        part_first,
        part_count,
        model_parameter,
        input_factor,
        v,
        x,
        q,
        exc,
        inh,
        fired,
        alive,
        who,
        scratch,
        current,
        threshold,
        firing,
        cable,
    ):
        first, count = part_first[index], part_count[index]
        c, factor = model_parameter[index], input_factor[index]
        n_nodes, parts = cable.compartments[index], cable.substeps[index]
        h, now = np.float32(dt[0] / parts), np.int32(step - 1)
        theta_step = threshold.theta_plus[index] if threshold.adapting[index] else 0.0
        steady, phase = steady_current(index, current), held_phase(index, step, current)
        varied = background_row >= 0 or current.noise[index] > 0 or phase >= 0
        varied = varied or current.driven[index] != 0 or current.young[index] != 0
        varied = varied or current.tuned[index] != 0
        parent, capacity = cable.tree_parent[index], cable.tree_capacity[index]
        leak, axial = cable.tree_leak[index], cable.tree_axial[index]
        diagonal, right = cable.tree_diagonal, cable.tree_right
        nmda, backward = cable.nmda_factor[index], cable.tree_backward[index]
        tree_leak = np.float32(0)
        for i in range(n_nodes):
            tree_leak += leak[i]
        cell = h, np.float32(dt[0]), now, cable.soma_capacity[index], tree_leak
        scale, reversal = tree_constants(c)
        mean = factor[0], factor[2]
        for lo in range(first, first + count, BLOCK):
            n = min(BLOCK, first + count - lo)
            system = System(n, n_nodes, h, parent, capacity, leak, axial, diagonal, right)
            extra = scratch[ZEROS, :n]
            if varied:
                extra = scratch[EXTRA, :n]
                collect_extra(extra, lo, n, index, step, dt[0], seed[0], phase, current)
            if background_row >= 0:
                add_row(extra, q[background_row, lo : lo + n])
            theta = thresholds(index, lo, n, threshold, scratch)
            rest, f = cable.dendrite_rest[lo : lo + n], fired[lo : lo + n]
            living = alive[lo : lo + n]
            s = cable.dendrite_v[:, lo : lo + n]
            on_exc, on_inh = cable.dendrite_exc[:, lo : lo + n], cable.dendrite_inh[:, lo : lo + n]
            on_nmda = cable.dendrite_nmda[:, lo : lo + n]
            a_exc, a_inh = exc[lo : lo + n], inh[lo : lo + n]
            gather(n, steady, extra, a_exc, a_inh, factor, conductance, f, scratch)
            for part in range(parts):
                assemble(
                    system,
                    conductance,
                    scale,
                    rest,
                    reversal,
                    mean,
                    s,
                    on_exc,
                    on_inh,
                    on_nmda,
                    nmda,
                )
                eliminate(system, scratch[LOAD, :n], scratch[PULL, :n])
                any_spike = soma_block(
                    lo, n, cell, rest, theta, firing.last_spike, v, x, q, c, f, living, scratch
                )
                substitute(system, scratch[SEEN, :n], s)
                if any_spike:
                    reset(n, n_nodes, backward, scratch[SPIKED, :n], v[lo : lo + n], rest, s)
            decay(n, n_nodes, factor[1], on_exc)
            decay(n, n_nodes, factor[3], on_inh)
            decay(n, n_nodes, nmda[1], on_nmda)
            n_fired = list_fired(who, fired[lo : lo + (n + 7) // 8 * 8], n)
            if n_fired > 0:
                emit_spikes(index, step, dt[0], lo, who, n_fired, theta_step, firing)
        return 0

    return integrate_cable


@inner_inline_jit
def gather(n, steady, extra, exc, inh, factor, conductance, fired, scratch):
    """The input of somata, for all parts of a step; nobody has fired yet."""
    mean_exc, kept_exc, mean_inh, kept_inh = factor[0], factor[1], factor[2], factor[3]
    current, g_exc, g_inh = scratch[I, :n], scratch[G_EXC, :n], scratch[G_INH, :n]
    for k in range(n):
        current[k] = steady + extra[k]
        g_exc[k] = exc[k] * mean_exc
        g_inh[k] = -inh[k] * mean_inh if conductance else inh[k] * mean_inh
        exc[k] *= kept_exc
        inh[k] *= kept_inh
        if not conductance:
            current[k] += g_exc[k] + g_inh[k]
        fired[k] = 0
