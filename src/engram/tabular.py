"""Small HTML tables, which notebooks show."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from html import escape

_CELL = "padding:2px 10px"


def _cell(tag: str, value: object) -> str:
    numeric = isinstance(value, (int, float)) and not isinstance(value, bool)
    text = f"{value:,}" if isinstance(value, int) and numeric else str(value)
    text = f"{value:.4g}" if isinstance(value, float) else text
    side = "right" if numeric else "left"
    return f'<{tag} style="{_CELL};text-align:{side}">{escape(text)}</{tag}>'


def table(caption: str, head: Sequence[str], rows: Iterable[Sequence[object]]) -> str:
    """A table; all text is escaped.

    Parameters
    ----------
    caption : str
        Stands above it.
    head : sequence of str
        Titles of the columns; empty: none.
    rows : iterable of sequence
        Cells: numbers stand at the right, everything else is text.

    Returns
    -------
    str
        HTML.
    """
    lines = [f'<caption style="text-align:left"><b>{escape(caption)}</b></caption>']
    if head:
        lines += ["<tr>", *(_cell("th", title) for title in head), "</tr>"]
    for row in rows:
        lines += ["<tr>", *(_cell("td", value) for value in row), "</tr>"]
    return "\n".join(["<table>", *lines, "</table>"])
