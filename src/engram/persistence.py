"""Saving and restoring a brain: a zip of ``.npy`` arrays and a JSON manifest.

See docs/checkpoints.md for the format, and what is guaranteed.
"""

from __future__ import annotations

import importlib
import os
import warnings
from collections.abc import Iterable, Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any

from engram.brain import Brain
from engram.checkpoint import container, records
from engram.checkpoint.atomic import replacing
from engram.checkpoint.contents import (
    check_claims,
    check_description,
    check_values,
    keys,
    record,
    table_bytes,
)
from engram.checkpoint.folder import checkpoints_in
from engram.checkpoint.live import DECIDING, FREE_SIZES, Arrays, put, take
from engram.checkpoint.migrations import FORMAT, migrated
from engram.critic import Critic
from engram.errors import CheckpointError
from engram.kernels.constants import STEP
from engram.memory import memory_state, restore_memory
from engram.modulation import Modulation
from engram.morphology import DYNAMICS, NMDA, Branch, Dendrites, Morphology
from engram.neurons import FiringPattern, NeuronModel
from engram.parameters import Parameterized, class_at
from engram.plasticity import STDP, PlasticityRule, RewardSTDP
from engram.projection import Projection
from engram.region import Region, RegionType
from engram.state import layout
from engram.state.invariants import check_indices, check_synapses
from engram.stimulus import EncodingStrategy
from engram.synapses import ShortTermPlasticity

SUFFIX = ".engram"
MECHANISMS = (
    "stdp", "reward_stdp", "homeostasis", "metaplasticity", "growth", "memory", "encoder",
)  # fmt: skip

State = tuple[dict[str, Any], Arrays]


def _parameterized(thing: Parameterized | None) -> dict[str, Any] | None:
    return None if thing is None else {"class": thing.class_path(), "values": thing.own_values()}


def _parts(brain: Brain) -> list[Parameterized]:
    """Everything that has parameters."""
    found: list[Parameterized | None] = [getattr(brain, name) for name in MECHANISMS]
    found += [r.model for r in brain.regions.values()]
    found += [part for p in brain.projections for part in (p.rule, p.stp, p.modulation)]
    found += brain.critics.values()
    return [part for part in found if part is not None]


def to_state(brain: Brain) -> State:
    """Everything that is saved: plain values by name, and arrays by name.

    It is a copy, which the brain's further life does not change.
    """
    brain._flush_log()
    tables = brain._tables
    arrays = take(tables, brain.step_count)
    remembered, remembered_arrays = memory_state(brain.memory)
    arrays |= remembered_arrays
    described = {
        "dt": brain.dt,
        "seed": brain.seed,
        "device": brain.device,
        # The other sizes follow from the arrays, or depend on how the brain was run.
        "sizes": {name: tables.sizes[name] for name in FREE_SIZES},
        "regions": [_region_entry(r) for r in brain.regions.values()],
        "projections": [_projection_entry(p) for p in brain.projections],
        "mechanisms": {name: getattr(brain, name).own_values() for name in MECHANISMS},
        # What parameters that nobody has set mean in this version.
        "defaults": {
            part.class_path(): {n: v.default for n, v in part.parameters().items()}
            for part in _parts(brain)
        },
        "strategy": brain.encoder.strategy.value,
        "frozen": dict(brain._frozen),
        "tag": brain._tag,
        "last_stimulus": brain._last_stimulus,
        "last_reset": brain._last_reset,
        "memory": remembered,
        "critics": [
            {"region": c.region, "targets": list(c.targets), "values": c.own_values()}
            for c in brain.critics.values()
        ],
        "grown": brain.growth.totals,
        "growth_history": list(brain.growth.history),
        "stats_history": list(brain.stats_history),
    }
    return described, arrays


def _region_entry(region: Region) -> dict[str, Any]:
    return {
        "name": region.name,
        "type": region.region_type.name,
        "model": _parameterized(region.model),
        "patterns": [int(p) for p in region._patterns],
        "variation": region._variation,
        "excitatory": region._excitatory,
        "max_neurons": region.max_neurons,
        "dendrites": asdict(region._dendrites),
        "theta_plus": region._theta_plus,
        "tau_theta": region._tau_theta,
    }


