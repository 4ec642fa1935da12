"""Adaptation: the world changes, and nobody says what the images are now.

    python -m benchmarks.learning.adaptation [--seeds 5] [--quick]

The circuit has learned clean images, and its read-out the classes of its neurons. Then images
come noisy, turned or inverted, without labels. The read-out stays as it is; the circuit lives on.
"""

from __future__ import annotations

import sys
from itertools import pairwise, product
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import rotate

from benchmarks.learning.answers import Tally
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
    set_rate,
)
from benchmarks.learning.rivals import Renormalised, best
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

FLOORS = (0.01, 0.03, 0.1, 0.3, 1.0)
"""Least spreads of a renormalised input that are tried (a pixel is at most 1)."""


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

    def right(self, net: Competition, X: Images, y: NDArray[np.int64]) -> NDArray[np.bool_]:
        """Whether each answer is right; silence is wrong."""
        counts: Counts = answer(net, X, 1_000_000 + np.arange(len(X)))
        return np.asarray(self.decoder.answers(counts) == y)


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


class Renormalising:
    """The perceptron behind inputs that get back the mean and spread of clean images, from the
    unlabelled images of the new world; its setting is the best on held-out noisy ones."""

    def __init__(self, mlp: Perceptron, clean: Images, data: Data, later: Images) -> None:
        self.mlp, self.clean = mlp, clean / 255.0
        random = np.random.default_rng([12, 0])
        noise = (changed("noise", X, random, False) for X in (later, data.X_held))
        stream, held = noise

        def score(setting: tuple[bool, float]) -> float:
            return float((self._answers(setting, stream, held) == data.y_held).mean())

        self.setting = best(product((True, False), FLOORS), score)

    def _answers(self, setting: tuple[bool, float], stream: Images, X: Images) -> Any:
        each, floor = setting
        inputs = Renormalised(self.clean, stream / 255.0, each=each, floor=floor)
        return self.mlp.predict(inputs.see(X / 255.0))

    def answers(self, stream: Images, X: Images) -> Any:
        """Answers, after unlabelled images of the same kind."""
        return self._answers(self.setting, stream, X)


def trial(seed: int, quick: bool) -> dict[str, Any]:
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
    renormalising = Renormalising(mlp, seen, data, later)
    out, truth = Tally(), data.y_test
    out.add("clean: network", reader.right(net, data.X_test, truth))
    out.add("clean: untrained", reader_of_fresh.right(fresh, data.X_test, truth))
    out.add("clean: raw input", raw.answers(expected_spikes(data.X_test)) == truth)
    out.add("clean: MLP", mlp.predict(data.X_test / 255.0) == truth)
    for change in ("noise",) if quick else CHANGES:
        random = np.random.default_rng([10, seed])
        test = changed(change, data.X_test, random, False)
        stream = changed(change, later, random, True)
        out.add(f"{change}: frozen", reader.right(net, test, truth))
        out.add(f"{change}: raw input", raw.answers(expected_spikes(test)) == truth)
        out.add(f"{change}: MLP", mlp.predict(test / 255.0) == truth)
        out.add(f"{change}: MLP renormalised", renormalising.answers(stream, test) == truth)
        twin = living(net, ETA)
        for start, stop in pairwise(stages):
            twin.learn(stream[start:stop])
            if change == "noise" or stop == stages[-1]:
                out.add(f"{change}: after {stop}", reader.right(twin, test, truth))
        twin = living(net, 0.0)
        twin.learn(stream)
        out.add(f"{change}: thresholds only", reader.right(twin, test, truth))
        if change in ("noise", "inverted"):
            behind_retina(out, change, reader, net, mlp, stages, stream, test, truth)
        regained(out.figures, change, stages[-1])
        if change == "noise":
            out.add("noise: untrained", reader_of_fresh.right(fresh, test, truth))
    return out.result()


