"""Recorders against what `Brain.step` and the state itself say."""

import gc
import warnings
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engram import Brain, EngramError, InvalidValueError, RegionType, UnknownNameError
from engram.recording import RateRecorder, SpikeRecorder, StateRecorder, WeightRecorder


def small(dt: float = 1.0, seed: int = 3, n: int = 20) -> Brain:
    """Two regions, driven so that both fire; grows by default."""
    brain = Brain(dt=dt, seed=seed)
    brain.add_region("a", RegionType.SENSORY, n_neurons=n, background=8.0)
    brain.add_region("b", RegionType.ASSOCIATION, n_neurons=n, background=5.0)
    brain.connect_regions("a", "b", density=0.3)
    return brain


def stepped(brain: Brain, steps: int) -> dict[str, list[tuple[int, int]]]:
    """(step, neuron) of every spike by region, from `Brain.step`."""
    seen: dict[str, list[tuple[int, int]]] = {name: [] for name in brain.regions}
    for _ in range(steps):
        at = brain.step_count
        for name, fired in brain.step().items():
            seen[name] += [(at, int(i)) for i in fired]
    return seen


def recorded(recorder: SpikeRecorder, region: str, dt: float) -> list[tuple[int, int]]:
    times, neurons = recorder.spikes(region)
    steps = np.rint(times / dt).astype(int)
    assert np.array_equal(steps * dt, times)
    return list(zip(steps.tolist(), neurons.tolist(), strict=True))


# -- spikes


@settings(max_examples=15, deadline=None)
@given(
    seed=st.integers(0, 2**32),
    dt=st.sampled_from([0.5, 1.0]),
    before=st.integers(0, 40),
    chunks=st.lists(st.integers(1, 60), min_size=1, max_size=4),
    after=st.integers(0, 20),
    region=st.sampled_from(["a", "b"]),
)
def test_spikes_are_those_of_step(
    seed: int, dt: float, before: int, chunks: list[int], after: int, region: str
) -> None:
    one = small(dt, seed)
    twin = one.copy()
    one.run(before)
    stepped(twin, before)
    both, single = one.record("spikes"), one.record("spikes", region)
    rates = one.record("rates", every=dt)
    voltages = one.record("v", region, every=dt)
    expected: dict[str, list[tuple[int, int]]] = {"a": [], "b": []}
    v = []
    for n in chunks:
        one.run(n)
        for _ in range(n):
            for name, spikes in stepped(twin, 1).items():
                expected[name] += spikes
            v.append(twin.regions[region].v.copy())
    for recorder in (both, single, rates, voltages):
        recorder.detach()
    one.run(after)
    assert recorded(both, "a", dt) == expected["a"]
    assert recorded(both, "b", dt) == expected["b"]
    assert recorded(single, region, dt) == expected[region]
    assert len(both) == len(expected["a"]) + len(expected["b"])
    assert np.array_equal(voltages.values, v)
    counts = np.rint(rates.values * 20 * dt / 1000)
    start = before
    for k, name in enumerate(("a", "b")):
        steps = np.array([s for s, _ in expected[name]], int) - start
        assert np.array_equal(counts[:, k], np.bincount(steps, minlength=sum(chunks)))
    assert np.array_equal(rates.times, (before + 1 + np.arange(sum(chunks))) * dt)


def test_spikes_through_growth_death_and_rebirth() -> None:
    one = small()
    one.growth.growth_interval = 100.0
    one.growth.neurogenesis_rate = 0.0
    twin = one.copy()
    recorder = one.record("spikes")
    one.run(350)
    expected = stepped(twin, 350)
    assert one.regions["a"].n_neurons > 20
    for brain in (one, twin):
        brain.regions["a"].kill_neurons([0, 1, 2])
        brain.growth.births_per_cycle = 3
    one.run(400)
    for name, spikes in stepped(twin, 400).items():
        expected[name] += spikes
    assert one.regions["a"].neuron_alive[:3].all()
    assert {n for _, n in expected["a"]} >= {0, 20}
    for name in ("a", "b"):
        assert recorded(recorder, name, 1.0) == expected[name]


