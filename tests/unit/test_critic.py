"""A spiking critic: value, TD error, dopamine, against their definitions."""

import math

import numpy as np
import pytest

from engram import Brain, InvalidValueError, RegionType, Relay, RewardSTDP, UnknownNameError

SLOW, FAST = 180.0, 40.0


def with_critic(dt=1.0, **parameters):
    brain = Brain(dt=dt, seed=1)
    brain.freeze_homeostatic_scaling()
    brain.freeze_structural_plasticity()
    for name, n in (("place", 3), ("critic", 4), ("actor", 2)):
        brain.add_region(name, RegionType.SENSORY, n, 0.0, model=Relay, excitatory=1.0, rule=None)
    rule = RewardSTDP(baseline_dopamine=0.0, dopamine_decay=30.0)
    for name in ("critic", "actor"):
        brain.connect_regions("place", name, wiring="all_to_all", weights=0.01, rule=rule)
    given = {"tau_value": SLOW, "tau_rise": FAST, "value_per_hz": 0.1, **parameters}
    critic = brain.add_critic("critic", ["proj:place->critic", "proj:place->actor"], **given)
    return brain, critic


def kernel(t, slow=SLOW, fast=FAST):
    """In 1/s, of times in ms."""
    t = np.asarray(t, float)
    return np.where(t > 0, np.exp(-t / slow) - np.exp(-t / fast), 0.0) / (slow - fast) * 1e3


def drive(brain, critic, steps, seed=0, rewards=()):
    """Spikes at random; values after each step, and when spikes and rewards were, in ms."""
    rng = np.random.default_rng(seed)
    spikes, values, errors, dopamine = [], [], [], []
    for _ in range(steps):
        neurons = np.flatnonzero(rng.random(4) < 0.03)
        brain.inject_current("critic", neurons, 1.0)
        if brain.step_count in rewards:
            critic.reward(2.0)
        brain.run(1)
        # A spike counts from the start of the step after it.
        spikes += [brain.time] * len(neurons)
        values.append(critic.value)
        errors.append(critic.td_error)
        dopamine.append(brain.dopamine("proj:place->actor"))
    return np.array(spikes), np.array(values), np.array(errors), np.array(dopamine)


@pytest.mark.parametrize("dt", [0.5, 1.0])
def test_the_value_is_the_filtered_rate(dt):
    brain, critic = with_critic(dt, value_at_rest=-0.3)
    spikes, values, _, _ = drive(brain, critic, 600)
    times = dt * (1 + np.arange(600))
    expected = -0.3 + 0.1 * kernel(times[:, None] - spikes).sum(axis=1) / 4
    np.testing.assert_allclose(values, expected, rtol=1e-9, atol=1e-12)


def test_the_td_error_is_that_of_its_definition():
    tau = 900.0
    brain, critic = with_critic(tau_discount=tau, value_at_rest=0.2)
    spikes, _, errors, _ = drive(brain, critic, 600, rewards=(100, 350))
    for t in (50, 101, 180, 351, 599):
        # Means over the step, by fine sums.
        fine = t + (np.arange(1000) + 0.5) / 1000
        seen = spikes[spikes <= t]

        def value(x, seen=seen):
            return 0.2 + 0.1 * kernel(np.asarray(x)[:, None] - seen).sum(axis=1) / 4

        change = (value([t + 1.0]) - value([float(t)]))[0] * 1e3
        reward = 2.0 * sum(kernel(fine - when).mean() for when in (100, 350))
        expected = change - 1e3 * value(fine).mean() / tau + reward
        assert errors[t] == pytest.approx(expected, rel=1e-5)


def test_the_error_of_a_reward_adds_up_to_it():
    brain, critic = with_critic(prediction=False)
    critic.reward(3.0)
    total = 0.0
    for _ in range(3000):
        brain.run(1)
        total += 1e-3 * critic.td_error
    assert total == pytest.approx(3.0, rel=1e-5)


def test_a_predicted_reward_is_no_surprise():
    """What V rises by ahead of a reward is taken off when it falls after it."""
    brain, critic = with_critic(tau_discount=1e9)
    _, _, errors, _ = drive(brain, critic, 500)
    errors = list(errors)
    for _ in range(3000):
        brain.run(1)
        errors.append(critic.td_error)
    assert max(errors) > 1.0
    assert 1e-3 * sum(errors) == pytest.approx(0.0, abs=1e-4)


def test_dopamine_follows_the_error():
    brain, critic = with_critic(gain=1.7)
    _, _, errors, dopamine = drive(brain, critic, 500, rewards=(200,))
    kept, expected = math.exp(-1 / 30.0), 0.0
    for t in range(500):
        expected = (expected + 1.7 * errors[t] * (1 - kept)) * kept
        assert dopamine[t] == pytest.approx(expected, rel=1e-9, abs=1e-12)
    assert brain.dopamine("proj:place->critic") == brain.dopamine("proj:place->actor")


def test_without_prediction_the_error_is_the_reward():
    brain, critic = with_critic(prediction=False)
    _, values, errors, _ = drive(brain, critic, 400, rewards=(200,))
    assert values[:200].max() > 0
    assert not errors[:200].any()
    assert errors[260] > 0


def test_plain_reward_stays_beside_it():
    brain, _ = with_critic()
    brain.reward(1.5, "proj:place->actor")
    assert brain.dopamine("proj:place->actor") == 1.5
    assert brain.dopamine("proj:place->critic") == 0.0


def test_it_can_be_reset():
    for of_the_brain in (False, True):
        brain, critic = with_critic()
        drive(brain, critic, 100, rewards=(90,))
        assert critic.value > 0
        if of_the_brain:
            brain.reset_state()
        else:
            critic.reset()
        assert critic.value == critic.td_error == 0.0
        brain.run(20)
        assert abs(critic.value) < 1e-12
        assert critic.td_error == 0.0


def test_equal_time_constants_are_the_limit():
    brain, critic = with_critic(tau_rise=SLOW)
    spikes, values, _, _ = drive(brain, critic, 300)
    t = 300.0 - spikes
    alpha = np.where(t > 0, t / SLOW**2 * np.exp(-t / SLOW) * 1e3, 0.0)
    assert values[-1] == pytest.approx(0.1 * alpha.sum() / 4, rel=1e-3)


def test_bad_input():
    brain, critic = with_critic()
    before = brain.fingerprint()
    for act, error in (
        (lambda: brain.add_critic("critic", "proj:place->actor"), InvalidValueError),
        (lambda: brain.add_critic("nowhere", "proj:place->actor"), UnknownNameError),
        (lambda: brain.add_critic("actor", "proj:place->nowhere"), UnknownNameError),
        (lambda: brain.add_critic("actor", []), InvalidValueError),
        (lambda: brain.add_critic("actor", "region:actor"), InvalidValueError),
        (lambda: brain.add_critic("actor", "proj:place->actor", tau=1.0), UnknownNameError),
        (lambda: critic.reward(math.nan), InvalidValueError),
        (lambda: critic.assign("tau_discount", 0.0), InvalidValueError),
    ):
        with pytest.raises(error):
            act()
    assert brain.fingerprint() == before
    assert critic.region == "critic"
