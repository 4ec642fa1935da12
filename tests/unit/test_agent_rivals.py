"""The rivals that stand beside agents: they are what the text says, and they learn."""

from __future__ import annotations

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


def test_tuned_rivals_stand_beside_the_pole() -> None:
    assert {"SARSA(lambda), tuned", "actor-critic, tuned"} < set(agents.arms("CartPole"))
    found = agents.run(1, "CartPole", "SARSA(lambda), tuned")
    assert found["mean"] > 100.0
    assert len(found["curve"]) == agents.TASKS["CartPole"].episodes
    assert agents.NO_MEMORY in agents.arms("T-maze")
    assert agents.NO_MEMORY not in agents.arms("Taxi")
