"""The learners that agents are compared with: single steps by hand, and tasks they must learn."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from benchmarks.learning import baselines
from benchmarks.learning.baselines import (
    GAMES,
    NAMES,
    TRIED,
    TUNED,
    ActorCritic,
    Bins,
    Game,
    QLearning,
    Sarsa,
    baseline,
    play,
)
from engram.learn.cells import TileCells

RIGHT, LENGTH = 1, 6


class Corridor:
    """From the left end; 1 at the right end, which is the end."""

    def reset(self, seed: int | None = None) -> tuple[int, dict[str, Any]]:  # noqa: ARG002
        self.place = 0
        return self.place, {}

    def step(self, action: int) -> tuple[int, float, bool, bool, dict[str, Any]]:
        self.place = max(0, self.place + (1 if action == RIGHT else -1))
        there = self.place == LENGTH
        return self.place, float(there), there, False, {}


def learner(kind: str, **values: Any) -> Any:
    random = np.random.default_rng(0)
    if kind == "Q-learning":
        return QLearning(2, random, gamma=0.9, **values)
    cells = TileCells([0.0], 8, 1)
    return {"SARSA(lambda)": Sarsa, "actor-critic": ActorCritic}[kind](
        2, random, cells, gamma=0.9, **values
    )


def test_bins_are_as_described() -> None:
    bins = Bins((-2.4, -1.0, -0.2, -2.0), (2.4, 1.0, 0.2, 2.0), (1, 1, 6, 4))
    assert bins([0.0, 0.0, 0.0, 0.0]) == (0, 0, 3, 2)
    assert bins([99.0, -99.0, -0.2, 1.99]) == (0, 0, 0, 3)
    assert bins([0.0, 0.0, 99.0, -99.0]) == (0, 0, 5, 0)
    places = np.linspace(-0.5, 0.5, 1001)
    assert len({bins([0.0, 0.0, x, 0.0]) for x in places}) == 6


def test_a_step_of_q_learning() -> None:
    one = learner("Q-learning", step=0.5, first=1.0)
    one.row(1)[:] = [2.0, 4.0]
    one.learn(0, 1, 3.0, 1, False)
    assert one.row(0).tolist() == [1.0, 1.0 + 0.5 * (3.0 + 0.9 * 4.0 - 1.0)]
    one.learn(1, 0, 3.0, 2, True)
    assert one.row(1).tolist() == [2.5, 4.0]


def test_steps_of_sarsa_with_traces() -> None:
    one = learner("SARSA(lambda)", step=0.5, decay=0.8, epsilon=0.0)
    one.learn(0, 1, 0.0, 1, False)
    assert not one.weights.any()
    one.learn(1, 0, 2.0, 2, True)
    cell = [int(one.rates(x).argmax()) for x in (0, 1)]
    assert one.weights[0, cell[1]] == pytest.approx(1.0)
    assert one.weights[1, cell[0]] == pytest.approx(0.9 * 0.8 * 1.0)
    # What comes back is replaced, not added.
    one.begin()
    one.learn(0, 1, 0.0, 0, False)
    one.learn(0, 1, 0.0, 0, False)
    assert one.traces[1, cell[0]] == 1.0


def test_a_step_of_the_actor_critic() -> None:
    one = learner("actor-critic", step=0.5, actor_step=0.4)
    one.learn(0, 1, 2.0, 1, True)
    cell = int(one.rates(0).argmax())
    assert one.critic[cell] == pytest.approx(1.0)
    assert one.actor[:, cell].tolist() == pytest.approx([-0.4, 0.4])
    assert one.act(0, False) == 1


@pytest.mark.parametrize("kind", NAMES)
def test_each_learns_a_corridor(kind: str) -> None:
    one = learner(kind, **({} if kind == "actor-critic" else {"epsilon": 0.1}))
    env = Corridor()
    play(one, env, 100, 0, learning=True, max_steps=200)
    assert play(one, env, 3, 0, learning=False, max_steps=50) == [(LENGTH, 1.0, True)] * 3


@pytest.mark.parametrize("kind", NAMES)
def test_nothing_is_learned_in_tests_or_with_steps_of_0(kind: str) -> None:
    still = {"step": 0.0, **({"actor_step": 0.0} if kind == "actor-critic" else {})}
    one = learner(kind, **still)
    play(one, Corridor(), 20, 0, learning=True, max_steps=200)
    values = one.actor if kind == "actor-critic" else getattr(one, "weights", None)
    assert values is None or not values.any()
    tested = learner(kind)
    play(tested, Corridor(), 5, 0, learning=False, max_steps=50)
    assert not any(np.any(row) for row in getattr(tested, "values", {}).values())


def test_tuned_settings_are_among_those_that_were_tried() -> None:
    assert {kind for _, kind in TUNED} <= set(NAMES)
    for (_, kind), setting in TUNED.items():
        assert all(value in TRIED[kind][name] for name, value in setting.items())


@pytest.mark.parametrize("kind", NAMES)
def test_baselines_run_in_gymnasium(kind: str) -> None:
    pytest.importorskip("gymnasium")
    env = GAMES["CartPole"].make()
    found = baseline(kind, env, 2, 2, seed=3)
    assert len(found["returns"]) == len(found["ended"]) == len(found["curve"]) == 2
    assert found["mean"] == np.mean(found["returns"])
    again = baseline(kind, env, 2, 2, seed=3)
    assert again["returns"] == found["returns"]
    lake = Game("FrozenLake-v1", 2, 2, {"is_slippery": False}).make()
    assert baseline(kind, lake, 2, 2, seed=0)["mean"] >= 0.0


def test_an_unknown_learner_is_named() -> None:
    pytest.importorskip("gymnasium")
    with pytest.raises(ValueError, match="no learner 'DQN'"):
        baseline("DQN", GAMES["CartPole"].make(), 1, 1, 0)


def test_choosing_puts_the_best_setting_first(monkeypatch: pytest.MonkeyPatch) -> None:
    pytest.importorskip("gymnasium")
    tried = {"Q-learning": {"step": (0.0, 0.5), "epsilon": (0.1,)}}
    monkeypatch.setattr(baselines, "TRIED", tried)
    game = Game("FrozenLake-v1", 150, 2, {"is_slippery": False})
    found = baselines.choose("Q-learning", game, [0], tests=2)
    assert [setting["step"] for _, setting in found] == [0.5, 0.0]
