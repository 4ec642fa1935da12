"""How the package is built, in figures: reaches into private names, circles, sizes, nesting.

``python -m tools.structure`` prints them, ``--json`` as JSON; ``--check`` compares them with the
limits in ``[tool.structure]`` of pyproject.toml and exits 1, naming file and line, where one is
exceeded. A limit may be given for everything in `Structure.values`.
"""

from __future__ import annotations

import argparse
import json
import statistics
import sys
import tomllib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tools.import_circles import Graph, circles, imports
from tools.private_names import reaches
from tools.sizes import Sizes, fmt_skips, sizes
from tools.source import Place, sources

ROOT = Path(__file__).parents[1]
PACKAGE = "src/engram"
ALSO = ("tests", "benchmarks")
TABLES = "_tables"


@dataclass(frozen=True)
class Structure:
    """All that is measured."""

    lines: int
    private: list[Place]
    lines_with_tests: int
    private_with_tests: list[Place]
    graph: Graph
    circles: list[list[str]]
    sizes: Sizes
    modules: list[Place]
    skips: list[Place]

    @property
    def tables(self) -> list[Place]:
        """Reaches into `_tables`."""
        return [place for place in self.private if place.what.endswith(f".{TABLES}")]

    def values(self) -> dict[str, float]:
        """What can have a limit."""
        return {
            "private_per_1000": _per_1000(len(self.private), self.lines),
            "private_tables": len(self.tables),
            "cycle": len(self.circles[0]) if self.circles else 0,
            "class_lines": _largest(self.sizes.classes).amount,
            "class_lines_without_docstrings": _largest(
                self.sizes.classes_without_docstrings
            ).amount,
            "function_lines": _largest(self.sizes.functions).amount,
            "function_code_lines": _largest(self.sizes.functions_code).amount,
            "nesting": _largest(self.sizes.nesting).amount,
            "file_lines": _largest(self.sizes.files).amount,
            "top_level_modules": len(self.modules),
            "fmt_skip": len(self.skips),
        }

    def offenders(self, name: str, limit: float) -> list[str]:
        """What is to blame where a limit is exceeded."""
        if name == "cycle":
            inside = [set(circle) for circle in self.circles if len(circle) > limit]
            return [
                str(place)
                for circle in inside
                for module in sorted(circle)
                for target, places in self.graph[module].items()
                if target in circle
                for place in places
            ]
        counted = {
            "private_per_1000": self.private,
            "private_tables": self.tables,
            "top_level_modules": self.modules,
            "fmt_skip": self.skips,
        }
        if name in counted:
            return [str(place) for place in counted[name]]
        measured = {
            "class_lines": self.sizes.classes,
            "class_lines_without_docstrings": self.sizes.classes_without_docstrings,
            "function_lines": self.sizes.functions,
            "function_code_lines": self.sizes.functions_code,
            "nesting": self.sizes.nesting,
            "file_lines": self.sizes.files,
        }[name]
        above = sorted((p for p in measured if p.amount > limit), key=lambda p: -p.amount)
        return [f"{place}: {place.amount:g}" for place in above]


def _per_1000(count: int, lines: int) -> float:
    return 1000.0 * count / max(lines, 1)


def _largest(places: Iterable[Place]) -> Place:
    return max(places, key=lambda place: place.amount, default=Place("", 0, "none", 0))


def measure(root: Path) -> Structure:
    """Measure the package below a folder."""
    files = sources(root, PACKAGE)
    more = [source for folder in ALSO for source in sources(root, folder)]
    private = reaches(files)
    graph = imports(files)
    top = [s for s in files if s.module.count(".") == 1 and not s.file.endswith("/__init__.py")]
    return Structure(
        lines=sum(source.lines for source in files),
        private=private,
        lines_with_tests=sum(source.lines for source in [*files, *more]),
        private_with_tests=private + reaches(more),
        graph=graph,
        circles=circles(graph),
        sizes=sizes(files),
        modules=[Place(source.file, 1, source.module) for source in top],
        skips=fmt_skips(files),
    )


def _described(place: Place) -> dict[str, Any]:
    return {"file": place.file, "line": place.line, "what": place.what, "amount": place.amount}


