"""Memory: traces, replay, sleep. What they do, and that without them it does not happen."""

from __future__ import annotations

import math

import numpy as np
import pytest

from engram import Brain, CurrentLIF, PoissonSource, RegionType, Relay, load_brain, save_brain
from engram.circuits import associative_memory, recall_of, sequence_memory, set_mode
from engram.mechanisms.memory.traces import Trace, find_same, rank_correlation
from engram.network.inputs import QUIET

S = RegionType.SENSORY


def alone(brain):
    brain.freeze_homeostatic_scaling()
    brain.freeze_structural_plasticity()
    return brain


def remembering(n=20, dt=1.0, **parameters):
    """Unconnected neurons that fire soon after input begins, without noise."""
    brain = alone(Brain(dt=dt, seed=1))
    brain.add_region("r", S, n, 0.0, model=CurrentLIF, rule=None)
    brain.memory.consolidation_interval = 100.0
    for name, value in parameters.items():
        setattr(brain.memory, name, value)
    return brain


def show(which):
    def drive(b, _):
        b.inject_current("r", which, 60.0)

    return drive


def one_after_another(brain, order, every=10):
    """Each neuron of `order` gets input for `every` ms."""
    steps = round(every / brain.dt)
    brain.run(steps * len(order), lambda b, i: b.inject_current("r", [order[i // steps]], 60.0))


# -- traces


def test_what_is_active_together_becomes_a_trace():
    brain = remembering()
    brain.run(100, show([2, 3, 5]))
    (trace,) = brain.memory.traces
    assert (trace.region, trace.neurons.tolist(), trace.step) == ("r", [2, 3, 5], 100)
    assert (trace.strength, trace.duration, trace.encounters) == (1.0, 100.0, 1)
    brain.run(100, show([2, 3, 5]))
    (trace,) = brain.memory.traces
    assert trace.strength == pytest.approx(1.0 + math.exp(-100 / brain.memory.tau_forgetting))
    assert trace.encounters == 2
    brain.run(100, show([10, 11, 12]))
    assert [t.neurons.tolist() for t in brain.memory.traces] == [[2, 3, 5], [10, 11, 12]]


@pytest.mark.parametrize("dt", [0.5, 1.0])
def test_a_trace_knows_the_order_and_the_phase(dt):
    order = [7, 2, 15, 4, 11, 9]
    brain = remembering(dt=dt, capture_window=60.0, consolidation_interval=60.0)
    one_after_another(brain, order)
    (trace,) = brain.memory.traces
    assert trace.neurons.tolist() == sorted(order)
    assert trace.order.tolist() == order
    ordered = np.sort(trace.latency)
    np.testing.assert_allclose(np.diff(ordered), 10.0, atol=1e-9)
    np.testing.assert_allclose(trace.phase, trace.latency / 60.0)


def test_latencies_are_first_spikes():
    brain = remembering(capture_window=80.0, consolidation_interval=80.0)
    recorder = brain.record("spikes")
    rng = np.random.default_rng(3)
    onset = rng.integers(0, 60, 8)
    brain.run(80, lambda b, i: b.inject_current("r", np.flatnonzero(onset <= i), 60.0))
    times, neurons = recorder.spikes("r")
    (trace,) = brain.memory.traces
    first = np.array([times[neurons == i].min() for i in trace.neurons])
    np.testing.assert_allclose(trace.latency, first - first.min())


def test_a_reversed_sequence_is_another_memory():
    order = [7, 2, 15, 4, 11, 9]
    brain = remembering(capture_window=60.0, consolidation_interval=60.0)
    one_after_another(brain, order)
    one_after_another(brain, order)
    assert [t.encounters for t in brain.memory.traces] == [2]
    one_after_another(brain, order[::-1])
    assert sorted(t.encounters for t in brain.memory.traces) == [1, 2]
    assert brain.memory.traces[1].order.tolist() == order[::-1]


def test_latencies_are_averaged_over_encounters():
    def trace(latency):
        return Trace("r", np.arange(3), 0, 1.0, np.array(latency, float), 100.0)

    met = trace([0, 10, 20])
    met.meet(trace([0, 16, 20]))
    np.testing.assert_allclose(met.latency, [0, 13, 20])
    met.meet(trace([3, 13, 20]))
    np.testing.assert_allclose(met.latency, [1, 13, 20])
    assert (met.strength, met.encounters) == (3.0, 3)


def test_the_weakest_traces_go_first():
    brain = remembering(trace_capacity=2)
    for which, times in (([0, 1], 3), ([5, 6], 1), ([10, 11], 2)):
        for _ in range(times):
            brain.run(100, show(which))
    assert [t.neurons.tolist() for t in brain.memory.traces] == [[0, 1], [10, 11]]
    brain.memory.trace_capacity = 0
    brain.run(100, show([0, 1]))
    assert brain.memory.traces == []


def test_traces_are_few():
    brain = remembering(consolidation_interval=1000.0)
    brain.run(5000, show([1, 2, 3]))
    (trace,) = brain.memory.traces
    assert trace.encounters == 5000 / brain.memory.capture_window


def test_strength_decays_exponentially_and_the_forgotten_go():
    brain = remembering(tau_forgetting=300.0, replay_gain=0.0)
    brain.run(100, show([1, 2]))
    brain.run(100, show([7, 8]))
    weak, strong = sorted(brain.memory.traces, key=lambda t: t.strength)
    assert (strong.strength, weak.strength) == (1.0, pytest.approx(math.exp(-1 / 3)))
    brain.run(600)
    assert strong.strength == pytest.approx(math.exp(-2.0))
    assert weak.strength == pytest.approx(math.exp(-7 / 3))
    brain.run(8000)
    assert brain.memory.traces == []


def test_a_replay_strengthens():
    def strength(gain):
        brain = remembering(replay_gain=gain, tau_forgetting=1e9)
        brain.run(100, show([1, 2]))
        brain.run(600)
        return brain.memory.traces[0].strength

    # From the first consolidation that finds the brain quiet: at 200, ..., 700 ms.
    assert strength(0.0) == pytest.approx(1.0, abs=1e-5)
    assert strength(0.25) == pytest.approx(1.0 + 6 * 0.25, abs=1e-5)


def test_nobody_stands_out_when_all_are_active():
    brain = remembering()
    brain.run(200, show(np.arange(20)))
    assert brain.memory.traces == []
    brain.memory.trace_threshold = 0.5
    brain.run(100, show(np.arange(20)))
    assert brain.memory.traces[0].neurons.tolist() == list(range(20))


def test_spikes_of_the_dead_are_not_those_of_the_newborn():
    brain = remembering(consolidation_interval=1e6, capture_window=100.0)
    brain.run(50, show([2, 3, 5]))
    brain.regions["r"].kill_neurons([3])
    assert brain.regions["r"].add_neuron() == 3
    brain.run(20)
    (trace,) = brain.memory.capture("r")
    assert trace.neurons.tolist() == [2, 5]


def test_capture_on_demand():
    brain = remembering(consolidation_interval=1e6, capture_window=300.0)
    brain.run(100, show([2, 3]))
    brain.run(100, show([8, 9]))
    (recent,) = brain.memory.capture("r", window=90.0)
    assert recent.neurons.tolist() == [8, 9]
    (both,) = brain.memory.capture()
    assert both.neurons.tolist() == [2, 3, 8, 9]
    for window in (301.0, 0.0, math.nan):
        with pytest.raises(ValueError, match="window"):
            brain.memory.capture("r", window=window)
    with pytest.raises(KeyError, match="no region 'q'"):
        brain.memory.capture("q")
    silent = remembering()
    silent.run(100)
    with pytest.raises(ValueError, match="are not kept"):
        silent.memory.capture()


def test_sources_have_no_memory():
    brain = remembering(trace_threshold=0.0)
    brain.add_region("poisson", S, 5, 0.0, model=PoissonSource, background=80.0, rule=None)
    brain.add_region("relay", S, 5, 0.0, model=Relay, rule=None)
    brain.run(100, lambda b, _: (b.inject_current("relay", [1], 1.0), show([1, 2])(b, 0)))
    assert [t.region for t in brain.memory.traces] == ["r"]


def test_rank_correlation():
    assert rank_correlation([1, 2, 3], [10, 20, 90]) == pytest.approx(1.0)
    assert rank_correlation([1, 2, 3], [9, 5, 1]) == pytest.approx(-1.0)
    assert rank_correlation([1, 1, 1], [1, 2, 3]) == 0.0
    stats = pytest.importorskip("scipy.stats")
    rng = np.random.default_rng(1)
    a, b = rng.integers(0, 5, 40), rng.integers(0, 9, 40)
    assert rank_correlation(a, b) == pytest.approx(stats.spearmanr(a, b).statistic)


def test_the_same_memory_has_most_neurons_in_common_and_their_order():
    def trace(neurons, region="r", reverse=False):
        order = np.arange(float(len(neurons)))
        latency = order[::-1].copy() if reverse else order
        return Trace(region, np.array(neurons), 0, 1.0, latency, 100.0)

    stored = [
        trace([*range(8)], region="other"),
        trace([0, 1, 2, 3, 90, 91, 92, 93]),  # half is not enough
        trace([*range(20)]),  # it is a small part of this one
        trace([*range(8)], reverse=True),
        trace([0, 1, 2, 3, 4, 90, 91, 92]),
    ]
    assert find_same(stored, trace([*range(8)])) is stored[4]
    assert find_same(stored[:4], trace([*range(8)])) is None
    assert find_same([], trace([3])) is None


def test_memory_can_be_switched_off():
    brain = remembering(replay_strength=60.0)
    twin = brain.copy()
    brain.disable_memory()
    for b in (brain, twin):
        b.run(100, show([2, 3, 5]))
    assert not brain.memory.traces
    assert twin.memory.traces
    twin.disable_memory()
    strength = twin.memory.traces[0].strength
    before = twin.regions["r"].total_spikes.sum()
    twin.run(500)
    assert twin.regions["r"].total_spikes.sum() <= before + 3
    assert twin.memory.traces[0].strength == strength


def test_without_a_stimulus_no_spikes_are_kept_for_memory():
    brain = remembering()
    brain.run(300)
    idle = brain.network.tables.sizes["H"]
    assert idle < 10
    brain.disable_memory()
    brain.run(300, show([1]))
    assert brain.network.tables.sizes["H"] == idle
    brain.enable_memory()
    brain.run(1, show([1]))
    assert brain.network.tables.sizes["H"] > 200


# -- replay in quiet


def spikes_of(brain, steps):
    out = np.zeros((steps, brain.regions["r"].n_neurons), bool)
    for k in range(steps):
        out[k, brain.step()["r"]] = True
    return out


def test_traces_are_replayed_in_quiet():
    brain = remembering(replay_strength=60.0, replay_duration=30.0, replay_share=1.0)
    brain.run(100, show([2, 3, 5]))
    assert brain.memory.traces
    spikes = spikes_of(brain, 600)
    who = np.flatnonzero(spikes.any(axis=0))
    assert who.tolist() == [2, 3, 5]
    when = np.flatnonzero(spikes.any(axis=1)) + 100
    # Spikes during 30 ms after each consolidation, from the first one that finds the brain quiet.
    late = when[when > 110]
    assert late.min() >= 100 + QUIET
    assert set(late % 100) <= set(range(31))
    assert len(set(late // 100)) >= 4


def test_a_replay_is_compressed_and_keeps_the_order():
    order = [7, 2, 15, 4, 11, 9]
    brain = remembering(
        capture_window=60.0,
        consolidation_interval=60.0,
        replay_strength=100.0,
        replay_duration=8.0,
        compression=5.0,
    )
    one_after_another(brain, order)
    (trace,) = brain.memory.traces
    brain.memory.consolidation_interval = 1e6
    brain.run(200)
    for share, seeded in ((1.0, order), (0.5, order[:3])):
        brain.memory.replay_share = share
        brain.memory.replay(trace)
        spikes = spikes_of(brain, 60)
        assert np.flatnonzero(spikes.any(axis=0)).tolist() == sorted(seeded)
        first = spikes.argmax(axis=0)[seeded]
        # 10 ms between neurons have become 2.
        assert np.diff(first).tolist() == [2] * (len(seeded) - 1)


def test_stronger_traces_are_replayed_more_often():
    brain = remembering(
        replay_strength=60.0,
        replay_duration=30.0,
        replay_share=1.0,
        replay_gain=0.0,
        tau_forgetting=1e9,
    )
    for which, times in (([2, 3], 4), ([10, 11], 1)):
        for _ in range(times):
            brain.run(100, show(which))
    brain.run(150)
    spikes = spikes_of(brain, 20_000)
    blocks = spikes.reshape(200, 100, -1).any(axis=1)
    n = np.array([blocks[:, 2].sum(), blocks[:, 10].sum()])
    assert n.sum() == pytest.approx(200, abs=2)
    # 4 to 1; three standard errors of 200 draws.
    assert n[0] / n.sum() == pytest.approx(0.8, abs=0.085)


@pytest.mark.parametrize("how", ["stimulate", "hold"])
def test_a_stimulus_between_prevents_replay(how):
    brain = remembering(replay_strength=60.0, replay_share=1.0)
    brain.run(100, show([2, 3, 5]))
    before = brain.regions["r"].total_spikes.sum()
    if how == "hold":
        brain.hold("r", [0.0])
        brain.run(600)
    else:
        brain.run(600, lambda b, _: b.stimulate("r", [0.0]))
    assert brain.regions["r"].total_spikes.sum() <= before + 3
    if how == "hold":
        brain.release("r")
    brain.run(90)
    assert brain.regions["r"].total_spikes.sum() <= before + 3
    brain.run(140)
    assert brain.regions["r"].total_spikes.sum() > before + 3


def test_only_the_living_are_replayed():
    brain = remembering(replay_strength=60.0, replay_share=1.0)
    brain.run(100, show([2, 3, 5]))
    brain.regions["r"].kill_neurons([3])
    before = brain.regions["r"].total_spikes.copy()
    brain.run(400)
    gained = brain.regions["r"].total_spikes - before
    assert gained[[2, 5]].min() > 0
    assert gained[3] == 0
    brain.regions["r"].kill_neurons([2, 5])
    brain.run(400)
    assert not brain.memory.busy
    assert not brain.memory.traces


def test_who_takes_the_place_of_the_dead_is_not_in_their_traces():
    brain = remembering(replay_strength=60.0, replay_share=1.0)
    brain.run(100, show([2, 3, 5]))
    region = brain.regions["r"]
    region.kill_neurons([3])
    assert region.add_neuron() == 3
    assert [t.neurons.tolist() for t in brain.memory.traces] == [[2, 5]]
    brain.run(400)
    assert region.total_spikes[[2, 5]].min() > 0
    assert region.total_spikes[3] == 0


def test_replay_ends_when_the_next_begins_elsewhere():
    brain = remembering(replay_strength=60.0, replay_share=1.0, replay_duration=90.0)
    brain.add_region("s", S, 20, 0.0, model=CurrentLIF, rule=None)
    brain.run(100, show([2, 3, 5]))
    (trace,) = brain.memory.traces
    brain.memory.consolidation_interval = 1e6
    brain.run(50)
    brain.memory.replay(trace)
    brain.run(20)
    assert brain.network.slots(brain.regions["r"].record, "held").any()
    other = Trace("s", trace.neurons, 0, 1.0, trace.latency, 100.0)
    brain.memory.replay(other)
    assert not brain.network.slots(brain.regions["r"].record, "held").any()
    assert brain.network.slots(brain.regions["s"].record, "held").any()
    brain.run(95)
    assert not brain.network.tables["held"].any()
    assert not brain.network.tables["holding"].any()
    with pytest.raises(TypeError, match="must be a Trace"):
        brain.memory.replay([1, 2])


# -- what the synapses store


SIZE, CELLS = 30, 200


def stored(seed, plastic=True, n_assemblies=4):
    brain = alone(Brain(seed=seed))
    associative_memory(brain, "memory", CELLS, SIZE)
    if not plastic:
        brain.freeze_plasticity()
    rng = np.random.default_rng(seed)
    groups = [rng.choice(CELLS, SIZE, replace=False) for _ in range(n_assemblies)]
    brain.memory.imprint("memory", groups, repetitions=8)
    set_mode(brain, "memory", "recall")
    return brain, groups


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_a_part_brings_back_the_whole(seed):
    brain, groups = stored(seed)
    before = brain.fingerprint()
    for got in recall_of(brain, "memory", groups, share=0.3):
        assert got.recalled >= 0.8
        assert got.false < 0.1
    assert brain.fingerprint() == before
    # A cue that is no part of an assembly brings back nothing.
    outside = np.setdiff1d(np.arange(CELLS), np.concatenate(groups))
    cue = outside[: round(0.3 * SIZE)]
    brain.freeze_plasticity()
    assert len(brain.memory.complete("memory", cue).recalled) <= 0.05 * CELLS


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_recall_in_ordinary_life(seed):
    """Without a reset, after a second of rest."""
    brain, groups = stored(seed)
    brain.freeze_plasticity()
    brain.run(1000)
    cue, rest = groups[0][:9], groups[0][9:]
    recalled = brain.memory.complete("memory", cue).recalled
    assert np.isin(rest, recalled).mean() >= 0.8
    assert len(np.setdiff1d(recalled, groups[0])) < 0.1 * (CELLS - SIZE)


def test_recall_needs_the_mode_of_recall():
    brain, groups = stored(1)
    set_mode(brain, "memory", "encode")
    assert max(got.recalled for got in recall_of(brain, "memory", groups)) <= 0.05
    set_mode(brain, "memory", "recall")
    assert min(got.recalled for got in recall_of(brain, "memory", groups)) >= 0.8


def test_without_plasticity_nothing_comes_back_unless_looked_up():
    brain, groups = stored(1, plastic=False)
    assert max(got.recalled for got in recall_of(brain, "memory", groups)) <= 0.05
    assert min(got.recalled for got in recall_of(brain, "memory", groups, lookup=True)) >= 0.8
    by_list = brain.copy().memory.complete("memory", groups[0][:10], lookup=True)
    assert by_list.trace is not None
    assert by_list.trace.neurons.tolist() == sorted(groups[0])
    assert by_list.cue.tolist() == sorted(groups[0])
    by_synapses = brain.copy().memory.complete("memory", groups[0][:10])
    assert by_synapses.trace is None
    assert by_synapses.cue.tolist() == sorted(groups[0][:10])


def test_the_synapses_that_learn_are_those_within_assemblies():
    brain, groups = stored(1)
    p = brain.get_projection("memory", "memory")
    within = np.zeros((CELLS, CELLS), bool)
    for group in groups:
        within[np.ix_(group, group)] = True
    own = within[p.pre, p.post]
    assert p.weight[own].mean() > 10 * p.weight[~own].mean()
    # Damage takes the memory away: it was in these synapses.
    p.weight = np.where(own, 0.01 * p.w_max, p.weight)
    assert max(got.recalled for got in recall_of(brain, "memory", groups)) <= 0.05


def test_bad_cues_and_groups():
    brain, groups = stored(1, plastic=False, n_assemblies=1)
    before = brain.fingerprint()
    memory = brain.memory
    for call, words in (
        (lambda: memory.complete("memory", []), "the cue is empty"),
        (lambda: memory.complete("memory", [CELLS]), "cue must be in"),
        (lambda: memory.complete("memory", [1], duration=0.0), "duration"),
        (lambda: memory.complete("memory", [1], min_spikes=0), "min_spikes"),
        (lambda: memory.complete("memory", [1], current=math.nan), "current"),
        (lambda: memory.complete("nowhere", [1]), "no region"),
        (lambda: memory.imprint("memory", []), "groups"),
        (lambda: memory.imprint("memory", [[1]], repetitions=0), "repetitions"),
        (lambda: memory.imprint("memory", [[-1]]), "groups"),
        (lambda: memory.imprint("memory", [[1]], duration=1e15), "too many"),
        (lambda: recall_of(brain, "memory", groups, share=0.0), "share"),
        (lambda: associative_memory(brain, "memory"), "already"),
        (lambda: set_mode(brain, "memory", "sleep"), "'encode' or 'recall'"),
        (lambda: set_mode(brain, "elsewhere", "recall"), "no region"),
        (lambda: recall_of(brain, "memory", groups, settle=-1.0), "settle"),
        (lambda: associative_memory(brain, "new", 20, 21), "size"),
    ):
        with pytest.raises((ValueError, KeyError), match=words):
            call()
        assert brain.fingerprint() == before
    assert memory.lookup("memory", groups[0][:5]) is not None
    strangers = np.setdiff1d(np.arange(CELLS), groups[0])[:9]
    assert memory.lookup("memory", strangers) is None


# -- sequences and sleep

GROUPS, MEMBERS, SHOWN = 6, 40, 50.0


@pytest.fixture(scope="module")
def learned():
    """A brain that saw one sequence ten times, its groups, and the trace of it."""
    brain = alone(Brain(seed=5))
    sequence_memory(brain, "memory", 300, MEMBERS)
    order = np.random.default_rng(5).permutation(300)
    groups = [np.sort(order[k * MEMBERS : (k + 1) * MEMBERS]) for k in range(GROUPS)]
    memory = brain.memory
    memory.capture_window = SHOWN * GROUPS
    memory.consolidation_interval = 1e6
    memory.trace_threshold = 0.2
    memory.compression = 5.0
    memory.replay_share = 1.0 / GROUPS
    memory.imprint("memory", groups, duration=SHOWN, gap=0.0, pause=200.0, repetitions=12)
    memory.imprint("memory", groups, duration=SHOWN, gap=0.0)
    memory.traces.clear()
    memory.capture("memory")
    brain.run(300)
    return brain, groups


def link(brain, groups):
    """Mean weight from each group to the next."""
    p = brain.get_projection("memory", "memory")
    label = np.full(300, -9)
    for k, group in enumerate(groups):
        label[group] = k
    return float(p.weight[label[p.post] - label[p.pre] == 1].mean())


def order_in(trace, seeded, recorder, report):
    """Rank correlation of stored and replayed order, of the neurons that got no pulse."""
    others = np.setdiff1d(trace.neurons, seeded)
    stored_at = dict(zip(trace.neurons.tolist(), trace.latency, strict=True))
    times, neurons = recorder.spikes("memory")
    found = []
    for event in report.replays:
        near = (times >= event.time) & (times < event.time + 80)
        first = {}
        for t, i in zip(times[near], neurons[near], strict=True):
            first.setdefault(int(i), t)
        both = [i for i in others.tolist() if i in first]
        if len(both) > 10:
            found.append(rank_correlation([stored_at[i] for i in both], [first[i] for i in both]))
    return float(np.mean(found)), len(found)


def test_the_trace_of_a_sequence_has_its_order(learned):
    brain, groups = learned
    (trace,) = brain.memory.traces
    assert len(trace.neurons) >= 0.95 * GROUPS * MEMBERS
    label = np.full(300, -1)
    for k, group in enumerate(groups):
        label[group] = k
    assert rank_correlation(label[trace.neurons], trace.latency) > 0.95


def test_sleep_replays_in_order_by_the_networks_own_dynamics(learned):
    brain, _ = learned
    (trace,) = brain.memory.traces

    def slept(latency):
        twin = brain.copy()
        used = twin.memory.traces[0]
        used.latency[:] = latency
        seeded = used.order[: math.ceil(twin.memory.replay_share * len(used.order))]
        recorder = twin.record("spikes", "memory")
        report = twin.sleep(4000.0)
        return order_in(trace, seeded, recorder, report)

    rho, n = slept(trace.latency)
    assert n >= 6
    assert rho > 0.6
    # Set off in a shuffled order, the network does not run through the stored one.
    rho, n = slept(np.random.default_rng(1).permutation(trace.latency))
    assert n >= 6
    assert abs(rho) < 0.3
    # In a network that learned nothing, the same trace reaches nobody without a pulse.
    naive = alone(Brain(seed=5))
    sequence_memory(naive, "memory", 300, MEMBERS)
    naive.memory.traces.append(trace)
    naive.memory.compression, naive.memory.replay_share = 5.0, 1.0 / GROUPS
    learned_one = brain.copy()
    for one in (learned_one, naive):
        # Up states in which few fire by themselves.
        one.memory.slow_amplitude = 1.5
    assert reached(learned_one, trace) > 0.3
    assert reached(naive, trace) < 0.1


def reached(brain, trace):
    """Share of the neurons without a pulse that fire soon after a replay, on average."""
    recorder = brain.record("spikes", "memory")
    report = brain.sleep(2500.0)
    seeded = trace.order[: math.ceil(brain.memory.replay_share * len(trace.order))]
    others = np.setdiff1d(trace.neurons, seeded)
    times, neurons = recorder.spikes("memory")
    near = [neurons[(times >= e.time) & (times < e.time + 60)] for e in report.replays]
    return float(np.mean([np.isin(others, who).mean() for who in near]))


def test_sleep_strengthens_what_is_replayed(learned):
    brain, groups = learned
    start = link(brain, groups)

    def after(change=None, asleep=True):
        twin = brain.copy()
        if change is not None:
            getattr(twin, change)()
        if asleep:
            twin.sleep(5000.0)
        else:
            twin.run(5000)
        return link(twin, groups)

    assert after() > 1.05 * start
    assert after("disable_memory", asleep=False) == pytest.approx(start, rel=0.01)
    assert after("disable_memory") == pytest.approx(start, rel=0.01)
    assert after("freeze_plasticity") == start


def test_downscaling_weakens_everything_a_little(learned):
    brain, _ = learned

    def weights(share):
        twin = brain.copy()
        twin.disable_memory()
        twin.memory.downscaling = share
        twin.memory.slow_frequency = 1.0
        for p in twin.projections:
            if p.rule is not None:
                p.rule.A_plus = p.rule.A_minus = 0.0
        before, after = twin.sleep(4000.0).weights["region:memory"]
        return after / before

    assert weights(0.0) == 1.0
    assert weights(0.01) == pytest.approx(0.99**4, rel=1e-5)


def test_up_and_down_states():
    brain = alone(Brain(seed=1))
    brain.add_region("r", S, 200, 0.0, rule=None, background=2.5)
    brain.memory.slow_frequency = 2.0
    rates = brain.record("rates", "r", every=250.0)
    report = brain.sleep(4000.0)
    down, up = rates.values[0::2, 0], rates.values[1::2, 0]
    assert up.min() > 5.0
    assert down.max() < 0.2 * up.min()
    assert (report.start, report.duration, report.up_states) == (0.0, 4000.0, 8)
    assert report.spikes == brain.regions["r"].total_spikes.sum()
    assert report.replays == ()
    # Without the wave there are no states.
    brain.memory.slow_amplitude = 0.0
    brain.sleep(4000.0)
    flat = rates.values[16:, 0]
    assert flat.min() > 0.5 * flat.max()


def test_nothing_reaches_a_sleeping_brain():
    brain = alone(Brain(seed=1))
    brain.add_region("r", S, 20, 0.0, model=CurrentLIF, rule=None)
    brain.add_region("source", S, 20, 0.0, model=PoissonSource, background=50.0, rule=None)
    brain.add_region("relay", S, 5, 0.0, model=Relay, rule=None)
    brain.hold("r", [1.0])
    brain.inject_current("relay", range(5), 2.0)
    brain.fall_asleep(500.0)
    assert brain.asleep
    before = brain.fingerprint()
    for call in (
        lambda: brain.stimulate("r", [1.0]),
        lambda: brain.inject_current("r", [1], 1.0),
        lambda: brain.hold("r", [1.0]),
        lambda: brain.release("r"),
        lambda: brain.present("r", [1.0], 10),
        lambda: brain.memory.complete("r", [1]),
        lambda: brain.memory.imprint("r", [[1]]),
        lambda: brain.sleep(100.0),
        lambda: brain.fall_asleep(100.0),
    ):
        with pytest.raises(ValueError, match="asleep until 500 ms"):
            call()
    assert brain.fingerprint() == before
    brain.run(499)
    assert brain.asleep
    assert brain.stats().spikes == 0
    brain.run(1)
    assert not brain.asleep
    assert brain.memory.last_sleep.duration == 500.0
    assert not brain.network.tables["held"].any()
    assert not brain.network.tables["holding"].any()
    brain.run(100)
    # The source is a source again; what was held before is gone.
    assert brain.regions["source"].total_spikes.sum() > 50
    assert brain.regions["r"].total_spikes.sum() == 0
    with pytest.raises(ValueError, match="awake"):
        brain.wake()
    for duration in (0.0, -1.0, math.inf, 1e15):
        with pytest.raises(ValueError, match="sleep"):
            brain.sleep(duration)
    with pytest.raises(ValueError, match="nothing to run"):
        Brain().sleep(10.0)


def test_waking_early():
    brain = alone(Brain(seed=1))
    brain.add_region("r", S, 20, 0.0, model=CurrentLIF, rule=None)
    brain.fall_asleep(5000.0)
    brain.run(700)
    report = brain.wake()
    assert (report.duration, report.up_states) == (700.0, 1)
    assert not brain.asleep
    assert not brain.network.tables["held"].any()
    assert brain.present("r", [1.0], 100)["r"].min() > 0


def test_sleep_captures_nothing(learned):
    twin = learned[0].copy()
    twin.memory.consolidation_interval = 100.0
    neurons = twin.memory.traces[0].neurons.copy()
    twin.sleep(1500.0)
    (trace,) = twin.memory.traces
    np.testing.assert_array_equal(trace.neurons, neurons)
    assert trace.encounters == 1


def test_however_a_sleep_is_cut_it_is_the_same(learned):
    whole = learned[0].copy()
    pieces = whole.copy()
    report = whole.sleep(1800.0)
    pieces.fall_asleep(1800.0)
    for n in (1, 7, 600, 3, 250, 400, 539):
        pieces.run(n)
    assert pieces.memory.last_sleep == report
    assert pieces.fingerprint() == whole.fingerprint()


@pytest.mark.parametrize("first", [1, 333, 720, 790, 1155])
def test_a_brain_saved_in_its_sleep_sleeps_on(learned, first, tmp_path):
    brain = learned[0].copy()
    brain.memory.replays_per_cycle = 4
    brain.fall_asleep(1800.0)
    brain.run(first)
    loaded = load_brain(save_brain(brain, tmp_path / "asleep"))
    assert loaded.asleep
    assert loaded.fingerprint() == brain.fingerprint()
    for b in (brain, loaded):
        b.run(2000 - first)
    assert loaded.memory.last_sleep == brain.memory.last_sleep
    assert len(loaded.memory.last_sleep.replays) > 0
    assert loaded.fingerprint() == brain.fingerprint()


@pytest.mark.parametrize("after", [0, 3, 12, 25])
def test_a_brain_saved_in_a_replay_goes_on(learned, after, tmp_path):
    brain = learned[0].copy()
    brain.memory.replay_share = 1.0
    brain.memory.replay(brain.memory.traces[0])
    brain.run(after)
    assert brain.memory.busy
    loaded = load_brain(save_brain(brain, tmp_path / "replaying"))
    assert loaded.memory.busy
    for b in (brain, loaded):
        b.run(300)
    assert not loaded.memory.busy
    assert loaded.fingerprint() == brain.fingerprint()
    for mine, theirs in zip(brain.memory.traces, loaded.memory.traces, strict=True):
        np.testing.assert_array_equal(mine.latency, theirs.latency)
        assert (mine.duration, mine.encounters) == (theirs.duration, theirs.encounters)


def test_what_is_held_is_not_overwritten():
    brain = remembering()
    brain.run(100, show([2, 3, 5]))
    (trace,) = brain.memory.traces
    brain.hold("r", [0.5])
    before = brain.fingerprint()
    for call in (
        lambda: brain.memory.replay(trace),
        lambda: brain.memory.complete("r", [1]),
        lambda: brain.memory.imprint("r", [[1]]),
    ):
        with pytest.raises(ValueError, match="is held in region 'r'"):
            call()
    assert brain.fingerprint() == before
    brain.release("r")
    brain.memory.replay(trace)
    assert brain.memory.busy


def test_a_reset_ends_a_replay_but_not_a_sleep(learned):
    brain = learned[0].copy()
    brain.memory.replay(brain.memory.traces[0])
    brain.run(2)
    brain.reset_state()
    assert not brain.memory.busy
    brain.fall_asleep(1000.0)
    brain.run(300)
    brain.reset_state()
    assert brain.asleep
    assert brain.network.tables["held"].min() < 0
    brain.run(700)
    assert not brain.asleep
