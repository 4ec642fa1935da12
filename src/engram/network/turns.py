"""One thread at a time uses a network."""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from threading import Lock, get_ident
from typing import Any, ParamSpec, TypeVar

from engram.errors import BusyError

Q = ParamSpec("Q")
T = TypeVar("T")


class Turns:
    """Base of a network: whose turn it is to use it.

    Attributes
    ----------
    thread : int
        The thread that uses it; 0: none does.
    """

    def __init__(self) -> None:
        self.thread = 0
        self._visit = Lock()

    def take_turn(self) -> bool:
        """Take the turn, which the thread that has it may do again.

        Returns
        -------
        bool
            Whether nobody had it: then it ends with ``thread = 0``.

        Raises
        ------
        BusyError
            It is another thread's.
        """
        me = get_ident()
        # The interpreter changes threads, and lets signals in, at calls only: neither comes between
        # these two lines and the caller's note of the result.
        if self.thread == 0:
            self.thread = me
            return True
        if self.thread != me:
            while self._visit.locked():
                # Whoever is there for a moment only is waited for.
                with self._visit:
                    pass
                if self.thread == 0:
                    self.thread = me
                    return True
            raise BusyError(
                "Brain: another thread is running or changing this brain; wait for it, work on a "
                "Brain.copy made before, or let Brain.checkpoint_every save it as it runs"
            )
        return False

    @contextmanager
    def visit(self) -> Iterator[bool]:
        """Take the turn for a moment, if it is nobody's; others wait then and are not refused.

        Yields
        ------
        bool
            Whether it was free.
        """
        me, free = get_ident(), False
        with self._visit:
            # As in `take_turn`, no call comes between these lines.
            if self.thread == 0:
                self.thread = me
                free = True
            try:
                yield free
            finally:
                if free:
                    self.thread = 0


def network_of(thing: Any) -> Any:
    """The network that something is a part or a view of, or is.

    Parameters
    ----------
    thing : Network, Process, Brain, Region or Projection
        Any.

    Returns
    -------
    Network
        Its network.
    """
    return getattr(thing, "network", thing)


def alone(function: Callable[Q, T]) -> Callable[Q, T]:
    """Let a function run only while no other thread uses the network.

    Parameters
    ----------
    function : callable
        Its first argument is a network, or has one.

    Returns
    -------
    callable
        The same, which raises `BusyError` while another thread uses the network.
    """

    @functools.wraps(function)
    def wrapped(*args: Q.args, **kwargs: Q.kwargs) -> T:
        network, first = network_of(args[0]), False
        try:
            first = network.take_turn()
            return function(*args, **kwargs)
        finally:
            if first:
                network.thread = 0

    return wrapped
