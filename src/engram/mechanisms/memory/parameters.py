"""The parameters of memory and sleep."""

from __future__ import annotations

from engram.kernels.constants import MOST_INPUT
from engram.network.network import Process
from engram.parameters import Parameter


class MemoryParameters(Process):
    """What can be set of memory and sleep; see `Memory`."""

    trace_capacity = Parameter(50, low=0, doc="traces kept; the weakest go first")
    trace_threshold = Parameter(
        2.0, low=0.0, doc="neurons join a trace if this many times as active as their region"
    )
    capture_window = Parameter(
        200.0, low=0.0, high=60_000.0, open_low=True, unit="ms", doc="what a trace covers"
    )
    tau_forgetting = Parameter(
        100_000.0, low=0.0, open_low=True, unit="ms", doc="time constant of strength"
    )
    consolidation_interval = Parameter(
        1000.0, low=0.0, open_low=True, unit="ms", doc="between replays in quiet"
    )
    replay_strength = Parameter(
        20.0, low=0.0, high=MOST_INPUT, doc="current of a pulse into a replayed neuron"
    )
    replay_duration = Parameter(10.0, low=0.0, high=1e6, unit="ms", doc="how long a pulse lasts")
    replay_share = Parameter(
        0.3, low=0.0, high=1.0, open_low=True, doc="share of a trace that gets pulses, the first"
    )
    replay_gain = Parameter(0.1, low=0.0, doc="strength gained by a replay")
    compression = Parameter(
        10.0, low=1e-6, doc="how many times faster a replay is than what it repeats"
    )
    slow_frequency = Parameter(0.8, low=0.01, high=20.0, unit="Hz", doc="of the slow wave in sleep")
    slow_amplitude = Parameter(3.0, low=0.0, high=MOST_INPUT, doc="current of the slow wave")
    replays_per_cycle = Parameter(3, low=0, high=1000, doc="replays in an up state")
    downscaling = Parameter(
        0.0, low=0.0, high=1.0, doc="share of excitatory plastic weights lost at a cycle of sleep"
    )
