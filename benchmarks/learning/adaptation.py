"""Adaptation: the world changes, and nobody says what the images are now.

    python -m benchmarks.learning.adaptation [--seeds 5] [--quick]

The circuit has learned clean images, and its read-out the classes of its neurons. Then images
come noisy, turned or inverted, without labels. The read-out stays as it is; the circuit lives on.
"""

from __future__ import annotations

import sys
from itertools import pairwise
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import rotate

from benchmarks.learning.drawing import bars, curves
from benchmarks.learning.experiment import Claim, Experiment, Front, Rival, Trials
from benchmarks.learning.lifelong import (
    CLASSES,
    PRIOR,
    RATES,
    Counts,
    Data,
    Images,
    Perceptron,
    annealed,
    answer,
    circuit,
    expected_spikes,
    images,
    perceptron,
    right,
    set_rate,
)
from engram import Competition, datasets
from engram.datasets import image_shape
from engram.learn import ClassProfiles, Retina

NEURONS, LEARNED, LABELLED = 200, 3000, 1000
QUICK_NEURONS, QUICK_LEARNED = 100, 800
STAGES = (0, 500, 1000, 2000)
QUICK_STAGES = (0, 200)
RAMP = 0.75
ETA, THETA_PLUS = 0.003, 0.3
SHARE, ANGLE = 0.4, 30.0


def noisy(X: Images, share: float, random: np.random.Generator) -> Images:
    """This share of the pixels replaced by any grey level."""
    hit = random.random(X.shape) < share
    return np.where(hit, random.integers(0, 256, X.shape), X).astype(np.uint8)


def turned(X: Images, angle: float) -> Images:
    """Turned by degrees about the centre."""
    side = round(X.shape[1] ** 0.5)
    square = X.reshape(-1, side, side).astype(np.float32)
    out = rotate(square, angle, axes=(2, 1), reshape=False, order=1)
    result: Images = np.clip(out, 0, 255).astype(np.uint8).reshape(X.shape)
    return result


