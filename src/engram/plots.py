"""Pictures of recordings and of pathways (`pip install ".[viz]"`).

Every function draws into `ax` (a new figure's by default) and returns it.

Examples
--------
>>> recorder = brain.record("spikes")                        # doctest: +SKIP
>>> brain.run(1000)                                          # doctest: +SKIP
>>> plots.raster(recorder).figure.savefig("spikes.png")      # doctest: +SKIP
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from engram.errors import InvalidTypeError, InvalidValueError, MissingExtraError
from engram.parameters.listing import public_names
from engram.projection import Projection
from engram.recording import RateRecorder, SpikeRecorder, StateRecorder, WeightRecorder

try:
    import matplotlib.pyplot as plt
    from matplotlib.colors import LinearSegmentedColormap, TwoSlopeNorm
    from matplotlib.ticker import MaxNLocator
except ImportError as _error:
    raise MissingExtraError("engram.plots", "matplotlib", "viz") from _error

if TYPE_CHECKING:
    from matplotlib.axes import Axes

COLORS = ("#0072b2", "#d55e00", "#009e73", "#cc79a7", "#e69f00", "#56b4e9", "#444444")
"""Okabe and Ito's palette, told apart by the colour-blind too."""

INK, FAINT = "#333333", "#b8b8b8"

Spikes = Mapping[str, tuple[ArrayLike, ArrayLike]]
"""(times in ms, neurons) by region."""

Rates = Mapping[str, tuple[ArrayLike, ArrayLike]]
"""(ends of bins in ms, rates in Hz) by region."""

_STATE_LABELS = {
    "v": "membrane potential (mV)",
    "theta": "adaptive threshold",
    "activity": "rate (Hz)",
    "exc": "excitatory input",
    "inh": "inhibitory input",
    "u": "recovery u",
}


def style(ax: Axes) -> Axes:
    """Take away what carries no information: box, ticks on bare sides, heavy lines.

    Parameters
    ----------
    ax : Axes
        What to style.

    Returns
    -------
    Axes
        The same.
    """
    ax.spines[["top", "right"]].set_visible(False)
    ax.spines[["left", "bottom"]].set_color(FAINT)
    ax.tick_params(colors=INK, labelcolor=INK, color=FAINT, labelsize=9)
    ax.xaxis.label.set_color(INK)
    ax.yaxis.label.set_color(INK)
    ax.title.set_color(INK)
    return ax


def title(ax: Axes, text: str) -> None:
    """Write a title at the left edge.

    Parameters
    ----------
    ax : Axes
        Where.
    text : str
        The title.
    """
    ax.set_title(text, loc="left", fontsize=10, fontweight="bold", color=INK)


def legend(ax: Axes) -> None:
    """Draw a legend to the right of the data.

    Parameters
    ----------
    ax : Axes
        Where; what is drawn there has labels.
    """
    ax.legend(
        loc="upper left",
        bbox_to_anchor=(1.01, 1.0),
        borderaxespad=0.0,
        frameon=False,
        fontsize=9,
        labelcolor=INK,
        handlelength=1.4,
    )


def _axes(ax: Axes | None, width: float = 8.0, height: float = 3.2) -> Axes:
    if ax is not None:
        return style(ax)
    return style(plt.subplots(figsize=(width, height), layout="constrained")[1])


def _time_axis(ax: Axes, first: float, last: float) -> float:
    """Limits and label of a time axis from `first` to `last` ms; returns its unit in ms."""
    unit, name = (1000.0, "s") if last - first >= 3000.0 else (1.0, "ms")
    ax.set_xlim(first / unit, max(last, first + 1.0) / unit)
    ax.set_xlabel(f"time ({name})")
    return unit


