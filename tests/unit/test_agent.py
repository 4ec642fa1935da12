"""The agent for Gymnasium environments, its codes, and the grid world."""

from __future__ import annotations

import copy
import warnings
from pathlib import Path
from typing import Any

import numpy as np
import pytest

gymnasium = pytest.importorskip("gymnasium")

from gymnasium.utils.env_checker import check_env  # noqa: E402

from engram.environments import GRID_WORLD, GridWorld  # noqa: E402
from engram.errors import CheckpointError, InvalidTypeError, InvalidValueError  # noqa: E402
from engram.learn import SpikingAgent  # noqa: E402
from engram.learn.cells import PlaceCells, TileCells, cells_for, from_description  # noqa: E402


def grid(**options: Any) -> Any:
    return gymnasium.make(GRID_WORLD, **options)


@pytest.mark.parametrize("options", [{}, {"size": 8, "walls": [(3, 3)]}, {"shaped": True}])
def test_grid_world_passes_check_env(options: dict[str, Any]) -> None:
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", message=".*render mode.*")
        check_env(grid(**options).unwrapped, skip_render_check=True)


def test_grid_world_moves_and_rewards_the_goal_only() -> None:
    world = GridWorld(size=3, walls=[(1, 1)], render_mode="ansi")
    observation, _ = world.reset(options={"start": (0, 0)})
    assert observation.tolist() == [0.0, 0.0]
    assert world.render() == "A..\n.#.\n..G"
    assert world.step(0)[0].tolist() == [0.0, 0.0]
    assert world.step(1)[0].tolist() == [0.0, 1.0]
    assert world.step(2)[0].tolist() == [0.0, 1.0]
    rewards = [world.step(a)[1:3] for a in (1, 2, 2)]
    assert rewards == [(0.0, False), (0.0, False), (1.0, True)]
    assert world.distance[0, 0] == 4
    assert (1, 1) not in world.starts


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"size": 1}, "size"),
        ({"goal": (5, 0)}, "goal"),
        ({"walls": [(9, 9)]}, "walls"),
        ({"goal": (0, 0), "walls": [(0, 0)]}, "wall"),
        ({"goal": (0, 0), "walls": [(0, 1), (1, 0)]}, "no way"),
    ],
)
def test_grid_world_refuses(options: dict[str, Any], message: str) -> None:
    with pytest.raises(InvalidValueError, match=message):
        GridWorld(**options)


def test_place_cells_peak_where_they_are_and_add_up() -> None:
    cells = PlaceCells([0.0, 0.0], [4.0, 4.0], fields=12)
    for point in ([0.0, 0.0], [1.3, 2.0], [4.0, 4.0]):
        rates = cells.rates(np.array(point))
        assert rates.max() <= 1.0
        assert rates.sum() == pytest.approx(cells.total, rel=0.15)
        nearest = cells.centres[rates.argmax()]
        assert np.abs((nearest - 1.0) / 9.0 * 4.0 - point).max() <= 0.5 * 4.0 / 9.0 + 1e-9


def test_tiles_overlap_with_distance_and_are_recruited() -> None:
    cells = TileCells([1.0, 1.0], n_cells=100, tilings=8)
    here = cells.rates(np.array([0.3, 0.3]))
    near = cells.rates(np.array([0.5, 0.3]))
    far = cells.rates(np.array([5.0, 5.0]))
    assert here.sum() == near.sum() == far.sum() == 8
    assert 8 > (here * near).sum() > 0 == (here * far).sum()
    again = from_description(cells.describe())
    assert (again.rates(np.array([0.5, 0.3])) == near).all()


def test_a_code_for_each_space() -> None:
    spaces = gymnasium.spaces
    states = cells_for(spaces.Discrete(5, start=1))
    assert states.n_cells == 40
    assert (states.rates(1) * states.rates(2)).sum() == 0
    assert isinstance(cells_for(spaces.Box(0.0, 1.0, (2,))), PlaceCells)
    mixed = spaces.Dict({"b": spaces.Discrete(2), "a": spaces.MultiBinary(3)})
    assert cells_for(mixed).rates({"b": 1, "a": np.array([0, 1, 1])}).sum() == 8
    unbounded = cells_for(spaces.Box(-np.inf, np.inf, (1,)))
    assert isinstance(unbounded, TileCells)
    assert unbounded.widths.tolist() == [1.0]
    with pytest.raises(InvalidTypeError, match="no code"):
        cells_for(spaces.Text(5))
    with pytest.raises(InvalidValueError, match="2 finite numbers"):
        PlaceCells([0, 0], [1, 1]).rates([0.5, np.nan])


