"""The loop over a region's neurons, in blocks, around what one model does to a block."""

import numpy as np

from engram.kernels.constants import BLOCK, EXTRA, NO_EXC, NO_INH, UNIFORM, ZEROS
from engram.kernels.jit import inner_inline_jit
from engram.kernels.neurons import (
    collect_extra,
    collect_uniform,
    emit_spikes,
    held_phase,
    leave_out_dead,
    list_fired,
    steady_current,
    thresholds,
)


def make_integrate(advance_block, reset_block, wants_theta, wants_uniform):
    """The loop for point neurons.

    `advance_block` advances the model's neurons [lo, lo + n) by a step and flags those that reach
    their threshold; `reset_block` resets these. wants_theta, wants_uniform: whether the model asks
    for adaptive thresholds, and for random numbers.
    """

    @inner_inline_jit
    def integrate(
        index,
        step,
        dt,
        seed,
        part_first,
        part_count,
        model_parameter,
        input_factor,
        receiving,
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
    ):
        first, count = part_first[index], part_count[index]
        c, factor = model_parameter[index], input_factor[index]
        # Neurons fire at the end of a step: at the start of the next one no time has passed.
        h, now = np.float32(dt[0]), np.int32(step - 1)
        theta_step = threshold.theta_plus[index] if threshold.adapting[index] else 0.0
        steady, phase = steady_current(index, current), held_phase(index, step, current)
        varied = current.noise[index] > 0 or phase >= 0
        varied = varied or current.driven[index] != 0 or current.young[index] != 0
        varied = varied or current.tuned[index] != 0
        for lo in range(first, first + count, BLOCK):
            n = min(BLOCK, first + count - lo)
            # A row of zeros unless there is noise, injected or held input.
            extra = scratch[ZEROS, :n]
            if varied:
                extra = scratch[EXTRA, :n]
                collect_extra(extra, lo, n, index, step, dt[0], seed[0], phase, current)
            # Without synaptic input, rows that stay 0: not the same one, or the loop of the model
            # would take its slow path for arrays that overlap.
            a_exc, a_inh = scratch[NO_EXC, :n], scratch[NO_INH, :n]
            if receiving[index]:
                a_exc, a_inh = exc[lo : lo + n], inh[lo : lo + n]
            theta = scratch[ZEROS, :n]
            if wants_theta:
                theta = thresholds(index, lo, n, threshold, scratch)
            uniform = scratch[UNIFORM, :n]
            if wants_uniform:
                collect_uniform(uniform, lo, n, seed[0], step)
            advance_block(
                lo,
                n,
                h,
                now,
                steady,
                extra,
                a_exc,
                a_inh,
                factor,
                theta,
                uniform,
                firing.last_spike,
                v,
                x,
                q,
                c,
                fired[lo : lo + n],
                scratch,
            )
            n_fired = list_fired(who, fired[lo : lo + (n + 7) // 8 * 8], n)
            if n_fired > 0:
                # The dead, too: their potential would run away.
                reset_block(lo, n, h, who, n_fired, v, x, q, c, scratch)
                n_fired = leave_out_dead(who, n_fired, fired[lo : lo + n], alive[lo : lo + n])
                emit_spikes(index, step, dt[0], lo, who, n_fired, theta_step, firing)
        return 0

    return integrate
