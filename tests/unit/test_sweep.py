"""The sweep runner: every trial once, kept in a file, whatever happens."""

import math
import os
import signal
import sqlite3
import subprocess
import sys
import textwrap

import numpy as np
import pytest

from engram.errors import InvalidTypeError, InvalidValueError
from engram.sweep import read_sweep, run_sweep

GRID = {"a": [1, 2, 3], "b": [0.5, 1.5]}


def product(seed, a, b, c=0):
    """What the sweeps here try."""
    if a == 2 and b == 1.5:
        raise ZeroDivisionError("two by one and a half")
    return {"area": a * b + c, "seed_used": seed, "pid": os.getpid()}


def deadly(seed, a):
    """Ends its process."""
    if a == 1 and seed == 0:
        os.kill(os.getpid(), signal.SIGKILL)
    return a


@pytest.mark.parametrize("jobs", [1, 2])
def test_every_trial_is_a_row(tmp_path, jobs):
    found = run_sweep(product, GRID, path=tmp_path / "s.db", seeds=[3, 4], jobs=jobs)
    assert list(found.columns[:6]) == ["a", "b", "seed", "status", "duration_s", "error"]
    assert len(found) == 12
    good = found[found.status == "done"]
    assert len(good) == 10
    assert (good.area == good.a * good.b).all()
    assert (good.seed_used == good.seed).all()
    assert (good.pid == os.getpid()).all() == (jobs == 1)
    assert (good.duration_s >= 0).all()
    bad = found[found.status == "failed"]
    assert set(zip(bad.a, bad.b, strict=True)) == {(2, 1.5)}
    assert bad.error.str.contains("ZeroDivisionError: two by one and a half").all()


def test_done_trials_are_not_run_again(tmp_path):
    calls = []

    def once(seed, a, b):
        calls.append((seed, a, b))
        if a == 3 and len(calls) < 4:
            raise ValueError("at first")
        return a

    path = tmp_path / "s.db"
    first = run_sweep(once, {"a": [1, 3], "b": [0]}, path=path, seeds=[0], jobs=1)
    assert first.status.tolist() == ["done", "failed"]
    run_sweep(once, {"a": [1, 3, 4], "b": [0]}, path=path, seeds=[0, 1], jobs=1)
    # Failed ones are, and new ones.
    assert calls == [(0, 1, 0), (0, 3, 0), (0, 3, 0), (0, 4, 0), (1, 1, 0), (1, 3, 0), (1, 4, 0)]
    again = run_sweep(once, {"a": [1, 3, 4], "b": [0]}, path=path, seeds=[0, 1], jobs=1)
    assert (again.status == "done").all()
    assert again.error.isna().all()
    assert len(calls) == 8


def test_fixed_parameters_tell_trials_apart(tmp_path):
    path = tmp_path / "s.db"
    for c in (0, 10):
        found = run_sweep(product, [{"a": 1, "b": 2}], fixed={"c": c}, path=path, seeds=[0], jobs=1)
        assert found.area.tolist() == [2 + c]
        assert found.c.tolist() == [c]
    assert len(read_sweep(path)) == 2


def test_a_process_that_dies_is_a_failed_trial(tmp_path):
    found = run_sweep(deadly, {"a": [1, 2, 3]}, path=tmp_path / "s.db", seeds=[0, 1], jobs=2)
    dead = found[found.status == "failed"]
    assert [(r.a, r.seed) for r in dead.itertuples()] == [(1, 0)]
    assert "SIGKILL" in dead.error.iloc[0]
    assert (found.status == "done").sum() == 5


SCRIPT = textwrap.dedent("""
    import sys, threading
    from engram.sweep import run_sweep

    def some(seed, a):
        print("begun", a, flush=True)
        if a >= int(sys.argv[2]):
            threading.Event().wait()
        return a

    if __name__ == "__main__":
        found = run_sweep(
            some, {"a": list(range(6))}, path=sys.argv[1], seeds=[0], jobs=2,
            progress=lambda done, total: print("done", done, flush=True),
        )
        print(found.result.astype(int).tolist())
""")


def test_goes_on_after_kill_9(tmp_path):
    script, path = tmp_path / "script.py", tmp_path / "s.db"
    script.write_text(SCRIPT)
    command = [sys.executable, str(script), str(path)]

    def statuses():
        with sqlite3.connect(path) as connection:
            return [s for (s,) in connection.execute("SELECT status FROM trials ORDER BY id")]

    # Trials from 3 on never end: two are under way when the sweep is killed.
    with subprocess.Popen([*command, "3"], stdout=subprocess.PIPE, text=True) as run:
        wanted, seen = {"begun 3", "begun 4", "done 3"}, set()
        while not wanted <= seen:
            line = run.stdout.readline()
            assert line, seen
            seen.add(line.strip())
        with pytest.raises(InvalidValueError, match="another sweep is writing to it"):
            run_sweep(deadly, {"a": [5]}, path=path, seeds=[1], jobs=1)
        assert len(read_sweep(path)) == 6
        run.kill()
        # Its processes end with it, and with them the pipe.
        assert "begun 5" not in run.stdout.read()
    assert statuses() == ["done"] * 3 + ["running"] * 2 + ["waiting"]
    out = subprocess.run([*command, "99"], capture_output=True, text=True, check=True)
    lines = out.stdout.splitlines()
    assert lines[-1] == "[0, 1, 2, 3, 4, 5]"
    # What was done was not run again; what was cut off was.
    assert sorted(x for x in lines if x.startswith("begun")) == ["begun 3", "begun 4", "begun 5"]
    assert [x for x in lines if x.startswith("done")] == ["done 4", "done 5", "done 6"]


