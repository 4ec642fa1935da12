"""Neurons that can't fire by themselves are not stepped: their course is known in closed form.

Between spikes, a `CurrentLIF` neuron is linear. With D = v - v_rest, a step is

    D <- m D + b_e exc + b_i inh,   exc <- x exc,   inh <- y inh,

so D - c_e exc - c_i inh, with c_e = b_e / (x - m), shrinks by the factor m a step, and exc and inh
by x and y (Rotter & Diesmann 1999, doi:10.1007/s004220050570). These three modes, referred to the
last review of the region, stay what they are until a spike arrives or is fired; v is worked out of
them where somebody looks, or where it might reach the threshold. While the compiled loop runs, the
modes of a neuron stand together in ``course``, for they are looked up in no order, and with them
how far above rest its threshold is; exc and inh of a lazy region hold nothing but what arrives in
the step. Eight neurons are looked at together: ``stirred`` says whether one of them may fire.

The modes are saved, since v worked out of them is rounded: taking it for the state whenever a run
ends would make the future depend on how it is cut.
"""

import numpy as np

from engram.kernels.columns import entry
from engram.kernels.constants import BLOCK, COURSE, MODEL_ROWS, REVIEW, SCANNED, TOGETHER
from engram.kernels.jit import call_entry, inner_inline_jit, inner_jit, part_jit, prefetch
from engram.kernels.neurons import emit_spikes

f32 = np.float32
ZERO, ONE = f32(0), f32(1)

AHEAD = np.uint64(16)
"""Synapses whose targets are asked for before they are needed."""

# Columns of ``lazy_factor``.
KEPT_M, KEPT_E, KEPT_I, MIX_E, MIX_I, PEAK_E, PEAK_I, E_L, V_TH, V_RESET, T_REF = range(11)

MARGIN = f32(1e-3)
"""mV below the threshold from which on a neuron counts as one that may fire: more than rounding."""


@inner_jit
def power(base, k):
    """``base ** k`` for whole k from 0 on, by multiplication alone: the same on all machines."""
    found, square = 1.0, base
    while k > 0:
        if k & 1:
            found *= square
        square *= square
        k >>= 1
    return found


@inner_jit
def decayed(factor, k):
    """What is left of the three modes after k steps."""
    return (
        f32(power(factor[KEPT_M], k)),
        f32(power(factor[KEPT_E], k)),
        f32(power(factor[KEPT_I], k)),
    )


@inner_jit
def grown(factor, k):
    """The inverse of that; 0 for charge that acts within its step, of which nothing is kept."""
    m, x, y = factor[KEPT_M], factor[KEPT_E], factor[KEPT_I]
    by_x = 1.0 / power(x, k) if x > 0.0 else 0.0
    by_y = 1.0 / power(y, k) if y > 0.0 else 0.0
    return f32(1.0 / power(m, k)), f32(by_x), f32(by_y)


@part_jit
def may_reach(d, exc, inh, peak_e, peak_i, below):
    """Whether v - v_rest may get to `below` without further spikes: bounded from above."""
    return max(d, ZERO) + max(exc, ZERO) * peak_e + max(inh, ZERO) * peak_i >= below - MARGIN


@part_jit
def scales(step, factor):
    """Of the three modes before a step, their inverses, and what is made of them."""
    k = step % REVIEW
    mixed = f32(factor[MIX_E]), f32(factor[MIX_I]), f32(factor[PEAK_E]), f32(factor[PEAK_I])
    return decayed(factor, k), grown(factor, k), mixed


