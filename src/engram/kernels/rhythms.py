"""Rhythms: phases, their coupling, the currents they give regions, the gates of learning."""

import math

import numpy as np

from engram.kernels.constants import GATE
from engram.kernels.jit import inner_jit

TURN = 2.0 * math.pi


@inner_jit
def phase_at(frequency, phase, time):
    """Phase at `time` ms of a rhythm of `frequency` Hz that had `phase` at time 0, in rad."""
    cycles = 1e-3 * frequency * time
    return TURN * (cycles - math.floor(cycles)) + phase


@inner_jit
def swing(depth, phase, preferred):
    """A factor that is 1 at the preferred phase and 1 - depth half a turn away."""
    return 1.0 - depth + 0.5 * depth * (1.0 + math.cos(phase - preferred))


@inner_jit
def current_of(amplitude, frequency, phase, nest_depth, nest_band, nest_phase, time):
    """Sum of a region's rhythms at `time` ms: amplitude x swing of the slower one x cos(phase)."""
    total = 0.0
    for k in range(amplitude.shape[0]):
        if amplitude[k] > 0:
            value = amplitude[k] * math.cos(phase_at(frequency[k], phase[k], time))
            if nest_depth[k] > 0:
                slow = nest_band[k]
                within = phase_at(frequency[slow], phase[slow], time)
                value *= swing(nest_depth[k], within, nest_phase[k])
            total += value
    return total


@inner_jit
def rhythms(
    step,
    dt,
    rhythm_amplitude,
    rhythm_frequency,
    rhythm_phase,
    rhythm_ahead,
    rhythm_current,
    nest_depth,
    nest_band,
    nest_phase,
    coupling_source,
    coupling_target,
    coupling_band,
    coupling_strength,
    coupling_lag,
    gated,
    gate_region,
    gate_band,
    gate_depth,
    gate_phase,
    rule_parameter,
):
    """Currents and gates as of the start of the step; then coupled phases move on by dt.

    Only coupling changes `rhythm_phase`, the phase a rhythm would have had at time 0:
    d phase_i / dt = sum of K sin(theta_j - theta_i - lag), by Heun's method.
    """
    time = step * dt[0]
    for r in range(rhythm_amplitude.shape[0]):
        rhythm_current[r] = np.float32(
            current_of(
                rhythm_amplitude[r],
                rhythm_frequency[r],
                rhythm_phase[r],
                nest_depth[r],
                nest_band[r],
                nest_phase[r],
                time,
            )
        )
    for p in range(gated.shape[0]):
        if gated[p]:
            r, k = gate_region[p], gate_band[p]
            phase = phase_at(rhythm_frequency[r, k], rhythm_phase[r, k], time)
            rule_parameter[p, GATE] = np.float32(swing(gate_depth[p], phase, gate_phase[p]))
    n = coupling_source.shape[0]
    if n > 0:
        h = 1e-3 * dt[0]
        rhythm_ahead[:] = rhythm_phase
        for c in range(n):
            k = coupling_band[c]
            i, j = coupling_target[c], coupling_source[c]
            gap = phase_at(rhythm_frequency[j, k], rhythm_phase[j, k], time) - phase_at(
                rhythm_frequency[i, k], rhythm_phase[i, k], time
            )
            rhythm_ahead[i, k] += h * coupling_strength[c] * math.sin(gap - coupling_lag[c])
        # Half of the step by the slopes at its start, half by those at its predicted end.
        for r in range(rhythm_phase.shape[0]):
            for k in range(rhythm_phase.shape[1]):
                rhythm_phase[r, k] = 0.5 * (rhythm_phase[r, k] + rhythm_ahead[r, k])
        time += dt[0]
        for c in range(n):
            k = coupling_band[c]
            i, j = coupling_target[c], coupling_source[c]
            gap = phase_at(rhythm_frequency[j, k], rhythm_ahead[j, k], time) - phase_at(
                rhythm_frequency[i, k], rhythm_ahead[i, k], time
            )
            rhythm_phase[i, k] += 0.5 * h * coupling_strength[c] * math.sin(gap - coupling_lag[c])
        for r in range(rhythm_phase.shape[0]):
            for k in range(rhythm_phase.shape[1]):
                turns = math.floor(rhythm_phase[r, k] / TURN)
                rhythm_phase[r, k] -= TURN * turns
    return 0
