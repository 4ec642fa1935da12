"""Memory: traces of activity, and their replay in quiet periods."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from engram.parameters import Parameter, Parameterized

if TYPE_CHECKING:
    from engram.brain import Brain


@dataclass
class Trace:
    """Neurons of a region that were active together.

    strength decays with time and grows when the pattern comes back.
    """

    region: str
    neurons: NDArray[np.int64]
    step: int
    strength: float


class Memory(Parameterized):
    """Traces of joint activity, and their replay (cf. Wilson & McNaughton 1994).

    Every consolidation_interval the neurons of each region whose rate exceeds trace_threshold times
    the region's mean (at least 1 Hz) become a trace, or strengthen by 1 the one that shares more
    than half its neurons with them; strength decays by the share `forgetting`. When nothing was
    stimulated for 100 ms, the strongest trace is replayed instead: a current replay_strength, in
    the unit of the region's model, into its neurons. doi:10.1126/science.8036517
    """

    trace_capacity = Parameter(50, low=0, doc="traces kept; the weakest go first")
    consolidation_interval = Parameter(
        1000.0, low=0.0, open_low=True, unit="ms", doc="between captures"
    )
    replay_strength = Parameter(5.0, low=0.0, doc="current into replayed neurons")
    replay_duration = Parameter(20.0, low=0.0, unit="ms", doc="how long it lasts")
    trace_threshold = Parameter(
        2.0, low=0.0, doc="neurons join a trace if this many times as active as their region"
    )
    forgetting = Parameter(0.01, low=0.0, high=1.0, doc="share of strength lost at an interval")

    def __init__(self, **values: object) -> None:
        super().__init__(**values)
        self._traces: list[Trace] = []

    @property
    def traces(self) -> list[Trace]:
        """The traces, the strongest first."""
        return self._traces

    def consolidate(self, brain: Brain, quiet: bool) -> None:
        """Capture what is active, or replay."""
        for trace in self._traces:
            trace.strength *= 1.0 - self.forgetting
        if quiet:
            self._replay(brain)
        else:
            for name, region in brain.regions.items():
                level = region.mean_activity
                active = np.flatnonzero(region.activity > self.trace_threshold * max(level, 1.0))
                if len(active):
                    self._capture(name, active, brain.step_count)
        self._traces.sort(key=lambda t: -t.strength)
        del self._traces[self.trace_capacity :]

    def _capture(self, region: str, active: NDArray[np.int64], step: int) -> None:
        for trace in self._traces:
            if trace.region == region:
                common = len(np.intersect1d(trace.neurons, active))
                if common > 0.5 * max(len(trace.neurons), len(active)):
                    trace.strength += 1.0
                    return
        self._traces.append(Trace(region, active, step, 1.0))

    def _replay(self, brain: Brain) -> None:
        if self._traces:
            trace = self._traces[0]
            region = brain.regions[trace.region]
            alive = trace.neurons[region.neuron_alive[trace.neurons]]
            brain._hold_for(region, alive, self.replay_strength, self.replay_duration)
