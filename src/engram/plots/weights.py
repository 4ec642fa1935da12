"""Weights: how they are distributed, between whom, and over time."""

from __future__ import annotations

import warnings
from typing import TYPE_CHECKING, Any

import numpy as np
from matplotlib.colors import LinearSegmentedColormap, TwoSlopeNorm
from matplotlib.patches import Patch
from matplotlib.ticker import MaxNLocator
from numpy.typing import ArrayLike, NDArray

from engram.errors import InvalidTypeError, InvalidValueError
from engram.plots.recordings import WEIGHT, weight_label
from engram.plots.style import (
    COLORS,
    EXCITATION,
    FAINT,
    INHIBITION,
    INK,
    axes_for,
    legend,
    time_axis,
    title,
)
from engram.projection import Projection
from engram.recording import WeightRecorder

if TYPE_CHECKING:
    from matplotlib.axes import Axes


def weight_histogram(
    weights: Projection | ArrayLike,
    after: ArrayLike | None = None,
    ax: Axes | None = None,
    *,
    bins: int = 40,
    labels: tuple[str, str] = ("before", "after"),
    unit: str | None = None,
) -> Axes:
    """How many synapses have which weight: of a projection now, or of weights before and after.

    Of a projection with synapses of both signs, inhibition (below 0) has a colour of its own.

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
    unit : str, optional
        Of the weights, for the axis. None: it says that it is the unit of the target's model.

    Returns
    -------
    Axes
        Where it was drawn.

    Examples
    --------
    >>> from engram import plots
    >>> plots.weight_histogram([-1.0, 0.5, 0.7], unit="mV").get_xlabel()
    'weight (mV)'
    """
    ax = axes_for(ax, 5.0)
    projection = weights if isinstance(weights, Projection) else None
    first = np.asarray(projection.weight if projection is not None else weights, np.float64)
    second = None if after is None else np.asarray(after, np.float64)
    every = first if second is None else np.concatenate([first, second])
    every = every[np.isfinite(every)]
    low, high = (float(every.min()), float(every.max())) if len(every) else (0.0, 1.0)
    low, high = min(low, 0.0), max(high, 0.0)
    edges = np.linspace(low, high if high > low else low + 1.0, bins + 1)
    if second is None:
        both = low < 0.0 < high
        for part, color, name in (
            (first[first >= 0.0], EXCITATION, "excitatory"),
            (first[first < 0.0], INHIBITION, "inhibitory"),
        ):
            if len(part) or name == "excitatory":
                ax.hist(part, edges.tolist(), color=color, alpha=0.85, label=name)
        if both:
            legend(ax)
    else:
        ax.hist(first, edges.tolist(), color=FAINT, alpha=0.8, label=labels[0])
        ax.hist(
            second, edges.tolist(), histtype="step", color=COLORS[1], linewidth=1.5, label=labels[1]
        )
        legend(ax)
    ax.set_xlim(edges[0], edges[-1])
    ax.yaxis.set_major_locator(MaxNLocator(5, integer=True))
    ax.set_xlabel(_weight(unit))
    ax.set_ylabel("synapses")
    if projection is not None:
        title(ax, f"{projection.source} \u2192 {projection.target}")
    return ax


NONE = "#d9d9d9"
"""Where there is no synapse."""

_DIVERGING = ("#d55e00", "#ffffff", "#0072b2")


MOST_CELLS = 1000
"""Rows or columns of a matrix: more can't be told apart."""


