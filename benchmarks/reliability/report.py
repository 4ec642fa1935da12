"""The sections of BENCHMARKS.md on reliability."""

from __future__ import annotations

from typing import Any

INTERRUPTS = """\
## Interrupts

`python -m benchmarks.reliability.interrupts`: an interrupt at a line of Python chosen at random
inside a call, {lines:,} times, and {moments:,} real SIGINTs. Then the invariants are checked, the
brain is saved and loaded, and both live on.

| what went wrong | asked for | measured |
|---|---|---|
"""

SEQUENCES = """\
## Random sequences of calls

`python -m benchmarks.reliability.sequences{more}`: random calls, each played on a brain and on
three twins (copied; saved and loaded; the same time cut into pieces). A failure is a difference
between twins, an error that is not the library's own, or a crash.
"""

MEMORY = """\
## Memory in a long life

`python -m benchmarks.reliability.memory`: random calls on one brain with everything on. Asked
for: within 10 % once the structure has settled, after 1,000,000 calls.
"""

DASK = """\
## Sweeps on a cluster whose workers are killed

`python -m benchmarks.reliability.dask_kills`: a worker drawn at random is killed (SIGKILL) at a
random moment of each sweep, and the file is compared with a sweep that nobody disturbs.

| what went wrong | asked for | measured |
|---|---|---|
"""


def interrupts(found: dict[str, Any]) -> list[str]:
    """Lines of Markdown."""
    lines = INTERRUPTS.format(**found).splitlines()
    named = {
        "crash": "crashes",
        "broken": "broken invariants",
        "unloadable": "saves that can't be loaded",
        "different": "other futures than the twin's",
    }
    lines += [f"| {text} | {found['wanted'][key]} | {found[key]} |" for key, text in named.items()]
    calls = ", ".join(sorted({name.split(":")[0] for name in found["outcomes"]} - {"real"}))
    return [*lines, "", f"Calls: {calls}."]


def sequences(found: dict[str, Any]) -> list[str]:
    """Lines of Markdown."""
    lines = SEQUENCES.format(more=" --boundscheck" if found["bounds_checked"] else "").splitlines()
    asked, each = found["asked_for"], found["calls_of_each"]
    failures = ", ".join(f"{n} x {kind}" for kind, n in found["failures"].items()) or "0"
    return [
        *lines,
        "",
        f"Asked for: {asked:,} sequences of {each} calls, 0 failures. Measured: "
        f"{found['sequences']:,} sequences, {found['calls']:,} calls, {found['refused']:,} of them "
        f"refused, {failures} failures; {found['cpu_s'] / 60:.0f} minutes of CPU.",
    ]


def memory(found: dict[str, Any]) -> list[str]:
    """Lines of Markdown."""
    first, last = found["settled_mb"]
    return [
        *MEMORY.splitlines(),
        "",
        f"Measured: {found['calls']:,} calls ({found['steps']:,} steps, "
        f"{found['cpu_s'] / 60:.0f} minutes of CPU): resident memory {first:.0f} MB at first, "
        f"{last:.0f} MB at the end, {100 * (found['growth'] - 1):+.1f} %.",
    ]


def cache(found: dict[str, Any]) -> list[str]:
    """Lines of Markdown."""
    lines = ["## Damaged kernel caches", "", "`python -m benchmarks.reliability.cache`.", ""]
    lines += ["| | measured | |", "|---|---|---|"]
    return [*lines, *(f"| {r['what']} | {r['value']:g} | {r['note']} |" for r in found["rows"])]


def dask(found: dict[str, Any]) -> list[str]:
    """Lines of Markdown."""
    named = {
        "missing": "trials that are not in the file",
        "twice": "trials that are there twice",
        "not_done": "trials that are not done",
        "different": "trials with other figures",
    }
    return [
        *DASK.splitlines(),
        *(f"| {text} | 0 | {found[key]} |" for key, text in named.items()),
        "",
        f"{found['sweeps']} sweeps of {found['trials'] // found['sweeps']} trials, "
        f"{found['workers']} workers of this machine, {found['kills']} killed; "
        f"{found['begun_again']} trials were begun again; {found['seconds']:.0f} s.",
    ]
