"""Features that are learned without labels, by STDP and competition: the part without a decoder."""

from __future__ import annotations

import hashlib
import os
import time
from collections.abc import Callable
from dataclasses import fields, replace
from numbers import Integral
from typing import Any, Self

import numpy as np
from numpy.typing import ArrayLike, NDArray
from sklearn.base import BaseEstimator, ClassNamePrefixFeaturesOutMixin, TransformerMixin
from sklearn.utils.validation import check_is_fitted

from engram.brain import Brain
from engram.circuits.building import EXCITATORY, INPUT
from engram.circuits.competition import Competition
from engram.circuits.settings import CircuitSettings, image_settings, named_model
from engram.errors import LARGEST, InvalidTypeError, InvalidValueError, brief, integer, number
from engram.learn.answering import Counts, answers, check_fixations
from engram.learn.training import TrainingFolder
from engram.learn.validation import checked_pair, checked_random, checked_samples, refusing
from engram.neurons import NeuronModel
from engram.plasticity import TraceSTDP
from engram.progress import Progress, reporting

BLOCK = 100
"""Images between two changes of the learning rates."""

REACH = 0.7
"""Length of a neuron's weights by default, at most: a share of that of all at their greatest."""

NOT_FEATURES = (
    "decoder",
    "n_labels",
    "n_jobs",
    "random_state",
    "answer_inhibition",
    "answer_steps",
    "fixations",
)
"""Parameters that have no part in what features are learned."""


