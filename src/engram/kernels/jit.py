"""The project's ``jit`` decorators, and calls between separately compiled loops.

Every kernel is compiled with the same flags: no global lock, IEEE arithmetic in the order written
(so that results do not depend on the vector width), bounds checks with ENGRAM_BOUNDSCHECK=1 only.
"""

import functools
from collections.abc import Callable
from typing import Any

import llvmlite.binding
import numba
import numpy as np
from llvmlite import ir
from numba.core import cgutils, types
from numba.extending import intrinsic
from numba.np.arrayobj import populate_array

from engram.kernels.constants import BOUNDSCHECK

# LLVM gives up on vectorising a loop over more than eight arrays that might overlap unless the
# limit on run-time overlap checks is raised; the neuron loops read and write a dozen.
llvmlite.binding.set_option("engram", "-runtime-memory-check-threshold=128")
# Those loops wait for long chains of arithmetic; two vectors in flight hide a quarter of it.
llvmlite.binding.set_option("engram", "-force-vector-interleave=2")

JIT_DISABLED = bool(numba.config.DISABLE_JIT)

FLAGS: dict[str, Any] = {"nogil": True, "error_model": "numpy", "boundscheck": BOUNDSCHECK}

jit = numba.njit(**FLAGS)

# For what stands inside a loop that must vectorise: LLVM's own judgement leaves calls there.
inline_jit = numba.njit(**FLAGS, forceinline=True)

# Most kernels are called by kernels only; Python calls them through `engram.kernels.calls`. A way
# in from Python for each of them would double what there is to compile. (Called from Python they
# crash.)
_no_way_in = {"no_cpython_wrapper": True, "no_cfunc_wrapper": True}
inner_jit = numba.njit(**FLAGS, **_no_way_in)
inner_inline_jit = numba.njit(**FLAGS, forceinline=True, **_no_way_in)

# Small parts of loops, put into their callers before any code is made: nothing to compile twice.
part_jit = numba.njit(**FLAGS, inline="always", **_no_way_in)

python_entries: dict[int, Callable[[int, int, Any], int]] = {}
"""With the JIT off, what stands in for compiled entry points, by their "address"."""

_machine = llvmlite.binding.get_process_triple().split("-")[0]
_X86, _ARM = _machine in ("x86_64", "amd64"), _machine in ("aarch64", "arm64")

FLUSHING = 0x8040 if _X86 else 1 << 24 if _ARM else 0
"""Bits of the processor's floating-point register for which subnormals are 0, as input and result
(MXCSR: FTZ and DAZ; FPCR: FZ). Other processors than these compute with them."""


def _declared(builder: ir.IRBuilder, name: str, returns: Any, *arguments: Any) -> Any:
    function = ir.FunctionType(returns, arguments)
    return cgutils.get_or_insert_function(builder.module, function, name)


def _rounding_mode(builder: ir.IRBuilder) -> Any:
    """The register that says how numbers are rounded, as a word."""
    word = ir.IntType(64)
    if _ARM:
        return builder.call(_declared(builder, "llvm.aarch64.get.fpcr", word), [])
    if not _X86:
        return word(0)
    place = cgutils.alloca_once(builder, ir.IntType(32))
    address = builder.bitcast(place, cgutils.voidptr_t)
    store = _declared(builder, "llvm.x86.sse.stmxcsr", ir.VoidType(), cgutils.voidptr_t)
    builder.call(store, [address])
    return builder.zext(builder.load(place), word)


def _set_rounding_mode(builder: ir.IRBuilder, mode: Any) -> None:
    word = ir.IntType(64)
    if _ARM:
        builder.call(_declared(builder, "llvm.aarch64.set.fpcr", ir.VoidType(), word), [mode])
    if not _X86:
        return
    place = cgutils.alloca_once(builder, ir.IntType(32))
    builder.store(builder.trunc(mode, ir.IntType(32)), place)
    address = builder.bitcast(place, cgutils.voidptr_t)
    load = _declared(builder, "llvm.x86.sse.ldmxcsr", ir.VoidType(), cgutils.voidptr_t)
    builder.call(load, [address])


