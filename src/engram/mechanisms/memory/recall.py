"""Driving groups of neurons so that they are learned, and a part of one so that all come back."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import ArrayLike, NDArray

from engram.errors import InvalidValueError, flag, indices, integer, number
from engram.kernels.constants import MOST_INPUT
from engram.mechanisms.memory.completion import Completion
from engram.mechanisms.memory.parameters import MemoryParameters
from engram.mechanisms.memory.replay import Pulses
from engram.mechanisms.memory.traces import Trace
from engram.network import inputs
from engram.network.records import RegionRecord
from engram.network.run import run
from engram.parameters.checks import items


class Recall(MemoryParameters):
    """What a `Memory` does while the brain runs."""

    def begin(self, pulses: Pulses) -> None:
        """Begin to let pulses flow, in place of those under way.

        Parameters
        ----------
        pulses : Pulses
            From the next step on.
        """
        raise NotImplementedError

    def check_free(self, where: str, region: RegionRecord) -> None:
        """Refuse where a stimulus is held, and in sleep.

        Parameters
        ----------
        where : str
            Who asks, for errors.
        region : RegionRecord
            That is to be driven.

        Raises
        ------
        InvalidValueError
            It is not free.
        """
        raise NotImplementedError

    def lookup(self, region: str, cue: ArrayLike) -> Trace | None:
        """The trace of a region that holds most of a cue; see `Memory`.

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
        raise NotImplementedError

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

        With a short duration and no gap the groups become a sequence. The brain runs meanwhile,
        with all that is switched on.

        Parameters
        ----------
        region : str
            Name of the region.
        groups : sequence of array_like
            Each of indices of neurons of the region.
        duration, gap : float
            For how long each is driven, and nothing after it, ms.
        pause : float
            What more there is between repetitions, ms.
        repetitions : int
            How often all of this is done.
        current : float
            Into each neuron, in the unit of the region's model.

        Raises
        ------
        UnknownNameError, InvalidTypeError, InvalidValueError
            A value is not valid, a stimulus is held in the region, or the brain is asleep.

        Examples
        --------
        >>> from engram import Brain
        >>> from engram.circuits import associative_memory
        >>> brain = Brain(seed=1)
        >>> cells = associative_memory(brain, n_neurons=100, assembly_size=20)
        >>> within = (cells.wiring.pre < 20) & (cells.wiring.post < 20)
        >>> brain.memory.imprint("memory", [range(20)], repetitions=3)
        >>> bool(cells.wiring.weight[within].mean() > 2 * cells.wiring.weight[~within].mean())
        True
        """
        where = "Memory.imprint"
        network = self.network
        target = network.region(where, region)
        given, n_neurons = items(f"{where}: groups", groups), network.count(target)
        members = [indices(f"{where}: groups", g, n_neurons) for g in given]
        on = self._steps(f"{where}: duration", duration, 1)
        off = self._steps(f"{where}: gap", gap, 0)
        rest = self._steps(f"{where}: pause", pause, 0)
        n = integer(f"{where}: repetitions", repetitions, 1)
        strength = number(f"{where}: current", current, 0.0, MOST_INPUT)
        length = len(members) * (on + off)
        self.check_free(where, target)
        network.check_time(where, n * (length + rest))
        first = np.repeat(np.arange(len(members)) * (on + off), [len(m) for m in members])
        for _ in range(n):
            self._drive(region, np.concatenate(members), first, on, strength, length)
            run(network, rest)

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

        The brain runs meanwhile with all that is switched on. To leave it as it is, ask a copy:
        ``brain.copy().memory.complete(...)``.

        Parameters
        ----------
        region : str
            Name of the region.
        cue : array_like of shape (k,)
            Indices of neurons of the region.
        duration : float
            How long the current is held, ms.
        current : float
            Into each neuron, in the unit of the region's model.
        min_spikes : int
            Recalled is who is not in the cue and fires at least so often meanwhile.
        lookup : bool
            Look up the trace that holds the cue (see `lookup`) and drive all its neurons as well:
            then it is the list that completes, not the synapses.

        Returns
        -------
        Completion
            Who was recalled, and more.

        Raises
        ------
        UnknownNameError, InvalidTypeError, InvalidValueError
            As of `imprint`; or the cue is empty.

        Examples
        --------
        >>> from engram import Brain
        >>> brain = Brain(seed=1)
        >>> cortex = brain.add_region("cortex", "memory", n_neurons=50)
        >>> found = brain.memory.complete("cortex", cue=[0, 1], duration=50.0)
        >>> found.spikes.shape, set(found.recalled.tolist()).isdisjoint([0, 1])
        ((50,), True)
        """
        where = "Memory.complete"
        network = self.network
        target = network.region(where, region)
        chosen = np.unique(indices(f"{where}: cue", cue, network.count(target)))
        steps = self._steps(f"{where}: duration", duration, 1)
        strength = number(f"{where}: current", current, 0.0, MOST_INPUT)
        least = integer(f"{where}: min_spikes", min_spikes, 1)
        if not len(chosen):
            raise InvalidValueError(f"{where}: the cue is empty")
        self.check_free(where, target)
        network.check_time(where, steps)
        trace = self.lookup(region, chosen) if flag(f"{where}: lookup", lookup) else None
        if trace is not None:
            chosen = np.union1d(chosen, trace.neurons)
        before, start = network.slots(target, "total_spikes").copy(), network.step_count
        self._drive(region, chosen, np.zeros(len(chosen), np.int64), steps, strength, steps)
        spikes = network.slots(target, "total_spikes").copy()
        # Who was born meanwhile may have taken the place of one that had fired.
        kept = network.slots(target, "born")[: len(before)] <= start
        spikes[: len(before)][kept] -= before[kept]
        cued = chosen if trace is None else np.unique(indices(where, cue, network.count(target)))
        return Completion(
            np.setdiff1d(np.flatnonzero(spikes >= least), cued), spikes, chosen, trace
        )

    def _steps(self, where: str, ms: float, low: int) -> int:
        return max(low, round(number(where, ms, 0.0, open_low=low > 0) / self.network.dt))

    def _drive(
        self,
        region: str,
        neurons: NDArray[np.int64],
        first: NDArray[np.int64],
        on: int,
        current: float,
        steps: int,
    ) -> None:
        """Run `steps` steps with a current into neuron k for `on` steps from step first[k] on."""
        network = self.network
        now = network.step_count
        self.begin(Pulses(region, neurons, now + first, now + first + on, current))
        inputs.note_stimulus(network, now + int(first.max(initial=0)) + on - 1)
        run(network, steps)
