"""A brain as a whole: its growth; and the phase plane of a neuron."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Protocol

import numpy as np
from matplotlib.ticker import MaxNLocator

from engram.errors import InvalidTypeError, InvalidValueError
from engram.plots.recordings import STATE_LABELS
from engram.plots.style import COLORS, FAINT, axes_for, style, time_axis, title
from engram.projection import Projection
from engram.recording import StateRecorder
from engram.recording.statistics import BrainStats
from engram.region import Region

if TYPE_CHECKING:
    from matplotlib.axes import Axes


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
