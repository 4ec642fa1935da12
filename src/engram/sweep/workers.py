"""Running trials, here or in processes that may die."""

from __future__ import annotations

import contextlib
import multiprocessing
import os
import pickle
import signal
import threading
import time
import traceback
from collections import deque
from collections.abc import Callable, Generator, Iterator, Sequence
from multiprocessing.connection import Connection, wait
from multiprocessing.context import SpawnProcess
from typing import Any

from engram.errors import InvalidTypeError
from engram.sweep.store import Outcome, Trial, checked_figures

Function = Callable[..., Any]
Started = Callable[[Trial], None]

THREADS = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "NUMBA_NUM_THREADS")
"""Each process gets a core to itself."""


def outcomes(
    function: Function, trials: Sequence[Trial], jobs: int, started: Started
) -> Generator[tuple[Trial, Outcome]]:
    """Run trials, `jobs` at a time, and yield each as it ends. Closing it stops what runs.

    Parameters
    ----------
    function : callable
        Called with seed and parameters. With several jobs, one that processes can import.
    trials : sequence of Trial
        What to run.
    jobs : int
        Processes; up to 1: in this one.
    started : callable
        Told of each trial that begins.

    Yields
    ------
    trial : Trial
        Which one has ended.
    outcome : Outcome
        How. That a process died is an error, too.

    Raises
    ------
    InvalidTypeError
        Other processes can't import the function.
    """
    if jobs <= 1:
        for trial in trials:
            started(trial)
            yield trial, _tried(function, trial)
        return
    try:
        packed = pickle.dumps(function)
    except (pickle.PicklingError, AttributeError, TypeError) as error:
        raise InvalidTypeError(
            f"run_sweep: function must be one that other processes can import, not {function!r} "
            f"({error}); define it at the top of a module, or use jobs=1"
        ) from error
    yield from _side_by_side(packed, deque(trials), jobs, started)


def _tried(function: Function, trial: Trial) -> Outcome:
    begun = time.perf_counter()
    try:
        found = function(seed=trial.seed, **trial.parameters)
        figures, error = checked_figures(found, trial.parameters), None
    except Exception:
        figures, error = None, traceback.format_exc()
    return Outcome(figures, error, time.perf_counter() - begun)


def _side_by_side(
    packed: bytes, waiting: deque[Trial], jobs: int, started: Started
) -> Iterator[tuple[Trial, Outcome]]:
    running: dict[Connection, tuple[Trial, float]] = {}
    workers: dict[Connection, SpawnProcess] = {}
    try:
        while waiting or running:
            while waiting and len(running) < jobs:
                free = next((c for c in workers if c not in running), None)
                connection = _hired(packed, workers) if free is None else free
                trial = waiting.popleft()
                started(trial)
                running[connection] = trial, time.perf_counter()
                # Who has died is found out below.
                with contextlib.suppress(OSError):
                    connection.send(trial)
            for ready in wait(list(running)):
                assert isinstance(ready, Connection)
                trial, begun = running.pop(ready)
                try:
                    outcome = ready.recv()
                except (EOFError, OSError):
                    error = _buried(ready, workers)
                    outcome = Outcome(None, error, time.perf_counter() - begun)
                yield trial, outcome
    finally:
        for connection, process in workers.items():
            connection.close()
            process.terminate()
            process.join()


def _hired(packed: bytes, workers: dict[Connection, SpawnProcess]) -> Connection:
    """A new process, at the other end of what is returned."""
    context = multiprocessing.get_context("spawn")
    here, there = context.Pipe()
    process = context.Process(target=_work, args=(there, packed), daemon=True)
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


def _work(connection: Connection, packed: bytes) -> None:
    """Run trials as they come, until nobody sends any more."""
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
            outcome = _tried(function, trial) if missing is None else Outcome(None, missing, 0.0)
            connection.send(outcome)


def _follow() -> None:
    """End with the process that started this one, even when that is killed."""
    parent = multiprocessing.parent_process()
    assert parent is not None
    parent.join()
    os._exit(1)
