"""A change is whole: Ctrl-C waits for it, and no other thread comes between."""

from __future__ import annotations

import functools
import threading

# What signal's own functions call: those look each handler up in an enumeration as well, which
# takes twenty times as long.
from _signal import getsignal as get_handler  # type: ignore[import-not-found]
from _signal import signal as set_handler
from collections.abc import Callable
from signal import SIGINT
from types import FrameType
from typing import Any, ParamSpec, TypeVar

from engram.network.turns import network_of

Q = ParamSpec("Q")
T = TypeVar("T")

_holder: HeldBack | None = None
"""The block that holds a SIGINT back already, around those within."""


class HeldBack:
    """Let a SIGINT that comes within the block take effect at its end.

    Only Python's main thread gets signals, so elsewhere there is nothing to do; nor where nobody
    handles them from Python.
    """

    __slots__ = ("_before", "_came")

    def __enter__(self) -> None:
        global _holder
        self._before: Any = None
        self._came: list[FrameType | None] = []
        if _holder is not None or threading.current_thread() is not threading.main_thread():
            return
        before = get_handler(SIGINT)
        if callable(before):
            self._before = before
            set_handler(SIGINT, self._note)
            _holder = self

    def _note(self, _number: int, frame: FrameType | None) -> None:
        self._came.append(frame)

    def __exit__(self, *_error: object) -> None:
        global _holder
        if self._before is not None:
            _holder = None
            set_handler(SIGINT, self._before)
            self.let_through()

    def let_through(self) -> None:
        """Let a SIGINT that has come take effect now."""
        if self._came:
            frame = self._came[-1]
            self._came.clear()
            self._before(SIGINT, frame)


def let_through() -> None:
    """Let a SIGINT that is held back take effect, at a place where it does no harm."""
    if _holder is not None and threading.current_thread() is threading.main_thread():
        _holder.let_through()


def whole(function: Callable[Q, T]) -> Callable[Q, T]:
    """Let a function that changes a network come to its end before anything else happens to it.

    Parameters
    ----------
    function : callable
        Its first argument is a network, or has one.

    Returns
    -------
    callable
        The same: a SIGINT is held back, and another thread that uses the network is an error.
    """

    @functools.wraps(function)
    def wrapped(*args: Q.args, **kwargs: Q.kwargs) -> T:
        network, first = network_of(args[0]), False
        if _holder is not None and network.thread == threading.get_ident():
            # Within another such function.
            return function(*args, **kwargs)
        with HeldBack():
            try:
                first = network.take_turn()
                return function(*args, **kwargs)
            finally:
                if first:
                    network.thread = 0

    return wrapped


@whole
def carry_out(network: Any, function: Callable[..., object], *args: Any) -> None:  # noqa: ARG001
    """Call a function that changes a network; nothing comes between its beginning and its end.

    Parameters
    ----------
    network : Network
        Which it changes.
    function : callable
        Any.
    *args : object
        Its arguments.

    Raises
    ------
    BusyError
        Another thread uses the network.
    """
    function(*args)
