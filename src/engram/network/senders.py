"""Which neurons a new pathway begins and ends at, where both have two names for it."""

from __future__ import annotations

from enum import Enum

from engram.errors import InvalidValueError
from engram.neurons import NeuronType


class Unset(Enum):
    """What stands for an argument that was not given, where None means something."""

    UNSET = "unset"

    def __repr__(self) -> str:
        return "UNSET"


UNSET = Unset.UNSET


Chosen = NeuronType | None | Unset


def types_of(
    source: Chosen, also_source: Chosen, target: Chosen, also_target: Chosen
) -> tuple[NeuronType | None, NeuronType | None, bool]:
    """The types of neurons that send and receive, each of which goes by two names.

    Parameters
    ----------
    source, also_source : NeuronType or None or Unset
        Who sends, by either name.
    target, also_target : NeuronType or None or Unset
        Who receives.

    Returns
    -------
    tuple of (NeuronType or None, NeuronType or None, bool)
        Who sends, who receives, and whether nobody said who sends.

    Raises
    ------
    InvalidValueError
        Both names were given.
    """
    found: list[Chosen] = []
    for side, given, other in (("source", source, also_source), ("target", target, also_target)):
        if not (isinstance(given, Unset) or isinstance(other, Unset)):
            raise InvalidValueError(
                f"Brain.connect_regions: {side}_type and {side}_neuron_type mean the same; give one"
            )
        found.append(other if isinstance(given, Unset) else given)
    sending, receiving = found
    return (
        NeuronType.EXCITATORY if isinstance(sending, Unset) else sending,
        None if isinstance(receiving, Unset) else receiving,
        isinstance(sending, Unset),
    )
