"""Figures of what a classifier of images has learned (`pip install ".[viz]"`)."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import matplotlib.pyplot as plt
import numpy as np
from numpy.typing import ArrayLike, NDArray

from engram.datasets import image_shape
from engram.errors import InvalidValueError, as_array
from engram.plots import COLORS, FAINT, INK, confusion, style, title

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

MOST_FIELDS = 1600
"""Receptive fields that are drawn; of more neurons, evenly spaced ones."""


def receptive_fields(
    fields: ArrayLike, ax: Axes | None = None, *, shape: tuple[int, int] | None = None
) -> Axes:
    """The weights to each neuron as a small image each, from white (0) to its own greatest.

    Parameters
    ----------
    fields : array_like of shape (n_neurons, n_inputs)
        Weights.
    ax : Axes, optional
        Where to draw. None: a new figure.
    shape : tuple of (int, int), optional
        Rows and columns of an image. None: square.

    Returns
    -------
    Axes
        With the drawing.

    Raises
    ------
    InvalidValueError
        The weights do not fill such images.
    """
    array = as_array("images.receptive_fields: fields", fields)
    if array.ndim != 2 or not array.size:
        raise InvalidValueError(
            f"images.receptive_fields: fields must have the shape (neurons, inputs), not "
            f"{array.shape}"
        )
    rows, columns = image_shape(array.shape[1]) if shape is None else shape
    if rows * columns != array.shape[1]:
        raise InvalidValueError(
            f"images.receptive_fields: shape {shape} does not hold {array.shape[1]} inputs"
        )
    n = len(array)
    if n > MOST_FIELDS:
        array = array[np.linspace(0, n - 1, MOST_FIELDS).astype(np.int64)]
    shown = len(array)
    across = math.ceil(math.sqrt(shown * rows / columns))
    down = math.ceil(shown / across)
    greatest = array.max(axis=1, keepdims=True)
    scaled = array / np.where(greatest > 0, greatest, 1.0)
    tiles = np.zeros((down * across, rows, columns))
    tiles[:shown] = scaled.reshape(shown, rows, columns)
    sheet = np.full((down * (rows + 1) + 1, across * (columns + 1) + 1), 0.25)
    for k in range(shown):
        top, left = 1 + k // across * (rows + 1), 1 + k % across * (columns + 1)
        sheet[top : top + rows, left : left + columns] = tiles[k]
    for k in range(shown, down * across):
        top, left = 1 + k // across * (rows + 1), 1 + k % across * (columns + 1)
        sheet[top : top + rows + 1, left : left + columns + 1] = 0.0
    if ax is None:
        ax = plt.subplots(figsize=(8.0, 8.0 * down / across + 0.3), layout="constrained")[1]
    ax.imshow(sheet, cmap="gray_r", vmin=0.0, vmax=1.0, interpolation="nearest")
    ax.set_axis_off()
    title(ax, f"receptive fields of {n} neurons" + (f", {shown} shown" if shown < n else ""))
    return ax


def spikes_over_time(spikes: Sequence[float], ax: Axes, *, block: int) -> Axes:
    """Mean spikes of all neurons for an image, over the images learned from.

    Parameters
    ----------
    spikes : sequence of float
        Of each block of images.
    ax : Axes
        Where to draw.
    block : int
        Images in a block.

    Returns
    -------
    Axes
        With the drawing.
    """
    style(ax)
    at = (np.arange(len(spikes)) + 1) * block / 1000
    ax.plot(at, spikes, color=COLORS[0], linewidth=1.0)
    ax.set_ylim(bottom=0.0)
    ax.set_xlim(0.0, max(float(at[-1]) if len(at) else 1.0, 1e-9))
    ax.set_xlabel("images learned from (thousands)")
    ax.set_ylabel("spikes an image")
    return ax


def accuracies(rows: Mapping[str, float], ax: Axes, colors: Mapping[str, str]) -> Axes:
    """Accuracies as dots on a line each.

    Parameters
    ----------
    rows : mapping of float
        Accuracies in %, by name.
    ax : Axes
        Where to draw.
    colors : mapping of str
        Of the dots, by name.

    Returns
    -------
    Axes
        With the drawing.
    """
    style(ax)
    names = list(rows)
    for k, name in enumerate(names):
        color = colors.get(name, FAINT)
        ax.plot([rows[name]], [k], "o", color=color, markersize=6)
        ax.annotate(
            f"{rows[name]:.1f}",
            (rows[name], k),
            xytext=(8, 0),
            textcoords="offset points",
            va="center",
            fontsize=8,
            color=INK,
        )
    ax.set_yticks(range(len(names)), names)
    ax.set_ylim(len(names) - 0.5, -0.5)
    low = min(rows.values(), default=0.0)
    ax.set_xlim(max(0.0, 10 * math.floor(low / 10) - 2), 102.0)
    ax.grid(axis="x", color=FAINT, alpha=0.4, linewidth=0.5)
    ax.set_axisbelow(True)
    ax.set_xlabel("test accuracy (%)")
    return ax


def overview(
    fields: NDArray[np.float32], spikes: Sequence[float], block: int, found: Mapping[str, Any]
) -> Figure:
    """One page on a network: fields, confusion, spikes, neurons of each class, accuracies.

    Parameters
    ----------
    fields : array of shape (n_neurons, n_inputs), float32
        Weights.
    spikes : sequence of float
        Of all neurons in each block of images.
    block : int
        Images in a block.
    found : mapping of object
        What `engram.learn.bench.mnist.execute` returns.

    Returns
    -------
    Figure
        The page.
    """
    figure: Figure = plt.figure(figsize=(13.0, 11.0), layout="constrained")
    grid = figure.add_gridspec(3, 2, width_ratios=(1.15, 1.0), height_ratios=(1.2, 0.55, 0.9))
    receptive_fields(fields, figure.add_subplot(grid[:2, 0]))
    classes = [str(c) for c in range(len(found["neurons_per_class"]))]
    best = found["best"]
    ax = confusion(found["decoders"][best]["confusion"], classes, figure.add_subplot(grid[0, 1]))
    title(ax, f"test answers, decoder: {best}")
    ax = spikes_over_time(spikes, figure.add_subplot(grid[1, 1]), block=block)
    title(ax, "activity while learning")
    ax = style(figure.add_subplot(grid[2, 1]))
    ax.bar(classes, found["neurons_per_class"], color=COLORS[0], width=0.7)
    ax.set_ylabel("neurons")
    ax.set_xlabel("class they answer most")
    title(ax, "neurons per class")
    rows, colors = {}, {}
    for name, judged in found["decoders"].items():
        rows[name] = judged["accuracy"]
        colors[name] = COLORS[0]
    for name, judged in found.get("untrained", {}).get("decoders", {}).items():
        rows[f"{name}, untrained"] = judged["accuracy"]
    for name, value in found.get("pixels", {}).items():
        if name in found["decoders"] or name == "logistic_all":
            label = "logistic regression" if name == "logistic_all" else name
            rows[f"{label}, pixels"] = value
            colors[f"{label}, pixels"] = COLORS[4]
    ax = accuracies(rows, figure.add_subplot(grid[2, 0]), colors)
    title(ax, "decoders of the network, and controls")
    return figure
