"""The postsynaptic side of plasticity, spike traces, and dopamine acting on eligibility."""

import math

import numpy as np

from engram.kernels.arrivals import ONE, ZERO, trace_after
from engram.kernels.constants import INHIBITORY_TRANSMITTER
from engram.kernels.history import latest_before
from engram.kernels.jit import inline_jit, jit, prefetch

LINE = 16
"""Entries of an index in one cache line."""

AHEAD = np.uint64(16)
"""Synapses by which weights are asked for in advance."""

REBASE = math.exp(2.0)
"""Growth of 1 / eligibility since its base at which it is given a new base."""


def make_post(on_post, modulated, n_pre_traces, n_post_traces):
    """The loop over the incoming synapses of the neurons that fired, and the trace updates.

    `on_post` has the arguments and the result of `on_pre` (see `arrivals.make_arrive`). The trace
    of a synapse is that of the spikes that have *arrived* at it: the presynaptic neuron's, seen the
    axonal delay later.
    """

    @inline_jit
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
        nearest,
        summed,
        dopamine_integral,
        eligibility_growth,
        rule_since,
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
        in_first,
        in_synapse,
        in_pre,
        in_delay,
    ):
        pre_region = source[index]
        post_region = target[index]
        first_pre = region_first[pre_region]
        first_post = region_first[post_region]
        slot = step % event_first.shape[0]
        mask = event_neuron.shape[0] - 1
        is_nearest = nearest[index] != 0
        is_summed = summed[index] != 0
        horizon = pre_decay.shape[2]

        if n_pre_traces > 0 and not is_nearest:
            for e in range(event_first[slot, pre_region], event_end[slot, pre_region]):
                gap = step - event_previous_step[e & mask]
                i = event_neuron[e & mask] - first_pre
                for k in range(n_pre_traces):
                    kept = pre_trace[k, i] * pre_decay[index, k, gap] if gap < horizon else 0.0
                    pre_trace[k, i] = 1.0 + kept

        if plastic[index]:
            low, high = w_min[index], w_max[index]
            q = rule_parameter[index]
            q0, q1, q2, q3, q4, q5, q6, q7 = q[0], q[1], q[2], q[3], q[4], q[5], q[6], q[7]
            integral = np.float32(dopamine_integral[index])
            growth = np.float32(eligibility_growth[index])
            newest = youngest[index]
            since = rule_since[index]
            sign_of_all = common_sign[index]
            sign = -ONE if sign_of_all < 0 else ONE
            decay = pre_decay[index, 0]
            decay2 = pre_decay[index, 1]
            trace = pre_trace[0]
            trace2 = pre_trace[1]
            last_spike_here = last_spike[first_pre : first_pre + pre_trace.shape[1]]
            safe = np.uint64(max(in_synapse.shape[0] - np.int64(AHEAD), 0))
            last_event_here = event_end[slot, post_region] - 1
            for e in range(event_first[slot, post_region], event_end[slot, post_region]):
                j = event_neuron[e & mask] - first_post
                if e < last_event_here:
                    following = event_neuron[(e + 1) & mask] - first_post
                    for k in range(in_first[following], in_first[following + 1], LINE):
                        prefetch(in_synapse, k)
                        prefetch(in_pre, k)
                        prefetch(in_delay, k)
                gain = potentiation[event_neuron[e & mask]]
                y = post_trace[0, j]
                y2 = post_trace[1, j] if n_post_traces > 1 else ZERO
                # Unsigned indices: signed ones cost a test for being negative.
                start, stop = np.uint64(in_first[j]), np.uint64(in_first[j + 1])
                for k in range(start, stop):
                    # What is read past the last synapse of a neuron belongs to the next one.
                    prefetch(weight, in_synapse[k + AHEAD if k < safe else k])
                    s = np.uint64(in_synapse[k])
                    x = ZERO
                    x2 = ZERO
                    if n_pre_traces > 0:
                        pre = in_pre[k]
                        seen = step - in_delay[k]
                        i = np.uint64(pre - first_pre)
                        fired_at = np.int64(last_spike_here[i])
                        after = ONE if is_nearest else np.float32(trace[i])
                        after2 = ONE
                        if n_pre_traces > 1 and not is_nearest:
                            after2 = np.float32(trace2[i])
                        late = fired_at > seen
                        if late:
                            fired_at = latest_before(
                                seen + 1, pre, last_spike, last_event, event_previous_step,
                                event_previous,
                            )  # fmt: skip
                        gap = seen - fired_at
                        # Spikes from before the rule or the synapse do not count.
                        known = gap < horizon and fired_at >= since
                        if known and (fired_at >= newest or fired_at >= birth[s]):
                            if late and not is_nearest:
                                after = trace_after(
                                    pre, fired_at, trace[i], is_summed, last_spike, last_event,
                                    event_previous_step, event_previous, decay,
                                )  # fmt: skip
                                if n_pre_traces > 1:
                                    after2 = trace_after(
                                        pre, fired_at, trace2[i], is_summed, last_spike,
                                        last_event, event_previous_step, event_previous, decay2,
                                    )  # fmt: skip
                            x = gain * (after * decay[np.uint64(gap)])
                            if n_pre_traces > 1:
                                x2 = gain * (after2 * decay2[np.uint64(gap)])
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


@jit
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


@inline_jit
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
    are those of `engram.preparation.dopamine_factors`.
    """
    factor = dopamine_factor[index]
    growth = eligibility_growth[index]
    if plastic[index]:
        dopamine_integral[index] += (dopamine[index] * factor[0] + factor[1]) / growth
    dopamine[index] *= factor[2]
    growth *= factor[3]
    if plastic[index] and growth >= REBASE:
        rebase_eligibility(
            weight, eligibility, nt, w_min[index], w_max[index],
            np.float32(dopamine_integral[index]), np.float32(1.0 / growth),
        )  # fmt: skip
        dopamine_integral[index] = 0.0
        growth = 1.0
    # While plasticity is frozen there is no rebasing.
    eligibility_growth[index] = min(growth, 1e30)
    return 0
