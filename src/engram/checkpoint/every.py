"""Checkpoints in the course of a run, written while it goes on."""

from __future__ import annotations

import atexit
import os
import sys
import threading
import weakref
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path
from types import TracebackType
from typing import Self

from engram.checkpoint.files import write_state
from engram.checkpoint.folder import checkpoint_path, checkpoints_in, keep_latest
from engram.checkpoint.state import State, check_paths, taken
from engram.errors import CheckpointError, InvalidValueError, brief, flag, integer
from engram.network.network import MAX_STEPS, Network, Process, next_multiple
from engram.network.times import whole_steps
from engram.parameters import Guarded


class Checkpointing(Process):
    """Takes the checkpoints of a `Checkpointer` when they are due.

    Parameters
    ----------
    checkpointer : Checkpointer
        Whose checkpoints.
    """

    order = 100
    kept = False

    def __init__(self, checkpointer: Checkpointer) -> None:
        super().__init__()
        self._checkpointer = checkpointer
        self._postponed = False

    def next_act(self, step: int) -> int | None:
        """When the next is due: every `Checkpointer.interval` steps, counted from 0.

        Parameters
        ----------
        step : int
            The step that comes next.

        Returns
        -------
        int or None
            The step.
        """
        return next_multiple(step, self._checkpointer.interval)

    def act(self, step: int) -> None:  # noqa: ARG002
        """Take a checkpoint; while a stimulus is presented, nobody could take up its rest.

        Parameters
        ----------
        step : int
            The step that comes next.
        """
        self._postponed = self.network.presenting
        if not self._postponed:
            self._checkpointer.take()

    def presented(self) -> None:
        """Take the one that was due meanwhile."""
        self._checkpointer.raise_error()
        if self._postponed:
            self._postponed = False
            self._checkpointer.take()

    def finished(self) -> None:
        """Raise what went wrong in the background."""
        self._checkpointer.raise_error()


class Checkpointer(Guarded):
    """Saves a brain every `interval` steps into a folder, and keeps the latest `keep` files.

    Made by `Brain.checkpoint_every`. With `background` the run stops only while the state is
    copied; a thread writes the copy. If that is slower than the run, the newest copy waits and
    older ones that still do are left out. An error of the thread is raised at the next checkpoint,
    at the end of `Brain.run`, or by `wait` and `detach`. As a context manager it ends by detaching.
    Its thread and its folder belong to the process that made it: in one that was forked from it, a
    checkpoint that is due is an error, and there is nothing to wait for.

    Parameters
    ----------
    network : Network
        Of the brain.
    folder : Path
        Where they go; made if it is not there.
    interval : int
        Steps between two.
    keep : int
        How many files stay.
    compress : bool
        Whether they are compressed.
    background : bool
        Whether a thread writes them.

    Raises
    ------
    InvalidValueError
        The folder holds checkpoints of later steps.
    """

    def __init__(
        self,
        network: Network,
        folder: Path,
        interval: int,
        keep: int,
        compress: bool,
        background: bool,
    ) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        later = [path for step, path in checkpoints_in(folder) if step > network.step_count]
        if later:
            raise InvalidValueError(
                f"Brain.checkpoint_every: {folder} holds checkpoints of later steps than this "
                f"brain's {network.step_count} ({later[0].name}); remove them or choose another "
                f"folder"
            )
        self._folder, self._interval, self._keep = folder, interval, keep
        self._network, self._compress, self._background = network, compress, background
        self._process: Checkpointing | None = Checkpointing(self)
        self._pid = os.getpid()
        self._lock = threading.Lock()
        self._waiting: tuple[int, State] | None = None
        # Its thread is there from the start: to start one would stop the run for longer.
        self._executor = ThreadPoolExecutor(1, "engram checkpoint")
        self._executor.submit(lambda: None)
        self._writing: Future[None] | None = None
        self._error: BaseException | None = None
        self._left_out = 0
        _alive.add(self)
        network.add_process(self._process)

    @property
    def folder(self) -> Path:
        """Where they go."""
        return self._folder

    @property
    def interval(self) -> int:
        """Steps between two."""
        return self._interval

    @property
    def keep(self) -> int:
        """How many files stay."""
        return self._keep

    @property
    def left_out(self) -> int:
        """Checkpoints that were not written because newer ones were ready."""
        return self._left_out

    @property
    def inherited(self) -> bool:
        """Whether this is a process that was forked from the one that made it."""
        return os.getpid() != self._pid

    def take(self) -> None:
        """Save the brain as it is now."""
        if self.inherited:
            raise CheckpointError(
                f"Brain.checkpoint_every: checkpoints in {self.folder} are taken by process "
                f"{self._pid}, from which this one was forked; detach them here, and call "
                f"Brain.checkpoint_every with a folder of its own if this process is to save its "
                f"brain"
            )
        self.raise_error()
        check_paths(self._network)
        step, state = self._network.step_count, taken(self._network)
        if not self._background:
            self._write(step, state)
            return
        with self._lock:
            self._left_out += self._waiting is not None
            self._waiting = (step, state)
            if self._writing is None:
                self._writing = self._executor.submit(self._work)

    def _work(self) -> None:
        while True:
            with self._lock:
                if self._waiting is None:
                    self._writing = None
                    return
                (step, state), self._waiting = self._waiting, None
            try:
                self._write(step, state)
            except BaseException as error:
                self._error = error
            del state

    def _write(self, step: int, state: State) -> None:
        write_state(state, checkpoint_path(self.folder, step), compress=self._compress)
        keep_latest(self.folder, self.keep)

    def raise_error(self) -> None:
        """Raise what went wrong in the background, once."""
        error, self._error = self._error, None
        if error is not None and not self.inherited:
            raise error

    @property
    def failed(self) -> BaseException | None:
        """What went wrong in the background and was not raised yet."""
        return self._error

    def settle(self) -> None:
        """Return when nothing is being written; errors wait to be raised."""
        while not self.inherited and (writing := self._writing) is not None:
            writing.result()

    def wait(self) -> None:
        """Return when everything taken so far is on the disk; raise what went wrong."""
        self.settle()
        self.raise_error()

    def detach(self) -> None:
        """Take no more checkpoints; `wait` for those that are under way."""
        if self._process is not None:
            self._network.remove_process(self._process)
            self._process = None
        if not self.inherited:
            self._executor.shutdown()
            self.wait()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.detach()


