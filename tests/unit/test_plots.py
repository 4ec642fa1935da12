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

from engram import Brain, EngramError, Neurotransmitter, RegionType, plots
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
    plt.close("all")  # those of other tests
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
    assert ax.get_xlim() == (0.0, 400.0)
    assert [t.get_text() for t in ax.get_yticklabels(minor=True)] == ["0", "19", "0", "29"]
    first, last = ax.get_yticks(minor=True)[:2]
    assert (first, last) == (0.5, 19.5)
    part = plots.raster(recorded.spikes, start=100.0, stop=200.0, colors={"b": "red"})
    assert part.get_xlim() == (100.0, 200.0)
    shown = part.get_lines()[0].get_xdata()
    times = recorded.spikes.spikes("a")[0]
    assert len(shown) == np.count_nonzero((times >= 100) & (times <= 200))
    assert part.get_lines()[1].get_color() == "red"


def test_raster_of_arrays_in_seconds_when_long() -> None:
    ax = plots.raster({"x": ([0.0, 5000.0, 12000.0], [0, 1, 2]), "silent": ([], [])})
    assert ax.get_xlabel() == "time (s)"
    assert ax.get_lines()[0].get_xdata().tolist() == [0.0, 5.0, 12.0]
    for last, unit in ((9000.0, "ms"), (3.6e5, "s"), (1.2e6, "min"), (4e7, "h")):
        assert plots.raster({"x": ([0.0, last], [0, 1])}).get_xlabel() == f"time ({unit})"
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
    parts = ["median", "middle half", "5 % to 95 %"]
    assert legend_texts(ax) == [
        text
        for sign in ("excitatory", "inhibitory")
        for text in (f"{sign}, {parts[0]}", *parts[1:])
    ]
    positive = recorder.values[0] > 0
    expected = np.median(recorder.values[:, positive], axis=1)
    np.testing.assert_allclose(ax.get_lines()[0].get_ydata(), expected)
    assert len(ax.collections) == 4
    assert ax.get_ylabel() == "weight (Izhikevich's unit of input)"
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
    from matplotlib.patches import ArrowStyle, Circle, FancyArrowPatch

    ax = plots.network(brain)
    texts = [t.get_text() for t in ax.texts]
    assert texts == [f"{n}\n{r.n_alive_neurons}" for n, r in brain.regions.items()]
    assert sum(isinstance(p, Circle) for p in ax.patches) == len(brain.regions)
    kinds = [nt for p in brain.projections for nt in set(p.nt.tolist())]
    arrows = [p for p in ax.patches if isinstance(p, FancyArrowPatch)]
    assert len(arrows) == len(kinds) > len(brain.projections)
    gaba = sum(nt == Neurotransmitter.GABA for nt in kinds)
    bars = [p for p in arrows if isinstance(p.get_arrowstyle(), ArrowStyle.BracketB)]
    assert len(bars) == gaba > 0
    texts = legend_texts(ax)
    assert texts[:2] == ["glutamate", "GABA"]
    assert all(text.endswith(" synapses") for text in texts[2:])
    with pytest.raises(EngramError, match="no regions"):
        plots.network(Brain(seed=1))


def chain() -> Brain:
    made = Brain(seed=1)
    for name in ("hand", "cortex", "eye"):
        made.add_region(name, n_neurons=20)
    for name in ("first", "second"):
        made.connect_regions("eye", "cortex", density=0.2, name=name)
    made.connect_regions("cortex", "hand", density=0.2)
    made.connect_regions("hand", "cortex", density=0.2)
    return made


def test_network_goes_from_left_to_right() -> None:
    ax = plots.network(chain())
    x = {t.get_text().partition("\n")[0]: t.get_position()[0] for t in ax.texts}
    assert x["eye"] < x["cortex"] < x["hand"]


def test_arrows_between_the_same_regions_end_apart() -> None:
    from matplotlib.patches import FancyArrowPatch

    ax = plots.network(chain())
    ax.figure.canvas.draw()
    arrows = [p for p in ax.patches if isinstance(p, FancyArrowPatch)]
    ends = np.array([p.get_path().vertices[:3].mean(axis=0) for p in arrows])
    assert len({tuple(np.round(e, 3)) for e in ends}) == len(ends)


