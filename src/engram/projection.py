"""Projection: a pathway of synapses between two regions, or within one."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from engram.distributions import Values
from engram.errors import InvalidValueError, integer, number
from engram.errors import indices as checked_indices
from engram.modulation import Modulation
from engram.morphology import Placement
from engram.network import assignments, efficacy, pathways, settings, short_term
from engram.network.ends import add_between
from engram.network.identities import identities
from engram.network.network import Network
from engram.network.records import PathwayRecord
from engram.network.shown import pathway_html
from engram.network.views import View
from engram.parameters import read_only
from engram.plasticity import PlasticityRule
from engram.state import layout
from engram.synapses import Neurotransmitter, ShortTermPlasticity

if TYPE_CHECKING:
    import scipy.sparse

Floats = NDArray[np.float32]
Ints = NDArray[np.int64]


class Projection(View):
    """The synapses from one region to another; a region's own wiring is its projection to itself.

    A view of the brain's state. The arrays have one entry per living synapse, in an order that
    holds until synapses are added or removed or delays change; they are copies. ``weight``,
    ``delay``, ``compartment`` and the scalar attributes can be assigned.

    Parameters
    ----------
    network : Network
        Where the state is.
    record : PathwayRecord
        Settings of the pathway. `Brain.connect_regions` makes both.

    Examples
    --------
    >>> from engram import Brain
    >>> brain = Brain(seed=1)
    >>> a, b = brain.add_region("a", n_neurons=3), brain.add_region("b", n_neurons=3)
    >>> path = brain.connect_regions("a", "b", wiring="one_to_one", source_type=None, weights=0.2)
    >>> path.weight = 0.1
    >>> path.pre.tolist(), path.post.tolist(), path.weight
    ([0, 1, 2], [0, 1, 2], array([0.1, 0.1, 0.1], dtype=float32))
    """

    _shown = staticmethod(pathway_html)

    def __init__(self, network: Network, record: PathwayRecord) -> None:
        self._network, self._settings = network, record

    @property
    def record(self) -> PathwayRecord:
        """The settings it is a view of."""
        return self._settings

    @property
    def _record(self) -> PathwayRecord:
        """The same, unless the projection was removed."""
        return self._settings.present()

    # -- what it is

    @property
    def source(self) -> str:
        """Name of the presynaptic region."""
        return self._settings.source

    @property
    def target(self) -> str:
        """Name of the postsynaptic region."""
        return self._settings.target

    @property
    def name(self) -> str | None:
        """What tells it from others between the same regions; None where nothing does."""
        return self._settings.name or None

    @property
    def label(self) -> str:
        """The target string of `Brain.reward`, as of `Brain.projection_target`."""
        return self._settings.label

    def __repr__(self) -> str:
        name = "" if self.name is None else f" ({self.name})"
        left = "removed" if self._settings.removed else f"{self.n_synapses} synapses"
        return f"<Projection {self.source} -> {self.target}{name}, {left}>"

    @property
    def _block(self) -> dict[str, NDArray[Any]]:
        return self._network.block(self._record)

    def _scalar(self, name: str) -> Any:
        return efficacy.scalar(self._network, self._record, name)

    # -- synapses

    @property
    def n_synapses(self) -> int:
        """The number of living synapses."""
        return len(self._block["post"])

    @property
    def shape(self) -> tuple[int, int]:
        """Neurons of the source and of the target."""
        regions, count = self._network.regions, self._network.count
        return count(regions[self.source]), count(regions[self.target])

    @property
    def identities(self) -> Ints:
        """What stays with each synapse for life: pre, post, delay, birth, number among twins.

        Shape (n_synapses, 5). See `engram.network.identities.places`.
        """
        return identities(self._network, self._record)

    @property
    @read_only
    def pre(self) -> Ints:
        """Presynaptic neurons, as indices into the source region, shape (n_synapses,)."""
        return pathways.pre_and_delay(self._network, self._record)[0]

    @property
    @read_only
    def post(self) -> Ints:
        """Postsynaptic neurons, as indices into the target region, shape (n_synapses,)."""
        return pathways.post(self._network, self._record)

    @property
    @read_only
    def delay(self) -> NDArray[np.float64]:
        """Delays, ms, shape (n_synapses,): of the axon and, with passive dendrites, of these.

        Assigning sets all, rounded to whole steps, one at least. A synapse whose delay changes is
        born anew: spikes on their way along it do not arrive. Synapses are in order of pre, delay
        and post, so that their order is another then; `set` tells where they are.
        """
        steps = pathways.pre_and_delay(self._network, self._record)[1]
        return np.asarray(steps * self._network.dt, np.float64)

    @delay.setter
    def delay(self, values: ArrayLike) -> None:
        self._give(np.arange(self.n_synapses), None, values, "")

    @property
    @read_only
    def nt(self) -> NDArray[np.uint8]:
        """Transmitters (`Neurotransmitter` values), shape (n_synapses,)."""
        return layout.column(self._block, "nt").copy()

    @property
    @read_only
    def age(self) -> NDArray[np.float64]:
        """Time since birth, ms, shape (n_synapses,); of those built with the brain, its age."""
        birth = np.maximum(layout.column(self._block, "birth"), 0)
        return np.asarray((self._network.step_count - birth) * self._network.dt, np.float64)

    @property
    @read_only
    def weight(self) -> Floats:
        """Weights now, shape (n_synapses,); negative where inhibitory.

        Current-based models: the jump of the synaptic current at the arrival of a spike (with
        tau_exc = 0, a charge of weight x 1 ms); conductance-based ones: that of the conductance
        relative to the leak. Assigning sets all; those outside [w_min, w_max] are refused.
        """
        return efficacy.weights(self._network, self._record)

    @weight.setter
    def weight(self, values: ArrayLike) -> None:
        self._give(np.arange(self.n_synapses), values, None, "")

    def set(
        self, indices: ArrayLike, weight: ArrayLike | None = None, delay: ArrayLike | None = None
    ) -> Ints:
        """Give some synapses other weights, delays, or both.

        Parameters
        ----------
        indices : array_like of shape (k,)
            Indices into the arrays, each once, or a mask of shape (n_synapses,).
        weight, delay : float or array_like of shape (k,), optional
            As of `weight` and `delay`.

        Returns
        -------
        array of shape (k,), int64
            Where these synapses stand now: with other delays the order is another.

        Raises
        ------
        InvalidTypeError, InvalidValueError, CapacityError
            A value is not valid, or an index comes twice.
        """
        where = f"Projection {self.label}: set"
        chosen = checked_indices(f"{where}: indices", indices, self.n_synapses)
        if len(np.unique(chosen)) < len(chosen):
            raise InvalidValueError(f"{where}: indices must not name a synapse twice")
        return self._give(chosen, weight, delay, "set: ")

    def _give(
        self, which: Ints, weight: ArrayLike | None, delay: ArrayLike | None, call: str
    ) -> Ints:
        network, record = self._network, self._record
        return assignments.given(
            network, record, f"Projection {self.label}: {call}", which, weight, delay
        )

    def settle(self) -> None:
        """Make lazily kept weights and eligibility explicit, as of now."""
        efficacy.settle(self._network, self._record)

    @property
    @read_only
    def eligibility(self) -> Floats:
        """Eligibility now, in units of weight, shape (n_synapses,); 0 without reward-modulation."""
        block = self._block
        if not len(block["eligibility"]):
            return np.zeros(self.n_synapses, np.float32)
        kept = 1.0 / float(self._scalar("eligibility_growth"))
        return (block["eligibility"] * np.float32(kept)).astype(np.float32)

    @property
    @read_only
    def resource(self) -> Floats:
        """Resources R a spike arriving now would find, shape (n_synapses,)."""
        return short_term.resource(self._network, self._record)

    @property
    @read_only
    def facilitation(self) -> Floats:
        """Facilitation u / U - 1 a spike arriving now would meet, shape (n_synapses,)."""
        return short_term.facilitation(self._network, self._record)

    def to_scipy(self) -> scipy.sparse.csr_array:
        """The weights as a sparse matrix.

        Synapses between the same pair add up. Needs scipy (`pip install ".[io]"`).

        Returns
        -------
        scipy.sparse.csr_array of shape (source neurons, target neurons)
            Signed weights.
        """
        from scipy import sparse

        return sparse.csr_array((self.weight, (self.pre, self.post)), shape=self.shape)

    def normalize(self, total: float, neurons: ArrayLike | None = None, *, norm: int = 1) -> None:
        """Scale incoming weights w of target neurons: ``(sum |w|^norm)^(1 / norm)`` = `total`.

        Bounds hold: with `w_max` in the way the sum stays below. Neurons whose incoming weights are
        all 0 stay as they are.

        Parameters
        ----------
        total : float
            What it is to be, above 0.
        neurons : array_like of shape (k,), optional
            Indices into the target region; None: all.
        norm : int
            1: magnitudes add up to `total`; 2: their squares to its square, as under Oja's rule.

        Raises
        ------
        InvalidTypeError, InvalidValueError
            A value is not valid, or neurons are given for a projection without a rule.

        References
        ----------
        .. [1] Oja 1982, doi:10.1007/BF00275687
        """
        where = f"Projection {self.label}: normalize"
        wanted = number(f"{where}: total", total, 0.0, open_low=True)
        integer(f"{where}: norm", norm, 1, 2)
        if neurons is not None:
            n = self._network.count(self._network.regions[self.target])
            chosen = checked_indices(f"{where}: neurons", neurons, n)
            if self.rule is None:
                raise InvalidValueError(
                    f"{where}: neurons can't be given for a projection without a rule, which does "
                    f"not keep what is needed to find their synapses"
                )
            efficacy.normalize_some(self._network, self._record, wanted, norm, chosen)
            return
        efficacy.normalize(self._network, self._record, wanted, norm)

    # -- adding and removing

    def add_synapses(
        self,
        pre: ArrayLike,
        post: ArrayLike,
        weights: Values | None = None,
        delays_ms: Values = 1.0,
        nt: Neurotransmitter = Neurotransmitter.GLUTAMATE,
    ) -> int:
        """Add synapses between neurons given by their indices in the two regions.

        They carry spikes fired from now on.

        Parameters
        ----------
        pre, post : array_like of shape (n,)
            Neurons of the source and of the target.
        weights : float, array_like of shape (n,) or Distribution, optional
            Magnitudes. None: the mean of those there are, or half of w_max.
        delays_ms : float, array_like of shape (n,) or Distribution
            Delays, ms, rounded to whole steps, at least one.
        nt : Neurotransmitter
            Of all of them.

        Returns
        -------
        int
            How many.

        Raises
        ------
        InvalidTypeError, InvalidValueError
            Neurons are dead, weights are outside the bounds, or a value is not valid.
        """
        where = f"Projection {self.label}: add_synapses"
        return add_between(self._network, self._record, where, pre, post, nt, weights, delays_ms)

    # -- dendrites

    @property
    @read_only
    def compartment(self) -> Ints:
        """Where on the target's dendrite each synapse sits, shape (n_synapses,); 0 is the soma.

        Indices into `Morphology.compartments` of the target region. Assigning them (one for all,
        or one each) moves the synapses; attenuation and delay follow.
        """
        column = self._block["compartment"]
        return column.astype(np.int64) if len(column) else np.zeros(self.n_synapses, np.int64)

    @compartment.setter
    def compartment(self, values: ArrayLike) -> None:
        settings.set_compartments(self._network, self._record, values)

    @property
    def placement(self) -> str | dict[str, float] | None:
        """Which branches of the target's dendrite synapses are put on; None: by membrane area.

        A label of branches ("soma" too), or a mapping of labels to weights; within them membrane
        area decides. Assigning moves the synapses there are and holds for those to come. Raises
        `UnknownNameError` for a label that the target's morphology lacks.
        """
        placement = self._record.placement
        return dict(placement) if isinstance(placement, dict) else placement

    @placement.setter
    def placement(self, placement: Placement) -> None:
        settings.set_placement(self._network, self._record, placement)

    def remove_synapses(self, which: ArrayLike) -> int:
        """Remove synapses.

        Parameters
        ----------
        which : array_like
            Indices into the arrays, or a mask of shape (n_synapses,).

        Returns
        -------
        int
            How many.
        """
        chosen = checked_indices(
            f"Projection {self.label}: remove_synapses: which", which, self.n_synapses
        )
        gone = np.unique(chosen).astype(np.int32)
        pathways.amend(self._network, self._record, gone)
        return len(gone)

    # -- plasticity

    @property
    def rule(self) -> PlasticityRule | None:
        """The learning rule; None for static synapses. Can be assigned (a rule or its name)."""
        return self._record.rule

    @rule.setter
    def rule(self, rule: PlasticityRule | str | None) -> None:
        settings.set_rule(self._network, self._record, rule)

    @property
    def modulation(self) -> Modulation | None:
        """What its spikes release into the target region; None: nothing. Can be assigned.

        `DopamineRelease`, `AcetylcholineRelease` or `SerotoninRelease`. The direct current of its
        synapses stays. Raises `InvalidValueError` if acetylcholine would gate a rule that can't be.
        """
        return self._record.modulation

    @modulation.setter
    def modulation(self, modulation: Modulation | None) -> None:
        settings.set_modulation(self._network, self._record, modulation)

    @property
    def level(self) -> float:
        """Level of the acetylcholine or serotonin that its spikes released; see `modulation`.

        Dopamine is that of the targets, see `Brain.dopamine`. Raises `InvalidValueError` for a
        projection that releases neither.
        """
        if self.modulation is None or not self.modulation.has_level:
            raise InvalidValueError(
                f"Projection {self.label}: level: it releases {self.modulation!r}; assign "
                f"Projection.modulation = AcetylcholineRelease() or SerotoninRelease() first"
            )
        return float(self._scalar("transmitter_level"))

    @property
    def stp(self) -> ShortTermPlasticity | None:
        """Short-term plasticity; None without. Can be assigned."""
        return self._record.stp

    @stp.setter
    def stp(self, stp: ShortTermPlasticity | None) -> None:
        settings.set_stp(self._network, self._record, stp)

    @property
    def frozen(self) -> bool:
        """Whether the projection's weights are kept as they are. Can be assigned."""
        return self._record.frozen

    @frozen.setter
    def frozen(self, value: bool) -> None:
        settings.set_frozen(self._network, self._record, value)

    def _ruled(self, name: str) -> PlasticityRule:
        rule = self.rule
        if rule is None or name not in rule.parameters():
            raise InvalidValueError(
                f"Projection {self.label}: rule {rule!r} has no {name}; assign "
                f"Projection.rule first"
            )
        return rule

    @property
    def A_plus(self) -> float:
        """The rule's A_plus. Can be assigned; `InvalidValueError` if the rule has none."""
        return float(self._ruled("A_plus").values()["A_plus"])

    @A_plus.setter
    def A_plus(self, value: float) -> None:
        self._ruled("A_plus").assign("A_plus", value)

    @property
    def A_minus(self) -> float:
        """The rule's A_minus. Can be assigned; `InvalidValueError` if the rule has none."""
        return float(self._ruled("A_minus").values()["A_minus"])

    @A_minus.setter
    def A_minus(self, value: float) -> None:
        self._ruled("A_minus").assign("A_minus", value)

    @property
    def w_min(self) -> float:
        """Least magnitude of a weight. Can be assigned: weights are brought within it."""
        return float(self._scalar("w_min"))

    @w_min.setter
    def w_min(self, value: float) -> None:
        settings.set_w_min(self._network, self._record, value)

    @property
    def w_max(self) -> float:
        """Greatest magnitude of a weight. Can be assigned: weights are brought within it."""
        return float(self._scalar("w_max"))

    @w_max.setter
    def w_max(self, value: float) -> None:
        settings.set_w_max(self._network, self._record, value)

    @property
    def dopamine(self) -> float:
        """Dopamine at these synapses now, tonic and phasic, 1/s (see `RewardSTDP`)."""
        return efficacy.dopamine(self._network, self._record)

    def reset_traces(self) -> None:
        """Clear eligibility and phasic dopamine; weights stay as they are now."""
        self.settle()
        self._block["eligibility"][:] = 0
        self._network.tables["dopamine"][self._record.index] = 0.0
