"""What the experiments on time and sleep count: patterns, answers, scores."""

import numpy as np
import pytest

from benchmarks.learning import sleep_gain, spike_times


def test_patterns_differ_in_times_only() -> None:
    patterns = spike_times.templates(3, np.random.default_rng(0))
    assert patterns.shape == (6, spike_times.INPUTS)
    assert np.allclose(np.sort(patterns, axis=1), np.sort(patterns[0]))
    assert np.allclose(patterns[3:], spike_times.LENGTH - patterns[:3])


def test_counts_are_the_same_but_for_lost_spikes() -> None:
    random = np.random.default_rng(1)
    times, classes = spike_times.samples(spike_times.templates(2, random), 400, random)
    counts = spike_times.binned(times, spike_times.WIDTHS["counts"])
    assert np.bincount(classes).tolist() == [100] * 4
    assert set(np.unique(counts)) == {0.0, 1.0}
    assert counts.mean() == pytest.approx(1 - spike_times.MISSING, abs=0.01)


def test_bins_keep_every_spike() -> None:
    times = np.array([[0.0, 4.9, 5.0, np.inf]])
    assert spike_times.binned(times, 5.0)[:, :8].tolist() == [[1, 1, 0, 0, 0, 0, 1, 0]]


def test_the_class_that_fires_most_alone_is_the_answer() -> None:
    spikes = np.array([[1, 1, 0, 1], [0, 1, 1, 0], [0, 0, 0, 0]])
    assert spike_times.choice(spikes, 2).tolist() == [0, -1, -1]


def groups() -> list[np.ndarray]:
    n = sleep_gain.MEMBERS
    return [np.arange(k * n, (k + 1) * n) for k in range(sleep_gain.GROUPS)]


def test_a_perfect_recall_scores_100() -> None:
    first = np.full(sleep_gain.CELLS, np.inf)
    for k, group in enumerate(groups()):
        first[group] = 10.0 * k
    assert sleep_gain.fidelity(first, groups()) == pytest.approx((100, 100, 0, 100))


def test_everybody_at_once_and_a_reversed_order_score_nothing() -> None:
    n = sleep_gain.CELLS
    assert sleep_gain.fidelity(np.zeros(n), groups())[0] == 0
    backward = np.full(n, np.inf)
    for k, group in enumerate(groups()):
        backward[group] = -10.0 * k
    score, recalled, false, order = sleep_gain.fidelity(backward, groups())
    assert (score, recalled, false, order) == pytest.approx((0, 100, 0, -100))


def test_nobody_scores_nothing() -> None:
    nobody = np.full(sleep_gain.CELLS, np.inf)
    assert sleep_gain.fidelity(nobody, groups()) == (0, 0, 0, 0)
