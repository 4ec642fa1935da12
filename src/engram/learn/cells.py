"""Place cells, tiles and state cells: how an agent's observations become firing rates."""

from __future__ import annotations

import zlib
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from engram.errors import InvalidTypeError, InvalidValueError, brief

Floats = NDArray[np.float64]

LEAST = 0.12
"""Relative rate below which a place cell is silent."""


def numbers(observation: Any) -> Floats:
    """The numbers in an observation, in the order of its keys; text is left out.

    Parameters
    ----------
    observation : object
        As the environment gives it.

    Returns
    -------
    array of float64
        Flat, in the order of its keys.
    """
    if isinstance(observation, dict):
        parts = [numbers(observation[key]) for key in sorted(observation)]
    elif isinstance(observation, tuple):
        parts = [numbers(part) for part in observation]
    elif isinstance(observation, str):
        return np.zeros(0)
    else:
        try:
            return np.asarray(observation, np.float64).ravel()
        except (TypeError, ValueError) as error:
            raise InvalidTypeError(
                f"SpikingAgent: an observation must consist of numbers, not {brief(observation)}"
            ) from error
    return np.concatenate(parts) if parts else np.zeros(0)


class Cells:
    """Base: a code gives each of `n_cells` neurons a rate in [0, 1], in all about `total`.

    Attributes
    ----------
    gamma : float
        How far ahead an agent reckons with such observations.
    tau_eligibility : float
        How far back an agent reckons with such observations, ms.
    """

    n_cells: int
    total: float
    gamma, tau_eligibility = 0.95, 200.0

    def rates(self, observation: Any) -> Floats:
        """Relative firing rates for an observation.

        Parameters
        ----------
        observation : object
            As the environment gives it.

        Returns
        -------
        array of shape (n_cells,), float64
            In [0, 1].
        """
        raise NotImplementedError

    def examples(self, n: int) -> list[Floats]:
        """The rates of observations spread over all there are.

        Parameters
        ----------
        n : int
            How many observations.

        Returns
        -------
        list of arrays of shape (n_cells,)
            One for each.
        """
        raise NotImplementedError

    def describe(self) -> dict[str, Any]:
        """Describe the code.

        Returns
        -------
        dict
            What makes the same code again, as JSON can hold it.
        """
        raise NotImplementedError


class PlaceCells(Cells):
    """Gaussian place fields on a lattice over a box (O'Keefe & Dostrovsky 1971).

    a_i = exp(-|x - c_i|^2 / (2 sigma^2)), scaled so that they add up to `total` before cells below
    0.12 are silenced. There are `fields` centres c in each dimension, one of them beyond either
    edge; sigma is their distance.

    Parameters
    ----------
    low : array_like of shape (d,)
        Lower edges of the box.
    high : array_like of shape (d,)
        Upper edges of the box.
    fields : int
        Centres in each dimension.

    References
    ----------
    .. [1] O'Keefe & Dostrovsky 1971, doi:10.1016/0006-8993(71)90358-1
    """

    total = 6.0

    def __init__(self, low: ArrayLike, high: ArrayLike, fields: int = 12) -> None:
        self.low, self.high = np.asarray(low, np.float64), np.asarray(high, np.float64)
        self.fields = fields
        # In units of the distance between centres, the box is [1, fields - 2].
        axis = np.arange(fields, dtype=np.float64)
        axes = np.meshgrid(*[axis] * len(self.low), indexing="ij")
        self.centres = np.stack(axes, -1).reshape(-1, len(self.low))
        self.n_cells = len(self.centres)

    def rates(self, observation: Any) -> Floats:
        """Relative firing rates for a point of the box.

        Parameters
        ----------
        observation : object
            The point, d numbers.

        Returns
        -------
        array of shape (n_cells,), float64
            In [0, 1].
        """
        x = numbers(observation)
        if x.shape != self.low.shape or not np.isfinite(x).all():
            raise InvalidValueError(
                f"PlaceCells: an observation must be {len(self.low)} finite numbers, "
                f"not {brief(observation)}"
            )
        width = self.high - self.low
        # A number that is always the same tells nothing: it stands in the first field.
        share = np.clip((x - self.low) / np.where(width > 0.0, width, 1.0), 0.0, 1.0)
        distance = 1.0 + share * (self.fields - 3) - self.centres
        a: Floats = np.exp(-0.5 * (distance**2).sum(axis=1))
        a *= self.total / a.sum()
        a[a < LEAST] = 0.0
        return np.minimum(a, 1.0)

    def examples(self, n: int) -> list[Floats]:
        """The rates of points of the box (an additive recurrence, its steps of roots of 2).

        Parameters
        ----------
        n : int
            How many points.

        Returns
        -------
        list of arrays of shape (n_cells,)
            One for each.
        """
        steps = 2.0 ** (-np.arange(1, len(self.low) + 1) / (len(self.low) + 1))
        shares = np.arange(1, n + 1)[:, np.newaxis] * steps % 1.0
        return [self.rates(self.low + share * (self.high - self.low)) for share in shares]

    def describe(self) -> dict[str, Any]:
        """What makes the same code again."""
        return {
            "kind": "place",
            "low": self.low.tolist(),
            "high": self.high.tolist(),
            "fields": self.fields,
        }


