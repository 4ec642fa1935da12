"""What pages are told of the brains on show, and what commands change of the show itself."""

from __future__ import annotations

import math
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from engram._version import __version__
from engram.brain import Brain
from engram.errors import InvalidValueError
from engram.live import settings
from engram.live.films import Film
from engram.live.hub import Hub
from engram.live.pace import Pace
from engram.live.stage import Places, Stage
from engram.live.views import Views
from engram.paths import as_path

Message = dict[str, Any]

MOST_TWINS = 2

A_ROW, SOME_EVENTS = 0.5, 1.0 / 15.0
"""Real time from one row of the life, or one look at what happened, to the next at least, s."""


class Show:
    """Brains on show, their pace, and whoever looks on.

    Parameters
    ----------
    brain : Brain
        The original.
    owned : bool
        Whether the page runs it.
    title : str
        Of the page.
    places : mapping of str to array of shape (n, 3), optional
        Where neurons are drawn, by region.
    views : Views, optional
        What is drawn beside it.
    playing : bool
        Whether the brain runs at once.

    Attributes
    ----------
    stages : dict of Stage
        By number: 0 is the original.
    film : Film or None
        That is being recorded.
    folder : Path
        Where pages may save and load: that in which it was made.
    """

    def __init__(
        self,
        brain: Brain,
        *,
        owned: bool,
        title: str,
        places: Places | None,
        views: Views | None,
        playing: bool,
    ) -> None:
        self.owned, self.title = owned, title
        self.views = Views() if views is None else views
        self.pace = Pace(brain.dt, brain.step_count, playing, owned)
        self.stages: dict[int, Stage] = {0: Stage(brain, 0, places)}
        self.film: Film | None = None
        self.folder = Path.cwd()
        self.hub = Hub()
        self.touched = True
        self._lived_at = self._told_at = -math.inf

    @property
    def brain(self) -> Brain:
        """The brain that is shown; another one after it was rewound or one was loaded."""
        return self.stages[0].brain

    # -- films

    def record(self, path: str | Path, *, overwrite: bool = False) -> None:
        """Begin to record a film of what the page shows; `stop_recording` ends it.

        Parameters
        ----------
        path : path-like
            Where to: ``.film``, or ``.html`` for a page that plays by itself.
        overwrite : bool
            Whether a file that is there is replaced.

        Raises
        ------
        InvalidValueError
            One is recorded already, the file is there, or has another suffix.
        """
        if self.film is not None:
            raise InvalidValueError("record: a film is being recorded; stop it first")
        film = Film(as_path("record: path", path), overwrite=overwrite)
        self.film = film
        self.pace.filmed = True
        for message in self.greeting(film=True):
            film.tell(message)
        self.hub.listeners.append(film)
        self.touched = True

    def stop_recording(self) -> Path | None:
        """End the film and write it.

        Returns
        -------
        Path or None
            Where it is; None: there was none.
        """
        film, self.film = self.film, None
        self.pace.filmed = False
        if film is None:
            return None
        self.hub.listeners.remove(film)
        return film.finish()

    # -- what pages are told

    def greeting(self, *, film: bool = False) -> list[Message]:
        """All that a page has to know when it opens.

        Parameters
        ----------
        film : bool
            Whether it is the beginning of a film.

        Returns
        -------
        list of dict
            Messages.
        """
        hello: Message = {
            "type": "hello",
            "protocol": 1,
            "engram": __version__,
            "title": self.title,
            "pages": self.pace.watched,
            "owned": self.owned,
            "film": film,
            "views": self.views.described(),
            "calm_hz": 3,
        }
        # What others have still to hear is in the picture that is sent now.
        self._tell(Stage.events)
        found = [hello]
        for number, stage in self.stages.items():
            found += [stage.structure(self.twins), self.settings(number), stage.history()]
            found.append({"type": "event", "brain": number, **stage.remembered()})
        return found

    def show(self) -> None:
        """Tell pages what happened, and show a frame if it is time."""
        now = time.perf_counter()
        due = self.pace.frame_due() or (self.touched and self.pace.seen)
        lived = now - self._lived_at >= A_ROW and self.stages[0].story.due
        if not due and not lived:
            return
        for number, stage in self.stages.items():
            if stage.picture.stale:
                self.redraw(number)
        if lived:
            self._lived_at = now
            self._tell(Stage.grown)
        if due:
            if self.touched or now - self._told_at >= SOME_EVENTS:
                self._told_at = now
                self._tell(Stage.events)
            self.touched = False
            self._frames(now)

    def _tell(self, what: Callable[[Stage], list[Message]]) -> None:
        for stage in self.stages.values():
            for message in what(stage):
                self.hub.tell(message)

    def _frames(self, began: float) -> None:
        pace = self.pace
        wall = pace.framed_since(began)
        for number, stage in self.stages.items():
            frame = stage.frame(pace.running, self.film is not None, pace.speed, wall)
            self.hub.show(number, frame)
        for message in self.views.messages():
            self.hub.tell(message)
        if pace.watched and self.owned and self.stages[0].snap():
            self.event(0, {"event": "snapshot", "snapshots": self.stages[0].snapshots.listed})
        pace.framed(began)

    # -- what commands need

    @property
    def twins(self) -> list[int]:
        """The numbers of the twins."""
        return [number for number in self.stages if number]

    def settings(self, number: int) -> Message:
        """The message ``settings``.

        Parameters
        ----------
        number : int
            Of the brain.

        Returns
        -------
        dict
            Plain values.
        """
        return {
            "type": "settings",
            "brain": number,
            "title": self.title,
            **settings.described(self.stages[number].brain),
            "speed": self.pace.factor,
            "running": self.pace.running,
            "recording": None if self.film is None else self.film.path.name,
        }

    def event(self, number: int, event: Message) -> None:
        """Tell all pages of something that happened.

        Parameters
        ----------
        number : int
            Of the brain.
        event : dict
            What.
        """
        stage = self.stages[number]
        time_ = stage.network.time
        self.hub.tell({"type": "event", "brain": number, "time": time_, **event})

    def trouble(self, number: int, text: str) -> None:
        """Tell all pages that something went wrong.

        Parameters
        ----------
        number : int
            Of the brain.
        text : str
            What.
        """
        self.event(number, {"event": "trouble", "text": text})

    def redraw(self, number: int) -> None:
        """Draw a brain anew, and tell pages.

        Parameters
        ----------
        number : int
            Of the brain.
        """
        stage = self.stages[number]
        stage.redraw()
        self.hub.tell(stage.structure(self.twins))
        self.hub.tell(self.settings(number))
        if stage.renew_story():
            self.hub.tell(stage.history())

    def replace(self, brain: Brain, *, life: bool) -> None:
        """Show another brain in place of the original; twins go.

        Parameters
        ----------
        brain : Brain
            Which.
        life : bool
            Whether it has the same past.
        """
        for number in self.twins:
            self.drop(number)
        stage = self.stages[0]
        stage.replace(brain, life=life)
        self.pace.dt = brain.dt
        self.pace.restart(brain.step_count)
        self.pace.sampling = False
        for message in (stage.structure([]), self.settings(0), stage.history()):
            self.hub.tell(message)

    def add_twin(self) -> int:
        """Let a copy go on beside the original.

        Returns
        -------
        int
            Its number.

        Raises
        ------
        InvalidValueError
            There are `MOST_TWINS` already.
        """
        free = [n for n in range(1, MOST_TWINS + 1) if n not in self.stages]
        if not free:
            raise InvalidValueError(f"branch: at most {MOST_TWINS} twins; drop one first")
        original = self.stages[0]
        stage = Stage(original.brain.copy(), free[0], original.places)
        stage.story.take_over(original.story)
        stage.until = dict(original.until)
        self.stages[free[0]] = stage
        for message in (stage.structure(self.twins), self.settings(free[0]), stage.history()):
            self.hub.tell(message)
        self.event(0, {"event": "twins", "twins": self.twins})
        return free[0]

    def drop(self, number: int) -> None:
        """Let a twin go.

        Parameters
        ----------
        number : int
            Which.
        """
        del self.stages[number]
        self.event(0, {"event": "twins", "twins": self.twins})
