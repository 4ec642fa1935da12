"""Synapses on dendrites: where they sit, what arrives, and compartments through a brain's life."""

import numpy as np
import pytest

from engram import (
    LIF,
    STDP,
    AdEx,
    Brain,
    CurrentLIF,
    InvalidTypeError,
    InvalidValueError,
    Neurotransmitter,
    PoissonSource,
    RegionType,
    Relay,
    RewardSTDP,
    ShortTermPlasticity,
    Uniform,
    UnknownNameError,
    load_brain,
    save_brain,
)
from engram.morphology import NMDA, TEMPLATES, Branch, Morphology
from engram.network.settings import DENDRITE_STATES
from engram.state.invariants import check

S = RegionType.SENSORY
TREE = TEMPLATES["pyramidal"]
NODES = TREE.compartments
GAIN = TREE.attenuation(NODES.branch, NODES.place)
DELAY = TREE.delay(NODES.branch, NODES.place)


def pair(n=40, dt=1.0, model=Relay, late=False, template="pyramidal", **options):
    """Two regions, all to all with axonal delays of 1 to 4 ms; dendrites before or after."""
    brain = Brain(dt=dt, seed=5)
    brain.freeze_structural_plasticity()
    for name, kind in (("a", Relay), ("b", model)):
        brain.add_region(name, S, n, 0.0, model=kind, excitatory=1.0, rule=None, noise=0.0)
    if not late and template:
        brain.regions["b"].enable_morphology(template, **options)
    p = brain.connect_regions(
        "a", "b", wiring="all_to_all", weights=1.0, delays=Uniform(1.0, 4.0), rule=None
    )
    if late and template:
        brain.regions["b"].enable_morphology(template, **options)
    return brain, p


def by_pair(p, values):
    order = np.lexsort((p.post, p.pre))
    return np.asarray(values)[order]


# -- places


def test_it_does_not_matter_when_dendrites_come():
    (_, early), (brain, late), (_, point) = pair(), pair(late=True), pair(template=None)
    for name in ("compartment", "delay", "weight"):
        np.testing.assert_array_equal(
            by_pair(early, getattr(early, name)), by_pair(late, getattr(late, name))
        )
    places = by_pair(late, late.compartment)
    longer = by_pair(late, late.delay) - by_pair(point, point.delay)
    np.testing.assert_array_equal(longer, np.rint(DELAY)[places])
    assert longer.max() >= 5
    np.testing.assert_allclose(
        brain.network.block(late.record)["synapse_gain"], GAIN[late.compartment], rtol=1e-6
    )
    assert (point.compartment == 0).all()


def test_membrane_area_decides_where_synapses_sit():
    _, p = pair(n=120)
    counts = np.bincount(p.compartment, minlength=len(NODES))
    expected = p.n_synapses * NODES.area / NODES.area.sum()
    assert counts[NODES.area == 0].sum() == 0
    has = expected > 0
    chi2 = ((counts - expected)[has] ** 2 / expected[has]).sum()
    # 39 degrees of freedom: mean 39, standard deviation 9.
    assert chi2 < 39 + 4 * 9
    again, other = pair(n=120)[1], pair(n=120, template="stellate")[1]
    np.testing.assert_array_equal(p.compartment, again.compartment)
    assert other.compartment.max() < len(TEMPLATES["stellate"].compartments)


def test_a_placement_holds_for_synapses_there_are_and_to_come():
    brain, p = pair()
    labels = np.array(TREE.labels)
    axonal = p.delay - np.rint(DELAY)[p.compartment]
    before = by_pair(p, axonal)
    p.placement = "tuft"
    assert set(labels[p.compartment]) == {"tuft"}
    np.testing.assert_array_equal(by_pair(p, p.delay - np.rint(DELAY)[p.compartment]), before)
    p.placement = {"basal": 3.0, "soma": 1.0}
    assert p.placement == {"basal": 3.0, "soma": 1.0}
    share = (labels[p.compartment] == "basal").mean()
    assert share == pytest.approx(0.75, abs=0.04)
    p.placement = "oblique"
    p.add_synapses([0, 1, 2], [3, 4, 5])
    assert p.n_synapses == 1603
    assert set(labels[p.compartment]) == {"oblique"}
    twin = brain.copy()
    twin.projections[-1].add_synapses([5], [6])
    p.add_synapses([5], [6])
    assert twin.fingerprint() == brain.fingerprint()
    p.placement = None
    assert len(set(labels[p.compartment])) == 5


