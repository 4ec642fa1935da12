"""The harness of the learning experiments: trials that are kept, results, the report."""

from __future__ import annotations

import dataclasses
import json
from pathlib import Path
from typing import Any

import pytest

pytest.importorskip("pandas")
pytest.importorskip("sklearn")

from benchmarks import report
from benchmarks.learning import trials as harness
from benchmarks.learning.experiment import Claim, Experiment, Rival
from benchmarks.learning.page import hypothesis, page
from benchmarks.learning.trials import TrialsFailed, merged, trials, write

POINTS = [{"arm": "a"}, {"arm": "b"}]


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr(harness, "RUNS", tmp_path / "runs")
    return tmp_path


class Counted:
    """A trial that counts its calls."""

    def __init__(self) -> None:
        self.calls: list[tuple[str, int]] = []

    def __call__(self, seed: int, arm: str) -> dict[str, Any]:
        self.calls.append((arm, seed))
        found: dict[str, Any] = {"right": seed + 0.1, "curve": [1, None, 3]}
        return found if arm == "a" else {**found, "more": 7}


def test_rows_are_in_order_and_as_they_were_returned() -> None:
    rows = trials("t", Counted(), POINTS, [3, 1])
    assert [(r["arm"], r["seed"]) for r in rows] == [("a", 3), ("b", 3), ("a", 1), ("b", 1)]
    assert rows[0]["right"] == 3.1
    assert rows[0]["curve"] == [1, None, 3]
    assert "more" not in rows[0]
    assert rows[1]["more"] == 7
    assert isinstance(rows[1]["more"], int)
    assert rows[0]["cpu_s"] >= 0


def test_what_was_kept_is_not_run_again() -> None:
    first, second = Counted(), Counted()
    before = trials("t", first, POINTS, [0, 1])
    after = trials("t", second, POINTS, [0, 1, 2])
    assert len(first.calls) == 4
    assert second.calls == [("a", 2), ("b", 2)]
    assert after[:4] == before
    fresh = Counted()
    trials("t", fresh, POINTS, [0], fresh=True)
    assert len(fresh.calls) == 2
    unkept = Counted()
    trials("t", unkept, POINTS, [0], keep=False)
    assert len(unkept.calls) == 2


def test_trials_of_other_code_do_not_count(monkeypatch: pytest.MonkeyPatch) -> None:
    trials("t", Counted(), POINTS, [0])
    monkeypatch.setattr(harness, "source", lambda: "another")
    again = Counted()
    trials("t", again, POINTS, [0])
    assert len(again.calls) == 2


def test_a_trial_that_fails_is_told_and_the_others_stay() -> None:
    def broken(seed: int, arm: str) -> dict[str, Any]:
        if (arm, seed) == ("b", 0):
            raise ValueError("no such arm")
        return {"right": 1.0}

    with pytest.raises(TrialsFailed, match="1 trials failed"):
        trials("t", broken, POINTS, [0, 1])
    repaired = Counted()
    trials("t", repaired, POINTS, [0, 1])
    assert repaired.calls == [("b", 0)]


def test_new_rows_take_the_place_of_all_of_the_same_key(tmp_path: Path) -> None:
    path = tmp_path / "r.json"
    write(path, {"name": "x", "rows": [{"k": 1, "v": 1}, {"k": 2, "v": 2}]}, a_line_each="rows")
    assert path.read_text().count("\n") == 4
    assert json.loads(path.read_text())["name"] == "x"
    rows = merged(path, "rows", [{"k": 1, "v": 3}, {"k": 1, "v": 4}], lambda row: row["k"])
    assert [row["v"] for row in rows] == [2, 3, 4]
    assert merged(tmp_path / "none.json", "rows", rows, lambda row: row["k"]) == rows


