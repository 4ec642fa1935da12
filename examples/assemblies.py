"""Cell assemblies
===============

A part brings back the whole, by synapses that learned it (Hebb 1949).

500 neurons, each connected with each, see ten random groups of 50 (they overlap), eight times each.
STDP does the rest. Then learning is off, the region is set to recall (less drive to the
interneurons), the brain runs by itself for 200 ms, and 30 % of a group get a current for 300 ms. A
neuron counts as recalled if it fires at least twice meanwhile. The claims, in each of five brains:

- at least 80 % of the rest of every group is recalled, and less than 10 % of all other neurons;
- with plasticity off during learning, at most 5 % are;
- as many neurons that belong to no group recall nothing.

Nothing is frozen while it learns: growth, scaling and all the rest are on.

The trace list of `Brain.memory` has the groups as well (they were captured); asking it is another
thing, shown beside: with ``lookup=True`` it completes even where no synapse has learned.

::

    python examples/assemblies.py [--output picture.png]
"""

# sphinx_gallery_thumbnail_path = "pictures/examples/assemblies.png"

from pathlib import Path

import numpy as np

from engram import Brain
from engram.circuits import Recall, associative_memory, recall_of, set_mode

CELLS, SIZE, STORED = 500, 50, 10
CUE = 0.3
SEEDS = range(5)


def grow_up(seed: int, plastic: bool = True) -> tuple[Brain, list[np.ndarray]]:
    """A brain that has seen the groups, and the groups."""
    brain = Brain(seed=seed)
    associative_memory(brain, "memory", CELLS, SIZE)
    if not plastic:
        brain.freeze_plasticity()
    rng = np.random.default_rng(seed)
    groups = [rng.choice(CELLS, SIZE, replace=False) for _ in range(STORED)]
    brain.memory.imprint("memory", groups, repetitions=8)
    set_mode(brain, "memory", "recall")
    return brain, groups


def strangers_recall(brain: Brain, groups: list[np.ndarray]) -> float:
    """The share of the region that a cue outside all groups recalls."""
    twin = brain.copy()
    twin.freeze_plasticity()
    outside = np.setdiff1d(np.arange(CELLS), np.concatenate(groups))
    cue = outside[: round(CUE * SIZE)]
    return len(twin.memory.complete("memory", cue).recalled) / CELLS


def line(name: str, found: list[Recall]) -> str:
    recalled = np.array([r.recalled for r in found])
    false = np.array([r.false for r in found])
    return (
        f"{name:<28}{100 * recalled.mean():6.1f} % recalled (worst {100 * recalled.min():.1f} %),"
        f"{100 * false.mean():6.2f} % false (worst {100 * false.max():.2f} %)"
    )


def main(output: Path | None = None) -> None:
    learned, frozen, by_list = [], [], []
    for seed in SEEDS:
        brain, groups = grow_up(seed)
        # So that nothing but the synapses can know the groups.
        brain.memory.traces.clear()
        found = recall_of(brain, "memory", groups, share=CUE)
        print(line(f"seed {seed}", found))
        learned += found
        assert min(r.recalled for r in found) >= 0.8, "an assembly does not come back"
        assert max(r.false for r in found) < 0.1, "others come with it"
        assert strangers_recall(brain, groups) < 0.05, "any cue recalls something"
        blank, groups = grow_up(seed, plastic=False)
        frozen += recall_of(blank, "memory", groups, share=CUE)
        by_list += recall_of(blank, "memory", groups[:2], share=CUE, lookup=True)
    print(line("all seeds", learned))
    print(line("without plasticity", frozen))
    print(line("the same, list looked up", by_list))
    assert max(r.recalled for r in frozen) <= 0.05, "recall without learning"
    assert min(r.recalled for r in by_list) >= 0.8, "the list has lost a group"
    if output is not None:
        draw(output)


