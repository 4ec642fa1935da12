"""Parameters as attributes that refuse bad values when they are assigned.

A mechanism, a neuron model or a rule declares each of its parameters once, as a class attribute
with default, range, unit and meaning. From that follow the checks, the keyword arguments of the
constructor, and the section Parameters of the class docstring.
"""

from __future__ import annotations

import inspect
import re
import sys
import textwrap
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, ClassVar, Generic, Protocol, Self, TypeVar, overload

from engram.errors import (
    InvalidTypeError,
    InvalidValueError,
    brief,
    flag,
    integer,
    number,
    unknown_name,
)
from engram.parameters.checks import choice
from engram.parameters.guard import Guarded as Guarded
from engram.parameters.guard import check_assigned
from engram.parameters.guard import read_only as read_only
from engram.parameters.signatures import signature_with

T = TypeVar("T", float, int, bool, str)


class Parameter(Generic[T]):
    """One parameter of a mechanism, a neuron model or a rule.

    Parameters
    ----------
    default : float, int, bool or str
        The value where none was set. Its type fixes the parameter's type.
    low, high : float, optional
        The valid range, both ends included. None: no bound.
    open_low : bool
        `low` itself is not valid.
    choices : tuple of str
        The valid strings, for a default that is one.
    unit : str
        For the reference.
    doc : str
        What the parameter means, for the reference.
    per_neuron : bool
        Of a neuron model: it may differ between the neurons of a region.

    Examples
    --------
    >>> from engram import Parameter
    >>> from engram.parameters import Parameterized
    >>> class Leak(Parameterized):
    ...     tau = Parameter(20.0, low=0.0, open_low=True, unit="ms", doc="decay")
    >>> Leak(tau=5.0).tau
    5.0
    """

    def __init__(
        self,
        default: T,
        *,
        low: float | None = None,
        high: float | None = None,
        open_low: bool = False,
        choices: tuple[str, ...] = (),
        unit: str = "",
        doc: str = "",
        per_neuron: bool = False,
    ) -> None:
        self.default: T = default
        self.low, self.high, self.open_low = low, high, open_low
        self.choices = choices
        self.unit, self.doc = unit, doc
        self.per_neuron = per_neuron
        self.name = ""

    def __set_name__(self, owner: type, name: str) -> None:
        self.name = name

    @overload
    def __get__(self, instance: None, owner: type) -> Parameter[T]: ...
    @overload
    def __get__(self, instance: object, owner: type) -> T: ...
    def __get__(self, instance: Any, owner: type) -> Parameter[T] | T:
        if instance is None:
            return self
        # Read at every step: no call beyond this one.
        own = instance.__dict__
        values: dict[str, T] = own["_values"]
        if self.name in values:
            return values[self.name]
        parent = own["_inherit_from"]
        if parent is None:
            return self.default
        inherited: T = getattr(parent, self.name, self.default)
        return inherited

    def __set__(self, instance: Any, value: T) -> None:
        instance._set_parameter(self, value)

    def check_default(self, owner: str) -> None:
        """Refuse a parameter that is nothing a parameter can be.

        Parameters
        ----------
        owner : str
            The class that declares it.

        Raises
        ------
        InvalidTypeError, InvalidValueError
            The default is no number, bool or text, or not valid itself.
        """
        where = f"{owner}.{self.name}"
        for name, bound in (("low", self.low), ("high", self.high)):
            if bound is not None:
                number(f"{where}: {name}", bound)
        self.checked(f"{where}: the default", self.default)

    def checked(self, where: str, value: Any) -> T:
        """The value in the parameter's type.

        Parameters
        ----------
        where : str
            Names object and attribute in an error.
        value : object
            What was given.

        Returns
        -------
        float, int, bool or str
            The value, of the type of the default.

        Raises
        ------
        InvalidTypeError
            It is of another kind.
        InvalidValueError
            It is out of range, not finite, or not among the choices.
        """
        default: Any = self.default
        if isinstance(default, bool):
            result: Any = flag(where, value)
        elif isinstance(default, str):
            result = choice(where, value, self.choices)
        elif isinstance(default, int):
            low = None if self.low is None else int(self.low)
            result = integer(where, value, low, None if self.high is None else int(self.high))
        else:
            low_ = float("-inf") if self.low is None else self.low
            high_ = float("inf") if self.high is None else self.high
            result = number(where, value, low_, high_, open_low=self.open_low)
        return result  # type: ignore[no-any-return]


_paths: dict[str, type[Parameterized]] = {}


def class_at(path: str) -> type[Parameterized] | None:
    """The class that was defined with a path as its `saved_as`, wherever its file lies now.

    Parameters
    ----------
    path : str
        As checkpoints name it, "module:Class".

    Returns
    -------
    type or None
        The class; None if there is none.
    """
    return _paths.get(path)


def _same_place(one: type, other: type) -> bool:
    """Whether two classes are one that was defined again: its file was reloaded, or is a script."""
    modules = {one.__module__, other.__module__} - MAIN
    return one.__qualname__ == other.__qualname__ and len(modules) <= 1


