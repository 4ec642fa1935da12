"""The synapses of a pathway: their weights, and how they are added, moved and removed."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from engram.distributions import Distribution, Values, draw
from engram.errors import InvalidTypeError, InvalidValueError, indices
from engram.kernels.calls import call, kernel
from engram.kernels.constants import STREAM_DELAY, STREAM_WEIGHT
from engram.network import defaults
from engram.network.dendrites import Dendrites
from engram.network.network import Network
from engram.network.records import PathwayRecord
from engram.state import layout, renewal
from engram.state.schema import Occasion
from engram.synapses import Neurotransmitter

MAX_DELAY_STEPS = 65535
_NOBODY = np.zeros(0, np.int32)
_NONE: layout.Synapses = {"pre": _NOBODY, "post": _NOBODY, "delay": np.zeros(0, np.uint16)}
_GAINS = np.array([t.gain for t in Neurotransmitter], np.float32)

Floats = NDArray[np.float32]
Ints = NDArray[np.int64]


# -- looking


def scalar(network: Network, pathway: PathwayRecord, name: str) -> Any:
    """A pathway's entry of an array with one entry a pathway."""
    return network.tables[name][pathway.index]


def n_synapses(network: Network, pathway: PathwayRecord) -> int:
    """The number of living synapses."""
    return len(network.block(pathway)["post"])


def dendrites_of(network: Network, pathway: PathwayRecord) -> Dendrites:
    """The dendrites its synapses sit on."""
    return network.regions[pathway.target].dendrites


def pre_and_delay(network: Network, pathway: PathwayRecord) -> tuple[Ints, Ints]:
    """Presynaptic neurons as indices into the source region, and delays in steps."""
    synapses = layout.read_out(network.tables, pathway.index)
    first = layout.bounds(network.tables, pathway.index)[0]
    return synapses["pre"].astype(np.int64) - first, synapses["delay"].astype(np.int64)


def post(network: Network, pathway: PathwayRecord) -> Ints:
    """Postsynaptic neurons as indices into the target region."""
    first = layout.bounds(network.tables, pathway.index)[2]
    return network.block(pathway)["post"].astype(np.int64) - first


def bounds_of_weights(network: Network, pathway: PathwayRecord) -> tuple[float, float]:
    """w_min and w_max."""
    low, high = (float(scalar(network, pathway, name)) for name in ("w_min", "w_max"))
    return low, high


def dopamine(network: Network, pathway: PathwayRecord) -> float:
    """Dopamine at its synapses now, tonic and phasic, 1/s."""
    phasic, tonic = (scalar(network, pathway, n) for n in ("dopamine", "dopamine_baseline"))
    return float(phasic + tonic)


# -- weights


def magnitude(network: Network, pathway: PathwayRecord) -> Floats:
    """Magnitudes of the weights now."""
    block = network.block(pathway)
    found = layout.signs(block["nt"]) * block["weight"]
    if len(block["eligibility"]):
        found = found + block["eligibility"] * np.float32(
            scalar(network, pathway, "dopamine_integral")
        )
    low, high = bounds_of_weights(network, pathway)
    return np.asarray(np.clip(found, low, high), np.float32)


def weights(network: Network, pathway: PathwayRecord) -> Floats:
    """Weights now; negative where inhibitory."""
    sign = layout.signs(network.block(pathway)["nt"])
    return np.asarray(sign * magnitude(network, pathway), np.float32)


def set_magnitude(network: Network, pathway: PathwayRecord, values: NDArray[Any]) -> None:
    """Let weights have these magnitudes, brought within the bounds."""
    settle(network, pathway)
    low, high = bounds_of_weights(network, pathway)
    block = network.block(pathway)
    kept = np.clip(values, low, high).astype(np.float32)
    block["weight"][:] = layout.signs(block["nt"]) * kept


def set_bounds(
    network: Network, pathway: PathwayRecord, low: float | None, high: float | None
) -> None:
    """Change w_min or w_max; weights are brought within."""
    now = magnitude(network, pathway)
    for name, value in (("w_min", low), ("w_max", high)):
        if value is not None:
            network.tables[name][pathway.index] = value
    set_magnitude(network, pathway, now)


def settle(network: Network, pathway: PathwayRecord) -> None:
    """Make lazily kept weights and eligibility explicit, as of now."""
    if pathway.rule is None or not pathway.rule.modulated:
        return
    tables, p, block = network.tables, pathway.index, network.block(pathway)
    call(
        "plasticity.rebase_eligibility",
        block,
        low=tables["w_min"][p],
        high=tables["w_max"][p],
        integral=np.float32(tables["dopamine_integral"][p]),
        kept=np.float32(1.0 / tables["eligibility_growth"][p]),
    )
    tables["dopamine_integral"][p] = 0.0
    tables["eligibility_growth"][p] = 1.0