def behind_retina(
    out: Tally,
    change: str,
    reader: Reader,
    net: Competition,
    mlp: Perceptron,
    stages: tuple[int, ...],
    stream: Images,
    test: Images,
    truth: NDArray[np.int64],
) -> None:
    """The arms that see what a retina shows."""
    retina, twin = Retina(), living(net, ETA)
    for start, stop in pairwise(stages):
        twin.learn(retina.see(stream[start:stop]))
        looked = retina.look(test)
        out.add(f"{change}: retina, after {stop}", reader.right(twin, looked, truth))
    out.add(f"{change}: retina, only it adapts", reader.right(net, looked, truth))
    out.add(f"{change}: retina, MLP", mlp.predict(looked / 255.0) == truth)


def regained(out: dict[str, float], change: str, last: int) -> None:
    """What a change costs, and per cent of it that came back, of the network and the perceptron."""
    frozen = out[f"{change}: frozen"]
    out[f"{change}: lost"] = lost = out["clean: network"] - frozen
    for arm, later in {
        "": f"{change}: after {last}",
        " thresholds only,": f"{change}: thresholds only",
        " retina,": f"{change}: retina, after {last}",
    }.items():
        if later in out:
            share = (out[later] - frozen) / max(lost, 1e-9)
            out[f"{change}:{arm} regained, %"] = 100.0 * share
    frozen = out[f"{change}: MLP"]
    share = (out[f"{change}: MLP renormalised"] - frozen) / max(out["clean: MLP"] - frozen, 1e-9)
    out[f"{change}: MLP renormalised, regained, %"] = 100.0 * share


ARMS = {
    "clean: network": "clean: network",
    "clean: MLP": "clean: MLP",
    **{
        f"{change}: {arm}": f"{change}: {label}"
        for change in CHANGES
        for arm, label in (
            ("after 2000", "network, living"),
            ("frozen", "network, frozen"),
            ("thresholds only", "only thresholds alive"),
            ("MLP renormalised", "MLP, inputs renormalised"),
            ("MLP", "MLP, frozen"),
            ("raw input", "raw input, frozen"),
        )
    },
    "inverted: retina, after 2000": "inverted: network, living, behind a retina",
    "inverted: retina, only it adapts": "inverted: network, frozen, behind a retina",
    "inverted: retina, MLP": "inverted: MLP, frozen, behind a retina",
    "noise: retina, after 2000": "noise: network, living, behind a retina",
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
            "MLP, inputs renormalised": ["noise: MLP renormalised"] * same,
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
        Rival(
            "MLP, inputs renormalised from the same pictures",
            "noise: after 2000",
            "noise: MLP renormalised",
        ),
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
        "the same way, answered with learning off. Renormalised: the same perceptron, each input "
        "(or all together) given back the mean and spread it had over the clean pictures, from "
        f"the same 2,000 pictures without labels; best of {2 * len(FLOORS)} settings on held-out "
        "noisy pictures, then the same for all changes. Only thresholds alive: the weights stay. "
        "Behind a retina: pixels are replaced by their "
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
        Claim(
            "noise: living above the MLP whose inputs are renormalised",
            "noise: after 2000",
            "noise: MLP renormalised",
            0.0,
            True,
        ),
        Claim(
            "noise: a larger share regained than by renormalising the MLP's inputs",
            "noise: regained, %",
            "noise: MLP renormalised, regained, %",
            0.0,
            True,
        ),
        Claim(
            "noise: STDP adds to what thresholds alone win back",
            "noise: after 2000",
            "noise: thresholds only",
            0.0,
            True,
        ),
        Claim("slow turn: half regained", "slowly turned: regained, %", 50.0),
        Claim(
            "slow turn: living above frozen",
            "slowly turned: after 2000",
            "slowly turned: frozen",
            0.0,
            True,
        ),
        Claim(
            "slow turn: living above the MLP whose inputs are renormalised",
            "slowly turned: after 2000",
            "slowly turned: MLP renormalised",
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