def test_network_with_positions() -> None:
    made = chain()
    given = {"eye": (0.0, 0.0), "cortex": (0.0, 50.0), "hand": (0.0, 100.0)}
    at = [t.get_position() for t in plots.network(made, positions=given).texts]
    assert at == [(0.0, pytest.approx(y)) for y in (3.2, 1.6, 0.0)]
    for wrong in ({"eye": (0, 0)}, given | {"eye": (0, 1, 2)}, given | {"eye": (0.0, 50.0)}):
        with pytest.raises(EngramError, match="position"):
            plots.network(made, positions=wrong)


def test_a_matrix_tells_no_synapse_from_weight_0(brain: Brain) -> None:
    projection = brain.get_projection("a", "b")
    ax = plots.weight_matrix(projection)
    shown = ax.get_images()[0].get_array()
    assert np.count_nonzero(~shown.mask) == projection.n_synapses
    cmap = ax.get_images()[0].get_cmap()
    assert cmap.get_bad()[:3].tolist() != list(cmap(0.5)[:3])
    assert legend_texts(ax) == ["no synapse"]


def test_lines_set_apart_claim_no_values(recorded: Recorded) -> None:
    ax = plots.traces(recorded.v, offset=100.0)
    assert [t.get_text() for t in ax.get_yticklabels()] == ["neuron 3", "neuron 8"]
    assert "mV" not in ax.get_ylabel()
    assert "50 mV" in [t.get_text() for t in ax.texts]


def test_one_volley_does_not_hide_the_rates() -> None:
    rng = np.random.default_rng(1)
    quiet, who = rng.uniform(0.0, 1000.0, 1000), rng.integers(0, 100, 1000)
    times, neurons = np.r_[quiet, np.full(100, 500.5)], np.r_[who, np.arange(100)]
    (panel,) = plots.raster({"x": (times, neurons)}, rate=True).child_axes
    rates = panel.get_lines()[0].get_ydata()
    assert rates.max() < 5 * np.median(rates)


def test_a_raster_spans_the_recording() -> None:
    made = Brain(seed=1)
    made.add_region("a", n_neurons=5)
    made.run(30)
    spikes = made.record("spikes")
    made.run(70)
    assert plots.raster(spikes).get_xlim() == (30.0, 100.0)
    spikes.clear()
    made.run(10)
    spikes.detach()
    made.run(10)
    assert spikes.span == (100.0, 110.0)
    assert plots.raster(spikes).get_xlim() == (100.0, 110.0)


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


def test_loops_keep_clear_of_pathways() -> None:
    from matplotlib.patches import FancyArrowPatch

    places = {"eye": (1.0, 0.0), "cortex": (0.0, 0.0), "hand": (0.0, -1.0)}
    ax = plots.network(chain(), positions=places)
    paths = [p.get_path().vertices for p in ax.patches if isinstance(p, FancyArrowPatch)]
    (x, y), *_ = [t.get_position() for t in ax.texts if t.get_text().startswith("hand")]
    loops = [v for v in paths if np.hypot(*(v - (x, y)).T).max() < 1.0]
    assert loops
    assert all(v[:, 1].mean() < y for v in loops)


def test_large_matrices_are_shown_in_means():
    """A matrix of all pairs of 20,000 neurons would take gigabytes."""
    brain = Brain(seed=1, mechanisms="none")
    brain.add_region("a", n_neurons=2500, connectivity=0.0)
    brain.add_region("b", n_neurons=30, connectivity=0.0)
    path = brain.connect_regions("a", "b", 0.0)
    path.add_synapses([0, 1, 2, 5, 2499], [7, 7, 7, 0, 29], [1.0, 3.0, 5.0, 2.0, 4.0], 1.0)
    ax = plots.weight_matrix(path)
    shown = ax.images[0].get_array()
    assert shown.shape == (834, 30)  # three presynaptic neurons a row
    assert shown[0, 7] == 3.0
    assert (shown[1, 0], shown[833, 29]) == (2.0, 4.0)
    assert shown.count() == 3
    assert "3 x 1" in ax.get_title(loc="left") + ax.get_title()
    assert ax.get_ylim() == (2499.5, -0.5)
