"""A brain that grows
==================

From 20 neurons under stimulation; it prunes itself in silence.

Two regions of ten neurons, a pathway between them, all four parts of growth on. For 40 s two
groups of input neurons are stimulated in turns; then there is silence. The claims, over three
seeds: under stimulation the brain at least doubles its neurons and triples its synapses; in silence
the cortex loses at least half of its neurons and the brain half of its synapses; the input, whose
neurons stand for values, keeps those it began with throughout; and with growth frozen, the same
brain with the same input changes neither. After every second the tables are checked.

::

    python examples/growth.py [--output picture.png]
"""

# sphinx_gallery_thumbnail_path = "pictures/examples/growth.png"

from pathlib import Path

import numpy as np

from engram import Brain, RegionType
from engram.state.invariants import check

SEEDS = (1, 2, 3)
STIMULATED, SILENT = 40, 50
"""Seconds."""

START = 10
"""Neurons of either region."""


def build(seed: int) -> Brain:
    brain = Brain(dt=1.0, seed=seed)
    brain.disable_memory()
    # More synapses, more input: scaling keeps the rates within bounds.
    brain.homeostasis.scaling_rate = 0.05
    brain.homeostasis.excitability_rate = 0.0
    for name, kind in (("input", RegionType.SENSORY), ("cortex", RegionType.ASSOCIATION)):
        brain.add_region(name, kind, START, connectivity=0.2, max_neurons=60)
    brain.connect_regions("input", "cortex", density=0.4)
    growth = brain.growth
    growth.neurogenesis_rate = 8.0
    growth.most_growth = 6.0
    # By default births wait for a minute's demand, and the number of synapses stays.
    growth.neurogenesis_window = 1000.0
    growth.most_synapses, growth.least_synapses = 10.0, 0.0
    # By default nobody dies in a region that is quiet as a whole, and a tenth at most elsewhere.
    growth.apoptosis_rate = growth.apoptosis_floor = 0.0
    growth.apoptosis_age = 2500.0
    growth.pruning_age = 3000.0
    growth.deaths_per_cycle = 3
    growth.max_synapses = 1500
    return brain


def live(seed: int, frozen: bool = False) -> tuple[Brain, np.ndarray]:
    """The brain at the end; and by second: neurons, synapses, and the mean rate in Hz."""
    brain = build(seed)
    if frozen:
        brain.freeze_structural_plasticity()
    sizes = []
    for second in range(STIMULATED + SILENT):
        if second < STIMULATED:
            # The two groups take turns of 100 ms.
            for turn in range(10):
                brain.hold("input", [0.9, 0.0] if turn % 2 else [0.0, 0.9])
                brain.run(100, progress=False)
        else:
            # Scaling and intrinsic plasticity would make up for the silence and wake the brain.
            brain.freeze_homeostatic_scaling()
            brain.release("input")
            brain.run(1000, progress=False)
        check(brain.network.tables)
        stats = brain.stats()
        sizes.append((stats.n_neurons, stats.n_synapses, stats.mean_activity))
    return brain, np.array(sizes)


def main(output: Path | None = None) -> None:
    lives = []
    for seed in SEEDS:
        brain, sizes = live(seed)
        lives.append((brain, sizes))
        neurons, synapses, _ = sizes.T
        top, synapses_top = neurons[STIMULATED - 1], synapses[STIMULATED - 1]
        n0, s0 = 2 * START, sum(p.n_synapses for p in build(seed).projections)
        print(
            f"seed {seed}: {n0} neurons and {s0} synapses at the start, {top:g} and "
            f"{synapses_top:g} after {STIMULATED} s of stimulation, {neurons[-1]:g} and "
            f"{synapses[-1]:g} after {SILENT} s of silence"
        )
        assert top >= 2 * n0, "the brain does not grow"
        assert synapses_top >= 3 * s0, "its wiring does not grow"
        left = {name: region.n_alive_neurons for name, region in brain.regions.items()}
        assert left["cortex"] <= (top - START) / 2, "the silent do not die"
        assert left["input"] == START, "neurons that stand for values came or went"
        assert synapses[-1] <= synapses_top / 2, "synapses are not pruned"
        assert sum(c.synapses_pruned for c in brain.growth.history) > 0, "nothing was pruned"
        _, still = live(seed, frozen=True)
        assert (still[:, :2] == (n0, s0)).all(), "it changes without growth"

    if output is not None:
        draw(lives, output)


def draw(lives: list[tuple[Brain, np.ndarray]], output: Path) -> None:
    import matplotlib.pyplot as plt

    from engram import plots

    figure, axes = plt.subplots(2, 2, figsize=(10.0, 5.6), layout="constrained")
    seconds = np.arange(1, STIMULATED + SILENT + 1)
    what = ("Neurons", "Synapses", "Mean rate (Hz)")
    for k, ax in enumerate(axes.flat[:3]):
        plots.style(ax)
        ax.axvspan(0, STIMULATED, color=plots.COLORS[0], alpha=0.1, linewidth=0)
        for seed, (_, sizes), color in zip(SEEDS, lives, plots.COLORS, strict=False):
            ax.plot(seconds, sizes[:, k], color=color, linewidth=1.4, label=f"seed {seed}")
        ax.set_xlim(0, seconds[-1])
        ax.set_ylim(0, None)
        ax.set_xlabel("time (s)")
        plots.title(ax, what[k])
    axes[0, 0].legend(frameon=False, fontsize=9)
    axes[1, 0].text(2, axes[1, 0].get_ylim()[1] * 0.9, "stimulated", fontsize=9)
    axes[1, 0].text(STIMULATED + 2, axes[1, 0].get_ylim()[1] * 0.9, "silence", fontsize=9)
    ax = plots.style(axes[1, 1])
    history = lives[0][0].growth.history
    at = np.array([c.step for c in history]) / 1000.0
    series = {
        "synapses born": [c.synapses_born for c in history],
        "pruned": [-c.synapses_pruned for c in history],
        "lost with a neuron": [-c.synapses_lost for c in history],
    }
    below = np.zeros(len(at))
    for (name, values), color in zip(series.items(), plots.COLORS, strict=False):
        bottom = below if name != "synapses born" else None
        ax.bar(at, values, bottom=bottom, width=0.9, color=color, label=name)
        below = below + np.minimum(values, 0)
    ax.set_xlim(0, seconds[-1])
    ax.set_xlabel("time (s)")
    ax.legend(frameon=False, fontsize=9)
    plots.title(ax, f"What each cycle changed, seed {SEEDS[0]}")
    figure.savefig(output, dpi=130)


if __name__ == "__main__":
    import argparse

    parser = argparse.ArgumentParser(description=__doc__.splitlines()[3])
    parser.add_argument("--output", type=Path, help="where to write a picture")
    main(parser.parse_args().output)
