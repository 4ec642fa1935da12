"""Engram: spiking brains that learn while they live.

Begin with `Brain`: ``add_region``, ``connect_regions``, ``present`` or ``run``, ``record``,
``summary``; then `save_brain` and `load_brain`. A first brain:

>>> brain = Brain(seed=1)
>>> eye = brain.add_region("eye", "sensory", n_neurons=50)
>>> cortex = brain.add_region("cortex", n_neurons=100)
>>> path = brain.connect_regions("eye", "cortex", density=0.2)
>>> counts = brain.present("eye", [0.8, 0.3], steps=200)  # spikes of each neuron, by region

What there is:

- Neurons: `Izhikevich` (the default), `LIF`, `CurrentLIF`, `AdEx`; input from outside:
  `PoissonSource`, `Relay`, `SpikeTimes`; your own: `NeuronModel`, with `Parameter`.
- Synapses: `Neurotransmitter`, `ShortTermPlasticity`; drawn: `Uniform`, `Normal`, `LogNormal`.
- Learning: `STDP`, `TripletSTDP`, `TraceSTDP`, `RewardSTDP`; your own: `PlasticityRule`,
  `ModulatedRule`.
- Dopamine and others: `Critic`, `DopamineRelease`, `AcetylcholineRelease`, `SerotoninRelease`.
- Input: `StimulusEncoder`, `TimedArray`, `encode_number`, `encode_text`.
- Recorders, made by `Brain.record`: `SpikeRecorder`, `StateRecorder` and others.
- What acts between steps, of your own: `Process`.
- Errors: all are `EngramError`.

Modules, loaded when they are used: `engram.plots` (pictures), `engram.learn` (estimators, agents),
`engram.sweep` (many settings, many machines), `engram.circuits`, `engram.analysis`,
`engram.datasets`, `engram.environments`, `engram.morphology` (dendrites).
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

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
    MissingExtraError,
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
from engram.parameters.listing import show_public_names_only
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
from engram.recording import (
    RateRecorder,
    Recorder,
    RecordingFileError,
    RhythmRecorder,
    SpikeRecorder,
    StateRecorder,
    WeightRecorder,
)
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
    "MissingExtraError",
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
    "RateRecorder",
    "Recorder",
    "RecordingFileError",
    "Region",
    "RegionType",
    "Relay",
    "RewardSTDP",
    "RhythmRecorder",
    "SerotoninRelease",
    "ShortTermPlasticity",
    "SpikeRecorder",
    "SpikeTimes",
    "StateRecorder",
    "StimulusEncoder",
    "TimedArray",
    "TraceSTDP",
    "TripletSTDP",
    "Uniform",
    "UnknownNameError",
    "WeightRecorder",
    "__version__",
    "encode_number",
    "encode_text",
    "inspect_checkpoint",
    "load_brain",
    "resume_brain",
    "save_brain",
]

MODULES = (
    "analysis",
    "circuits",
    "datasets",
    "environments",
    "learn",
    "live",
    "morphology",
    "plots",
    "recording",
    "sweep",
)
"""Public modules, loaded when they are first used."""

if not TYPE_CHECKING:

    def __getattr__(name: str) -> Any:
        if name in MODULES:
            return import_module(f"engram.{name}")
        raise AttributeError(f"module 'engram' has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted((*__all__, *MODULES))


show_public_names_only("engram")
