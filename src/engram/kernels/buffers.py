"""Charge delivered as spikes are fired, into ring buffers over the steps in which it arrives.

A neuron's synapses stand together in memory, sorted by delay. Where rows of one delay are short,
most of an arrival is spent on finding them; a neuron that fires passes all of its synapses in one
go instead (Morrison et al. 2005, doi:10.1162/0899766054026648). Only for synapses that do nothing
but deliver their weight. The buffers follow from the spikes of the last steps and from the weights,
so they are not saved, and are filled anew where either may have changed.
"""

import numpy as np

from engram.kernels.columns import entry
from engram.kernels.constants import STEP
from engram.kernels.jit import call_entry, inner_inline_jit, inner_jit, prefetch

LINE = 16
"""Synapses whose targets, or weights, share a cache line."""

ONE = np.uint64(1)


@inner_inline_jit
def scatter(index, step, clock, region_first, pathways, synapses, rows, ring, buffers):
    """Deliver the spikes of a step, by projection `index`, to where their charge arrives.

    Arrivals before the clock's step are left out: they have been.
    """
    region, lags = pathways.source[index], np.uint64(pathways.delay_count[index])
    gain, first_pre = pathways.gain[index], region_first[region]
    buffer = buffers.buffer_inh if pathways.common_sign[index] < 0 else buffers.buffer_exc
    post, weight = synapses.post, synapses.weight
    row_from, row_to = rows.row_from, rows.row_to
    slots, horizon = buffer.shape[0], ring.event_first.shape[0]
    mask = ring.event_neuron.shape[0] - 1
    shortest = step + pathways.delay_min[index]
    passed = np.uint64(max(clock[STEP] - shortest, 0))
    careful = step < pathways.youngest[index]
    end = ring.event_end[step % horizon, region]
    for e in range(ring.event_first[step % horizon, region], end):
        row = np.uint64(ring.event_neuron[np.uint64(e & mask)] - first_pre) * lags
        # While one neuron's synapses are worked on, those of the next come into the cache.
        ahead = behind = np.int64(0)
        if e + 1 < end:
            after = np.uint64(ring.event_neuron[np.uint64((e + 1) & mask)] - first_pre) * lags
            ahead, behind = np.int64(row_from[after]), np.int64(row_to[after + lags - ONE])
        slot = np.uint64((shortest + np.int64(passed)) % slots)
        for lag in range(passed, lags):
            onto = buffer[slot]
            slot = slot + ONE if slot + ONE < np.uint64(slots) else np.uint64(0)
            if ahead < behind:
                prefetch(post, ahead)
                prefetch(weight, ahead)
                ahead += LINE
            for s in range(np.uint64(row_from[row + lag]), np.uint64(row_to[row + lag])):
                # A synapse born after the spike was fired does not carry it.
                if not careful or entry(synapses.birth, s) <= step:
                    onto[np.uint64(post[s])] += weight[s] * gain
    return 0


@inner_jit
def fill(table, step, n_slots, buffers, loops, part):
    """Fill the buffers of a worker's neurons anew: spikes of the last steps, as they were fired."""
    for r in range(part.part_first.shape[0]):
        first = part.part_first[r]
        last = first + part.part_count[r]
        if buffers.buffered[r]:
            for slot in range(n_slots):
                buffers.buffer_exc[slot, first:last] = 0
                buffers.buffer_inh[slot, first:last] = 0
    for fired_at in range(max(step - n_slots + 1, 0), step):
        scatter_all(table, fired_at, loops)


@inner_jit
def scatter_all(table, step, loops):
    """Deliver the spikes of a step by all projections that do so when they are fired."""
    for p in range(loops.scatter_entry.shape[0]):
        if loops.scatter_entry[p] != 0:
            call_entry(loops.scatter_entry[p], table, p, step)


@inner_jit
def take(step, n_slots, buffers, received, part):
    """Let what arrives now be synaptic input of a worker's neurons."""
    slot = step % n_slots
    for r in range(part.part_first.shape[0]):
        if buffers.buffered[r]:
            first = part.part_first[r]
            last = first + part.part_count[r]
            received.reached[r] = 1
            add_and_clear(received.exc[first:last], buffers.buffer_exc[slot, first:last])
            add_and_clear(received.inh[first:last], buffers.buffer_inh[slot, first:last])


@inner_jit
def add_and_clear(onto, charge):
    """Add charge, and leave none."""
    for k in range(onto.shape[0]):
        onto[k] += charge[k]
        charge[k] = np.float32(0)
