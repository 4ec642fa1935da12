"""The section of BENCHMARKS.md on the live page."""

from __future__ import annotations

from typing import Any

HEAD = """\
## The live page

`python -m benchmarks.live`: a brain runs in short turns without a page, with one that nobody has
open, and with one that is open; median of the ratios of the thread's CPU time, and its standard
error. Asked for: at most {most:.0f} % more with an open page, nothing with a closed one. Beside
other programs (load above the number of cores) they scatter; so the CPU time that goes into looking
between two steps is measured as well. A twin without a page ends with the same fingerprint.

| brain | neurons | synapses | closed | open | looking, closed | looking, open | frames/s | load |
|---|---|---|---|---|---|---|---|---|
"""

SOAK = """\
Soak (`--soak {minutes:g}`), the demonstration in real time with a page open: memory of the last
quarter against the first, once it had settled: {figures}.
"""


def live(found: dict[str, Any]) -> list[str]:
    """Lines of Markdown."""
    rows = found.get("cost", [])
    lines = HEAD.format(most=100 * rows[0]["most_lost"]).splitlines() if rows else []
    for row in rows:
        ratio = {
            kind: f"{100 * (clock['cpu']['median'] - 1):+.1f} +- "
            f"{100 * clock['cpu']['standard_error']:.1f} %"
            for kind, clock in row["ratios"].items()
        }
        share = {kind: f"{100 * s:.1f} %" for kind, s in row["share_of_looking"].items()}
        lines.append(
            f"| {row['workload']} | {row['neurons']:,} | {row['synapses']:,} | {ratio['closed']} "
            f"| {ratio['open']} | {share['closed']} | {share['open']} "
            f"| {row['frames_a_second']:.1f} | {row['load']:.1f} |"
        )
    if "soak" in found:
        soak = found["soak"]
        figures = ", ".join(
            f"{what} {100 * growth:+.1f} %"
            for what, growth in soak["growth"].items()
            if growth is not None
        )
        lines += ["", *SOAK.format(minutes=soak["minutes"], figures=figures).splitlines()]
    return lines
