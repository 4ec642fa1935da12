"""Sweeps: what used to raise raw errors, or to hang."""

import os
import sqlite3
import sys
import threading

import pytest

from engram import sweep
from engram.errors import EngramError, InvalidTypeError, InvalidValueError
from engram.sweep import SweepFileError, read_sweep, run_sweep
from engram.sweep.store import Store


def plain(seed, a):
    return a + seed


def hangs(seed, a):  # noqa: ARG001
    if a == 1:
        threading.Event().wait()
    return a


def leaves(seed, a):  # noqa: ARG001
    if a == 1:
        sys.exit("no more")
    return a


class Stubborn:
    """Can't be sent to another process, and says so in a way of its own."""

    __module__ = "engram_of_nobody"
    __qualname__ = "Stubborn"

    def __call__(self, seed, a):
        return a + seed

    def __reduce__(self):
        raise RuntimeError("I stay here")


@pytest.mark.parametrize(
    ("values", "words"),
    [
        ({"seeds": [2**70]}, r"seeds\[0\] must be at least 0 and at most"),
        ({"grid": 3}, "grid must be a dict of lists"),
        ({"grid": "abc"}, "grid must be a dict of lists"),
        ({"grid": [3]}, "grid must be a dict of lists"),
        ({"fixed": [1]}, "fixed must be a dict"),
        ({"path": None}, "path must be a text"),
        ({"path": b"s.db"}, "path must be a text"),
        ({"path": "."}, "is no file"),
        ({"name": "half \ud800"}, "name must be a text"),
        ({"time_limit": 0}, "time_limit"),
        ({"time_limit": "soon"}, "time_limit"),
        ({"function": Stubborn(), "jobs": 2}, "I stay here"),
        ({"function": Stubborn(), "time_limit": 5.0}, "I stay here"),
    ],
)
def test_arguments_are_refused_before_there_is_a_file(tmp_path, monkeypatch, values, words):
    monkeypatch.chdir(tmp_path)
    given = {"function": plain, "grid": {"a": [2, 3]}, "path": "s.db", "jobs": 1, **values}
    with pytest.raises((InvalidValueError, InvalidTypeError), match=words):
        run_sweep(given.pop("function"), given.pop("grid"), **given)
    assert list(tmp_path.iterdir()) == []


def test_a_loop_of_lists_is_no_parameter(tmp_path):
    loop = []
    loop.append(loop)
    with pytest.raises(InvalidTypeError, match="JSON"):
        run_sweep(plain, {"a": [loop]}, path=tmp_path / "s.db", jobs=1)


@pytest.mark.parametrize("jobs", [1, 2])
def test_a_trial_that_hangs_is_killed_and_reported(tmp_path, jobs):
    found = run_sweep(
        hangs, {"a": [0, 1, 2]}, path=tmp_path / "s.db", seeds=[0], jobs=jobs, time_limit=0.2
    )
    assert found.status.tolist() == ["done", "failed", "done"]
    assert "longer than time_limit=0.2 s" in found.error[1]
    assert found.duration_s[1] >= 0.2


def test_a_trial_that_ends_python_has_failed(tmp_path):
    found = run_sweep(leaves, {"a": [0, 1, 2]}, path=tmp_path / "s.db", seeds=[0], jobs=1)
    assert found.status.tolist() == ["done", "failed", "done"]
    assert "SystemExit: no more" in found.error[1]


def test_a_full_disk_is_said_and_what_has_ended_is_kept(tmp_path, monkeypatch):
    path, calls = tmp_path / "s.db", []

    def counted(seed, a):
        calls.append(a)
        return a + seed

    finish = Store.finish

    def full(self, trial, outcome):
        if trial.parameters["a"] == 2:
            raise sqlite3.OperationalError("database or disk is full")
        finish(self, trial, outcome)

    with monkeypatch.context() as patched:
        patched.setattr(Store, "finish", full)
        with pytest.raises(SweepFileError, match=r"s\.db .*: database or disk is full"):
            run_sweep(counted, {"a": [1, 2, 3]}, path=path, seeds=[0], jobs=1)
    assert read_sweep(path).status.tolist() == ["done", "waiting", "waiting"]
    found = run_sweep(counted, {"a": [1, 2, 3]}, path=path, seeds=[0], jobs=1)
    assert (found.status == "done").all()
    assert calls == [1, 2, 2, 3]


def test_a_full_disk_of_sqlite_itself(tmp_path, monkeypatch):
    def small(*args, **kwargs):
        connection = connect(*args, **kwargs)
        connection.execute("PRAGMA max_page_count = 4")
        return connection

    connect = sqlite3.connect
    monkeypatch.setattr(sweep.store.sqlite3, "connect", small)
    with pytest.raises(SweepFileError, match="full"):
        run_sweep(plain, {"a": list(range(2000))}, path=tmp_path / "s.db", seeds=[0], jobs=1)


def test_damaged_files_are_said_to_be(tmp_path):
    path = tmp_path / "s.db"
    run_sweep(plain, {"a": list(range(300))}, path=path, seeds=[0], jobs=1)
    whole = path.read_bytes()
    raised = 0
    changed = [
        whole[:k] + bytes(b ^ 0xA5 for b in whole[k : k + 64]) + whole[k + 64 :]
        for k in range(0, len(whole), 1024)
    ]
    cut = [whole[:n] for n in (10, 100, 4096, 5000, len(whole) - 10)]
    for content in [*changed, *cut]:
        path.write_bytes(content)
        for call in (read_sweep, lambda p: run_sweep(plain, {"a": [1]}, path=p, seeds=[0], jobs=1)):
            try:
                call(path)
            except EngramError:
                raised += 1
    assert raised > 20


@pytest.mark.parametrize("column", ["parameters", "result"])
def test_a_row_that_is_no_json(tmp_path, column):
    path = tmp_path / "s.db"
    run_sweep(plain, {"a": [1]}, path=path, seeds=[0], jobs=1)
    for content in ("{", "[1]", b"\xff\x00"):
        with sqlite3.connect(path) as connection:
            connection.execute(f"UPDATE trials SET {column} = ?", (content,))
        with pytest.raises(SweepFileError, match=f"the {column} of trial 1"):
            read_sweep(path)


def test_a_lock_that_is_no_database_and_a_folder_of_its_name(tmp_path):
    (tmp_path / "s.db.lock").write_text("no database " * 100)
    (tmp_path / "t.db.lock").mkdir()
    for name in ("s.db", "t.db"):
        with pytest.raises(SweepFileError, match=rf"{name}\.lock"):
            run_sweep(plain, {"a": [1]}, path=tmp_path / name, seeds=[0], jobs=1)


def test_figures_with_the_names_of_columns_and_half_characters(tmp_path):
    def answers(seed, a):  # noqa: ARG001
        if a == 0:
            return {"version": 1}
        raise ValueError("half \ud800")

    found = run_sweep(answers, {"a": [0, 1]}, path=tmp_path / "s.db", seeds=[0], jobs=1)
    assert "'version'" in found.error[0]
    assert r"half \ud800" in found.error[1]
    assert os.path.exists(tmp_path / "s.db")
