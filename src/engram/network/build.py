"""Adding regions."""

from __future__ import annotations

import math
import os

import numpy as np

from engram.distributions import Values
from engram.engine.entries import check_model
from engram.errors import CapacityError, InvalidTypeError, brief, integer, number, unknown_name
from engram.kernels.constants import EVENTS, MOST_INPUT, MOST_NEURONS
from engram.network import individuals, population, settings
from engram.network.defaults import one_background
from engram.network.interrupts import whole
from engram.network.network import Network
from engram.network.own_wiring import OwnWiring, wire_within
from engram.network.records import RegionRecord
from engram.network.removal import check_name
from engram.network.transaction import transaction
from engram.neurons import FiringPattern, NeuronModel, NeuronType, RegionType
from engram.parameters.each import is_each
from engram.state.schema import NEURON_FIELDS


def neuron_model(where: str, model: NeuronModel | type[NeuronModel]) -> NeuronModel:
    """A model of one's own from a model or its class.

    Parameters
    ----------
    where : str
        Names the caller in errors.
    model : NeuronModel or type
        What was given.

    Returns
    -------
    NeuronModel
        A copy.

    Raises
    ------
    InvalidTypeError
        It is no neuron model.
    InvalidValueError
        Its functions ask for what there is not.
    """
    if isinstance(model, type) and issubclass(model, NeuronModel):
        model = model()
    if not isinstance(model, NeuronModel):
        raise InvalidTypeError(f"{where}: model must be a NeuronModel, not {brief(model)}")
    check_model(type(model))
    return model.replica()


def region_type_of(where: str, given: RegionType | str) -> RegionType:
    """The type of a region from a type or its name.

    Parameters
    ----------
    where : str
        Names the caller in errors.
    given : RegionType or str
        Names in any case.

    Returns
    -------
    RegionType
        The type.

    Raises
    ------
    InvalidTypeError
        It is neither.
    UnknownNameError
        There is no type of that name.
    """
    if isinstance(given, RegionType):
        return given
    if not isinstance(given, str):
        raise InvalidTypeError(f"{where}: region_type must be a RegionType, not {brief(given)}")
    names = {kind.value: kind for kind in RegionType}
    if given.lower() not in names:
        raise unknown_name(where, "region type", given, names)
    return names[given.lower()]


USUAL_EXCITATORY = 0.8
"""Share of excitatory neurons in a region."""


def patterns_of(
    where: str,
    region_type: RegionType,
    patterns: tuple[FiringPattern, FiringPattern] | FiringPattern | None,
) -> tuple[FiringPattern, FiringPattern]:
    """The patterns of excitatory and inhibitory neurons.

    Parameters
    ----------
    where : str
        Names the caller in errors.
    region_type : RegionType
        Whose patterns are the default.
    patterns : tuple of (FiringPattern, FiringPattern) or FiringPattern or None
        For both, or for each. None: those of the type.

    Returns
    -------
    tuple of (FiringPattern, FiringPattern)
        Of excitatory and of inhibitory neurons.

    Raises
    ------
    InvalidTypeError
        They are no firing patterns.
    """
    if patterns is None:
        return region_type.patterns
    pair = (patterns, patterns) if isinstance(patterns, FiringPattern) else patterns
    two = isinstance(pair, tuple) and len(pair) == 2
    if not (two and all(isinstance(p, FiringPattern) for p in pair)):
        raise InvalidTypeError(
            f"{where}: patterns must be a FiringPattern or two of them (excitatory, inhibitory), "
            f"not {brief(patterns)}"
        )
    return pair


