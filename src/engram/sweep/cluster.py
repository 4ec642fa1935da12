"""Running trials on the workers of a Dask cluster."""

from __future__ import annotations

import asyncio
import contextlib
import math
import os
import pickle
import time
import traceback
import uuid
from collections.abc import Callable, Generator, Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from queue import Empty, SimpleQueue
from typing import Any

from engram._version import __version__
from engram.errors import EngramError, InvalidTypeError, InvalidValueError, MissingExtraError, brief
from engram.sweep.store import Outcome, Trial
from engram.sweep.workers import Judge, Started, Step, tried

CONNECTING = 5.0
"""Seconds that a scheduler may take to answer."""

ANSWERING = 1.0
"""Seconds after which a trial that waits for an answer looks whether anybody wants it still."""

ENDING = 0.2
"""Seconds that a worker has to end by itself."""


class ClusterError(EngramError, ConnectionError):
    """The scheduler of a Dask cluster can't be reached, or has gone.

    Examples
    --------
    >>> from engram.sweep import ClusterError, run_sweep
    >>> def one(seed):
    ...     return 1.0
    >>> try:  # doctest: +SKIP
    ...     run_sweep(one, {}, path="ones.db", client="tcp://head:8786")
    ... except ClusterError:
    ...     print("start the scheduler first")
    start the scheduler first
    """


def _distributed(where: str) -> Any:
    try:
        import distributed
    except ImportError as error:
        raise MissingExtraError(where, "distributed", "dask") from error
    return distributed


def dumps(where: str) -> Callable[[Any], bytes]:
    """How functions are pickled: by the name of their module, those of a script as they are.

    Parameters
    ----------
    where : str
        Names the caller in errors.

    Returns
    -------
    callable
        Takes an object, returns bytes.

    Raises
    ------
    MissingExtraError
        Dask is not installed.
    """
    _distributed(where)
    import cloudpickle

    pickled: Callable[[Any], bytes] = cloudpickle.dumps
    return pickled


@contextlib.contextmanager
def connected(where: str, client: Any) -> Iterator[Any]:
    """A client of a cluster, which is closed afterwards if it was made here.

    Parameters
    ----------
    where : str
        Names the caller in errors.
    client : distributed.Client or str
        The client, or the address of the scheduler.

    Yields
    ------
    distributed.Client
        It is connected.

    Raises
    ------
    InvalidTypeError, InvalidValueError
        It is neither, or works in a way of its own.
    ClusterError
        No scheduler answers.
    MissingExtraError
        Dask is not installed.
    """
    distributed = _distributed(where)
    if isinstance(client, str):
        try:
            # A client that nobody answers leaves a thread behind.
            with ThreadPoolExecutor(1) as other:
                other.submit(asyncio.run, _reach(client)).result()
            made = distributed.Client(client, timeout=CONNECTING, set_as_default=False)
        except ValueError as error:
            raise InvalidValueError(
                f"{where}: client: {client!r} is no address of a scheduler ({error}); one looks "
                f"like 'tcp://10.0.0.1:8786'"
            ) from error
        except OSError as error:
            raise ClusterError(
                f"{where}: client: no Dask scheduler answers at {client!r} ({error}); start one "
                f"(dask scheduler), or correct the address, as 'tcp://10.0.0.1:8786'"
            ) from error
        with made:
            yield made
        return
    if not isinstance(client, distributed.Client):
        raise InvalidTypeError(
            f"{where}: client must be a distributed.Client or the address of a Dask scheduler, as "
            f"'tcp://10.0.0.1:8786', not {brief(client)}"
        )
    if client.asynchronous:
        raise InvalidValueError(f"{where}: client is asynchronous; make it without asynchronous")
    if client.status != "running":
        raise ClusterError(
            f"{where}: client is not connected ({client.status}); make another one when the "
            f"scheduler is there"
        )
    yield client


async def _reach(address: str) -> None:
    """Raise an error if nobody answers."""
    import distributed
    from distributed.comm import connect

    security = distributed.Security().get_connection_args("client")
    comm = await connect(address, timeout=CONNECTING, **security)
    await comm.close()


def check_workers(where: str, client: Any, packed: bytes, time_limit: float | None) -> None:
    """Refuse a cluster whose workers can't run a function.

    Parameters
    ----------
    where : str
        Names the caller in errors.
    client : distributed.Client
        Of the cluster. There may be no workers yet.
    packed : bytes
        The function.
    time_limit : float, optional
        Seconds that a trial may take.

    Raises
    ------
    InvalidValueError
        A worker can't import the function, has another version of engram, or nobody can end it.
    ClusterError
        The scheduler has gone.
    """
    try:
        answers = client.run(_probed, packed, on_error="return")
    except OSError as error:
        raise ClusterError(f"{where}: client: the scheduler has gone ({error})") from error
    for address, said in answers.items():
        if isinstance(said, OSError):
            # It has gone, which workers may.
            continue
        version, missing, nanny = (None, str(said), None) if isinstance(said, Exception) else said
        if missing:
            raise InvalidValueError(
                f"{where}: worker {address} can't import the function: {missing}; install its "
                f"module (and engram) where the worker runs, or send the file by "
                f"client.upload_file"
            )
        if version != __version__:
            raise InvalidValueError(
                f"{where}: worker {address} has engram {version}, and here it is {__version__}; "
                f"install the same"
            )
        if time_limit is not None and nanny is None:
            raise InvalidValueError(
                f"{where}: time_limit needs workers with a nanny, which ends them and starts "
                f"others; {address} has none (--no-nanny)"
            )


