"""What a reset, a birth, a death and an answer do to arrays, as the schema says."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from engram.kernels.constants import EVENTS
from engram.state.field import Field, Occasion
from engram.state.schema import renewed
from engram.state.tables import Array, Tables

SPIKE_RANGES = ("event_first", "event_end")
"""Where the spikes of each step stand: none of them counts any more after a reset."""

Slots = slice | NDArray[np.int64]


def reset(tables: Tables) -> None:
    """Write initial values into all that a reset renews; models' rest is for the caller to add.

    Parameters
    ----------
    tables : Tables
        Of a network.
    """
    brain, synapses = renewed("reset")
    for field in brain:
        value = tables["clock"][EVENTS] if field.name in SPIKE_RANGES else field.initial
        tables[field.name][...] = value
    for block in tables.blocks:
        for field in synapses:
            block[field.name][...] = field.initial


def renew_neurons(tables: Tables, slots: Slots, occasion: Occasion) -> None:
    """Write initial values into the entries of neurons that die or are born.

    Parameters
    ----------
    tables : Tables
        Of a network.
    slots : array of int64
        Slots of the brain.
    occasion : Occasion
        Death or birth.
    """
    for field in renewed(occasion)[0]:
        if field.of_neurons:
            tables[field.name][..., slots] = field.initial


def renew_traces(
    block: dict[str, Array], slots: NDArray[np.int64], occasion: Occasion, *, side: str
) -> None:
    """Write initial values into a projection's entries of neurons that die or are born.

    Parameters
    ----------
    block : dict of array
        Arrays of the projection.
    slots : array of int64
        Slots of the region.
    occasion : Occasion
        Death or birth.
    side : str
        Which end they are, "pre" or "post".
    """
    for field in renewed(occasion)[1]:
        if field.dims[-1] == side:
            block[field.name][..., slots] = field.initial


class Resting:
    """The state that each answer begins with, kept to be put back.

    Parameters
    ----------
    tables : Tables
        Of a network.
    """

    def __init__(self, tables: Tables) -> None:
        brain, synapses = renewed("answer")
        arrays = [tables[field.name] for field in brain]
        arrays += [block[field.name] for block in tables.blocks for field in synapses]
        self._kept: list[tuple[Array, Array]] = [(a, a.copy()) for a in arrays if a.size]
        self._tables = tables

    def put_back(self) -> None:
        """Let everything be as it was; spikes fired since do not count any more."""
        for array, resting in self._kept:
            array[...] = resting
        for name in SPIKE_RANGES:
            self._tables[name][:] = self._tables["clock"][EVENTS]


def out_of_range(field: Field, array: NDArray[Any]) -> bool:
    """Whether an array has an entry outside the range of its field; NaN is outside any.

    Parameters
    ----------
    field : Field
        Which array.
    array : array
        Its values.

    Returns
    -------
    bool
        True where one is.
    """
    if field.low is not None:
        inside = array > field.low if field.open_low else array >= field.low
        if not inside.all():
            return True
    return field.high is not None and not (array <= field.high).all()
