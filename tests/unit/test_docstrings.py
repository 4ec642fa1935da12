"""Docstrings are numpydoc, and document the parameters there are: no more, no fewer.

Two things are checked of every module but the kernels: the form, by numpydoc's own validation of
the source with the checks named in pyproject.toml, and the content, against signatures, fields of
dataclasses, and the parameters that classes declare.

To see what is missing in one module: pytest tests/unit/test_docstrings.py -k name
"""

from __future__ import annotations

import dataclasses
import enum
import importlib
import importlib.util
import inspect
import pkgutil
import typing
import warnings
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from numpydoc.docscrape import NumpyDocString
from numpydoc.hooks.validate_docstrings import parse_config, process_file

import engram
from engram.parameters import Parameter, Parameterized

ROOT = Path(__file__).parents[2]
CONFIG = parse_config(ROOT)


def checked() -> list[str]:
    """Names of the modules whose docstrings are checked."""
    found = [info.name for info in pkgutil.walk_packages(engram.__path__, "engram.")]
    return [
        "engram",
        *(n for n in found if not n.startswith(("engram.kernels", "engram.__main__"))),
    ]


def faults(module: str) -> list[str]:
    """What is wrong with a module's docstrings, by name."""
    spec = importlib.util.find_spec(module)
    assert spec is not None
    assert spec.origin is not None
    form = [
        f"{Path(at).name}: {name}: {code} {text}"
        for at, name, code, text in process_file(spec.origin, CONFIG)
    ]
    return form + list(of_contents(importlib.import_module(module)))


def of_contents(module: Any) -> Iterator[str]:
    """What public classes and functions of a module do not say, or say without reason."""
    for name, thing in vars(module).items():
        if name.startswith("_") or getattr(thing, "__module__", None) != module.__name__:
            continue
        if inspect.isclass(thing):
            yield from of_class(thing)
        elif inspect.isfunction(thing):
            yield from of_function(f"{module.__name__}.{name}", thing)


def of_class(kind: type) -> Iterator[str]:
    where = f"{kind.__module__}.{kind.__qualname__}"
    text = kind.__doc__
    if not text:
        yield f"{where}: no docstring"
        return
    is_record = dataclasses.is_dataclass(kind) or hasattr(kind, "_fields")
    sections = ("Parameters", "Other Parameters", *(["Attributes"] if is_record else []))
    yield from compared(
        where, text, constructed_from(kind), sections, issubclass(kind, Parameterized)
    )
    for name, member in vars(kind).items():
        if name.startswith("_"):
            continue
        function = member.__func__ if isinstance(member, classmethod | staticmethod) else member
        if inspect.isfunction(function):
            yield from of_function(f"{where}.{name}", getattr(kind, name))
        elif isinstance(member, property) and not inspect.getdoc(member):
            yield f"{where}.{name}: no docstring"


def constructed_from(kind: type) -> list[str]:
    """What a class is made from: fields, declared parameters, arguments of the constructor."""
    if dataclasses.is_dataclass(kind):
        return [field.name for field in dataclasses.fields(kind) if field.init]
    if hasattr(kind, "_fields"):
        return list(kind._fields)
    owner = next(base for base in kind.__mro__ if "__init__" in vars(base))
    protocol = getattr(kind, "_is_protocol", False)
    if protocol or issubclass(kind, enum.Enum) or owner.__module__ == "builtins":
        return []
    given = list(inspect.signature(owner.__init__).parameters.values())[1:]
    if not issubclass(kind, Parameterized):
        return [p.name for p in given]
    declared = [
        n
        for base in reversed(kind.__mro__)
        for n, p in vars(base).items()
        if isinstance(p, Parameter)
    ]
    own = [p.name for p in given if p.kind is not p.VAR_KEYWORD or kind is Parameterized]
    return list(dict.fromkeys([*own, *declared]))


