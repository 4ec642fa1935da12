"""Progress of long runs."""

from __future__ import annotations

import contextlib
import sys
import time
from collections.abc import Callable, Iterator

from engram.errors import InvalidTypeError, brief

Progress = bool | None | Callable[[int, int], None]
"""None: a bar on a terminal when it takes long; True; False; or a function of (done, total)."""

PATIENCE = 1.0
"""Seconds after which a run counts as long."""

Report = Callable[[int, int], None]


@contextlib.contextmanager
def reporting(progress: Progress, label: str) -> Iterator[Report | None]:
    """What to call with (steps done, steps in all) now and then; None for silence.

    A context manager, which leaves the terminal as it was.

    Parameters
    ----------
    progress : bool, callable or None
        None: a bar on a terminal when it takes long; True: a bar; False: nothing; or what to call
        itself.
    label : str
        Stands before the bar.

    Yields
    ------
    callable or None
        Takes two ints: steps done, steps in all.

    Raises
    ------
    InvalidTypeError
        `progress` is something else.
    """
    check_progress("Brain.run", progress)
    if progress is False or (progress is None and not sys.stderr.isatty()):
        yield None
    elif callable(progress):
        yield progress
    else:
        bar = _Bar(label, PATIENCE if progress is None else 0.0)
        try:
            yield bar
        finally:
            bar.close()


def check_progress(where: str, progress: object) -> None:
    """Refuse what is no way to show progress.

    Parameters
    ----------
    where : str
        Names the caller in errors.
    progress : object
        To be checked.

    Raises
    ------
    InvalidTypeError
        It is neither None, True or False nor a function.
    """
    # To call a class makes one of it, and shows nothing.
    made = isinstance(progress, type)
    if made or not (progress is None or isinstance(progress, bool) or callable(progress)):
        raise InvalidTypeError(
            f"{where}: progress must be None, True, False or a function, not {brief(progress)}"
        )


def lines_or_bar(what: str, every: float = 0.0) -> Progress:
    """For commands: a bar on a terminal, lines elsewhere.

    Parameters
    ----------
    what : str
        What is counted, in the plural.
    every : float
        Seconds between two lines, at least.

    Returns
    -------
    callable or None
        None on a terminal, which is a bar to `reporting`; else a function that writes a line on
        stderr, with the time that is left.
    """
    if sys.stderr.isatty():
        return None
    began: list[tuple[float, int]] = []
    written = time.monotonic()

    def write(done: int, total: int) -> None:
        nonlocal written
        now = time.monotonic()
        if not began:
            # How long the first took is not known.
            began.append((now, done))
        if now - written < every:
            return
        written = now
        start, first = began[0]
        left = "" if done == first else f", {(now - start) / (done - first) * (total - done):.0f} s"
        print(f"{done:,} of {total:,} {what}{left and left + ' left'}", file=sys.stderr, flush=True)

    return write


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

    def close(self) -> None:
        """Leave the terminal as it was, also after an interrupt."""
        if self._shown:
            self._bar.stop()
