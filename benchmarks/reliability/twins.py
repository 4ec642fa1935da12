"""One brain and three twins that live through the same calls, and have to stay the same."""

from __future__ import annotations

import ast
import copy
import functools
import pickle
import re
import sys
import tempfile
import traceback
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

import engram
from benchmarks.reliability import own, pieces
from benchmarks.reliability.pieces import plain
from engram import Brain, EngramError, load_brain, morphology, save_brain
from engram.errors import InvariantError
from engram.state.invariants import check

PACKAGE = str(Path(engram.__file__).parent)
HERE = str(Path(__file__).parent)

ADDRESS = re.compile(r" at 0x[0-9a-f]+")

WATCHED = ("whole", "cut")
"""Brains that keep their recorders, and that are looked at."""

PAST = ("stats()", "growth.history", "growth.totals", "stats_history", "memory.traces")
"""Attributes that fingerprints leave out, or that are to be the same by themselves."""

TWINS = ("whole", "cut", "copied", "loaded")


class Failure(AssertionError):
    """What should not have happened.

    Parameters
    ----------
    kind : str
        "difference", "raw error", "changed by an error", "invariant" or "file".
    text : str
        What happened.
    """

    def __init__(self, kind: str, text: str) -> None:
        super().__init__(f"{kind}: {text}")
        self.kind = kind


class Outcome(NamedTuple):
    """What came of a call: a value or an error.

    Attributes
    ----------
    kind : str
        "value", "refused", "stopped" (by the user's own exception), "unusable" (the call itself
        can't be made, as after others have been left out) or "raw".
    value : object
        The result, or the type of the error.
    text : str
        What the error says.
    """

    kind: str
    value: Any
    text: str = ""


@functools.lru_cache(4096)
def _compiled(source: str) -> tuple[Any, Any]:
    """The statements of a source, and the expression at its end."""
    tree = ast.parse(source)
    last = tree.body[-1]
    value = None
    if isinstance(last, ast.Expr):
        tree.body.pop()
        value = compile(ast.Expression(last.value), "<call>", "eval")
    return compile(tree, "<call>", "exec"), value


def played(source: str, space: dict[str, Any]) -> Outcome:
    """Run a source.

    Parameters
    ----------
    source : str
        Python.
    space : dict
        Its names.

    Returns
    -------
    Outcome
        What came of it.
    """
    before, value = _compiled(source)
    try:
        exec(before, space)
        return Outcome("value", None if value is None else plain(eval(value, space)))
    except InvariantError:
        return Outcome("raw", "InvariantError", traceback.format_exc())
    except EngramError as error:
        return Outcome("refused", type(error).__name__, ADDRESS.sub("", str(error)))
    except own.Stop:
        return Outcome("stopped", "Stop")
    except Exception as error:
        kind = "raw" if _from_within(error) else "unusable"
        return Outcome(kind, type(error).__name__, traceback.format_exc(limit=-6))


def _from_within(error: Exception) -> bool:
    """Whether it was raised by Engram or by what Engram called, and not by the call's own code."""
    files = [frame.filename for frame in traceback.extract_tb(error.__traceback__)]
    ours = [f for f in files if f.startswith((PACKAGE, HERE)) or f == "<call>"]
    return ours[-1].startswith(PACKAGE)


def names(brain: Brain) -> dict[str, Any]:
    """What a call may name.

    Parameters
    ----------
    brain : Brain
        Whom it is made to.

    Returns
    -------
    dict
        By name.
    """
    public = {name: getattr(engram, name) for name in engram.__all__}
    more = {n: v for n, v in vars(own).items() if not n.startswith("_")}
    trees = {name: getattr(morphology, name) for name in ("NMDA", "Branch", "Morphology")}
    tools = {"np": np, "engram": engram, "pieces": pieces, "recorders": {}}
    return {**more, **public, **trees, **tools, "brain": brain}


COPIES: dict[str, Callable[[Brain], Brain]] = {
    "copy": lambda brain: brain.copy(),
    "deepcopy": copy.deepcopy,
    "pickle": lambda brain: pickle.loads(pickle.dumps(brain)),
}


unraisable: list[BaseException] = []
"""What compiled loops would have raised: an index out of bounds, where these are checked."""


def _keep(error: Any) -> None:
    if isinstance(error.exc_value, IndexError):
        unraisable.append(error.exc_value)
    else:
        sys.__unraisablehook__(error)


