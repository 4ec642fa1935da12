"""What the machine code of a user's function depends on.

Numba takes the values of globals, of captured variables and of attributes of modules into the
machine code, those of called functions, too. So the code is known by all of them: `frozen` gives a
twin of a function in which they are fixed, a key that is the same only if they are, and a watch
that tells when one of them has changed. Functions that the user's function calls get twins, too:
Numba would go on with what it compiled of them first.
"""

from __future__ import annotations

import builtins
import dis
import enum
import functools
import hashlib
import sys
import types
from collections.abc import Iterable, Mapping
from typing import Any, NamedTuple

import numpy as np

LARGEST_CONSTANT = 1_000_000
"""Bytes. Machine code refers to larger arrays by their address."""

_ABSENT = object()
_PLAIN = (type(None), bool, int, float, complex, str, bytes, type(...))
_LIBRARIES = {"numba", "numpy", "math", "cmath", "operator", "builtins", "llvmlite"}
_KERNELS = ("engram.kernels", "engram.engine", "engram.state")
"""Their sources are part of the name of the cache folder."""


class Watch:
    """Where the values were found that went into machine code, to see whether they still hold."""

    def __init__(self) -> None:
        self._names: list[tuple[Mapping[str, Any], str, object]] = []
        self._attributes: list[tuple[object, str, object]] = []
        self._arrays: list[tuple[Any, bytes]] = []

    def name(self, scope: Mapping[str, Any], name: str) -> None:
        """Look at a name from now on.

        Parameters
        ----------
        scope : mapping
            Of a module.
        name : str
            One in it, or that may come.
        """
        self._names.append((scope, name, scope.get(name, _ABSENT)))

    def attributes(self, thing: object, *names: str) -> None:
        """Look at attributes from now on.

        Parameters
        ----------
        thing : object
            That has them.
        *names : str
            Of attributes.
        """
        self._attributes += [(thing, name, _attribute(thing, name)) for name in names]

    def array(self, array: Any) -> None:
        """Look at what is in an array from now on.

        Parameters
        ----------
        array : array
            Of any shape.
        """
        if array.nbytes <= LARGEST_CONSTANT:
            self._arrays.append((array, array.tobytes()))

    def changed(self) -> bool:
        """Whether something is no longer what it was."""
        return (
            any(scope.get(name, _ABSENT) is not value for scope, name, value in self._names)
            or any(_attribute(thing, name) is not value for thing, name, value in self._attributes)
            or any(array.tobytes() != content for array, content in self._arrays)
        )


def _attribute(thing: object, name: str) -> object:
    try:
        return getattr(thing, name, _ABSENT)
    except ValueError:  # a captured variable that has no value yet
        return _ABSENT


class Frozen(NamedTuple):
    """A function whose surroundings are fixed.

    Parameters
    ----------
    function : callable
        The twin; compiled when it is called from a compiled one.
    key : str or None
        None: what it depends on can't all be told, so its code is neither shared nor kept.
    watch : Watch
        On all that it refers to.
    raises : tuple of (str, int), optional
        File and line where it, or a function that it calls, raises an error. None: nowhere.
    """

    function: Any
    key: str | None
    watch: Watch
    raises: tuple[str, int] | None = None


def in_kernels(thing: Any) -> bool:
    """Whether a function or module belongs to those of the package whose sources are hashed.

    Parameters
    ----------
    thing : object
        Anything.

    Returns
    -------
    bool
        True if it can be found there.
    """
    if isinstance(thing, types.ModuleType):
        return thing.__name__.startswith(_KERNELS)
    module = getattr(thing, "__module__", None)
    return isinstance(module, str) and module.startswith(_KERNELS) and _found(thing)


def frozen(function: Any) -> Frozen:
    """A function with all that its machine code depends on.

    Parameters
    ----------
    function : callable
        A Python function, or one that Numba compiles.

    Returns
    -------
    Frozen
        Its twin, key and watch.
    """
    from engram.kernels.jit import jit

    walk = _Walk()
    if isinstance(function, types.FunctionType):
        token, twin = walk.function(function)
        twin = jit(twin)
    else:
        token, twin = walk.value(function, ())
    key = None if token is None else hashlib.sha256(token.encode()).hexdigest()
    return Frozen(twin, key, walk.watch, walk.raises)


def _found(thing: Any) -> bool:
    """Whether something is what its own name refers to."""
    module = sys.modules.get(str(getattr(thing, "__module__", None)))
    name = getattr(thing, "__qualname__", None) or getattr(thing, "__name__", None)
    if module is None or not isinstance(name, str):
        return False
    try:
        return functools.reduce(getattr, name.split("."), module) is thing
    except AttributeError:
        return False


