"""The files of the page: all that is ever served."""

from __future__ import annotations

from importlib import resources

STATIC = resources.files("engram.live") / "static"

KINDS = {
    ".html": "text/html; charset=utf-8",
    ".js": "text/javascript; charset=utf-8",
    ".css": "text/css; charset=utf-8",
    ".svg": "image/svg+xml",
    ".png": "image/png",
    ".json": "application/json",
}
"""The files that are served, by the end of their names."""


def static_files() -> dict[str, tuple[str, bytes]]:
    """The files of the page.

    Returns
    -------
    dict
        (Kind, content) by relative path with slashes.
    """
    found: dict[str, tuple[str, bytes]] = {}
    waiting = [("", STATIC)]
    while waiting:
        before, folder = waiting.pop()
        for entry in folder.iterdir():
            path = f"{before}{entry.name}"
            suffix = f".{entry.name.rpartition('.')[2]}"
            if entry.is_dir():
                waiting.append((f"{path}/", entry))
            elif suffix in KINDS:
                found[path] = (KINDS[suffix], entry.read_bytes())
    return found