def solved(agent: SpikingAgent, env: Any) -> tuple[int, float]:
    starts = env.unwrapped.starts
    played = [agent.play(env, max_steps=15, options={"start": s})[0] for s in starts]
    return sum(e.terminated for e in played), float(np.mean([e.steps for e in played]))


def test_learns_a_grid_from_the_reward_at_the_goal() -> None:
    env = grid(size=4)
    agent = SpikingAgent(env, seed=2)
    agent.learn(env, 150, seed=2)
    weights = [p.weight for p in agent.brain.projections]
    reached, steps = solved(agent, env)
    assert reached == 15
    assert steps < 1.3 * env.unwrapped.distance[env.unwrapped.distance > 0].mean()
    assert agent.undecided == 0
    for before, projection in zip(weights, agent.brain.projections, strict=True):
        assert (before == projection.weight).all()


def test_without_plasticity_it_does_not() -> None:
    env = grid(size=4)
    agent = SpikingAgent(env, seed=2)
    agent.brain.freeze_plasticity()
    agent.learn(env, 5, seed=2)
    assert solved(agent, env)[0] < 13


def play_on(agent: SpikingAgent, env: Any, observation: Any, decisions: int) -> list[int]:
    actions = []
    for _ in range(decisions):
        actions.append(agent.act(observation, learning=True))
        observation, reward, terminated, truncated, _ = env.step(actions[-1])
        agent.reward(float(reward))
        if terminated or truncated:
            agent.finish(None if terminated else observation)
            observation, _ = env.reset()
            agent.start()
    return actions


def test_goes_on_from_a_checkpoint_in_an_episode(tmp_path: Path) -> None:
    env = grid(size=4)
    agent = SpikingAgent(env, seed=3)
    agent.learn(env, 3, seed=3)
    observation, _ = env.reset(options={"start": (0, 0)})
    agent.start()
    for _ in range(2):
        observation, reward, *_ = env.step(agent.act(observation, learning=True))
        agent.reward(float(reward))
    agent.save(tmp_path)
    other = SpikingAgent.load(tmp_path)
    twin = copy.deepcopy(env)
    assert play_on(agent, env, observation, 25) == play_on(other, twin, observation, 25)
    assert agent.brain.fingerprint() == other.brain.fingerprint()
    assert (agent.decisions, agent.lessons) == (other.decisions, other.lessons)
    (tmp_path / "agent.json").write_text("{}")
    with pytest.raises(CheckpointError, match="no agent"):
        SpikingAgent.load(tmp_path)


def test_starts_from_the_value_asked_for_whatever_the_code() -> None:
    spaces = gymnasium.spaces
    rng = np.random.default_rng(0)
    for size in (5, 8):
        agent = SpikingAgent(grid(size=size), seed=1)
        agent.start()
        values = [agent.value(rng.uniform(0, size - 1, 2)) for _ in range(60)]
        assert np.mean(values) == pytest.approx(agent.optimism, abs=0.1)
    for code in (cells_for(spaces.Discrete(9)), cells_for(spaces.Box(-np.inf, np.inf, (2,)))):
        rates = code.examples(5)
        assert [r.sum() for r in rates] == [code.total] * 5
    spread = np.array(PlaceCells([0, 0], [1, 1]).examples(20))
    assert len(np.unique(spread.argmax(axis=1))) > 15


def step_of_value(env: Any, observations: list[Any]) -> float:
    """Change of the critic's input at an observation by an error of 1 there, of that at birth."""
    agent = SpikingAgent(env, seed=1)
    cells, critic = agent.cells, agent.brain.get_projection("place", "critic")
    assert cells is not None
    steps = []
    for observation in observations:
        rates = cells.rates(observation)
        before = rates @ critic.weight.reshape(cells.n_cells, -1).mean(axis=1)
        agent.start()
        agent.act(observation, learning=True)
        assert agent.expected is not None
        error = 1.0 - agent.expected
        agent.reward(1.0)
        agent.finish()
        after = rates @ critic.weight.reshape(cells.n_cells, -1).mean(axis=1)
        steps.append((after / before - 1.0) / error)
    return float(np.mean(steps))


