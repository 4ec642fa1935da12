"""The module for notebooks, with a channel that is made up here."""

from __future__ import annotations

import base64
from collections.abc import Callable
from pathlib import Path

from benchmarks.live.made_up import MadeUp
from engram.live.standalone import notebook_module, notebook_style
from tests.browser.driving import Driver

BRAIN = MadeUp({"eye": ("SENSORY", 60), "cortex": ("ASSOCIATION", 300)})

RENDER = """(async ([module, style]) => {
  const sheet = document.createElement("style");
  sheet.textContent = style;
  document.head.append(sheet);
  const address = URL.createObjectURL(new Blob([module], { type: "text/javascript" }));
  const { default: widget } = await import(address);
  const listeners = [];
  window.sent = [];
  window.tell = (content, buffers) => listeners.forEach((listen) => listen(content, buffers));
  const model = { on: (_, f) => listeners.push(f), off: () => {}, send: (c) => sent.push(c) };
  window.end = widget.render({ model, el: document.getElementById("cell") });
})(x)"""

FRAME = """(base64 => {
  const bytes = Uint8Array.from(atob(base64), (c) => c.charCodeAt(0));
  // As notebooks give it: a view somewhere into a larger buffer.
  const larger = new Uint8Array(bytes.length + 3);
  larger.set(bytes, 3);
  tell({ type: "frame" }, [new DataView(larger.buffer, 3)]);
})(x)"""


def test_a_cell_of_a_notebook_shows_a_brain(visit: Callable[..., Driver], tmp_path: Path) -> None:
    page = tmp_path / "notebook.html"
    page.write_text("<!doctype html><div id=cell style='width: 1000px'></div>")
    driver = visit(page.as_uri())
    driver.value(RENDER, [notebook_module(), notebook_style()])
    assert driver.value("sent[0].do") == "open"
    for text in BRAIN.texts():
        driver.value("tell(x)", text)
    driver.value(FRAME, base64.b64encode(BRAIN.frame(1)).decode())
    driver.until("probe.text('[data-figure=neurons]') === '360'")
    assert driver.page.locator(".eg-label-name").all_inner_texts() == ["eye", "cortex"]
    assert driver.page.locator(".eg-in-notebook").bounding_box()["height"] > 400
    driver.do("step")
    driver.until("sent.some(c => c.do === 'step' && c.n === 1)")
    driver.look("notebook")
    driver.value("end()")
    assert driver.value("sent.at(-1).do") == "close"
