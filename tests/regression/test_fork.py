"""A forked child that inherits a checkpointer does not hang and leaves its files alone."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

PROGRAM = """
import os, signal, sys
from engram import Brain, RegionType, load_brain, save_brain
brain = Brain(seed=1)
brain.add_region("a", RegionType.SENSORY, 20, background=8.0)
checkpointer = brain.checkpoint_every(sys.argv[1], steps=50)
brain.run(60)
reader, writer = os.pipe()
child = os.fork()
if child == 0:
    signal.alarm(60)  # ends a child that hangs
    told = []
    try:
        brain.run(60, progress=False)
    except BaseException as error:
        told.append(type(error).__name__ + ": " + str(error))
    told.append(str(brain.step_count))
    checkpointer.wait()
    checkpointer.detach()
    brain.run(60, progress=False)
    with brain.checkpoint_every(sys.argv[2], steps=50):
        brain.run(60, progress=False)
    told.append(",".join(sorted(os.listdir(sys.argv[2]))))
    os.write(writer, "|".join(told).encode())
    sys.exit(0)
os.close(writer)
told = os.fdopen(reader).read()
code = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
brain.run(60)
checkpointer.detach()
print(code, told, ",".join(sorted(os.listdir(sys.argv[1]))), sep="|")
"""


@pytest.mark.skipif(not hasattr(os, "fork"), reason="needs fork")
def test_a_forked_child_says_whose_checkpoints_they_are(tmp_path: Path) -> None:
    run = subprocess.run(
        [sys.executable, "-W", "ignore", "-c", PROGRAM, tmp_path / "parent", tmp_path / "child"],
        capture_output=True,
        text=True,
        check=True,
        timeout=300,
    )
    code, error, steps, own, parents = run.stdout.strip().split("|")
    assert code == "0"
    assert error.startswith("CheckpointError: Brain.checkpoint_every")
    assert "forked" in error
    # The step before which it was due is done, and so is all else that was due.
    assert steps == "100"
    assert own == "step-000000000200.engram"
    assert parents == "step-000000000050.engram,step-000000000100.engram"
