"""What the experiments on MNIST's images share: the data, the circuit, its answers.

The circuit is `engram.Competition` (Diehl & Cook 2015). Constants were chosen on training images
from 50,000 on, which no arm of any experiment learns from.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray
from sklearn.neural_network import MLPClassifier

from engram import Competition, TraceSTDP, datasets
from engram.circuits import lifelong_settings
from engram.learn.decoders import ProfileDecoder

Images = NDArray[np.uint8]
Labels = NDArray[np.int64]
Counts = NDArray[np.int32]
Floats = NDArray[np.float64]

CLASSES = np.arange(10)
SETTINGS = lifelong_settings(784)
ANSWER_INHIBITION = SETTINGS.answer_inhibition
"""Weaker than while learning: more neurons take part in an answer."""

PRIOR = 0.03
"""Spikes an image that a neuron is taken to have for every class before it has seen any."""

HELD_OUT = 50_000
"""The first training image of MNIST that is there for choices only."""

RATES = (0.0003, 0.001, 0.003)
"""Learning rates of perceptrons that are tried on held-out images."""


@dataclass(frozen=True)
class Data:
    """Images to learn from, to choose by, and to test with."""

    X: Images
    y: Labels
    X_held: Images
    y_held: Labels
    X_test: Images
    y_test: Labels


def images(seed: int, quick: bool, held: int = 1000, test: int = 2000) -> Data:
    """MNIST, or scikit-learn's digits in the small version, which needs no download.

    Learned from: the first 50,000 training images of MNIST in an order of the seed. Held out: the
    first `held` of the others. Test: every fifth test image if test is 2,000 (the first half of
    them is easier than the second).
    """
    if quick:
        small = datasets.digits(test_share=0.3, seed=seed)
        cut = 1000
        return Data(
            small.X_train[:cut],
            small.y_train[:cut],
            small.X_train[cut:],
            small.y_train[cut:],
            small.X_test,
            small.y_test,
        )
    full = datasets.mnist()
    order = np.random.default_rng([7, seed]).permutation(HELD_OUT)
    chosen = slice(None, None, len(full.y_test) // test)
    later = slice(HELD_OUT, HELD_OUT + held)
    return Data(
        full.X_train[order],
        full.y_train[order],
        full.X_train[later],
        full.y_train[later],
        full.X_test[chosen],
        full.y_test[chosen],
    )


def circuit(
    seed: int,
    n_inputs: int,
    n_neurons: int,
    *,
    eta: float = 0.02,
    theta: float = -3.0,
    theta_plus: float = 0.3,
    target_spikes: float = 0.0,
    max_neurons: int | None = None,
    density: float = 1.0,
) -> Competition:
    """A circuit that has learned nothing yet. theta below 0: fresh neurons fire at anything.

    density: share of the synapses from the input that are there; a neuron's sum is the same.
    """
    settings = replace(
        lifelong_settings(n_inputs),
        eta=(eta, eta),
        theta=theta,
        theta_plus=(theta_plus, theta_plus),
        target_spikes=target_spikes,
    )
    settings = replace(settings, w_max=settings.w_max / density)
    net = Competition.with_settings(
        settings, n_inputs, n_neurons, max_neurons=max_neurons, seed=seed
    )
    if density < 1.0:
        path = net.brain.get_projection("input", "excitatory")
        n = path.n_synapses
        gone = np.random.default_rng([11, seed]).permutation(n)[: round((1.0 - density) * n)]
        path.remove_synapses(np.sort(gone))
        path.normalize(net.total_weight)
    return net


def set_rate(net: Competition, eta: float) -> None:
    """Give the rule a learning rate."""
    rule = net.rule
    assert isinstance(rule, TraceSTDP)
    rule.eta = eta


def annealed(net: Competition, X: Images, chunk: int = 50) -> None:
    """Learn images with rates that fall, so that the features settle (a twentieth at the end)."""
    scale = net.n_neurons / 400
    net.target_spikes = 5.0
    for first in range(0, len(X), chunk):
        done = first / len(X)
        set_rate(net, 0.05 * 0.1**done)
        net.theta_plus = scale * 0.05**done
        net.learn(X[first : first + chunk])


def answer(net: Competition, X: Images, keys: Sequence[int] | NDArray[np.int64]) -> Counts:
    """Spikes at images, with nothing learned; keys: numbers of the images."""
    return net.respond(X, keys, inhibition=ANSWER_INHIBITION)


def expected_spikes(X: Images) -> Floats:
    """The raw input of the circuit: how many spikes each input neuron is to have at an image."""
    totals = np.maximum(X.sum(axis=1, dtype=np.float64, keepdims=True), 1.0)
    spikes: Floats = X / totals * (SETTINGS.total_rate * 1e-3 * SETTINGS.steps)
    return spikes


def right(decoder: ProfileDecoder, counts: Counts | Floats, y: Labels) -> float:
    """Per cent of right answers; silence is wrong."""
    return 100.0 * decoder.score(counts, y)


class Perceptron(MLPClassifier):  # type: ignore[misc]
    """A perceptron whose rate of learning can be changed between calls of `partial_fit`."""

    def slow_down(self, share: float) -> None:
        """Go on learning at this share of the rate; scikit-learn fixes it at the first call."""
        self._optimizer.learning_rate_init *= share


def perceptron(seed: int, rate: float, hidden: int = 200) -> Perceptron:
    """A perceptron with one hidden layer, trained with Adam."""
    return Perceptron((hidden,), learning_rate_init=rate, random_state=seed)
