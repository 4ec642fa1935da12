"""Learning MNIST (or the small digits) without labels, by the protocol: one run, all controls."""

from __future__ import annotations

import importlib
import json
import os
import platform
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np

from engram import datasets
from engram._version import __version__
from engram.checkpoint.atomic import replacing
from engram.checkpoint.folder import check_writable
from engram.errors import InvalidValueError, brief, integer
from engram.learn.bench.protocol import Say, evaluate, pixel_controls, say_nothing, untrained
from engram.learn.competitive_features import BLOCK
from engram.learn.stdp_classifier import STDPClassifier

SOURCES: dict[str, Callable[[], datasets.Dataset]] = {
    "mnist": datasets.mnist,
    "digits": datasets.digits,
}

RESULT, FIELDS, PAGE = "result.json", "fields.png", "overview.png"


@dataclass(frozen=True)
class Run:
    """One training and its test.

    neurons, epochs, seed, model: of the classifier. data: "mnist" or "digits". images, tests:
    how many training and test images are used, the first ones; None: all. labels: how many
    training images decoders see the classes of. reward: whether the readout that learns from
    reward is trained too. controls: whether the untrained network and the pixels are judged too.
    fixations: positions from which an answer looks at an image.

    Parameters
    ----------
    neurons : int
        Of the network.
    epochs : int
        Passes through the images.
    seed : int
        Of the classifier.
    model : str
        Of the neurons.
    data : str
        "mnist" or "digits".
    images : int, optional
        How many training images are used, the first ones. None: all.
    tests : int, optional
        How many test images are used, the first ones. None: all.
    labels : int
        How many training images decoders see the classes of.
    reward : bool
        Whether the readout that learns from reward is trained too.
    controls : bool
        Whether the untrained network and the pixels are judged too.
    fixations : int
        Positions from which an answer looks at an image.
    """

    neurons: int = 400
    epochs: int = 1
    seed: int = 0
    model: str = "lif"
    data: str = "mnist"
    images: int | None = None
    tests: int | None = None
    labels: int = 10_000
    reward: bool = True
    controls: bool = True
    fixations: int = 1

    @property
    def name(self) -> str:
        """What tells it from others."""
        return f"{self.data}-{self.model}-{self.neurons}-e{self.epochs}-s{self.seed}"


def load(run: Run) -> datasets.Dataset:
    """The images of a run.

    Parameters
    ----------
    run : Run
        What is trained.

    Returns
    -------
    Dataset
        Training and test images.

    Raises
    ------
    InvalidValueError
        There are no such data.
    """
    if run.data not in SOURCES:
        raise InvalidValueError(
            f"mnist: data must be one of {tuple(SOURCES)}, not {brief(run.data)}"
        )
    return SOURCES[run.data]().first(run.images, run.tests)


def classifier(run: Run, jobs: int = 1) -> STDPClassifier:
    """The untrained classifier of a run.

    Parameters
    ----------
    run : Run
        What is trained.
    jobs : int
        Threads for answers; -1: one for each core.

    Returns
    -------
    STDPClassifier
        With nothing learned.
    """
    return STDPClassifier(
        run.neurons,
        model=run.model,
        n_epochs=run.epochs,
        n_jobs=jobs,
        random_state=run.seed,
        fixations=run.fixations,
    )


