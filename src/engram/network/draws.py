"""Random numbers for processes from outside the package."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from engram.kernels.calls import kernel
from engram.network.network import Network

FIRST_FREE_STREAM = 1 << 16
"""Streams of random numbers from here on are left to processes from outside the package."""


def uniform(network: Network, n: int, stream: int, step: int) -> NDArray[np.float32]:
    """Random numbers in [0, 1), which follow from the seed, the stream and the step alone.

    Parameters
    ----------
    network : Network
        Whose seed.
    n : int
        How many.
    stream : int
        Of the process, from `FIRST_FREE_STREAM` on: another one for each purpose.
    step : int
        When.

    Returns
    -------
    array of shape (n,), float32
        Uniform in [0, 1).
    """
    out = np.empty(n, np.float32)
    kernel("random.uniform_at")(np.arange(n), out, np.uint64(network.seed), stream, step)
    return out
