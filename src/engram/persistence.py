"""Saving and restoring a brain: a zip of ``.npy`` arrays and a JSON manifest."""

from __future__ import annotations

import contextlib
import importlib
import io
import json
import os
import tempfile
import zipfile
import zlib
from collections.abc import Iterable, Iterator
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from engram import morphology
from engram._version import __version__
from engram.brain import Brain
from engram.errors import CheckpointError
from engram.growth import GrowthCycle
from engram.kernels.constants import EVENTS, LOGGED, STEP, STOPPED
from engram.memory import Trace
from engram.neurons import FiringPattern, NeuronModel
from engram.parameters import Parameterized
from engram.plasticity import PlasticityRule
from engram.projection import Projection
from engram.region import Region, RegionType
from engram.state import layout
from engram.state.schema import BRAIN_FIELDS, SYNAPSE_FIELDS
from engram.state.tables import Tables
from engram.statistics import BrainStats, RegionStats
from engram.stimulus import EncodingStrategy
from engram.synapses import ShortTermPlasticity

FORMAT = 1
SUFFIX = ".engram"
MECHANISMS = (
    "stdp", "reward_stdp", "homeostasis", "metaplasticity", "growth", "memory", "encoder",
)  # fmt: skip

Arrays = dict[str, NDArray[Any]]
State = tuple[dict[str, Any], Arrays]

_EVENT_FIELDS = [f.name for f in BRAIN_FIELDS if f.dims == ("E",)]
_SAVED_FIELDS = [f for f in BRAIN_FIELDS if f.kind != "derived" and f.dims != ("E",)]
_SAVED_SYNAPSE_FIELDS = [f for f in SYNAPSE_FIELDS if f.kind != "derived"]


def _class_path(thing: object) -> str:
    kind = type(thing)
    return f"{kind.__module__}:{kind.__qualname__}"


def _parameterized(thing: Parameterized | None) -> dict[str, Any] | None:
    return None if thing is None else {"class": _class_path(thing), "values": thing.own_values()}


def to_state(brain: Brain) -> State:
    """Everything that is saved: a manifest of plain values, and arrays by name."""
    brain._flush_log()
    tables = brain._tables
    arrays: Arrays = {f.name: tables[f.name].copy() for f in _SAVED_FIELDS}
    arrays["clock"][[LOGGED, STOPPED]] = 0
    # Of the spike ring, what may still be looked at: the spikes of the last H steps, in order.
    head = int(tables["clock"][EVENTS])
    horizon = tables.sizes["H"]
    kept = np.arange(_oldest_event(tables, brain.step_count, head), head) % tables.sizes["E"]
    for name in _EVENT_FIELDS:
        arrays[name] = tables[name][kept]
    ages = (brain.step_count - 1 - np.arange(min(horizon, brain.step_count))) % horizon
    for name in ("event_first", "event_end"):
        arrays[name] = tables[name][ages]
    for p, block in enumerate(tables.blocks):
        for f in _SAVED_SYNAPSE_FIELDS:
            arrays[f"projection{p}.{f.name}"] = block[f.name].copy()
    for k, trace in enumerate(brain.memory.traces):
        arrays[f"trace{k}"] = trace.neurons
    # Sizes of work space and of the ring depend on how the brain was run.
    sizes = {name: n for name, n in tables.sizes.items() if name not in ("E", "G", "L")}
    manifest = {
        "dt": brain.dt,
        "seed": brain.seed,
        "device": brain.device,
        "sizes": sizes,
        "regions": [_region_entry(r) for r in brain.regions.values()],
        "projections": [_projection_entry(p) for p in brain.projections],
        "mechanisms": {name: getattr(brain, name).own_values() for name in MECHANISMS},
        "strategy": brain.encoder.strategy.value,
        "frozen": dict(brain._frozen),
        "tag": brain._tag,
        "last_stimulus": brain._last_stimulus,
        "last_reset": brain._last_reset,
        "replay_until": brain._replay_until,
        "traces": [
            {"region": t.region, "step": t.step, "strength": t.strength}
            for t in brain.memory.traces
        ],
        "growth_history": [asdict(c) for c in brain.growth.history],
        "stats_history": [asdict(s) for s in brain.stats_history],
    }
    return manifest, arrays


def _oldest_event(tables: Tables, step: int, head: int) -> int:
    horizon = tables.sizes["H"]
    back = min(horizon, step)
    if not back or not tables.sizes["R"]:
        return head
    oldest = int(tables["event_first"][(step - back) % horizon].min())
    return max(oldest, head - tables.sizes["E"], 0)


def _region_entry(region: Region) -> dict[str, Any]:
    return {
        "name": region.name,
        "type": region.region_type.name,
        "model": _parameterized(region.model),
        "patterns": [int(p) for p in region._patterns],
        "variation": region._variation,
        "max_neurons": region.max_neurons,
        "morphology": None if region.morphology is None else asdict(region.morphology),
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
    }


