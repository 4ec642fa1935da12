"""Replay in a pause: does it repair what was stored weakly, task after task?

python -m benchmarks.learning.sleep_gain [--quick] [--seeds 10] [--jobs 1]
"""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from benchmarks.learning.drawing import bars
from benchmarks.learning.experiment import Claim, Experiment, Front, Rival, Trials
from engram import Brain
from engram.circuits import sequence_memory
from engram.mechanisms.memory.traces import rank_correlation
from engram.recording import SpikeRecorder

Groups = list[NDArray[np.int64]]

CELLS, MEMBERS, GROUPS, TASKS = 300, 24, 5, 3
"""Cells; cells of a group; groups of a sequence; sequences, stored one after the other."""

SHOWN, FEW, MANY = 50.0, 3, 10
"""How long a group is driven, ms, and how often a sequence is shown: weakly stored, or well."""

NIGHT = 8000.0
"""Length of a pause, ms."""

ARMS = ("sleep", "shuffled order", "other cells", "no replay", "awake")
"""What happens in the pause; the last two are without replay, asleep and awake."""

RIVALS = ("replay, no slow wave", "fast showings", "default slow wave", "default memory")
"""What else could happen in it: the same replay without the wave of sleep; the sequences shown
again, as fast as a replay, awake; sleep with the defaults of the wave, and of all of memory."""

DEFAULTS = {
    "default slow wave": ("slow_amplitude",),
    "default memory": ("slow_amplitude", "compression", "replay_share"),
}
"""What is as the package has it."""

AGAIN, FAST = 3, 5.0
"""How often each sequence is shown again, and for how long each of its groups, ms."""


def grow_up(seed: int, showings: int = FEW) -> tuple[Brain, list[Groups]]:
    """A brain that stored the sequences one after the other, with a trace of each."""
    brain = Brain(seed=seed)
    brain.freeze_structural_plasticity()
    brain.freeze_homeostatic_scaling()
    sequence_memory(brain, "memory", CELLS, MEMBERS)
    random = np.random.default_rng([3, seed])
    order = [random.permutation(CELLS) for _ in range(TASKS)]
    sequences = [
        [np.sort(cells[k * MEMBERS : (k + 1) * MEMBERS]) for k in range(GROUPS)] for cells in order
    ]
    memory = brain.memory
    memory.capture_window = SHOWN * GROUPS
    # Traces are taken when a sequence has been shown, not every so often.
    memory.consolidation_interval = 1e6
    memory.trace_threshold = 1.0
    memory.compression, memory.replay_share = 5.0, 1.0
    memory.slow_amplitude = 1.5
    kept = []
    for groups in sequences:
        memory.imprint(
            "memory", groups, duration=SHOWN, gap=0.0, pause=200.0, repetitions=showings - 1
        )
        memory.imprint("memory", groups, duration=SHOWN, gap=0.0)
        memory.traces.clear()
        kept += memory.capture("memory")
        brain.run(300, progress=False)
    memory.traces[:] = kept
    return brain, sequences


def cued(brain: Brain, groups: Groups) -> SpikeRecorder:
    """The spikes of the 100 ms that begin with a pulse of 10 ms into the first group.

    Asked of a copy that does not learn, 100 ms after a reset.
    """
    twin = brain.copy()
    twin.freeze_plasticity()
    twin.disable_memory()
    twin.reset_state()
    twin.run(100, progress=False)
    spikes = twin.record("spikes", "memory")
    twin.memory.complete("memory", groups[0], duration=10.0)
    twin.run(90, progress=False)
    assert isinstance(spikes, SpikeRecorder)
    return spikes


def first_spikes(spikes: SpikeRecorder) -> NDArray[np.float64]:
    """When each cell fired first, ms; inf if it did not."""
    first = np.full(CELLS, np.inf)
    times, cells = spikes.spikes("memory")
    np.minimum.at(first, cells, times)
    return first


def fidelity(first: NDArray[np.float64], groups: Groups) -> tuple[float, float, float, float]:
    """How truly a sequence came back after its first group: (score, recalled, false, order).

    recalled: per cent of the cells of the later groups that fired; false: of the cells outside the
    sequence; order: rank correlation, in per cent, of group and first spike, of the later cells
    that fired (0 if they are ten or fewer). score = max(0, recalled - false) max(0, order), in per
    cent: 100 if all come back in order and nobody else does.
    """
    place = np.full(CELLS, -1)
    for k, group in enumerate(groups):
        place[group] = k
    fired, later = np.isfinite(first), place > 0
    recalled, false = float(fired[later].mean()), float(fired[place < 0].mean())
    back = fired & later
    order = rank_correlation(place[back], first[back]) if back.sum() > 10 else 0.0
    score = max(0.0, recalled - false) * max(0.0, order)
    return 100.0 * score, 100.0 * recalled, 100.0 * false, 100.0 * order


