"""Worker threads that advance one network together: who advances which neurons, and how.

A worker advances neurons and delivers to them, whoever fired; what it writes in a step is theirs.
Neurons are shared out in blocks, in their order, so the bits are the same for any number of
workers: see `engram.kernels.advance`. Between two calls of the compiled loop they sleep.
"""

from __future__ import annotations

import ctypes
import functools
import os
import threading
import time
from queue import SimpleQueue
from typing import Any

import numpy as np
from numpy.typing import NDArray

from engram.engine import loops
from engram.errors import InvalidValueError, integer
from engram.kernels.calls import kernel
from engram.kernels.constants import (
    BLOCK,
    BOUNDSCHECK,
    CANCELLED,
    MEETING,
    STAGED,
    WORKER,
    WORKERS,
    YIELD,
)
from engram.network import pathways
from engram.network.network import Network
from engram.state.tables import Array, Tables

MOST_THREADS = 256

WORTH_A_STEP = 20_000.0
"""Work of a worker in a step, ns, from which on it pays to have one more."""

WORTH_A_CALL = 500_000.0
"""Work of a call, ns, from which on it pays to wake the others."""

NEURON, EVENT = 4.0, 6.0
"""What a step of a neuron and a synaptic event cost about, ns."""

TRIED_AGAIN = 32
"""After so many calls, the slower of alone and together is tried again."""

LEAST_RATE = 1.0
"""Rate at which neurons are expected to fire at least, Hz."""

LINE = 128
"""Bytes that a processor fetches together: cache lines come in pairs."""

OWN = (
    "crew",
    "part_first",
    "part_count",
    "part_event",
    "part_end",
    "part_lazy",
    "fresh_clock",
    "fresh_neuron",
    "fresh_previous_step",
    "fresh_previous",
    "scratch",
    "who",
    "heard",
    "row_start",
    "row_stop",
    "tree_diagonal",
    "tree_right",
    "hazard_ready",
    "hazard_steady",
    "reached",
    "integrate_entry",
    "arrive_entry",
    "scatter_entry",
    "touch_entry",
)
"""Arrays that each worker has for itself."""

COUNTED = ("fired_by", "may_fire")
"""What each worker counts for all to see, by region."""


class Worker:
    """What the loops of one worker see.

    Parameters
    ----------
    tables : Tables
        Of the network.
    number : int
        Of the worker, from 0.
    shares : NDArray
        First neuron slot and number of neurons, by worker and region: of shape (workers, R, 2).
    together : dict of array
        What the workers share besides the state: ``meeting``, and the arrays of `COUNTED`.
    cuts : dict of dict of array
        By projection, the worker's part of each row, where that is neither all nor nothing.

    Attributes
    ----------
    own : dict of array
        What the worker has for itself.
    address : int
        Of the table the outer loop is given.
    """

    def __init__(
        self,
        tables: Tables,
        number: int,
        shares: NDArray[np.int64],
        together: dict[str, Array],
        cuts: dict[int, dict[str, Array]],
    ) -> None:
        self.own = own = {name: _apart(tables[name]) for name in OWN}
        own["part_first"][:], own["part_count"][:] = shares[number].T
        idle = own["part_count"] == 0
        own["integrate_entry"][idle] = 0
        for name in ("arrive_entry", "scatter_entry", "touch_entry"):
            own[name][idle[tables["target"]]] = 0
        most = max(int(own["part_count"].sum()), 1)
        for name in ("fresh_neuron", "fresh_previous_step", "fresh_previous"):
            own[name] = _apart(np.zeros(1 << (most - 1).bit_length(), own[name].dtype))
        for name in COUNTED:
            own[name] = together[name]
        # Neuron loops enter spikes into the worker's list as if it were the ring.
        staged = {
            "clock": own["fresh_clock"],
            "event_neuron": own["fresh_neuron"],
            "event_previous_step": own["fresh_previous_step"],
            "event_previous": own["fresh_previous"],
            "region_spikes": np.zeros_like(tables["region_spikes"]),
        }
        self._keep: list[Any] = [own, staged, together, cuts]
        lists = tables.seen_with(own | staged, cuts)
        crew = own["crew"]
        crew[WORKER], crew[WORKERS] = number, len(shares)
        crew[MEETING], crew[STAGED] = together["meeting"].ctypes.data, lists[0].ctypes.data
        crew[YIELD] = _yield_address()
        self._keep += [*lists, *tables.seen_with(own, cuts)]
        self.address = int(self._keep[-2].ctypes.data)


def _apart(array: Array) -> Array:
    """A copy that shares no cache line with anything that another worker writes."""
    room = np.zeros(array.nbytes + 2 * LINE, np.uint8)
    start = -room.ctypes.data % LINE
    copy: Array = room[start : start + array.nbytes].view(array.dtype).reshape(array.shape)
    copy[...] = array
    return copy


