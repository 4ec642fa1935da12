"""Brain: regions, projections, time: the face of a network and its usual mechanisms."""

from __future__ import annotations

import os
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from types import MappingProxyType
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from engram.checkpoint import files, state
from engram.checkpoint.every import Checkpointer, checkpoint_every
from engram.checkpoint.fingerprint import fingerprint
from engram.distributions import Values
from engram.errors import InvalidTypeError, InvalidValueError, as_array, integer, number, vector
from engram.errors import indices as checked_indices
from engram.mechanisms.critic import Critic
from engram.mechanisms.growth import Growth
from engram.mechanisms.homeostasis import Homeostasis
from engram.mechanisms.memory import Consolidation, Memory, SleepReport
from engram.mechanisms.metaplasticity import Metaplasticity
from engram.mechanisms.neuromodulation import Neuromodulation
from engram.mechanisms.rhythms import Oscillators
from engram.modulation import Modulation
from engram.network import build, inputs, pathways, present
from engram.network.network import MAX_STEPS, Network, Process
from engram.network.run import last_spikes, run
from engram.network.wiring import Wiring
from engram.neurons import FiringPattern, Izhikevich, NeuronModel, NeuronType, RegionType
from engram.parameters import Mechanism
from engram.plasticity import STDP, PlasticityRule, RewardSTDP
from engram.progress import Progress, reporting
from engram.projection import Projection
from engram.recording import Recorder
from engram.recording.record import record
from engram.recording.statistics import BrainStats, Statistics, collect, describe
from engram.region import Region
from engram.stimulus import StimulusEncoder
from engram.switches import Switches
from engram.synapses import Neurotransmitter, ShortTermPlasticity

CHUNK = 5000
"""Most steps between two looks at the clock, for progress and interrupts."""

MOST = 1e10
"""Largest current that may be injected: far beyond it single precision gives up."""

DEVICES = ("cpu", "cuda", "auto")

StimulusFunction = Callable[["Brain", int], object]