def _projection_entry(projection: Projection) -> dict[str, Any]:
    return {
        "source": projection.source,
        "target": projection.target,
        "rule": _parameterized(projection.rule),
        "stp": None if projection.stp is None else projection.stp.own_values(),
        "frozen": projection.frozen,
        "w_max_given": projection._w_max_given,
        "placement": projection.placement,
        "modulation": _parameterized(projection.modulation),
    }


def _dendrites(where: str, entry: dict[str, Any]) -> Dendrites:
    keys(where, entry, {"tree": dict, "dynamics": str, "nmda": (dict, type(None))})
    tree = dict(entry["tree"])
    found = tree.pop("branches", None)
    if not isinstance(found, (list, tuple)) or entry["dynamics"] not in DYNAMICS:
        raise CheckpointError(f"{where} can't be {entry!r:.120}")
    keys(f"{where}: tree", tree, dict.fromkeys(("soma", "Rm", "Ri", "Cm", "resolution"), float))
    branches = tuple(record(Branch, where, b) for b in found)
    nmda = None if entry["nmda"] is None else record(NMDA, where, entry["nmda"])
    return Dendrites(Morphology(branches, **tree), entry["dynamics"], nmda)


def _check_dendrites(brain: Brain, sizes: Mapping[str, int]) -> None:
    """Refuse dendrites that the model, the sizes, or the synapses contradict."""
    for region in brain.regions.values():
        where, dendrites = f"region {region.name!r}: dendrites", region._dendrites
        if dendrites.compartmental and type(region.model).soma is None:
            raise CheckpointError(f"{where}: {type(region.model).__name__} can't have compartments")
        if dendrites.n_dynamic > sizes["J"]:
            raise CheckpointError(f"{where} need size J = {dendrites.n_dynamic}")
    for p, projection in enumerate(brain.projections):
        dendrites = brain.regions[projection.target]._dendrites
        dendrites.tree.shares(f"projection {p}", projection._placement)
        places = brain._tables.blocks[p]["compartment"]
        if places.max(initial=0) >= len(dendrites.tree.compartments):
            raise CheckpointError(f"array 'projection{p}.compartment': no such compartment")


def _find_class(path: str, base: type, allow: Iterable[str]) -> Any:
    module, _, name = path.partition(":")
    if not module.startswith("engram.") and path not in set(allow):
        raise CheckpointError(
            f"the checkpoint uses {path}, which is not part of Engram; to let it be imported, "
            f"pass allow=[{path!r}] to load_brain"
        )
    found: Any = class_at(path)
    try:
        if found is None:
            found = importlib.import_module(module)
            for part in name.split("."):
                found = getattr(found, part)
    except (ImportError, AttributeError) as error:
        raise CheckpointError(f"the checkpoint uses {path}, which can't be imported") from error
    if not (isinstance(found, type) and issubclass(found, base)):
        raise CheckpointError(f"the checkpoint uses {path}, which is not a {base.__name__}")
    return found


def _with_defaults(kind: type[Parameterized], values: Any, saved: Mapping[str, Any]) -> Any:
    """Parameters as they were: those nobody had set, too, should their defaults be others now."""
    found = dict(values)
    before = saved.get(kind.class_path(), {})
    for name, parameter in kind.parameters().items():
        if name not in found and before.get(name, parameter.default) != parameter.default:
            found[name] = before[name]
    return found


