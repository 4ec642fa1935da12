"""Lasting inputs of a region, once a step before spikes arrive."""

import numpy as np

from engram.kernels.constants import BLOCK, EXTRA, STREAM_SPIKES, UNIFORM
from engram.kernels.jit import inner_inline_jit, inner_jit, part_jit
from engram.kernels.neurons import ONE
from engram.kernels.random import derived_seed, fill_words, geometric_gap, words
from engram.kernels.sources import place_of

RARE = 0.1
"""Mean count below which the neurons that get any spike are drawn by the gaps between them."""

TOP = np.uint32(22)
"""What is left of a word without its first bits, by which the guide is looked up: 2^10 = BLOCK."""

SIGNS = np.uint64(0x8000000080000000)
"""The signs of two whole numbers of 32 bits."""


@part_jit
def target_of(k, index, first, part, feed):
    """The slot of an input's target number k; -1: it is dead, or no neuron of the part."""
    if feed.input_listed[index] == 0:
        return first + k
    neuron = np.int64(feed.input_neuron[feed.input_first[index] + k])
    return within(first + neuron, feed.input_region[index], part) if neuron >= 0 else np.int64(-1)


@part_jit
def within(slot, region, part):
    """A slot, or -1 if it is not of the part."""
    place = slot - part.part_first[region]
    return slot if 0 <= place < part.part_count[region] else np.int64(-1)


@part_jit
def targets_within(index, first, part, feed):
    """Which targets to look at: of a region as a whole the part's, of a list all."""
    if feed.input_listed[index] == 0:
        region = feed.input_region[index]
        start = part.part_first[region] - first
        return start, start + part.part_count[region]
    return np.int64(0), feed.input_end[index] - feed.input_first[index]


@inner_inline_jit
def poisson_input(index, step, seed, region_first, alive, exc, inh, reached, scratch, part, feed):
    """Add weight x count to the synaptic input of each target; counts are Poisson, of one mean.

    A count is the first whose cumulative probability is above a uniform number. Where most counts
    are 0, the gaps to the next target with any are geometric, and its count is drawn given that it
    is not 0. Draws are a function of seed, input, step, and the target's place among the targets.
    """
    region, weight, mean = (
        feed.input_region[index],
        feed.input_weight[index],
        feed.input_mean[index],
    )
    first, at = region_first[region], feed.input_at[index]
    chance = feed.input_chance[at : at + feed.input_rows[index]]
    guide = feed.input_guide[index]
    least, none = feed.input_least[index], chance[0]
    own = derived_seed(seed[0], STREAM_SPIKES, feed.input_tag[index])
    sums = exc if weight >= 0 else inh
    start, stop = targets_within(index, first, part, feed)
    places = scratch[EXTRA].view(np.int32)
    reached[region] = 1
    for lo in range(start, stop, BLOCK):
        n = min(BLOCK, stop - lo)
        if mean < RARE:
            hit, draw = np.int64(-1), np.int64(0)
            while True:
                w0, w1, w2, w3 = words(own, STREAM_SPIKES, lo * np.int64(BLOCK) + draw, step)
                draw += 1
                hit += 1 + geometric_gap(fraction(w0, w1), -mean)
                if hit >= n:
                    break
                i = target_of(lo + hit, index, first, part, feed)
                if i >= 0 and alive[i]:
                    count = place_of(chance, none + (1.0 - none) * fraction(w2, w3))
                    sums[i] += weight * np.float32(count)
        else:
            bits = scratch[UNIFORM, :n].view(np.uint32)
            fill_words(bits, lo, own, STREAM_SPIKES, step)
            if feed.input_listed[index] == 0:
                slots = slice(first + lo, first + lo + n)
                add_counts(sums[slots], alive[slots], bits, weight, least, chance, guide, places)
                continue
            for k in range(n):
                i = target_of(lo + k, index, first, part, feed)
                if i >= 0 and alive[i]:
                    sums[i] += weight * np.float32(least + count_place(bits[k], chance, guide))
    return 0


@part_jit
def count_place(word, chance, guide):
    """Which of the counts a random word stands for."""
    known = guide[word >> TOP]
    place = np.uint64(known if known >= 0 else ~known)
    u = (np.float64(word) + 0.5) * 2.0**-32
    while chance[place] <= u:
        place += np.uint64(1)
    return np.int64(place)


@inner_jit
def add_counts(sums, alive, bits, weight, least, chance, guide, places):
    """Add weight x count to neighbouring neurons: looked up, but where the guide does not say."""
    n, base = bits.shape[0], np.int32(least)
    # Two loops, which both vectorise.
    for k in range(n):
        places[k] = guide[np.uint64(bits[k] >> TOP)]
    lowest = np.int32(0)
    for k in range(n):
        known = places[k]
        counted = np.float32(known >= 0) * np.float32(alive[k])
        sums[k] += weight * (np.float32(base + known) * counted)
        lowest = min(lowest, known)
    if lowest < 0:
        # Two at a time, since there are few.
        pairs = places[: n & ~1].view(np.uint64)
        for pair in range(pairs.shape[0]):
            if pairs[pair] & SIGNS:
                for k in range(2 * pair, 2 * pair + 2):
                    add_count(k, places, sums, alive, bits, weight, least, chance, guide)
        for k in range(n & ~1, n):
            add_count(k, places, sums, alive, bits, weight, least, chance, guide)


@part_jit
def add_count(k, places, sums, alive, bits, weight, least, chance, guide):
    """The same for one neuron, if the guide does not say."""
    if places[k] < 0 and alive[k]:
        sums[k] += weight * np.float32(least + count_place(bits[k], chance, guide))


@part_jit
def fraction(high, low):
    """A number in [0, 1) of 53 bits, of two words."""
    return np.float64(((high << np.uint64(32)) | low) >> np.uint64(11)) * 2.0**-53


@inner_inline_jit
def timed_input(index, step, region_first, alive, drive, driven, part, feed):
    """Add the row that holds now to the input of each target; the last row holds for ever."""
    region, columns = feed.input_region[index], feed.input_columns[index]
    since, every, rows = feed.input_since[index], feed.input_every[index], feed.input_rows[index]
    if step < since:
        return 0
    row = min((step - since) // every, rows - 1)
    at = feed.input_at[index] + row * columns
    values = feed.input_value[at : at + columns]
    first = region_first[region]
    lo, hi = targets_within(index, first, part, feed)
    for k in range(lo, hi):
        i = target_of(k, index, first, part, feed)
        if i >= 0 and alive[i]:
            drive[i] += values[k if columns > 1 else 0]
    driven[region] = 1
    return 0


@inner_inline_jit
def given_spikes(index, step, region_first, alive, drive, driven, part, feed):
    """Let relays fire that have a spike in this step: an input of 1 makes them."""
    start, end = feed.input_first[index], feed.input_end[index]
    low, high = start, end
    while low < high:
        middle = (low + high) >> 1
        if feed.input_step[middle] < step:
            low = middle + 1
        else:
            high = middle
    region = feed.input_region[index]
    while low < end and feed.input_step[low] == step:
        neuron = feed.input_neuron[low]
        i = within(region_first[region] + neuron, region, part) if neuron >= 0 else np.int64(-1)
        if i >= 0 and alive[i]:
            drive[i] += ONE
            driven[region] = 1
        low += 1
    return 0
