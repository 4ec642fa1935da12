"""MNIST, learned without labels by STDP and competition; decoders read spikes.

    python -m benchmarks.learning.mnist --neurons 400 --seeds 0 1 2 [--model izhikevich]
    python -m benchmarks.learning.mnist --quick

Each run goes through `engram.learn.mnist.execute` (what `engram bench mnist` does) and is added to
benchmarks/results/mnist.json; a run that was cut off goes on from its checkpoints (`--folder`).
`--quick` is what CI runs: 100 neurons, 5,000 images of MNIST if it is on this machine, and
scikit-learn's digits, which always are; nothing is written.

Protocol (docs/learning.md): canonical split; input scaled by the range of training images;
labels for decoders only, drawn from training images; test images seen once, from rest, learning
off, each answer a function of network and image; silence is wrong. The decoder whose figure
counts is chosen by labelled training images that were held out from it. Settings were found on
training images 50,000-59,999, held out; the runs here then learn from all 60,000.

Beside each run stand simple rivals with the same images and labels (`mnist_rivals`); `--rivals`
adds them to runs that are stored, without running a network.

Claims, asserted: `CLAIMS`, means over seeds.
"""

from __future__ import annotations

import argparse
import functools
import json
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from benchmarks.learning.mnist_report import accuracies, groups
from benchmarks.learning.mnist_rivals import rivals
from benchmarks.learning.trials import RESULTS as FOLDER_OF_RESULTS
from benchmarks.learning.trials import merged, one_thread_each, trials, write
from benchmarks.provenance import provenance
from engram import datasets
from engram.learn.bench.mnist import Run, describe, execute, load

RESULTS = FOLDER_OF_RESULTS / "mnist.json"
FOLDER = Path("mnist-runs")


CLAIMS = {
    ("lif", 100): 85.0,
    ("lif", 400): 90.0,
    ("izhikevich", 400): 88.0,
    ("lif", 1600): 94.0,
    ("lif", 6400): 96.5,
}
"""Mean accuracy over seeds, %, by model and number of neurons."""

QUICK = {
    "mnist": (Run(neurons=100, images=5000, tests=2000, labels=2000, reward=False), 80.0),
    "digits": (Run(neurons=50, epochs=2, data="digits", labels=1000, reward=False), 80.0),
}
"""Small runs and the accuracy they must reach, %; one seed each."""

GAIN = {"vote": 10.0, "best": 5.0}
"""By how much a trained network must be ahead of an untrained one, points: by the vote, which needs
neurons that stand for classes, and by the chosen decoder, which makes much even of random features
where there are few inputs (of the 64 of the digits, 80 %)."""


def failures(runs: list[dict[str, Any]]) -> list[str]:
    """Claims that don't hold."""
    problems = []
    for key, members in groups(runs).items():
        mean = accuracies(members).mean()
        if key in CLAIMS and mean < CLAIMS[key]:
            problems.append(f"{key}: mean accuracy {mean:.2f} % < {CLAIMS[key]:g} %")
        for run in members:
            if "untrained" in run:
                problems += _against_untrained(run)
    return problems


def _against_untrained(run: dict[str, Any]) -> list[str]:
    problems = []
    for which, least in GAIN.items():
        name = run["best"] if which == "best" else which
        before = run["untrained"]["decoders"][name]["accuracy"]
        after = run["decoders"][name]["accuracy"]
        if after < before + least:
            problems.append(
                f"{run['run']}: {name}: {after:.2f} % trained, {before:.2f} % untrained"
            )
    return problems


def quick() -> list[str]:
    """The small runs; what they miss."""
    problems = []
    for name, (run, least) in QUICK.items():
        if name == "mnist":
            try:
                datasets.mnist(download=False)
            except datasets.DatasetError as error:
                print(f"without MNIST: {error}\n")
                continue
        started = time.perf_counter()
        with tempfile.TemporaryDirectory() as folder:
            found = execute(run, Path(folder), jobs=-1, progress=False)
        print(describe(found))
        print(described(found | {"rivals": beside(run)}))
        print(f"{time.perf_counter() - started:.0f} s in all\n")
        if found["accuracy"] < least:
            problems.append(f"{name}: {found['accuracy']:.2f} % < {least:g} %")
        problems += _against_untrained(found)
    return problems


