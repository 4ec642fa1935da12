"""Does synaptic scaling bring a mistuned network back, and hold it there?

    python -m benchmarks.mechanisms.homeostasis [--seeds N] [--quick] [--output F]

1,000 Izhikevich neurons (800 excitatory, 10 % connectivity) hear 200 Poisson sources of 10 Hz.
Scaling, at its defaults, first finds weights at which they fire at the target of 5 Hz, whatever
it takes. Then all excitatory weights, those from the sources and those of the network itself, are
multiplied by 3 or by 1/3. Scaling has 150 s to come back; then 100 s are watched, in windows of
10 s.

Arms: scaling alone; scaling beside STDP and beside reward-modulated STDP, which change the same
weights all the while; no scaling, as a control that must fail.

Claim, asserted for each seed, both directions and the first three arms: the mean rate in every
window is within 20 % of the target. Reported too: when it came back to stay, and the single
neurons' spread. van Rossum et al. 2000, doi:10.1523/JNEUROSCI.20-23-08812.2000; Turrigiano et al.
1998, doi:10.1038/36103
"""

from __future__ import annotations

import argparse
import json
import time
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.provenance import provenance
from engram import STDP, Brain, PlasticityRule, PoissonSource, RegionType, RewardSTDP

RESULTS = Path(__file__).parent.parent / "results" / "homeostasis.json"
TARGET, WITHIN = 5.0, 0.2
TUNE, RETURN, WATCH, WINDOW = 120, 150, 100, 10
"""Seconds: to find the weights, to come back, to watch, and of a window."""

RULES: dict[str, PlasticityRule] = {
    "scaling": STDP(A_plus=0.0, A_minus=0.0),
    "scaling and STDP": STDP(A_plus=5e-4, A_minus=5.25e-4),
    "scaling and R-STDP": RewardSTDP(A_plus=0.02, A_minus=0.021, baseline_dopamine=0.02),
}


def network(rule: PlasticityRule, seed: int) -> Brain:
    """Sources and network, with scaling as the only homeostasis."""
    brain = Brain(dt=1.0, seed=seed)
    brain.freeze_structural_plasticity()
    brain.disable_memory()
    brain.homeostasis.target_rate = TARGET
    brain.add_region(
        "in",
        RegionType.SENSORY,
        200,
        0.0,
        model=PoissonSource,
        background=10.0,
        excitatory=1.0,
        rule=None,
    )
    brain.add_region("net", RegionType.ASSOCIATION, 1000, 0.1, w_max=5.0, rule=rule.replica())
    brain.connect_regions("in", "net", density=0.1, w_max=20.0, rule=rule.replica())
    return brain


def rate_over(brain: Brain, seconds: int) -> np.ndarray:
    """Each neuron's rate over so many seconds, Hz."""
    before = brain.regions["net"].total_spikes.copy()
    brain.run(1000 * seconds)
    return (brain.regions["net"].total_spikes - before) / seconds


