"""Looking for states that are not finite."""

from __future__ import annotations

import numpy as np

from engram.engine import loops
from engram.errors import InvariantError
from engram.kernels.calls import kernel
from engram.network.network import Network
from engram.network.records import RegionRecord

COMMON = ("v", "exc", "inh", "theta")


def not_finite(network: Network) -> InvariantError | None:
    """The error that names the first neuron with a state that is not finite.

    Parameters
    ----------
    network : Network
        Of the brain.

    Returns
    -------
    InvariantError or None
        To be raised by the caller; None if all states of neurons are finite.
    """
    tables = network.tables
    found = kernel("advance.enter")(loops.finite_loop().address, tables.address, 0)
    if not found:
        return None
    which, slot = divmod(found - 1, tables.sizes["N"])
    region = next(
        r for r in network.regions.values() if 0 <= slot - network.first(r) < network.count(r)
    )
    neuron = slot - network.first(region)
    if which < len(COMMON):
        name = COMMON[which]
        value = network.slots(region, name)[neuron]
    else:
        row = which - len(COMMON)
        states = [state for state in region.model.states if state != "v"]
        name = states[row] if row < len(states) else f"x[{row}]"
        value = network.slots(region, "x", row)[neuron]
    return InvariantError(
        f"{region.where}: {name} of neuron {neuron} is {value} at {network.time:g} ms, after a "
        f"step of its model {type(region.model).__name__}; look for currents, weights or "
        f"parameters that are too large for dt = {network.dt:g} ms{_by_rules(network, region)}. "
        f"Brain.check looks at all of "
        f"the brain, Brain.reset_state brings its neurons to rest"
    )


def _by_rules(network: Network, region: RegionRecord) -> str:
    """Whose rule has made weights onto a region that are not finite, as text."""
    found = [
        f"{type(p.rule).__name__} of {p.label}"
        for p in network.pathways
        if p.target == region.name
        and p.rule is not None
        and not np.isfinite(network.block(p)["weight"]).all()
    ]
    return f"; weights are not finite either, by the rule {', '.join(found)}" if found else ""