def show_again(
    brain: Brain, sequences: list[Groups], times: int = AGAIN, duration: float = FAST
) -> None:
    """Show the sequences again by turns, fast, evenly spread over the pause."""
    start, n = brain.step_count, times * len(sequences)
    for k in range(n):
        brain.memory.imprint("memory", sequences[k % len(sequences)], duration=duration, gap=0.0)
        due = start + round((k + 1) / n * NIGHT / brain.dt)
        brain.run(due - brain.step_count, progress=False)


def spend(brain: Brain, arm: str, plastic: bool, sequences: list[Groups]) -> Brain:
    """A twin of the brain, after a pause."""
    twin = brain.copy()
    random = np.random.default_rng([4, brain.seed])
    for trace in twin.memory.traces:
        if arm == "shuffled order":
            trace.latency[:] = random.permutation(trace.latency)
        if arm == "other cells":
            trace.neurons = np.sort(random.choice(CELLS, len(trace.neurons), replace=False))
    if not plastic:
        twin.freeze_plasticity()
    if arm in ("no replay", "awake", "fast showings"):
        twin.disable_memory()
    if arm == "replay, no slow wave":
        twin.memory.slow_amplitude = 0.0
    for name in DEFAULTS.get(arm, ()):
        setattr(twin.memory, name, type(twin.memory).parameters()[name].default)
    if arm == "awake":
        twin.run(round(NIGHT / twin.dt), progress=False)
    elif arm == "fast showings":
        show_again(twin, sequences)
    else:
        twin.sleep(NIGHT, progress=False)
    return twin


def trial(seed: int, quick: bool) -> dict[str, float]:
    """All arms from one seed: scores, mean over the sequences; per cent.

    quick: only a few of them.
    """
    brain, sequences = grow_up(seed)
    chosen = ("sleep", "shuffled order", "awake") if quick else ARMS
    rivals = RIVALS[:2] if quick else RIVALS

    def ask(brain: Brain) -> list[float]:
        found = [fidelity(first_spikes(cued(brain, groups)), groups) for groups in sequences]
        return [float(x) for x in np.mean(found, axis=0)]

    out = {"no pause": ask(brain)[0]}
    for plastic in (True, False):
        for arm in (*chosen, *rivals) if plastic else chosen:
            name = arm if plastic else f"{arm}, not plastic"
            out[name], *parts = ask(spend(brain, arm, plastic, sequences))
            if plastic and arm in ("sleep", "awake"):
                for part, value in zip(("recalled", "false", "order"), parts, strict=True):
                    out[f"{arm}: {part}"] = value
    if not quick:
        practised = grow_up(seed, MANY)[0]
        for arm in ("awake", "sleep", *RIVALS):
            out[f"well stored: {arm}"] = ask(spend(practised, arm, True, sequences))[0]
    untrained = Brain(seed=seed)
    sequence_memory(untrained, "memory", CELLS, MEMBERS)
    out["untrained"] = ask(untrained)[0]
    # The same read-out on the cue itself: the cells that were driven, and nobody else.
    alone = []
    for groups in sequences:
        first = np.full(CELLS, np.inf)
        first[groups[0]] = 0.0
        alone.append(fidelity(first, groups)[0])
    out["cue alone"] = float(np.mean(alone))
    return out


def draw(trials: Trials, path: Path) -> None:
    """What a cue brings back without a pause, awake and after sleep, and all arms."""
    from matplotlib.figure import Figure

    figure = Figure(figsize=(13, 4.5), layout="constrained")
    *rasters, right = figure.subplots(1, 4, width_ratios=[1, 1, 1, 1.6])
    brain, sequences = grow_up(0)
    place = np.concatenate(
        [*sequences[0], np.setdiff1d(range(CELLS), np.concatenate(sequences[0]))]
    )
    rank = place.argsort()
    for axes, arm in zip(rasters, ("awake", "shuffled order", "sleep"), strict=True):
        times, cells = cued(spend(brain, arm, True, sequences), sequences[0]).spikes("memory")
        axes.plot(times - times.min(), rank[cells], "k.", ms=2)
        for k in range(GROUPS):
            axes.axhspan(k * MEMBERS, (k + 1) * MEMBERS, color=f"C{k}", alpha=0.2, lw=0)
        axes.set(title=f"{arm} (seed 0)", xlabel="ms after the cue", xlim=(0, 60), ylim=(0, CELLS))
    rasters[0].set_ylabel("cell; colours: groups of the first sequence")
    names = {"no pause": "no pause"}
    for suffix in ("", ", not plastic"):
        names.update({f"{arm}{suffix}": f"{arm}{suffix}" for arm in ARMS})
    names.update({arm: arm for arm in RIVALS})
    stored = ("awake", "sleep", *RIVALS)
    names.update({f"well stored: {arm}": f"well stored: {arm}" for arm in stored})
    names.update({"untrained": "untrained", "cue alone": "cue alone, no network"})
    bars(right, trials, names, {"sleep": "tab:green"})
    right.set(xlabel="score, %", title=f"{len(trials)} seeds, 95 % intervals")
    figure.savefig(path, dpi=110)


