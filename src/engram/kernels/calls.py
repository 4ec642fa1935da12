"""Kernels called from Python, by name, with their machine code kept on disk."""

from __future__ import annotations

import functools
import importlib
import inspect
from collections.abc import Callable, Mapping
from typing import Any, cast

from engram.kernels.groups import GROUPS


@functools.cache
def parameters_of(function: Callable[..., Any]) -> tuple[str, ...]:
    """Names of a kernel's parameters, compiled or not."""
    return tuple(inspect.signature(getattr(function, "py_func", function)).parameters)


@functools.cache
def kernel(label: str) -> Callable[..., Any]:
    """A kernel to be called from Python with positional arguments, as "module.name"."""
    from engram.kernels.jit import JIT_DISABLED

    module, name = label.split(".")
    function: Any = getattr(importlib.import_module(f"engram.kernels.{module}"), name)
    if JIT_DISABLED:
        return cast("Callable[..., Any]", function)
    from engram.kernels.compiled import called_from_python

    return cast("Callable[..., Any]", called_from_python(function.py_func, f"call_{label}"))


def argument_of(name: str, known: Mapping[str, Any]) -> Any:
    """What a parameter of this name gets: an array or a number, or the arrays of a group."""
    if name in GROUPS and name not in known:
        return GROUPS[name](*(known[part] for part in GROUPS[name]._fields))
    return known[name]


def call(label: str, *tables: Mapping[str, Any], **named: Any) -> Any:
    """Call a kernel by name, as "module.name".

    Parameters that are not `named` are looked up in `tables`, the last one first. Raises
    `TypeError` for a name the kernel does not have, and for one that is found nowhere. This takes a
    microsecond or two: what is called in every step calls `kernel` instead.
    """
    function, parameters = _called(label)
    if not parameters.keys() >= named.keys():
        unknown = ", ".join(sorted(named.keys() - parameters.keys()))
        raise TypeError(f"{label} has no parameter {unknown}")
    known: dict[str, Any] = {}
    for table in (*tables, named):
        known.update(table)
    try:
        arguments = [
            argument_of(name, known) if grouped else known[name]
            for name, grouped in parameters.items()
        ]
    except KeyError as error:
        raise TypeError(f"{label} needs {error.args[0]}") from None
    return function(*arguments)


@functools.cache
def _called(label: str) -> tuple[Callable[..., Any], dict[str, bool]]:
    """A kernel and its parameters: whether each is a group."""
    function = kernel(label)
    return function, {name: name in GROUPS for name in parameters_of(function)}
