"""Parts for circuits that live on: consolidation, a retina, self-training, few labels."""

from __future__ import annotations

import numpy as np
import pytest

pytest.importorskip("sklearn")

from engram import Competition, InvalidValueError
from engram.circuits import lifelong_settings
from engram.learn import ClassProfiles, CoActivity, Conscience, ConsolidatedCircuit, Retina, live_on

SIDE = 4


def circuit(n_neurons: int = 5, n_inputs: int = SIDE**2, theta: float = -6.0) -> Competition:
    net = Competition.with_settings(lifelong_settings(n_inputs), n_inputs, n_neurons, seed=1)
    net.theta[:] = theta
    return net


def noise(n: int) -> np.ndarray:
    return np.random.default_rng(1).integers(0, 256, (n, SIDE**2)).astype(np.uint8)


# ------------------------------------------------------------------ consolidation
@pytest.mark.parametrize(("constancy", "stays"), [(1e-6, True), (np.inf, False)])
def test_used_neurons_stay_as_they_are(constancy: float, stays: bool) -> None:
    net = ConsolidatedCircuit(circuit(), constancy)
    first, second = noise(50).reshape(2, 25, -1)
    counts = net.learn(first)
    np.testing.assert_array_equal(net.used, counts.sum(axis=0))
    used = net.used > 0
    weights, theta = net.circuit.weights, net.circuit.theta.copy()
    net.learn(second)
    assert used.any()
    change = np.abs(net.circuit.weights - weights)[:, used].max()
    risen = np.abs(net.circuit.theta - theta)[used].max()
    assert (change < 1e-5) == stays
    # What is left is the thresholds' own slow decay.
    assert (risen < 0.01) == stays


def test_half_of_a_change_is_kept_after_as_many_spikes_as_the_constancy() -> None:
    plain, kept = circuit(), circuit()
    net = ConsolidatedCircuit(kept, 20.0, chunk=10)
    net.used[:] = 20.0
    before = kept.weights
    images = noise(10)
    fired = plain.learn(images).any(axis=0)
    net.learn(images)
    whole, half = (c.weights[:, fired] - before[:, fired] for c in (plain, kept))
    assert np.abs(whole).max() > 0.01
    np.testing.assert_allclose(half, 0.5 * whole, atol=1e-5)


@pytest.mark.parametrize("wrong", [{"constancy": 0.0}, {"constancy": 1.0, "chunk": 0}])
def test_consolidation_refuses(wrong: dict[str, float]) -> None:
    with pytest.raises(InvalidValueError, match="ConsolidatedCircuit"):
        ConsolidatedCircuit(circuit(), **wrong)  # type: ignore[arg-type]


# ------------------------------------------------------------------ a retina
@pytest.mark.parametrize(("images", "as_before"), [(300, True), (0, False)])
def test_a_retina_that_adapts_undoes_an_inversion(images: int, as_before: bool) -> None:
    X = np.zeros((max(images, 1), 20), np.uint8)
    X[:, :5] = np.arange(5) * 50
    retina = Retina()
    assert (retina.see(X) == X).all()
    retina.see(255 - X[:images])
    assert (retina.look(255 - X) == X).all() == as_before


def test_a_background_moves_by_a_step_with_each_image_and_not_when_it_only_looks() -> None:
    retina = Retina(step=2.0)
    retina.see(np.full((3, 4), 255, np.uint8))
    assert retina.background == 6.0
    retina.look(np.full((3, 4), 255, np.uint8))
    assert retina.background == 6.0
    still = Retina(step=0.0)
    still.see(np.full((3, 4), 255, np.uint8))
    assert still.background == 0.0


@pytest.mark.parametrize("wrong", [np.zeros(4, np.uint8), np.zeros((2, 2)), [[0, 256]]])
def test_a_retina_sees_bytes(wrong: object) -> None:
    with pytest.raises(InvalidValueError, match="grey levels"):
        Retina().see(wrong)  # type: ignore[arg-type]


# ------------------------------------------------------------------ self-training
def test_a_class_that_was_answered_often_has_to_be_more_certain() -> None:
    often = np.array([[0.55, 0.45]])
    with_one, without = Conscience(2, balance=0.05), Conscience(2, balance=0.0)
    for _ in range(6):
        answers = [int(c.decide(often)[0][0]) for c in (with_one, without)]
    assert without.bias.tolist() == [0.0, 0.0]
    assert with_one.bias.sum() == pytest.approx(0.0)
    assert answers[1] == 0
    rare = np.array([[0.5, 0.5]])
    assert with_one.decide(rare)[0][0] == 1
    assert without.decide(rare)[0][0] == 0


