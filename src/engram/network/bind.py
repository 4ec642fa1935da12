"""Bringing what the compiled loops read up to date with the settings of the network's parts."""

from __future__ import annotations

import functools
import math

import numpy as np
from numpy.typing import NDArray

from engram.engine import loops
from engram.engine.binding import Entry
from engram.engine.entries import compartment_entry, model_entry, rule_arguments, rule_entries
from engram.kernels.constants import LAST_STEP, RECENT, WORKERS
from engram.network import buffering, efficacy, individuals, inputs, lazy, pathways, population
from engram.network.interrupts import HeldBack
from engram.network.network import Network
from engram.network.records import PathwayRecord, RegionRecord
from engram.plasticity import ModulatedRule, PlasticityRule

LONGEST_PART = 0.25
"""Longest part of a step of the cable equation, ms."""

TRACE_WINDOW = 30.0
"""Time constants after which a trace counts as gone (exp(-30) = 1e-13)."""

UNTAUGHT = ModulatedRule()
"""What stands in the tables for a rule that dopamine does not modulate."""


def bind(network: Network) -> None:
    """Write parameters, derived tables and the addresses of compiled loops, unless up to date.

    Parameters
    ----------
    network : Network
        Of the brain.
    """
    if network.stale or any(entry.changed() for entry in network.entries):
        # Ctrl-C waits: arrays and their sizes change one after the other.
        with HeldBack():
            _bind(network)


def _bind(network: Network) -> None:
    # What can't be compiled is refused before anything is written.
    used = [_region_entry(region) for region in network.regions.values()]
    for pathway in network.pathways:
        used += _rule_entries(network, pathway)
    network.entries = [entry for entry in used if entry.watches]
    tables = network.tables
    if len(network.places) != tables.sizes["N"]:
        network.places = np.zeros(tables.sizes["N"], np.int64)
        for first, n in zip(tables["region_first"], tables["region_capacity"], strict=True):
            network.places[first : first + n] = np.arange(n)
    # Of one worker, who advances all neurons.
    tables["crew"][WORKERS] = 1
    tables["part_first"][:] = tables["region_first"]
    tables["part_count"][:] = tables["region_count"]
    network.spikes_kept = 0
    for process in network.processes:
        process.bind()
    _bind_logging(network)
    _fit_ring(network)
    for region in network.regions.values():
        _bind_region(network, region)
    for pathway in network.pathways:
        _bind_pathway(network, pathway)
    buffering.fit(network, _bind_buffers(network))
    lazy.fit(network)
    network.crew = None
    network.stale = False


def _region_entry(region: RegionRecord) -> Entry:
    kind = type(region.model)
    made = compartment_entry if region.dendrites.n_dynamic else model_entry
    return made(kind, individuals.parameter_rows(region), individuals.background_row(region))


def _rule_entries(network: Network, pathway: PathwayRecord) -> tuple[Entry, ...]:
    """For arrivals and after firing; none for a pathway without a rule."""
    if pathway.rule is None:
        return ()
    tables, p = network.tables, pathway.index
    return rule_entries(type(pathway.rule), bool(tables["gated"][p] or tables["cholinergic"][p]))


def _bind_logging(network: Network) -> None:
    logged = {name for process in network.processes for name in process.logged_regions()}
    for region in network.regions.values():
        network.tables["logging"][region.index] = region.name in logged


def _fit_ring(network: Network) -> None:
    """Make the spike ring long enough for delays and processes, the log for who is logged."""
    tables = network.tables
    reach = tables["delay_min"] + tables["delay_count"]
    longest = max(int(reach.max(initial=2)) - 1, network.spikes_kept)
    most = int(tables["region_count"].sum())
    events = tables.sizes["E"]
    while events < 2 * most:
        events *= 2
    if events != tables.sizes["E"]:
        tables.reindex_ring(events)
    if longest + 1 > tables.sizes["H"]:
        tables.relocate_history(longest + 1, network.step_count)
    if tables["logging"].any() and tables.sizes["G"] < 4 * most:
        tables.resize(G=max(4 * most, 1 << 16))


# -- regions


