"""The parameters of growth."""

from __future__ import annotations

from engram.kernels.constants import MOST_INPUT
from engram.network.network import Process
from engram.parameters import Parameter


class GrowthParameters(Process):
    """What can be set of growth; see `Growth`."""

    growth_interval = Parameter(1000.0, low=0.0, open_low=True, unit="ms", doc="between cycles")
    neurogenesis = Parameter(True, doc="whether neurons are born")
    neurogenesis_rate = Parameter(10.0, low=0.0, unit="Hz", doc="mean rate that lets a region grow")
    neurogenesis_window = Parameter(
        60_000.0, low=0.0, open_low=True, unit="ms", doc="time constant of that mean"
    )
    neurogenesis_ceiling = Parameter(
        50.0, low=0.0, unit="Hz", doc="mean rate above which no neuron is born"
    )
    most_growth = Parameter(
        2.0, low=1.0, doc="neurons of a region, relative to those growth began with, at most"
    )
    survival = Parameter(
        0.25, low=0.0, doc="share of its region's mean rate that a newborn must reach to live on"
    )
    replacement = Parameter(
        True, doc="whether neurons that stood for values, and died, are born again in their places"
    )
    births_per_cycle = Parameter(1, low=0, doc="new neurons of a region in a cycle, at most")
    kinship = Parameter(
        False, doc="whether newborns are wired like one neighbour each, instead of like all"
    )
    kinship_spread = Parameter(
        0.5, low=0.0, high=1.0, doc="variation of weights that are taken over, relative"
    )
    critical_period = Parameter(
        10_000.0, low=0.0, open_low=True, unit="ms", doc="time constant of a newborn's youth"
    )
    young_current = Parameter(
        1.0, low=0.0, high=MOST_INPUT, unit="current", doc="extra input of a newborn"
    )
    young_plasticity = Parameter(
        1.0, low=0.0, high=1e6, doc="extra potentiation of a newborn, relative"
    )
    synaptogenesis = Parameter(True, doc="whether correlated neurons are joined")
    synapses_per_cycle = Parameter(20, low=0, doc="new synapses of a projection in a cycle")
    correlation_window = Parameter(
        2000.0, low=0.0, open_low=True, high=1e6, unit="ms", doc="spikes that are correlated"
    )
    coincidence = Parameter(
        10.0, low=0.0, open_low=True, unit="ms", doc="spikes further apart do not coincide"
    )
    min_correlation = Parameter(0.4, low=0.0, high=1.0, doc="correlation that makes a synapse")
    min_spikes = Parameter(5, low=1, doc="spikes in the window each neuron must have fired")
    max_rate = Parameter(
        10.0, low=0.0, unit="Hz", doc="neurons that fire faster take no new synapses"
    )
    new_weight = Parameter(0.1, low=0.0, high=1.0, doc="weight of a new synapse, in units of w_max")
    pruning = Parameter(True, doc="whether synapses are pruned")
    pruning_weight = Parameter(0.12, low=0.0, high=1.0, doc="weights below it, times w_max, go")
    pruning_age = Parameter(5000.0, low=0.0, unit="ms", doc="synapses younger than that stay")
    pruning_unused = Parameter(
        1000.0, low=0.0, unit="ms", doc="synapses with arrivals and spikes since then stay"
    )
    pruned_per_cycle = Parameter(50, low=0, doc="synapses a projection loses in a cycle, at most")
    apoptosis = Parameter(True, doc="whether silent neurons die")
    apoptosis_age = Parameter(60_000.0, low=0.0, unit="ms", doc="silence that kills")
    apoptosis_rate = Parameter(
        1.0, low=0.0, unit="Hz", doc="mean rate below which a region is quiet, and nobody dies"
    )
    apoptosis_floor = Parameter(
        0.9, low=0.0, doc="neurons of a region, relative to the most it has had, at least"
    )
    deaths_per_cycle = Parameter(2, low=0, doc="neurons a region loses in a cycle, at most")
    most_synapses = Parameter(
        1.025,
        low=1.0,
        doc="synapses of a projection, relative to those its neurons came with, at most",
    )
    least_synapses = Parameter(
        0.975, low=0.0, high=1.0, doc="the same, at least: no more than these are left by pruning"
    )
    max_synapses = Parameter(100_000_000, low=0, doc="budget of the whole brain")
