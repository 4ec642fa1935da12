"""Connecting regions by pathways."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from engram.distributions import Values
from engram.errors import InvalidTypeError, InvalidValueError, brief, flag, label, number
from engram.modulation import Modulation, chosen_modulation
from engram.network import additions, defaults, efficacy, matrices, population, settings
from engram.network.given import check_given
from engram.network.interrupts import whole
from engram.network.network import Network
from engram.network.records import UNNAMED, PathwayRecord, RegionRecord, label_of
from engram.network.transaction import transaction
from engram.network.wiring import Pairs, Rows, Wiring
from engram.neurons import NeuronType
from engram.plasticity import PlasticityRule
from engram.state import layout
from engram.synapses import Neurotransmitter, ShortTermPlasticity

DENSITY = 0.05
"""Probability of a synapse between two regions, unless it is given."""


@dataclass(frozen=True)
class Pattern:
    """Who contacts whom in a new pathway, how strongly, and how late; see `Brain.connect_regions`.

    Parameters
    ----------
    wiring : Wiring
        Who contacts whom.
    weights : float, array, matrix or Distribution or None
        Magnitudes; a matrix says who contacts whom. None: such that the target follows the source.
    delays : float, array, matrix or Distribution or None
        Axonal delays, ms. None: `engram.network.defaults.DELAYS`.
    source_type : NeuronType or None
        Only neurons of this type send. None: all.
    target_type : NeuronType or None
        Only neurons of this type receive. None: all.
    by_default : bool
        Whether nobody gave `source_type`: a matrix overrules it then.
    """

    wiring: Wiring
    weights: Any
    delays: Any
    source_type: NeuronType | None
    target_type: NeuronType | None
    by_default: bool = False

    def check(self, where: str) -> None:
        """Refuse what does not fit together.

        Parameters
        ----------
        where : str
            Names the caller in errors.

        Raises
        ------
        InvalidTypeError, InvalidValueError
            A value is of another kind or out of range.
        """
        for side, kind in (("source_type", self.source_type), ("target_type", self.target_type)):
            if kind is not None and not isinstance(kind, NeuronType):
                raise InvalidTypeError(
                    f"{where}: {side} must be a NeuronType or None, not {brief(kind)}"
                )
        number(f"{where}: density", self.wiring.density, 0.0, 1.0)
        self.wiring.check(where)
        if self.is_matrix(where):
            matrices.check_alone(where, self.wiring, DENSITY)

    def any_matrix(self, where: str) -> bool:
        """Whether weights or delays are a matrix.

        Parameters
        ----------
        where : str
            Names the caller in errors.

        Returns
        -------
        bool
            True if so.
        """
        return self.is_matrix(where) or matrices.is_matrix(f"{where}: delays", self.delays)

    def is_matrix(self, where: str) -> bool:
        """Whether the weights are a matrix.

        Parameters
        ----------
        where : str
            Names the caller in errors.

        Returns
        -------
        bool
            True if so.
        """
        return matrices.is_matrix(f"{where}: weights", self.weights)


@whole
def connect(
    network: Network,
    source: str,
    target: str,
    name: str | None,
    bidirectional: bool,
    nt: Neurotransmitter,
    pattern: Pattern,
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
        Name of another region, or of the same one.
    name : str or None
        Tells several pathways between these regions apart.
    bidirectional : bool
        Connect them backwards, too.
    nt : Neurotransmitter
        Transmitter of the synapses.
    pattern : Pattern
        Who contacts whom, with weights and delays.
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
    pairs = _pairs_of_regions(network, where, source, target, name, bidirectional)
    if not isinstance(nt, Neurotransmitter):
        raise InvalidTypeError(f"{where}: nt must be a Neurotransmitter, not {brief(nt)}")
    low = number(f"{where}: w_min", w_min, 0.0, efficacy.LARGEST_WEIGHT)
    if w_max is not None:
        number(f"{where}: w_max", w_max, low, efficacy.LARGEST_WEIGHT)
    new_rule = settings.rule_of(network, where, rule)
    released = [chosen_modulation(where, modulation, nt, x.region_type) for x, _ in pairs]
    pattern.check(where)
    check_given(network, where, nt, pattern.weights, pattern.delays)
    if bidirectional and pattern.any_matrix(where):
        raise InvalidValueError(
            f"{where}: a matrix is of one direction; connect each way without bidirectional"
        )
    made = []
    with transaction(network):
        for (x, y), given in zip(pairs, released, strict=True):
            own_rule = None if new_rule is None else new_rule.replica()
            own = own_name(source, target, name)
            pathway = add_pathway(network, x.name, y.name, own, own_rule, stp)
            made.append(pathway)
            if given is not None:
                settings.set_modulation(network, pathway, given)
            ends, values = _chosen(network, where, x, y, nt, pattern)
            delays = pattern.delays
            if matrices.is_matrix(f"{where}: delays", delays):
                delays = delays_of(network, where, x, y, delays, ends)
            _set_bounds(network, pathway, low, w_max)
            additions.add(network, pathway, where, ends, nt, values, delays, network.birth)
    return made


def _chosen(
    network: Network,
    where: str,
    source: RegionRecord,
    target: RegionRecord,
    nt: Neurotransmitter,
    pattern: Pattern,
) -> tuple[Rows | Pairs, Values]:
    """Who contacts whom, in slots of the brain, and the weights."""
    values, wiring = pattern.weights, pattern.wiring
    if pattern.is_matrix(where):
        return _from_matrix(network, where, source, target, nt, pattern)
    sources = _taking_part(network, where, source, "source", pattern.source_type)
    targets = _taking_part(network, where, target, "target", pattern.target_type)
    ends = wiring.rows(where, sources, targets, network.seed, network.next_tag())
    if values is None:
        values = defaults.pathway_weight(target.model, wiring.degree(len(sources)))
    return ends, values


def _taking_part(
    network: Network, where: str, region: RegionRecord, side: str, kind: NeuronType | None
) -> NDArray[np.int64]:
    """The neurons of a type, in slots of the brain; there has to be one."""
    found = population.of_type(network, region, kind)
    if not len(found) and population.n_alive(network, region):
        wanted, other = ("excitatory", "INHIBITORY"), ("inhibitory", "EXCITATORY")
        named, rest = wanted if kind == NeuronType.EXCITATORY else other
        more = ", nt=Neurotransmitter.GABA" if side == "source" and rest == "INHIBITORY" else ""
        raise InvalidValueError(
            f"{where}: region {region.name!r} has no {named} neurons to be {side}s; use "
            f"{side}_type=NeuronType.{rest}{more}"
        )
    return found + network.first(region)


def _from_matrix(
    network: Network,
    where: str,
    source: RegionRecord,
    target: RegionRecord,
    nt: Neurotransmitter,
    pattern: Pattern,
) -> tuple[Rows | Pairs, Values]:
    """The same where the weights are a matrix: its entries are the synapses."""
    shape = network.count(source), network.count(target)
    found = matrices.entries(f"{where}: weights", pattern.weights, shape)
    kinds = None if pattern.by_default else pattern.source_type, pattern.target_type
    for side, region, chosen, kind in (
        ("row", source, found.row, kinds[0]),
        ("column", target, found.column, kinds[1]),
    ):
        takes_part = np.zeros(network.count(region), np.bool_)
        takes_part[population.of_type(network, region, kind)] = True
        if not takes_part[chosen].all():
            first = int(chosen[~takes_part[chosen]][0])
            raise InvalidValueError(
                f"{where}: weights: {side} {first} of the matrix has an entry, but neuron {first} "
                f"of {region.name!r} is dead or not of the type that takes part"
            )
    found = matrices.agreed_signs(f"{where}: weights", found, np.full(len(found.row), nt.sign < 0))
    pre, post = found.row + network.first(source), found.column + network.first(target)
    return Pairs(pre.astype(np.int32), post.astype(np.int32)), found.value


def delays_of(
    network: Network,
    where: str,
    source: RegionRecord,
    target: RegionRecord,
    delays: Any,
    ends: Rows | Pairs,
) -> NDArray[np.float32]:
    """The delays that a matrix gives for synapses.

    Parameters
    ----------
    network : Network
        Of the brain.
    where : str
        Names the caller in errors.
    source, target : RegionRecord
        Where the synapses begin and end.
    delays : matrix
        Of axonal delays, ms.
    ends : Rows or Pairs
        Slots of the brain.

    Returns
    -------
    array of shape (n,), float32
        One for each.

    Raises
    ------
    InvalidTypeError, InvalidValueError
        The matrix is of another shape, or lacks one.
    """
    shape = network.count(source), network.count(target)
    pre, post = ends.slots()
    rows, columns = pre - network.first(source), post - network.first(target)
    places = rows.astype(np.int64), columns.astype(np.int64)
    return matrices.looked_up(f"{where}: delays", delays, shape, *places)


def _set_bounds(network: Network, pathway: PathwayRecord, low: float, high: float | None) -> None:
    if high is not None:
        settings.set_w_max(network, pathway, high)
    elif low > efficacy.bounds_of_weights(network, pathway)[1]:
        network.tables["w_max"][pathway.index] = 2.0 * low
    settings.set_w_min(network, pathway, low)


def _pairs_of_regions(
    network: Network, where: str, source: str, target: str, name: str | None, bidirectional: bool
) -> list[tuple[RegionRecord, RegionRecord]]:
    """The regions to be connected, which are not connected yet by a pathway of that name."""
    a, b = network.region(where, source), network.region(where, target)
    flag(f"{where}: bidirectional", bidirectional)
    if name is not None:
        label(f"{where}: name", name)
    if bidirectional and a is b:
        raise InvalidValueError(f"{where}: bidirectional has no effect from {source!r} to itself")
    pairs = [(a, b), (b, a)] if bidirectional else [(a, b)]
    for x, y in pairs:
        new = label_of(x.name, y.name, own_name(x.name, y.name, name))
        for other in network.pathways:
            if other.label == new:
                raise _taken(where, other, x, y)
    return pairs


def _taken(where: str, other: PathwayRecord, x: RegionRecord, y: RegionRecord) -> InvalidValueError:
    """The error for a pathway from x to y whose label another pathway has."""
    if (other.source, other.target) == (x.name, y.name):
        return InvalidValueError(
            f"{where}: {x.name!r} is connected to {y.name!r} already, by projection "
            f"{other.label!r}; use its add_synapses, or tell another one apart by name=..."
        )
    return InvalidValueError(
        f"{where}: {other.label!r} would be the label of this projection and of the one from "
        f"{other.source!r} to {other.target!r}; use another name=..."
    )


def own_name(source: str, target: str, name: str | None) -> str | None:
    """The name that a new pathway goes by: a region's own wiring is the one to itself without.

    Parameters
    ----------
    source, target : str
        Names of the regions.
    name : str or None
        As it was given.

    Returns
    -------
    str or None
        As records have it.
    """
    return UNNAMED if name is None and source == target else name


def add_pathway(
    network: Network,
    source: str,
    target: str,
    name: str | None,
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
    name : str or None
        As `own_name` has it; None for a region's own wiring.
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
    stream = 1 + max((other.stream for other in network.pathways), default=-1)
    pathway = PathwayRecord(p, source, target, name=name, stream=stream)
    tables.blocks.append(layout.new_block(tables, p))
    network.pathways.append(pathway)
    settings.set_rule(network, pathway, rule)
    if stp is not None:
        settings.set_stp(network, pathway, stp)
    return pathway
