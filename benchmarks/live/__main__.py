"""Measures what the live page costs, and writes benchmarks/results/live.json.

python -m benchmarks.live [--rounds 100] [--soak 60]
"""

from __future__ import annotations

import argparse
import json

from benchmarks.learning.trials import RESULTS, write
from benchmarks.live import cost, soak
from benchmarks.provenance import provenance


def main() -> None:
    """Measure, and write a file."""
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--rounds", type=int, default=100)
    options.add_argument("--workloads", nargs="*", default=list(cost.WORKLOADS))
    options.add_argument("--soak", type=float, default=0.0, help="minutes; 0: none")
    given = options.parse_args()
    path = RESULTS / "live.json"
    before = json.loads(path.read_text()) if path.exists() else {}
    document = {**before, "provenance": provenance(__file__)}
    rows = {row["workload"]: row for row in before.get("cost", [])}
    for name in given.workloads:
        rows[name] = cost.measure(name, given.rounds, say)
        document["cost"] = list(rows.values())
        write(path, document)
    if given.soak:
        document["soak"] = soak.soak(given.soak, say)
        write(path, document)


def say(text: str) -> None:
    """Print a line at once."""
    print(text, flush=True)


if __name__ == "__main__":
    main()
