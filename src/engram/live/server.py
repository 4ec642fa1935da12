"""The server of the live page: static files, and one socket for each page."""

from __future__ import annotations

import asyncio
import contextlib
import errno
import json
import secrets
import socket
import threading
import time
from collections.abc import Callable
from typing import Any

from engram.errors import EngramError, InvalidValueError, MissingExtraError, brief, integer
from engram.live.hub import MOST_PAGES, Hub, Page
from engram.live.safety import MOST_BYTES, Door, Rate, is_loopback, read
from engram.live.static_files import static_files

try:
    import uvicorn
    from starlette.applications import Starlette
    from starlette.requests import Request
    from starlette.responses import JSONResponse, PlainTextResponse, Response
    from starlette.routing import Route, WebSocketRoute
    from starlette.websockets import WebSocket, WebSocketDisconnect, WebSocketState
except ImportError as error:
    raise MissingExtraError("the live page", "starlette, uvicorn and websockets", "live") from error

POLICY = (
    "default-src 'self'; img-src 'self' data: blob:; style-src 'self'; script-src 'self'; "
    "connect-src 'self'; worker-src 'self'; object-src 'none'; base-uri 'none'; "
    "frame-ancestors 'self'"
)
HEADERS = {
    "content-security-policy": POLICY,
    "x-content-type-options": "nosniff",
    "referrer-policy": "no-referrer",
    "cross-origin-resource-policy": "same-origin",
    "cache-control": "no-cache",
}

ENDED, REFUSED, TOO_LONG, TOO_MANY = 1000, 1008, 1009, 1013

FAREWELL = 1.0
"""Pages have so long to hear of the end, s."""

Submit = Callable[[Page, dict[str, Any]], None]
Count = Callable[[int], None]
Arrive = Callable[[Page], None]


