"""Recorders: spikes, state variables, weights and rates, in bounded memory.

A recorder is attached to a brain with ``brain.record(...)`` and can be detached and read at any
time; it never changes the brain. Spikes are logged by the compiled loop, stamped with the start of
their step; everything else is sampled every `every` ms (a whole number of steps, at least one) at
the end of a step, the first time one interval after attaching. At most `capacity` entries are kept
in memory: the oldest are dropped (``overflow="ring"``), or every other sample is dropped and the
interval doubled (``"decimate"``; not for spikes). With ``"stream"`` all go to a file at `path`, an
``.npy`` that `numpy.load` reads once the recorder is detached.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self

import numpy as np
from numpy.typing import ArrayLike, NDArray

from engram.errors import InvalidValueError, MissingExtraError, indices, integer, number
from engram.mechanisms.rhythms import Oscillators
from engram.network import pathways, population
from engram.network.identities import identities, places
from engram.network.network import Network, Process
from engram.network.records import PathwayRecord, RegionRecord
from engram.recording.stores import InMemory, OnDisk, Rows

if TYPE_CHECKING:
    import pandas as pd

OVERFLOWS = ("ring", "decimate", "stream")
DEFAULT_CAPACITY = 1_000_000


class Recording(Process):
    """Lets a recorder sample, or be told of spikes, while it is attached.

    Parameters
    ----------
    recorder : Recorder
        Whom it serves.
    """

    order = 10
    kept = False

    def __init__(self, recorder: Recorder) -> None:
        super().__init__()
        self._recorder = recorder

    def next_act(self, step: int) -> int | None:
        """The next sample; None for spikes, which are logged.

        Parameters
        ----------
        step : int
            Of the brain.

        Returns
        -------
        int or None
            The first after `step`.
        """
        recorder = self._recorder
        if not recorder.interval:
            return None
        return step + recorder.interval - (step - recorder.from_step) % recorder.interval

    def act(self, step: int) -> None:  # noqa: ARG002
        """Sample.

        Parameters
        ----------
        step : int
            Of the brain.
        """
        self._recorder.take()

    def logged_regions(self) -> tuple[str, ...]:
        """The regions whose spikes are recorded."""
        return self._recorder.logged_regions

    def log(self, steps: NDArray[np.int32], neurons: NDArray[np.int32]) -> None:
        """Hand on spikes.

        Parameters
        ----------
        steps : array of shape (n,), int32
            When they were.
        neurons : array of shape (n,), int32
            Neuron slots of the brain.
        """
        self._recorder.log(steps, neurons)


class Recorder:
    """Base of recorders: attached to a brain until `detach`; usable in a ``with`` statement.

    Parameters
    ----------
    network : Network
        Of the brain.
    column : tuple of (str, str, tuple of int)
        What is stored beside the step: its name, dtype and shape, as for `numpy.dtype`.
    every : float or None
        Sampling interval, ms. None: it is told of spikes.
    capacity : int
        Most entries in memory, 2 at least.
    overflow : str
        What becomes of more: "ring", "decimate" or "stream"; see the module.
    path : str or Path or None
        The file, of "stream".
    extra : int
        Entries kept beyond capacity.

    Raises
    ------
    InvalidTypeError, InvalidValueError
        Arguments don't go together, or one is not valid.
    """

    def __init__(
        self,
        network: Network,
        column: tuple[str, str, tuple[int, ...]],
        every: float | None,
        capacity: int,
        overflow: str,
        path: str | Path | None,
        extra: int = 0,
    ) -> None:
        where = type(self).__name__
        if overflow not in OVERFLOWS:
            raise InvalidValueError(
                f"{where}: overflow must be one of {OVERFLOWS}, not {overflow!r}"
            )
        if (overflow == "stream") != (path is not None):
            raise InvalidValueError(f"{where}: overflow='stream' and path go together")
        if overflow == "decimate" and every is None:
            raise InvalidValueError(f"{where}: spikes can't be decimated; use 'ring' or 'stream'")
        integer(f"{where}: capacity", capacity, 2)
        self._network = network
        self.interval = 0
        """Steps between two samples; 0 for spikes."""
        if every is not None:
            ms = number(f"{where}: every", every, 0.0, open_low=True)
            self.interval = max(1, round(ms / network.dt))
        self._decimate = overflow == "decimate"
        self._dtype = np.dtype([("step", "<i8"), column])
        self._store: InMemory | OnDisk
        if path is None:
            self._store = InMemory(self._dtype, capacity + extra)
        else:
            self._store = OnDisk(self._dtype, Path(path))
        self._attached = False
        self.from_step = network.step_count
        """Intervals count from this step."""
        self._process = Recording(self)

    logged_regions: tuple[str, ...] = ()
    """The regions whose every spike is recorded."""

    def attach(self) -> None:
        """Begin to record; `Brain.record` has done so."""
        self._network.flush_log()
        self._network.add_process(self._process)
        self._attached = True

    @property
    def attached(self) -> bool:
        """Whether it still records."""
        return self._attached

    @property
    def dropped(self) -> int:
        """Entries that had to go to keep within capacity."""
        self._sync()
        return self._store.dropped

    def detach(self) -> None:
        """Stop recording; what was recorded stays readable."""
        if self._attached:
            self._sync()
            self._attached = False
            self._network.remove_process(self._process)
            self._store.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.detach()

    def __len__(self) -> int:
        self._sync()
        return self._store.count

    def _sync(self) -> None:
        if self._attached:
            self._network.flush_log()

    def _rows(self) -> Rows:
        self._sync()
        return self._store.read()

    @property
    def times(self) -> NDArray[np.float64]:
        """Times of the entries, ms: the start of the step for spikes, the end for samples."""
        return np.asarray(self._rows()["step"] * self._network.dt)

    def take(self) -> None:
        """Sample now (called by the run loop every `interval` steps)."""

    def log(self, steps: NDArray[np.int32], neurons: NDArray[np.int32]) -> None:
        """Note down spikes (called by the run loop).

        Parameters
        ----------
        steps : array of shape (n,), int32
            When they were.
        neurons : array of shape (n,), int32
            Neuron slots of the brain.
        """

    def to_pandas(self) -> pd.DataFrame:
        """The entries as a table. Needs pandas (`pip install ".[io]"`).

        Returns
        -------
        pandas.DataFrame
            See the recorders.

        Raises
        ------
        MissingExtraError
            Pandas is not installed.
        """
        raise NotImplementedError


class SpikeRecorder(Recorder):
    """Records the spikes of some regions.

    Neurons are known by their slot: a neuron born into the slot of a dead one goes on under its
    index.

    Parameters
    ----------
    network : Network
        Of the brain.
    regions : sequence of str
        Names of the regions; `Brain.record` takes all there are by default.
    capacity : int
        Most spikes in memory.
    overflow : str
        What becomes of more: "ring" or "stream".
    path : str or Path, optional
        The file, of "stream".
    """

    def __init__(
        self,
        network: Network,
        regions: Sequence[str],
        capacity: int = DEFAULT_CAPACITY,
        overflow: str = "ring",
        path: str | Path | None = None,
    ) -> None:
        super().__init__(network, ("neuron", "<i4", ()), None, capacity, overflow, path)
        self.regions = self.logged_regions = tuple(regions)

    def _mine(self, neurons: NDArray[np.int32], region: str) -> NDArray[np.bool_]:
        mine = self._network.slice(self._network.regions[region])
        return np.asarray((neurons >= mine.start) & (neurons < mine.stop))

    @property
    def sizes(self) -> dict[str, int]:
        """How many neurons each of the recorded regions has now."""
        network = self._network
        return {name: network.count(network.regions[name]) for name in self.regions}

    def log(self, steps: NDArray[np.int32], neurons: NDArray[np.int32]) -> None:
        """Note down the spikes of the recorded regions (called by the run loop).

        Parameters
        ----------
        steps : array of shape (n,), int32
            When they were.
        neurons : array of shape (n,), int32
            Neuron slots of the brain.
        """
        mine = np.zeros(len(neurons), np.bool_)
        for name in self.regions:
            mine |= self._mine(neurons, name)
        rows = np.empty(int(mine.sum()), self._dtype)
        rows["step"], rows["neuron"] = steps[mine], neurons[mine]
        self._store.append(rows)

    def spikes(self, region: str | None = None) -> tuple[NDArray[np.float64], NDArray[np.int64]]:
        """The spikes of one of the recorded regions.

        Parameters
        ----------
        region : str, optional
            Its name. None: the only one.

        Returns
        -------
        times : array of shape (n,), float64
            Starts of the steps, ms.
        neurons : array of shape (n,), int64
            Indices into the region.

        Raises
        ------
        InvalidValueError
            It is not one of the recorded regions.
        """
        name = self.regions[0] if region is None and len(self.regions) == 1 else region
        if name not in self.regions:
            raise InvalidValueError(
                f"SpikeRecorder.spikes: region must be one of {self.regions}, not {name!r}"
            )
        rows = self._rows()
        rows = rows[self._mine(rows["neuron"], name)]
        neurons = rows["neuron"].astype(np.int64) - self._network.first(self._network.regions[name])
        return rows["step"] * self._network.dt, neurons

    def to_pandas(self) -> pd.DataFrame:
        """The spikes as a table. Needs pandas.

        Returns
        -------
        pandas.DataFrame
            Columns time (ms), region, neuron, in order of time.

        Raises
        ------
        MissingExtraError
            Pandas is not installed.
        """
        pandas = _pandas()
        parts = []
        for name in self.regions:
            times, neurons = self.spikes(name)
            parts.append(pandas.DataFrame({"time": times, "region": name, "neuron": neurons}))
        table: pd.DataFrame = pandas.concat(parts, ignore_index=True)
        return table.sort_values("time", kind="stable", ignore_index=True)


class _Sampler(Recorder):
    """Base of recorders that sample at equal intervals, with one column of values."""

    def _sample(self) -> NDArray[Any]:
        """The values now."""
        raise NotImplementedError

    def take(self) -> None:
        now = self._network.step_count
        if isinstance(self._store, InMemory) and self._decimate and self._store.full:
            self.interval *= 2
            self._store.thin(self.from_step, self.interval)
            if (now - self.from_step) % self.interval:
                return
        row = np.empty(1, self._dtype)
        row["step"], row["value"] = now, self._sample()
        self._store.append(row)

    @property
    def values(self) -> NDArray[Any]:
        """Samples, shape (n_samples, n_columns)."""
        return np.asarray(self._rows()["value"])

    def _columns(self) -> Any:
        """Labels of the columns of `values` in a pandas table."""
        raise NotImplementedError

    def to_pandas(self) -> pd.DataFrame:
        """The samples as a table. Needs pandas.

        Returns
        -------
        pandas.DataFrame
            One column a neuron, a synapse (pre, post) or a region, by time in ms.

        Raises
        ------
        MissingExtraError
            Pandas is not installed.
        """
        pandas = _pandas()
        index = pandas.Index(self.times, name="time")
        table: pd.DataFrame = pandas.DataFrame(self.values, index=index, columns=self._columns())
        return table


class StateRecorder(_Sampler):
    """Samples one state variable of some neurons of a region.

    `values` has the shape (n_samples, n_neurons), NaN while a neuron is dead; a neuron born into
    the slot of a dead one goes on under its index.

    Parameters
    ----------
    network : Network
        Of the brain.
    region : RegionRecord
        Settings of the region.
    variable : str
        A name that `Region.state` takes.
    neurons : array_like of shape (k,), optional
        Indices in the region. None: all there are.
    every : float
        Sampling interval, ms.
    capacity : int
        Most samples in memory.
    overflow : str
        What becomes of more: "ring", "decimate" or "stream".
    path : str or Path, optional
        The file, of "stream".
    """

    def __init__(
        self,
        network: Network,
        region: RegionRecord,
        variable: str = "v",
        neurons: ArrayLike | None = None,
        every: float = 1.0,
        capacity: int = 100_000,
        overflow: str = "ring",
        path: str | Path | None = None,
    ) -> None:
        self.region, self.variable = region.name, variable
        dtype, n = population.state(network, region, variable).dtype, network.count(region)
        chosen = np.arange(n) if neurons is None else neurons
        self.neurons = indices("StateRecorder: neurons", chosen, n)
        column = ("value", dtype.str, self.neurons.shape)
        super().__init__(network, column, every, capacity, overflow, path)

    def _sample(self) -> NDArray[Any]:
        network = self._network
        region = network.regions[self.region]
        values: NDArray[Any] = population.state(network, region, self.variable)[self.neurons]
        values[~network.alive(region)[self.neurons]] = np.nan
        return values

    def _columns(self) -> Any:
        return self.neurons


class WeightRecorder(_Sampler):
    """Samples the weights of some synapses of a projection.

    `values` has the shape (n_samples, n_synapses). A synapse is known by its neurons, delay and
    birth, so that growth does not mix them up; one that is gone reads NaN.

    Parameters
    ----------
    network : Network
        Of the brain.
    pathway : PathwayRecord
        Settings of the projection.
    synapses : array_like of shape (k,), optional
        Indices into its arrays. None: all there are.
    every : float
        Sampling interval, ms.
    capacity : int
        Most samples in memory.
    overflow : str
        What becomes of more: "ring", "decimate" or "stream".
    path : str or Path, optional
        The file, of "stream".
    """

    def __init__(
        self,
        network: Network,
        pathway: PathwayRecord,
        synapses: ArrayLike | None = None,
        every: float = 100.0,
        capacity: int = 10_000,
        overflow: str = "ring",
        path: str | Path | None = None,
    ) -> None:
        n = pathways.n_synapses(network, pathway)
        chosen = indices(
            "WeightRecorder: synapses", np.arange(n) if synapses is None else synapses, n
        )
        self._pathway = pathway
        self._identities = identities(network, pathway)[chosen]
        self.pre, self.post = self._identities[:, 0], self._identities[:, 1]
        column = ("value", "<f4", chosen.shape)
        super().__init__(network, column, every, capacity, overflow, path)
        self._places, self._structure_version = chosen, network.structure_version

    def _sample(self) -> NDArray[Any]:
        network = self._network
        if self._structure_version != network.structure_version:
            self._structure_version = network.structure_version
            self._places = places(self._identities, identities(network, self._pathway))
        weights = pathways.weights(network, self._pathway)
        return np.append(weights, np.float32(np.nan))[self._places]

    def _columns(self) -> Any:
        return _pandas().MultiIndex.from_arrays([self.pre, self.post], names=["pre", "post"])


class RateRecorder(_Sampler):
    """Samples the mean firing rate of regions, Hz, in bins of `every` ms.

    `values` has the shape (n_samples, n_regions): spikes of a region in the bin that ends at the
    sample's time, by the neurons alive then and by the length of the bin. Stored are the spikes so
    far, so that bins stay exact when they are merged.

    Parameters
    ----------
    network : Network
        Of the brain.
    regions : sequence of str
        Names of the regions.
    every : float
        Length of the bins, ms.
    capacity : int
        Most bins in memory.
    overflow : str
        What becomes of more: "ring", "decimate" or "stream".
    path : str or Path, optional
        The file, of "stream".
    """

    def __init__(
        self,
        network: Network,
        regions: Sequence[str],
        every: float = 10.0,
        capacity: int = 100_000,
        overflow: str = "ring",
        path: str | Path | None = None,
    ) -> None:
        self.regions = tuple(regions)
        column = ("value", "<i8", (2, len(self.regions)))
        # The first row is where the first bin begins.
        super().__init__(network, column, every, capacity, overflow, path, extra=1)
        self.take()

    def _sample(self) -> NDArray[Any]:
        network = self._network
        regions = [network.regions[name] for name in self.regions]
        spikes = network.tables["region_spikes"][[region.index for region in regions]]
        return np.array([spikes, [population.n_alive(network, r) for r in regions]])

    def __len__(self) -> int:
        return super().__len__() - 1

    @property
    def times(self) -> NDArray[np.float64]:
        """Ends of the bins, ms."""
        return super().times[1:]

    @property
    def values(self) -> NDArray[np.float64]:
        """Rates in Hz, shape (n_samples, n_regions)."""
        rows = self._rows()
        spikes, alive = np.diff(rows["value"][:, 0], axis=0), rows["value"][1:, 1]
        seconds = np.diff(rows["step"])[:, None] * (self._network.dt / 1000.0)
        return np.asarray(spikes / np.maximum(alive, 1) / seconds, np.float64)

    def _columns(self) -> Any:
        return list(self.regions)


class RhythmRecorder(_Sampler):
    """Samples the rhythm currents of regions, see `engram.mechanisms.rhythms`.

    `values` has the shape (n_samples, n_regions): what the step that begins at the sample's time
    gets.

    Parameters
    ----------
    network : Network
        Of the brain.
    regions : sequence of str
        Names of the regions.
    every : float
        Sampling interval, ms.
    capacity : int
        Most samples in memory.
    overflow : str
        What becomes of more: "ring", "decimate" or "stream".
    path : str or Path, optional
        The file, of "stream".
    """

    def __init__(
        self,
        network: Network,
        regions: Sequence[str],
        every: float = 1.0,
        capacity: int = 100_000,
        overflow: str = "ring",
        path: str | Path | None = None,
    ) -> None:
        self.regions = tuple(regions)
        super().__init__(
            network, ("value", "<f4", (len(self.regions),)), every, capacity, overflow, path
        )

    def _sample(self) -> NDArray[Any]:
        rhythms = self._network.find(Oscillators)
        return np.array([rhythms.current(name) for name in self.regions])

    def _columns(self) -> Any:
        return list(self.regions)


def _pandas() -> Any:
    try:
        import pandas
    except ImportError as error:
        raise MissingExtraError("Recorder.to_pandas", "pandas", "io") from error
    return pandas


__all__ = [
    "RateRecorder",
    "Recorder",
    "RhythmRecorder",
    "SpikeRecorder",
    "StateRecorder",
    "WeightRecorder",
]
