"""Parameters and backgrounds given for each neuron."""

from __future__ import annotations

import copy

import numpy as np
import pytest

from engram import (
    LIF,
    AdEx,
    Brain,
    CheckpointError,
    CurrentLIF,
    InvalidTypeError,
    InvalidValueError,
    Izhikevich,
    NeuronModel,
    Neurotransmitter,
    Normal,
    Parameter,
    PoissonSource,
    Relay,
    Uniform,
    load_brain,
    save_brain,
)
from engram.circuits.models import ShuntedIzhikevich
from engram.state.invariants import check
from tests.unit.test_checkpoint_files import forged, parts, put, said

N = 7


class Own(NeuronModel):
    """One parameter that differs by declaration, one that is given, a state that starts from it."""

    states = {"v": 0.0, "w": 0.0}
    current_unit = 0.3
    tau = Parameter(10.0, low=0.0, open_low=True)
    gain = Parameter(1.0, per_neuron=True)
    rest_w = Parameter(0.0)
    every = Parameter(3, low=1)

    def initial_states(self, parameters):  # noqa: ARG002
        return {"v": 0.0, "w": self.rest_w * 0.5}

    @staticmethod
    def update(v, w, I, tau, gain, every, dt):  # noqa: E741
        v = v + dt / tau * (gain * I + w - v)
        return v, w, v >= 0.3 * every

    @staticmethod
    def reset(w, rest_w):
        return 0.0, w - rest_w * 0.1


def spread(low, high):
    return np.linspace(low, high, N).astype(np.float32)


GIVEN = {
    "Izhikevich": (Izhikevich, {"a": spread(0.02, 0.1), "d": spread(2, 8)}, spread(4, 20)),
    "LIF": (
        LIF,
        {
            "tau_m": spread(10, 30),
            "E_L": spread(-70, -60),
            "E_exc": spread(-5, 5),
            "v_th": spread(-52, -48),
            "t_ref": spread(0, 5),
        },
        spread(5, 30),
    ),
    "CurrentLIF": (
        CurrentLIF,
        {"tau_m": spread(10, 30), "v_reset": spread(-70, -60)},
        spread(15, 30),
    ),
    "AdEx": (AdEx, {"C": spread(200, 300), "b": spread(0, 100)}, spread(600, 1200)),
    "shunted": (ShuntedIzhikevich, {"a": spread(0.02, 0.1), "E_inh": spread(-90, -70)}, 40.0),
    "own": (
        Own,
        {
            "tau": spread(5, 20),
            "rest_w": spread(0, 2),
            "gain": spread(1, 2),
            "every": np.arange(1, N + 1),
        },
        spread(1, 4),
    ),
    "relay": (Relay, {}, np.array([0.0, 1, 0, 2, 0, 1, 0.5], np.float32)),
}


def fed(brain, name, model, n=1, **options):
    """A region that also gets spikes, the same ones whoever they reach."""
    options = {"noise": 0.0, "variation": 0.0, "excitatory": 1.0, "max_neurons": n, **options}
    region = brain.add_region(name, "sensory", n, 0.0, model=model, rule=None, **options)
    for nt in (Neurotransmitter.GLUTAMATE, Neurotransmitter.GABA):
        unit = type(region.model).weight_unit or 1.0
        brain.connect_regions(
            "in",
            name,
            nt=nt,
            wiring="all_to_all",
            weights=2.0 * unit,
            delays=1.0,
            rule=None,
            name=nt.name,
        )
    return region


def source(seed=1):
    brain = Brain(seed=seed, mechanisms="none")
    brain.add_region("in", n_neurons=2, model=Relay, rule=None)
    return brain


def lived(brain, steps=200):
    """Potentials and spikes of all steps."""
    v, fired = [], []
    for k in range(steps):
        if k % 7 == 0:
            brain.inject_current("in", [k % 2], 1.0)
        brain.step()
        cells = [r for name, r in brain.regions.items() if name != "in"]
        v.append(np.concatenate([r.v for r in cells]))
        fired.append(np.concatenate([r.fired for r in cells]))
    return np.array(v), np.array(fired)


