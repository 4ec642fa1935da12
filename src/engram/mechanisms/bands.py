"""The bands of rhythms, and those of each type of region."""

from engram.neurons import RegionType

BANDS: dict[str, float] = {"delta": 2.0, "theta": 6.0, "alpha": 10.0, "beta": 20.0, "gamma": 40.0}
"""Centre frequencies, Hz."""

REGION_RHYTHMS: dict[RegionType, dict[str, float]] = {
    RegionType.SENSORY: {"alpha": 1.0, "gamma": 0.5},
    RegionType.ASSOCIATION: {"theta": 0.5, "alpha": 0.5, "gamma": 0.5},
    RegionType.MEMORY: {"theta": 1.0, "gamma": 0.5},
    RegionType.MOTOR: {"beta": 1.0},
    RegionType.REWARD: {"delta": 1.0, "beta": 0.5},
}
"""Amplitudes of a region's default rhythms, for Izhikevich's neuron (about 4 makes it fire)."""

COUPLINGS = ("coupling_source", "coupling_target", "coupling_band")
"""Arrays that say which rhythms are coupled."""

GATES = ("gate_region", "gate_band", "gate_depth", "gate_phase")
"""Arrays that say which rhythm gates a projection's learning."""
