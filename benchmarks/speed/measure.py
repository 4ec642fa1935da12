"""Clocks, subprocesses and the record of a benchmark."""

from __future__ import annotations

import json
import os
import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[2]
"""The repository: subprocesses run here."""


@dataclass
class Row:
    """One number beside its target.

    limit: "most" (the value must not exceed the target) or "least". problem: why there is no
    number worth reporting.
    """

    study: str
    what: str
    value: float | None
    unit: str
    target: float | None = None
    limit: str = "most"
    repeats: Sequence[float] = ()
    note: str = ""
    problem: str = ""
    extra: dict[str, Any] = field(default_factory=dict)

    @property
    def passed(self) -> bool | None:
        """Whether the target is met; None if there is none."""
        if self.problem or self.value is None:
            return False
        if self.target is None:
            return None
        met = self.value <= self.target if self.limit == "most" else self.value >= self.target
        return bool(met)

    def line(self) -> str:
        """The row of the printed table."""
        verdict = {None: "", True: "pass", False: "FAIL"}[self.passed]
        value = "-" if self.value is None else f"{self.value:.4g} {self.unit}"
        sign = "<=" if self.limit == "most" else ">="
        target = "" if self.target is None else f"{sign} {self.target:.4g}"
        spread = ""
        if len(self.repeats) > 1:
            spread = f"[{min(self.repeats):.4g}, {max(self.repeats):.4g}]"
        notes = "; ".join(part for part in (self.problem, self.note) if part)
        return (
            f"{self.study:<10} {self.what:<38} {value:>16} {spread:>22} {target:>11} "
            f"{verdict:<5} {notes}"
        ).rstrip()

    def record(self) -> dict[str, Any]:
        """The row as it goes to the results."""
        out: dict[str, Any] = {
            "study": self.study,
            "what": self.what,
            "value": self.value,
            "unit": self.unit,
            "target": self.target,
            "limit": self.limit if self.target is not None else None,
            "passed": self.passed,
            "repeats": list(self.repeats),
        }
        if len(self.repeats) > 1:
            out["spread"] = [min(self.repeats), max(self.repeats)]
        for name in ("note", "problem"):
            if getattr(self, name):
                out[name] = getattr(self, name)
        return out | self.extra


def cpu(action: Callable[[], object]) -> float:
    """CPU seconds that an action takes."""
    before = time.process_time()
    action()
    return time.process_time() - before


def median(values: Sequence[float]) -> float:
    """The median."""
    return float(statistics.median(values))


def probe(arguments: Sequence[str], cache: Path | None = None) -> dict[str, Any]:
    """What `benchmarks.speed.probe`, run with these arguments in a new process, prints."""
    environment = dict(os.environ)
    if cache is not None:
        environment["ENGRAM_CACHE_DIR"] = str(cache)
    done = subprocess.run(
        [sys.executable, "-m", "benchmarks.speed.probe", *arguments],
        cwd=ROOT,
        env=environment,
        capture_output=True,
        text=True,
        check=True,
    )
    found: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return found


def peak_mib() -> float:
    """Peak resident memory of this process, MiB (Linux)."""
    for line in Path("/proc/self/status").read_text().splitlines():
        if line.startswith("VmHWM:"):
            return int(line.split()[1]) / 1024
    raise OSError("no VmHWM in /proc/self/status")
