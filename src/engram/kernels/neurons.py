"""What all neuron models share: collecting input before a step, book-keeping after it."""

import math

import numpy as np

from engram.kernels.constants import EVENTS, RECENT, STREAM_MODEL, STREAM_NOISE, THETA, ZEROS
from engram.kernels.jit import inner_jit, part_jit
from engram.kernels.random import fill_normal, fill_uniform

ZERO = np.float32(0)
ONE = np.float32(1)

YOUNGEST_ADULT = np.float32(1e-4)
"""Youth below which a neuron is an adult."""


@part_jit
def steady_current(index, current):
    """The input of a region that is the same for all its neurons."""
    return current.background[index] + current.rhythm_current[index]


@part_jit
def held_phase(index, step, current):
    """Where in its cycle a region's held input is; -1: nothing is held."""
    if current.holding[index]:
        return (step - current.held_since[index]) % current.held_period[index]
    return np.int64(-1)


@inner_jit
def collect_extra(extra, lo, n, index, step, dt, seed, phase, current):
    """Input of neurons [lo, lo + n) that differs between them; the young among them age."""
    noise = current.noise[index]
    if noise > 0:
        fill_normal(extra, lo, 0, n, seed, STREAM_NOISE, step)
        sigma = np.float32(noise / math.sqrt(dt))
        for k in range(n):
            extra[k] *= sigma
    else:
        for k in range(n):
            extra[k] = ZERO
    if current.driven[index]:
        d = current.drive[lo : lo + n]
        for k in range(n):
            extra[k] += d[k]
            d[k] = ZERO
    if phase >= 0:
        h = current.held[lo : lo + n]
        onset = current.held_onset[lo : lo + n]
        for k in range(n):
            extra[k] += h[k] if onset[k] <= phase else ZERO
    if current.tuned[index]:
        own = current.excitability[lo : lo + n]
        for k in range(n):
            extra[k] += own[k]
    if current.young[index]:
        youth = current.youth[lo : lo + n]
        most, kept = current.youth_current[index], current.youth_kept[0]
        for k in range(n):
            extra[k] += most * youth[k]
            aged = youth[k] * kept
            youth[k] = aged if aged > YOUNGEST_ADULT else ZERO


@inner_jit
def add_row(current, row):
    """Add what stands in a row to a current."""
    for k in range(current.shape[0]):
        current[k] += row[k]


@inner_jit
def add_drive(drive, alive, first, current):
    """Add a current to the neurons from `first` on; returns how many living ones it drives."""
    driven = 0
    for k in range(current.shape[0]):
        drive[first + k] += current[k]
        driven += alive[first + k] != 0 and current[k] != ZERO
    return driven


@inner_jit
def mean_rate(rate_trace, last_spike, alive, step, decay):
    """Mean over living neurons of the trace of their spikes, which has decayed since the last."""
    total, count = 0.0, 0
    for k in range(alive.shape[0]):
        if alive[k]:
            total += rate_trace[k] * math.exp(-np.float64(step - last_spike[k]) * decay)
            count += 1
    return total / max(count, 1)


@inner_jit
def collect_uniform(out, lo, n, seed, step):
    """A uniform random number per neuron, for models that want one."""
    fill_uniform(out, lo, 0, n, seed, STREAM_MODEL, step)


@inner_jit
def decay_theta(out, theta, n, kept, fall, adapting):
    """Adaptive thresholds as of this step, and their decay after it."""
    for k in range(n):
        out[k] = np.float32(theta[k])
    if adapting:
        for k in range(n):
            theta[k] = theta[k] * kept - fall


@part_jit
def thresholds(index, lo, n, threshold, scratch):
    """The row with the adaptive thresholds of neurons [lo, lo + n), which decay."""
    row = scratch[ZEROS, :n]
    if threshold.shifted[index]:
        row = scratch[THETA, :n]
        decay_theta(
            row,
            threshold.theta[lo : lo + n],
            n,
            threshold.theta_kept[index],
            threshold.theta_fall[index],
            threshold.adapting[index],
        )
    return row


@inner_jit
def list_fired(who, fired, n):
    """List which of `n` flags (padded with zeros to a multiple of 8) are set; how many."""
    words = fired[: (n + 7) // 8 * 8].view(np.uint64)
    found = np.uint64(0)
    for k in range(words.shape[0]):
        found |= words[k]
    m = 0
    if found != 0:
        for k in range(words.shape[0]):
            if words[k] != 0:
                # Without a branch for each neuron, which could not be predicted.
                for i in range(8 * k, 8 * k + 8):
                    who[m] = i
                    m += fired[i]
    return m


@inner_jit
def leave_out_dead(who, n_fired, fired, alive):
    """Take those that are dead off the list and their flags away; how many are left."""
    m = 0
    for k in range(n_fired):
        i = who[k]
        fired[i] = alive[i]
        who[m] = i
        m += alive[i]
    return m


@inner_jit
def emit_spikes(index, step, dt, lo, who, n_fired, theta_step, firing):
    """Enter neurons lo + who[: n_fired], which fired, into the spike ring."""
    event_neuron, event_previous = firing.event_neuron, firing.event_previous
    event_previous_step, clock, theta = firing.event_previous_step, firing.clock, firing.theta
    last_spike, last_event = firing.last_spike, firing.last_event
    total_spikes, rate_trace = firing.total_spikes, firing.rate_trace
    # What is left of the rate estimate after k steps, exp(-k rate_decay), for small k.
    rate_kept, rate_decay = firing.rate_kept[index], dt / firing.tau_activity[index]
    mask = event_neuron.shape[0] - 1
    start = clock[EVENTS]
    for k in range(n_fired):
        i = np.uint64(lo + who[k])
        number = start + k
        event = np.uint64(number & mask)
        event_neuron[event] = i
        event_previous_step[event] = last_spike[i]
        event_previous[event] = last_event[i]
        since = np.uint64(step - last_spike[i])
        if since < np.uint64(RECENT):
            kept = rate_kept[since]
        else:
            kept = math.exp(-np.float64(since) * rate_decay)
        rate_trace[i] = 1.0 + rate_trace[i] * kept
        last_spike[i] = step
        last_event[i] = number
        total_spikes[i] += 1
        theta[i] += theta_step
    clock[EVENTS] = start + n_fired
    firing.region_spikes[index] += n_fired
