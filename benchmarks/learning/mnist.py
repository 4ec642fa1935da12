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

Claims, asserted: `CLAIMS`, means over seeds.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
import tempfile
import time
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from engram import datasets
from engram.circuits import image_settings
from engram.learn.bench.mnist import Run, describe, execute

RESULTS = Path(__file__).parent.parent / "results" / "mnist.json"
FOLDER = Path("mnist-runs")


@dataclass(frozen=True)
class Aim:
    """What was asked for: accuracy, %, and CPU minutes of learning."""

    accuracy: float
    minutes: float


AIMS = {
    ("lif", 100): Aim(85.0, 1.0),
    ("lif", 400): Aim(90.0, 6.0),
    ("izhikevich", 400): Aim(88.0, 10.0),
    ("lif", 1600): Aim(94.0, 30.0),
    ("lif", 6400): Aim(96.5, 120.0),
}
PAPER = {100: 82.9, 400: 87.0, 1600: 91.9, 6400: 95.0}
"""Diehl & Cook (2015), %, by number of excitatory neurons."""

CLAIMS = {
    ("lif", 100): 85.0,
    ("lif", 400): 90.0,
    ("izhikevich", 400): 88.0,
    ("lif", 1600): 94.0,
    ("lif", 6400): 96.5,
}
"""Mean accuracy over seeds, %, by model and number of neurons."""

SPEED = {"train_cpu_ms_per_image": 1.5, "answer_cpu_ms": 0.6}
"""Most CPU time of a presentation to 400 neurons, ms."""

QUICK = {
    "mnist": (Run(neurons=100, images=5000, tests=2000, labels=2000, reward=False), 80.0),
    "digits": (Run(neurons=50, epochs=2, data="digits", labels=1000, reward=False), 80.0),
}
"""Small runs and the accuracy they must reach, %; one seed each."""

GAIN = {"vote": 10.0, "best": 5.0}
"""By how much a trained network must be ahead of an untrained one, points: by the vote, which needs
neurons that stand for classes, and by the chosen decoder, which makes much even of random features
where there are few inputs (of the 64 of the digits, 80 %)."""

DECODERS = ("vote", "profiles", "bayes", "delta", "reward")


def groups(runs: Iterable[dict[str, Any]]) -> dict[tuple[str, int], list[dict[str, Any]]]:
    """Runs by model and number of neurons, in order of size."""
    found: dict[tuple[str, int], list[dict[str, Any]]] = {}
    for run in sorted(runs, key=lambda r: (r["run"]["model"] != "lif", r["run"]["neurons"])):
        found.setdefault((run["run"]["model"], run["run"]["neurons"]), []).append(run)
    return found


def accuracies(runs: list[dict[str, Any]], decoder: str | None = None) -> np.ndarray:
    """Test accuracy of each run: of the decoder chosen on held-out labels, or of one by name."""
    return np.array(
        [r["accuracy"] if decoder is None else r["decoders"][decoder]["accuracy"] for r in runs]
    )


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
        print(f"{time.perf_counter() - started:.0f} s in all\n")
        if found["accuracy"] < least:
            problems.append(f"{name}: {found['accuracy']:.2f} % < {least:g} %")
        problems += _against_untrained(found)
    return problems


# ------------------------------------------------------------------ the report


def _spread(values: np.ndarray) -> str:
    if len(values) == 1:
        return f"{values[0]:.2f}"
    return f"{values.mean():.2f} ± {values.std(ddof=1):.2f}"


HEAD = """\
## MNIST, learned without labels

`python -m benchmarks.learning.mnist`. Canonical split; input scaled by the range of the training
images; {epochs}; features see no labels; decoders see those of {labels} training images, drawn
by the seed. Test images are seen once, from rest, with learning off; answers don't depend on
their order. Silence counts as wrong. "Chosen" is the decoder that was best on a sixth of the
labelled training images, held out from it. Settings were found on training images that were
held out (50,000-59,999), none on test images. Mean ± standard deviation over seeds, %. CPU time
of one thread on a shared machine ({machine}).
"""

