"""How a `SpikingAgent` is saved into a folder: its numbers, and the checkpoint of its brain."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any, TypeVar

from engram.brain import Brain
from engram.checkpoint.folder import checkpoint_path, keep_only, read_notes, write_notes
from engram.errors import CheckpointError
from engram.learn.cells import Cells, from_description
from engram.persistence import load_brain, save_brain

NOTES, BRAIN = "agent.json", "brain"
"""What a saved agent consists of: this file, and the checkpoint that it names."""

A = TypeVar("A")


def save_agent(
    folder: str | Path,
    brain: Brain,
    cells: Cells,
    parameters: dict[str, Any],
    state: dict[str, Any],
) -> None:
    """Save an agent; its file is written last, and names the brain's checkpoint beside it.

    Parameters
    ----------
    folder : str or Path
        Made if there is none.
    brain : Brain
        Of the agent.
    cells : Cells
        Its code of observations.
    parameters : dict of object
        What it is made from, by name.
    state : dict of object
        Its attributes besides, by name.
    """
    place = Path(folder)
    place.mkdir(parents=True, exist_ok=True)
    path = checkpoint_path(place, brain.step_count, BRAIN)
    save_brain(brain, path)
    notes = {
        "parameters": {key: _finite(value) for key, value in parameters.items()},
        "state": state,
        "cells": cells.describe(),
        "brain": path.name,
        "fingerprint": brain.fingerprint(),
    }
    write_notes(place / NOTES, notes)
    keep_only(path, BRAIN)


def load_agent(
    folder: str | Path, make: Callable[..., A], attributes: Iterable[str]
) -> tuple[A, dict[str, Any], Brain]:
    """Read what `save_agent` wrote.

    Parameters
    ----------
    folder : str or Path
        Where it is.
    make : callable
        Makes the agent from its cells and parameters.
    attributes : iterable of str
        Names of the state.

    Returns
    -------
    tuple of (object, dict, Brain)
        The agent, what its state was, and the brain it is to have.

    Raises
    ------
    CheckpointError
        There is none, or not all of one.
    """
    place = Path(folder)
    try:
        notes = read_notes(place / NOTES)
        parameters: dict[str, Any] = {
            k: math.inf if v is None else v for k, v in notes["parameters"].items()
        }
        parameters["seed"] = notes["parameters"]["seed"]
        agent = make(cells=from_description(notes["cells"]), **parameters)
        state = {key: notes["state"][key] for key in attributes}
        brain = load_brain(place / notes["brain"])
        fingerprint = notes["fingerprint"]
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise CheckpointError(f"SpikingAgent.load: no agent in {place}: {error}") from error
    if brain.fingerprint() != fingerprint:
        raise CheckpointError(f"SpikingAgent.load: {place}: another brain than the agent's")
    return agent, state, brain


def _finite(value: Any) -> Any:
    """None for inf, which JSON has not."""
    return None if value == math.inf else value
