"""Rhythms: oscillating currents of regions, their coupling, and gates of learning."""

from __future__ import annotations

import math

import numpy as np

from engram.engine import loops
from engram.engine.entries import check_gate
from engram.errors import InvalidValueError, flag, number
from engram.kernels.calls import kernel
from engram.kernels.constants import MOST_INPUT, STREAM_PHASE
from engram.mechanisms.bands import BANDS, COUPLINGS, GATES, REGION_RHYTHMS
from engram.mechanisms.rhythm_figures import RhythmFigures
from engram.network.defaults import current_unit
from engram.network.interrupts import whole
from engram.network.records import RegionRecord


class Oscillators(RhythmFigures):
    """The rhythms of a brain's regions: I(t) = sum of A_k g_k(t) cos(theta_k(t)) over bands k.

    theta_k = 2 pi f_k t + phi_k, and phase 0 is the peak. I is a current into every neuron of the
    region, in the unit of its model. A brain starts without rhythms: all A_k are 0, until `set` or
    `use_defaults`. Phases go on in any case; phi_k is drawn from the seed and moved by `couple`
    only, so that what is not used costs nothing. g_k is 1 unless the rhythm is nested in a slower
    one, see `nest`. A brain has its own as `Brain.oscillators`.

    References
    ----------
    .. [1] On rhythms: Buzsaki & Draguhn 2004, doi:10.1126/science.1099745

    Examples
    --------
    >>> from engram import Brain, RegionType
    >>> brain = Brain(seed=1)
    >>> _ = brain.add_region("memory", RegionType.MEMORY, n_neurons=100)
    >>> brain.oscillators.set("memory", "gamma", 3.0)
    >>> brain.oscillators.nest("memory", "gamma", within="theta", depth=0.8)
    """

    name = "oscillations"
    order = 10

    def bind(self) -> None:
        """Amplitudes and gates, and whether the compiled loop of rhythms is needed."""
        network, tables = self.network, self.network.tables
        silent = network.frozen["oscillations"]
        tables["rhythm_amplitude"][:] = 0.0 if silent else tables["rhythm_setting"]
        learning = [pathway.rule is not None for pathway in network.pathways]
        tables["gated"][:] = 0 if silent else (tables["gate_depth"] > 0) & learning
        sounding = tables["rhythm_amplitude"].any() or tables["gated"].any()
        if not sounding:
            tables["rhythm_current"][:] = 0
        # Phases that are coupled go on in silence; others are a function of time.
        running = sounding or tables.sizes["U"] > 0
        tables["rhythm_entry"][0] = loops.rhythm_loop().address if running else 0

    def region_added(self, region: RegionRecord) -> None:
        # Its frequencies, and its phases, which follow from the seed.
        tables, r, uniform = self.network.tables, region.index, kernel("random.uniform")
        tables["rhythm_frequency"][r] = list(BANDS.values())
        seed = np.uint64(self.network.seed)
        turns = [uniform(seed, STREAM_PHASE, region.stream, k) for k in range(len(BANDS))]
        tables["rhythm_phase"][r] = 2.0 * math.pi * np.array(turns)

    # -- generators

    @whole
    def set(
        self,
        region: str,
        band: str,
        amplitude: float | None = None,
        frequency: float | None = None,
        phase: float | None = None,
    ) -> None:
        """Let a region oscillate in a band (see `BANDS`); amplitude 0 ends it.

        Parameters
        ----------
        region : str
            Name of the region.
        band : str
            A name in `BANDS`.
        amplitude : float, optional
            In the unit of current of the region's model. None: as it is, and where it is 0, that of
            the region's type (`REGION_RHYTHMS`; 1 for a band the type has not).
        frequency : float, optional
            Hz. None: as it is, at first the band's centre. The phase runs on without a jump.
        phase : float, optional
            Phase now, rad. None: as it is.

        Raises
        ------
        UnknownNameError
            There is no such region or band.
        InvalidTypeError, InvalidValueError
            A value is no number or out of range; a frequency has no two steps a cycle.
        """
        where = "Oscillators.set"
        place = self.place(where, region, band)
        tables = self.network.tables
        size = float(tables["rhythm_setting"][place])
        if amplitude is not None:
            size = number(f"{where}: amplitude", amplitude, 0.0, MOST_INPUT)
        elif not size:
            size = self._default(region, band)
        now = self.phase(region, band)
        if frequency is not None:
            hertz = number(f"{where}: frequency", frequency, 0.0, open_low=True)
            if hertz > 500.0 / self.network.dt:
                raise InvalidValueError(
                    f"{where}: frequency must be at most half a cycle a step, "
                    f"{500.0 / self.network.dt:g} Hz at dt = {self.network.dt:g} ms, not {hertz:g}"
                )
        else:
            hertz = float(tables["rhythm_frequency"][place])
        if phase is not None:
            now = number(f"{where}: phase", phase)
        if phase is not None or hertz != tables["rhythm_frequency"][place]:
            since = kernel("rhythms.phase_at")(hertz, 0.0, self.network.time)
            tables["rhythm_phase"][place] = (now - since) % (2.0 * math.pi)
        tables["rhythm_frequency"][place] = hertz
        tables["rhythm_setting"][place] = size
        self.network.parameters_changed()

    @whole
    def use_defaults(self, region: str | None = None) -> None:
        """Give a region the rhythms of its type, gamma nested in theta.

        See `REGION_RHYTHMS`; amplitudes are in units of the model. Other bands stay as they are.

        Parameters
        ----------
        region : str, optional
            Name of the region. None: all regions there are.

        Raises
        ------
        UnknownNameError
            There is no such region.
        """
        names = list(self.network.regions) if region is None else [region]
        for name in names:
            found = self.network.region("Oscillators.use_defaults", name)
            rhythms = REGION_RHYTHMS[found.region_type]
            for band in rhythms:
                self.set(name, band, self._default(name, band))
            if {"theta", "gamma"} <= set(rhythms):
                self.nest(name, "gamma", within="theta")

    def _default(self, region: str, band: str) -> float:
        found = self.network.regions[region]
        size = REGION_RHYTHMS[found.region_type].get(band, 1.0)
        return size * current_unit(found.model)

    # -- coupling

    @whole
    def nest(
        self,
        region: str,
        band: str,
        within: str = "theta",
        depth: float = 1.0,
        preferred_phase: float = 0.0,
    ) -> None:
        """Let a slower rhythm of the region modulate the amplitude of a faster one.

        g(t) = 1 - depth + depth (1 + cos(theta_slow - preferred_phase)) / 2: phase-amplitude
        coupling, as of gamma in theta (Canolty et al. 2006; Tort et al. 2010, whose modulation
        index is `engram.analysis.modulation_index`). The slow rhythm need not have an amplitude of
        its own.

        Parameters
        ----------
        region : str
            Name of the region.
        band : str
            The faster one, a name in `BANDS`.
        within : str
            The slower one.
        depth : float
            In [0, 1]; 0 ends it.
        preferred_phase : float
            Phase of the slow rhythm at which the fast one is strongest, rad.

        Raises
        ------
        UnknownNameError
            There is no such region or band.
        InvalidTypeError, InvalidValueError
            `within` is not slower than `band`, or a value is no number or out of range.

        References
        ----------
        .. [1] Canolty et al. 2006, doi:10.1126/science.1128115
        .. [2] Tort et al. 2010, doi:10.1152/jn.00106.2010
        """
        where = "Oscillators.nest"
        r, k = self.place(where, region, band)
        slow = self.place(where, region, within)[1]
        if slow >= k:
            raise InvalidValueError(
                f"{where}: {within!r} is not slower than {band!r}; bands from slow to fast are "
                f"{tuple(BANDS)}"
            )
        share = number(f"{where}: depth", depth, 0.0, 1.0)
        preferred = number(f"{where}: preferred_phase", preferred_phase)
        tables = self.network.tables
        tables["nest_depth"][r, k] = share
        tables["nest_band"][r, k] = slow
        tables["nest_phase"][r, k] = preferred
        self.network.parameters_changed()

    @whole
    def couple(
        self,
        source: str,
        target: str,
        band: str,
        strength: float,
        lag: float = 0.0,
        bidirectional: bool = False,
    ) -> None:
        """Let the phase of one region's rhythm pull at that of another (Kuramoto's model).

        d theta_target / dt = 2 pi f + sum of strength sin(theta_source - theta_target - lag) over
        all that pull, with time in seconds. Two that pull at each other lock if |2 pi (f_1 - f_2)|
        is below the sum of their strengths. Setting a pair again replaces it.

        Parameters
        ----------
        source : str
            Name of the region that pulls.
        target : str
            Name of the region that is pulled.
        band : str
            A name in `BANDS`.
        strength : float
            How strongly, rad/s; 0 ends it.
        lag : float
            By how much the target lags behind, rad.
        bidirectional : bool
            Let the target pull at the source, too.

        Raises
        ------
        UnknownNameError
            There is no such region or band.
        InvalidTypeError, InvalidValueError
            A value is no number or out of range, phases would jump within a step, or source and
            target are one region.

        References
        ----------
        .. [1] Kuramoto 1984, doi:10.1007/978-3-642-69689-3
        .. [2] Acebron et al. 2005, doi:10.1103/RevModPhys.77.137
        """
        where = "Oscillators.couple"
        i, k = self.place(where, source, band)
        j = self.place(where, target, band)[0]
        if i == j:
            raise InvalidValueError(f"{where}: source and target are both {source!r}")
        size = number(f"{where}: strength", strength, 0.0)
        if size * self.network.dt > 500.0:
            raise InvalidValueError(
                f"{where}: strength must be at most {500.0 / self.network.dt:g} rad/s at dt = "
                f"{self.network.dt:g} ms, not {size:g}: phases would jump within a step"
            )
        behind, both = number(f"{where}: lag", lag), flag(f"{where}: bidirectional", bidirectional)
        self._set_coupling(i, j, k, size, behind)
        if both:
            self._set_coupling(j, i, k, size, behind)
        self.network.parameters_changed()

    def _set_coupling(self, source: int, target: int, band: int, size: float, lag: float) -> None:
        tables = self.network.tables
        columns = (*COUPLINGS, "coupling_strength", "coupling_lag")
        rows = np.stack([tables[name].astype(np.float64) for name in columns], axis=1)
        wanted = [source, target, band]
        rows = rows[~(rows[:, :3] == wanted).all(axis=1)]
        if size > 0:
            rows = np.vstack([rows, [*wanted, size, lag]])
        # In an order of their own, so that sums do not depend on the order of the calls.
        rows = rows[np.lexsort(rows[:, 2::-1].T)]
        tables.resize(U=len(rows))
        for name, column in zip(columns, rows.T, strict=True):
            tables[name][:] = column

    def coupling(self, source: str, target: str, band: str) -> float:
        """The strength of a coupling.

        Parameters
        ----------
        source : str
            Name of the region that pulls.
        target : str
            Name of the region that is pulled.
        band : str
            A name in `BANDS`.

        Returns
        -------
        float
            Strength, rad/s; 0 where there is none.
        """
        where = "Oscillators.coupling"
        i, k = self.place(where, source, band)
        j = self.place(where, target, band)[0]
        tables = self.network.tables
        here = np.ones(tables.sizes["U"], np.bool_)
        for name, value in zip(COUPLINGS, (i, j, k), strict=True):
            here &= tables[name] == value
        return float(tables["coupling_strength"][here].sum())

    def synchrony(self, band: str) -> float:
        """Kuramoto's order parameter of a band: |mean of exp(i theta)| over regions.

        Parameters
        ----------
        band : str
            A name in `BANDS`.

        Returns
        -------
        float
            In [0, 1]; 1: all regions are in phase.
        """
        phases = [self.phase(name, band) for name in self.network.regions]
        return float(np.abs(np.exp(1j * np.array(phases)).mean())) if phases else 0.0

    # -- gates of learning

    @whole
    def gate_learning(
        self,
        source: str,
        target: str,
        band: str = "theta",
        depth: float = 1.0,
        preferred_phase: float = 0.0,
        region: str | None = None,
        name: str | None = None,
    ) -> None:
        """Let a rhythm gate a projection's learning.

        What the rule changes (of the weight, or of the eligibility if modulated by dopamine) is
        multiplied by 1 - depth + depth (1 + cos(theta - preferred_phase)) / 2 at the time of the
        event. Synaptic scaling is not gated. Potentiation is strongest at the peak of theta
        (Huerta & Lisman 1995; Hasselmo et al. 2002).

        Parameters
        ----------
        source, target : str
            Names of the regions that the projection connects.
        band : str
            A name in `BANDS`.
        depth : float
            In [0, 1]; 0 ends it.
        preferred_phase : float
            Phase at which learning is strongest, rad.
        region : str, optional
            Name of the region whose rhythm it is. None: the target. It needs no amplitude.
        name : str, optional
            That the projection was given.

        Raises
        ------
        UnknownNameError
            There is no such projection, region or band.
        InvalidTypeError, InvalidValueError
            A value is no number or out of range, or the projection does not learn, or by a rule
            that can't be gated.

        References
        ----------
        .. [1] Huerta & Lisman 1995, doi:10.1016/0896-6273(95)90008-X
        .. [2] Hasselmo et al. 2002, doi:10.1162/089976602317318965
        """
        where = "Oscillators.gate_learning"
        projection = self.network.pathway(where, source, target, name)
        r, k = self.place(where, target if region is None else region, band)
        share = number(f"{where}: depth", depth, 0.0, 1.0)
        preferred = number(f"{where}: preferred_phase", preferred_phase)
        if share > 0:
            if projection.rule is None:
                raise InvalidValueError(
                    f"{where}: {projection.label} does not learn; assign Projection.rule first"
                )
            check_gate(where, type(projection.rule))
        tables, p = self.network.tables, projection.index
        for column, value in zip(GATES, (r, k, share, preferred), strict=True):
            tables[column][p] = value
        self.network.parameters_changed()

    def learning_gate(self, source: str, target: str, name: str | None = None) -> float:
        """What a rhythm multiplies a projection's changes by now.

        Parameters
        ----------
        source, target : str
            Names of the regions that the projection connects.
        name : str, optional
            That it was given.

        Returns
        -------
        float
            In [0, 1]; 1 without a gate.
        """
        where = "Oscillators.learning_gate"
        projection = self.network.pathway(where, source, target, name)
        tables, p = self.network.tables, projection.index
        if self.network.frozen["oscillations"]:
            return 1.0
        place = int(tables["gate_region"][p]), int(tables["gate_band"][p])
        frequency, start = tables["rhythm_frequency"][place], tables["rhythm_phase"][place]
        now = kernel("rhythms.phase_at")(frequency, start, self.network.time)
        return float(kernel("rhythms.swing")(tables["gate_depth"][p], now, tables["gate_phase"][p]))
