"""What can go wrong: connection, graphics; films without a server; no flashing."""

from __future__ import annotations

import base64
import gzip
import struct
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from benchmarks.live.made_up import MadeUp
from engram import Brain
from engram.live.page import LivePage
from engram.live.standalone import stand_alone
from tests.browser.driving import Driver

Serve = Callable[..., LivePage]
Visit = Callable[..., Driver]

NO_WEBGL = """
const real = HTMLCanvasElement.prototype.getContext;
HTMLCanvasElement.prototype.getContext = function (kind, ...rest) {
  return kind === "webgl2" ? null : real.call(this, kind, ...rest);
};
"""
NO_PICTURE = """
const real = HTMLCanvasElement.prototype.getContext;
HTMLCanvasElement.prototype.getContext = function (kind, ...rest) {
  return this.className.includes("eg-canvas") ? null : real.call(this, kind, ...rest);
};
"""
SMALL = {"eye": ("SENSORY", 60), "cortex": ("ASSOCIATION", 300), "hand": ("MOTOR", 20)}


def film_page(tmp_path: Path, film: bytes) -> str:
    """Write a film as a page of its own, and give its address."""
    path = tmp_path / "film.html"
    path.write_text(stand_alone(film))
    return path.as_uri()


def test_a_lost_connection_is_said_and_mended(brain: Brain, serve: Serve, visit: Visit) -> None:
    first = serve(brain)
    driver = visit(first.address)
    driver.ready()
    first.close()
    driver.until("['lost', 'stopped'].includes(engram.session?.state)")
    banner = driver.page.locator(".eg-banner[role=alert]").first
    assert banner.is_visible()
    assert "has ended" in banner.inner_text()
    driver.page.locator("[data-do=step]").click()
    driver.until("probe.text('.eg-transport .eg-answer').includes('Not connected')")
    driver.look("lost")
    serve(brain, port=first.port)
    # It may have come back by itself meanwhile.
    driver.value("document.querySelector('.eg-banner button').click()")
    driver.until("engram.session?.state === 'connected'")
    driver.ready()
    assert banner.is_hidden()
    driver.do("step")
    driver.until("engram.session.brain.frame.step === 1")


def test_a_wrong_token_is_said(brain: Brain, serve: Serve, visit: Visit) -> None:
    served = serve(brain, token="a" * 24)
    driver = visit(served.address.split("#")[0] + "#token=wrong")
    driver.until("engram.session?.state === 'refused'")
    assert "refused" in driver.page.locator(".eg-banner[role=alert]").first.inner_text()
    right = visit(served.address)
    right.ready()
    assert "token" not in right.page.url


def test_without_webgl_a_canvas_is_drawn_on(brain: Brain, serve: Serve, visit: Visit) -> None:
    driver = visit(serve(brain).address, NO_WEBGL)
    driver.ready()
    assert driver.value("engram.scene.renderer.kind") == "plain canvas"
    assert "no WebGL2" in driver.page.locator(".eg-banner-told").inner_text()
    driver.do("step")
    driver.until("engram.session.brain.frame.step === 1")
    driver.until(
        "(c => c.getContext('2d').getImageData(0, 0, c.width, c.height).data.some(x => x > 60))"
        "(engram.scene.canvas)"
    )
    driver.look("canvas")


def test_without_any_picture_figures_remain(brain: Brain, serve: Serve, visit: Visit) -> None:
    driver = visit(serve(brain).address, NO_PICTURE)
    driver.ready()
    assert "neither with WebGL nor" in driver.page.locator(".eg-banner-told").inner_text()
    driver.do("step")
    driver.until("engram.session.brain.frame.step === 1")
    driver.until("probe.text('[data-figure=neurons]') === '120'")


def test_a_lost_graphics_processor_comes_back(shown: Driver) -> None:
    shown.value("window.lost = engram.scene.renderer.gl.getExtension('WEBGL_lose_context')")
    shown.value("window.lost.loseContext()")
    shown.until("engram.scene.renderer === null")
    assert "graphics processor" in shown.page.locator(".eg-banner-told").inner_text()
    shown.value("window.lost.restoreContext()")
    shown.until("engram.scene.renderer !== null")
    shown.until("probe.lit() > 0.9")


