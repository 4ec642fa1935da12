"""Settings of regions and pathways: plain records, which `Region` and `Projection` read."""

from __future__ import annotations

from dataclasses import dataclass, field

from engram.modulation import Modulation
from engram.morphology import Morphology
from engram.network.dendrites import Dendrites
from engram.neurons import FiringPattern, NeuronModel, RegionType
from engram.plasticity import PlasticityRule
from engram.synapses import ShortTermPlasticity


@dataclass(eq=False)
class RegionRecord:
    """What is set of a region and is no array.

    Parameters
    ----------
    index : int
        Its row in the tables of regions.
    name : str
        What it is called.
    region_type : RegionType
        What kind of region it is.
    model : NeuronModel
        The model of its neurons.
    patterns : tuple of (FiringPattern, FiringPattern)
        Of excitatory and of inhibitory neurons.
    variation : float
        Of the parameters that differ between neurons, relative.
    excitatory : float
        Share of the excitatory neurons.
    max_neurons : int
        How many slots for neurons it has.
    dendrites : Dendrites
        Where synapses sit on its neurons.
    theta_plus : float, optional
        Jump of a threshold at a spike. None: `Homeostasis` decides.
    tau_theta : float, optional
        Its decay, ms. None: `Homeostasis` decides.
    rate_warned : bool
        Whether a warning has said that its sources can't reach a rate.
    """

    index: int
    name: str
    region_type: RegionType
    model: NeuronModel
    patterns: tuple[FiringPattern, FiringPattern]
    variation: float
    excitatory: float
    max_neurons: int
    dendrites: Dendrites = field(default_factory=lambda: Dendrites(Morphology()))
    theta_plus: float | None = None
    tau_theta: float | None = None
    rate_warned: bool = False

    @property
    def where(self) -> str:
        """How errors call it."""
        return f"Region {self.name!r}"


@dataclass(eq=False)
class PathwayRecord:
    """What is set of a pathway and is no array.

    Parameters
    ----------
    index : int
        Its row in the tables of projections.
    source : str
        Name of the region it begins in.
    target : str
        Name of the region it ends in.
    rule : PlasticityRule, optional
        By which it learns. None: it does not.
    stp : ShortTermPlasticity, optional
        Short-term plasticity. None: it has none.
    modulation : Modulation, optional
        What its spikes release into the whole target. None: nothing.
    frozen : bool
        Whether its weights stay as they are.
    w_max_given : bool
        Whether `w_max` was set, or follows the weights.
    placement : str or dict of float, optional
        On which dendrites its synapses sit, see `Projection.placement`.
    """

    index: int
    source: str
    target: str
    rule: PlasticityRule | None = None
    stp: ShortTermPlasticity | None = None
    modulation: Modulation | None = None
    frozen: bool = False
    w_max_given: bool = False
    placement: str | dict[str, float] | None = None

    @property
    def label(self) -> str:
        """The target string of `Brain.reward`: ``region:<name>`` or ``proj:<source>-><target>``."""
        if self.source == self.target:
            return f"region:{self.source}"
        return f"proj:{self.source}->{self.target}"

    @property
    def where(self) -> str:
        """How errors call it."""
        return f"Projection {self.label}"

    @property
    def learns(self) -> bool:
        """Whether it has a rule and is not frozen itself."""
        return self.rule is not None and not self.frozen

    @property
    def n_traces(self) -> int | None:
        """How many presynaptic traces the rule has; None without a rule."""
        return None if self.rule is None else len(self.rule.pre_traces)
