"""Where trials run: in this process, in others, or on a Dask cluster."""

from __future__ import annotations

import contextlib
import functools
import os
import pickle
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any

from engram.sweep import cluster
from engram.sweep.store import Outcome, Store, Trial
from engram.sweep.workers import Function, Judge, Run, outcomes, packed


@contextlib.contextmanager
def runner(
    where: str,
    function: Function,
    trials: Sequence[Trial],
    jobs: int,
    time_limit: float | None,
    client: Any,
) -> Iterator[Run]:
    """What runs the trials of a sweep or search.

    A context manager, which ends the connection to a cluster if it has made one.

    Parameters
    ----------
    where : str
        Names the caller in errors.
    function : callable
        Called with seed and parameters.
    trials : sequence of Trial
        Those that are known, to be checked.
    jobs : int
        How many run at a time; -1: as many as there is room for.
    time_limit : float, optional
        Seconds that a trial may take. None: any.
    client : distributed.Client, str or None
        Of a Dask cluster, or the address of its scheduler. None: this machine.

    Yields
    ------
    callable
        See `outcomes`: takes trials, whom to tell of each that begins, and a judge of steps.

    Raises
    ------
    InvalidTypeError, InvalidValueError
        The function can't be sent, or the cluster can't run it.
    ClusterError
        There is no scheduler.
    MissingExtraError
        Dask is not installed.
    """
    if client is None:
        workers = (os.cpu_count() or 1) if jobs == -1 else jobs
        # Whoever may have to be killed runs in another process.
        if workers > 1 or time_limit is not None:
            otherwise = "use jobs=1 without a time_limit"
            called: Function | bytes = packed(where, function, trials, pickle.dumps, otherwise)
        else:
            called = function
        yield functools.partial(outcomes, called, workers, time_limit)
        return
    otherwise = "let it refer to nothing that can't be pickled"
    content = packed(where, function, trials, cluster.dumps(where), otherwise)
    with cluster.connected(where, client) as found:
        cluster.check_workers(where, found, content, time_limit)
        yield functools.partial(cluster.outcomes, found, content, jobs, time_limit)


def run_all(
    run: Run,
    trials: Iterable[Trial],
    store: Store,
    judge: Judge | None,
    ended: Callable[[Trial, Outcome], None],
) -> None:
    """Run trials and write what comes of them; an error or Ctrl-C stops those under way.

    Parameters
    ----------
    run : callable
        See `runner`.
    trials : iterable of Trial
        What to run.
    store : Store
        Open; has been told of them when they are run.
    judge : callable or None
        See `outcomes`.
    ended : callable
        Told of each trial that has ended, and how, when it has been written.
    """
    with store.started() as started, contextlib.closing(run(trials, started, judge)) as running:
        for trial, outcome in running:
            store.finish(trial, outcome)
            ended(trial, outcome)
