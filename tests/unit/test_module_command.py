"""``python -m engram`` is the command ``engram``."""

from __future__ import annotations

import subprocess
import sys

import engram


def test_the_package_runs_as_the_command():
    command = [sys.executable, "-m", "engram", "--version"]
    found = subprocess.run(command, capture_output=True, text=True, check=True)
    assert found.stdout == f"engram {engram.__version__}\n"
