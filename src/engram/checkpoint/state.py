"""A network as plain values and arrays, and back."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict
from typing import Any

from engram.checkpoint.classes import Finder
from engram.checkpoint.contents import MECHANISMS
from engram.checkpoint.entries import keys, record
from engram.checkpoint.live import FREE_SIZES, Arrays, n_slots, put, take
from engram.checkpoint.processes import checked_save
from engram.errors import CheckpointError, InvalidValueError, brief
from engram.mechanisms.critic import Critic
from engram.mechanisms.growth import Growth
from engram.mechanisms.homeostasis import Homeostasis
from engram.mechanisms.inputs import Inputs
from engram.mechanisms.memory import Memory
from engram.mechanisms.metaplasticity import Metaplasticity
from engram.mechanisms.neuromodulation import Neuromodulation
from engram.mechanisms.rhythms import Oscillators
from engram.modulation import Modulation
from engram.morphology import DYNAMICS, NMDA, Branch, Morphology
from engram.network import individuals
from engram.network.dendrites import Dendrites
from engram.network.network import SWITCHES, Network, Process
from engram.network.records import PathwayRecord, Record, RegionRecord
from engram.network.turns import alone
from engram.neurons import FiringPattern, NeuronModel, RegionType
from engram.parameters import Parameterized
from engram.plasticity import STDP, PlasticityRule, RewardSTDP
from engram.recording.statistics import Statistics
from engram.state import layout
from engram.state.invariants import check_indices, check_synapses
from engram.stimulus import EncodingStrategy
from engram.synapses import ShortTermPlasticity

State = tuple[dict[str, Any], Arrays]
Classes = list[type[Parameterized]]

_WITH_PARAMETERS: dict[str, type[Parameterized]] = {
    "stdp": STDP,
    "reward_stdp": RewardSTDP,
    "homeostasis": Homeostasis,
    "metaplasticity": Metaplasticity,
    "growth": Growth,
    "memory": Memory,
}
ALWAYS_SAVED = frozenset(SWITCHES) - {"reward_modulated_plasticity", "default_rule"}
"""Switches that are saved whether on or off; the others count only where they are on."""

_USUAL = (Oscillators, Homeostasis, Metaplasticity, Neuromodulation, Growth, Memory, Statistics)
"""Processes every brain has; their state has places of its own in the format."""


# -- classes


def _parts(network: Network) -> list[Parameterized]:
    """Everything that has parameters of which a checkpoint holds the defaults."""
    found: list[Parameterized | None] = [_mechanism(network, name) for name in MECHANISMS]
    found += [p.stp for p in network.pathways]
    found += network.find(Neuromodulation).critics.values()
    return [*_of_any_class(network), *(part for part in found if part is not None)]


def _of_any_class(network: Network) -> list[Parameterized]:
    """The parts of which a checkpoint holds the class, in the order in which they are restored."""
    found: list[Parameterized | None] = [r.model for r in network.regions.values()]
    found += [part for p in network.pathways for part in (p.rule, p.modulation)]
    found += _own_processes(network)
    return [part for part in found if part is not None]


def _mechanism(network: Network, name: str) -> Parameterized:
    return network.encoder if name == "encoder" else network.find(_WITH_PARAMETERS[name])


def _own_processes(network: Network) -> list[Process]:
    """The processes a checkpoint holds beside the usual: a user's, and inputs if there are any."""
    kept = [p for p in network.processes if p.kept and type(p) not in _USUAL]
    return [p for p in kept if not (isinstance(p, Inputs) and p.empty)]


def classes(network: Network) -> Classes:
    """The classes of its parts, in the order in which `restore` asks for them.

    Parameters
    ----------
    network : Network
        Of the brain.

    Returns
    -------
    list of type
        One for each.
    """
    return [type(part) for part in _of_any_class(network)]


@alone
def check_paths(network: Network) -> None:
    """Refuse to save what a file could not tell apart.

    Parameters
    ----------
    network : Network
        Of the brain.

    Raises
    ------
    CheckpointError
        Several classes go under one path.
    BusyError
        Another thread uses the network.
    """
    for path in sorted(_shared_paths(network)):
        raise CheckpointError(
            f"several classes of this brain go under the path {path}, so a file could not tell "
            f"which is which; declare each with a path of its own (saved_as='module:Name')"
        )


