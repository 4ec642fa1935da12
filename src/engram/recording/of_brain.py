"""What a brain records: the recorder, by the name of what is asked for."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Literal, Protocol, overload

from numpy.typing import ArrayLike

from engram.network.network import Network
from engram.network.records import PathwayRecord
from engram.network.turns import alone
from engram.recording.record import record
from engram.recording.recorders import (
    RateRecorder,
    Recorder,
    RhythmRecorder,
    SpikeRecorder,
    StateRecorder,
    WeightRecorder,
)


class Pathway(Protocol):
    """A `Projection`."""

    @property
    def record(self) -> PathwayRecord:
        """What it is in the network."""


Regions = str | Sequence[str] | None


class Recording:
    """Recorders of a `Brain`."""

    network: Network

    @overload
    def record(
        self,
        what: Literal["spikes"] = "spikes",
        regions: Regions = None,
        *,
        capacity: int | None = None,
        overflow: str = "ring",
        path: str | Path | None = None,
    ) -> SpikeRecorder: ...
    @overload
    def record(
        self,
        what: Literal["rates"],
        regions: Regions = None,
        *,
        every: float | None = None,
        capacity: int | None = None,
        overflow: str = "ring",
        path: str | Path | None = None,
    ) -> RateRecorder: ...
    @overload
    def record(
        self,
        what: Literal["rhythms"],
        regions: Regions = None,
        *,
        every: float | None = None,
        capacity: int | None = None,
        overflow: str = "ring",
        path: str | Path | None = None,
    ) -> RhythmRecorder: ...
    @overload
    def record(
        self,
        what: Literal["weights"],
        regions: Pathway,
        *,
        synapses: ArrayLike | None = None,
        every: float | None = None,
        capacity: int | None = None,
        overflow: str = "ring",
        path: str | Path | None = None,
    ) -> WeightRecorder: ...
    @overload
    def record(
        self,
        what: Literal["v", "u", "theta", "activity", "exc", "inh"],
        regions: Regions = None,
        *,
        neurons: ArrayLike | None = None,
        every: float | None = None,
        capacity: int | None = None,
        overflow: str = "ring",
        path: str | Path | None = None,
    ) -> StateRecorder: ...
    @overload
    def record(
        self,
        what: str,
        regions: Regions | Pathway = None,
        *,
        neurons: ArrayLike | None = None,
        synapses: ArrayLike | None = None,
        every: float | None = None,
        capacity: int | None = None,
        overflow: str = "ring",
        path: str | Path | None = None,
    ) -> Recorder: ...
    @alone
    def record(
        self,
        what: str = "spikes",
        regions: Regions | Pathway = None,
        *,
        neurons: ArrayLike | None = None,
        synapses: ArrayLike | None = None,
        every: float | None = None,
        capacity: int | None = None,
        overflow: str = "ring",
        path: str | Path | None = None,
    ) -> Recorder:
        """Attach a recorder; `Recorder.detach` ends it.

        Parameters
        ----------
        what : str
            "spikes", "rates" or "rhythms" (of one, several or all regions), "weights" (of a
            `Projection`, all or some synapses), or a state variable of one region's neurons ("v",
            "u", "theta", "activity", ...).
        regions : str, sequence of str or Projection, optional
            Of what. None: all regions.
        neurons, synapses : array_like of shape (k,), optional
            Which, of state variables or weights. None: all.
        every : float, optional
            Sampling interval, ms, a multiple of dt.
        capacity : int, optional
            Most entries in memory. None: as many as fit into 256 MiB.
        overflow, path : str, path-like
            What becomes of more: "ring" (the oldest go), "decimate" (every other one goes) or, with
            a path, "stream" (all go to that file).

        Returns
        -------
        Recorder
            Attached.

        Examples
        --------
        >>> from engram import Brain
        >>> brain = Brain(seed=1)
        >>> cortex = brain.add_region("cortex", n_neurons=20)
        >>> spikes = brain.record("spikes")
        >>> voltage = brain.record("v", "cortex", neurons=[0], every=5.0)
        >>> brain.run(50)
        >>> voltage.values.shape, spikes.regions
        ((10, 1), ('cortex',))
        """
        pathway = getattr(regions, "record", None)
        return record(
            self.network,
            what,
            pathway if isinstance(pathway, PathwayRecord) else regions,  # type: ignore[arg-type]
            neurons=neurons,
            synapses=synapses,
            every=every,
            capacity=capacity,
            overflow=overflow,
            path=path,
        )
