"""The process that shows a brain which a script runs."""

from __future__ import annotations

from collections.abc import Callable

from engram.network.network import Process


class Viewer(Process):
    """Looks between two steps whether a page wants something.

    Parameters
    ----------
    look : callable
        Called between two steps, in the thread that runs the brain; returns after how many more it
        is to be called again.
    """

    # After all others, checkpoints too: pages see what they have done.
    order = 110
    kept = False

    def __init__(self, look: Callable[[], int]) -> None:
        super().__init__()
        self._look = look
        self._due = 0

    def next_act(self, step: int) -> int | None:
        """When it looks again; that depends on the clock, and changes nothing in the brain.

        Parameters
        ----------
        step : int
            The step that comes next.

        Returns
        -------
        int
            The first after `step`.
        """
        return max(step + 1, self._due)

    def act(self, step: int) -> None:
        """Look.

        Parameters
        ----------
        step : int
            The step that comes next.
        """
        self._due = step + 1
        self._due = step + self._look()
