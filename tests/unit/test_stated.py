"""A hypothesis is called stated beforehand only if the history of this repository says so."""

from __future__ import annotations

import ast
import subprocess
from pathlib import Path

import pytest

pytest.importorskip("pandas")
pytest.importorskip("sklearn")
pytest.importorskip("gymnasium")

from benchmarks.learning.experiment import Experiment
from benchmarks.report import EXPERIMENTS

ROOT = Path(__file__).parents[2]
BEFORE = [e for e in EXPERIMENTS if e.stated == "before"]


def git(*command: str) -> str:
    """What git says; the test is skipped where it knows no history."""
    try:
        done = subprocess.run(
            ["git", "-C", str(ROOT), *command], capture_output=True, text=True, check=True
        )
    except (OSError, subprocess.CalledProcessError) as error:
        pytest.skip(f"no history here: {error}")
    return done.stdout


def hypothesis_in(text: str) -> str | None:
    """The hypothesis in a module's text."""
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.keyword) and node.arg == "hypothesis":
            return str(ast.literal_eval(node.value))
    return None


@pytest.mark.parametrize("experiment", BEFORE, ids=lambda e: e.name)
def test_the_commit_has_the_hypothesis_and_is_older_than_any_result(experiment: Experiment) -> None:
    name = experiment.name
    if git("rev-parse", "--is-shallow-repository").strip() == "true":
        pytest.skip("the history here is cut off")
    module = git("show", f"{experiment.stated_in}:benchmarks/learning/{name}.py")
    assert hypothesis_in(module) == experiment.hypothesis
    first = git("log", "--reverse", "--format=%H", "--", f"benchmarks/results/{name}.json").split()
    assert first, "there is no result yet"
    older = git("rev-list", f"{first[0]}^").split()
    assert git("rev-parse", experiment.stated_in).strip() in older


def test_some_are_stated_beforehand_and_most_are_not() -> None:
    assert {e.name for e in BEFORE} == {"features", "sleep_gain", "spike_times", "split_features"}
