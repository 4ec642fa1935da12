"""A row of synapses delivers a spike: charge to its targets, and the presynaptic side of a rule."""

from typing import Any, NamedTuple

import numpy as np

from engram.kernels.columns import entry
from engram.kernels.constants import INHIBITORY_TRANSMITTER, LONG_ROW, NMDA_TRANSMITTER
from engram.kernels.jit import inner_inline_jit, inner_jit, part_jit
from engram.kernels.learning import ONE, make_learn, make_magnitude

TOGETHER = 4
"""Rows of the same targets that are added in one loop, which loads and stores the sums once."""


class Manner(NamedTuple):
    """How the synapses of a projection deliver, which is the same for all of them.

    sign: of all synapses, 0 if they differ; plain: whether charge is weight x gain.
    """

    gain: Any
    sign: Any
    plain: Any
    depressing: Any
    own_gain: Any
    on_tree: Any
    learning: Any
    U: Any


class Targets(NamedTuple):
    """The neurons a projection ends at, from `first` on: their input, their traces."""

    first: Any
    exc: Any
    inh: Any
    y: Any
    y2: Any


class Arrival(NamedTuple):
    """A spike that arrives.

    fired_at: its step; careful: whether synapses may have been born since; x, x2: the traces just
    before it; kept_facilitation, kept_depletion: what is left of those of the spike before.
    """

    fired_at: Any
    careful: Any
    x: Any
    x2: Any
    kept_facilitation: Any
    kept_depletion: Any


def make_deliver(update, learns, modulated):
    """The delivery of an arrival by a row of synapses, whose rule is `update` (see `learning`)."""
    magnitude = make_magnitude(modulated)
    learn = make_learn(update, modulated)
    deliver_each = make_deliver_each(update, learns, modulated)

    @inner_inline_jit
    def deliver_run(w, c, sign, onto, y, y2, arrival, manner, rule):
        """To neighbouring targets: plain slices, which vectorise."""
        gain, x, x2 = manner.gain, arrival.x, arrival.x2
        for k in range(w.shape[0]):
            if modulated:
                onto[k] += sign * magnitude(w, c, k, sign, rule) * gain
            else:
                onto[k] += w[k] * gain
        if learns and manner.learning:
            for k in range(w.shape[0]):
                learn(w, c, k, sign, magnitude(w, c, k, sign, rule), x, x2, y[k], y2[k], ONE, rule)

    @inner_inline_jit
    def deliver_plain(start, stop, sign, onto, synapses, targets, arrival, manner, rule):
        """To scattered targets, without dopamine or anything of a synapse's own."""
        post, weight, eligibility = synapses.post, synapses.weight, synapses.eligibility
        first, y, y2 = targets.first, targets.y, targets.y2
        gain, x, x2 = manner.gain, arrival.x, arrival.x2
        if learns and manner.learning:
            for s in range(np.uint64(start), np.uint64(stop)):
                w = weight[s]
                j = np.uint64(post[s] - first)
                onto[j] += w * gain
                learn(weight, eligibility, s, sign, sign * w, x, x2, y[j], y2[j], ONE, rule)
        else:
            for s in range(np.uint64(start), np.uint64(stop)):
                onto[np.uint64(post[s] - first)] += weight[s] * gain

    @inner_inline_jit
    def deliver(start, stop, synapses, extras, tree, targets, arrival, manner, rule):
        """To all targets of the row, run by run."""
        post, nt, birth = synapses.post, synapses.nt, synapses.birth
        while start < stop:
            end = stop
            if arrival.careful:
                # A synapse born after the spike was fired does not carry it.
                if entry(birth, start) > arrival.fired_at:
                    start += 1
                    continue
                end = start + 1
            if (
                manner.plain
                and end - start > LONG_ROW
                and post[end - 1] - post[start] == end - start
            ):
                # All neighbours but one: up to the gap, and from there.
                end = run_end(post, start, end)
            n = end - start
            inhibitory = manner.sign < 0
            if manner.sign == 0:
                inhibitory = entry(nt, start) == INHIBITORY_TRANSMITTER
            sign = -ONE if inhibitory else ONE
            onto = targets.inh if inhibitory else targets.exc
            if manner.plain and n >= LONG_ROW and post[end - 1] - post[start] == n - 1:
                j = post[start] - targets.first
                deliver_run(
                    synapses.weight[start:end],
                    synapses.eligibility[start:end],
                    sign,
                    onto[j : j + n],
                    targets.y[j : j + n],
                    targets.y2[j : j + n],
                    arrival,
                    manner,
                    rule,
                )
            elif manner.plain and not modulated:
                deliver_plain(start, end, sign, onto, synapses, targets, arrival, manner, rule)
            else:
                deliver_each(start, end, synapses, extras, tree, targets, arrival, manner, rule)
            start = end

    return deliver


