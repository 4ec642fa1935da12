"""Regions whose neurons have no membrane: Poisson sources, and relays."""

import numpy as np

from engram.kernels.constants import BLOCK, EXTRA, STREAM_MODEL
from engram.kernels.jit import inner_inline_jit, inner_jit, part_jit
from engram.kernels.models import fast_log
from engram.kernels.neurons import (
    ONE,
    add_row,
    collect_extra,
    emit_spikes,
    held_phase,
    list_fired,
    steady_current,
)
from engram.kernels.random import words

CERTAIN = 32.0
"""Hazard at which a spike is certain (but for 1e-14): more of it would only cost more draws."""


@inner_jit
def place_of(cumulative, point):
    """The first place whose cumulative sum is above `point`, which is below the last one's."""
    k = np.uint64(0)
    size = np.uint64(cumulative.shape[0])
    # Without branches, which could not be predicted.
    while size > np.uint64(1):
        half = size >> np.uint64(1)
        k += half if cumulative[k + half - np.uint64(1)] <= point else np.uint64(0)
        size -= half
    return np.int64(k)


@inner_jit
def make_guide(cumulative, guide):
    """For each of n equal parts of the line, the place in which it begins."""
    n = guide.shape[0]
    width = cumulative[n - 1] / n
    k = 0
    for part in range(n):
        while k < n - 1 and cumulative[k] <= part * width:
            k += 1
        guide[part] = k


@inner_inline_jit
def guided_place_of(cumulative, point, guide, parts):
    """`place_of`, by a look at the guide; `parts`: of its parts, how many one unit holds."""
    n = guide.shape[0]
    k = guide[min(np.int64(point * parts), n - 1)]
    # Rounding may have led to the part beside it.
    while k > 0 and cumulative[k - 1] > point:
        k -= 1
    while cumulative[k] <= point:
        k += 1
    return np.int64(k)


@part_jit
def lay_out_hazards(line, lo, n, index, steady, rate, dt, received, alive, factor, receiving):
    """Hazards of neurons [lo, lo + n) in one step, side by side on a line."""
    exc, inh = received
    if receiving:
        for k in range(n):
            rate[k] += exc[lo + k] * factor[0] + inh[lo + k] * factor[2]
            exc[lo + k] *= factor[1]
            inh[lo + k] *= factor[3]
    end = 0.0
    for k in range(n):
        if alive[lo + k]:
            end += min(max(steady + rate[k], 0.0) * (1e-3 * dt), CERTAIN)
        line[k] = end


@inner_inline_jit
def draw_spikes(line, guide, guided, lo, seed, step, fired, who):
    """Flag and list who fires: those on whose part of the line a point falls."""
    n = line.shape[0]
    end = line[n - 1]
    parts = n / end if end > 0.0 else 0.0
    n_fired = 0
    point = 0.0
    latest = -1
    draw = 0
    while point < end:
        # Four draws at a time, addressed by the block and their number in it.
        w0, w1, w2, w3 = words(seed, STREAM_MODEL, lo * np.int64(BLOCK) + draw, step)
        draw += 1
        for lane in range(4):
            w = w0 if lane == 0 else w1 if lane == 1 else w2 if lane == 2 else w3
            point -= fast_log(np.float32((np.float64(w) + 0.5) * 2.0**-32))
            if point >= end:
                break
            k = guided_place_of(line, point, guide, parts) if guided else place_of(line, point)
            if k != latest:
                fired[lo + k] = 1
                who[n_fired] = k
                n_fired += 1
                latest = k
    return n_fired


