"""When a memory captures and replays."""

from __future__ import annotations

from engram.mechanisms.memory.memory import Memory
from engram.network.network import Process, next_multiple


class Consolidation(Process):
    """Lets a memory capture what goes on, or replay in quiet, at its intervals.

    Parameters
    ----------
    memory : Memory
        Of the same brain.

    Examples
    --------
    >>> from engram.mechanisms.memory import Consolidation
    >>> from engram import Brain
    >>> brain = Brain(seed=1)  # it has one, which follows the parameters of its memory
    >>> brain.memory.consolidation_interval = 500.0
    >>> brain.network.find(Consolidation).next_act(0)  # the first capture, in steps
    200
    """

    name = "consolidation"
    order = 40
    kept = False

    def __init__(self, memory: Memory) -> None:
        super().__init__()
        self._memory = memory

    def _intervals(self) -> tuple[int, int]:
        """Steps between captures, and between replays."""
        memory, steps = self._memory, self.network.steps
        window = min(memory.capture_window, memory.consolidation_interval)
        return steps(window), steps(memory.consolidation_interval)

    def next_act(self, step: int) -> int | None:
        """The next capture or replay.

        Parameters
        ----------
        step : int
            Of the brain.

        Returns
        -------
        int or None
            The first after `step`; None while memory is disabled.
        """
        if self.network.frozen["memory"]:
            return None
        return min(next_multiple(step, every) for every in self._intervals())

    def act(self, step: int) -> None:
        """Capture, replay, or both.

        Parameters
        ----------
        step : int
            Of the brain.
        """
        capture, consolidate = (step % every == 0 for every in self._intervals())
        self._memory.tick(capture=capture, consolidate=consolidate)
