"""What stands beside a brain: an agent's world, a pad for digits."""

from __future__ import annotations

import gymnasium
import numpy as np
import pytest

from engram import EngramError, InvalidValueError, datasets
from engram.learn import SpikingAgent, STDPClassifier
from engram.live import actions, digits, world


def do(page, name, /, **arguments):
    return actions.carry_out(page, {"id": 1, "do": name, **arguments})


def test_a_grid_and_its_agent():
    env = gymnasium.make("engram/GridWorld-v0", size=3, walls=[(1, 1)], max_episode_steps=5)
    agent = SpikingAgent(env, seed=1)
    page, watched = world.watch(agent, env)
    with page:
        assert page.views.described() == {"world": "grid", "digits": False}
        observation, _ = watched.reset(seed=1)
        (told,) = page.views.messages()
        assert told["at"] == observation.tolist()
        assert (told["size"], told["goal"], told["walls"]) == (3, [2, 2], [[1, 1]])
        agent.learn(watched, 2, seed=1)
        told = page.views.messages()
        episodes = [m for m in told if m["type"] == "event"]
        assert [e["episode"] for e in episodes] == [2, 3]
        assert sum(m["type"] == "world" for m in told) == 1
        assert page.views.messages() == []
        do(page, "explore", on=False)
        assert not page.views.learning
        do(page, "world_reset")
        watched.reset()
        do(page, "world_reset")
        assert watched.step(0)[3]
        with pytest.raises(InvalidValueError, match="no pad"):
            do(page, "digit", pixels=[0.0] * 784)
        with pytest.raises(EngramError):
            do(page, "explore", on=1)


def test_a_page_and_an_agent_that_learns_give_the_same_future():
    env = gymnasium.make("engram/GridWorld-v0", size=3, max_episode_steps=5)
    one, two = SpikingAgent(env, seed=1), SpikingAgent(env, seed=1)
    page, watched = world.watch(two, env)
    with page:
        assert one.learn(env, 3, seed=4) == two.learn(watched, 3, seed=4)
    assert one.brain.fingerprint() == two.brain.fingerprint()


def test_a_pole():
    agent, env = world.made("cartpole", 1)
    page, watched = world.watch(agent, env)
    with page:
        observation, _ = watched.reset(seed=2)
        (told,) = page.views.messages()
        assert told["x"] == pytest.approx(float(observation[0]))
        assert told["angle"] == pytest.approx(float(observation[2]))
        assert told["actions"] == ["left", "right"]


def test_other_worlds_are_told_in_words():
    env = gymnasium.make("MountainCar-v0")
    view = world.WorldView(SpikingAgent(env, seed=1), env)
    view.began(env.reset(seed=1)[0])
    assert view.messages()[0]["kind"] == "other"


def test_drawings_are_centred():
    image = np.zeros((28, 28))
    image[2:12, 3:5] = 1.0
    found = digits.centred(image.ravel())
    rows, columns = np.flatnonzero(found.any(axis=1)), np.flatnonzero(found.any(axis=0))
    assert (len(rows), len(columns)) == (20, 4)
    assert rows[0] == 4
    assert columns[0] == 12
    assert found.max() == pytest.approx(1.0)
    for bad in (np.zeros(784), np.ones(783), [2.0] * 784, ["a"] * 784, None, [[1.0] * 28] * 28):
        with pytest.raises(EngramError, match="digit:"):
            digits.centred(bad)


def test_resizing_keeps_the_mean():
    image = np.random.default_rng(1).uniform(size=(13, 7))
    for shape in ((5, 5), (20, 20), (13, 7), (1, 1)):
        assert digits.resized(image, *shape).mean() == pytest.approx(image.mean())


@pytest.fixture(scope="module")
def fitted():
    small = datasets.digits()
    classifier = STDPClassifier(20, steps=60, random_state=1)
    return classifier.fit(small.X_train[:60], small.y_train[:60])


def test_a_drawing_is_answered_and_the_brain_stays(fitted):
    before = fitted.circuit_.brain.fingerprint()
    image = np.zeros((28, 28))
    image[4:24, 13:16] = 1.0
    answer = digits.DigitView(fitted).do("digit", {"pixels": image.ravel().tolist()})
    assert answer["label"] in answer["scores"]
    assert set(answer["scores"]) == set(map(str, fitted.classes_))
    assert answer["neurons"]
    spikes = [n for _, n in answer["neurons"]]
    assert spikes == sorted(spikes, reverse=True)
    assert fitted.circuit_.brain.fingerprint() == before
    # What is drawn as the data are is answered as the classifier answers them.
    small = digits.at_hand()
    if small.images.shape[1] == 64:
        sample = digits.as_sample(np.kron(np.eye(4), np.ones((7, 7))), 64, 16.0)
        assert sample.shape == (1, 64)
        assert sample.max() == 16.0


def test_a_pad_without_lessons_says_so():
    view = digits.DigitView(STDPClassifier(20))
    with pytest.raises(InvalidValueError, match="some digits first"):
        view.do("digit", {"pixels": [1.0] * 784})


def test_a_pickled_classifier(fitted, tmp_path):
    import pickle

    path = tmp_path / "classifier.pickle"
    path.write_bytes(pickle.dumps(fitted))
    assert digits.loaded(path).n_neurons == 20
    for content in (pickle.dumps([1]), b"", b"nothing"):
        path.write_bytes(content)
        with pytest.raises(InvalidValueError, match="pickle"):
            digits.loaded(path)