class Brain(Switches):
    """A brain of spiking regions that learns while it lives.

    dt: time step, ms, in [0.01, 10]. seed: of every random number; None draws one, kept in
    `Brain.seed`. device: "cpu", "cuda" or "auto"; the environment variable BRAIN_DEVICE overrides
    the default.

    >>> brain = Brain(dt=1.0, seed=42)
    >>> region = brain.add_region("cortex", RegionType.ASSOCIATION, n_neurons=100)
    >>> brain.inject_current("cortex", [0, 1], 20.0)
    >>> spikes = brain.step()
    """

    stdp = Mechanism(STDP)
    reward_stdp = Mechanism(RewardSTDP)
    homeostasis = Mechanism(Homeostasis)
    metaplasticity = Mechanism(Metaplasticity)
    growth = Mechanism(Growth)
    memory = Mechanism(Memory)

    def __init__(self, dt: float = 1.0, seed: int | None = None, device: str = "cpu") -> None:
        if seed is None:
            seed = int.from_bytes(os.urandom(8), "little") >> 1
        self.network = Network(
            number("Brain: dt", dt, 0.01, 10.0), integer("Brain: seed", seed, 0, 2**64 - 1)
        )
        """The core, which mechanisms act on."""
        self.network.device = device_name(device)
        self._regions: dict[str, Region] = {}
        self._projections: tuple[Projection, ...] = ()
        self.oscillators = Oscillators()
        memory = Memory()
        self._statistics, self._neuromodulation = Statistics(), Neuromodulation()
        for process in (
            memory,
            self.oscillators,
            Homeostasis(),
            Metaplasticity(),
            self._neuromodulation,
            Growth(),
            Consolidation(memory),
            self._statistics,
        ):
            self.network.add_process(process)

    # -- what it is

    @property
    def regions(self) -> Mapping[str, Region]:
        """The regions by name, in the order they were added: a view that can only be read."""
        return MappingProxyType(self._regions)

    @property
    def projections(self) -> Sequence[Projection]:
        """All pathways, a region's own wiring included, in the order they were added."""
        return self._projections

    def _look(self) -> None:
        """Make views of what has been added or is gone."""
        records = self.network.regions
        self._regions = {
            name: self._regions.get(name) or Region(self.network, record)
            for name, record in records.items()
        }
        known = {id(view.record): view for view in self._projections}
        self._projections = tuple(
            known.get(id(record)) or Projection(self.network, record)
            for record in self.network.pathways
        )

    @property
    def dt(self) -> float:
        """Time step, ms."""
        return self.network.dt

    @property
    def seed(self) -> int:
        """Seed of every random number."""
        return self.network.seed

    @property
    def device(self) -> str:
        """Where the brain runs."""
        return self.network.device

    @property
    def encoder(self) -> StimulusEncoder:
        """How `stimulate` and `present` turn values into input. Can be assigned."""
        return self.network.encoder

    @encoder.setter
    def encoder(self, encoder: StimulusEncoder) -> None:
        if not isinstance(encoder, StimulusEncoder):
            raise InvalidTypeError(f"Brain.encoder must be a StimulusEncoder, not {encoder!r}")
        self.network.encoder = encoder

    @property
    def step_count(self) -> int:
        """Steps done."""
        return self.network.step_count

    @property
    def time(self) -> float:
        """Simulated time, ms."""
        return self.network.time

    @property
    def asleep(self) -> bool:
        """Whether the brain sleeps."""
        return self.network.asleep_until is not None

    @property
    def critics(self) -> dict[str, Critic]:
        """The critics (`add_critic`), by region."""
        return self._neuromodulation.critics

    @property
    def stats_history(self) -> deque[BrainStats]:
        """`stats` of the latest seconds, 10,000 at most."""
        return self._statistics.history

    def __repr__(self) -> str:
        n = sum(r.n_alive_neurons for r in self.regions.values())
        return f"<Brain, {len(self.regions)} regions, {n} neurons, at {self.time:g} ms>"

    # -- building

    def add_region(
        self,
        name: str,
        region_type: RegionType,
        n_neurons: int = 50,
        connectivity: float = 0.1,
        max_neurons: int | None = None,
        *,
        model: NeuronModel | type[NeuronModel] | None = None,
        excitatory: float = 0.8,
        patterns: tuple[FiringPattern, FiringPattern] | FiringPattern | None = None,
        variation: float = 0.05,
        background: float = 0.0,
        noise: float | None = None,
        wiring: str = "random",
        in_degree: int | None = None,
        autapses: bool = False,
        weights: Values | None = None,
        inhibitory_weights: Values | None = None,
        delays: Values | None = None,
        w_max: float | None = None,
        rule: PlasticityRule | str | None = "reward_stdp",
        stp: ShortTermPlasticity | None = None,
    ) -> Region:
        """Add a region and its own wiring.

        connectivity: probability that a neuron contacts another of the region. max_neurons: slots
        reserved for growth, by default max(1000, n_neurons). model: a `NeuronModel` (default:
        `Izhikevich`). excitatory: their share; they come first. patterns: of the excitatory and the
        inhibitory neurons. variation: the per-neuron parameters are drawn uniformly within +- this
        share. background, noise: input current, see `Region`; noise defaults to 3 for Izhikevich
        neurons and 0 for others. wiring, in_degree, autapses, weights, delays (ms), w_max, rule,
        stp: of the region's own wiring, see `connect_regions`; inhibitory neurons use GABA
        synapses with inhibitory_weights (magnitudes).
        """
        own = build.OwnWiring(
            Wiring(wiring, connectivity, in_degree, autapses),
            weights,
            inhibitory_weights,
            delays,
            w_max,
            rule,
            stp,
        )
        build.add_region(
            self.network,
            name,
            region_type,
            n_neurons,
            max_neurons,
            Izhikevich if model is None else model,
            excitatory,
            patterns,
            variation,
            background,
            noise,
            own,
        )
        self._look()
        return self._regions[name]

    def connect_regions(
        self,
        source: str,
        target: str,
        density: float = 0.05,
        bidirectional: bool = False,
        nt: Neurotransmitter = Neurotransmitter.GLUTAMATE,
        *,
        wiring: str = "random",
        in_degree: int | None = None,
        weights: Values | None = None,
        delays: Values | None = None,
        source_type: NeuronType | None = NeuronType.EXCITATORY,
        target_type: NeuronType | None = None,
        w_min: float = 0.0,
        w_max: float | None = None,
        rule: PlasticityRule | str | None = "reward_stdp",
        stp: ShortTermPlasticity | None = None,
        modulation: Modulation | bool | None = None,
    ) -> Projection:
        """Connect two regions.

        wiring: "random" (every pair with probability `density`), "in_degree" (every target neuron
        gets `in_degree` sources), "all_to_all", "one_to_one", "all_but_one" (neuron k to all but
        the k-th target). weights: magnitudes; a number, one per synapse (in order of pre, then
        post), or a distribution; by default such that the target follows the source. delays: ms,
        likewise; by default uniform in 1-5 ms. source_type, target_type: the neurons that take
        part (None: all). w_min, w_max: bounds of magnitudes; w_max is twice the largest initial
        weight by default. rule: "stdp", "reward_stdp", a `PlasticityRule`, or None for static
        synapses. modulation: what the source's spikes release into the whole target, apart from
        the current of the synapses: `DopamineRelease`, `AcetylcholineRelease` or
        `SerotoninRelease`, as nt says; True: with default parameters; False: nothing; None:
        dopamine if nt is DOPAMINE and the source a region of type REWARD, else nothing. With
        density=0.0 it is all they do. With `bidirectional` the forward projection is returned.
        """
        options = Wiring(wiring, density, in_degree, True)
        made = build.connect(
            self.network,
            source,
            target,
            bidirectional,
            nt,
            options,
            weights,
            delays,
            source_type,
            target_type,
            w_min,
            w_max,
            rule,
            stp,
            modulation,
        )
        self._look()
        return self._projections[made[0].index]

    def get_projection(self, source: str, target: str) -> Projection:
        """The projection between two regions; a region's own wiring is its projection to itself.

        Raises `UnknownNameError` if there is none.
        """
        found = self.network.pathway("Brain.get_projection", source, target)
        return self._projections[found.index]

    def add_process(self, process: Process) -> None:
        """Let a mechanism of one's own act on the brain from now on; see `Process`."""
        self.network.add_process(process)

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
        total = integer("Brain.run: steps", steps, 0, MAX_STEPS - self.step_count)
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

    def respond(
        self,
        region: str,
        inputs: ArrayLike,
        steps: int,
        *,
        read: str,
        keys: Sequence[int] | NDArray[Any] | None = None,
    ) -> NDArray[np.int32]:
        """What the brain would answer to each of many inputs; it stays bit for bit as it is.

        Each input is held for `steps` steps from rest, from the present time, with plasticity and
        thresholds frozen. Presentation k draws its random numbers from the seed and keys[k] (a
        whole number from 0 on; default: k), so that its answer depends on the brain, the input and
        the key alone, whatever is asked before. inputs, read and what is returned: see
        `present_many`.
        """
        shown, own = present.checked_question(self.network, region, inputs, steps, read, keys)
        return present.answers(self.copy().network, region, shown, steps, read, own)

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
        self.memory.fall_asleep(self._sleep_steps("Brain.sleep", duration))
        until = self.network.asleep_until or 0
        self.run(until - self.step_count, progress=progress)
        report = self.memory.last_sleep
        assert report is not None
        return report

    def fall_asleep(self, duration: float) -> None:
        """Begin what `sleep` does; it goes on as the brain runs, and ends by itself or by `wake`.

        `Memory.last_sleep` is its report then. A brain can be saved in its sleep.
        """
        self.memory.fall_asleep(self._sleep_steps("Brain.fall_asleep", duration))

    def wake(self) -> SleepReport:
        """End a sleep before its time. Raises `InvalidValueError` when the brain is awake."""
        return self.memory.wake()

    def _sleep_steps(self, where: str, duration: float) -> int:
        steps = self.network.steps(number(f"{where}: duration", duration, 0.0, open_low=True))
        if not self.regions:
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

    def add_critic(self, region: str, targets: str | Sequence[str], **parameters: Any) -> Critic:
        """Let a region be a critic: its rate predicts rewards, its errors become dopamine.

        targets: one or several, as for `reward`, usually the projection onto the critic and that
        onto the actor. parameters: of `Critic`, where the equations stand. `Brain.critics` has it
        by the region's name. Raises `InvalidValueError` for a region that is a critic already and
        for a target whose rule is not modulated by dopamine.
        """
        return self._neuromodulation.add_critic(region, targets, parameters)

    # -- looking

    def summary(self) -> str:
        """Totals and figures by region, as text."""
        return describe(self.network)

    def stats(self) -> BrainStats:
        """Totals and figures by region."""
        return collect(self.network)

    def record(
        self,
        what: str = "spikes",
        regions: str | Sequence[str] | Projection | None = None,
        *,
        neurons: ArrayLike | None = None,
        synapses: ArrayLike | None = None,
        every: float | None = None,
        capacity: int | None = None,
        overflow: str = "ring",
        path: str | Path | None = None,
    ) -> Recorder:
        """Attach a recorder; `Recorder.detach` ends it.

        what: "spikes", "rates" or "rhythms" (of one, several or all regions), "weights" (of a
        `Projection`, all or some synapses), or a state variable of one region's neurons ("v", "u",
        "theta", "activity", ...). every: sampling interval, ms. capacity, overflow ("ring",
        "decimate", "stream" with a path): see `engram.recording`.
        """
        of = regions.record if isinstance(regions, Projection) else regions
        return record(
            self.network,
            what,
            of,
            neurons=neurons,
            synapses=synapses,
            every=every,
            capacity=capacity,
            overflow=overflow,
            path=path,
        )

    # -- resetting

    def reset_traces(self) -> None:
        """Clear eligibility, phasic dopamine, and what other transmitters were released."""
        for projection in self.projections:
            projection.reset_traces()
        self.network.tables["transmitter_level"][:] = 0.0

    def reset_state(self) -> None:
        """Membranes, currents, spikes in flight, short-term plasticity and traces back to rest.

        Weights, thresholds, structure, time and counts stay. Eligibility, dopamine and other
        transmitters released stay too; see `reset_traces`. Critics are reset.
        """
        present.reset_state(self.network)

    def enable_projection_plasticity(
        self, source: str, target: str, A_plus: float | None = None, A_minus: float | None = None
    ) -> Projection:
        """Plasticity on for one projection; a static one gets reward-modulated STDP."""
        projection = self.get_projection(source, target)
        given = {"A_plus": A_plus, "A_minus": A_minus}
        values = {
            k: number(f"{projection.label}: {k}", v, 0.0) for k, v in given.items() if v is not None
        }
        if projection.rule is None:
            projection.rule = RewardSTDP(**values)
        else:
            for name, value in values.items():
                setattr(projection, name, value)
        projection.frozen = False
        return projection

    # -- copies

    def copy(self) -> Brain:
        """An independent twin: the same future if given the same input. Recorders stay behind."""
        return Brain.restored(state.taken(self.network), state.among(state.classes(self.network)))

    @classmethod
    def restored(cls, saved: state.State, find: state.Finder[Any], *, check: bool = False) -> Brain:
        """The brain of a state; find: classes by path; check: whether to trust nothing."""
        brain = cls(saved[0]["dt"], saved[0]["seed"])
        state.restore(brain.network, saved, find, check=check)
        brain._look()
        return brain

    def __reduce__(self) -> tuple[Callable[..., Brain], tuple[Any, ...]]:
        """Pickled and deep-copied through the format of checkpoints."""
        return unpickled, (files.dumped(state.taken(self.network)), state.classes(self.network))

    def checkpoint_every(
        self,
        folder: str | Path,
        *,
        steps: int | None = None,
        ms: float | None = None,
        keep: int = 3,
        compress: bool = True,
        background: bool = True,
    ) -> Checkpointer:
        """Save the brain into a folder every so often while it runs; `detach` what it returns.

        steps or ms: between checkpoints, counted from time 0. keep: how many files stay, the latest
        (``step-<step>.engram``). background: write from a copy, in a thread, while the run goes on.
        A checkpoint that is due within `present` is taken at its end. `resume_brain` loads the
        latest. Recorders, checkpoints and what your program knows are not saved.

        >>> import tempfile
        >>> from engram import Brain, RegionType, resume_brain
        >>> brain = Brain(seed=1)
        >>> region = brain.add_region("cortex", RegionType.ASSOCIATION, n_neurons=20)
        >>> with tempfile.TemporaryDirectory() as folder:
        ...     with brain.checkpoint_every(folder, steps=50):
        ...         brain.run(120)
        ...     print(resume_brain(folder).step_count)
        100
        """
        return checkpoint_every(
            self.network,
            Path(folder),
            steps=steps,
            ms=ms,
            keep=keep,
            compress=compress,
            background=background,
        )

    def fingerprint(self) -> str:
        """A hash of everything that determines the future: equal ones mean equal futures."""
        return fingerprint(self.network)


def unpickled(data: bytes, known: state.Classes) -> Brain:
    """The brain that was pickled."""
    return Brain.restored(files.read_state(data), state.among(known), check=True)


def device_name(device: str) -> str:
    """The device to run on; so far there is one."""
    chosen = os.environ.get("BRAIN_DEVICE", device) if device == "cpu" else device
    if chosen not in DEVICES:
        raise InvalidValueError(f"Brain: device must be one of {DEVICES}, not {chosen!r}")
    if chosen == "cuda":
        raise InvalidValueError("Brain: device 'cuda' is not supported by this version; use 'cpu'")
    return "cpu"