def assert_like_one_by_one(kind, parameters, background, dendrites):
    together, apart = source(), source()
    regions = [fed(together, "cells", kind(**parameters), N, background=background)]
    for k in range(N):
        one = {name: values[k].item() for name, values in parameters.items()}
        current = float(background[k]) if np.ndim(background) else background
        regions.append(fed(apart, f"cell{k}", kind(**one), background=current))
    if dendrites:
        for region in regions:
            region.enable_morphology(dynamics="compartments")
        for pathway in (*together.projections, *apart.projections):
            if pathway.target != "in" and pathway.n_synapses:
                pathway.compartment = 3
    v, fired = lived(together)
    v_apart, fired_apart = lived(apart)
    np.testing.assert_array_equal(fired, fired_apart)
    np.testing.assert_array_equal(v, v_apart)
    assert fired.any()
    assert len(np.unique(fired.sum(axis=0))) > 1


@pytest.mark.parametrize("name", GIVEN)
def test_neurons_are_like_regions_of_one_neuron_with_their_parameters(name):
    assert_like_one_by_one(*GIVEN[name], dendrites=False)


@pytest.mark.parametrize("kind", [LIF, Izhikevich])
def test_so_are_neurons_with_compartments(kind):
    parameters = {
        LIF: {"E_L": spread(-70, -60), "v_th": spread(-52, -48), "t_ref": spread(0, 5)},
        Izhikevich: {"b": spread(0.2, 0.25), "d": spread(2, 8)},
    }[kind]
    assert_like_one_by_one(kind, parameters, spread(20, 40), dendrites=True)


def test_poisson_sources_have_their_own_rates():
    rates = np.array([0.0, 50.0, 200.0, 0.0], np.float32)
    brain = Brain(seed=2, mechanisms="none")
    region = brain.add_region("in", n_neurons=4, model=PoissonSource, background=rates)
    brain.run(4000)
    expected = 4000 * (1 - np.exp(-rates / 1000))
    assert (np.abs(region.total_spikes - expected) <= 4 * np.sqrt(expected)).all()
    region.background = rates[::-1].copy()
    before = region.total_spikes.copy()
    brain.run(400)
    assert (region.total_spikes > before).tolist() == [False, True, True, False]
    before = region.total_spikes.copy()
    brain.sleep(300.0)
    np.testing.assert_array_equal(region.total_spikes, before)


def test_a_rate_of_one_source_that_a_step_cant_hold_warns():
    brain = Brain(seed=2, mechanisms="none")
    brain.add_region("in", n_neurons=2, model=PoissonSource, background=[1.0, 900.0])
    with pytest.warns(UserWarning, match="900 Hz"):
        brain.run(1)


def test_values_can_be_read_and_given_anew():
    brain = Brain(seed=1, mechanisms="none")
    threshold, current = np.linspace(-52, -48, 5), [15.0, 16.0, 17.0, 18.0, 19.0]
    region = brain.add_region(
        "a", n_neurons=5, model=LIF(v_th=threshold, tau_m=Uniform(10, 20)), background=current
    )
    np.testing.assert_array_equal(region.state("v_th"), threshold.astype(np.float32))
    np.testing.assert_array_equal(region.background, np.float32(current))
    assert region.model.v_th == pytest.approx(-50.0)
    assert "5 values from -52 to -48" in repr(region.model)
    drawn = region.state("tau_m")
    assert drawn.min() >= 10
    assert drawn.max() < 20
    assert len(set(drawn.tolist())) == 5
    for view in (region.state("v_th"), region.background):
        with pytest.raises(ValueError, match="read-only"):
            view[0] = 1.0
    brain.run(20)
    region.model.E_L = np.linspace(-66, -64, 5)
    np.testing.assert_array_equal(region.state("v_th"), threshold.astype(np.float32))
    np.testing.assert_array_equal(region.background, np.float32(current))
    recorder = brain.record("v_th", "a")
    brain.run(2)
    np.testing.assert_array_equal(recorder.values[-1], threshold.astype(np.float32))
    assert "a" in brain.summary()
    # A copy for another region takes the values along.
    twin = brain.add_region("b", n_neurons=5, model=region.model)
    np.testing.assert_array_equal(twin.state("v_th"), region.state("v_th"))


