"""Adding synapses to a pathway: their weights and delays, and where they are laid out."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from engram.distributions import Values
from engram.errors import InvalidValueError
from engram.network import pathways
from engram.network.extent import check_extent, extremes_with
from engram.network.first_synapses import FirstSynapses, deal, is_first, make_room
from engram.network.given import check_none, drawn_delays, drawn_magnitudes
from engram.network.network import Network
from engram.network.records import PathwayRecord
from engram.network.sites import MAX_DELAY_STEPS, choose_compartments, dendrites_of, newborn
from engram.network.transaction import atomic
from engram.network.wiring import Pairs, Rows
from engram.synapses import Neurotransmitter

_NOBODY = np.zeros(0, np.int32)

Floats = NDArray[np.float32]


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
        Whom they join. Arrays of `Rows` may be kept, and written.
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
        check_none(network, where, values)
        return
    plain = is_first(network, pathway)
    if plain and isinstance(ends, Rows):
        first = FirstSynapses(network, pathway, where)
        first.use(ends.post, ends.room)
        first.add(ends, nt, values, delays_ms)
        first.lay_out(birth)
        return
    tag = network.tag + 1
    drawn = drawn_magnitudes(network, where, nt, values, n, tag)
    steps = drawn_delays(network, where, delays_ms, n, tag)
    if plain:
        _check(network, pathway, where, steps, drawn)
    if plain and isinstance(ends, Pairs) and deal(network, pathway, ends, nt, drawn, steps, birth):
        network.tag = tag
        return
    pre, post = ends.slots()
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
    alone = not pathways.n_synapses(network, pathway)
    make_room(network, pathway, where, float(drawn.min()), float(drawn.max()), alone=alone)
