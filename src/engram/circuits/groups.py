"""Groups of neurons in one region that inhibit each other."""

from __future__ import annotations

import numpy as np

from engram.region import Region
from engram.synapses import Neurotransmitter


def inhibit_other_groups(region: Region, size: int, weight: float) -> None:
    """Let each neuron inhibit those of all other groups, with delays of a step.

    Parameters
    ----------
    region : Region
        Whose neurons.
    size : int
        Of a group: so many neighbours.
    weight : float
        Of each synapse, a magnitude.
    """
    group = np.arange(region.n_neurons) // size
    pre, post = np.nonzero(group[:, np.newaxis] != group)
    region.add_synapses(pre, post, weight, delays_ms=1.0, nt=Neurotransmitter.GABA)
