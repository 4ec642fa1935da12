"""An agent that acts through motor spikes and learns from dopamine."""

from __future__ import annotations

import inspect
import json
import math
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple, Self

import numpy as np
from numpy.typing import NDArray

from engram.brain import Brain
from engram.distributions import Uniform
from engram.errors import (
    CheckpointError,
    InvalidTypeError,
    InvalidValueError,
    MissingExtraError,
    integer,
    number,
)
from engram.learn.cells import Cells, cells_for, from_description
from engram.neurons import CurrentLIF
from engram.persistence import load_brain, save_brain
from engram.plasticity import RewardSTDP
from engram.projection import Projection
from engram.region import RegionType
from engram.synapses import Neurotransmitter

try:
    import gymnasium

    import engram.environments  # noqa: F401
except ImportError as error:
    raise MissingExtraError("engram.learn.SpikingAgent", "gymnasium", "agents") from error

PLACE, ACTOR, CRITIC = "place", "actor", "critic"
TO_ACTOR = Brain.projection_target(PLACE, ACTOR)
TO_CRITIC = Brain.projection_target(PLACE, CRITIC)

TAU_M, T_REF, THRESHOLD, TAU_SYN = 10.0, 2.0, 15.0, 5.0
"""Of all neurons: membrane time constant and refractory time (ms), threshold above rest (mV)."""

PLACE_CURRENT, PLACE_RATE = 60.0, 0.2
"""Largest input of a place cell, mV, and the rate it fires at then, 1/ms."""

ACTOR_BACKGROUND, ACTOR_INPUT = 13.0, 10.0
"""Of a motor neuron, mV: constant input, and what the place cells give it before learning."""

CRITIC_BACKGROUND, CRITIC_INPUT, CRITIC_NOISE, CRITIC_SPAN = 15.0, 10.0, 8.0, 0.8
"""The same of a critic neuron; the value 1 is `CRITIC_SPAN` of the input more."""

HEADROOM = 3.0
"""Greatest weight, in units of the weight before learning."""

DOPAMINE_DECAY, TAU_PLUS = 2.0, 10.0
WINNER_RATE = 0.05
"""Rate of a motor neuron whose action wins, 1/ms: what the step of the actor is counted for."""

PROBES, SETTLING = 20, 100
OVERTIME = 1000
"""Longest wait for motor spikes that decide, steps."""


class Episode(NamedTuple):
    """One episode: its steps, the sum of its rewards, and whether the environment ended it."""

    steps: int
    total: float
    terminated: bool


