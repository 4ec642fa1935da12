"""The live page: a brain in a browser, while it fires, learns, grows and sleeps.

`Brain.live` and ``engram live`` open it. docs/live.md is its guide, docs/live_protocol.md says what
server and page tell each other. It needs the extra `live`; nothing of that is imported before a
page is opened, so that brains which were saved with a part of this package load without.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from engram.drives import Drives
from engram.parameters.listing import public_names

if TYPE_CHECKING:
    from engram.live.page import LivePage

__all__ = ["open_page"]

__dir__ = public_names(__name__)


def open_page(brain: Any, **given: Any) -> LivePage:
    """Open the page of a brain; see `Brain.live`.

    Parameters
    ----------
    brain : Brain
        Any.
    **given : object
        As of `Brain.live`.

    Returns
    -------
    LivePage
        Served.
    """
    from engram.live.command import opened

    return opened(brain, **given)


Drives.open_page = open_page
