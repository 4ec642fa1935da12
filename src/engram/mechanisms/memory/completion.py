"""What a cue brings back."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from engram.mechanisms.memory.traces import Trace


@dataclass(frozen=True)
class Completion:
    """What a cue brought back.

    Attributes
    ----------
    recalled : array of shape (k,), int64
        Neurons outside the cue that fired at least min_spikes times while the cue was held.
    spikes : array of shape (n_neurons,), int64
        Of all neurons of the region in that time.
    cue : array of shape (c,), int64
        The neurons that were driven from outside, with `lookup` those of the trace found included.
    trace : Trace or None
        That trace, None if the network did it alone.
    """

    recalled: NDArray[np.int64]
    spikes: NDArray[np.int64]
    cue: NDArray[np.int64]
    trace: Trace | None
