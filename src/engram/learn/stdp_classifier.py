"""A classifier whose features are learned without labels, by STDP and competition."""

from __future__ import annotations

import hashlib
import itertools
import os
import tempfile
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from numbers import Integral
from pathlib import Path
from typing import Any, Self

import numpy as np
from numpy.typing import ArrayLike, NDArray
from sklearn.base import (
    BaseEstimator,
    ClassifierMixin,
    ClassNamePrefixFeaturesOutMixin,
    TransformerMixin,
    clone,
)
from sklearn.utils import check_random_state
from sklearn.utils.multiclass import check_classification_targets
from sklearn.utils.validation import check_array, check_is_fitted, check_X_y

from engram.brain import Brain
from engram.competition import EXCITATORY, INPUT, Competition
from engram.errors import InvalidTypeError, InvalidValueError, integer, number
from engram.learn.decoders import ClassProfiles, Decoder, DeltaReadout, PoissonBayes, Vote
from engram.learn.fixations import check_fixations, looks
from engram.learn.recipe import recipe
from engram.learn.reward_readout import RewardReadout
from engram.learn.training import Training
from engram.neurons import NeuronModel
from engram.persistence import load_brain, save_brain
from engram.plasticity import TraceSTDP
from engram.progress import Progress, reporting

DECODERS: dict[str, Callable[[], Decoder]] = {
    "vote": Vote,
    "profiles": ClassProfiles,
    "bayes": PoissonBayes,
    "delta": lambda: DeltaReadout(random_state=0),
    "reward": lambda: RewardReadout(random_state=0),
}
"""The decoders by their names."""

BLOCK = 100
"""Pictures between two changes of the learning rates."""

LABELS = 2**31
"""What `_random` draws labelled samples for; epochs are smaller numbers."""

Counts = NDArray[np.int32]


