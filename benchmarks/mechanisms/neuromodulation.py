"""What neuromodulation costs in a step: off, each transmitter, a critic, everything.

    python -m benchmarks.mechanisms.neuromodulation

One small brain (200 neurons in four regions, reward-modulated STDP), driven, plasticity on; CPU
time of a step in one compiled run, median and range over repeats. The arms take turns, so that a
noisy machine disturbs all alike. Effects are too small to matter, so that spikes are the same.
"""

from __future__ import annotations

import argparse
import json
import statistics
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from benchmarks.provenance import provenance
from engram import (
    AcetylcholineRelease,
    Brain,
    DopamineRelease,
    Neurotransmitter,
    RegionType,
    SerotoninRelease,
)

RESULTS = Path(__file__).parents[1] / "results" / "neuromodulation.json"
STEPS = 20_000


def _off(brain: Brain) -> None:
    brain.disable_neuromodulation()


def _release(source: str, target: str) -> Callable[[Brain], None]:
    def only(brain: Brain) -> None:
        for projection in brain.projections:
            if (projection.source, projection.target) != (source, target):
                projection.modulation = None

    return only


def _critic(brain: Brain) -> None:
    for projection in brain.projections:
        projection.modulation = None


ARMS: dict[str, Callable[[Brain], None]] = {
    "off": _off,
    "dopamine": _release("vta", "cortex"),
    "acetylcholine": _release("basal", "cortex"),
    "serotonin": _release("basal", "vta"),
    "critic": _critic,
    "all": lambda _: None,
}


def build(arm: str, seed: int) -> Brain:
    """A brain with all of it, less what the arm leaves out."""
    brain = Brain(seed=seed)
    brain.freeze_structural_plasticity()
    brain.freeze_homeostatic_scaling()
    brain.disable_memory()
    for name, kind, n in (
        ("in", RegionType.SENSORY, 60),
        ("cortex", RegionType.ASSOCIATION, 100),
        ("vta", RegionType.REWARD, 20),
        ("basal", RegionType.MEMORY, 20),
    ):
        brain.add_region(name, kind, n, background=5.0)
    brain.connect_regions("in", "cortex", 0.1)
    for source, target, nt, modulation in (
        ("vta", "cortex", Neurotransmitter.DOPAMINE, DopamineRelease(release=1e-12)),
        ("basal", "cortex", Neurotransmitter.ACETYLCHOLINE, AcetylcholineRelease(floor=1.0)),
        ("basal", "vta", Neurotransmitter.SEROTONIN, SerotoninRelease(current=1e-12)),
    ):
        brain.connect_regions(source, target, 0.0, nt=nt, modulation=modulation)
    if arm in ("critic", "all"):
        brain.add_critic("vta", "region:cortex", gain=1e-12)
    ARMS[arm](brain)
    return brain


def study(repeats: int, seed: int = 1) -> list[dict[str, Any]]:
    """Microseconds of CPU a step, by arm."""
    brains = {arm: build(arm, seed) for arm in ARMS}
    for brain in brains.values():
        brain.run(2000)
    times: dict[str, list[float]] = {arm: [] for arm in ARMS}
    for _ in range(repeats):
        for arm, brain in brains.items():
            began = time.process_time()
            brain.run(STEPS)
            times[arm].append(1e6 * (time.process_time() - began) / STEPS)
    return [
        {
            "arm": arm,
            "microseconds": statistics.median(found),
            "lowest": min(found),
            "highest": max(found),
            "hz": sum(r.mean_activity for r in brains[arm].regions.values()) / 4,
        }
        for arm, found in times.items()
    ]


def report(results: dict[str, Any]) -> str:
    """Its section of BENCHMARKS.md."""
    assert __doc__ is not None
    lines = [
        "## Neuromodulation",
        "",
        *__doc__.strip().splitlines()[:1],
        "",
        "`python -m benchmarks.mechanisms.neuromodulation`: 200 neurons in four regions under "
        f"reward-modulated STDP, dt 1 ms; {STEPS:,} steps a time.",
        "",
        "| on | microseconds a step, median (range) | mean rate (Hz) |",
        "|---|---|---|",
    ]
    for row in results["rows"]:
        lines.append(
            f"| {row['arm']} | {row['microseconds']:.2f} ({row['lowest']:.2f} - "
            f"{row['highest']:.2f}) | {row['hz']:.1f} |"
        )
    return "\n".join(lines)


def main() -> None:
    """Run, write, print."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--repeats", type=int, default=7)
    parser.add_argument("--output", type=Path, default=RESULTS)
    options = parser.parse_args()
    results = {"provenance": provenance(__file__), "rows": study(options.repeats)}
    options.output.write_text(json.dumps(results, indent=1) + "\n")
    print(report(results))


if __name__ == "__main__":
    main()
