"""What is declared of an array of a brain's state; the arrays themselves are in `schema`."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Kind = Literal["state", "parameter", "derived"]
Occasion = Literal["reset", "birth", "death", "answer"]

OCCASIONS: dict[str, Occasion] = {"R": "reset", "B": "birth", "D": "death", "A": "answer"}
"""The letters of the column `on`."""


@dataclass(frozen=True)
class Field:
    """One array.

    Parameters
    ----------
    name : str
        What it is called.
    dtype : str
        Of its entries.
    dims : tuple of str
        Its dimensions, see above.
    initial : float
        Value of new entries.
    unit : str
        For the reference.
    doc : str
        For the reference.
    kind : Kind
        ``state`` is saved and changes as the brain runs, ``parameter`` is saved and set from
        Python, ``derived`` is rebuilt from the others and not saved.
    on : frozenset of Occasion
        The occasions on which its entries are renewed. ``reset`` (`Brain.reset_state`) writes the
        initial value into all of them, ``birth`` and ``death`` into those of the neurons concerned;
        states of a neuron model get its rest. Before each ``answer`` (of `Brain.respond`) the array
        is what it was before the first one. On all other occasions it stays.
    low : float, optional
        Least valid value. None: no bound.
    high : float, optional
        Greatest valid value. None: no bound.
    open_low : bool
        `low` itself is not valid.
    finite : bool
        Whether infinity is refused.
    since : int
        The format of checkpoints that first had it; read from an older file, it has its initial
        value.
    """

    name: str
    dtype: str
    dims: tuple[str, ...]
    initial: float
    unit: str
    doc: str
    kind: Kind = "state"
    on: frozenset[Occasion] = frozenset()
    low: float | None = None
    high: float | None = None
    open_low: bool = False
    finite: bool = True
    since: int = 1

    @property
    def of_neurons(self) -> bool:
        """Whether it has an entry for each neuron slot of the brain."""
        return self.dims[-1] == "N"

    @property
    def is_small(self) -> bool:
        """Whether it has no entry for each neuron, spike, step or value of an input."""
        return not {"N", "E", "G", "H", "B", "Y", "V", "F"} & set(self.dims)
