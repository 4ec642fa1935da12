"""A layer of convolutional filters that are learned without labels, by STDP on first spikes."""

from __future__ import annotations

from typing import Any, Self

import numpy as np
from numpy.typing import ArrayLike, NDArray
from sklearn.base import BaseEstimator, ClassNamePrefixFeaturesOutMixin, TransformerMixin
from sklearn.utils.validation import check_is_fitted

from engram.datasets import image_shape as square
from engram.errors import LARGEST, InvalidTypeError, InvalidValueError, brief, integer, number
from engram.kernels.calls import kernel
from engram.learn.on_off import STEPS, contrasts, first_spikes
from engram.learn.validation import checked_pair, checked_random, checked_samples, refusing

BLOCK = 500
"""Images that are coded at a time."""

FAINTEST = 0.05
"""Share of an image's strongest answer below which a cell stays silent."""

ETA_THETA = 0.1
"""Rate of the thresholds, a share of what they begin with."""

LEAST_THETA = 1.0
"""Threshold that none falls below: one spike through the strongest synapse."""

PROBES = 2000
"""Patches that thresholds are set by in the beginning."""

Spikes = NDArray[np.uint8]
Shape = tuple[int, int, int]


class STDPFeatures(
    ClassNamePrefixFeaturesOutMixin,  # type: ignore[misc]
    TransformerMixin,  # type: ignore[misc]
    BaseEstimator,  # type: ignore[misc]
):
    """Convolutional filters learned by STDP, and the first spikes they answer an image with.

    On and off cells (a difference of Gaussians, standard deviations 1 and 2 pixels) fire once, the
    earlier the stronger the contrast: t = 1 - d / max d in the image. A filter is an
    integrate-and-fire neuron without leak, the same at all places: V_f(t) is the sum of its weights
    from the cells that have fired by t, and it fires when V_f >= theta_f.

    In learning, each image is shown through one window of the filter's size at a random place,
    `n_epochs` times. Who fires first, at t_f, inhibits the rest and learns, with 0 <= w <= 1:

    w += eta exp(-w) if the cell fired by t_f, else w -= eta exp(w - 1)

    All thresholds aim at a time of firing T, and the winner's rises at the cost of the others:

    theta_g += 0.1 theta_0 ([g = f] - 1 / n_filters - (t_f - T))

    theta_0 is the mean threshold in the beginning, when each is what the filter has received by T
    in an average window. Both rates fall geometrically, by the ratio of the two values of `eta`.
    Labels are not used. The rule follows Falez et al. (2019), the code Kheradpisheh et al. (2018).

    A feature is 1 - t for the earliest spike of a filter in a pool of `pool_size` x `pool_size`
    places, 0 without one.

    Parameters
    ----------
    n_filters : int
        Filters.
    filter_size : int
        Width and height of a filter, pixels. Smaller images get a margin of silence.
    pool_size : int
        Width and height of a pool, places; the last of a row or column may have fewer.
    image_shape : tuple of 2 or 3 ints, or None
        Height, width and channels of images that come as rows of numbers, channels last. None: the
        shape they come in; rows are square images, else images of one row, with one channel.
    n_epochs : int
        Windows of each image.
    on_off : bool
        Whether images pass on and off cells. False: their numbers are strengths of answers, as the
        features of another `STDPFeatures` are; what is not above 0 never fires.
    eta : tuple of two floats
        Learning rate of the weights in the beginning and at the end.
    target_time : float
        T, between 0 (the strongest cell of the image fires) and 1.
    random_state : int, RandomState or None
        Of weights in the beginning, of windows and their order.

    Attributes
    ----------
    filters_ : ndarray of shape (n_filters, filter_size, filter_size, n_channels), float32
        Weights. Channels are the on cells of all channels of the image, then their off cells.
    thresholds_ : ndarray of shape (n_filters,), float32
        Thresholds, in units of weights.
    wins_ : ndarray of shape (n_filters,), int64
        Windows in which each filter fired first.
    image_shape_ : tuple of three ints
        Height, width and channels of an image.
    output_shape_ : tuple of three ints
        Rows and columns of pools, and filters: what a row of features is in truth.
    n_features_in_ : int
        Numbers of an image.
    feature_names_in_ : ndarray of shape ``(n_features_in_,)``
        Names of the columns of a data frame.

    Notes
    -----
    All of `transform` is in `filters_` and `thresholds_`, which may be replaced; no weight may be
    negative. The features of an image depend on no other image. A second layer is a second step of
    a pipeline, with `on_off=False` and the first's `output_shape_` as its `image_shape`.

    References
    ----------
    .. [1] Kheradpisheh et al. 2018, doi:10.1016/j.neunet.2017.12.005
    .. [2] Falez et al. 2019, doi:10.1109/IJCNN.2019.8852346

    Examples
    --------
    >>> from engram.learn import STDPFeatures
    >>> from sklearn.pipeline import make_pipeline
    >>> from engram.datasets import digits
    >>> from engram.learn import DeltaReadout
    >>> data = digits().first(200, 100)
    >>> features = STDPFeatures(16, 3, 2, random_state=0)
    >>> model = make_pipeline(features, DeltaReadout(random_state=0))
    >>> model.fit(data.X_train, data.y_train).score(data.X_test, data.y_test) > 0.8
    True
    """

    filters_: NDArray[np.float32]
    thresholds_: NDArray[np.float32]
    wins_: NDArray[np.int64]
    image_shape_: Shape
    output_shape_: Shape
    n_features_in_: int

    def __init__(
        self,
        n_filters: int = 128,
        filter_size: int = 5,
        pool_size: int = 4,
        image_shape: tuple[int, ...] | None = None,
        n_epochs: int = 60,
        *,
        on_off: bool = True,
        eta: tuple[float, float] = (0.1, 0.005),
        target_time: float = 0.9,
        random_state: int | np.random.RandomState | None = None,
    ) -> None:
        self.n_filters = n_filters
        self.filter_size = filter_size
        self.pool_size = pool_size
        self.image_shape = image_shape
        self.n_epochs = n_epochs
        self.on_off = on_off
        self.eta = eta
        self.target_time = target_time
        self.random_state = random_state

    # -- learning

    def fit(self, X: ArrayLike, y: Any = None) -> Self:  # noqa: ARG002
        """Learn filters anew.

        Parameters
        ----------
        X : array_like of shape (n, pixels), (n, height, width) or (n, height, width, channels)
            Images.
        y : object
            Not used.

        Returns
        -------
        STDPFeatures
            Itself.

        Raises
        ------
        InvalidTypeError, InvalidValueError
            Images or parameters can't be used; nothing has changed.
        """
        with refusing(self):
            self._learn(self._begin(X), learning=True)
        return self

    def partial_fit(self, X: ArrayLike, y: Any = None) -> Self:  # noqa: ARG002
        """Learn from some more images, each in `n_epochs` windows, at the rates of the end.

        For images that come once: what is learned of some does not need those before.

        Parameters
        ----------
        X : array_like of shape (n, pixels), (n, height, width) or (n, height, width, channels)
            Images.
        y : object
            Not used.

        Returns
        -------
        STDPFeatures
            Itself.

        Raises
        ------
        InvalidTypeError, InvalidValueError
            Images or parameters can't be used; nothing has changed.
        """
        with refusing(self):
            if hasattr(self, "filters_"):
                self._check_parameters()
                spikes = self._all_spikes(self._images(X, reset=False))
            else:
                spikes = self._begin(X)
            self._learn(spikes, learning=True, fall=self.eta[1] / self.eta[0])
        return self

    def settle(self, X: ArrayLike, filters: ArrayLike | None = None) -> Self:
        """Fit the thresholds alone to images, as `fit` does; weights stay.

        A control for what learning has brought: with the random weights that `fit` begins with, or
        with filters from elsewhere.

        Parameters
        ----------
        X : array_like of shape (n, pixels), (n, height, width) or (n, height, width, channels)
            Images.
        filters : array_like of shape (n_filters, filter_size, filter_size, n_channels), optional
            Weights, in [0, 1].

        Returns
        -------
        STDPFeatures
            Itself.

        Raises
        ------
        InvalidTypeError, InvalidValueError
            Images, parameters or filters can't be used; nothing has changed.
        """
        with refusing(self):
            self._learn(self._begin(X, filters), learning=False)
        return self

    def _begin(self, X: ArrayLike, filters: ArrayLike | None = None) -> Spikes:
        """Untrained filters for such images, and the images' spikes."""
        self._check_parameters()
        random = checked_random(self)
        images = self._images(X, reset=True)
        spikes = self._all_spikes(images)
        if not spikes.any():
            raise InvalidValueError(
                f"{type(self).__name__}: X: no image has any contrast; nothing to learn"
            )
        channels = spikes.shape[3]
        shape = self.n_filters, self.filter_size, self.filter_size, channels
        drawn = random.random_sample(shape).astype(np.float32)
        self.filters_ = drawn if filters is None else self._checked_filters(filters, shape)
        places = [n - self.filter_size + 1 for n in spikes.shape[1:3]]
        pools = [-(-n // self.pool_size) for n in places]
        self.output_shape_ = pools[0], pools[1], self.n_filters
        self._n_features_out = pools[0] * pools[1] * self.n_filters
        self.wins_ = np.zeros(self.n_filters, np.int64)
        self.thresholds_ = self._first_thresholds(spikes, random)
        self._random, self._rate = random, ETA_THETA * float(self.thresholds_.mean())
        return spikes

    def _first_thresholds(
        self, spikes: Spikes, random: np.random.RandomState
    ) -> NDArray[np.float32]:
        """What each filter has received by the target time, on average over windows with spikes."""
        probes = random.randint(len(spikes), size=PROBES)
        rows, columns = self._windows(spikes, random, PROBES)
        size = self.filter_size
        windows = np.stack(
            [
                spikes[k, row : row + size, column : column + size].ravel()
                for k, row, column in zip(probes, rows, columns, strict=True)
            ]
        )
        by_then = windows >= STEPS * (1.0 - self.target_time)
        by_then = by_then[by_then.any(axis=1)]
        if not len(by_then):
            return np.full(self.n_filters, LEAST_THETA, np.float32)
        received = by_then.mean(axis=0) @ self.filters_.reshape(self.n_filters, -1).T
        return np.asarray(np.maximum(received, LEAST_THETA), np.float32)

    def _windows(
        self, spikes: Spikes, random: np.random.RandomState, n: int
    ) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        """Rows and columns of random windows."""
        high, wide = (m - self.filter_size + 1 for m in spikes.shape[1:3])
        return random.randint(high, size=n), random.randint(wide, size=n)

    def _learn(self, spikes: Spikes, *, learning: bool, fall: float | None = None) -> None:
        """fall: of the rates, a share of the first; None: from the first to the last."""
        first, last = self.eta
        weights, random = self._weights(), self._random
        for epoch in range(self.n_epochs):
            now = (last / first) ** (epoch / self.n_epochs) if fall is None else fall
            kernel("patches.compete")(
                spikes,
                random.permutation(len(spikes)),
                *self._windows(spikes, random, len(spikes)),
                self.filter_size,
                weights,
                self.thresholds_,
                (now * first if learning else 0.0, now * self._rate),
                float(self.target_time),
                LEAST_THETA,
                self.wins_,
            )
        self.filters_ = np.ascontiguousarray(weights.T).reshape(self.filters_.shape)

    def _weights(self) -> NDArray[np.float32]:
        """A row for each input."""
        flat = np.asarray(self.filters_, np.float32).reshape(self.n_filters, -1)
        return np.ascontiguousarray(flat.T)

    # -- answering

    def transform(self, X: ArrayLike) -> NDArray[np.float32]:
        """How early each filter fires in each pool.

        Parameters
        ----------
        X : array_like of shape (n, pixels), (n, height, width) or (n, height, width, channels)
            Images.

        Returns
        -------
        array of shape (n, pools * n_filters), float32
            1 - t of the first spike, in [0, 1]; 0 where there is none. Row by row of pools, filters
            last.

        Raises
        ------
        InvalidTypeError, InvalidValueError
            Images can't be used, or are of another shape than those of `fit`.
        """
        check_is_fitted(self, "filters_")
        images = self._images(X, reset=False)
        out = np.zeros((len(images), *self.output_shape_), np.float32)
        weights = self._weights()
        for k in range(0, len(images), BLOCK):
            kernel("patches.earliest")(
                self._spikes(images[k : k + BLOCK]),
                self.filter_size,
                self.pool_size,
                weights,
                self.thresholds_,
                out[k : k + BLOCK],
            )
        return out.reshape(len(out), -1)

    def _all_spikes(self, images: NDArray[Any]) -> Spikes:
        return np.concatenate(
            [self._spikes(images[k : k + BLOCK]) for k in range(0, len(images), BLOCK)]
        )

    def _spikes(self, images: NDArray[Any]) -> Spikes:
        spikes = first_spikes(contrasts(images) if self.on_off else images, FAINTEST)
        lacking = [max(self.filter_size - n, 0) for n in spikes.shape[1:3]]
        if any(lacking):
            around = [(n // 2, n - n // 2) for n in lacking]
            spikes = np.pad(spikes, [(0, 0), *around, (0, 0)])
        return spikes

    # -- checks

    def _check_parameters(self) -> None:
        where = type(self).__name__
        for name in ("n_filters", "filter_size", "pool_size"):
            integer(f"{where}: {name}", getattr(self, name), 1)
        integer(f"{where}: n_epochs", self.n_epochs, 0)
        if not isinstance(self.on_off, bool):
            raise InvalidTypeError(
                f"{where}: on_off must be True or False, not {brief(self.on_off)}"
            )
        for k, value in enumerate(checked_pair(f"{where}: eta", self.eta)):
            number(f"{where}: eta[{k}]", value, 0.0, 1.0, open_low=True)
        number(f"{where}: target_time", self.target_time, 0.0, 1.0)
        if self.image_shape is not None:
            if (
                not isinstance(self.image_shape, tuple | list)
                or not 2 <= len(self.image_shape) <= 3
            ):
                raise InvalidTypeError(
                    f"{where}: image_shape must be None, (height, width) or (height, width, "
                    f"channels), not {brief(self.image_shape)}"
                )
            for k, n in enumerate(self.image_shape):
                integer(f"{where}: image_shape[{k}]", n, 1)

    def _images(self, X: ArrayLike, *, reset: bool) -> NDArray[Any]:
        """Checked images of shape (n, height, width, channels)."""
        where = type(self).__name__
        with refusing(self):
            shape = None if reset else self.image_shape_
            if reset and self.image_shape is not None:
                shape = _with_channels(self.image_shape)
            if (X.ndim if hasattr(X, "ndim") else np.asarray(X).ndim) in (3, 4):
                X = np.asarray(X)
                came = _with_channels(X.shape[1:])
                if shape is not None and came != shape:
                    raise InvalidValueError(
                        f"{where}: X has images of shape {came}; {shape} is expected (height, "
                        f"width, channels)"
                    )
                shape = came
                X = X.reshape(len(X), int(np.prod(came)))
            rows = checked_samples(self, X, reset=reset, keep_bytes=True)
            if rows.shape[1] < 2:
                raise InvalidValueError(
                    f"{where}: X has n_features=1; at least two are needed, since one pixel has no "
                    f"contrast"
                )
            if shape is None:
                shape = _with_channels(square(rows.shape[1]))
            if np.prod(shape) != rows.shape[1]:
                raise InvalidValueError(
                    f"{where}: X has {rows.shape[1]} features, which are no image of the shape "
                    f"{shape} (height, width, channels); set image_shape"
                )
            if rows.size and max(-float(rows.min()), float(rows.max())) > LARGEST / 4:
                raise InvalidValueError(
                    f"{where}: X has values beyond single precision; scale them"
                )
            if reset:
                self.image_shape_ = shape
        return rows.reshape(len(rows), *shape)

    def _checked_filters(
        self, filters: ArrayLike, shape: tuple[int, int, int, int]
    ) -> NDArray[np.float32]:
        array = np.asarray(filters, np.float32)
        if array.shape != shape or not (np.isfinite(array).all() and 0 <= array.min()):
            raise InvalidValueError(
                f"{type(self).__name__}.settle: filters must be finite numbers in [0, 1] of shape "
                f"{shape}, not of shape {array.shape} from {array.min():g} to {array.max():g}"
            )
        if array.max() > 1.0:
            raise InvalidValueError(
                f"{type(self).__name__}.settle: filters must be at most 1, not {array.max():g}; "
                f"divide them by their greatest"
            )
        return array.copy()

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.transformer_tags.preserves_dtype = ["float32"]
        return tags


def _with_channels(shape: tuple[int, ...]) -> Shape:
    height, width, channels = (*shape, 1)[:3]
    return int(height), int(width), int(channels)
