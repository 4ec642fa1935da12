"""Leaves brains on, and writes what became of them.

python -m benchmarks.life --minutes 60 --seeds 3
"""

from __future__ import annotations

import argparse
import json
import time
from dataclasses import asdict
from pathlib import Path
from typing import Any

from benchmarks.life.measure import live, told_apart
from benchmarks.life.networks import INPUTS, NETWORKS, usage


def main() -> None:
    """Measure, and write a file."""
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--minutes", type=float, default=60.0, help="simulated")
    options.add_argument("--seeds", type=int, default=3)
    options.add_argument("--networks", nargs="*", default=list(NETWORKS), choices=list(NETWORKS))
    options.add_argument("--inputs", nargs="*", default=list(INPUTS), choices=list(INPUTS))
    options.add_argument("--output", type=Path, default=Path("benchmarks/results/life.json"))
    given = options.parse_args()
    rows: list[dict[str, Any]] = []
    for network in given.networks:
        for inputs in given.inputs:
            for seed in range(1, given.seeds + 1):
                began = time.process_time()
                life, brain = live(network, inputs, seed, given.minutes)
                row = {**asdict(life), "lives": life.lives}
                if network == "usage":
                    row["output tells apart"] = told_apart(brain, "output")
                    row["at birth"] = told_apart(usage(seed), "output")
                row["cpu s"] = round(time.process_time() - began, 1)
                rows.append(row)
                print(json.dumps(row), flush=True)
                given.output.write_text(
                    json.dumps({"minutes": given.minutes, "lives": rows}, indent=1)
                )
    alive = sum(row["lives"] for row in rows)
    print(f"{alive} of {len(rows)} brains lived")


if __name__ == "__main__":
    main()
