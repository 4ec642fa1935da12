"""Whether the states of all neurons are finite."""

import numpy as np

from engram.kernels.jit import inner_inline_jit, inner_jit

EXPONENT_32 = np.uint32(0x7F800000)
EXPONENT_64 = np.uint64(0x7FF0000000000000)


@inner_jit
def any_broken(values, exponent):
    """Whether any number, given by its bits, is infinite or NaN: its exponent is all ones."""
    broken = False
    for k in range(values.shape[0]):
        broken |= (values[k] & exponent) == exponent
    return broken


@inner_jit
def first_broken(values, exponent):
    """Where the first one is."""
    for k in range(values.shape[0]):
        if (values[k] & exponent) == exponent:
            return k
    return -1


@inner_inline_jit
def find_broken(region_first, region_count, v, x, exc, inh, theta):
    """The first neuron with a state that is not finite; 0: there is none.

    Otherwise 1 + neuron slot + which state x number of slots: v, exc, inh, theta, then x by row.
    """
    n = v.shape[0]
    for r in range(region_first.shape[0]):
        lo = region_first[r]
        hi = lo + region_count[r]
        for which in range(3 + x.shape[0]):
            row = v
            if which == 1:
                row = exc
            elif which == 2:
                row = inh
            elif which > 2:
                row = x[which - 3]
            bits = row[lo:hi].view(np.uint32)
            if any_broken(bits, EXPONENT_32):
                place = which if which < 3 else which + 1
                return 1 + lo + first_broken(bits, EXPONENT_32) + place * n
        long_bits = theta[lo:hi].view(np.uint64)
        if any_broken(long_bits, EXPONENT_64):
            return 1 + lo + first_broken(long_bits, EXPONENT_64) + 3 * n
    return 0
