"""Plots draw what was recorded, label it, and return the axes they were given."""

import builtins
import importlib
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

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
    assert ax.get_ylabel().startswith("weight (")
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


def test_units_of_time(recorded: Recorded) -> None:
    for draw in (
        lambda unit: plots.raster(recorded.spikes, unit=unit),
        lambda unit: plots.rates(recorded.rates, unit=unit),
        lambda unit: plots.traces(recorded.v, unit=unit),
    ):
        ms, s = draw("ms"), draw("s")
        assert (ms.get_xlabel(), s.get_xlabel()) == ("time (ms)", "time (s)")
        assert np.allclose(ms.get_xlim(), np.multiply(s.get_xlim(), 1000.0))
        line = s.get_lines()[0]
        assert np.allclose(ms.get_lines()[0].get_xdata(), 1000.0 * np.asarray(line.get_xdata()))
        with pytest.raises(EngramError, match="unit must be one of"):
            draw("hour")


def test_every_axis_has_a_unit(recorded: Recorded, brain: Brain) -> None:
    projection = brain.get_projection("a", "b")
    for ax in (
        plots.raster(recorded.spikes),
        plots.rates(recorded.rates),
        plots.traces(recorded.v),
        plots.weight_histogram(projection),
        plots.weight_matrix(projection),
    ):
        labels = [ax.get_xlabel(), ax.get_ylabel()]
        counted = ("neuron", "synapses")
        assert all("(" in text or any(word in text for word in counted) for text in labels)
    assert plots.weight_histogram([1.0], unit="pA").get_xlabel() == "weight (pA)"
    bar = plots.weight_matrix(projection, unit="pA").figure.axes[-1]
    assert bar.get_ylabel() == "weight (pA)"


def test_of_many_neurons_some_are_drawn_and_all_are_counted() -> None:
    rng = np.random.default_rng(1)
    times, neurons = np.sort(rng.uniform(0.0, 500.0, 50_000)), rng.integers(0, 10_000, 50_000)
    ax = plots.raster({"many": (times, neurons)}, most=1000)
    (line,) = ax.get_lines()
    assert len(line.get_xdata()) == np.count_nonzero(neurons % 10 == 0)
    assert ax.get_yticklabels()[0].get_text() == "many, 1 in 10"
    assert line.get_markersize() >= 1.2
    (panel,) = ax.child_axes
    assert panel.get_ylabel() == "rate (Hz)"
    assert np.mean(panel.get_lines()[0].get_ydata()) == pytest.approx(10.0, rel=0.02)
    assert not plots.raster({"few": (times, neurons % 100)}).child_axes
    assert plots.raster({"few": (times, neurons % 100)}, rate=True).child_axes
    with pytest.raises(EngramError, match="most"):
        plots.raster({"few": (times, neurons)}, most=0)


def test_spikes_are_drawn_on_traces_that_are_set_apart(recorded: Recorded) -> None:
    ax = plots.traces(recorded.v, spikes=recorded.spikes, peak=40.0, offset=100.0)
    at, who = recorded.spikes.spikes("a")
    for k, (line, drawn) in enumerate(zip(ax.get_lines(), ax.collections, strict=True)):
        assert np.array_equal(line.get_ydata(), recorded.v.values[:, k] + 100.0 * k)
        within = (at >= recorded.v.times[0]) & (at <= recorded.v.times[-1])
        mine = at[(who == recorded.v.neurons[k]) & within]
        segments = drawn.get_segments()
        assert [s[0][0] for s in segments] == pytest.approx(mine.tolist())
        assert all(s[1][1] == 40.0 + 100.0 * k for s in segments)
    assert sum(len(c.get_segments()) for c in ax.collections) > 0
    with pytest.raises(EngramError, match="SpikeRecorder"):
        plots.traces(recorded.v, spikes=recorded.rates)


def test_inhibition_has_its_own_bars(brain: Brain) -> None:
    projection = brain.get_projection("b", "b")
    ax = plots.weight_histogram(projection)
    assert legend_texts(ax) == ["excitatory", "inhibitory"]
    below = [p for p in ax.patches if p.get_x() < -1e-9 and p.get_height()]
    above = [p for p in ax.patches if p.get_x() >= 0.0 and p.get_height()]
    assert sum(p.get_height() for p in below) == (projection.weight < 0).sum() > 0
    assert {p.get_facecolor() for p in below}.isdisjoint({p.get_facecolor() for p in above})


