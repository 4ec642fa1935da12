"""Telling synapses apart for life, though growth changes their order."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from engram.network import pathways
from engram.network.network import Network
from engram.network.records import PathwayRecord
from engram.state import layout


def identities(network: Network, pathway: PathwayRecord) -> NDArray[np.int64]:
    """What stays with each synapse for life.

    Parameters
    ----------
    network : Network
        Of the brain.
    pathway : PathwayRecord
        Whose synapses.

    Returns
    -------
    array of shape (n_synapses, 5), int64
        Pre, post, delay, birth, and the number among twins.
    """
    pre, delay = pathways.pre_and_delay(network, pathway)
    post = pathways.post(network, pathway)
    birth = layout.column(network.block(pathway), "birth").astype(np.int64)
    keys = np.stack([pre, post, delay, birth, np.zeros_like(pre)], axis=1)
    order = np.lexsort(keys.T)
    twin = np.append(False, (keys[order[1:]] == keys[order[:-1]]).all(axis=1))[: len(order)]
    place = np.arange(len(order))
    keys[order, -1] = place - np.maximum.accumulate(np.where(twin, 0, place))
    return keys


def places(wanted: NDArray[np.int64], present: NDArray[np.int64]) -> NDArray[np.int64]:
    """Where each wanted row is among those present.

    Parameters
    ----------
    wanted : array of shape (n, k), int64
        Rows, each there once.
    present : array of shape (m, k), int64
        Rows, each there once.

    Returns
    -------
    array of shape (n,), int64
        Indices into `present`; -1 for rows that are not there.
    """
    _, codes = np.unique(np.concatenate([wanted, present]), axis=0, return_inverse=True)
    where = np.full(len(codes), -1)
    where[codes[len(wanted) :]] = np.arange(len(present))
    return np.asarray(where[codes[: len(wanted)]], np.int64)
