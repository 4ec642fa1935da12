"""What each mechanism does for a life: the same lives without one of them each.

    python -m benchmarks.learning.life_controls [--seeds 10] [--jobs 2] [--quick]

The lives of `examples/life.py`, half an hour long.
"""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np

from benchmarks.learning.drawing import bars
from benchmarks.learning.experiment import Claim, Experiment, Trials
from benchmarks.learning.life import FIRST
from examples.life import CONTROLS, PARTS, Life

HOURS = 0.5
"""Simulated, of a life."""

WHOLE = "whole"
FIGURES = {"no growth after the loss": PARTS[-1].name}
"""Where a control can differ in one part only."""


def trial(seed: int, quick: bool, arm: str) -> dict[str, float]:  # noqa: ARG001
    """A life, and what it came to."""
    life = Life(FIRST + seed, HOURS, "" if arm == WHOLE else arm)
    for _ in life.live():
        pass
    found = {f"{arm}: {part.name}": 100 * life.settled(k) for k, part in enumerate(PARTS)}
    return found | {f"{arm}: all parts": float(np.mean(list(found.values())))}


def draw(trials: Trials, path: Path) -> None:
    """What is lost without each mechanism, in each part of life."""
    from matplotlib.figure import Figure

    figure = Figure(figsize=(13, 4), layout="constrained")
    for axes, part in zip(figure.subplots(1, len(PARTS), sharey=True), PARTS, strict=True):
        bars(axes, trials, {f"{arm}: {part.name}": arm for arm in (WHOLE, *CONTROLS)})
        axes.set(xlabel="% right", xlim=(0, 100), title=part.name)
    figure.savefig(path, dpi=110)


EXPERIMENT = Experiment(
    name="life_controls",
    title="What each mechanism does for a life",
    hypothesis=(
        "without plasticity, or without reward, the brain of `life` guesses (33 %). Without growth "
        "after the loss of a sense, without sleep and without scaling it answers right less often."
    ),
    protocol=(
        f"The lives of `examples/life.py`, {60 * HOURS:g} minutes long, nights and parts in "
        "proportion, with the same seeds for all. Figures are those of the last third of a part; "
        "growth after the loss is judged by the last part. Without sleep, nights are as quiet, "
        "but awake. Without scaling, intrinsic plasticity is off too "
        "(`freeze_homeostatic_scaling`). A table of what paid last for each odour would answer all "
        "of it: the question is what a brain needs for it, not who is best. Settings were chosen "
        f"on lives with seeds 1 to 3; these begin at {FIRST}."
    ),
    trial=trial,
    arms=(WHOLE, *CONTROLS),
    draw=draw,
    claims=tuple(
        Claim(f"worse: {arm}", f"{WHOLE}: {figure}", f"{arm}: {figure}", certain=True)
        for arm, figure in ((arm, FIGURES.get(arm, "all parts")) for arm in CONTROLS)
    ),
    quick_arms=(WHOLE, "no plasticity", "no growth after the loss"),
    quick_claims=(
        Claim("plasticity matters", f"{WHOLE}: birth", "no plasticity: birth", 20.0),
        Claim(
            "growth matters",
            f"{WHOLE}: {PARTS[-1].name}",
            f"no growth after the loss: {PARTS[-1].name}",
            5.0,
        ),
    ),
    quick_seeds=1,
)


if __name__ == "__main__":
    sys.exit(EXPERIMENT.main())
