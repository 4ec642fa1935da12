"""Turning: digits turn slowly, nobody says what they are, and the circuit keeps up with them.

    python -m benchmarks.learning.turning [--seeds 5] [--quick]

The read-out stays as it is. The circuit goes on learning, its answers feeding back to it, with the
head tilted to either side and upright before each image.
"""

from __future__ import annotations

import copy
import sys
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from benchmarks.learning.adaptation import best_perceptron, slowly_turned, turned
from benchmarks.learning.drawing import bars, curves
from benchmarks.learning.experiment import Claim, Experiment, Front, Rival, Trials
from benchmarks.learning.lifelong import (
    ANSWER_INHIBITION,
    PRIOR,
    Images,
    Labels,
    Perceptron,
    annealed,
    answer,
    circuit,
    expected_spikes,
    images,
    right,
    set_rate,
)
from engram import Competition
from engram.learn import ClassProfiles, Conscience, live_on
from engram.learn.self_training import respond_to_views

NEURONS, LEARNED, LABELLED = 200, 3000, 1000
QUICK_NEURONS, QUICK_LEARNED = 100, 800
LENGTHS = (1000, 2000, 4000)
COMPARED, QUICK_LENGTH = 2000, 600
"""Images after which all arms are compared."""

ANGLE = 30.0
TILTS = (-10.0, 0.0, 10.0)
"""Degrees by which the head is tilted for the views of an image."""

ETA, QUICK_ETA = 0.01, 0.003
FEEDBACK, INHIBITION = 5.0, 5.0
"""Of thresholds by the answer, mV; between neurons while they live on, as weak as in answers."""

RIVAL_RATE, RIVAL_PASSES = 0.03, 10
"""Of the self-trained perceptron: its rate, relative to that of its training, and how often it
learns the views of a chunk."""

CHUNK = 20


def views(X: Images, tilts: Sequence[float] = TILTS) -> Images:
    """Images that turn slowly, each as often as the head is tilted: (tilts, images, pixels)."""
    return np.stack([slowly_turned(X, ANGLE, tilt) for tilt in tilts])


def live(
    net: Competition, reader: ClassProfiles, stream: Images, feedback: float, eta: float
) -> Competition:
    """A twin that has lived through a stream of views, see `engram.learn.live_on`."""
    twin = net.copy()
    set_rate(twin, eta)
    twin.theta_plus, twin.inhibition = 0.0, INHIBITION
    live_on(twin, reader, stream, feedback=feedback, inhibition=ANSWER_INHIBITION, chunk=CHUNK)
    return twin


def self_trained(model: Perceptron, stream: Images) -> Perceptron:
    """A perceptron that learns its own answers to the same views, those of which it is certain."""
    twin, conscience = copy.deepcopy(model), Conscience(10, margin=0.25, balance=0.03)
    twin.slow_down(RIVAL_RATE)
    for first in range(0, stream.shape[1], CHUNK):
        looks = stream[:, first : first + CHUNK] / 255.0
        classes, clear = conscience.decide(np.mean([twin.predict_proba(X) for X in looks], axis=0))
        for _ in range(RIVAL_PASSES if clear.any() else 0):
            twin.partial_fit(np.concatenate(looks[:, clear]), np.tile(classes[clear], len(looks)))
    return twin


