"""Where results come from: code, commit, machine, versions, seeds."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

pytest.importorskip("pandas")
pytest.importorskip("sklearn")

from benchmarks import provenance as origin
from benchmarks.learning import trials

BENCHMARKS = Path(__file__).parents[2] / "benchmarks"
NO_RESULTS = {"peers", "neuron_reference.py", "provenance.py", "trials.py"}
"""What runs in environments of its own, and what is written through others."""


def test_it_has_all_that_is_asked_for() -> None:
    made = origin.provenance(str(BENCHMARKS / "learning" / "agents.py"), range(3), ["gymnasium"])
    assert set(made) == {"commit", "dirty", "date", "machine", "versions", "seeds", "source"}
    assert made["seeds"] == [0, 1, 2]
    assert {"engram", "python", "numpy", "numba", "scipy", "scikit-learn"} <= set(made["versions"])
    assert made["machine"]["processor"]
    assert made["machine"]["cores"] >= 1
    assert made["source"] == trials.source()
    assert re.fullmatch(r"\d{4}-\d\d-\d\d", made["date"])
    assert json.loads(json.dumps(made)) == made
    assert "commit" in origin.told({"provenance": made})


def test_the_hash_covers_what_a_benchmark_imports(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("benchmarks/one/__init__.py", "benchmarks/two.py", "benchmarks/three.py"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text("")
    folder = tmp_path / "benchmarks" / "one"
    (folder / "main.py").write_text("def f():\n    from benchmarks import two\n    return two\n")
    monkeypatch.setattr(origin, "ROOT", tmp_path)
    names = {p.name for p in origin.reached(folder)}
    assert names == {"__init__.py", "main.py", "two.py"}
    before = origin.source(folder)
    for file, changes in (("three.py", False), ("two.py", True)):
        (tmp_path / "benchmarks" / file).write_text("x = 1\n")
        origin.source.cache_clear()
        assert (origin.source(folder) != before) == changes


def test_the_hash_of_experiments_covers_the_life_that_they_live() -> None:
    files = {p.relative_to(BENCHMARKS.parent).as_posix() for p in origin.reached(trials.HERE)}
    assert {"examples/life.py", "benchmarks/learning/few_shots.py"} <= files
    assert "benchmarks/provenance.py" in files


def test_older_files_are_told_as_far_as_they_say() -> None:
    old = {"environment": {"cpu": "X", "cores": 2, "numba": "0.6", "date": "2026-01-01"}}
    assert origin.told(old) == "2026-01-01; commit not kept; X, 2 cores; numba 0.6"
    assert origin.told({"source": "abc"}) == "commit not kept; code abc"


def test_whatever_writes_results_says_where_they_come_from() -> None:
    for path in BENCHMARKS.rglob("*.py"):
        text = path.read_text(encoding="utf-8")
        writes = ("write_text(" in text and "json.dumps" in text) or re.search(r"\bwrite\(", text)
        runs = '__name__ == "__main__"' in text
        if runs and writes and not NO_RESULTS & {path.name, path.parent.name}:
            assert "provenance" in text, path
