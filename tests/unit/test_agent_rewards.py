"""Rewards of an agent: in units that follow what comes, and what the old ways lose."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest

gymnasium = pytest.importorskip("gymnasium")

from engram.learn import SpikingAgent, reward_scale  # noqa: E402
from engram.learn.reward_scale import RewardScale  # noqa: E402

SCALES = [(-100.0, -1.0), (-1.0, -100.0), (1.0, 1000.0), (0.01, 0.001), (-100.0, -1.0, 0.01, 10.0)]


class Bandit(gymnasium.Env):  # type: ignore[misc]
    """One decision, rewarded by the action alone."""

    def __init__(self, rewards: Any) -> None:
        self.observation_space = gymnasium.spaces.Discrete(1)
        self.action_space = gymnasium.spaces.Discrete(len(rewards))
        self.rewards = rewards

    def reset(self, *, seed: int | None = None, **_: Any) -> Any:
        super().reset(seed=seed)
        return 0, {}

    def step(self, action: int) -> Any:
        return 0, self.rewards[action], True, False, {}


def best(rewards: Any, seed: int = 1, episodes: int = 100) -> float:
    bandit = Bandit(rewards)
    agent = SpikingAgent(bandit, seed=seed)
    agent.learn(bandit, episodes, seed=0)
    return float(np.mean([e.total == max(rewards) for e in agent.play(bandit, 10, seed=5)]))


@pytest.mark.parametrize("rewards", SCALES)
def test_a_bandit_is_learned_whatever_the_scale(rewards: tuple[float, ...]) -> None:
    assert np.mean([best(rewards, seed) for seed in (0, 1)]) >= 0.8


def test_clipped_rewards_say_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    def clipped(self: RewardScale, *_: float, **__: bool) -> float:
        r, self._waiting = self._waiting, 0.0
        return max(-1.0, min(1.0, r))

    monkeypatch.setattr(RewardScale, "taken", clipped)
    shares = [best((-100.0, -100.0, -1.0), seed, 60) for seed in range(6)]
    assert np.mean(shares) < 0.7


def scale_after(*parts: tuple[int, float], limit: float | None = None) -> RewardScale:
    scale = RewardScale(limit)
    for n, r in parts:
        for _ in range(n):
            scale.begin()
            scale.add(r, 0.9)
            scale.begin()
            scale.add(0.0, 0.9)
    return scale


def test_the_range_follows_what_comes(monkeypatch: pytest.MonkeyPatch) -> None:
    for before, after in ((100.0, 0.01), (-100.0, -0.01), (1e6, 1.0), (0.01, 100.0)):
        assert scale_after((50, before), (2100, after)).unit == pytest.approx(abs(after))
    assert scale_after((50, -100.0), (2100, -0.01)).limit == pytest.approx(0.01, rel=0.02)
    assert scale_after((50, 1.0), (500, -1.0), limit=0.5).limit == 0.5
    monkeypatch.setattr(reward_scale, "MEMORY", math.inf)
    assert scale_after((50, 100.0), (2100, 0.01)).unit == 100.0


def test_zeros_are_no_reason_to_forget() -> None:
    scale = scale_after((20, 1.0))
    for _ in range(5000):
        scale.add(0.0, 0.9)
    assert scale.unit == 1.0


@pytest.mark.parametrize("memory", [100, math.inf])
def test_a_bandit_is_learned_again_at_another_scale(
    memory: float, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(reward_scale, "MEMORY", memory)
    won = []
    for seed in (1, 2, 3):
        bandit = Bandit((200.0, 100.0))
        agent = SpikingAgent(bandit, seed=seed)
        agent.learn(bandit, 150, seed=0)
        bandit.rewards = (0.1, 0.2)
        agent.learn(bandit, 400)
        won += [e.total == 0.2 for e in agent.play(bandit, 10)]
    assert (np.mean(won) >= 0.9) == (memory == 100)


def test_losses_beyond_the_limit_are_still_told_apart() -> None:
    scale = RewardScale(1.0)
    counted = [scale._counted(r) for r in (-0.5, -1.0, -1.001, -10.0, -100.0, 50.0)]
    expected = [-0.5, -1.0, -1.001, -1 - math.log(10), -1 - math.log(100), 50.0]
    np.testing.assert_allclose(counted, expected, atol=1e-6)


def test_the_state_goes_on_and_is_shown() -> None:
    rng = np.random.default_rng(0)
    scale = RewardScale()
    rewards = rng.normal(-1.0, 20.0, 3000).tolist()
    for r in rewards[:1500]:
        scale.add(r, 0.95)
    other = RewardScale.from_state(scale.state())
    for r in rewards[1500:]:
        for one in (scale, other):
            one.add(r, 0.95)
        assert scale.taken(0.95, last=False) == other.taken(0.95, last=False)
    assert scale.state() == other.state()
    assert f"in units of {scale.unit:.3g}" in repr(scale)
    assert "rewards in units of 0" in repr(SpikingAgent())


@pytest.mark.parametrize(("sizes", "follows"), [([1.0] * 9, True), ([], False)])
def test_states_from_before_the_limit_followed(sizes: list[float], follows: bool) -> None:
    old = {"limit": 1.0, "_sizes": sizes, "_low": -9.0, "_high": -1.0, "_past": 0, "_waiting": 0}
    scale = RewardScale.from_state(old)
    assert (scale.base, scale.unit) == (-1.0, 8.0)
    scale.add(-50.0, 0.9)
    assert (scale.limit == pytest.approx(1.01)) == follows
