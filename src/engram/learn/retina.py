"""A retina that adapts to the background."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from engram.errors import InvalidValueError, as_array, number


class Retina:
    """Shows how far each pixel is from the background, to which it adapts.

    ``y = |x - b|``: cells for more and less light converge. With each image, b moves towards the
    image's median, by one `step` at most. Over dark paper b is 0 and y = x. Retinas adapt to
    what is usual and pass on what deviates (Hosoya, Baccus & Meister 2005).

    Parameters
    ----------
    step : float
        Grey levels by which the background moves with an image at most; 0: it stays.
    background : float
        Where it begins, a grey level.

    References
    ----------
    .. [1] Hosoya, Baccus & Meister 2005, doi:10.1038/nature03689

    Examples
    --------
    >>> from engram.learn import Retina
    >>> retina = Retina()
    >>> _ = retina.see([[200] * 3] * 200)
    >>> retina.look([[200, 210, 190]]).tolist()
    [[0, 10, 10]]
    """

    def __init__(self, *, step: float = 1.0, background: float = 0.0) -> None:
        self.step = number("Retina: step", step, 0.0)
        self.background = number("Retina: background", background, 0.0, 255.0)

    def see(self, images: ArrayLike) -> NDArray[np.uint8]:
        """What comes through, adapting from image to image.

        Parameters
        ----------
        images : array_like of shape (n, pixels)
            Bytes.

        Returns
        -------
        array of shape (n, pixels), uint8
            What comes through.
        """
        X = _checked(images)
        out = np.empty_like(X)
        for k, (x, middle) in enumerate(zip(X, np.median(X, axis=1), strict=True)):
            out[k] = self._distance(x)
            self.background += float(np.clip(middle - self.background, -self.step, self.step))
        return out

    def look(self, images: ArrayLike) -> NDArray[np.uint8]:
        """What comes through now, without adapting.

        Parameters
        ----------
        images : array_like of shape (n, pixels)
            Bytes.

        Returns
        -------
        array of shape (n, pixels), uint8
            What comes through.
        """
        return self._distance(_checked(images))

    def _distance(self, X: NDArray[np.uint8]) -> NDArray[np.uint8]:
        return np.abs(np.round(X - self.background)).astype(np.uint8)


def _checked(images: ArrayLike) -> NDArray[np.uint8]:
    array: NDArray[Any] = as_array("Retina: images", images)
    grey = array.dtype.kind in "iu"
    if grey and array.size:
        grey = bool(array.min() >= 0 and array.max() <= 255)
    if array.ndim != 2 or not grey:
        raise InvalidValueError(
            f"Retina: images must be grey levels 0 to 255 of the shape (images, pixels), not "
            f"{array.dtype} of shape {array.shape}"
        )
    return array.astype(np.uint8)
