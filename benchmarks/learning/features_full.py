"""Features at full size: all training pictures of MNIST and Fashion-MNIST, local rules only.

    python -m benchmarks.learning.features_full [--seeds 3] [--quick]

Filters of 3 x 3 and of 5 x 5 pixels learn side by side, without labels. From their features, three
read-outs: one that is told all classes, one that is told rewards, and one that is told a hundred
classes.
"""

from __future__ import annotations

import functools
import sys
import time
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.neighbors import KNeighborsClassifier

from benchmarks.learning.answers import Tally
from benchmarks.learning.drawing import bars
from benchmarks.learning.experiment import Claim, Experiment, Front, Rival, Trials
from benchmarks.learning.features import READOUT
from benchmarks.learning.rivals import SpreadLabels, best, spherical_centres
from engram import datasets
from engram.learn import CoActivity, DeltaReadout, FirstSpikeReadout, STDPFeatures, WinnerUnits

SIZES = ((3, 64), (5, 128))
"""Width of filters, and how many."""

ARMS = ("MNIST", "Fashion-MNIST")
SHOTS = 10
"""Labelled pictures of each class where there are 100 labels in all."""
SPREAD_OVER, HELD = 6000, 1000
"""Pictures of label spreading; the last training pictures, by which it is tuned."""
NEIGHBOURS, ALPHAS = (3, 5, 10), (0.5, 0.8, 0.95, 0.99)
N_UNITS, QUICK_UNITS = 1000, 100
QUICK: dict[str, Any] = {"filter_size": 3, "pool_size": 2, "target_time": 0.7, "n_filters": 16}

Rows = NDArray[Any]


def trial(seed: int, quick: bool, arm: str) -> dict[str, Any]:
    """One data set: per cent right of the read-outs, and CPU time."""
    if quick:
        data = datasets.digits(test_share=0.3, seed=seed)
    else:
        data = datasets.mnist() if arm == "MNIST" else datasets.fashion_mnist()
    tally = Tally()
    began = time.process_time()
    parts = []
    for size, n in SIZES:
        settings: dict[str, Any] = {"filter_size": size, "n_filters": n}
        one = STDPFeatures(**settings | (QUICK if quick else {}), random_state=seed)
        parts.append(one.fit(data.X_train))
    known = np.concatenate([one.transform(data.X_train) for one in parts], axis=1)
    asked = np.concatenate([one.transform(data.X_test) for one in parts], axis=1)
    coded = time.process_time()
    readout = DeltaReadout(**READOUT, random_state=seed).fit(known, data.y_train)
    tally.add(f"{arm}, all labels", readout.answers(asked) == data.y_test)
    read = time.process_time()
    tally.figures[f"CPU s to learn and answer, {arm}"] = read - began
    tally.add(f"{arm}, 3 nearest pictures", nearest_three(arm, seed if quick else None))
    own = slice(-int(np.prod(parts[-1].output_shape_)), None)
    _few(arm, seed, quick, data, known[:, own], asked[:, own], tally)
    if arm == "MNIST":
        read = time.process_time()
        rewarded = FirstSpikeReadout(random_state=seed).fit(known, data.y_train)
        tally.add(f"{arm}, rewards only", rewarded.answers(asked) == data.y_test)
        spent = time.process_time() - read + coded - began
        tally.figures[f"CPU s with rewards only, {arm}"] = spent
    return tally.result()


@functools.cache
def nearest_three(arm: str, seed: int | None) -> NDArray[np.bool_]:
    """Which test pictures the three nearest training pictures have right: no seed changes that."""
    if seed is not None:
        data = datasets.digits(test_share=0.3, seed=seed)
    else:
        data = datasets.mnist() if arm == "MNIST" else datasets.fashion_mnist()
    shown, new = (x.reshape(len(x), -1) for x in (data.X_train, data.X_test))
    neighbours = KNeighborsClassifier(3).fit(shown, data.y_train)
    return np.asarray(neighbours.predict(new) == data.y_test)


