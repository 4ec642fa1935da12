"""Checkpoints of a long training, and going on from the latest."""

from __future__ import annotations

import contextlib
import json
import re
import warnings
from pathlib import Path

from engram.brain import Brain
from engram.checkpoint.atomic import replacing
from engram.errors import CheckpointError, InvalidValueError, integer
from engram.persistence import load_brain, save_brain

_NAME = re.compile(r"samples-(\d{10})\.engram")

KEEP = 2
"""Checkpoints that stay, the latest."""


class Training:
    """A folder with checkpoints of one training.

    Each is a saved brain, ``samples-<n>.engram``, and what is known besides, ``samples-<n>.json``,
    which is written first. digest: tells trainings apart; a folder of another one is refused.
    """

    def __init__(self, folder: Path, every: int, block: int, digest: str) -> None:
        n = integer("STDPClassifier.fit: every", every, 1)
        self.folder, self.every, self.digest = folder, -(-n // block) * block, digest

    def due(self, done: int, total: int) -> bool:
        """Whether it is time for one: now and then, and at the end."""
        return done % self.every == 0 or done == total

    def latest(self) -> tuple[Brain, int, list[float], float] | None:
        """The latest checkpoint that can be read: brain, samples done, spikes, CPU time.

        None: there is none. A damaged one is passed over with a warning.
        """
        if not self.folder.is_dir():
            return None
        for done, path in reversed(self._found()):
            try:
                notes = json.loads(path.with_suffix(".json").read_bytes())
                digest, spikes = notes["digest"], [float(x) for x in notes["spikes"]]
                cpu_s = float(notes["cpu_s"])
            except (OSError, ValueError, KeyError, TypeError) as error:
                warnings.warn(f"{path.with_suffix('.json')}: {error}; passed over", stacklevel=3)
                continue
            if digest != self.digest:
                raise InvalidValueError(
                    f"STDPClassifier.fit: {self.folder} holds checkpoints of a training with other "
                    f"parameters, data or seed; choose another folder, or remove them"
                )
            try:
                return load_brain(path), done, spikes, cpu_s
            except CheckpointError as error:
                warnings.warn(f"{error}; passed over", stacklevel=3)
        return None

    def save(self, brain: Brain, done: int, spikes: list[float], cpu_s: float) -> None:
        """Write a checkpoint and remove the oldest."""
        self.folder.mkdir(parents=True, exist_ok=True)
        path = self.folder / f"samples-{done:010d}.engram"
        with replacing(path.with_suffix(".json")) as stream:
            notes = {"digest": self.digest, "spikes": spikes, "cpu_s": cpu_s}
            stream.write(json.dumps(notes).encode())
        save_brain(brain, path, compress=False)
        for _, old in self._found()[:-KEEP]:
            for suffix in (".engram", ".json"):
                with contextlib.suppress(FileNotFoundError):
                    old.with_suffix(suffix).unlink()

    def _found(self) -> list[tuple[int, Path]]:
        matches = [(_NAME.fullmatch(path.name), path) for path in self.folder.iterdir()]
        return sorted((int(match[1]), path) for match, path in matches if match)
