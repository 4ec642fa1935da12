"""The spaces of an environment that an agent is built for."""

from __future__ import annotations

import hashlib
from typing import Any, NamedTuple

import numpy as np

from engram.errors import InvalidTypeError, InvalidValueError, brief


class Spaces(NamedTuple):
    """What an environment's spaces must be for an agent to act in it.

    Parameters
    ----------
    n_actions : int
        Actions.
    first_action : int
        The number of the first one.
    observations : str or None
        Tells spaces of observations apart. None: not known.
    """

    n_actions: int
    first_action: int
    observations: str | None

    def check(self, env: Any) -> None:
        """Refuse an environment of other spaces.

        Parameters
        ----------
        env : gymnasium.Env
            To act in.

        Raises
        ------
        InvalidTypeError
            It is no environment, or its actions are not Discrete.
        InvalidValueError
            Its spaces are not those of the agent.
        """
        found = spaces_of(env)
        if found[:2] != self[:2]:
            raise InvalidValueError(
                f"SpikingAgent: its network is built for actions {_actions(self)}, but those of "
                f"the environment are {_actions(found)}; make another agent for it"
            )
        if self.observations is not None and found.observations != self.observations:
            raise InvalidValueError(
                f"SpikingAgent: its network is built for other observations than those of the "
                f"environment, {env.observation_space!r}; make another agent for it"
            )


def spaces_of(env: Any) -> Spaces:
    """The spaces of an environment.

    Parameters
    ----------
    env : gymnasium.Env
        With discrete actions.

    Returns
    -------
    Spaces
        What tells them from others.

    Raises
    ------
    InvalidTypeError
        It is no environment, or its actions are not Discrete.
    """
    from gymnasium.spaces import Discrete

    needed = ("observation_space", "action_space", "reset", "step")
    if isinstance(env, type) or not all(hasattr(env, name) for name in needed):
        raise InvalidTypeError(
            f"SpikingAgent: env must be a Gymnasium environment, not {brief(env)}"
        )
    actions = env.action_space
    if not isinstance(actions, Discrete):
        raise InvalidTypeError(f"SpikingAgent: actions must be Discrete, not {brief(actions)}")
    digest = hashlib.sha256(repr(_described(env.observation_space)).encode()).hexdigest()
    return Spaces(int(actions.n), int(actions.start), digest[:32])


def _actions(spaces: Spaces) -> str:
    return f"{spaces.first_action} to {spaces.first_action + spaces.n_actions - 1}"


def _described(space: Any) -> Any:
    """A space as a value that is written the same for the same space."""
    from gymnasium import spaces

    if isinstance(space, spaces.Dict):
        return "Dict", [(name, _described(space[name])) for name in sorted(space.keys(), key=str)]
    if isinstance(space, spaces.Tuple):
        return "Tuple", [_described(member) for member in space]
    if isinstance(space, spaces.Box):
        bounds = np.stack([np.asarray(edge, np.float64) for edge in (space.low, space.high)])
        return "Box", space.shape, hashlib.sha256(bounds.tobytes()).hexdigest()
    return repr(space)
