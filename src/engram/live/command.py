"""Opening the live page: for `Brain.live`, and for ``engram live``."""

from __future__ import annotations

import sys
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

from engram.brain import Brain
from engram.checkpoint.classes import Allowed
from engram.errors import InvalidTypeError, InvalidValueError, as_array, brief, flag, integer, label
from engram.live import demonstration
from engram.live.page import LivePage
from engram.live.stage import Places
from engram.parameters.checks import choice
from engram.persistence import load_brain

FIRST_SPEED = 1.0
"""Brains begin in real time: they are there to be looked at."""

UNNAMED = "Engram"
"""The title of pages that were given none."""


class Wanted(NamedTuple):
    """What ``engram live`` was asked for.

    Parameters
    ----------
    path : Path or None
        A saved brain, or classifier. None: a demonstration.
    port, host, browser : int, str, bool
        As of `Brain.live`.
    world : str or None
        Of an agent.
    digits : bool
        Whether digits are drawn.
    seed : int
        Of what is built.
    allow : tuple
        Classes that a file may use.
    """

    path: Path | None
    port: int
    host: str
    browser: bool
    world: str | None = None
    digits: bool = False
    seed: int = 42
    allow: tuple[Allowed, ...] = ()


def serve(wanted: Wanted, say: Callable[[str], object]) -> None:
    """Open the page and run the brain until Ctrl-C.

    Parameters
    ----------
    wanted : Wanted
        What is shown, and where.
    say : callable
        Given the address, first of all.

    Raises
    ------
    EngramError
        A file can't be used, a port is in use, or options don't go together.
    """
    if wanted.digits and wanted.world is not None:
        raise InvalidValueError("engram live: either --world or --digits")
    if wanted.world is not None:
        from engram.live.world import serve_world

        choice("engram live: --world", wanted.world, ("grid", "cartpole"))
        if wanted.path is not None:
            raise InvalidValueError("engram live: --world builds an agent of its own; leave PATH")
        serve_world(wanted.world, wanted.seed, wanted.port, wanted.host, wanted.browser, say)
        return
    if wanted.digits:
        from engram.live.digits import serve_digits

        serve_digits(wanted.path, wanted.seed, wanted.port, wanted.host, wanted.browser, say)
        return
    if wanted.path is None:
        brain, title = demonstration.build(wanted.seed), "demonstration"
    else:
        brain, title = load_brain(wanted.path, allow=wanted.allow), wanted.path.name
    with LivePage(brain, run=True, host=wanted.host, port=wanted.port, title=title) as page:
        page.pace.choose(FIRST_SPEED)
        page.announce(wanted.browser, say)
        page.drive()


def opened(
    brain: Brain,
    *,
    port: int,
    open_browser: bool,
    host: str,
    run: bool,
    token: str | None,
    positions: Mapping[str, ArrayLike] | None,
    title: str,
) -> LivePage:
    """Open the page of a brain, see `Brain.live`.

    Parameters
    ----------
    brain : Brain
        Any.
    port, open_browser, host, run, token, positions, title : object
        As of `Brain.live`.

    Returns
    -------
    LivePage
        Served, and looked after by a thread.

    Raises
    ------
    UnknownNameError, InvalidTypeError, InvalidValueError
        A value is not valid, or the port is in use.
    """
    where = "Brain.live"
    flag(f"{where}: open_browser", open_browser)
    flag(f"{where}: run", run)
    integer(f"{where}: port", port, 0, 65_535)
    for name, value in (("host", host), ("title", title)):
        label(f"{where}: {name}", value)
    if token is not None:
        label(f"{where}: token", token)
    places = checked_places(brain, positions)
    shown = script() if title == UNNAMED else title
    page = LivePage(brain, run=run, host=host, port=port, token=token, places=places, title=shown)
    page.start()
    if open_browser:
        page.open_browser()
    return page


def script() -> str:
    """What a page without a title is called.

    Returns
    -------
    str
        The name of the script that runs; `UNNAMED` if there is none.
    """
    path = getattr(sys.modules.get("__main__"), "__file__", None)
    name = "" if path is None else Path(path).name
    return UNNAMED if name in ("", "__main__.py") else name


def checked_places(brain: Brain, positions: Mapping[str, ArrayLike] | None) -> Places | None:
    """Where neurons are drawn.

    Parameters
    ----------
    brain : Brain
        Whose.
    positions : mapping of str to array_like, optional
        As of `Brain.live`.

    Returns
    -------
    dict of array, or None
        The same, checked.

    Raises
    ------
    UnknownNameError, InvalidTypeError, InvalidValueError
        There is no such region, or a place is none.
    """
    if positions is None:
        return None
    where = "Brain.live: positions"
    if not isinstance(positions, Mapping):
        raise InvalidTypeError(f"{where} must be a dict by region, not {brief(positions)}")
    found: dict[str, NDArray[np.float64]] = {}
    for name, given in positions.items():
        n = brain.network.count(brain.network.region(where, name))
        array = as_array(f"{where}[{name!r}]", given)
        if array.shape != (n, 3) or array.dtype.kind not in "iuf" or not np.isfinite(array).all():
            raise InvalidValueError(
                f"{where}[{name!r}] must be finite numbers of the shape ({n}, 3), one row for each "
                f"neuron, not {brief(given)}"
            )
        found[name] = array.astype(np.float64)
    return found
