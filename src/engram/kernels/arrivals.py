"""Spikes whose delay ends now: charge is delivered, the presynaptic side of plasticity runs."""

import math

import numpy as np

from engram.kernels.constants import NEVER, ROWS_AHEAD
from engram.kernels.jit import inner_inline_jit, inner_jit, part_jit, prefetch
from engram.kernels.learning import ZERO, rule_of
from engram.kernels.rows import (
    TOGETHER,
    Arrival,
    Manner,
    Targets,
    add_rows,
    make_deliver,
    same_targets,
)


def make_arrive(on_pre, modulated, n_pre_traces, n_post_traces):
    """The arrival loop; `on_pre` (None: static synapses) is as `learning.make_learn` wants it."""
    learns = on_pre is not None
    deliver = make_deliver(on_pre if learns else unchanged, learns, modulated)

    @inner_inline_jit
    def arrive(
        index,
        step,
        dt,
        region_first,
        pathways,
        rules,
        short_term,
        received,
        tree,
        ring,
        synapses,
        rows,
        extras,
        traces,
        row_start,
        row_stop,
    ):
        region, onto = pathways.source[index], pathways.target[index]
        received.reached[onto] = 1
        first_pre, lags = region_first[region], pathways.delay_count[index]
        post, weight = synapses.post, synapses.weight
        row_from, row_to = rows.row_from, rows.row_to
        event_neuron, event_previous_step = ring.event_neuron, ring.event_previous_step
        pre_trace, post_trace = traces.pre_trace, traces.post_trace
        first = region_first[onto]
        targets = targets_of(first, received.exc, received.inh, post_trace, n_post_traces)
        depressing = short_term.stp[index] != 0
        own_gain = extras.synapse_gain.shape[0] > 0
        on_tree = tree.compartments[onto] > 0 and extras.compartment.shape[0] > 0
        plain = pathways.regular[index] != 0 and not (depressing or own_gain or on_tree)
        learning = rules.plastic[index] != 0
        gain, sign = pathways.gain[index], pathways.common_sign[index]
        U = short_term.stp_U[index]
        manner = Manner(gain, sign, plain, depressing, own_gain, on_tree, learning, U)
        rule = rule_of(rules, index)
        horizon, mask = ring.event_first.shape[0], event_neuron.shape[0] - 1
        for lag in range(lags):
            fired_at = step - pathways.delay_min[index] - lag
            if fired_at < 0:
                break
            slot = fired_at % horizon
            careful = fired_at < pathways.youngest[index]
            together = not learns and plain and sign != 0 and not careful
            e = ready = ring.event_first[slot, region]
            end = ring.event_end[slot, region]
            while e < end:
                if e == ready:
                    ready += ROWS_AHEAD
                    look_up(
                        row_start,
                        row_stop,
                        e,
                        min(ready, end),
                        first_pre,
                        lags,
                        lag,
                        event_neuron,
                        row_from,
                        row_to,
                        post,
                        weight,
                    )
                # Indices are unsigned where it matters: signed ones cost a test for being negative.
                place = np.uint64(e - (ready - ROWS_AHEAD))
                start, stop = np.int64(row_start[place]), np.int64(row_stop[place])
                if (
                    together
                    and min(ready, end) - e >= TOGETHER
                    and same_targets(post, row_start, row_stop, place)
                ):
                    j, n = post[start] - first, stop - start
                    sums = targets.inh if sign < 0 else targets.exc
                    add_rows(sums[j : j + n], weight, row_start, place, gain)
                    e += TOGETHER
                    continue
                if start < stop:
                    event = np.uint64(e & mask)
                    x, x2 = ZERO, ZERO
                    if learning and n_pre_traces > 0:
                        i = event_neuron[event] - first_pre
                        x, x2 = traces_before(fired_at, i, pre_trace, n_pre_traces)
                    f, d = ZERO, ZERO
                    if depressing and event_previous_step[event] > NEVER:
                        gap_ms = (fired_at - event_previous_step[event]) * dt[0]
                        f, d = kept_since(gap_ms, index, short_term)
                    arrival = Arrival(fired_at, careful, x, x2, f, d)
                    deliver(start, stop, synapses, extras, tree, targets, arrival, manner, rule)
                e += 1
        return 0

    return arrive


@part_jit
def targets_of(first, exc, inh, post_trace, n_post_traces):
    """The neurons from `first` on, with their traces."""
    last = first + post_trace.shape[1]
    y, y2 = post_trace[0], post_trace[1 if n_post_traces > 1 else 0]
    return Targets(first, exc[first:last], inh[first:last], y, y2)


@part_jit
def look_up(
    row_start,
    row_stop,
    first,
    end,
    first_pre,
    lags,
    lag,
    event_neuron,
    row_from,
    row_to,
    post,
    weight,
):
    """Where the rows of spikes `first` to `end` begin and end.

    They come in no order a processor could guess: all are asked for before any is worked on.
    """
    mask = event_neuron.shape[0] - 1
    for k in range(end - first):
        row = (event_neuron[np.uint64((first + k) & mask)] - first_pre) * lags + lag
        row_start[k] = row_from[np.uint64(row)]
        row_stop[k] = row_to[np.uint64(row)]
        # Both ends of a row tell whether its targets are neighbours.
        prefetch(post, np.int64(row_start[k]))
        prefetch(post, np.int64(row_stop[k] - 1))
        prefetch(weight, np.int64(row_start[k]))


@part_jit
def traces_before(fired_at, i, pre_trace, n_pre_traces):
    """The traces of presynaptic neuron i before the spike: their means over the step before."""
    before = (fired_at - 1) % pre_trace.shape[1]
    return pre_trace[0, before, i], pre_trace[1, before, i] if n_pre_traces > 1 else ZERO


@part_jit
def kept_since(gap_ms, index, short_term):
    """What is left of facilitation and depletion so long after a spike."""
    facilitation = ZERO
    if short_term.stp_tau_facil[index] > 0:
        facilitation = np.float32(math.exp(-gap_ms / short_term.stp_tau_facil[index]))
    return facilitation, np.float32(math.exp(-gap_ms / short_term.stp_tau_rec[index]))


@inner_jit
def unchanged(m, x, x2, y, y2, low, high, parameters):
    """The rule of static synapses."""
    return m
