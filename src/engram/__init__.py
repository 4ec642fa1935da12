"""Engram: spiking brains that learn while they live."""

import engram.live  # noqa: F401  (it enters itself in Brain)
from engram._version import __version__
from engram.brain import Brain
from engram.circuits.competition import Competition
from engram.distributions import LogNormal, Normal, Uniform
from engram.errors import (
    BusyError,
    CapacityError,
    CheckpointError,
    EngramError,
    InvalidTypeError,
    InvalidValueError,
    InvariantError,
    UnknownNameError,
)
from engram.mechanisms.critic import Critic
from engram.modulation import AcetylcholineRelease, DopamineRelease, SerotoninRelease
from engram.network.network import Process
from engram.neurons import (
    LIF,
    AdEx,
    CurrentLIF,
    FiringPattern,
    Izhikevich,
    NeuronModel,
    NeuronType,
    PoissonSource,
    Relay,
)
from engram.parameters import Parameter
from engram.persistence import inspect_checkpoint, load_brain, resume_brain, save_brain
from engram.plasticity import (
    STDP,
    ModulatedRule,
    PlasticityRule,
    RewardSTDP,
    TraceSTDP,
    TripletSTDP,
)
from engram.projection import Projection
from engram.recording.statistics import BrainStats
from engram.region import Region, RegionType
from engram.spike_times import SpikeTimes
from engram.stimulus import (
    EncodingStrategy,
    StimulusEncoder,
    TimedArray,
    encode_number,
    encode_text,
)
from engram.synapses import Neurotransmitter, NeurotransmitterType, ShortTermPlasticity

__all__ = [
    "LIF",
    "STDP",
    "AcetylcholineRelease",
    "AdEx",
    "Brain",
    "BrainStats",
    "BusyError",
    "CapacityError",
    "CheckpointError",
    "Competition",
    "Critic",
    "CurrentLIF",
    "DopamineRelease",
    "EncodingStrategy",
    "EngramError",
    "FiringPattern",
    "InvalidTypeError",
    "InvalidValueError",
    "InvariantError",
    "Izhikevich",
    "LogNormal",
    "ModulatedRule",
    "NeuronModel",
    "NeuronType",
    "Neurotransmitter",
    "NeurotransmitterType",
    "Normal",
    "Parameter",
    "PlasticityRule",
    "PoissonSource",
    "Process",
    "Projection",
    "Region",
    "RegionType",
    "Relay",
    "RewardSTDP",
    "SerotoninRelease",
    "ShortTermPlasticity",
    "SpikeTimes",
    "StimulusEncoder",
    "TimedArray",
    "TraceSTDP",
    "TripletSTDP",
    "Uniform",
    "UnknownNameError",
    "__version__",
    "encode_number",
    "encode_text",
    "inspect_checkpoint",
    "load_brain",
    "resume_brain",
    "save_brain",
]
