"""Sleep and replay
================

Replay strengthens a sequence that was seen awake (Wilson & McNaughton 1994).

Six groups of 40 neurons are shown one after the other, 50 ms each, ten times. Then five twins of
the brain spend 10 s: asleep; awake in silence; asleep without replay; asleep with the order of the
trace shuffled; asleep with plasticity frozen. In sleep only the first sixth of the trace gets
pulses; what follows is the network's own doing. The claims, over five seeds:

- replay runs through the sequence in its order (rank correlation with the stored order, of neurons
  that got no pulse, above 0.6) and at least three times as fast; shuffled it does not (below 0.3);
- sleep strengthens the synapses from each group to the next by at least 10 %; silence, slow waves
  without replay and frozen plasticity change them by less than 1 %, shuffled replay by less than
  half of what sleep does;
- after sleep, a pulse into the first group alone brings back more groups, in order, than before.

::

    python examples/sleep.py [--output picture.png]
"""

# sphinx_gallery_thumbnail_path = "pictures/examples/sleep.png"

import math
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from engram import Brain
from engram.circuits import sequence_memory
from engram.mechanisms.memory.sleep import SleepReport
from engram.mechanisms.memory.traces import Trace, rank_correlation
from engram.recording import SpikeRecorder

GROUPS, MEMBERS, SHOWN, CELLS = 6, 40, 50.0, 300
NIGHT = 10_000.0
SEEDS = range(5)
ARMS = ("sleep", "awake in silence", "no replay", "shuffled", "frozen")
REACH = 60.0
"""How long after its beginning spikes count as those of a replay, ms."""


@dataclass
class Night:
    """What an arm did to the sequence."""

    links: float
    reach: int
    order: float = math.nan
    speed: float = math.nan


def grow_up(seed: int) -> tuple[Brain, list[np.ndarray]]:
    """A brain that has seen the sequence, with the trace of it, and the groups."""
    brain = Brain(seed=seed)
    brain.freeze_structural_plasticity()
    brain.freeze_homeostatic_scaling()
    sequence_memory(brain, "memory", CELLS, MEMBERS)
    cells = np.random.default_rng(seed).permutation(CELLS)
    groups = [np.sort(cells[k * MEMBERS : (k + 1) * MEMBERS]) for k in range(GROUPS)]
    memory = brain.memory
    memory.capture_window = SHOWN * GROUPS
    memory.consolidation_interval = 1e6
    memory.trace_threshold = 0.2
    memory.compression = 5.0
    memory.slow_amplitude = 1.5
    memory.replay_share = 1.0 / GROUPS
    memory.imprint("memory", groups, duration=SHOWN, gap=0.0, pause=200.0, repetitions=11)
    memory.imprint("memory", groups, duration=SHOWN, gap=0.0)
    memory.traces.clear()
    memory.capture("memory")
    brain.run(300)
    return brain, groups


def labels(groups: list[np.ndarray]) -> np.ndarray:
    label = np.full(CELLS, -9)
    for k, group in enumerate(groups):
        label[group] = k
    return label


def link(brain: Brain, groups: list[np.ndarray]) -> float:
    """Mean weight from each group to the next."""
    p = brain.get_projection("memory", "memory")
    label = labels(groups)
    return float(p.weight[label[p.post] - label[p.pre] == 1].mean())


def first_group_alone(brain: Brain, groups: list[np.ndarray]) -> tuple[int, SpikeRecorder]:
    """How many groups follow a pulse into the first one, awake and not learning; the spikes.

    A group follows if at least half of it fires, half of those 2 ms or more after the one before.
    """
    twin = brain.copy()
    twin.freeze_plasticity()
    twin.disable_memory()
    twin.reset_state()
    recorder = twin.record("spikes", "memory")
    twin.memory.complete("memory", groups[0], duration=10.0)
    twin.run(90)
    times, neurons = recorder.spikes("memory")
    reach, before = -1, -math.inf
    for group in groups:
        first = [times[neurons == i].min() for i in group if (neurons == i).any()]
        if len(first) < 0.5 * len(group) or np.median(first) < before + 2.0:
            break
        reach, before = reach + 1, float(np.median(first))
    return reach, recorder


