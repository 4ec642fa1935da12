"""Removing and adding some of a projection's synapses: one pass over the rest, no sorting."""

import numpy as np

from engram.kernels.jit import inner_jit, prefetch

AHEAD = 24
"""Synapses by which their new numbers are asked for in advance."""


@inner_jit
def dead_ends(segment, lags, first_pre, post, alive):
    """The synapses that start or end at a dead neuron."""
    found = np.empty(post.shape[0], np.int32)
    n = 0
    for i in range((segment.shape[0] - 1) // lags):
        from_dead = alive[first_pre + i] == 0
        for s in range(segment[i * lags], segment[(i + 1) * lags]):
            if from_dead or alive[post[s]] == 0:
                found[n] = s
                n += 1
    return found[:n]


@inner_jit
def kept_lags(n_used, segment, lags, gone):
    """The least and the greatest lag of the synapses that stay; `gone` is sorted.

    n_used: presynaptic slots in use.
    """
    low, high = lags, -1
    g = 0
    for i in range(n_used):
        if low == 0 and high == lags - 1 and g == gone.shape[0]:
            break
        for lag in range(lags):
            stop = segment[i * lags + lag + 1]
            n = stop - segment[i * lags + lag]
            while g < gone.shape[0] and gone[g] < stop:
                n -= 1
                g += 1
            if n > 0:
                low, high = min(low, lag), max(high, lag)
    return low, high


@inner_jit
def merge_rows(
    n_used,
    segment,
    lags,
    post,
    gone,
    new_pre,
    new_lag,
    new_post,
    shift,
    segment_out,
    lags_out,
    origin,
    number,
    place,
):
    """Rows without the synapses `gone` and with new ones, both sorted as rows are.

    n_used: presynaptic slots in use. new_pre: from 0; new_lag: in the new numbering of lags, which
    is the old one less `shift`. origin: where each synapse comes from, -1 - k for the k-th new one.
    number: where each old one goes, -1 for those gone. place: where each new one goes. A new
    synapse follows its twins.
    """
    g = a = k = 0
    n_gone, n_new = gone.shape[0], new_pre.shape[0]
    for i in range(n_used):
        for lag in range(lags_out):
            segment_out[i * lags_out + lag] = k
            old = lag + shift
            s = stop = 0
            if 0 <= old < lags:
                s, stop = segment[i * lags + old], segment[i * lags + old + 1]
            while g < n_gone and gone[g] < s:
                number[gone[g]] = -1
                g += 1
            while True:
                here = a < n_new and new_pre[a] == i and new_lag[a] == lag
                while s < stop and (not here or post[s] <= new_post[a]):
                    if g < n_gone and gone[g] == s:
                        number[s] = -1
                        g += 1
                    else:
                        origin[k] = s
                        number[s] = k
                        k += 1
                    s += 1
                if not here:
                    break
                origin[k] = -1 - a
                place[a] = k
                k += 1
                a += 1
    segment_out[n_used * lags_out :] = k
    while g < n_gone:
        number[gone[g]] = -1
        g += 1


@inner_jit
def merge_column(origin, old, new, out):
    """A column of the merged rows."""
    for k in range(origin.shape[0]):
        s = origin[k]
        out[k] = old[s] if s >= 0 else new[-1 - s]


@inner_jit
def merge_incoming(
    in_first,
    in_synapse,
    in_tap,
    number,
    new_post,
    new_synapse,
    new_tap,
    first_out,
    synapse_out,
    tap_out,
):
    """The incoming index after `merge_rows`; new ones are sorted by (post, synapse)."""
    k = a = 0
    safe = in_synapse.shape[0] - AHEAD
    for j in range(in_first.shape[0] - 1):
        first_out[j] = k
        q, stop = in_first[j], in_first[j + 1]
        while True:
            here = a < new_post.shape[0] and new_post[a] == j
            while q < stop:
                if q < safe:
                    prefetch(number, np.int64(in_synapse[q + AHEAD]))
                s = number[in_synapse[q]]
                if here and s > new_synapse[a]:
                    break
                if s >= 0:
                    synapse_out[k] = s
                    tap_out[k] = in_tap[q]
                    k += 1
                q += 1
            if not here:
                break
            synapse_out[k] = new_synapse[a]
            tap_out[k] = new_tap[a]
            k += 1
            a += 1
    first_out[in_first.shape[0] - 1] = k
