"""Time: patterns that differ in nothing but when each neuron fires.

python -m benchmarks.learning.spike_times [--quick] [--seeds 5] [--jobs 1]
"""

from __future__ import annotations

import itertools
import sys
import warnings
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.exceptions import ConvergenceWarning
from sklearn.neural_network import MLPClassifier

from benchmarks.learning.answers import Tally
from benchmarks.learning.drawing import bars
from benchmarks.learning.experiment import Claim, Experiment, Front, Rival, Trials
from benchmarks.learning.rivals import NearestLatencies
from engram import Brain, CurrentLIF, RegionType, RewardSTDP, TraceSTDP, Uniform
from engram.learn.decoders import PoissonBayes
from engram.plasticity import PlasticityRule
from engram.stimulus import EncodingStrategy, StimulusEncoder
from engram.synapses import Neurotransmitter

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

INPUTS, LENGTH, JITTER, MISSING = 100, 50.0, 3.0, 0.1
"""Input neurons; length of a pattern, ms; standard deviation of spike times, ms; lost spikes."""

LATEST = 50.0
"""Where it is said, patterns begin at any time up to this one, ms."""

LONGEST, STEPS = 50.0, 160
"""Longest delay, ms; steps of a presentation."""

TOTAL, STRONG = 90.0, 10
"""Sum of a cell's incoming weights, mV, and how many of the greatest weights make it up."""

BLOCK = 50
"""Presentations between two changes of the rates of learning."""


@dataclass(frozen=True)
class Size:
    """How much of everything."""

    pairs: int = 5
    cells: int = 60
    group: int = 6
    unlabelled: int = 1500
    labelled: int = 5
    rewarded: int = 2000
    tests: int = 500


FULL = Size()
QUICK = Size(pairs=2, cells=30, group=6, unlabelled=400, labelled=5, rewarded=400, tests=100)


def templates(pairs: int, random: np.random.Generator) -> Floats:
    """Spike times of `pairs` patterns, then of each of them reversed, (2 pairs, INPUTS), ms.

    Each neuron fires once, at one of INPUTS evenly spaced times: neither the counts nor the rate of
    all neurons together tell one from another.
    """
    places = np.array([random.permutation(INPUTS) for _ in range(pairs)])
    forward = (places + 0.5) * (LENGTH / INPUTS)
    return np.concatenate([forward, LENGTH - forward])


def samples(patterns: Floats, n: int, random: np.random.Generator) -> tuple[Floats, Ints]:
    """`n` samples, spike times with inf for a lost one, and their classes, in random order."""
    classes = random.permutation(np.arange(n) % len(patterns))
    times = patterns[classes] + random.normal(0.0, JITTER, (n, INPUTS))
    times = np.clip(times, 0.0, LENGTH - 1e-3)
    times[random.random(times.shape) < MISSING] = np.inf
    return times, classes


def at_any_time(times: Floats, random: np.random.Generator) -> Floats:
    """The same samples, each beginning at a time of its own."""
    return times + random.uniform(0.0, LATEST, (len(times), 1))


def binned(times: Floats, width: float) -> Floats:
    """Spikes of each neuron in each bin, (n, INPUTS x bins)."""
    edges = np.arange(0.0, LENGTH + LATEST + width / 2, width)
    inside = [(times >= a) & (times < b) for a, b in itertools.pairwise(edges)]
    return np.concatenate(inside, axis=1).astype(np.float64)


# -- the network


