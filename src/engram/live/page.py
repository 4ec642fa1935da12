"""A brain on a page: `LivePage`, which a script, a notebook or the command line opens."""

from __future__ import annotations

import contextlib
import sys
import threading
import time
import traceback
import webbrowser
from collections import deque
from collections.abc import Callable
from html import escape
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from engram.brain import Brain
from engram.errors import BusyError, EngramError, InvalidValueError
from engram.live import actions
from engram.live.hub import Listener, Page
from engram.live.server import Server
from engram.live.show import Show
from engram.live.stage import Places
from engram.live.viewer import Viewer
from engram.live.views import Views
from engram.network.caller import warn
from engram.network.interrupts import let_through

__all__ = ["LivePage"]

Message = dict[str, Any]

MOST_WAITING = 1000
"""Commands that wait for a step."""

PATIENT = 1 << 30
"""Steps until a viewer that is gone would look again."""

PATIENCE = 0.01
"""Whoever finds the brain in use looks again after so many seconds."""

PAUSED_LOOK = 0.5
"""A brain that pauses looks so often whether it should end, s."""


class LivePage(Show):
    """A brain on a page. `Brain.live` makes it; `close` ends it, and so does a ``with`` statement.

    Parameters
    ----------
    brain : Brain
        What is shown.
    run : bool
        Whether the page runs it; else whoever calls `Brain.run` and its like.
    host, port, token : str, int, str or None
        Where it is served, see `Brain.live`.
    places : mapping of str to array of shape (n, 3), optional
        Where neurons are drawn, by region.
    views : Views, optional
        What is drawn beside it.
    title : str
        Of the page.
    playing : bool
        Whether the brain runs at once.
    serve : bool
        Whether there is a server; notebooks have a channel of their own.

    Examples
    --------
    >>> from engram import Brain
    >>> brain = Brain(seed=1)
    >>> cortex = brain.add_region("cortex", n_neurons=50)
    >>> with brain.live(open_browser=False) as page:
    ...     brain.run(100)
    ...     print(page.address.partition(":")[0])
    http
    """

    def __init__(
        self,
        brain: Brain,
        *,
        run: bool,
        host: str = "127.0.0.1",
        port: int = 0,
        token: str | None = None,
        places: Places | None = None,
        views: Views | None = None,
        title: str = "Engram",
        playing: bool = True,
        serve: bool = True,
    ) -> None:
        super().__init__(brain, owned=run, title=title, places=places, views=views, playing=playing)
        self._commands: deque[tuple[Page | Listener, Message]] = deque()
        self._wake = threading.Condition()
        self._closed = False
        self._problem = ""
        self._server: Server | None = None
        if serve:
            ears = self.submit, self.arrived, self.count
            self._server = Server(self.hub, *ears, host, port, token)
        self._viewer: Viewer | None = None
        self._thread: threading.Thread | None = None
        if not run:
            self.attach()
        if self._server is not None:
            self._server.start()

    def attach(self) -> None:
        """Show the brain that a script runs; so it is from the beginning."""
        self._viewer = Viewer(self._look_for_script)
        self.brain.network.add_process(self._viewer)

    def detach(self) -> None:
        """Show it no more, until `attach`."""
        viewer, self._viewer = self._viewer, None
        if viewer is not None and viewer in self.brain.network.processes:
            self.brain.network.remove_process(viewer)

    # -- for users

    @property
    def address(self) -> str:
        """What to open in a browser; empty without a server."""
        return "" if self._server is None else self._server.address

    @property
    def port(self) -> int:
        """At which it is served; 0 without a server."""
        return 0 if self._server is None else self._server.port

    @property
    def closed(self) -> bool:
        """Whether it has ended."""
        return self._closed

    def __repr__(self) -> str:
        return f"<LivePage, {'closed' if self._closed else self.address or 'in a notebook'}>"

    def _repr_html_(self) -> str:
        if self._closed or not self.address:
            return escape(repr(self))
        address = escape(self.address, quote=True)
        return f'<a href="{address}" target="_blank" rel="noopener">{address}</a>'

    def announce(self, browser: bool, say: Callable[[str], object]) -> None:
        """Say where it is, and open it.

        Parameters
        ----------
        browser : bool
            Whether to open it.
        say : callable
            Given the address.
        """
        say(self.address)
        if browser:
            self.open_browser()

    def open_browser(self) -> None:
        """Open the page in the browser, if there is one."""
        with contextlib.suppress(webbrowser.Error, OSError):
            webbrowser.open(self.address)

    def wait(self) -> None:
        """Wait until the page is closed, or Ctrl-C."""
        with self._wake:
            while not self._closed:
                self._wake.wait(PAUSED_LOOK)

    def close(self) -> None:
        """End it: pages are told, the brain stays as it is."""
        if self._closed:
            return
        self._closed = True
        with self._wake:
            self._wake.notify_all()
        if self._thread is not None and self._thread is not threading.current_thread():
            self._thread.join()
        with contextlib.suppress(EngramError):
            self.detach()
        with contextlib.suppress(OSError, EngramError):
            self.stop_recording()
        self.event(0, {"event": "ended"})
        if self._server is not None:
            self._server.stop()

    def record(self, path: str | Path, *, overwrite: bool = False) -> None:
        if self._closed:
            raise InvalidValueError("record: this page is closed; Brain.live opens another")
        super().record(path, overwrite=overwrite)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    # -- from the thread of the server

    def submit(self, page: Page | Listener, message: Message) -> None:
        """Let a command be carried out before the next step.

        Parameters
        ----------
        page : Page or Listener
            Who is told the answer.
        message : dict
            As `engram.live.safety.read` gave it.

        Raises
        ------
        InvalidValueError
            Too many wait.
        """
        with self._wake:
            if len(self._commands) >= MOST_WAITING:
                raise InvalidValueError(f"{MOST_WAITING} commands wait already; try again")
            self._commands.append((page, message))
            self._wake.notify_all()

    def arrived(self, page: Page | Listener) -> None:
        """Greet a page that was opened before the next step.

        Parameters
        ----------
        page : Page or Listener
            Whom.
        """
        with self._wake:
            self._commands.append((page, {}))
            self._wake.notify_all()

    def count(self, pages: int) -> None:
        """Note how many pages are open.

        Parameters
        ----------
        pages : int
            How many.
        """
        self.pace.watched = pages
        self.hub.tell({"type": "event", "brain": 0, "event": "pages", "pages": pages})
        with self._wake:
            self._wake.notify_all()

    # -- in the thread that runs the brain

    def look(self) -> int:
        """What is done between two steps: commands, frames, and waiting.

        Returns
        -------
        int
            After how many steps it is to be called again.
        """
        pace, ran = self.pace, self.pace.running
        pace.arrive(self.brain.step_count)
        if ran and not pace.running:
            # The last of the steps that were asked for is seen.
            self.touched = True
            self.hub.tell(self.settings(0))
        self.catch_up()
        began = time.thread_time()
        for stage in self.stages.values():
            stage.sample()
        while not self._closed:
            self._end_stimuli()
            if self.carry_out():
                # What people ask for costs what it costs.
                began = time.thread_time()
            self.show()
            early = pace.early(self.brain.step_count)
            if self._nobody_waits(early):
                break
            self._sleep(early)
            let_through()
        step = self.brain.step_count
        steps = pace.leave(step)
        ends = [stage.next_end(step) for stage in self.stages.values()]
        pace.charge(time.thread_time() - began)
        return min([steps, *(end for end in ends if end is not None)])

    def _look_for_script(self) -> int:
        """The same, in a script's run, which nothing that goes wrong on the page may end."""
        try:
            return self.look()
        except Exception as problem:  # of whatever kind
            self.detach()
            warn(f"the live page shows nothing more: {type(problem).__name__}: {problem}")
            return PATIENT

    def _nobody_waits(self, early: float) -> bool:
        """Whether the brain may go on."""
        if not self.pace.binding:
            # Nobody is there who could let it go on.
            if not self.pace.running:
                self.pace.run()
            return True
        return self.pace.running and early <= 0.0

    def _sleep(self, early: float) -> None:
        longest = early if self.pace.running else PAUSED_LOOK
        if self.pace.watched and self.pace.running:
            longest = min(longest, self.pace.period)
        with self._wake:
            if not self._commands and not self._closed:
                self._wake.wait(longest)

    def catch_up(self) -> None:
        """Let the twins go as far as the original."""
        step = self.brain.step_count
        for number, stage in list(self.stages.items()):
            if number and stage.brain.step_count < step:
                try:
                    stage.brain.run(step - stage.brain.step_count, progress=False)
                except Exception as problem:  # of whatever kind: its parts may be a user's own
                    self.trouble(number, f"the twin has ended: {worded(problem)}")
                    self.drop(number)

    def _end_stimuli(self) -> None:
        for number, stage in self.stages.items():
            for region in stage.end_stimuli():
                event = {"event": "stimulus", "region": region, "values": None, "until": None}
                self.event(number, event)

    def carry_out(self) -> bool:
        """Do what pages have asked for, in its order.

        Returns
        -------
        bool
            Whether there was anything.
        """
        done = False
        while True:
            with self._wake:
                if not self._commands:
                    return done
                page, message = self._commands.popleft()
            done = True
            if not message:
                self.hub.greet(page, self.greeting() + self._standing())
                self.touched = True
                continue
            answer: Message = {"id": message["id"]}
            try:
                answer |= {"ok": True, "result": actions.carry_out(self, message)}
            except Exception as problem:  # of whatever kind: the brain goes on
                answer["error"] = worded(problem, kind=False)
            self.hub.tell(answer, page)
            self.touched = True

    # -- running the brain from here

    def drive(self) -> None:
        """Run the brain until the page is closed; for pages that run it themselves."""
        while not self._closed:
            try:
                steps = self.look()
                if self._closed:
                    return
                self.brain.run(steps, progress=False)
            except BusyError:
                # Somebody else has it for a moment.
                time.sleep(PATIENCE)
            except Exception as problem:  # of whatever kind: parts of a brain may be a user's own
                self._stopped(problem)

    def _stopped(self, problem: Exception) -> None:
        """Pause where the brain, or looking at it, has failed; pages can still save and rewind."""
        ran, new = self.pace.running, self._is_new(problem)
        self.pace.pause()
        if ran or new:
            self.trouble(0, f"the brain has stopped: {worded(problem)}")
            self.hub.tell(self.settings(0))
            self.touched = True
        else:
            # It is looking that fails, again and again; commands are carried out before.
            self._sleep(0.0)

    def _standing(self) -> list[Message]:
        """Why the brain stands still, for pages that were not there when it stopped."""
        if self.pace.running or not self._problem:
            return []
        text = f"the brain has stopped: {self._problem}"
        now = self.brain.network.time
        return [{"type": "event", "brain": 0, "time": now, "event": "trouble", "text": text}]

    def _is_new(self, problem: Exception) -> bool:
        """Print what went wrong, unless it was the last that did."""
        text = worded(problem)
        before, self._problem = self._problem, text
        if text == before:
            return False
        if isinstance(problem, EngramError):
            sys.stderr.write(f"engram live: {text}\n")
        else:
            traceback.print_exception(problem)
        return True

    def start(self) -> None:
        """Run, or look after, the brain in a thread of its own."""
        target: Callable[[], None] = self.drive if self.owned else self._attend
        self._thread = threading.Thread(target=target, name="engram live brain", daemon=True)
        self._thread.start()

    def _attend(self) -> None:
        """Carry out commands while no script runs the brain."""
        while not self._closed:
            with self._wake:
                if not self._commands:
                    self._wake.wait(PAUSED_LOOK)
                waiting = bool(self._commands)
            if waiting and not self._closed:
                try:
                    self._look_between()
                except Exception as problem:  # of whatever kind
                    if self._is_new(problem):
                        self.trouble(0, worded(problem))

    def _look_between(self) -> None:
        with self.brain.network.visit() as free:
            if free:
                self._end_stimuli()
                self.carry_out()
                self.show()
        if not free:
            # Whoever runs it looks himself.
            time.sleep(PATIENCE)


def worded(problem: Exception, *, kind: bool = True) -> str:
    """What went wrong, in one line that tells nothing of the machine's folders.

    Parameters
    ----------
    problem : Exception
        What was raised.
    kind : bool
        Whether errors that are not of this package are named by their class.

    Returns
    -------
    str
        In words.
    """
    name = type(problem).__name__
    if isinstance(problem, OSError) and problem.strerror is not None:
        of = "" if problem.filename is None else f": {Path(str(problem.filename)).name}"
        return f"{problem.strerror}{of}"
    text = " ".join(str(problem).split())
    if not text or isinstance(problem, EngramError):
        return text or name
    return f"{name}: {text}" if kind else text
