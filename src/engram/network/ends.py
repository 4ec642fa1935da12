"""The neurons that synapses a user asks for are to join."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from engram.distributions import Values
from engram.errors import InvalidTypeError, InvalidValueError, brief, indices
from engram.network import additions, efficacy
from engram.network.network import Network
from engram.network.records import PathwayRecord
from engram.network.wiring import Pairs
from engram.state import layout
from engram.synapses import Neurotransmitter

Ints = NDArray[np.int32]


def check_ends(
    network: Network, pathway: PathwayRecord, where: str, pre: Any, post: Any, nt: Neurotransmitter
) -> tuple[Ints, Ints]:
    """Indices of living neurons on both sides, checked.

    Parameters
    ----------
    network : Network
        Of the brain.
    pathway : PathwayRecord
        Which.
    where : str
        Names the caller in errors.
    pre : array_like of int
        Indices into the source region.
    post : array_like of int
        Indices into the target region.
    nt : Neurotransmitter
        Of the synapses.

    Returns
    -------
    tuple of two arrays of shape (n,), int32
        The indices, to be read only.

    Raises
    ------
    InvalidTypeError, InvalidValueError
        They are none, differ in number, or name the dead; `nt` is of another type.
    """
    source, target = network.regions[pathway.source], network.regions[pathway.target]
    pre_ = _checked(f"{where}: pre", pre, network.count(source))
    post_ = _checked(f"{where}: post", post, network.count(target))
    if len(pre_) != len(post_):
        raise InvalidValueError(
            f"{where}: pre and post must be as long, not {len(pre_)} and {len(post_)}"
        )
    for name, region, chosen in (("pre", source, pre_), ("post", target, post_)):
        alive = network.alive(region)
        if not (alive.all() or alive[chosen].all()):
            raise InvalidValueError(f"{where}: {name} names a dead neuron of {region.name!r}")
    if not isinstance(nt, Neurotransmitter):
        raise InvalidTypeError(f"{where}: nt must be a Neurotransmitter, not {brief(nt)}")
    return pre_, post_


def _checked(where: str, values: Any, count: int) -> Ints:
    """Indices of neurons; long lists are copied only where they have to be."""
    found = values
    plain = type(values) is np.ndarray and values.dtype.kind in "iu" and values.ndim == 1
    if not (plain and len(values) and values.min() >= 0 and values.max() < count):
        found = indices(where, values, count)
    found = np.ascontiguousarray(found, np.int32)
    return found if found.flags.writeable else found.copy()


def add_between(
    network: Network,
    pathway: PathwayRecord,
    where: str,
    pre: Any,
    post: Any,
    nt: Neurotransmitter,
    weights: Values | None,
    delays_ms: Values,
) -> int:
    """Add synapses between neurons given by their indices in the two regions.

    Parameters
    ----------
    network : Network
        Of the brain.
    pathway : PathwayRecord
        Which.
    where : str
        Names the caller in errors.
    pre, post, nt, weights, delays_ms : array_like, Neurotransmitter, Values
        As of `Projection.add_synapses`.

    Returns
    -------
    int
        How many.

    Raises
    ------
    InvalidTypeError, InvalidValueError
        Neurons are dead, weights are outside the bounds, or a value is not valid.
    """
    pre_, post_ = check_ends(network, pathway, where, pre, post, nt)
    if weights is None:
        weights = efficacy.default_weight(network, pathway)
    first_pre, _, first_post, _ = layout.bounds(network.tables, pathway.index)
    ends = Pairs(pre_, post_, (first_pre, first_post))
    additions.add(network, pathway, where, ends, nt, weights, delays_ms, network.step_count)
    return len(pre_)
