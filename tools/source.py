"""Python files, read and parsed, and places in them."""

from __future__ import annotations

import ast
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Place:
    """A line, what stands there, and how much of it there is."""

    file: str
    line: int
    what: str
    amount: float = 1

    def __str__(self) -> str:
        return f"{self.file}:{self.line}: {self.what}"


@dataclass(frozen=True)
class Source:
    """A file, read and parsed."""

    file: str
    module: str
    text: str
    tree: ast.Module

    @property
    def lines(self) -> int:
        """Lines of the file."""
        return len(self.text.splitlines())


def sources(root: Path, folder: str) -> list[Source]:
    """All Python files below a folder; modules are named from its parent on."""
    found = []
    for path in sorted((root / folder).rglob("*.py")):
        parts = list(path.relative_to((root / folder).parent).with_suffix("").parts)
        if parts[-1] == "__init__":
            parts.pop()
        text = path.read_text(encoding="utf-8")
        file = path.relative_to(root).as_posix()
        found.append(Source(file, ".".join(parts), text, ast.parse(text, file)))
    return found


def called(node: ast.Call) -> str:
    """The last name of what is called."""
    if isinstance(node.func, ast.Attribute):
        return node.func.attr
    return node.func.id if isinstance(node.func, ast.Name) else ""
