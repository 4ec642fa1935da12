"""Rebuilding a projection's synapses, in time proportional to their number.

`sort_rows` sorts synapses of any order into rows: by presynaptic neuron, then delay, then
postsynaptic neuron. The first ones of a projection get there by `dealing`.
"""

import math

import numpy as np

from engram.kernels.columns import entry
from engram.kernels.constants import INHIBITORY_TRANSMITTER
from engram.kernels.jit import inner_jit

FEW = 32
"""Keys up to which insertion is the fastest way to sort them."""

LOW, MASK = np.uint64(32), np.uint64(0xFFFFFFFF)
"""A key has a postsynaptic neuron in its high half and a synapse in the low one."""


@inner_jit
def sort_rows(pre, post, lag, first_pre, n_pre, first_post, n_post, lags):
    """The order of synapses by (pre, lag, post), and where each (pre, lag) segment begins.

    Synapses of the same (pre, lag, post) keep their order. They are dealt to the presynaptic
    neurons first, so that the rest of the work is done in the cache. Those already in order are
    only counted.
    """
    n = pre.shape[0]
    segment = np.zeros(n_pre * lags + 1, np.int32)
    start = np.zeros(n_pre + 1, np.int32)
    in_order = True
    last = -1
    for s in range(n):
        neuron = int(pre[s] - first_pre)
        start[neuron + 1] += 1
        key = (neuron * lags + lag[s]) * n_post + (post[s] - first_post)
        in_order = in_order and key >= last
        last = key
    most = 0
    for neuron in range(n_pre):
        most = max(most, start[neuron + 1])
        start[neuron + 1] += start[neuron]
    order = np.empty(n, np.int32)
    if in_order:
        for s in range(n):
            order[s] = s
            segment[(pre[s] - first_pre) * lags + lag[s] + 1] += 1
        for row in range(n_pre * lags):
            segment[row + 1] += segment[row]
        return order, segment, True
    place = start.copy()
    for s in range(n):
        neuron = pre[s] - first_pre
        order[place[neuron]] = s
        place[neuron] += 1
    keys, kept = np.empty(most, np.uint64), np.empty(most, np.uint16)
    for neuron in range(n_pre):
        own = order[start[neuron] : start[neuron + 1]]
        ends = segment[neuron * lags + 1 : (neuron + 1) * lags + 1]
        sort_row(own, lag, post, first_post, start[neuron], ends, keys, kept)
    return order, segment, False


@inner_jit
def sort_row(own, lag, post, first_post, start, ends, keys, kept):
    """Sort the synapses `own` of a neuron by (lag, post); the segments' ends, from `start` on."""
    lags = ends.shape[0]
    for k in range(own.shape[0]):
        kept[k] = lag[own[k]]
        ends[kept[k]] += 1
    total = np.int32(0)
    for here in range(lags):
        # For now where each begins.
        count = ends[here]
        ends[here] = total
        total += count
    for k in range(own.shape[0]):
        s = own[k]
        keys[ends[kept[k]]] = (np.uint64(post[s] - first_post) << LOW) | np.uint64(s)
        ends[kept[k]] += 1
    begin = np.int32(0)
    for here in range(lags):
        if ends[here] - begin > 1:
            sort_keys(keys[begin : ends[here]])
        begin = ends[here]
        ends[here] += start
    for k in range(own.shape[0]):
        own[k] = np.int32(keys[k] & MASK)


@inner_jit
def sort_keys(keys):
    """Sort keys: the few of most segments by insertion."""
    n = keys.shape[0]
    if n > FEW:
        keys.sort()
        return
    for i in range(1, n):
        key = keys[i]
        k = i
        while k > 0 and keys[k - 1] > key:
            keys[k] = keys[k - 1]
            k -= 1
        keys[k] = key


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
