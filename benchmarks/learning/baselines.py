"""Simple learners that agents are compared with: tables, and linear methods on an agent's own code.

`baseline` trains and tests one, with the settings that were chosen on other seeds (`TUNED`);
`choose` is how they were chosen:

    python -m benchmarks.learning.baselines [ENVIRONMENT ...] [--seeds 3]

prints, for each environment and learner, the mean return of the tests with each of its settings;
with `--test`, that of the chosen one, on seeds from 100 on.
"""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from itertools import product
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from engram.learn.cells import Cells, cells_for, numbers

Floats = NDArray[np.float64]
Setting = Mapping[str, Any]


class Code:
    """The rates of a code; those of the last few observations are kept."""

    def __init__(self, cells: Cells) -> None:
        self.cells, self._known = cells, dict[bytes, Floats]()

    def __call__(self, observation: Any) -> Floats:
        """Rates of the cells."""
        key = numbers(observation).tobytes()
        found = self._known.get(key)
        if found is None:
            if len(self._known) > 3:
                self._known.clear()
            found = self._known[key] = self.cells.rates(observation)
        return found


class Bins:
    """Cuts each number of an observation into n bins of the same width between low and high; what
    lies outside belongs to the first or the last. One bin: the number is not looked at."""

    def __init__(
        self, low: Sequence[float], high: Sequence[float], n: Sequence[int] | NDArray[Any]
    ) -> None:
        self.low, self.high = np.asarray(low, np.float64), np.asarray(high, np.float64)
        self.n = np.asarray(n, np.int64)

    def __call__(self, observation: Any) -> tuple[float, ...]:
        """The numbers of the bins."""
        share = (numbers(observation) - self.low) / (self.high - self.low)
        found = np.clip(np.floor(share * self.n), 0, self.n - 1)
        return tuple(found.tolist())


def as_it_is(observation: Any) -> tuple[float, ...]:
    """Each distinct observation is a state."""
    return tuple(numbers(observation).tolist())


class QLearning:
    """Tabular Q-learning, epsilon-greedy (Watkins & Dayan 1992)."""

    def __init__(
        self,
        n_actions: int,
        random: np.random.Generator,
        state: Callable[[Any], tuple[float, ...]] = as_it_is,
        *,
        gamma: float,
        step: float = 0.2,
        epsilon: float = 0.1,
        first: float = 0.0,
    ) -> None:
        self.n_actions, self.random, self.state = n_actions, random, state
        self.gamma, self.step, self.epsilon, self.first = gamma, step, epsilon, first
        self.values: dict[tuple[float, ...], Floats] = {}

    def row(self, observation: Any) -> Floats:
        """Values of the actions."""
        key = self.state(observation)
        return self.values.setdefault(key, np.full(self.n_actions, self.first))

    def begin(self) -> None:
        """An episode begins."""

    def act(self, observation: Any, learning: bool) -> int:
        """The action with the highest value, or any."""
        return _choice(self.row(observation), self.epsilon if learning else 0.0, self.random)

    def learn(self, observation: Any, action: int, reward: float, after: Any, end: bool) -> None:
        """Learn from a step; end: nothing comes after it."""
        row = self.row(observation)
        ahead = 0.0 if end else float(self.row(after).max())
        row[action] += self.step * (reward + self.gamma * ahead - row[action])


class Sarsa:
    """SARSA(lambda), linear in the rates of a code, replacing traces (Sutton & Barto 2018, ch. 12).

    The step is divided by the sum of the squared rates.
    """

    def __init__(
        self,
        n_actions: int,
        random: np.random.Generator,
        cells: Cells,
        *,
        gamma: float,
        step: float = 0.5,
        decay: float = 0.9,
        epsilon: float = 0.01,
        first: float = 0.0,
    ) -> None:
        self.random, self.rates = random, Code(cells)
        self.gamma, self.step, self.decay, self.epsilon = gamma, step, decay, epsilon
        self.weights = np.full((n_actions, cells.n_cells), first / cells.total)
        self.begin()

    def begin(self) -> None:
        """An episode begins: no trace of the one before."""
        self.traces = np.zeros_like(self.weights)
        self._next: int | None = None

    def act(self, observation: Any, learning: bool) -> int:
        """The action with the highest value, or any; while learning, what was learned for."""
        if learning and self._next is not None:
            return self._next
        return self._draw(self.rates(observation), learning)

    def _draw(self, rates: Floats, learning: bool) -> int:
        return _choice(self.weights @ rates, self.epsilon if learning else 0.0, self.random)

    def learn(self, observation: Any, action: int, reward: float, after: Any, end: bool) -> None:
        """Learn from a step; end: nothing comes after it."""
        rates = self.rates(observation)
        error = reward - float(self.weights[action] @ rates)
        if not end:
            later = self.rates(after)
            self._next = self._draw(later, True)
            error += self.gamma * float(self.weights[self._next] @ later)
        self.traces *= self.gamma * self.decay
        # What is active now leaves no trace with the actions that were not taken.
        self.traces[:, rates > 0] = 0.0
        self.traces[action] += rates
        self.weights += self.step / float(rates @ rates) * error * self.traces


