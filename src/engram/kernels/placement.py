"""Where on a dendrite each synapse sits."""

import numpy as np

from engram.kernels.constants import STREAM_PLACE
from engram.kernels.jit import inner_jit
from engram.kernels.random import uniform


@inner_jit
def choose_compartments(pre, post, delay, birth, seed, cumulative, out):
    """Draw each synapse's compartment from the cumulative probabilities.

    The draw is a function of the synapse alone (its neurons, axonal delay in steps, step of birth):
    the same before and after it is laid out, and whoever is its neighbour.
    """
    last = cumulative.shape[0] - 1
    for k in range(pre.shape[0]):
        entity = (np.int64(delay[k]) << 32) | np.int64(post[k])
        born = np.uint64(np.int64(birth[k]) & 0xFFFFFFFF)
        draw = (born << np.uint64(32)) | np.uint64(pre[k])
        u = uniform(seed, STREAM_PLACE, entity, draw)
        out[k] = min(np.searchsorted(cumulative, u, side="right"), last)
