"""The small versions of the experiments on images hold what they claim."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]


@pytest.mark.parametrize(
    "name",
    [
        "forgetting",
        "few_shots",
        "adaptation",
        "turning",
        "features",
        "features_full",
        "split_features",
    ],
)
def test_quick_version_holds(name: str) -> None:
    done = subprocess.run(
        [sys.executable, "-W", "error", "-m", f"benchmarks.learning.{name}", "--quick"],
        cwd=ROOT,
        env={**os.environ, "MPLBACKEND": "Agg", "OMP_NUM_THREADS": "1"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout[-3000:] + done.stderr[-3000:]