def from_state(
    state: State, allow: Iterable[str] = (), like: Brain | None = None, *, check: bool = False
) -> Brain:
    """The brain of a state.

    allow: import paths of classes outside Engram; like: a brain whose classes may be used anyway;
    check: whether the state comes from elsewhere, so that nothing may be taken for granted.
    """
    described, arrays = state
    known: dict[str, Any] = {}
    if like is not None:
        known = {part.class_path(): type(part) for part in _parts(like)}
    defaults = described["defaults"]
    brain = Brain(described["dt"], described["seed"])

    def find(path: str, base: type) -> Any:
        return known[path] if path in known else _find_class(path, base, allow)

    for index, entry in enumerate(described["regions"]):
        where = f"region {entry['name']!r}"
        kind = find(entry["model"]["class"], NeuronModel)
        model: NeuronModel = kind(**_with_defaults(kind, entry["model"]["values"], defaults))
        model.attach(brain._parameters_changed)
        patterns = (FiringPattern(entry["patterns"][0]), FiringPattern(entry["patterns"][1]))
        region = Region(
            brain, index, entry["name"], RegionType[entry["type"]], model, patterns,
            entry["variation"], entry["excitatory"],
        )  # fmt: skip
        region._dendrites = _dendrites(f"{where}: dendrites", entry["dendrites"])
        region._theta_plus, region._tau_theta = entry["theta_plus"], entry["tau_theta"]
        brain.regions[region.name] = region
        brain._max_neurons[region.name] = entry["max_neurons"]
        if check:
            _check_sizes(where, kind, described["sizes"])
    for p, entry in enumerate(described["projections"]):
        projection = Projection(brain, p, entry["source"], entry["target"])
        if entry["rule"] is not None:
            kind = find(entry["rule"]["class"], PlasticityRule)
            # A built-in rule takes what it does not set itself from the brain's.
            inherits = kind in (STDP, RewardSTDP)
            values = entry["rule"]["values"]
            rule: PlasticityRule = kind(
                **(values if inherits else _with_defaults(kind, values, defaults))
            )
            brain._attach_rule(rule)
            projection._rule = rule
        if entry["stp"] is not None:
            values = _with_defaults(ShortTermPlasticity, entry["stp"], defaults)
            projection._stp = ShortTermPlasticity(**values).attach(brain._parameters_changed)
        if entry["modulation"] is not None:
            kind = find(entry["modulation"]["class"], Modulation)
            values = _with_defaults(kind, entry["modulation"]["values"], defaults)
            projection._modulation = kind(**values).attach(brain._parameters_changed)
        projection._frozen = entry["frozen"]
        projection._w_max_given = entry["w_max_given"]
        projection._placement = entry["placement"]
        brain.projections.append(projection)
    for entry in described["critics"]:
        values = _with_defaults(Critic, entry["values"], defaults)
        critic = Critic(**values).belong_to(brain, entry["region"], tuple(entry["targets"]))
        brain.critics[critic.region] = critic
    for name, values in described["mechanisms"].items():
        mechanism = getattr(brain, name)
        for parameter, value in _with_defaults(type(mechanism), values, defaults).items():
            mechanism.set(parameter, value)
    brain.encoder.strategy = EncodingStrategy(described["strategy"])
    unknown = set(described["frozen"]) - set(brain._frozen)
    if unknown:
        raise CheckpointError(f"frozen: no mechanism {sorted(unknown)[0]!r}")
    brain._frozen.update(described["frozen"])
    brain._tag = described["tag"]
    brain._last_stimulus = described["last_stimulus"]
    brain._last_reset = described["last_reset"]
    restore_memory(brain.memory, described["memory"], arrays)
    brain.growth._totals.update(described["grown"])
    brain.growth.history.extend(described["growth_history"])
    brain.stats_history.extend(described["stats_history"])
    _restore_tables(brain, described, arrays, check)
    return brain


def _check_sizes(where: str, kind: type[NeuronModel], sizes: Mapping[str, int]) -> None:
    """The tables must have a row for each state and parameter of the model."""
    needed = {
        "X": len(kind.states) - 1,
        "Q": len(kind.per_neuron()),
        "M": len(kind.model_parameters()),
    }
    for name, n in needed.items():
        if sizes[name] < n:
            raise CheckpointError(f"{where}: {kind.__name__} needs size {name} = {n}")


def _restore_tables(
    brain: Brain, described: Mapping[str, Any], arrays: Arrays, check: bool
) -> None:
    tables = brain._tables
    tables.resize(
        **described["sizes"], R=len(brain.regions), P=len(brain.projections),
        N=int(arrays["region_capacity"].sum()), U=len(arrays["coupling_source"]),
    )  # fmt: skip
    put(tables, arrays)
    if check:
        check_indices(tables)
        _check_dendrites(brain, described["sizes"])
    for projection in brain.projections:
        rule = projection.rule
        traces = None if rule is None else len(rule.pre_traces)
        layout.derive(tables, projection._index, traces=traces)
        if check:
            check_synapses(tables, projection._index)
    tables.touch()


def _path(path: str | os.PathLike[str]) -> Path:
    given = Path(path)
    return given if given.suffix else given.with_suffix(SUFFIX)


def write_state(state: State, path: Path, *, compress: bool) -> None:
    """Write a state to a file, which takes the place of an older one when it is complete."""
    described, arrays = dict(state[0]), dict(state[1])
    growth, stats = described.pop("growth_history"), described.pop("stats_history")
    arrays |= records.to_arrays(growth, stats)
    with replacing(path) as stream:
        container.write(stream, described, arrays, FORMAT, compress)


