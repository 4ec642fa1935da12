"""Ctrl-C waits until a change is whole."""

from __future__ import annotations

import contextlib
import functools
import signal
import threading
from collections.abc import Callable, Iterator
from types import FrameType
from typing import ParamSpec, TypeVar

Q = ParamSpec("Q")
T = TypeVar("T")

_waiting = False
"""Whether a SIGINT is being held back already, by a block around this one."""


@contextlib.contextmanager
def held_back() -> Iterator[None]:
    """Let a SIGINT that comes within the block take effect at its end.

    Only Python's main thread gets signals, so elsewhere there is nothing to do; nor where nobody
    handles them from Python.
    """
    global _waiting
    if _waiting or threading.current_thread() is not threading.main_thread():
        yield
        return
    before = signal.getsignal(signal.SIGINT)
    if not callable(before):
        yield
        return
    came: list[FrameType | None] = []

    def note(_number: int, frame: FrameType | None) -> None:
        came.append(frame)

    _waiting = True
    signal.signal(signal.SIGINT, note)
    try:
        yield
    finally:
        _waiting = False
        signal.signal(signal.SIGINT, before)
        if came:
            before(signal.SIGINT, came[-1])


def whole(function: Callable[Q, T]) -> Callable[Q, T]:
    """Let a function that changes structure come to its end before a SIGINT takes effect.

    Parameters
    ----------
    function : callable
        Any.

    Returns
    -------
    callable
        The same, with the signal held back.
    """

    @functools.wraps(function)
    def wrapped(*args: Q.args, **kwargs: Q.kwargs) -> T:
        with held_back():
            return function(*args, **kwargs)

    return wrapped