def raster(
    spikes: SpikeRecorder | Spikes,
    ax: Axes | None = None,
    *,
    start: float | None = None,
    stop: float | None = None,
    colors: Mapping[str, str] | None = None,
) -> Axes:
    """Every spike as a mark; regions are stacked, each in its colour (and its number of neurons).

    Parameters
    ----------
    spikes : SpikeRecorder, or mapping of str to (times, neurons)
        A recorder, or (times in ms, neurons) by region.
    ax : Axes, optional
        Where to draw. None: a new figure.
    start, stop : float, optional
        What to show, ms. None: from the first spike, to the last.
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
        There are no regions.
    """
    ax = _axes(ax, height=4.0)
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
    every = np.concatenate([np.asarray(times, np.float64) for times, _ in data.values()])
    first = float(every.min(initial=np.inf)) if start is None else start
    last = float(every.max(initial=-np.inf)) if stop is None else stop
    if not np.isfinite([first, last]).all():
        first, last = 0.0, 1.0
    unit = _time_axis(ax, first, last)
    total = sum(sizes.values())
    gap = max(2.0, 0.04 * total)
    height = total + gap * (len(sizes) - 1)
    inches = ax.get_window_extent().height / ax.figure.dpi
    bottom, ticks = 0.0, []
    for k, (name, (times, neurons)) in enumerate(data.items()):
        at, who = np.asarray(times, np.float64), np.asarray(neurons, np.float64)
        shown = (at >= first) & (at <= last)
        color = (colors or {}).get(name, COLORS[k % len(COLORS)])
        ax.plot(
            at[shown] / unit,
            bottom + who[shown] + 0.5,
            "|",
            color=color,
            rasterized=True,
            markersize=max(1.2, 0.9 * 72 * inches / height),
            markeredgewidth=0.6,
        )
        ticks.append((bottom + sizes[name] / 2, names[name], color))
        bottom += sizes[name] + gap
    ax.set_ylim(bottom - gap, 0.0)
    ax.set_ylabel("neurons by region")
    ax.set_yticks([t for t, _, _ in ticks], [label for _, label, _ in ticks])
    for text, (_, _, color) in zip(ax.get_yticklabels(), ticks, strict=True):
        text.set_color(color)
    ax.tick_params(axis="y", length=0)
    ax.spines["left"].set_visible(False)
    return ax


def traces(
    recorder: StateRecorder | WeightRecorder,
    ax: Axes | None = None,
    *,
    neurons: Sequence[int] | None = None,
) -> Axes:
    """A state variable or weights over time, one line a neuron or synapse.

    Parameters
    ----------
    recorder : StateRecorder or WeightRecorder
        What was recorded.
    ax : Axes, optional
        Where to draw. None: a new figure.
    neurons : sequence of int, optional
        Which neurons; of weights: synapses onto which. None: the first six recorded.

    Returns
    -------
    Axes
        Where it was drawn.

    Raises
    ------
    InvalidTypeError
        It is another recorder.
    InvalidValueError
        A neuron was not recorded.
    """
    if isinstance(recorder, WeightRecorder):
        whose, label, name = recorder.post, "weight", recorder.label.partition(":")[2]
        pairs = zip(recorder.pre.tolist(), whose.tolist(), strict=True)
        lines = [f"{i} \u2192 {j}" for i, j in pairs]
        name = name.replace("->", " \u2192 ")
    elif isinstance(recorder, StateRecorder):
        whose, name = recorder.neurons, recorder.region
        label = _STATE_LABELS.get(recorder.variable, recorder.variable)
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
    ax = _axes(ax)
    times, values = recorder.times, recorder.values
    unit = _time_axis(ax, *_ends(times))
    for k, column in enumerate(columns.tolist()):
        color = COLORS[k % len(COLORS)]
        ax.plot(times / unit, values[:, column], color=color, linewidth=1.0, label=lines[column])
    ax.set_ylabel(label)
    title(ax, name)
    if len(columns) > 1:
        legend(ax)
    return ax


def _ends(times: NDArray[np.float64]) -> tuple[float, float]:
    return (float(times[0]), float(times[-1])) if len(times) else (0.0, 1.0)


