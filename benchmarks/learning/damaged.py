"""What is damaged: a circuit with its decoder, and the perceptron it is compared with."""

from __future__ import annotations

import copy
import warnings
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.exceptions import ConvergenceWarning
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import GridSearchCV
from sklearn.neural_network import MLPClassifier

from engram import Competition, datasets
from engram.learn import ClassProfiles, STDPClassifier
from engram.synapses import Neurotransmitter

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
Images = NDArray[np.uint8]
Right = NDArray[np.bool_]

AFTER_ETA, AFTER_THETA = (0.05, 0.005), (0.5, 0.02)
"""Rate of learning, and jump of thresholds (for 400 neurons), in the experience after the damage:
first, last. Thresholds have settled before, so their jumps begin smaller than at first."""

COSTS = (0.003, 0.03, 0.3)
"""Of a new output of a perceptron, tried by cross-validation."""

BLOCK = 100
"""Images between two changes of these."""


@dataclass(frozen=True)
class Size:
    """How much of everything."""

    neurons: int = 400
    steps: int = 250
    images: int = 6000
    labels: int = 1000
    tests: int = 2000
    experience: int = 6000


@dataclass
class Data:
    """Images by what they are for, and labels."""

    features: Images
    labelled: Images
    labels: Ints
    experience: Images
    tests: Images
    truth: Ints


def draw_data(seed: int, size: Size, quick: bool) -> Data:
    """Images drawn by a seed; tests from the test part, all others from the training part."""
    source = datasets.digits() if quick else datasets.mnist()
    random = np.random.default_rng([5, seed])
    chosen = random.permutation(len(source.X_train))
    tested = random.permutation(len(source.X_test))[: size.tests]
    shown = source.X_train[np.resize(chosen, size.images)]
    after = source.X_train[np.resize(chosen[::-1], size.experience)]
    labelled = chosen[: size.labels]
    return Data(
        shown,
        source.X_train[labelled],
        source.y_train[labelled].astype(np.int64),
        after,
        source.X_test[tested],
        source.y_test[tested].astype(np.int64),
    )


# -- the network


class Subject:
    """A circuit, and a decoder that was fitted to its answers."""

    def __init__(self, classifier: STDPClassifier, data: Data) -> None:
        self.circuit: Competition = classifier.circuit_
        self._classifier = classifier
        self.decoder = ClassProfiles()
        self.fit(data)

    def answers(self, images: Images) -> NDArray[Any]:
        """Spikes of each neuron for each image; nothing is learned."""
        self._classifier.circuit_ = self.circuit
        return self._classifier.transform(images)

    def fit(self, data: Data) -> None:
        """Fit the decoder to the labelled images."""
        self.decoder = ClassProfiles().fit(self.answers(data.labelled), data.labels)

    def right(self, data: Data) -> Right:
        """Whether each answer to a test image is right; silence is wrong."""
        return np.asarray(self.decoder.answers(self.answers(data.tests)) == data.truth)

    def twin(self) -> Subject:
        """An independent copy."""
        other = copy.copy(self)
        other.circuit = self.circuit.copy()
        return other

    def kill_neurons(self, cells: Ints) -> None:
        """Kill excitatory neurons, with all their synapses."""
        self.circuit.brain.regions["excitatory"].kill_neurons(cells)

    def kill_synapses(self, share: float, random: np.random.Generator) -> None:
        """Take away a share of the synapses that learn."""
        path = self.circuit.brain.get_projection("input", "excitatory")
        n = path.n_synapses
        path.remove_synapses(random.permutation(n)[: round(share * n)])

    def scale(self, drive: Floats) -> None:
        """Scale what is left of each neuron's synapses to the sum it had (synaptic scaling)."""
        left = self.circuit.weights
        now = left.sum(axis=0)
        wanted = left * np.divide(drive, now, out=np.ones_like(now), where=now > 0)
        path = self.circuit.brain.get_projection("input", "excitatory")
        self.circuit.weights = np.minimum(wanted, path.w_max)

    def bear_neurons(self, n: int, random: np.random.Generator) -> None:
        """Let neurons be born in the slots of dead ones, wired like those that died."""
        brain = self.circuit.brain
        region = brain.regions["excitatory"]
        threshold = float(region.theta[region.neuron_alive].min())
        born = np.array([region.add_neuron() for _ in range(n)])
        path = brain.get_projection("input", "excitatory")
        inputs = np.arange(brain.regions["input"].n_neurons)
        path.add_synapses(
            np.tile(inputs, n),
            np.repeat(born, len(inputs)),
            random.uniform(0.0, 0.3, n * len(inputs)).astype(np.float32),
        )
        path.normalize(self.circuit.total_weight, born, norm=self.circuit.norm)
        inhibition = self.circuit.inhibition
        brain.get_projection("excitatory", "inhibitory").add_synapses(born, born, 2.0)
        pre = np.tile(np.arange(region.n_neurons), n)
        post = np.repeat(born, region.n_neurons)
        others = pre != post
        brain.get_projection("inhibitory", "excitatory").add_synapses(
            pre[others], post[others], inhibition, nt=Neurotransmitter.GABA
        )
        # The young are easily excited.
        region.theta[born] = threshold

    def experience(self, images: Images) -> None:
        """See more images, without labels, with plasticity on."""
        circuit = self.circuit
        scale = circuit.n_neurons / 400
        jumps = (scale * AFTER_THETA[0], scale * AFTER_THETA[1])
        for first in range(0, len(images), BLOCK):
            done = first / len(images)
            for (start, end), name, owner in (
                (AFTER_ETA, "eta", circuit.rule),
                (jumps, "theta_plus", circuit),
            ):
                setattr(owner, name, start * (end / start) ** done)
            circuit.learn(images[first : first + BLOCK])


