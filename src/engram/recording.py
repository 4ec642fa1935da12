"""Recorders: spikes, state variables, weights and rates, in bounded memory.

A recorder is attached to a brain with ``brain.record(...)`` and can be detached and read at any
time. Spikes are logged by the compiled loop; the others are sampled every ``every`` ms. Memory is
bounded by `capacity` entries: the oldest are dropped (``overflow="ring"``), every other sample is
dropped and the interval doubled (``"decimate"``; not for spikes), or all go to a file on disk
(``"stream"``).
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO

import numpy as np
from numpy.typing import ArrayLike, NDArray

from engram.errors import InvalidValueError, indices, integer, number

if TYPE_CHECKING:
    import pandas as pd

    from engram.brain import Brain
    from engram.projection import Projection
    from engram.region import Region

OVERFLOWS = ("ring", "decimate", "stream")
DEFAULT_CAPACITY = 1_000_000


class _Store:
    """Rows of fixed width in bounded memory: a step (int64) and `width` float32 numbers."""

    def __init__(self, width: int, capacity: int, overflow: str, path: Path | None) -> None:
        self.width, self.capacity, self.overflow, self.path = width, capacity, overflow, path
        self.dtype = np.dtype([("step", "<i8"), ("value", "<f4", (width,))])
        self.rows: NDArray[Any] = np.zeros(min(capacity, 1024), self.dtype)
        self.count = 0
        self.start = 0
        self.dropped = 0
        self._file: BinaryIO | None = path.open("wb") if path is not None else None

    def append(self, steps: NDArray[np.int64], values: NDArray[np.float32]) -> bool:
        """Add rows; True if the store has been decimated."""
        new = np.empty(len(steps), self.dtype)
        new["step"], new["value"] = steps, values
        if self._file is not None:
            self._file.write(new.tobytes())
            self.count += len(new)
            return False
        decimated = False
        while len(new):
            room = self.capacity - self.count
            if room == 0 and self.overflow == "decimate":
                kept = self.rows[: self.count : 2].copy()
                self.dropped += self.count - len(kept)
                self.rows[: len(kept)] = kept
                self.count = len(kept)
                decimated = True
                continue
            if room == 0:
                n = min(len(new), self.capacity)
                self.dropped += n
                at = (self.start + np.arange(n)) % self.capacity
                self.rows[at] = new[:n]
                self.start = (self.start + n) % self.capacity
                new = new[n:]
                continue
            n = min(room, len(new))
            if self.count + n > len(self.rows):
                size = min(self.capacity, max(self.count + n, 2 * len(self.rows)))
                self.rows = np.concatenate([self.rows, np.zeros(size - len(self.rows), self.dtype)])
            self.rows[self.count : self.count + n] = new[:n]
            self.count += n
            new = new[n:]
        return decimated

    def read(self) -> NDArray[Any]:
        """All rows, the oldest first."""
        if self.path is not None:
            if self._file is not None:
                self._file.flush()
            return np.fromfile(self.path, self.dtype)
        return np.roll(self.rows[: self.count], -self.start if self.start else 0, axis=0)

    def close(self) -> None:
        if self._file is not None:
            self._file.close()
            self._file = None


class Recorder:
    """Base of recorders: attached to a brain until `detach`; usable in a ``with`` statement."""

    def __init__(
        self,
        brain: Brain,
        width: int,
        every: float | None,
        capacity: int,
        overflow: str,
        path: str | Path | None,
    ) -> None:
        where = f"{type(self).__name__}"
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
        if every is not None:
            ms = number(f"{where}: every", every, 0.0, open_low=True)
            self.interval = max(1, round(ms / brain.dt))
        self._store = _Store(width, capacity, overflow, None if path is None else Path(path))
        self._attached = True
        self._from_step = brain.step_count

    @property
    def attached(self) -> bool:
        """Whether it still records."""
        return self._attached

    @property
    def dropped(self) -> int:
        """Entries that had to go to keep within capacity."""
        return self._store.dropped

    def detach(self) -> None:
        """Stop recording; what was recorded stays readable."""
        if self._attached:
            self._brain._flush_log()
            self._attached = False
            self._brain._recorders.remove(self)
            self._brain._recorders_changed()
            self._store.close()

    def __enter__(self) -> Recorder:
        return self

    def __exit__(self, *_: object) -> None:
        self.detach()

    def __len__(self) -> int:
        self._sync()
        return self._store.count

    def _sync(self) -> None:
        if self._attached:
            self._brain._flush_log()

    def _rows(self) -> NDArray[Any]:
        self._sync()
        return self._store.read()

    @property
    def times(self) -> NDArray[np.float64]:
        """Times of the entries, ms: the start of the step for spikes, the end for samples."""
        return np.asarray(self._rows()["step"] * self._brain.dt)

    def _sample(self) -> NDArray[np.float32]:
        raise NotImplementedError

    def _take(self) -> None:
        """Sample now (called by the run loop every `interval` steps)."""
        row = np.asarray(self._sample(), np.float32).reshape(1, self._store.width)
        if self._store.append(np.array([self._brain.step_count], np.int64), row):
            self.interval *= 2


class SpikeRecorder(Recorder):
    """Records the spikes of some regions (all by default)."""

    def __init__(
        self,
        brain: Brain,
        regions: Sequence[str],
        capacity: int = DEFAULT_CAPACITY,
        overflow: str = "ring",
        path: str | Path | None = None,
    ) -> None:
        super().__init__(brain, 1, None, capacity, overflow, path)
        self.regions = tuple(regions)

    def _log(self, steps: NDArray[np.int32], neurons: NDArray[np.int32]) -> None:
        mine = np.zeros(len(neurons), np.bool_)
        for name in self.regions:
            region = self._brain.regions[name]
            mine |= (neurons >= region._first) & (neurons < region._first + region.n_neurons)
        mine &= steps >= self._from_step
        # Neuron slots are stored as the bits of a float, exactly.
        self._store.append(
            steps[mine].astype(np.int64), neurons[mine].view(np.float32).reshape(-1, 1)
        )

    def spikes(self, region: str | None = None) -> tuple[NDArray[np.float64], NDArray[np.int64]]:
        """(times in ms, neurons as indices into the region) of one of the recorded regions."""
        name = self.regions[0] if region is None and len(self.regions) == 1 else region
        if name not in self.regions:
            raise InvalidValueError(
                f"SpikeRecorder.spikes: region must be one of {self.regions}, not {name!r}"
            )
        rows = self._rows()
        slots = np.ascontiguousarray(rows["value"][:, 0]).view(np.int32).astype(np.int64)
        first = self._brain.regions[name]._first
        mine = (slots >= first) & (slots < first + self._brain.regions[name].n_neurons)
        return rows["step"][mine] * self._brain.dt, slots[mine] - first

    def to_pandas(self) -> pd.DataFrame:
        """Columns time (ms), region, neuron. Needs pandas (`pip install engram[io]`)."""
        import pandas as pd

        parts = []
        for name in self.regions:
            times, neurons = self.spikes(name)
            parts.append(pd.DataFrame({"time": times, "region": name, "neuron": neurons}))
        return pd.concat(parts, ignore_index=True).sort_values("time", kind="stable")


class StateRecorder(Recorder):
    """Samples one state variable of some neurons of a region."""

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
        region.state(variable)
        self.region, self.variable = region.name, variable
        chosen = np.arange(region.n_neurons) if neurons is None else neurons
        self.neurons = indices("StateRecorder: neurons", chosen, region.n_neurons)
        super().__init__(brain, len(self.neurons), every, capacity, overflow, path)

    def _sample(self) -> NDArray[np.float32]:
        return self._brain.regions[self.region].state(self.variable)[self.neurons]

    @property
    def values(self) -> NDArray[np.float32]:
        """Samples, shape (n_samples, n_neurons)."""
        return np.asarray(self._rows()["value"])

    def to_pandas(self) -> pd.DataFrame:
        """One column a neuron, indexed by time in ms. Needs pandas."""
        import pandas as pd

        index = pd.Index(self.times, name="time")
        return pd.DataFrame(self.values, index=index, columns=self.neurons)


class WeightRecorder(Recorder):
    """Samples the weights of some synapses of a projection.

    Synapses are known by their pair of neurons, so growth does not mix them up; a synapse that is
    gone reads NaN.
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
        self.pre, self.post = projection.pre[chosen], projection.post[chosen]
        self._delay = projection._pre_delay()[1][chosen]
        super().__init__(brain, len(chosen), every, capacity, overflow, path)
        self._version = -1
        self._places: NDArray[np.int64] = chosen

    def _sample(self) -> NDArray[np.float32]:
        if self._version != self._brain._structure_version:
            self._version = self._brain._structure_version
            pre, delay = self._projection._pre_delay()
            here = {
                key: k
                for k, key in enumerate(
                    zip(pre.tolist(), self._projection.post.tolist(), delay.tolist(), strict=True)
                )
            }
            wanted = zip(self.pre.tolist(), self.post.tolist(), self._delay.tolist(), strict=True)
            self._places = np.array([here.get(key, -1) for key in wanted], np.int64)
        weight = np.append(self._projection.weight, np.float32(np.nan))
        return weight[self._places]

    @property
    def values(self) -> NDArray[np.float32]:
        """Samples, shape (n_samples, n_synapses)."""
        return np.asarray(self._rows()["value"])

    def to_pandas(self) -> pd.DataFrame:
        """One column a synapse (pre, post), indexed by time in ms. Needs pandas."""
        import pandas as pd

        columns = pd.MultiIndex.from_arrays([self.pre, self.post], names=["pre", "post"])
        index = pd.Index(self.times, name="time")
        return pd.DataFrame(self.values, index=index, columns=columns)


