"""The live page inside a notebook, by anywidget: no server, so that it works on remote kernels."""

from __future__ import annotations

import json
import time
from typing import Any

from engram.brain import Brain
from engram.errors import EngramError, InvalidTypeError, MissingExtraError, brief
from engram.live.page import LivePage
from engram.live.safety import Rate, read
from engram.live.standalone import notebook_module, notebook_style

try:
    import anywidget
except ImportError as error:
    raise MissingExtraError("engram.live.widget", "anywidget", "notebook") from error

FRAMES_A_SECOND = 15.0
"""A notebook's channel says nothing of who is slow: fewer frames than a socket gets."""


class LiveWidget(anywidget.AnyWidget):  # type: ignore[misc]
    """A brain on a page inside a notebook, which runs it in a thread of its own.

    Cells may look at the brain and change it while it pauses; a cell that runs it itself has to
    wait until then.

    Parameters
    ----------
    brain : Brain
        What is shown.
    playing : bool
        Whether it runs at once.
    speed : float or None
        Simulated time over real time. None: as fast as possible.

    Examples
    --------
    >>> from engram import Brain, RegionType
    >>> from engram.live.widget import LiveWidget
    >>> brain = Brain(seed=1)
    >>> region = brain.add_region("cortex", RegionType.ASSOCIATION, n_neurons=100)
    >>> widget = LiveWidget(brain, playing=False)
    >>> widget.page.brain is brain
    True
    >>> widget.close()
    """

    _esm = notebook_module()
    _css = notebook_style()

    def __init__(self, brain: Brain, *, playing: bool = True, speed: float | None = 1.0) -> None:
        super().__init__()
        if not isinstance(brain, Brain):
            raise InvalidTypeError(f"LiveWidget: brain must be a Brain, not {brief(brain)}")
        self._rate = Rate()
        self._shown_at = 0.0
        self._views = 0
        self.page = LivePage(brain, run=True, serve=False, playing=playing)
        self.page.pace.choose(speed)
        self.on_msg(self._heard)
        self.page.start()

    def text(self, text: str) -> None:
        """Tell the notebook's page something.

        Parameters
        ----------
        text : str
            JSON.
        """
        self.send(json.loads(text))

    def frame(self, frame: bytes) -> None:
        """Show the notebook's page a frame, if the last one is old enough.

        Parameters
        ----------
        frame : bytes
            Binary.
        """
        now = time.monotonic()
        # Twins are shown along with the original.
        original = frame[6:8] == b"\0\0"
        if original and now - self._shown_at < 0.9 / FRAMES_A_SECOND:
            return
        if original:
            self._shown_at = now
        self.send({"type": "frame"}, [frame])

    def close(self) -> None:
        """End it: the brain runs no more."""
        # A widget that could not be made is closed, too.
        if hasattr(self, "page"):
            self.page.close()
        super().close()

    def _heard(self, _widget: Any, content: Any, _buffers: Any) -> None:
        if not isinstance(content, dict):
            return
        if content.get("do") in ("open", "close"):
            self._opened(content["do"] == "open")
            return
        if not self._rate.allows():
            self.send({"error": "too many messages; the last one was left out"})
            return
        try:
            self.page.submit(self, read(json.dumps(content)))
        except (EngramError, ValueError) as problem:
            number = content.get("id")
            answer = {"id": number} if isinstance(number, int) else {}
            self.send({**answer, "error": str(problem)})

    def _opened(self, opened: bool) -> None:
        """A view of it was opened, or closed."""
        listeners = self.page.hub.listeners
        self._views = max(0, self._views + (1 if opened else -1))
        if not self._views and self in listeners:
            listeners.remove(self)
        self.page.count(self._views)
        if opened:
            self.page.arrived(self)