class SpikingAgent:
    """Actor-critic of spiking neurons for Gymnasium environments with discrete actions.

    Place cells excite motor neurons, `n_motor` for each action, which inhibit those of the other
    actions, and `n_critic` critic neurons. A decision takes `perceive` + `decide` ms of simulated
    time, then a pause. Spikes of the critic in the first part are the value of the observation,
    V = (spikes - spikes before learning) / (spikes of the value 1) + `optimism`. The prediction
    error delta = r / scale + gamma V(now) - V(before) is given as dopamine to both pathways, where
    it meets the eligibility that earlier decisions left (`RewardSTDP` without depression, as in
    Fremaux et al.). Motor spikes of the second part are the action: the most wins. While they are
    silent or tied, the network runs on with its noise. Learning is open in the second part only,
    so that a decision's own eligibility does not meet the error of the one before. Noise of the
    motor neurons explores; without learning there is less of it.
    doi:10.1371/journal.pcbi.1003024

    Parameters
    ----------
    env : gymnasium.Env or None
        Whose observation and action spaces the network is built for; None: those of the first
        environment `learn` is given.
    seed : int or None
        Of the brain: wiring and noise.
    gamma : float or None
        Discount of the value from one decision to the next; None: that of the code, 0.98 for tiles
        of real numbers, which change little from one decision to the next, otherwise 0.9.
    actor_step, critic_step : float
        Change of a motor neuron's input (in units of that before learning) and of the value, for
        an error of 1 right after a decision.
    step_decay : float
        The steps shrink by 1 / (1 + n / step_decay) with n the decisions learned from; inf: never.
    tau_eligibility : float or None
        Decay of eligibility, ms; None: that of the code, 400 for tiles of real numbers, otherwise
        200.
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
    reward_limit : float
        Rewards beyond this size count as this; inf: as they are. `scale` is the largest discounted
        sum of past rewards so far, at least the largest reward.
    cells : Cells or None
        The code of observations; None: see `engram.learn.cells.cells_for`.

    Attributes
    ----------
    brain : Brain
        The network, with regions "place", "actor" and "critic".
    decisions, silent, tied, undecided : int
        Decisions so far; those without a motor spike or with a tie when their time was up; those
        where 1 s more did not help, so that the first action was taken.
    episodes, lessons : int
        Episodes of learning so far, and decisions learned from.

    Examples
    --------
    >>> import gymnasium
    >>> env = gymnasium.make("engram/GridWorld-v0", size=3)
    >>> agent = SpikingAgent(env, seed=1)
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
        reward_limit: float = 1.0,
        cells: Cells | None = None,
    ) -> None:
        where = type(self).__name__
        self.gamma: Any = None
        if gamma is not None:
            self.gamma = number(f"{where}: gamma", gamma, 0.0, 1.0)
        self.actor_step = number(f"{where}: actor_step", actor_step, 0.0)
        self.critic_step = number(f"{where}: critic_step", critic_step, 0.0)
        for name, value in (("step_decay", step_decay), ("reward_limit", reward_limit)):
            if value != math.inf:
                number(f"{where}: {name}", value, 0.0, open_low=True)
        self.step_decay, self.reward_limit = float(step_decay), float(reward_limit)
        tau: Any = tau_eligibility
        if tau is not None:
            tau = number(f"{where}: tau_eligibility", tau, 0.0, open_low=True)
        self.tau_eligibility = tau
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
            raise InvalidTypeError(f"{where}: cells must be Cells or None, not {cells!r}")
        self.seed = seed
        self.cells = cells
        self.decisions = self.silent = self.tied = self.undecided = 0
        self.episodes = self.lessons = 0
        self.n_actions = 0
        self._first_action = 0
        self._scale = 0.0
        self._past_rewards = 0.0
        self._rewards: float = 0.0
        self._value: float | None = None
        self._rest = self._per_spike = self._dose_actor = self._dose_critic = 0.0
        self._brain: Brain | None = None
        if env is not None:
            self._build_for(env)

    def __repr__(self) -> str:
        return f"<SpikingAgent, {self.n_actions} actions, {self.episodes} episodes>"

    @property
    def brain(self) -> Brain:
        """The network. Raises `InvalidValueError` before it is built."""
        if self._brain is None:
            raise InvalidValueError(
                "SpikingAgent: there is no network yet; give an environment to SpikingAgent or "
                "call SpikingAgent.learn first"
            )
        return self._brain

    # -- building

    def _build_for(self, env: Any) -> None:
        for name in ("observation_space", "action_space"):
            if not hasattr(env, name):
                raise InvalidTypeError(
                    f"SpikingAgent: env must be a Gymnasium environment, not {env!r}"
                )
        if not isinstance(env.action_space, gymnasium.spaces.Discrete):
            raise InvalidTypeError(
                f"SpikingAgent: actions must be Discrete, not {env.action_space!r}"
            )
        self.n_actions = int(env.action_space.n)
        self._first_action = int(env.action_space.start)
        if self.cells is None:
            self.cells = cells_for(env.observation_space)
        if self.gamma is None:
            self.gamma = self.cells.gamma
        if self.tau_eligibility is None:
            self.tau_eligibility = self.cells.tau_eligibility
        self._brain = self._build(self.cells)
        self._calibrate(self._brain, self.cells)

    def _build(self, cells: Cells) -> Brain:
        """The untrained network."""
        brain = Brain(dt=1.0, seed=self.seed)
        self.seed = brain.seed
        brain.freeze_structural_plasticity()
        brain.freeze_homeostatic_scaling()
        brain.freeze_adaptive_thresholds()
        brain.disable_memory()
        brain.encoder.max_current = PLACE_CURRENT

        def region(
            name: str, region_type: RegionType, n: int, background: float, noise: float
        ) -> None:
            model = CurrentLIF(
                tau_m=TAU_M,
                E_L=0.0,
                v_reset=0.0,
                v_th=THRESHOLD,
                t_ref=T_REF,
                tau_exc=TAU_SYN,
                tau_inh=TAU_SYN,
            )
            brain.add_region(
                name,
                region_type,
                n,
                connectivity=0.0,
                max_neurons=n,
                model=model,
                excitatory=1.0,
                rule=None,
                background=background,
                noise=noise,
            )

        n_motor = self.n_actions * self.n_motor
        region(PLACE, RegionType.SENSORY, cells.n_cells, 0.0, 0.0)
        region(ACTOR, RegionType.MOTOR, n_motor, ACTOR_BACKGROUND, self.exploration)
        region(CRITIC, RegionType.REWARD, self.n_critic, CRITIC_BACKGROUND, CRITIC_NOISE)
        for target, current in ((ACTOR, ACTOR_INPUT), (CRITIC, CRITIC_INPUT)):
            w = current / (cells.total * PLACE_RATE * TAU_SYN)
            projection = brain.connect_regions(
                PLACE,
                target,
                wiring="all_to_all",
                delays=1.0,
                weights=Uniform(0.9 * w, 1.1 * w),
                w_max=HEADROOM * w,
                rule=RewardSTDP(
                    A_plus=1.0,
                    A_minus=0.0,
                    tau_plus=TAU_PLUS,
                    dopamine_decay=DOPAMINE_DECAY,
                    tau_eligibility=self.tau_eligibility,
                    baseline_dopamine=0.0,
                ),
            )
            projection.frozen = True
        if self.inhibition > 0 and self.n_actions > 1:
            group = np.arange(n_motor) // self.n_motor
            pre, post = np.nonzero(group[:, np.newaxis] != group)
            brain.regions[ACTOR].add_synapses(
                pre, post, self.inhibition, delays_ms=1.0, nt=Neurotransmitter.GABA
            )
        return brain

    def _calibrate(self, brain: Brain, cells: Cells) -> None:
        """Find what the critic fires at the values 0 and 1, and how much dopamine a step takes."""
        pathway = brain.get_projection(PLACE, CRITIC)
        born = pathway.weight
        w = CRITIC_INPUT / (cells.total * PLACE_RATE * TAU_SYN)
        examples = cells.examples(PROBES)
        probes = [self._as_input(rates) for rates in examples]

        def fires(weight: float) -> float:
            pathway.weight = np.full(pathway.n_synapses, weight)
            counts = []
            brain.present(PLACE, probes[0], SETTLING)
            for probe in probes:
                brain.run(self.pause, progress=False)
                counts.append(brain.present(PLACE, probe, self.perceive)[CRITIC].sum())
            return float(np.mean(counts))

        rest = fires(w)
        self._per_spike = 1.0 / max(CRITIC_SPAN * (fires(2.0 * w) - rest), 1e-9)
        self._rest = rest - self.optimism / self._per_spike
        pathway.weight = born
        brain.run(self.pause, progress=False)
        # Eligibility that one decision leaves at the synapse of an active cell, per w_max.
        left = PLACE_RATE * TAU_PLUS * self.decide
        left *= math.exp(-(self.decide / 2 + self.pause + self.perceive) / self.tau_eligibility)
        # Cells that fire less learn less and count for less.
        power = float(np.mean([(rates**2).sum() for rates in examples]))
        charge = power * PLACE_RATE * TAU_SYN * DOPAMINE_DECAY * 1e-3
        rate = rest / (self.n_critic * self.perceive)
        self._dose_critic = CRITIC_SPAN * CRITIC_INPUT / (charge * HEADROOM * w * left * rate)
        w *= ACTOR_INPUT / CRITIC_INPUT
        self._dose_actor = ACTOR_INPUT / (charge * HEADROOM * w * left * WINNER_RATE)

    def _as_input(self, rates: NDArray[np.float64]) -> NDArray[np.float64]:
        """Values for the encoder that make place cells fire at relative rates: the inverse f-I.

        Cells start from rest, the first spike comes after an interval without refractory time: n
        spikes are expected while the observation is perceived if (n + 1/2) intervals fit in.
        """
        values = np.zeros(len(rates))
        active = rates > 0
        n = rates[active] * PLACE_RATE * self.perceive
        # The first step past the threshold counts, so intervals are half a step longer than asked.
        gap = (self.perceive + T_REF) / (n + 0.5) - 0.5 - T_REF
        values[active] = THRESHOLD / (PLACE_CURRENT * -np.expm1(-gap / TAU_M))
        return np.minimum(values, 1.0)

    # -- one decision

    def start(self) -> None:
        """Begin an episode: no eligibility, no dopamine, nothing expected."""
        # The network is not put to rest: critic neurons that begin in step would all fire at once.
        self.brain.reset_traces()
        self._value = None
        self._rewards = self._past_rewards = 0.0

    def act(self, observation: Any, *, learning: bool = False) -> int:
        """Choose an action by motor spikes.

        learning: explore, and learn from the rewards given with `reward` since the last decision.
        Without it, plasticity is frozen and motor neurons have less noise.
        """
        brain, pathways = self.brain, self._pathways()
        actor = brain.regions[ACTOR]
        actor.noise = self.exploration if learning else self.noise
        value = self._perceive(observation)
        if learning:
            for projection in pathways:
                projection.frozen = False
            self._learn_from(value)
            self._value = value
        before = actor.total_spikes.copy()
        brain.run(self.decide, progress=False)
        counts = self._motor_spikes(before)
        self.decisions += 1
        if not counts.any():
            self.silent += 1
        elif tied(counts):
            self.tied += 1
        left = OVERTIME
        while tied(counts) and left > 0:
            brain.run(1, progress=False)
            counts = self._motor_spikes(before)
            left -= 1
        self.undecided += tied(counts)
        for projection in pathways:
            projection.frozen = True
        brain.release(PLACE)
        brain.run(self.pause, progress=False)
        return self._first_action + int(counts.argmax())

    def reward(self, amount: float) -> None:
        """What the last action brought; learned from at the next decision or at `finish`."""
        limit = self.reward_limit
        r = min(max(number("SpikingAgent.reward: amount", amount), -limit), limit)
        self._past_rewards = self.gamma * self._past_rewards + r
        self._scale = max(self._scale, abs(r), abs(self._past_rewards))
        self._rewards += r

    def finish(self, observation: Any = None) -> None:
        """End an episode of learning.

        observation: the last one, if the episode was cut off and the future would have had a value;
        None if it ended by itself.
        """
        value = 0.0
        if observation is not None:
            value = self._perceive(observation)
            self.brain.release(PLACE)
        for projection in self._pathways():
            projection.frozen = False
        self._learn_from(value)
        self.brain.run(math.ceil(5 * DOPAMINE_DECAY), progress=False)
        for projection in self._pathways():
            projection.frozen = True
        self.episodes += 1
        self._value = None

    def value(self, observation: Any) -> float:
        """What the critic's spikes say of an observation; noisy, and simulated time passes."""
        value = self._perceive(observation)
        self.brain.release(PLACE)
        self.brain.run(self.pause, progress=False)
        return value

    def _pathways(self) -> list[Projection]:
        return [self.brain.get_projection(PLACE, target) for target in (ACTOR, CRITIC)]

    def _perceive(self, observation: Any) -> float:
        brain = self.brain
        assert self.cells is not None
        brain.hold(PLACE, self._as_input(self.cells.rates(observation)))
        critic = brain.regions[CRITIC]
        before = int(critic.total_spikes.sum())
        brain.run(self.perceive, progress=False)
        spikes = int(critic.total_spikes.sum()) - before
        return (spikes - self._rest) * self._per_spike

    def _learn_from(self, value: float) -> None:
        """Dopamine for the error of the last prediction."""
        if self._value is None:
            return
        r = self._rewards / self._scale if self._scale > 0 else 0.0
        error: float = r + self.gamma * value - self._value
        self._rewards = 0.0
        error /= 1.0 + self.lessons / self.step_decay
        self.lessons += 1
        give = self.brain.reward if error >= 0 else self.brain.punish
        give(abs(error) * self.actor_step * self._dose_actor, TO_ACTOR)
        give(abs(error) * self.critic_step * self._dose_critic, TO_CRITIC)

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

        seed: of the environment's first reset. max_steps: of an episode, beside the environment's
        own limit. callback: called after each episode; it ends the training by returning True.
        """
        if self._brain is None:
            self._build_for(env)
        return self._run(env, episodes, seed, max_steps, True, None, callback)

    def play(
        self,
        env: Any,
        episodes: int = 1,
        *,
        seed: int | None = None,
        max_steps: int | None = None,
        options: dict[str, Any] | None = None,
    ) -> list[Episode]:
        """Episodes with plasticity frozen and without exploration; options: for `env.reset`."""
        return self._run(env, episodes, seed, max_steps, False, options, None)

    def _run(
        self,
        env: Any,
        episodes: int,
        seed: int | None,
        max_steps: int | None,
        learning: bool,
        options: dict[str, Any] | None,
        callback: Callable[[Episode], object] | None,
    ) -> list[Episode]:
        n = integer("SpikingAgent: episodes", episodes, 0)
        most = math.inf if max_steps is None else integer("SpikingAgent: max_steps", max_steps, 1)
        done: list[Episode] = []
        for k in range(n):
            observation, _ = env.reset(seed=seed if k == 0 else None, options=options)
            self.start()
            steps, total = 0, 0.0
            while True:
                action = self.act(observation, learning=learning)
                observation, reward, terminated, truncated, _ = env.step(action)
                steps, total = steps + 1, total + float(reward)
                if learning:
                    self.reward(float(reward))
                if terminated or truncated or steps >= most:
                    break
            if learning:
                self.finish(None if terminated else observation)
            done.append(Episode(steps, total, bool(terminated)))
            if callback is not None and callback(done[-1]) is True:
                break
        return done

    # -- saving

    def save(self, folder: str | Path) -> None:
        """Save the agent into a folder, at any time between two calls, in an episode or not.

        ``agent.json`` is written last and names the checkpoint of the brain beside it, so an
        interrupted save leaves the one before. The environment is not saved.
        """
        brain, cells = self.brain, self.cells
        assert cells is not None
        place = Path(folder)
        place.mkdir(parents=True, exist_ok=True)
        name = f"brain-{brain.step_count}.engram"
        save_brain(brain, place / name)
        state = {
            "parameters": {key: _finite(getattr(self, key)) for key in _PARAMETERS},
            "state": {key: getattr(self, key) for key in _STATE},
            "cells": cells.describe(),
            "brain": name,
            "fingerprint": brain.fingerprint(),
        }
        draft = place / "agent.json.new"
        draft.write_text(json.dumps(state))
        os.replace(draft, place / "agent.json")
        for old in place.glob("brain-*.engram"):
            if old.name != name:
                old.unlink()

    @classmethod
    def load(cls, folder: str | Path) -> Self:
        """The agent that was saved in a folder; it goes on as it would have.

        Raises `CheckpointError` for a folder that holds none, or not all of one.
        """
        place = Path(folder)
        try:
            state = json.loads((place / "agent.json").read_text())
            parameters: dict[str, Any] = {
                k: math.inf if v is None else v for k, v in state["parameters"].items()
            }
            parameters["seed"] = state["parameters"]["seed"]
            agent = cls(cells=from_description(state["cells"]), **parameters)
            for key in _STATE:
                setattr(agent, key, state["state"][key])
            brain = load_brain(place / state["brain"])
            fingerprint = state["fingerprint"]
        except (OSError, ValueError, KeyError, TypeError) as error:
            raise CheckpointError(f"SpikingAgent.load: no agent in {place}: {error}") from error
        if brain.fingerprint() != fingerprint:
            raise CheckpointError(f"SpikingAgent.load: {place}: another brain than the agent's")
        agent._brain = brain
        return agent


_PARAMETERS = [
    name for name in inspect.signature(SpikingAgent).parameters if name not in ("env", "cells")
]
_STATE = (
    "decisions",
    "silent",
    "tied",
    "undecided",
    "episodes",
    "lessons",
    "n_actions",
    "_first_action",
    "_scale",
    "_past_rewards",
    "_rewards",
    "_value",
    "_rest",
    "_per_spike",
    "_dose_actor",
    "_dose_critic",
)


def _finite(value: Any) -> Any:
    """None for inf, which JSON has not."""
    return None if value == math.inf else value


def tied(counts: NDArray[np.int64]) -> bool:
    """Whether no action alone has most spikes."""
    return len(counts) > 1 and int((counts == counts.max()).sum()) > 1