class ActorCritic:
    """Actor-critic, linear in the rates of a code, with traces (Sutton & Barto 2018, section 13.5).

    The actor draws by a softmax while it learns, and takes the likeliest action afterwards.
    """

    def __init__(
        self,
        n_actions: int,
        random: np.random.Generator,
        cells: Cells,
        *,
        gamma: float,
        step: float = 0.2,
        actor_step: float = 0.2,
        decay: float = 0.9,
        first: float = 0.0,
    ) -> None:
        self.random, self.rates = random, Code(cells)
        self.gamma, self.step, self.actor_step, self.decay = gamma, step, actor_step, decay
        self.actor = np.zeros((n_actions, cells.n_cells))
        self.critic = np.full(cells.n_cells, first / cells.total)
        self.begin()

    def begin(self) -> None:
        """An episode begins: no trace of the one before."""
        self.traces, self.value_traces = np.zeros_like(self.actor), np.zeros_like(self.critic)

    def _chances(self, rates: Floats) -> Floats:
        scores = self.actor @ rates
        found: Floats = np.exp(scores - scores.max())
        found /= found.sum()
        return found

    def act(self, observation: Any, learning: bool) -> int:
        """An action."""
        chances = self._chances(self.rates(observation))
        if learning:
            return int(self.random.choice(len(chances), p=chances))
        return _choice(chances, 0.0, self.random)

    def learn(self, observation: Any, action: int, reward: float, after: Any, end: bool) -> None:
        """Learn from a step; end: nothing comes after it."""
        rates = self.rates(observation)
        error = reward - float(self.critic @ rates)
        if not end:
            error += self.gamma * float(self.critic @ self.rates(after))
        taken = -self._chances(rates)
        taken[action] += 1.0
        for traces, now in ((self.traces, np.outer(taken, rates)), (self.value_traces, rates)):
            traces *= self.gamma * self.decay
            traces += now
        scale = float(rates @ rates)
        self.actor += self.actor_step / scale * error * self.traces
        self.critic += self.step / scale * error * self.value_traces


Learner = QLearning | Sarsa | ActorCritic


def _choice(values: Floats, epsilon: float, random: np.random.Generator) -> int:
    """The best, one of them where there are several, or any with probability epsilon."""
    if epsilon and random.random() < epsilon:
        return int(random.integers(len(values)))
    return int(random.choice(np.flatnonzero(values == values.max())))


def play(
    learner: Learner,
    env: Any,
    episodes: int,
    seed: int,
    *,
    learning: bool,
    max_steps: int | None = None,
) -> list[tuple[int, float, bool]]:
    """Steps, return and end of each episode."""
    done = []
    for k in range(episodes):
        observation, _ = env.reset(seed=seed if k == 0 else None)
        learner.begin()
        steps, total, over = 0, 0.0, False
        while not over:
            action = learner.act(observation, learning)
            after, reward, terminated, truncated, _ = env.step(action)
            steps, total = steps + 1, total + float(reward)
            if learning:
                learner.learn(observation, action, float(reward), after, bool(terminated))
            observation = after
            over = terminated or truncated or steps == max_steps
        done.append((steps, total, bool(terminated)))
    return done


# -- which, and how they were chosen


class Game(NamedTuple):
    """An environment, how long it is learned, and how often it is tested."""

    name: str
    episodes: int
    tests: int
    options: Mapping[str, Any] = {}
    max_steps: int | None = None

    def make(self) -> Any:
        """The environment."""
        import gymnasium

        return gymnasium.make(self.name, **self.options)


GAMES = {"CartPole": Game("CartPole-v1", 60, 100)}

LIMITS = (2.4, 3.0, 0.2095, 2.5)
"""Of the bins of CartPole: place, speed, angle (episodes end there), angular speed."""

NAMES = ("Q-learning", "SARSA(lambda)", "actor-critic")

TUNED: dict[tuple[str, str], Setting] = {
    ("CartPole", "Q-learning"): {
        "bins": (1, 1, 12, 12),
        "step": 0.5,
        "epsilon": 0.1,
        "first": 20.0,
    },
    ("CartPole", "SARSA(lambda)"): {"step": 0.3, "decay": 0.9, "epsilon": 0.0, "first": 50.0},
    ("CartPole", "actor-critic"): {"step": 0.1, "actor_step": 0.03, "decay": 0.8},
}
"""By environment and learner: the settings that `choose` found best, Q-learning's on seeds 0 to 4,
those of the others on 0 to 2. Others have defaults."""