def test_synapses_can_be_moved_one_by_one():
    brain, p = pair(n=6)
    where = np.arange(p.n_synapses) % len(NODES)
    pre, post = p.pre, p.post
    p.compartment = where
    order = {(i, j): k for i, j, k in zip(pre, post, where, strict=True)}
    for i, j, k in zip(p.pre, p.post, p.compartment, strict=True):
        assert order[i, j] == k
    p.compartment = 0
    assert (p.compartment == 0).all()
    assert (p.delay <= 4.0).all()
    check(brain.network.tables)


# -- what arrives


def arrivals(dt, late):
    """When, and how much of, a synapse's charge arrives, by compartment."""
    n = len(NODES)
    brain = Brain(dt=dt, seed=1)
    brain.freeze_structural_plasticity()
    brain.add_region("a", S, 1, 0.0, model=Relay, excitatory=1.0, rule=None)
    model = CurrentLIF(v_th=1e6, tau_exc=0.0)
    b = brain.add_region("b", S, n, 0.0, model=model, excitatory=1.0, rule=None)
    if not late:
        b.enable_morphology("pyramidal")
    p = brain.connect_regions(
        "a",
        "b",
        wiring="all_to_all",
        weights=100.0,
        delays=2.0,
        rule=None,
        nt=Neurotransmitter.SEROTONIN,
    )
    if late:
        b.enable_morphology("pyramidal")
    p.compartment = p.post
    brain.inject_current("a", [0], 1.0)
    before, when, much = b.v.copy(), np.full(n, -1.0), np.zeros(n)
    for _ in range(round(20 / dt)):
        start = brain.time
        brain.step()
        jumped = (b.v > before) & (when < 0)
        when[jumped] = start
        much[jumped] = (b.v - model.E_L)[jumped]
        before = b.v.copy()
    return when, much / much[0]


@pytest.mark.parametrize("late", [False, True])
@pytest.mark.parametrize("dt", [0.1, 1.0])
def test_what_a_passive_dendrite_lets_through(dt, late):
    when, much = arrivals(dt, late)
    np.testing.assert_allclose(when, 2.0 + np.rint(DELAY / dt) * dt, atol=1e-9)
    np.testing.assert_allclose(much, GAIN, rtol=1e-4)


def test_taking_dendrites_away_leaves_no_trace():
    brain, p = pair()
    _, point = pair(template=None)
    brain.regions["b"].enable_morphology("point")
    assert brain.regions["b"].morphology is None
    for name in ("pre", "post", "delay", "weight", "age"):
        np.testing.assert_array_equal(getattr(p, name), getattr(point, name))
    assert not len(brain.network.block(p.record)["synapse_gain"])
    assert not len(brain.network.block(p.record)["compartment"])


def test_morphology_is_of_the_target_and_of_its_own_wiring():
    brain = Brain(seed=1)
    brain.freeze_structural_plasticity()
    brain.add_region("a", S, 20, 0.3)
    brain.add_region("b", S, 20, 0.3)
    brain.connect_regions("a", "b", 0.5, bidirectional=True)
    assert brain.regions["b"].morphology is None
    brain.regions["b"].enable_morphology()
    assert brain.regions["b"].morphology == TREE
    placed = {p.label: bool(p.compartment.any()) for p in brain.projections}
    assert placed == {"region:a": False, "region:b": True, "proj:a->b": True, "proj:b->a": False}
    brain.run(10)
    check(brain.network.tables)


@pytest.mark.parametrize("wait", range(1, 9))
def test_spikes_under_way_when_dendrites_change_arrive_at_most_once(wait):
    # Without decay the synaptic current of a neuron counts what has arrived.
    model = CurrentLIF(v_th=1e6, tau_exc=1e9)
    for first, second in (("point", "pyramidal"), ("pyramidal", "point")):
        brain, p = pair(n=12, model=model, template=first)
        p.compartment = 0 if first == "point" else len(NODES) - 1
        brain.inject_current("a", range(12), 1.0)
        brain.run(wait)
        brain.regions["b"].enable_morphology(second)
        brain.run(30)
        arrived = brain.regions["b"].state("exc")
        assert (arrived <= 12 + 1e-4).all()
        if wait > 4 and first == "point":
            np.testing.assert_allclose(arrived, 12, rtol=1e-5)
        check(brain.network.tables)


