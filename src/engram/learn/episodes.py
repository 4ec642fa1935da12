"""Episodes of an environment, with whoever acts in it."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any, NamedTuple, Protocol

from engram.errors import InvalidTypeError, brief, integer, number


class Episode(NamedTuple):
    """One episode.

    Parameters
    ----------
    steps : int
        How many it took.
    total : float
        Sum of its rewards.
    terminated : bool
        Whether the environment ended it.
    """

    steps: int
    total: float
    terminated: bool


class _Agent(Protocol):
    def start(self) -> None: ...

    def act(self, observation: Any, *, learning: bool) -> int: ...

    def reward(self, amount: float) -> None: ...

    def finish(self, observation: Any) -> None: ...


def run_episodes(
    agent: _Agent,
    env: Any,
    episodes: int,
    seed: int | None,
    max_steps: int | None,
    learning: bool,
    options: dict[str, Any] | None,
    callback: Callable[[Episode], object] | None,
) -> list[Episode]:
    """Let an agent act in an environment, one episode after the other.

    Parameters
    ----------
    agent : SpikingAgent
        Who acts.
    env : gymnasium.Env
        Where.
    episodes : int
        How many at most.
    seed : int or None
        Of the environment's first reset.
    max_steps : int or None
        Of an episode, beside the environment's own limit.
    learning : bool
        Whether the agent learns.
    options : dict or None
        For `env.reset`.
    callback : callable or None
        Called with each episode; True ends it all.

    Returns
    -------
    list of Episode
        In order.

    Raises
    ------
    InvalidTypeError, InvalidValueError
        A number is of another kind or out of range.
    """
    n = integer("SpikingAgent: episodes", episodes, 0)
    most = math.inf if max_steps is None else integer("SpikingAgent: max_steps", max_steps, 1)
    start = None if seed is None else integer("SpikingAgent: seed", seed, 0)
    if options is not None and not isinstance(options, dict):
        raise InvalidTypeError(f"SpikingAgent: options must be a dict, not {brief(options)}")
    if callback is not None and not callable(callback):
        raise InvalidTypeError(f"SpikingAgent: callback must be a function, not {brief(callback)}")
    done: list[Episode] = []
    for k in range(n):
        observation, _ = env.reset(seed=start if k == 0 else None, options=options)
        agent.start()
        steps, total = 0, 0.0
        while True:
            action = agent.act(observation, learning=learning)
            observation, reward, terminated, truncated, _ = env.step(action)
            amount = _number(reward)
            steps, total = steps + 1, total + amount
            if learning:
                agent.reward(amount)
            if terminated or truncated or steps >= most:
                break
        if learning:
            agent.finish(None if terminated else observation)
        done.append(Episode(steps, total, bool(terminated)))
        if callback is not None and callback(done[-1]) is True:
            break
    return done


def _number(reward: Any) -> float:
    """A reward; an environment may give an array of one number."""
    value = reward.item() if getattr(reward, "size", None) == 1 else reward
    # Whether a goal was reached is a reward, too.
    amount = int(value) if isinstance(value, bool) else value
    return number("SpikingAgent: the environment's reward", amount)
