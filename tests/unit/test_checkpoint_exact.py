"""Exact: whatever can change is saved, and comes back to the last bit, wherever it is loaded."""

from __future__ import annotations

import json
import subprocess
import sys

import numpy as np
import pytest

from engram import (
    STDP,
    Brain,
    Neurotransmitter,
    RegionType,
    RewardSTDP,
    ShortTermPlasticity,
    Uniform,
    load_brain,
    save_brain,
)
from engram.checkpoint.contents import MECHANISMS
from engram.kernels.constants import EVENTS, MODES
from engram.morphology import NMDA
from engram.parameters import Parameter
from engram.state.invariants import check
from engram.state.schema import BRAIN_FIELDS, SYNAPSE_FIELDS
from tests.checkpoints.brains import BUILDERS, live

FIELDS = [*BRAIN_FIELDS, *SYNAPSE_FIELDS]
SAVED = [f for f in FIELDS if f.kind != "derived"]


def lively(seed=1):
    """Everything optional is there: STP, gains that differ, eligibility, traces, held input."""
    brain = Brain(seed=seed)
    brain.add_region("in", RegionType.SENSORY, 20, 0.3, max_neurons=32, background=7.0)
    brain.add_region("out", RegionType.MOTOR, 16, 0.3, max_neurons=24)
    brain.connect_regions(
        "in", "out", 0.5, stp=ShortTermPlasticity(tau_facil=90.0), delays=Uniform(1.0, 9.0)
    )
    brain.regions["out"].enable_morphology()
    brain.add_region("tree", RegionType.MEMORY, 8, 0.3, max_neurons=16)
    brain.connect_regions("out", "tree", 0.5)
    brain.regions["tree"].enable_morphology("stellate", dynamics="compartments", nmda=NMDA())
    brain.add_region("vta", RegionType.REWARD, 8, 0.3, max_neurons=10, background=5.0)
    brain.connect_regions("vta", "out", 0.2, nt=Neurotransmitter.DOPAMINE)
    for target, nt in (("tree", "ACETYLCHOLINE"), ("in", "SEROTONIN")):
        brain.connect_regions("vta", target, 0.2, nt=Neurotransmitter[nt], modulation=True)
    brain.add_critic("vta", "proj:in->out").reward(0.5)
    brain.oscillators.couple("in", "out", "theta", 4.0, lag=0.3)
    brain.hold("in", [0.7, 0.2])
    brain.reward(1.5, "proj:in->out")
    brain.homeostasis.theta_plus = 0.1
    brain.memory.consolidation_interval = 50.0
    brain.run(120)
    brain.stimulate("in", [0.5])
    return brain


@pytest.fixture(scope="module")
def brain():
    return lively()


def other(array):
    """Another value of the same type, at some place that is in use."""
    changed = array.copy()
    flat = changed.reshape(-1)
    if array.dtype.kind == "f":
        flat[0] = np.nextafter(flat[0], np.inf, dtype=array.dtype)
    else:
        flat[0] ^= array.dtype.type(1)
    return changed


@pytest.mark.parametrize("field", SAVED, ids=lambda f: f.name)
def test_every_array_of_the_schema_counts(brain, field):
    """One bit of any saved array is another fingerprint; that of the file is the same."""
    twin = brain.copy()
    tables = twin.network.tables
    if field.name == "mode":
        # This brain is too small to have any.
        for each in (brain, twin):
            each.network.tables.resize(modes=MODES)
    block = (
        None
        if field in BRAIN_FIELDS
        else next(b for b in reversed(tables.blocks) if b[field.name].size)
    )
    arrays = tables.arrays if block is None else block
    place = 0
    if field.dims == ("E",):
        place = int(tables["clock"][EVENTS] - 1) % tables.sizes["E"]
    elif field.dims[0] == "H":
        place = (brain.step_count - 1) % tables.sizes["H"]
    if not arrays[field.name].size:
        pytest.fail(f"the brain of this test has no {field.name}")
    whole = arrays[field.name].copy()
    if field.name in ("last_event", "event_previous"):
        # A link to a spike that is too old to be kept counts for nothing; this one is kept.
        latest = tables["clock"][EVENTS] - 1
        whole[place] = latest - 1 if whole[place] == latest else latest
    elif field.dims[0] in ("E", "H"):
        whole[place : place + 1] = other(whole[place : place + 1])
    else:
        whole = other(whole)
    assert twin.fingerprint() == brain.fingerprint()
    arrays[field.name][...] = whole
    assert twin.fingerprint() != brain.fingerprint(), field.name


