"""Memory: traces of activity, their replay in quiet and in sleep, pattern completion."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from engram import replay, sleep
from engram.engine.binding import kernel
from engram.errors import InvalidTypeError, InvalidValueError, indices, integer, number
from engram.kernels.constants import STREAM_MEMORY
from engram.parameters import Parameter, Parameterized
from engram.replay import Pulses
from engram.sleep import Sleep, SleepReport
from engram.traces import Trace, find_same, observe

if TYPE_CHECKING:
    from engram.brain import Brain
    from engram.region import Region

_PRECISION = 1e-6
"""Strength at which a trace counts as forgotten."""


@dataclass(frozen=True)
class Completion:
    """What a cue brought back.

    recalled: neurons outside the cue that fired at least min_spikes times while the cue was held;
    spikes: of all neurons of the region in that time, shape (n_neurons,); cue: the neurons that
    were driven from outside, with `lookup` those of the trace found included; trace: that trace,
    None if the network did it alone.
    """

    recalled: NDArray[np.int64]
    spikes: NDArray[np.int64]
    cue: NDArray[np.int64]
    trace: Trace | None


class Memory(Parameterized, saved_as="engram.memory:Memory"):
    """Traces of joint activity, their replay, and completion of a part to the whole.

    While something is stimulated, the neurons of each region that fired more than trace_threshold
    times as often as the mean become a trace every capture_window: who, and in which order. Its
    strength s is 1 at first, grows by 1 when it comes back, by replay_gain when it is replayed,
    and ds/dt = -s / tau_forgetting. In quiet (nothing stimulated for 100 ms), once every
    consolidation_interval, a trace drawn in proportion to s is replayed: the first replay_share of
    its neurons get a pulse each, in their order, compressed in time; the synapses do the rest. So
    in `Brain.sleep`, in up states. Wilson & McNaughton 1994, doi:10.1126/science.8036517; Lee &
    Wilson 2002, doi:10.1016/S0896-6273(02)01096-6; Steriade et al. 1993,
    doi:10.1523/JNEUROSCI.13-08-03252.1993.
    """

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
    replay_strength = Parameter(20.0, low=0.0, doc="current of a pulse into a replayed neuron")
    replay_duration = Parameter(10.0, low=0.0, unit="ms", doc="how long a pulse lasts")
    replay_share = Parameter(
        0.3, low=0.0, high=1.0, open_low=True, doc="share of a trace that gets pulses, the first"
    )
    replay_gain = Parameter(0.1, low=0.0, doc="strength gained by a replay")
    compression = Parameter(
        10.0, low=0.0, open_low=True, doc="how many times faster a replay is than what it repeats"
    )
    slow_frequency = Parameter(0.8, low=0.01, high=20.0, unit="Hz", doc="of the slow wave in sleep")
    slow_amplitude = Parameter(3.0, low=0.0, doc="current of the slow wave")
    replays_per_cycle = Parameter(3, low=0, high=1000, doc="replays in an up state")
    downscaling = Parameter(
        0.0, low=0.0, high=1.0, doc="share of excitatory plastic weights lost at a cycle of sleep"
    )

    def __init__(self, **values: object) -> None:
        super().__init__(**values)
        self._brain: Brain | None = None
        self._traces: list[Trace] = []
        self._decayed = 0
        self._pulses: Pulses | None = None
        self._sleep: Sleep | None = None
        self._last_sleep: SleepReport | None = None

    def belong_to(self, brain: Brain) -> Memory:
        """Tie to a brain."""
        self.attach(brain._parameters_changed)
        self._brain = brain
        return self

    @property
    def _owner(self) -> Brain:
        if self._brain is None:
            raise InvalidValueError("Memory: it belongs to no brain; use Brain.memory")
        return self._brain

    @property
    def traces(self) -> list[Trace]:
        """The traces, the strongest first."""
        return self._traces

    @property
    def asleep(self) -> bool:
        """Whether the brain sleeps."""
        return self._sleep is not None

    @property
    def busy(self) -> bool:
        """Whether a replay or a sleep is under way."""
        return self._pulses is not None or self._sleep is not None

    @property
    def last_sleep(self) -> SleepReport | None:
        """What happened in the last sleep that has ended. Not saved."""
        return self._last_sleep

    # -- traces

    def capture(self, region: str | None = None, window: float | None = None) -> list[Trace]:
        """Store now what a region (all, by default) did in the last `window` ms.

        window: at most (and by default) capture_window. Returns the traces that were stored or met
        again; none for a region in which nobody stood out. Raises `UnknownNameError` for an unknown
        region, `InvalidValueError` for a window longer than what is kept.
        """
        where = "Memory.capture"
        brain = self._owner
        regions = list(brain.regions.values()) if region is None else [brain._region(where, region)]
        ms = self.capture_window if window is None else number(
            f"{where}: window", window, 0.0, self.capture_window, open_low=True
        )  # fmt: skip
        steps = max(1, round(ms / brain.dt))
        if brain.step_count and brain._tables.sizes["H"] <= min(steps, brain.step_count):
            raise InvalidValueError(
                f"{where}: the last {ms:g} ms are not kept; spikes are from the first stimulus on, "
                f"with memory enabled"
            )
        self._forget(brain)
        active = [r for r in regions if not r.model.is_source]
        found = []
        for seen in observe(brain, active, steps, self.trace_threshold):
            known = find_same(self._traces, seen)
            if known is None:
                self._traces.append(seen)
            else:
                known.meet(seen)
            found.append(known or seen)
        self._order()
        return found

    def _forget(self, brain: Brain) -> None:
        elapsed = (brain.step_count - self._decayed) * brain.dt
        kept = math.exp(-elapsed / self.tau_forgetting)
        for trace in self._traces:
            trace.strength *= kept
        self._decayed = brain.step_count

    def _order(self) -> None:
        self._traces.sort(key=lambda t: -t.strength)
        del self._traces[self.trace_capacity :]
        while self._traces and self._traces[-1].strength < _PRECISION:
            self._traces.pop()

    def lookup(self, region: str, cue: ArrayLike) -> Trace | None:
        """The trace of a region that holds most of a cue, more than half of it; else None.

        cue: indices of neurons. This reads the list of traces; the network has no part in it.
        """
        target = self._owner._region("Memory.lookup", region)
        chosen = np.unique(indices("Memory.lookup: cue", cue, target.n_neurons))
        held = [
            (len(np.intersect1d(t.neurons, chosen)), t) for t in self._traces if t.region == region
        ]
        best = max(held, key=lambda pair: (pair[0], pair[1].strength), default=(0, None))
        return best[1] if best[0] > 0.5 * len(chosen) else None

    # -- what the run loop asks and tells

    def next_act(self, step: int) -> int | None:
        """The next step at which a replay or sleep changes something; None if there is neither."""
        times = []
        if self._pulses is not None:
            times.append(self._pulses.next_change(step))
        if self._sleep is not None:
            times.append(sleep.Clock(self._owner, self._sleep).after(step))
        return min(times, default=None)

    def act(self, step: int) -> None:
        """Let replay and sleep go on."""
        brain = self._owner
        if self._pulses is not None and step >= self._pulses.end:
            self._end_pulses()
        if self._sleep is not None:
            clock = sleep.Clock(brain, self._sleep)
            if clock.cycle_ends(step):
                self._downscale(brain)
            if step >= self._sleep.stop:
                self.wake()
                return
            if clock.replay_due(step) and self._pulses is None and not brain._frozen["memory"]:
                trace = self._replay_one(brain)
                if trace is not None:
                    self._sleep.replays.append(
                        sleep.ReplayEvent(
                            step * brain.dt, trace.region, trace.strength, len(trace.neurons)
                        )
                    )
        self._hold()

    def tick(self, capture: bool, consolidate: bool) -> None:
        """Capture what is going on, or replay in quiet; in sleep neither."""
        brain = self._owner
        if self._sleep is not None:
            return
        if not brain._quiet():
            if capture:
                # Windows follow each other without overlap.
                self.capture(window=min(self.capture_window, self.consolidation_interval))
        elif consolidate:
            self._replay_one(brain)

    # -- replay

    def replay(self, trace: Trace) -> None:
        """Begin to replay a trace, at the next step; it goes on as the brain runs.

        It ends the replay before it. Raises `InvalidTypeError` for what is not a trace.
        """
        if not isinstance(trace, Trace):
            raise InvalidTypeError(f"Memory.replay: trace must be a Trace, not {trace!r}")
        where = "Memory.replay"
        self._check_free(where, self._owner._region(f"{where}: trace.region", trace.region))
        self._begin(self._pulses_of(trace))

    def _pulses_of(self, trace: Trace) -> Pulses:
        brain = self._owner
        return replay.of_trace(
            trace, brain.regions[trace.region], brain.step_count,
            share=self.replay_share, compression=self.compression, width=self.replay_duration,
            current=self.replay_strength,
        )  # fmt: skip

    def _replay_one(self, brain: Brain) -> Trace | None:
        """Replay a trace drawn in proportion to strength."""
        self._forget(brain)
        if not self._traces:
            return None
        total = np.cumsum([t.strength for t in self._traces])
        u = kernel("random.uniform")(np.uint64(brain.seed), STREAM_MEMORY, 0, brain.step_count)
        trace = self._traces[min(int(np.searchsorted(total, u * total[-1])), len(total) - 1)]
        pulses = self._pulses_of(trace)
        if len(pulses.neurons):
            self._begin(pulses)
        trace.strength += self.replay_gain
        self._order()
        return trace

    def _begin(self, pulses: Pulses) -> None:
        self._end_pulses()
        self._pulses = pulses
        self._owner._next_boundary = None
        self._hold()

    def _forget_neurons(self, region: str, slots: NDArray[np.int64]) -> None:
        """Leave neurons that died out of traces and of a replay under way."""
        for trace in self._traces:
            if trace.region == region:
                trace.forget(slots)
        self._traces[:] = [trace for trace in self._traces if len(trace.neurons)]
        if self._pulses is not None and self._pulses.region == region:
            self._pulses.forget(slots)

    def _end_pulses(self) -> None:
        if self._pulses is not None:
            brain = self._owner
            brain._release(brain.regions[self._pulses.region])
            self._pulses = None
            brain._next_boundary = None

    def _hold(self) -> None:
        """Write what sleep and replay hold into the regions at this step."""
        brain = self._owner
        step = brain.step_count
        asleep = self._sleep
        wave = 0.0 if asleep is None else sleep.Clock(brain, asleep).wave(step)
        for region in brain.regions.values():
            pulses = self._pulses
            pulsed = pulses is not None and pulses.region == region.name
            if asleep is None and not pulsed:
                continue
            held = region._slots("held")
            held[:] = 0.0 if asleep is None else sleep.base_current(region, wave)
            if pulses is not None and pulsed:
                pulses.add_to(held, region.neuron_alive, step)
            brain._tables["holding"][region._index] = 1

    # -- sleep

    def fall_asleep(self, steps: int) -> None:
        """Begin a sleep of so many steps; see `Brain.fall_asleep`."""
        brain = self._owner
        self._end_pulses()
        for region in brain.regions.values():
            brain._release(region)
        self._sleep = sleep.fall_asleep(brain, steps)
        brain._next_boundary = None
        self._hold()

    def wake(self) -> SleepReport:
        """End the sleep; see `Brain.wake`."""
        brain = self._owner
        if self._sleep is None:
            raise InvalidValueError("Brain.wake: the brain is awake; Brain.sleep puts it to sleep")
        self._end_pulses()
        for region in brain.regions.values():
            brain._release(region)
        self._last_sleep = sleep.report(brain, self._sleep)
        self._sleep = None
        brain._next_boundary = None
        return self._last_sleep

    def _downscale(self, brain: Brain) -> None:
        """Weaken all excitatory plastic weights by one share (Tononi & Cirelli 2006)."""
        if self.downscaling == 0.0 or brain._frozen["plasticity"]:
            return
        for projection in brain.projections:
            if projection.rule is not None and not projection.frozen and projection.n_synapses:
                n = brain.regions[projection.target].n_neurons
                factor = np.full(n, 1.0 - self.downscaling, np.float32)
                projection._scale_incoming(factor, np.zeros(n, np.bool_))

    # -- storing and completing

    def imprint(
        self,
        region: str,
        groups: Sequence[ArrayLike],
        *,
        duration: float = 200.0,
        gap: float = 100.0,
        pause: float = 0.0,
        repetitions: int = 1,
        current: float = 40.0,
    ) -> None:
        """Drive groups of neurons one after the other, so that the synapses learn them.

        groups: of indices of neurons of the region. Each gets `current` (in the unit of the
        region's model) for `duration` ms, and nothing for `gap` ms after it; this repeats
        `repetitions` times with `pause` ms more between. With a short duration and no gap the
        groups become a sequence. The brain runs meanwhile, with all that is switched on.
        """
        where = "Memory.imprint"
        brain = self._owner
        target = brain._region(where, region)
        if isinstance(groups, (str, bytes)) or not len(groups):
            raise InvalidValueError(f"{where}: groups must be a list of groups, not {groups!r}")
        members = [indices(f"{where}: groups", g, target.n_neurons) for g in groups]
        on = self._steps(f"{where}: duration", duration, 1)
        off = self._steps(f"{where}: gap", gap, 0)
        rest = self._steps(f"{where}: pause", pause, 0)
        n = integer(f"{where}: repetitions", repetitions, 1)
        strength = number(f"{where}: current", current, 0.0)
        length = len(members) * (on + off)
        self._check_free(where, target)
        brain._check_time(where, n * (length + rest))
        first = np.repeat(np.arange(len(members)) * (on + off), [len(m) for m in members])
        for _ in range(n):
            self._drive(region, np.concatenate(members), first, on, strength, length)
            brain._run(rest)

    def complete(
        self,
        region: str,
        cue: ArrayLike,
        *,
        duration: float = 300.0,
        current: float = 40.0,
        min_spikes: int = 2,
        lookup: bool = False,
    ) -> Completion:
        """Hold a current into a few neurons and see whom the network brings back.

        cue: indices of neurons of the region. current: into each, in the unit of the region's
        model, for `duration` ms in which the brain runs with all that is switched on. Recalled is
        who is not in the cue and fires at least min_spikes times meanwhile. With `lookup` the trace
        that holds the cue is looked up (see `lookup`) and all its neurons are driven as well: then
        it is the list that completes, not the synapses. To leave the brain as it is, ask a copy:
        ``brain.copy().memory.complete(...)``.
        """
        where = "Memory.complete"
        brain = self._owner
        target = brain._region(where, region)
        chosen = np.unique(indices(f"{where}: cue", cue, target.n_neurons))
        steps = self._steps(f"{where}: duration", duration, 1)
        strength = number(f"{where}: current", current, 0.0)
        least = integer(f"{where}: min_spikes", min_spikes, 1)
        if not len(chosen):
            raise InvalidValueError(f"{where}: the cue is empty")
        self._check_free(where, target)
        brain._check_time(where, steps)
        trace = self.lookup(region, chosen) if lookup else None
        if trace is not None:
            chosen = np.union1d(chosen, trace.neurons)
        before, start = target._slots("total_spikes").copy(), brain.step_count
        self._drive(region, chosen, np.zeros(len(chosen), np.int64), steps, strength, steps)
        spikes = target._slots("total_spikes").copy()
        # Who was born meanwhile may have taken the place of one that had fired.
        kept = target._slots("born")[: len(before)] <= start
        spikes[: len(before)][kept] -= before[kept]
        cued = chosen if trace is None else np.unique(indices(where, cue, target.n_neurons))
        return Completion(
            np.setdiff1d(np.flatnonzero(spikes >= least), cued), spikes, chosen, trace
        )

    def _check_free(self, where: str, region: Region) -> None:
        """Refuse where a stimulus is held, and in sleep."""
        brain = self._owner
        brain._check_awake(where)
        if self._pulses is None and brain._tables["holding"][region._index]:
            raise InvalidValueError(
                f"{where}: a stimulus is held in region {region.name!r}; Brain.release ends it"
            )

    def _steps(self, where: str, ms: float, low: int) -> int:
        return max(low, round(number(where, ms, 0.0, open_low=low > 0) / self._owner.dt))

    def _drive(
        self, region: str, neurons: NDArray[np.int64], first: NDArray[np.int64], on: int,
        current: float, steps: int,
    ) -> None:  # fmt: skip
        """Run `steps` steps with a current into neuron k for `on` steps from step first[k] on."""
        brain = self._owner
        now = brain.step_count
        brain._note_stimulus(now + int(first.max(initial=0)) + on - 1)
        self._begin(Pulses(region, neurons, now + first, now + first + on, current))
        brain._run(steps)


_TRACE_VALUES = ("region", "step", "strength", "duration", "encounters")
_TRACE_ARRAYS = ("neurons", "latency")
_PULSE_ARRAYS = ("neurons", "start", "stop")


def memory_state(memory: Memory) -> tuple[dict[str, Any], dict[str, NDArray[Any]]]:
    """What is saved beside the parameters: plain values, and arrays by name."""
    arrays: dict[str, NDArray[Any]] = {
        f"trace{k}.{name}": getattr(trace, name).copy()
        for k, trace in enumerate(memory._traces)
        for name in _TRACE_ARRAYS
    }
    pulses = memory._pulses
    if pulses is not None:
        arrays.update({f"pulses.{name}": getattr(pulses, name).copy() for name in _PULSE_ARRAYS})
    state = {
        "decayed": memory._decayed,
        "traces": [{n: getattr(t, n) for n in _TRACE_VALUES} for t in memory._traces],
        "pulses": None if pulses is None else [pulses.region, pulses.current],
        "sleep": None if memory._sleep is None else asdict(memory._sleep),
    }
    return state, arrays


def restore_memory(memory: Memory, state: dict[str, Any], arrays: dict[str, NDArray[Any]]) -> None:
    """Undo `memory_state`."""
    memory._decayed = state["decayed"]
    for k, values in enumerate(state["traces"]):
        found: dict[str, Any] = {n: arrays[f"trace{k}.{n}"].copy() for n in _TRACE_ARRAYS}
        memory._traces.append(Trace(**values, **found))
    if state["pulses"] is not None:
        region, current = state["pulses"]
        found = {name: arrays[f"pulses.{name}"].copy() for name in _PULSE_ARRAYS}
        memory._pulses = Pulses(region=region, current=current, **found)
    if state["sleep"] is not None:
        replays = [sleep.ReplayEvent(**event) for event in state["sleep"]["replays"]]
        memory._sleep = Sleep(**{**state["sleep"], "replays": replays})
