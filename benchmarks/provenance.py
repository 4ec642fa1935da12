"""Where a result comes from: the code, the day, the machine, the versions, the seeds.

Every file of results has it, from here. What runs for hours is what was there when it began, so
`provenance` is called before anything is measured. No names of hosts, users or folders.
"""

from __future__ import annotations

import ast
import functools
import hashlib
import importlib.metadata
import os
import platform
import subprocess
import time
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

import engram

ROOT = Path(__file__).resolve().parent.parent
PACKAGES = ("numpy", "numba", "llvmlite", "scipy", "scikit-learn")
OF_THE_REPOSITORY = ("benchmarks", "examples")


def provenance(
    file: str, seeds: Iterable[int] = (), packages: Sequence[str] = ()
) -> dict[str, Any]:
    """All of it, of the benchmark whose module is this file; packages: others that it rests on."""
    commit, dirty = _commit()
    return {
        "commit": commit,
        "dirty": dirty,
        "date": time.strftime("%Y-%m-%d"),
        "machine": {"processor": processor(), "cores": os.cpu_count()},
        "versions": versions(packages),
        "seeds": list(seeds),
        "source": source(Path(file).parent),
    }


def versions(packages: Sequence[str] = ()) -> dict[str, str]:
    """Of Engram, Python and what both rest on; those that are installed."""
    found = {"engram": engram.__version__, "python": platform.python_version()}
    for name in (*PACKAGES, *packages):
        try:
            found[name] = importlib.metadata.version(name)
        except importlib.metadata.PackageNotFoundError:
            continue
    return found


def processor() -> str:
    """The processor's name, from the operating system."""
    try:
        for line in Path("/proc/cpuinfo").read_text().splitlines():
            if line.startswith("model name"):
                return line.split(":", 1)[1].strip()
    except OSError:
        pass
    return platform.processor() or platform.machine()


@functools.cache
def source(folder: Path) -> str:
    """A hash of the code that ran: the package, the examples, a benchmark's folder, its imports."""
    _commit()
    package = Path(engram.__file__).resolve().parent
    files = {*package.rglob("*.py"), *(ROOT / "examples").rglob("*.py"), *reached(folder)}
    digest = hashlib.sha256()
    for path in sorted(files):
        name = path.relative_to(package.parent if package in path.parents else ROOT).as_posix()
        digest.update(f"{name}\n".encode() + path.read_bytes())
    return digest.hexdigest()[:16]


def reached(folder: Path) -> set[Path]:
    """The modules in a folder, and all of this repository that they import, however deep."""
    todo, found = list(folder.resolve().rglob("*.py")), set[Path]()
    while todo:
        path = todo.pop()
        if path not in found:
            found.add(path)
            todo += [f for name in _imports(path) for f in _module(name)]
    return found


def _imports(path: Path) -> set[str]:
    names: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            names |= {node.module, *(f"{node.module}.{alias.name}" for alias in node.names)}
    return {name for name in names if name.split(".")[0] in OF_THE_REPOSITORY}


def _module(name: str) -> list[Path]:
    """The files of a module and of the packages around it, those there are."""
    parts = name.split(".")
    packages = [ROOT.joinpath(*parts[:k], "__init__.py") for k in range(1, len(parts) + 1)]
    return [p for p in (*packages, ROOT.joinpath(*parts).with_suffix(".py")) if p.exists()]


@functools.cache
def _commit() -> tuple[str | None, bool | None]:
    """The commit, and whether Python files differ from it; None outside of a checkout."""
    try:
        commit, changed = (
            subprocess.run(
                ["git", "-C", str(ROOT), *command], capture_output=True, text=True, check=True
            ).stdout.strip()
            for command in (["rev-parse", "HEAD"], ["status", "--porcelain", "--", "*.py"])
        )
    except (OSError, subprocess.CalledProcessError):
        return None, None
    return commit[:12], bool(changed)


def of(record: Mapping[str, Any]) -> dict[str, Any]:
    """The provenance of what was stored, with None for what older files don't have."""
    if "provenance" in record:
        return dict(record["provenance"])
    old = record.get("environment", {})
    known = record.get("versions", {}) | {
        k: v for k, v in old.items() if k not in ("cpu", "cores", "date")
    }
    machine = record.get("machine", {})
    return {
        "commit": None,
        "dirty": None,
        "date": old.get("date"),
        "machine": {
            "processor": old.get("cpu", machine.get("processor")),
            "cores": old.get("cores", machine.get("cores")),
        },
        "versions": known or ({"engram": record["engram"]} if "engram" in record else {}),
        "seeds": None,
        "source": record.get("source"),
    }


def told(record: Mapping[str, Any]) -> str:
    """The same as a phrase; what is not known is left out."""
    known = of(record)
    machine = known["machine"]
    commit = known["commit"] and f"commit {known['commit']}{', changed' if known['dirty'] else ''}"
    said = [
        known["date"],
        commit or "commit not kept",
        known["source"] and f"code {known['source']}",
        machine["processor"] and f"{machine['processor']}, {machine['cores']} cores",
        ", ".join(f"{name} {version}" for name, version in known["versions"].items()),
    ]
    return "; ".join(part for part in said if part)
