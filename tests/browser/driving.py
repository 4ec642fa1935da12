"""What tests do with the page."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Any

NOISE = ("GL Driver Message", "WebSocket connection to", "net::ERR_CONNECTION_REFUSED")
"""Messages of the browser that say nothing about the page."""


PATIENCE, POLL_MS = 30.0, 15


class Driver:
    """A page, and what it said.

    Parameters
    ----------
    page : playwright.sync_api.Page
        As Playwright has it.
    pictures : Path
        Where screenshots go.
    """

    def __init__(self, page: Any, pictures: Path) -> None:
        self.page, self.pictures = page, pictures
        self.served: Any = None
        self.errors: list[str] = []
        page.on("pageerror", lambda error: self.errors.append(str(error)))
        page.on("console", self._console)

    def _console(self, message: Any) -> None:
        if message.type == "error" and not any(noise in message.text for noise in NOISE):
            self.errors.append(message.text)

    def ready(self) -> None:
        """Wait until a brain is shown."""
        self.page.wait_for_selector(".eg-ready")
        self.until("engram.session.brain.frame !== null")

    def until(self, condition: str, argument: Any = None) -> None:
        """Wait until a condition, in JavaScript, holds; `x` is the argument."""
        # Not by Playwright's wait_for_function: it evaluates strings in the page, which the
        # server's policy forbids.
        end = time.monotonic() + PATIENCE
        while not self.value(condition, argument):
            assert time.monotonic() < end, f"in vain: {condition}"
            self.page.wait_for_timeout(POLL_MS)

    def value(self, expression: str, argument: Any = None) -> Any:
        """Evaluate JavaScript; `x` is the argument."""
        return self.page.evaluate(f"x => {expression}", argument)

    def look(self, name: str) -> None:
        """Keep a screenshot."""
        self.pictures.mkdir(parents=True, exist_ok=True)
        self.page.screenshot(path=self.pictures / f"{name}.png")

    def control(self, name: str) -> Any:
        """A control, unfolded."""
        return self._open(f'[data-control="{name}"]')

    def panel(self, name: str) -> Any:
        """A panel, unfolded."""
        found = self._open(f'[data-panel="{name}"]')
        found.scroll_into_view_if_needed()
        return found

    def _open(self, selector: str) -> Any:
        found = self.page.locator(selector)
        if found.get_attribute("open") is None:
            found.locator("summary").click()
        return found

    def do(self, name: str) -> None:
        """Press a button by its command."""
        self.page.locator(f'[data-do="{name}"]').click()

    def command(self, name: str, **values: Any) -> Any:
        """Send a command, and give its result."""
        return self.value("engram.command(x[0], x[1])", [name, values])

    def settled(self) -> None:
        """Wait until all that was asked is answered, and shown."""
        self.command("ping")
        self.value("new Promise(done => requestAnimationFrame(() => setTimeout(done, 30)))")
        self.until("engram.session.waiting.size === 0")

    def answer(self, within: Any) -> str:
        """What the brain answered in a control."""
        self.until(
            "[...x.querySelectorAll('.eg-answer')].some(a => a.textContent)",
            within.element_handle(),
        )
        texts: list[str] = within.locator(".eg-answer").all_inner_texts()
        return " ".join(text for text in texts if text)

    def figure(self, name: str) -> str:
        """A figure of the line on top."""
        text: str = self.page.locator(f'[data-figure="{name}"]').inner_text()
        return text
