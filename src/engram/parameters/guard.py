"""What can be assigned to an object: its fields, not the methods and constants of its class."""

from __future__ import annotations

import functools
import types
from collections.abc import Callable, Iterable
from typing import Any, TypeVar

from numpy.typing import NDArray

from engram.errors import InvalidTypeError, brief, unknown_name

A = TypeVar("A", bound=NDArray[Any])
S = TypeVar("S")

ENGRAM = __name__.partition(".")[0]
OF_CLASSES = "ClassVar", "Callable"
"""How annotations of what belongs to a class begin; `Callable`: a method left to subclasses."""
METHODS = types.FunctionType, classmethod, staticmethod, functools.partialmethod


def check_assigned(kind: type, name: str, value: object) -> None:
    """Refuse to let a value take the place of what belongs to one of Engram's classes.

    What only a user's subclass defines is its own, and can be assigned like anything else.

    Parameters
    ----------
    kind : type
        Class of the object.
    name : str
        Of an attribute that it has.
    value : object
        What it is given.

    Raises
    ------
    InvalidTypeError
        The attribute is a method, a constant of the class, or can only be read.
    """
    own = [vars(b) for b in kind.__mro__ if b.__module__.partition(".")[0] == ENGRAM]
    notes = [attributes.get("__annotations__", {}) for attributes in own]
    noted = next((str(n[name]) for n in notes if name in n), None)
    if noted is None and not any(name in attributes for attributes in own):
        return
    held = next((vars(b)[name] for b in kind.__mro__ if name in vars(b)), None)
    if isinstance(held, property):
        if held.fset is not None:
            return
        problem = "can only be read"
    elif hasattr(type(held), "__set__") or not (noted or OF_CLASSES[0]).startswith(OF_CLASSES):
        return
    elif isinstance(held, METHODS):
        problem = "is a method: call it, or override it in a class of your own"
    else:
        problem = "belongs to the class: declare it in a class of your own"
    settable = _settable(kind)
    listed = ", ".join(settable[:12]) + (", ..." if len(settable) > 12 else "")
    raise InvalidTypeError(
        f"{kind.__name__}.{name} can't be {brief(value)}; it {problem}"
        + (f" (what can be assigned: {listed})" if listed else "")
    )


def _settable(kind: type) -> list[str]:
    """What an object of a class can be given."""
    found: dict[str, Any] = {}
    for base in reversed(kind.__mro__):
        found.update(vars(base))
    return [
        name
        for name, held in found.items()
        if not name.startswith("_")
        and hasattr(type(held), "__set__")
        and not (isinstance(held, property) and held.fset is None)
    ]


class Guarded:
    """Base of what refuses to be given attributes that it does not have.

    Methods, and what can only be read, are refused as well.
    """

    def __setattr__(self, name: str, value: Any) -> None:
        if name.startswith("_"):
            object.__setattr__(self, name, value)
            return
        kind = type(self)
        declared = any(name in vars(base).get("__annotations__", {}) for base in kind.__mro__)
        if not (hasattr(kind, name) or declared):
            raise unknown_name(kind.__name__, "attribute", name, _public(kind))
        check_assigned(kind, name, value)
        self._assign(name, value)

    def _assign(self, name: str, value: Any) -> None:
        """Set an attribute that there is."""
        object.__setattr__(self, name, value)


def _public(kind: type) -> Iterable[str]:
    return [n for n in dir(kind) if not n.startswith("_")]


def read_only(make: Callable[[S], A]) -> Callable[[S], A]:
    """Let what is written into a copy be refused instead of lost.

    Parameters
    ----------
    make : callable
        Makes an array from an object.

    Returns
    -------
    callable
        Makes the same array, into which nothing can be written.
    """

    @functools.wraps(make)
    def made(thing: S) -> A:
        array = make(thing)
        array.flags.writeable = False
        return array

    return made