def test_an_experiment_goes_on_and_writes_its_results(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    calls: list[int] = []

    def trial(seed: int, quick: bool) -> dict[str, float]:
        calls.append(seed)
        return {"a": 2.0 + seed, "b": 1.0 if quick else 0.0}

    monkeypatch.setattr("benchmarks.learning.experiment.RESULTS", tmp_path)
    experiment = Experiment(
        name="example",
        title="T",
        hypothesis="h",
        protocol="p",
        trial=trial,
        claims=(Claim("a above b", "a", "b"), Claim("b is large", "b", 5.0)),
        draw=lambda trials, path: path.write_text(f"{len(trials)}"),
        quick_claims=(),
    )
    assert experiment.main(["--seeds", "2"]) == 1
    assert "CLAIM FAILED: b is large" in capsys.readouterr().err
    assert calls == [0, 1]
    assert experiment.main(["--seeds", "3"]) == 1
    assert calls == [0, 1, 2]
    document = json.loads((tmp_path / "example.json").read_text())
    assert document["trials"]["2"]["a"] == 4.0
    assert document["claims"][0]["mean"] == 3.0
    experiment.draw_stored(document, tmp_path / "drawn")
    assert (tmp_path / "drawn").read_text() == "3"
    assert experiment.main(["--quick"]) == 0
    assert calls[-2:] == [0, 1]
    assert json.loads((tmp_path / "example.json").read_text()) == document


def _nothing(trials: Any, path: Path) -> None:
    """No drawing."""


def made_of(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, trial: Any) -> Experiment:
    """An experiment with a claim and a rival, whose results go into a folder of the test."""
    monkeypatch.setattr("benchmarks.learning.experiment.RESULTS", tmp_path)
    return Experiment(
        name="example",
        title="T",
        hypothesis="h",
        protocol="p",
        trial=trial,
        claims=(Claim("a above b", "a", "b"),),
        draw=_nothing,
        rivals=(Rival("the simple one", "a", "b"), Rival("one to come", "a", "c")),
    )


def test_answers_make_intervals_of_seeds_and_items(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def trial(seed: int, quick: bool) -> dict[str, Any]:  # noqa: ARG001
        right = {"a": [True, True, True, seed > 0], "b": [True, False, seed > 1, False]}
        return {**{k: 100 * sum(v) / 4 for k, v in right.items()}, "answers": right, "items": "x"}

    experiment = made_of(tmp_path, monkeypatch, trial)
    assert experiment.main(["--seeds", "3"]) == 0
    document = json.loads((tmp_path / "example.json").read_text())
    assert set(document["trials"]["0"]) == {"a", "b", "cpu_s"}
    assert document["answers"]["right"]["0"]["a"] == {"n": 4, "bits": "4A=="}
    assert document["answers"]["items"]["2"] == "x"
    assert document["claims"][0]["by"] == document["rivals"][0]["by"] == "seeds and test items"
    assert document["rivals"][1]["verdict"] == "not measured"
    shown = page(document, experiment)
    assert "rival: the simple one | 91.67 | 33.33 | 58.3 (" in shown
    assert "Hypothesis, exploratory" in shown


def test_older_results_are_judged_by_seeds(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    experiment = made_of(tmp_path, monkeypatch, None)
    trials = {"0": {"a": 2.0, "b": 1.0}, "1": {"a": 3.0, "b": 2.1}}
    old = {"claim": "a above b", "mean": 1.0, "low": 0.5, "high": 1.5, "least": 0.0, "holds": True}
    gone = {**old, "claim": "not asked any more", "verdict": "holds", "by": "seeds only"}
    document = {"title": "T", "protocol": "p", "trials": trials, "claims": [old, gone]}
    claims, rivals = experiment.judged(document)
    assert [c["claim"] for c in claims] == ["a above b", "not asked any more"]
    assert claims[0]["verdict"] == "holds"
    assert (rivals[0]["verdict"], rivals[0]["by"]) == ("ahead", "seeds only")
    assert "seeds only | holds" in page(document, experiment)


def test_answers_that_do_not_agree_with_their_figure_are_an_error(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def trial(seed: int, quick: bool) -> dict[str, Any]:  # noqa: ARG001
        return {"a": 99.0, "b": 1.0, "answers": {"a": [True, False]}}

    with pytest.raises(TrialsFailed, match="right in 50 %"):
        made_of(tmp_path, monkeypatch, trial).main(["--seeds", "1"])


def test_what_was_stated_beforehand_names_its_commit(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    experiment = made_of(tmp_path, monkeypatch, None)
    before = dataclasses.replace(experiment, stated="before", stated_in="abc1234")
    assert hypothesis(before).startswith("Hypothesis, stated beforehand (commit abc1234)")
    with pytest.raises(ValueError, match="stated_in"):
        dataclasses.replace(experiment, stated="before")
    with pytest.raises(ValueError, match="exploratory"):
        dataclasses.replace(experiment, stated="certainly")


def test_the_report_is_up_to_date(capsys: pytest.CaptureFixture[str]) -> None:
    assert report.main(["--check"]) == 0, capsys.readouterr().out


def test_pages_that_are_not_what_the_results_give_are_found(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert report.main(["--check"], tmp_path) == 1
    assert report.main(["--no-figures"], tmp_path) == 0
    assert report.main(["--check"], tmp_path) == 0
    changed, extra = tmp_path / "docs/benchmarks/iris.md", tmp_path / "docs/benchmarks/gone.md"
    changed.write_text(changed.read_text().replace("95", "96"))
    extra.write_text("# No result has this page\n")
    capsys.readouterr()
    assert report.main(["--check"], tmp_path) == 1
    told = capsys.readouterr().out
    assert "docs/benchmarks/iris.md" in told
    assert "docs/benchmarks/gone.md" in told
    assert told.count("\n") == 2
    assert report.main(["--no-figures"], tmp_path) == 0
    assert not extra.exists()
    assert report.main(["--check"], tmp_path) == 0


def test_the_first_page_has_a_row_for_each_task_and_what_fails() -> None:
    text = report.documents()[report.FIRST]
    rows = text.partition("## What fails")[0].splitlines()
    assert len([r for r in rows if r.startswith("| [")]) >= 8
    assert text.index("## What fails") < text.index("## How to read this") < text.index("## Pages")
    failing = text.partition("## What fails")[2].partition("## How to read")[0]
    assert failing.index("**fails**") < failing.index("**behind**") < failing.index("**undecided**")


def test_git_keeps_no_drawings() -> None:
    assert not list(report.RESULTS.glob("*.png"))
    ignored = (report.ROOT / ".gitignore").read_text()
    for name in ("figures", "runs"):
        assert f"/benchmarks/{name}/" in ignored
