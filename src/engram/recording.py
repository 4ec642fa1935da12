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

import weakref
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO, Self

import numpy as np
from numpy.lib import format as npy
from numpy.typing import ArrayLike, NDArray

from engram.errors import InvalidValueError, MissingExtraError, indices, integer, number

if TYPE_CHECKING:
    import pandas as pd

    from engram.brain import Brain
    from engram.projection import Projection
    from engram.region import Region

OVERFLOWS = ("ring", "decimate", "stream")
DEFAULT_CAPACITY = 1_000_000

Rows = NDArray[Any]
"""Structured: ``step`` and the columns of the recorder."""


class _Memory:
    """The latest `capacity` rows."""

    def __init__(self, dtype: np.dtype[Any], capacity: int) -> None:
        self._rows = np.empty(min(capacity, 1024), dtype)
        self._capacity = capacity
        self._end = 0
        """Rows so far, thinned out ones left out: modulo `capacity`, where the next one goes."""
        self._thinned = 0

    @property
    def count(self) -> int:
        return min(self._end, self._capacity)

    @property
    def full(self) -> bool:
        return self._end >= self._capacity

    @property
    def dropped(self) -> int:
        return self._thinned + self._end - self.count

    def append(self, rows: Rows) -> None:
        end, room = self._end + len(rows), len(self._rows)
        if room < min(end, self._capacity):
            grown = np.empty(min(self._capacity, max(end, 2 * room)), self._rows.dtype)
            grown[: self._end] = self._rows[: self._end]
            self._rows = grown
        kept = rows[-self._capacity :]
        self._rows[np.arange(end - len(kept), end) % self._capacity] = kept
        self._end = end

    def thin(self, origin: int, every: int) -> None:
        """Keep the rows whose step is on the grid of `every` steps from `origin`."""
        rows = self.read()
        kept = rows[(rows["step"] - origin) % every == 0]
        self._thinned += len(rows) - len(kept)
        self._rows[: len(kept)] = kept
        self._end = len(kept)

    def read(self) -> Rows:
        """All rows, the oldest first: a copy."""
        return np.roll(self._rows[: self.count], -(self._end % self._capacity) if self.full else 0)

    def close(self) -> None:
        """Nothing to do."""


class _Disk:
    """All rows, in an ``.npy`` file whose header is kept up to date when it is read or closed."""

    dropped = 0

    def __init__(self, dtype: np.dtype[Any], path: Path) -> None:
        self._dtype, self.path = dtype, path
        self.count = 0
        self._file: BinaryIO = path.open("wb")
        # However the recorder goes, the file is closed.
        self._close_file = weakref.finalize(self, self._file.close)
        self._write_header()

    def _write_header(self) -> None:
        # NumPy pads headers so that the length can grow in place.
        self._file.seek(0)
        npy.write_array_header_1_0(
            self._file,
            {"descr": self._dtype.descr, "fortran_order": False, "shape": (self.count,)},
        )
        self._file.seek(0, 2)

    def append(self, rows: Rows) -> None:
        self._file.write(rows.tobytes())
        self.count += len(rows)

    def read(self) -> Rows:
        """All rows, the oldest first."""
        if self._close_file.alive:
            self._write_header()
            self._file.flush()
        rows: Rows = np.load(self.path)
        return rows

    def close(self) -> None:
        if self._close_file.alive:
            self._write_header()
            self._close_file()


