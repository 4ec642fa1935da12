"""Where synapses sit on a dendrite
================================

It decides what they do (Rall; Polsky, Mel & Schiller 2004).

Pyramidal neurons whose 42 compartments have potentials of their own, and synapses with AMPA and
NMDA receptors. The claims: a steady current into any compartment reaches the soma attenuated as
cable theory says, within 1 %; an EPSP from the tuft is smaller and later at the soma than one from
there; without NMDA receptors synapses that sit together get in each other's way, and the same
synapses scattered over the tree do more; with NMDA receptors it is the other way round: together
they open their neighbours' receptors, and beyond some number the soma sees more than the sum of
single responses, which scattered synapses never reach. doi:10.1038/nn1253

::

    python examples/dendrites.py [--output picture.png]
"""

from pathlib import Path

import numpy as np

from engram import LIF, Brain, RegionType, Relay
from engram.morphology import NMDA, TEMPLATES

TREE = TEMPLATES["pyramidal"]
NODES = TREE.compartments
LABELS = np.array(TREE.labels)
MOST = 24
"""Most synapses that fire together."""

WEIGHT = 0.03
"""Conductance of a synapse, relative to the leak of the whole cell."""

RECEPTORS = NMDA(ratio=4.0, tau=50.0)
ANGLES = (90, 90, 155, 25, 112, 68, 205, 245, 295, 335)
"""Directions the branches are drawn in, degrees."""


def circuit(n: int, nmda: NMDA | None) -> tuple[Brain, str]:
    """A brain of MOST axons and n cells with compartments that never fire."""
    brain = Brain(dt=0.25, seed=1)
    brain.freeze_structural_plasticity()
    alone = {"connectivity": 0.0, "rule": None, "excitatory": 1.0}
    brain.add_region("axons", RegionType.SENSORY, MOST, model=Relay, **alone)
    cell = LIF(v_th=1e6, tau_m=TREE.tau, tau_exc=3.0)
    cells = brain.add_region("cells", RegionType.ASSOCIATION, n, model=cell, **alone)
    cells.enable_morphology(TREE, dynamics="compartments", nmda=nmda)
    return brain, "cells"


def attenuation() -> tuple[np.ndarray, np.ndarray]:
    """Share of a steady current into each compartment that reaches the soma: theory, measured."""
    n = len(NODES)
    brain, cells = circuit(n, None)
    brain.regions[cells].model.tau_exc = 1e7
    p = brain.connect_regions(
        "axons", cells, wiring="all_to_all", weights=1e-4, delays=0.25, rule=None
    )
    p.remove_synapses(p.pre > 0)
    p.compartment = p.post
    brain.inject_current("axons", [0], 1.0)
    brain.run(1600)
    v = brain.regions[cells].v - brain.regions[cells].model.E_L
    return TREE.attenuation(NODES.branch, NODES.place), v / v[0]


