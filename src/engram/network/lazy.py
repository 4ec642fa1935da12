"""Which regions may be advanced without stepping all neurons, see `engram.kernels.lazy`."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from engram.engine import loops
from engram.kernels.constants import COURSE, MODES, REVIEW, SCANNED, TOGETHER
from engram.network import individuals, pathways
from engram.network.network import Network
from engram.network.records import PathwayRecord, RegionRecord

LEAST_NEURONS = 4096
"""Neurons of a region from which on it can pay: fewer are stepped in a microsecond."""

WORTH = 1.0
"""What arrivals at lazy neurons and those that may fire may cost, as a share of stepping all; a
region becomes lazy at half of that."""

UNKNOWN = 3e38
"""mV: no neuron rests there."""

FASTEST = 60.0
"""Largest decay between two reviews, in time constants: its inverse must not overflow."""

STEEPEST = 30.0
"""Largest share of one mode in another for 1 of charge: larger ones cancel, digits are lost."""


def fit(network: Network) -> None:
    """Write what the loops of lazy regions read, and make room for their modes.

    Parameters
    ----------
    network : Network
        Of the brain; its regions and pathways are bound.
    """
    tables = network.tables
    factors = {region.index: _factor(network, region) for region in network.regions.values()}
    modes = MODES if any(factor is not None for factor in factors.values()) else 0
    n = tables.sizes["N"] if modes else 0
    sizes = {
        "modes": modes,
        "courses": COURSE * n,
        "eighths": -(-n // (TOGETHER * SCANNED)) * SCANNED,
    }
    if sizes != {name: tables.sizes[name] for name in sizes}:
        tables.resize(**sizes)
    tables["lazy_entry"][:] = 0
    tables["touch_entry"][:] = 0
    for r, factor in factors.items():
        if factor is None:
            # Its v, exc and inh are what they should be: they were when the loop came back.
            tables["lazy"][r] = 0
            continue
        if not np.array_equal(tables["lazy_factor"][r], factor):
            # What the modes are of has changed: all neurons are taken over as they are.
            tables["lazy_factor"][r], tables["lazy_rest"][r] = factor, UNKNOWN
        tables["lazy_worth"][r] = WORTH * tables["region_count"][r]
        tables["lazy_entry"][:, r] = [entry.address for entry in loops.lazy_loops()]
    for pathway in network.pathways:
        p = pathway.index
        sources = max(int(tables["region_count"][tables["source"][p]]), 1)
        tables["fan_out"][p] = pathways.n_synapses(network, pathway) / sources
        if factors[int(tables["target"][p])] is not None:
            tables["touch_entry"][p] = loops.lazy_arrival_loop(_is_plain(network, pathway)).address


def _is_plain(network: Network, pathway: PathwayRecord) -> bool:
    """Whether synapses do nothing but deliver their weights, all of one sign."""
    static = pathway.rule is None and pathway.stp is None
    own_gain = len(network.block(pathway)["synapse_gain"]) > 0
    return static and not own_gain and bool(network.tables["common_sign"][pathway.index])


def _factor(network: Network, region: RegionRecord) -> NDArray[np.float64] | None:
    """The factors of a neuron's free course; None: it has to be stepped."""
    tables, r, kind = network.tables, region.index, type(region.model)
    if kind.linear is None or (kind.update, kind.reset) != kind.linear:
        return None
    own = individuals.parameter_rows(region) or individuals.background_row(region) >= 0
    fed = tables["fed"][r] or tables["buffered"][r]
    if own or fed or region.dendrites.n_dynamic or tables["region_count"][r] < LEAST_NEURONS:
        return None
    dt, given = network.dt, region.model.values()
    tau_m = given["tau_m"]
    m = math.exp(-dt / tau_m)
    mean_e, x, mean_i, y = (float(f) for f in tables["input_factor"][r].astype(np.float64))
    times = [tau for tau in (tau_m, given["tau_exc"], given["tau_inh"]) if tau > 0.0]
    if REVIEW * dt > FASTEST * min(times) or max(m, x, y) >= 1.0 or m in (x, y):
        return None
    mixed = [(1.0 - m) * mean / (kept - m) for mean, kept in ((mean_e, x), (mean_i, y))]
    if max(abs(c) for c in mixed) > STEEPEST:
        return None
    peaks = [c * _rise(kept, m) for c, kept in zip(mixed, (x, y), strict=True)]
    rest = [given[name] for name in ("E_L", "v_th", "v_reset", "t_ref")]
    return np.array([m, x, y, *mixed, *peaks, *rest])


def _rise(x: float, m: float) -> float:
    """The largest x^k - m^k for k from 1 on, in magnitude; a little more, for rounding."""
    peak = 1.0 if x == 0.0 else math.log(math.log(m) / math.log(x)) / math.log(x / m)
    steps = max(math.floor(peak), 1), max(math.ceil(peak), 1)
    found = max((x**k - m**k for k in steps), key=abs)
    return 1.0001 * found