def test_no_array_that_changes_in_a_run_is_left_out():
    """What is declared as derived really is: a loaded brain has the same after its next step."""
    brain = lively()
    loaded = brain.copy()
    for one in (brain, loaded):
        one.run(3)
    for field in BRAIN_FIELDS:
        if field.kind == "derived" and not {"W", "B", "A", "G"} & set(field.dims):
            mine, theirs = brain.network.tables[field.name], loaded.network.tables[field.name]
            if field.name == "potentiation":
                # It is made when a neuron fires, used in that step, and stays behind.
                now = brain.network.tables["last_spike"] == brain.step_count - 1
                assert now.any()
                mine, theirs = mine[now], theirs[now]
            np.testing.assert_array_equal(mine, theirs, field.name)
    for mine_, theirs_ in zip(
        brain.network.tables.blocks, loaded.network.tables.blocks, strict=True
    ):
        for field in SYNAPSE_FIELDS:
            np.testing.assert_array_equal(mine_[field.name], theirs_[field.name], field.name)


def parts(brain):
    """Everything with parameters that hangs on a brain, by a way to get there."""
    found = {name: (lambda b, n=name: getattr(b, n)) for name in MECHANISMS}
    found |= {f"model of {name}": (lambda b, n=name: b.regions[n].model) for name in brain.regions}
    for k, projection in enumerate(brain.projections):
        if projection.rule is not None:
            found[f"rule {k}"] = lambda b, k=k: b.projections[k].rule
        if projection.stp is not None:
            found[f"stp {k}"] = lambda b, k=k: b.projections[k].stp
        if projection.modulation is not None:
            found[f"modulation {k}"] = lambda b, k=k: b.projections[k].modulation
    found |= {f"critic {name}": (lambda b, n=name: b.critics[n]) for name in brain.critics}
    return found


def another(parameter, value):
    """Another valid value of a parameter."""
    if isinstance(value, bool):
        return not value
    if isinstance(value, str):
        return next(c for c in parameter.choices if c != value)
    for candidate in (value + 1, value - 1, value / 2, value * 2, 0.5, 1):
        try:
            checked = parameter.checked("parameter", type(value)(candidate))
        except ValueError:
            continue
        if checked != value:
            return checked
    raise AssertionError(parameter.name)


def test_every_mechanism_of_a_brain_is_known_here(brain):
    network = brain.network
    parts = [*network.processes, *network.rules.values(), network.encoder]
    hanging = {type(part) for part in parts if part.parameters()}
    assert hanging == {type(getattr(brain, name)) for name in MECHANISMS}


@pytest.mark.parametrize("where", parts(lively()))
def test_every_parameter_counts_and_comes_back(brain, where, tmp_path):
    find = parts(brain)[where]
    before = brain.fingerprint()
    names = find(brain).parameters()
    twin = brain.copy()
    for name, parameter in names.items():
        assert isinstance(parameter, Parameter)
        value = another(parameter, getattr(find(twin), name))
        find(twin).assign(name, value)
        assert twin.fingerprint() != before, name
        before = twin.fingerprint()
    loaded = load_brain(save_brain(twin, tmp_path / "b"))
    assert loaded.fingerprint() == twin.fingerprint()
    assert find(loaded).values() == find(twin).values()


def plain_attributes(brain):
    """Attributes of brain, regions and projections that hold a plain value, by name."""
    found = {}
    things = {"network": brain.network}
    things |= {f"region {n}": r.record for n, r in brain.regions.items()}
    things |= {f"projection {k}": p.record for k, p in enumerate(brain.projections)}
    for where, thing in things.items():
        for name, value in vars(thing).items():
            if isinstance(value, (bool, int, float, str, type(None), tuple)):
                found[where, name] = value
    return found


NOT_SAVED = {
    "stale": "says that tables are to be bound; those of a loaded brain always are",
    "agenda": "follows from what processes want",
    "structure_version": "tells recorders that synapses changed; recorders stay behind",
    "presenting": "true only within a call",
    "acting": "true only within a call",
    "rate_warned": "says that a warning was given; a loaded brain may warn again",
    "spikes_kept": "follows from what processes want",
    "threads": "how it runs, which changes nothing",
    "crew": "the workers, made when it runs",
    "pace": "whether they have paid so far",
    "buffers_seen": "what buffers of charge were last filled for; a loaded brain fills its own",
}


def test_every_plain_attribute_comes_back(tmp_path):
    brain = lively()
    brain.regions["in"].theta_plus = 0.3
    brain.regions["in"].tau_theta = 77.0
    brain.projections[0].frozen = True
    brain.projections[1].w_max = 99.0
    brain.release("in")
    brain.memory.consolidation_interval = 40.0
    brain.memory.replay_duration = 400.0
    brain.run(300)
    assert brain.memory.busy
    loaded = load_brain(save_brain(brain, tmp_path / "b"))
    assert loaded.memory.busy
    mine, theirs = plain_attributes(brain), plain_attributes(loaded)
    of_both = {key for key in mine.keys() | theirs.keys() if key[1] not in NOT_SAVED}
    assert of_both
    assert {key for key in of_both if mine[key] != theirs[key]} == set()
    # A new attribute is either saved or named above with its reason.
    assert {"tag", "last_stimulus", "last_reset"} <= {n for _, n in mine}


