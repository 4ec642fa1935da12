"""Allocation of the arrays the schema declares, and their addresses for the compiled loops."""

from __future__ import annotations

import weakref
from typing import Any

import numpy as np
from numpy.typing import NDArray

from engram.errors import unknown_name
from engram.kernels.constants import BLOCK, RECENT, ROWS_AHEAD, RULE_PARAMETERS
from engram.state.addresses import (
    BLOCK_FIELDS,
    BLOCK_SLOT,
    BLOCK_WORDS,
    POSITION,
    WORDS,
    whole_rows,
    words_of,
)
from engram.state.field import Field
from engram.state.schema import BRAIN_FIELDS, SYNAPSE_FIELDS

Array = NDArray[Any]

FIXED_SIZES = {
    "1": 1,
    "4": 4,
    "5": 5,
    "11": 11,
    "C": 8,
    "K": RULE_PARAMETERS,
    "T": 2,
    "W": 24,
    "B": BLOCK,
    "O": 5,
    "A": ROWS_AHEAD,
    "I": 1,
    "D": RECENT,
}
"""Dimensions that are the same in every brain."""

SYNAPSE_COLUMNS = tuple(f.name for f in SYNAPSE_FIELDS if f.dims[0] in ("S", "S?", "S1"))
"""Arrays with one entry a synapse."""