class Server:
    """Serves pages from a thread of its own.

    Parameters
    ----------
    hub : Hub
        What pages are told.
    submit : callable
        Takes a command of a page; in the thread of the server.
    arrive : callable
        Told of each new page.
    count : callable
        Told how many pages are open.
    host : str
        Where to listen.
    port : int
        0: a free one.
    token : str or None
        What pages must know; None: a new one for others than loopback addresses, else nothing.

    Raises
    ------
    InvalidValueError
        The port is in use, or the address none of this machine.
    """

    def __init__(
        self,
        hub: Hub,
        submit: Submit,
        arrive: Arrive,
        count: Count,
        host: str,
        port: int,
        token: str | None,
    ) -> None:
        if token is None and not is_loopback(host):
            token = secrets.token_urlsafe(24)
        self._hub, self._submit, self._arrive, self._count = hub, submit, arrive, count
        self.door = Door(host, token)
        self._socket = listening(host, integer("port", port, 0, 65_535))
        self.port = int(self._socket.getsockname()[1])
        self._files = static_files()
        self._ready = threading.Event()
        self._ending = False
        config = uvicorn.Config(
            self.app(),
            log_config=None,
            access_log=False,
            lifespan="off",
            ws="websockets-sansio",
            ws_max_size=MOST_BYTES,
            ws_max_queue=32,
            ws_ping_interval=20.0,
            ws_ping_timeout=20.0,
            timeout_graceful_shutdown=1,
            server_header=False,
        )
        self._server = uvicorn.Server(config)
        self._thread = threading.Thread(target=self._run, name="engram live", daemon=True)

    @property
    def address(self) -> str:
        """What to open."""
        host = self.door.host
        name = f"[{host}]" if ":" in host else host
        tail = "" if self.door.token is None else f"#token={self.door.token}"
        return f"http://{name}:{self.port}/{tail}"

    def start(self) -> None:
        """Begin to serve."""
        self._thread.start()
        self._ready.wait(10.0)

    def stop(self) -> None:
        """End all connections; returns when the thread has ended."""
        self._ending = True
        self._thread.join(5.0)
        self._socket.close()

    def _run(self) -> None:
        asyncio.run(self._serve())

    async def _serve(self) -> None:
        self._hub.serve_from(asyncio.get_running_loop())
        self._ready.set()
        closing = asyncio.create_task(self._close_pages())
        try:
            await self._server.serve(sockets=[self._socket])
        finally:
            closing.cancel()
            self._hub.serve_from(None)

    async def _close_pages(self) -> None:
        """Wake those who wait for something to send, so that they hear of the end; then end."""
        while not self._ending:
            await asyncio.sleep(0.05)
        for page in self._hub.pages:
            page.wake.set()
        began = time.monotonic()
        # Uvicorn itself would tell them that it starts anew.
        while self._hub.pages and time.monotonic() - began < FAREWELL:
            await asyncio.sleep(0.01)
        self._server.should_exit = True

    # -- what is served

    def app(self) -> Starlette:
        """The application: pages, files, the socket.

        Returns
        -------
        Starlette
            ASGI.
        """
        return Starlette(
            routes=[
                Route("/", self._index),
                Route("/player", self._index),
                Route("/health", self._health),
                Route("/static/{path:path}", self._file),
                WebSocketRoute("/ws", self._talk),
            ]
        )

    def _refusal(self, request: Request) -> Response | None:
        headers = request.headers
        why = self.door.refused(headers.get("host"), headers.get("origin"))
        return None if why is None else PlainTextResponse(why, 403, HEADERS)

    async def _index(self, request: Request) -> Response:
        return self._refusal(request) or self._sent("index.html")

    async def _file(self, request: Request) -> Response:
        return self._refusal(request) or self._sent(request.path_params["path"])

    async def _health(self, request: Request) -> Response:
        return self._refusal(request) or JSONResponse({"ok": True}, headers=HEADERS)

    def _sent(self, path: str) -> Response:
        if path not in self._files:
            return PlainTextResponse("there is no such file", 404, HEADERS)
        kind, content = self._files[path]
        return Response(content, 200, {**HEADERS, "content-type": kind})

    # -- the socket

    async def _talk(self, socket: WebSocket) -> None:
        headers = socket.headers
        allowed = self.door.refused(headers.get("host"), headers.get("origin")) is None
        if not (allowed and self.door.knows(socket.query_params.get("token"))):
            # Before it is accepted: the handshake fails with 403.
            await socket.close(REFUSED)
            return
        await socket.accept()
        pages = self._hub.pages
        if len(pages) >= MOST_PAGES:
            await socket.close(TOO_MANY, f"at most {MOST_PAGES} pages at once")
            return
        page = Page()
        pages.append(page)
        self._count(len(pages))
        self._arrive(page)
        sending = asyncio.create_task(self._send(socket, page))
        try:
            await self._receive(socket, page)
        except WebSocketDisconnect:
            pass
        finally:
            sending.cancel()
            with contextlib.suppress(asyncio.CancelledError, Exception):
                await sending
            pages.remove(page)
            self._count(len(pages))

    async def _receive(self, socket: WebSocket, page: Page) -> None:
        rate = Rate()
        excess = 0
        while True:
            received = await socket.receive()
            if received["type"] == "websocket.disconnect":
                return
            if not rate.allows():
                excess += 1
                if excess > 200:
                    await socket.close(TOO_MANY, "too many messages")
                    return
                page.tell('{"error":"too many messages; the last one was left out"}')
                continue
            text = received.get("text")
            try:
                message = read(received.get("bytes", b"") if text is None else text)
            except EngramError as problem:
                page.tell(error_text(None, str(problem)))
                continue
            if message["do"] == "ping":
                page.tell(f'{{"id":{message["id"]},"ok":true,"result":{{}}}}')
                continue
            try:
                self._submit(page, message)
            except EngramError as problem:
                page.tell(error_text(message["id"], str(problem)))

    async def _send(self, socket: WebSocket, page: Page) -> None:
        try:
            while True:
                await page.wake.wait()
                page.wake.clear()
                if page.behind:
                    await socket.close(TOO_MANY, "this page was too far behind")
                    return
                while page.texts or page.frames:
                    if page.texts:
                        await socket.send_text(page.texts.popleft())
                    else:
                        brain = next(iter(page.frames))
                        await socket.send_bytes(page.frames.pop(brain))
                if self._ending:
                    await socket.close(ENDED, "the program that runs the brain has ended")
                    return
        except (WebSocketDisconnect, RuntimeError, OSError):
            # It has gone; whoever receives hears of it too.
            if socket.application_state is WebSocketState.CONNECTED:
                with contextlib.suppress(RuntimeError, OSError):
                    await socket.close()


def error_text(number: int | None, why: str) -> str:
    """The answer to a message that was refused.

    Parameters
    ----------
    number : int or None
        Its id; None: it had none that could be read.
    why : str
        In words.

    Returns
    -------
    str
        JSON.
    """
    return json.dumps({"error": why} if number is None else {"id": number, "error": why})


def listening(host: str, port: int) -> socket.socket:
    """A socket that listens.

    Parameters
    ----------
    host : str
        An address of this machine.
    port : int
        0: a free one.

    Returns
    -------
    socket
        Bound.

    Raises
    ------
    InvalidValueError
        The port is in use, or the address none of this machine.
    """
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    made = socket.socket(family, socket.SOCK_STREAM)
    try:
        made.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        made.bind((host, port))
        made.listen(64)
    except OSError as problem:
        made.close()
        if problem.errno == errno.EADDRINUSE:
            why = f"port {port} is in use; choose another, or 0 for a free one"
        elif problem.errno == errno.EACCES:
            why = f"port {port} needs rights that you don't have; choose one above 1023, or 0"
        else:
            why = f"{brief(host)} is no address of this machine that can be used ({problem})"
        raise InvalidValueError(f"live page: {why}") from None
    return made
