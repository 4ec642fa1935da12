"""Rates, intervals and counts of spike trains, against what is known of point processes."""

import numpy as np
import pytest

from engram import InvalidValueError
from engram.analysis import (
    correlations,
    cv_isi,
    fano_factor,
    firing_rates,
    interspike_intervals,
    spike_counts,
)

SECONDS = 200.0


def renewal(shape, rate, n, seed):
    """Trains whose intervals have a gamma distribution: their CV is 1 / sqrt(shape)."""
    random = np.random.default_rng(seed)
    times, who = [], []
    for k in range(n):
        gaps = random.gamma(shape, 1000.0 / (rate * shape), int(2 * rate * SECONDS))
        at = np.cumsum(gaps)
        at = at[at < 1000.0 * SECONDS]
        times.append(at)
        who.append(np.full(len(at), k))
    order = random.permutation(sum(map(len, times)))
    return np.concatenate(times)[order], np.concatenate(who)[order]


@pytest.mark.parametrize("shape", [0.5, 1.0, 4.0, 16.0])
def test_the_cv_of_a_renewal_process(shape):
    times, who = renewal(shape, 20.0, 30, seed=1)
    assert abs(cv_isi(times, who, 30).mean() * np.sqrt(shape) - 1.0) < 0.02
    assert abs(firing_rates(times, who, 30, 1000.0 * SECONDS).mean() / 20.0 - 1.0) < 0.02


def test_a_clock_has_no_variation_however_late_it_is():
    at = 1e9 + 5.0 * np.arange(100)
    assert cv_isi(at, np.zeros(100, int), 1)[0] < 1e-6


def test_who_has_too_few_intervals_has_no_cv():
    found = cv_isi([1.0, 2.0, 4.0, 1.0, 5.0], [0, 0, 0, 2, 2], 4)
    assert np.isfinite(found).tolist() == [True, False, False, False]
    assert found[0] == pytest.approx(np.std([1.0, 2.0]) / 1.5)
    assert np.isnan(cv_isi([1.0, 2.0, 4.0], [0, 0, 0], 1, least=3)).all()


def test_counts_are_those_of_a_histogram():
    times, who = renewal(1.0, 30.0, 5, seed=2)
    found = spike_counts(times, who, 6, 7.0, stop=990.0, start=101.0)
    edges = 101.0 + 7.0 * np.arange(found.shape[1] + 1)
    assert found.shape == (6, 127)
    assert edges[-1] <= 990.0
    for k in range(5):
        assert np.array_equal(found[k], np.histogram(times[who == k], edges)[0])
    assert not found[5].any()


def test_a_bin_that_is_a_whole_number_of_steps_begins_with_its_step():
    """0.3 / 0.1 is less than 3 in floating point."""
    times = np.arange(30) * 0.1
    assert np.array_equal(
        spike_counts(times, np.zeros(30, int), 1, 0.3, 3.0), np.full((1, 10), 3.0)
    )


def test_independent_trains_do_not_correlate_and_shared_ones_do():
    times, who = renewal(1.0, 20.0, 20, seed=3)
    counts = spike_counts(times, who, 20, 5.0, 1000.0 * SECONDS)
    assert abs(correlations(counts).mean()) < 0.005
    assert len(correlations(counts)) == 190
    assert abs(fano_factor(counts) - 1.0) < 0.05
    common = np.concatenate([counts, counts[:10]])
    assert fano_factor(common) > 1.3
    assert correlations(common).max() == pytest.approx(1.0)


def test_nothing_fired():
    assert firing_rates([], [], 3, 100.0).tolist() == [0.0, 0.0, 0.0]
    assert np.isnan(cv_isi([], [], 2)).all()
    assert np.isnan(fano_factor(spike_counts([], [], 2, 1.0, 10.0)))
    assert len(correlations(spike_counts([], [], 2, 1.0, 10.0))) == 0
    assert [len(part) for part in interspike_intervals([], [])] == [0, 0]


@pytest.mark.parametrize(
    ("call", "reason"),
    [
        (lambda: firing_rates([1.0], [3], 3, 10.0), "n_neurons is 3"),
        (lambda: firing_rates([1.0], [0], 3, 0.0), "stop"),
        (lambda: firing_rates([1.0, 2.0], [0], 3, 10.0), "one entry for each of the 2"),
        (lambda: firing_rates([np.nan], [0], 3, 10.0), "finite"),
        (lambda: firing_rates(["a"], [0], 3, 10.0), "finite|numbers"),
        (lambda: firing_rates([1.0], [0.5], 3, 10.0), "whole numbers"),
        (lambda: firing_rates([1.0], [-1], 3, 10.0), "negative"),
        (lambda: spike_counts([1.0], [0], 3, 20.0, 10.0), "longer than the time"),
        (lambda: spike_counts([1.0], [0], 3, 0.0, 10.0), "bin_ms"),
        (lambda: cv_isi([1.0], [0], 1, least=1), "least"),
        (lambda: correlations([1.0, 2.0]), "shape"),
        (lambda: fano_factor([[np.inf]]), "finite"),
    ],
)
def test_bad_input_is_named(call, reason):
    with pytest.raises(InvalidValueError, match=reason):
        call()
