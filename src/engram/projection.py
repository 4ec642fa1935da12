"""Projection: a pathway of synapses between two regions, or within one."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from engram import defaults
from engram.distributions import Distribution, Values, draw
from engram.errors import (
    InvalidTypeError,
    InvalidValueError,
    as_array,
    indices,
    integer,
    number,
    vector,
)
from engram.kernels.calls import call, kernel
from engram.kernels.constants import STREAM_DELAY, STREAM_WEIGHT
from engram.modulation import AcetylcholineRelease, DopamineRelease, Modulation, as_modulation
from engram.morphology import Dendrites, Placement
from engram.plasticity import PlasticityRule, as_rule
from engram.preparation import check_gate, is_plastic, rule_arguments
from engram.state import layout
from engram.synapses import Neurotransmitter, ShortTermPlasticity

if TYPE_CHECKING:
    import scipy.sparse

    from engram.brain import Brain

MAX_DELAY_STEPS = 65535
_NOBODY = np.zeros(0, np.int32)
_NONE: layout.Synapses = {
    "pre": _NOBODY, "post": _NOBODY, "delay": np.zeros(0, np.uint16),
}  # fmt: skip
_GAINS = np.array([t.gain for t in Neurotransmitter], np.float32)

Floats = NDArray[np.float32]
Ints = NDArray[np.int64]


class Projection:
    """The synapses from one region to another; a region's own wiring is its projection to itself.

    A view of the brain's state. The arrays have one entry per living synapse, in an order that
    holds until synapses are added or removed; they are copies, except that ``weight`` and the
    scalar attributes can be assigned.
    """

    def __init__(self, brain: Brain, index: int, source: str, target: str) -> None:
        self._brain = brain
        self._index = index
        self._source, self._target = source, target
        self._rule: PlasticityRule | None = None
        self._stp: ShortTermPlasticity | None = None
        self._modulation: Modulation | None = None
        self._frozen = False
        self._w_max_given = False
        self._placement: str | dict[str, float] | None = None

    # -- what it is

    @property
    def source(self) -> str:
        """Name of the presynaptic region."""
        return self._source

    @property
    def target(self) -> str:
        """Name of the postsynaptic region."""
        return self._target

    @property
    def label(self) -> str:
        """The target string of `Brain.reward`: ``region:<name>`` or ``proj:<source>-><target>``."""
        if self._source == self._target:
            return f"region:{self._source}"
        return f"proj:{self._source}->{self._target}"

    def __repr__(self) -> str:
        return f"<Projection {self._source} -> {self._target}, {self.n_synapses} synapses>"

    @property
    def _block(self) -> dict[str, NDArray[Any]]:
        return self._brain._tables.blocks[self._index]

    def _scalar(self, name: str) -> Any:
        return self._brain._tables[name][self._index]

    # -- synapses

    @property
    def n_synapses(self) -> int:
        """The number of living synapses."""
        return len(self._block["post"])

    def _pre_delay(self) -> tuple[Ints, Ints]:
        synapses = layout.read_out(self._brain._tables, self._index)
        first = layout.bounds(self._brain._tables, self._index)[0]
        return synapses["pre"].astype(np.int64) - first, synapses["delay"].astype(np.int64)

    @property
    def pre(self) -> Ints:
        """Presynaptic neurons, as indices into the source region, shape (n_synapses,)."""
        return self._pre_delay()[0]

    @property
    def post(self) -> Ints:
        """Postsynaptic neurons, as indices into the target region, shape (n_synapses,)."""
        first = layout.bounds(self._brain._tables, self._index)[2]
        return self._block["post"].astype(np.int64) - first

    @property
    def delay(self) -> NDArray[np.float64]:
        """Delays, ms, shape (n_synapses,): of the axon and, with passive dendrites, of these."""
        return np.asarray(self._pre_delay()[1] * self._brain.dt, np.float64)

    @property
    def nt(self) -> NDArray[np.uint8]:
        """Transmitters (`Neurotransmitter` values), shape (n_synapses,)."""
        return self._block["nt"].copy()

    @property
    def age(self) -> NDArray[np.float64]:
        """Time since birth, ms, shape (n_synapses,); of those built with the brain, its age."""
        birth = np.maximum(self._block["birth"], 0)
        return np.asarray((self._brain.step_count - birth) * self._brain.dt, np.float64)

    @property
    def weight(self) -> Floats:
        """Weights now, shape (n_synapses,); negative where inhibitory.

        Current-based models: the jump of the synaptic current at the arrival of a spike (with
        tau_exc = 0, a charge of weight x 1 ms); conductance-based ones: that of the conductance
        relative to the leak. Assigning sets all, kept within the bounds.
        """
        sign = layout.signs(self._block["nt"])
        return np.asarray(sign * self._magnitude(), np.float32)

    @weight.setter
    def weight(self, values: ArrayLike) -> None:
        where = f"Projection {self.label}: weight"
        array = as_array(where, values)
        if array.ndim == 0:
            array = np.full(self.n_synapses, number(where, array.item()))
        new = vector(where, array, length=self.n_synapses)
        self._set_magnitude(layout.signs(self._block["nt"]) * new)

    def _magnitude(self) -> Floats:
        block = self._block
        magnitude = layout.signs(block["nt"]) * block["weight"]
        if len(block["eligibility"]):
            magnitude = magnitude + block["eligibility"] * np.float32(
                self._scalar("dopamine_integral")
            )
        return np.asarray(np.clip(magnitude, self.w_min, self.w_max), np.float32)

    def _set_magnitude(self, magnitude: NDArray[Any]) -> None:
        self.settle()
        kept = np.clip(magnitude, self.w_min, self.w_max).astype(np.float32)
        self._block["weight"][:] = layout.signs(self._block["nt"]) * kept

    def settle(self) -> None:
        """Make lazily kept weights and eligibility explicit, as of now."""
        if self._rule is None or not self._rule.modulated:
            return
        tables, p = self._brain._tables, self._index
        call(
            "plasticity.rebase_eligibility",
            self._block,
            low=tables["w_min"][p],
            high=tables["w_max"][p],
            integral=np.float32(tables["dopamine_integral"][p]),
            kept=np.float32(1.0 / tables["eligibility_growth"][p]),
        )
        tables["dopamine_integral"][p] = 0.0
        tables["eligibility_growth"][p] = 1.0

    @property
    def eligibility(self) -> Floats:
        """Eligibility now, in units of weight, shape (n_synapses,); 0 without reward-modulation."""
        block = self._block
        if not len(block["eligibility"]):
            return np.zeros(self.n_synapses, np.float32)
        kept = 1.0 / float(self._scalar("eligibility_growth"))
        return (block["eligibility"] * np.float32(kept)).astype(np.float32)

    def _since_release(self) -> tuple[NDArray[np.float64], NDArray[np.bool_]]:
        tables = self._brain._tables
        synapses = layout.read_out(tables, self._index)
        arrived = tables["last_spike"][synapses["pre"]].astype(np.int64) + synapses["delay"]
        now = self._brain.step_count
        # The latest spike may still be under way; the one before it is then the last release.
        waiting = arrived >= now
        if waiting.any():
            arrived[waiting] = call(
                "history.last_arrival",
                tables.arrays,
                pre=synapses["pre"][waiting],
                delay=synapses["delay"][waiting],
                now=now,
            )
        return np.asarray((now - arrived) * self._brain.dt, np.float64), arrived >= 0

    @property
    def resource(self) -> Floats:
        """Resources R a spike arriving now would find, shape (n_synapses,)."""
        if not len(self._block["resource"]):
            return np.ones(self.n_synapses, np.float32)
        gap, released = self._since_release()
        kept = np.where(released, np.exp(-gap / float(self._scalar("stp_tau_rec"))), 0.0)
        return (1.0 - (1.0 - self._block["resource"]) * kept).astype(np.float32)

    @property
    def facilitation(self) -> Floats:
        """Facilitation u / U - 1 a spike arriving now would meet, shape (n_synapses,)."""
        if not len(self._block["facilitation"]):
            return np.zeros(self.n_synapses, np.float32)
        gap, released = self._since_release()
        tau = float(self._scalar("stp_tau_facil"))
        kept = np.where(released & (tau > 0), np.exp(-gap / max(tau, 1e-9)), 0.0)
        U = float(self._scalar("stp_U"))
        return ((1.0 - U) * (1.0 + self._block["facilitation"]) * kept).astype(np.float32)

    def to_scipy(self) -> scipy.sparse.csr_array:
        """The weights as a sparse matrix of shape (source neurons, target neurons).

        Synapses between the same pair add up. Needs scipy (`pip install engram[io]`).
        """
        from scipy import sparse

        shape = (
            self._brain.regions[self._source].n_neurons,
            self._brain.regions[self._target].n_neurons,
        )
        return sparse.csr_array((self.weight, (self.pre, self.post)), shape=shape)

    def normalize(self, total: float, neurons: ArrayLike | None = None, *, norm: int = 1) -> None:
        """Scale target neurons' incoming weights w so that (sum |w|^norm)^(1 / norm) is `total`.

        neurons: indices into the target region; None: all. norm: 1, magnitudes add up to `total`;
        2, their squares to its square, as under Oja's (1982) rule. Bounds hold: with `w_max` in the
        way the sum stays below. Neurons whose incoming weights are all 0 stay as they are.
        doi:10.1007/BF00275687
        """
        where = f"Projection {self.label}: normalize"
        wanted = number(f"{where}: total", total, 0.0, open_low=True)
        integer(f"{where}: norm", norm, 1, 2)
        if neurons is not None:
            n = self._brain.regions[self._target].n_neurons
            self._normalize_some(wanted, indices(f"{where}: neurons", neurons, n), norm)
            return
        magnitude = self._magnitude()
        first, n_post = layout.bounds(self._brain._tables, self._index)[2:]
        sums = np.zeros(n_post, np.float64)
        kernel("wiring.sum_incoming")(self._block["post"], magnitude**norm, first, sums)
        length = sums ** (1 / norm)
        factor = np.divide(wanted, length, out=np.ones_like(sums), where=sums > 0)
        self._set_magnitude(magnitude * factor[self._block["post"] - first])

    def _normalize_some(self, total: float, neurons: Ints, norm: int) -> None:
        if self._rule is None:
            raise InvalidValueError(
                f"Projection {self.label}: normalize: neurons can't be given for a projection "
                f"without a rule, which does not keep what is needed to find their synapses"
            )
        self.settle()
        block = self._block
        call(
            "wiring.normalize_incoming",
            block,
            neurons=neurons,
            total=total,
            norm=norm,
            low=np.float32(self.w_min),
            high=np.float32(self.w_max),
        )

    def _scale_incoming(self, factor: Floats, silent: NDArray[np.bool_]) -> None:
        """Multiply excitatory weights by a factor of their postsynaptic neuron."""
        self.settle()
        block, p, tables = self._block, self._index, self._brain._tables
        first = layout.bounds(tables, p)[2]
        call(
            "wiring.scale_incoming",
            block,
            first_post=first,
            factor=factor,
            silent=silent,
            low=tables["w_min"][p],
            high=tables["w_max"][p],
        )

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

        weights: magnitudes (default: the mean of those there are, or half of w_max); delays_ms are
        rounded to whole steps, at least one. They carry spikes fired from now on. Returns how many.
        Raises `InvalidValueError` for dead neurons and for weights outside the bounds.
        """
        where = f"Projection {self.label}: add_synapses"
        tables, p = self._brain._tables, self._index
        source, target = self._brain.regions[self._source], self._brain.regions[self._target]
        pre_ = indices(f"{where}: pre", pre, source.n_neurons)
        post_ = indices(f"{where}: post", post, target.n_neurons)
        if len(pre_) != len(post_):
            raise InvalidValueError(
                f"{where}: pre and post must be as long, not {len(pre_)} and {len(post_)}"
            )
        for name, region, chosen in (("pre", source, pre_), ("post", target, post_)):
            if not region.neuron_alive[chosen].all():
                raise InvalidValueError(f"{where}: {name} names a dead neuron of {region.name!r}")
        if not isinstance(nt, Neurotransmitter):
            raise InvalidTypeError(f"{where}: nt must be a Neurotransmitter, not {nt!r}")
        if weights is None:
            present = self._magnitude()
            # In single precision, the mean of equal numbers may be larger than each of them.
            mean = float(present.mean(dtype=np.float64)) if len(present) else 0.5 * self.w_max
            weights = min(max(mean, self.w_min), self.w_max)
        first_pre, _, first_post, _ = layout.bounds(tables, p)
        self._add(
            where, (pre_ + first_pre).astype(np.int32), (post_ + first_post).astype(np.int32), nt,
            weights, delays_ms, birth=self._brain.step_count,
        )  # fmt: skip
        return len(pre_)

    def _add(
        self,
        where: str,
        pre: NDArray[np.int32],
        post: NDArray[np.int32],
        nt: Neurotransmitter,
        weights: Values,
        delays_ms: Values | None,
        birth: int,
    ) -> None:
        """Draw weights and delays for synapses between neuron slots, and lay them out.

        Unless `w_max` was set, it makes room for twice the largest weight.
        """
        brain, p = self._brain, self._index
        n = len(pre)
        if not n:
            return
        tag = brain._tag + 1
        magnitude = draw(f"{where}: weights", weights, n, brain.seed, STREAM_WEIGHT, tag)
        if isinstance(weights, Distribution):
            magnitude = np.maximum(magnitude, np.float32(0))
        elif nt.sign < 0:
            magnitude = np.abs(magnitude)
        elif magnitude.min() < 0:
            raise InvalidValueError(
                f"{where}: weights of excitatory synapses must not be negative; one is "
                f"{magnitude.min():g} (use nt=Neurotransmitter.GABA for inhibition)"
            )
        ms = draw(
            f"{where}: delays", defaults.DELAYS if delays_ms is None else delays_ms, n, brain.seed,
            STREAM_DELAY, tag,
        )  # fmt: skip
        if isinstance(delays_ms, Distribution):
            ms = np.maximum(ms, np.float32(0))
        axonal = np.maximum(np.rint(ms / brain.dt), 1).astype(np.int64)
        births = np.full(n, birth, np.int32)
        dendrites = brain.regions[self._target]._dendrites
        compartment = self._choose(dendrites, pre, post, axonal, births)
        steps = axonal + dendrites.lag(brain.dt)[compartment]
        if ms.min() < 0 or steps.max() > MAX_DELAY_STEPS:
            raise InvalidValueError(
                f"{where}: delays must be in [0, {MAX_DELAY_STEPS * brain.dt:g}] ms, dendrites "
                f"included; they run from {ms.min():g} to {ms.max():g}"
            )
        largest = float(magnitude.max())
        if self._w_max_given and largest > self.w_max:
            raise InvalidValueError(
                f"{where}: weights reach {largest:g}, above w_max = {self.w_max:g}; raise w_max"
            )
        least = float(magnitude.min())
        if least < self.w_min:
            raise InvalidValueError(
                f"{where}: weights go down to {least:g}, below w_min = {self.w_min:g}; lower w_min"
            )
        brain._tag = tag
        if not self._w_max_given and 2.0 * largest > (self.w_max if self.n_synapses else 0.0):
            brain._tables["w_max"][p] = 2.0 * largest if largest > 0 else 1.0
        kinds = np.full(n, nt, np.uint8)
        self._amend(_NOBODY, self._newborn(pre, post, steps, compartment, magnitude, kinds, birth))

    def _newborn(
        self,
        pre: NDArray[np.int32],
        post: NDArray[np.int32],
        steps: NDArray[Any],
        compartment: NDArray[np.uint16],
        magnitude: Floats,
        nt: NDArray[np.uint8],
        birth: int,
    ) -> layout.Synapses:
        """Synapses between neuron slots; steps: their delays, the dendrite's share included."""
        n = len(pre)
        gain = self._brain.regions[self._target]._dendrites.gain[compartment]
        return {
            "pre": pre,
            "post": post,
            "delay": steps.astype(np.uint16),
            "weight": layout.signs(nt) * magnitude,
            "nt": nt,
            "birth": np.full(n, birth, np.int32),
            "synapse_gain": _GAINS[nt] * gain,
            "compartment": compartment,
        }

    def _amend(self, gone: NDArray[np.int32], new: layout.Synapses | None = None) -> None:
        """Remove synapses, by their sorted indices, and add new ones."""
        block, n = self._block, self.n_synapses
        added = 0 if new is None else len(new["pre"])
        if not len(gone) and not added:
            return
        has_gains = len(block["synapse_gain"]) > 0
        alike = (
            new is None or has_gains or bool((new["synapse_gain"] == self._scalar("gain")).all())
        )
        if n and n - len(gone) + added and alike:
            layout.amend(
                self._brain._tables, self._index, gone, _NONE if new is None else new,
                traces=self._traces,
            )  # fmt: skip
            self._brain._synapses_changed()
            return
        old = layout.read_out(self._brain._tables, self._index)
        if n and "synapse_gain" not in old:
            old["synapse_gain"] = np.full(n, self._scalar("gain"), np.float32)
        keep = np.ones(n, np.bool_)
        keep[gone] = False
        kept = layout.selected(old, keep)
        self._lay_out(kept if new is None else layout.joined(kept, new) if n else new)

    # -- dendrites

    def _sprouts(
        self,
        pre: NDArray[np.int32],
        post: NDArray[np.int32],
        steps: Ints,
        magnitude: Floats,
        nt: NDArray[np.uint8],
    ) -> layout.Synapses:
        """Synapses born now with delays like others' (steps), placed on the target's dendrite.

        A delay is at least the dendrite's share and one step for the axon.
        """
        birth = self._brain.step_count
        dendrites = self._brain.regions[self._target]._dendrites
        compartment = self._choose(dendrites, pre, post, steps, np.full(len(pre), birth, np.int32))
        steps = np.maximum(steps, 1 + dendrites.lag(self._brain.dt)[compartment])
        return self._newborn(pre, post, steps, compartment, magnitude, nt, birth)

    @property
    def compartment(self) -> Ints:
        """Where on the target's dendrite each synapse sits, shape (n_synapses,); 0 is the soma.

        Indices into `Morphology.compartments` of the target region. Assigning them (one for all,
        or one each) moves the synapses; attenuation and delay follow.
        """
        column = self._block["compartment"]
        return column.astype(np.int64) if len(column) else np.zeros(self.n_synapses, np.int64)

    @compartment.setter
    def compartment(self, values: ArrayLike) -> None:
        where = f"Projection {self.label}: compartment"
        dendrites = self._brain.regions[self._target]._dendrites
        given = np.atleast_1d(as_array(where, values))
        if given.dtype.kind not in "iu" or given.ndim != 1:
            raise InvalidTypeError(f"{where} must be a whole number, or one for each synapse")
        if len(given) not in (1, self.n_synapses):
            raise InvalidValueError(
                f"{where} must have {self.n_synapses} entries, not {len(given)}"
            )
        chosen = indices(where, given, len(dendrites.tree.compartments))
        places = np.broadcast_to(chosen, self.n_synapses).astype(np.uint16)
        self._settle_on(self._moved(dendrites, dendrites, places))

    @property
    def placement(self) -> str | dict[str, float] | None:
        """Which branches of the target's dendrite synapses are put on; None: by membrane area.

        A label of branches ("soma" too), or a mapping of labels to weights; within them membrane
        area decides. Assigning moves the synapses there are and holds for those to come. Raises
        `UnknownNameError` for a label that the target's morphology lacks.
        """
        return dict(self._placement) if isinstance(self._placement, dict) else self._placement

    @placement.setter
    def placement(self, placement: Placement) -> None:
        where = f"Projection {self.label}: placement"
        dendrites = self._brain.regions[self._target]._dendrites
        dendrites.tree.shares(where, placement)
        if placement is None or isinstance(placement, str):
            self._placement = placement
        else:
            self._placement = {label: float(share) for label, share in placement.items()}
        self._settle_on(self._moved(dendrites, dendrites))

    def _choose(
        self,
        dendrites: Dendrites,
        pre: NDArray[np.int32],
        post: NDArray[np.int32],
        axonal: Ints,
        birth: NDArray[np.int32],
    ) -> NDArray[np.uint16]:
        """The compartments of synapses with these neurons, axonal delays (steps) and births."""
        out = np.zeros(len(pre), np.uint16)
        if dendrites.tree.branches:
            where = f"Projection {self.label}: placement"
            cumulative = np.cumsum(dendrites.tree.shares(where, self._placement))
            call(
                "placement.choose_compartments",
                pre=pre,
                post=post,
                delay=axonal,
                birth=birth,
                seed=np.uint64(self._brain.seed),
                cumulative=cumulative,
                out=out,
            )
        return out

    def _moved(
        self, old: Dendrites, new: Dendrites, chosen: NDArray[np.uint16] | None = None
    ) -> layout.Synapses:
        """The synapses as they are on other dendrites, or at other places.

        A synapse whose delay changes is made anew: it carries spikes from now on, since those under
        way would arrive twice or never.
        """
        brain = self._brain
        synapses = layout.read_out(brain._tables, self._index)
        here = synapses.get("compartment", np.zeros(self.n_synapses, np.uint16))
        before = synapses["delay"].astype(np.int64)
        axonal = before - old.lag(brain.dt)[here]
        if chosen is None:
            chosen = self._choose(new, synapses["pre"], synapses["post"], axonal, synapses["birth"])
        steps = axonal + new.lag(brain.dt)[chosen]
        if steps.max(initial=0) > MAX_DELAY_STEPS:
            raise InvalidValueError(
                f"Projection {self.label}: with its dendrites' share a delay reaches "
                f"{steps.max() * brain.dt:g} ms, above {MAX_DELAY_STEPS * brain.dt:g}"
            )
        birth = synapses["birth"]
        if brain.step_count:
            birth = np.where(steps == before, birth, np.int32(brain.step_count))
        return {
            **synapses,
            "delay": steps.astype(np.uint16),
            "birth": birth,
            "compartment": chosen,
            "synapse_gain": _GAINS[synapses["nt"]] * new.gain[chosen],
        }

    def _settle_on(self, synapses: layout.Synapses) -> None:
        if self.n_synapses:
            self._lay_out(synapses)

    def remove_synapses(self, which: ArrayLike) -> int:
        """Remove synapses, by indices into the arrays or a mask. Returns how many."""
        chosen = indices(f"Projection {self.label}: remove_synapses: which", which, self.n_synapses)
        gone = np.unique(chosen).astype(np.int32)
        self._amend(gone)
        return len(gone)

    def _dead_ends(self) -> NDArray[np.int32]:
        """The synapses of neurons that have just died."""
        tables, p = self._brain._tables, self._index
        return np.asarray(
            kernel("restructure.dead_ends")(
                self._block["segment"], int(tables["delay_count"][p]), layout.bounds(tables, p)[0],
                self._block["post"], tables["alive"],
            )
        )  # fmt: skip

    def _forget_neurons(self, region: str, slots: Ints) -> None:
        """Clear the spike traces of slots that change hands."""
        if region == self._source:
            self._block["pre_trace"][..., slots] = 0
        if region == self._target:
            self._block["post_trace"][:, slots] = 0

    @property
    def _traces(self) -> int | None:
        """How many presynaptic traces the rule has; None without a rule."""
        return None if self._rule is None else len(self._rule.pre_traces)

    def _lay_out(self, synapses: layout.Synapses) -> None:
        """Lay out, with the optional columns the rule, the short-term plasticity, the gains ask."""
        tables, p = self._brain._tables, self._index
        columns: set[str] = set()
        if self._rule is not None and self._rule.modulated:
            columns.add("eligibility")
        if self._stp is not None:
            columns |= {"resource", "facilitation"}
        gains = synapses.get("synapse_gain")
        if gains is not None and len(gains):
            if (gains == gains[0]).all():
                tables["gain"][p] = gains[0]
            else:
                columns.add("synapse_gain")
        if self._brain.regions[self._target]._dendrites.tree.branches:
            columns.add("compartment")
        layout.lay_out(tables, p, synapses, columns=columns, traces=self._traces)
        self._brain._synapses_changed()

    # -- plasticity

    @property
    def rule(self) -> PlasticityRule | None:
        """The learning rule; None for static synapses. Can be assigned (a rule or its name)."""
        return self._rule

    @rule.setter
    def rule(self, rule: PlasticityRule | str | None) -> None:
        new = as_rule(f"Projection {self.label}: rule", rule)
        if new is not None:
            rule_arguments(type(new))
            if self._scalar("gate_depth") > 0 or self._gated_by_acetylcholine():
                check_gate(f"Projection {self.label}: rule", type(new))
        if new is not None and new.attached:
            new = new.replica()
        self.settle()
        if new is not None:
            self._brain._attach_rule(new)
        self._rule = new
        tables, p = self._brain._tables, self._index
        for name in ("pre_trace", "post_trace"):
            self._block[name][:] = 0
        tables["eligibility_growth"][p] = 1.0
        tables["dopamine_integral"][p] = 0.0
        synapses = layout.read_out(tables, p)
        synapses.pop("eligibility", None)
        self._lay_out(synapses)
        self._brain._parameters_changed()

    def _gated_by_acetylcholine(self) -> bool:
        return self._modulation is None and any(
            isinstance(p.modulation, AcetylcholineRelease)
            for p in self._brain.projections
            if p.target == self._target
        )

    @property
    def modulation(self) -> Modulation | None:
        """What its spikes release into the target region; None: nothing. Can be assigned.

        `DopamineRelease`, `AcetylcholineRelease` or `SerotoninRelease`. The direct current of its
        synapses stays. Raises `InvalidValueError` if acetylcholine would gate a rule that can't be.
        """
        return self._modulation

    @modulation.setter
    def modulation(self, modulation: Modulation | None) -> None:
        where = f"Projection {self.label}: modulation"
        new = as_modulation(where, modulation)
        if isinstance(new, AcetylcholineRelease):
            for other in self._brain.projections:
                onto = other.target == self._target and other.modulation is None
                if onto and other is not self and other.rule is not None:
                    check_gate(f"{where}: {other.label}", type(other.rule))
        self._modulation = None if new is None else new.attach(self._brain._parameters_changed)
        self._brain._tables["transmitter_level"][self._index] = 0.0
        self._brain._parameters_changed()

    @property
    def level(self) -> float:
        """Level of the acetylcholine or serotonin that its spikes released; see `modulation`.

        Dopamine is that of the targets, see `Brain.dopamine`. Raises `InvalidValueError` for a
        projection that releases neither.
        """
        if self._modulation is None or isinstance(self._modulation, DopamineRelease):
            raise InvalidValueError(
                f"Projection {self.label}: level: it releases {self._modulation!r}; assign "
                f"Projection.modulation = AcetylcholineRelease() or SerotoninRelease() first"
            )
        return float(self._scalar("transmitter_level"))

    @property
    def stp(self) -> ShortTermPlasticity | None:
        """Short-term plasticity; None without. Can be assigned."""
        return self._stp

    @stp.setter
    def stp(self, stp: ShortTermPlasticity | None) -> None:
        if stp is not None and not isinstance(stp, ShortTermPlasticity):
            raise InvalidTypeError(
                f"Projection {self.label}: stp must be a ShortTermPlasticity or None, not {stp!r}"
            )
        self._stp = None if stp is None else stp.replica().attach(self._brain._parameters_changed)
        synapses = layout.read_out(self._brain._tables, self._index)
        for name in ("resource", "facilitation"):
            synapses.pop(name, None)
        self._lay_out(synapses)
        self._brain._parameters_changed()

    @property
    def frozen(self) -> bool:
        """Whether the projection's weights are kept as they are. Can be assigned."""
        return self._frozen

    @frozen.setter
    def frozen(self, value: bool) -> None:
        if not isinstance(value, bool):
            raise InvalidTypeError(
                f"Projection {self.label}: frozen must be True or False, not {value!r}"
            )
        self._frozen = value
        if self._rule is not None:
            # At once and without moving the base: an agent opens learning at each decision.
            self._brain._tables["plastic"][self._index] = is_plastic(self._brain, self)

    def _ruled(self, name: str) -> PlasticityRule:
        if self._rule is None or name not in self._rule.parameters():
            raise InvalidValueError(
                f"Projection {self.label}: rule {self._rule!r} has no {name}; assign "
                f"Projection.rule first"
            )
        return self._rule

    @property
    def A_plus(self) -> float:
        """The rule's A_plus. Can be assigned; `InvalidValueError` if the rule has none."""
        return float(self._ruled("A_plus").values()["A_plus"])

    @A_plus.setter
    def A_plus(self, value: float) -> None:
        self._ruled("A_plus").set("A_plus", value)

    @property
    def A_minus(self) -> float:
        """The rule's A_minus. Can be assigned; `InvalidValueError` if the rule has none."""
        return float(self._ruled("A_minus").values()["A_minus"])

    @A_minus.setter
    def A_minus(self, value: float) -> None:
        self._ruled("A_minus").set("A_minus", value)

    @property
    def w_min(self) -> float:
        """Least magnitude of a weight. Can be assigned: weights are brought within it."""
        return float(self._scalar("w_min"))

    @w_min.setter
    def w_min(self, value: float) -> None:
        self._set_bounds(number(f"Projection {self.label}: w_min", value, 0.0, self.w_max), None)

    @property
    def w_max(self) -> float:
        """Greatest magnitude of a weight. Can be assigned: weights are brought within it."""
        return float(self._scalar("w_max"))

    @w_max.setter
    def w_max(self, value: float) -> None:
        self._set_bounds(None, number(f"Projection {self.label}: w_max", value, self.w_min))
        self._w_max_given = True

    def _set_bounds(self, low: float | None, high: float | None) -> None:
        magnitude = self._magnitude()
        if low is not None:
            self._brain._tables["w_min"][self._index] = low
        if high is not None:
            self._brain._tables["w_max"][self._index] = high
        self._set_magnitude(magnitude)

    @property
    def dopamine(self) -> float:
        """Dopamine at these synapses now, tonic and phasic, 1/s (see `RewardSTDP`)."""
        return float(self._scalar("dopamine") + self._scalar("dopamine_baseline"))

    def reset_traces(self) -> None:
        """Clear eligibility and phasic dopamine; weights stay as they are now."""
        self.settle()
        self._block["eligibility"][:] = 0
        self._brain._tables["dopamine"][self._index] = 0.0

    def _reset_state(self) -> None:
        """Short-term plasticity and spike traces back to rest."""
        self._block["resource"][:] = 1
        self._block["facilitation"][:] = -1
        self._block["pre_trace"][:] = 0
        self._block["post_trace"][:] = 0
