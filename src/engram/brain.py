"""Brain: regions, projections, time, and the run loop."""

from __future__ import annotations

import os
from collections import deque
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from engram import defaults
from engram.building import device_name, living_slots, neuron_model, patterns_of
from engram.critic import Critic
from engram.distributions import Values
from engram.engine.binding import kernel
from engram.errors import (
    CapacityError,
    InvalidTypeError,
    InvalidValueError,
    as_array,
    integer,
    number,
    unknown_name,
    vector,
)
from engram.errors import indices as checked_indices
from engram.fingerprint import fingerprint
from engram.growth import Growth
from engram.homeostasis import Homeostasis
from engram.kernels.constants import EVENTS, LOGGED, NEVER, STEP
from engram.memory import Memory
from engram.metaplasticity import Metaplasticity
from engram.modulation import Modulation, chosen_modulation
from engram.neurons import FiringPattern, NeuronModel, NeuronType
from engram.oscillator import Oscillators
from engram.parameters import Mechanism
from engram.plasticity import STDP, PlasticityRule, RewardSTDP, as_rule
from engram.presentation import present_many, respond
from engram.progress import Progress, reporting
from engram.projection import Projection
from engram.recording import (
    RateRecorder,
    Recorder,
    RhythmRecorder,
    SpikeRecorder,
    StateRecorder,
    WeightRecorder,
)
from engram.region import DENDRITE_STATES, Region, RegionType
from engram.schedule import MAX_STEPS, run_steps, take_postponed
from engram.sleep import SleepReport
from engram.state import layout
from engram.state.tables import Tables
from engram.statistics import BrainStats, collect, describe
from engram.stimulus import Encoded, StimulusEncoder
from engram.synapses import Neurotransmitter, ShortTermPlasticity
from engram.wiring import Wiring

if TYPE_CHECKING:
    from engram.checkpoint.every import Checkpointer

CHUNK = 5000
"""Most steps between two looks at the clock, for progress and interrupts."""


MOST = 1e10
"""Largest current that may be injected: far beyond it single precision gives up."""

_NOBODY = np.zeros(0, np.int64)


StimulusFunction = Callable[["Brain", int], object]


