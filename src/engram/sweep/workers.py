"""Running trials, here or in processes that may die."""

from __future__ import annotations

import contextlib
import inspect
import itertools
import math
import multiprocessing
import os
import pickle
import signal
import threading
import time
import traceback
from collections.abc import Callable, Generator, Iterable, Iterator, Mapping, Sequence
from multiprocessing.connection import Connection, wait
from multiprocessing.context import SpawnProcess
from typing import Any, NamedTuple

from engram.errors import InvalidTypeError, brief
from engram.sweep.store import Outcome, Trial, checked_figures

Function = Callable[..., Any]
Started = Callable[[Trial], None]


class Step(NamedTuple):
    """What a generator function has yielded.

    Parameters
    ----------
    number : int
        From 0.
    figures : mapping of str to object
        By name.
    """

    number: int
    figures: Mapping[str, Any]


Judge = Callable[[Trial, Step], bool]
"""Whether a trial is to go on after a step."""

Run = Callable[[Iterable[Trial], Started, Judge | None], Generator[tuple[Trial, Outcome]]]
"""Runs trials; see `outcomes`."""

STARTING = 60.0
"""Seconds that a process may take to import the function, beside the limit of a trial."""

THREADS = (
    "OMP_NUM_THREADS",
    "OPENBLAS_NUM_THREADS",
    "MKL_NUM_THREADS",
    "NUMBA_NUM_THREADS",
    "ENGRAM_THREADS",
)
"""Each process gets a core to itself."""


def packed(
    where: str,
    function: Function,
    trials: Sequence[Trial],
    dumps: Callable[[Any], bytes],
    otherwise: str,
) -> bytes:
    """A function as other processes take it.

    Parameters
    ----------
    where : str
        Names the caller in errors.
    function : callable
        Called with seed and parameters.
    trials : sequence of Trial
        What it is to be called with.
    dumps : callable
        Pickles.
    otherwise : str
        What to do if it can't be pickled, but for a function of a module.

    Returns
    -------
    bytes
        A pickle.

    Raises
    ------
    InvalidTypeError
        Other processes can't import the function, or can't be sent a parameter.
    """
    # What has its own way of being pickled may raise anything.
    try:
        content = dumps(function)
    except Exception as error:
        raise InvalidTypeError(
            f"{where}: function must be one that other processes can import, "
            f"not {brief(function)} ({error}); define it at the top of a module, or {otherwise}"
        ) from error
    for trial in trials:
        try:
            dumps(trial)
        except Exception as error:
            raise InvalidTypeError(
                f"{where}: parameters can't be sent to another process ({error}): "
                f"{dict(trial.parameters)!r}"
            ) from error
    return content


def outcomes(
    function: Function | bytes,
    jobs: int,
    time_limit: float | None,
    trials: Iterable[Trial],
    started: Started,
    judge: Judge | None,
) -> Generator[tuple[Trial, Outcome]]:
    """Run trials, `jobs` at a time, and yield each as it ends. Closing it stops what runs.

    Parameters
    ----------
    function : callable or bytes
        Called with seed and parameters. As `packed` makes it: in other processes.
    jobs : int
        Processes.
    time_limit : float, optional
        Seconds that a trial may take in another process. None: any.
    trials : iterable of Trial
        What to run. Each is asked for when there is a process for it, and what has ended before has
        been yielded.
    started : callable
        Told of each trial that begins.
    judge : callable or None
        Asked after each step of a trial whether it is to go on. None: it is.

    Yields
    ------
    trial : Trial
        Which one has ended.
    outcome : Outcome
        How. That a process died is an error, too.
    """
    if isinstance(function, bytes):
        crew = _Crew(function, started, math.inf if time_limit is None else time_limit, judge)
        yield from crew.work(iter(trials), jobs)
        return
    for trial in trials:
        started(trial)
        yield trial, tried(function, trial, judge)


def tried(function: Function, trial: Trial, judge: Judge | None) -> Outcome:
    """Run a trial here.

    Parameters
    ----------
    function : callable
        Called with seed and parameters.
    trial : Trial
        Which.
    judge : callable or None
        See `outcomes`.

    Returns
    -------
    Outcome
        How it ended; also if the function raised.
    """
    begun = time.perf_counter()
    steps: list[Mapping[str, Any]] = []
    figures, error, pruned = None, None, False
    try:
        found = function(seed=trial.seed, **trial.parameters)
        if inspect.isgenerator(found):
            with contextlib.closing(found):
                found, pruned = _stepped(found, trial, steps, judge)
        figures = checked_figures(found, trial.parameters)
    except (Exception, SystemExit):
        error = traceback.format_exc()
    return Outcome(figures, error, time.perf_counter() - begun, steps, pruned)


def _stepped(
    running: Iterator[Any], trial: Trial, steps: list[Mapping[str, Any]], judge: Judge | None
) -> tuple[Any, bool]:
    """What a generator returns, or else yields last; whether it was stopped."""
    last = None
    while True:
        try:
            last = next(running)
        except StopIteration as end:
            return (last if end.value is None else end.value), False
        steps.append(checked_figures(last, trial.parameters))
        if judge is not None and not judge(trial, Step(len(steps) - 1, steps[-1])):
            return last, True


