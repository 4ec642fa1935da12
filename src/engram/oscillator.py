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
    """The rhythms of a brain's regions: I(t) = sum of amplitude sin(2 pi f t + phase) over bands.

    I is a current into every neuron of the region, in the unit of its model. The phase is a
    function of time and seed, so it needs no state. On rhythms: Buzsaki & Draguhn 2004,
    doi:10.1126/science.1099745.
    """

    def __init__(self, brain: Brain) -> None:
        self._brain = brain

    def set(self, region: str, band: str, amplitude: float, frequency: float | None = None) -> None:
        """Let a region oscillate in a band (see `BANDS`); amplitude 0 ends it.

        amplitude: in the unit of current of the region's model; frequency: Hz, by default the
        band's centre. Raises `UnknownNameError` for an unknown region or band.
        """
        r, k = self._place("Oscillators.set", region, band)
        size = number("Oscillators.set: amplitude", amplitude, 0.0)
        hertz = BANDS[band] if frequency is None else frequency
        hertz = number("Oscillators.set: frequency", hertz, 0.0, open_low=True)
        tables = self._brain._tables
        tables["rhythm_setting"][r, k] = size
        tables["rhythm_frequency"][r, k] = hertz
        turn = kernel("random.uniform")(np.uint64(self._brain.seed), STREAM_PHASE, r, k)
        tables["rhythm_phase"][r, k] = 2.0 * math.pi * turn
        self._brain._parameters_changed()

    def amplitude(self, region: str, band: str) -> float:
        """The amplitude of a region's rhythm, as it was set."""
        place = self._place("Oscillators.amplitude", region, band)
        return float(self._brain._tables["rhythm_setting"][place])

    def _place(self, where: str, region: str, band: str) -> tuple[int, int]:
        found = self._brain._region(where, region)
        if band not in tuple(BANDS):
            raise unknown_name(where, "band", band, BANDS)
        return found._index, list(BANDS).index(band)
