"""The demonstration: a brain lives, learns, grows, is saved and carries on; then it learns Iris.

Everything it says it checks: `run` raises `DemoError` if a claim does not hold.
"""

from __future__ import annotations

import importlib
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from engram.brain import Brain
from engram.errors import EngramError
from engram.network.identities import places
from engram.persistence import load_brain, save_brain
from engram.projection import Projection
from engram.recording import Recorder, SpikeRecorder
from engram.recording.statistics import BrainStats
from engram.region import RegionType

if TYPE_CHECKING:
    from matplotlib.figure import Figure
    from rich.console import Console
    from rich.table import Table

STEPS, MORE = 10_000, 5_000
REWARD_AT, PUNISH_AT = 5000, 7000
FIRST, SECOND = [0.8, 0.3, 0.5], [0.2, 0.9, 0.4]
REWARDED, PUNISHED = ("input", "cortex"), ("cortex", "output")
PLAUSIBLE_HZ = (0.5, 100.0)
IRIS_SEED = 0
IRIS_CLAIM = 0.9

Floats = NDArray[np.float64]


class DemoError(EngramError):
    """A claim of the demonstration that does not hold."""


@dataclass
class Life:
    """What happened: the brain at the end, and what was recorded of it on the way.

    Attributes
    ----------
    brain : Brain
        The one that was loaded, at the end.
    start : BrainStats
        Its figures in the beginning.
    before : dict of str to array
        Weights in the beginning, by label of the projection.
    twin : Brain
        A copy that got neither reward nor punishment, at the time of saving.
    raised : Brain
        The one that was never saved, at the end.
    rewarded, punished : float
        Mean change of the weights of the two pathways against the twin's, relative.
    saved, loaded : str
        Fingerprints of the brain when it was saved, and of what was loaded.
    unbroken : str
        Fingerprint of `raised` at the end.
    size : int
        Bytes of the saved file.
    seconds : float
        How long the first `STEPS` took, s.
    spikes : dict of str to (times, neurons)
        Times in ms, by region.
    rates : dict of str to (times, rates)
        Ends of bins in ms, rates in Hz, by region.
    """

    brain: Brain
    start: BrainStats
    before: dict[str, Floats]
    twin: Brain
    raised: Brain
    rewarded: float = 0.0
    punished: float = 0.0
    saved: str = ""
    loaded: str = ""
    unbroken: str = ""
    size: int = 0
    seconds: float = 0.0
    spikes: dict[str, tuple[Floats, NDArray[np.int64]]] = field(default_factory=dict)
    rates: dict[str, tuple[Floats, Floats]] = field(default_factory=dict)


def build(seed: int) -> Brain:
    """The brain of the usage example: input (50), cortex (200, with dendrites), output (10).

    Parameters
    ----------
    seed : int
        Of the brain.

    Returns
    -------
    Brain
        At time 0.
    """
    brain = Brain(dt=1.0, seed=seed)
    brain.add_region("input", RegionType.SENSORY, n_neurons=50)
    brain.add_region("cortex", RegionType.ASSOCIATION, n_neurons=200)
    brain.add_region("output", RegionType.MOTOR, n_neurons=10)
    brain.connect_regions("input", "cortex", density=0.1)
    brain.connect_regions("cortex", "output", density=0.1)
    brain.regions["cortex"].enable_morphology()
    return brain


def live(seed: int, progress: Callable[[str], Any]) -> Life:
    """Build a brain, run it, save it, load it, and run it on.

    Parameters
    ----------
    seed : int
        Of the brain.
    progress : callable
        Given a label, returns a context manager that yields what `Brain.run` takes as progress.

    Returns
    -------
    Life
        What happened.
    """
    brain = build(seed)
    start = brain.stats()
    before = {p.label: p.weight.astype(np.float64) for p in brain.projections}
    recorders = {"spikes": brain.record("spikes"), "rates": brain.record("rates", every=50.0)}
    twins: list[Brain] = []

    def first(brain: Brain, step: int) -> None:
        if step == REWARD_AT:
            twins.append(brain.copy())
        brain.stimulate("input", FIRST)
        if step == REWARD_AT:
            brain.reward(2.0, target=Brain.projection_target(*REWARDED))
        if step == PUNISH_AT:
            brain.punish(1.0, target=Brain.projection_target(*PUNISHED))

    def without(brain: Brain, _: int) -> None:
        brain.stimulate("input", FIRST)

    def second(brain: Brain, _: int) -> None:
        brain.stimulate("input", SECOND)

    began = time.perf_counter()
    with progress("living") as report:
        brain.run(STEPS, first, progress=report)
    seconds = time.perf_counter() - began
    for recorder in recorders.values():
        recorder.detach()
    (twin,) = twins
    with progress("twin without reward") as report:
        twin.run(STEPS - REWARD_AT, without, progress=report)

    with tempfile.TemporaryDirectory() as folder:
        path = save_brain(brain, Path(folder) / "my_brain")
        size = path.stat().st_size
        loaded = load_brain(path)
    life = Life(loaded, start, before, twin, brain, size=size, seconds=seconds)
    life.saved, life.loaded = brain.fingerprint(), loaded.fingerprint()
    life.rewarded, life.punished = (
        _difference(brain.get_projection(*pair), twin.get_projection(*pair))
        for pair in (REWARDED, PUNISHED)
    )
    later = {"spikes": loaded.record("spikes"), "rates": loaded.record("rates", every=50.0)}
    with progress("carrying on") as report:
        loaded.run(MORE, second, progress=report)
    for recorder in later.values():
        recorder.detach()
    brain.run(MORE, second, progress=False)
    life.unbroken = brain.fingerprint()
    for name in loaded.regions:
        life.spikes[name] = _joined(_spikes(r["spikes"], name) for r in (recorders, later))
        life.rates[name] = _joined(_rates(r["rates"], name) for r in (recorders, later))
    return life


