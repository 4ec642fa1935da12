"""Compare dendrites with NEURON within 2 %, and time compartments.

    python -m benchmarks.morphology --describe      the trees, for neuron_reference.py
    python -m benchmarks.morphology                 compares with neuron.json, writes results

Writes benchmarks/results/morphology.json and fails if a claim does not hold.
"""

from __future__ import annotations

import argparse
import json
import time
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from benchmarks.provenance import provenance
from engram import LIF, Brain, CurrentLIF, RegionType, Relay
from engram.morphology import TEMPLATES, Branch, Morphology
from engram.recording import StateRecorder

HERE = Path(__file__).parent
REFERENCE = HERE / "neuron.json"
RESULTS = HERE.parent / "results" / "morphology.json"
TAU_EXC, WEIGHT = 5.0, 0.5
"""An excitatory conductance: decay (ms), and peak relative to the leak of the whole cell."""

LIMIT = 0.02
SIZES = (8, 16, 32, 64, 128)


def sites(tree: Morphology) -> list[int]:
    """The compartments looked at: the soma, and the middle and the last of each branch."""
    nodes = tree.compartments
    found = [0]
    for k in range(len(tree.branches)):
        here = np.flatnonzero((nodes.branch == k) & (nodes.area > 0))
        found += sorted({int(here[len(here) // 2]), int(here[-1])})
    return found


def describe() -> dict[str, Any]:
    """The trees as NEURON is told of them."""
    out = {}
    for name, tree in TEMPLATES.items():
        if tree.branches:
            nodes = tree.compartments
            chosen = [
                {"branch": int(nodes.branch[i]), "place": float(nodes.place[i])}
                for i in sites(tree)
            ]
            microsiemens = 1e6 * WEIGHT * nodes.area.sum() / tree.Rm
            out[name] = {
                **asdict(tree),
                "sites": chosen,
                "tau_exc": TAU_EXC,
                "weight_uS": microsiemens,
            }
    return out


def epsps(tree: Morphology, dt: float) -> np.ndarray:
    """Somatic potentials above rest at whole ms after the arrival, shape (times, sites)."""
    chosen = sites(tree)
    brain = Brain(dt=dt, seed=1)
    brain.freeze_structural_plasticity()
    alone: dict[str, Any] = {"connectivity": 0.0, "rule": None, "excitatory": 1.0}
    brain.add_region("axon", RegionType.SENSORY, 1, model=Relay, **alone)
    model = LIF(v_th=1e6, tau_exc=TAU_EXC, tau_m=tree.tau)
    cells = brain.add_region("cells", RegionType.SENSORY, len(chosen), model=model, **alone)
    cells.enable_morphology(tree, dynamics="compartments")
    p = brain.connect_regions(
        "axon", "cells", wiring="all_to_all", weights=WEIGHT, delays=1.0, rule=None
    )
    p.compartment = np.array(chosen)[p.post]
    brain.inject_current("axon", [0], 1.0)
    recorder = brain.record("v", "cells", every=dt)
    brain.run(round(60.0 / dt))
    # A spike of the first step arrives at 1 ms, like NEURON's event.
    assert isinstance(recorder, StateRecorder)
    deviation: NDArray[Any] = recorder.values - model.E_L
    return deviation


def compare(name: str, reference: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Worst deviations from NEURON of one template."""
    tree = TEMPLATES[name]
    branch = np.array([e["branch"] for e in reference])
    place = np.array([e["place"] for e in reference])
    rows = []

    def row(what: str, value: float, unit: str, limit: float) -> None:
        rows.append(
            {
                "template": name,
                "what": what,
                "worst": float(value),
                "unit": unit,
                "limit": limit,
                "sites": len(reference),
                "passed": bool(value <= limit),
            }
        )

    for frequency in ("0", "50"):
        theirs = np.array([e["transfer"][frequency] for e in reference])
        ours = tree.attenuation(branch, place, frequency=float(frequency))
        row(f"attenuation, {frequency} Hz", np.abs(ours / theirs - 1).max(), "relative", LIMIT)
    ours_in, theirs_in = tree.input_conductance, reference[0]["input_conductance"]
    row("input conductance", abs(ours_in / theirs_in - 1), "relative", LIMIT)
    centroid = np.array([e["centroid"] for e in reference])
    delay = tree.delay(branch, place)
    error = np.abs(delay - (centroid - centroid[0])).max()
    row("delay, of the longest", error / delay.max(), "relative", LIMIT)
    peak = np.array([e["epsp_peak"] for e in reference])
    course = np.array([e["epsp"] for e in reference]).T
    for dt in (0.1, 1.0):
        v = epsps(tree, dt)
        row(
            f"EPSP peak at the soma, dt {dt:g}",
            np.abs(v.max(0) / peak - 1).max(),
            "relative",
            LIMIT,
        )
        at_ms = v[round(1 / dt) - 1 :: round(1 / dt)]
        off = np.abs(at_ms - course[: len(at_ms)]).max(0) / peak
        row(f"EPSP course at the soma, dt {dt:g}", off.max(), "of the peak", LIMIT)
    return rows


def cost() -> list[dict[str, Any]]:
    """CPU time of a step for 1,000 neurons, by number of compartments: median of five."""
    rows = []
    for n in SIZES:
        brain = Brain(dt=1.0, seed=1)
        brain.freeze_structural_plasticity()
        cells = brain.add_region(
            "cells", RegionType.SENSORY, 1000, 0.0, model=CurrentLIF, excitatory=1.0, rule=None
        )
        piece = 0.1 * np.sqrt(20_000.0 * 1e-4 / 600.0) * 1e4
        cable = Morphology((Branch("d", piece * (n - 1e-6), 1.0),))
        assert len(cable.compartments) == n + 1
        cells.enable_morphology(cable, dynamics="compartments")
        brain.run(20)
        taken = []
        for _ in range(5):
            start = time.process_time()
            brain.run(100)
            taken.append((time.process_time() - start) / 100)
        rows.append(
            {
                "compartments": n,
                "us_per_step": 1e6 * float(np.median(taken)),
                "spread": [1e6 * min(taken), 1e6 * max(taken)],
            }
        )
    return rows


def main() -> None:
    """Compare, time, write, assert."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--describe", action="store_true", help="print the trees and stop")
    if parser.parse_args().describe:
        print(json.dumps(describe(), indent=1))
        return
    origin = provenance(__file__)
    reference = json.loads(REFERENCE.read_text())
    rows = [r for name, found in reference["templates"].items() for r in compare(name, found)]
    for r in rows:
        mark = "" if r["passed"] else "  MISSED"
        print(f"{r['template']:12} {r['what']:30} {100 * r['worst']:6.2f} % {r['unit']}{mark}")
    costs = cost()
    n = np.array([c["compartments"] for c in costs], float)
    t = np.array([c["us_per_step"] for c in costs])
    slope = float(np.polyfit(np.log(n), np.log(t), 1)[0])
    for c in costs:
        print(f"{c['compartments']:4} compartments: {c['us_per_step']:8.0f} us a step")
    print(f"cost ~ compartments^{slope:.2f}")
    passed = slope <= 1.15
    RESULTS.write_text(
        json.dumps(
            {
                "provenance": origin,
                "neuron": reference["neuron"],
                "neuron_dt": reference["dt"],
                "rows": rows,
                "cost": {
                    "neurons": 1000,
                    "dt": 1.0,
                    "rows": costs,
                    "exponent": slope,
                    "limit": 1.15,
                    "passed": passed,
                },
            },
            indent=1,
        )
        + "\n"
    )
    missed = [f"{r['template']}: {r['what']}" for r in rows if not r["passed"]]
    assert not missed, f"more than {100 * LIMIT:g} % from NEURON: {missed}"
    assert passed, f"cost grows with compartments to the power of {slope:.2f}"


if __name__ == "__main__":
    main()
