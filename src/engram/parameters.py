"""Parameters as attributes that refuse bad values when they are assigned."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, ClassVar, Generic, Self, TypeVar, overload

from engram.errors import InvalidTypeError, InvalidValueError, integer, number, unknown_name

T = TypeVar("T", float, int, bool, str)


class Parameter(Generic[T]):
    """One parameter of a mechanism, a neuron model or a rule.

    default: its type fixes the parameter's type; low, high: the valid range (`open_low`: `low`
    itself is not valid); choices: the valid strings; unit, doc: for the reference; per_neuron: of a
    neuron model, it may differ between the neurons of a region.
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
        instance._set_parameter(self, self.checked(f"{type(instance).__name__}.{self.name}", value))

    def checked(self, where: str, value: Any) -> T:
        """The value in the parameter's type; an error if it is not valid."""
        default: Any = self.default
        result: Any
        if isinstance(default, bool):
            if not isinstance(value, bool):
                raise InvalidTypeError(f"{where} must be True or False, not {value!r}")
            result = value
        elif isinstance(default, str):
            if value not in self.choices:
                raise InvalidValueError(f"{where} must be one of {self.choices}, not {value!r}")
            result = value
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
    """The class that was defined with this path as its `saved_as`, wherever its file lies now."""
    return _paths.get(path)


def _same_place(one: type, other: type) -> bool:
    """Whether two classes are one that was defined again: its file was reloaded, or is a script."""
    modules = {one.__module__, other.__module__} - {"__main__", "__mp_main__"}
    return one.__qualname__ == other.__qualname__ and len(modules) <= 1


class Parameterized:
    """Base of everything that has parameters.

    Keyword arguments of the constructor set them. A parameter that was never set has the value of
    `inherit_from` (the brain-wide setting), or else its default. `on_change` is called after one
    was set.

    Checkpoints and fingerprints know a class by its path, "module:Class". With ``saved_as`` it
    stays what it is when the class moves. Subclasses have paths of their own.

    >>> class Mine(Parameterized, saved_as="my_models:Mine"):
    ...     tau = Parameter(1.0)
    >>> Mine.class_path()
    'my_models:Mine'
    """

    _parameters: ClassVar[dict[str, Parameter[Any]]]
    _path: ClassVar[str]

    def __init_subclass__(cls, saved_as: str | None = None) -> None:
        super().__init_subclass__()
        cls._path = f"{cls.__module__}:{cls.__qualname__}" if saved_as is None else saved_as
        if saved_as is None:
            return
        if not isinstance(saved_as, str) or not all(saved_as.partition(":")):
            raise InvalidValueError(
                f"{cls.__name__}: saved_as must be like 'module:Class', not {saved_as!r}"
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
        object.__setattr__(self, "_on_change", None)
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
            found = {}
            for base in reversed(cls.__mro__):
                found.update({n: p for n, p in vars(base).items() if isinstance(p, Parameter)})
            cls._parameters = found
        return found

    def __setattr__(self, name: str, value: Any) -> None:
        if not name.startswith("_") and not hasattr(type(self), name):
            raise unknown_name(type(self).__name__, "parameter", name, self.parameters())
        object.__setattr__(self, name, value)

    def _set_parameter(self, parameter: Parameter[Any], value: Any) -> None:
        self.__dict__["_values"][parameter.name] = value
        on_change = self.__dict__["_on_change"]
        if on_change is not None:
            on_change()

    def attach(self, on_change: Callable[[], None], inherit_from: object = None) -> Self:
        """Tie to a brain: report changes, inherit what is not set."""
        object.__setattr__(self, "_on_change", on_change)
        object.__setattr__(self, "_inherit_from", inherit_from)
        return self

    @property
    def attached(self) -> bool:
        """Whether it belongs to a brain already."""
        return self.__dict__["_on_change"] is not None

    def set(self, name: str, value: Any) -> None:
        """Assign a parameter by name."""
        setattr(self, name, value)

    def take_over(self, other: Self) -> None:
        """Set the parameters that `other` has set, and no others."""
        values = other.own_values()
        self.__dict__["_values"].clear()
        self.__dict__["_values"].update(values)
        on_change = self.__dict__["_on_change"]
        if on_change is not None:
            on_change()

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


P = TypeVar("P", bound=Parameterized)


class Mechanism(Generic[P]):
    """An attribute that holds a mechanism for good: what is assigned lends it its parameters.

    Rules and regions refer to the mechanisms of their brain, so one can't take another's place.
    """

    def __set_name__(self, owner: type, name: str) -> None:
        self.name = name

    @overload
    def __get__(self, instance: None, owner: type) -> Mechanism[P]: ...
    @overload
    def __get__(self, instance: object, owner: type) -> P: ...
    def __get__(self, instance: Any, owner: type) -> Mechanism[P] | P:
        if instance is None:
            return self
        mechanism: P = instance.__dict__[self.name]
        return mechanism

    def __set__(self, instance: Any, value: P) -> None:
        present: P | None = instance.__dict__.get(self.name)
        if present is None:
            instance.__dict__[self.name] = value
            return
        if not isinstance(value, type(present)):
            raise InvalidTypeError(
                f"{type(instance).__name__}.{self.name} must be a {type(present).__name__}, "
                f"not {value!r}"
            )
        present.take_over(value)