def test_ring_keeps_the_latest_spikes() -> None:
    one = small()
    every, few = one.record("spikes"), one.record("spikes", capacity=50)
    for n in (7, 200, 1, 300):
        one.run(n)
        for region in ("a", "b"):
            spikes = recorded(every, region, 1.0)
            tail = recorded(few, region, 1.0)
            assert tail == spikes[len(spikes) - len(tail) :]
        assert len(few) == min(50, len(every))
        assert few.dropped == len(every) - len(few)
    assert few.dropped > 100


def test_spikes_as_a_table_and_which_region() -> None:
    one = small()
    recorder = one.record("spikes")
    one.run(100)
    table = recorder.to_pandas()
    assert list(table.columns) == ["time", "region", "neuron"]
    assert table["time"].is_monotonic_increasing
    assert table.index.equals(pd.RangeIndex(len(recorder)))
    assert np.array_equal(np.sort(recorder.times), table["time"])
    for region in ("a", "b"):
        times, neurons = recorder.spikes(region)
        mine = table[table["region"] == region]
        assert np.array_equal(mine["time"], times)
        assert np.array_equal(mine["neuron"], neurons)
    with pytest.raises(EngramError, match=r"one of \('a', 'b'\)"):
        recorder.spikes()
    with pytest.raises(EngramError, match="not 'c'"):
        recorder.spikes("c")


# -- samples


def test_states_at_the_right_times_whatever_the_state() -> None:
    one = small(dt=0.5)
    one.homeostasis.theta_plus = 0.5
    one.run(13)
    twin = one.copy()
    recorders = {
        name: one.record(name, "b", neurons=[4, 1], every=3.5)
        for name in ("v", "u", "activity", "theta", "exc", "inh", "a")
    }
    one.run(70)
    for sample in range(10):
        twin.run(7)
        for name, recorder in recorders.items():
            assert recorder.times[sample] == (13 + 7 * (sample + 1)) * 0.5
            state = twin.regions["b"].state(name)
            assert recorder.values.dtype == state.dtype
            assert np.array_equal(recorder.values[sample], state[[4, 1]]), name
    assert twin.regions["b"].theta.any()
    table = recorders["v"].to_pandas()
    assert list(table.columns) == [4, 1]
    assert table.index.name == "time"
    assert np.array_equal(table.to_numpy(), recorders["v"].values)


def test_the_dead_read_nan_and_newborns_take_over() -> None:
    one = small()
    recorder = one.record("v", "a", every=1.0)
    one.run(5)
    one.regions["a"].kill_neurons([3])
    one.run(5)
    assert one.regions["a"].add_neuron() == 3
    one.run(5)
    values = recorder.values
    assert np.isnan(values[5:10, 3]).all()
    assert np.isnan(values).sum() == 5


@pytest.mark.parametrize("capacity", [2, 5, 8])
@pytest.mark.parametrize("what", ["v", "weights", "rates"])
def test_decimation_keeps_samples_equally_spaced(what: str, capacity: int) -> None:
    one = small()
    one.run(17)
    twin = one.copy()

    def record(brain: Brain, **options: object) -> object:
        where = {"v": "a", "weights": brain.get_projection("a", "b"), "rates": ["a", "b"]}[what]
        return brain.record(what, where, every=2.0, **options)

    thin, full = record(one, capacity=capacity, overflow="decimate"), record(twin)
    lengths = set()
    for _ in range(100):
        one.run(3)
        twin.run(3)
        lengths.add(len(thin))
        assert len(thin) <= capacity
        interval = thin.interval
        assert interval & (interval - 1) == 0
        # On the grid from where it was attached, with none missing up to now.
        steps = np.arange(17 + interval, one.step_count + 1, interval)
        assert np.array_equal(thin.times, steps)
        if what == "rates":
            per_bin = interval // 2
            merged = full.values[: len(steps) * per_bin].reshape(len(steps), per_bin, 2).mean(1)
            np.testing.assert_allclose(thin.values, merged, rtol=1e-12)
        else:
            kept = np.isin(full.times, steps)
            assert np.array_equal(thin.values, full.values[kept], equal_nan=True)
    assert interval >= 64
    assert capacity in lengths
    assert 0 < thin.dropped <= len(full) - len(thin)


