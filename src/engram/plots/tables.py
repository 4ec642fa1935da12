"""Tables as pictures."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import ArrayLike

from engram.errors import InvalidValueError
from engram.plots.style import FAINT, INK, axes_for

if TYPE_CHECKING:
    from matplotlib.axes import Axes


def confusion(matrix: ArrayLike, classes: Sequence[Any], ax: Axes | None = None) -> Axes:
    """Which class (row) was taken for which (column); a last column is for undecided answers.

    Colour shows mistakes, as shares of a row; right answers are written in grey.

    Parameters
    ----------
    matrix : array_like of shape (n_classes, n_classes) or (n_classes, n_classes + 1)
        How often.
    classes : sequence of object
        Their names.
    ax : Axes, optional
        Where to draw. None: a new figure.

    Returns
    -------
    Axes
        Where it was drawn.

    Raises
    ------
    InvalidValueError
        The matrix has another shape.

    Examples
    --------
    >>> from engram import plots
    >>> plots.confusion([[48, 2], [5, 45]], ["cat", "dog"]).get_xlabel()
    'answer'
    """
    counts = np.asarray(matrix)
    k = len(classes)
    if counts.ndim != 2 or len(counts) != k or counts.shape[1] not in (k, k + 1):
        raise InvalidValueError(
            f"plots.confusion: matrix must be {k} by {k} or {k + 1}, not {counts.shape}"
        )
    ax = axes_for(ax, 6.2, 5.4)
    share = counts / np.maximum(counts.sum(axis=1, keepdims=True), 1)
    wrong = share.copy()
    wrong[np.arange(k), np.arange(k)] = 0.0
    top = max(0.05, float(wrong.max()))
    image = ax.imshow(100.0 * wrong, cmap="OrRd", vmin=0.0, vmax=100.0 * top, aspect="equal")
    bar = ax.figure.colorbar(image, ax=ax, pad=0.02, fraction=0.045)
    bar.outline.set_visible(False)
    bar.ax.tick_params(labelsize=9, color=FAINT, labelcolor=INK)
    bar.set_label("mistaken, of a class (%)", color=INK)
    size = 9 if k < 8 else 7
    for i, j in np.argwhere(counts > 0).tolist():
        bright = wrong[i, j] > 0.6 * top
        color = FAINT if i == j else "white" if bright else INK
        ax.text(j, i, f"{counts[i, j]}", ha="center", va="center", fontsize=size, color=color)
    names = [str(c) for c in classes]
    ax.set_yticks(range(k), names)
    ax.set_xticks(range(counts.shape[1]), names + ["none"] * (counts.shape[1] - k))
    ax.spines[["left", "bottom"]].set_visible(False)
    ax.tick_params(length=0)
    ax.set_xlabel("answer")
    ax.set_ylabel("class")
    return ax
