"""The outer loop: many steps in one compiled call, by one worker or by several.

A worker advances some of the neurons and delivers to them: all that it writes in a step is theirs,
so the order of additions to a neuron does not depend on who the others are. What concerns the
whole brain is done by the first worker, the lead. Several write the spikes of a step to lists of
their own first, since where each stands in the ring depends on how many fired before it.
"""

from engram.kernels.barrier import meet
from engram.kernels.buffers import fill, scatter_all, take
from engram.kernels.constants import (
    DONE,
    EVENTS,
    LAZY_STEP,
    LOG_FULL,
    LOGGED,
    RESUME,
    REVIEW,
    RING_FULL,
    SETTLE,
    STAGED,
    STEP,
    STOPPED,
    WORKER,
    WORKERS,
)
from engram.kernels.jit import (
    call_entry,
    flush_subnormals,
    inner_inline_jit,
    inner_jit,
    restore_rounding,
)
from engram.kernels.lazy_regions import call_for_lazy, review, wake_moved


@inner_jit
def enter(entry, table, n_steps):
    """Call the outer loop from Python: an address, called from here, costs half of `ctypes`.

    Subnormal numbers are 0 meanwhile: what decays by a factor a step gets stuck among them for
    good, and arithmetic with them takes dozens of times as long.
    """
    before = flush_subnormals()
    done = call_entry(entry, table, n_steps, 0)
    restore_rounding(before)
    return done


@inner_inline_jit
def advance(
    table,
    n_steps,
    clock,
    region_count,
    region_spikes,
    driven,
    hazard_ready,
    reached,
    source,
    target,
    delay_min,
    delay_count,
    youngest,
    trace_reach,
    ring,
    received,
    buffers,
    threshold,
    current,
    free,
    loops,
    log,
    part,
):
    """Advance the brain whose arrays `table` addresses by up to `n_steps` steps.

    The order within a step is that of the design: rhythms, lasting inputs, arrivals, integration
    and firing, the postsynaptic side of plasticity, neuromodulation. Returns the number of steps
    done; fewer than asked for if the spike ring or the spike log might overflow (``clock[STOPPED]``
    says which), to be called again once there is room; -1 if the other workers did not come.
    """
    crew, lead = part.crew, part.crew[WORKER] == 0
    if not meet(crew):
        return -1
    most, any_logging, may_be_lazy = begin(region_count, hazard_ready, reached, free, loops, log)
    led = any_logging or is_led(clock[STEP], youngest, trace_reach, loops)
    begun, events, logged = clock[STEP], clock[EVENTS], clock[LOGGED]
    n_slots = buffers.buffer_exc.shape[0]
    if n_slots > 0 and buffers.awaited[0] != begun:
        fill(table, begun, n_slots, buffers, loops, part)
    if may_be_lazy:
        call_for_lazy(RESUME, table, begun, free, loops)
    # All have read the clock before the lead moves it on.
    meet(crew)
    done, stopped = 0, DONE
    while done < n_steps:
        step = begun + done
        stopped = room_for(step, most, events, logged, any_logging, ring, log)
        if stopped != DONE:
            break
        if led:
            if lead and loops.rhythm_entry[0] != 0:
                call_entry(loops.rhythm_entry[0], table, 0, step)
            if lead and loops.modulator_entry[0] != 0:
                call_entry(loops.modulator_entry[0], table, 0, step)
            meet(crew)
        if n_slots > 0:
            take(step, n_slots, buffers, received, part)
        receive(table, step, source, target, delay_min, delay_count, ring, free, loops)
        if may_be_lazy:
            wake_moved(table, step, threshold, current, free, loops)
        events = fire(table, step, events, clock, region_spikes, driven, ring, free, loops, part)
        if n_slots > 0:
            scatter_all(table, step, loops)
        if loops.slide_entry[0] != 0:
            call_entry(loops.slide_entry[0], table, 0, step)
        for p in range(source.shape[0]):
            if loops.post_entry[p] != 0:
                call_entry(loops.post_entry[p], table, p, step)
        if led:
            meet(crew)
            if lead:
                for p in range(source.shape[0]):
                    if loops.modulate_entry[p] != 0:
                        call_entry(loops.modulate_entry[p], table, p, step)
            if any_logging:
                logged = enter_log(step, logged, lead, ring, log)
        done += 1
        if may_be_lazy and (step + 1) % REVIEW == 0:
            ends = source, target, region_spikes
            review(table, step + 1, ends, threshold, current, free, loops, crew)
    if may_be_lazy:
        call_for_lazy(SETTLE, table, begun + done, free, loops)
    meet(crew)
    if lead:
        free.lazy[:] = free.part_lazy
        clock[STEP], clock[EVENTS], clock[LOGGED] = begun + done, events, logged
        clock[STOPPED] = stopped
        buffers.awaited[0] = begun + done
    # Whoever called may change anything as soon as the lead is back.
    meet(crew)
    return done


