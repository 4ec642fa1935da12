"""A brain as a whole: its growth, its network; and the phase plane of a neuron."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, Protocol

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.lines import Line2D
from matplotlib.patches import FancyArrowPatch
from matplotlib.ticker import MaxNLocator

from engram.errors import InvalidTypeError, InvalidValueError
from engram.plots.recordings import STATE_LABELS
from engram.plots.style import COLORS, FAINT, INK, axes_for, style, time_axis, title
from engram.projection import Projection
from engram.recording import StateRecorder
from engram.recording.statistics import BrainStats
from engram.region import Region
from engram.synapses import Neurotransmitter

if TYPE_CHECKING:
    from matplotlib.axes import Axes

TRANSMITTERS = dict(zip(Neurotransmitter, COLORS, strict=False))
"""The colour of each transmitter."""


class Grown(Protocol):
    """A `Brain`: it has regions, projections, and figures since it began."""

    @property
    def regions(self) -> Mapping[str, Region]:
        """By name."""

    @property
    def projections(self) -> Sequence[Projection]:
        """All pathways."""


def growth(
    history: Sequence[BrainStats], ax: Axes | None = None, *, unit: str | None = None
) -> Axes:
    """How many neurons and synapses there are, over time.

    Parameters
    ----------
    history : sequence of BrainStats
        `Brain.stats_history`, or what you collected yourself.
    ax : Axes, optional
        Where to draw the neurons; an axis at the right has the synapses. None: a new figure.
    unit : str, optional
        Of the time axis: "ms", "s", "min" or "h". None: as suits.

    Returns
    -------
    Axes
        That of the neurons.

    Raises
    ------
    InvalidValueError
        There are no figures, or there is no such unit.

    Examples
    --------
    >>> from engram import Brain, plots
    >>> brain = Brain(seed=1)
    >>> region = brain.add_region("cells", n_neurons=20)
    >>> brain.run(2000)
    >>> plots.growth(brain.stats_history, unit="s").get_ylabel()
    'neurons'
    """
    where = "plots.growth"
    figures = list(history)
    if not figures:
        raise InvalidValueError(f"{where}: there are no figures; run the brain for a second first")
    ax = axes_for(ax)
    times = np.array([f.time for f in figures])
    scale = time_axis(where, ax, float(times[0]), float(times[-1]), unit)
    other = ax.twinx()
    style(other).spines["right"].set_visible(True)
    other.spines["right"].set_color(FAINT)
    for axis, values, color, label in (
        (ax, [f.n_neurons for f in figures], COLORS[0], "neurons"),
        (other, [f.n_synapses for f in figures], COLORS[1], "synapses"),
    ):
        axis.plot(times / scale, values, color=color, linewidth=1.5, label=label)
        axis.set_ylabel(label)
        axis.yaxis.label.set_color(color)
        axis.yaxis.set_major_locator(MaxNLocator(6, integer=True))
    return ax


def phase(
    x: StateRecorder, y: StateRecorder, ax: Axes | None = None, *, neuron: int | None = None
) -> Axes:
    """Two states of one neuron against each other, from light to dark as time goes on.

    Parameters
    ----------
    x, y : StateRecorder
        Of the same region, at the same times: `v` and `u` of an Izhikevich neuron, say.
    ax : Axes, optional
        Where to draw. None: a new figure.
    neuron : int, optional
        Which. None: the first that was recorded.

    Returns
    -------
    Axes
        Where it was drawn.

    Raises
    ------
    InvalidTypeError
        One is another recorder.
    InvalidValueError
        They don't go together, or the neuron was not recorded.

    Examples
    --------
    >>> from engram import Brain, plots
    >>> brain = Brain(seed=1)
    >>> region = brain.add_region("cell", n_neurons=1, background=10.0)
    >>> v, u = brain.record("v", "cell"), brain.record("u", "cell")
    >>> brain.run(200)
    >>> plots.phase(v, u).get_xlabel()
    'membrane potential (mV)'
    """
    where = "plots.phase"
    for recorder in (x, y):
        if not isinstance(recorder, StateRecorder):
            raise InvalidTypeError(
                f"{where}: x and y must be recorders of states, not {type(recorder).__name__}"
            )
    if x.region != y.region or not np.array_equal(x.times, y.times):
        raise InvalidValueError(f"{where}: x and y must be of one region and of the same times")
    who = int(x.neurons[0]) if neuron is None else neuron
    if who not in x.neurons or who not in y.neurons:
        raise InvalidValueError(f"{where}: neuron {who} was not recorded")
    ax = axes_for(ax, 5.0, 4.2)
    a = x.values[:, np.flatnonzero(x.neurons == who)[0]]
    b = y.values[:, np.flatnonzero(y.neurons == who)[0]]
    ax.plot(a, b, color=FAINT, linewidth=0.7, zorder=1)
    ax.scatter(a, b, c=np.arange(len(a)), cmap="Blues", vmin=-0.4 * len(a), s=7, zorder=2)
    ax.set_xlabel(STATE_LABELS.get(x.variable, x.variable))
    ax.set_ylabel(STATE_LABELS.get(y.variable, y.variable))
    title(ax, f"{x.region}, neuron {who}")
    return ax


def network(brain: Grown, ax: Axes | None = None) -> Axes:
    """The regions of a brain and the pathways between them.

    A disc's area goes with the number of neurons, an arrow's width with that of synapses, its
    colour says the transmitter (the most frequent one). A region's own wiring is a loop.

    Parameters
    ----------
    brain : Brain
        Which.
    ax : Axes, optional
        Where to draw. None: a new figure.

    Returns
    -------
    Axes
        Where it was drawn.

    Raises
    ------
    InvalidValueError
        It has no regions.

    Examples
    --------
    >>> from engram import Brain, plots
    >>> brain = Brain(seed=1)
    >>> a, b = brain.add_region("a"), brain.add_region("b")
    >>> path = brain.connect_regions("a", "b")
    >>> [text.get_text() for text in plots.network(brain).texts][:2]
    ['a\\n50', 'b\\n50']
    """
    names = list(brain.regions)
    if not names:
        raise InvalidValueError("plots.network: the brain has no regions")
    if ax is None:
        ax = plt.subplots(figsize=(6.0, 5.0), layout="constrained")[1]
    ax.set_axis_off()
    ax.set_aspect("equal")
    turns = 2 * np.pi * np.arange(len(names)) / len(names)
    far = 0.0 if len(names) == 1 else 1.0
    # The first at the left; clockwise.
    places = {n: far * np.array((-np.cos(t), np.sin(t))) for n, t in zip(names, turns, strict=True)}
    sizes = {name: region.n_alive_neurons for name, region in brain.regions.items()}
    most = max(*sizes.values(), 1)
    radius = {n: 0.17 + 0.12 * np.sqrt(count / most) for n, count in sizes.items()}
    pathways = [p for p in brain.projections if p.n_synapses]
    thick = max((p.n_synapses for p in pathways), default=1)
    discs = {}
    for name, at in places.items():
        discs[name] = plt.Circle(at, radius[name], facecolor="white", edgecolor=INK, zorder=3)
        ax.add_patch(discs[name])
        label = f"{name}\n{sizes[name]:,}"
        ax.text(float(at[0]), float(at[1]), label, ha="center", va="center", fontsize=9, zorder=4)
    for pathway in pathways:
        width = 1.0 + 4.0 * np.sqrt(pathway.n_synapses / thick)
        _arrow(ax, pathway, discs, width)
    used = dict.fromkeys(_transmitter(p) for p in pathways)
    lines = [Line2D([], [], color=TRANSMITTERS[nt], linewidth=2.5) for nt in used]
    if lines:
        words = [n.name if n is Neurotransmitter.GABA else n.name.lower() for n in used]
        ax.legend(
            lines,
            words,
            loc="lower center",
            bbox_to_anchor=(0.5, -0.1),
            ncols=len(lines),
            frameon=False,
            fontsize=9,
            labelcolor=INK,
        )
    ax.set_xlim(-1.75, 1.75)
    ax.set_ylim(-1.6, 1.6)
    return ax


def _transmitter(pathway: Projection) -> Neurotransmitter:
    return Neurotransmitter(int(np.bincount(pathway.nt).argmax()))


def _arrow(ax: Axes, pathway: Projection, discs: Mapping[str, Any], width: float) -> None:
    """One pathway: an arrow that bends, or a loop outside of the region."""
    color = TRANSMITTERS[_transmitter(pathway)]
    a, b = discs[pathway.source], discs[pathway.target]
    if a is b:
        length = float(np.hypot(*a.center))
        out = np.array(a.center) / length if length else np.array((0.0, 1.0))
        at = out * (length + a.radius + 0.09)
        loop = plt.Circle(at, 0.16, fill=False, edgecolor=color, linewidth=width, zorder=1)
        ax.add_patch(loop)
        return
    arrow = FancyArrowPatch(
        a.center,
        b.center,
        connectionstyle="arc3,rad=0.16",
        arrowstyle="-|>",
        color=color,
        linewidth=width,
        mutation_scale=9 + 2 * width,
        zorder=2,
        patchA=a,
        patchB=b,
        shrinkA=2,
        shrinkB=2,
    )
    ax.add_patch(arrow)
