"""Files that are damaged, forged, of other versions or simply large: refused, and why."""

from __future__ import annotations

import io
import json
import tracemalloc
import zipfile
import zlib

import numpy as np
import pytest

from benchmarks.checkpoints.mutations import attack, subject
from engram import (
    Brain,
    CheckpointError,
    RegionType,
    ShortTermPlasticity,
    Uniform,
    inspect_checkpoint,
    load_brain,
    save_brain,
)
from engram.checkpoint.container import checksum
from engram.persistence import FORMAT


@pytest.fixture(scope="module")
def saved(tmp_path_factory):
    brain = subject()
    path = save_brain(brain, tmp_path_factory.mktemp("saved") / "good")
    return path


def parts(path):
    with zipfile.ZipFile(path) as archive:
        members = {name: archive.read(name) for name in archive.namelist()}
    return members, json.loads(members.pop("manifest.json"))


def npy(array):
    out = io.BytesIO()
    np.save(out, array)
    return out.getvalue()


def forged(source, target, change, seal=True):
    """A copy in which something has been changed, with checksums that fit."""
    members, header = parts(source)
    change(members, header)
    for name, entry in header["arrays"].items():
        if seal and f"{name}.npy" in members:
            entry["crc32"] = zlib.crc32(members[f"{name}.npy"])
    if seal:
        header["checksum"] = checksum(header)
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in members.items():
            archive.writestr(name, data)
        archive.writestr("manifest.json", json.dumps(header))
    return target


def put(name, index, value):
    """Change one number of an array."""

    def change(members, _):
        array = np.load(io.BytesIO(members[f"{name}.npy"]))
        array[index] = value
        members[f"{name}.npy"] = npy(array)

    return change


def said(*path, value):
    """Change one entry of the manifest."""

    def change(_, header):
        where = header
        for key in path[:-1]:
            where = where[key]
        where[path[-1]] = value

    return change


def removed(name):
    def change(members, header):
        del members[f"{name}.npy"], header["arrays"][name]

    return change


def added(members, header):
    members["more.npy"] = npy(np.zeros(3))
    header["arrays"]["more"] = {"dtype": "<f8", "shape": [3]}


def reshaped(members, header):
    members["theta.npy"] = npy(np.zeros(3))
    header["arrays"]["theta"]["shape"] = [3]


def retyped(members, header):
    members["theta.npy"] = npy(np.load(io.BytesIO(members["theta.npy"])).astype("<f4"))
    header["arrays"]["theta"]["dtype"] = "<f4"


def objects(_, header):
    header["arrays"]["theta"]["dtype"] = "|O"


def pickled(members, _):
    out = io.BytesIO()
    np.save(out, np.array([print], object), allow_pickle=True)
    members["theta.npy"] = out.getvalue()


def fewer_delays(members, header):
    put("delay_count", 0, 0)(members, header)


