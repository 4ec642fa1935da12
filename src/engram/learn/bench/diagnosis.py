"""Short sweeps over `STDPClassifier`: what of it matters, in minutes, on held-out images.

Each sweep varies one parameter, or one after the other, around the defaults. Scores are of training
images that were held out; test images have no part in it.
"""

from __future__ import annotations

import functools
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from engram import datasets
from engram.checkpoint.atomic import replacing
from engram.circuits.settings import image_settings
from engram.errors import InvalidValueError, MissingExtraError, brief, integer, unknown_name
from engram.learn.bench.mnist import SOURCES
from engram.learn.bench.protocol import SPIKES
from engram.learn.named_decoders import PLAIN
from engram.learn.stdp_classifier import STDPClassifier
from engram.progress import Progress
from engram.sweep import run_sweep

TRIALS, REPORT = "trials.db", "diagnosis.md"


@dataclass(frozen=True)
class Panel:
    """A parameter that is varied.

    See `VARIED` for what becomes of its values.

    Parameters
    ----------
    parameter : str
        Its name.
    values : tuple of object
        What it takes.
    label : str
        For the axis.
    """

    parameter: str
    values: tuple[Any, ...]
    label: str


def default_of(parameter: str) -> Any:
    """The value that stands for what `STDPClassifier` takes by itself.

    Parameters
    ----------
    parameter : str
        Its name.

    Returns
    -------
    object
        The value.
    """
    if parameter == "network":
        return "trained"
    plain = STDPClassifier(400).get_params()[parameter]
    value = getattr(image_settings("lif", 400), parameter) if plain is None else plain
    return value[0] if isinstance(value, tuple) else value


def _around(parameter: str, factors: tuple[float, ...], label: str) -> Panel:
    """The default of a parameter, and multiples of it with two digits."""
    usual = default_of(parameter)
    values = [usual if f == 1.0 else float(f"{f * usual:.2g}") for f in factors]
    return Panel(parameter, tuple(type(usual)(v) for v in values), label)


SWEEPS: dict[str, tuple[Panel, ...]] = {
    "readout": (Panel("network", ("trained", "untrained", "none"), "network"),),
    "inhibition": (
        _around("inhibition", (0.1, 0.3, 1.0, 3.0, 10.0), "inhibition while learning"),
        _around("answer_inhibition", (0.0, 0.3, 1.0, 3.0, 10.0), "inhibition while answering"),
    ),
    "stdp": (
        _around("eta", (0.1, 0.3, 1.0, 3.0, 10.0), "rate of learning eta at first"),
        _around("x_tar", (0.25, 0.5, 1.0, 2.0, 4.0), "trace x_tar: more depression to the right"),
    ),
    "theta": (
        _around("theta_plus", (0.1, 0.3, 1.0, 3.0, 10.0), "jump of thresholds, x neurons / 400"),
        _around("target_spikes", (0.2, 0.5, 1.0, 2.0, 4.0), "spikes that thresholds aim at"),
    ),
    "time": (_around("steps", (0.25, 0.5, 1.0, 1.5, 2.0), "presentation, ms"),),
}
"""What is varied in each sweep, by its name."""


