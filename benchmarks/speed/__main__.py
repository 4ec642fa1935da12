"""The speed benchmark: ``python -m benchmarks.speed``.

Times are CPU seconds (the machine may be shared), medians of several repeats. Each repeat of a
network starts from the same state, a copy of the brain after its warm-up.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from benchmarks.provenance import provenance
from benchmarks.speed.measure import Row, cpu, median
from benchmarks.speed.studies import STUDIES
from benchmarks.speed.workloads import WORKLOADS, Workload, n_neurons, spikes

PEERS = Path(__file__).parent / "peers"
RESULTS = Path(__file__).parents[1] / "results" / "speed.json"
TOLERANCE = 0.2
"""A network whose rate is further off is not the one that was meant: no number is given."""


def peer_times(name: str, python: str | None, repeats: int) -> tuple[dict[str, float], str]:
    """Brian2's CPU seconds per simulated second by method, and whether from this session."""
    if python is None:
        records = json.loads((PEERS / "results-brian2.json").read_text())
        session = "recorded"
    else:
        with tempfile.TemporaryDirectory() as folder:
            out = Path(folder) / "peer.json"
            subprocess.run(
                [
                    python,
                    "brian2_peer.py",
                    "--workload",
                    name,
                    "--repeats",
                    str(repeats),
                    "--out",
                    str(out),
                ],
                cwd=PEERS,
                check=True,
                capture_output=True,
            )
            records = json.loads(out.read_text())
        session = "same session"
    return (
        {r["method"]: r["cpu_s_per_simulated_s"] for r in records if r["workload"] == name},
        session,
    )


def network(
    workload: Workload, repeats: int, seconds: float | None, peers: tuple[dict[str, float], str]
) -> Iterator[Row]:
    """Rows of one network: its cost, and the ratio to the peer's."""
    duration = workload.seconds if seconds is None else seconds
    brain = workload.build(11)
    workload.run(brain, workload.warmup)
    times, rates = [], []
    for _ in range(repeats):
        twin = brain.copy()
        before = spikes(twin)
        times.append(cpu(lambda b=twin: workload.run(b, duration)) / duration)  # type: ignore[misc]
        rates.append((spikes(twin) - before) / duration / n_neurons(twin))
    rate = median(rates)
    extra: dict[str, Any] = {
        "rate_hz": rate,
        "expected_rate_hz": workload.rate,
        "neurons": n_neurons(brain),
        "synapses": sum(p.n_synapses for p in brain.projections),
        "simulated_s": duration,
        "warmup_s": workload.warmup,
    }
    row = Row(
        workload.name,
        workload.title,
        median(times),
        "s/s",
        workload.target,
        repeats=times,
        note=f"{rate:.2f} Hz (expected about {workload.rate:g})",
        extra=extra,
    )
    if abs(rate - workload.rate) > TOLERANCE * workload.rate:
        row.value, row.repeats, row.problem = None, (), "rate is off"
        yield row
        return
    yield row
    found, session = peers
    if workload.method in found:
        peer = found[workload.method]
        yield Row(
            workload.name,
            f"times faster than Brian2, {workload.method}",
            peer / median(times),
            "x",
            workload.factor or None,
            "least",
            note=f"Brian2 {peer:.4f} s/s, {session}",
            extra={"peer_s": peer, "peer": session},
        )


def main() -> None:
    """Measure what is asked for on one thread, print a table, write the results."""
    os.environ["ENGRAM_THREADS"] = "1"  # CPU time of two would count their waiting for each other
    names = [w.name for w in WORKLOADS] + list(STUDIES)
    parser = argparse.ArgumentParser(prog="python -m benchmarks.speed", description=__doc__)
    parser.add_argument(
        "--only",
        nargs="+",
        choices=names,
        default=names,
        metavar="WHAT",
        help=f"some of {', '.join(names)}",
    )
    parser.add_argument("--repeats", type=int, default=5)
    parser.add_argument("--seconds", type=float, help="simulated by each network")
    parser.add_argument("--peers", metavar="PYTHON", help="interpreter with Brian2: run it as well")
    parser.add_argument("--out", type=Path, default=RESULTS)
    args = parser.parse_args()

    origin = provenance(__file__)
    rows: list[Row] = []

    def show(produced: Iterator[Row]) -> None:
        for row in produced:
            rows.append(row)
            print(row.line(), flush=True)

    peers: dict[str, tuple[dict[str, float], str]] = {}
    for workload in WORKLOADS:
        if workload.name in args.only:
            key = workload.name[:2]
            if key not in peers:
                peers[key] = peer_times(key, args.peers, args.repeats)
            show(network(workload, args.repeats, args.seconds, peers[key]))
    for name, study in STUDIES.items():
        if name in args.only:
            show(study(args.repeats))

    kept: list[dict[str, Any]] = []
    if args.out.exists():
        measured = {row.study for row in rows}
        before = json.loads(args.out.read_text())["rows"]
        kept = [r for r in before if r["study"] not in measured]
    records = [{**row.record(), "provenance": origin} for row in rows]
    order = {name: k for k, name in enumerate(names)}
    everything = sorted(kept + records, key=lambda r: order[r["study"]])
    args.out.parent.mkdir(parents=True, exist_ok=True)
    args.out.write_text(json.dumps({"rows": everything}, indent=1) + "\n")
    failed = [row for row in rows if row.passed is False]
    print(f"{len(failed)} of {sum(r.passed is not None for r in rows)} targets missed")


if __name__ == "__main__":
    main()