def test_they_can_change_between_steps_of_a_run():
    def varied(k):
        return np.linspace(-52, -48, 6) + k

    results = []
    for cut in (False, True):
        brain = Brain(seed=3, mechanisms="none")
        region = brain.add_region("a", n_neurons=6, model=LIF, background=20.0)

        def change(brain, k, region=region):  # noqa: ARG001
            if k % 10 == 0:
                region.model.v_th = varied(k / 20) if k < 30 else -50.0
                region.background = np.linspace(15, 20, 6) if k % 20 else 21.0

        if cut:
            for k in range(50):
                change(brain, k)
                brain.step()
        else:
            brain.run(50, stimulus_fn=change)
        results.append(brain.fingerprint())
    assert results[0] == results[1]


def test_numbers_for_all_make_the_region_what_it_was():
    plain, varied = (Brain(seed=3, mechanisms="none") for _ in range(2))
    for brain in (plain, varied):
        brain.add_region("a", n_neurons=6, model=LIF(v_th=-51.0), background=20.0)
        brain.add_region("b", n_neurons=6, background=6.0)
        brain.run(30)
    region = varied.regions["a"]
    region.model.v_th, region.background = np.linspace(-52, -48, 6), np.arange(6.0)
    region.model.v_th, region.background = -51.0, 20.0
    assert isinstance(region.background, float)
    for brain in (plain, varied):
        brain.run(30)
    assert varied.fingerprint() == plain.fingerprint()


def full(seed=5):
    """A brain in which neurons are born, die, learn and differ."""
    brain = Brain(seed=seed)
    brain.add_region("in", "sensory", 20, max_neurons=30, background=Uniform(6, 12))
    brain.add_region(
        "out", n_neurons=20, model=LIF(v_th=Normal(-50, 1), tau_m=Uniform(10, 30)), max_neurons=30,
        background=Normal(18, 2),
    )  # fmt: skip
    brain.add_region("own", n_neurons=9, model=Own(tau=np.linspace(5, 20, 9)), max_neurons=12)
    brain.connect_regions("in", "out", 0.4)
    brain.connect_regions("out", "own", 0.4)
    brain.growth.growth_interval = 40.0
    brain.growth.neurogenesis_rate = 1.0
    brain.growth.apoptosis_age = 60.0
    brain.regions["in"].model.d = np.linspace(4, 8, 20)
    return brain


def test_it_survives_files_copies_and_other_names(tmp_path):
    brain = full()
    brain.run(130)
    brain.regions["out"].kill_neurons([3, 4])
    loaded = load_brain(save_brain(brain, tmp_path / "b"), allow=[Own])
    twins = [loaded, copy.deepcopy(brain)]
    for twin in twins:
        assert twin.fingerprint() == brain.fingerprint()
    for one in (brain, *twins):
        one.run(60)
        one.respond("in", np.full((1, one.regions["in"].n_neurons), 9.0), 20, read="out")
        one.rename_region("out", "middle")
        one.remove_region("in")
        one.reset_state()
        one.run(60)
        one.check()
    assert len({one.fingerprint() for one in (brain, *twins)}) == 1
    region = brain.regions["middle"]
    np.testing.assert_array_equal(region.state("v_th"), loaded.regions["middle"].state("v_th"))