class Recorder:
    """Base of recorders: attached to a brain until `detach`; usable in a ``with`` statement."""

    def __init__(
        self,
        brain: Brain,
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
        self._brain = brain
        self.interval = 0
        """Steps between two samples; 0 for spikes."""
        if every is not None:
            ms = number(f"{where}: every", every, 0.0, open_low=True)
            self.interval = max(1, round(ms / brain.dt))
        self._decimate = overflow == "decimate"
        self._dtype = np.dtype([("step", "<i8"), column])
        self._store: _Memory | _Disk
        if path is None:
            self._store = _Memory(self._dtype, capacity + extra)
        else:
            self._store = _Disk(self._dtype, Path(path))
        self._attached = True
        self._from_step = brain.step_count

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
            self._brain._recorders.remove(self)
            self._brain._recorders_changed()
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
            self._brain._flush_log()

    def _rows(self) -> Rows:
        self._sync()
        return self._store.read()

    @property
    def times(self) -> NDArray[np.float64]:
        """Times of the entries, ms: the start of the step for spikes, the end for samples."""
        return np.asarray(self._rows()["step"] * self._brain.dt)

    def _take(self) -> None:
        """Sample now (called by the run loop every `interval` steps)."""

    def to_pandas(self) -> pd.DataFrame:
        """The entries as a table. Needs pandas (`pip install "engram[io]"`)."""
        raise NotImplementedError


class SpikeRecorder(Recorder):
    """Records the spikes of some regions (all there are by default).

    Neurons are known by their slot: a neuron born into the slot of a dead one goes on under its
    index.
    """

    def __init__(
        self,
        brain: Brain,
        regions: Sequence[str],
        capacity: int = DEFAULT_CAPACITY,
        overflow: str = "ring",
        path: str | Path | None = None,
    ) -> None:
        super().__init__(brain, ("neuron", "<i4", ()), None, capacity, overflow, path)
        self.regions = tuple(regions)

    def _mine(self, neurons: NDArray[np.int32], region: str) -> NDArray[np.bool_]:
        view = self._brain.regions[region]
        return (neurons >= view._first) & (neurons < view._first + view.n_neurons)

    def _log(self, steps: NDArray[np.int32], neurons: NDArray[np.int32]) -> None:
        mine = np.zeros(len(neurons), np.bool_)
        for name in self.regions:
            mine |= self._mine(neurons, name)
        rows = np.empty(int(mine.sum()), self._dtype)
        rows["step"], rows["neuron"] = steps[mine], neurons[mine]
        self._store.append(rows)

    def spikes(self, region: str | None = None) -> tuple[NDArray[np.float64], NDArray[np.int64]]:
        """(times in ms, neurons as indices into the region) of one of the recorded regions."""
        name = self.regions[0] if region is None and len(self.regions) == 1 else region
        if name not in self.regions:
            raise InvalidValueError(
                f"SpikeRecorder.spikes: region must be one of {self.regions}, not {name!r}"
            )
        rows = self._rows()
        rows = rows[self._mine(rows["neuron"], name)]
        neurons = rows["neuron"].astype(np.int64) - self._brain.regions[name]._first
        return rows["step"] * self._brain.dt, neurons

    def to_pandas(self) -> pd.DataFrame:
        """Columns time (ms), region, neuron, in order of time. Needs pandas."""
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

    def _take(self) -> None:
        now = self._brain.step_count
        if isinstance(self._store, _Memory) and self._decimate and self._store.full:
            self.interval *= 2
            self._store.thin(self._from_step, self.interval)
            if (now - self._from_step) % self.interval:
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
        """One column a neuron, a synapse (pre, post) or a region, by time in ms. Needs pandas."""
        pandas = _pandas()
        index = pandas.Index(self.times, name="time")
        table: pd.DataFrame = pandas.DataFrame(self.values, index=index, columns=self._columns())
        return table


class StateRecorder(_Sampler):
    """Samples one state variable of some neurons of a region (all there are by default).

    values: shape (n_samples, n_neurons), NaN while a neuron is dead; a neuron born into the slot of
    a dead one goes on under its index.
    """

    def __init__(
        self,
        brain: Brain,
        region: Region,
        variable: str = "v",
        neurons: ArrayLike | None = None,
        every: float = 1.0,
        capacity: int = 100_000,
        overflow: str = "ring",
        path: str | Path | None = None,
    ) -> None:
        self.region, self.variable = region.name, variable
        dtype = region.state(variable).dtype
        chosen = np.arange(region.n_neurons) if neurons is None else neurons
        self.neurons = indices("StateRecorder: neurons", chosen, region.n_neurons)
        column = ("value", dtype.str, self.neurons.shape)
        super().__init__(brain, column, every, capacity, overflow, path)

    def _sample(self) -> NDArray[Any]:
        region = self._brain.regions[self.region]
        values: NDArray[Any] = region.state(self.variable)[self.neurons]
        values[~region.neuron_alive[self.neurons]] = np.nan
        return values

    def _columns(self) -> Any:
        return self.neurons


class WeightRecorder(_Sampler):
    """Samples the weights of some synapses of a projection (all there are by default).

    values: shape (n_samples, n_synapses). A synapse is known by its neurons, delay and birth, so
    that growth does not mix them up; one that is gone reads NaN.
    """

    def __init__(
        self,
        brain: Brain,
        projection: Projection,
        synapses: ArrayLike | None = None,
        every: float = 100.0,
        capacity: int = 10_000,
        overflow: str = "ring",
        path: str | Path | None = None,
    ) -> None:
        n = projection.n_synapses
        chosen = indices(
            "WeightRecorder: synapses", np.arange(n) if synapses is None else synapses, n
        )
        self._projection = projection
        self._identities = _identities(projection)[chosen]
        self.pre, self.post = self._identities[:, 0], self._identities[:, 1]
        column = ("value", "<f4", chosen.shape)
        super().__init__(brain, column, every, capacity, overflow, path)
        self._places, self._structure_version = chosen, brain._structure_version

    def _sample(self) -> NDArray[Any]:
        if self._structure_version != self._brain._structure_version:
            self._structure_version = self._brain._structure_version
            self._places = _places(self._identities, _identities(self._projection))
        return np.append(self._projection.weight, np.float32(np.nan))[self._places]

    def _columns(self) -> Any:
        return _pandas().MultiIndex.from_arrays([self.pre, self.post], names=["pre", "post"])


def _identities(projection: Projection) -> NDArray[np.int64]:
    """What stays with each synapse for life: pre, post, delay, birth, number among twins."""
    pre, delay = projection._pre_delay()
    birth = projection._block["birth"].astype(np.int64)
    keys = np.stack([pre, projection.post, delay, birth, np.zeros_like(pre)], axis=1)
    order = np.lexsort(keys.T)
    twin = np.append(False, (keys[order[1:]] == keys[order[:-1]]).all(axis=1))[: len(order)]
    place = np.arange(len(order))
    keys[order, -1] = place - np.maximum.accumulate(np.where(twin, 0, place))
    return keys


def _places(wanted: NDArray[np.int64], present: NDArray[np.int64]) -> NDArray[np.int64]:
    """Where each wanted row is among those present; -1 for those that are not."""
    _, codes = np.unique(np.concatenate([wanted, present]), axis=0, return_inverse=True)
    where = np.full(len(codes), -1)
    where[codes[len(wanted) :]] = np.arange(len(present))
    return np.asarray(where[codes[: len(wanted)]], np.int64)


class RateRecorder(_Sampler):
    """Samples the mean firing rate of regions, Hz, in bins of `every` ms.

    values: shape (n_samples, n_regions): spikes of a region in the bin that ends at the sample's
    time, by the neurons alive then and by the length of the bin. Stored are the spikes so far, so
    that bins stay exact when they are merged.
    """

    def __init__(
        self,
        brain: Brain,
        regions: Sequence[str],
        every: float = 10.0,
        capacity: int = 100_000,
        overflow: str = "ring",
        path: str | Path | None = None,
    ) -> None:
        self.regions = tuple(regions)
        column = ("value", "<i8", (2, len(self.regions)))
        # The first row is where the first bin begins.
        super().__init__(brain, column, every, capacity, overflow, path, extra=1)
        self._take()

    def _sample(self) -> NDArray[Any]:
        views = [self._brain.regions[name] for name in self.regions]
        spikes = self._brain._tables["region_spikes"][[view._index for view in views]]
        return np.array([spikes, [view.n_alive_neurons for view in views]])

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
        seconds = np.diff(rows["step"])[:, None] * (self._brain.dt / 1000.0)
        return np.asarray(spikes / np.maximum(alive, 1) / seconds, np.float64)

    def _columns(self) -> Any:
        return list(self.regions)


class RhythmRecorder(_Sampler):
    """Samples the rhythm currents of regions, see `engram.oscillator`.

    values: shape (n_samples, n_regions): what the step that begins at the sample's time gets.
    """

    def __init__(
        self,
        brain: Brain,
        regions: Sequence[str],
        every: float = 1.0,
        capacity: int = 100_000,
        overflow: str = "ring",
        path: str | Path | None = None,
    ) -> None:
        self.regions = tuple(regions)
        super().__init__(
            brain, ("value", "<f4", (len(self.regions),)), every, capacity, overflow, path
        )

    def _sample(self) -> NDArray[Any]:
        return np.array([self._brain.oscillators.current(name) for name in self.regions])

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