def replayed(
    trace: Trace, seeded: np.ndarray, recorder: SpikeRecorder, report: SleepReport
) -> tuple[float, float]:
    """Rank correlation with the stored order of what got no pulse, and how much faster it ran."""
    stored = dict(zip(trace.neurons.tolist(), trace.latency, strict=True))
    others = np.setdiff1d(trace.neurons, seeded)
    times, neurons = recorder.spikes("memory")
    orders, speeds = [], []
    for event in report.replays:
        near = (times >= event.time) & (times < event.time + REACH)
        first: dict[int, float] = {}
        for t, i in zip(times[near], neurons[near], strict=True):
            first.setdefault(int(i), t)
        both = [i for i in others.tolist() if i in first]
        if len(both) > 10:
            then, now = [stored[i] for i in both], [first[i] for i in both]
            orders.append(rank_correlation(then, now))
            spread = [np.subtract(*np.percentile(x, [90, 10])) for x in (then, now)]
            speeds.append(spread[0] / max(1.0, spread[1]))
    return float(np.mean(orders)), float(np.median(speeds))


def spend(brain: Brain, groups: list[np.ndarray], arm: str) -> Night:
    """One arm, on a twin."""
    twin = brain.copy()
    trace, used = brain.memory.traces[0], twin.memory.traces[0]
    if arm == "shuffled":
        used.latency[:] = np.random.default_rng(brain.seed).permutation(used.latency)
    if arm == "frozen":
        twin.freeze_plasticity()
    if arm in ("no replay", "awake in silence"):
        twin.disable_memory()
    if arm == "awake in silence":
        twin.run(round(NIGHT), progress=False)
        return Night(link(twin, groups), first_group_alone(twin, groups)[0])
    recorder = twin.record("spikes", "memory")
    report = twin.sleep(NIGHT, progress=False)
    night = Night(link(twin, groups), first_group_alone(twin, groups)[0])
    if report.replays:
        seeded = used.order[: math.ceil(twin.memory.replay_share * len(used.order))]
        night.order, night.speed = replayed(trace, seeded, recorder, report)
    return night


def main(output: Path | None = None) -> None:
    start, reach, nights = [], [], {arm: [] for arm in ARMS}
    for seed in SEEDS:
        brain, groups = grow_up(seed)
        start.append(link(brain, groups))
        reach.append(first_group_alone(brain, groups)[0])
        for arm in ARMS:
            nights[arm].append(spend(brain, groups, arm))
    change = {a: 100 * (np.array([n.links for n in nights[a]]) / start - 1.0) for a in ARMS}
    print(f"before: {np.mean(reach):.1f} groups follow the first")
    for arm in ARMS:
        more = np.array([n.reach for n in nights[arm]])
        order = np.array([n.order for n in nights[arm]])
        speed = np.array([n.speed for n in nights[arm]])
        shown = (
            ""
            if np.isnan(order).any()
            else (
                f", order {order.mean():+.2f} ({order.min():+.2f} to {order.max():+.2f}), "
                f"{speed.mean():.1f} times as fast"
            )
        )
        print(
            f"{arm:<17} links {change[arm].mean():+6.1f} % ({change[arm].min():+.1f} to "
            f"{change[arm].max():+.1f}), then {more.mean():.1f} groups follow{shown}"
        )
    asleep, shuffled = nights["sleep"], nights["shuffled"]
    assert min(n.order for n in asleep) > 0.6, "replay does not keep the order"
    assert min(n.speed for n in asleep) >= 3.0, "replay is not compressed"
    assert max(abs(n.order) for n in shuffled) < 0.3, "a shuffled replay has the stored order"
    assert change["sleep"].min() >= 10.0, "sleep does not strengthen the sequence"
    for arm in ("awake in silence", "no replay", "frozen"):
        assert np.abs(change[arm]).max() < 1.0, f"{arm} changes the sequence"
    assert np.abs(change["shuffled"]).max() < 0.5 * change["sleep"].min(), "order does not matter"
    gain = [n.reach - r for n, r in zip(asleep, reach, strict=True)]
    assert min(gain) >= 1, "the sequence is not recalled better after sleep"
    if output is not None:
        draw(output, change)