def _few(
    name: str, seed: int, quick: bool, data: Any, known: Rows, asked: Rows, tally: Tally
) -> None:
    """What a hundred labels are good for: ours, and rivals."""
    few = first_of_each(data.y_train[:-HELD] if not quick else data.y_train, seed)
    y, truth = data.y_train[few], data.y_test
    began = time.process_time()
    units = WinnerUnits(QUICK_UNITS if quick else N_UNITS, random_state=seed).fit(known)
    active, tested = units.transform(known), units.transform(asked)
    spread = CoActivity().watch(active).fit(active[few], y)
    tally.add(f"{name}, 100 labels", spread.answers(tested) == truth)
    tally.figures[f"CPU s of units and 100 labels, {name}"] = time.process_time() - began
    nearest = KNeighborsClassifier(1).fit(data.X_train[few].reshape(len(few), -1), y)
    said = nearest.predict(data.X_test.reshape(len(truth), -1))
    tally.add(f"{name}, 100 labels, nearest picture", said == truth)
    if name != "MNIST":
        return
    alone = CoActivity(spreading=0.0).watch(active).fit(active[few], y)
    tally.add(f"{name}, 100 labels, not spread", alone.answers(tested) == truth)
    units.weights_ = spherical_centres(np.sqrt(known), len(units.weights_), seed, rounds=2).astype(
        np.float32
    )
    active, tested = units.transform(known), units.transform(asked)
    spread = CoActivity().watch(active).fit(active[few], y)
    tally.add(f"{name}, 100 labels, k-means units", spread.answers(tested) == truth)
    pixels = tuple(x.reshape(len(x), -1) for x in (data.X_train, data.X_test))
    for what, (old, new) in {"pixels": pixels, "features": (known, asked)}.items():
        said = between(old, data.y_train, few, new, quick)
        tally.add(f"{name}, 100 labels, label spreading on {what}", said == truth)


def between(known: Rows, y: Rows, few: list[int], asked: Rows, quick: bool) -> Rows:
    """Label spreading between pictures that are kept, with its best setting on held-out ones."""
    held = len(known) - (100 if quick else HELD)
    others = np.setdiff1d(np.arange(held), few)[: SPREAD_OVER - len(few)]
    shown = known[np.concatenate([few, others])]
    graph = SpreadLabels(shown, NEIGHBOURS)
    near, own = graph.near(known[held:]), np.arange(len(few))

    def score(setting: tuple[int, float]) -> float:
        found = graph.fit(own, y[few], setting[1], setting[0]).predict_near(near)
        return float((found == y[held:]).mean())

    k, alpha = best([(k, a) for k in NEIGHBOURS for a in ALPHAS], score)
    return np.asarray(graph.fit(own, y[few], alpha, k).predict(asked))


def first_of_each(y: Any, seed: int) -> list[int]:
    """The first ten of each class, in an order of the seed."""
    order = np.random.default_rng([13, seed]).permutation(len(y))
    return [int(i) for c in np.unique(y) for i in order[y[order] == c][:SHOTS]]


def draw(trials: Trials, path: Path) -> None:
    """Accuracy of the read-outs on the data sets, beside nearest neighbours."""
    from matplotlib.figure import Figure

    figure = Figure(figsize=(6, 4.8), layout="constrained")
    axes = figure.subplots()
    names = {n: n for n in next(iter(trials.values())) if "CPU" not in n and n != "cpu_s"}
    bars(axes, trials, names, {})
    axes.set(xlabel="% right", title=f"{len(trials)} seeds, 95 % intervals")
    figure.savefig(path, dpi=110)


