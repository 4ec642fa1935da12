"""Simple rivals of the networks: what is compared with them in more than one experiment.

Each is fitted to the same data and labels as the network, and chosen (`best`) on data that nobody
is tested with. What scikit-learn has is taken from there.
"""

from __future__ import annotations

import warnings
from collections.abc import Callable, Iterable
from typing import Any, Self, TypeVar

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.sparse import csr_array
from sklearn.cluster import KMeans, MiniBatchKMeans
from sklearn.semi_supervised import LabelSpreading

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
S = TypeVar("S")

MANY = 20_000
"""So many samples or more: k-means in small batches."""


def best(settings: Iterable[S], score: Callable[[S], float]) -> S:
    """The setting with the highest score; the first of several."""
    return max(settings, key=score)


def unit(X: ArrayLike) -> Floats:
    """Rows scaled to length 1; a row of zeros stays."""
    rows = np.asarray(X, np.float64)
    scaled: Floats = rows / np.maximum(np.linalg.norm(rows, axis=1, keepdims=True), 1e-12)
    return scaled


# -- features


def spherical_centres(X: ArrayLike, k: int, seed: int, *, rounds: int = 30) -> Floats:
    """k centres of unit length, found by k-means on samples of unit length (Dhillon & Modha 2001).

    The centres of scikit-learn's k-means are scaled to length 1 at the end.
    """
    rows = unit(X).astype(np.float32)
    if len(rows) >= MANY:
        model: Any = MiniBatchKMeans(
            k, n_init=1, batch_size=max(2048, 2 * k), max_iter=rounds, random_state=seed
        )
    else:
        model = KMeans(k, n_init=1, max_iter=rounds, random_state=seed)
    return unit(model.fit(rows).cluster_centers_)


def random_centres(X: ArrayLike, k: int, seed: int) -> Floats:
    """k samples, drawn at random, scaled to length 1."""
    rows = np.asarray(X)
    return unit(rows[np.random.default_rng([21, seed]).permutation(len(rows))[:k]])