def scale_incoming(
    network: Network, pathway: PathwayRecord, factor: Floats, silent: NDArray[np.bool_]
) -> None:
    """Multiply excitatory weights by a factor of their postsynaptic neuron."""
    settle(network, pathway)
    block, p, tables = network.block(pathway), pathway.index, network.tables
    call(
        "wiring.scale_incoming",
        block,
        first_post=layout.bounds(tables, p)[2],
        factor=factor,
        silent=silent,
        low=tables["w_min"][p],
        high=tables["w_max"][p],
    )


def normalize(network: Network, pathway: PathwayRecord, total: float, norm: int) -> None:
    """Scale the incoming weights of each target neuron to the norm `total`."""
    values, block = magnitude(network, pathway), network.block(pathway)
    first, n_post = layout.bounds(network.tables, pathway.index)[2:]
    sums = np.zeros(n_post, np.float64)
    kernel("wiring.sum_incoming")(block["post"], values**norm, first, sums)
    length = sums ** (1 / norm)
    factor = np.divide(total, length, out=np.ones_like(sums), where=sums > 0)
    set_magnitude(network, pathway, values * factor[block["post"] - first])


def normalize_some(
    network: Network, pathway: PathwayRecord, total: float, norm: int, neurons: Ints
) -> None:
    """The same for some target neurons of a pathway with a rule."""
    settle(network, pathway)
    block = network.block(pathway)
    low, high = (np.float32(value) for value in bounds_of_weights(network, pathway))
    call(
        "wiring.normalize_incoming",
        block,
        neurons=neurons,
        total=total,
        norm=norm,
        low=low,
        high=high,
    )


# -- adding


def add(
    network: Network,
    pathway: PathwayRecord,
    where: str,
    pre: NDArray[np.int32],
    post: NDArray[np.int32],
    nt: Neurotransmitter,
    values: Values,
    delays_ms: Values | None,
    birth: int,
) -> None:
    """Draw weights and delays for synapses between neuron slots, and lay them out.

    Unless `w_max` was set, it makes room for twice the largest weight. `where` is named in errors,
    which come before anything has changed.
    """
    n = len(pre)
    if not n:
        return
    tag = network.tag + 1
    drawn = _drawn_magnitudes(network, where, nt, values, n, tag)
    axonal = _drawn_delays(network, where, delays_ms, n, tag)
    births = np.full(n, birth, np.int32)
    dendrites = dendrites_of(network, pathway)
    compartment = choose_compartments(network, pathway, dendrites, pre, post, axonal, births)
    steps = axonal + dendrites.lag(network.dt)[compartment]
    if steps.max() > MAX_DELAY_STEPS:
        raise InvalidValueError(
            f"{where}: delays must be in [0, {MAX_DELAY_STEPS * network.dt:g}] ms, dendrites "
            f"included; they run to {steps.max() * network.dt:g}"
        )
    _make_room(network, pathway, where, float(drawn.min()), float(drawn.max()))
    network.tag = tag
    kinds = np.full(n, nt, np.uint8)
    new = _newborn(network, pathway, pre, post, steps, compartment, drawn, kinds, birth)
    amend(network, pathway, _NOBODY, new)


def _drawn_magnitudes(
    network: Network, where: str, nt: Neurotransmitter, values: Values, n: int, tag: int
) -> Floats:
    drawn = draw(f"{where}: weights", values, n, network.seed, STREAM_WEIGHT, tag)
    if isinstance(values, Distribution):
        return np.maximum(drawn, np.float32(0))
    if nt.sign < 0:
        return np.abs(drawn)
    if drawn.min() < 0:
        raise InvalidValueError(
            f"{where}: weights of excitatory synapses must not be negative; one is "
            f"{drawn.min():g} (use nt=Neurotransmitter.GABA for inhibition)"
        )
    return drawn


def _drawn_delays(network: Network, where: str, delays_ms: Values | None, n: int, tag: int) -> Ints:
    """Axonal delays in steps."""
    given = defaults.DELAYS if delays_ms is None else delays_ms
    ms = draw(f"{where}: delays", given, n, network.seed, STREAM_DELAY, tag)
    if isinstance(delays_ms, Distribution):
        ms = np.maximum(ms, np.float32(0))
    if ms.min() < 0 or ms.max() > MAX_DELAY_STEPS * network.dt:
        raise InvalidValueError(
            f"{where}: delays must be in [0, {MAX_DELAY_STEPS * network.dt:g}] ms; they run from "
            f"{ms.min():g} to {ms.max():g}"
        )
    return np.asarray(np.maximum(np.rint(ms / network.dt), 1), np.int64)


