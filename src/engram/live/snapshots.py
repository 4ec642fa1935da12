"""A ring of states to go back to, in bounded memory."""

from __future__ import annotations

import time
from collections import deque
from dataclasses import dataclass

from engram.brain import Brain
from engram.checkpoint import state
from engram.checkpoint.classes import among
from engram.checkpoint.state import Classes, State
from engram.errors import InvalidValueError

MOST, MOST_BYTES = 40, 256 * 2**20
EVERY = 2.0
"""From one to the next, s of real time, at least."""

SHARE = 0.005
"""Of the time, taking them may cost so much."""


@dataclass(frozen=True)
class Snapshot:
    """A state of a brain.

    Parameters
    ----------
    step : int
        Of the brain.
    time : float
        The same, ms.
    state : State
        What `taken` gave.
    classes : list of type
        Of its parts.
    size : int
        Bytes.
    until : dict of int
        By region: the step at which a stimulus of the page ends.
    """

    step: int
    time: float
    state: State
    classes: Classes
    size: int
    until: dict[str, int]

    def restored(self, threads: int | None) -> Brain:
        """The brain as it was.

        Parameters
        ----------
        threads : int, optional
            That it may use.

        Returns
        -------
        Brain
            A new one.
        """
        described, arrays = self.state
        copied = {name: array.copy() for name, array in arrays.items()}
        brain = Brain.restored((described, copied), among(self.classes))
        brain.threads = threads
        return brain


class Snapshots:
    """The latest snapshots of a brain."""

    def __init__(self) -> None:
        self._kept: deque[Snapshot] = deque()
        self._taken_at = 0.0
        self._every = EVERY

    @property
    def listed(self) -> list[list[float]]:
        """Step and time of each, oldest first."""
        return [[s.step, s.time] for s in self._kept]

    def due(self, step: int) -> bool:
        """Whether it is time for another.

        Parameters
        ----------
        step : int
            Of the brain.

        Returns
        -------
        bool
            False where the brain has not moved.
        """
        if self._kept and self._kept[-1].step == step:
            return False
        return time.monotonic() - self._taken_at >= self._every

    def take(self, brain: Brain, until: dict[str, int]) -> None:
        """Take one now; the oldest go where there is no room.

        Parameters
        ----------
        brain : Brain
            As it is between two steps.
        until : dict of int
            By region: the step at which a stimulus of the page ends.
        """
        network, began = brain.network, time.monotonic()
        if self._kept and self._kept[-1].step == network.step_count:
            self._kept.pop()
        found = state.taken(network)
        size = sum(array.nbytes for array in found[1].values())
        step, classes = network.step_count, state.classes(network)
        self._kept.append(Snapshot(step, network.time, found, classes, size, dict(until)))
        while len(self._kept) > 1 and (
            len(self._kept) > MOST or sum(s.size for s in self._kept) > MOST_BYTES
        ):
            self._kept.popleft()
        self._taken_at = time.monotonic()
        self._every = max(EVERY, (self._taken_at - began) / SHARE)

    def at(self, step: int) -> Snapshot:
        """The snapshot of a step; later ones are forgotten.

        Parameters
        ----------
        step : int
            Of the brain.

        Returns
        -------
        Snapshot
            This one.

        Raises
        ------
        InvalidValueError
            There is none.
        """
        found = next((s for s in self._kept if s.step == step), None)
        if found is None:
            listed = ", ".join(str(s.step) for s in self._kept) or "none"
            raise InvalidValueError(f"rewind: no snapshot of step {step}; there are {listed}")
        while self._kept[-1].step > step:
            self._kept.pop()
        return found

    def clear(self) -> None:
        """Forget all."""
        self._kept.clear()
