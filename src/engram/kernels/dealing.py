"""The first synapses of a projection: pairs are drawn, or dealt, into the rows they stay in.

No list of presynaptic neurons, order or copy is made beside the arrays that last. Numbers of 32
bits are what is moved, whether they are neurons or weights.
"""

import numpy as np

from engram.kernels.columns import entry
from engram.kernels.constants import STREAM_WIRING
from engram.kernels.jit import inner_jit
from engram.kernels.random import geometric_gap, integer_below, log_failure, uniform

FEW = 24
"""Entries up to which insertion is the fastest way to sort them; beyond, digit by digit."""

BASE, LOW8 = 256, np.uint64(255)
"""Values of a digit of 8 bits, and a mask."""

HALF, LOW = np.uint64(32), np.uint64(0xFFFFFFFF)
"""A packed entry has its key in the high half and its weight in the low one."""


@inner_jit
def draw_bernoulli(rows, targets, skip, p, seed, tag, post, count):
    """Connect every pair with probability `p`, by drawing the gaps between successes.

    ``targets[skip[r]]`` is left out of row r (a neuron's contact with itself). `tag` numbers the
    projection. Returns how many synapses there are; -1: more than `post` has room for.
    """
    log_miss = log_failure(p)
    s = 0
    for r in range(rows.shape[0]):
        position, began = -1, s
        draw = tag << 32
        while True:
            position += 1 + geometric_gap(uniform(seed, STREAM_WIRING, rows[r], draw), log_miss)
            draw += 1
            if position >= targets.shape[0]:
                break
            if position != skip[r]:
                if s == post.shape[0]:
                    return -1
                post[s] = targets[position]
                s += 1
        count[r] = s - began
    return s


@inner_jit
def choose_sources(n_sources, targets, skip, degree, seed, tag, source, count):
    """Choose `degree` different sources of every target (Floyd's sampling without replacement).

    Source ``skip[t]`` is never chosen for target t. count: how often each source was.
    """
    chosen = np.full(n_sources, -1, np.int64)
    s = 0
    for t in range(targets.shape[0]):
        n = n_sources - (1 if skip[t] >= 0 else 0)
        for k in range(degree):
            top = n - degree + k
            draw = (tag << 32) + k
            pick = integer_below(seed, STREAM_WIRING, targets[t], draw, top + 1)
            if chosen[pick] == t:
                pick = top
            chosen[pick] = t
            # The last source stands in for the one that is left out.
            kept = n_sources - 1 if pick == skip[t] else pick
            source[s] = kept
            count[kept] += 1
            s += 1


@inner_jit
def list_targets(targets, degree, source, place, post):
    """The targets of each source, from its `place` on, as `choose_sources` chose them."""
    s = 0
    for t in range(targets.shape[0]):
        for _ in range(degree):
            k = place[source[s]]
            post[k] = targets[t]
            place[source[s]] = k + 1
            s += 1


@inner_jit
def list_all(n_rows, targets, skip, post):
    """All targets of each source but ``targets[skip[r]]``."""
    s = 0
    for r in range(n_rows):
        for t in range(targets.shape[0]):
            if t != skip[r]:
                post[s] = targets[t]
                s += 1


@inner_jit
def count_rows(pre, first_pre, start):
    """Where each presynaptic neuron's synapses will begin, and whether they are in its order."""
    in_order = True
    last = first_pre
    for s in range(pre.shape[0]):
        start[pre[s] - first_pre + 1] += 1
        in_order = in_order and pre[s] >= last
        last = pre[s]
    for i in range(start.shape[0] - 1):
        start[i + 1] += start[i]
    return in_order


@inner_jit
def deal(pre, post, lag, weight, first_pre, first_post, bits, place, key_out, weight_out):
    """Put synapses into the rows of their presynaptic neurons, in the order they come in.

    A key has a synapse's lag above its postsynaptic neuron, which takes so many `bits`.
    """
    shift = np.uint32(bits)
    for s in range(pre.shape[0]):
        i = pre[s] - first_pre
        k = place[i]
        place[i] = k + 1
        key_out[k] = (np.uint32(entry(lag, s)) << shift) | np.uint32(post[s] - first_post)
        weight_out[k] = entry(weight, s)