def save_brain(brain: Brain, path: str | os.PathLike[str], *, compress: bool = True) -> Path:
    """Save everything that determines the brain's future; returns the path written.

    Without a suffix, ``.engram`` is added. The file is a zip of ``manifest.json`` and one ``.npy``
    per array. It takes the place of an older one only when it is complete and on the disk; a crash
    or a full disk leaves the older one as it is. Raises `CheckpointError` for a brain whose state
    is not finite, `OSError` if the file can't be written.
    """
    target = _path(path)
    write_state(to_state(brain), target, compress=compress)
    return target


def load_brain(
    path: str | os.PathLike[str], *, allow: Iterable[str] = (), memory: int | None = None
) -> Brain:
    """The brain saved at `path`, with the same future as the one that was saved.

    allow: import paths ("module:Class") of neuron models and rules outside Engram that the file may
    make Python import. memory: bytes it may take, by default 1 GiB and 100 times the size of the
    file. Raises `CheckpointError`, which names the file and the reason, for a file that can't be
    used.
    """
    given = _path(path)
    allowed = (allow,) if isinstance(allow, str) else tuple(allow)
    with container.opened(given) as (archive, header):
        version = container.check_version(header, FORMAT)
        most = container.allowance(given, memory)
        claims = container.claims(archive, header, most)
        described = header["brain"]
        if version < FORMAT:
            arrays = {name: container.read_array(archive, header, name) for name in claims}
            described, arrays = migrated((described, arrays), version)
            for name in MECHANISMS:
                described["mechanisms"].setdefault(name, {})
            claims = {name: (array.dtype, array.shape) for name, array in arrays.items()}
            deciding = arrays
        else:
            deciding = container.read_small(archive, header, DECIDING)
        check_description(described, MECHANISMS)
        check_claims(described, deciding, claims)
        needed = table_bytes(described, deciding, claims)
        if needed > most:
            raise CheckpointError(
                f"it needs {needed / 2**20:,.0f} MiB of memory, more than the {most / 2**20:,.0f} "
                f"MiB a file of its size may take; if you trust it, pass "
                f"load_brain(memory={needed})"
            )
        if version == FORMAT:
            arrays = {name: container.read_array(archive, header, name) for name in claims}
        check_values(described, arrays)
        kinds = [(entry["name"], entry["type"]) for entry in described["regions"]]
        growth, stats = records.from_arrays(arrays, kinds)
        whole = {**described, "growth_history": growth, "stats_history": stats}
        return from_state((whole, arrays), allowed, check=True)


def resume_brain(
    folder: str | os.PathLike[str], *, allow: Iterable[str] = (), memory: int | None = None
) -> Brain:
    """The latest brain that `Brain.checkpoint_every` saved into a folder.

    If the latest file is damaged, a warning says so and the one before is used. allow, memory: see
    `load_brain`. Raises `CheckpointError` if there is none that can be loaded.
    """
    given = Path(folder)
    try:
        found = checkpoints_in(given)
    except OSError as error:
        raise CheckpointError(f"{given}: {error.strerror}") from error
    if not found:
        raise CheckpointError(f"{given}: there are no checkpoints (step-<step>{SUFFIX})")
    problem: CheckpointError | None = None
    for _, path in reversed(found):
        try:
            brain = load_brain(path, allow=allow, memory=memory)
        except CheckpointError as error:
            problem = problem or error
        else:
            if problem is not None:
                warnings.warn(f"{problem}; resuming from {path.name}", stacklevel=2)
            return brain
    assert problem is not None
    raise problem


def inspect_checkpoint(path: str | os.PathLike[str]) -> dict[str, Any]:
    """What is in a checkpoint, without loading it: versions, time, regions, projections, arrays."""
    given = _path(path)
    with container.opened(given) as (archive, header):
        container.check_version(header, FORMAT)
        clock = container.read_small(archive, header, ["clock"])["clock"]
        step, brain = int(clock[STEP]), header["brain"]
        return {
            "path": str(given),
            "format": header["format"],
            "engram": header["engram"],
            "step": step,
            "time": step * brain["dt"],
            "dt": brain["dt"],
            "seed": brain["seed"],
            "regions": brain["regions"],
            "projections": brain["projections"],
            "arrays": header["arrays"],
        }
