"""Between the thread of a brain and the pages: frames are left out for the slow, texts never."""

from __future__ import annotations

import asyncio
import json
import threading
from collections import deque
from typing import Any, Protocol

MOST_TEXTS = 1000
"""A page that is so many texts behind is cut off."""

MOST_PAGES = 8


def as_text(message: dict[str, Any]) -> str:
    """A message as JSON.

    Parameters
    ----------
    message : dict
        Plain values, all finite.

    Returns
    -------
    str
        One line.
    """
    return json.dumps(message, separators=(",", ":"), allow_nan=False)


class Listener(Protocol):
    """Hears everything that pages hear."""

    def text(self, text: str) -> None:
        """A message.

        Parameters
        ----------
        text : str
            JSON.
        """

    def frame(self, frame: bytes) -> None:
        """A frame.

        Parameters
        ----------
        frame : bytes
            Binary.
        """


class Page:
    """An open page, as the thread of the server sees it."""

    def __init__(self) -> None:
        self.texts: deque[str] = deque()
        self.frames: dict[int, bytes] = {}
        self.wake = asyncio.Event()
        self.behind = False
        self.greeted = False

    def tell(self, text: str) -> None:
        """Let a text follow those that wait.

        Parameters
        ----------
        text : str
            JSON.
        """
        if len(self.texts) >= MOST_TEXTS:
            self.behind = True
            self.texts.clear()
        elif not self.behind:
            self.texts.append(text)
        self.wake.set()

    def show(self, frames: dict[int, bytes]) -> None:
        """Let frames take the place of those that wait.

        Parameters
        ----------
        frames : dict of bytes
            By brain.
        """
        self.frames.update(frames)
        self.wake.set()


class Hub:
    """Hands on what brains tell to all pages; from whatever thread.

    Attributes
    ----------
    pages : list of Page
        Those that are open; for the server's thread.
    """

    def __init__(self) -> None:
        self.pages: list[Page] = []
        self.listeners: list[Listener] = []
        self._loop: asyncio.AbstractEventLoop | None = None
        self._lock = threading.Lock()
        self._texts: list[tuple[Page | None, str | None]] = []
        self._frames: dict[int, bytes] = {}
        self._scheduled = False

    def serve_from(self, loop: asyncio.AbstractEventLoop | None) -> None:
        """Know the loop of the server.

        Parameters
        ----------
        loop : AbstractEventLoop or None
            None: it has ended.
        """
        with self._lock:
            self._loop = loop
            self._scheduled = False
            self._texts.clear()
            self._frames.clear()

    # -- from the thread of the brain

    def tell(self, message: dict[str, Any], page: Page | Listener | None = None) -> None:
        """Tell pages something.

        Parameters
        ----------
        message : dict
            Plain values.
        page : Page or Listener, optional
            Whom. None: all, and films too.
        """
        text = as_text(message)
        if page is not None and not isinstance(page, Page):
            page.text(text)
            return
        if page is None:
            for listener in tuple(self.listeners):
                listener.text(text)
        with self._lock:
            if self._loop is not None:
                self._texts.append((page, text))
                self._schedule()

    def greet(self, page: Page | Listener, messages: list[dict[str, Any]]) -> None:
        """Tell a page all that others know already; from then on it hears what they hear.

        Parameters
        ----------
        page : Page or Listener
            Whom.
        messages : list of dict
            Plain values.
        """
        if not isinstance(page, Page):
            for message in messages:
                page.text(as_text(message))
            if page not in self.listeners:
                self.listeners.append(page)
            return
        texts: list[tuple[Page | None, str | None]] = [(page, as_text(m)) for m in messages]
        with self._lock:
            if self._loop is not None:
                self._texts += [*texts, (page, None)]
                self._schedule()

    def show(self, brain: int, frame: bytes) -> None:
        """Show all pages a frame.

        Parameters
        ----------
        brain : int
            Whose.
        frame : bytes
            Binary.
        """
        for listener in tuple(self.listeners):
            listener.frame(frame)
        with self._lock:
            if self._loop is not None:
                self._frames[brain] = frame
                self._schedule()

    def _schedule(self) -> None:
        if not self._scheduled and self._loop is not None:
            self._scheduled = True
            try:
                self._loop.call_soon_threadsafe(self._hand_on)
            except RuntimeError:
                # The loop has just been closed.
                self._loop = None

    # -- in the thread of the server

    def _hand_on(self) -> None:
        with self._lock:
            texts, self._texts = self._texts, []
            frames, self._frames = self._frames, {}
            self._scheduled = False
        for whom, text in texts:
            if whom is not None and text is None:
                whom.greeted = True
            elif text is not None:
                # Who has not been greeted gets everything anew then.
                heard = [page for page in self.pages if page.greeted] if whom is None else [whom]
                for page in heard:
                    page.tell(text)
        if frames:
            for page in self.pages:
                if page.greeted:
                    page.show(frames)