def _bind_region(network: Network, region: RegionRecord) -> None:
    tables, r, model = network.tables, region.index, region.model
    given = individuals.background(network, region)
    greatest = given if isinstance(given, float) else float(given.max())
    inputs.check_rate(network, region, greatest)
    own = individuals.parameter_rows(region)
    shared = [p for p in type(model).model_parameters() if p not in own]
    for k, name in enumerate(shared):
        tables["model_parameter"][r, k] = getattr(model, name)
    tables["input_factor"][r] = (
        *synaptic_factors(model.tau_exc, network.dt),
        *synaptic_factors(model.tau_inh, network.dt),
    )
    tables["rate_kept"][r] = _kept(network.dt / float(tables["tau_activity"][r]))
    receives = any(
        p.target == region.name and pathways.n_synapses(network, p) for p in network.pathways
    )
    left = network.slots(region, "exc").any() or network.slots(region, "inh").any()
    tables["receiving"][r] = receives or left or tables["fed"][r]
    tables["compartments"][r] = n = region.dendrites.n_dynamic
    tables["integrate_entry"][r] = _region_entry(region).address
    if n:
        _bind_dendrites(network, region)


def _bind_dendrites(network: Network, region: RegionRecord) -> None:
    tables, r, n = network.tables, region.index, region.dendrites.n_dynamic
    tree, nmda = region.dendrites.tree, region.dendrites.nmda
    nodes = tree.compartments
    cell = nodes.area.sum()
    tables["substeps"][r] = math.ceil(network.dt / LONGEST_PART - 1e-9)
    tables["tree_parent"][r, :n] = nodes.parent[1:] - 1
    tables["tree_capacity"][r, :n] = nodes.area[1:] / cell
    tables["tree_leak"][r, :n] = nodes.area[1:] / (cell * tree.tau)
    # From S and uF to 1/ms.
    tables["tree_axial"][r, :n] = nodes.axial[1:] / (cell * tree.Cm) * 1e3
    tables["tree_backward"][r, :n] = tree.attenuation(nodes.branch[1:], nodes.place[1:])
    tables["soma_capacity"][r] = nodes.area[0] / cell
    tables["nmda_factor"][r] = 0.0
    if nmda is not None:
        mean, kept = synaptic_factors(nmda.tau, network.dt)
        tables["nmda_factor"][r] = nmda.ratio * mean, kept, nmda.Mg / 3.57, nmda.E
    network.slots(region, "dendrite_rest")[:] = population.rest(network, region)


# -- pathways


def _bind_pathway(network: Network, pathway: PathwayRecord) -> None:
    tables, p, stp = network.tables, pathway.index, pathway.stp
    tables["stp"][p] = stp is not None
    if stp is not None:
        tables["stp_U"][p] = stp.U
        tables["stp_tau_rec"][p], tables["stp_tau_facil"][p] = stp.tau_rec, stp.tau_facil
    tables["post_entry"][p] = tables["modulate_entry"][p] = 0
    used = pathways.n_synapses(network, pathway) > 0
    if pathway.rule is None:
        tables["plastic"][p] = 0
        tables["arrive_entry"][p] = loops.static_loop().address if used else 0
        return
    rule = pathway.rule
    plastic = is_plastic(network, pathway)
    if plastic != bool(tables["plastic"][p]):
        efficacy.settle(network, pathway)
    tables["plastic"][p] = plastic
    tables["metaplastic"][p] = rule.metaplastic
    tables["nearest"][p] = rule.pairing == "nearest"
    _bind_dopamine(network, pathway, rule if isinstance(rule, ModulatedRule) else UNTAUGHT)
    _bind_traces(network, pathway, rule)
    arrive, post = _rule_entries(network, pathway)
    for k, name in enumerate(rule_arguments(type(rule))):
        tables["rule_parameter"][p, k] = getattr(rule, name)
    tables["arrive_entry"][p] = arrive.address if used else 0
    tables["post_entry"][p] = post.address
    if rule.modulated:
        tables["modulate_entry"][p] = loops.modulate_loop().address


def _bind_buffers(network: Network) -> list[PathwayRecord]:
    """Choose who delivers when a spike is fired instead of when it arrives."""
    tables = network.tables
    chosen = buffering.choose(network)
    tables["scatter_entry"][:] = 0
    for pathway in chosen:
        tables["arrive_entry"][pathway.index] = 0
        tables["scatter_entry"][pathway.index] = loops.scatter_loop().address
    return chosen


