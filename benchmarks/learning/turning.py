"""Turning: digits turn slowly, nobody says what they are, and the circuit keeps up with them.

    python -m benchmarks.learning.turning [--seeds 5] [--quick]

The read-out stays as it is. The circuit goes on learning, its answers feeding back to it.
"""

from __future__ import annotations

import copy
import sys
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from sklearn.neural_network import MLPClassifier

from benchmarks.learning.adaptation import best_perceptron, slowly_turned, turned
from benchmarks.learning.drawing import bars, curves
from benchmarks.learning.experiment import Claim, Experiment, Trials
from benchmarks.learning.lifelong import (
    Floats,
    Labels,
    Pictures,
    Profiles,
    annealed,
    answer,
    circuit,
    expected_spikes,
    pictures,
    right,
    set_rate,
)
from engram import Competition

NEURONS, LEARNED, LABELLED = 200, 3000, 1000
QUICK_NEURONS, QUICK_LEARNED = 100, 800
LENGTHS = (2000, 4000, 8000)
QUICK_LENGTHS = (600,)
ANGLE = 30.0
ETA = 0.02
FEEDBACK, INHIBITION = 5.0, 5.0
"""Of thresholds by the answer, mV; between neurons while they live on, as weak as in answers."""

MARGIN = 0.1
"""By how much of all that speaks for any class the best has to be ahead of the next best."""

BALANCE = 0.01
CHUNK = 20


def evidence(scores: Floats) -> Floats:
    """The share of each class in all that speaks for any."""
    shares: Floats = scores / np.maximum(scores.sum(axis=1, keepdims=True), 1e-9)
    return shares


class Habit:
    """Classes answered more often than others lately have to be more certain."""

    def __init__(self) -> None:
        self._bias = np.zeros(10)

    def decide(self, shares: Floats) -> tuple[NDArray[np.int64], NDArray[np.bool_]]:
        """The class of each picture, and whether it is far enough ahead to learn from."""
        corrected = shares - self._bias
        best = np.sort(corrected, axis=1)
        classes = corrected.argmax(axis=1)
        often = np.bincount(classes, minlength=10)
        self._bias += BALANCE * (often - 0.1 * len(classes))
        return classes, best[:, -1] - best[:, -2] >= MARGIN


def live(
    net: Competition, reader: Profiles, stream: Pictures, feedback: float, eta: float = ETA
) -> Competition:
    """A twin that has lived through a stream.

    It answers each picture. While it learns it, the thresholds of neurons are lower the more they
    speak for the class that was answered: theta_i - feedback p_ci, with p the read-out's profiles.
    """
    twin, habit = net.copy(), Habit()
    set_rate(twin, eta)
    twin.theta_plus, twin.inhibition = 0.0, INHIBITION
    for first in range(0, len(stream), CHUNK):
        some = stream[first : first + CHUNK]
        counts = answer(twin, some, first + np.arange(len(some)))
        classes, clear = habit.decide(evidence(reader.class_scores(counts)))
        for k in np.flatnonzero(clear):
            help_ = feedback * reader.profiles_[classes[k]]
            twin.theta[:] -= help_
            twin.learn(some[k : k + 1])
            twin.theta[:] += help_
    return twin


def self_trained(model: MLPClassifier, stream: Pictures) -> MLPClassifier:
    """A perceptron that learns its own answers to a stream, those of which it is certain."""
    twin, habit = copy.deepcopy(model), Habit()
    for first in range(0, len(stream), CHUNK):
        some = stream[first : first + CHUNK] / 255.0
        classes, clear = habit.decide(twin.predict_proba(some))
        if clear.any():
            twin.partial_fit(some[clear], classes[clear])
    return twin


