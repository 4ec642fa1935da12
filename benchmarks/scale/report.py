"""The sections of BENCHMARKS.md on scale and on worker threads."""

from __future__ import annotations

from typing import Any

SCALE = """\
## Events, threads and memory against size

`python -m benchmarks.scale --most {most}`: Poisson sources of 8 Hz onto as many CurrentLIF
neurons, delays of 1 to 20 ms, dt = 1 ms. An event is a synapse that delivers a spike or, with a
rule, learns of one fired behind it; neurons are part of its cost. The bare loop only streams as
many synapses (8 bytes each) and adds. Asked for: {ns:g} ns with STDP at 100,000,000 synapses;
{threads:g} times by two threads; {bytes} bytes a synapse, all-in; a peak of {peak:g} while it is
built.

| neurons | synapses | kind | ns an event | bare loop | two threads | bytes a synapse | peak |
|---|---|---|---|---|---|---|---|
"""

NS, THREADS, PEAK = 8.0, 1.6, 1.3
BYTES = {"static": 8.0, "STDP": 16.0, "R-STDP": 20.0}
"""What was asked for, at the largest size."""

PAUSES = """\
## Worker threads that pause at random

`python -m benchmarks.reliability.threads`: random brains with everything on, three or four workers
that pause at random before each of their regions, compared with one thread to the last bit.
"""


def scale(found: dict[str, Any]) -> list[str]:
    """Lines of Markdown."""
    most = max(row["synapses"] for row in found["cases"])
    sizes = ", ".join(f"{n:g} ({kind})" for kind, n in BYTES.items())
    asked = {"ns": NS, "threads": THREADS, "bytes": sizes, "peak": PEAK}
    lines = SCALE.format(most=most, **asked).splitlines()
    lines += [
        f"| {row['neurons']:,} | {row['synapses']:,} | {row['kind']} | {row['ns_per_event']:.2f} | "
        f"{row['bare_loop']['ns_per_event']:.2f} | x {row['speedup_2_threads']:.2f} | "
        f"{row['bytes_per_synapse']:.1f} | {row['peak_over_finished']:.2f} |"
        for row in found["cases"]
    ]
    return lines


def missed(found: dict[str, Any]) -> list[str]:
    """What was not reached at the largest size that was measured."""
    most = max(row["synapses"] for row in found["cases"])
    lines = [] if most >= 100_000_000 else [f"100,000,000 synapses: measured to {most:,}"]
    for row in found["cases"]:
        if row["synapses"] < most:
            continue
        where, kind = f"{row['synapses']:,} synapses, {row['kind']}", row["kind"]
        for what, value, aim in (
            ("ns an event", row["ns_per_event"], NS if kind == "STDP" else None),
            ("bytes", row["bytes_per_synapse"], BYTES[kind]),
            ("peak", row["peak_over_finished"], PEAK),
            ("two threads, times as fast", row["speedup_2_threads"], THREADS),
        ):
            if aim is not None and (value < aim if "threads" in what else value > aim):
                lines.append(f"{where}: {what}: {value:.3g}; asked for: {aim:g}")
    return lines


def pauses(found: dict[str, Any]) -> list[str]:
    """Lines of Markdown."""
    return [
        *PAUSES.splitlines(),
        "",
        f"{found['runs']:,} runs: {found['differences']} differences.",
    ]


MILLION = """\
## A million neurons

`python -m benchmarks.scale.million`: ten populations of CurrentLIF neurons that fire from noise, a
thousand static synapses a neuron, delays of 1 to 3 ms, dt = 1 ms, one thread.
"""


def million(found: dict[str, Any]) -> list[str]:
    """Lines of Markdown."""
    return [
        *MILLION.splitlines(),
        "",
        f"{found['neurons']:,} neurons and {found['synapses']:,} synapses: built in "
        f"{found['built_cpu_s']:.0f} CPU-s, {found['finished_GB']:.1f} GB when finished and "
        f"{found['peak_GB']:.1f} GB at most (asked for: 10 GB). At {found['rate_hz']:.2f} Hz a "
        f"simulated second takes {found['cpu_s_per_simulated_s']:.1f} CPU-s, "
        f"{found['ns_per_event']:.1f} ns an event.",
    ]