def test_only_what_is_far_enough_ahead_is_clear() -> None:
    shares = np.array([[0.6, 0.4], [0.52, 0.48]])
    assert Conscience(2, margin=0.1).decide(shares)[1].tolist() == [True, False]
    assert Conscience(2, margin=0.0).decide(shares)[1].tolist() == [True, True]


def bars(turned: int) -> np.ndarray:
    """Twenty images of either of two bars, moved by so many columns."""
    images = np.zeros((20, SIDE, SIDE), np.uint8)
    images[::2, 0], images[1::2, 2] = 255, 255
    return np.roll(images, turned, axis=1).reshape(20, -1)


def lived(feedback: float, margin: float = 0.05) -> tuple[np.ndarray, np.ndarray, float]:
    """Where neurons learned, what was answered, and how the class was spoken for before."""
    net = circuit(6)
    net.target_spikes, net.theta_plus = 5.0, 0.3
    for _ in range(4):
        net.learn(bars(0))
    reader = ClassProfiles(prior=0.03)
    reader.fit(net.respond(bars(0), inhibition=5.0), np.arange(20) % 2)
    before = net.weights
    net.theta_plus = 0.0
    answered = live_on(
        net,
        reader,
        bars(0)[np.newaxis],
        feedback=feedback,
        conscience=Conscience(2, margin=margin, balance=0.0),
        inhibition=5.0,
    )
    return np.abs(net.weights - before).sum(axis=0), answered, float(net.theta.sum())


def test_a_circuit_learns_what_it_answers_clearly() -> None:
    change, answered, _ = lived(feedback=5.0)
    assert change.max() > 0.0
    assert (answered == np.arange(20) % 2).mean() > 0.9
    unclear, none, _ = lived(feedback=5.0, margin=2.0)
    assert unclear.max() == 0.0
    assert set(none) == {-1}


def test_feedback_changes_who_learns_and_leaves_thresholds_as_they_were() -> None:
    (with_it, _, theta), (without, _, as_before) = lived(feedback=5.0), lived(feedback=0.0)
    assert not np.allclose(with_it, without)
    # Thresholds move by their own homeostasis alone, a little.
    assert theta == pytest.approx(as_before, abs=1.0)


def test_views_have_three_axes() -> None:
    reader = ClassProfiles().fit([[1] * 5, [2] * 5], [0, 1])
    with pytest.raises(InvalidValueError, match="views"):
        live_on(circuit(), reader, bars(0))


# ------------------------------------------------------------------ few labels
def groups(n: int, seed: int = 0) -> tuple[np.ndarray, np.ndarray]:
    """Counts of 20 neurons, of which ten answer either class, three of them each time."""
    random = np.random.default_rng(seed)
    y = np.arange(n) % 2
    counts = np.zeros((n, 20), int)
    for row, c in zip(counts, y, strict=True):
        row[10 * c + random.permutation(10)[:3]] = 2
    return counts, y


def test_labels_spread_along_co_activity() -> None:
    unlabelled, _ = groups(300)
    test, truth = groups(100, seed=1)
    known, y = groups(2, seed=2)
    spread = CoActivity(partners=3).watch(unlabelled).fit(known, y)
    assert spread.score(test, truth) == 1.0
    # Not spread, only the few neurons that were labelled speak.
    alone = CoActivity(partners=3, spreading=0.0).watch(unlabelled).fit(known, y)
    assert alone.score(test, truth) < 0.95
    assert np.count_nonzero(alone.profiles_) == 6
    np.testing.assert_allclose(spread.profiles_.sum(axis=0), 1.0)


def test_co_activity_refuses() -> None:
    counts, y = groups(4)
    with pytest.raises(InvalidValueError, match="spreading"):
        CoActivity(spreading=1.0).watch(counts)
    with pytest.raises(InvalidValueError, match="those watched were of 20"):
        CoActivity().watch(counts).fit(counts[:, :5], y)
    assert CoActivity().fit(counts, y).spread_.shape == (20, 20)


def test_a_neuron_without_history_speaks_for_no_class() -> None:
    decoder = ClassProfiles(prior=0.1).fit([[4, 0], [0, 0]], [0, 1])
    scores = decoder.class_scores([[0, 3]])
    assert scores[0, 0] == scores[0, 1] > 0
    with pytest.raises(InvalidValueError, match="prior"):
        ClassProfiles(prior=-1.0).fit([[4, 0], [0, 0]], [0, 1])
