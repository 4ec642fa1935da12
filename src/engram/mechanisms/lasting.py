"""What drives a region from outside by itself: Poisson spikes, arrays over time."""

from __future__ import annotations

import functools
import math
from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from engram.errors import InvalidValueError, integer
from engram.kernels.constants import LAST_STEP, MOST_INPUT
from engram.network.efficacy import LARGEST_WEIGHT
from engram.network.network import Network
from engram.network.records import RegionRecord
from engram.parameters import Guarded, Parameter, Parameterized
from engram.stimulus import TimedArray

MOST_TAG = (1 << 31) - 1


class LastingInput:
    """What all inputs have that `Inputs` carries: a region, and neurons in it.

    Parameters
    ----------
    region : RegionRecord
        Where it goes.
    neurons : array of shape (k,), int32, or None
        Indices in the region, -1 for those that have died. None: all neurons, newborns too.
    """

    def __init__(self, region: RegionRecord, neurons: NDArray[np.int32] | None) -> None:
        self._region, self._neurons = region, neurons
        self._end: Callable[[], None] | None = None

    @property
    def record(self) -> RegionRecord:
        """Settings of the region it goes to."""
        return self._region

    @property
    def region(self) -> str:
        """Name of the region it goes to."""
        return self._region.name

    @property
    def neurons(self) -> NDArray[np.int32] | None:
        """The neurons it was given for, -1 for those that have died since; None: all."""
        return self._neurons

    def end_with(self, end: Callable[[], None]) -> None:
        """Say what `remove` does.

        Parameters
        ----------
        end : callable
            Called once.
        """
        self._end = end

    def remove(self) -> None:
        """End the input; what it has given stays where it is."""
        if self._end is not None:
            self._end()
            self._end = None

    def forget(self, slots: NDArray[np.int64]) -> None:
        """Leave out neurons that died.

        Parameters
        ----------
        slots : array of int64
            Their indices in the region.
        """
        if self._neurons is not None:
            self._neurons = np.where(np.isin(self._neurons, slots), np.int32(-1), self._neurons)


class PoissonInput(LastingInput, Parameterized, saved_as="engram.inputs:PoissonInput"):
    """Independent Poisson spikes onto each neuron, from `n` sources of `rate` Hz each.

    In each step a neuron's synaptic input grows by weight x k, k Poisson with the mean n rate dt /
    1000: exactly, however large that is. `Brain.poisson_input` makes one. The mean of what arrives,
    ``n rate |weight| / 1000``, is at most 1e10 in a ms.

    Parameters
    ----------
    region : RegionRecord
        Where it goes.
    neurons : array of shape (k,), int32, or None
        Indices in the region. None: all neurons, newborns too.
    tag : int
        Tells its random numbers from those of other inputs.
    """

    rate = Parameter(0.0, low=0.0, high=1e5, unit="Hz", doc="of each source")
    weight = Parameter(
        0.0,
        low=-LARGEST_WEIGHT,
        high=LARGEST_WEIGHT,
        unit="as of synapses",
        doc="of each spike; negative: inhibitory",
    )
    n = Parameter(1, low=1, high=1_000_000, doc="sources a neuron")

    def __init__(
        self, region: RegionRecord, neurons: NDArray[np.int32] | None, tag: int, **values: Any
    ) -> None:
        Parameterized.__init__(self, **values)
        LastingInput.__init__(self, region, neurons)
        self._tag = tag

    def _set_parameter(self, parameter: Parameter[Any], value: Any) -> None:
        where = f"PoissonInput.{parameter.name}"
        wanted = self.values() | {parameter.name: parameter.checked(where, value)}
        mean = 1e-3 * wanted["n"] * wanted["rate"] * abs(wanted["weight"])
        if mean > MOST_INPUT:
            raise InvalidValueError(
                f"{where}: n rate |weight| / 1000 must be at most {MOST_INPUT:g} in a ms, not "
                f"{mean:g} (n = {wanted['n']}, rate = {wanted['rate']:g} Hz, weight = "
                f"{wanted['weight']:g})"
            )
        super()._set_parameter(parameter, value)

    @property
    def tag(self) -> int:
        """Tells its random numbers from those of other inputs."""
        return self._tag

    def mean(self, dt: float) -> float:
        """Spikes a neuron gets in a step, on average.

        Parameters
        ----------
        dt : float
            Time step, ms.

        Returns
        -------
        float
            Their number.
        """
        return 1e-3 * self.n * self.rate * dt

    def __repr__(self) -> str:
        return (
            f"<PoissonInput of {self.region!r}, {self.n} x {self.rate:g} Hz, weight "
            f"{self.weight:g}>"
        )


