"""What `dir` of a module shows: what it exports, not what it happens to import."""

from __future__ import annotations

import sys
from collections.abc import Callable
from types import ModuleType


def public_names(name: str) -> Callable[[], list[str]]:
    """A function that lists the public names of a module, to be its ``__dir__``.

    Parameters
    ----------
    name : str
        Of the module.

    Returns
    -------
    callable
        Lists what the module names in ``__all__``; where it has none, the classes and functions
        that it defines.
    """
    module = sys.modules[name]

    def names() -> list[str]:
        exported: list[str] | None = vars(module).get("__all__")
        return sorted(defined_in(module) if exported is None else exported)

    return names


def defined_in(module: ModuleType) -> list[str]:
    """The public classes and functions that a module defines.

    Parameters
    ----------
    module : module
        Which.

    Returns
    -------
    list of str
        Their names.
    """
    return [
        name
        for name, thing in vars(module).items()
        if not name.startswith("_") and getattr(thing, "__module__", None) == module.__name__
    ]


def show_public_names_only(package: str) -> None:
    """Let `dir` of the modules of a package that are loaded show public names only.

    Parameters
    ----------
    package : str
        Name of the package; modules of the user's that begin with it are left alone.
    """
    for name, module in list(sys.modules.items()):
        if name.startswith(f"{package}.") and "__dir__" not in vars(module):
            vars(module)["__dir__"] = public_names(name)
