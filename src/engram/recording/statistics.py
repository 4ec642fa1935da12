"""Totals and per-region figures of a brain."""

from __future__ import annotations

import math
from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from engram.errors import UnknownNameError
from engram.mechanisms.growth import Growth
from engram.mechanisms.growth.growth import COUNTS
from engram.network import efficacy, pathways, population
from engram.network.caller import warn
from engram.network.network import Network, Process, Saved, next_multiple
from engram.network.records import RegionRecord
from engram.network.shown import table
from engram.recording.trouble import KINDS, troubles

INTERVAL = 1000.0
"""Between entries of `Brain.stats_history`, ms."""

HISTORY = 10_000
"""Entries kept of it, the newest."""


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

    Examples
    --------
    >>> from engram import Brain
    >>> brain = Brain(seed=1)
    >>> cortex = brain.add_region("cortex", n_neurons=20)
    >>> brain.run(100)
    >>> stats = brain.stats()
    >>> stats.step, stats.n_neurons, stats.regions[0].name
    (100, 20, 'cortex')
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


def collect(network: Network) -> BrainStats:
    """The figures now.

    Parameters
    ----------
    network : Network
        Of the brain.

    Returns
    -------
    BrainStats
        Totals and figures by region.
    """
    seconds = max(network.time, network.dt) / 1000.0
    regions = []
    for region in network.regions.values():
        spikes = int(network.tables["region_spikes"][region.index])
        alive = population.n_alive(network, region)
        own = network.pathway("statistics", region.name, region.name)
        regions.append(
            RegionStats(
                name=region.name,
                region_type=region.region_type.name,
                n_neurons=alive,
                max_neurons=region.max_neurons,
                n_synapses=pathways.n_synapses(network, own),
                spikes=spikes,
                rate=spikes / max(alive, 1) / seconds,
                activity=_activity(network, region),
            )
        )
    total = sum(r.n_neurons for r in regions)
    grown = _grown(network)
    return BrainStats(
        time=network.time,
        step=network.step_count,
        n_neurons=total,
        n_synapses=sum(pathways.n_synapses(network, p) for p in network.pathways),
        spikes=sum(r.spikes for r in regions),
        mean_activity=sum(r.activity * r.n_neurons for r in regions) / max(total, 1),
        neurons_born=grown["neurons_born"],
        neurons_died=grown["neurons_died"],
        synapses_born=grown["synapses_born"],
        synapses_pruned=grown["synapses_pruned"],
        regions=tuple(regions),
    )


def _grown(network: Network) -> dict[str, int]:
    try:
        return network.find(Growth).totals
    except UnknownNameError:
        return dict.fromkeys(COUNTS, 0)


def _activity(network: Network, region: RegionRecord) -> float:
    """The running mean of a region's rate, of a short life over all of it."""
    lived = (network.step_count - network.last_reset) * network.dt
    share = -math.expm1(-lived / float(network.tables["tau_activity"][region.index]))
    return population.mean_activity(network, region) / share if share > 0.0 else 0.0


def describe(network: Network) -> str:
    """The figures as text.

    Parameters
    ----------
    network : Network
        Whose figures.

    Returns
    -------
    str
        Several lines: totals, regions, projections.
    """
    s = collect(network)
    lines = [
        f"Brain at {s.time / 1000:.3f} s (step {s.step}, dt {network.dt:g} ms, "
        f"seed {network.seed})",
        f"{s.n_neurons} neurons, {s.n_synapses} synapses, {s.spikes} spikes, "
        f"{s.mean_activity:.1f} Hz on average now",
        f"grown: {s.neurons_born} neurons and {s.synapses_born} synapses born, "
        f"{s.neurons_died} neurons dead, {s.synapses_pruned} synapses pruned",
        *_asleep(network),
        *switched_off(network),
        *troubles(network).values(),
        "",
        f"{'region':<14}{'type':<13}{'neurons':>9}{'own syn.':>10}{'spikes':>11}{'Hz mean':>9}"
        f"{'Hz now':>8}",
    ]
    lines += [
        f"{r.name:<14}{r.region_type:<13}{r.n_neurons:>9}{r.n_synapses:>10}{r.spikes:>11}"
        f"{r.rate:>9.2f}{r.activity:>8.2f}"
        for r in s.regions
    ]
    between = [p for p in network.pathways if not p.own]
    if between:
        lines += ["", f"{'projection':<28}{'synapses':>9}{'mean |w|':>10}{'dopamine':>10}"]
        for p in between:
            n = pathways.n_synapses(network, p)
            weight = float(efficacy.magnitude(network, p).mean()) if n else 0.0
            dopamine = efficacy.dopamine(network, p)
            name = f"{p.source} -> {p.target}" + (f" ({p.name})" if p.name else "")
            lines.append(f"{name:<28}{n:>9}{weight:>10.3f}{dopamine:>10.3f}")
    return "\n".join(lines)


