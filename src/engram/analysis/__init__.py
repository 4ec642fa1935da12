"""What recordings say: spike trains, and rhythms in signals."""

from engram.analysis.rhythms import (
    PhaseAmplitudeCoupling,
    analytic,
    mean_amplitude,
    modulation_index,
    phase_amplitude_coupling,
)
from engram.analysis.trains import (
    correlations,
    cv_isi,
    fano_factor,
    firing_rates,
    interspike_intervals,
    spike_counts,
)
from engram.parameters.listing import public_names

__all__ = [
    "PhaseAmplitudeCoupling",
    "analytic",
    "correlations",
    "cv_isi",
    "fano_factor",
    "firing_rates",
    "interspike_intervals",
    "mean_amplitude",
    "modulation_index",
    "phase_amplitude_coupling",
    "spike_counts",
]

__dir__ = public_names(__name__)
