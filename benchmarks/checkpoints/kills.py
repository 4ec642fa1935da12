"""A process that saves again and again, killed at random moments: no checkpoint may be lost."""

from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

from engram import CheckpointError, load_brain
from engram.checkpoint.atomic import TEMPORARY, remove_abandoned

ROOT = Path(__file__).resolve().parents[2]

SERVER = """
import os, sys
from engram import Brain, RegionType, load_brain, save_brain
path = sys.argv[1]
brain = Brain(seed=3)
brain.add_region("a", RegionType.SENSORY, 400, 0.1, max_neurons=400, background=8.0)
brain.run(1)
save_brain(brain, path, compress=False)
for line in sys.stdin:
    child = os.fork()
    if child == 0:
        brain = load_brain(path)
        print("ready", os.getpid(), flush=True)
        while True:
            brain.run(1)
            save_brain(brain, path, compress=brain.step_count % 2 == 0)
            print(brain.step_count, flush=True)
    os.waitpid(child, 0)
    print("dead", flush=True)
"""
"""Forks a saver for each line it reads, so that each kill costs no start of Python."""


def kill_savers(folder: Path, kills: int, seed: int) -> dict[str, Any]:
    """Kill a saving process `kills` times; each time the file has to hold its last whole save.

    A checkpoint is lost if the file is older than the latest one whose save had returned.
    """
    rng = random.Random(seed)
    path = folder / "brain.engram"
    broken = lost = cut_off = most_strays = reported_in_all = 0
    with subprocess.Popen(
        [sys.executable, "-c", SERVER, str(path)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
    ) as server:
        assert server.stdin is not None
        assert server.stdout is not None
        for _ in range(kills):
            server.stdin.write("go\n")
            server.stdin.flush()
            child = int(server.stdout.readline().split()[1])
            time.sleep(rng.uniform(0.0, 0.15))
            os.kill(child, signal.SIGKILL)
            reported = []
            while (line := server.stdout.readline().strip()) != "dead":
                # The last line may have been cut off by the kill, and then ends in "dead".
                if line.endswith("dead"):
                    break
                reported.append(int(line))
            reported_in_all += len(reported)
            strays = sum(p.name.endswith(TEMPORARY) for p in folder.iterdir())
            cut_off += strays > 0
            most_strays = max(most_strays, strays)
            try:
                brain = load_brain(path)
            except CheckpointError:
                broken += 1
                continue
            lost += bool(reported) and brain.step_count < reported[-1]
        server.stdin.close()
    remove_abandoned(folder)
    left = [p.name for p in folder.iterdir() if p != path]
    return {
        "kills": kills,
        "seed": seed,
        "saves_that_returned": reported_in_all,
        "broken": broken,
        "lost": lost,
        "saves_cut_off": cut_off,
        "most_strays_at_once": most_strays,
        "strays_at_the_end": len(left),
    }
