"""A plasticity rule at one synapse: its magnitude now, and what an event makes of it."""

from typing import Any, NamedTuple

import numpy as np

from engram.kernels.jit import part_jit

ONE = np.float32(1)
ZERO = np.float32(0)


class Rule(NamedTuple):
    """What a projection's rule works with in one step.

    low, high: bounds of magnitudes; parameters: the rule's own; integral: of phasic dopamine since
    the base of eligibility; growth: of 1 / eligibility since then; tonic: what tonic dopamine makes
    of a change of eligibility.
    """

    low: Any
    high: Any
    parameters: Any
    integral: Any
    growth: Any
    tonic: Any


@part_jit
def rule_of(rules, index):
    """The rule of projection `index` as it is now."""
    q = rules.rule_parameter[index]
    return Rule(
        rules.w_min[index],
        rules.w_max[index],
        (q[0], q[1], q[2], q[3], q[4], q[5], q[6], q[7]),
        np.float32(rules.dopamine_integral[index]),
        np.float32(rules.eligibility_growth[index]),
        np.float32(rules.dopamine_factor[index, 1]),
    )


def make_magnitude(modulated):
    """The magnitude of synapse s now; of a `modulated` one, with the dopamine it has seen."""

    @part_jit
    def magnitude(weight, eligibility, s, sign, rule):
        m = sign * weight[s]
        if modulated:
            m = min(max(m + eligibility[s] * rule.integral, rule.low), rule.high)
        return m

    return magnitude


def make_learn(update, modulated):
    """What `update` makes of synapse s, of magnitude m, given the traces of both sides.

    `update(m, x, x2, y, y2, w_min, w_max, parameters)` maps a magnitude to the new one or, if the
    rule is `modulated` by dopamine, to the change of eligibility. The threshold of BCM, as `gain`
    of the presynaptic traces, acts on what is learned without a reward: on the new weight, or on
    what tonic dopamine makes of the change.
    """

    @part_jit
    def learn(weight, eligibility, s, sign, m, x, x2, y, y2, gain, rule):
        low, high = rule.low, rule.high
        new = update(m, gain * x, gain * x2, y, y2, low, high, rule.parameters)
        if modulated:
            m = min(max(m + rule.tonic * new, low), high)
            if gain != ONE:
                new = update(m, x, x2, y, y2, low, high, rule.parameters)
            c = eligibility[s] + rule.growth * new
            eligibility[s] = c
            weight[s] = sign * (m - c * rule.integral)
        else:
            weight[s] = sign * min(max(new, low), high)

    return learn