def _spikes(recorder: Recorder, region: str) -> tuple[Any, Any]:
    assert isinstance(recorder, SpikeRecorder)
    return recorder.spikes(region)


def _rates(recorder: Any, region: str) -> tuple[Any, Any]:
    return recorder.times, recorder.values[:, recorder.regions.index(region)]


def _joined(parts: Iterator[tuple[Any, Any]]) -> tuple[Any, Any]:
    times, values = zip(*parts, strict=True)
    return np.concatenate(times), np.concatenate(values)


def _difference(one: Projection, other: Projection) -> float:
    """Mean change of the weights two brains have in common, relative to the mean weight."""
    found = places(one.identities, other.identities)
    common = found >= 0
    a, b = one.weight[common].astype(np.float64), other.weight[found[common]].astype(np.float64)
    return float((a - b).mean() / np.abs(b).mean()) if len(a) else float("nan")


def check(life: Life) -> list[tuple[str, bool]]:
    """The claims about a life, and whether they hold.

    Parameters
    ----------
    life : Life
        What happened.

    Returns
    -------
    list of (str, bool)
        The text of each claim, and whether it holds.
    """
    stats = life.brain.stats()
    low, high = PLAUSIBLE_HZ
    claims = [
        (
            f"{r.name} fires at a plausible rate: {r.rate:.1f} Hz on average, {r.activity:.1f} Hz "
            f"now ({low:g} to {high:g})",
            low <= r.rate <= high and low <= r.activity <= high,
        )
        for r in stats.regions
    ]
    claims += [
        (
            f"it has grown: {stats.neurons_born} neurons and {stats.synapses_born} synapses born",
            stats.neurons_born > 0
            and stats.synapses_born > 0
            and stats.n_neurons > life.start.n_neurons,
        ),
        (f"and been pruned: {stats.synapses_pruned} synapses gone", stats.synapses_pruned > 0),
        (
            f"reward changed {_arrow(REWARDED)}: weights {100 * life.rewarded:+.1f} % against its "
            f"unrewarded twin's",
            abs(life.rewarded) > 0.01,
        ),
        (
            f"punishment changed {_arrow(PUNISHED)}: weights {100 * life.punished:+.1f} % "
            f"against the twin's",
            abs(life.punished) > 0.01,
        ),
        (
            f"the loaded brain is the saved one, bit for bit ({life.size / 1024:.0f} KiB)",
            life.saved == life.loaded,
        ),
        (
            f"and lives the same {MORE} steps as the one that was never saved",
            life.brain.fingerprint() == life.unbroken,
        ),
    ]
    return claims


def _arrow(pair: tuple[str, str]) -> str:
    return f"{pair[0]} \u2192 {pair[1]}"


def _name(projection: Projection) -> str:
    if projection.source == projection.target:
        return f"{projection.source} (its own)"
    return _arrow((projection.source, projection.target))


def _table(title: str, *columns: str) -> Table:
    from rich import box
    from rich.table import Table

    table = Table(title=title, title_justify="left", title_style="bold", box=box.SIMPLE_HEAD)
    for k, column in enumerate(columns):
        table.add_column(column, justify="right" if k else "left")
    return table


