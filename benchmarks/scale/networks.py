"""Networks whose number of synaptic events is known: sources of 8 Hz onto as many neurons."""

from __future__ import annotations

import numpy as np

from engram import STDP, Brain, CurrentLIF, Normal, PoissonSource, RewardSTDP, Uniform
from engram.plasticity import PlasticityRule

RATE = 8.0
"""Of sources, and about that of targets, Hz."""


def network(n: int, degree: int, rule: PlasticityRule | None, seed: int = 1) -> Brain:
    """n Poisson sources, each onto `degree` of n neurons that fire from noise.

    Weights are too small to matter for rates, delays run from 1 to 20 ms.
    """
    brain = Brain(dt=1.0, seed=seed, mechanisms="none")
    brain.unfreeze_plasticity()
    brain.add_region("sources", n_neurons=n, model=PoissonSource, background=RATE, connectivity=0.0)
    brain.add_region(
        "cells",
        n_neurons=n,
        model=CurrentLIF,
        background=12.0,
        noise=14.0,
        connectivity=0.0,
        variation=0.0,
    )
    brain.connect_regions(
        "sources",
        "cells",
        wiring="in_degree",
        in_degree=degree,
        weights=Normal(1e-3, 1e-4),
        delays=Uniform(1.0, 20.0),
        rule=rule,
    )
    return brain


RULES: dict[str, PlasticityRule | None] = {"static": None, "STDP": STDP(), "R-STDP": RewardSTDP()}
"""Kinds of synapses."""


def events(brain: Brain, kind: str, before: dict[str, int], degree: int) -> int:
    """Synaptic events since: arrivals, and with a rule those that postsynaptic spikes cause."""
    fired = {name: spikes(brain)[name] - before[name] for name in before}
    both = fired["sources"] + (fired["cells"] if kind != "static" else 0)
    return both * degree


def spikes(brain: Brain) -> dict[str, int]:
    """Spikes ever, by region."""
    return {name: int(np.sum(r.total_spikes)) for name, r in brain.regions.items()}
