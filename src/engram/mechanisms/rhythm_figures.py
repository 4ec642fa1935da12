"""What can be asked of a region's rhythms."""

from __future__ import annotations

import math

from engram.errors import unknown_name
from engram.kernels.calls import kernel
from engram.mechanisms.bands import BANDS
from engram.network.network import Process


class RhythmFigures(Process):
    """Amplitudes, frequencies, phases and currents of the rhythms that a brain's regions have."""

    def amplitude(self, region: str, band: str) -> float:
        """The amplitude of a region's rhythm, as it was set.

        Parameters
        ----------
        region : str
            Name of the region.
        band : str
            A name in `BANDS`.

        Returns
        -------
        float
            In the unit of current of the region's model.
        """
        place = self.place("Oscillators.amplitude", region, band)
        return float(self.network.tables["rhythm_setting"][place])

    def frequency(self, region: str, band: str) -> float:
        """The frequency of a region's rhythm when nothing pulls at it.

        Parameters
        ----------
        region : str
            Name of the region.
        band : str
            A name in `BANDS`.

        Returns
        -------
        float
            Frequency, Hz.
        """
        place = self.place("Oscillators.frequency", region, band)
        return float(self.network.tables["rhythm_frequency"][place])

    def phase(self, region: str, band: str) -> float:
        """The phase of a region's rhythm now.

        Parameters
        ----------
        region : str
            Name of the region.
        band : str
            A name in `BANDS`.

        Returns
        -------
        float
            In [0, 2 pi), rad; 0 is the peak of its current.
        """
        place = self.place("Oscillators.phase", region, band)
        tables = self.network.tables
        frequency, start = tables["rhythm_frequency"][place], tables["rhythm_phase"][place]
        now = float(kernel("rhythms.phase_at")(frequency, start, self.network.time))
        return now % (2.0 * math.pi)

    def current(self, region: str) -> float:
        """The sum of a region's rhythms now, as the next step will see it.

        Parameters
        ----------
        region : str
            Name of the region.

        Returns
        -------
        float
            In the unit of current of the region's model.
        """
        r = self.network.region("Oscillators.current", region).index
        if self.network.frozen["oscillations"]:
            return 0.0
        tables = self.network.tables
        names = ("rhythm_setting", "rhythm_frequency", "rhythm_phase", "nest_depth", "nest_band")
        parts = [tables[name][r] for name in (*names, "nest_phase")]
        return float(kernel("rhythms.current_of")(*parts, self.network.time))

    def place(self, where: str, region: str, band: str) -> tuple[int, int]:
        """Where a rhythm stands in the tables.

        Parameters
        ----------
        where : str
            Who asks, for errors.
        region : str
            Name of the region.
        band : str
            A name in `BANDS`.

        Returns
        -------
        tuple of (int, int)
            Its row and column.

        Raises
        ------
        UnknownNameError
            There is no such region or band.
        """
        found = self.network.region(where, region)
        if not isinstance(band, str) or band not in BANDS:
            raise unknown_name(where, "band", band, BANDS)
        return found.index, list(BANDS).index(band)
