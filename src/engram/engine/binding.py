"""Compiling kernels into entry points that find their arguments by name.

A kernel is a pure function of arrays. Its entry point has the one signature
``entry(table, index, step)`` that a compiled loop can call: `table` is the address of a list of
addresses and sizes of all arrays of the brain, in the order of the schema, and the generated
wrapper looks up those that the kernel's parameters name. So the outer loop never changes, whatever
models and rules a brain uses, and a call costs nanoseconds.

Machine code is known by the generated source and by all that functions of users depend on, see
`engram.engine.freeze`; `engram.kernels.cache` keeps it.
"""

from __future__ import annotations

import hashlib
import sys
import types as types_module
from collections.abc import Callable, Mapping
from typing import Any

from engram.engine.explain import Owner, explaining
from engram.engine.freeze import Frozen, Watch
from engram.kernels.cache import cache_folder as cache_folder
from engram.kernels.calls import argument_of, parameters_of
from engram.kernels.groups import GROUPS
from engram.state.addresses import BLOCK_SLOT, BLOCK_WORDS, POSITION, whole_rows
from engram.state.field import Field
from engram.state.schema import FIELDS, SYNAPSE_NAMES
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
    watches : tuple of Watch
        On what functions of users refer to.
    """

    def __init__(self, address: int, keep: object, watches: tuple[Watch, ...] = ()) -> None:
        self.address, self.watches = address, watches
        self._keep = keep

    def look_at(self, kind: type, *names: str) -> None:
        """Watch attributes of the class, too, whose functions the code is of, if it is a user's.

        Parameters
        ----------
        kind : type
            The class.
        *names : str
            Of attributes.
        """
        for watch in self.watches[:1]:
            watch.attributes(kind, *names)

    def changed(self) -> bool:
        """Whether what went into the machine code is no longer what it was."""
        return any(watch.changed() for watch in self.watches)


_entries: dict[str, Entry] = {}
"""For good: tables hold addresses."""


def compile_entry(
    name: str,
    source: str,
    functions: Mapping[str, Frozen] | None = None,
    owner: Owner | None = None,
) -> Entry:
    """The entry point of the kernel that a source defines under the name ``kernel``.

    Parameters
    ----------
    name : str
        Of the generated module, and in tracebacks.
    source : str
        Python code.
    functions : mapping of str to Frozen, optional
        Functions of users that the source refers to.
    owner : Owner, optional
        The class whose functions they are, for errors.

    Returns
    -------
    Entry
        Compiled once, unless it can't be told what a function depends on.

    Raises
    ------
    InvalidValueError
        A function can't be compiled.
    """
    from engram.kernels.jit import JIT_DISABLED

    given, text = functions or {}, _HEADER + source
    keys = {name: function.key for name, function in given.items()}
    label = f"{name}_{hashlib.sha256(f'{text}{keys}'.encode()).hexdigest()[:32]}"
    shared = None not in keys.values()
    if not shared:
        label += f"_{len(_entries)}"
    if label not in _entries:
        scope = {name: function.function for name, function in given.items()}
        if JIT_DISABLED:
            exec(compile(text, f"<engram {name}>", "exec"), scope)
            _entries[label] = _python_entry(scope["kernel"])
        else:
            with explaining(owner, given):
                _entries[label] = _compiled_entry(label, text, scope, shared)
    known = _entries[label]
    watches = tuple(function.watch for function in given.values())
    return Entry(known.address, known, watches) if watches else known


def _compiled_entry(label: str, text: str, scope: dict[str, Any], kept: bool) -> Entry:
    from engram.kernels.compiled import entry_point

    # Numba looks up the module of compiled functions by name.
    module = types_module.ModuleType(f"engram_generated.{label}")
    sys.modules[module.__name__] = module
    module.__dict__.update(scope)
    exec(compile(text, f"<engram {label}>", "exec"), module.__dict__)
    wrapper = _wrapper(parameters_of(module.__dict__["kernel"]))
    exec(compile(wrapper, f"<engram {label}>", "exec"), module.__dict__)
    compiled = entry_point(module.__dict__["entry"], label if kept else None)
    return Entry(compiled.address, compiled)


def _python_entry(kernel: Callable[..., Any]) -> Entry:
    from engram.kernels.jit import python_entries

    names = parameters_of(kernel)

    def call(table: int, index: int, step: int) -> int:
        tables = tables_at(table)
        known = {**tables.arrays, "table": table, "index": index, "step": step, "n_steps": index}
        if index < len(tables.blocks):
            known |= tables.blocks[index] | whole_rows(tables.blocks[index])
        return int(kernel(*(argument_of(name, known) for name in names)))

    address = len(python_entries) + 1
    python_entries[address] = call
    return Entry(address, kernel)
