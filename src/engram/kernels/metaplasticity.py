"""The sliding threshold of BCM, brought up to date when a neuron fires."""

import math

from engram.kernels.constants import NEVER
from engram.kernels.jit import inner_jit


@inner_jit
def slide_thresholds(
    step,
    dt,
    event_neuron,
    part_event,
    part_end,
    bcm_parameter,
    mean_square_rate,
    recent_rate,
    rate_since,
    potentiation,
):
    """Factor of potentiation of the neurons that fired in this step: rate before / threshold.

    bcm_parameter: target rate (Hz), window of the rate and of the mean squared rate (ms), largest
    factor. The mean square is the mean of spikes x rate before them, so that a neuron which fires
    at the target rate has it on average, however it fires.
    """
    target, tau_rate = bcm_parameter[0], bcm_parameter[1]
    tau_square, most = bcm_parameter[2], bcm_parameter[3]
    mask = event_neuron.shape[0] - 1
    for r in range(part_event.shape[0]):
        for e in range(part_event[r], part_end[r]):
            i = event_neuron[e & mask]
            gap = (step - rate_since[i]) * dt[0] if rate_since[i] > NEVER else 0.0
            rate = recent_rate[i] * math.exp(-gap / tau_rate)
            square = mean_square_rate[i] * 1.0
            if square < 0:
                square = target * target
            square *= math.exp(-gap / tau_square)
            factor = 0.0
            if rate > 0:
                # Written as a product, since the mean may have decayed to 0.
                low = rate * target < most * square
                factor = rate * target / square if low else most
            potentiation[i] = factor
            mean_square_rate[i] = square + rate * 1e3 / tau_square
            recent_rate[i] = rate + 1e3 / tau_rate
            rate_since[i] = step
    return 0
