"""A classifier that learns from reward alone what its motor neurons should do."""

from __future__ import annotations

from numbers import Integral
from typing import Any, Self

import numpy as np
from numpy.typing import ArrayLike, NDArray
from sklearn.base import BaseEstimator, ClassifierMixin
from sklearn.utils import check_random_state
from sklearn.utils.multiclass import check_classification_targets
from sklearn.utils.validation import check_array, check_is_fitted, check_X_y

from engram.brain import Brain
from engram.distributions import Uniform
from engram.errors import InvalidValueError, integer, number
from engram.learn.place_code import PlaceCode
from engram.neurons import CurrentLIF
from engram.plasticity import RewardSTDP
from engram.region import RegionType
from engram.synapses import Neurotransmitter

INPUT, MOTOR = "input", "motor"
PATHWAY = Brain.projection_target(INPUT, MOTOR)

RESTING, THRESHOLD = 0.0, 15.0
"""Membrane potentials are counted from rest, mV."""


class RewardClassifier(ClassifierMixin, BaseEstimator):  # type: ignore[misc]
    """Spiking classifier trained by reward-modulated STDP (Izhikevich 2007).

    A place code drives input neurons; plastic synapses lead from each of them to all motor neurons,
    `n_motor` for each class; motor neurons inhibit those of the other classes. The answer is the
    class whose motor neurons fire most spikes in `duration`; nothing else is read out.

    A training trial is two presentations, each from rest. *Guess*: the sample alone; e is 1 minus
    the share of motor spikes that the right class fired, and dopamine falls by e times `reward`.
    *Lesson*: the sample, with a current into the right class's motor neurons; dopamine rises by
    the same amount. So what a wrong answer did is undone and what the lesson did is kept, and a
    network that knows the sample stays as it is. Dopamine turns eligibility into weight during the
    `gap` after each presentation. doi:10.1093/cercor/bhl152

    Parameters
    ----------
    n_epochs : int
        Passes through the training data, in a new random order each.
    n_fields : int
        Input neurons of each feature, see `PlaceCode`.
    n_motor : int
        Motor neurons of each class.
    duration, gap : int
        Length of a presentation and of the pause after it in training, ms.
    overtime : int
        How long at most a presentation goes on while the answer is tied, ms.
    input_current : float
        Current of an input neuron at the centre of its field, mV (threshold: 15 mV above rest).
    teacher_current : float
        Current into the right class's motor neurons in a lesson, mV.
    inhibition : float
        Jump of the inhibitory current at a spike of another class's motor neuron, mV.
    w_max : float
        Greatest weight times the number of features, mV.
    w_init : tuple of two floats
        Range of the initial weights times the number of features, mV.
    A_plus, A_minus, tau_plus, tau_minus, tau_eligibility, dopamine_decay : float
        Of the learning rule, see `engram.RewardSTDP`; amplitudes in units of the greatest weight,
        times in ms.
    reward : float
        Dopamine for an error of 1 in the first epoch, 1/s; in epoch k (from 0) it is
        ``reward / (1 + k / reward_decay)``.
    reward_decay : float
        See `reward`, epochs.
    random_state : int, RandomState or None
        Of initial weights and the order of samples. The same number gives the same classifier.

    Attributes
    ----------
    classes_ : ndarray of shape (n_classes,)
        Class labels.
    brain_ : Brain
        The network, with regions "input" and "motor".
    place_code_ : PlaceCode
        The fitted input code.
    errors_ : list of float
        Mean error e of the guesses in each epoch so far.
    n_features_in_, n_epochs_ : int
        Number of features; epochs trained.

    Notes
    -----
    A silent or tied answer is undecided: `score` counts it as wrong, `predict` has to name a class
    and takes the first of those tied. `spike_counts` shows which answers are undecided.

    Examples
    --------
    >>> from sklearn.datasets import load_iris
    >>> X, y = load_iris(return_X_y=True)
    >>> RewardClassifier(random_state=1).fit(X, y).score(X, y) > 0.9
    True
    """

    def __init__(
        self,
        *,
        n_epochs: int = 15,
        n_fields: int = 10,
        n_motor: int = 5,
        duration: int = 100,
        gap: int = 40,
        overtime: int = 100,
        input_current: float = 40.0,
        teacher_current: float = 30.0,
        inhibition: float = 7.0,
        w_max: float = 150.0,
        w_init: tuple[float, float] = (12.0, 24.0),
        A_plus: float = 1.0,
        A_minus: float = 0.6,
        tau_plus: float = 20.0,
        tau_minus: float = 20.0,
        tau_eligibility: float = 100.0,
        dopamine_decay: float = 10.0,
        reward: float = 3.0,
        reward_decay: float = 5.0,
        random_state: int | np.random.RandomState | None = None,
    ) -> None:
        self.n_epochs = n_epochs
        self.n_fields = n_fields
        self.n_motor = n_motor
        self.duration = duration
        self.gap = gap
        self.overtime = overtime
        self.input_current = input_current
        self.teacher_current = teacher_current
        self.inhibition = inhibition
        self.w_max = w_max
        self.w_init = w_init
        self.A_plus = A_plus
        self.A_minus = A_minus
        self.tau_plus = tau_plus
        self.tau_minus = tau_minus
        self.tau_eligibility = tau_eligibility
        self.dopamine_decay = dopamine_decay
        self.reward = reward
        self.reward_decay = reward_decay
        self.random_state = random_state

    # -- learning

    def fit(self, X: ArrayLike, y: ArrayLike) -> Self:
        """Learn from samples X, shape (n_samples, n_features), and their classes y."""
        self._check_parameters()
        samples, labels = check_X_y(X, y, dtype=np.float64)
        check_classification_targets(labels)
        self.classes_, targets = np.unique(labels, return_inverse=True)
        if len(self.classes_) < 2:
            raise InvalidValueError("RewardClassifier: y has 1 class; at least two are needed")
        self.place_code_ = PlaceCode(self.n_fields).fit(samples)
        self.n_features_in_ = self.place_code_.n_features_in_
        random = check_random_state(self.random_state)
        seed = self.random_state if isinstance(self.random_state, Integral) else None
        self.brain_ = self._build(int(random.randint(2**31)) if seed is None else int(seed))
        self.n_epochs_ = 0
        self.errors_: list[float] = []
        code = self.place_code_.transform(samples)
        self.brain_.unfreeze_plasticity()
        for _ in range(self.n_epochs):
            self._learn_epoch(code, targets, random.permutation(len(code)))
        self.brain_.freeze_plasticity()
        return self

    def _check_parameters(self) -> None:
        where = type(self).__name__
        for name, least in (
            ("n_epochs", 0), ("n_fields", 2), ("n_motor", 1), ("duration", 1), ("gap", 0),
            ("overtime", 0),
        ):  # fmt: skip
            integer(f"{where}: {name}", getattr(self, name), least)
        for name in ("teacher_current", "inhibition", "reward"):
            number(f"{where}: {name}", getattr(self, name), 0.0)
        for name in ("input_current", "w_max", "reward_decay"):
            number(f"{where}: {name}", getattr(self, name), 0.0, open_low=True)
        low, high = self.w_init
        number(f"{where}: w_init[0]", low, 0.0, high)
        number(f"{where}: w_init[1]", high, 0.0, self.w_max)

    def _build(self, seed: int) -> Brain:
        """The untrained network."""
        n_features = int(self.place_code_.varies_.sum())
        n_classes = len(self.classes_)
        brain = Brain(dt=1.0, seed=seed)
        brain.freeze_structural_plasticity()
        brain.freeze_homeostatic_scaling()
        brain.freeze_adaptive_thresholds()
        brain.disable_memory()
        brain.encoder.max_current = max(self.input_current, self.teacher_current)

        def region(name: str, region_type: RegionType, n: int, tau_m: float) -> None:
            # Two silent steps after each spike.
            model = CurrentLIF(
                tau_m=tau_m, E_L=RESTING, v_reset=RESTING, v_th=THRESHOLD, t_ref=2.0,
                tau_exc=5.0, tau_inh=5.0,
            )  # fmt: skip
            brain.add_region(
                name, region_type, n, connectivity=0.0, max_neurons=n, model=model,
                excitatory=1.0, rule=None,
            )  # fmt: skip

        region(INPUT, RegionType.SENSORY, self.place_code_.n_outputs_, tau_m=10.0)
        region(MOTOR, RegionType.MOTOR, n_classes * self.n_motor, tau_m=20.0)
        low, high = self.w_init
        brain.connect_regions(
            INPUT, MOTOR, wiring="all_to_all", delays=1.0,
            weights=Uniform(low / n_features, high / n_features), w_max=self.w_max / n_features,
            rule=RewardSTDP(
                A_plus=self.A_plus, A_minus=self.A_minus, tau_plus=self.tau_plus,
                tau_minus=self.tau_minus, tau_eligibility=self.tau_eligibility,
                dopamine_decay=self.dopamine_decay, baseline_dopamine=0.0,
            ),
        )  # fmt: skip
        if self.inhibition > 0:
            group = np.arange(n_classes * self.n_motor) // self.n_motor
            pre, post = np.nonzero(group[:, np.newaxis] != group)
            brain.regions[MOTOR].add_synapses(
                pre, post, self.inhibition, delays_ms=1.0, nt=Neurotransmitter.GABA
            )
        return brain

    def _learn_epoch(
        self, code: NDArray[np.float64], targets: NDArray[np.int64], order: NDArray[np.int64]
    ) -> None:
        amount = self.reward / (1.0 + self.n_epochs_ / self.reward_decay)
        errors = [self._learn(code[i], int(targets[i]), amount) for i in order]
        self.errors_.append(float(np.mean(errors)))
        self.n_epochs_ += 1

    def _learn(self, code: NDArray[np.float64], target: int, amount: float) -> float:
        """One trial; returns the error of the guess, in [0, 1]."""
        brain = self.brain_
        self._rest()
        counts = self._show(code, self.duration)
        total = int(counts.sum())
        error = 1.0 - counts[target] / total if total else 1.0
        brain.punish(amount * error, PATHWAY)
        brain.run(self.gap, progress=False)
        self._rest()
        self._show(code, self.duration, teacher=target)
        brain.reward(amount * error, PATHWAY)
        brain.run(self.gap, progress=False)
        return float(error)

    # -- the network

    def _rest(self) -> None:
        self.brain_.reset_state()
        self.brain_.reset_traces()

    def _show(
        self, code: NDArray[np.float64], steps: int, teacher: int | None = None
    ) -> NDArray[np.int64]:
        """Present a sample; returns the motor spikes of each class."""
        brain = self.brain_
        values = code * (self.input_current / brain.encoder.max_current)
        if teacher is not None:
            lesson = np.zeros(len(self.classes_))
            lesson[teacher] = self.teacher_current / brain.encoder.max_current
            brain.hold(MOTOR, lesson)
        spikes = brain.present(INPUT, values, steps)[MOTOR]
        if teacher is not None:
            brain.release(MOTOR)
        counts: NDArray[np.int64] = spikes.reshape(len(self.classes_), self.n_motor).sum(axis=1)
        return counts

    def _answer(self, code: NDArray[np.float64]) -> NDArray[np.int64]:
        self._rest()
        counts = self._show(code, self.duration)
        left = self.overtime
        while left > 0 and undecided(counts):
            counts += self._show(code, 1)
            left -= 1
        return counts

    # -- answering

    def spike_counts(self, X: ArrayLike) -> NDArray[np.int64]:
        """Motor spikes of each class in answer to each sample, shape (n_samples, n_classes).

        Where classes were tied after `duration`, spikes of the overtime are included.
        """
        check_is_fitted(self)
        code = self.place_code_.transform(check_array(X, dtype=np.float64))
        return np.array([self._answer(sample) for sample in code], np.int64)

    def decision_function(self, X: ArrayLike) -> NDArray[np.float64]:
        """Motor spikes of each class; of the second minus the first class if there are two."""
        counts = self.spike_counts(X).astype(np.float64)
        return counts[:, 1] - counts[:, 0] if counts.shape[1] == 2 else counts

    def predict(self, X: ArrayLike) -> NDArray[Any]:
        """The class that fired most spikes for each sample; the first of them if undecided."""
        best = self.spike_counts(X).argmax(axis=1)
        labels: NDArray[Any] = self.classes_[best]
        return labels

    def score(self, X: ArrayLike, y: ArrayLike, sample_weight: ArrayLike | None = None) -> float:
        """Share of right answers; a silent or tied answer is wrong."""
        counts = self.spike_counts(X)
        right = self.classes_[counts.argmax(axis=1)] == np.asarray(y)
        right &= ~undecided(counts)
        weights = None if sample_weight is None else np.asarray(sample_weight, np.float64)
        return float(np.average(right, weights=weights))


def undecided(counts: NDArray[np.int64]) -> NDArray[np.bool_]:
    """Whether no class alone has most spikes; counts: shape (..., n_classes)."""
    ties = (counts == counts.max(axis=-1, keepdims=True)).sum(axis=-1) > 1
    return np.asarray(ties)
