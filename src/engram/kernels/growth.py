"""What a cycle of growth looks for: idle synapses, wiring for newborns, correlated pairs."""

import math

import numpy as np

from engram.kernels.columns import entry
from engram.kernels.constants import (
    EXCITATORY,
    IDLE,
    INHIBITORY_TRANSMITTER,
    LOST,
    STREAM_GROWTH,
    TRANSMITTERS,
    TYPES,
)
from engram.kernels.history import spike_steps
from engram.kernels.jit import inner_jit
from engram.kernels.random import integer_below, uniform

ATTEMPTS = 16
"""Draws of a synapse to copy the delay of, until one from an excitatory neuron is found."""


@inner_jit
def magnitude_of(weight, nt, c, integral, low, high):
    """A synapse's magnitude now."""
    sign = np.float32(-1) if nt == INHIBITORY_TRANSMITTER else np.float32(1)
    return min(max(sign * weight + c * integral, low), high)


@inner_jit
def survey(
    n_used,
    lags,
    shortest,
    first_pre,
    first_post,
    synapses,
    integral,
    low,
    high,
    last_spike,
    alive,
    neuron_type,
    weak_below,
    born_by,
    heard_since,
    fired_since,
    prune,
    fate,
    reached,
    tally,
    with_lag,
    total,
    sends,
    receives,
):
    """Look at every synapse of a projection once; returns how many are lost, and how many idle.

    n_used: presynaptic slots in use. shortest: the delay of lag 0. fate: set to LOST for those at a
    dead neuron, and to IDLE for those that are weak, old (born in step `born_by` or before) and
    unused (no spike has arrived since step `heard_since`, or the postsynaptic neuron has not fired
    since step `fired_since`).
    reached: by type, how many synapses from excitatory neurons the postsynaptic neurons have.
    tally: whether to fill in the others, over living synapses. with_lag, total: how many there are
    of each delay, and the sum of their magnitudes, by transmitter and types of the two neurons.
    sends, receives: whether a neuron has any, by transmitter and the other one's type.
    """
    post, weight, nt, segment = synapses.post, synapses.weight, synapses.nt, synapses.segment
    birth, eligibility = synapses.birth, synapses.eligibility
    lost = idle = 0
    modulated = eligibility.shape[0] > 0
    zero = np.float32(0)
    for i in range(n_used):
        pre = first_pre + i
        from_dead = alive[pre] == 0
        own = neuron_type[pre]
        excitatory = own == EXCITATORY
        for lag in range(lags):
            row = i * lags + lag
            quiet = last_spike[pre] + shortest + lag < heard_since
            for s in range(segment[row], segment[row + 1]):
                j = post[s]
                if from_dead or alive[j] == 0:
                    fate[s] = LOST
                    lost += 1
                    continue
                other = neuron_type[j]
                if excitatory:
                    reached[other] += 1
                unused = quiet or last_spike[j] < fired_since
                candidate = prune and entry(birth, s) <= born_by and unused
                if not (candidate or tally):
                    continue
                c = eligibility[s] if modulated else zero
                m = magnitude_of(weight[s], entry(nt, s), c, integral, low, high)
                if candidate and m < weak_below:
                    fate[s] = IDLE
                    idle += 1
                if tally:
                    t = entry(nt, s)
                    with_lag[t, own, other, lag] += 1
                    total[t, own, other] += m
                    sends[t, other, i] = True
                    receives[t, own, j - first_post] = True
    return lost, idle


@inner_jit
def draw_different(options, count, seed, entity, start):
    """The first `count` of `options` become a random choice of them (Fisher and Yates)."""
    for k in range(count):
        pick = k + integer_below(seed, STREAM_GROWTH, entity, start + k, options.shape[0] - k)
        options[k], options[pick] = options[pick], options[k]


@inner_jit
def wire_newborns(
    newborn,
    with_lag,
    total,
    partner,
    alive,
    neuron_type,
    first_own,
    n_own,
    first_other,
    share,
    seed,
    entity,
    start,
    out_own,
    out_other,
    out_lag,
    out_nt,
    out_magnitude,
):
    """Synapses of newborn neurons in one projection, on one side of it; returns how many.

    with_lag, total, partner: of the synapses there are, by transmitter and type on the newborns'
    side: how many of each delay, the sum of their magnitudes, and who has any on the other side.
    For each transmitter a newborn gets, on average, `share` x as many synapses as living neurons of
    its type have (the whole part for certain, one more with the probability of the rest), between
    it and different such partners, with delays drawn from those and their mean magnitude.
    """
    lags, n_other = with_lag.shape[2], partner.shape[2]
    living = np.zeros(TYPES, np.int64)
    for k in range(first_own, first_own + n_own):
        living[neuron_type[k]] += alive[k]
    for k in range(newborn.shape[0]):
        living[neuron_type[newborn[k]]] -= 1
    options = np.empty(n_other, np.int32)
    n = 0
    for b in range(newborn.shape[0]):
        own = neuron_type[newborn[b]]
        for t in range(TRANSMITTERS):
            count = 0
            for lag in range(lags):
                count += with_lag[t, own, lag]
            if count == 0:
                continue
            found = 0
            for other in range(n_other):
                if partner[t, own, other] and alive[first_other + other]:
                    options[found] = first_other + other
                    found += 1
            who = entity + (newborn[b] * TRANSMITTERS + t) * TYPES + own
            mean = share * count / max(living[own], 1)
            wanted = min(int(mean + uniform(seed, STREAM_GROWTH, who, start)), found)
            draw_different(options[:found], wanted, seed, who, start + 1)
            for k in range(wanted):
                if n == out_own.shape[0]:
                    return n
                rank = integer_below(seed, STREAM_GROWTH, who, start + 1 + found + k, count)
                lag = 0
                while rank >= with_lag[t, own, lag]:
                    rank -= with_lag[t, own, lag]
                    lag += 1
                out_own[n] = newborn[b]
                out_other[n] = options[k]
                out_lag[n] = lag
                out_nt[n] = t
                out_magnitude[n] = total[t, own] / count
                n += 1
    return n


