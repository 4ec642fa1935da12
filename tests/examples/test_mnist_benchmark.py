"""The small version of the MNIST benchmark holds what it claims, with what is on this machine."""

import os
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[2]


def test_quick_version_holds() -> None:
    done = subprocess.run(
        [sys.executable, "-W", "error", "-m", "benchmarks.learning.mnist", "--quick"],
        cwd=ROOT, env={**os.environ, "MPLBACKEND": "Agg"}, capture_output=True, text=True,
        check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr[-3000:]
    assert "digits: 50 lif neurons" in done.stdout