EXPERIMENT = Experiment(
    name="sleep_gain",
    title="Replay: stored traces played back after sequential tasks",
    stated="before",
    stated_in="b91a5ca",
    front=Front("weakly stored sequences, traces replayed", "sleep", "none", "points"),
    rivals=(
        Rival("three fast showings awake", "sleep", "fast showings"),
        Rival("replay without the slow wave", "sleep", "replay, no slow wave", margin=2.0),
    ),
    hypothesis=(
        "replay of stored traces in sleep lets sequences come back more truly than the same time "
        "awake in silence, no pause, or a sleep whose replay has the same cells in a shuffled "
        "order or as many other cells; nothing of it without plasticity."
    ),
    protocol=(
        f"{TASKS} sequences of {GROUPS} groups of {MEMBERS} of {CELLS} cells, overlapping, are "
        f"stored one after the other in `sequence_memory`, each shown {FEW} times only. Then "
        f"twins of the brain spend {NIGHT / 1000:g} s: asleep with replay (`Brain.sleep`; whole "
        "traces, five times compressed), asleep with the latencies of each trace shuffled among "
        "its cells, with other cells instead, asleep without replay, awake without input; each "
        "with plasticity on and off. No trace or label is used when asked: a pulse of 10 ms into "
        "the first group, 100 ms of spikes. Score: (share of the later cells that fire - share of "
        "the cells outside that do) x rank correlation of group and first spike; 100 is perfect. "
        "Figures are per cent, means over the sequences. Constants, and the regime (weakly stored "
        f"sequences), were chosen on other seeds (100 and up). {MANY} showings, reported too, lie "
        "outside it: there, as much replay destroys what was stored, since it binds each group to "
        "the next but one as well until the sequence contracts into one burst. Rivals: the same "
        "replay without the slow wave (it takes no sleep); each sequence shown "
        f"{AGAIN} times again, awake, {FAST:g} ms a group, by turns (half as many showings as "
        "there are replays), the best of 24 settings on seeds 100 to 104, where it scored 60 and "
        "sleep 29; sleep with the default slow wave, and with the package's defaults for speed and "
        "share of a replay as well. (Of seven other settings of replay tried on those seeds, "
        "pulses of 5 ms were best, with 40 to 41.)"
    ),
    trial=trial,
    draw=draw,
    claims=(
        Claim("replay above awake in silence", "sleep", "awake", 0.0, True),
        Claim("replay above no pause", "sleep", "no pause", 0.0, True),
        Claim("replay above shuffled replay (order)", "sleep", "shuffled order", 0.0, True),
        Claim("replay above shuffled replay (other cells)", "sleep", "other cells", 0.0, True),
        Claim("replay above sleep without replay", "sleep", "no replay", 0.0, True),
        Claim("replay above replay without plasticity", "sleep", "sleep, not plastic", 0.0, True),
        Claim(
            "without plasticity no gain above 1 point",
            "awake, not plastic",
            "sleep, not plastic",
            -1.0,
        ),
        Claim("above the untrained network", "sleep", "untrained", 0.0, True),
        Claim(
            "exploratory: the slow wave adds to replay (sleep above the same replay without it)",
            "sleep",
            "replay, no slow wave",
            0.0,
            True,
        ),
        Claim("exploratory: sleep above fast showings awake", "sleep", "fast showings", 0.0, True),
        Claim(
            "exploratory: sleep with the package's defaults above awake in silence",
            "default memory",
            "awake",
            0.0,
            True,
        ),
        Claim(
            "exploratory: well-stored sequences survive sleep (5 points below awake at most)",
            "well stored: sleep",
            "well stored: awake",
            -5.0,
        ),
    ),
    quick_claims=(
        Claim("replay above awake in silence", "sleep", "awake", 5.0),
        Claim("replay above shuffled replay (order)", "sleep", "shuffled order", 0.0),
        Claim("replay above replay without plasticity", "sleep", "sleep, not plastic", 5.0),
    ),
)


if __name__ == "__main__":
    sys.exit(EXPERIMENT.main())