class TimedInput(LastingInput, Guarded):
    """Input that follows an array; `Brain.drive` makes one.

    Parameters
    ----------
    region : RegionRecord
        Where it goes.
    neurons : array of shape (k,), int32, or None
        Indices in the region, one for each column. None: all neurons, newborns too.
    values : array of shape (n, k), float32
        One row after the other; one column for all neurons, or one for each.
    every : int
        Steps a row lasts.
    since : int
        Step in which the first one begins.
    """

    def __init__(
        self,
        region: RegionRecord,
        neurons: NDArray[np.int32] | None,
        values: NDArray[np.float32],
        every: int,
        since: int,
    ) -> None:
        super().__init__(region, neurons)
        self._values, self._every, self._since = values, every, since

    @property
    def values(self) -> NDArray[np.float32]:
        """The rows; they can only be read."""
        return self._values

    @property
    def every(self) -> int:
        """Steps a row lasts."""
        return self._every

    @property
    def since(self) -> int:
        """The step in which the first row begins."""
        return self._since

    @property
    def until(self) -> int:
        """The step from which on it is 0."""
        rows = np.flatnonzero(self._values.any(axis=1))
        if not len(rows):
            return self._since
        last = int(rows[-1]) + 1
        if last == len(self._values):
            return LAST_STEP + 1
        return min(self._since + last * self._every, LAST_STEP + 1)

    def __repr__(self) -> str:
        return f"<TimedInput of {self.region!r}, {len(self._values)} rows>"


@functools.lru_cache(maxsize=64)
def chances(mean: float) -> tuple[int, NDArray[np.float64]]:
    """The distribution of Poisson counts.

    Parameters
    ----------
    mean : float
        Their mean m.

    Returns
    -------
    tuple of (int, array of float64)
        The least count k there is, and the probabilities of at most k, k + 1, ... spikes, the last
        of them 1. What is left out are counts more than 10 standard deviations and 20 from m.
    """
    spread = 10.0 * math.sqrt(mean) + 20.0
    least, most = max(0, math.floor(mean - spread)), math.ceil(mean + spread)
    counts = np.arange(least, most + 1)
    # log P(k) = log P(least) + the sum of log(m / j) over j = least + 1, ..., k.
    logs = np.zeros(len(counts))
    if mean > 0:
        logs[1:] = np.cumsum(math.log(mean) - np.log(counts[1:]))
        shares = np.exp(logs - logs.max())
    else:
        shares = np.zeros(len(counts))
        shares[0] = 1.0
    cumulative = np.minimum(np.cumsum(shares) / shares.sum(), 1.0)
    if least == 0:
        cumulative[0] = math.exp(-mean)
    cumulative[-1] = 1.0
    cumulative.flags.writeable = False
    return least, cumulative


def restored(
    network: Network, k: int, entry: dict[str, Any], arrays: dict[str, NDArray[Any]]
) -> PoissonInput | TimedInput:
    """An input that was saved.

    Parameters
    ----------
    network : Network
        Of the brain.
    k : int
        Its number.
    entry, arrays : dict
        As `Inputs.save` returned them.

    Returns
    -------
    PoissonInput or TimedInput
        A new one.

    Raises
    ------
    EngramError
        It can't be one.
    """
    where = f"inputs: input {k}"
    region = network.region(where, entry["region"])
    neurons = arrays.get(f"neurons{k}")
    if neurons is not None:
        if neurons.ndim != 1 or neurons.dtype != np.int32 or not len(neurons):
            raise InvalidValueError(f"{where}: neurons can't be {neurons.dtype} {neurons.shape}")
        if neurons.min() < -1 or neurons.max() >= region.max_neurons:
            raise InvalidValueError(f"{where}: neurons that the region can't have")
    if entry["kind"] == "poisson":
        tag = integer(f"{where}: tag", entry["tag"], 0, MOST_TAG)
        return PoissonInput(region, neurons, tag, **entry["values"])
    rows = TimedArray(arrays[f"values{k}"], 1.0).values
    widths = {1} if neurons is None else {1, len(neurons)}
    if rows.ndim != 2 or rows.shape[1] not in widths:
        raise InvalidValueError(f"{where}: values can't be of shape {rows.shape}")
    every = integer(f"{where}: every", entry["every"], 1, LAST_STEP)
    since = integer(f"{where}: since", entry["since"], 0, LAST_STEP)
    return TimedInput(region, neurons, rows, every, since)