def test_a_recorded_film_plays_without_the_server(
    brain: Brain, shown: Driver, visit: Visit, tmp_path: Path
) -> None:
    control = shown.control("record-a-film")
    control.get_by_label("Name", exact=True).fill("day.html")
    shown.do("record")
    shown.until("document.querySelector('[data-do=record]').disabled")
    shown.page.get_by_label("Steps to make").fill("5")
    for k in range(1, 9):
        shown.do("step")
        shown.until("engram.session.brain.frame.step === x", 5 * k)
    shown.do("stop_record")
    assert "frames" in shown.answer(control)
    film = visit((tmp_path / "day.html").as_uri())
    film.until("engram.session?.state === 'film' && !engram.session.source.playing")
    assert film.value("engram.session.brain.frame.step") == brain.step_count == 40
    spikes = sum(int(region.total_spikes.sum()) for region in brain.regions.values())
    assert film.value("engram.session.brain.count('spikes')") == spikes
    assert film.page.locator(".eg-controls").count() == 0


def test_a_film_plays_pauses_and_seeks(visit: Visit, tmp_path: Path) -> None:
    film = visit(film_page(tmp_path, MadeUp(SMALL).film(6.0, asleep=(3.0, 5.0))))
    film.until("engram.session?.brain?.frame?.number > 5")
    film.do("film-play")
    assert film.value("engram.session.source.playing") is False
    seek = film.page.get_by_label("Where in the film")
    seek.fill("4000")
    film.until("engram.session.brain.frame.number === 120 && engram.session.brain.frame.asleep")
    seek.fill("1000")
    film.until("engram.session.brain.frame.number === 30 && !engram.session.brain.frame.asleep")
    film.page.get_by_text("4×", exact=True).click()
    assert film.value("engram.session.source.rate") == 4
    film.do("film-play")
    film.until("engram.session.brain.frame.number === 180 && !engram.session.source.playing")
    film.look("film")


def test_a_film_is_chosen_on_the_player_page(
    brain: Brain, serve: Serve, visit: Visit, tmp_path: Path
) -> None:
    driver = visit(serve(brain).address + "player")
    wrong = tmp_path / "wrong.film"
    wrong.write_bytes(b"nothing of the kind")
    driver.page.set_input_files("#eg-film-file", wrong)
    driver.until("probe.text('.eg-error').includes('wrong.film')")
    right = tmp_path / "right.film"
    right.write_bytes(MadeUp(SMALL).film(1.0))
    driver.page.set_input_files("#eg-film-file", right)
    driver.until("window.engram?.session?.brain?.frame?.number > 3")


DROP = """((base64) => {
  const bytes = Uint8Array.from(atob(base64), c => c.charCodeAt(0));
  const files = new DataTransfer();
  files.items.add(new File([bytes], "dropped.film"));
  const drop = new DragEvent("drop", { dataTransfer: files, bubbles: true });
  document.getElementById("engram").dispatchEvent(drop);
})(x)"""


def test_a_film_dropped_on_the_page_is_played(shown: Driver) -> None:
    nothing = base64.b64encode(b"nothing of the kind").decode()
    shown.value(DROP, nothing)
    shown.until("probe.text('.eg-banner-told').includes('dropped.film')")
    assert shown.value("engram.session.state") == "connected"
    shown.value(DROP, base64.b64encode(MadeUp(SMALL).film(1.0)).decode())
    shown.until("engram.session?.state === 'film' && engram.session.brain?.frame?.number > 3")
    assert shown.page.locator(".eg-controls").count() == 0


@pytest.mark.parametrize(
    ("scheme", "groups"), [("dark", 1), ("light", 1), ("dark", 2), ("dark", 3)]
)
def test_nothing_flashes_above_three_hertz(
    visit: Visit, tmp_path: Path, scheme: str, groups: int
) -> None:
    """All neurons fire together, 8 times a second, or groups of them in turn.

    A flash is a pair of opposite changes of luminance by a tenth or more of the most there is, as
    WCAG 2.2 (2.3.1) defines it, of a block of an eighth of the picture's width. The clock is the
    test's own, so that the speed of the machine plays no part.
    """
    film = MadeUp(SMALL, rate=1.0, synchrony=1.0, groups=groups).film(4.0)
    driver = visit(film_page(tmp_path, film), color_scheme=scheme)
    driver.until("engram.session?.brain?.frame?.number > 3")
    changes = driver.value("probe.flashes(4)")
    assert changes["frames"] > 200
    assert changes["lightest"] > changes["darkest"]
    assert changes["most"] <= 3


