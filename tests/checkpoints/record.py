"""The files in this folder and what is known of them.

``python -m tests.checkpoints.record --new`` writes files of the current format; once they are
committed, they are never written again. ``python -m tests.checkpoints.record`` writes
`expected.json`: digests of what every file holds, and of its future. Those of what it holds must
never change. Those of its future change when the dynamics are changed on purpose.
"""

from __future__ import annotations

import argparse
import hashlib
import json
from pathlib import Path
from typing import Any

import numpy as np

from engram import Brain, load_brain, save_brain
from tests.checkpoints.brains import BUILDERS, live

FOLDER = Path(__file__).parent
EXPECTED = FOLDER / "expected.json"
BEFORE, AFTER = 330, 200
"""Steps before the file was written, and steps of its future."""

NEURONS = ("v", "theta", "activity", "exc", "inh")
COUNTS = ("total_spikes", "last_spike_time", "neuron_alive", "neuron_type", "neuron_age", "pattern")
SYNAPSES = ("pre", "post", "weight", "delay", "nt", "age", "eligibility", "resource")


def digest(brain: Brain) -> dict[str, str]:
    """What anyone can see of a brain, hashed: comparable also when the state has got more."""

    def hashed(arrays: list[Any]) -> str:
        whole = hashlib.sha256()
        for array in arrays:
            whole.update(np.ascontiguousarray(array).tobytes())
        return whole.hexdigest()[:16]

    regions = brain.regions.values()
    found = {name: hashed([getattr(p, name) for p in brain.projections]) for name in SYNAPSES}
    found |= {name: hashed([r.state(name) for r in regions]) for name in NEURONS}
    found |= {name: hashed([getattr(r, name) for r in regions]) for name in COUNTS}
    found["traces"] = hashed([t.neurons for t in brain.memory.traces])
    found["dopamine"] = hashed([[p.dopamine for p in brain.projections]])
    return found


def future(brain: Brain) -> dict[str, str]:
    """The spikes of the next steps, and what they leave behind."""
    spikes = live(brain, AFTER)
    return {"spikes": hashlib.sha256(json.dumps(spikes).encode()).hexdigest()[:16], **digest(brain)}


def files() -> list[Path]:
    """All files kept, of every format."""
    return sorted(FOLDER.glob("*.engram"))


def expected(path: Path) -> dict[str, dict[str, str]]:
    """What is to be expected of a file."""
    brain = load_brain(path)
    return {"loaded": digest(brain), "continued": future(brain)}


def main() -> None:
    """Write what was asked for."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--new", action="store_true", help="write files of the current format")
    if parser.parse_args().new:
        from engram.persistence import FORMAT

        for name, build in BUILDERS.items():
            path = FOLDER / f"format{FORMAT}-{name}.engram"
            if path.exists():
                raise SystemExit(f"{path} exists: a file that was kept is never written again")
            brain = build()
            live(brain, BEFORE)
            brain.stimulate("in", [0.7])
            save_brain(brain, path)
    known = {path.name: expected(path) for path in files()}
    EXPECTED.write_text(json.dumps(known, indent=1) + "\n")


if __name__ == "__main__":
    main()
