"""Checkpoints and fingerprints know a class by a path that stays when its file moves."""

from __future__ import annotations

import importlib
import json
import pkgutil
import sys

import pytest

import engram
from engram import (
    LIF,
    STDP,
    Brain,
    InvalidValueError,
    RegionType,
    load_brain,
    parameters,
    save_brain,
)
from engram.errors import CheckpointError
from engram.parameters import Parameterized, class_at
from tests.checkpoints.record import EXPECTED, digest, files

A = RegionType.ASSOCIATION

PATHS = {
    "engram.competition:Competition",
    "engram.competition:ShuntedIzhikevich",
    "engram.critic:Critic",
    "engram.growth:Growth",
    "engram.homeostasis:Homeostasis",
    "engram.inputs:Inputs",
    "engram.inputs:PoissonInput",
    "engram.learn.reward_readout:RegularSource",
    "engram.live.demonstration:Programme",
    "engram.memory:Memory",
    "engram.metaplasticity:Metaplasticity",
    "engram.modulation:AcetylcholineRelease",
    "engram.modulation:DopamineRelease",
    "engram.modulation:SerotoninRelease",
    "engram.neurons:AdEx",
    "engram.neurons:CurrentLIF",
    "engram.neurons:Izhikevich",
    "engram.neurons:LIF",
    "engram.neurons:PoissonSource",
    "engram.neurons:Relay",
    "engram.plasticity:RewardSTDP",
    "engram.plasticity:STDP",
    "engram.plasticity:TraceSTDP",
    "engram.plasticity:TripletSTDP",
    "engram.spike_times:SpikeTimes",
    "engram.stimulus:StimulusEncoder",
    "engram.synapses:ShortTermPlasticity",
}
"""Written into files of formats 1 to 5: never change one; add those that are new."""


def everyone(base=Parameterized):
    for kind in base.__subclasses__():
        yield kind
        yield from everyone(kind)


@pytest.fixture
def made(tmp_path, monkeypatch):
    """Makes a module and imports it; the path of imports is as before afterwards."""
    monkeypatch.syspath_prepend(tmp_path)

    def make(name, text):
        for path in tmp_path.glob("*.py"):
            path.unlink()
        (tmp_path / f"{name}.py").write_text("from engram import LIF, STDP, Parameter\n" + text)
        importlib.invalidate_caches()
        module = importlib.import_module(name)
        del sys.modules[name]
        return module

    yield make
    for path, kind in list(parameters._paths.items()):
        if not kind.__module__.startswith("engram."):
            del parameters._paths[path]


def brain_of(model, rule):
    brain = Brain(seed=1)
    brain.add_region("r", A, 10, model=model, rule=rule, background=20.0, max_neurons=16)
    brain.run(20)
    return brain


# -- the classes of the package


@pytest.mark.parametrize("path", sorted(PATHS))
def test_built_in_classes_have_the_path_they_always_had(path):
    importlib.import_module("engram.learn")
    importlib.import_module("engram.live.demonstration")
    kind = class_at(path)
    assert kind is not None
    assert kind.class_path() == path
    assert kind.__name__ == path.split(":")[1]


def test_every_class_of_the_package_has_a_path_of_its_own():
    for module in pkgutil.walk_packages(engram.__path__, "engram."):
        importlib.import_module(module.name)
    abstract = {"NeuronModel", "PlasticityRule", "ModulatedRule", "Modulation", "_LeakyRelease"}
    abstract |= {
        "Hooks",
        "Process",
        "GrowthParameters",
        "MemoryParameters",
        "Recall",
        "RhythmFigures",
    }
    # Their class is in no checkpoint: every brain has them, or no file holds them.
    abstract |= {"Oscillators", "Neuromodulation", "Statistics", "Consolidation"}
    abstract |= {"Recording", "Checkpointing", "Viewer", "RhythmFigures", "Heterogeneous"}
    inside = {k for k in everyone() if k.__module__.startswith("engram.")}
    # Those of examples in docstrings are nobody's.
    own = {k for k in inside if getattr(sys.modules[k.__module__], k.__name__, None) is k}
    unnamed = {k.__name__ for k in own if class_at(k.class_path()) is not k}
    assert not unnamed - abstract
    assert {k.class_path() for k in own if k.__name__ not in unnamed} == PATHS