def trial(seed: int, quick: bool) -> dict[str, float]:
    """All arms on the same pictures."""
    data = pictures(seed, quick, test=1000)
    n = QUICK_LEARNED if quick else LEARNED
    seen = data.X[:n]
    X, y = seen[:LABELLED], data.y[: min(n, LABELLED)]
    net = circuit(seed, X.shape[1], QUICK_NEURONS if quick else NEURONS, theta=-4.0)
    fresh = net.copy()
    annealed(net, seen)

    def reader_of(one: Competition) -> Profiles:
        reader: Profiles = Profiles().fit(answer(one, X, np.arange(len(X))), y)
        return reader

    def score(one: Competition, reader: Profiles, tests: Pictures) -> float:
        return right(reader, answer(one, tests, 1_000_000 + np.arange(len(tests))), truth)

    truth: Labels = data.y_test
    clean, test = data.X_test, turned(data.X_test, ANGLE)
    reader, raw = reader_of(net), Profiles().fit(expected_spikes(X), y)
    mlp = best_perceptron(seed, data, X, y)
    out = {
        "clean: network": score(net, reader, clean),
        "clean: MLP": 100.0 * float(mlp.score(clean / 255.0, truth)),
        "frozen": score(net, reader, test),
        "MLP, frozen": 100.0 * float(mlp.score(test / 255.0, truth)),
        "raw input": right(raw, expected_spikes(test), truth),
        "untrained": score(fresh, reader_of(fresh), test),
    }
    lost = max(out["clean: network"] - out["frozen"], 1e-9)
    lengths = QUICK_LENGTHS if quick else LENGTHS
    for length in lengths:
        later = data.X[:length] if quick else data.X[n : n + length]
        stream = slowly_turned(later, ANGLE)
        arms = {"living": score(live(net, reader, stream, FEEDBACK), reader, test)}
        if length == lengths[-1]:
            mixed = np.random.default_rng([12, seed]).permutation(stream)
            arms |= {
                "no feedback": score(live(net, reader, stream, 0.0), reader, test),
                "no plasticity": score(live(net, reader, stream, FEEDBACK, 0.0), reader, test),
                "angles mixed": score(live(net, reader, mixed, FEEDBACK), reader, test),
                "turned at once": score(
                    live(net, reader, turned(later, ANGLE), FEEDBACK), reader, test
                ),
                "MLP, self-trained": 100.0 * float(
                    self_trained(mlp, stream).score(test / 255.0, truth)
                ),
            }  # fmt: skip
        out |= {f"{length}: {arm}": value for arm, value in arms.items()}
        out[f"{length}: regained, %"] = 100.0 * (arms["living"] - out["frozen"]) / lost
    return out


LAST = LENGTHS[-1]
ARMS = {
    "clean: network": "network, upright digits", "clean: MLP": "MLP, upright digits",
    f"{LAST}: living": "living, with feedback", f"{LAST}: no feedback": "living, without feedback",
    f"{LAST}: no plasticity": "feedback, without plasticity",
    f"{LAST}: angles mixed": "living, angles mixed",
    f"{LAST}: turned at once": "living, turned at once", "frozen": "network, frozen",
    "untrained": "network, untrained", "raw input": "read-out on pixels",
    f"{LAST}: MLP, self-trained": "MLP, self-trained", "MLP, frozen": "MLP, frozen",
}  # fmt: skip


def draw(trials: Trials, path: Path) -> None:
    """Accuracy against the pictures that the turn takes, and all arms at its slowest."""
    from matplotlib.figure import Figure

    figure = Figure(figsize=(11, 4.5), layout="constrained")
    left, right_ = figure.subplots(1, 2, width_ratios=[1, 1.3])
    same = len(LENGTHS)
    curves(left, trials, LENGTHS, {
        "living": [f"{n}: living" for n in LENGTHS], "frozen": ["frozen"] * same,
        "upright digits": ["clean: network"] * same,
    })  # fmt: skip
    left.set(xlabel=f"pictures while digits turn by {ANGLE:.0f} degrees", ylabel="% right",
             title=f"{len(trials)} seeds, 95 % intervals")  # fmt: skip
    bars(right_, trials, ARMS, {f"{LAST}: living": "tab:green"})
    right_.set(xlabel="% right, turned digits", title=f"after {LAST:,} pictures", xlim=(0, 100))
    figure.savefig(path, dpi=110)