BRAIN = ("brain",)
FORGERIES = {
    "not finite": (put("v", 3, np.nan), "'v'.*finite"),
    "infinite weight": (put("projection0.weight", 0, np.inf), r"'projection0\.weight'.*finite"),
    "post beyond": (put("projection0.post", 0, 2**31 - 1), "post of projection 0 in range"),
    "post negative": (put("projection2.post", 1, -5), "post of projection 2 in range"),
    "segments": (put("projection0.segment", 1, -1), "segments of projection 0"),
    "a neuron that is not there": (put("event_neuron", 0, 99_999), "region"),
    "the future": (put("last_spike", 0, 2**30), "no spike is in the future"),
    "a link to nowhere": (put("last_event", 0, 2**61), "last_event"),
    "a loop of links": (put("event_previous", -1, 10**9), "event_previous"),
    "dead neurons with synapses": (put("alive", slice(None), 0), "are alive|the dead do not fire"),
    "regions that overlap": (put("region_first", 1, 8), "'region_first'"),
    "regions far away": (put("region_first", 0, 2**63 - 1), "'region_first'"),
    "more neurons than slots": (put("region_count", 1, 99), "'region_count'"),
    "an odd flag": (put("alive", 0, 2), "alive is at least 0 and at most 1"),
    "an unknown transmitter": (put("projection0.nt", 0, 77), "nt of projection 0"),
    "an unknown pattern": (put("pattern", 0, 77), "pattern is a FiringPattern"),
    "a gate of nobody": (put("gate_region", 0, 9), "gate_region is a region"),
    "an unknown band": (put("nest_band", 0, 7), "nest_band is a band"),
    "no delay": (put("delay_min", 1, 0), "delay_min is at least 1"),
    "rows": (fewer_delays, r"'projection0\.segment'.*shape"),
    "a source beyond": (put("source", 0, 2), "'source': out of range"),
    "another source": (put("source", 0, 1), "array"),
    "a cycle of no steps": (put("held_period", 0, 0), "held_period"),
    "a clock that ran too far": (put("clock", 0, 2**40), "'clock'"),
    "another time step": (put("dt", 0, 0.5), "'dt'"),
    "no capacity": (said(*BRAIN, "regions", 0, "max_neurons", value=17), "region_capacity"),
    "resources": (put("projection2.resource", 0, 1.5), "resource of projection 2"),
    "missing": (removed("theta"), "'theta' is missing"),
    "missing column": (removed("projection1.weight"), r"'projection1\.weight' is missing"),
    "extra": (added, "'more' belongs to nothing"),
    "another shape": (reshaped, "'theta': shape"),
    "another dtype": (retyped, "'theta': float32 instead of float64"),
    "objects": (objects, "'theta': its dtype"),
    "a pickle": (pickled, "'theta'"),
    "an unknown parameter": (said(*BRAIN, "mechanisms", "growth", "growht", value=1), "growht"),
    "a parameter out of range": (
        said(*BRAIN, "mechanisms", "growth", "pruning_weight", value=7.0),
        "pruning_weight",
    ),
    "a parameter of the wrong type": (
        said(*BRAIN, "regions", 0, "model", "values", "tau_exc", value="5"),
        "tau_exc",
    ),
    "a list for a number": (
        said(*BRAIN, "regions", 0, "model", "values", "c", value=[1.0]),
        "c can't be",
    ),
    "a mechanism less": (said(*BRAIN, "mechanisms", value={}), "the mechanisms must have"),
    "an unknown class": (
        said(*BRAIN, "regions", 0, "model", "class", value="os:system"),
        "os:system.*allow=",
    ),
    "a class that is no model": (
        said(*BRAIN, "regions", 0, "model", "class", value="engram.brain:Brain"),
        "not a NeuronM",
    ),
    "a name twice": (said(*BRAIN, "regions", 0, "name", value="b"), "names of regions"),
    "no seed": (said(*BRAIN, "seed", value=None), "seed can't be None"),
    "a time step of nothing": (said(*BRAIN, "dt", value=0.0), "dt"),
    "an unknown freeze": (said(*BRAIN, "frozen", value={"time": True}), "'time'"),
    "a trace of nobody": (said(*BRAIN, "memory", "traces", value=[{"region": "x"}]), "trace 0"),
    "a dendrite of no length": (
        said(*BRAIN, "regions", 1, "dendrites", "tree", "soma", value="long"),
        "region 'b': dendrites",
    ),
    "more sizes": (said(*BRAIN, "sizes", "X", value=10**9), "size X"),
    "more memory": (said(*BRAIN, "sizes", "H", value=10**9), "size H"),
    "another format": (said("format", value=99), "format 99.*upgrade engram"),
    "no format": (said("format", value="2"), "not an Engram checkpoint"),
    "more to say": (said("more", value=1), "the manifest must have"),
}


@pytest.mark.parametrize("what", FORGERIES)
def test_what_is_wrong_is_said(saved, tmp_path, what):
    change, reason = FORGERIES[what]
    path = forged(saved, tmp_path / "bad.engram", change)
    with pytest.raises(CheckpointError, match=f"(?s)^{path}: .*{reason}"):
        load_brain(path)


def test_a_forged_file_that_is_sound_loads(saved, tmp_path):
    """So the ones above are refused for what they say, not for having been packed anew."""
    path = forged(saved, tmp_path / "b.engram", lambda *_: None)
    assert load_brain(path).fingerprint() == load_brain(saved).fingerprint()
    path = forged(saved, tmp_path / "c.engram", put("v", 3, -60.0))
    assert load_brain(path).regions["a"].v[3] == -60.0


def test_without_fresh_checksums_every_change_is_seen(saved, tmp_path):
    path = tmp_path / "bad.engram"
    forged(saved, path, put("v", 3, -60.0), seal=False)
    with pytest.raises(CheckpointError, match="'v' does not match its checksum"):
        load_brain(path)
    forged(saved, path, said("brain", "last_reset", value=1), seal=False)
    for read in (load_brain, inspect_checkpoint):
        with pytest.raises(CheckpointError, match="the manifest does not match its checksum"):
            read(path)


@pytest.mark.parametrize(
    "text",
    [
        b"[" * 200_000,
        b'{"format": 2, "format": 2}',
        b'{"format": NaN}',
        b'{"format": ' + b"9" * 10_000 + b"}",
        b"\xff\xfe",
        b"{}",
        b"null",
    ],
)
def test_manifests_that_are_none(tmp_path, text):
    path = tmp_path / "bad.engram"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("manifest.json", text)
    for read in (load_brain, inspect_checkpoint):
        with pytest.raises(CheckpointError, match=r"bad\.engram: "):
            read(path)