@pytest.mark.parametrize("path", files()[-3:], ids=lambda p: p.stem)
def test_files_load_when_all_classes_have_moved(path, monkeypatch):
    before = load_brain(path)
    for kind in map(class_at, PATHS):
        monkeypatch.setattr(kind, "__module__", "engram.gone.elsewhere")
    brain = load_brain(path)
    assert digest(brain) == json.loads(EXPECTED.read_text())[path.name]["loaded"]
    assert brain.fingerprint() == brain.copy().fingerprint() == before.fingerprint()


# -- classes of one's own

MODEL = "class Mine(LIF{}):\n extra = Parameter(1.0)\n"
RULE = "class Rule(STDP{}):\n extra = Parameter(1.0)\n"


def test_a_class_that_moves_still_loads(made, tmp_path):
    old = made("old_place", MODEL.format("") + RULE.format(""))
    brain = brain_of(old.Mine(extra=3.0), old.Rule(extra=2.0))
    assert old.Mine.name() == "old_place:Mine"
    path = save_brain(brain, tmp_path / "b")
    mine, rule = (f', saved_as="old_place:{name}"' for name in ("Mine", "Rule"))
    new = made("new_place", MODEL.format(mine) + RULE.format(rule))
    with pytest.raises(CheckpointError, match="old_place:Mine"):
        load_brain(path)
    again = load_brain(path, allow=["old_place:Mine", "old_place:Rule"])
    assert type(again.regions["r"].model) is new.Mine
    assert type(again.projections[0].rule) is new.Rule
    assert again.regions["r"].model.extra == 3.0
    assert again.fingerprint() == brain.fingerprint()
    again.run(20)
    brain.run(20)
    assert again.fingerprint() == brain.fingerprint()


def test_a_class_that_moves_without_its_path_does_not_load(made, tmp_path):
    old = made("old_place", MODEL.format(""))
    path = save_brain(brain_of(old.Mine(), None), tmp_path / "b")
    made("new_place", MODEL.format(""))
    with pytest.raises(CheckpointError, match="can't be imported"):
        load_brain(path, allow=["old_place:Mine"])


def test_a_path_is_not_inherited(made):
    module = made("place", MODEL.format(', saved_as="old:Mine"') + "class Child(Mine): pass\n")
    assert module.Mine.class_path() == "old:Mine"
    assert module.Child.class_path() == "place:Child"
    assert type("Own", (LIF,), {}).class_path() == f"{__name__}:Own"


def test_two_classes_can_not_have_one_path(made):
    with pytest.raises(InvalidValueError, match=r"engram\.neurons:LIF.*belongs to"):
        made("place", MODEL.format(', saved_as="engram.neurons:LIF"'))
    assert class_at("engram.neurons:LIF") is LIF
    with pytest.raises(InvalidValueError, match="module:Class"):
        made("place", MODEL.format(', saved_as="Mine"'))


def test_a_module_can_be_imported_anew(made):
    text = MODEL.format(', saved_as="old:Mine"')
    first, second = made("place", text), made("place", text)
    assert first.Mine is not second.Mine
    assert class_at("old:Mine") is second.Mine


def test_a_class_that_is_refused_takes_no_path():
    with pytest.raises(InvalidValueError):
        type("Bad", (LIF,), {"states": {"x": 0.0}}, saved_as="old:Bad")
    with pytest.raises(InvalidValueError):
        type("Bad", (STDP,), {"pre_traces": {"y": "tau_plus"}}, saved_as="old:Bad")
    assert class_at("old:Bad") is None
