"""Plots draw what was recorded, label it, and return the axes they were given."""

import builtins
import importlib
import sys
from collections.abc import Iterator
from dataclasses import dataclass

import matplotlib
import numpy as np
import pytest

matplotlib.use("Agg")

import matplotlib.pyplot as plt
from matplotlib.figure import Figure

from engram import Brain, EngramError, RegionType, plots
from engram.recording import Recorder


@dataclass
class Recorded:
    brain: Brain
    spikes: Recorder
    rates: Recorder
    v: Recorder


@pytest.fixture(scope="module")
def recorded() -> Recorded:
    made = Brain(seed=5)
    made.add_region("a", RegionType.SENSORY, n_neurons=20, background=8.0)
    made.add_region("b", RegionType.ASSOCIATION, n_neurons=30)
    made.connect_regions("a", "b", density=0.2)
    spikes, rates = made.record("spikes"), made.record("rates", every=10.0)
    life = Recorded(made, spikes, rates, made.record("v", "a", neurons=[3, 8]))
    made.run(400)
    for recorder in (life.spikes, life.rates, life.v):
        recorder.detach()
    return life


@pytest.fixture(scope="module")
def brain(recorded: Recorded) -> Brain:
    return recorded.brain


@pytest.fixture(autouse=True)
def _closed() -> Iterator[None]:
    yield
    plt.close("all")


def legend_texts(ax: object) -> list[str]:
    return [t.get_text() for t in ax.get_legend().get_texts()]


def test_all_draw_into_the_axes_given(brain: Brain, recorded: Recorded) -> None:
    projection = brain.get_projection("a", "b")
    before = plt.get_fignums()
    for draw in (
        lambda ax: plots.raster(recorded.spikes, ax),
        lambda ax: plots.rates(recorded.rates, ax),
        lambda ax: plots.traces(recorded.v, ax),
        lambda ax: plots.weight_histogram(projection, ax=ax),
        lambda ax: plots.weight_histogram(projection.weight, projection.weight * 2, ax),
        lambda ax: plots.weight_matrix(projection, ax),
    ):
        ax = Figure().subplots()
        assert draw(ax) is ax
        ax.figure.canvas.draw()
        assert plt.get_fignums() == before
        assert ax.get_xlabel()
        assert ax.get_ylabel()
        own = draw(None)
        own.figure.canvas.draw()
        assert own.figure is not ax.figure
        assert plt.get_fignums()
        plt.close("all")


def test_raster_marks_every_spike(recorded: Recorded) -> None:
    ax = plots.raster(recorded.spikes)
    a, b = ax.get_lines()
    for line, region, offset in ((a, "a", 0.5), (b, "b", 20 + 2 + 0.5)):
        times, neurons = recorded.spikes.spikes(region)
        assert len(times)
        assert np.array_equal(line.get_xdata(), times)
        assert np.array_equal(line.get_ydata(), neurons + offset)
    assert [t.get_text() for t in ax.get_yticklabels()] == ["a (20)", "b (30)"]
    assert ax.get_xlabel() == "time (ms)"
    assert a.get_color() != b.get_color()
    part = plots.raster(recorded.spikes, start=100.0, stop=200.0, colors={"b": "red"})
    assert part.get_xlim() == (100.0, 200.0)
    shown = part.get_lines()[0].get_xdata()
    times = recorded.spikes.spikes("a")[0]
    assert len(shown) == np.count_nonzero((times >= 100) & (times <= 200))
    assert part.get_lines()[1].get_color() == "red"


def test_raster_of_arrays_in_seconds_when_long() -> None:
    ax = plots.raster({"x": ([0.0, 5000.0, 9000.0], [0, 1, 2]), "silent": ([], [])})
    assert ax.get_xlabel() == "time (s)"
    assert ax.get_lines()[0].get_xdata().tolist() == [0.0, 5.0, 9.0]
    assert plots.raster({"silent": ([], [])}).get_lines()[0].get_xdata().size == 0


def test_rates_are_means_over_the_window(recorded: Recorded) -> None:
    ax = plots.rates(recorded.rates, window=10.0)
    assert legend_texts(ax) == ["a", "b"]
    assert np.array_equal(ax.get_lines()[0].get_ydata(), recorded.rates.values[:, 0])
    assert np.array_equal(ax.get_lines()[0].get_xdata(), recorded.rates.times - 5.0)
    smooth = plots.rates(recorded.rates, window=40.0).get_lines()[1]
    values = recorded.rates.values[:, 1]
    expected = [values[k : k + 4].mean() for k in range(len(values) - 3)]
    np.testing.assert_allclose(smooth.get_ydata(), expected)
    assert smooth.get_xdata()[0] == 20.0
    one = plots.rates({"a": (recorded.rates.times, recorded.rates.values[:, 0])}, window=10.0)
    assert np.array_equal(one.get_lines()[0].get_ydata(), recorded.rates.values[:, 0])
    assert one.get_legend() is None