def beside(run: Run) -> dict[str, Any]:
    """The rivals of a run."""
    data = load(run)
    return rivals(data, run.neurons, min(run.labels, len(data.y_train)), run.seed)


def described(found: dict[str, Any]) -> str:
    """The rivals of a run as text."""
    return "\n".join(
        f"{name:<22}{rival['accuracy']:>9.2f} {rival.get('best', '')}"
        for name, rival in found["rivals"].items()
    )


def store(runs: Sequence[dict[str, Any]], path: Path = RESULTS) -> list[dict[str, Any]]:
    """Put runs among those stored, in place of older ones of the same; all of them."""

    def key(found: dict[str, Any]) -> tuple[Any, ...]:
        return tuple(found["run"][k] for k in ("model", "neurons", "seed", "data"))

    everything = merged(path, "runs", runs, key)
    everything.sort(
        key=lambda r: (r["run"]["model"] != "lif", r["run"]["neurons"], r["run"]["seed"])
    )
    write(path, {"benchmark": "mnist", "runs": everything}, a_line_each="runs")
    return everything


def trial(seed: int, *, folder: Path, every: int, jobs: int, **values: Any) -> dict[str, Any]:
    """One training and its test; folder: of checkpoints; every, jobs: see `execute`."""
    run = Run(seed=seed, **values)
    found = execute(
        run, folder / run.name, every=every, jobs=jobs, say=lambda text: print(text, flush=True)
    )
    found["rivals"] = beside(run)
    print(describe(found), described(found), sep="\n", flush=True)
    return {"found": found}


def add_rivals(neurons: int, seeds: Sequence[int], path: Path = RESULTS) -> list[dict[str, Any]]:
    """Add rivals to stored runs; all stored runs."""
    chosen = []
    for found in json.loads(path.read_text())["runs"]:
        run = Run(**found["run"])
        if run.neurons == neurons and run.seed in seeds:
            chosen.append(found | {"rivals": beside(run)})
            print(f"{run.name}\n{described(chosen[-1])}", flush=True)
    return store(chosen, path)


def main(arguments: list[str] | None = None) -> int:
    """Run, print, write; exit code 1 if a claim does not hold."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--quick", action="store_true", help="small runs; nothing is written")
    parser.add_argument("--rivals", action="store_true", help="of stored runs; no network")
    parser.add_argument("--neurons", type=int, default=400)
    parser.add_argument("--model", default="lif")
    parser.add_argument("--epochs", type=int, default=1)
    parser.add_argument("--labels", type=int, default=10_000)
    parser.add_argument("--fixations", type=int, default=1, help="looks in an answer: 1, 5, 9")
    parser.add_argument("--seeds", type=int, nargs="+", default=[0])
    parser.add_argument("--jobs", type=int, default=1, help="threads for answers")
    parser.add_argument("--every", type=int, default=5000, help="images between checkpoints")
    parser.add_argument("--folder", type=Path, default=FOLDER, help="for checkpoints and images")
    parser.add_argument("--no-reward", action="store_true", help="without the readout by reward")
    parser.add_argument("--no-controls", action="store_true")
    options = parser.parse_args(arguments)
    one_thread_each()
    if options.quick:
        problems = quick()
    elif options.rivals:
        problems = failures(add_rivals(options.neurons, options.seeds))
    else:
        point = {
            "neurons": options.neurons,
            "epochs": options.epochs,
            "model": options.model,
            "labels": options.labels,
            "reward": not options.no_reward,
            "controls": not options.no_controls,
            "fixations": options.fixations,
        }
        run = functools.partial(
            trial, folder=options.folder, every=options.every, jobs=options.jobs
        )
        found = trials("mnist", run, [point], options.seeds)
        origin = provenance(__file__, options.seeds)
        runs = store([{**row["found"], "provenance": origin} for row in found])
        problems = failures(runs)
    for problem in problems:
        print(f"CLAIM FAILED: {problem}", file=sys.stderr)
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main())
