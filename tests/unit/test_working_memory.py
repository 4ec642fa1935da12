"""The working memory of an agent, and the maze that needs it."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

gymnasium = pytest.importorskip("gymnasium")

from gymnasium.utils.env_checker import check_env  # noqa: E402

from engram.environments import T_MAZE, TMaze  # noqa: E402
from engram.errors import InvalidTypeError, InvalidValueError  # noqa: E402
from engram.learn import SpikingAgent  # noqa: E402
from engram.learn.working_memory import GROUP, MEMORY, clear_memory, shares  # noqa: E402


@pytest.fixture
def maze() -> Any:
    return gymnasium.make(T_MAZE)


def holding(agent: SpikingAgent, before: Any) -> Any:
    return (agent.brain.regions[MEMORY].total_spikes - before).reshape(-1, GROUP).sum(axis=1)


def test_the_maze() -> None:
    check_env(TMaze(), skip_render_check=True)
    maze = TMaze(0, 3)
    seen = {maze.reset(seed=k)[0] for k in range(20)}
    assert seen == {0, 1}
    maze.reset(options={"delay": 2, "cue": 0})
    steps = [maze.step(1)[:3] for _ in range(4)]
    assert steps == [(2, 0.0, False), (2, 0.0, False), (3, 0.0, False), (3, 0.0, True)]
    maze.reset(options={"delay": 0})
    assert maze.step(1)[0] == 3
    for wrong in ({"shortest": 3, "longest": 2}, {"shortest": -1}):
        with pytest.raises(InvalidValueError, match="TMaze"):
            TMaze(**wrong)
    with pytest.raises(InvalidValueError, match="action"):
        maze.step(2)


def test_holds_what_came_first_for_seconds_and_until_the_next_episode(maze: Any) -> None:
    agent = SpikingAgent(maze, seed=1, memory=True)
    memory = agent.brain.regions[MEMORY]
    held = []
    for cue in (0, 1, 0):
        agent.start()
        before = memory.total_spikes.copy()
        agent.brain.run(200, progress=False)
        assert not holding(agent, before).any()
        agent.act(cue)
        for _ in range(42):
            before = memory.total_spikes.copy()
            agent.act(2)
        spikes = holding(agent, before)
        assert np.count_nonzero(spikes) == 1
        assert 30.0 < spikes.max() / GROUP / 0.12 < 100.0
        held.append(int(spikes.argmax()))
    assert held[0] == held[2] != held[1]


def test_the_maze_is_learned_with_the_memory_only(maze: Any) -> None:
    def share(memory: bool) -> float:
        agent = SpikingAgent(maze, seed=1, memory=memory, actor_step=0.1)
        agent.learn(maze, 200, seed=1)
        played = agent.play(maze, 20, seed=3, options={"delay": 17})
        return float(np.mean([e.total for e in played]))

    assert share(True) >= 0.85
    assert share(False) <= 0.7


def test_goes_on_from_a_checkpoint_in_the_corridor(maze: Any, tmp_path: Path) -> None:
    agent = SpikingAgent(maze, seed=2, memory=True)
    agent.learn(maze, 3, seed=2)
    agent.start()
    agent.act(1, learning=True)
    agent.reward(-50.0)
    agent.save(tmp_path)
    other = SpikingAgent.load(tmp_path)
    for one in (agent, other):
        for seen in (2, 2, 3):
            one.act(seen, learning=True)
            one.reward(0.0)
        one.finish()
        one.learn(maze, 2, seed=5)
    assert agent.brain.fingerprint() == other.brain.fingerprint()
    assert agent._rewards.state() == other._rewards.state()


def test_an_agent_saved_before_there_was_a_memory(maze: Any, tmp_path: Path) -> None:
    agent = SpikingAgent(maze, seed=2)
    agent.save(tmp_path)
    file = tmp_path / "agent.json"
    notes = json.loads(file.read_text())
    del notes["parameters"]["memory"]
    file.write_text(json.dumps(notes))
    assert not SpikingAgent.load(tmp_path).memory
    assert shares(agent.brain) == {"place": 1.0}


def test_a_memory_needs_distinct_observations() -> None:
    with pytest.raises(InvalidTypeError, match="whole numbers"):
        SpikingAgent(gymnasium.make("CartPole-v1"), seed=0, memory=True)
    with pytest.raises(InvalidTypeError, match="memory"):
        SpikingAgent(memory=2)


def test_an_interrupt_while_the_memory_is_cleared_does_not_leave_it_silenced(
    maze: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    agent = SpikingAgent(maze, seed=1, memory=True)

    def interrupted(*_: Any, **__: Any) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(type(agent.brain), "run", interrupted)
        with pytest.raises(KeyboardInterrupt):
            clear_memory(agent.brain)
    assert agent.brain.regions[MEMORY].background == 0.0
