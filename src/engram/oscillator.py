"""Rhythms: sinusoidal background currents of regions."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np

from engram.engine.binding import kernel
from engram.errors import number, unknown_name
from engram.kernels.constants import STREAM_PHASE

if TYPE_CHECKING:
    from engram.brain import Brain

BANDS: dict[str, float] = {"delta": 2.0, "theta": 6.0, "alpha": 10.0, "beta": 20.0, "gamma": 40.0}
"""Centre frequencies, Hz."""


class Oscillators:
    """The rhythms of a brain's regions: I(t) = amplitude sin(2 pi f t + phase) in each band.

    The phase is a function of time and seed, so it needs no state.
    """

    def __init__(self, brain: Brain) -> None:
        self._brain = brain

    def set(self, region: str, band: str, amplitude: float, frequency: float | None = None) -> None:
        """Let a region oscillate in a band, with an amplitude in units of its input current."""
        if region not in self._brain.regions:
            raise unknown_name("Oscillators.set", "region", region, self._brain.regions)
        if band not in BANDS:
            raise unknown_name("Oscillators.set", "band", band, BANDS)
        size = number("Oscillators.set: amplitude", amplitude, 0.0)
        hertz = BANDS[band] if frequency is None else frequency
        hertz = number("Oscillators.set: frequency", hertz, 0.0, open_low=True)
        r, k = self._brain.regions[region]._index, list(BANDS).index(band)
        tables = self._brain._tables
        tables["rhythm_amplitude"][r, k] = size
        tables["rhythm_frequency"][r, k] = hertz
        turn = kernel("random.uniform")(np.uint64(self._brain.seed), STREAM_PHASE, r, k)
        tables["rhythm_phase"][r, k] = 2.0 * math.pi * turn

    def amplitude(self, region: str, band: str) -> float:
        """The amplitude of a region's rhythm."""
        r, k = self._brain.regions[region]._index, list(BANDS).index(band)
        return float(self._brain._tables["rhythm_amplitude"][r, k])