def draw(output: Path, change: dict[str, np.ndarray]) -> None:
    """A sequence awake and in sleep, what a first group recalls before and after, and the arms."""
    import matplotlib.pyplot as plt

    from engram import plots

    brain, groups = grow_up(0)
    row = np.full(CELLS, -1)
    row[np.concatenate(groups)] = np.arange(GROUPS * MEMBERS)
    label = labels(groups)
    figure = plt.figure(figsize=(11.5, 7.0), layout="constrained")
    grid = figure.add_gridspec(3, 3, height_ratios=(1.25, 1, 1))

    def raster(ax, recorder, start):
        times, neurons = recorder.spikes("memory")
        for k in range(GROUPS):
            mine = label[neurons] == k
            color = plots.COLORS[k]
            ax.plot(times[mine] - start, row[neurons[mine]], ".", color=color, markersize=2)
        ax.set_ylim(GROUPS * MEMBERS, -3)
        ax.set_yticks(MEMBERS * (np.arange(GROUPS) + 0.5), [str(k + 1) for k in range(GROUPS)])
        ax.tick_params(axis="y", length=0)

    twin = brain.copy()
    recorder = twin.record("spikes", "memory")
    twin.fall_asleep(2500.0)
    start = twin.time
    twin.run(2500, progress=False)
    report = twin.memory.last_sleep
    ax = plots.style(figure.add_subplot(grid[0, :]))
    raster(ax, recorder, start)
    t = np.arange(0.0, 2500.0, 5.0)
    wave = -np.sin(2e-3 * np.pi * twin.memory.slow_frequency * t)
    ax.fill_between(
        t,
        0,
        1,
        where=wave > 0,
        color=plots.FAINT,
        alpha=0.3,
        linewidth=0,
        transform=ax.get_xaxis_transform(),
    )
    for event in report.replays:
        ax.plot(event.time - start, -2, "v", color=plots.INK, markersize=5, clip_on=False)
    ax.set(
        xlim=(0, 2500),
        xlabel="time asleep (ms); shaded: up states; triangles: replays begin",
        ylabel="group",
    )
    plots.title(ax, "Two slow waves")

    awake = brain.copy()
    recorder = awake.record("spikes", "memory")
    start = awake.time
    awake.memory.imprint("memory", groups, duration=SHOWN, gap=0.0)
    ax = plots.style(figure.add_subplot(grid[1, 0]))
    raster(ax, recorder, start)
    ax.set(xlim=(0, 300), xlabel="time (ms)", ylabel="group")
    plots.title(ax, "Awake: as it was shown")

    rested = brain.copy()
    rested.sleep(NIGHT, progress=False)
    for column, (one, name) in enumerate(((brain, "before"), (rested, "after"))):
        recorder = first_group_alone(one, groups)[1]
        ax = plots.style(figure.add_subplot(grid[1, 1 + column]))
        raster(ax, recorder, brain.time if one is brain else rested.time)
        ax.set(xlim=(0, 60), xlabel="time (ms)")
        plots.title(ax, f"The first group alone, {name} sleep")

    ax = plots.style(figure.add_subplot(grid[2, :]))
    for k, arm in enumerate(ARMS):
        values = change[arm]
        color = plots.COLORS[1] if arm == "sleep" else plots.COLORS[6]
        ax.barh(k, values.mean(), color=color, height=0.6, alpha=0.75)
        ax.plot(values, np.full(len(values), k), "o", color=plots.INK, markersize=3)
    ax.axvline(0, color=plots.INK, linewidth=0.8)
    ax.set_yticks(range(len(ARMS)), [a if a != "frozen" else "frozen plasticity" for a in ARMS])
    ax.invert_yaxis()
    ax.set_xlabel("change of the weights from each group to the next (%); dots: seeds")
    plots.title(ax, "Ten seconds later")
    figure.savefig(output, dpi=130)


if __name__ == "__main__":
    import argparse

    parser = argparse.ArgumentParser(description=__doc__.splitlines()[3])
    parser.add_argument("--output", type=Path, help="where to write a picture")
    main(parser.parse_args().output)
