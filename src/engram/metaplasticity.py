"""Metaplasticity: a sliding threshold between depression and potentiation."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from engram.parameters import Parameter, Parameterized

if TYPE_CHECKING:
    from engram.brain import Brain


class Metaplasticity(Parameterized):
    """BCM for spikes (Bienenstock, Cooper & Munro 1982; Izhikevich & Desai 2003).

    Every check_interval each neuron's mean squared rate M follows its rate r:
    M += (r^2 - M) check_interval / tau_threshold; potentiation at its synapses is multiplied by
    target_rate^2 / M, kept within [1 / max_gain, max_gain], so that the rate above which synapses
    grow slides up with activity. Rates in Hz. Off unless `enabled`.
    doi:10.1523/JNEUROSCI.02-01-00032.1982, doi:10.1162/089976603321891783
    """

    target_rate = Parameter(5.0, low=0.0, open_low=True, unit="Hz", doc="rate at which gain is 1")
    tau_threshold = Parameter(
        10_000.0, low=0.0, open_low=True, unit="ms", doc="window of the mean squared rate"
    )
    check_interval = Parameter(1000.0, low=0.0, open_low=True, unit="ms", doc="between updates")
    max_gain = Parameter(4.0, low=1.0, doc="bound of the potentiation factor")
    enabled = Parameter(False, doc="whether thresholds slide")

    def apply(self, brain: Brain) -> None:
        """Slide all thresholds once."""
        share = min(1.0, self.check_interval / self.tau_threshold)
        for region in brain.regions.values():
            mean_square = region._slots("mean_square_rate")
            mean_square += np.float32(share) * (region.activity**2 - mean_square)
            ratio = self.target_rate**2 / np.maximum(mean_square, 1e-6)
            region._slots("potentiation")[:] = np.clip(ratio, 1.0 / self.max_gain, self.max_gain)
