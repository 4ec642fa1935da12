"""How large a reward is: in units of what rewards have amounted to so far."""

from __future__ import annotations

import math
from statistics import median
from typing import Any, Self

FIRST = 9
"""Rewards other than 0 whose median is the typical size at first."""

RATE = 0.01
"""By this share the typical size follows each reward that is larger or smaller."""

MEMORY = 1000
"""Rewards other than 0 after which a part of the range begins anew; two parts count."""


class RewardScale:
    """Rewards in the range that they have had, whatever their offset and scale.

    Let R <- gamma R + r be the discounted sum of the rewards of an episode so far, and [low, high]
    the range that R and r have had of late: in the last 1000 to 2000 rewards other than 0. With b
    the point of this range that is next to 0, and s the distance from b to the end that is farther
    away, a decision is worth ::

        r' = (r - (1 - gamma) b) / s        (r - b) / s for the last of an episode

    This is the prediction error of values that are counted from b in units of s, so what is best
    stays best (a shaping by a constant potential: Ng, Harada & Russell 1999). Where rewards of 0 or
    of both signs have come, b is 0. b and s are in the unit of rewards. Dopamine neurons adapt to
    the range of rewards, too (Tobler, Fiorillo & Schultz 2005); in artificial networks this is
    adaptive normalisation (van Hasselt et al. 2016). Values learned before the range changed are
    not converted: they are learned again.

    A loss beyond a limit m counts by its logarithm, -m (1 + ln(-r / m)), which has the slope 1 at
    m: one fall from a cliff would make all steps on the way as good as nothing. The depth to which
    dopamine neurons can pause is as limited (Bayer & Glimcher 2005). By default m is the typical
    size of a reward: the median of the first nine that are not 0, and then 1 % larger after each
    that is larger than m, and 1 % smaller after each that is smaller, as the median moves.

    Parameters
    ----------
    limit : float or None
        Size of the punishments from which on they count by their logarithm; inf: never. None: the
        running median size of rewards that are not 0.

    References
    ----------
    .. [1] Ng, Harada & Russell 1999, Proc. 16th ICML, 278-287
    .. [2] Tobler, Fiorillo & Schultz 2005, doi:10.1126/science.1105370
    .. [3] Bayer & Glimcher 2005, doi:10.1016/j.neuron.2005.05.020
    .. [4] van Hasselt et al. 2016, doi:10.48550/arXiv.1602.07714

    Examples
    --------
    >>> from engram.learn.reward_scale import RewardScale
    >>> scale = RewardScale()
    >>> for r in (-100.0, -100.0, -1.0):
    ...     scale.begin()
    ...     scale.add(r, gamma=0.9)
    >>> scale.taken(gamma=0.9, last=True), scale.base, scale.unit
    (0.0, -1.0, 99.0)
    """

    def __init__(self, limit: float | None = None) -> None:
        self.limit = limit
        self._follows = limit is None
        self._sizes: list[float] = []
        self._low, self._high = math.inf, -math.inf
        self._earlier_low, self._earlier_high = math.inf, -math.inf
        self._past = self._waiting = 0.0
        self._seen = 0

    def __repr__(self) -> str:
        return f"<RewardScale, from {self.base:.3g} in units of {self.unit:.3g}>"

    @property
    def _range(self) -> tuple[float, float]:
        return min(self._low, self._earlier_low), max(self._high, self._earlier_high)

    @property
    def base(self) -> float:
        """What values are counted from; 0 before rewards have differed."""
        low, high = self._range
        return min(max(0.0, low), high) if low < high else 0.0

    @property
    def unit(self) -> float:
        """What values are counted in; 0 before there was a reward other than 0."""
        base = self.base
        low, high = self._range
        return max(high - base, base - low) if low <= high else 0.0

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
        if amount != 0.0:
            if self._follows:
                self._follow(abs(amount))
            if self._seen == MEMORY:
                self._seen = 0
                self._earlier_low, self._earlier_high = self._low, self._high
                self._low, self._high = math.inf, -math.inf
            self._seen += 1
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

    def _follow(self, size: float) -> None:
        if self.limit is not None:
            step = 1.0 + RATE
            if size != self.limit:
                self.limit = self.limit * step if size > self.limit else self.limit / step
            return
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
        return -limit * (1.0 + math.log(-r) - math.log(limit))

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
        # Saved before the limit followed: it had been found where there were sizes.
        follows = state["limit"] is None or bool(state["_sizes"])
        vars(scale).update({"_follows": follows, **state})
        return scale
