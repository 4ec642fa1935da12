"""Trials of the learning experiments: each from a seed, kept as they end, not run twice.

They are sweeps of `engram.sweep`: one row of an SQLite file for each trial (``benchmarks/runs``,
which git does not keep). Trials of other code don't count: what tells them apart has a hash of all
the package, of these experiments, and of what they import.
"""

from __future__ import annotations

import functools
import json
import os
import tempfile
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from benchmarks import provenance
from engram.progress import lines_or_bar
from engram.sweep import run_sweep

HERE = Path(__file__).resolve().parent
RESULTS, RUNS = HERE.parent / "results", HERE.parent / "runs"

Row = dict[str, Any]
Function = Callable[..., Mapping[str, Any]]


def source() -> str:
    """A hash of the code that trials come from: all that an experiment runs."""
    return provenance.source(HERE)


class TrialsFailed(Exception):
    """Trials that ended with an error."""


def trials(
    name: str,
    function: Function,
    points: Sequence[Mapping[str, Any]],
    seeds: Sequence[int],
    *,
    jobs: int = 1,
    keep: bool = True,
    fresh: bool = False,
) -> list[Row]:
    """Figures of function(seed=..., **point) at every point and from every seed, in this order.

    function: of a module, unless jobs is 1; returns what JSON can hold by name. Each row has the
    point, the seed, the figures, and `cpu_s`, unless the function says it. jobs: processes. keep:
    whether trials that were kept before are taken, and these are kept; fresh: forget earlier ones.
    Raises `TrialsFailed`.
    """
    with tempfile.TemporaryDirectory() as folder:
        if keep:
            RUNS.mkdir(exist_ok=True)
        path = (RUNS if keep else Path(folder)) / f"{name}.db"
        if fresh:
            path.unlink(missing_ok=True)
        found = run_sweep(
            functools.partial(_timed, function),
            points,
            path=path,
            seeds=seeds,
            fixed={"source": source()},
            name=name,
            jobs=jobs,
            progress=lines_or_bar("trials"),
        )
    failed = found[found.status == "failed"]
    if len(failed):
        first = failed.iloc[0]
        raise TrialsFailed(f"{name}: {len(failed)} trials failed; seed {first.seed}: {first.error}")
    asked = [{**point, "seed": seed} for seed in seeds for point in points]
    return [{**row, **figures} for row, figures in zip(asked, found.figures, strict=True)]


def _timed(function: Function, *, seed: int, source: str, **point: Any) -> dict[str, Row]:  # noqa: ARG001
    started = time.process_time()
    figures = dict(function(seed=seed, **point))
    figures.setdefault("cpu_s", time.process_time() - started)
    # In one column: pandas would turn whole numbers beside a missing one into floats.
    return {"figures": figures}


def merged(path: Path, name: str, rows: Sequence[Row], key: Callable[[Row], Any]) -> list[Row]:
    """The list of a file of results, with all rows of the keys there are now replaced by these."""
    known = json.loads(path.read_text())[name] if path.exists() else []
    new = [key(row) for row in rows]
    return [*(row for row in known if key(row) not in new), *rows]


def write(path: Path, document: Mapping[str, Any], *, a_line_each: str | None = None) -> None:
    """Write a file of results; a_line_each: name of a list whose entries get a line each."""
    path.parent.mkdir(parents=True, exist_ok=True)
    if a_line_each is None:
        path.write_text(json.dumps(document, indent=1) + "\n")
        return
    head = {name: value for name, value in document.items() if name != a_line_each}
    lines = ",\n".join(json.dumps(row) for row in document[a_line_each])
    start = json.dumps(head)[:-1] + (", " if head else "")
    path.write_text(f'{start}"{a_line_each}": [\n{lines}\n]}}\n')


def one_thread_each() -> None:
    """Processes share the cores."""
    for name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS"):
        os.environ.setdefault(name, "1")
