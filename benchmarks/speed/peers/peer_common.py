"""Workload definitions, wiring and bookkeeping shared by the peer benchmarks."""

import argparse
import json
import statistics
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Spec = dict[str, Any]

WORKLOADS = ("W1", "W2", "W3", "W5")
SEED = 20240
NETWORK_SEED = 11

# W1: COBA network (Brette et al. 2007), mV, ms, nS, pF.
COBA: Spec = {
    "n_exc": 3200,
    "n_inh": 800,
    "p": 0.02,
    "dt": 0.1,
    "g_l": 10.0,
    "c_m": 200.0,
    "e_l": -60.0,
    "v_th": -50.0,
    "v_reset": -60.0,
    "t_ref": 5.0,
    "e_e": 0.0,
    "e_i": -80.0,
    "tau_e": 5.0,
    "tau_i": 10.0,
    "w_e": 6.0,
    "w_i": 67.0,
}

# W2: Izhikevich 2003.
IZHI2003: Spec = {"n_exc": 800, "n_inh": 200, "noise_exc": 5.0, "noise_inh": 2.0}

# W3: Izhikevich 2006 wiring with pairwise STDP applied at each event.
IZHI2006: Spec = {
    "n_exc": 8000,
    "n_inh": 2000,
    "n_syn": 100,
    "max_delay": 20,
    "w_exc": 6.0,
    "w_inh": -5.0,
    "w_max": 10.0,
    "a_plus": 0.1,
    "a_minus": 0.12,
    "tau": 20.0,
    "input_rate": 1.0,
    "input": 20.0,
}

# W5: Izhikevich 2007, dopamine-modulated STDP (dw/dt = c * d / tau_s).
IZHI2007: Spec = {
    "n_exc": 800,
    "n_inh": 200,
    "n_syn": 100,
    "w_exc": 1.0,
    "w_inh": -1.0,
    "w_max": 4.0,
    "a_plus": 0.1,
    "a_minus": 0.15,
    "tau": 20.0,
    "tau_c": 1000.0,
    "tau_d": 200.0,
    "tau_s": 1000.0,
    "noise": 3.75,
    "noise_uniform": 6.5,
    "pulse": 0.5,
    "pulse_gap": (1.0, 5.0),
}


def coba_initial_state(rng: np.random.Generator) -> tuple[Floats, Floats, Floats]:
    """Return v (mV), g_e and g_i (nS) at the start of W1."""
    n = COBA["n_exc"] + COBA["n_inh"]
    v = rng.uniform(COBA["e_l"], COBA["v_th"], n)
    g_e = np.clip(rng.normal(4.0, 1.5, n), 0, None) * 10
    g_i = np.clip(rng.normal(20.0, 12.0, n), 0, None) * 10
    return v, g_e, g_i


def izhi2003_parameters(rng: np.random.Generator) -> tuple[Floats, Floats, Floats, Floats]:
    """Return a, b, c, d of W2, with the spread of the paper."""
    r_e, r_i = rng.random(IZHI2003["n_exc"]), rng.random(IZHI2003["n_inh"])
    return (
        np.concatenate([np.full_like(r_e, 0.02), 0.02 + 0.08 * r_i]),
        np.concatenate([np.full_like(r_e, 0.2), 0.25 - 0.05 * r_i]),
        np.concatenate([-65 + 15 * r_e**2, np.full_like(r_i, -65.0)]),
        np.concatenate([8 - 6 * r_e**2, np.full_like(r_i, 2.0)]),
    )


def rs_fs_parameters(spec: Spec) -> tuple[Floats, Floats]:
    """Return a and d of regular-spiking then fast-spiking neurons (b = 0.2, c = -65)."""
    n_e, n_i = spec["n_exc"], spec["n_inh"]
    return np.repeat([0.02, 0.1], [n_e, n_i]), np.repeat([8.0, 2.0], [n_e, n_i])


def fixed_outdegree(
    spec: Spec, rng: np.random.Generator
) -> tuple[NDArray[np.int32], NDArray[np.int32]]:
    """Return sources and targets: distinct, never self, inhibitory onto excitatory only."""
    n_e, n = spec["n_exc"], spec["n_exc"] + spec["n_inh"]
    k = spec["n_syn"]
    targets = np.empty((n, k), dtype=np.int32)
    for i in range(n):
        if i < n_e:
            row = rng.choice(n - 1, k, replace=False)
            targets[i] = row + (row >= i)
        else:
            targets[i] = rng.choice(n_e, k, replace=False)
    return np.repeat(np.arange(n, dtype=np.int32), k), targets.ravel()


def pulse_times(total_ms: float, rng: np.random.Generator) -> Floats:
    """Return the dopamine pulse times of W5 in whole milliseconds."""
    low, high = IZHI2007["pulse_gap"]
    times: list[int] = []
    t = 0.0
    while True:
        t += rng.uniform(low, high) * 1000
        if t >= total_ms - 2:
            return np.array(times, dtype=float)
        times.append(round(t))


def parse_arguments(peer: str) -> argparse.Namespace:
    """Read the command line of a peer script."""
    parser = argparse.ArgumentParser(description=f"{peer} peer benchmark, one thread")
    parser.add_argument("--workload", choices=(*WORKLOADS, "all"), default="all")
    parser.add_argument("--seconds", type=float, default=5.0, help="simulated and measured")
    parser.add_argument("--warmup", type=float, default=1.0, help="simulated before measuring")
    parser.add_argument("--repeats", type=int, default=5)
    parser.add_argument("--out", type=Path, required=True)
    return parser.parse_args()


def median(values: Sequence[float]) -> float:
    """Return the median, rounded for the record."""
    return round(statistics.median(values), 4)


def store(path: Path, record: Mapping[str, Any]) -> None:
    """Put a record into the JSON list at path, replacing one of the same workload and method."""
    records = json.loads(path.read_text()) if path.exists() else []
    key = (record["workload"], record["method"])
    records = [r for r in records if (r["workload"], r["method"]) != key]
    records.append(record)
    records.sort(key=lambda r: r["workload"])
    path.write_text(json.dumps(records, indent=2) + "\n")
    print(json.dumps(record), flush=True)
