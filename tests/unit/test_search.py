"""Searches: Optuna's samplers and pruners, over the file of a sweep."""

from __future__ import annotations

import json
import math
import os
import sqlite3

import numpy as np
import pytest

from engram.errors import InvalidTypeError, InvalidValueError, MissingExtraError
from engram.sweep import Range, read_sweep, run_sweep, search

optuna = pytest.importorskip("optuna")

SPACE = {"x": Range(-4.0, 4.0), "n": Range(1, 64, log=True), "kind": ["plain", [1, 2], None]}


def height(seed, x, n, kind):
    """Best at x = 1, many, plain."""
    return {"height": -((x - 1) ** 2) + math.log(n) + (kind == "plain") + 0.01 * seed, "pid": 1}


def climb(seed, x):
    """Gets to x in ten steps, at once to a tenth of it."""
    for step in range(10):
        yield {"height": x * (step + 1) / 10 + seed}


def deadly(seed, x):
    if x == 1:
        os._exit(3)
    return x + seed


def points(study):
    return [(t.params, t.value, t.state.name) for t in study.trials]


class Interrupted(Exception):
    pass


def stop_at(n):
    def progress(done, _total):
        if done == n:
            raise Interrupted

    return progress


def test_finds_the_best(tmp_path):
    study = search(
        height, SPACE, path=tmp_path / "s.db", n_trials=60, metric="height", seeds=[0, 1]
    )
    assert study.best_value > 3.5
    assert study.best_params["kind"] == "plain"
    found = read_sweep(tmp_path / "s.db")
    assert len(found) == 120
    for trial in study.trials:
        assert 1 <= trial.params["n"] <= 64
        assert trial.params["kind"] in ("plain", "[1, 2]", None)
    best = found[found.x == study.best_params["x"]]
    assert best.height.mean() == pytest.approx(study.best_value)
    least = search(
        height,
        SPACE,
        path=tmp_path / "t.db",
        n_trials=30,
        metric="height",
        direction="minimize",
        sampler=optuna.samplers.RandomSampler(seed=1),
    )
    assert least.best_value < -10


@pytest.mark.parametrize("stop", [3, 17])
@pytest.mark.parametrize("sampler", ["TPESampler", "RandomSampler", "NSGAIISampler"])
def test_goes_on_as_if_nothing_had_been(tmp_path, stop, sampler):
    def given(name):
        return {
            "space": SPACE,
            "path": tmp_path / name,
            "n_trials": 25,
            "metric": "height",
            "seeds": [0, 1],
            "sampler": getattr(optuna.samplers, sampler)(seed=5),
        }

    whole = search(height, **given("whole.db"))
    with pytest.raises(Interrupted):
        search(height, **given("cut.db"), progress=stop_at(stop))
    calls = []

    def counted(seed, x, n, kind):
        calls.append((x, n, seed))
        return height(seed, x, n, kind)

    name = f"{height.__module__}.height"
    again = search(counted, **given("cut.db"), name=name)
    assert points(again) == points(whole)
    assert len(calls) == 50 - 2 * stop
    # Once more: nothing to do.
    calls.clear()
    assert points(search(counted, **given("cut.db"), name=name)) == points(whole)
    assert not calls


@pytest.mark.parametrize("stop", [14, 21])
def test_goes_on_from_the_middle_of_a_point_and_after_failures(tmp_path, stop):
    calls = []

    def fragile(seed, x):
        calls.append(x)
        if len(calls) == stop:
            raise KeyboardInterrupt
        if x > 0.8:
            raise ValueError("too far")
        return -abs(x - 0.7) + seed

    def given(name):
        return {
            "space": {"x": Range(0.0, 1.0)},
            "path": tmp_path / name,
            "n_trials": 20,
            "seeds": [0, 1],
        }

    with pytest.raises(KeyboardInterrupt):
        search(fragile, **given("cut.db"))
    again = search(fragile, **given("cut.db"))
    whole = search(fragile, **given("whole.db"))
    assert points(again) == points(whole)
    assert {t.state.name for t in whole.trials} == {"COMPLETE", "FAIL"}


def test_more_points_later(tmp_path):
    few = search(
        climb, {"x": Range(0.0, 1.0)}, path=tmp_path / "s.db", n_trials=15, metric="height"
    )
    many = search(
        climb, {"x": Range(0.0, 1.0)}, path=tmp_path / "s.db", n_trials=25, metric="height"
    )
    assert points(many)[:15] == points(few)
    assert len(many.trials) == 25
    whole = search(
        climb, {"x": Range(0.0, 1.0)}, path=tmp_path / "t.db", n_trials=25, metric="height"
    )
    assert points(many) == points(whole)