# -- compartments


def dendritic(rule=None, stp=None, dt=1.0, n=30, nmda=None, model=LIF):
    """A driven region with compartments, excited, inhibited, with wiring of its own."""
    brain = Brain(dt=dt, seed=3)
    brain.freeze_structural_plasticity()
    brain.add_region("a", S, 25, 0.0, model=PoissonSource, rule=None)
    b = brain.add_region("b", S, n, 0.2, model=model, rule=rule, max_neurons=n + 4)
    brain.connect_regions("a", "b", 0.4, weights=0.3, rule=rule, stp=stp)
    b.enable_morphology("pyramidal", dynamics="compartments", nmda=nmda)
    brain.regions["a"].background = 80.0
    return brain


def test_charge_arrives_on_its_compartment():
    brain = Brain(seed=1)
    brain.freeze_structural_plasticity()
    brain.add_region("a", S, 4, 0.0, model=Relay, rule=None)
    b = brain.add_region("b", S, 3, 0.0, model=LIF(tau_exc=1e9, tau_inh=1e9), rule=None)
    b.enable_morphology(dynamics="compartments", nmda=NMDA(tau=1e9))
    exc = brain.connect_regions("a", "b", wiring="all_to_all", weights=0.5, delays=1.0, rule=None)
    exc.remove_synapses(exc.pre > 1)
    exc.add_synapses([3], [2], 0.25, 1.0, Neurotransmitter.GABA)
    exc.add_synapses([3], [2], 0.25, 1.0, Neurotransmitter.ACETYLCHOLINE)
    places = np.where(exc.pre == 0, 0, np.where(exc.pre == 1, 7, 20))
    exc.compartment = places
    brain.inject_current("a", range(4), 1.0)
    brain.run(2)
    tables, cells = brain.network.tables, brain.network.slice(b.record)
    on = {name: tables[name][:, cells] for name in DENDRITE_STATES}
    np.testing.assert_allclose(tables["exc"][cells], 0.5, rtol=1e-5)
    np.testing.assert_allclose(on["dendrite_exc"][6], 0.5, rtol=1e-5)
    np.testing.assert_allclose(on["dendrite_nmda"][6], 0.5, rtol=1e-5)
    assert on["dendrite_inh"][19, 2] == pytest.approx(-0.25, rel=1e-5)
    assert on["dendrite_exc"][19, 2] == pytest.approx(0.25 * 0.5 * 1.2, rel=1e-5)
    assert on["dendrite_nmda"][19, 2] == 0, "acetylcholine opens no NMDA receptors"
    assert np.count_nonzero(on["dendrite_exc"]) == 4


@pytest.mark.parametrize(
    ("rule", "stp"),
    [(None, None), (STDP(), None), (RewardSTDP(), ShortTermPlasticity(tau_facil=50.0))],
)
def test_saving_copying_and_chunks_do_not_matter(tmp_path, rule, stp):
    a, b = (dendritic(rule, stp, nmda=NMDA()) for _ in range(2))
    a.run(300)
    for n in (1, 99, 200):
        b.run(n)
    assert a.fingerprint() == b.fingerprint()
    assert a.regions["b"].total_spikes.sum() > 20
    assert np.abs(a.network.tables["dendrite_v"]).max() > 1
    save_brain(a, tmp_path / "brain")
    c, d = load_brain(tmp_path / "brain"), a.copy()
    for brain in (a, c, d):
        brain.run(200)
        check(brain.network.tables)
    assert a.fingerprint() == c.fingerprint() == d.fingerprint()
    assert c.regions["b"].morphology == TREE
    assert c.regions["b"].dendrite_v.shape == (len(NODES), 30)


