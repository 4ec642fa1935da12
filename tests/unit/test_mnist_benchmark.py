"""What the MNIST benchmark makes of its results: groups, claims, report."""

import copy
import json

import pytest

pytest.importorskip("sklearn")

from benchmarks.learning import mnist, mnist_report
from benchmarks.learning.mnist_report import DECODERS
from engram.circuits import image_settings


def a_run(neurons=400, seed=0, model="lif", accuracy=92.0, untrained=70.0):
    decoders = {
        name: {"accuracy": accuracy - k, "undecided": 0, "validation": 90.0, "confusion": [[1]]}
        for k, name in enumerate(("delta", "bayes", "profiles", "vote", "reward"))
    }
    return {
        "run": {"neurons": neurons, "seed": seed, "model": model, "epochs": 1, "data": "mnist"},
        "parameters": {
            "total_rate": 6500.0,
            "total_weight": 31.6,
            "answer_inhibition": 2.1,
            "inhibition": 18.0,
            "target_spikes": 5.0,
            "model": {"tau_inh": 10.0},
            "theta_plus": list(image_settings("lif", 400).theta_plus),
        },
        "best": "delta",
        "accuracy": accuracy,
        "decoders": decoders,
        "n_labels": 10_000,
        "untrained": {"decoders": {name: {"accuracy": untrained} for name in decoders}},
        "pixels": dict.fromkeys(decoders, 80.0)
        | {"logistic": 90.0, "logistic_all": 92.0, "n_labels": 10_000, "n_labels_all": 60_000},
        "train_cpu_s": 120.0,
        "train_cpu_ms_per_image": 2.0,
        "answer_cpu_ms": 1.0,
        "spikes_per_image": 9.0,
        "silent": 3,
        "neurons_per_class": [40] * 10,
        "machine": {"cores": 2},
    }


def test_claims_are_about_means_over_seeds_and_controls():
    good = [a_run(seed=0, accuracy=89.0), a_run(seed=1, accuracy=92.0)]
    assert mnist.failures(good) == []
    bad = [a_run(seed=0, accuracy=89.0), a_run(seed=1, accuracy=90.5)]
    assert "mean accuracy 89.75" in mnist.failures(bad)[0]
    close = a_run(untrained=85.0)
    assert "untrained" in mnist.failures([close])[0]


def test_a_run_takes_the_place_of_an_older_one(tmp_path):
    path = tmp_path / "mnist.json"
    for run in (a_run(neurons=400), a_run(neurons=100), a_run(neurons=400, accuracy=91.0)):
        runs = mnist.store([copy.deepcopy(run)], path)
    assert [r["run"]["neurons"] for r in runs] == [100, 400]
    assert json.loads(path.read_text())["runs"][1]["accuracy"] == 91.0


def test_report_has_every_figure_beside_its_controls():
    runs = [a_run(seed=0), a_run(seed=1, accuracy=94.0), a_run(1600, accuracy=93.0)]
    runs[2]["run"]["fixations"] = 5
    text = "\n".join(mnist_report.report({"runs": runs}))
    assert "| 400 lif | 2 | 10,000 | 90.00 ± 1.41 | 87.0 | 89.00 ± 1.41 |" in text
    assert "| 1,600 lif | 1 | 10,000 | 90.00 | 91.9 | 89.00 |" in text
    assert "| 93.00 ± 1.41 (delta) | 90 |" in text
    assert "random weights, 400 lif | 70.00 ± 0.00" in text
    for looks in (1, 5):
        assert f"| pixels, 10,000 labels, looks: {looks} | 80.00 |" in text
    assert "90.00 (10,000 labels), 92.00 (60,000 labels)" in text
    assert "6500 Hz" in text
    assert "1,600 lif: not run again since" in text
    assert "400 lif: not run again since" not in text
    rows = [line for line in text.splitlines() if line.startswith("| 400 lif |")]
    assert len(rows) == 1
    assert rows[0].count("±") == 1 + len(DECODERS)


def test_what_was_asked_for_is_judged_by_intervals():
    runs = [a_run(seed=0), a_run(seed=1, accuracy=92.1), a_run(1600, accuracy=95.0)]
    judged = {c["claim"][:9]: c["verdict"] for c in mnist_report.claims({"runs": runs})}
    assert judged == {"400 lif, ": "holds", "1,600 lif": "undecided"}
