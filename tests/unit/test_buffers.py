"""Charge delivered when a spike is fired: the same future, however a run is cut or changed."""

import numpy as np
import pytest

from engram import Brain, CurrentLIF, NeuronType, Neurotransmitter, Uniform, load_brain, save_brain
from engram.network import buffering

WEIGHT = 0.25
"""Sums of few such weights are exact in single precision, so their order can't matter."""


@pytest.fixture(autouse=True)
def small_ones_too(monkeypatch):
    monkeypatch.setattr(buffering, "SMALL", 100)
    monkeypatch.setattr(buffering, "MOST_ROOM", 100.0)


def network(seed=3, threads=1, weight=WEIGHT):
    """Two regions that excite and inhibit each other, over many delays."""
    brain = Brain(dt=0.5, seed=seed, mechanisms="none", threads=threads)
    model = CurrentLIF(tau_m=10.0, E_L=-65.0, v_th=-50.0, v_reset=-65.0, t_ref=2.0,
                       tau_exc=0.0, tau_inh=0.0)  # fmt: skip
    brain.add_region("E", n_neurons=120, connectivity=0.0, model=model, excitatory=1.0,
                     background=14.0)  # fmt: skip
    brain.add_region("I", n_neurons=60, connectivity=0.0, model=model, excitatory=0.0,
                     background=14.0)  # fmt: skip
    for source, target, sign in (("E", "E", 1), ("E", "I", 1), ("I", "E", -4), ("I", "I", -4)):
        brain.connect_regions(
            source, target, 0.4, rule=None, weights=abs(sign) * weight, name="drawn",
            delays=Uniform(0.5, 15.0),
            nt=Neurotransmitter.GLUTAMATE if sign > 0 else Neurotransmitter.GABA,
            source_type=NeuronType.EXCITATORY if sign > 0 else NeuronType.INHIBITORY,
        )  # fmt: skip
    for name in ("E", "I"):
        brain.poisson_input(name, 9.0, 1.0, n=500)
    return brain


def spikes(brain, steps):
    with brain.record("spikes") as recorder:
        brain.run(steps)
    return [recorder.spikes(name) for name in ("E", "I")]


def same(one, other):
    return all(
        np.array_equal(a, b)
        for x, y in zip(one, other, strict=True)
        for a, b in zip(x, y, strict=True)
    )


def buffered(brain):
    """Which projections with synapses deliver when a spike is fired."""
    used = [k for k, path in enumerate(brain.projections) if path.n_synapses]
    return brain.network.tables["scatter_entry"][used].astype(bool)


def test_spikes_are_those_of_delivery_on_arrival(monkeypatch):
    early = network()
    found = spikes(early, 600)
    assert buffered(early).all()
    assert min(len(times) for times, _ in found) > 300
    monkeypatch.setattr(buffering, "LEAST_LAGS", 1000)
    late = network()
    assert same(found, spikes(late, 600))
    assert not buffered(late).any()


def test_without_delivery_nothing_arrives(monkeypatch):
    """The buffers are what carries the spikes."""
    brain, silent = network(), network()
    found = spikes(brain, 300)
    silent.run(0)
    monkeypatch.setattr(
        "engram.engine.loops.scatter_loop", lambda: type("None", (), {"address": 0})
    )
    assert not same(found, spikes(silent, 300))


@pytest.mark.parametrize("threads", [2, 3])
def test_any_number_of_threads_finds_the_same(monkeypatch, threads):
    monkeypatch.setattr("engram.network.workers.BLOCK", 8)
    brain = network(weight=0.3)
    several = network(weight=0.3, threads=threads)
    for steps in (250, 1, 60):
        brain.run(steps)
        several.run(steps)
    assert buffered(several).all()
    assert brain.fingerprint() == several.fingerprint()


