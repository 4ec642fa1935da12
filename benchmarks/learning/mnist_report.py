"""The page on MNIST: accuracies beside aims and controls."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from benchmarks.learning.verdicts import Claim
from engram.circuits import image_settings

Runs = list[dict[str, Any]]
Groups = dict[tuple[str, int], Runs]


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

SPEED = {"train_cpu_ms_per_image": 1.5, "answer_cpu_ms": 0.6}
"""Most CPU time of a presentation to 400 neurons, ms."""

DECODERS = ("vote", "profiles", "bayes", "delta", "reward")


def groups(runs: Iterable[dict[str, Any]]) -> Groups:
    """Runs by model and number of neurons, in order of size."""
    found: Groups = {}
    for run in sorted(runs, key=lambda r: (r["run"]["model"] != "lif", r["run"]["neurons"])):
        found.setdefault((run["run"]["model"], run["run"]["neurons"]), []).append(run)
    return found


def accuracies(runs: Runs, decoder: str | None = None) -> NDArray[np.float64]:
    """Test accuracy of each run: of the decoder chosen on held-out labels, or of one by name."""
    return np.array(
        [r["accuracy"] if decoder is None else r["decoders"][decoder]["accuracy"] for r in runs]
    )


def _spread(values: NDArray[np.float64]) -> str:
    if len(values) == 1:
        return f"{values[0]:.2f}"
    return f"{values.mean():.2f} ± {values.std(ddof=1):.2f}"


HEAD = """\
## MNIST, learned without labels

`python -m benchmarks.learning.mnist`. Canonical split; input scaled by the range of the training
images; {epochs}; features see no labels; decoders see those of {labels} training images, drawn
by the seed. Test images are seen once, from rest, with learning off; answers don't depend on
their order. Silence counts as wrong. "Chosen" is the decoder that was best on a sixth of the
labelled training images, held out from it; profiles, bayes and delta are fitted with labels
outside of the network, so they stand after the vote and the spiking read-out. Settings were found
on training images that were held out (50,000-59,999), none on test images. Mean ± standard
deviation over seeds, %. CPU time
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
    """The page on stored runs."""
    runs = stored["runs"]
    grouped = groups(runs)
    epochs = sorted({r["run"]["epochs"] for r in runs})
    labels = sorted({r["n_labels"] for r in runs})
    head = HEAD.format(
        epochs=f"times shown: {' or '.join(map(str, epochs))}",
        labels=" or ".join(f"{n:,}" for n in labels),
        machine=f"{runs[0]['machine']['cores']} cores",
    )
    lines = [*head.splitlines(), "", *_accuracies(grouped), "", *_rivals(grouped)]
    lines += [*_controls(runs, grouped), ""]
    lines += [*_costs(grouped), ""]
    return [*lines, *_deviations(runs), *_remarks(grouped)]


def claims(stored: dict[str, Any]) -> list[dict[str, Any]]:
    """Whether the chosen decoders reach what was asked for."""
    found = []
    for key, members in groups(stored["runs"]).items():
        if key in AIMS:
            text = f"{key[1]:,} {key[0]}, chosen decoder: at least {AIMS[key].accuracy:g} %"
            trials = {m["run"]["seed"]: {"chosen": m["accuracy"]} for m in members}
            found.append(Claim(text, "chosen", AIMS[key].accuracy).judge(trials))
    return found


def _accuracies(grouped: Groups) -> list[str]:
    """A row for each size: vote and reward with their labels, then the others."""
    others = DECODERS[1:-1]
    lines = [
        "| neurons | seeds | labels | vote | vote, Diehl & Cook (2015) | spiking read-out, reward "
        f"| {' | '.join(others)} | chosen | asked for | CPU min. to learn | asked for |",
        "|" + "---|" * (10 + len(others)),
    ]
    for (model, neurons), members in grouped.items():
        aim = AIMS.get((model, neurons))
        cells = {
            d: _spread(accuracies([m for m in members if d in m["decoders"]], d))
            if any(d in m["decoders"] for m in members)
            else ""
            for d in DECODERS
        }
        with_reward = sum("reward" in m["decoders"] for m in members)
        if 0 < with_reward < len(members):
            cells["reward"] += f" ({with_reward} of {len(members)} seeds)"
        minutes = np.mean([m["train_cpu_s"] for m in members]) / 60
        names = "/".join(sorted({m["best"] for m in members}))
        published = PAPER.get(neurons, "") if model == "lif" else ""
        lines.append(
            f"| {neurons:,} {model} | {len(members)} | {members[0]['n_labels']:,} "
            f"| {cells['vote']} | {published} | {cells['reward']} "
            f"| {' | '.join(cells[d] for d in others)} | {_spread(accuracies(members))} ({names}) "
            f"| {'' if aim is None else f'{aim.accuracy:g}'} | {minutes:.1f} "
            f"| {'' if aim is None else f'{aim.minutes:g}'} |"
        )
    return lines


