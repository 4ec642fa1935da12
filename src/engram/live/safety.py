"""Who may talk to the server, and what it reads: host, origin, token, size, depth and rate."""

from __future__ import annotations

import json
import secrets
import time
from typing import Any
from urllib.parse import urlsplit

from engram.errors import InvalidTypeError, InvalidValueError, brief, integer

LOOPBACK = ("127.0.0.1", "localhost", "::1")
MOST_BYTES = 256 * 1024
MOST_DEPTH = 8
A_SECOND, BURST = 60.0, 120.0
"""Messages of a page."""

LARGEST_ID = (1 << 53) - 1


def is_loopback(host: str) -> bool:
    """Whether only programs of this machine reach an address.

    Parameters
    ----------
    host : str
        A name or an address.

    Returns
    -------
    bool
        True for the usual ones.
    """
    return host in LOOPBACK


class Door:
    """Lets in whom it should.

    Parameters
    ----------
    host : str
        What the server listens at.
    token : str or None
        What must be known. None: nothing.
    """

    def __init__(self, host: str, token: str | None) -> None:
        self.host, self.token = host, token

    def refused(self, host: str | None, origin: str | None) -> str | None:
        """Why a request is refused that came to a host, from a page of an origin.

        A page of another site that reaches this server sends its own origin. One whose name was
        made to mean this machine (DNS rebinding) sends that name as host.

        Parameters
        ----------
        host : str or None
            The header.
        origin : str or None
            The header; None: no browser sent it, or it is no request across pages.

        Returns
        -------
        str or None
            None: it is let in.
        """
        if not host:
            return "there is no Host"
        name = _name(host)
        if name is None:
            return "the Host is none"
        if is_loopback(self.host) and not is_loopback(name):
            return "this Host is not the address of the live page"
        if origin is None:
            return None
        try:
            parts = urlsplit(origin)
        except ValueError:
            return "the Origin is none"
        if parts.scheme not in ("http", "https") or parts.netloc.lower() != host.lower():
            return "pages of other sites can't use this server"
        return None

    def knows(self, token: str | None) -> bool:
        """Whether somebody has the token.

        Parameters
        ----------
        token : str or None
            What was given.

        Returns
        -------
        bool
            True where none is wanted.
        """
        if self.token is None:
            return True
        return token is not None and secrets.compare_digest(token.encode(), self.token.encode())


def _name(host: str) -> str | None:
    """The name in a Host header, without port and brackets."""
    try:
        return urlsplit(f"//{host}").hostname
    except ValueError:
        return None


class Rate:
    """Counts the messages of one page.

    Parameters
    ----------
    a_second : float
        That many on average.
    burst : float
        So many at once.
    """

    def __init__(self, a_second: float = A_SECOND, burst: float = BURST) -> None:
        self._a_second, self._burst = a_second, burst
        self._left, self._at = burst, time.monotonic()

    def allows(self) -> bool:
        """Whether one more may come now."""
        now = time.monotonic()
        self._left = min(self._burst, self._left + (now - self._at) * self._a_second)
        self._at = now
        if self._left < 1.0:
            return False
        self._left -= 1.0
        return True


def read(text: str | bytes) -> dict[str, Any]:
    """A message of a page: an object with `id` and `do`, not too long and not too deep.

    Parameters
    ----------
    text : str or bytes
        What came.

    Returns
    -------
    dict
        Plain values.

    Raises
    ------
    InvalidTypeError, InvalidValueError
        It is something else.
    """
    if not isinstance(text, str):
        raise InvalidTypeError("a message must be text")
    if len(text) > MOST_BYTES or len(text.encode("utf-8", "surrogatepass")) > MOST_BYTES:
        raise InvalidValueError(f"a message has at most {MOST_BYTES} bytes")
    check_depth(text)
    try:
        found = json.loads(text, parse_constant=_refuse_constant)
    except (ValueError, RecursionError) as error:
        raise InvalidValueError(f"a message must be JSON: {error}") from None
    if not isinstance(found, dict):
        raise InvalidTypeError(f"a message must be an object, not {brief(found)}")
    integer("id", found.get("id"), 0, LARGEST_ID)
    integer("brain", found.get("brain", 0), 0)
    if not isinstance(found.get("do"), str):
        raise InvalidTypeError(f"do must be the name of a command, not {brief(found.get('do'))}")
    return found


def _refuse_constant(name: str) -> Any:
    raise ValueError(f"{name} is no number")


def check_depth(text: str) -> None:
    """Refuse JSON that is nested too deep, before it is parsed.

    Parameters
    ----------
    text : str
        JSON, or not.

    Raises
    ------
    InvalidValueError
        It is.
    """
    depth, inside, escaped = 0, False, False
    for letter in text:
        if inside:
            if escaped:
                escaped = False
            elif letter == "\\":
                escaped = True
            elif letter == '"':
                inside = False
        elif letter == '"':
            inside = True
        elif letter in "[{":
            depth += 1
            if depth > MOST_DEPTH:
                raise InvalidValueError(f"a message may be nested {MOST_DEPTH} deep")
        elif letter in "]}":
            depth -= 1