def checkpoint_every(
    network: Network,
    folder: Path,
    *,
    steps: int | None,
    ms: float | None,
    keep: int,
    compress: bool,
    background: bool,
) -> Checkpointer:
    """Take checkpoints while a brain runs, see `Brain.checkpoint_every`.

    Parameters
    ----------
    network : Network
        Of the brain.
    folder : Path
        Where they go.
    steps : int or None
        Between two. None: `ms`.
    ms : float or None
        Between two, ms. None: `steps`.
    keep : int
        How many files stay.
    compress : bool
        Whether they are compressed.
    background : bool
        Whether a thread writes them.

    Returns
    -------
    Checkpointer
        Which takes them.

    Raises
    ------
    InvalidTypeError, InvalidValueError
        A value is of another kind or out of range; both, or neither, of steps and ms are given.
    """
    where = "Brain.checkpoint_every"
    if (steps is None) == (ms is None):
        raise InvalidValueError(f"{where}: give either steps or ms")
    if steps is not None:
        interval = integer(f"{where}: steps", steps, 1, MAX_STEPS)
    else:
        most = MAX_STEPS * network.dt
        interval = whole_steps(f"{where}: ms", ms, network.dt, most)
        if not interval:
            raise InvalidValueError(f"{where}: ms must be above 0, not {brief(ms)}")
    for name, value in (("compress", compress), ("background", background)):
        flag(f"{where}: {name}", value)
    kept = integer(f"{where}: keep", keep, 1)
    return Checkpointer(network, folder, interval, kept, compress, background)


_alive: weakref.WeakSet[Checkpointer] = weakref.WeakSet()


@atexit.register
def _report_unseen_errors() -> None:
    for checkpointer in _alive:
        error = checkpointer.failed
        if error is not None and not checkpointer.inherited:
            where = checkpointer.folder
            print(f"engram: a checkpoint in {where} was not written: {error}", file=sys.stderr)
