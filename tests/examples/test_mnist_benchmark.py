"""The small versions of the MNIST benchmark and its diagnosis, with what is on this machine."""

import os
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[2]


def test_quick_version_holds() -> None:
    done = subprocess.run(
        [sys.executable, "-W", "error", "-m", "benchmarks.learning.mnist", "--quick"],
        cwd=ROOT,
        env={**os.environ, "MPLBACKEND": "Agg"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr[-3000:]
    assert "digits: 50 lif neurons" in done.stdout


def test_quick_diagnosis(tmp_path: Path) -> None:
    done = subprocess.run(
        [
            sys.executable,
            "-W",
            "error",
            "-m",
            "engram.cli",
            "bench",
            "mnist-diagnosis",
            "--quick",
            "--output",
            "found",
        ],
        cwd=tmp_path,
        env={**os.environ, "MPLBACKEND": "Agg"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr[-3000:]
    assert "24 of 24 trials, 0 s left" in done.stderr
    names = {path.name for path in (tmp_path / "found").iterdir()}
    assert names >= {
        "trials.db",
        "diagnosis.md",
        "readout.png",
        "inhibition.png",
        "stdp.png",
        "theta.png",
        "time.png",
    }
