"""The outer loop: many steps in one compiled call."""

from engram.kernels.constants import DONE, EVENTS, LOG_FULL, LOGGED, RING_FULL, STEP, STOPPED
from engram.kernels.jit import call_entry, inner_inline_jit, inner_jit


@inner_jit
def enter(entry, table, n_steps):
    """Call the outer loop from Python: an address, called from here, costs half of `ctypes`."""
    return call_entry(entry, table, n_steps, 0)


@inner_inline_jit
def advance(
    table,
    n_steps,
    clock,
    event_neuron,
    event_first,
    event_end,
    region_first,
    region_count,
    hazard_ready,
    reached,
    source,
    delay_min,
    delay_count,
    logging,
    log_step,
    log_neuron,
    rhythm_entry,
    modulator_entry,
    input_entry,
    slide_entry,
    integrate_entry,
    arrive_entry,
    post_entry,
    modulate_entry,
):
    """Advance the brain whose arrays `table` addresses by up to `n_steps` steps.

    The order within a step is that of the design: rhythms, lasting inputs, arrivals, integration
    and firing, the postsynaptic side of plasticity, neuromodulation. Returns the number of steps
    done; fewer than asked for if the spike ring or the spike log might overflow (``clock[STOPPED]``
    says which), to be called again once there is room.
    """
    n_regions = region_first.shape[0]
    n_projections = arrive_entry.shape[0]
    n_inputs = input_entry.shape[0]
    horizon = event_first.shape[0]
    ring = event_neuron.shape[0]
    most = 0
    any_logging = False
    for r in range(n_regions):
        most += region_count[r]
        any_logging = any_logging or logging[r] != 0
        # Between two calls, anything may have changed.
        hazard_ready[r] = 0
        reached[r] = 1
    clock[STOPPED] = DONE
    for done in range(n_steps):
        step = clock[STEP]
        oldest = event_first[(step + 1) % horizon, 0] if n_regions > 0 else 0
        if clock[EVENTS] + most - oldest > ring:
            clock[STOPPED] = RING_FULL
            return done
        if any_logging and clock[LOGGED] + most > log_step.shape[0]:
            clock[STOPPED] = LOG_FULL
            return done
        if rhythm_entry[0] != 0:
            call_entry(rhythm_entry[0], table, 0, step)
        if modulator_entry[0] != 0:
            call_entry(modulator_entry[0], table, 0, step)
        for k in range(n_inputs):
            if input_entry[k] != 0:
                call_entry(input_entry[k], table, k, step)
        for p in range(n_projections):
            if arrive_entry[p] == 0:
                continue
            region = source[p]
            for delay in range(delay_min[p], min(delay_min[p] + delay_count[p], step + 1)):
                then = (step - delay) % horizon
                if event_first[then, region] < event_end[then, region]:
                    call_entry(arrive_entry[p], table, p, step)
                    break
        slot = step % horizon
        for r in range(n_regions):
            event_first[slot, r] = clock[EVENTS]
            call_entry(integrate_entry[r], table, r, step)
            event_end[slot, r] = clock[EVENTS]
        if slide_entry[0] != 0:
            call_entry(slide_entry[0], table, 0, step)
        for p in range(n_projections):
            if post_entry[p] != 0:
                call_entry(post_entry[p], table, p, step)
            if modulate_entry[p] != 0:
                call_entry(modulate_entry[p], table, p, step)
        if any_logging:
            n = clock[LOGGED]
            for r in range(n_regions):
                if logging[r]:
                    for e in range(event_first[slot, r], event_end[slot, r]):
                        log_step[n] = step
                        log_neuron[n] = event_neuron[e & (ring - 1)]
                        n += 1
            clock[LOGGED] = n
        clock[STEP] = step + 1
    return n_steps