MAIN = frozenset(("__main__", "__mp_main__"))
"""What Python calls the running script, in the first process and in those that it starts."""


def _module_of(kind: type) -> str:
    """The module of a class; that of a script by the name under which it can be imported."""
    if kind.__module__ not in MAIN:
        return kind.__module__
    script = sys.modules.get(kind.__module__)
    spec, file = getattr(script, "__spec__", None), getattr(script, "__file__", None)
    if spec is not None:
        return str(spec.name)
    return "__main__" if file is None else Path(file).stem


class Parameterized:
    """Base of everything that has parameters.

    A parameter that was never set has the value of `inherit_from` (the brain-wide setting), or else
    its default. What it belongs to carries out assignments; see `attach` for both. A docstring of a
    subclass gets a section Parameters from what the class declares, without those that its own
    section Parameters names already.

    Checkpoints and fingerprints know a class by its path, "module:Class". With ``saved_as`` it
    stays what it is when the class moves. Subclasses have paths of their own.

    Parameters
    ----------
    **values : float, int, bool or str
        Parameters to set, by name.

    Raises
    ------
    UnknownNameError
        There is no parameter of that name.
    InvalidTypeError, InvalidValueError
        A value is not valid.

    Examples
    --------
    >>> from engram import Parameter
    >>> from engram.parameters import Parameterized
    >>> class Mine(Parameterized, saved_as="my_models:Mine"):
    ...     tau = Parameter(1.0)
    >>> Mine.class_path()
    'my_models:Mine'
    """

    _parameters: ClassVar[dict[str, Parameter[Any]]]
    _path: ClassVar[str]
    __signature__: ClassVar[inspect.Signature]

    def __init_subclass__(cls, saved_as: str | None = None) -> None:
        super().__init_subclass__()
        for parameter in _declared(cls).values():
            parameter.check_default(cls.__name__)
        text = cls.__dict__.get("__doc__")
        if text is not None:
            cls.__doc__ = _with_parameters(text, _declared(cls))
        cls.__signature__ = signature_with(cls, _declared(cls))
        cls._path = f"{_module_of(cls)}:{cls.__qualname__}" if saved_as is None else saved_as
        if saved_as is None:
            return
        if not isinstance(saved_as, str) or not all(saved_as.partition(":")):
            raise InvalidValueError(
                f"{cls.__name__}: saved_as must be like 'module:Class', not {brief(saved_as)}"
            )
        other = _paths.get(saved_as)
        if other is not None and not _same_place(cls, other):
            raise InvalidValueError(
                f"{cls.__name__}: saved_as = {saved_as!r} belongs to {other!r} already"
            )
        _paths[saved_as] = cls

    @classmethod
    def class_path(cls) -> str:
        """The path by which checkpoints and fingerprints know the class."""
        return cls._path

    def __init__(self, **values: Any) -> None:
        object.__setattr__(self, "_values", {})
        object.__setattr__(self, "_inherit_from", None)
        object.__setattr__(self, "_change", None)
        valid = self.parameters()
        for name, value in values.items():
            if name not in valid:
                raise unknown_name(type(self).__name__, "parameter", name, valid)
            setattr(self, name, value)

    @classmethod
    def parameters(cls) -> dict[str, Parameter[Any]]:
        """The parameters by name, in the order of their declaration."""
        found: dict[str, Parameter[Any]] | None = cls.__dict__.get("_parameters")
        if found is None:
            found = cls._parameters = _declared(cls)
        return found

    def __setattr__(self, name: str, value: Any) -> None:
        if not name.startswith("_") and not hasattr(type(self), name):
            raise unknown_name(type(self).__name__, "parameter", name, self.parameters())
        if not name.startswith("_"):
            check_assigned(type(self), name, value)
        object.__setattr__(self, name, value)

    def _set_parameter(self, parameter: Parameter[Any], value: Any) -> None:
        values, change = self.__dict__["_values"], self.__dict__["_change"]
        value = parameter.checked(f"{type(self).__name__}.{parameter.name}", value)
        if change is None:
            values[parameter.name] = value
        else:
            change(values.__setitem__, parameter.name, value)

    def attach(self, change: Callable[..., None], inherit_from: object = None) -> Self:
        """Tie to a brain, which carries out changes; inherit what is not set.

        Parameters
        ----------
        change : callable
            Called with a function and its arguments when a parameter is set: it calls the function,
            which sets it.
        inherit_from : object, optional
            Where the values come from of parameters that are not set. None: from the defaults.

        Returns
        -------
        Self
            This object.
        """
        object.__setattr__(self, "_change", change)
        object.__setattr__(self, "_inherit_from", inherit_from)
        return self

    @property
    def attached(self) -> bool:
        """Whether it belongs to a brain already."""
        return self.__dict__["_change"] is not None

    def assign(self, name: str, value: Any) -> None:
        """Assign a parameter by name.

        Parameters
        ----------
        name : str
            Of the parameter.
        value : float, int, bool or str
            Checked as if it were assigned.
        """
        setattr(self, name, value)

    def take_over(self, other: Self) -> None:
        """Set the parameters that `other` has set, and no others.

        Parameters
        ----------
        other : Self
            Of the same class.
        """
        own, values = self.__dict__["_values"], other.own_values()

        def replace() -> None:
            own.clear()
            own.update(values)

        change = self.__dict__["_change"]
        if change is None:
            replace()
        else:
            change(replace)

    def own_values(self) -> dict[str, Any]:
        """The parameters that were set on this object itself."""
        return dict(self.__dict__["_values"])

    def values(self) -> dict[str, Any]:
        """All parameters and their values."""
        return {name: getattr(self, name) for name in self.parameters()}

    def replica(self) -> Self:
        """A free copy with the same own values."""
        return type(self)(**self.own_values())

    def __repr__(self) -> str:
        shown = ", ".join(f"{n}={v!r}" for n, v in self.own_values().items())
        return f"{type(self).__name__}({shown})"


