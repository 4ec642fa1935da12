"""Random sequences of calls: ``python -m benchmarks.reliability.sequences``.

A sequence is made call by call, to suit the brain as it is by then; one call in seven gets a wrong
argument. Each is made to a brain and three twins: one is copied at random moments, one saved and
loaded, and the runs of one are cut in pieces. What fails is printed as a script that needs as few
calls as possible. ``--boundscheck`` compiles with Numba's checks of indices.
"""

from __future__ import annotations

import argparse
import faulthandler
import json
import os
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.provenance import provenance
from benchmarks.reliability import additions, life, structure
from benchmarks.reliability.draws import BAD, Call, Draw
from benchmarks.reliability.twins import COPIES, Failure, Twins

RESULT = Path(__file__).resolve().parent.parent / "results" / "sequences.json"
LENGTH = 60
SPOILED = 0.15
"""Share of the calls that get one wrong argument."""
LONGEST = 1800
"""No sequence takes that many seconds, compilation included; what does hangs."""

CATALOGUE = (*structure.CALLS, *life.CALLS, *additions.CALLS)
WEIGHTS = np.array([weight for weight, _ in CATALOGUE]) / sum(w for w, _ in CATALOGUE)

Step = tuple[Any, ...]
"""Name and arguments of a method of `Twins`."""


def next_call(draw: Draw) -> Call:
    """The next call, to suit a brain.

    Parameters
    ----------
    draw : Draw
        Of the brain.

    Returns
    -------
    Call
        Perhaps with a wrong argument.
    """
    if not draw.brain.regions:
        made: Call | None = structure.add_region(draw)
    else:
        made = None
    while made is None:
        chosen = CATALOGUE[int(draw.rng.choice(len(CATALOGUE), p=WEIGHTS))][1]
        made = chosen(draw)
    # An array takes whatever NumPy lets in, and what makes a call is the brain that it is made to.
    spoilt = [k for k, (_, given) in enumerate(made.arguments) if given != "brain"]
    if spoilt and not made.head.endswith(".fill") and draw.chance(SPOILED):
        made = made.spoiled(draw.one_of(spoilt), draw.one_of(BAD))
    return made


def options(rng: np.random.Generator) -> dict[str, Any]:
    """What a brain is made with."""
    return {"dt": float(rng.choice([1.0, 1.0, 0.5, 0.1])), "seed": int(rng.integers(2**32))}


def lived(seed: int, steps: list[Step], length: int = LENGTH, **more: Any) -> Twins:
    """Make and play a sequence.

    Parameters
    ----------
    seed : int
        Of all choices.
    steps : list of Step
        Gets what is played.
    length : int
        How many calls.
    **more : object
        Of `Brain`, besides dt and seed.

    Returns
    -------
    Twins
        At the end.

    Raises
    ------
    Failure
        What went wrong; the steps lead there.
    """
    rng = np.random.default_rng(seed)
    twins = Twins(**options(rng), **more)
    draw = Draw(twins.brain, rng)
    for _ in range(length):
        made = next_call(draw)
        steps.append(("play", made.source, made.pieces, made.kind))
        twins.play(*steps[-1][1:])
        if draw.chance(0.08):
            steps.append(("copy", draw.one_of(list(COPIES))))
            twins.copy(steps[-1][1])
        if draw.chance(0.05):
            steps.append(("load", draw.chance(0.5)))
            twins.load(steps[-1][1])
    twins.finish()
    return twins


def failure_of(given: dict[str, Any], steps: Sequence[Step]) -> Failure | None:
    """What goes wrong when steps are played."""
    twins = Twins(**given)
    try:
        for name, *arguments in steps:
            getattr(twins, name)(*arguments)
        twins.finish()
    except Failure as failure:
        return failure
    return None


