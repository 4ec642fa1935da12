"""Spike trains: rates, intervals, counts and how they vary together.

Spikes are given as a `SpikeRecorder` returns them for a region: times in ms, and who fired each.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

from engram.errors import InvalidValueError, brief, integer, number

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]


def firing_rates(
    times: ArrayLike, neurons: ArrayLike, n_neurons: int, stop: float, start: float = 0.0
) -> Floats:
    """Spikes of each neuron over the time, in Hz.

    Parameters
    ----------
    times : array_like of shape (n,)
        Of the spikes, ms.
    neurons : array_like of shape (n,)
        Which neuron fired each.
    n_neurons : int
        How many neurons there are.
    stop, start : float
        Where the time counted ends, and where it begins, ms; spikes at `stop` do not count.

    Returns
    -------
    array of shape (n_neurons,)
        Rates, Hz.

    Raises
    ------
    InvalidTypeError, InvalidValueError
        Arrays of two lengths, a neuron there is not, or no time.

    Examples
    --------
    >>> from engram.analysis import firing_rates
    >>> firing_rates([5.0, 250.0, 300.0], [0, 0, 2], n_neurons=3, stop=500.0)
    array([4., 0., 2.])
    """
    where = "analysis.firing_rates"
    at, who, n = _spikes(where, times, neurons, n_neurons)
    begin, end = _span(where, start, stop)
    inside = (at >= begin) & (at < end)
    counts = np.bincount(who[inside], minlength=n).astype(np.float64)
    return counts * (1000.0 / (end - begin))


def interspike_intervals(times: ArrayLike, neurons: ArrayLike) -> tuple[Floats, Ints]:
    """The times between the spikes of each neuron.

    Parameters
    ----------
    times : array_like of shape (n,)
        Of the spikes, ms, in any order.
    neurons : array_like of shape (n,)
        Which neuron fired each.

    Returns
    -------
    tuple of (array, array)
        Intervals, ms, neuron by neuron, in the order of time; and the neuron of each.

    Raises
    ------
    InvalidTypeError, InvalidValueError
        Arrays of two lengths, or no numbers.

    Examples
    --------
    >>> from engram.analysis import interspike_intervals
    >>> intervals, owner = interspike_intervals([5.0, 7.0, 15.0, 35.0], [0, 1, 0, 0])
    >>> intervals.tolist(), owner.tolist()
    ([10.0, 20.0], [0, 0])
    """
    at, who, _ = _spikes("analysis.interspike_intervals", times, neurons, None)
    order = np.lexsort((at, who))
    at, who = at[order], who[order]
    same = np.diff(who) == 0
    return np.diff(at)[same], who[1:][same]


def cv_isi(times: ArrayLike, neurons: ArrayLike, n_neurons: int, least: int = 2) -> Floats:
    """The coefficient of variation of each neuron's intervals.

    Their standard deviation over their mean: 0 for a clock, 1 for a Poisson process without
    refractory time. Few intervals make it too small.

    Parameters
    ----------
    times : array_like of shape (n,)
        Of the spikes, ms, in any order.
    neurons : array_like of shape (n,)
        Which neuron fired each.
    n_neurons : int
        How many neurons there are.
    least : int
        Intervals that a neuron must have, 2 at least.

    Returns
    -------
    array of shape (n_neurons,)
        NaN for neurons that have fewer.

    Raises
    ------
    InvalidTypeError, InvalidValueError
        Arrays of two lengths, or a neuron there is not.

    References
    ----------
    .. [1] Softky & Koch 1993, doi:10.1523/JNEUROSCI.13-01-00334.1993

    Examples
    --------
    >>> import numpy as np
    >>> from engram import Brain, PoissonSource
    >>> from engram.analysis import cv_isi
    >>> brain = Brain(seed=1, mechanisms="none")
    >>> eye = brain.add_region("eye", "sensory", 20, model=PoissonSource, background=40.0)
    >>> with brain.record("spikes") as recorder:
    ...     brain.run(10_000)
    >>> cv = cv_isi(*recorder.spikes("eye"), n_neurons=20)
    >>> bool(abs(np.nanmean(cv) - 1.0) < 0.05)
    True
    """
    where = "analysis.cv_isi"
    at, who, n = _spikes(where, times, neurons, n_neurons)
    fewest = integer(f"{where}: least", least, 2)
    intervals, owner = interspike_intervals(at, who)
    count = np.bincount(owner, minlength=n)
    mean = np.bincount(owner, intervals, n) / np.maximum(count, 1)
    # About the mean, since the difference of two large squares has lost its digits.
    square = np.bincount(owner, (intervals - mean[owner]) ** 2, n) / np.maximum(count, 1)
    found = np.full(n, np.nan)
    enough = (count >= fewest) & (mean > 0.0)
    found[enough] = np.sqrt(square[enough]) / mean[enough]
    return found


def spike_counts(
    times: ArrayLike,
    neurons: ArrayLike,
    n_neurons: int,
    bin_ms: float,
    stop: float,
    start: float = 0.0,
) -> Floats:
    """Spikes of each neuron in bins of equal length.

    Parameters
    ----------
    times : array_like of shape (n,)
        Of the spikes, ms.
    neurons : array_like of shape (n,)
        Which neuron fired each.
    n_neurons : int
        How many neurons there are.
    bin_ms : float
        Length of a bin, ms.
    stop, start : float
        Where the last whole bin ends at the latest, and where the first begins, ms.

    Returns
    -------
    array of shape (n_neurons, bins)
        Counts.

    Raises
    ------
    InvalidTypeError, InvalidValueError
        Arrays of two lengths, a neuron there is not, or no whole bin.

    Examples
    --------
    >>> from engram.analysis import spike_counts
    >>> spike_counts([1.0, 12.0, 13.0], [0, 0, 1], n_neurons=2, bin_ms=10.0, stop=20.0)
    array([[1., 1.],
           [0., 1.]])
    """
    where = "analysis.spike_counts"
    at, who, n = _spikes(where, times, neurons, n_neurons)
    begin, end = _span(where, start, stop)
    width = number(f"{where}: bin_ms", bin_ms, 0.0, open_low=True)
    # A stop that is a whole number of bins away, but for rounding, is.
    bins = int((end - begin) / width + 1e-9)
    if bins < 1:
        raise InvalidValueError(
            f"{where}: a bin of {width:g} ms is longer than the time from {begin:g} to {end:g} ms"
        )
    column = np.floor((at - begin) / width + 1e-9).astype(np.int64)
    inside = (column >= 0) & (column < bins)
    flat = np.bincount(who[inside] * bins + column[inside], minlength=n * bins)
    return flat.reshape(n, bins).astype(np.float64)


def correlations(counts: ArrayLike) -> Floats:
    """Pearson's correlation of the counts of all pairs of neurons that fired.

    n neurons have n (n - 1) / 2 pairs: give some hundreds of rows of the counts, not all of many.

    Parameters
    ----------
    counts : array_like of shape (n_neurons, bins)
        Of `spike_counts`.

    Returns
    -------
    array of shape (pairs,)
        One number for each pair; none if fewer than two neurons vary.

    Raises
    ------
    InvalidValueError
        The counts are no table.

    Examples
    --------
    >>> from engram.analysis import correlations
    >>> correlations([[1, 0, 2, 1], [1, 0, 2, 1], [0, 0, 0, 0]]).round(6)
    array([1.])
    """
    table = _table("analysis.correlations", counts)
    table = table[table.std(axis=1) > 0.0]
    if len(table) < 2:
        return np.zeros(0)
    pairs: Floats = np.corrcoef(table)[np.triu_indices(len(table), 1)]
    return pairs


def fano_factor(counts: ArrayLike) -> float:
    """The variance over bins of the spikes of all neurons together, over their mean.

    About 1 for independent Poisson processes; larger the more neurons fire together. Potjans &
    Diesmann (2014) call it synchrony, for bins of 3 ms.

    Parameters
    ----------
    counts : array_like of shape (n_neurons, bins)
        Of `spike_counts`.

    Returns
    -------
    float
        NaN where there is no spike.

    Raises
    ------
    InvalidValueError
        The counts are no table.

    References
    ----------
    .. [1] Potjans & Diesmann 2014, doi:10.1093/cercor/bhs358

    Examples
    --------
    >>> from engram.analysis import fano_factor
    >>> fano_factor([[1, 0, 1, 0], [1, 0, 1, 0]])
    1.0
    """
    together = _table("analysis.fano_factor", counts).sum(axis=0)
    mean = float(together.mean())
    return float(together.var()) / mean if mean > 0.0 else float("nan")


def _table(where: str, counts: ArrayLike) -> Floats:
    table = np.asarray(counts, np.float64)
    if table.ndim != 2 or not table.shape[1] or not np.isfinite(table).all():
        raise InvalidValueError(
            f"{where}: counts must be finite numbers of shape (n_neurons, bins), as "
            f"analysis.spike_counts returns them, not of shape {table.shape}"
        )
    return table


def _span(where: str, start: float, stop: float) -> tuple[float, float]:
    begin = number(f"{where}: start", start)
    return begin, number(f"{where}: stop", stop, begin, open_low=True)


def _spikes(
    where: str, times: ArrayLike, neurons: ArrayLike, n_neurons: int | None
) -> tuple[Floats, Ints, int]:
    """Checked: times, neurons, and how many neurons there are."""
    at = np.asarray(times)
    if at.ndim != 1 or (len(at) and at.dtype.kind not in "biuf") or not np.isfinite(at).all():
        raise InvalidValueError(
            f"{where}: times must be a list of finite numbers, in ms, as SpikeRecorder.spikes "
            f"returns them, not {brief(times)}"
        )
    at = at.astype(np.float64)
    who = np.asarray(neurons)
    if who.shape != at.shape:
        raise InvalidValueError(
            f"{where}: neurons must have one entry for each of the {len(at)} times, not shape "
            f"{who.shape}"
        )
    if len(who) and not np.issubdtype(who.dtype, np.integer):
        raise InvalidValueError(f"{where}: neurons must be whole numbers, not {who.dtype}")
    n = int(who.max(initial=-1)) + 1
    if n_neurons is not None:
        given = integer(f"{where}: n_neurons", n_neurons, 0)
        if n > given:
            raise InvalidValueError(
                f"{where}: neuron {n - 1} fired, but n_neurons is {given}; it must be larger than "
                f"any index"
            )
        n = given
    if int(who.min(initial=0)) < 0:
        raise InvalidValueError(f"{where}: neurons must not be negative")
    return at, who.astype(np.int64), n
