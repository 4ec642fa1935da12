"""The regions of a brain and the pathways between them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.lines import Line2D
from matplotlib.patches import FancyArrowPatch
from matplotlib.path import Path
from numpy.typing import NDArray

from engram.errors import InvalidValueError, brief
from engram.plots.brains import Grown
from engram.plots.style import COLORS, INK
from engram.projection import Projection
from engram.synapses import Neurotransmitter

if TYPE_CHECKING:
    from matplotlib.axes import Axes

Places = dict[str, NDArray[np.float64]]

TRANSMITTERS = dict(zip(Neurotransmitter, COLORS, strict=False))
"""The colour of each transmitter."""

APART = 1.6
"""Between the centres of the two nearest discs, which are at most 0.29 in radius."""

INHIBITS = "-[,widthB=0.35,lengthB=0"
"""A flat bar as the head of an arrow."""


def network(
    brain: Grown,
    ax: Axes | None = None,
    *,
    positions: Mapping[str, tuple[float, float]] | None = None,
) -> Axes:
    """The regions of a brain and the pathways between them.

    A disc's area goes with the number of neurons. A pathway has an arrow for each of its
    transmitters: the colour says which, the width goes with the number of synapses, and GABA ends
    in a flat bar. A region's own wiring is a loop. From left to right, regions stand by the number
    of pathways that lead to them from one that gets nothing from others.

    Parameters
    ----------
    brain : Brain
        Which.
    ax : Axes, optional
        Where to draw. None: a new figure.
    positions : mapping of str to (x, y), optional
        Where regions stand, in any unit; all of them.

    Returns
    -------
    Axes
        Where it was drawn.

    Raises
    ------
    InvalidValueError
        It has no regions, or the positions are not those of its regions.

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
    pathways = [p for p in brain.projections if p.n_synapses]
    places = _spread(_columns(names, pathways) if positions is None else _given(names, positions))
    arrows = _counted(pathways)
    free = {name: _free(name, places, list(arrows)) for name in names}
    loops = [at + 0.5 * np.array((np.cos(free[n]), np.sin(free[n]))) for n, at in places.items()]
    corners = [*places.values(), *loops]
    low, high = np.min(corners, axis=0) - 0.4, np.max(corners, axis=0) + 0.4
    if ax is None:
        width, height = np.clip(1.5 * (high - low) + (0.0, 0.5), (4.5, 2.5), (12.0, 9.0))
        ax = plt.subplots(figsize=(width, height), layout="constrained")[1]
    ax.set_axis_off()
    ax.set_aspect("equal")
    sizes = {name: region.n_alive_neurons for name, region in brain.regions.items()}
    most = max(*sizes.values(), 1)
    discs = {}
    for name, at in places.items():
        radius = 0.17 + 0.12 * float(np.sqrt(sizes[name] / most))
        disc = plt.Circle((at[0], at[1]), radius, facecolor="white", edgecolor=INK, zorder=3)
        discs[name] = ax.add_patch(disc)
        label = f"{name}\n{sizes[name]:,}"
        ax.text(float(at[0]), float(at[1]), label, ha="center", va="center", fontsize=9, zorder=4)
    thick = max((n for of in arrows.values() for _, n in of), default=1)
    for (source, target), of in arrows.items():
        for k, (nt, n) in enumerate(of):
            place, width = (k, len(of)), _width(n, thick)
            if source == target:
                drawn = _loop(discs[source], free[source], place, nt, width)
            else:
                drawn = _arrow(discs[source], discs[target], place, nt, width)
            ax.add_patch(drawn)
    if arrows:
        _legend(ax, list(dict.fromkeys(nt for of in arrows.values() for nt, _ in of)), thick)
    ax.set_xlim(low[0], high[0])
    ax.set_ylim(low[1], high[1])
    return ax


def _given(names: Sequence[str], positions: Mapping[str, tuple[float, float]]) -> Places:
    if set(names) != set(positions):
        raise InvalidValueError(
            f"plots.network: positions must be of {', '.join(names)}, not {brief(list(positions))}"
        )
    places = {name: np.asarray(positions[name], np.float64) for name in names}
    for name, at in places.items():
        if at.shape != (2,) or not np.isfinite(at).all():
            raise InvalidValueError(
                f"plots.network: the position of {name} must be (x, y), not "
                f"{brief(positions[name])}"
            )
    return places


def _columns(names: Sequence[str], pathways: Sequence[Projection]) -> Places:
    """From left to right by distance from those that get nothing from others."""
    leads = {(p.source, p.target) for p in pathways if p.source != p.target}
    fed = {target for _, target in leads}
    depth = dict.fromkeys([name for name in names if name not in fed] or names[:1], 0)
    while len(depth) < len(names):
        last = max(depth.values())
        new = [t for t in names if t not in depth and any((s, t) in leads for s in depth)]
        # Nothing leads to a ring from outside: its first begins anew.
        rest = [name for name in names if name not in depth][:1]
        depth |= dict.fromkeys(new, last + 1) if new else dict.fromkeys(rest, 0)
    places = {}
    for column in range(max(depth.values()) + 1):
        here = [name for name in names if depth[name] == column]
        for k, name in enumerate(here):
            places[name] = np.array((column, (len(here) - 1) / 2 - k)) * APART
    return {name: places[name] for name in names}


