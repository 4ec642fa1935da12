"""Which synapses of a row end at the neurons of one worker."""

import numpy as np

from engram.kernels.jit import inner_jit


@inner_jit
def cut_rows(segment, post, at, cut):
    """Where in each row the targets from neuron `at` on begin: rows are sorted by target."""
    for row in range(cut.shape[0]):
        low, high = np.int64(segment[row]), np.int64(segment[row + 1])
        while low < high:
            middle = (low + high) >> 1
            if post[middle] < at:
                low = middle + 1
            else:
                high = middle
        cut[row] = low
