"""The pages of docs/benchmarks: what each is made of, its claims, its rows on the first page."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from benchmarks import costs, standing
from benchmarks.learning import (
    adaptation,
    agents,
    classifiers,
    completion,
    damage,
    features,
    features_full,
    few_shots,
    forgetting,
    grid_nav,
    growing,
    iris,
    life,
    life_controls,
    mnist_limits,
    mnist_report,
    sleep_gain,
    spike_times,
    split_features,
    turning,
)
from benchmarks.learning.experiment import Experiment
from benchmarks.learning.page import page, table
from benchmarks.life import report as lives
from benchmarks.live import report as live_page
from benchmarks.mechanisms import homeostasis, neuromodulation
from benchmarks.provenance import told
from benchmarks.reliability import report as reliability
from benchmarks.scale import report as scale
from benchmarks.standing import Judgements, Row, row, said, spread

RESULTS = Path(__file__).resolve().parent / "results"

Document = dict[str, Any]
Judged = tuple[Judgements, Judgements]


@dataclass(frozen=True)
class Page:
    """A page: its files of results (those there are), its text, its claims and rivals, its rows."""

    name: str
    title: str
    files: tuple[str, ...]
    text: Callable[[Mapping[str, Document]], str]
    judged: Callable[[Mapping[str, Document]], Judged]
    rows: Callable[[Mapping[str, Document]], list[Row]]

    def documents(self, folder: Path = RESULTS) -> dict[str, Document]:
        """What is stored of its files."""
        paths = {name: folder / f"{name}.json" for name in self.files}
        return {
            name: json.loads(path.read_text(encoding="utf-8"))
            for name, path in paths.items()
            if path.exists()
        }


def of_experiment(experiment: Experiment) -> Page:
    """The page of an experiment."""
    name = experiment.name

    def judged(documents: Mapping[str, Document]) -> Judged:
        claims, rivals = experiment.judged(documents[name])
        return claims, rivals

    def rows(documents: Mapping[str, Document]) -> list[Row]:
        front = experiment.front
        if front is None:
            return []
        trials = documents[name]["trials"].values()
        claims, rivals = judged(documents)
        mine = [r for r in rivals if r["ours"] == front.figure] or rivals
        values = [t[front.figure] for t in trials if front.figure in t]
        found = spread(values, f" {front.unit}") if values else "not measured"
        labels = f"{front.labels}; {len(trials)} seeds"
        return [row(front.task, found, labels, name, standing.strongest_first(mine), claims)]

    return Page(
        name,
        experiment.title,
        (name,),
        lambda documents: page(documents[name], experiment),
        judged,
        rows,
    )


def section(
    title: str,
    text: str | Sequence[str],
    document: Document,
    claims: Judgements = (),  # type: ignore[assignment]
    rivals: Judgements = (),  # type: ignore[assignment]
) -> str:
    """A page whose text is a section that a benchmark makes: its heading goes, the title comes."""
    lines = text.strip().splitlines() if isinstance(text, str) else "\n".join(text).splitlines()
    body = [line.removeprefix("#") if line.startswith("###") else line for line in lines[1:]]
    while body and not body[0]:
        body.pop(0)
    text = "\n".join([f"# {title}", "", *body]).strip() + "\n"
    if claims or rivals:
        text += "\n".join(["", "## Verdicts", "", *table(document, list(claims), list(rivals)), ""])
    return f"{text}\nMade: {told(document)}.\n"


def simple(
    name: str,
    title: str,
    report: Callable[[Document], str | list[str]],
    judged: Callable[[Document], Judged] = lambda _: ([], []),
    rows: Callable[[Document, Judged], list[Row]] = lambda *_: [],
) -> Page:
    """A page of one file of results."""
    return Page(
        name,
        title,
        (name,),
        lambda d: section(title, report(d[name]), d[name], *judged(d[name])),
        lambda d: judged(d[name]),
        lambda d: rows(d[name], judged(d[name])),
    )


# -- classifiers


def _iris(document: Document) -> Judged:
    text = f"Iris: at least {iris.CLAIM:g} %"
    rivals = [*document.get("rivals", []), *standing.of_arms(document["results"])]
    return [standing.at_least(document["results"], iris.CLAIM, text)], rivals


def _iris_rows(document: Document, judged: Judged) -> list[Row]:
    right = document["results"]["network"]["by_seed"]
    labels = f"four fifths of the flowers; {len(right)} seeds"
    return [row("Iris, reward-modulated STDP", spread(right), labels, "iris", judged[1], [])]


def _classifiers(document: Document) -> Judged:
    claims, rivals = [], list(document.get("rivals", []))
    for data, results in document["results"].items():
        least = document["claims"][data]
        claims.append(standing.at_least(results, least, f"{data}: at least {least:g} %"))
        rivals += standing.of_arms(results, f", {data}")
    return claims, rivals


def _classifiers_rows(document: Document, judged: Judged) -> list[Row]:
    right = document["results"]["Digits"]["network"]["by_seed"]
    mine = [r for r in judged[1] if r["rival"].endswith("Digits")]
    labels = f"four fifths of the digits; {len(right)} seeds"
    task = "Digits (8 x 8), reward-modulated STDP"
    return [row(task, spread(right), labels, "classifiers", mine, [])]


# -- MNIST


def _mnist(documents: Mapping[str, Document]) -> Judged:
    document = documents["mnist"]
    rivals = [
        {**r, "rival": f"{decoder}, 400 neurons, against {r['rival']}"}
        for decoder in ("vote", "reward")
        for r in standing.mnist(document, decoder)
    ]
    return mnist_report.claims(document), rivals


def _mnist_text(documents: Mapping[str, Document]) -> str:
    claims, rivals = _mnist(documents)
    lines = mnist_report.report(documents["mnist"])
    if "mnist_limits" in documents:
        lines = [*lines, "", *mnist_limits.report(documents["mnist_limits"])]
    return section(MNIST, lines, {"provenance": _latest(documents["mnist"])}, claims, rivals)


def _latest(document: Document) -> dict[str, Any]:
    from benchmarks.provenance import of

    known = [of(run) for run in document["runs"]]
    return max(known, key=lambda made: made["date"] or "")


def _mnist_rows(documents: Mapping[str, Document]) -> list[Row]:
    found = []
    for decoder, what in (("vote", "vote"), ("reward", "spiking read-out by reward")):
        members = [
            r
            for r in mnist_report.groups(documents["mnist"]["runs"])[("lif", 400)]
            if decoder in r["decoders"]
        ]
        if members:
            right = [float(x) for x in mnist_report.accuracies(members, decoder)]
            seeds = f"{len(right)} seeds" if len(right) > 1 else "one seed"
            labels = f"{members[0]['n_labels']:,}; {seeds}"
            rivals = standing.mnist(documents["mnist"], decoder)
            task = f"MNIST, 400 neurons, {what}"
            found.append(row(task, spread(right), labels, "mnist", rivals, []))
    return found


# -- behaviour


def _grid(document: Document) -> Judged:
    problems = document["failures"]
    claims = [said(False, text) for text in problems] or [said(document["holds"], GRID_CLAIM)]
    return claims, document.get("rivals", [])


def _grid_rows(document: Document, judged: Judged) -> list[Row]:
    n = document["results"]["network"]
    result = f"{n['reached']} of {n['seeds']} seeds within 5 % of the optimum"
    return [row("5 x 5 maze, reward only", result, "none", "grid_nav", judged[1], judged[0])]


def _agents(document: Document) -> Judged:
    claims = []
    for world in agents.TASKS:
        text = f"{world}: solved on 8 of 10 seeds"
        if world in document["results"]:
            found = document["results"][world]["network"]
            claims.append(said(found["solved"] >= 0.8 * found["seeds"], text))
        else:
            claims.append({"claim": text, "verdict": "not measured", "holds": False})
    return claims, standing.agents(document)


def _agents_rows(document: Document, judged: Judged) -> list[Row]:
    found = []
    for world in ("CliffWalking", "CartPole", "T-maze"):
        n = document["results"][world]["network"]
        mine = standing.strongest_first([r for r in judged[1] if r["rival"].endswith(world)])
        result = f"return {n['mean']:.4g} (sd {n['sd']:.3g})"
        labels = f"rewards only; {n['seeds']} seeds"
        found.append(row(f"{world}, spiking agent", result, labels, "agents", mine, []))
    return found


def _completion(document: Document) -> Judged:
    return [said(document["holds"], COMPLETION_CLAIM)], document.get("rivals", [])


def _completion_rows(document: Document, judged: Judged) -> list[Row]:
    r = next(
        r for r in document["rows"] if r["arm"] == "learned" and r["stored"] == completion.CLAIMED
    )
    result = f"{r['recalled']:.1f} % recalled, {r['false']:.2g} % false"
    task = f"Pattern completion, {r['stored']} groups"
    labels = f"none; {document['seeds']} seeds"
    beside = [j for j in judged[1] if j["rival"].endswith(f", {r['stored']} groups")]
    return [row(task, result, labels, "completion", beside, judged[0])]


def _homeostasis(document: Document) -> Judged:
    rows = [r for r in document["rows"] if r["arm"] in homeostasis.RULES]
    return [said(all(r["held"] for r in rows), HOMEOSTASIS_CLAIM)], []


def _lives(document: Document) -> Judged:
    rows = document["lives"]
    claims = (
        ("every brain fires within its bounds", lambda r: r["lives"]),
        ("every brain levels off", lambda r: r["drift"] < lives.LEVEL),
        ("no region more than triples", lambda r: r["growth"] <= lives.TRIPLED),
        ("in silence no region loses a tenth", lambda r: r["lost"] <= lives.LOST),
        ("every brain answers after silence", lambda r: r["answers"]),
    )
    found = []
    for text, holds in claims:
        n = sum(map(holds, rows))
        found.append(said(n == len(rows), f"{text} ({n} of {len(rows)})"))
    return found, []


def _morphology(document: Document) -> Judged:
    missed = [r for r in document["rows"] if not r["passed"]]
    claims = [said(False, f"{r['template']}: {r['what']}") for r in missed]
    return [*claims, said(document["cost"]["passed"], "cost grows as asked for")], []


# -- costs

COSTS: tuple[tuple[str, Callable[[Document], list[str]]], ...] = (
    ("speed", costs.speed),
    ("scale", scale.scale),
    ("million", scale.million),
    ("delivery", scale.delivery),
    ("lazy", scale.lazy),
    ("building", scale.building),
    ("checkpoints", costs.checkpoints),
    ("growth_cycle", costs.growth),
    ("neuromodulation", lambda d: neuromodulation.report(d).splitlines()),
    ("live", live_page.live),
    ("interrupts", reliability.interrupts),
    ("sequences", reliability.sequences),
    ("sequences_bounds", reliability.sequences),
    ("memory", reliability.memory),
    ("reliability_cache", reliability.cache),
    ("dask_kills", reliability.dask),
    ("threads", scale.pauses),
)
"""Files of results, and what makes a section of each."""


def _costs_text(documents: Mapping[str, Document]) -> str:
    lines = [
        f"# {COSTS_TITLE}",
        "",
        "What a step, a synapse, a checkpoint and a page cost, and what became of brains under",
        "attack. Each row names what was asked for and what was measured, reached or not.",
        "",
    ]
    for name, make in COSTS:
        if name in documents:
            lines += [*make(documents[name]), ""]
    return "\n".join(lines).rstrip() + "\n"


def _costs(documents: Mapping[str, Document]) -> Judged:
    missed = []
    for name in ("speed", "checkpoints"):
        for r in documents.get(name, {}).get("rows", []):
            if r["passed"] is False:
                bound = {"most": "at most", "least": "at least"}.get(r.get("limit") or "", "")
                asked = f"{bound} {costs.number(r['target'])}"
                found = f"{costs.number(r['value'])} {r['unit']}".strip()
                text = f"{r['study']}: {r['what']}: {asked}; measured: {found}"
                missed.append(said(False, text))
    missed += [
        said(False, f"growth cycle, {r['what']}")
        for r in documents.get("growth_cycle", {}).get("rows", [])
        if not r["reached"]
    ]
    if "scale" in documents:
        missed += [said(False, text) for text in scale.missed(documents["scale"])]
    if "building" in documents:
        missed += [said(False, text) for text in scale.built_worse(documents["building"])]
    for name, what in (("sequences", "sequences"), ("memory", "calls")):
        made = documents.get(name)
        if made and made[what] < made["asked_for"]:
            text = f"{name}: {made[what]:,} {what} of {made['asked_for']:,} asked for"
            missed.append(said(False, text))
    return missed, []


MNIST, COSTS_TITLE = "MNIST, learned without labels", "Costs of the engine"
GRID_CLAIM = "all starts solved within 5 % of the optimum on 9 of 10 seeds"
COMPLETION_CLAIM = (
    f"{completion.CLAIMED} groups: at least {100 * completion.LEAST:.0f} % recalled, under "
    f"{100 * completion.MOST:.0f} % false"
)
HOMEOSTASIS_CLAIM = "every window within 20 % of the target"

PAGES: tuple[Page, ...] = (
    simple("iris", "Iris", iris.report, _iris, _iris_rows),
    simple("classifiers", "Classifiers", classifiers.report, _classifiers, _classifiers_rows),
    Page("mnist", MNIST, ("mnist", "mnist_limits"), _mnist_text, _mnist, _mnist_rows),
    of_experiment(features.EXPERIMENT),
    of_experiment(features_full.EXPERIMENT),
    of_experiment(split_features.EXPERIMENT),
    of_experiment(few_shots.EXPERIMENT),
    of_experiment(forgetting.EXPERIMENT),
    of_experiment(adaptation.EXPERIMENT),
    of_experiment(turning.EXPERIMENT),
    of_experiment(sleep_gain.EXPERIMENT),
    of_experiment(damage.EXPERIMENT),
    of_experiment(spike_times.EXPERIMENT),
    of_experiment(growing.EXPERIMENT),
    of_experiment(life.EXPERIMENT),
    of_experiment(life_controls.EXPERIMENT),
    simple("grid_nav", "Grid navigation", grid_nav.report, _grid, _grid_rows),
    simple("agents", "Agents", agents.report, _agents, _agents_rows),
    simple("completion", "Pattern completion", completion.report, _completion, _completion_rows),
    simple("homeostasis", "Homeostasis", homeostasis.report, _homeostasis),
    simple("lives", "Brains left on", lives.section, _lives),
    simple("morphology", "Dendrites", costs.morphology, _morphology),
    Page("costs", COSTS_TITLE, tuple(name for name, _ in COSTS), _costs_text, _costs, lambda _: []),
)
"""In the order of the first page."""
