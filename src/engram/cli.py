"""The command line: ``engram demo``, ``info``, ``run``, ``resume``, ``live`` and ``bench``."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from engram._version import __version__
from engram.errors import EngramError, InvalidValueError

if TYPE_CHECKING:
    from rich.console import Console
    from rich.table import Table

    from engram.brain import Brain

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

FAILED, UNUSABLE, INTERRUPTED, UNHEARD = 1, 2, 130, 141
"""Exit codes: a claim of the demonstration does not hold; bad input; Ctrl-C; nobody reads on."""


@contextmanager
def _one_line_errors() -> Iterator[None]:
    """Turn what users can cause into one line on stderr and an exit code."""
    try:
        yield
    except KeyboardInterrupt:
        typer.echo("engram: interrupted", err=True)
        raise typer.Exit(INTERRUPTED) from None
    except BrokenPipeError:
        _leave_closed_pipe()
        raise typer.Exit(UNHEARD) from None
    except MemoryError as error:
        typer.echo(f"engram: out of memory: {error}", err=True)
        raise typer.Exit(UNUSABLE) from None
    except (EngramError, OSError) as error:
        from engram.demo import DemoError

        text = " ".join(str(error).split())
        if isinstance(error, OSError) and error.filename is not None:
            text = f"{error.filename}: {error.strerror}"
        typer.echo(f"engram: {text}", err=True)
        raise typer.Exit(FAILED if isinstance(error, DemoError) else UNUSABLE) from None


def _leave_closed_pipe() -> None:
    """Let what is still to be written go nowhere: whoever read it has ended, as head does."""
    try:
        nowhere = os.open(os.devnull, os.O_WRONLY)
        os.dup2(nowhere, sys.stdout.fileno())
        os.close(nowhere)
    except (OSError, ValueError):
        # There is no file behind it.
        return


def _console() -> Console:
    """Where tables go; it leaves a closed pipe to `_one_line_errors`."""
    from rich.console import Console

    class Reporting(Console):
        def on_broken_pipe(self) -> None:
            raise BrokenPipeError

    return Reporting()


def _check_output(target: Path) -> Path:
    """Whether a brain can be saved there, found out before anything has run; the file's path."""
    from engram.checkpoint.folder import check_writable
    from engram.persistence import brain_path

    path = brain_path(target)
    if path.is_dir() or target.is_dir():
        folder = target if target.is_dir() else path
        raise InvalidValueError(
            f"{folder}: this is a folder; name a file in it, as {folder / 'brain.engram'}"
        )
    check_writable(path.parent)
    return path


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

    Checks what it claims; exit code 1 if a claim does not hold.
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


def _table(*columns: str) -> Table:
    from rich import box
    from rich.table import Table

    table = Table(box=box.SIMPLE_HEAD)
    for column in columns:
        numeric = column in ("synapses", "max neurons")
        table.add_column(column, justify="right" if numeric else "left")
    return table


def _class_name(thing: dict[str, Any] | None) -> str:
    if thing is None:
        return "none"
    values = ", ".join(f"{name}={value!r}" for name, value in thing["values"].items())
    name = thing["class"].split(":")[-1]
    return f"{name}({values})" if values else name


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
    path: Annotated[Path, typer.Argument(help="A saved brain.")],
    steps: Annotated[int, typer.Option(min=0, help="How many steps.")],
    output: Annotated[
        Path | None, typer.Option(help="Where to save it; by default where it came from.")
    ] = None,
    checkpoint_every: Annotated[
        int | None, typer.Option(min=1, help="Steps between checkpoints on the way.")
    ] = None,
    checkpoints: Annotated[
        Path | None, typer.Option(help="Their folder; by default beside the output.")
    ] = None,
    keep: Annotated[int, typer.Option(min=1, help="How many of them stay, the latest.")] = 3,
    allow: _Allow = None,
) -> None:
    """Load a brain, run it without stimulus, and save it.

    Interrupted, it does not save; with --checkpoint-every, "engram resume" goes on from the latest.
    """
    with _one_line_errors():
        from engram.checkpoint.folder import PLAN, SUFFIX, checkpoints_in, write_notes
        from engram.persistence import load_brain

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


bench = typer.Typer(name="bench", help="Benchmarks that learn, with their controls.")
app.add_typer(bench, no_args_is_help=True)


