"""What pages see is what the brain has: frames, pictures, events, the whole life."""

from __future__ import annotations

import base64
import math

import numpy as np
import pytest

from engram import Brain, RegionType
from engram.live import picture, shape
from engram.live.stage import Stage
from engram.neurons import NeuronType
from tests.unit.live_reading import Frame, flags, frame

COLUMNS = list(picture.REGION_COLUMNS), list(picture.PATHWAY_COLUMNS)


def built(mechanisms="all", **more) -> Brain:
    brain = Brain(seed=3, mechanisms=mechanisms)
    brain.add_region("eye", RegionType.SENSORY, n_neurons=30)
    brain.add_region("cortex", RegionType.ASSOCIATION, n_neurons=60, **more)
    brain.connect_regions("eye", "cortex", density=0.2)
    return brain


def shown(stage: Stage) -> Frame:
    return frame(stage.frame(True, False, 2.5, 0.03))


def test_a_frame_has_the_numbers_of_the_brain():
    brain = built()
    brain.hold("eye", [0.8, 0.2])
    brain.run(100)
    stage = Stage(brain, 1)
    spikes = {name: r.total_spikes.copy() for name, r in brain.regions.items()}
    brain.run(50)
    found = shown(stage)
    head = found.head
    assert (head["magic"], head["protocol"], head["brain"]) == (0x314C4745, 1, 1)
    assert (head["time"], head["step"], head["steps"]) == (150.0, 150.0, 50)
    assert (head["speed"], head["wall"]) == (2.5, pytest.approx(0.03))
    assert head["neurons"] == 90
    assert head["synapses"] == sum(p.n_synapses for p in brain.projections)
    assert head["flags"] == 1 | 4
    regions, ways = found.table(2, COLUMNS[0]), found.table(3, COLUMNS[1])
    for k, (name, region) in enumerate(brain.regions.items()):
        fired = region.total_spikes - spikes[name]
        assert fired.sum() > 0
        np.testing.assert_array_equal(found.spikes(k), fired)
        assert regions["rate"][k] == pytest.approx(region.mean_activity, rel=1e-5)
        assert regions["alive"][k] == region.n_alive_neurons
        assert regions["theta"][k] == pytest.approx(region.theta.mean(), abs=1e-6)
    assert list(regions["held"]) == [1.0, 0.0]
    for k, way in enumerate(brain.projections):
        fired = brain.regions[way.source].total_spikes - spikes[way.source]
        assert ways["synapses"][k] == way.n_synapses
        assert ways["weight"][k] == pytest.approx(np.abs(way.weight).mean(), rel=0.02)
        assert ways["sent"][k] == fired[way.pre].sum()
        assert ways["dopamine"][k] == pytest.approx(brain.dopamine(way.label))


def test_rates_are_those_of_the_last_second_however_near_the_frame_before_is():
    brain = built()
    brain.hold("eye", [0.8, 0.2])
    brain.run(500)
    stage = Stage(brain, 0)
    before = shown(stage).table(2, COLUMNS[0])["rate"]
    assert before[0] > 1.0
    brain.run(1)
    after = shown(stage).table(2, COLUMNS[0])["rate"]
    assert abs(after[0] - before[0]) < 0.05 * before[0] + 1.0


def test_the_raster_has_the_spikes_of_the_brain():
    brain = built()
    brain.hold("eye", [0.9])
    brain.run(60)
    stage = Stage(brain, 0)
    recorder = brain.record("spikes")
    brain.run(20)
    first, pairs = shown(stage).raster
    assert first >= 60
    rows, expected, before = stage.picture.regions, set(), 0
    for region in rows:
        times, neurons = recorder.spikes(region.record.name)
        kept = times >= first
        place = {slot: before + k for k, slot in enumerate(region.rows.tolist())}
        for time, neuron in zip(times[kept], neurons[kept], strict=True):
            expected.add((place[int(neuron)], int(time)))
        before += len(region.rows)
    assert expected
    assert set(pairs) == expected
    assert len(pairs) == len(expected)


def test_births_and_deaths_are_events_and_spikes_count_from_birth():
    brain = built("none", max_neurons=70)
    brain.hold("cortex", [1.0])
    brain.run(80)
    stage = Stage(brain, 0)
    cortex = brain.regions["cortex"]
    cortex.kill_neurons([3, 4])
    (died,) = (e for e in stage.events() if e["event"] == "died")
    assert (died["region"], died["slots"]) == ("cortex", [3, 4])
    born = sorted(cortex.add_neuron() for _ in range(3))
    brain.run(30)
    (event,) = (e for e in stage.events() if e["event"] == "born")
    assert event["slots"] == born == [3, 4, 60]
    assert event["excitatory"] == [True] * 3
    assert event["count"] == 61
    assert len(base64.b64decode(event["positions"])) == 3 * 3 * 2
    found = shown(stage)
    assert len(found.spikes(1)) == 61
    np.testing.assert_array_equal(found.spikes(1)[born], cortex.total_spikes[born])
    assert found.head["neurons"] == 30 + 61
    assert stage.events() == []


