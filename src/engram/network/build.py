"""Adding regions and pathways."""

from __future__ import annotations

import math
import os
from dataclasses import dataclass

import numpy as np

from engram.distributions import Values
from engram.engine.entries import check_model
from engram.errors import CapacityError, InvalidTypeError, InvalidValueError, flag, integer, number
from engram.kernels.constants import EVENTS
from engram.modulation import Modulation, chosen_modulation
from engram.network import defaults, efficacy, pathways, population, settings
from engram.network.interrupts import whole
from engram.network.network import Network
from engram.network.records import PathwayRecord, RegionRecord
from engram.network.transaction import transaction
from engram.network.wiring import Wiring
from engram.neurons import FiringPattern, NeuronModel, NeuronType, RegionType
from engram.plasticity import PlasticityRule, as_rule
from engram.state import layout
from engram.state.schema import NEURON_FIELDS
from engram.synapses import Neurotransmitter, ShortTermPlasticity


@dataclass(frozen=True)
class OwnWiring:
    """The wiring of a new region's neurons among themselves; see `Brain.add_region`.

    Parameters
    ----------
    wiring : Wiring
        Who contacts whom.
    weights : float, array or Distribution or None
        Magnitudes of excitatory weights. None: too weak to sustain activity.
    inhibitory_weights : float, array or Distribution or None
        Magnitudes of inhibitory weights. None: by the model.
    delays : float, array or Distribution or None
        Axonal delays, ms. None: `engram.network.defaults.DELAYS`.
    w_max : float or None
        Greatest magnitude. None: it follows the weights.
    rule : PlasticityRule or str or None
        By which it learns. None: it does not.
    stp : ShortTermPlasticity or None
        Short-term plasticity. None: none.
    """

    wiring: Wiring
    weights: Values | None
    inhibitory_weights: Values | None
    delays: Values | None
    w_max: float | None
    rule: PlasticityRule | str | None
    stp: ShortTermPlasticity | None


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
        raise InvalidTypeError(f"{where}: model must be a NeuronModel, not {model!r}")
    check_model(type(model))
    return model.replica()


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
            f"not {patterns!r}"
        )
    return pair