def _bind_dopamine(network: Network, pathway: PathwayRecord, rule: ModulatedRule) -> None:
    tables, p = network.tables, pathway.index
    tables["dopamine_baseline"][p] = rule.baseline_dopamine
    tables["tau_dopamine"][p] = rule.dopamine_decay
    if rule.tau_eligibility != tables["tau_eligibility"][p]:
        efficacy.settle(network, pathway)
    tables["tau_eligibility"][p] = rule.tau_eligibility
    tables["dopamine_factor"][p] = dopamine_factors(
        network.dt, rule.tau_eligibility, rule.dopamine_decay, rule.baseline_dopamine
    )


def _bind_traces(network: Network, pathway: PathwayRecord, rule: PlasticityRule) -> None:
    tables, p, dt = network.tables, pathway.index, network.dt
    for side, names in (("pre", rule.pre_traces.values()), ("post", rule.post_traces.values())):
        for k, name in enumerate(names):
            # A spike adds the mean of its trace over a step: docs/mechanisms/stdp.md.
            jump, decay = mean_and_kept(getattr(rule, name), dt)
            tables[f"{side}_jump"][p, k], tables[f"{side}_decay"][p, k] = jump, decay
    slowest = max((getattr(rule, name) for name in rule.pre_traces.values()), default=0.0)
    longest = int(tables["delay_min"][p] + tables["delay_count"][p])
    window = min(TRACE_WINDOW * slowest / dt, LAST_STEP)
    tables["trace_reach"][p] = math.ceil(window) + longest


def is_plastic(network: Network, pathway: PathwayRecord) -> bool:
    """Whether the rule of a pathway may change its weights.

    Parameters
    ----------
    network : Network
        Of the brain.
    pathway : PathwayRecord
        With a rule.

    Returns
    -------
    bool
        False where something is frozen.
    """
    frozen = network.frozen
    taught = pathway.rule is not None and pathway.rule.modulated
    untaught = taught and frozen["reward_modulated_plasticity"]
    return not (pathway.frozen or frozen["plasticity"] or untaught)


# -- factors


@functools.lru_cache(maxsize=64)
def _kept(rate: float) -> NDArray[np.float64]:
    """exp(-k rate) for k = 0, 1, ..."""
    return np.array([math.exp(-float(k) * rate) for k in range(RECENT)])


def synaptic_factors(tau: float, dt: float) -> tuple[float, float]:
    """How a synaptic input acts in a step.

    With tau = 0 a weight w is a charge of w x 1 ms, all of it delivered within the step. Otherwise
    the mean over a step is tau / dt (1 - exp(-dt / tau)), and exp(-dt / tau) is kept.

    Parameters
    ----------
    tau : float
        Time constant, ms.
    dt : float
        Time step, ms.

    Returns
    -------
    tuple of (float, float)
        Mean over the step, and what is kept after it.
    """
    if tau == 0.0:
        return 1.0 / dt, 0.0
    return mean_and_kept(tau, dt)


def mean_and_kept(tau: float, dt: float) -> tuple[float, float]:
    """Mean of exp(-t / tau) over a step, and its value after it.

    Parameters
    ----------
    tau : float
        Time constant, ms.
    dt : float
        Time step, ms.

    Returns
    -------
    tuple of (float, float)
        The mean, tau / dt (1 - exp(-dt / tau)), and exp(-dt / tau).
    """
    return -tau / dt * math.expm1(-dt / tau), math.exp(-dt / tau)


def dopamine_factors(
    dt: float, tau_c: float, tau_d: float, baseline: float
) -> tuple[float, float, float, float]:
    """How dopamine and eligibility act in a step.

    Parameters
    ----------
    dt : float
        Time step, ms.
    tau_c : float
        Decay of eligibility c, ms.
    tau_d : float
        Decay of dopamine D, ms.
    baseline : float
        Tonic dopamine.

    Returns
    -------
    tuple of (float, float, float, float)
        Share of c x D over a step (s), what tonic dopamine makes of a unit of c in all its life
        (s), and what D and 1 / c are multiplied by.
    """
    rate = 1.0 / tau_c + 1.0 / tau_d
    return (
        -1e-3 * math.expm1(-dt * rate) / rate,
        1e-3 * baseline * tau_c,
        math.exp(-dt / tau_d),
        # In single precision; what is left of c after so long is nothing in any case.
        math.exp(min(dt / tau_c, 60.0)),
    )
