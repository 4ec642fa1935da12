"""What the benchmarks compare with: a baseline that is broken would make any method look good."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

pytest.importorskip("pandas")
pytest.importorskip("sklearn")
gymnasium = pytest.importorskip("gymnasium")

from benchmarks.learning import agents, grid_nav  # noqa: E402
from benchmarks.learning.damaged import Data, Perceptron, Size, read_out  # noqa: E402
from benchmarks.learning.folds import CONTROLS, DATA, SameRule  # noqa: E402
from engram.environments import GRID_WORLD  # noqa: E402
from engram.learn import PlaceCode  # noqa: E402


@pytest.mark.parametrize("world", ["FrozenLake", "CliffWalking"])
def test_q_learning_learns_what_a_table_can(world: str) -> None:
    found = agents.run(1, world, "Q-learning")
    assert found["solved"], found["mean"]
    if world == "CliffWalking":
        assert found["mean"] == -13.0
    assert np.mean(found["curve"][-20:]) > np.mean(found["curve"][:20])


def test_the_random_agent_learns_nothing() -> None:
    found = agents.run(1, "FrozenLake", "random")
    assert not found["solved"]
    assert found["curve"] == []


def test_q_learning_is_ahead_of_chance_on_the_pole() -> None:
    learned, random = (
        np.mean([agents.run(seed, "CartPole", arm)["mean"] for seed in range(100, 105)])
        for arm in ("Q-learning", "random")
    )
    assert learned > random + 8.0


@pytest.mark.filterwarnings("ignore:Stochastic Optimizer")
@pytest.mark.parametrize("arm", CONTROLS)
def test_controls_of_classifiers_learn_iris(arm: str) -> None:
    X, y = DATA["Iris"]()
    order = np.random.default_rng(0).permutation(len(y))
    train, test = order[:100], order[100:]
    assert CONTROLS[arm]().fit(X[train], y[train]).score(X[test], y[test]) >= 0.86
    mixed = np.random.default_rng(1).permutation(y[train])
    assert CONTROLS[arm]().fit(X[train], mixed).score(X[test], y[test]) < 0.7


def test_the_same_rule_without_spikes_has_weights_that_move() -> None:
    X, y = DATA["Iris"]()
    code = PlaceCode().fit(X).transform(X)
    assert (SameRule(n_epochs=0).fit(code, y).weights_ == 1.0).all()
    assert np.ptp(SameRule().fit(code, y).weights_) > 0.5


# -- controls of grid navigation


class Straight:
    """Plays along the top row and down to the goal."""

    def __init__(self, env: Any) -> None:
        self.env = env

    def rewards(self, episodes: int) -> list[float]:
        given = []
        for _ in range(episodes):
            self.env.reset(options={"start": (0, 0)})
            for action in (1, 1, 2, 2):
                _, reward, terminated, _, _ = self.env.step(action)
                given.append(float(reward))
            assert terminated
        return given


def test_rewards_are_taken_away_or_come_late() -> None:
    world = gymnasium.make(GRID_WORLD, size=3)
    assert Straight(world).rewards(30) == [0.0, 0.0, 0.0, 1.0] * 30
    assert sum(Straight(grid_nav.Rewards(world, False, 0)).rewards(30)) == 0.0
    late = Straight(grid_nav.Rewards(world, True, 0)).rewards(200)
    assert 190 <= sum(late) <= 200
    at = np.bincount(np.flatnonzero(late) % 4, minlength=4) / np.count_nonzero(late)
    assert at.max() < 0.4  # at no decision of an episode more than at others


def test_the_fewest_steps_are_known_from_where_an_episode_begins() -> None:
    world = grid_nav.Starts(gymnasium.make(GRID_WORLD, size=3))
    world.reset(options={"start": (0, 1)})
    assert world.fewest == 3


def test_when_a_goal_is_learned() -> None:
    good, bad = [(4, 4)] * grid_nav.WINDOW, [(19, 4)] * 5
    assert grid_nav.learned_after([*bad, *good]) == grid_nav.WINDOW + 3
    assert grid_nav.learned_after(good) == grid_nav.WINDOW
    assert grid_nav.learned_after([(9, 4)] * 50) is None


# -- what damage is compared with


@pytest.fixture(scope="module")
def digits() -> tuple[Size, Data]:
    from sklearn.datasets import load_digits

    X, y = load_digits(return_X_y=True)
    images = np.rint(X * 255 / 16).astype(np.uint8)
    size = Size(neurons=20)
    fields = {"features": images[:100], "labelled": images[100:600], "labels": y[100:600]}
    fields |= {"experience": images[600:610], "tests": images[1000:1400], "truth": y[1000:1400]}
    return size, Data(**fields)


def test_the_perceptron_learns_and_loses_what_is_taken(digits: tuple[Size, Data]) -> None:
    size, data = digits
    rival = Perceptron(0, size, data)
    whole = np.mean(rival.without_units(np.array([], int)))
    assert whole > 0.85
    assert np.mean(rival.without_units(np.arange(size.neurons))) < 0.3
    assert np.mean(rival.without_units(np.array([], int))) == whole
    random = np.random.default_rng(0)
    assert np.mean(rival.without_weights(0.0, random)) == whole
    assert np.mean(rival.without_weights(1.0, random)) < 0.3


def test_the_read_out_on_pixels_loses_what_is_taken(digits: tuple[Size, Data]) -> None:
    _, data = digits
    random = np.random.default_rng(0)
    assert np.mean(read_out(data, 0.0, random)) > 0.7
    assert np.mean(read_out(data, 1.0, random)) < 0.3