def region_table(life: Life) -> Table:
    """Figures by region at the end.

    Parameters
    ----------
    life : Life
        What happened.

    Returns
    -------
    Table
        A row for each region.
    """
    stats = life.brain.stats()
    columns = "region", "neurons", "own synapses", "spikes", "mean rate", "now"
    table = _table(f"Regions after {stats.time / 1000:g} s", *columns)
    for then, now in zip(life.start.regions, stats.regions, strict=True):
        table.add_row(
            now.name,
            f"{then.n_neurons} \u2192 {now.n_neurons}",
            f"{then.n_synapses} \u2192 {now.n_synapses}",
            f"{now.spikes:,}",
            f"{now.rate:.1f} Hz",
            f"{now.activity:.1f} Hz",
        )
    return table


def projection_table(life: Life) -> Table:
    """Excitatory weights by projection, before and after.

    Parameters
    ----------
    life : Life
        What happened.

    Returns
    -------
    Table
        A row for each projection.
    """

    def described(weights: Floats) -> str:
        excitatory = weights[weights > 0]
        if not len(excitatory):
            return "none"
        return f"{excitatory.mean():.2f} \u00b1 {excitatory.std():.2f}"

    table = _table("Pathways", "from \u2192 to", "synapses", "weight before", "after")
    for projection in life.brain.projections:
        old, new = life.before[projection.label], projection.weight.astype(np.float64)
        table.add_row(
            _name(projection), f"{len(old)} \u2192 {len(new)}", described(old), described(new)
        )
    table.caption = "excitatory weights, mean \u00b1 standard deviation"
    table.caption_justify = "left"
    return table


def picture(life: Life) -> Figure:
    """Spikes, rates, weights before and after, and growth, in one figure.

    Parameters
    ----------
    life : Life
        What happened.

    Returns
    -------
    Figure
        11 by 9.6 inches.
    """
    from matplotlib.figure import Figure

    from engram import plots

    figure = Figure(figsize=(11.0, 9.6), dpi=130)
    figure.set_layout_engine("constrained", h_pad=0.09, w_pad=0.06)
    rows: Any = figure.subfigures(3, 1, height_ratios=(3.3, 2.4, 2.5))
    colors = dict(zip(life.brain.regions, plots.COLORS, strict=False))

    ax = rows[0].subplots()
    plots.raster(life.spikes, ax, start=REWARD_AT - 500.0, stop=REWARD_AT + 500.0, colors=colors)
    ax.axvline(REWARD_AT, color=plots.INK, linewidth=0.9, linestyle=(0, (4, 3)))
    ax.annotate(
        "reward",
        (REWARD_AT, 1.0),
        xycoords=("data", "axes fraction"),
        xytext=(0, 3),
        textcoords="offset points",
        ha="center",
        fontsize=9,
        color=plots.INK,
    )
    plots.title(ax, "Spikes, half a second before and after the reward")

    ax = rows[1].subplots()
    plots.rates(life.rates, ax, window=200.0, colors=colors)
    ax.set_xlim(0.0, (STEPS + MORE) / 1000)
    for at, text in (
        (REWARD_AT, "reward"),
        (PUNISH_AT, "punishment"),
        (STEPS, "saved, loaded; new stimulus"),
    ):
        ax.axvline(at / 1000, color=plots.INK, linewidth=0.9, linestyle=(0, (4, 3)), zorder=0)
        ax.annotate(
            text,
            (at / 1000, 1.0),
            xycoords=("data", "axes fraction"),
            xytext=(0, 3),
            textcoords="offset points",
            ha="center",
            fontsize=9,
            color=plots.INK,
        )
    plots.title(ax, "Mean rates by region")

    axes = rows[2].subplots(1, 4, width_ratios=(1.25, 1.25, 1, 1))
    for ax, pair, what in zip(axes, (REWARDED, PUNISHED), ("rewarded", "punished"), strict=False):
        projection = life.brain.get_projection(*pair)
        plots.weight_histogram(
            life.before[projection.label],
            projection.weight,
            ax,
            bins=30,
            labels=("at the start", "at the end"),
        )
        ax.get_legend().remove()
        plots.title(ax, f"{_arrow(pair)}, {what}")
    axes[1].legend(
        loc="upper right", frameon=False, fontsize=8.5, labelcolor=plots.INK, handlelength=1.3
    )
    history = [life.start, *life.brain.stats_history]
    seconds = [s.time / 1000 for s in history]
    for ax, name in zip(axes[2:], ("neurons", "synapses"), strict=True):
        plots.style(ax)
        counts = [getattr(s, f"n_{name}") for s in history]
        ax.plot(
            seconds,
            counts,
            color=plots.COLORS[0],
            linewidth=1.6,
            marker="o",
            markersize=3,
            clip_on=False,
        )
        ax.set_xlim(0.0, seconds[-1])
        ax.set_xlabel("time (s)")
        ax.set_ylabel(name)
        plots.title(ax, f"{name.capitalize()} alive")
    return figure


