"""Every public name of the reference shows how it is used: a section Examples of doctests."""

from __future__ import annotations

import doctest
import importlib
import importlib.util
import inspect
from pathlib import Path
from types import ModuleType

import pytest

import engram
from engram import Brain

ROOT = Path(__file__).parents[2]

METHODS = (
    *("add_region", "connect_regions", "record", "copy", "fingerprint", "checkpoint_every"),
    *("stimulate", "inject_current", "hold", "drive", "poisson_input", "live"),
    *("run", "present", "present_many", "respond", "sleep", "reward", "freeze_plasticity"),
)
"""Methods of `Brain` that users meet first."""


def reference() -> ModuleType:
    """What writes the pages of the reference."""
    spec = importlib.util.spec_from_file_location("make_api", ROOT / "docs" / "make_api.py")
    assert spec is not None
    assert spec.loader is not None
    maker = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(maker)
    return maker


def names() -> list[tuple[str, str]]:
    """Module and name of all that the reference lists."""
    maker = reference()
    first = [("engram", name) for name in engram.__all__ if name != "__version__"]
    return first + [(m, name) for m in maker.MODULES for name in maker.names_of(m)]


def has_examples(documented: object) -> bool:
    """Whether it has a section Examples, of its own, with examples."""
    text = inspect.cleandoc(documented.__doc__ or "")
    _, found, examples = text.partition("\nExamples\n--------\n")
    return bool(found and doctest.DocTestParser().get_examples(examples))


@pytest.mark.parametrize(("module", "name"), names())
def test_names_of_the_reference_have_examples(module: str, name: str) -> None:
    thing = getattr(importlib.import_module(module), name)
    assert has_examples(thing), f"{module}.{name} needs a section Examples"


@pytest.mark.parametrize("name", METHODS)
def test_the_most_used_methods_have_examples(name: str) -> None:
    assert has_examples(getattr(Brain, name))


def test_all_names_are_in_the_reference() -> None:
    listed = {name for group in reference().GROUPS.values() for name in group}
    assert listed == {name for name in engram.__all__ if name != "__version__"}
