"""Questions about past spikes, answered from the spike ring."""

import numpy as np

from engram.kernels.jit import jit


@jit
def last_arrival(pre, delay, now, last_spike, last_event, previous_step, previous):
    """The step of the latest arrival before step `now` of a spike of each `pre` with its delay."""
    mask = previous.shape[0] - 1
    arrived = np.empty(pre.shape[0], np.int64)
    for k in range(pre.shape[0]):
        fired_at = np.int64(last_spike[pre[k]])
        event = last_event[pre[k]] & mask
        while fired_at + delay[k] >= now:
            fired_at = np.int64(previous_step[event])
            event = previous[event] & mask
        arrived[k] = fired_at + delay[k]
    return arrived
