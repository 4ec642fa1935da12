"""What motor spikes say: how much is missing to a clear answer, how probable each class is."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

SHARPNESS = np.geomspace(0.5, 64.0, 50)
"""Values among which `sharpness` chooses."""


def shortfall(right: int, rival: int, margin: float) -> float:
    """How much of the margin is missing; all of it if both are silent.

    e = ((1 + margin) m - n) / (margin m), with n spikes of the right class and m of its rival.

    Parameters
    ----------
    right : int
        Spikes of the right class.
    rival : int
        Spikes of its strongest rival.
    margin : float
        By which share of the rival's spikes the right class has to lead.

    Returns
    -------
    float
        In [0, 1].
    """
    if rival == 0:
        return float(right == 0)
    missing = (1.0 + margin) * rival - right
    return float(np.clip(missing / (margin * rival), 0.0, 1.0))


def probabilities(counts: NDArray[np.int64], sharpness: float) -> NDArray[np.float64]:
    """Probabilities of classes: p_c = (n_c + 1/2)^s / sum over classes.

    Parameters
    ----------
    counts : array of shape (n_samples, n_classes), int64
        Spikes n.
    sharpness : float
        The exponent s.

    Returns
    -------
    array of shape (n_samples, n_classes)
        Each row sums to 1.
    """
    # Relative to the largest, so that no power overflows.
    best = counts.max(axis=1, keepdims=True) + 0.5
    powers = ((counts + 0.5) / best) ** sharpness
    shares: NDArray[np.float64] = powers / powers.sum(axis=1, keepdims=True)
    return shares


def sharpness(counts: NDArray[np.int64], targets: NDArray[np.int64]) -> float:
    """The exponent under which the right classes are most likely.

    Parameters
    ----------
    counts : array of shape (n_samples, n_classes), int64
        Spikes of each class.
    targets : array of shape (n_samples,), int64
        Numbers of the right classes.

    Returns
    -------
    float
        One of `SHARPNESS`.
    """
    rows = np.arange(len(targets))
    likelihood = [np.log(probabilities(counts, s)[rows, targets]).mean() for s in SHARPNESS]
    return float(SHARPNESS[int(np.argmax(likelihood))])
