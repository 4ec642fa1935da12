"""Neurons that can't fire by themselves are not stepped: the same spikes, however a run is cut."""

import numpy as np
import pytest

from engram import (
    Brain,
    CurrentLIF,
    NeuronType,
    Neurotransmitter,
    RegionType,
    ShortTermPlasticity,
    SpikeTimes,
    Uniform,
    load_brain,
    save_brain,
)
from engram.engine.binding import compile_entry
from engram.network import lazy

N = 400


def cells(**other):
    values = {"tau_m": 20.0, "E_L": -60.0, "v_th": -50.0, "v_reset": -62.0, "t_ref": 2.0}
    return CurrentLIF(**(values | {"tau_exc": 5.0, "tau_inh": 8.0} | other))


MODEL = cells()


@pytest.fixture(autouse=True)
def small_ones_too(monkeypatch):
    monkeypatch.setattr(lazy, "LEAST_NEURONS", 10)
    monkeypatch.setattr(lazy, "WORTH", 100.0)


def network(seed=3, threads=1, model=MODEL, rule=None, stp=None, weight=1.0):
    """A few neurons that are driven, and many that hear little, of them or of each other."""
    brain = Brain(dt=0.5, seed=seed, mechanisms="none", threads=threads)
    brain.add_region("in", RegionType.SENSORY, 12, 0.0, model=SpikeTimes(**trains(seed)))
    brain.add_region("E", n_neurons=N, connectivity=0.0, model=model, excitatory=1.0, noise=0.0)
    brain.add_region("I", n_neurons=80, connectivity=0.0, model=model, excitatory=0.0, noise=0.0)
    for source, target, share, w in (
        ("in", "E", 0.1, 70.0),
        ("in", "I", 0.1, 70.0),
        ("E", "E", 0.02, 5.0),
        ("I", "E", 0.2, -20.0),
    ):
        excites = w > 0
        brain.connect_regions(
            source, target, share, rule=rule, stp=stp if source == "in" else None,
            weights=weight * abs(w), w_max=200.0, delays=Uniform(0.5, 3.0), name="drawn",
            nt=Neurotransmitter.GLUTAMATE if excites else Neurotransmitter.GABA,
            source_type=NeuronType.EXCITATORY if excites else NeuronType.INHIBITORY,
        )  # fmt: skip
    return brain


def trains(seed):
    random = np.random.default_rng(seed)
    n = 80
    times = np.unique(np.sort(random.integers(1, 1200, n)) * 0.5)
    return {"times": times, "neurons": random.integers(0, 12, len(times))}


def spikes(brain, steps):
    with brain.record("spikes") as recorder:
        brain.run(steps)
    return [recorder.spikes(name) for name in brain.regions]


def same(one, other):
    return all(
        np.array_equal(a, b)
        for x, y in zip(one, other, strict=True)
        for a, b in zip(x, y, strict=True)
    )


def is_lazy(brain):
    return brain.network.tables["lazy"].astype(bool).tolist()


MODELS = {
    "usual": MODEL,
    "charge within a step": cells(tau_exc=0.0, tau_inh=0.0),
    "fires again at once": cells(t_ref=0.0, v_reset=-60.0),
    "long refractory": cells(t_ref=40.0),
}


@pytest.mark.parametrize("name", MODELS)
@pytest.mark.parametrize("rule", [None, "stdp"])
def test_spikes_are_those_of_stepping(monkeypatch, name, rule):
    found = network(model=MODELS[name], rule=rule)
    mine = spikes(found, 1200)
    assert is_lazy(found) == [False, True, True]
    assert len(mine[1][0]) > 10
    monkeypatch.setattr(lazy, "LEAST_NEURONS", 10**9)
    other = network(model=MODELS[name], rule=rule)
    assert same(mine, spikes(other, 1200))
    assert is_lazy(other) == [False, False, False]
    for region in ("E", "I"):
        for state, error in (("v", 2e-4), ("exc", 2e-4), ("inh", 2e-4)):
            one, two = (b.regions[region].state(state) for b in (found, other))
            assert np.abs(one - two).max() < error


def test_synapses_with_depression_too(monkeypatch):
    stp = ShortTermPlasticity(U=0.4, tau_rec=100.0)
    mine = spikes(network(stp=stp, weight=1.5), 1200)
    monkeypatch.setattr(lazy, "LEAST_NEURONS", 10**9)
    assert same(mine, spikes(network(stp=stp, weight=1.5), 1200))


