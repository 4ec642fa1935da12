"""Features: convolutional filters learned by STDP, and what the learning brings.

    python -m benchmarks.learning.features [--seeds 3] [--quick]

Filters of three origins in the same layer, with thresholds that were settled on the same images:
learned, learned with the weights of each mixed up, and centres of k-means.
"""

from __future__ import annotations

import sys
import time
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.cluster import KMeans

from benchmarks.learning.drawing import curves
from benchmarks.learning.experiment import Claim, Experiment, Front, Rival, Trials
from benchmarks.learning.lifelong import images
from engram.datasets import image_shape
from engram.learn import DeltaReadout, STDPFeatures
from engram.learn.on_off import contrasts, first_spikes
from engram.learn.stdp_features import FAINTEST

LABELS, TEST, QUICK_LABELS = 12_000, 10_000, 400
FILTERS, QUICK_FILTERS = (16, 32, 128), (16,)
KINDS = ("learned", "shuffled", "k-means")
READOUT: dict[str, Any] = {"n_epochs": 30, "eta": (3.0, 0.02)}
WINDOWS = 50_000
"""What k-means sees."""


def centres(X: NDArray[np.uint8], n: int, size: int, seed: int) -> NDArray[np.float64]:
    """Centres of k-means of random windows, as filters: each divided by its greatest weight."""
    random = np.random.default_rng([11, seed])
    spikes = first_spikes(contrasts(X.reshape(-1, *image_shape(X.shape[1]), 1)), FAINTEST)
    high, wide = (m - size + 1 for m in spikes.shape[1:3])
    places = zip(
        random.integers(len(X), size=WINDOWS),
        random.integers(high, size=WINDOWS),
        random.integers(wide, size=WINDOWS),
        strict=True,
    )
    windows = np.stack([spikes[k, y : y + size, x : x + size].ravel() for k, y, x in places])
    windows = windows[windows.any(axis=1)]
    scaled = windows / np.linalg.norm(windows.astype(float), axis=1, keepdims=True)
    found = KMeans(n, n_init=1, random_state=seed).fit(scaled).cluster_centers_
    found = np.clip(found, 0.0, None)
    return np.asarray((found / found.max(axis=1, keepdims=True)).reshape(n, size, size, -1))


def trial(seed: int, quick: bool, arm: str) -> dict[str, Any]:
    """One kind of filters, so many of them: answers, per cent right, CPU time of the parts."""
    kind, n = arm.rsplit(" ", 1)
    data = images(seed, quick, test=TEST)
    labels = QUICK_LABELS if quick else LABELS
    X, y = data.X[:labels], data.y[:labels]
    settings: dict[str, Any] = {"n_filters": int(n), "random_state": seed}
    if quick:
        settings |= {"filter_size": 3, "pool_size": 2, "target_time": 0.7}
    features = STDPFeatures(**settings)
    began = time.process_time()
    if kind == "k-means":
        features.settle(X, centres(X, int(n), features.filter_size, seed))
    else:
        features.fit(X)
    if kind == "shuffled":
        flat = features.filters_.reshape(int(n), -1)
        mixed = np.random.default_rng([12, seed]).permuted(flat, axis=1)
        features.settle(X, mixed.reshape(features.filters_.shape))
    fitted = time.process_time()
    known, asked = features.transform(X), features.transform(data.X_test)
    transformed = time.process_time()
    readout = DeltaReadout(**READOUT, random_state=seed).fit(known, y)
    read = time.process_time()
    right = readout.predict(asked) == data.y_test
    return {
        "answers": {arm: right.tolist()},
        arm: 100 * float(right.mean()),
        f"CPU s of filters, {arm}": fitted - began,
        f"CPU s of features, {arm}": transformed - fitted,
        f"CPU s of the read-out, {arm}": read - transformed,
    }


def draw(trials: Trials, path: Path) -> None:
    """Accuracy against the number of filters."""
    from matplotlib.figure import Figure

    figure = Figure(figsize=(6, 4.8), layout="constrained")
    axes = figure.subplots()
    curves(axes, trials, FILTERS, {kind: [f"{kind} {n}" for n in FILTERS] for kind in KINDS})
    axes.set(
        xscale="log",
        xlabel="filters",
        ylabel="% right",
        title=f"{len(trials)} seeds, 95 % intervals",
    )
    axes.set_xticks(FILTERS, [str(n) for n in FILTERS])
    figure.savefig(path, dpi=110)


EXPERIMENT = Experiment(
    name="features",
    title="Features: convolutional filters learned by STDP",
    stated="before",
    stated_in="562cf96",
    front=Front("MNIST, 16 filters by STDP", "learned 16", f"{LABELS:,}"),
    rivals=tuple(
        Rival(f"k-means, {n} filters", f"learned {n}", f"k-means {n}", margin=1.0) for n in FILTERS
    ),
    hypothesis=(
        "what makes filters good is which weights stand together: learned filters are ahead of the "
        "same filters with their weights mixed up, the more so the fewer there are, and within a "
        "point of centres of k-means."
    ),
    protocol=(
        f"MNIST. `STDPFeatures` with its defaults (5 x 5, pools of 4 x 4) learns from {LABELS:,} "
        f"training pictures without labels; `DeltaReadout` ({READOUT['n_epochs']} passes, eta from "
        f"{READOUT['eta'][0]:g} to {READOUT['eta'][1]:g}) learns their classes from the features. "
        f"{TEST:,} test pictures. 'Shuffled': the weights of each learned filter in a random "
        f"order. 'k-means': centres of {WINDOWS:,} windows of the same spikes, scaled to the same "
        f"length, each centre divided by its greatest weight. Both settle their thresholds on the "
        f"same pictures as long as learning took. The target time and the read-out's rate were "
        f"chosen on 5,000 held-out training pictures (seed 0, 128 learned filters, 6,000 labels), "
        f"pools of 3, 200 epochs and fainter spikes were tried there and did not help. The "
        f"hypothesis was written after that and before the test. Figures are per cent right, and "
        f"CPU seconds."
    ),
    trial=trial,
    draw=draw,
    arms=tuple(f"{kind} {n}" for n in FILTERS for kind in KINDS),
    quick_arms=tuple(f"{kind} {n}" for n in QUICK_FILTERS for kind in KINDS),
    claims=(
        *(
            Claim(
                f"learned above shuffled, {n} filters", f"learned {n}", f"shuffled {n}", 0.0, True
            )
            for n in FILTERS
        ),
        *(
            Claim(f"within a point of k-means, {n} filters", f"learned {n}", f"k-means {n}", -1.0)
            for n in FILTERS
        ),
    ),
    quick_claims=(Claim("learned makes features", "learned 16", 80.0),),
    quick_seeds=1,
)


if __name__ == "__main__":
    sys.exit(EXPERIMENT.main())