def _from_library(thing: Any) -> bool:
    """Whether something is a part of Python, NumPy or Numba, known by its name."""
    module = getattr(thing, "__module__", None)
    if isinstance(thing, np.ufunc):
        return getattr(np, thing.__name__, None) is thing
    return isinstance(module, str) and module.split(".")[0] in _LIBRARIES and _found(thing)


def _joined(kind: str, tokens: Iterable[str | None]) -> str | None:
    """One token of several, unless one of them can't be told."""
    parts = []
    for token in tokens:
        if token is None:
            return None
        parts.append(f"{len(token)}:{token}")
    return f"{kind}({','.join(parts)})"


def _names(code: types.CodeType) -> list[str]:
    """All names that a function looks up, as globals or attributes, inner functions included."""
    found = dict.fromkeys(code.co_names)
    for constant in code.co_consts:
        if isinstance(constant, types.CodeType):
            found |= dict.fromkeys(_names(constant))
    return list(found)


def _blank(function: types.FunctionType) -> types.FunctionType:
    """A function with the same code that refers to nothing yet."""
    # Whoever loads its machine code imports the module that it names.
    scope = {"__builtins__": builtins, "__name__": __name__}
    cells = tuple(types.CellType() for _ in function.__closure__ or ())
    twin = types.FunctionType(function.__code__, scope, function.__name__, None, cells)
    twin.__qualname__ = function.__qualname__
    return twin


def _raises(code: types.CodeType) -> tuple[str, int] | None:
    """File and line of the first `raise` or `assert`."""
    for instruction in dis.get_instructions(code):
        if instruction.opname == "RAISE_VARARGS":
            place = instruction.positions
            return code.co_filename, (place and place.lineno) or code.co_firstlineno
    return None


