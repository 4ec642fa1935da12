"""How benchmarks stand beside their rivals, and what the first page makes of it."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

pytest.importorskip("pandas")
pytest.importorskip("sklearn")
pytest.importorskip("gymnasium")

from scipy import stats

from benchmarks import report, standing
from benchmarks.learning.experiment import Claim, Experiment, Front, Rival
from benchmarks.pages import Page, of_experiment


def summary(values: list[float], *, by_seed: bool) -> dict[str, Any]:
    x = np.array(values)
    found = {"seeds": len(x), "mean": float(x.mean()), "sd": float(x.std(ddof=1))}
    return {**found, "by_seed": values} if by_seed else found


OURS, THEIRS = [300.0, 320.0, 350.0, 280.0], [40.0, 60.0, 20.0, 45.0]


@pytest.mark.parametrize("by_seed", [True, False])
def test_agents_stand_beside_all_arms_but_chance(by_seed: bool) -> None:
    arms = {
        "network": summary(OURS, by_seed=by_seed),
        "Q-learning": summary(THEIRS, by_seed=by_seed),
        "random": summary([1.0, 2.0, 3.0, 4.0], by_seed=by_seed),
    }
    (found,) = standing.agents({"results": {"Pole": arms}})
    assert (found["rival"], found["verdict"]) == ("Q-learning, Pole", "ahead")
    if by_seed:
        wanted = stats.ttest_rel(OURS, THEIRS).confidence_interval()
    else:
        wanted = stats.ttest_ind(OURS, THEIRS, equal_var=False).confidence_interval()
    assert (found["low"], found["high"]) == pytest.approx(tuple(wanted))


def test_arms_that_do_not_vary_are_equal() -> None:
    same = {"seeds": 3, "mean": 1.0, "sd": 0.0}
    (found,) = standing.agents({"results": {"W": {"network": same, "Q-learning": same}}})
    assert (found["low"], found["high"], found["verdict"]) == (0.0, 0.0, "equal")


def test_the_strongest_rival_is_the_one_we_are_least_ahead_of() -> None:
    rivals = [
        {"rival": "a", "mean": 3.0},
        {"rival": "b", "mean": 5.0, "lower": True},
        {"rival": "c"},
        {"rival": "d", "mean": -1.0},
    ]
    assert [r["rival"] for r in standing.strongest_first(rivals)] == ["b", "d", "a", "c"]


def test_mnist_stands_beside_what_its_runs_name() -> None:
    def run(seed: int, vote: float) -> dict[str, Any]:
        return {
            "run": {"model": "lif", "neurons": 400, "seed": seed},
            "decoders": {"vote": {"accuracy": vote}},
            "pixels": {"logistic": 91.0},
            "rivals": {"k-means": {"accuracy": 95.0 + 0.1 * seed}},
        }

    document = {"runs": [run(0, 92.0), run(1, 92.2), run(2, 92.3)]}
    found = standing.mnist(document, "vote")
    assert [r["rival"] for r in found] == ["k-means", "logistic regression on pixels"]
    assert [r["verdict"] for r in found] == ["behind", "ahead"]
    assert standing.mnist(document, "reward") == []


def a_page(rivals: tuple[Rival, ...]) -> tuple[Page, dict[str, Any]]:
    experiment = Experiment(
        name="example",
        title="T",
        hypothesis="h",
        protocol="p",
        trial=lambda: {},
        claims=(Claim("a above b", "a", "b"), Claim("a above 5", "a", 5.0)),
        draw=lambda *_: None,
        rivals=rivals,
        front=Front("task", "a", "ten"),
    )
    trials = {str(k): {"a": 3.0 + 0.1 * k, "b": 2.0, "c": 9.0} for k in range(3)}
    return of_experiment(experiment), {"example": {"title": "T", "protocol": "p", "trials": trials}}


def test_a_task_without_a_rival_says_so() -> None:
    page, documents = a_page(())
    (row,) = page.rows(documents)
    assert (row.rival, row.verdict) == ("no rival stands beside it", "1 of 2 claims hold")
    assert "no rival stands beside it" in page.text(documents)


def test_rows_and_failures_of_an_experiment() -> None:
    page, documents = a_page((Rival("weak", "a", "b"), Rival("strong", "a", "c")))
    (row,) = page.rows(documents)
    assert (row.result, row.rival) == ("3.1 % (sd 0.1)", "strong: 9")
    assert (row.verdict, row.labels) == ("behind", "ten; 3 seeds")
    failing = report.failing(page, page.judged(documents))
    assert len(failing) == 2
    assert "rival: strong" in failing[0]
    assert "**behind**" in failing[0]
    assert "a above 5" in failing[1]
    assert "**fails**" in failing[1]
