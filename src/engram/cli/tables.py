"""Experiment files: TOML whose tables are checked, with the line of what is wrong."""

from __future__ import annotations

import difflib
import re
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from engram.errors import EngramError, InvalidValueError, brief

Place = tuple[str | int, ...]
"""Where something is in a file: names of tables and keys, numbers of entries of lists of tables."""

HEADER = re.compile(r"^\s*(\[\[?)\s*([^\[\]]+?)\s*\]\]?\s*(?:#.*)?$")
KEY = re.compile(r"""^\s*("[^"]*"|'[^']*'|[\w-]+(?:\.[\w-]+)*)\s*=""")

LARGEST_FILE = 1 << 20
"""Bytes; an experiment is written by hand."""


def places_of(text: str) -> dict[Place, int]:
    """The line of every table and key of a TOML file.

    Parameters
    ----------
    text : str
        Of the file, which is valid TOML.

    Returns
    -------
    dict of tuple to int
        Lines, counted from 1, by place.
    """
    found: dict[Place, int] = {(): 1}
    table: Place = ()
    counts: dict[Place, int] = {}
    depth = 0
    for number, line in enumerate(text.splitlines(), 1):
        bare = re.sub(r"\"(?:\\.|[^\"\\])*\"|'[^']*'", "''", line).partition("#")[0]
        header = HEADER.match(line) if depth == 0 else None
        if header:
            names = tuple(part.strip().strip("\"'") for part in header[2].split("."))
            table = names
            if header[1] == "[[":
                counts[names] = counts.get(names, -1) + 1
                table = (*names, counts[names])
            found.setdefault(names, number)
            found[table] = number
        elif depth == 0 and (key := KEY.match(line)):
            found[(*table, *key[1].strip("\"'").split("."))] = number
        if not header:
            depth += bare.count("[") + bare.count("{") - bare.count("]") - bare.count("}")
    return found


