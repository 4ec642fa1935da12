"""``engram bench``: benchmarks that learn."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from engram.cli.common import FAILED, one_line_errors

bench = typer.Typer(
    name="bench", help="Benchmarks that learn, with their controls.", no_args_is_help=True
)


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
    with one_line_errors():
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
    with one_line_errors():
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
