"""Circuits built of ordinary regions and projections: competition and cell assemblies."""

from engram.circuits.assemblies import (
    Recall,
    associative_memory,
    recall_of,
    sequence_memory,
    set_mode,
)
from engram.circuits.competition import Competition
from engram.circuits.models import ShuntedIzhikevich
from engram.circuits.settings import CircuitSettings, image_settings, lifelong_settings

__all__ = [
    "CircuitSettings",
    "Competition",
    "Recall",
    "ShuntedIzhikevich",
    "associative_memory",
    "image_settings",
    "lifelong_settings",
    "recall_of",
    "sequence_memory",
    "set_mode",
]
