"""Memory: traces of activity, their replay in quiet and in sleep, pattern completion."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from engram.errors import InvalidTypeError, InvalidValueError, brief, indices, number
from engram.kernels.calls import kernel
from engram.kernels.constants import NEVER, STREAM_MEMORY
from engram.mechanisms.memory import replay, saved, sleep
from engram.mechanisms.memory.recall import Recall
from engram.mechanisms.memory.replay import Pulses
from engram.mechanisms.memory.sleep import Sleep, SleepReport
from engram.mechanisms.memory.traces import Trace, find_same, holding, observe
from engram.network import inputs
from engram.network.interrupts import whole
from engram.network.network import Saved
from engram.network.records import PathwayRecord, RegionRecord

_PRECISION = 1e-6
"""Strength at which a trace counts as forgotten."""


class Memory(Recall, saved_as="engram.memory:Memory"):
    """Traces of joint activity, their replay, and completion of a part to the whole.

    While something is stimulated, the neurons of each region that fired more than trace_threshold
    times as often as the mean become a trace every capture_window: who, and in which order. Its
    strength s is 1 at first, grows by 1 when it comes back, by replay_gain when it is replayed,
    and ds/dt = -s / tau_forgetting. In quiet (nothing stimulated for 100 ms), once every
    consolidation_interval, a trace drawn in proportion to s is replayed: the first replay_share of
    its neurons get a pulse each, in their order, compressed in time; the synapses do the rest. So
    in `Brain.sleep`, in up states.

    References
    ----------
    .. [1] Wilson & McNaughton 1994, doi:10.1126/science.8036517
    .. [2] Lee & Wilson 2002, doi:10.1016/S0896-6273(02)01096-6
    .. [3] Steriade et al. 1993, doi:10.1523/JNEUROSCI.13-08-03252.1993

    Examples
    --------
    >>> from engram import Brain
    >>> brain = Brain(seed=1)
    >>> cortex = brain.add_region("cortex", "memory", n_neurons=50)
    >>> brain.memory.capture_window = 100.0
    >>> _ = brain.present("cortex", [1.0, 0.0, 0.0], steps=200)
    >>> [trace.region for trace in brain.memory.traces]
    ['cortex']
    """

    name = "memory"
    order = 0

    def __init__(self, **values: object) -> None:
        super().__init__(**values)
        self._traces: list[Trace] = []
        self._decayed = 0
        self._pulses: Pulses | None = None
        self._sleep: Sleep | None = None
        self._last_sleep: SleepReport | None = None

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
    def pulses(self) -> Pulses | None:
        """The replay under way; None if there is none."""
        return self._pulses

    @property
    def asleep_since(self) -> int | None:
        """The step at which the sleep under way began; None if the brain is awake."""
        return None if self._sleep is None else self._sleep.start

    @property
    def last_sleep(self) -> SleepReport | None:
        """What happened in the last sleep that has ended. Not saved."""
        return self._last_sleep

    # -- traces

    @whole
    def capture(self, region: str | None = None, window: float | None = None) -> list[Trace]:
        """Store now what a region did lately.

        Parameters
        ----------
        region : str, optional
            Name of the region. None: all.
        window : float, optional
            How far back, ms: at most (and by default) capture_window.

        Returns
        -------
        list of Trace
            Stored or met again; none for a region in which nobody stood out.

        Raises
        ------
        UnknownNameError, InvalidTypeError, InvalidValueError
            There is no such region, or the window is not valid or longer than what is kept.
        """
        where, network = "Memory.capture", self.network
        chosen = network.regions.values() if region is None else [network.region(where, region)]
        ms = self.capture_window
        if window is not None:
            ms = number(f"{where}: window", window, 0.0, self.capture_window, open_low=True)
        steps, done = network.steps(ms), network.step_count
        if done and network.tables.sizes["H"] <= min(steps, done):
            raise InvalidValueError(
                f"{where}: the last {ms:g} ms are not kept; spikes are from the first stimulus on, "
                f"with memory enabled"
            )
        self._forget()
        active = [r for r in chosen if not r.model.is_source]
        found = []
        for seen in observe(network, active, steps, self.trace_threshold):
            known = find_same(self._traces, seen)
            if known is None:
                self._traces.append(seen)
            else:
                known.meet(seen)
            found.append(known or seen)
        self._order()
        return found

    def _forget(self) -> None:
        """Let strengths decay up to now."""
        now = self.network.step_count
        kept = math.exp(-(now - self._decayed) * self.network.dt / self.tau_forgetting)
        for trace in self._traces:
            trace.strength *= kept
        self._decayed = now

    def _order(self) -> None:
        self._traces.sort(key=lambda t: -t.strength)
        del self._traces[self.trace_capacity :]
        while self._traces and self._traces[-1].strength < _PRECISION:
            self._traces.pop()

    def lookup(self, region: str, cue: ArrayLike) -> Trace | None:
        """The trace of a region that holds most of a cue, more than half of it.

        This reads the list of traces; the network has no part in it.

        Parameters
        ----------
        region : str
            Name of the region.
        cue : array_like of shape (k,)
            Indices of neurons.

        Returns
        -------
        Trace or None
            None if there is none.
        """
        target = self.network.region("Memory.lookup", region)
        chosen = np.unique(indices("Memory.lookup: cue", cue, self.network.count(target)))
        return holding(self._traces, region, chosen)

    # -- what the run loop asks and tells

    def bind(self) -> None:
        """From the first stimulus on, traces are read from the spikes of the last window."""
        network = self.network
        if network.last_stimulus != NEVER and not network.frozen["memory"]:
            network.keep_spikes(round(self.capture_window / network.dt))

    def next_act(self, step: int) -> int | None:
        # The next step at which a replay or sleep changes something; None if there is neither.
        times = []
        if self._pulses is not None:
            times.append(self._pulses.next_change(step))
        if self._sleep is not None:
            times.append(sleep.Clock(self, self._sleep).after(step))
        return min(times, default=None)

    def act(self, step: int) -> None:
        # Let replay and sleep go on.
        if self._pulses is not None and step >= self._pulses.end:
            self.let_go()
        if self._sleep is not None:
            clock = sleep.Clock(self, self._sleep)
            if clock.cycle_ends(step):
                sleep.downscale(self)
            if step >= self._sleep.stop:
                self.wake()
                return
            if clock.replay_due(step) and self._pulses is None:
                self._replay_in_sleep(step, self._sleep)
        sleep.hold(self, self._sleep, self._pulses)

    def tick(self, capture: bool, consolidate: bool) -> None:
        """Capture what is going on, or replay in quiet; in sleep neither.

        Parameters
        ----------
        capture, consolidate : bool
            Whether it is time to capture, and to replay.
        """
        if self._sleep is not None:
            return
        if not inputs.is_quiet(self.network):
            if capture:
                # Windows follow each other without overlap.
                self.capture(window=min(self.capture_window, self.consolidation_interval))
        elif consolidate:
            self._replay_one()

    def reset(self) -> None:
        """End a replay; a sleep goes on."""
        self._play(None)
        sleep.hold(self, self._sleep, self._pulses)

    def forget(self, region: str, slots: NDArray[np.int64]) -> None:
        # Leave neurons that died out of traces and of a replay under way.
        for trace in self._traces:
            if trace.region == region:
                trace.forget(slots)
        self._traces[:] = [trace for trace in self._traces if len(trace.neurons)]
        if self._pulses is not None and self._pulses.region == region:
            self._pulses.forget(slots)

    def region_removed(self, region: RegionRecord, spikes: int) -> None:
        # Forget its traces, and a replay under way there.
        if self._sleep is not None:
            self._sleep.spikes -= spikes
        self._traces[:] = [trace for trace in self._traces if trace.region != region.name]
        if self._pulses is not None and self._pulses.region == region.name:
            self._play(None)

    def pathway_removed(self, pathway: PathwayRecord) -> None:
        # The report of a sleep under way leaves it out.
        if self._sleep is not None:
            self._sleep.weights.pop(pathway.label, None)

    def region_renamed(self, old: str, new: str, labels: Mapping[str, str]) -> None:
        for trace in self._traces:
            trace.region = new if trace.region == old else trace.region
        if self._pulses is not None and self._pulses.region == old:
            self._pulses.region = new
        if self._sleep is not None:
            self._sleep.rename(old, new, labels)

    def let_go(self) -> None:
        """End a replay."""
        if self._pulses is not None:
            inputs.release(self.network, self.network.regions[self._pulses.region])
            self._play(None)

    # -- replay

    def replay(self, trace: Trace) -> None:
        """Begin to replay a trace, at the next step; it goes on as the brain runs.

        It ends the replay before it.

        Parameters
        ----------
        trace : Trace
            What to replay.

        Raises
        ------
        InvalidTypeError, UnknownNameError, InvalidValueError
            It is no trace, its region is unknown or a stimulus is held there, or the brain sleeps.
        """
        if not isinstance(trace, Trace):
            raise InvalidTypeError(f"Memory.replay: trace must be a Trace, not {brief(trace)}")
        where = "Memory.replay"
        self.check_free(where, self.network.region(f"{where}: trace.region", trace.region))
        self.begin(self._pulses_of(trace))

    def _pulses_of(self, trace: Trace) -> Pulses:
        network = self.network
        return replay.of_trace(
            trace,
            network.alive(network.regions[trace.region]),
            network.step_count,
            network.dt,
            share=self.replay_share,
            compression=self.compression,
            width=self.replay_duration,
            current=self.replay_strength,
        )

    def _replay_one(self) -> Trace | None:
        """Replay a trace drawn in proportion to strength."""
        self._forget()
        if not self._traces:
            return None
        seed, step = np.uint64(self.network.seed), self.network.step_count
        total = np.cumsum([t.strength for t in self._traces])
        u = kernel("random.uniform")(seed, STREAM_MEMORY, 0, step)
        trace = self._traces[min(int(np.searchsorted(total, u * total[-1])), len(total) - 1)]
        pulses = self._pulses_of(trace)
        if len(pulses.neurons):
            self.begin(pulses)
        trace.strength += self.replay_gain
        self._order()
        return trace

    def _replay_in_sleep(self, step: int, asleep: Sleep) -> None:
        if self.network.frozen["memory"]:
            return
        trace = self._replay_one()
        if trace is not None:
            when, n = step * self.network.dt, len(trace.neurons)
            asleep.replays.append(sleep.ReplayEvent(when, trace.region, trace.strength, n))

    @whole
    def begin(self, pulses: Pulses) -> None:
        # In place of the replay before it.
        self.let_go()
        self._play(pulses)
        sleep.hold(self, self._sleep, self._pulses)

    def _play(self, pulses: Pulses | None) -> None:
        self._pulses = pulses
        self.network.imposed = pulses is not None
        self.network.agenda = None

    # -- sleep

    @whole
    def fall_asleep(self, steps: int) -> None:
        """Begin a sleep; see `Brain.fall_asleep`.

        Parameters
        ----------
        steps : int
            How long.
        """
        self.let_go()
        for region in self.network.regions.values():
            inputs.release(self.network, region)
        self._go_on_sleeping(sleep.begun(self.network, steps))
        sleep.hold(self, self._sleep, self._pulses)

    def _go_on_sleeping(self, asleep: Sleep | None) -> None:
        self._sleep = asleep
        self.network.asleep_until = None if asleep is None else asleep.stop
        self.network.parameters_changed()

    @whole
    def wake(self) -> SleepReport:
        """End the sleep; see `Brain.wake`."""
        if self._sleep is None:
            raise InvalidValueError("Brain.wake: the brain is awake; Brain.sleep puts it to sleep")
        self.let_go()
        for region in self.network.regions.values():
            inputs.release(self.network, region)
        self._last_sleep = sleep.report(self, self._sleep)
        self._go_on_sleeping(None)
        return self._last_sleep

    def check_free(self, where: str, region: RegionRecord) -> None:
        # Refuse where a stimulus is held, and in sleep.
        self.network.check_awake(where)
        if self._pulses is None and inputs.is_held(self.network, region):
            raise InvalidValueError(
                f"{where}: a stimulus is held in region {region.name!r}; Brain.release ends it"
            )

    # -- saving

    def save(self) -> Saved:
        """Traces, a replay under way, a sleep under way."""
        return saved.taken(self._decayed, self._traces, self._pulses, self._sleep)

    def restore(self, values: dict[str, Any], arrays: dict[str, NDArray[Any]]) -> None:
        # Take up what was saved.
        self._decayed = values["decayed"]
        self._traces.extend(saved.traces(values, arrays))
        self._play(saved.pulses(values, arrays))
        self._go_on_sleeping(saved.sleep(values))
