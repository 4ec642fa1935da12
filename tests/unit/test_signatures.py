"""Classes with parameters have real signatures, modules list public names, `help` is a map."""

from __future__ import annotations

import importlib
import inspect
import pkgutil
import pydoc
import sys
import typing
from typing import Any, Literal

import pytest

import engram
from engram import Parameter
from engram.circuits import ShuntedIzhikevich
from engram.neurons import NeuronModel
from engram.parameters import Parameterized, signatures
from engram.plasticity import ModulatedRule, PlasticityRule

TABLES = {
    name.removesuffix("Values"): table
    for name, table in vars(signatures).items()
    if name.endswith("Values") and typing.is_typeddict(table)
}
SHARED = {"Model": NeuronModel, "Rule": PlasticityRule}


def kinds() -> list[type[Parameterized]]:
    """What users make, and give parameters."""
    named = [getattr(engram, name) for name in engram.__all__]
    bases = (NeuronModel, PlasticityRule, ModulatedRule)
    return [
        k for k in named if inspect.isclass(k) and issubclass(k, Parameterized) if k not in bases
    ]


@pytest.mark.parametrize("kind", kinds(), ids=lambda k: k.__name__)
def test_signatures_name_every_parameter(kind: type[Parameterized]) -> None:
    given = inspect.signature(kind).parameters
    assert not [p for p in given.values() if p.kind is p.VAR_KEYWORD]
    assert set(kind.parameters()) <= set(given) or kind.__name__ in ("Critic", "Process")
    for name, p in kind.parameters().items():
        assert given[name].default == p.default


@pytest.mark.parametrize("name", sorted(set(TABLES) - set(SHARED)))
def test_what_type_checkers_see_is_what_there_is(name: str) -> None:
    kind = getattr(engram, name)
    hints = typing.get_type_hints(TABLES[name])
    own = set(inspect.signature(kind.__init__).parameters)
    assert set(hints) == set(kind.parameters()) - own
    for key, hint in hints.items():
        check_type(kind, kind.parameters()[key], hint)


def check_type(kind: type[Parameterized], p: Parameter[Any], hint: Any) -> None:
    """A parameter's type, in the table, is that of its default, or its choices."""
    varies = issubclass(kind, NeuronModel) and p.name not in kind.of_regions
    if varies:
        assert hint == signatures.Values
    elif p.choices:
        assert hint == Literal[p.choices]
    else:
        assert hint is type(p.default)


def test_every_class_has_a_table() -> None:
    sources = {"PoissonSource", "Relay", "SpikeTimes"}  # what all models take
    made_otherwise = {"Critic", "Process"}  # by a brain; by users' own classes
    assert {k.__name__ for k in kinds()} - sources - made_otherwise == set(TABLES) - set(SHARED)
    assert ShuntedIzhikevich.__signature__.parameters["E_inh"].default == -80.0


def test_a_class_of_ones_own_has_a_signature() -> None:
    class Mine(NeuronModel):
        """A neuron of mine."""

        tau = Parameter(7.0)

        @staticmethod
        def update(v: float, tau: float) -> tuple[float, bool]:
            return v * tau, False

    assert list(inspect.signature(Mine).parameters) == ["tau_exc", "tau_inh", "tau"]
    assert inspect.signature(Mine).parameters["tau"].default == 7.0


def modules() -> list[str]:
    """Modules and packages right below `engram`."""
    found = pkgutil.iter_modules(engram.__path__, "engram.")
    return [info.name for info in found if not info.name.endswith(("__main__", "_version"))]


@pytest.mark.parametrize("name", ["engram", *modules()])
def test_modules_list_public_names_only(name: str) -> None:
    module = importlib.import_module(name)
    for shown in dir(module):
        thing = getattr(module, shown)
        if shown == "__version__":
            continue
        assert not shown.startswith("_")
        if inspect.ismodule(thing):
            assert name == "engram"
            assert shown in engram.MODULES
        elif inspect.isclass(thing) or inspect.isfunction(thing):
            assert thing.__module__.startswith("engram"), f"{name}.{shown}"
    exported = getattr(module, "__all__", None)
    assert exported is None or set(exported) <= set(dir(module))


def test_modules_come_when_they_are_asked_for() -> None:
    for name in engram.MODULES:
        assert getattr(engram, name) is sys.modules[f"engram.{name}"]
    with pytest.raises(AttributeError, match="no attribute 'LIFF'"):
        engram.LIFF  # noqa: B018


def test_help_is_a_map() -> None:
    text = pydoc.plain(pydoc.render_doc(engram))
    head = text[: text.index("CLASSES")] if "CLASSES" in text else text
    about = head[: head.index("PACKAGE CONTENTS")]
    leave_out = {"NeuronType", "NeurotransmitterType", "RegionType", "__version__"}
    for name in ("Brain", "LIF", "STDP", "Process", "StimulusEncoder", "save_brain"):
        assert name in about
    assert leave_out.isdisjoint(about.split())
