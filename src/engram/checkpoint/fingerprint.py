"""A hash of everything that determines a brain's future."""

from __future__ import annotations

import hashlib
import json

import numpy as np

from engram.checkpoint.state import taken
from engram.network.network import Network

# What a brain remembers without it changing what happens next.
_PAST_ONLY = ("stats_history", "growth_history", "grown", "device", "defaults")


def fingerprint(network: Network) -> str:
    """SHA-256 over all saved state: structure, arrays, parameters, time, seed.

    Parameters
    ----------
    network : Network
        Of the brain.

    Returns
    -------
    str
        Hexadecimal.
    """
    manifest, arrays = taken(network)
    digest = hashlib.sha256()
    relevant = {k: v for k, v in manifest.items() if k not in _PAST_ONLY}
    if not relevant["processes"]:
        # Formats 1 to 5 knew no processes of users.
        del relevant["processes"]
    digest.update(json.dumps(relevant, sort_keys=True).encode())
    for name in sorted(arrays):
        array = np.ascontiguousarray(arrays[name])
        digest.update(f"{name} {array.dtype.str} {array.shape}".encode())
        digest.update(array.data)
    return digest.hexdigest()