@pytest.mark.parametrize("pruner", ["MedianPruner", "HyperbandPruner"])
def test_pruning(tmp_path, pruner):
    def given(name):
        return {
            "space": {"x": Range(0.0, 1.0)},
            "path": tmp_path / name,
            "n_trials": 30,
            "metric": "height",
            "pruner": getattr(optuna.pruners, pruner)(),
        }

    whole = search(climb, **given("whole.db"))
    states = [t.state.name for t in whole.trials]
    assert states.count("PRUNED") > 3
    with sqlite3.connect(tmp_path / "whole.db") as connection:
        rows = connection.execute(
            "SELECT status, result, yielded FROM trials ORDER BY id"
        ).fetchall()
    for trial, (status, result, steps) in zip(whole.trials, rows, strict=True):
        assert status == {"COMPLETE": "done", "PRUNED": "pruned"}[trial.state.name]
        values = [step["height"] for step in json.loads(steps)]
        assert values == list(trial.intermediate_values.values())
        assert json.loads(result)["height"] == values[-1] == trial.value
        assert status == "pruned" or len(values) == 10
    # With one process of its own for each trial the same is seen.
    apart = search(climb, **given("apart.db"), time_limit=60.0)
    assert points(apart) == points(whole)
    with pytest.raises(Interrupted):
        search(climb, **given("cut.db"), progress=stop_at(12))
    assert points(search(climb, **given("cut.db"))) == points(whole)
    # A sweep takes pruned trials to their end.
    x = next(t.params["x"] for t in whole.trials if t.state.name == "PRUNED")
    found = run_sweep(climb, {"x": [x]}, path=tmp_path / "whole.db", seeds=[0], jobs=1)
    assert found.height.tolist() == [x]


def test_the_first_seed_speaks_for_its_point(tmp_path):
    study = search(
        climb,
        {"x": Range(0.0, 1.0)},
        path=tmp_path / "s.db",
        n_trials=20,
        metric="height",
        seeds=[0, 1],
        pruner=optuna.pruners.MedianPruner(),
    )
    found = read_sweep(tmp_path / "s.db")
    pruned = found[found.status == "pruned"]
    assert len(pruned) == sum(t.state.name == "PRUNED" for t in study.trials) > 0
    assert (pruned.seed == 0).all()
    done = [t for t in study.trials if t.state.name == "COMPLETE"]
    assert all(t.value == pytest.approx(t.params["x"] + 0.5) for t in done)
    assert len(found) == len(pruned) + 2 * len(done)


def test_several_at_a_time_and_again(tmp_path):
    given = {
        "space": SPACE,
        "path": tmp_path / "s.db",
        "n_trials": 20,
        "metric": "height",
        "jobs": 2,
    }
    with pytest.raises(Interrupted):
        search(height, **given, progress=stop_at(11))
    before = read_sweep(tmp_path / "s.db")
    assert (before.status == "done").sum() == 11
    study = search(height, **given)
    assert len(study.trials) == 20
    found = read_sweep(tmp_path / "s.db")
    assert (found.status == "done").all()
    # What had ended is known to Optuna, whatever it would have proposed.
    values = [t.value for t in study.trials]
    assert set(before.height.dropna()) <= set(values)
    assert sorted(values) == sorted(found.height)


def test_other_sweeps_of_the_name_are_told(tmp_path):
    path = tmp_path / "s.db"
    run_sweep(
        climb, {"x": [0.25, 0.5, 7.0]}, path=path, seeds=[0], jobs=1, fixed={}, name="climbing"
    )
    study = search(
        climb, {"x": Range(0.0, 1.0)}, path=path, n_trials=5, metric="height", name="climbing"
    )
    assert {0.25, 0.5} < {t.params["x"] for t in study.trials}
    assert 7.0 not in {t.params["x"] for t in study.trials}
    assert len(study.trials) == 5


def test_a_point_proposed_twice_is_run_once(tmp_path):
    calls = []

    def counted(seed, x):
        calls.append(x)
        if x == 2:
            raise ValueError("two")
        return float("nan") if x == 3 else x + seed

    space = {"x": [1, 2, 3]}
    study = search(counted, space, path=tmp_path / "s.db", n_trials=12, name="c")
    assert sorted(calls) == [1, 2, 3]
    states = {t.params["x"]: t.state.name for t in study.trials}
    assert states == {1: "COMPLETE", 2: "FAIL", 3: "FAIL"}
    # Failed trials are tried again, once.
    search(counted, space, path=tmp_path / "s.db", n_trials=12, name="c")
    assert sorted(calls) == [1, 2, 2, 3]


def test_a_trial_that_dies_is_a_failed_point(tmp_path):
    study = search(deadly, {"x": [1, 2]}, path=tmp_path / "s.db", n_trials=6, jobs=2)
    assert {t.params["x"]: t.state.name for t in study.trials} == {1: "FAIL", 2: "COMPLETE"}
    assert study.best_params == {"x": 2}


