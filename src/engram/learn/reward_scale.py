"""How large a reward is: in units of what rewards have amounted to so far."""

from __future__ import annotations

import math
from statistics import median
from typing import Any, Self

FIRST = 9
"""Rewards other than 0 whose median is the typical size."""


GROWTH = 0.1
"""What a punishment ten times the limit adds to it."""


class RewardScale:
    """Rewards in the range that they have had, whatever their offset and scale.

    Let R <- gamma R + r be the discounted sum of the rewards of an episode so far, and [low, high]
    the range that R and r have had since the beginning. With b the point of this range that is next
    to 0, and s the distance from b to the end that is farther away, a decision is worth ::

        r' = (r - (1 - gamma) b) / s        (r - b) / s for the last of an episode

    This is the prediction error of values that are counted from b in units of s, so what is best
    stays best (a shaping by a constant potential: Ng, Harada & Russell 1999). Where rewards of 0 or
    of both signs have come, b is 0. Dopamine neurons adapt to the range of rewards, too (Tobler,
    Fiorillo & Schultz 2005).

    What is lost beyond a limit counts by its logarithm, -limit (1 + 0.1 log10(-r / limit)): one
    fall from a cliff would make all steps on the way as good as nothing. The depth to which
    dopamine neurons can pause is as limited (Bayer & Glimcher 2005).

    Parameters
    ----------
    limit : float or None
        Size of the punishments from which on they count by their logarithm; inf: never. None: the
        median size of the first nine rewards that are not 0.

    References
    ----------
    .. [1] Ng, Harada & Russell 1999, Proc. 16th ICML, 278-287
    .. [2] Tobler, Fiorillo & Schultz 2005, doi:10.1126/science.1105370
    .. [3] Bayer & Glimcher 2005, doi:10.1016/j.neuron.2005.05.020

    Examples
    --------
    >>> scale = RewardScale()
    >>> for r in (-100.0, -100.0, -1.0):
    ...     scale.begin()
    ...     scale.add(r, gamma=0.9)
    >>> scale.taken(gamma=0.9, last=True), scale.base, scale.unit
    (0.0, -1.0, 99.0)
    """

    def __init__(self, limit: float | None = None) -> None:
        self.limit = limit
        self._sizes: list[float] = []
        self._low, self._high = math.inf, -math.inf
        self._past = self._waiting = 0.0

    @property
    def base(self) -> float:
        """What values are counted from; 0 before rewards have differed."""
        return min(max(0.0, self._low), self._high) if self._low < self._high else 0.0

    @property
    def unit(self) -> float:
        """What values are counted in; 0 before there was a reward other than 0."""
        base = self.base
        return max(self._high - base, base - self._low) if self._low <= self._high else 0.0

    def begin(self) -> None:
        """An episode begins."""
        self._past = self._waiting = 0.0

    def add(self, amount: float, gamma: float) -> None:
        """Add a reward to those since the last decision.

        Parameters
        ----------
        amount : float
            The reward.
        gamma : float
            Discount.
        """
        if self.limit is None and amount != 0.0:
            self._find_limit(abs(amount))
        r = self._counted(amount)
        self._past = gamma * self._past + r
        self._low = min(self._low, r, self._past)
        self._high = max(self._high, r, self._past)
        self._waiting += r

    def taken(self, gamma: float, *, last: bool) -> float:
        """What the rewards since the last decision are worth; they are taken away.

        Parameters
        ----------
        gamma : float
            Discount.
        last : bool
            The episode is over, and the future has no value.

        Returns
        -------
        float
            In units of `unit`.
        """
        r, self._waiting = self._waiting, 0.0
        unit = self.unit
        return (r - (1.0 if last else 1.0 - gamma) * self.base) / unit if unit > 0.0 else 0.0

    def _find_limit(self, size: float) -> None:
        self._sizes.append(size)
        if len(self._sizes) == FIRST:
            self.limit = median(self._sizes)
            # So far they have counted as they were.
            self._low, self._high = self._counted(self._low), self._counted(self._high)
            self._past, self._waiting = self._counted(self._past), self._counted(self._waiting)

    def _counted(self, r: float) -> float:
        limit = self.limit
        if limit is None or r >= -limit:
            return r
        return -limit * (1.0 + GROWTH * (math.log10(-r) - math.log10(limit)))

    # -- saving

    def state(self) -> dict[str, Any]:
        """What determines its future, as JSON can hold it."""
        return dict(vars(self))

    @classmethod
    def from_state(cls, state: dict[str, Any]) -> Self:
        """The scale of a state.

        Parameters
        ----------
        state : dict of object
            What `state` returned.

        Returns
        -------
        RewardScale
            It goes on as the other would have.
        """
        scale = cls()
        vars(scale).update(state)
        return scale