def test_traces(recorded: Recorded) -> None:
    ax = plots.traces(recorded.v)
    assert legend_texts(ax) == ["neuron 3", "neuron 8"]
    assert ax.get_ylabel() == "membrane potential (mV)"
    for k, line in enumerate(ax.get_lines()):
        assert np.array_equal(line.get_xdata(), recorded.v.times)
        assert np.array_equal(line.get_ydata(), recorded.v.values[:, k])
    only = plots.traces(recorded.v, neurons=[8]).get_lines()
    assert len(only) == 1
    assert np.array_equal(only[0].get_ydata(), recorded.v.values[:, 1])
    with pytest.raises(EngramError, match="neuron 4 was not recorded"):
        plots.traces(recorded.v, neurons=[4])


def test_histograms_count_every_synapse(brain: Brain) -> None:
    projection = brain.get_projection("b", "b")
    ax = plots.weight_histogram(projection)
    assert sum(p.get_height() for p in ax.patches) == projection.n_synapses
    assert "b \u2192 b" in ax.get_title(loc="left")
    left = min(p.get_x() for p in ax.patches)
    assert left == pytest.approx(projection.weight.min())
    ax = plots.weight_histogram([0.5, 0.7], [0.5, 0.7, 2.0], labels=("then", "now"))
    assert legend_texts(ax) == ["then", "now"]
    assert ax.get_xlim() == (0.0, 2.0)
    assert plots.weight_histogram([]).patches


def test_matrix_has_the_weights_in_place(brain: Brain) -> None:
    for pair in (("a", "b"), ("b", "b")):
        projection = brain.get_projection(*pair)
        ax = plots.weight_matrix(projection)
        matrix = np.asarray(ax.get_images()[0].get_array())
        assert matrix.shape == tuple(brain.regions[name].n_neurons for name in pair)
        np.testing.assert_allclose(matrix, projection.to_scipy().toarray(), rtol=1e-6)
        low, high = ax.figure.axes[-1].get_ylim()
        assert (low < 0) == bool((projection.weight < 0).any())
        assert high == pytest.approx(matrix.max())


def test_wrong_things_are_refused() -> None:
    with pytest.raises(EngramError, match="not list"):
        plots.raster([1, 2])
    with pytest.raises(EngramError, match="no regions"):
        plots.raster({})
    with pytest.raises(EngramError, match="no regions"):
        plots.rates({})
    with pytest.raises(EngramError, match="not list"):
        plots.rates([1, 2])


def test_without_matplotlib_it_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    real = builtins.__import__

    def without(name: str, *rest: object) -> object:
        if name.startswith("matplotlib"):
            raise ImportError(name)
        return real(name, *rest)

    monkeypatch.delitem(sys.modules, "engram.plots")
    monkeypatch.setattr(builtins, "__import__", without)
    with pytest.raises(EngramError, match=r'pip install "\.\[viz\]"'):
        importlib.import_module("engram.plots")


def test_traces_of_weights(brain: Brain) -> None:
    recorder = brain.record("weights", brain.get_projection("a", "b"), synapses=[0, 1, 2], every=1)
    brain.run(20)
    recorder.detach()
    ax = plots.traces(recorder)
    assert len(ax.lines) == 3
    assert ax.get_ylabel() == "weight"
    assert ax.get_title(loc="left") == "a \u2192 b"
    pairs = zip(recorder.pre, recorder.post, strict=True)
    assert legend_texts(ax) == [f"{i} \u2192 {j}" for i, j in pairs]
    onto = plots.traces(recorder, neurons=[recorder.post[1]])
    assert len(onto.lines) == np.count_nonzero(recorder.post == recorder.post[1])
    with pytest.raises(EngramError, match="was not recorded"):
        plots.traces(recorder, neurons=[1000])
    with pytest.raises(EngramError, match="must be one of states or weights"):
        plots.traces(brain.record("spikes"))


def test_a_histogram_covers_the_weights_and_zero() -> None:
    for weights, limits in (([-3.0, -1.0], (-3.0, 0.0)), ([1.0, 2.0], (0.0, 2.0)), ([0.0], (0, 1))):
        assert plots.weight_histogram(weights).get_xlim() == pytest.approx(limits)
