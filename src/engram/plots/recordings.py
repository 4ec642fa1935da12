"""Spikes, states and rates over time."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import ArrayLike, NDArray

from engram.errors import InvalidTypeError, InvalidValueError, integer
from engram.neurons import NeuronModel
from engram.plots.style import COLORS, FAINT, INK, axes_for, legend, style, time_axis, title
from engram.recording import RateRecorder, SpikeRecorder, StateRecorder, WeightRecorder

if TYPE_CHECKING:
    from matplotlib.axes import Axes

FEW = 2000
"""Spikes up to which marks of a raster are large."""

NUMBERED = 24.0
"""Points of height from which on a region's first and last neuron are numbered in a raster."""

WEIGHT = "weight (unit of the target's model)"

Spikes = Mapping[str, tuple[ArrayLike, ArrayLike]]
"""(times in ms, neurons) by region."""

Rates = Mapping[str, tuple[ArrayLike, ArrayLike]]
"""(ends of bins in ms, rates in Hz) by region."""

STATE_LABELS = {
    "v": "membrane potential (mV)",
    "theta": "adaptive threshold (unit of the model)",
    "activity": "rate (Hz)",
    "exc": "excitatory input (unit of the model)",
    "inh": "inhibitory input (unit of the model)",
    "u": "recovery u (unit of the model)",
}


def weight_label(model: NeuronModel) -> str:
    """What an axis of weights is called.

    Parameters
    ----------
    model : NeuronModel
        Of the neurons that the synapses end on.

    Returns
    -------
    str
        With the unit: conductances are relative to the leak, currents in the unit of the model.
    """
    name = type(model).__name__
    unit = "leak conductances" if model.conductance else f"{name}'s unit of input"
    return f"weight ({unit})"


