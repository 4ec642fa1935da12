"""Homeostasis: synaptic scaling towards a target rate, and adaptive thresholds."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from engram.parameters import Parameter, Parameterized

if TYPE_CHECKING:
    from engram.brain import Brain


class Homeostasis(Parameterized):
    """Synaptic scaling (Turrigiano et al. 1998; van Rossum et al. 2000) and thresholds.

    Every check_interval each neuron's incoming excitatory plastic weights are multiplied by
    1 + scaling_rate (target_rate - r) / target_rate, with r its running mean rate in Hz (see
    `Region.activity`), at most by 1 +- scaling_rate. At each spike theta grows by theta_plus;
    between spikes d theta / dt = -theta_leak theta. doi:10.1038/36103,
    doi:10.1523/JNEUROSCI.20-23-08812.2000
    """

    target_rate = Parameter(5.0, low=0.0, open_low=True, unit="Hz", doc="rate aimed at")
    scaling_rate = Parameter(0.01, low=0.0, high=1.0, doc="relative change at a check, at most")
    check_interval = Parameter(1000.0, low=0.0, open_low=True, unit="ms", doc="between checks")
    theta_plus = Parameter(0.0, low=0.0, doc="step of the adaptive threshold at a spike")
    theta_leak = Parameter(1e-3, low=0.0, unit="1/ms", doc="its rate of decay")

    def apply(self, brain: Brain) -> None:
        """Scale once."""
        for projection in brain.projections:
            if projection.rule is None or projection.frozen or not projection.n_synapses:
                continue
            region = brain.regions[projection.target]
            error = np.clip((self.target_rate - region.activity) / self.target_rate, -1.0, 1.0)
            factor = np.ones(region.n_neurons, np.float32)
            alive = region.neuron_alive
            factor[alive] += np.float32(self.scaling_rate) * error[alive]
            projection._scale_incoming(factor)
