"""Region: a population of neurons and its own wiring."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

from engram.distributions import Values
from engram.errors import indices as checked_indices
from engram.errors import integer, number
from engram.kernels.constants import MOST_INPUT
from engram.mechanisms.homeostasis import Homeostasis
from engram.morphology import NMDA, Morphology
from engram.network import build, individuals, own_wiring, population, settings
from engram.network.network import Network
from engram.network.records import RegionRecord
from engram.network.shown import region_html
from engram.network.views import View
from engram.neurons import FiringPattern, NeuronModel, NeuronType, RegionType
from engram.parameters import read_only
from engram.projection import Projection
from engram.state.tables import Array
from engram.synapses import Neurotransmitter

__all__ = ["Region", "RegionType"]


class Region(View):
    """A population of neurons. A view of the brain's state.

    The arrays ``v``, ``u``, ``a``, ``b``, ``c``, ``d``, ``theta`` and all other states and
    per-neuron parameters of the model can be written to; the rest can only be read. Each
    has one entry per neuron slot in use, shape (n_neurons,). Slots of dead neurons stay, with
    ``neuron_alive`` false, until a newborn takes them. Take the arrays anew after growth.

    Parameters
    ----------
    network : Network
        Where the state is.
    record : RegionRecord
        Settings of the region. `Brain.add_region` makes both.

    Examples
    --------
    >>> from engram import Brain
    >>> brain = Brain(seed=1)
    >>> cortex = brain.add_region("cortex", n_neurons=100)
    >>> cortex
    <Region 'cortex', ASSOCIATION, 100 neurons>
    >>> cortex.v[:10] = -80.0  # mV, of the first ten
    >>> cortex.kill_neurons([99]), cortex.n_alive_neurons, cortex.n_neurons
    (1, 99, 100)
    """

    _shown = staticmethod(region_html)

    def __init__(self, network: Network, record: RegionRecord) -> None:
        self._network, self._settings = network, record

    @property
    def record(self) -> RegionRecord:
        """The settings it is a view of."""
        return self._settings

    @property
    def _record(self) -> RegionRecord:
        """The same, unless the region was removed."""
        return self._settings.present()

    # -- what it is

    @property
    def name(self) -> str:
        """The region's name."""
        return self._settings.name

    @property
    def region_type(self) -> RegionType:
        """What the region is for."""
        return self._record.region_type

    @property
    def model(self) -> NeuronModel:
        """The neuron model; its parameters can be assigned, a number or one for each neuron.

        Those given for each can be read by `state`; here they read as their mean, which neurons
        get that are added later. A number for what a model declares as differing between neurons
        (Izhikevich's a, b, c and d) holds for those born later only.
        """
        return self._record.model

    @property
    def wiring(self) -> Projection:
        """The region's own wiring: its projection to itself."""
        where = f"{self._record.where}: wiring"
        return Projection(self._network, self._network.pathway(where, self.name, self.name))

    def __repr__(self) -> str:
        if self._settings.removed:
            return f"<Region {self.name!r}, removed>"
        return f"<Region {self.name!r}, {self.region_type.name}, {self.n_alive_neurons} neurons>"

    # -- sizes

    @property
    def dt(self) -> float:
        """Time step of its brain, ms."""
        return self._network.dt

    @property
    def step_count(self) -> int:
        """Steps its brain has done."""
        return self._network.step_count

    @property
    def n_neurons(self) -> int:
        """Neuron slots in use, those of dead neurons included: the length of the arrays."""
        return self._network.count(self._record)

    @property
    def max_neurons(self) -> int:
        """How many neurons the region can grow to."""
        return self._record.max_neurons

    @property
    def n_excitatory(self) -> int:
        """The number of living excitatory neurons."""
        return population.n_excitatory(self._network, self._record)

    @property
    def n_alive_neurons(self) -> int:
        """Living neurons."""
        return population.n_alive(self._network, self._record)

    @property
    def n_alive_synapses(self) -> int:
        """Synapses of the region's own wiring."""
        return self.wiring.n_synapses

    @property
    def mean_activity(self) -> float:
        """Mean firing rate of the living neurons over the last second or so, Hz."""
        return population.mean_activity(self._network, self._record)

    # -- arrays

    def _view(self, name: str) -> Array:
        """An array of neurons that can only be read."""
        view = self._network.slots(self._record, name).view()
        view.flags.writeable = False
        return view

    def state(self, name: str) -> Array:
        """A state variable or per-neuron parameter of the neuron model, by name.

        Parameters
        ----------
        name : str
            Of the variable; also "theta", "activity", "exc" and "inh".

        Returns
        -------
        array of shape (n_neurons,)
            A view that can be written to.

        Raises
        ------
        UnknownNameError
            There is no variable of that name.
        """
        return population.state(self._network, self._record, name)

    @property
    def v(self) -> Array:
        """Membrane potentials, mV."""
        return self.state("v")

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
    @read_only
    def activity(self) -> Array:
        """Running mean of each neuron's firing rate, Hz: exponential, over tau_activity = 1 s."""
        return population.activity(self._network, self._record)

    @property
    def fired(self) -> Array:
        """Who fired in the last step, bool."""
        return self._view("fired").view(np.bool_)

    @property
    def total_spikes(self) -> Array:
        """Spikes since birth."""
        return self._view("total_spikes")

    @property
    @read_only
    def last_spike_time(self) -> NDArray[np.float64]:
        """Time of the last spike, ms; -inf if there was none."""
        steps = self._view("last_spike").astype(np.float64)
        return np.where(steps < 0, -np.inf, steps * self._network.dt)

    @property
    def neuron_type(self) -> Array:
        """`NeuronType` values, shape (n_neurons,)."""
        return self._view("neuron_type")

    @property
    def pattern(self) -> Array:
        """`FiringPattern` values, shape (n_neurons,)."""
        return self._view("pattern")

    @property
    def neuron_alive(self) -> Array:
        """Which slots hold a living neuron, bool."""
        return self._view("alive").view(np.bool_)

    @property
    @read_only
    def neuron_age(self) -> NDArray[np.float64]:
        """Time since birth, ms."""
        born = self._view("born").astype(np.float64)
        return (self._network.step_count - born) * self._network.dt

    # -- input

    def _scalar_parameter(self, name: str) -> float:
        return float(self._network.tables[name][self._record.index])

    @property
    def background(self) -> float | Array:
        """Constant input current, in the unit of the model: one for all neurons, or one for each.

        Can be assigned, a distribution as well. An array can only be read.
        """
        return individuals.background(self._network, self._record)

    @background.setter
    def background(self, value: Values) -> None:
        individuals.set_background(self._network, self._record, value)

    @property
    def noise(self) -> float:
        """White noise, each neuron's own: standard deviation over 1 ms (over dt: / sqrt(dt))."""
        return self._scalar_parameter("noise")

    @noise.setter
    def noise(self, value: float) -> None:
        checked = number(f"{self._record.where}: noise", value, 0.0, MOST_INPUT)
        self._network.tables["noise"][self._record.index] = checked

    @property
    def theta_plus(self) -> float:
        """Step of the adaptive threshold at a spike; `Brain.homeostasis` has the default."""
        return self._network.find(Homeostasis).theta_plus_of(self._record)

    @theta_plus.setter
    def theta_plus(self, value: float) -> None:
        self._record.theta_plus = number(
            f"{self._record.where}: theta_plus", value, 0.0, MOST_INPUT
        )
        self._network.parameters_changed()

    @property
    def tau_theta(self) -> float:
        """Decay of the adaptive threshold, ms; by default 1 / `Brain.homeostasis.theta_leak`."""
        return self._network.find(Homeostasis).tau_theta_of(self._record)

    @tau_theta.setter
    def tau_theta(self, value: float) -> None:
        where = f"{self._record.where}: tau_theta"
        self._record.tau_theta = number(where, value, 0.0, open_low=True)
        self._network.parameters_changed()

    # -- building

    def add_neuron(
        self, ntype: NeuronType = NeuronType.EXCITATORY, pattern: FiringPattern | None = None
    ) -> int:
        """Add one neuron, unconnected, in a dead neuron's slot if there is one.

        Parameters
        ----------
        ntype : NeuronType
            Excitatory or inhibitory.
        pattern : FiringPattern, optional
            None: that of the region's neurons of the type.

        Returns
        -------
        int
            Its index.

        Raises
        ------
        InvalidTypeError
            The type or the pattern is something else.
        CapacityError
            The region is full.
        """
        where = f"{self._record.where}: add_neuron"
        return build.add_neuron(self._network, self._record, where, ntype, pattern)

    def add_synapses(
        self,
        pre: ArrayLike,
        post: ArrayLike,
        weights: Values | None = None,
        delays_ms: Values = 1.0,
        nt: Neurotransmitter = Neurotransmitter.GLUTAMATE,
    ) -> int:
        """Add synapses to the region's own wiring; see `Projection.add_synapses`.

        Parameters
        ----------
        pre, post : array_like of shape (n,)
            Neurons of the region.
        weights : float, array_like of shape (n,) or Distribution, optional
            Magnitudes.
        delays_ms : float, array_like of shape (n,) or Distribution
            Delays, ms.
        nt : Neurotransmitter
            Of all of them.

        Returns
        -------
        int
            How many.
        """
        return self.wiring.add_synapses(pre, post, weights, delays_ms, nt)

    def add_one_synapse(
        self,
        pre: int,
        post: int,
        weight: float | None = None,
        delay_ms: float | None = None,
        nt: Neurotransmitter | None = None,
    ) -> int:
        """Add one synapse to the region's own wiring.

        Parameters
        ----------
        pre, post : int
            Neurons of the region.
        weight : float, optional
            Magnitude. None: as for `Projection.add_synapses`.
        delay_ms : float, optional
            Delay, ms. None: 1 ms.
        nt : Neurotransmitter, optional
            None: GABA of an inhibitory neuron, else glutamate.

        Returns
        -------
        int
            How many: 1.
        """
        where = f"{self._record.where}: add_one_synapse"
        first, last = (
            integer(f"{where}: {name}", given, 0, self.n_neurons - 1)
            for name, given in (("pre", pre), ("post", post))
        )
        inhibitory = self.neuron_type[first] == NeuronType.INHIBITORY
        default = Neurotransmitter.GABA if inhibitory else Neurotransmitter.GLUTAMATE
        return self.wiring.add_synapses(
            [first],
            [last],
            weight,
            1.0 if delay_ms is None else delay_ms,
            default if nt is None else nt,
        )

    def add_lateral_inhibition(self, weight: float) -> int:
        """Let every excitatory neuron inhibit every other: winner-take-all competition.

        The interneurons between are left out. If `w_max` of the region's own wiring is below the
        magnitude, it is raised to it.

        Parameters
        ----------
        weight : float
            Magnitude of the GABA synapses; a sign is left out.

        Returns
        -------
        int
            The number of synapses.

        Raises
        ------
        InvalidTypeError, InvalidValueError, CapacityError
            The weight is not valid, or there is no room; `w_max` is as it was then.
        """
        return own_wiring.inhibit_laterally(self._network, self._record, weight)

    def kill_neurons(self, indices: ArrayLike) -> int:
        """Kill neurons, with all their synapses in every projection.

        Parameters
        ----------
        indices : array_like of shape (k,)
            Neurons of the region; who is dead already stays so.

        Returns
        -------
        int
            How many died.
        """
        where = f"{self._record.where}: kill_neurons: indices"
        slots = checked_indices(where, indices, self.n_neurons)
        slots = np.unique(slots[self.neuron_alive[slots]])
        if not len(slots):
            return 0
        population.kill(self._network, self._record, slots)
        return len(slots)

    def enable_morphology(
        self,
        template: str | Morphology = "pyramidal",
        *,
        dynamics: str = "passive",
        nmda: NMDA | None = None,
    ) -> None:
        """Give the neurons dendrites, on which all synapses onto the region are put.

        Which compartment a synapse sits on is drawn from its neurons' numbers, by membrane area or
        as its projection's `Projection.placement` says. Can be called at any time, anew as well.
        Compartments start at rest.

        Parameters
        ----------
        template : str or Morphology
            A name in `engram.morphology.TEMPLATES`, or a `Morphology` of your own; "point" takes
            the dendrites away.
        dynamics : str
            "passive" multiplies what the synapse delivers by the steady attenuation and adds the
            dendrite's delay; "compartments" gives each compartment a potential of its own (models
            with a `soma`: LIF, CurrentLIF, Izhikevich).
        nmda : NMDA, optional
            Receptors on the compartments that open with depolarisation.

        Raises
        ------
        UnknownNameError, InvalidValueError, InvalidTypeError
            Before anything changes.
        """
        settings.set_morphology(self._network, self._record, template, dynamics, nmda)

    @property
    def morphology(self) -> Morphology | None:
        """The dendrites of the region's neurons; None for point neurons."""
        tree = self._record.dendrites.tree
        return tree if tree.branches else None

    @property
    @read_only
    def dendrite_v(self) -> Array:
        """Potentials of the compartments, mV, shape (compartments, n_neurons); the soma first.

        A copy. Without ``dynamics="compartments"`` there is the soma only. The soma's row is taken
        after the reset of those that fired.
        """
        n, network = self._record.dendrites.n_dynamic, self._network
        if not n:
            return self.v[None].copy()
        above = network.tables["dendrite_v"][:n, network.slice(self._record)]
        return np.concatenate([self.v[None], above + population.rest(network, self._record)])
