"""Which regions are lazy, see `engram.kernels.lazy`: reviewed after a fixed number of steps."""

from engram.kernels.barrier import meet
from engram.kernels.constants import COUNT, REBASE, RESUME, REVIEW, SETTLE, WORKER, WORKERS
from engram.kernels.jit import call_entry, inner_jit, part_jit

# What an arrival at a lazy neuron, and a step of one that may fire, cost in steps of others.
ARRIVAL, WATCHED = 32.0, 6.0


@part_jit
def is_moved(r, threshold, current):
    """Whether the course of a region's neurons is not free in this step."""
    return (
        current.noise[r] > 0
        or current.holding[r] != 0
        or current.driven[r] != 0
        or current.young[r] != 0
        or current.tuned[r] != 0
        or current.rhythm_current[r] != 0
        or threshold.adapting[r] != 0
    )


@inner_jit
def wake(table, r, step, free, loops):
    """Have a region stepped from this step on."""
    call_entry(loops.lazy_entry[SETTLE, r], table, r, step)
    free.part_lazy[r] = 0


@inner_jit
def wake_moved(table, step, threshold, current, free, loops):
    """Have regions stepped from this step on whose neurons get more than spikes."""
    for r in range(free.part_lazy.shape[0]):
        if free.part_lazy[r] and is_moved(r, threshold, current):
            wake(table, r, step, free, loops)


@inner_jit
def call_for_lazy(what, table, step, free, loops):
    """Call one of the loops of all regions that are lazy."""
    for r in range(free.part_lazy.shape[0]):
        if free.part_lazy[r]:
            call_entry(loops.lazy_entry[what, r], table, r, step)


@inner_jit
def arriving(r, source, target, region_spikes, free):
    """What arrivals at a region would cost if it were lazy, in steps of a neuron, by step."""
    arrivals = 0.0
    for p in range(source.shape[0]):
        if target[p] == r:
            arrivals += (region_spikes[source[p]] - free.reviewed[p]) * free.fan_out[p]
    return ARRIVAL * arrivals / REVIEW


@inner_jit
def review(table, step, ends, threshold, current, free, loops, crew):
    """Choose which regions are lazy up to the next review, and refer modes to this step.

    ends: source and target of projections, and spikes of regions. All workers come to the same
    choice, from what they have counted together.
    """
    source, target, region_spikes = ends
    worker, workers = crew[WORKER], crew[WORKERS]
    n_regions = free.part_lazy.shape[0]
    for r in range(n_regions):
        if loops.lazy_entry[COUNT, r] != 0:
            free.may_fire[worker, r] = -1
            # Not to and fro where both cost about the same.
            most = (1.0 if free.part_lazy[r] else 0.5) * free.lazy_worth[r]
            cost = arriving(r, source, target, region_spikes, free)
            pays = cost < most and not is_moved(r, threshold, current)
            if free.part_lazy[r] or pays:
                how = REBASE if free.part_lazy[r] else COUNT
                looked_at = call_entry(loops.lazy_entry[how, r], table, r, step)
                free.may_fire[worker, r] = looked_at if pays else -1
    meet(crew)
    for r in range(n_regions):
        if loops.lazy_entry[COUNT, r] == 0:
            continue
        most = (1.0 if free.part_lazy[r] else 0.5) * free.lazy_worth[r]
        cost = arriving(r, source, target, region_spikes, free)
        for k in range(workers):
            cost += WATCHED * free.may_fire[k, r]
        pays = free.may_fire[worker, r] >= 0 and cost < most
        if pays and not free.part_lazy[r]:
            call_entry(loops.lazy_entry[RESUME, r], table, r, step)
            free.part_lazy[r] = 1
        elif free.part_lazy[r] and not pays:
            wake(table, r, step, free, loops)
    # All have read the counts.
    meet(crew)
    if worker == 0:
        for p in range(source.shape[0]):
            free.reviewed[p] = region_spikes[source[p]]