class CompetitiveFeatures(
    ClassNamePrefixFeaturesOutMixin,  # type: ignore[misc]
    TransformerMixin,  # type: ignore[misc]
    BaseEstimator,  # type: ignore[misc]
):
    """Base of estimators whose features are neurons of a `Competition`; see `STDPClassifier`.

    An estimator sets the parameters declared here in its constructor.
    """

    n_neurons: int
    model: str | NeuronModel
    n_epochs: int
    steps: int
    total_weight: float | None
    theta_plus: tuple[float, float] | None
    fixations: int
    horizon: int | None
    n_jobs: int
    random_state: int | np.random.RandomState | None

    circuit_: Competition
    n_seen_: int
    resumed_at_: int
    spikes_: list[float]
    cpu_s_: float
    n_features_in_: int

    # -- learning

    def learn_features(
        self,
        X: ArrayLike,
        *,
        progress: Progress = False,
        checkpoints: str | os.PathLike[str] | None = None,
        every: int = 5000,
        on_checkpoint: Callable[[Self], object] | None = None,
    ) -> Self:
        """Learn features anew; the decoder has to wait.

        Parameters
        ----------
        X : array_like of shape (n_samples, n_features)
            Samples.
        progress : Progress
            True shows a bar with the time left, a function is called with (samples done, samples in
            all).
        checkpoints : str or os.PathLike, optional
            A folder. The network is saved there, and who learns the same from the same data with
            the same parameters goes on from the latest, to the same result.
        every : int
            Samples between two checkpoints, rounded up to hundreds.
        on_checkpoint : callable, optional
            Called with the classifier whenever one was saved.

        Returns
        -------
        CompetitiveFeatures
            Itself.
        """
        self._check_parameters()
        with refusing(self):
            samples = self._checked_samples(X, reset=True)
            self._begin(samples)
        return self._learn_features(samples, progress, checkpoints, every, on_checkpoint)

    def _learn_features(
        self,
        samples: NDArray[Any],
        progress: Progress,
        checkpoints: str | os.PathLike[str] | None,
        every: int,
        on_checkpoint: Callable[[Self], object] | None,
    ) -> Self:
        """Learn features with a network that is untrained."""
        if on_checkpoint is not None and not callable(on_checkpoint):
            raise InvalidTypeError(
                f"{type(self).__name__}.fit: on_checkpoint must be callable, "
                f"not {brief(on_checkpoint)}"
            )
        if checkpoints is not None and not isinstance(checkpoints, (str, os.PathLike)):
            raise InvalidTypeError(
                f"{type(self).__name__}.fit: checkpoints must be a folder, not {brief(checkpoints)}"
            )
        total = self.n_epochs * len(samples)
        self._end = total if self.horizon is None else self.horizon
        training = None
        if checkpoints is not None:
            training = self._resumed(checkpoints, every, samples)
        with reporting(progress, "learning") as report:
            for epoch in range(self.n_epochs):
                order = drawn_for(self._seed, epoch).permutation(len(samples))
                done = self.n_seen_ - epoch * len(samples)
                while 0 <= done < len(samples):
                    self._learn(samples[order[done : done + self._left_of_block()]])
                    done = self.n_seen_ - epoch * len(samples)
                    if report is not None:
                        report(self.n_seen_, total)
                    if training is not None and training.due(self.n_seen_, total):
                        notes = {"spikes": self.spikes_, "cpu_s": self.cpu_s_}
                        training.save(self.circuit_.brain, self.n_seen_, notes)
                        if on_checkpoint is not None:
                            on_checkpoint(self)
        return self

    def _resumed(
        self, folder: str | os.PathLike[str], every: int, samples: NDArray[Any]
    ) -> TrainingFolder:
        """A folder for checkpoints; the classifier is where the latest of them was."""
        where = f"{type(self).__name__}.fit"
        n = integer(f"{where}: every", every, 1)
        training = TrainingFolder(where, folder, -(-n // BLOCK) * BLOCK, self._digest(samples))
        found = training.latest("spikes", "cpu_s")
        if found is not None:
            self.n_seen_ = self.resumed_at_ = found.done
            self.spikes_ = [float(x) for x in found.notes["spikes"]]
            self.cpu_s_ = float(found.notes["cpu_s"])
            self.circuit_ = self._competition(found.brain)
        return training

    def settle(self, X: ArrayLike) -> Self:
        """An untrained network whose thresholds settle while it is shown samples; weights stay.

        A control for what learning has brought.

        Parameters
        ----------
        X : array_like of shape (n_samples, n_features)
            Samples.

        Returns
        -------
        CompetitiveFeatures
            Itself.
        """
        self._check_parameters()
        with refusing(self):
            samples = self._checked_samples(X, reset=True)
            self._begin(samples)
        self.circuit_.brain.get_projection(INPUT, EXCITATORY).frozen = True
        jump = self.settings()["theta_plus"]
        for first in range(0, len(samples), BLOCK):
            self.circuit_.theta_plus = _between(jump, first / len(samples))
            self.circuit_.learn(self._scaled(samples[first : first + BLOCK]))
        return self

    def _checked_samples(self, X: ArrayLike, *, reset: bool) -> NDArray[Any]:
        return checked_samples(self, X, reset=reset, keep_bytes=True)

    def _check_parameters(self) -> None:
        where = type(self).__name__
        integer(f"{where}: n_epochs", self.n_epochs, 0)
        if self.horizon is not None:
            integer(f"{where}: horizon", self.horizon, 1)
        if integer(f"{where}: n_jobs", self.n_jobs, -1) == 0:
            raise InvalidValueError(f"{where}: n_jobs must be -1 or at least 1, not 0")
        for name in ("eta", "theta_plus"):
            pair = getattr(self, name)
            if pair is None:
                continue
            for k, value in enumerate(checked_pair(f"{where}: {name}", pair)):
                number(f"{where}: {name}[{k}]", value, 0.0, open_low=True)

    def _begin(self, samples: NDArray[Any]) -> None:
        """An untrained network for such samples."""
        where = type(self).__name__
        if samples.shape[1] < 2:
            raise InvalidValueError(
                f"{where}: X has n_features=1; at least two are needed, since what is learned is "
                f"the direction of a sample"
            )
        check_fixations(where, self.fixations, samples.shape[1])
        low, high = float(samples.min()), float(samples.max())
        if max(-low, high, high - low) > LARGEST:
            raise InvalidValueError(
                f"{where}: X: values from {low:g} to {high:g} are beyond single precision; scale "
                f"them"
            )
        if np.float32(low) == np.float32(high):
            raise InvalidValueError(
                f"{where}: X: all values are the same in single precision; nothing to learn"
            )
        random = checked_random(self)
        given = isinstance(self.random_state, Integral)
        seed = int(self.random_state) if given else int(random.randint(2**31))  # type: ignore[arg-type]
        self._n_features_out = self.n_neurons
        self.low_, self.high_ = low, high
        self.n_seen_ = self.resumed_at_ = 0
        self.spikes_ = []
        self.cpu_s_ = 0.0
        self._block_sum = 0
        self._seed = seed
        self.circuit_ = self._competition()

    def settings(self) -> dict[str, Any]:
        """The parameters, with what `None` stands for.

        Returns
        -------
        dict
            JSON can hold it.
        """
        check_is_fitted(self, "n_features_in_")
        suits = image_settings(self.model, self.n_neurons)
        values: dict[str, Any] = dict(self.get_params(deep=False))
        for name in (field.name for field in fields(CircuitSettings)):
            if name in values and values[name] is None:
                values[name] = getattr(suits, name)
        if self.total_weight is None:
            most = REACH * values["w_max"] * self.n_features_in_**0.5
            values["total_weight"] = min(suits.total_weight, most)
        if values["answer_steps"] is None:
            values["answer_steps"] = self.steps
        neuron = named_model(type(self).__name__, self.model)
        values["model"] = {"class": type(neuron).__name__, **neuron.own_values()}
        values["random_state"] = str(self.random_state)
        return values

    def _competition(self, brain: Brain | None = None) -> Competition:
        values = self.settings()
        own = {f.name: values[f.name] for f in fields(CircuitSettings) if f.name in values}
        return Competition.with_settings(
            replace(image_settings(self.model, self.n_neurons), **own),
            self.n_features_in_,
            self.n_neurons,
            seed=self._seed,
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
        # What is beyond single precision is beyond the range, too.
        within = np.clip(samples, -LARGEST, LARGEST) if samples.dtype != np.uint8 else samples
        values = (within.astype(np.float32) - self.low_) / (self.high_ - self.low_)
        clipped: NDArray[np.float32] = np.clip(values, 0.0, 1.0).astype(np.float32)
        return clipped

    def _digest(self, samples: NDArray[Any]) -> str:
        """What tells trainings apart: whatever decides what features are learned."""
        settings = {k: v for k, v in self.settings().items() if k not in NOT_FEATURES}
        digest = hashlib.sha256(f"{sorted(settings.items())!r} {self._seed} {BLOCK}".encode())
        digest.update(f"{samples.dtype} {samples.shape}".encode())
        digest.update(np.ascontiguousarray(samples).data)
        return digest.hexdigest()

    # -- answering

    def transform(self, X: ArrayLike) -> Counts:
        """Spike counts of the neurons for each sample.

        With several `fixations`, the sums over them.

        Parameters
        ----------
        X : array_like of shape (n_samples, n_features)
            Samples.

        Returns
        -------
        array of shape (n_samples, n_neurons), int32
            Spikes.
        """
        check_is_fitted(self, "circuit_")
        return self._respond(self._checked_samples(X, reset=False))

    def _respond(self, samples: NDArray[Any]) -> Counts:
        settings = self.settings()
        return answers(
            self.circuit_,
            self._scaled(samples),
            fixations=check_fixations(type(self).__name__, self.fixations, samples.shape[1]),
            inhibition=settings["answer_inhibition"],
            steps=settings["answer_steps"],
            n_jobs=self.n_jobs,
        )

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        # Spikes are counted in whole numbers.
        tags.transformer_tags.preserves_dtype = []
        return tags

    # -- looking

    @property
    def receptive_fields_(self) -> NDArray[np.float32]:
        """Weights from the inputs to each neuron, shape (n_neurons, n_features)."""
        check_is_fitted(self, "circuit_")
        return np.ascontiguousarray(self.circuit_.weights.T)

    # -- keeping

    def __getstate__(self) -> dict[str, Any]:
        """What is pickled: of the circuit, its brain."""
        state: dict[str, Any] = dict(super().__getstate__())
        if "circuit_" in state:
            state["circuit_"] = state["circuit_"].brain
        return state

    def __setstate__(self, state: dict[str, Any]) -> None:
        brain = state.pop("circuit_", None)
        super().__setstate__(state)
        if brain is not None:
            self.circuit_ = self._competition(brain)


def drawn_for(seed: int, purpose: int) -> np.random.RandomState:
    """Random numbers for one purpose: an epoch's order, or which labels are used.

    Parameters
    ----------
    seed : int
        Of all that is drawn.
    purpose : int
        Which purpose, a number.

    Returns
    -------
    RandomState
        Its own.
    """
    return np.random.RandomState([seed % 2**32, purpose])


def _between(ends: tuple[float, float], share: float) -> float:
    """Geometrically between two values."""
    return float(ends[0] * (ends[1] / ends[0]) ** share)
