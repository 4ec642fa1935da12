"""A brain on show: its picture, its frames, what happened to it, and where it can go back to."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from engram.brain import Brain
from engram.live.changes import Changes, traces
from engram.live.frames import Frames, Moment, Voltage, mean_weight
from engram.live.picture import Picture
from engram.live.snapshots import Snapshots
from engram.live.story import Story, columns
from engram.mechanisms.memory import Memory
from engram.network.network import Network

Message = dict[str, Any]
Places = Mapping[str, NDArray[np.float64]]


class Stage:
    """A brain on show.

    Parameters
    ----------
    brain : Brain
        Any.
    number : int
        What pages call it: 0 the original, twins from 1 on.
    places : mapping of str to array of shape (n, 3), optional
        Real places of neurons, by region.

    Attributes
    ----------
    brain : Brain
        The one that is shown now.
    until : dict of int
        By region: the step at which a stimulus of the page ends.
    voltage : Voltage or None
        Of the neuron that is watched.
    """

    def __init__(self, brain: Brain, number: int, places: Places | None = None) -> None:
        self.number, self.places = number, places
        self.snapshots = Snapshots()
        self._version = 0
        self.until: dict[str, int] = {}
        self._begin(brain)
        self.story = Story(brain.network)

    def _begin(self, brain: Brain) -> None:
        self.brain = brain
        self.voltage: Voltage | None = None
        self.redraw()

    def redraw(self) -> None:
        """Draw the brain anew: its parts are others."""
        self._version += 1
        self.picture = Picture(self.network, self._version, self.places)
        self.frames = Frames(self.picture)
        self.changes = Changes(self.picture)
        if self.voltage is not None and self.voltage.region.removed:
            self.voltage = None

    def renew_story(self) -> bool:
        """Begin the life anew if regions or pathways are others.

        Returns
        -------
        bool
            Whether they are.
        """
        if self.story.columns == columns(self.network):
            return False
        self.story = Story(self.network)
        return True

    def replace(self, brain: Brain, *, life: bool) -> None:
        """Show another brain.

        Parameters
        ----------
        brain : Brain
            Which.
        life : bool
            Whether it has the life of the one before, up to its time.
        """
        before = self.story
        self.until.clear()
        self._begin(brain)
        self.story = Story(brain.network)
        if life:
            self.story.take_over(before)

    @property
    def network(self) -> Network:
        """Of the brain."""
        return self.brain.network

    # -- what pages are told

    def structure(self, twins: list[int]) -> Message:
        """The message ``structure``.

        Parameters
        ----------
        twins : list of int
            The twins that go on beside.

        Returns
        -------
        dict
            Plain values.
        """
        return {
            "type": "structure",
            "brain": self.number,
            **self.picture.described(),
            "snapshots": self.snapshots.listed,
            "twins": twins,
        }

    def history(self) -> Message:
        """The message ``history``.

        Returns
        -------
        dict
            Plain values.
        """
        story = self.story
        return {
            "type": "history",
            "brain": self.number,
            "columns": story.columns,
            "rows": story.rows,
        }

    def grown(self) -> list[Message]:
        """New rows of the life, and regions in trouble.

        Returns
        -------
        list of dict
            Messages.
        """
        if self.story.due:
            network = self.network
            self.story.note(mean_weight(network, p) for p in network.pathways)
        rows = self.story.fresh()
        if not rows:
            return []
        found: list[Message] = [{"type": "history", "brain": self.number, "append": rows}]
        return found + [{**event, "brain": self.number} for event in self.changes.troubled()]

    def events(self) -> list[Message]:
        """What happened since the last call.

        Returns
        -------
        list of dict
            Messages.
        """
        found = [{**event, "brain": self.number} for event in self.changes.found()]
        if any(event["event"] in ("born", "died") for event in found):
            self.frames.counted()
        return found

    def remembered(self) -> Message:
        """The traces of its memory, as an event."""
        found = traces(self.network.find(Memory))
        return {"event": "traces", "time": self.network.time, "traces": found}

    def sample(self) -> None:
        """Look at the potential of the neuron that is watched."""
        if self.voltage is not None and not self.voltage.region.removed:
            self.voltage.sample(self.network)

    def frame(self, running: bool, filming: bool, speed: float, wall: float) -> bytes:
        """A frame.

        Parameters
        ----------
        running, filming, speed, wall : bool, bool, float, float
            As of `Moment`.

        Returns
        -------
        bytes
            Binary.
        """
        return self.frames.make(Moment(self.number, running, filming, speed, wall), self.voltage)

    # -- stimuli that end by themselves

    def end_stimuli(self) -> list[str]:
        """Release what has lasted its time.

        Returns
        -------
        list of str
            Names of the regions.
        """
        step = self.network.step_count
        over = [name for name, stop in self.until.items() if stop <= step]
        for name in over:
            del self.until[name]
            if name in self.brain.regions and not self.brain.asleep:
                self.brain.release(name)
        return over

    def next_end(self, step: int) -> int | None:
        """How many steps until a stimulus ends.

        Parameters
        ----------
        step : int
            Of the brain.

        Returns
        -------
        int or None
            None: none does.
        """
        return min((max(1, stop - step) for stop in self.until.values()), default=None)

    # -- going back

    def snap(self) -> bool:
        """Take a snapshot if it is time and nothing is half done.

        Returns
        -------
        bool
            Whether one was taken.
        """
        network = self.network
        if network.presenting or not network.regions or not self.snapshots.due(network.step_count):
            return False
        self.snapshots.take(self.brain, self.until)
        return True
