"""What to say when a user's function can't be compiled: Numba speaks of its own functions."""

from __future__ import annotations

import contextlib
import dis
import os
import re
from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

from engram.engine.freeze import Frozen, frozen
from engram.errors import EngramError, InvalidValueError

_PLACE = re.compile(r'File "([^"\n]+)", line (\d+)| at ([^()\n]+) \((\d+)\)')
_NOT_CAUSES = ("Failed in ", "During: ", "File ")


class Owner(NamedTuple):
    """The class whose functions are compiled.

    Parameters
    ----------
    name : str
        Of the class.
    returns : mapping of str to tuple of (int, str)
        How many values each method returns, and what they are.
    """

    name: str
    returns: Mapping[str, tuple[int, str]]


@contextlib.contextmanager
def explaining(owner: Owner | None, functions: Mapping[str, Frozen]) -> Iterator[None]:
    """Turn what Numba raises while it compiles into an error that names the user's function.

    Parameters
    ----------
    owner : Owner or None
        The class whose functions they are.
    functions : mapping of str to Frozen
        Functions of users by the names of the methods. None: errors stay what they are.

    Yields
    ------
    None
        While they are compiled.

    Raises
    ------
    InvalidValueError
        With class, method, line and likely cause.
    """
    for method, function in functions.items():
        if function.raises is not None:
            whose = f"{owner.name}.{method}" if owner else method
            file, line = function.raises
            raise InvalidValueError(
                f"{whose} raises an error ({file}, line {line}), which compiled code can't pass "
                f"on; let it return numbers within bounds, or NaN, which the brain reports"
            )
    try:
        yield
    except Exception as error:
        if owner is None or not functions or isinstance(error, (EngramError, Warning)):
            raise
        raise InvalidValueError(_explained(error, owner, functions)) from error


def _explained(error: Exception, owner: Owner, functions: Mapping[str, Frozen]) -> str:
    """Each function is compiled alone, to see which one is to blame."""
    for method, function in functions.items():
        needed, what = owner.returns.get(method, (0, ""))
        twin = _plain(function)
        where = f"{twin.__code__.co_filename}, line {twin.__code__.co_firstlineno}"
        try:
            returned = _return_type(twin)
        except Exception as own:  # of whatever kind: Numba raises many
            text = _without_colours(own)
            file, line = _place(text, twin)
            where = f"{file}, line {line}"
            return f"{owner.name}.{method} can't be compiled ({where}): {_cause(text, own)}"
        if needed and not _fits(returned, needed, decides=method == "update"):
            return (
                f"{owner.name}.{method} ({where}) must return {what}, so "
                f"{needed} number{'s' * (needed > 1)}, not {returned}"
            )
    method, function = next(iter(functions.items()))
    code = _plain(function).__code__
    cause = _cause(_without_colours(error), error)
    where = f"{code.co_filename}, line {code.co_firstlineno}"
    return f"{owner.name}.{method} can't be compiled ({where}): {cause}"


def _plain(function: Frozen) -> Any:
    return getattr(function.function, "py_func", function.function)


def _return_type(function: Any) -> Any:
    """What a function returns for numbers in single precision, as Numba sees it."""
    from numba.core.types import float32

    twin = frozen(function).function
    twin.compile((float32,) * function.__code__.co_argcount)
    return twin.nopython_signatures[0].return_type


def _fits(returned: Any, needed: int, *, decides: bool) -> bool:
    """Whether it is so many numbers; `decides`: the last one, yes or no."""
    from numba.core import types

    parts = getattr(returned, "types", (returned,))
    numbers = all(isinstance(p, (types.Number, types.Boolean)) for p in parts)
    fits = len(parts) == needed and numbers
    return fits and not (decides and isinstance(parts[-1], types.Float))


def _without_colours(error: Exception) -> str:
    return re.sub(r"\x1b\[[0-9;]*m", "", str(error))


def _cause(text: str, error: Exception) -> str:
    """The first line of a message that says what is wrong."""
    lines = [line.strip() for line in text.splitlines()]
    lines = [line for line in lines if line and not line.startswith(_NOT_CAUSES)]
    if not lines:
        return type(error).__name__
    first = re.sub(r"\.* Raised from .*", "", lines[0])
    if first.startswith("Untyped global name") and "<class 'function'>" in first:
        first += " (a function that is called must be compiled, too: @numba.njit)"
    return " ".join([first, *lines[1:2]]) if first.endswith(":") else first


def _place(text: str, function: Any) -> tuple[str, int]:
    """File and line of the fault, the innermost that is named."""
    code = function.__code__
    for file, line, other, again in _PLACE.findall(text):
        path = os.path.abspath(file or other)
        if os.path.isfile(path) and f"{os.sep}numba{os.sep}" not in path:
            return path, int(line or again)
    named = re.search(r"name '(\w+)'", text)
    if named is not None:
        at = None
        for instruction in dis.get_instructions(code):
            at = instruction.starts_line or at
            if instruction.argval == named[1] and at is not None:
                return code.co_filename, int(at)
    return code.co_filename, code.co_firstlineno
