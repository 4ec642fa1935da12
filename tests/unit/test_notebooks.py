"""What a notebook shows: small tables in which all text is escaped."""

from __future__ import annotations

from html.parser import HTMLParser

import pytest

from engram import Brain, RegionType
from engram.network.shown import table


class Cells(HTMLParser):
    """The tags and the text of a page."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.open: list[str] = []
        self.text = ""
        self.feed(page)

    def handle_starttag(self, tag, _attrs):
        self.tags.append(tag)
        self.open.append(tag)

    def handle_endtag(self, tag):
        assert self.open.pop() == tag

    def handle_data(self, data):
        self.text += data + "|"


@pytest.fixture
def brain() -> Brain:
    brain = Brain(seed=1)
    brain.add_region("<b>in</b> & out", RegionType.SENSORY, 12, connectivity=0.5)
    brain.add_region("b", RegionType.ASSOCIATION, 1200)
    brain.connect_regions("<b>in</b> & out", "b", density=0.5)
    brain.run(20)
    return brain


def test_tables_of_everything_a_user_holds(brain):
    name = "<b>in</b> & out"
    things = {
        "brain": brain,
        "region": brain.regions[name],
        "projection": brain.get_projection(name, "b"),
        "spikes": brain.record("spikes"),
        "v": brain.record("v", name),
        "weights": brain.record("weights", brain.get_projection(name, "b")),
        "rates": brain.record("rates"),
        "rhythms": brain.record("rhythms"),
    }
    before = brain.fingerprint()
    for kind, thing in things.items():
        found = Cells(thing._repr_html_())
        assert found.open == []
        assert set(found.tags) <= {"table", "caption", "b", "tr", "td", "th"}
        assert found.tags.count("b") == found.tags.count("table")
        assert name in found.text, kind
    assert brain.fingerprint() == before
    assert "1,200" in Cells(brain._repr_html_()).text


def test_what_is_off_is_shown(brain):
    assert "off:" not in brain._repr_html_()
    brain.disable_memory()
    assert "off: memory" in brain._repr_html_()


def test_a_table_escapes_its_cells():
    page = table("a<b", ("x&y",), [("<script>",), (1234567,), (0.25,), (True,)])
    assert "<script>" not in page
    assert Cells(page).text.replace("\n", "").replace("|", " ").split() == [
        "a<b",
        "x&y",
        "<script>",
        "1,234,567",
        "0.25",
        "True",
    ]
