"""What limits MNIST's accuracy: the features, the answers in spikes, or the labels.

    python -m benchmarks.learning.mnist_limits --neurons 6400 --epochs 3 --folder mnist-runs

Takes the network of `python -m benchmarks.learning.mnist` with the same arguments from its
checkpoints (or trains it). Decoders are fitted to labelled training images among the first
50,000 and scored on training images from 50,000 on; test images have no part in it. Ways to
answer, from what is best to what there is:

- averaged, without spikes: each neuron's field is replaced by the mean of the images that it
  matches best (a step of k-means with cosines), then answers as below.
- without spikes: the cosine of image and field, less what the neuron exceeds for as large a share
  of images as WINNERS are of the layer; what remains above the next best neuron's, of the WINNERS
  best neurons, counts (graded); or 1 for each of them (binary).
- noisy input: the same, with Poisson counts of input spikes in place of rates.
- spikes: the circuit's answers with several strengths of inhibition.

Adds to benchmarks/results/mnist_limits.json; prints a table.
"""

from __future__ import annotations

import argparse
import functools
import sys
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from benchmarks.learning.trials import RESULTS as FOLDER
from benchmarks.learning.trials import merged, one_thread_each, trials, write
from benchmarks.provenance import provenance
from engram.learn import DeltaReadout, PoissonBayes
from engram.learn.bench.mnist import Run, classifier, load
from engram.learn.stdp_classifier import STDPClassifier

RESULTS = FOLDER / "mnist_limits.json"
HELD_FROM = 50_000
WINNERS = 20
INHIBITION = (0.13, 0.525, 2.1)

Floats = NDArray[np.float32]


def unit(values: NDArray[Any], axis: int) -> Floats:
    """Vectors of length 1."""
    array = np.asarray(values, np.float32)
    length = np.linalg.norm(array, axis=axis, keepdims=True)
    scaled: Floats = array / np.maximum(length, np.float32(1e-9))
    return scaled


def graded(matches: Floats, winners: int) -> Floats:
    """Of each row the best values, from 0 (the next best) to 1 (the best); else 0."""
    code = np.zeros_like(matches)
    for row, out in zip(matches, code, strict=True):
        best = np.argpartition(-row, winners)[: winners + 1]
        values = row[best] - row[best].min()
        out[best] = values / values.max()
    return code


def match(images: Floats, fields: Floats, reference: Floats) -> Floats:
    """Cosines, less what each neuron exceeds for its share of the reference images."""
    usual = np.quantile(reference @ fields, 1.0 - WINNERS / fields.shape[1], axis=0)
    ahead: Floats = images @ fields - usual.astype(np.float32)
    return ahead