class Tables:
    """All state of a brain: arrays by name, and a block of arrays for each projection.

    Attributes
    ----------
    sizes : dict of int
        The dimensions N, R, P, E, H, X, Q, M, G, J, U, Z, L, Y, V, F,
        slots, modes, courses and eighths as they stand, and fixed ones.
    arrays : dict of array
        By name.
    blocks : list of dict of array
        Of each projection, by name.
    version : int
        Counts how often an array was replaced.
    """

    def __init__(self) -> None:
        self.sizes: dict[str, int] = {
            "N": 0,
            "R": 0,
            "P": 0,
            "E": 1024,
            "H": 2,
            "X": 1,
            "Q": 1,
            "M": 1,
            "G": 0,
            "J": 0,
            "U": 0,
            "Z": 0,
            "L": 0,
            "Y": 0,
            "V": 0,
            "F": 0,
            "slots": 0,
            "modes": 0,
            "courses": 0,
            "eighths": 0,
            **FIXED_SIZES,
        }
        self.arrays: dict[str, Array] = {f.name: _new(f, self.sizes) for f in BRAIN_FIELDS}
        self.blocks: list[dict[str, Array]] = []
        self._address: int | None = None
        self.version = 0
        self._words = np.zeros(BLOCK_SLOT + 1, np.int64)
        self._block_words = np.zeros((0, BLOCK_WORDS), np.int64)

    def __getitem__(self, name: str) -> Array:
        try:
            return self.arrays[name]
        except KeyError:
            raise unknown_name("The state of a brain", "array", name, self.arrays) from None

    def resize(self, **sizes: int) -> None:
        """Change dimensions; arrays keep what they hold, new entries get their initial value.

        Parameters
        ----------
        **sizes : int
            New sizes.
        """
        self._replace(sizes, self._resized(sizes))

    def _resized(self, sizes: dict[str, int]) -> dict[str, Array]:
        """New arrays for those that change with some dimensions."""
        changed = {d for d, n in sizes.items() if self.sizes[d] != n}
        found: dict[str, Array] = {}
        for field in BRAIN_FIELDS:
            if changed.intersection(field.dims):
                old, new = self.arrays[field.name], _new(field, {**self.sizes, **sizes})
                kept = tuple(slice(0, min(a, b)) for a, b in zip(old.shape, new.shape, strict=True))
                new[kept] = old[kept]
                found[field.name] = new
        return found

    def _replace(self, sizes: dict[str, int], arrays: dict[str, Array]) -> None:
        """Let dimensions and arrays be others: at once, so that nothing can come between."""
        self.touch()
        self.sizes.update(sizes)
        self.arrays.update(arrays)

    def replace(
        self,
        sizes: dict[str, int],
        arrays: dict[str, Array],
        blocks: list[dict[str, Array]] | None = None,
    ) -> None:
        """Let some sizes and arrays be these.

        Parameters
        ----------
        sizes : dict of int
            By name.
        arrays : dict of array
            By name.
        blocks : list of dict of array, optional
            Of each projection. None: as they are.
        """
        self.restore(
            {**self.sizes, **sizes},
            {**self.arrays, **arrays},
            self.blocks if blocks is None else blocks,
        )

    def restore(
        self, sizes: dict[str, int], arrays: dict[str, Array], blocks: list[dict[str, Array]]
    ) -> None:
        """Let sizes, arrays and blocks be these again.

        Parameters
        ----------
        sizes : dict of int
            By name.
        arrays : dict of array
            By name.
        blocks : list of dict of array
            Of each projection, by name.
        """
        self.sizes, self.arrays, self.blocks = sizes, arrays, blocks
        self.touch()

    def touch(self) -> None:
        """Say that an array has been replaced, so that its address is looked up anew."""
        self._address = None
        self.version += 1
        self.weights_changed()

    def weights_changed(self) -> None:
        """Say that weights are others: what waits in buffers is to be worked out anew."""
        self.arrays["awaited"][0] = -1

    def seen_with(
        self, arrays: dict[str, Array], shares: dict[int, dict[str, Array]]
    ) -> list[NDArray[np.int64]]:
        """Addresses like those of the brain, with some arrays in the place of others.

        Parameters
        ----------
        arrays : dict of array
            In place of those of the same name.
        shares : dict of dict of array
            By projection, in place of its own.

        Returns
        -------
        list of array
            Two, which have to stay as long as the first is used: that one is what loops are given.
        """
        assert self.address
        blocks, words = self._block_words.copy(), self._words.copy()
        for p, given in shares.items():
            for name, array in given.items():
                blocks[p, POSITION[name] : POSITION[name] + WORDS] = words_of(array)
        for name, array in arrays.items():
            words[POSITION[name] : POSITION[name] + WORDS] = words_of(array)
        words[BLOCK_SLOT] = blocks.ctypes.data
        return [words, blocks]

    @property
    def address(self) -> int:
        """Where the list of addresses stands."""
        if self._address is None:
            self._write_addresses()
        assert self._address is not None
        return self._address

    def _write_addresses(self) -> None:
        blocks = [b | whole_rows(b) for b in self.blocks]
        self._block_words = np.array(
            [[w for f in BLOCK_FIELDS for w in words_of(b[f.name])] for b in blocks], np.int64
        ).reshape(len(blocks), BLOCK_WORDS)
        words = [w for f in BRAIN_FIELDS for w in words_of(self.arrays[f.name])]
        self._words = np.array([*words, self._block_words.ctypes.data], np.int64)
        self._address = int(self._words.ctypes.data)
        _by_address[self._address] = self

    def reindex_ring(self, events: int) -> None:
        """Change the size of the spike ring; the spikes in it keep their places.

        Spikes are numbered from the start of the simulation and stand at their number modulo the
        size of the ring.

        Parameters
        ----------
        events : int
            How many spikes it shall hold, a power of two.
        """
        old, sizes = self.sizes["E"], {"E": events}
        number = int(self.arrays["clock"][1])
        kept = np.arange(max(0, number - min(old, events)), number)
        ring = self._resized(sizes)
        for name, array in ring.items():
            array[kept % events] = self.arrays[name][kept % old]
        self._replace(sizes, ring)

    def relocate_history(self, horizon: int, step: int) -> None:
        """Change how many steps' spikes are kept; what is already kept stays.

        Spikes before those are forgotten for good, also where the ring still holds them: what is
        remembered must not depend on the size of the ring.

        Parameters
        ----------
        horizon : int
            How many steps.
        step : int
            Steps done.
        """
        first, end = self.arrays["event_first"], self.arrays["event_end"]
        old, sizes = self.sizes["H"], {"H": horizon}
        new = self._resized(sizes)
        # A slot that was never written counts as an empty step, as old as the oldest kept.
        oldest = min(old, step)
        floor = int(first[(step - oldest) % old].min()) if oldest and first.size else 0
        new["event_first"][:] = floor
        new["event_end"][:] = floor
        for back in range(1, min(old, horizon, step) + 1):
            new["event_first"][(step - back) % horizon] = first[(step - back) % old]
            new["event_end"][(step - back) % horizon] = end[(step - back) % old]
        for name in ("event_previous", "last_event"):
            links = self.arrays[name]
            new[name] = np.where(links < floor, np.array(-1, links.dtype), links)
        self._replace(sizes, new)

    def copy(self) -> Tables:
        """An independent twin."""
        twin = Tables()
        twin.sizes = dict(self.sizes)
        twin.arrays = {name: array.copy() for name, array in self.arrays.items()}
        twin.blocks = [{n: a.copy() for n, a in block.items()} for block in self.blocks]
        return twin


def _new(field: Field, sizes: dict[str, int]) -> Array:
    """An array with initial values."""
    return np.full([sizes[d] for d in field.dims], field.initial, dtype=field.dtype)


_by_address: weakref.WeakValueDictionary[int, Tables] = weakref.WeakValueDictionary()


def tables_at(address: int) -> Tables:
    """The tables at an address, where no loop is compiled.

    Parameters
    ----------
    address : int
        Of their list of addresses.

    Returns
    -------
    Tables
        The tables.
    """
    return _by_address[address]
