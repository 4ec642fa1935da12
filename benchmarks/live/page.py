"""How the page of a living brain does in Chromium that draws in software.

    python -m benchmarks.live.page

Pictures a second for made-up brains of 1,000 neurons and of 20,000 with a million synapses, whose
frames come 30 times a second from a film (so that no brain competes for the processors); the time
from opening to the first picture; the memory of the page. Needs Chromium and Playwright.
"""

from __future__ import annotations

import argparse
import itertools
import json
import os
import shutil
import tempfile
from pathlib import Path
from typing import Any

from benchmarks.live.made_up import MadeUp
from benchmarks.provenance import provenance
from engram.live.standalone import stand_alone

ARGUMENTS = [
    "--no-sandbox",
    "--disable-gpu",
    "--enable-unsafe-swiftshader",
    "--enable-precise-memory-info",
    "--js-flags=--expose-gc",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
BRAINS = {
    "1,000 neurons": MadeUp(
        {
            "eye": ("SENSORY", 150),
            "cortex": ("ASSOCIATION", 600),
            "memory": ("MEMORY", 200),
            "hand": ("MOTOR", 50),
        },
        synapses=30_000,
        rate=5.0,
    ),
    "20,000 neurons, 1,000,000 synapses": MadeUp(
        {
            "eye": ("SENSORY", 3000),
            "cortex": ("ASSOCIATION", 12_000),
            "memory": ("MEMORY", 4000),
            "hand": ("MOTOR", 1000),
        },
        synapses=1_000_000,
        rate=5.0,
    ),
}
WARM_S = 3.0

COUNT = """() => new Promise(done => {
  const times = [];
  const loop = now => {
    times.push(now);
    if (now - times[0] < SECONDS * 1000) requestAnimationFrame(loop);
    else done(times);
  };
  requestAnimationFrame(loop);
})"""

FIRST = """() => new Promise(done => {
  const look = () => {
    const picture = window.engram?.scene?.pictures.get(0);
    if (picture && engram.session.brain.frame) requestAnimationFrame(() => done(performance.now()));
    else requestAnimationFrame(look);
  };
  look();
})"""


def measure(browser: Any, film: Path, seconds: float, size: tuple[int, int]) -> dict[str, Any]:
    """Open a film and watch the page.

    Parameters
    ----------
    browser : playwright.sync_api.Browser
        Started.
    film : Path
        A page with a film.
    seconds : float
        How long pictures are counted.
    size : (int, int)
        Of the window, CSS pixels.

    Returns
    -------
    dict
        Pictures a second, the slowest twentieth, time of the first picture, memory.
    """
    page = browser.new_page(viewport={"width": size[0], "height": size[1]})
    page.goto(film.as_uri(), wait_until="commit")
    first = page.evaluate(FIRST)
    page.wait_for_timeout(1000 * WARM_S)
    before = page.evaluate("gc(), performance.memory.usedJSHeapSize")
    times = page.evaluate(COUNT.replace("SECONDS", str(seconds)))
    after = page.evaluate("gc(), performance.memory.usedJSHeapSize")
    gaps = sorted(b - a for a, b in itertools.pairwise(times))
    found = {
        "pictures a second": round(1000 * len(gaps) / (times[-1] - times[0]), 1),
        "slowest twentieth, ms": round(gaps[int(0.95 * len(gaps))], 1),
        "first picture, s": round(first / 1000, 2),
        "pixels drawn": page.evaluate("engram.scene.canvas.width * engram.scene.canvas.height"),
        "share of resolution": round(page.evaluate("engram.scene.quality.share"), 2),
        "heap before, MB": round(before / 1e6, 1),
        "heap after, MB": round(after / 1e6, 1),
        "drawn with": page.evaluate("engram.scene.renderer.kind"),
    }
    page.close()
    return found


def main() -> None:
    """Measure all, print it, and write it if asked."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=float, default=10.0, help="pictures are counted so long")
    parser.add_argument("--width", type=int, default=1280)
    parser.add_argument("--height", type=int, default=800)
    parser.add_argument("--json", type=Path, help="also write the figures there")
    options = parser.parse_args()
    from playwright.sync_api import sync_playwright

    path = os.environ.get("ENGRAM_CHROMIUM") or shutil.which("chromium")
    found: dict[str, Any] = {"provenance": provenance(__file__)}
    with sync_playwright() as playwright, tempfile.TemporaryDirectory() as folder:
        browser = playwright.chromium.launch(executable_path=path, args=ARGUMENTS)
        for name, brain in BRAINS.items():
            film = Path(folder) / "film.html"
            film.write_text(stand_alone(brain.film(WARM_S + options.seconds + 6.0)))
            load = os.getloadavg()[0]
            size = (options.width, options.height)
            found[name] = {
                **measure(browser, film, options.seconds, size),
                "load before": round(load, 2),
            }
            print(name, json.dumps(found[name], indent=1))
        browser.close()
    if options.json:
        options.json.write_text(json.dumps(found, indent=1) + "\n")


if __name__ == "__main__":
    main()