@whole
def add_region(
    network: Network,
    name: str,
    region_type: RegionType,
    n_neurons: int,
    max_neurons: int | None,
    model: NeuronModel | type[NeuronModel],
    excitatory: float,
    patterns: tuple[FiringPattern, FiringPattern] | FiringPattern | None,
    variation: float,
    background: float,
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
    region_type : RegionType
        What kind of region it is.
    n_neurons : int
        How many it has at first.
    max_neurons : int or None
        How many it may have. None: max(1000, n_neurons).
    model : NeuronModel or type
        Of its neurons.
    excitatory : float
        Share of the excitatory neurons, in [0, 1].
    patterns : tuple of (FiringPattern, FiringPattern) or FiringPattern or None
        Firing patterns for both, or for each. None: those of the type.
    variation : float
        Of the parameters that differ between neurons, relative, in [0, 1].
    background : float
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
    if not isinstance(name, str) or not name or "->" in name:
        raise InvalidValueError(f"{where}: name must be a string without '->', not {name!r}")
    if name in network.regions:
        raise InvalidValueError(f"{where}: there is a region {name!r} already")
    if not isinstance(region_type, RegionType):
        raise InvalidTypeError(f"{where}: region_type must be a RegionType, not {region_type!r}")
    n = integer(f"{where}: n_neurons", n_neurons, 1)
    most = max(1000, n) if max_neurons is None else integer(f"{where}: max_neurons", max_neurons)
    if n > most:
        raise CapacityError(f"{where}: n_neurons = {n} exceeds max_neurons = {most}")
    number(f"{where}: connectivity", own.wiring.density, 0.0, 1.0)
    share = number(f"{where}: excitatory", excitatory, 0.0, 1.0)
    variation = number(f"{where}: variation", variation, 0.0, 1.0)
    background = number(f"{where}: background", background)
    own_model = neuron_model(where, model)
    level = own_model.default_noise if noise is None else number(f"{where}: noise", noise, 0.0)
    own.wiring.check(where)
    chosen = patterns_of(where, region_type, patterns)
    rule = as_rule(where, own.rule)
    with transaction(network):
        region = RegionRecord(
            len(network.regions), name, region_type, own_model, chosen, variation, share, most
        )
        _reserve(network, region, n)
        own_model.attach(network.change)
        tables, r = network.tables, region.index
        tables["background"][r], tables["noise"][r] = background, level
        _fill(network, region, n)
        _wire_within(network, where, region, rule, own)
    return region


def _reserve(network: Network, region: RegionRecord, n: int) -> None:
    """Make room for a region in the tables."""
    tables, kind = network.tables, type(region.model)
    first = tables.sizes["N"]
    # Regions start at multiples of 8 so that flags can be scanned a word at a time.
    capacity = -(-region.max_neurons // 8) * 8
    _check_memory(network, region, capacity)
    tables.resize(
        R=region.index + 1,
        N=first + capacity,
        X=max(tables.sizes["X"], len(kind.states) - 1),
        Q=max(tables.sizes["Q"], len(kind.per_neuron())),
        M=max(tables.sizes["M"], len(kind.model_parameters())),
    )
    r = region.index
    # It fired nothing: in each step its range is empty, where the region before it ends.
    ends = tables["event_end"][:, r - 1] if r else tables["clock"][EVENTS]
    tables["event_first"][:, r] = tables["event_end"][:, r] = ends
    tables["region_first"][r], tables["region_capacity"][r] = first, capacity
    tables["region_count"][r] = n
    network.regions[region.name] = region


def _check_memory(network: Network, region: RegionRecord, capacity: int) -> None:
    """Refuse more neuron slots than the machine could hold, before it tries."""
    sizes = network.tables.sizes
    rows = sum(
        np.dtype(f.dtype).itemsize * math.prod(max(sizes[d], 1) for d in f.dims[:-1])
        for f in NEURON_FIELDS
    )
    needed, there = rows * (sizes["N"] + capacity), physical_memory()
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


def _fill(network: Network, region: RegionRecord, n: int) -> None:
    """Let its first neurons be born: the excitatory ones first."""
    for process in network.processes:
        process.region_added(region)
    n_exc = round(region.excitatory * n)
    for slots, kind in (
        (np.arange(n_exc), NeuronType.EXCITATORY),
        (np.arange(n_exc, n), NeuronType.INHIBITORY),
    ):
        if len(slots):
            population.initialise(network, region, slots, kind, None)
    network.neurons_changed()


def _wire_within(
    network: Network, where: str, region: RegionRecord, rule: PlasticityRule | None, own: OwnWiring
) -> None:
    """Make the region's own wiring."""
    pathway = add_pathway(network, region.name, region.name, rule, own.stp)
    if own.w_max is not None:
        settings.set_w_max(network, pathway, own.w_max)
    first, n = network.first(region), network.count(region)
    n_exc = round(region.excitatory * n)
    options, model = own.wiring, region.model
    weights, inhibitory = own.weights, own.inhibitory_weights
    if weights is None:
        weights = defaults.own_weight(model, options.degree(n_exc))
    if inhibitory is None:
        inhibitory = defaults.own_inhibition(model, options.degree(n - n_exc))
    everyone = np.arange(n) + first
    for cells, nt, values in (
        (everyone[:n_exc], Neurotransmitter.GLUTAMATE, weights),
        (everyone[n_exc:], Neurotransmitter.GABA, inhibitory),
    ):
        pre, post = options.pairs(where, cells, everyone, network.seed, network.next_tag())
        pathways.add(
            network, pathway, where, pre, post, nt, values, own.delays, birth=network.birth
        )


@whole
def connect(
    network: Network,
    source: str,
    target: str,
    bidirectional: bool,
    nt: Neurotransmitter,
    wiring: Wiring,
    weights: Values | None,
    delays: Values | None,
    source_type: NeuronType | None,
    target_type: NeuronType | None,
    w_min: float,
    w_max: float | None,
    rule: PlasticityRule | str | None,
    stp: ShortTermPlasticity | None,
    modulation: Modulation | bool | None,
) -> list[PathwayRecord]:
    """Connect two regions, see `Brain.connect_regions`.

    Parameters
    ----------
    network : Network
        Of the brain.
    source : str
        Name of a region.
    target : str
        Name of another region.
    bidirectional : bool
        Connect them backwards, too.
    nt : Neurotransmitter
        Transmitter of the synapses.
    wiring : Wiring
        Who contacts whom.
    weights : float, array or Distribution or None
        Magnitudes. None: such that the target follows the source.
    delays : float, array or Distribution or None
        Axonal delays, ms. None: `engram.network.defaults.DELAYS`.
    source_type : NeuronType or None
        Only neurons of this type send. None: all.
    target_type : NeuronType or None
        Only neurons of this type receive. None: all.
    w_min : float
        Least magnitude.
    w_max : float or None
        Greatest magnitude. None: it follows the weights.
    rule : PlasticityRule or str or None
        By which it learns. None: it does not.
    stp : ShortTermPlasticity or None
        Short-term plasticity. None: none.
    modulation : Modulation or bool or None
        What spikes release into the whole target. None: by transmitter and source.

    Returns
    -------
    list of PathwayRecord
        The forward pathway, and the backward one if there is one.

    Raises
    ------
    UnknownNameError
        There is no such region.
    InvalidTypeError, InvalidValueError
        A value is of another kind or out of range.
    """
    where = "Brain.connect_regions"
    pairs = _pairs_of_regions(network, where, source, target, bidirectional)
    if not isinstance(nt, Neurotransmitter):
        raise InvalidTypeError(f"{where}: nt must be a Neurotransmitter, not {nt!r}")
    for side, kind in (("source_type", source_type), ("target_type", target_type)):
        if kind is not None and not isinstance(kind, NeuronType):
            raise InvalidTypeError(f"{where}: {side} must be a NeuronType or None, not {kind!r}")
    number(f"{where}: density", wiring.density, 0.0, 1.0)
    low = number(f"{where}: w_min", w_min, 0.0, efficacy.LARGEST_WEIGHT)
    if w_max is not None:
        number(f"{where}: w_max", w_max, low, efficacy.LARGEST_WEIGHT)
    new_rule = as_rule(where, rule)
    released = [chosen_modulation(where, modulation, nt, x.region_type) for x, _ in pairs]
    wiring.check(where)
    made = []
    with transaction(network):
        for (x, y), given in zip(pairs, released, strict=True):
            own_rule = None if new_rule is None else new_rule.replica()
            pathway = add_pathway(network, x.name, y.name, own_rule, stp)
            made.append(pathway)
            if given is not None:
                settings.set_modulation(network, pathway, given)
            sources = population.of_type(network, x, source_type) + network.first(x)
            targets = population.of_type(network, y, target_type) + network.first(y)
            pre, post = wiring.pairs(where, sources, targets, network.seed, network.next_tag())
            values = weights
            if values is None:
                values = defaults.pathway_weight(y.model, wiring.degree(len(sources)))
            _set_bounds(network, pathway, low, w_max)
            pathways.add(
                network, pathway, where, pre, post, nt, values, delays, birth=network.birth
            )
    return made


def _set_bounds(network: Network, pathway: PathwayRecord, low: float, high: float | None) -> None:
    if high is not None:
        settings.set_w_max(network, pathway, high)
    elif low > efficacy.bounds_of_weights(network, pathway)[1]:
        network.tables["w_max"][pathway.index] = 2.0 * low
    settings.set_w_min(network, pathway, low)


def _pairs_of_regions(
    network: Network, where: str, source: str, target: str, bidirectional: bool
) -> list[tuple[RegionRecord, RegionRecord]]:
    """The regions to be connected, which are not connected yet."""
    a, b = network.region(where, source), network.region(where, target)
    flag(f"{where}: bidirectional", bidirectional)
    if source == target:
        raise InvalidValueError(
            f"{where}: {source!r} to itself is its own wiring: give connectivity, weights and "
            f"rule to Brain.add_region, or use Region.add_synapses"
        )
    pairs = [(a, b), (b, a)] if bidirectional else [(a, b)]
    for x, y in pairs:
        if any(p.source == x.name and p.target == y.name for p in network.pathways):
            raise InvalidValueError(
                f"{where}: {x.name!r} is connected to {y.name!r} already; use "
                f"Brain.get_projection({x.name!r}, {y.name!r}).add_synapses"
            )
    return pairs


def add_pathway(
    network: Network,
    source: str,
    target: str,
    rule: PlasticityRule | None,
    stp: ShortTermPlasticity | None,
) -> PathwayRecord:
    """Add a pathway without synapses.

    Parameters
    ----------
    network : Network
        Of the brain.
    source : str
        Name of the region it begins in.
    target : str
        Name of the region it ends in.
    rule : PlasticityRule or None
        By which it learns. None: it does not.
    stp : ShortTermPlasticity or None
        Short-term plasticity. None: none.

    Returns
    -------
    PathwayRecord
        The new pathway.
    """
    tables, p = network.tables, len(network.pathways)
    tables.resize(P=p + 1)
    tables["source"][p] = network.regions[source].index
    tables["target"][p] = network.regions[target].index
    pathway = PathwayRecord(p, source, target)
    tables.blocks.append(layout.new_block(tables, p))
    network.pathways.append(pathway)
    settings.set_rule(network, pathway, rule)
    if stp is not None:
        settings.set_stp(network, pathway, stp)
    return pathway