def trial(seed: int, quick: bool) -> dict[str, float]:
    """All arms on the same images."""
    data = images(seed, quick, test=1000)
    n = QUICK_LEARNED if quick else LEARNED
    shown = data.X[:n]
    X, y = shown[:LABELLED], data.y[: min(n, LABELLED)]
    net = circuit(seed, X.shape[1], QUICK_NEURONS if quick else NEURONS, theta=-4.0)
    fresh = net.copy()
    annealed(net, shown)

    def reader_of(one: Competition) -> ClassProfiles:
        reader: ClassProfiles = ClassProfiles(PRIOR).fit(answer(one, X, np.arange(len(X))), y)
        return reader

    def score(one: Competition, reader: ClassProfiles, *looks: Images) -> float:
        counts = respond_to_views(one, np.stack(looks), 1_000_000, ANSWER_INHIBITION)
        return right(reader, counts, truth)

    truth: Labels = data.y_test
    clean, test = data.X_test, turned(data.X_test, ANGLE)
    reader, raw = reader_of(net), ClassProfiles(PRIOR).fit(expected_spikes(X), y)
    mlp = best_perceptron(seed, data, X, y)

    def perceptron_right(model: Perceptron, tests: Images) -> float:
        return 100.0 * float(model.score(tests / 255.0, truth))

    out = {
        "clean: network": score(net, reader, clean),
        "clean: MLP": perceptron_right(mlp, clean),
        "frozen": score(net, reader, test),
        "frozen, tests tilted": score(
            net, reader, *(turned(data.X_test, ANGLE + tilt) for tilt in TILTS)
        ),
        "MLP, frozen": perceptron_right(mlp, test),
        "raw input": right(raw, expected_spikes(test), truth),
        "untrained": score(fresh, reader_of(fresh), test),
    }
    compared, rate = (QUICK_LENGTH, QUICK_ETA) if quick else (COMPARED, ETA)

    def lived(stream: Images, feedback: float = FEEDBACK, eta: float = rate) -> float:
        return score(live(net, reader, stream, feedback, eta), reader, test)

    def regained(now: str, frozen: str, clean: str) -> float:
        return 100.0 * (out[now] - out[frozen]) / max(out[clean] - out[frozen], 1e-9)

    for length in (QUICK_LENGTH,) if quick else LENGTHS:
        later = data.X[:length] if quick else data.X[n : n + length]
        stream = views(later)
        out[f"{length}: living"] = lived(stream)
        out[f"{length}: regained, %"] = regained(f"{length}: living", "frozen", "clean: network")
        if length == compared:
            order = np.random.default_rng([12, seed]).permutation(length)
            at_once = np.stack([turned(later, ANGLE + tilt) for tilt in TILTS])
            out |= {
                "upright": lived(views(later, [0.0] * len(TILTS))),
                "no feedback": lived(stream, feedback=0.0),
                "no plasticity": lived(stream, eta=0.0),
                "angles mixed": lived(stream[:, order]),
                "turned at once": lived(at_once),
            }
            out["MLP, self-trained"] = perceptron_right(self_trained(mlp, stream), test)
            out["MLP, self-trained: regained, %"] = regained(
                "MLP, self-trained", "MLP, frozen", "clean: MLP"
            )
    return out


LIVING = f"{COMPARED}: living"
ARMS = {
    "clean: network": "network, upright digits",
    "clean: MLP": "MLP, upright digits",
    LIVING: "living: tilts, feedback",
    "upright": "living, head upright",
    "no feedback": "living, without feedback",
    "no plasticity": "without plasticity",
    "angles mixed": "living, angles mixed",
    "turned at once": "living, turned at once",
    "frozen": "network, frozen",
    "frozen, tests tilted": "network, frozen, tests tilted",
    "untrained": "network, untrained",
    "raw input": "read-out on pixels",
    "MLP, self-trained": "MLP, self-trained",
    "MLP, frozen": "MLP, frozen",
}


def draw(trials: Trials, path: Path) -> None:
    """Accuracy against the images that the turn takes, and all arms."""
    from matplotlib.figure import Figure

    figure = Figure(figsize=(11, 4.5), layout="constrained")
    left, right_ = figure.subplots(1, 2, width_ratios=[1, 1.3])
    same = len(LENGTHS)
    curves(
        left,
        trials,
        LENGTHS,
        {
            "living": [f"{n}: living" for n in LENGTHS],
            "frozen": ["frozen"] * same,
            "upright digits": ["clean: network"] * same,
        },
    )
    left.set(
        xlabel=f"images while digits turn by {ANGLE:.0f} degrees",
        ylabel="% right",
        title=f"{len(trials)} seeds, 95 % intervals",
    )
    bars(right_, trials, ARMS, {LIVING: "tab:green"})
    right_.set(xlabel="% right, turned digits", title=f"after {COMPARED:,} images", xlim=(0, 100))
    figure.savefig(path, dpi=110)