@inner_jit
def begin(region_count, hazard_ready, reached, free, loops, log):
    """Most spikes in a step, whether any are logged, and whether there may be lazy regions."""
    most, any_logging, may_be_lazy = 0, False, False
    for r in range(region_count.shape[0]):
        most += region_count[r]
        any_logging = any_logging or log.logging[r] != 0
        may_be_lazy = may_be_lazy or loops.lazy_entry[RESUME, r] != 0
        free.part_lazy[r] = free.lazy[r]
        # Between two calls, anything may have changed.
        hazard_ready[r] = 0
        reached[r] = 1
    return most, any_logging, may_be_lazy


@inner_jit
def is_led(step, youngest, trace_reach, loops):
    """Whether there is anything in a step that the lead does while the others wait."""
    led = loops.rhythm_entry[0] != 0 or loops.modulator_entry[0] != 0
    for p in range(loops.modulate_entry.shape[0]):
        led = led or loops.modulate_entry[p] != 0
        # What a young synapse has heard is looked up in who fired last: nobody may go on firing
        # before all have looked.
        led = led or (loops.post_entry[p] != 0 and youngest[p] > step - trace_reach[p])
    return led


@inner_jit
def room_for(step, most, events, logged, any_logging, ring, log):
    """Whether the spikes of one more step have room, even if all neurons fire."""
    horizon = ring.event_first.shape[0]
    oldest = ring.event_first[(step + 1) % horizon, 0] if ring.event_first.shape[1] > 0 else 0
    if events + most - oldest > ring.event_neuron.shape[0]:
        return RING_FULL
    if any_logging and logged + most > log.log_step.shape[0]:
        return LOG_FULL
    return DONE


@inner_inline_jit
def receive(table, step, source, target, delay_min, delay_count, ring, free, loops):
    """Lasting inputs, then the spikes whose delay ends now."""
    event_first, event_end = ring.event_first, ring.event_end
    horizon = event_first.shape[0]
    for k in range(loops.input_entry.shape[0]):
        if loops.input_entry[k] != 0:
            call_entry(loops.input_entry[k], table, k, step)
    for p in range(loops.arrive_entry.shape[0]):
        if loops.arrive_entry[p] == 0:
            continue
        region = source[p]
        for delay in range(delay_min[p], min(delay_min[p] + delay_count[p], step + 1)):
            then = (step - delay) % horizon
            if event_first[then, region] < event_end[then, region]:
                lazily = free.part_lazy[target[p]] != 0
                entry = loops.touch_entry[p] if lazily else loops.arrive_entry[p]
                call_entry(entry, table, p, step)
                break


@inner_inline_jit
def fire(table, step, events, clock, region_spikes, driven, ring, free, loops, part):
    """Neurons integrate and fire; returns how many spikes there have been ever."""
    crew, fired_by = part.crew, part.fired_by
    workers, worker = crew[WORKERS], crew[WORKER]
    event_first, event_end = ring.event_first, ring.event_end
    slot, n_regions = step % event_first.shape[0], event_first.shape[1]
    if workers == 1:
        for r in range(n_regions):
            event_first[slot, r] = part.part_event[r] = events
            entry = (
                loops.lazy_entry[LAZY_STEP, r] if free.part_lazy[r] else loops.integrate_entry[r]
            )
            call_entry(entry, table, r, step)
            driven[r] = 0
            events = clock[EVENTS]
            event_end[slot, r] = part.part_end[r] = events
        return events
    fresh = part.fresh_clock
    fresh[EVENTS] = 0
    for r in range(n_regions):
        before = fresh[EVENTS]
        if loops.integrate_entry[r] != 0:
            entry = (
                loops.lazy_entry[LAZY_STEP, r] if free.part_lazy[r] else loops.integrate_entry[r]
            )
            call_entry(entry, crew[STAGED], r, step)
        fired_by[worker, r] = fresh[EVENTS] - before
    meet(crew)
    taken = 0
    for r in range(n_regions):
        first = events
        for k in range(workers):
            if k == worker:
                part.part_event[r] = events
                enter_ring(events, taken, fired_by[k, r], ring, part)
                taken += fired_by[k, r]
                part.part_end[r] = events + fired_by[k, r]
            events += fired_by[k, r]
        if worker == 0:
            event_first[slot, r], event_end[slot, r] = first, events
            region_spikes[r] += events - first
            driven[r] = 0
    meet(crew)
    return events


@inner_jit
def enter_ring(number, taken, n, ring, part):
    """Enter n spikes of the worker's list, from place `taken` on, into the spike ring."""
    mask = ring.event_neuron.shape[0] - 1
    for k in range(n):
        event, neuron = (number + k) & mask, part.fresh_neuron[taken + k]
        ring.event_neuron[event] = neuron
        ring.event_previous_step[event] = part.fresh_previous_step[taken + k]
        ring.event_previous[event] = part.fresh_previous[taken + k]
        ring.last_event[neuron] = number + k


@inner_jit
def enter_log(step, logged, lead, ring, log):
    """Log the spikes of a step; returns how many are in the log then."""
    slot, mask = step % ring.event_first.shape[0], ring.event_neuron.shape[0] - 1
    for r in range(log.logging.shape[0]):
        if log.logging[r]:
            first, end = ring.event_first[slot, r], ring.event_end[slot, r]
            if lead:
                for e in range(first, end):
                    log.log_step[logged + e - first] = step
                    log.log_neuron[logged + e - first] = ring.event_neuron[e & mask]
            logged += end - first
    return logged