class RateRecorder(Recorder):
    """Samples the mean firing rate of regions, Hz, in bins of `every` ms."""

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
        super().__init__(brain, len(self.regions), every, capacity, overflow, path)
        self._before = self._counts()
        self._before_step = brain.step_count

    def _counts(self) -> NDArray[np.int64]:
        spikes = self._brain._tables["region_spikes"]
        return np.array([spikes[self._brain.regions[n]._index] for n in self.regions], np.int64)

    def _sample(self) -> NDArray[np.float32]:
        now = self._counts()
        alive = np.array([self._brain.regions[n].n_alive_neurons for n in self.regions])
        seconds = (self._brain.step_count - self._before_step) * self._brain.dt / 1000.0
        rate = (now - self._before) / np.maximum(alive, 1) / seconds
        self._before, self._before_step = now, self._brain.step_count
        return rate.astype(np.float32)

    @property
    def values(self) -> NDArray[np.float32]:
        """Rates, shape (n_samples, n_regions)."""
        return np.asarray(self._rows()["value"])

    def to_pandas(self) -> pd.DataFrame:
        """One column a region, indexed by time in ms. Needs pandas."""
        import pandas as pd

        index = pd.Index(self.times, name="time")
        return pd.DataFrame(self.values, index=index, columns=list(self.regions))


__all__ = ["RateRecorder", "Recorder", "SpikeRecorder", "StateRecorder", "WeightRecorder"]
