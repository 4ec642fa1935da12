"""Weights and delays as matrices, and assigned; wiring by in-degree; what delays may cost."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from engram import (
    LIF,
    Brain,
    CapacityError,
    EngramError,
    InvalidValueError,
    NeuronType,
    Neurotransmitter,
    PoissonSource,
    RegionType,
    Relay,
    Uniform,
    UnknownNameError,
    load_brain,
    save_brain,
)
from engram.state.invariants import check

GABA = Neurotransmitter.GABA


def pair(**kwargs: Any) -> Brain:
    brain = Brain(seed=3)
    brain.add_region("a", n_neurons=6, connectivity=0.0, max_neurons=8, **kwargs)
    brain.add_region("b", n_neurons=4, connectivity=0.0, max_neurons=8, **kwargs)
    return brain


def some_weights() -> np.ndarray[Any, Any]:
    weights = np.random.default_rng(1).uniform(0.1, 1.0, (6, 4)).astype(np.float32)
    weights[np.random.default_rng(2).random((6, 4)) < 0.4] = 0.0
    return weights


@pytest.mark.parametrize("kind", ["dense", "list", "sparse"])
def test_a_matrix_says_who_contacts_whom(kind: str) -> None:
    weights = some_weights()
    delays = np.where(weights > 0, 1.0 + np.arange(24).reshape(6, 4) % 5, 0.0)
    given: Any = (weights, delays)
    if kind == "list":
        given = (weights.tolist(), delays.tolist())
    elif kind == "sparse":
        sparse = pytest.importorskip("scipy.sparse")
        given = (sparse.csc_array(weights), sparse.coo_matrix(delays))
    brain = pair()
    path = brain.connect_regions("a", "b", weights=given[0], delays=given[1])
    found = np.zeros((6, 4), np.float32)
    found[path.pre, path.post] = path.weight
    np.testing.assert_array_equal(found, weights)
    np.testing.assert_array_equal(path.delay, delays[path.pre, path.post])
    assert path.n_synapses == np.count_nonzero(weights)
    check(brain.network.tables)


def test_a_matrix_of_inhibitory_weights_has_either_sign_but_one() -> None:
    brain, weights = pair(), some_weights()
    for name, given in (("up", weights), ("down", -weights)):
        path = brain.connect_regions("a", "b", weights=given, nt=GABA, name=name)
        np.testing.assert_array_equal(path.weight, -weights[path.pre, path.post])
    before = brain.fingerprint()
    mixed = weights.copy()
    mixed[np.unravel_index(weights.argmax(), weights.shape)] *= -1.0
    for given, nt in ((-weights, Neurotransmitter.GLUTAMATE), (mixed, GABA)):
        with pytest.raises(InvalidValueError, match=r"from neuron \d to neuron \d"):
            brain.connect_regions("a", "b", weights=given, nt=nt, name="bad")
    with pytest.raises(InvalidValueError, match="give magnitudes"):
        brain.connect_regions(
            "a", "b", wiring="all_to_all", weights=[1.0, -1.0] * 10, nt=GABA, name="l"
        )
    assert brain.fingerprint() == before


@pytest.mark.parametrize(
    "bad",
    [
        {"weights": np.ones((4, 6))},
        {"weights": np.full((6, 4), np.nan)},
        {"weights": np.full((6, 4), 1e39)},
        {"weights": np.full((6, 4), "x")},
        {"weights": np.ones((6, 4)), "wiring": "one_to_one"},
        {"weights": np.ones((6, 4)), "density": 0.3},
        {"weights": np.ones((6, 4)), "source_type": NeuronType.EXCITATORY},
        {"weights": np.ones((6, 4)), "bidirectional": True},
        {"weights": np.ones((6, 4)), "w_max": 0.5},
        {"weights": np.ones((6, 4)), "delays": np.ones((4, 6))},
        {"delays": np.full((6, 4), -1.0), "density": 1.0},
        {"weights": np.ones((6, 4, 2))},
        {"source_type": None, "source_neuron_type": None},
        {"target_neuron_type": "inhibitory"},
    ],
)
def test_what_does_not_fit_is_refused_before_anything_changes(bad: dict[str, Any]) -> None:
    brain = pair()
    before = brain.fingerprint()
    with pytest.raises(EngramError):
        brain.connect_regions("a", "b", **bad)
    assert brain.fingerprint() == before


def test_a_sparse_matrix_of_delays_must_have_all_of_them() -> None:
    sparse = pytest.importorskip("scipy.sparse")
    brain = pair()
    delays = sparse.coo_array(([2.0], ([1], [1])), shape=(6, 4))
    with pytest.raises(InvalidValueError, match="no entry for the synapse from neuron"):
        brain.connect_regions("a", "b", 1.0, delays=delays)
    twice = sparse.coo_array(([2.0, 3.0], ([1, 1], [1, 1])), shape=(6, 4))
    weights = sparse.coo_array(([0.0], ([1], [1])), shape=(6, 4))
    with pytest.raises(InvalidValueError, match="not two"):
        brain.connect_regions("a", "b", weights=weights, delays=twice)
    path = brain.connect_regions("a", "b", weights=weights, delays=delays)
    assert (path.n_synapses, path.weight[0], path.delay[0]) == (1, 0.0, 2.0)


def test_a_region_takes_a_signed_matrix_for_its_own_wiring() -> None:
    signed = np.random.default_rng(4).uniform(0.2, 1.0, (10, 10))
    signed[8:] *= -1.0
    np.fill_diagonal(signed, 0.0)
    brain = Brain(seed=1)
    own = brain.add_region("a", n_neurons=10, weights=signed, delays=np.abs(signed) * 10.0).wiring
    np.testing.assert_allclose(own.weight, signed[own.pre, own.post], rtol=1e-6)
    np.testing.assert_array_equal(
        own.delay, np.maximum(np.rint(np.abs(signed) * 10.0), 1.0)[own.pre, own.post]
    )
    assert own.n_synapses == 90
    for bad in ({"weights": -signed}, {"weights": signed, "inhibitory_weights": 1.0}):
        with pytest.raises(InvalidValueError):
            brain.add_region("b", n_neurons=10, **bad)
    assert list(brain.regions) == ["a"]


@pytest.mark.parametrize("excitatory", [1.0, 0.8, 0.0])
@pytest.mark.parametrize("wiring", ["in_degree", "one_to_one", "all_but_one"])
def test_own_wiring_that_counts_is_exact_whatever_the_types(excitatory: float, wiring: str) -> None:
    brain = Brain(seed=1)
    degree = {"in_degree": 7} if wiring == "in_degree" else {}
    region = brain.add_region("a", n_neurons=20, excitatory=excitatory, wiring=wiring, **degree)
    own = region.wiring
    wanted = {"in_degree": 7, "one_to_one": 1, "all_but_one": 19}[wiring]
    assert (np.bincount(own.post, minlength=20) == wanted).all()
    assert len({*zip(own.pre.tolist(), own.post.tolist(), strict=True)}) == own.n_synapses
    assert ((own.weight < 0) == (region.neuron_type[own.pre] == NeuronType.INHIBITORY)).all()
    if wiring != "one_to_one":
        assert (own.pre != own.post).all()


def test_weights_beyond_the_bounds_are_refused_and_not_clipped() -> None:
    brain = pair()
    path = brain.connect_regions("a", "b", 1.0, weights=0.5, w_min=0.1, w_max=0.8)
    inhibitory = brain.connect_regions("b", "a", 1.0, weights=0.5, nt=GABA, w_max=0.8)
    before = brain.fingerprint()
    for bad in (0.81, 0.05, np.linspace(0.1, 0.9, path.n_synapses), -0.5):
        with pytest.raises(InvalidValueError):
            path.weight = bad
        with pytest.raises(InvalidValueError):
            path.set([0], weight=np.ravel(bad)[-1])
    with pytest.raises(InvalidValueError, match="w_max"):
        inhibitory.weight = -0.9
    assert brain.fingerprint() == before
    path.weight = np.float32(0.8) * np.float32(1.0 + 2e-7)
    inhibitory.weight = np.full(inhibitory.n_synapses, -0.8)
    assert (path.weight == np.float32(0.8)).all()
    assert (inhibitory.weight == np.float32(-0.8)).all()


def test_some_weights_and_delays_are_set(tmp_path: Path) -> None:
    brain = pair(background=9.0)
    path = brain.connect_regions("a", "b", 1.0, weights=0.5, delays=2.0, w_max=2.0)
    brain.run(30)
    pre, post = path.pre[[3, 0, 5]], path.post[[3, 0, 5]]
    now = path.set([3, 0, 5], weight=[0.7, 0.8, 0.9], delay=[9.0, 1.0, 4.2])
    np.testing.assert_array_equal(path.pre[now], pre)
    np.testing.assert_array_equal(path.post[now], post)
    np.testing.assert_allclose(path.weight[now], [0.7, 0.8, 0.9])
    np.testing.assert_array_equal(path.delay[now], [9.0, 1.0, 4.0])
    others = np.setdiff1d(np.arange(path.n_synapses), now)
    assert (path.delay[others] == 2.0).all()
    assert (path.age[now] == 0).all()
    assert (path.age[others] > 0).all()
    check(brain.network.tables)
    mask = path.weight < 0.6
    path.set(mask, weight=0.6)
    assert path.weight.min() == np.float32(0.6)
    path.delay = 3.0
    assert (path.delay == 3.0).all()
    again = load_brain(save_brain(brain, tmp_path / "brain.engram"))
    for _ in range(40):
        assert {k: v.tolist() for k, v in brain.step().items()} == {
            k: v.tolist() for k, v in again.step().items()
        }
    check(brain.network.tables)
    before = brain.fingerprint()
    for bad in (
        {"weight": 5.0},
        {"delay": -1.0},
        {"delay": 1e9},
        {"delay": np.nan},
        {"delay": [1.0, 2.0]},
    ):
        with pytest.raises(EngramError):
            path.set([0], weight=bad.pop("weight", 0.7), **bad)
    with pytest.raises(InvalidValueError, match="twice"):
        path.set([1, 1], weight=0.7)
    with pytest.raises(InvalidValueError):
        path.delay = np.ones(3)
    assert brain.fingerprint() == before


@pytest.mark.parametrize(("new", "arrivals"), [(2.0, []), (9.0, []), (5.0, [5])])
def test_spikes_on_their_way_are_lost_where_the_delay_changes(
    new: float, arrivals: list[int]
) -> None:
    brain = Brain(seed=1)
    quiet: dict[str, Any] = {"connectivity": 0.0, "rule": None, "max_neurons": 1}
    brain.add_region("in", n_neurons=1, model=Relay, **quiet)
    brain.add_region("out", n_neurons=1, model=LIF, **quiet)
    path = brain.connect_regions("in", "out", 1.0, weights=0.2, delays=5.0, rule=None)
    brain.inject_current("in", [0], 2.0)
    brain.run(3)
    path.delay = new
    found = [
        k for k in range(3, 20) if brain.step() is not None and brain.regions["out"].v[0] > -64.9
    ]
    assert found[:1] == arrivals
    brain.inject_current("in", [0], 2.0)
    brain.run(int(new))
    before = brain.regions["out"].v[0]
    brain.step()
    assert brain.regions["out"].v[0] > before


def test_delays_on_dendrites_keep_the_share_of_these() -> None:
    brain = pair(model=LIF)
    path = brain.connect_regions("a", "b", 1.0, delays=4.0)
    brain.regions["b"].enable_morphology("pyramidal")
    path.delay = 20.0
    assert (path.delay == 20.0).all()
    check(brain.network.tables)
    if path.compartment.any():
        far = int(np.argmax(path.compartment))
        lag = brain.network.regions["b"].dendrites.lag(1.0)[path.compartment[far]]
        if lag:
            with pytest.raises(InvalidValueError, match="dendrite"):
                path.set([far], delay=float(lag))


def test_delays_that_cost_far_more_than_the_synapses_are_refused() -> None:
    brain = Brain(dt=0.1, seed=1)
    brain.add_region("a", n_neurons=10)
    brain.add_region("b", n_neurons=10)
    before = brain.fingerprint()
    with pytest.raises(CapacityError, match="projections of their own"):
        brain.connect_regions("a", "b", 0.5, delays=Uniform(0.1, 6553.5))
    assert brain.fingerprint() == before
    path = brain.connect_regions("a", "b", 0.5, delays=1.0, rule=None)
    slow = brain.connect_regions("a", "b", 0.5, delays=6553.5, rule=None, name="slow")
    before = brain.fingerprint()
    for refused in (
        lambda: path.set([0], delay=6553.5),
        lambda: path.add_synapses([0], [0], 0.1, 6553.5),
        lambda: setattr(slow, "rule", "reward_stdp"),
    ):
        with pytest.raises(CapacityError, match="MiB"):
            refused()
    assert brain.fingerprint() == before
    check(brain.network.tables)


def test_region_types_are_strings_in_any_case_and_optional() -> None:
    brain = Brain(seed=1)
    assert brain.add_region("a", n_neurons=3).region_type is RegionType.ASSOCIATION
    for k, name in enumerate(("SENSORY", "Memory", "motor")):
        kind = brain.add_region(f"r{k}", name, 3).region_type
        assert kind is RegionType[name.upper()]
    with pytest.raises(UnknownNameError, match="did you mean 'sensory'"):
        brain.add_region("bad", "sensori", 3)
    assert "bad" not in brain.regions


@pytest.mark.parametrize("model", [PoissonSource, Relay])
def test_sources_have_no_wiring_of_their_own_unless_asked(model: Any) -> None:
    brain = Brain(seed=1)
    assert brain.add_region("a", n_neurons=30, model=model).n_alive_synapses == 0
    assert brain.add_region("b", n_neurons=30, model=model()).n_alive_synapses == 0
    assert brain.add_region("c", n_neurons=30, connectivity=0.2, model=model).n_alive_synapses > 0
    assert brain.add_region("d", n_neurons=30).n_alive_synapses > 0


@pytest.mark.parametrize("kinship", [False, True])
def test_growth_does_not_wire_sources_that_have_no_wiring(kinship: bool) -> None:
    brain = Brain(seed=1)
    brain.add_region("in", n_neurons=20, model=Relay, background=2.0, max_neurons=30)
    brain.add_region("out", n_neurons=10, background=20.0, max_neurons=20)
    path = brain.connect_regions("in", "out", 0.3)
    brain.growth.growth_interval = 100.0
    brain.growth.neurogenesis_ceiling = 1e3
    brain.growth.kinship = kinship
    before = path.n_synapses
    brain.run(600)
    assert sum(cycle.neurons_born for cycle in brain.growth.history) > 0
    assert path.n_synapses != before
    assert brain.regions["in"].n_alive_synapses == 0


def test_reward_modulated_rules_stop_and_others_go_on(tmp_path: Path) -> None:
    brain = Brain(seed=1)
    brain.add_region("a", n_neurons=20, background=10.0, rule="stdp")
    brain.add_region("b", n_neurons=20, background=10.0)
    path, own = brain.connect_regions("a", "b", 0.5), brain.regions["a"].wiring
    brain.freeze_structural_plasticity()
    brain.freeze_homeostatic_scaling()
    brain.disable_reward_modulated_plasticity()
    before = path.weight, own.weight
    again = load_brain(save_brain(brain, tmp_path / "brain.engram"))
    brain.reward(1.0, path.label)
    again.reward(1.0, path.label)
    brain.run(200)
    again.run(200)
    assert brain.fingerprint() == again.fingerprint() == brain.copy().fingerprint()
    np.testing.assert_array_equal(path.weight, before[0])
    assert (own.weight != before[1]).any()
    brain.enable_reward_modulated_plasticity()
    brain.reward(1.0, path.label)
    brain.run(100)
    assert (path.weight != before[0]).any()


def test_dopamine_teaches_the_synapses_onto_chosen_neurons_only() -> None:
    brain = Brain(seed=1)
    for name in ("a", "b"):
        brain.add_region(name, n_neurons=20, background=10.0)
    path = brain.connect_regions("a", "b", 0.5)
    brain.growth.growth_interval = 20.0
    brain.run(200)
    before = {tuple(k): w for k, w in zip(path.identities.tolist(), path.weight, strict=True)}
    with brain.reward_stdp.restrict_to_posts(path.label, [3, 4]):
        brain.reward(3.0, path.label)
        brain.run(50)
    after = {tuple(k): w for k, w in zip(path.identities.tolist(), path.weight, strict=True)}
    moved = {key[1] for key, w in after.items() if key in before and before[key] != w}
    assert moved == {3, 4}
    check(brain.network.tables)
    for target, posts in ((path.label, [99]), ("proj:x->y", [1])):
        with pytest.raises(EngramError), brain.reward_stdp.restrict_to_posts(target, posts):
            pass
    with pytest.raises(InvalidValueError, match=r"Brain\.reward_stdp"):
        path.rule.restrict_to_posts(path.label, [3])  # type: ignore[union-attr]


def test_neuron_types_go_by_both_names() -> None:
    brain = Brain(seed=1)
    for name in ("a", "b"):
        brain.add_region(name, n_neurons=20)
    path = brain.connect_regions(
        "a",
        "b",
        1.0,
        source_neuron_type=NeuronType.INHIBITORY,
        target_neuron_type=NeuronType.EXCITATORY,
        nt=GABA,
    )
    assert (brain.regions["a"].neuron_type[path.pre] == NeuronType.INHIBITORY).all()
    assert (brain.regions["b"].neuron_type[path.post] == NeuronType.EXCITATORY).all()
