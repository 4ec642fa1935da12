"""What the schema says happens to each array is what happens to it."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from engram import (
    LIF,
    AcetylcholineRelease,
    Brain,
    DopamineRelease,
    Neurotransmitter,
    PoissonSource,
    RegionType,
    SerotoninRelease,
    ShortTermPlasticity,
)
from engram.morphology import NMDA
from engram.network.present import answers
from engram.state.field import Field
from engram.state.schema import BRAIN_FIELDS, FIELDS, SYNAPSE_FIELDS

Arrays = dict[str, NDArray[Any]]

NEURONS = [f for f in BRAIN_FIELDS if f.of_neurons and f.kind == "state"]
STATES = [f for f in BRAIN_FIELDS if f.kind == "state"]
SYNAPTIC = [f for f in SYNAPSE_FIELDS if f.kind == "state"]
names = {"ids": lambda field: field.name}

SET_AT_BIRTH = {"v", "x", "q", "alive", "neuron_type", "pattern", "born", "held", "held_onset"}
"""What a newborn gets instead of the initial value; what is held stays, for the same values."""

COUNTS_AND_LINKS = {
    # The clock is set back; the ring is closed to what was fired before.
    "clock",
    "event_neuron",
    "event_previous_step",
    "event_previous",
    "event_first",
    "event_end",
    # Counts, which have no say in what happens.
    "total_spikes",
    "region_spikes",
    # What is held is written anew for each answer.
    "held",
    "holding",
    "held_since",
    "driven",
    # Nothing learns, so nobody reads the traces of spikes and the rates that learning needs.
    "pre_trace",
    "post_trace",
    "recent_rate",
    "rate_since",
    "mean_square_rate",
}
"""States that differ after an answer and need not be put back before the next one."""


def lively() -> Brain:
    """A brain in which as much as possible goes on."""
    brain = Brain(seed=5)
    for name, kind in (("in", RegionType.SENSORY), ("mod", RegionType.REWARD)):
        brain.add_region(name, kind, 12, max_neurons=20)
    brain.add_region("out", RegionType.ASSOCIATION, 12, model=LIF, background=14.0, max_neurons=20)
    brain.add_region(
        "poisson", RegionType.SENSORY, 8, max_neurons=8, model=PoissonSource, background=30.0
    )
    brain.connect_regions("in", "out", 0.5, stp=ShortTermPlasticity(U=0.4, tau_facil=80.0))
    brain.connect_regions("poisson", "out", 0.5)
    brain.connect_regions("in", "mod", 0.5)
    releases = (
        ("mod", Neurotransmitter.DOPAMINE, DopamineRelease()),
        ("in", Neurotransmitter.SEROTONIN, SerotoninRelease(current=2.0)),
    )
    for source, nt, modulation in releases:
        target = "out" if source == "mod" else "poisson"
        if source == "in":
            target = "in2"
            brain.add_region("in2", RegionType.ASSOCIATION, 12, max_neurons=20)
        brain.connect_regions(source, target, 0.3, nt=nt, modulation=modulation)
    brain.connect_regions(
        "out", "in", 0.3, nt=Neurotransmitter.ACETYLCHOLINE, modulation=AcetylcholineRelease()
    )
    brain.regions["out"].enable_morphology(dynamics="compartments", nmda=NMDA())
    brain.homeostasis.theta_plus = 0.1
    brain.metaplasticity.enabled = True
    brain.oscillators.use_defaults()
    brain.oscillators.couple("in", "out", "theta", 5.0)
    brain.add_critic("mod", "proj:in->mod")
    brain.growth.neurogenesis_rate = 1.0
    brain.present("in", [0.9, 0.4], 1200, 30)
    brain.critics["mod"].reward(1.0)
    brain.stimulate("in", [0.5])
    brain.hold("in", [0.8])
    brain.run(5)
    return brain


def kept(brain: Brain) -> Arrays:
    """Copies of all states, by name; those of projections by number too."""
    tables = brain.network.tables
    found = {f.name: tables[f.name].copy() for f in STATES}
    for p, block in enumerate(tables.blocks):
        found |= {f"{p}.{f.name}": block[f.name].copy() for f in SYNAPTIC}
    return found


@pytest.fixture(scope="module")
def brain() -> Brain:
    return lively()


def test_every_field_of_neurons_is_renewed_at_birth() -> None:
    late = [f.name for f in BRAIN_FIELDS if f.of_neurons and "birth" not in f.on]
    assert not late


def test_the_brain_of_these_tests_is_lively(brain: Brain) -> None:
    """Otherwise they would see nothing change."""
    tables = brain.network.tables
    still = [f.name for f in NEURONS if (tables[f.name] == f.initial).all()]
    assert set(still) <= {"held_onset", "dendrite_inh", "drive", "mean_rate", "rate_error", "mode"}


@pytest.fixture(scope="module")
def reset() -> tuple[Brain, Arrays]:
    brain = lively()
    before = kept(brain)
    brain.reset_state()
    return brain, before


@pytest.mark.parametrize("field", STATES, **names)
def test_reset(field: Field, reset: tuple[Brain, Arrays]) -> None:
    brain, before = reset
    now = brain.network.tables[field.name]
    if "reset" not in field.on:
        assert np.array_equal(now, before[field.name])
    elif field.name in ("event_first", "event_end"):
        assert (now == before["clock"][1]).all()
    elif field.name in ("v", "x"):
        for region in brain.regions.values():
            states = type(region.model).states
            rest = region.model.initial_states(
                {name: region.state(name) for name in type(region.model).per_neuron()}
            )
            for name in states:
                assert np.allclose(region.state(name), rest[name])
    else:
        assert (now == field.initial).all()


@pytest.mark.parametrize("field", SYNAPTIC, **names)
def test_reset_of_projections(field: Field, reset: tuple[Brain, Arrays]) -> None:
    brain, before = reset
    for p, block in enumerate(brain.network.tables.blocks):
        if "reset" in field.on:
            assert (block[field.name] == field.initial).all()
        else:
            assert np.array_equal(block[field.name], before[f"{p}.{field.name}"])


@pytest.fixture(scope="module")
def died() -> tuple[Brain, Arrays, int]:
    brain = lively()
    brain.stimulate("in", [1.0])
    before = kept(brain)
    brain.regions["in"].kill_neurons([3])
    return brain, before, 3


@pytest.mark.parametrize("field", NEURONS, **names)
def test_death(field: Field, died: tuple[Brain, Arrays, int]) -> None:
    brain, before, slot = died
    now, then = brain.network.tables[field.name].copy(), before[field.name]
    if "death" in field.on:
        assert (now[..., slot] == field.initial).all()
        now[..., slot] = then[..., slot]
    assert np.array_equal(now, then)


@pytest.mark.parametrize("name", ["pre_trace", "post_trace"])
def test_traces_at_death(name: str, died: tuple[Brain, Arrays, int]) -> None:
    brain, _, slot = died
    for projection, block in zip(brain.projections, brain.network.tables.blocks, strict=True):
        if "in" == (projection.source if name == "pre_trace" else projection.target):
            assert (block[name][..., slot] == FIELDS[name].initial).all()


@pytest.mark.parametrize("field", NEURONS, **names)
def test_birth(field: Field, died: tuple[Brain, Arrays, int]) -> None:
    brain = died[0].copy()
    tables, slot = brain.network.tables, died[2]
    for other in NEURONS:
        if other.name != "alive":
            tables[other.name][..., slot] = 1
    before = kept(brain)
    assert brain.regions["in"].add_neuron() == slot
    now, then = tables[field.name].copy(), before[field.name]
    if field.name not in SET_AT_BIRTH:
        assert (now[..., slot] == field.initial).all()
    else:
        assert (
            field.name in ("neuron_type", "pattern", "held", "held_onset")
            or (now[..., slot] != 1).any()
            or (field.name == "alive")
        )
    now[..., slot] = then[..., slot]
    assert np.array_equal(now, then)


@pytest.fixture(scope="module")
def answered() -> tuple[Arrays, Arrays]:
    """All states of a twin at rest, and after one answer."""
    twin = lively()
    twin.freeze_plasticity()
    twin.freeze_adaptive_thresholds()
    # What freezing changes is done in the step that comes next.
    twin.run(1)
    twin.reset_state()
    before = kept(twin)
    inputs = np.full((1, 8), 80.0, np.float32)
    answers(twin.network, "poisson", inputs, 300, "out", np.array([1]))
    return before, kept(twin)


@pytest.mark.parametrize("field", [*STATES, *SYNAPTIC], **names)
def test_answer(field: Field, answered: tuple[Arrays, Arrays]) -> None:
    """What an answer changes is put back before the next one, or has no say in it."""
    before, after = answered
    mine = [name for name in before if name.split(".")[-1] == field.name]
    changed = any(not np.array_equal(before[name], after[name]) for name in mine)
    if changed:
        assert "answer" in field.on or field.name in COUNTS_AND_LINKS


def test_answers_do_not_depend_on_what_was_asked_before(brain: Brain) -> None:
    rng = np.random.default_rng(1)
    inputs = rng.uniform(0.0, 200.0, (6, 8))
    keys = np.arange(6)
    one = brain.respond("poisson", inputs, 150, read="out", keys=keys)
    order = np.array([4, 2, 0, 5, 1, 3])
    other = brain.respond("poisson", inputs[order], 150, read="out", keys=keys[order])
    assert one.sum() > 0
    assert np.array_equal(one[order], other)
