"""Times in steps."""

from __future__ import annotations

import math
from typing import Any

from engram.errors import InvalidValueError, number


def whole_steps(where: str, ms: Any, dt: float, most: float = math.inf) -> int:
    """A time in steps that has to be a multiple of dt.

    Parameters
    ----------
    where : str
        Names the time in errors.
    ms : float
        The time, ms; 0 or more.
    dt : float
        Time step, ms.
    most : float
        Longest valid time, ms.

    Returns
    -------
    int
        How many steps it is.

    Raises
    ------
    InvalidTypeError, InvalidValueError
        It is no number in [0, most], or no multiple of dt.
    """
    time = number(where, ms, 0.0, most)
    steps = time / dt
    nearest = round(steps)
    # 0.3 / 0.1 is a little less than 3.
    if abs(steps - nearest) <= 1e-9 * max(1.0, steps):
        return nearest
    below = math.floor(steps)
    near = [f"{k * dt:.10g}" for k in (below, below + 1) if k > 0]
    raise InvalidValueError(
        f"{where} must be a multiple of dt = {dt:g} ms, not {time:.10g}; nearest: "
        f"{' and '.join(near)}"
    )