if JIT_DISABLED:

    def call_entry(address: int, table: int, index: int, step: int) -> int:
        """Call the loop at `address` for region or projection `index`."""
        return python_entries[int(address)](int(table), int(index), np.int64(step))

    def prefetch(array: Any, index: Any) -> None:
        """Nothing to do without machine code."""

    def flush_subnormals() -> int:
        """Python computes with subnormal numbers as they are."""
        return 0

    def restore_rounding(before: int) -> None:
        """Nothing was changed."""

else:

    @intrinsic
    def prefetch(_context, array, index):
        """Ask for ``array[index]`` to be brought into the cache: rows come in no order a
        processor could guess, but which ones are next is known.
        """

        def codegen(context, builder, signature, args):
            kind = signature.args[0]
            data = context.make_array(kind)(context, builder, args[0]).data
            address = builder.bitcast(builder.gep(data, [args[1]]), cgutils.voidptr_t)
            flag = ir.IntType(32)
            function = cgutils.get_or_insert_function(
                builder.module,
                ir.FunctionType(ir.VoidType(), [cgutils.voidptr_t, flag, flag, flag]),
                "llvm.prefetch.p0",
            )
            # For reading, to be kept in all caches, data.
            builder.call(function, [address, flag(0), flag(3), flag(1)])
            return context.get_dummy_value()

        return types.void(array, types.int64), codegen

    @intrinsic
    def flush_subnormals(_context):
        """Let this thread take subnormal numbers for 0; returns the register as it was."""

        def codegen(_ctx, builder, _signature, _args):
            before = _rounding_mode(builder)
            _set_rounding_mode(builder, builder.or_(before, ir.IntType(64)(FLUSHING)))
            return before

        return types.int64(), codegen

    @intrinsic
    def restore_rounding(_context, before):
        """Set the register back to what `flush_subnormals` found."""

        def codegen(context, builder, _signature, args):
            _set_rounding_mode(builder, args[0])
            return context.get_dummy_value()

        return types.void(types.int64), codegen

    @intrinsic
    def load_word(_context, at):
        """The number that stands at an address."""

        def codegen(_ctx, builder, _signature, args):
            return builder.load(builder.inttoptr(args[0], ir.IntType(64).as_pointer()))

        return types.int64(types.int64), codegen

    @functools.cache
    def view(dtype: str, ndim: int) -> Any:
        """A function that makes an array of an address and sizes, given where these stand.

        Numba's own `carray` does the same; with dozens of arrays it takes seconds to compile.
        """
        array = types.Array(numba.from_dtype(np.dtype(dtype)), ndim, "C")
        size = np.dtype(dtype).itemsize

        @intrinsic
        def make(_context, at):
            def codegen(context, builder, _signature, args):
                words = builder.inttoptr(args[0], ir.IntType(64).as_pointer())
                first, *shape = (
                    builder.load(builder.gep(words, [ir.IntType(32)(k)])) for k in range(ndim + 1)
                )
                strides = [ir.IntType(64)(size)]
                for n in reversed(shape[1:]):
                    strides.insert(0, builder.mul(strides[0], n))
                made = context.make_array(array)(context, builder)
                data = builder.inttoptr(first, made.data.type)
                populate_array(made, data, shape, strides, ir.IntType(64)(size), None)
                return made._getvalue()

            return array(types.int64), codegen

        return make

    @intrinsic
    def call_entry(_context, address, table, index, step):
        """Call the loop at `address` for region or projection `index`."""

        def codegen(_ctx, builder, _signature, args):
            word = ir.IntType(64)
            function = builder.inttoptr(args[0], ir.FunctionType(word, [word] * 3).as_pointer())
            return builder.call(function, args[1:])

        return types.int64(types.int64, types.int64, types.int64, types.int64), codegen
