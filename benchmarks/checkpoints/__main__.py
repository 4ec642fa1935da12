"""The checkpoint benchmark: ``python -m benchmarks.checkpoints``.

Times are wall times, since the disk is part of them; CPU times stand beside them. Each study can be
run alone with --only; the others keep their rows.
"""

from __future__ import annotations

import argparse
import json
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from benchmarks.checkpoints.kills import kill_savers
from benchmarks.checkpoints.mutations import attack
from benchmarks.checkpoints.speed import pauses, sizes, times
from benchmarks.provenance import provenance
from benchmarks.speed.measure import Row

RESULTS = Path(__file__).parents[1] / "results" / "checkpoints.json"
STUDIES = ("times", "size", "snapshot", "kills", "mutations")


def _kills(folder: Path, n: int, seed: int) -> Iterator[Row]:
    found = kill_savers(folder, n, seed)
    note = f"{n} kills at random moments, {found['saves_cut_off']} while a file was being written"
    yield Row(
        "kills",
        "checkpoints lost or broken",
        found["lost"] + found["broken"],
        "",
        0.0,
        note=note,
        extra=found,
    )
    yield Row(
        "kills",
        "unfinished files, at most",
        found["most_strays_at_once"],
        "",
        1.0,
        note=f"{found['strays_at_the_end']} after the next save",
    )


def _mutations(folder: Path, n: int, seed: int) -> Iterator[Row]:
    found = attack(folder, n, seed)
    refused = sum(r.get("refused", 0) for r in found["outcome"].values())
    yield Row(
        "mutations",
        "neither refused nor as saved",
        found["wrong"],
        "",
        0.0,
        note=f"{n} files, {refused} refused",
        extra=found,
    )
    yield Row("mutations", "slowest file", found["slowest_s"], "s")
    yield Row("mutations", "memory beyond that of one load", found["memory_mib"], "MiB")


def study(name: str, args: argparse.Namespace, folder: Path) -> Iterator[Row]:
    """The rows of a study."""
    if name == "times":
        return times(folder, args.repeats)
    if name == "size":
        return sizes(folder)
    if name == "snapshot":
        return pauses(folder, args.repeats)
    if name == "kills":
        return _kills(folder, args.kills, args.seed)
    return _mutations(folder, args.mutations, args.seed)


def main() -> None:
    """Measure what is asked for, print a table, write the results."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.checkpoints", description=__doc__)
    parser.add_argument("--only", nargs="+", choices=STUDIES, default=STUDIES)
    parser.add_argument("--repeats", type=int, default=9)
    parser.add_argument("--kills", type=int, default=300)
    parser.add_argument("--mutations", type=int, default=20_000)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--folder", type=Path, help="on the disk to be measured")
    parser.add_argument("--out", type=Path, default=RESULTS)
    args = parser.parse_args()
    origin = provenance(__file__, [args.seed])
    rows: dict[str, list[dict[str, Any]]] = {}
    if args.out.exists():
        for row in json.loads(args.out.read_text())["rows"]:
            rows.setdefault(row["group"], []).append(row)
    for name in args.only:
        with tempfile.TemporaryDirectory(dir=args.folder) as folder:
            rows[name] = []
            for row in study(name, args, Path(folder)):
                print(row.line(), flush=True)
                record = {**row.record(), "group": name, "provenance": origin}
                rows[name].append(record)
    everything = [row for name in STUDIES for row in rows.get(name, [])]
    args.out.write_text(json.dumps({"rows": everything}, indent=1) + "\n")
    missed = sum(row["passed"] is False for row in everything)
    print(f"{missed} of {sum(row['passed'] is not None for row in everything)} targets missed")


if __name__ == "__main__":
    main()