EXPERIMENT = Experiment(
    name="features_full",
    title="Features at full size: MNIST and Fashion-MNIST",
    rivals=(
        *(
            Rival(f"3 nearest pictures, {arm}", f"{arm}, all labels", f"{arm}, 3 nearest pictures")
            for arm in ARMS
        ),
        Rival(
            "nearest of 100 pictures, Fashion-MNIST",
            "Fashion-MNIST, 100 labels",
            "Fashion-MNIST, 100 labels, nearest picture",
        ),
        Rival(
            "nearest of 100 pictures, MNIST",
            "MNIST, 100 labels",
            "MNIST, 100 labels, nearest picture",
        ),
    ),
    hypothesis=(
        "filters of two sizes and the delta rule reach 98.8 % on MNIST and 88.5 % on "
        "Fashion-MNIST, the figures asked for; a read-out taught by rewards alone reaches 97.5 %; "
        "units that compete for the features of all training pictures, named by 100 labels that "
        "spread along their co-activity, reach 90 %, and are ahead of label spreading between "
        "pictures."
    ),
    protocol=(
        "All 60,000 training pictures, the 10,000 test pictures once. `STDPFeatures`: "
        + " and ".join(f"{n} filters of {size} x {size}" for size, n in SIZES)
        + ", defaults else; `DeltaReadout` as with 12,000 labels. 'Rewards only': "
        "`FirstSpikeReadout`, defaults. '100 labels': ten of each class; `WinnerUnits` (1,000) "
        "on the features of 5 x 5 of all training pictures without labels, `CoActivity` with "
        "defaults. 'Not spread': the same with spreading 0; 'k-means units': centres of k-means in "
        "place of the units. Label spreading (Zhou et al. 2004) keeps 6,000 pictures; best of "
        f"{len(NEIGHBOURS) * len(ALPHAS)} settings on the last 1,000 training pictures for each "
        "seed; ours was chosen on 10,000 labelled training pictures of one seed. There is no "
        "verdict on label spreading and k-means units: they were starved (a tenth of the pictures, "
        "raw features; two rounds of k-means). With all 60,000 pictures and square roots of the "
        "same features, label spreading has 97.75 % where units have 97.20 % (one other seed): "
        "ahead. Logistic regression on the features of the 100 pictures alone has 91.2 %, units "
        "that are 1,000 random pictures 94.2 %: so 90 % asks little, and what unit learning adds "
        "is three points. An untuned support vector machine on pixels is ahead of the layer on "
        "Fashion-MNIST with 12,000 labels (87.3 against 86.2 %; random filters 85.5 %), behind it "
        "on MNIST (97.1 against 98.0 %; 96.5 %); neither was run at this size. 'Rewards only' sees "
        "20 passes, 1.2 million judged answers. Nearest pictures: pixels, by Euclidean distance. "
        "Shuffled filters and those of k-means stand beside 5 x 5 filters with 12,000 labels "
        "(`features`), where as many are within 0.3 points; they were not run at this size. "
        "Chosen on the last 10,000 training pictures, seed 100: filters of 3 x 3 beside those of "
        "5 x 5 (Fashion-MNIST 88.1 to 88.9 %; 7 x 7 beside them 88.6 %), the read-out's rates, "
        "active units (3, 5, 10 of 1,000) and spreading. An earlier version (5 x 5 alone, "
        "co-activity of the features themselves) had been run on the same test pictures: 98.77, "
        "87.78 and 77.0 %. So nothing is called stated beforehand, though the figures asked for "
        "are older than any result, and this text is older than the results of this version."
    ),
    trial=trial,
    draw=draw,
    front=Front("MNIST, features learned by STDP, all labels", "MNIST, all labels", "60,000"),
    arms=ARMS,
    quick_arms=("MNIST",),
    claims=(
        Claim("MNIST, 98.8 %", "MNIST, all labels", 98.8),
        Claim("Fashion-MNIST, 88.5 %", "Fashion-MNIST, all labels", 88.5),
        Claim("MNIST, rewards only, 97.5 %", "MNIST, rewards only", 97.5),
        Claim("MNIST, 100 labels, 90 %", "MNIST, 100 labels", 90.0),
        Claim(
            "MNIST, 100 labels: spreading matters",
            "MNIST, 100 labels",
            "MNIST, 100 labels, not spread",
            0.0,
            True,
        ),
        Claim(
            "MNIST, 100 labels: within a point of k-means units",
            "MNIST, 100 labels",
            "MNIST, 100 labels, k-means units",
            -1.0,
        ),
    ),
    quick_claims=(
        Claim("makes features", "MNIST, all labels", 85.0),
        Claim("rewards teach", "MNIST, rewards only", 80.0),
        Claim("a hundred labels", "MNIST, 100 labels", 70.0),
    ),
    quick_seeds=1,
)


if __name__ == "__main__":
    sys.exit(EXPERIMENT.main())
