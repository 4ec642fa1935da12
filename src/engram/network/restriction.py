"""Letting dopamine teach the synapses onto some neurons only, for a while."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator

import numpy as np
from numpy.typing import ArrayLike, NDArray

from engram.errors import indices
from engram.network import assignments, efficacy, pathways
from engram.network.identities import identities, places
from engram.network.interrupts import whole
from engram.network.network import Network
from engram.network.records import PathwayRecord


@contextlib.contextmanager
def restricted(network: Network, target: str, posts: ArrayLike) -> Iterator[None]:
    """Let the weights onto other neurons be at the end what they were; see `RewardSTDP`.

    Parameters
    ----------
    network : Network
        Of the brain.
    target : str
        Label of a pathway that dopamine acts on.
    posts : array_like of shape (k,)
        Neurons of the target region whose synapses learn.

    Yields
    ------
    None
        The time in which it holds.

    Raises
    ------
    UnknownNameError, InvalidTypeError, InvalidValueError
        There is no such target or neuron, or dopamine does not act on it.
    """
    where = "RewardSTDP.restrict_to_posts"
    pathway = network.rewarded(where, target)
    count = network.count(network.regions[pathway.target])
    learn = indices(f"{where}: posts", posts, count)
    others = ~np.isin(pathways.post(network, pathway), learn)
    who = identities(network, pathway)[others]
    before = efficacy.weights(network, pathway)[others]
    try:
        yield
    finally:
        if not pathway.removed:
            _give_back(network, pathway, who, before)


@whole
def _give_back(
    network: Network, pathway: PathwayRecord, who: NDArray[np.int64], before: NDArray[np.float32]
) -> None:
    """Give synapses that are left the weights they had, within the bounds of now."""
    here = places(who, identities(network, pathway))
    left = here >= 0
    low, high = efficacy.bounds_of_weights(network, pathway)
    magnitude = np.clip(np.abs(before[left]), np.float32(low), np.float32(high))
    assignments.assign(network, pathway, here[left], magnitude, None)
