"""The command line: ``engram demo``, ``live``, ``new``, ``run``, ``doctor`` and others."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from engram._version import __version__
from engram.cli.bench import bench
from engram.cli.common import FAILED, UNHEARD, UNUSABLE, leave_closed_pipe
from engram.cli.common import check_output as _check_output
from engram.cli.common import console as _console
from engram.cli.common import one_line_errors as _one_line_errors
from engram.errors import InvalidValueError
from engram.parameters.listing import public_names

if TYPE_CHECKING:
    from rich.table import Table

    from engram.brain import Brain

__all__ = ["app", "main"]

__dir__ = public_names(__name__)

LINES_EVERY = 60.0
"""Seconds between two lines of a run that no terminal shows."""

# Everything else is imported where it is used, so that --help answers at once.

app = typer.Typer(
    name="engram",
    help="A simulator for spiking brains that learn while they live.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)
app.add_typer(bench)


def _version(wanted: bool) -> None:
    if wanted:
        typer.echo(f"engram {__version__}")
        raise typer.Exit


@app.callback()
def _options(
    version: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Show it and exit.")
    ] = False,
) -> None:
    pass


@app.command()
def demo(
    output: Annotated[Path, typer.Option(help="Where the image goes.")] = Path("demo.png"),
    seed: Annotated[int, typer.Option(min=0, help="Seed of the brain.")] = 42,
    iris: Annotated[bool, typer.Option("--iris/--no-iris", help="Learn Iris too.")] = True,
) -> None:
    """A brain lives, learns, grows, is saved and carries on; then it learns Iris.

    Checks what it claims; exit code 1 if a claim does not hold. Without scikit-learn, no Iris.
    """
    with _one_line_errors():
        from engram.checkpoint.folder import check_writable
        from engram.demo import run as run_demo

        if output.is_dir():
            raise InvalidValueError(
                f"{output}: this is a folder; name a file in it, as {output / 'demo.png'}"
            )
        check_writable(output.parent)
        run_demo(output, seed, with_iris=iris, console=_console())


@app.command()
def info(path: Annotated[Path, typer.Argument(help="A saved brain.")]) -> None:
    """Show what is in a saved brain, without loading it."""
    with _one_line_errors():
        from engram.persistence import inspect_checkpoint

        found = inspect_checkpoint(path)
        console = _console()
        size = Path(found["path"]).stat().st_size
        console.print(
            f"[bold]{found['path']}[/]: {size / 1024:,.0f} KiB, format {found['format']}, written "
            f"by engram {found['engram']}\n"
            f"a brain of {len(found['regions'])} regions at {found['time'] / 1000:g} s (step "
            f"{found['step']:,}, dt {found['dt']:g} ms, seed {found['seed']})",
            highlight=False,
            soft_wrap=True,
        )
        console.print(_regions(found))
        console.print(_projections(found))
        for line in _parameters(found):
            console.print(line, highlight=False, markup=False, soft_wrap=True)


def _table(*columns: str) -> Table:
    from rich import box
    from rich.table import Table

    table = Table(box=box.SIMPLE_HEAD)
    for column in columns:
        numeric = column in ("synapses", "max neurons")
        table.add_column(column, justify="right" if numeric else "left", overflow="fold")
    return table


def _class_name(thing: dict[str, Any] | None) -> str:
    return "none" if thing is None else str(thing["class"].split(":")[-1])


def _parameters(found: dict[str, Any]) -> Iterator[str]:
    """Models and rules whose parameters are not the default ones; too long for a table."""
    things = [(region["name"], region["model"]) for region in found["regions"]]
    things += [(f"{p['source']} -> {p['target']}", p["rule"]) for p in found["projections"]]
    for where, thing in things:
        if thing is not None and thing["values"]:
            values = ", ".join(f"{name}={value!r}" for name, value in thing["values"].items())
            yield f"{where}: {_class_name(thing)}({values})"


def _regions(found: dict[str, Any]) -> Table:
    table = _table("region", "type", "model", "max neurons", "dendrite")
    for region in found["regions"]:
        tree, dynamics = region["dendrites"]["tree"], region["dendrites"]["dynamics"]
        length = sum(branch["length"] for branch in tree["branches"])
        table.add_row(
            region["name"],
            region["type"].lower(),
            _class_name(region["model"]),
            f"{region['max_neurons']:,}",
            f"{length:g} \u00b5m, {dynamics}" if length else "none",
        )
    return table


def _projections(found: dict[str, Any]) -> Table:
    table = _table("from", "to", "synapses", "rule", "short-term plasticity", "frozen")
    for k, projection in enumerate(found["projections"]):
        stp = projection["stp"]
        table.add_row(
            projection["source"],
            projection["target"],
            f"{found['arrays'][f'projection{k}.post']['shape'][0]:,}",
            _class_name(projection["rule"]),
            "none" if stp is None else ", ".join(f"{n}={v:g}" for n, v in stp.items()) or "default",
            "yes" if projection["frozen"] else "no",
        )
    return table


_Allow = Annotated[
    list[str] | None,
    typer.Option(help='A model, rule or process it may use ("module:Class", "file.py:Class").'),
]


@app.command()
def run(
    path: Annotated[Path, typer.Argument(help="A saved brain, or an experiment (a .toml file).")],
    steps: Annotated[
        int | None, typer.Option(min=0, help="How many steps; an experiment says it itself.")
    ] = None,
    output: Annotated[
        Path | None,
        typer.Option(help="Where to save it, by default where it came from; or results."),
    ] = None,
    seed: Annotated[
        int | None, typer.Option(min=0, help="Of an experiment, instead of its own.")
    ] = None,
    checkpoint_every: Annotated[
        int | None, typer.Option(min=1, help="Steps between checkpoints on the way.")
    ] = None,
    checkpoints: Annotated[
        Path | None, typer.Option(help="Their folder; by default beside the output.")
    ] = None,
    keep: Annotated[int, typer.Option(min=1, help="How many of them stay, the latest.")] = 3,
    overwrite: Annotated[
        bool, typer.Option("--overwrite", help="Replace results of an earlier experiment.")
    ] = False,
    allow: _Allow = None,
) -> None:
    """Load a brain, run it without stimulus, and save it; or run an experiment from a file.

    Interrupted, it does not save; with --checkpoint-every, "engram resume" goes on from the latest.
    """
    with _one_line_errors():
        from engram.checkpoint.folder import PLAN, SUFFIX, checkpoints_in, write_notes
        from engram.persistence import load_brain

        if path.suffix == ".toml":
            others = (steps, checkpoint_every, checkpoints, allow)
            if any(option is not None for option in others):
                raise InvalidValueError(
                    f"{path}: an experiment takes --output, --seed, --overwrite only"
                )
            _run_experiment(path, output, seed, overwrite)
            return
        if overwrite:
            raise InvalidValueError(f"{path}: --overwrite is of an experiment (a .toml file)")
        if steps is None or seed is not None:
            raise InvalidValueError(f"{path}: a saved brain takes --steps, and has its seed")
        target = _check_output(path if output is None else output)
        if checkpoint_every is None and checkpoints is not None:
            raise InvalidValueError("--checkpoints goes with --checkpoint-every")
        brain = load_brain(path, allow=allow or ())
        if checkpoint_every is None:
            _finish(brain, brain.step_count + steps, target)
            return
        folder = checkpoints
        if folder is None:
            folder = target.with_name(target.name.removesuffix(SUFFIX) + ".checkpoints")
        if folder.is_dir() and checkpoints_in(folder):
            raise InvalidValueError(
                f"{folder}: there are checkpoints already; go on with 'engram resume {folder}', or "
                f"choose another folder"
            )
        with brain.checkpoint_every(folder, steps=checkpoint_every, keep=keep) as checkpointer:
            until = brain.step_count + steps
            output_path = str(target.absolute())
            write_notes(
                folder / PLAN,
                {"until": until, "every": checkpoint_every, "keep": keep, "output": output_path},
            )
            checkpointer.take()
            _finish(brain, until, target)


def _run_experiment(path: Path, folder: Path | None, seed: int | None, overwrite: bool) -> None:
    from engram.cli.experiment import load
    from engram.cli.experiment import run as run_experiment
    from engram.progress import lines_or_bar, reporting

    experiment = load(path, folder, seed)
    with reporting(lines_or_bar("steps", every=LINES_EVERY), "experiment") as report:
        written = run_experiment(experiment, report, overwrite=overwrite)
    typer.echo(experiment.brain.summary())
    typer.echo("\n" + "\n".join(f"written: {file}" for file in written))


@app.command()
def new(
    folder: Annotated[Path, typer.Argument(help="Where; it is made if it is not there.")],
    kind: Annotated[str, typer.Option(help="script, notebook or config.")] = "script",
) -> None:
    """Write a project to begin with: a program, a notebook, or an experiment file."""
    with _one_line_errors():
        from engram.cli.starter import create

        path, command = create(folder, kind)
        typer.echo(f"written: {path}\nnext: cd {folder} && {command}")


@app.command()
def doctor() -> None:
    """Show versions, cache and threads, and test that brains live as they should.

    Exit code 1 if a test fails.
    """
    with _one_line_errors():
        from engram.cli.health import self_test, surroundings, versions

        for name, state in (*versions(), *surroundings()):
            typer.echo(f"{name:16}{state}")
        typer.echo("")
        well = True
        for what, right in self_test():
            typer.echo(f"{'ok' if right else 'FAILED':8}{what}")
            well = well and right
        if not well:
            raise typer.Exit(FAILED)


@app.command()
def resume(
    folder: Annotated[Path, typer.Argument(help='The checkpoints of "engram run".')],
    allow: _Allow = None,
) -> None:
    """Go on with a run that was cut off, from its latest checkpoint, and save the brain."""
    with _one_line_errors():
        import warnings

        from engram.checkpoint.folder import checkpoints_in, read_plan
        from engram.persistence import resume_brain

        plan = read_plan(folder)
        target = _check_output(Path(plan["output"]))
        with warnings.catch_warnings(record=True) as found:
            warnings.simplefilter("always")
            brain = resume_brain(folder, allow=allow or ())
        for warning in found:
            typer.echo(f"engram: {warning.message}", err=True)
        for step, path in checkpoints_in(folder):
            if step > brain.step_count:
                path.rename(path.with_suffix(".damaged"))
        with brain.checkpoint_every(folder, steps=plan["every"], keep=plan["keep"]):
            _finish(brain, max(plan["until"], brain.step_count), target)


def _finish(brain: Brain, until: int, target: Path) -> None:
    """Run to a step, save, say how it went."""
    from engram.persistence import save_brain
    from engram.progress import lines_or_bar

    brain.run(until - brain.step_count, progress=lines_or_bar("steps", every=LINES_EVERY))
    saved = save_brain(brain, target)
    typer.echo(brain.summary())
    typer.echo(f"\nsaved: {saved}")


@app.command()
def live(
    path: Annotated[
        Path | None, typer.Argument(help="A saved brain; by default a demonstration.")
    ] = None,
    port: Annotated[int, typer.Option(min=0, max=65535, help="0: a free one.")] = 0,
    host: Annotated[
        str, typer.Option(help="Where to listen; others than this machine need the token printed.")
    ] = "127.0.0.1",
    browser: Annotated[bool, typer.Option("--browser/--no-browser", help="Open it.")] = True,
    world: Annotated[
        str | None, typer.Option(help="An agent that learns in it: grid or cartpole.")
    ] = None,
    digits: Annotated[
        bool, typer.Option("--digits", help="A pad to draw digits on, which neurons answer.")
    ] = False,
    seed: Annotated[int, typer.Option(min=0, help="Of what is built.")] = 42,
    allow: _Allow = None,
) -> None:
    """Show a brain in the browser while it fires, learns, grows and sleeps.

    The first line printed is the address. Ctrl-C ends it.
    """
    with _one_line_errors():
        from engram.live.command import Wanted, serve

        wanted = Wanted(path, port, host, browser, world, digits, seed, tuple(allow or ()))
        serve(wanted, say=typer.echo)


def main() -> None:
    """The entry point of the ``engram`` command."""
    # Not every terminal takes UTF-8.
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(errors="replace")
    try:
        app()
    except SystemExit as ended:
        sys.exit(_flushed(ended.code))


def _flushed(code: Any) -> Any:
    """The exit code, when all that was written has arrived, or could not."""
    try:
        sys.stdout.flush()
    except BrokenPipeError:
        leave_closed_pipe()
        return code or UNHEARD
    except OSError as error:
        leave_closed_pipe()
        typer.echo(f"engram: standard output: {error.strerror}", err=True)
        return code or UNUSABLE
    return code
