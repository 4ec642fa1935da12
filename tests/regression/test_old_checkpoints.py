"""Files of every format load, and go on as they did when they were written."""

from __future__ import annotations

import json

import pytest

from engram import load_brain
from engram.checkpoint import migrations
from engram.checkpoint.migrations import FORMAT
from engram.state.invariants import check
from engram.state.schema import FIELDS
from tests.checkpoints.brains import BUILDERS
from tests.checkpoints.record import AFTER, BEFORE, EXPECTED, digest, files, future

KNOWN = json.loads(EXPECTED.read_text())


def test_there_are_files_of_every_format():
    names = {f"format{n}-{name}.engram" for n in range(1, FORMAT + 1) for name in BUILDERS}
    assert {path.name for path in files()} == set(KNOWN)
    assert names <= set(KNOWN), "python -m tests.checkpoints.record --new"
    assert set(migrations.MIGRATIONS) == set(range(1, FORMAT))
    assert all(field.since <= FORMAT for field in FIELDS.values())


@pytest.mark.parametrize("path", files(), ids=lambda p: p.stem)
def test_it_holds_what_it_held_and_goes_on_as_it_did(path):
    brain = load_brain(path)
    check(brain.network.tables)
    assert brain.step_count == BEFORE
    assert digest(brain) == KNOWN[path.name]["loaded"]
    assert future(brain) == KNOWN[path.name]["continued"]
    assert brain.step_count == BEFORE + AFTER
    check(brain.network.tables)


@pytest.mark.parametrize("name", BUILDERS)
def test_all_formats_hold_the_same_brain(name):
    kept = [KNOWN[f"format{n}-{name}.engram"] for n in range(1, FORMAT + 1)]
    assert all(k["loaded"].keys() == kept[0]["loaded"].keys() for k in kept)


def test_defaults_that_have_changed_since_stay_what_they_were(monkeypatch):
    """A parameter nobody had set keeps the value it had then."""
    from engram.mechanisms.growth import Growth
    from engram.plasticity import RewardSTDP

    path = next(p for p in files() if "growing" in p.name)
    monkeypatch.setattr(Growth.pruning_weight, "default", 0.9)
    monkeypatch.setattr(RewardSTDP.A_plus, "default", 0.7)
    brain = load_brain(path)
    assert brain.growth.pruning_weight == 0.12
    assert brain.projections[0].A_plus == 0.1
    assert brain.projections[0].rule.own_values() == {}


def test_a_variable_younger_than_the_file_starts_at_its_initial_value(monkeypatch):
    from dataclasses import replace

    from engram.checkpoint import live

    young = {"theta", "last_reset", "projection0.weight", "birth", "facilitation", "dopamine"}
    for name in ("SAVED", "SAVED_SYNAPSE"):
        fields = tuple(
            replace(f, since=FORMAT) if f.name in young else f for f in getattr(live, name)
        )
        monkeypatch.setattr(live, name, fields)
        monkeypatch.setattr(migrations, name, fields)
    path = next(p for p in files() if p.name == "format1-growing.engram")
    real = migrations.MIGRATIONS[1]

    def without(brain, arrays):
        real(brain, arrays)
        for name in list(arrays):
            if name.split(".")[-1] in young and not name.startswith("stats"):
                del arrays[name]

    monkeypatch.setitem(migrations.MIGRATIONS, 1, without)
    brain = load_brain(path)
    assert (brain.network.tables["theta"] == 0).all()
    assert (brain.network.tables["dopamine"] == 0).all()
    for p in brain.projections:
        assert (brain.network.block(p.record)["birth"] == FIELDS["birth"].initial).all()
        assert len(brain.network.block(p.record)["facilitation"]) == 0
