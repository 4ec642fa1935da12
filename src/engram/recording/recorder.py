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

from pathlib import Path
from typing import TYPE_CHECKING, Any, Self

import numpy as np
from numpy.typing import NDArray

from engram.errors import InvalidValueError, MissingExtraError, choice, integer, number
from engram.network.network import Network, Process, next_multiple
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
        choice(f"{where}: overflow", overflow, OVERFLOWS)
        if (overflow == "stream") != (path is not None):
            raise InvalidValueError(f"{where}: overflow='stream' and path go together")
        if overflow == "decimate" and every is None:
            raise InvalidValueError(f"{where}: spikes can't be decimated; use 'ring' or 'stream'")
        capacity = integer(f"{where}: capacity", capacity, 2)
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

    @property
    def logs_to_disk(self) -> bool:
        """Whether it is told of spikes and writes them to a file."""
        return not self.interval and isinstance(self._store, OnDisk)

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


class Sampler(Recorder):
    """Base of recorders that sample at equal intervals, with one column of values.

    Parameters
    ----------
    network : Network
        Of the brain.
    column : tuple of (str, str, tuple of int)
        What is stored beside the step; see `Recorder`.
    every : float or None
        Sampling interval, ms.
    capacity : int
        Most entries in memory, 2 at least.
    overflow : str
        What becomes of more.
    path : str or Path or None
        The file, of "stream".
    extra : int
        Entries kept beyond capacity.
    """

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
