"""Spikes whose delay ends now: charge is delivered, the presynaptic side of plasticity runs."""

import math

import numpy as np

from engram.kernels.constants import (
    INHIBITORY_TRANSMITTER,
    LONG_ROW,
    NEVER,
    NMDA_TRANSMITTER,
    ROWS_AHEAD,
)
from engram.kernels.jit import inner_inline_jit, inner_jit, prefetch

ONE = np.float32(1)
ZERO = np.float32(0)

TOGETHER = 4
"""Rows of the same targets that are added in one loop, which loads and stores the sums once."""


def make_arrive(on_pre, modulated, n_pre_traces, n_post_traces):
    """The arrival loop for projections whose rule has `on_pre` (None: static synapses).

    `on_pre(m, x, x2, y, y2, w_min, w_max, *parameters)` maps a weight's magnitude to its new
    magnitude or, if the rule is `modulated` by dopamine, to the change of eligibility.
    """
    learns = on_pre is not None
    update = on_pre if learns else _unchanged

    @inner_inline_jit
    def arrive(
        index,
        step,
        dt,
        source,
        target,
        region_first,
        delay_min,
        delay_count,
        gain,
        regular,
        common_sign,
        youngest,
        plastic,
        w_min,
        w_max,
        rule_parameter,
        pre_decay,
        stp,
        stp_U,
        stp_tau_rec,
        stp_tau_facil,
        dopamine_integral,
        eligibility_growth,
        exc,
        inh,
        reached,
        compartments,
        dendrite_exc,
        dendrite_inh,
        dendrite_nmda,
        event_neuron,
        event_previous_step,
        event_first,
        event_end,
        row_start,
        row_stop,
        post,
        weight,
        birth,
        nt,
        segment,
        eligibility,
        resource,
        facilitation,
        synapse_gain,
        compartment,
        pre_trace,
        post_trace,
    ):
        region = source[index]
        reached[target[index]] = 1
        first_pre = region_first[region]
        first_post = region_first[target[index]]
        lags = delay_count[index]
        horizon = event_first.shape[0]
        mask = event_neuron.shape[0] - 1
        depressing = stp[index] != 0
        own_gain = synapse_gain.shape[0] > 0
        common_gain = gain[index]
        on_tree = compartments[target[index]] > 0 and compartment.shape[0] > 0
        plain = regular[index] != 0 and not (depressing or own_gain or on_tree)
        sign_of_all = common_sign[index]
        y_now = post_trace[0]
        y2_now = post_trace[1 if n_post_traces > 1 else 0]
        learning = learns and plastic[index] != 0
        low, high = w_min[index], w_max[index]
        q = rule_parameter[index]
        q0, q1, q2, q3, q4, q5, q6, q7 = q[0], q[1], q[2], q[3], q[4], q[5], q[6], q[7]
        integral = np.float32(dopamine_integral[index])
        growth = np.float32(eligibility_growth[index])
        U = stp_U[index]
        n_post = post_trace.shape[1]
        exc_here = exc[first_post : first_post + n_post]
        inh_here = inh[first_post : first_post + n_post]
        for lag in range(lags):
            fired_at = step - delay_min[index] - lag
            if fired_at < 0:
                break
            slot = fired_at % horizon
            careful = fired_at < youngest[index]
            together = not learns and plain and sign_of_all != 0 and not careful
            first_event = event_first[slot, region]
            end_event = event_end[slot, region]
            ready = first_event
            e = first_event - 1
            while e + 1 < end_event:
                e += 1
                # Rows come in no order a processor could guess: ask for a batch of them first.
                if e == ready:
                    ready += ROWS_AHEAD
                    for k in range(min(ROWS_AHEAD, end_event - e)):
                        row = (event_neuron[np.uint64((e + k) & mask)] - first_pre) * lags + lag
                        row_start[k] = segment[np.uint64(row)]
                        row_stop[k] = segment[np.uint64(row + 1)]
                        # Both ends of a row tell whether its targets are neighbours.
                        prefetch(post, np.int64(row_start[k]))
                        prefetch(post, np.int64(row_stop[k] - 1))
                        prefetch(weight, np.int64(row_start[k]))
                # Indices are unsigned where it matters: signed ones cost a test for being negative.
                event = np.uint64(e & mask)
                place = np.uint64(e - (ready - ROWS_AHEAD))
                s0, stop = np.int64(row_start[place]), np.int64(row_stop[place])
                if s0 == stop:
                    continue
                if (
                    together
                    and min(ready, end_event) - e >= TOGETHER
                    and same_targets(post, row_start, row_stop, place)
                ):
                    p0, n = post[s0] - first_post, stop - s0
                    onto = inh_here if sign_of_all < 0 else exc_here
                    add_rows(onto[p0 : p0 + n], weight, row_start, place, common_gain)
                    e += TOGETHER - 1
                    continue
                pre = event_neuron[event]
                x = ZERO
                x2 = ZERO
                if learning and n_pre_traces > 0:
                    # The trace as the spike before left it, just before this one.
                    before = (fired_at - 1) % pre_trace.shape[1]
                    x = np.float32(pre_trace[0, before, pre - first_pre] * pre_decay[index, 0])
                    if n_pre_traces > 1:
                        x2 = np.float32(pre_trace[1, before, pre - first_pre] * pre_decay[index, 1])
                kept_facilitation = ZERO
                kept_depletion = ZERO
                if depressing and event_previous_step[event] > NEVER:
                    gap_ms = (fired_at - event_previous_step[event]) * dt[0]
                    if stp_tau_facil[index] > 0:
                        kept_facilitation = np.float32(math.exp(-gap_ms / stp_tau_facil[index]))
                    kept_depletion = np.float32(math.exp(-gap_ms / stp_tau_rec[index]))
                while s0 < stop:
                    s1 = stop
                    if careful:
                        # A synapse born after the spike was fired does not carry it.
                        if birth[s0] > fired_at:
                            s0 += 1
                            continue
                        s1 = s0 + 1
                    if plain and s1 - s0 > LONG_ROW and post[s1 - 1] - post[s0] == s1 - s0:
                        # All neighbours but one: up to the gap, and from there.
                        s1 = run_end(post, s0, s1)
                    n = s1 - s0
                    inhibitory = sign_of_all < 0
                    if sign_of_all == 0:
                        inhibitory = nt[s0] == INHIBITORY_TRANSMITTER
                    sign = -ONE if inhibitory else ONE
                    onto = inh_here if inhibitory else exc_here
                    if plain and n >= LONG_ROW and post[s1 - 1] - post[s0] == n - 1:
                        # A run of neighbouring targets: plain slices, which vectorise.
                        p0 = post[s0] - first_post
                        row_onto = onto[p0 : p0 + n]
                        w = weight[s0:s1]
                        if modulated:
                            c = eligibility[s0:s1]
                            for k in range(n):
                                m = min(max(sign * w[k] + c[k] * integral, low), high)
                                row_onto[k] += sign * m * common_gain
                        else:
                            for k in range(n):
                                row_onto[k] += w[k] * common_gain
                        if learning:
                            row_y = y_now[p0 : p0 + n]
                            row_y2 = y2_now[p0 : p0 + n]
                            if modulated:
                                c = eligibility[s0:s1]
                                for k in range(n):
                                    m = min(max(sign * w[k] + c[k] * integral, low), high)
                                    c[k] += growth * update(
                                        m,
                                        x,
                                        x2,
                                        row_y[k],
                                        row_y2[k],
                                        low,
                                        high,
                                        q0,
                                        q1,
                                        q2,
                                        q3,
                                        q4,
                                        q5,
                                        q6,
                                        q7,
                                    )
                                    w[k] = sign * (m - c[k] * integral)
                            else:
                                for k in range(n):
                                    m = update(
                                        sign * w[k],
                                        x,
                                        x2,
                                        row_y[k],
                                        row_y2[k],
                                        low,
                                        high,
                                        q0,
                                        q1,
                                        q2,
                                        q3,
                                        q4,
                                        q5,
                                        q6,
                                        q7,
                                    )
                                    w[k] = sign * min(max(m, low), high)
                    elif plain and not modulated:
                        if learning:
                            for s in range(np.uint64(s0), np.uint64(s1)):
                                w_now = weight[s]
                                j = np.uint64(post[s] - first_post)
                                onto[j] += w_now * common_gain
                                m = update(
                                    sign * w_now,
                                    x,
                                    x2,
                                    y_now[j],
                                    y2_now[j],
                                    low,
                                    high,
                                    q0,
                                    q1,
                                    q2,
                                    q3,
                                    q4,
                                    q5,
                                    q6,
                                    q7,
                                )
                                weight[s] = sign * min(max(m, low), high)
                        else:
                            for s in range(np.uint64(s0), np.uint64(s1)):
                                onto[np.uint64(post[s] - first_post)] += weight[s] * common_gain
                    else:
                        for s in range(np.uint64(s0), np.uint64(s1)):
                            j = np.uint64(post[s] - first_post)
                            inhibitory = nt[s] == INHIBITORY_TRANSMITTER
                            sign = -ONE if inhibitory else ONE
                            m = sign * weight[s]
                            if modulated:
                                m = min(max(m + eligibility[s] * integral, low), high)
                            charge = sign * m * (synapse_gain[s] if own_gain else common_gain)
                            if depressing:
                                f = (ONE - U) * (ONE + facilitation[s]) * kept_facilitation
                                r = ONE - (ONE - resource[s]) * kept_depletion
                                charge *= r * (ONE + f)
                                facilitation[s] = f
                                resource[s] = r * (ONE - U * (ONE + f))
                            if on_tree and compartment[s] > 0:
                                node, cell = compartment[s] - 1, post[s]
                                if inhibitory:
                                    dendrite_inh[node, cell] += charge
                                else:
                                    dendrite_exc[node, cell] += charge
                                    if nt[s] == NMDA_TRANSMITTER:
                                        dendrite_nmda[node, cell] += charge
                            elif inhibitory:
                                inh_here[j] += charge
                            else:
                                exc_here[j] += charge
                            if learning:
                                new = update(
                                    m,
                                    x,
                                    x2,
                                    y_now[j],
                                    y2_now[j],
                                    low,
                                    high,
                                    q0,
                                    q1,
                                    q2,
                                    q3,
                                    q4,
                                    q5,
                                    q6,
                                    q7,
                                )
                                if modulated:
                                    c_new = eligibility[s] + growth * new
                                    eligibility[s] = c_new
                                    weight[s] = sign * (m - c_new * integral)
                                else:
                                    weight[s] = sign * min(max(new, low), high)
                    s0 = s1
        return 0

    return arrive