def _with_defaults(kind: type[Parameterized], values: Any, saved: Mapping[str, Any]) -> Any:
    """Parameters as they were: those nobody had set, too, should their defaults be others now."""
    found = dict(values)
    before = saved.get(kind.class_path(), {})
    for name, parameter in kind.parameters().items():
        if name not in found and before.get(name, parameter.default) != parameter.default:
            found[name] = before[name]
    return found


# -- taking


@alone
def taken(network: Network) -> State:
    """Everything that is saved: plain values by name, and arrays by name.

    It is a copy, which the network's further life does not change.

    Parameters
    ----------
    network : Network
        Of the brain.

    Returns
    -------
    State
        Plain values by name, and arrays by name.
    """
    network.flush_log()
    arrays = take(network.tables, network.step_count)
    memory, remembered = network.find(Memory).save()
    arrays |= remembered
    shared = _shared_paths(network)
    processes, more = _taken_processes(network, shared)
    arrays |= more
    described = {
        "dt": network.dt,
        "seed": network.seed,
        "device": network.device,
        # The other sizes follow from the arrays, or depend on how the brain was run.
        "sizes": {name: network.tables.sizes[name] for name in FREE_SIZES},
        "regions": [_region_entry(r, shared) for r in network.regions.values()],
        "projections": [_pathway_entry(p, shared) for p in network.pathways],
        "mechanisms": {name: _mechanism(network, name).own_values() for name in MECHANISMS},
        # What parameters that nobody has set mean in this version.
        "defaults": {
            part.class_path(): {n: v.default for n, v in part.parameters().items()}
            for part in _parts(network)
            if part.class_path() not in shared
        },
        "strategy": network.encoder.strategy.value,
        "frozen": {name: on for name, on in network.frozen.items() if on or name in ALWAYS_SAVED},
        "tag": network.tag,
        "last_stimulus": network.last_stimulus,
        "last_reset": network.last_reset,
        "memory": memory,
        "processes": processes,
        **network.find(Neuromodulation).save()[0],
        **network.find(Growth).save()[0],
        **network.find(Statistics).save()[0],
    }
    return described, arrays


def _taken_processes(network: Network, shared: set[str]) -> tuple[list[dict[str, Any]], Arrays]:
    """Processes of users: their classes, parameters and states."""
    entries: list[dict[str, Any]] = []
    found: Arrays = {}
    for process in _own_processes(network):
        values, arrays = checked_save(process)
        names = {name: f"process.{process.name}.{name}" for name in arrays}
        for name in arrays:
            if names[name] in found:
                raise InvalidValueError(
                    f"{type(process).__name__}.save: array {name!r} of process {process.name!r} "
                    f"and one of another process would both be {names[name]!r} in a file; give it "
                    f"another name"
                )
        found |= {names[name]: array for name, array in arrays.items()}
        entries.append(
            {
                "class": process.class_path(),
                "name": process.name,
                "values": _set(process, shared),
                "state": values,
                "arrays": {name: [a.dtype.str, a.ndim] for name, a in arrays.items()},
            }
        )
    return entries, found


def _parameterized(thing: Parameterized | None, shared: set[str]) -> dict[str, Any] | None:
    return None if thing is None else {"class": thing.class_path(), "values": _set(thing, shared)}


def _set(thing: Parameterized, shared: set[str]) -> dict[str, Any]:
    """The parameters that were set; all where the path does not tell the class's defaults."""
    return thing.values() if thing.class_path() in shared else thing.own_values()


def _shared_paths(network: Network) -> set[str]:
    """Paths under which several classes of the network go."""
    kinds: set[type[Parameterized]] = {type(part) for part in _of_any_class(network)}
    paths = [kind.class_path() for kind in kinds]
    return {path for path in paths if paths.count(path) > 1}


def _stream(record: Record) -> dict[str, int]:
    """Which random numbers it draws, where its row does not tell."""
    return {} if record.stream == record.index else {"stream": record.stream}


def _region_entry(region: RegionRecord, shared: set[str]) -> dict[str, Any]:
    own: dict[str, Any] = {"varying": list(region.varying)} if region.varying else {}
    if region.background is not None:
        own["background"] = region.background
    return (
        _stream(region)
        | own
        | {
            "name": region.name,
            "type": region.region_type.name,
            "model": _parameterized(region.model, shared),
            "patterns": [int(p) for p in region.patterns],
            "variation": region.variation,
            "excitatory": region.excitatory,
            "max_neurons": region.max_neurons,
            "dendrites": asdict(region.dendrites),
            "theta_plus": region.theta_plus,
            "tau_theta": region.tau_theta,
        }
    )


