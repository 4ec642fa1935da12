"""The networks that are left on, and what comes in."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Sequence
from functools import partial

import numpy as np

from engram import LIF, AdEx, Brain, CurrentLIF, NeuronModel, PoissonSource, RegionType

STIMULI = ([0.8, 0.3, 0.5], [0.2, 0.9, 0.4], [0.5, 0.1, 0.9])
SHOWN, REST = 300, 100
"""Steps of a stimulus, and of nothing after it."""

DAY = 60_000.0
"""Length of a day and of a night, ms."""

CHAIN = (
    RegionType.SENSORY,
    RegionType.ASSOCIATION,
    RegionType.MEMORY,
    RegionType.ASSOCIATION,
    RegionType.MOTOR,
)


def usage(seed: int) -> Brain:
    """The usage example of the API."""
    brain = Brain(seed=seed)
    brain.add_region("input", RegionType.SENSORY, n_neurons=50)
    brain.add_region("cortex", RegionType.ASSOCIATION, n_neurons=200)
    brain.add_region("output", RegionType.MOTOR, n_neurons=10)
    brain.connect_regions("input", "cortex", density=0.1)
    brain.connect_regions("cortex", "output", density=0.1)
    return brain


def readme(seed: int) -> Brain:
    """The example of the README."""
    brain = Brain(seed=seed)
    brain.add_region("input", RegionType.SENSORY, n_neurons=50)
    brain.add_region("output", RegionType.MOTOR, n_neurons=10)
    brain.connect_regions("input", "output", density=0.3)
    return brain


def alone(kind: RegionType, seed: int) -> Brain:
    """One region."""
    brain = Brain(seed=seed)
    brain.add_region("input", kind, n_neurons=50)
    return brain


def chain(length: int, seed: int) -> Brain:
    """Regions one after the other; the last of two is a MOTOR region."""
    brain = Brain(seed=seed)
    kinds = CHAIN[:length] if length > 2 else (CHAIN[0], CHAIN[-1])
    names = ["input", *(f"region {k}" for k in range(1, length))]
    for name, kind in zip(names, kinds, strict=True):
        brain.add_region(name, kind, n_neurons=50)
    for source, target in itertools.pairwise(names):
        brain.connect_regions(source, target, density=0.2)
    return brain


def poisson(model: type[NeuronModel], seed: int) -> Brain:
    """Cells of another model, driven by Poisson sources."""
    brain = Brain(seed=seed)
    brain.add_region("input", RegionType.SENSORY, 50, model=PoissonSource, connectivity=0.0)
    brain.add_region("cells", RegionType.ASSOCIATION, 100, model=model)
    brain.connect_regions("input", "cells", density=0.3)
    return brain


NETWORKS: dict[str, Callable[[int], Brain]] = {
    "usage": usage,
    "readme": readme,
    **{kind.name.lower(): partial(alone, kind) for kind in RegionType},
    **{f"chain of {n}": partial(chain, n) for n in (2, 3, 4, 5)},
    "LIF": partial(poisson, LIF),
    "AdEx": partial(poisson, AdEx),
    "CurrentLIF": partial(poisson, CurrentLIF),
}

Input = Callable[[Brain, int, np.random.Generator], object]


def _alternating(brain: Brain, k: int, _rng: np.random.Generator) -> object:
    return brain.present("input", STIMULI[k % 3], SHOWN, rest=REST)


def _lasting(values: Sequence[float], brain: Brain, _k: int, _rng: np.random.Generator) -> object:
    return brain.present("input", values, 1000)


def _nothing(brain: Brain, _k: int, _rng: np.random.Generator) -> object:
    return brain.run(1000, progress=False)


def _random(brain: Brain, _k: int, rng: np.random.Generator) -> object:
    return brain.present("input", rng.random(3), 200, rest=int(rng.integers(300)))


def _days(brain: Brain, k: int, rng: np.random.Generator) -> object:
    by_day = int(brain.time // DAY) % 2 == 0
    return (_alternating if by_day else _nothing)(brain, k, rng)


INPUTS: dict[str, Input] = {
    "none": _nothing,
    "constant": partial(_lasting, STIMULI[0]),
    "strong": partial(_lasting, [1.0, 1.0, 1.0]),
    "alternating": _alternating,
    "random": _random,
    "days and nights": _days,
}
