"""An agent that acts through motor spikes and learns from dopamine."""

from __future__ import annotations

import inspect
import math
from collections.abc import Callable
from pathlib import Path
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from engram.brain import Brain
from engram.errors import (
    InvalidTypeError,
    InvalidValueError,
    MissingExtraError,
    brief,
    flag,
    integer,
    number,
)
from engram.learn.agent_network import (
    ACTOR,
    CRITIC,
    DOPAMINE_DECAY,
    PLACE,
    Size,
    Times,
    build_network,
    calibrate,
    place_input,
)
from engram.learn.agent_saving import STATE, load_agent, save_agent
from engram.learn.agent_spaces import Spaces, spaces_of
from engram.learn.cells import Cells, cells_for
from engram.learn.decoders import undecided
from engram.learn.episodes import Episode, run_episodes
from engram.learn.reward_scale import RewardScale
from engram.learn.working_memory import add_memory, clear_memory, shares
from engram.parameters.checks import positive_or_inf
from engram.projection import Projection

try:
    import engram.environments  # noqa: F401
except ImportError as error:
    raise MissingExtraError("engram.learn.SpikingAgent", "gymnasium", "agents") from error

OVERTIME = 1000
"""Longest wait for motor spikes that decide, steps."""


class SpikingAgent:
    """Actor-critic of spiking neurons for Gymnasium environments with discrete actions.

    Place cells excite motor neurons, `n_motor` for each action, which inhibit those of the other
    actions, and `n_critic` critic neurons. A decision takes `perceive` + `decide` ms of simulated
    time, then a pause. Spikes of the critic in the first part are the value of the observation,
    V = (spikes - spikes before learning) / (spikes of the value 1) + `optimism`. The prediction
    error delta = r' + gamma V(now) - V(before) is given as dopamine to both pathways, with r' the
    reward in the range of those so far (`engram.learn.reward_scale.RewardScale`). There it meets
    the eligibility that earlier decisions left (`RewardSTDP` without depression, as in Fremaux et
    al.). Motor spikes of the second part are the action: the most wins. While they are
    silent or tied, the network runs on with its noise. Learning is open in the second part only,
    so that a decision's own eligibility does not meet the error of the one before. Noise of the
    motor neurons explores; without learning there is less of it.

    Parameters
    ----------
    env : gymnasium.Env or None
        Whose observation and action spaces the network is built for; None: those of the first
        environment `learn` is given.
    seed : int or None
        Of the brain: wiring and noise.
    gamma : float or None
        Discount of the value from one decision to the next; None: 0.98 for tiles of real numbers,
        which change little from one decision to the next, otherwise 0.95.
    actor_step, critic_step : float
        Change of a motor neuron's input (in units of that before learning) and of the value, for
        an error of 1 right after a decision.
    step_decay : float
        The steps shrink by 1 / (1 + n / step_decay) with n the decisions learned from; inf: never.
    tau_eligibility : float or None
        Decay of eligibility, ms, at least 1; None: 400 for tiles of real numbers, otherwise 200.
    optimism : float
        Value before learning, in the mean over observations.
    exploration, noise : float
        Noise of motor neurons while learning, and otherwise, mV ms^1/2.
    inhibition : float
        Jump of the inhibitory current at a spike for another action, mV.
    n_motor, n_critic : int
        Motor neurons of each action; critic neurons.
    perceive, decide, pause : int
        Parts of a decision, ms.
    reward_limit : float or None
        Punishments beyond this size count by their logarithm; inf: as they are. None: the running
        median size of rewards that are not 0.
    memory : bool
        Hold what an episode began with (`engram.learn.working_memory.add_memory`).
    cells : Cells or None
        The code of observations; None: `engram.learn.cells.cells_for`.

    Attributes
    ----------
    brain : Brain
        The network, with regions "place", "actor" and "critic".
    decisions, silent, tied, undecided : int
        Decisions so far; those without a motor spike or with a tie when their time was up; those
        where 1 s more did not help, so that the first action was taken.
    episodes, lessons : int
        Episodes of learning so far, and decisions learned from.

    References
    ----------
    .. [1] Fremaux et al. 2013, doi:10.1371/journal.pcbi.1003024

    Examples
    --------
    >>> from engram import environments, learn
    >>> env = environments.GridWorld(size=3)
    >>> agent = learn.SpikingAgent(env, seed=1)
    >>> history = agent.learn(env, episodes=60, seed=1)
    >>> [e.terminated for e in agent.play(env, episodes=3, seed=2)]
    [True, True, True]
    """

    def __init__(
        self,
        env: Any = None,
        *,
        seed: int | None = None,
        gamma: float | None = None,
        actor_step: float = 0.3,
        critic_step: float = 0.2,
        step_decay: float = math.inf,
        tau_eligibility: float | None = None,
        optimism: float = 0.2,
        exploration: float = 24.0,
        noise: float = 6.0,
        inhibition: float = 3.0,
        n_motor: int = 8,
        n_critic: int = 100,
        perceive: int = 60,
        decide: int = 30,
        pause: int = 30,
        reward_limit: float | None = None,
        memory: bool = False,
        cells: Cells | None = None,
    ) -> None:
        where = type(self).__name__
        self.gamma: Any = gamma if gamma is None else number(f"{where}: gamma", gamma, 0.0, 1.0)
        self.actor_step = number(f"{where}: actor_step", actor_step, 0.0)
        self.critic_step = number(f"{where}: critic_step", critic_step, 0.0)
        self.step_decay: float = positive_or_inf(f"{where}: step_decay", step_decay)
        self.reward_limit = reward_limit
        if reward_limit is not None:
            self.reward_limit = positive_or_inf(f"{where}: reward_limit", reward_limit)
        self.memory = flag(f"{where}: memory", memory)
        self.tau_eligibility: Any = tau_eligibility
        if tau_eligibility is not None:
            self.tau_eligibility = number(f"{where}: tau_eligibility", tau_eligibility, 1.0)
        self.optimism = number(f"{where}: optimism", optimism)
        self.exploration = number(f"{where}: exploration", exploration, 0.0)
        self.noise = number(f"{where}: noise", noise, 0.0)
        self.inhibition = number(f"{where}: inhibition", inhibition, 0.0)
        self.n_motor = integer(f"{where}: n_motor", n_motor, 1)
        self.n_critic = integer(f"{where}: n_critic", n_critic, 1)
        self.perceive = integer(f"{where}: perceive", perceive, 1)
        self.decide = integer(f"{where}: decide", decide, 1)
        self.pause = integer(f"{where}: pause", pause, 0)
        if cells is not None and not isinstance(cells, Cells):
            raise InvalidTypeError(f"{where}: cells must be Cells or None, not {brief(cells)}")
        self.seed = seed
        self.cells = cells
        self.decisions = self.silent = self.tied = self.undecided = 0
        self.episodes = self.lessons = 0
        self._spaces = Spaces(0, 0, None)
        self._rewards = RewardScale(self.reward_limit)
        self._value: float | None = None
        self._rest = self._per_spike = self._dose_actor = self._dose_critic = 0.0
        self._brain: Brain | None = None
        if env is not None:
            self._build_for(env)

    def __repr__(self) -> str:
        unit = f"rewards in units of {self._rewards.unit:.3g}"
        return f"<SpikingAgent, {self.n_actions} actions, {self.episodes} episodes, {unit}>"

    @property
    def n_actions(self) -> int:
        """How many actions there are; 0 before the network is built."""
        return self._spaces.n_actions

    @property
    def brain(self) -> Brain:
        """The network. Raises `InvalidValueError` before it is built."""
        return self._require_network()

    def _require_network(self) -> Brain:
        if self._brain is None:
            raise InvalidValueError(
                "SpikingAgent: there is no network yet; give an environment to SpikingAgent or "
                "call SpikingAgent.learn first"
            )
        return self._brain

    # -- building

    def _build_for(self, env: Any) -> None:
        spaces = spaces_of(env)
        self.cells = self.cells or cells_for(env.observation_space)
        self._spaces = spaces
        if self.gamma is None:
            self.gamma = self.cells.gamma
        if self.tau_eligibility is None:
            self.tau_eligibility = self.cells.tau_eligibility
        size = Size(self.n_actions, self.n_motor, self.n_critic)
        times = Times(self.perceive, self.decide, self.pause, self.tau_eligibility)
        self._brain = build_network(
            self.cells,
            size,
            times,
            seed=self.seed,
            exploration=self.exploration,
            inhibition=self.inhibition,
        )
        if self.memory:
            add_memory(self._brain, self.cells, self.tau_eligibility)
        self.seed = self._brain.seed
        found = calibrate(self._brain, self.cells, size, times, self.optimism)
        self._rest, self._per_spike, self._dose_actor, self._dose_critic = found

    # -- one decision

    def start(self) -> None:
        """Begin an episode: no eligibility, no dopamine, nothing expected."""
        # The network is not put to rest: critic neurons that begin in step would all fire at once.
        self.brain.reset_traces()
        clear_memory(self.brain)
        self._value = None
        self._rewards.begin()

    def act(self, observation: Any, *, learning: bool = False) -> int:
        """Choose an action by motor spikes.

        Parameters
        ----------
        observation : object
            Of the environment.
        learning : bool
            Explore, and learn from the rewards given with `reward` since the last decision. Without
            it, plasticity is frozen and motor neurons have less noise.

        Returns
        -------
        int
            The action.
        """
        brain, pathways = self.brain, self._pathways()
        rates = self._rates(observation)
        actor = brain.regions[ACTOR]
        actor.noise = self.exploration if learning else self.noise
        value = self._perceive(rates)
        if learning:
            for projection in pathways:
                projection.frozen = False
            self._learn_from(value, last=False)
            self._value = value
        before = actor.total_spikes.copy()
        brain.run(self.decide, progress=False)
        counts = self._motor_spikes(before)
        self.decisions += 1
        if not counts.any():
            self.silent += 1
        elif undecided(counts):
            self.tied += 1
        left = OVERTIME
        while undecided(counts) and left > 0:
            brain.run(1, progress=False)
            counts = self._motor_spikes(before)
            left -= 1
        self.undecided += bool(undecided(counts))
        for projection in pathways:
            projection.frozen = True
        brain.release(PLACE)
        brain.run(self.pause, progress=False)
        return self._spaces.first_action + int(counts.argmax())

    def reward(self, amount: float) -> None:
        """What the last action brought; learned from at the next decision or at `finish`.

        Parameters
        ----------
        amount : float
            See `reward_limit`.
        """
        self._require_network()
        self._rewards.add(number("SpikingAgent.reward: amount", amount), self.gamma)

    def finish(self, observation: Any = None) -> None:
        """End an episode of learning.

        Parameters
        ----------
        observation : object, optional
            The last one, if the episode was cut off and the future would have had a value. None: it
            ended by itself.
        """
        value = 0.0
        if observation is not None:
            value = self._perceive(self._rates(observation))
            self.brain.release(PLACE)
        for projection in self._pathways():
            projection.frozen = False
        self._learn_from(value, last=observation is None)
        self.brain.run(math.ceil(5 * DOPAMINE_DECAY), progress=False)
        for projection in self._pathways():
            projection.frozen = True
        self.episodes += 1
        self._value = None

    @property
    def expected(self) -> float | None:
        """What the last decision of learning expected; None at the beginning of an episode."""
        return self._value

    def value(self, observation: Any) -> float:
        """What the critic's spikes say of an observation; noisy, and simulated time passes.

        Parameters
        ----------
        observation : object
            Of the environment.

        Returns
        -------
        float
            In units of `RewardScale.unit`, from `RewardScale.base`.
        """
        value = self._perceive(self._rates(observation))
        self.brain.release(PLACE)
        self.brain.run(self.pause, progress=False)
        return value

    def _pathways(self) -> list[Projection]:
        brain = self.brain
        return [brain.get_projection(a, b) for a in shares(brain) for b in (ACTOR, CRITIC)]

    def _rates(self, observation: Any) -> NDArray[np.float64]:
        assert self.cells is not None
        return self.cells.rates(observation)

    def _perceive(self, rates: NDArray[np.float64]) -> float:
        brain = self.brain
        brain.hold(PLACE, place_input(rates, self.perceive))
        critic = brain.regions[CRITIC]
        before = int(critic.total_spikes.sum())
        brain.run(self.perceive, progress=False)
        spikes = int(critic.total_spikes.sum()) - before
        return (spikes - self._rest) * self._per_spike

    def _learn_from(self, value: float, *, last: bool) -> None:
        """Dopamine for the error of the last prediction."""
        if self._value is None:
            return
        error: float = self._rewards.taken(self.gamma, last=last) + self.gamma * value - self._value
        error /= 1.0 + self.lessons / self.step_decay
        self.lessons += 1
        give = self.brain.reward if error >= 0 else self.brain.punish
        to_actor = abs(error) * self.actor_step * self._dose_actor
        to_critic = abs(error) * self.critic_step * self._dose_critic
        for source, share in shares(self.brain).items():
            give(to_actor * share, Brain.projection_target(source, ACTOR))
            give(to_critic * share, Brain.projection_target(source, CRITIC))

    def _motor_spikes(self, before: NDArray[np.int64]) -> NDArray[np.int64]:
        spikes = self.brain.regions[ACTOR].total_spikes - before
        counts: NDArray[np.int64] = spikes.reshape(self.n_actions, self.n_motor).sum(axis=1)
        return counts

    # -- episodes

    def learn(
        self,
        env: Any,
        episodes: int,
        *,
        seed: int | None = None,
        max_steps: int | None = None,
        callback: Callable[[Episode], object] | None = None,
    ) -> list[Episode]:
        """Learn from episodes of an environment.

        Parameters
        ----------
        env : gymnasium.Env
            With the spaces the network is built for.
        episodes : int
            How many at most.
        seed : int, optional
            Of the environment's first reset.
        max_steps : int, optional
            Of an episode, beside the environment's own limit.
        callback : callable, optional
            Called with each `Episode`; it ends the training by returning True.

        Returns
        -------
        list of Episode
            In order.
        """
        if self._brain is None:
            self._build_for(env)
        self._spaces.check(env)
        return run_episodes(self, env, episodes, seed, max_steps, True, None, callback)

    def play(
        self,
        env: Any,
        episodes: int = 1,
        *,
        seed: int | None = None,
        max_steps: int | None = None,
        options: dict[str, Any] | None = None,
    ) -> list[Episode]:
        """Act in episodes with plasticity frozen and without exploration.

        Parameters
        ----------
        env : gymnasium.Env
            With the spaces the network is built for.
        episodes : int
            How many.
        seed : int, optional
            Of the environment's first reset.
        max_steps : int, optional
            Of an episode, beside the environment's own limit.
        options : dict, optional
            For `env.reset`.

        Returns
        -------
        list of Episode
            In order.
        """
        self._require_network()
        self._spaces.check(env)
        return run_episodes(self, env, episodes, seed, max_steps, False, options, None)

    # -- saving

    def save(self, folder: str | Path) -> None:
        """Save the agent, at any time between two calls, in an episode or not.

        ``agent.json`` is written last and names the checkpoint of the brain beside it, so an
        interrupted save leaves the one before. The environment is not saved.

        Parameters
        ----------
        folder : str or Path
            Made if there is none.
        """
        brain, cells = self.brain, self.cells
        assert cells is not None
        parameters = {key: getattr(self, key) for key in _PARAMETERS}
        state = {key: getattr(self, key) for key in STATE}
        state |= {"spaces": self._spaces._asdict(), "rewards": self._rewards.state()}
        save_agent(folder, brain, cells, parameters, state)

    @classmethod
    def load(cls, folder: str | Path) -> Self:
        """The agent that was saved in a folder; it goes on as it would have.

        Parameters
        ----------
        folder : str or Path
            Where `save` put it.

        Returns
        -------
        SpikingAgent
            Of the class it is called of.

        Raises
        ------
        CheckpointError
            The folder holds none, or not all of one.
        """
        agent, state, brain = load_agent(folder, cls)
        agent._spaces = Spaces(**state.pop("spaces"))
        agent._rewards = RewardScale.from_state(state.pop("rewards"))
        vars(agent).update(state)
        agent._brain = brain
        return agent


_PARAMETERS = [
    name for name in inspect.signature(SpikingAgent).parameters if name not in ("env", "cells")
]