class Table:
    """A table of an experiment file: values are taken from it by name, once each.

    Parameters
    ----------
    path : Path
        The file, for messages.
    values : mapping of str to object
        What stands there.
    place : tuple of str or int
        Where it stands.
    lines : mapping of tuple to int
        Lines of places.
    """

    def __init__(
        self, path: Path, values: Mapping[str, Any], place: Place, lines: Mapping[Place, int]
    ) -> None:
        self._path, self._values, self._place, self._lines = path, dict(values), place, lines
        self._asked: list[str] = []
        self._known: tuple[str, ...] = ()

    def __contains__(self, key: str) -> bool:
        return key in self._values

    def at(self, key: str | None = None) -> str:
        """File and line of a key, or of the table.

        Parameters
        ----------
        key : str, optional
            Which. None: the table itself.

        Returns
        -------
        str
            As "file.toml:12".
        """
        place = self._place if key is None else (*self._place, key)
        while place and place not in self._lines:
            place = place[:-1]
        return f"{self._path}:{self._lines.get(place, 1)}"

    def wrong(self, key: str | None, problem: str) -> InvalidValueError:
        """An error that names file and line.

        Parameters
        ----------
        key : str, optional
            What is wrong. None: the table.
        problem : str
            Why.

        Returns
        -------
        InvalidValueError
            To be raised.
        """
        return InvalidValueError(f"{self.at(key)}: {problem}")

    def take(self, key: str, kind: type | tuple[type, ...], default: Any = ...) -> Any:
        """A value, checked.

        Parameters
        ----------
        key : str
            Its name.
        kind : type or tuple of types
            What it has to be; a whole number is a float as well.
        default : object
            If it is not there. Without: it has to be.

        Returns
        -------
        object
            The value.

        Raises
        ------
        InvalidValueError
            It is missing, or of another kind.
        """
        self._asked.append(key)
        if key not in self._values:
            if default is ...:
                raise self.wrong(None, f"'{key}' is missing")
            return default
        value = self._values[key]
        kinds = kind if isinstance(kind, tuple) else (kind,)
        if float in kinds and isinstance(value, int) and not isinstance(value, bool):
            return value
        if not isinstance(value, kinds) or (isinstance(value, bool) and bool not in kinds):
            wanted = " or ".join(NAMES.get(k, k.__name__) for k in kinds)
            raise self.wrong(key, f"'{key}' must be {wanted}, not {brief(value)}")
        return value

    def among(self, key: str, choices: Mapping[str, Any], default: Any = ...) -> Any:
        """What a name stands for.

        Parameters
        ----------
        key : str
            Of the value, which is a name in any case.
        choices : mapping of str to object
            By name, in lower case.
        default : object
            If it is not there. Without: it has to be.

        Returns
        -------
        object
            What the name stands for.

        Raises
        ------
        InvalidValueError
            It is missing, or nothing of that name is known.
        """
        name = self.take(key, str, None if default is not ... else ...)
        if name is None:
            return default
        if name.lower() not in choices:
            raise self.wrong(key, f"'{key}' must be one of {', '.join(choices)}, not {name!r}")
        return choices[name.lower()]

    def table(self, key: str) -> Table:
        """A table within; an empty one if there is none.

        Parameters
        ----------
        key : str
            Its name.

        Returns
        -------
        Table
            It.
        """
        values = self.take(key, dict, {})
        return Table(self._path, values, (*self._place, key), self._lines)

    def tables(self, key: str) -> list[Table]:
        """The entries of a list of tables.

        Parameters
        ----------
        key : str
            Its name.

        Returns
        -------
        list of Table
            In their order.
        """
        made = []
        for k, values in enumerate(self.take(key, list, [])):
            if not isinstance(values, dict):
                raise self.wrong(key, f"'{key}' must be tables, each with a head [[{key}]]")
            made.append(Table(self._path, values, (*self._place, key, k), self._lines))
        return made

    def named(self) -> list[tuple[str, Table]]:
        """The tables within, by name.

        Returns
        -------
        list of (str, Table)
            In their order.
        """
        return [(name, self.table(name)) for name in self._values]

    def rest(self) -> dict[str, Any]:
        """All values that were not taken yet; they are now."""
        left = {k: v for k, v in self._values.items() if k not in self._asked}
        self._asked += left
        return left

    def only(self, *known: str) -> None:
        """Refuse every key but these: most likely, a misspelled name.

        It comes before values are taken, so that a misspelled key is not said to be missing.

        Parameters
        ----------
        *known : str
            The keys that there may be.

        Raises
        ------
        InvalidValueError
            There is another.
        """
        self._known = known
        for key in self._values:
            if key not in known:
                near = _nearest(key, known)
                hint = f"did you mean '{near}'?" if near else f"valid: {', '.join(known)}"
                raise self.wrong(key, f"'{key}' is not known here; {hint}")

    def done(self) -> None:
        """Refuse what nobody asked for: it goes with a key that is not there.

        Raises
        ------
        InvalidValueError
            There is such a value.
        """
        for key in self._values:
            if key not in self._asked:
                used = ", ".join(k for k in self._known if k in self._asked)
                raise self.wrong(key, f"'{key}' has no meaning here; keys used are {used}")

    def said(self, error: EngramError) -> InvalidValueError:
        """What Engram refused, with the line where it stands.

        Parameters
        ----------
        error : EngramError
            What it said.

        Returns
        -------
        InvalidValueError
            To be raised.
        """
        words = str(error)
        quoted = (k for k, v in self._values.items() if isinstance(v, str) and repr(v) in words)
        named = (k for k in self._values if re.search(rf"\b(n_)?{re.escape(k)}\b", words))
        return self.wrong(next(quoted, None) or next(named, None), words)


def _nearest(key: str, known: tuple[str, ...]) -> str | None:
    """The key that was meant: run_for is rather run than run_ms."""
    for name in known:
        if key.startswith(f"{name}_") or name.startswith(f"{key}_"):
            return name
    return next(iter(difflib.get_close_matches(key, known, 1)), None)


NAMES: dict[type, str] = {
    str: "a text",
    int: "a whole number",
    float: "a number",
    bool: "true or false",
    list: "a list",
    dict: "a table",
}


def read(path: Path) -> Table:
    """Read an experiment file.

    Parameters
    ----------
    path : Path
        Of the file.

    Returns
    -------
    Table
        All of it.

    Raises
    ------
    InvalidValueError
        It is no TOML, too large, or not in UTF-8; the message has the line.
    """
    with path.open("rb") as file:
        data = file.read(LARGEST_FILE + 1)
    if len(data) > LARGEST_FILE:
        raise InvalidValueError(f"{path}: an experiment has at most {LARGEST_FILE:,} bytes")
    try:
        text = data.decode("utf-8")
        values = tomllib.loads(text)
    except UnicodeDecodeError as error:
        raise InvalidValueError(f"{path}: this is no text in UTF-8") from error
    except tomllib.TOMLDecodeError as error:
        raise InvalidValueError(_not_toml(path, text, str(error))) from None
    return Table(path, values, (), places_of(text))


def _not_toml(path: Path, text: str, words: str) -> str:
    """What TOML says, with the line it says it of."""
    at = re.search(r" \(at line (\d+), column (\d+)\)$", words)
    if not at:
        return f"{path}: this is no TOML: {words}"
    line = text.splitlines()[int(at[1]) - 1].strip() if text.strip() else ""
    said = f"{words[: at.start()]}, at column {at[2]}"
    return f"{path}:{at[1]}: this is no TOML: {said} of: {brief(line)}"
