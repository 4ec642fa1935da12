"""Homeostasis: synaptic scaling towards a target rate, and adaptive thresholds."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from engram.kernels.constants import MOST_INPUT
from engram.network import efficacy, pathways
from engram.network.defaults import current_unit
from engram.network.interrupts import whole
from engram.network.network import Process, next_multiple
from engram.network.records import RegionRecord
from engram.network.rheobase import rheobase
from engram.parameters import Parameter

TOO_FAST = 80.0
"""How much too high a rate may be for its excitability to follow in proportion, Hz."""

SILENCE = 20.0
"""Silence of a region is as wrong as a rate that is so much too high, Hz."""

MOST_EXCITED = 1.1
"""Excitability at most, relative to the current that makes a cell fire."""

SILENT = 0.01
"""Share of the target rate below which a neuron counts as silent."""


class Homeostasis(Process, saved_as="engram.homeostasis:Homeostasis"):
    """Synaptic scaling (Turrigiano et al. 1998; van Rossum et al. 2000) and thresholds.

    Every check_interval each neuron's incoming excitatory plastic weights are multiplied by
    1 + scaling_rate clip(e + integral_rate E, -1, 1), with e = (r0 - r) / r0; r is the neuron's
    mean rate in Hz over the last tau_rate or so, r0 the right rate next to it (from target_rate /
    tolerance to target_rate x tolerance), and E the integral of e over time in seconds, which makes
    up for a steady drift of weights by other rules. Intrinsic plasticity: an input current X
    of each neuron whose synapses learn, dX/dt = excitability_rate e - X / tau_excitability, in
    units of Izhikevich's neuron, where e is r0 - r above the right rates, at least -80 Hz, and
    20 Hz (r0 - R) / r0, but not below 0, below them; R is the mean rate of the region. X is at most
    1.1 x what makes the cell fire. At each spike theta grows by theta_plus; between spikes d theta
    / dt = -theta_leak theta - theta_plus theta_rate, so that without a leak the neuron comes to
    fire at theta_rate.

    References
    ----------
    .. [1] Turrigiano et al. 1998, doi:10.1038/36103
    .. [2] van Rossum et al. 2000, doi:10.1523/JNEUROSCI.20-23-08812.2000
    .. [3] Intrinsic plasticity: Desai, Rutherford & Turrigiano 1999, doi:10.1038/9165; of
       populations, not of cells: Slomowitz et al. 2015, doi:10.7554/eLife.04378
    """

    name = "homeostasis"
    order = 20

    target_rate = Parameter(5.0, low=1e-3, high=MOST_INPUT, unit="Hz", doc="rate aimed at")
    tolerance = Parameter(
        7.0,
        low=1.0,
        high=1e6,
        doc="rates from target_rate / tolerance to target_rate x tolerance are right",
    )
    excitability_rate = Parameter(
        0.25,
        low=0.0,
        high=MOST_INPUT,
        unit="current/(s Hz)",
        doc="how fast excitability follows a wrong rate",
    )
    tau_excitability = Parameter(
        60_000.0, low=0.0, open_low=True, unit="ms", doc="time in which it is forgotten"
    )
    scaling_rate = Parameter(0.02, low=0.0, high=1.0, doc="relative change at a check, at most")
    check_interval = Parameter(1000.0, low=0.0, open_low=True, unit="ms", doc="between checks")
    tau_rate = Parameter(
        1000.0, low=0.0, open_low=True, unit="ms", doc="time over which rates are averaged"
    )
    integral_rate = Parameter(0.0, low=0.0, unit="1/s", doc="weight of the integral of the error")
    theta_plus = Parameter(
        0.0, low=0.0, high=MOST_INPUT, doc="step of the adaptive threshold at a spike"
    )
    theta_leak = Parameter(1e-3, low=0.0, unit="1/ms", doc="its rate of decay")

    theta_rate = Parameter(
        0.0, low=0.0, unit="Hz", doc="rate that theta aims at; 0: it only decays"
    )

    def bind(self) -> None:
        """What the neuron loops need for thresholds."""
        network, tables = self.network, self.network.tables
        frozen = network.frozen["adaptive_thresholds"]
        for region in network.regions.values():
            r, plus = region.index, self.theta_plus_of(region)
            shifted = plus > 0 or bool(network.slots(region, "theta").any())
            tables["theta_kept"][r] = math.exp(-network.dt / self.tau_theta_of(region))
            tables["theta_plus"][r] = plus
            tables["theta_fall"][r] = plus * self.theta_rate * 1e-3 * network.dt
            tables["shifted"][r], tables["adapting"][r] = shifted, shifted and not frozen
            tables["tuned"][r] = bool(network.slots(region, "excitability").any())

    def theta_plus_of(self, region: RegionRecord) -> float:
        """Step of a region's thresholds at a spike.

        Parameters
        ----------
        region : RegionRecord
            Settings of the region.

        Returns
        -------
        float
            The region's own or, without, that of all: mV (conductance models) or current (others).
        """
        return self.theta_plus if region.theta_plus is None else region.theta_plus

    def tau_theta_of(self, region: RegionRecord) -> float:
        """Decay of a region's thresholds.

        Parameters
        ----------
        region : RegionRecord
            Settings of the region.

        Returns
        -------
        float
            Time constant, ms; infinite without a leak.
        """
        if region.tau_theta is not None:
            return region.tau_theta
        return 1.0 / self.theta_leak if self.theta_leak > 0 else math.inf

    def next_act(self, step: int) -> int | None:
        """The next check.

        Parameters
        ----------
        step : int
            Of the brain.

        Returns
        -------
        int or None
            The first after `step`; None while scaling is off.
        """
        frozen = self.network.frozen
        off = frozen["plasticity"] or frozen["homeostatic_scaling"]
        off = off or (self.scaling_rate == 0 and self.excitability_rate == 0)
        return None if off else next_multiple(step, self.network.steps(self.check_interval))

    def act(self, step: int) -> None:  # noqa: ARG002
        """Measure rates and scale once.

        Parameters
        ----------
        step : int
            Of the brain.
        """
        self.scale()

    @whole
    def scale(self) -> None:
        """Measure rates and scale now, whatever the interval."""
        network = self.network
        factors = {name: self._factor(region) for name, region in network.regions.items()}
        silent = {
            name: network.slots(region, "mean_rate") < SILENT * self.target_rate
            for name, region in network.regions.items()
        }
        since = network.dt * (network.step_count - network.tables["rates_measured"][0])
        # The time while all this was frozen does not count.
        seconds = 1e-3 * min(since, self.check_interval)
        network.tables["rates_measured"][0] = network.step_count
        plastic = [p for p in network.pathways if p.learns and pathways.n_synapses(network, p)]
        taught = {pathway.target for pathway in plastic}
        for region in network.regions.values():
            self._tune(region, seconds, region.name in taught)
        for pathway in plastic:
            name = pathway.target
            efficacy.scale_incoming(network, pathway, factors[name], silent[name])

    def _right(self, rate: NDArray[np.float32]) -> NDArray[np.float32]:
        """The right rate next to each."""
        slack = self.tolerance
        return np.clip(rate, self.target_rate / slack, self.target_rate * slack)

    def _tune(self, region: RegionRecord, seconds: float, taught: bool) -> None:
        """Intrinsic plasticity: excitability follows rates that are wrong, where synapses learn.

        A pool of interneurons has to follow the cells that it holds down, however fast they are.
        """
        network, unit = self.network, current_unit(region.model)
        off = self.excitability_rate == 0 or network.frozen["adaptive_thresholds"]
        if off or unit == 0 or region.excitatory == 0:
            return
        own = network.slots(region, "excitability")
        pull = self.excitability_rate * self._wrong(region)
        kept = math.exp(-1e3 * seconds / self.tau_excitability)
        own[:] = kept * own
        # One that has lost its last synapse goes on as it did.
        if taught or own.any():
            own += unit * seconds * pull * network.alive(region)
            np.maximum(own, -MOST_INPUT, out=own)
            if (own > 0).any():
                np.minimum(own, MOST_EXCITED * rheobase(region.model), out=own)
        network.tables["tuned"][region.index] = bool(own.any())

    def _wrong(self, region: RegionRecord) -> NDArray[np.float32]:
        """By how much rates are wrong, Hz; positive where they are too low."""
        alive, rate = self.network.alive(region), self.network.slots(region, "mean_rate")
        # Where others fire, silence may be what a neuron has to say.
        mean = rate[alive].mean() if alive.any() else np.float32(0.0)
        error = self._right(rate) - rate
        lowest = self.target_rate / self.tolerance
        error[error > 0] = SILENCE * max(0.0, 1.0 - mean / lowest)
        return np.maximum(error, -TOO_FAST)

    def _factor(self, region: RegionRecord) -> NDArray[np.float32]:
        """By what each neuron's weights are to be multiplied; rates are brought up to date."""
        network = self.network
        born, rate = network.slots(region, "born"), network.slots(region, "mean_rate")
        seen, spikes = (network.slots(region, name) for name in ("spikes_measured", "total_spikes"))
        since = np.maximum(born, network.tables["rates_measured"][0])
        seconds = 1e-3 * network.dt * (network.step_count - since)
        age = 1e-3 * network.dt * (network.step_count - born)
        measured = (spikes - seen) / np.maximum(seconds, 1e-9)
        tau = 1e-3 * self.tau_rate
        # A plain mean over the neuron's life at first, then an exponential one.
        share = -np.expm1(-seconds / tau) / -np.expm1(-np.maximum(age, 1e-9) / tau)
        known = (seconds > 0) & network.alive(region)
        rate[known] += (share * (measured - rate))[known]
        seen[:] = spikes
        right = self._right(rate)
        error = (right - rate) / right
        drift = network.slots(region, "rate_error")
        drift[known] += (np.clip(error, -1.0, 1.0) * seconds)[known]
        if self.integral_rate > 0:
            limit = 1.0 / max(self.integral_rate, 1e-30)
            np.clip(drift, -limit, limit, out=drift)
            error = error + self.integral_rate * drift
        factor = np.ones(network.count(region), np.float32)
        factor[known] += (self.scaling_rate * np.clip(error, -1.0, 1.0))[known]
        return factor
