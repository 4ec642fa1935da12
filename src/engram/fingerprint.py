"""A hash of everything that determines a brain's future."""

from __future__ import annotations

import hashlib
import json
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from engram.brain import Brain

# What a brain remembers without it changing what happens next.
_PAST_ONLY = ("stats_history", "growth_history", "grown", "device", "defaults")


def fingerprint(brain: Brain) -> str:
    """SHA-256 over all saved state: structure, arrays, parameters, time, seed."""
    from engram.persistence import to_state

    manifest, arrays = to_state(brain)
    digest = hashlib.sha256()
    relevant = {k: v for k, v in manifest.items() if k not in _PAST_ONLY}
    digest.update(json.dumps(relevant, sort_keys=True).encode())
    for name in sorted(arrays):
        array = np.ascontiguousarray(arrays[name])
        digest.update(f"{name} {array.dtype.str} {array.shape}".encode())
        digest.update(array.data)
    return digest.hexdigest()
