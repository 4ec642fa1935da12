"""Where neurons are drawn: a cloud for each region, by its type, and where the clouds stand."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence

import numpy as np
from numpy.typing import NDArray

from engram.neurons import RegionType

Floats = NDArray[np.float64]

_ROOT = 1.2207440846057596
"""The real root of x^4 = x + 1: powers of its inverse fill a cube evenly, whatever the number."""

GAP = 1.0
"""Free space between two clouds that stand side by side."""

LAYER = 3.4
"""From one layer of regions to the next."""


def evenly(first: int, n: int) -> Floats:
    """Points that fill the unit cube evenly, so that more of them leave the others where they are.

    Parameters
    ----------
    first : int
        The first of them.
    n : int
        How many.

    Returns
    -------
    array of shape (n, 3)
        In [0, 1).

    References
    ----------
    .. [1] Kronecker's sequence with the generalised golden ratio: Krcadinac 2005, Fibonacci
       Quarterly 43(4), 335-340
    """
    steps = _ROOT ** -np.arange(1.0, 4.0)
    return np.asarray((0.5 + np.arange(first, first + n)[:, None] * steps) % 1.0)


def _ball(u: Floats) -> Floats:
    radius = np.cbrt(u[:, 0])
    height, turn = 2.0 * u[:, 1] - 1.0, 2.0 * math.pi * u[:, 2]
    flat = np.sqrt(1.0 - height**2)
    return np.column_stack((flat * np.cos(turn), height, flat * np.sin(turn))) * radius[:, None]


def _sheet(u: Floats) -> Floats:
    """A shallow bowl, like a retina."""
    radius, turn = np.sqrt(u[:, 0]), 2.0 * math.pi * u[:, 1]
    depth = 0.35 * (radius**2 - 0.5) + 0.12 * (u[:, 2] - 0.5)
    return np.column_stack((-depth, radius * np.cos(turn), radius * np.sin(turn)))


def _shell(u: Floats) -> Floats:
    """A folded shell, like a cortex."""
    height, turn = 2.0 * u[:, 1] - 1.0, 2.0 * math.pi * u[:, 2]
    fold = 1.0 + 0.08 * np.sin(5.0 * turn) * np.cos(4.0 * height)
    radius = (0.62 + 0.38 * np.sqrt(u[:, 0])) * fold / 1.08
    flat = np.sqrt(1.0 - height**2)
    found = np.column_stack((0.85 * flat * np.cos(turn), 0.75 * height, flat * np.sin(turn)))
    return np.asarray(found * radius[:, None])


def _horn(u: Floats) -> Floats:
    """Three quarters of a ring that grows thin, like a hippocampus."""
    along = u[:, 0] * 1.5 * math.pi - 0.75 * math.pi
    thick = 0.3 * (1.15 - u[:, 0]) * np.sqrt(u[:, 1])
    turn = 2.0 * math.pi * u[:, 2]
    radius = 0.68 + thick * np.cos(turn)
    return np.column_stack((radius * np.cos(along), radius * np.sin(along), thick * np.sin(turn)))


def _strip(u: Floats) -> Floats:
    """An upright strip, like the motor cortex."""
    return np.asarray(_ball(u) * np.array([0.4, 1.0, 0.55]))


_SHAPES: dict[RegionType, Callable[[Floats], Floats]] = {
    RegionType.SENSORY: _sheet,
    RegionType.ASSOCIATION: _shell,
    RegionType.MEMORY: _horn,
    RegionType.MOTOR: _strip,
    RegionType.REWARD: _ball,
}


def cloud(kind: RegionType, first: int, n: int) -> NDArray[np.int16]:
    """The places of some points of a region, which stay the same as it grows.

    Parameters
    ----------
    kind : RegionType
        Whose shape it has.
    first : int
        The first point.
    n : int
        How many.

    Returns
    -------
    array of shape (n, 3), int16
        In units of the region's radius / 32767.
    """
    return as_words(_SHAPES[kind](evenly(first, n)))


def as_words(places: Floats) -> NDArray[np.int16]:
    """Places in [-1, 1] as whole numbers.

    Parameters
    ----------
    places : array of shape (n, 3)
        What is beyond is brought within.

    Returns
    -------
    array of shape (n, 3), int16
        Times 32767.
    """
    return np.rint(np.clip(places, -1.0, 1.0) * 32767.0).astype(np.int16)


def radius_of(kind: RegionType, n: int) -> float:
    """How large a region is drawn.

    Parameters
    ----------
    kind : RegionType
        What it is for.
    n : int
        Its neurons.

    Returns
    -------
    float
        From 0.5 to 1.5.
    """
    size = 0.42 * max(n, 1) ** 0.16
    return float(np.clip(size * (0.8 if kind is RegionType.REWARD else 1.0), 0.5, 1.5))


def layers(n: int, sources: Sequence[int], ways: Sequence[tuple[int, int]]) -> list[int]:
    """In which layer each region stands: one more than the nearest that leads to it.

    Parameters
    ----------
    n : int
        Regions.
    sources : sequence of int
        Those of the first layer.
    ways : sequence of (int, int)
        Pathways: from where to where.

    Returns
    -------
    list of int
        By region; those that nothing leads to stand in the first.
    """
    found = dict.fromkeys(sources or [0], 0)
    front = list(found)
    while front:
        here = front.pop(0)
        for start, end in ways:
            if start == here and end not in found:
                found[end] = found[here] + 1
                front.append(end)
    return [found.get(k, 0) for k in range(n)]


def centres(
    kinds: Sequence[RegionType], radii: Sequence[float], ways: Sequence[tuple[int, int]]
) -> list[tuple[float, float, float]]:
    """Where the regions stand: layer after layer from the senses on, from left to right.

    Parameters
    ----------
    kinds : sequence of RegionType
        Of the regions.
    radii : sequence of float
        How large they are.
    ways : sequence of (int, int)
        Pathways: from where to where.

    Returns
    -------
    list of (float, float, float)
        To the right, upwards, towards the beholder.
    """
    senses = [k for k, kind in enumerate(kinds) if kind is RegionType.SENSORY]
    layer = layers(len(kinds), senses, ways)
    widest = max(layer, default=0)
    found = [(0.0, 0.0, 0.0)] * len(kinds)
    for x in range(widest + 1):
        here = [k for k in range(len(kinds)) if layer[k] == x]
        height = sum(2.0 * radii[k] for k in here) + GAP * (len(here) - 1)
        top = height / 2.0
        for place, k in enumerate(here):
            back = 0.0 if len(here) < 2 else 0.7 * (-1.0) ** place
            found[k] = (LAYER * (x - widest / 2.0), top - radii[k], back)
            top -= 2.0 * radii[k] + GAP
    return found
