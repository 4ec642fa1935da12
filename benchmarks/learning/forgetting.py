"""Forgetting: classes that come one after the other, once, with no image kept.

    python -m benchmarks.learning.forgetting [--seeds 5] [--quick]

The circuit learns without labels; its read-out counts, class by class, the spikes that each image
causes when it is there. Neurons become less plastic the more they have fired
(`ConsolidatedCircuit`).
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from itertools import product
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from benchmarks.learning.answers import Tally
from benchmarks.learning.drawing import bars, curves, interval
from benchmarks.learning.experiment import Claim, Experiment, Front, Rival, Trials
from benchmarks.learning.lifelong import (
    CLASSES,
    PRIOR,
    RATES,
    Data,
    Images,
    Labels,
    answer,
    circuit,
    expected_spikes,
    images,
    perceptron,
)
from benchmarks.learning.rivals import StreamingLDA, best, unit
from engram.learn import ClassProfiles, ConsolidatedCircuit, PoissonBayes

PAIRS = tuple((c, c + 1) for c in range(0, 10, 2))
HALVES = ((0, 1, 2, 3, 4), (5, 6, 7, 8, 9))
NEURONS, PER_CLASS, CONSTANCY = 200, 250, 100.0
QUICK_NEURONS, QUICK_PER_CLASS = 100, 60
BATCH = 10

SHRINKAGES = (0.003, 0.01, 0.03, 0.1, 0.3)
FORMS: dict[str, Callable[[NDArray[Any]], NDArray[np.float64]]] = {
    "as they are": lambda x: np.asarray(x, np.float64),
    "roots": lambda x: np.sqrt(np.asarray(x, np.float64)),
    "length 1": unit,
}
"""What streaming LDA is tried with: shrinkage, and what is made of its inputs."""

Numbers = list[Labels]


def tasks(data: Data, groups: tuple[tuple[int, ...], ...], per_class: int) -> Numbers:
    """Numbers of the images of each task, in the order in which they come."""
    out = []
    for group in groups:
        wanted = [np.flatnonzero(data.y == c)[:per_class] for c in group]
        out.append(np.sort(np.concatenate(wanted)))
    return out


class Discriminants:
    """Streaming LDA in several forms, of which the one that is best on held-out images answers."""

    def __init__(self) -> None:
        self.forms = {name: StreamingLDA() for name in FORMS}

    def partial_fit(self, X: NDArray[Any], y: Labels) -> None:
        """Learn from some more samples."""
        for name, model in self.forms.items():
            model.partial_fit(FORMS[name](X), y)

    def answers(self, held: NDArray[Any], y_held: Labels, X: NDArray[Any]) -> Labels:
        """Answers, of the form and shrinkage that are best on what is held out."""

        def said(setting: tuple[str, float], rows: NDArray[Any]) -> Labels:
            name, shrinkage = setting
            return self.forms[name].with_shrinkage(shrinkage).predict(FORMS[name](rows))

        def score(setting: tuple[str, float]) -> float:
            return float((said(setting, held) == y_held).mean())

        return said(best(product(FORMS, SHRINKAGES), score), X)


class Network:
    """The circuit and its read-out."""

    def __init__(
        self, seed: int, data: Data, quick: bool, constancy: float = CONSTANCY, learns: bool = True
    ) -> None:
        neurons = QUICK_NEURONS if quick else NEURONS
        self.data, self.learns = data, learns
        self.net = ConsolidatedCircuit(circuit(seed, data.X.shape[1], neurons), constancy)
        self.decoder = ClassProfiles(PRIOR)
        self.discriminants = Discriminants()
        self.seen = 0

    def task(self, numbers: Labels) -> None:
        """Learn each image, then answer it once for the read-out's sake, and forget it."""
        for first in range(0, len(numbers), 50):
            part = numbers[first : first + 50]
            if self.learns:
                self.net.learn(self.data.X[part])
            keys = self.seen + np.arange(len(part))
            counts = answer(self.net.circuit, self.data.X[part], keys)
            self.decoder.partial_fit(counts, self.data.y[part], CLASSES)
            self.discriminants.partial_fit(counts, self.data.y[part])
            self.seen += len(part)

    def code(self, X: Images) -> NDArray[np.int32]:
        """Spikes at test images."""
        return answer(self.net.circuit, X, 1_000_000 + np.arange(len(X)))

    def predict(self, X: Images) -> Labels:
        """Answers to test images; -1: silence."""
        return self.decoder.answers(self.code(X))


