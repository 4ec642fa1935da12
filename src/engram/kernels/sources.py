"""Poisson sources: which of many neurons fire in a step, in time proportional to how many do."""

import math

import numpy as np

from engram.kernels.constants import BLOCK, STREAM_MODEL
from engram.kernels.jit import jit
from engram.kernels.neurons import add_youth, collect_extra, emit_spikes
from engram.kernels.random import geometric_gap, log_failure, uniform4


@jit
def poisson_sources(
    index,
    step,
    dt,
    seed,
    clock,
    exc,
    inh,
    input_factor,
    receiving,
    drive,
    held,
    held_onset,
    theta,
    rate_trace,
    fired,
    alive,
    last_spike,
    last_event,
    total_spikes,
    event_neuron,
    event_previous_step,
    event_previous,
    region_first,
    region_count,
    background,
    noise,
    tau_activity,
    driven,
    holding,
    held_period,
    held_since,
    rhythm_current,
    region_spikes,
    scratch,
    who,
    young,
    youth,
    youth_current,
    youth_kept,
):
    """Let neuron i fire with probability 1 - exp(-I_i dt / 1000), I_i its input in Hz.

    Candidates are drawn at the highest rate of their block by the gaps between them, and kept in
    proportion to their own: exactly independent draws, without one for each neuron.
    """
    first = region_first[index]
    count = region_count[index]
    phase = (step - held_since[index]) % held_period[index] if holding[index] else -1
    steady = background[index] + rhythm_current[index]
    varied = noise[index] > 0 or phase >= 0 or driven[index] != 0 or receiving[index] != 0
    varied = varied or young[index] != 0
    factor = input_factor[index]
    rate = scratch[3]
    for lo in range(first, first + count, BLOCK):
        n = min(BLOCK, first + count - lo)
        fired[lo : lo + n] = 0
        highest = steady
        if varied:
            collect_extra(
                rate,
                lo,
                n,
                step,
                dt[0],
                seed[0],
                noise[index],
                drive,
                driven[index],
                held,
                held_onset,
                phase,
            )
            if young[index]:
                add_youth(rate, youth[lo : lo + n], n, youth_current[index], youth_kept[0])
            if receiving[index]:
                for k in range(n):
                    rate[k] += exc[lo + k] * factor[0] + inh[lo + k] * factor[2]
                    exc[lo + k] *= factor[1]
                    inh[lo + k] *= factor[3]
            highest = rate[0]
            for k in range(n):
                highest = max(highest, rate[k])
            highest += steady
        if highest <= 0.0:
            continue
        most = 1.0 - math.exp(-1e-3 * highest * dt[0])
        log_miss = log_failure(most)
        k = -1
        draw = 0
        n_fired = 0
        while True:
            # Each candidate has its own draw, addressed by its block and its number in it.
            gap, keep, _, _ = uniform4(seed[0], STREAM_MODEL, lo * np.int64(BLOCK) + draw, step)
            draw += 1
            k += 1 + geometric_gap(gap, log_miss)
            if k >= n:
                break
            if varied:
                own = max(steady + rate[k], 0.0)
                if keep * most >= 1.0 - math.exp(-1e-3 * own * dt[0]):
                    continue
            if alive[lo + k]:
                fired[lo + k] = 1
                who[n_fired] = k
                n_fired += 1
        if n_fired > 0:
            emit_spikes(
                index,
                step,
                lo,
                who,
                n_fired,
                clock,
                last_spike,
                last_event,
                total_spikes,
                rate_trace,
                dt[0] / tau_activity[index],
                theta,
                0.0,
                event_neuron,
                event_previous_step,
                event_previous,
                region_spikes,
            )
    driven[index] = 0
    return 0