class STDPClassifier(
    ClassNamePrefixFeaturesOutMixin,  # type: ignore[misc]
    ClassifierMixin,  # type: ignore[misc]
    TransformerMixin,  # type: ignore[misc]
    BaseEstimator,  # type: ignore[misc]
):
    """Unsupervised features by STDP (Diehl & Cook 2015), and a decoder of their spikes.

    Poisson spikes of the inputs drive excitatory neurons through plastic synapses; each of them
    inhibits all others, so that few fire, and these learn what they saw (`engram.Competition`).
    Adaptive thresholds see to it that all take part. Labels are used for nothing but the decoder,
    which sees spike counts. doi:10.3389/fncom.2015.00099

    Learning rates fall geometrically from the first to the second of two values, over `horizon`
    pictures. Inputs are scaled by the least and the greatest value of the training data; then each
    sample is scaled to the same length, and so are the weights of each neuron: what it measures is
    the angle between the sample and what it stands for.

    Parameters
    ----------
    n_neurons : int
        Excitatory neurons.
    model : {"lif", "izhikevich"} or NeuronModel
        Of the excitatory neurons.
    n_epochs : int
        Passes through the training data, in a new random order each.
    decoder : {"vote", "profiles", "bayes", "delta", "reward"} or Decoder
        What becomes of spike counts, see `engram.learn.decoders`.
    n_labels : int or None
        Labels to use: `fit` draws as many samples for the decoder. None: all there are.
    steps : int
        How long a sample is shown, ms.
    total_rate : float
        Length (root of the sum of squares) of the rates of all inputs, Hz.
    total_weight, w_max : float or None
        Length of a neuron's weights, and the greatest of them. None, here and below: what suits the
        model and the number of neurons, see `engram.learn.recipe`.
    eta : tuple of two floats or None
        Learning rate of the synapses at the beginning and at the end.
    x_tar : float
        Presynaptic trace that neither strengthens nor weakens a synapse.
    theta : float or None
        Initial threshold above the model's own.
    theta_plus : tuple of two floats or None
        Jump of the threshold at a spike, at the beginning and at the end.
    target_spikes : float or None
        Spikes of all neurons together at which thresholds settle, for one sample.
    inhibition, answer_inhibition : float or None
        Strength of the inhibition by another neuron's spike, while learning and while answering:
        in an answer more neurons may have their say.
    answer_steps : int or None
        How long a sample is shown for an answer, ms. None: `steps`.
    fixations : {1, 5, 9}
        Positions from which an answer looks at a sample, which then has to be a square picture:
        the centre, the four a pixel beside it, the four diagonal ones. Each look begins from rest
        and lasts `answer_steps`; spikes of all are added up. So eyes take in a picture between
        microsaccades, one or two a second (Rucci & Victor 2015, doi:10.1016/j.tins.2015.01.005).
    horizon : int or None
        Samples until the learning rates are at their ends. None: all of `fit`; 60,000 for
        `partial_fit`.
    n_jobs : int
        Threads for answers; -1: one for each core.
    random_state : int, RandomState or None
        Of initial weights, input spikes, and the order of samples.

    Attributes
    ----------
    circuit_ : Competition
        The network; `circuit_.brain` is an ordinary `Brain`.
    decoder_ : Decoder
        The decoder, fitted.
    classes_ : ndarray of shape (n_classes,)
        Class labels.
    n_seen_ : int
        Samples learned from so far.
    spikes_ : list of float
        Mean spikes of all neurons for a sample, in each block of 100 samples so far.
    cpu_s_ : float
        CPU time of learning features so far, s.
    low_, high_ : float
        Range of the training data.
    n_features_in_ : int
        Number of features.

    Notes
    -----
    An answer depends on the fitted classifier and the sample alone: it begins from rest, learning
    is off, and the input spikes are drawn by a hash of the sample. Order and company don't matter.
    A silent answer is undecided, see `Decoder`.
    """

    spikes_: list[float]

    def __init__(
        self,
        n_neurons: int = 400,
        *,
        model: str | NeuronModel = "lif",
        n_epochs: int = 1,
        decoder: str | Decoder = "bayes",
        n_labels: int | None = None,
        steps: int = 350,
        total_rate: float = 650.0,
        total_weight: float | None = None,
        w_max: float | None = None,
        eta: tuple[float, float] | None = None,
        x_tar: float = 0.4,
        theta: float | None = None,
        theta_plus: tuple[float, float] | None = None,
        target_spikes: float | None = None,
        inhibition: float | None = None,
        answer_inhibition: float | None = None,
        answer_steps: int | None = None,
        fixations: int = 1,
        horizon: int | None = None,
        n_jobs: int = 1,
        random_state: int | np.random.RandomState | None = None,
    ) -> None:
        self.n_neurons = n_neurons
        self.model = model
        self.n_epochs = n_epochs
        self.decoder = decoder
        self.n_labels = n_labels
        self.steps = steps
        self.total_rate = total_rate
        self.total_weight = total_weight
        self.w_max = w_max
        self.eta = eta
        self.x_tar = x_tar
        self.theta = theta
        self.theta_plus = theta_plus
        self.target_spikes = target_spikes
        self.inhibition = inhibition
        self.answer_inhibition = answer_inhibition
        self.answer_steps = answer_steps
        self.fixations = fixations
        self.horizon = horizon
        self.n_jobs = n_jobs
        self.random_state = random_state

    # -- learning

    def fit(
        self,
        X: ArrayLike,
        y: ArrayLike,
        *,
        progress: Progress = False,
        checkpoints: str | os.PathLike[str] | None = None,
        every: int = 5000,
        on_checkpoint: Callable[[Self], object] | None = None,
    ) -> Self:
        """Learn features from X, shape (n_samples, n_features), and the decoder from classes y.

        See `learn_features` for the other arguments.
        """
        samples, labels = self._checked_training_data(X, y)
        self.learn_features(
            samples,
            progress=progress,
            checkpoints=checkpoints,
            every=every,
            on_checkpoint=on_checkpoint,
        )
        n = len(samples) if self.n_labels is None else self.n_labels
        if n < len(samples):
            chosen = np.sort(_random(self._seed, LABELS).permutation(len(samples))[:n])
            samples, labels = samples[chosen], labels[chosen]
        return self.fit_decoder(samples, labels)

    def learn_features(
        self,
        X: ArrayLike,
        *,
        progress: Progress = False,
        checkpoints: str | os.PathLike[str] | None = None,
        every: int = 5000,
        on_checkpoint: Callable[[Self], object] | None = None,
    ) -> Self:
        """Learn features from X, shape (n_samples, n_features), anew; the decoder has to wait.

        progress: True shows a bar with the time left, a function is called with (samples done,
        samples in all). checkpoints: a folder; every so many samples (rounded up to hundreds) the
        network is saved there, and who learns the same from the same data with the same parameters
        goes on from the latest, to the same result. on_checkpoint is called with the classifier
        whenever one was saved.
        """
        samples = self._checked_samples(X)
        self._begin(samples)
        total = self.n_epochs * len(samples)
        self._end = total if self.horizon is None else self.horizon
        training = None
        if checkpoints is not None:
            training = Training(Path(checkpoints), every, BLOCK, self._digest(samples))
            found = training.latest()
            if found is not None:
                brain, self.n_seen_, self.spikes_, self.cpu_s_ = found
                self.circuit_ = self._competition(brain)
        with reporting(progress, "learning") as report:
            for epoch in range(self.n_epochs):
                order = _random(self._seed, epoch).permutation(len(samples))
                done = self.n_seen_ - epoch * len(samples)
                while 0 <= done < len(samples):
                    self._learn(samples[order[done : done + self._left_of_block()]])
                    done = self.n_seen_ - epoch * len(samples)
                    if report is not None:
                        report(self.n_seen_, total)
                    if training is not None and training.due(self.n_seen_, total):
                        training.save(self.circuit_.brain, self.n_seen_, self.spikes_, self.cpu_s_)
                        if on_checkpoint is not None:
                            on_checkpoint(self)
        return self

    def settle(self, X: ArrayLike) -> Self:
        """An untrained network whose thresholds settle while it is shown X; weights stay.

        A control for what learning has brought.
        """
        samples = self._checked_samples(X)
        self._begin(samples)
        self.circuit_.brain.get_projection(INPUT, EXCITATORY).frozen = True
        jump = self.settings()["theta_plus"]
        for first in range(0, len(samples), BLOCK):
            self.circuit_.theta_plus = _between(jump, first / len(samples))
            self.circuit_.learn(self._scaled(samples[first : first + BLOCK]))
        return self

    def partial_fit(
        self, X: ArrayLike, y: ArrayLike | None = None, classes: ArrayLike | None = None
    ) -> Self:
        """Learn features from some more samples, in the order given, and add them to the decoder.

        The range of the first samples is that of all. y: None leaves the decoder as it is.
        classes: all that will ever come, needed once unless the first y has them all. The decoder
        adds up answers that were given at different times; `fit_decoder` begins it anew.
        """
        if y is None:
            samples = self._checked_samples(X)
        else:
            samples, labels = self._checked_training_data(X, y)
        if not hasattr(self, "circuit_"):
            self._begin(samples)
            self._end = 60_000 if self.horizon is None else self.horizon
        else:
            self._check_width(samples)
        done = 0
        while done < len(samples):
            n = self._left_of_block()
            self._learn(samples[done : done + n])
            done += n
        if y is not None:
            if not hasattr(self, "decoder_"):
                self.decoder_ = self._new_decoder()
            self.decoder_.partial_fit(self._respond(samples), labels, classes)
            self.classes_ = self.decoder_.classes_
        return self

    def fit_decoder(self, X: ArrayLike, y: ArrayLike) -> Self:
        """Fit the decoder anew, to the answers to labelled samples; features stay as they are."""
        check_is_fitted(self, "circuit_")
        samples, labels = self._checked_training_data(X, y)
        self._check_width(samples)
        self.decoder_ = self._new_decoder().fit(self._respond(samples), labels)
        self.classes_ = self.decoder_.classes_
        return self

    def _checked_training_data(
        self, X: ArrayLike, y: ArrayLike
    ) -> tuple[NDArray[Any], NDArray[Any]]:
        samples, labels = check_X_y(X, y, dtype=[np.uint8, np.float64])
        check_classification_targets(labels)
        return samples, labels

    def _checked_samples(self, X: ArrayLike) -> NDArray[Any]:
        samples: NDArray[Any] = check_array(X, dtype=[np.uint8, np.float64])
        return samples

    def _check_width(self, samples: NDArray[Any]) -> None:
        if samples.shape[1] != self.n_features_in_:
            raise InvalidValueError(
                f"X has {samples.shape[1]} features, but STDPClassifier is expecting "
                f"{self.n_features_in_} features as input, as many as fit saw"
            )

    def _check_parameters(self) -> None:
        where = type(self).__name__
        integer(f"{where}: n_epochs", self.n_epochs, 0)
        for name in ("n_labels", "horizon"):
            if getattr(self, name) is not None:
                integer(f"{where}: {name}", getattr(self, name), 1)
        if integer(f"{where}: n_jobs", self.n_jobs, -1) == 0:
            raise InvalidValueError(f"{where}: n_jobs must be -1 or at least 1, not 0")
        for name in ("eta", "theta_plus"):
            pair = getattr(self, name)
            if pair is None:
                continue
            if not isinstance(pair, Sequence) or len(pair) != 2:
                raise InvalidTypeError(f"{where}: {name} must be two numbers, not {pair!r}")
            for k in range(2):
                number(f"{where}: {name}[{k}]", pair[k], 0.0, open_low=True)
        self._new_decoder()

    def _new_decoder(self) -> Decoder:
        if isinstance(self.decoder, Decoder):
            decoder: Decoder = clone(self.decoder)
            return decoder
        if self.decoder not in DECODERS:
            raise InvalidValueError(
                f"STDPClassifier: decoder must be a Decoder or one of {tuple(DECODERS)}, not "
                f"{self.decoder!r}"
            )
        return DECODERS[self.decoder]()

    def _begin(self, samples: NDArray[Any]) -> None:
        """An untrained network for such samples."""
        self._check_parameters()
        check_fixations(type(self).__name__, self.fixations, samples.shape[1])
        low, high = float(samples.min()), float(samples.max())
        if low == high:
            raise InvalidValueError("STDPClassifier: X: all values are the same; nothing to learn")
        random = check_random_state(self.random_state)
        given = isinstance(self.random_state, Integral)
        seed = int(self.random_state) if given else int(random.randint(2**31))  # type: ignore[arg-type]
        self.n_features_in_ = samples.shape[1]
        self._n_features_out = self.n_neurons
        self.low_, self.high_ = low, high
        self.n_seen_ = 0
        self.spikes_ = []
        self.cpu_s_ = 0.0
        self._block_sum = 0
        self._seed = seed
        self.circuit_ = self._competition()
        for name in ("decoder_", "classes_"):
            if hasattr(self, name):
                delattr(self, name)

    def settings(self) -> dict[str, Any]:
        """The parameters, with what `None` stands for; JSON can hold them."""
        check_is_fitted(self, "n_features_in_")
        suits = recipe(self.model, self.n_neurons)
        values: dict[str, Any] = dict(self.get_params(deep=False))
        for name in (
            "total_weight",
            "w_max",
            "inhibition",
            "answer_inhibition",
            "theta",
            "theta_plus",
            "target_spikes",
            "eta",
        ):
            if values[name] is None:
                values[name] = getattr(suits, name)
        if values["answer_steps"] is None:
            values["answer_steps"] = self.steps
        neuron = suits.neuron
        values["model"] = {"class": type(neuron).__name__, **neuron.own_values()}
        values["decoder"] = str(self.decoder)
        values["random_state"] = str(self.random_state)
        return values

    def _competition(self, brain: Brain | None = None) -> Competition:
        values = self.settings()
        return Competition(
            self.n_features_in_,
            self.n_neurons,
            seed=self._seed,
            model=recipe(self.model, self.n_neurons).neuron.replica(),
            rule=TraceSTDP(eta=values["eta"][0], x_tar=self.x_tar, bounds="both"),
            steps=self.steps,
            norm=2,
            total_rate=self.total_rate,
            total_weight=values["total_weight"],
            w_max=values["w_max"],
            weights=(0.0, min(0.3, values["w_max"])),
            inhibition=values["inhibition"],
            theta=values["theta"],
            theta_plus=values["theta_plus"][0],
            target_spikes=values["target_spikes"],
            brain=brain,
        )

    def _left_of_block(self) -> int:
        return BLOCK - self.n_seen_ % BLOCK

    def _learn(self, samples: NDArray[Any]) -> None:
        """Learn from samples of one block."""
        started = time.process_time()
        if self.n_seen_ % BLOCK == 0:
            self._block_sum = 0
            share = min(self.n_seen_ / self._end, 1.0)
            rule = self.circuit_.rule
            assert isinstance(rule, TraceSTDP)
            settings = self.settings()
            rule.eta = _between(settings["eta"], share)
            self.circuit_.theta_plus = _between(settings["theta_plus"], share)
        counts = self.circuit_.learn(self._scaled(samples))
        self._block_sum += int(counts.sum())
        self.n_seen_ += len(samples)
        if self.n_seen_ % BLOCK == 0:
            self.spikes_.append(self._block_sum / BLOCK)
        self.cpu_s_ += time.process_time() - started

    def _scaled(self, samples: NDArray[Any]) -> NDArray[np.float32]:
        values = (samples.astype(np.float32) - self.low_) / (self.high_ - self.low_)
        clipped: NDArray[np.float32] = np.clip(values, 0.0, 1.0).astype(np.float32)
        return clipped

    def _digest(self, samples: NDArray[Any]) -> str:
        """What tells trainings apart: whatever decides what features are learned."""
        ignored = (
            "decoder",
            "n_labels",
            "n_jobs",
            "random_state",
            "answer_inhibition",
            "answer_steps",
            "fixations",
        )
        settings = {k: v for k, v in self.settings().items() if k not in ignored}
        digest = hashlib.sha256(f"{sorted(settings.items())!r} {self._seed} {BLOCK}".encode())
        digest.update(f"{samples.dtype} {samples.shape}".encode())
        digest.update(np.ascontiguousarray(samples).data)
        return digest.hexdigest()

    # -- answering

    def transform(self, X: ArrayLike) -> Counts:
        """Spike counts of the neurons for each sample, shape (n_samples, n_neurons).

        With several `fixations`, the sums over them.
        """
        check_is_fitted(self, "circuit_")
        samples = self._checked_samples(X)
        self._check_width(samples)
        return self._respond(samples)

    def _respond(self, samples: NDArray[Any]) -> Counts:
        n = check_fixations(type(self).__name__, self.fixations, samples.shape[1])
        shown = looks(self._scaled(samples), n)
        counts = self._look(next(shown))
        for moved in shown:
            counts += self._look(moved)
        return counts

    def _look(self, values: NDArray[np.float32]) -> Counts:
        """Spikes at scaled samples from one position."""
        keys = np.array([_key(v) for v in values], np.int64)
        jobs = (os.cpu_count() or 1) if self.n_jobs == -1 else self.n_jobs
        jobs = max(1, min(jobs, len(values) // 50))
        settings = self.settings()

        def answers(circuit: Competition, part: slice) -> Counts:
            return circuit.respond(
                values[part],
                keys[part],
                inhibition=settings["answer_inhibition"],
                steps=settings["answer_steps"],
            )

        if jobs == 1:
            return answers(self.circuit_, slice(None))
        bounds = np.linspace(0, len(values), jobs + 1).astype(int).tolist()
        parts = [slice(a, b) for a, b in itertools.pairwise(bounds)]
        circuits = [self.circuit_, *(self.circuit_.copy() for _ in range(jobs - 1))]
        with ThreadPoolExecutor(jobs) as pool:
            return np.concatenate(list(pool.map(answers, circuits, parts)))

    def class_scores(self, X: ArrayLike) -> NDArray[np.float64]:
        """How much speaks for each class, shape (n_samples, n_classes); see the decoder."""
        check_is_fitted(self, "decoder_")
        return self.decoder_.class_scores(self.transform(X))

    def predict(self, X: ArrayLike) -> NDArray[Any]:
        """The class of each sample; the first class for an undecided answer."""
        check_is_fitted(self, "decoder_")
        return self.decoder_.predict(self.transform(X))

    def score(self, X: ArrayLike, y: ArrayLike, sample_weight: ArrayLike | None = None) -> float:
        """Share of right answers; an undecided one is wrong."""
        check_is_fitted(self, "decoder_")
        return self.decoder_.score(self.transform(X), y, sample_weight)

    # -- looking

    @property
    def receptive_fields_(self) -> NDArray[np.float32]:
        """Weights from the inputs to each neuron, shape (n_neurons, n_features)."""
        check_is_fitted(self, "circuit_")
        return np.ascontiguousarray(self.circuit_.weights.T)

    # -- keeping

    def __getstate__(self) -> dict[str, Any]:
        """What is pickled: the network as a checkpoint, which later versions can read."""
        state: dict[str, Any] = dict(super().__getstate__())
        if "circuit_" in state:
            state["circuit_"] = _packed(state["circuit_"])
        return state

    def __setstate__(self, state: dict[str, Any]) -> None:
        packed = state.pop("circuit_", None)
        super().__setstate__(state)
        if packed is not None:
            self.circuit_ = self._competition(_unpacked(packed))


def _random(seed: int, purpose: int) -> np.random.RandomState:
    """Random numbers for one purpose: an epoch's order, or which labels are used."""
    return np.random.RandomState([seed % 2**32, purpose])


def _between(ends: tuple[float, float], share: float) -> float:
    """Geometrically between two values."""
    return float(ends[0] * (ends[1] / ends[0]) ** share)


def _key(values: NDArray[np.float32]) -> int:
    """A number that a sample's input spikes are drawn by."""
    digest = hashlib.blake2b(values.tobytes(), digest_size=8).digest()
    return int.from_bytes(digest, "little") >> 33


def _packed(circuit: Competition) -> bytes:
    with tempfile.TemporaryDirectory() as folder:
        return save_brain(circuit.brain, Path(folder) / "circuit").read_bytes()


def _unpacked(packed: bytes) -> Brain:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "circuit.engram"
        path.write_bytes(packed)
        return load_brain(path)