def test_progress_counts_points(tmp_path):
    calls = []
    search(
        climb,
        {"x": Range(0.0, 1.0)},
        path=tmp_path / "s.db",
        n_trials=3,
        metric="height",
        seeds=[0, 1],
        progress=lambda *done: calls.append(done),
    )
    assert calls == [(1, 3), (2, 3), (3, 3)]


@pytest.mark.parametrize(
    ("values", "words"),
    [
        ({"space": {}}, "space must be a dict"),
        ({"space": [1]}, "space must be a dict"),
        ({"space": {"x": 3}}, r"space\['x'\] must be a list"),
        ({"space": {"x": []}}, r"space\['x'\] is empty"),
        ({"space": {"x": [object()]}}, "JSON"),
        ({"space": {"seed": [1]}}, "'seed'"),
        ({"fixed": {"x": 1}}, "both in space and in fixed"),
        ({"n_trials": 0}, "n_trials"),
        ({"metric": ""}, "metric"),
        ({"direction": "up"}, "direction must be one of"),
        ({"seed": -1}, "seed"),
        ({"seeds": []}, "seeds is empty"),
        ({"jobs": 0}, "jobs"),
        ({"sampler": "TPE"}, r"sampler must be one of optuna\.samplers"),
        ({"pruner": 3}, r"pruner must be one of optuna\.pruners"),
        ({"function": 3}, "function must be callable"),
        ({"path": "."}, "is no file"),
    ],
)
def test_arguments_are_refused_before_there_is_a_file(tmp_path, monkeypatch, values, words):
    monkeypatch.chdir(tmp_path)
    given = {"function": deadly, "space": {"x": [2]}, "path": "s.db", "n_trials": 2, **values}
    with pytest.raises((InvalidValueError, InvalidTypeError), match=words):
        search(given.pop("function"), given.pop("space"), **given)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    "given", [(1, 0), (0, 2, True), (0.0, 1.0, True), (math.nan, 1.0), ("a", "b"), (1, 2, "log")]
)
def test_ranges_that_can_not_be(given):
    with pytest.raises((InvalidValueError, InvalidTypeError), match="Range: "):
        Range(*given)


def test_numbers_of_numpy(tmp_path):
    space = {"x": Range(np.int64(1), np.int64(3)), "y": [np.float32(0.5), np.array([1, 2])]}

    def known(seed, x, y):
        return x + seed + np.sum(y)

    study = search(known, space, path=tmp_path / "s.db", n_trials=8, fixed={})
    assert all(type(t.params["x"]) is int for t in study.trials)
    assert {t.params["y"] for t in study.trials} == {0.5, "[1, 2]"}


def test_a_figure_that_is_not_there(tmp_path):
    with pytest.raises(InvalidValueError, match=r"metric: .* no number 'hieght'"):
        search(climb, {"x": [0.5]}, path=tmp_path / "s.db", n_trials=2, metric="hieght")


def test_missing_extra(tmp_path, monkeypatch):
    monkeypatch.setitem(__import__("sys").modules, "optuna", None)
    with pytest.raises(MissingExtraError, match=r'optuna: pip install "\.\[sweep\]"'):
        search(deadly, {"x": [2]}, path=tmp_path / "s.db", n_trials=2)
    assert list(tmp_path.iterdir()) == []


def test_a_file_of_the_first_format_goes_on(tmp_path):
    path = tmp_path / "s.db"
    with sqlite3.connect(path) as connection:
        connection.execute(
            "CREATE TABLE trials (id INTEGER PRIMARY KEY, sweep TEXT NOT NULL, parameters TEXT NOT "
            "NULL, seed INTEGER NOT NULL, status TEXT NOT NULL CHECK (status IN ('waiting', "
            "'running', 'done', 'failed')), result TEXT, error TEXT, started TEXT, duration_s "
            "REAL, version TEXT, UNIQUE (sweep, parameters, seed))"
        )
        for x, status in ((1, "failed"), (2, "done"), (3, "running")):
            connection.execute(
                "INSERT INTO trials (sweep, parameters, seed, status, result) "
                "VALUES (?, ?, 0, ?, ?)",
                ("c", f'{{"x": {x}}}', status, '{"height": 7}' if status == "done" else None),
            )
        connection.execute("PRAGMA user_version = 1")
    assert read_sweep(path).status.tolist() == ["failed", "done", "running"]
    found = run_sweep(climb, {"x": [1, 2, 3]}, path=path, seeds=[0], jobs=1, name="c")
    assert found.height.tolist() == [1, 7, 3]
    assert (found.status == "done").all()
