"""A classifier whose features are learned without labels, by STDP and competition."""

from __future__ import annotations

import os
from collections.abc import Callable
from typing import Any, Self

import numpy as np
from numpy.typing import ArrayLike, NDArray
from sklearn.base import ClassifierMixin
from sklearn.utils.validation import check_is_fitted

from engram.circuits.settings import STEPS, TOTAL_RATE, X_TAR
from engram.errors import InvalidValueError, integer
from engram.learn.competitive_features import CompetitiveFeatures, drawn_for
from engram.learn.decoders import Decoder
from engram.learn.named_decoders import new_decoder
from engram.learn.validation import checked_classes, checked_training_data, class_numbers, refusing
from engram.neurons import NeuronModel
from engram.progress import Progress

LABELS = 2**31
"""What `drawn_for` draws labelled samples for; epochs are smaller numbers."""


class STDPClassifier(ClassifierMixin, CompetitiveFeatures):  # type: ignore[misc]
    """Unsupervised features by STDP (Diehl & Cook 2015), and a decoder of their spikes.

    Poisson spikes of the inputs drive excitatory neurons through plastic synapses; each of them
    inhibits all others, so that few fire, and these learn what they saw (`engram.Competition`).
    Adaptive thresholds see to it that all take part. Labels are used for nothing but the decoder,
    which sees spike counts.

    Learning rates fall geometrically from the first to the second of two values, over `horizon`
    images. Inputs are scaled by the least and the greatest value of the training data; then each
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
        model and the number of neurons, see `engram.circuits.image_settings`; with fewer than 21
        features, a shorter length that their weights can reach.
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
        Positions from which an answer looks at a sample, which then has to be a square image:
        the centre, the four a pixel beside it, the four diagonal ones. Each look begins from rest
        and lasts `answer_steps`; spikes of all are added up. So eyes take in an image between
        microsaccades, one or two a second (Rucci & Victor 2015).
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
    resumed_at_ : int
        Samples that the latest `fit` found learned in a checkpoint; 0: it began anew.
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

    References
    ----------
    .. [1] Diehl & Cook 2015, doi:10.3389/fncom.2015.00099
    .. [2] Rucci & Victor 2015, doi:10.1016/j.tins.2015.01.005

    Examples
    --------
    >>> from engram.datasets import digits
    >>> from engram.learn import STDPClassifier
    >>> data = digits().first(300, 100)
    >>> model = STDPClassifier(50, steps=100, random_state=0).fit(data.X_train, data.y_train)
    >>> model.score(data.X_test, data.y_test) > 0.5  # chance is 0.1
    True
    """

    decoder_: Decoder
    classes_: NDArray[Any]

    def __init__(
        self,
        n_neurons: int = 400,
        *,
        model: str | NeuronModel = "lif",
        n_epochs: int = 1,
        decoder: str | Decoder = "bayes",
        n_labels: int | None = None,
        steps: int = STEPS,
        total_rate: float = TOTAL_RATE,
        total_weight: float | None = None,
        w_max: float | None = None,
        eta: tuple[float, float] | None = None,
        x_tar: float = X_TAR,
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
        """Learn features, and the decoder from classes.

        Parameters
        ----------
        X : array_like of shape (n_samples, n_features)
            Samples.
        y : array_like of shape (n_samples,)
            Classes.
        progress : Progress
            See `learn_features`.
        checkpoints : str or os.PathLike, optional
            See `learn_features`.
        every : int
            See `learn_features`.
        on_checkpoint : callable, optional
            See `learn_features`.

        Returns
        -------
        STDPClassifier
            Itself.
        """
        self._check_parameters()
        with refusing(self):
            samples, labels = self._checked_training_data(X, y, reset=True, classes=2)
            self._begin(samples)
        self._learn_features(samples, progress, checkpoints, every, on_checkpoint)
        n = len(samples) if self.n_labels is None else self.n_labels
        if n < len(samples):
            chosen = np.sort(drawn_for(self._seed, LABELS).permutation(len(samples))[:n])
            samples, labels = samples[chosen], labels[chosen]
        return self._fit_decoder(samples, labels)

    def partial_fit(
        self, X: ArrayLike, y: ArrayLike | None = None, classes: ArrayLike | None = None
    ) -> Self:
        """Learn features from some more samples, in the order given, and add them to the decoder.

        The range of the first samples is that of all. The decoder adds up answers that were given
        at different times; `fit_decoder` begins it anew.

        Parameters
        ----------
        X : array_like of shape (n_samples, n_features)
            Samples.
        y : array_like of shape (n_samples,), optional
            Classes. None leaves the decoder as it is.
        classes : array_like, optional
            All that will ever come, needed once unless the first y has them all.

        Returns
        -------
        STDPClassifier
            Itself.
        """
        first = not hasattr(self, "circuit_")
        if first:
            self._check_parameters()
        with refusing(self):
            if y is None:
                samples = self._checked_samples(X, reset=first)
            else:
                samples, labels = self._checked_training_data(X, y, reset=first)
                self._check_labels(labels, classes)
            if first:
                self._begin(samples)
                self._end = 60_000 if self.horizon is None else self.horizon
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
        """Fit the decoder anew, to the answers to labelled samples; features stay as they are.

        Parameters
        ----------
        X : array_like of shape (n_samples, n_features)
            Samples.
        y : array_like of shape (n_samples,)
            Classes.

        Returns
        -------
        STDPClassifier
            Itself.
        """
        check_is_fitted(self, "circuit_")
        return self._fit_decoder(*self._checked_training_data(X, y, reset=False, classes=2))

    def _fit_decoder(self, samples: NDArray[Any], labels: NDArray[Any]) -> Self:
        self.decoder_ = self._new_decoder().fit(self._respond(samples), labels)
        self.classes_ = self.decoder_.classes_
        return self

    def _checked_training_data(
        self, X: ArrayLike, y: ArrayLike, *, reset: bool, classes: int = 1
    ) -> tuple[NDArray[Any], NDArray[Any]]:
        return checked_training_data(self, X, y, reset=reset, keep_bytes=True, classes=classes)

    def _check_labels(self, labels: NDArray[Any], classes: ArrayLike | None) -> None:
        """Whether the decoder can take them, before features have been learned."""
        if not hasattr(self._new_decoder(), "partial_fit"):
            raise InvalidValueError(
                f"{type(self).__name__}.partial_fit: decoder={self.decoder!r} can't learn in "
                f"portions; give no y and call fit_decoder at the end, or choose another decoder"
            )
        known = self.classes_ if hasattr(self, "decoder_") else None
        if classes is not None:
            known = checked_classes(self, classes, known)
        elif known is None:
            known = checked_classes(self, labels)
        class_numbers(self, known, labels)

    def _check_parameters(self) -> None:
        super()._check_parameters()
        if self.n_labels is not None:
            integer(f"{type(self).__name__}: n_labels", self.n_labels, 1)
        self._new_decoder()

    def _begin(self, samples: NDArray[Any]) -> None:
        super()._begin(samples)
        for name in ("decoder_", "classes_"):
            if hasattr(self, name):
                delattr(self, name)

    def settings(self) -> dict[str, Any]:
        """The parameters, with what `None` stands for.

        Returns
        -------
        dict
            JSON can hold it.
        """
        return {**super().settings(), "decoder": str(self.decoder)}

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        # Of many features it makes a good classifier: of two, it sees one angle.
        tags.classifier_tags.poor_score = True
        return tags

    def _new_decoder(self) -> Decoder:
        return new_decoder(type(self).__name__, self.decoder)

    # -- answering

    def class_scores(self, X: ArrayLike) -> NDArray[np.float64]:
        """How much speaks for each class; see the decoder.

        Parameters
        ----------
        X : array_like of shape (n_samples, n_features)
            Samples.

        Returns
        -------
        array of shape (n_samples, n_classes), float64
            Scores.
        """
        check_is_fitted(self, "decoder_")
        return self.decoder_.class_scores(self.transform(X))

    def predict(self, X: ArrayLike) -> NDArray[Any]:
        """The class of each sample.

        Parameters
        ----------
        X : array_like of shape (n_samples, n_features)
            Samples.

        Returns
        -------
        array of shape (n_samples,)
            Classes; the first class for an undecided answer.
        """
        check_is_fitted(self, "decoder_")
        return self.decoder_.predict(self.transform(X))

    def score(self, X: ArrayLike, y: ArrayLike, sample_weight: ArrayLike | None = None) -> float:
        """Share of right answers; an undecided one is wrong.

        Parameters
        ----------
        X : array_like of shape (n_samples, n_features)
            Samples.
        y : array_like of shape (n_samples,)
            Classes.
        sample_weight : array_like of shape (n_samples,), optional
            Weights of the samples.

        Returns
        -------
        float
            In [0, 1].
        """
        check_is_fitted(self, "decoder_")
        return self.decoder_.score(self.transform(X), y, sample_weight)
