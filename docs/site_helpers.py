"""What conf.py names by its path, since Sphinx can't keep functions between builds."""

from __future__ import annotations

import ast
import tempfile
from pathlib import Path
from typing import Any


def arguments(_conf: dict[str, Any], script: dict[str, Any]) -> list[str]:
    """The command line of an example in the gallery: it draws, and the gallery takes its figures.

    The gallery runs an example without its docstring, which says what ``--help`` shows.
    """
    source = Path(script["src_file"]).read_text(encoding="utf-8")
    script["example_globals"]["__doc__"] = ast.get_docstring(ast.parse(source), clean=False)
    if '"--output"' not in source:
        return []
    return ["--output", str(Path(tempfile.gettempdir()) / "engram-gallery.png")]
