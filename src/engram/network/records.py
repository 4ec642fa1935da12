"""Settings of regions and pathways: plain records, which `Region` and `Projection` read."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Self

from engram.errors import InvalidValueError
from engram.modulation import Modulation
from engram.morphology import Morphology
from engram.network.dendrites import Dendrites
from engram.neurons import FiringPattern, NeuronModel, RegionType
from engram.plasticity import PlasticityRule
from engram.synapses import ShortTermPlasticity

GONE = -1
"""The row of what was removed."""


class Record:
    """Base of the settings of a region or a pathway, which have a row of the tables until removed.

    Random numbers are told apart by `stream`, which stays when rows move up.
    """

    row: int
    stream: int

    @property
    def where(self) -> str:
        """How errors call it."""
        raise NotImplementedError

    @property
    def removed(self) -> bool:
        """Whether the brain has it no more."""
        return self.row == GONE

    def present(self) -> Self:
        """This record; `InvalidValueError` if the brain has it no more."""
        if self.row == GONE:
            raise InvalidValueError(f"{self.where} was removed from its brain")
        return self

    @property
    def index(self) -> int:
        """Its row in the tables; `InvalidValueError` if it was removed."""
        if self.row == GONE:
            raise InvalidValueError(f"{self.where} was removed from its brain")
        return self.row


@dataclass(eq=False)
class RegionRecord(Record):
    """What is set of a region and is no array.

    Parameters
    ----------
    row : int
        Its row in the tables of regions; `GONE` once it was removed.
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
    varying : tuple of str
        The parameters of the model that were given for each neuron.
    background : float, optional
        The mean of the backgrounds that were given for each neuron. None: all have the same.
    stream : int
        Tells its random numbers from those of other regions; its first row by default.
    """

    row: int
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
    varying: tuple[str, ...] = ()
    background: float | None = None
    stream: int = GONE

    def __post_init__(self) -> None:
        if self.stream == GONE:
            self.stream = self.row

    @property
    def where(self) -> str:
        """How errors call it."""
        return f"Region {self.name!r}"


UNNAMED = ""
"""Name of a further pathway of a region to itself that was given none; the own one has None."""


@dataclass(eq=False)
class PathwayRecord(Record):
    """What is set of a pathway and is no array.

    Parameters
    ----------
    row : int
        Its row in the tables of projections; `GONE` once it was removed.
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
    name : str, optional
        Tells several pathways between the same regions apart.
    stream : int
        Tells its random numbers from those of other pathways; its first row by default.
    """

    row: int
    source: str
    target: str
    rule: PlasticityRule | None = None
    stp: ShortTermPlasticity | None = None
    modulation: Modulation | None = None
    frozen: bool = False
    w_max_given: bool = False
    placement: str | dict[str, float] | None = None
    name: str | None = None
    stream: int = GONE

    def __post_init__(self) -> None:
        if self.stream == GONE:
            self.stream = self.row

    @property
    def own(self) -> bool:
        """Whether it is the own wiring of a region."""
        return self.source == self.target and self.name is None

    @property
    def label(self) -> str:
        """The target string of `Brain.reward`, see `label_of`."""
        return label_of(self.source, self.target, self.name)

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


def label_of(source: str, target: str, name: str | None) -> str:
    """The target string of `Brain.reward` for a pathway.

    Parameters
    ----------
    source : str
        Name of the region it begins in.
    target : str
        Name of the region it ends in.
    name : str or None
        Its own name.

    Returns
    -------
    str
        ``region:<name>`` for a region's own wiring, else ``proj:<source>-><target>`` or
        ``proj:<source>-><target>:<name>``.
    """
    if name is None and source == target:
        return f"region:{source}"
    return f"proj:{source}->{target}" + (f":{name}" if name else "")
