"""Metaplasticity: a sliding threshold between depression and potentiation."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from engram.parameters import Parameter, Parameterized

if TYPE_CHECKING:
    from engram.region import Region


class Metaplasticity(Parameterized, saved_as="engram.metaplasticity:Metaplasticity"):
    """BCM for spikes (Bienenstock, Cooper & Munro 1982; Pfister & Gerstner 2006).

    The potentiation a postsynaptic spike causes is multiplied by r / theta, at most by max_gain: r
    is the neuron's rate just before the spike, over tau_rate or so, and theta = <r^2> /
    target_rate its sliding threshold, the mean over tau_threshold of the squared rate (measured
    without bias as spikes x the rate before each). With A_plus tau_plus = A_minus tau_minus, STDP
    then changes weights on average by x r (r / theta - 1): depression below theta, potentiation
    above. At rest under one input r = theta = target_rate; a neuron that answers one of n equally
    frequent inputs only is at rest at n target_rate. Rates in Hz. Off unless `enabled`.
    `Brain.freeze_structural_plasticity` stops the threshold where it is.
    doi:10.1523/JNEUROSCI.02-01-00032.1982, doi:10.1523/JNEUROSCI.1425-06.2006
    """

    target_rate = Parameter(5.0, low=0.0, open_low=True, unit="Hz", doc="rate at rest")
    tau_rate = Parameter(200.0, low=0.0, open_low=True, unit="ms", doc="window of the rate")
    tau_threshold = Parameter(
        10_000.0, low=0.0, open_low=True, unit="ms", doc="window of the mean squared rate"
    )
    max_gain = Parameter(10.0, low=1.0, doc="bound of the potentiation factor")
    enabled = Parameter(False, doc="whether potentiation depends on the rate")

    def thresholds(self, region: Region) -> NDArray[np.float32]:
        """The sliding thresholds of a region's neurons as of their last spikes, Hz."""
        mean_square = region._slots("mean_square_rate")
        return np.where(mean_square < 0, self.target_rate, mean_square / self.target_rate)
