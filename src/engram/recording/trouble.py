"""Regions in trouble: those that fire as in a seizure, and those that are dying out."""

from __future__ import annotations

from collections.abc import Callable

from engram.network import population
from engram.network.network import Network
from engram.network.records import RegionRecord

SEIZURE = 200.0
"""Mean rate of a region above which it is in trouble, Hz."""

FEW = 0.5
"""Share of the neurons growth began with below which a region is dying out."""


def seizure(network: Network, region: RegionRecord) -> str:
    """Whether a region's neurons fire as in a seizure.

    Sources fire as they are told, and inhibitory cells alone can't excite each other.

    Parameters
    ----------
    network : Network
        Of the brain.
    region : RegionRecord
        Which.

    Returns
    -------
    str
        What is the matter; empty if nothing is.
    """
    rate = population.mean_activity(network, region)
    harmless = region.excitatory == 0 or region.model.is_source
    if rate <= SEIZURE or harmless:
        return ""
    return f"fires at {rate:.0f} Hz on average, as in a seizure"


def dying_out(network: Network, region: RegionRecord) -> str:
    """Whether less than half of a region's neurons are left, or none.

    Parameters
    ----------
    network : Network
        Of the brain.
    region : RegionRecord
        Which.

    Returns
    -------
    str
        What is the matter; empty if nothing is.
    """
    founders = int(network.tables["founders"][region.index])
    left = population.n_alive(network, region)
    if left == 0:
        return "is dying out: no neuron is left"
    if left >= FEW * founders:
        return ""
    return f"is dying out: {left} of {founders} neurons are left"


KINDS: dict[str, tuple[Callable[[Network, RegionRecord], str], str]] = {
    "seizure": (
        seizure,
        "weaken its input or the weights onto it, or see whether what holds rates is off "
        "(brain.homeostasis, brain.metaplasticity; docs/mechanisms/stability.md)",
    ),
    "dying out": (
        dying_out,
        "give it input, or raise brain.growth.apoptosis_age or apoptosis_floor, or switch "
        "brain.growth.apoptosis off",
    ),
}
"""By kind: how it is found, and what helps."""


def troubles(network: Network) -> dict[tuple[int, str], str]:
    """What is the matter with which region.

    Parameters
    ----------
    network : Network
        Of the brain.

    Returns
    -------
    dict of (int, str) to str
        By region (its stream of random numbers, which stays) and kind: one line of text.
    """
    found = {}
    for region in network.regions.values():
        for kind, (look, _) in KINDS.items():
            if problem := look(network, region):
                found[region.stream, kind] = f"{region.where} {problem}"
    return found
