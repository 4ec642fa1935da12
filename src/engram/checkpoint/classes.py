"""Finding the class that a checkpoint names."""

from __future__ import annotations

import importlib
import importlib.util
import os
import sys
from collections.abc import Callable, Iterable
from functools import reduce
from pathlib import Path
from types import ModuleType
from typing import Any, TypeVar

from engram.errors import CheckpointError, InvalidTypeError, InvalidValueError, brief
from engram.parameters import MAIN, Parameterized, class_at

K = TypeVar("K", bound=Parameterized)
Finder = Callable[[str, type[K]], type[K]]
"""The class of a path, which derives from a base; `CheckpointError` if there is none."""

Allowed = str | type[Parameterized]
"""A class, "module:Class", or "path/to/file.py:Class"."""


def among(known: Iterable[type[Parameterized]]) -> Finder[Any]:
    """Gives the classes of another network, of which two may have the same path.

    Parameters
    ----------
    known : iterable of type
        In the order in which they are asked for.

    Returns
    -------
    callable
        Finder for `restore`.
    """
    following = iter(known)
    return lambda _path, _base: next(following)


def among_allowed(allow: Allowed | Iterable[Allowed] | None) -> Finder[Any]:
    """Gives Engram's own classes and those that are allowed.

    Parameters
    ----------
    allow : type, str, iterable of them or None
        What the user allows. None: nothing.

    Returns
    -------
    callable
        Finder for `restore`.

    Raises
    ------
    InvalidTypeError, InvalidValueError
        Something else is in `allow`.
    """
    if allow is None:
        allow = ()
    try:
        allowed = (allow,) if isinstance(allow, (str, type)) else tuple(allow)
    except TypeError as error:
        raise InvalidTypeError(
            f"allow must be a list of classes or paths, not {brief(allow)}"
        ) from error
    for each in allowed:
        if isinstance(each, str):
            if not all(each.rpartition(":")):
                raise InvalidValueError(
                    f"allow: 'module:Class' or 'file.py:Class', not {brief(each)}"
                )
        elif not (isinstance(each, type) and issubclass(each, Parameterized)):
            raise InvalidTypeError(
                f"allow: classes of models, rules and processes, or paths like 'module:Class' or "
                f"'file.py:Class', not {brief(each)}"
            )
    return lambda path, base: find_class(path, base, allowed)


def find_class(path: str, base: type, allow: tuple[Allowed, ...]) -> Any:
    """The class saved under a path: one of Engram's, or one that is allowed.

    Parameters
    ----------
    path : str
        As "module:Class".
    base : type
        What it has to be a subclass of.
    allow : tuple of type or str
        Classes, and what may be imported.

    Returns
    -------
    type
        The class.

    Raises
    ------
    CheckpointError
        It is not allowed, can't be imported, or is something else.
    """
    if path.startswith("engram."):
        found = [_imported(path)]
    else:
        known = [_allowed(path, each) for each in allow]
        found = list(dict.fromkeys(kind for kind in known if kind is not None))
    if not found:
        raise CheckpointError(
            f"the checkpoint uses {path}, which is not part of Engram; to let it be used, pass "
            f"allow=[{path.rpartition(':')[2]}] (the class), allow=[{path!r}] (to import it) or "
            f"allow=['file.py:{path.rpartition(':')[2]}'] to load_brain"
        )
    if len(found) > 1:
        raise CheckpointError(f"the checkpoint uses {path}, and several classes of allow are that")
    if not (isinstance(found[0], type) and issubclass(found[0], base)):
        raise CheckpointError(f"the checkpoint uses {path}, which is not a {base.__name__}")
    return found[0]


def _allowed(path: str, each: Allowed) -> Any:
    """The class of a path if something allowed is it, else None."""
    if not isinstance(each, str):
        return each if _goes_under(each.class_path(), path) else None
    place, _, name = each.rpartition(":")
    if place.endswith(".py") or os.sep in place:
        if name != path.rpartition(":")[2] and class_at(path) is None:
            return None
        kind = _attribute(_module_of(Path(place)), name, each)
        own = (f"{Path(place).stem}:{name}", getattr(kind, "class_path", str)())
        return kind if any(_goes_under(known, path) for known in own) else None
    if place in MAIN:
        kind = _attribute(sys.modules["__main__"], name, each)
        return kind if _goes_under(each, path) or _goes_under(kind.class_path(), path) else None
    return _imported(path) if each == path else None


def _goes_under(own: str, path: str) -> bool:
    """Whether a class is the one of a path, which may have been that of a script or a prompt."""
    if own == path:
        return True
    (module, _, name), (saved, _, wanted) = own.rpartition(":"), path.rpartition(":")
    return name == wanted and bool({module, saved} & MAIN)


def _imported(path: str) -> Any:
    """The class of a path, wherever its file lies now; that of the running script is there."""
    found = class_at(path)
    if found is not None:
        return found
    module, _, name = path.rpartition(":")
    kind = getattr(sys.modules["__main__"], name.partition(".")[0], None)
    if isinstance(kind, type) and issubclass(kind, Parameterized):
        of_script = _attribute(sys.modules["__main__"], name, path)
        if getattr(of_script, "class_path", str)() == path:
            return of_script
    try:
        return _attribute(importlib.import_module(module), name, path)
    except ImportError as error:
        raise CheckpointError(
            f"the checkpoint uses {path}, which can't be imported; a file of any folder can be "
            f"allowed as 'path/to/file.py:{name}'"
        ) from error


def _attribute(module: ModuleType, name: str, path: str) -> Any:
    try:
        return reduce(getattr, name.split("."), module)
    except AttributeError as error:
        raise CheckpointError(
            f"{path} can't be imported: there is no {name} in {module.__name__}"
        ) from error


def _module_of(file: Path) -> ModuleType:
    """The module of a file, which is executed unless that was done already."""
    path = file.resolve()
    for module in list(sys.modules.values()):
        known = getattr(module, "__file__", None)
        if isinstance(known, str) and Path(known).resolve() == path:
            return module
    name = path.stem if path.stem not in sys.modules else f"{path.stem}_of_{path.parent.name}"
    spec = importlib.util.spec_from_file_location(name, path)
    if spec is None or spec.loader is None or not path.is_file():
        raise CheckpointError(f"allow: there is no Python file {file}")
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module
    # As for a script, what lies beside it can be imported.
    sys.path.insert(0, str(path.parent))
    try:
        spec.loader.exec_module(module)
    except Exception as error:  # of whatever kind: it is the user's file
        del sys.modules[name]
        raise CheckpointError(
            f"allow: {file} can't be imported ({type(error).__name__}: {error})"
        ) from error
    finally:
        sys.path.remove(str(path.parent))
    return module