def test_samples_in_a_ring() -> None:
    one = small()
    all_v, last_v = one.record("v", "a"), one.record("v", "a", capacity=10)
    all_r, last_r = one.record("rates"), one.record("rates", capacity=4)
    one.run(95)
    assert np.array_equal(last_v.values, all_v.values[-10:])
    assert np.array_equal(last_v.times, np.arange(86.0, 96.0))
    assert last_v.dropped == 85
    assert np.array_equal(last_r.values, all_r.values[-4:])
    assert np.array_equal(last_r.times, [60.0, 70.0, 80.0, 90.0])
    assert last_r.dropped == 5


def test_rates_by_region() -> None:
    one = small()
    recorder = one.record("rates", ["b", "a"], every=50.0)
    spikes = one.record("spikes")
    one.run(220)
    assert recorder.values.shape == (4, 2)
    for k, name in enumerate(("b", "a")):
        times, _ = spikes.spikes(name)
        # One bin more, for a histogram's last one is closed.
        counts = np.histogram(times, np.arange(0, 251, 50))[0][:4]
        np.testing.assert_allclose(recorder.values[:, k], counts / 20 / 0.05)
    assert list(recorder.to_pandas().columns) == ["b", "a"]
    # Of those alive at the end of the bin.
    one.run(30)
    one.regions["b"].kill_neurons(np.arange(10))
    one.run(50)
    times, _ = spikes.spikes("b")
    count = np.count_nonzero(times >= 250)
    assert count
    assert recorder.values[-1, 0] == count / 10 / 0.05


# -- weights


def test_weights_follow_their_synapses() -> None:
    one = small()
    projection = one.get_projection("a", "b")
    chosen = np.array([7, 2, 40])
    pre, post = projection.pre[chosen], projection.post[chosen]
    recorder = one.record("weights", projection, synapses=chosen, every=10.0)
    assert np.array_equal(recorder.pre, pre)
    assert np.array_equal(recorder.post, post)
    one.run(10)
    assert np.array_equal(recorder.values[-1], projection.weight[chosen])
    # Others go and come: every place in the table shifts.
    projection.remove_synapses([0, 1, 3])
    projection.add_synapses([0, 1], [5, 6], 0.1)
    one.run(10)
    places = [
        np.flatnonzero((projection.pre == i) & (projection.post == j))[0]
        for i, j in zip(pre, post, strict=True)
    ]
    assert np.array_equal(recorder.values[-1], projection.weight[places])
    # One goes, and another takes its place between the same neurons with the same delay.
    delay = projection.delay[places[0]]
    projection.remove_synapses([places[0]])
    projection.add_synapses([pre[0]], [post[0]], 0.1, delay)
    one.run(10)
    assert np.array_equal(np.isnan(recorder.values), [[0, 0, 0], [0, 0, 0], [1, 0, 0]])
    table = recorder.to_pandas()
    assert list(table.columns) == list(zip(pre, post, strict=True))


def test_weights_of_the_dead_and_of_twins() -> None:
    one = Brain(seed=1)
    one.add_region("a", RegionType.SENSORY, n_neurons=3, connectivity=0.0)
    one.add_region("b", RegionType.MOTOR, n_neurons=3, connectivity=0.0)
    projection = one.connect_regions("a", "b", density=0.0, rule=None)
    projection.add_synapses([0, 1, 1, 2], [0, 1, 1, 2], [0.1, 0.2, 0.3, 0.4])
    assert projection.weight.tolist() == pytest.approx([0.1, 0.2, 0.3, 0.4])
    recorder = one.record("weights", projection, synapses=[1, 2, 3], every=1.0)
    one.regions["a"].kill_neurons([0])
    one.run(1)
    one.regions["b"].kill_neurons([2])
    one.run(1)
    np.testing.assert_allclose(recorder.values, [[0.2, 0.3, 0.4], [0.2, 0.3, np.nan]], rtol=1e-6)


