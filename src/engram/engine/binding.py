"""Compiling kernels into entry points that find their arguments by name.

A kernel is a pure function of arrays. Its entry point has the one signature
``entry(table, index, step)`` that a compiled loop can call: `table` is the address of a list of
addresses and sizes of all arrays of the brain, in the order of the schema, and the generated
wrapper looks up those that the kernel's parameters name. So the outer loop never changes, whatever
models and rules a brain uses, and a call costs nanoseconds.

Generated modules live in a cache folder whose name is a hash of all kernel sources (Numba by itself
does not notice an edit in a callee in another file), and Numba keeps the machine code beside them.
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
import types as types_module
import weakref
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, cast

from engram.state.schema import BRAIN_FIELDS, FIELDS, SYNAPSE_FIELDS, SYNAPSE_NAMES, Field

WORDS = 4
"""Words a field takes in the table: its address and up to three dimensions."""

BLOCK_SLOT = len(BRAIN_FIELDS) * WORDS
"""Where the table holds the address of the projections' own tables."""

BLOCK_WORDS = len(SYNAPSE_FIELDS) * WORDS

_BRAIN_POSITION = {field.name: k for k, field in enumerate(BRAIN_FIELDS)}
_SYNAPSE_POSITION = {field.name: k for k, field in enumerate(SYNAPSE_FIELDS)}

_HEADER = """\
import numpy as np
from engram.kernels.jit import inner_inline_jit, inner_jit, jit
"""


@functools.cache
def cache_folder() -> Path:
    """The folder of generated modules for this version of the kernels (`ENGRAM_CACHE_DIR`)."""
    import llvmlite
    import numba

    package = Path(__file__).parent.parent
    digest = hashlib.sha256(f"{numba.__version__} {llvmlite.__version__} {sys.version}".encode())
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


def _argument(name: str) -> str:
    """The expression by which a wrapper gets one of the kernel's arguments."""
    if name in ("table", "index", "step"):
        return name
    if name == "n_steps":
        return "index"
    field = FIELDS[name]
    if name in SYNAPSE_NAMES:
        words, at = "block", _SYNAPSE_POSITION[name] * WORDS
    else:
        words, at = "table", _BRAIN_POSITION[name] * WORDS
    return f"{_view_name(field)}({words} + {at * 8})"


def _view_name(field: Field) -> str:
    return f"view_{field.dtype}_{len(field.dims)}"


def _wrapper(parameters: tuple[str, ...]) -> str:
    fields = [FIELDS[name] for name in parameters if name in FIELDS]
    views = sorted({(_view_name(f), f.dtype, len(f.dims)) for f in fields})
    lines = ["from engram.kernels.jit import load_word, view"]
    lines += [f'{name} = view("{dtype}", {ndim})' for name, dtype, ndim in views]
    lines += ["def entry(table, index, step):"]
    if any(name in SYNAPSE_NAMES for name in parameters):
        lines += [f"    block = load_word(table + {BLOCK_SLOT * 8}) + index * {BLOCK_WORDS * 8}"]
    lines += ["    return kernel("]
    lines += [f"        {_argument(name)}," for name in parameters]
    lines += ["    )"]
    return "\n".join(lines) + "\n"


@functools.cache
def parameters_of(kernel: Callable[..., Any]) -> tuple[str, ...]:
    """Names of a kernel's parameters, compiled or not."""
    return tuple(inspect.signature(getattr(kernel, "py_func", kernel)).parameters)


class Entry:
    """A compiled entry point; `address` is what loops call while `keep` is there."""

    def __init__(self, address: int, keep: object) -> None:
        self.address = address
        self._keep = keep


_entries: dict[str, Entry] = {}


