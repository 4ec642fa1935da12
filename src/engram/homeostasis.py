"""Homeostasis: synaptic scaling towards a target rate, and adaptive thresholds."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from engram.parameters import Parameter, Parameterized

if TYPE_CHECKING:
    from engram.brain import Brain
    from engram.region import Region

SILENT = 0.01
"""Share of the target rate below which a neuron counts as silent."""


class Homeostasis(Parameterized, saved_as="engram.homeostasis:Homeostasis"):
    """Synaptic scaling (Turrigiano et al. 1998; van Rossum et al. 2000) and thresholds.

    Every check_interval each neuron's incoming excitatory plastic weights are multiplied by
    1 + scaling_rate clip(e + integral_rate E, -1, 1), with e = (target_rate - r) / target_rate, r
    the neuron's mean rate in Hz over the last tau_rate or so, and E the integral of e over time in
    seconds, which makes up for a steady drift of weights by other rules. At each spike theta grows
    by theta_plus; between spikes d theta / dt = -theta_leak theta - theta_plus theta_rate, so that
    without a leak the neuron comes to fire at theta_rate. doi:10.1038/36103,
    doi:10.1523/JNEUROSCI.20-23-08812.2000
    """

    target_rate = Parameter(5.0, low=0.0, open_low=True, unit="Hz", doc="rate aimed at")
    scaling_rate = Parameter(0.02, low=0.0, high=1.0, doc="relative change at a check, at most")
    check_interval = Parameter(1000.0, low=0.0, open_low=True, unit="ms", doc="between checks")
    tau_rate = Parameter(
        5000.0, low=0.0, open_low=True, unit="ms", doc="time over which rates are averaged"
    )
    integral_rate = Parameter(0.0, low=0.0, unit="1/s", doc="weight of the integral of the error")
    theta_plus = Parameter(0.0, low=0.0, doc="step of the adaptive threshold at a spike")
    theta_leak = Parameter(1e-3, low=0.0, unit="1/ms", doc="its rate of decay")

    theta_rate = Parameter(
        0.0, low=0.0, unit="Hz", doc="rate that theta aims at; 0: it only decays"
    )

    def apply(self, brain: Brain) -> None:
        """Measure rates and scale once."""
        factors = {name: self._factor(region) for name, region in brain.regions.items()}
        silent = {
            name: region._slots("mean_rate") < SILENT * self.target_rate
            for name, region in brain.regions.items()
        }
        brain._tables["rates_measured"][0] = brain.step_count
        for projection in brain.projections:
            if projection.rule is None or projection.frozen or not projection.n_synapses:
                continue
            projection._scale_incoming(factors[projection.target], silent[projection.target])

    def _factor(self, region: Region) -> NDArray[np.float32]:
        """By what each neuron's weights are to be multiplied; rates are brought up to date."""
        brain = region._brain
        born, rate = region._slots("born"), region._slots("mean_rate")
        seen, spikes = region._slots("spikes_measured"), region._slots("total_spikes")
        since = np.maximum(born, brain._tables["rates_measured"][0])
        seconds = 1e-3 * brain.dt * (brain.step_count - since)
        age = 1e-3 * brain.dt * (brain.step_count - born)
        measured = (spikes - seen) / np.maximum(seconds, 1e-9)
        tau = 1e-3 * self.tau_rate
        # A plain mean over the neuron's life at first, then an exponential one.
        share = -np.expm1(-seconds / tau) / -np.expm1(-np.maximum(age, 1e-9) / tau)
        known = (seconds > 0) & region.neuron_alive
        rate[known] += (share * (measured - rate))[known]
        seen[:] = spikes
        error = (self.target_rate - rate) / self.target_rate
        drift = region._slots("rate_error")
        drift[known] += (np.clip(error, -1.0, 1.0) * seconds)[known]
        if self.integral_rate > 0:
            limit = 1.0 / self.integral_rate
            np.clip(drift, -limit, limit, out=drift)
            error = error + self.integral_rate * drift
        factor = np.ones(region.n_neurons, np.float32)
        factor[known] += (self.scaling_rate * np.clip(error, -1.0, 1.0))[known]
        return factor
