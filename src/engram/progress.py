"""Progress of long runs."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable

from engram.errors import InvalidTypeError

Progress = bool | None | Callable[[int, int], None]
"""None: a bar on a terminal when it takes long; True; False; or a function of (done, total)."""

PATIENCE = 1.0
"""Seconds after which a run counts as long."""

Report = Callable[[int, int], None]


def reporter(progress: Progress, label: str) -> Report | None:
    """What to call with (steps done, steps in all) now and then; None for silence."""
    if progress is False:
        return None
    if callable(progress):
        return progress
    if progress is None:
        return _Bar(label, PATIENCE) if sys.stderr.isatty() else None
    if progress is True:
        return _Bar(label, 0.0)
    raise InvalidTypeError(
        f"Brain.run: progress must be None, True, False or a function, not {progress!r}"
    )


class _Bar:
    """A progress bar that appears after `patience` seconds."""

    def __init__(self, label: str, patience: float) -> None:
        self._label, self._patience = label, patience
        self._start = time.monotonic()
        self._shown = False

    def __call__(self, done: int, total: int) -> None:
        from rich.console import Console
        from rich.progress import BarColumn, MofNCompleteColumn, TextColumn, TimeRemainingColumn
        from rich.progress import Progress as RichProgress

        if not self._shown:
            if time.monotonic() - self._start < self._patience:
                return
            bar = RichProgress(
                TextColumn("{task.description}"),
                BarColumn(),
                MofNCompleteColumn(),
                TimeRemainingColumn(),
                console=Console(stderr=True),
            )
            bar.start()
            self._bar, self._id = bar, bar.add_task(self._label, total=total)
            self._shown = True
        self._bar.update(self._id, completed=done)
        if done >= total:
            self._bar.stop()
