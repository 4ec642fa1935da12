"""The demonstration as tables and as a figure."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from engram.demo import life as lived
from engram.demo.life import Floats, Life, arrow, name_of

if TYPE_CHECKING:
    from matplotlib.figure import Figure
    from rich.table import Table


def make_table(title: str, *columns: str) -> Table:
    """An empty table.

    Parameters
    ----------
    title : str
        Above it.
    *columns : str
        Their names; numbers from the second on.

    Returns
    -------
    Table
        For rich.
    """
    from rich import box
    from rich.table import Table

    table = Table(title=title, title_justify="left", title_style="bold", box=box.SIMPLE_HEAD)
    for k, column in enumerate(columns):
        table.add_column(column, justify="right" if k else "left")
    return table


def region_table(life: Life) -> Table:
    """Figures by region at the end.

    Parameters
    ----------
    life : Life
        What happened.

    Returns
    -------
    Table
        A row for each region.
    """
    stats = life.brain.stats()
    columns = "region", "neurons", "own synapses", "spikes", "mean rate", "now"
    table = make_table(f"Regions after {stats.time / 1000:g} s", *columns)
    for then, now in zip(life.start.regions, stats.regions, strict=True):
        table.add_row(
            now.name,
            f"{then.n_neurons} \u2192 {now.n_neurons}",
            f"{then.n_synapses} \u2192 {now.n_synapses}",
            f"{now.spikes:,}",
            f"{now.rate:.1f} Hz",
            f"{now.activity:.1f} Hz",
        )
    return table


def projection_table(life: Life) -> Table:
    """Excitatory weights by projection, before and after.

    Parameters
    ----------
    life : Life
        What happened.

    Returns
    -------
    Table
        A row for each projection.
    """

    def described(weights: Floats) -> str:
        excitatory = weights[weights > 0]
        if not len(excitatory):
            return "none"
        return f"{excitatory.mean():.2f} \u00b1 {excitatory.std():.2f}"

    table = make_table("Pathways", "from \u2192 to", "synapses", "weight before", "after")
    for projection in life.brain.projections:
        old, new = life.before[projection.label], projection.weight.astype(np.float64)
        table.add_row(
            name_of(projection), f"{len(old)} \u2192 {len(new)}", described(old), described(new)
        )
    table.caption = "excitatory weights, mean \u00b1 standard deviation"
    table.caption_justify = "left"
    return table


def picture(life: Life) -> Figure:
    """Spikes, rates, weights before and after, and growth, in one figure.

    Parameters
    ----------
    life : Life
        What happened.

    Returns
    -------
    Figure
        11 by 9.6 inches.
    """
    from matplotlib.figure import Figure

    from engram import plots

    figure = Figure(figsize=(11.0, 9.6), dpi=130)
    figure.set_layout_engine("constrained", h_pad=0.09, w_pad=0.06)
    rows: Any = figure.subfigures(3, 1, height_ratios=(3.3, 2.4, 2.5))
    colors = dict(zip(life.brain.regions, plots.COLORS, strict=False))

    ax = rows[0].subplots()
    plots.raster(
        life.spikes, ax, start=lived.REWARD_AT - 500.0, stop=lived.REWARD_AT + 500.0, colors=colors
    )
    ax.axvline(lived.REWARD_AT, color=plots.INK, linewidth=0.9, linestyle=(0, (4, 3)))
    ax.annotate(
        "reward",
        (lived.REWARD_AT, 1.0),
        xycoords=("data", "axes fraction"),
        xytext=(0, 3),
        textcoords="offset points",
        ha="center",
        fontsize=9,
        color=plots.INK,
    )
    plots.title(ax, "Spikes, half a second before and after the reward")

    ax = rows[1].subplots()
    plots.rates(life.rates, ax, window=200.0, colors=colors)
    ax.set_xlim(0.0, (lived.STEPS + lived.MORE) / 1000)
    for at, text in (
        (lived.REWARD_AT, "reward"),
        (lived.PUNISH_AT, "punishment"),
        (lived.STEPS, "saved, loaded; new stimulus"),
    ):
        ax.axvline(at / 1000, color=plots.INK, linewidth=0.9, linestyle=(0, (4, 3)), zorder=0)
        ax.annotate(
            text,
            (at / 1000, 1.0),
            xycoords=("data", "axes fraction"),
            xytext=(0, 3),
            textcoords="offset points",
            ha="center",
            fontsize=9,
            color=plots.INK,
        )
    plots.title(ax, "Mean rates by region")

    axes = rows[2].subplots(1, 4, width_ratios=(1.25, 1.25, 1, 1))
    for ax, pair, what in zip(
        axes, (lived.REWARDED, lived.PUNISHED), ("rewarded", "punished"), strict=False
    ):
        projection = life.brain.get_projection(*pair)
        plots.weight_histogram(
            life.before[projection.label],
            projection.weight,
            ax,
            bins=30,
            labels=("at the start", "at the end"),
        )
        ax.get_legend().remove()
        plots.title(ax, f"{arrow(pair)}, {what}")
    axes[1].legend(
        loc="upper right", frameon=False, fontsize=8.5, labelcolor=plots.INK, handlelength=1.3
    )
    history = [life.start, *life.brain.stats_history]
    seconds = [s.time / 1000 for s in history]
    for ax, name in zip(axes[2:], ("neurons", "synapses"), strict=True):
        plots.style(ax)
        counts = [getattr(s, f"n_{name}") for s in history]
        ax.plot(
            seconds,
            counts,
            color=plots.COLORS[0],
            linewidth=1.6,
            marker="o",
            markersize=3,
            clip_on=False,
        )
        ax.set_xlim(0.0, seconds[-1])
        ax.set_xlabel("time (s)")
        ax.set_ylabel(name)
        plots.title(ax, f"{name.capitalize()} alive")
    return figure
