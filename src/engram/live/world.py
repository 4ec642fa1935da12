"""An agent in its world, drawn beside its brain while it learns."""

from __future__ import annotations

import itertools
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import numpy as np

from engram.errors import InvalidValueError, MissingExtraError, brief, flag
from engram.live.page import LivePage
from engram.live.views import Message, Views

if TYPE_CHECKING:
    from engram.learn.agent import SpikingAgent

__all__ = ["Watched", "watch"]

GRID, CARTPOLE, OTHER = "grid", "cartpole", "other"
MOVES = ("up", "right", "down", "left")
PUSHES = ("left", "right")
LONGEST = 60
"""Steps of an episode in the grid."""


class WorldView(Views):
    """What pages see of a world.

    Parameters
    ----------
    agent : SpikingAgent
        Who acts in it.
    env : gymnasium.Env
        The world.

    Attributes
    ----------
    learning : bool
        Whether the agent learns; pages can change it.
    """

    def __init__(self, agent: SpikingAgent, env: Any) -> None:
        self._agent, self._env = agent, env
        self.kind = kind_of(env)
        self.learning, self.reset_wanted = True, False
        self._episode, self._step, self._total = 0, 0, 0.0
        self._action: int | None = None
        self._reward = 0.0
        self._observation: Any = None
        self._waiting: list[Message] = []

    def described(self) -> Message:
        return {"world": self.kind, "digits": False}

    # -- what the world tells

    def began(self, observation: Any) -> None:
        """Note that an episode begins.

        Parameters
        ----------
        observation : object
            The first.
        """
        self._episode, self._step, self._total = self._episode + 1, 0, 0.0
        self._action, self._reward = None, 0.0
        self._observation = observation
        self.reset_wanted = False
        self._changed()

    def moved(self, action: int, observation: Any, reward: float, over: bool, ended: bool) -> None:
        """Note a step.

        Parameters
        ----------
        action : int
            What the agent did.
        observation : object
            What it sees now.
        reward : float
            What it got.
        over, ended : bool
            Whether the episode is over, and whether the world ended it.
        """
        self._action, self._observation, self._reward = action, observation, reward
        self._step, self._total = self._step + 1, self._total + reward
        self._changed()
        if over:
            self._waiting.append(
                {
                    "type": "event",
                    "brain": 0,
                    "time": self._agent.brain.network.time,
                    "event": "episode",
                    "episode": self._episode,
                    "return": self._total,
                    "steps": self._step,
                    "terminated": ended,
                }
            )

    def _changed(self) -> None:
        # Only the latest state is shown.
        self._waiting = [m for m in self._waiting if m["type"] != "world"]
        self._waiting.append({"type": "world", "brain": 0, **self.state()})

    def state(self) -> Message:
        """The world as it is, for the message ``world``.

        Returns
        -------
        dict
            Plain values.
        """
        seen, actions = self._observation, list(self._actions())
        value = self._agent.expected
        did = None if self._action is None else actions[int(self._action)]
        return {
            "kind": self.kind,
            **self._drawn(seen),
            "episode": self._episode,
            "step": self._step,
            "action": did,
            "actions": actions,
            "reward": float(self._reward),
            "return": float(self._total),
            "value": None if value is None or not np.isfinite(value) else float(value),
            "learning": self.learning,
        }

    def _actions(self) -> tuple[str, ...]:
        if self.kind == GRID:
            return MOVES
        if self.kind == CARTPOLE:
            return PUSHES
        return tuple(str(k) for k in range(self._agent.n_actions))

    def _drawn(self, seen: Any) -> Message:
        world = self._env.unwrapped
        if self.kind == GRID:
            return {
                "size": int(world.size),
                "goal": [int(i) for i in world.goal],
                "walls": sorted([int(i), int(j)] for i, j in world.walls),
                "at": [round(float(x)) for x in seen],
            }
        if self.kind == CARTPOLE:
            return {
                "x": float(seen[0]),
                "angle": float(seen[2]),
                "x_limit": float(world.x_threshold),
                "angle_limit": float(world.theta_threshold_radians),
            }
        return {"observation": brief(seen)}

    # -- what pages ask for

    def messages(self) -> list[Message]:
        found, self._waiting = self._waiting, []
        return found

    def do(self, name: str, arguments: Message) -> Message:
        if name == "world_reset":
            self.reset_wanted = True
            return {}
        if name == "explore":
            self.learning = flag("explore: on", arguments["on"])
            self._changed()
            return {}
        raise InvalidValueError(f"{name}: this page shows a world, and no pad")


