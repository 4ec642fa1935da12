"""Questions about past spikes, answered from the spike ring."""

import numpy as np

from engram.kernels.constants import NEVER
from engram.kernels.jit import inner_jit


@inner_jit
def latest_before(step, pre, last_spike, last_event, previous_step, previous):
    """The step of neuron `pre`'s latest spike before `step`; later ones are in the ring."""
    fired_at = np.int64(last_spike[pre])
    event = last_event[pre]
    while fired_at >= step:
        if event < 0:
            # The ring does not reach back so far.
            return np.int64(NEVER)
        fired_at = np.int64(previous_step[event & (previous.shape[0] - 1)])
        event = previous[event & (previous.shape[0] - 1)]
    return fired_at


@inner_jit
def last_arrival(pre, delay, now, last_spike, last_event, previous_step, previous):
    """The step of the latest arrival before step `now` of a spike of each `pre` with its delay."""
    arrived = np.empty(pre.shape[0], np.int64)
    for k in range(pre.shape[0]):
        fired_at = latest_before(
            now - delay[k], pre[k], last_spike, last_event, previous_step, previous
        )
        arrived[k] = fired_at + delay[k]
    return arrived


@inner_jit
def spike_steps(neuron, since, oldest, last_spike, last_event, previous_step, previous, out):
    """Write the steps of a neuron's spikes from step `since` on, the latest first.

    Returns how many. Spikes numbered below `oldest` are not looked at.
    """
    mask = previous.shape[0] - 1
    step = np.int64(last_spike[neuron])
    event = last_event[neuron]
    n = 0
    while event >= oldest and step >= since:
        out[n] = step
        n += 1
        step = np.int64(previous_step[event & mask])
        event = previous[event & mask]
    return n