def execute(
    run: Run,
    folder: Path | None = None,
    *,
    every: int = 5000,
    jobs: int = -1,
    progress: Callable[[int, int], None] | bool | None = None,
    say: Say = say_nothing,
) -> dict[str, Any]:
    """Train, test, compare.

    Parameters
    ----------
    run : Run
        What is trained.
    folder : Path, optional
        For checkpoints (a run that was cut off goes on from the latest), the result, and drawings,
        made at each checkpoint and at the end. None: nothing is written.
    every : int
        Images between two checkpoints.
    jobs : int
        Threads for answers; -1: one for each core.
    progress : callable or bool, optional
        A bar, or a function of (done, all).
    say : Say
        A function for lines of text.

    Returns
    -------
    dict
        What JSON can hold.
    """
    integer("mnist: neurons", run.neurons, 1)
    data = load(run)
    if folder is not None:
        importlib.import_module("engram.plots")
        folder.mkdir(parents=True, exist_ok=True)
        check_writable(folder)
    labels = min(run.labels, len(data.y_train))
    network = classifier(run, jobs)
    started = time.perf_counter()

    def at_checkpoint(trained: STDPClassifier) -> None:
        say(
            f"{trained.n_seen_:,} of {run.epochs * len(data.y_train):,} images, "
            f"{np.mean(trained.spikes_[-10:] or [0.0]):.1f} spikes an image, "
            f"{_left(started, trained, run.epochs * len(data.y_train))}"
        )
        if folder is not None:
            draw_fields(trained, folder / FIELDS)

    network.learn_features(
        data.X_train,
        progress=progress,
        checkpoints=folder,
        every=every,
        on_checkpoint=at_checkpoint,
    )
    wall_s = time.perf_counter() - started
    shown = max(1, network.n_seen_)
    found: dict[str, Any] = {
        "run": asdict(run),
        "engram": __version__,
        "parameters": network.settings(),
        "n_train": len(data.y_train),
        "n_test": len(data.y_test),
        "images_shown": network.n_seen_,
        "train_cpu_s": network.cpu_s_,
        "train_cpu_ms_per_image": 1e3 * network.cpu_s_ / shown,
        "train_wall_s": wall_s,
        "spikes_in_training": [
            round(x, 2) for x in network.spikes_[:: max(1, len(network.spikes_) // 60)]
        ],
    }
    found |= evaluate(network, data, labels, seed=run.seed, reward=run.reward, say=say)
    found["accuracy"] = found["decoders"][found["best"]]["accuracy"]
    if run.controls:
        say("controls: the network untrained, and pixels without a network")
        found["untrained"] = untrained(network, data, labels, seed=run.seed)
        found["pixels"] = pixel_controls(data, labels, seed=run.seed, fixations=run.fixations)
    found["machine"] = {
        "processor": platform.processor() or platform.machine(),
        "cores": os.cpu_count(),
        "load": os.getloadavg()[0] if hasattr(os, "getloadavg") else None,
    }
    if folder is not None:
        with replacing(folder / RESULT) as stream:
            stream.write(json.dumps(found, indent=1).encode())
        draw_fields(network, folder / FIELDS)
        draw_overview(network, found, folder / PAGE)
    return found


def _left(started: float, trained: STDPClassifier, total: int) -> str:
    done = trained.n_seen_
    each = (time.perf_counter() - started) / max(1, done - trained.resumed_at_)
    seconds = each * (total - done)
    return f"{seconds / 60:.1f} min left" if seconds >= 60 else f"{seconds:.0f} s left"


def draw_fields(network: STDPClassifier, path: Path) -> None:
    """Draw the receptive fields.

    Parameters
    ----------
    network : STDPClassifier
        After training.
    path : Path
        Of the drawing.
    """
    import matplotlib.pyplot as plt

    from engram.learn.bench import images

    ax = images.receptive_fields(network.receptive_fields_)
    path.parent.mkdir(parents=True, exist_ok=True)
    plt.figure(ax.figure.number)  # type: ignore[union-attr]
    plt.savefig(path, dpi=150)
    plt.close()


def draw_overview(network: STDPClassifier, found: dict[str, Any], path: Path) -> None:
    """Draw all that is worth looking at on one page.

    Parameters
    ----------
    network : STDPClassifier
        After training.
    found : dict of object
        What `execute` returned.
    path : Path
        Of the drawing.
    """
    import matplotlib.pyplot as plt

    from engram.learn.bench import images

    figure = images.overview(network.receptive_fields_, network.spikes_, BLOCK, found)
    figure.savefig(path, dpi=110)
    plt.close(figure)


def describe(found: dict[str, Any]) -> str:
    """The result as text: each decoder beside its controls.

    Parameters
    ----------
    found : dict of object
        What `execute` returned.

    Returns
    -------
    str
        Lines.
    """
    run = found["run"]
    lines = [
        f"{run['data']}: {run['neurons']} {run['model']} neurons, seed {run['seed']}, "
        f"{found['images_shown']:,} images shown, {found['n_labels']:,} labels for decoders, "
        f"{found['n_test']:,} test images",
        f"learning: {found['train_cpu_s']:.0f} s of CPU "
        f"({found['train_cpu_ms_per_image']:.2f} ms an image); answers: "
        f"{found['answer_cpu_ms']:.2f} ms an image",
        f"{found['spikes_per_image']:.1f} spikes a test image; {found['silent']} silent "
        f"answers; neurons per class: {' '.join(map(str, found['neurons_per_class']))}",
        "",
        f"{'test accuracy, %':<22}{'network':>9}{'held out':>10}{'untrained':>11}{'pixels':>9}",
    ]
    fresh = found.get("untrained", {}).get("decoders", {})
    pixels = found.get("pixels", {})
    for name, judged in found["decoders"].items():
        held = judged["validation"]
        lines.append(
            f"{name + (' *' if name == found['best'] else ''):<22}{judged['accuracy']:>9.2f}"
            f"{'' if held is None else f'{held:.2f}':>10}"
            f"{'' if name not in fresh else '{:.2f}'.format(fresh[name]['accuracy']):>11}"
            f"{'' if name not in pixels else f'{pixels[name]:.2f}':>9}"
        )
    if pixels:
        lines.append(
            f"logistic regression on pixels: {pixels['logistic']:.2f} with as many labels, "
            f"{pixels['logistic_all']:.2f} with all {pixels['n_labels_all']:,}"
        )
    lines.append("* best on held-out labelled images; test images had no part in the choice")
    return "\n".join(lines)
