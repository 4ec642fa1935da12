"""Leaves brains on, and writes what became of them.

python -m benchmarks.life --minutes 60 --seeds 20

Trials are kept (benchmarks/runs), so that a run that was interrupted is taken up again.
"""

from __future__ import annotations

import argparse

from benchmarks.learning.trials import RESULTS, trials, write
from benchmarks.life.measure import trial
from benchmarks.life.networks import INPUTS, NETWORKS
from benchmarks.provenance import provenance


def main() -> None:
    """Measure, and write a file."""
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--minutes", type=float, default=60.0, help="simulated")
    options.add_argument("--quiet", type=float, default=10.0, help="minutes of silence after them")
    options.add_argument("--seeds", type=int, default=20)
    options.add_argument("--first", type=int, default=1, help="the first seed")
    options.add_argument("--jobs", type=int, default=1)
    options.add_argument("--networks", nargs="*", default=list(NETWORKS), choices=list(NETWORKS))
    options.add_argument("--inputs", nargs="*", default=list(INPUTS), choices=list(INPUTS))
    given = options.parse_args()
    points = [
        {"network": network, "inputs": inputs, "minutes": given.minutes, "quiet": given.quiet}
        for network in given.networks
        for inputs in given.inputs
    ]
    seeds = range(given.first, given.first + given.seeds)
    rows = trials("lives", trial, points, seeds, jobs=given.jobs)
    head = {"provenance": provenance(__file__, seeds), "minutes": given.minutes}
    document = {**head, "quiet": given.quiet, "seeds": list(seeds), "lives": rows}
    write(RESULTS / "lives.json", document, a_line_each="lives")
    print(f"{sum(row['lives'] for row in rows)} of {len(rows)} brains lived")


if __name__ == "__main__":
    main()