def as_json(found: Structure) -> dict[str, Any]:
    """All figures, as plain values."""
    largest = _largest(found.sizes.classes)
    code = [place.amount for place in found.sizes.functions_code]
    tables = [p for p in found.private_with_tests if p.what.endswith(f".{TABLES}")]
    return {
        "limits_apply_to": found.values(),
        "lines": found.lines,
        "private": len(found.private),
        "lines_with_tests": found.lines_with_tests,
        "private_with_tests": len(found.private_with_tests),
        "private_with_tests_per_1000": _per_1000(
            len(found.private_with_tests), found.lines_with_tests
        ),
        "private_tables_with_tests": len(tables),
        "cycles": found.circles,
        "class": {
            **_described(largest),
            "methods": found.sizes.methods.get(f"{largest.file}:{largest.line}", 0),
        },
        "class_without_docstrings": _described(_largest(found.sizes.classes_without_docstrings)),
        "function": _described(_largest(found.sizes.functions)),
        "function_code": _described(_largest(found.sizes.functions_code)),
        "functions": len(code),
        "function_code_median": statistics.median(code) if code else 0,
        "nesting": _described(_largest(found.sizes.nesting)),
        "file": _described(_largest(found.sizes.files)),
        "top_level_modules": len(found.modules),
        "fmt_skip": len(found.skips),
    }


def as_text(found: Structure) -> str:
    """All figures, for people."""
    plain = as_json(found)

    def line(name: str, value: object, where: dict[str, Any] | None = None) -> str:
        place = "" if where is None else f"  {where['file']}:{where['line']} {where['what']}"
        return f"{name:<36} {value!s:>9}{place}"

    def per_1000(name: str, count: int, rate: float, lines: int, tables: int) -> str:
        return line(name, f"{rate:.1f}") + f"  {count} in {lines:,} lines; {tables} of {TABLES}"

    values = found.values()
    circle = found.circles[0] if found.circles else []
    shown = {n: plain[n] for n in ("class", "class_without_docstrings", "function")}
    rows = [
        per_1000(
            "private names in 1,000 lines",
            plain["private"],
            values["private_per_1000"],
            plain["lines"],
            len(found.tables),
        ),
        per_1000(
            "  with tests and benchmarks",
            plain["private_with_tests"],
            plain["private_with_tests_per_1000"],
            plain["lines_with_tests"],
            plain["private_tables_with_tests"],
        ),
        line("modules in the largest circle", len(circle)),
        *(f"    {name}" for name in circle),
        line("circles of imports", len(found.circles)),
        line("largest class, lines", shown["class"]["amount"], shown["class"]),
        line("  its methods", shown["class"]["methods"]),
        line(
            "  largest without docstrings",
            shown["class_without_docstrings"]["amount"],
            shown["class_without_docstrings"],
        ),
        line("longest function, lines", shown["function"]["amount"], shown["function"]),
        line("  in lines of code", plain["function_code"]["amount"], plain["function_code"]),
        line("median function, lines of code", f"{plain['function_code_median']:g}"),
        line("deepest nesting", plain["nesting"]["amount"], plain["nesting"]),
        line("longest file, lines", plain["file"]["amount"], plain["file"]),
        line("top-level modules", plain["top_level_modules"]),
        line("fmt: skip or off", plain["fmt_skip"]),
    ]
    return "\n".join(rows)


def limits(root: Path) -> dict[str, float]:
    """The limits that pyproject.toml sets."""
    whole = tomllib.loads((root / "pyproject.toml").read_text(encoding="utf-8"))
    found: dict[str, float] = whole.get("tool", {}).get("structure", {})
    return found


def exceeded(found: Structure, allowed: dict[str, float]) -> list[str]:
    """A line for each limit that is exceeded, and one for each place that is to blame."""
    values = found.values()
    unknown = sorted(set(allowed) - set(values))
    if unknown:
        raise SystemExit(f"[tool.structure]: no limit {unknown[0]!r}; there are {sorted(values)}")
    lines = []
    for name, limit in allowed.items():
        if values[name] > limit:
            lines.append(f"{name} = {values[name]:.4g}, above {limit:g}:")
            lines += [f"  {offender}" for offender in found.offenders(name, limit)]
    return lines


def main(arguments: Sequence[str] | None = None, root: Path = ROOT) -> int:
    """Print the figures, or check them."""
    parser = argparse.ArgumentParser(prog="tools.structure", description=__doc__)
    parser.add_argument("--json", action="store_true", help="print JSON")
    parser.add_argument("--check", action="store_true", help="exit 1 where a limit is exceeded")
    given = parser.parse_args(arguments)
    found = measure(root)
    if given.json:
        print(json.dumps(as_json(found), indent=1))
    elif not given.check:
        print(as_text(found))
    if not given.check:
        return 0
    problems = exceeded(found, limits(root))
    print("\n".join(problems), end="\n" if problems else "", file=sys.stderr)
    return 1 if problems else 0


if __name__ == "__main__":
    raise SystemExit(main())