DELIVERY = """\
## Delivery at the spike

`python -m benchmarks.scale.delivery`: the cortical microcircuit at a part of its size with Poisson
drive, one thread; charge delivered when a spike is fired, and on arrival, in turns.
"""


def delivery(found: dict[str, Any]) -> list[str]:
    """Lines of Markdown."""
    low, high = found["ratio_range"]
    cpu, ns = found["cpu_s_per_simulated_s"], found["ns_per_event"]
    both = ", ".join(f"{way} {cpu[way]:.2f} ({ns[way]:.1f} ns an event)" for way in cpu)
    return [
        *DELIVERY.splitlines(),
        "",
        f"{found['neurons']:,} neurons, {found['synapses']:,} synapses, CPU-s a simulated second: "
        f"{both}; ratio {found['ratio']:.2f} ({low:.2f} to {high:.2f} of {found['rounds']} rounds)",
    ]


LAZY = """\
## Neurons that are not stepped

`python -m benchmarks.scale.lazy`: a network as large as a fly's brain, of which 200 neurons are
driven at 150 Hz (`examples/fly_sized.py`) and the others are nearly silent, one thread; only
neurons that may fire are stepped, or all of them, in turns. This is the regime it is made for: with
ten times as many driven neurons (0.2 Hz on average) all are stepped, and nothing is gained.
"""


def lazy(found: dict[str, Any]) -> list[str]:
    """Lines of Markdown."""
    low, high = found["ratio_range"]
    cpu, call = found["cpu_s_per_simulated_s"], found["cpu_s_of_a_call"]
    long = ", ".join(f"{way} {cpu[way]:.3f}" for way in cpu)
    short = ", ".join(f"{way} {1e3 * call[way]:.2f}" for way in call)
    return [
        *LAZY.splitlines(),
        "",
        f"{found['neurons']:,} neurons, {found['synapses']:,} synapses, CPU-s a simulated second: "
        f"{long}; ratio {found['ratio']:.1f} ({low:.1f} to {high:.1f} of {found['rounds']} "
        f"rounds). Of {found['spikes']:,} spikes, most of them of the driven, "
        f"{100 * found['alike']:.3f} % are the same: a spike may come a step later, and others "
        "follow it. "
        "Where every step is a call of its own it is slower, since the potentials of all are "
        f"worked out after each: a call takes (ms) {short}. From ten to twenty steps a call on it "
        "pays.",
    ]


BUILDING = """\
## Building

`python -m benchmarks.scale.building --scale 0.3 1`: single projections between 20,000 neurons on
either side, weights and delays normally distributed, dt = 0.1 ms, and the cortical microcircuit;
one thread. Peak: the most memory while it is built, over the bytes of its arrays when finished.
Asked for: a peak of {peak:g}; {cpu:g} CPU-s for the microcircuit at full size.

| what | synapses | ns a synapse | CPU-s | bytes a synapse | peak |
|---|---|---|---|---|---|
"""

BUILT_CPU_S = 25.0
"""Asked for, of the microcircuit at full size."""


def building(found: dict[str, Any]) -> list[str]:
    """Lines of Markdown."""
    lines = BUILDING.format(peak=PEAK, cpu=BUILT_CPU_S).splitlines()
    for row in found["cases"]:
        what = row["name"] + (f", scale {row['scale']:g}" if "scale" in row else "")
        lines.append(
            f"| {what} | {row['synapses']:,} | {row['ns_per_synapse']:.0f} | {row['cpu_s']:.2f} | "
            f"{row['bytes_per_synapse']:.1f} | {row['peak_over_finished']:.2f} |"
        )
    return lines


def built_worse(found: dict[str, Any]) -> list[str]:
    """What was not reached in building."""
    lines = [
        f"building, {row['name']}: peak: {row['peak_over_finished']:.3g}; asked for: {PEAK:g}"
        for row in found["cases"]
        if row["peak_over_finished"] > PEAK
    ]
    lines += [
        f"building, microcircuit: {row['cpu_s']:.3g} CPU-s; asked for: {BUILT_CPU_S:g}"
        for row in found["cases"]
        if row.get("scale") == 1.0 and row["cpu_s"] > BUILT_CPU_S
    ]
    return lines