@dataclass(frozen=True)
class Plan:
    """How much of everything.

    data: "mnist" or "digits". images: training images to learn from, with their labels for the
    decoders; held_out: others to score with; both are drawn by the seed. seeds: trials at each
    point.

    Parameters
    ----------
    sweeps : tuple of str
        Names in `SWEEPS`.
    data : str
        "mnist" or "digits".
    neurons : int
        Of the network.
    images : int
        Training images to learn from, with their labels for the decoders; drawn by the seed.
    held_out : int
        Other training images to score with; drawn by the seed.
    seeds : int
        Trials at each point.
    coarse : bool
        Fewer points a panel.
    """

    sweeps: tuple[str, ...] = tuple(SWEEPS)
    data: str = "mnist"
    neurons: int = 100
    images: int = 3000
    held_out: int = 1000
    seeds: int = 3
    coarse: bool = False

    def check(self) -> None:
        """Raise an error for what can't be run.

        Raises
        ------
        UnknownNameError, InvalidTypeError, InvalidValueError
            Something is unknown, no number, or out of range.
        """
        where = "diagnosis"
        if not self.sweeps:
            raise InvalidValueError(f"{where}: no sweeps; there are {', '.join(SWEEPS)}")
        for name in self.sweeps:
            if name not in SWEEPS:
                raise unknown_name(where, "sweep", name, SWEEPS)
        if self.data not in SOURCES:
            raise InvalidValueError(
                f"{where}: data must be one of {tuple(SOURCES)}, not {brief(self.data)}"
            )
        for name in ("neurons", "images", "held_out", "seeds"):
            integer(f"{where}: {name}", getattr(self, name), 2 if name == "images" else 1)
        there = len(_source(self.data).y_train)
        if self.images + self.held_out > there:
            raise InvalidValueError(
                f"{where}: images + held_out = {self.images + self.held_out:,} is more than "
                f"the {there:,} training images of {self.data}; lower one of them"
            )

    def points(self) -> list[dict[str, Any]]:
        """The points of all sweeps."""
        return [
            {"about": name, "parameter": panel.parameter, "value": value}
            for name in self.sweeps
            for panel in self.panels(name)
            for value in panel.values
        ]

    def panels(self, name: str) -> tuple[Panel, ...]:
        """What is varied in a sweep.

        Parameters
        ----------
        name : str
            Of the sweep.

        Returns
        -------
        tuple of Panel
            In order.
        """
        return tuple(
            replace(panel, values=panel.values[::2])
            if self.coarse and panel.parameter != "network"
            else panel
            for panel in SWEEPS[name]
        )


@functools.cache
def _source(data: str) -> datasets.Dataset:
    return SOURCES[data]()


def at_hand() -> str:
    """MNIST if it is on this machine, else scikit-learn's digits."""
    try:
        datasets.mnist(download=False)
    except datasets.DatasetError:
        return "digits"
    return "mnist"


def trial(
    seed: int,
    about: str,  # noqa: ARG001
    parameter: str,
    value: Any,
    data: str,
    neurons: int,
    images: int,
    held_out: int,
) -> dict[str, Any]:
    """Let one classifier learn, and judge it.

    Parameters
    ----------
    seed : int
        Of the classifier and the choice of images.
    about : str
        The sweep, which says nothing that the parameter does not.
    parameter : str
        What is varied.
    value : object
        What it is.
    data : str
        "mnist" or "digits".
    neurons : int
        Of the network.
    images : int
        Training images to learn from.
    held_out : int
        Other training images to score with.

    Returns
    -------
    dict
        Accuracies of each decoder, in %.
    """
    whole = _source(data)
    order = np.random.default_rng([13, seed]).permutation(len(whole.y_train))
    shown, asked = order[:images], order[images : images + held_out]
    X, y = whole.X_train[shown], whole.y_train[shown]
    X_held, y_held = whole.X_train[asked], whole.y_train[asked]
    network = value if parameter == "network" else "trained"
    learning = 0.0
    if network == "none":
        seen, answers = (_as_counts(part) for part in (X, X_held))
    else:
        changed = {} if parameter == "network" else VARIED[parameter](value, neurons)
        classifier = STDPClassifier(neurons, random_state=seed, **changed)
        started = time.process_time()
        if network == "trained":
            classifier.learn_features(X)
        else:
            classifier.settle(X[:1000])
        learning = time.process_time() - started
        seen, answers = (classifier.transform(part).astype(float) for part in (X, X_held))
    found: dict[str, Any] = {
        name: 100.0 * float(make(seed).fit(seen, y).score(answers, y_held))
        for name, make in PLAIN.items()
    }
    return {
        "accuracy": found["bayes"],
        **found,
        "spikes": float(answers.sum(axis=1).mean()),
        "silent": 100.0 * float((answers.sum(axis=1) == 0).mean()),
        "learning_cpu_ms": 1e3 * learning / len(X),
    }


def _as_counts(images: NDArray[np.uint8]) -> NDArray[np.float64]:
    values = images.astype(np.float64)
    values *= SPIKES / np.maximum(values.sum(axis=1, keepdims=True), 1.0)
    return values


