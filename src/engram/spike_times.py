"""Neurons that fire at given times."""

from __future__ import annotations

from typing import Self, Unpack

import numpy as np
from numpy.typing import ArrayLike, NDArray

from engram.errors import InvalidTypeError, InvalidValueError, as_array
from engram.neurons import Relay
from engram.parameters.signatures import ModelValues

LATEST = 1e12
"""Latest time of a spike, ms: later than any brain lives."""


class SpikeTimes(Relay, saved_as="engram.spike_times:SpikeTimes"):
    """Neurons that fire at given times: a spike at time t falls into the step that t lies in.

    Step k is the time from k dt to (k + 1) dt, so times need not be multiples of dt. Times count
    from time 0 of the brain, like `Brain.time`. Such a neuron is a `Relay` beside that: it also
    fires in a step in which its input is at least 1. In sleep given spikes are left out.

    Parameters
    ----------
    times : array_like of shape (n,)
        Times of the spikes, ms, in any order.
    neurons : array_like of shape (n,)
        Who fires, as indices in the region.

    Raises
    ------
    InvalidTypeError, InvalidValueError
        Times or neurons are no numbers, negative, or not equally many. `Brain.add_region` refuses
        spikes before the present, of neurons that the region does not have, and two of a neuron
        in one step.

    Examples
    --------
    >>> from engram import Brain, RegionType, SpikeTimes
    >>> brain = Brain(seed=1)
    >>> region = brain.add_region(
    ...     "in", RegionType.SENSORY, 2, connectivity=0.0, model=SpikeTimes([1.0, 3.0], [0, 1])
    ... )
    >>> [brain.step()["in"].tolist() for _ in range(4)]
    [[], [0], [], [1]]
    """

    has_given_spikes = True

    def __init__(
        self, times: ArrayLike = (), neurons: ArrayLike = (), **values: Unpack[ModelValues]
    ) -> None:
        super().__init__(**values)
        when = as_array("SpikeTimes: times", times)
        who = as_array("SpikeTimes: neurons", neurons)
        if when.ndim != 1 or who.shape != when.shape:
            raise InvalidValueError(
                f"SpikeTimes: times and neurons must be two lists of one length, not of shapes "
                f"{when.shape} and {who.shape}"
            )
        if len(when) and when.dtype.kind not in "iuf":
            raise InvalidTypeError(f"SpikeTimes: times must be numbers, not {when.dtype}")
        if len(who) and who.dtype.kind not in "iu":
            raise InvalidTypeError(f"SpikeTimes: neurons must be whole numbers, not {who.dtype}")
        wrong = ~((when >= 0) & (when <= LATEST))
        if wrong.any():
            raise InvalidValueError(
                f"SpikeTimes: times must be in [0, {LATEST:g}] ms; one is {when[wrong][0]}"
            )
        if len(who) and not (who.min() >= 0 and who.max() <= np.iinfo(np.int32).max):
            raise InvalidValueError(
                f"SpikeTimes: neurons must be indices from 0 on; one is {who.min()}"
            )
        order = np.lexsort((who, when))
        self._times = when[order].astype(np.float64)
        self._neurons = who[order].astype(np.int32)
        self._times.flags.writeable = self._neurons.flags.writeable = False

    @property
    def times(self) -> NDArray[np.float64]:
        """Times of the spikes, ms, in ascending order; can only be read."""
        return self._times

    @property
    def neurons(self) -> NDArray[np.int32]:
        """Who fires at each of the `times`; can only be read."""
        return self._neurons

    def steps(self, dt: float) -> NDArray[np.int64]:
        """The steps of the spikes.

        Parameters
        ----------
        dt : float
            Time step, ms.

        Returns
        -------
        array of shape (n,), int64
            In the order of `times`.
        """
        places = self._times / dt
        nearest = np.rint(places)
        # 0.3 / 0.1 is a little less than 3.
        exact = np.abs(places - nearest) <= 1e-9 * np.maximum(1.0, nearest)
        return np.where(exact, nearest, np.floor(places)).astype(np.int64)

    def without(self, neurons: NDArray[np.int64]) -> None:
        """Drop the spikes of neurons that died.

        Parameters
        ----------
        neurons : array of int64
            Their indices in the region.
        """
        kept = ~np.isin(self._neurons, neurons)
        self.take_spikes(self._times[kept], self._neurons[kept])

    def take_spikes(self, times: ArrayLike, neurons: ArrayLike) -> None:
        """Take other spikes in place of its own.

        Parameters
        ----------
        times, neurons : array_like of shape (n,)
            As of the class.

        Raises
        ------
        InvalidTypeError, InvalidValueError
            They are no spikes.
        """
        other = SpikeTimes(times, neurons)
        self._times, self._neurons = other.times, other.neurons

    def replica(self) -> Self:
        """A free copy with the same spikes."""
        return type(self)(self._times, self._neurons, **self.own_values())

    def __repr__(self) -> str:
        n = len(np.unique(self._neurons))
        return f"SpikeTimes({len(self._times)} spikes of {n} neurons)"
