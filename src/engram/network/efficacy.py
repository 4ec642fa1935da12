"""The efficacy of a pathway's synapses: weights, eligibility and dopamine."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from engram.kernels.calls import call, kernel
from engram.network.interrupts import whole
from engram.network.network import Network
from engram.network.records import PathwayRecord
from engram.state import layout

LARGEST_WEIGHT = 1e8
"""Largest magnitude of a weight: sums of many stay far within single precision."""

Floats = NDArray[np.float32]
Ints = NDArray[np.int64]


def scalar(network: Network, pathway: PathwayRecord, name: str) -> Any:
    """A pathway's entry of an array with one entry a pathway.

    Parameters
    ----------
    network : Network
        Of the brain.
    pathway : PathwayRecord
        Which.
    name : str
        Of the array.

    Returns
    -------
    scalar
        In the array's type.
    """
    return network.tables[name][pathway.index]


def bounds_of_weights(network: Network, pathway: PathwayRecord) -> tuple[float, float]:
    """The least and the greatest magnitude a weight may have.

    Parameters
    ----------
    network : Network
        Of the brain.
    pathway : PathwayRecord
        Which.

    Returns
    -------
    tuple of (float, float)
        Its `w_min` and `w_max`.
    """
    low, high = (float(scalar(network, pathway, name)) for name in ("w_min", "w_max"))
    return low, high


def dopamine(network: Network, pathway: PathwayRecord) -> float:
    """Dopamine at its synapses now, tonic and phasic.

    Parameters
    ----------
    network : Network
        Of the brain.
    pathway : PathwayRecord
        Which.

    Returns
    -------
    float
        Level, 1/s.
    """
    phasic, tonic = (scalar(network, pathway, n) for n in ("dopamine", "dopamine_baseline"))
    return float(phasic + tonic)


def magnitude(network: Network, pathway: PathwayRecord) -> Floats:
    """Magnitudes of the weights now.

    Parameters
    ----------
    network : Network
        Of the brain.
    pathway : PathwayRecord
        Which.

    Returns
    -------
    array of shape (n_synapses,), float32
        Eligibility that has met dopamine included.
    """
    block = network.block(pathway)
    found = layout.signs(block["nt"]) * block["weight"]
    if len(block["eligibility"]):
        found = found + block["eligibility"] * np.float32(
            scalar(network, pathway, "dopamine_integral")
        )
    low, high = bounds_of_weights(network, pathway)
    return np.asarray(np.clip(found, low, high), np.float32)


def weights(network: Network, pathway: PathwayRecord) -> Floats:
    """Weights now.

    Parameters
    ----------
    network : Network
        Of the brain.
    pathway : PathwayRecord
        Which.

    Returns
    -------
    array of shape (n_synapses,), float32
        Negative where inhibitory.
    """
    sign = layout.signs(network.block(pathway)["nt"])
    return np.asarray(sign * magnitude(network, pathway), np.float32)


@whole
def set_magnitude(network: Network, pathway: PathwayRecord, values: NDArray[Any]) -> None:
    """Let weights have these magnitudes.

    Parameters
    ----------
    network : Network
        Of the brain.
    pathway : PathwayRecord
        Which.
    values : array of shape (n_synapses,)
        Brought within the bounds.
    """
    _write(network, pathway, values, *bounds_of_weights(network, pathway))


def _write(
    network: Network, pathway: PathwayRecord, values: NDArray[Any], low: float, high: float
) -> None:
    """Let weights have these magnitudes and bounds; memory can only be lacking before it begins."""
    block, tables, p = network.block(pathway), network.tables, pathway.index
    new = layout.signs(block["nt"]) * np.clip(values, low, high).astype(np.float32)
    settle(network, pathway)
    tables["w_min"][p], tables["w_max"][p] = low, high
    block["weight"][:] = new
    tables.weights_changed()


@whole
def set_bounds(
    network: Network, pathway: PathwayRecord, low: float | None, high: float | None
) -> None:
    """Change `w_min` or `w_max`; weights are brought within.

    Parameters
    ----------
    network : Network
        Of the brain.
    pathway : PathwayRecord
        Which.
    low : float or None
        Of magnitudes; None: as it is.
    high : float or None
        Of magnitudes; None: as it is.
    """
    least, largest = bounds_of_weights(network, pathway)
    _write(
        network,
        pathway,
        magnitude(network, pathway),
        least if low is None else low,
        largest if high is None else high,
    )


@whole
def settle(network: Network, pathway: PathwayRecord) -> None:
    """Make lazily kept weights and eligibility explicit, as of now.

    Parameters
    ----------
    network : Network
        Of the brain.
    pathway : PathwayRecord
        Which.
    """
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


@whole
def scale_incoming(
    network: Network, pathway: PathwayRecord, factor: Floats, silent: NDArray[np.bool_]
) -> None:
    """Multiply excitatory weights by a factor of their postsynaptic neuron.

    Parameters
    ----------
    network : Network
        Of the brain.
    pathway : PathwayRecord
        Which.
    factor : array of shape (n_post,), float32
        By target neuron.
    silent : array of shape (n_post,), bool
        Neurons whose weights, if next to nothing, are raised first.
    """
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
    tables.weights_changed()


@whole
def normalize(network: Network, pathway: PathwayRecord, total: float, norm: int) -> None:
    """Scale the incoming weights of each target neuron to a norm.

    Parameters
    ----------
    network : Network
        Of the brain.
    pathway : PathwayRecord
        Which.
    total : float
        The norm they get.
    norm : int
        1: their sum; 2: their length.
    """
    values, block = magnitude(network, pathway), network.block(pathway)
    first, n_post = layout.bounds(network.tables, pathway.index)[2:]
    sums = np.zeros(n_post, np.float64)
    kernel("wiring.sum_incoming")(block["post"], values**norm, first, sums)
    length = sums ** (1 / norm)
    factor = np.divide(total, length, out=np.ones_like(sums), where=sums > 0)
    set_magnitude(network, pathway, values * factor[block["post"] - first])


@whole
def normalize_some(
    network: Network, pathway: PathwayRecord, total: float, norm: int, neurons: Ints
) -> None:
    """Scale the incoming weights of some target neurons of a pathway with a rule.

    Parameters
    ----------
    network : Network
        Of the brain.
    pathway : PathwayRecord
        Which.
    total : float
        The norm they get.
    norm : int
        1: their sum; 2: their length.
    neurons : array of int64
        Indices in the target region.
    """
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


def default_weight(network: Network, pathway: PathwayRecord) -> float:
    """The mean magnitude of the synapses there are.

    Parameters
    ----------
    network : Network
        Of the brain.
    pathway : PathwayRecord
        Which.

    Returns
    -------
    float
        Half of `w_max` without synapses.
    """
    present = magnitude(network, pathway)
    low, high = bounds_of_weights(network, pathway)
    # In single precision, the mean of equal numbers may be larger than each of them.
    mean = float(present.mean(dtype=np.float64)) if len(present) else 0.5 * high
    return min(max(mean, low), high)