def test_memory_is_flat(visit: Visit, tmp_path: Path) -> None:
    """What the page keeps of the past is bounded, however long it runs."""
    film = visit(film_page(tmp_path, MadeUp(SMALL).film(30.0)))
    film.until("engram.session?.brain?.frame?.number > 3")
    film.value("engram.session.source.pause()")
    kept: list[Any] = []
    began = time.monotonic()
    for _ in range(3):
        film.value("engram.session.source.seek(0)")
        film.value("engram.session.source.seek(29900)")
        kept.append(
            film.value(
                "(b => [b.past.rows, b.spikes, b.spikes.gaps, b.life.rows]"
                ".map(x => x.size ?? x.length))(engram.session.brain)"
            )
        )
    assert time.monotonic() - began < 600
    assert kept[-1][0] <= 600
    assert kept[-1][1] <= 60_000
    assert kept[0] == kept[-1]


def damaged(name: str) -> bytes:
    """A film with something wrong."""
    whole = gzip.decompress(MadeUp(SMALL).film(2.0))
    if name == "truncated":
        return MadeUp(SMALL).film(2.0)[:-500]
    if name == "empty":
        return b""
    if name == "no gzip":
        return b"<html>"
    record = struct.Struct("<IIII").pack
    return gzip.compress(
        {
            "magic only": whole[:8],
            "long record": whole[:8] + record(0, 0, 0xFFFFFFF0, 0),
            "broken text": whole[:8] + record(0, 0, 8, 0) + b'{"type":',
            "protocol 9": whole.replace(b'"protocol": 1', b'"protocol": 9', 1),
            "empty records": whole[:8] + record(0, 0, 0, 0) * 3_000_000,
            "broken later": whole + record(5000, 0, 8, 0) + b'{"type":',
            "strange later": whole + record(5000, 0, 32, 0) + b'{"type":"structure","brain":0}  ',
        }[name],
        1,
    )


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("empty", "empty"),
        ("no gzip", "no film of Engram"),
        ("magic only", "no beginning"),
        ("long record", "no beginning"),
        ("broken text", "no beginning"),
        ("protocol 9", "of protocol 9"),
        ("empty records", "no beginning"),
    ],
)
def test_what_is_no_film_is_refused_with_words(
    name: str, words: str, brain: Brain, serve: Serve, visit: Visit, tmp_path: Path
) -> None:
    path = tmp_path / "bad.film"
    path.write_bytes(damaged(name))
    driver = visit(serve(brain).address + "player")
    driver.page.set_input_files("#eg-film-file", path)
    driver.until("probe.text('.eg-answer').includes(x)", words)


@pytest.mark.parametrize("name", ["truncated", "broken later", "strange later"])
def test_a_damaged_film_plays_as_far_as_it_goes(
    name: str, brain: Brain, serve: Serve, visit: Visit, tmp_path: Path
) -> None:
    path = tmp_path / "cut.film"
    path.write_bytes(damaged(name))
    driver = visit(serve(brain).address + "player")
    driver.page.set_input_files("#eg-film-file", path)
    driver.until("globalThis.engram?.session?.state === 'cut'")
    driver.until("engram.session.brain.frame?.number > 5 && !engram.session.source.playing")
    assert "as far as it goes" in driver.page.locator(".eg-banner[role=alert]").first.inner_text()


def test_keys_work_wherever_nobody_writes(shown: Driver) -> None:
    shown.page.locator("body").press(".")
    shown.until("engram.session.brain.frame.step === 1")
    shown.page.get_by_label("Steps to make").press(".")
    shown.do("step")
    shown.until("engram.session.brain.frame.step === 2")
    shown.page.locator("[data-do=step]").press(".")
    shown.until("engram.session.brain.frame.step === 3")
    shown.page.evaluate("document.activeElement.blur()")
    shown.page.keyboard.press(" ")
    shown.until("engram.session.brain.frame.step > 3")