def network(
    seed: int, cells: int, rule: PlasticityRule, *, delays: bool = True, group: int = 1
) -> Brain:
    """Inputs that fire at given times, and cells that inhibit all others but those of their group.

    Every input reaches every cell, by delays between 1 ms and LONGEST (or all of 1 ms).
    """
    brain = Brain(seed=seed)
    brain.freeze_structural_plasticity()
    brain.freeze_homeostatic_scaling()
    brain.disable_memory()
    brain.encoder = StimulusEncoder(
        EncodingStrategy.TEMPORAL, max_current=1e4, cycle=STEPS * brain.dt
    )
    units = {"E_L": 0.0, "v_reset": 0.0, "v_th": 15.0}
    # An input fires as soon as it is driven, and then no more.
    once = CurrentLIF(t_ref=1e4, **units)
    cell = CurrentLIF(tau_m=8.0, tau_exc=3.0, tau_inh=3.0 if group == 1 else 5.0, **units)
    for name, kind, n, model in (
        ("input", RegionType.SENSORY, INPUTS, once),
        ("cells", RegionType.ASSOCIATION, cells, cell),
    ):
        brain.add_region(
            name, kind, n, connectivity=0.0, max_neurons=n, model=model, excitatory=1.0, rule=None
        )
    path = brain.connect_regions(
        "input",
        "cells",
        wiring="all_to_all",
        weights=Uniform(0.5, 1.5),
        w_max=TOTAL / STRONG,
        delays=Uniform(1.0, LONGEST) if delays else 1.0,
        rule=rule,
    )
    path.normalize(TOTAL)
    region = brain.regions["cells"]
    number = np.arange(cells) // group
    pre, post = np.nonzero(number[:, np.newaxis] != number)
    region.add_synapses(pre, post, 30.0 * (1 if group == 1 else 2), 1.0, Neurotransmitter.GABA)
    region.theta[:] = -11.0
    region.tau_theta = 1e9
    return brain


def show(brain: Brain, times: Floats) -> Ints:
    """Spikes of the cells for one sample, from rest."""
    brain.reset_state()
    values = np.where(np.isfinite(times), 1.0 - (np.floor(times) + 0.5) / STEPS, 0.0)
    return brain.present("input", values, STEPS)["cells"]


def answers(brain: Brain, times: Floats) -> Ints:
    """Spikes of the cells for each sample; nothing is learned, and the brain stays as it is."""
    twin = brain.copy()
    twin.freeze_plasticity()
    twin.freeze_adaptive_thresholds()
    return np.array([show(twin, t) for t in times])


def adapt(brain: Brain, done: float, spikes: float) -> None:
    """Thresholds aim at so many spikes of all cells together; their steps shrink by and by."""
    region = brain.regions["cells"]
    region.theta_plus = 0.1**done
    brain.homeostasis.theta_rate = 1000.0 * spikes / (region.n_neurons * STEPS * brain.dt)


def listen(brain: Brain, times: Floats) -> None:
    """Learn samples without labels."""
    path = brain.get_projection("input", "cells")
    rule = path.rule
    assert isinstance(rule, TraceSTDP)
    for k, sample in enumerate(times):
        if k % BLOCK == 0:
            adapt(brain, k / len(times), spikes=5.0)
            rule.eta = 0.5 * 0.1 ** (k / len(times))
        fired = np.flatnonzero(show(brain, sample))
        if len(fired):
            path.normalize(TOTAL, neurons=fired)


def choice(spikes: Ints, group: int) -> Ints:
    """The class whose cells fire most; -1 if there is none, or several."""
    counts = spikes.reshape(len(spikes), -1, group).sum(axis=2)
    best = counts.argmax(axis=1)
    most = counts.max(axis=1)
    alone = (counts == most[:, np.newaxis]).sum(axis=1) == 1
    return np.where(alone, best, -1)


def obey(brain: Brain, times: Floats, classes: Ints, group: int) -> None:
    """Learn by reward: dopamine is 1 for a right answer and 0 for a wrong one, less what it was
    on average."""
    path = brain.get_projection("input", "cells")
    target = Brain.projection_target("input", "cells")
    expected = 1.0 / (classes.max() + 1)
    for k, (sample, wanted) in enumerate(zip(times, classes, strict=True)):
        done = k / len(times)
        if k % BLOCK == 0:
            adapt(brain, done, spikes=5.0)
        brain.reset_traces()
        spikes = show(brain, sample)
        got = float(choice(spikes[np.newaxis], group)[0] == wanted)
        amount = 40.0 * 0.2**done * (got - expected)
        if amount > 0:
            brain.reward(amount, target)
        else:
            brain.punish(-amount, target)
        brain.run(20, progress=False)
        expected += 0.01 * (got - expected)
        fired = np.flatnonzero(spikes)
        if len(fired):
            path.normalize(TOTAL, neurons=fired)


def unsupervised_rule() -> TraceSTDP:
    """STDP at postsynaptic spikes: what arrived just before grows, the rest shrinks."""
    return TraceSTDP(eta=0.5, x_tar=0.3, tau_plus=8.0, bounds="both")


