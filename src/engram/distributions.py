"""Distributions of weights and delays, drawn from the brain's counter-based random numbers."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import ClassVar

import numpy as np
from numpy.typing import ArrayLike, NDArray

from engram.errors import InvalidTypeError, InvalidValueError, as_array, brief, number, vector
from engram.kernels.calls import kernel

Floats = NDArray[np.float32]


@dataclass(frozen=True)
class Distribution:
    """Base of distributions: maps uniform numbers u in (0, 1) or standard normal ones z.

    One's own overrides either `from_uniform` or `from_normal`. It may say of itself, by attributes
    of the class, what lets large projections be built faster and in less memory with the same
    values: ``elementwise = True``, that a sample depends on its own number alone, so that many are
    made part by part; ``rising = True``, that `from_uniform` never falls, so that delays in steps
    are looked up. A class that inherits from it says so anew.

    Examples
    --------
    >>> from engram.distributions import Distribution
    >>> from dataclasses import dataclass
    >>> import numpy as np
    >>> from engram import Brain
    >>> @dataclass(frozen=True)
    ... class Exponential(Distribution):
    ...     mean: float
    ...     elementwise = True
    ...
    ...     def from_uniform(self, u):
    ...         return -np.float32(self.mean) * np.log(u)
    >>> brain = Brain(seed=1)
    >>> cortex = brain.add_region("cortex", n_neurons=50, weights=Exponential(0.3))
    """

    elementwise: ClassVar[bool] = False
    rising: ClassVar[bool] = False

    def from_uniform(self, u: Floats) -> Floats | None:  # noqa: ARG002
        """Samples from uniform numbers, or None if it wants normal ones.

        Parameters
        ----------
        u : array of shape (n,), float32
            Uniform in (0, 1).

        Returns
        -------
        array of shape (n,), float32, or None
            A sample for each.
        """
        return None

    def from_normal(self, z: Floats) -> Floats:
        """Samples from standard normal numbers.

        Parameters
        ----------
        z : array of shape (n,), float32
            Standard normal.

        Returns
        -------
        array of shape (n,), float32
            A sample for each.
        """
        raise NotImplementedError


@dataclass(frozen=True)
class Uniform(Distribution):
    """Uniform in [low, high).

    A sample is low + u (high - low), u uniform in (0, 1).

    Parameters
    ----------
    low : float
        Lower end, in the unit of what is drawn.
    high : float
        Upper end, at least `low`.

    Raises
    ------
    InvalidTypeError, InvalidValueError
        An end is no finite number, or `high` is below `low`.

    Examples
    --------
    >>> from engram import Brain, Uniform
    >>> brain = Brain(seed=1)
    >>> a, b = brain.add_region("a"), brain.add_region("b")
    >>> path = brain.connect_regions("a", "b", weights=Uniform(0.2, 0.4), delays=Uniform(2.0, 5.0))
    >>> bool(path.weight.min() >= 0.2), bool(path.weight.max() < 0.4)
    (True, True)
    """

    low: float
    high: float
    elementwise: ClassVar[bool] = True
    rising: ClassVar[bool] = True

    def __post_init__(self) -> None:
        number("Uniform.low", self.low)
        number("Uniform.high", self.high, self.low)

    def from_uniform(self, u: Floats) -> Floats:
        """Samples low + u (high - low).

        Parameters
        ----------
        u : array of shape (n,), float32
            Uniform in (0, 1).

        Returns
        -------
        array of shape (n,), float32
            A sample for each.
        """
        return (self.low + u * np.float32(self.high - self.low)).astype(np.float32)


@dataclass(frozen=True)
class Normal(Distribution):
    """Normal with mean and standard deviation.

    A sample is mean + std z, z standard normal. Of weights and delays, which have a sign, samples
    with the other one become 0; parameters and backgrounds are taken as drawn.

    Parameters
    ----------
    mean : float
        Mean, in the unit of what is drawn.
    std : float
        Standard deviation, not negative.

    Raises
    ------
    InvalidTypeError, InvalidValueError
        One is no finite number, or `std` is negative.

    Examples
    --------
    >>> from engram import LIF, Brain, Normal
    >>> brain = Brain(seed=1)
    >>> cortex = brain.add_region("cortex", n_neurons=500, model=LIF(v_th=Normal(-50.0, 2.0)))
    >>> round(float(cortex.state("v_th").mean())), round(float(cortex.state("v_th").std()))
    (-50, 2)
    """

    mean: float
    std: float
    elementwise: ClassVar[bool] = True

    def __post_init__(self) -> None:
        number("Normal.mean", self.mean)
        number("Normal.std", self.std, 0.0)

    def from_normal(self, z: Floats) -> Floats:
        """Samples mean + std z.

        Parameters
        ----------
        z : array of shape (n,), float32
            Standard normal.

        Returns
        -------
        array of shape (n,), float32
            A sample for each.
        """
        return (self.mean + z * np.float32(self.std)).astype(np.float32)


@dataclass(frozen=True)
class LogNormal(Distribution):
    """Log-normal with this mean and standard deviation (of the values, not of their logarithm).

    A sample is exp(mu + sigma z), z standard normal, with sigma^2 = log(1 + std^2 / mean^2) and
    mu = log(mean) - sigma^2 / 2.

    Parameters
    ----------
    mean : float
        Mean of the values, at least 1e-30, in the unit of what is drawn.
    std : float
        Standard deviation of the values, not negative.

    Raises
    ------
    InvalidTypeError, InvalidValueError
        One is no finite number, or out of range.

    Examples
    --------
    >>> from engram import Brain, LogNormal
    >>> brain = Brain(seed=1)
    >>> a, b = brain.add_region("a"), brain.add_region("b")
    >>> path = brain.connect_regions("a", "b", 1.0, weights=LogNormal(0.5, 0.5))
    >>> weights = path.weight  # many small ones, few large ones
    >>> round(float(weights.mean()), 1), bool(weights.max() > 6 * weights.mean())
    (0.5, True)
    """

    mean: float
    std: float
    elementwise: ClassVar[bool] = True

    def __post_init__(self) -> None:
        number("LogNormal.mean", self.mean, 1e-30)
        number("LogNormal.std", self.std, 0.0)

    def from_normal(self, z: Floats) -> Floats:
        """Samples exp(mu + sigma z) with sigma^2 = log(1 + std^2 / mean^2).

        Parameters
        ----------
        z : array of shape (n,), float32
            Standard normal.

        Returns
        -------
        array of shape (n,), float32
            A sample for each.
        """
        sigma = math.sqrt(math.log1p((self.std / self.mean) ** 2))
        mu = math.log(self.mean) - sigma**2 / 2
        return np.exp(mu + sigma * z.astype(np.float64)).astype(np.float32)


Values = float | ArrayLike | Distribution
"""How weights and delays are given: a number, one number per synapse, or a distribution."""


PART = 1 << 15
"""Samples that are made at a time: what is written in between stays in the cache."""


def says(values: Values, what: str) -> bool:
    """Whether values are a distribution whose class says something of itself.

    Parameters
    ----------
    values : float, array_like or Distribution
        What was given.
    what : {"elementwise", "rising"}
        What it says. Said by a class it inherits from, it does not count.

    Returns
    -------
    bool
        True if so.
    """
    return isinstance(values, Distribution) and bool(vars(type(values)).get(what, False))


def is_uniform(values: Distribution) -> bool:
    """Whether a distribution makes its samples of uniform numbers.

    Parameters
    ----------
    values : Distribution
        Which.

    Returns
    -------
    bool
        False where it wants normal ones.
    """
    return type(values).from_uniform is not Distribution.from_uniform


def samples(
    values: Distribution, out: Floats, first: int, seed: int, stream: int, tag: int
) -> Floats:
    """Samples for some places of a list.

    Parameters
    ----------
    values : Distribution
        Of what.
    out : array of shape (n,), float32
        Overwritten with uniform or normal numbers.
    first : int
        Place of the first of them in the list.
    seed : int
        Of the brain.
    stream, tag : int
        Of the counter-based random numbers.

    Returns
    -------
    array of shape (n,)
        One for each.

    Raises
    ------
    InvalidValueError
        A class of one's own makes too few, too many or no finite ones.
    """
    n = len(out)
    if is_uniform(values):
        kernel("random.fill_uniform")(out, first, 0, n, np.uint64(seed), stream, tag)
        return _checked(values, "from_uniform", values.from_uniform(out), n)
    kernel("random.fill_normal")(out, first, 0, n, np.uint64(seed), stream, tag)
    return _checked(values, "from_normal", values.from_normal(out), n)


def _checked(values: Distribution, method: str, made: Floats | None, n: int) -> Floats:
    """Samples as they were made, if a class of somebody else made them right."""
    if type(values).__module__ == __name__:
        assert made is not None
        return made
    array = np.asarray(made)
    fits = array.shape == (n,) and array.dtype.kind in "fiu"
    if not fits or not np.isfinite(array).all():
        found = f"{brief(made)}" if not fits else "some that are not finite"
        raise InvalidValueError(
            f"{type(values).__name__}.{method} must return an array of {n} finite numbers, one for "
            f"each that it is given, not {found}"
        )
    return array.astype(np.float32, copy=False)


def draw(where: str, values: Values, n: int, seed: int, stream: int, tag: int) -> Floats:
    """Draw `n` values; random ones depend on (seed, stream, place in the list, tag) only.

    Parameters
    ----------
    where : str
        Names object and attribute in an error.
    values : float, array_like of shape (n,) or Distribution
        One for all, one for each, or a distribution.
    n : int
        How many.
    seed : int
        Of the brain.
    stream, tag : int
        Of the counter-based random numbers.

    Returns
    -------
    array of shape (n,), float32
        The values.

    Raises
    ------
    InvalidTypeError
        `values` is none of these.
    InvalidValueError
        An array of another shape, or a number that is not finite.
    """
    if isinstance(values, Distribution):
        return samples(values, np.empty(n, np.float32), 0, seed, stream, tag)
    if isinstance(values, (bool, int, float, np.bool_, np.integer, np.floating)):
        return np.full(n, number(where, values), np.float32)
    if isinstance(values, (str, dict)) or callable(values):
        raise InvalidTypeError(
            f"{where} must be a number, an array or a distribution, not {brief(values)}"
        )
    array = as_array(where, values)
    if array.shape != (n,):
        raise InvalidValueError(
            f"{where}: an array must have one entry for each of the {n} synapses, "
            f"not shape {array.shape}"
        )
    return vector(where, array)


__all__ = ["Distribution", "LogNormal", "Normal", "Uniform"]
