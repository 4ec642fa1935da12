"""The page inside a notebook: what goes over the notebook's channel."""

from __future__ import annotations

import threading

import pytest

from engram import InvalidTypeError
from tests.unit.live_reading import frame
from tests.unit.test_live_frames import built

widget = pytest.importorskip("engram.live.widget", exc_type=ImportError)

PATIENCE = 60.0


@pytest.fixture
def shown(monkeypatch):
    sent, news = [], threading.Condition()

    def send(_self, content, buffers=None):
        with news:
            sent.append((content, buffers))
            news.notify_all()

    monkeypatch.setattr(widget.LiveWidget, "send", send)
    made = widget.LiveWidget(built())

    def until(condition):
        with news:
            assert news.wait_for(lambda: any(condition(*one) for one in sent), PATIENCE)
            return next(one for one in sent if condition(*one))

    yield made, until, sent
    made.close()


def test_a_notebook_hears_what_a_page_hears(shown):
    made, until, sent = shown
    made._heard(made, {"do": "open"}, [])
    until(lambda c, _: c.get("type") == "history")
    assert next(c["type"] for c, _ in sent if c["type"] != "event") == "hello"
    _, buffers = until(lambda c, _: c.get("type") == "frame")
    assert frame(buffers[0]).head["protocol"] == 1
    made._heard(made, {"id": 3, "do": "pause"}, [])
    until(lambda c, _: c.get("id") == 3 and c["ok"])
    assert not made.page.pace.running
    for bad in ({"id": 4, "do": 5}, {"id": 4, "do": "x" * 300_000}, {"id": 4}):
        sent.clear()
        made._heard(made, bad, [])
        assert sent[0][0]["id"] == 4
        assert sent[0][0]["error"]
    made._heard(made, "nonsense", [])
    made._heard(made, {"do": "close"}, [])
    assert made.page.pace.watched == 0
    assert made.page.address == ""


def test_the_module_of_a_notebook_holds_all_modules():
    text = widget.LiveWidget._esm
    text = text if isinstance(text, str) else str(text)
    assert "app.js" in text
    assert "export default" in text
    with pytest.raises(InvalidTypeError):
        widget.LiveWidget(3)
