"""Damaged files in the cache of machine code: ``python -m benchmarks.reliability.cache``.

A warm cache is copied, one file of it is damaged, and a brain with a model of its own runs with
that cache in a process of its own. It must end with the same fingerprint as with the warm cache,
without an error, and say with one warning that the file can't be used. Each kind of damage is done
in turn to each file at random places.

Then six processes start at once with an empty cache: each kernel must be compiled once.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import shutil
import tempfile
import time
import warnings
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any
from unittest.mock import patch

from benchmarks.provenance import provenance
from benchmarks.speed.measure import Row
from engram import Brain, NeuronModel, RegionType
from engram.kernels import cache, compiled

RESULTS = Path(__file__).parents[1] / "results" / "reliability_cache.json"
PROCESSES = 6
GAIN = 1.5


class Integrator(NeuronModel):
    """A model of a user: the smallest there is."""

    states = {"v": 0.0}

    @staticmethod
    def update(v: Any, I: Any, dt: Any) -> Any:  # noqa: E741
        """The next state."""
        v = v + dt / 10.0 * (GAIN * I - v)
        return v, v >= 1.0

    @staticmethod
    def reset() -> Any:
        """The state after a spike."""
        return 0.0


def life() -> str:
    """A short life; what it ends with."""
    brain = Brain(seed=1)
    brain.add_region("a", RegionType.SENSORY, 20, model=Integrator(), background=2.0, rule=None)
    brain.run(50)
    return brain.fingerprint()


# -- damage


def _truncated(data: bytes, draw: random.Random, _other: bytes) -> bytes:
    return data[: draw.randrange(len(data))]


def _flipped(data: bytes, draw: random.Random, _other: bytes) -> bytes:
    at = draw.randrange(len(data))
    return data[:at] + bytes([data[at] ^ (1 << draw.randrange(8))]) + data[at + 1 :]


def _zeroed(data: bytes, draw: random.Random, _other: bytes) -> bytes:
    first = draw.randrange(len(data) - 1)
    last = draw.randrange(first + 1, len(data)) + 1
    return data[:first] + bytes(last - first) + data[last:]


def _swapped(data: bytes, draw: random.Random, _other: bytes) -> bytes:
    a, b, c, d = sorted(draw.sample(range(len(data) + 1), 4))
    return data[:a] + data[c:d] + data[b:c] + data[a:b] + data[d:]


def _of_another_kernel(_data: bytes, _draw: random.Random, other: bytes) -> bytes:
    return other


def _random(data: bytes, draw: random.Random, _other: bytes) -> bytes:
    return draw.randbytes(len(data))


DAMAGE: dict[str, Callable[[bytes, random.Random, bytes], bytes]] = {
    "truncated": _truncated,
    "one bit flipped": _flipped,
    "a part zeroed": _zeroed,
    "two parts swapped": _swapped,
    "replaced by another kernel's file": _of_another_kernel,
    "random bytes": _random,
}


# -- lives in processes of their own


def lived(folder: Path) -> tuple[int, int]:
    """Start a process in which a brain lives with a cache.

    Forked, since importing takes longer than living. The pipe brings what happened.
    """
    receiving, sending = os.pipe()
    child = os.fork()
    if child:
        os.close(sending)
        return child, receiving
    os.environ["ENGRAM_CACHE_DIR"] = str(folder)
    made: list[str] = []
    original = compiled.KernelCache.compiled

    def compiling(self: compiled.KernelCache, signature: Any, file: cache.KernelFile) -> Any:
        # A kernel is compiled for each signature.
        made.append(f"{self.label} {signature}")
        return original(self, signature, file)

    with (
        warnings.catch_warnings(record=True) as caught,
        patch.object(compiled.KernelCache, "compiled", compiling),
    ):
        warnings.simplefilter("always")
        try:
            end, error = life(), ""
        except BaseException as problem:
            end, error = "", f"{type(problem).__name__}: {problem}"
    found = {
        "end": end,
        "error": error,
        "warnings": [str(w.message) for w in caught],
        "compiled": made,
    }
    with os.fdopen(sending, "w") as stream:
        json.dump(found, stream)
    os._exit(0)


def outcome(started: tuple[int, int]) -> dict[str, Any]:
    """What happened in a process."""
    child, receiving = started
    with os.fdopen(receiving) as stream:
        text = stream.read()
    _, status = os.waitpid(child, 0)
    found: dict[str, Any] = json.loads(text) if text else {"error": f"died with status {status}"}
    return found


def mutations(folder: Path, n: int, seed: int) -> Row:
    """Damage n files, one at a time."""
    warm = folder / "warm"
    first = outcome(lived(warm))
    again = outcome(lived(warm))
    if first["error"] or again["compiled"] or again["end"] != first["end"]:
        raise SystemExit(f"the cache does not work at all: {first}, {again}")
    files = sorted(warm.rglob(f"*{cache.SUFFIX}"))
    draw = random.Random(seed)
    bad: list[str] = []
    count: Counter[str] = Counter()
    slowest = 0.0
    for k in range(n):
        victim, other = files[k % len(files)], files[(k + 1) % len(files)]
        kind = list(DAMAGE)[k // len(files) % len(DAMAGE)]
        data = victim.read_bytes()
        damaged = DAMAGE[kind](data, draw, other.read_bytes())
        copy = folder / "damaged"
        shutil.copytree(warm, copy)
        (copy / victim.relative_to(warm)).write_bytes(damaged)
        began = time.monotonic()
        found = outcome(lived(copy))
        slowest = max(slowest, time.monotonic() - began)
        shutil.rmtree(copy)
        same = damaged == data  # what was swapped may have been alike
        right = found.get("end") == first["end"] and len(found["warnings"]) == (not same)
        count[kind] += 1
        if k % 50 == 0:
            print(f"{k} of {n}", flush=True)
        if not right:
            bad.append(f"{kind} {victim.name}: {found}")
    return Row(
        "cache",
        "damaged files that led to an error, another result, or no warning",
        len(bad),
        "",
        0.0,
        note=f"{n} files of {len(files)} kernels; the slowest life took {slowest:.1f} s",
        extra={"kinds": dict(count), "bad": bad, "seed": seed},
    )


def at_once(folder: Path) -> Row:
    """Six processes start with an empty cache."""
    started = [lived(folder / "empty") for _ in range(PROCESSES)]
    found = [outcome(each) for each in started]
    made = Counter(label for each in found for label in each.get("compiled", []))
    ends = {each.get("end") for each in found}
    repeated = sum(made.values()) - len(made)
    wrong = len(ends) != 1 or any(each["error"] or each["warnings"] for each in found)
    return Row(
        "cache",
        f"kernels compiled more than once by {PROCESSES} processes",
        repeated + (1000 if wrong else 0),
        "",
        0.0,
        note=f"{len(made)} kernels",
        extra={"compiled": dict(made)},
    )


def main() -> None:
    """Damage files, start processes, print, write the results."""
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.reliability.cache", description=__doc__
    )
    parser.add_argument("--mutations", type=int, default=500)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--out", type=Path, default=RESULTS)
    args = parser.parse_args()
    origin = provenance(__file__, [args.seed])
    with tempfile.TemporaryDirectory() as folder:
        rows = [at_once(Path(folder)), mutations(Path(folder), args.mutations, args.seed)]
    for row in rows:
        print(row.line())
    records = [{**row.record(), "provenance": origin} for row in rows]
    args.out.write_text(json.dumps({"rows": records}, indent=1) + "\n")


if __name__ == "__main__":
    main()
