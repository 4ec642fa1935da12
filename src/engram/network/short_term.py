"""Short-term plasticity as of now: what a spike that arrives would find."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from engram.kernels.calls import call
from engram.network.efficacy import scalar
from engram.network.network import Network
from engram.network.records import PathwayRecord
from engram.state import layout

Floats = NDArray[np.float32]


def resource(network: Network, pathway: PathwayRecord) -> Floats:
    """Resources R a spike arriving now would find.

    Parameters
    ----------
    network : Network
        Of the brain.
    pathway : PathwayRecord
        Which.

    Returns
    -------
    array of shape (n_synapses,), float32
        1 without short-term plasticity.
    """
    block = network.block(pathway)
    if not len(block["resource"]):
        return np.ones(len(block["post"]), np.float32)
    gap, released = _since_release(network, pathway)
    tau = float(scalar(network, pathway, "stp_tau_rec"))
    kept = np.where(released, np.exp(-gap / tau), 0.0)
    return (1.0 - (1.0 - block["resource"]) * kept).astype(np.float32)


def facilitation(network: Network, pathway: PathwayRecord) -> Floats:
    """Facilitation u / U - 1 a spike arriving now would meet.

    Parameters
    ----------
    network : Network
        Of the brain.
    pathway : PathwayRecord
        Which.

    Returns
    -------
    array of shape (n_synapses,), float32
        0 without short-term plasticity.
    """
    block = network.block(pathway)
    if not len(block["facilitation"]):
        return np.zeros(len(block["post"]), np.float32)
    gap, released = _since_release(network, pathway)
    tau = float(scalar(network, pathway, "stp_tau_facil"))
    kept = np.where(released & (tau > 0), np.exp(-gap / max(tau, 1e-9)), 0.0)
    U = float(scalar(network, pathway, "stp_U"))
    return ((1.0 - U) * (1.0 + block["facilitation"]) * kept).astype(np.float32)


def _since_release(
    network: Network, pathway: PathwayRecord
) -> tuple[NDArray[np.float64], NDArray[np.bool_]]:
    """Time since the last release of each synapse, ms, and whether there was one."""
    tables, now = network.tables, network.step_count
    synapses = layout.read_out(tables, pathway.index)
    arrived = tables["last_spike"][synapses["pre"]].astype(np.int64) + synapses["delay"]
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
    return np.asarray((now - arrived) * network.dt, np.float64), arrived >= 0