def mistuned(brain: Brain, factor: float, scaling: bool) -> dict[str, Any]:
    """Multiply excitatory weights, and watch."""
    for projection in brain.projections:
        if projection.n_synapses and projection.rule is not None:
            weight = projection.weight
            stronger = np.minimum(factor * weight, projection.w_max)
            projection.weight = np.where(weight > 0, stronger, weight)
    if not scaling:
        brain.freeze_homeostatic_scaling()
    course = [float(rate_over(brain, 5).mean()) for _ in range(RETURN // 5)]
    single = [rate_over(brain, WINDOW) for _ in range(WATCH // WINDOW)]
    windows = [float(rates.mean()) for rates in single]
    off = [abs(rate / TARGET - 1) > WITHIN for rate in course]
    last = max((k for k, bad in enumerate(off) if bad), default=-1)
    neurons = np.mean(single, axis=0)
    return {
        "first_hz": course[0],
        "windows_hz": windows,
        "worst_percent": 100 * max(abs(rate / TARGET - 1) for rate in windows),
        "back_after_s": 5 * (last + 1),
        "course_hz": course,
        "neurons_within_percent": float(100 * (np.abs(neurons / TARGET - 1) <= WITHIN).mean()),
        "neurons_sd_hz": float(neurons.std()),
        "held": bool(all(abs(rate / TARGET - 1) <= WITHIN for rate in windows)),
    }


def study(seeds: int, arms: list[str]) -> list[dict[str, Any]]:
    """All runs."""
    rows = []
    for arm in arms:
        for seed in range(seeds):
            tuned = network(RULES.get(arm, RULES["scaling"]), seed)
            tuned.run(1000 * (TUNE - WINDOW))
            start = float(rate_over(tuned, WINDOW).mean())
            for name, factor in (("3 x too strong", 3.0), ("3 x too weak", 1 / 3)):
                found = mistuned(tuned.copy(), factor, scaling=arm in RULES)
                rows.append(
                    {"arm": arm, "seed": seed, "mistuned": name, "tuned_hz": start, **found}
                )
                print(
                    f"{arm:20s} seed {seed} {name}: tuned {start:.2f} Hz, then "
                    f"{found['first_hz']:.2f}; back after {found['back_after_s']} s; then worst "
                    f"{found['worst_percent']:.1f} % off; {found['neurons_within_percent']:.0f} % "
                    f"of neurons within {100 * WITHIN:.0f} %",
                    flush=True,
                )
    return rows


def report(results: dict[str, Any]) -> str:
    """Its section of BENCHMARKS.md."""
    rows = results["rows"]
    lines = [
        "## Homeostasis",
        "",
        __doc__.partition("\n\n    ")[0].strip(),
        "",
        "`python -m benchmarks.mechanisms.homeostasis`: 1,000 neurons, all excitatory weights "
        "times 3 or 1/3; 150 s to come back to 5 Hz, then 100 s in windows of 10 s. Asked for: "
        "every window within 20 %.",
        "",
        "| arm | mistuned | seeds | first 5 s (Hz) | back after (s) | worst window off (%) "
        "| neurons within 20 % | held |",
        "|---|---|---|---|---|---|---|---|",
    ]
    for arm in dict.fromkeys(r["arm"] for r in rows):
        for name in dict.fromkeys(r["mistuned"] for r in rows):
            mine = [r for r in rows if r["arm"] == arm and r["mistuned"] == name]

            def span(key: str, mine: list[dict[str, Any]] = mine) -> str:
                values = [r[key] for r in mine]
                return f"{min(values):.3g} - {max(values):.3g}"

            held = sum(r["held"] for r in mine)
            lines.append(
                f"| {arm} | {name} | {len(mine)} | {span('first_hz')} | {span('back_after_s')} "
                f"| {span('worst_percent')} | {span('neurons_within_percent')} % "
                f"| {held} of {len(mine)} |"
            )
    return "\n".join(lines)


def main() -> None:
    """Run, write, assert."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--seeds", type=int, default=5)
    parser.add_argument("--quick", action="store_true", help="one seed, scaling alone")
    parser.add_argument("--output", type=Path, default=RESULTS)
    options = parser.parse_args()
    arms = ["scaling"] if options.quick else [*RULES, "no scaling"]
    seeds = 1 if options.quick else options.seeds
    origin = provenance(__file__, range(seeds))
    started = time.process_time()
    rows = study(seeds, arms)
    cpu = time.process_time() - started
    document = {"provenance": origin, "cpu_s": cpu, "rows": rows}
    options.output.write_text(json.dumps(document, indent=1) + "\n")
    print(report({"rows": rows}))
    assert all(r["held"] for r in rows if r["arm"] in RULES), "not within 20 % for 100 s"
    assert not any(r["held"] for r in rows if r["arm"] not in RULES), "the control holds, too"


if __name__ == "__main__":
    main()
