"""The page of an experiment, from its file of results: protocol, one table, the whole protocol."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from benchmarks.learning.experiment import Experiment
from benchmarks.learning.verdicts import SEEDS_ONLY
from benchmarks.provenance import told

Judgement = Mapping[str, Any]
NO_RIVAL = "no rival stands beside it"


def bold(verdict: str) -> str:
    """A verdict, so that bad ones are seen."""
    return f"**{verdict}**" if verdict in ("fails", "behind", "undecided") else verdict


def hypothesis(experiment: Experiment) -> str:
    """The hypothesis, with what it may be called."""
    if experiment.stated == "before":
        return (
            f"Hypothesis, stated beforehand (commit {experiment.stated_in}): "
            f"{experiment.hypothesis}"
        )
    return (
        f"Hypothesis, exploratory (no commit older than a result has it): {experiment.hypothesis}"
    )


def page(document: Mapping[str, Any], experiment: Experiment) -> str:
    """The whole page."""
    claims, rivals = experiment.judged(document)
    labels = experiment.front.labels if experiment.front else "see the protocol"
    named = "; ".join(dict.fromkeys(r["rival"].partition(", ")[0] for r in rivals)) or NO_RIVAL
    lines = [
        f"# {experiment.title}",
        "",
        f"- Run: `python -m benchmarks.learning.{experiment.name}`, "
        f"{len(document['trials'])} seeds; all figures are in "
        f"`benchmarks/results/{experiment.name}.json`.",
        f"- {hypothesis(experiment)}",
        f"- Labels: {labels}.",
        f"- Simple rivals: {named}.",
        f"- Made: {told(document)}.",
        "",
        *table(document, claims, rivals),
        "",
        "<details><summary>The protocol in full</summary>",
        "",
        str(document["protocol"]),
        "",
        "</details>",
    ]
    return "\n".join(lines) + "\n"


def table(
    document: Mapping[str, Any], claims: list[dict[str, Any]], rivals: list[dict[str, Any]]
) -> list[str]:
    """Rivals first, then claims."""
    lines = [
        "| what | ours | other | difference (95 % interval) | asked for | interval by | verdict |",
        "|---|---|---|---|---|---|---|",
    ]
    for r in rivals:
        margin = "ahead" if r["margin"] is None else f"ahead; equal within {r['margin']:g}"
        ends = (r["ours"], r["theirs"])
        lines.append(_row(document, f"rival: {r['rival']}", ends, margin, r))
    for c in claims:
        asked = f"at least {c['least']:g}" if "least" in c else ""
        lines.append(_row(document, c["claim"], (c.get("a"), c.get("b")), asked, c))
    return lines


def _row(
    document: Mapping[str, Any], text: str, ends: tuple[Any, Any], asked: str, judged: Judgement
) -> str:
    ours, other = (
        f"{judged[known]:.4g}" if known in judged else _mean(document, end)
        for known, end in zip(("our_mean", "their_mean"), ends, strict=True)
    )
    found = by = ""
    if "mean" in judged:
        found = f"{judged['mean']:.3g} ({judged['low']:.3g} to {judged['high']:.3g})"
        by = judged.get("by", SEEDS_ONLY)
    verdict = bold(judged["verdict"])
    return f"| {text} | {ours} | {other} | {found} | {asked} | {by} | {verdict} |"


def _mean(document: Mapping[str, Any], figure: Any) -> str:
    """Of a figure over seeds; a number as it is."""
    if isinstance(figure, (int, float)):
        return f"{figure:g}"
    values = [t[figure] for t in document.get("trials", {}).values() if figure in t]
    return f"{np.mean(values):.4g}" if values else ""
