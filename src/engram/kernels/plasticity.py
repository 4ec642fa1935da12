"""The postsynaptic side of plasticity, spike traces, and dopamine acting on eligibility."""

import math

import numpy as np

from engram.kernels.arrivals import ONE, ZERO
from engram.kernels.constants import BLOCK, INHIBITORY_TRANSMITTER
from engram.kernels.history import latest_before
from engram.kernels.jit import inner_inline_jit, inner_jit, prefetch

LINE = 16
"""Entries of an index in one cache line."""

FORGOTTEN = 1e-20
"""Traces below count as gone: they would reach denormal numbers, which are slow."""

REBASE = math.exp(2.0)
"""Growth of 1 / eligibility since its base at which it is given a new base."""


@inner_jit
def forget_unheard(
    heard,
    synapses,
    taps,
    birth,
    newborn,
    step,
    first_pre,
    n_pre,
    last_spike,
    last_event,
    event_previous_step,
    event_previous,
):
    """Clear the traces of synapses that no spike fired since their birth has reached yet."""
    for k in range(synapses.shape[0]):
        born = birth[synapses[k]]
        if born > newborn:
            i = taps[k] % n_pre
            seen = step - (i - taps[k]) // n_pre
            fired_at = latest_before(
                seen + 1, first_pre + i, last_spike, last_event, event_previous_step, event_previous
            )
            if fired_at < born:
                heard[:, k] = ZERO


def make_post(on_post, modulated, n_pre_traces, n_post_traces):
    """The loop over the incoming synapses of the neurons that fired, and the trace updates.

    `on_post` has the arguments and the result of `on_pre` (see `arrivals.make_arrive`). The trace
    of a synapse is that of the spikes that have *arrived* at it: the presynaptic neuron's, seen the
    axonal delay later. So traces are kept for as many steps as the longest delay has.
    """

    @inner_inline_jit
    def after_firing(
        index,
        step,
        source,
        target,
        region_first,
        region_count,
        youngest,
        common_sign,
        plastic,
        w_min,
        w_max,
        rule_parameter,
        pre_decay,
        post_decay,
        trace_reach,
        nearest,
        dopamine_integral,
        eligibility_growth,
        last_spike,
        last_event,
        event_neuron,
        event_previous_step,
        event_previous,
        event_first,
        event_end,
        weight,
        birth,
        nt,
        eligibility,
        pre_trace,
        post_trace,
        potentiation,
        youth,
        youth_gain,
        in_first,
        in_synapse,
        in_tap,
        heard,
    ):
        pre_region = source[index]
        post_region = target[index]
        first_pre = region_first[pre_region]
        first_post = region_first[post_region]
        slot = step % event_first.shape[0]
        mask = event_neuron.shape[0] - 1
        is_nearest = nearest[index] != 0
        n_pre = pre_trace.shape[2]
        depth = pre_trace.shape[1]
        now = step % depth if n_pre_traces > 0 else 0
        first_event, last_event_here = event_first[slot, post_region], event_end[slot, post_region]

        if plastic[index] and first_event < last_event_here:
            low, high = w_min[index], w_max[index]
            q = rule_parameter[index]
            q0, q1, q2, q3, q4, q5, q6, q7 = q[0], q[1], q[2], q[3], q[4], q[5], q[6], q[7]
            integral = np.float32(dopamine_integral[index])
            growth = np.float32(eligibility_growth[index])
            sign_of_all = common_sign[index]
            sign = -ONE if sign_of_all < 0 else ONE
            # All steps kept, one after the other; a tap is relative to the present one.
            traces = pre_trace.reshape((n_pre_traces, depth * n_pre))
            size = np.int64(depth * n_pre)
            row = np.int64(now * n_pre)
            # A trace from before a synapse was born is gone by now if the birth is longer ago.
            newborn = step - trace_reach[index]
            young = youngest[index] > newborn
            # Synapses come in no order a processor could guess. So while those of one neuron are
            # worked on, the next one's are asked for already, and its traces looked up.
            e = first_event
            start = np.int64(in_first[event_neuron[e & mask] - first_post])
            ready_n = 0
            ready_start = start
            j = 0
            half = 0
            while True:
                next_n = 0
                next_j = 0
                next_start = start
                if e < last_event_here:
                    next_j = event_neuron[e & mask] - first_post
                    stop = np.int64(in_first[next_j + 1])
                    next_n = min(BLOCK, int(stop - start))
                    gain = potentiation[event_neuron[e & mask]]
                    gain *= ONE + youth_gain[0] * youth[event_neuron[e & mask]]
                    synapses = in_synapse[start : start + next_n]
                    taps = in_tap[start : start + next_n]
                    # Unsigned indices: signed ones cost a test for being negative.
                    for k in range(np.uint64(next_n)):
                        prefetch(weight, synapses[k])
                        if modulated:
                            prefetch(eligibility, synapses[k])
                        if n_pre_traces > 0:
                            place = row + taps[k]
                            place = np.uint64(place + size if place < 0 else place)
                            heard[half, 0, k] = gain * traces[0, place]
                            if n_pre_traces > 1:
                                heard[half, 1, k] = gain * traces[1, place]
                    if young and n_pre_traces > 0:
                        forget_unheard(
                            heard[half],
                            synapses,
                            taps,
                            birth,
                            newborn,
                            step,
                            first_pre,
                            n_pre,
                            last_spike,
                            last_event,
                            event_previous_step,
                            event_previous,
                        )
                    start += next_n
                    if start >= stop:
                        e += 1
                        if e < last_event_here:
                            following = event_neuron[e & mask] - first_post
                            start = np.int64(in_first[following])
                            for k in range(start, in_first[following + 1], LINE):
                                prefetch(in_synapse, k)
                                prefetch(in_tap, k)
                half = 1 - half
                if ready_n > 0:
                    y = post_trace[0, j]
                    y2 = post_trace[1, j] if n_post_traces > 1 else ZERO
                    synapses = in_synapse[ready_start : ready_start + ready_n]
                    for k in range(np.uint64(ready_n)):
                        s = np.uint64(synapses[k])
                        x = heard[half, 0, k] if n_pre_traces > 0 else ZERO
                        x2 = heard[half, 1, k] if n_pre_traces > 1 else ZERO
                        if sign_of_all == 0:
                            sign = -ONE if nt[s] == INHIBITORY_TRANSMITTER else ONE
                        m = sign * weight[s]
                        if modulated:
                            c = eligibility[s]
                            m = min(max(m + c * integral, low), high)
                            c += growth * on_post(
                                m, x, x2, y, y2, low, high, q0, q1, q2, q3, q4, q5, q6, q7
                            )
                            eligibility[s] = c
                            weight[s] = sign * (m - c * integral)
                        else:
                            m = on_post(m, x, x2, y, y2, low, high, q0, q1, q2, q3, q4, q5, q6, q7)
                            weight[s] = sign * min(max(m, low), high)
                ready_n, ready_start, j = next_n, next_start, next_j
                if next_n == 0 and e >= last_event_here:
                    break

        for k in range(n_pre_traces):
            factor = pre_decay[index, k]
            old = pre_trace[k, (step - 1) % depth]
            new = pre_trace[k, now]
            for i in range(region_count[pre_region]):
                # The factor, rounded to single precision, would be off by as much at each step.
                kept = np.float64(old[i]) * factor
                new[i] = np.float32(kept if kept > FORGOTTEN else 0.0)
            for e in range(event_first[slot, pre_region], event_end[slot, pre_region]):
                i = event_neuron[e & mask] - first_pre
                new[i] = ONE if is_nearest else new[i] + ONE
        for k in range(n_post_traces):
            y_now = post_trace[k]
            for e in range(event_first[slot, post_region], event_end[slot, post_region]):
                j = event_neuron[e & mask] - first_post
                y_now[j] = ONE if is_nearest else y_now[j] + ONE
            factor = post_decay[index, k]
            for j in range(region_count[post_region]):
                y_now[j] *= factor
        return 0

    return after_firing


