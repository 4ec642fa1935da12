"""Region: a population of neurons and its own wiring."""

from __future__ import annotations

import math
from enum import Enum
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import ArrayLike, NDArray

from engram.distributions import Values
from engram.engine.binding import kernel
from engram.errors import (
    CapacityError,
    InvalidTypeError,
    InvalidValueError,
    number,
    unknown_name,
)
from engram.errors import indices as checked_indices
from engram.kernels.constants import STREAM_PARAMETER
from engram.morphology import DYNAMICS, NMDA, Dendrites, Morphology, as_morphology
from engram.neurons import FiringPattern, NeuronModel, NeuronType
from engram.projection import Projection
from engram.state.schema import NEURON_FIELDS
from engram.state.tables import Array
from engram.synapses import Neurotransmitter

if TYPE_CHECKING:
    from engram.brain import Brain

DENDRITE_STATES = ("dendrite_v", "dendrite_exc", "dendrite_inh", "dendrite_nmda")
_RS, _FS = FiringPattern.REGULAR_SPIKING, FiringPattern.FAST_SPIKING


class RegionType(Enum):
    """What a region is for; decides the default firing patterns (excitatory, inhibitory)."""

    SENSORY = "sensory"
    ASSOCIATION = "association"
    MEMORY = "memory"
    MOTOR = "motor"
    REWARD = "reward"

    @property
    def patterns(self) -> tuple[FiringPattern, FiringPattern]:
        """Default firing patterns of excitatory and inhibitory neurons."""
        if self is RegionType.MEMORY:
            return FiringPattern.INTRINSICALLY_BURSTING, FiringPattern.LOW_THRESHOLD_SPIKING
        if self is RegionType.MOTOR:
            return FiringPattern.CHATTERING, _FS
        return _RS, _FS


