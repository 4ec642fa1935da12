"""Checkpoints of a training: brains, and what is known of them besides."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from engram.checkpoint.folder import (
    checkpoint_path,
    checkpoints_in,
    keep_latest,
    notes_path,
    read_notes,
    write_notes,
)
from engram.errors import CheckpointError, InvalidValueError
from engram.network.caller import warn
from engram.persistence import load_brain, save_brain

if TYPE_CHECKING:
    from engram.brain import Brain

COUNTED = "samples"

KEEP = 2
"""Checkpoints that stay, the latest."""


class Reached(NamedTuple):
    """How far a training is.

    Parameters
    ----------
    brain : Brain
        At that time.
    done : int
        Samples done.
    notes : dict of object
        That were given.
    """

    brain: Brain
    done: int
    notes: dict[str, Any]


class TrainingFolder:
    """A folder with checkpoints of one training: ``samples-<n>.engram`` and ``samples-<n>.json``.

    Parameters
    ----------
    where : str
        Names the caller in messages.
    folder : str or os.PathLike
        Made when the first is saved.
    every : int
        Samples between two.
    digest : str
        Tells trainings apart; a folder of another one is refused.
    """

    def __init__(self, where: str, folder: str | os.PathLike[str], every: int, digest: str) -> None:
        self.where, self.folder, self.every, self.digest = where, Path(folder), every, digest

    def due(self, done: int, total: int) -> bool:
        """Whether it is time for one: now and then, and at the end.

        Parameters
        ----------
        done : int
            Samples done.
        total : int
            Samples in all.

        Returns
        -------
        bool
            True when it is.
        """
        return done % self.every == 0 or done == total

    def latest(self, *names: str) -> Reached | None:
        """The latest checkpoint that can be read; a damaged one is passed over with a warning.

        Parameters
        ----------
        *names : str
            Notes that it must have.

        Returns
        -------
        Reached or None
            None: there is none.

        Raises
        ------
        InvalidValueError
            The folder is of another training.
        """
        if not self.folder.is_dir():
            return None
        for done, path in reversed(checkpoints_in(self.folder, COUNTED)):
            beside = notes_path(path)
            try:
                notes = read_notes(beside)
                digest = notes.pop("digest")
                missing = next((name for name in names if name not in notes), None)
                if missing is not None:
                    raise KeyError(missing)
            except (OSError, ValueError, KeyError) as error:
                warn(f"{beside}: {error}; passed over")
                continue
            if digest != self.digest:
                raise InvalidValueError(
                    f"{self.where}: {self.folder} holds checkpoints of a training with other "
                    f"parameters, data or seed; choose another folder, or remove them"
                )
            try:
                return Reached(load_brain(path), done, notes)
            except CheckpointError as error:
                warn(f"{error}; passed over")
        return None

    def save(self, brain: Brain, done: int, notes: dict[str, Any]) -> None:
        """Write a checkpoint and remove the oldest.

        Parameters
        ----------
        brain : Brain
            At this time.
        done : int
            Samples done.
        notes : dict of object
            What JSON can hold.
        """
        self.folder.mkdir(parents=True, exist_ok=True)
        path = checkpoint_path(self.folder, done, COUNTED)
        write_notes(notes_path(path), {"digest": self.digest, **notes})
        save_brain(brain, path, compress=False)
        keep_latest(self.folder, KEEP, COUNTED)