def test_the_fingerprint_sees_dendrites():
    changes = {
        "nothing": lambda _: None,
        "potential": lambda b: b.network.tables["dendrite_v"].__setitem__(
            (3, b.network.first(b.regions["b"].record)), 1.0
        ),
        "input": lambda b: b.network.tables["dendrite_exc"].__setitem__(
            (3, b.network.first(b.regions["b"].record)), 1.0
        ),
        "tree": lambda b: b.regions["b"].enable_morphology("stellate", dynamics="compartments"),
        "dynamics": lambda b: b.regions["b"].enable_morphology("pyramidal"),
        "nmda": lambda b: b.regions["b"].enable_morphology(
            "pyramidal", dynamics="compartments", nmda=NMDA(Mg=2.0)
        ),
        "placement": lambda b: setattr(b.projections[-1], "placement", "basal"),
        "places": lambda b: setattr(b.projections[-1], "compartment", 2),
    }
    prints = set()
    for change in changes.values():
        brain = dendritic()
        change(brain)
        prints.add(brain.fingerprint())
    assert len(prints) == len(changes)


def test_neurons_are_born_at_rest_and_die_without_a_trace():
    brain = dendritic(nmda=NMDA())
    brain.run(200)
    b = brain.regions["b"]
    slots = brain.network.slice(b.record)
    b.kill_neurons([2, 5])
    for name in DENDRITE_STATES:
        assert not brain.network.tables[name][:, [slots.start + 2, slots.start + 5]].any()
    brain.run(5)
    check(brain.network.tables)
    assert b.add_neuron() == 2
    assert b.add_neuron() == 5
    assert b.add_neuron() == 30
    for name in DENDRITE_STATES:
        assert not brain.network.tables[name][:, [slots.start + k for k in (2, 5, 30)]].any()
    np.testing.assert_array_equal(b.dendrite_v[:, 30], b.model.E_L)
    b.add_synapses([0, 0, 0], [2, 5, 30], 0.1)
    check(brain.network.tables)
    brain.run(100)
    check(brain.network.tables)
    brain.reset_state()
    for name in DENDRITE_STATES:
        assert not brain.network.tables[name].any()


def test_all_neurons_of_a_large_region_do_the_same():
    brain = Brain(seed=1)
    brain.freeze_structural_plasticity()
    b = brain.add_region("b", S, 523, 0.0, model=LIF, noise=0.0, variation=0.0, rule=None)
    b.enable_morphology("stellate", dynamics="compartments")
    for _ in range(50):
        brain.inject_current("b", range(523), 30.0)
        brain.step()
    assert b.total_spikes[0] > 0
    assert (b.total_spikes == b.total_spikes[0]).all()
    assert (b.dendrite_v == b.dendrite_v[:, :1]).all()


def test_other_regions_do_not_notice():
    def spikes(on):
        brain = Brain(seed=2)
        brain.freeze_structural_plasticity()
        brain.add_region("a", S, 40, 0.2, background=8.0)
        brain.add_region("b", S, 40, 0.2, background=8.0)
        if on:
            brain.regions["b"].enable_morphology(dynamics="compartments")
        brain.run(300)
        return [r.total_spikes.copy() for r in brain.regions.values()], brain.regions["a"].v.copy()

    (a0, b0), v0 = spikes(False)
    (a1, b1), v1 = spikes(True)
    np.testing.assert_array_equal(a0, a1)
    np.testing.assert_array_equal(v0, v1)
    assert a0.sum() > 50
    assert (b0 != b1).any()


def test_nmda_receptors_make_neighbours_cooperate():
    """Twelve synapses on one compartment: more than their sum, and not without the receptors."""

    def peak(n, nmda):
        brain = Brain(dt=0.5, seed=1)
        brain.freeze_structural_plasticity()
        brain.add_region("a", S, 12, 0.0, model=Relay, rule=None, excitatory=1.0)
        b = brain.add_region("b", S, 1, 0.0, model=LIF(v_th=1e6, tau_exc=3.0), rule=None)
        b.enable_morphology(dynamics="compartments", nmda=nmda)
        p = brain.connect_regions(
            "a", "b", wiring="all_to_all", weights=0.04, delays=1.0, rule=None
        )
        p.compartment = np.flatnonzero(np.array(TREE.labels) == "basal")[-1]
        brain.inject_current("a", range(n), 1.0)
        highest = 0.0
        for _ in range(160):
            brain.step()
            highest = max(highest, float(b.v[0]) + 65.0)
        return highest

    receptors = NMDA(ratio=4.0)
    assert peak(12, receptors) > 1.4 * 12 * peak(1, receptors)
    for off in (None, NMDA(ratio=0.0), NMDA(ratio=4.0, Mg=0.0)):
        assert peak(12, off) < 12 * peak(1, off)
    assert peak(5, None) == peak(5, NMDA(ratio=0.0))


