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