DEVIATIONS = """\
Deviations from Diehl & Cook (2015): dt 1 ms instead of 0.5; delays of one step; inhibitory neurons
are relays; no pause of 150 ms, each image begins from rest; the rates of an image have the
length {total_rate:g} Hz (root of the sum of squares), so that none has to be shown again with more
input; weights change at postsynaptic spikes only, with bounds on both sides, and are kept at the
length {total_weight:g} after each image, not in sum; inhibition lasts longer ({tau_inh:g} ms) and
is weaker in answers ({answer_inhibition:g}{others} instead of {inhibition:g}); thresholds fall at a
rate at which the whole layer fires {target_spikes:g} spikes an image, instead of decaying;
learning rates fall over the images; fewer passes; decoders besides the vote.
"""


def report(stored: dict[str, Any]) -> list[str]:
    """The section of BENCHMARKS.md on stored runs."""
    runs = stored["runs"]
    epochs = sorted({r["run"]["epochs"] for r in runs})
    labels = sorted({r["n_labels"] for r in runs})
    first = runs[0]
    lines = HEAD.format(
        epochs=f"times shown: {' or '.join(map(str, epochs))}",
        labels=" or ".join(f"{n:,}" for n in labels),
        machine=f"{first['machine']['cores']} cores",
    ).splitlines()
    lines += [
        "",
        "| neurons | seeds | chosen | asked for | reached | paper | "
        + " | ".join(DECODERS)
        + " | CPU min. to learn | asked for |",
        "|" + "---|" * (8 + len(DECODERS)),
    ]
    for (model, neurons), members in groups(runs).items():
        aim = AIMS.get((model, neurons))
        chosen = accuracies(members)
        cells = [
            _spread(accuracies([m for m in members if d in m["decoders"]], d))
            if any(d in m["decoders"] for m in members)
            else ""
            for d in DECODERS
        ]
        minutes = np.mean([m["train_cpu_s"] for m in members]) / 60
        names = "/".join(sorted({m["best"] for m in members}))
        lines.append(
            f"| {neurons:,} {model} | {len(members)} | {_spread(chosen)} ({names}) "
            f"| {'' if aim is None else f'{aim.accuracy:g}'} | {_reached(chosen.mean(), aim)} "
            f"| {PAPER.get(neurons, '') if model == 'lif' else ''} | {' | '.join(cells)} "
            f"| {minutes:.1f} | {'' if aim is None else f'{aim.minutes:g}'} |"
        )
    lines += [
        "",
        "Controls: the same decoders on the untrained network (its weights as they "
        "began, thresholds settled), and on the input itself, without a network.",
        "",
    ]
    plain = DECODERS[:-1]
    lines += [
        "| control | " + " | ".join(plain) + " | logistic regression |",
        "|" + "---|" * (2 + len(plain)),
    ]
    for (model, neurons), members in groups(runs).items():
        some = [m for m in members if "untrained" in m]
        if some:
            cells = [
                _spread(np.array([m["untrained"]["decoders"][d]["accuracy"] for m in some]))
                for d in plain
            ]
            lines.append(f"| untrained, {neurons:,} {model} | {' | '.join(cells)} | |")
    on_pixels = {
        (r["pixels"]["n_labels"], r["run"].get("fixations", 1)): r["pixels"]
        for r in reversed(runs)
        if "pixels" in r
    }
    for (n_labels, looks), pixels in sorted(on_pixels.items()):
        cells = [f"{pixels[d]:.2f}" for d in plain]
        logistic = {n_labels: pixels["logistic"], pixels["n_labels_all"]: pixels["logistic_all"]}
        figures = ", ".join(f"{right:.2f} ({n:,} labels)" for n, right in logistic.items())
        lines.append(
            f"| pixels, {n_labels:,} labels, looks: {looks} | {' | '.join(cells)} | {figures} |"
        )
    lines += [
        "",
        "| neurons | spikes a test image | silent answers | ms to learn an image "
        "| ms to answer one | neurons per class |",
        "|---|---|---|---|---|---|",
    ]
    for (model, neurons), members in groups(runs).items():
        m = members[0]
        lines.append(
            f"| {neurons:,} {model}, seed {m['run']['seed']} | {m['spikes_per_image']:.1f} "
            f"| {m['silent']} | {m['train_cpu_ms_per_image']:.2f} | {m['answer_cpu_ms']:.2f} "
            f"| {' '.join(map(str, m['neurons_per_class']))} |"
        )
    learn, answer = SPEED.values()
    lines += [
        "",
        f"Asked for at 400 neurons: at most {learn:g} ms to learn an image and "
        f"{answer:g} ms to answer one.",
        "",
    ]
    settings = {**first["parameters"], "tau_inh": first["parameters"]["model"]["tau_inh"]}
    weaker = sorted(
        {
            (r["run"]["neurons"], r["parameters"]["answer_inhibition"])
            for r in runs
            if r["run"]["model"] == "lif"
            and r["parameters"]["answer_inhibition"] != settings["answer_inhibition"]
        }
    )
    settings["others"] = "".join(
        f", {value:g} at {neurons:,} neurons," for neurons, value in weaker
    )
    lines += DEVIATIONS.format(**settings).splitlines()
    for (model, neurons), members in groups(runs).items():
        looks = members[0]["run"].get("fixations", 1)
        if looks > 1:
            lines += [
                f"{neurons:,} {model}: answers, to labelled images too, add up {looks} looks, "
                "from positions a pixel apart, each from rest: as many presentations."
            ]
    for key, members in groups(runs).items():
        now = list(image_settings(*key).theta_plus)
        then = members[0]["parameters"]["theta_plus"]
        if then != now:
            lines += [
                f"{key[1]:,} {key[0]}: not run again since; thresholds jumped by {then[0]:g} to "
                f"{then[1]:g} (now {now[0]:g} to {now[1]:g})."
            ]
    return lines