@inner_jit
def sort_dealt(start, lags, bits, first_post, post, weight, segment):
    """Sort rows that were dealt by (lag, post), and say where each segment ends.

    Synapses of the same (pre, lag, post) keep their order. post: keys, and afterwards neurons.
    """
    most = 0
    for i in range(start.shape[0] - 1):
        most = max(most, start[i + 1] - start[i])
    here, there = np.empty(most, np.uint64), np.empty(most, np.uint64)
    digits = np.zeros(BASE, np.int32)
    mask, above = (np.uint64(1) << np.uint64(bits)) - np.uint64(1), np.uint64(bits)
    first = np.uint64(first_post)
    for i in range(start.shape[0] - 1):
        a, b = start[i], start[i + 1]
        ends = segment[i * lags + 1 : (i + 1) * lags + 1]
        keys, weights, n = post[a:b], weight[a:b], b - a
        for k in range(n):
            here[k] = (np.uint64(keys[k]) << HALF) | np.uint64(weights[k])
            ends[np.uint64(keys[k]) >> above] += 1
        begin_segments(ends, np.int32(a))
        source, other = here[:n], there[:n]
        if n > FEW:
            for d in range((bits + 7) // 8):
                sort_digit(source, other, HALF + np.uint64(8 * d), bits - 8 * d, digits)
                source, other = other, source
        else:
            insert_all(source)
        for k in range(n):
            key = source[k] >> HALF
            s = ends[key >> above]
            ends[key >> above] = s + 1
            post[s] = (key & mask) + first
            weight[s] = source[k] & LOW


@inner_jit
def begin_segments(ends, total):
    """From how many are in each segment to where each begins, `total` the first."""
    for lag in range(ends.shape[0]):
        count = ends[lag]
        ends[lag] = total
        total += count


@inner_jit
def sort_digit(source, out, shift, bits, digits):
    """One stable pass over the digit at `shift`, of which `bits` are the neuron's."""
    mask = LOW8 if bits >= 8 else (np.uint64(1) << np.uint64(bits)) - np.uint64(1)
    digits[:] = 0
    for k in range(source.shape[0]):
        digits[(source[k] >> shift) & mask] += 1
    begin_segments(digits, np.int32(0))
    for k in range(source.shape[0]):
        d = (source[k] >> shift) & mask
        out[digits[d]] = source[k]
        digits[d] += 1


@inner_jit
def insert_all(entries):
    """Sort few entries by their keys, stably."""
    for i in range(1, entries.shape[0]):
        moved = entries[i]
        key = moved >> HALF
        k = i
        while k > 0 and (entries[k - 1] >> HALF) > key:
            entries[k] = entries[k - 1]
            k -= 1
        entries[k] = moved


@inner_jit
def part_rows(start, first, end, lag, lags, post, weight, segment):
    """Sort some rows that are in the order of their postsynaptic neurons by lag, in the cache.

    lag: of these rows' synapses. Those of the same lag keep their order; segment: where each ends.
    """
    base = start[first]
    most = 0
    for i in range(first, end):
        most = max(most, start[i + 1] - start[i])
    kept_post, kept_weight = np.empty(most, np.uint32), np.empty(most, np.uint32)
    for i in range(first, end):
        a, n = start[i], start[i + 1] - start[i]
        ends = segment[i * lags + 1 : (i + 1) * lags + 1]
        if lags == 1:
            ends[0] = a + n
            continue
        own = lag[a - base : a - base + n]
        for k in range(n):
            ends[own[k]] += 1
            kept_post[k], kept_weight[k] = post[a + k], weight[a + k]
        begin_segments(ends, np.int32(a))
        for k in range(n):
            s = ends[own[k]]
            post[s], weight[s] = kept_post[k], kept_weight[k]
            ends[own[k]] = s + 1


@inner_jit
def look_up_steps(u, guide, limit, shortest, out):
    """Delays in steps of numbers that a rising distribution makes of uniform ones.

    A uniform number has 24 bits. limit: from which of their values on each step longer than the
    last is reached; guide: steps at each 4,096th value.
    """
    for k in range(u.shape[0]):
        m = np.int64(u[k] * np.float32(16777216.0))
        step = guide[m >> 12]
        while step < limit.shape[0] and m >= limit[step]:
            step += 1
        out[k] = shortest + step