def slowly_turned(X: Images, angle: float, tilt: float = 0.0) -> Images:
    """Turned a little more every twenty images, up to the angle; seen with the head tilted."""
    parts = np.array_split(X, max(len(X) // 20, 1))
    share = np.minimum(np.arange(len(parts)) / (RAMP * len(parts)), 1.0)
    return np.concatenate(
        [turned(part, angle * s + tilt) for part, s in zip(parts, share, strict=True)]
    )


CHANGES = ("noise", "turned", "slowly turned", "inverted")


def changed(change: str, X: Images, random: np.random.Generator, stream: bool) -> Images:
    """Images of the new world; a stream may come to it slowly."""
    if change == "noise":
        return noisy(X, SHARE, random)
    if change == "inverted":
        return 255 - X
    return slowly_turned(X, ANGLE) if stream and change == "slowly turned" else turned(X, ANGLE)


class Reader:
    """A circuit with a read-out of class profiles that stays as it is."""

    def __init__(self, net: Competition, X: Images, y: NDArray[np.int64]) -> None:
        self.decoder = ClassProfiles(PRIOR).fit(answer(net, X, np.arange(len(X))), y)

    def right(self, net: Competition, X: Images, y: NDArray[np.int64]) -> float:
        """Per cent right."""
        counts: Counts = answer(net, X, 1_000_000 + np.arange(len(X)))
        return right(self.decoder, counts, y)


def living(net: Competition, eta: float) -> Competition:
    """A twin that goes on learning, weights at a rate eta, and thresholds."""
    twin = net.copy()
    set_rate(twin, eta)
    twin.theta_plus, twin.target_spikes = THETA_PLUS * net.n_neurons / 400, 5.0
    return twin


def best_perceptron(seed: int, data: Data, X: Images, y: NDArray[np.int64]) -> Perceptron:
    """The perceptron with the learning rate that is best on held-out clean images."""
    fitted = []
    for rate in RATES:
        model = perceptron(seed, rate)
        for _ in range(30):
            model.partial_fit(X / 255.0, y, classes=CLASSES)
        fitted.append(model)
    return max(fitted, key=lambda one: one.score(data.X_held / 255.0, data.y_held))


def trial(seed: int, quick: bool) -> dict[str, float]:
    """All arms on the same images."""
    data = images(seed, quick, test=1000)
    stages = QUICK_STAGES if quick else STAGES
    n = QUICK_LEARNED if quick else LEARNED
    seen = data.X[:n]
    X, y = seen[:LABELLED], data.y[: min(n, LABELLED)]
    # Images that come later are others; those of the small set have to come again.
    later = data.X[: stages[-1]] if quick else data.X[n : n + stages[-1]]
    net = circuit(seed, X.shape[1], QUICK_NEURONS if quick else NEURONS, theta=-4.0)
    fresh = net.copy()
    annealed(net, seen)
    reader, reader_of_fresh = Reader(net, X, y), Reader(fresh, X, y)
    raw = ClassProfiles(PRIOR).fit(expected_spikes(X), y)
    mlp = best_perceptron(seed, data, X, y)
    out = {
        "clean: network": reader.right(net, data.X_test, data.y_test),
        "clean: untrained": reader_of_fresh.right(fresh, data.X_test, data.y_test),
        "clean: raw input": right(raw, expected_spikes(data.X_test), data.y_test),
        "clean: MLP": 100 * float(mlp.score(data.X_test / 255.0, data.y_test)),
    }
    for change in ("noise",) if quick else CHANGES:
        random = np.random.default_rng([10, seed])
        test = changed(change, data.X_test, random, False)
        stream = changed(change, later, random, True)
        frozen = reader.right(net, test, data.y_test)
        out[f"{change}: frozen"] = frozen
        out[f"{change}: raw input"] = right(raw, expected_spikes(test), data.y_test)
        out[f"{change}: MLP"] = 100 * float(mlp.score(test / 255.0, data.y_test))
        twin = living(net, ETA)
        for start, stop in pairwise(stages):
            twin.learn(stream[start:stop])
            if change == "noise" or stop == stages[-1]:
                out[f"{change}: after {stop}"] = reader.right(twin, test, data.y_test)
        lost = out["clean: network"] - frozen
        out[f"{change}: lost"] = lost
        out[f"{change}: regained, %"] = (
            100 * (out[f"{change}: after {stages[-1]}"] - frozen) / max(lost, 1e-9)
        )
        if change in ("noise", "inverted"):
            retina, twin = Retina(), living(net, ETA)
            for start, stop in pairwise(stages):
                twin.learn(retina.see(stream[start:stop]))
                looked = retina.look(test)
                out[f"{change}: retina, after {stop}"] = reader.right(twin, looked, data.y_test)
            out[f"{change}: retina, only it adapts"] = reader.right(net, looked, data.y_test)
            out[f"{change}: retina, MLP"] = 100 * float(mlp.score(looked / 255.0, data.y_test))
            out[f"{change}: retina, regained, %"] = (
                100 * (out[f"{change}: retina, after {stages[-1]}"] - frozen) / max(lost, 1e-9)
            )
        if change == "noise":
            twin = living(net, 0.0)
            twin.learn(stream)
            out["noise: thresholds only"] = reader.right(twin, test, data.y_test)
            out["noise: untrained"] = reader_of_fresh.right(fresh, test, data.y_test)
    return out


ARMS = {
    "clean: network": "clean: network",
    "clean: MLP": "clean: MLP",
    **{
        f"{change}: {arm}": f"{change}: {label}"
        for change in CHANGES
        for arm, label in (
            ("after 2000", "network, living"),
            ("frozen", "network, frozen"),
            ("MLP", "MLP, frozen"),
            ("raw input", "raw input, frozen"),
        )
    },
    "inverted: retina, after 2000": "inverted: network, living, behind a retina",
    "inverted: retina, only it adapts": "inverted: network, frozen, behind a retina",
    "inverted: retina, MLP": "inverted: MLP, frozen, behind a retina",
    "noise: retina, after 2000": "noise: network, living, behind a retina",
    "noise: thresholds only": "noise: only thresholds alive",
    "noise: untrained": "noise: network, untrained",
}


def draw(trials: Trials, path: Path) -> None:
    """Recovery from noise over images, all changes at the end, and the images themselves."""
    from matplotlib.figure import Figure

    figure = Figure(figsize=(13, 5.5), layout="constrained")
    left, middle, right_ = figure.subplots(1, 3, width_ratios=[1, 1.4, 0.7])
    same = len(STAGES)
    curves(
        left,
        trials,
        STAGES,
        {
            "network, living": ["noise: frozen", *(f"noise: after {n}" for n in STAGES[1:])],
            "network, frozen": ["noise: frozen"] * same,
            "MLP, frozen": ["noise: MLP"] * same,
            "network, clean images": ["clean: network"] * same,
        },
    )
    left.set(
        xlabel="noisy images, without labels",
        ylabel="% right",
        title=f"recovery from noise, {len(trials)} seeds",
    )
    bars(middle, trials, ARMS, {name: "tab:green" for name in ARMS if name.endswith("2000")})
    middle.set(xlabel="% right", title="after 2,000 images, 95 % intervals")
    try:
        # Nothing is downloaded for the sake of a drawing.
        first = datasets.mnist(download=False).X_train[:3]
    except datasets.DatasetError:
        first = datasets.digits().X_train[:3]
    random, side = np.random.default_rng(0), image_shape(first.shape[1])
    shown = [changed(change, first, random, False) for change in ("noise", "turned", "inverted")]
    right_.imshow(
        np.concatenate([np.concatenate(row.reshape(3, *side), axis=1) for row in shown]),
        cmap="gray",
    )
    right_.set(xticks=[], yticks=[], title="noise, turned, inverted")
    figure.savefig(path, dpi=110)


EXPERIMENT = Experiment(
    name="adaptation",
    title="Adaptation: noisy, turned and inverted digits without labels",
    # 89bb9f9 changed the hypothesis after results.
    stated="exploratory",
    front=Front(
        "MNIST, noise comes, no labels", "noise: after 2000", f"{LABELLED:,} before, none after"
    ),
    rivals=(
        Rival("thresholds alone, no STDP", "noise: after 2000", "noise: thresholds only"),
        Rival("frozen MLP", "noise: after 2000", "noise: MLP"),
    ),
    hypothesis=(
        "homeostasis of thresholds and slow learning win back at least half of what noise costs "
        "within 2,000 unlabelled pictures, the read-out unchanged; of a slow turn they win back "
        "part; a sudden turn and an inversion send pictures to neurons of other classes, and "
        "nothing without labels can tell, so no recovery is expected there. An inversion is a "
        "change of "
        "the background: a retina that adapts to it undoes it, for the circuit and for a frozen "
        "perceptron alike."
    ),
    protocol=(
        f"MNIST. {NEURONS} neurons learn from {LEARNED:,} pictures without labels; the read-out "
        f"(class profiles) and the perceptron (200 hidden units, Adam, 30 passes, rate chosen on "
        f"held-out clean pictures) from the labels of {LABELLED:,} of them. Then 2,000 other "
        f"pictures without labels: noise ({100 * SHARE:.0f} % of the pixels replaced by random "
        f"grey levels), turned by {ANGLE:.0f} degrees at once or slowly over the first 1,500, "
        "inverted. The living network keeps its thresholds' homeostasis and slow STDP; the "
        "settings are the same for all changes. 1,000 test pictures (every tenth), changed in "
        "the same way, answered with learning off. Behind a retina: pixels are replaced by their "
        "distance from a background, which goes one grey level with each picture towards the "
        "picture's median (over clean pictures it is 0 and changes nothing). Figures are per "
        "cent right; regained: share "
        "of the accuracy lost between clean and changed pictures. Constants, and the hypothesis, "
        "come from 37 runs (one seed) on held-out training pictures in a simulation of 400 "
        "neurons, over changes, learning rates and thresholds. Noise is what recovered in them, "
        "and the settings were chosen for noise. A slow turn won back a quarter there, but with "
        "thresholds held fixed and a rate of 0.01 (on this code a tenth; of a sudden turn by 15 "
        "degrees a seventh; faster learning loses), with thresholds alive, as here, nothing; a "
        "read-out that learns from its own answers made it worse."
    ),
    trial=trial,
    draw=draw,
    claims=(
        Claim("noise: at least half regained within 2,000 pictures", "noise: regained, %", 50.0),
        Claim("noise: living above frozen", "noise: after 2000", "noise: frozen", 0.0, True),
        Claim("noise: living above the frozen MLP", "noise: after 2000", "noise: MLP", 0.0, True),
        Claim("slow turn: half regained", "slowly turned: regained, %", 50.0),
        Claim(
            "slow turn: living above frozen",
            "slowly turned: after 2000",
            "slowly turned: frozen",
            0.0,
            True,
        ),
        Claim("sudden turn: half regained", "turned: regained, %", 50.0),
        Claim("inversion: half regained", "inverted: regained, %", 50.0),
        Claim(
            "inversion, behind a retina that adapts: half regained",
            "inverted: retina, regained, %",
            50.0,
        ),
        Claim("noise, behind the same retina: half regained", "noise: retina, regained, %", 50.0),
        Claim("noise: learning had mattered", "noise: after 2000", "noise: untrained", 0.0, True),
        Claim(
            "noise: above the same read-out on the raw input",
            "noise: after 2000",
            "noise: raw input",
            0.0,
            True,
        ),
    ),
    # 200 images are too few to adapt to: the small version can only show that the parts work.
    quick_claims=(Claim("clean: above the raw input", "clean: network", "clean: raw input"),),
    quick_seeds=1,
)


if __name__ == "__main__":
    sys.exit(EXPERIMENT.main())
