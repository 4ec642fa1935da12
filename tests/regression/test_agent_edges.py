"""The agent: spaces it takes and refuses, and rewards of any offset and scale."""

import json
import math

import numpy as np
import pytest

gym = pytest.importorskip("gymnasium")

from gymnasium import spaces  # noqa: E402

from engram.errors import InvalidTypeError, InvalidValueError  # noqa: E402
from engram.learn import SpikingAgent  # noqa: E402
from engram.learn.agent_spaces import spaces_of  # noqa: E402
from engram.learn.cells import PlaceCells, cells_for  # noqa: E402
from engram.learn.reward_scale import RewardScale  # noqa: E402

DISCRETE = spaces.Discrete(2)
UNIT = spaces.Box(0.0, 1.0, (2,))


class World(gym.Env):
    """Each step is rewarded by the action alone."""

    def __init__(self, observations, actions=DISCRETE, rewards=(0.0, 0.0), steps=1):
        self.observation_space, self.action_space = observations, actions
        self.rewards, self.steps = rewards, steps

    def reset(self, *, seed=None, options=None):
        super().reset(seed=seed, options=options)
        self.observation_space.seed(seed)
        self.now = 0
        return self.observation_space.sample(), {}

    def step(self, action):
        self.now += 1
        reward = self.rewards[int(action) - int(self.action_space.start)]
        return self.observation_space.sample(), reward, self.now >= self.steps, False, {}


# -- spaces


@pytest.mark.parametrize(
    "observations",
    [
        spaces.Box(np.float32([0, 0]), np.float32([0, 1])),
        spaces.Box(np.float32([2, 3]), np.float32([2, 3])),
        spaces.Box(np.float32([0, 0, 1]), np.float32([0, 1, 1])),
        spaces.Box(-np.inf, np.inf, (2,)),
        spaces.Box(np.float32([0, -np.inf]), np.float32([np.inf, 5])),
        spaces.Box(0.0, 1.0, ()),
        spaces.Box(0, 255, (4, 4, 3), np.uint8),
        spaces.Dict({"words": spaces.Text(4), "at": spaces.MultiDiscrete([3, 4])}),
        spaces.Tuple([spaces.Discrete(3, start=-1), spaces.MultiBinary([2, 2])]),
    ],
)
def test_learns_with_such_observations(observations):
    world = World(observations, steps=3)
    agent = SpikingAgent(world, seed=1)
    with np.errstate(all="raise"):
        history = agent.learn(world, 2, seed=1)
    assert [e.steps for e in history] == [3, 3]
    for projection in agent.brain.projections:
        assert np.isfinite(projection.weight).all()


@pytest.mark.parametrize(
    ("world", "words"),
    [
        (World(spaces.Text(5)), "no code for observations"),
        (World(spaces.Dict({"words": spaces.Text(5)})), "no code for observations"),
        (World(spaces.Sequence(UNIT)), "no code for observations"),
        (World(UNIT, spaces.MultiDiscrete([2, 2])), "must be Discrete"),
        (World(UNIT, spaces.Dict({"a": DISCRETE})), "must be Discrete"),
        (World(UNIT, UNIT), "must be Discrete"),
        (World, "must be a Gymnasium environment"),
        (None, "must be a Gymnasium environment"),
    ],
)
def test_refuses_other_worlds_before_anything_starts(world, words, monkeypatch):
    monkeypatch.setattr(World, "reset", lambda *_, **__: pytest.fail("it started"))
    with pytest.raises(InvalidTypeError, match=words):
        SpikingAgent(seed=1).learn(world, 1)


@pytest.mark.parametrize(
    ("world", "words"),
    [
        (
            World(UNIT, spaces.Discrete(3)),
            "actions 0 to 1, but those of the environment are 0 to 2",
        ),
        (World(UNIT, spaces.Discrete(2, start=1)), "are 1 to 2"),
        (World(spaces.Box(0.0, 2.0, (2,))), "other observations"),
        (World(spaces.Box(0.0, 1.0, (3,))), "other observations"),
        (World(spaces.Discrete(4)), "other observations"),
    ],
)
def test_a_network_is_for_the_spaces_it_was_built_for(world, words, monkeypatch, tmp_path):
    agent = SpikingAgent(World(UNIT), seed=1)
    agent.save(tmp_path)
    before = agent.brain.fingerprint()
    monkeypatch.setattr(World, "reset", lambda *_, **__: pytest.fail("it started"))
    for one in (agent, SpikingAgent.load(tmp_path)):
        for go in (one.learn, one.play):
            with pytest.raises(InvalidValueError, match=words):
                go(world, 1)
        assert one.brain.fingerprint() == before
        one._spaces.check(World(spaces.Box(0.0, 1.0, (2,))))
    assert spaces_of(World(UNIT)) != spaces_of(world)


def test_a_number_without_width_changes_nothing():
    narrow = cells_for(spaces.Box(np.float32([1, 0]), np.float32([1, 1])))
    assert isinstance(narrow, PlaceCells)
    a, b = narrow.rates([1.0, 0.2]), narrow.rates([1.0, 0.9])
    assert a.sum() == pytest.approx(narrow.total, rel=0.2)
    assert (a != b).any()


