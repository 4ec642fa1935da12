"""Saving and restoring a brain: a zip of ``.npy`` arrays and a JSON manifest.

See docs/checkpoints.md for the format, and what is guaranteed.
"""

from __future__ import annotations

import os
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from engram.brain import Brain
from engram.checkpoint import container
from engram.checkpoint.classes import Allowed, among_allowed
from engram.checkpoint.files import read_state, write_state
from engram.checkpoint.folder import SUFFIX, checkpoints_in
from engram.checkpoint.migrations import FORMAT
from engram.checkpoint.state import check_paths, taken
from engram.errors import CheckpointError, InvalidTypeError, InvalidValueError, brief, flag, integer
from engram.kernels.constants import STEP
from engram.network.caller import warn
from engram.paths import as_path

__all__ = ["FORMAT", "inspect_checkpoint", "load_brain", "resume_brain", "save_brain"]


def brain_path(path: str | os.PathLike[str]) -> Path:
    """Where a brain of that name is saved.

    Parameters
    ----------
    path : path-like
        Of a file. Without a suffix, ``.engram`` is added.

    Returns
    -------
    Path
        With a suffix.

    Raises
    ------
    InvalidTypeError
        It is no path.
    InvalidValueError
        No file can be called so, or it names a folder.
    """
    given, text = as_path("a brain's path", path), os.fspath(path)
    separators = tuple(s for s in (os.sep, os.altsep) if s)
    if not text or text.endswith(separators) or given.name in ("", ".."):
        raise InvalidValueError(
            f"{brief(text)} names a folder, not a file for a brain; give a name in it, as "
            f"{brief(str(given / 'brain'))}"
        )
    return given if given.suffix else given.with_suffix(SUFFIX)


def save_brain(brain: Brain, path: str | os.PathLike[str], *, compress: bool = True) -> Path:
    """Save everything that determines the brain's future.

    The file is a zip of ``manifest.json`` and one ``.npy`` per array. It takes the place of an
    older one only when it is complete and on the disk; a crash or a full disk leaves the older one
    as it is.

    Parameters
    ----------
    brain : Brain
        What to save.
    path : path-like
        Where to. Without a suffix, ``.engram`` is added.
    compress : bool
        Whether to compress the arrays.

    Returns
    -------
    Path
        The path written.

    Raises
    ------
    CheckpointError
        The brain's state is not finite, or two of its classes go under one path.
    InvalidTypeError, InvalidValueError
        The path is none, or names a folder; the brain is something else.
    BusyError
        Another thread is running or changing the brain.
    OSError
        The file can't be written; `FileNotFoundError` if there is no such folder.

    Examples
    --------
    >>> import tempfile
    >>> from engram import Brain, load_brain, save_brain
    >>> brain = Brain(seed=1)
    >>> cortex = brain.add_region("cortex", n_neurons=20)
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     path = save_brain(brain, f"{folder}/mine")
    ...     twin = load_brain(path)
    >>> path.name, twin.fingerprint() == brain.fingerprint()
    ('mine.engram', True)
    """
    if not isinstance(brain, Brain):
        raise InvalidTypeError(
            f"save_brain: brain must be a Brain, not {brief(brain)}; call save_brain(brain, path)"
        )
    flag("save_brain: compress", compress)
    target = brain_path(path)
    check_paths(brain.network)
    write_state(taken(brain.network), target, compress=compress)
    return target


