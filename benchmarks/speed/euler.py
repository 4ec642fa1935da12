"""Izhikevich's neuron as his programs of 2003 and 2006 step it: half steps of Euler's method."""

from __future__ import annotations

from typing import Any

import numpy as np

from engram.kernels.jit import inline_jit
from engram.neurons import Izhikevich

f32 = np.float32
_HALF, _AL, _FIVE, _REST, _PEAK = f32(0.5), f32(0.04), f32(5.0), f32(140.0), f32(30.0)


@inline_jit
def _update(v, u, a, b, I, dt):  # type: ignore[no-untyped-def] # noqa: E741
    half = _HALF * dt
    v += half * (_AL * v * v + _FIVE * v + _REST - u + I)
    v += half * (_AL * v * v + _FIVE * v + _REST - u + I)
    return v, u + dt * a * (b * v - u), v >= _PEAK


@inline_jit
def _reset(v, u, a, b, c, d, I, dt):  # type: ignore[no-untyped-def] # noqa: E741
    return c, _update(v, u, a, b, I, dt)[1] + d


class EulerIzhikevich(Izhikevich):
    """The scheme of the published programs, which the peers use too.

    It fires less than the exact solution: 7.05 and 8.00 Hz in W2 and W3 instead of 8.0 and 9.1.
    """

    update: Any = staticmethod(_update)
    reset: Any = staticmethod(_reset)
