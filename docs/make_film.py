"""Films the demonstration brain for the page on the live view: ``python docs/make_film.py``.

The film is one file with page and recording, which plays without Python; the site embeds it. With
``--picture`` the moving picture of README.md is made from it, by Chromium and Playwright.
"""

from __future__ import annotations

import io
import sys
import time
from pathlib import Path

from engram import Brain
from engram.live.demonstration import build

FILM = Path(__file__).parent / "_static" / "film.html"
DAY, NIGHT = 8000.0, 4000.0
"""Simulated, ms."""
PICTURE = 40.0
"""From one to the next, ms."""

MOVING = Path(__file__).parent / "pictures" / "live.webp"
PICTURES, SIZE, SHOWN = 32, (800, 480), 120
"""How many; width and height, pixels; how long each is shown, ms."""
BEFORE, SLOWER = 8000.0, 5
"""Not shown, ms; how much slower pictures are taken than shown, since each takes its time."""


def in_real_time(brain: Brain, duration: float) -> None:
    """Run so that a second lasts a second: a film plays as fast as it was taken."""
    due = time.monotonic()
    for _ in range(round(duration / PICTURE)):
        brain.run_for(PICTURE)
        due += 1e-3 * PICTURE
        time.sleep(max(due - time.monotonic(), 0.0))


def film(path: Path = FILM) -> None:
    """Let the brain live a little, and write what a page saw."""
    brain = build()
    with brain.live(open_browser=False, title="Engram: a film") as page:
        page.record(path, overwrite=True)
        in_real_time(brain, DAY)
        brain.fall_asleep(NIGHT)
        in_real_time(brain, NIGHT)
        page.stop_recording()


def picture(path: Path = MOVING) -> None:
    """Play the film at a quarter of its speed in a browser, and keep what it shows."""
    from PIL import Image
    from playwright.sync_api import sync_playwright

    found = []
    with sync_playwright() as driver:
        browser = driver.chromium.launch(
            executable_path="/usr/bin/chromium",
            args=["--no-sandbox", "--disable-background-networking"],
        )
        page = browser.new_page(viewport={"width": 1200, "height": 720})
        page.goto(FILM.as_uri())
        page.wait_for_selector(".eg-ready")
        page.get_by_text("All right").click()
        page.get_by_text("¼").click()
        page.wait_for_timeout(BEFORE)
        due = time.monotonic()
        for _ in range(PICTURES):
            page.wait_for_timeout(max(1e3 * (due - time.monotonic()), 0.0))
            due += 1e-3 * SLOWER * SHOWN
            shot = Image.open(io.BytesIO(page.screenshot())).convert("RGB")
            found.append(shot.resize(SIZE, Image.Resampling.LANCZOS))
        browser.close()
    found[0].save(
        path, save_all=True, append_images=found[1:], duration=SHOWN, loop=0, quality=40, method=4
    )


if __name__ == "__main__":
    film()
    if "--picture" in sys.argv:
        picture()