@inner_jit
def resume(
    index,
    step,
    dt,
    part_first,
    part_count,
    lazy_factor,
    mode,
    course,
    stirred,
    v,
    exc,
    inh,
    theta,
    fired,
    last_spike,
    background,
    lazy_rest,
    scratch,
):
    """Take neurons over that were written to, and see who may fire, before a step.

    v, exc and inh were written by `settle`: where they are no longer what the modes say, somebody
    has changed them. Where the model has changed, ``lazy_rest`` is not where they rest.
    """
    first, count = part_first[index], part_count[index]
    factor, h, t_ref = lazy_factor[index], f32(dt[0]), f32(lazy_factor[index, T_REF])
    (m, x, y), (by_m, by_x, by_y), (c_e, c_i, peak_e, peak_i) = scales(step, factor)
    rest = f32(factor[E_L]) + background[index]
    v_th, v_reset, before = f32(factor[V_TH]), f32(factor[V_RESET]), np.int32(step - 1)
    known = rest == lazy_rest[index]
    for lo in range(first, first + count, BLOCK):
        n = min(BLOCK, first + count - lo)
        here = slice(lo, lo + n)
        a_v, a_exc, a_inh, a_theta = v[here], exc[here], inh[here], theta[here]
        a_m, a_e, a_i, a_last, a_fired = (
            mode[0, here],
            mode[1, here],
            mode[2, here],
            last_spike[here],
            fired[here],
        )
        may, top = scratch[MODEL_ROWS], scratch[MODEL_ROWS + 1]
        for k in range(n):
            a, b, c = a_m[k], a_e[k], a_i[k]
            e, g, since = b * x, c * y, np.int32(before - a_last[k])
            held_last = (f32(since - 1) * h < t_ref) | (since == 0)
            free = rest + (a * m + c_e * e + c_i * g)
            was = v_reset if held_last else free
            same = (a_v[k] == was) & (a_exc[k] == e) & (a_inh[k] == g) & known
            d = a_v[k] - rest
            below = v_th + f32(a_theta[k]) - rest
            most = max(d, ZERO) + max(a_exc[k], ZERO) * peak_e + max(a_inh[k], ZERO) * peak_i
            stirs = (most >= below - MARGIN) | held_last | (f32(since) * h < t_ref)
            a_m[k] = a if same else (d - c_e * a_exc[k] - c_i * a_inh[k]) * by_m
            a_e[k] = b if same else a_exc[k] * by_x
            a_i[k] = c if same else a_inh[k] * by_y
            top[k] = below
            may[k] = ONE if stirs | (a_fired[k] != 0) else ZERO
            a_exc[k] = a_inh[k] = ZERO
        own = course[COURSE * lo : COURSE * (lo + n)]
        for k in range(n):
            own[COURSE * k], own[COURSE * k + 1] = a_m[k], a_e[k]
            own[COURSE * k + 2], own[COURSE * k + 3] = a_i[k], top[k]
        flag_groups(stirred, may, lo, n)
    return 0


