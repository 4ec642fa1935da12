"""Build wheel and sdist, check them, and run the demonstration from the wheel alone.

``make package``, or ``python tools/package.py [--lowest] [--python python3.13]``: the wheel goes
into an empty environment with its extras for the demonstration. With ``--lowest`` every dependency
has the lowest version that pyproject.toml allows.
"""

from __future__ import annotations

import argparse
import os
import re
import shutil
import subprocess
import sys
import tempfile
import time
import tomllib
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
EXTRAS = "viz", "learn"


def call(*command: str | Path, **options: str) -> None:
    """Run a command, and end with it if it fails."""
    print("$", *command, flush=True)
    environment = {k: v for k, v in os.environ.items() if k != "PYTHONPATH"} | options
    subprocess.run([str(part) for part in command], check=True, env=environment)


def lowest(project: dict) -> list[str]:
    """Every dependency of the package and of the demonstration's extras, at its lowest version."""
    named = project["dependencies"] + [
        line for extra in EXTRAS for line in project["optional-dependencies"][extra]
    ]
    return sorted({re.sub(r">=", "==", line) for line in named if not line.startswith("engram")})


def build(folder: Path) -> Path:
    """Build and check; the wheel."""
    shutil.rmtree(folder, ignore_errors=True)
    call(sys.executable, "-m", "build", "--outdir", folder, ROOT)
    call(sys.executable, "-m", "twine", "check", "--strict", *folder.iterdir())
    (wheel,) = folder.glob("*.whl")
    return wheel


def demonstrate(wheel: Path, python: str, pins: list[str]) -> None:
    """Install the wheel into an empty environment, with a new cache, and run the demonstration."""
    with tempfile.TemporaryDirectory() as folder:
        place = Path(folder)
        call(python, "-m", "venv", place / "venv")
        inside = place / "venv" / "bin"
        call(inside / "pip", "install", "--quiet", f"{wheel}[{','.join(EXTRAS)}]", *pins)
        begun = time.monotonic()
        call(
            inside / "engram",
            "demo",
            "--output",
            place / "demo.png",
            ENGRAM_CACHE_DIR=str(place / "cache"),
            MPLBACKEND="Agg",
        )
        call(inside / "pip", "list")
        print(f"the demonstration took {time.monotonic() - begun:.0f} s, compiling included")


def main() -> None:
    """Build, check, demonstrate."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--lowest", action="store_true", help="lowest versions of dependencies")
    parser.add_argument("--python", default=sys.executable, help="of the empty environment")
    parser.add_argument("--wheel", type=Path, help="do not build, take this one")
    options = parser.parse_args()
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    wheel = options.wheel or build(ROOT / "dist")
    demonstrate(wheel, options.python, lowest(project) if options.lowest else [])


if __name__ == "__main__":
    main()
