"""Where the workers of one brain wait for each other."""

from typing import Any

from llvmlite import ir
from numba.core import types
from numba.extending import intrinsic

from engram.kernels.constants import ARRIVED, CANCELLED, GOAL, MEETING, WORKERS, YIELD
from engram.kernels.jit import JIT_DISABLED, call_entry, inner_jit

SPINS = 1 << 12
"""How often a worker looks before it offers the processor to others: some 10 microseconds."""

if JIT_DISABLED:

    def meet(crew: Any) -> bool:
        """Without machine code there is one worker."""
        return True

else:

    @intrinsic
    def add_atomically(_context, address, value):
        """Add to the word at an address, as one operation."""

        def codegen(_ctx, builder, _signature, args):
            place = builder.inttoptr(args[0], ir.IntType(64).as_pointer())
            return builder.atomic_rmw("add", place, args[1], "acq_rel")

        return types.int64(types.int64, types.int64), codegen

    @intrinsic
    def load_atomically(_context, address):
        """The word at an address, and all that was written before it was."""

        def codegen(_ctx, builder, _signature, args):
            place = builder.inttoptr(args[0], ir.IntType(64).as_pointer())
            return builder.load_atomic(place, "acquire", 8)

        return types.int64(types.int64), codegen

    @inner_jit
    def meet(crew):
        """Go on when all workers have come here; False: they are not going to come.

        A counter that only grows: all have come for the k-th time when it is k x workers. So nobody
        has to set it back while another one still looks at it.
        """
        if crew[WORKERS] == 1:
            return True
        crew[GOAL] += crew[WORKERS]
        arrived, cancelled = crew[MEETING] + 8 * ARRIVED, crew[MEETING] + 8 * CANCELLED
        add_atomically(arrived, 1)
        spins = 0
        while load_atomically(arrived) < crew[GOAL]:
            if load_atomically(cancelled) != 0:
                return False
            spins += 1
            if spins > SPINS and crew[YIELD] != 0:
                call_entry(crew[YIELD], 0, 0, 0)
        return True