def load_brain(
    path: str | os.PathLike[str],
    *,
    allow: Allowed | Iterable[Allowed] | None = (),
    memory: int | None = None,
) -> Brain:
    """The brain saved at `path`, with the same future as the one that was saved.

    Parameters
    ----------
    path : path-like
        Of the file. Without a suffix, ``.engram`` is added.
    allow : type, str, iterable of them or None
        Models, rules and processes outside Engram that the file may use: classes, import paths
        ("module:Class"), or files ("path/to/file.py:Class"), which are executed unless they were
        imported before.
    memory : int, optional
        Bytes it may take. None: 1 GiB and 100 times the size of the file.

    Returns
    -------
    Brain
        A new one.

    Raises
    ------
    CheckpointError
        The file can't be used; it names the file and the reason.
    InvalidTypeError, InvalidValueError
        Something else is in `allow`.

    Examples
    --------
    >>> import tempfile
    >>> from engram import Brain, load_brain, save_brain
    >>> brain = Brain(seed=1)
    >>> cortex = brain.add_region("cortex", n_neurons=20)
    >>> brain.run(30)
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     twin = load_brain(save_brain(brain, f"{folder}/brain"))
    >>> twin
    <Brain, 1 regions, 20 neurons, at 30 ms>
    """
    given, find = brain_path(path), among_allowed(allow)
    if memory is not None:
        integer("load_brain: memory", memory, 0)
    with container.refusing(given):
        return Brain.restored(read_state(given, memory), find, check=True)


def resume_brain(
    folder: str | os.PathLike[str],
    *,
    allow: Allowed | Iterable[Allowed] | None = (),
    memory: int | None = None,
) -> Brain:
    """The latest brain that `Brain.checkpoint_every` saved into a folder.

    If the latest file is damaged, a warning says so and the one before is used.

    Parameters
    ----------
    folder : path-like
        Where the checkpoints are.
    allow : type, str, or iterable of them
        See `load_brain`.
    memory : int, optional
        See `load_brain`.

    Returns
    -------
    Brain
        A new one.

    Raises
    ------
    CheckpointError
        There is none that can be loaded.
    InvalidTypeError, InvalidValueError
        The folder is no path, or something else is in `allow`.

    Examples
    --------
    >>> import tempfile
    >>> from engram import Brain, resume_brain
    >>> brain = Brain(seed=1)
    >>> cortex = brain.add_region("cortex", n_neurons=20)
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     with brain.checkpoint_every(folder, steps=50):
    ...         brain.run(120)
    ...     twin = resume_brain(folder)
    >>> twin.step_count
    100
    """
    given = as_path("resume_brain: folder", folder)
    try:
        found = checkpoints_in(given)
    except OSError as error:
        raise CheckpointError(f"{given}: {error.strerror}") from error
    if not found:
        raise CheckpointError(f"{given}: there are no checkpoints (step-<step>{SUFFIX})")
    problem: CheckpointError | None = None
    for _, path in reversed(found):
        try:
            brain = load_brain(path, allow=allow, memory=memory)
        except CheckpointError as error:
            problem = problem or error
        else:
            if problem is not None:
                warn(f"{problem}; resuming from {path.name}")
            return brain
    assert problem is not None
    raise problem


def inspect_checkpoint(path: str | os.PathLike[str]) -> dict[str, Any]:
    """What is in a checkpoint, without loading it.

    Parameters
    ----------
    path : path-like
        Of the file. Without a suffix, ``.engram`` is added.

    Returns
    -------
    dict
        By name: path, format, engram (versions of the format and of Engram), step, time and dt
        (ms), seed, regions, projections, arrays.

    Raises
    ------
    CheckpointError
        The file can't be used.

    Examples
    --------
    >>> import tempfile
    >>> from engram import Brain, inspect_checkpoint, save_brain
    >>> brain = Brain(seed=1)
    >>> cortex = brain.add_region("cortex", n_neurons=20)
    >>> brain.run(30)
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     found = inspect_checkpoint(save_brain(brain, f"{folder}/brain"))
    >>> found["step"], found["seed"], [region["name"] for region in found["regions"]]
    (30, 1, ['cortex'])
    """
    given = brain_path(path)
    with container.opened(given) as (archive, header):
        container.check_version(header, FORMAT)
        clock = container.read_small(archive, header, ["clock"])["clock"]
        step, brain = int(clock[STEP]), header["brain"]
        return {
            "path": str(given),
            "format": header["format"],
            "engram": header["engram"],
            "step": step,
            "time": step * brain["dt"],
            "dt": brain["dt"],
            "seed": brain["seed"],
            "regions": brain["regions"],
            "projections": brain["projections"],
            "arrays": header["arrays"],
        }
