"""Metaplasticity: a sliding threshold between depression and potentiation."""

from __future__ import annotations

from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from engram.engine import loops
from engram.kernels.constants import NEVER
from engram.network.network import Process
from engram.parameters import Parameter


class Population(Protocol):
    """A region, or what is called like one."""

    @property
    def name(self) -> str:
        """The name of the region."""


class Metaplasticity(Process, saved_as="engram.metaplasticity:Metaplasticity"):
    """BCM for spikes (Bienenstock, Cooper & Munro 1982; Pfister & Gerstner 2006).

    The potentiation a postsynaptic spike causes is multiplied by r / theta, at most by max_gain: r
    is the neuron's rate just before the spike, over tau_rate or so, and theta = <r^2> /
    target_rate its sliding threshold, the mean over tau_threshold of the squared rate (measured
    without bias as spikes x the rate before each). With A_plus tau_plus = A_minus tau_minus, STDP
    then changes weights on average by x r (r / theta - 1): depression below theta, potentiation
    above. At rest under one input r = theta = target_rate; a neuron that answers one of n equally
    frequent inputs only is at rest at n target_rate. Rates in Hz. With a rule that dopamine
    modulates it acts on what tonic dopamine teaches, not on rewards. While
    `Brain.freeze_structural_plasticity` is on, or without `enabled`, it does nothing.

    References
    ----------
    .. [1] Bienenstock, Cooper & Munro 1982, doi:10.1523/JNEUROSCI.02-01-00032.1982
    .. [2] Pfister & Gerstner 2006, doi:10.1523/JNEUROSCI.1425-06.2006
    """

    name = "metaplasticity"
    order = 21

    target_rate = Parameter(6.0, low=1e-3, unit="Hz", doc="rate at rest")
    tau_rate = Parameter(200.0, low=1e-3, unit="ms", doc="window of the rate")
    tau_threshold = Parameter(5_000.0, low=1e-3, unit="ms", doc="window of the mean squared rate")
    max_gain = Parameter(1.5, low=1.0, doc="bound of the potentiation factor")
    enabled = Parameter(True, doc="whether potentiation depends on the rate")

    def bind(self) -> None:
        """What the compiled loop of the thresholds needs."""
        network, tables = self.network, self.network.tables
        on = self.enabled and not network.frozen["structural_plasticity"]
        tables["slide_entry"][0] = loops.slide_loop().address if on else 0
        tables["bcm_parameter"][:] = (
            self.target_rate,
            self.tau_rate,
            self.tau_threshold,
            self.max_gain,
        )
        if not on:
            # Thresholds stay; the time it is off does not count.
            tables["potentiation"][:] = 1
            tables["recent_rate"][:] = 0
            tables["rate_since"][:] = NEVER

    def thresholds(self, region: Population) -> NDArray[np.float32]:
        """Sliding thresholds of a region's neurons as of their last spikes.

        Parameters
        ----------
        region : Region
            A region of the brain.

        Returns
        -------
        ndarray
            Thresholds in Hz, shape (n_neurons,).
        """
        record = self.network.region("Metaplasticity.thresholds", region.name)
        mean_square = self.network.slots(record, "mean_square_rate")
        return np.where(mean_square < 0, self.target_rate, mean_square / self.target_rate)
