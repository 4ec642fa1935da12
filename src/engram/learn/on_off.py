"""On and off cells, whose first spike comes the earlier the stronger the contrast."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

STEPS = 255
"""Spike times that are told apart."""

CENTRE, SURROUND = 1.0, 2.0
"""Standard deviations of the two Gaussians, pixels."""

FAINT = 1e-6
"""Contrast that counts as none: a share of the greatest value of the image."""


def contrasts(images: NDArray[Any]) -> NDArray[np.float32]:
    """Answers of on and off cells: a difference of Gaussians, and its negative, above 0.

    d = (G_1 - G_2) * x, with standard deviations of 1 and 2 pixels; beyond its edge an image goes
    on as at the edge.

    Parameters
    ----------
    images : array of shape (n, height, width, channels)
        Numbers.

    Returns
    -------
    array of shape (n, height, width, 2 channels), float32
        The on cells of all channels, then the off cells; 0 where contrast is mere rounding.
    """
    from scipy.ndimage import gaussian_filter

    x = images.astype(np.float32)
    axes = (1, 2)
    d = gaussian_filter(x, CENTRE, axes=axes, mode="nearest")
    d -= gaussian_filter(x, SURROUND, axes=axes, mode="nearest")
    d[np.abs(d) <= FAINT * np.abs(x).max(axis=(1, 2, 3), keepdims=True)] = 0.0
    return np.asarray(np.maximum(np.concatenate([d, -d], axis=3), 0.0), np.float32)


def first_spikes(strengths: NDArray[Any], least: float) -> NDArray[np.uint8]:
    """When each cell fires first: 255 (1 - t), with t = 1 - strength / the greatest of the image.

    Parameters
    ----------
    strengths : array of shape (n, height, width, channels)
        Of the answers; who has 0 or less does not fire.
    least : float
        Share of the greatest answer below which a cell stays silent.

    Returns
    -------
    array of shape (n, height, width, channels), uint8
        255 for the earliest, 0 for silent cells.
    """
    peak = strengths.max(axis=(1, 2, 3), keepdims=True)
    shares = np.maximum(strengths, 0.0) / np.where(peak > 0.0, peak, 1.0)
    shares[shares < least] = 0.0
    return np.asarray(np.rint(STEPS * shares), np.uint8)