def _make_room(
    network: Network, pathway: PathwayRecord, where: str, least: float, largest: float
) -> None:
    """Refuse weights outside the bounds; raise `w_max` where nobody has set it."""
    low, high = bounds_of_weights(network, pathway)
    if pathway.w_max_given and largest > high:
        raise InvalidValueError(
            f"{where}: weights reach {largest:g}, above w_max = {high:g}; raise w_max"
        )
    if least < low:
        raise InvalidValueError(
            f"{where}: weights go down to {least:g}, below w_min = {low:g}; lower w_min"
        )
    present = high if n_synapses(network, pathway) else 0.0
    if not pathway.w_max_given and 2.0 * largest > present:
        network.tables["w_max"][pathway.index] = 2.0 * largest if largest > 0 else 1.0


def default_weight(network: Network, pathway: PathwayRecord) -> float:
    """The mean magnitude of the synapses there are; half of w_max without."""
    present = magnitude(network, pathway)
    low, high = bounds_of_weights(network, pathway)
    # In single precision, the mean of equal numbers may be larger than each of them.
    mean = float(present.mean(dtype=np.float64)) if len(present) else 0.5 * high
    return min(max(mean, low), high)


def sprouts(
    network: Network,
    pathway: PathwayRecord,
    pre: NDArray[np.int32],
    post: NDArray[np.int32],
    steps: Ints,
    magnitude: Floats,
    nt: NDArray[np.uint8],
) -> layout.Synapses:
    """Synapses born now with delays like others' (steps), placed on the target's dendrite.

    A delay is at least the dendrite's share and one step for the axon.
    """
    birth = network.step_count
    dendrites = dendrites_of(network, pathway)
    births = np.full(len(pre), birth, np.int32)
    compartment = choose_compartments(network, pathway, dendrites, pre, post, steps, births)
    steps = np.maximum(steps, 1 + dendrites.lag(network.dt)[compartment])
    return _newborn(network, pathway, pre, post, steps, compartment, magnitude, nt, birth)


def _newborn(
    network: Network,
    pathway: PathwayRecord,
    pre: NDArray[np.int32],
    post: NDArray[np.int32],
    steps: NDArray[Any],
    compartment: NDArray[np.uint16],
    magnitude: Floats,
    nt: NDArray[np.uint8],
    birth: int,
) -> layout.Synapses:
    """Synapses between neuron slots; steps: their delays, the dendrite's share included."""
    return {
        "pre": pre,
        "post": post,
        "delay": steps.astype(np.uint16),
        "weight": layout.signs(nt) * magnitude,
        "nt": nt,
        "birth": np.full(len(pre), birth, np.int32),
        "synapse_gain": _GAINS[nt] * dendrites_of(network, pathway).gain[compartment],
        "compartment": compartment,
    }


# -- removing, and laying out anew


def amend(
    network: Network,
    pathway: PathwayRecord,
    gone: NDArray[np.int32],
    new: layout.Synapses | None = None,
) -> None:
    """Remove synapses, by their sorted indices, and add new ones."""
    block, n = network.block(pathway), n_synapses(network, pathway)
    added = 0 if new is None else len(new["pre"])
    if not len(gone) and not added:
        return
    gain = scalar(network, pathway, "gain")
    has_gains = len(block["synapse_gain"]) > 0
    alike = new is None or has_gains or bool((new["synapse_gain"] == gain).all())
    if n and n - len(gone) + added and alike:
        layout.amend(
            network.tables,
            pathway.index,
            gone,
            _NONE if new is None else new,
            traces=pathway.n_traces,
        )
        network.synapses_changed()
        return
    old = layout.read_out(network.tables, pathway.index)
    if n and "synapse_gain" not in old:
        old["synapse_gain"] = np.full(n, gain, np.float32)
    keep = np.ones(n, np.bool_)
    keep[gone] = False
    kept = layout.selected(old, keep)
    lay_out(network, pathway, kept if new is None else layout.joined(kept, new) if n else new)


def lay_out(network: Network, pathway: PathwayRecord, synapses: layout.Synapses) -> None:
    """Lay out, with the optional columns the rule, the short-term plasticity, the gains ask."""
    tables, p = network.tables, pathway.index
    columns: set[str] = set()
    if pathway.rule is not None and pathway.rule.modulated:
        columns.add("eligibility")
    if pathway.stp is not None:
        columns |= {"resource", "facilitation"}
    gains = synapses.get("synapse_gain")
    if gains is not None and len(gains):
        if (gains == gains[0]).all():
            tables["gain"][p] = gains[0]
        else:
            columns.add("synapse_gain")
    if dendrites_of(network, pathway).tree.branches:
        columns.add("compartment")
    layout.lay_out(tables, p, synapses, columns=columns, traces=pathway.n_traces)
    network.synapses_changed()