class _Walk:
    """Goes through what a function refers to: tokens for its key, twins, and the watch.

    A token is a text that is the same for the same machine code; None if there is none. What was
    met before gets its number, so that functions may call each other.
    """

    def __init__(self) -> None:
        self.watch = Watch()
        self.raises: tuple[str, int] | None = None
        self._met: dict[int, tuple[str, Any, Any]] = {}

    def _again(self, thing: object) -> tuple[str, Any] | None:
        found = self._met.get(id(thing))
        return None if found is None else found[:2]

    def _meet(self, thing: object, twin: object) -> None:
        # What was met is kept, so that no other object gets its id meanwhile.
        self._met[id(thing)] = f"number {len(self._met)}", twin, thing

    # -- functions

    def function(self, function: types.FunctionType) -> tuple[str | None, Any]:
        """Token and twin of a Python function; the twin is not compiled yet."""
        twin = _blank(function)
        return self._fill(function, twin), twin

    def _fill(self, function: types.FunctionType, twin: types.FunctionType) -> str | None:
        """Give a twin what the function refers to."""
        code, around, names = function.__code__, function.__globals__, _names(function.__code__)
        self.watch.attributes(function, "__code__", "__defaults__", "__kwdefaults__")
        tokens = [self._code(code)]
        for name in names:
            if name in around or hasattr(builtins, name):
                self.watch.name(around, name)
            if name in around:
                token, twin.__globals__[name] = self.value(around[name], names)
                tokens += [name, token]
        cells = zip(function.__closure__ or (), twin.__closure__ or (), strict=True)
        for cell, new in cells:
            self.watch.attributes(cell, "cell_contents")
            content = _attribute(cell, "cell_contents")
            if content is not _ABSENT:
                token, new.cell_contents = self.value(content, names)
                tokens.append(token)
            else:
                tokens.append("empty")
        token, twin.__defaults__ = self.value(function.__defaults__, names)
        by_name = function.__kwdefaults__ or {}
        more = [self.value(value, names) for value in by_name.values()]
        twin.__kwdefaults__ = dict(zip(by_name, (value for _, value in more), strict=True)) or None
        return _joined("function", [*tokens, token, repr(list(by_name)), *(t for t, _ in more)])

    def _code(self, code: types.CodeType) -> str | None:
        """Everything in a code object but names of files and numbers of lines."""
        self.raises = self.raises or _raises(code)
        parts: list[Any] = [code.co_code, code.co_argcount, code.co_posonlyargcount]
        parts += [code.co_kwonlyargcount, code.co_flags, code.co_names, code.co_varnames]
        parts += [code.co_freevars, code.co_cellvars]
        parts.append(getattr(code, "co_exceptiontable", b""))
        tokens = [self.value(c, ())[0] for c in code.co_consts]
        return _joined("code", [repr(parts), *tokens])

    def _dispatcher(self, dispatcher: Any) -> tuple[str | None, Any]:
        """A function that Numba compiles, which must forget what it has compiled."""
        states = dispatcher.__reduce__()[1][0].states
        if not states["can_compile"]:
            return None, dispatcher  # compiled when it was declared, for given types
        plain, options, local = (
            _blank(dispatcher.py_func),
            states["targetoptions"],
            states["locals"],
        )
        twin = type(dispatcher)(py_func=plain, locals=local, targetoptions=options)
        self._meet(dispatcher, twin)
        settings = [self.value(tuple(sorted(options.items())), ())[0], repr(local)]
        return _joined("compiled", [self._fill(dispatcher.py_func, plain), *settings]), twin

    # -- modules and values

    def _module(self, module: types.ModuleType, names: Iterable[str]) -> tuple[str | None, Any]:
        """A module is the attributes that may be read of it."""
        root = module.__name__.split(".")[0]
        if root in _LIBRARIES or in_kernels(module):
            return f"module {module.__name__}", module
        scope = vars(module)
        if "__getattr__" in scope:
            return None, module  # anything may come from it
        before = self._met.get(id(module))
        twin = before[1] if before else types.ModuleType(module.__name__)
        if not before:
            self._meet(module, twin)
        tokens: list[str | None] = []
        for name in names:
            self.watch.name(scope, name)
            if name in scope and name not in vars(twin):
                # Modules may refer to each other.
                setattr(twin, name, None)
                token, value = self.value(scope[name], names)
                setattr(twin, name, value)
                tokens += [name, token]
        return _joined("module", tokens), twin

    def value(self, value: Any, names: Iterable[str]) -> tuple[str | None, Any]:
        """Token and twin of anything that a function may refer to."""
        kind = type(value)
        if kind in _PLAIN:
            return f"{kind.__name__} {value!r}", value
        if kind is types.CodeType:
            return self._code(value), value
        if kind is types.ModuleType:
            return self._module(value, names)
        if isinstance(value, np.generic):
            return _array_token(np.asarray(value)), value
        if kind is np.ndarray:
            self.watch.array(value)
            return _array_token(value), value
        if isinstance(value, enum.Enum):
            return _joined(f"member {value.name}", [self._enum(kind)]), value
        if isinstance(value, (tuple, frozenset)):
            return self._several(value, names)
        if isinstance(value, type):
            return self._class(value), value
        if in_kernels(value) or _from_library(value):
            return f"{value.__module__} {value.__name__}", value
        if kind.__module__ == "numba.core.registry" and hasattr(value, "py_func"):
            return self._again(value) or self._dispatcher(value)
        return self._other(value), value

    def _several(self, value: Any, names: Iterable[str]) -> tuple[str | None, Any]:
        kind = type(value)
        if kind is frozenset:
            tokens = [self.value(v, names)[0] for v in value]
            return _joined("frozenset", sorted(t or "" for t in tokens)), value
        pairs = [self.value(v, names) for v in value]
        fields = getattr(value, "_fields", None)
        if kind is not tuple and fields is None:
            return None, value
        twins = [twin for _, twin in pairs]
        twin = tuple(twins) if kind is tuple else kind(*twins)
        return _joined(f"{kind.__name__} {fields}", [token for token, _ in pairs]), twin

    def _enum(self, kind: Any) -> str | None:
        values = [self.value(member.value, ())[0] for member in kind]
        bases = ",".join(base.__name__ for base in kind.__mro__)
        return _joined(f"enum {bases} {[m.name for m in kind]}", values)

    def _class(self, kind: Any) -> str | None:
        if issubclass(kind, enum.Enum):
            return self._enum(kind)
        if issubclass(kind, tuple) and hasattr(kind, "_fields"):
            return f"class {kind.__name__} {kind._fields}"
        return f"class {kind.__module__} {kind.__qualname__}" if _from_library(kind) else None

    def _other(self, value: Any) -> str | None:
        from numba.core.types import Boolean, Number

        if isinstance(value, (Number, Boolean)):
            return f"type {value.name}"
        return f"dtype {value!r}" if isinstance(value, np.dtype) else None


def _array_token(array: Any) -> str | None:
    if array.dtype.hasobject or array.nbytes > LARGEST_CONSTANT:
        return None
    layout = array.dtype.descr, array.shape, array.strides, array.flags.writeable
    return f"array {layout} {hashlib.sha256(array.tobytes()).hexdigest()}"