class Crew:
    """The workers of a network, for as long as its arrays and loops stay what they are.

    Parameters
    ----------
    network : Network
        Bound.
    before : Crew, optional
        An earlier one, whose cuts of rows may still be right.

    Attributes
    ----------
    size : int
        How many they are; where it is 1 there is nobody to be led.
    work : float
        What a step of the network costs about, ns.
    version : int
        That of the tables it was made for.
    """

    def __init__(self, network: Network, before: Crew | None = None) -> None:
        tables, work = network.tables, _work(network)
        self.work = float(work.sum())
        workers = network.threads or max(1, min(_cores(), int(self.work / WORTH_A_STEP)))
        self.size, self.version = 1, tables.version
        self._cuts: dict[tuple[int, int], tuple[Array, Array]] = {}
        if workers == 1:
            return
        shares = _shared_out(tables, work, workers)
        self.size = len(shares)
        if self.size == 1:
            return
        self._meeting = _apart(np.zeros(16, np.int64))
        together: dict[str, Array] = {"meeting": self._meeting}
        for name in COUNTED:
            together[name] = np.zeros((self.size, tables.sizes["R"]), np.int64)
        self._old = before._cuts if before else {}
        self.workers = [
            Worker(tables, number, shares, together, self._rows(tables, shares[number]))
            for number in range(self.size)
        ]
        self._old = {}

    def _rows(self, tables: Tables, share: NDArray[np.int64]) -> dict[int, dict[str, Array]]:
        """The parts of rows of one worker, by projection."""
        found: dict[int, dict[str, Array]] = {}
        whole_first, whole_count = tables["region_first"], tables["region_count"]
        for p, r in enumerate(tables["target"].tolist()):
            first, count = share[r].tolist()
            if count in (0, int(whole_count[r])):
                continue
            rows: dict[str, Array] = {}
            if first > whole_first[r]:
                rows["row_from"] = self._cut(tables, p, first)
            if first + count < whole_first[r] + whole_count[r]:
                rows["row_to"] = self._cut(tables, p, first + count)
            found[p] = rows
        return found

    def _cut(self, tables: Tables, p: int, at: int) -> Array:
        """Where the targets from neuron `at` on begin in each row of projection `p`."""
        segment = tables.blocks[p]["segment"]
        known = self._cuts.get((p, at)) or self._old.get((p, at))
        if known is None or known[0] is not segment:
            cut = np.empty(len(segment) - 1, segment.dtype)
            kernel("parts.cut_rows")(segment, tables.blocks[p]["post"], at, cut)
            known = segment, cut
        self._cuts[p, at] = known
        return known[1]

    def advance(self, steps: int) -> int:
        """Advance the network.

        Parameters
        ----------
        steps : int
            How many.

        Returns
        -------
        int
            Steps done; -1: other threads have no time for this.
        """
        held = False
        try:
            held = _helpers.lock.acquire(blocking=False)
            helpers = _helpers.queues(self.size - 1) if held else []
            if not helpers:
                return -1
            run, loop = kernel("advance.enter"), loops.advance_loop().address
            for helper, worker in zip(helpers, self.workers[1:], strict=True):
                helper.put((run, loop, worker, steps))
            done: int = run(loop, self.workers[0].address, steps)
        except BaseException:
            # Those who have come already wait for the lead, who is not going to come.
            self._meeting[CANCELLED] = 1
            self.version = -1
            raise
        finally:
            if held:
                _helpers.lock.release()
        return done


class _Helpers:
    """The threads that help, of this process; they sleep until there is something to do.

    Who holds the lock has them for himself.
    """

    def __init__(self) -> None:
        self.lock = threading.Lock()
        self._queues: list[SimpleQueue[Any]] = []

    def queues(self, n: int) -> list[SimpleQueue[Any]]:
        """Where n helpers take their work from; none if there are not so many threads to be had."""
        while len(self._queues) < n:
            queue: SimpleQueue[Any] = SimpleQueue()
            name = f"engram worker {len(self._queues) + 1}"
            try:
                threading.Thread(target=_help, args=(queue,), name=name, daemon=True).start()
            except RuntimeError:
                return []
            self._queues.append(queue)
        return self._queues[:n]


def _help(queue: SimpleQueue[Any]) -> None:
    while True:
        run, loop, worker, steps = queue.get()
        run(loop, worker.address, steps)
        del worker


_helpers = _Helpers()


def _forget_helpers() -> None:
    """A forked child has none of its parent's threads."""
    global _helpers
    _helpers = _Helpers()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_forget_helpers)


@functools.cache
def _yield_address() -> int:
    """Where the function stands that offers the processor to other threads; 0: unknown."""
    for library, name in ((None, "sched_yield"), ("kernel32", "SwitchToThread")):
        try:
            function = getattr(ctypes.CDLL(library), name)
        except (OSError, TypeError, AttributeError):
            continue
        return ctypes.cast(function, ctypes.c_void_p).value or 0
    return 0