class Raw:
    """The same read-out on the raw input."""

    def __init__(self, data: Data, decoder: ClassProfiles | PoissonBayes) -> None:
        self.data, self.decoder = data, decoder

    def task(self, numbers: Labels) -> None:
        """Add to the statistics."""
        self.decoder.partial_fit(
            expected_spikes(self.data.X[numbers]), self.data.y[numbers], CLASSES
        )

    def predict(self, X: Images) -> Labels:
        """Answers."""
        return self.decoder.answers(expected_spikes(X))


class Perceptron:
    """One hidden layer by backpropagation; with replay, each batch comes with as many old images
    of each earlier task."""

    def __init__(self, seed: int, data: Data, rate: float, replay: bool = False) -> None:
        self.data, self.replay = data, replay
        self.model = perceptron(seed, rate)
        self.random = np.random.default_rng([8, seed])
        self.kept: Numbers = []

    def task(self, numbers: Labels) -> None:
        """One pass in small batches."""
        for first in range(0, len(numbers), BATCH):
            batch = numbers[first : first + BATCH]
            if self.replay:
                old = [self.random.choice(k, BATCH) for k in self.kept]
                batch = np.concatenate([batch, *old])
            x, y = self.data.X[batch] / 255.0, self.data.y[batch]
            self.model.partial_fit(x, y, classes=CLASSES)
        self.kept.append(numbers)

    def predict(self, X: Images) -> Labels:
        """Answers."""
        return np.asarray(self.model.predict(X / 255.0))


Learner = Network | Raw | Perceptron


def live(
    learner: Learner,
    data: Data,
    groups: tuple[tuple[int, ...], ...],
    per_class: int,
    follow: bool = False,
) -> tuple[NDArray[np.bool_], list[float], list[float]]:
    """Learn all tasks; what is right in the end, and accuracy on each task after it and then, %."""
    after = []
    for group, numbers in zip(groups, tasks(data, groups, per_class), strict=True):
        learner.task(numbers)
        if follow:
            own = np.isin(data.y_test, group)
            after.append(
                100 * float((learner.predict(data.X_test[own]) == data.y_test[own]).mean())
            )
    found = learner.predict(data.X_test) == data.y_test
    end = [100 * float(found[np.isin(data.y_test, group)].mean()) for group in groups]
    return found, after, end


def best_rate(
    seed: int, data: Data, groups: tuple[tuple[int, ...], ...], per_class: int, replay: bool
) -> float:
    """The learning rate with which the perceptron ends best on held-out images of all classes."""

    def held(rate: float) -> float:
        model = Perceptron(seed, data, rate, replay)
        for numbers in tasks(data, groups, per_class):
            model.task(numbers)
        return float((model.predict(data.X_held) == data.y_held).mean())

    return max(RATES, key=held)