def make_poisson_sources(background_row):
    """The loop over Poisson sources; background_row: as of `make_relays`."""

    @inner_inline_jit
    def poisson_sources(
        index,
        step,
        dt,
        seed,
        part_first,
        part_count,
        input_factor,
        receiving,
        q,
        exc,
        inh,
        fired,
        alive,
        who,
        scratch,
        hazard,
        hazard_guide,
        hazard_steady,
        hazard_ready,
        current,
        firing,
    ):
        """Let neuron i fire with probability 1 - exp(-I_i dt / 1000), I_i its input in Hz.

        The neurons' hazards I_i dt / 1000 stand side by side on a line, on which points are drawn
        by the exponential gaps between them; a neuron fires if any falls on its part. So draws are
        exactly independent, and their number is that of the spikes. While the input stays, so does
        the line.
        """
        first, count, factor = part_first[index], part_count[index], input_factor[index]
        steady, phase = steady_current(index, current), held_phase(index, step, current)
        varied = current.noise[index] > 0 or current.driven[index] != 0 or receiving[index] != 0
        varied = varied or current.young[index] != 0
        varied = varied or (current.holding[index] != 0 and current.held_period[index] > 1)
        stays = not varied and hazard_ready[index] != 0 and hazard_steady[index] == steady
        rate = scratch[EXTRA]
        for lo in range(first, first + count, BLOCK):
            n = min(BLOCK, first + count - lo)
            flags = fired[lo : lo + (n + 7) // 8 * 8].view(np.uint64)
            for k in range(flags.shape[0]):
                flags[k] = np.uint64(0)
            line, guide = hazard[lo : lo + n], hazard_guide[lo : lo + n]
            if not stays:
                collect_extra(rate, lo, n, index, step, dt[0], seed[0], phase, current)
                if background_row >= 0:
                    add_row(rate[:n], q[background_row, lo : lo + n])
                lay_out_hazards(
                    line,
                    lo,
                    n,
                    index,
                    steady,
                    rate,
                    dt[0],
                    (exc, inh),
                    alive,
                    factor,
                    receiving[index],
                )
                if not varied:
                    make_guide(line, guide)
            n_fired = draw_spikes(line, guide, not varied, lo, seed[0], step, fired, who)
            if n_fired > 0:
                emit_spikes(index, step, dt[0], lo, who, n_fired, 0.0, firing)
        hazard_ready[index] = not varied
        hazard_steady[index] = steady
        return 0

    return poisson_sources


def make_relays(background_row):
    """The loop over relays; background_row: of each neuron, -1: they have the same."""

    @inner_inline_jit
    def relays(
        index,
        step,
        dt,
        seed,
        part_first,
        part_count,
        input_factor,
        q,
        exc,
        inh,
        reached,
        fired,
        alive,
        who,
        scratch,
        theta_plus,
        adapting,
        current,
        firing,
    ):
        """Let each neuron fire whose input is at least 1; nothing to do where no input has come."""
        first, count, factor = part_first[index], part_count[index], input_factor[index]
        steady, phase = steady_current(index, current), held_phase(index, step, current)
        varied = current.noise[index] > 0 or phase >= 0
        varied = varied or current.driven[index] != 0 or current.young[index] != 0
        varied = varied or background_row >= 0
        if not varied and steady < ONE and reached[index] == 0:
            return 0
        theta_step = theta_plus[index] if adapting[index] else 0.0
        extra = scratch[EXTRA]
        any_fired = False
        for lo in range(first, first + count, BLOCK):
            n = min(BLOCK, first + count - lo)
            collect_extra(extra, lo, n, index, step, dt[0], seed[0], phase, current)
            if background_row >= 0:
                add_row(extra[:n], q[background_row, lo : lo + n])
            for k in range(n):
                own = steady + extra[k] + (exc[lo + k] * factor[0] + inh[lo + k] * factor[2])
                exc[lo + k] *= factor[1]
                inh[lo + k] *= factor[3]
                fired[lo + k] = np.uint8(own >= ONE) & alive[lo + k]
            n_fired = list_fired(who, fired[lo : lo + (n + 7) // 8 * 8], n)
            if n_fired > 0:
                any_fired = True
                emit_spikes(index, step, dt[0], lo, who, n_fired, theta_step, firing)
        # Input that decays within the step leaves nothing; the flags of those that fired are left.
        reached[index] = any_fired or factor[1] != 0 or factor[3] != 0
        return 0

    return relays
