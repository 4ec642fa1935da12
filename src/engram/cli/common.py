"""What commands have in common: exit codes, errors in one line, where they write."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import typer

from engram.errors import EngramError, InvalidValueError

if TYPE_CHECKING:
    from rich.console import Console

FAILED, UNUSABLE, INTERRUPTED, UNHEARD = 1, 2, 130, 141
"""Exit codes: a claim of the demonstration does not hold; bad input; Ctrl-C; nobody reads on."""


@contextmanager
def one_line_errors() -> Iterator[None]:
    """Turn what users can cause into one line on stderr and an exit code."""
    try:
        yield
    except KeyboardInterrupt:
        typer.echo("engram: interrupted", err=True)
        raise typer.Exit(INTERRUPTED) from None
    except BrokenPipeError:
        leave_closed_pipe()
        raise typer.Exit(UNHEARD) from None
    except MemoryError as error:
        typer.echo(f"engram: out of memory: {error}", err=True)
        raise typer.Exit(UNUSABLE) from None
    except (EngramError, OSError) as error:
        from engram.demo import DemoError

        text = " ".join(str(error).split())
        if isinstance(error, OSError) and error.filename is not None:
            text = f"{error.filename}: {error.strerror}"
        typer.echo(f"engram: {text}", err=True)
        raise typer.Exit(FAILED if isinstance(error, DemoError) else UNUSABLE) from None


def leave_closed_pipe() -> None:
    """Let what is still to be written go nowhere: whoever read it has ended, as head does."""
    try:
        nowhere = os.open(os.devnull, os.O_WRONLY)
        os.dup2(nowhere, sys.stdout.fileno())
        os.close(nowhere)
    except (OSError, ValueError):
        # There is no file behind it.
        return


def console() -> Console:
    """Where tables go; it leaves a closed pipe to `_one_line_errors`."""
    from rich.console import Console

    class Reporting(Console):
        def on_broken_pipe(self) -> None:
            raise BrokenPipeError

    return Reporting()


def check_output(target: Path) -> Path:
    """Whether a brain can be saved there, found out before anything has run.

    Parameters
    ----------
    target : Path
        What was asked for.

    Returns
    -------
    Path
        Of the file.

    Raises
    ------
    InvalidValueError
        It is a folder, or can't be written.
    """
    from engram.checkpoint.folder import check_writable
    from engram.persistence import brain_path

    path = brain_path(target)
    if path.is_dir() or target.is_dir():
        folder = target if target.is_dir() else path
        raise InvalidValueError(
            f"{folder}: this is a folder; name a file in it, as {folder / 'brain.engram'}"
        )
    check_writable(path.parent)
    return path