def reward_rule() -> RewardSTDP:
    """STDP that waits for dopamine."""
    return RewardSTDP(
        A_plus=1.0,
        A_minus=0.5,
        tau_plus=8.0,
        tau_minus=20.0,
        tau_eligibility=500.0,
        dopamine_decay=5.0,
        baseline_dopamine=0.0,
    )


# -- the experiment

WIDTHS = {"counts": LENGTH + LATEST, "bins": 5.0}
"""Of the bins the arms without a network see, ms; one bin holds nothing but counts."""


def perceptron(seed: int, x: Floats, y: Ints, tests: Floats) -> Ints:
    """Answers of a multi-layer perceptron."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)
        model = MLPClassifier((100,), max_iter=200, random_state=seed).fit(x, y)
    return np.asarray(model.predict(tests), np.int64)


def read_out(x: Any, labels: Ints, tests: Any) -> Ints:
    """Answers of naive Bayes on counts; -1: silence."""
    return np.asarray(PoissonBayes().fit(x, labels).answers(tests), np.int64)


def backward(said: Ints, truth: Ints) -> float:
    """Per cent of answers that name the reversed pattern."""
    pairs = (truth.max() + 1) // 2
    return 100.0 * float(((said != truth) & (said >= 0) & (said % pairs == truth % pairs)).mean())


def without_network(
    out: Tally, label: str, seed: int, lessons: tuple[Floats, Ints], tests: tuple[Floats, Ints]
) -> None:
    """The arms that have no network."""
    (seen, y), (times, truth) = lessons, tests
    for name, width in WIDTHS.items():
        x, z = binned(seen, width), binned(times, width)
        out.add(f"{label}{name}, read-out", read_out(x, y, z) == truth)
        out.add(f"{label}{name}, MLP", perceptron(seed, x, y, z) == truth)
    for name, free in (("nearest mean", False), ("nearest mean, moved", True)):
        said = NearestLatencies(free).fit(seen, y).predict(times)
        out.add(f"{label}{name}", said == truth)


def trial(seed: int, quick: bool) -> dict[str, Any]:
    """All arms from one seed; per cent of the test samples."""
    size = QUICK if quick else FULL
    random = np.random.default_rng([6, seed])
    patterns = templates(size.pairs, random)
    unlabelled = samples(patterns, size.unlabelled, random)[0]
    shown, labels = samples(patterns, size.labelled * len(patterns), random)
    seen, wanted = samples(patterns, size.rewarded, random)
    times, truth = samples(patterns, size.tests, random)
    later = at_any_time(shown, random), at_any_time(times, random)
    out = Tally()
    out.figures["chance"] = 100.0 / len(patterns)

    def ask(name: str, brain: Brain, examples: Floats, tests: Floats) -> Ints:
        said = read_out(answers(brain, examples), labels, answers(brain, tests))
        out.add(name, said == truth)
        return said

    brain = network(seed, size.cells, unsupervised_rule())
    ask("untrained", brain, shown, times)
    ask("any time: untrained", brain, *later)
    listen(brain, unlabelled)
    said = ask("network", brain, shown, times)
    out.figures["network: named the reversal"] = backward(said, truth)
    ask("any time: network", brain, *later)
    at_once = network(seed, size.cells, unsupervised_rule(), delays=False)
    listen(at_once, unlabelled)
    said = ask("no delays", at_once, shown, times)
    out.figures["no delays: named the reversal"] = backward(said, truth)
    without_network(out, "", seed, (shown, labels), (times, truth))
    without_network(out, "any time: ", seed, (later[0], labels), (later[1], truth))
    rewarded(out, seed, size, (seen, wanted), (times, truth))
    return out.result(f"seed {seed}")


def rewarded(
    out: Tally, seed: int, size: Size, lessons: tuple[Floats, Ints], tests: tuple[Floats, Ints]
) -> None:
    """The arms that learn by reward, or from as many labels."""
    (seen, wanted), (times, truth) = lessons, tests
    motor = network(seed, 2 * size.pairs * size.group, reward_rule(), group=size.group)
    twin = motor.copy()

    def ask(name: str, brain: Brain) -> None:
        out.add(name, choice(answers(brain, times), size.group) == truth)

    ask("reward: untrained", motor)
    obey(motor, seen, wanted, size.group)
    ask("reward: network", motor)
    obey(twin, seen, np.random.default_rng(seed).permutation(wanted), size.group)
    ask("reward: at random", twin)
    without_network(out, "reward: ", seed, lessons, tests)


ARMS = {
    "network": "network, unsupervised",
    "no delays": "the same, no delays",
    "untrained": "network, untrained",
    "bins, MLP": "MLP on 5 ms bins",
    "bins, read-out": "read-out on 5 ms bins",
    "nearest mean": "nearest mean of latencies",
    "counts, MLP": "MLP on counts",
    "counts, read-out": "read-out on counts",
    "any time: network": "any time: network",
    "any time: untrained": "any time: untrained",
    "any time: bins, MLP": "any time: MLP on bins",
    "any time: bins, read-out": "any time: read-out on bins",
    "any time: nearest mean, moved": "any time: nearest mean, moved to fit",
    "reward: network": "network, by reward",
    "reward: at random": "the same, reward at random",
    "reward: untrained": "the same, untrained",
    "reward: bins, MLP": "MLP on bins, 2,000 labels",
    "reward: nearest mean": "nearest mean of latencies, 2,000 labels",
    "reward: counts, MLP": "MLP on counts, 2,000 labels",
}


def draw(trials: Trials, path: Path) -> None:
    """A pattern and its reversal, what the cells answer after learning, and all arms."""
    from matplotlib.figure import Figure

    random = np.random.default_rng([6, 0])
    patterns = templates(FULL.pairs, random)
    figure = Figure(figsize=(13, 5.5), layout="constrained")
    left, middle, right = figure.subplots(1, 3, width_ratios=[1, 1, 1.3])
    order = patterns[0].argsort()
    for k, color, label in ((0, "tab:blue", "a pattern"), (FULL.pairs, "tab:red", "its reversal")):
        for sample, jitter in enumerate(random.normal(0.0, JITTER, (3, INPUTS))):
            times = (patterns[k] + jitter)[order]
            named = None if sample else label
            left.plot(times, np.arange(INPUTS), ".", color=color, ms=3, label=named)
    left.set(xlabel="ms", ylabel="input neuron", title="three samples of each; every neuron once")
    left.legend(loc="upper center", fontsize=8)

    brain = network(0, FULL.cells, unsupervised_rule())
    listen(brain, samples(patterns, FULL.unlabelled, random)[0])
    times, classes = samples(patterns, 100, random)
    spikes = answers(brain, times)
    means = np.array([spikes[classes == c].mean(axis=0) for c in range(len(patterns))])
    image = middle.imshow(means[:, means.argmax(axis=0).argsort()], aspect="auto", cmap="magma")
    figure.colorbar(image, ax=middle, label="spikes", shrink=0.6)
    middle.set(xlabel="cell, sorted", ylabel="pattern", title="answers after learning (seed 0)")

    colors = {name: "tab:green" for name in ARMS if name.endswith("network")}
    bars(right, trials, ARMS, colors)
    right.axvline(100.0 / len(patterns), color="k", lw=0.5, ls=":")
    right.axvline(95.0, color="tab:green", lw=0.5, ls=":")
    right.set(xlabel="% right", title=f"{len(trials)} seeds, 95 % intervals")
    figure.savefig(path, dpi=110)


EXPERIMENT = Experiment(
    name="spike_times",
    title="Time: patterns in which only the times differ",
    stated="before",
    stated_in="b91a5ca",
    front=Front("ten patterns of spike times", "network", f"{FULL.labelled} a class"),
    rivals=(
        Rival("nearest mean of latencies", "network", "nearest mean", margin=1.0),
        Rival(
            "any time: nearest mean of latencies, moved to fit",
            "any time: network",
            "any time: nearest mean, moved",
            margin=1.0,
        ),
        Rival(
            "reward: nearest mean of latencies, labels",
            "reward: network",
            "reward: nearest mean",
            margin=1.0,
        ),
        Rival("naive Bayes on binned spikes", "network", "bins, read-out"),
        Rival("MLP on binned spikes", "network", "bins, MLP"),
        Rival("any time: naive Bayes on bins", "any time: network", "any time: bins, read-out"),
        Rival("any time: MLP on bins", "any time: network", "any time: bins, MLP"),
        Rival("reward: naive Bayes on bins, labels", "reward: network", "reward: bins, read-out"),
    ),
    hypothesis=(
        "cells with delays that learn by STDP and inhibit each other come to stand for single "
        "spatio-temporal patterns, without labels or by reward alone, at 95 % or more; a "
        "perceptron on spike counts stays at chance; without delays a pattern is confused with its "
        "reversal; where patterns begin at any time, the network is ahead of a perceptron on "
        "binned spikes with the same labels, since delays do not care when a pattern begins."
    ),
    protocol=(
        f"Ten classes: five random patterns of {INPUTS} neurons in {LENGTH:g} ms and their "
        f"reversals; each neuron fires once, at evenly spaced times; in a sample each spike is "
        f"moved by {JITTER:g} ms (sd) and lost with probability {MISSING:g}. Counts and the rate "
        f"of the population are the same for all classes. Unsupervised: {FULL.unlabelled:,} "
        f"samples without labels, then {FULL.labelled} labelled samples of each class for the "
        f"read-out (naive Bayes on spike counts, the same for the network and the raw input). "
        f"Reward: {FULL.rewarded:,} samples, six cells for each class, the answer is the class "
        f"that fires most (silent or tied: wrong), dopamine is the reward less its running mean, "
        f"no teacher. Perceptrons: 100 hidden units, the same labels. {FULL.tests} test samples, "
        f"seen once, with nothing learned meanwhile. 'Any time': labelled and test samples begin "
        f"at a random time up to {LATEST:g} ms; the network learned aligned ones. Figures are per "
        "cent right. Constants were chosen, and the hypothesis written, on seeds from 100 on. "
        "Nearest mean: of each input's spike time, over the labelled samples of a class, lost "
        "spikes left out; 'moved': each sample is first moved in time so that it fits a class "
        "best (so it sees exact times, which the network doesn't). It was not tuned: it has "
        "nothing to tune. The task is easy without any network: a plain read-out of bins does it "
        "where patterns are aligned, and the nearest mean wherever they begin. So the figures say "
        "that cells can learn this by local rules, not that it takes them."
    ),
    trial=trial,
    draw=draw,
    claims=(
        Claim("unsupervised: at least 95 %", "network", 95.0),
        Claim("reward: at least 95 %", "reward: network", 95.0),
        Claim("counts say nothing: MLP within 5 points of chance", "chance", "counts, MLP", -5.0),
        Claim("counts say nothing with 2,000 labels either", "chance", "reward: counts, MLP", -5.0),
        Claim("learning matters: trained above untrained", "network", "untrained", 10.0, True),
        Claim("delays matter", "network", "no delays", 5.0, True),
        Claim(
            "without delays reversals are confused",
            "no delays: named the reversal",
            "network: named the reversal",
            5.0,
            True,
        ),
        Claim("reward matters", "reward: network", "reward: at random", 50.0, True),
        Claim(
            "exploratory: not behind the nearest mean of latencies",
            "network",
            "nearest mean",
            0.0,
            True,
        ),
        Claim(
            "exploratory: reward: not behind the nearest mean of latencies",
            "reward: network",
            "reward: nearest mean",
            0.0,
            True,
        ),
        Claim(
            "exploratory: any time: not behind the nearest mean, moved to fit",
            "any time: network",
            "any time: nearest mean, moved",
            0.0,
            True,
        ),
        Claim(
            "any time: ahead of the MLP on bins",
            "any time: network",
            "any time: bins, MLP",
            0.0,
            True,
        ),
    ),
    quick_claims=(
        Claim("unsupervised: at least 90 %", "network", 90.0),
        Claim("reward: at least 90 %", "reward: network", 90.0),
        Claim("learning matters", "network", "untrained", 5.0),
        Claim("delays matter", "network", "no delays", 5.0),
        Claim("reward matters", "reward: network", "reward: at random", 30.0),
    ),
    quick_seeds=1,
)


if __name__ == "__main__":
    sys.exit(EXPERIMENT.main())
