"""Removing regions and pathways, and giving regions other names."""

from __future__ import annotations

from collections.abc import Callable

from engram.errors import InvalidValueError, brief, label
from engram.network.individuals import fit_rows
from engram.network.interrupts import whole
from engram.network.network import Network, Process
from engram.network.records import GONE, PathwayRecord, RegionRecord, label_of
from engram.network.transaction import transaction
from engram.state import removal


@whole
def remove_region(network: Network, region: RegionRecord) -> None:
    """Remove a region with all that begins or ends in it, see `Brain.remove_region`.

    Parameters
    ----------
    network : Network
        Of the brain.
    region : RegionRecord
        Which.

    Raises
    ------
    InvalidValueError
        Something is being presented.
    """
    _check_free(network, "Brain.remove_region")
    network.flush_log()
    gone = network.touching(region.name)
    spikes = int(network.tables["region_spikes"][region.index])
    with transaction(network):
        for pathway in gone:
            _take_out(network, pathway)
        sizes, arrays = removal.without_region(network.tables, region.index)
        network.tables.replace(sizes, arrays)
        del network.regions[region.name]
        region.row = GONE
        for row, record in enumerate(network.regions.values()):
            record.row = row
        _fit_sizes(network)
        network.synapses_changed()
        network.parameters_changed()
    news = [_removal_of(pathway) for pathway in gone]
    _tell(network, [*news, lambda process: process.region_removed(region, spikes)])


@whole
def remove_pathway(network: Network, pathway: PathwayRecord) -> None:
    """Remove a pathway with all its synapses, see `Brain.remove_projection`.

    Parameters
    ----------
    network : Network
        Of the brain.
    pathway : PathwayRecord
        Which.

    Raises
    ------
    InvalidValueError
        It is a region's own wiring, or something is being presented.
    """
    where = "Brain.remove_projection"
    _check_free(network, where)
    if pathway.own:
        raise InvalidValueError(
            f"{where}: {pathway.label!r} is the own wiring of a region, which goes with it "
            f"(Brain.remove_region); Projection.remove_synapses empties it"
        )
    with transaction(network):
        _take_out(network, pathway)
        network.synapses_changed()
        network.parameters_changed()
    _tell(network, [_removal_of(pathway)])


@whole
def rename_region(network: Network, region: RegionRecord, name: str) -> None:
    """Give a region another name, see `Brain.rename_region`.

    Parameters
    ----------
    network : Network
        Of the brain.
    region : RegionRecord
        Which.
    name : str
        That no other region has.

    Raises
    ------
    InvalidValueError
        It is no name, or taken.
    """
    where, old = "Brain.rename_region", region.name
    _check_free(network, where)
    check_name(network, where, name)

    def renamed(end: str) -> str:
        return name if end == old else end

    labels = {
        p.label: label_of(renamed(p.source), renamed(p.target), p.name) for p in network.pathways
    }
    if len(set(labels.values())) < len(labels):
        raise InvalidValueError(
            f"{where}: with {name!r} for {old!r} two projections would have the same label"
        )
    with transaction(network):
        region.name = name
        for pathway in network.pathways:
            pathway.source, pathway.target = renamed(pathway.source), renamed(pathway.target)
        records = list(network.regions.values())
        network.regions.clear()
        network.regions.update({record.name: record for record in records})
        network.parameters_changed()
    _tell(network, [lambda process: process.region_renamed(old, name, labels)])


def check_name(network: Network, where: str, name: str) -> None:
    """Refuse what can't be the name of a new region.

    Parameters
    ----------
    network : Network
        Of the brain.
    where : str
        Names the caller in errors.
    name : str
        What was given.

    Raises
    ------
    InvalidValueError
        It is no name, or taken.
    """
    if "->" in label(f"{where}: name", name):
        raise InvalidValueError(f"{where}: name must be a string without '->', not {brief(name)}")
    if name in network.regions:
        raise InvalidValueError(f"{where}: there is a region {name!r} already")


def _check_free(network: Network, where: str) -> None:
    if network.presenting:
        raise InvalidValueError(
            f"{where}: not while something is presented; wait until Brain.present has returned"
        )


def _take_out(network: Network, pathway: PathwayRecord) -> None:
    """Take a pathway out of tables and lists."""
    tables, p = network.tables, pathway.index
    sizes, arrays = removal.without(tables, "P", p)
    blocks = [block for k, block in enumerate(tables.blocks) if k != p]
    tables.replace(sizes, arrays, blocks)
    network.pathways.remove(pathway)
    pathway.row = GONE
    for row, record in enumerate(network.pathways):
        record.row = row


def _fit_sizes(network: Network) -> None:
    """Let no table have more columns than the neurons that are left want."""
    regions = network.regions.values()
    kinds = [type(region.model) for region in regions]
    network.tables.resize(
        X=max((len(kind.states) - 1 for kind in kinds), default=1) or 1,
        M=max((len(kind.model_parameters()) for kind in kinds), default=1) or 1,
        J=max((region.dendrites.n_dynamic for region in regions), default=0),
    )
    fit_rows(network)


def _removal_of(pathway: PathwayRecord) -> Callable[[Process], None]:
    return lambda process: process.pathway_removed(pathway)


def _tell(network: Network, news: list[Callable[[Process], None]]) -> None:
    """Tell all processes, when all is done; then raise what went wrong."""

    def tell(process: Process) -> None:
        for piece in news:
            piece(process)

    network.each(tell)
