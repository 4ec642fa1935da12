"""A whole life of 24 hours: what one brain, with everything on, comes to in a world that changes.

    python -m benchmarks.learning.life [--seeds 10] [--jobs 2] [--quick]

The life is that of `examples/life.py`, whole and without one mechanism each. The lives of controls
are shorter, and compared with a whole one of their length.
"""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path

import numpy as np

from benchmarks.learning.drawing import bars, curves
from benchmarks.learning.experiment import Claim, Experiment, Trials
from examples.life import ANSWERS, CONTROLS, CYCLE, NIGHT, PARTS, Life

HOURS, SHORT, QUICK = 24.0, 1.0, 0.5
"""Simulated, of a life, of a control's, and of one in the small version."""

ENDS = tuple(float(end) for end in np.cumsum([part.hours for part in PARTS]))
"""Of the parts of a long life, in hours."""

FIRST = 100
"""Seed of the first life: smaller ones were used to choose the settings."""

MOMENTS = 20
"""At which a life is interrupted, saved and loaded."""

WHOLE = "whole, short"
ARMS = ("long", WHOLE, *CONTROLS)
FIGURES = {"no growth after the loss": PARTS[-1].name}
"""Where a control can differ in one part only."""

QUICK_ARMS = (WHOLE, "no plasticity", "no reward")


def trial(seed: int, quick: bool, arm: str) -> dict[str, float]:
    """A life, and what it came to."""
    if arm == "long":
        return long_life(seed)
    life = Life(FIRST + seed, QUICK if quick else SHORT, arm if arm in CONTROLS else "")
    for _ in life.live():
        pass
    found = {f"{arm}: {part.name}": 100 * life.settled(k) for k, part in enumerate(PARTS)}
    return found | {f"{arm}: all parts": float(np.mean(list(found.values())))}


def long_life(seed: int) -> dict[str, float]:
    """The figures of 24 hours."""
    life = Life(FIRST + seed, HOURS)
    moments = list(np.sort(np.random.default_rng([seed, 1]).uniform(0.1, HOURS, MOMENTS)))
    found: dict[str, float] = {}
    differ, now = 0, -1
    with tempfile.TemporaryDirectory() as folder:
        for number in life.live():
            if number != now:
                now = number
                found |= kept(life, number)
            while moments and life.hour >= moments[0]:
                moments.pop(0)
                differ += not life.interrupted(Path(folder) / "brain")
    for number, part in enumerate(PARTS):
        found[f"{part.name}: % right after half an hour"] = 100 * life.settled(number)
        found[f"{part.name}: % right in the last hour"] = 100 * life.right_in(
            number, 60 * (part.hours - CYCLE), 60 * (part.hours - CYCLE * NIGHT)
        )
    for look in life.diary:
        found[f"hour {look.hour:.0f}: % right"] = 100 * look.right
    for part, end in zip(PARTS, ENDS, strict=True):
        last = life.diary[round(end) - 1]
        found[f"{part.name}: neurons at the end"] = last.neurons
        found[f"{part.name}: synapses at the end"] = last.synapses
    for name in life.brain.regions:
        rates = [look.rates[name] for look in life.diary]
        found[f"{name}: least Hz in an hour"] = min(rates)
        found[f"{name}: greatest Hz in an hour"] = max(rates)
    found["born"], found["died"] = life.diary[-1].born, life.diary[-1].died
    found["futures that agree, %"] = 100.0 * (1.0 - differ / MOMENTS)
    return found


def kept(life: Life, number: int) -> dict[str, float]:
    """What is left of earlier parts of life when another one begins."""
    if number == 2:
        return {
            "% kept of what is met no more": 100 * life.remembered({"B": 1, "C": 2}),
            "% kept of what pays no more": 100 * life.remembered({"A": 0}),
        }
    if number == 4:
        return {"% right at once when a sense is lost": 100 * life.remembered(PARTS[4].pays)}
    return {}