def test_weights_over_time_has_median_and_bands(brain: Brain) -> None:
    recorder = brain.record("weights", brain.get_projection("b", "b"), every=5.0)
    brain.run(40)
    recorder.detach()
    ax = plots.weights_over_time(recorder)
    assert legend_texts(ax) == ["excitatory", "inhibitory"]
    positive = recorder.values[0] > 0
    expected = np.median(recorder.values[:, positive], axis=1)
    np.testing.assert_allclose(ax.get_lines()[0].get_ydata(), expected)
    assert len(ax.collections) == 4
    with pytest.raises(EngramError, match="one of weights"):
        plots.weights_over_time([1.0])


def test_growth_shows_the_history() -> None:
    made = Brain(seed=1)
    made.add_region("a", n_neurons=20)
    made.run(3000)
    ax = plots.growth(made.stats_history, unit="s")
    figures = list(made.stats_history)
    assert ax.get_lines()[0].get_ydata().tolist() == [f.n_neurons for f in figures]
    (other,) = [a for a in ax.figure.axes if a is not ax]
    assert other.get_lines()[0].get_ydata().tolist() == [f.n_synapses for f in figures]
    assert (ax.get_ylabel(), other.get_ylabel()) == ("neurons", "synapses")
    with pytest.raises(EngramError, match="no figures"):
        plots.growth([])


def test_phase_draws_one_state_against_another(brain: Brain) -> None:
    v, u = brain.record("v", "b", neurons=[1, 2]), brain.record("u", "b", neurons=[2])
    brain.run(30)
    ax = plots.phase(v, u, neuron=2)
    line = ax.get_lines()[0]
    assert np.array_equal(line.get_xdata(), v.values[:, 1])
    assert np.array_equal(line.get_ydata(), u.values[:, 0])
    assert ax.get_xlabel() == "membrane potential (mV)"
    with pytest.raises(EngramError, match="neuron 1 was not recorded"):
        plots.phase(v, u)
    with pytest.raises(EngramError, match="one region"):
        plots.phase(v, brain.record("u", "a"))


def test_network_has_every_region_and_pathway(brain: Brain) -> None:
    from matplotlib.patches import Circle, FancyArrowPatch

    ax = plots.network(brain)
    texts = [t.get_text() for t in ax.texts]
    assert texts == [f"{n}\n{r.n_alive_neurons}" for n, r in brain.regions.items()]
    between = [p for p in brain.projections if p.source != p.target]
    own = [p for p in brain.projections if p.source == p.target and p.n_synapses]
    assert sum(isinstance(p, FancyArrowPatch) for p in ax.patches) == len(between)
    assert sum(isinstance(p, Circle) for p in ax.patches) == len(brain.regions) + len(own)
    assert "glutamate" in legend_texts(ax)
    with pytest.raises(EngramError, match="no regions"):
        plots.network(Brain(seed=1))


def test_confusion_has_a_colour_bar() -> None:
    ax = plots.confusion([[8, 2], [1, 9]], ["a", "b"])
    bar = ax.figure.axes[-1]
    assert bar is not ax
    assert bar.get_ylabel() == "mistaken, of a class (%)"


def test_a_picture_is_written(tmp_path: Path) -> None:
    ax = plots.raster({"x": ([1.0], [0])})
    assert plots.save(ax, tmp_path / "a.png").read_bytes().startswith(b"\x89PNG")
    assert plots.save(ax, tmp_path / "a.svg").read_text().lstrip().startswith("<?xml")


def test_every_function_is_in_the_gallery() -> None:
    gallery = Path(__file__).parents[2] / "docs" / "gallery_of_plots"
    shown = "".join(path.read_text() for path in gallery.glob("plot_*.py"))
    functions = {n for n in plots.__all__ if callable(getattr(plots, n))}
    helpers = {"style", "title", "legend", "save"}
    assert [n for n in functions - helpers if f"plots.{n}(" not in shown] == []