@bench.command()
def mnist(
    neurons: Annotated[int, typer.Option(min=1, help="Excitatory neurons.")] = 400,
    epochs: Annotated[int, typer.Option(min=0, help="Passes through the images.")] = 1,
    seed: Annotated[int, typer.Option(min=0, help="Of everything random.")] = 0,
    model: Annotated[str, typer.Option(help="Neurons: lif or izhikevich.")] = "lif",
    data: Annotated[str, typer.Option(help="mnist, or digits (needs no download).")] = "mnist",
    images: Annotated[
        int | None,
        typer.Option("--images", "--pictures", min=2, help="Use the first training images only."),
    ] = None,
    tests: Annotated[
        int | None, typer.Option(min=1, help="Use the first test images only.")
    ] = None,
    labels: Annotated[
        int, typer.Option(min=2, help="Training images whose class decoders may see.")
    ] = 10_000,
    output: Annotated[
        Path | None,
        typer.Option(help="Folder for checkpoints, result, drawings; by default named after it"),
    ] = None,
    every: Annotated[int, typer.Option(min=1, help="Images between checkpoints.")] = 5000,
    jobs: Annotated[int, typer.Option(help="Threads for answers; -1: one for each core.")] = -1,
    reward: Annotated[
        bool, typer.Option("--reward/--no-reward", help="Train the readout by reward, too.")
    ] = True,
    fixations: Annotated[
        int, typer.Option(help="Positions from which an answer looks at an image: 1, 5 or 9.")
    ] = 1,
) -> None:
    """Learn MNIST without labels, by STDP; then decode, test, and compare with controls.

    Interrupted, the same command goes on from the latest checkpoint.
    """
    with _one_line_errors():
        from engram.learn.bench.mnist import PAGE, Run, describe, execute

        wanted = Run(
            neurons, epochs, seed, model, data, images, tests, labels, reward, fixations=fixations
        )
        folder = Path(wanted.name) if output is None else output
        found = execute(
            wanted, folder, every=every, jobs=jobs, say=lambda text: typer.echo(text, err=True)
        )
        typer.echo(describe(found))
        typer.echo(f"\nsaved: {folder}, with {PAGE}")


@bench.command("mnist-diagnosis")
def mnist_diagnosis(
    sweeps: Annotated[
        str, typer.Option(help="Which, with commas: readout, inhibition, stdp, theta, time.")
    ] = "readout,inhibition,stdp,theta,time",
    data: Annotated[
        str, typer.Option(help="mnist, digits, or auto: MNIST if it is on this machine.")
    ] = "auto",
    neurons: Annotated[int, typer.Option(min=1, help="Excitatory neurons.")] = 100,
    images: Annotated[
        int | None,
        typer.Option(
            "--images",
            "--pictures",
            min=2,
            help="To learn from; 3,000 of MNIST, 1,000 of the digits.",
        ),
    ] = None,
    held_out: Annotated[
        int | None, typer.Option(min=1, help="To score with; 1,000 of MNIST, 400 of the digits.")
    ] = None,
    seeds: Annotated[int, typer.Option(min=1, help="Trials at each point.")] = 3,
    jobs: Annotated[int, typer.Option(help="Processes; -1: one for each core.")] = -1,
    output: Annotated[Path, typer.Option(help="Folder for trials, tables and drawings.")] = Path(
        "mnist-diagnosis"
    ),
    quick: Annotated[
        bool,
        typer.Option("--quick", help="Digits, 40 neurons, 500 images, one seed, fewer values."),
    ] = False,
) -> None:
    """Vary readout, inhibition, STDP, thresholds and time of the MNIST circuit, in short trials.

    Scores are of training images that were held out. Interrupted, the same command goes on with
    what is missing. Exit code 1 if a trial failed.
    """
    with _one_line_errors():
        from engram.learn.bench.diagnosis import TRIALS, Plan, at_hand, diagnose
        from engram.progress import lines_or_bar

        names = tuple(dict.fromkeys(name.strip() for name in sweeps.split(",") if name.strip()))
        if quick:
            wanted = Plan(names, "digits", 40, 500, 300, 1, coarse=True)
        else:
            source = at_hand() if data == "auto" else data
            many, few = (1000, 400) if source == "digits" else (3000, 1000)
            wanted = Plan(
                names,
                source,
                neurons,
                many if images is None else images,
                few if held_out is None else held_out,
                seeds,
            )
        text, found = diagnose(wanted, output, jobs=jobs, progress=lines_or_bar("trials"))
        typer.echo(text)
        typer.echo(f"saved: {output}, with {TRIALS}")
        if (found.status == "failed").any():
            raise typer.Exit(FAILED)


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
        _leave_closed_pipe()
        return code or UNHEARD
    except OSError as error:
        _leave_closed_pipe()
        typer.echo(f"engram: standard output: {error.strerror}", err=True)
        return code or UNUSABLE
    return code


if __name__ == "__main__":
    main()
