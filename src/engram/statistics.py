"""Totals and per-region figures of a brain."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from engram.brain import Brain


@dataclass(frozen=True)
class RegionStats:
    """Figures of one region.

    Attributes
    ----------
    name : str
        Its name.
    region_type : str
        Its type, as "SENSORY".
    n_neurons : int
        The living.
    max_neurons : int
        How many there is room for.
    n_synapses : int
        Synapses of its own wiring.
    spikes : int
        Spikes since the start.
    rate : float
        Mean since the start, Hz.
    activity : float
        The recent rate, Hz.
    """

    name: str
    region_type: str
    n_neurons: int
    max_neurons: int
    n_synapses: int
    spikes: int
    rate: float
    activity: float


@dataclass(frozen=True)
class BrainStats:
    """Figures of a brain.

    Attributes
    ----------
    time : float
        Time since the start, ms.
    step : int
        Steps since the start.
    n_neurons : int
        The living, in all regions.
    n_synapses : int
        Synapses of all projections, own wiring included.
    spikes : int
        Spikes since the start.
    mean_activity : float
        The recent rate over all neurons, Hz.
    neurons_born, neurons_died : int
        By growth, since the start.
    synapses_born, synapses_pruned : int
        By growth, since the start.
    regions : tuple of RegionStats
        Figures of each region.
    """

    time: float
    step: int
    n_neurons: int
    n_synapses: int
    spikes: int
    mean_activity: float
    neurons_born: int
    neurons_died: int
    synapses_born: int
    synapses_pruned: int
    regions: tuple[RegionStats, ...]


def collect(brain: Brain) -> BrainStats:
    """The figures now.

    Parameters
    ----------
    brain : Brain
        Whose figures.

    Returns
    -------
    BrainStats
        They don't change any more.
    """
    seconds = max(brain.time, brain.dt) / 1000.0
    regions = []
    for region in brain.regions.values():
        spikes = int(brain._tables["region_spikes"][region._index])
        alive = region.n_alive_neurons
        regions.append(
            RegionStats(
                name=region.name,
                region_type=region.region_type.name,
                n_neurons=alive,
                max_neurons=region.max_neurons,
                n_synapses=region.n_alive_synapses,
                spikes=spikes,
                rate=spikes / max(alive, 1) / seconds,
                activity=region.mean_activity,
            )
        )
    total = sum(r.n_neurons for r in regions)
    grown = brain.growth.totals
    return BrainStats(
        time=brain.time,
        step=brain.step_count,
        n_neurons=total,
        n_synapses=sum(p.n_synapses for p in brain.projections),
        spikes=sum(r.spikes for r in regions),
        mean_activity=sum(r.activity * r.n_neurons for r in regions) / max(total, 1),
        neurons_born=grown["neurons_born"],
        neurons_died=grown["neurons_died"],
        synapses_born=grown["synapses_born"],
        synapses_pruned=grown["synapses_pruned"],
        regions=tuple(regions),
    )


def describe(brain: Brain) -> str:
    """The figures as text.

    Parameters
    ----------
    brain : Brain
        Whose figures.

    Returns
    -------
    str
        Several lines: totals, regions, projections.
    """
    s = collect(brain)
    lines = [
        f"Brain at {s.time / 1000:.3f} s (step {s.step}, dt {brain.dt:g} ms, seed {brain.seed})",
        f"{s.n_neurons} neurons, {s.n_synapses} synapses, {s.spikes} spikes, "
        f"{s.mean_activity:.1f} Hz on average now",
        f"grown: {s.neurons_born} neurons and {s.synapses_born} synapses born, "
        f"{s.neurons_died} neurons dead, {s.synapses_pruned} synapses pruned",
        "",
        f"{'region':<14}{'type':<13}{'neurons':>9}{'own syn.':>10}{'spikes':>11}{'Hz mean':>9}"
        f"{'Hz now':>8}",
    ]
    lines += [
        f"{r.name:<14}{r.region_type:<13}{r.n_neurons:>9}{r.n_synapses:>10}{r.spikes:>11}"
        f"{r.rate:>9.2f}{r.activity:>8.2f}"
        for r in s.regions
    ]
    pathways = [p for p in brain.projections if p.source != p.target]
    if pathways:
        lines += ["", f"{'projection':<28}{'synapses':>9}{'mean |w|':>10}{'dopamine':>10}"]
        for p in pathways:
            weight = float(abs(p.weight).mean()) if p.n_synapses else 0.0
            name = f"{p.source} -> {p.target}"
            lines.append(f"{name:<28}{p.n_synapses:>9}{weight:>10.3f}{p.dopamine:>10.3f}")
    return "\n".join(lines)