def test_new_and_pruned_synapses_are_events():
    brain = built("none")
    brain.run(10)
    stage = Stage(brain, 0)
    way = brain.get_projection("eye", "cortex")
    brain.run(1)
    way.add_synapses([1, 2], [5, 6], 0.1)
    events = [e for e in stage.events() if e["event"] == "synapses"]
    assert [(e["label"], e["added"], e["pruned"]) for e in events] == [(way.label, 2, 0)]
    assert sorted(events[0]["pairs"]) == [[1, 5], [2, 6]]
    assert events[0]["n"] == way.n_synapses
    brain.run(1)
    lost = int((way.post == 7).sum())
    brain.regions["cortex"].kill_neurons([7])
    pruned = {e["label"]: e["pruned"] for e in stage.events() if e["event"] == "synapses"}
    assert pruned[way.label] == lost > 0


def test_sleep_replay_and_reward_are_events():
    brain = built()
    brain.hold("eye", [0.9, 0.1])
    brain.run(1000)
    stage = Stage(brain, 0)
    brain.reward(2.0, "proj:eye->cortex")
    brain.run(5)
    (reward,) = (e for e in stage.events() if e["event"] == "reward")
    assert reward["target"] == "proj:eye->cortex"
    assert reward["amount"] == pytest.approx(2.0, rel=0.1)
    brain.release("eye")
    brain.fall_asleep(3000.0)
    brain.run(400)
    events = {e["event"]: e for e in stage.events()}
    assert events["asleep"]["until"] == 4005.0
    found = shown(stage)
    assert found.head["flags"] & 2
    since = (brain.time - 1005.0) / 1000.0
    wave = -math.sin(2 * math.pi * brain.memory.slow_frequency * since)
    assert found.head["wave"] == pytest.approx(wave, abs=1e-6)
    brain.wake()
    assert "awake" in {e["event"] for e in stage.events()}
    assert len(brain.memory.traces)
    strengths = np.frombuffer(shown(stage).sections[5, 0], "<f4")
    assert strengths[0] == len(brain.memory.traces)
    np.testing.assert_allclose(
        strengths[2:], [t.strength for t in brain.memory.traces[:20]], rtol=1e-6
    )
    brain.memory.replay(brain.memory.traces[0])
    replay = {e["event"]: e for e in stage.events()}["replay"]
    assert set(replay["neurons"]) <= set(brain.memory.traces[0].neurons.tolist())
    assert np.frombuffer(shown(stage).sections[5, 0], "<f4")[1] == 0


def test_a_reward_of_the_page_is_told_once():
    brain = built()
    brain.run(10)
    stage = Stage(brain, 0)
    brain.run(40)
    brain.reward(2.0, "proj:eye->cortex")
    stage.changes.rewarded()
    brain.run(40)
    assert "reward" not in {e["event"] for e in stage.events()}


def test_the_structure_describes_the_brain():
    brain = built(excitatory=0.7)
    brain.regions["cortex"].kill_neurons([1])
    brain.oscillators.set("cortex", "theta", 1.5)
    found = Stage(brain, 0).structure([])
    cortex = found["regions"][1]
    assert (cortex["name"], cortex["type"], cortex["count"]) == ("cortex", "ASSOCIATION", 60)
    region = brain.regions["cortex"]
    np.testing.assert_array_equal(flags(cortex["alive"], 60), region.neuron_alive)
    excitatory = region.neuron_type == NeuronType.EXCITATORY
    np.testing.assert_array_equal(flags(cortex["excitatory"], 60), excitatory)
    assert len(base64.b64decode(cortex["positions"])) == 60 * 3 * 2
    (way,) = (p for p in found["pathways"] if not p["own"])
    assert (way["source"], way["target"], way["rewardable"]) == (0, 1, True)
    assert found["rhythms"] == [{"region": 1, "band": "theta", "frequency": 6.0, "amplitude": 1.5}]
    assert found["seed"] == "3"


def test_phases_of_rhythms():
    brain = built()
    brain.oscillators.set("cortex", "theta", 1.5)
    stage = Stage(brain, 0)
    brain.run(37)
    phase = np.frombuffer(shown(stage).sections[4, 0], "<f4")
    assert phase[0] == pytest.approx(brain.oscillators.phase("cortex", "theta"), abs=1e-4)


