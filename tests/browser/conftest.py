"""A real browser, driven by Playwright; where there is none, these tests are skipped by name."""

from __future__ import annotations

import importlib.util
import os
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from engram import Brain, RegionType
from engram.live.page import LivePage
from tests.browser.driving import PATIENCE, Driver

PICTURES = Path(__file__).parents[2] / "build" / "browser"
"""Where screenshots are kept; git leaves it out."""

PROBES = Path(__file__).with_name("probes.js")

ARGUMENTS = [
    "--no-sandbox",
    "--disable-gpu",
    "--enable-unsafe-swiftshader",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
"""WebGL in software, and no talk with anybody."""


def _chromium() -> str | None:
    named = os.environ.get("ENGRAM_CHROMIUM")
    return named or shutil.which("chromium") or shutil.which("chromium-browser")


@pytest.fixture(scope="session")
def chromium() -> Iterator[Any]:
    """One browser for all tests of a worker."""
    path = _chromium()
    if path is None:
        pytest.skip("there is no Chromium here; install it (apt-get install chromium) to run this")
    if importlib.util.find_spec("playwright") is None:
        pytest.skip("there is no Playwright here; pip install '.[dev]' brings it")
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=ARGUMENTS)
        yield browser
        browser.close()


@pytest.fixture
def visit(chromium: Any) -> Iterator[Callable[..., Driver]]:
    """Open an address in a profile of its own; errors in the page fail the test."""
    contexts: list[Any] = []
    drivers: list[Driver] = []

    def open_page(address: str, script: str = "", **options: Any) -> Driver:
        options = {
            "viewport": {"width": 1280, "height": 800},
            "color_scheme": "dark",
            "reduced_motion": "no-preference",
        } | options
        context = chromium.new_context(**options)
        contexts.append(context)
        context.set_default_timeout(1000 * PATIENCE)
        page = context.new_page()
        page.add_init_script(path=PROBES)
        if script:
            page.add_init_script(script)
        driver = Driver(page, PICTURES)
        drivers.append(driver)
        page.goto(address)
        return driver

    yield open_page
    errors = [error for driver in drivers for error in driver.errors]
    for context in contexts:
        context.close()
    assert not errors


@pytest.fixture
def brain() -> Brain:
    """Senses, a cortex with dendrites that learns by reward, and a hand."""
    brain = Brain(dt=1.0, seed=3, threads=1)
    brain.add_region("eye", RegionType.SENSORY, n_neurons=30)
    brain.add_region("cortex", RegionType.ASSOCIATION, n_neurons=80)
    brain.add_region("hand", RegionType.MOTOR, n_neurons=10)
    brain.connect_regions("eye", "cortex", density=0.3)
    brain.connect_regions("cortex", "hand", density=0.3)
    brain.regions["cortex"].enable_morphology()
    return brain


@pytest.fixture
def serve(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[..., LivePage]]:
    """Serve a brain, paused, from an empty folder."""
    monkeypatch.chdir(tmp_path)
    pages: list[LivePage] = []

    def start(brain: Brain, **options: Any) -> LivePage:
        page = LivePage(brain, run=True, **({"playing": False} | options))
        pages.append(page)
        page.start()
        return page

    yield start
    for page in pages:
        page.close()


@pytest.fixture
def shown(brain: Brain, serve: Callable[..., LivePage], visit: Callable[..., Driver]) -> Driver:
    """The brain, paused, and a page that shows it."""
    served = serve(brain)
    driver = visit(served.address)
    driver.served = served
    driver.ready()
    return driver