def describe_html(network: Network) -> str:
    """The figures as HTML.

    Parameters
    ----------
    network : Network
        Whose figures.

    Returns
    -------
    str
        Tables of the regions and of the projections between them.
    """
    s = collect(network)
    head = ("region", "type", "neurons", "synapses within", "spikes", "Hz mean", "Hz now")
    rows = [
        (r.name, r.region_type, r.n_neurons, r.n_synapses, r.spikes, r.rate, r.activity)
        for r in s.regions
    ]
    off = "".join(f"; {line}" for line in (*switched_off(network), *troubles(network).values()))
    text = f"Brain at {s.time:g} ms, dt {network.dt:g} ms, seed {network.seed}{off}"
    found = [table(text, head, rows)]
    between = [p for p in network.pathways if p.source != p.target]
    if between:
        lines = [
            (
                p.label.partition(":")[2],
                pathways.n_synapses(network, p),
                "none" if p.rule is None else type(p.rule).__name__,
                "yes" if p.frozen else "no",
            )
            for p in between
        ]
        found.append(table("Projections", ("projection", "synapses", "rule", "frozen"), lines))
    return "\n".join(found)


OFF = {
    "plasticity": "all learning (frozen)",
    "default_rule": "plasticity unless a rule is given",
    "structural_plasticity": "growth and metaplasticity",
    "homeostatic_scaling": "synaptic scaling",
    "adaptive_thresholds": "adaptive thresholds",
}
"""What a switch stops, where its name does not say it."""


def _asleep(network: Network) -> list[str]:
    until = network.asleep_until
    return [] if until is None else [f"asleep until {until * network.dt:g} ms"]


def switched_off(network: Network) -> list[str]:
    """What is switched off, as text.

    Parameters
    ----------
    network : Network
        Of the brain.

    Returns
    -------
    list of str
        One line; none if everything is on.
    """
    names = [OFF.get(name, name) for name, off in network.frozen.items() if off]
    return [f"off: {', '.join(names)}"] if names else []


class Statistics(Process):
    """Notes down the figures of a brain once a second, and warns once of a region in trouble."""

    name = "statistics"
    order = 50

    def __init__(self, **values: Any) -> None:
        super().__init__(**values)
        self._history: deque[BrainStats] = deque(maxlen=HISTORY)
        self._known: set[tuple[int, str]] = set()

    @property
    def history(self) -> deque[BrainStats]:
        """The latest figures, 10,000 at most."""
        return self._history

    def next_act(self, step: int) -> int | None:
        """The next second.

        Parameters
        ----------
        step : int
            Of the brain.

        Returns
        -------
        int
            The first after `step`.
        """
        return next_multiple(step, self.network.steps(INTERVAL))

    def act(self, step: int) -> None:  # noqa: ARG002
        """Note down the figures.

        Parameters
        ----------
        step : int
            Of the brain.
        """
        died = self._history[-1].neurons_died if self._history else 0
        self._history.append(collect(self.network))
        for (region, kind), text in troubles(self.network).items():
            # Of neurons that were killed by hand everybody knows.
            expected = kind == "dying out" and self._history[-1].neurons_died == died
            if (region, kind) not in self._known and not expected:
                self._known.add((region, kind))
                warn(f"{text}; {KINDS[kind][1]}")

    def region_removed(self, region: RegionRecord, spikes: int) -> None:  # noqa: ARG002
        """Leave its figures out of the history; the totals of that time stay.

        Parameters
        ----------
        region : RegionRecord
            What it was.
        spikes : int
            Not needed.
        """
        for k, entry in enumerate(self._history):
            left = tuple(r for r in entry.regions if r.name != region.name)
            self._history[k] = replace(entry, regions=left)

    def region_renamed(self, old: str, new: str, labels: Mapping[str, str]) -> None:  # noqa: ARG002
        """Give its figures its other name.

        Parameters
        ----------
        old, new : str
            Its names.
        labels : mapping of str to str
            Not needed.
        """
        for k, entry in enumerate(self._history):
            found = tuple(replace(r, name=new) if r.name == old else r for r in entry.regions)
            self._history[k] = replace(entry, regions=found)

    def save(self) -> Saved:
        """The history."""
        return {"stats_history": list(self._history)}, {}

    def restore(self, values: dict[str, Any], arrays: dict[str, Any]) -> None:  # noqa: ARG002
        """Take up the history of a saved brain.

        Parameters
        ----------
        values, arrays : dict
            By name, as `save` returned them.
        """
        self._history.extend(values["stats_history"])