def raster(
    spikes: SpikeRecorder | Spikes,
    ax: Axes | None = None,
    *,
    start: float | None = None,
    stop: float | None = None,
    unit: str | None = None,
    most: int = 1000,
    rate: bool | None = None,
    colors: Mapping[str, str] | None = None,
) -> Axes:
    """Every spike as a mark; regions are stacked, each in its colour (and its number of neurons).

    Of more than `most` neurons every so many-th is drawn, so that marks can be told apart; then a
    panel below has the mean rates of all of them.

    Parameters
    ----------
    spikes : SpikeRecorder, or mapping of str to (times, neurons)
        A recorder, or (times in ms, neurons) by region.
    ax : Axes, optional
        Where to draw. None: a new figure.
    start, stop : float, optional
        What to show, ms. None: all that was recorded; of a mapping, from the first spike to the
        last.
    unit : str, optional
        Of the time axis: "ms", "s", "min" or "h". None: as suits.
    most : int
        Most neurons drawn.
    rate : bool, optional
        Whether there is a panel with rates. None: if not all neurons are drawn.
    colors : mapping of str to str, optional
        By region.

    Returns
    -------
    Axes
        Where it was drawn.

    Raises
    ------
    InvalidTypeError
        `spikes` is something else.
    InvalidValueError
        There are no regions, `most` is below 1, or there is no such unit.

    Examples
    --------
    >>> from engram import plots
    >>> ax = plots.raster({"eye": ([1.0, 5.0], [0, 1]), "cortex": ([3.0], [7])}, unit="ms")
    >>> ax.get_xlabel()
    'time (ms)'
    """
    integer("plots.raster: most", most, 1)
    ax = axes_for(ax, height=4.0)
    data, sizes, names = _by_region(spikes)
    every = np.concatenate([np.asarray(times, np.float64) for times, _ in data.values()])
    if isinstance(spikes, SpikeRecorder):
        ends = spikes.span
    else:
        ends = (float(every.min()), float(every.max())) if len(every) else (0.0, 1.0)
    first, last = ends[0] if start is None else start, ends[1] if stop is None else stop
    scale = time_axis("plots.raster", ax, first, last, unit)
    total = sum(sizes.values())
    stride = -(-total // most)
    if stride > 1:
        names = {n: f"{text}, 1 in {stride}" for n, text in names.items()}
    gap = max(2.0, 0.04 * total)
    height = total + gap * (len(sizes) - 1)
    inches = ax.get_window_extent().height / ax.figure.dpi
    row = 72 * inches / height
    n_spikes = np.count_nonzero((every >= first) & (every <= last))
    bottom, ticks, numbers = 0.0, [], []
    for k, (name, (times, neurons)) in enumerate(data.items()):
        at, who = np.asarray(times, np.float64), np.asarray(neurons, np.float64)
        shown = (at >= first) & (at <= last) & (who % stride == 0)
        color = (colors or {}).get(name, COLORS[k % len(COLORS)])
        ax.plot(
            at[shown] / scale,
            bottom + who[shown] + 0.5,
            "|",
            color=color,
            rasterized=True,
            # A few marks must be seen, many must not run into each other.
            markersize=max(1.2 if n_spikes > FEW else 4.0, 0.9 * row * stride),
            markeredgewidth=0.6 if n_spikes > FEW else 1.2,
        )
        ticks.append((bottom + sizes[name] / 2, names[name], color))
        if sizes[name] * row > NUMBERED:
            numbers += [(bottom + 0.5, "0"), (bottom + sizes[name] - 0.5, f"{sizes[name] - 1}")]
        bottom += sizes[name] + gap
    ax.set_ylim(bottom - gap, 0.0)
    _name_regions(ax, ticks, numbers)
    if stride > 1 if rate is None else rate:
        tones = {name: color for name, (_, _, color) in zip(data, ticks, strict=True)}
        _rates_below(ax, data, sizes, (first, last, scale), tones)
    return ax


def _by_region(spikes: SpikeRecorder | Spikes) -> tuple[Spikes, dict[str, int], dict[str, str]]:
    """Spikes, numbers of neurons and labels by region."""
    if isinstance(spikes, SpikeRecorder):
        sizes = spikes.sizes
        names = {name: f"{name} ({n})" for name, n in sizes.items()}
        data: Spikes = {name: spikes.spikes(name) for name in spikes.regions}
    elif isinstance(spikes, Mapping):
        data = spikes
        sizes = {n: 1 + int(np.max(neurons, initial=0)) for n, (_, neurons) in data.items()}
        names = {name: name for name in data}
    else:
        raise InvalidTypeError(
            f"plots.raster: spikes must be a SpikeRecorder or a mapping of regions to (times, "
            f"neurons), not {type(spikes).__name__}"
        )
    if not data:
        raise InvalidValueError("plots.raster: there are no regions")
    return data, sizes, names


def _name_regions(
    ax: Axes, ticks: Sequence[tuple[float, str, str]], numbers: Sequence[tuple[float, str]]
) -> None:
    """Names of the regions, and numbers of their first and last neurons."""
    ax.set_ylabel("neuron, by region")
    ax.set_yticks([t for t, _, _ in ticks], [label for _, label, _ in ticks])
    ax.set_yticks([t for t, _ in numbers], [text for _, text in numbers], minor=True)
    ax.tick_params(axis="y", which="minor", length=2, color=FAINT, labelcolor=INK, labelsize=7)
    for text, (_, _, color) in zip(ax.get_yticklabels(), ticks, strict=True):
        text.set_color(color)
    widest = max((len(text) for _, text in numbers), default=0)
    ax.tick_params(axis="y", which="major", length=0, pad=5 + 5 * widest)
    ax.spines["left"].set_visible(False)


def _rates_below(
    ax: Axes,
    data: Spikes,
    sizes: Mapping[str, int],
    span: tuple[float, float, float],
    colors: Mapping[str, str],
) -> None:
    """A panel under a raster with the mean rate of each region, in fifty bins or so.

    They are smoothed (1, 2, 1), so that one bin with a volley does not hide the rest.
    """
    first, last, scale = span
    # Whole ms, so that a bin has as many steps as the next.
    width = max(1.0, np.ceil((last - first) / 50.0))
    edges = np.floor(first) - 1e-6 + np.arange(0.0, max(last - first, 1.0) + 1e-6, width)
    panel = style(ax.inset_axes((0.0, -0.34, 1.0, 0.28)))
    for name, (times, _) in data.items():
        counts, _ = np.histogram(np.asarray(times, np.float64), edges)
        hertz = counts / max(sizes[name], 1) / width * 1000.0
        kernel = np.array((1.0, 2.0, 1.0))
        share = np.convolve(np.ones(len(hertz)), kernel)[1:-1]
        hertz = np.convolve(hertz, kernel)[1:-1] / share
        panel.plot((edges[1:] - width / 2) / scale, hertz, color=colors[name], linewidth=1.2)
    panel.set_xlim(ax.get_xlim())
    panel.set_ylim(bottom=0.0)
    panel.set_xlabel(ax.get_xlabel())
    panel.set_ylabel("rate (Hz)")
    ax.set_xlabel("")
    ax.tick_params(labelbottom=False)


def traces(
    recorder: StateRecorder | WeightRecorder,
    ax: Axes | None = None,
    *,
    neurons: Sequence[int] | None = None,
    spikes: SpikeRecorder | None = None,
    peak: float = 30.0,
    offset: float = 0.0,
    unit: str | None = None,
) -> Axes:
    """A state variable or weights over time, one line a neuron or synapse.

    Models that jump at a spike (integrate-and-fire) show no peak by themselves; with `spikes` one
    is drawn at each.

    Parameters
    ----------
    recorder : StateRecorder or WeightRecorder
        What was recorded.
    ax : Axes, optional
        Where to draw. None: a new figure.
    neurons : sequence of int, optional
        Which neurons; of weights: synapses onto which. None: the first six recorded.
    spikes : SpikeRecorder, optional
        Of the same region, to draw spikes up to `peak`.
    peak : float
        Top of a drawn spike, in the unit of the variable.
    offset : float
        By how much each line is above the one before, in the unit of the variable. If not 0, the
        axis names lines, and a bar at the right has the scale.
    unit : str, optional
        Of the time axis: "ms", "s", "min" or "h". None: as suits.

    Returns
    -------
    Axes
        Where it was drawn.

    Raises
    ------
    InvalidTypeError
        It is another recorder.
    InvalidValueError
        A neuron was not recorded, or there is no such unit.

    Examples
    --------
    >>> from engram import Brain, plots
    >>> brain = Brain(seed=1)
    >>> region = brain.add_region("cells", n_neurons=10, background=8.0)
    >>> v, spikes = brain.record("v", "cells", neurons=[0, 1]), brain.record("spikes")
    >>> brain.run(100)
    >>> plots.traces(v, spikes=spikes, offset=100.0).get_xlabel()
    'time (ms)'
    """
    if isinstance(recorder, WeightRecorder):
        whose, label = recorder.post, weight_label(recorder.target_model)
        name = recorder.label.partition(":")[2]
        pairs = zip(recorder.pre.tolist(), whose.tolist(), strict=True)
        lines = [f"{i} \u2192 {j}" for i, j in pairs]
        name = name.replace("->", " \u2192 ")
    elif isinstance(recorder, StateRecorder):
        whose, name = recorder.neurons, recorder.region
        label = STATE_LABELS.get(recorder.variable, recorder.variable)
        lines = [f"neuron {i}" for i in whose.tolist()]
    else:
        raise InvalidTypeError(
            f"plots.traces: recorder must be one of states or weights, not "
            f"{type(recorder).__name__}"
        )
    columns = np.arange(len(whose))[:6]
    if neurons is not None:
        missing = np.setdiff1d(neurons, whose)
        if len(missing):
            raise InvalidValueError(f"plots.traces: neuron {missing[0]} was not recorded")
        columns = np.concatenate([np.flatnonzero(whose == i) for i in neurons])
    ax = axes_for(ax)
    times, values = recorder.times, recorder.values
    scale = time_axis("plots.traces", ax, *_ends(times), unit)
    for k, column in enumerate(columns.tolist()):
        color, base = COLORS[k % len(COLORS)], k * offset
        line = values[:, column] + base
        ax.plot(times / scale, line, color=color, linewidth=1.0, label=lines[column])
        if spikes is not None:
            _draw_spikes(ax, recorder, spikes, column, (scale, base, peak + base, color))
    title(ax, name)
    if offset and len(columns):
        middle = [float(np.nanmedian(values[:, c])) + k * offset for k, c in enumerate(columns)]
        ax.set_yticks(middle, [lines[c] for c in columns.tolist()])
        for k, text in enumerate(ax.get_yticklabels()):
            text.set_color(COLORS[k % len(COLORS)])
        _scale_bar(ax, label, abs(offset))
    else:
        ax.set_ylabel(label)
        if len(columns) > 1:
            legend(ax)
    return ax


def _scale_bar(ax: Axes, label: str, offset: float) -> None:
    """At the right of lines that are set apart: their axis has no values of its own."""
    words, _, unit = label.removesuffix(")").partition(" (")
    length = float(f"{0.5 * offset:.1g}")
    low, high = ax.get_ylim()
    foot = low + 0.5 * (high - low - length)
    side = ax.get_yaxis_transform()
    ax.set_ylabel(f"{words}, lines set apart")
    ax.annotate(
        "",
        (1.02, foot),
        (1.02, foot + length),
        xycoords=side,
        annotation_clip=False,
        arrowprops={"arrowstyle": "-", "color": INK, "linewidth": 1.8, "shrinkA": 0, "shrinkB": 0},
    )
    text = f"{length:g} {unit}".replace("unit of the", "units of\nthe")
    ax.text(1.03, foot + length / 2, text, transform=side, va="center", fontsize=9, color=INK)
    ax.set_ylim(low, high)


def _draw_spikes(
    ax: Axes,
    recorder: StateRecorder | WeightRecorder,
    spikes: SpikeRecorder,
    column: int,
    drawn: tuple[float, float, float, str],
) -> None:
    """A line up to the peak at each spike of one neuron."""
    if not isinstance(recorder, StateRecorder) or not isinstance(spikes, SpikeRecorder):
        raise InvalidTypeError("plots.traces: spikes are a SpikeRecorder, and go with states only")
    scale, base, peak, color = drawn
    at, who = spikes.spikes(recorder.region)
    times = recorder.times
    if not len(times):
        return
    mine = at[(who == recorder.neurons[column]) & (at >= times[0]) & (at <= times[-1])]
    before = np.maximum(np.searchsorted(times, mine) - 1, 0)
    foot = recorder.values[before, column] + base
    ax.vlines(mine / scale, foot, peak, color=color, linewidth=1.0)


def _ends(times: NDArray[np.float64]) -> tuple[float, float]:
    return (float(times[0]), float(times[-1])) if len(times) else (0.0, 1.0)


def rates(
    recorder: RateRecorder | Rates,
    ax: Axes | None = None,
    *,
    window: float | None = None,
    unit: str | None = None,
    colors: Mapping[str, str] | None = None,
) -> Axes:
    """The mean rate of regions over time.

    Parameters
    ----------
    recorder : RateRecorder, or mapping of str to (times, rates)
        A recorder, or (ends of equal bins in ms, rates in Hz) by region.
    ax : Axes, optional
        Where to draw. None: a new figure.
    window : float, optional
        What to average over, ms. None: a hundredth of the recording.
    unit : str, optional
        Of the time axis: "ms", "s", "min" or "h". None: as suits.
    colors : mapping of str to str, optional
        By region.

    Returns
    -------
    Axes
        Where it was drawn.

    Raises
    ------
    InvalidTypeError
        `recorder` is something else.
    InvalidValueError
        There are no regions, or there is no such unit.

    Examples
    --------
    >>> from engram import plots
    >>> ax = plots.rates({"cortex": ([10.0, 20.0, 30.0], [4.0, 6.0, 5.0])})
    >>> ax.get_ylabel()
    'mean rate (Hz)'
    """
    ax = axes_for(ax)
    if isinstance(recorder, RateRecorder):
        at, values = recorder.times, recorder.values
        data: Rates = {name: (at, values[:, k]) for k, name in enumerate(recorder.regions)}
    elif isinstance(recorder, Mapping):
        data = recorder
    else:
        raise InvalidTypeError(
            f"plots.rates: recorder must be a RateRecorder or a mapping of regions to (times, "
            f"rates), not {type(recorder).__name__}"
        )
    if not data:
        raise InvalidValueError("plots.rates: there are no regions")
    ends = np.unique(np.concatenate([np.asarray(t, np.float64) for t, _ in data.values()]))
    step = float(ends[1] - ends[0]) if len(ends) > 1 else 1.0
    first, last = _ends(ends)
    scale = time_axis("plots.rates", ax, first - step, last, unit)
    span = len(ends) * step / 100 if window is None else window
    for k, (name, (given, hertz)) in enumerate(data.items()):
        times, mean = np.asarray(given, np.float64), np.asarray(hertz, np.float64)
        n = max(1, min(round(span / step), len(times)))
        if n > 1:
            # Means over n bins, drawn at their middle.
            mean = np.convolve(mean, np.full(n, 1.0 / n), "valid")
            times = times[n - 1 :] - (n - 1) * step / 2
        color = (colors or {}).get(name, COLORS[k % len(COLORS)])
        ax.plot((times - step / 2) / scale, mean, color=color, linewidth=1.3, label=name)
    ax.set_ylim(bottom=0.0)
    ax.set_ylabel("mean rate (Hz)")
    if len(data) > 1:
        legend(ax)
    return ax