TRIED: dict[str, dict[str, tuple[Any, ...]]] = {
    "Q-learning": {
        "bins": ((1, 1, 6, 6), (1, 1, 12, 12), (3, 3, 6, 6)),
        "step": (0.2, 0.5),
        "epsilon": (0.02, 0.1),
        "first": (0.0, 20.0),
    },
    "SARSA(lambda)": {
        "step": (0.1, 0.3),
        "decay": (0.5, 0.9),
        "epsilon": (0.0, 0.05),
        "first": (0.0, 20.0, 50.0),
    },
    "actor-critic": {
        "step": (0.1, 0.3),
        "actor_step": (0.03, 0.1, 0.3, 1.0),
        "decay": (0.5, 0.8, 0.95),
    },
}
"""Settings that are tried, all combinations: 24 of each learner."""


def learner_for(
    kind: str, env: Any, seed: int, setting: Setting, *, gamma: float | None = None
) -> Learner:
    """A learner that has learned nothing. gamma: None: that of an agent's code for the environment.

    A setting "bins" (n of each number, within LIMITS) is for Q-learning; without it, each distinct
    observation is a state.
    """
    values = dict(setting)
    cells = cells_for(env.observation_space)
    discount = cells.gamma if gamma is None else gamma
    n, random = int(env.action_space.n), np.random.default_rng(seed)
    if kind == "Q-learning":
        bins = values.pop("bins", None)
        state = as_it_is if bins is None else Bins([-x for x in LIMITS], LIMITS, bins)
        return QLearning(n, random, state, gamma=discount, **values)
    if kind == "SARSA(lambda)":
        return Sarsa(n, random, cells, gamma=discount, **values)
    if kind == "actor-critic":
        return ActorCritic(n, random, cells, gamma=discount, **values)
    raise ValueError(f"baselines: no learner {kind!r}; there are {NAMES}")


def baseline(
    kind: str,
    env: Any,
    episodes: int,
    tests: int,
    seed: int,
    *,
    setting: Setting | None = None,
    gamma: float | None = None,
    max_steps: int | None = None,
) -> dict[str, Any]:
    """Train one with a seed, and test it with seed + 1000 and nothing learned meanwhile.

    setting: None: `TUNED` for the environment, or defaults. Returns the mean and each "returns" of
    the tests, "steps" (mean), "ended" (whether each ended by itself), "curve" (returns while
    learning) and "cpu_s" of learning.
    """
    if setting is None:
        name = next((k for k, g in GAMES.items() if env.spec and g.name == env.spec.id), "")
        setting = TUNED.get((name, kind), {})
    learner = learner_for(kind, env, seed, setting, gamma=gamma)
    started = time.process_time()
    learned = play(learner, env, episodes, seed, learning=True, max_steps=max_steps)
    cpu = time.process_time() - started
    tested = play(learner, env, tests, 1000 + seed, learning=False, max_steps=max_steps)
    return {
        "mean": float(np.mean([total for _, total, _ in tested])),
        "returns": [total for _, total, _ in tested],
        "steps": float(np.mean([steps for steps, *_ in tested])),
        "ended": [end for *_, end in tested],
        "curve": [total for _, total, _ in learned],
        "cpu_s": cpu,
    }


def choose(
    kind: str, game: Game, seeds: Sequence[int], tests: int = 20
) -> list[tuple[float, dict[str, Any]]]:
    """Each setting that is tried, with the mean return of its tests, the best first."""
    env, found = game.make(), []
    for values in product(*TRIED[kind].values()):
        setting = dict(zip(TRIED[kind], values, strict=True))
        means = [
            baseline(kind, env, game.episodes, tests, s, setting=setting, max_steps=game.max_steps)[
                "mean"
            ]
            for s in seeds
        ]
        found.append((float(np.mean(means)), setting))
    return sorted(found, key=lambda one: -one[0])


def measured(kind: str, game: Game, seeds: int, first: int = 100) -> str:
    """Mean return of the chosen setting on each seed, as text."""
    env, values = game.make(), []
    for seed in range(first, first + seeds):
        found = baseline(kind, env, game.episodes, game.tests, seed, max_steps=game.max_steps)
        values.append(found["mean"])
    each = " ".join(f"{value:.0f}" for value in values)
    return f"{np.mean(values):.1f} (each seed: {each})"


def main(arguments: list[str] | None = None) -> int:
    """Print what each setting reaches; the exit status."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("environments", nargs="*", help=f"of {', '.join(GAMES)} (default: all)")
    parser.add_argument("--learners", nargs="+", default=NAMES, choices=NAMES)
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--test", action="store_true", help="of what was chosen, on other seeds")
    options = parser.parse_args(arguments)
    for name in options.environments or GAMES:
        for kind in options.learners:
            if options.test:
                print(f"{name}, {kind}: {measured(kind, GAMES[name], options.seeds)}", flush=True)
                continue
            for mean, setting in choose(kind, GAMES[name], range(options.seeds)):
                print(f"{name}, {kind}: {mean:.1f} {setting}", flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())
