"""What a notebook shows of regions and pathways."""

from __future__ import annotations

from engram.network import efficacy, pathways, population
from engram.network.network import Network
from engram.network.records import PathwayRecord, RegionRecord
from engram.tabular import table


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
