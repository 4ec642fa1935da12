"""The postsynaptic side of plasticity, spike traces, and dopamine acting on eligibility."""

import math

import numpy as np

from engram.kernels.columns import entry
from engram.kernels.constants import BLOCK, INHIBITORY_TRANSMITTER
from engram.kernels.history import latest_before
from engram.kernels.jit import inner_inline_jit, inner_jit, part_jit, prefetch
from engram.kernels.learning import ONE, ZERO, make_learn, make_magnitude, rule_of

LINE = 16
"""Entries of an index in one cache line."""

FORGOTTEN = 1e-20
"""Traces below count as gone: they would reach denormal numbers, which are slow."""

REBASE = math.exp(2.0)
"""Growth of 1 / eligibility since its base at which it is given a new base."""


def make_post(on_post, modulated, n_pre_traces, n_post_traces):
    """The loop over the incoming synapses of the neurons that fired, and the trace updates.

    `on_post`: the `update` of `learning.make_learn`. The trace of a synapse is that of the spikes
    that have *arrived* at it: the presynaptic neuron's, seen the axonal delay later. So traces are
    kept for as many steps as the longest delay has.
    """
    learn_at_spikes = make_learn_at_spikes(on_post, modulated, n_pre_traces, n_post_traces)

    @inner_inline_jit
    def after_firing(
        index,
        step,
        region_first,
        part,
        pathways,
        rules,
        traces,
        ring,
        synapses,
        incoming,
        susceptible,
        heard,
    ):
        pre, post = pathways.source[index], pathways.target[index]
        first, end = part.part_event[post], part.part_end[post]
        if rules.plastic[index] and first < end:
            learn_at_spikes(
                index,
                step,
                region_first[pre],
                region_first[post],
                first,
                end,
                pathways.youngest[index],
                pathways.common_sign[index],
                rules,
                traces,
                ring,
                synapses,
                incoming,
                susceptible,
                heard,
            )
        for k in range(n_pre_traces):
            move_pre_trace(index, step, k, region_first[pre], pre, part, traces, ring)
        for k in range(n_post_traces):
            move_post_trace(index, k, region_first[post], post, part, traces, ring)
        return 0

    return after_firing


def make_learn_at_spikes(on_post, modulated, n_pre_traces, n_post_traces):
    """What the spikes `first` to `end` do to the incoming synapses of the neurons that fired.

    Synapses come in no order a processor could guess. So while those of one neuron are worked on,
    the next one's are asked for already, and its traces looked up.
    """
    learn_batch = make_learn_batch(on_post, modulated, n_pre_traces, n_post_traces)

    @part_jit
    def learn_at_spikes(
        index,
        step,
        first_pre,
        first_post,
        first,
        end,
        youngest,
        sign,
        rules,
        traces,
        ring,
        synapses,
        incoming,
        susceptible,
        heard,
    ):
        event_neuron, in_first = ring.event_neuron, incoming.in_first
        mask = event_neuron.shape[0] - 1
        rule = rule_of(rules, index)
        # A trace from before a synapse was born is gone by now if the birth is longer ago.
        newborn = step - traces.trace_reach[index]
        young = youngest > newborn
        metaplastic = susceptible.metaplastic[index]
        e = first
        start = np.int64(in_first[event_neuron[e & mask] - first_post])
        ready_n, ready_start, j = 0, start, 0
        half = 0
        gain, ready_gain = ONE, ONE
        while True:
            next_n, next_start, next_j = 0, start, 0
            if e < end:
                neuron = event_neuron[e & mask]
                next_j = neuron - first_post
                stop = np.int64(in_first[next_j + 1])
                next_n = min(BLOCK, int(stop - start))
                if metaplastic:
                    gain = susceptible.potentiation[neuron]
                look_up(
                    heard[half],
                    start,
                    next_n,
                    step,
                    youth_of(neuron, susceptible),
                    modulated,
                    n_pre_traces,
                    traces,
                    synapses,
                    incoming,
                )
                if young and n_pre_traces > 0:
                    forget_unheard(
                        heard[half],
                        start,
                        next_n,
                        newborn,
                        step,
                        first_pre,
                        traces,
                        ring,
                        synapses,
                        incoming,
                    )
                start += next_n
                if start >= stop:
                    e += 1
                    if e < end:
                        start = ask_for(event_neuron[e & mask] - first_post, incoming)
            half = 1 - half
            if ready_n > 0:
                learn_batch(
                    heard[half],
                    ready_start,
                    ready_n,
                    j,
                    ready_gain,
                    sign,
                    rule,
                    traces,
                    synapses,
                    incoming,
                )
            ready_n, ready_start, j, ready_gain = next_n, next_start, next_j, gain
            if next_n == 0 and e >= end:
                break

    return learn_at_spikes


def make_learn_batch(on_post, modulated, n_pre_traces, n_post_traces):
    """What a spike of neuron j does to some of its synapses, whose traces are in `heard`."""
    magnitude = make_magnitude(modulated)
    learn = make_learn(on_post, modulated)

    @part_jit
    def learn_batch(heard, start, n, j, gain, sign_of_all, rule, traces, synapses, incoming):
        weight, eligibility, nt = synapses.weight, synapses.eligibility, synapses.nt
        y = traces.post_trace[0, j]
        y2 = traces.post_trace[1, j] if n_post_traces > 1 else ZERO
        batch = incoming.in_synapse[start : start + n]
        sign = -ONE if sign_of_all < 0 else ONE
        for k in range(np.uint64(n)):
            s = np.uint64(batch[k])
            x = heard[0, k] if n_pre_traces > 0 else ZERO
            x2 = heard[1, k] if n_pre_traces > 1 else ZERO
            if sign_of_all == 0:
                sign = -ONE if entry(nt, s) == INHIBITORY_TRANSMITTER else ONE
            m = magnitude(weight, eligibility, s, sign, rule)
            learn(weight, eligibility, s, sign, m, x, x2, y, y2, gain, rule)

    return learn_batch