def lay_out_without(network: Network, pathway: PathwayRecord, *columns: str) -> None:
    """Lay out anew; these columns start from their initial values, or go."""
    synapses = layout.read_out(network.tables, pathway.index)
    for name in columns:
        synapses.pop(name, None)
    lay_out(network, pathway, synapses)


def remove_dead_ends(network: Network, pathway: PathwayRecord) -> None:
    """Remove the synapses of neurons that have just died."""
    tables, p, block = network.tables, pathway.index, network.block(pathway)
    gone = call(
        "restructure.dead_ends",
        tables.arrays,
        block,
        lags=int(tables["delay_count"][p]),
        first_pre=layout.bounds(tables, p)[0],
    )
    amend(network, pathway, np.asarray(gone))


def renew_traces(
    network: Network, pathway: PathwayRecord, region: str, slots: Ints, occasion: Occasion
) -> None:
    """Clear the spike traces of a region's slots that change hands."""
    block = network.block(pathway)
    for side, name in (("pre", pathway.source), ("post", pathway.target)):
        if name == region:
            renewal.renew_traces(block, slots, occasion, side=side)


# -- dendrites


def choose_compartments(
    network: Network,
    pathway: PathwayRecord,
    dendrites: Dendrites,
    pre: NDArray[np.int32],
    post: NDArray[np.int32],
    axonal: Ints,
    birth: NDArray[np.int32],
) -> NDArray[np.uint16]:
    """The compartments of synapses with these neurons, axonal delays (steps) and births."""
    out = np.zeros(len(pre), np.uint16)
    if dendrites.tree.branches:
        shares = dendrites.tree.shares(f"{pathway.where}: placement", pathway.placement)
        call(
            "placement.choose_compartments",
            pre=pre,
            post=post,
            delay=axonal,
            birth=birth,
            seed=np.uint64(network.seed),
            cumulative=np.cumsum(shares),
            out=out,
        )
    return out


def moved(
    network: Network,
    pathway: PathwayRecord,
    old: Dendrites,
    new: Dendrites,
    chosen: NDArray[np.uint16] | None = None,
) -> layout.Synapses:
    """The synapses as they are on other dendrites, or at other places.

    A synapse whose delay changes is made anew: it carries spikes from now on, since those under way
    would arrive twice or never.
    """
    dt = network.dt
    synapses = layout.read_out(network.tables, pathway.index)
    here = synapses.get("compartment", np.zeros(n_synapses(network, pathway), np.uint16))
    before = synapses["delay"].astype(np.int64)
    axonal = before - old.lag(dt)[here]
    if chosen is None:
        ends = synapses["pre"], synapses["post"]
        chosen = choose_compartments(network, pathway, new, *ends, axonal, synapses["birth"])
    steps = axonal + new.lag(dt)[chosen]
    if steps.max(initial=0) > MAX_DELAY_STEPS:
        raise InvalidValueError(
            f"{pathway.where}: with its dendrites' share a delay reaches {steps.max() * dt:g} ms, "
            f"above {MAX_DELAY_STEPS * dt:g}"
        )
    birth = synapses["birth"]
    if network.step_count:
        birth = np.where(steps == before, birth, np.int32(network.step_count))
    return {
        **synapses,
        "delay": steps.astype(np.uint16),
        "birth": birth,
        "compartment": chosen,
        "synapse_gain": _GAINS[synapses["nt"]] * new.gain[chosen],
    }


def settle_on(network: Network, pathway: PathwayRecord, synapses: layout.Synapses) -> None:
    """Let its synapses be these, at other places of the dendrites."""
    if n_synapses(network, pathway):
        lay_out(network, pathway, synapses)


def check_ends(
    network: Network, pathway: PathwayRecord, where: str, pre: Any, post: Any, nt: Neurotransmitter
) -> tuple[Ints, Ints]:
    """Indices of living neurons on both sides, checked."""
    source, target = network.regions[pathway.source], network.regions[pathway.target]
    pre_ = indices(f"{where}: pre", pre, network.count(source))
    post_ = indices(f"{where}: post", post, network.count(target))
    if len(pre_) != len(post_):
        raise InvalidValueError(
            f"{where}: pre and post must be as long, not {len(pre_)} and {len(post_)}"
        )
    for name, region, chosen in (("pre", source, pre_), ("post", target, post_)):
        if not network.alive(region)[chosen].all():
            raise InvalidValueError(f"{where}: {name} names a dead neuron of {region.name!r}")
    if not isinstance(nt, Neurotransmitter):
        raise InvalidTypeError(f"{where}: nt must be a Neurotransmitter, not {nt!r}")
    return pre_, post_