class TileCells(Cells):
    """Tile coding with cells recruited at the first visit (Sutton & Barto 2018, section 9.5).

    `tilings` grids of tiles of the given widths, shifted against each other by (1, 3, 5, ...) /
    tilings of a width; one cell of each fires. A tile gets a neuron when it is first entered; when
    all `n_cells` are taken, tiles share them. With width 0, numbers are compared as they are: each
    distinct observation has cells of its own.

    Parameters
    ----------
    widths : array_like of shape (d,)
        Of tiles, in each dimension.
    n_cells : int
        How many neurons there are.
    tilings : int
        Grids.
    known : sequence of sequences of int
        Tiles that have a neuron already.

    References
    ----------
    .. [1] Sutton & Barto 2018, Reinforcement Learning, 2nd edition.
    """

    def __init__(
        self, widths: ArrayLike, n_cells: int = 1000, tilings: int = 8, known: Any = ()
    ) -> None:
        self.widths = np.asarray(widths, np.float64)
        self.n_cells, self.tilings = n_cells, tilings
        self.total = float(tilings)
        if (self.widths > 0).any():
            # What moves through real numbers changes little from one decision to the next.
            self.gamma, self.tau_eligibility = 0.98, 400.0
        steps = np.arange(tilings)[:, None] * (2 * np.arange(len(self.widths)) + 1)
        self._shift = np.where(self.widths > 0, steps % tilings / tilings, 0.0)
        self.known: dict[tuple[int, ...], int] = {
            tuple(int(i) for i in tile): k for k, tile in enumerate(known)
        }
        self.shared = 0

    def rates(self, observation: Any) -> Floats:
        """1 for the cells of the tiles an observation is in, else 0.

        Parameters
        ----------
        observation : object
            As the environment gives it.

        Returns
        -------
        array of shape (n_cells,), float64
            Rates.
        """
        x = numbers(observation)
        if x.shape != self.widths.shape or not np.isfinite(x).all():
            raise InvalidValueError(
                f"TileCells: an observation must be {len(self.widths)} finite numbers, "
                f"not {brief(observation)}"
            )
        scaled = x / np.where(self.widths > 0, self.widths, 1.0)
        grid = np.floor(scaled + self._shift).astype(np.int64)
        a = np.zeros(self.n_cells)
        for k, tile in enumerate(grid.tolist()):
            a[self._cell((k, *tile))] = 1.0
        return a

    def examples(self, n: int) -> list[Floats]:
        """One cell of each tiling, some times: any tiles make the same input before learning.

        Parameters
        ----------
        n : int
            How many observations.

        Returns
        -------
        list of arrays of shape (n_cells,)
            One for each.
        """
        return [np.repeat([1.0, 0.0], [self.tilings, self.n_cells - self.tilings])] * n

    def _cell(self, tile: tuple[int, ...]) -> int:
        cell = self.known.get(tile)
        if cell is None:
            if len(self.known) < self.n_cells:
                cell = self.known[tile] = len(self.known)
            else:
                self.shared += 1
                cell = zlib.crc32(np.array(tile, np.int64).tobytes()) % self.n_cells
        return cell

    def describe(self) -> dict[str, Any]:
        """What makes the same code again."""
        return {
            "kind": "tiles",
            "widths": self.widths.tolist(),
            "n_cells": self.n_cells,
            "tilings": self.tilings,
            "known": [list(tile) for tile in self.known],
        }


