"""Where the time of a workload goes: ``python -m benchmarks.speed.breakdown W3``.

Steps a brain as `engram.kernels.advance` does, but from Python, with a clock around each compiled
loop. The cost of the clock and the call (calibrated) is taken off. It reaches below the public
interface, so it may have to follow changes of the engine.
"""

from __future__ import annotations

import argparse
import ctypes
import time
from collections import defaultdict
from typing import Any

from benchmarks.speed.workloads import WORKLOADS, n_neurons, spikes
from engram import Brain
from engram.kernels.constants import EVENTS, STEP

_ENTRY = ctypes.CFUNCTYPE(ctypes.c_int64, ctypes.c_int64, ctypes.c_int64, ctypes.c_int64)


def _calls(brain: Brain) -> tuple[list[Any], list[Any], list[Any]]:
    """(label, function, index) of arrivals, of neuron loops and of what follows firing."""
    tables = brain.network.tables
    arrivals: list[Any] = []
    regions: list[Any] = []
    after: list[Any] = []
    for p, projection in enumerate(brain.projections):
        for name, out in (("arrive", arrivals), ("post", after), ("modulate", after)):
            address = int(tables[f"{name}_entry"][p])
            if address:
                out.append((f"{name} {projection.label}", _ENTRY(address), p))
    for r, region in enumerate(brain.regions):
        address = int(tables["integrate_entry"][r])
        regions.append((f"neurons {region}", _ENTRY(address), r))
    return arrivals, regions, after


def breakdown(brain: Brain, steps: int) -> dict[str, float]:
    """Microseconds a step by piece; the brain has run before, so that everything is compiled."""
    tables = brain.network.tables
    arrivals, regions, after = _calls(brain)
    clock, first, end = tables["clock"], tables["event_first"], tables["event_end"]
    spent: dict[str, int] = defaultdict(int)
    now = time.thread_time_ns
    table = tables.address

    def timed(label: str, function: Any, index: int, step: int) -> None:
        t = now()
        function(table, index, step)
        spent[label] += now() - t

    for _ in range(steps):
        step = int(clock[STEP])
        for label, function, p in arrivals:
            timed(label, function, p, step)
        slot = step % tables.sizes["H"]
        for label, function, r in regions:
            first[slot, r] = clock[EVENTS]
            timed(label, function, r, step)
            end[slot, r] = clock[EVENTS]
        for label, function, p in after:
            timed(label, function, p, step)
        clock[STEP] = step + 1
    return {label: ns / steps / 1e3 for label, ns in spent.items()}


def clock_cost(brain: Brain) -> float:
    """Microseconds that the clock and the call of an empty loop take."""
    tables = brain.network.tables
    arrive = [c for c in _calls(brain)[0] if brain.projections[c[2]].n_synapses == 0]
    libc = ctypes.CDLL(None)
    empty = arrive[0][1] if arrive else libc.labs
    table, step = tables.address, int(tables["clock"][STEP])
    if not arrive:
        empty.argtypes = [ctypes.c_int64] * 3
        empty.restype = ctypes.c_int64
    now = time.thread_time_ns
    total = 0
    index = arrive[0][2] if arrive else 0
    for _ in range(20000):
        t = now()
        empty(table, index, step)
        total += now() - t
    return total / 20000 / 1e3


def main() -> None:
    """Print the breakdown of the workloads asked for."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("workloads", nargs="*", default=[w.name for w in WORKLOADS])
    parser.add_argument("--seconds", type=float, default=2.0)
    args = parser.parse_args()
    for workload in WORKLOADS:
        if workload.name not in args.workloads:
            continue
        brain = workload.build(11)
        workload.run(brain, workload.warmup)
        cost = clock_cost(brain)
        steps = round(args.seconds * 1000 / brain.dt)
        twin = brain.copy()
        twin.step()
        before = time.process_time()
        workload.run(twin, args.seconds)
        whole = (time.process_time() - before) / steps * 1e6
        started = spikes(brain)
        pieces = breakdown(brain, steps)
        per_step = (spikes(brain) - started) / steps
        rate = per_step / n_neurons(brain) / brain.dt * 1e3
        print(
            f"{workload.name}: {whole:.2f} us a step compiled, {per_step:.2f} spikes, {rate:.2f} Hz"
        )
        for label, us in sorted(pieces.items(), key=lambda item: -item[1]):
            print(f"    {max(us - cost, 0.0):8.2f} us  {label}")
        rest = whole - sum(max(us - cost, 0.0) for us in pieces.values())
        print(f"    {rest:8.2f} us  the rest (clock {cost:.2f} us a call taken off)")


if __name__ == "__main__":
    main()