def respond(
    places: np.ndarray, nmda: NMDA | None, single: bool = False
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Cell k hears the first k synapses at once (or the k-th alone), synapse i at places[i].

    Returns time, somatic potentials above rest (times, cells) and each compartment's peak.
    """
    brain, cells = circuit(MOST + 1, nmda)
    p = brain.connect_regions(
        "axons", cells, wiring="all_to_all", weights=WEIGHT, delays=0.25, rule=None
    )
    p.remove_synapses(p.pre != p.post - 1 if single else p.pre >= p.post)
    p.compartment = places[p.pre]
    brain.inject_current("axons", range(MOST), 1.0)
    region = brain.regions[cells]
    course = []
    for _ in range(600):
        brain.step()
        course.append(region.dendrite_v - region.model.E_L)
    traces = np.array(course)
    return (np.arange(600) + 1) * brain.dt, traces[:, 0], traces.max(axis=0)


def main(output: Path | None = None) -> None:
    theory, measured = attenuation()
    worst = np.abs(measured / theory - 1).max()
    print(f"attenuation: down to {theory.min():.2f}, cable theory holds within {100 * worst:.2f} %")
    assert worst < 0.01, "not what cable theory says"

    one_basal = np.flatnonzero(NODES.branch == 6)
    together = np.full(MOST, one_basal[-1])
    ends = np.array([np.flatnonzero(NODES.branch == k)[-1] for k in (6, 7, 8, 9, 2, 3, 4, 5)])
    scattered = np.resize(ends, MOST)
    tip = np.flatnonzero(LABELS == "tuft")[-1]
    time, soma, _ = respond(np.zeros(MOST, int), None)
    _, tuft, _ = respond(np.full(MOST, tip), None)
    first, last = soma[:, 1], tuft[:, 1]
    later = time[last.argmax()] - time[first.argmax()]
    print(
        f"one synapse: {first.max():.2f} mV from the soma, {last.max():.2f} mV from the tuft, "
        f"{later:.1f} ms later"
    )
    assert last.max() < first.max(), "the dendrite does not attenuate"
    assert later > 2.0, "the dendrite does not delay"

    number = np.arange(MOST) + 1
    gain, peaks, pictures = {}, {}, {}
    for receptors, nmda in (("AMPA", None), ("AMPA and NMDA", RECEPTORS)):
        for where, places in (("together", together), ("scattered", scattered)):
            _, v, highest = respond(places, nmda)
            total = respond(places, nmda, single=True)[1].max(axis=0).cumsum()
            peaks[receptors, where] = v.max(axis=0)
            gain[receptors, where] = v.max(axis=0)[1:] / total[1:]
            pictures[receptors, where] = highest
    for (receptors, where), g in gain.items():
        best = int(g.argmax()) + 1
        print(
            f"{receptors}, {where}: at most {g.max():.2f} times the sum of single responses "
            f"(at {best}), {g[-1]:.2f} times at {MOST}"
        )
    ampa = gain["AMPA", "together"], gain["AMPA", "scattered"]
    both = gain["AMPA and NMDA", "together"], gain["AMPA and NMDA", "scattered"]
    assert (ampa[0][1:] < ampa[1][1:]).all(), "without NMDA scattered synapses should do more"
    assert max(a.max() for a in ampa) < 1.001, "passive dendrites can't add up to more than the sum"
    assert both[0].max() > 1.5, "no supralinear sum with NMDA"
    assert both[1].max() < 1.4, "scattered synapses do as well"

    if output is not None:
        import matplotlib.pyplot as plt

        from engram import plots

        figure = plt.figure(figsize=(12.5, 7.0), layout="constrained")
        grid = figure.add_gridspec(2, 3, width_ratios=(0.8, 0.8, 1.25))
        shown = int(both[0].argmax()) + 1
        top = max(pictures["AMPA and NMDA", w][:, shown].max() for w in ("together", "scattered"))
        for column, (where, places) in enumerate(
            (("together", together), ("scattered", scattered))
        ):
            ax = figure.add_subplot(grid[:, column])
            image = draw(ax, pictures["AMPA and NMDA", where][:, shown], top, places[:shown])
            plots.title(ax, f"{shown} synapses {where}")
            soma_mv = peaks["AMPA and NMDA", where][shown]
            ax.text(0, -260, f"soma: {soma_mv:.1f} mV", ha="center", color=plots.INK)
        bar = figure.colorbar(image, ax=figure.axes, location="left", shrink=0.6, pad=0.02)
        bar.set_label("highest potential above rest (mV); white dots: synapses")
        ax = plots.style(figure.add_subplot(grid[0, 2]))
        distance = path_length()
        for label, color in zip(dict.fromkeys(LABELS[1:]), plots.COLORS, strict=False):
            here = (LABELS == label) & (NODES.area > 0)
            ax.plot(distance[here], measured[here], "o", color=color, markersize=5, label=label)
        for k in range(len(TREE.branches)):
            here = NODES.branch == k
            ax.plot(distance[here], theory[here], color=plots.INK, linewidth=0.8, zorder=0)
        ax.set_xlabel("distance from the soma (µm)")
        ax.set_ylabel("share of a steady current\nthat reaches the soma")
        plots.title(ax, "Attenuation: measured, and cable theory (lines)")
        ax.legend(frameon=False, fontsize=9)
        ax = plots.style(figure.add_subplot(grid[1, 2]))
        styles = {"AMPA": ":", "AMPA and NMDA": "-"}
        for (receptors, where), g in gain.items():
            color = plots.COLORS[0 if where == "together" else 1]
            ax.plot(number, g, styles[receptors], color=color, label=f"{where}, {receptors}")
        ax.axhline(1.0, color=plots.INK, linewidth=0.8)
        ax.set_xlabel("synapses that fire at once")
        ax.set_ylabel("peak at the soma over the\nsum of single responses")
        plots.title(ax, "Together they open each other's NMDA receptors")
        ax.set_ylim(0.5, 2.2)
        ax.legend(frameon=False, fontsize=9, ncols=2)
        figure.savefig(output, dpi=130)


def path_length() -> np.ndarray:
    """Distance of each compartment from the soma, um."""
    start = [0.0] * len(TREE.branches)
    for k, branch in enumerate(TREE.branches):
        if branch.parent >= 0:
            start[k] = start[branch.parent] + TREE.branches[branch.parent].length
    lengths = np.array([b.length for b in TREE.branches])
    return np.where(
        NODES.branch < 0, 0.0, np.array(start)[NODES.branch] + NODES.place * lengths[NODES.branch]
    )


def draw(ax, potential: np.ndarray, top: float, places: np.ndarray):
    """The neuron, coloured by potential, with a dot for each synapse."""
    from matplotlib.collections import LineCollection

    lines, values, widths = [], [], []
    tips, spots = [], {}
    for k, (branch, angle) in enumerate(zip(TREE.branches, ANGLES, strict=True)):
        begin = np.zeros(2) if branch.parent < 0 else tips[branch.parent]
        way = np.array([np.cos(np.radians(angle)), np.sin(np.radians(angle))])
        tips.append(begin + branch.length * way)
        nodes = np.flatnonzero((NODES.branch == k) & (NODES.area > 0))
        edges = np.linspace(0.0, branch.length, len(nodes) + 1)
        for i, node in enumerate(nodes):
            lines.append([begin + edges[i] * way, begin + edges[i + 1] * way])
            values.append(potential[node])
            widths.append(1.5 + 1.5 * branch.diameter)
            spots[int(node)] = begin + 0.5 * (edges[i] + edges[i + 1]) * way
    image = LineCollection(lines, array=values, linewidths=widths, cmap="inferno", clim=(0, top))
    ax.add_collection(image)
    ax.scatter([0], [0], s=420, c=[potential[0]], cmap="inferno", vmin=0, vmax=top, zorder=3)
    rng = np.random.default_rng(1)
    dots = np.array([spots[int(p)] for p in places]) + rng.uniform(-9, 9, (len(places), 2))
    ax.scatter(*dots.T, s=14, color="white", edgecolors="black", linewidths=0.6, zorder=4)
    ax.set_xlim(-230, 230)
    ax.set_ylim(-280, 760)
    ax.set_aspect("equal")
    ax.axis("off")
    return image


if __name__ == "__main__":
    import argparse

    parser = argparse.ArgumentParser(description=__doc__.splitlines()[3])
    parser.add_argument("--output", type=Path, help="where to write a picture")
    main(parser.parse_args().output)
