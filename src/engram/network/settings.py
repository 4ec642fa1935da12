"""Assigning the settings of regions and pathways, with what follows for their arrays."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike

from engram.engine.entries import check_gate, rule_arguments
from engram.errors import (
    InvalidTypeError,
    InvalidValueError,
    as_array,
    brief,
    flag,
    indices,
    number,
)
from engram.modulation import Modulation, as_modulation
from engram.morphology import DYNAMICS, NMDA, Morphology, Placement, as_morphology
from engram.network import efficacy, pathways, sites
from engram.network.bind import is_plastic
from engram.network.dendrites import Dendrites
from engram.network.extent import check_extent, extremes
from engram.network.individuals import check_compartments
from engram.network.interrupts import whole
from engram.network.network import Network
from engram.network.records import PathwayRecord, RegionRecord
from engram.network.transaction import atomic, transaction
from engram.parameters.checks import choice
from engram.plasticity import PlasticityRule, RewardSTDP, as_rule
from engram.synapses import ShortTermPlasticity

DENDRITE_STATES = ("dendrite_v", "dendrite_exc", "dendrite_inh", "dendrite_nmda")


def rule_of(
    network: Network, where: str, rule: PlasticityRule | str | None
) -> PlasticityRule | None:
    """The rule of a new pathway.

    Parameters
    ----------
    network : Network
        Of the brain.
    where : str
        Names the caller in errors.
    rule : PlasticityRule or str or None
        A rule, its name, or "default": reward-modulated STDP, none in a brain without plasticity.

    Returns
    -------
    PlasticityRule or None
        None: it does not learn.
    """
    if not (isinstance(rule, str) and rule == "default"):
        return as_rule(where, rule)
    return None if network.frozen["default_rule"] else RewardSTDP()


@whole
def set_rule(network: Network, pathway: PathwayRecord, rule: PlasticityRule | str | None) -> None:
    """Let a pathway learn by a rule of its own, from traces and eligibility of 0.

    Parameters
    ----------
    network : Network
        Of the brain.
    pathway : PathwayRecord
        Whose setting it is.
    rule : PlasticityRule or str or None
        None: it learns no more.

    Raises
    ------
    InvalidTypeError, InvalidValueError
        It is no rule, or one that can't be gated where it has to be.
    """
    where = f"{pathway.where}: rule"
    new = as_rule(where, rule)
    tables, p = network.tables, pathway.index
    if new is not None:
        rule_arguments(type(new))
        if tables["gate_depth"][p] > 0 or _gated_by_acetylcholine(network, pathway):
            check_gate(where, type(new))
        n = pathways.n_synapses(network, pathway)
        if n:
            reach = extremes(network, pathway)
            check_extent(network, pathway, where, *reach, n, len(new.pre_traces))
        if new.attached:
            new = new.replica()
    with transaction(network, settled=[pathway]):
        efficacy.settle(network, pathway)
        if new is not None:
            network.attach_rule(new)
        pathway.rule = new
        for name in ("pre_trace", "post_trace"):
            network.block(pathway)[name][:] = 0
        pathways.lay_out_without(network, pathway, "eligibility")
        network.parameters_changed()


def _gated_by_acetylcholine(network: Network, pathway: PathwayRecord) -> bool:
    return pathway.modulation is None and any(
        p.modulation is not None and p.modulation.gates_learning
        for p in network.pathways
        if p.target == pathway.target
    )


@atomic()
def set_modulation(network: Network, pathway: PathwayRecord, modulation: Modulation | None) -> None:
    """Let the spikes of a pathway release something into the whole target.

    Parameters
    ----------
    network : Network
        Of the brain.
    pathway : PathwayRecord
        Whose setting it is.
    modulation : Modulation or None
        None: nothing.

    Raises
    ------
    InvalidTypeError, InvalidValueError
        It is no modulation, or acts on rules that can't be gated.
    """
    where = f"{pathway.where}: modulation"
    new = as_modulation(where, modulation)
    if new is not None and new.gates_learning:
        for other in network.pathways:
            onto = other.target == pathway.target and other.modulation is None
            if onto and other is not pathway and other.rule is not None:
                check_gate(f"{where}: {other.label}", type(other.rule))
    pathway.modulation = None if new is None else new.attach(network.change)
    network.tables["transmitter_level"][pathway.index] = 0.0
    network.parameters_changed()


@atomic()
def set_stp(network: Network, pathway: PathwayRecord, stp: ShortTermPlasticity | None) -> None:
    """Give a pathway short-term plasticity, from rest, or take it away.

    Parameters
    ----------
    network : Network
        Of the brain.
    pathway : PathwayRecord
        Whose setting it is.
    stp : ShortTermPlasticity or None
        None: take it away.

    Raises
    ------
    InvalidTypeError
        It is something else.
    """
    if stp is not None and not isinstance(stp, ShortTermPlasticity):
        raise InvalidTypeError(
            f"{pathway.where}: stp must be a ShortTermPlasticity or None, not {brief(stp)}"
        )
    pathway.stp = None if stp is None else stp.replica().attach(network.change)
    pathways.lay_out_without(network, pathway, "resource", "facilitation")
    network.parameters_changed()


@whole
def set_frozen(network: Network, pathway: PathwayRecord, value: bool) -> None:
    """Keep a pathway's weights as they are, or let them change again.

    Parameters
    ----------
    network : Network
        Of the brain.
    pathway : PathwayRecord
        Whose setting it is.
    value : bool
        Whether they stay.

    Raises
    ------
    InvalidTypeError
        It is no bool.
    """
    learned = any(p.learns for p in network.pathways)
    pathway.frozen = flag(f"{pathway.where}: frozen", value)
    if pathway.learns and not learned:
        # Growth has spikes kept only where a pathway learns.
        network.stale = True
    if pathway.rule is not None:
        # At once and without moving the base: an agent opens learning at each decision.
        network.tables["plastic"][pathway.index] = is_plastic(network, pathway)


@whole
def set_w_min(network: Network, pathway: PathwayRecord, value: float) -> None:
    """Set the least magnitude of a weight; weights are brought within.

    Parameters
    ----------
    network : Network
        Of the brain.
    pathway : PathwayRecord
        Whose setting it is.
    value : float
        At most w_max.

    Raises
    ------
    InvalidTypeError, InvalidValueError
        It is no number or out of range.
    """
    high = efficacy.bounds_of_weights(network, pathway)[1]
    low = number(f"{pathway.where}: w_min", value, 0.0, high)
    with transaction(network, settled=[pathway]):
        efficacy.set_bounds(network, pathway, low, None)


@whole
def set_w_max(network: Network, pathway: PathwayRecord, value: float) -> None:
    """Set the greatest magnitude of a weight, for good; weights are brought within.

    Parameters
    ----------
    network : Network
        Of the brain.
    pathway : PathwayRecord
        Whose setting it is.
    value : float
        At least w_min.

    Raises
    ------
    InvalidTypeError, InvalidValueError
        It is no number or out of range.
    """
    low = efficacy.bounds_of_weights(network, pathway)[0]
    high = number(f"{pathway.where}: w_max", value, low, efficacy.LARGEST_WEIGHT)
    with transaction(network, settled=[pathway]):
        efficacy.set_bounds(network, pathway, None, high)
        pathway.w_max_given = True


@atomic()
def set_placement(network: Network, pathway: PathwayRecord, placement: Placement) -> None:
    """Put the synapses there are, and those to come, on branches of the target's dendrites.

    Parameters
    ----------
    network : Network
        Of the brain.
    pathway : PathwayRecord
        Whose setting it is.
    placement : str, dict of float or None
        Branches and their shares; None: by membrane area.

    Raises
    ------
    InvalidValueError
        There are no such branches, or a delay becomes too long.
    """
    dendrites = sites.dendrites_of(network, pathway)
    dendrites.tree.shares(f"{pathway.where}: placement", placement)
    if placement is None or isinstance(placement, str):
        pathway.placement = placement
    else:
        pathway.placement = {label: float(share) for label, share in placement.items()}
    there = sites.moved(network, pathway, dendrites, dendrites)
    pathways.settle_on(network, pathway, there)


@atomic()
def set_compartments(network: Network, pathway: PathwayRecord, values: ArrayLike) -> None:
    """Move the synapses of a pathway to other compartments of the target's dendrites.

    Parameters
    ----------
    network : Network
        Of the brain.
    pathway : PathwayRecord
        Whose setting it is.
    values : int or array_like of shape (n_synapses,)
        One for all, or one for each.

    Raises
    ------
    InvalidTypeError, InvalidValueError
        They are none, or not as many.
    """
    where, n = f"{pathway.where}: compartment", pathways.n_synapses(network, pathway)
    dendrites = sites.dendrites_of(network, pathway)
    given = np.atleast_1d(as_array(where, values))
    if given.dtype.kind not in "iu" or given.ndim != 1:
        raise InvalidTypeError(f"{where} must be a whole number, or one for each synapse")
    if len(given) not in (1, n):
        raise InvalidValueError(f"{where} must have {n} entries, not {len(given)}")
    chosen = indices(where, given, len(dendrites.tree.compartments))
    places = np.broadcast_to(chosen, n).astype(np.uint16)
    moved = sites.moved(network, pathway, dendrites, dendrites, places)
    pathways.settle_on(network, pathway, moved)


@atomic(neurons=True)
def set_morphology(
    network: Network,
    region: RegionRecord,
    template: str | Morphology,
    dynamics: str,
    nmda: NMDA | None,
) -> None:
    """Give a region's neurons dendrites, see `Region.enable_morphology`.

    Parameters
    ----------
    network : Network
        Of the brain.
    region : RegionRecord
        Whose setting it is.
    template : str or Morphology
        A tree, or the name of one.
    dynamics : str
        One of `DYNAMICS`.
    nmda : NMDA or None
        NMDA receptors of its synapses. None: none.

    Raises
    ------
    InvalidTypeError, InvalidValueError
        They do not go with each other or with the model of the neurons.
    """
    where = f"{region.where}: enable_morphology"
    tree = as_morphology(where, template)
    choice(f"{where}: dynamics", dynamics, DYNAMICS)
    if nmda is not None and not isinstance(nmda, NMDA):
        raise InvalidTypeError(f"{where}: nmda must be an NMDA or None, not {brief(nmda)}")
    if nmda is not None and dynamics != "compartments":
        raise InvalidValueError(
            f"{where}: nmda needs dynamics='compartments': a passive dendrite has no potential "
            f"that receptors could open with"
        )
    model = type(region.model)
    if dynamics == "compartments" and model.soma is None:
        raise InvalidValueError(
            f"{where}: neurons of model {model.__name__} can't have compartments; LIF, "
            f"CurrentLIF and Izhikevich neurons can (or use dynamics='passive')"
        )
    new = Dendrites(tree, dynamics, nmda)
    if new.n_dynamic:
        check_compartments(where, model, region.varying)
    incoming = [p for p in network.pathways if p.target == region.name]
    moved = [sites.moved(network, p, region.dendrites, new) for p in incoming]
    region.dendrites = new
    network.tables.resize(J=max(r.dendrites.n_dynamic for r in network.regions.values()))
    for name in DENDRITE_STATES:
        network.tables[name][:, network.slice(region)] = 0
    for pathway, synapses in zip(incoming, moved, strict=True):
        pathways.settle_on(network, pathway, synapses)
    network.parameters_changed()
