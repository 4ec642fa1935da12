"""The small versions of experiments on images hold what they claim; consolidation protects."""

import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

ROOT = Path(__file__).parents[2]
sys.path.insert(0, str(ROOT))

from benchmarks.learning.adaptation import Retina  # noqa: E402
from benchmarks.learning.lifelong import Consolidated, Profiles, circuit  # noqa: E402


@pytest.mark.parametrize("name", ["forgetting", "few_shots", "adaptation", "turning"])
def test_quick_version_holds(name: str) -> None:
    done = subprocess.run(
        [sys.executable, "-W", "error", "-m", f"benchmarks.learning.{name}", "--quick"],
        cwd=ROOT,
        env={**os.environ, "MPLBACKEND": "Agg", "OMP_NUM_THREADS": "1"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout[-3000:] + done.stderr[-3000:]


@pytest.mark.parametrize(("constancy", "stays"), [(1e-6, True), (np.inf, False)])
def test_used_neurons_stay_as_they_are(constancy: float, stays: bool) -> None:
    net = Consolidated(circuit(1, 16, 5, theta=-6.0), constancy)
    random = np.random.default_rng(1)
    first, second = random.integers(0, 256, (2, 25, 16)).astype(np.uint8)
    net.learn(first)
    used = net.used > 0
    weights, theta = net.circuit.weights, net.circuit.theta.copy()
    net.learn(second)
    assert used.any()
    change = np.abs(net.circuit.weights - weights)[:, used].max()
    risen = np.abs(net.circuit.theta - theta)[used].max()
    assert (change < 1e-5) == stays
    # What is left is the thresholds' own slow decay.
    assert (risen < 0.01) == stays


def test_a_neuron_without_history_speaks_for_no_class() -> None:
    decoder = Profiles(prior=0.1).fit([[4, 0], [0, 0]], [0, 1])
    scores = decoder.class_scores([[0, 3]])
    assert scores[0, 0] == scores[0, 1]


@pytest.mark.parametrize(("images", "as_before"), [(300, True), (0, False)])
def test_a_retina_that_adapts_undoes_an_inversion(images: int, as_before: bool) -> None:
    X = np.zeros((max(images, 1), 20), np.uint8)
    X[:, :5] = np.arange(5) * 50
    retina = Retina()
    assert (retina.see(X) == X).all()
    retina.see(255 - X[:images])
    assert (retina.look(255 - X) == X).all() == as_before
