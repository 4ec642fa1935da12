"""Reaches into private names.

A reach is ``x._name`` where x is not self or cls (a chain counts each private hop into another
object), ``self._name`` that neither the class nor its bases in the same file define, the same by
``getattr(x, "_name")`` and its like, and ``from m import _name``. Names with two underscores on
both sides do not count, nor do those of a class of the same file by the name of the class.
"""

from __future__ import annotations

import ast
from collections.abc import Iterable, Iterator

from tools.source import Place, Source, called

BY_NAME = {"getattr", "setattr", "hasattr", "delattr", "__setattr__", "__getattribute__"}
NAMEDTUPLE = {"_replace", "_asdict", "_fields", "_make", "_field_defaults"}
"""Public, whatever they look like."""


def is_private(name: str) -> bool:
    """Whether a name is someone's own business."""
    return name.startswith("_") and not name.endswith("_") and name not in NAMEDTUPLE


def _bases(node: ast.ClassDef) -> Iterator[str]:
    for base in node.bases:
        plain = base.value if isinstance(base, ast.Subscript) else base
        if isinstance(plain, ast.Name):
            yield plain.id


def _by_name(node: ast.AST) -> tuple[ast.expr, str] | None:
    """The object and the name in ``getattr(x, "name")`` and its like."""
    if isinstance(node, ast.Call) and called(node) in BY_NAME and len(node.args) >= 2:
        thing, name = node.args[:2]
        if isinstance(name, ast.Constant) and isinstance(name.value, str):
            return thing, name.value
    return None


def _is_self(node: ast.expr) -> bool:
    if isinstance(node, ast.Call):
        # super() and type(self).
        inner = node.args[0] if node.args else None
        return called(node) == "super" or (
            called(node) == "type" and inner is not None and _is_self(inner)
        )
    return isinstance(node, ast.Name) and node.id in ("self", "cls")


def _in_body(node: ast.AST) -> Iterator[ast.AST]:
    """What stands in the body of a class, blocks included, functions apart."""
    for child in ast.iter_child_nodes(node):
        yield child
        if not isinstance(child, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)):
            yield from _in_body(child)


def _own(node: ast.ClassDef) -> set[str]:
    """The names a class defines, in its body and by assignment to self."""
    found: set[str] = set()
    for part in _in_body(node):
        if isinstance(part, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)):
            found.add(part.name)
        elif isinstance(part, ast.Name) and isinstance(part.ctx, ast.Store):
            found.add(part.id)
        elif isinstance(part, ast.Assign) and "__slots__" in ast.unparse(part.targets[0]):
            constants = (n.value for n in ast.walk(part) if isinstance(n, ast.Constant))
            found.update(name for name in constants if isinstance(name, str))
    for inner in ast.walk(node):
        if isinstance(inner, ast.Attribute):
            if isinstance(inner.ctx, ast.Store) and _is_self(inner.value):
                found.add(inner.attr)
        elif isinstance(inner, ast.Call) and "setattr" in called(inner):
            named = _by_name(inner)
            if named is not None and _is_self(named[0]):
                found.add(named[1])
    return found


class _Reaches(ast.NodeVisitor):
    """Collects the reaches of one file."""

    def __init__(self, source: Source) -> None:
        self.file = source.file
        self.found: list[Place] = []
        self.classes = {n.name: n for n in ast.walk(source.tree) if isinstance(n, ast.ClassDef)}
        self.known: dict[str, set[str]] = {}
        self.inside: list[str] = []
        self.visit(source.tree)

    def names_of(self, name: str) -> set[str]:
        """What a class of this file and its bases in this file define."""
        if name not in self.known:
            self.known[name] = set()
            if name in self.classes:
                node = self.classes[name]
                self.known[name] = _own(node).union(*map(self.names_of, _bases(node)))
        return self.known[name]

    def visit_ClassDef(self, node: ast.ClassDef) -> None:
        self.inside.append(node.name)
        self.generic_visit(node)
        self.inside.pop()

    def visit_Attribute(self, node: ast.Attribute) -> None:
        self.note(node, node.value, node.attr)
        self.generic_visit(node)

    def visit_Call(self, node: ast.Call) -> None:
        named = _by_name(node)
        if named is not None:
            self.note(node, *named)
        self.generic_visit(node)

    def visit_ImportFrom(self, node: ast.ImportFrom) -> None:
        for alias in node.names:
            if is_private(alias.name):
                text = f"from {'.' * node.level}{node.module or ''} import {alias.name}"
                self.found.append(Place(self.file, node.lineno, text))

    def note(self, node: ast.expr, thing: ast.expr, name: str) -> None:
        """Count the use of a thing's name, unless it is the user's own."""
        if not is_private(name):
            return
        owner = self.inside[-1] if self.inside and _is_self(thing) else None
        if isinstance(thing, ast.Name) and thing.id in self.classes:
            owner = thing.id
        if owner is None or name not in self.names_of(owner):
            line = node.end_lineno or node.lineno
            self.found.append(Place(self.file, line, f"{ast.unparse(thing)}.{name}"))


def reaches(files: Iterable[Source]) -> list[Place]:
    """All reaches into private names, one after the other."""
    return [place for source in files for place in _Reaches(source).found]