def iris() -> tuple[dict[str, float], int]:
    """Accuracy on held-out flowers, of the network and its controls; and how many flowers."""
    from sklearn.datasets import load_iris
    from sklearn.linear_model import LogisticRegression
    from sklearn.model_selection import train_test_split
    from sklearn.neighbors import NearestCentroid
    from sklearn.pipeline import make_pipeline

    from engram.learn import PlaceCode, RSTDPClassifier

    X, y = load_iris(return_X_y=True)
    train, test, y_train, y_test = train_test_split(
        X, y, test_size=0.2, stratify=y, random_state=IRIS_SEED
    )
    models = {
        "spiking network, after learning": RSTDPClassifier(random_state=IRIS_SEED),
        "the same network, untrained": RSTDPClassifier(random_state=IRIS_SEED, n_epochs=0),
        "no network: class means of the same input code": make_pipeline(
            PlaceCode(), NearestCentroid()
        ),
        "no network: logistic regression on the features": LogisticRegression(max_iter=1000),
    }
    scores = {
        name: float(model.fit(train, y_train).score(test, y_test)) for name, model in models.items()
    }
    return scores, len(y_test)


def run(
    output: Path | None = Path("demo.png"),
    seed: int = 42,
    *,
    with_iris: bool = True,
    console: Console | None = None,
) -> None:
    """Live, print, draw, learn Iris; an error unless every claim holds.

    Parameters
    ----------
    output : Path, optional
        Where the picture goes. None: there is none.
    seed : int
        Of the brain.
    with_iris : bool
        Learn Iris, too.
    console : Console, optional
        Where to print. None: standard output.

    Raises
    ------
    DemoError
        A claim does not hold.
    EngramError
        scikit-learn is missing, or the picture can't be written.
    MissingExtraError
        There is no matplotlib to draw with.
    """
    from rich.console import Console

    console = console or Console()
    began = time.perf_counter()
    if output is not None:
        importlib.import_module("engram.plots")
    if with_iris:
        try:
            importlib.import_module("engram.learn")
        except ImportError as error:
            raise EngramError(
                'Iris needs scikit-learn: pip install ".[learn]" in a checkout of Engram '
                "(or leave it out: --no-iris)"
            ) from error
    with console.status("compiling: once, then it is kept"):
        warm = build(seed)
        warm.run(1, progress=False)
    life = live(seed, lambda label: progress_bar(console, label))
    console.print(
        f"{STEPS:,} steps of {life.start.n_neurons} neurons and {life.start.n_synapses:,} "
        f"synapses, stimulated in each: {life.seconds:.2f} s\n",
        highlight=False,
    )
    console.print(region_table(life))
    console.print(projection_table(life))
    claims = check(life)
    if output is not None:
        figure = picture(life)
        try:
            figure.savefig(output)
        except (OSError, ValueError) as error:
            raise EngramError(f"the picture can't be written to {output}: {error}") from error
        console.print(f"picture: {output}\n", highlight=False, soft_wrap=True)
    if with_iris:
        with console.status("learning Iris from reward"):
            scores, n = iris()
        table = _table(f"Iris, {n} flowers not trained on", "", "right")
        for name, score in scores.items():
            table.add_row(name, f"{100 * score:.1f} %")
        console.print(table)
        best = next(iter(scores.values()))
        claims.append((f"Iris is learned: {100 * best:.1f} % right", best >= IRIS_CLAIM))
    for text, holds in claims:
        mark = "[green]\u2713[/]" if holds else "[bold red]\u2717[/]"
        console.print(f"{mark} {text}", highlight=False)
    console.print(f"\n{time.perf_counter() - began:.1f} s in all", highlight=False)
    failed = [text for text, holds in claims if not holds]
    if failed:
        raise DemoError("the demonstration failed: " + "; ".join(failed))


@contextmanager
def progress_bar(console: Console, label: str) -> Iterator[Callable[[int, int], None]]:
    """A progress bar, gone when the run ends.

    Parameters
    ----------
    console : Console
        Where it is drawn. Where that is no terminal, there is none.
    label : str
        Stands before the bar.

    Yields
    ------
    callable
        What `Brain.run` takes as progress: a function of (steps done, steps in all).
    """
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn

    if not console.is_terminal:
        yield _silent
        return
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn())
    with Progress(*columns, console=console, transient=True) as bar:
        task = bar.add_task(label, total=None)

        def report(done: int, total: int) -> None:
            bar.update(task, completed=done, total=total)

        yield report


def _silent(done: int, total: int) -> None:
    """Where there is no terminal to draw a bar on."""