# -- what is refused


class Own(CurrentLIF):
    """A model of the user's own, with an update but no soma."""

    soma = None


@pytest.mark.parametrize("model", [AdEx, Relay, PoissonSource, Own])
def test_models_without_a_soma_are_refused(model):
    brain, _ = pair(model=model, template=None)
    before = brain.fingerprint()
    with pytest.raises(InvalidValueError, match=r"'b'.*" + model.__name__ + r".*LIF"):
        brain.regions["b"].enable_morphology(dynamics="compartments")
    assert brain.fingerprint() == before
    brain.regions["b"].enable_morphology()
    assert brain.fingerprint() != before


BAD = {
    "dynamics": (
        lambda b, _: b.regions["b"].enable_morphology(dynamics="active"),
        InvalidValueError,
        ["'active'", "'compartments'"],
    ),
    "nmda without compartments": (
        lambda b, _: b.regions["b"].enable_morphology(nmda=NMDA()),
        InvalidValueError,
        ["nmda"],
    ),
    "nmda": (
        lambda b, _: b.regions["b"].enable_morphology(dynamics="compartments", nmda=2.0),
        InvalidTypeError,
        ["2.0"],
    ),
    "label": (lambda _, p: setattr(p, "placement", "tufts"), UnknownNameError, ["'tuft'"]),
    "placement": (lambda _, p: setattr(p, "placement", 3), InvalidTypeError, ["3"]),
    "no weight": (lambda _, p: setattr(p, "placement", {"tuft": 0.0}), InvalidValueError, ["0"]),
    "compartment": (lambda _, p: setattr(p, "compartment", 999), InvalidValueError, ["999"]),
    "how many": (lambda _, p: setattr(p, "compartment", [0, 1]), InvalidValueError, ["1600"]),
    "float": (lambda _, p: setattr(p, "compartment", 0.5), InvalidTypeError, ["whole"]),
}


@pytest.mark.parametrize("name", BAD)
def test_bad_input_changes_nothing(name):
    call, kind, words = BAD[name]
    brain, p = pair(model=LIF)
    before = brain.fingerprint()
    with pytest.raises(kind) as caught:
        call(brain, p)
    for word in words:
        assert word in str(caught.value)
    assert brain.fingerprint() == before


def test_a_morphology_must_suit_the_placement_and_the_delays():
    brain, p = pair()
    p.placement = "tuft"
    before = brain.fingerprint()
    with pytest.raises(UnknownNameError, match="tuft"):
        brain.regions["b"].enable_morphology("stellate")
    assert brain.fingerprint() == before
    brain, p = pair(template=None)
    p.rule, p.delay = None, 65_535.0
    before = brain.fingerprint()
    with pytest.raises(InvalidValueError, match="delay"):
        brain.regions["b"].enable_morphology("pyramidal")
    assert brain.fingerprint() == before


@pytest.mark.parametrize(
    "make",
    [
        lambda: Morphology((Branch("d", -1.0, 1.0),)),
        lambda: Morphology((Branch("d", 10.0, 0.0),)),
        lambda: Morphology((Branch("d", 10.0, 1.0, 0),)),
        lambda: Morphology((Branch("soma", 10.0, 1.0),)),
        lambda: Morphology((Branch("d", 10.0, 1.0),), Rm=float("nan")),
        lambda: Morphology((Branch("d", 1e9, 1.0),)),
        lambda: NMDA(tau=0.0),
        lambda: TREE.attenuation(len(TREE.branches), 0.5),
        lambda: TREE.delay(0, 1.5),
    ],
)
def test_trees_that_can_not_be(make):
    with pytest.raises(InvalidValueError):
        make()
