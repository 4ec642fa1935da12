"""Mechanisms whose absence no other test would notice: each fails here when it is switched off."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest

from engram import Brain, RegionType

gymnasium = pytest.importorskip("gymnasium")

from engram.learn import SpikingAgent  # noqa: E402

S = RegionType.SENSORY


def lake() -> Any:
    """A world in which each observation has cells of its own."""
    return gymnasium.make("FrozenLake-v1", is_slippery=False)


# -- what an episode begins with


def test_an_episode_begins_without_eligibility_and_dopamine() -> None:
    agent = SpikingAgent(lake(), seed=1)
    agent.start()
    agent.act(0, learning=True)
    agent.brain.reward(1.0, "proj:place->critic")
    assert agent.brain.get_projection("place", "critic").dopamine > 0.0
    marked = [p.eligibility.any() for p in agent.brain.projections if p.rule is not None]
    assert marked
    assert all(marked)
    agent.start()
    for p in agent.brain.projections:
        if p.rule is not None:
            assert not p.eligibility.any()
            assert p.dopamine == 0.0


def test_a_reward_is_not_learned_by_what_was_done_in_the_episode_before() -> None:
    def change(begun: bool) -> float:
        agent = SpikingAgent(lake(), seed=1)
        critic = agent.brain.get_projection("place", "critic")
        own = agent.cells.rates(0) > agent.cells.rates(15)  # type: ignore[union-attr]
        agent.start()
        agent.act(0, learning=True)
        if begun:
            agent.start()
        before = critic.weight.reshape(len(own), -1)[own]
        agent.act(15, learning=True)
        agent.reward(1.0)
        agent.finish()
        return float(np.abs(critic.weight.reshape(len(own), -1)[own] - before).sum())

    assert change(begun=True) < 0.02 * change(begun=False)


# -- rewards


def ordinary(limit: float | None) -> float:
    """What a loss of 1 changes in the critic, after a gain of 1 and a loss of 100."""

    def weight(last: float) -> float:
        agent = SpikingAgent(lake(), seed=1, reward_limit=limit)
        for reward in (1.0, -100.0, last):
            agent.start()
            agent.act(0, learning=True)
            agent.reward(reward)
            agent.finish()
        return float(agent.brain.get_projection("place", "critic").weight.sum())

    return abs(weight(-1.0) - weight(0.0))


def test_beyond_its_limit_a_punishment_does_not_hide_ordinary_ones() -> None:
    assert ordinary(1.0) > 10.0 * ordinary(math.inf) > 0.0


# -- sleep


def slept(*, asleep: bool = True, frozen: bool = False, share: float = 0.1) -> dict[str, float]:
    """Weights after two cycles of slow waves, of those before: plastic, static, inhibitory."""
    brain = Brain(seed=1)
    brain.freeze_homeostatic_scaling()
    brain.freeze_structural_plasticity()
    for name in ("a", "b"):
        brain.add_region(name, S, 20, 0.0, rule=None)
    brain.connect_regions("a", "b", density=0.5, rule="stdp")
    brain.connect_regions("b", "a", density=0.5, rule=None)
    plastic, static = (brain.get_projection(*ends) for ends in (("a", "b"), ("b", "a")))
    assert plastic.rule is not None
    plastic.rule.A_plus = plastic.rule.A_minus = 0.0
    before = [p.weight.sum() for p in (plastic, static)]
    brain.disable_memory()
    brain.memory.downscaling, brain.memory.slow_frequency = share, 1.0
    if frozen:
        brain.freeze_plasticity()
    if asleep:
        brain.sleep(2000.0)
    else:
        brain.run(2000)
    after = [p.weight.sum() for p in (plastic, static)]
    return dict(zip(("plastic", "static"), np.divide(after, before), strict=True))


def test_sleep_weakens_plastic_weights_once_a_cycle() -> None:
    found = slept()
    assert found["plastic"] == pytest.approx(0.9**2, rel=1e-4)
    assert found["static"] == 1.0


@pytest.mark.parametrize("options", [{"asleep": False}, {"frozen": True}, {"share": 0.0}])
def test_nothing_is_weakened_awake_or_frozen_or_without_a_share(options: dict[str, Any]) -> None:
    assert slept(**options) == {"plastic": 1.0, "static": 1.0}
