"""Types of neurons and regions, and Izhikevich's firing patterns."""

from __future__ import annotations

from enum import Enum, IntEnum


class NeuronType(IntEnum):
    """Whether a neuron excites or inhibits its targets.

    Examples
    --------
    >>> from engram import Brain, NeuronType
    >>> cortex = Brain(seed=1).add_region("cortex", n_neurons=10, excitatory=0.8)
    >>> int((cortex.neuron_type == NeuronType.INHIBITORY).sum())
    2
    """

    EXCITATORY = 0
    INHIBITORY = 1


class FiringPattern(IntEnum):
    """Firing patterns of cortical and thalamic neurons (Izhikevich 2003).

    ======================= ==== ==== === ====
    pattern                 a    b    c   d
    ======================= ==== ==== === ====
    REGULAR_SPIKING         0.02 0.2  -65 8
    INTRINSICALLY_BURSTING  0.02 0.2  -55 4
    CHATTERING              0.02 0.2  -50 2
    FAST_SPIKING            0.1  0.2  -65 2
    LOW_THRESHOLD_SPIKING   0.02 0.25 -65 2
    THALAMO_CORTICAL        0.02 0.25 -65 0.05
    RESONATOR               0.1  0.26 -65 2
    ======================= ==== ==== === ====

    References
    ----------
    .. [1] Izhikevich 2003, doi:10.1109/TNN.2003.820440

    Examples
    --------
    >>> from engram import Brain, FiringPattern
    >>> FiringPattern.CHATTERING.parameters
    (0.02, 0.2, -50.0, 2.0)
    >>> cortex = Brain(seed=1).add_region("cortex", patterns=FiringPattern.CHATTERING)
    """

    REGULAR_SPIKING = 0
    INTRINSICALLY_BURSTING = 1
    CHATTERING = 2
    FAST_SPIKING = 3
    LOW_THRESHOLD_SPIKING = 4
    THALAMO_CORTICAL = 5
    RESONATOR = 6

    @property
    def parameters(self) -> tuple[float, float, float, float]:
        """(a, b, c, d): rate of recovery in 1/ms, its sensitivity, reset of v in mV, step of u."""
        return _PATTERNS[self]


_PATTERNS = (
    (0.02, 0.2, -65.0, 8.0),
    (0.02, 0.2, -55.0, 4.0),
    (0.02, 0.2, -50.0, 2.0),
    (0.1, 0.2, -65.0, 2.0),
    (0.02, 0.25, -65.0, 2.0),
    (0.02, 0.25, -65.0, 0.05),
    (0.1, 0.26, -65.0, 2.0),
)


class RegionType(Enum):
    """What a region is for; decides the default firing patterns (excitatory, inhibitory).

    Examples
    --------
    >>> from engram import Brain, RegionType
    >>> RegionType.MOTOR.patterns[0].name
    'CHATTERING'
    >>> Brain(seed=1).add_region("hand", "motor").region_type  # its name will do
    <RegionType.MOTOR: 'motor'>
    """

    SENSORY = "sensory"
    ASSOCIATION = "association"
    MEMORY = "memory"
    MOTOR = "motor"
    REWARD = "reward"

    @property
    def patterns(self) -> tuple[FiringPattern, FiringPattern]:
        """Default firing patterns of excitatory and inhibitory neurons."""
        if self is RegionType.MEMORY:
            return FiringPattern.INTRINSICALLY_BURSTING, FiringPattern.LOW_THRESHOLD_SPIKING
        if self is RegionType.MOTOR:
            return FiringPattern.CHATTERING, FiringPattern.FAST_SPIKING
        return FiringPattern.REGULAR_SPIKING, FiringPattern.FAST_SPIKING