@whole
def add_region(
    network: Network,
    name: str,
    region_type: RegionType | str,
    n_neurons: int,
    max_neurons: int | None,
    model: NeuronModel | type[NeuronModel],
    excitatory: float | None,
    patterns: tuple[FiringPattern, FiringPattern] | FiringPattern | None,
    variation: float,
    background: Values,
    noise: float | None,
    own: OwnWiring,
) -> RegionRecord:
    """Add a region with its neurons and its own wiring, see `Brain.add_region`.

    Parameters
    ----------
    network : Network
        Of the brain.
    name : str
        What it is called.
    region_type : RegionType or str
        What kind of region it is.
    n_neurons : int
        How many it has at first.
    max_neurons : int or None
        How many it may have. None: max(1000, n_neurons).
    model : NeuronModel or type
        Of its neurons.
    excitatory : float or None
        Share of the excitatory neurons, in [0, 1]. None: the usual one; all, of sources.
    patterns : tuple of (FiringPattern, FiringPattern) or FiringPattern or None
        Firing patterns for both, or for each. None: those of the type.
    variation : float
        Of the parameters that differ between neurons, relative, in [0, 1].
    background : float, array_like of shape (n_neurons,) or Distribution
        Constant input current, in the unit of the model.
    noise : float or None
        Standard deviation of the noise current. None: the model's default.
    own : OwnWiring
        The wiring of the neurons among themselves.

    Returns
    -------
    RegionRecord
        The new region.

    Raises
    ------
    CapacityError
        There are more neurons than room for them.
    InvalidTypeError, InvalidValueError
        A value is of another kind or out of range.
    """
    where = "Brain.add_region"
    check_name(network, where, name)
    kind = region_type_of(where, region_type)
    n = integer(f"{where}: n_neurons", n_neurons, 1)
    most = max(1000, n) if max_neurons is None else integer(f"{where}: max_neurons", max_neurons)
    if n > most:
        raise CapacityError(f"{where}: n_neurons = {n} exceeds max_neurons = {most}")
    number(f"{where}: connectivity", own.wiring.density, 0.0, 1.0)
    variation = number(f"{where}: variation", variation, 0.0, 1.0)
    own_model = neuron_model(where, model)
    share = 1.0 if own_model.is_source else USUAL_EXCITATORY
    if excitatory is not None:
        share = number(f"{where}: excitatory", excitatory, 0.0, 1.0)
    each: dict[str, Values] = {**own_model.take_each()}
    if is_each(background):
        each[individuals.BACKGROUND], background = background, 0.0
    current = one_background(where, own_model, background)
    level = own_model.default_noise
    if noise is not None:
        level = number(f"{where}: noise", noise, 0.0, MOST_INPUT)
    own.check(network, where)
    chosen = patterns_of(where, kind, patterns)
    rule = settings.rule_of(network, where, own.rule)
    region = RegionRecord(
        len(network.regions), name, kind, own_model, chosen, variation, share, most
    )
    region.stream = 1 + max((r.stream for r in network.regions.values()), default=-1)
    first = _free_slots(network, region)
    # In a gap it writes into arrays that there are; at the end they are replaced.
    with transaction(network, neurons=first < network.tables.sizes["N"]):
        columns = individuals.adopt(network, region, each, n)
        _reserve(network, region, n, first)
        individuals.attach(network, region)
        tables, r = network.tables, region.index
        tables["background"][r], tables["noise"][r] = current, level
        _fill(network, region, n, columns)
        wire_within(network, where, region, rule, own)
    return region