def make_deliver_each(update, learns, modulated):
    """The delivery to synapses one by one, with all that each may have of its own."""
    magnitude = make_magnitude(modulated)
    learn = make_learn(update, modulated)

    @inner_inline_jit
    def deliver_each(start, stop, synapses, extras, tree, targets, arrival, manner, rule):
        post, weight, nt, eligibility = (
            synapses.post,
            synapses.weight,
            synapses.nt,
            synapses.eligibility,
        )
        resource, facilitation, compartment = (
            extras.resource,
            extras.facilitation,
            extras.compartment,
        )
        own, exc, inh, y, y2 = extras.synapse_gain, targets.exc, targets.inh, targets.y, targets.y2
        for s in range(np.uint64(start), np.uint64(stop)):
            j = np.uint64(post[s] - targets.first)
            transmitter = entry(nt, s)
            inhibitory = transmitter == INHIBITORY_TRANSMITTER
            sign = -ONE if inhibitory else ONE
            m = magnitude(weight, eligibility, s, sign, rule)
            charge = sign * m * (own[s] if manner.own_gain else manner.gain)
            if manner.depressing:
                charge *= release(resource, facilitation, s, manner.U, arrival)
            if manner.on_tree and compartment[s] > 0:
                charge_tree(compartment[s] - 1, post[s], transmitter, charge, tree)
            elif inhibitory:
                inh[j] += charge
            else:
                exc[j] += charge
            if learns and manner.learning:
                learn(
                    weight, eligibility, s, sign, m, arrival.x, arrival.x2, y[j], y2[j], ONE, rule
                )

    return deliver_each


@part_jit
def release(resource, facilitation, s, U, arrival):
    """Factor of the charge by short-term plasticity, which the arrival changes."""
    f = (ONE - U) * (ONE + facilitation[s]) * arrival.kept_facilitation
    r = ONE - (ONE - resource[s]) * arrival.kept_depletion
    facilitation[s] = f
    resource[s] = r * (ONE - U * (ONE + f))
    return r * (ONE + f)


@part_jit
def charge_tree(node, cell, nt, charge, tree):
    """Charge for a compartment of a dendrite."""
    if nt == INHIBITORY_TRANSMITTER:
        tree.dendrite_inh[node, cell] += charge
    else:
        tree.dendrite_exc[node, cell] += charge
        if nt == NMDA_TRANSMITTER:
            tree.dendrite_nmda[node, cell] += charge


@inner_jit
def same_targets(post, row_start, row_stop, place):
    """Whether the next rows have the same targets, which are neighbours."""
    first, n = row_start[place], row_stop[place] - row_start[place]
    if n < LONG_ROW:
        return False
    for k in range(np.uint64(TOGETHER)):
        start, stop = row_start[place + k], row_stop[place + k]
        if stop - start != n or post[start] != post[first] or post[stop - 1] - post[start] != n - 1:
            return False
    return True


@inner_inline_jit
def add_rows(onto, weight, row_start, place, gain):
    """Add the weights of rows that have the same targets, in their order."""
    n = onto.shape[0]
    s = row_start[place : place + np.uint64(TOGETHER)]
    a, b, c, d = weight[s[0] :], weight[s[1] :], weight[s[2] :], weight[s[3] :]
    for k in range(n):
        onto[k] = onto[k] + a[k] * gain + b[k] * gain + c[k] * gain + d[k] * gain


@inner_jit
def run_end(post, start, stop):
    """Where the run of neighbouring targets from `start` on ends, in a row with one gap."""
    low, high = start, stop - 1
    while high - low > 1:
        middle = (low + high) // 2
        if post[middle] - post[start] == middle - start:
            low = middle
        else:
            high = middle
    return high
