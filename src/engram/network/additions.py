"""Adding synapses to a pathway: their weights and delays, and where they are laid out."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from engram.distributions import Distribution, Values, draw
from engram.errors import InvalidValueError
from engram.kernels.calls import kernel
from engram.kernels.constants import STREAM_WEIGHT
from engram.network import efficacy, pathways
from engram.network.extent import check_extent, extremes_with
from engram.network.given import drawn_delays, drawn_magnitudes, too_large
from engram.network.network import Network
from engram.network.records import PathwayRecord
from engram.network.sites import MAX_DELAY_STEPS, choose_compartments, dendrites_of, newborn
from engram.network.transaction import atomic
from engram.network.wiring import Pairs, Rows
from engram.state import layout
from engram.synapses import Neurotransmitter

_NOBODY = np.zeros(0, np.int32)
_ALIKE = np.zeros(1, np.uint16)

Floats = NDArray[np.float32]
Steps = NDArray[np.uint16]


@atomic()
def add(
    network: Network,
    pathway: PathwayRecord,
    where: str,
    ends: Rows | Pairs,
    nt: Neurotransmitter,
    values: Values,
    delays_ms: Values | None,
    birth: int,
) -> None:
    """Draw weights and delays for synapses between neuron slots, and lay them out.

    Unless `w_max` was set, it makes room for twice the largest weight. Errors come before anything
    has changed.

    Parameters
    ----------
    network : Network
        Of the brain.
    pathway : PathwayRecord
        Which.
    where : str
        Names the caller in errors.
    ends : Rows or Pairs
        Slots of the brain. Arrays of `Rows` may be kept, and written.
    nt : Neurotransmitter
        Of all of them.
    values : float, array or Distribution
        Weights.
    delays_ms : float, array, Distribution or None
        Axonal delays, ms; None: the usual.
    birth : int
        Step of birth.

    Raises
    ------
    InvalidValueError
        Weights or delays are out of range.
    """
    n = len(ends.post)
    if not n:
        if not isinstance(values, Distribution):
            draw(f"{where}: weights", values, 0, network.seed, STREAM_WEIGHT, 0)
        return
    tag = network.tag + 1
    plain = is_first(network, pathway)
    room = ends.room if plain and isinstance(ends, Rows) else None
    drawn = drawn_magnitudes(network, where, nt, values, n, tag, room)
    steps = drawn_delays(network, where, delays_ms, n, tag)
    if plain and (isinstance(ends, Rows) or _has_keys(network, pathway, steps)):
        _check(network, pathway, where, steps, drawn)
        network.tag = tag
        _lay_out_first(network, pathway, ends, nt, drawn, steps, birth)
        return
    pre, post = ends.pairs() if isinstance(ends, Rows) else ends
    births = np.broadcast_to(np.int32(birth), n)
    dendrites = dendrites_of(network, pathway)
    axonal = steps.astype(np.int32)
    compartment = choose_compartments(network, pathway, dendrites, pre, post, axonal, births)
    late = axonal
    if dendrites.tree.branches:
        late = axonal + dendrites.lag(network.dt)[compartment]
    _check(network, pathway, where, late, drawn)
    network.tag = tag
    kinds = np.broadcast_to(np.uint8(nt), n)
    new = newborn(network, pathway, pre, post, late, compartment, drawn, kinds, birth)
    pathways.amend(network, pathway, _NOBODY, new)


def is_first(network: Network, pathway: PathwayRecord) -> bool:
    """Whether synapses would be a pathway's first, all at the same place of a neuron.

    Parameters
    ----------
    network : Network
        Of the brain.
    pathway : PathwayRecord
        Which.

    Returns
    -------
    bool
        True if they can be put into their rows at once.
    """
    branches = dendrites_of(network, pathway).tree.branches
    return not branches and not pathways.n_synapses(network, pathway)


def _has_keys(network: Network, pathway: PathwayRecord, steps: Steps) -> bool:
    """Whether delay and postsynaptic neuron fit into a number of 32 bits together."""
    n_post, lags = layout.bounds(network.tables, pathway.index)[3], int(steps.max() - steps.min())
    return lags.bit_length() + _bits(n_post) <= 32


def _bits(n_post: int) -> int:
    return max(n_post - 1, 1).bit_length()


def _check(
    network: Network, pathway: PathwayRecord, where: str, steps: NDArray[np.integer], drawn: Floats
) -> None:
    """Refuse delays and weights that are out of range; raise `w_max` where nobody has set it."""
    shortest, longest = int(steps.min()), int(steps.max())
    if longest > MAX_DELAY_STEPS:
        raise InvalidValueError(
            f"{where}: delays must be in [0, {MAX_DELAY_STEPS * network.dt:g}] ms, dendrites "
            f"included; they run to {longest * network.dt:g}"
        )
    reach = extremes_with(network, pathway, shortest, longest)
    total = len(steps) + pathways.n_synapses(network, pathway)
    check_extent(network, pathway, where, *reach, total, pathway.n_traces)
    _make_room(network, pathway, where, float(drawn.min()), float(drawn.max()))


def _lay_out_first(
    network: Network,
    pathway: PathwayRecord,
    ends: Rows | Pairs,
    nt: Neurotransmitter,
    magnitude: Floats,
    steps: Steps,
    birth: int,
) -> None:
    """Lay out the first synapses of a pathway in the arrays they stay in."""
    tables, p = network.tables, pathway.index
    first_pre, n_pre, first_post, n_post = layout.bounds(tables, p)
    shortest, longest = int(steps.min()), int(steps.max())
    lags = longest - shortest + 1
    segment = np.zeros(n_pre * lags + 1, np.int32)
    lag = _ALIKE if lags == 1 else np.subtract(steps, np.uint16(shortest), out=steps)
    weight = magnitude.astype(np.float32, copy=False)
    if layout.signs(np.array([nt], np.uint8))[0] < 0:
        np.negative(weight, out=weight)
    if isinstance(ends, Rows):
        post = ends.post
        starts = ends.starts(first_pre, n_pre)
        words = post.view(np.uint32), weight.view(np.uint32)
        kernel("dealing.part_rows")(starts, lag, lags, *words, segment)
    else:
        starts = np.zeros(n_pre + 1, np.int64)
        kernel("dealing.count_rows")(ends.pre, first_pre, starts)
        bits = _bits(n_post)
        post, dealt = np.empty(len(ends.post), np.int32), np.empty(len(ends.post), np.float32)
        words = post.view(np.uint32), dealt.view(np.uint32)
        kernel("dealing.deal")(
            *ends, lag, weight.view(np.uint32), first_pre, first_post, bits, starts.copy(), *words
        )
        weight = dealt
        kernel("dealing.sort_dealt")(starts, lags, bits, first_post, *words, segment)
    del lag, steps
    tables["gain"][p] = nt.gain
    synapses: layout.Synapses = {
        "post": post,
        "weight": weight,
        "nt": np.array([nt], np.uint8),
        "birth": np.array([birth], np.int32),
    }
    layout.settle(
        tables,
        p,
        synapses,
        (segment, shortest, lags),
        columns=pathways.optional_columns(pathway),
        traces=pathway.n_traces,
    )
    network.synapses_changed()


def _make_room(
    network: Network, pathway: PathwayRecord, where: str, least: float, largest: float
) -> None:
    """Refuse weights outside the bounds; raise `w_max` where nobody has set it."""
    low, high = efficacy.bounds_of_weights(network, pathway)
    if largest > efficacy.LARGEST_WEIGHT:
        raise too_large(where, largest)
    if pathway.w_max_given and largest > high:
        raise InvalidValueError(
            f"{where}: weights reach {largest:g}, above w_max = {high:g}; raise w_max"
        )
    if least < low:
        raise InvalidValueError(
            f"{where}: weights go down to {least:g}, below w_min = {low:g}; lower w_min"
        )
    present = high if pathways.n_synapses(network, pathway) else 0.0
    if not pathway.w_max_given and 2.0 * largest > present:
        network.tables["w_max"][pathway.index] = 2.0 * largest if largest > 0 else 1.0
