"""The parts of a network, how they are found, and what is to be done when they change."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from engram.engine.binding import Entry
from engram.errors import InvalidTypeError, InvalidValueError, UnknownNameError, brief, unknown_name
from engram.network.interrupts import carry_out
from engram.network.records import PathwayRecord, RegionRecord, label_of
from engram.network.turns import Turns
from engram.state.tables import Array, Tables

SWITCHES = (
    "plasticity",
    "structural_plasticity",
    "homeostatic_scaling",
    "adaptive_thresholds",
    "memory",
    "oscillations",
    "neuromodulation",
    "reward_modulated_plasticity",
    "default_rule",
)
"""What can be frozen or disabled."""


class Parts(Turns):
    """Tables and settings of regions and pathways: what a `Network` consists of."""

    def __init__(self) -> None:
        super().__init__()
        self.tables = Tables()
        self.regions: dict[str, RegionRecord] = {}
        self.pathways: list[PathwayRecord] = []
        self.structure_version = 0
        self.undoable = False
        self.stale = True
        self.entries: list[Entry] = []
        self.agenda: tuple[int, list[Any]] | None = None

    # -- changes

    def parameters_changed(self) -> None:
        """Something was assigned: the tables are stale, and who acts when is to be asked anew."""
        self.stale = True
        self.agenda = None

    def neurons_changed(self) -> None:
        """Neurons were born or died, or what they receive has changed."""
        self.stale = True

    def synapses_changed(self) -> None:
        """Synapses were added or removed."""
        self.stale = True
        self.structure_version += 1

    def change(self, function: Callable[..., object], *args: Any) -> None:
        """Carry out the assignment of a parameter.

        It is noted first, so that an interrupt can't come between the two.

        Parameters
        ----------
        function : callable
            Which assigns it.
        *args : object
            Its arguments.
        """

        def assign() -> None:
            self.parameters_changed()
            function(*args)

        carry_out(self, assign)

    # -- finding

    def region(self, where: str, name: str) -> RegionRecord:
        """A region by name.

        Parameters
        ----------
        where : str
            Who asks, for errors.
        name : str
            Of the region.

        Returns
        -------
        RegionRecord
            Its settings.

        Raises
        ------
        UnknownNameError
            There is none.
        """
        region = self.regions.get(name) if isinstance(name, str) else None
        if region is None:
            raise unknown_name(where, "region", name, self.regions)
        return region

    def pathway(
        self, where: str, source: str, target: str, name: str | None = None
    ) -> PathwayRecord:
        """The pathway between two regions.

        Parameters
        ----------
        where : str
            Who asks, for errors.
        source : str
            Where it begins.
        target : str
            Where it ends.
        name : str, optional
            Its own name. None: it has none; from a region to itself, the own wiring.

        Returns
        -------
        PathwayRecord
            Its settings.

        Raises
        ------
        UnknownNameError
            There is none.
        InvalidTypeError
            The name is none.
        """
        self.region(where, source)
        self.region(where, target)
        if name is not None and not isinstance(name, str):
            raise InvalidTypeError(f"{where}: name must be a string or None, not {brief(name)}")
        wanted = source, target, name
        for pathway in self.pathways:
            if (pathway.source, pathway.target, pathway.name) == wanted:
                return pathway
        if name == "":
            raise UnknownNameError(
                f"{where}: no projection {source!r} -> {target!r} of name ''; that is only "
                f"for a further pathway of a region to itself that was given none; leave name out"
            )
        known = [p.label.removeprefix("proj:") for p in self.pathways if not p.own]
        asked = label_of(source, target, name).removeprefix("proj:")
        raise unknown_name(where, "projection", asked, known)

    def target(self, where: str, label: str) -> PathwayRecord:
        """A pathway by its label.

        Parameters
        ----------
        where : str
            Who asks, for errors.
        label : str
            As for `Brain.reward`.

        Returns
        -------
        PathwayRecord
            Its settings.

        Raises
        ------
        UnknownNameError
            There is none.
        """
        for pathway in self.pathways:
            if isinstance(label, str) and pathway.label == label:
                return pathway
        raise unknown_name(where, "target", label, [p.label for p in self.pathways])

    def rewarded(self, where: str, label: str) -> PathwayRecord:
        """A pathway that dopamine acts on, by its label.

        Parameters
        ----------
        where : str
            Who asks, for errors.
        label : str
            As for `Brain.reward`.

        Returns
        -------
        PathwayRecord
            Its settings.

        Raises
        ------
        UnknownNameError, InvalidValueError
            There is none, or its rule is not modulated by dopamine.
        """
        pathway = self.target(where, label)
        if pathway.rule is None or not pathway.rule.modulated:
            raise InvalidValueError(
                f"{where}: dopamine does not act on {label!r}, whose rule is {pathway.rule!r}; "
                f"assign Projection.rule = 'reward_stdp' first"
            )
        return pathway

    def first(self, region: RegionRecord) -> int:
        """The first neuron slot of a region, in the brain's tables.

        Parameters
        ----------
        region : RegionRecord
            Which.

        Returns
        -------
        int
            Its number.
        """
        first: int = self.tables["region_first"].item(region.index)
        return first

    def count(self, region: RegionRecord) -> int:
        """The neuron slots of a region in use, those of dead neurons included.

        Parameters
        ----------
        region : RegionRecord
            Which.

        Returns
        -------
        int
            How many.
        """
        count: int = self.tables["region_count"].item(region.index)
        return count

    def slice(self, region: RegionRecord) -> slice:
        """Where the neuron slots of a region in use stand in the brain's tables.

        Parameters
        ----------
        region : RegionRecord
            Which.

        Returns
        -------
        slice
            Of arrays of neurons.
        """
        first = self.first(region)
        return slice(first, first + self.count(region))

    def slots(self, region: RegionRecord, name: str, row: int | None = None) -> Array:
        """A region's part of an array of neurons.

        Parameters
        ----------
        region : RegionRecord
            Which.
        name : str
            Of the array.
        row : int, optional
            Of an array with several rows.

        Returns
        -------
        array of shape (n_neurons,)
            A view.
        """
        array = self.tables[name]
        if row is not None:
            array = array[row]
        return array[self.slice(region)]

    def alive(self, region: RegionRecord) -> NDArray[np.bool_]:
        """Which slots of a region hold a living neuron.

        Parameters
        ----------
        region : RegionRecord
            Which.

        Returns
        -------
        array of shape (n_neurons,), bool
            A view.
        """
        return self.slots(region, "alive").view(np.bool_)

    def touching(self, region: str) -> list[PathwayRecord]:
        """The pathways that begin or end in a region.

        Parameters
        ----------
        region : str
            Its name.

        Returns
        -------
        list of PathwayRecord
            In their order.
        """
        return [p for p in self.pathways if region in (p.source, p.target)]

    def block(self, pathway: PathwayRecord) -> dict[str, NDArray[Any]]:
        """The arrays of a pathway.

        Parameters
        ----------
        pathway : PathwayRecord
            Which.

        Returns
        -------
        dict of str to array
            By their names in the schema.
        """
        return self.tables.blocks[pathway.index]
