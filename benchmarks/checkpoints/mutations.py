"""Damaged and forged checkpoints: each is refused with `CheckpointError`, or is what was saved.

A forged file has fresh checksums, so it may well load: then the brain must be sound and run.
"""

from __future__ import annotations

import copy
import io
import json
import random
import resource
import time
import zipfile
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

from engram import (
    LIF,
    STDP,
    Brain,
    CheckpointError,
    RegionType,
    ShortTermPlasticity,
    load_brain,
    save_brain,
)
from engram.checkpoint.container import MANIFEST, checksum
from engram.state.invariants import check

Members = dict[str, bytes]
ODD: tuple[Any, ...] = (
    None,
    True,
    -1,
    0,
    1,
    2,
    7,
    255,
    2**31,
    2**40,
    2**63,
    10**30,
    1e308,
    -0.5,
    0.5,
    "",
    "a",
    "a->b",
    [],
    [1],
    {},
    {"a": 1},
    "os:system",
    "engram.neurons:LIF",
    "<f4",
    "|O",
    "|V8",
    [2**40],
    [-1],
)
HUGE = (2**31 - 1, 2**31, 2**40, 2**62)


def subject() -> Brain:
    """A small brain with much in it: two models, rules, growth, traces, spikes under way."""
    brain = Brain(seed=1)
    brain.add_region("a", RegionType.SENSORY, 12, 0.3, max_neurons=16, background=9.0)
    brain.add_region("b", RegionType.MOTOR, 8, 0.3, max_neurons=12, model=LIF, rule=None)
    brain.connect_regions("a", "b", 0.4, rule=STDP(A_plus=0.02), stp=ShortTermPlasticity())
    brain.growth.growth_interval, brain.growth.neurogenesis_rate = 30.0, 3.0
    brain.growth.correlation_window = 100.0
    brain.memory.consolidation_interval = 40.0
    brain.regions["b"].enable_morphology()
    brain.run(1050, lambda b, i: b.stimulate("a", [0.9, 0.1]) if i % 200 < 60 else None)
    return brain


def _members(data: bytes) -> Members:
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


def _packed(members: Members, deflate: bool = False) -> bytes:
    out = io.BytesIO()
    kind = zipfile.ZIP_DEFLATED if deflate else zipfile.ZIP_STORED
    with zipfile.ZipFile(out, "w", kind) as archive:
        for name, data in members.items():
            archive.writestr(name, data)
    return out.getvalue()


def _flip(data: bytes, rng: random.Random) -> bytes:
    damaged = bytearray(data)
    for _ in range(rng.choice((1, 1, 1, 2, 5, 50))):
        # Everywhere, and as often in the directory at the end.
        low = rng.choice((0, max(0, len(data) - 4000)))
        damaged[rng.randrange(low, len(data))] ^= 1 << rng.randrange(8)
    return bytes(damaged)


def _cut(data: bytes, rng: random.Random) -> bytes:
    at = rng.randrange(len(data))
    if rng.random() < 0.5:
        return data[:at]
    return data[:at] + data[at + rng.randrange(1, 200) :]


def _insert(data: bytes, rng: random.Random) -> bytes:
    at = rng.randrange(len(data))
    return data[:at] + rng.randbytes(rng.randrange(1, 200)) + data[at:]


def _exchange(data: bytes, rng: random.Random) -> bytes:
    n = rng.randrange(1, 300)
    a, b = sorted(rng.sample(range(len(data) - n), 2))
    if b < a + n:
        return _flip(data, rng)
    return data[:a] + data[b : b + n] + data[a + n : b] + data[a : a + n] + data[b + n :]