@inner_jit
def count_matched(n_used, segment, lags, first_pre, post, first_post, alive):
    """The synapses between living neurons, and those of them that join neurons of one number."""
    living = matched = 0
    for i in range(n_used):
        if alive[first_pre + i]:
            for s in range(segment[i * lags], segment[(i + 1) * lags]):
                living += alive[post[s]]
                matched += alive[post[s]] and post[s] == first_post + i
    return living, matched


@inner_jit
def inherit(
    n_used,
    lags,
    first_pre,
    first_post,
    synapses,
    integral,
    low,
    high,
    alive,
    heir_pre,
    heir_post,
    spread,
    seed,
    entity,
    start,
    out_pre,
    out_post,
    out_lag,
    out_nt,
    out_magnitude,
):
    """Synapses of newborns like those of their sisters; returns how many.

    heir_pre, heir_post: the newborn that is like a neuron, by its number in its region; -1: none.
    Magnitudes are multiplied by a random number from 1 - spread to 1 + spread.
    """
    post, weight, nt, segment = synapses.post, synapses.weight, synapses.nt, synapses.segment
    eligibility = synapses.eligibility
    modulated = eligibility.shape[0] > 0
    zero = np.float32(0)
    n = 0
    for i in range(n_used):
        if alive[first_pre + i] == 0:
            continue
        for lag in range(lags):
            row = i * lags + lag
            for s in range(segment[row], segment[row + 1]):
                j = post[s]
                if alive[j] == 0:
                    continue
                for side in range(2):
                    heir = heir_pre[i] if side == 0 else heir_post[j - first_post]
                    if heir < 0:
                        continue
                    if n == out_pre.shape[0]:
                        return n
                    c = eligibility[s] if modulated else zero
                    m = magnitude_of(weight[s], entry(nt, s), c, integral, low, high)
                    u = uniform(seed, STREAM_GROWTH, entity, start + n)
                    out_pre[n] = first_pre + heir if side == 0 else first_pre + i
                    out_post[n] = j if side == 0 else first_post + heir
                    out_lag[n], out_nt[n] = lag, entry(nt, s)
                    out_magnitude[n] = m * (1.0 + spread * (2.0 * u - 1.0))
                    n += 1
    return n


@inner_jit
def draw_alike(count, segment, nt, seed, entity, start, out_lag, out_nt):
    """Delay and transmitter of random synapses there are, for new ones."""
    for k in range(count):
        s = integer_below(seed, STREAM_GROWTH, entity, start + k, segment[segment.shape[0] - 1])
        row = np.searchsorted(segment, s, side="right") - 1
        out_lag[k], out_nt[k] = row, entry(nt, s)


@inner_jit
def coincidences(a, n_a, b, n_b, width):
    """The sum of 1 - |d| / width over all pairs of spikes less than `width` steps d apart.

    a, b: steps of the spikes, the latest first.
    """
    total = 0.0
    first = 0
    for k in range(n_a):
        while first < n_b and b[first] >= a[k] + width:
            first += 1
        q = first
        while q < n_b and b[q] > a[k] - width:
            total += 1.0 - abs(a[k] - b[q]) / width
            q += 1
    return total


@inner_jit
def correlation(a, n_a, b, n_b, own_a, own_b, width, span):
    """Correlation coefficient of two spike trains smoothed by a box of `width` steps.

    (C_ab - n_a n_b w / T) / sqrt((C_aa - n_a^2 w / T) (C_bb - n_b^2 w / T)), with C the
    `coincidences` and T the steps looked at.
    """
    share = width / span
    spread = (own_a - n_a * n_a * share) * (own_b - n_b * n_b * share)
    if n_a == 0 or n_b == 0 or spread <= 0.0:
        return 0.0
    return (coincidences(a, n_a, b, n_b, width) - n_a * n_b * share) / math.sqrt(spread)


@inner_jit
def count_spikes(start, now, region, ring, total):
    """Running count of a region's spikes from step `start` on: total[k] before step start + k."""
    event_first, event_end = ring.event_first, ring.event_end
    slot = start % event_first.shape[0]
    total[0] = 0
    for k in range(now - start):
        total[k + 1] = total[k] + event_end[slot, region] - event_first[slot, region]
        slot = slot + 1 if slot + 1 < event_first.shape[0] else 0