def _probed(packed: bytes, dask_worker: Any) -> tuple[str, str | None, str | None]:
    """On a worker: version of engram, why the function can't be imported, address of the nanny."""
    try:
        pickle.loads(packed)
        missing = None
    except Exception as error:
        missing = f"{type(error).__name__}: {error}"
    return __version__, missing, dask_worker.nanny


def outcomes(
    client: Any,
    packed: bytes,
    jobs: int,
    time_limit: float | None,
    trials: Iterable[Trial],
    started: Started,
    judge: Judge | None,
) -> Generator[tuple[Trial, Outcome]]:
    """Run trials on a cluster and yield each as it ends. Closing it stops what runs.

    Parameters
    ----------
    client : distributed.Client
        Of the cluster.
    packed : bytes
        The function, called with seed and parameters.
    jobs : int
        How many the scheduler has at a time. -1: all; of trials that are chosen one by one, as many
        as the workers have threads.
    time_limit : float, optional
        Seconds that a trial may take. None: any.
    trials : iterable of Trial
        What to run. What is no sequence is asked for the next one when there is room for it.
    started : callable
        Told of each trial that begins.
    judge : callable or None
        Asked after each step of a trial whether it is to go on. None: it is.

    Yields
    ------
    trial : Trial
        Which one has ended.
    outcome : Outcome
        How. That it has ended its workers is an error, too.

    Raises
    ------
    ClusterError
        The scheduler has gone, or somebody else has cancelled trials.
    """
    from distributed import CancelledError

    limit = math.inf if time_limit is None else time_limit
    sent = _Sent(client, packed, limit, started, judge)
    try:
        most: float = jobs
        if jobs == -1:
            chosen = not isinstance(trials, Sequence)
            most = max(1, sum(client.nthreads().values())) if chosen else math.inf
        yield from sent.work(iter(trials), most)
    except (Exception, asyncio.CancelledError) as error:
        lost = isinstance(error, (OSError, CancelledError, asyncio.CancelledError))
        # A client that is closed has errors of its own.
        if isinstance(error, EngramError) or not (lost or client.status != "running"):
            raise
        raise ClusterError(
            f"sweep: the scheduler has gone, or somebody has cancelled trials there ({error}). "
            f"Trials that had ended are kept, and the same call goes on with the others"
        ) from error


class _Task:
    """A trial that the scheduler has."""

    def __init__(self, trial: Trial, future: Any) -> None:
        self.trial, self.future = trial, future
        self.worker: str | None = None
        self.begun = self.deadline = math.inf


