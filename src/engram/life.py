"""What a brain is given to live through: input, time, sleep, reward."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from engram.errors import InvalidTypeError, InvalidValueError, as_array, integer, number, vector
from engram.errors import indices as checked_indices
from engram.mechanisms.memory import Memory, SleepReport
from engram.network import inputs, pathways, present
from engram.network.network import MAX_STEPS, Network
from engram.network.run import last_spikes, run
from engram.progress import Progress, reporting

CHUNK = 5000
"""Most steps between two looks at the clock, for progress and interrupts."""

MOST = 1e10
"""Largest current that may be injected: far beyond it single precision gives up."""

StimulusFunction = Callable[[Any, int], object]


class Life:
    """Input, running, sleep and reward of a `Brain`."""

    network: Network

    # -- input

    def stimulate(self, region: str, values: ArrayLike) -> int:
        """Encode values in [0, 1] into currents for the next step (`Brain.encoder`).

        values: shape (k,), at most one per neuron. Returns the number of neurons driven. Calls add
        up. Raises `InvalidValueError` for values that are not finite, not in [0, 1], or too many.
        """
        self.network.check_awake("Brain.stimulate")
        target = self.network.region("Brain.stimulate", region)
        return present.stimulate(self.network, target, values)

    def inject_current(self, region: str, indices: ArrayLike, current: ArrayLike) -> None:
        """Add current to some neurons for the next step.

        indices: neurons of the region; current: one number, or one per index, in the units of the
        neuron model (Izhikevich: that of I; LIF: mV).
        """
        where = "Brain.inject_current"
        self.network.check_awake(where)
        target = self.network.region(where, region)
        chosen = checked_indices(f"{where}: indices", indices, self.network.count(target))
        if as_array(f"{where}: current", current).ndim == 0:
            amount: Any = np.float32(number(f"{where}: current", current, -MOST, MOST))
        else:
            amount = vector(f"{where}: current", current, -MOST, MOST, length=len(chosen))
        inputs.inject(self.network, target, chosen, amount)

    def hold(self, region: str, values: ArrayLike) -> None:
        """Hold a stimulus, as for `stimulate`, in every step from now on, until `release`."""
        self.network.check_awake("Brain.hold")
        present.hold(self.network, self.network.region("Brain.hold", region), values)

    def release(self, region: str) -> None:
        """End what `hold` began."""
        target = self.network.region("Brain.release", region)
        self.network.check_awake("Brain.release")
        present.release(self.network, target)

    # -- running

    def step(self) -> dict[str, NDArray[np.int64]]:
        """One step; the indices of the neurons that fired in it, by region."""
        run(self.network, 1)
        return last_spikes(self.network)

    def run(
        self, steps: int, stimulus_fn: StimulusFunction | None = None, *, progress: Progress = None
    ) -> None:
        """Run `steps` steps; `stimulus_fn(brain, i)` is called before each of them.

        progress: None shows a bar on a terminal when it takes long; True, False, or a function of
        (steps done, steps in all). An interrupt leaves the brain after a whole step.
        """
        total = integer("Brain.run: steps", steps, 0, MAX_STEPS - self.network.step_count)
        if stimulus_fn is not None and not callable(stimulus_fn):
            raise InvalidTypeError(
                f"Brain.run: stimulus_fn must be a function, not {stimulus_fn!r}"
            )
        with reporting(progress, "running") as report:
            chunk = CHUNK if report is None else max(1, min(CHUNK, total // 100))
            done = 0
            while done < total:
                n = min(total - done, chunk)
                if stimulus_fn is None:
                    run(self.network, n)
                else:
                    for i in range(done, done + n):
                        stimulus_fn(self, i)
                        run(self.network, 1)
                done += n
                if report is not None:
                    report(done, total)
        for process in self.network.processes:
            process.finished()

    def present(
        self, region: str, values: ArrayLike, steps: int, rest: int = 0
    ) -> dict[str, NDArray[np.int64]]:
        """Hold a stimulus for `steps` steps, then nothing for `rest`, without returning to Python.

        values: as for `stimulate`. Returns the number of spikes of each neuron in that time, by
        region, shape (n_neurons,). With `encoder.noise_level` it returns to Python in each step.
        """
        self.network.check_awake("Brain.present")
        target = self.network.region("Brain.present", region)
        return present.present(self.network, target, values, steps, rest)

    def present_many(
        self,
        region: str,
        inputs: ArrayLike,
        steps: int,
        rest: int = 0,
        *,
        read: str,
        from_rest: bool = False,
    ) -> NDArray[np.int32]:
        """Hold one input after the other, each for `steps` steps, then nothing for `rest`.

        inputs: shape (n, n_neurons): rates in Hz of Poisson sources, else currents in the unit of
        the model. from_rest: `reset_state` before each. Returns how often each neuron of the region
        `read` fired in each presentation, shape (n, its neurons). The brain learns as always.
        """
        return present.present_many(self.network, region, inputs, steps, rest, read, from_rest)

    # -- sleep

    def sleep(self, duration: float, *, progress: Progress = None) -> SleepReport:
        """Sleep for `duration` ms: slow waves, and replay of stored traces in their up states.

        Every region gets the current -slow_amplitude sin(2 pi slow_frequency t) of `Brain.memory`,
        down states first; in each up state, replays_per_cycle traces are set off (see `Memory`) and
        carried on by the synapses, which learn as always. No other input reaches the brain: what
        was held or waited for the next step is gone, Poisson sources are silent, and `stimulate`
        and its like raise `InvalidValueError`. An interrupt leaves the brain asleep; `run` goes on
        with the sleep, `wake` ends it. Steriade et al. 1993, doi:10.1523/JNEUROSCI.13-08-03252.1993
        """
        self.network.find(Memory).fall_asleep(self._sleep_steps("Brain.sleep", duration))
        until = self.network.asleep_until or 0
        self.run(until - self.network.step_count, progress=progress)
        report = self.network.find(Memory).last_sleep
        assert report is not None
        return report

    def fall_asleep(self, duration: float) -> None:
        """Begin what `sleep` does; it goes on as the brain runs, and ends by itself or by `wake`.

        `Memory.last_sleep` is its report then. A brain can be saved in its sleep.
        """
        self.network.find(Memory).fall_asleep(self._sleep_steps("Brain.fall_asleep", duration))

    def wake(self) -> SleepReport:
        """End a sleep before its time. Raises `InvalidValueError` when the brain is awake."""
        return self.network.find(Memory).wake()

    def _sleep_steps(self, where: str, duration: float) -> int:
        steps = self.network.steps(number(f"{where}: duration", duration, 0.0, open_low=True))
        if not self.network.regions:
            raise InvalidValueError(f"{where}: there is nothing to run; use Brain.add_region first")
        self.network.check_awake(where)
        self.network.check_time(where, steps)
        return steps

    # -- reward

    @staticmethod
    def region_target(name: str) -> str:
        """The reward target that is a region's own wiring."""
        return f"region:{name}"

    @staticmethod
    def projection_target(source: str, target: str) -> str:
        """The reward target that is a projection."""
        return f"proj:{source}->{target}"

    def reward(self, amount: float, target: str) -> None:
        """Raise dopamine at a target by `amount`: ``"region:<name>"`` or ``"proj:<a>-><b>"``.

        It acts from the next step on: dw/dt = eligibility x dopamine with time in seconds, and
        decays, see `RewardSTDP`. Raises `UnknownNameError` for an unknown target,
        `InvalidValueError` for one whose rule is not modulated by dopamine.
        """
        pathway = self.network.rewarded("Brain.reward", target)
        size = number("Brain.reward: amount", amount, 0.0)
        self.network.tables["dopamine"][pathway.index] += size

    def punish(self, amount: float, target: str) -> None:
        """Lower dopamine at a target by `amount`, below its baseline if need be; see `reward`."""
        pathway = self.network.rewarded("Brain.punish", target)
        size = number("Brain.punish: amount", amount, 0.0)
        self.network.tables["dopamine"][pathway.index] -= size

    def dopamine(self, target: str) -> float:
        """Dopamine at a target now, tonic and phasic."""
        pathway = self.network.target("Brain.dopamine", target)
        return pathways.dopamine(self.network, pathway)