class Brain:
    """A brain of spiking regions that learns while it lives.

    dt: time step, ms, in [0.01, 10]. seed: of every random number; None draws one, kept in
    `Brain.seed`. device: "cpu", "cuda" or "auto"; the environment variable BRAIN_DEVICE overrides
    the default.

    >>> brain = Brain(dt=1.0, seed=42)
    >>> region = brain.add_region("cortex", RegionType.ASSOCIATION, n_neurons=100)
    >>> brain.inject_current("cortex", [0, 1], 20.0)
    >>> spikes = brain.step()
    """

    stdp = Mechanism[STDP]()
    reward_stdp = Mechanism[RewardSTDP]()
    homeostasis = Mechanism[Homeostasis]()
    metaplasticity = Mechanism[Metaplasticity]()
    growth = Mechanism[Growth]()
    memory = Mechanism[Memory]()

    def __init__(self, dt: float = 1.0, seed: int | None = None, device: str = "cpu") -> None:
        self._dt = number("Brain: dt", dt, 0.01, 10.0)
        if seed is None:
            seed = int.from_bytes(os.urandom(8), "little") >> 1
        self._seed = integer("Brain: seed", seed, 0, 2**64 - 1)
        self._device = device_name(device)
        self._tables = Tables()
        self._tables["dt"][0] = self._dt
        self._tables["seed"][0] = self._seed
        self.regions: dict[str, Region] = {}
        self.projections: list[Projection] = []
        self.encoder = StimulusEncoder()
        self.stdp = STDP().attach(self._parameters_changed)
        self.reward_stdp = RewardSTDP().attach(self._parameters_changed)
        self.homeostasis = Homeostasis().attach(self._parameters_changed)
        self.metaplasticity = Metaplasticity().attach(self._parameters_changed)
        self.growth = Growth().attach(self._parameters_changed)
        self.memory = Memory().belong_to(self)
        self.oscillators = Oscillators(self)
        self.critics: dict[str, Critic] = {}
        self.stats_history: deque[BrainStats] = deque(maxlen=defaults.HISTORY)
        self._max_neurons: dict[str, int] = {}
        self._frozen = dict.fromkeys(
            (
                "plasticity", "structural_plasticity", "homeostatic_scaling",
                "adaptive_thresholds", "memory", "oscillations", "neuromodulation",
            ),
            False,
        )  # fmt: skip
        self._recorders: list[Recorder] = []
        self._checkpointers: list[Checkpointer] = []
        self._presenting = False
        self._tag = 0
        self._structure_version = 0
        self._stale = True
        self._next_boundary: int | None = None
        self._last_stimulus = NEVER
        self._last_reset = 0
        self._places = np.zeros(0, np.int64)

    # -- what it is

    @property
    def dt(self) -> float:
        """Time step, ms."""
        return self._dt

    @property
    def seed(self) -> int:
        """Seed of every random number."""
        return self._seed

    @property
    def device(self) -> str:
        """Where the brain runs."""
        return self._device

    @property
    def encoder(self) -> StimulusEncoder:
        """How `stimulate` and `present` turn values into input. Can be assigned."""
        return self._encoder

    @encoder.setter
    def encoder(self, encoder: StimulusEncoder) -> None:
        if not isinstance(encoder, StimulusEncoder):
            raise InvalidTypeError(f"Brain.encoder must be a StimulusEncoder, not {encoder!r}")
        self._encoder = encoder

    @property
    def step_count(self) -> int:
        """Steps done."""
        step: int = self._tables["clock"].item(STEP)
        return step

    @property
    def time(self) -> float:
        """Simulated time, ms."""
        return self.step_count * self._dt

    @property
    def asleep(self) -> bool:
        """Whether the brain sleeps."""
        return self.memory.asleep

    def __repr__(self) -> str:
        n = sum(r.n_alive_neurons for r in self.regions.values())
        return f"<Brain, {len(self.regions)} regions, {n} neurons, at {self.time:g} ms>"

    def _region(self, where: str, name: str) -> Region:
        region = self.regions.get(name) if isinstance(name, str) else None
        if region is None:
            raise unknown_name(where, "region", name, self.regions)
        return region

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
        share. background, noise: input current, see `Region`; noise defaults to the model's
        `default_noise`. wiring, in_degree, autapses, weights, delays (ms), w_max, rule, stp: of the
        region's own wiring, see `connect_regions`; inhibitory neurons use GABA synapses with
        inhibitory_weights (magnitudes).
        """
        where = "Brain.add_region"
        if not isinstance(name, str) or not name or "->" in name:
            raise InvalidValueError(f"{where}: name must be a string without '->', not {name!r}")
        if name in self.regions:
            raise InvalidValueError(f"{where}: there is a region {name!r} already")
        if not isinstance(region_type, RegionType):
            raise InvalidTypeError(
                f"{where}: region_type must be a RegionType, not {region_type!r}"
            )
        n = integer(f"{where}: n_neurons", n_neurons, 1)
        most = (
            max(1000, n) if max_neurons is None else integer(f"{where}: max_neurons", max_neurons)
        )
        if n > most:
            raise CapacityError(f"{where}: n_neurons = {n} exceeds max_neurons = {most}")
        number(f"{where}: connectivity", connectivity, 0.0, 1.0)
        share = number(f"{where}: excitatory", excitatory, 0.0, 1.0)
        number(f"{where}: variation", variation, 0.0, 1.0)
        number(f"{where}: background", background)
        own_model = neuron_model(where, model)
        if noise is None:
            noise = own_model.default_noise
        number(f"{where}: noise", noise, 0.0)
        options = Wiring(wiring, connectivity, in_degree, autapses)
        options.check(where)
        chosen = patterns_of(where, region_type, patterns)
        n_exc = round(share * n)
        exc, inh = np.arange(n_exc), np.arange(n_exc, n)
        new_rule = as_rule(where, rule)
        own_model.attach(self._parameters_changed)

        tables, tag = self._tables, self._tag
        r, first = tables.sizes["R"], tables.sizes["N"]
        before = {d: tables.sizes[d] for d in ("X", "Q", "M")}
        kind = type(own_model)
        # Regions start at multiples of 8 so that flags can be scanned a word at a time.
        capacity = -(-most // 8) * 8
        tables.resize(
            R=r + 1,
            N=first + capacity,
            X=max(tables.sizes["X"], len(kind.states) - 1),
            Q=max(tables.sizes["Q"], len(kind.per_neuron())),
            M=max(tables.sizes["M"], len(kind.model_parameters())),
        )
        tables["event_first"][:, r] = tables["event_end"][:, r] = tables["clock"][EVENTS]
        tables["region_first"][r], tables["region_capacity"][r] = first, capacity
        tables["region_count"][r] = n
        tables["background"][r], tables["noise"][r] = background, noise
        region = Region(self, r, name, region_type, own_model, chosen, variation, share)
        self.regions[name] = region
        self._max_neurons[name] = most
        self.oscillators._begin(region)
        for slots, ntype in ((exc, NeuronType.EXCITATORY), (inh, NeuronType.INHIBITORY)):
            if len(slots):
                region._initialise(slots, ntype, None)
        self._neurons_changed()
        try:
            own = self._add_projection(name, name, new_rule, stp)
            if w_max is not None:
                own.w_max = w_max
            if weights is None:
                weights = defaults.own_weight(own_model, options.degree(n_exc))
            if inhibitory_weights is None:
                inhibitory_weights = defaults.own_inhibition(own_model, options.degree(n - n_exc))
            everyone = np.arange(n) + first
            for cells, nt, values in (
                (exc, Neurotransmitter.GLUTAMATE, weights),
                (inh, Neurotransmitter.GABA, inhibitory_weights),
            ):
                pre, post = options.pairs(
                    where, cells + first, everyone, self.seed, self._next_tag()
                )
                own._add(where, pre, post, nt, values, delays, birth=self._birth())
        except BaseException:
            self._forget_last_region(name)
            tables.resize(**before)
            self._tag = tag
            raise
        return region

    def _forget_last_region(self, name: str) -> None:
        region = self.regions.pop(name)
        self._max_neurons.pop(name)
        first = region._first
        if self.projections and self.projections[-1].source == name:
            self.projections.pop()
            self._tables.blocks.pop()
        self._tables.resize(R=len(self.regions), N=first, P=len(self.projections))
        self._parameters_changed()

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
        where = "Brain.connect_regions"
        a, b = self._region(where, source), self._region(where, target)
        if not isinstance(bidirectional, bool):
            raise InvalidTypeError(
                f"{where}: bidirectional must be True or False, not {bidirectional!r}"
            )
        if source == target:
            raise InvalidValueError(
                f"{where}: {source!r} to itself is its own wiring: give connectivity, weights and "
                f"rule to Brain.add_region, or use Region.add_synapses"
            )
        pairs = [(a, b), (b, a)] if bidirectional else [(a, b)]
        for x, y in pairs:
            if any(p.source == x.name and p.target == y.name for p in self.projections):
                raise InvalidValueError(
                    f"{where}: {x.name!r} is connected to {y.name!r} already; use "
                    f"Brain.get_projection({x.name!r}, {y.name!r}).add_synapses"
                )
        if not isinstance(nt, Neurotransmitter):
            raise InvalidTypeError(f"{where}: nt must be a Neurotransmitter, not {nt!r}")
        for side, kind in (("source_type", source_type), ("target_type", target_type)):
            if kind is not None and not isinstance(kind, NeuronType):
                raise InvalidTypeError(
                    f"{where}: {side} must be a NeuronType or None, not {kind!r}"
                )
        number(f"{where}: density", density, 0.0, 1.0)
        low = number(f"{where}: w_min", w_min, 0.0)
        if w_max is not None:
            number(f"{where}: w_max", w_max, low)
        new_rule = as_rule(where, rule)
        released = [chosen_modulation(where, modulation, nt, x) for x, _ in pairs]
        made = []
        options = Wiring(wiring, density, in_degree, True)
        options.check(where)
        tag, count = self._tag, len(self.projections)
        try:
            for (x, y), given in zip(pairs, released, strict=True):
                projection = self._add_projection(
                    x.name, y.name, None if new_rule is None else new_rule.replica(), stp
                )
                made.append(projection)
                if given is not None:
                    projection.modulation = given
                sources = living_slots(x, source_type)
                pre, post = options.pairs(
                    where, sources, living_slots(y, target_type), self.seed, self._next_tag()
                )
                values = weights
                if values is None:
                    values = defaults.pathway_weight(y.model, options.degree(len(sources)))
                if w_max is not None:
                    projection.w_max = w_max
                elif low > projection.w_max:
                    self._tables["w_max"][projection._index] = 2.0 * low
                projection.w_min = low
                projection._add(where, pre, post, nt, values, delays, birth=self._birth())
        except BaseException:
            del self.projections[count:], self._tables.blocks[count:]
            self._tables.resize(P=len(self.projections))
            self._tag = tag
            self._parameters_changed()
            raise
        return made[0]

    def _add_projection(
        self,
        source: str,
        target: str,
        rule: PlasticityRule | None,
        stp: ShortTermPlasticity | None,
    ) -> Projection:
        tables = self._tables
        p = len(self.projections)
        tables.resize(P=p + 1)
        tables["source"][p] = self.regions[source]._index
        tables["target"][p] = self.regions[target]._index
        projection = Projection(self, p, source, target)
        tables.blocks.append(layout.new_block(tables, p))
        self.projections.append(projection)
        projection.rule = rule
        if stp is not None:
            projection.stp = stp
        return projection

    def _attach_rule(self, rule: PlasticityRule) -> None:
        parents: dict[type, PlasticityRule] = {STDP: self.stdp, RewardSTDP: self.reward_stdp}
        rule.attach(self._parameters_changed, parents.get(type(rule)))

    def get_projection(self, source: str, target: str) -> Projection:
        """The projection between two regions; a region's own wiring is its projection to itself.

        Raises `UnknownNameError` if there is none.
        """
        where = "Brain.get_projection"
        self._region(where, source)
        self._region(where, target)
        for projection in self.projections:
            if projection.source == source and projection.target == target:
                return projection
        known = [f"{p.source}->{p.target}" for p in self.projections]
        raise unknown_name(where, "projection", f"{source}->{target}", known)

    # -- what the parts report

    def _birth(self) -> int:
        """The step of birth of what is built now; NEVER before the first step."""
        return self.step_count or NEVER

    def _next_tag(self) -> int:
        """A number for a batch of random draws; counted up and saved, so that none repeats."""
        self._tag += 1
        return self._tag

    def _parameters_changed(self) -> None:
        self._stale = True
        self._next_boundary = None

    def _neurons_changed(self) -> None:
        self._stale = True

    def _synapses_changed(self) -> None:
        self._stale = True
        self._structure_version += 1

    def _recorders_changed(self) -> None:
        spikes = [r for r in self._recorders if isinstance(r, SpikeRecorder)]
        for region in self.regions.values():
            logged = any(region.name in r.regions for r in spikes)
            self._tables["logging"][region._index] = logged
        self._parameters_changed()

    # -- input

    def _encode(self, where: str, region: str, values: ArrayLike) -> tuple[Region, Encoded]:
        target = self._region(where, region)
        return target, self.encoder.encode(values, target)

    def stimulate(self, region: str, values: ArrayLike) -> int:
        """Encode values in [0, 1] into currents for the next step (`Brain.encoder`).

        values: shape (k,), at most one per neuron. Returns the number of neurons driven. Calls add
        up. Raises `InvalidValueError` for values that are not finite, not in [0, 1], or too many.
        """
        self._check_awake("Brain.stimulate")
        target, encoded = self._encode("Brain.stimulate", region, values)
        step = self.step_count
        current = self.encoder.noisy(encoded.at(step % encoded.period), target, step)
        tables = self._tables
        driven: int = kernel("neurons.add_drive")(
            tables["drive"], tables["alive"], target._first, current
        )
        tables["driven"][target._index] = 1
        self._note_stimulus(step)
        return driven

    def inject_current(self, region: str, indices: ArrayLike, current: ArrayLike) -> None:
        """Add current to some neurons for the next step.

        indices: neurons of the region; current: one number, or one per index, in the units of the
        neuron model (Izhikevich: that of I; LIF: mV).
        """
        where = "Brain.inject_current"
        self._check_awake(where)
        target = self._region(where, region)
        chosen = checked_indices(f"{where}: indices", indices, target.n_neurons)
        if as_array(f"{where}: current", current).ndim == 0:
            amount: Any = np.float32(number(f"{where}: current", current, -MOST, MOST))
        else:
            amount = vector(f"{where}: current", current, -MOST, MOST, length=len(chosen))
        np.add.at(target._slots("drive"), chosen, amount)
        self._tables["driven"][target._index] = 1
        self._note_stimulus(self.step_count)

    def hold(self, region: str, values: ArrayLike) -> None:
        """Hold a stimulus, as for `stimulate`, in every step from now on, until `release`."""
        self._check_awake("Brain.hold")
        target, encoded = self._encode("Brain.hold", region, values)
        self.memory._end_pulses()
        self._note_stimulus(self.step_count)
        self._hold(target, encoded)

    def release(self, region: str) -> None:
        """End what `hold` began."""
        target = self._region("Brain.release", region)
        self._check_awake("Brain.release")
        self.memory._end_pulses()
        if self._tables["holding"][target._index]:
            self._note_stimulus(self.step_count - 1)
        self._release(target)

    def _hold(self, target: Region, encoded: Encoded) -> None:
        r = target._index
        step = self.step_count
        target._slots("held")[:] = encoded.amplitude
        target._slots("held_onset")[:] = 0 if encoded.onset is None else encoded.onset
        self._tables["held_period"][r] = encoded.period
        self._tables["held_since"][r] = step
        self._tables["holding"][r] = 1

    def _drive_for(self, target: Region, encoded: Encoded, steps: int) -> None:
        """The same with noise, which is drawn anew in each step."""
        for i in range(steps):
            current = encoded.at(i % encoded.period)
            drive = target._slots("drive")[: len(current)]
            drive += self.encoder.noisy(current, target, self.step_count)
            self._tables["driven"][target._index] = 1
            self._run(1)

    def _release(self, target: Region) -> None:
        target._slots("held")[:] = 0
        target._slots("held_onset")[:] = 0
        self._tables["holding"][target._index] = 0
        self._tables["held_period"][target._index] = 1
        self._tables["held_since"][target._index] = 0

    def _note_stimulus(self, step: int) -> None:
        """Something is stimulated up to `step`."""
        if self._last_stimulus == NEVER:
            # From now on memory wants spikes to be kept.
            self._stale = True
        self._last_stimulus = step

    def _quiet(self) -> bool:
        """Whether nothing was stimulated lately, and nothing is now."""
        since = (self.step_count - self._last_stimulus) * self._dt
        held = self.memory._pulses is None and self._tables["holding"].any()
        return since > defaults.QUIET and not held

    def _check_awake(self, where: str) -> None:
        if self.memory._sleep is not None:
            until = self.memory._sleep.stop * self._dt
            raise InvalidValueError(
                f"{where}: the brain is asleep until {until:g} ms and takes no input; "
                f"Brain.wake wakes it"
            )

    def _check_time(self, where: str, steps: int) -> None:
        if steps > MAX_STEPS - self.step_count:
            raise InvalidValueError(
                f"{where}: {steps} steps are too many; a brain lives {MAX_STEPS} steps"
            )

    # -- running

    def step(self) -> dict[str, NDArray[np.int64]]:
        """One step; the indices of the neurons that fired in it, by region."""
        self._run(1)
        sizes, arrays = self._tables.sizes, self._tables.arrays
        slot = (arrays["clock"].item(STEP) - 1) % sizes["H"]
        firsts, ends = arrays["event_first"][slot].tolist(), arrays["event_end"][slot].tolist()
        # The spikes of a step stand one after the other in the ring, region by region.
        start, n = firsts[0], ends[-1] - firsts[0]
        ring, size = arrays["event_neuron"], sizes["E"]
        place = start % size
        if place + n <= size:
            slots = ring[place : place + n]
        else:
            slots = ring[np.arange(place, place + n) % size]
        fired = self._places.take(slots)
        return {
            name: _NOBODY if first == end else fired[first - start : end - start]
            for name, first, end in zip(self.regions, firsts, ends, strict=True)
        }

    def run(
        self,
        steps: int,
        stimulus_fn: StimulusFunction | None = None,
        *,
        progress: Progress = None,
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
                    self._run(n)
                else:
                    for i in range(done, done + n):
                        stimulus_fn(self, i)
                        self._run(1)
                done += n
                if report is not None:
                    report(done, total)
        for checkpointer in self._checkpointers:
            checkpointer.raise_error()

    def present(
        self, region: str, values: ArrayLike, steps: int, rest: int = 0
    ) -> dict[str, NDArray[np.int64]]:
        """Hold a stimulus for `steps` steps, then nothing for `rest`, without returning to Python.

        values: as for `stimulate`. Returns the number of spikes of each neuron in that time, by
        region, shape (n_neurons,). With `encoder.noise_level` it returns to Python in each step.
        """
        where = "Brain.present"
        self._check_awake(where)
        target, encoded = self._encode(where, region, values)
        left = MAX_STEPS - self.step_count
        integer(f"{where}: steps", steps, 0, left)
        integer(f"{where}: rest", rest, 0, left - steps)
        before, start = self._tables["total_spikes"].copy(), self.step_count
        self._present(target, encoded, steps, rest)
        spikes = self._tables["total_spikes"]
        # Who was born meanwhile may have taken the place of one that had fired.
        before[self._tables["born"] > start] = 0
        return {
            name: spikes[r._first : r._first + r.n_neurons]
            - before[r._first : r._first + r.n_neurons]
            for name, r in self.regions.items()
        }

    def _present(self, target: Region, encoded: Encoded, steps: int, rest: int) -> None:
        start = self.step_count
        # Nobody would release the stimulus of a brain that was saved half-way.
        self._presenting = True
        try:
            if steps:
                self.memory._end_pulses()
                self._note_stimulus(start + steps - 1)
                if self.encoder.noise_level > 0:
                    self._drive_for(target, encoded, steps)
                else:
                    self._hold(target, encoded)
                    try:
                        self._run(steps)
                    finally:
                        self._release(target)
            self._run(rest)
        finally:
            self._presenting = False
        if self._checkpointers:
            take_postponed(self, start)

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
        return present_many(self, region, inputs, steps, rest, read, from_rest)

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
        return respond(self, region, inputs, steps, read, keys)

    def _run(self, steps: int) -> None:
        run_steps(self, steps)

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
        steps = self._sleep_steps("Brain.sleep", duration)
        self.memory.fall_asleep(steps)
        self.run(steps, progress=progress)
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
        ms = number(f"{where}: duration", duration, 0.0, open_low=True)
        steps = max(1, round(ms / self._dt))
        if not self.regions:
            raise InvalidValueError(f"{where}: there is nothing to run; use Brain.add_region first")
        self._check_awake(where)
        self._check_time(where, steps)
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

    def _target(self, where: str, target: str) -> Projection:
        for projection in self.projections:
            if projection.label == target:
                return projection
        raise unknown_name(where, "target", target, [p.label for p in self.projections])

    def reward(self, amount: float, target: str) -> None:
        """Raise dopamine at a target by `amount`: ``"region:<name>"`` or ``"proj:<a>-><b>"``.

        It acts from the next step on: dw/dt = eligibility x dopamine with time in seconds, and
        decays, see `RewardSTDP`. Raises `UnknownNameError` for an unknown target,
        `InvalidValueError` for one whose rule is not modulated by dopamine.
        """
        projection = self._rewarded("Brain.reward", target)
        size = number("Brain.reward: amount", amount, 0.0)
        self._tables["dopamine"][projection._index] += size

    def punish(self, amount: float, target: str) -> None:
        """Lower dopamine at a target by `amount`, below its baseline if need be; see `reward`."""
        projection = self._rewarded("Brain.punish", target)
        size = number("Brain.punish: amount", amount, 0.0)
        self._tables["dopamine"][projection._index] -= size

    def _rewarded(self, where: str, target: str) -> Projection:
        projection = self._target(where, target)
        if projection.rule is None or not projection.rule.modulated:
            raise InvalidValueError(
                f"{where}: dopamine does not act on {target!r}, whose rule is {projection.rule!r}; "
                f"assign Projection.rule = 'reward_stdp' first"
            )
        return projection

    def dopamine(self, target: str) -> float:
        """Dopamine at a target now, tonic and phasic."""
        return self._target("Brain.dopamine", target).dopamine

    def add_critic(self, region: str, targets: str | Sequence[str], **parameters: Any) -> Critic:
        """Let a region be a critic: its rate predicts rewards, its errors become dopamine.

        targets: one or several, as for `reward`, usually the projection onto the critic and that
        onto the actor. parameters: of `Critic`, where the equations stand. `Brain.critics` has it
        by the region's name. Raises `InvalidValueError` for a region that is a critic already and
        for a target whose rule is not modulated by dopamine.
        """
        where = "Brain.add_critic"
        self._region(where, region)
        if region in self.critics:
            raise InvalidValueError(
                f"{where}: {region!r} is a critic already; change Brain.critics[{region!r}]"
            )
        labels = (targets,) if isinstance(targets, str) else tuple(targets)
        if not labels:
            raise InvalidValueError(f"{where}: targets must name a projection at least")
        for label in labels:
            self._rewarded(where, label)
        critic = Critic(**parameters).belong_to(self, region, labels)
        self._tables.resize(Z=len(self.critics) + 1)
        self.critics[region] = critic
        self._parameters_changed()
        return critic

    # -- looking

    def summary(self) -> str:
        """Totals and figures by region, as text."""
        return describe(self)

    def stats(self) -> BrainStats:
        """Totals and figures by region."""
        return collect(self)

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
        where = "Brain.record"
        common: dict[str, Any] = {"overflow": overflow, "path": path}
        if capacity is not None:
            common["capacity"] = capacity
        if every is not None:
            if what == "spikes":
                raise InvalidValueError(
                    f"{where}: spikes are recorded as they come; leave out every"
                )
            common["every"] = every
        for name, given, valid in (
            ("neurons", neurons, what not in ("spikes", "rates", "rhythms", "weights")),
            ("synapses", synapses, what == "weights"),
        ):
            if given is not None and not valid:
                raise InvalidValueError(f"{where}: {name} does not go with {what!r}")
        recorder: Recorder
        if what == "weights":
            if not isinstance(regions, Projection):
                raise InvalidTypeError(f"{where}: weights of which Projection? not {regions!r}")
            recorder = WeightRecorder(self, regions, synapses, **common)
        elif isinstance(regions, Projection):
            raise InvalidTypeError(f"{where}: {what!r} is recorded of regions, not of a projection")
        else:
            names = list(self.regions) if regions is None else regions
            names = [names] if isinstance(names, str) else list(names)
            for region_name in names:
                self._region(where, region_name)
            if what == "spikes":
                recorder = SpikeRecorder(self, names, **common)
            elif what == "rates":
                recorder = RateRecorder(self, names, **common)
            elif what == "rhythms":
                recorder = RhythmRecorder(self, names, **common)
            else:
                if len(names) != 1:
                    raise InvalidValueError(f"{where}: {what!r} is recorded of one region")
                recorder = StateRecorder(self, self.regions[names[0]], what, neurons, **common)
        self._flush_log()
        self._recorders.append(recorder)
        self._recorders_changed()
        return recorder

    def _flush_log(self) -> None:
        n = int(self._tables["clock"][LOGGED])
        if n:
            steps, neurons = self._tables["log_step"][:n], self._tables["log_neuron"][:n]
            for recorder in self._recorders:
                if isinstance(recorder, SpikeRecorder):
                    recorder._log(steps, neurons)
            self._tables["clock"][LOGGED] = 0

    # -- resetting, freezing

    def reset_traces(self) -> None:
        """Clear eligibility, phasic dopamine, and what other transmitters were released."""
        for projection in self.projections:
            projection.reset_traces()
        self._tables["transmitter_level"][:] = 0.0

    def reset_state(self) -> None:
        """Membranes, currents, spikes in flight, short-term plasticity and traces back to rest.

        Weights, thresholds, structure, time and counts stay. Eligibility, dopamine and other
        transmitters released stay too; see `reset_traces`. Critics are reset.
        """
        self._flush_log()
        tables = self._tables
        for name in ("exc", "inh", "drive", "held", "held_onset", "fired", "rate_trace", "holding"):
            tables[name][:] = 0
        for name in DENDRITE_STATES:
            tables[name][:] = 0
        self._last_reset = self.step_count
        tables["recent_rate"][:] = 0
        tables["rate_since"][:] = NEVER
        tables["last_spike"][:] = NEVER
        tables["last_event"][:] = -1
        tables["event_first"][:] = tables["clock"][EVENTS]
        tables["event_end"][:] = tables["clock"][EVENTS]
        tables["held_period"][:] = 1
        tables["held_since"][:] = 0
        tables["critic_state"][:] = 0.0
        self.memory._pulses = None
        self.memory._hold()
        self._next_boundary = None
        for region in self.regions.values():
            kind = type(region.model)
            values = {name: region.state(name) for name in kind.per_neuron()}
            for name, start in region.model.initial_states(values).items():
                region.state(name)[:] = start
        for projection in self.projections:
            projection._reset_state()

    def _freeze(self, mechanism: str, frozen: bool) -> None:
        self._frozen[mechanism] = frozen
        self._parameters_changed()

    def freeze_plasticity(self) -> None:
        """Stop all change of weights, synaptic scaling included: bit for bit unchanged."""
        self._freeze("plasticity", True)

    def unfreeze_plasticity(self) -> None:
        """Undo `freeze_plasticity`."""
        self._freeze("plasticity", False)

    def freeze_structural_plasticity(self) -> None:
        """Stop growth and metaplasticity."""
        self._freeze("structural_plasticity", True)

    def unfreeze_structural_plasticity(self) -> None:
        """Undo `freeze_structural_plasticity`."""
        self._freeze("structural_plasticity", False)

    def freeze_homeostatic_scaling(self) -> None:
        """Stop synaptic scaling."""
        self._freeze("homeostatic_scaling", True)

    def unfreeze_homeostatic_scaling(self) -> None:
        """Undo `freeze_homeostatic_scaling`."""
        self._freeze("homeostatic_scaling", False)

    def freeze_adaptive_thresholds(self) -> None:
        """Stop all change of theta."""
        self._freeze("adaptive_thresholds", True)

    def unfreeze_adaptive_thresholds(self) -> None:
        """Undo `freeze_adaptive_thresholds`."""
        self._freeze("adaptive_thresholds", False)

    def disable_memory(self) -> None:
        """Stop capture and replay."""
        self._freeze("memory", True)

    def enable_memory(self) -> None:
        """Undo `disable_memory`."""
        self._freeze("memory", False)

    def disable_oscillations(self) -> None:
        """Silence all rhythms, and open their gates of learning; their phases go on."""
        self._freeze("oscillations", True)

    def enable_oscillations(self) -> None:
        """Undo `disable_oscillations`."""
        self._freeze("oscillations", False)

    def disable_neuromodulation(self) -> None:
        """Stop release of transmitters into regions, and critics; what was released is gone.

        `reward` and `punish` still act, and so does the direct current of synapses.
        """
        self._tables["transmitter_level"][:] = 0.0
        self._tables["critic_state"][:] = 0.0
        self._freeze("neuromodulation", True)

    def enable_neuromodulation(self) -> None:
        """Undo `disable_neuromodulation`."""
        self._freeze("neuromodulation", False)

    def enable_projection_plasticity(
        self,
        source: str,
        target: str,
        A_plus: float | None = None,
        A_minus: float | None = None,
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
        from engram.persistence import from_state, to_state

        return from_state(to_state(self), like=self)

    def __reduce__(self) -> tuple[Callable[..., Brain], tuple[Any, ...]]:
        """Pickled and deep-copied like `copy`."""
        from engram.persistence import from_state, to_state

        return from_state, (to_state(self),)

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
        from engram.checkpoint.every import Checkpointer

        where = "Brain.checkpoint_every"
        if (steps is None) == (ms is None):
            raise InvalidValueError(f"{where}: give either steps or ms")
        if steps is not None:
            interval = integer(f"{where}: steps", steps, 1, MAX_STEPS)
        else:
            time = number(f"{where}: ms", ms, 0.0, MAX_STEPS * self._dt, open_low=True)
            interval = max(1, round(time / self._dt))
        for name, value in (("compress", compress), ("background", background)):
            if not isinstance(value, bool):
                raise InvalidTypeError(f"{where}: {name} must be True or False, not {value!r}")
        checkpointer = Checkpointer(
            self, Path(folder), interval, integer(f"{where}: keep", keep, 1), compress, background
        )
        self._checkpointers.append(checkpointer)
        self._parameters_changed()
        return checkpointer

    def fingerprint(self) -> str:
        """A hash of everything that determines the future: equal ones mean equal futures."""
        return fingerprint(self)
