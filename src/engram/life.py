"""What a brain is given to live through: input, time, sleep, reward."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from engram.errors import (
    InvalidTypeError,
    InvalidValueError,
    as_array,
    brief,
    integer,
    number,
    vector,
)
from engram.errors import indices as checked_indices
from engram.kernels.constants import MOST_INPUT
from engram.mechanisms.memory import Memory, SleepReport
from engram.network import efficacy, inputs, present
from engram.network.network import MAX_STEPS, Network
from engram.network.run import last_spikes, run
from engram.network.targets import projection_target, region_target
from engram.network.times import whole_steps
from engram.network.turns import alone
from engram.progress import Progress, check_progress, reporting

CHUNK = 5000
"""Most steps between two looks at the clock, for progress and interrupts."""

StimulusFunction = Callable[[Any, int], object]


class Life:
    """Input, running, sleep and reward of a `Brain`."""

    network: Network

    # -- input

    def stimulate(self, region: str, values: ArrayLike) -> int:
        """Encode values in [0, 1] into currents for the next step (`Brain.encoder`). Calls add up.

        Parameters
        ----------
        region : str
            Name of the region.
        values : array_like of shape (k,)
            In [0, 1], at most one per neuron.

        Returns
        -------
        int
            The number of neurons driven.

        Raises
        ------
        UnknownNameError
            There is no such region.
        InvalidTypeError, InvalidValueError
            Values are not finite, not in [0, 1], or too many; or the brain is asleep.

        Examples
        --------
        >>> from engram import Brain
        >>> brain = Brain(seed=1)
        >>> eye = brain.add_region("eye", "sensory", n_neurons=10)
        >>> brain.stimulate("eye", [1.0, 0.2])  # the first five strongly, the others weakly
        10
        >>> fired = brain.step()["eye"]
        """
        self.network.check_awake("Brain.stimulate")
        target = self.network.region("Brain.stimulate", region)
        return present.stimulate(self.network, target, values)

    def inject_current(self, region: str, indices: ArrayLike, current: ArrayLike) -> None:
        """Add current to some neurons for the next step.

        Parameters
        ----------
        region : str
            Name of the region.
        indices : array_like of shape (k,)
            Neurons of the region.
        current : float or array_like of shape (k,)
            For all, or one per index, in the units of the neuron model (Izhikevich: that of I;
            LIF: mV).

        Raises
        ------
        UnknownNameError
            There is no such region.
        InvalidTypeError, InvalidValueError
            There is no such neuron, a current is no number or beyond +-1e10, or the brain sleeps.

        Examples
        --------
        >>> from engram import Brain
        >>> brain = Brain(seed=1)
        >>> cortex = brain.add_region("cortex", n_neurons=10)
        >>> brain.inject_current("cortex", [0, 1], [100.0, 200.0])
        >>> brain.step()["cortex"].tolist()
        [0, 1]
        """
        where = "Brain.inject_current"
        self.network.check_awake(where)
        target = self.network.region(where, region)
        chosen = checked_indices(f"{where}: indices", indices, self.network.count(target))
        if as_array(f"{where}: current", current).ndim == 0:
            amount: Any = np.float32(number(f"{where}: current", current, -MOST_INPUT, MOST_INPUT))
        else:
            amount = vector(
                f"{where}: current", current, -MOST_INPUT, MOST_INPUT, length=len(chosen)
            )
        inputs.inject(self.network, target, chosen, amount)

    # -- running

    @alone
    def step(self) -> dict[str, NDArray[np.int64]]:
        """One step; the indices of the neurons that fired in it, by region."""
        run(self.network, 1)
        return last_spikes(self.network)

    @alone
    def run(
        self, steps: int, stimulus_fn: StimulusFunction | None = None, *, progress: Progress = None
    ) -> None:
        """Run `steps` steps.

        An interrupt leaves the brain after a whole step.

        Parameters
        ----------
        steps : int
            How many, from 0 on.
        stimulus_fn : callable, optional
            ``stimulus_fn(brain, i)`` is called before each of them. If it raises an error, the run
            ends before that step, and what it added to the input of the step is dropped.
        progress : bool or callable, optional
            None shows a bar on a terminal when it takes long; True, False, or a function of
            (steps done, steps in all).

        Raises
        ------
        InvalidTypeError, InvalidValueError
            Steps are no whole number or more than a brain can live, or stimulus_fn is no function.

        Examples
        --------
        >>> from engram import Brain
        >>> brain = Brain(seed=1)
        >>> cortex = brain.add_region("cortex", n_neurons=10)
        >>> brain.run(100)
        >>> brain.run(100, lambda brain, i: brain.inject_current("cortex", [i % 10], 50.0))
        >>> brain.time
        200.0
        """
        total = integer("Brain.run: steps", steps, 0, MAX_STEPS - self.network.step_count)
        # To call a class makes one of it, and stimulates nothing.
        if isinstance(stimulus_fn, type) or not (stimulus_fn is None or callable(stimulus_fn)):
            raise InvalidTypeError(
                f"Brain.run: stimulus_fn must be a function, not {brief(stimulus_fn)}"
            )
        with reporting(progress, "running") as report:
            chunk = CHUNK if report is None else max(1, min(CHUNK, total // 100))
            done = 0
            while done < total:
                n = min(total - done, chunk)
                if stimulus_fn is None:
                    run(self.network, n)
                else:
                    self._run_with(stimulus_fn, done, n)
                done += n
                if report is not None:
                    report(done, total)
        self.network.each(lambda process: process.finished())

    @alone
    def _run_with(self, stimulus_fn: StimulusFunction, first: int, n: int) -> None:
        network = self.network
        for i in range(first, first + n):
            before, step = inputs.waiting(network, nothing=i > 0), None
            try:
                stimulus_fn(self, i)
                step = network.step_count
                run(network, 1)
            except BaseException:
                # Its part of an input would come to a step that it knows nothing of.
                if step is None or network.step_count == step:
                    inputs.wait_for_next(network, before)
                raise

    def run_for(
        self, ms: float, stimulus_fn: StimulusFunction | None = None, *, progress: Progress = None
    ) -> None:
        """Run for a time in ms, which has to be a multiple of dt.

        Parameters
        ----------
        ms : float
            How long, from 0 on.
        stimulus_fn, progress : callable, bool or callable
            As of `run`.

        Raises
        ------
        InvalidTypeError, InvalidValueError
            The time is no number, negative, or no multiple of dt; otherwise as of `run`.
        """
        dt = self.network.dt
        steps = whole_steps("Brain.run_for: ms", ms, dt, (MAX_STEPS - self.network.step_count) * dt)
        self.run(steps, stimulus_fn, progress=progress)

    @alone
    def present(
        self, region: str, values: ArrayLike, steps: int, rest: int = 0
    ) -> dict[str, NDArray[np.int64]]:
        """Hold a stimulus for `steps` steps, then nothing for `rest`, without returning to Python.

        With `encoder.noise_level` it returns to Python in each step.

        Parameters
        ----------
        region : str
            Name of the region.
        values : array_like of shape (k,)
            As for `stimulate`.
        steps : int
            How long the stimulus is held.
        rest : int
            Steps without it, after it.

        Returns
        -------
        dict of str to array of shape (n_neurons,), int64
            The number of spikes of each neuron in that time, by region.

        Raises
        ------
        UnknownNameError
            There is no such region.
        InvalidTypeError, InvalidValueError
            As for `stimulate`; or numbers of steps are not valid.

        Examples
        --------
        >>> from engram import Brain
        >>> brain = Brain(seed=1)
        >>> eye = brain.add_region("eye", "sensory", n_neurons=10)
        >>> counts = brain.present("eye", [1.0, 0.0], steps=200, rest=50)
        >>> bool(counts["eye"][:5].sum() > counts["eye"][5:].sum())
        True
        """
        self.network.check_awake("Brain.present")
        target = self.network.region("Brain.present", region)
        return present.present(self.network, target, values, steps, rest)

    @alone
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

        The brain learns as always.

        Parameters
        ----------
        region : str
            Name of the region.
        inputs : array_like of shape (n, n_neurons)
            Rates in Hz of Poisson sources, else currents in the unit of the model.
        steps : int
            How long each input is held, 1 at least.
        rest : int
            Steps without input, after each.
        read : str
            Name of the region that answers.
        from_rest : bool
            Whether to call `reset_state` before each.

        Returns
        -------
        array of shape (n, n_neurons of `read`), int32
            How often each neuron of the region `read` fired in each presentation.

        Raises
        ------
        UnknownNameError
            There is no such region.
        InvalidTypeError, InvalidValueError
            Inputs are of another shape or not within +-1e10, numbers of steps are not valid, or the
            brain is asleep.

        Examples
        --------
        >>> import numpy as np
        >>> from engram import Brain, Relay
        >>> brain = Brain(seed=1)
        >>> eye = brain.add_region("eye", "sensory", n_neurons=3, model=Relay)
        >>> brain.present_many("eye", np.eye(3), steps=5, rest=2, read="eye")
        array([[5, 0, 0],
               [0, 5, 0],
               [0, 0, 5]], dtype=int32)
        """
        return present.present_many(self.network, region, inputs, steps, rest, read, from_rest)

    # -- sleep

    @alone
    def sleep(self, duration: float, *, progress: Progress = None) -> SleepReport:
        """Sleep for `duration` ms: slow waves, and replay of stored traces in their up states.

        Every region gets the current -slow_amplitude sin(2 pi slow_frequency t) of `Brain.memory`,
        down states first; in each up state, replays_per_cycle traces are set off (see `Memory`) and
        carried on by the synapses, which learn as always. No other input reaches the brain: what
        was held or waited for the next step is gone, Poisson sources are silent, and `stimulate`
        and its like raise `InvalidValueError`. An interrupt leaves the brain asleep; `run` goes on
        with the sleep, `wake` ends it.

        Parameters
        ----------
        duration : float
            How long, ms; a multiple of dt.
        progress : bool or callable, optional
            As of `run`.

        Returns
        -------
        SleepReport
            What happened.

        Raises
        ------
        InvalidTypeError, InvalidValueError
            The duration is no multiple of dt above 0 or more than a brain can live, the brain is
            asleep already, or has no regions.

        References
        ----------
        .. [1] Steriade et al. 1993, doi:10.1523/JNEUROSCI.13-08-03252.1993

        Examples
        --------
        >>> from engram import Brain
        >>> brain = Brain(seed=1)
        >>> cortex = brain.add_region("cortex", n_neurons=50)
        >>> report = brain.sleep(2000.0)
        >>> report.up_states, brain.asleep
        (2, False)
        """
        check_progress("Brain.sleep", progress)
        self.network.find(Memory).fall_asleep(self._sleep_steps("Brain.sleep", duration))
        until = self.network.asleep_until or 0
        self.run(until - self.network.step_count, progress=progress)
        report = self.network.find(Memory).last_sleep
        assert report is not None
        return report

    def fall_asleep(self, duration: float) -> None:
        """Begin what `sleep` does; it goes on as the brain runs, and ends by itself or by `wake`.

        `Memory.last_sleep` is its report then. A brain can be saved in its sleep.

        Parameters
        ----------
        duration : float
            How long, ms; a multiple of dt.

        Raises
        ------
        InvalidTypeError, InvalidValueError
            As of `sleep`.
        """
        self.network.find(Memory).fall_asleep(self._sleep_steps("Brain.fall_asleep", duration))

    def wake(self) -> SleepReport:
        """End a sleep before its time.

        Returns
        -------
        SleepReport
            What happened until now.

        Raises
        ------
        InvalidValueError
            The brain is awake.
        """
        return self.network.find(Memory).wake()

    def _sleep_steps(self, where: str, duration: float) -> int:
        most = MAX_STEPS * self.network.dt
        steps = whole_steps(f"{where}: duration", duration, self.network.dt, most)
        if not steps:
            raise InvalidValueError(f"{where}: duration must be above 0 ms, not {brief(duration)}")
        if not self.network.regions:
            raise InvalidValueError(f"{where}: there is nothing to run; use Brain.add_region first")
        self.network.check_awake(where)
        self.network.check_time(where, steps)
        return steps

    # -- reward

    region_target = staticmethod(region_target)
    projection_target = staticmethod(projection_target)

    @alone
    def reward(self, amount: float, target: str) -> None:
        """Raise dopamine at a target by `amount`.

        It acts from the next step on: dw/dt = eligibility x dopamine with time in seconds, and
        decays, see `RewardSTDP`.

        Parameters
        ----------
        amount : float
            By how much, in [0, 1e10].
        target : str
            As ``"region:<name>"``, ``"proj:<a>-><b>"`` or ``"proj:<a>-><b>:<name>"``.

        Raises
        ------
        UnknownNameError
            There is no such target.
        InvalidTypeError, InvalidValueError
            The amount is not valid, or the target's rule is not modulated by dopamine.

        Examples
        --------
        >>> from engram import Brain
        >>> brain = Brain(seed=1)
        >>> a, b = brain.add_region("a"), brain.add_region("b")
        >>> path = brain.connect_regions("a", "b", rule="reward_stdp")
        >>> tonic = brain.dopamine(path.label)
        >>> brain.reward(1.0, path.label)
        >>> round(brain.dopamine(path.label) - tonic, 3)
        1.0
        """
        pathway = self.network.rewarded("Brain.reward", target)
        size = number("Brain.reward: amount", amount, 0.0, MOST_INPUT)
        self.network.tables["dopamine"][pathway.index] += size

    @alone
    def punish(self, amount: float, target: str) -> None:
        """Lower dopamine at a target by `amount`, below its baseline if need be; see `reward`.

        Parameters
        ----------
        amount : float
            By how much, in [0, 1e10].
        target : str
            As for `reward`.

        Raises
        ------
        UnknownNameError
            There is no such target.
        InvalidTypeError, InvalidValueError
            As of `reward`.
        """
        pathway = self.network.rewarded("Brain.punish", target)
        size = number("Brain.punish: amount", amount, 0.0, MOST_INPUT)
        self.network.tables["dopamine"][pathway.index] -= size

    def dopamine(self, target: str) -> float:
        """Dopamine at a target now, tonic and phasic.

        Parameters
        ----------
        target : str
            As for `reward`.

        Returns
        -------
        float
            Dopamine, 1/s.

        Raises
        ------
        UnknownNameError
            There is no such target.
        """
        pathway = self.network.target("Brain.dopamine", target)
        return efficacy.dopamine(self.network, pathway)