@pytest.mark.parametrize(
    ("call", "words"),
    [
        (lambda a, w: a.learn(w, 1, seed="x"), "seed must be a whole number"),
        (lambda a, w: a.learn(w, 1, callback=3), "callback must be a function"),
        (lambda a, w: a.play(w, 1, options=3), "options must be a dict"),
        (lambda a, _: a.act(object()), "must consist of numbers"),
        (lambda *_: SpikingAgent().reward(1.0), "no network yet"),
        (lambda *_: SpikingAgent().save("x"), "no network yet"),
        (lambda *_: SpikingAgent(tau_eligibility=1e-9), "tau_eligibility"),
    ],
)
def test_odd_calls_say_what_is_wrong(call, words):
    world = World(UNIT)
    agent = SpikingAgent(world, seed=1)
    before = agent.brain.fingerprint()
    with pytest.raises((InvalidTypeError, InvalidValueError), match=words):
        call(agent, world)
    assert agent.brain.fingerprint() == before


@pytest.mark.parametrize(("reward", "fine"), [(np.ones(1), True), (True, True), (None, False)])
def test_a_reward_is_a_number(reward, fine):
    world = World(UNIT, rewards=(reward, reward))
    agent = SpikingAgent(world, seed=1)
    if fine:
        assert agent.learn(world, 1)[0].total == 1.0
    else:
        with pytest.raises(InvalidTypeError, match="the environment's reward"):
            agent.learn(world, 1)


# -- rewards


def units(rewards, limit=None):
    scale = RewardScale(limit)
    taken = []
    for r in rewards:
        scale.begin()
        scale.add(r, 0.9)
        taken.append(scale.taken(0.9, last=True))
    return taken


def test_offset_and_scale_of_rewards_do_not_count():
    base = [0.0, 1.0, 0.5, 0.0, 1.0]
    for factor, offset in ((1.0, 1000.0), (0.001, 0.0), (1000.0, -1e5), (1e-6, -1.0)):
        found = units([factor * r + offset for r in base])
        above = 1.0 if offset < 0 else 0.0
        np.testing.assert_allclose(found[1:], np.array(base[1:]) - above, atol=1e-6)


def test_an_offset_of_an_episode_is_a_constant_potential():
    """Errors sum up, discounted, to those of the rewards as they were, less the potential."""
    rng, gamma = np.random.default_rng(1), 0.9
    scale = RewardScale(math.inf)
    rewards = rng.uniform(3.0, 8.0, 400).tolist()
    for r in rewards:
        scale.add(r, gamma)
        scale.taken(gamma, last=False)
    base, unit = scale.base, scale.unit
    assert base == min(rewards)
    scale.begin()
    worth = []
    for k, r in enumerate(rewards[:20]):
        scale.add(r, gamma)
        worth.append(scale.taken(gamma, last=k == 19))
    discounts = gamma ** np.arange(20)
    assert discounts @ worth == pytest.approx((discounts @ rewards[:20] - base) / unit)


def test_a_rare_fall_does_not_hide_the_steps():
    def spread(limit):
        scale = RewardScale(limit)
        for k in range(200):
            scale.add(-100.0 if k % 25 == 24 else -1.0, 0.9)
        return scale

    assert spread(None).unit < 20.0
    assert spread(None).limit == pytest.approx(1.0, abs=0.02)
    assert spread(math.inf).unit > 90.0
    # What is worse stays worse.
    worst, worse, usual = units([-1.0] * 9 + [-1000.0, -10.0, -1.0])[-3:]
    assert -1.0 == worst < worse < usual == 0.0


@pytest.mark.parametrize("rewards", [(-100.0, -100.0, -1.0), (1000.0, 1000.0, 1001.0)])
def test_a_bandit_is_learned_whatever_the_offset(rewards):
    plays = []
    for seed in (0, 1):
        world = World(spaces.Discrete(1), spaces.Discrete(3), rewards)
        agent = SpikingAgent(world, seed=seed)
        agent.learn(world, 120, seed=0)
        plays += [e.total == rewards[2] for e in agent.play(world, 10, seed=5)]
    assert np.mean(plays) >= 0.8


def test_a_saved_agent_goes_on_with_the_same_range(tmp_path):
    world = World(spaces.Discrete(1), rewards=(-5.0, -4.0), steps=2)
    agent = SpikingAgent(world, seed=1)
    agent.learn(world, 8, seed=1)
    agent.save(tmp_path)
    other = SpikingAgent.load(tmp_path)
    assert other._rewards.state() == agent._rewards.state()
    assert other.reward_limit is None
    assert other.step_decay == math.inf
    for one in (agent, other):
        one.learn(world, 3, seed=2)
    assert agent.brain.fingerprint() == other.brain.fingerprint()


def test_an_agent_saved_before_rewards_had_a_range(tmp_path):
    world = World(spaces.Discrete(1), rewards=(0.0, 1.0))
    agent = SpikingAgent(world, seed=1, reward_limit=1.0)
    agent.learn(world, 5, seed=1)
    agent.save(tmp_path)
    file = tmp_path / "agent.json"
    notes = json.loads(file.read_text())
    for name in ("spaces", "rewards"):
        del notes["state"][name]
    notes["state"] |= {"n_actions": 2, "_first_action": 0, "_scale": 2.5}
    notes["state"] |= {"_past_rewards": 0.5, "_rewards": 0.25}
    notes["parameters"]["step_decay"] = None
    file.write_text(json.dumps(notes))
    old = SpikingAgent.load(tmp_path)
    assert (old.n_actions, old.step_decay, old.reward_limit) == (2, math.inf, 1.0)
    assert (old._rewards.base, old._rewards.unit) == (0.0, 2.5)
    assert old._rewards.taken(0.9, last=False) == pytest.approx(0.1)
    old.learn(world, 2, seed=3)