def shrunk(given: dict[str, Any], steps: list[Step], kind: str, tries: int = 200) -> list[Step]:
    """As few of the steps as lead to the same kind of failure.

    Parameters
    ----------
    given : dict
        What the brain is made with.
    steps : list of Step
        That fail.
    kind : str
        Of `Failure`.
    tries : int
        How often it is tried, at most.

    Returns
    -------
    list of Step
        Some of them.
    """
    size = max(1, len(steps) // 2)
    while tries > 0:
        start = 0
        while start < len(steps) and tries > 0:
            fewer = steps[:start] + steps[start + size :]
            tries -= 1
            found = failure_of(given, fewer)
            if found is not None and found.kind == kind:
                steps = fewer
            else:
                start += size
        if size == 1:
            break
        size = max(1, size // 2)
    return steps


def script(given: dict[str, Any], steps: Sequence[Step], failure: str) -> str:
    """A program that shows a failure."""
    lines = [f"# {failure.splitlines()[0]:.300}", ""]
    lines += ["from benchmarks.reliability.twins import Twins", "", f"twins = Twins(**{given!r})"]
    for name, *arguments in steps:
        while arguments and arguments[-1] in (None, "call", "assignment"):
            arguments.pop()
        lines.append(f"twins.{name}({', '.join(repr(a) for a in arguments)})")
    return "\n".join([*lines, "twins.finish()", ""])


def examine(seed: int, length: int, shrink: bool) -> dict[str, Any]:
    """Play a sequence, and say what came of it."""
    steps: list[Step] = []
    row: dict[str, Any] = {"seed": seed}
    before = time.process_time()
    try:
        twins = lived(seed, steps, length)
        row |= {"calls": twins.calls, "refused": twins.refused, "steps": twins.brain.step_count}
    except Failure as failure:
        given = options(np.random.default_rng(seed))
        if shrink:
            steps = shrunk(given, steps, failure.kind)
        found = failure_of(given, steps) or failure
        row |= {"failure": failure.kind, "text": str(found)[-1500:]}
        row["script"] = script(given, steps, str(found))
    row["cpu_s"] = time.process_time() - before
    return row


def work(first: int, stop: int, length: int, shrink: bool) -> None:
    """Examine sequences, one line of JSON each, before each its seed."""
    for seed in range(first, stop):
        print(json.dumps({"begun": seed}), flush=True)
        faulthandler.dump_traceback_later(LONGEST, exit=True)
        print(json.dumps(examine(seed, length, shrink)), flush=True)
    faulthandler.cancel_dump_traceback_later()


def rows(first: int, stop: int, args: argparse.Namespace) -> Iterator[dict[str, Any]]:
    """What a process of its own finds; a sequence that ends it is a failure, too."""
    while first < stop:
        last = min(stop, first + args.batch)
        command = [sys.executable, "-m", "benchmarks.reliability.sequences", "--work"]
        command += [str(first), str(last), "--length", str(args.length)]
        command += ["--no-shrink"] if args.no_shrink else []
        worker = subprocess.Popen(
            command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
        )
        seed = first
        assert worker.stdout is not None
        assert worker.stderr is not None
        try:
            for line in worker.stdout:
                row = json.loads(line)
                if "begun" in row:
                    seed = row["begun"]
                else:
                    yield row
                    first = row["seed"] + 1
            said = worker.stderr.read()
        except GeneratorExit:
            worker.kill()
            raise
        if worker.wait():
            yield {"seed": seed, "failure": "crash or hang", "text": said[-3000:], "cpu_s": 0.0}
            first = seed + 1


def summary(found: Sequence[dict[str, Any]], args: argparse.Namespace) -> dict[str, Any]:
    """The figures."""
    failures = Counter(row["failure"] for row in found if "failure" in row)
    times = [row["cpu_s"] for row in found if "failure" not in row]
    return {
        "sequences": len(found),
        "asked_for": args.sequences,
        "calls_of_each": args.length,
        "first_seed": args.first,
        "bounds_checked": args.boundscheck,
        "calls": sum(row.get("calls", 0) for row in found),
        "refused": sum(row.get("refused", 0) for row in found),
        "steps": sum(row.get("steps", 0) for row in found),
        "failures": dict(failures),
        "failed_seeds": [row["seed"] for row in found if "failure" in row],
        "cpu_s": float(np.sum([row["cpu_s"] for row in found])),
        "median_cpu_s": float(np.median(times)) if times else None,
    }


def main(arguments: Sequence[str] | None = None) -> None:
    """Play sequences, print the scripts of those that fail, write the figures."""
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.reliability.sequences", description=__doc__
    )
    parser.add_argument("--sequences", type=int, default=5000)
    parser.add_argument("--first", type=int, default=0, help="seed of the first")
    parser.add_argument("--length", type=int, default=LENGTH, help="calls of each")
    parser.add_argument("--processes", type=int, default=2)
    parser.add_argument("--batch", type=int, default=250, help="sequences in a process")
    parser.add_argument("--no-shrink", action="store_true")
    parser.add_argument("--boundscheck", action="store_true")
    parser.add_argument("--minutes", type=float, help="stop after so many, of wall time")
    parser.add_argument("--out", type=Path, default=RESULT)
    parser.add_argument("--work", type=int, nargs=2, help=argparse.SUPPRESS)
    args = parser.parse_args(arguments)
    if args.work:
        work(args.work[0], args.work[1], args.length, not args.no_shrink)
        return
    if args.boundscheck:
        # Whatever is compiled so is not to be taken for the other code.
        cache = Path(tempfile.gettempdir()) / f"engram-bounds-{os.getuid()}"
        cache.mkdir(mode=0o700, exist_ok=True)
        os.environ |= {
            "ENGRAM_BOUNDSCHECK": "1",
            "NUMBA_BOUNDSCHECK": "1",
            "ENGRAM_CACHE_DIR": os.environ.get("ENGRAM_BOUNDS_CACHE_DIR", str(cache)),
        }
    origin = provenance(__file__, [args.first])
    share = -(-args.sequences // args.processes)
    ends = range(args.first, args.first + args.sequences, share)
    until = time.time() + 60.0 * (args.minutes or 1e9)

    def collect(first: int) -> list[dict[str, Any]]:
        found = []
        for row in rows(first, min(first + share, args.first + args.sequences), args):
            found.append(row)
            if "failure" in row:
                print(f"seed {row['seed']}: {row['text']}\n{row.get('script', '')}", flush=True)
            if time.time() > until:
                break
        return found

    with ThreadPoolExecutor(args.processes) as pool:
        found = [row for part in pool.map(collect, ends) for row in part]
    figures = summary(found, args)
    args.out.write_text(json.dumps({**figures, "provenance": origin}, indent=1) + "\n")
    print(json.dumps(figures, indent=1))
    if figures["failures"]:
        raise SystemExit(1)


if __name__ == "__main__":
    main()