def draw(output: Path) -> None:
    """One recall before and after learning, the weights, and recall against the size of the cue."""
    import matplotlib.pyplot as plt

    from engram import plots

    brain, groups = grow_up(0)
    blank, _ = grow_up(0, plastic=False)
    rng = np.random.default_rng(0)
    cue = rng.choice(groups[0], round(CUE * SIZE), replace=False)
    rest = np.setdiff1d(groups[0], cue)
    others = np.setdiff1d(np.arange(CELLS), groups[0])
    row = np.empty(CELLS, int)
    row[np.concatenate([cue, rest, others])] = np.arange(CELLS)

    figure = plt.figure(figsize=(11.0, 6.2), layout="constrained")
    grid = figure.add_gridspec(2, 2, width_ratios=(1.5, 1))
    for k, (one, name) in enumerate(((blank, "Before learning"), (brain, "After learning"))):
        ax = plots.style(figure.add_subplot(grid[k, 0]))
        twin = one.copy()
        twin.freeze_plasticity()
        twin.run(200, progress=False)
        start = twin.time
        recorder = twin.record("spikes", "memory")
        twin.run(50, progress=False)
        twin.memory.complete("memory", cue)
        twin.run(100, progress=False)
        times, neurons = recorder.spikes("memory")
        ax.axvspan(50, 350, color=plots.FAINT, alpha=0.25, linewidth=0)
        parts = (
            (cue, plots.COLORS[0], "cue (30 %)"),
            (rest, plots.COLORS[1], "rest of the group"),
            (others, plots.COLORS[6], "450 other neurons"),
        )
        for part, color, label in parts:
            mine = np.isin(neurons, part)
            ax.plot(times[mine] - start, row[neurons[mine]], ".", color=color, markersize=3)
            middle = 0.5 * (row[part].min() + row[part].max()) if len(part) < 100 else 75
            ax.text(456, middle, label, color=color, fontsize=9, va="center")
        ax.set(xlim=(0, 450), ylim=(100, -2), ylabel="neuron (first 100 shown)")
        ax.set_xlabel("time (ms); shaded: current into the cue" if k else "")
        plots.title(ax, f"{name}: spikes while the cue is held")

    ax = plots.style(figure.add_subplot(grid[0, 1]))
    order = np.concatenate([groups[0], np.setdiff1d(groups[1], groups[0])])
    projection = brain.get_projection("memory", "memory")
    matrix = np.zeros((CELLS, CELLS))
    matrix[projection.post, projection.pre] = projection.weight
    image = ax.imshow(matrix[np.ix_(order, order)], cmap="Greys", interpolation="nearest")
    figure.colorbar(image, ax=ax, label="weight", shrink=0.8)
    ax.set(xlabel="from neuron", ylabel="to neuron")
    plots.title(ax, "Weights within and between two groups")

    ax = plots.style(figure.add_subplot(grid[1, 1]))
    shares = np.array([0.06, 0.1, 0.14, 0.2, 0.3, 0.5])
    for one, color, name in ((brain, plots.COLORS[1], "learned"), (blank, plots.COLORS[6], "not")):
        found = [recall_of(one, "memory", groups, share=s) for s in shares]
        mean = [100 * np.mean([r.recalled for r in f]) for f in found]
        ax.plot(100 * shares, mean, "o-", color=color, markersize=4, label=name)
    false = [
        100 * np.mean([r.false for r in recall_of(brain, "memory", groups, share=s)])
        for s in shares
    ]
    ax.plot(100 * shares, false, "o:", color=plots.COLORS[0], markersize=3, label="others (false)")
    ax.axhline(80, color=plots.FAINT, linewidth=1, zorder=0)
    ax.set(xlabel="cue (% of the group)", ylabel="recalled (%)", ylim=(-4, 104))
    ax.legend(frameon=False, fontsize=9, loc="center right")
    plots.title(ax, "Recall against the size of the cue")
    figure.savefig(output, dpi=130)


if __name__ == "__main__":
    import argparse

    parser = argparse.ArgumentParser(description=__doc__.splitlines()[3])
    parser.add_argument("--output", type=Path, help="where to write a picture")
    main(parser.parse_args().output)