def trial(seed: int, quick: bool) -> dict[str, Any]:
    """All arms on the same images."""
    data = images(seed, quick)
    per_class = QUICK_PER_CLASS if quick else PER_CLASS
    tally = Tally()
    out = tally.figures
    for name, groups in (("five tasks", PAIRS), ("two tasks", HALVES)):
        rates = {
            replay: best_rate(seed, data, groups, per_class, replay) for replay in (False, True)
        }
        network = Network(seed, data, quick)
        arms: dict[str, Learner] = {
            "network": network,
            "MLP": Perceptron(seed, data, rates[False]),
            "MLP with replay": Perceptron(seed, data, rates[True], replay=True),
        }
        if name == "five tasks":
            arms["not consolidated"] = Network(seed, data, quick, constancy=np.inf)
            arms["untrained"] = Network(seed, data, quick, learns=False)
        for arm, learner in arms.items():
            follow = arm in ("network", "MLP", "MLP with replay")
            final, after, end = live(learner, data, groups, per_class, follow)
            tally.add(f"{name}: {arm}", final)
            if follow:
                changes = np.array(end[:-1]) - np.array(after[:-1])
                out[f"{name}: {arm}, backward transfer"] = float(changes.mean())
                if name == "five tasks":
                    for k, value in enumerate(end):
                        out[f"{name}: {arm}, task {k + 1} at the end"] = value
        said = network.discriminants.answers(
            network.code(data.X_held), data.y_held, network.code(data.X_test)
        )
        tally.add(f"{name}: streaming LDA on its code", said == data.y_test)
    out["MLP below 25"] = 25.0 - out["five tasks: MLP"]
    mixed = (tuple(range(10)),)
    found = live(Network(seed, data, quick), data, mixed, per_class)[0]
    tally.add("all classes mixed: network", found)
    for label, decoder in (
        ("raw input", ClassProfiles(PRIOR)),
        ("raw input, Bayes", PoissonBayes()),
    ):
        tally.add(label, live(Raw(data, decoder), data, PAIRS, per_class)[0])
    pixels = Discriminants()
    for numbers in tasks(data, PAIRS, per_class):
        pixels.partial_fit(data.X[numbers] / 255.0, data.y[numbers])
    said = pixels.answers(data.X_held / 255.0, data.y_held, data.X_test / 255.0)
    tally.add("streaming LDA on pixels", said == data.y_test)
    return tally.result()


ARMS = {
    "five tasks: network": "network",
    "five tasks: not consolidated": "the same, not consolidated",
    "five tasks: untrained": "network, untrained",
    "all classes mixed: network": "network, no tasks",
    "raw input": "same read-out, raw input",
    "raw input, Bayes": "Bayes, raw input",
    "streaming LDA on pixels": "streaming LDA, pixels",
    "five tasks: streaming LDA on its code": "streaming LDA, network's code",
    "five tasks: MLP": "MLP",
    "five tasks: MLP with replay": "MLP with replay",
    "two tasks: network": "two tasks: network",
    "two tasks: MLP": "two tasks: MLP",
    "two tasks: MLP with replay": "two tasks: MLP with replay",
}


def draw(trials: Trials, path: Path) -> None:
    """All arms at the end, each task at the end, and backward transfer."""
    from matplotlib.figure import Figure

    figure = Figure(figsize=(13, 4.5), layout="constrained")
    left, middle, right_ = figure.subplots(1, 3, width_ratios=[1.4, 1, 0.8])
    colors = {name: "tab:green" for name in ARMS if name.endswith("network")}
    bars(left, trials, ARMS, colors)
    left.axvline(80.0, color="tab:green", lw=0.5, ls=":")
    left.set(xlabel="% right, all ten classes", title=f"at the end, {len(trials)} seeds")
    followed = ("network", "MLP", "MLP with replay")
    curves(
        middle,
        trials,
        range(1, 6),
        {arm: [f"five tasks: {arm}, task {k} at the end" for k in range(1, 6)] for arm in followed},
    )
    middle.set(xlabel="task", ylabel="% right", xticks=range(1, 6), title="each task, at the end")
    for place, arm in enumerate(followed):
        for shift, tasks_ in ((-0.2, "five tasks"), (0.2, "two tasks")):
            mean, half = interval(trials, f"{tasks_}: {arm}, backward transfer")
            right_.bar(
                place + shift,
                mean,
                0.38,
                yerr=half,
                label=tasks_ if not place else None,
                color="tab:blue" if shift < 0 else "tab:orange",
            )
    right_.set_xticks(range(3), followed, fontsize=8)
    right_.axhline(0.0, color="k", lw=0.5)
    right_.set(ylabel="points", title="backward transfer")
    right_.legend(fontsize=8, loc="lower right")
    figure.savefig(path, dpi=110)