def _capacity(region: RegionRecord) -> int:
    """Regions start at multiples of 8 so that flags can be scanned a word at a time."""
    return -(-region.max_neurons // 8) * 8


def _reserve(network: Network, region: RegionRecord, n: int, first: int) -> None:
    """Make room for a region in the tables."""
    tables, kind, capacity = network.tables, type(region.model), _capacity(region)
    tables.resize(
        R=region.index + 1,
        N=max(tables.sizes["N"], first + capacity),
        X=max(tables.sizes["X"], len(kind.states) - 1),
        Q=max(tables.sizes["Q"], len(individuals.rows(region))),
        M=max(tables.sizes["M"], len(kind.model_parameters())),
    )
    r = region.index
    # It fired nothing: in each step its range is empty, where the region before it ends.
    ends = tables["event_end"][:, r - 1] if r else tables["clock"][EVENTS]
    tables["event_first"][:, r] = tables["event_end"][:, r] = ends
    tables["region_first"][r], tables["region_capacity"][r] = first, capacity
    tables["region_count"][r] = n
    # Where a removed region stood, places are of that one.
    network.places[first : first + capacity] = np.arange(capacity)[: len(network.places[first:])]
    network.regions[region.name] = region


def _free_slots(network: Network, region: RegionRecord) -> int:
    """Where there is room for a region: in the first gap that a removed one left, or at the end."""
    tables, capacity = network.tables, _capacity(region)
    _check_memory(network, region, capacity)
    order = np.argsort(tables["region_first"])
    first, end = tables["region_first"][order], tables["region_capacity"][order]
    end = first + end
    starts = np.concatenate([[0], end])
    room = np.concatenate([first, [np.iinfo(np.int64).max]]) - starts
    found = int(starts[np.flatnonzero(room >= capacity)[0]])
    _check_memory(network, region, found + capacity)
    return found


def _check_memory(network: Network, region: RegionRecord, slots: int) -> None:
    """Refuse more neuron slots than the machine could hold, before it tries."""
    sizes = network.tables.sizes
    rows = sum(
        np.dtype(f.dtype).itemsize * math.prod(max(sizes[d], 1) for d in f.dims[:-1])
        for f in NEURON_FIELDS
    )
    needed, there = rows * slots, min(physical_memory(), rows * MOST_NEURONS)
    if needed > there:
        raise CapacityError(
            f"Brain.add_region: max_neurons = {region.max_neurons} needs "
            f"{needed / 2**30:,.0f} GiB, more than the {there / 2**30:,.0f} GiB of this machine; "
            f"give region {region.name!r} less room to grow"
        )


def physical_memory() -> int:
    """Bytes of memory of this machine."""
    try:
        return os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
    except (AttributeError, ValueError, OSError):
        # Where it can't be asked, addresses are the limit.
        return 1 << 47


def _fill(network: Network, region: RegionRecord, n: int, columns: individuals.Columns) -> None:
    """Let its first neurons be born: the excitatory ones first."""
    for process in network.processes:
        process.region_added(region)
    n_exc = round(region.excitatory * n)
    for slots, kind in (
        (np.arange(n_exc), NeuronType.EXCITATORY),
        (np.arange(n_exc, n), NeuronType.INHIBITORY),
    ):
        if len(slots):
            own = {name: values[slots] for name, values in columns.items()}
            population.initialise(network, region, slots, kind, None, own)
    network.neurons_changed()


def add_neuron(
    network: Network,
    region: RegionRecord,
    where: str,
    ntype: NeuronType,
    pattern: FiringPattern | None,
) -> int:
    """Add one neuron, unconnected, in a dead neuron's slot if there is one.

    Parameters
    ----------
    network : Network
        Of the brain.
    region : RegionRecord
        Which.
    where : str
        Names the caller in errors.
    ntype : NeuronType
        Excitatory or inhibitory.
    pattern : FiringPattern, optional
        None: that of the region's neurons of the type.

    Returns
    -------
    int
        Its index.

    Raises
    ------
    InvalidTypeError
        The type or the pattern is something else.
    CapacityError
        The region is full.
    """
    if not isinstance(ntype, NeuronType):
        raise InvalidTypeError(f"{where}: ntype must be a NeuronType, not {brief(ntype)}")
    if pattern is not None and not isinstance(pattern, FiringPattern):
        raise InvalidTypeError(f"{where}: pattern must be a FiringPattern, not {brief(pattern)}")
    if population.n_alive(network, region) >= region.max_neurons:
        raise CapacityError(
            f"{where}: all {region.max_neurons} slots are taken (max_neurons of Brain.add_region)"
        )
    return int(population.add_neurons(network, region, 1, ntype, pattern)[0])
