"""What the MNIST benchmark makes of its results: groups, claims, report."""

import copy
import json

import pytest

pytest.importorskip("sklearn")

from benchmarks.learning import mnist, mnist_report, mnist_rivals
from benchmarks.learning.mnist_report import DECODERS
from engram import datasets
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


def test_report_says_which_rivals_are_ahead():
    def rival(accuracy):
        decoders = {d: {"accuracy": accuracy - k} for k, d in enumerate(DECODERS[:-1])}
        return {"accuracy": accuracy, "best": "vote", "decoders": decoders}

    runs = [a_run(seed=0), a_run(seed=1, accuracy=94.0), a_run(1600)]
    for run, reached in zip(runs[:2], (94.0, 96.0), strict=True):
        run["rivals"] = {"spherical k-means": rival(reached), "3-NN": {"accuracy": 60.0}}
    text = "\n".join(mnist_report.report({"runs": runs}))
    assert "| spherical k-means, beside 400 lif | 2 | 95.00 ± 1.41 (vote) | 95.00 ± 1.41 |" in text
    assert "| 3-NN, beside 400 lif | 2 | 60.00 ± 0.00 | " in text
    ahead = "Ahead of the network, in the mean: spherical k-means (95.00 against 93.00 of 400 lif)."
    assert ahead in text
    assert "Rivals" not in "\n".join(mnist_report.report({"runs": [a_run()]}))


def test_rivals_are_added_to_stored_runs(tmp_path, monkeypatch):
    path = tmp_path / "mnist.json"
    for seed in (0, 1):
        run = a_run(neurons=100, seed=seed)
        run["run"] |= {"labels": 10_000, "images": None}
        mnist.store([run], path)
    asked = []

    def rivals(run):
        asked.append((run.neurons, run.seed))
        return {"1-NN": {"accuracy": 95.0}}

    monkeypatch.setattr(mnist, "beside", rivals)
    runs = mnist.add_rivals(100, [1], path)
    assert asked == [(100, 1)]
    assert [r.get("rivals") for r in runs] == [None, {"1-NN": {"accuracy": 95.0}}]
    assert json.loads(path.read_text())["runs"] == runs


def test_rivals_learn_the_digits_and_choose_without_the_test():
    data = datasets.digits().first(600, 200)
    found = mnist_rivals.rivals(data, 30, 300, 0)
    assert set(found) == {"spherical k-means", "random images", "1-NN", "3-NN"}
    assert found["spherical k-means"]["accuracy"] > 80.0
    assert found["1-NN"]["accuracy"] > 90.0
    other = data._replace(y_test=data.y_test[::-1])
    again = mnist_rivals.rivals(other, 30, 300, 0)
    for name in ("spherical k-means", "random images"):
        for chosen in ("setting", "best"):
            assert again[name][chosen] == found[name][chosen]
