"""Films the demonstration brain for the page on the live view: ``python docs/make_film.py``.

The film is one file with page and recording, which plays without Python; the site embeds it.
"""

from __future__ import annotations

import time
from pathlib import Path

from engram import Brain
from engram.live.demonstration import build

FILM = Path(__file__).parent / "_static" / "film.html"
DAY, NIGHT = 8000.0, 4000.0
"""Simulated, ms."""
PICTURE = 40.0
"""From one to the next, ms."""


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


if __name__ == "__main__":
    film()