def _find_class(path: str, base: type, allow: Iterable[str]) -> Any:
    module, name = path.split(":")
    if not module.startswith("engram.") and path not in set(allow):
        raise CheckpointError(
            f"the checkpoint uses {path}, which is not part of Engram; to let it be imported, "
            f"pass allow=[{path!r}] to load_brain"
        )
    try:
        found: Any = importlib.import_module(module)
        for part in name.split("."):
            found = getattr(found, part)
    except (ImportError, AttributeError) as error:
        raise CheckpointError(f"the checkpoint uses {path}, which can't be imported") from error
    if not (isinstance(found, type) and issubclass(found, base)):
        raise CheckpointError(f"the checkpoint uses {path}, which is not a {base.__name__}")
    return found


def from_state(state: State, allow: Iterable[str] = (), like: Brain | None = None) -> Brain:
    """The brain of a state.

    allow: import paths of classes outside Engram; like: a brain whose classes may be used anyway.
    """
    manifest, arrays = state
    known: dict[str, Any] = {}
    if like is not None:
        parts = [r.model for r in like.regions.values()] + [p.rule for p in like.projections]
        known = {_class_path(part): type(part) for part in parts if part is not None}
    brain = Brain(manifest["dt"], manifest["seed"], manifest["device"])
    tables = brain._tables
    tables.resize(**manifest["sizes"])
    for f in _SAVED_FIELDS:
        if f.name not in ("event_first", "event_end"):
            tables.arrays[f.name][...] = arrays[f.name]
    head, step = int(tables["clock"][EVENTS]), brain.step_count
    n_events = len(arrays[_EVENT_FIELDS[0]])
    size = tables.sizes["E"]
    while size < n_events:
        size *= 2
    tables.resize(E=size)
    places = np.arange(head - n_events, head) % size
    for name in _EVENT_FIELDS:
        tables[name][places] = arrays[name]
    horizon = tables.sizes["H"]
    ages = (step - 1 - np.arange(len(arrays["event_first"]))) % horizon
    for name in ("event_first", "event_end"):
        tables[name][:] = head - n_events
        tables[name][ages] = arrays[name]

    def find(path: str, base: type) -> Any:
        return known[path] if path in known else _find_class(path, base, allow)

    for index, entry in enumerate(manifest["regions"]):
        kind = find(entry["model"]["class"], NeuronModel)
        model: NeuronModel = kind(**entry["model"]["values"])
        model.attach(brain._parameters_changed)
        patterns = (FiringPattern(entry["patterns"][0]), FiringPattern(entry["patterns"][1]))
        region = Region(
            brain, index, entry["name"], RegionType[entry["type"]], model, patterns,
            entry["variation"],
        )  # fmt: skip
        if entry["morphology"] is not None:
            region._morphology = morphology.Dendrite(**entry["morphology"])
        region._theta_plus, region._tau_theta = entry["theta_plus"], entry["tau_theta"]
        brain.regions[region.name] = region
        brain._max_neurons[region.name] = entry["max_neurons"]
    for p, entry in enumerate(manifest["projections"]):
        projection = Projection(brain, p, entry["source"], entry["target"])
        if entry["rule"] is not None:
            kind = find(entry["rule"]["class"], PlasticityRule)
            rule: PlasticityRule = kind(**entry["rule"]["values"])
            brain._attach_rule(rule)
            projection._rule = rule
        if entry["stp"] is not None:
            stp = ShortTermPlasticity(**entry["stp"])
            projection._stp = stp.attach(brain._parameters_changed)
        projection._frozen = entry["frozen"]
        projection._w_max_given = entry["w_max_given"]
        tables.blocks.append(
            {f.name: arrays[f"projection{p}.{f.name}"].copy() for f in _SAVED_SYNAPSE_FIELDS}
        )
        traces = None if projection.rule is None else len(projection.rule.pre_traces)
        layout.restore_derived(tables, p, traces=traces)
        brain.projections.append(projection)
    for name, values in manifest["mechanisms"].items():
        mechanism = getattr(brain, name)
        for parameter, value in values.items():
            setattr(mechanism, parameter, value)
    brain.encoder.strategy = EncodingStrategy(manifest["strategy"])
    brain._frozen.update(manifest["frozen"])
    brain._tag = manifest["tag"]
    brain._last_stimulus = manifest["last_stimulus"]
    brain._last_reset = manifest["last_reset"]
    until = manifest["replay_until"]
    brain._replay_until = None if until is None else (until[0], until[1])
    brain.memory.traces.extend(
        Trace(t["region"], arrays[f"trace{k}"].copy(), t["step"], t["strength"])
        for k, t in enumerate(manifest["traces"])
    )
    brain.growth.history.extend(GrowthCycle(**c) for c in manifest["growth_history"])
    brain.stats_history.extend(
        BrainStats(**{**s, "regions": tuple(RegionStats(**r) for r in s["regions"])})
        for s in manifest["stats_history"]
    )
    tables.touch()
    return brain


