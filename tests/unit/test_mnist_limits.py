"""What `benchmarks.learning.mnist_limits` measures without spikes, and its report."""

import numpy as np
import pytest

pytest.importorskip("sklearn")

from benchmarks.learning import mnist_limits
from engram.circuits import image_settings
from engram.learn import STDPClassifier


def test_the_best_are_graded_by_their_lead():
    code = mnist_limits.graded(np.array([[1.0, 4.0, 3.0, 2.0], [9.0, 1.0, 5.0, 1.0]], "f4"), 2)
    np.testing.assert_allclose(code, [[0.0, 1.0, 0.5, 0.0], [1.0, 0.0, 0.5, 0.0]])


def test_fields_become_the_mean_of_their_images():
    fields = mnist_limits.unit([[1.0, 0.1, -1.0], [0.1, 1.0, -1.0]], 0)
    images = mnist_limits.unit([[1.0, 0.0], [1.0, 0.4], [0.0, 1.0]], 1)
    better = mnist_limits.averaged(fields, images)
    np.testing.assert_allclose(better[:, 0], mnist_limits.unit(images[:2].sum(0), 0), rtol=1e-6)
    np.testing.assert_allclose(better[:, 1], [0.0, 1.0], atol=1e-6)
    np.testing.assert_array_equal(better[:, 2], fields[:, 2])


def test_a_neuron_that_matches_everything_has_no_advantage():
    random = np.random.default_rng(0)
    images, fields = random.normal(size=(500, 9)), random.normal(size=(9, 50))
    plain = mnist_limits.match(images.astype("f4"), fields.astype("f4"), images.astype("f4"))
    share = (plain > 0).mean(axis=0)
    np.testing.assert_allclose(share, mnist_limits.WINNERS / 50, atol=0.01)


def test_study_and_report(monkeypatch):
    monkeypatch.setattr(mnist_limits, "HELD_FROM", 60)
    monkeypatch.setattr(mnist_limits, "WINNERS", 3)
    random = np.random.default_rng(1)
    y = np.arange(90) % 3
    x = random.integers(0, 60, (90, 12), dtype=np.uint8)
    for c in range(3):
        x[y == c, 4 * c : 4 * c + 4] += 150
    network = STDPClassifier(9, steps=100, random_state=0).learn_features(x)
    rows = mnist_limits.study(network, x, y, 50, 30, (2.0,))
    assert [r["answers"] for r in rows][-1] == "spikes, inhibition 2"
    assert rows[0]["delta"] > 90.0
    assert rows[-1]["spikes"] > 0
    run = {"neurons": 9, "epochs": 1, "seed": 0, "labels": 50, "held": 30, "rows": rows}
    text = "\n".join(mnist_limits.report({"runs": [run]}))
    assert "9 neurons, 1 passes, seed 0; 50 labels, 30 images held out" in text
    assert "| spikes, inhibition 2 |" in text


def test_inhibition_in_answers_falls_with_the_size_of_large_layers():
    found = [image_settings("lif", n).answer_inhibition for n in (100, 1600, 3200, 6400)]
    np.testing.assert_allclose(found, [2.1, 2.1, 1.05, 0.525])