EXPERIMENT = Experiment(
    name="turning",
    title="Turning: digits that turn slowly, without labels",
    hypothesis=(
        f"a circuit whose answers feed back to it keeps up with digits that turn by {ANGLE:.0f} "
        f"degrees over {LAST:,} pictures: it regains about half of what a frozen one loses (on "
        "average, not on every seed), while one that gets the same pictures in mixed order, or "
        "turned at once, regains less; "
        "feedback and plasticity are both needed. Over 2,000 pictures it is better than frozen, "
        "too, but not by half."
    ),
    protocol=(
        f"MNIST; circuit, read-out, perceptron and labels as in the experiment on adaptation: "
        f"{NEURONS} neurons, {LEARNED:,} pictures, {LABELLED:,} labels. Then {LENGTHS[0]:,}, "
        f"{LENGTHS[1]:,} or {LAST:,} other pictures without labels, which turn a little more every "
        f"twenty, to {ANGLE:.0f} degrees after three quarters. The circuit answers each picture; "
        "while it learns it, thresholds of neurons are lower the more they speak for the class "
        "that was answered (feedback; self-training, not STDP alone). Pictures without a clear "
        "answer are not learned; classes answered often lately have to be clearer. The read-out "
        "stays. 1,000 test pictures (every tenth) at the final angle, answered with learning and "
        "feedback off. The self-trained perceptron learns its own clear answers to the same "
        "stream, with the same balance. Figures are per cent right; regained: share of the "
        "accuracy lost between upright and turned digits. Chosen on held-out training pictures "
        "and other seeds, by about 65 settings on two seeds and seven on four others: STDP alone, "
        "thresholds held, regained at most 11 % over 2,000 pictures; feedback 45 and 52 % (two "
        "seeds), from true labels 43 to 74 %; over "
        "8,000, feedback of 3 regained 62, 59, 64 and 32 % (four seeds) and of 5, with weak "
        "inhibition, 72, 45, 37 and 41 % (four; better on the two that both were tried on). "
        "A read-out that learns, too, made it worse. On scikit-learn's small digits these "
        "settings lose to a frozen circuit; the best of seven others was half a point above it "
        "on average (three seeds, 45.9 and 45.4)."
    ),
    trial=trial,
    draw=draw,
    claims=(
        Claim(f"{LAST}: half regained", f"{LAST}: regained, %", 50.0),
        Claim("2000: half regained", "2000: regained, %", 50.0),
        Claim("2000: living above frozen", "2000: living", "frozen", 0.0, True),
        Claim("living above the frozen MLP", f"{LAST}: living", "MLP, frozen", 0.0, True),
        Claim("living above the self-trained MLP", f"{LAST}: living", f"{LAST}: MLP, self-trained",
              0.0, True),
        Claim("slow above mixed", f"{LAST}: living", f"{LAST}: angles mixed", 0.0, True),
        Claim("slow above at once", f"{LAST}: living", f"{LAST}: turned at once", 0.0, True),
        Claim("feedback matters", f"{LAST}: living", f"{LAST}: no feedback", 0.0, True),
        Claim("plasticity matters", f"{LAST}: living", f"{LAST}: no plasticity", 0.0, True),
        Claim("learning had mattered", f"{LAST}: living", "untrained", 0.0, True),
        Claim("above the same read-out on the raw input", f"{LAST}: living", "raw input", 0.0,
              True),
    ),
    # On the small digits, with these settings, a living circuit falls below a frozen one; so the
    # small version claims no more than that feedback and earlier learning matter.
    quick_claims=(
        Claim("feedback matters", "600: living", "600: no feedback", 5.0),
        Claim("learning had mattered", "600: living", "untrained", 10.0),
    ),
    quick_seeds=1,
)  # fmt: skip


if __name__ == "__main__":
    sys.exit(EXPERIMENT.main())
