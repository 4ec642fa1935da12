"""Sizes of classes, functions and files, depth of nesting, comments for the formatter."""

from __future__ import annotations

import ast
import io
import re
import tokenize
from collections.abc import Iterable
from dataclasses import dataclass, field

from tools.source import Place, Source

Function = ast.FunctionDef | ast.AsyncFunctionDef
NESTING = (
    ast.If,
    ast.For,
    ast.AsyncFor,
    ast.While,
    ast.With,
    ast.AsyncWith,
    ast.Try,
    ast.TryStar,
    ast.Match,
)


def _docstring(node: ast.Module | ast.ClassDef | Function) -> range:
    """The lines of a docstring."""
    first = node.body[0] if node.body else None
    if isinstance(first, ast.Expr) and isinstance(getattr(first.value, "value", None), str):
        return range(first.lineno, (first.end_lineno or first.lineno) + 1)
    return range(0)


def _span(node: ast.ClassDef | Function) -> range:
    first = min([node.lineno, *(d.lineno for d in node.decorator_list)])
    return range(first, (node.end_lineno or node.lineno) + 1)


def _code_lines(text: str) -> set[int]:
    """Numbers of the lines that hold more than blanks and comments."""
    ignored = {
        tokenize.COMMENT,
        tokenize.NL,
        tokenize.NEWLINE,
        tokenize.INDENT,
        tokenize.DEDENT,
        tokenize.ENCODING,
        tokenize.ENDMARKER,
    }
    found: set[int] = set()
    for token in tokenize.generate_tokens(io.StringIO(text).readline):
        if token.type not in ignored:
            found.update(range(token.start[0], token.end[0] + 1))
    return found


def _depth(node: Function) -> tuple[int, int]:
    """How deeply blocks of a function are nested, and the line of the innermost."""
    deepest = 0, node.lineno

    def look(part: ast.AST, depth: int) -> None:
        nonlocal deepest
        for child in ast.iter_child_nodes(part):
            if isinstance(child, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)):
                continue
            inner = depth
            if isinstance(child, NESTING):
                chained = (
                    isinstance(child, ast.If)
                    and isinstance(part, ast.If)
                    and child in part.orelse
                    and child.col_offset == part.col_offset
                )
                inner = depth + (not chained)
                if inner > deepest[0]:
                    deepest = inner, child.lineno
            look(child, inner)

    look(node, 0)
    return deepest


@dataclass
class Sizes:
    """Classes, functions, nesting and files, each with a place and its size."""

    classes: list[Place] = field(default_factory=list)
    classes_without_docstrings: list[Place] = field(default_factory=list)
    methods: dict[str, int] = field(default_factory=dict)
    functions: list[Place] = field(default_factory=list)
    functions_code: list[Place] = field(default_factory=list)
    nesting: list[Place] = field(default_factory=list)
    files: list[Place] = field(default_factory=list)


def sizes(files: Iterable[Source]) -> Sizes:
    """The sizes of all there is."""
    found = Sizes()
    for source in files:
        file = source.file
        found.files.append(Place(file, 1, source.module, source.lines))
        code = _code_lines(source.text)
        for node in ast.walk(source.tree):
            if isinstance(node, ast.ClassDef):
                inner = [n for n in ast.walk(node) if isinstance(n, (ast.ClassDef, Function))]
                told = {line for n in inner for line in _docstring(n)}
                span, where = _span(node), f"class {node.name}"
                found.classes.append(Place(file, node.lineno, where, len(span)))
                found.classes_without_docstrings.append(
                    Place(file, node.lineno, where, len(set(span) - told))
                )
                found.methods[f"{file}:{node.lineno}"] = sum(
                    isinstance(n, Function) for n in node.body
                )
            elif isinstance(node, Function):
                span, where = _span(node), f"function {node.name}"
                lines = code.intersection(span).difference(_docstring(node))
                depth, line = _depth(node)
                found.functions.append(Place(file, node.lineno, where, len(span)))
                found.functions_code.append(Place(file, node.lineno, where, len(lines)))
                found.nesting.append(Place(file, line, where, depth))
    return found


def fmt_skips(files: Iterable[Source]) -> list[Place]:
    """The comments that keep the formatter away."""
    found = []
    for source in files:
        for token in tokenize.generate_tokens(io.StringIO(source.text).readline):
            if token.type == tokenize.COMMENT and re.match(r"#\s*fmt:\s*(skip|off)", token.string):
                found.append(Place(source.file, token.start[0], token.string.lstrip("# ")))
    return found