EXPERIMENT = Experiment(
    name="forgetting",
    title="Forgetting: classes one after the other, in one pass, no picture kept",
    # The first commit with the hypothesis, 3a10e96, has results, too.
    stated="exploratory",
    front=Front(
        "MNIST, five tasks, one pass, nothing stored", "five tasks: network", f"{10 * PER_CLASS:,}"
    ),
    rivals=(
        Rival("streaming LDA on pixels", "five tasks: network", "streaming LDA on pixels"),
        Rival(
            "streaming LDA on the network's code",
            "five tasks: network",
            "five tasks: streaming LDA on its code",
        ),
        Rival("naive Bayes on the raw input", "five tasks: network", "raw input, Bayes"),
        Rival("MLP that stores pictures", "five tasks: network", "five tasks: MLP with replay"),
    ),
    hypothesis=(
        "local competition, in which what no neuron answers in time recruits fresh neurons and "
        "neurons lose plasticity with use, keeps earlier classes: at least 80 % over all ten "
        "classes after five tasks of two, where a perceptron ends below 25 %; the same circuit "
        "without that loss of plasticity ends lower; the network is ahead of the same read-out on "
        "the raw input, which can't forget either, being nothing but sums of each class."
    ),
    protocol=(
        f"MNIST, {PER_CLASS} training pictures of each class, each shown once, all labelled "
        f"when they are shown; classes 0-1, 2-3, ... 8-9 as five tasks, or 0-4, 5-9 as two; "
        f"at a test all ten classes can be answered, nobody says which task. "
        f"{NEURONS} neurons. After each 50 "
        "pictures these are answered once with learning off, and the spikes added to the sums of "
        "their classes, which are all the read-out has (class profiles). Untrained: the same "
        "with weights and thresholds as they were at first. Perceptron: 200 hidden units, Adam, "
        f"batches of {BATCH}, one pass; replay: each batch comes with {BATCH} stored pictures of "
        "each earlier task. Its learning rate is the one of "
        f"{', '.join(f'{r:g}' for r in RATES)} that ends best on held-out training pictures of "
        "all classes, for each arm and seed. Streaming LDA (Hayes & Kanan 2020): the same pictures "
        "in the same order, a mean for each class and one covariance, no picture kept; on pixels, "
        f"and on the spikes of the same network; best of {len(FORMS) * len(SHRINKAGES)} settings "
        "on the same held-out pictures. 2,000 test pictures (every fifth). Figures are per "
        "cent right; backward transfer: mean change of the accuracy on earlier tasks from right "
        "after each to the end (right after it, fewer classes compete, so some loss is no "
        "forgetting). Constants were chosen on held-out training pictures."
    ),
    trial=trial,
    draw=draw,
    claims=(
        Claim("five tasks: at least 80 %", "five tasks: network", 80.0),
        Claim("five tasks: MLP ends below 25 %", "MLP below 25", 0.0),
        Claim("above the MLP, five tasks", "five tasks: network", "five tasks: MLP", 50.0, True),
        Claim("above the MLP, two tasks", "two tasks: network", "two tasks: MLP", 20.0, True),
        Claim(
            "consolidation matters",
            "five tasks: network",
            "five tasks: not consolidated",
            3.0,
            True,
        ),
        Claim("learning matters", "five tasks: network", "five tasks: untrained", 10.0, True),
        Claim(
            "network above the same read-out on the raw input",
            "five tasks: network",
            "raw input",
            0.0,
            True,
        ),
        Claim(
            "network above Bayes on the raw input",
            "five tasks: network",
            "raw input, Bayes",
            0.0,
            True,
        ),
        Claim(
            "network above streaming LDA on pixels",
            "five tasks: network",
            "streaming LDA on pixels",
            0.0,
            True,
        ),
        Claim(
            "streaming LDA on the network's code above streaming LDA on pixels",
            "five tasks: streaming LDA on its code",
            "streaming LDA on pixels",
            0.0,
            True,
        ),
        Claim(
            "tasks cost at most 3 points against all classes mixed",
            "five tasks: network",
            "all classes mixed: network",
            -3.0,
        ),
        Claim(
            "backward transfer better than the MLP's",
            "five tasks: network, backward transfer",
            "five tasks: MLP, backward transfer",
            30.0,
            True,
        ),
    ),
    quick_claims=(
        Claim("network above MLP, five tasks", "five tasks: network", "five tasks: MLP", 20.0),
        Claim("learning matters", "five tasks: network", "five tasks: untrained", 5.0),
    ),
    quick_seeds=1,
)


if __name__ == "__main__":
    sys.exit(EXPERIMENT.main())
