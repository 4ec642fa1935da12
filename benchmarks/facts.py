"""Figures in README.md and docs, from benchmarks/results: ``python -m benchmarks.facts``.

A page marks a place: ``<!-- fact: NAME -->`` before it and ``<!-- end -->`` after it, within a
line or around lines. What stands between is written here, from JSON, and by nobody else.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from pathlib import Path
from statistics import mean
from typing import Any

from benchmarks import provenance
from benchmarks.life.report import distinct

ROOT = Path(__file__).resolve().parent.parent
RESULTS = ROOT / "benchmarks" / "results"
PEERS = ROOT / "benchmarks" / "speed" / "peers"

PLACE = re.compile(r"(<!-- fact: ([\w-]+) -->)(.*?)(<!-- end -->)", re.S)


def result(name: str) -> Any:
    """What a benchmark has stored.

    Parameters
    ----------
    name : str
        Of the file, without its ending.

    Returns
    -------
    object
        Its JSON.
    """
    return json.loads((RESULTS / f"{name}.json").read_text(encoding="utf-8"))


# -- speed

_HALVES, _TRACES = ("two half steps",), ("synaptic traces", "neuronal post trace")
WORKLOADS: dict[str, tuple[str, tuple[str, ...], tuple[str, ...]]] = {
    "W1": ("4,000 LIF neurons with conductances (COBA)", ("euler", "exponential_euler"), ()),
    "W2e": ("1,000 Izhikevich neurons, all-to-all, the peers' Euler steps", _HALVES, _HALVES),
    "W2": ("the same, Engram's own steps", _HALVES, _HALVES),
    "W3e": (
        "10,000 neurons, STDP, delays to 20 ms, the peers' Euler steps",
        _TRACES,
        ("stdp_synapse_hom",),
    ),
    "W3": ("the same, Engram's own steps", _TRACES, ("stdp_synapse_hom",)),
    "W5u": (
        "reward-modulated STDP, 100,000 synapses, noise as in the paper",
        ("event-driven, uniform noise",),
        (),
    ),
}
"""What each is, and the methods of Brian2 and of NEST that do the same; the fastest counts."""


def _peer(name: str, workload: str, methods: tuple[str, ...]) -> float | None:
    times = [
        float(record["cpu_s_per_simulated_s"])
        for record in json.loads((PEERS / f"results-{name}.json").read_text(encoding="utf-8"))
        if record["workload"] == workload[:2] and record["method"] in methods
    ]
    return min(times, default=None)


def _speeds() -> list[tuple[str, float, float | None, float | None]]:
    """Workload, and CPU seconds of a simulated second: of Engram, Brian2 and NEST."""
    rows = {r["study"]: r["value"] for r in result("speed")["rows"] if r["unit"] == "s/s"}
    return [
        (what, rows[study], _peer("brian2", study, brian2), _peer("nest", study, nest))
        for study, (what, brian2, nest) in WORKLOADS.items()
    ]


def _cell(seconds: float | None, own: float) -> str:
    return "" if seconds is None else f"{seconds:.3g} ({seconds / own:.1f} x)"


def speed_table() -> str:
    """CPU seconds of a simulated second, beside Brian2 and NEST."""
    lines = ["", "| network | Engram | Brian2 | NEST |", "|---|---|---|---|"]
    lines += [
        f"| {what} | {own:.3g} | {_cell(brian2, own)} | {_cell(nest, own)} |"
        for what, own, brian2, nest in _speeds()
    ]
    return "\n".join(lines) + "\n"


def _range(of: Callable[[tuple[str, float, float | None, float | None]], float | None]) -> str:
    times = sorted(x / row[1] for row in _speeds() if (x := of(row)) is not None)
    return f"{times[0]:.1f} to {times[-1]:.1f}"


def speed_conditions() -> str:
    """Versions, machine and day."""
    made = provenance.of(result("speed")["rows"][0])
    peers = [
        json.loads((PEERS / f"results-{n}.json").read_text(encoding="utf-8"))[0]
        for n in ("brian2", "nest")
    ]
    names = " and ".join(f"{p['peer']} {p['version']}" for p in peers)
    return (
        f"Engram {made['versions']['engram']} with Numba {made['versions']['numba']}, {names}; "
        f"one thread of a shared {made['machine']['processor']}, {made['date']}"
    )


# -- learning


def learning_table() -> str:
    """Test accuracy of the classifier beside controls, %."""
    found = result("classifiers")["results"]
    rows = ("network", "untrained", "logistic regression", "MLP (32 hidden)")
    named = {"network": "Engram, reward-modulated STDP", "untrained": "the same, before learning"}
    lines = ["", f"| | {' | '.join(found)} |", "|---" * (len(found) + 1) + "|"]
    for row in rows:
        values = " | ".join(f"{arms[row]['mean']:.1f}" for arms in found.values())
        lines.append(f"| {named.get(row, row)} | {values} |")
    return "\n".join(lines) + "\n"


def _mnist(neurons: int) -> list[dict[str, Any]]:
    runs: list[dict[str, Any]] = result("mnist")["runs"]
    return [r for r in runs if (r["run"]["model"], r["run"]["neurons"]) == ("lif", neurons)]


def mnist(neurons: int, decoder: str | None = None) -> str:
    """Test accuracy of features learned without labels, and how often it was measured.

    Parameters
    ----------
    neurons : int
        Of the layer.
    decoder : str, optional
        By name; None: the one chosen on held-out labels.

    Returns
    -------
    str
        As a phrase.
    """
    runs = [r for r in _mnist(neurons) if decoder is None or decoder in r["decoders"]]
    right = [r["accuracy"] if decoder is None else r["decoders"][decoder]["accuracy"] for r in runs]
    seeds = f"{len(runs)} seeds" if len(runs) > 1 else "one seed"
    return f"{mean(right):.1f} % ({seeds})"


def agents_table() -> str:
    """What agents reach, beside tabular Q-learning and chance."""
    found = result("agents")["results"]
    lines = ["", "| world | spiking agent | Q-learning | random |", "|---|---|---|---|"]
    for world, arms in found.items():
        cells = [f"{arms[a]['mean']:.4g}" for a in ("network", "Q-learning", "random")]
        lines.append(f"| {world} | {' | '.join(cells)} |")
    return "\n".join(lines) + "\n"


# -- exactness


def _kills() -> Any:
    rows = result("checkpoints")["rows"]
    return next(r for r in rows if r["study"] == "kills")


def sequences() -> str:
    """Random sequences of calls, each made to twins that were saved, copied and cut."""
    r = result("sequences")
    bad = sum(r["failures"].values())
    return (
        f"{bad} of {r['sequences']:,} failed, of {r['calls_of_each']} calls each "
        f"({r['asked_for']:,} were asked for)"
    )


def brains_left_on() -> str:
    """How many of the lives of brains that are left on stay within bounds."""
    lives = result("lives")["lives"]
    seeds = {x["seed"] for x in lives}
    of = f"{distinct(lives)} of them different, {len(seeds)} seed{'s' if len(seeds) > 1 else ''}"
    return f"{sum(bool(x['lives']) for x in lives)} of {len(lives)} ({of})"


# -- memory


def _recall(stored: int) -> dict[str, float]:
    rows = result("completion")["rows"]
    found: dict[str, float] = next(
        r for r in rows if r["arm"] == "learned" and r["stored"] == stored
    )
    return found


def recall() -> str:
    """How much of ten groups comes back."""
    row = _recall(10)
    return (
        f"{row['recalled']:.1f} % of the rest recalled on average, {row['recalled_worst']:.1f} % "
        f"for the worst group; {row['false']:.2f} % of the others on average, "
        f"{row['false_worst']:.2f} % at worst"
    )


def recall_limit() -> str:
    """What else comes along with twenty groups."""
    row = _recall(20)
    return f"{row['false']:.0f} % of the others come along on average, {row['false_worst']:.0f} %"


REPLAYS = {
    "asleep, traces replayed": "sleep",
    "awake in silence": "awake",
    "asleep, no replay": "no replay",
    "asleep, latencies shuffled among the cells of a trace": "shuffled order",
    "asleep, plasticity frozen": "sleep, not plastic",
    "three fast showings, awake": "fast showings",
}


def replays() -> str:
    """How truly sequences come back after a pause, as a table."""
    trials = list(result("sleep_gain")["trials"].values())
    lines = ["", "", "| pause | score, mean (least to most) |", "|---|---|"]
    for what, arm in REPLAYS.items():
        scores = [trial[arm] for trial in trials]
        lines.append(f"| {what} | {mean(scores):.1f} ({min(scores):.1f} to {max(scores):.1f}) |")
    return "\n".join([*lines, "", ""])


FACTS: dict[str, Callable[[], str]] = {
    "speed-table": speed_table,
    "speed-conditions": speed_conditions,
    "speed-brian2": lambda: _range(lambda row: row[2]),
    "speed-nest": lambda: _range(lambda row: row[3]),
    "learning-table": learning_table,
    "agents-table": agents_table,
    "mnist-400": lambda: mnist(400),
    "mnist-400-vote": lambda: mnist(400, "vote"),
    "mnist-400-reward": lambda: mnist(400, "reward"),
    "mnist-6400": lambda: mnist(6400),
    "mnist-pixels": lambda: f"{mean(r['pixels']['delta'] for r in _mnist(400)):.1f} %",
    "iris": lambda: f"{result('iris')['results']['network']['mean']:.1f} %",
    "iris-untrained": lambda: f"{result('iris')['results']['untrained']['mean']:.1f} %",
    "iris-logistic": lambda: f"{result('iris')['results']['logistic regression']['mean']:.1f} %",
    "threads": lambda: "{runs:,} runs, {differences} differences".format(**result("threads")),
    "kills": lambda: f"{_kills()['note']}: {_kills()['value']} lost or broken",
    "sequences": sequences,
    "interrupts": lambda: "{came_through:,} interrupts, {different} brains changed".format(
        **result("interrupts")
    ),
    "brains-left-on": brains_left_on,
    "recall": recall,
    "recall-limit": recall_limit,
    "replays": replays,
}
"""What writes each place, by name."""


def pages() -> list[Path]:
    """README.md and the pages of docs."""
    return [ROOT / "README.md", *sorted((ROOT / "docs").rglob("*.md"))]


def filled(text: str) -> str:
    """A page with its places filled.

    Parameters
    ----------
    text : str
        Of the page.

    Returns
    -------
    str
        The same, with what the results say now.
    """
    return PLACE.sub(lambda m: f"{m[1]}{FACTS[m[2]]()}{m[4]}", text)


def main() -> None:
    """Fill all pages."""
    for page in pages():
        text = page.read_text(encoding="utf-8")
        new = filled(text)
        if new != text:
            page.write_text(new, encoding="utf-8")
            print(page.relative_to(ROOT))


if __name__ == "__main__":
    main()
