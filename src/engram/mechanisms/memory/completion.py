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

    Examples
    --------
    >>> from engram import Brain
    >>> brain = Brain(seed=1)
    >>> cortex = brain.add_region("cortex", "memory", n_neurons=50)
    >>> found = brain.memory.complete("cortex", [0, 1], duration=50.0)
    >>> found.cue.tolist(), found.trace is None
    ([0, 1], True)
    """

    recalled: NDArray[np.int64]
    spikes: NDArray[np.int64]
    cue: NDArray[np.int64]
    trace: Trace | None