def _places(value: Any, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    found = [path] if path else []
    if isinstance(value, dict):
        items: list[tuple[Any, Any]] = list(value.items())
    elif isinstance(value, list):
        items = list(enumerate(value))
    else:
        items = []
    for key, inner in items:
        found += _places(inner, (*path, key))
    return found


def _edit(header: dict[str, Any], rng: random.Random) -> None:
    """Change, remove or add one thing somewhere in a manifest."""
    path = rng.choice(_places(header))
    where: Any = header
    for key in path[:-1]:
        where = where[key]
    last, what = path[-1], rng.random()
    if what < 0.2:
        del where[last]
    elif what < 0.3 and isinstance(where, dict):
        where[f"{last}x"] = where[last]
    elif what < 0.5 and isinstance(where[last], (int, float)):
        where[last] = rng.choice((where[last] + 1, -where[last], where[last] * 2, *HUGE))
    else:
        where[last] = copy.deepcopy(rng.choice(ODD))


def _manifest(data: bytes, rng: random.Random, seal: bool) -> bytes:
    members = _members(data)
    header = json.loads(members[MANIFEST])
    for _ in range(rng.choice((1, 1, 2))):
        _edit(header, rng)
    if seal:
        header["checksum"] = checksum(header)
    members[MANIFEST] = json.dumps(header).encode()
    return _packed(members)


def _array(data: bytes, rng: random.Random) -> bytes:
    """Other numbers, another shape or another dtype of one array, all sums fresh."""
    members = _members(data)
    header = json.loads(members[MANIFEST])
    name = rng.choice(list(header["arrays"]))
    array = np.load(io.BytesIO(members[f"{name}.npy"]))
    what = rng.random()
    if what < 0.7 and array.size:
        flat = array.reshape(-1)
        for _ in range(rng.choice((1, 1, 3, flat.size))):
            limits = np.iinfo(array.dtype) if array.dtype.kind in "iu" else None
            odd: tuple[Any, ...] = (0, 1, 2, 5, 200)
            odd += (
                (limits.max, limits.min, -1 if limits.min else 3)
                if limits
                else (np.nan, np.inf, -1.0, 1e30, -1e30)
            )
            flat[rng.randrange(flat.size)] = rng.choice(odd)
    elif what < 0.85:
        array = np.concatenate([array, array]) if rng.random() < 0.5 else array[:-1]
    else:
        array = array.astype(rng.choice(("<i8", "<f8", "<i4", "|u1")))
    out = io.BytesIO()
    np.save(out, array)
    members[f"{name}.npy"] = out.getvalue()
    header["arrays"][name]["dtype"] = array.dtype.str
    if not {"repeated", "stored", "differences"} & set(header["arrays"][name]):
        header["arrays"][name]["shape"] = list(array.shape)
    return _sealed(members, header)


def _sealed(members: Members, header: dict[str, Any]) -> bytes:
    import zlib

    for name, entry in header["arrays"].items():
        if f"{name}.npy" in members:
            entry["crc32"] = zlib.crc32(members[f"{name}.npy"])
    header["checksum"] = checksum(header)
    return _packed({**members, MANIFEST: json.dumps(header).encode()})


def _bomb(data: bytes, rng: random.Random) -> bytes:
    """Claims of much memory, with and without the bytes to fill it."""
    members = _members(data)
    header = json.loads(members[MANIFEST])
    what = rng.randrange(5)
    name = rng.choice([n for n in header["arrays"] if n.startswith(("projection", "event", "v"))])
    entry = header["arrays"][name]
    n = rng.choice((10**7, 10**8, 10**9, 10**12))
    if what == 0:
        entry["shape"] = [n] * len(entry["shape"])
    elif what == 1:
        out = io.BytesIO()
        np.save(out, np.zeros(1, entry["dtype"]))
        members[f"{name}.npy"] = out.getvalue()
        entry["shape"], entry["repeated"] = [n], True
    elif what == 2:
        header["brain"]["regions"][0]["max_neurons"] = n
        out = io.BytesIO()
        np.save(out, np.array([n, 16]))
        members["region_capacity.npy"] = out.getvalue()
    elif what == 3:
        header["brain"]["sizes"][rng.choice("XQMH")] = n
    else:
        members[f"{name}.npy"] = members[f"{name}.npy"][:128] + bytes(1 << 24)
        entry["shape"] = [(1 << 24) // np.dtype(entry["dtype"]).itemsize]
    return _sealed(members, header)


def _entries(data: bytes, rng: random.Random) -> bytes:
    members = _members(data)
    name = rng.choice(list(members))
    other = rng.choice(list(members))
    what = rng.randrange(4)
    if what == 0:
        del members[name]
    elif what == 1:
        members[rng.choice(("extra.npy", "../x.npy", "sub/v.npy", "x"))] = members[other]
    elif what == 2:
        members[name], members[other] = members[other], members[name]
    else:
        members[name] = members[name][: rng.randrange(len(members[name]))]
    return _packed(members, rng.random() < 0.5)


KINDS: dict[str, Callable[[bytes, random.Random], bytes]] = {
    "bits flipped": _flip,
    "cut": _cut,
    "bytes inserted": _insert,
    "pieces exchanged": _exchange,
    "entries": _entries,
    "manifest edited": lambda d, r: _manifest(d, r, False),
    "manifest forged": lambda d, r: _manifest(d, r, True),
    "array forged": _array,
    "bomb": _bomb,
}
FORGED = ("manifest forged", "array forged", "bomb")


def attack(folder: Path, count: int, seed: int) -> dict[str, Any]:
    """Load `count` mutated files; what became of them, the longest time, the memory it took."""
    rng = random.Random(seed)
    brain = subject()
    originals = [
        save_brain(brain, folder / f"{name}.engram", compress=compress).read_bytes()
        for name, compress in (("small", True), ("plain", False))
    ]
    fingerprint = brain.fingerprint()
    path = folder / "mutated.engram"
    outcome: dict[str, Counter[str]] = {kind: Counter() for kind in KINDS}
    wrong: list[str] = []
    slowest = 0.0
    path.write_bytes(originals[0])
    load_brain(path).run(2)
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    for k in range(count):
        kind = list(KINDS)[k % len(KINDS)]
        data = KINDS[kind](rng.choice(originals), rng)
        path.write_bytes(data)
        start = time.perf_counter()
        try:
            loaded = load_brain(path)
        except CheckpointError as error:
            result = "refused"
            if not str(error).startswith(f"{path}: "):
                wrong.append(f"{k} {kind}: names no file: {error}")
        except BaseException as error:
            result = "another error"
            wrong.append(f"{k} {kind}: {type(error).__name__}: {error}")
        else:
            if loaded.fingerprint() == fingerprint:
                result = "loaded, as it was saved"
            elif kind in FORGED:
                result = "loaded, sound"
                try:
                    check(loaded.network.tables)
                    loaded.run(3)
                except Exception as error:
                    wrong.append(f"{k} {kind}: does not run: {type(error).__name__}: {error}")
            else:
                result = "loaded as something else"
                wrong.append(f"{k} {kind}: loads as another brain")
        slowest = max(slowest, time.perf_counter() - start)
        outcome[kind][result] += 1
    after = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return {
        "files": count,
        "seed": seed,
        "wrong": len(wrong),
        "examples": wrong[:20],
        "outcome": {kind: dict(results) for kind, results in outcome.items()},
        "slowest_s": slowest,
        "memory_mib": (after - before) / 1024,
    }
