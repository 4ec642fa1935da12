"""Whether the memory of the server, and of a page in Chromium if there is one, stays flat."""

from __future__ import annotations

import contextlib
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from benchmarks.live.cost import CLIENT
from benchmarks.speed.measure import median
from engram.live.demonstration import build
from engram.live.page import LivePage

SAMPLES = 60
SETTLED = 0.2
"""Share of the time after which memory has to be flat."""

FLAT = 0.10


def resident() -> float:
    """Memory of this process, MiB (Linux)."""
    for line in Path("/proc/self/status").read_text().splitlines():
        if line.startswith("VmRSS:"):
            return int(line.split()[1]) / 1024
    raise OSError("no VmRSS in /proc/self/status")


@contextlib.contextmanager
def looking(address: str, port: int) -> Iterator[Callable[[], float | None]]:
    """Open the page: in Chromium if Playwright and a browser are there, else without a picture.

    Parameters
    ----------
    address : str
        Of the page.
    port : int
        Of the server.

    Yields
    ------
    callable
        The page's memory in MiB; None without a browser.
    """
    try:
        from playwright.sync_api import Error, sync_playwright
    except ImportError:
        with plainly(port):
            yield lambda: None
        return
    with sync_playwright() as driver:
        found = Path("/usr/bin/chromium")
        where = {"executable_path": str(found)} if found.exists() else {}
        try:
            browser = driver.chromium.launch(args=["--enable-precise-memory-info"], **where)
        except Error:
            with plainly(port):
                yield lambda: None
            return
        page = browser.new_page()
        page.goto(address)

        def heap() -> float:
            used = page.evaluate("performance.memory.usedJSHeapSize")
            return float(used) / 2**20

        yield heap
        browser.close()


@contextlib.contextmanager
def plainly(port: int) -> Iterator[None]:
    """Hear all that a page hears.

    Parameters
    ----------
    port : int
        Of the server.

    Yields
    ------
    None
        While it is open.
    """
    client = subprocess.Popen([sys.executable, "-c", CLIENT, str(port)], stdout=subprocess.DEVNULL)
    try:
        yield
    finally:
        client.terminate()
        client.wait()


def soak(minutes: float, say: Callable[[str], object]) -> dict[str, Any]:
    """Let the demonstration run in real time with a page open.

    Parameters
    ----------
    minutes : float
        How long.
    say : callable
        Told how it goes.

    Returns
    -------
    dict
        Memory by time, MiB, and how much it grew once it had settled.
    """
    rows: list[dict[str, float | None]] = []
    with LivePage(build(), run=True) as live:
        live.pace.choose(1.0)
        live.start()
        with looking(live.address, live.port) as heap:
            began = time.monotonic()
            for k in range(SAMPLES):
                time.sleep(max(0.0, began + (k + 1) * 60.0 * minutes / SAMPLES - time.monotonic()))
                rows.append(
                    {"minute": (k + 1) * minutes / SAMPLES, "server": resident(), "page": heap()}
                )
                say(str(rows[-1]))
    settled = rows[int(SETTLED * SAMPLES) :]
    growth = {what: growth_of([row[what] for row in settled]) for what in ("server", "page")}
    passed = all(value is None or value <= FLAT for value in growth.values())
    return {"minutes": minutes, "rows": rows, "growth": growth, "flat": FLAT, "passed": passed}


def growth_of(values: list[float | None]) -> float | None:
    """By how much the last quarter lies above the first, relative.

    Parameters
    ----------
    values : list of float
        Over time; None: not measured.

    Returns
    -------
    float or None
        0.1: a tenth more.
    """
    known = [value for value in values if value is not None]
    if len(known) < 4:
        return None
    quarter = len(known) // 4
    return median(known[-quarter:]) / median(known[:quarter]) - 1.0
