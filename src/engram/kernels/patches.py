"""Filters over patches of images that are coded in spike times: answers, and one step of STDP.

A spike is a byte: 255 is the earliest, 1 the last, 0 none. Input i of a patch of `size` x `size`
pixels is channel i % channels of pixel i // channels. weights: a row for each input.
"""

import numpy as np

from engram.kernels.jit import inner_jit

STEPS = 255


@inner_jit
def in_order(image, row, column, size, events, steps, next_place):
    """Write a patch's spikes into `events` and `steps`, the earliest first; how many there are."""
    channels = image.shape[2]
    next_place[:] = 0
    for y in range(size):
        for x in range(size):
            for c in range(channels):
                next_place[image[row + y, column + x, c]] += 1
    place = 0
    for step in range(STEPS, 0, -1):
        n = next_place[step]
        next_place[step] = place
        place += n
    i = 0
    for y in range(size):
        for x in range(size):
            for c in range(channels):
                step = image[row + y, column + x, c]
                if step > 0:
                    events[next_place[step]] = i
                    steps[next_place[step]] = step
                    next_place[step] += 1
                i += 1
    return place


@inner_jit
def earliest(images, size, pool, weights, thresholds, out):
    """The earliest spike of each filter in each pool cell goes into `out`, which is 0.

    Weights are not negative. So who is below threshold in the end never fired, and only the few
    others are followed from spike to spike.
    """
    n_inputs, n_filters = weights.shape
    events, steps = np.empty(n_inputs, np.int64), np.empty(n_inputs, np.uint8)
    next_place = np.empty(STEPS + 1, np.int64)
    potential = np.empty(n_filters, np.float32)
    most, least = weights.max(), thresholds.min()
    for k in range(images.shape[0]):
        for row in range(images.shape[1] - size + 1):
            for column in range(images.shape[2] - size + 1):
                n = in_order(images[k], row, column, size, events, steps, next_place)
                if n * most < least:
                    continue
                cell = out[k, row // pool, column // pool]
                potential[:] = 0.0
                for e in range(n):
                    weight = weights[events[e]]
                    for f in range(n_filters):
                        potential[f] += weight[f]
                for f in range(n_filters):
                    if potential[f] >= thresholds[f]:
                        step = crossing(f, weights, thresholds[f], events, steps, n)
                        cell[f] = max(cell[f], np.float32(step) / np.float32(STEPS))


@inner_jit
def crossing(f, weights, threshold, events, steps, n):
    """The step at which filter f reaches its threshold; it does."""
    potential = np.float32(0.0)
    e = -1
    while e < n - 1 and potential < threshold:
        e += 1
        potential += weights[events[e], f]
    return steps[e]


@inner_jit
def compete(images, order, rows, columns, size, weights, thresholds, rates, target, least, wins):
    """Patch by patch: who fires first learns by STDP; thresholds aim at the target time.

    rates: of the weights and of the thresholds. least: threshold that none falls below.
    """
    n_inputs, n_filters = weights.shape
    channels = images.shape[3]
    eta, eta_theta = rates
    events, steps = np.empty(n_inputs, np.int64), np.empty(n_inputs, np.uint8)
    next_place = np.empty(STEPS + 1, np.int64)
    potential = np.empty(n_filters, np.float32)
    for k in range(order.shape[0]):
        image, row, column = images[order[k]], rows[k], columns[k]
        n = in_order(image, row, column, size, events, steps, next_place)
        potential[:] = 0.0
        winner, most, now, e = -1, 0.0, 0, 0
        while e < n and winner < 0:
            now = steps[e]
            while e < n and steps[e] == now:
                weight = weights[events[e]]
                for f in range(n_filters):
                    potential[f] += weight[f]
                e += 1
            for f in range(n_filters):
                above = potential[f] - thresholds[f]
                if above >= 0.0 and (winner < 0 or above > most):
                    winner, most = f, above
        if n == 0:
            continue
        # Silence counts as the end of time: else thresholds that have become too high would stay.
        late = (1.0 - now / STEPS if winner >= 0 else 1.0) - target
        for f in range(n_filters):
            share = (1.0 if f == winner else 0.0) - 1.0 / n_filters if winner >= 0 else 0.0
            shift = share - late
            thresholds[f] = max(least, thresholds[f] + eta_theta * shift)
        if winner < 0:
            continue
        wins[winner] += 1
        if eta == 0.0:
            continue
        for i in range(n_inputs):
            pixel = i // channels
            spike = image[row + pixel // size, column + pixel % size, i % channels]
            w = weights[i, winner]
            change = np.exp(-w) if spike >= now else -np.exp(w - 1.0)
            weights[i, winner] = min(max(w + eta * change, 0.0), 1.0)
