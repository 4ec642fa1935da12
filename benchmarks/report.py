"""Write BENCHMARKS.md and docs/benchmarks from benchmarks/results: ``python -m benchmarks.report``.

Draws the figures, too, into benchmarks/figures, which git does not keep (``--no-figures``: not).
``--check`` writes nothing; it exits 1 unless all pages are what the results give.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from benchmarks.learning import (
    adaptation,
    agents,
    classifiers,
    damage,
    features,
    features_full,
    few_shots,
    forgetting,
    grid_nav,
    growing,
    life,
    life_controls,
    sleep_gain,
    spike_times,
    split_features,
    turning,
)
from benchmarks.learning.page import bold
from benchmarks.life import report as lives
from benchmarks.pages import PAGES, Document, Judged, Page

ROOT = Path(__file__).resolve().parent.parent
RESULTS = ROOT / "benchmarks" / "results"
FIGURES = ROOT / "benchmarks" / "figures"
FIRST, FOLDER = "BENCHMARKS.md", "docs/benchmarks"

HEAD = """\
# Benchmarks

Written by `python -m benchmarks.report` from the files in `benchmarks/results`; no number here was
typed by hand. The strongest simple rival is the one we are least ahead of, of those that were
measured.

| task | result | strongest simple rival | labels and seeds | verdict |
|---|---|---|---|---|
"""

FAILS = """
## What fails

Claims that fail, claims that their interval leaves open, rivals that are ahead or not told apart
from us, and aims of speed and memory that were missed.

| where | what | difference (95 % interval) | verdict |
|---|---|---|---|
"""

READ = """
## How to read this

- A claim **holds** where the whole 95 % interval does what was asked for, **fails** where none of
  it does, and is **undecided** otherwise.
- Beside a rival we are **ahead** or **behind** where the interval leaves out zero; **equal** where
  it has zero and lies within a margin stated with the rival; else **undecided**.
- "Seeds and test items": the interval counts both other seeds and other test items (bootstrap).
  "Seeds only": which answers were right was not kept, so it is Student's t over seeds; another test
  set may differ by more.
- "Stated beforehand": a commit older than the first result has the hypothesis. All others are
  exploratory: they were written, or settings were chosen, after results had been seen.
- A page says from which commit, day, machine and versions its figures come, where that was kept.

## Pages

"""


def present() -> list[tuple[Page, dict[str, Document]]]:
    """Pages of which there are results."""
    found = [(page, page.documents(RESULTS)) for page in PAGES]
    return [(p, d) for p, d in found if d and (p.files[0] in d or p.name == "costs")]


def documents() -> dict[str, str]:
    """All pages by their path in the repository."""
    there = present()
    texts = {f"{FOLDER}/{page.name}.md": page.text(found) for page, found in there}
    judged = {page.name: page.judged(found) for page, found in there}
    return {FIRST: first(there, judged), **texts}


def first(there: list[tuple[Page, dict[str, Document]]], judged: Mapping[str, Judged]) -> str:
    """The first page."""
    lines = [HEAD.rstrip()]
    for page, found in there:
        for r in page.rows(found):
            link = f"[{r.task}]({FOLDER}/{r.page}.md)"
            lines.append(f"| {link} | {r.result} | {r.rival} | {r.labels} | {bold(r.verdict)} |")
    lines.append(FAILS.rstrip())
    lines += sorted((x for page, _ in there for x in failing(page, judged[page.name])), key=_order)
    lines.append(READ.rstrip() + "\n")
    lines += [f"- [{page.title}]({FOLDER}/{page.name}.md)" for page, _ in there]
    return "\n".join(lines) + "\n"


WORST = ("fails", "behind", "undecided")


def failing(page: Page, judged: Judged) -> list[str]:
    """Rows of what is not as it should be."""
    claims, rivals = judged
    lines = []
    for j in (*rivals, *claims):
        if j["verdict"] in WORST:
            what = f"rival: {j['rival']}" if "rival" in j else j["claim"]
            found = f"{j['mean']:.3g} ({j['low']:.3g} to {j['high']:.3g})" if "mean" in j else ""
            asked = f", at least {j['least']:g}" if found and "least" in j else ""
            link = f"[{page.title}]({FOLDER}/{page.name}.md)"
            lines.append(f"| {link} | {what} | {found}{asked} | {bold(j['verdict'])} |")
    return lines


def _order(line: str) -> int:
    return WORST.index(line.rsplit("**", 2)[1])


EXPERIMENTS = (
    adaptation.EXPERIMENT,
    damage.EXPERIMENT,
    features.EXPERIMENT,
    features_full.EXPERIMENT,
    few_shots.EXPERIMENT,
    forgetting.EXPERIMENT,
    growing.EXPERIMENT,
    life.EXPERIMENT,
    life_controls.EXPERIMENT,
    sleep_gain.EXPERIMENT,
    spike_times.EXPERIMENT,
    split_features.EXPERIMENT,
    turning.EXPERIMENT,
)

DRAWINGS: dict[str, Callable[[dict[str, Any], Path], None]] = {
    "agents": lambda results, path: agents.draw(results["curves"], path),
    "classifiers": lambda results, path: classifiers.draw(results["results"], path),
    "grid_nav": lambda results, path: grid_nav.draw(results["rows"], path),
    "lives": lives.draw,
    **{e.name: e.draw_stored for e in EXPERIMENTS},
}
"""What draws the figures of a file of results."""


def draw(folder: Path = FIGURES) -> list[Path]:
    """Draw the figures of all results there are; where they are."""
    folder.mkdir(exist_ok=True, parents=True)
    drawn = []
    for name, drawing in DRAWINGS.items():
        path = RESULTS / f"{name}.json"
        if path.exists():
            drawn.append(folder / f"{name}.png")
            drawing(json.loads(path.read_text(encoding="utf-8")), drawn[-1])
    return drawn


def stale(root: Path = ROOT) -> dict[str, str | None]:
    """Pages that are not what the results give, and what they should be; None: should not be."""
    wanted = documents()
    found: dict[str, str | None] = {}
    for name, text in wanted.items():
        path = root / name
        if not path.exists() or path.read_text(encoding="utf-8") != text:
            found[name] = text
    for path in sorted((root / FOLDER).glob("*.md")):
        if (name := f"{FOLDER}/{path.name}") not in wanted:
            found[name] = None
    return found


def main(arguments: list[str] | None = None, root: Path = ROOT) -> int:
    """Write and draw, or check; the exit status."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--no-figures", action="store_true", help="pages only")
    parser.add_argument("--check", action="store_true", help="write nothing, compare")
    options = parser.parse_args(arguments)
    changed = stale(root)
    if options.check:
        for name in changed:
            print(f"{name}: not what benchmarks/results give; run python -m benchmarks.report")
        return 1 if changed else 0
    (root / FOLDER).mkdir(exist_ok=True, parents=True)
    for name, text in changed.items():
        if text is None:
            (root / name).unlink()
        else:
            (root / name).write_text(text, encoding="utf-8")
    if not options.no_figures:
        for path in draw():
            print(path.relative_to(ROOT))
    return 0


if __name__ == "__main__":
    sys.exit(main())