@inner_jit
def same_targets(post, row_start, row_stop, place):
    """Whether the next rows have the same targets, which are neighbours."""
    first, n = row_start[place], row_stop[place] - row_start[place]
    if n < LONG_ROW:
        return False
    for k in range(np.uint64(TOGETHER)):
        start, stop = row_start[place + k], row_stop[place + k]
        if stop - start != n or post[start] != post[first] or post[stop - 1] - post[start] != n - 1:
            return False
    return True


@inner_inline_jit
def add_rows(onto, weight, row_start, place, gain):
    """Add the weights of rows that have the same targets, in their order."""
    n = onto.shape[0]
    s = row_start[place : place + np.uint64(TOGETHER)]
    a, b, c, d = weight[s[0] :], weight[s[1] :], weight[s[2] :], weight[s[3] :]
    for k in range(n):
        onto[k] = onto[k] + a[k] * gain + b[k] * gain + c[k] * gain + d[k] * gain


@inner_jit
def run_end(post, start, stop):
    """Where the run of neighbouring targets from `start` on ends, in a row with one gap."""
    low, high = start, stop - 1
    while high - low > 1:
        middle = (low + high) // 2
        if post[middle] - post[start] == middle - start:
            low = middle
        else:
            high = middle
    return high


@inner_jit
def _unchanged(m, x, x2, y, y2, low, high, q0, q1, q2, q3, q4, q5, q6, q7):
    return m
