"""Changes of structure happen as a whole or not at all."""

from __future__ import annotations

import contextlib
import functools
from collections.abc import Callable, Iterable, Iterator
from typing import Any, ParamSpec, TypeVar

from engram.network.interrupts import whole
from engram.network.network import Network
from engram.network.records import PathwayRecord
from engram.state.schema import BRAIN_FIELDS, SYNAPSE_FIELDS
from engram.state.tables import Array

SETTLED = ("weight", "eligibility")
"""What `efficacy.settle` writes."""

TRACES = tuple(f.name for f in SYNAPSE_FIELDS if {"birth", "death"} & f.on)
"""What births and deaths of neurons write in a pathway."""

Q = ParamSpec("Q")
T = TypeVar("T")


@contextlib.contextmanager
def transaction(
    network: Network, *, neurons: bool = False, settled: Iterable[PathwayRecord] = ()
) -> Iterator[None]:
    """Undo what is done to sizes, arrays and settings if an exception ends the block.

    Most arrays are replaced by new ones when structure changes, so the old ones are put back; those
    that are written in place are copied before. Within another transaction it does nothing: all is
    undone together.

    Parameters
    ----------
    network : Network
        Of the brain.
    neurons : bool
        Whether the entries of neurons, and their spike traces, are written in place.
    settled : iterable of PathwayRecord
        Whose weights are settled.

    Yields
    ------
    None
        The block that is done or undone.
    """
    if network.undoable:
        yield
        return
    tables = network.tables
    sizes, arrays = dict(tables.sizes), dict(tables.arrays)
    blocks = [dict(block) for block in tables.blocks]
    written = [f.name for f in BRAIN_FIELDS if f.is_small or (neurons and f.of_neurons)]
    kept: list[tuple[Array, Array]] = [(arrays[name], arrays[name].copy()) for name in written]
    if neurons:
        kept += [(block[name], block[name].copy()) for block in blocks for name in TRACES]
    for pathway in settled:
        block = blocks[pathway.index]
        kept += [(block[name], block[name].copy()) for name in (*SETTLED, *TRACES)]
    records = [*network.regions.values(), *network.pathways]
    settings = [(record, dict(vars(record))) for record in records]
    regions, pathways, tag = dict(network.regions), list(network.pathways), network.tag
    network.undoable = True
    try:
        yield
    except BaseException:
        for array, before in kept:
            array[...] = before
        tables.restore(sizes, arrays, blocks)
        network.regions.clear()
        network.regions.update(regions)
        network.pathways[:] = pathways
        for record, values in settings:
            vars(record).update(values)
        network.tag = tag
        network.structure_version += 1
        network.parameters_changed()
        raise
    finally:
        network.undoable = False


def atomic(*, neurons: bool = False) -> Callable[[Callable[Q, T]], Callable[Q, T]]:
    """Let a function that changes structure be whole, and undone where it fails.

    Parameters
    ----------
    neurons : bool
        As of `transaction`.

    Returns
    -------
    callable
        A decorator of functions whose first argument is a network.
    """

    def decorate(function: Callable[Q, T]) -> Callable[Q, T]:
        @functools.wraps(function)
        def wrapped(*args: Q.args, **kwargs: Q.kwargs) -> T:
            network: Any = args[0]
            with transaction(network, neurons=neurons):
                return function(*args, **kwargs)

        return whole(wrapped)

    return decorate