def _pathway_entry(pathway: PathwayRecord, shared: set[str]) -> dict[str, Any]:
    placement = pathway.placement
    named = {} if pathway.name is None else {"name": pathway.name}
    return {
        **_stream(pathway),
        **named,
        "source": pathway.source,
        "target": pathway.target,
        "rule": _parameterized(pathway.rule, shared),
        "stp": None if pathway.stp is None else pathway.stp.own_values(),
        "frozen": pathway.frozen,
        "w_max_given": pathway.w_max_given,
        "placement": dict(placement) if isinstance(placement, dict) else placement,
        "modulation": _parameterized(pathway.modulation, shared),
    }


# -- restoring


def restore(network: Network, state: State, find: Finder[Any], *, check: bool = False) -> None:
    """Fill a network that has its usual processes and nothing else.

    find: the class of a path; check: whether the state comes from elsewhere, so that nothing may be
    taken for granted.

    Parameters
    ----------
    network : Network
        Of the brain.
    state : State
        What `taken` gave, or a file held.
    find : Finder
        The class of a path.
    check : bool
        Whether the state comes from elsewhere, so that nothing may be taken for granted.

    Raises
    ------
    CheckpointError
        It can't be of a brain.
    """
    described, arrays = state
    for index, entry in enumerate(described["regions"]):
        region = _restored_region(index, entry, described["defaults"], find)
        network.regions[region.name] = region
        individuals.attach(network, region)
        if check:
            individuals.check_names(region)
            _check_sizes(region, described["sizes"])
    for p, entry in enumerate(described["projections"]):
        network.pathways.append(_restored_pathway(network, p, entry, described["defaults"], find))
    for name, values in described["mechanisms"].items():
        mechanism = _mechanism(network, name)
        saved = _with_defaults(type(mechanism), values, described["defaults"])
        for parameter, value in saved.items():
            mechanism.assign(parameter, value)
    network.encoder.strategy = EncodingStrategy(described["strategy"])
    unknown = set(described["frozen"]) - set(network.frozen)
    if unknown:
        raise CheckpointError(f"frozen: no mechanism {sorted(unknown)[0]!r}")
    network.frozen.update(described["frozen"])
    network.tag = described["tag"]
    network.last_stimulus = described["last_stimulus"]
    network.last_reset = described["last_reset"]
    _restore_processes(network, described, arrays, find)
    _restore_tables(network, described, arrays, check)


def _restored_region(
    index: int, entry: dict[str, Any], defaults: Mapping[str, Any], find: Finder[Any]
) -> RegionRecord:
    kind = find(entry["model"]["class"], NeuronModel)
    for name, value in entry["model"]["values"].items():
        # Values of each neuron stand in the arrays.
        if isinstance(value, list | dict):
            raise CheckpointError(f"region {entry['name']!r}: {name} can't be {brief(value)}")
    model: NeuronModel = kind(**_with_defaults(kind, entry["model"]["values"], defaults))
    excitatory, inhibitory = (FiringPattern(p) for p in entry["patterns"])
    return RegionRecord(
        index,
        entry["name"],
        RegionType[entry["type"]],
        model,
        (excitatory, inhibitory),
        entry["variation"],
        entry["excitatory"],
        entry["max_neurons"],
        _dendrites(f"region {entry['name']!r}: dendrites", entry["dendrites"]),
        entry["theta_plus"],
        entry["tau_theta"],
        varying=tuple(entry.get("varying", ())),
        background=entry.get("background"),
        stream=entry.get("stream", index),
    )


def _restored_pathway(
    network: Network,
    index: int,
    entry: dict[str, Any],
    defaults: Mapping[str, Any],
    find: Finder[Any],
) -> PathwayRecord:
    pathway = PathwayRecord(
        index,
        entry["source"],
        entry["target"],
        frozen=entry["frozen"],
        w_max_given=entry["w_max_given"],
        placement=entry["placement"],
        name=entry.get("name"),
        stream=entry.get("stream", index),
    )
    if entry["rule"] is not None:
        kind, values = find(entry["rule"]["class"], PlasticityRule), entry["rule"]["values"]
        # A built-in rule takes what it does not set itself from the brain's.
        inherits = kind in network.rules
        rule: PlasticityRule = kind(
            **(values if inherits else _with_defaults(kind, values, defaults))
        )
        network.attach_rule(rule)
        pathway.rule = rule
    if entry["stp"] is not None:
        values = _with_defaults(ShortTermPlasticity, entry["stp"], defaults)
        pathway.stp = ShortTermPlasticity(**values).attach(network.change)
    if entry["modulation"] is not None:
        kind = find(entry["modulation"]["class"], Modulation)
        values = _with_defaults(kind, entry["modulation"]["values"], defaults)
        pathway.modulation = kind(**values).attach(network.change)
    return pathway


