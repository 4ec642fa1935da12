"""A readout layer of spiking neurons that learns from dopamine what the features mean."""

from __future__ import annotations

from numbers import Integral
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from engram.brain import Brain
from engram.circuits.groups import inhibit_other_groups
from engram.distributions import Uniform
from engram.errors import integer, number
from engram.learn.decoders import UNDECIDED, Decoder, Floats, undecided
from engram.learn.validation import checked_pair, checked_random
from engram.neurons import CurrentLIF, NeuronModel
from engram.plasticity import RewardSTDP
from engram.region import RegionType

SPIKES, READOUT = "spikes", "readout"
PATHWAY = Brain.projection_target(SPIKES, READOUT)

THRESHOLD = 15.0
"""Of the readout neurons, mV above rest."""


class RegularSource(NeuronModel, saved_as="engram.learn.reward_readout:RegularSource"):
    """A neuron that fires I times a step on average, evenly: v <- v + I, a spike takes 1 away."""

    states = {"v": 0.5}

    @staticmethod
    def update(v: Any, I: Any) -> Any:  # noqa: E741
        """The next state.

        Parameters
        ----------
        v : float
            How near to a spike.
        I : float
            Spikes a step, on average.

        Returns
        -------
        tuple of (float, bool)
            The next v, and whether the neuron fires.
        """
        v = v + I
        return v, v >= np.float32(1)

    @staticmethod
    def reset(v: Any, I: Any) -> Any:  # noqa: E741
        """What is left of v after a spike.

        Parameters
        ----------
        v : float
            How near to a spike.
        I : float
            Spikes a step, on average.

        Returns
        -------
        float
            The next v.
        """
        return v + I - np.float32(1)


