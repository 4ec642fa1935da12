"""The demonstration: a brain lives, learns, grows, is saved and carries on; then it learns Iris.

Everything it says it checks: `run` raises `DemoError` if a claim does not hold.
"""

from __future__ import annotations

import importlib
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from engram.demo import life as lived
from engram.demo.life import DemoError, build, check, live
from engram.demo.show import make_table, picture, projection_table, region_table
from engram.errors import EngramError, MissingExtraError

if TYPE_CHECKING:
    from rich.console import Console

IRIS_SEED = 0
IRIS_CLAIM = 0.9


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
        Learn Iris, too. Without scikit-learn it is left out, and a line says so.
    console : Console, optional
        Where to print. None: standard output.

    Raises
    ------
    DemoError
        A claim does not hold.
    EngramError
        The picture can't be written.
    MissingExtraError
        There is no matplotlib to draw with.
    """
    from rich.console import Console

    console = console or Console()
    began = time.perf_counter()
    if output is not None:
        _check_picture(output)
    learns = with_iris and _can_learn()
    with console.status("compiling: once, then it is kept"):
        warm = build(seed)
        warm.run(1, progress=False)
    life = live(seed, lambda label: progress_bar(console, label))
    console.print(
        f"{lived.STEPS:,} steps of {life.start.n_neurons} neurons and {life.start.n_synapses:,} "
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
    if learns:
        with console.status("learning Iris from reward"):
            scores, n = iris()
        table = make_table(f"Iris, {n} flowers not trained on", "", "right")
        for name, score in scores.items():
            table.add_row(name, f"{100 * score:.1f} %")
        console.print(table)
        best = next(iter(scores.values()))
        claims.append((f"Iris is learned: {100 * best:.1f} % right", best >= IRIS_CLAIM))
    elif with_iris:
        console.print(
            'Iris was left out; it needs scikit-learn: pip install ".[learn]" in a checkout of '
            "Engram",
            markup=False,
            highlight=False,
            soft_wrap=True,
        )
    for text, holds in claims:
        mark = "[green]\u2713[/]" if holds else "[bold red]\u2717[/]"
        console.print(f"{mark} {text}", highlight=False)
    console.print(f"\n{time.perf_counter() - began:.1f} s in all", highlight=False)
    failed = [text for text, holds in claims if not holds]
    if failed:
        raise DemoError("the demonstration failed: " + "; ".join(failed))


def _can_learn() -> bool:
    """Whether scikit-learn is here."""
    try:
        importlib.import_module("engram.learn")
    except MissingExtraError:
        return False
    return True


def _check_picture(output: Path) -> None:
    """Whether matplotlib can draw such a file, before anything has run."""
    importlib.import_module("engram.plots")
    from matplotlib.backend_bases import FigureCanvasBase

    known = FigureCanvasBase.get_supported_filetypes()
    kind = output.suffix.lower().removeprefix(".")
    if kind and kind not in known:
        raise EngramError(
            f"the picture can't be written to {output}: its name must end in one of "
            f"{', '.join('.' + name for name in known)}"
        )


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