def test_steps_of_learning_are_as_large_whatever_the_code() -> None:
    points = [np.array(x, np.float32) for x in np.random.default_rng(1).uniform(0, 4, (12, 2))]
    graded = step_of_value(grid(size=5), points)
    full = step_of_value(gymnasium.make("FrozenLake-v1"), list(range(12)))
    assert 0.8 < graded / full < 1.3


def test_motor_neurons_weigh_their_input_whatever_won_before() -> None:
    def right(**options: Any) -> float:
        agent = SpikingAgent(grid(size=5), seed=1, **options)
        pathway = agent.brain.get_projection("place", "actor")
        born = pathway.weight.reshape(-1, 4, agent.n_motor)
        agent.start()
        chosen = 0
        for k in range(40):
            weights = born.copy()
            weights[:, k % 4] *= 1.15
            pathway.weight = weights.ravel()
            chosen += agent.act(np.array([k % 5, k % 3], np.float32)) == k % 4
        return chosen / 40

    assert right() >= 0.9
    assert right(inhibition=6.0) < 0.6


def test_learns_again_when_the_goal_moves() -> None:
    def relearned(**options: Any) -> int:
        env = grid(size=4)
        agent = SpikingAgent(env, seed=2, **options)
        agent.learn(env, 100, seed=2)
        env.unwrapped.goal = (0, 3)
        agent.learn(env, 50, max_steps=50)
        return solved(agent, env)[0]

    assert relearned() == 15
    assert relearned(step_decay=50.0) < 13


@pytest.mark.parametrize(("perceive", "clear"), [(60, True), (15, False)])
def test_the_noise_of_a_value_is_small_against_what_a_decision_changes(
    perceive: int, clear: bool
) -> None:
    agent = SpikingAgent(grid(size=8), seed=3, perceive=perceive)
    agent.start()
    values = [agent.value(np.array([3.0, 4.0])) for _ in range(60)]
    assert (np.std(values) < 0.05) == clear


def test_reckons_further_where_observations_change_little() -> None:
    moving = SpikingAgent(gymnasium.make("CartPole-v1"), seed=0)
    still = SpikingAgent(gymnasium.make("FrozenLake-v1"), seed=0)
    assert (moving.gamma, moving.tau_eligibility) == (0.98, 400.0)
    assert (still.gamma, still.tau_eligibility) == (0.95, 200.0)
    assert SpikingAgent(gymnasium.make("CartPole-v1"), seed=0, gamma=0.5).gamma == 0.5


def test_dopamine_is_the_error_of_prediction() -> None:
    env = grid(size=3)
    agent = SpikingAgent(env, seed=1)
    agent.start()
    first = np.array([0.0, 0.0], np.float32)
    agent.act(first, learning=True)
    before = agent.brain.get_projection("place", "critic").weight.sum()
    agent.reward(1.0)
    agent.finish()
    assert agent.brain.get_projection("place", "critic").weight.sum() > before
    agent.start()
    agent.act(first, learning=True)
    before = agent.brain.get_projection("place", "critic").weight.sum()
    agent.reward(-1.0)
    agent.finish()
    assert agent.brain.get_projection("place", "critic").weight.sum() < before


def test_refuses_what_it_cannot_use() -> None:
    with pytest.raises(InvalidTypeError, match="Discrete"):
        SpikingAgent(gymnasium.make("Pendulum-v1"))
    with pytest.raises(InvalidTypeError, match="environment"):
        SpikingAgent("CartPole-v1")
    with pytest.raises(InvalidValueError, match="gamma"):
        SpikingAgent(gamma=2.0)
    with pytest.raises(InvalidValueError, match="no network"):
        SpikingAgent().act(0)
    agent = SpikingAgent(grid(size=3), seed=0)
    with pytest.raises(InvalidValueError, match="reward"):
        agent.reward(float("nan"))
    with pytest.raises(InvalidValueError, match="episodes"):
        agent.learn(grid(size=3), -1)