def from_description(described: dict[str, Any]) -> Cells:
    """The code that was described.

    Parameters
    ----------
    described : dict of object
        What `Cells.describe` returned.

    Returns
    -------
    Cells
        The same code.
    """
    values = dict(described)
    kind = values.pop("kind")
    return PlaceCells(**values) if kind == "place" else TileCells(**values)


def cells_for(
    space: Any, fields: int = 12, tiles: int = 8, tilings: int = 8, max_cells: int = 1000
) -> Cells:
    """The code for a Gymnasium observation space.

    A bounded Box of one or two real numbers gets place cells; a larger or unbounded one tiles,
    `tiles` of them across a bounded dimension and tiles of width 1 in others; whatever consists of
    whole numbers gets `tilings` cells for each distinct observation.

    Parameters
    ----------
    space : gymnasium.Space
        Of the observations.
    fields : int
        Place fields in each dimension.
    tiles : int
        Tiles across a bounded dimension.
    tilings : int
        Cells for each observation.
    max_cells : int
        At most so many cells, where tiles are used.

    Returns
    -------
    Cells
        The code.

    Raises
    ------
    InvalidTypeError
        There is no code for such observations.
    """
    low, high, whole = _limits(space)
    if whole.all():
        few = np.isfinite(high - low).all() and np.log(high - low + 1.0).sum() < np.log(max_cells)
        if not few:
            return TileCells(np.zeros(len(low)), max_cells, tilings)
        kinds = round(np.prod(high - low + 1.0))
        each = tilings if tilings * kinds <= max_cells else 1
        return TileCells(np.zeros(len(low)), each * kinds, each)
    bounded = np.isfinite(low) & np.isfinite(high) & (np.abs(low) < 1e9) & (np.abs(high) < 1e9)
    if len(low) <= 2 and bounded.all():
        return PlaceCells(low, high, fields)
    span = np.where(bounded, high, 1.0) - np.where(bounded, low, 0.0)
    widths = np.where(bounded, span / tiles, 1.0)
    return TileCells(np.where(whole, 0.0, widths), max_cells, tilings)


def _limits(space: Any) -> tuple[Floats, Floats, NDArray[np.bool_]]:
    """Lowest and highest number of each entry of an observation, and whether it is whole."""
    from gymnasium import spaces

    if isinstance(space, spaces.Dict | spaces.Tuple):
        members = (
            [space[key] for key in sorted(space.keys())]
            if isinstance(space, spaces.Dict)
            else list(space)
        )
        parts = [_limits(s) for s in members if not isinstance(s, spaces.Text) and _numeric(s)]
        if parts:
            low, high, whole = (np.concatenate(x) for x in zip(*parts, strict=True))
            return low, high, whole
    elif isinstance(space, spaces.Discrete):
        first = float(space.start)
        return np.array([first]), np.array([first + float(space.n) - 1]), np.array([True])
    elif isinstance(space, spaces.MultiDiscrete):
        start = np.asarray(space.start, np.float64).ravel()
        return start, start + np.ravel(space.nvec) - 1.0, np.ones(len(start), np.bool_)
    elif isinstance(space, spaces.MultiBinary):
        n = int(np.prod(space.shape))
        return np.zeros(n), np.ones(n), np.ones(n, np.bool_)
    elif isinstance(space, spaces.Box):
        low = np.asarray(space.low, np.float64).ravel()
        whole = np.full(len(low), np.issubdtype(space.dtype, np.integer))
        return low, np.asarray(space.high, np.float64).ravel(), whole
    raise InvalidTypeError(f"SpikingAgent: no code for observations of {space!r}")


def _numeric(space: Any) -> bool:
    """Whether there are numbers in it: MiniGrid's missions are text in a space of its own."""
    return not type(space).__name__.startswith("Mission")