def compile_entry(
    name: str, source: str, namespace: Mapping[str, Any] | None = None, key: str | None = ""
) -> Entry:
    """The entry point of the kernel that `source` defines under the name ``kernel``.

    namespace: objects the source refers to; key: what they depend on beyond the package's own
    sources, or None if their machine code must not be kept on disk.
    """
    from engram.kernels.jit import JIT_DISABLED

    text = _HEADER + source
    digest = hashlib.sha256(f"{text}{key}".encode()).hexdigest()[:16]
    label = f"{name}_{digest}" if key is not None else f"{name}_{id(namespace)}"
    if label in _entries:
        return _entries[label]
    scope: dict[str, Any] = dict(namespace or {})
    if JIT_DISABLED:
        exec(compile(text, f"<engram {name}>", "exec"), scope)
        entry = _python_entry(scope["kernel"])
    else:
        entry = _compiled_entry(label, text, scope, keep_on_disk=key is not None)
    _entries[label] = entry
    return entry


def _compiled_entry(label: str, text: str, scope: dict[str, Any], keep_on_disk: bool) -> Entry:
    from numba import cfunc, types

    draft = dict(scope)
    exec(compile(text, f"<engram {label}>", "exec"), draft)
    text += _wrapper(parameters_of(draft["kernel"]))
    module = _load_module(label, text, scope)
    word = types.int64
    compiled = cfunc(word(word, word, word), cache=keep_on_disk)(module.entry)
    return Entry(compiled.address, compiled)


@functools.cache
def kernel(label: str) -> Callable[..., Any]:
    """A kernel to be called from Python, as "module.name", with its machine code kept on disk."""
    from engram.kernels.jit import JIT_DISABLED

    module, name = label.split(".")
    function: Any = getattr(importlib.import_module(f"engram.kernels.{module}"), name)
    if JIT_DISABLED:
        return cast("Callable[..., Any]", function)
    import numba

    # Compiled as it stands, from what looks like a file in the cache folder.
    path = cache_folder() / f"call_{module}_{name}.py"
    _write(path, f'"""Machine code of engram.kernels.{module}.{name} for calls from Python."""\n')
    code = function.py_func.__code__.replace(co_filename=str(path))
    twin = types_module.FunctionType(code, function.py_func.__globals__, name)
    return cast("Callable[..., Any]", numba.njit(cache=True, nogil=True, error_model="numpy")(twin))


def _write(path: Path, text: str) -> None:
    """Write a file unless it is there, at once: other processes may do the same."""
    if path.exists() and path.read_text() == text:
        return
    handle, temporary = tempfile.mkstemp(dir=path.parent, suffix=".tmp")
    with os.fdopen(handle, "w") as stream:
        stream.write(text)
    os.replace(temporary, path)


def _load_module(label: str, text: str, scope: Mapping[str, Any]) -> Any:
    """Run generated source from a file in the cache folder, so that Numba can cache beside it."""
    path = cache_folder() / f"{label}.py"
    _write(path, text)
    # Numba looks up the module of cached functions by name.
    module = types_module.ModuleType(f"engram_generated.{label}")
    sys.modules[module.__name__] = module
    module.__dict__.update(scope)
    exec(compile(text, str(path), "exec"), module.__dict__)
    return module


def _python_entry(kernel: Callable[..., Any]) -> Entry:
    from engram.kernels.jit import python_entries

    names = parameters_of(kernel)

    def call(table: int, index: int, step: int) -> int:
        tables = _tables_at[table]
        special = {"table": table, "index": index, "step": step, "n_steps": index}
        arguments = [
            special[n]
            if n in special
            else tables.blocks[index][n]
            if n in SYNAPSE_NAMES
            else tables.arrays[n]
            for n in names
        ]
        return int(kernel(*arguments))

    address = len(python_entries) + 1
    python_entries[address] = call
    return Entry(address, kernel)


_tables_at: weakref.WeakValueDictionary[int, Any] = weakref.WeakValueDictionary()
"""With the JIT off, the tables an "address" stands for."""


def register_tables(address: int, tables: object) -> None:
    """Let Python entry points find the arrays (only needed with the JIT off)."""
    _tables_at[address] = tables