def test_each_value_counts_in_the_fingerprint():
    brain = full()
    before = brain.fingerprint()
    twin = copy.deepcopy(brain)
    values = twin.regions["out"].state("v_th").copy()
    values[3] += 0.5
    twin.regions["out"].model.v_th = values
    assert twin.fingerprint() != before
    twin = copy.deepcopy(brain)
    currents = twin.regions["out"].background.copy()
    currents[3] += 0.5
    twin.regions["out"].background = currents
    assert twin.fingerprint() != before


def test_a_reset_brings_each_neuron_to_its_own_rest():
    brain = Brain(seed=1, mechanisms="none")
    region = brain.add_region("a", n_neurons=5, model=LIF(E_L=np.linspace(-70, -60, 5)))
    np.testing.assert_array_equal(region.v, np.linspace(-70, -60, 5, dtype=np.float32))
    brain.inject_current("a", range(5), 9.0)
    brain.run(3)
    assert (region.v != region.state("E_L")).all()
    brain.reset_state()
    np.testing.assert_array_equal(region.v, region.state("E_L"))


def test_newborns_take_after_their_sister_and_others_after_the_mean():
    brain = Brain(seed=4)
    values, currents = np.linspace(-54, -46, 8), np.linspace(12, 19, 8)
    region = brain.add_region(
        "a", n_neurons=8, model=LIF(v_th=values, E_L=values - 20), background=currents,
        max_neurons=20,
    )  # fmt: skip
    slot = region.add_neuron()
    assert region.state("v_th")[slot] == np.float32(-50)
    assert region.v[slot] == np.float32(-70)
    assert region.background[slot] == np.float32(15.5)
    region.kill_neurons([slot])
    brain.growth.neurogenesis_rate, brain.growth.kinship = 0.0, True
    brain.growth.grow()
    born = np.flatnonzero(region.neuron_alive)
    born = born[(born >= 8)]
    assert len(born)
    pairs = set(zip(region.state("v_th")[:8], region.background[:8], strict=True))
    for k in born:
        assert (region.state("v_th")[k], region.background[k]) in pairs
        assert region.v[k] == region.state("E_L")[k]
    brain.run(50)
    check(brain.network.tables)


def lif(**values):
    def act(brain):
        brain.add_region("new", n_neurons=4, model=LIF(**values))

    return act


def assigned(name, value):
    return lambda brain: setattr(brain.regions["a"].model, name, value)


WRONG = {
    "too few": (lif(v_th=[-50.0, -51.0]), InvalidValueError, "'new': v_th.* each of 4 neurons"),
    "NaN": (lif(v_th=[0, 0, np.nan, 0]), InvalidValueError, r"v_th of neuron 2 .*not nan"),
    "out of range": (lif(tau_m=[9, 9, 9, 0]), InvalidValueError, r"tau_m of neuron 3 .*\(0, inf\)"),
    "of a region": (lif(tau_exc=[1, 2, 3, 4]), InvalidTypeError, "LIF.tau_exc must be one value"),
    "text": (lif(v_th=["a", "b", "c", "d"]), InvalidTypeError, "numbers, one for each neuron"),
    "a matrix": (lif(v_th=np.zeros((2, 2))), InvalidValueError, r"not the shape \(2, 2\)"),
    "ragged": (lif(v_th=[[1], [2, 3]]), InvalidTypeError, "v_th"),
    "drawn out of range": (lif(t_ref=Uniform(-2, -1)), InvalidValueError, "'new': t_ref of neuron"),
    "assigned": (assigned("tau_m", [1, 2, 3, -4]), InvalidValueError, "'a': tau_m of neuron 3"),
    "assigned too few": (assigned("v_th", [1, 2]), InvalidValueError, "'a': v_th.* of 4 neurons"),
    "assigned number": (assigned("tau_m", -1.0), InvalidValueError, "tau_m"),
    "assigned to a region": (assigned("tau_inh", [1, 2, 3, 4]), InvalidTypeError, "'a': tau_inh"),
    "background": (
        lambda b: b.add_region("new", n_neurons=3, background=[1.0, 2.0, np.inf]),
        InvalidValueError,
        "'new': background of neuron 2",
    ),
    "assigned background": (
        lambda b: setattr(b.regions["a"], "background", [1.0]),
        InvalidValueError,
        "'a': background.* 4 neurons",
    ),
    "whole numbers": (
        lambda b: b.add_region("new", n_neurons=2, model=Own(every=[1.5, 2.0])),
        InvalidTypeError,
        "whole numbers",
    ),
    "whole numbers drawn": (
        lambda b: b.add_region("new", n_neurons=2, model=Own(every=Uniform(1, 2))),
        InvalidTypeError,
        "'new': every can't be drawn",
    ),
    "taken over": (
        lambda b: b.regions["tree"].model.take_over(LIF(v_th=[1, 2])),
        InvalidTypeError,
        "v_th is given for each neuron",
    ),
    "with compartments": (
        lambda b: b.regions["a"].enable_morphology(dynamics="compartments"),
        InvalidValueError,
        "LIF neurons with compartments can't have a tau_m of their own",
    ),
    "of compartments": (
        lambda b: setattr(b.regions["tree"].model, "E_exc", [1, 2]),
        InvalidValueError,
        "'tree': E_exc: LIF neurons with compartments",
    ),
}