def averaged(fields: Floats, images: Floats) -> Floats:
    """Each field becomes the mean of the images it matches best; one without any stays."""
    sums = np.zeros_like(fields)
    for block in np.array_split(images, max(1, len(images) // 2000)):
        for winner, image in zip((block @ fields).argmax(axis=1), block, strict=True):
            sums[:, winner] += image
    return np.where(sums.any(axis=0), unit(sums, 0), fields)


def scored(code: NDArray[Any], y: NDArray[np.int64], n: int) -> dict[str, float]:
    """Accuracy, %, of decoders fitted to the first n answers, for the rest."""
    found = {"delta": DeltaReadout(random_state=0).fit(code[:n], y[:n]).score(code[n:], y[n:])}
    if code.dtype.kind == "i":
        found["bayes"] = PoissonBayes().fit(code[:n], y[:n]).score(code[n:], y[n:])
    return {name: 100.0 * share for name, share in found.items()}


def without_spikes(
    network: STDPClassifier, data: NDArray[Any], X: NDArray[Any], n: int
) -> Iterator[tuple[str, Floats]]:
    """Answers of analog neurons with these fields."""
    fields, images = unit(network.circuit_.weights, 0), unit(X, 1)
    random = np.random.RandomState(0)
    counts = random.poisson(images * (network.total_rate * network.steps / 1e3))
    inputs = {"without spikes": images, "noisy input": unit(counts, 1)}
    for name, values in inputs.items():
        code = graded(match(values, fields, values[: min(n, 4000)]), WINNERS)
        yield f"{name}, graded", code
        yield f"{name}, binary", (code > 0).astype(np.float32)
    better = averaged(fields, unit(data[:HELD_FROM], 1))
    code = graded(match(images, better, images[: min(n, 4000)]), WINNERS)
    yield "averaged, without spikes, graded", code


def study(
    network: STDPClassifier,
    X_train: NDArray[Any],
    y_train: NDArray[Any],
    labels: int,
    held: int,
    strengths: tuple[float, ...],
) -> list[dict[str, Any]]:
    """Rows of the table."""
    some = np.random.RandomState(1).permutation(HELD_FROM)[:labels]
    chosen = np.concatenate([some, np.arange(HELD_FROM, min(HELD_FROM + held, len(y_train)))])
    X, y = X_train[chosen], y_train[chosen]
    rows: list[dict[str, Any]] = []

    def add(row: dict[str, Any]) -> None:
        rows.append(row)
        print(describe(row), flush=True)

    for name, code in without_spikes(network, X_train, X, labels):
        add({"answers": name, **scored(code, y, labels)})
    for strength in strengths:
        network.set_params(answer_inhibition=strength)
        started = time.process_time()
        spikes = network.transform(X)
        add(
            {
                "answers": f"spikes, inhibition {strength:g}",
                **scored(spikes, y, labels),
                "spikes": float(spikes.sum(axis=1).mean()),
                "neurons": float((spikes > 0).sum(axis=1).mean()),
                "cpu_ms": 1e3 * (time.process_time() - started) / len(X),
            }
        )
    return rows


def describe(row: dict[str, Any]) -> str:
    """A row as text."""
    bayes = f"{row['bayes']:.2f}" if "bayes" in row else ""
    spikes = f"{row['spikes']:.0f} of {row['neurons']:.0f} neurons" if "spikes" in row else ""
    return f"| {row['answers']} | {row['delta']:.2f} | {bayes} | {spikes} |"


def report(stored: dict[str, Any]) -> list[str]:
    """The section of BENCHMARKS.md."""
    lines = [
        "### What limits it",
        "",
        "`python -m benchmarks.learning.mnist_limits`: accuracy, %, on training images from "
        "50,000 on, held out from decoders; features have seen them, without labels. Without "
        f"spikes: cosine of image and field, the {WINNERS} best neurons; graded by how far they "
        "are ahead, or binary. Noisy input: with Poisson counts of input spikes. Averaged: each "
        "field replaced by the mean of the images that it matches best.",
    ]
    for run in stored["runs"]:
        lines += [
            "",
            f"{run['neurons']:,} neurons, {run['epochs']} passes, seed {run['seed']}; "
            f"{run['labels']:,} labels, {run['held']:,} images held out:",
            "",
            "| answers | delta | bayes | spikes |",
            "|---|---|---|---|",
            *map(describe, run["rows"]),
        ]
    return lines


def trial(
    seed: int,
    neurons: int,
    epochs: int,
    labels: int,
    held: int,
    inhibition: Sequence[float],
    *,
    folder: Path,
    jobs: int,
) -> dict[str, Any]:
    """The rows of one trained network; folder: of its checkpoints; jobs: threads for answers."""
    run = Run(neurons, epochs, seed)
    data, network = load(run), classifier(run, jobs)
    network.learn_features(data.X_train, progress=True, checkpoints=folder / run.name)
    rows = study(network, data.X_train, data.y_train, labels, held, tuple(inhibition))
    return {
        "found": {
            "neurons": neurons,
            "epochs": epochs,
            "seed": seed,
            "labels": labels,
            "held": held,
            "rows": rows,
        }
    }


def main(arguments: list[str] | None = None) -> int:
    """Run, print, write."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--neurons", type=int, default=6400)
    parser.add_argument("--epochs", type=int, default=3)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--labels", type=int, default=15_000)
    parser.add_argument("--held", type=int, default=5000)
    parser.add_argument("--jobs", type=int, default=1, help="threads for answers")
    parser.add_argument("--inhibition", type=float, nargs="+", default=INHIBITION)
    parser.add_argument("--folder", type=Path, default=Path("mnist-runs"), help="of checkpoints")
    options = parser.parse_args(arguments)
    one_thread_each()
    point = {
        "neurons": options.neurons,
        "epochs": options.epochs,
        "labels": options.labels,
        "held": options.held,
        "inhibition": list(options.inhibition),
    }
    run = functools.partial(trial, folder=options.folder, jobs=options.jobs)
    found = trials("mnist_limits", run, [point], [options.seed])
    origin = provenance(__file__, [options.seed])
    new = [{**row["found"], "provenance": origin} for row in found]

    def key(found: dict[str, Any]) -> tuple[int, ...]:
        return found["neurons"], found["epochs"], found["seed"]

    runs = sorted(merged(RESULTS, "runs", new, key), key=key)
    write(RESULTS, {"benchmark": "mnist_limits", "runs": runs}, a_line_each="runs")
    return 0


if __name__ == "__main__":
    sys.exit(main())
