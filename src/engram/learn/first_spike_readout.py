"""A readout that learns from reward alone: who fires first answers, and dopamine judges it."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from engram.errors import integer, number
from engram.learn.decoders import Decoder, Floats, softmax
from engram.learn.validation import checked_pair, checked_random


class FirstSpikeReadout(Decoder):
    """One neuron a class; the first to fire is the answer, and learns from reward alone.

    It is told whether its answer was right, never which answer would have been. The features are
    taken for times of first spikes, x_i = 1 - t_i, as `STDPFeatures` gives them, in units in which
    a training sample has a mean squared length of 1. From its spike on, input i drives neuron c
    with the current w_ci; at the end of the time a neuron without leak is therefore at::

        V_c = sum_i w_ci (1 - t_i) + b_c

    Each then fires at the rate exp(V_c) (escape noise), the first silences the rest, and so it is
    neuron c with the probability p_c = exp(V_c) / sum_k exp(V_k), what that neuron has to expect as
    a reward. (A drive common to all changes when one fires, not which.) Its synapses alone are
    eligible, each by the time for which its input came before: an STDP window that is a straight
    line. With the reward r = 1 for a right answer, else 0, dopamine is the error of that
    expectation::

        w_ci += eta (r - p_c) (1 - t_i)      for the neuron c that fired; b_c likewise

    eta falls geometrically. Answers to test samples are the likeliest: the neuron with the greatest
    V.

    Parameters
    ----------
    n_epochs : int
        Passes through the samples, in a new random order each.
    eta : tuple of two floats
        Learning rate of a sample in the beginning and at the end.
    batch : int
        Samples answered before the changes take effect.
    random_state : int, RandomState or None
        Of the order of samples and of the answers.

    Attributes
    ----------
    weights_ : ndarray of shape (n_classes, n_neurons), float32
        w.
    bias_ : ndarray of shape (n_classes,), float32
        b.
    rewards_ : list of float
        Mean reward of each epoch.

    Notes
    -----
    The mean change of w_ci is eta p_c ([c = y] - p_c) x_i, that of `DeltaReadout` times how often
    the neuron answers: both come to rest where the same error is 0.

    References
    ----------
    .. [1] Izhikevich 2007, doi:10.1093/cercor/bhl152
    .. [2] Fremaux & Gerstner 2016, doi:10.3389/fncir.2015.00085
    .. [3] Mozafari et al. 2018, doi:10.1109/TNNLS.2018.2826721

    Examples
    --------
    >>> from engram.learn import FirstSpikeReadout
    >>> readout = FirstSpikeReadout(random_state=0).fit([[3, 0], [0, 2]], ["a", "b"])
    >>> readout.predict([[1, 0]]).tolist()
    ['a']
    """

    def __init__(
        self,
        *,
        n_epochs: int = 20,
        eta: tuple[float, float] = (10.0, 0.1),
        batch: int = 10,
        random_state: int | np.random.RandomState | None = None,
    ) -> None:
        self.n_epochs = n_epochs
        self.eta = eta
        self.batch = batch
        self.random_state = random_state

    def _fit(self, counts: Floats, targets: NDArray[np.int64]) -> None:
        integer("FirstSpikeReadout: n_epochs", self.n_epochs, 0)
        size = integer("FirstSpikeReadout: batch", self.batch, 1)
        first, last = checked_pair("FirstSpikeReadout: eta", self.eta)
        number("FirstSpikeReadout: eta[0]", first, 0.0, open_low=True)
        number("FirstSpikeReadout: eta[1]", last, 0.0, open_low=True)
        random = checked_random(self)
        length = float(np.sqrt(np.einsum("ij,ij", counts, counts) / len(counts)))
        self._scale = 1.0 / length if length > 0 else 1.0
        x = (counts * self._scale).astype(np.float32)
        self.weights_ = np.zeros((len(self.classes_), x.shape[1]), np.float32)
        self.bias_ = np.zeros(len(self.classes_), np.float32)
        self.rewards_: list[float] = []
        done, steps = 0, self.n_epochs * len(x)
        for _ in range(self.n_epochs):
            order = random.permutation(len(x))
            earned = 0.0
            for start in range(0, len(x), size):
                chosen = order[start : start + size]
                eta = first * (last / first) ** (done / steps)
                drawn = random.random_sample(len(chosen))
                earned += self._answer_and_learn(x[chosen], targets[chosen], drawn, eta)
                done += len(chosen)
            self.rewards_.append(earned / len(x))

    def _answer_and_learn(
        self, x: NDArray[np.float32], targets: NDArray[np.int64], drawn: Floats, eta: float
    ) -> float:
        """One answer to each sample, and what the neurons that gave them learn; their reward."""
        p = softmax(x @ self.weights_.T + self.bias_)
        later = p.cumsum(axis=1) < drawn[:, np.newaxis]
        fired = np.minimum(later.sum(axis=1), len(self.bias_) - 1)
        rows = np.arange(len(x))
        reward = (fired == targets).astype(np.float32)
        dopamine = np.zeros_like(p)
        dopamine[rows, fired] = eta * (reward - p[rows, fired])
        self.weights_ += dopamine.T @ x
        self.bias_ += dopamine.sum(axis=0)
        return float(reward.sum())

    def _scores(self, counts: Floats) -> Floats:
        scores: Floats = (counts * self._scale) @ self.weights_.T + self.bias_
        return scores
