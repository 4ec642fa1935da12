"""Kernels called from Python, by name, with their machine code kept on disk.

Code is kept in a cache folder whose name is a hash of all sources it may depend on: Numba by itself
does not notice an edit in a callee in another file.
"""

from __future__ import annotations

import functools
import getpass
import hashlib
import importlib
import inspect
import os
import sys
import tempfile
import types
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, cast

from engram.kernels.constants import BOUNDSCHECK
from engram.kernels.groups import GROUPS


@functools.cache
def cache_folder() -> Path:
    """The folder of machine code for this version of the kernels (`ENGRAM_CACHE_DIR`)."""
    import llvmlite
    import numba

    package = Path(__file__).parent.parent
    digest = hashlib.sha256(f"{numba.__version__} {llvmlite.__version__} {sys.version}".encode())
    if BOUNDSCHECK:
        digest.update(b"boundscheck")
    for folder in ("kernels", "engine", "state"):
        for path in sorted((package / folder).glob("*.py")):
            digest.update(path.read_bytes())
    home = os.environ.get("ENGRAM_CACHE_DIR")
    roots = [Path(home)] if home else [Path.home() / ".cache" / "engram"]
    for root in [*roots, Path(tempfile.gettempdir()) / f"engram-{getpass.getuser()}"]:
        folder_path = root / digest.hexdigest()[:16]
        try:
            folder_path.mkdir(parents=True, exist_ok=True)
        except OSError:
            continue
        if os.access(folder_path, os.W_OK):
            return folder_path
    return Path(tempfile.mkdtemp(prefix="engram-"))


def write_once(path: Path, text: str) -> None:
    """Write a file unless it is there, at once: other processes may do the same."""
    if path.exists() and path.read_text() == text:
        return
    handle, temporary = tempfile.mkstemp(dir=path.parent, suffix=".tmp")
    with os.fdopen(handle, "w") as stream:
        stream.write(text)
    os.replace(temporary, path)


@functools.cache
def parameters_of(function: Callable[..., Any]) -> tuple[str, ...]:
    """Names of a kernel's parameters, compiled or not."""
    return tuple(inspect.signature(getattr(function, "py_func", function)).parameters)


@functools.cache
def kernel(label: str) -> Callable[..., Any]:
    """A kernel to be called from Python with positional arguments, as "module.name"."""
    from engram.kernels.jit import FLAGS, JIT_DISABLED

    module, name = label.split(".")
    function: Any = getattr(importlib.import_module(f"engram.kernels.{module}"), name)
    if JIT_DISABLED:
        return cast("Callable[..., Any]", function)
    import numba

    # Compiled as it stands, from what looks like a file in the cache folder.
    path = cache_folder() / f"call_{module}_{name}.py"
    write_once(path, f'"""Machine code of engram.kernels.{module}.{name}, called from Python."""\n')
    code = function.py_func.__code__.replace(co_filename=str(path))
    twin = types.FunctionType(code, function.py_func.__globals__, name)
    return cast("Callable[..., Any]", numba.njit(cache=True, **FLAGS)(twin))


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
