"""How a `SpikingAgent` is saved into a folder: its numbers, and the checkpoint of its brain."""

from __future__ import annotations

import math
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

from engram.brain import Brain
from engram.checkpoint.folder import checkpoint_path, keep_only, read_notes, write_notes
from engram.errors import CheckpointError
from engram.learn.agent_spaces import Spaces
from engram.learn.cells import Cells, from_description
from engram.learn.reward_scale import RewardScale
from engram.persistence import load_brain, save_brain

NOTES, BRAIN = "agent.json", "brain"
"""What a saved agent consists of: this file, and the checkpoint that it names."""

STATE = (
    "decisions",
    "silent",
    "tied",
    "undecided",
    "episodes",
    "lessons",
    "_value",
    "_rest",
    "_per_spike",
    "_dose_actor",
    "_dose_critic",
)
"""Attributes of an agent that are saved as they are."""

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
        "parameters": parameters,
        "state": state,
        "cells": cells.describe(),
        "brain": path.name,
        "fingerprint": brain.fingerprint(),
    }
    write_notes(place / NOTES, notes)
    keep_only(path, BRAIN)


def load_agent(folder: str | Path, make: Callable[..., A]) -> tuple[A, dict[str, Any], Brain]:
    """Read what `save_agent` wrote.

    Parameters
    ----------
    folder : str or Path
        Where it is.
    make : callable
        Makes the agent from its cells and parameters.

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
        parameters, saved = dict(notes["parameters"]), dict(notes["state"])
        if "rewards" not in saved:
            _bring_up_to_date(parameters, saved)
        agent = make(cells=from_description(notes["cells"]), **parameters)
        state = {key: saved[key] for key in (*STATE, "spaces", "rewards")}
        brain = load_brain(place / notes["brain"])
        fingerprint = notes["fingerprint"]
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise CheckpointError(f"SpikingAgent.load: no agent in {place}: {error}") from error
    if brain.fingerprint() != fingerprint:
        raise CheckpointError(f"SpikingAgent.load: {place}: another brain than the agent's")
    return agent, state, brain


def _bring_up_to_date(parameters: dict[str, Any], state: dict[str, Any]) -> None:
    """From before rewards had a range: counted from 0, in units of the largest sum so far."""
    for name in ("step_decay", "reward_limit"):
        if parameters[name] is None:
            parameters[name] = math.inf
    scale = RewardScale(parameters["reward_limit"]).state()
    largest = state["_scale"]
    if largest > 0.0:
        scale |= {"_low": -largest, "_high": largest}
    scale |= {"_past": state["_past_rewards"], "_waiting": state["_rewards"]}
    state["rewards"] = scale
    state["spaces"] = Spaces(state["n_actions"], state["_first_action"], None)._asdict()
