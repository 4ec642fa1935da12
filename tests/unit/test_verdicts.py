"""Verdicts on claims and rivals, and the intervals that they go by."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

pytest.importorskip("scipy")

from benchmarks.learning.verdicts import (
    BOTH,
    SEEDS_ONLY,
    Answers,
    Claim,
    Rival,
    against,
    bootstrap,
    compare,
    pack,
    paired,
    unpack,
    verdict_of,
)

SEEDS = {0: 80.0, 1: 81.0, 2: 82.0, 3: 83.0, 4: 84.0}


def figures(b: float, wobble: float = 0.0) -> dict[int, dict[str, float]]:
    """Arm a has 80 to 84, arm b less by b, give or take."""
    return {s: {"a": v, "b": v - b + wobble * (-1) ** s} for s, v in SEEDS.items()}


def test_paired_is_students_t() -> None:
    found = paired([1.0, 2.0, 3.0])
    half = 4.302652729911275 / np.sqrt(3)
    assert (found.mean, found.effect, found.n) == (2.0, 2.0, 3)
    assert found.low == pytest.approx(2 - half)
    assert found.high == pytest.approx(2 + half)
    assert paired([2.0, 2.0]).low == 2.0
    assert paired([5.0]).low == -np.inf
    assert paired([5.0]).high == np.inf


@pytest.mark.parametrize(
    ("least", "wobble", "verdict", "holds", "certain"),
    [
        (0.0, 0.1, "holds", True, True),
        (2.0, 5.0, "undecided", True, False),
        (4.0, 5.0, "undecided", False, False),
        (9.0, 0.1, "fails", False, False),
    ],
)
def test_three_verdicts(
    least: float, wobble: float, verdict: str, holds: bool, certain: bool
) -> None:
    trials = figures(3.0, wobble)
    loose = Claim("a above b", "a", "b", least).judge(trials)
    strict = Claim("a above b", "a", "b", least, certain=True).judge(trials)
    assert loose["verdict"] == strict["verdict"] == verdict
    assert (loose["holds"], strict["holds"]) == (holds, certain)
    assert loose["by"] == SEEDS_ONLY


def test_a_claim_may_be_about_a_number() -> None:
    judged = Claim("a at least 82", "a", 82.0).judge(figures(1.0))
    assert judged["mean"] == 0.0
    assert judged["verdict"] == "undecided"
    assert judged["holds"]


def test_one_seed_decides_nothing() -> None:
    judged = Claim("a above b", "a", "b").judge({0: {"a": 9.0, "b": 1.0}})
    assert judged["verdict"] == "undecided"


def test_edges_of_verdicts() -> None:
    assert verdict_of(0.0, 1.0, 0.0) == "holds"
    assert verdict_of(-1.0, 0.0, 0.0) == "undecided"
    assert verdict_of(-1.0, -0.1, 0.0) == "fails"


@pytest.mark.parametrize(
    ("low", "high", "margin", "verdict"),
    [
        (0.1, 0.5, 1.0, "ahead"),
        (-0.5, -0.1, 1.0, "behind"),
        (-0.5, 0.5, 1.0, "equal"),
        (-0.5, 0.5, None, "undecided"),
        (-0.5, 1.5, 1.0, "undecided"),
    ],
)
def test_against_a_rival(low: float, high: float, margin: float | None, verdict: str) -> None:
    assert against(low, high, margin) == verdict


def test_rivals() -> None:
    trials = figures(3.0, 0.1)
    judged = Rival("b", "a", "b").judge(trials)
    assert (judged["verdict"], judged["our_mean"]) == ("ahead", 82.0)
    assert judged["their_mean"] == pytest.approx(79.02)
    assert Rival("b", "b", "a").judge(trials)["verdict"] == "behind"
    assert Rival("b", "a", "b", lower=True).judge(trials)["verdict"] == "behind"
    assert Rival("b", "a", "none").judge(trials)["verdict"] == "not measured"
    assert Rival("b", "a", "b", margin=1.0).judge(figures(0.0, 0.1))["verdict"] == "equal"
    with pytest.raises(ValueError, match="margin"):
        Rival("b", "a", "b", margin=0.0)


# -- with answers


def layout(
    rng: np.random.Generator, seeds: int, items: int, *, of_seeds: float, of_items: float
) -> np.ndarray[Any, Any]:
    """Differences of two arms whose true mean is 0: chance of seeds, of items, of both."""
    return np.asarray(
        rng.normal(0, of_seeds, (seeds, 1))
        + rng.normal(0, of_items, (1, items))
        + rng.normal(0, 1.0, (seeds, items))
    )


@pytest.mark.parametrize("seeds", [3, 5, 10])
@pytest.mark.parametrize(("of_seeds", "of_items"), [(0.0, 0.0), (0.0, 1.0), (0.3, 0.0), (0.1, 1.0)])
def test_the_interval_covers_what_it_says(seeds: int, of_seeds: float, of_items: float) -> None:
    rng = np.random.default_rng(1)
    hits, repeats = 0, 300
    for _ in range(repeats):
        rows = layout(rng, seeds, 60, of_seeds=of_seeds, of_items=of_items)
        found = bootstrap(list(rows), [""] * seeds, 100)
        hits += found.low <= 0 <= found.high
    # With no effect of seeds or items at all it is wider than need be: the safe side.
    assert 0.90 <= hits / repeats <= (0.99 if of_seeds or of_items else 1.0)


@pytest.mark.parametrize(("seeds", "items", "rare"), [(5, 500, 0.0004), (10, 150, 0.001)])
def test_rare_errors_decide_nothing(seeds: int, items: int, rare: float) -> None:
    """Two arms that are wrong as seldom: one error more or less is no difference."""
    rng = np.random.default_rng(3)
    decided, repeats = 0, 200
    for _ in range(repeats):
        wrong = rng.random((2, seeds, items)) < rare
        rows = 100.0 * (wrong[0].astype(float) - wrong[1])
        found = bootstrap(list(rows), [""] * seeds, 100)
        decided += not found.low <= 0 <= found.high
    assert decided / repeats <= 0.07


def test_the_interval_covers_where_each_seed_has_its_own_items() -> None:
    rng = np.random.default_rng(2)
    hits, repeats = 0, 300
    for _ in range(repeats):
        rows = [layout(rng, 1, 60, of_seeds=0.1, of_items=1.0)[0] for _ in range(5)]
        found = bootstrap(rows, list("abcde"), 100)
        hits += found.low <= 0 <= found.high
    assert 0.90 <= hits / repeats <= 0.99


def test_test_sets_may_differ_in_size() -> None:
    rng = np.random.default_rng(2)
    rows = [rng.normal(1.0, 0.1, n) for n in (30, 40, 50)]
    found = bootstrap(rows, ["", "", ""], 100)
    assert found.mean == pytest.approx(1.0, abs=0.05)
    assert 0.8 < found.low < found.high < 1.2


def test_seeds_alone_would_not_cover_the_items() -> None:
    rng = np.random.default_rng(3)
    rows = [layout(rng, 5, 60, of_seeds=0.0, of_items=2.0) for _ in range(200)]
    alone = [paired(list(r.mean(1))) for r in rows]
    assert np.mean([p.low <= 0 <= p.high for p in alone]) < 0.8


def test_answers_are_packed_and_come_back() -> None:
    right = [True, False, True, True, False, False, True, False, True]
    packed = pack(right)
    assert packed["n"] == 9
    assert len(packed["bits"]) == 4
    assert unpack(packed).tolist() == [float(x) for x in right]


def answers(seeds: int, items: int, a: float, b: float) -> tuple[Any, Answers]:
    """Trials and answers of two arms that are right with probabilities a and b."""
    rng = np.random.default_rng(0)
    right = {
        s: {"a": pack(rng.random(items) < a), "b": pack(rng.random(items) < b)}
        for s in range(seeds)
    }
    trials = {
        s: {arm: 100 * float(unpack(bits).mean()) for arm, bits in arms.items()}
        for s, arms in right.items()
    }
    return trials, Answers(right, {})


def test_where_there_are_answers_items_count_too() -> None:
    trials, kept = answers(5, 200, 0.9, 0.7)
    found = compare(trials, "a", "b", kept)
    assert found.by == BOTH
    assert found.mean == pytest.approx(paired([t["a"] - t["b"] for t in trials.values()]).mean)
    assert found.low < found.mean < found.high
    assert Claim("a", "a", "b", certain=True).judge(trials, kept)["verdict"] == "holds"
    assert Claim("a", "a", 80.0).judge(trials, kept)["by"] == BOTH
    assert Rival("b", "b", "a").judge(trials, kept)["verdict"] == "behind"
    again = Answers.of({"answers": kept.stored()})
    assert compare(trials, "a", "b", again) == found


def test_without_answers_of_both_it_is_seeds_only() -> None:
    trials, kept = answers(3, 50, 0.9, 0.7)
    some = Answers({s: {"a": arms["a"]} for s, arms in kept.right.items()}, {})
    assert compare(trials, "a", "b", some).by == SEEDS_ONLY
    fewer = Answers({s: arms for s, arms in kept.right.items() if s}, {})
    assert compare(trials, "a", "b", fewer).by == SEEDS_ONLY
    assert Answers.of({}).differences("a", "b") is None
