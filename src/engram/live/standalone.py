"""The page, its modules, its style and a film in one file, which plays from a disk."""

from __future__ import annotations

import base64
import json
import re

from engram.live.static_files import static_files

_IMPORT = re.compile(r'(\b(?:from|import)\s*)"(\.{1,2}/[^"\n]+)"')
_LINK = re.compile(r'<link\b[^>]*rel="stylesheet"[^>]*>')
_SCRIPT = re.compile(r'<script\b[^>]*src="/static/([^"]+)"[^>]*>\s*</script>')
_PREFIX = "engram/"

FILM = '<script type="application/octet-stream" id="engram-film">'
"""What stands before the film in a page."""


def stand_alone(film: bytes) -> str:
    """A page with a film inside.

    Modules stand in an import map, as addresses that hold their text: a page that was opened from a
    disk may load no files. So each relative import becomes a name of that map.

    Parameters
    ----------
    film : bytes
        As in a ``.film`` file.

    Returns
    -------
    str
        HTML.
    """
    files = {
        path: content.decode()
        for path, (kind, content) in static_files().items()
        if kind.startswith("text/")
    }
    modules = {
        f"{_PREFIX}{path}": _address(path, text)
        for path, text in sorted(files.items())
        if path.endswith(".js")
    }
    # The film comes first: whoever lists films reads the beginning only.
    head = (
        f"{FILM}{base64.b64encode(film).decode()}</script>\n"
        f'<script type="importmap">{json.dumps({"imports": modules})}</script>\n'
    )
    page = _LINK.sub(lambda found: _style(found.group(0), files), files["index.html"])
    page = _SCRIPT.sub(
        lambda found: f'<script type="module">import "{_PREFIX}{found.group(1)}";</script>', page
    )
    # An import map stands before all modules.
    return page.replace("<head>", f"<head>\n{head}", 1)


def _address(path: str, text: str) -> str:
    """A module as an address that holds it, its imports by names of the map."""
    folder = path.rpartition("/")[0]
    changed = _IMPORT.sub(
        lambda found: f'{found.group(1)}"{_PREFIX}{joined(folder, found.group(2))}"', text
    )
    return "data:text/javascript;base64," + base64.b64encode(changed.encode()).decode()


def joined(folder: str, path: str) -> str:
    """A relative path from a folder on.

    Parameters
    ----------
    folder : str
        With slashes.
    path : str
        As ``./a.js`` or ``../b/c.js``.

    Returns
    -------
    str
        Without dots.
    """
    parts = folder.split("/") if folder else []
    for part in path.split("/"):
        if part == "..":
            parts = parts[:-1]
        elif part != ".":
            parts.append(part)
    return "/".join(parts)


def _style(tag: str, files: dict[str, str]) -> str:
    """A style sheet itself, in place of its link."""
    found = re.search(r'href="/static/([^"]+)"', tag)
    text = None if found is None else files.get(found.group(1))
    return tag if text is None else f"<style>{text}</style>"


_LOADER = """\
const files = %s;
const addresses = {};
function addressOf(path) {
  if (!(path in addresses)) {
    const folder = path.split("/").slice(0, -1);
    const imports = /(\\b(?:from|import)\\s*)"(\\.{1,2}\\/[^"\\n]+)"/g;
    const text = files[path].replace(imports, (_, head, near) => {
      const parts = [...folder];
      for (const part of near.split("/")) {
        if (part === "..") parts.pop();
        else if (part !== ".") parts.push(part);
      }
      return `${head}"${addressOf(parts.join("/"))}"`;
    });
    addresses[path] = URL.createObjectURL(new Blob([text], { type: "text/javascript" }));
  }
  return addresses[path];
}
export default (await import(addressOf("widget.js"))).default;
"""
"""Gives each module an address of its own: a notebook takes one module and serves no files."""


def notebook_module() -> str:
    """The page's modules as one, for notebooks.

    Returns
    -------
    str
        An ES module that exports the widget.
    """
    modules = {
        path: content.decode()
        for path, (_, content) in static_files().items()
        if path.endswith(".js") and path != "main.js"
    }
    return _LOADER % json.dumps(modules)


def notebook_style() -> str:
    """The page's style sheets as one.

    Returns
    -------
    str
        CSS, in the order in which the page links them.
    """
    files = static_files()
    page = files["index.html"][1].decode()
    links = re.findall(r'<link\b[^>]*href="/static/([^"]+\.css)"', page)
    return "\n".join(files[path][1].decode() for path in links)
