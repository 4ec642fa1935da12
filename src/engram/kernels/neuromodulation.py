"""Transmitters that act on a whole region, and critics: once a step, at its start."""

from engram.kernels.constants import (
    ACETYLCHOLINE_RELEASE,
    DOPAMINE_RELEASE,
    EXCITATORY,
    GATE,
    SEROTONIN_RELEASE,
)
from engram.kernels.jit import inner_jit


@inner_jit
def excitatory_spikes(region, slot, neuron_type, event_neuron, event_first, event_end):
    """Spikes of a region's excitatory neurons in the step kept in `slot`."""
    mask = event_neuron.shape[0] - 1
    n = 0
    for e in range(event_first[slot, region], event_end[slot, region]):
        if neuron_type[event_neuron[e & mask]] == EXCITATORY:
            n += 1
    return n


@inner_jit
def release(
    slot,
    source,
    target,
    neuron_type,
    event_neuron,
    event_first,
    event_end,
    release_kind,
    release_factor,
    transmitter_level,
    dopamine,
    modulate_entry,
    region_gate,
    region_current,
):
    """What last step's spikes release; what it does to the targets.

    release_factor: released by one spike, then for dopamine what is taken off in each step, for the
    others the share that is left after a step, the level of half effect, and the effect: learning
    without any transmitter, or current at full effect.
    """
    for p in range(release_kind.shape[0]):
        kind = release_kind[p]
        if kind == 0:
            continue
        n = excitatory_spikes(source[p], slot, neuron_type, event_neuron, event_first, event_end)
        released = n * release_factor[p, 0]
        if kind == DOPAMINE_RELEASE:
            released -= release_factor[p, 1]
            if released != 0.0:
                for q in range(release_kind.shape[0]):
                    taught = release_kind[q] == 0 and modulate_entry[q] != 0
                    if taught and target[q] == target[p]:
                        dopamine[q] += released
            continue
        level = transmitter_level[p] * release_factor[p, 1] + released
        transmitter_level[p] = level
        occupied = level / (level + release_factor[p, 2])
        effect = release_factor[p, 3]
        r = target[p]
        if kind == SEROTONIN_RELEASE:
            region_current[r] += effect * occupied
        if kind == ACETYLCHOLINE_RELEASE:
            region_gate[r] = max(region_gate[r], effect + (1.0 - effect) * occupied)


@inner_jit
def criticise(
    slot,
    neuron_type,
    event_neuron,
    event_first,
    event_end,
    critic_region,
    critic_factor,
    critic_target,
    critic_state,
    dopamine,
    dopamine_factor,
):
    """Value and reward of each critic over this step; its TD error becomes dopamine.

    critic_factor: value of a spike; value at rest; what is kept of the slow and the fast sum in a
    step, and their means over it; 1 / dt and 1 / tau_discount in 1/s; r of a reward; gain; weight
    of the prediction. V and r are differences of a slow and a fast sum. The error is its exact mean
    over the step.
    """
    for k in range(critic_region.shape[0]):
        f = critic_factor[k]
        n = excitatory_spikes(
            critic_region[k], slot, neuron_type, event_neuron, event_first, event_end
        )
        slow = critic_state[k, 0] + n
        fast = critic_state[k, 1] + n
        r_slow = critic_state[k, 2]
        r_fast = critic_state[k, 3]
        change = f[0] * (slow * (f[2] - 1.0) - fast * (f[3] - 1.0))
        mean = f[1] + f[0] * (slow * f[4] - fast * f[5])
        error = f[10] * (change * f[6] - mean * f[7]) + f[8] * (r_slow * f[4] - r_fast * f[5])
        critic_state[k, 0] = slow * f[2]
        critic_state[k, 1] = fast * f[3]
        critic_state[k, 2] = r_slow * f[2]
        critic_state[k, 3] = r_fast * f[3]
        critic_state[k, 4] = error
        for q in range(dopamine.shape[0]):
            if critic_target[k, q]:
                # So that a constant error leads to dopamine of gain x error.
                dopamine[q] += f[9] * error * (1.0 - dopamine_factor[q, 2])


@inner_jit
def neuromodulate(
    step,
    source,
    target,
    neuron_type,
    event_neuron,
    event_first,
    event_end,
    release_kind,
    release_factor,
    transmitter_level,
    dopamine,
    dopamine_factor,
    modulate_entry,
    region_gate,
    region_current,
    cholinergic,
    gated,
    rule_parameter,
    rhythm_entry,
    rhythm_current,
    critic_region,
    critic_factor,
    critic_target,
    critic_state,
):
    """Release, critics, and what the levels do to learning and excitability in this step."""
    slot = (step - 1) % event_first.shape[0]
    for r in range(region_gate.shape[0]):
        region_gate[r] = 0.0
        region_current[r] = 0.0
    release(
        slot,
        source,
        target,
        neuron_type,
        event_neuron,
        event_first,
        event_end,
        release_kind,
        release_factor,
        transmitter_level,
        dopamine,
        modulate_entry,
        region_gate,
        region_current,
    )
    criticise(
        slot,
        neuron_type,
        event_neuron,
        event_first,
        event_end,
        critic_region,
        critic_factor,
        critic_target,
        critic_state,
        dopamine,
        dopamine_factor,
    )
    for p in range(cholinergic.shape[0]):
        if cholinergic[p]:
            # A rhythm's gate has just been written.
            open_ = rule_parameter[p, GATE] if gated[p] else 1.0
            rule_parameter[p, GATE] = open_ * region_gate[target[p]]
    for r in range(region_current.shape[0]):
        steady = rhythm_current[r] if rhythm_entry[0] != 0 else 0.0
        rhythm_current[r] = steady + region_current[r]
    return 0