# -- what it is compared with


class Perceptron:
    """A multi-layer perceptron with as many hidden units, and what can be taken from it."""

    def __init__(self, seed: int, size: Size, data: Data, decay: float = 1e-4) -> None:
        self._data = data
        self.model = MLPClassifier((size.neurons,), alpha=decay, max_iter=200, random_state=seed)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", ConvergenceWarning)
            self.model.fit(data.labelled / 255.0, data.labels)

    def without_units(self, units: Ints) -> Right:
        """What is right with the output weights of hidden units zeroed."""
        return self._right(self._wounded(units))

    def without_weights(self, share: float, random: np.random.Generator) -> Right:
        """What is right with a share of the weights of the hidden units zeroed."""
        model = copy.deepcopy(self.model)
        weights = model.coefs_[0]
        weights.flat[random.permutation(weights.size)[: round(share * weights.size)]] = 0.0
        return self._right(model)

    def fitted_anew(self, units: Ints, *, labels: bool) -> Right:
        """What is right without hidden units, and a new output on those that are left.

        It is logistic regression (C by cross-validation), fitted to the labelled images, or,
        without labels, to what the wounded perceptron answers to the images of the experience.
        """
        model, data = self._wounded(units), self._data
        seen = data.labelled if labels else data.experience
        y = data.labels if labels else model.predict(seen / 255.0)
        output = GridSearchCV(LogisticRegression(max_iter=100), {"C": COSTS}, cv=3)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", ConvergenceWarning)
            output.fit(self._hidden(seen, units), y)
        return np.asarray(output.predict(self._hidden(data.tests, units)) == data.truth)

    def _wounded(self, units: Ints) -> MLPClassifier:
        model = copy.deepcopy(self.model)
        model.coefs_[1][units] = 0.0
        return model

    def _hidden(self, images: Images, dead: Ints) -> Floats:
        """Activity of the hidden units that are left."""
        active = np.maximum(images / 255.0 @ self.model.coefs_[0] + self.model.intercepts_[0], 0.0)
        return np.asarray(np.delete(active, dead, axis=1))

    def _right(self, model: MLPClassifier) -> Right:
        return np.asarray(model.predict(self._data.tests / 255.0) == self._data.truth)


def read_out(data: Data, lost: float, random: np.random.Generator) -> Right:
    """What is right of the decoder on pixels, with a share of them gone after it was fitted."""
    decoder = ClassProfiles().fit(data.labelled, data.labels)
    n = data.tests.shape[1]
    seen = data.tests.copy()
    seen[:, random.permutation(n)[: round(lost * n)]] = 0
    return np.asarray(decoder.answers(seen) == data.truth)
