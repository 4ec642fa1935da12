"""The section of BENCHMARKS.md on brains that are left on."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

HEAD = """\
## Brains left on

`python -m benchmarks.life --minutes {minutes:g} --quiet {quiet:g} --seeds {n} --first {first}`:
everything at its defaults, nobody tends them. {n} seed(s), each network with each input (none,
constant, strong, alternating, random, days and nights of a minute each). Rates are those of a
region over any 10 s after the first minute. Lived: 0.3 to 50 Hz. Level: neurons and synapses change
by less than 5 % in the last third. Asked for: both, and no region more than triples; in {quiet:g}
minutes of silence no region loses more than a tenth of its neurons, and afterwards all answer a
stimulus.

| network | lived | Hz, from | to | growth | level | late change | lost in silence | answers |
|---|---|---|---|---|---|---|---|---|
"""


def distinct(rows: Sequence[Mapping[str, Any]]) -> int:
    """How many lives are unlike all others: some types of regions have the same defaults."""
    told = ("seed", "inputs", "rates", "neurons", "synapses")
    return len({json.dumps([row[name] for name in told]) for row in rows})


LEVEL = 0.05
"""Change of numbers in the last third of a brain that has levelled off."""

TRIPLED, LOST = 3.0, 0.1
"""How much a region may grow, and what share of its neurons it may lose in silence."""

APART = """\
Three stimuli told apart from the spike counts of the output region, on a copy with all learning
off (nearest mean, fitted on one half, tested on the other; chance 33 %), mean and standard
deviation over seeds:

| input | at birth % | after {minutes:g} minutes % | better, seeds |
|---|---|---|---|
"""


def section(found: dict[str, Any]) -> list[str]:
    """Lines of Markdown."""
    rows = found["lives"]
    text = HEAD.format(
        minutes=found["minutes"],
        n=len(found["seeds"]),
        first=found["seeds"][0],
        quiet=found["quiet"],
    )
    lines = text.splitlines()
    for network in dict.fromkeys(row["network"] for row in rows):
        mine = [row for row in rows if row["network"] == network]
        lived, answer = (sum(row[name] for row in mine) for name in ("lives", "answers"))
        most = {name: max(row[name] for row in mine) for name in ("growth", "drift", "lost")}
        low, high = min(row["low"] for row in mine), max(row["high"] for row in mine)
        level = sum(row["drift"] < LEVEL for row in mine)
        lines.append(
            f"| {network} | {lived} of {len(mine)} | {low:.2f} | {high:.1f} | "
            f"{most['growth']:.2f} | {level} of {len(mine)} | {100 * most['drift']:.1f} % | "
            f"{100 * most['lost']:.1f} % | {answer} of {len(mine)} |"
        )
    read = [row for row in rows if "told apart" in row]
    lines += ["", *APART.format(minutes=found["minutes"]).splitlines()]
    for inputs in dict.fromkeys(row["inputs"] for row in read):
        mine = [row for row in read if row["inputs"] == inputs]
        before, after = (np.array([r[name] for r in mine]) for name in ("at birth", "told apart"))
        spread = [
            f"{100 * x.mean():.1f}" + (f" ({100 * x.std():.1f})" if len(x) > 1 else "")
            for x in (before, after)
        ]
        better = int((after > before).sum())
        lines.append(f"| {inputs} | {spread[0]} | {spread[1]} | {better} of {len(mine)} |")
    lines += ["", f"Of {len(rows)} lives {distinct(rows)} differ: types of regions may be alike."]
    return lines


def draw(found: dict[str, Any], path: Path) -> None:
    """The span of rates of every network, by input."""
    import matplotlib.pyplot as plt

    from engram import plots

    rows = found["lives"]
    networks = list(dict.fromkeys(row["network"] for row in rows))
    inputs = list(dict.fromkeys(row["inputs"] for row in rows))
    figure, ax = plt.subplots(figsize=(8.0, 0.42 * len(networks) + 1.2), layout="constrained")
    plots.style(ax)
    ax.axvspan(0.3, 50.0, color=plots.COLORS[0], alpha=0.08, linewidth=0)
    for k, given in enumerate(inputs):
        for row in rows:
            if row["inputs"] == given:
                at = networks.index(row["network"]) + 0.7 * (k / max(1, len(inputs) - 1) - 0.5)
                ax.plot([row["low"], row["high"]], [at, at], color=plots.COLORS[k], linewidth=1.6)
        ax.plot([], [], color=plots.COLORS[k], label=given)
    ax.set_xscale("log")
    ax.set_yticks(range(len(networks)), networks)
    ax.invert_yaxis()
    ax.set_xlabel("least and greatest rate of a region over 10 s (Hz)")
    plots.title(ax, "Brains left on, everything at its default")
    ax.legend(frameon=False, fontsize=9, loc="upper left", bbox_to_anchor=(1.0, 1.0))
    figure.savefig(path, dpi=130)