def rates(
    recorder: RateRecorder | Rates,
    ax: Axes | None = None,
    *,
    window: float | None = None,
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
        There are no regions.
    """
    ax = _axes(ax)
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
    unit = _time_axis(ax, first - step, last)
    span = len(ends) * step / 100 if window is None else window
    for k, (name, (given, hertz)) in enumerate(data.items()):
        times, mean = np.asarray(given, np.float64), np.asarray(hertz, np.float64)
        n = max(1, min(round(span / step), len(times)))
        if n > 1:
            # Means over n bins, drawn at their middle.
            mean = np.convolve(mean, np.full(n, 1.0 / n), "valid")
            times = times[n - 1 :] - (n - 1) * step / 2
        color = (colors or {}).get(name, COLORS[k % len(COLORS)])
        ax.plot((times - step / 2) / unit, mean, color=color, linewidth=1.3, label=name)
    ax.set_ylim(bottom=0.0)
    ax.set_ylabel("mean rate (Hz)")
    if len(data) > 1:
        legend(ax)
    return ax


def weight_histogram(
    weights: Projection | ArrayLike,
    after: ArrayLike | None = None,
    ax: Axes | None = None,
    *,
    bins: int = 40,
    labels: tuple[str, str] = ("before", "after"),
) -> Axes:
    """How many synapses have which weight: of a projection now, or of weights before and after.

    Parameters
    ----------
    weights : Projection, or array_like of shape (n,)
        Weights, in the unit of the model.
    after : array_like of shape (m,), optional
        Weights to compare with.
    ax : Axes, optional
        Where to draw. None: a new figure.
    bins : int
        How many; they cover the weights and 0.
    labels : tuple of two str
        Of the two, where there are two.

    Returns
    -------
    Axes
        Where it was drawn.
    """
    ax = _axes(ax, 5.0)
    projection = weights if isinstance(weights, Projection) else None
    first = np.asarray(projection.weight if projection is not None else weights, np.float64)
    second = None if after is None else np.asarray(after, np.float64)
    every = first if second is None else np.concatenate([first, second])
    every = every[np.isfinite(every)]
    low, high = (float(every.min()), float(every.max())) if len(every) else (0.0, 1.0)
    low, high = min(low, 0.0), max(high, 0.0)
    edges = np.linspace(low, high if high > low else low + 1.0, bins + 1)
    if second is None:
        ax.hist(first, edges.tolist(), color=COLORS[0], alpha=0.85)
    else:
        ax.hist(first, edges.tolist(), color=FAINT, alpha=0.8, label=labels[0])
        ax.hist(
            second, edges.tolist(), histtype="step", color=COLORS[1], linewidth=1.5, label=labels[1]
        )
        legend(ax)
    ax.set_xlim(edges[0], edges[-1])
    ax.yaxis.set_major_locator(MaxNLocator(5, integer=True))
    ax.set_xlabel("weight")
    ax.set_ylabel("synapses")
    if projection is not None:
        title(ax, f"{projection.source} \u2192 {projection.target}")
    return ax


_DIVERGING = ("#d55e00", "#ffffff", "#0072b2")


def weight_matrix(projection: Projection, ax: Axes | None = None) -> Axes:
    """The weights as a matrix: rows presynaptic, columns postsynaptic neurons.

    Where there is no synapse it is white; those between the same pair add up. Excitation is blue,
    inhibition orange.

    Parameters
    ----------
    projection : Projection
        Whose weights.
    ax : Axes, optional
        Where to draw. None: a new figure.

    Returns
    -------
    Axes
        Where it was drawn.
    """
    ax = _axes(ax, 6.0, 4.5)
    matrix = np.zeros(projection.shape)
    np.add.at(matrix, (projection.pre, projection.post), projection.weight)
    low, high = float(matrix.min()), float(matrix.max())
    norm: Any = TwoSlopeNorm(0.0, low if low < 0 else -1.0, high if high > 0 else 1.0)
    cmap = LinearSegmentedColormap.from_list("engram", _DIVERGING)
    image = ax.imshow(matrix, cmap=cmap, norm=norm, aspect="auto", interpolation="nearest")
    bar = ax.figure.colorbar(image, ax=ax, pad=0.02, fraction=0.05)
    bar.ax.set_ylim(min(low, 0.0), high if high > 0 else 0.0 if low < 0 else 1.0)
    bar.outline.set_visible(False)
    bar.ax.tick_params(labelsize=9, color=FAINT, labelcolor=INK)
    bar.set_label("weight", color=INK)
    for axis in (ax.xaxis, ax.yaxis):
        axis.set_major_locator(MaxNLocator(6, integer=True))
    ax.set_xlabel(f"{projection.target} neuron (postsynaptic)")
    ax.set_ylabel(f"{projection.source} neuron (presynaptic)")
    return ax


__all__ = ["COLORS", "raster", "rates", "traces", "weight_histogram", "weight_matrix"]

__dir__ = public_names(__name__)