class Region:
    """A population of neurons. A view of the brain's state.

    The arrays ``v``, ``u``, ``a``, ``b``, ``c``, ``d``, ``theta`` and all other states and
    per-neuron parameters of the model can be written to; the rest can only be read. Each
    has one entry per neuron slot in use, shape (n_neurons,). Slots of dead neurons stay, with
    ``neuron_alive`` false, until a newborn takes them. Take the arrays anew after growth.
    """

    def __init__(
        self,
        brain: Brain,
        index: int,
        name: str,
        region_type: RegionType,
        model: NeuronModel,
        patterns: tuple[FiringPattern, FiringPattern],
        variation: float,
        excitatory: float,
    ) -> None:
        self._brain, self._index, self._name = brain, index, name
        self._type, self._model = region_type, model
        self._patterns, self._variation = patterns, variation
        self._excitatory = excitatory
        self._dendrites = Dendrites(Morphology())
        self._theta_plus: float | None = None
        self._tau_theta: float | None = None

    # -- what it is

    @property
    def name(self) -> str:
        """The region's name."""
        return self._name

    @property
    def region_type(self) -> RegionType:
        """What the region is for."""
        return self._type

    @property
    def model(self) -> NeuronModel:
        """The neuron model; its parameters can be assigned.

        Those that differ between neurons (Izhikevich's a, b, c and d) hold for neurons born later;
        assign those of the living to `a`, `b`, `c`, `d` of the region.
        """
        return self._model

    @property
    def wiring(self) -> Projection:
        """The region's own wiring: its projection to itself."""
        return self._brain.get_projection(self._name, self._name)

    def __repr__(self) -> str:
        return f"<Region {self._name!r}, {self._type.name}, {self.n_alive_neurons} neurons>"

    # -- sizes

    @property
    def _first(self) -> int:
        first: int = self._brain._tables["region_first"].item(self._index)
        return first

    @property
    def n_neurons(self) -> int:
        """Neuron slots in use, those of dead neurons included: the length of the arrays."""
        count: int = self._brain._tables["region_count"].item(self._index)
        return count

    @property
    def max_neurons(self) -> int:
        """How many neurons the region can grow to."""
        return self._brain._max_neurons[self._name]

    @property
    def n_excitatory(self) -> int:
        """The number of living excitatory neurons."""
        chosen = self._slots("alive").astype(np.bool_)
        return int((chosen & (self._slots("neuron_type") == NeuronType.EXCITATORY)).sum())

    @property
    def n_alive_neurons(self) -> int:
        """Living neurons."""
        return int(self._slots("alive").sum())

    @property
    def n_alive_synapses(self) -> int:
        """Synapses of the region's own wiring."""
        return self.wiring.n_synapses

    @property
    def mean_activity(self) -> float:
        """Mean firing rate of the living neurons over the last second or so, Hz."""
        tau = self._brain._tables["tau_activity"].item(self._index)
        mean: float = kernel("neurons.mean_rate")(
            self._slots("rate_trace"), self._slots("last_spike"), self._slots("alive"),
            self._brain.step_count, self._brain.dt / tau,
        )  # fmt: skip
        return mean * (1000.0 / float(tau))

    # -- arrays

    @property
    def _slice(self) -> slice:
        """The neuron slots in use, in the brain's tables."""
        first = self._first
        return slice(first, first + self.n_neurons)

    def _slots(self, name: str, row: int | None = None) -> Array:
        array = self._brain._tables[name]
        if row is not None:
            array = array[row]
        return array[self._slice]

    def _read_only(self, array: Array) -> Array:
        view = array.view()
        view.flags.writeable = False
        return view

    def state(self, name: str) -> Array:
        """A state variable or per-neuron parameter of the neuron model, by name, (n_neurons,).

        Also "theta", "activity", "exc" and "inh". Raises `UnknownNameError` for others.
        """
        model = type(self._model)
        if name == "v":
            return self._slots("v")
        states = list(model.states)
        if name in states:
            return self._slots("x", states.index(name) - 1)
        if name in model.per_neuron():
            return self._slots("q", model.per_neuron().index(name))
        common = ("theta", "activity", "exc", "inh")
        if name == "activity":
            return self.activity
        if name in common:
            flag = "shifted" if name == "theta" else "receiving"
            if not self._brain._tables[flag][self._index]:
                # So that what is written to the array is noticed.
                self._brain._neurons_changed()
            return self._slots(name)
        valid = [*states, *model.per_neuron(), *common]
        raise unknown_name(f"Region {self._name!r}", "state variable", name, valid)

    @property
    def v(self) -> Array:
        """Membrane potentials, mV."""
        return self._slots("v")

    @property
    def u(self) -> Array:
        """Recovery variable (Izhikevich), mV/ms."""
        return self.state("u")

    @property
    def a(self) -> Array:
        """Izhikevich's a, 1/ms."""
        return self.state("a")

    @property
    def b(self) -> Array:
        """Izhikevich's b, 1/ms."""
        return self.state("b")

    @property
    def c(self) -> Array:
        """Izhikevich's c, mV."""
        return self.state("c")

    @property
    def d(self) -> Array:
        """Izhikevich's d, mV/ms."""
        return self.state("d")

    @property
    def theta(self) -> Array:
        """Adaptive thresholds, mV (conductance models) or current (others)."""
        return self.state("theta")

    @property
    def activity(self) -> Array:
        """Running mean of each neuron's firing rate, Hz: exponential, over tau_activity = 1 s."""
        tables = self._brain._tables
        tau = float(tables["tau_activity"][self._index])
        since = self._brain.step_count - self._slots("last_spike").astype(np.float64)
        kept = np.exp(-since * (self._brain.dt / tau))
        return np.asarray(self._slots("rate_trace") * kept * (1000.0 / tau), np.float32)

    @property
    def fired(self) -> Array:
        """Who fired in the last step, bool."""
        return self._read_only(self._slots("fired").view(np.bool_))

    @property
    def total_spikes(self) -> Array:
        """Spikes since birth."""
        return self._read_only(self._slots("total_spikes"))

    @property
    def last_spike_time(self) -> NDArray[np.float64]:
        """Time of the last spike, ms; -inf if there was none."""
        steps = self._slots("last_spike").astype(np.float64)
        return np.where(steps < 0, -np.inf, steps * self._brain.dt)

    @property
    def neuron_type(self) -> Array:
        """`NeuronType` values, shape (n_neurons,)."""
        return self._read_only(self._slots("neuron_type"))

    @property
    def pattern(self) -> Array:
        """`FiringPattern` values, shape (n_neurons,)."""
        return self._read_only(self._slots("pattern"))

    @property
    def neuron_alive(self) -> Array:
        """Which slots hold a living neuron, bool."""
        return self._read_only(self._slots("alive").view(np.bool_))

    @property
    def neuron_age(self) -> NDArray[np.float64]:
        """Time since birth, ms."""
        born = self._slots("born").astype(np.float64)
        return (self._brain.step_count - born) * self._brain.dt

    # -- input

    def _scalar_parameter(self, name: str) -> float:
        return float(self._brain._tables[name][self._index])

    @property
    def background(self) -> float:
        """Constant input current of every neuron, in the unit of the model. Can be assigned."""
        return self._scalar_parameter("background")

    @background.setter
    def background(self, value: float) -> None:
        checked = number(f"Region {self._name!r}: background", value)
        self._brain._tables["background"][self._index] = checked

    @property
    def noise(self) -> float:
        """White noise input: its standard deviation over 1 ms. The mean over dt has noise/sqrt(dt).

        Each neuron draws its own.
        """
        return self._scalar_parameter("noise")

    @noise.setter
    def noise(self, value: float) -> None:
        checked = number(f"Region {self._name!r}: noise", value, 0.0)
        self._brain._tables["noise"][self._index] = checked

    @property
    def theta_plus(self) -> float:
        """Step of the adaptive threshold at a spike; `Brain.homeostasis` has the default."""
        default = self._brain.homeostasis.theta_plus
        return default if self._theta_plus is None else self._theta_plus

    @theta_plus.setter
    def theta_plus(self, value: float) -> None:
        self._theta_plus = number(f"Region {self._name!r}: theta_plus", value, 0.0)
        self._brain._parameters_changed()

    @property
    def tau_theta(self) -> float:
        """Decay of the adaptive threshold, ms; by default 1 / `Brain.homeostasis.theta_leak`."""
        leak = self._brain.homeostasis.theta_leak
        return (
            (1.0 / leak if leak > 0 else math.inf) if self._tau_theta is None else self._tau_theta
        )

    @tau_theta.setter
    def tau_theta(self, value: float) -> None:
        where = f"Region {self._name!r}: tau_theta"
        self._tau_theta = number(where, value, 0.0, open_low=True)
        self._brain._parameters_changed()

    # -- building

    def add_neuron(
        self,
        ntype: NeuronType = NeuronType.EXCITATORY,
        pattern: FiringPattern | None = None,
    ) -> int:
        """Add one neuron, unconnected, in a dead neuron's slot if there is one. Returns its index.

        Raises `CapacityError` when the region is full.
        """
        if not isinstance(ntype, NeuronType):
            raise InvalidTypeError(
                f"Region {self._name!r}: add_neuron: ntype must be a NeuronType, not {ntype!r}"
            )
        if pattern is not None and not isinstance(pattern, FiringPattern):
            raise InvalidTypeError(
                f"Region {self._name!r}: add_neuron: pattern must be a FiringPattern, "
                f"not {pattern!r}"
            )
        if self.n_alive_neurons >= self.max_neurons:
            raise CapacityError(
                f"Region {self._name!r}: add_neuron: all {self.max_neurons} slots are taken "
                f"(max_neurons of Brain.add_region)"
            )
        return int(self._add_neurons(1, ntype, pattern)[0])

    def _add_neurons(
        self, n: int, ntype: NeuronType, pattern: FiringPattern | None = None
    ) -> NDArray[np.int64]:
        """Add neurons, in the slots of the dead first; there must be room. Returns the indices."""
        slots = self._free_slots(n)
        self._fill_slots(slots, ntype, pattern)
        return slots

    def _free_slots(self, n: int) -> NDArray[np.int64]:
        """Where the next neurons will be: slots of the dead, then new ones."""
        free = np.flatnonzero(~self.neuron_alive)[:n]
        return np.concatenate([free, self.n_neurons + np.arange(n - len(free))])

    def _fill_slots(
        self, slots: NDArray[np.int64], ntype: NeuronType, pattern: FiringPattern | None = None
    ) -> None:
        """Add neurons in slots, which are free; there must be room."""
        if not len(slots):
            return
        more = max(0, int(slots.max()) + 1 - self.n_neurons)
        self._brain._tables["region_count"][self._index] += more
        self._brain._neurons_changed()
        self._initialise(slots, ntype, pattern)

    def _initialise(
        self, slots: NDArray[np.int64], ntype: NeuronType, pattern: FiringPattern | None
    ) -> None:
        """Bring neurons to life at rest, with nothing left of whoever had the slots before."""
        tables, model = self._brain._tables, self._model
        ids = slots + self._first
        chosen = self._patterns[ntype] if pattern is None else pattern
        # A slice where it will do, which is much faster.
        together = int(ids[-1] - ids[0]) == len(ids) - 1
        where = slice(int(ids[0]), int(ids[-1]) + 1) if together else ids
        for field in NEURON_FIELDS:
            tables[field.name][..., where] = field.initial
        tables["alive"][ids] = 1
        tables["neuron_type"][ids] = ntype
        tables["pattern"][ids] = chosen
        tables["born"][ids] = self._brain.step_count
        values: dict[str, NDArray[np.float32]] = {}
        given, by_pattern = model.own_values(), type(model).pattern_parameters
        uniform = np.empty(len(ids), np.float32)
        tag = self._brain._next_tag()
        for k, name in enumerate(type(model).per_neuron()):
            centre = float(getattr(model, name))
            if name in by_pattern and name not in given:
                centre = chosen.parameters[by_pattern.index(name)]
            kernel("random.uniform_at")(
                ids, uniform, np.uint64(self._brain.seed), STREAM_PARAMETER, tag * 16 + k
            )
            spread = np.float32(self._variation) * (2 * uniform - 1)
            values[name] = (np.float32(centre) * (1 + spread)).astype(np.float32)
            tables["q"][k, ids] = values[name]
        for k, (name, start) in enumerate(model.initial_states(values).items()):
            if name == "v":
                tables["v"][ids] = start
            else:
                tables["x"][k - 1, ids] = start
        for projection in self._brain.projections:
            if self._name in (projection.source, projection.target):
                projection._forget_neurons(self._name, slots)

    def add_synapses(
        self,
        pre: ArrayLike,
        post: ArrayLike,
        weights: Values | None = None,
        delays_ms: Values = 1.0,
        nt: Neurotransmitter = Neurotransmitter.GLUTAMATE,
    ) -> int:
        """Add synapses to the region's own wiring; see `Projection.add_synapses`."""
        return self.wiring.add_synapses(pre, post, weights, delays_ms, nt)

    def add_one_synapse(
        self,
        pre: int,
        post: int,
        weight: float | None = None,
        delay_ms: float | None = None,
        nt: Neurotransmitter | None = None,
    ) -> int:
        """Add one synapse to the region's own wiring; by default of its neuron's transmitter."""
        where = f"Region {self._name!r}: add_one_synapse: pre"
        index = checked_indices(where, [pre], self.n_neurons)[0]
        inhibitory = self.neuron_type[index] == NeuronType.INHIBITORY
        default = Neurotransmitter.GABA if inhibitory else Neurotransmitter.GLUTAMATE
        return self.wiring.add_synapses(
            [pre],
            [post],
            weight,
            1.0 if delay_ms is None else delay_ms,
            default if nt is None else nt,
        )

    def add_lateral_inhibition(self, weight: float) -> int:
        """Let every excitatory neuron inhibit every other: winner-take-all competition.

        weight: magnitude of the GABA synapses (the interneurons between are left out). Raises
        `w_max` of the region's own wiring if it must. Returns the number of synapses.
        """
        where = f"Region {self._name!r}: add_lateral_inhibition: weight"
        magnitude = abs(number(where, weight))
        cells = np.flatnonzero(self.neuron_alive & (self.neuron_type == NeuronType.EXCITATORY))
        pre, post = np.repeat(cells, len(cells)), np.tile(cells, len(cells))
        keep = pre != post
        if self.wiring.w_max < magnitude:
            self.wiring.w_max = magnitude
        return self.add_synapses(pre[keep], post[keep], magnitude, 1.0, Neurotransmitter.GABA)

    def kill_neurons(self, indices: ArrayLike) -> int:
        """Kill neurons, with all their synapses in every projection. Returns how many died."""
        where = f"Region {self._name!r}: kill_neurons: indices"
        slots = checked_indices(where, indices, self.n_neurons)
        slots = np.unique(slots[self.neuron_alive[slots]])
        if not len(slots):
            return 0
        self._bury(slots)
        for projection in self._brain.projections:
            if self._name in (projection.source, projection.target):
                projection._amend(projection._dead_ends())
        return len(slots)

    def _bury(self, slots: NDArray[np.int64]) -> None:
        """Mark neurons as dead and clear what they leave behind, their synapses apart."""
        ids = slots + self._first
        tables = self._brain._tables
        for name in ("alive", "fired", "exc", "inh", "drive", "held", "rate_trace"):
            tables[name][ids] = 0
        for name in DENDRITE_STATES:
            tables[name][:, ids] = 0
        for projection in self._brain.projections:
            projection._forget_neurons(self._name, slots)
        self._brain.memory._forget_neurons(self._name, slots)
        self._brain._neurons_changed()

    def enable_morphology(
        self,
        template: str | Morphology = "pyramidal",
        *,
        dynamics: str = "passive",
        nmda: NMDA | None = None,
    ) -> None:
        """Give the neurons dendrites, on which all synapses onto the region are put.

        template: a name in `engram.morphology.TEMPLATES`, or a `Morphology` of your own. Which
        compartment a synapse sits on is drawn from its neurons' numbers, by membrane area or as its
        projection's `Projection.placement` says. dynamics: "passive" multiplies what the synapse
        delivers by the steady attenuation and adds the dendrite's delay; "compartments" gives each
        compartment a potential of its own (models with a `soma`: LIF, CurrentLIF, Izhikevich).
        nmda: receptors on the compartments that open with depolarisation, see `NMDA`. Can be called
        at any time, anew as well; "point" takes the dendrites away. Compartments start at rest.
        Raises `UnknownNameError`, `InvalidValueError`, `InvalidTypeError` before anything changes.
        """
        where = f"Region {self._name!r}: enable_morphology"
        tree = as_morphology(where, template)
        if dynamics not in DYNAMICS:
            raise InvalidValueError(
                f"{where}: dynamics must be one of {DYNAMICS}, not {dynamics!r}"
            )
        if nmda is not None and not isinstance(nmda, NMDA):
            raise InvalidTypeError(f"{where}: nmda must be an NMDA or None, not {nmda!r}")
        if nmda is not None and dynamics != "compartments":
            raise InvalidValueError(
                f"{where}: nmda needs dynamics='compartments': a passive dendrite has no potential "
                f"that receptors could open with"
            )
        model = type(self._model)
        if dynamics == "compartments" and model.soma is None:
            raise InvalidValueError(
                f"{where}: neurons of model {model.__name__} can't have compartments; LIF, "
                f"CurrentLIF and Izhikevich neurons can (or use dynamics='passive')"
            )
        new = Dendrites(tree, dynamics, nmda)
        incoming = [p for p in self._brain.projections if p.target == self._name]
        moved = [p._moved(self._dendrites, new) for p in incoming]
        tables = self._brain._tables
        self._dendrites = new
        others = [r._dendrites for r in self._brain.regions.values()]
        tables.resize(J=max(d.n_dynamic for d in others))
        for name in DENDRITE_STATES:
            tables[name][:, self._slice] = 0
        for projection, synapses in zip(incoming, moved, strict=True):
            projection._settle_on(synapses)
        self._brain._parameters_changed()

    @property
    def morphology(self) -> Morphology | None:
        """The dendrites of the region's neurons; None for point neurons."""
        return self._dendrites.tree if self._dendrites.tree.branches else None

    @property
    def dendrite_v(self) -> Array:
        """Potentials of the compartments, mV, shape (compartments, n_neurons); the soma first.

        A copy. Without ``dynamics="compartments"`` there is the soma only. The soma's row is taken
        after the reset of those that fired.
        """
        n = self._dendrites.n_dynamic
        if not n:
            return self.v[None].copy()
        above = self._brain._tables["dendrite_v"][:n, self._slice]
        return np.concatenate([self.v[None], above + self._model.rest(self._parameters())])

    def _parameters(self) -> dict[str, NDArray[np.float32]]:
        """The per-neuron parameters of the model."""
        return {name: self.state(name) for name in type(self._model).per_neuron()}