@pytest.mark.parametrize(
    "bomb",
    [
        said("arrays", "theta", "shape", value=[10**12]),
        lambda members, header: (
            members.update({"theta.npy": npy(np.zeros(1))}),
            header["arrays"]["theta"].update(shape=[10**8], repeated=True),
        ),
        lambda members, _: members.update({"theta.npy": npy(np.zeros(2 * 10**6))}),
        lambda members, header: (
            said("brain", "regions", 0, "max_neurons", value=10**9)(members, header),
            put("region_capacity", 0, 10**9)(members, header),
        ),
        said("brain", "sizes", "H", value=10**6),
    ],
    ids=["claim", "repeated", "deflated", "capacity", "history"],
)
def test_bombs_are_refused_before_they_go_off(saved, tmp_path, bomb):
    path = forged(saved, tmp_path / "bomb.engram", bomb)
    tracemalloc.start()
    try:
        with pytest.raises(CheckpointError, match=r"bomb\.engram"):
            load_brain(path, memory=1 << 26)
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert peak < 1 << 23


def test_memory_can_be_allowed(tmp_path):
    brain = Brain(seed=1)
    brain.add_region("a", RegionType.SENSORY, 10, max_neurons=50_000)
    path = save_brain(brain, tmp_path / "b")
    with pytest.raises(CheckpointError, match=r"MiB of memory.*load_brain\(memory=\d+\)") as caught:
        load_brain(path, memory=1 << 20)
    needed = int(str(caught.value).rsplit("=", 1)[1].rstrip(")"))
    assert load_brain(path, memory=needed).fingerprint() == brain.fingerprint()


def test_spare_capacity_takes_no_place(tmp_path):
    sizes = []
    for most in (64, 50_000):
        brain = Brain(seed=1)
        brain.add_region("a", RegionType.SENSORY, 64, max_neurons=most, delays=Uniform(1, 20))
        brain.run(30)
        sizes.append(save_brain(brain, tmp_path / "b", compress=False).stat().st_size)
    assert abs(sizes[1] - sizes[0]) < 100


def test_bytes_of_a_synapse(tmp_path):
    brain = Brain(seed=1)
    for name in ("a", "b"):
        brain.add_region(name, RegionType.SENSORY, 400, 0.0, max_neurons=400, rule=None)
    brain.connect_regions(
        "a", "b", wiring="all_to_all", delays=Uniform(1.0, 20.0), stp=ShortTermPlasticity()
    )
    brain.regions["b"].enable_morphology()
    brain.run(100, lambda b, _: b.stimulate("a", [0.9]))
    path = save_brain(brain, tmp_path / "b", compress=False)
    assert path.stat().st_size < 24 * brain.projections[-1].n_synapses
    assert load_brain(path).fingerprint() == brain.fingerprint()


def test_the_same_brain_gives_the_same_bytes(tmp_path):
    brain = subject()
    one, two = (save_brain(brain, tmp_path / name) for name in "ab")
    assert one.read_bytes() == two.read_bytes()
    three = save_brain(load_brain(one), tmp_path / "c")
    assert three.read_bytes() == one.read_bytes()


def test_other_tools_can_read_it(saved):
    """A zip of .npy and JSON; what is stored smaller says how."""
    members, header = parts(saved)
    assert header["format"] == FORMAT
    brain = load_brain(saved)
    for name, entry in header["arrays"].items():
        array = np.load(io.BytesIO(members[f"{name}.npy"]), allow_pickle=False)
        if set(entry) == {"dtype", "shape", "crc32"}:
            assert (array.dtype.str, list(array.shape)) == (entry["dtype"], entry["shape"])
    v = np.load(io.BytesIO(members["v.npy"]))
    n = [r.n_neurons for r in brain.regions.values()]
    np.testing.assert_array_equal(v, np.concatenate([r.v for r in brain.regions.values()]))
    assert len(v) == sum(n)


def test_a_brain_that_is_not_finite_is_not_saved(tmp_path):
    brain = subject()
    path = save_brain(brain, tmp_path / "b")
    old = path.read_bytes()
    brain.regions["a"].v[0] = np.nan
    with pytest.raises(CheckpointError, match="'v' holds a value that is not finite"):
        save_brain(brain, path)
    assert path.read_bytes() == old


def test_mutated_files(tmp_path):
    """A small part of what ``python -m benchmarks.checkpoints --only mutations`` does."""
    found = attack(tmp_path, 360, seed=3)
    assert found["examples"] == []
    assert found["wrong"] == 0
    outcome = found["outcome"]
    for kind in ("cut", "bytes inserted", "pieces exchanged", "entries", "manifest edited"):
        assert outcome[kind].get("refused", 0) >= 0.9 * 40, kind
    assert outcome["array forged"].get("loaded, sound", 0) > 0
    assert found["memory_mib"] < 500
