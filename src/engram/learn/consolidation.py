"""A circuit of competing neurons that become less plastic with use."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

from engram.circuits.competition import Competition
from engram.errors import integer
from engram.network.present import Counts
from engram.parameters.checks import positive_or_inf


class ConsolidatedCircuit:
    """A `Competition` whose neurons become less plastic the more they have fired.

    A chunk of images changes the weights and the threshold of neuron j by d_j; it keeps the share

        d_j / (1 + s_j / constancy)

    of it, with s_j its spikes before the chunk; the rest is undone. So neurons that stand for
    something stay as they are, and what none of them answers in time recruits fresh ones.
    Synapses that lose plasticity with use hold memories longer (Fusi, Drew & Abbott 2005).

    Parameters
    ----------
    circuit : Competition
        The circuit; it may have learned before, but its number of neurons must stay.
    constancy : float
        Spikes after which a neuron keeps half of a change; infinite: it keeps all.
    chunk : int
        Images between two consolidations.

    Attributes
    ----------
    circuit : Competition
        The circuit.
    used : ndarray of shape (n_neurons,)
        Spikes of each neuron so far.

    References
    ----------
    .. [1] Fusi, Drew & Abbott 2005, doi:10.1016/j.neuron.2005.02.001

    Examples
    --------
    >>> from engram import Competition
    >>> from engram.learn import ConsolidatedCircuit
    >>> net = ConsolidatedCircuit(Competition(4, 3, seed=1, total_weight=1.0), constancy=100.0)
    >>> net.learn([[1.0, 1.0, 0.0, 0.0]]).shape
    (1, 3)
    """

    def __init__(self, circuit: Competition, constancy: float, chunk: int = 25) -> None:
        where = type(self).__name__
        self.circuit = circuit
        self.constancy = positive_or_inf(f"{where}: constancy", constancy)
        self.chunk = integer(f"{where}: chunk", chunk, 1)
        self.used: NDArray[np.float64] = np.zeros(circuit.n_neurons)

    def learn(self, images: ArrayLike) -> Counts:
        """Show images once, in this order.

        Parameters
        ----------
        images : array_like of shape (n, n_inputs)
            Bytes, or values in [0, 1].

        Returns
        -------
        array of shape (n, n_neurons), int32
            The spikes of each neuron.
        """
        X, net = np.asarray(images), self.circuit
        found = [np.zeros((0, net.n_neurons), np.int32)]
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
            found.append(counts)
        return np.concatenate(found)