@part_jit
def youth_of(neuron, susceptible):
    """What the traces at a neuron's synapses are multiplied by for its youth."""
    return ONE + susceptible.youth_gain[0] * susceptible.youth[neuron]


@part_jit
def look_up(heard, start, n, step, gain, modulated, n_pre_traces, traces, synapses, incoming):
    """The traces of incoming synapses `start` to `start + n`, times `gain`."""
    weight, eligibility = synapses.weight, synapses.eligibility
    pre_trace = traces.pre_trace
    depth, n_pre = pre_trace.shape[1], pre_trace.shape[2]
    # All steps kept, one after the other; a tap is relative to the present one.
    size = np.int64(depth * n_pre)
    by_step = pre_trace.reshape((n_pre_traces, size))
    row = np.int64(step % depth * n_pre) if n_pre_traces > 0 else np.int64(0)
    batch, taps = incoming.in_synapse[start : start + n], incoming.in_tap[start : start + n]
    # Unsigned indices: signed ones cost a test for being negative.
    for k in range(np.uint64(n)):
        prefetch(weight, batch[k])
        if modulated:
            prefetch(eligibility, batch[k])
        if n_pre_traces > 0:
            place = row + taps[k]
            place = np.uint64(place + size if place < 0 else place)
            heard[0, k] = gain * by_step[0, place]
            if n_pre_traces > 1:
                heard[1, k] = gain * by_step[1, place]


@inner_jit
def forget_unheard(heard, start, n, newborn, step, first_pre, traces, ring, synapses, incoming):
    """Clear the traces of synapses that no spike fired since their birth has reached yet."""
    n_pre = traces.pre_trace.shape[2]
    batch, taps = incoming.in_synapse[start : start + n], incoming.in_tap[start : start + n]
    for k in range(n):
        born = entry(synapses.birth, batch[k])
        if born > newborn:
            i = taps[k] % n_pre
            seen = step - (i - taps[k]) // n_pre
            if latest_before(seen + 1, first_pre + i, ring) < born:
                heard[:, k] = ZERO


@part_jit
def ask_for(j, incoming):
    """Where the incoming synapses of neuron j begin; their numbers are brought into the cache."""
    start = np.int64(incoming.in_first[j])
    for k in range(start, incoming.in_first[j + 1], LINE):
        prefetch(incoming.in_synapse, k)
        prefetch(incoming.in_tap, k)
    return start


@part_jit
def move_pre_trace(index, step, k, first, region, part, traces, ring):
    """The mean of a presynaptic trace over this step: that of the last one decays, and jumps."""
    start, count = part.part_first[region] - first, part.part_count[region]
    depth = traces.pre_trace.shape[1]
    old, new = traces.pre_trace[k, (step - 1) % depth], traces.pre_trace[k, step % depth]
    factor, jump = traces.pre_decay[index, k], traces.pre_jump[index, k]
    nearest = traces.nearest[index] != 0
    before, after = old[start : start + count], new[start : start + count]
    for i in range(count):
        # The factor, rounded to single precision, would be off by as much at each step.
        kept = np.float64(before[i]) * factor
        after[i] = np.float32(kept if kept > FORGOTTEN else 0.0)
    mask = ring.event_neuron.shape[0] - 1
    for e in range(part.part_event[region], part.part_end[region]):
        i = ring.event_neuron[e & mask] - first
        new[i] = jump if nearest else new[i] + jump


@part_jit
def move_post_trace(index, k, first, region, part, traces, ring):
    """A postsynaptic trace at the end of this step: it decays, and jumps at spikes."""
    start, count = part.part_first[region] - first, part.part_count[region]
    y, nearest = traces.post_trace[k], traces.nearest[index] != 0
    factor, jump = traces.post_decay[index, k], traces.post_jump[index, k]
    own = y[start : start + count]
    for j in range(count):
        own[j] *= factor
    mask = ring.event_neuron.shape[0] - 1
    for e in range(part.part_event[region], part.part_end[region]):
        j = ring.event_neuron[e & mask] - first
        y[j] = jump if nearest else y[j] + jump


@inner_jit
def rebase_eligibility(weight, eligibility, nt, low, high, integral, kept):
    """Refer eligibility to a new base: weights become explicit, eligibility is decayed by `kept`.

    Between two bases a weight is w + c K and its eligibility c exp(-(t - base) / tau), with one
    K = integral of exp(-(t - base) / tau) D(t) dt for the whole projection, so that a synapse
    which saw no spike costs nothing. Rebasing now and then keeps exp(t / tau) and K in range.
    """
    for s in range(weight.shape[0]):
        sign = -ONE if entry(nt, s) == INHIBITORY_TRANSMITTER else ONE
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

    dD/dt = -D / tau_d, dc/dt = -c / tau_c, dw/dt = c D with time in seconds. The factors are those
    of `engram.network.bind.dopamine_factors`. Tonic dopamine acts at the events, see `learning`.
    """
    factor = dopamine_factor[index]
    growth = eligibility_growth[index]
    if plastic[index]:
        dopamine_integral[index] += dopamine[index] * factor[0] / growth
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