def test_weights_through_growth() -> None:
    one = small()
    one.growth.growth_interval = 50.0
    one.growth.neurogenesis_rate = 0.0
    one.growth.pruning_age = 100.0
    one.growth.pruning_unused = 0.0
    one.growth.pruning_weight = 0.6
    one.growth.pruned_per_cycle = 1
    projection = one.get_projection("b", "b")
    n = projection.n_synapses
    recorder = one.record("weights", projection, every=25.0)
    one.run(975)
    assert one.growth.history[-1].synapses_pruned > 0
    last = recorder.values[-1]
    birth = one.network.block(projection.record)["birth"]
    assert 0 < np.isfinite(last).sum() < n
    pairs = zip(projection.pre.tolist(), projection.post.tolist(), strict=True)
    old = {pair: w for pair, w, b in zip(pairs, projection.weight, birth, strict=True) if b < 0}
    wanted = zip(recorder.pre.tolist(), recorder.post.tolist(), strict=True)
    assert np.array_equal(last, [old.get(pair, np.nan) for pair in wanted], equal_nan=True)


# -- on disk


@pytest.mark.parametrize("what", ["spikes", "v", "weights", "rates"])
def test_streams_to_disk(what: str, tmp_path: Path) -> None:
    one = small()
    where = {"weights": one.get_projection("a", "b"), "v": "a"}.get(what)
    path = tmp_path / "stream.npy"
    memory = one.record(what, where)
    disk = one.record(what, where, capacity=2, overflow="stream", path=path)
    one.run(333)
    for _ in range(2):  # While attached, and afterwards.
        assert len(disk) == len(memory) > 0
        assert disk.dropped == 0
        assert np.array_equal(disk.times, memory.times)
        pd.testing.assert_frame_equal(disk.to_pandas(), memory.to_pandas())
        one.run(200)
        disk.detach()
        memory.detach()
        one.run(7)
    raw = np.load(path)
    assert np.array_equal(raw["step"], memory._rows()["step"])
    disk.detach()  # Again: nothing happens.


def test_no_file_stays_open(tmp_path: Path) -> None:
    path = tmp_path / "stream.npy"
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        one = small()
        recorder = one.record("v", "a", overflow="stream", path=path)
        close = recorder._store._close_file
        file = recorder._store._file
        one.run(20)
        del one, recorder
        gc.collect()
        assert not close.alive
        assert file.closed
        one = small()
        with one.record("v", "a", overflow="stream", path=path) as recorder:
            file = recorder._store._file
            one.run(20)
        assert file.closed
    assert len(np.load(path)) == 20


# -- attaching, detaching, leaving no trace


def test_detaching_stops() -> None:
    one = small()
    one.run(50)
    with one.record("spikes") as spikes, one.record("v", "a") as v, one.record("rates") as rates:
        assert spikes.attached
        one.run(60)
    n = len(spikes), len(v), len(rates)
    assert n[1:] == (60, 6)
    one.run(100)
    assert (len(spikes), len(v), len(rates)) == n
    assert not spikes.attached
    assert spikes.times.min() >= 50
    assert spikes.times.max() < 110
    spikes.detach()
    assert not any(one.network.tables["logging"])


def test_recorders_come_and_go_independently() -> None:
    one = small()
    first = one.record("spikes", "a")
    one.run(50)
    second = one.record("spikes", ["a", "b"])
    one.run(50)
    first.detach()
    one.run(50)
    times, neurons = first.spikes()
    assert times.max() < 100
    later, same = second.spikes("a")
    assert np.array_equal(times[times >= 50], later[later < 100])
    assert np.array_equal(neurons[times >= 50], same[later < 100])
    assert later.max() >= 100


