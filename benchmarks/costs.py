"""What the engine costs, and what became of it under attack: docs/benchmarks/costs.md."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from benchmarks.provenance import told

ROOT = Path(__file__).resolve().parent.parent
RESULTS = ROOT / "benchmarks" / "results"
PEERS = ROOT / "benchmarks" / "speed" / "peers"

SPEED = """\
## Speed

`python -m benchmarks.speed`. CPU time (user + system) of one process, one thread, warm cache:
median and range over repeats. The machine is a shared virtual one: other load moves single figures
by tens of per cent, so the ratios to Brian2 count only where both ran in one session.

Workloads: W1 COBA (Brette et al. 2007), 4,000 conductance LIF neurons, dt 0.1 ms. W2 Izhikevich
(2003), 1,000 neurons all-to-all, dt 1 ms. W3 Izhikevich (2006) scaled to 10,000 neurons, 800,000
synapses under STDP with delays of 1-20 ms. W5 Izhikevich (2007), 100,000 synapses, reward-modulated
STDP, Gaussian noise; W5u with uniform noise. W2 and W3 use Engram's own model, which follows the
exact solution and fires more (8.0 and 9.1 Hz); W2e and W3e the scheme of the published programs and
of the peers, two half steps of Euler's method, with which they fire at the rates published (7 and
8 Hz).
"""


CHECKPOINTS = """\
## Checkpoints

`python -m benchmarks.checkpoints`. A brain with 1,000,000 synapses under reward-modulated STDP
between 10,000 and 10,000 neurons, delays of 1-20 ms. Wall times, since the disk is part of them:
median and range over repeats. The machine is a shared virtual one.
"""

MORPHOLOGY = """\
## Dendrites

`python -m benchmarks.morphology`. Engram's templates against NEURON {neuron} (dt {neuron_dt} ms, 41
segments a branch), each at the soma and at two places of every branch: cable theory, and somatic
responses of neurons with compartments to a conductance synapse.
"""


def number(value: Any) -> str:
    if not isinstance(value, (int, float)):
        return str(value)
    return f"{value:.3g}" if abs(value) < 1000 else f"{value:,.0f}"


def table(head: str, rows: list[dict[str, Any]]) -> list[str]:
    """A section: what its numbers depend on, and a table of them."""
    lines = [head, f"{told(rows[0])}.", ""]
    lines += [
        "| what | measured | range | asked for | reached | note |",
        "|---|---|---|---|---|---|",
    ]
    for row in rows:
        bound = {"most": "at most ", "least": "at least "}.get(row.get("limit") or "", "")
        asked = "" if row["target"] is None else f"{bound}{number(row['target'])}"
        reached = {True: "yes", False: "**no**", None: ""}[row["passed"]]
        spread = " - ".join(number(x) for x in row.get("spread", []))
        lines.append(
            f"| {row['study']}: {row['what']} | {number(row['value'])} {row['unit']} | {spread} "
            f"| {asked} | {reached} | {row.get('note', '')} |"
        )
    return lines


def speed(results: dict[str, Any]) -> list[str]:
    """The speed section."""
    lines = table(SPEED, results["rows"])
    lines += ["", "### Peers", "", "`benchmarks/speed/peers`, each in its own environment.", ""]
    lines += ["| workload | peer | method | CPU s per simulated s | Hz |", "|---|---|---|---|---|"]
    for path in sorted(PEERS.glob("results-*.json")):
        records = json.loads(path.read_text())
        for r in records if isinstance(records, list) else records["records"]:
            lines.append(
                f"| {r['workload']} | {r['peer']} {r['version']} | {r['method']} "
                f"| {number(r['cpu_s_per_simulated_s'])} | {number(r['rate_hz'])} |"
            )
    return lines


def morphology(results: dict[str, Any]) -> list[str]:
    """The section on dendrites."""
    lines = [
        MORPHOLOGY.format(**results),
        "| template | what | worst deviation | asked for | reached |",
    ]
    lines += ["|---|---|---|---|---|"]
    for row in results["rows"]:
        lines.append(
            f"| {row['template']} | {row['what']} | {100 * row['worst']:.2f} % {row['unit']} "
            f"| at most {100 * row['limit']:g} % | {'yes' if row['passed'] else '**no**'} |"
        )
    cost = results["cost"]
    lines += ["", f"CPU time of a step of {cost['neurons']:,} neurons, dt {cost['dt']:g} ms:", ""]
    lines += ["| compartments | us a step | range |", "|---|---|---|"]
    for row in cost["rows"]:
        low, high = row["spread"]
        lines.append(
            f"| {row['compartments']} | {row['us_per_step']:.0f} | {low:.0f} - {high:.0f} |"
        )
    reached = "yes" if cost["passed"] else "**no**"
    lines += [
        "",
        f"The cost grows with the number of compartments to the power of {cost['exponent']:.2f} "
        f"(asked for: at most {cost['limit']:g}; reached: {reached}).",
    ]
    return lines


def growth(cost: dict[str, Any]) -> list[str]:
    """The section on growth: of its cycle, and of those results there are besides."""
    lines = ["## Growth", ""]
    lines += ["`python -m benchmarks.growth.cycle`. CPU time of a cycle that does all there is."]
    lines += ["", "| brain | synapses | median (ms) | range | asked for | reached |"]
    lines += ["|---|---|---|---|---|---|"]
    for r in cost["rows"]:
        verdict = "yes" if r["reached"] else "**no**"
        lines.append(
            f"| {r['what']} | {r['synapses']:,} | {number(r['median_ms'])} "
            f"| {number(r['least_ms'])} - {number(r['most_ms'])} "
            + ("| | |" if r["target_ms"] is None else f"| {number(r['target_ms'])} | {verdict} |")
        )
    lines.append("")
    cycles = RESULTS / "growth_cycles.json"
    if cycles.exists():
        r = json.loads(cycles.read_text())
        lines += [
            f"`python -m benchmarks.growth.cycles`: {r['cycles']:,} random cycles, all tables "
            f"checked after each: {r['violations']} violations, {r['neurons_born']:,} neurons and "
            f"{r['synapses_born']:,} synapses born.",
            "",
        ]
    soak = RESULTS / "soak.json"
    if soak.exists():
        r = json.loads(soak.read_text())
        rows, end = r["rows"], r.get("end")
        lines.append(
            f"`python -m benchmarks.growth.soak`: {r['steps']:,} steps (asked for: "
            f"{r['asked_for']:,}), seed {r['seed']}; mean rate by block "
            f"{number(min(x['rate_hz'] for x in rows))} - "
            f"{number(max(x['rate_hz'] for x in rows))} Hz, no region above "
            f"{number(max(x['most_hz'] for x in rows))} Hz, valid tables throughout."
        )
        if end:
            lines.append(
                f"Memory grew by a factor of {end['memory_growth']:.3f}; a step at the end costs "
                f"{100 * end['slower_by']:+.0f} % against the start (median of "
                f"{len(end['pairs'])} pairs of brains with as many synapses: "
                + ", ".join(f"{100 * pair['slower_by']:+.0f}" for pair in end["pairs"])
                + " %)."
            )
    return lines


def checkpoints(results: dict[str, Any]) -> list[str]:
    """The section on checkpoints."""
    return table(CHECKPOINTS, results["rows"])