@functools.cache
def _cores() -> int:
    """Processors this process may use."""
    allowed = getattr(os, "sched_getaffinity", None)
    return len(allowed(0)) if allowed else os.cpu_count() or 1


def thread_count(threads: int | None) -> int | None:
    """How many threads a network may use.

    Parameters
    ----------
    threads : int or None
        As given. None: the environment's ENGRAM_THREADS, if it is set.

    Returns
    -------
    int or None
        None: as many as pay.

    Raises
    ------
    InvalidTypeError, InvalidValueError
        It is no number from 1 to 256.
    """
    if threads is not None:
        return integer("Brain: threads", threads, 1, MOST_THREADS)
    given = os.environ.get("ENGRAM_THREADS", "")
    if not given:
        return None
    if not (given.isascii() and given.isdigit() and 1 <= int(given) <= MOST_THREADS):
        raise InvalidValueError(
            f"ENGRAM_THREADS must be a whole number from 1 to {MOST_THREADS}, not {given!r}"
        )
    return int(given)


# -- sharing out


class Pace:
    """Whether a network is faster alone or together, by the clock.

    The estimate of work is rough, and other programs may use the processors: workers that wait for
    one which is not running lose more than they gain.
    """

    def __init__(self) -> None:
        self._step: dict[bool, float] = {}
        self._calls = 0

    def together(self) -> bool:
        """Whether to have the next call done by all; now and then the slower way is tried again."""
        for way in (True, False):
            if way not in self._step:
                return way
        self._calls += 1
        faster = self._step[True] < self._step[False]
        return faster != (self._calls % TRIED_AGAIN == 0)

    def note(self, together: bool, seconds: float) -> None:
        """Take down what a step has taken.

        Parameters
        ----------
        together : bool
            Whether all did it.
        seconds : float
            A step.
        """
        before = self._step.get(together, seconds)
        self._step[together] = 0.5 * (before + seconds)


def enter(network: Network, steps: int) -> int:
    """Enter the compiled loop, alone or together.

    Parameters
    ----------
    network : Network
        Bound.
    steps : int
        How many to do at most.

    Returns
    -------
    int
        How many are done.
    """
    crew = _crew_for(network, steps)
    free = crew is not None and network.threads is None
    if free:
        network.pace = network.pace or Pace()
        crew = crew if network.pace.together() else None
    begun = time.perf_counter() if free else 0.0
    done = crew.advance(steps) if crew else -1
    together = done >= 0
    if not together:
        done = kernel("advance.enter")(loops.advance_loop().address, network.tables.address, steps)
    if free and done > 0:
        network.pace.note(together, (time.perf_counter() - begun) / done)
    return done


def _crew_for(network: Network, steps: int) -> Crew | None:
    """Who may advance a network by so many steps; None: one thread alone."""
    # Imported late: looking at a brain should not wait for the compiler.
    from engram.kernels.jit import JIT_DISABLED

    if network.threads == 1 or JIT_DISABLED or BOUNDSCHECK:
        return None
    crew = network.crew
    if crew is None or crew.version != network.tables.version:
        crew = network.crew = Crew(network, crew)
    worth_it = network.threads is not None or steps * crew.work > WORTH_A_CALL
    return crew if crew.size > 1 and worth_it else None


def _work(network: Network) -> NDArray[np.float64]:
    """What a step of each region costs about, ns: its neurons, and what arrives at them."""
    tables = network.tables
    count = tables["region_count"]
    lived = max(network.time, 1.0) * 1e-3
    rate = np.maximum(tables["region_spikes"] / (np.maximum(count, 1) * lived), LEAST_RATE)
    work = count * NEURON
    for pathway in network.pathways:
        p = pathway.index
        spikes = rate[tables["source"][p]] * network.dt * 1e-3
        work[tables["target"][p]] += EVENT * spikes * pathways.n_synapses(network, pathway)
    return np.asarray(work, float)


def _shared_out(tables: Tables, work: NDArray[np.float64], workers: int) -> NDArray[np.int64]:
    """First slot and number of neurons, by worker and region; in blocks, in their order."""
    first, count = tables["region_first"], tables["region_count"]
    blocks = -(-count // BLOCK)
    region = np.repeat(np.arange(len(count)), blocks)
    number = np.concatenate([np.arange(n) for n in blocks]) if len(blocks) else blocks
    size = np.minimum(count[region] - number * BLOCK, BLOCK)
    ends = np.cumsum(work[region] * size / np.maximum(count[region], 1))
    middle = ends - np.diff(ends, prepend=0.0) / 2
    who = np.minimum((middle / max(ends[-1], 1e-9) * workers).astype(int), workers - 1)
    shares = np.zeros((workers, len(count), 2), np.int64)
    for k in range(workers):
        for r in range(len(count)):
            mine = np.flatnonzero((who == k) & (region == r))
            if len(mine):
                start = first[r] + number[mine[0]] * BLOCK
                shares[k, r] = start, size[mine].sum()
    busy = shares[:, :, 1].any(axis=1)
    return shares[busy]