def test_attached_from_within_a_run() -> None:
    one = small()
    made: list[SpikeRecorder] = []

    def stimulus(brain: Brain, i: int) -> None:
        if i == 30:
            made.append(brain.record("spikes"))
            made.append(brain.record("v", "a", every=10.0))
        if i == 70:
            for recorder in made:
                recorder.detach()

    one.run(100, stimulus)
    assert made[0].times.min() >= 30
    assert made[0].times.max() < 70
    assert np.array_equal(made[1].times, [40.0, 50.0, 60.0, 70.0])


def test_recording_leaves_the_brain_as_it_is() -> None:
    one, twin = small(), small()
    for brain in (one, twin):
        brain.growth.growth_interval = 90.0
        brain.growth.neurogenesis_rate = 0.0
    recorders = [
        one.record("spikes", capacity=10),
        one.record("rates", every=7.0),
        one.record("v", "a", every=3.0, capacity=5, overflow="decimate"),
        one.record("theta", "b"),
        one.record("weights", one.get_projection("b", "b"), every=11.0),
    ]
    assert one.fingerprint() == twin.fingerprint()
    for n in (100, 1, 333):
        one.run(n)
        twin.run(n)
        assert [len(r) > 0 for r in recorders].count(True) == 5
        for recorder in recorders:
            recorder.to_pandas()
        assert one.fingerprint() == twin.fingerprint()
    for recorder in recorders:
        recorder.detach()
    assert one.fingerprint() == twin.fingerprint()
    copy = one.copy()
    one.run(50)
    copy.run(50)
    assert one.fingerprint() == copy.fingerprint()


# -- errors


def test_what_can_not_be_recorded(tmp_path: Path) -> None:
    one = small()
    for arguments, options, words in [
        (("spikes",), {"overflow": "decimate"}, "can't be decimated"),
        (("spikes",), {"overflow": "wrap"}, "one of"),
        (("spikes",), {"overflow": "stream"}, "go together"),
        (("spikes",), {"path": tmp_path / "x.npy"}, "go together"),
        (("spikes",), {"every": 1.0}, "leave out every"),
        (("spikes",), {"capacity": 1}, "at least 2"),
        (("v", "a"), {"every": 0.0}, "every"),
        (("v",), {}, "one region"),
        (("w", "a"), {}, "no recording 'w'; there are 'spikes'"),
        (("v", "c"), {}, "no region 'c'"),
        (("v", "a"), {"neurons": [20]}, r"\[0, 19\]"),
        (("weights", "a"), {}, "which Projection"),
        (("weights", one.get_projection("a", "b")), {"synapses": [10**6]}, "synapses"),
    ]:
        with pytest.raises(EngramError, match=words):
            one.record(*arguments, **options)
    assert len(one.network.processes) == len(Brain().network.processes)
    assert list(tmp_path.iterdir()) == []


def test_the_kinds_of_recorders() -> None:
    one = small()
    assert isinstance(one.record(), SpikeRecorder)
    assert isinstance(one.record("rates"), RateRecorder)
    assert isinstance(one.record("u", "a"), StateRecorder)
    assert isinstance(one.record("weights", one.get_projection("a", "a")), WeightRecorder)


# -- bounds, times and files


