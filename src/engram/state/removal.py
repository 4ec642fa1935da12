"""Taking rows out of the tables: those of a region, of a projection, of a critic."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from engram.kernels.constants import EVENTS, STEP
from engram.state.schema import BRAIN_FIELDS
from engram.state.tables import Array, Tables

COUPLINGS = ("coupling_source", "coupling_target")


def without(tables: Tables, dimension: str, row: int) -> tuple[dict[str, int], dict[str, Array]]:
    """The arrays without one row of a dimension.

    Parameters
    ----------
    tables : Tables
        Of a network; they stay as they are.
    dimension : str
        A letter of the schema.
    row : int
        Which goes.

    Returns
    -------
    tuple of (dict of int, dict of array)
        Sizes and arrays that differ.
    """
    arrays = {
        field.name: np.delete(tables[field.name], row, axis=field.dims.index(dimension))
        for field in BRAIN_FIELDS
        if dimension in field.dims
    }
    return {dimension: tables.sizes[dimension] - 1}, arrays


def without_region(tables: Tables, r: int) -> tuple[dict[str, int], dict[str, Array]]:
    """The arrays without a region that no projection begins or ends in.

    The slots of other neurons stay where they are, since random numbers are told apart by them; its
    own are free. Its spikes leave the spike ring. Rhythms it pulled at, or whose learning it gated,
    go on without it.

    Parameters
    ----------
    tables : Tables
        Of a network; they stay as they are.
    r : int
        Index of the region.

    Returns
    -------
    tuple of (dict of int, dict of array)
        Sizes and arrays that differ.
    """
    first, capacity = int(tables["region_first"][r]), int(tables["region_capacity"][r])
    sizes, arrays = without(tables, "R", r)
    n = int((arrays["region_first"] + arrays["region_capacity"]).max(initial=0))
    sizes["N"] = n
    for field in BRAIN_FIELDS:
        if field.of_neurons:
            array = tables[field.name][..., :n].copy()
            array[..., first : first + capacity] = field.initial
            arrays[field.name] = array
    arrays |= _ring_without(tables, r, first, capacity, arrays["last_event"])
    for name in ("source", "target"):
        arrays[name] = tables[name] - (tables[name] > r)
    mine, later = tables["gate_region"] == r, tables["gate_region"] > r
    arrays["gate_region"] = np.where(mine, 0, tables["gate_region"] - later)
    arrays["gate_depth"] = np.where(mine, 0.0, tables["gate_depth"])
    left = np.ones(tables.sizes["U"], np.bool_)
    for name in COUPLINGS:
        left &= tables[name] != r
    sizes["U"] = int(left.sum())
    arrays |= {f.name: tables[f.name][left] for f in BRAIN_FIELDS if f.dims == ("U",)}
    for name in COUPLINGS:
        arrays[name] -= arrays[name] > r
    return sizes, arrays


def _ring_without(
    tables: Tables, r: int, first: int, capacity: int, last_event: NDArray[Any]
) -> dict[str, Array]:
    """The spike ring without the spikes of a region: the others move up, in their order."""
    step, head = int(tables["clock"][STEP]), int(tables["clock"][EVENTS])
    horizon, size = tables.sizes["H"], tables.sizes["E"]
    back = min(horizon, step)
    kept_steps = (step - 1 - np.arange(back)) % horizon
    oldest = int(tables["event_first"][kept_steps].min(initial=head))
    oldest = max(oldest, head - size, 0)
    places = np.arange(oldest, head) % size
    neuron = tables["event_neuron"][places]
    stays = (neuron < first) | (neuron >= first + capacity)
    # What each number becomes: spikes are counted back from the latest.
    later = np.append(np.cumsum(stays[::-1])[::-1], 0)
    number = head - later

    def renumbered(numbers: NDArray[Any]) -> NDArray[Any]:
        return np.asarray(number[np.clip(numbers, oldest, head) - oldest])

    def linked(numbers: NDArray[Any]) -> NDArray[Any]:
        return np.where(numbers < oldest, -1, renumbered(numbers))

    arrays: dict[str, Array] = {}
    for field in BRAIN_FIELDS:
        if field.dims == ("E",):
            arrays[field.name] = np.full(size, field.initial, field.dtype)
            values = tables[field.name][places][stays]
            if field.name == "event_previous":
                values = linked(values)
            arrays[field.name][number[:-1][stays] % size] = values
    for name in ("event_first", "event_end"):
        arrays[name] = np.delete(renumbered(tables[name]), r, axis=1)
    arrays["last_event"] = linked(last_event)
    return arrays
