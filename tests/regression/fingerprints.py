"""What is known of the futures of the brains in `fingerprint_brains`.

``python -m tests.regression.fingerprints --record`` writes them to `fingerprints.json`; that is
right when the dynamics are changed on purpose, and only for the brains it says have changed.
Without ``--record`` it says which have.
"""

from __future__ import annotations

import argparse
import json
from pathlib import Path

from tests.regression.fingerprint_brains import BRAINS, Life

KNOWN = Path(__file__).with_name("fingerprints.json")


def lived(name: str) -> dict[str, str | int]:
    """The fingerprint of a brain at its end, and a hash of its spikes and weights alone."""
    life = Life()
    brain = BRAINS[name](life)
    return {
        "fingerprint": brain.fingerprint(),
        "spikes_and_weights": life.digest(brain),
        "spikes": life.spikes,
    }


def main() -> None:
    """Compare or record."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--record", action="store_true", help="write fingerprints.json")
    record = parser.parse_args().record
    known = json.loads(KNOWN.read_text()) if KNOWN.exists() else {}
    found = {name: lived(name) for name in BRAINS}
    for name, values in found.items():
        old = known.get(name, {})
        changed = [key for key, value in values.items() if old.get(key) != value]
        if changed:
            print(f"{name}: {', '.join(changed)}")
    if record:
        KNOWN.write_text(json.dumps(found, indent=1) + "\n")


if __name__ == "__main__":
    main()