class _Running:
    """A trial under way in a process."""

    def __init__(self, trial: Trial, time_limit: float) -> None:
        self.trial = trial
        self.begun = time.perf_counter()
        self.deadline = self.begun + STARTING + time_limit

    def function_is_called(self, time_limit: float) -> None:
        """The process has imported what it needs."""
        self.begun = time.perf_counter()
        self.deadline = self.begun + time_limit

    def failed(self, error: str) -> Outcome:
        """How it ended, if not by itself."""
        return Outcome(None, error, time.perf_counter() - self.begun)


class _Crew:
    """Processes that run trials, one each at a time; who dies or takes too long is replaced."""

    def __init__(
        self, packed: bytes, started: Started, time_limit: float, judge: Judge | None
    ) -> None:
        self._packed, self._started, self._limit = packed, started, time_limit
        self._judge = judge
        self._workers: dict[Connection, SpawnProcess] = {}
        self._running: dict[Connection, _Running] = {}

    def work(self, trials: Iterator[Trial], jobs: int) -> Iterator[tuple[Trial, Outcome]]:
        """Run trials and yield each as it ends; closing it ends the processes."""
        try:
            while True:
                for trial in itertools.islice(trials, jobs - len(self._running)):
                    self._send(trial)
                if not self._running:
                    return
                yield from self._ended()
                yield from self._overdue()
        finally:
            for connection, process in self._workers.items():
                connection.close()
                process.kill()
                process.join()

    def _send(self, trial: Trial) -> None:
        free = next((c for c in self._workers if c not in self._running), None)
        asks = self._judge is not None
        connection = _hired(self._packed, asks, self._workers) if free is None else free
        self._started(trial)
        self._running[connection] = _Running(trial, self._limit)
        # Who has died is found out when nothing comes.
        with contextlib.suppress(OSError):
            connection.send(trial)

    def _ended(self) -> Iterator[tuple[Trial, Outcome]]:
        """The trials that end next, or none if one is overdue first."""
        left = min(running.deadline for running in self._running.values()) - time.perf_counter()
        for ready in wait(list(self._running), None if left == math.inf else max(0.0, left)):
            assert isinstance(ready, Connection)
            running = self._running[ready]
            try:
                outcome = ready.recv()
            except (EOFError, OSError):
                outcome = running.failed(_buried(ready, self._workers))
            if outcome is None:
                running.function_is_called(self._limit)
                continue
            if isinstance(outcome, Step):
                assert self._judge is not None
                with contextlib.suppress(OSError):
                    ready.send(self._judge(running.trial, outcome))
                continue
            del self._running[ready]
            yield running.trial, outcome

    def _overdue(self) -> Iterator[tuple[Trial, Outcome]]:
        """The trials that take too long; their processes are killed."""
        now = time.perf_counter()
        for connection in [c for c, running in self._running.items() if running.deadline <= now]:
            running = self._running.pop(connection)
            process = self._workers.pop(connection)
            connection.close()
            process.kill()
            process.join()
            yield (
                running.trial,
                running.failed(
                    f"the trial took longer than time_limit={self._limit:g} s; its process was "
                    f"ended"
                ),
            )


def _hired(packed: bytes, asks: bool, workers: dict[Connection, SpawnProcess]) -> Connection:
    """A new process, at the other end of what is returned."""
    context = multiprocessing.get_context("spawn")
    here, there = context.Pipe()
    process = context.Process(target=_work, args=(there, packed, asks), daemon=True)
    before = {name: os.environ.get(name) for name in THREADS}
    os.environ.update(dict.fromkeys(THREADS, "1"))
    try:
        process.start()
    finally:
        for name, value in before.items():
            if value is None:
                del os.environ[name]
            else:
                os.environ[name] = value
    there.close()
    workers[here] = process
    return here


def _buried(connection: Connection, workers: dict[Connection, SpawnProcess]) -> str:
    """Forget a process that has died; what to say of it."""
    process = workers.pop(connection)
    connection.close()
    process.join()
    code = process.exitcode or 0
    if code < 0:
        how = f"was ended by {signal.Signals(-code).name} (out of memory?)"
    else:
        how = f"ended with exit code {code}"
        if code == 1:
            how += ' (in a script, the sweep belongs under: if __name__ == "__main__")'
    return f"the process that ran it {how}"


def _work(connection: Connection, packed: bytes, asks: bool) -> None:
    """Run trials as they come, until nobody sends any more; ask after each step, or don't."""

    def judge(_trial: Trial, step: Step) -> bool:
        connection.send(step)
        return bool(connection.recv())

    signal.signal(signal.SIGINT, signal.SIG_IGN)
    threading.Thread(target=_follow, daemon=True).start()
    try:
        function = pickle.loads(packed)
        missing = None
    except Exception:
        missing = traceback.format_exc()
    with contextlib.suppress(EOFError, OSError):
        while True:
            trial = connection.recv()
            connection.send(None)
            if missing is None:
                outcome = tried(function, trial, judge if asks else None)
            else:
                outcome = Outcome(None, missing, 0.0)
            connection.send(outcome)


def _follow() -> None:
    """End with the process that started this one, even when that is killed."""
    parent = multiprocessing.parent_process()
    assert parent is not None
    parent.join()
    os._exit(1)