@inner_jit
def nth_spike(rank, start, region, ring, total):
    """Who fired the region's spike number `rank` since step `start`, and after how many steps."""
    k = np.searchsorted(total, rank, side="right") - 1
    mask = ring.event_neuron.shape[0] - 1
    horizon = ring.event_first.shape[0]
    event = ring.event_first[(start + k) % horizon, region] + rank - total[k]
    return ring.event_neuron[event & mask], k


@inner_jit
def is_joined(i, lags, synapses, other):
    """Whether neuron i of the source has a synapse onto neuron `other`."""
    segment, post = synapses.segment, synapses.post
    for row in range(i * lags, (i + 1) * lags):
        s = segment[row] + np.searchsorted(post[segment[row] : segment[row + 1]], other)
        if s < segment[row + 1] and post[s] == other:
            return True
    return False


@inner_jit
def draw_excitatory(lags, first_pre, synapses, neuron_type, seed, entity, at):
    """Delay and transmitter of a random synapse from an excitatory neuron; -1 if none is found."""
    segment, post = synapses.segment, synapses.post
    for k in range(ATTEMPTS):
        s = integer_below(seed, STREAM_GROWTH, entity, at + k, post.shape[0])
        row = np.searchsorted(segment, s, side="right") - 1
        if neuron_type[first_pre + row // lags] == EXCITATORY:
            return row % lags, entry(synapses.nt, s)
    return -1, synapses.nt[0]


@inner_jit
def sprout(
    wanted,
    attempts,
    start,
    now,
    width,
    least,
    most,
    threshold,
    pre_region,
    post_region,
    lags,
    first_pre,
    n_pre,
    first_post,
    n_post,
    reached,
    synapses,
    neuron_type,
    alive,
    born,
    ring,
    seed,
    entity,
    draw,
    out_pre,
    out_post,
    out_lag,
    out_nt,
):
    """New synapses between neurons whose spikes are correlated; returns how many.

    Candidates are drawn by their coincidences: a random spike of the source since step `start`, and
    a random one of the target less than `width` steps from it. They become synapses if the
    correlation of the two neurons reaches `threshold`, each fired `least` times or more and the
    target not more than `most` times, both lived all that time, and there is no such synapse yet.
    Those from excitatory neurons only, onto types that the projection reaches; transmitter and
    delay are those of a random synapse.
    """
    span = now - start
    n = 0
    if span < 1 or synapses.post.shape[0] == 0:
        return n
    fired_pre, fired_post = np.empty(span + 1, np.int64), np.empty(span + 1, np.int64)
    count_spikes(start, now, pre_region, ring, fired_pre)
    count_spikes(start, now, post_region, ring, fired_post)
    if fired_pre[span] == 0 or fired_post[span] == 0:
        return n
    own_pre, own_post = np.full(n_pre, -1.0), np.full(n_post, -1.0)
    a, b = np.empty(span, np.int64), np.empty(span, np.int64)
    last = np.int64(-1)
    n_a = 0
    # Nothing older than the first spike of the window: the ring may have overwritten it.
    oldest = ring.event_first[start % ring.event_first.shape[0], 0]
    for attempt in range(attempts):
        if n == wanted:
            break
        at = draw + attempt * (ATTEMPTS + 2)
        rank = integer_below(seed, STREAM_GROWTH, entity, at, fired_pre[span])
        pre, k = nth_spike(rank, start, pre_region, ring, fired_pre)
        low, high = fired_post[max(k - width + 1, 0)], fired_post[min(k + width, span)]
        if low == high or neuron_type[pre] != EXCITATORY or not alive[pre] or born[pre] > start:
            continue
        rank = low + integer_below(seed, STREAM_GROWTH, entity, at + 1, high - low)
        other, _ = nth_spike(rank, start, post_region, ring, fired_post)
        if other == pre or not alive[other] or born[other] > start:
            continue
        i, j = pre - first_pre, other - first_post
        if reached[neuron_type[other]] == 0:
            continue
        if pre != last:
            n_a = spike_steps(pre, start, oldest, ring, a)
            last = pre
            if own_pre[i] < 0.0:
                own_pre[i] = coincidences(a, n_a, a, n_a, width)
        n_b = spike_steps(other, start, oldest, ring, b)
        if n_a < least or n_b < least or n_b > most:
            continue
        if own_post[j] < 0.0:
            own_post[j] = coincidences(b, n_b, b, n_b, width)
        if correlation(a, n_a, b, n_b, own_pre[i], own_post[j], width, span) < threshold:
            continue
        present = is_joined(i, lags, synapses, other)
        for k in range(n):
            present = present or (out_pre[k] == pre and out_post[k] == other)
        if present:
            continue
        lag, nt = draw_excitatory(lags, first_pre, synapses, neuron_type, seed, entity, at + 2)
        if lag >= 0:
            out_pre[n], out_post[n] = pre, other
            out_lag[n], out_nt[n] = lag, nt
            n += 1
    return n