def draw(trials: Trials, path: Path) -> None:
    """Right answers hour by hour, and what is lost without each mechanism."""
    from matplotlib.figure import Figure

    figure = Figure(figsize=(12, 7), layout="constrained")
    grid = figure.add_gridspec(2, 2, width_ratios=[1.7, 1.0])
    course, size = figure.add_subplot(grid[0, 0]), figure.add_subplot(grid[1, 0])
    without = figure.add_subplot(grid[:, 1])
    hours = range(1, round(HOURS) + 1)
    for axes in (course, size):
        for day in range(round(HOURS / CYCLE)):
            axes.axvspan((day + 1 - NIGHT) * CYCLE, (day + 1) * CYCLE, color="k", alpha=0.07, lw=0)
        for end in ENDS[:-1]:
            axes.axvline(end, color="k", lw=0.8, ls=":")
    curves(course, trials, hours, {"right answers": [f"hour {h}: % right" for h in hours]})
    course.axhline(100 / len(ANSWERS), color="tab:gray", ls="--", lw=1)
    start = 0.0
    for part in PARTS:
        course.text(start, 101, f" {part.name}", fontsize=8)
        start += part.hours
    course.set(ylim=(0, 110), ylabel="%", title=f"{len(trials)} seeds, 95 % intervals")
    curves(size, trials, ENDS, {"synapses": [f"{p.name}: synapses at the end" for p in PARTS]})
    size.set(xlabel="hours of life", xlim=course.get_xlim(), ylim=(0, None), ylabel="synapses")
    bars(without, trials, {f"{arm}: all parts": arm for arm in (WHOLE, *CONTROLS)})
    without.set(xlabel="% right, all parts", xlim=(0, 100), title=f"lives of {SHORT:g} h")
    figure.savefig(path, dpi=110)


EXPERIMENT = Experiment(
    name="life",
    title="A whole life: one brain for 24 hours in a world that changes four times",
    hypothesis=(
        "half an hour after each change the brain answers right nine times in ten (chance: 33 %). "
        "Without plasticity, or without reward, it guesses. Without growth after the loss of a "
        "sense, without sleep and without scaling it answers right less often. Interrupted, saved "
        "and loaded at any moment, it has the same future."
    ),
    protocol=(
        "The brain and the world of `examples/life.py`: 100 sensory neurons, 40 of a cortex, 20 "
        "whose rate is the reward expected, three motor regions of 10 that inhibit each other; all "
        "mechanisms on, at their defaults, but for what that file sets. Days of 80 minutes with "
        f"9,000 odours an hour, nights of 40. {PARTS[0].hours:g} hours, then the changes, "
        f"{', '.join(f'{p.name} ({p.hours:g} h)' for p in PARTS[1:])}. 'After half an hour': the "
        "twenty-first to thirtieth minute of a part. 'Kept' is asked on a copy that learns "
        f"nothing. Lives of controls last {SHORT:g} hours, nights and parts in proportion; their "
        "figures are those of the last third of the first half hour of a part, or of the part. "
        f"{MOMENTS} times in a long life a copy is interrupted within a run, saved, loaded, and "
        "compared after ten more trials with the same copy that was not. Doses, rule and sizes "
        "were chosen by hand on lives of one and two hours with seeds 1 to 3; these begin "
        f"at {FIRST}."
    ),
    trial=trial,
    arms=ARMS,
    draw=draw,
    claims=(
        *(
            Claim(
                f"{part.name}: nine in ten right after half an hour",
                f"{part.name}: % right after half an hour",
                90.0,
                certain=True,
            )
            for part in PARTS
        ),
        Claim("the same future", "futures that agree, %", 100.0),
        *(
            Claim(f"worse: {arm}", f"{WHOLE}: {figure}", f"{arm}: {figure}", certain=True)
            for arm, figure in ((arm, FIGURES.get(arm, "all parts")) for arm in CONTROLS)
        ),
    ),
    quick_arms=QUICK_ARMS,
    quick_claims=(
        Claim("half right", f"{WHOLE}: all parts", 60.0),
        Claim("plasticity matters", f"{WHOLE}: birth", "no plasticity: birth", 20.0),
        Claim("reward matters", f"{WHOLE}: birth", "no reward: birth", 20.0),
    ),
    quick_seeds=1,
)


if __name__ == "__main__":
    sys.exit(EXPERIMENT.main())
