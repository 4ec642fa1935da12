"""Building and rebuilding a projection's synapses, in time proportional to their number.

A wiring first gives its synapses as two arrays (pre, post), which `order` sorts into rows: by
presynaptic neuron, then delay, then postsynaptic neuron. All are counting sorts or walks.
"""

import math

import numpy as np

from engram.kernels.columns import entry
from engram.kernels.constants import INHIBITORY_TRANSMITTER, STREAM_WIRING
from engram.kernels.jit import inner_jit
from engram.kernels.random import geometric_gap, integer_below, log_failure, uniform


@inner_jit
def fill_bernoulli(rows, targets, skip, p, seed, tag, pre, post):
    """Connect every pair with probability `p`, by drawing the gaps between successes.

    ``targets[skip[r]]`` is left out of row r (a neuron's contact with itself). `tag` numbers the
    projection. Returns how many synapses there are; -1: more than `pre` has room for.
    """
    log_miss = log_failure(p)
    s = 0
    for r in range(rows.shape[0]):
        position = -1
        draw = tag << 32
        while True:
            position += 1 + geometric_gap(uniform(seed, STREAM_WIRING, rows[r], draw), log_miss)
            draw += 1
            if position >= targets.shape[0]:
                break
            if position != skip[r]:
                if s == pre.shape[0]:
                    return -1
                pre[s] = rows[r]
                post[s] = targets[position]
                s += 1
    return s


@inner_jit
def fill_in_degree(sources, targets, skip, degree, seed, tag, pre, post):
    """Give every target `degree` different sources (Floyd's sampling without replacement).

    ``sources[skip[t]]`` is never chosen for target t.
    """
    chosen = np.full(sources.shape[0], -1, np.int64)
    for t in range(targets.shape[0]):
        n = sources.shape[0] - (1 if skip[t] >= 0 else 0)
        for k in range(degree):
            top = n - degree + k
            draw = (tag << 32) + k
            pick = integer_below(seed, STREAM_WIRING, targets[t], draw, top + 1)
            if chosen[pick] == t:
                pick = top
            chosen[pick] = t
            # The last source stands in for the one that is left out.
            source = sources.shape[0] - 1 if pick == skip[t] else pick
            pre[t * degree + k] = sources[source]
            post[t * degree + k] = targets[t]


@inner_jit
def sort_rows(pre, post, lag, first_pre, n_pre, first_post, n_post, lags):
    """The order of synapses by (pre, lag, post), and where each (pre, lag) segment begins.

    Counting sorts from the last key to the first; those already in order are skipped.
    """
    n = pre.shape[0]
    rows = n_pre * lags
    segment = np.zeros(rows + 1, np.int32)
    in_order = True
    last = -1
    for s in range(n):
        row = (pre[s] - first_pre) * lags + lag[s]
        segment[row + 1] += 1
        key = row * n_post + (post[s] - first_post)
        in_order = in_order and key >= last
        last = key
    for row in range(rows):
        segment[row + 1] += segment[row]
    if in_order:
        return np.arange(n).astype(np.int32), segment, True
    place = segment.copy()
    order = np.empty(n, np.int32)
    for s in range(n):
        row = (pre[s] - first_pre) * lags + lag[s]
        order[place[row]] = s
        place[row] += 1
    # Within a segment, by insertion: segments are short, or already in order.
    for row in range(rows):
        for i in range(segment[row] + 1, segment[row + 1]):
            s = order[i]
            k = i
            while k > segment[row] and post[order[k - 1]] > post[s]:
                order[k] = order[k - 1]
                k -= 1
            order[k] = s
    return order, segment, False


@inner_jit
def is_regular(post, nt, segment):
    """Whether no segment holds a pair of neurons twice or mixes transmitters."""
    varied = nt.shape[0] > 1
    for row in range(segment.shape[0] - 1):
        for s in range(segment[row] + 1, segment[row + 1]):
            if post[s] == post[s - 1] or (varied and nt[s] != nt[s - 1]):
                return False
    return True


@inner_jit
def expand_rows(segment, lags, first_pre, shortest, pre, delay):
    """Each synapse's presynaptic neuron and delay, from the row it stands in."""
    for row in range(segment.shape[0] - 1):
        neuron = first_pre + row // lags
        steps = shortest + row % lags
        for s in range(segment[row], segment[row + 1]):
            pre[s] = neuron
            delay[s] = steps


@inner_jit
def build_incoming(segment, lags, n_pre, shortest, post, first_post, in_first, in_synapse, in_tap):
    """The incoming index: each postsynaptic neuron's synapses, and where their traces stand.

    A tap is the place of a synapse's trace in the table of the last steps, neurons by steps,
    relative to the row of the present step: source - delay x n_pre.
    """
    n_post = in_first.shape[0] - 1
    in_first[:] = 0
    for s in range(post.shape[0]):
        in_first[post[s] - first_post + 1] += 1
    for j in range(n_post):
        in_first[j + 1] += in_first[j]
    place = in_first.copy()
    for row in range(segment.shape[0] - 1):
        tap = row // lags - (shortest + row % lags) * n_pre
        for s in range(segment[row], segment[row + 1]):
            j = post[s] - first_post
            k = place[j]
            place[j] += 1
            in_synapse[k] = s
            in_tap[k] = tap


@inner_jit
def scale_incoming(post, weight, nt, first_post, factor, silent, low, high):
    """Multiply excitatory weights by a factor of their postsynaptic neuron, within bounds.

    Zero times anything is zero: where a `silent` neuron's weights are all below a hundredth of the
    mean, they are raised to that first.
    """
    total = 0.0
    count = 0
    strongest = np.zeros(factor.shape[0], np.float32)
    for s in range(post.shape[0]):
        if entry(nt, s) != INHIBITORY_TRANSMITTER:
            j = post[s] - first_post
            strongest[j] = max(strongest[j], weight[s])
            total += weight[s]
            count += 1
    least = np.float32(0.01 * total / max(count, 1))
    for s in range(post.shape[0]):
        if entry(nt, s) != INHIBITORY_TRANSMITTER:
            j = post[s] - first_post
            w = weight[s]
            if silent[j] and strongest[j] < least:
                w = least
            weight[s] = min(max(w * factor[j], low), high)


@inner_jit
def normalize_incoming(in_first, in_synapse, weight, neurons, total, norm, low, high):
    """Scale the incoming weights of some neurons so that their norm, 1 or 2, is `total`."""
    for j in neurons:
        synapses = in_synapse[in_first[j] : in_first[j + 1]]
        magnitude = 0.0
        for k in range(synapses.shape[0]):
            w = np.float64(weight[np.uint64(synapses[k])])
            magnitude += w * w if norm == 2 else abs(w)
        if magnitude > 0.0:
            factor = np.float32(total / (math.sqrt(magnitude) if norm == 2 else magnitude))
            for k in range(synapses.shape[0]):
                s = np.uint64(synapses[k])
                w = weight[s] * factor
                kept = min(max(abs(w), low), high)
                weight[s] = kept if w >= 0.0 else -kept


@inner_jit
def sum_incoming(post, magnitude, first_post, total):
    """Add up each postsynaptic neuron's incoming magnitudes."""
    for s in range(post.shape[0]):
        total[post[s] - first_post] += magnitude[s]
