"""Recorders: spikes, state variables, weights and rates, in bounded memory.

A recorder is attached to a brain with ``brain.record(...)`` and can be detached and read at any
time; it never changes the brain. Spikes are logged by the compiled loop, stamped with the start of
their step; everything else is sampled every `every` ms (a multiple of dt) at the end of a step, the
first time one interval after attaching. At most `capacity` entries are kept in memory, by default
as many as fit into 256 MiB: then the oldest are dropped (``overflow="ring"``), or every other
sample is dropped and the interval doubled (``"decimate"``; not for spikes). With ``"stream"`` all
go to a file at `path`, an ``.npy`` that `numpy.load` reads at any time. If that file is removed, or
can't be written any more, the recorder is detached and the run ends with a `RecordingFileError`.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar, Self

import numpy as np
from numpy.typing import NDArray

from engram.errors import InvalidValueError, MissingExtraError, brief, integer
from engram.network.caller import warn
from engram.network.network import MAX_STEPS, Network, Process, next_multiple
from engram.network.records import PathwayRecord, RegionRecord
from engram.network.shown import table
from engram.network.times import whole_steps
from engram.parameters import Guarded
from engram.parameters.checks import choice
from engram.paths import as_path
from engram.recording.stores import InMemory, OnDisk, RecordingFileError, Rows

if TYPE_CHECKING:
    import pandas as pd

OVERFLOWS = ("ring", "decimate", "stream")

MOST_BYTES = 1 << 28
"""Memory a recorder takes by default."""

MOST = 1 << 62
"""Bytes beyond which nothing can be addressed."""


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
        if recorder.logs_to_disk:
            return next_multiple(step, self.network.steps(1000.0))
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
        if self._recorder.logs_to_disk:
            self.network.flush_log()
        else:
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

    def region_removed(self, region: RegionRecord, spikes: int) -> None:  # noqa: ARG002
        """Stop, if nothing is left to record.

        Parameters
        ----------
        region : RegionRecord
            What it was.
        spikes : int
            Not needed.
        """
        if self._recorder.orphaned:
            self._recorder.detach()

    def pathway_removed(self, pathway: PathwayRecord) -> None:  # noqa: ARG002
        """Stop, if nothing is left to record.

        Parameters
        ----------
        pathway : PathwayRecord
            What it was.
        """
        if self._recorder.orphaned:
            self._recorder.detach()


class Recorder(Guarded):
    """Base of recorders: attached to a brain until `detach`; usable in a ``with`` statement.

    Parameters
    ----------
    network : Network
        Of the brain.
    column : tuple of (str, str, tuple of int)
        What is stored beside the step: its name, dtype and shape, as for `numpy.dtype`.
    interval : int
        Steps between two samples. 0: it is told of spikes.
    capacity : int or None
        Most entries in memory, 2 at least. None: as many as `MOST_BYTES` hold.
    overflow : str
        What becomes of more: "ring", "decimate" or "stream"; see the module.
    path : str or Path or None
        The file, of "stream".
    extra : int
        Entries kept beyond capacity, and when it is cleared.

    Raises
    ------
    InvalidTypeError, InvalidValueError
        Arguments don't go together, or one is not valid.

    Examples
    --------
    >>> from engram import Brain
    >>> brain = Brain(seed=1)
    >>> cortex = brain.add_region("cortex", n_neurons=20)
    >>> with brain.record("v", "cortex", capacity=3) as recorder:  # the latest three
    ...     brain.run(10)
    >>> recorder.attached, recorder.times.tolist()
    (False, [8.0, 9.0, 10.0])
    """

    def __init__(
        self,
        network: Network,
        column: tuple[str, str, tuple[int, ...]],
        interval: int,
        capacity: int | None,
        overflow: str,
        path: str | Path | None,
        extra: int = 0,
    ) -> None:
        where = type(self).__name__
        choice(f"{where}: overflow", overflow, OVERFLOWS)
        if (overflow == "stream") != (path is not None):
            raise InvalidValueError(f"{where}: overflow='stream' and path go together")
        if overflow == "decimate" and not interval:
            raise InvalidValueError(f"{where}: spikes can't be decimated; use 'ring' or 'stream'")
        self._network = network
        self._interval = interval
        self._decimate = overflow == "decimate"
        self._dtype, self._extra = np.dtype([("step", "<i8"), column]), extra
        if capacity is not None:
            capacity = integer(f"{where}: capacity", capacity, 2, MOST // self._dtype.itemsize)
        self._store: InMemory | OnDisk
        self._warns = False
        if path is not None:
            self._store = OnDisk(self._dtype, as_path("Brain.record: path", path))
        else:
            fitting = MOST_BYTES // self._dtype.itemsize
            if capacity is None and fitting < 2:
                raise InvalidValueError(
                    f"{where}: a sample takes {self._dtype.itemsize / 2**20:,.0f} MiB, and by "
                    f"default a recorder keeps {MOST_BYTES >> 20} MiB; name fewer neurons or "
                    f"synapses, give a capacity, or overflow='stream' and a path"
                )
            self._warns = capacity is None and not self._decimate
            self._store = InMemory(self._dtype, (fitting if capacity is None else capacity) + extra)
        self._attached = False
        self._from_step = self._begun = network.step_count
        self._ended: int | None = None
        self._process = Recording(self)

    @property
    def interval(self) -> int:
        """Steps between two samples; 0 for spikes."""
        return self._interval

    @property
    def from_step(self) -> int:
        """Intervals count from this step."""
        return self._from_step

    @property
    def span(self) -> tuple[float, float]:
        """From when to when there are entries, ms: from its start, or from the oldest one kept."""
        dt, until = self._network.dt, self._ended
        begun = float(self.times[0]) if self.dropped and len(self) else self._begun * dt
        return begun, (self._network.step_count if until is None else until) * dt

    @property
    def logs_to_disk(self) -> bool:
        """Whether it is told of spikes and writes them to a file."""
        return not self.interval and isinstance(self._store, OnDisk)

    @property
    def logged_regions(self) -> tuple[str, ...]:
        """The regions whose every spike is recorded."""
        return ()

    @property
    def orphaned(self) -> bool:
        """Whether all that it recorded was removed from the brain."""
        return False

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

    def clear(self) -> None:
        """Forget what was recorded; it goes on recording."""
        self._sync()
        self._store.clear(self._extra)
        self._begun = self._network.step_count

    def _keep(self, rows: Rows) -> None:
        """Add rows; say once that the default limit is reached."""
        try:
            self._store.append(rows)
        except RecordingFileError:
            # The brain can go on without it.
            self._stop()
            raise
        if self._warns and self._store.dropped:
            self._warns = False
            warn(
                f"{type(self).__name__}: its {MOST_BYTES >> 20} MiB are full, and the oldest "
                f"entries go from now on; pass a capacity (entries) to keep more or "
                f"fewer, overflow='decimate' to thin samples out, or overflow='stream' and a path "
                f"to keep all; Recorder.clear makes room"
            )

    def detach(self) -> None:
        """Stop recording; what was recorded stays readable.

        Raises
        ------
        RecordingFileError
            The file is gone, or can't be written; it is detached nevertheless.
        """
        try:
            self._sync()
        finally:
            self._stop()

    def _stop(self) -> None:
        """Be told of nothing more."""
        if self._attached:
            self._attached = False
            self._ended = self._network.step_count
            self._network.remove_process(self._process)
            self._store.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.detach()

    def __len__(self) -> int:
        self._sync()
        return self._store.count

    def _repr_html_(self) -> str:
        store, entries = self._store, len(self)
        size = entries * self._dtype.itemsize
        kept = f"{size / 2**20:.1f} MiB" + (
            "" if isinstance(store, InMemory) else f" in {store.path}"
        )
        every = f"{self.interval * self._network.dt:g} ms" if self.interval else "each spike"
        rows = [
            ("entries", entries),
            ("every", every),
            ("kept", kept),
            ("dropped", self.dropped),
            ("attached", "yes" if self._attached else "no"),
        ]
        return table(f"{type(self).__name__} of {self.of}", (), rows)

    @property
    def of(self) -> str:
        """What is recorded, in words."""
        raise NotImplementedError

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


class OfRegions:
    """Part of recorders of one or several regions, which they know by whatever name they have."""

    _records: tuple[RegionRecord, ...]

    @property
    def regions(self) -> tuple[str, ...]:
        """Names of the regions, those that were removed meanwhile included."""
        return tuple(record.name for record in self._records)

    @property
    def orphaned(self) -> bool:
        """Whether all of them were removed from the brain."""
        return all(record.removed for record in self._records)


class Sampler(Recorder):
    """Base of recorders that sample at equal intervals, with one column of values.

    Parameters
    ----------
    network : Network
        Of the brain.
    column : tuple of (str, str, tuple of int)
        What is stored beside the step; see `Recorder`.
    every : float or None
        Sampling interval, ms, a multiple of dt. None: `usual_every`, or the next multiple.
    capacity : int or None
        Most entries in memory, 2 at least. None: as many as `MOST_BYTES` hold.
    overflow : str
        What becomes of more.
    path : str or Path or None
        The file, of "stream".
    extra : int
        Entries kept beyond capacity.
    """

    usual_every: ClassVar[float] = 1.0
    """Sampling interval where none is given, ms."""

    def __init__(
        self,
        network: Network,
        column: tuple[str, str, tuple[int, ...]],
        every: float | None,
        capacity: int | None,
        overflow: str,
        path: str | Path | None,
        extra: int = 0,
    ) -> None:
        where = f"{type(self).__name__}: every"
        if every is None:
            interval = network.steps(self.usual_every)
        else:
            interval = whole_steps(where, every, network.dt, MAX_STEPS * network.dt)
            if not interval:
                raise InvalidValueError(f"{where} must be above 0 ms, not {brief(every)}")
        super().__init__(network, column, interval, capacity, overflow, path, extra)

    def _sample(self) -> NDArray[Any]:
        """The values now."""
        raise NotImplementedError

    def take(self) -> None:
        now = self._network.step_count
        if isinstance(self._store, InMemory) and self._decimate and self._store.full:
            self._interval *= 2
            self._store.thin(self.from_step, self.interval)
            if (now - self.from_step) % self.interval:
                return
        row = np.empty(1, self._dtype)
        row["step"], row["value"] = now, self._sample()
        self._keep(row)

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
        pandas = needed_pandas()
        index = pandas.Index(self.times, name="time")
        table: pd.DataFrame = pandas.DataFrame(self.values, index=index, columns=self._columns())
        return table


def needed_pandas() -> Any:
    """The package pandas.

    Returns
    -------
    module
        It is imported here only.

    Raises
    ------
    MissingExtraError
        It is not installed.
    """
    try:
        import pandas
    except ImportError as error:
        raise MissingExtraError("Recorder.to_pandas", "pandas", "io") from error
    return pandas