def _reached(mean: float, aim: Aim | None) -> str:
    if aim is None:
        return ""
    return "yes" if mean >= aim.accuracy else "**no**"


def store(found: dict[str, Any], path: Path = RESULTS) -> list[dict[str, Any]]:
    """Put a run among those stored, in place of an older one of the same; all of them."""
    runs = json.loads(path.read_text())["runs"] if path.exists() else []
    key = ("model", "neurons", "seed", "data")
    same = tuple(found["run"][k] for k in key)
    runs = [r for r in runs if tuple(r["run"][k] for k in key) != same] + [found]
    runs.sort(key=lambda r: (r["run"]["model"] != "lif", r["run"]["neurons"], r["run"]["seed"]))
    # A run a line.
    lines = ",\n".join(json.dumps(r) for r in runs)
    path.write_text(f'{{"benchmark": "mnist", "runs": [\n{lines}\n]}}\n')
    return runs


def main(arguments: list[str] | None = None) -> int:
    """Run, print, write; exit code 1 if a claim does not hold."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--quick", action="store_true", help="small runs; nothing is written")
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
    os.environ.setdefault("OMP_NUM_THREADS", "1")
    os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
    if options.quick:
        problems = quick()
    else:
        runs: list[dict[str, Any]] = []
        for seed in options.seeds:
            run = Run(
                options.neurons,
                options.epochs,
                seed,
                options.model,
                labels=options.labels,
                reward=not options.no_reward,
                controls=not options.no_controls,
                fixations=options.fixations,
            )
            found = execute(
                run,
                options.folder / run.name,
                every=options.every,
                jobs=options.jobs,
                say=lambda text: print(text, flush=True),
            )
            print(describe(found), flush=True)
            runs = store(found)
        problems = failures(runs)
    for problem in problems:
        print(f"CLAIM FAILED: {problem}", file=sys.stderr)
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main())