def _falling(name: str, value: float) -> dict[str, Any]:
    """A rate that begins at a value and falls by as much as the default does."""
    first, last = getattr(image_settings("lif", 400), name)
    return {name: (value, value * last / first)}


VARIED: dict[str, Callable[[Any, int], dict[str, Any]]] = {
    "inhibition": lambda value, neurons: {"inhibition": value},  # noqa: ARG005
    "answer_inhibition": lambda value, neurons: {"answer_inhibition": value},  # noqa: ARG005
    "eta": lambda value, neurons: _falling("eta", value),  # noqa: ARG005
    "x_tar": lambda value, neurons: {"x_tar": value},  # noqa: ARG005
    # A neuron wins once in so many images as there are neurons.
    "theta_plus": lambda value, neurons: _falling("theta_plus", value * neurons / 400),
    "target_spikes": lambda value, neurons: {"target_spikes": value},  # noqa: ARG005
    "steps": lambda value, neurons: {"steps": value},  # noqa: ARG005
}
"""Parameters of the classifier that a value stands for; the second argument: neurons."""


def diagnose(
    plan: Plan, folder: Path, *, jobs: int = -1, progress: Progress = None
) -> tuple[str, Any]:
    """Run what is missing, write tables and drawings.

    Parameters
    ----------
    plan : Plan
        What to run.
    folder : Path
        For the trials (see `run_sweep`), which a later call goes on with, a drawing of each sweep,
        and the tables.
    jobs : int
        Trials at a time; -1: one for each core.
    progress : Progress
        Bar, function or nothing, see `run_sweep`.

    Returns
    -------
    tuple of (str, DataFrame)
        The tables, and all trials.
    """
    plan.check()
    _matplotlib()
    folder.mkdir(parents=True, exist_ok=True)
    found = run_sweep(
        trial,
        plan.points(),
        path=folder / TRIALS,
        seeds=range(plan.seeds),
        fixed={
            "data": plan.data,
            "neurons": plan.neurons,
            "images": plan.images,
            "held_out": plan.held_out,
        },
        name="mnist-diagnosis",
        jobs=jobs,
        progress=progress,
    )
    text = report(plan, found)
    with replacing(folder / REPORT) as stream:
        stream.write(text.encode())
    for name in plan.sweeps:
        draw(plan, name, found[found.about == name], folder / f"{name}.png")
    return text, found


FIGURES = {"accuracy": "right, %", "spikes": "spikes", "silent": "silent, %"}
"""What is shown beside a parameter's values; of the readout, the decoders instead."""


def _figures(name: str) -> dict[str, str]:
    if name == "readout":
        return {decoder: f"{decoder}, %" for decoder in PLAIN}
    return {**FIGURES, "learning_cpu_ms": "CPU, ms an image"}


def report(plan: Plan, trials: Any) -> str:
    """A table for each sweep: mean and standard deviation over seeds.

    Parameters
    ----------
    plan : Plan
        What was run.
    trials : DataFrame
        All trials.

    Returns
    -------
    str
        The text, in Markdown.
    """
    lines = [
        f"# Diagnosis: {plan.data}, {plan.neurons} neurons",
        "",
        f"{plan.images:,} training images, scores on {plan.held_out:,} others, "
        f"{plan.seeds} {'seed' if plan.seeds == 1 else 'seeds'}: mean (standard deviation). The "
        f"decoder is Poisson naive Bayes unless named. * the default.",
    ]
    for name in plan.sweeps:
        for panel in plan.panels(name):
            lines += ["", f"## {name}: {panel.label}", ""]
            lines += _table(name, panel, trials[trials.parameter == panel.parameter])
    failed = trials[trials.status == "failed"]
    for row in failed.itertuples():
        last = row.error.strip().splitlines()[-1]
        lines += ["", f"FAILED: {row.parameter} = {row.value}, seed {row.seed}: {last}"]
    return "\n".join(lines) + "\n"


def _table(name: str, panel: Panel, trials: Any) -> list[str]:
    columns = _figures(name)
    lines = [f"| {panel.parameter} | {' | '.join(columns.values())} |"]
    lines.append("|---|" + "---|" * len(columns))
    usual = default_of(panel.parameter)
    for value in panel.values:
        rows = trials[[v == value for v in trials.value]]
        cells = [_cell(rows[figure]) if figure in rows else "" for figure in columns]
        mark = " *" if value == usual else ""
        lines.append(f"| {value}{mark} | {' | '.join(cells)} |")
    return lines


