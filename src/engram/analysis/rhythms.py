"""Rhythms in signals: bands, phases, and the coupling of fast ones to slow ones."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from engram.errors import InvalidValueError, integer, number, vector

Floats = NDArray[np.float64]

MOST = 3.0e38


def analytic(signal: ArrayLike, dt: float, low: float, high: float) -> NDArray[np.complex128]:
    """The part of a signal between two frequencies, and its Hilbert transform.

    z(t), with its modulus the amplitude and arg z the phase: a cosine has phase 0 at its peaks.
    Filtered in the frequency domain, without a shift in time; edges fall off over 15 % of `low`.
    A filter rings at the ends of a signal: leave a cycle or two of `low` out of account there.

    Parameters
    ----------
    signal : array_like of shape (n,)
        A sample every dt ms; two cycles of `low` at least.
    dt : float
        Distance of samples, ms.
    low, high : float
        Band, Hz; below half the sampling rate.

    Returns
    -------
    array of shape (n,), complex128
        The signal z at each sample, in the unit of what was given.

    Raises
    ------
    InvalidTypeError, InvalidValueError
        The signal is too short or not finite, or the band can't be.

    Examples
    --------
    >>> import numpy as np
    >>> from engram.analysis import analytic
    >>> t = np.arange(2000.0)
    >>> z = analytic(np.cos(2 * np.pi * 6e-3 * t), 1.0, 4.0, 8.0)
    >>> round(float(np.abs(z[1000])), 2)
    1.0
    """
    where = "analysis.analytic"
    x = vector(f"{where}: signal", signal, -MOST, MOST).astype(np.float64)
    step = number(f"{where}: dt", dt, 0.0, open_low=True)
    number(f"{where}: low", low, 0.0, open_low=True)
    nyquist = 500.0 / step
    if not low < high < nyquist:
        raise InvalidValueError(
            f"{where}: low < high < {nyquist:g} Hz (half the sampling rate) must hold, not "
            f"low = {low!r}, high = {high!r}"
        )
    n = len(x)
    if n * step * 1e-3 * low < 2.0:
        raise InvalidValueError(
            f"{where}: signal must last two cycles of low = {low:g} Hz at least, "
            f"{2000.0 / low:g} ms, not {n * step:g} ms"
        )
    frequency = np.fft.fftfreq(n, step * 1e-3)
    edge = 0.15 * low
    inside = np.minimum(frequency - (low - edge), high + edge - frequency) / edge
    gain = np.sin(0.5 * np.pi * np.clip(inside, 0.0, 1.0)) ** 2
    return np.asarray(np.fft.ifft(np.fft.fft(x - x.mean()) * 2.0 * gain), np.complex128)


def mean_amplitude(phase: ArrayLike, amplitude: ArrayLike, n_bins: int = 18) -> Floats:
    """Mean amplitude in each of `n_bins` bins of phase over [-pi, pi), normalised to sum 1.

    Parameters
    ----------
    phase : array_like of shape (n,)
        Phase, rad.
    amplitude : array_like of shape (n,)
        Amplitude at the same samples, not negative.
    n_bins : int
        How many bins, 2 at least.

    Returns
    -------
    array of shape (n_bins,), float64
        Share of each bin, from -pi on.

    Raises
    ------
    InvalidValueError
        A bin stays empty, or the amplitude is 0 throughout.

    Examples
    --------
    >>> import numpy as np
    >>> from engram.analysis import mean_amplitude
    >>> phase = np.linspace(-np.pi, np.pi, 1000, endpoint=False)
    >>> mean_amplitude(phase, 1.0 + np.cos(phase), n_bins=4).round(2)  # largest around phase 0
    array([0.09, 0.41, 0.41, 0.09])
    """
    where = "analysis.mean_amplitude"
    bins = integer(f"{where}: n_bins", n_bins, 2)
    angle = vector(f"{where}: phase", phase, -MOST, MOST).astype(np.float64)
    size = vector(f"{where}: amplitude", amplitude, 0.0, MOST, length=len(angle))
    place = np.floor((angle + np.pi) / (2.0 * np.pi) * bins).astype(np.int64) % bins
    counts = np.bincount(place, minlength=bins)
    if not counts.all():
        raise InvalidValueError(
            f"{where}: no sample falls into {int((counts == 0).sum())} of {bins} bins of phase; "
            f"use more samples or fewer bins"
        )
    mean = np.bincount(place, weights=size, minlength=bins) / counts
    total = mean.sum()
    if total <= 0:
        raise InvalidValueError(f"{where}: the amplitude is 0 throughout")
    return np.asarray(mean / total, np.float64)


def modulation_index(phase: ArrayLike, amplitude: ArrayLike, n_bins: int = 18) -> float:
    """How far a fast rhythm's amplitude depends on a slow one's phase (Tort et al. 2010).

    MI = (log N + sum of P_j log P_j) / log N, with P_j the normalised mean amplitude in bin j of N:
    the distance of P from uniform. It is above 0 by chance in a short signal;
    `phase_amplitude_coupling` compares with chance.

    Parameters
    ----------
    phase : array_like of shape (n,)
        Phase of the slow rhythm, rad.
    amplitude : array_like of shape (n,)
        Amplitude of the fast one at the same samples, not negative.
    n_bins : int
        How many bins, 2 at least.

    Returns
    -------
    float
        0: no dependence; 1: all amplitude in one bin.

    Raises
    ------
    InvalidValueError
        A bin stays empty, or the amplitude is 0 throughout.

    References
    ----------
    .. [1] Tort et al. 2010, doi:10.1152/jn.00106.2010

    Examples
    --------
    >>> import numpy as np
    >>> from engram.analysis import modulation_index
    >>> phase = np.linspace(-np.pi, np.pi, 1000, endpoint=False)
    >>> modulation_index(phase, np.ones(1000))
    0.0
    >>> round(modulation_index(phase, 1.0 + np.cos(phase)), 2)
    0.1
    """
    p = mean_amplitude(phase, amplitude, n_bins)
    positive = p[p > 0]
    return max(0.0, float(1.0 + (positive * np.log(positive)).sum() / math.log(len(p))))


@dataclass(frozen=True)
class PhaseAmplitudeCoupling:
    """Coupling of a fast rhythm's amplitude to a slow one's phase, beside chance.

    Attributes
    ----------
    index : float
        Tort's modulation index.
    surrogates : array of shape (surrogates,), float64
        The same with the amplitude shuffled in blocks.
    p_value : float
        Share of all, the real one included, with an index as large.
    z : float
        Distance from the mean of the surrogates in their standard deviations.
    phases : array of shape (n_bins,), float64
        Centres of the bins, rad.
    amplitude : array of shape (n_bins,), float64
        Normalised mean amplitude in them.
    preferred_phase : float
        Circular mean of the amplitude, rad.

    Examples
    --------
    >>> import numpy as np
    >>> from engram.analysis import phase_amplitude_coupling
    >>> t = np.arange(0.0, 5000.0, 1.0)
    >>> theta = np.cos(2e-3 * np.pi * 6.0 * t)
    >>> gamma = (1.0 + theta) * np.cos(2e-3 * np.pi * 40.0 * t)
    >>> found = phase_amplitude_coupling(theta + gamma, dt=1.0, surrogates=20)
    >>> abs(found.preferred_phase) < 0.1  # gamma is largest where theta is
    True
    """

    index: float
    surrogates: Floats
    p_value: float
    z: float
    phases: Floats
    amplitude: Floats
    preferred_phase: float


def phase_amplitude_coupling(
    signal: ArrayLike,
    dt: float,
    slow: tuple[float, float] = (4.0, 8.0),
    fast: tuple[float, float] = (30.0, 50.0),
    *,
    phase: ArrayLike | None = None,
    n_bins: int = 18,
    surrogates: int = 200,
    seed: int = 0,
) -> PhaseAmplitudeCoupling:
    """Modulation index of a signal between two bands, beside what chance gives (Tort et al. 2010).

    Each surrogate has the amplitude cut into blocks of about two slow cycles at random and put
    together in another order; shifts in time would leave coupling between steady rhythms as it is.
    Two slow cycles at each end are left out.

    Parameters
    ----------
    signal : array_like of shape (n,)
        A sample every dt ms: a current, a potential, or spike counts of a population. Ten slow
        cycles at least.
    dt : float
        Distance of samples, ms.
    slow : tuple of two floats
        Band of the slow rhythm, Hz.
    fast : tuple of two floats
        Band of the fast one, Hz. It must be wider than twice the slow frequency, or the filter
        takes the modulation away (Aru et al. 2015).
    phase : array_like of shape (n,), optional
        The slow phase, rad, where it is known otherwise. None: it is filtered from the signal.
    n_bins : int
        Bins of phase, 2 at least.
    surrogates : int
        How many, 1 at least.
    seed : int
        Of the surrogates.

    Returns
    -------
    PhaseAmplitudeCoupling
        Index, chance, and the amplitude by phase.

    Raises
    ------
    InvalidTypeError, InvalidValueError
        The signal is too short or not finite, or a band can't be.

    References
    ----------
    .. [1] Tort et al. 2010, doi:10.1152/jn.00106.2010
    .. [2] Aru et al. 2015, doi:10.1016/j.conb.2014.08.002

    Examples
    --------
    >>> import numpy as np
    >>> from engram.analysis import phase_amplitude_coupling
    >>> x = 2e-3 * np.pi * np.arange(5000.0)
    >>> both = np.cos(6.0 * x) + (1.0 + np.cos(6.0 * x)) * np.cos(40.0 * x)
    >>> found = phase_amplitude_coupling(both, dt=1.0, surrogates=20)
    >>> found.index > 0.1, found.p_value < 0.05
    (True, True)
    """
    where = "analysis.phase_amplitude_coupling"
    number_of = integer(f"{where}: surrogates", surrogates, 1)
    envelope = np.abs(analytic(signal, dt, *fast))
    if phase is None:
        angle = np.angle(analytic(signal, dt, *slow))
    else:
        given = vector(f"{where}: phase", phase, -MOST, MOST, length=len(envelope))
        angle = given.astype(np.float64)
    cycle = round(2000.0 / (slow[0] + slow[1]) / dt)
    margin = 2 * cycle
    if len(envelope) < 10 * cycle:
        raise InvalidValueError(
            f"{where}: signal must last ten slow cycles at least, {10 * cycle * dt:g} ms, not "
            f"{len(envelope) * dt:g} ms"
        )
    envelope, angle = envelope[margin:-margin], angle[margin:-margin]
    index = modulation_index(angle, envelope, n_bins)
    rng = np.random.default_rng(integer(f"{where}: seed", seed, 0, 2**128 - 1))
    n = len(envelope)
    cuts = max(2, n // margin)
    chance = np.empty(number_of)
    for k in range(number_of):
        blocks = np.split(envelope, np.sort(rng.integers(1, n, cuts)))
        shuffled = np.concatenate([blocks[j] for j in rng.permutation(len(blocks))])
        chance[k] = modulation_index(angle, shuffled, n_bins)
    spread = float(chance.std())
    p = mean_amplitude(angle, envelope, n_bins)
    centres = -np.pi + (np.arange(n_bins) + 0.5) * 2.0 * np.pi / n_bins
    return PhaseAmplitudeCoupling(
        index=index,
        surrogates=chance,
        p_value=float((1 + (chance >= index).sum()) / (1 + number_of)),
        z=(index - float(chance.mean())) / spread if spread > 0 else math.inf,
        phases=centres,
        amplitude=p,
        preferred_phase=float(np.angle((p * np.exp(1j * centres)).sum())),
    )