def _binned(
    projection: Projection,
) -> tuple[NDArray[np.float64], NDArray[np.bool_], tuple[int, int]]:
    """Weights by row and column, where there is no synapse, and how many neurons share each."""
    pre_by, post_by = (max(1, -(-n // MOST_CELLS)) for n in projection.shape)
    rows, columns = -(-projection.shape[0] // pre_by), -(-projection.shape[1] // post_by)
    place = (projection.pre // pre_by).astype(np.int64) * columns + projection.post // post_by
    total: NDArray[np.float64] = np.zeros(rows * columns)
    np.add.at(total, place, projection.weight)
    count = np.bincount(place, minlength=rows * columns)
    if max(pre_by, post_by) > 1:
        total /= np.maximum(count, 1)
    shape = rows, columns
    return total.reshape(shape), (count == 0).reshape(shape), (pre_by, post_by)


def weight_matrix(
    projection: Projection, ax: Axes | None = None, *, unit: str | None = None
) -> Axes:
    """The weights as a matrix: rows presynaptic, columns postsynaptic neurons.

    Where there is no synapse it is grey; those between the same pair add up. Excitation is blue,
    inhibition orange, a weight of 0 white. Of more than 1,000 neurons on a side, neighbours share a
    row or column, and what is shown is the mean of the synapses between them.

    Parameters
    ----------
    projection : Projection
        Whose weights.
    ax : Axes, optional
        Where to draw. None: a new figure.
    unit : str, optional
        Of the weights, for the colour bar. None: it says that it is that of the target's model.

    Returns
    -------
    Axes
        Where it was drawn.

    Examples
    --------
    >>> from engram import Brain, plots
    >>> region = Brain(seed=1).add_region("cells", n_neurons=10)
    >>> plots.weight_matrix(region.wiring).get_ylabel()
    'cells neuron (presynaptic)'
    """
    ax = axes_for(ax, 6.0, 4.5)
    matrix, absent, together = _binned(projection)
    low, high = float(matrix.min(initial=0.0)), float(matrix.max(initial=0.0))
    norm: Any = TwoSlopeNorm(0.0, low if low < 0 else -1.0, high if high > 0 else 1.0)
    cmap = LinearSegmentedColormap.from_list("engram", _DIVERGING).with_extremes(bad=NONE)
    n_pre, n_post = projection.shape
    shown = np.ma.masked_array(matrix, absent)
    image = ax.imshow(
        shown,
        cmap=cmap,
        norm=norm,
        aspect="auto",
        interpolation="nearest",
        extent=(-0.5, n_post - 0.5, n_pre - 0.5, -0.5),
    )
    if max(together) > 1:
        title(ax, f"Means over {together[0]} x {together[1]} neurons")
    bar = ax.figure.colorbar(image, ax=ax, pad=0.02, fraction=0.05)
    bar.ax.set_ylim(min(low, 0.0), high if high > 0 else 0.0 if low < 0 else 1.0)
    bar.outline.set_visible(False)
    bar.ax.tick_params(labelsize=9, color=FAINT, labelcolor=INK)
    bar.set_label(_weight(unit), color=INK)
    for axis in (ax.xaxis, ax.yaxis):
        axis.set_major_locator(MaxNLocator(6, integer=True))
    ax.set_xlabel(f"{projection.target} neuron (postsynaptic)")
    ax.set_ylabel(f"{projection.source} neuron (presynaptic)")
    if absent.any():
        ax.legend(
            handles=[Patch(facecolor=NONE, label="no synapse")],
            loc="lower right",
            bbox_to_anchor=(1.0, 1.0),
            borderaxespad=0.2,
            frameon=False,
            fontsize=9,
            labelcolor=INK,
        )
    return ax


def weights_over_time(
    recorder: WeightRecorder, ax: Axes | None = None, *, unit: str | None = None
) -> Axes:
    """How the weights of a projection are distributed, over time.

    A line for the median, bands for the middle half and for nine tenths of the synapses. Those of
    either sign have bands of their own.

    Parameters
    ----------
    recorder : WeightRecorder
        What was recorded, of as many synapses as are to be seen.
    ax : Axes, optional
        Where to draw. None: a new figure.
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
        Nothing was recorded, or there is no such unit.

    Examples
    --------
    >>> from engram import Brain, plots
    >>> brain = Brain(seed=1)
    >>> region = brain.add_region("cells", n_neurons=20, background=6.0)
    >>> weights = brain.record("weights", region.wiring, every=10.0)
    >>> brain.run(200)
    >>> plots.weights_over_time(weights, unit="s").get_xlabel()
    'time (s)'
    """
    where = "plots.weights_over_time"
    if not isinstance(recorder, WeightRecorder):
        raise InvalidTypeError(
            f"{where}: recorder must be one of weights, not {type(recorder).__name__}"
        )
    times, values = recorder.times, recorder.values
    if not values.size:
        raise InvalidValueError(f"{where}: nothing was recorded")
    ax = axes_for(ax)
    scale = time_axis(where, ax, float(times[0]), float(times[-1]), unit)
    # A synapse that has died is NaN from then on.
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", RuntimeWarning)
        mean = np.nanmean(values, axis=0)
        for kept, color, name in (
            (mean >= 0.0, EXCITATION, "excitatory"),
            (mean < 0.0, INHIBITION, "inhibitory"),
        ):
            if not kept.any():
                continue
            low, q1, middle, q3, high = np.nanpercentile(
                values[:, kept], (5.0, 25.0, 50.0, 75.0, 95.0), axis=1
            )
            ax.plot(times / scale, middle, color=color, linewidth=1.4, label=f"{name}, median")
            for below, above, alpha, part in (
                (q1, q3, 0.35, "middle half"),
                (low, high, 0.18, "5 % to 95 %"),
            ):
                band: dict[str, Any] = {
                    "color": color,
                    "alpha": alpha,
                    "linewidth": 0,
                    "label": part,
                }
                ax.fill_between(times / scale, below, above, **band)
    ax.set_ylabel(weight_label(recorder.target_model))
    title(ax, recorder.label.partition(":")[2].replace("->", " \u2192 "))
    legend(ax)
    return ax


def _weight(unit: str | None) -> str:
    return WEIGHT if unit is None else f"weight ({unit})"
