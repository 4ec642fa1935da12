"""Questions about past spikes, answered from the spike ring."""

import numpy as np

from engram.kernels.constants import NEVER
from engram.kernels.jit import inner_jit


@inner_jit
def latest_before(step, pre, ring):
    """The step of neuron `pre`'s latest spike before `step`; later ones are in the ring."""
    fired_at = np.int64(ring.last_spike[pre])
    event = ring.last_event[pre]
    mask = ring.event_previous.shape[0] - 1
    while fired_at >= step:
        if event < 0:
            # The ring does not reach back so far.
            return np.int64(NEVER)
        fired_at = np.int64(ring.event_previous_step[event & mask])
        event = ring.event_previous[event & mask]
    return fired_at


@inner_jit
def last_arrival(pre, delay, now, ring):
    """The step of the latest arrival before step `now` of a spike of each `pre` with its delay."""
    arrived = np.empty(pre.shape[0], np.int64)
    for k in range(pre.shape[0]):
        arrived[k] = latest_before(now - delay[k], pre[k], ring) + delay[k]
    return arrived


@inner_jit
def spike_steps(neuron, since, oldest, ring, out):
    """Write the steps of a neuron's spikes from step `since` on, the latest first.

    Returns how many. Spikes numbered below `oldest` are not looked at.
    """
    mask = ring.event_previous.shape[0] - 1
    step = np.int64(ring.last_spike[neuron])
    event = ring.last_event[neuron]
    n = 0
    while event >= oldest and step >= since:
        out[n] = step
        n += 1
        step = np.int64(ring.event_previous_step[event & mask])
        event = ring.event_previous[event & mask]
    return n