def _cell(values: Any) -> str:
    known = values.dropna()
    if not len(known):
        return ""
    spread = f" ({known.std():.1f})" if len(known) > 1 else ""
    return f"{known.mean():.1f}{spread}"


def _matplotlib() -> Any:
    try:
        from matplotlib.figure import Figure
    except ImportError as error:
        raise MissingExtraError("diagnosis", "matplotlib", "sweep") from error
    return Figure


def draw(plan: Plan, name: str, trials: Any, path: Path) -> None:
    """Draw a sweep: a dot for each trial, and the mean.

    Parameters
    ----------
    plan : Plan
        What was run.
    name : str
        Of the sweep.
    trials : DataFrame
        All trials.
    path : Path
        Of the drawing.
    """
    panels = plan.panels(name)
    figure = _matplotlib()(figsize=(1.0 + 5.0 * len(panels), 4.2), layout="constrained")
    figure.suptitle(
        f"{name}: {plan.data}, {plan.neurons} neurons, {plan.images:,} images, "
        f"{plan.seeds} {'seed' if plan.seeds == 1 else 'seeds'}"
        + ("" if name == "readout" else "; grey: the default"),
        fontsize=10,
    )
    # One scale for all panels: what matters little looks little.
    row = np.atleast_1d(figure.subplots(1, len(panels), sharey=True))
    for axes, panel in zip(row, panels, strict=True):
        rows = trials[(trials.parameter == panel.parameter) & (trials.status == "done")]
        if not len(rows):
            axes.text(0.5, 0.5, "no trial succeeded", ha="center", transform=axes.transAxes)
        elif name == "readout":
            _draw_readout(axes, panel, rows)
        else:
            _draw_panel(axes, panel, rows, default_of(panel.parameter))
    figure.savefig(path, dpi=110)


def _means(rows: Any, values: Sequence[Any], figure: str) -> NDArray[np.float64]:
    return np.array([rows[[v == value for v in rows.value]][figure].mean() for value in values])


def _draw_panel(axes: Any, panel: Panel, rows: Any, usual: Any) -> None:
    places = np.arange(len(panel.values))
    at = [panel.values.index(value) for value in rows.value]
    axes.plot(at, rows.accuracy, "o", color="tab:blue", ms=4, alpha=0.6)
    axes.plot(places, _means(rows, panel.values, "accuracy"), color="tab:blue")
    axes.set_xticks(places, [f"{value:g}" for value in panel.values])
    axes.set_xlabel(panel.label)
    axes.set_ylabel("% right, held-out images", color="tab:blue")
    axes.tick_params(labelleft=True)
    if usual in panel.values:
        axes.axvline(panel.values.index(usual), color="0.8", lw=6, zorder=0)
    other = axes.twinx()
    other.plot(at, rows.spikes, "x", color="tab:orange", ms=4, alpha=0.6)
    other.plot(places, _means(rows, panel.values, "spikes"), color="tab:orange", ls="--")
    other.set_ylabel("spikes an image", color="tab:orange")
    other.set_ylim(bottom=0.0)


def _draw_readout(axes: Any, panel: Panel, rows: Any) -> None:
    width = 0.8 / len(PLAIN)
    for k, decoder in enumerate(PLAIN):
        places = np.arange(len(panel.values)) + (k - (len(PLAIN) - 1) / 2) * width
        axes.bar(places, _means(rows, panel.values, decoder), 0.9 * width, label=decoder)
        at = [places[panel.values.index(value)] for value in rows.value]
        axes.plot(at, rows[decoder], "k.", ms=3)
    labels = {"none": "none: pixels"}
    axes.set_xticks(
        np.arange(len(panel.values)), [labels.get(str(v), str(v)) for v in panel.values]
    )
    axes.set_ylabel("% right, held-out images")
    axes.legend(ncols=len(PLAIN), fontsize=8, loc="lower center", bbox_to_anchor=(0.5, 1.0))