def _restore_processes(
    network: Network, described: Mapping[str, Any], arrays: Arrays, find: Finder[Any]
) -> None:
    modulators = network.find(Neuromodulation)
    for entry in described["critics"]:
        values = _with_defaults(Critic, entry["values"], described["defaults"])
        modulators.add(Critic(**values), entry["region"], tuple(entry["targets"]))
    network.find(Memory).restore(described["memory"], arrays)
    for kind in (Growth, Statistics):
        network.find(kind).restore(dict(described), arrays)
    for entry in described["processes"]:
        own = find(entry["class"], Process)
        values = _with_defaults(own, entry["values"], described["defaults"])
        process: Process | None = next(
            (p for p in network.processes if p.name == entry["name"]), None
        )
        if process is None:
            process = own(**values)
            network.add_process(process)
        else:
            # One that every brain of this version has.
            for parameter, value in values.items():
                process.assign(parameter, value)
        name = f"process.{entry['name']}"
        process.restore(entry["state"], {n: arrays[f"{name}.{n}"].copy() for n in entry["arrays"]})


def _dendrites(where: str, entry: dict[str, Any]) -> Dendrites:
    keys(where, entry, {"tree": dict, "dynamics": str, "nmda": (dict, type(None))})
    tree = dict(entry["tree"])
    found = tree.pop("branches", None)
    if not isinstance(found, (list, tuple)) or entry["dynamics"] not in DYNAMICS:
        raise CheckpointError(f"{where} can't be {brief(entry)}")
    keys(f"{where}: tree", tree, dict.fromkeys(("soma", "Rm", "Ri", "Cm", "resolution"), float))
    branches = tuple(record(Branch, where, b) for b in found)
    nmda = None if entry["nmda"] is None else record(NMDA, where, entry["nmda"])
    return Dendrites(Morphology(branches, **tree), entry["dynamics"], nmda)


def _check_dendrites(network: Network, sizes: Mapping[str, int]) -> None:
    """Refuse dendrites that the model, the sizes, or the synapses contradict."""
    for region in network.regions.values():
        where, dendrites = f"region {region.name!r}: dendrites", region.dendrites
        if dendrites.compartmental and type(region.model).soma is None:
            raise CheckpointError(f"{where}: {type(region.model).__name__} can't have compartments")
        if dendrites.n_dynamic > sizes["J"]:
            raise CheckpointError(f"{where} need size J = {dendrites.n_dynamic}")
    for p, pathway in enumerate(network.pathways):
        tree = network.regions[pathway.target].dendrites.tree
        tree.shares(f"projection {p}", pathway.placement)
        places = network.tables.blocks[p]["compartment"]
        if places.max(initial=0) >= len(tree.compartments):
            raise CheckpointError(f"array 'projection{p}.compartment': no such compartment")


def _check_sizes(region: RegionRecord, sizes: Mapping[str, int]) -> None:
    """The tables must have a row for each state and parameter of the model."""
    kind = type(region.model)
    needed = {
        "X": len(kind.states) - 1,
        "Q": len(individuals.rows(region)),
        "M": len(kind.model_parameters()),
    }
    for name, n in needed.items():
        if sizes[name] < n:
            raise CheckpointError(
                f"region {region.name!r}: {kind.__name__} needs size {name} = {n}"
            )


def _restore_tables(
    network: Network, described: Mapping[str, Any], arrays: Arrays, check: bool
) -> None:
    tables = network.tables
    tables.resize(
        **described["sizes"],
        R=len(network.regions),
        P=len(network.pathways),
        N=n_slots(arrays),
        U=len(arrays["coupling_source"]),
    )
    put(tables, arrays)
    if check:
        check_indices(tables)
        _check_dendrites(network, described["sizes"])
        for region in network.regions.values():
            individuals.check_values(network, region)
    for pathway in network.pathways:
        layout.derive(tables, pathway.index, traces=pathway.n_traces)
        if check:
            check_synapses(tables, pathway.index)
    tables.touch()
