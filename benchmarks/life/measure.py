"""What is measured of a brain that is left on."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from benchmarks.life.networks import INPUTS, NETWORKS, REST, SHOWN, STIMULI, usage
from engram import Brain

WINDOW = 10_000.0
"""Rates are means over that time, ms."""

SETTLING = 60_000.0
"""From when on they count, ms."""

LOW, HIGH = 0.3, 50.0
"""Rates of a region that lives, Hz."""


@dataclass(frozen=True)
class Life:
    """One brain that was left on.

    Attributes
    ----------
    rates : dict of str to list of two floats
        Least and greatest rate of each region over 10 s after the first minute, Hz.
    neurons : list of three dicts
        Living neurons by region: at first, at two thirds, at the end.
    synapses : list of int
        Synapses at two thirds and at the end.
    """

    rates: dict[str, list[float]]
    neurons: list[dict[str, int]]
    synapses: list[int]

    @property
    def lives(self) -> bool:
        """Whether all rates are within 0.3 to 50 Hz."""
        return all(low >= LOW and high <= HIGH for low, high in self.rates.values())

    @property
    def growth(self) -> float:
        """The largest region of all, relative to its neurons at first."""
        first, *later = self.neurons
        return max(then[name] / n for then in later for name, n in first.items())

    @property
    def drift(self) -> float:
        """Change of neurons or synapses in the last third, relative, the greater one."""
        _, before, after = (sum(n.values()) for n in self.neurons)
        earlier, later = self.synapses
        return max(abs(after / before - 1.0), abs(later / max(earlier, 1) - 1.0))


def live(
    network: str, inputs: str, seed: int, minutes: float, **switches: Any
) -> tuple[Life, Brain]:
    """Leave a brain on.

    Parameters
    ----------
    network, inputs : str
        Names in NETWORKS and INPUTS.
    seed : int
        Of the brain, and of random inputs.
    minutes : float
        Simulated.
    **switches
        Values of parameters, by "mechanism__parameter".

    Returns
    -------
    tuple of (Life, Brain)
        What was measured, and the brain at the end.
    """
    brain, rng = NETWORKS[network](seed), np.random.default_rng(seed)
    for name, value in switches.items():
        mechanism, _, parameter = name.partition("__")
        setattr(getattr(brain, mechanism), parameter, value)
    windows, k = round(minutes * 6), 0
    rates: dict[str, list[float]] = {}
    neurons, synapses = [living(brain)], [0]
    for window in range(windows):
        start = brain.time
        before = {name: spikes_of(brain, name) for name in brain.regions}
        while brain.time - start < WINDOW:
            INPUTS[inputs](brain, k, rng)
            k += 1
        for name, region in brain.regions.items():
            if region.model.is_source:
                continue  # it fires as it is told
            fired = spikes_of(brain, name) - before[name]
            rate = 1e3 * fired / (brain.time - start) / max(region.n_alive_neurons, 1)
            if start >= SETTLING:
                low, high = rates.get(name, [rate, rate])
                rates[name] = [min(low, rate), max(high, rate)]
        if window in (windows * 2 // 3, windows - 1):
            neurons.append(living(brain))
            synapses.append(sum(p.n_synapses for p in brain.projections))
    found = {n: [round(low, 2), round(high, 2)] for n, (low, high) in rates.items()}
    return Life(found, neurons, synapses[1:]), brain


def living(brain: Brain) -> dict[str, int]:
    """Living neurons by region."""
    return {name: region.n_alive_neurons for name, region in brain.regions.items()}


@dataclass(frozen=True)
class Silence:
    """What silence does to a brain.

    Attributes
    ----------
    lost : float
        The greatest share of its neurons that a region lost.
    answers : bool
        Whether every region fires more at a stimulus afterwards than before it.
    """

    lost: float
    answers: bool


def silence(brain: Brain, minutes: float) -> Silence:
    """Leave a copy of a brain without input, then show it a stimulus.

    Parameters
    ----------
    brain : Brain
        Which is left as it is.
    minutes : float
        Simulated.

    Returns
    -------
    Silence
        What became of it.
    """
    twin = brain.copy()
    before = living(twin)
    twin.run(round(minutes * 60_000 / twin.dt), progress=False)
    after = living(twin)
    quiet = twin.present("input", [0.0], 3000)
    shown = twin.present("input", STIMULI[0], 3000)
    return Silence(
        lost=max(1.0 - after[name] / n for name, n in before.items()),
        answers=all(shown[name].sum() > quiet[name].sum() for name in before),
    )


def spikes_of(brain: Brain, name: str) -> int:
    """All spikes of a region, those of neurons that died included."""
    record = brain.regions[name].record
    return int(brain.network.tables["region_spikes"][record.index])


def told_apart(brain: Brain, region: str, rounds: int = 24) -> float:
    """Share of presentations of three stimuli that a region's spike counts tell apart.

    On a copy with all learning off. Nearest mean, fitted on one half, tested on the other, both
    ways.

    Parameters
    ----------
    brain : Brain
        Which is left as it is.
    region : str
        Whose spikes are read.
    rounds : int
        Presentations of each stimulus.

    Returns
    -------
    float
        In [0, 1]; chance is 1/3.
    """
    twin = brain.copy()
    twin.freeze_plasticity()
    twin.freeze_structural_plasticity()
    twin.freeze_homeostatic_scaling()
    counts = [
        twin.present("input", STIMULI[k % 3], SHOWN, rest=REST)[region] for k in range(3 * rounds)
    ]
    X, y = np.array(counts, float), np.arange(3 * rounds) % 3
    half = np.arange(len(y)) < len(y) // 2
    right = []
    for fitted in (half, ~half):
        means = np.array([X[fitted & (y == k)].mean(axis=0) for k in range(3)])
        distance = ((X[~fitted][:, None] - means) ** 2).sum(axis=2)
        right.append(np.mean(distance.argmin(axis=1) == y[~fitted]))
    return float(np.mean(right))


READ = "output"
"""The region whose spikes are read, where there is one."""


def trial(*, seed: int, network: str, inputs: str, minutes: float, quiet: float) -> dict[str, Any]:
    """One brain, for some minutes; then quiet ones, and a stimulus."""
    life, brain = live(network, inputs, seed, minutes)
    quieted = silence(brain, quiet)
    row = {
        "lives": life.lives,
        "low": min(low for low, _ in life.rates.values()),
        "high": max(high for _, high in life.rates.values()),
        "growth": life.growth,
        "drift": life.drift,
        "lost": quieted.lost,
        "answers": quieted.answers,
        "rates": life.rates,
        "neurons": life.neurons,
        "synapses": life.synapses,
    }
    if network == "usage":
        row["told apart"], row["at birth"] = told_apart(brain, READ), told_apart(usage(seed), READ)
    return row