def of_function(where: str, function: Callable[..., Any]) -> Iterator[str]:
    text = inspect.getdoc(function)
    if not text:
        yield f"{where}: no docstring"
        return
    signature = inspect.signature(function)
    names = [n for n in signature.parameters if n not in ("self", "cls")]
    explained = helped(function)
    names = [n for n in names if n not in explained]
    yield from compared(where, text, names, ("Parameters", "Other Parameters"))
    nothing = signature.return_annotation in (None, "None", "NoReturn", inspect.Signature.empty)
    if names and not nothing and not (section(text, "Returns") or section(text, "Yields")):
        yield f"{where}: no section Returns or Yields"


def helped(function: Callable[..., Any]) -> set[str]:
    """Arguments of a command, which carry their help in the annotation."""
    try:
        hints = typing.get_type_hints(function, include_extras=True)
    except NameError:
        # Of names that are imported for type checkers only.
        return set()
    return {
        name
        for name, hint in hints.items()
        if any(getattr(extra, "help", None) for extra in getattr(hint, "__metadata__", ()))
    }


def section(text: str, name: str) -> list[Any]:
    """The entries of a section of a docstring."""
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        found: list[Any] = NumpyDocString(text)[name]
    return found


def compared(
    where: str, text: str, expected: list[str], sections: tuple[str, ...], any_order: bool = False
) -> Iterator[str]:
    try:
        entries = [entry for name in sections for entry in section(text, name)]
    except (UserWarning, ValueError) as error:
        yield f"{where}: {error}"
        return
    documented = [name.lstrip("*") for entry in entries for name in entry.name.split(", ")]
    missing = [name for name in expected if name not in documented]
    unknown = [name for name in documented if name not in expected]
    if missing:
        yield f"{where}: not documented: {', '.join(missing)}"
    if unknown:
        yield f"{where}: documented, but not there: {', '.join(unknown)}"
    if not missing and not unknown and documented != expected and not any_order:
        yield f"{where}: in another order than {', '.join(expected)}"


@pytest.mark.parametrize("module", checked())
def test_docstrings_are_numpydoc(module: str) -> None:
    found = faults(module)
    assert not found, f"{module}:\n" + "\n".join(found)


class Spring(Parameterized):
    """Pulls back.

    F = -k x.

    Parameters
    ----------
    name : str
        What it is called.

    References
    ----------
    .. [1] Hooke 1678.
    """

    k = Parameter(2.0, low=0.0, high=9.0, open_low=True, unit="N/m", doc="stiffness of it")
    x = Parameter(1, low=0, doc="x at rest", per_neuron=True)
    side = Parameter("left", choices=("left", "right"), doc="where it hangs")

    def __init__(self, name: str, **values: Any) -> None:
        super().__init__(**values)
        self._name = name


def test_declared_parameters_are_in_the_docstring() -> None:
    doc = NumpyDocString(Spring.__doc__)
    assert doc["Summary"] == ["Pulls back."]
    assert doc["References"] == [".. [1] Hooke 1678."]
    assert [tuple(entry) for entry in doc["Parameters"]] == [
        ("name", "str", ["What it is called."]),
        ("k", "float, default 2.0", ["Stiffness of it. Unit: N/m. Range: (0, 9]."]),
        ("x", "int, default 1", ["x at rest. Range: >= 0. May differ between neurons."]),
        ("side", "{'left', 'right'}, default 'left'", ["Where it hangs."]),
    ]
    assert list(of_class(Spring)) == []


def test_faults_are_found() -> None:
    class Wrong(Parameterized):
        """Wrong.

        Parameters
        ----------
        gone : float
            Was here once.
        """

        def method(self, a: int, b: int) -> int:
            """Add.

            Parameters
            ----------
            b, a : int
                The two.
            """
            return a + b

        def bare(self) -> None: ...

    where = f"{__name__}.{Wrong.__qualname__}"
    assert list(of_class(Wrong)) == [
        f"{where}: documented, but not there: gone",
        f"{where}.method: in another order than a, b",
        f"{where}.method: no section Returns or Yields",
        f"{where}.bare: no docstring",
    ]
