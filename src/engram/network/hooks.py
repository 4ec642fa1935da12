"""What a process may be asked and told; `Process` is their base."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from engram.network.records import PathwayRecord, RegionRecord
from engram.parameters import Parameterized

Saved = tuple[dict[str, Any], dict[str, NDArray[Any]]]
"""Plain values, and arrays, by name."""


class Hooks(Parameterized):
    """The hooks of a process, none of which has to be there."""

    def bind(self) -> None:
        """Write what compiled loops read into the tables: before the first step and after changes.

        Assigning a parameter of any part of the brain is a change.
        """

    def next_act(self, step: int) -> int | None:
        """When it wants to act.

        Parameters
        ----------
        step : int
            The step that comes next.

        Returns
        -------
        int or None
            The first step after `step` before which it wants to act; None: none as things are.
        """
        return None

    def act(self, step: int) -> None:
        """Act between two steps.

        Parameters
        ----------
        step : int
            The step that comes next.
        """

    def reset(self) -> None:
        """`Brain.reset_state` was called: forget what is under way."""

    def forget(self, region: str, slots: NDArray[np.int64]) -> None:
        """Forget neurons of a region that died.

        Parameters
        ----------
        region : str
            Its name.
        slots : array of int64
            Their indices in the region.
        """

    def region_added(self, region: RegionRecord) -> None:
        """Note that a region has been added, which has no neurons and no synapses yet.

        Parameters
        ----------
        region : RegionRecord
            The new one.
        """

    def region_removed(self, region: RegionRecord, spikes: int) -> None:
        """Forget a region that is gone, with its neurons and projections.

        Parameters
        ----------
        region : RegionRecord
            What it was; it has no row any more.
        spikes : int
            How many its neurons have fired in all.
        """

    def region_renamed(self, old: str, new: str, labels: Mapping[str, str]) -> None:
        """Know a region by another name.

        Parameters
        ----------
        old, new : str
            Its names.
        labels : mapping of str to str
            The labels that projections had, and have now.
        """

    def pathway_removed(self, pathway: PathwayRecord) -> None:
        """Forget a projection that is gone, with its synapses.

        Parameters
        ----------
        pathway : PathwayRecord
            What it was; it has no row any more.
        """

    def logged_regions(self) -> tuple[str, ...]:
        """The regions whose every spike it wants to be told."""
        return ()

    def log(self, steps: NDArray[np.int32], neurons: NDArray[np.int32]) -> None:
        """Take spikes of all logged regions since the last call.

        Parameters
        ----------
        steps : array of int32
            When each came.
        neurons : array of int32
            Slots of the brain.
        """

    def let_go(self) -> None:
        """A stimulus comes from outside: what it holds into regions by itself has to end."""

    def presented(self) -> None:
        """A presentation is over, during which nothing could be saved."""

    def finished(self) -> None:
        """A call of `Brain.run` is about to return."""

    def save(self) -> Saved:
        """What a checkpoint has to hold besides the parameters.

        Returns
        -------
        tuple of (dict, dict of arrays)
            Plain values, and arrays, by name: copies.
        """
        return {}, {}

    def restore(self, values: dict[str, Any], arrays: dict[str, NDArray[Any]]) -> None:
        """Undo `save`.

        Parameters
        ----------
        values : dict of object
            Plain values by name.
        arrays : dict of array
            Arrays by name.

        Raises
        ------
        EngramError
            They can't be used.
        """