def test_the_default_bound_is_of_bytes(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("engram.recording.recorder.MOST_BYTES", 8800)
    one = small()
    wide, narrow = one.record("v", "a"), one.record("v", "a", neurons=[3])
    with pytest.warns(UserWarning, match=r"StateRecorder: its 0 MiB are full.*stream"):
        one.run(101)
    # A row holds the step and 20 or 1 values.
    assert (len(wide), wide.dropped) == (8800 // 88, 1)
    assert (len(narrow), narrow.dropped) == (101, 0)
    one.run(100)
    thinned = one.record("v", "a", overflow="decimate")
    asked = one.record("v", "a", capacity=50)
    wide.detach()
    narrow.detach()
    one.run(150)
    assert (len(thinned), len(asked)) == (75, 50)
    monkeypatch.setattr("engram.recording.recorder.MOST_BYTES", 150)
    with pytest.raises(InvalidValueError, match="name fewer neurons or synapses, give a capacity"):
        one.record("v", "a")


def test_wide_rows_take_no_more_than_they_fill() -> None:
    one = Brain(seed=1)
    one.add_region("a", RegionType.SENSORY, 1000, connectivity=0.0)
    recorder = one.record("v", "a")
    one.run(3)
    assert recorder._store._rows.nbytes < 10 * 4008


@pytest.mark.parametrize("what", ["spikes", "v", "weights", "rates"])
@pytest.mark.parametrize("stream", [False, True])
def test_clear_forgets_and_goes_on(what: str, stream: bool, tmp_path: Path) -> None:
    one = small()
    where = {"weights": one.get_projection("a", "b"), "v": "a"}.get(what)
    path = tmp_path / "x.npy"
    more = {"overflow": "stream", "path": path} if stream else {}
    every = {} if what == "spikes" else {"every": 20.0}
    recorder, whole = one.record(what, where, **more, **every), one.record(what, where, **every)
    one.run(210)
    recorder.clear()
    assert len(recorder) == 0
    assert recorder.dropped == 0
    one.run(150)
    later = whole.times >= 210
    assert np.array_equal(recorder.times, whole.times[later])
    if what != "spikes":
        assert np.array_equal(recorder.values, whole.values[later])
    recorder.detach()
    if stream:
        assert len(np.load(path)) == later.sum() + (what == "rates")
        with pytest.raises(InvalidValueError, match="detached"):
            recorder.clear()


def test_a_stream_is_readable_from_the_start(tmp_path: Path) -> None:
    one = small()
    path = tmp_path / "x.npy"
    recorder = one.record("v", "a", overflow="stream", path=path)
    assert len(np.load(path)) == 0
    one.run(300)
    assert len(np.load(path)) == 256
    recorder.detach()


def test_two_recorders_on_one_file_are_refused(tmp_path: Path) -> None:
    one, path = small(), tmp_path / "x.npy"
    first = one.record("v", "a", overflow="stream", path=path)
    (tmp_path / "link.npy").symlink_to(path)
    one.run(10)
    for other in (path, tmp_path / "link.npy", str(path)):
        with pytest.raises(InvalidValueError, match="another recorder writes to"):
            one.record("u", "a", overflow="stream", path=other)
    with pytest.raises(InvalidValueError, match="can't be written"):
        one.record("u", "a", overflow="stream", path=tmp_path / "no" / "x.npy")
    assert len(first) == 10
    first.detach()
    assert len(np.load(path)) == 10
    one.record("u", "a", overflow="stream", path=path).detach()
    assert len(np.load(path)) == 0


def test_misspelled_recordings_say_what_was_meant() -> None:
    one = small()
    for name, of, meant in (("spike", None, "spikes"), ("rate", "a", "rates"), ("thet", "a", "th")):
        with pytest.raises(UnknownNameError, match=f"did you mean '{meant}"):
            one.record(name, of)


def test_an_interval_must_be_a_multiple_of_dt() -> None:
    one = small(dt=0.1)
    for what, of in (("v", "a"), ("rates", None), ("weights", one.get_projection("a", "b"))):
        with pytest.raises(InvalidValueError, match=r"nearest: 0\.2 and 0\.3"):
            one.record(what, of, every=0.25)
        recorder = one.record(what, of, every=0.3)
        assert recorder.interval == 3
    with pytest.raises(InvalidValueError, match=r"nearest: 0\.1"):
        one.record("v", "a", every=0.01)
    odd = small(dt=0.3)
    assert [odd.record(w, o).interval for w, o in (("v", "a"), ("rates", None))] == [3, 33]
