"""Check the code of pages with mypy --strict: ``python -m tools.typed_pages``.

Pages whose code blocks belong together; line numbers in messages are those of the page.
"""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
PAGES = ("README", "docs/start", "docs/guide", "docs/migration/brian2", "docs/migration/nest")
FOLDER = ROOT / ".mypy_cache" / "pages"


def code_of(text: str) -> str:
    """The Python blocks of a page, each on its own lines.

    Parameters
    ----------
    text : str
        Of the page.

    Returns
    -------
    str
        A program.
    """
    lines: list[str] = []
    for block in re.finditer(r"^```python\n(.*?)^```", text, re.M | re.S):
        before = text.count("\n", 0, block.start(1))
        lines += [""] * (before - len(lines)) + block[1].splitlines()
    return "\n".join(lines) + "\n"


def main() -> None:
    """Write programs and check them."""
    FOLDER.mkdir(parents=True, exist_ok=True)
    files = []
    for page in PAGES:
        path = FOLDER / f"{page.replace('/', '_')}.py"
        path.write_text(code_of((ROOT / f"{page}.md").read_text(encoding="utf-8")))
        files.append(str(path))
    command = [sys.executable, "-m", "mypy", "--strict", *files]
    sys.exit(subprocess.run(command, cwd=ROOT, check=False).returncode)


if __name__ == "__main__":
    main()
