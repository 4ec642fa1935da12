"""Brain(mechanisms=...): a plain network in one word, or some mechanisms only."""

from __future__ import annotations

import numpy as np
import pytest

from engram import (
    Brain,
    EngramError,
    InvalidTypeError,
    RegionType,
    UnknownNameError,
    load_brain,
    save_brain,
)

A, S = RegionType.ASSOCIATION, RegionType.SENSORY
ALL = (
    "plasticity",
    "homeostasis",
    "metaplasticity",
    "growth",
    "memory",
    "oscillations",
    "neuromodulation",
)


def built(mechanisms) -> Brain:
    brain = Brain(seed=4, mechanisms=mechanisms)
    brain.add_region("in", S, 30, background=9.0)
    brain.add_region("out", A, 30)
    brain.connect_regions("in", "out", density=0.3)
    brain.homeostasis.theta_plus = 0.5
    brain.growth.growth_interval = 100.0
    brain.growth.neurogenesis_rate = 0.0
    brain.oscillators.set("out", "theta", amplitude=3.0)
    return brain


def test_all_is_the_default():
    one, other = Brain(seed=1), Brain(seed=1, mechanisms="all")
    third = Brain(seed=1, mechanisms=ALL)
    assert one.fingerprint() == other.fingerprint() == third.fingerprint()
    assert "off:" not in one.summary()


def test_with_none_nothing_but_transmission_remains():
    brain = built("none")
    assert [p.rule for p in brain.projections] == [None, None, None]
    weights = [p.weight.copy() for p in brain.projections]
    brain.hold("in", [0.9])
    brain.run(2500)
    assert all(np.array_equal(w, p.weight) for w, p in zip(weights, brain.projections, strict=True))
    assert [r.n_neurons for r in brain.regions.values()] == [30, 30]
    assert not any(r.theta.any() for r in brain.regions.values())
    assert len(brain.memory.traces) == 0
    assert not brain.network.tables["rhythm_current"].any()
    assert brain.growth.totals["synapses_born"] == 0
    assert brain.regions["out"].total_spikes.sum() > 0
    assert (
        "off: growth and metaplasticity, synaptic scaling, adaptive thresholds, memory, "
        "oscillations, neuromodulation, plasticity unless a rule is given" in brain.summary()
    )


@pytest.mark.parametrize("name", ALL)
def test_each_acts_alone(name):
    brain = built([name])
    assert [p.rule is None for p in brain.projections] == [name != "plasticity"] * 3
    brain.hold("in", [0.9])
    brain.run(1500)
    brain.release("in")
    learned = sum(p.eligibility.any() for p in brain.projections if p.rule is not None)
    acted = {
        "plasticity": learned > 0,
        "homeostasis": any(r.theta.any() for r in brain.regions.values()),
        "growth": brain.growth.totals["neurons_born"] > 0,
        "memory": len(brain.memory.traces) > 0,
        "oscillations": bool(brain.network.tables["rhythm_current"].any()),
    }
    assert [n for n, did in acted.items() if did] == [name] * (name in acted)


def test_metaplasticity_without_growth():
    brain = built(["metaplasticity", "plasticity"])
    brain.metaplasticity.enabled = True
    brain.run(500)
    assert (brain.network.tables["mean_square_rate"][:30] >= 0).any()
    assert brain.regions["in"].n_neurons == 30
    assert brain.growth.history[-1].synapses_pruned == 0


def test_a_rule_that_is_given_learns():
    brain = Brain(seed=1, mechanisms="none")
    brain.add_region("in", S, 20, background=9.0)
    brain.add_region("out", A, 20, background=9.0)
    path = brain.connect_regions("in", "out", density=0.5, rule="stdp")
    before = path.weight.copy()
    brain.run(500)
    assert path.rule is not None
    assert not np.array_equal(before, path.weight)


def test_it_is_saved_and_copied(tmp_path):
    brain = built("none")
    for twin in (brain.copy(), load_brain(save_brain(brain, tmp_path / "b"))):
        assert twin.fingerprint() == brain.fingerprint()
        twin.add_region("more", A, 5)
        assert twin.get_projection("more", "more").rule is None
        assert twin.summary().count("off:") == 1


def test_the_inverse_of_each_switch_brings_it_back():
    brain = built("none")
    brain.enable_memory()
    brain.unfreeze_structural_plasticity()
    brain.enable_oscillations()
    brain.run(300)
    assert brain.regions["in"].n_neurons > 30
    assert brain.network.tables["rhythm_current"].any()


def test_unknown_ones_are_refused():
    for given, error, words in (
        ("nothing", UnknownNameError, "no mechanism 'nothing'"),
        (["grwoth"], UnknownNameError, "did you mean 'growth'"),
        ("plastcity", UnknownNameError, "did you mean 'plasticity'"),
        (None, InvalidTypeError, "all"),
        ([1], InvalidTypeError, "list of names"),
    ):
        with pytest.raises(error, match=words):
            Brain(seed=1, mechanisms=given)


def test_misspelled_names_say_what_was_meant():
    brain = built("all")
    with pytest.raises(UnknownNameError, match="did you mean 'out'"):
        brain.regions["ot"]
    with pytest.raises(EngramError):
        brain.regions[["out"]]
    assert "ot" not in brain.regions
    assert brain.regions.get("ot") is None
    assert list(brain.regions) == ["in", "out"]
    with pytest.raises(UnknownNameError, match="did you mean 'theta'"):
        brain.network.slots(brain.regions["out"].record, "thta")
