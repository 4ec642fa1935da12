"""A folder of checkpoints of one run, by step; and what is left to do of the run."""

from __future__ import annotations

import contextlib
import json
import re
from pathlib import Path
from typing import Any

from engram.checkpoint.atomic import replacing
from engram.checkpoint.contents import keys
from engram.errors import CheckpointError, integer
from engram.schedule import MAX_STEPS

_NAME = re.compile(r"step-(\d{12})\.engram")
PLAN = "run.json"
_PLAN_KEYS: dict[str, type | tuple[type, ...]] = {
    "until": int,
    "every": int,
    "keep": int,
    "output": str,
}


def checkpoint_path(folder: Path, step: int) -> Path:
    """Where the checkpoint of a step goes."""
    return folder / f"step-{step:012d}.engram"


def checkpoints_in(folder: Path) -> list[tuple[int, Path]]:
    """The checkpoints of a folder and their steps, the latest last."""
    found = []
    for path in folder.iterdir():
        match = _NAME.fullmatch(path.name)
        if match:
            found.append((int(match[1]), path))
    return sorted(found)


def keep_latest(folder: Path, keep: int) -> None:
    """Remove all checkpoints but the latest `keep`."""
    for _, path in checkpoints_in(folder)[:-keep]:
        with contextlib.suppress(FileNotFoundError):
            path.unlink()


def write_plan(folder: Path, plan: dict[str, Any]) -> None:
    """Note down what is left to do."""
    with replacing(folder / PLAN) as stream:
        stream.write(json.dumps(plan, indent=1).encode())


def read_plan(folder: Path) -> dict[str, Any]:
    """What `engram run` noted down; `CheckpointError` if there is nothing to be used."""
    path = folder / PLAN
    try:
        with path.open("rb") as stream:
            plan: dict[str, Any] = json.loads(stream.read(1 << 16))
        keys(str(path), plan, _PLAN_KEYS)
        integer(f"{path}: until", plan["until"], 0, MAX_STEPS)
        for name in ("every", "keep"):
            integer(f"{path}: {name}", plan[name], 1)
    except OSError as error:
        raise CheckpointError(
            f"{folder}: no run to resume ({PLAN}: {error.strerror}); use "
            f"'engram run ... --checkpoint-every ...' first"
        ) from error
    except (ValueError, RecursionError) as error:
        raise CheckpointError(f"{path}: {error}") from error
    return plan
