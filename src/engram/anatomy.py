"""The regions and projections of a brain, and how they are added."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from engram.distributions import Values
from engram.errors import InvalidTypeError, InvalidValueError, brief, unknown_name
from engram.mechanisms.critic import Critic
from engram.mechanisms.neuromodulation import Neuromodulation
from engram.modulation import Modulation
from engram.network import build, connect, own_wiring, removal
from engram.network.interrupts import carry_out, whole
from engram.network.network import Network, Process
from engram.network.senders import UNSET, Unset, types_of
from engram.network.turns import alone
from engram.network.wiring import Wiring
from engram.neurons import FiringPattern, Izhikevich, NeuronModel, NeuronType, RegionType
from engram.parameters import Guarded
from engram.plasticity import PlasticityRule
from engram.projection import Projection
from engram.region import Region
from engram.synapses import Neurotransmitter, ShortTermPlasticity


class Regions(Mapping[str, Region]):
    """Regions by name: a view that can only be read, and knows what was meant.

    Parameters
    ----------
    regions : dict of Region
        By name.
    """

    __slots__ = ("_regions",)

    def __init__(self, regions: dict[str, Region]) -> None:
        self._regions = regions

    def __getitem__(self, name: str) -> Region:
        try:
            return self._regions[name]
        except (KeyError, TypeError):
            raise unknown_name("Brain.regions", "region", name, self._regions) from None

    def __iter__(self) -> Iterator[str]:
        return iter(self._regions)

    def __len__(self) -> int:
        return len(self._regions)

    def __repr__(self) -> str:
        return repr(self._regions)


USUAL_CONNECTIVITY = own_wiring.Usual(own_wiring.CONNECTIVITY)


class Anatomy(Guarded):
    """Regions and projections of a `Brain`: views of its network.

    Parameters
    ----------
    network : Network
        The core, which mechanisms act on.
    """

    network: Network

    def __init__(self, network: Network) -> None:
        vars(self)["network"] = network
        self._regions: dict[str, Region] = {}
        self._projections: tuple[Projection, ...] = ()

    def _assign(self, name: str, value: Any) -> None:
        if name == "network":
            raise InvalidTypeError(
                f"{type(self).__name__}.network can't be {brief(value)}; a brain keeps its own "
                f"(Brain.copy makes a twin)"
            )
        carry_out(self.network, object.__setattr__, self, name, value)

    @property
    def regions(self) -> Mapping[str, Region]:
        """The regions by name, in the order they were added: a view that can only be read."""
        return Regions(self._regions)

    @property
    def projections(self) -> Sequence[Projection]:
        """All pathways, a region's own wiring included, in the order they were added."""
        return self._projections

    def look(self) -> None:
        """Make views of what has been added or is gone."""
        network = self.network
        # By identity: a region may have the name of one that was removed.
        regions = {id(view.record): view for view in self._regions.values()}
        pathways = {id(view.record): view for view in self._projections}
        self._regions = {
            name: regions.get(id(record)) or Region(network, record)
            for name, record in network.regions.items()
        }
        self._projections = tuple(
            pathways.get(id(record)) or Projection(network, record) for record in network.pathways
        )

    @whole
    def add_region(
        self,
        name: str,
        region_type: RegionType | str = "association",
        n_neurons: int = 50,
        connectivity: float = USUAL_CONNECTIVITY,
        max_neurons: int | None = None,
        *,
        model: NeuronModel | type[NeuronModel] | None = None,
        excitatory: float | None = None,
        patterns: tuple[FiringPattern, FiringPattern] | FiringPattern | None = None,
        variation: float = 0.05,
        background: Values = 0.0,
        noise: float | None = None,
        wiring: str = "random",
        in_degree: int | None = None,
        autapses: bool = False,
        weights: Values | None = None,
        inhibitory_weights: Values | None = None,
        delays: Values | None = None,
        w_max: float | None = None,
        rule: PlasticityRule | str | None = "default",
        stp: ShortTermPlasticity | None = None,
    ) -> Region:
        """Add a region and its own wiring.

        Parameters
        ----------
        name : str
            Without "->".
        region_type : RegionType or str
            What it is for; a name in any case will do.
        n_neurons : int
            At first.
        connectivity : float
            Probability that a neuron contacts another of the region; unless it is given, 0 for
            sources (`PoissonSource`, `Relay`), which stand for input from outside.
        max_neurons : int, optional
            Slots reserved for growth. None: max(1000, n_neurons).
        model : NeuronModel or type, optional
            None: `Izhikevich`. Its parameters are numbers, arrays of one for each neuron, or
            distributions.
        excitatory : float, optional
            Their share; they come first. None: 0.8, and 1 for sources.
        patterns : FiringPattern or tuple of two, optional
            Of the excitatory and the inhibitory neurons. None: those of the type.
        variation : float
            Parameters that a model declares as differing between neurons are drawn uniformly within
            +- this share, unless they are given for each.
        background : Values
            Input current: a number, one for each neuron, or a distribution; see `Region`.
        noise : float, optional
            See `Region`; by default 3 for Izhikevich neurons, else 0.
        wiring, in_degree, autapses, weights : str, int, bool, Values
            Of the region's own wiring, see `connect_regions`; autapses: from a neuron to itself.
        inhibitory_weights : Values, optional
            Magnitudes of the GABA synapses, which inhibitory neurons use.
        delays, w_max, rule, stp : Values, float, PlasticityRule or str, ShortTermPlasticity
            Of the region's own wiring, see `connect_regions`; delays in ms. With wiring "in_degree"
            every neuron gets `in_degree` sources in all, of both types. A matrix of weights has
            those of all neurons, inhibitory ones included.

        Returns
        -------
        Region
            The new one.

        Raises
        ------
        InvalidTypeError, InvalidValueError, CapacityError
            A value is not valid, or there are more neurons than slots.

        Examples
        --------
        >>> from engram import LIF, Brain, Normal
        >>> brain = Brain(seed=1)
        >>> eye = brain.add_region("eye", "sensory", n_neurons=30)
        >>> cortex = brain.add_region("cortex", n_neurons=100, model=LIF(v_th=Normal(-50.0, 1.0)))
        >>> list(brain.regions), cortex.n_excitatory
        (['eye', 'cortex'], 80)
        """
        chosen = Izhikevich if model is None else model
        within = Wiring(wiring, own_wiring.density_of(connectivity, chosen), in_degree, autapses)
        synapses = weights, inhibitory_weights, delays, w_max, rule, stp
        neurons = chosen, excitatory, patterns, variation, background, noise
        own = own_wiring.OwnWiring(within, *synapses)
        build.add_region(self.network, name, region_type, n_neurons, max_neurons, *neurons, own)
        self.look()
        return self._regions[name]

    @whole
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
        autapses: bool = False,
        weights: Values | None = None,
        delays: Values | None = None,
        source_type: NeuronType | Unset | None = UNSET,
        target_type: NeuronType | Unset | None = UNSET,
        source_neuron_type: NeuronType | Unset | None = UNSET,
        target_neuron_type: NeuronType | Unset | None = UNSET,
        w_min: float = 0.0,
        w_max: float | None = None,
        rule: PlasticityRule | str | None = "default",
        stp: ShortTermPlasticity | None = None,
        modulation: Modulation | bool | None = None,
        name: str | None = None,
    ) -> Projection:
        """Connect two regions, or one with itself by a further pathway.

        Parameters
        ----------
        source, target : str
            Names of the regions.
        density : float
            Probability of a synapse. With 0.0 `modulation` is all they do.
        bidirectional : bool
            Connect them the other way, too; the forward projection is returned.
        nt : Neurotransmitter
            Of the synapses.
        wiring : str
            "random" (every pair with probability `density`), "in_degree" (every target neuron gets
            `in_degree` sources), "all_to_all", "one_to_one", "all_but_one" (neuron k to all but the
            k-th target).
        in_degree, autapses : int, bool
            See `wiring`; autapses: from a region to itself, whether a neuron may contact itself.
        weights : float, array_like, sparse matrix or Distribution, optional
            Magnitudes: one for all, one per synapse (in order of pre, then post), or drawn. None:
            such that the target follows the source. A matrix, source x target (an array of two
            dimensions, or a sparse one of SciPy), says who contacts whom: what is 0 in a dense one,
            or not stored in a sparse one, is no synapse. Inhibitory weights may be negative.
        delays : float, array_like, sparse matrix or Distribution, optional
            Delays, ms, likewise. None: uniform in 1-5 ms. Of a matrix, each synapse gets its entry.
        source_type, target_type, source_neuron_type, target_neuron_type : NeuronType, optional
            The neurons that take part, by either name. None: all. By default excitatory neurons
            send, or those that a matrix of weights names, and all receive.
        w_min, w_max : float
            Bounds of magnitudes. w_max None: twice the largest initial weight.
        rule : PlasticityRule or str, optional
            "stdp", "reward_stdp" or another. None: static synapses. "default": "reward_stdp", and
            None in a brain without plasticity (see `Brain`).
        stp : ShortTermPlasticity, optional
            None: without.
        modulation : Modulation or bool, optional
            What the source's spikes release into the whole target, apart from the current of the
            synapses: `DopamineRelease`, `AcetylcholineRelease` or `SerotoninRelease`, as nt says;
            True: with default parameters; False: nothing; None: dopamine if nt is DOPAMINE and the
            source a region of type REWARD, else nothing.
        name : str, optional
            Tells several pathways between the same regions apart.

        Returns
        -------
        Projection
            The new one.

        Raises
        ------
        UnknownNameError, InvalidTypeError, InvalidValueError
            There is no such region, or a value is not valid.

        Examples
        --------
        >>> from engram import Brain, Uniform
        >>> brain = Brain(seed=1)
        >>> eye, cortex = brain.add_region("eye", "sensory"), brain.add_region("cortex")
        >>> path = brain.connect_regions(
        ...     "eye", "cortex", wiring="in_degree", in_degree=8, weights=Uniform(0.2, 0.6)
        ... )
        >>> path.n_synapses  # eight onto each of 50 neurons
        400
        """
        types = types_of(source_type, source_neuron_type, target_type, target_neuron_type)
        options = Wiring(wiring, density, in_degree, autapses)
        pattern = connect.Pattern(options, weights, delays, *types)
        ends = source, target, name, bidirectional, nt, pattern
        made = connect.connect(self.network, *ends, w_min, w_max, rule, stp, modulation)
        self.look()
        return self._projections[made[0].index]

    @whole
    def remove_region(self, name: str) -> None:
        """Remove a region, its neurons, and all projections that begin or end in it.

        The others live on as they would have without it: spikes on their way between them arrive,
        and each keeps its random numbers. What refers to it goes along: its stimulus, its rhythms,
        couplings and the gates they were, its memory traces, its critic, its inputs that last, its
        figures in `stats_history` (totals stay). Recorders stop recording it; what they have stays
        readable. Views of it raise `InvalidValueError`.

        Parameters
        ----------
        name : str
            Of the region.

        Raises
        ------
        UnknownNameError
            There is no such region.
        InvalidValueError
            A stimulus is being presented.
        """
        try:
            removal.remove_region(self.network, self.network.region("Brain.remove_region", name))
        finally:
            self.look()

    @whole
    def rename_region(self, old: str, new: str) -> None:
        """Give a region another name; nothing else changes, and spikes stay the same.

        Labels of projections follow, and so do recorders, critics and memory traces.

        Parameters
        ----------
        old, new : str
            The name it has, and the one it gets.

        Raises
        ------
        UnknownNameError
            There is no such region.
        InvalidValueError
            The new name is taken or none, or a stimulus is being presented.

        Examples
        --------
        >>> from engram import Brain
        >>> brain = Brain(seed=1)
        >>> a, b = brain.add_region("a"), brain.add_region("b")
        >>> path = brain.connect_regions("a", "b")
        >>> brain.rename_region("a", "eye")
        >>> path.label
        'proj:eye->b'
        """
        where = "Brain.rename_region"
        try:
            removal.rename_region(self.network, self.network.region(where, old), new)
        finally:
            self.look()

    @whole
    def remove_projection(self, projection: Projection) -> None:
        """Remove a projection with its synapses; spikes on their way along it do not arrive.

        Parameters
        ----------
        projection : Projection
            Of this brain, not a region's own wiring.

        Raises
        ------
        InvalidTypeError, InvalidValueError
            It is none, of another brain, removed already, or a region's own wiring; or a stimulus
            is being presented.
        """
        where = "Brain.remove_projection"
        if not isinstance(projection, Projection):
            raise InvalidTypeError(
                f"{where}: projection must be a Projection, not {brief(projection)}"
            )
        if projection.record not in self.network.pathways:
            raise InvalidValueError(f"{where}: {projection!r} is none of this brain")
        try:
            removal.remove_pathway(self.network, projection.record)
        finally:
            self.look()

    def get_projection(self, source: str, target: str, name: str | None = None) -> Projection:
        """The projection between two regions; a region's own wiring is its projection to itself.

        Parameters
        ----------
        source, target : str
            Names of the regions.
        name : str, optional
            The name it was given. None: none ("" for a further pathway of a region to itself that
            was given none).

        Returns
        -------
        Projection
            A view.

        Raises
        ------
        UnknownNameError
            There is none.

        Examples
        --------
        >>> from engram import Brain
        >>> brain = Brain(seed=1)
        >>> a, b = brain.add_region("a"), brain.add_region("b")
        >>> path = brain.connect_regions("a", "b", name="fast", delays=1.0)
        >>> brain.get_projection("a", "b", "fast") is path
        True
        """
        found = self.network.pathway("Brain.get_projection", source, target, name)
        return self._projections[found.index]

    @property
    def critics(self) -> dict[str, Critic]:
        """The critics (`add_critic`), by region."""
        return self.network.find(Neuromodulation).critics

    @alone
    def add_critic(self, region: str, targets: str | Sequence[str], **parameters: Any) -> Critic:
        """Let a region be a critic: its rate predicts rewards, its errors become dopamine.

        Parameters
        ----------
        region : str
            Name of the region, by which `Brain.critics` has it.
        targets : str or sequence of str
            As for `reward`, usually the projections onto the critic and onto the actor.
        **parameters : float or bool
            Of `Critic`, where the equations stand.

        Returns
        -------
        Critic
            The new one.

        Raises
        ------
        UnknownNameError, InvalidTypeError, InvalidValueError
            The region is a critic already, a target's rule is not modulated by dopamine, or a name
            or parameter is not valid.
        """
        return self.network.find(Neuromodulation).add_critic(region, targets, parameters)

    def add_process(self, process: Process) -> None:
        """Let a mechanism of one's own act on the brain from now on; see `Process`.

        Parameters
        ----------
        process : Process
            Of no brain yet.
        """
        self.network.add_process(process)
