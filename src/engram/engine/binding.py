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

import hashlib
import sys
import types as types_module
from collections.abc import Callable, Mapping
from typing import Any

from engram.kernels.calls import argument_of, cache_folder, parameters_of, write_once
from engram.kernels.groups import GROUPS
from engram.state.addresses import BLOCK_SLOT, BLOCK_WORDS, POSITION
from engram.state.schema import FIELDS, SYNAPSE_NAMES, Field
from engram.state.tables import tables_at

_HEADER = """\
import numpy as np
from engram.kernels.jit import inner_inline_jit, inner_jit, jit
"""


def _argument(name: str) -> str:
    """The expression by which a wrapper gets one of the kernel's arguments."""
    if name in ("table", "index", "step"):
        return name
    if name == "n_steps":
        return "index"
    if name in GROUPS:
        arrays = ", ".join(_argument(part) for part in GROUPS[name]._fields)
        return f"{GROUPS[name].__name__}({arrays})"
    field = FIELDS[name]
    words = "block" if name in SYNAPSE_NAMES else "table"
    return f"{_view_name(field)}({words} + {POSITION[name] * 8})"


def _view_name(field: Field) -> str:
    return f"view_{field.dtype}_{len(field.dims)}"


def _wrapper(parameters: tuple[str, ...]) -> str:
    groups = [GROUPS[name] for name in parameters if name in GROUPS]
    arrays = [*parameters, *(part for group in groups for part in group._fields)]
    fields = [FIELDS[name] for name in arrays if name in FIELDS]
    views = sorted({(_view_name(f), f.dtype, len(f.dims)) for f in fields})
    lines = ["from engram.kernels.jit import load_word, view"]
    lines += [f"from engram.kernels.groups import {group.__name__}" for group in groups]
    lines += [f'{name} = view("{dtype}", {ndim})' for name, dtype, ndim in views]
    lines += ["def entry(table, index, step):"]
    if any(name in SYNAPSE_NAMES for name in arrays):
        lines += [f"    block = load_word(table + {BLOCK_SLOT * 8}) + index * {BLOCK_WORDS * 8}"]
    lines += ["    return kernel("]
    lines += [f"        {_argument(name)}," for name in parameters]
    lines += ["    )"]
    return "\n".join(lines) + "\n"


class Entry:
    """A compiled entry point.

    Parameters
    ----------
    address : int
        What loops call.
    keep : object
        What the address is of: it stays valid while this is there.
    """

    def __init__(self, address: int, keep: object) -> None:
        self.address = address
        self._keep = keep


_entries: dict[str, Entry] = {}


def compile_entry(
    name: str, source: str, namespace: Mapping[str, Any] | None = None, key: str | None = ""
) -> Entry:
    """The entry point of the kernel that a source defines under the name ``kernel``.

    Parameters
    ----------
    name : str
        Of the generated module, and in tracebacks.
    source : str
        Python code.
    namespace : mapping of str to object, optional
        Objects the source refers to.
    key : str or None
        What they depend on beyond the package's own sources. None: their machine code must not be
        kept on disk.

    Returns
    -------
    Entry
        Compiled once.
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


def _load_module(label: str, text: str, scope: Mapping[str, Any]) -> Any:
    """Run generated source from a file in the cache folder, so that Numba can cache beside it."""
    path = cache_folder() / f"{label}.py"
    write_once(path, text)
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
        tables = tables_at(table)
        known = {**tables.arrays, "table": table, "index": index, "step": step, "n_steps": index}
        if index < len(tables.blocks):
            known |= tables.blocks[index]
        return int(kernel(*(argument_of(name, known) for name in names)))

    address = len(python_entries) + 1
    python_entries[address] = call
    return Entry(address, kernel)
