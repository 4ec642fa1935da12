"""The limit of the machine: how fast it streams synapses, and adds to targets out of order."""

from __future__ import annotations

import time

import numba
import numpy as np
from numpy.typing import NDArray


def _loop(post: NDArray[np.int32], weight: NDArray[np.float32], onto: NDArray[np.float32]) -> None:
    for s in range(post.shape[0]):
        onto[np.uint64(post[s])] += weight[s]


_add = numba.njit(error_model="numpy")(_loop)


def stream(synapses: int, targets: int, row: int, repeats: int = 5) -> dict[str, float]:
    """The least time of a bare loop that does nothing but deliver, one row after the other.

    Parameters
    ----------
    synapses : int
        How many it streams: 8 bytes each.
    targets : int
        To how many neurons, 4 bytes each.
    row : int
        Synapses of a row, sorted by target.
    repeats : int
        Of which the fastest counts.

    Returns
    -------
    dict of float
        Nanoseconds an event, and gigabytes a second.
    """
    rng = np.random.default_rng(0)
    post = rng.integers(0, targets, synapses).astype(np.int32)
    post = np.sort(post[: synapses // row * row].reshape(-1, row), axis=1).ravel()
    weight = np.ones(len(post), np.float32)
    onto = np.zeros(targets, np.float32)
    times = []
    for _ in range(repeats + 1):
        begun = time.process_time()
        _add(post, weight, onto)
        times.append(time.process_time() - begun)
    ns = min(times[1:]) / len(post) * 1e9
    return {"ns_per_event": ns, "GB_per_s": 8.0 / ns}