# -- the section Parameters of docstrings


def _declared(kind: type) -> dict[str, Parameter[Any]]:
    """The parameters that a class and its bases declare, by name."""
    found: dict[str, Parameter[Any]] = {}
    for base in reversed(kind.__mro__):
        found.update({n: p for n, p in vars(base).items() if isinstance(p, Parameter)})
    return found


_HEADING = re.compile(r"^(\w[\w ]*)\n-+$", re.MULTILINE)
_ENTRY = re.compile(r"^(\S.*?) : ", re.MULTILINE)


def _with_parameters(text: str, declared: Mapping[str, Parameter[Any]]) -> str:
    """A numpydoc docstring, with an entry for each declared parameter that it does not name."""
    text = inspect.cleandoc(text)
    headings = list(_HEADING.finditer(text))
    own = next((k for k, h in enumerate(headings) if h[1] == "Parameters"), None)
    after = headings[(0 if own is None else own + 1) :]
    end = after[0].start() if after else len(text)
    before, rest = text[:end].rstrip(), text[end:]
    written = "" if own is None else before[headings[own].end() :]
    named = {name for entry in _ENTRY.findall(written) for name in entry.split(", ")}
    entries = [_entry(p) for name, p in declared.items() if name not in named]
    if not entries:
        return text
    head = "\n\nParameters\n----------\n" if own is None else "\n"
    return before + head + "\n".join(entries) + ("\n\n" + rest if rest else "")


def _entry(parameter: Parameter[Any]) -> str:
    """What numpydoc wants said of a parameter: name, type, default; meaning, unit, range."""
    p = parameter
    kind = type(p.default).__name__ if not p.choices else f"{{{', '.join(map(repr, p.choices))}}}"
    # A word begins with a capital; a symbol stays as it is.
    word = p.doc.partition(" ")[0]
    meaning = p.doc[:1].upper() + p.doc[1:] if len(word) > 1 else p.doc
    differs = "May differ between neurons" if p.per_neuron else ""
    parts = [meaning, p.unit and f"Unit: {p.unit}", _range(p), differs]
    text = " ".join(f"{part}." for part in parts if part)
    body = textwrap.fill(text, 88, initial_indent="    ", subsequent_indent="    ")
    return f"{p.name} : {kind}, default {p.default!r}" + ("\n" + body if body else "")


def _range(parameter: Parameter[Any]) -> str:
    low, high = parameter.low, parameter.high
    left = "(" if parameter.open_low else "["
    if low is not None and high is not None:
        return f"Range: {left}{low:g}, {high:g}]"
    if low is not None:
        return f"Range: {'>' if parameter.open_low else '>='} {low:g}"
    return "" if high is None else f"Range: <= {high:g}"


P = TypeVar("P", bound=Parameterized)


class Parts(Protocol):
    """Whatever finds its parts by their class."""

    def find(self, kind: type[P]) -> P:
        """The part of a class.

        Parameters
        ----------
        kind : type
            The class itself, not one it derives from.

        Returns
        -------
        Parameterized
            The part.
        """


class Mechanism(Generic[P]):
    """An attribute of a brain that is a part of its network; assigning lends it parameters.

    Rules and regions refer to the mechanisms of their brain, so one can't take another's place.

    Parameters
    ----------
    kind : type
        Class of the part.
    """

    def __init__(self, kind: type[P]) -> None:
        self._kind = kind

    def __set_name__(self, owner: type, name: str) -> None:
        self.name = name

    @overload
    def __get__(self, instance: None, owner: type) -> Mechanism[P]: ...
    @overload
    def __get__(self, instance: object, owner: type) -> P: ...
    def __get__(self, instance: Any, owner: type) -> Mechanism[P] | P:
        if instance is None:
            return self
        parts: Parts = instance.network
        return parts.find(self._kind)

    def __set__(self, instance: Any, value: P) -> None:
        if not isinstance(value, self._kind):
            raise InvalidTypeError(
                f"Brain.{self.name} must be a {self._kind.__name__}, not {brief(value)}"
            )
        parts: Parts = instance.network
        parts.find(self._kind).take_over(value)
