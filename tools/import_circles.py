"""Who imports whom, and circles of imports: those within functions and for types count."""

from __future__ import annotations

import ast
from collections.abc import Iterator, Sequence

from tools.source import Place, Source, called

Graph = dict[str, dict[str, list[Place]]]
"""Where a module imports another."""


def _targets(source: Source, node: ast.AST, package: bool) -> Iterator[str]:
    """What a statement or call imports, longest name first where it may be a name or a module."""
    if isinstance(node, ast.Import):
        yield from (alias.name for alias in node.names)
    elif isinstance(node, ast.ImportFrom):
        start = source.module.split(".")
        up = node.level - package
        base = [] if node.level == 0 else start[: len(start) - up]
        base = [*base, node.module] if node.module else base
        yield from (".".join([*base, alias.name]) for alias in node.names)
    elif isinstance(node, ast.Call) and called(node) in ("import_module", "__import__"):
        first = node.args[0] if node.args else None
        if isinstance(first, ast.Constant) and isinstance(first.value, str):
            yield first.value


def imports(files: Sequence[Source]) -> Graph:
    """For each module those it imports, wherever in the file.

    ``from package import name`` is an import of the module package.name if there is one, else of
    the package.
    """
    modules = {source.module for source in files}
    graph: Graph = {source.module: {} for source in files}
    for source in files:
        package = source.file.endswith("/__init__.py")
        for node in ast.walk(source.tree):
            for target in _targets(source, node, package):
                name = target if target in modules else target.rpartition(".")[0]
                if name in modules and name != source.module:
                    line = getattr(node, "lineno", 0)
                    place = Place(source.file, line, f"imports {name}")
                    places = graph[source.module].setdefault(name, [])
                    if place not in places:
                        places.append(place)
    return graph


def circles(graph: Graph) -> list[list[str]]:
    """The strongly connected components of more than one module, largest first."""

    def reachable(start: str) -> set[str]:
        seen, ahead = set(), [start]
        while ahead:
            for name in graph[ahead.pop()]:
                if name not in seen:
                    seen.add(name)
                    ahead.append(name)
        return seen

    after = {name: reachable(name) for name in graph}
    found = {
        tuple(sorted(other for other in after[name] if name in after[other]))
        for name in graph
        if name in after[name]
    }
    return [list(circle) for circle in sorted(found, key=lambda c: (-len(c), c))]