class _Sent:
    """Trials that a scheduler has, by their keys, and what is told of them."""

    def __init__(
        self, client: Any, packed: bytes, limit: float, started: Started, judge: Judge | None
    ) -> None:
        self._client, self._packed, self._limit = client, packed, limit
        self._started, self._judge = started, judge
        self._topic = f"engram-{uuid.uuid4().hex}"
        self._tasks: dict[str, _Task] = {}
        # Filled by the thread of the client, emptied by the caller's.
        self._told: SimpleQueue[tuple[str, Any]] = SimpleQueue()

    def work(self, trials: Iterator[Trial], most: float) -> Iterator[tuple[Trial, Outcome]]:
        """Run trials and yield each as it ends; closing it stops them."""
        told = self._told
        self._client.subscribe_topic(self._topic, lambda event: told.put(tuple(event[1])))
        try:
            while True:
                while len(self._tasks) < most and told.empty():
                    trial = next(trials, None)
                    if trial is None:
                        # All are known.
                        most = 0
                    else:
                        self._send(trial)
                if not self._tasks:
                    return
                yield from self._next()
                yield from self._overdue()
        finally:
            self._stop()

    def _send(self, trial: Trial) -> None:
        key = f"{trial.sweep}-{uuid.uuid4().hex}"
        future = self._client.submit(
            _run,
            self._packed,
            trial,
            key,
            self._topic,
            self._judge is not None,
            key=key,
            pure=False,
        )
        self._tasks[key] = _Task(trial, future)
        self._client.loop.add_callback(self._follow, key, future)

    async def _follow(self, key: str, future: Any) -> None:
        """In the thread of the client: wait for a trial, and tell."""
        try:
            outcome = await future.result()
        except (Exception, asyncio.CancelledError) as error:
            outcome = error
        self._told.put((key, outcome))

    def _next(self) -> Iterator[tuple[Trial, Outcome]]:
        """What is told next, unless a trial is overdue first."""
        left = min(task.deadline for task in self._tasks.values()) - time.perf_counter()
        try:
            key, said = self._told.get(timeout=None if left == math.inf else max(0.0, left))
        except Empty:
            return
        task = self._tasks.get(key)
        if task is None:
            # It has ended before: what comes twice counts once.
            return
        if isinstance(said, str):
            self._begun(task, said)
        elif isinstance(said, (list, tuple)):
            self._answer(key, task, Step(*said))
        else:
            outcome = said if isinstance(said, Outcome) else self._failed(said)
            del self._tasks[key]
            if task.worker is None:
                self._started(task.trial)
            yield task.trial, outcome

    def _begun(self, task: _Task, worker: str) -> None:
        """The function is called, on this worker; again, if another worker has died."""
        task.worker = worker
        task.begun = time.perf_counter()
        task.deadline = task.begun + self._limit
        self._started(task.trial)

    def _answer(self, key: str, task: _Task, step: Step) -> None:
        assert self._judge is not None
        go_on = self._judge(task.trial, step)
        # Who has died since runs again elsewhere, and asks again.
        self._client.run(_answered, key, go_on, workers=[task.worker], on_error="ignore")

    def _failed(self, error: BaseException) -> Outcome:
        """What to write of a trial that brings no outcome."""
        import distributed

        if isinstance(error, (distributed.CancelledError, asyncio.CancelledError)):
            raise error
        if isinstance(error, distributed.KilledWorker):
            words = (
                f"the trial ended its worker, or was on one that ended, "
                f"{error.allowed_failures + 1} times (out of memory?), last on "
                f"{error.last_worker.address}; Dask tries no more "
                f"(distributed.scheduler.allowed-failures)"
            )
        else:
            words = "the worker could not run it: " + "".join(traceback.format_exception(error))
        return Outcome(None, words, 0.0)

    def _overdue(self) -> Iterator[tuple[Trial, Outcome]]:
        """The trials that take too long; their workers are ended."""
        now = time.perf_counter()
        late = {key: task for key, task in self._tasks.items() if task.deadline <= now}
        running = self._running(late) if late else {}
        for task in late.values():
            # Who runs no more begins again, since its worker has died; or has ended just now.
            task.deadline = math.inf
        self._end(running)
        for key, task in running.items():
            del self._tasks[key]
            yield (
                task.trial,
                Outcome(
                    None,
                    f"the trial took longer than time_limit={self._limit:g} s; its worker was "
                    f"ended",
                    time.perf_counter() - task.begun,
                ),
            )

    def _running(self, tasks: dict[str, _Task]) -> dict[str, _Task]:
        """Those that their workers have begun."""
        there = self._client.processing()
        return {key: task for key, task in tasks.items() if key in there.get(task.worker, ())}

    def _end(self, running: dict[str, _Task]) -> None:
        """Take trials back, and end the workers that run them; their nannies start others."""
        if not running:
            return
        self._client.cancel([task.future for task in running.values()])
        # A worker that has gone meanwhile is an error, and all right.
        with contextlib.suppress(Exception):
            self._client.run(
                _end_worker, workers=list({task.worker for task in running.values()}), nanny=True
            )

    def _stop(self) -> None:
        if self._client.status != "running":
            return
        with contextlib.suppress(OSError):
            if self._tasks:
                running = self._running(self._tasks)
                self._client.cancel([task.future for task in self._tasks.values()])
                self._end(running)
            self._client.unsubscribe_topic(self._topic)


async def _end_worker(dask_worker: Any) -> None:
    """In a nanny: end its worker."""
    await dask_worker.kill(timeout=ENDING)


# -- on a worker

_ANSWERS: dict[str, SimpleQueue[bool]] = {}
"""Whether trials go on, by their keys."""


def _answered(key: str, go_on: bool) -> None:
    if key in _ANSWERS:
        _ANSWERS[key].put(go_on)


def _run(packed: bytes, trial: Trial, key: str, topic: str, asks: bool) -> Outcome:
    """Run a trial and say so; ask after each step, or don't."""
    from distributed import get_worker

    # The cluster is parallel by its workers: a brain has one thread, unless they say otherwise.
    os.environ.setdefault("ENGRAM_THREADS", "1")
    worker = get_worker()
    answers: SimpleQueue[bool] = SimpleQueue()

    def judge(_trial: Trial, step: Step) -> bool:
        worker.log_event(topic, (key, tuple(step)))
        while True:
            try:
                return answers.get(timeout=ANSWERING)
            except Empty:
                # Who would have answered may have gone.
                task = worker.state.tasks.get(key)
                if task is None or task.state == "cancelled":
                    return False

    try:
        function = pickle.loads(packed)
    except Exception:
        return Outcome(None, traceback.format_exc(), 0.0)
    _ANSWERS[key] = answers
    worker.log_event(topic, (key, worker.address))
    try:
        return tried(function, trial, judge if asks else None)
    finally:
        del _ANSWERS[key]