@pytest.mark.parametrize("build", [*BUILDERS.values(), lively], ids=lambda f: f.__name__)
def test_in_another_process_twice_copied_and_from_a_checkpoint_of_a_checkpoint(build, tmp_path):
    brain = build()
    live(brain, 110)
    first = save_brain(brain, tmp_path / "first")
    live(brain, 60)
    second = save_brain(load_brain(first).copy(), tmp_path / "second", compress=False)
    third = save_brain(load_brain(second), tmp_path / "third")
    code = """
import json, sys
from engram import load_brain, save_brain
from tests.checkpoints.brains import live
brain = load_brain(sys.argv[1])
spikes = live(brain, 60)
save_brain(brain, sys.argv[2])
print(json.dumps([brain.fingerprint(), spikes, brain.summary()]))
"""
    done = subprocess.run(
        [sys.executable, "-c", code, str(third), str(tmp_path / "elsewhere")],
        capture_output=True,
        text=True,
        check=True,
        env=_threads(3),
    )
    there = json.loads(done.stdout)
    for path in (first, second, third, third):
        loaded = load_brain(path)
        check(loaded.network.tables)
        assert [live(loaded, 60), loaded.summary()] == there[1:]
        assert loaded.fingerprint() == brain.fingerprint() == there[0]
        assert loaded.stats_history == brain.stats_history
        assert loaded.growth.history == brain.growth.history
    back = load_brain(tmp_path / "elsewhere")
    assert live(back, 80) == live(brain, 80)
    assert back.fingerprint() == brain.fingerprint()


def _threads(n):
    import os

    return {**os.environ, "NUMBA_NUM_THREADS": str(n), "OMP_NUM_THREADS": str(n)}


def test_what_the_ring_remembers_does_not_depend_on_its_size(tmp_path):
    """New long delays reach back further than what was kept: what is older is gone for both."""
    brain = Brain(seed=5)
    rule = STDP(tau_plus=1.0, tau_minus=1.0, A_plus=0.1)
    brain.add_region("a", RegionType.SENSORY, 20, 0.0, max_neurons=24, background=15.0)
    brain.add_region("b", RegionType.SENSORY, 20, 0.0, max_neurons=24, background=15.0)
    p = brain.connect_regions("a", "b", 0.3, rule=rule, delays=1.0)
    brain.run(300)
    loaded = load_brain(save_brain(brain, tmp_path / "b"))
    prints = []
    for one in (brain, loaded):
        pathway = one.get_projection("a", "b")
        pathway.add_synapses(np.arange(20), np.arange(20)[::-1], 1.0, 40.0)
        one.run(1)
        late = load_brain(save_brain(one, tmp_path / "late"))
        for each in (one, late):
            each.run(200)
            check(each.network.tables)
            prints.append(each.fingerprint())
    assert len(set(prints)) == 1
    assert p.n_synapses > 20


def test_long_histories_do_not_stop_a_snapshot(tmp_path):
    """They are references in the copy, and columns of numbers in the file."""
    brain = lively()
    brain.stats_history.extend([brain.stats()] * 5000)
    path = save_brain(brain, tmp_path / "b", compress=False)
    loaded = load_brain(path)
    assert loaded.stats_history == brain.stats_history
    assert path.stat().st_size < 5000 * 8 * 40


def test_transmitters_rules_and_rewards_halfway(tmp_path):
    brain = Brain(seed=8)
    brain.add_region("a", RegionType.SENSORY, 12, 0.3, max_neurons=16, background=9.0)
    p = brain.projections[0]
    for kind in Neurotransmitter:
        p.add_synapses([0, 1], [2, 3], 1.0, 4.0, kind)
    p.rule = RewardSTDP(tau_eligibility=50.0, dopamine_decay=30.0)
    brain.reward(4.0, "region:a")
    brain.run(17)  # Dopamine half decayed, eligibility pending.
    assert 0.1 < brain.dopamine("region:a") < 4.0
    assert np.any(p.eligibility != 0)
    loaded = load_brain(save_brain(brain, tmp_path / "b"))
    assert loaded.fingerprint() == brain.fingerprint()
    assert live_run(loaded) == live_run(brain)


def live_run(brain):
    brain.run(100)
    return brain.fingerprint(), brain.dopamine("region:a"), brain.projections[0].weight.tolist()