@inner_jit
def flag_groups(stirred, may, lo, n):
    """Flag the groups in which one may fire."""
    for k in range(0, n, TOGETHER):
        some = ZERO
        for j in range(k, min(k + TOGETHER, n)):
            some += may[j]
        stirred[(lo + k) // TOGETHER] = some != ZERO


@inner_jit
def settle(
    index,
    step,
    dt,
    part_first,
    part_count,
    lazy_factor,
    mode,
    course,
    v,
    exc,
    inh,
    last_spike,
    background,
    lazy_rest,
):
    """Write the modes of a region, and v, exc and inh as they are before a step."""
    first, count = part_first[index], part_count[index]
    factor, h, t_ref = lazy_factor[index], f32(dt[0]), f32(lazy_factor[index, T_REF])
    m, x, y = decayed(factor, step % REVIEW)
    c_e, c_i = f32(factor[MIX_E]), f32(factor[MIX_I])
    rest, v_reset = f32(factor[E_L]) + background[index], f32(factor[V_RESET])
    lazy_rest[index] = rest
    before, here = np.int32(step - 1), slice(first, first + count)
    a_v, a_exc, a_inh, a_last = v[here], exc[here], inh[here], last_spike[here]
    a_m, a_e, a_i = mode[0, here], mode[1, here], mode[2, here]
    own = course[COURSE * first : COURSE * (first + count)]
    for k in range(count):
        a_m[k], a_e[k], a_i[k] = own[COURSE * k], own[COURSE * k + 1], own[COURSE * k + 2]
    for k in range(count):
        e, g, since = a_e[k] * x, a_i[k] * y, np.int32(before - a_last[k])
        free = rest + (a_m[k] * m + c_e * e + c_i * g)
        held_last = (f32(since - 1) * h < t_ref) | (since == 0)
        a_v[k] = v_reset if held_last else free
        # What has arrived in this step is not part of the modes yet.
        a_exc[k] += e
        a_inh[k] += g
    return 0


@inner_jit
def rebase(index, step, dt, part_first, part_count, lazy_factor, course, last_spike, scratch):
    """Refer the modes to this step, for they would overflow some day; count as `count_stirred`.

    It is told from the modes alone: flags depend on when somebody looked last, and the choice that
    rests on this must not.
    """
    first, count = part_first[index], part_count[index]
    factor, h, before = lazy_factor[index], f32(dt[0]), np.int32(step - 1)
    m, x, y = decayed(factor, REVIEW)
    c_e, c_i = f32(factor[MIX_E]), f32(factor[MIX_I])
    peak_e, peak_i, t_ref = f32(factor[PEAK_E]), f32(factor[PEAK_I]), f32(factor[T_REF])
    found = 0
    for lo in range(first, first + count, BLOCK):
        n = min(BLOCK, first + count - lo)
        own, may = course[COURSE * lo : COURSE * (lo + n)], scratch[MODEL_ROWS]
        a_last = last_spike[lo : lo + n]
        for k in range(n):
            a, e, g = own[COURSE * k] * m, own[COURSE * k + 1] * x, own[COURSE * k + 2] * y
            below = own[COURSE * k + 3]
            own[COURSE * k], own[COURSE * k + 1], own[COURSE * k + 2] = a, e, g
            own[COURSE * k + 3] = below
            d = a + c_e * e + c_i * g
            most = max(d, ZERO) + max(e, ZERO) * peak_e + max(g, ZERO) * peak_i
            held = f32(np.int32(before - a_last[k])) * h < t_ref
            may[k] = ONE if (most >= below - MARGIN) | held else ZERO
        found += in_groups(may, n)
    return found


@inner_jit
def in_groups(may, n):
    """Neurons in groups in which one may fire."""
    found = 0
    for k in range(0, n, TOGETHER):
        some = ZERO
        for j in range(k, min(k + TOGETHER, n)):
            some += may[j]
        if some != ZERO:
            found += TOGETHER
    return found


@inner_jit
def count_stirred(
    index,
    step,
    dt,
    part_first,
    part_count,
    lazy_factor,
    v,
    exc,
    inh,
    theta,
    last_spike,
    background,
    scratch,
):
    """How many neurons of a stepped region would have to be looked at if it were lazy."""
    first, count = part_first[index], part_count[index]
    factor, h, before = lazy_factor[index], f32(dt[0]), np.int32(step - 1)
    peak_e, peak_i, t_ref = f32(factor[PEAK_E]), f32(factor[PEAK_I]), f32(factor[T_REF])
    rest, v_th = f32(factor[E_L]) + background[index], f32(factor[V_TH])
    found = 0
    for lo in range(first, first + count, BLOCK):
        n = min(BLOCK, first + count - lo)
        here, may = slice(lo, lo + n), scratch[MODEL_ROWS]
        a_v, a_exc, a_inh = v[here], exc[here], inh[here]
        a_theta, a_last = theta[here], last_spike[here]
        for k in range(n):
            most = max(a_exc[k], ZERO) * peak_e + max(a_inh[k], ZERO) * peak_i
            most += max(a_v[k] - rest, ZERO)
            held = f32(np.int32(before - a_last[k])) * h < t_ref
            may[k] = ONE if (most >= v_th + f32(a_theta[k]) - rest - MARGIN) | held else ZERO
        found += in_groups(may, n)
    return found


@inner_jit
def lazy_step(
    index,
    step,
    dt,
    part_first,
    part_count,
    lazy_factor,
    course,
    stirred,
    alive,
    who,
    firing,
    fired,
    background,
):
    """A step of a lazy region: only those that may fire are looked at."""
    first, count = part_first[index], part_count[index]
    end = (first + count + TOGETHER - 1) // TOGETHER
    factor = lazy_factor[index]
    k = step % REVIEW + 1
    after, by_m = decayed(factor, k), grown(factor, k)[0]
    rest = f32(factor[E_L]) + background[index]
    begin, flags = first // TOGETHER, stirred.view(np.uint64)
    for word in range(begin // SCANNED, (end + SCANNED - 1) // SCANNED):
        if flags[word] == 0:
            continue
        # Flags of the word may be of neurons that another worker or region has.
        for j in range(max(begin, SCANNED * word), min(end, SCANNED * (word + 1))):
            if stirred[j] == 0:
                continue
            lo = j * TOGETHER
            n = min(TOGETHER, first + count - lo)
            n_fired, stirred[j] = look_at(
                lo,
                n,
                step,
                f32(dt[0]),
                factor,
                after,
                by_m,
                rest,
                course,
                firing.last_spike,
                fired,
                alive,
                who,
            )
            if n_fired > 0:
                emit_spikes(index, step, dt[0], lo, who, n_fired, 0.0, firing)
    return 0


@inner_jit
def look_at(lo, n, step, h, factor, after, by_m, rest, course, last_spike, fired, alive, who):
    """Neurons from `lo` on at the end of a step: how many fire, and whether one still may."""
    m, x, y = after
    c_e, c_i = f32(factor[MIX_E]), f32(factor[MIX_I])
    peak_e, peak_i = f32(factor[PEAK_E]), f32(factor[PEAK_I])
    reset, t_ref = f32(factor[V_RESET]) - rest, f32(factor[T_REF])
    n_fired, may = 0, False
    for i in range(lo, lo + n):
        at = COURSE * i
        e, g, below = course[at + 1] * x, course[at + 2] * y, course[at + 3]
        d = course[at] * m + c_e * e + c_i * g
        held = f32(np.int32(step - 1 - last_spike[i])) * h < t_ref
        spike = d >= below and not held
        fired[i] = spike and alive[i] != 0
        if held or spike:
            course[at] = (reset - c_e * e - c_i * g) * by_m
            may = True
        else:
            may = may or may_reach(d, e, g, peak_e, peak_i, below)
        if fired[i]:
            who[n_fired] = i - lo
            n_fired += 1
    return n_fired, np.uint8(may)


@part_jit
def strike(i, new_e, new_i, course, stirred, now, inverse, mixed):
    """Charge arrives at a neuron."""
    (m, x, y), (by_m, by_x, by_y), (c_e, c_i, peak_e, peak_i) = now, inverse, mixed
    at = np.uint64(COURSE) * i
    a, b, c = course[at], course[at + np.uint64(1)], course[at + np.uint64(2)]
    e, g = b * x, c * y
    d = a * m + c_e * e + c_i * g
    course[at] = a - (c_e * new_e + c_i * new_i) * by_m
    course[at + np.uint64(1)] = b + new_e * by_x
    course[at + np.uint64(2)] = c + new_i * by_y
    below = course[at + np.uint64(3)]
    if may_reach(d, e + new_e, g + new_i, peak_e, peak_i, below):
        stirred[i // np.uint64(TOGETHER)] = 1


@inner_inline_jit
def touch(
    table, index, step, region_first, pathways, ring, rows, post, free, received, arrive_entry
):
    """Let spikes arrive as usual, and add to the modes what has come to lazy neurons."""
    call_entry(arrive_entry[index], table, index, step)
    region, onto = pathways.source[index], pathways.target[index]
    first_pre, lags = region_first[region], pathways.delay_count[index]
    exc, inh = received.exc, received.inh
    horizon, mask = ring.event_first.shape[0], ring.event_neuron.shape[0] - 1
    now, inverse, mixed = scales(step, free.lazy_factor[onto])
    for lag in range(lags):
        fired_at = step - pathways.delay_min[index] - lag
        if fired_at < 0:
            break
        slot = fired_at % horizon
        for e in range(ring.event_first[slot, region], ring.event_end[slot, region]):
            row = np.uint64((ring.event_neuron[np.uint64(e & mask)] - first_pre) * lags + lag)
            for s in range(np.uint64(rows.row_from[row]), np.uint64(rows.row_to[row])):
                i = np.uint64(post[s])
                new_e, new_i = exc[i], inh[i]
                if new_e != ZERO or new_i != ZERO:
                    exc[i] = inh[i] = ZERO
                    strike(i, new_e, new_i, free.course, free.stirred, now, inverse, mixed)
    return 0


@inner_inline_jit
def deliver_plain(index, step, region_first, pathways, ring, rows, synapses, free):
    """Add what arrives at lazy neurons to their modes: synapses of one sign that don't change."""
    region, onto = pathways.source[index], pathways.target[index]
    first_pre, lags = region_first[region], pathways.delay_count[index]
    gain, inhibitory = pathways.gain[index], pathways.common_sign[index] < 0
    post, weight, course, stirred = synapses.post, synapses.weight, free.course, free.stirred
    horizon, mask = ring.event_first.shape[0], ring.event_neuron.shape[0] - 1
    now, inverse, mixed = scales(step, free.lazy_factor[onto])
    for lag in range(lags):
        fired_at = step - pathways.delay_min[index] - lag
        if fired_at < 0:
            break
        slot, careful = fired_at % horizon, fired_at < pathways.youngest[index]
        for e in range(ring.event_first[slot, region], ring.event_end[slot, region]):
            row = np.uint64((ring.event_neuron[np.uint64(e & mask)] - first_pre) * lags + lag)
            start, stop = np.uint64(rows.row_from[row]), np.uint64(rows.row_to[row])
            for s in range(start, min(start + AHEAD, stop)):
                prefetch(course, np.int64(COURSE) * post[s])
            for s in range(start, stop):
                if s + AHEAD < stop:
                    prefetch(course, np.int64(COURSE) * post[s + AHEAD])
                if careful and entry(synapses.birth, s) > fired_at:
                    continue
                charge = weight[s] * gain
                new_e = ZERO if inhibitory else charge
                new_i = charge if inhibitory else ZERO
                strike(np.uint64(post[s]), new_e, new_i, course, stirred, now, inverse, mixed)
    return 0
