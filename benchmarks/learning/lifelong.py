"""What the experiments on MNIST's pictures share: the circuit, its consolidation, its read-out.

The circuit is `engram.Competition` (Diehl & Cook 2015). Constants were chosen on training pictures
from 50,000 on, which no arm of any experiment learns from.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray
from sklearn.neural_network import MLPClassifier

from engram import LIF, Competition, TraceSTDP, datasets
from engram.learn.decoders import ProfileDecoder

Pictures = NDArray[np.uint8]
Labels = NDArray[np.int64]
Counts = NDArray[np.int32]
Floats = NDArray[np.float64]

CLASSES = np.arange(10)
STEPS = 250
TOTAL_RATE = 6500.0
ANSWER_INHIBITION = 5.0
"""Weaker than while learning (22): more neurons take part in an answer."""

PRIOR = 0.03
"""Spikes a picture that a neuron is taken to have for every class before it has seen any."""

HELD_OUT = 50_000
"""The first training picture of MNIST that is there for choices only."""

RATES = (0.0003, 0.001, 0.003)
"""Learning rates of perceptrons that are tried on held-out pictures."""


@dataclass(frozen=True)
class Data:
    """Pictures to learn from, to choose by, and to test with."""

    X: Pictures
    y: Labels
    X_held: Pictures
    y_held: Labels
    X_test: Pictures
    y_test: Labels


def pictures(seed: int, quick: bool, held: int = 1000, test: int = 2000) -> Data:
    """MNIST, or scikit-learn's digits in the small version, which needs no download.

    Learned from: the first 50,000 training pictures of MNIST in an order of the seed. Held out: the
    first `held` of the others. Test: every fifth test picture if test is 2,000 (the first half of
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
    neuron = LIF(
        tau_m=100.0,
        E_L=-65.0,
        E_exc=0.0,
        E_inh=-100.0,
        v_th=-52.0,
        v_reset=-65.0,
        t_ref=5.0,
        tau_exc=1.0,
        tau_inh=5.0,
    )
    net = Competition(
        n_inputs,
        n_neurons,
        max_neurons=max_neurons,
        seed=seed,
        model=neuron,
        rule=TraceSTDP(eta=eta, x_tar=0.4, bounds="both"),
        steps=STEPS,
        total_rate=TOTAL_RATE,
        total_weight=31.6 * n_inputs / 784,
        w_max=0.63 / density,
        inhibition=22.0,
        theta=theta,
        theta_plus=theta_plus,
        target_spikes=target_spikes,
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


def annealed(net: Competition, X: Pictures, chunk: int = 50) -> None:
    """Learn pictures with rates that fall, so that the features settle (a twentieth at the end)."""
    scale = net.n_neurons / 400
    net.target_spikes = 5.0
    for first in range(0, len(X), chunk):
        done = first / len(X)
        set_rate(net, 0.05 * 0.1**done)
        net.theta_plus = scale * 0.05**done
        net.learn(X[first : first + chunk])


@dataclass
class Consolidated:
    """A circuit whose neurons become less plastic with use.

    What a chunk of pictures did to a neuron's weights and threshold is kept by the share
    1 / (1 + spikes / constancy), with its spikes before the chunk; the rest is undone. So neurons
    that stand for something stay as they are; what none of them answers in time recruits others.
    constancy: infinite switches it off.
    """

    circuit: Competition
    constancy: float
    chunk: int = 25
    used: NDArray[np.float64] = field(init=False)

    def __post_init__(self) -> None:
        self.used = np.zeros(self.circuit.n_neurons)

    def learn(self, X: Pictures) -> None:
        """Show pictures once, in this order."""
        net = self.circuit
        for first in range(0, len(X), self.chunk):
            weights, theta = net.weights, net.theta.copy()
            counts = net.learn(X[first : first + self.chunk])
            kept = 1.0 / (1.0 + self.used / self.constancy)
            fired = np.flatnonzero((counts.any(axis=0)) & (kept < 1.0))
            if len(fired):
                changed = net.weights
                share = kept[fired].astype(np.float32)
                changed[:, fired] = weights[:, fired] + share * (
                    changed[:, fired] - weights[:, fired]
                )
                net.weights = changed
                net.theta[fired] = theta[fired] + kept[fired] * (net.theta[fired] - theta[fired])
            self.used += counts.sum(axis=0)


class Profiles(ProfileDecoder):
    """`engram.learn.ClassProfiles` with a prior: who has not answered much speaks for no class.

    With r the mean count of neuron i for class c, its spikes count
    (r_ci + prior) / sum_c (r_ci + prior) for c.
    """

    def __init__(self, prior: float = PRIOR) -> None:
        self.prior = prior

    def _derive(self, means: Floats) -> None:
        raised = means + self.prior
        self.profiles_ = raised / raised.sum(axis=0)

    def _scores(self, counts: Floats) -> Floats:
        scores: Floats = counts @ self.profiles_.T
        return scores


def answer(net: Competition, X: Pictures, keys: Sequence[int] | NDArray[np.int64]) -> Counts:
    """Spikes at pictures, with nothing learned; keys: numbers of the pictures."""
    return net.respond(X, keys, inhibition=ANSWER_INHIBITION)


def expected_spikes(X: Pictures) -> Floats:
    """The raw input of the circuit: how many spikes each input neuron is to have at a picture."""
    totals = np.maximum(X.sum(axis=1, dtype=np.float64, keepdims=True), 1.0)
    spikes: Floats = X / totals * (TOTAL_RATE * 1e-3 * STEPS)
    return spikes


def right(decoder: ProfileDecoder, counts: Counts | Floats, y: Labels) -> float:
    """Per cent of right answers; silence is wrong."""
    return 100.0 * decoder.score(counts, y)


def perceptron(seed: int, rate: float, hidden: int = 200) -> MLPClassifier:
    """A perceptron with one hidden layer, trained with Adam."""
    return MLPClassifier((hidden,), learning_rate_init=rate, random_state=seed)