class Twins:
    """The brain as it is, one whose runs are cut, one that is copied, one saved and loaded.

    Parameters
    ----------
    **options : object
        Of `Brain`.
    """

    def __init__(self, **options: Any) -> None:
        self._spaces = {name: names(Brain(**options)) for name in TWINS}
        self._print = self.brain.fingerprint()
        self.calls = self.refused = 0
        sys.unraisablehook = _keep

    @property
    def brain(self) -> Brain:
        """The one that is left alone."""
        whole: Brain = self._spaces["whole"]["brain"]
        return whole

    def play(self, source: str, in_pieces: str | None = None, kind: str = "call") -> Outcome:
        """Make a call to all of them.

        Parameters
        ----------
        source : str
            The call.
        in_pieces : str, optional
            The same in pieces. None: it is made as it is.
        kind : str
            Of `Call`: a "look" is made at two of the four only; a "partial" call may have changed
            something before it fails.

        Returns
        -------
        Outcome
            What came of it.
        """
        self.calls += 1
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            # What NumPy warns of is a number that can't be right.
            warnings.simplefilter("error", RuntimeWarning)
            outcomes = {
                name: played(in_pieces if name == "cut" and in_pieces else source, space)
                for name, space in self._spaces.items()
                if name in WATCHED or kind != "look"
            }
        whole = outcomes["whole"]
        for name, outcome in outcomes.items():
            if outcome.kind == "raw":
                raise Failure("raw error", f"{source} ({name}): {outcome.text}")
            same = outcome[:2] == whole[:2] if in_pieces else outcome == whole
            if not same:
                raise Failure(
                    "difference", f"{source}: {name} gave {outcome!r:.900}, not {whole!r:.900}"
                )
        if unraisable:
            raise Failure("out of bounds", f"{source}: {unraisable.pop()!r}")
        before = self._print
        self.compare(source)
        if whole.kind == "refused":
            self.refused += 1
            if self._print != before and kind != "partial":
                raise Failure("changed by an error", f"{source}: {whole.text}")
        return whole

    def compare(self, what: str) -> None:
        """Compare the brains and check their tables.

        Parameters
        ----------
        what : str
            Was done last.
        """
        self._print = self.brain.fingerprint()
        for name in TWINS[1:]:
            if self._spaces[name]["brain"].fingerprint() != self._print:
                raise Failure("difference", f"{what}: {name}: {self.differing(name)}")
        try:
            check(self.brain.network.tables)
        except InvariantError as error:
            raise Failure("invariant", f"{what}: {error}") from error

    def differing(self, name: str) -> list[str]:
        """In what a twin differs.

        Parameters
        ----------
        name : str
            Which one.

        Returns
        -------
        list of str
            Names of arrays and values.
        """
        from engram.checkpoint.state import taken

        (mine, arrays), (theirs, others) = (
            taken(self._spaces[n]["brain"].network) for n in ("whole", name)
        )
        found = []
        for k in sorted({*mine, *theirs}):
            if mine.get(k) != theirs.get(k):
                found.append(f"{k}: {mine.get(k)!r:.300}, {theirs.get(k)!r:.300}")
        for k in sorted({*arrays, *others}):
            a, b = arrays.get(k), others.get(k)
            if a is None or b is None or a.tobytes() != b.tobytes():
                found.append(f"{k}: {a!r:.300}, {b!r:.300}")
        return found

    def copy(self, way: str) -> None:
        """Replace the copied twin by its copy.

        Parameters
        ----------
        way : str
            One of `COPIES`.
        """
        space = self._spaces["copied"]
        space["brain"] = COPIES[way](space["brain"])
        self.compare(way)

    def load(self, compress: bool) -> None:
        """Replace the saved twin by what is loaded again.

        Parameters
        ----------
        compress : bool
            As of `save_brain`.
        """
        space = self._spaces["loaded"]
        try:
            with tempfile.TemporaryDirectory() as folder:
                path = save_brain(space["brain"], Path(folder) / "twin", compress=compress)
                space["brain"] = load_brain(path, allow=own.CLASSES)
        except Exception as error:
            raise Failure("file", traceback.format_exc(limit=-6)) from error
        self.compare("load")

    def finish(self) -> None:
        """Let all of them go on for a while, and compare what is no part of fingerprints."""
        self.play("brain.run(50, progress=False)", "pieces.run(brain, [17, 1, 32])")
        for what in (
            "stats()",
            "growth.history",
            "growth.totals",
            "stats_history",
            "memory.traces",
        ):
            results = {n: played(f"brain.{what}", s) for n, s in self._spaces.items()}
            for name, result in results.items():
                if result != results["whole"]:
                    raise Failure("difference", f"{what}: {name}: {result!r}, {results['whole']!r}")
        for space in self._spaces.values():
            try:
                check(space["brain"].network.tables)
            except InvariantError as error:
                raise Failure("invariant", f"at the end: {error}") from error
            for recorder in space["recorders"].values():
                recorder.detach()