EXPERIMENT = Experiment(
    name="turning",
    title="Turning: digits that turn slowly, without labels",
    # 5a63be8 changed the hypothesis together with the results.
    stated="exploratory",
    front=Front("MNIST, a slow turn, no labels", LIVING, f"{LABELLED:,} before, none after"),
    rivals=(Rival("self-trained MLP", LIVING, "MLP, self-trained"),),
    hypothesis=(
        "a circuit that tilts its head to either side as it looks at a picture, and whose answers "
        f"feed back to it, keeps up with digits that turn by {ANGLE:.0f} degrees over "
        f"{COMPARED:,} pictures: it regains at least half of what a frozen one loses. With the "
        "head upright, with the same pictures in mixed order, or turned at once, it regains less "
        "on average, but more than nothing. Feedback and plasticity are needed. A perceptron that "
        "learns its own answers to the same views, ten times each, regains about half, too: on "
        "average a smaller share."
    ),
    protocol=(
        f"MNIST; circuit, read-out, perceptron and labels as in the experiment on adaptation: "
        f"{NEURONS} neurons, {LEARNED:,} pictures, {LABELLED:,} labels. Then {LENGTHS[0]:,}, "
        f"{LENGTHS[1]:,} or {LENGTHS[2]:,} other pictures without labels, which turn a little more "
        f"every twenty, to {ANGLE:.0f} degrees after three quarters. The circuit sees each "
        f"picture with its head tilted by {TILTS[0]:.0f}, {TILTS[1]:.0f} and {TILTS[2]:.0f} "
        "degrees, each view from rest, and answers by the spikes of all three; while it learns "
        "each view, thresholds of neurons are lower the more they speak for the class that was "
        "answered (feedback; self-training, not STDP alone). Pictures without a clear answer are "
        "not learned; classes answered often lately have to be clearer. The read-out stays. 1,000 "
        "test pictures (every tenth) at the final angle, seen once with the head upright, with "
        "learning and feedback off; 'tests tilted': answered by three views, as during life. 'Head "
        "upright': each picture is seen three times as it is instead, answered and learned in the "
        "same way. The "
        "self-trained perceptron learns its own clear answers to the same views; its rate, passes, "
        "margin and balance are the best of 83 settings on three held-out seeds (73 % right there, "
        "where the circuit has 77). An earlier run gave it the circuit's margin and balance, one "
        "pass and its rate of training, with which it fell to 21 %, below the frozen one. "
        "Figures are per cent right; regained: share of the accuracy lost between upright and "
        "turned digits. Chosen by hand on held-out training pictures and other seeds: with the "
        "head upright, seen once, about 130 settings (feedback, rates, inhibition, "
        "margins, balance, looks from several positions, answers of two or three circuits, "
        "learning in stages) regained 48 % over 2,000 pictures at best (means of four seeds), and "
        "70 % where the answers learned from were those of the first circuit to upright "
        "pictures: wrong answers limit it. Tilted, twelve settings regained 53 to 67 % (tilts of "
        "5, 10, 15 degrees; these: 66), on four seeds; the other arms were then seen on those, "
        f"too. On scikit-learn's small digits the rate is {QUICK_ETA:g}, and seeds vary between -6 "
        "and 49 % (four seeds)."
    ),
    trial=trial,
    draw=draw,
    claims=(
        Claim("half regained within 2,000 pictures", f"{COMPARED}: regained, %", 50.0),
        Claim("living above frozen", LIVING, "frozen", 0.0, True),
        Claim("living above frozen, tests tilted", LIVING, "frozen, tests tilted", 0.0, True),
        Claim("upright above frozen", "upright", "frozen", 0.0, True),
        Claim("turned at once above frozen", "turned at once", "frozen", 0.0, True),
        Claim("tilts matter, on average", LIVING, "upright"),
        Claim("slow above at once, on average", LIVING, "turned at once"),
        Claim("slow above mixed, on average", LIVING, "angles mixed"),
        Claim("living above the frozen MLP", LIVING, "MLP, frozen", 0.0, True),
        Claim("living above the self-trained MLP, on average", LIVING, "MLP, self-trained"),
        Claim(
            "a larger share regained than by the self-trained MLP, on average",
            f"{COMPARED}: regained, %",
            "MLP, self-trained: regained, %",
        ),
        Claim("feedback matters", LIVING, "no feedback", 0.0, True),
        Claim("plasticity matters", LIVING, "no plasticity", 0.0, True),
        Claim("learning had mattered", LIVING, "untrained", 0.0, True),
        Claim("above the same read-out on the raw input", LIVING, "raw input", 0.0, True),
    ),
    quick_claims=(
        Claim("living above frozen", f"{QUICK_LENGTH}: living", "frozen", 2.0),
        Claim("tilts matter", f"{QUICK_LENGTH}: living", "upright", 1.0),
        Claim("feedback matters", f"{QUICK_LENGTH}: living", "no feedback", 2.0),
        Claim("plasticity matters", f"{QUICK_LENGTH}: living", "no plasticity", 2.0),
        Claim("learning had mattered", f"{QUICK_LENGTH}: living", "untrained", 10.0),
    ),
    quick_seeds=3,
)


if __name__ == "__main__":
    sys.exit(EXPERIMENT.main())
