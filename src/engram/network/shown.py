"""Small HTML tables, which notebooks show: of anything, of regions and pathways."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from html import escape

from engram.network import efficacy, pathways, population
from engram.network.network import Network
from engram.network.records import PathwayRecord, RegionRecord

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


def region_html(network: Network, region: RegionRecord) -> str:
    """The figures of a region.

    Parameters
    ----------
    network : Network
        Of the brain.
    region : RegionRecord
        Which.

    Returns
    -------
    str
        HTML.
    """
    within = [p for p in network.pathways if p.source == p.target == region.name]
    rows = [
        ("type", region.region_type.name),
        ("model", repr(region.model)),
        ("neurons", population.n_alive(network, region)),
        ("excitatory", population.n_excitatory(network, region)),
        ("room for", region.max_neurons),
        ("synapses within", sum(pathways.n_synapses(network, p) for p in within)),
        ("rate now (Hz)", population.mean_activity(network, region)),
    ]
    return table(f"Region {region.name}", (), rows)


def pathway_html(network: Network, pathway: PathwayRecord) -> str:
    """The figures of a pathway.

    Parameters
    ----------
    network : Network
        Of the brain.
    pathway : PathwayRecord
        Which.

    Returns
    -------
    str
        HTML.
    """
    n, dt, p = pathways.n_synapses(network, pathway), network.dt, pathway.index
    rows: list[tuple[str, object]] = [("synapses", n)]
    if n:
        weights = efficacy.weights(network, pathway)
        first = int(network.tables["delay_min"][p])
        last = first + int(network.tables["delay_count"][p]) - 1
        rows += [
            ("mean weight", float(weights.mean(dtype=float))),
            ("weights", f"{weights.min():.4g} to {weights.max():.4g}"),
            ("delays (ms)", f"{first * dt:g} to {last * dt:g}"),
        ]
    rows += [
        ("rule", "none" if pathway.rule is None else repr(pathway.rule)),
        ("frozen", "yes" if pathway.frozen else "no"),
    ]
    if pathway.stp is not None:
        rows.append(("short-term plasticity", repr(pathway.stp)))
    return table(f"Projection {pathway.source} \N{RIGHTWARDS ARROW} {pathway.target}", (), rows)