RIVALS = """\
Rivals: as many centres as neurons (k-means on images of length 1, or training images at random),
of which those that fit best answer, before the same decoders, with the same labels; settings (15
for each decoder) and decoder chosen on the same sixth of them. Neighbours: among the labelled
images, by cosine. The reward read-out is not tried with them.
"""


def _rivals(grouped: Groups) -> list[str]:
    """A row for each size and rival, and which rivals are ahead."""
    rows, ahead = [], []
    for (model, neurons), members in grouped.items():
        some = [m for m in members if "rivals" in m]
        for name in some[0]["rivals"] if some else ():
            rivals = [m["rivals"][name] for m in some]
            reached = np.array([r["accuracy"] for r in rivals])
            cells = [
                _spread(np.array([r["decoders"][d]["accuracy"] for r in rivals]))
                if d in rivals[0].get("decoders", {})
                else ""
                for d in DECODERS[:-1]
            ]
            best = "/".join(sorted({r["best"] for r in rivals if "best" in r}))
            rows.append(
                f"| {name}, beside {neurons:,} {model} | {len(some)} "
                f"| {_spread(reached)}{f' ({best})' if best else ''} | {' | '.join(cells)} |"
            )
            network = accuracies(some)
            if reached.mean() >= network.mean():
                ahead.append(
                    f"{name} ({reached.mean():.2f} against {network.mean():.2f} of "
                    f"{neurons:,} {model})"
                )
    if not rows:
        return []
    plain = DECODERS[:-1]
    head = ["| rival | seeds | chosen | " + " | ".join(plain) + " |", "|" + "---|" * 7]
    verdict = f"Ahead of the network, in the mean: {'; '.join(ahead) or 'none of them'}."
    return [*RIVALS.splitlines(), "", *head, *rows, "", verdict, ""]


def _controls(runs: Runs, grouped: Groups) -> list[str]:
    plain = DECODERS[:-1]
    lines = [
        "Controls: the same decoders on random weights (as they began, thresholds settled), and "
        "on the input itself, without a network.",
        "",
        "| control | " + " | ".join(plain) + " | logistic regression |",
        "|" + "---|" * (2 + len(plain)),
    ]
    for (model, neurons), members in grouped.items():
        some = [m for m in members if "untrained" in m]
        if some:
            cells = [
                _spread(np.array([m["untrained"]["decoders"][d]["accuracy"] for m in some]))
                for d in plain
            ]
            lines.append(f"| random weights, {neurons:,} {model} | {' | '.join(cells)} | |")
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
    return lines


def _costs(grouped: Groups) -> list[str]:
    lines = [
        "| neurons | spikes a test image | silent answers | ms to learn an image "
        "| ms to answer one | neurons per class |",
        "|---|---|---|---|---|---|",
    ]
    for (model, neurons), members in grouped.items():
        m = members[0]
        lines.append(
            f"| {neurons:,} {model}, seed {m['run']['seed']} | {m['spikes_per_image']:.1f} "
            f"| {m['silent']} | {m['train_cpu_ms_per_image']:.2f} | {m['answer_cpu_ms']:.2f} "
            f"| {' '.join(map(str, m['neurons_per_class']))} |"
        )
    learn, answer = SPEED.values()
    return [
        *lines,
        "",
        f"Asked for at 400 neurons: at most {learn:g} ms to learn an image and "
        f"{answer:g} ms to answer one.",
    ]


def _deviations(runs: Runs) -> list[str]:
    """What differs from Diehl & Cook, with the settings of the runs."""
    first = runs[0]["parameters"]
    settings = {**first, "tau_inh": first["model"]["tau_inh"]}
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
    return DEVIATIONS.format(**settings).splitlines()


def _remarks(grouped: Groups) -> list[str]:
    """Runs whose answers took several looks, and runs with settings of another time."""
    lines = []
    for (model, neurons), members in grouped.items():
        looks = members[0]["run"].get("fixations", 1)
        if looks > 1:
            lines.append(
                f"{neurons:,} {model}: answers, to labelled images too, add up {looks} looks, "
                "from positions a pixel apart, each from rest: as many presentations."
            )
    for key, members in grouped.items():
        now = list(image_settings(*key).theta_plus)
        then = members[0]["parameters"]["theta_plus"]
        if then != now:
            lines.append(
                f"{key[1]:,} {key[0]}: not run again since; thresholds jumped by {then[0]:g} to "
                f"{then[1]:g} (now {now[0]:g} to {now[1]:g})."
            )
    return lines