def kind_of(env: Any) -> str:
    """Which of the worlds that can be drawn it is.

    Parameters
    ----------
    env : gymnasium.Env
        A world.

    Returns
    -------
    str
        `GRID`, `CARTPOLE` or `OTHER`.
    """
    world = env.unwrapped
    if all(hasattr(world, name) for name in ("size", "goal", "walls")):
        return GRID
    if all(hasattr(world, name) for name in ("x_threshold", "theta_threshold_radians")):
        return CARTPOLE
    return OTHER


class Watched:
    """A world that tells a view of all that happens in it.

    Parameters
    ----------
    env : gymnasium.Env
        The world.
    view : WorldView
        Whom it tells.

    Examples
    --------
    >>> import gymnasium
    >>> from engram.learn import SpikingAgent
    >>> from engram.live.world import watch
    >>> env = gymnasium.make("engram/GridWorld-v0", size=3)
    >>> page, world = watch(SpikingAgent(env, seed=1), env)
    >>> with page:
    ...     observation, info = world.reset(seed=1)
    >>> observation.shape
    (2,)
    """

    def __init__(self, env: Any, view: WorldView) -> None:
        self._env, self._view = env, view
        self.observation_space, self.action_space = env.observation_space, env.action_space

    @property
    def unwrapped(self) -> Any:
        """The world itself."""
        return self._env.unwrapped

    def reset(self, **given: Any) -> tuple[Any, dict[str, Any]]:
        """Begin an episode.

        Parameters
        ----------
        **given : object
            As of the world.

        Returns
        -------
        tuple
            Observation and information.
        """
        observation, info = self._env.reset(**given)
        self._view.began(observation)
        return observation, info

    def step(self, action: Any) -> tuple[Any, float, bool, bool, dict[str, Any]]:
        """Act.

        Parameters
        ----------
        action : int
            What to do.

        Returns
        -------
        tuple
            As of the world; cut off if a page wants to begin anew.
        """
        observation, reward, terminated, truncated, info = self._env.step(action)
        truncated = bool(truncated) or self._view.reset_wanted
        over = bool(terminated) or truncated
        self._view.moved(int(action), observation, float(reward), over, bool(terminated))
        return observation, float(reward), bool(terminated), truncated, info


def watch(agent: SpikingAgent, env: Any, **given: Any) -> tuple[LivePage, Watched]:
    """Show an agent and its world on a page, while a script lets it learn or play.

    Parameters
    ----------
    agent : SpikingAgent
        Whose network is built.
    env : gymnasium.Env
        Its world.
    **given : object
        As of `LivePage`: port, host, token, title.

    Returns
    -------
    tuple of (LivePage, Watched)
        The page, and the world to be given to `SpikingAgent.learn` and `play`.

    Examples
    --------
    >>> import gymnasium
    >>> from engram.learn import SpikingAgent
    >>> from engram.live.world import watch
    >>> env = gymnasium.make("engram/GridWorld-v0", size=3)
    >>> agent = SpikingAgent(env, seed=1)
    >>> page, world = watch(agent, env)
    >>> with page:
    ...     episodes = agent.learn(world, episodes=2, seed=1)
    """
    view = WorldView(agent, env)
    page = LivePage(agent.brain, run=False, views=view, **given)
    page.start()
    return page, Watched(env, view)


def made(kind: str, seed: int) -> tuple[SpikingAgent, Any]:
    """A world and an agent for it.

    Parameters
    ----------
    kind : str
        `GRID` or `CARTPOLE`.
    seed : int
        Of both.

    Returns
    -------
    tuple of (SpikingAgent, gymnasium.Env)
        Untrained.

    Raises
    ------
    MissingExtraError
        Gymnasium is not installed.
    """
    try:
        import gymnasium

        from engram.learn.agent import SpikingAgent
    except ImportError as error:
        raise MissingExtraError("engram live --world", "gymnasium", "agents") from error
    if kind == GRID:
        walls = [(1, 1), (2, 1), (3, 3)]
        env = gymnasium.make("engram/GridWorld-v0", size=5, walls=walls, max_episode_steps=LONGEST)
    else:
        env = gymnasium.make("CartPole-v1")
    return SpikingAgent(env, seed=seed), env


def serve_world(
    kind: str, seed: int, port: int, host: str, browser: bool, say: Callable[[str], object]
) -> None:
    """Let an agent learn until Ctrl-C, and show it.

    Parameters
    ----------
    kind : str
        `GRID` or `CARTPOLE`.
    seed : int
        Of the agent and its world.
    port, host, browser : int, str, bool
        As of `Brain.live`.
    say : callable
        Given the address.
    """
    agent, env = made(kind, seed)
    page, world = watch(agent, env, port=port, host=host, title=kind)
    view = page.views
    assert isinstance(view, WorldView)
    with page:
        page.pace.choose(1.0)
        page.announce(browser, say)
        for k in itertools.count():
            act = agent.learn if view.learning else agent.play
            act(world, 1, seed=seed if k == 0 else None)