def test_what_arrives_is_what_counts(monkeypatch):
    """Without arrivals at lazy neurons they fall silent."""
    brain, deaf = network(), network()
    for each in (brain, deaf):
        each.run(200)
    found = spikes(brain, 800)
    nothing = compile_entry("nothing", "@inner_jit\ndef kernel(index):\n    return 0\n")
    monkeypatch.setattr("engram.engine.loops.lazy_arrival_loop", lambda _: nothing)
    silent = spikes(deaf, 800)
    assert len(found[1][0]) > 40
    assert len(silent[1][0]) < 10


@pytest.mark.parametrize("rule", [None, "stdp"])
@pytest.mark.parametrize("threads", [2, 3])
def test_any_number_of_threads_finds_the_same(monkeypatch, threads, rule):
    monkeypatch.setattr("engram.network.workers.BLOCK", 8)
    brain, several = network(rule=rule), network(rule=rule, threads=threads)
    for steps in (250, 1, 60, 500):
        brain.run(steps)
        several.run(steps)
    assert is_lazy(several) == [False, True, True]
    assert brain.fingerprint() == several.fingerprint()


@pytest.mark.parametrize("rule", [None, "stdp"])
def test_the_future_does_not_depend_on_how_it_is_cut(tmp_path, rule):
    whole, cut = network(rule=rule), network(rule=rule)
    whole.run(1000)
    cut.run(127)
    for steps in (1, 1, 126, 45, 84, 1, 255):
        cut.run(steps)
    save_brain(cut, tmp_path / "cut.engram")
    cut = load_brain(tmp_path / "cut.engram").copy()
    assert is_lazy(cut) == [False, True, True]
    for steps in (1, 200, 159):
        cut.run(steps)
    assert cut.fingerprint() == whole.fingerprint()


def test_a_brain_that_has_not_begun_can_be_saved(tmp_path):
    brain = network()
    brain.run(0)
    twin = load_brain(save_brain(brain, tmp_path / "new.engram"))
    for each in (brain, twin):
        each.run(200)
    assert twin.fingerprint() == brain.fingerprint()


def near_the_limit(seed):
    """A region that becomes lazy and is stepped again, by what it costs."""
    random = np.random.default_rng(seed)
    at = np.unique(random.integers(5, 3000, 30))
    brain = Brain(dt=0.1, seed=seed, mechanisms="none", threads=1)
    given = SpikeTimes((at + 0.5) * 0.1, random.integers(0, 20, len(at)))
    brain.add_region("s", RegionType.SENSORY, 20, 0.0, model=given)
    background = random.uniform(12.5, 13.5)
    brain.add_region(
        "q", n_neurons=4096, connectivity=0.0, background=background, model=CurrentLIF(t_ref=0.3)
    )
    weight = random.uniform(9.0, 13.0)
    for name, nt in (("e", Neurotransmitter.GLUTAMATE), ("i", Neurotransmitter.GABA)):
        brain.connect_regions(
            "s", "q", 0.05, weights=weight, w_max=20.0, delays=1.0, name=name, nt=nt
        )
    return brain


@pytest.mark.parametrize("seed", range(12))
def test_the_choice_does_not_depend_on_cuts_either(monkeypatch, seed):
    monkeypatch.undo()
    found, chosen = [], set()
    for cuts in ([3000], [127] * 23 + [79], [895, 2105], [13] * 230 + [10]):
        brain = near_the_limit(seed)
        for steps in cuts:
            brain.run(steps)
            chosen.add(is_lazy(brain)[1])
        found.append(brain.fingerprint())
    assert len(set(found)) == 1
    assert chosen == {True, False} or seed


def test_looking_changes_nothing():
    looked, other = network(), network()
    looked.record("v", "E", every=0.5)
    for brain in (looked, other):
        brain.run(700)
    assert np.array_equal(looked.regions["E"].v, other.regions["E"].v)
    assert np.array_equal(looked.network.tables["mode"], other.network.tables["mode"])


def set_potential(brain):
    brain.regions["E"].v[::3] = -51.0


def set_input(brain):
    brain.regions["E"].state("exc")[:40] = 30.0
    brain.regions["E"].state("inh")[20:60] = -30.0


def set_threshold(brain):
    brain.regions["E"].state("theta")[:200] = 3.0


def set_background(brain):
    brain.regions["E"].background = 8.0


def set_model(brain):
    brain.regions["E"].model.v_reset = -63.0


def inject(brain):
    brain.inject_current("E", np.arange(0, 90, 2), 500.0)


def hold(brain):
    brain.stimulate("E", np.full(N, 0.9))


def disturb(brain):
    brain.regions["E"].noise = 2.0


