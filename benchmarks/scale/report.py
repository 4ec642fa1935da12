"""The sections of BENCHMARKS.md on scale and on worker threads."""

from __future__ import annotations

from typing import Any

SCALE = """\
## Events, threads and memory against size

`python -m benchmarks.scale --most {most}`: Poisson sources of 8 Hz onto as many CurrentLIF
neurons, delays of 1 to 20 ms, dt = 1 ms. An event is a synapse that delivers a spike or, with a
rule, learns of one fired behind it; neurons are part of its cost. The bare loop only streams as
many synapses (8 bytes each) and adds. Asked for: 8 ns with STDP at 100,000,000 synapses; 1.6 times
by two threads; 8 bytes a synapse (static), 16 (STDP), 20 (R-STDP), all-in; a peak of 1.3 while it
is built.

| neurons | synapses | kind | ns an event | bare loop | two threads | bytes a synapse | peak |
|---|---|---|---|---|---|---|---|
"""

PAUSES = """\
## Worker threads that pause at random

`python -m benchmarks.reliability.threads`: random brains with everything on, three or four workers
that pause at random before each of their regions, compared with one thread to the last bit.
"""


def scale(found: dict[str, Any]) -> list[str]:
    """Lines of Markdown."""
    most = max(row["synapses"] for row in found["cases"])
    lines = SCALE.format(most=most).splitlines()
    lines += [
        f"| {row['neurons']:,} | {row['synapses']:,} | {row['kind']} | {row['ns_per_event']:.2f} | "
        f"{row['bare_loop']['ns_per_event']:.2f} | x {row['speedup_2_threads']:.2f} | "
        f"{row['bytes_per_synapse']:.1f} | {row['peak_over_finished']:.2f} |"
        for row in found["cases"]
    ]
    return lines


def pauses(found: dict[str, Any]) -> list[str]:
    """Lines of Markdown."""
    return [
        *PAUSES.splitlines(),
        "",
        f"{found['runs']:,} runs: {found['differences']} differences.",
    ]
