"""Drawings of the learning experiments: bars of the arms, curves with intervals."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from benchmarks.learning.experiment import Trials, paired


def interval(trials: Trials, name: str) -> tuple[float, float]:
    """Mean of a figure over seeds, and half the width of its 95 % interval."""
    found = paired([t[name] for t in trials.values()])
    return found.mean, found.high - found.mean if found.n > 1 else 0.0


def bars(
    axes: Any, trials: Trials, names: Mapping[str, str], colors: Mapping[str, str] | None = None
) -> None:
    """A horizontal bar for each figure, with its interval and a dot for each seed.

    names: label of each figure, from the top down.
    """
    places = -np.arange(len(names))
    for place, figure in zip(places, names, strict=True):
        mean, half = interval(trials, figure)
        color = (colors or {}).get(figure, "tab:gray")
        axes.barh(place, mean, 0.7, xerr=half, color=color, alpha=0.75, error_kw={"lw": 1.0})
        values = [t[figure] for t in trials.values()]
        axes.plot(values, np.full(len(values), place), "k.", ms=3)
    axes.set_yticks(places, list(names.values()), fontsize=8)


def curves(
    axes: Any, trials: Trials, x: Sequence[float], figures: Mapping[str, Sequence[str]]
) -> None:
    """A line with a 95 % band for each label; figures: the figure at each x."""
    for label, names in figures.items():
        found = np.array([interval(trials, name) for name in names])
        (line,) = axes.plot(x, found[:, 0], marker="o", ms=3, label=label)
        axes.fill_between(
            x,
            found[:, 0] - found[:, 1],
            found[:, 0] + found[:, 1],
            alpha=0.2,
            lw=0,
            color=line.get_color(),
        )
    axes.legend(fontsize=8)
