"""Sweeps on a cluster whose workers are killed: ``python -m benchmarks.reliability.dask_kills``.

A worker drawn at random is killed (SIGKILL) at a random moment of each sweep. Afterwards every
trial must be in the file once, done, with the figures of a sweep that nobody disturbs.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import signal
import tempfile
import threading
import time
from collections import Counter
from pathlib import Path
from typing import Any

import dask
from distributed import Client, LocalCluster

from benchmarks.provenance import provenance
from engram import Brain, RegionType
from engram.progress import lines_or_bar
from engram.sweep import read_sweep, run_sweep

RESULTS = Path(__file__).parents[1] / "results" / "dask_kills.json"
GRID: dict[str, list[float]] = {"current": [4.0, 6.0, 8.0, 10.0], "neurons": [10, 20, 30]}
SEEDS = (0, 1)
WORKERS = 3
LATEST = 0.2
"""Seconds after the end of a trial at which a worker is killed, at most."""


def life(seed: int, current: float, neurons: int, log: str) -> dict[str, Any]:
    """A short life, 0.05 to 0.2 s; each call leaves a line."""
    with open(log, "a") as stream:
        stream.write(f"{seed} {current} {neurons}\n")
    draw = random.Random(seed * 1000 + neurons)
    time.sleep(0.05 + 0.1 * draw.random())
    brain = Brain(seed=seed)
    region = brain.add_region(
        "a", RegionType.SENSORY, neurons, connectivity=0.1, background=current
    )
    brain.run(100)
    return {"spikes": int(region.total_spikes.sum()), "end": brain.fingerprint()}


def swept(folder: Path, name: str, **values: Any) -> Any:
    """All trials of a sweep, as the file has them, and how often each was begun."""
    path, log = folder / f"{name}.db", folder / f"{name}.log"
    run_sweep(life, GRID, path=path, seeds=SEEDS, fixed={"log": str(log)}, **values)
    return read_sweep(path), Counter(log.read_text().splitlines())


def kill_one(client: Client, draw: random.Random) -> threading.Timer:
    """Kill a worker in a moment."""
    victim = draw.choice(sorted(client.run(os.getpid).values()))
    timer = threading.Timer(draw.uniform(0, LATEST), os.kill, (victim, signal.SIGKILL))
    timer.start()
    return timer


def sweeps(n: int, seed: int, folder: Path) -> dict[str, Any]:
    """Figures of n sweeps."""
    draw = random.Random(seed)
    wanted, _ = swept(folder, "wanted", jobs=1, progress=False)
    columns = ["current", "neurons", "seed", "status", "spikes", "end"]
    key = columns[:3]
    in_order = wanted[columns].sort_values(key, ignore_index=True)
    found: Counter[str] = Counter(sweeps=n)
    say = lines_or_bar("sweeps")
    began = time.monotonic()
    with (
        # Else it gives up a worker that happens to be dead 15 s after an earlier death.
        dask.config.set({"distributed.deploy.lost-worker-timeout": "1h"}),
        LocalCluster(
            n_workers=WORKERS,
            processes=True,
            threads_per_worker=1,
            host="127.0.0.1",
            dashboard_address="127.0.0.1:0",
            silence_logs=50,
        ) as cluster,
        Client(cluster) as client,
    ):
        for k in range(n):
            client.wait_for_workers(WORKERS, timeout=60)
            at = draw.randrange(1, len(wanted) - 2)
            timers: list[threading.Timer] = []

            def progress(
                done: int, _total: int, at: int = at, timers: list[threading.Timer] = timers
            ) -> None:
                if done == at:
                    timers.append(kill_one(client, draw))

            rows, begun = swept(folder, str(k), client=client, progress=progress)
            for timer in timers:
                timer.join()
            found["kills"] += len(timers)
            found["trials"] += len(rows)
            found["begun_again"] += begun.total() - len(begun)
            found["twice"] += int(rows.duplicated(key).sum())
            found["not_done"] += int((rows.status != "done").sum())
            rows = rows[columns].sort_values(key, ignore_index=True)
            found["missing"] += len(in_order) - len(rows.drop_duplicates(key))
            found["different"] += int((rows != in_order).any(axis=1).sum())
            if callable(say):
                say(k + 1, n)
    seconds = time.monotonic() - began
    return {**found, "workers": WORKERS, "seed": seed, "seconds": round(seconds, 1)}


def main() -> None:
    """Sweep, print, write the results."""
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.reliability.dask_kills", description=__doc__
    )
    parser.add_argument("--sweeps", type=int, default=50)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--out", type=Path, default=RESULTS)
    args = parser.parse_args()
    origin = provenance(__file__, [args.seed])
    with tempfile.TemporaryDirectory() as folder:
        found = sweeps(args.sweeps, args.seed, Path(folder))
    print(json.dumps(found, indent=1))
    args.out.write_text(json.dumps({**found, "provenance": origin}, indent=1) + "\n")


if __name__ == "__main__":
    main()
