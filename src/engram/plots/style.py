"""How all pictures look: colours, axes, units, saving."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import matplotlib.pyplot as plt

from engram.errors import InvalidValueError, brief

if TYPE_CHECKING:
    from matplotlib.axes import Axes

COLORS = ("#0072b2", "#d55e00", "#009e73", "#cc79a7", "#e69f00", "#56b4e9", "#444444")
"""Okabe and Ito's palette, told apart by the colour-blind too."""

EXCITATION, INHIBITION = COLORS[0], COLORS[1]

INK, FAINT = "#333333", "#b8b8b8"

UNITS = {"ms": 1.0, "s": 1000.0, "min": 60_000.0, "h": 3_600_000.0}
"""Units of time axes, in ms."""


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

    Examples
    --------
    >>> from matplotlib import pyplot
    >>> from engram import plots
    >>> ax = plots.style(pyplot.figure().add_subplot())
    >>> ax.spines["top"].get_visible()
    False
    >>> pyplot.close()
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

    Examples
    --------
    >>> from matplotlib import pyplot
    >>> from engram import plots
    >>> ax = plots.raster({"cortex": ([1.0, 2.0], [0, 1])})
    >>> plots.title(ax, "Two spikes")
    >>> ax.get_title(loc="left")
    'Two spikes'
    >>> pyplot.close()
    """
    ax.set_title(text, loc="left", fontsize=10, fontweight="bold", color=INK)


def legend(ax: Axes) -> None:
    """Draw a legend to the right of the data.

    Parameters
    ----------
    ax : Axes
        Where; what is drawn there has labels.

    Examples
    --------
    >>> from matplotlib import pyplot
    >>> from engram import plots
    >>> ax = plots.style(pyplot.figure().add_subplot())
    >>> _ = ax.plot([0.0, 1.0], [2.0, 3.0], label="theta")
    >>> plots.legend(ax)
    >>> [text.get_text() for text in ax.get_legend().get_texts()]
    ['theta']
    >>> pyplot.close()
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


def axes_for(ax: Axes | None, width: float = 8.0, height: float = 3.2) -> Axes:
    """The axes that were given, or those of a new figure.

    Parameters
    ----------
    ax : Axes, optional
        What was given.
    width, height : float
        Of a new figure, inches.

    Returns
    -------
    Axes
        Styled.
    """
    if ax is not None:
        return style(ax)
    return style(plt.subplots(figsize=(width, height), layout="constrained")[1])


def time_axis(where: str, ax: Axes, first: float, last: float, unit: str | None) -> float:
    """Set limits and label of a time axis from `first` to `last` ms.

    Parameters
    ----------
    where : str
        Names the caller in an error.
    ax : Axes
        Where.
    first, last : float
        Limits, ms.
    unit : str, optional
        "ms", "s", "min" or "h". None: the longest of which more than ten are shown.

    Returns
    -------
    float
        The unit, ms.

    Raises
    ------
    InvalidValueError
        There is no such unit.
    """
    suits = [name for name, ms in UNITS.items() if last - first > 10.0 * ms]
    name = (suits or ["ms"])[-1] if unit is None else unit
    if name not in UNITS:
        raise InvalidValueError(f"{where}: unit must be one of {tuple(UNITS)}, not {brief(unit)}")
    ax.set_xlim(first / UNITS[name], max(last, first + 1.0) / UNITS[name])
    ax.set_xlabel(f"time ({name})")
    return UNITS[name]


def save(ax: Axes, path: str | Path, *, dpi: float = 150.0) -> Path:
    """Write the figure of some axes to a file.

    Parameters
    ----------
    ax : Axes
        What a function of this module returned.
    path : str or Path
        Where; the ending says which format: .png, .pdf, .svg.
    dpi : float
        Dots per inch.

    Returns
    -------
    Path
        The file.

    Examples
    --------
    >>> from engram import plots
    >>> ax = plots.raster({"cortex": ([1.0, 2.0], [0, 1])})
    >>> plots.save(ax, "spikes.png", dpi=200)  # doctest: +SKIP
    """
    figure = ax.get_figure(root=True)
    assert figure is not None
    figure.savefig(path, dpi=dpi)
    return Path(path)
