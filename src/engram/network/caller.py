"""Warnings that point at the line of the caller's own code."""

from __future__ import annotations

import inspect
import warnings
from types import FrameType


def warn(message: str) -> None:
    """Warn of what the first line outside this package led to.

    Parameters
    ----------
    message : str
        What it led to.
    """
    frame = inspect.currentframe()
    level = 0
    while frame is not None and _is_own(frame):
        frame, level = frame.f_back, level + 1
    warnings.warn(message, stacklevel=level + 1)


def _is_own(frame: FrameType) -> bool:
    return str(frame.f_globals.get("__name__", "")).partition(".")[0] == "engram"