def test_the_future_does_not_depend_on_how_it_is_cut(tmp_path):
    """Weights that round, so that the order of additions would be seen."""
    whole, cut = network(weight=0.3), network(weight=0.3)
    whole.run(400)
    cut.run(151)
    save_brain(cut, tmp_path / "cut.engram")
    cut = load_brain(tmp_path / "cut.engram").copy()
    for steps in (1, 1, 47, 100, 100):
        cut.run(steps)
    assert buffered(cut).all()
    assert cut.fingerprint() == whole.fingerprint()


def set_weights(brain):
    brain.get_projection("E", "I", "drawn").weight = 0.5


def set_some(brain):
    brain.get_projection("E", "E", "drawn").set(np.arange(0, 300, 3), 0.5)


def add(brain):
    path = brain.get_projection("E", "E", "drawn")
    path.add_synapses(np.arange(20), np.arange(20, 40), 2.0, 3.0)


def kill(brain):
    brain.regions["E"].kill_neurons(np.arange(0, 30, 2))


def silence(brain):
    brain.reset_state()


def learn(brain):
    brain.get_projection("E", "E", "drawn").rule = None


def scale(brain):
    brain.get_projection("E", "E", "drawn").normalize(8.0)


def remove(brain):
    brain.remove_projection(brain.get_projection("E", "I", "drawn"))


def respond(brain):
    brain.present_many("E", np.full((2, 120), 30.0), 20, 5, read="I")


CHANGES = [set_weights, set_some, add, kill, silence, learn, scale, remove, respond]


@pytest.mark.parametrize("change", CHANGES, ids=lambda c: c.__name__)
def test_a_change_meets_spikes_under_way_as_on_arrival(change):
    """What is changed while spikes are under way: they arrive at what there is then."""

    def life(early):
        with pytest.MonkeyPatch.context() as patch:
            if not early:
                patch.setattr(buffering, "LEAST_LAGS", 1000)
            brain = network()
            brain.run(203)
            change(brain)
            return spikes(brain, 100)

    assert same(life(early=True), life(early=False))


@pytest.mark.parametrize("change", CHANGES, ids=lambda c: c.__name__)
def test_a_changed_brain_and_its_saved_twin_go_on_alike(tmp_path, change):
    brain = network(weight=0.3)
    brain.run(203)
    change(brain)
    save_brain(brain, tmp_path / "twin.engram")
    twin = load_brain(tmp_path / "twin.engram")
    brain.run(100)
    twin.run(100)
    assert brain.fingerprint() == twin.fingerprint()


@pytest.mark.parametrize("threads", [1, 2])
def test_with_everything_on_cut_and_saved_it_goes_on_alike(monkeypatch, tmp_path, threads):
    """Births, deaths, sprouting, sleep, scaling: structure changes while spikes are under way."""
    monkeypatch.setattr("engram.network.workers.BLOCK", 8)

    def living():
        brain = Brain(seed=4)
        brain.add_region("in", "sensory", n_neurons=60)
        brain.add_region("out", n_neurons=80)
        brain.connect_regions("in", "out", 0.2)
        brain.connect_regions(
            "in", "out", 0.8, name="static", rule=None, weights=1.0, delays=Uniform(1.0, 20.0)
        )
        brain.growth.growth_interval = 200.0
        return brain

    def live(brain, cuts):
        for steps in cuts:
            brain.run(steps)
        brain.stimulate("in", [0.8, 0.3])
        brain.run(1)
        brain.sleep(150.0)
        brain.regions["out"].kill_neurons([1, 2])
        for steps in cuts:
            brain.run(steps)

    whole, cut = living(), living()
    cut.threads = threads
    live(whole, [900])
    live(cut, [333, 1, 566])
    assert buffered(whole).any()
    assert whole.growth.history
    assert whole.fingerprint() == cut.fingerprint()
    save_brain(whole, tmp_path / "whole.engram")
    twin = load_brain(tmp_path / "whole.engram")
    for brain in (whole, twin):
        brain.run(500)
    assert whole.fingerprint() == twin.fingerprint()