def test_many_neurons_share_points(monkeypatch):
    monkeypatch.setattr(picture, "MOST_POINTS", 40)
    brain = built("none")
    brain.hold("eye", [1.0])
    stage = Stage(brain, 0)
    brain.run(60)
    entry = stage.structure([])["regions"]
    assert [r["slots_per_point"] for r in entry] == [3, 3]
    assert [r["points"] for r in entry] == [10, 20]
    fired = brain.regions["eye"].total_spikes.reshape(10, 3).sum(axis=1)
    assert fired.sum() > 0
    np.testing.assert_array_equal(shown(stage).spikes(0), fired)


def test_a_picture_is_stale_when_its_parts_are_others():
    brain = built()
    stage = Stage(brain, 0)
    brain.run(20)
    assert not stage.picture.stale
    brain.add_region("motor", RegionType.MOTOR, n_neurons=5)
    assert stage.picture.stale
    stage.redraw()
    assert stage.renew_story()
    assert len(stage.structure([])["regions"]) == 3
    brain.run(5)
    assert shown(stage).head["version"] == 2


def test_the_voltage_of_a_neuron():
    from engram.live.frames import Voltage

    brain = built()
    stage = Stage(brain, 0)
    stage.voltage = Voltage(brain.network.regions["cortex"], 4)
    seen = []
    for _ in range(5):
        brain.run(3)
        stage.voltage.sample(brain.network)
        seen.append(brain.regions["cortex"].v[4])
    payload = shown(stage).sections[7, 1]
    assert np.frombuffer(payload[:8], "<u4").tolist() == [4, 5]
    assert np.frombuffer(payload[8:16], "<f8")[0] == 3.0
    assert np.frombuffer(payload[16:20], "<f4")[0] == 3.0
    np.testing.assert_array_equal(np.frombuffer(payload[24:], "<f4"), np.float32(seen))


def test_dendrites_of_the_neuron_that_is_watched():
    from engram.live.frames import Voltage

    brain = built()
    brain.regions["cortex"].enable_morphology(dynamics="compartments")
    stage = Stage(brain, 0)
    stage.voltage = Voltage(brain.network.regions["cortex"], 4)
    brain.hold("eye", [1.0])
    brain.run(30)
    values = np.frombuffer(shown(stage).sections[9, 1], "<f4")
    first = brain.network.first(brain.network.regions["cortex"])
    n = len(values)
    assert n > 0
    np.testing.assert_array_equal(values, brain.network.tables["dendrite_v"][:n, first + 4])


def test_the_whole_life_is_kept_in_few_rows(monkeypatch):
    from engram.live import story

    monkeypatch.setattr(story, "MOST", 20)
    brain = built("none")
    stage = Stage(brain, 0)
    for _ in range(100):
        brain.run(1000)
        stage.grown()
    rows = stage.story.rows
    assert len(rows) <= 20
    times = [row[0] for row in rows]
    assert times[0] <= 16_000.0
    assert times[-1] >= 100_000.0 - stage.story.every
    gaps = set(np.diff(times))
    assert max(gaps) <= 2 * min(gaps)


def test_a_page_that_opens_late_sees_the_life_before():
    brain = built()
    brain.run(5000)
    rows = Stage(brain, 0).history()["rows"]
    assert [row[0] for row in rows] == [1000.0 * k for k in range(1, 6)]
    assert rows[-1][1] == brain.stats().n_neurons


@pytest.mark.parametrize("kind", list(RegionType))
def test_clouds_stay_within_and_points_keep_their_places(kind):
    few, many = shape.cloud(kind, 0, 100), shape.cloud(kind, 0, 1000)
    np.testing.assert_array_equal(few, many[:100])
    np.testing.assert_array_equal(shape.cloud(kind, 100, 5), many[100:105])
    radius = np.linalg.norm(many / 32767.0, axis=1)
    assert radius.max() <= 1.25
    assert len(np.unique(many, axis=0)) == 1000


def test_real_positions_are_kept():
    brain = built("none")
    real = np.random.default_rng(1).uniform(0.0, 100.0, (60, 3))
    entry = Stage(brain, 0, {"cortex": real}).structure([])["regions"][1]
    words = np.frombuffer(base64.b64decode(entry["positions"]), "<i2").reshape(-1, 3)
    drawn = words / 32767.0 * entry["radius"] + np.array(entry["centre"])
    scale = np.ptp(drawn[:, 0]) / np.ptp(real[:, 0])
    middle = (real.min(axis=0) + real.max(axis=0)) / 2
    np.testing.assert_allclose(drawn, (real - middle) * scale, atol=1e-3)
