"""Ctrl-C waits until a change is whole."""

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

Q = ParamSpec("Q")
T = TypeVar("T")

_waiting = False
"""Whether a SIGINT is being held back already, by a block around this one."""


class HeldBack:
    """Let a SIGINT that comes within the block take effect at its end.

    Only Python's main thread gets signals, so elsewhere there is nothing to do; nor where nobody
    handles them from Python.
    """

    __slots__ = ("_before", "_came")

    def __enter__(self) -> None:
        global _waiting
        self._before: Any = None
        self._came: list[FrameType | None] = []
        if _waiting or threading.current_thread() is not threading.main_thread():
            return
        before = get_handler(SIGINT)
        if callable(before):
            self._before = before
            set_handler(SIGINT, self._note)
            _waiting = True

    def _note(self, _number: int, frame: FrameType | None) -> None:
        self._came.append(frame)

    def __exit__(self, *_error: object) -> None:
        global _waiting
        if self._before is not None:
            _waiting = False
            set_handler(SIGINT, self._before)
            if self._came:
                self._before(SIGINT, self._came[-1])


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
        with HeldBack():
            return function(*args, **kwargs)

    return wrapped
