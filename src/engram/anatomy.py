"""The regions and projections of a brain, and how they are added."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from engram.distributions import Values
from engram.errors import unknown_name
from engram.modulation import Modulation
from engram.network import build
from engram.network.interrupts import carry_out, whole
from engram.network.network import Network, Process
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

    @whole
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
        rule: PlasticityRule | str | None = "default",
        stp: ShortTermPlasticity | None = None,
    ) -> Region:
        """Add a region and its own wiring.

        Parameters
        ----------
        name : str
            Without "->".
        region_type : RegionType
            What it is for.
        n_neurons : int
            At first.
        connectivity : float
            Probability that a neuron contacts another of the region.
        max_neurons : int, optional
            Slots reserved for growth. None: max(1000, n_neurons).
        model : NeuronModel or type, optional
            None: `Izhikevich`.
        excitatory : float
            Their share; they come first.
        patterns : FiringPattern or tuple of two, optional
            Of the excitatory and the inhibitory neurons. None: those of the type.
        variation : float
            The per-neuron parameters are drawn uniformly within +- this share.
        background, noise : float
            Input current, see `Region`; noise is 3 for Izhikevich neurons, else 0 by default.
        wiring, in_degree, autapses, weights : str, int, bool, Values
            Of the region's own wiring, see `connect_regions`; autapses: from a neuron to itself.
        inhibitory_weights : Values, optional
            Magnitudes of the GABA synapses, which inhibitory neurons use.
        delays, w_max, rule, stp : Values, float, PlasticityRule or str, ShortTermPlasticity
            Of the region's own wiring, see `connect_regions`; delays in ms.

        Returns
        -------
        Region
            The new one.

        Raises
        ------
        InvalidTypeError, InvalidValueError, CapacityError
            A value is not valid, or there are more neurons than slots.
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
        weights: Values | None = None,
        delays: Values | None = None,
        source_type: NeuronType | None = NeuronType.EXCITATORY,
        target_type: NeuronType | None = None,
        w_min: float = 0.0,
        w_max: float | None = None,
        rule: PlasticityRule | str | None = "default",
        stp: ShortTermPlasticity | None = None,
        modulation: Modulation | bool | None = None,
    ) -> Projection:
        """Connect two regions.

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
        in_degree : int, optional
            See `wiring`.
        weights : float, array_like or Distribution, optional
            Magnitudes: one for all, one per synapse (in order of pre, then post), or drawn. None:
            such that the target follows the source.
        delays : float, array_like or Distribution, optional
            Delays, ms, likewise. None: uniform in 1-5 ms.
        source_type, target_type : NeuronType, optional
            The neurons that take part. None: all.
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

        Returns
        -------
        Projection
            The new one.

        Raises
        ------
        UnknownNameError, InvalidTypeError, InvalidValueError
            There is no such region, or a value is not valid.
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
        self.look()
        return self._projections[made[0].index]

    def get_projection(self, source: str, target: str) -> Projection:
        """The projection between two regions; a region's own wiring is its projection to itself.

        Parameters
        ----------
        source, target : str
            Names of the regions.

        Returns
        -------
        Projection
            A view.

        Raises
        ------
        UnknownNameError
            There is none.
        """
        found = self.network.pathway("Brain.get_projection", source, target)
        return self._projections[found.index]

    def add_process(self, process: Process) -> None:
        """Let a mechanism of one's own act on the brain from now on; see `Process`.

        Parameters
        ----------
        process : Process
            Of no brain yet.
        """
        self.network.add_process(process)