class Fields:
    """Centres as receptive fields of neurons: the few that fit best answer, in all `total` spikes.

    A neuron's answer is how far its cosine is above that of the best one that is silent, to a
    power; `active` neurons answer.
    """

    def __init__(
        self, centres: Floats, active: int, power: float = 1.0, total: float = 15.0
    ) -> None:
        self.centres, self.power, self.total = centres, power, total
        self.active = min(active, len(centres) - 1)

    def answer(self, X: ArrayLike) -> Floats:
        """Answers of all neurons, shape (n_samples, n_centres); not whole numbers."""
        rows = np.asarray(X)
        parts = np.array_split(rows, max(1, len(rows) // 2000))
        return np.concatenate([self._answer(part) for part in parts])

    def _answer(self, X: ArrayLike) -> Floats:
        match = unit(X) @ self.centres.T
        place = len(self.centres) - 1 - self.active
        silent = np.partition(match, place, axis=1)[:, place]
        above = np.maximum(match - silent[:, np.newaxis], 0.0) ** self.power
        out: Floats = self.total * above / np.maximum(above.sum(axis=1, keepdims=True), 1e-12)
        return out


# -- classifiers


class StreamingLDA:
    """Linear discriminant analysis from a stream: a mean for each class, one covariance, no sample
    kept (Hayes & Kanan 2020).

    shrinkage: share of the covariance that is replaced by its mean variance. Classes are taken to
    be as frequent as each other.
    """

    def __init__(self, shrinkage: float = 0.1) -> None:
        self.shrinkage = shrinkage
        self.means: dict[int, Floats] = {}
        self.counts: dict[int, int] = {}
        self.scatter: Floats | None = None

    def partial_fit(self, X: ArrayLike, y: ArrayLike) -> Self:
        """Learn from some more samples, in any order of classes."""
        rows, labels = np.asarray(X, np.float64), np.asarray(y)
        if self.scatter is None:
            self.scatter = np.zeros((rows.shape[1], rows.shape[1]))
        for c in np.unique(labels).tolist():
            own = rows[labels == c]
            mean, n, m = own.mean(axis=0), self.counts.get(c, 0), len(own)
            old = self.means.get(c, mean)
            away, inside = mean - old, own - mean
            self.scatter += inside.T @ inside + (n * m / (n + m)) * np.outer(away, away)
            self.means[c] = old + away * (m / (n + m))
            self.counts[c] = n + m
        return self

    def with_shrinkage(self, shrinkage: float) -> StreamingLDA:
        """The same statistics with another shrinkage."""
        other = StreamingLDA(shrinkage)
        other.means, other.counts, other.scatter = self.means, self.counts, self.scatter
        return other

    def predict(self, X: ArrayLike) -> Ints:
        """Answers."""
        if self.scatter is None:
            raise ValueError("StreamingLDA: nothing was learned yet")
        classes = np.array(sorted(self.means))
        means = np.array([self.means[c] for c in classes])
        covariance = self.scatter / sum(self.counts.values())
        spread = np.trace(covariance) / len(covariance)
        covariance = (1.0 - self.shrinkage) * covariance
        covariance.flat[:: len(covariance) + 1] += self.shrinkage * spread + 1e-12
        towards = np.linalg.solve(covariance, means.T)
        scores = np.asarray(X, np.float64) @ towards - 0.5 * (means.T * towards).sum(axis=0)
        found: Ints = classes[scores.argmax(axis=1)]
        return found


class NearestLatencies:
    """Nearest mean of spike times; a time that is not finite is a spike that is missing.

    free: patterns may begin at any time: for each class, a sample is moved in time so that it fits
    best.
    """

    def __init__(self, free: bool = False, rounds: int = 5) -> None:
        self.free, self.rounds = free, rounds if free else 1

    def fit(self, times: ArrayLike, y: ArrayLike) -> Self:
        """A mean for each class and input, of the spikes that are there."""
        rows, labels = _with_gaps(times), np.asarray(y)
        self.classes_ = np.unique(labels)
        self.means_ = np.array([self._mean(rows[labels == c]) for c in self.classes_])
        return self

    def _mean(self, rows: Floats) -> Floats:
        if self.free:
            rows = rows - np.nanmean(rows, axis=1, keepdims=True)
        for _ in range(self.rounds):
            with warnings.catch_warnings():
                # An input that was always silent has no mean, and no say.
                warnings.simplefilter("ignore", RuntimeWarning)
                mean: Floats = np.nanmean(rows, axis=0)
            if self.free:
                rows = rows - np.nanmean(rows - mean, axis=1, keepdims=True)
        return mean

    def predict(self, times: ArrayLike) -> Ints:
        """Answers."""
        rows = _with_gaps(times)
        distances = []
        for mean in self.means_:
            away = rows - mean
            if self.free:
                away = away - np.nanmean(away, axis=1, keepdims=True)
            distances.append(np.nanmean(away**2, axis=1))
        found: Ints = self.classes_[np.argmin(distances, axis=0)]
        return found


def _with_gaps(times: ArrayLike) -> Floats:
    rows = np.asarray(times, np.float64)
    return np.where(np.isfinite(rows), rows, np.nan)


class SpreadLabels:
    """Label spreading (Zhou et al. 2004; scikit-learn's) between samples that are all kept.

    The graph of the nearest by cosine is made once; labels, alpha and neighbours can be tried at
    little cost.
    """

    def __init__(self, X: ArrayLike, neighbours: Iterable[int]) -> None:
        self.rows = unit(X).astype(np.float32)
        self._near: dict[int, csr_array] = {}
        self.most = max(neighbours)
        self._order = _nearest(self.rows, self.rows, self.most + 1)

    def near(self, X: ArrayLike) -> Ints:
        """Numbers of the samples nearest to others, for `Spread.predict_near`."""
        return _nearest(unit(X).astype(np.float32), self.rows, self.most)

    def _graph(self, k: int) -> csr_array:
        if k not in self._near:
            order, n = self._order[:, : k + 1], len(self.rows)
            near = _links(order, n)
            self._near[k] = csr_array(near.maximum(near.T))
        return self._near[k]

    def fit(self, own: Ints, y: ArrayLike, alpha: float, neighbours: int) -> Spread:
        """Spread the labels y of the samples with the numbers `own`."""
        n = len(self.rows)
        given = np.full(n, -1)
        given[own] = y
        graph = self._graph(neighbours)
        model = LabelSpreading(kernel=lambda a, b: graph, alpha=alpha, max_iter=50)  # noqa: ARG005
        with warnings.catch_warnings():
            # Samples that no label reaches are divided by their sum of 0.
            warnings.simplefilter("ignore")
            model.fit(np.arange(n)[:, np.newaxis], given)
        shares = np.nan_to_num(model.label_distributions_)
        return Spread(self.rows, np.asarray(model.classes_), shares, neighbours)


class Spread:
    """Labels that were spread: an answer is that of the nearest samples together."""

    def __init__(self, rows: NDArray[Any], classes: Ints, shares: Floats, k: int) -> None:
        self.rows, self.classes, self.shares, self.k = rows, classes, shares, k

    def predict_near(self, near: Ints) -> Ints:
        """Answers from the numbers of at least k nearest samples, nearest first."""
        found: Ints = self.classes[self.shares[near[:, : self.k]].sum(axis=1).argmax(axis=1)]
        return found

    def predict(self, X: ArrayLike) -> Ints:
        """Answers."""
        return self.predict_near(_nearest(unit(X).astype(np.float32), self.rows, self.k))


def _nearest(rows: NDArray[Any], among: NDArray[Any], k: int) -> Ints:
    """Numbers of the k nearest by cosine, nearest first; rows are of unit length."""
    out = []
    for part in np.array_split(rows, max(1, len(rows) // 1000)):
        match = part @ among.T
        some = np.argpartition(-match, k - 1, axis=1)[:, :k]
        order = np.take_along_axis(match, some, axis=1).argsort(axis=1)[:, ::-1]
        out.append(np.take_along_axis(some, order, axis=1))
    return np.concatenate(out).astype(np.int64)


def _links(order: Ints, n: int) -> csr_array:
    """A graph with a link from each sample to those named, itself left out."""
    pre = np.repeat(np.arange(len(order)), order.shape[1])
    post = order.ravel()
    other = pre != post
    ones = np.ones(int(other.sum()))
    return csr_array((ones, (pre[other], post[other])), shape=(n, n))


class Renormalised:
    """Inputs given back the mean and spread that they had, from unlabelled samples of the new kind.

    each: every input by itself, as batch normalisation does (Schneider et al. 2020), or all
    together. floor: least spread, so that an input that was always 0 is not blown up.
    """

    def __init__(self, before: ArrayLike, now: ArrayLike, *, each: bool, floor: float) -> None:
        axis = 0 if each else None
        old, new = np.asarray(before, np.float64), np.asarray(now, np.float64)
        self.mean, self.spread = old.mean(axis=axis), old.std(axis=axis)
        self.mean_now, self.spread_now = new.mean(axis=axis), new.std(axis=axis) + floor

    def see(self, X: ArrayLike) -> Floats:
        """Samples as they would have been before."""
        scaled = (np.asarray(X, np.float64) - self.mean_now) / self.spread_now
        seen: Floats = scaled * self.spread + self.mean
        return seen


# -- memories


class SparseHopfield:
    """Binary neurons with a synapse from each to each other that store sparse patterns.

    rule "covariance": w_ij = sum over patterns of (x_i - f)(x_j - f) (Tsodyks & Feigelman 1988);
    "binary": 1 where i and j were active together (Willshaw et al. 1969).
    """

    def __init__(self, groups: Iterable[ArrayLike], n: int, rule: str = "covariance") -> None:
        patterns = np.zeros((0, n))
        for group in groups:
            row = np.zeros(n)
            row[np.asarray(group)] = 1.0
            patterns = np.vstack([patterns, row])
        centred = patterns - patterns.mean() if rule == "covariance" else patterns
        self.weights: Floats = centred.T @ centred
        if rule == "binary":
            self.weights = np.minimum(self.weights, 1.0)
        np.fill_diagonal(self.weights, 0.0)

    @property
    def n_synapses(self) -> int:
        """How many there are."""
        return len(self.weights) * (len(self.weights) - 1)

    def recall(self, cue: ArrayLike, threshold: float, rounds: int = 20) -> NDArray[np.bool_]:
        """Which neurons are active in the end; cued ones are held active.

        threshold: mean input from an active neuron that a neuron needs.
        """
        held = np.zeros(len(self.weights), bool)
        held[np.asarray(cue)] = True
        active = held
        for _ in range(rounds):
            before = active
            active = held | (self.weights @ before / max(before.sum(), 1) > threshold)
            if (active == before).all():
                break
        return active