def test_ctrl_c_leaves_nothing_running(tmp_path):
    def interrupted(seed, a):  # noqa: ARG001
        if a == 2:
            raise KeyboardInterrupt
        return a

    path = tmp_path / "s.db"
    with pytest.raises(KeyboardInterrupt):
        run_sweep(interrupted, {"a": [1, 2, 3]}, path=path, seeds=[0], jobs=1)
    assert read_sweep(path).status.tolist() == ["done", "waiting", "waiting"]


def test_can_be_queried(tmp_path):
    path = tmp_path / "s.db"
    run_sweep(product, GRID, path=path, seeds=[0, 1], jobs=1, name="areas")
    with sqlite3.connect(path) as connection:
        rows = connection.execute(
            "SELECT json_extract(parameters, '$.a') AS a, avg(json_extract(result, '$.area')), "
            "count(*) FROM trials WHERE status = 'done' GROUP BY a ORDER BY a"
        ).fetchall()
    assert rows == [(1, 1.0, 4), (2, 1.0, 2), (3, 3.0, 4)]
    found = read_sweep(path, "areas")
    assert (found.sweep == "areas").all()
    assert len(found) == 12
    with pytest.raises(InvalidValueError, match="no sweep 'other'"):
        read_sweep(path, "other")


def test_figures(tmp_path):
    def figures(seed, kind):  # noqa: ARG001
        return {
            "nan": {"x": math.nan, "text": "NaN is not Infinity"},
            "numpy": {"x": np.float32(0.5), "many": np.arange(3)},
            "number": 7,
            "inf": {"x": math.inf},
            "object": {"x": object()},
            "clash": {"kind": 1},
            "none": {},
        }[kind]

    kinds = ["nan", "numpy", "number", "inf", "object", "clash", "none"]
    found = run_sweep(figures, {"kind": kinds}, path=tmp_path / "s.db", seeds=[0], jobs=1)
    found = found.set_index("kind")
    assert (found.status == "done").tolist() == [True] * 3 + [False] * 4
    assert math.isnan(found.x["nan"])
    assert found.text["nan"] == "NaN is not Infinity"
    assert found.x["numpy"] == 0.5
    assert found.many["numpy"] == [0, 1, 2]
    assert found.result["number"] == 7
    for kind, words in (
        ("inf", "Out of range"),
        ("object", "not JSON serializable"),
        ("clash", "'kind'"),
        ("none", "no figures"),
    ):
        assert words in found.error[kind]


def test_progress(tmp_path):
    calls = []
    for seeds in ([0], [0, 1]):
        run_sweep(
            product,
            {"a": [1], "b": [1, 2]},
            path=tmp_path / "s.db",
            seeds=seeds,
            jobs=1,
            progress=lambda done, total: calls.append((done, total)),
        )
    assert calls == [(1, 2), (2, 2), (3, 4), (4, 4)]


@pytest.mark.parametrize(
    ("values", "words"),
    [
        ({"grid": []}, "no points"),
        ({"grid": {"a": []}}, "no points"),
        ({"grid": {"a": 3}}, r"grid\['a'\] must be a list"),
        ({"grid": {"seed": [1]}}, "'seed'"),
        ({"grid": {"a": [object()]}}, "JSON"),
        ({"grid": {"a": [math.nan]}}, "JSON"),
        ({"fixed": {"a": 1}}, "both in grid and in fixed"),
        ({"seeds": []}, "seeds is empty"),
        ({"seeds": 3}, "seeds must be a list"),
        ({"seeds": [-1]}, r"seeds\[0\]"),
        ({"jobs": 0}, "jobs"),
        ({"jobs": 1.5}, "jobs"),
        ({"progress": 3}, "progress"),
        ({"name": ""}, "name"),
        ({"function": 3}, "function must be callable"),
        ({"function": lambda **values: len(values), "jobs": 2}, "other processes can import"),
        ({"path": "nowhere/at/all.db"}, "no folder"),
    ],
)
def test_errors(tmp_path, monkeypatch, values, words):
    monkeypatch.chdir(tmp_path)
    given = {"function": deadly, "grid": {"a": [2, 3]}, "path": "s.db", "jobs": 1, **values}
    with pytest.raises((InvalidValueError, InvalidTypeError), match=words):
        run_sweep(given.pop("function"), given.pop("grid"), **given)


def test_a_file_of_something_else_is_left_alone(tmp_path):
    text, other = tmp_path / "text.db", tmp_path / "other.db"
    text.write_text("not a database, whatever its name " * 50)
    with sqlite3.connect(other) as connection:
        connection.execute("CREATE TABLE trials (x)")
    for path in (text, other):
        before = path.read_bytes()
        with pytest.raises(InvalidValueError, match=path.name):
            run_sweep(deadly, {"a": [2]}, path=path, jobs=1)
        with pytest.raises(InvalidValueError, match=path.name):
            read_sweep(path)
        assert path.read_bytes() == before
    with pytest.raises(InvalidValueError, match="no file"):
        read_sweep(tmp_path / "missing.db")
    assert not (tmp_path / "missing.db").exists()