@pytest.mark.parametrize("name", WRONG)
def test_what_cant_be_used_is_refused_before_anything_changes(name):
    act, error, message = WRONG[name]
    brain = Brain(seed=1, mechanisms="none")
    brain.add_region("a", n_neurons=4, model=LIF(tau_m=[10, 11, 12, 13], v_th=-50.0))
    brain.add_region("tree", n_neurons=2, model=LIF)
    brain.regions["tree"].enable_morphology(dynamics="compartments")
    before = brain.fingerprint()
    with pytest.raises(error, match=message):
        act(brain)
    assert brain.fingerprint() == before
    brain.run(3)


@pytest.fixture(scope="module")
def saved(tmp_path_factory):
    brain = Brain(seed=1, mechanisms="none")
    brain.add_region(
        "a", n_neurons=4, model=LIF(tau_m=[10, 11, 12, 13]), background=[1.0, 2.0, 3.0, 4.0]
    )
    brain.run(5)
    return save_brain(brain, tmp_path_factory.mktemp("each") / "good")


def entry(key, value):
    def change(members, header):
        said("brain", "regions", 0, key, value=value)(members, header)

    return change


DAMAGED = {
    "unknown": entry("varying", ["nothing"]),
    "twice": entry("varying", ["tau_m", "tau_m"]),
    "no text": entry("varying", [3]),
    "no list": entry("varying", "tau_m"),
    "of the region": entry("varying", ["tau_exc"]),
    "more than rows": entry("varying", ["tau_m", "v_th", "E_L", "t_ref"]),
    "background": entry("background", "1"),
    "endless background": entry("background", 1e300),
    "value": put("q", (0, 2), -3.0),
    "not finite": put("q", (1, 2), np.nan),
}


@pytest.mark.parametrize("name", DAMAGED)
def test_damaged_entries_are_refused(saved, tmp_path, name):
    assert "varying" in str(parts(saved)[1])
    with pytest.raises(CheckpointError):
        load_brain(forged(saved, tmp_path / "bad", DAMAGED[name]))


@pytest.mark.parametrize("value", [-10.0, [5.0, -1.0, 5.0], Uniform(-2.0, -1.0)])
def test_a_rate_can_not_be_negative_a_current_can(value):
    brain = Brain(seed=1)
    with pytest.raises(InvalidValueError, match=r"Brain.add_region: .*background"):
        brain.add_region("p", n_neurons=3, model=PoissonSource, background=value)
    region = brain.add_region("p", n_neurons=3, model=PoissonSource, background=10.0)
    with pytest.raises(InvalidValueError, match=r"[Rr]egion 'p': background"):
        region.background = value
    assert region.background == 10.0
    brain.add_region("cells", n_neurons=3, background=value)