@inner_jit
def rebase_eligibility(weight, eligibility, nt, low, high, integral, kept):
    """Refer eligibility to a new base: weights become explicit, eligibility is decayed by `kept`.

    Between two bases a weight is w + c K and its eligibility c exp(-(t - base) / tau), with one
    K = integral of exp(-(t - base) / tau) D(t) dt for the whole projection, so that a synapse
    which saw no spike costs nothing. Rebasing now and then keeps exp(t / tau) and K in range.
    """
    for s in range(weight.shape[0]):
        sign = -ONE if nt[s] == INHIBITORY_TRANSMITTER else ONE
        weight[s] = sign * min(max(sign * weight[s] + eligibility[s] * integral, low), high)
        eligibility[s] *= kept


@inner_inline_jit
def modulate(
    index,
    plastic,
    w_min,
    w_max,
    dopamine,
    dopamine_factor,
    dopamine_integral,
    eligibility_growth,
    weight,
    eligibility,
    nt,
):
    """Dopamine decays; its product with decaying eligibility is integrated exactly over the step.

    dD/dt = -D / tau_d, dc/dt = -c / tau_c, dw/dt = c (D + D_0) with time in seconds. The factors
    are those of `engram.network.bind.dopamine_factors`.
    """
    factor = dopamine_factor[index]
    growth = eligibility_growth[index]
    if plastic[index]:
        dopamine_integral[index] += (dopamine[index] * factor[0] + factor[1]) / growth
    dopamine[index] *= factor[2]
    growth *= factor[3]
    if plastic[index] and growth >= REBASE:
        rebase_eligibility(
            weight,
            eligibility,
            nt,
            w_min[index],
            w_max[index],
            np.float32(dopamine_integral[index]),
            np.float32(1.0 / growth),
        )
        dopamine_integral[index] = 0.0
        growth = 1.0
    # While plasticity is frozen there is no rebasing.
    eligibility_growth[index] = min(growth, 1e30)
    return 0
