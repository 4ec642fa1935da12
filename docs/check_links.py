"""Whether links within the built site lead somewhere: ``python docs/check_links.py``.

Pages, pictures and places within pages; and that no page fetches anything from elsewhere.
"""

from __future__ import annotations

import sys
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import unquote, urlsplit

FETCHED = {"img": "src", "script": "src", "link": "href", "iframe": "src"}

OTHERS = {"_static", "_modules"}
"""Templates of the theme, and source code, whose links to the reference Sphinx makes up."""


class Page(HTMLParser):
    """What a page links to, what it fetches, and which places it has."""

    def __init__(self, path: Path) -> None:
        super().__init__()
        self.links: list[str] = []
        self.remote: list[str] = []
        self.places: set[str] = set()
        self.feed(path.read_text(encoding="utf-8"))

    def handle_starttag(self, tag: str, attributes: list[tuple[str, str | None]]) -> None:
        found = dict(attributes)
        self.places.update(v for k in ("id", "name") if (v := found.get(k)))
        target = found.get("href") if tag == "a" else found.get(FETCHED.get(tag, ""))
        if target is None:
            return
        if tag == "a":
            self.links.append(target)
        elif urlsplit(target).netloc and found.get("rel") != "canonical":
            self.remote.append(target)
        else:
            self.links.append(target)


def faults(site: Path) -> list[str]:
    """What is wrong with a site, a line for each."""
    files = (path for path in site.rglob("*.html") if not OTHERS & set(path.parts))
    pages = {path.resolve(): Page(path) for path in files}
    found = []
    for path, page in pages.items():
        name = path.relative_to(site.resolve())
        found += [f"{name}: fetches {target}" for target in page.remote]
        for target in page.links:
            parts = urlsplit(target)
            if parts.scheme or parts.netloc:
                continue
            aim = (path.parent / unquote(parts.path)).resolve() if parts.path else path
            if not aim.exists():
                found.append(f"{name}: {target} leads nowhere")
            elif parts.fragment and aim in pages:
                places = pages[aim].places
                if not {parts.fragment, unquote(parts.fragment)} & places:
                    found.append(f"{name}: there is no place {target}")
    return found


def main() -> None:
    """Check, and say so."""
    site = Path(sys.argv[1] if len(sys.argv) > 1 else Path(__file__).parent / "_build" / "html")
    found = faults(site)
    print("\n".join(found) or f"{site}: all links lead somewhere")
    sys.exit(bool(found))


if __name__ == "__main__":
    main()
