"""Changes of structure happen as a whole or not at all."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator

from engram.network.network import Network
from engram.state.schema import BRAIN_FIELDS


@contextlib.contextmanager
def transaction(network: Network) -> Iterator[None]:
    """Undo what is done to sizes, arrays and settings if an exception ends the block.

    Arrays of neurons and synapses are replaced by new ones when structure changes, so the old ones
    are put back; those with an entry a region or a pathway are written in place, and are copied.

    Parameters
    ----------
    network : Network
        Of the brain.

    Yields
    ------
    None
        The block that is done or undone.
    """
    tables = network.tables
    sizes, arrays = dict(tables.sizes), dict(tables.arrays)
    written = {f.name: arrays[f.name].copy() for f in BRAIN_FIELDS if f.is_small}
    blocks = [dict(block) for block in tables.blocks]
    regions, pathways, tag = dict(network.regions), list(network.pathways), network.tag
    try:
        yield
    except BaseException:
        tables.restore(sizes, {**arrays, **written}, blocks)
        network.regions.clear()
        network.regions.update(regions)
        network.pathways[:] = pathways
        network.tag = tag
        network.structure_version += 1
        network.parameters_changed()
        raise
