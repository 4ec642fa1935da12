"""A classifier that learns by reward-modulated STDP and answers by motor spikes."""

from __future__ import annotations

from numbers import Integral
from typing import Any, Self

import numpy as np
from numpy.typing import ArrayLike, NDArray
from sklearn.base import BaseEstimator, ClassifierMixin
from sklearn.utils.validation import check_is_fitted

from engram.brain import Brain
from engram.errors import InvalidValueError, integer, number
from engram.learn.decoders import undecided
from engram.learn.margins import probabilities, sharpness, shortfall
from engram.learn.place_code import PlaceCode
from engram.learn.rstdp_network import INPUT, MOTOR, PATHWAY, build_network
from engram.learn.validation import (
    checked_classes,
    checked_pair,
    checked_random,
    checked_samples,
    checked_training_data,
    class_numbers,
    is_class,
    refusing,
    share_right,
)
from engram.plasticity import RewardSTDP

OVERTIME_STEP = 5
"""Length of the pieces in which a tied answer goes on, ms."""


class RSTDPClassifier(ClassifierMixin, BaseEstimator):  # type: ignore[misc]
    """Spiking classifier trained by reward-modulated STDP (Izhikevich 2007).

    A place code drives input neurons; plastic synapses lead from each of them to all motor neurons,
    `n_motor` for each class; motor neurons inhibit those of the other classes. The answer is the
    class whose motor neurons fire most spikes in `duration`; nothing else is read out.

    A training trial begins with a *question*: the sample alone, from rest, learning off. Let n be
    the spikes of the right class and m those of its strongest rival. If n > (1 + margin) m nothing
    more happens. Otherwise two *lessons* follow, each from rest: the sample with a current into the
    rival's motor neurons, after which dopamine falls by e times `reward`, and the sample with the
    same current into the right class's, after which it rises by as much, where ::

        e = min(1, ((1 + margin) m - n) / (margin m))

    Dopamine turns eligibility into weight during the `gap` after each lesson. What both lessons
    have in common cancels, so the synapses of active inputs onto the rival weaken and those onto
    the right class grow.

    Parameters
    ----------
    n_epochs : int
        Passes through the training data by `fit`, in a new random order each.
    n_fields : int
        Input neurons of each feature, see `PlaceCode`.
    n_motor : int
        Motor neurons of each class.
    duration, lesson, gap : int
        Length of a question, a lesson, and the pause after a lesson, ms.
    overtime : int
        How long at most a tied answer goes on, ms.
    margin : float
        By which share of the strongest rival's spikes the right class has to lead, or be taught.
    input_current : float
        Current of an input neuron at the centre of its field, mV (threshold: 15 mV above rest).
    teacher_current : float
        Current into one class's motor neurons in a lesson, mV.
    inhibition : float
        Jump of a motor neuron's inhibitory current when all those of the other classes fire, mV.
    w_max : float
        Greatest weight times the number of features, mV.
    w_init : tuple of two floats
        Range of the initial weights times the number of features, mV.
    A_plus, A_minus, tau_plus, tau_minus, tau_eligibility, dopamine_decay : float
        Of the learning rule, see `engram.RewardSTDP`; amplitudes in units of the greatest weight,
        times in ms.
    reward : float
        Dopamine at e = 1 in the first epoch, 1/s; in epoch k (from 0) it is
        ``reward / (1 + k / reward_decay)``.
    reward_decay : float
        See `reward`, epochs.
    random_state : int, RandomState or None
        Of initial weights, order of samples, and which of several rivals with as many spikes is
        taught. The same number gives the same classifier.

    Attributes
    ----------
    classes_ : ndarray of shape (n_classes,)
        Class labels.
    brain_ : Brain
        The network, with regions "input" and "motor".
    place_code_ : PlaceCode
        The fitted input code.
    errors_ : list of float
        Share of wrong or undecided answers to the questions of each epoch so far.
    lessons_ : list of float
        Share of the samples in each epoch so far that had to be taught.
    sharpness_ : float
        Exponent that turns spike counts into probabilities, see `predict_proba`.
    n_features_in_, n_epochs_ : int
        Number of features; epochs trained.

    Notes
    -----
    A silent or tied answer is undecided: `score` counts it as wrong, `predict` has to name a class
    and takes the first of those tied. `spike_counts` shows which answers are undecided.

    A classifier can be pickled, and goes on learning from there as it would have; its brain is in
    the pickle as in a checkpoint.

    References
    ----------
    .. [1] Izhikevich 2007, doi:10.1093/cercor/bhl152

    Examples
    --------
    >>> from engram.learn import RSTDPClassifier
    >>> from sklearn.datasets import load_iris
    >>> X, y = load_iris(return_X_y=True)
    >>> RSTDPClassifier(random_state=1).fit(X, y).score(X, y) > 0.9
    True
    """

    def __init__(
        self,
        *,
        n_epochs: int = 8,
        n_fields: int = 8,
        n_motor: int = 5,
        duration: int = 100,
        lesson: int = 100,
        gap: int = 20,
        overtime: int = 100,
        margin: float = 0.3,
        input_current: float = 40.0,
        teacher_current: float = 60.0,
        inhibition: float = 35.0,
        w_max: float = 200.0,
        w_init: tuple[float, float] = (25.0, 45.0),
        A_plus: float = 1.0,
        A_minus: float = 0.6,
        tau_plus: float = 20.0,
        tau_minus: float = 20.0,
        tau_eligibility: float = 100.0,
        dopamine_decay: float = 10.0,
        reward: float = 0.15,
        reward_decay: float = 2.0,
        random_state: int | np.random.RandomState | None = None,
    ) -> None:
        self.n_epochs = n_epochs
        self.n_fields = n_fields
        self.n_motor = n_motor
        self.duration = duration
        self.lesson = lesson
        self.gap = gap
        self.overtime = overtime
        self.margin = margin
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
        """Learn from samples, and forget whatever was learned before.

        Ends before `n_epochs` if a whole epoch needed no lesson.

        Parameters
        ----------
        X : array_like of shape (n_samples, n_features)
            Samples.
        y : array_like of shape (n_samples,)
            Their classes.

        Returns
        -------
        RSTDPClassifier
            The classifier itself.

        Raises
        ------
        InvalidTypeError, InvalidValueError
            A parameter or the data can't be used.
        """
        self._check_parameters()
        with refusing(self):
            samples, labels = checked_training_data(self, X, y, reset=True, classes=2)
            self._begin(samples, np.unique(labels))
        code, targets = self.place_code_.transform(samples), self.classes_.searchsorted(labels)
        for _ in range(self.n_epochs):
            self._learn_epoch(code, targets)
            if self.lessons_[-1] == 0:
                break
        return self

    def partial_fit(self, X: ArrayLike, y: ArrayLike, classes: ArrayLike | None = None) -> Self:
        """Learn from samples once more, in one epoch, and keep what was learned before.

        The first call also fixes the place code, so its samples should span the range of each
        feature.

        Parameters
        ----------
        X : array_like of shape (n_samples, n_features)
            Samples.
        y : array_like of shape (n_samples,)
            Their classes.
        classes : array_like, optional
            All classes there will ever be; has to be given in the first call.

        Returns
        -------
        RSTDPClassifier
            The classifier itself.

        Raises
        ------
        InvalidTypeError, InvalidValueError
            A parameter, the classes or the data can't be used.
        """
        first = not hasattr(self, "brain_")
        self._check_parameters()
        if first and classes is None:
            raise InvalidValueError(
                "RSTDPClassifier.partial_fit: classes must be given in the first call"
            )
        with refusing(self):
            samples, labels = checked_training_data(self, X, y, reset=first)
            known = None if first else self.classes_
            if classes is not None:
                known = checked_classes(self, classes, known)
            assert known is not None
            targets = class_numbers(self, known, labels)
            if first:
                self._begin(samples, known)
        self._learn_epoch(self.place_code_.transform(samples), targets)
        return self

    def _check_parameters(self) -> None:
        where = type(self).__name__
        for name, least in (
            ("n_epochs", 0),
            ("n_fields", 2),
            ("n_motor", 1),
            ("duration", 1),
            ("lesson", 1),
            ("gap", 0),
            ("overtime", 0),
        ):
            integer(f"{where}: {name}", getattr(self, name), least)
        for name in ("teacher_current", "inhibition", "reward"):
            number(f"{where}: {name}", getattr(self, name), 0.0)
        for name in ("margin", "input_current", "w_max", "reward_decay"):
            number(f"{where}: {name}", getattr(self, name), 0.0, open_low=True)
        low, high = checked_pair(f"{where}: w_init", self.w_init)
        number(f"{where}: w_init[0]", low, 0.0, high)
        number(f"{where}: w_init[1]", high, 0.0, self.w_max)

    def _begin(self, samples: NDArray[np.float64], classes: NDArray[Any]) -> None:
        """An untrained network for these classes and the range of these samples."""
        place_code = PlaceCode(self.n_fields).fit(samples)
        seed = (
            int(self.random_state)
            if isinstance(self.random_state, Integral)
            else int(checked_random(self).randint(2**31))
        )
        self.classes_ = classes
        self.place_code_ = place_code
        self.brain_ = self._build(seed)
        self.n_epochs_ = 0
        self.sharpness_ = 1.0
        self.errors_: list[float] = []
        self.lessons_: list[float] = []

    def _build(self, seed: int) -> Brain:
        return build_network(
            self.place_code_.n_outputs_,
            int(self.place_code_.varies_.sum()),
            len(self.classes_),
            self.n_motor,
            seed=seed,
            max_current=max(self.input_current, self.teacher_current),
            w_init=self.w_init,
            w_max=self.w_max,
            inhibition=self.inhibition,
            rule=RewardSTDP(
                A_plus=self.A_plus,
                A_minus=self.A_minus,
                tau_plus=self.tau_plus,
                tau_minus=self.tau_minus,
                tau_eligibility=self.tau_eligibility,
                dopamine_decay=self.dopamine_decay,
                baseline_dopamine=0.0,
            ),
        )

    def _learn_epoch(self, code: NDArray[np.float64], targets: NDArray[np.int64]) -> None:
        # A function of the seed and the epoch: there is no generator state to keep.
        random = np.random.default_rng([self.brain_.seed, self.n_epochs_])
        amount = self.reward / (1.0 + self.n_epochs_ / self.reward_decay)
        order = random.permutation(len(code))
        chances = random.random((len(code), len(self.classes_)))
        counts = np.zeros(chances.shape, np.int64)
        taught = 0
        for i in order:
            self._rest()
            counts[i] = self._show(code[i], self.duration)
            # Fractions of a spike decide between rivals that fired as many.
            rivals = counts[i] + chances[i]
            rivals[targets[i]] = -1.0
            rival = int(rivals.argmax())
            missing = shortfall(int(counts[i, targets[i]]), int(counts[i, rival]), self.margin)
            if missing > 0.0:
                self.teach(code[i], int(targets[i]), rival, amount * missing)
                taught += 1
        wrong = (counts.argmax(axis=1) != targets) | undecided(counts)
        self.errors_.append(float(wrong.mean()))
        self.lessons_.append(taught / len(code))
        self.sharpness_ = sharpness(counts, targets)
        self.n_epochs_ += 1

    def teach(self, code: NDArray[np.float64], target: int, rival: int, amount: float) -> None:
        """Both lessons on one sample.

        Parameters
        ----------
        code : array of shape (n_inputs,)
            Its place code.
        target : int
            Number of its class.
        rival : int
            Number of the rival.
        amount : float
            Of dopamine, 1/s.
        """
        brain = self.brain_
        brain.unfreeze_plasticity()
        for group, dopamine in ((rival, brain.punish), (target, brain.reward)):
            self._rest()
            self._show(code, self.lesson, teacher=group)
            dopamine(amount, PATHWAY)
            brain.run(self.gap, progress=False)
        brain.reset_traces()
        brain.freeze_plasticity()

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
            current = np.zeros(len(self.classes_))
            current[teacher] = self.teacher_current / brain.encoder.max_current
            brain.hold(MOTOR, current)
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
            counts += self._show(code, min(left, OVERTIME_STEP))
            left -= OVERTIME_STEP
        return counts

    # -- answering

    def spike_counts(self, X: ArrayLike) -> NDArray[np.int64]:
        """Motor spikes of each class in answer to each sample.

        Where classes were tied after `duration`, spikes of the overtime are included.

        Parameters
        ----------
        X : array_like of shape (n_samples, n_features)
            Samples.

        Returns
        -------
        array of shape (n_samples, n_classes), int64
            Spikes.
        """
        check_is_fitted(self)
        code = self.place_code_.transform(checked_samples(self, X, reset=False))
        return np.array([self._answer(sample) for sample in code], np.int64)

    def decision_function(self, X: ArrayLike) -> NDArray[np.float64]:
        """Logarithms ln(n_c + 1/2) of the spike counts n.

        Parameters
        ----------
        X : array_like of shape (n_samples, n_features)
            Samples.

        Returns
        -------
        array of shape (n_samples, n_classes) or (n_samples,)
            Of the second class over the first if there are two.
        """
        logs: NDArray[np.float64] = np.log(self.spike_counts(X) + 0.5)
        return logs[:, 1] - logs[:, 0] if logs.shape[1] == 2 else logs

    def predict_proba(self, X: ArrayLike) -> NDArray[np.float64]:
        """Probabilities p_c = (n_c + 1/2)^s / sum over classes.

        The exponent s is `sharpness_`: that of the greatest likelihood of the right classes given
        the answers to the questions of the latest epoch, each asked before its lesson.

        Parameters
        ----------
        X : array_like of shape (n_samples, n_features)
            Samples.

        Returns
        -------
        array of shape (n_samples, n_classes)
            Each row sums to 1.
        """
        return probabilities(self.spike_counts(X), self.sharpness_)

    def predict(self, X: ArrayLike) -> NDArray[Any]:
        """The class that fired most spikes for each sample; the first of them if undecided.

        Parameters
        ----------
        X : array_like of shape (n_samples, n_features)
            Samples.

        Returns
        -------
        array of shape (n_samples,)
            Class labels.
        """
        best = self.spike_counts(X).argmax(axis=1)
        labels: NDArray[Any] = self.classes_[best]
        return labels

    def score(self, X: ArrayLike, y: ArrayLike, sample_weight: ArrayLike | None = None) -> float:
        """Share of right answers; a silent or tied answer is wrong.

        Parameters
        ----------
        X : array_like of shape (n_samples, n_features)
            Samples.
        y : array_like of shape (n_samples,)
            Their classes.
        sample_weight : array_like of shape (n_samples,), optional
            How much each counts.

        Returns
        -------
        float
            In [0, 1].
        """
        counts = self.spike_counts(X)
        right = is_class(self, self.classes_[counts.argmax(axis=1)], y) & ~undecided(counts)
        return share_right(self, right, sample_weight)