class RewardReadout(Decoder):
    """Readout neurons that learn by reward-modulated STDP (Izhikevich 2007) and answer in spikes.

    The counts of a sample are replayed as evenly spaced spikes, `spikes` in all, within `duration`,
    through plastic synapses to `n_readout` neurons a class; those of different classes inhibit
    each other. The class whose neurons fire most spikes is the answer.

    A trial of training is two presentations, each from rest. *Guess*: the sample alone; e is 1
    minus the share of spikes that the right class fired, and dopamine falls by e times `reward`.
    *Lesson*: the same with a current into the right class; dopamine rises by as much. In epoch k
    (from 0) the reward is ``reward / (1 + k)``.

    Parameters
    ----------
    n_epochs : int
        Passes through the training data, in a new random order each.
    n_readout : int
        Neurons a class.
    duration, gap : int
        Length of a presentation and of the pause after it in training, ms.
    spikes : float
        Into the readout in a presentation, whatever their number was.
    teacher_current, inhibition : float
        Current into the right class in a lesson; jump of the current at a spike of another class,
        mV (threshold: 15 mV above rest).
    w_init : tuple of two floats
        Range of the initial weights, mV.
    w_max : float
        Greatest weight, mV.
    A_plus, A_minus, tau_eligibility, dopamine_decay : float
        See `engram.RewardSTDP`; amplitudes in units of `w_max`, times in ms.
    reward : float
        Dopamine for an error of 1 in the first epoch, 1/s.
    random_state : int, RandomState or None
        Of initial weights and the order of samples.

    Attributes
    ----------
    brain_ : Brain
        The readout network, with regions "spikes" and "readout".
    errors_ : list of float
        Mean error e of the guesses in each epoch.

    Notes
    -----
    Silence and ties of the readout are undecided, and wrong to `score`.

    References
    ----------
    .. [1] Izhikevich 2007, doi:10.1093/cercor/bhl152

    Examples
    --------
    >>> from engram.learn import RewardReadout
    >>> counts, classes = [[9, 1], [1, 9], [8, 2], [2, 8]], ["left", "right", "left", "right"]
    >>> readout = RewardReadout(random_state=0).fit(counts, classes)
    >>> readout.predict([[7, 1], [0, 6]]).tolist()
    ['left', 'right']
    """

    def __init__(
        self,
        *,
        n_epochs: int = 2,
        n_readout: int = 5,
        duration: int = 100,
        gap: int = 40,
        spikes: float = 60.0,
        teacher_current: float = 30.0,
        inhibition: float = 7.0,
        w_init: tuple[float, float] = (2.0, 4.0),
        w_max: float = 25.0,
        A_plus: float = 1.0,
        A_minus: float = 0.6,
        tau_eligibility: float = 100.0,
        dopamine_decay: float = 10.0,
        reward: float = 1.0,
        random_state: int | np.random.RandomState | None = None,
    ) -> None:
        self.n_epochs = n_epochs
        self.n_readout = n_readout
        self.duration = duration
        self.gap = gap
        self.spikes = spikes
        self.teacher_current = teacher_current
        self.inhibition = inhibition
        self.w_init = w_init
        self.w_max = w_max
        self.A_plus = A_plus
        self.A_minus = A_minus
        self.tau_eligibility = tau_eligibility
        self.dopamine_decay = dopamine_decay
        self.reward = reward
        self.random_state = random_state

    # -- learning

    def _fit(self, counts: Floats, targets: NDArray[np.int64]) -> None:
        self._check_parameters()
        random = checked_random(self)
        seed = self.random_state if isinstance(self.random_state, Integral) else None
        self.brain_ = self._build(int(random.randint(2**31)) if seed is None else int(seed))
        self.errors_: list[float] = []
        for epoch in range(self.n_epochs):
            self._learn_epoch(counts, targets, random.permutation(len(counts)), epoch)

    def _learn_more(self, counts: Floats, targets: NDArray[np.int64]) -> None:
        """One pass, in the order given, with the reward of the first epoch."""
        self._learn_epoch(counts, targets, np.arange(len(counts)), 0)

    def _learn_epoch(
        self, counts: Floats, targets: NDArray[np.int64], order: NDArray[np.int64], epoch: int
    ) -> None:
        amount = self.reward / (1.0 + epoch)
        self.brain_.unfreeze_plasticity()
        errors = [self._learn(counts[i], int(targets[i]), amount) for i in order]
        self.brain_.freeze_plasticity()
        self.errors_.append(float(np.mean(errors)))

    def _check_parameters(self) -> None:
        where = type(self).__name__
        for name, least in (("n_epochs", 0), ("n_readout", 1), ("duration", 1), ("gap", 0)):
            integer(f"{where}: {name}", getattr(self, name), least)
        for name in ("inhibition", "reward"):
            number(f"{where}: {name}", getattr(self, name), 0.0)
        for name in ("spikes", "teacher_current", "w_max"):
            number(f"{where}: {name}", getattr(self, name), 0.0, open_low=True)
        low, high = checked_pair(f"{where}: w_init", self.w_init)
        number(f"{where}: w_init[0]", low, 0.0, high)
        number(f"{where}: w_init[1]", high, 0.0, self.w_max)

    def _build(self, seed: int) -> Brain:
        """The untrained network."""
        n_classes = len(self.classes_)
        n = n_classes * self.n_readout
        brain = Brain(dt=1.0, seed=seed)
        brain.freeze_structural_plasticity()
        brain.freeze_homeostatic_scaling()
        brain.freeze_adaptive_thresholds()
        brain.disable_memory()
        brain.encoder.max_current = max(1.0, self.teacher_current)
        readout = CurrentLIF(
            tau_m=20.0, E_L=0.0, v_reset=0.0, v_th=THRESHOLD, t_ref=2.0, tau_exc=5.0, tau_inh=5.0
        )
        for name, kind, size, model in (
            (SPIKES, RegionType.SENSORY, self.n_features_in_, RegularSource()),
            (READOUT, RegionType.MOTOR, n, readout),
        ):
            brain.add_region(
                name,
                kind,
                size,
                connectivity=0.0,
                max_neurons=size,
                model=model,
                excitatory=1.0,
                rule=None,
            )
        brain.connect_regions(
            SPIKES,
            READOUT,
            wiring="all_to_all",
            delays=1.0,
            weights=Uniform(*self.w_init),
            w_max=self.w_max,
            rule=RewardSTDP(
                A_plus=self.A_plus,
                A_minus=self.A_minus,
                tau_eligibility=self.tau_eligibility,
                dopamine_decay=self.dopamine_decay,
                baseline_dopamine=0.0,
            ),
        )
        if self.inhibition > 0:
            inhibit_other_groups(brain.regions[READOUT], self.n_readout, self.inhibition)
        return brain

    def _learn(self, counts: Floats, target: int, amount: float) -> float:
        """One trial; returns the error of the guess, in [0, 1]."""
        brain = self.brain_
        answer = self._show(counts)
        total = int(answer.sum())
        error = 1.0 - answer[target] / total if total else 1.0
        brain.punish(amount * error, PATHWAY)
        brain.run(self.gap, progress=False)
        self._show(counts, teacher=target)
        brain.reward(amount * error, PATHWAY)
        brain.run(self.gap, progress=False)
        return float(error)

    def _show(self, counts: Floats, teacher: int | None = None) -> NDArray[np.int64]:
        """Present a sample from rest; returns the readout spikes of each class."""
        brain = self.brain_
        brain.reset_state()
        brain.reset_traces()
        total = float(counts.sum())
        rate = self.spikes / (self.duration * brain.encoder.max_current)
        # A neuron fires once a step at most.
        ceiling = 1.0 / brain.encoder.max_current
        values = np.minimum(counts * (rate / total), ceiling) if total else np.zeros(len(counts))
        if teacher is not None:
            lesson = np.zeros(len(self.classes_))
            lesson[teacher] = self.teacher_current / brain.encoder.max_current
            brain.hold(READOUT, lesson)
        fired = brain.present(SPIKES, values, self.duration)[READOUT]
        if teacher is not None:
            brain.release(READOUT)
        spikes: NDArray[np.int64] = fired.reshape(len(self.classes_), self.n_readout).sum(axis=1)
        return spikes

    # -- answering

    def spike_counts(self, counts: ArrayLike) -> NDArray[np.int64]:
        """Readout spikes of each class in answer to each sample.

        Parameters
        ----------
        counts : array_like of shape (n_samples, n_neurons)
            Spike counts.

        Returns
        -------
        array of shape (n_samples, n_classes), int64
            Spikes.
        """
        return self._scores(self._checked(counts)).astype(np.int64)

    def _scores(self, counts: Floats) -> Floats:
        return np.array([self._show(sample) for sample in counts], np.float64)

    def answers(self, counts: ArrayLike) -> NDArray[np.int64]:
        """The number of the class with most spikes.

        Parameters
        ----------
        counts : array_like of shape (n_samples, n_neurons)
            Spike counts.

        Returns
        -------
        array of shape (n_samples,), int64
            Indices into `classes_`; -1 for silence and ties.
        """
        spikes = self._scores(self._checked(counts))
        return np.where(undecided(spikes), UNDECIDED, spikes.argmax(axis=1))