def _spread(places: Places) -> Places:
    """So that the nearest two are `APART`."""
    at = list(places.values())
    near = [float(np.hypot(*(a - b))) for k, a in enumerate(at) for b in at[:k]]
    if near and not min(near):
        raise InvalidValueError("plots.network: two regions have the same position")
    return {name: a * (APART / min(near) if near else 1.0) for name, a in places.items()}


def _counted(
    pathways: Sequence[Projection],
) -> dict[tuple[str, str], list[tuple[Neurotransmitter, int]]]:
    """Transmitters and their synapses, for each source and target."""
    found: dict[tuple[str, str], list[tuple[Neurotransmitter, int]]] = {}
    for pathway in pathways:
        of = found.setdefault((pathway.source, pathway.target), [])
        counts = np.bincount(pathway.nt).tolist()
        of += [(Neurotransmitter(k), n) for k, n in enumerate(counts) if n]
    return found


def _width(n: int, thick: int) -> float:
    return 1.0 + 3.0 * float(np.sqrt(n / thick))


def _free(name: str, places: Places, pairs: Sequence[tuple[str, str]]) -> float:
    """A direction from a region that is clear of its pathways to others: upwards, if that is."""
    others = {b if a == name else a for a, b in pairs if (a == name) != (b == name)}
    ways = [places[other] - places[name] for other in others]
    taken = np.array([np.arctan2(y, x) for x, y in ways])
    turns = np.pi / 2 + np.pi / 4 * np.array((0, 1, -1, 2, -2, 3, -3, 4))
    apart = np.abs((turns[:, None] - taken + np.pi) % (2 * np.pi) - np.pi)
    far = apart.min(axis=1, initial=np.pi)
    enough = far >= min(0.55 * np.pi, far.max())
    return float(turns[enough.argmax()])


def _look(nt: Neurotransmitter, width: float) -> dict[str, Any]:
    return {
        "arrowstyle": INHIBITS if nt is Neurotransmitter.GABA else "-|>",
        "color": TRANSMITTERS[nt],
        "linewidth": width,
        "mutation_scale": 9 + 2 * width,
        "fill": nt is not Neurotransmitter.GABA,
        "zorder": 2,
    }


def _arrow(
    a: Any, b: Any, place: tuple[int, int], nt: Neurotransmitter, width: float
) -> FancyArrowPatch:
    """One of some between two regions: each bends more, so that all heads are seen."""
    k, n = place
    bend = 0.15 + k * min(0.3, 0.75 / n)
    return FancyArrowPatch(
        a.center,
        b.center,
        connectionstyle=f"arc3,rad={bend:.3f}",
        patchA=a,
        patchB=b,
        shrinkA=2,
        shrinkB=3,
        **_look(nt, width),
    )


def _loop(
    a: Any, free: float, place: tuple[int, int], nt: Neurotransmitter, width: float
) -> FancyArrowPatch:
    """A region's own wiring: one of some loops beside it, side by side."""
    k, n = place
    turn = free + 0.95 * ((n - 1) / 2 - k)
    half = 0.32
    ends = [turn + half, turn + 2 * half, turn - 2 * half, turn - half]
    far = [a.radius + 0.02, a.radius + 0.5, a.radius + 0.5, a.radius + 0.05]
    points = [
        (a.center[0] + r * np.cos(t), a.center[1] + r * np.sin(t))
        for r, t in zip(far, ends, strict=True)
    ]
    path = Path(points, [Path.MOVETO, Path.CURVE4, Path.CURVE4, Path.CURVE4])
    return FancyArrowPatch(path=path, **_look(nt, width))


def _legend(ax: Axes, used: Sequence[Neurotransmitter], thick: int) -> None:
    """What colours, heads and widths stand for."""
    lines, words = [], []
    for nt in used:
        gaba = nt is Neurotransmitter.GABA
        head: dict[str, Any] = {
            "marker": "|" if gaba else ">",
            "markersize": 8,
            "markeredgewidth": 2,
        }
        lines.append(Line2D([], [], color=TRANSMITTERS[nt], linewidth=2.0, **head))
        words.append("GABA" if gaba else nt.name.lower())
    counts = {thick, round(thick / 4), round(thick / 25)} - {0}
    for n in sorted(counts):
        lines.append(Line2D([], [], color=INK, linewidth=_width(n, thick)))
        words.append(f"{n:,} synapses")
    ax.legend(
        lines,
        words,
        loc="upper center",
        bbox_to_anchor=(0.5, 0.0),
        ncols=3,
        frameon=False,
        fontsize=9,
        labelcolor=INK,
        handlelength=2.4,
    )