def _path(path: str | os.PathLike[str]) -> Path:
    given = Path(path)
    return given if given.suffix else given.with_suffix(SUFFIX)


def save_brain(brain: Brain, path: str | os.PathLike[str], *, compress: bool = True) -> Path:
    """Save everything that determines the brain's future; returns the path written.

    Without a suffix, ``.engram`` is added. The file is a zip of ``manifest.json`` and one ``.npy``
    per array; it takes the place of an older one only when it is complete.
    """
    target = _path(path)
    manifest, arrays = to_state(brain)
    entries = {}
    handle, temporary = tempfile.mkstemp(dir=target.parent or ".", prefix=f".{target.name}.")
    try:
        kind = zipfile.ZIP_DEFLATED if compress else zipfile.ZIP_STORED
        with os.fdopen(handle, "wb") as stream:
            with zipfile.ZipFile(stream, "w", kind, compresslevel=1) as archive:
                for name, array in arrays.items():
                    buffer = io.BytesIO()
                    np.save(buffer, array, allow_pickle=False)
                    data = buffer.getvalue()
                    archive.writestr(f"{name}.npy", data)
                    entries[name] = {
                        "dtype": array.dtype.str,
                        "shape": list(array.shape),
                        "crc32": zlib.crc32(data),
                    }
                header = {"format": FORMAT, "engram": __version__, "arrays": entries}
                archive.writestr("manifest.json", json.dumps({**header, "brain": manifest}))
            stream.flush()
            os.fsync(stream.fileno())
        # A temporary file is for its owner only; a checkpoint is a file like any other.
        umask = os.umask(0)
        os.umask(umask)
        os.chmod(temporary, 0o666 & ~umask)
        os.replace(temporary, target)
    except BaseException:
        with contextlib.suppress(FileNotFoundError):
            os.unlink(temporary)
        raise
    return target


def _read_manifest(archive: zipfile.ZipFile, path: Path) -> dict[str, Any]:
    try:
        manifest: dict[str, Any] = json.loads(archive.read("manifest.json"))
    except KeyError as error:
        raise CheckpointError(f"{path}: not an Engram checkpoint (no manifest)") from error
    if not isinstance(manifest, dict):
        raise CheckpointError(f"{path}: not an Engram checkpoint (the manifest is no table)")
    if manifest.get("format") != FORMAT:
        raise CheckpointError(
            f"{path}: format {manifest.get('format')!r}; this version reads format {FORMAT}"
        )
    return manifest


def _open(path: str | os.PathLike[str]) -> tuple[zipfile.ZipFile, Path]:
    given = _path(path)
    if not given.exists():
        raise CheckpointError(f"{given}: there is no such file")
    try:
        return zipfile.ZipFile(given), given
    except Exception as error:
        raise CheckpointError(f"{given}: not an Engram checkpoint ({error})") from error


@contextlib.contextmanager
def _damage_reported(path: Path) -> Iterator[None]:
    """Whatever goes wrong while a damaged file is read, say that it is damaged."""
    try:
        yield
    except CheckpointError:
        raise
    except Exception as error:
        reason = f"{type(error).__name__}: {error}"
        raise CheckpointError(f"{path}: damaged, or not an Engram checkpoint ({reason})") from error


def load_brain(path: str | os.PathLike[str], *, allow: Iterable[str] = ()) -> Brain:
    """The brain saved at `path`, with the same future as the one that was saved.

    allow: import paths ("module:Class") of neuron models and rules outside Engram that the file may
    make Python import. Raises `CheckpointError` for a file that can't be used.
    """
    archive, given = _open(path)
    with archive, _damage_reported(given):
        manifest = _read_manifest(archive, given)
        arrays = {}
        for name, entry in manifest["arrays"].items():
            data = archive.read(f"{name}.npy")
            if zlib.crc32(data) != entry["crc32"]:
                raise CheckpointError(f"{given}: array {name!r} does not match its checksum")
            arrays[name] = np.load(io.BytesIO(data), allow_pickle=False)
        return from_state((manifest["brain"], arrays), allow)


def inspect_checkpoint(path: str | os.PathLike[str]) -> dict[str, Any]:
    """What is in a checkpoint, without loading it: versions, time, regions, projections, arrays."""
    archive, given = _open(path)
    with archive, _damage_reported(given):
        manifest = _read_manifest(archive, given)
        clock = np.load(io.BytesIO(archive.read("clock.npy")), allow_pickle=False)
        step, brain = int(clock[STEP]), manifest["brain"]
        return {
            "path": str(given),
            "format": manifest["format"],
            "engram": manifest["engram"],
            "step": step,
            "time": step * brain["dt"],
            "dt": brain["dt"],
            "seed": brain["seed"],
            "regions": brain["regions"],
            "projections": brain["projections"],
            "arrays": manifest["arrays"],
        }
