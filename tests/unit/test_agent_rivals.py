"""The rivals that stand beside agents: they are what the text says, and they learn."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

gymnasium = pytest.importorskip("gymnasium")

from benchmarks.learning import agents  # noqa: E402


def test_the_bins_of_cartpole_are_those_described() -> None:
    task = agents.TASKS["CartPole"]
    table = agents.Table(agents.make(task), task, 0, 0.98, 0.1)
    for x in np.random.default_rng(0).uniform(-4.0, 4.0, (2000, 4)):
        table._row(x)
    bins = [len(set(column)) for column in zip(*table.values, strict=True)]
    assert bins == [1, 1, 6, 6]


def test_q_learning_learns_and_needs_its_rewards() -> None:
    def reached(rate: float) -> float:
        task = agents.TASKS["FrozenLake"]._replace(rate=rate)
        table = agents.Table(agents.make(task), task, 1, 0.95, 0.1)
        table.run(300, 1, True)
        return float(np.mean([e.total for e in table.run(5, 2, False)]))

    assert reached(0.2) == 1.0
    assert reached(0.0) < 1.0


def test_a_function_can_be_a_rival(monkeypatch: pytest.MonkeyPatch) -> None:
    def ever_better(env: Any, seed: int, episodes: int) -> list[float]:
        assert env.action_space.n == 4
        return (seed + np.arange(episodes)).tolist()

    monkeypatch.setitem(agents.BASELINES, "ever better", ever_better)
    assert "ever better" in agents.arms("slippery")
    found = agents.run(1, "slippery", "ever better")
    assert found["mean"] == np.mean(1 + np.arange(1900, 2000))
    assert len(found["curve"]) == 2000
    assert agents.NO_MEMORY in agents.arms("T-maze")
    assert agents.NO_MEMORY not in agents.arms("Taxi")