def kill(brain):
    brain.regions["E"].kill_neurons(np.arange(0, 90, 2))


def give_birth(brain):
    brain.regions["I"].kill_neurons(np.arange(10))
    brain.regions["I"].add_neuron()


def silence(brain):
    brain.reset_state()


def add(brain):
    path = brain.get_projection("E", "E", "drawn")
    path.add_synapses(np.arange(20), np.arange(20, 40), 50.0, 3.0)


def learn(brain):
    brain.get_projection("in", "E", "drawn").rule = None


def feed(brain):
    brain.poisson_input("E", 200.0, 20.0)


def respond(brain):
    brain.present_many("E", np.full((2, N), 30.0), 20, 5, read="I")


def remove(brain):
    brain.remove_projection(brain.get_projection("I", "E", "drawn"))


CHANGES = [
    set_potential, set_input, set_threshold, set_background, set_model, inject, hold, disturb, kill,
    give_birth, silence, add, learn, feed, respond, remove,
]  # fmt: skip


@pytest.mark.parametrize("change", CHANGES, ids=lambda c: c.__name__)
def test_a_change_meets_neurons_as_if_they_were_stepped(monkeypatch, change):
    found = []
    for least in (10, 10**9):
        monkeypatch.setattr(lazy, "LEAST_NEURONS", least)
        brain = network(rule="stdp")
        brain.run(301)
        assert is_lazy(brain) == [False, least == 10, least == 10]
        change(brain)
        found.append((spikes(brain, 400), brain))
        brain.check()
    (mine, lazily), (theirs, other) = found
    assert same(mine, theirs)
    for region in ("E", "I"):
        one, two = (brain.regions[region].v for brain in (lazily, other))
        assert np.abs(one - two).max() < 1e-3


@pytest.mark.parametrize("change", CHANGES, ids=lambda c: c.__name__)
def test_a_change_and_a_cut_give_one_future(tmp_path, change):
    """A copy that was saved and loaded just before and just after a change goes on the same way."""
    whole, cut = network(), network()
    for brain in (whole, cut):
        brain.run(300)
    cut = load_brain(save_brain(cut, tmp_path / "before.engram"))
    for brain in (whole, cut):
        change(brain)
    cut = load_brain(save_brain(cut, tmp_path / "after.engram"))
    whole.run(300)
    for steps in (1, 83, 44, 172):
        cut.run(steps)
    assert cut.fingerprint() == whole.fingerprint()


def test_busy_regions_are_stepped_and_quiet_ones_are_not_again(monkeypatch):
    monkeypatch.setattr(lazy, "WORTH", 5.0)
    brain = network()
    brain.run(256)
    assert is_lazy(brain)[1]
    brain.regions["E"].background = 25.0
    brain.run(256)
    assert not is_lazy(brain)[1]
    brain.regions["E"].background = 0.0
    brain.run(1024)
    assert is_lazy(brain)[1]


@pytest.mark.parametrize(
    "model",
    [
        cells(tau_exc=0.4),
        cells(tau_exc=20.0),
        cells(tau_m=0.5),
        cells(tau_m=2e18),
        cells(tau_inh=1e9),
    ],
    ids=["fast input", "input as slow as the membrane", "fast membrane", "no leak", "no decay"],
)
def test_models_whose_modes_would_lose_digits_are_stepped(model):
    brain = network(model=model)
    brain.run(300)
    assert is_lazy(brain) == [False, False, False]


def test_a_model_of_ones_own_is_stepped():
    class Own(CurrentLIF):
        @staticmethod
        def update(v, I, dt):  # noqa: E741
            v = v + dt * (I - v)
            return v, v >= 1.0

    brain = network(model=Own(tau_m=20.0))
    brain.run(300)
    assert is_lazy(brain) == [False, False, False]


def test_nothing_that_is_small_is_lazy(monkeypatch):
    monkeypatch.undo()
    brain = network()
    brain.run(300)
    assert is_lazy(brain) == [False, False, False]
    assert brain.network.tables.sizes["modes"] == 0


def test_with_everything_on():
    """Brains whose neurons tune themselves are stepped: their course is not free."""
    brain = Brain(seed=1)
    for name, kind in (("in", "sensory"), ("out", "motor")):
        brain.add_region(name, kind, 40, model=CurrentLIF, background=14.0)
    brain.connect_regions("in", "out", 0.3)
    twin = brain.copy()
    brain.run(3000, progress=False)
    for steps in (1, 999, 2000):
        twin.run(steps, progress=False)
    assert brain.fingerprint() == twin.fingerprint()
