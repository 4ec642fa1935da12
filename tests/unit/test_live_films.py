"""Films: what was told and shown, in one file; and the page that plays it without Python."""

from __future__ import annotations

import base64
import errno
import json
import re

import pytest

from engram import InvalidValueError
from engram.live import files, films, standalone
from engram.live.page import LivePage
from engram.live.static_files import KINDS, static_files
from tests.unit.live_reading import Frame, film
from tests.unit.test_live_frames import built


def recorded(path, **more):
    brain = built()
    with LivePage(brain, run=False) as page:
        page.record(path, **more)
        brain.run(1500, progress=False)
        assert page.stop_recording() == path
        assert page.stop_recording() is None
    return brain


def test_a_film_begins_with_all_a_page_needs(tmp_path):
    path = tmp_path / "life.film"
    recorded(path)
    records = film(path)
    kinds = [r["type"] for _, r in records[:4]]
    assert kinds == ["hello", "structure", "settings", "history"]
    assert records[0][1]["film"] is True
    frames = [r for _, r in records if isinstance(r, Frame)]
    assert frames
    assert all(f.head["flags"] & 16 for f in frames)
    steps = [f.head["step"] for f in frames]
    assert steps == sorted(steps)
    assert [when for when, _ in records] == sorted(when for when, _ in records)
    assert [p.name for p in tmp_path.iterdir()] == ["life.film"]


def test_films_are_not_written_over(tmp_path):
    path = tmp_path / "life.film"
    recorded(path)
    with pytest.raises(InvalidValueError, match="overwrite"):
        recorded(path)
    recorded(path, overwrite=True)
    with pytest.raises(InvalidValueError, match=r"must end in \.film or \.html"):
        recorded(tmp_path / "life.txt")
    with pytest.raises(InvalidValueError, match="no folder"):
        recorded(tmp_path / "nowhere" / "life.film")


def test_a_page_that_is_closed_records_nothing(tmp_path):
    page = LivePage(built(), run=False)
    page.close()
    with pytest.raises(InvalidValueError, match="this page is closed"):
        page.record(tmp_path / "late.film")
    assert not list(tmp_path.iterdir())


def test_a_film_whose_file_is_taken_away_is_lost_with_words(tmp_path):
    made = films.Film(tmp_path / "x.film", overwrite=False)
    for part in tmp_path.iterdir():
        part.unlink()
    with pytest.raises(InvalidValueError, match=r"x\.film can't be written") as lost:
        made.finish()
    assert str(tmp_path) not in str(lost.value)


@pytest.mark.parametrize("suffix", [".film", ".html"])
def test_a_full_disk_ends_the_film_and_not_the_run(tmp_path, monkeypatch, suffix):
    """Who films goes on; who ends the film is told, and what was recorded before is there."""
    path = tmp_path / f"life{suffix}"
    made = films.Film(path, overwrite=False)
    made.tell({"type": "hello"})

    def full(*_):
        raise OSError(errno.ENOSPC, "No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr("gzip.GzipFile.write", full)
        made.tell({"type": "lost"})
    made.tell({"type": "lost"})
    with pytest.raises(InvalidValueError, match=r"No space left on device.* is there"):
        made.finish()
    assert [p.name for p in tmp_path.iterdir()] == [path.name]
    if suffix == ".film":
        assert [record["type"] for _, record in film(path)] == ["hello"]


def test_films_are_listed_and_other_pages_are_not(tmp_path):
    recorded(tmp_path / "one.film")
    recorded(tmp_path / "two.html")
    (tmp_path / "report.html").write_text("<html><head></head><body>engram-film</body></html>")
    assert [f["name"] for f in files.listed(tmp_path)["films"]] == ["one.film", "two.html"]


def test_a_film_has_an_end(tmp_path, monkeypatch):
    monkeypatch.setattr(films, "MOST_BYTES", 10)
    made = films.Film(tmp_path / "x.film", overwrite=False)
    for _ in range(100):
        made.text("12345678")
    made.finish()
    assert len(film(tmp_path / "x.film")) == 2


def test_a_page_that_plays_a_film_by_itself(tmp_path):
    path = tmp_path / "life.html"
    recorded(path)
    page = path.read_text()
    held = re.search(r'id="engram-film">([^<]*)<', page)
    again = tmp_path / "again.film"
    again.write_bytes(base64.b64decode(held.group(1)))
    assert film(again)[0][1]["type"] == "hello"
    modules = json.loads(re.search(r'<script type="importmap">(.*?)</script>', page).group(1))
    sources = {
        name: base64.b64decode(address.split(",", 1)[1]).decode()
        for name, address in modules["imports"].items()
    }
    assert set(sources) == {f"engram/{p}" for p in static_files() if p.endswith(".js")}
    for name, text in sources.items():
        imported = re.findall(r'(?:\bfrom|^\s*import)\s+["\']([^"\'\n]+)["\']', text, re.M)
        assert set(imported) <= set(sources), name
    entries = re.findall(r'<script type="module">import "([^"]+)";</script>', page)
    assert entries
    assert set(entries) <= set(sources)
    # It loads nothing from elsewhere.
    assert not re.search(r'(?:src|href)="(?!data:|#)', page)


def test_paths_of_modules():
    assert standalone.joined("", "./a.js") == "a.js"
    assert standalone.joined("panels", "./b.js") == "panels/b.js"
    assert standalone.joined("panels/deep", "../b/c.js") == "panels/b/c.js"


def test_static_files_are_of_known_kinds():
    found = static_files()
    assert "index.html" in found
    assert {f".{path.rpartition('.')[2]}" for path in found} <= set(KINDS)


def test_a_film_needs_a_path():
    with LivePage(built(), run=False) as page, pytest.raises(TypeError, match="record: path"):
        page.record(3)
